/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_records.c - what circuit-days cannot answer exactly, from the signed records.
 *
 * A circuit-day merges the delay of BW_CELL_S seconds and keeps some figures of the whole
 * day. Where intervals of one cell lie on both sides of an edge of class hours or of the
 * period, or the period begins or ends within a day of UTC, its value is left aside and
 * made again from the records of that cell or day. A day keeps the facts of its last
 * interval: where they changed within it, the record of its first interval tells whether
 * they changed since the day before too.
 *
 * Invariant: an interval belongs where it starts, here as in the days; what a cell gives is
 * never given by a record too. */
#include "model_private.h"

#include "buf.h"
#include "jws.h"
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400
};

static const unsigned window_all = 1u << BW_WINDOW_ALL;
static const unsigned window_class = 1u << BW_WINDOW_CLASS;

static int64_t floor_div(int64_t unix_s, int64_t unit_s)
{
    return unix_s / unit_s - (unix_s % unit_s < 0);
}

/* Which windows (bits) the cell can answer, and which the records must. */
static void cell_windows(const struct bw_report *r,
                         const struct bw_latency_cell *c,
                         unsigned *ret_cell,
                         unsigned *ret_records)
{
    bool whole = c->start_unix_s >= r->from_unix_s && c->last_start_unix_s < r->to_unix_s;
    bool first = bw_model_in_class(r, c->start_unix_s);
    bool mixed = c->last_start_unix_s != c->start_unix_s &&
                 first != bw_model_in_class(r, c->last_start_unix_s);

    *ret_cell = whole ? window_all | (first && !mixed ? window_class : 0) : 0;
    *ret_records =
        (whole ? 0 : window_all) | (mixed || (first && !whole) ? window_class : 0);
}

int bw_model_cell_add(struct bw_model *m,
                      const struct bw_latency_cell *c,
                      struct bw_err *reterr)
{
    struct bw_model_cell cell = {.cell = floor_div(c->start_unix_s, BW_CELL_S)};
    unsigned windows;
    void *room;
    int rc = 0;

    cell_windows(m->report, c, &windows, &cell.windows);
    if (windows) {
        rc = bw_model_latency_add(m, c, windows, reterr);
    }
    rc = rc < 0 ? rc : bw_model_target(m, c, &cell.target, reterr);
    if (rc < 0) {
        return rc;
    }
    if (windows & window_all) {
        bw_model_watch_add(m, cell.target, c->start_unix_s, c->sent, c->covered_s);
        rc = m->hours ? bw_model_hours_add(m, c) : 0;
        if (rc < 0) {
            return rc;
        }
    }
    if (!cell.windows) {
        return 0;
    }
    room = bw_grow(m->cells, m->n_cells, &m->cap_cells, sizeof(*m->cells));
    if (!room) {
        return -ENOMEM;
    }
    m->cells = room;
    m->cells[m->n_cells++] = cell;
    return 0;
}

static bool day_is_whole(const struct bw_report *r, int64_t day_unix_s)
{
    return day_unix_s >= r->from_unix_s && day_unix_s + DAY_S <= r->to_unix_s;
}

static void widen_error(struct bw_report *r, int64_t error_us)
{
    if (error_us != BW_UNKNOWN && error_us > r->clock.max_error_us) {
        r->clock.max_error_us = error_us;
    }
}

static bool moved(const struct bw_model_place *a, const struct bw_model_place *b)
{
    return a->vantage != b->vantage || a->source != b->source;
}

