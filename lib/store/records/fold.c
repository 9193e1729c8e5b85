/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold.c - decoded summaries of one site become circuit-days of one circuit.
 *
 * At most two days are open: the newest, and the one before it while a run that began in
 * it may still be told (BW_FOLD_TAIL_S). A day given out depends on nothing but the
 * summaries fold.h names for it, never on the days beside it. */
#include "fold.h"
#include "fold_private.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400
};

struct bw_fold {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t heard_to_unix_s;
    int64_t last_start_unix_s;
    bw_day_cb cb;
    void *owner;
    size_t hint; /* where the last summary had our circuit */
    struct bw_fold_day days[2];
};

/* ---- giving days out ----------------------------------------------------------------- */

static int by_target(const void *a, const void *b)
{
    const struct bw_fold_target *x = a;
    const struct bw_fold_target *y = b;
    int r = strcmp(x->probe, y->probe);
    if (r == 0) {
        r = strcmp(x->kind, y->kind);
    }
    return r ? r : x->family - y->family;
}

static int by_outage(const void *a, const void *b)
{
    const struct bw_outage *x = a;
    const struct bw_outage *y = b;
    int r = strcmp(x->circuit, y->circuit);
    if (r == 0) {
        r = (x->from_unix_ms > y->from_unix_ms) - (x->from_unix_ms < y->from_unix_ms);
    }
    return r;
}

/* By instant; the rest only so that the order is always the same. */
static int by_test(const void *a, const void *b)
{
    const struct bw_throughput *x = &((const struct bw_fold_run *)a)->t;
    const struct bw_throughput *y = &((const struct bw_fold_run *)b)->t;
    int r = (x->at_unix_ms > y->at_unix_ms) - (x->at_unix_ms < y->at_unix_ms);
    if (r == 0) {
        r = strcmp(x->probe, y->probe);
    }
    if (r == 0) {
        r = (x->direction > y->direction) - (x->direction < y->direction);
    }
    if (r == 0) {
        r = (x->bytes > y->bytes) - (x->bytes < y->bytes);
    }
    return r;
}

