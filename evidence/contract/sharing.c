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

struct gathering {
    const char *claim;
    const char *first_day;
    const char *last_day;
    struct stay *list;
    size_t n;
    size_t cap;
};

static int take(void *owner, const struct bw_said *said)
{
    struct gathering *g = owner;
    const struct bw_statement *s = said->statement;
    struct bw_binding b;
    struct stay *grown;

    if (!s->body || bw_binding_decode(s->body, s->n_body, &b, NULL) < 0 ||
        strcmp(b.claim, g->claim) != 0 || (b.from[0] && strcmp(b.from, g->last_day) > 0) ||
        (b.to[0] && strcmp(b.to, g->first_day) < 0)) {
        return 0;
    }
    grown = bw_grow(g->list, g->n, &g->cap, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    g->list = grown;
    grown = &g->list[g->n++];
    memcpy(grown->about, s->about, sizeof(grown->about));
    memcpy(grown->from, b.from, sizeof(grown->from));
    memcpy(grown->to, b.to, sizeof(grown->to));
    return 0;
}

static int by_circuit(const void *a, const void *b)
{
    const struct stay *x = a;
    const struct stay *y = b;

    return strcmp(x->about, y->about);
}

static int64_t bound_on(const struct gathering *g, const char *day)
{
    const char *last = NULL; /* that was counted */
    int64_t n = 0;

    for (size_t i = 0; i < g->n; i++) {
        const struct stay *s = &g->list[i];
        if ((!s->from[0] || strcmp(s->from, day) <= 0) &&
            (!s->to[0] || strcmp(s->to, day) >= 0) &&
            (!last || strcmp(last, s->about) != 0)) {
            last = s->about;
            n++;
        }
    }
    return n;
}

int bw_sharing_count(struct bw_catalogue *c,
                     const char *claim,
                     const char *first_day,
                     const char *last_day,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    struct gathering g = {.claim = claim, .first_day = first_day, .last_day = last_day};
    int64_t most;
    int r =
        c->ops->statements(c, &(struct bw_said_query){.kind = "binding"}, take, &g, reterr);

    if (r < 0) {
        r = r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
        goto out;
    }
    if (g.n > 1) {
        qsort(g.list, g.n, sizeof(*g.list), by_circuit);
    }
    /* They are most on a day on which one of them begins. */
    most = bound_on(&g, first_day);
    for (size_t i = 0; i < g.n; i++) {
        int64_t n =
            strcmp(g.list[i].from, first_day) > 0 ? bound_on(&g, g.list[i].from) : 0;
        most = n > most ? n : most;
    }
    *ret = most;
out:
    free(g.list);
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
