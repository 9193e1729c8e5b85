/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices_read.c - every claim on file as a line with its price, who pays, and in which
 * region that is.
 *
 * Invariant: a payer is an entity of the collector's list only where that entity's id ends
 * in its number, or where what is on file of the payer names such a parent; no name is
 * likened. */
#include "prices.h"

#include <bw/err.h>
#include <catalogue.h>
#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <sharing.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_BLOCK = 65536,
    STEPS_MAX = 8, /* parents of parents */
    DIGITS_MIN = 4,
    SLOTS_FIRST = 1024
};

#define OPEN_DATA "import usac"

/* ---- texts ------------------------------------------------------------------------ */

struct block {
    struct block *next;
    size_t used;
    size_t size;
    char bytes[];
};

static const char *keep(struct bw_prices *p, const char *text)
{
    size_t n = strlen(text) + 1;
    struct block *b = p->texts;

    if (n == 1) {
        return "";
    }
    if (!b || b->size - b->used < n) {
        size_t size = n > TEXT_BLOCK ? n : TEXT_BLOCK;
        b = malloc(sizeof(*b) + size);
        if (!b) {
            return NULL;
        }
        b->next = p->texts;
        b->used = 0;
        b->size = size;
        p->texts = b;
    }
    char *to = b->bytes + b->used;
    memcpy(to, text, n);
    b->used += n;
    return to;
}

/* ---- a place for each key ----------------------------------------------------------- */

struct slots {
    uint32_t *at; /* 0: free, else number + 1 */
    size_t cap;   /* a power of two */
    size_t n;
};

typedef const char *(*key_cb)(const struct bw_prices *p, uint32_t i);

static size_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return (size_t)(h ^ (h >> 32));
}

static int widen(struct slots *s, const struct bw_prices *p, key_cb key, size_t cap)
{
    uint32_t *at = calloc(cap, sizeof(*at));

    if (!at) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        size_t h = hash(key(p, i)) & (cap - 1);
        while (at[h]) {
            h = (h + 1) & (cap - 1);
        }
        at[h] = i + 1;
    }
    free(s->at);
    s->at = at;
    s->cap = cap;
    return 0;
}

/* Where the key is, or would be put. */
static uint32_t *
slot(const struct slots *s, const struct bw_prices *p, key_cb key, const char *text)
{
    size_t h = hash(text) & (s->cap - 1);

    while (s->at[h] && strcmp(key(p, s->at[h] - 1), text) != 0) {
        h = (h + 1) & (s->cap - 1);
    }
    return &s->at[h];
}

static const char *payer_key(const struct bw_prices *p, uint32_t i)
{
    return p->payers[i].number;
}

static const char *provider_key(const struct bw_prices *p, uint32_t i)
{
    return p->providers[i].id;
}

/* ---- reading ------------------------------------------------------------------------ */

struct place {
    char id[BW_ENTITY_MAX + 1];
    char parent[BW_ENTITY_MAX + 1];
    char number[BW_NUMBER_MAX + 1]; /* in which its id ends; "" none */
    const char *name;
    bool region;
};

struct reading {
    struct bw_prices *p;
    struct bw_catalogue *c;
    struct bw_sharings sharings;
    struct slots payers;
    struct slots providers;
    struct place *places; /* by id */
    size_t n_places;
    size_t cap_places;
    const struct place **numbered; /* by number, then id */
    size_t n_numbered;
    uint16_t *named_in; /* of each provider: the year of the line that names it */
    size_t cap_named;
};

