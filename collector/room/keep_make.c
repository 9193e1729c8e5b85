/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_make.c - makes one room out of what the keeper knows.
 *
 * Invariant: whatever order the catalogue has, entities come out parents first, each with
 * all that is below it behind it; one whose parents go round in a circle, or whose parent
 * is not there, stands at the top. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    CHUNK = 256 * 1024, /* of strings */
    DEPTH_MAX = 32
};

/* ---- strings ----------------------------------------------------------------------------
 */

struct chunk {
    struct chunk *next;
    size_t used;
    char text[];
};

const char *bw_keep_put(struct bw_room *r, const char *text, bool *failed)
{
    struct chunk *c = r->arena;
    size_t n = strlen(text) + 1;

    if (n == 1) {
        return "";
    }
    if (!c || c->used + n > CHUNK) {
        c = malloc(sizeof(*c) + CHUNK);
        if (!c || n > CHUNK) {
            free(c);
            *failed = true;
            return "";
        }
        c->next = r->arena;
        c->used = 0;
        r->arena = c;
        r->bytes += sizeof(*c) + CHUNK;
    }
    char *at = c->text + c->used;
    memcpy(at, text, n);
    c->used += n;
    return at;
}

void bw_keep_room_free(struct bw_room *r)
{
    if (r) {
        for (struct chunk *c = r->arena; c;) {
            struct chunk *next = c->next;
            free(c);
            c = next;
        }
        free(r->entities);
        free(r->sites);
        free(r->circuits);
        free(r->entity_by_id);
        free(r->site_by_id);
        free(r->months);
        free(r->calendars);
        free(r->testing_days);
        free(r->servers);
        free(r->server_hours);
        free(r->server_reasons);
        free(r);
    }
}

/* ---- entities ---------------------------------------------------------------------------
 */

struct tree {
    const struct bw_entity *list; /* by id, n */
    size_t n;
    size_t *parent;       /* of each; n: none */
    size_t *child, *next; /* the first below it; the next of the same parent; n: none */
    size_t top;           /* the first without a parent */
    uint32_t *place;      /* where it went in the room */
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct bw_entity *)a)->id, ((const struct bw_entity *)b)->id);
}

static size_t index_of(const struct tree *t, const char *id)
{
    struct bw_entity key = {.id = ""};
    const struct bw_entity *e;

    (void)snprintf(key.id, sizeof(key.id), "%s", id);
    e = t->n && id[0] ? bsearch(&key, t->list, t->n, sizeof(key), by_id) : NULL;
    return e ? (size_t)(e - t->list) : t->n;
}

/* Does the way up from it end? */
static bool ends(const struct tree *t, size_t i)
{
    size_t at = i;

    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (t->parent[at] == t->n) {
            return true;
        }
        at = t->parent[at];
    }
    return false;
}

static bool plant(struct tree *t)
{
    t->parent = calloc(t->n + 1, sizeof(*t->parent));
    t->child = calloc(t->n + 1, sizeof(*t->child));
    t->next = calloc(t->n + 1, sizeof(*t->next));
    t->place = calloc(t->n + 1, sizeof(*t->place));
    if (!t->parent || !t->child || !t->next || !t->place) {
        return false;
    }
    for (size_t i = 0; i < t->n; i++) {
        t->parent[i] = index_of(t, t->list[i].parent);
        t->child[i] = t->n;
    }
    for (size_t i = 0; i < t->n; i++) {
        t->parent[i] = ends(t, i) ? t->parent[i] : t->n;
    }
    t->top = t->n;
    for (size_t i = t->n; i-- > 0;) { /* backwards: siblings come out by id */
        size_t *head = t->parent[i] == t->n ? &t->top : &t->child[t->parent[i]];
        t->next[i] = *head;
        *head = i;
    }
    return true;
}

