/* SPDX-License-Identifier: GPL-3.0-or-later
 * known.c - entities, sites and keys of the catalogue in memory, and what is new in it.
 *
 * Invariant: the lists are of one moment of the catalogue; a failure leaves those of
 * before. */
#include "known.h"

#include "known_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <ledger.h>
#include <origin.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bw_known_open(const struct bw_known_opts *o,
                  struct bw_known **ret,
                  struct bw_err *reterr)
{
    struct bw_known *k = calloc(1, sizeof(*k));
    int r;

    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    k->version = BW_UNKNOWN;
    k->conf = o->conf;
    r = bw_origin_open(BW_FROM_LEDGER, o->data_dir, &k->origin, reterr);
    if (r < 0) {
        bw_known_close(k);
        return r;
    }
    if (o->rules[0]) {
        bw_known_read_rules(k, o->rules);
    }
    k->catalogue = bw_origin_catalogue(k->origin);
    *ret = k;
    return 0;
}

void bw_known_close(struct bw_known *k)
{
    if (k) {
        bw_known_forget_said(k);
        for (size_t i = 0; i < k->n_zones; i++) {
            bw_tz_free(k->zones[i].tz);
        }
        free(k->entities);
        free(k->sites);
        free(k->keys);
        free(k->lines);
        free(k->rules);
        bw_origin_close(k->origin);
        free(k);
    }
}

struct bw_ledger *bw_known_ledger(struct bw_known *k)
{
    const char *folder;
    return bw_origin_ledger(k->origin, &folder);
}

/* ---- lists ----------------------------------------------------------------------------
 */

struct lists {
    struct bw_entity *entities;
    size_t n_entities, cap_entities;
    struct bw_known_site *sites;
    size_t n_sites, cap_sites;
    struct bw_known_key *keys;
    size_t n_keys, cap_keys;
    struct bw_known_line *lines;
    size_t n_lines, cap_lines;
    uint64_t mark;
};

