/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_rates.c - what was tested, carried and used.
 *
 * Invariant: a rate enters a figure only beside rates of the same layer; an interval in
 * which one of our own throughput runs moved bytes is never taken for the users' own. */
#include "model_private.h"

#include "stat.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    P5 = 50000,
    P50 = 500000,
    P95 = 950000,
    MILLION = 1000000
};

static int compare_lengths(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The most common length; of equally common ones the longest. */
static int64_t common_length_s(const struct bw_report *r)
{
    int64_t *length = calloc(r->n_intervals + 1, sizeof(*length));
    int64_t best = BW_UNKNOWN;
    size_t best_n = 0;
    size_t run = 0;

    if (!length) {
        return BW_UNKNOWN;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        length[i] = r->intervals[i].end_unix_s - r->intervals[i].start_unix_s;
    }
    qsort(length, r->n_intervals, sizeof(*length), compare_lengths);
    for (size_t i = 0; i < r->n_intervals; i++) {
        run = i > 0 && length[i] == length[i - 1] ? run + 1 : 1;
        if (run >= best_n) {
            best_n = run;
            best = length[i];
        }
    }
    free(length);
    return best;
}

/* First interval that ends after an instant; intervals ascend by start. Overlapping ones
 * are rare and short, so a linear step back finds them too. */
static size_t first_ending_after(const struct bw_report *r, int64_t unix_ms)
{
    size_t low = 0;
    size_t high = r->n_intervals;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->intervals[middle].start_unix_s * 1000 <= unix_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low > 0 && r->intervals[low - 1].end_unix_s * 1000 > unix_ms) {
        low--;
    }
    return low;
}

static void mark_run(struct bw_report *r, const struct bw_report_run *t, int64_t widest_ms)
{
    int64_t duration_ms =
        t->duration_ms == BW_UNKNOWN ? BW_MODEL_RUN_UNKNOWN_MS : t->duration_ms;
    int64_t from_ms = t->at_unix_ms - BW_MODEL_RUN_BEFORE_MS;
    int64_t to_ms = t->at_unix_ms + duration_ms + BW_MODEL_RUN_AFTER_MS;

    if (t->state == BW_TEST_DEFERRED) {
        return;
    }
    for (size_t i = first_ending_after(r, from_ms - widest_ms);
         i < r->n_intervals && r->intervals[i].start_unix_s * 1000 < to_ms + widest_ms;
         i++) {
        struct bw_report_interval *v = &r->intervals[i];
        if (v->end_unix_s * 1000 > from_ms - v->step_ms &&
            v->start_unix_s * 1000 < to_ms + v->step_ms) {
            v->with_test = true;
        }
    }
}

void bw_model_mark(struct bw_model *m)
{
    struct bw_report *r = m->report;
    int64_t widest_ms = 0;

    for (size_t i = 0; i < r->n_intervals; i++) {
        widest_ms = max64(widest_ms, r->intervals[i].step_ms);
    }
    r->counts.n_intervals = (int64_t)r->n_intervals;
    r->counts.interval_s = common_length_s(r);
    for (size_t i = 0; i < r->n_runs; i++) {
        mark_run(r, &r->runs[i], widest_ms);
    }
    for (size_t i = 0; i < m->n_beside; i++) {
        mark_run(r, &m->beside[i], widest_ms);
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        struct bw_report_interval *v = &r->intervals[i];
        bool counted = v->covered_s != BW_UNKNOWN && v->covered_s > 0;
        v->in_class = bw_model_in_class(r, v->start_unix_s);
        v->is_short = counted && v->covered_s * 2 < r->counts.interval_s;
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            if (counted && !v->is_short && !v->at_least && v->bytes[d] != BW_UNKNOWN &&
                v->bytes[d] <= INT64_MAX / 8) {
                v->rate_bps[d] = v->bytes[d] * 8 / v->covered_s;
            }
        }
    }
}

/* ---- tested ---------------------------------------------------------------- */

static void fill_dist(struct bw_dist *d, int64_t *values, size_t n)
{
    *d = (struct bw_dist){.n = (int64_t)n,
                          .min = BW_UNKNOWN,
                          .p5 = BW_UNKNOWN,
                          .median = BW_UNKNOWN,
                          .p95 = BW_UNKNOWN,
                          .max = BW_UNKNOWN};
    if (n == 0) {
        return;
    }
    d->p5 = bw_stat_percentile(values, n, P5); /* sorts */
    d->median = values[bw_stat_rank(n, P50) - 1];
    d->p95 = values[bw_stat_rank(n, P95) - 1];
    d->min = values[0];
    d->max = values[n - 1];
}

