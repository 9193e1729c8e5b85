/* SPDX-License-Identifier: GPL-3.0-or-later
 * keycache.c - two small hash tables (keys by kid, prefixes by site), both emptied when
 * the catalogue's version moves and filled again on demand. */
#include "keycache.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEYS_MAX = 262144,
    KEY_BUCKETS = 16384,
    SITE_BUCKETS = 4096,
    PREFIXES_MAX = 64
};

struct key {
    struct key *next;
    struct bw_keycache_key pub;
};

struct prefix {
    uint8_t family;
    uint8_t bits;
    uint8_t addr[16];
};

struct site {
    struct site *next;
    char id[BW_SITE_MAX + 1];
    size_t n;
    struct prefix prefixes[];
};

struct bw_keycache {
    struct bw_catalogue *catalogue;
    int64_t version;
    bool filled;
    size_t n_keys;
    struct key *keys[KEY_BUCKETS];
    struct site *sites[SITE_BUCKETS];
};

/* FNV-1a; the kid is a hash already and site ids are the state's own. */
static size_t hash(const char *text)
{
    uint32_t h = 2166136261U;
    for (; *text; text++) {
        h = (h ^ (uint8_t)*text) * 16777619U;
    }
    return h;
}

static void clear(struct bw_keycache *k)
{
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        while (k->keys[i]) {
            struct key *gone = k->keys[i];
            k->keys[i] = gone->next;
            free(gone);
        }
    }
    for (size_t i = 0; i < SITE_BUCKETS; i++) {
        while (k->sites[i]) {
            struct site *gone = k->sites[i];
            k->sites[i] = gone->next;
            free(gone);
        }
    }
    k->n_keys = 0;
}

int bw_keycache_new(struct bw_catalogue *c, struct bw_keycache **ret)
{
    struct bw_keycache *k = calloc(1, sizeof(*k));
    if (!k) {
        return -ENOMEM;
    }
    k->catalogue = c;
    *ret = k;
    return 0;
}

void bw_keycache_free(struct bw_keycache *k)
{
    if (k) {
        clear(k);
        free(k);
    }
}

int bw_keycache_refresh(struct bw_keycache *k, struct bw_err *reterr)
{
    int64_t version = 0;
    int r = k->catalogue->ops->version(k->catalogue, &version, reterr);
    if (r < 0) {
        return r;
    }
    if (!k->filled || version != k->version || k->n_keys >= KEYS_MAX) {
        clear(k);
        k->version = version;
        k->filled = true;
    }
    return 0;
}

int bw_keycache_get(struct bw_keycache *k,
                    const char *kid,
                    const struct bw_keycache_key **ret,
                    struct bw_err *reterr)
{
    size_t bucket = hash(kid) % KEY_BUCKETS;
    for (struct key *e = k->keys[bucket]; e; e = e->next) {
        if (strcmp(e->pub.key.kid, kid) == 0) {
            *ret = &e->pub;
            return 0;
        }
    }
    struct bw_site_key row;
    int r = k->catalogue->ops->key_get(k->catalogue, kid, &row, reterr);
    if (r == -ENOENT) {
        return bw_err_set(reterr, -BW_EUNKNOWNKEY, "nobody enrolled this key");
    }
    if (r < 0) {
        return r;
    }
    int64_t retired_unix_s = BW_UNKNOWN;
    r = bw_catalogue_retired(k->catalogue, &row, &retired_unix_s, NULL, reterr);
    if (r < 0) {
        return r;
    }
    struct key *e = calloc(1, sizeof(*e));
    if (!e) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    e->pub.key.alg = (enum bw_alg)row.alg;
    memcpy(e->pub.key.raw, row.raw, sizeof(e->pub.key.raw));
    memcpy(e->pub.key.kid, row.kid, sizeof(e->pub.key.kid));
    memcpy(e->pub.site, row.site, sizeof(e->pub.site));
    e->pub.retired_unix_s = retired_unix_s;
    e->pub.revoked = row.revoked_unix_s != BW_UNKNOWN;
    e->next = k->keys[bucket];
    k->keys[bucket] = e;
    k->n_keys++;
    *ret = &e->pub;
    return 0;
}

struct gather {
    struct prefix prefixes[PREFIXES_MAX];
    size_t n;
};

static int on_prefix(void *owner, const struct bw_prefix *p)
{
    struct gather *g = owner;
    if (p->to_unix_s == BW_UNKNOWN && g->n < PREFIXES_MAX) {
        g->prefixes[g->n].family = p->family;
        g->prefixes[g->n].bits = p->bits;
        memcpy(g->prefixes[g->n].addr, p->addr, sizeof(p->addr));
        g->n++;
    }
    return 0;
}

static const struct site *site_get(struct bw_keycache *k, const char *id)
{
    size_t bucket = hash(id) % SITE_BUCKETS;
    for (const struct site *s = k->sites[bucket]; s; s = s->next) {
        if (strcmp(s->id, id) == 0) {
            return s;
        }
    }
    struct gather g = {.n = 0};
    if (k->catalogue->ops->prefixes(k->catalogue, id, on_prefix, &g, NULL) < 0) {
        return NULL;
    }
    struct site *s = calloc(1, sizeof(*s) + g.n * sizeof(s->prefixes[0]));
    if (!s) {
        return NULL;
    }
    memcpy(s->id, id, strlen(id) + 1);
    s->n = g.n;
    memcpy(s->prefixes, g.prefixes, g.n * sizeof(s->prefixes[0]));
    s->next = k->sites[bucket];
    k->sites[bucket] = s;
    return s;
}

static bool under(const struct prefix *p, uint8_t family, const uint8_t addr[16])
{
    if (p->family != family) {
        return false;
    }
    size_t whole = p->bits / 8;
    if (memcmp(p->addr, addr, whole) != 0) {
        return false;
    }
    unsigned rest = p->bits % 8;
    return rest == 0 || ((p->addr[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

enum bw_egress bw_keycache_egress(struct bw_keycache *k, const char *site, const char *peer)
{
    uint8_t addr[16] = {0};
    uint8_t family = 4;
    if (inet_pton(AF_INET, peer, addr) != 1) {
        family = 6;
        if (inet_pton(AF_INET6, peer, addr) != 1) {
            return BW_EGRESS_UNKNOWN;
        }
    }
    const struct site *s = site_get(k, site);
    if (!s || s->n == 0) {
        return BW_EGRESS_UNKNOWN;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (under(&s->prefixes[i], family, addr)) {
            return BW_EGRESS_MATCH;
        }
    }
    return BW_EGRESS_OTHER;
}
