/* SPDX-License-Identifier: GPL-3.0-or-later
 * goals.c - a goal's members, their figures, and how many meet it.
 *
 * Invariant: in each point those that are known and those that are not, by their reasons,
 * are all members. */
#include "goals.h"

#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEDIAN = 500000,
    MILLION = 1000000
};

/* ---- one line at one time ---------------------------------------------------------------
 */

struct figure {
    bool there; /* it has records of that time */
    bool due;   /* that time was not read yet */
    int64_t claim_bps;
    int64_t tested_bps;
};

static struct figure
of_month(const struct bw_room *r, const struct bw_room_circuit *c, int32_t month)
{
    struct figure f = {.claim_bps = BW_UNKNOWN, .tested_bps = BW_UNKNOWN};
    int32_t ago = c->this_month - month;

    f.due = ago > 0 && ago <= BW_ROOM_MONTHS && (c->months_due & UINT32_C(1) << ago);
    for (uint32_t i = c->first_month; i < c->end_month && !f.due; i++) {
        const struct bw_room_month *m = &r->months[i];
        if (m->month == month) {
            f.there = m->n_days > 0;
            f.claim_bps = m->claim_bps;
            f.tested_bps = m->median_bps;
        }
    }
    return f;
}

static struct figure of_now(const struct bw_room_circuit *c)
{
    struct figure f = {.claim_bps = BW_UNKNOWN, .tested_bps = BW_UNKNOWN};

    if (c->has_merged) {
        f.there = true;
        f.claim_bps = c->merged.way[BW_DOWN].claim_bps;
        f.tested_bps = c->merged.way[BW_DOWN].median_bps;
    }
    return f;
}

/* ---- one place at one time --------------------------------------------------------------
 */

struct member {
    struct bw_goals_member m;
    size_t first, n; /* its circuits in the list of all */
};

struct measuring {
    const struct bw_room *r;
    const struct bw_goals_ask *ask;
    struct bw_goals_progress *p;
    struct member *members;
    size_t n;
    uint32_t *circuits;
    size_t n_circuits;
    int64_t *values; /* room for one point */
};

static enum bw_goals_why
why_of(const struct measuring *x, const struct member *m, size_t there, bool due)
{
    return m->m.site == BW_ROOM_NONE             ? BW_GOALS_NO_BOX
           : there == 0 && due                   ? BW_GOALS_NOT_READ
           : there == 0                          ? BW_GOALS_NO_RECORD
           : x->ask->goal->of == BW_GOAL_CLAIMED ? BW_GOALS_NO_CLAIM
                                                 : BW_GOALS_NOT_TESTED;
}

/* month -1: the last 28 days. */
static struct bw_goals_value
value_of(const struct measuring *x, const struct member *m, int32_t month)
{
    const struct bw_goal *g = x->ask->goal;
    struct bw_goals_value v = {
        .circuit = BW_ROOM_NONE, .bps = BW_UNKNOWN, .value = BW_UNKNOWN};
    size_t there = 0;
    bool due = false;

    for (size_t i = m->first; i < m->first + m->n; i++) {
        const struct bw_room_circuit *c = &x->r->circuits[x->circuits[i]];
        struct figure f = month < 0 ? of_now(c) : of_month(x->r, c, month);
        int64_t bps = g->of == BW_GOAL_CLAIMED ? f.claim_bps : f.tested_bps;
        there += f.there;
        due |= f.due;
        if (f.there && bps != BW_UNKNOWN && bps > v.bps) {
            v.bps = bps;
            v.circuit = x->circuits[i];
        }
    }
    if (v.bps == BW_UNKNOWN) {
        v.why = why_of(x, m, there, due);
    } else if (g->per == BW_GOAL_STUDENT &&
               (m->m.students == BW_UNKNOWN || m->m.students <= 0)) {
        v.why = BW_GOALS_NO_STUDENTS;
    } else {
        v.value = g->per == BW_GOAL_STUDENT ? v.bps / m->m.students : v.bps;
        v.meets = v.value >= g->target_bps;
        v.why = v.meets || (there == 1 && !due) ? BW_GOALS_KNOWN
                : due                           ? BW_GOALS_NOT_READ
                                                : BW_GOALS_MANY_LINES;
    }
    if (v.why != BW_GOALS_KNOWN) {
        v.value = BW_UNKNOWN;
    }
    return v;
}