static enum bw_layer layer_of_claim(const struct bw_report_claim *c)
{
    return c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;
}

static void compare_run(const struct bw_report *r, struct bw_report_run *t)
{
    const struct bw_report_claim *c = bw_report_claim_at(r, t->at_unix_ms / 1000);

    if (!c || c->bps[t->direction] == BW_UNKNOWN) {
        return;
    }
    t->claim_layer = layer_of_claim(c);
    t->claim_bps = c->bps[t->direction];
    if (t->state == BW_TEST_OK && t->apart == BW_APART_NOT) {
        t->compared_bps =
            bw_layer_convert_bps(t->line_bps, t->line_layer, t->claim_layer, t->mtu);
    }
}

static void count_run(struct bw_report_tested *x, const struct bw_report_run *t)
{
    x->n_wanted++;
    x->n_ok += t->state == BW_TEST_OK;
    x->n_failed += t->state == BW_TEST_FAILED;
    x->n_deferred += t->state == BW_TEST_DEFERRED;
    x->n_cancelled += t->state == BW_TEST_CANCELLED;
    x->n_made += t->state != BW_TEST_DEFERRED;
    x->n_retests += t->retest && t->state != BW_TEST_DEFERRED;
    if (t->state != BW_TEST_OK) {
        return;
    }
    if (t->apart != BW_APART_NOT) {
        x->n_apart[t->apart]++;
    }
    x->n_grade[t->grade]++;
    x->n_egress[t->egress]++;
    if (t->compared_bps != BW_UNKNOWN && t->claim_bps > 0) {
        x->n_compared++;
        x->n_at_80 += t->compared_bps >= t->claim_bps - t->claim_bps / 5;
        x->n_at_90 += t->compared_bps >= t->claim_bps - t->claim_bps / 10;
    }
}

/* The arithmetic in words, from the first run that needed it. */
static void
describe_conversion(const struct bw_report *r, int dir, struct bw_report_tested *x)
{
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        long long mtu = (long long)t->mtu;
        if (t->direction != (enum bw_direction)dir || t->compared_bps == BW_UNKNOWN ||
            t->line_layer == t->claim_layer) {
            continue;
        }
        if (t->claim_layer == BW_LAYER_GOODPUT) {
            (void)snprintf(x->conversion, sizeof(x->conversion),
                           "line rate (%s) × %lld / %lld = goodput: full-size packets, MTU "
                           "%lld, less 52 bytes of IPv4 and TCP headers",
                           bw_layer_name(t->line_layer), mtu - 52,
                           t->line_layer == BW_LAYER_ETHERNET ? mtu + 14 : mtu, mtu);
        } else if (t->claim_layer == BW_LAYER_IP) {
            (void)snprintf(x->conversion, sizeof(x->conversion),
                           "line rate (ethernet) × %lld / %lld = rate at IP: full-size "
                           "packets, MTU %lld, 14 bytes of Ethernet header each",
                           mtu, mtu + 14, mtu);
        } else {
            (void)snprintf(x->conversion, sizeof(x->conversion),
                           "line rate (ip) × %lld / %lld = rate at Ethernet: full-size "
                           "packets, MTU %lld, 14 bytes of Ethernet header each",
                           mtu + 14, mtu, mtu);
        }
        return;
    }
}

/* A good run that is not set apart. */
static bool counts(const struct bw_report_run *t)
{
    return t->state == BW_TEST_OK && t->apart == BW_APART_NOT;
}

/* One row a kind, by name. */
static void add_kind(struct bw_report_tested *x, const char *kind)
{
    size_t at = 0;
    while (at < x->n_kinds && strcmp(x->kinds[at].kind, kind) < 0) {
        at++;
    }
    if (x->n_kinds == BW_REPORT_KINDS_MAX ||
        (at < x->n_kinds && strcmp(x->kinds[at].kind, kind) == 0)) {
        return;
    }
    memmove(&x->kinds[at + 1], &x->kinds[at], (x->n_kinds - at) * sizeof(x->kinds[0]));
    (void)snprintf(x->kinds[at].kind, sizeof(x->kinds[at].kind), "%s", kind);
    x->n_kinds++;
}

