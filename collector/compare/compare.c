/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare.c - rows with their measures, and the classes that they are of.
 *
 * Invariant: four of the measures are the support queue's values, by its own code, so that
 * both pages say the same. */
#include "compare.h"
#include "compare_private.h"

#include <errno.h>
#include <place.h>
#include <queue.h>
#include <stdlib.h>
#include <string.h>

enum {
    MBIT = 1000000,
    MILLION = 1000000,
    SIZES = 4
};

static const int queue_part[BW_COMPARE_MEASURES] = {
    [BW_COMPARE_STUDENTS] = BW_QUEUE_STUDENTS,
    [BW_COMPARE_TESTED] = -1,
    [BW_COMPARE_USED] = -1,
    [BW_COMPARE_FULL] = BW_QUEUE_FULL,
    [BW_COMPARE_LATENCY] = BW_QUEUE_LATENCY,
    [BW_COMPARE_OUTAGE] = BW_QUEUE_OUTAGE,
    [BW_COMPARE_PRICE] = -1,
    [BW_COMPARE_PRICE_TESTED] = -1,
};

static bool is_price(int m)
{
    return m == BW_COMPARE_PRICE || m == BW_COMPARE_PRICE_TESTED;
}

/* A price is rounded half up, as in a pack; all else down, as in the queue. */
static void settle(struct bw_compare_value *v, int m)
{
    v->value = BW_UNKNOWN;
    if (v->why != BW_COMPARE_KNOWN) {
        v->num = BW_UNKNOWN;
        v->den = BW_UNKNOWN;
    } else if (is_price(m)) {
        v->value = (v->num * MBIT + v->den / 2) / v->den;
    } else {
        v->value = v->num * (m == BW_COMPARE_FULL ? MILLION : 1) / v->den;
    }
}

/* ---- one place --------------------------------------------------------------------------
 */

static struct bw_compare_value not_known(int why)
{
    return (struct bw_compare_value){
        .why = why, .n_places = 1, .circuit = BW_ROOM_NONE, .num = BW_UNKNOWN};
}

static struct bw_compare_value known(int64_t num, int64_t den, uint32_t circuit)
{
    return (struct bw_compare_value){
        .num = num, .den = den, .n_known = 1, .n_places = 1, .circuit = circuit};
}

/* Reasons that say more of the place win: a claim is there, and tests are too few. */
static void because(struct bw_compare_value *v, int why)
{
    if (v->why != BW_COMPARE_KNOWN && why > v->why) {
        v->why = why;
    }
}

/* Of the line and direction that reaches the least of its claim. */
static struct bw_compare_value tested_of(const struct bw_room *r,
                                         const struct bw_room_place *p)
{
    struct bw_compare_value v = not_known(BW_QUEUE_NO_CLAIM);

    for (size_t i = 0; i < 2 * p->n; i++) {
        const struct bw_room_circuit *c = &r->circuits[p->circuits[i / 2]];
        const struct bw_room_way *w = &c->merged.way[i % 2];
        if (!c->has_merged || w->claim_bps == BW_UNKNOWN || w->claim_bps <= 0) {
            continue;
        }
        if (w->median_bps == BW_UNKNOWN || w->n_compared < BW_COMPARE_RUNS_MIN ||
            w->median_bps > INT64_MAX / MILLION) {
            because(&v, BW_COMPARE_NO_TEST);
            continue;
        }
        int64_t ppm = w->median_bps * MILLION / w->claim_bps;
        if (v.why != BW_COMPARE_KNOWN || ppm < v.num) {
            v = known(ppm, 1, p->circuits[i / 2]);
        }
    }
    return v;
}

/* Of the line and direction that uses the most of its claim. */
static struct bw_compare_value used_of(const struct bw_room *r,
                                       const struct bw_room_place *p)
{
    struct bw_compare_value v = not_known(BW_QUEUE_NO_CLAIM);

    for (size_t i = 0; i < 2 * p->n; i++) {
        const struct bw_room_circuit *c = &r->circuits[p->circuits[i / 2]];
        const struct bw_room_way *w = &c->merged.way[i % 2];
        if (!c->has_merged || w->claim_bps == BW_UNKNOWN || w->claim_bps <= 0) {
            continue;
        }
        if (w->class_share_ppm == BW_UNKNOWN || w->full_of_s == BW_UNKNOWN) {
            because(&v, BW_QUEUE_NOT_COUNTED);
        } else if (w->full_of_s < BW_COMPARE_CLASS_S_MIN) {
            because(&v, BW_QUEUE_TOO_SHORT);
        } else if (v.why != BW_COMPARE_KNOWN || w->class_share_ppm > v.num) {
            v = known(w->class_share_ppm, 1, p->circuits[i / 2]);
        }
    }
    return v;
}

