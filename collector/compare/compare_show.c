/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_show.c - which cohorts may be shown to who does not see all of their members, and
 * what they tell (docs/room.md, "What of others is shown").
 *
 * Invariant: the cohorts that are shown cut the rows into cells (who is in the same ones is
 * in one cell). In no cell with anybody in it are fewer than BW_COMPARE_DISTRICTS_MIN
 * districts, nor, of those that whoever looks does not see, any and fewer than
 * BW_COMPARE_UNSEEN_MIN; and no district has more than half of a cell's schools. The same
 * holds for each measure among those that tell it. Whatever is made of shown cohorts by
 * taking one from the other, any number of them, is a sum over whole cells. Which cohorts
 * there are for one is a part of those that there are for all, so that two who put what
 * they see together see no finer cells. */
#include "compare.h"
#include "compare_private.h"

#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    NO_MEASURE = BW_COMPARE_MEASURES /* everybody, telling or not */
};

struct candidate {
    struct bw_compare_set set;
    bool shown;                       /* that it is there, and how many it has */
    bool tells[BW_COMPARE_MEASURES];  /* its quartiles */
    bool common[BW_COMPARE_MEASURES]; /* … to who sees nobody */
    bool common_shown;
};

struct bw_compare_shown {
    struct candidate *list;
    size_t n;
};

void bw_compare_shown_free(struct bw_compare_shown *s)
{
    if (s) {
        free(s->list);
        free(s);
    }
}

/* ---- cells ------------------------------------------------------------------------------
 */

/* Of one side of a cell: in the cohort that is looked at, or not. */
struct side {
    uint32_t districts;
    uint32_t rows;
    uint32_t group; /* the newest one … */
    uint32_t run;   /* … and its rows */
    uint32_t most;  /* of any district */
};

struct cells {
    const struct bw_compare *c;
    const uint32_t *order; /* rows by district */
    uint32_t *cell;        /* [n] of each row */
    size_t n;
    struct side *sides; /* [2 * (rows + 1)] */
    int measure;        /* of those that tell it; NO_MEASURE */
};

/* Among those that count here: of whom it matters that they are not singled out. */
static bool counts(const struct cells *x, const struct bw_compare_row *row, bool unseen)
{
    return (x->measure == NO_MEASURE || row->m[x->measure].why == BW_COMPARE_KNOWN) &&
           (!unseen || !row->seen);
}

static void count(struct side *s, uint32_t group)
{
    if (s->rows == 0 || s->group != group) {
        s->districts++;
        s->group = group;
        s->run = 0;
    }
    s->rows++;
    s->run++;
    s->most = s->run > s->most ? s->run : s->most;
}

static bool enough(const struct side *s, uint32_t districts)
{
    return s->rows == 0 || (s->districts >= districts && 2 * s->most <= s->rows);
}

/* Who meets the target is no attribute that anybody could know: of all of whom it is asked
 * some must and some must not, else each of them is told. */
static bool both_ways(const struct cells *x,
                      const struct bw_compare_set *set,
                      bool unseen,
                      uint32_t districts)
{
    struct side sides[2] = {{.rows = 0}, {.rows = 0}};
    struct bw_compare_set asked = *set;

    asked.meeting = false;
    for (size_t i = 0; i < x->c->n; i++) {
        const struct bw_compare_row *row = &x->c->rows[x->order[i]];
        if (counts(x, row, unseen) && bw_compare_in(x->c, &asked, row)) {
            count(&sides[bw_compare_in(x->c, set, row)], row->group);
        }
    }
    return sides[0].rows > 0 && sides[1].rows > 0 && enough(&sides[0], districts) &&
           enough(&sides[1], districts);
}

/* Would cells still be large enough, were this cohort shown as well? */
static bool
fits(struct cells *x, const struct bw_compare_set *set, bool unseen, uint32_t districts)
{
    bool ok =
        !set->meeting || x->measure != NO_MEASURE || both_ways(x, set, unseen, districts);

    memset(x->sides, 0, 2 * x->n * sizeof(*x->sides));
    for (size_t i = 0; i < x->c->n; i++) {
        const struct bw_compare_row *row = &x->c->rows[x->order[i]];
        if (counts(x, row, unseen)) {
            count(&x->sides[2 * x->cell[x->order[i]] + bw_compare_in(x->c, set, row)],
                  row->group);
        }
    }
    for (size_t i = 0; i < 2 * x->n; i++) {
        ok = ok && enough(&x->sides[i], districts);
    }
    return ok;
}