static void place_entity(
    const struct bw_known *known, struct bw_room *r, struct tree *t, size_t i, bool *failed)
{
    struct bw_room_entity *e = &r->entities[r->n_entities];
    const struct bw_room_entity *up =
        t->parent[i] == t->n ? NULL : &r->entities[t->place[t->parent[i]]];
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", up ? up->path : "", t->list[i].id);
    *e = (struct bw_room_entity){.id = bw_keep_put(r, t->list[i].id, failed),
                                 .name = bw_keep_put(r, t->list[i].name, failed),
                                 .path = bw_keep_put(r, path, failed),
                                 .kind = t->list[i].kind,
                                 .parent = up ? t->place[t->parent[i]] : BW_ROOM_NONE,
                                 .students = BW_UNKNOWN,
                                 .locale = bw_known_locale(known, t->list[i].id)};
    t->place[i] = (uint32_t)r->n_entities++;
}

/* The whole forest, without recursion: down, then to the next, then up. */
static void
walk(const struct bw_known *known, struct bw_room *r, struct tree *t, bool *failed)
{
    size_t at = t->top;

    while (at != t->n) {
        place_entity(known, r, t, at, failed);
        if (t->child[at] != t->n) {
            at = t->child[at];
            continue;
        }
        while (at != t->n) {
            r->entities[t->place[at]].end = (uint32_t)r->n_entities;
            if (t->next[at] != t->n) {
                at = t->next[at];
                break;
            }
            at = t->parent[at];
        }
    }
}

static void tree_done(struct tree *t)
{
    free(t->parent);
    free(t->child);
    free(t->next);
    free(t->place);
}

/* ---- circuits ---------------------------------------------------------------------------
 */

static bool in_force(const struct bw_report_claim *c, int64_t unix_s)
{
    return (c->from_unix_s == BW_UNKNOWN || c->from_unix_s <= unix_s) &&
           (c->to_unix_s == BW_UNKNOWN || unix_s < c->to_unix_s);
}

static void make_claim(struct bw_room *r,
                       const struct keep_circuit *c,
                       int64_t now_s,
                       struct bw_room_claim *to,
                       bool *failed)
{
    const struct bw_report_claim *now = NULL;
    const struct bw_report_claim *before = NULL;

    for (size_t i = c->n_claims; i-- > 0 && !now;) {
        now = in_force(&c->claims[i], now_s) ? &c->claims[i] : NULL;
        before = now && i > 0 ? &c->claims[i - 1] : NULL;
    }
    *to = (struct bw_room_claim){.has = now != NULL,
                                 .bps = {BW_UNKNOWN, BW_UNKNOWN},
                                 .before_bps = {BW_UNKNOWN, BW_UNKNOWN},
                                 .from_unix_s = BW_UNKNOWN,
                                 .monthly_cents = BW_UNKNOWN,
                                 .origin = "",
                                 .frn_line = "",
                                 .provider = "",
                                 .technology = ""};
    if (now) {
        memcpy(to->bps, now->bps, sizeof(to->bps));
        to->layer = now->layer;
        to->from_unix_s = now->from_unix_s;
        to->origin = bw_keep_put(r, now->origin, failed);
        to->frn_line = bw_keep_put(r, c->terms.lines, failed);
        to->provider = bw_keep_put(r, c->terms.provider, failed);
        to->technology = bw_keep_put(r, c->terms.technology, failed);
        to->role = (enum bw_room_role)c->terms.role;
        to->monthly_cents = c->terms.monthly_cents;
        to->monthly_eligible = c->terms.monthly_eligible;
    }
    if (before) {
        memcpy(to->before_bps, before->bps, sizeof(to->before_bps));
    }
}

static void make_risk(struct bw_room *r,
                      const struct bw_roomstore_risk *k,
                      struct bw_room_risk *to,
                      bool *failed)
{
    *to = (struct bw_room_risk){.rule = k->rule[0] ? bw_keep_put(r, k->rule, failed) : NULL,
                                .words = bw_keep_put(r, k->words, failed),
                                .governs = k->governs == 1,
                                .wanted = k->wanted,
                                .counted = k->counted,
                                .deferred = k->deferred,
                                .by_unix_s = k->by_unix_s,
                                .made_unix_s = k->made_unix_s,
                                .n_rules = (int32_t)k->n_rules,
                                .n_judged = k->n_judged > 0 ? (int32_t)k->n_judged : 0};
}

