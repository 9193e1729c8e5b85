/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph.c - entities with their parents, and the places of boxes, read from a catalogue.
 *
 * Invariant: an id of the collector's list and a number of USAC's are the same entity only
 * where the id ends in those digits, four of them or more; nothing is likened by name. */
#include "selection_private.h"

#include <bw/err.h>
#include <civil.h>
#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <siteact.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    STEPS_MAX = 8, /* parents of parents */
    DIGITS_MIN = 4
};

/* ---- reading -------------------------------------------------------------------- */

static int on_entity(void *owner, const struct bw_said *s)
{
    struct bw_select_graph *g = owner;
    struct bw_entityline e;
    struct bw_select_entity *grown;

    if (!s->statement->body ||
        bw_entityline_decode(s->statement->body, s->statement->n_body, &e, NULL) < 0) {
        g->n_unread++;
        return 0;
    }
    grown = bw_grow(g->entities, g->n_entities, &g->cap_entities, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    g->entities = grown;
    grown += g->n_entities++;
    memset(grown, 0, sizeof(*grown));
    memcpy(grown->number, e.number, sizeof(grown->number));
    memcpy(grown->parent, e.parent, sizeof(grown->parent));
    (void)snprintf(grown->name, sizeof(grown->name), "%.*s", BW_CLAIM_NAME_MAX, e.name);
    memcpy(grown->type, e.type, sizeof(grown->type));
    return 0;
}

static int on_place(void *owner, const struct bw_entity *e)
{
    struct bw_select_graph *g = owner;
    const char *digits = e->id + strcspn(e->id, "0123456789");
    size_t n = strspn(digits, "0123456789");
    struct bw_select_place *grown =
        bw_grow(g->places, g->n_places, &g->cap_places, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    g->places = grown;
    grown += g->n_places++;
    memset(grown, 0, sizeof(*grown));
    memcpy(grown->id, e->id, sizeof(grown->id));
    memcpy(grown->parent, e->parent, sizeof(grown->parent));
    memcpy(grown->name, e->name, sizeof(grown->name));
    if (n >= DIGITS_MIN && n <= BW_NUMBER_MAX && digits[n] == '\0') {
        (void)snprintf(grown->number, sizeof(grown->number), "%s", digits);
    }
    return 0;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct bw_select_graph *g = owner;
    struct bw_select_site *grown =
        bw_grow(g->sites, g->n_sites, &g->cap_sites, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    g->sites = grown;
    grown += g->n_sites++;
    memset(grown, 0, sizeof(*grown));
    memcpy(grown->site, s->id, sizeof(grown->site));
    memcpy(grown->entity, s->entity, sizeof(grown->entity));
    return 0;
}

/* Every struct above begins with its key. */
static int by_key(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void sort(void *list, size_t n, size_t size)
{
    if (n > 1) {
        qsort(list, n, size, by_key);
    }
}

static void *find(const void *list, size_t n, size_t size, const char *key)
{
    return n > 0 && key[0] ? bsearch(key, list, n, size, by_key) : NULL;
}

struct moved {
    char (*sites)[BW_SITE_MAX + 1];
    size_t n;
    size_t cap;
};

static int on_act(void *owner, const struct bw_said *s)
{
    struct moved *m = owner;
    struct bw_siteact a;
    const char *site = strchr(s->statement->about, ':');
    void *grown;

    if (!site || !s->statement->body ||
        bw_siteact_decode(s->statement->body, s->statement->n_body, &a, NULL) < 0 ||
        a.act != BW_SITEACT_MOVED) {
        return 0;
    }
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->sites[i], site + 1) == 0) {
            return 0;
        }
    }
    grown = bw_grow(m->sites, m->n, &m->cap, sizeof(*m->sites));
    if (!grown) {
        return -ENOMEM;
    }
    m->sites = grown;
    (void)snprintf(m->sites[m->n++], sizeof(*m->sites), "%.*s", BW_SITE_MAX, site + 1);
    return 0;
}

/* The local day of an instant and `more` days; the first of all days where it is not known.
 */
static void
day_of(const struct bw_tz *tz, int64_t unix_s, int more, char ret[BW_DATE_LEN + 1])
{
    struct bw_civil c;

    ret[0] = '\0';
    if (unix_s != BW_UNKNOWN) {
        bw_tz_local(tz, unix_s, &c);
        bw_civil_date(bw_civil_days(c.year, c.month, c.day) + more, ret);
    }
}

/* A site's entity on the period's last day, and where else it stood in the period. A site
 * stands at its new place from the day of the move on. */
static int place_one(struct bw_catalogue *c,
                     const struct bw_select_asked *a,
                     struct bw_select_graph *g,
                     struct bw_select_site *s,
                     struct bw_err *reterr)
{
    struct bw_site_stay stays[BW_SITE_STAYS_MAX];
    size_t n = 0;
    int r = bw_site_stays(c, s->site, s->entity, stays, &n, reterr);
    bool settled = false;

    for (size_t i = n; r == 0 && i-- > 0;) {
        char first[BW_DATE_LEN + 1];
        char next[BW_DATE_LEN + 1] = "";
        char last[BW_DATE_LEN + 1] = "";
        struct bw_select_site *grown = s;
        day_of(a->tz, stays[i].from_unix_s, 0, first);
        if (i + 1 < n) {
            day_of(a->tz, stays[i + 1].from_unix_s, 0, next);
            day_of(a->tz, stays[i + 1].from_unix_s, -1, last);
        }
        if (strcmp(first, a->last) > 0 || (next[0] && strcmp(next, a->first) <= 0) ||
            (next[0] && strcmp(next, first) == 0)) {
            continue;
        }
        if (settled) {
            grown = bw_grow(g->stays, g->n_stays, &g->cap_stays, sizeof(*grown));
            if (!grown) {
                return -ENOMEM;
            }
            g->stays = grown;
            grown += g->n_stays++;
            memcpy(grown->site, s->site, sizeof(grown->site));
        }
        settled = true;
        memcpy(grown->entity, stays[i].entity, sizeof(grown->entity));
        (void)snprintf(grown->first, sizeof(grown->first), "%s",
                       strcmp(first, a->first) > 0 ? first : "");
        memcpy(grown->last, last, sizeof(grown->last));
    }
    return r;
}

static int read_moves(struct bw_catalogue *c,
                      const struct bw_select_asked *a,
                      struct bw_select_graph *g,
                      struct bw_err *reterr)
{
    struct moved m = {.n = 0};
    int r =
        c->ops->statements(c, &(struct bw_said_query){.kind = "site"}, on_act, &m, reterr);

    for (size_t i = 0; r == 0 && i < m.n; i++) {
        struct bw_select_site *s =
            find(g->sites, g->n_sites, sizeof(*g->sites), m.sites[i]);
        r = s ? place_one(c, a, g, s, reterr) : 0;
    }
    free(m.sites);
    return r;
}

int bw_select_graph_read(struct bw_catalogue *c,
                         const struct bw_select_asked *asked,
                         struct bw_select_graph *g,
                         struct bw_err *reterr)
{
    int r = c->ops->statements(c, &(struct bw_said_query){.kind = "entity"}, on_entity, g,
                               reterr);

    r = r < 0 ? r : c->ops->entities(c, NULL, on_place, g, reterr);
    r = r < 0 ? r : c->ops->sites(c, NULL, on_site, g, reterr);
    sort(g->entities, g->n_entities, sizeof(*g->entities));
    sort(g->places, g->n_places, sizeof(*g->places));
    sort(g->sites, g->n_sites, sizeof(*g->sites));
    r = r < 0 ? r : read_moves(c, asked, g, reterr);
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    return r;
}

void bw_select_graph_done(struct bw_select_graph *g)
{
    free(g->entities);
    free(g->places);
    free(g->sites);
    free(g->stays);
    *g = (struct bw_select_graph){.entities = NULL};
}

/* ---- asking --------------------------------------------------------------------- */

struct bw_select_entity *bw_select_entity(const struct bw_select_graph *g,
                                          const char *number)
{
    return find(g->entities, g->n_entities, sizeof(*g->entities), number);
}

struct bw_select_place *bw_select_place(const struct bw_select_graph *g, const char *id)
{
    return find(g->places, g->n_places, sizeof(*g->places), id);
}

const struct bw_select_place *bw_select_where(const struct bw_select_graph *g,
                                              const char *site)
{
    const struct bw_select_site *s = find(g->sites, g->n_sites, sizeof(*g->sites), site);

    return s ? bw_select_place(g, s->entity) : NULL;
}

const struct bw_select_place *bw_select_here(const struct bw_select_graph *g,
                                             const char *site,
                                             int n_name,
                                             char words[200])
{
    const struct bw_select_site *s = find(g->sites, g->n_sites, sizeof(*g->sites), site);
    const struct bw_select_place *p = s ? bw_select_place(g, s->entity) : NULL;
    const char *name;

    for (size_t i = 0; i < g->n_stays && !(p && p->in); i++) {
        if (strcmp(g->stays[i].site, site) == 0) {
            s = &g->stays[i];
            p = bw_select_place(g, s->entity);
        }
    }
    words[0] = '\0';
    if (!p || !p->in) {
        return NULL;
    }
    name = p->name[0] ? p->name : p->id;
    if (s->last[0]) {
        (void)snprintf(words, 200, "its box stood at %.*s%s%s %s %s", n_name, name,
                       s->first[0] ? " from " : "", s->first, s->first[0] ? "to" : "until",
                       s->last);
    } else if (s->first[0]) {
        (void)snprintf(words, 200, "its box has stood at %.*s since %s", n_name, name,
                       s->first);
    } else {
        (void)snprintf(words, 200, "its box stands at %.*s", n_name, name);
    }
    return p;
}

/* One step down: whatever has a marked parent. true: something was marked. */
static bool mark_below(struct bw_select_graph *g)
{
    bool more = false;

    for (size_t i = 0; i < g->n_entities; i++) {
        struct bw_select_entity *e = &g->entities[i];
        const struct bw_select_entity *p = e->in ? NULL : bw_select_entity(g, e->parent);
        e->in = e->in || (p && p->in);
        more = more || (p && p->in);
    }
    for (size_t i = 0; i < g->n_places; i++) {
        struct bw_select_place *x = &g->places[i];
        const struct bw_select_place *p = x->in ? NULL : bw_select_place(g, x->parent);
        const struct bw_select_entity *e = x->in ? NULL : bw_select_entity(g, x->number);
        bool in = (p && p->in) || (e && e->in);
        x->in = x->in || in;
        more = more || in;
    }
    return more;
}

bool bw_select_mark(struct bw_select_graph *g, const char *number, bool below)
{
    struct bw_select_entity *e = bw_select_entity(g, number);
    bool known = e != NULL;

    if (e) {
        e->in = true;
    }
    for (size_t i = 0; i < g->n_places; i++) {
        struct bw_select_place *x = &g->places[i];
        if (strcmp(x->id, number) == 0 || strcmp(x->number, number) == 0) {
            x->in = true;
            known = true;
            e = bw_select_entity(g, x->number);
            if (e) {
                e->in = true;
            }
        }
    }
    for (int i = 0; below && i < STEPS_MAX && mark_below(g); i++) {
    }
    return known;
}

bool bw_select_marked(const struct bw_select_graph *g, const char *number)
{
    const struct bw_select_entity *e = bw_select_entity(g, number);

    if (e && e->in) {
        return true;
    }
    for (size_t i = 0; i < g->n_places; i++) {
        if (g->places[i].in && g->places[i].number[0] &&
            strcmp(g->places[i].number, number) == 0) {
            return true;
        }
    }
    return false;
}

static const char *district_of(const struct bw_select_graph *g, const char *number)
{
    const struct bw_select_entity *e = bw_select_entity(g, number);

    if (!e) {
        return "";
    }
    for (int i = 0; e && i < STEPS_MAX; i++) {
        if (!e->parent[0] || strstr(e->type, "District")) {
            return e->number;
        }
        number = e->parent;
        e = bw_select_entity(g, number);
    }
    return e ? "" : number; /* its parent's own entry was not imported */
}

const char *bw_select_district(const struct bw_select_graph *g,
                               const struct bw_select_place *at)
{
    const char *found = "";

    for (int i = 0; at && !found[0] && i < STEPS_MAX; i++) {
        found = district_of(g, at->number);
        at = bw_select_place(g, at->parent);
    }
    return found;
}
