/* SPDX-License-Identifier: GPL-3.0-or-later
 * overview.c - the join of catalogue and ledger behind lists and pages. A site that the
 * ledger knows and the catalogue does not is shown too: nothing disappears. */
#include "overview.h"

#include "readers.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ROWS_MAX = 500000,
    FRESH_MIN_S = 60,
    FRESH_ALIGNED_S = 900 /* three intervals of five minutes */
};

struct build {
    struct bw_overview *o;
    size_t cap_sites;
    size_t cap_circuits;
    struct bw_entity *entities; /* by id */
    size_t n_entities;
    size_t cap_entities;
};

/* Room for one more element of `size` in *array; gives its address or NULL. */
static void *grow(void **array, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap) {
        size_t next = *cap ? *cap * 2 : 64;
        void *bigger = next > ROWS_MAX ? NULL : realloc(*array, next * size);
        if (!bigger) {
            return NULL;
        }
        *array = bigger;
        *cap = next;
    }
    void *at = (char *)*array + *n * size;
    memset(at, 0, size);
    (*n)++;
    return at;
}

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct build *b = owner;
    void *array = b->entities;
    struct bw_entity *at = grow(&array, &b->n_entities, &b->cap_entities, sizeof(*at));
    b->entities = array;
    if (!at) {
        return -ENOMEM;
    }
    *at = *e;
    return 0;
}

static int by_entity_id(const void *a, const void *b)
{
    const struct bw_entity *x = a;
    const struct bw_entity *y = b;
    return strcmp(x->id, y->id);
}

static struct bw_site_row *add_site(struct build *b, const char *id)
{
    void *array = b->o->sites;
    struct bw_site_row *at = grow(&array, &b->o->n_sites, &b->cap_sites, sizeof(*at));
    b->o->sites = array;
    if (at) {
        (void)snprintf(at->id, sizeof(at->id), "%s", id);
        at->freshness = BW_NEVER;
        at->last_received_unix_ms = BW_UNKNOWN;
        at->last_end_unix_s = BW_UNKNOWN;
        at->interval_s = BW_UNKNOWN;
    }
    return at;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct build *b = owner;
    struct bw_site_row *row = add_site(b, s->id);
    if (!row) {
        return -ENOMEM;
    }
    (void)snprintf(row->name, sizeof(row->name), "%s", s->name);
    row->enrolled = s->state == BW_SITE_ENROLLED;
    row->freshness = s->state == BW_SITE_RETIRED ? BW_RETIRED : BW_NEVER;
    struct bw_entity key = {0};
    memcpy(key.id, s->entity, sizeof(key.id));
    const struct bw_entity *e =
        b->n_entities ? bsearch(&key, b->entities, b->n_entities, sizeof(key), by_entity_id)
                      : NULL;
    (void)snprintf(row->entity, sizeof(row->entity), "%s", e ? e->name : s->entity);
    return 0;
}

static int by_site_id(const void *a, const void *b)
{
    const struct bw_site_row *x = a;
    const struct bw_site_row *y = b;
    return strcmp(x->id, y->id);
}

static struct bw_site_row *find_site(const struct bw_overview *o, size_t n, const char *id)
{
    struct bw_site_row key = {0};
    (void)snprintf(key.id, sizeof(key.id), "%s", id);
    return n ? bsearch(&key, o->sites, n, sizeof(key), by_site_id) : NULL;
}

struct ledger_walk {
    struct build *b;
    size_t n_sorted;
};

void bw_site_row_judge(struct bw_site_row *row, int64_t now_unix_ms)
{
    int64_t patience_s = row->interval_s * 3;
    int64_t least_s = row->last_end_unix_s % 300 == 0 ? FRESH_ALIGNED_S : FRESH_MIN_S;
    patience_s = patience_s < least_s ? least_s : patience_s;
    int64_t age_s = (now_unix_ms - row->last_received_unix_ms) / 1000;
    row->freshness = age_s <= patience_s ? BW_FRESH : BW_SILENT;
    int64_t delay_s = row->last_received_unix_ms / 1000 - row->last_end_unix_s;
    row->late = delay_s > patience_s && !row->clock_bad;
}

