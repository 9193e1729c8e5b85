/* SPDX-License-Identifier: GPL-3.0-or-later
 * people_persons.c - persons, and the one-time links by which they get their secrets.
 *
 * Invariant: a name is one person's for ever, since statements are said in it; whoever has
 * an unspent link has no password yet, or is about to get another. */
#include "people_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

static void read_person(struct sqlite3_stmt *st, struct bw_person *p)
{
    memset(p, 0, sizeof(*p));
    bw_sql_copy(st, 0, p->name, sizeof(p->name));
    bw_sql_copy(st, 1, p->shown, sizeof(p->shown));
    p->role = (enum bw_role)sqlite3_column_int64(st, 2);
    bw_sql_copy(st, 3, p->hash, sizeof(p->hash));
    if (sqlite3_column_bytes(st, 4) == BW_TOTP_KEY) {
        memcpy(p->totp, sqlite3_column_blob(st, 4), BW_TOTP_KEY);
    } else {
        p->hash[0] = '\0'; /* one without the other opens nothing */
    }
    p->totp_step = bw_sql_get(st, 5);
    p->failures = bw_sql_get(st, 6);
    p->locked_until_unix_s = bw_sql_get(st, 7);
    p->created_unix_s = bw_sql_get(st, 8);
    p->signed_in_unix_s = bw_sql_get(st, 9);
    p->removed_unix_s = bw_sql_get(st, 10);
    p->n_recovery = bw_sql_get(st, 11);
}

static int read_scopes(struct bw_people *p, struct bw_person *x, struct bw_err *reterr)
{
    return bw_people_scopes(p, SCOPE_LIST, x->name, 0, x->scopes, &x->n_scopes, reterr);
}

static int put_scopes(struct bw_people *p, const struct bw_person *x, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_people_of(p, SCOPE_DROP, x->name, reterr);
    for (size_t i = 0; r == 0 && i < x->n_scopes; i++) {
        r = bw_sql_use(bw_people_db(p), SCOPE_ADD, &st, reterr);
        if (r == 0) {
            bw_sql_text(st, 1, x->name);
            bw_sql_text(st, 2, x->scopes[i]);
            r = bw_sql_run(bw_people_db(p), st, reterr);
        }
    }
    return r;
}

static int check_person(const struct bw_person *x, struct bw_err *reterr)
{
    if (!bw_person_name_fits(x->name)) {
        return bw_err_set(reterr, -EINVAL,
                          "a name has 1 to %d of a-z, 0-9, '.', '_', '-', and begins with "
                          "a letter or digit",
                          BW_PERSON_MAX);
    }
    if (!bw_role_name(x->role)) {
        return bw_err_set(reterr, -EINVAL, "no such role");
    }
    if (bw_role_scoped(x->role) != (x->n_scopes > 0) || x->n_scopes > BW_PERSON_SCOPES) {
        return bw_err_set(reterr, -EINVAL,
                          bw_role_scoped(x->role)
                              ? "the role %s needs at least one entity and at most %d"
                              : "the role %s is for the whole state: no entity",
                          bw_role_name(x->role), BW_PERSON_SCOPES);
    }
    return 0;
}

/* Within a transaction. */
static int put_person(struct bw_people *p,
                      const struct bw_person *x,
                      int64_t now_unix_s,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), PERSON_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, x->name);
        bw_sql_text(st, 2, x->shown[0] ? x->shown : x->name);
        bw_sql_i64(st, 3, x->role);
        bw_sql_i64(st, 4, now_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r == -EEXIST ? bw_err_set(reterr, r, "%s is or was somebody's name", x->name)
                        : r;
}

int bw_ppl_person_add(struct bw_people *p,
                      const struct bw_person *person,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr)
{
    int r = check_person(person, reterr);
    r = r < 0 ? r : bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    r = put_person(p, person, now_unix_s, reterr);
    r = r < 0 ? r : put_scopes(p, person, reterr);
    return bw_people_end(p, r, act, reterr);
}

int bw_ppl_person_get(struct bw_people *p,
                      const char *name,
                      struct bw_person *ret,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), PERSON_GET, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        r = bw_sql_row(bw_people_db(p), st, reterr);
    }
    if (r <= 0) {
        return r < 0 ? r : bw_err_set(reterr, -ENOENT, "there is no account %s", name);
    }
    read_person(st, ret);
    (void)sqlite3_reset(st);
    return read_scopes(p, ret, reterr);
}

