/* SPDX-License-Identifier: GPL-3.0-or-later
 * people_sessions.c - sessions and API keys.
 *
 * Invariant: a session begins in the transaction that spends the code which opened it, so
 * that no code opens two. */
#include "people_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

/* --- sessions ---------------------------------------------------------------------------
 */

static int spend_recovery(struct bw_people *p,
                          const char *person,
                          const uint8_t sha256[32],
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), RECOVERY_SPEND, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, sha256, 32);
        bw_sql_text(st, 2, person);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    if (r == 0 && sqlite3_changes(bw_people_db(p)->db) != 1) {
        r = bw_err_set(reterr, -EACCES, "there is no such recovery code");
    }
    return r;
}

static int signed_in(struct bw_people *p,
                     const struct bw_session *s,
                     int64_t step,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), PERSON_SIGNED_IN, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, s->person);
        bw_sql_i64(st, 2, s->created_unix_s);
        bw_sql_i64(st, 3, step);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    if (r == 0 && sqlite3_changes(bw_people_db(p)->db) != 1) {
        r = bw_err_set(reterr, -EALREADY, "the code was used");
    }
    return r;
}

/* Of what is over nothing stays, and of one person's no more than so many. */
static int make_room(struct bw_people *p, const struct bw_session *s, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t n = 0;
    int r = bw_sql_use(bw_people_db(p), SESSION_TIDY, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, s->created_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), SESSION_OLDEST, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, s->person);
        bw_sql_i64(st, 2, BW_SESSIONS_EACH - 1);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    r = r < 0 ? r : bw_people_number(p, SESSION_COUNT, NULL, &n, reterr);
    return r < 0 || n < BW_SESSIONS_MAX
               ? r
               : bw_err_set(reterr, -ENOSPC, "there are too many sessions");
}

int bw_ppl_sign_in(struct bw_people *p,
                   const struct bw_session *s,
                   int64_t step,
                   const uint8_t recovery_sha256[32],
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    if (step == BW_UNKNOWN) {
        r = spend_recovery(p, s->person, recovery_sha256, reterr);
    }
    r = r < 0 ? r : signed_in(p, s, step, reterr);
    r = r < 0 ? r : make_room(p, s, reterr);
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), SESSION_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, s->sha256, sizeof(s->sha256));
        bw_sql_text(st, 2, s->person);
        bw_sql_blob(st, 3, s->csrf, sizeof(s->csrf));
        bw_sql_i64(st, 4, s->created_unix_s);
        bw_sql_i64(st, 5, s->seen_unix_s);
        bw_sql_i64(st, 6, s->expires_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return bw_people_end(p, r, NULL, reterr);
}

int bw_ppl_session_end(struct bw_people *p, const uint8_t sha256[32], struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), SESSION_END, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, sha256, 32);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r;
}

int bw_ppl_sessions_end(struct bw_people *p,
                        const char *person,
                        const uint8_t but_sha256[32],
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), SESSIONS_END, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, person);
        bw_sql_blob(st, 2, but_sha256, 32);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r;
}

int bw_ppl_sessions_seen(struct bw_people *p,
                         const struct bw_session *s,
                         size_t n,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = bw_sql_use(bw_people_db(p), SESSION_SEEN, &st, reterr);
        if (r == 0) {
            bw_sql_blob(st, 1, s[i].sha256, sizeof(s[i].sha256));
            bw_sql_i64(st, 2, s[i].seen_unix_s);
            r = bw_sql_run(bw_people_db(p), st, reterr);
        }
    }
    return bw_people_end(p, r, NULL, reterr);
}

