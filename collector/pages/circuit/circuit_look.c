/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_look.c - circuit-days into rows and lists.
 *
 * Invariant: whole UTC days are asked for, which the ledger has as rows, and an interval
 * counts in the row in which it starts; what no interval told stays unknown. */
#include "circuit_look.h"

#include <bw/err.h>
#include <errno.h>
#include <fold.h>
#include <stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    HOUR_S = 3600,
    DAY_S = 86400,
    FINE_S = 300,
    FINE_UP_TO_S = 3 * HOUR_S,
    HOURS_UP_TO_S = 2 * DAY_S,
    WAY_S = 900, /* the newest stretch, and … */
    WAY_VALUES = 400,
    LISTS = 2 * BW_LOOK_OUTAGES
};

struct way_values {
    int64_t now[WAY_VALUES];
    int64_t before[WAY_VALUES];
    size_t n_now;
    size_t n_before;
};

struct bw_look_maker {
    struct bw_look *look;
    bool any;                      /* a day came */
    struct bw_circuit_summary was; /* facts of the day before */
    struct bw_outage outages[LISTS];
    size_t n_outages;
    struct way_values values[BW_LOOK_TARGETS];
};

/* ---- rows ------------------------------------------------------------------------------
 */

static void add_row(struct bw_look *k, int64_t from, int64_t to)
{
    if (k->n_rows == BW_LOOK_ROWS) {
        k->more = true;
        return;
    }
    struct bw_look_row *r = &k->rows[k->n_rows++];
    memset(r, 0, sizeof(*r));
    r->from_unix_s = from;
    r->to_unix_s = to;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        r->bytes[d] = r->mean_max[d] = r->second_max[d] = BW_UNKNOWN;
    }
}

static void cut_rows(struct bw_look *k, const struct bw_tz *tz)
{
    int64_t length = k->to_unix_s - k->from_unix_s;
    int64_t at = k->from_unix_s;
    k->chunk_s = length <= FINE_UP_TO_S                          ? FINE_S
                 : length <= HOURS_UP_TO_S                       ? HOUR_S
                 : length <= (BW_LOOK_DAYS + 1) * (int64_t)DAY_S ? DAY_S
                                                                 : 0;
    while (k->chunk_s > 0 && at < k->to_unix_s && !k->more) {
        int64_t end = at - at % k->chunk_s + k->chunk_s;
        if (k->chunk_s == DAY_S) {
            struct bw_civil c;
            bw_tz_local(tz, at, &c);
            end = bw_tz_day_start(tz, c.year, c.month, c.day + 1);
        }
        end = end > k->to_unix_s ? k->to_unix_s : end;
        add_row(k, at, end);
        at = end;
    }
}

/* The number of the row in which it starts; -1: none. */
static int row_at(const struct bw_look *k, int64_t unix_s)
{
    size_t low = 0;
    size_t high = k->n_rows;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (k->rows[mid].to_unix_s <= unix_s) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < k->n_rows && k->rows[low].from_unix_s <= unix_s ? (int)low : -1;
}

static void most(int64_t *io, int64_t v)
{
    if (v != BW_UNKNOWN && (*io == BW_UNKNOWN || v > *io)) {
        *io = v;
    }
}

static void least(int64_t *io, int64_t v)
{
    if (v != BW_UNKNOWN && (*io == BW_UNKNOWN || v < *io)) {
        *io = v;
    }
}

static void add_slot(struct bw_look *k, const struct bw_slot *s)
{
    int at = row_at(k, s->start_unix_s);
    if (s->start_unix_s < k->from_unix_s || s->start_unix_s >= k->to_unix_s) {
        return;
    }
    k->n_records++;
    k->traffic = k->traffic || (s->flags & BW_SLOT_TRAFFIC) != 0;
    bool counted = s->covered_s != BW_UNKNOWN && s->covered_s > 0;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        k->counted = k->counted || (counted && s->flow[d].bytes != BW_UNKNOWN);
    }
    if (at < 0) {
        return;
    }
    struct bw_look_row *r = &k->rows[at];
    int64_t length = s->end_unix_s - s->start_unix_s;
    r->n++;
    r->recorded_s += length;
    r->unsynced_s += s->flags & BW_SLOT_UNSYNCED ? length : 0;
    r->counted_s += counted ? s->covered_s : 0;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        int64_t bytes = s->flow[d].bytes;
        if (counted && bytes != BW_UNKNOWN && bytes < INT64_MAX / 8) {
            r->bytes[d] = (r->bytes[d] == BW_UNKNOWN ? 0 : r->bytes[d]) + bytes;
            most(&r->mean_max[d], bytes * 8 / s->covered_s);
        }
        most(&r->second_max[d], s->flow[d].peak_1s_bps);
    }
}

/* ---- targets ---------------------------------------------------------------------------
 */

