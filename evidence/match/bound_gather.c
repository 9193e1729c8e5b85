/* SPDX-License-Identifier: GPL-3.0-or-later
 * bound_gather.c - bindings with their claims, and a claim's history.
 *
 * Invariant: a correction never reaches back by itself. A claim's first version holds from
 * the claim's own first day; one that took its place from the day that it names (`from`),
 * else from the day on which it was said. What went before ends the day before. A last day
 * that is named (`to`) when it is over already is the last day of what went before, too. */
#include "bound_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

/* Versions of one claim, in the order in which they were said. */
struct version {
    struct bw_bound facts; /* of the claim alone */
    char ended_by[BW_HASH_LEN + 1];
    bool names_day; /* since when it holds */
    bool names_end; /* its last day */
    bool late;      /* said when it was over by its own last day */
    bool used;
};

struct history {
    struct version *list;
    size_t n;
    size_t cap;
};

static struct bw_bound_kept *room(struct bw_bound_gathered *g)
{
    void *grown = bw_grow(g->list, g->n, &g->cap, sizeof(*g->list));

    if (!grown) {
        return NULL;
    }
    g->list = grown;
    return &g->list[g->n];
}

static int take_binding(void *owner, const struct bw_said *said)
{
    struct bw_bound_gathered *g = owner;
    struct bw_bound_kept *k = room(g);

    if (!k) {
        return -ENOMEM;
    }
    memset(k, 0, sizeof(*k));
    if (!said->statement->body ||
        bw_binding_decode(said->statement->body, said->statement->n_body, &k->bound.binding,
                          NULL) < 0) {
        g->unread++;
        return 0;
    }
    memcpy(k->about, said->statement->about, sizeof(k->about));
    memcpy(k->bound.binding_id, said->id, sizeof(k->bound.binding_id));
    (void)snprintf(k->bound.by, sizeof(k->bound.by), "%s", said->statement->by);
    k->bound.said_unix_s = said->statement->said_unix_s;
    memcpy(k->bound.ended_by, said->ended_by, sizeof(k->bound.ended_by));
    k->bound.ended_unix_s = BW_UNKNOWN;
    k->bound.claim_said_unix_s = BW_UNKNOWN;
    k->bound.bps[BW_DOWN] = BW_UNKNOWN;
    k->bound.bps[BW_UP] = BW_UNKNOWN;
    memcpy(k->bound.first_day, k->bound.binding.from, sizeof(k->bound.first_day));
    memcpy(k->bound.last_day, k->bound.binding.to, sizeof(k->bound.last_day));
    g->n++;
    return 0;
}

static void later_day(char day[BW_DATE_LEN + 1], const char *other)
{
    if (other[0] && (!day[0] || strcmp(other, day) > 0)) {
        memcpy(day, other, BW_DATE_LEN + 1);
    }
}

static void earlier_day(char day[BW_DATE_LEN + 1], const char *other)
{
    if (other[0] && (!day[0] || strcmp(other, day) < 0)) {
        memcpy(day, other, BW_DATE_LEN + 1);
    }
}

/* ---- a claim's history ------------------------------------------------------------ */

