/* SPDX-License-Identifier: GPL-3.0-or-later
 * known_locale.c - where entities stand, as NCES has it: of an import's entity statements.
 *
 * Invariant: an entity of the collector's list is the one of a number where its id ends in
 * those digits, as selections have it (evidence/select/graph.c); nothing is likened by
 * name. */
#include "known_private.h"

#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MIN = 4
};

static int on_entity_said(void *owner, const struct bw_said *s)
{
    struct bw_known *k = owner;
    struct bw_entityline e;
    struct bw_known_locale *grown;
    const char *code;

    if (!s->statement->body ||
        bw_entityline_decode(s->statement->body, s->statement->n_body, &e, NULL) < 0) {
        return 0;
    }
    code = bw_entityline_locale(&e);
    if (!code[0]) {
        return 0;
    }
    grown = bw_grow(k->locales, k->n_locales, &k->cap_locales, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    k->locales = grown;
    grown = &k->locales[k->n_locales++];
    memcpy(grown->number, e.number, sizeof(grown->number));
    grown->code = (int)strtol(code, NULL, 10);
    grown->position = s->position;
    return 0;
}

/* Of one number the newest last. */
static int by_number(const void *a, const void *b)
{
    const struct bw_known_locale *x = a;
    const struct bw_known_locale *y = b;
    int r = strcmp(x->number, y->number);

    return r != 0 ? r : x->position < y->position ? -1 : x->position > y->position;
}

int bw_known_read_locales(struct bw_known *k, struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = bw_statement_kind_name(BW_STATEMENT_ENTITY)};
    int r = k->catalogue->ops->statements(k->catalogue, &q, on_entity_said, k, reterr);

    if (r == 0 && k->n_locales > 1) {
        qsort(k->locales, k->n_locales, sizeof(*k->locales), by_number);
    }
    return r;
}

int bw_known_locale(const struct bw_known *k, const char *entity)
{
    const char *digits = entity + strcspn(entity, "0123456789");
    size_t n = strspn(digits, "0123456789");
    size_t low = 0;
    size_t high = k->n_locales;

    if (n < DIGITS_MIN || n > BW_NUMBER_MAX || digits[n] != '\0') {
        return 0;
    }
    while (low < high) { /* behind the last one of the number */
        size_t mid = low + (high - low) / 2;
        if (strcmp(k->locales[mid].number, digits) <= 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low > 0 && strcmp(k->locales[low - 1].number, digits) == 0
               ? k->locales[low - 1].code
               : 0;
}