static int on_ledger_site(void *owner, const struct bw_ledger_site *s)
{
    struct ledger_walk *w = owner;
    struct bw_site_row *row = find_site(w->b->o, w->n_sorted, s->site);
    row = row ? row : add_site(w->b, s->site);
    if (!row) {
        return -ENOMEM;
    }
    row->last_received_unix_ms = s->received_unix_ms;
    row->last_end_unix_s = s->end_unix_s;
    row->interval_s = s->usual_s;
    row->clock_bad = s->clock_known && !s->clock_synced;
    memcpy(row->agent, s->agent, sizeof(row->agent));
    if (row->freshness != BW_RETIRED) {
        row->enrolled = true;
        bw_site_row_judge(row, w->b->o->now_unix_ms);
    }
    return 0;
}

static int on_ledger_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct build *b = owner;
    void *array = b->o->circuits;
    struct bw_circuit_row *at =
        grow(&array, &b->o->n_circuits, &b->cap_circuits, sizeof(*at));
    b->o->circuits = array;
    if (!at) {
        return -ENOMEM;
    }
    at->now = *c;
    struct bw_site_row *site = find_site(b->o, b->o->n_sites, c->site);
    if (site) {
        site->n_circuits++;
        site->n_silent += c->silent ? 1 : 0;
    }
    return 0;
}

static int by_circuit_id(const void *a, const void *b)
{
    const struct bw_circuit_row *x = a;
    const struct bw_circuit_row *y = b;
    int d = strcmp(x->now.site, y->now.site);
    return d ? d : strcmp(x->now.facts.id, y->now.facts.id);
}

static int on_claim(void *owner, const struct bw_claim *claim)
{
    struct build *b = owner;
    int64_t now_s = b->o->now_unix_ms / 1000;
    if (claim->from_unix_s > now_s ||
        (claim->to_unix_s != BW_UNKNOWN && claim->to_unix_s <= now_s)) {
        return 0;
    }
    struct bw_circuit_row key = {0};
    memcpy(key.now.site, claim->site, sizeof(key.now.site));
    memcpy(key.now.facts.id, claim->circuit, sizeof(key.now.facts.id));
    struct bw_circuit_row *row =
        b->o->n_circuits
            ? bsearch(&key, b->o->circuits, b->o->n_circuits, sizeof(key), by_circuit_id)
            : NULL;
    if (row) {
        row->has_claim = true;
        row->claim = *claim;
    }
    return 0;
}

/* Where the catalogue has no name: what the installer called it. */
static void installer_words(struct bw_reader *r, struct bw_overview *o)
{
    struct bw_buf text;
    bw_buf_init(&text, 1024);
    for (size_t i = 0; i < o->n_sites; i++) {
        struct bw_site_row *row = &o->sites[i];
        char name[64];
        if (!row->name[0]) {
            (void)snprintf(name, sizeof(name), "installer-name:%s", row->id);
            if (r->catalogue->ops->meta_get(r->catalogue, name, &text, NULL) == 0) {
                (void)snprintf(row->name, sizeof(row->name), "%s",
                               text.data ? text.data : "");
            }
        }
        if (!row->entity[0]) {
            (void)snprintf(name, sizeof(name), "installer-entity:%s", row->id);
            if (r->catalogue->ops->meta_get(r->catalogue, name, &text, NULL) == 0) {
                (void)snprintf(row->entity, sizeof(row->entity), "%s",
                               text.data ? text.data : "");
            }
        }
    }
    bw_buf_done(&text);
}

/* A site and its entity: the others need not be read. */
static int
read_one(struct bw_catalogue *cat, struct build *b, const char *site, struct bw_err *reterr)
{
    struct bw_site one;
    struct bw_entity entity;
    int n = cat->ops->site_get(cat, site, &one, reterr);
    if (n < 0) {
        return n == -ENOENT ? 0 : n;
    }
    n = one.entity[0] ? cat->ops->entity_get(cat, one.entity, &entity, reterr) : -ENOENT;
    if (n == 0) {
        n = on_entity(b, &entity);
    }
    return n < 0 && n != -ENOENT ? n : on_site(b, &one);
}

