/* SPDX-License-Identifier: GPL-3.0-or-later
 * queue.c - points, scores and their order; which places and districts there are.
 *
 * Invariant: a row's score is the sum of its parts' `weighted`, and each of these can be
 * worked again from the numbers beside it. */
#include "queue.h"

#include <errno.h>
#include <place.h>
#include <stdlib.h>
#include <string.h>

int64_t bw_queue_points(const struct bw_queue_rule *rule, int64_t value)
{
    int64_t way = rule->limit - rule->target;
    int64_t gone = value - rule->target;

    if (way < 0) { /* less is worse */
        way = -way;
        gone = -gone;
    }
    if (gone <= 0) {
        return 0;
    }
    return gone >= way ? 100 : 100 * gone / way;
}

/* The value of num / den, and what it comes to. */
static void
settle(struct bw_queue_value *v, enum bw_queue_part p, const struct bw_queue_rule *rule)
{
    v->value = BW_UNKNOWN;
    v->points = 0;
    v->weighted = 0;
    if (v->why != BW_QUEUE_KNOWN) {
        v->num = BW_UNKNOWN;
        v->den = BW_UNKNOWN;
        return;
    }
    v->value = v->num * (p == BW_QUEUE_FULL ? 1000000 : 1) / v->den;
    v->points = bw_queue_points(rule, v->value);
    v->weighted = v->points * rule->weight;
}

static void total(struct bw_queue_row *x, const struct bw_queue_weights *w)
{
    x->score = 0;
    x->known_weight = 0;
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        settle(&x->part[p], (enum bw_queue_part)p, &w->part[p]);
        x->score += x->part[p].weighted;
        x->known_weight += x->part[p].why == BW_QUEUE_KNOWN ? w->part[p].weight : 0;
    }
}

int bw_queue_row_rural(const struct bw_queue_row *x)
{
    return x->locale == 0 ? -1 : x->locale / 10 == 4;
}

int64_t bw_queue_score_most(const struct bw_queue_row *x)
{
    return x->score + 100 * (BW_QUEUE_WEIGHT_SUM - x->known_weight);
}

/* ---- one place --------------------------------------------------------------------------
 */

static struct bw_queue_value unknown(enum bw_queue_why why)
{
    return (struct bw_queue_value){
        .why = why, .n_places = 1, .circuit = BW_ROOM_NONE, .num = BW_UNKNOWN};
}

static struct bw_queue_value known(int64_t num, int64_t den, uint32_t circuit)
{
    return (struct bw_queue_value){
        .num = num, .den = den, .n_known = 1, .n_places = 1, .circuit = circuit};
}

/* Of the line and direction that is full for the largest share. */
static struct bw_queue_value
full_of(const struct bw_room *r, const uint32_t *circuits, size_t n)
{
    struct bw_queue_value v = unknown(BW_QUEUE_NO_CLAIM);

    for (size_t i = 0; i < 2 * n; i++) {
        const struct bw_room_day *d = &r->circuits[circuits[i / 2]].merged;
        const struct bw_room_way *w = &d->way[i % 2];
        if (w->full_s == BW_UNKNOWN || w->full_of_s == BW_UNKNOWN ||
            w->full_of_s < BW_QUEUE_CLASS_S_MIN) {
            bool brief = w->full_of_s != BW_UNKNOWN || d->class_s < BW_QUEUE_CLASS_S_MIN;
            enum bw_queue_why why = w->claim_bps == BW_UNKNOWN ? BW_QUEUE_NO_CLAIM
                                    : brief                    ? BW_QUEUE_TOO_SHORT
                                                               : BW_QUEUE_NOT_COUNTED;
            v.why = v.why == BW_QUEUE_KNOWN || v.why == BW_QUEUE_TOO_SHORT ||
                            why == BW_QUEUE_NO_CLAIM
                        ? v.why
                        : why;
        } else if (v.why != BW_QUEUE_KNOWN || w->full_s * v.den > v.num * w->full_of_s) {
            v = known(w->full_s, w->full_of_s, circuits[i / 2]);
        }
    }
    return v;
}