static void make_below(const struct bw_roomkeeper *k,
                       struct bw_room *r,
                       const struct keep_circuit *c,
                       struct bw_room_circuit *to,
                       bool *failed)
{
    to->below_bps = BW_UNKNOWN;
    to->below_claim_bps = BW_UNKNOWN;
    for (int way = BW_DIRECTIONS - 1; way >= 0; way--) {
        const struct bw_below *b = &c->below[way];
        if (b->verdict == BW_VERDICT_ON && b->run < c->n_runs) {
            const struct bw_kept_run *t = &c->runs[b->run];
            to->below_bps = t->compared_bps;
            to->below_claim_bps = t->claim_bps;
            to->below_direction = way;
            to->below_other_server = b->other_server;
            to->below_server_known = b->server_known;
            to->below_server = t->server < k->n_servers
                                   ? bw_keep_put(r, k->servers[t->server], failed)
                                   : "";
        }
    }
}

static void make_circuit(const struct bw_roomkeeper *k,
                         struct bw_room *r,
                         uint32_t site,
                         const struct keep_circuit *c,
                         bool *failed)
{
    struct bw_room_circuit *to = &r->circuits[r->n_circuits++];

    memset(to, 0, sizeof(*to));
    to->name = bw_keep_put(r, c->name, failed);
    to->site = site;
    to->vantage = c->facts.vantage;
    to->source = c->facts.source;
    to->layer = c->facts.layer;
    to->behind = c->facts.behind;
    to->resolution_ms = c->facts.resolution_ms;
    to->link_bps = c->facts.link_bps;
    to->students = c->students;
    make_claim(r, c, k->now_unix_ms / 1000, &to->claim, failed);
    to->now_start_unix_s = c->now_start_unix_s;
    to->now_end_unix_s = c->now_end_unix_s;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        int64_t bytes = c->facts.flow[way].bytes;
        to->now_bps[way] = bytes == BW_UNKNOWN || c->facts.covered_s == BW_UNKNOWN ||
                                   c->facts.covered_s <= 0 || bytes > INT64_MAX / 8
                               ? BW_UNKNOWN
                               : bytes * 8 / c->facts.covered_s;
    }
    to->now_p50_us = c->now_p50_us;
    to->now_out = c->now_out;
    to->has_today = c->today.n_records > 0;
    to->has_yesterday = c->yesterday.n_records > 0;
    to->has_merged = c->merged.n_records > 0;
    to->first_month = r->n_circuits > 1 ? r->circuits[r->n_circuits - 2].end_month : 0;
    to->end_month = to->first_month + (uint32_t)c->n_months;
    to->this_month = (int32_t)c->month;
    to->months_due = bw_keep_months_reach(c);
    memcpy(r->months + to->first_month, c->months, c->n_months * sizeof(c->months[0]));
    to->today = c->today;
    to->yesterday = c->yesterday;
    to->merged = c->merged;
    memcpy(to->spell, c->spell, sizeof(to->spell));
    make_risk(r, &c->risk, &to->risk, failed);
    make_below(k, r, c, to, failed);
}

/* ---- sites ------------------------------------------------------------------------------
 */

struct placing {
    uint32_t entity; /* BW_ROOM_NONE last */
    const struct keep_site *site;
};

static int by_place(const void *a, const void *b)
{
    const struct placing *x = a;
    const struct placing *y = b;

    if (x->entity != y->entity) {
        return x->entity < y->entity ? -1 : 1;
    }
    return strcmp(x->site->id, y->site->id);
}

static const char *place_words(struct bw_room *r,
                               uint32_t entity,
                               const struct bw_known_site *known,
                               bool *failed)
{
    if (entity != BW_ROOM_NONE) {
        return r->entities[entity].name;
    }
    return !known ? ""
                  : bw_keep_put(
                        r, known->site.entity[0] ? known->site.entity : known->said_entity,
                        failed);
}