int bw_ppl_sessions(struct bw_people *p,
                    bw_session_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_session s;
    int r = bw_sql_use(bw_people_db(p), SESSION_ALL, &st, reterr);
    while (r == 0 && (r = bw_sql_row(bw_people_db(p), st, reterr)) > 0) {
        memset(&s, 0, sizeof(s));
        if (sqlite3_column_bytes(st, 0) == 32 &&
            sqlite3_column_bytes(st, 2) == BW_SESSION_CSRF) {
            memcpy(s.sha256, sqlite3_column_blob(st, 0), 32);
            memcpy(s.csrf, sqlite3_column_blob(st, 2), BW_SESSION_CSRF);
            bw_sql_copy(st, 1, s.person, sizeof(s.person));
            s.created_unix_s = bw_sql_get(st, 3);
            s.seen_unix_s = bw_sql_get(st, 4);
            s.expires_unix_s = bw_sql_get(st, 5);
            r = cb(owner, &s);
        } else {
            r = 0; /* a damaged one opens nothing */
        }
        if (r != 0) {
            (void)sqlite3_reset(st);
        }
    }
    return r;
}

/* --- keys -------------------------------------------------------------------------------
 */

int bw_ppl_key_add(struct bw_people *p,
                   const struct bw_api_key *k,
                   int64_t *ret_id,
                   const struct bw_act_said *act,
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t id = 0;
    int r = !bw_person_name_fits(k->name) || !bw_role_name(k->role) ||
                    k->role == BW_ROLE_ADMIN || bw_role_scoped(k->role) != (k->n_scopes > 0)
                ? bw_err_set(reterr, -EINVAL, "a key has a name, and entities or the state")
                : bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    r = bw_people_number(p, KEY_GOOD, k->name, &id, reterr);
    if (r == 0 && id > 0) {
        r = bw_err_set(reterr, -EEXIST, "there is a key %s; revoke it first", k->name);
    }
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), KEY_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, k->sha256, sizeof(k->sha256));
        bw_sql_text(st, 2, k->name);
        bw_sql_i64(st, 3, k->role);
        bw_sql_i64(st, 4, k->created_unix_s);
        bw_sql_i64(st, 5, k->expires_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
        id = sqlite3_last_insert_rowid(bw_people_db(p)->db);
    }
    for (size_t i = 0; r == 0 && i < k->n_scopes; i++) {
        r = bw_sql_use(bw_people_db(p), KEY_SCOPE_ADD, &st, reterr);
        if (r == 0) {
            bw_sql_i64(st, 1, id);
            bw_sql_text(st, 2, k->scopes[i]);
            r = bw_sql_run(bw_people_db(p), st, reterr);
        }
    }
    r = bw_people_end(p, r, act, reterr);
    if (r == 0 && ret_id) {
        *ret_id = id;
    }
    return r;
}

int bw_ppl_key_revoke(struct bw_people *p,
                      const char *name,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    r = bw_sql_use(bw_people_db(p), KEY_REVOKE, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        bw_sql_i64(st, 2, now_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    if (r == 0 && sqlite3_changes(bw_people_db(p)->db) == 0) {
        r = bw_err_set(reterr, -ENOENT, "no key %s is good", name);
    }
    return bw_people_end(p, r, act, reterr);
}

int bw_ppl_keys(struct bw_people *p, bw_api_key_cb cb, void *owner, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_api_key k;
    int r = bw_sql_use(bw_people_db(p), KEY_ALL, &st, reterr);
    while (r == 0 && (r = bw_sql_row(bw_people_db(p), st, reterr)) > 0) {
        memset(&k, 0, sizeof(k));
        k.id = sqlite3_column_int64(st, 0);
        if (sqlite3_column_bytes(st, 1) == 32) {
            memcpy(k.sha256, sqlite3_column_blob(st, 1), 32);
        }
        bw_sql_copy(st, 2, k.name, sizeof(k.name));
        k.role = (enum bw_role)sqlite3_column_int64(st, 3);
        k.created_unix_s = bw_sql_get(st, 4);
        k.expires_unix_s = bw_sql_get(st, 5);
        k.revoked_unix_s = bw_sql_get(st, 6);
        r = bw_people_scopes(p, KEY_SCOPE_LIST, NULL, k.id, k.scopes, &k.n_scopes, reterr);
        r = r < 0 ? r : cb(owner, &k);
        if (r != 0) {
            (void)sqlite3_reset(st);
        }
    }
    return r;
}