static void
fill_loaded(const struct bw_report *r, int dir, int64_t *values, struct bw_report_loaded *x)
{
    for (int what = 0; what < 3; what++) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_runs; i++) {
            const struct bw_report_run *t = &r->runs[i];
            if (t->direction != (enum bw_direction)dir || !counts(t) ||
                t->rtt_idle_us == BW_UNKNOWN || t->rtt_loaded_p95_us == BW_UNKNOWN) {
                continue;
            }
            values[n++] = what == 0   ? t->rtt_idle_us
                          : what == 1 ? t->rtt_loaded_p95_us
                                      : t->rtt_loaded_p95_us - t->rtt_idle_us;
        }
        x->n = (int64_t)n;
        if (what == 0) {
            x->idle_p50_us = bw_stat_percentile(values, n, 500000);
            x->idle_p95_us = bw_stat_percentile(values, n, 950000);
        } else if (what == 1) {
            x->loaded_p50_us = bw_stat_percentile(values, n, 500000);
            x->loaded_p95_us = bw_stat_percentile(values, n, 950000);
        } else {
            x->added_p50_us = bw_stat_percentile(values, n, 500000);
        }
    }
}

static void
fill_tested(const struct bw_report *r, int dir, int64_t *values, struct bw_report_tested *x)
{
    size_t n = 0;
    bool first = true;

    x->compared_layer = BW_LAYER_UNKNOWN;
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        if (t->direction != (enum bw_direction)dir) {
            continue;
        }
        count_run(x, t);
        if (counts(t) && t->goodput_bps != BW_UNKNOWN) {
            add_kind(x, t->kind);
        }
    }
    for (size_t k = 0; k < x->n_kinds; k++) {
        n = 0;
        for (size_t i = 0; i < r->n_runs; i++) {
            const struct bw_report_run *t = &r->runs[i];
            if (t->direction == (enum bw_direction)dir && counts(t) &&
                t->goodput_bps != BW_UNKNOWN && strcmp(t->kind, x->kinds[k].kind) == 0) {
                values[n++] = t->goodput_bps;
            }
        }
        fill_dist(&x->kinds[k].goodput_bps, values, n);
    }
    for (enum bw_layer layer = BW_LAYER_UNKNOWN; layer <= BW_LAYER_IP; layer++) {
        n = 0;
        for (size_t i = 0; i < r->n_runs; i++) {
            const struct bw_report_run *t = &r->runs[i];
            if (t->direction == (enum bw_direction)dir && counts(t) &&
                t->line_bps != BW_UNKNOWN && t->line_layer == layer) {
                values[n++] = t->line_bps;
            }
        }
        if (n > 0) {
            x->line[x->n_line].layer = layer;
            fill_dist(&x->line[x->n_line++].bps, values, n);
        }
    }
    n = 0;
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        if (t->direction != (enum bw_direction)dir || t->compared_bps == BW_UNKNOWN) {
            continue;
        }
        x->compared_layer = first || x->compared_layer == t->claim_layer ? t->claim_layer
                                                                         : BW_LAYER_UNKNOWN;
        first = false;
        values[n++] = t->compared_bps;
    }
    /* Rates at several layers make no distribution. */
    fill_dist(&x->compared_bps, values, x->compared_layer == BW_LAYER_UNKNOWN ? 0 : n);
    describe_conversion(r, dir, x);
    fill_loaded(r, dir, values, &x->loaded);
}

const struct bw_dist *bw_report_goodput(const struct bw_report_tested *t)
{
    const struct bw_dist *most = NULL;
    for (size_t i = 0; i < t->n_kinds; i++) {
        if (!most || t->kinds[i].goodput_bps.n > most->n) {
            most = &t->kinds[i].goodput_bps;
        }
    }
    return most;
}

int bw_model_tested(struct bw_model *m)
{
    struct bw_report *r = m->report;
    int64_t *values = calloc(r->n_runs + 1, sizeof(*values));

    if (!values) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < r->n_runs; i++) {
        compare_run(r, &r->runs[i]);
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        fill_tested(r, d, values, &r->tested[d]);
    }
    free(values);
    return 0;
}

/* ---- carried and used ------------------------------------------------------ */

static void fill_window(const struct bw_report *r,
                        enum bw_layer layer,
                        int w,
                        int dir,
                        int64_t *values,
                        struct bw_report_window *x)
{
    const struct bw_report_claim *claim = bw_report_claim_last(r);
    size_t n = 0;