/* The largest claimed line; one without a speed only where none has one. */
static uint32_t larger_line(const struct bw_room *r, uint32_t a, uint32_t b)
{
    if (a == BW_ROOM_NONE || b == BW_ROOM_NONE) {
        return a == BW_ROOM_NONE ? b : a;
    }
    return r->circuits[b].claim.bps[BW_DOWN] > r->circuits[a].claim.bps[BW_DOWN] ? b : a;
}

static uint32_t line_of(const struct bw_room *r, const struct bw_room_place *p)
{
    uint32_t line = BW_ROOM_NONE;

    for (size_t i = 0; i < p->n; i++) {
        if (r->circuits[p->circuits[i]].claim.has) {
            line = larger_line(r, line, p->circuits[i]);
        }
    }
    return line;
}

static struct bw_compare_value price_of(const struct bw_room *r, uint32_t line, bool tested)
{
    if (line == BW_ROOM_NONE) {
        return not_known(BW_QUEUE_NO_CLAIM);
    }
    const struct bw_room_circuit *c = &r->circuits[line];
    const struct bw_room_way *w = &c->merged.way[BW_DOWN];
    int64_t bps = tested ? w->median_bps : c->claim.bps[BW_DOWN];

    if (c->claim.role == BW_ROOM_ROLE_OTHER) {
        return not_known(BW_COMPARE_NO_INTERNET);
    }
    if (c->claim.monthly_cents == BW_UNKNOWN) {
        return not_known(BW_COMPARE_NO_PRICE);
    }
    if (tested && (!c->has_merged || w->n_compared < BW_COMPARE_RUNS_MIN)) {
        return not_known(BW_COMPARE_NO_TEST);
    }
    return bps == BW_UNKNOWN || bps <= 0
               ? not_known(tested ? (int)BW_COMPARE_NO_TEST : (int)BW_QUEUE_NO_CLAIM)
               : known(c->claim.monthly_cents, bps, line);
}

static void measure(const struct bw_room *r,
                    const struct bw_queue_weights *weights,
                    const struct bw_room_place *p,
                    struct bw_compare_row *x)
{
    struct bw_queue_row q = {.entity = p->entity, .site = p->site};
    bool any = false;

    bw_queue_place(r, p->circuits, p->n, weights, &q);
    for (size_t i = 0; i < p->n; i++) {
        any |= r->circuits[p->circuits[i]].has_merged;
    }
    x->students = q.students;
    x->line = line_of(r, p);
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        struct bw_compare_value *v = &x->m[m];
        if (queue_part[m] >= 0) {
            const struct bw_queue_value *of = &q.part[queue_part[m]];
            *v = (struct bw_compare_value){.why = (int)of->why,
                                           .num = of->num,
                                           .den = of->den,
                                           .n_known = of->n_known,
                                           .n_places = 1,
                                           .circuit = of->circuit};
        } else if (m == BW_COMPARE_PRICE) {
            *v = price_of(r, x->line, false);
        } else if (!any) {
            *v = not_known(BW_QUEUE_NO_RECORD);
        } else if (m == BW_COMPARE_PRICE_TESTED) {
            *v = price_of(r, x->line, true);
        } else {
            *v = m == BW_COMPARE_TESTED ? tested_of(r, p) : used_of(r, p);
        }
        if (p->n == 0 && v->why != BW_COMPARE_KNOWN) {
            v->why = p->site == BW_ROOM_NONE ? BW_QUEUE_NO_BOX : BW_QUEUE_NO_RECORD;
        }
        settle(v, m);
    }
}

/* ---- rows -------------------------------------------------------------------------------
 */

struct making {
    const struct bw_room *r;
    const struct bw_compare_ask *ask;
    struct bw_compare_row *rows;
    size_t n;
    uint32_t *district_at; /* [n_entities], row of a district + 1; 0 none */
};

static uint32_t nearest(const struct bw_room *r, uint32_t at, enum bw_entity_kind kind)
{
    while (at != BW_ROOM_NONE && r->entities[at].kind != kind) {
        at = r->entities[at].parent;
    }
    return at;
}

