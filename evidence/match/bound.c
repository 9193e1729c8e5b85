/* SPDX-License-Identifier: GPL-3.0-or-later
 * bound.c - bindings in force with their claims, and what they come to from day to day.
 *
 * Invariant: a claim counts from its first to its last day and no further: the first of its
 * own and the binding's last days ends it. Nothing is claimed where no claim holds. */
#include "bound.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

/* ---- bindings and their claims -------------------------------------------------- */

struct kept {
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    struct bw_bound bound;
};

struct gathered {
    struct kept *list;
    size_t n;
    size_t cap;
    int64_t unread;
};

static int take_binding(void *owner, const struct bw_said *said)
{
    struct gathered *g = owner;
    struct kept k;
    memset(&k, 0, sizeof(k));
    if (!said->statement->body ||
        bw_binding_decode(said->statement->body, said->statement->n_body, &k.bound.binding,
                          NULL) < 0) {
        g->unread++;
        return 0;
    }
    if (g->n == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 16;
        struct kept *grown = realloc(g->list, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        g->list = grown;
        g->cap = cap;
    }
    memcpy(k.about, said->statement->about, sizeof(k.about));
    memcpy(k.bound.binding_id, said->id, sizeof(k.bound.binding_id));
    (void)snprintf(k.bound.by, sizeof(k.bound.by), "%s", said->statement->by);
    k.bound.said_unix_s = said->statement->said_unix_s;
    memcpy(k.bound.ended_by, said->ended_by, sizeof(k.bound.ended_by));
    k.bound.ended_unix_s = BW_UNKNOWN;
    g->list[g->n++] = k;
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

/* The newest of a key, should there be several. */
static int take_claim(void *owner, const struct bw_said *said)
{
    struct bw_bound *b = owner;
    struct bw_claimline c;
    char year[2][BW_DATE_LEN + 1] = {"", ""};
    if (!said->statement->body ||
        bw_claimline_decode(said->statement->body, said->statement->n_body, &c, NULL) < 0) {
        return 0;
    }
    if (c.year != BW_UNKNOWN) {
        (void)snprintf(year[0], sizeof(year[0]), "%04u-07-01", (unsigned)(c.year % 10000));
        (void)snprintf(year[1], sizeof(year[1]), "%04u-06-30",
                       (unsigned)((c.year + 1) % 10000));
    }
    memcpy(b->claim_id, said->id, sizeof(b->claim_id));
    b->first_day[0] = '\0';
    b->last_day[0] = '\0';
    later_day(b->first_day, c.from[0] ? c.from : year[0]);
    later_day(b->first_day, b->binding.from);
    earlier_day(b->last_day, c.to[0] ? c.to : year[1]);
    earlier_day(b->last_day, b->binding.to);
    b->bps[BW_DOWN] = c.down.bps;
    b->bps[BW_UP] = c.up.bps;
    b->layer = c.layer;
    b->role = c.role;
    memcpy(b->provider, c.provider, sizeof(b->provider));
    b->typed_wrong = c.flags & BW_CLAIM_MBPS_TYPED_WRONG;
    (void)snprintf(b->void_as, sizeof(b->void_as), "%.60s",
                   bw_claimline_void(&c) ? c.status : "");
    bw_claimline_done(&c);
    return 0;
}

static int by_circuit_and_day(const void *a, const void *b)
{
    const struct kept *x = a;
    const struct kept *y = b;
    int r = strcmp(x->about, y->about);
    r = r ? r : strcmp(x->bound.first_day, y->bound.first_day);
    return r ? r : strcmp(x->bound.binding_id, y->bound.binding_id);
}

static int take_end(void *owner, const struct bw_said *said)
{
    struct bw_bound *b = owner;
    b->ended_unix_s = said->statement->said_unix_s;
    (void)snprintf(b->ended_who, sizeof(b->ended_who), "%s", said->statement->by);
    return 0;
}

static int gather(struct bw_catalogue *c,
                  const char *circuit,
                  bool ended,
                  struct gathered *g,
                  struct bw_err *reterr)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1] = "";
    if (circuit) {
        (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    }
    int r = c->ops->statements(c,
                               &(struct bw_said_query){.kind = "binding",
                                                       .about = circuit ? about : NULL,
                                                       .ended = ended},
                               take_binding, g, reterr);
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < g->n; i++) {
        struct bw_bound *b = &g->list[i].bound;
        b->bps[BW_DOWN] = BW_UNKNOWN;
        b->bps[BW_UP] = BW_UNKNOWN;
        memcpy(b->first_day, b->binding.from, sizeof(b->first_day));
        memcpy(b->last_day, b->binding.to, sizeof(b->last_day));
        r = c->ops->statements(
            c, &(struct bw_said_query){.kind = "claim", .about = b->binding.claim},
            take_claim, b, reterr);
        if (r == 0 && b->ended_by[0]) {
            r = c->ops->statement_find(c, b->ended_by, take_end, b, reterr);
        }
    }
    if (r == 0 && g->n > 1) {
        qsort(g->list, g->n, sizeof(*g->list), by_circuit_and_day);
    }
    return r;
}

