/* SPDX-License-Identifier: GPL-3.0-or-later
 * worksheet.c - from names of circuits to what they carry together.
 *
 * Invariant: each circuit's intervals are those of its report, made by the same question
 * and functions as the room's days and `bandwitness report --ledger`. */
#include "worksheet.h"

#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <coincident.h>
#include <errno.h>
#include <facts.h>
#include <grow.h>
#include <known.h>
#include <model.h>
#include <origin.h>
#include <overview.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    DAY_S = 86400,
    ROWS_AFTER_S =
        4 * DAY_S, /* what is sealed has rows by then, as the room's keeper has it */
    PARENTS_MAX = 16,
    ZONES_MAX = 64
};

/* ---- names ----------------------------------------------------------------------------
 */

int bw_worksheet_add(struct bw_worksheet_list *l, const char *id)
{
    struct bw_worksheet_name name = {.site = ""};
    struct bw_worksheet_name *grown;

    if (bw_circuit_id_parse(id, name.site, name.circuit) < 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < l->n; i++) { /* hundreds */
        if (strcmp(l->names[i].site, name.site) == 0 &&
            strcmp(l->names[i].circuit, name.circuit) == 0) {
            return 1;
        }
    }
    grown = bw_grow(l->names, l->n, &l->cap, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    l->names = grown;
    l->names[l->n++] = name;
    return 0;
}

/* The list of entities is short beside the work that follows. */
struct tree {
    struct bw_entity *entities;
    size_t n, cap;
    struct bw_site *sites;
    size_t n_sites, cap_sites;
    struct bw_worksheet_list *list;
    const char *top;
};

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct tree *t = owner;
    struct bw_entity *grown = bw_grow(t->entities, t->n, &t->cap, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    t->entities = grown;
    t->entities[t->n++] = *e;
    return 0;
}

static int by_entity(const void *a, const void *b)
{
    return strcmp(((const struct bw_entity *)a)->id, ((const struct bw_entity *)b)->id);
}

static bool is_below(const struct tree *t, const char *id)
{
    for (int i = 0; i < PARENTS_MAX && id[0]; i++) {
        struct bw_entity key;
        const struct bw_entity *e;
        if (strcmp(id, t->top) == 0) {
            return true;
        }
        (void)snprintf(key.id, sizeof(key.id), "%s", id);
        e = t->n ? bsearch(&key, t->entities, t->n, sizeof(key), by_entity) : NULL;
        id = e ? e->parent : "";
    }
    return false;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct tree *t = owner;
    struct bw_site *grown;

    if (!is_below(t, s->entity)) {
        return 0;
    }
    grown = bw_grow(t->sites, t->n_sites, &t->cap_sites, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    t->sites = grown;
    t->sites[t->n_sites++] = *s;
    return 0;
}

static int on_circuit(void *owner, const struct bw_origin_circuit *f)
{
    struct tree *t = owner;
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    int r;

    (void)snprintf(id, sizeof(id), "%s.%s", f->site, f->circuit);
    r = bw_worksheet_add(t->list, id);
    return r < 0 ? r : 0;
}

int bw_worksheet_below(struct bw_origin *s,
                       const char *entity,
                       struct bw_worksheet_list *l,
                       struct bw_err *reterr)
{
    struct tree t = {.list = l, .top = entity};
    struct bw_catalogue *c = bw_origin_catalogue(s);
    struct bw_entity e;
    int r = !c ? bw_err_set(reterr, -ENOENT, "no entity is on file here")
               : c->ops->entity_get(c, entity, &e, reterr);

    r = r < 0 ? r : c->ops->entities(c, NULL, on_entity, &t, reterr);
    if (r == 0 && t.n > 1) {
        qsort(t.entities, t.n, sizeof(*t.entities), by_entity);
    }
    r = r < 0 ? r : c->ops->sites(c, NULL, on_site, &t, reterr);
    for (size_t i = 0; r == 0 && i < t.n_sites; i++) {
        r = bw_origin_circuits(s, t.sites[i].id, on_circuit, &t, reterr);
    }
    free(t.entities);
    free(t.sites);
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

/* ---- the sum ----------------------------------------------------------------------------
 */

/* The zone of most of them, of equally many the first. */
static int choose_zone(struct bw_known *k,
                       const struct bw_worksheet_ask *ask,
                       struct bw_worksheet *w,
                       struct bw_err *reterr)
{
    const struct bw_tz *zones[ZONES_MAX];
    size_t votes[ZONES_MAX] = {0};
    size_t best = 0;
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        const struct bw_tz *tz = NULL;
        size_t z = 0;
        r = bw_known_zone(k, ask->names[i].site, &tz, reterr);
        while (r == 0 && z < n && zones[z] != tz) {
            z++;
        }
        if (r == 0 && z == n && n < ZONES_MAX) {
            zones[n++] = tz;
        }
        votes[z < ZONES_MAX ? z : 0] += r == 0;
    }
    for (size_t z = 1; z < n; z++) {
        best = votes[z] > votes[best] ? z : best;
    }
    w->n_zones = n;
    return r < 0 || n == 0 ? r
                           : bw_tz_load(ask->zone ? ask->zone : bw_tz_name(zones[best]),
                                        &w->tz, reterr);
}

static int64_t day_start(const struct bw_tz *tz, int64_t day)
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    return bw_tz_day_start(tz, y, m, d);
}

static int
begin(const struct bw_worksheet_ask *ask, struct bw_worksheet *w, struct bw_err *reterr)
{
    struct bw_coincident_ask q = {
        .tz = w->tz, .layer = ask->layer, .need_ppm = ask->need_ppm, .n_circuits = ask->n};
    int64_t first = ask->first_day;
    int64_t end = ask->end_day;
    int r;

    if (first == BW_UNKNOWN) {
        struct bw_civil now;
        bw_tz_local(w->tz, ask->now_unix_s, &now);
        end = bw_civil_days(now.year, now.month, now.day);
        first = end - ask->n_days;
    }
    q.from_unix_s = day_start(w->tz, first) / BW_COINCIDENT_BIN_S * BW_COINCIDENT_BIN_S;
    q.to_unix_s = day_start(w->tz, end) / BW_COINCIDENT_BIN_S * BW_COINCIDENT_BIN_S;
    r = bw_coincident_new(&q, &w->sum);
    return r == 0         ? 0
           : r == -EINVAL ? bw_err_set(reterr, r, "that is no period of days")
           : r == -E2BIG  ? bw_err_set(reterr, r,
                                       "too many circuits for so many days: fewer of "
                                        "either")
                          : bw_err_set(reterr, r, "out of memory");
}

/* One circuit, as the room asks for its days. */
static int one(struct bw_known *k,
               const struct bw_worksheet_ask *ask,
               const struct bw_worksheet_name *name,
               struct bw_worksheet *w,
               struct bw_facts *facts,
               struct bw_err *reterr)
{
    const struct bw_coincident_ask *q = &w->sum->ask;
    const struct bw_facts_rows rows = {
        .from_unix_s = bw_known_facts_since(k, name->site, name->circuit),
        .to_unix_s = ask->now_unix_s - ROWS_AFTER_S};
    struct bw_known_asked asked = {.calendars = NULL};
    struct bw_report_claim *claims = NULL;
    struct bw_report *report = NULL;
    size_t n = 0;
    int r;

    if (!bw_known_site(k, name->site)) {
        bw_coincident_skip(w->sum, name->site, name->circuit, BW_COINCIDENT_UNKNOWN);
        return 0;
    }
    r = bw_known_claims(k, name->site, name->circuit, q->from_unix_s, q->to_unix_s, &claims,
                        &n, reterr);
    r = r < 0 ? r
              : bw_known_ask(k, name->site, name->circuit, q->from_unix_s, q->to_unix_s,
                             ask->now_unix_s, claims, n, false, &asked, reterr);
    r = r < 0 ? r : bw_facts_make(&asked.q, &rows, facts, &report, reterr);
    if (r == -ENODATA || r == -EKEYREJECTED) {
        bw_coincident_skip(w->sum, name->site, name->circuit,
                           r == -ENODATA ? BW_COINCIDENT_NO_RECORD
                                         : BW_COINCIDENT_SET_APART);
        r = 0;
    } else if (r == 0) {
        r = bw_coincident_add(w->sum, report);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "out of memory");
        }
    }
    bw_report_free(report);
    bw_known_asked_done(&asked);
    free(claims);
    return r;
}