static struct bw_look_target *target_of(struct bw_look *k, const char *name)
{
    for (size_t i = 0; i < k->n_targets; i++) {
        if (strcmp(k->targets[i].name, name) == 0) {
            return &k->targets[i];
        }
    }
    if (k->n_targets == BW_LOOK_TARGETS) {
        k->more = true;
        return NULL;
    }
    struct bw_look_target *t = &k->targets[k->n_targets++];
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    for (size_t i = 0; i < BW_LOOK_ROWS; i++) {
        t->rows[i].p50_min_us = t->rows[i].p50_max_us = t->rows[i].p95_max_us = BW_UNKNOWN;
    }
    return t;
}

static void add_answers(struct bw_look *k, const struct bw_latency_cell *c)
{
    if (c->start_unix_s < k->from_unix_s || c->start_unix_s >= k->to_unix_s) {
        return;
    }
    struct bw_look_target *t = target_of(k, c->probe);
    int at = row_at(k, c->start_unix_s);
    if (!t || at < 0 || c->sent == BW_UNKNOWN) {
        return;
    }
    struct bw_look_answers *a = &t->rows[at];
    a->sent += c->sent;
    a->lost += c->lost == BW_UNKNOWN ? 0 : c->lost;
    least(&a->p50_min_us, c->p50_us);
    most(&a->p50_max_us, c->p50_us);
    most(&a->p95_max_us, c->p95_us);
}

static void add_way(struct bw_look_maker *m, const struct bw_latency_cell *c)
{
    struct bw_look *k = m->look;
    int64_t from = k->newest_unix_s - k->way_s;
    if (c->start_unix_s < from - DAY_S || c->start_unix_s >= k->newest_unix_s ||
        c->sent == BW_UNKNOWN) {
        return;
    }
    size_t i = 0;
    while (i < k->n_way && strcmp(k->way[i].name, c->probe) != 0) {
        i++;
    }
    if (i == BW_LOOK_TARGETS) {
        return;
    }
    struct bw_way_target *t = &k->way[i];
    struct way_values *v = &m->values[i];
    if (i == k->n_way) {
        k->n_way++;
        (void)snprintf(t->name, sizeof(t->name), "%s", c->probe);
        t->place = bw_way_place_of(t->name);
    }
    int64_t lost = c->lost == BW_UNKNOWN ? 0 : c->lost;
    if (c->start_unix_s >= from) {
        t->sent += c->sent;
        t->lost += lost;
        if (c->p50_us != BW_UNKNOWN && v->n_now < WAY_VALUES) {
            v->now[v->n_now++] = c->p50_us;
        }
    } else {
        t->before_sent += c->sent;
        t->before_lost += lost;
        if (c->p50_us != BW_UNKNOWN && v->n_before < WAY_VALUES) {
            v->before[v->n_before++] = c->p50_us;
        }
    }
}

/* ---- lists -----------------------------------------------------------------------------
 */

/* The oldest goes when there is no room. */
static void *push(void *list, size_t *n, size_t max, size_t size, bool *more)
{
    char *bytes = list;
    if (*n == max) {
        memmove(bytes, bytes + size, (max - 1) * size);
        (*n)--;
        *more = true;
    }
    return bytes + size * (*n)++;
}

static void add_run(struct bw_look *k, const struct bw_throughput *t)
{
    int64_t at = t->at_unix_ms / 1000;
    if (at < k->listed_from_unix_s || at >= k->to_unix_s) {
        return;
    }
    struct bw_look_run *r =
        push(k->runs, &k->n_runs, BW_LOOK_RUNS, sizeof(k->runs[0]), &k->more);
    memset(r, 0, sizeof(*r));
    r->at_unix_ms = t->at_unix_ms;
    r->direction = t->direction;
    r->state = t->state;
    r->grade = bw_throughput_grade(t);
    r->apart = bw_throughput_apart(t);
    r->egress = t->egress;
    r->retest = t->retest_of != NULL;
    r->goodput_bps = t->goodput_bps;
    r->line_bps = t->line_bps;
    r->rtt_idle_us = t->rtt_idle_us;
    r->rtt_loaded_us = t->rtt_loaded_p95_us;
    r->retransmit_ppm = t->retransmit_ppm;
    (void)snprintf(r->server, sizeof(r->server), "%s", t->server);
    (void)snprintf(r->kind, sizeof(r->kind), "%s", t->kind);
    (void)snprintf(r->reason, sizeof(r->reason), "%s", t->reason ? t->reason : "");
}

static void add_outage(struct bw_look_maker *m, const struct bw_outage *o)
{
    struct bw_look *k = m->look;
    int64_t to = o->to_unix_ms == BW_UNKNOWN ? o->known_to_unix_ms : o->to_unix_ms;
    bool carrier = o->why && strcmp(o->why, "carrier down") == 0;
    k->no_carrier = k->no_carrier || (carrier && o->to_unix_ms == BW_UNKNOWN &&
                                      o->known_to_unix_ms >= k->newest_unix_s * 1000);
    if (to / 1000 < k->listed_from_unix_s || o->from_unix_ms / 1000 >= k->to_unix_s) {
        return;
    }
    struct bw_outage *x = push(m->outages, &m->n_outages, LISTS, sizeof(*x), &k->more);
    *x = *o;
    x->why = carrier ? "carrier down" : "targets silent";
}