static int payer_of(struct reading *x, const struct bw_claimline *l, uint32_t *ret)
{
    struct bw_prices *p = x->p;
    uint32_t *at = slot(&x->payers, p, payer_key, l->payer);
    struct bw_price_payer *grown;

    if (!*at) {
        grown = bw_grow(p->payers, p->n_payers, &p->cap_payers, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        p->payers = grown;
        grown += p->n_payers;
        *grown = (struct bw_price_payer){.number = keep(p, l->payer),
                                         .name = keep(p, l->payer_name),
                                         .entity = "",
                                         .region = BW_PRICE_NONE};
        if (!grown->number || !grown->name) {
            return -ENOMEM;
        }
        *at = (uint32_t)++p->n_payers;
        x->payers.n = p->n_payers;
    }
    *ret = *at - 1;
    return x->payers.n * 2 > x->payers.cap
               ? widen(&x->payers, p, payer_key, x->payers.cap * 2)
               : 0;
}

static int provider_of(struct reading *x, const struct bw_claimline *l, uint32_t *ret)
{
    struct bw_prices *p = x->p;
    const char *id = l->spin[0] ? l->spin : l->provider;
    struct bw_price_name *grown;
    uint16_t *named;
    uint32_t *at;

    *ret = BW_PRICE_NONE;
    if (!id[0]) {
        return 0;
    }
    at = slot(&x->providers, p, provider_key, id);
    if (!*at) {
        named = bw_grow(x->named_in, p->n_providers, &x->cap_named, sizeof(*named));
        if (!named) {
            return -ENOMEM;
        }
        x->named_in = named;
        grown = bw_grow(p->providers, p->n_providers, &p->cap_providers, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        p->providers = grown;
        p->providers[p->n_providers] =
            (struct bw_price_name){.id = keep(p, id), .name = ""};
        if (!p->providers[p->n_providers].id) {
            return -ENOMEM;
        }
        named[p->n_providers] = 0;
        *at = (uint32_t)++p->n_providers;
        x->providers.n = p->n_providers;
    }
    *ret = *at - 1;
    if (l->provider[0] && l->year > x->named_in[*ret]) {
        x->named_in[*ret] = (uint16_t)l->year;
        p->providers[*ret].name = keep(p, l->provider);
        if (!p->providers[*ret].name) {
            return -ENOMEM;
        }
    }
    return x->providers.n * 2 > x->providers.cap
               ? widen(&x->providers, p, provider_key, x->providers.cap * 2)
               : 0;
}

static int
add_line(struct reading *x, const struct bw_said *said, const struct bw_claimline *l)
{
    struct bw_prices *p = x->p;
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];
    int64_t circuits = 0;
    struct bw_price_row *row = bw_grow(p->rows, p->n, &p->cap, sizeof(*row));
    int r;

    if (!row) {
        return -ENOMEM;
    }
    p->rows = row;
    row += p->n;
    memset(row, 0, sizeof(*row));
    (void)snprintf(first, sizeof(first), "%04u-07-01", (unsigned)l->year % 10000);
    (void)snprintf(last, sizeof(last), "%04u-06-30", (unsigned)(l->year + 1) % 10000);
    r = bw_sharings_count(&x->sharings, said->statement->about, first, last, &circuits);
    if (r < 0) {
        return r;
    }
    bw_price_judge(l, circuits, row);
    row->about = keep(p, said->statement->about);
    row->open = strcmp(said->statement->via, OPEN_DATA) == 0;
    if (!row->about) {
        return -ENOMEM;
    }
    r = payer_of(x, l, &row->payer);
    r = r < 0 ? r : provider_of(x, l, &row->provider);
    if (r == 0) {
        p->n++;
    }
    return r;
}

static int on_claim(void *owner, const struct bw_said *said)
{
    struct reading *x = owner;
    const struct bw_statement *s = said->statement;
    struct bw_claimline l;
    int r = 0;

    memset(&l, 0, sizeof(l));
    if (s->body && bw_claimline_decode(s->body, s->n_body, &l, NULL) == 0) {
        r = add_line(x, said, &l);
    } else {
        x->p->n_unread++;
    }
    bw_claimline_done(&l);
    return r;
}

/* ---- where that is --------------------------------------------------------------------
 */

static int on_place(void *owner, const struct bw_entity *e)
{
    struct reading *x = owner;
    const char *digits = e->id + strcspn(e->id, "0123456789");
    size_t n = strspn(digits, "0123456789");
    struct place *grown = bw_grow(x->places, x->n_places, &x->cap_places, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    x->places = grown;
    grown += x->n_places;
    memset(grown, 0, sizeof(*grown));
    memcpy(grown->id, e->id, sizeof(grown->id));
    memcpy(grown->parent, e->parent, sizeof(grown->parent));
    if (n >= DIGITS_MIN && n <= BW_NUMBER_MAX && digits[n] == '\0') {
        (void)snprintf(grown->number, sizeof(grown->number), "%s", digits);
    }
    grown->name = keep(x->p, e->name);
    grown->region = e->kind == BW_ENTITY_REGION;
    if (!grown->name) {
        return -ENOMEM;
    }
    x->n_places++;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

static int by_number(const void *a, const void *b)
{
    const struct place *x = *(const struct place *const *)a;
    const struct place *y = *(const struct place *const *)b;
    int order = strcmp(x->number, y->number);

    return order ? order : strcmp(x->id, y->id);
}

static int order_places(struct reading *x)
{
    if (x->n_places > 1) {
        qsort(x->places, x->n_places, sizeof(*x->places), by_id);
    }
    x->numbered = calloc(x->n_places + 1, sizeof(struct place *));
    if (!x->numbered) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < x->n_places; i++) {
        if (x->places[i].number[0]) {
            x->numbered[x->n_numbered++] = &x->places[i];
        }
    }
    if (x->n_numbered > 1) {
        qsort((void *)x->numbered, x->n_numbered, sizeof(struct place *), by_number);
    }
    return 0;
}

static const struct place *place_of(const struct reading *x, const char *id)
{
    struct place key = {.id = ""};

    if (!id[0] || x->n_places == 0) {
        return NULL;
    }
    memcpy(key.id, id, sizeof(key.id));
    return bsearch(&key, x->places, x->n_places, sizeof(key), by_id);
}

static const struct place *place_numbered(const struct reading *x, const char *number)
{
    size_t low = 0;
    size_t high = x->n_numbered;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(x->numbered[mid]->number, number) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return number[0] && low < x->n_numbered && strcmp(x->numbered[low]->number, number) == 0
               ? x->numbered[low]
               : NULL;
}

static int on_entity(void *owner, const struct bw_said *s)
{
    char *parent = owner;
    struct bw_entityline e;

    if (s->statement->body &&
        bw_entityline_decode(s->statement->body, s->statement->n_body, &e, NULL) == 0) {
        (void)snprintf(parent, BW_NUMBER_MAX + 1, "%s", e.parent);
    }
    return 0;
}

/* The nearest entity of the list that the number is, or is on file as being below. */
static int find_place(struct reading *x,
                      const char *number,
                      const struct place **ret,
                      struct bw_err *reterr)
{
    char at[BW_NUMBER_MAX + 1];
    char about[BW_NUMBER_MAX + 8];
    int r = 0;

    (void)snprintf(at, sizeof(at), "%s", number);
    *ret = place_numbered(x, at);
    for (int i = 0; r == 0 && !*ret && at[0] && i < STEPS_MAX; i++) {
        char parent[BW_NUMBER_MAX + 1] = "";
        (void)snprintf(about, sizeof(about), "ben:%s", at);
        r = x->c->ops->statements(x->c,
                                  &(struct bw_said_query){.kind = "entity", .about = about},
                                  on_entity, parent, reterr);
        memcpy(at, parent, sizeof(at));
        *ret = place_numbered(x, at);
    }
    return r;
}

static int region_of(struct reading *x, const struct place *at, uint32_t *ret)
{
    struct bw_prices *p = x->p;
    struct bw_price_name *grown;

    for (int i = 0; at && !at->region && i < STEPS_MAX; i++) {
        at = place_of(x, at->parent);
    }
    *ret = BW_PRICE_NONE;
    if (!at || !at->region) {
        return 0;
    }
    for (uint32_t i = 0; i < p->n_regions; i++) { /* they are few */
        if (strcmp(p->regions[i].id, at->id) == 0) {
            *ret = i;
            return 0;
        }
    }
    grown = bw_grow(p->regions, p->n_regions, &p->cap_regions, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    p->regions = grown;
    grown += p->n_regions;
    *grown = (struct bw_price_name){.id = keep(p, at->id), .name = at->name};
    if (!grown->id) {
        return -ENOMEM;
    }
    *ret = (uint32_t)p->n_regions++;
    return 0;
}

static int place_payers(struct reading *x, struct bw_err *reterr)
{
    struct bw_prices *p = x->p;
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->n_payers; i++) {
        const struct place *at = NULL;
        r = find_place(x, p->payers[i].number, &at, reterr);
        if (r == 0 && at) {
            p->payers[i].entity = keep(p, at->id);
            r = p->payers[i].entity ? region_of(x, at, &p->payers[i].region) : -ENOMEM;
        }
    }
    return r;
}

static int by_year(const void *a, const void *b)
{
    const struct bw_price_row *x = a;
    const struct bw_price_row *y = b;

    return x->year != y->year ? (x->year > y->year) - (x->year < y->year)
                              : strcmp(x->about, y->about);
}

int bw_prices_read(struct bw_catalogue *c, struct bw_prices *ret, struct bw_err *reterr)
{
    struct reading x = {.p = ret, .c = c};
    int r = 0;

    memset(ret, 0, sizeof(*ret));
    if (!c) {
        return 0;
    }
    r = widen(&x.payers, ret, payer_key, SLOTS_FIRST);
    r = r < 0 ? r : widen(&x.providers, ret, provider_key, SLOTS_FIRST);
    r = r < 0 ? r : bw_sharings_read(c, &x.sharings, reterr);
    r = r < 0 ? r
              : c->ops->statements(c, &(struct bw_said_query){.kind = "claim"}, on_claim,
                                   &x, reterr);
    r = r < 0 ? r : c->ops->entities(c, NULL, on_place, &x, reterr);
    r = r < 0 ? r : order_places(&x);
    r = r < 0 ? r : place_payers(&x, reterr);
    if (r == 0 && ret->n > 1) {
        qsort(ret->rows, ret->n, sizeof(*ret->rows), by_year);
    }
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    bw_sharings_done(&x.sharings);
    free(x.payers.at);
    free(x.providers.at);
    free(x.places);
    free((void *)x.numbered);
    free(x.named_in);
    return r;
}

void bw_prices_done(struct bw_prices *p)
{
    for (struct block *b = p->texts; b;) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
    free(p->rows);
    free(p->payers);
    free(p->regions);
    free(p->providers);
    memset(p, 0, sizeof(*p));
}