static int make_cells(struct bw_fold_day *d)
{
    struct bw_fold_target *targets = d->targets.items;
    if (d->targets.n) {
        qsort(targets, d->targets.n, sizeof(*targets), by_target);
    }
    for (size_t i = 0; i < d->targets.n; i++) {
        int r = bw_fold_close_cell(d, &targets[i]);
        for (size_t k = 0; r == 0 && k < targets[i].cells.n; k++) {
            struct bw_latency_cell *c = bw_fold_room(d, &d->cells, sizeof(*c));
            if (!c) {
                return -ENOMEM;
            }
            *c = ((const struct bw_latency_cell *)targets[i].cells.items)[k];
        }
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int make_tests(struct bw_fold_day *d)
{
    struct bw_fold_run *runs = d->runs.items;
    if (d->runs.n) {
        qsort(runs, d->runs.n, sizeof(*runs), by_test);
    }
    for (size_t i = 0; i < d->runs.n; i++) {
        struct bw_throughput *t = bw_fold_room(d, &d->tests, sizeof(*t));
        struct bw_told *told = t ? bw_fold_room(d, &d->told, sizeof(*told)) : NULL;
        if (!told) {
            return -ENOMEM;
        }
        *t = runs[i].t;
        *told = runs[i].told;
    }
    return 0;
}

static int give(struct bw_fold *f, struct bw_fold_day *d, struct bw_err *reterr)
{
    struct bw_circuit_day day = {.day_unix_s = d->day_unix_s};
    int r;
    if (!d->open) {
        return 0;
    }
    r = make_cells(d);
    if (r == 0) {
        r = make_tests(d);
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    if (d->outages.n) {
        qsort(d->outages.items, d->outages.n, sizeof(struct bw_outage), by_outage);
    }
    memcpy(day.site, f->site, sizeof(day.site));
    day.facts = d->facts;
    day.n_summaries = d->n_summaries;
    day.n_vantage_changes = d->n_vantage_changes;
    day.max_clock_error_us = d->max_clock_error_us;
    day.slots = d->slots.items;
    day.n_slots = d->slots.n;
    day.latency = d->cells.items;
    day.n_latency = d->cells.n;
    day.tests = d->tests.items;
    day.told = d->told.items;
    day.n_tests = d->tests.n;
    day.outages = d->outages.items;
    day.n_outages = d->outages.n;
    day.gaps = d->gaps.items;
    day.n_gaps = d->gaps.n;
    r = f->cb(f->owner, &day);
out:
    bw_fold_day_clear(d);
    return r;
}

/* The older of the two days first. */
static struct bw_fold_day *older(struct bw_fold *f)
{
    if (!f->days[0].open || !f->days[1].open) {
        return f->days[0].open ? &f->days[0] : &f->days[1];
    }
    return f->days[0].day_unix_s < f->days[1].day_unix_s ? &f->days[0] : &f->days[1];
}

static struct bw_fold_day *open_day(struct bw_fold *f, int64_t day_unix_s)
{
    struct bw_fold_day *d = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (f->days[i].open && f->days[i].day_unix_s == day_unix_s) {
            return &f->days[i];
        }
        if (!f->days[i].open) {
            d = &f->days[i];
        }
    }
    if (d) {
        d->open = true;
        d->day_unix_s = day_unix_s;
    }
    return d;
}

/* ---- the interface ------------------------------------------------------------------- */

static int64_t end_of_day(int64_t unix_s)
{
    int64_t start = bw_fold_floor(unix_s, DAY_S);
    return start == unix_s ? unix_s : start + DAY_S;
}

static int64_t bounded(int64_t to_unix_s)
{
    return to_unix_s < INT64_MAX - 2 * (int64_t)DAY_S ? to_unix_s
                                                      : INT64_MAX - 2 * (int64_t)DAY_S;
}

int64_t bw_fold_heard_to(int64_t to_unix_s)
{
    int64_t to = bounded(to_unix_s);
    int64_t end = end_of_day(to);
    return end > to + BW_FOLD_TAIL_S ? end : to + BW_FOLD_TAIL_S;
}

int bw_fold_new(const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_fold **ret)
{
    struct bw_fold *f = calloc(1, sizeof(*f));
    if (!f) {
        return -ENOMEM;
    }
    /* Longer names fit no record: they match nothing, as they should. */
    (void)strncpy(f->site, site, sizeof(f->site) - 1);
    (void)strncpy(f->circuit, circuit, sizeof(f->circuit) - 1);
    f->from_unix_s = from_unix_s;
    f->to_unix_s = bounded(to_unix_s);
    f->heard_to_unix_s = bw_fold_heard_to(to_unix_s);
    f->last_start_unix_s = INT64_MIN;
    f->cb = cb;
    f->owner = owner;
    bw_fold_day_clear(&f->days[0]);
    bw_fold_day_clear(&f->days[1]);
    *ret = f;
    return 0;
}

static const struct bw_circuit_summary *find_circuit(struct bw_fold *f,
                                                     const struct bw_summary *s)
{
    if (f->hint < s->n_circuits && strcmp(s->circuits[f->hint].id, f->circuit) == 0) {
        return &s->circuits[f->hint];
    }
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, f->circuit) == 0) {
            f->hint = i;
            return &s->circuits[i];
        }
    }
    return NULL;
}