int bw_bound_each(struct bw_catalogue *c,
                  const char *circuit,
                  bw_bound_cb cb,
                  void *owner,
                  int64_t *ret_unread,
                  struct bw_err *reterr)
{
    struct gathered g = {.n = 0};
    int r = gather(c, circuit, false, &g, reterr);
    for (size_t i = 0; r == 0 && i < g.n; i++) {
        r = cb(owner, g.list[i].about, &g.list[i].bound);
    }
    free(g.list);
    if (r == 0 && ret_unread) {
        *ret_unread = g.unread;
    }
    return r;
}

/* ---- from day to day ------------------------------------------------------------ */

struct stretch {
    int64_t from_unix_s;
    int64_t to_unix_s;
    const struct bw_bound *bound;
};

static int64_t day_start(const struct bw_tz *tz, const char *day, int later)
{
    int y = (int)strtol(day, NULL, 10);
    int m = (int)strtol(day + 5, NULL, 10);
    int d = (int)strtol(day + 8, NULL, 10);
    return bw_tz_day_start(tz, y, m, d + later);
}

static int compare_edges(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool lesser(int64_t a, int64_t b)
{
    return a != BW_UNKNOWN && (b == BW_UNKNOWN || a < b);
}

/* All that holds in [from, to). */
static void sum_up(const struct stretch *all,
                   size_t n,
                   int64_t from_unix_s,
                   int64_t to_unix_s,
                   struct bw_bound_claim *ret)
{
    static const int64_t unknown[BW_DIRECTIONS] = {BW_UNKNOWN, BW_UNKNOWN};
    size_t used = 0;
    *ret = (struct bw_bound_claim){.from_unix_s = from_unix_s,
                                   .to_unix_s = to_unix_s,
                                   .bps = {BW_UNKNOWN, BW_UNKNOWN}};
    for (size_t i = 0; i < n; i++) {
        const struct bw_bound *b = all[i].bound;
        const int64_t *bps = b->typed_wrong ? unknown : b->bps;
        if (all[i].from_unix_s > from_unix_s || all[i].to_unix_s < to_unix_s) {
            continue;
        }
        if (ret->n == 0 || lesser(bps[BW_DOWN], ret->bps[BW_DOWN])) {
            ret->layer = b->layer;
            (void)snprintf(ret->provider, sizeof(ret->provider), "%.60s", b->provider);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            ret->bps[d] = lesser(bps[d], ret->bps[d]) ? bps[d] : ret->bps[d];
        }
        size_t need = strlen(b->binding.claim) + (used ? 2 : 0);
        if (used + need + 4 < sizeof(ret->claims)) {
            used += (size_t)snprintf(ret->claims + used, sizeof(ret->claims) - used, "%s%s",
                                     used ? ", " : "", b->binding.claim);
        } else if (used < sizeof(ret->claims) - 4) {
            (void)snprintf(ret->claims + used, sizeof(ret->claims) - used, "…");
            used = sizeof(ret->claims);
        }
        ret->typed_wrong = ret->typed_wrong || b->typed_wrong;
        ret->n++;
    }
}

/* The stretches of each claim, and every instant at which one begins or ends; those outside
 * the period as well, for one within it may end where they begin. */
static size_t lay_out(const struct gathered *g,
                      const struct bw_tz *tz,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      struct stretch *all,
                      int64_t *edges)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct bw_bound *b = &g->list[i].bound;
        if (!b->claim_id[0]) {
            continue; /* nothing is claimed by a claim that is gone */
        }
        int64_t from = b->first_day[0] ? day_start(tz, b->first_day, 0) : from_unix_s;
        int64_t to = b->last_day[0] ? day_start(tz, b->last_day, 1) : to_unix_s;
        if (from >= to) {
            continue;
        }
        edges[2 * n] = from;
        edges[2 * n + 1] = to;
        all[n++] = (struct stretch){.from_unix_s = from, .to_unix_s = to, .bound = b};
    }
    return n;
}

