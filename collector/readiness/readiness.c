/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness.c - what is free on a line, who can test on it at once, and in which order
 * that is shown.
 *
 * Invariant: students, rates and free capacity are those that the row prints, so that each
 * result can be worked again from them. */
#include "readiness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAP_DAYS = 3 /* days between testing days of one window: a weekend, and one more */
};

/* ---- one line ---------------------------------------------------------------------------
 */

void bw_ready_line_begin(struct bw_ready_line *l, uint32_t circuit)
{
    *l = (struct bw_ready_line){.circuit = circuit,
                                .why = BW_READY_NO_RECORD,
                                .full_s = BW_UNKNOWN,
                                .full_of_s = BW_UNKNOWN,
                                .outage_class_ms = BW_UNKNOWN};
    for (int i = 0; i < 2; i++) {
        l->bps[i] = BW_UNKNOWN;
        l->carried_bps[i] = BW_UNKNOWN;
        l->free_bps[i] = BW_UNKNOWN;
    }
}

static void add(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

static void most(int64_t *to, int64_t v)
{
    *to = v > *to ? v : *to; /* unknown is less than any */
}

void bw_ready_line_day(struct bw_ready_line *l,
                       struct bw_ready_days *days,
                       const struct bw_room_day *d)
{
    const struct bw_room_way *w = &d->way[BW_DOWN];

    if (d->n_records <= 0) {
        return;
    }
    if (l->n_days > 0 && d->claim_layer != l->layer && d->claim_layer != BW_LAYER_UNKNOWN) {
        /* Figures of two layers are never held together: those of the later one stay. */
        l->carried_bps[BW_READY_AT_P95] = BW_UNKNOWN;
        l->carried_bps[BW_READY_AT_PEAK] = BW_UNKNOWN;
        l->known = 0;
        l->n_tests = 0;
        days->n = 0;
    }
    l->n_days += d->n_days;
    l->layer = d->claim_layer != BW_LAYER_UNKNOWN ? d->claim_layer : l->layer;
    l->bps[BW_READY_CLAIMED] = w->claim_bps;
    if (w->median_bps != BW_UNKNOWN && days->n < BW_READY_WINDOW_DAYS) {
        days->median_bps[days->n++] = w->median_bps;
        l->n_tests += w->n_compared;
    }
    days->counted |= w->class_p95_bps != BW_UNKNOWN;
    add(&l->expected, w->class_expected);
    if (w->claimed_p95_bps != BW_UNKNOWN) {
        most(&l->carried_bps[BW_READY_AT_P95], w->claimed_p95_bps);
        most(&l->carried_bps[BW_READY_AT_PEAK], w->claimed_peak_bps);
        l->known += w->class_known;
    }
    days->class_s = d->class_s == BW_UNKNOWN ? days->class_s : days->class_s + d->class_s;
    add(&l->full_s, w->full_s);
    add(&l->full_of_s, w->full_of_s);
    add(&l->outage_class_ms, d->outage_class_ms);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Were ten class hours counted, and half of all that were? */
static bool enough(const struct bw_ready_line *l, int64_t class_s)
{
    return l->expected > 0 && 2 * l->known >= l->expected &&
           class_s / l->expected * l->known +
                   class_s % l->expected * l->known / l->expected >=
               BW_READY_CLASS_S_MIN;
}

void bw_ready_line_end(struct bw_ready_line *l,
                       const struct bw_ready_days *days,
                       enum bw_ready_of of)
{
    int64_t sorted[BW_READY_WINDOW_DAYS];

    if (days->n > 0) {
        memcpy(sorted, days->median_bps, days->n * sizeof(sorted[0]));
        qsort(sorted, days->n, sizeof(sorted[0]), by_size);
        l->bps[BW_READY_TESTED] = sorted[(days->n - 1) / 2];
    }
    l->why = l->n_days == 0                                  ? BW_READY_NO_RECORD
             : l->bps[BW_READY_CLAIMED] == BW_UNKNOWN        ? BW_READY_NO_CLAIM
             : !days->counted                                ? BW_READY_NOT_COUNTED
             : l->carried_bps[BW_READY_AT_P95] == BW_UNKNOWN ? BW_READY_LAYER
             : !enough(l, days->class_s)                     ? BW_READY_LITTLE
             : l->bps[of] == BW_UNKNOWN                      ? BW_READY_NOT_TESTED
                                                             : BW_READY_KNOWN;
    for (int at = 0; at < BW_READY_ATS; at++) {
        int64_t free_bps = l->why == BW_READY_KNOWN && l->carried_bps[at] != BW_UNKNOWN
                               ? l->bps[of] - l->carried_bps[at]
                               : BW_UNKNOWN;
        l->free_bps[at] = free_bps != BW_UNKNOWN && free_bps < 0 ? 0 : free_bps;
    }
}

/* ---- one place --------------------------------------------------------------------------
 */

static void line_of_room(const struct bw_room *r,
                         uint32_t circuit,
                         enum bw_ready_of of,
                         struct bw_ready_line *ret)
{
    const struct bw_room_circuit *c = &r->circuits[circuit];
    struct bw_ready_days days = {.n = 0};

    bw_ready_line_begin(ret, circuit);
    if (c->has_merged) {
        bw_ready_line_day(ret, &days, &c->merged);
    }
    bw_ready_line_end(ret, &days, of);
}

/* Is it the better one to show: known before unknown, then the one with more free, then the
 * one of which more is known? */
static bool
better(const struct bw_ready_line *a, const struct bw_ready_line *b, enum bw_ready_at at)
{
    if (b->circuit == BW_ROOM_NONE || a->free_bps[at] != b->free_bps[at]) {
        return b->circuit == BW_ROOM_NONE || a->free_bps[at] > b->free_bps[at];
    }
    return a->why > b->why && b->why != BW_READY_KNOWN;
}

static void count_testing(const struct bw_room *r,
                          const struct bw_ready_ask *ask,
                          uint32_t at,
                          struct bw_ready_row *x)
{
    x->testing_days = -1;
    for (int64_t day = ask->from_day; ask->from_day != BW_UNKNOWN && day < ask->to_day;
         day++) {
        int testing = bw_ready_testing(r, at, day);
        if (testing >= 0) {
            x->testing_days = (x->testing_days < 0 ? 0 : x->testing_days) + testing;
        }
    }
}

static void settle(const struct bw_ready_ask *ask, struct bw_ready_row *x)
{
    x->shortfall = BW_UNKNOWN;
    x->sittings = BW_UNKNOWN;
    for (int at = 0; at < BW_READY_ATS; at++) {
        int64_t free_bps = x->line.free_bps[at];
        x->at_once[at] = free_bps == BW_UNKNOWN ? BW_UNKNOWN : free_bps / ask->rate_bps;
    }
    int64_t at_once = x->at_once[ask->at];
    if (at_once == BW_UNKNOWN || x->students == BW_UNKNOWN) {
        return;
    }
    x->shortfall = x->students > at_once ? x->students - at_once : 0;
    x->sittings = at_once > 0        ? (x->students + at_once - 1) / at_once
                  : x->students == 0 ? 1
                                     : 0;
}

struct making {
    const struct bw_room *r;
    const struct bw_ready_ask *ask;
    struct bw_ready_row *rows;
    size_t n;
};

static int on_place(void *owner, const struct bw_room_place *p)
{
    struct making *m = owner;
    const struct bw_ready_ask *ask = m->ask;
    struct bw_ready_row *x = &m->rows[m->n];
    struct bw_ready_line l;

    if ((ask->below != BW_ROOM_NONE && !bw_room_below(m->r, p->at, ask->below)) ||
        (ask->sees && !ask->sees(ask->owner, p->entity,
                                 p->entity == BW_ROOM_NONE ? p->site : BW_ROOM_NONE))) {
        return 0;
    }
    *x = (struct bw_ready_row){.entity = p->entity,
                               .site = p->site,
                               .n_lines = (int32_t)p->n,
                               .students = BW_UNKNOWN};
    bw_ready_line_begin(&x->line, BW_ROOM_NONE);
    for (size_t i = 0; i < p->n; i++) {
        uint32_t c = p->circuits[i];
        if (ask->lines) {
            l = ask->lines[c];
        } else {
            line_of_room(m->r, c, ask->of, &l);
        }
        x->line = better(&l, &x->line, ask->at) ? l : x->line;
        most(&x->students, m->r->circuits[c].students);
    }
    x->why = x->site == BW_ROOM_NONE ? BW_READY_NO_BOX
             : p->n == 0             ? BW_READY_NO_RECORD
                                     : x->line.why;
    settle(ask, x);
    count_testing(m->r, ask, p->at, x);
    m->n++;
    return 0;
}

/* ---- order ------------------------------------------------------------------------------
 */

struct ranked {
    struct bw_ready_row row;
    const char *name;
    const char *id;
};

/* Those that are short first, by how many; then those that are not, by how tight it is;
 * then of which it is not known. */
static int in_order(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    if (x->row.shortfall != y->row.shortfall) {
        return x->row.shortfall > y->row.shortfall ? -1 : 1;
    }
    int r = strcmp(x->name, y->name);
    return r != 0 ? r : strcmp(x->id, y->id);
}

static int sort(const struct bw_room *r, struct making *m)
{
    struct ranked *list = calloc(m->n + 1, sizeof(*list));

    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct bw_ready_row *x = &m->rows[i];
        list[i] = (struct ranked){.row = *x,
                                  .name = bw_room_place_name(r, x->entity, x->site),
                                  .id = bw_room_place_id(r, x->entity, x->site)};
    }
    if (m->n > 0) {
        qsort(list, m->n, sizeof(*list), in_order);
    }
    for (size_t i = 0; i < m->n; i++) {
        m->rows[i] = list[i].row;
    }
    free(list);
    return 0;
}

int bw_readiness_make(const struct bw_room *r,
                      const struct bw_ready_ask *ask,
                      struct bw_readiness *ret)
{
    struct making m = {.r = r, .ask = ask};
    struct bw_readiness x = {.n = 0};
    int result = -ENOMEM;

    m.rows = calloc(r->n_entities + r->n_sites + 1, sizeof(*m.rows));
    if (!m.rows) {
        goto out;
    }
    result = bw_room_places(r, on_place, &m);
    result = result < 0 ? result : sort(r, &m);
    if (result < 0) {
        goto out;
    }
    for (size_t i = 0; i < m.n; i++) {
        const struct bw_ready_row *row = &m.rows[i];
        if (row->shortfall != BW_UNKNOWN) {
            x.n_known++;
            x.n_short += row->shortfall > 0;
            x.students += row->students;
            x.shortfall += row->shortfall;
        }
    }
    x.rows = m.rows;
    x.n = m.n;
    *ret = x;
    m.rows = NULL;
out:
    free(m.rows);
    return result;
}

void bw_readiness_done(struct bw_readiness *x)
{
    free(x->rows);
    *x = (struct bw_readiness){.n = 0};
}

/* ---- testing weeks ----------------------------------------------------------------------
 */

/* The first calendar of an entity. */
static size_t calendars_of(const struct bw_room *r, uint32_t entity)
{
    size_t low = 0;
    size_t high = r->n_calendars;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->calendars[mid].entity < entity) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool has_day(const struct bw_room *r, const struct bw_room_calendar *c, int64_t day)
{
    uint32_t low = c->first_testing;
    uint32_t high = c->end_testing;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (r->testing_days[mid] < day) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < c->end_testing && r->testing_days[low] == day;
}

int bw_ready_testing(const struct bw_room *r, uint32_t entity, int64_t day)
{
    for (uint32_t e = entity;; e = r->entities[e].parent) {
        for (size_t i = calendars_of(r, e);
             i < r->n_calendars && r->calendars[i].entity == e; i++) {
            const struct bw_room_calendar *c = &r->calendars[i];
            if (c->from_day == BW_UNKNOWN || (c->from_day <= day && day <= c->to_day)) {
                return has_day(r, c, day);
            }
        }
        if (e == BW_ROOM_NONE) { /* the state's own came last */
            return -1;
        }
    }
}

struct windows {
    struct bw_ready_window *list;
    size_t n, cap;
    bool past;
};

static int by_date(const struct bw_ready_window *a, const struct bw_ready_window *b)
{
    if (a->from_day != b->from_day) {
        return a->from_day < b->from_day ? -1 : 1;
    }
    return (a->to_day > b->to_day) - (a->to_day < b->to_day);
}

/* At its place; when there is no room the furthest goes. */
static void keep(struct windows *w, const struct bw_ready_window *x)
{
    size_t i = 0;

    while (i < w->n && by_date(&w->list[i], x) < 0) {
        i++;
    }
    if (i < w->n && by_date(&w->list[i], x) == 0) {
        w->list[i].n++;
        return;
    }
    if (w->n == w->cap) {
        if (w->past && i > 0) { /* the first is the furthest */
            memmove(&w->list[0], &w->list[1], (i - 1) * sizeof(*x));
            w->list[i - 1] = *x;
        } else if (!w->past && i < w->n) {
            memmove(&w->list[i + 1], &w->list[i], (w->n - i - 1) * sizeof(*x));
            w->list[i] = *x;
        }
        return;
    }
    memmove(&w->list[i + 1], &w->list[i], (w->n - i) * sizeof(*x));
    w->list[i] = *x;
    w->n++;
}

size_t bw_ready_windows(const struct bw_room *r,
                        int64_t after_day,
                        bool past,
                        bool (*seen)(const void *owner, uint32_t entity),
                        const void *owner,
                        struct bw_ready_window *ret,
                        size_t cap)
{
    struct windows w = {.list = ret, .cap = cap, .past = past};

    for (size_t i = 0; cap > 0 && i < r->n_calendars; i++) {
        const struct bw_room_calendar *c = &r->calendars[i];
        if (seen && !seen(owner, c->entity)) {
            continue;
        }
        for (uint32_t k = c->first_testing; k < c->end_testing;) {
            struct bw_ready_window x = {
                .from_day = r->testing_days[k], .calendar = (uint32_t)i, .n = 1};
            do {
                x.to_day = r->testing_days[k++] + 1;
            } while (k < c->end_testing && r->testing_days[k] - x.to_day < GAP_DAYS &&
                     r->testing_days[k] - x.from_day < BW_READY_WINDOW_DAYS);
            if (past ? x.to_day <= after_day : x.to_day > after_day) {
                keep(&w, &x);
            }
        }
    }
    return w.n;
}

/* ---- words ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *words;
} whys[BW_READY_WHYS] = {
    [BW_READY_KNOWN] = {"known", "known"},
    [BW_READY_NO_BOX] = {"no-box", "no box stands there"},
    [BW_READY_NO_RECORD] = {"no-record", "no record of these days"},
    [BW_READY_NO_CLAIM] = {"no-claim", "no speed is claimed"},
    [BW_READY_NOT_TESTED] = {"not-tested",
                             "no good test of these days whose line was counted"},
    [BW_READY_NOT_COUNTED] = {"not-counted", "no counter tells what the line carries"},
    [BW_READY_LAYER] = {"layer", "what is carried cannot be told at the claim's layer"},
    [BW_READY_LITTLE] = {"too-little",
                         "under half of the class hours are counted, or under ten"},
};

const char *bw_ready_why_name(enum bw_ready_why w)
{
    return whys[w].name;
}

const char *bw_ready_why_words(enum bw_ready_why w)
{
    return whys[w].words;
}

const char *bw_ready_of_name(enum bw_ready_of of)
{
    return of == BW_READY_TESTED ? "tested" : "claimed";
}

const char *bw_ready_at_name(enum bw_ready_at at)
{
    return at == BW_READY_AT_P95 ? "p95" : "peak";
}