/* Cut the cells by it. Sides that nobody is in make none. */
static void cut(struct cells *x, const struct bw_compare_set *set)
{
    uint32_t *number = (uint32_t *)(void *)x->sides; /* of each side + 1; 0 none yet */
    uint32_t n = 0;

    memset(x->sides, 0, 2 * x->n * sizeof(*x->sides));
    for (size_t i = 0; i < x->c->n; i++) {
        uint32_t side = 2 * x->cell[i] + bw_compare_in(x->c, set, &x->c->rows[i]);
        if (number[side] == 0) {
            number[side] = ++n;
        }
        x->cell[i] = number[side] - 1;
    }
    x->n = n > 0 ? n : 1;
}

static void begin_cells(struct cells *x, int measure)
{
    memset(x->cell, 0, x->c->n * sizeof(*x->cell));
    x->n = 1;
    x->measure = measure;
}

/* ---- who may be shown -------------------------------------------------------------------
 */

/* Are all seen of whom it is asked whether they are in it? Then nothing is told of others:
 * not who meets the target where somebody unseen might. */
static bool all_seen(const struct bw_compare *c, const struct bw_compare_set *s)
{
    struct bw_compare_set asked = *s;
    bool any = c->n_seen == c->n;

    asked.meeting = false;
    for (size_t i = 0; i < c->n; i++) {
        if (bw_compare_in(c, &asked, &c->rows[i])) {
            if (!c->rows[i].seen) {
                return false;
            }
            any = true;
        }
    }
    return any;
}

/* In their order, each that fits behind those before it; first what everybody may be shown,
 * of that what this one may. */
static void choose(struct bw_compare_shown *s, struct cells *x)
{
    begin_cells(x, NO_MEASURE);
    for (size_t i = 0; i < s->n; i++) {
        struct candidate *d = &s->list[i];
        d->common_shown = fits(x, &d->set, false, BW_COMPARE_DISTRICTS_MIN);
        if (d->common_shown) {
            cut(x, &d->set);
        }
    }
    begin_cells(x, NO_MEASURE);
    for (size_t i = 0; i < s->n; i++) {
        struct candidate *d = &s->list[i];
        d->shown = d->common_shown && fits(x, &d->set, true, BW_COMPARE_UNSEEN_MIN);
        if (d->shown) {
            cut(x, &d->set);
        }
    }
}

static void choose_for(struct bw_compare_shown *s, struct cells *x, int measure)
{
    begin_cells(x, measure);
    for (size_t i = 0; i < s->n; i++) {
        struct candidate *d = &s->list[i];
        d->common[measure] =
            d->common_shown && fits(x, &d->set, false, BW_COMPARE_DISTRICTS_MIN);
        if (d->common[measure]) {
            cut(x, &d->set);
        }
    }
    begin_cells(x, measure);
    for (size_t i = 0; i < s->n; i++) {
        struct candidate *d = &s->list[i];
        d->tells[measure] =
            d->common[measure] && d->shown && fits(x, &d->set, true, BW_COMPARE_UNSEEN_MIN);
        if (d->tells[measure]) {
            cut(x, &d->set);
        }
    }
}

/* ---- the list ---------------------------------------------------------------------------
 */

static const enum bw_compare_by order[] = {BW_COMPARE_REGION, BW_COMPARE_TECHNOLOGY,
                                           BW_COMPARE_LOCALE, BW_COMPARE_PROVIDER};

static void add(struct bw_compare_shown *s, struct bw_compare_set set)
{
    s->list[s->n++] = (struct candidate){.set = set};
}

static size_t some(const struct bw_compare *c, enum bw_compare_by by)
{
    return c->n_classes[by] < BW_COMPARE_PROVIDERS_MAX ? c->n_classes[by]
                                                       : BW_COMPARE_PROVIDERS_MAX;
}

