/* SPDX-License-Identifier: GPL-3.0-or-later
 * bound.c - what bound claims come to from day to day.
 *
 * Invariant: a claim counts from its first to its last day and no further. Nothing is
 * claimed where no claim holds. */
#include "bound.h"
#include "bound_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

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

/* What a claim says where it names no layer is held against IP. */
static int64_t layer_of(int64_t layer)
{
    return layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : layer;
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
    int64_t at = BW_LAYER_UNKNOWN; /* of those with a speed */
    *ret = (struct bw_bound_claim){.from_unix_s = from_unix_s,
                                   .to_unix_s = to_unix_s,
                                   .bps = {BW_UNKNOWN, BW_UNKNOWN}};
    for (size_t i = 0; i < n; i++) {
        const struct bw_bound *b = all[i].bound;
        const int64_t *bps = b->typed_wrong ? unknown : b->bps;
        if (all[i].from_unix_s > from_unix_s || all[i].to_unix_s < to_unix_s) {
            continue;
        }
        if (bps[BW_DOWN] != BW_UNKNOWN || bps[BW_UP] != BW_UNKNOWN) {
            ret->two_layers =
                ret->two_layers || (at != BW_LAYER_UNKNOWN && at != layer_of(b->layer));
            at = layer_of(b->layer);
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
    if (ret->two_layers) {
        ret->bps[BW_DOWN] = BW_UNKNOWN;
        ret->bps[BW_UP] = BW_UNKNOWN;
        ret->layer = BW_LAYER_UNKNOWN;
        ret->provider[0] = '\0';
    }
}

/* The stretches of each claim, and every instant at which one begins or ends; those outside
 * the period as well, for one within it may end where they begin. */
static size_t lay_out(const struct bw_bound_gathered *g,
                      const struct bw_tz *tz,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      struct stretch *all,
                      int64_t *edges)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct bw_bound *b = &g->list[i].bound;
        if (!b->claim_id[0] || b->idle) {
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

/* A later version of a claim that says the same of the line is no new claim. */
static bool goes_on(const struct bw_bound_claim *a, const struct bw_bound_claim *b)
{
    return b->n > 0 && a->to_unix_s == b->from_unix_s && a->n == b->n &&
           a->bps[BW_DOWN] == b->bps[BW_DOWN] && a->bps[BW_UP] == b->bps[BW_UP] &&
           a->layer == b->layer && a->two_layers == b->two_layers &&
           a->typed_wrong == b->typed_wrong && strcmp(a->claims, b->claims) == 0 &&
           strcmp(a->provider, b->provider) == 0;
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
    struct bw_bound_gathered g = {.n = 0};
    struct bw_bound_claim *list = NULL;
    struct stretch *all = NULL;
    int64_t *edges = NULL;
    size_t n_list = 0;
    int r = bw_bound_gather(c, circuit, false, tz, &g, reterr);
    if (r < 0) {
        goto out;
    }
    if (g.n > BW_BOUND_MAX) {
        r = bw_err_set(reterr, -E2BIG, "more than %d bindings and versions of claims of %s",
                       BW_BOUND_MAX, circuit);
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
        if (n_list > 0 && goes_on(&list[n_list - 1], &list[n_list])) {
            list[n_list - 1].to_unix_s = list[n_list].to_unix_s;
        } else {
            n_list += list[n_list].n > 0;
        }
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

enum when {
    WHEN_NEVER,
    WHEN_IDLE, /* it holds only after the period, and was said after that began */
    WHEN_IN_IT
};

static enum when touches(const struct bw_bound *b,
                         const struct bw_tz *tz,
                         int64_t from_unix_s,
                         int64_t to_unix_s)
{
    bool early = b->last_day[0] && day_start(tz, b->last_day, 1) <= from_unix_s;
    bool late = b->first_day[0] && day_start(tz, b->first_day, 0) >= to_unix_s;
    bool gone = b->ended_by[0] && b->ended_unix_s <= from_unix_s;
    bool none = b->last_day[0] && strcmp(b->first_day, b->last_day) > 0;

    if (b->idle || (late && !none && b->replaced && !b->ended_by[0])) {
        return b->claim_said_unix_s > from_unix_s ? WHEN_IDLE : WHEN_NEVER;
    }
    return early || late || gone || none ? WHEN_NEVER : WHEN_IN_IT;
}

/* Is another version by this binding in the list of n? */
static bool has_another(const struct bw_bound *list, size_t n, const struct bw_bound *b)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].binding_id, b->binding_id) == 0) {
            return true;
        }
    }
    return false;
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
    struct bw_bound_gathered g = {.n = 0};
    struct bw_bound *list = NULL;
    size_t n = 0;
    int r = bw_bound_gather(c, circuit, true, tz, &g, reterr);
    if (r < 0) {
        goto out;
    }
    list = calloc(g.n + 1, sizeof(*list));
    if (!list) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < g.n; i++) { /* an older version begins earlier */
        const struct bw_bound *b = &g.list[i].bound;
        enum when when = touches(b, tz, from_unix_s, to_unix_s);
        if (when == WHEN_IN_IT || (when == WHEN_IDLE && has_another(list, n, b))) {
            list[n] = *b;
            list[n++].idle = when == WHEN_IDLE;
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

/* As many whole keys as there is room for. */
static void short_keys(const char *claims, char out[80])
{
    size_t n = strlen(claims);

    if (n > 76) {
        for (n = 72; n > 0 && claims[n] != ','; n--) {
        }
        (void)snprintf(out, 80, "%.*s, …", n > 0 ? (int)n : 72, claims);
    } else {
        (void)snprintf(out, 80, "%.79s", claims);
    }
}

void bw_bound_claim_words(const struct bw_bound_claim *b, char *ret, size_t n)
{
    const char *more = b->typed_wrong
                           ? "more than 101 Gbps filed, typed wrong?" /* 38 bytes */
                       : b->two_layers ? "at unlike layers, which is less not told"
                                       : b->provider;
    char claims[80];

    short_keys(b->claims, claims);
    (void)snprintf(ret, n, "%s%s" BW_BOUND_MARK "%s%.40s",
                   b->n > 1 && !b->two_layers ? "the lesser of " : "", claims,
                   more[0] ? "; " : "", more);
}
