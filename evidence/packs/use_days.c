/* SPDX-License-Identifier: GPL-3.0-or-later
 * use_days.c - use in class hours day by day, and the time in which the line was full.
 *
 * Invariant: only intervals that util-p95/2 counts are in it; rates are of one layer, and
 * an interval that cannot be said at it is left out of all, never mixed in. */
#include "packs_private.h"

#include <civil.h>
#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    P95_PPM = 950000,
    FULL_TENTHS = 9 /* 90 % */
};

/* The rate of an interval at a layer; unknown where that cannot be said. */
static int64_t rate_at(const struct bw_report_interval *v, int way, enum bw_layer layer)
{
    int64_t bytes = v->bytes[way];

    if (v->rate_bps[way] == BW_UNKNOWN || v->layer == layer) {
        return v->rate_bps[way];
    }
    bytes = bw_layer_convert_bytes(bytes, v->packets[way], v->layer, layer);
    return bytes == BW_UNKNOWN || bytes > INT64_MAX / 8 ? BW_UNKNOWN
                                                        : bytes * 8 / v->covered_s;
}

/* The claim's layer when every counted interval of the main layer can be said at it. */
static void choose_layer(const struct bw_report *r, struct bw_pack_use *u)
{
    enum bw_layer claim = bw_report_claim_layer(r);

    u->layer = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;
    u->at_claim = claim == u->layer;
    if (claim == BW_LAYER_UNKNOWN || u->at_claim || r->n_used == 0) {
        return;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            if (v->layer == u->layer && v->rate_bps[way] != BW_UNKNOWN &&
                rate_at(v, way, claim) == BW_UNKNOWN) {
                return;
            }
        }
    }
    u->layer = claim;
    u->at_claim = true;
}

static bool counts(const struct bw_report_interval *v)
{
    return v->in_class && !v->with_test && !v->is_short && !v->at_least;
}

/* What was claimed then, at the layer of the rates. A claim before may be at another layer
 * than the last one: what it meant is not compared. */
static int64_t
claimed_at(const struct bw_report *r, const struct bw_pack_use *u, int64_t unix_s, int way)
{
    const struct bw_report_claim *c = u->at_claim ? bw_report_claim_at(r, unix_s) : NULL;

    if (!c || (c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer) != u->layer) {
        return BW_UNKNOWN;
    }
    return c->bps[way] > 0 ? c->bps[way] : BW_UNKNOWN;
}

/* Time at 90 % of the claim or more, by mean rates of intervals. */
static void add_full(const struct bw_report_interval *v,
                     int way,
                     int64_t rate_bps,
                     int64_t claim_bps,
                     struct bw_pack_use *u,
                     struct bw_pack_day *day)
{
    if (claim_bps == BW_UNKNOWN) {
        return;
    }
    if (day->full_s[way] == BW_UNKNOWN) {
        day->full_s[way] = 0;
    }
    if (u->full_s[way] == BW_UNKNOWN) {
        u->full_s[way] = 0;
    }
    u->counted_s[way] += v->covered_s;
    u->counted_n[way]++;
    if (rate_bps >= claim_bps * FULL_TENTHS / 10) {
        day->full_s[way] += v->covered_s;
        u->full_s[way] += v->covered_s;
    }
}

static void one_day(const struct bw_report *r,
                    const struct bw_report_day *from,
                    size_t *at,
                    int64_t *values[BW_DIRECTIONS],
                    struct bw_pack_use *u,
                    struct bw_pack_day *day)
{
    size_t n[BW_DIRECTIONS] = {0, 0};

    *day = (struct bw_pack_day){.day = bw_civil_days(from->year, from->month, from->day),
                                .full_s = {BW_UNKNOWN, BW_UNKNOWN},
                                .claim_bps = {BW_UNKNOWN, BW_UNKNOWN}};
    for (; *at < r->n_intervals && r->intervals[*at].start_unix_s < from->to_unix_s;
         (*at)++) {
        const struct bw_report_interval *v = &r->intervals[*at];
        for (int way = 0; way < BW_DIRECTIONS && counts(v); way++) {
            int64_t rate = rate_at(v, way, u->layer);
            if (rate != BW_UNKNOWN) {
                int64_t claim = claimed_at(r, u, v->start_unix_s, way);
                day->claim_bps[way] =
                    n[way] == 0 || day->claim_bps[way] == claim ? claim : BW_UNKNOWN;
                values[way][n[way]++] = rate;
                add_full(v, way, rate, claim, u, day);
            }
        }
    }
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        day->n[way] = (int64_t)n[way];
        day->p95_bps[way] = bw_stat_percentile(values[way], n[way], P95_PPM);
    }
}

/* A day of which too little was counted is nobody's peak day. */
static void choose_peaks(struct bw_pack_use *u)
{
    int64_t most = 0;

    for (size_t i = 0; i < u->n_days; i++) {
        most = u->days[i].n[BW_DOWN] > most ? u->days[i].n[BW_DOWN] : most;
        most = u->days[i].n[BW_UP] > most ? u->days[i].n[BW_UP] : most;
    }
    for (size_t i = 0; i < u->n_days; i++) {
        struct bw_pack_day *x = &u->days[i];
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            if (x->n[way] == 0 || x->n[way] * 2 < most) {
                continue;
            }
            x->usable = true;
            if (u->peak_bps[way] == BW_UNKNOWN || x->p95_bps[way] > u->peak_bps[way]) {
                u->peak_bps[way] = x->p95_bps[way];
                u->peak_n[way] = x->n[way];
                u->peak_day[way] = x->day;
                u->peak_claim_bps[way] = x->claim_bps[way];
            }
        }
        u->n_usable += x->usable;
    }
}

int bw_pack_use_make(const struct bw_report *r, struct bw_pack_use *ret)
{
    struct bw_pack_use u = {.n_days = r->n_days};
    int64_t *values[BW_DIRECTIONS] = {NULL, NULL};
    size_t at = 0;
    int rc = -ENOMEM;

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        u.peak_bps[way] = BW_UNKNOWN;
        u.peak_day[way] = BW_UNKNOWN;
        u.peak_claim_bps[way] = BW_UNKNOWN;
        u.full_s[way] = BW_UNKNOWN;
        values[way] = calloc(r->n_intervals + 1, sizeof(*values[way]));
        if (!values[way]) {
            goto out;
        }
    }
    u.days = calloc(r->n_days + 1, sizeof(*u.days));
    if (!u.days) {
        goto out;
    }
    choose_layer(r, &u);
    for (size_t i = 0; i < r->n_days; i++) {
        one_day(r, &r->days[i], &at, values, &u, &u.days[i]);
    }
    choose_peaks(&u);
    *ret = u;
    memset(&u, 0, sizeof(u));
    rc = 0;
out:
    free(values[BW_DOWN]);
    free(values[BW_UP]);
    bw_pack_use_done(&u);
    return rc;
}

void bw_pack_use_done(struct bw_pack_use *u)
{
    free(u->days);
    u->days = NULL;
}