static void add_to(const struct bw_room *r,
                   struct bw_compare_row *d,
                   const struct bw_compare_row *place)
{
    d->line = larger_line(r, d->line, place->line);
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        const struct bw_compare_value *v = &place->m[m];
        d->m[m].n_places++;
        if (v->why == BW_COMPARE_KNOWN) {
            d->m[m].n_known++;
            d->m[m].num += v->num;
            d->m[m].den += v->den;
        }
    }
}

static bool seen(const struct bw_compare_ask *ask, uint32_t entity, uint32_t site)
{
    return !ask->sees ||
           ask->sees(ask->owner, entity, entity == BW_ROOM_NONE ? site : BW_ROOM_NONE);
}

static int on_place(void *owner, const struct bw_room_place *p)
{
    struct making *m = owner;
    const struct bw_room *r = m->r;
    struct bw_compare_row x = {.entity = p->entity, .site = p->site, .at = p->at};

    measure(r, m->ask->weights, p, &x);
    if (m->ask->districts) {
        for (uint32_t e = p->at; e != BW_ROOM_NONE; e = r->entities[e].parent) {
            if (m->district_at[e] > 0) {
                add_to(r, &m->rows[m->district_at[e] - 1], &x);
            }
        }
        return 0;
    }
    uint32_t district = nearest(r, p->at, BW_ENTITY_DISTRICT);
    x.group = district != BW_ROOM_NONE ? district : (uint32_t)(r->n_entities + m->n);
    x.seen = seen(m->ask, p->entity, p->site);
    x.id = bw_room_place_id(r, p->entity, p->site);
    x.name = bw_room_place_name(r, p->entity, p->site);
    m->rows[m->n++] = x;
    return 0;
}

static void begin_districts(struct making *m)
{
    const struct bw_room *r = m->r;

    for (uint32_t e = 0; e < r->n_entities; e++) {
        if (r->entities[e].kind != BW_ENTITY_DISTRICT) {
            continue;
        }
        struct bw_compare_row *x = &m->rows[m->n];
        *x = (struct bw_compare_row){.entity = e,
                                     .site = BW_ROOM_NONE,
                                     .at = e,
                                     .group = e,
                                     .line = BW_ROOM_NONE,
                                     .district = true,
                                     .seen = seen(m->ask, e, BW_ROOM_NONE),
                                     .students = r->entities[e].n_students_unknown == 0
                                                     ? r->entities[e].students
                                                     : BW_UNKNOWN,
                                     .id = r->entities[e].id,
                                     .name = r->entities[e].name};
        for (int k = 0; k < BW_COMPARE_MEASURES; k++) {
            x->m[k].circuit = BW_ROOM_NONE;
        }
        m->district_at[e] = (uint32_t)++m->n;
    }
}

