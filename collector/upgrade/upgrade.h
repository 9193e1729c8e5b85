/* SPDX-License-Identifier: GPL-3.0-or-later
 * upgrade.h - what became of a line by an upgrade: the same figures of as many school days
 * before a day as from it on (method before-after/1, docs/upgrades.md).
 *
 * A side's rates and round trips are medians over its days of the day's own figure (rank
 * n / 2, rounded up); times and counts are sums. Pure, integers only; any thread. */
#ifndef BW_UPGRADE_H
#define BW_UPGRADE_H

#include <bw/units.h>
#include <roomday.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_UPGRADE_METHOD "before-after/1"

enum bw_upgrade_limits {
    BW_UPGRADE_DAYS = 20,    /* school days of a side, usually */
    BW_UPGRADE_DAYS_MIN = 5, /* fewer are not compared */
    BW_UPGRADE_DAYS_MAX = 60,
    BW_UPGRADE_FAR_DAYS = 60, /* between the sides: another time of the year */
    BW_UPGRADE_REACH = 200    /* days that are looked at on each side */
};

/* One direction of one side; rates at the claim's layer. Unknown where no day tells. */
struct bw_upgrade_way {
    int64_t claim_bps;     /* of its last day */
    int64_t tested_bps;    /* median of the days' tested-dist/2 medians */
    int64_t n_compared;    /* good runs … */
    int64_t n_at_80;       /* … that reached 80 % of the claim of then */
    int64_t class_p95_bps; /* median of the days' class hours' P95 (util-p95/2) */
    int64_t busiest_bps;   /* the highest of them */
    int64_t loaded_p50_us; /* median of the days' loaded-rtt/1 */
    int64_t full_s;        /* day-bins/1 … */
    int64_t full_of_s;
    int64_t class_known; /* intervals of class hours that are counted … */
    int64_t class_expected;
};

struct bw_upgrade_side {
    int64_t first_day; /* unknown: it has none */
    int64_t last_day;
    int64_t n_days;   /* school days with records that are taken */
    int64_t n_absent; /* days from first to last without any record, of whatever kind */
    enum bw_layer claim_layer;
    bool two_layers;    /* claims at two within the side */
    bool no_calendar;   /* class hours are the usual ones on some day */
    int64_t recorded_s; /* of these days … */
    int64_t of_s;       /* … so long */
    int64_t outage_class_ms;
    int64_t watched_s; /* in which an outage would have been seen */
    struct bw_upgrade_way way[BW_DIRECTIONS];
};

enum bw_upgrade_doubt {       /* bits: why sides, or parts of them, are not comparable */
    BW_UPGRADE_FEW = 1,       /* under BW_UPGRADE_DAYS_MIN school days: nothing is */
    BW_UPGRADE_LITTLE = 2,    /* under half of the class hours counted on a side: use */
    BW_UPGRADE_LAYERS = 4,    /* claims at unlike layers: rates */
    BW_UPGRADE_FAR = 8,       /* the sides lie far apart in the year */
    BW_UPGRADE_UNTESTED = 16, /* no good run on a side: tested */
    BW_UPGRADE_UNWATCHED = 32 /* watched under half of a side: outages */
};

struct bw_upgrade {
    int64_t day; /* the first of after */
    struct bw_upgrade_side before, after;
    uint32_t doubts;
};

/* Of days[n], ascending, as the room has them; `wanted` school days on each side at most.
 */
void bw_upgrade_make(const struct bw_room_day *days,
                     size_t n,
                     int64_t day,
                     int64_t wanted,
                     struct bw_upgrade *ret);

#endif
