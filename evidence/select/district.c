/* SPDX-License-Identifier: GPL-3.0-or-later
 * district.c - districts on a day: their schools, their students, what they claim.
 *
 * Invariant: a sum stands only where every part of it is known, or says "at least". */
#include "district.h"

#include "district_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct bw_district *list;
    size_t n;
    int64_t *taken; /* positions of the claims' versions of that day */
    size_t n_taken;
};

/* A user more; a district may have more schools than a list of recipients may hold. */
static int add_user(struct bw_district *d, const char *number)
{
    void *grown =
        bw_grow(d->users.text, d->users.n, &d->cap_users, sizeof(d->users.text[0]));

    if (!grown) {
        return -ENOMEM;
    }
    d->users.text = grown;
    memset(d->users.text[d->users.n], 0, sizeof(d->users.text[0]));
    (void)snprintf(d->users.text[d->users.n++], sizeof(d->users.text[0]), "%s", number);
    return 0;
}

static int on_entity(void *owner, const struct bw_said *s)
{
    struct reading *x = owner;
    struct bw_entityline e;

    if (!s->statement->body ||
        bw_entityline_decode(s->statement->body, s->statement->n_body, &e, NULL) < 0) {
        return 0; /* of a newer version */
    }
    for (size_t i = 0; i < x->n; i++) {
        struct bw_district *d = &x->list[i];
        if (strcmp(e.number, d->number) == 0) {
            (void)snprintf(d->name, sizeof(d->name), "%.*s", BW_CLAIM_NAME_MAX, e.name);
        } else if (strcmp(e.parent, d->number) == 0) {
            d->n_schools++;
            d->students = d->students == BW_UNKNOWN || e.students == BW_UNKNOWN
                              ? BW_UNKNOWN
                              : d->students + e.students;
            if (add_user(d, e.number) < 0) {
                return -ENOMEM;
            }
        }
    }
    return 0;
}

static int on_claim(void *owner, const struct bw_said *s)
{
    struct reading *x = owner;
    struct bw_claimline c;
    int r = 0;

    if (!bw_select_is_taken(x->taken, x->n_taken, s->position) || !s->statement->body ||
        bw_claimline_decode(s->statement->body, s->statement->n_body, &c, NULL) < 0) {
        return 0;
    }
    for (size_t i = 0; r == 0 && i < x->n; i++) {
        struct bw_district *d = &x->list[i];
        if (!d->name[0] && strcmp(c.payer, d->number) == 0) {
            memcpy(d->name, c.payer_name, sizeof(d->name));
        }
        r = bw_claimed_add(&d->claimed, s->statement->about, &c);
    }
    bw_claimline_done(&c);
    return r;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

int bw_districts_read(struct bw_catalogue *c,
                      struct bw_district *list,
                      size_t n,
                      int64_t year,
                      const char *day,
                      const struct bw_tz *tz,
                      struct bw_err *reterr)
{
    struct reading x = {.list = list, .n = n};
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = add_user(&list[i], list[i].number);
    }
    r = r < 0 ? r
              : c->ops->statements(c, &(struct bw_said_query){.kind = "entity"}, on_entity,
                                   &x, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct bw_district *d = &list[i];
        if (d->n_schools == 0) {
            d->students = BW_UNKNOWN;
        }
        qsort(d->users.text, d->users.n, sizeof(d->users.text[0]), by_text);
        bw_claimed_init(&d->claimed, d->number, year, day, &d->users);
    }
    r = r < 0 ? r : bw_select_versions(c, tz, day, &x.taken, &x.n_taken, reterr);
    r = r < 0
            ? r
            : c->ops->statements(c, &(struct bw_said_query){.kind = "claim", .ended = true},
                                 on_claim, &x, reterr);
    free(x.taken);
    for (size_t i = 0; r == 0 && i < n; i++) {
        bw_claimed_settle(&list[i].claimed);
    }
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

void bw_district_done(struct bw_district *d)
{
    bw_claimed_done(&d->claimed);
    free(d->users.text);
    memset(d, 0, sizeof(*d));
}

int64_t bw_district_year(const char *day)
{
    return strtoll(day, NULL, 10) - (strcmp(day + 5, "07-01") < 0);
}