static void add_gap(struct bw_look *k, const struct bw_gap *g)
{
    if (g->to_unix_s > k->listed_from_unix_s && g->from_unix_s < k->to_unix_s) {
        struct bw_gap *x =
            push(k->gaps, &k->n_gaps, BW_LOOK_GAPS, sizeof(k->gaps[0]), &k->more);
        *x = *g;
    }
}

/* ---- the whole -------------------------------------------------------------------------
 */

int bw_look_begin(const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  int64_t newest_unix_s,
                  int64_t interval_s,
                  struct bw_look_maker **ret)
{
    struct bw_look_maker *m = calloc(1, sizeof(*m));
    struct bw_look *k = calloc(1, sizeof(*k));
    if (!m || !k) {
        free(m);
        free(k);
        return -ENOMEM;
    }
    m->look = k;
    k->from_unix_s = from_unix_s;
    k->to_unix_s = to_unix_s;
    k->newest_unix_s = newest_unix_s;
    k->interval_s = interval_s;
    k->way_s = interval_s > WAY_S ? interval_s : WAY_S;
    cut_rows(k, tz);
    k->listed_from_unix_s =
        k->chunk_s ? from_unix_s : to_unix_s - BW_LOOK_TAIL * (int64_t)DAY_S;
    *ret = m;
    return 0;
}

int bw_look_day(void *maker, const struct bw_circuit_day *d)
{
    struct bw_look_maker *m = maker;
    struct bw_look *k = m->look;
    const struct bw_circuit_summary *f = &d->facts;
    bool within = d->day_unix_s + DAY_S > k->from_unix_s && d->day_unix_s < k->to_unix_s;
    if (within) {
        k->changed = k->changed || d->n_vantage_changes > 0 ||
                     (m->any && (f->vantage != m->was.vantage ||
                                 f->source != m->was.source || f->layer != m->was.layer));
        k->mirror = k->mirror || f->source == BW_SOURCE_MIRROR;
        k->layer = f->layer;
        m->was = *f;
        m->any = true;
    }
    for (size_t i = 0; i < d->n_slots; i++) {
        add_slot(k, &d->slots[i]);
    }
    for (size_t i = 0; i < d->n_latency; i++) {
        add_answers(k, &d->latency[i]);
        add_way(m, &d->latency[i]);
    }
    for (size_t i = 0; i < d->n_tests; i++) {
        add_run(k, &d->tests[i]);
    }
    for (size_t i = 0; i < d->n_outages; i++) {
        add_outage(m, &d->outages[i]);
    }
    for (size_t i = 0; i < d->n_gaps; i++) {
        add_gap(k, &d->gaps[i]);
    }
    return 0;
}

struct bw_look *bw_look_finish(struct bw_look_maker *m)
{
    struct bw_look *k = m->look;
    size_t n = m->n_outages > 0 ? bw_outages_join(m->outages, m->n_outages) : 0;
    size_t first = n > BW_LOOK_OUTAGES ? n - BW_LOOK_OUTAGES : 0;
    k->more = k->more || first > 0;
    k->n_outages = n - first;
    memcpy(k->outages, m->outages + first, k->n_outages * sizeof(k->outages[0]));
    for (size_t i = 0; i < k->n_way; i++) {
        struct way_values *v = &m->values[i];
        k->way[i].rtt_us = bw_stat_percentile(v->now, v->n_now, 500000);
        k->way[i].before_rtt_us = bw_stat_percentile(v->before, v->n_before, 500000);
    }
    free(m);
    return k;
}

int bw_look_read(struct bw_records *records,
                 const char *site,
                 const char *circuit,
                 const struct bw_tz *tz,
                 int64_t from_unix_s,
                 int64_t to_unix_s,
                 int64_t newest_unix_s,
                 int64_t interval_s,
                 struct bw_look **ret,
                 struct bw_err *reterr)
{
    struct bw_look_maker *m = NULL;
    int r = bw_look_begin(tz, from_unix_s, to_unix_s, newest_unix_s, interval_s, &m);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    int64_t from = m->look->listed_from_unix_s;
    int64_t way_from = newest_unix_s - m->look->way_s - DAY_S;
    from -= from % DAY_S;
    way_from -= way_from % DAY_S;
    int64_t to = (to_unix_s + DAY_S - 1) / DAY_S * DAY_S;
    int64_t way_to = (newest_unix_s + DAY_S - 1) / DAY_S * DAY_S;
    if (way_from <= to && from <= way_to) { /* one stretch of days */
        from = way_from < from ? way_from : from;
        to = way_to > to ? way_to : to;
        way_to = way_from;
    }
    r = bw_records_days(records, site, circuit, from, to, bw_look_day, m, reterr);
    if (r == 0 && way_to > way_from) {
        r = bw_records_days(records, site, circuit, way_from, way_to, bw_look_day, m,
                            reterr);
    }
    struct bw_look *k = bw_look_finish(m);
    if (r < 0) {
        free(k);
        return r;
    }
    *ret = k;
    return 0;
}