static struct bw_queue_value students_of(const struct bw_room *r,
                                         const uint32_t *circuits,
                                         size_t n,
                                         int64_t students,
                                         const struct bw_queue_rule *rule)
{
    int64_t most = 0;
    uint32_t largest = BW_ROOM_NONE;
    size_t lines = 0;

    for (size_t i = 0; i < n; i++) {
        const struct bw_room_claim *c = &r->circuits[circuits[i]].claim;
        if (!c->has || c->bps[BW_DOWN] == BW_UNKNOWN || c->bps[BW_DOWN] <= 0) {
            continue;
        }
        lines++;
        if (c->bps[BW_DOWN] > most) {
            most = c->bps[BW_DOWN];
            largest = circuits[i];
        }
    }
    if (lines == 0) {
        return unknown(BW_QUEUE_NO_CLAIM);
    }
    if (students == BW_UNKNOWN || students <= 0) {
        return unknown(BW_QUEUE_NO_STUDENTS);
    }
    /* Which of several are for bad days is on no file. One that is enough alone is. */
    return lines > 1 && bw_queue_points(rule, most / students) > 0
               ? unknown(BW_QUEUE_MANY_LINES)
               : known(most, students, largest);
}

/* Of the line with most. */
static struct bw_queue_value
outage_of(const struct bw_room *r, const uint32_t *circuits, size_t n)
{
    struct bw_queue_value v = unknown(BW_QUEUE_NOT_WATCHED);

    for (size_t i = 0; i < n; i++) {
        const struct bw_room_day *d = &r->circuits[circuits[i]].merged;
        if (!r->circuits[circuits[i]].has_merged || d->outage_class_ms == BW_UNKNOWN ||
            d->watched_s == BW_UNKNOWN ||
            d->watched_s < (d->to_unix_s - d->from_unix_s) / 2) {
            continue;
        }
        if (d->class_s == BW_UNKNOWN || d->class_s < BW_QUEUE_CLASS_S_MIN) {
            v.why = v.why == BW_QUEUE_KNOWN ? v.why : BW_QUEUE_TOO_SHORT;
        } else if (v.why != BW_QUEUE_KNOWN || d->outage_class_ms / 1000 > v.num) {
            v = known(d->outage_class_ms / 1000, 1, circuits[i]);
        }
    }
    return v;
}

/* Of the line and direction with the longest. */
static struct bw_queue_value
latency_of(const struct bw_room *r, const uint32_t *circuits, size_t n)
{
    struct bw_queue_value v = unknown(BW_QUEUE_NO_LOAD);

    for (size_t i = 0; i < 2 * n; i++) {
        int64_t us = r->circuits[circuits[i / 2]].merged.way[i % 2].loaded_p50_us;
        if (us != BW_UNKNOWN && (v.why != BW_QUEUE_KNOWN || us > v.num)) {
            v = known(us, 1, circuits[i / 2]);
        }
    }
    return v;
}

void bw_queue_place(const struct bw_room *r,
                    const uint32_t *circuits,
                    size_t n,
                    const struct bw_queue_weights *w,
                    struct bw_queue_row *ret)
{
    bool any = false;

    ret->students = BW_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        const struct bw_room_circuit *c = &r->circuits[circuits[i]];
        ret->students = c->students > ret->students ? c->students : ret->students;
        any |= c->has_merged;
    }
    if (any) {
        ret->part[BW_QUEUE_FULL] = full_of(r, circuits, n);
        ret->part[BW_QUEUE_OUTAGE] = outage_of(r, circuits, n);
        ret->part[BW_QUEUE_LATENCY] = latency_of(r, circuits, n);
    } else {
        struct bw_queue_value v = unknown(n == 0 ? BW_QUEUE_NO_BOX : BW_QUEUE_NO_RECORD);
        ret->part[BW_QUEUE_FULL] = v;
        ret->part[BW_QUEUE_OUTAGE] = v;
        ret->part[BW_QUEUE_LATENCY] = v;
    }
    ret->part[BW_QUEUE_STUDENTS] =
        n == 0 ? unknown(BW_QUEUE_NO_BOX)
               : students_of(r, circuits, n, ret->students, &w->part[BW_QUEUE_STUDENTS]);
    total(ret, w);
    ret->small = ret->students != BW_UNKNOWN && ret->students < w->small_school;
}

