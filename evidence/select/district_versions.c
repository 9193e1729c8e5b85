/* SPDX-License-Identifier: GPL-3.0-or-later
 * district_versions.c - which version of each claim is good on a day.
 *
 * Invariant: a correction never reaches back by itself, as bindings have it: it holds from
 * the day that it names (`from`), else from the day on which it was said; the first version
 * since ever. */
#include "district_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <claimline.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

struct version {
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char id[BW_HASH_LEN + 1];
    char ended_by[BW_HASH_LEN + 1];
    int64_t position;
    int64_t said_unix_s;
};

struct versions {
    struct version *list;
    size_t n;
    size_t cap;
};

static int take(void *owner, const struct bw_said *s)
{
    struct versions *v = owner;
    void *grown = bw_grow(v->list, v->n, &v->cap, sizeof(*v->list));

    if (!grown) {
        return -ENOMEM;
    }
    v->list = grown;
    struct version *to = &v->list[v->n++];
    memcpy(to->about, s->statement->about, sizeof(to->about));
    memcpy(to->id, s->id, sizeof(to->id));
    memcpy(to->ended_by, s->ended_by, sizeof(to->ended_by));
    to->position = s->position;
    to->said_unix_s = s->statement->said_unix_s;
    return 0;
}

static int by_about(const void *a, const void *b)
{
    const struct version *x = a;
    const struct version *y = b;
    int r = strcmp(x->about, y->about);

    return r ? r : (x->position > y->position) - (x->position < y->position);
}

static int by_position(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static int take_from(void *owner, const struct bw_said *s)
{
    char *ret = owner;
    struct bw_claimline c;

    if (s->statement->body &&
        bw_claimline_decode(s->statement->body, s->statement->n_body, &c, NULL) == 0) {
        memcpy(ret, c.from, sizeof(c.from));
        bw_claimline_done(&c);
    }
    return 0;
}

/* The first day of a version that took another's place. */
static int first_day(struct bw_catalogue *c,
                     const struct version *v,
                     const struct bw_tz *tz,
                     char ret[BW_DATE_LEN + 1],
                     struct bw_err *reterr)
{
    struct bw_civil x;
    int r;

    ret[0] = '\0';
    r = c->ops->statement_find(c, v->id, take_from, ret, reterr);
    if (r == 0 && !ret[0]) {
        bw_tz_local(tz, v->said_unix_s, &x);
        bw_civil_date(bw_civil_days(x.year, x.month, x.day), ret);
    }
    return r;
}

/* The newest of n versions of one claim whose place `v` took, or NULL. */
static const struct version *
before(const struct version *list, size_t n, const struct version *v)
{
    for (size_t i = n; i-- > 0;) {
        if (strcmp(list[i].ended_by, v->id) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

/* From the one that is in force back to the one that was on that day. */
static int choose(struct bw_catalogue *c,
                  const struct version *list,
                  size_t n,
                  const struct bw_tz *tz,
                  const char *day,
                  const struct version **v,
                  struct bw_err *reterr)
{
    const struct version *old;

    for (size_t left = n; left > 0 && (old = before(list, n, *v)); left--) {
        char first[BW_DATE_LEN + 1];
        int r = first_day(c, *v, tz, first, reterr);
        if (r < 0) {
            return r;
        }
        if (strcmp(first, day) <= 0) {
            break;
        }
        *v = old;
    }
    return 0;
}

int bw_select_versions(struct bw_catalogue *c,
                       const struct bw_tz *tz,
                       const char *day,
                       int64_t **ret,
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    struct versions all = {.n = 0};
    int64_t *taken = NULL;
    size_t n = 0;
    int r = c->ops->statements(c, &(struct bw_said_query){.kind = "claim", .ended = true},
                               take, &all, reterr);

    taken = r < 0 ? NULL : calloc(all.n + 1, sizeof(*taken));
    if (!taken) {
        r = r < 0 ? r : -ENOMEM;
        goto out;
    }
    if (all.n > 1) {
        qsort(all.list, all.n, sizeof(*all.list), by_about);
    }
    for (size_t i = 0, end = 0; r == 0 && i < all.n; i = end) {
        while (end < all.n && strcmp(all.list[end].about, all.list[i].about) == 0) {
            end++;
        }
        for (size_t k = i; r == 0 && k < end; k++) {
            const struct version *v = &all.list[k];
            if (!v->ended_by[0]) {
                r = choose(c, &all.list[i], end - i, tz, day, &v, reterr);
                taken[n++] = v->position;
            }
        }
    }
    qsort(taken, n, sizeof(*taken), by_position);
    *ret = taken;
    *ret_n = n;
    taken = NULL;
out:
    free(taken);
    free(all.list);
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

bool bw_select_is_taken(const int64_t *taken, size_t n, int64_t position)
{
    return bsearch(&position, taken, n, sizeof(*taken), by_position) != NULL;
}