static int
read_sites(struct bw_reader *r, struct build *b, const char *site, struct bw_err *reterr)
{
    struct bw_catalogue *cat = r->catalogue;
    int n;
    if (site) {
        n = read_one(cat, b, site, reterr);
    } else {
        n = cat->ops->entities(cat, NULL, on_entity, b, reterr);
        if (n == 0 && b->n_entities) {
            qsort(b->entities, b->n_entities, sizeof(b->entities[0]), by_entity_id);
        }
        n = n < 0 ? n : cat->ops->sites(cat, NULL, on_site, b, reterr);
    }
    if (n < 0) {
        return n;
    }
    if (b->o->n_sites) {
        qsort(b->o->sites, b->o->n_sites, sizeof(b->o->sites[0]), by_site_id);
    }
    struct ledger_walk w = {.b = b, .n_sorted = b->o->n_sites};
    n = r->ledger->ops->sites(r->ledger, site, on_ledger_site, &w, reterr);
    if (n < 0) {
        return n;
    }
    if (b->o->n_sites) {
        qsort(b->o->sites, b->o->n_sites, sizeof(b->o->sites[0]), by_site_id);
    }
    installer_words(r, b->o);
    return 0;
}

int bw_overview_read(struct bw_reader *r,
                     const char *site,
                     struct bw_overview **ret,
                     struct bw_err *reterr)
{
    struct build b = {.o = calloc(1, sizeof(*b.o))};
    if (!b.o) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    b.o->now_unix_ms = bw_clock_unix_ms();
    int n = read_sites(r, &b, site, reterr);
    if (n < 0) {
        goto out;
    }
    n = r->ledger->ops->circuits(r->ledger, site, on_ledger_circuit, &b, reterr);
    if (n < 0) {
        goto out;
    }
    if (b.o->n_circuits) {
        qsort(b.o->circuits, b.o->n_circuits, sizeof(b.o->circuits[0]), by_circuit_id);
    }
    int64_t now_s = b.o->now_unix_ms / 1000;
    n = r->catalogue->ops->claims(r->catalogue, site, NULL, now_s, now_s + 1, on_claim, &b,
                                  reterr);
    if (n < 0) {
        goto out;
    }
    n = r->ledger->ops->stat(r->ledger, &b.o->stat, reterr);
    if (n < 0) {
        goto out;
    }
    *ret = b.o;
    b.o = NULL;
out:
    free(b.entities);
    bw_overview_free(b.o);
    return n;
}

void bw_overview_free(struct bw_overview *o)
{
    if (o) {
        free(o->sites);
        free(o->circuits);
        free(o);
    }
}

/* --- choosing and ordering --------------------------------------------------------------
 */

static const char *const freshness_names[] = {[BW_FRESH] = "fresh",
                                              [BW_SILENT] = "silent",
                                              [BW_NEVER] = "never",
                                              [BW_RETIRED] = "retired"};
static const char *const sort_names[] = {[BW_SORT_STATE] = "state",
                                         [BW_SORT_NAME] = "name",
                                         [BW_SORT_ENTITY] = "entity",
                                         [BW_SORT_LAST] = "last"};

const char *bw_freshness_name(enum bw_freshness f)
{
    return freshness_names[f];
}

int bw_site_query_parse(const char *words,
                        const char *state,
                        const char *sort,
                        struct bw_site_query *ret)
{
    struct bw_site_query q = {.freshness = -1, .sort = BW_SORT_STATE};
    (void)snprintf(q.words, sizeof(q.words), "%s", words ? words : "");
    if (state && state[0]) {
        for (int i = 0; i < BW_FRESHNESS_N; i++) {
            if (strcmp(state, freshness_names[i]) == 0) {
                q.freshness = i;
            }
        }
        if (q.freshness < 0) {
            return -EINVAL;
        }
    }
    if (sort && sort[0]) {
        int found = -1;
        for (int i = 0; i <= BW_SORT_LAST; i++) {
            found = strcmp(sort, sort_names[i]) == 0 ? i : found;
        }
        if (found < 0) {
            return -EINVAL;
        }
        q.sort = (enum bw_site_sort)found;
    }
    *ret = q;
    return 0;
}

static bool has_words(const struct bw_site_brief *s, const char *words)
{
    while (*words) {
        char word[64];
        words += strspn(words, " \t");
        size_t n = strcspn(words, " \t");
        if (n == 0) {
            break;
        }
        (void)snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63), words);
        if (!strcasestr(s->id, word) && !strcasestr(s->name, word) &&
            !strcasestr(s->entity, word)) {
            return false;
        }
        words += n;
    }
    return true;
}

bool bw_site_fits(const struct bw_site_query *q, const struct bw_site_brief *s)
{
    int is = (int)s->freshness;
    return (q->freshness < 0 ? is != BW_RETIRED : is == q->freshness) &&
           has_words(s, q->words);
}