/* Tests: by their instant where it is near the record, else by the record's start. */
static int add_tests(struct bw_fold *f,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     struct bw_err *reterr)
{
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        int64_t at = bw_fold_floor(t->at_unix_ms, 1000) / 1000;
        struct bw_fold_day *d;
        int r;
        if (strcmp(t->circuit, f->circuit) != 0) {
            continue;
        }
        if (at < s->start_unix_s - BW_FOLD_TAIL_S || at >= s->end_unix_s) {
            at = s->start_unix_s;
        }
        if (at < f->from_unix_s || at >= f->to_unix_s) {
            continue;
        }
        d = open_day(f, bw_fold_floor(at, DAY_S));
        if (!d) { /* an interval over midnight whose run began two days ahead: never */
            continue;
        }
        if (d->n_summaries == 0) {
            d->facts = *c;
        }
        r = bw_fold_add_test(d, s, c, i, reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int add_rest(struct bw_fold *f,
                    struct bw_fold_day *d,
                    const struct bw_summary *s,
                    const struct bw_circuit_summary *c,
                    const struct bw_fold_meta *meta,
                    struct bw_err *reterr)
{
    int r = bw_fold_add_slot(d, s, c, meta, reterr);
    for (size_t i = 0; r == 0 && i < s->n_latency; i++) {
        if (strcmp(s->latency[i].circuit, f->circuit) == 0) {
            r = bw_fold_add_latency(d, s, &s->latency[i], i, reterr);
        }
    }
    for (size_t i = 0; r == 0 && i < s->n_outages; i++) {
        if (strcmp(s->outages[i].circuit, f->circuit) == 0) {
            r = bw_fold_add_outage(d, s, &s->outages[i], reterr);
        }
    }
    for (size_t i = 0; r == 0 && i < s->n_gaps; i++) {
        r = bw_fold_add_gap(d, &s->gaps[i], reterr);
    }
    return r;
}

/* The day of a summary that is only heard, told of by something at last. */
static struct bw_fold_day *
heard_day(struct bw_fold *f, const struct bw_summary *s, const struct bw_circuit_summary *c)
{
    struct bw_fold_day *d = open_day(f, bw_fold_floor(s->start_unix_s, DAY_S));
    if (d && d->n_summaries == 0) {
        d->facts = *c;
    }
    return d;
}

/* What a later summary of the day in which the period ends tells of time within it. */
static int add_what_touches(struct bw_fold *f,
                            const struct bw_summary *s,
                            const struct bw_circuit_summary *c,
                            struct bw_err *reterr)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->n_outages; i++) {
        const struct bw_outage *o = &s->outages[i];
        if (strcmp(o->circuit, f->circuit) == 0 &&
            bw_fold_floor(o->from_unix_ms, 1000) / 1000 < f->to_unix_s) {
            struct bw_fold_day *d = heard_day(f, s, c);
            r = d ? bw_fold_add_outage(d, s, o, reterr) : -EINVAL;
        }
    }
    for (size_t i = 0; r == 0 && i < s->n_gaps; i++) {
        const struct bw_gap *g = &s->gaps[i];
        if (g->from_unix_s < f->to_unix_s && g->to_unix_s >= f->from_unix_s) {
            struct bw_fold_day *d = heard_day(f, s, c);
            r = d ? bw_fold_add_gap(d, g, reterr) : -EINVAL;
        }
    }
    return r;
}

int bw_fold_add(struct bw_fold *f,
                const struct bw_summary *s,
                const struct bw_fold_meta *meta,
                struct bw_err *reterr)
{
    const struct bw_circuit_summary *c;
    int r = 0;
    if (strcmp(s->site, f->site) != 0 || s->start_unix_s < f->from_unix_s ||
        s->start_unix_s >= f->heard_to_unix_s) {
        return 0;
    }
    if (s->start_unix_s < f->last_start_unix_s) {
        return bw_err_set(reterr, -EINVAL,
                          "the record with seq %" PRId64
                          " starts before the one given before "
                          "it: records are folded in the order of their start",
                          s->seq);
    }
    f->last_start_unix_s = s->start_unix_s;
    for (struct bw_fold_day *d = older(f);
         d->open && s->start_unix_s >= d->day_unix_s + DAY_S + BW_FOLD_TAIL_S;
         d = older(f)) {
        r = give(f, d, reterr);
        if (r != 0) {
            return r;
        }
    }
    c = find_circuit(f, s);
    if (!c) {
        return 0;
    }
    r = add_tests(f, s, c, reterr);
    if (r == 0 && s->start_unix_s < f->to_unix_s) {
        struct bw_fold_day *d = open_day(f, bw_fold_floor(s->start_unix_s, DAY_S));
        r = d ? add_rest(f, d, s, c, meta, reterr) : -EINVAL;
    } else if (r == 0 && s->start_unix_s < end_of_day(f->to_unix_s)) {
        r = add_what_touches(f, s, c, reterr);
    }
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    return r;
}

int bw_fold_finish(struct bw_fold *f, struct bw_err *reterr)
{
    for (int i = 0; i < 2; i++) {
        int r = give(f, older(f), reterr);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

void bw_fold_free(struct bw_fold *f)
{
    if (f) {
        bw_fold_day_clear(&f->days[0]);
        bw_fold_day_clear(&f->days[1]);
        free(f);
    }
}

size_t bw_outages_join(struct bw_outage *o, size_t n)
{
    size_t kept = 0;
    if (n == 0) {
        return 0;
    }
    qsort(o, n, sizeof(*o), by_outage);
    for (size_t i = 1; i < n; i++) {
        struct bw_outage *last = &o[kept];
        if (by_outage(last, &o[i]) != 0) {
            o[++kept] = o[i];
            continue;
        }
        if (o[i].to_unix_ms > last->to_unix_ms) {
            last->to_unix_ms = o[i].to_unix_ms;
        }
        if (o[i].known_to_unix_ms > last->known_to_unix_ms) {
            last->known_to_unix_ms = o[i].known_to_unix_ms;
        }
    }
    return kept + 1;
}
