/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_days.c - the period day by day, in the school's own days.
 *
 * Invariant: days follow each other without holes from the period's start to its end or
 * to when the report was made; a day has 23 or 25 hours when the clocks change. */
#include "model_private.h"

#include "stat.h"
#include "tz.h"
#include <errno.h>
#include <grow.h>
#include <stdlib.h>
#include <string.h>

enum {
    P95 = 950000
};

static int add_day(struct bw_report *r, size_t *cap, int64_t from, int64_t to)
{
    struct bw_report_day *d;
    struct bw_civil c;
    void *room = bw_grow(r->days, r->n_days, cap, sizeof(*r->days));

    if (!room) {
        return -ENOMEM;
    }
    r->days = room;
    bw_tz_local(r->tz, from, &c);
    d = &r->days[r->n_days++];
    *d = (struct bw_report_day){.year = c.year,
                                .month = c.month,
                                .day = c.day,
                                .weekday = c.weekday,
                                .from_unix_s = from,
                                .to_unix_s = to,
                                .counted_s = BW_UNKNOWN};
    for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
        d->bytes[dir] = BW_UNKNOWN;
        d->p95_bps[dir] = BW_UNKNOWN;
        d->class_p95_bps[dir] = BW_UNKNOWN;
        d->peak_bps[dir] = BW_UNKNOWN;
    }
    return 0;
}

static void add_known(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

/* Intervals [first, last) start within the day. */
static void fill_day(const struct bw_report *r,
                     struct bw_report_day *d,
                     size_t first,
                     size_t last,
                     int64_t *values)
{
    enum bw_layer layer = r->n_used ? r->used[0].layer : BW_LAYER_UNKNOWN;

    for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
        size_t n = 0;
        size_t n_class = 0;
        for (size_t i = first; i < last; i++) {
            const struct bw_report_interval *v = &r->intervals[i];
            if (v->layer != layer) {
                continue;
            }
            add_known(&d->bytes[dir], v->bytes[dir]);
            if (v->rate_bps[dir] == BW_UNKNOWN || v->with_test) {
                continue;
            }
            values[n++] = v->rate_bps[dir];
        }
        if (n > 0) {
            d->p95_bps[dir] = bw_stat_percentile(values, n, P95);
            d->peak_bps[dir] = values[n - 1];
        }
        d->n = max64(d->n, (int64_t)n);
        for (size_t i = first; i < last; i++) {
            const struct bw_report_interval *v = &r->intervals[i];
            if (v->layer == layer && v->rate_bps[dir] != BW_UNKNOWN && !v->with_test &&
                v->in_class) {
                values[n_class++] = v->rate_bps[dir];
            }
        }
        d->class_p95_bps[dir] = bw_stat_percentile(values, n_class, P95);
        d->class_n = max64(d->class_n, (int64_t)n_class);
    }
    for (size_t i = first; i < last; i++) {
        if (r->intervals[i].layer == layer && r->n_used) {
            add_known(&d->counted_s, r->intervals[i].covered_s);
        }
    }
}

static void add_spans(const struct bw_model *m, struct bw_report_day *d, size_t *at)
{
    while (*at < m->n_spans && m->spans[*at].to_unix_s <= d->from_unix_s) {
        (*at)++;
    }
    for (size_t i = *at; i < m->n_spans && m->spans[i].from_unix_s < d->to_unix_s; i++) {
        d->recorded_s += min64(m->spans[i].to_unix_s, d->to_unix_s) -
                         max64(m->spans[i].from_unix_s, d->from_unix_s);
    }
    d->missing_s = d->to_unix_s - d->from_unix_s - d->recorded_s;
}

/* Intervals [first, last) start within the day: whether two targets or their counters could
 * have shown an outage. */
static bool was_watched(const struct bw_model *m,
                        const struct bw_report_day *d,
                        size_t first,
                        size_t last)
{
    for (size_t i = first; i < last; i++) {
        const struct bw_report_interval *v = &m->report->intervals[i];
        if (v->covered_s != BW_UNKNOWN &&
            bw_model_apart_until(m, BW_WITHOUT_SPAN_OUTAGES, v->start_unix_s,
                                 v->end_unix_s) == v->start_unix_s) {
            return true;
        }
    }
    return bw_model_watched_s(m, d->from_unix_s, d->to_unix_s) > 0;
}

static void
add_outages(const struct bw_model *m, struct bw_report_day *d, size_t first, size_t last)
{
    const struct bw_report_outages *out = &m->report->outages;

    for (size_t i = 0; i < out->n; i++) {
        const struct bw_report_outage *o = &out->list[i];
        int64_t from = max64(o->clipped_from_unix_ms, d->from_unix_s * 1000);
        int64_t to = min64(o->clipped_to_unix_ms, d->to_unix_s * 1000);
        d->outage_ms += to > from ? to - from : 0;
    }
    if (d->outage_ms == 0 && !was_watched(m, d, first, last)) {
        d->outage_ms = BW_UNKNOWN;
    }
}

int bw_model_days(struct bw_model *m)
{
    struct bw_report *r = m->report;
    int64_t *values = calloc(r->n_intervals + 1, sizeof(*values));
    int64_t at = r->from_unix_s;
    size_t cap = 0;
    size_t interval = 0;
    size_t span = 0;
    int rc = values ? 0 : -ENOMEM;

    while (rc == 0 && at < r->until_unix_s) {
        struct bw_civil c;
        int64_t next;
        bw_tz_local(r->tz, at, &c);
        next = bw_tz_day_start(r->tz, c.year, c.month, c.day + 1);
        next = min64(next > at ? next : at + 86400, r->until_unix_s);
        rc = add_day(r, &cap, at, next);
        at = next;
    }
    for (size_t i = 0; rc == 0 && i < r->n_days; i++) {
        struct bw_report_day *d = &r->days[i];
        size_t first = interval;
        while (interval < r->n_intervals &&
               r->intervals[interval].start_unix_s < d->to_unix_s) {
            interval++;
        }
        fill_day(r, d, first, interval, values);
        add_spans(m, d, &span);
        add_outages(m, d, first, interval);
        d->watched_s =
            min64(d->recorded_s, bw_model_watched_s(m, d->from_unix_s, d->to_unix_s));
    }
    free(values);
    return rc;
}