/* Empty names last, so that the unnamed do not hide the named. */
static int compare_text(const char *a, const char *b)
{
    if (!a[0] != !b[0]) {
        return a[0] ? -1 : 1;
    }
    return strcasecmp(a, b);
}

/* What needs a person first: open outages, silent boxes, boxes never seen, the rest. */
static int need(const struct bw_site_brief *s)
{
    return s->n_silent > 0 && s->freshness == BW_FRESH ? 0
           : s->freshness == BW_SILENT                 ? 1
           : s->freshness == BW_NEVER                  ? 2
                                                       : 3;
}

int bw_site_order(enum bw_site_sort sort,
                  const struct bw_site_brief *x,
                  const struct bw_site_brief *y)
{
    int d = 0;
    if (sort == BW_SORT_ENTITY) {
        d = compare_text(x->entity, y->entity);
    } else if (sort == BW_SORT_LAST) { /* the newest first */
        d = (x->last_received_unix_ms < y->last_received_unix_ms) -
            (x->last_received_unix_ms > y->last_received_unix_ms);
    } else if (sort == BW_SORT_STATE) {
        d = need(x) - need(y);
    }
    d = d ? d : compare_text(x->name, y->name);
    return d ? d : strcmp(x->id, y->id);
}

static struct bw_site_brief key_of(const struct bw_site_row *s)
{
    return (struct bw_site_brief){.id = s->id,
                                  .name = s->name,
                                  .entity = s->entity,
                                  .freshness = s->freshness,
                                  .n_silent = s->n_silent,
                                  .last_received_unix_ms = s->last_received_unix_ms};
}

static int by_query(const void *a, const void *b, void *query)
{
    const struct bw_site_query *q = query;
    struct bw_site_brief x = key_of(a);
    struct bw_site_brief y = key_of(b);
    return bw_site_order(q->sort, &x, &y);
}

size_t bw_overview_select(struct bw_overview *o, const struct bw_site_query *q)
{
    struct bw_site_query own = *q;
    size_t kept = 0;
    for (size_t i = 0; i < o->n_sites; i++) {
        struct bw_site_brief key = key_of(&o->sites[i]);
        if (bw_site_fits(q, &key)) {
            o->sites[kept++] = o->sites[i];
        }
    }
    o->n_sites = kept;
    if (kept) {
        qsort_r(o->sites, kept, sizeof(o->sites[0]), by_query, &own);
    }
    return kept;
}

size_t bw_overview_count(const struct bw_overview *o, size_t count[BW_FRESHNESS_N])
{
    memset(count, 0, BW_FRESHNESS_N * sizeof(count[0]));
    for (size_t i = 0; i < o->n_sites; i++) {
        count[o->sites[i].freshness]++;
    }
    return o->n_sites - count[BW_RETIRED];
}

/* --- addresses --------------------------------------------------------------------------
 */

int bw_circuit_id_parse(const char *id,
                        char site[BW_SITE_MAX + 1],
                        char circuit[BW_NAME_MAX + 1])
{
    const char *dot = strchr(id, '.');
    if (!dot || dot == id || (size_t)(dot - id) > BW_SITE_MAX || dot[1] == '\0' ||
        strlen(dot + 1) > BW_NAME_MAX) {
        return -EINVAL;
    }
    for (const char *p = id; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("-._", *p)) {
            return -EINVAL;
        }
    }
    (void)snprintf(site, BW_SITE_MAX + 1, "%.*s", (int)(dot - id), id);
    (void)snprintf(circuit, BW_NAME_MAX + 1, "%s", dot + 1);
    return 0;
}

int bw_when_parse(const char *text, int64_t *ret_unix_s)
{
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && text[digits] == '\0' && digits <= 12) {
        *ret_unix_s = strtoll(text, NULL, 10);
        return 0;
    }
    int64_t unix_ms = 0;
    int r = bw_time_parse(text, &unix_ms);
    if (r == 0) {
        *ret_unix_s = unix_ms / 1000;
    }
    return r;
}

void bw_overview_keep(struct bw_overview *o,
                      bool (*sees)(const void *viewer, const char *site),
                      const void *viewer)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_sites; i++) {
        if (sees(viewer, o->sites[i].id)) {
            o->sites[n++] = o->sites[i];
        }
    }
    o->n_sites = n;
    n = 0;
    for (size_t i = 0; i < o->n_circuits; i++) {
        if (sees(viewer, o->circuits[i].now.site)) {
            o->circuits[n++] = o->circuits[i];
        }
    }
    o->n_circuits = n;
}