    x->peak_bps = BW_UNKNOWN;
    x->peak_unix_s = BW_UNKNOWN;
    x->converted_peak_bps = BW_UNKNOWN;
    x->share_p95_ppm = BW_UNKNOWN;
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if (v->layer != layer || v->with_test || v->rate_bps[dir] == BW_UNKNOWN ||
            (w == BW_WINDOW_CLASS && !v->in_class)) {
            continue;
        }
        if (x->peak_bps == BW_UNKNOWN || v->rate_bps[dir] > x->peak_bps) {
            x->peak_bps = v->rate_bps[dir];
            x->peak_unix_s = v->start_unix_s;
        }
        values[n++] = v->rate_bps[dir];
    }
    x->n = (int64_t)n;
    x->p95_bps = bw_stat_percentile(values, n, P95);
    n = 0;
    for (size_t i = 0; claim && i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        int64_t bytes;
        if (v->layer != layer || v->with_test || v->rate_bps[dir] == BW_UNKNOWN ||
            (w == BW_WINDOW_CLASS && !v->in_class)) {
            continue;
        }
        bytes = bw_layer_convert_bytes(v->bytes[dir], v->packets[dir], layer,
                                       layer_of_claim(claim));
        if (bytes != BW_UNKNOWN) {
            values[n++] = bytes * 8 / v->covered_s;
        }
    }
    x->n_converted = (int64_t)n;
    /* A percentile of some of the intervals is not the percentile of all. */
    x->converted_p95_bps =
        x->n_converted == x->n ? bw_stat_percentile(values, n, P95) : BW_UNKNOWN;
    if (!claim || x->converted_p95_bps == BW_UNKNOWN) {
        return;
    }
    x->converted_peak_bps = values[n - 1];
    if (claim->bps[dir] != BW_UNKNOWN && claim->bps[dir] > 0 &&
        x->converted_p95_bps <= INT64_MAX / MILLION) {
        x->share_p95_ppm = x->converted_p95_bps * MILLION / claim->bps[dir];
    }
}

static void add_known(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

static void fill_used(const struct bw_report *r,
                      enum bw_layer layer,
                      int64_t *values,
                      struct bw_report_used *u)
{
    u->layer = layer;
    u->saturated_s = BW_UNKNOWN;
    u->saturated_of_s = BW_UNKNOWN;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        u->bytes[d] = BW_UNKNOWN;
        u->packets[d] = BW_UNKNOWN;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if (v->layer != layer || v->covered_s == BW_UNKNOWN || v->covered_s <= 0 ||
            (v->bytes[BW_DOWN] == BW_UNKNOWN && v->bytes[BW_UP] == BW_UNKNOWN)) {
            continue;
        }
        u->n_intervals++;
        u->n_with_test += v->with_test;
        u->n_short += v->is_short && !v->with_test;
        u->n_at_least += v->at_least && !v->is_short && !v->with_test;
        u->n_mirror += v->at_least;
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            add_known(&u->bytes[d], v->bytes[d]);
            add_known(&u->packets[d], v->packets[d]);
        }
        if (!v->with_test && v->saturated_s != BW_UNKNOWN) {
            add_known(&u->saturated_s, v->saturated_s);
            add_known(&u->saturated_of_s, v->covered_s);
            u->saturated_n++;
        }
    }
    for (int w = 0; w < BW_WINDOWS; w++) {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            fill_window(r, layer, w, d, values, &u->window[w][d]);
        }
    }
}

static int compare_used(const void *a, const void *b)
{
    const struct bw_report_used *x = a;
    const struct bw_report_used *y = b;

    if (x->n_intervals != y->n_intervals) {
        return x->n_intervals > y->n_intervals ? -1 : 1;
    }
    return (x->layer > y->layer) - (x->layer < y->layer);
}

int bw_model_used(struct bw_model *m)
{
    struct bw_report *r = m->report;
    int64_t *values = calloc(r->n_intervals + 1, sizeof(*values));

    if (!values) {
        return -ENOMEM;
    }
    for (enum bw_layer layer = BW_LAYER_UNKNOWN; layer <= BW_LAYER_IP; layer++) {
        struct bw_report_used *u = &r->used[r->n_used];
        fill_used(r, layer, values, u);
        if (u->n_intervals > 0) {
            r->n_used++;
        } else {
            memset(u, 0, sizeof(*u));
        }
    }
    if (r->n_used > 1) {
        qsort(r->used, r->n_used, sizeof(r->used[0]), compare_used);
    }
    free(values);
    return 0;
}
