/* SPDX-License-Identifier: GPL-3.0-or-later
 * keycache.h - keys and prefixes of the catalogue in memory, for one thread. Nothing is
 * older than the last bw_keycache_refresh(). */
#ifndef BW_KEYCACHE_H
#define BW_KEYCACHE_H

#include <bw/summary.h>
#include <jws.h>
#include <stdbool.h>

struct bw_catalogue;
struct bw_err;
struct bw_keycache;

struct bw_keycache_key {
    struct bw_pubkey key;
    char site[BW_SITE_MAX + 1];
    bool revoked;
    int64_t retired_unix_s; /* another box stands in its place since; unknown: none */
};

/* The catalogue is borrowed. */
int bw_keycache_new(struct bw_catalogue *c, struct bw_keycache **ret);
void bw_keycache_free(struct bw_keycache *k); /* NULL is fine */

/* Forget everything if any process changed the catalogue since; cheap. */
int bw_keycache_refresh(struct bw_keycache *k, struct bw_err *reterr);

/* Lent until the next refresh. -BW_EUNKNOWNKEY when nobody enrolled it. */
int bw_keycache_get(struct bw_keycache *k,
                    const char *kid,
                    const struct bw_keycache_key **ret,
                    struct bw_err *reterr);

/* Whether the peer's address (text) lies under a prefix registered for the site: unknown
 * when none is, or when the text is no address. */
enum bw_egress
bw_keycache_egress(struct bw_keycache *k, const char *site, const char *peer);

#endif