/* ---- members ----------------------------------------------------------------------------
 */

static int on_place(void *owner, const struct bw_room_place *pl)
{
    struct measuring *x = owner;
    const struct bw_goal *g = x->ask->goal;
    struct member *m = &x->members[x->n];

    if (!bw_room_below(x->r, pl->at, x->p->entity) ||
        (x->ask->sees &&
         !x->ask->sees(x->ask->owner, pl->entity,
                       pl->entity == BW_ROOM_NONE ? pl->site : BW_ROOM_NONE))) {
        return 0;
    }
    *m = (struct member){
        .m = {.entity = pl->entity, .site = pl->site, .students = BW_UNKNOWN},
        .first = x->n_circuits,
        .n = pl->n};
    for (size_t i = 0; i < pl->n; i++) {
        int64_t students = x->r->circuits[pl->circuits[i]].students;
        m->m.students = students > m->m.students ? students : m->m.students;
        x->circuits[x->n_circuits + i] = pl->circuits[i];
    }
    if (g->students_min != BW_UNKNOWN || g->students_max != BW_UNKNOWN) {
        if (m->m.students == BW_UNKNOWN) {
            x->p->n_unplaced++;
            return 0;
        }
        if ((g->students_min != BW_UNKNOWN && m->m.students < g->students_min) ||
            (g->students_max != BW_UNKNOWN && m->m.students > g->students_max)) {
            return 0;
        }
    }
    x->n_circuits += pl->n;
    x->n++;
    return 0;
}

static void fill_point(struct measuring *x, size_t at, int32_t month)
{
    struct bw_goals_point *p = &x->p->points[at];

    *p = (struct bw_goals_point){.month = month, .median = BW_UNKNOWN};
    for (size_t i = 0; i < x->n; i++) {
        struct bw_goals_value v = value_of(x, &x->members[i], month);
        p->n_why[v.why]++;
        if (v.why == BW_GOALS_KNOWN) {
            x->values[p->n_known++] = v.value;
            p->n_meet += v.meets;
        }
        if (month < 0) {
            x->members[i].m.now = v;
        }
    }
    p->median = bw_stat_percentile(x->values, (size_t)p->n_known, MEDIAN);
}

/* The month that runs at the newest place: months are counted back from it. */
static int32_t this_month(const struct bw_room *r)
{
    int32_t month = -1;

    for (size_t i = 0; i < r->n_circuits; i++) {
        month = r->circuits[i].this_month > month ? r->circuits[i].this_month : month;
    }
    return month;
}

/* ---- order ------------------------------------------------------------------------------
 */

struct ranked {
    struct bw_goals_member m;
    int group; /* missed, not known, met */
    const char *name;
    const char *id;
};

static int in_order(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    if (x->group != y->group) {
        return x->group - y->group;
    }
    if (x->m.now.value != y->m.now.value) {
        return x->m.now.value < y->m.now.value ? -1 : 1;
    }
    int r = strcmp(x->name, y->name);
    return r != 0 ? r : strcmp(x->id, y->id);
}

static int sort(struct measuring *x)
{
    struct ranked *list = calloc(x->n + 1, sizeof(*list));
    struct bw_goals_member *members = calloc(x->n + 1, sizeof(*members));

    if (!list || !members) {
        free(list);
        free(members);
        return -ENOMEM;
    }
    for (size_t i = 0; i < x->n; i++) {
        const struct bw_goals_member *m = &x->members[i].m;
        list[i] = (struct ranked){.m = *m,
                                  .group = m->now.why != BW_GOALS_KNOWN ? 1
                                           : m->now.meets               ? 2
                                                                        : 0,
                                  .name = bw_room_place_name(x->r, m->entity, m->site),
                                  .id = bw_room_place_id(x->r, m->entity, m->site)};
    }
    if (x->n > 0) {
        qsort(list, x->n, sizeof(*list), in_order);
    }
    for (size_t i = 0; i < x->n; i++) {
        members[i] = list[i].m;
    }
    free(list);
    x->p->members = members;
    x->p->n = x->n;
    return 0;
}