static void end_districts(struct making *m)
{
    for (size_t i = 0; i < m->n; i++) {
        for (int k = 0; k < BW_COMPARE_MEASURES; k++) {
            struct bw_compare_value *v = &m->rows[i].m[k];
            v->why = v->n_places == 0               ? BW_QUEUE_NO_BOX
                     : 2 * v->n_known < v->n_places ? BW_QUEUE_FEW_PLACES
                                                    : BW_QUEUE_KNOWN;
            settle(v, k);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct bw_compare_row *x = a;
    const struct bw_compare_row *y = b;
    int r = strcmp(x->name, y->name);

    return r != 0 ? r : strcmp(x->id, y->id);
}

/* ---- classes ----------------------------------------------------------------------------
 */

struct named {
    const char *key;
    const char *label;
};

static const struct named sizes[2][SIZES] = {{{"under-200", "under 200 students"},
                                              {"200-499", "200 to 499 students"},
                                              {"500-999", "500 to 999 students"},
                                              {"1000-up", "1,000 students or more"}},
                                             {{"under-600", "under 600 students"},
                                              {"600-2499", "600 to 2,499 students"},
                                              {"2500-9999", "2,500 to 9,999 students"},
                                              {"10000-up", "10,000 students or more"}}};
static const int64_t size_ends[2][SIZES - 1] = {{200, 500, 1000}, {600, 2500, 10000}};

static const struct named locales[] = {
    {"city", "city"}, {"suburb", "suburb"}, {"town", "town"}, {"rural", "rural"}};

static const struct named not_on_file = {"-", ""};

static struct named size_named(bool districts, int64_t students)
{
    int at = 0;

    if (students == BW_UNKNOWN) {
        return not_on_file;
    }
    while (at < SIZES - 1 && students >= size_ends[districts][at]) {
        at++;
    }
    return sizes[districts][at];
}

/* NCES: 11 to 13 city, 21 to 23 suburb, 31 to 33 town, 41 to 43 rural. */
static struct named locale_named(const struct bw_room *r, uint32_t at)
{
    int kind = bw_room_locale(r, at) / 10;

    return kind >= 1 && kind <= 4 ? locales[kind - 1] : not_on_file;
}

static struct named
named_of(const struct bw_compare *c, const struct bw_compare_row *x, int by)
{
    const struct bw_room_claim *claim =
        x->line == BW_ROOM_NONE ? NULL : &c->r->circuits[x->line].claim;
    const char *text = "";

    if (by == BW_COMPARE_SIZE) {
        return size_named(c->districts, x->students);
    }
    if (by == BW_COMPARE_LOCALE) {
        return locale_named(c->r, x->at);
    }
    if (by == BW_COMPARE_REGION) {
        uint32_t e = nearest(c->r, x->at, BW_ENTITY_REGION);
        return e == BW_ROOM_NONE ? not_on_file
                                 : (struct named){.key = c->r->entities[e].id,
                                                  .label = c->r->entities[e].name};
    }
    if (claim) {
        text = by == BW_COMPARE_PROVIDER ? claim->provider : claim->technology;
    }
    return text[0] && strcmp(text, "-") != 0 ? (struct named){text, text} : not_on_file;
}

struct classing {
    struct named n;
    int order; /* of what has an order of its own */
    size_t row;
    size_t members;
};

static int by_key(const void *a, const void *b)
{
    const struct classing *x = a;
    const struct classing *y = b;
    int r = strcmp(x->n.key, y->n.key);

    return r != 0 ? r : x->row < y->row ? -1 : x->row > y->row;
}

/* Not on file last; then by their own order, else by members, by name. */
static int by_order(const void *a, const void *b)
{
    const struct classing *x = a;
    const struct classing *y = b;
    bool xn = x->n.label[0] == '\0';
    bool yn = y->n.label[0] == '\0';

    if (xn != yn) {
        return xn ? 1 : -1;
    }
    if (x->order != y->order) {
        return x->order - y->order;
    }
    if (x->members != y->members) {
        return x->members > y->members ? -1 : 1;
    }
    int r = strcmp(x->n.label, y->n.label);
    return r != 0 ? r : strcmp(x->n.key, y->n.key);
}

static int order_of(const struct bw_compare *c, int by, const char *key)
{
    for (int i = 0; by == BW_COMPARE_SIZE && i < SIZES; i++) {
        if (strcmp(sizes[c->districts][i].key, key) == 0) {
            return i;
        }
    }
    for (int i = 0; by == BW_COMPARE_LOCALE && i < SIZES; i++) {
        if (strcmp(locales[i].key, key) == 0) {
            return i;
        }
    }
    return 0;
}

static int classify(struct bw_compare *c, int by)
{
    struct classing *list = calloc(c->n + 1, sizeof(*list));
    struct classing *heads = calloc(c->n + 1, sizeof(*heads));
    struct bw_compare_class *classes = calloc(c->n + 1, sizeof(*classes));
    size_t n = 0;
    int r = list && heads && classes ? 0 : -ENOMEM;

    if (r < 0) {
        goto out;
    }
    for (size_t i = 0; i < c->n; i++) {
        list[i] = (struct classing){.n = named_of(c, &c->rows[i], by), .row = i};
    }
    qsort(list, c->n, sizeof(*list), by_key);
    for (size_t i = 0; i < c->n; i++) {
        if (i == 0 || strcmp(list[i].n.key, list[i - 1].n.key) != 0) {
            heads[n] = list[i];
            heads[n].order = order_of(c, by, list[i].n.key);
            heads[n++].row = i; /* where it begins */
        }
        heads[n - 1].members++;
    }
    qsort(heads, n, sizeof(*heads), by_order);
    for (size_t k = 0; k < n; k++) {
        classes[k] = (struct bw_compare_class){
            .key = heads[k].n.key, .label = heads[k].n.label, .n = heads[k].members};
        for (size_t i = 0; i < heads[k].members; i++) {
            c->rows[list[heads[k].row + i].row].class[by] = (uint32_t)k;
        }
    }
    c->classes[by] = classes;
    c->n_classes[by] = n;
    classes = NULL;
out:
    free(list);
    free(heads);
    free(classes);
    return r;
}

/* ---- all of it --------------------------------------------------------------------------
 */

int bw_compare_make(const struct bw_room *r,
                    const struct bw_compare_ask *ask,
                    struct bw_compare *ret)
{
    struct bw_compare c = {
        .r = r, .districts = ask->districts, .target_bps = ask->target_bps};
    struct making m = {.r = r, .ask = ask};
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
    qsort(m.rows, m.n, sizeof(*m.rows), by_name);
    c.rows = m.rows;
    c.n = m.n;
    m.rows = NULL;
    for (size_t i = 0; i < c.n; i++) {
        c.n_seen += c.rows[i].seen;
    }
    for (int by = 0; result == 0 && by < BW_COMPARE_BYS; by++) {
        result = classify(&c, by);
    }
    result = result < 0 ? result : bw_compare_decide(&c);
    if (result == 0) {
        *ret = c;
        c = (struct bw_compare){.n = 0};
    }
out:
    bw_compare_done(&c);
    free(m.rows);
    free(m.district_at);
    return result;
}

void bw_compare_done(struct bw_compare *c)
{
    for (int by = 0; by < BW_COMPARE_BYS; by++) {
        free(c->classes[by]);
    }
    free(c->rows);
    bw_compare_shown_free(c->shown);
    *c = (struct bw_compare){.n = 0};
}

int bw_compare_meets(const struct bw_compare *c, const struct bw_compare_row *x)
{
    const struct bw_compare_value *v = &x->m[BW_COMPARE_STUDENTS];

    return v->why != BW_COMPARE_KNOWN ? -1 : v->value >= c->target_bps;
}

bool bw_compare_in(const struct bw_compare *c,
                   const struct bw_compare_set *s,
                   const struct bw_compare_row *x)
{
    return (s->by == BW_COMPARE_ALL || x->class[s->by] == s->class) &&
           (s->with == BW_COMPARE_ALL || x->class[s->with] == s->with_class) &&
           (!s->meeting || bw_compare_meets(c, x) == 1);
}

bool bw_compare_class_find(const struct bw_compare *c,
                           enum bw_compare_by by,
                           const char *key,
                           uint32_t *ret)
{
    for (size_t i = 0; i < c->n_classes[by]; i++) {
        if (strcmp(c->classes[by][i].key, key) == 0) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    return false;
}

const struct bw_compare_row *bw_compare_find(const struct bw_compare *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->rows[i].id, id) == 0) {
            return &c->rows[i];
        }
    }
    return NULL;
}

