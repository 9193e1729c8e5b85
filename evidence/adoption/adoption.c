/* SPDX-License-Identifier: GPL-3.0-or-later
 * adoption.c - the table of an adoption's members, and those on file.
 *
 * Invariant: what is adopted is one version of a rule, so that a changed rule does not
 * govern before the state has looked at it. */
#include "adoption.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)
#define AT(member)                                                                         \
    .at = offsetof(struct bw_adopt, member),                                               \
    .size = sizeof(((struct bw_adopt *)NULL)->member)

const struct bw_field bw_adopt_fields[] = {
    {.name = "from_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(from_unix_s)},
    {.name = "version",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 1,
     .max = 1000000,
     AT(version)},
    {.name = "text", .kind = BW_FIELD_TEXT, AT(text)},
};
const size_t bw_adopt_n_fields = sizeof(bw_adopt_fields) / sizeof(bw_adopt_fields[0]);

const struct bw_field bw_adopt_end_fields[] = {
    {.name = "from_s",
     .kind = BW_FIELD_INT,
     .min = 0,
     .max = UNIX_S_MAX,
     .at = offsetof(struct bw_adopt_end, from_unix_s),
     .size = sizeof(int64_t)},
    {.name = "text",
     .kind = BW_FIELD_TEXT,
     .at = offsetof(struct bw_adopt_end, text),
     .size = BW_ADOPTION_TEXT_MAX + 1},
};
const size_t bw_adopt_end_n_fields =
    sizeof(bw_adopt_end_fields) / sizeof(bw_adopt_end_fields[0]);

void bw_adopt_init(struct bw_adopt *a)
{
    memset(a, 0, sizeof(*a));
    bw_fields_init(bw_adopt_fields, bw_adopt_n_fields, a);
}

struct reading {
    struct bw_adoption *list;
    char (*ended_by)[BW_HASH_LEN + 1]; /* beside it */
    size_t n;
    size_t cap;
    size_t cap_ended;
};

static int take(void *owner, const struct bw_said *said)
{
    static const char about[] = "rule:";
    struct reading *r = owner;
    const struct bw_statement *s = said->statement;
    struct bw_adoption *to;
    struct bw_adopt a;
    char day[BW_CIVIL_DATE_LEN + 1];
    void *room;

    memset(&a, 0, sizeof(a));
    if (!s->body || strncmp(s->about, about, sizeof(about) - 1) != 0 ||
        bw_fields_decode(bw_adopt_fields, bw_adopt_n_fields, s->body, s->n_body, &a, NULL) <
            0) {
        return 0;
    }
    if (r->n == BW_ADOPTIONS_MAX) {
        return -E2BIG;
    }
    room = bw_grow(r->list, r->n, &r->cap, sizeof(*r->list));
    if (!room) {
        return -ENOMEM;
    }
    r->list = room;
    room = bw_grow(r->ended_by, r->n, &r->cap_ended, sizeof(*r->ended_by));
    if (!room) {
        return -ENOMEM;
    }
    r->ended_by = room;
    memcpy(r->ended_by[r->n], said->ended_by, sizeof(*r->ended_by));
    to = &r->list[r->n++];
    *to = (struct bw_adoption){
        .from_unix_s = a.from_unix_s, .to_unix_s = BW_UNKNOWN, .version = a.version};
    (void)snprintf(to->rule, sizeof(to->rule), "%s", s->about + sizeof(about) - 1);
    bw_civil_date(said->statement->said_unix_s / 86400, day);
    (void)snprintf(to->words, sizeof(to->words), "said by %s on %s%s%.130s", s->by, day,
                   a.text[0] ? ": " : "", a.text);
    return 0;
}

/* What ended one: to_unix_s becomes when; what took its place leaves nothing of it, not
 * the rule's name. */
static int take_end(void *owner, const struct bw_said *said)
{
    struct bw_adoption *to = owner;
    const struct bw_statement *s = said->statement;
    struct bw_adopt_end end;
    char day[BW_CIVIL_DATE_LEN + 1];
    size_t n = strlen(to->words);

    memset(&end, 0, sizeof(end));
    if (s->kind != BW_STATEMENT_WITHDRAWAL) {
        to->rule[0] = '\0';
        return 0;
    }
    if (!s->body || bw_fields_decode(bw_adopt_end_fields, bw_adopt_end_n_fields, s->body,
                                     s->n_body, &end, NULL) < 0) {
        end.from_unix_s = BW_UNKNOWN;
    }
    to->to_unix_s = end.from_unix_s == BW_UNKNOWN ? s->said_unix_s : end.from_unix_s;
    bw_civil_date(to->to_unix_s / 86400, day);
    (void)snprintf(to->words + n, sizeof(to->words) - n, "; until %s UTC, as %.20s said",
                   day, s->by);
    return 0;
}

static int end_all(struct bw_catalogue *c, struct reading *x, struct bw_err *reterr)
{
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < x->n; i++) {
        struct bw_adoption *a = &x->list[i];
        if (x->ended_by[i][0]) {
            r = c->ops->statement_find(c, x->ended_by[i], take_end, a, reterr);
        }
        if (a->rule[0]) {
            x->list[n++] = *a;
        }
    }
    x->n = n;
    return r;
}

int bw_adoptions_read(struct bw_catalogue *c,
                      struct bw_adoption **ret,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    struct reading reading = {.n = 0};
    const struct bw_said_query q = {.kind = "adoption", .ended = true};
    int r = c ? c->ops->statements(c, &q, take, &reading, reterr) : 0;

    r = r < 0 ? r : end_all(c, &reading, reterr);
    free(reading.ended_by);
    reading.ended_by = NULL;
    if (r < 0) {
        free(reading.list);
        return r == -E2BIG    ? bw_err_set(reterr, r, "more than %d rules are adopted",
                                           BW_ADOPTIONS_MAX)
               : r == -ENOMEM ? bw_err_set(reterr, r, "out of memory")
                              : r;
    }
    *ret = reading.list;
    *ret_n = reading.n;
    return 0;
}
