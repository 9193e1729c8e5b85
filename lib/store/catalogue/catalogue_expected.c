/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_expected.c - tokens for many boxes at once, and one token by its hash.
 *
 * Invariant: of a list either every site has its token, or nothing was made. */
#include "catalogue_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

int bw_cat_token_get(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     struct bw_token *ret,
                     struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, TOKEN_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_blob(st, 1, sha256, 32);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        bw_cat_read_token(st, ret);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no such enrolment token");
}

int bw_cat_expect(struct bw_catalogue *c,
                  struct bw_expected *list,
                  size_t n,
                  int64_t now_unix_s,
                  struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct bw_expected *x = &list[i];
        if (x->site.id[0] == '\0') {
            r = bw_cat_site_put(c, &x->site, reterr);
        }
        r = r < 0 ? r
                  : bw_cat_token_add(c, x->token_sha256, x->site.id, now_unix_s,
                                     x->expires_unix_s, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    return r == -ENOENT ? -EINVAL : r;
}