static void judge(const struct bw_goal *g, struct bw_goals_progress *p)
{
    const struct bw_goals_point *now = &p->points[BW_GOALS_NOW];
    int64_t n = (int64_t)p->n;

    p->n_wanted = (n * g->share_ppm + MILLION - 1) / MILLION;
    p->state = n == 0                                           ? BW_GOALS_NOBODY
               : now->n_meet >= p->n_wanted                     ? BW_GOALS_REACHED
               : now->n_meet + (n - now->n_known) < p->n_wanted ? BW_GOALS_MISSED
                                                                : BW_GOALS_NOT_TOLD;
}

int bw_goals_measure(const struct bw_room *r,
                     const struct bw_goals_ask *ask,
                     struct bw_goals_progress *ret)
{
    struct bw_goals_progress p = {.entity = bw_room_entity_find(r, ask->goal->entity)};
    struct measuring x = {.r = r, .ask = ask, .p = &p};
    int32_t month = this_month(r);
    int result = -ENOMEM;

    x.members = calloc(r->n_entities + r->n_sites + 1, sizeof(*x.members));
    x.circuits = calloc(r->n_circuits + 1, sizeof(*x.circuits));
    x.values = calloc(r->n_entities + r->n_sites + 1, sizeof(*x.values));
    if (!x.members || !x.circuits || !x.values) {
        goto out;
    }
    result = p.entity == BW_ROOM_NONE ? 0 : bw_room_places(r, on_place, &x);
    if (result < 0) {
        goto out;
    }
    for (size_t i = 0; i < BW_ROOM_MONTHS; i++) {
        p.points[i] = (struct bw_goals_point){.month = -1, .median = BW_UNKNOWN};
        if (ask->months && month >= BW_ROOM_MONTHS) {
            fill_point(&x, i, month - BW_ROOM_MONTHS + (int32_t)i);
        }
    }
    fill_point(&x, BW_GOALS_NOW, -1);
    result = sort(&x);
    if (result < 0) {
        goto out;
    }
    judge(ask->goal, &p);
    *ret = p;
out:
    free(x.members);
    free(x.circuits);
    free(x.values);
    return result;
}

void bw_goals_done(struct bw_goals_progress *p)
{
    free(p->members);
    *p = (struct bw_goals_progress){.n = 0};
}

/* ---- words ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *words;
} whys[BW_GOALS_WHYS] = {
    [BW_GOALS_KNOWN] = {"known", "known"},
    [BW_GOALS_NO_BOX] = {"no-box", "no box stands there"},
    [BW_GOALS_NO_RECORD] = {"no-record", "no record of that time"},
    [BW_GOALS_NOT_READ] = {"not-read", "that time is still being read"},
    [BW_GOALS_NO_CLAIM] = {"no-claim", "no speed is claimed"},
    [BW_GOALS_NOT_TESTED] = {"not-tested", "no good test whose line was counted"},
    [BW_GOALS_NO_STUDENTS] = {"no-students", "students are not on file"},
    [BW_GOALS_MANY_LINES] = {"many-lines", "several lines, none enough alone"},
};

const char *bw_goals_why_name(enum bw_goals_why w)
{
    return whys[w].name;
}

const char *bw_goals_why_words(enum bw_goals_why w)
{
    return whys[w].words;
}

const char *bw_goals_state_name(enum bw_goals_state s)
{
    static const char *const names[] = {[BW_GOALS_NOBODY] = "nobody",
                                        [BW_GOALS_REACHED] = "reached",
                                        [BW_GOALS_MISSED] = "missed",
                                        [BW_GOALS_NOT_TOLD] = "not-told"};
    return names[s];
}