static int take_version(void *owner, const struct bw_said *said)
{
    struct history *h = owner;
    struct bw_claimline c;
    char year[2][BW_DATE_LEN + 1] = {"", ""};
    void *grown;

    if (!said->statement->body ||
        bw_claimline_decode(said->statement->body, said->statement->n_body, &c, NULL) < 0) {
        return 0;
    }
    grown = bw_grow(h->list, h->n, &h->cap, sizeof(*h->list));
    if (!grown) {
        bw_claimline_done(&c);
        return -ENOMEM;
    }
    h->list = grown;
    struct version *v = &h->list[h->n++];
    struct bw_bound *b = &v->facts;
    memset(v, 0, sizeof(*v));
    if (c.year != BW_UNKNOWN) {
        (void)snprintf(year[0], sizeof(year[0]), "%04u-07-01", (unsigned)(c.year % 10000));
        (void)snprintf(year[1], sizeof(year[1]), "%04u-06-30",
                       (unsigned)((c.year + 1) % 10000));
    }
    memcpy(v->ended_by, said->ended_by, sizeof(v->ended_by));
    v->names_day = c.from[0] != '\0';
    v->names_end = c.to[0] != '\0';
    memcpy(b->claim_id, said->id, sizeof(b->claim_id));
    b->claim_said_unix_s = said->statement->said_unix_s;
    (void)snprintf(b->claim_by, sizeof(b->claim_by), "%s", said->statement->by);
    memcpy(b->first_day, c.from[0] ? c.from : year[0], sizeof(b->first_day));
    memcpy(b->last_day, c.to[0] ? c.to : year[1], sizeof(b->last_day));
    b->bps[BW_DOWN] = c.down.bps;
    b->bps[BW_UP] = c.up.bps;
    b->layer = c.layer;
    b->role = c.role;
    b->unit_monthly = c.unit_monthly;
    b->quantity = c.quantity;
    memcpy(b->provider, c.provider, sizeof(b->provider));
    b->typed_wrong = c.flags & BW_CLAIM_MBPS_TYPED_WRONG;
    (void)snprintf(b->void_as, sizeof(b->void_as), "%.60s",
                   bw_claimline_void(&c) ? c.status : "");
    bw_claimline_done(&c);
    return 0;
}

/* The newest version in force (should there be several), or NULL. */
static struct version *in_force(struct history *h)
{
    for (size_t i = h->n; i-- > 0;) {
        if (!h->list[i].ended_by[0]) {
            return &h->list[i];
        }
    }
    return NULL;
}

/* The newest of those whose place `v` took, or NULL. */
static struct version *before(struct history *h, const struct version *v)
{
    for (size_t i = h->n; i-- > 0;) {
        if (strcmp(h->list[i].ended_by, v->facts.claim_id) == 0) {
            return &h->list[i];
        }
    }
    return NULL;
}

static void
local_day(const struct bw_tz *tz, int64_t unix_s, int later, char day[BW_DATE_LEN + 1])
{
    struct bw_civil c;

    bw_tz_local(tz, unix_s, &c);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day) + later, day);
}

static void day_before(char day[BW_DATE_LEN + 1])
{
    int y = (int)strtol(day, NULL, 10);
    int m = (int)strtol(day + 5, NULL, 10);
    int d = (int)strtol(day + 8, NULL, 10);

    bw_civil_date(bw_civil_days(y, m, d) - 1, day);
}

/* One version's facts into a binding, on the days of both. */
static void join(struct bw_bound *b, const struct bw_bound *facts)
{
    struct bw_bound own = *b;

    *b = *facts;
    b->binding = own.binding;
    memcpy(b->binding_id, own.binding_id, sizeof(b->binding_id));
    memcpy(b->by, own.by, sizeof(b->by));
    b->said_unix_s = own.said_unix_s;
    memcpy(b->ended_by, own.ended_by, sizeof(b->ended_by));
    b->ended_unix_s = own.ended_unix_s;
    later_day(b->first_day, own.binding.from);
    earlier_day(b->last_day, own.binding.to);
}

/* From the newest back: when each version that has days begins and ends; its facts get them
 * and it is marked. */