int bw_worksheet_make(const struct bw_worksheet_ask *ask,
                      struct bw_worksheet *ret,
                      struct bw_err *reterr)
{
    const struct bw_known_opts opts = {.data_dir = ask->data_dir, .rules = ""};
    struct bw_facts *facts = NULL;
    struct bw_known *k = NULL;
    int64_t said = BW_UNKNOWN;
    bool changed = false;
    int r;

    *ret = (struct bw_worksheet){.sum = NULL};
    if (ask->n == 0) {
        return bw_err_set(reterr, -EINVAL, "no circuit was chosen");
    }
    facts = calloc(1, sizeof(*facts));
    if (!facts) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_known_open(&opts, &k, reterr);
    r = r < 0 ? r : bw_known_refresh(k, &said, NULL, NULL, &changed, reterr);
    r = r < 0 ? r : choose_zone(k, ask, ret, reterr);
    r = r < 0 ? r : begin(ask, ret, reterr);
    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        r = ask->progress ? ask->progress(ask->owner, i, ask->n) : 0;
        r = r ? r : one(k, ask, &ask->names[i], ret, facts, reterr);
    }
    if (r == 0 && bw_coincident_settle(ret->sum, ask->now_unix_s) < 0) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_known_close(k);
    free(facts);
    return r;
}

void bw_worksheet_done(struct bw_worksheet *w)
{
    bw_coincident_free(w->sum);
    bw_tz_free(w->tz);
    *w = (struct bw_worksheet){.sum = NULL};
}
