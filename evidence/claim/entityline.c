/* SPDX-License-Identifier: GPL-3.0-or-later
 * entityline.c - the table of an entity's members.
 *
 * Invariant: an NCES id is made of codes of exactly the right lengths, or not at all. */
#include "entityline.h"

#include <buf.h>
#include <bw/err.h>
#include <stdio.h>
#include <string.h>

#define AT(member)                                                                         \
    .at = offsetof(struct bw_entityline, member),                                          \
    .size = sizeof(((struct bw_entityline *)NULL)->member)
#define TEXT(member)                                                                       \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_TEXT, AT(member)                                 \
    }
#define DIGITS(member, low, high)                                                          \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_DIGITS, .min = (low), .max = (high), AT(member)  \
    }

/* City, suburb (each large, midsize, small), town, rural (each fringe, distant, remote). */
static const char *const locales[] = {"",   "11", "12", "13", "21", "22", "23",
                                      "31", "32", "33", "41", "42", "43", NULL};

const struct bw_field bw_entityline_fields[] = {
    {.name = "number",
     .kind = BW_FIELD_DIGITS,
     .needed = true,
     .min = 1,
     .max = BW_NUMBER_MAX,
     AT(number)},
    TEXT(name),
    TEXT(type),
    TEXT(status),
    DIGITS(parent, 1, BW_NUMBER_MAX),
    TEXT(state),
    TEXT(county),
    {.name = "students", .kind = BW_FIELD_INT, .min = 0, .max = 100000000, AT(students)},
    DIGITS(nces_state, 1, 7),
    DIGITS(nces_district, 1, 11),
    DIGITS(nces_building, 1, 11),
    {.name = "locale", .kind = BW_FIELD_CHOICE, .words = locales, AT(locale)},
};
const size_t bw_entityline_n_fields =
    sizeof(bw_entityline_fields) / sizeof(bw_entityline_fields[0]);

void bw_entityline_init(struct bw_entityline *e)
{
    memset(e, 0, sizeof(*e));
    bw_fields_init(bw_entityline_fields, bw_entityline_n_fields, e);
}

int bw_entityline_encode(const struct bw_entityline *e,
                         struct bw_buf *out,
                         struct bw_err *reterr)
{
    return bw_fields_encode(bw_entityline_fields, bw_entityline_n_fields, e, out, reterr);
}

int bw_entityline_decode(const char *text,
                         size_t n,
                         struct bw_entityline *ret,
                         struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    return bw_fields_decode(bw_entityline_fields, bw_entityline_n_fields, text, n, ret,
                            reterr);
}

const char *bw_entityline_locale(const struct bw_entityline *e)
{
    return locales[e->locale];
}

void bw_entityline_nces(const struct bw_entityline *e,
                        char ret_leaid[8],
                        char ret_ncessch[13])
{
    ret_leaid[0] = '\0';
    ret_ncessch[0] = '\0';
    if (strlen(e->nces_state) == 2 && strlen(e->nces_district) == 5) {
        (void)snprintf(ret_leaid, 8, "%.2s%.5s", e->nces_state, e->nces_district);
        if (strlen(e->nces_building) == 5) {
            (void)snprintf(ret_ncessch, 13, "%.7s%.5s", ret_leaid, e->nces_building);
        }
    }
}