static struct bw_compare_set
set_of(enum bw_compare_by by, size_t class, bool meeting, enum bw_compare_by with, size_t w)
{
    return (struct bw_compare_set){.by = by,
                                   .class = (uint32_t) class,
                                   .meeting = meeting,
                                   .with = with,
                                   .with_class = (uint32_t)w};
}

/* Everybody, sizes, who of a size meets the target, then attributes one after the other,
 * and at last of those that meet the target by which technology and provider. */
static int list_all(const struct bw_compare *c, struct bw_compare_shown *s)
{
    size_t sizes = c->n_classes[BW_COMPARE_SIZE];
    size_t more = some(c, BW_COMPARE_TECHNOLOGY) + some(c, BW_COMPARE_PROVIDER);
    size_t most = 2 + 2 * sizes + sizes * more;

    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        most += some(c, order[k]);
    }
    s->list = calloc(most, sizeof(*s->list));
    if (!s->list) {
        return -ENOMEM;
    }
    add(s, set_of(BW_COMPARE_ALL, 0, false, BW_COMPARE_ALL, 0));
    for (size_t i = 0; i < sizes; i++) {
        add(s, set_of(BW_COMPARE_SIZE, i, false, BW_COMPARE_ALL, 0));
    }
    for (size_t i = 0; i < sizes; i++) {
        add(s, set_of(BW_COMPARE_SIZE, i, true, BW_COMPARE_ALL, 0));
    }
    add(s, set_of(BW_COMPARE_ALL, 0, true, BW_COMPARE_ALL, 0));
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (size_t i = 0; i < some(c, order[k]); i++) {
            add(s, set_of(order[k], i, false, BW_COMPARE_ALL, 0));
        }
    }
    for (size_t i = 0; i < sizes; i++) {
        for (int by = BW_COMPARE_TECHNOLOGY; by <= BW_COMPARE_PROVIDER; by++) {
            for (size_t k = 0; k < some(c, (enum bw_compare_by)by); k++) {
                add(s, set_of(BW_COMPARE_SIZE, i, true, (enum bw_compare_by)by, k));
            }
        }
    }
    return 0;
}

struct grouped {
    uint32_t group;
    uint32_t row;
};

static int by_group(const void *a, const void *b)
{
    const struct grouped *x = a;
    const struct grouped *y = b;

    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static int sort_rows(const struct bw_compare *c, uint32_t *rows)
{
    struct grouped *g = calloc(c->n + 1, sizeof(*g));

    if (!g) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < c->n; i++) {
        g[i] = (struct grouped){c->rows[i].group, (uint32_t)i};
    }
    qsort(g, c->n, sizeof(*g), by_group);
    for (size_t i = 0; i < c->n; i++) {
        rows[i] = g[i].row;
    }
    free(g);
    return 0;
}

int bw_compare_decide(struct bw_compare *c)
{
    struct bw_compare_shown *s = calloc(1, sizeof(*s));
    uint32_t *rows = calloc(c->n + 1, sizeof(*rows));
    struct cells x = {.c = c, .order = rows};
    int r = -ENOMEM;

    if (!s || !rows) {
        goto out;
    }
    if (c->n_seen < c->n) { /* who sees all is shown all */
        x.cell = calloc(c->n + 1, sizeof(*x.cell));
        x.sides = calloc(2 * (c->n + 1), sizeof(*x.sides));
        if (!x.cell || !x.sides || sort_rows(c, rows) < 0 || list_all(c, s) < 0) {
            goto out;
        }
        choose(s, &x);
        for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
            choose_for(s, &x, m);
        }
    }
    c->shown = s;
    s = NULL;
    r = 0;
out:
    bw_compare_shown_free(s);
    free(rows);
    free(x.cell);
    free(x.sides);
    return r;
}

static bool same_set(const struct bw_compare_set *a, const struct bw_compare_set *b)
{
    return a->by == b->by && (a->by == BW_COMPARE_ALL || a->class == b->class) &&
           a->meeting == b->meeting && a->with == b->with &&
           (a->with == BW_COMPARE_ALL || a->with_class == b->with_class);
}