static void
make_site(struct bw_roomkeeper *k, struct bw_room *r, const struct placing *p, bool *failed)
{
    const struct keep_site *s = p->site;
    const struct bw_known_site *known = bw_known_site(k->known, s->id);
    uint32_t at = (uint32_t)r->n_sites++;
    struct bw_room_site *to = &r->sites[at];
    size_t n = 0;
    struct keep_circuit **list = bw_keep_circuits_of(k, s->id, &n);

    *to = (struct bw_room_site){
        .id = bw_keep_put(r, s->id, failed),
        .name = known ? bw_keep_put(r, known->site.name, failed) : "",
        .place = place_words(r, p->entity, known, failed),
        .entity = p->entity,
        .state = known ? known->site.state : BW_SITE_ENROLLED,
        .freshness = s->row.freshness,
        .late = s->row.late,
        .clock_bad = s->row.clock_bad,
        .n_keys = known ? known->n_keys : 0,
        .n_forks = s->n_forks,
        .n_holes = s->n_holes,
        .created_unix_s = known ? known->site.created_unix_s : BW_UNKNOWN,
        .token_unix_s = known ? known->token_unix_s : BW_UNKNOWN,
        .token_expires_unix_s = known ? known->token_expires_unix_s : BW_UNKNOWN,
        .shipped_unix_s = known ? known->shipped_unix_s : BW_UNKNOWN,
        .refused_unix_s = known ? known->refused_unix_s : BW_UNKNOWN,
        .refused_spent = known && known->refused_spent,
        .enrolled_unix_s = known ? known->enrolled_unix_s : BW_UNKNOWN,
        .first_start_unix_s = s->first_start_unix_s,
        .last_received_unix_ms = s->row.last_received_unix_ms,
        .last_end_unix_s = s->row.last_end_unix_s,
        .interval_s = s->row.interval_s,
        .agent = bw_keep_put(r, s->row.agent, failed),
        .zone = s->zone ? bw_keep_put(r, bw_tz_name(s->zone), failed) : "",
        .first_circuit = (uint32_t)r->n_circuits};
    memcpy(to->spell, s->spell, sizeof(to->spell));
    for (size_t i = 0; i < n; i++) {
        make_circuit(k, r, at, list[i], failed);
        to->n_out += list[i]->now_out;
    }
    to->end_circuit = (uint32_t)r->n_circuits;
}

static bool
make_sites(struct bw_roomkeeper *k, struct bw_room *r, const struct tree *t, bool *failed)
{
    struct placing *p = calloc(k->n_sites + 1, sizeof(*p));

    if (!p) {
        return false;
    }
    for (size_t i = 0; i < k->n_sites; i++) {
        const struct bw_known_site *known = bw_known_site(k->known, k->sites[i]->id);
        size_t e = known ? index_of(t, known->site.entity) : t->n;
        p[i] = (struct placing){e == t->n ? BW_ROOM_NONE : t->place[e], k->sites[i]};
    }
    if (k->n_sites > 0) {
        qsort(p, k->n_sites, sizeof(*p), by_place);
    }
    for (size_t i = 0; i < k->n_sites; i++) {
        make_site(k, r, &p[i], failed);
    }
    free(p);
    return true;
}

/* The first site of an entity from this one on; sites are in the entities' order. */
static void span_entities(struct bw_room *r)
{
    size_t site = 0;

    for (size_t i = 0; i < r->n_entities; i++) {
        struct bw_room_entity *e = &r->entities[i];
        while (site < r->n_sites && r->sites[site].entity < i) {
            site++;
        }
        e->first_site = (uint32_t)site;
        size_t last = site;
        while (last < r->n_sites && r->sites[last].entity < e->end) {
            last++;
        }
        e->end_site = (uint32_t)last;
        e->first_circuit = e->first_site < r->n_sites
                               ? r->sites[e->first_site].first_circuit
                               : (uint32_t)r->n_circuits;
        e->end_circuit = e->end_site > e->first_site ? r->sites[e->end_site - 1].end_circuit
                                                     : e->first_circuit;
    }
}

/* The same people use all lines of one place: the largest figure of its own circuits; else
 * the sum of what is below. From the last to the first: children come before parents. */