/* ---- all places -------------------------------------------------------------------------
 */

struct making {
    const struct bw_room *r;
    const struct bw_queue_weights *w;
    const struct bw_queue_ask *ask;
    struct bw_queue_row *rows;
    size_t n;
    uint32_t *district_at; /* [n_entities], row of a district + 1; 0 none */
};

static bool
asked_for(const struct bw_queue_ask *ask, const struct bw_room *r, uint32_t entity)
{
    return ask->below == BW_ROOM_NONE || bw_room_below(r, entity, ask->below);
}

/* A district gets what its places know. */
static void add_to(struct bw_queue_row *d, const struct bw_queue_row *place)
{
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const struct bw_queue_value *v = &place->part[p];
        d->part[p].n_places++;
        if (v->why == BW_QUEUE_KNOWN) {
            d->part[p].n_known++;
            d->part[p].num += v->num;
            d->part[p].den += v->den;
        }
    }
}

static int on_place(void *owner, const struct bw_room_place *p)
{
    struct making *m = owner;
    const struct bw_room *r = m->r;
    struct bw_queue_row x = {.entity = p->entity, .site = p->site};

    bw_queue_place(r, p->circuits, p->n, m->w, &x);
    x.locale = bw_room_locale(r, p->at);
    if (x.site != BW_ROOM_NONE && p->n == 0) { /* a box that never sent a record */
        for (int i = 0; i < BW_QUEUE_PARTS; i++) {
            x.part[i].why = BW_QUEUE_NO_RECORD;
        }
    }
    if (!m->ask->districts) {
        if (asked_for(m->ask, r, p->at) &&
            (!m->ask->sees ||
             m->ask->sees(m->ask->owner, p->entity,
                          p->entity == BW_ROOM_NONE ? x.site : BW_ROOM_NONE))) {
            m->rows[m->n++] = x;
        }
        return 0;
    }
    for (uint32_t e = p->at; e != BW_ROOM_NONE; e = r->entities[e].parent) {
        if (m->district_at[e] > 0) {
            add_to(&m->rows[m->district_at[e] - 1], &x);
        }
    }
    return 0;
}

static void begin_districts(struct making *m)
{
    for (uint32_t e = 0; e < m->r->n_entities; e++) {
        if (m->r->entities[e].kind == BW_ENTITY_DISTRICT && asked_for(m->ask, m->r, e) &&
            (!m->ask->sees || m->ask->sees(m->ask->owner, e, BW_ROOM_NONE))) {
            m->rows[m->n] = (struct bw_queue_row){.entity = e,
                                                  .site = BW_ROOM_NONE,
                                                  .district = true,
                                                  .locale = bw_room_locale(m->r, e)};
            for (int p = 0; p < BW_QUEUE_PARTS; p++) {
                m->rows[m->n].part[p].circuit = BW_ROOM_NONE;
            }
            m->district_at[e] = (uint32_t)++m->n;
        }
    }
}

static void end_districts(struct making *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct bw_queue_row *x = &m->rows[i];
        const struct bw_room_entity *e = &m->r->entities[x->entity];
        for (int p = 0; p < BW_QUEUE_PARTS; p++) {
            struct bw_queue_value *v = &x->part[p];
            v->why = v->n_places == 0               ? BW_QUEUE_NO_BOX
                     : 2 * v->n_known < v->n_places ? BW_QUEUE_FEW_PLACES
                                                    : BW_QUEUE_KNOWN;
        }
        total(x, m->w);
        x->students = e->n_students_unknown == 0 ? e->students : BW_UNKNOWN;
        x->small = x->students != BW_UNKNOWN && x->students < m->w->small_district;
    }
}

/* ---- order ------------------------------------------------------------------------------
 */

const char *bw_queue_row_name(const struct bw_room *r, const struct bw_queue_row *x)
{
    if (x->entity != BW_ROOM_NONE) {
        return r->entities[x->entity].name;
    }
    return r->sites[x->site].name[0] ? r->sites[x->site].name : r->sites[x->site].id;
}

/* A row with what it is sorted by: first `apart`, then key down, score down, name. */
struct place_in {
    struct bw_queue_row row;
    bool apart;
    int64_t key;
    const char *name;
    const char *id;
};

