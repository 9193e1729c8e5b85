/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache_days.c - a circuit's RRD files from its circuit-days, many times faster than
 * from records.
 *
 * Invariant: the files are the same as from records, to the byte of every figure. So a
 * day is used only where it tells everything: whole, no interval beside another, no two
 * intervals in one cell, no name with two targets, nothing of what the line was full of,
 * nothing counted at a mirror port; all others are made from their records. */
#include "rrdcache_private.h"

#include <bw/records.h>
#include <errno.h>
#include <grow.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400
};

/* A run told by an interval that starts at or after the end of the day it began on. */
struct late_run {
    struct bw_told told;
    enum bw_direction direction;
    int64_t values[BW_SERIES_DS_MAX];
};

struct days {
    struct refresh *f;
    int64_t to_unix_s;     /* the end of what is wanted of the day at hand */
    bool whole;            /* all of it from its start */
    bool written;          /* it was told by its circuit-day */
    struct late_run *runs; /* of this day and, told late, of the one before */
    size_t n_runs;
    size_t cap_runs;
};

static bool tells_all(const struct bw_circuit_day *d)
{
    if (d->facts.source == BW_SOURCE_MIRROR || d->n_vantage_changes > 0) {
        return false; /* which intervals a mirror port counted, their records say */
    }
    for (size_t i = 0; i < d->n_slots; i++) {
        if (d->slots[i].flags & (BW_SLOT_OVERLAP | BW_SLOT_TRAFFIC)) {
            return false;
        }
    }
    for (size_t i = 0; i < d->n_latency; i++) {
        const struct bw_latency_cell *c = &d->latency[i];
        const struct bw_latency_cell *before = i > 0 ? c - 1 : c;
        bool same_name = strcmp(c->probe, before->probe) == 0;
        if (c->n != 1 || (same_name && (strcmp(c->kind, before->kind) != 0 ||
                                        c->family != before->family))) {
            return false;
        }
    }
    return d->n_tests == 0 || d->told;
}

static int keep_runs(struct days *w, const struct bw_circuit_day *d)
{
    for (size_t i = 0; d->told && i < d->n_tests; i++) {
        const struct bw_throughput *t = &d->tests[i];
        if (t->state != BW_TEST_OK) {
            continue;
        }
        struct late_run *bigger =
            bw_grow(w->runs, w->n_runs, &w->cap_runs, sizeof(*bigger));
        if (!bigger) {
            return bw_err_set(&w->f->err, -ENOMEM, "out of memory");
        }
        w->runs = bigger;
        struct late_run *run = &w->runs[w->n_runs++];
        run->told = d->told[i];
        run->direction = t->direction;
        for (size_t k = 0; k < BW_SERIES_DS_MAX; k++) {
            run->values[k] = BW_UNKNOWN;
        }
        bw_rrd_throughput_values(t, run->values);
    }
    return 0;
}

static int by_told(const void *a, const void *b)
{
    const struct bw_told *x = &((const struct late_run *)a)->told;
    const struct bw_told *y = &((const struct late_run *)b)->told;
    int r = (x->start_unix_s > y->start_unix_s) - (x->start_unix_s < y->start_unix_s);
    if (r == 0) {
        r = (x->seq > y->seq) - (x->seq < y->seq);
    }
    return r ? r : (x->place > y->place) - (x->place < y->place);
}

static void add_values(const struct late_run *run, int64_t values[BW_SERIES_DS_MAX])
{
    values[run->direction] = run->values[run->direction];
    values[BW_DIRECTIONS + run->direction] = run->values[BW_DIRECTIONS + run->direction];
}

/* The runs that this day's intervals tell, interval by interval; the later ones stay. */
static int put_runs(struct days *w)
{
    size_t i = 0;
    int r = 0;
    if (w->n_runs > 1) {
        qsort(w->runs, w->n_runs, sizeof(*w->runs), by_told);
    }
    while (r == 0 && i < w->n_runs && w->runs[i].told.start_unix_s < w->to_unix_s) {
        int64_t values[BW_SERIES_DS_MAX] = {BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
        const struct bw_told *told = &w->runs[i].told;
        for (; i < w->n_runs && w->runs[i].told.seq == told->seq &&
               w->runs[i].told.start_unix_s == told->start_unix_s;
             i++) {
            add_values(&w->runs[i], values);
        }
        if (w->written) {
            r = bw_rrd_put_throughput(w->f, told->start_unix_s, told->end_unix_s, values);
        }
    }
    w->n_runs -= i;
    if (w->n_runs > 0) {
        memmove(w->runs, w->runs + i, w->n_runs * sizeof(*w->runs));
    }
    return r;
}

static int put_intervals(struct refresh *f, const struct bw_circuit_day *d)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < d->n_slots; i++) {
        const struct bw_slot *s = &d->slots[i];
        r = bw_rrd_put_link(f, s->start_unix_s, s->end_unix_s, s->covered_s, s->flow);
        if (f->last_unix_s == BW_UNKNOWN || s->end_unix_s > f->last_unix_s) {
            f->last_unix_s = s->end_unix_s;
        }
    }
    for (size_t i = 0; r == 0 && i < d->n_latency; i++) {
        const struct bw_latency_cell *c = &d->latency[i];
        r = bw_rrd_put_latency(f, c->probe, c->start_unix_s, c->end_unix_s, c->sent,
                               c->lost, c->p50_us, c->p95_us);
    }
    return r;
}

static int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct days *w = owner;
    w->written = w->whole && tells_all(d);
    int r = keep_runs(w, d);
    return r == 0 && w->written ? put_intervals(w->f, d) : r;
}

int bw_rrd_put_days(struct refresh *f,
                    struct bw_records *records,
                    int64_t from_unix_s,
                    int64_t to_unix_s)
{
    struct days w = {.f = f};
    int r = 0;
    /* The day before may have begun runs that the first interval tells. */
    int64_t day = from_unix_s - from_unix_s % DAY_S - DAY_S;
    for (; r == 0 && day < to_unix_s; day += DAY_S) {
        int64_t from = day > from_unix_s ? day : from_unix_s;
        w.to_unix_s = day + DAY_S < to_unix_s ? day + DAY_S : to_unix_s;
        w.whole = from == day;
        w.written = false;
        r = bw_records_days(records, f->site, f->circuit, day, w.to_unix_s, on_day, &w,
                            &f->err);
        if (r == 0 && !w.written) {
            r = bw_rrd_put_records(f, records, from, w.to_unix_s);
        }
        if (r == 0) {
            r = put_runs(&w);
        }
    }
    free(w.runs);
    return r;
}
