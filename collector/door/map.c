/* SPDX-License-Identifier: GPL-3.0-or-later
 * map.c - entities and sites, sorted by id, each with the place of what it belongs to. */
#include "map.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 32 /* of parents; a ring of them ends there */
};

struct place {
    char id[BW_ENTITY_MAX + 1]; /* longer than a site's */
    char of[BW_ENTITY_MAX + 1];
    long at; /* the place of `of`, -1 */
};

_Static_assert((int)BW_SITE_MAX <= (int)BW_ENTITY_MAX, "a site's id fits");

struct list {
    struct place *places;
    size_t n;
    size_t cap;
};

struct bw_map {
    unsigned refs;
    struct list entities;
    struct list sites;
};

static int put(struct list *l, const char *id, const char *of)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 256;
        struct place *grown = reallocarray(l->places, cap, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        l->places = grown;
        l->cap = cap;
    }
    struct place *p = &l->places[l->n++];
    memset(p, 0, sizeof(*p));
    (void)snprintf(p->id, sizeof(p->id), "%s", id);
    (void)snprintf(p->of, sizeof(p->of), "%s", of);
    p->at = -1;
    return 0;
}

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct bw_map *m = owner;
    return put(&m->entities, e->id, e->parent);
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct bw_map *m = owner;
    return put(&m->sites, s->id, s->entity);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

static const struct place *find(const struct list *l, const char *id)
{
    struct place want = {.id = ""};
    if (l->n == 0 || strlen(id) >= sizeof(want.id)) {
        return NULL;
    }
    (void)snprintf(want.id, sizeof(want.id), "%s", id);
    return bsearch(&want, l->places, l->n, sizeof(want), by_id);
}

static void resolve(struct bw_map *m, struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        l->places[i].at = bw_map_entity(m, l->places[i].of);
    }
}

int bw_map_read(struct bw_catalogue *c, struct bw_map **ret, struct bw_err *reterr)
{
    struct bw_map *m = calloc(1, sizeof(*m));
    int r;

    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    m->refs = 1;
    r = c->ops->entities(c, NULL, on_entity, m, reterr);
    if (r == 0) {
        r = c->ops->sites(c, NULL, on_site, m, reterr);
    }
    if (r == 0) {
        if (m->entities.n > 0) {
            qsort(m->entities.places, m->entities.n, sizeof(struct place), by_id);
        }
        if (m->sites.n > 0) {
            qsort(m->sites.places, m->sites.n, sizeof(struct place), by_id);
        }
        resolve(m, &m->entities);
        resolve(m, &m->sites);
        *ret = m;
        return 0;
    }
    bw_map_drop(m);
    return r;
}

struct bw_map *bw_map_take(struct bw_map *m)
{
    if (m) {
        m->refs++;
    }
    return m;
}

void bw_map_drop(struct bw_map *m)
{
    if (m && --m->refs == 0) {
        free(m->entities.places);
        free(m->sites.places);
        free(m);
    }
}

long bw_map_entity(const struct bw_map *m, const char *id)
{
    const struct place *p = id[0] ? find(&m->entities, id) : NULL;
    return p ? (long)(p - m->entities.places) : -1;
}

long bw_map_site(const struct bw_map *m, const char *id)
{
    const struct place *p = find(&m->sites, id);
    return p ? p->at : -1;
}

bool bw_map_within(const struct bw_map *m, long place, const long *places, size_t n)
{
    for (int depth = 0; place >= 0 && depth < DEPTH_MAX; depth++) {
        for (size_t i = 0; i < n; i++) {
            if (places[i] == place) {
                return true;
            }
        }
        place = m->entities.places[place].at;
    }
    return false;
}