static void lists_done(struct lists *l)
{
    free(l->entities);
    free(l->sites);
    free(l->keys);
    free(l->lines);
}

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct lists *l = owner;
    struct bw_entity *room =
        bw_grow(l->entities, l->n_entities, &l->cap_entities, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    l->entities = room;
    room[l->n_entities++] = *e;
    return 0;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct lists *l = owner;
    struct bw_known_site *room =
        bw_grow(l->sites, l->n_sites, &l->cap_sites, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    l->sites = room;
    room[l->n_sites++] = (struct bw_known_site){.site = *s,
                                                .enrolled_unix_s = BW_UNKNOWN,
                                                .token_unix_s = BW_UNKNOWN,
                                                .token_expires_unix_s = BW_UNKNOWN,
                                                .moved_unix_s = BW_UNKNOWN,
                                                .shipped_unix_s = BW_UNKNOWN,
                                                .refused_unix_s = BW_UNKNOWN};
    return 0;
}

static int by_entity(const void *a, const void *b)
{
    return strcmp(((const struct bw_entity *)a)->id, ((const struct bw_entity *)b)->id);
}

static int by_site(const void *a, const void *b)
{
    return strcmp(((const struct bw_known_site *)a)->site.id,
                  ((const struct bw_known_site *)b)->site.id);
}

static int by_kid(const void *a, const void *b)
{
    return strcmp(((const struct bw_known_key *)a)->kid,
                  ((const struct bw_known_key *)b)->kid);
}

struct bw_known_site *
bw_known_find_site(struct bw_known_site *list, size_t n, const char *id)
{
    struct bw_known_site key = {.n_keys = 0};

    (void)snprintf(key.site.id, sizeof(key.site.id), "%s", id);
    return n ? bsearch(&key, list, n, sizeof(key), by_site) : NULL;
}

static int on_key(void *owner, const struct bw_site_key *key)
{
    struct lists *l = owner;
    struct bw_known_site *s = bw_known_find_site(l->sites, l->n_sites, key->site);
    struct bw_known_key *room = bw_grow(l->keys, l->n_keys, &l->cap_keys, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    l->keys = room;
    memcpy(room[l->n_keys].kid, key->kid, sizeof(room->kid));
    memcpy(room[l->n_keys].site, key->site, sizeof(room->site));
    l->n_keys++;
    if (s) {
        s->n_keys += key->revoked_unix_s == BW_UNKNOWN && !key->replaced_by[0];
        s->revoked |= key->revoked_unix_s != BW_UNKNOWN;
        if (s->enrolled_unix_s == BW_UNKNOWN || key->from_unix_s < s->enrolled_unix_s) {
            s->enrolled_unix_s = key->from_unix_s;
        }
    }
    return 0;
}

static int on_line(void *owner, const struct bw_circuit_facts *f)
{
    struct lists *l = owner;
    struct bw_known_line *room =
        bw_grow(l->lines, l->n_lines, &l->cap_lines, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    l->lines = room;
    memcpy(room[l->n_lines].site, f->site, sizeof(room->site));
    memcpy(room[l->n_lines].name, f->circuit, sizeof(room->name));
    room[l->n_lines++].from_unix_s = f->from_unix_s;
    return 0;
}

static int by_line(const void *a, const void *b)
{
    const struct bw_known_line *x = a;
    const struct bw_known_line *y = b;
    int c = strcmp(x->site, y->site);

    return c ? c : strcmp(x->name, y->name);
}

static int on_token(void *owner, const struct bw_token *t)
{
    struct lists *l = owner;
    struct bw_known_site *s = bw_known_find_site(l->sites, l->n_sites, t->site);

    if (s && (s->token_unix_s == BW_UNKNOWN || t->created_unix_s >= s->token_unix_s)) {
        s->token_unix_s = t->created_unix_s;
        s->token_expires_unix_s = t->expires_unix_s;
    }
    return 0;
}

/* "1793620800 spent": when a box was refused with a token of this site, and why. */
static int on_refused(void *owner, const char *name, const char *value, size_t n)
{
    struct lists *l = owner;
    struct bw_known_site *s =
        bw_known_find_site(l->sites, l->n_sites, name + strlen(BW_META_REFUSED));
    char text[64];

    if (s && n < sizeof(text)) {
        memcpy(text, value, n);
        text[n] = '\0';
        s->refused_unix_s = strtoll(text, NULL, 10);
        s->refused_spent = strstr(text, "spent") != NULL;
    }
    return 0;
}

/* FNV-1a. */
static void mix(uint64_t *mark, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *mark = (*mark ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
    }
}

static int on_claim(void *owner, const struct bw_claim *c)
{
    struct lists *l = owner;

    mix(&l->mark, c->site, strlen(c->site));
    mix(&l->mark, c->circuit, strlen(c->circuit));
    mix(&l->mark, &c->id, sizeof(c->id));
    mix(&l->mark, &c->from_unix_s, sizeof(c->from_unix_s));
    mix(&l->mark, &c->to_unix_s, sizeof(c->to_unix_s));
    mix(&l->mark, c->down_bps == BW_UNKNOWN ? &c->id : &c->down_bps, sizeof(c->down_bps));
    mix(&l->mark, c->up_bps == BW_UNKNOWN ? &c->id : &c->up_bps, sizeof(c->up_bps));
    return 0;
}

/* Where the catalogue has no name: what the installer called it. */
static void installer_words(struct bw_catalogue *c, struct lists *l)
{
    struct bw_buf text;
    char name[64];

    bw_buf_init(&text, 1024);
    for (size_t i = 0; i < l->n_sites; i++) {
        struct bw_known_site *s = &l->sites[i];
        const struct {
            const char *name;
            char *out;
        } words[] = {{"name", s->site.name[0] ? NULL : s->site.name},
                     {"entity", s->site.entity[0] ? NULL : s->said_entity}};
        for (size_t w = 0; w < 2; w++) {
            (void)snprintf(name, sizeof(name), "installer-%s:%s", words[w].name,
                           s->site.id);
            if (words[w].out && c->ops->meta_get(c, name, &text, NULL) == 0) {
                (void)snprintf(words[w].out, BW_LABEL_MAX + 1, "%s",
                               text.data ? text.data : "");
            }
        }
    }
    bw_buf_done(&text);
}

static int read_lists(struct bw_known *k, struct lists *l, struct bw_err *reterr)
{
    struct bw_catalogue *c = k->catalogue;
    int r = c->ops->entities(c, NULL, on_entity, l, reterr);

    r = r < 0 ? r : c->ops->sites(c, NULL, on_site, l, reterr);
    if (r == 0) {
        installer_words(c, l);
    }
    if (r == 0 && l->n_entities > 0) {
        qsort(l->entities, l->n_entities, sizeof(*l->entities), by_entity);
    }
    if (r == 0 && l->n_sites > 0) {
        qsort(l->sites, l->n_sites, sizeof(*l->sites), by_site);
    }
    r = r < 0 ? r : c->ops->keys(c, NULL, on_key, l, reterr);
    r = r < 0 ? r : c->ops->tokens(c, on_token, l, reterr);
    r = r < 0 ? r : c->ops->metas(c, BW_META_REFUSED, on_refused, l, reterr);
    r = r < 0 ? r : c->ops->circuits(c, NULL, false, on_line, l, reterr);
    if (r == 0 && l->n_lines > 0) {
        qsort(l->lines, l->n_lines, sizeof(*l->lines), by_line);
    }
    l->mark = UINT64_C(14695981039346656037);
    r = r < 0 ? r : c->ops->claims(c, NULL, NULL, 0, INT64_MAX, on_claim, l, reterr);
    if (r == 0 && l->n_keys > 0) {
        qsort(l->keys, l->n_keys, sizeof(*l->keys), by_kid);
    }
    return r;
}

/* ---- what is new ----------------------------------------------------------------------
 */

struct news {
    struct bw_known *k;
    bw_known_said_cb cb;
    void *owner;
    bool all;                           /* was told: of any */
    char (*withdrawn)[BW_HASH_LEN + 1]; /* of which withdrawals are */
    size_t n_withdrawn, cap_withdrawn;
};

/* Kinds without a number (links, weights of the queue) are in no report's figure. */
static bool changes_figures(enum bw_statement_kind kind)
{
    return kind != BW_STATEMENT_REPLY && kind != BW_STATEMENT_OTHER;
}

static void tell(struct news *n, const struct bw_statement *s)
{
    bool one = strncmp(s->about, "circuit:", 8) == 0 || strncmp(s->about, "site:", 5) == 0;

    if (changes_figures(s->kind) && !n->all) {
        n->cb(n->owner, one ? s->about : NULL);
        n->all = !one;
    }
}

static int on_said(void *owner, const struct bw_said *s)
{
    struct news *n = owner;
    void *room;

    if (s->statement->kind != BW_STATEMENT_WITHDRAWAL) {
        tell(n, s->statement);
        return n->all;
    }
    /* It is about an id: what changes is what that one was about. */
    room = bw_grow(n->withdrawn, n->n_withdrawn, &n->cap_withdrawn, sizeof(*n->withdrawn));
    if (!room) {
        return -ENOMEM;
    }
    n->withdrawn = room;
    (void)snprintf(n->withdrawn[n->n_withdrawn++], sizeof(*n->withdrawn), "%.*s",
                   BW_HASH_LEN, s->statement->about);
    return 0;
}

static int on_withdrawn(void *owner, const struct bw_said *s)
{
    tell(owner, s->statement);
    return 0;
}

/* All that is new since *said, told. */
static int
tell_news(struct bw_catalogue *c, int64_t said, struct news *n, struct bw_err *reterr)
{
    int r = c->ops->statements_from(c, said, on_said, n, reterr);

    for (size_t i = 0; r == 0 && !n->all && i < n->n_withdrawn; i++) {
        r = c->ops->statement_find(c, n->withdrawn[i], on_withdrawn, n, reterr);
    }
    free(n->withdrawn);
    return r < 0 ? r : 0; /* the walk ends once all is told */
}

int bw_known_refresh(struct bw_known *k,
                     int64_t *said,
                     bw_known_said_cb cb,
                     void *owner,
                     bool *ret_changed,
                     struct bw_err *reterr)
{
    struct bw_catalogue *c = k->catalogue;
    struct news n = {.k = k, .cb = *said == BW_UNKNOWN ? NULL : cb, .owner = owner};
    struct lists l = {.n_sites = 0};
    int64_t version = 0;
    int64_t count = 0;
    int r;

    *ret_changed = false;
    if (!c) {
        return bw_err_set(reterr, -ENOENT, "there is no catalogue");
    }
    r = c->ops->version(c, &version, reterr);
    if (r < 0 || version == k->version) {
        return r;
    }
    r = read_lists(k, &l, reterr);
    r = r < 0 ? r : c->ops->statements_count(c, &count, reterr);
    if (r == 0 && count != k->said) {
        r = bw_known_read_said(k, l.sites, l.n_sites, reterr);
    }
    if (r == 0 && n.cb && count > *said) {
        r = tell_news(c, *said, &n, reterr);
    }
    if (r < 0) {
        lists_done(&l);
        return r;
    }
    bw_known_mark_moved(k, l.sites, l.n_sites);
    free(k->entities);
    free(k->sites);
    free(k->keys);
    free(k->lines);
    k->lines = l.lines;
    k->n_lines = l.n_lines;
    k->entities = l.entities;
    k->n_entities = l.n_entities;
    k->sites = l.sites;
    k->n_sites = l.n_sites;
    k->keys = l.keys;
    k->n_keys = l.n_keys;
    k->mark = l.mark;
    k->said = count;
    k->version = version;
    *said = count;
    *ret_changed = true;
    return 0;
}

bool bw_known_changed(struct bw_known *k)
{
    struct bw_catalogue *c = k->catalogue;
    int64_t version = 0;

    return c && c->ops->version(c, &version, NULL) == 0 && version != k->version;
}

const struct bw_entity *bw_known_entities(const struct bw_known *k, size_t *ret_n)
{
    *ret_n = k->n_entities;
    return k->entities;
}

const struct bw_known_site *bw_known_sites(const struct bw_known *k, size_t *ret_n)
{
    *ret_n = k->n_sites;
    return k->sites;
}

const struct bw_known_site *bw_known_site(const struct bw_known *k, const char *id)
{
    return bw_known_find_site(k->sites, k->n_sites, id);
}

const struct bw_entity *bw_known_entity(const struct bw_known *k, const char *id)
{
    struct bw_entity key = {.id = ""};

    (void)snprintf(key.id, sizeof(key.id), "%s", id);
    return k->n_entities ? bsearch(&key, k->entities, k->n_entities, sizeof(key), by_entity)
                         : NULL;
}

const char *bw_known_site_of_key(const struct bw_known *k, const char *kid)
{
    struct bw_known_key key = {.kid = ""};
    const struct bw_known_key *at;

    (void)snprintf(key.kid, sizeof(key.kid), "%s", kid);
    at = k->n_keys ? bsearch(&key, k->keys, k->n_keys, sizeof(key), by_kid) : NULL;
    return at ? at->site : "";
}

int64_t
bw_known_facts_since(const struct bw_known *k, const char *site, const char *circuit)
{
    struct bw_known_line key = {.site = ""};
    const struct bw_known_line *at;

    (void)snprintf(key.site, sizeof(key.site), "%s", site);
    (void)snprintf(key.name, sizeof(key.name), "%s", circuit);
    at = k->n_lines ? bsearch(&key, k->lines, k->n_lines, sizeof(key), by_line) : NULL;
    return at ? at->from_unix_s : INT64_MAX;
}

uint64_t bw_known_claims_mark(const struct bw_known *k)
{
    return k->mark;
}