/* From the last interval of the day before to the first of this one. */
static int change_at_midnight(struct bw_model *m, const struct bw_circuit_day *d)
{
    struct bw_model_place last = {.vantage = d->facts.vantage, .source = d->facts.source};
    struct bw_model_place *edge;
    void *room;

    if (d->n_slots == 0) {
        return 0;
    }
    if (!m->has_day_before || d->n_vantage_changes == 0) {
        m->report->n_vantage_changes += m->has_day_before && moved(&m->day_before, &last);
        goto out;
    }
    room = bw_grow(m->edges, m->n_edges, &m->cap_edges, sizeof(*m->edges));
    if (!room) {
        return -ENOMEM;
    }
    m->edges = room;
    edge = &m->edges[m->n_edges++];
    *edge = m->day_before;
    edge->start_unix_s = d->slots[0].start_unix_s;
    edge->seq = d->slots[0].seq;
out:
    m->day_before = last;
    m->has_day_before = true;
    return 0;
}

int bw_model_day_facts(struct bw_model *m, const struct bw_circuit_day *d)
{
    struct bw_report *r = m->report;

    if (day_is_whole(r, d->day_unix_s)) {
        r->n_vantage_changes +=
            d->n_vantage_changes == BW_UNKNOWN ? 0 : d->n_vantage_changes;
        widen_error(r, d->max_clock_error_us);
    }
    return change_at_midnight(m, d);
}

/* ---- records ------------------------------------------------------------------ */

static int compare_cells(const void *a, const void *b)
{
    const struct bw_model_cell *x = a;
    const struct bw_model_cell *y = b;

    if (x->cell != y->cell) {
        return x->cell < y->cell ? -1 : 1;
    }
    return (x->target > y->target) - (x->target < y->target);
}

void bw_model_records_begin(struct bw_model *m)
{
    if (m->n_cells > 0) {
        qsort(m->cells, m->n_cells, sizeof(*m->cells), compare_cells);
    }
}

/* Some target's cell in which an interval starts must come from records. */
static bool cell_wanted(const struct bw_model *m, int64_t start_unix_s)
{
    int64_t cell = floor_div(start_unix_s, BW_CELL_S);
    size_t low = 0;
    size_t high = m->n_cells;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->cells[mid].cell < cell) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < m->n_cells && m->cells[low].cell == cell;
}

/* Which windows want this interval of a target; its packets are counted in its cell. */
static unsigned
windows_wanted(struct bw_model *m, size_t target, const struct bw_latency_cell *interval)
{
    struct bw_model_cell key = {.cell = floor_div(interval->start_unix_s, BW_CELL_S),
                                .target = target};
    struct bw_model_cell *c =
        bsearch(&key, m->cells, m->n_cells, sizeof(*m->cells), compare_cells);
    unsigned windows = c ? c->windows : 0;

    if (windows & window_all) {
        c->sent += interval->sent;
        c->covered_s += interval->covered_s;
    }
    return bw_model_in_class(m->report, interval->start_unix_s) ? windows
                                                                : windows & ~window_class;
}

