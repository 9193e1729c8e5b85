/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_show.c - which cohorts may be shown to who does not see all of their members, and
 * what they tell (docs/room.md, "What of others is shown").
 *
 * Invariant: beside the cohorts that are shown stands a proof (compare_proof.h) that
 * whatever is made of them by adding them and taking them from each other, any number of
 * them and any number of times, is about nobody or about BW_COMPARE_DISTRICTS_MIN districts
 * at least, and about BW_COMPARE_UNSEEN_MIN at least that whoever looks does not see. The
 * same holds for each measure among those that tell it. Which cohorts there are for one is
 * a part of those that there are for all, so that two who put together what they see have
 * no more. */
#include "compare.h"
#include "compare_private.h"
#include "compare_proof.h"

#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
    struct bw_compare_set set;
    bool shown;                      /* that it is there, and how many it has */
    bool tells[BW_COMPARE_MEASURES]; /* its quartiles */
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

/* Of those that `from` has, in their order, each that fits behind those before it: into
 * `to`. Mostly all do, and that is tried first. */
static void choose(struct bw_compare_shown *s,
                   struct bw_compare_proof *p,
                   int measure,
                   bool unseen,
                   const bool *from,
                   bool *to)
{
    const struct bw_compare_set *list[BW_COMPARE_SHOWN_MAX];
    size_t n = 0;
    size_t some = 0;

    for (size_t i = 0; from && i < s->n; i++) {
        if (from[i] && n < BW_COMPARE_SHOWN_MAX) {
            list[n++] = &s->list[i].set;
        }
        some += from[i];
    }
    bw_compare_proof_begin(p, measure, unseen);
    if (from && some == n && bw_compare_proof_all(p, list, n)) {
        memcpy(to, from, s->n * sizeof(*to));
        return;
    }
    bw_compare_proof_begin(p, measure, unseen);
    for (size_t i = 0; i < s->n; i++) {
        to[i] = (!from || from[i]) && bw_compare_proof_add(p, &s->list[i].set);
    }
}

/* First what everybody may be shown, of that what this one may. */
static int choose_all(struct bw_compare_shown *s, struct bw_compare_proof *p)
{
    bool *all = calloc(4 * s->n, sizeof(*all));
    bool *shown = all + s->n;
    bool *common = shown + s->n;
    bool *own = common + s->n;

    if (!all) {
        return -ENOMEM;
    }
    choose(s, p, BW_COMPARE_MEASURES, false, NULL, all);
    choose(s, p, BW_COMPARE_MEASURES, true, all, shown);
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        choose(s, p, m, false, all, common);
        for (size_t i = 0; i < s->n; i++) {
            common[i] = common[i] && shown[i];
        }
        choose(s, p, m, true, common, own);
        for (size_t i = 0; i < s->n; i++) {
            s->list[i].tells[m] = own[i];
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        s->list[i].shown = shown[i];
    }
    free(all);
    return 0;
}

/* ---- the list ---------------------------------------------------------------------------
 */

static const enum bw_compare_by order[] = {BW_COMPARE_TECHNOLOGY, BW_COMPARE_LOCALE,
                                           BW_COMPARE_REGION, BW_COMPARE_PROVIDER};

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

int bw_compare_decide(struct bw_compare *c)
{
    struct bw_compare_shown *s = calloc(1, sizeof(*s));
    struct bw_compare_proof *p = NULL;
    int r = -ENOMEM;

    if (!s) {
        return r;
    }
    if (c->n_seen < c->n) { /* who sees all is shown all */
        p = bw_compare_proof_new(c);
        if (!p || list_all(c, s) < 0) {
            goto out;
        }
        r = choose_all(s, p);
        if (r < 0) {
            goto out;
        }
    }
    c->shown = s;
    s = NULL;
    r = 0;
out:
    bw_compare_shown_free(s);
    bw_compare_proof_free(p);
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