static const struct candidate *candidate_of(const struct bw_compare *c,
                                            const struct bw_compare_set *s)
{
    for (size_t i = 0; i < c->shown->n; i++) {
        if (same_set(&c->shown->list[i].set, s)) {
            return &c->shown->list[i];
        }
    }
    return NULL;
}

bool bw_compare_shows(const struct bw_compare *c, const struct bw_compare_set *s)
{
    const struct candidate *d = candidate_of(c, s);

    return (d && d->shown) || all_seen(c, s);
}

/* ---- figures ----------------------------------------------------------------------------
 */

int64_t bw_compare_round(int64_t v)
{
    int64_t unit = 1;

    if (v == BW_UNKNOWN) {
        return v;
    }
    while (v / unit >= 100) {
        unit *= 10;
    }
    return unit == 1 ? v : (v + unit / 2) / unit * unit;
}

/* From values[n]; `exact` where all members are seen. */
static void
spread(int64_t *values, size_t n, size_t members, bool exact, struct bw_compare_spread *ret)
{
    *ret = (struct bw_compare_spread){.rounded = !exact,
                                      .members = (int64_t)members,
                                      .known = (int64_t)n,
                                      .low = BW_UNKNOWN,
                                      .q1 = BW_UNKNOWN,
                                      .median = bw_stat_percentile(values, n, 500000),
                                      .q3 = BW_UNKNOWN,
                                      .high = BW_UNKNOWN};
    if (n >= BW_COMPARE_QUARTILES_MIN) {
        ret->q1 = bw_stat_percentile(values, n, 250000);
        ret->q3 = bw_stat_percentile(values, n, 750000);
    }
    if (exact && n >= BW_COMPARE_ENDS_MIN) {
        ret->low = values[0];
        ret->high = values[n - 1];
    }
    if (!exact) {
        ret->q1 = bw_compare_round(ret->q1);
        ret->median = bw_compare_round(ret->median);
        ret->q3 = bw_compare_round(ret->q3);
    }
}

static const struct bw_compare_spread nothing = {.hidden = true,
                                                 .members = BW_UNKNOWN,
                                                 .known = BW_UNKNOWN,
                                                 .low = BW_UNKNOWN,
                                                 .q1 = BW_UNKNOWN,
                                                 .median = BW_UNKNOWN,
                                                 .q3 = BW_UNKNOWN,
                                                 .high = BW_UNKNOWN};

int bw_compare_spread(const struct bw_compare *c,
                      const struct bw_compare_set *s,
                      enum bw_compare_measure m,
                      struct bw_compare_spread *ret)
{
    const struct candidate *d = candidate_of(c, s);
    bool exact = all_seen(c, s);
    int64_t *values = calloc(c->n + 1, sizeof(*values));
    size_t members = 0;
    size_t n = 0;

    if (!values) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_compare_value *v = &c->rows[i].m[m];
        if (bw_compare_in(c, s, &c->rows[i])) {
            members++;
            if (v->why == BW_COMPARE_KNOWN) {
                values[n++] = v->value;
            }
        }
    }
    if (exact || (d && d->tells[m])) {
        spread(values, n, members, exact, ret);
    } else {
        *ret = nothing;
        ret->members = d && d->shown ? (int64_t)members : BW_UNKNOWN;
    }
    free(values);
    return 0;
}

int bw_compare_spread_of(const struct bw_compare *c,
                         const struct bw_compare_row *const *list,
                         size_t n,
                         enum bw_compare_measure m,
                         struct bw_compare_spread *ret)
{
    int64_t *values = calloc(n + 1, sizeof(*values));
    size_t known = 0;

    (void)c;
    if (!values) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!list[i]->seen) { /* never of others */
            free(values);
            *ret = nothing;
            return 0;
        }
        if (list[i]->m[m].why == BW_COMPARE_KNOWN) {
            values[known++] = list[i]->m[m].value;
        }
    }
    spread(values, known, n, true, ret);
    free(values);
    return 0;
}