/* ---- who is alike -----------------------------------------------------------------------
 */

static int by_nearness(const void *a, const void *b)
{
    const struct bw_compare_alike *x = a;
    const struct bw_compare_alike *y = b;

    if (x->times_milli != y->times_milli) {
        return x->times_milli < y->times_milli ? -1 : 1;
    }
    int r = strcmp(x->row->name, y->row->name);
    return r != 0 ? r : strcmp(x->row->id, y->row->id);
}

static bool on_file(const struct bw_compare *c, const struct bw_compare_row *x, int by)
{
    return c->classes[by][x->class[by]].label[0] != '\0';
}

size_t bw_compare_like(const struct bw_compare *c,
                       const struct bw_compare_row *x,
                       struct bw_compare_alike *list,
                       size_t n,
                       size_t *ret_alike)
{
    bool placed = on_file(c, x, BW_COMPARE_LOCALE);
    size_t used = 0;

    *ret_alike = 0;
    for (size_t i = 0; i < c->n && x->students > 0; i++) {
        const struct bw_compare_row *y = &c->rows[i];
        bool same = placed && y->class[BW_COMPARE_LOCALE] == x->class[BW_COMPARE_LOCALE];
        if (y == x || !y->seen || y->students <= 0 || 2 * y->students < x->students ||
            y->students > 2 * x->students ||
            (placed && on_file(c, y, BW_COMPARE_LOCALE) && !same)) {
            continue;
        }
        (*ret_alike)++;
        if (bw_compare_meets(c, y) != 1) {
            continue;
        }
        struct bw_compare_alike a = {.row = y,
                                     .times_milli = y->students > x->students
                                                        ? y->students * 1000 / x->students
                                                        : x->students * 1000 / y->students,
                                     .locale_same = same};
        if (used == n && (n == 0 || by_nearness(&list[n - 1], &a) <= 0)) {
            continue;
        }
        used -= used == n;
        size_t at = used++;
        for (; at > 0 && by_nearness(&list[at - 1], &a) > 0; at--) {
            list[at] = list[at - 1];
        }
        list[at] = a;
    }
    return used;
}
