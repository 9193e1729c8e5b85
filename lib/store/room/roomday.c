/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomday.c - a day of which nothing is known. */
#include "roomday.h"

#include <string.h>

void bw_room_day_init(struct bw_room_day *d)
{
    static const struct bw_room_way unknown = {
        .claim_bps = BW_UNKNOWN,
        .p95_bps = BW_UNKNOWN,
        .peak_bps = BW_UNKNOWN,
        .class_p95_bps = BW_UNKNOWN,
        .class_peak_bps = BW_UNKNOWN,
        .class_share_ppm = BW_UNKNOWN,
        .claimed_p95_bps = BW_UNKNOWN,
        .claimed_peak_bps = BW_UNKNOWN,
        .bytes = BW_UNKNOWN,
        .full_s = BW_UNKNOWN,
        .full_of_s = BW_UNKNOWN,
        .class_expected = BW_UNKNOWN,
        .best_bps = BW_UNKNOWN,
        .median_bps = BW_UNKNOWN,
        .idle_p50_us = BW_UNKNOWN,
        .loaded_p50_us = BW_UNKNOWN,
        .goodput_bps = BW_UNKNOWN,
    };

    memset(d, 0, sizeof(*d)); /* also what lies between the members: days are compared */
    d->day = BW_UNKNOWN;
    d->from_unix_s = BW_UNKNOWN;
    d->to_unix_s = BW_UNKNOWN;
    d->recorded_s = 0;
    d->counted_s = BW_UNKNOWN;
    d->class_s = BW_UNKNOWN;
    d->unsynced_s = BW_UNKNOWN;
    d->unsynced_since_unix_s = BW_UNKNOWN;
    d->sent = BW_UNKNOWN;
    d->lost = BW_UNKNOWN;
    d->rtt_p50_us = BW_UNKNOWN;
    d->rtt_p95_us = BW_UNKNOWN;
    d->class_rtt_p95_us = BW_UNKNOWN;
    d->outage_ms = BW_UNKNOWN;
    d->outage_class_ms = BW_UNKNOWN;
    d->outage_excluded_ms = BW_UNKNOWN;
    d->watched_s = BW_UNKNOWN;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        d->way[way] = unknown;
    }
}

void bw_room_month_take(const struct bw_room_day *d,
                        int32_t month,
                        struct bw_room_month *ret)
{
    const struct bw_room_way *w = &d->way[BW_DOWN];

    memset(ret, 0, sizeof(*ret));
    ret->month = month;
    ret->n_days = d->n_days;
    ret->claim_layer = d->claim_layer;
    ret->n_compared = w->n_compared;
    ret->claim_bps = w->claim_bps;
    ret->median_bps = w->median_bps;
    ret->claimed_p95_bps = w->claimed_p95_bps;
    ret->class_known = w->class_known;
    ret->class_expected = w->class_expected;
}
