/* SPDX-License-Identifier: GPL-3.0-or-later
 * sharing.c - whether the bill of a claim is one circuit's.
 *
 * Invariant: no share of a bill is guessed; circuits are counted and not named. */
#include "sharing.h"

#include <binding.h>
#include <bw/err.h>
#include <bw/units.h>
#include <catalogue.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A circuit and the days on which it is bound; "" is without end. */
struct stay {
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char from[BW_DATE_LEN + 1];
    char to[BW_DATE_LEN + 1];
};

struct bw_sharing_tie {
    char claim[BW_STATEMENT_ABOUT_MAX + 1];
    struct stay stay;
};

struct gathering {
    const char *first_day;
    const char *last_day;
    struct stay *list;
    size_t n;
    size_t cap;
};

static int add_stay(struct gathering *g, const struct stay *s)
{
    struct stay *grown;

    if ((s->from[0] && strcmp(s->from, g->last_day) > 0) ||
        (s->to[0] && strcmp(s->to, g->first_day) < 0)) {
        return 0;
    }
    grown = bw_grow(g->list, g->n, &g->cap, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    g->list = grown;
    g->list[g->n++] = *s;
    return 0;
}

static int take(void *owner, const struct bw_said *said)
{
    struct bw_sharings *all = owner;
    const struct bw_statement *s = said->statement;
    struct bw_binding b;
    struct bw_sharing_tie *grown;

    if (!s->body || bw_binding_decode(s->body, s->n_body, &b, NULL) < 0) {
        return 0;
    }
    grown = bw_grow(all->list, all->n, &all->cap, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    all->list = grown;
    grown = &all->list[all->n++];
    memset(grown, 0, sizeof(*grown));
    (void)snprintf(grown->claim, sizeof(grown->claim), "%s", b.claim);
    memcpy(grown->stay.about, s->about, sizeof(grown->stay.about));
    memcpy(grown->stay.from, b.from, sizeof(grown->stay.from));
    memcpy(grown->stay.to, b.to, sizeof(grown->stay.to));
    return 0;
}

static int by_claim(const void *a, const void *b)
{
    return strcmp(((const struct bw_sharing_tie *)a)->claim,
                  ((const struct bw_sharing_tie *)b)->claim);
}

/* By circuit, and of one by their first day, those without one ("") first. */
static int by_circuit(const void *a, const void *b)
{
    const struct stay *x = a;
    const struct stay *y = b;
    int order = strcmp(x->about, y->about);

    return order ? order : strcmp(x->from, y->from);
}

static int by_from(const void *a, const void *b)
{
    return strcmp(((const struct stay *)a)->from, ((const struct stay *)b)->from);
}

/* Last days, those without end ("") last. */
static int by_day(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;

    return x[0] && y[0] ? strcmp(x, y) : !x[0] - !y[0];
}

/* Stays of one circuit that meet become one, so that it never counts twice on a day. */
static void join(struct gathering *g)
{
    size_t n = 0;

    qsort(g->list, g->n, sizeof(*g->list), by_circuit);
    for (size_t i = 1; i < g->n; i++) {
        struct stay *last = &g->list[n];
        const struct stay *s = &g->list[i];
        if (strcmp(last->about, s->about) != 0 ||
            (last->to[0] && strcmp(s->from, last->to) > 0)) {
            g->list[++n] = *s;
        } else if (last->to[0] && (!s->to[0] || strcmp(s->to, last->to) > 0)) {
            memcpy(last->to, s->to, sizeof(last->to));
        }
    }
    g->n = n + 1;
}

/* The most that there are on one day, once joined: days on which none begins have no more
 * than the day before. */
static int most_of(struct gathering *g, int64_t *ret)
{
    const char **ends = calloc(g->n, sizeof(*ends));
    size_t ended = 0;

    if (!ends) {
        return -ENOMEM;
    }
    qsort(g->list, g->n, sizeof(*g->list), by_from);
    for (size_t i = 0; i < g->n; i++) {
        ends[i] = g->list[i].to;
    }
    qsort(ends, g->n, sizeof(*ends), by_day);
    *ret = 0;
    for (size_t i = 0; i < g->n; i++) {
        const char *from = g->list[i].from;
        while (ends[ended][0] && strcmp(ends[ended], from) < 0) {
            ended++;
        }
        *ret = (int64_t)(i + 1 - ended) > *ret ? (int64_t)(i + 1 - ended) : *ret;
    }
    free(ends);
    return 0;
}

int bw_sharings_read(struct bw_catalogue *c, struct bw_sharings *ret, struct bw_err *reterr)
{
    int r = c->ops->statements(c, &(struct bw_said_query){.kind = "binding"}, take, ret,
                               reterr);

    if (r == 0 && ret->n > 1) {
        qsort(ret->list, ret->n, sizeof(*ret->list), by_claim);
    }
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

void bw_sharings_done(struct bw_sharings *s)
{
    free(s->list);
    memset(s, 0, sizeof(*s));
}

int bw_sharings_count(const struct bw_sharings *s,
                      const char *claim,
                      const char *first_day,
                      const char *last_day,
                      int64_t *ret)
{
    struct gathering g = {.first_day = first_day, .last_day = last_day};
    size_t low = 0;
    size_t high = s->n;
    int r = 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(s->list[mid].claim, claim) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; r == 0 && low < s->n && strcmp(s->list[low].claim, claim) == 0; low++) {
        r = add_stay(&g, &s->list[low].stay);
    }
    *ret = 0;
    if (r == 0 && g.n > 0) {
        join(&g);
        r = most_of(&g, ret);
    }
    free(g.list);
    return r;
}

int bw_sharing_count(struct bw_catalogue *c,
                     const char *claim,
                     const char *first_day,
                     const char *last_day,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    struct bw_sharings all = {.n = 0};
    int r = bw_sharings_read(c, &all, reterr);

    *ret = 0;
    if (r == 0 && bw_sharings_count(&all, claim, first_day, last_day, ret) < 0) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_sharings_done(&all);
    return r;
}

/* Lines of a claim; unknown where it states none, or no whole number. */
static int64_t lines_of(const struct bw_decimal *quantity)
{
    int64_t n;

    return quantity->n != BW_UNKNOWN && bw_decimal_whole(quantity, 1, &n) == 0 && n > 0
               ? n
               : BW_UNKNOWN;
}

bool bw_sharing_is(const struct bw_decimal *quantity, int64_t n_circuits)
{
    int64_t n = lines_of(quantity);

    return n_circuits > (n == BW_UNKNOWN ? 1 : n);
}

void bw_sharing_words(const struct bw_decimal *quantity,
                      int64_t n_circuits,
                      char out[BW_SHARING_WORDS_MAX])
{
    int64_t n = lines_of(quantity);
    char lines[48];

    if (n == BW_UNKNOWN) {
        (void)snprintf(lines, sizeof(lines),
                       ", which does not say of how many lines it is");
    } else if (n == 1) {
        (void)snprintf(lines, sizeof(lines), " of one line");
    } else {
        (void)snprintf(lines, sizeof(lines), " of %lld lines", (long long)n);
    }
    (void)snprintf(out, BW_SHARING_WORDS_MAX, "%lld circuits are bound to that claim%s",
                   (long long)n_circuits, lines);
}
