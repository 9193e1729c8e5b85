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

void bw_adopt_init(struct bw_adopt *a)
{
    memset(a, 0, sizeof(*a));
    bw_fields_init(bw_adopt_fields, bw_adopt_n_fields, a);
}

struct reading {
    struct bw_adoption *list;
    size_t n;
    size_t cap;
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
    to = &r->list[r->n++];
    *to = (struct bw_adoption){.from_unix_s = a.from_unix_s, .version = a.version};
    (void)snprintf(to->rule, sizeof(to->rule), "%s", s->about + sizeof(about) - 1);
    bw_civil_date(said->statement->said_unix_s / 86400, day);
    (void)snprintf(to->words, sizeof(to->words), "said by %s on %s%s%.150s", s->by, day,
                   a.text[0] ? ": " : "", a.text);
    return 0;
}

int bw_adoptions_read(struct bw_catalogue *c,
                      struct bw_adoption **ret,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    struct reading reading = {.n = 0};
    int r = c->ops->statements(c, &(struct bw_said_query){.kind = "adoption"}, take,
                               &reading, reterr);

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
