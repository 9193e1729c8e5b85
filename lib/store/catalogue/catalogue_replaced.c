/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_replaced.c - a box takes another's place at its site: the keys of the one
 * before are retired from then on, and stay good for what they signed until then.
 *
 * Invariant: replaced_by names a key that came by a token exactly where a box was
 * replaced; a key that another signed for names that one in prev_kid. */
#include "catalogue.h"

#include "catalogue_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    STEPS_MAX = 1000, /* keys one after another; two that sign for each other have no end */
    MARK_MAX = 80
};

static void mark_of(const uint8_t sha256[32], char out[MARK_MAX])
{
    char text[BW_HASH_LEN + 1];
    (void)bw_b64_encode(sha256, 32, text);
    (void)snprintf(out, MARK_MAX, "token-replaces:%s", text);
}

int bw_catalogue_token_replaces(struct bw_catalogue *c,
                                const uint8_t sha256[32],
                                const char *site,
                                struct bw_err *reterr)
{
    char mark[MARK_MAX];
    mark_of(sha256, mark);
    return c->ops->meta_set(c, mark, site, strlen(site), reterr);
}

int bw_cat_retire(struct bw_catalogue *c,
                  const uint8_t token_sha256[32],
                  const char *site,
                  const char *kid,
                  struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_buf value;
    char mark[MARK_MAX];
    mark_of(token_sha256, mark);
    bw_buf_init(&value, BW_LABEL_MAX);
    int r = bw_cat_meta_get(c, mark, &value, reterr);
    bw_buf_done(&value);
    if (r == -ENOENT) {
        return 0;
    }
    r = r < 0 ? r : bw_sql_use(s, KEY_RETIRE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_text(st, 2, kid);
    return bw_sql_run(s, st, reterr);
}

int bw_cat_retire_heir(struct bw_catalogue *c,
                       const struct bw_site_key *old,
                       const char *kid,
                       struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_site_key heir;
    char successor[BW_KID_LEN + 1];
    int64_t unix_s = BW_UNKNOWN;
    int r = bw_cat_key_get(c, kid, &heir, reterr);
    if (r < 0 || heir.replaced_by[0] || strcmp(heir.prev_kid, old->kid) != 0) {
        return r;
    }
    r = bw_catalogue_retired(c, old, &unix_s, successor, reterr);
    if (r < 0 || unix_s == BW_UNKNOWN) {
        return r;
    }
    r = bw_sql_use(s, KEY_REPLACED, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    bw_sql_text(st, 2, successor);
    return bw_sql_run(s, st, reterr);
}

int bw_catalogue_retired(struct bw_catalogue *c,
                         const struct bw_site_key *key,
                         int64_t *ret_unix_s,
                         char ret_kid[BW_KID_LEN + 1],
                         struct bw_err *reterr)
{
    struct bw_site_key k = *key;
    *ret_unix_s = BW_UNKNOWN;
    if (ret_kid) {
        ret_kid[0] = '\0';
    }
    for (int i = 0; i < STEPS_MAX && k.replaced_by[0]; i++) {
        struct bw_site_key next;
        int r = c->ops->key_get(c, k.replaced_by, &next, reterr);
        if (r < 0) {
            return r == -ENOENT ? 0 : r;
        }
        if (!next.prev_kid[0]) {
            *ret_unix_s = next.from_unix_s;
            if (ret_kid) {
                memcpy(ret_kid, next.kid, sizeof(next.kid));
            }
            return 0;
        }
        k = next;
    }
    return 0;
}