static void date_versions(struct history *h, struct version *live, const struct bw_tz *tz)
{
    char next[BW_DATE_LEN + 1] = ""; /* first day of the version after */
    char cut[BW_DATE_LEN + 1] = "";  /* the last day, where it was named only afterwards */
    size_t left = h->n;              /* a chain is no longer than the list */

    for (struct version *v = live; v && left-- > 0; v = before(h, v)) {
        struct bw_bound *b = &v->facts;
        const struct version *old = before(h, v);
        char day[BW_DATE_LEN + 1];
        if (old) {
            b->replaced = true;
            if (!v->names_day) {
                local_day(tz, b->claim_said_unix_s, 0, day);
                later_day(b->first_day, day);
            }
        }
        v->late = b->last_day[0] && strcmp(b->first_day, b->last_day) > 0;
        if (v->names_end && b->first_day[0] && strcmp(b->last_day, b->first_day) < 0) {
            earlier_day(cut, b->last_day);
            memcpy(b->ends_day, b->last_day, sizeof(b->ends_day));
        }
        earlier_day(b->last_day, cut);
        if (next[0]) {
            memcpy(day, next, sizeof(day));
            day_before(day);
            earlier_day(b->last_day, day);
        }
        v->used =
            !b->first_day[0] || !b->last_day[0] || strcmp(b->first_day, b->last_day) <= 0;
        if (!next[0] || (b->first_day[0] && strcmp(b->first_day, next) < 0)) {
            memcpy(next, b->first_day, sizeof(next));
        }
    }
}

/* Have a binding and a version of its claim a day in common? */
static bool share_a_day(const struct bw_bound *b, const struct bw_bound *facts)
{
    struct bw_bound joined = *b;

    join(&joined, facts);
    return !joined.first_day[0] || !joined.last_day[0] ||
           strcmp(joined.first_day, joined.last_day) <= 0;
}

/* Said when the claim was over, it holds on no day; it is about this binding nevertheless
 * where that had not ended by then. One whose days a later version took is none such. */
static bool is_idle(const struct version *v, const struct bw_bound *b)
{
    return v->late && v->facts.replaced && !b->ended_by[0] &&
           (!b->binding.to[0] || strcmp(b->binding.to, v->facts.first_day) >= 0);
}

/* Binding i with the versions of its claim, further ones appended. A version that shares no
 * day with it is none of its own, unless all are such. */
static int add_versions(struct bw_bound_gathered *g,
                        size_t i,
                        struct history *h,
                        const struct bw_tz *tz)
{
    const struct bw_bound_kept own = g->list[i];
    struct version *live = in_force(h);
    bool first = true;
    bool some = false;

    if (!live) {
        return 0; /* the claim is gone */
    }
    if (!tz) {
        live->facts.replaced = before(h, live) != NULL;
        join(&g->list[i].bound, &live->facts);
        return 0;
    }
    date_versions(h, live, tz);
    for (size_t k = 0; k < h->n && !some; k++) {
        some = h->list[k].used && share_a_day(&own.bound, &h->list[k].facts);
    }
    for (size_t k = 0; k < h->n; k++) {
        struct bw_bound_kept *to;
        bool idle = is_idle(&h->list[k], &own.bound);
        if (!idle &&
            (!h->list[k].used || (some && !share_a_day(&own.bound, &h->list[k].facts)))) {
            continue;
        }
        to = first ? &g->list[i] : room(g);
        if (!to) {
            return -ENOMEM;
        }
        g->n += !first;
        first = false;
        *to = own;
        join(&to->bound, &h->list[k].facts);
        to->bound.idle = idle;
        to->bound.never = idle;
        if (idle) {
            to->bound.last_day[0] = '\0';
        }
    }
    return 0;
}