static int in_order(const void *a, const void *b)
{
    const struct place_in *x = a;
    const struct place_in *y = b;

    if (x->apart != y->apart) {
        return x->apart ? 1 : -1;
    }
    if (x->key != y->key) {
        return x->key > y->key ? -1 : 1;
    }
    if (x->key != BW_UNKNOWN && x->row.score != y->row.score) {
        return x->row.score > y->row.score ? -1 : 1;
    }
    int r = strcmp(x->name, y->name);
    return r != 0 ? r : strcmp(x->id, y->id);
}

static int sort(struct making *m, size_t *ret_ranked)
{
    struct place_in *list = calloc(m->n + 1, sizeof(*list));
    int by = m->ask->sort;
    size_t ranked = 0;

    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct bw_queue_row *x = &m->rows[i];
        bool apart = x->known_weight < m->w->enough || x->known_weight == 0;
        list[i] = (struct place_in){
            .row = *x,
            .apart = apart,
            .key = apart || by == BW_QUEUE_BY_NAME ? BW_UNKNOWN
                   : by < BW_QUEUE_PARTS
                       ? (x->part[by].why == BW_QUEUE_KNOWN ? x->part[by].points : -1)
                       : x->score,
            .name = bw_queue_row_name(m->r, x),
            .id = x->entity != BW_ROOM_NONE ? m->r->entities[x->entity].id
                                            : m->r->sites[x->site].id};
        ranked += !apart;
    }
    qsort(list, m->n, sizeof(*list), in_order);
    for (size_t i = 0; i < m->n; i++) {
        m->rows[i] = list[i].row;
    }
    free(list);
    *ret_ranked = ranked;
    return 0;
}

int bw_queue_make(const struct bw_room *r,
                  const struct bw_queue_weights *w,
                  const struct bw_queue_ask *ask,
                  struct bw_queue *ret)
{
    struct making m = {.r = r, .w = w, .ask = ask};
    size_t ranked = 0;
    int result = -ENOMEM;

    m.rows = calloc(r->n_entities + r->n_sites + 1, sizeof(*m.rows));
    m.district_at = calloc(r->n_entities + 1, sizeof(*m.district_at));
    if (!m.rows || !m.district_at) {
        goto out;
    }
    if (ask->districts) {
        begin_districts(&m);
    }
    result = bw_room_places(r, on_place, &m);
    if (result < 0) {
        goto out;
    }
    if (ask->districts) {
        end_districts(&m);
    }
    result = sort(&m, &ranked);
    if (result < 0) {
        goto out;
    }
    *ret = (struct bw_queue){.rows = m.rows, .n = m.n, .n_ranked = ranked};
    m.rows = NULL;
out:
    free(m.rows);
    free(m.district_at);
    return result;
}

void bw_queue_done(struct bw_queue *q)
{
    free(q->rows);
    *q = (struct bw_queue){.n = 0};
}

/* ---- words ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *words;
} whys[BW_QUEUE_WHYS] = {
    [BW_QUEUE_KNOWN] = {"known", "known"},
    [BW_QUEUE_NO_BOX] = {"no-box", "no box stands there"},
    [BW_QUEUE_NO_RECORD] = {"no-record", "no record of these days"},
    [BW_QUEUE_NO_CLAIM] = {"no-claim", "no speed is claimed"},
    [BW_QUEUE_NOT_COUNTED] = {"not-counted", "no counter tells its use"},
    [BW_QUEUE_TOO_SHORT] = {"too-short", "under ten class hours"},
    [BW_QUEUE_NO_STUDENTS] = {"no-students", "students are not on file"},
    [BW_QUEUE_MANY_LINES] = {"many-lines", "several lines, none enough alone"},
    [BW_QUEUE_NOT_WATCHED] = {"not-watched", "watched under half of the time"},
    [BW_QUEUE_NO_LOAD] = {"no-load", "no test tells it"},
    [BW_QUEUE_FEW_PLACES] = {"few-places", "known at under half of its places"},
};

const char *bw_queue_why_name(enum bw_queue_why w)
{
    return whys[w].name;
}

const char *bw_queue_why_words(enum bw_queue_why w)
{
    return whys[w].words;
}