int bw_bound_claims(struct bw_catalogue *c,
                    const char *circuit,
                    const struct bw_tz *tz,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_bound_claim **ret,
                    size_t *ret_n,
                    struct bw_err *reterr)
{
    struct gathered g = {.n = 0};
    struct bw_bound_claim *list = NULL;
    struct stretch *all = NULL;
    int64_t *edges = NULL;
    size_t n_list = 0;
    int r = gather(c, circuit, false, &g, reterr);
    if (r < 0) {
        goto out;
    }
    if (g.n > BW_BOUND_MAX) {
        r = bw_err_set(reterr, -E2BIG, "more than %d bindings of %s", BW_BOUND_MAX,
                       circuit);
        goto out;
    }
    all = calloc(g.n + 1, sizeof(*all));
    edges = calloc(2 * g.n + 1, sizeof(*edges));
    list = calloc(2 * g.n + 1, sizeof(*list));
    if (!all || !edges || !list) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    size_t n = lay_out(&g, tz, from_unix_s, to_unix_s, all, edges);
    qsort(edges, 2 * n, sizeof(*edges), compare_edges);
    for (size_t i = 0; i + 1 < 2 * n; i++) {
        if (edges[i + 1] <= from_unix_s || edges[i] >= to_unix_s ||
            edges[i] == edges[i + 1]) {
            continue;
        }
        sum_up(all, n, edges[i], edges[i + 1], &list[n_list]);
        n_list += list[n_list].n > 0;
    }
    *ret = list;
    *ret_n = n_list;
    list = NULL;
out:
    free(list);
    free(edges);
    free(all);
    free(g.list);
    return r;
}

int bw_bound_list(struct bw_catalogue *c,
                  const char *circuit,
                  const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  struct bw_bound **ret,
                  size_t *ret_n,
                  int64_t *ret_unread,
                  struct bw_err *reterr)
{
    struct gathered g = {.n = 0};
    struct bw_bound *list = NULL;
    size_t n = 0;
    int r = gather(c, circuit, true, &g, reterr);
    if (r < 0) {
        goto out;
    }
    list = calloc(g.n + 1, sizeof(*list));
    if (!list) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < g.n; i++) {
        const struct bw_bound *b = &g.list[i].bound;
        bool early = b->last_day[0] && day_start(tz, b->last_day, 1) <= from_unix_s;
        bool late = b->first_day[0] && day_start(tz, b->first_day, 0) >= to_unix_s;
        bool gone = b->ended_by[0] && b->ended_unix_s <= from_unix_s;
        if (!early && !late && !gone) {
            list[n++] = *b;
        }
    }
    *ret = list;
    *ret_n = n;
    *ret_unread = g.unread;
    list = NULL;
out:
    free(list);
    free(g.list);
    return r;
}