int bw_bound_versions(struct bw_catalogue *c,
                      const char *claim,
                      const struct bw_tz *tz,
                      struct bw_bound **ret,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    struct history h = {.n = 0};
    struct version *live;
    struct bw_bound *list = NULL;
    size_t n = 0;
    int r = c->ops->statements(
        c, &(struct bw_said_query){.kind = "claim", .about = claim, .ended = true},
        take_version, &h, reterr);

    list = r < 0 ? NULL : calloc(h.n + 1, sizeof(*list));
    if (r == 0 && !list) {
        r = -ENOMEM;
    }
    if (r < 0) {
        goto out;
    }
    live = in_force(&h);
    if (live) {
        date_versions(&h, live, tz);
    }
    for (size_t i = 0; i < h.n; i++) {
        if (h.list[i].used) {
            list[n++] = h.list[i].facts;
        }
    }
    *ret = list;
    *ret_n = n;
    list = NULL;
out:
    free(list);
    free(h.list);
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

/* ---- all of it -------------------------------------------------------------------- */

static int by_circuit_and_day(const void *a, const void *b)
{
    const struct bw_bound_kept *x = a;
    const struct bw_bound_kept *y = b;
    int r = strcmp(x->about, y->about);

    r = r ? r : strcmp(x->bound.first_day, y->bound.first_day);
    r = r ? r : strcmp(x->bound.binding.claim, y->bound.binding.claim);
    r = r ? r : strcmp(x->bound.binding_id, y->bound.binding_id);
    return r ? r : strcmp(x->bound.claim_id, y->bound.claim_id);
}

static int take_end(void *owner, const struct bw_said *said)
{
    struct bw_bound *b = owner;

    b->ended_unix_s = said->statement->said_unix_s;
    (void)snprintf(b->ended_who, sizeof(b->ended_who), "%s", said->statement->by);
    return 0;
}

/* What ended it, and its claim. */
static int complete(struct bw_catalogue *c,
                    struct bw_bound_gathered *g,
                    size_t i,
                    const struct bw_tz *tz,
                    struct bw_err *reterr)
{
    struct history h = {.n = 0};
    char claim[sizeof(g->list[0].bound.binding.claim)];
    struct bw_bound end = {.ended_unix_s = BW_UNKNOWN};
    size_t first = g->n;
    int r;

    memcpy(claim, g->list[i].bound.binding.claim, sizeof(claim));
    memcpy(end.ended_by, g->list[i].bound.ended_by, sizeof(end.ended_by));
    r = c->ops->statements(
        c, &(struct bw_said_query){.kind = "claim", .about = claim, .ended = true},
        take_version, &h, reterr);
    r = r < 0 ? r : add_versions(g, i, &h, tz);
    if (r == 0 && end.ended_by[0]) {
        r = c->ops->statement_find(c, end.ended_by, take_end, &end, reterr);
    }
    for (size_t k = i; r == 0 && k < g->n; k = k < first ? first : k + 1) {
        g->list[k].bound.ended_unix_s = end.ended_unix_s;
        memcpy(g->list[k].bound.ended_who, end.ended_who, sizeof(end.ended_who));
    }
    free(h.list);
    return r;
}

int bw_bound_gather(struct bw_catalogue *c,
                    const char *circuit,
                    bool ended,
                    const struct bw_tz *tz,
                    struct bw_bound_gathered *g,
                    struct bw_err *reterr)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1] = "";
    size_t n;
    int r;

    if (circuit) {
        (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    }
    r = c->ops->statements(c,
                           &(struct bw_said_query){.kind = "binding",
                                                   .about = circuit ? about : NULL,
                                                   .ended = ended},
                           take_binding, g, reterr);
    n = g->n; /* versions come after it */
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = complete(c, g, i, tz, reterr);
    }
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    if (r == 0 && g->n > 1) {
        qsort(g->list, g->n, sizeof(*g->list), by_circuit_and_day);
    }
    return r;
}

int bw_bound_each(struct bw_catalogue *c,
                  const char *circuit,
                  const struct bw_tz *tz,
                  bw_bound_cb cb,
                  void *owner,
                  int64_t *ret_unread,
                  struct bw_err *reterr)
{
    struct bw_bound_gathered g = {.n = 0};
    int r = bw_bound_gather(c, circuit, false, tz, &g, reterr);

    for (size_t i = 0; r == 0 && i < g.n; i++) {
        r = g.list[i].bound.idle ? 0 : cb(owner, g.list[i].about, &g.list[i].bound);
    }
    free(g.list);
    if (r == 0 && ret_unread) {
        *ret_unread = g.unread;
    }
    return r;
}
