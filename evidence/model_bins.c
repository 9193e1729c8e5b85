/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_bins.c - the rates of intervals day by day, in class hours and in all, beside how
 * many there could have been and the claim then in force (day-bins/1).
 *
 * Invariant: all rates of the period are at one layer: the claim's, where every counted
 * interval can be said at it, else the counter's, and then nothing is compared with a
 * claim. What is known is never more than what was counted; what was not is left out, not
 * zero. */
#include "model_private.h"

#include "stat.h"
#include <errno.h>
#include <stdlib.h>

enum {
    P95 = 950000
};

/* The interval's mean rate at a layer; unknown where util-p95/2 does not count it. */
static int64_t
rate_at(const struct bw_report_interval *v, int way, enum bw_layer from, enum bw_layer to)
{
    int64_t bytes;

    if (v->layer != from || v->with_test || v->rate_bps[way] == BW_UNKNOWN) {
        return BW_UNKNOWN;
    }
    if (from == to) {
        return v->rate_bps[way];
    }
    bytes = bw_layer_convert_bytes(v->bytes[way], v->packets[way], from, to);
    return bytes == BW_UNKNOWN || bytes > INT64_MAX / 8 ? BW_UNKNOWN
                                                        : bytes * 8 / v->covered_s;
}

static void choose_layer(struct bw_report *r)
{
    enum bw_layer own = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;
    enum bw_layer claim = bw_report_claim_layer(r);

    r->bins_layer = own;
    r->bins_at_claim = claim != BW_LAYER_UNKNOWN && claim == own;
    if (claim == BW_LAYER_UNKNOWN || r->n_used == 0 || r->bins_at_claim) {
        return;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_report_interval *v = &r->intervals[i];
            if (rate_at(v, way, own, own) != BW_UNKNOWN &&
                rate_at(v, way, own, claim) == BW_UNKNOWN) {
                return;
            }
        }
    }
    r->bins_layer = claim;
    r->bins_at_claim = true;
}

/* Claims may name other layers before: only one at the layer of the rates is compared. */
int64_t bw_model_bin_claim(const struct bw_report *r, int64_t unix_s, int way)
{
    const struct bw_report_claim *c =
        r->bins_at_claim ? bw_report_claim_at(r, unix_s) : NULL;
    enum bw_layer layer = c && c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP
                          : c                               ? c->layer
                                                            : BW_LAYER_UNKNOWN;

    return c && layer == r->bins_layer && c->bps[way] > 0 ? c->bps[way] : BW_UNKNOWN;
}

static void add_full(struct bw_report_bins *b, int64_t rate, int64_t claim, int64_t covered)
{
    if (claim == BW_UNKNOWN || claim > INT64_MAX / 10 || rate > INT64_MAX / 10) {
        return;
    }
    b->full_s = b->full_s == BW_UNKNOWN ? 0 : b->full_s;
    b->full_of_s += covered;
    b->full_s += rate * 10 >= claim * 9 ? covered : 0;
}

int64_t
bw_model_bin_rate(const struct bw_report *r, const struct bw_report_interval *v, int way)
{
    enum bw_layer own = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;

    return rate_at(v, way, own, r->bins_layer);
}

/* Intervals [first, last) start within the day. */
static void fill(const struct bw_report *r,
                 size_t first,
                 size_t last,
                 int window,
                 int way,
                 int64_t *values,
                 struct bw_report_bins *b)
{
    size_t n = 0;

    for (size_t i = first; i < last; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        int64_t rate = bw_model_bin_rate(r, v, way);
        if (rate == BW_UNKNOWN || (window == BW_WINDOW_CLASS && !v->in_class)) {
            continue;
        }
        values[n++] = rate;
        add_full(b, rate, bw_model_bin_claim(r, v->start_unix_s, way), v->covered_s);
    }
    b->known = (int64_t)n;
    b->p95_bps = bw_stat_percentile(values, n, P95);
}

/* Multiples of the usual length that lie in the day, and in its class hours. */
static void expect(const struct bw_report *r, struct bw_report_day *d)
{
    int64_t step = r->counts.interval_s;
    int64_t n[BW_WINDOWS] = {0};

    if (step == BW_UNKNOWN || step <= 0) {
        return;
    }
    for (int64_t at = (d->from_unix_s + step - 1) / step * step; at < d->to_unix_s;
         at += step) {
        n[BW_WINDOW_ALL]++;
        n[BW_WINDOW_CLASS] += bw_model_in_class(r, at);
    }
    for (int w = 0; w < BW_WINDOWS; w++) {
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            bool known = w == BW_WINDOW_ALL || d->kind != BW_SCHOOLDAY_UNKNOWN;
            d->bins[w][way].expected = known ? n[w] : BW_UNKNOWN;
        }
    }
}

int bw_model_bins(struct bw_model *m)
{
    struct bw_report *r = m->report;
    int64_t *values = calloc(r->n_intervals + 1, sizeof(*values));
    size_t at = 0;

    if (!values) {
        return -ENOMEM;
    }
    choose_layer(r);
    for (size_t i = 0; i < r->n_days; i++) {
        struct bw_report_day *d = &r->days[i];
        size_t first = at;
        while (at < r->n_intervals && r->intervals[at].start_unix_s < d->to_unix_s) {
            at++;
        }
        for (int w = 0; w < BW_WINDOWS; w++) {
            for (int way = 0; way < BW_DIRECTIONS; way++) {
                struct bw_report_bins *b = &d->bins[w][way];
                *b = (struct bw_report_bins){.expected = BW_UNKNOWN, .full_s = BW_UNKNOWN};
                fill(r, first, at, w, way, values, b);
            }
        }
        expect(r, d);
    }
    free(values);
    return 0;
}