int bw_ppl_persons(struct bw_people *p, bw_person_cb cb, void *owner, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_person x;
    int r = bw_sql_use(bw_people_db(p), PERSON_ALL, &st, reterr);
    while (r == 0 && (r = bw_sql_row(bw_people_db(p), st, reterr)) > 0) {
        read_person(st, &x);
        r = read_scopes(p, &x, reterr);
        r = r < 0 ? r : cb(owner, &x);
        if (r != 0) {
            (void)sqlite3_reset(st);
        }
    }
    return r;
}

static int changed_one(struct bw_people *p, const char *name, struct bw_err *reterr)
{
    return sqlite3_changes(bw_people_db(p)->db) == 1
               ? 0
               : bw_err_set(reterr, -ENOENT, "there is no account %s", name);
}

/* Somebody must be able to come in after this. */
static int others_left(struct bw_people *p, const char *name, struct bw_err *reterr)
{
    struct bw_person x = {.name = ""};
    int64_t n = 0;
    int r = bw_ppl_person_get(p, name, &x, reterr);
    if (r < 0 || x.role != BW_ROLE_ADMIN || !x.hash[0]) {
        return r;
    }
    r = bw_people_number(p, PERSON_ADMINS, name, &n, reterr);
    return r < 0 || n > 0 ? r
                          : bw_err_set(reterr, -EPERM,
                                       "nobody else is an administrator who can sign in");
}

int bw_ppl_person_change(struct bw_people *p,
                         const struct bw_person *person,
                         const struct bw_act_said *act,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = check_person(person, reterr);
    r = r < 0 ? r : bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    if (person->role != BW_ROLE_ADMIN) {
        r = others_left(p, person->name, reterr);
    }
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), PERSON_CHANGE, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, person->name);
        bw_sql_text(st, 2, person->shown[0] ? person->shown : person->name);
        bw_sql_i64(st, 3, person->role);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    r = r < 0 ? r : changed_one(p, person->name, reterr);
    r = r < 0 ? r : put_scopes(p, person, reterr);
    return bw_people_end(p, r, act, reterr);
}

static int clear(struct bw_people *p, const char *name, struct bw_err *reterr)
{
    int r = bw_people_of(p, PERSON_CLEAR, name, reterr);
    r = r < 0 ? r : changed_one(p, name, reterr);
    r = r < 0 ? r : bw_people_of(p, RECOVERY_DROP, name, reterr);
    r = r < 0 ? r : bw_people_of(p, LINK_DROP, name, reterr);
    return r < 0 ? r : bw_ppl_sessions_end(p, name, NULL, reterr);
}

int bw_ppl_person_clear(struct bw_people *p,
                        const char *name,
                        bool reset,
                        int64_t now_unix_s,
                        const struct bw_act_said *act,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    if (!reset) {
        r = others_left(p, name, reterr);
    }
    r = r < 0 ? r : clear(p, name, reterr);
    if (r == 0 && !reset) {
        r = bw_people_of(p, SCOPE_DROP, name, reterr);
        r = r < 0 ? r : bw_sql_use(bw_people_db(p), PERSON_REMOVE, &st, reterr);
        if (r == 0) {
            bw_sql_text(st, 1, name);
            bw_sql_i64(st, 2, now_unix_s);
            r = bw_sql_run(bw_people_db(p), st, reterr);
        }
    }
    return bw_people_end(p, r, act, reterr);
}

int bw_ppl_person_failed(struct bw_people *p,
                         const char *name,
                         int64_t failures,
                         int64_t locked_until_unix_s,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), PERSON_FAILED, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        bw_sql_i64(st, 2, failures);
        bw_sql_i64(st, 3, locked_until_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r;
}

/* --- links ------------------------------------------------------------------------------
 */

int bw_ppl_link_add(struct bw_people *p,
                    const struct bw_link *l,
                    const struct bw_act_said *act,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t n = 0;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    if (l->kind == BW_LINK_FIRST) {
        r = bw_people_number(p, PERSON_ANY, NULL, &n, reterr);
        r = r == 0 && n > 0 ? bw_err_set(reterr, -EEXIST, "there are accounts already") : r;
    } else {
        struct bw_person x;
        r = bw_ppl_person_get(p, l->person, &x, reterr);
    }
    r = r < 0 ? r : bw_people_of(p, LINK_DROP, l->person, reterr);
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), LINK_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, l->sha256, sizeof(l->sha256));
        bw_sql_i64(st, 2, l->kind);
        bw_sql_text(st, 3, l->person);
        bw_sql_i64(st, 4, l->created_unix_s);
        bw_sql_i64(st, 5, l->expires_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return bw_people_end(p, r, act, reterr);
}

