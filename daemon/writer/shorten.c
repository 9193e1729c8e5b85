/* SPDX-License-Identifier: GPL-3.0-or-later
 * shorten.c - what a record that is too long loses, and in which order.
 *
 * What can be told later goes first, what nothing else in the record stands for last. */
#include "shorten.h"

#include <buf.h>
#include <bw/summary.h>
#include <errno.h>
#include <log.h>
#include <plural.h>
#include <string.h>

static bool lose_refusals(struct bw_summary *s, size_t own_gaps, bool *ret_told)
{
    if (s->n_gaps <= own_gaps) {
        return false;
    }
    s->n_gaps = own_gaps;
    *ret_told = false;
    return true;
}

static bool lose_deferred(struct bw_summary *s)
{
    size_t kept = 0;
    size_t before = s->n_throughput;
    for (size_t i = 0; i < before; i++) {
        if (s->throughput[i].state != BW_TEST_DEFERRED) {
            s->throughput[kept++] = s->throughput[i];
        }
    }
    s->n_throughput = kept;
    if (kept == before) {
        return false;
    }
    bw_log(BW_AREA_JOURNAL, BW_WARN, "the record is too long: %zu %s left out of it",
           before - kept,
           bw_plural((int64_t)(before - kept), "deferred test is", "deferred tests are"));
    return true;
}

/* The hops of traces: the way itself stays by its hash. */
static bool lose_hops(struct bw_summary *s)
{
    bool any = false;
    for (size_t i = 0; i < s->n_paths; i++) {
        any = any || s->paths[i].n_hops > 0;
        s->paths[i].n_hops = 0;
    }
    if (any) {
        bw_log(BW_AREA_JOURNAL, BW_WARN,
               "the record is too long: the hops of paths are left out of it");
    }
    return any;
}

static void longer(const char **hist,
                   const char *target,
                   const char ***longest,
                   const char **ret_target)
{
    if (*hist && (!*longest || strlen(*hist) > strlen(**longest))) {
        *longest = hist;
        *ret_target = target;
    }
}

/* One-way delays mean nothing by half. */
static bool lose_one_way(struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_latency; i++) {
        struct bw_latency *l = &s->latency[i];
        if (l->out_hist) {
            l->out_hist = NULL;
            l->back_hist = NULL;
            l->one_way_error_us = BW_UNKNOWN;
            bw_log(BW_AREA_JOURNAL, BW_WARN,
                   "the record is too long: one-way delays of '%s' are left out of it",
                   l->probe);
            return true;
        }
    }
    return false;
}

/* What of traffic is the least: sizes, the smallest round trips, what saturation did. The
 * last needs the histogram it is a part of. */
static bool lose_traffic(struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_traffic; i++) {
        struct bw_traffic *t = &s->traffic[i];
        const char **lost[] = {&t->flow_size_hist, &t->lan_min_hist, &t->wan_min_hist,
                               &t->lan_rtt_hist, &t->saturated_rtt_hist};
        for (size_t k = 0; k < sizeof(lost) / sizeof(lost[0]); k++) {
            if (*lost[k]) {
                *lost[k] = NULL;
                bw_log(BW_AREA_JOURNAL, BW_WARN,
                       "the record is too long: a histogram of traffic of '%s' is left out "
                       "of it",
                       t->circuit);
                return true;
            }
        }
    }
    return false;
}

static bool lose_histogram(struct bw_summary *s)
{
    const char **longest = NULL;
    const char *target = NULL;
    for (size_t i = 0; i < s->n_latency; i++) {
        struct bw_latency *l = &s->latency[i];
        longer(&l->rtt_hist, l->probe, &longest, &target);
        for (size_t k = 0; k < l->n_phases; k++) {
            longer(&l->phases[k].time_hist, l->probe, &longest, &target);
        }
    }
    for (size_t i = 0; i < s->n_traffic; i++) {
        longer(&s->traffic[i].tcp_rtt_hist, s->traffic[i].circuit, &longest, &target);
    }
    if (!longest) {
        return false;
    }
    bw_log(BW_AREA_JOURNAL, BW_WARN,
           "the record is too long: the histogram of '%s' is left out of it, its counts, "
           "sum and percentiles stay",
           target);
    *longest = NULL;
    return true;
}

static bool lose_reason(struct bw_summary *s)
{
    struct bw_throughput *longest = NULL;
    for (size_t i = 0; i < s->n_throughput; i++) {
        struct bw_throughput *t = &s->throughput[i];
        if (t->reason && (!longest || strlen(t->reason) > strlen(longest->reason))) {
            longest = t;
        }
    }
    if (!longest) {
        return false;
    }
    bw_log(BW_AREA_JOURNAL, BW_WARN,
           "the record is too long: why a test of '%s' failed is left out of it: %s",
           longest->probe, longest->reason);
    longest->reason = NULL;
    return true;
}

static bool lose_test(struct bw_summary *s)
{
    size_t oldest = 0;
    for (size_t i = 1; i < s->n_throughput; i++) {
        if (s->throughput[i].at_unix_ms < s->throughput[oldest].at_unix_ms) {
            oldest = i;
        }
    }
    if (s->n_throughput == 0) {
        return false;
    }
    bw_log(BW_AREA_JOURNAL, BW_ERROR,
           "the record is too long: a test of '%s' is left out of it; use fewer or "
           "shorter names",
           s->throughput[oldest].probe);
    s->n_throughput--;
    memmove(&s->throughput[oldest], &s->throughput[oldest + 1],
            (s->n_throughput - oldest) * sizeof(s->throughput[0]));
    return true;
}

/* Whole: a schedule without starts would say that nothing is planned. */
static bool lose_schedule(struct bw_summary *s)
{
    if (s->schedule.n_commits + s->schedule.n_secrets + s->schedule.n_starts == 0) {
        return false;
    }
    memset(&s->schedule, 0, sizeof(s->schedule));
    bw_log(BW_AREA_JOURNAL, BW_WARN,
           "the record is too long: what binds the start times of tests is left out of it; "
           "use fewer or shorter names");
    return true;
}

static bool lose_path(struct bw_summary *s)
{
    if (s->n_paths == 0) {
        return false;
    }
    s->n_paths--;
    bw_log(BW_AREA_JOURNAL, BW_ERROR,
           "the record is too long: the path to '%s' is left out of it; use fewer targets",
           s->paths[s->n_paths].probe);
    return true;
}

static bool lose_latency(struct bw_summary *s)
{
    if (s->n_latency == 0) {
        return false;
    }
    s->n_latency--;
    bw_log(BW_AREA_JOURNAL, BW_ERROR,
           "the record is too long: latency of '%s' is left out of it; use fewer targets "
           "or shorter names",
           s->latency[s->n_latency].probe);
    return true;
}

int bw_shorten_encode(struct bw_summary *s,
                      size_t own_gaps,
                      struct bw_buf *out,
                      bool *ret_refusals_told,
                      struct bw_err *reterr)
{
    int r;
    *ret_refusals_told = true;
    for (;;) {
        bw_buf_clear(out);
        r = bw_summary_encode(s, out, reterr);
        if (r != -E2BIG) {
            return r;
        }
        if (!lose_refusals(s, own_gaps, ret_refusals_told) && !lose_deferred(s) &&
            !lose_hops(s) && !lose_traffic(s) && !lose_one_way(s) && !lose_histogram(s) &&
            !lose_reason(s) && !lose_path(s) && !lose_test(s) && !lose_schedule(s) &&
            !lose_latency(s)) {
            return r;
        }
    }
}