static void count_students(struct bw_room *r)
{
    for (size_t i = r->n_entities; i-- > 0;) {
        struct bw_room_entity *e = &r->entities[i];
        for (uint32_t s = e->first_site; s < e->end_site && r->sites[s].entity == i; s++) {
            for (uint32_t c = r->sites[s].first_circuit; c < r->sites[s].end_circuit; c++) {
                e->students = r->circuits[c].students > e->students
                                  ? r->circuits[c].students
                                  : e->students;
            }
        }
        if (e->students != BW_UNKNOWN) {
            continue;
        }
        for (uint32_t k = (uint32_t)i + 1; k < e->end; k = r->entities[k].end) {
            if (r->entities[k].students != BW_UNKNOWN) {
                e->students =
                    (e->students == BW_UNKNOWN ? 0 : e->students) + r->entities[k].students;
            }
            e->n_students_unknown += r->entities[k].n_students_unknown;
        }
        e->n_students_unknown += e->kind == BW_ENTITY_SCHOOL && e->end == i + 1 ? 1 : 0;
    }
}

/* ---- all of it --------------------------------------------------------------------------
 */

static bool
index_all(struct bw_room *r, const struct tree *t, const struct bw_roomkeeper *k)
{
    r->entity_by_id = calloc(r->n_entities + 1, sizeof(*r->entity_by_id));
    r->site_by_id = calloc(r->n_sites + 1, sizeof(*r->site_by_id));
    if (!r->entity_by_id || !r->site_by_id) {
        return false;
    }
    for (size_t i = 0; i < t->n; i++) { /* the list is by id already */
        r->entity_by_id[i] = t->place[i];
    }
    for (size_t i = 0; i < r->n_sites; i++) {
        size_t low = 0;
        size_t high = k->n_sites;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (strcmp(k->sites[mid]->id, r->sites[i].id) < 0) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        r->site_by_id[low] = (uint32_t)i;
    }
    return true;
}

static struct bw_room *room_new(const struct bw_roomkeeper *k, size_t n_entities)
{
    struct bw_room *r = calloc(1, sizeof(*r));
    size_t n_months = 0;

    if (!r) {
        return NULL;
    }
    r->entities = calloc(n_entities + 1, sizeof(*r->entities));
    r->sites = calloc(k->n_sites + 1, sizeof(*r->sites));
    r->circuits = calloc(k->n_circuits + 1, sizeof(*r->circuits));
    for (size_t i = 0; i < k->n_circuits; i++) {
        n_months += k->circuits[i]->n_months;
    }
    r->months = calloc(n_months + 1, sizeof(*r->months));
    if (!r->entities || !r->sites || !r->circuits || !r->months) {
        bw_keep_room_free(r);
        return NULL;
    }
    r->bytes = sizeof(*r) + (n_entities + 1) * (sizeof(*r->entities) + sizeof(uint32_t)) +
               (k->n_sites + 1) * (sizeof(*r->sites) + sizeof(uint32_t)) +
               (k->n_circuits + 1) * sizeof(*r->circuits) +
               (n_months + 1) * sizeof(*r->months);
    return r;
}

struct bw_room *bw_keep_make(struct bw_roomkeeper *k)
{
    struct tree t = {.n = 0};
    bool failed = false;

    t.list = bw_known_entities(k->known, &t.n);
    struct bw_room *r = room_new(k, t.n);
    if (r && plant(&t)) {
        r->keeper = k;
        r->made_unix_ms = k->now_unix_ms;
        r->watched_since_unix_s = k->watched_since_unix_s;
        r->days_to_fill = k->stats.days_to_fill; /* written by this thread alone */
        r->ledger = k->ledger;
        r->health = k->health.now;
        walk(k->known, r, &t, &failed);
        failed |= !make_sites(k, r, &t, &failed) || !index_all(r, &t, k);
        failed |= !failed && !bw_keep_calendars(k, r);
        failed |= !failed && !bw_keep_make_servers(k, r);
        span_entities(r);
        count_students(r);
    } else {
        failed = true;
    }
    tree_done(&t);
    if (failed) {
        bw_keep_room_free(r);
        return NULL;
    }
    return r;
}