int bw_ppl_link_get(struct bw_people *p,
                    const uint8_t sha256[32],
                    int64_t now_unix_s,
                    struct bw_link *ret,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_link l;
    int r = bw_sql_use(bw_people_db(p), LINK_GET, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, sha256, 32);
        r = bw_sql_row(bw_people_db(p), st, reterr);
    }
    if (r <= 0) {
        return r < 0 ? r : bw_err_set(reterr, -ENOENT, "there is no such link");
    }
    memset(&l, 0, sizeof(l));
    memcpy(l.sha256, sha256, sizeof(l.sha256));
    l.kind = (enum bw_link_kind)sqlite3_column_int64(st, 0);
    bw_sql_copy(st, 1, l.person, sizeof(l.person));
    l.created_unix_s = bw_sql_get(st, 2);
    l.expires_unix_s = bw_sql_get(st, 3);
    l.used_unix_s = bw_sql_get(st, 4);
    (void)sqlite3_reset(st);
    if (l.used_unix_s != BW_UNKNOWN) {
        return bw_err_set(reterr, -EALREADY, "this link was used");
    }
    if (l.expires_unix_s <= now_unix_s) {
        return bw_err_set(reterr, -ETIME, "this link has expired");
    }
    *ret = l;
    return 0;
}

static int put_recovery(struct bw_people *p,
                        const char *name,
                        const struct bw_person_ready *ready,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_people_of(p, RECOVERY_DROP, name, reterr);
    for (size_t i = 0; r == 0 && i < BW_RECOVERY_CODES; i++) {
        r = bw_sql_use(bw_people_db(p), RECOVERY_ADD, &st, reterr);
        if (r == 0) {
            bw_sql_blob(st, 1, ready->recovery[i], 32);
            bw_sql_text(st, 2, name);
            r = bw_sql_run(bw_people_db(p), st, reterr);
        }
    }
    return r;
}

static int put_ready(struct bw_people *p,
                     const char *name,
                     const struct bw_person_ready *ready,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), PERSON_READY, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        bw_sql_text(st, 2, ready->hash);
        bw_sql_blob(st, 3, ready->totp, BW_TOTP_KEY);
        bw_sql_i64(st, 4, ready->totp_step);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    r = r < 0 ? r : changed_one(p, name, reterr);
    r = r < 0 ? r : bw_ppl_sessions_end(p, name, NULL, reterr);
    return r < 0 ? r : put_recovery(p, name, ready, reterr);
}

int bw_ppl_link_spend(struct bw_people *p,
                      const uint8_t sha256[32],
                      const struct bw_person_ready *ready,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_person first = {.role = BW_ROLE_ADMIN};
    struct bw_link l = {.person = ""};
    int64_t n = 0;
    int r = bw_sql_begin(bw_people_db(p), reterr);
    if (r < 0) {
        return r;
    }
    r = bw_ppl_link_get(p, sha256, now_unix_s, &l, reterr);
    if (r == 0 && l.kind == BW_LINK_FIRST) {
        r = bw_people_number(p, PERSON_ANY, NULL, &n, reterr);
        r = r == 0 && n > 0 ? bw_err_set(reterr, -EEXIST, "there are accounts already") : r;
        memccpy(first.name, ready->name, '\0', sizeof(first.name) - 1);
        memccpy(first.shown, ready->shown, '\0', sizeof(first.shown) - 1);
        r = r < 0 ? r : check_person(&first, reterr);
        r = r < 0 ? r : put_person(p, &first, now_unix_s, reterr);
    }
    r = r < 0
            ? r
            : put_ready(p, l.kind == BW_LINK_FIRST ? first.name : l.person, ready, reterr);
    r = r < 0 ? r : bw_sql_use(bw_people_db(p), LINK_SPEND, &st, reterr);
    if (r == 0) {
        bw_sql_blob(st, 1, sha256, 32);
        bw_sql_i64(st, 2, now_unix_s);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return bw_people_end(p, r, act, reterr);
}