static int compare_places(const void *a, const void *b)
{
    const struct bw_model_place *x = a;
    const struct bw_model_place *y = b;

    if (x->start_unix_s != y->start_unix_s) {
        return x->start_unix_s < y->start_unix_s ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* The record's place in m->edges, whose days ascend; NULL: none. */
static const struct bw_model_place *edge_of(const struct bw_model *m,
                                            const struct bw_record *rec)
{
    struct bw_model_place key = {.start_unix_s = rec->start_unix_s, .seq = rec->seq};

    return m->n_edges
               ? bsearch(&key, m->edges, m->n_edges, sizeof(*m->edges), compare_places)
               : NULL;
}

static int add_place(struct bw_model *m, const struct bw_summary *s, size_t circuit)
{
    void *room = bw_grow(m->places, m->n_places, &m->cap_places, sizeof(*m->places));

    if (!room) {
        return -ENOMEM;
    }
    m->places = room;
    m->places[m->n_places++] =
        (struct bw_model_place){.start_unix_s = s->start_unix_s,
                                .seq = s->seq,
                                .vantage = s->circuits[circuit].vantage,
                                .source = s->circuits[circuit].source};
    if (s->clock.known) {
        widen_error(m->report, s->clock.max_error_us);
    }
    return 0;
}

static int add_latency(struct bw_model *m,
                       const struct bw_summary *s,
                       const struct bw_latency *l,
                       struct bw_err *reterr)
{
    struct bw_latency_cell c = {
        .family = l->family == BW_UNKNOWN ? 0 : (int)l->family,
        .start_unix_s = s->start_unix_s,
        .last_start_unix_s = s->start_unix_s,
        .end_unix_s = s->end_unix_s,
        .n = 1,
        .sent = l->sent,
        .lost = l->lost,
        .late = l->late,
        .sum_us = l->sum_us,
        .covered_s = l->sent > 0 ? s->end_unix_s - s->start_unix_s : 0,
        .rtt_hist = l->rtt_hist,
    };
    unsigned windows;
    size_t target;
    int rc;

    memcpy(c.probe, l->probe, sizeof(c.probe));
    (void)snprintf(c.kind, sizeof(c.kind), "%s", l->kind);
    rc = bw_model_target(m, &c, &target, reterr);
    if (rc < 0) {
        return rc;
    }
    windows = windows_wanted(m, target, &c);
    return windows ? bw_model_latency_add(m, &c, windows, reterr) : 0;
}

static int add_summary(struct bw_model *m,
                       const struct bw_summary *s,
                       bool cell,
                       bool whole,
                       const struct bw_model_place *edge,
                       struct bw_err *reterr)
{
    const char *circuit = m->report->circuit;
    int rc = 0;

    for (size_t i = 0; i < s->n_circuits && rc == 0; i++) {
        const struct bw_model_place here = {.vantage = s->circuits[i].vantage,
                                            .source = s->circuits[i].source};
        if (strcmp(s->circuits[i].id, circuit) == 0) {
            m->report->n_vantage_changes += edge && moved(edge, &here);
            rc = whole ? 0 : add_place(m, s, i);
        }
    }
    for (size_t i = 0; i < s->n_latency && cell && rc == 0; i++) {
        if (strcmp(s->latency[i].circuit, circuit) == 0) {
            rc = add_latency(m, s, &s->latency[i], reterr);
        }
    }
    return rc;
}

int bw_model_record_add(struct bw_model *m,
                        const struct bw_record *rec,
                        struct bw_err *reterr)
{
    bool cell = cell_wanted(m, rec->start_unix_s);
    bool whole = day_is_whole(m->report, floor_div(rec->start_unix_s, DAY_S) * DAY_S);
    const struct bw_model_place *edge = edge_of(m, rec);
    struct bw_buf scratch;
    struct bw_summary s;
    struct bw_jws j;
    int rc;

    if (!cell && whole && !edge) {
        return 0; /* the days say it */
    }
    bw_buf_init(&scratch, BW_JWS_MAX);
    rc = bw_jws_parse(rec->jws, rec->jws_len, &scratch, &j, reterr);
    if (rc == 0) {
        rc = bw_summary_decode(j.payload, j.payload_len, &s, reterr);
        if (rc == 0) {
            rc = add_summary(m, &s, cell, whole, edge, reterr);
            bw_summary_done(&s);
        } else if (rc == -BW_ENEWER) {
            rc = 0; /* takes no part in days either */
        }
    }
    bw_buf_done(&scratch);
    return rc;
}

void bw_model_records_end(struct bw_model *m)
{
    for (size_t i = 0; i < m->n_cells; i++) {
        const struct bw_model_cell *c = &m->cells[i];
        bw_model_watch_add(m, c->target, c->cell * BW_CELL_S, c->sent, c->covered_s);
    }
    if (m->n_places == 0) {
        return;
    }
    qsort(m->places, m->n_places, sizeof(*m->places), compare_places);
    for (size_t i = 1; i < m->n_places; i++) {
        const struct bw_model_place *a = &m->places[i - 1];
        const struct bw_model_place *b = &m->places[i];
        m->report->n_vantage_changes +=
            floor_div(a->start_unix_s, DAY_S) == floor_div(b->start_unix_s, DAY_S) &&
            moved(a, b);
    }
}
