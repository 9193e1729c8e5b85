/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_people.c - entities, sites, enrolment tokens and keys.
 *
 * Invariant: a key belongs to one site for ever; a token binds one key and no second. */
#include "catalogue_private.h"
#include "hash.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum {
    SITE_ID_LETTERS = 7,
    SITE_ID_TRIES = 20
};

/* Of letters and digits, a-z and 2-9: nothing that is mistaken for another by eye. */
static void fresh_site_id(char out[BW_SITE_MAX + 1])
{
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32 */
    uint8_t bytes[SITE_ID_LETTERS];
    bw_random(bytes, sizeof(bytes));
    memcpy(out, "s-", 2);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 + i] = alphabet[bytes[i] & 31];
    }
    out[2 + sizeof(bytes)] = '\0';
}

/* ---- entities ------------------------------------------------------------------ */

static void read_entity(struct sqlite3_stmt *st, struct bw_entity *e)
{
    memset(e, 0, sizeof(*e));
    bw_sql_copy(st, 0, e->id, sizeof(e->id));
    bw_sql_copy(st, 1, e->name, sizeof(e->name));
    e->kind = (enum bw_entity_kind)sqlite3_column_int(st, 2);
    bw_sql_copy(st, 3, e->parent, sizeof(e->parent));
    e->from_unix_s = bw_sql_get(st, 4);
}

int bw_cat_entity_get(struct bw_catalogue *c,
                      const char *id,
                      struct bw_entity *ret,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, ENTITY_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        read_entity(st, ret);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no entity \"%s\"", id);
}

static int put_parent(struct bw_sql *s,
                      const char *id,
                      const char *parent,
                      int64_t from_unix_s,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, ENTITY_PARENT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    bw_sql_i64(st, 2, from_unix_s == BW_UNKNOWN ? 0 : from_unix_s);
    bw_sql_text(st, 3, parent);
    return bw_sql_run(s, st, reterr);
}

/* A parent must exist and not lie below its own child. */
static int check_parent(struct bw_catalogue *c,
                        const char *id,
                        const char *parent,
                        struct bw_err *reterr)
{
    struct bw_entity e;
    char at[BW_ENTITY_MAX + 1];
    (void)snprintf(at, sizeof(at), "%s", parent);
    for (int depth = 0; at[0] != '\0'; depth++) {
        if (strcmp(at, id) == 0 || depth > 32) {
            return bw_err_set(reterr, -ELOOP, "\"%s\" would become its own parent", id);
        }
        int r = bw_cat_entity_get(c, at, &e, reterr);
        if (r < 0) {
            return r;
        }
        memcpy(at, e.parent, sizeof(at));
    }
    return 0;
}

int bw_cat_entity_add(struct bw_catalogue *c,
                      const struct bw_entity *e,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = check_parent(c, e->id, e->parent, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_sql_use(s, ENTITY_ADD, &st, reterr);
    if (r < 0) {
        goto out;
    }
    bw_sql_text(st, 1, e->id);
    bw_sql_text(st, 2, e->name);
    bw_sql_i64(st, 3, (int64_t)e->kind);
    r = bw_sql_run(s, st, reterr);
    if (r == -EEXIST) {
        r = bw_err_set(reterr, r, "there is an entity \"%s\" already", e->id);
    }
    if (r == 0 && e->parent[0] != '\0') {
        r = put_parent(s, e->id, e->parent, e->from_unix_s, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
out:
    bw_sql_rollback(s);
    return r;
}

int bw_cat_entity_move(struct bw_catalogue *c,
                       const char *id,
                       const char *parent,
                       int64_t from_unix_s,
                       struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_entity e;
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_cat_entity_get(c, id, &e, reterr);
    if (r == 0) {
        r = check_parent(c, id, parent, reterr);
    }
    if (r == 0) {
        r = put_parent(s, id, parent, from_unix_s, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    return r;
}

int bw_cat_entities(struct bw_catalogue *c,
                    const char *parent,
                    bw_entity_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_entity e;
    int r = bw_sql_use(s, parent ? ENTITY_CHILDREN : ENTITY_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (parent) {
        bw_sql_text(st, 1, parent);
    }
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_entity(st, &e);
        r = cb(owner, &e);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- sites --------------------------------------------------------------------- */

static void read_site(struct sqlite3_stmt *st, struct bw_site *u)
{
    memset(u, 0, sizeof(*u));
    bw_sql_copy(st, 0, u->id, sizeof(u->id));
    bw_sql_copy(st, 1, u->entity, sizeof(u->entity));
    bw_sql_copy(st, 2, u->name, sizeof(u->name));
    u->state = (enum bw_site_state)sqlite3_column_int(st, 3);
    u->created_unix_s = bw_sql_get(st, 4);
}

int bw_cat_site_get(struct bw_catalogue *c,
                    const char *id,
                    struct bw_site *ret,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SITE_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        read_site(st, ret);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no site \"%s\"", id);
}

static int put_site(struct bw_sql *s, const struct bw_site *u, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SITE_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, u->id);
    bw_sql_text(st, 2, u->entity);
    bw_sql_text(st, 3, u->name);
    bw_sql_i64(st, 4, (int64_t)u->state);
    bw_sql_i64(st, 5, u->created_unix_s);
    return bw_sql_run(s, st, reterr);
}

static int check_site_id(const char *id, struct bw_err *reterr)
{
    size_t n = strlen(id);
    if (n < 7 || n > BW_SITE_MAX || strncmp(id, "s-", 2) != 0 ||
        strspn(id + 2, "abcdefghijklmnopqrstuvwxyz23456789") != n - 2) {
        return bw_err_set(reterr, -EINVAL,
                          "\"%s\" is not a site id: \"s-\" and five or more of a-z and 2-9",
                          id);
    }
    return 0;
}

int bw_cat_site_put(struct bw_catalogue *c, struct bw_site *u, struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_entity e;
    bool fresh = u->id[0] == '\0';
    int r = u->entity[0] != '\0' ? bw_cat_entity_get(c, u->entity, &e, reterr) : 0;
    if (r < 0) {
        return r;
    }
    r = fresh ? -EEXIST : put_site(s, u, reterr);
    for (int i = 0; fresh && r == -EEXIST && i < SITE_ID_TRIES; i++) {
        fresh_site_id(u->id);
        r = put_site(s, u, reterr);
    }
    return r == -EEXIST ? bw_err_set(reterr, r, "there is a site \"%s\" already", u->id)
                        : r;
}

int bw_cat_site_add(struct bw_catalogue *c, struct bw_site *u, struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_site made = *u;
    int r = made.id[0] != '\0' ? check_site_id(made.id, reterr) : 0;
    if (r < 0) {
        return r;
    }
    r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_cat_site_put(c, &made, reterr);
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    if (r == 0) {
        *u = made;
    }
    bw_sql_rollback(s);
    return r;
}

static int
set_state(struct bw_sql *s, const char *id, enum bw_site_state state, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SITE_STATE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    bw_sql_i64(st, 2, (int64_t)state);
    r = bw_sql_run(s, st, reterr);
    if (r == 0 && sqlite3_changes(s->db) == 0) {
        r = bw_err_set(reterr, -ENOENT, "no site \"%s\"", id);
    }
    return r;
}

int bw_cat_site_set_state(struct bw_catalogue *c,
                          const char *id,
                          enum bw_site_state state,
                          struct bw_err *reterr)
{
    return set_state(bw_catalogue_db(c), id, state, reterr);
}

int bw_cat_site_move(struct bw_catalogue *c,
                     const char *id,
                     const char *entity,
                     struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SITE_MOVE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    bw_sql_text(st, 2, entity);
    r = bw_sql_run(s, st, reterr);
    if (r == 0 && sqlite3_changes(s->db) == 0) {
        r = bw_err_set(reterr, -ENOENT, "no site \"%s\", or no entity \"%s\"", id, entity);
    }
    return r;
}

int bw_cat_sites(struct bw_catalogue *c,
                 const char *entity,
                 bw_site_cb cb,
                 void *owner,
                 struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_site u;
    int r = bw_sql_use(s, entity ? SITE_OF_ENTITY : SITE_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (entity) {
        bw_sql_text(st, 1, entity);
    }
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_site(st, &u);
        r = cb(owner, &u);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- tokens -------------------------------------------------------------------- */

int bw_cat_token_add(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     const char *site,
                     int64_t now_unix_s,
                     int64_t expires_unix_s,
                     struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_site u;
    int r = bw_cat_site_get(c, site, &u, reterr);
    if (r == 0) {
        r = bw_sql_use(s, TOKEN_ADD, &st, reterr);
    }
    if (r < 0) {
        return r;
    }
    bw_sql_blob(st, 1, sha256, 32);
    bw_sql_text(st, 2, site);
    bw_sql_i64(st, 3, now_unix_s);
    bw_sql_i64(st, 4, expires_unix_s);
    return bw_sql_run(s, st, reterr);
}

void bw_cat_read_token(struct sqlite3_stmt *st, struct bw_token *t)
{
    memset(t, 0, sizeof(*t));
    t->id = sqlite3_column_int64(st, 0);
    bw_sql_copy(st, 1, t->site, sizeof(t->site));
    t->created_unix_s = bw_sql_get(st, 2);
    t->expires_unix_s = bw_sql_get(st, 3);
    t->used_unix_s = bw_sql_get(st, 4);
    bw_sql_copy(st, 5, t->used_by, sizeof(t->used_by));
}

int bw_cat_tokens(struct bw_catalogue *c,
                  bw_token_cb cb,
                  void *owner,
                  struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_token t;
    int r = bw_sql_use(s, TOKEN_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        bw_cat_read_token(st, &t);
        r = cb(owner, &t);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- keys ---------------------------------------------------------------------- */

static void read_key(struct sqlite3_stmt *st, struct bw_site_key *k)
{
    memset(k, 0, sizeof(*k));
    bw_sql_copy(st, 0, k->kid, sizeof(k->kid));
    k->alg = sqlite3_column_int(st, 1);
    size_t n = (size_t)sqlite3_column_bytes(st, 2);
    if (n > 0) {
        memcpy(k->raw, sqlite3_column_blob(st, 2), n < sizeof(k->raw) ? n : sizeof(k->raw));
    }
    bw_sql_copy(st, 3, k->site, sizeof(k->site));
    k->from_unix_s = bw_sql_get(st, 4);
    k->revoked_unix_s = bw_sql_get(st, 5);
    bw_sql_copy(st, 6, k->replaced_by, sizeof(k->replaced_by));
    bw_sql_copy(st, 7, k->prev_kid, sizeof(k->prev_kid));
}

int bw_cat_key_get(struct bw_catalogue *c,
                   const char *kid,
                   struct bw_site_key *ret,
                   struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, KEY_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        read_key(st, ret);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no key \"%s\"", kid);
}

int bw_cat_keys(struct bw_catalogue *c,
                const char *site,
                bw_site_key_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_site_key k;
    int r = bw_sql_use(s, site ? KEY_OF_SITE : KEY_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (site) {
        bw_sql_text(st, 1, site);
    }
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_key(st, &k);
        r = cb(owner, &k);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* A key that is there for the same site is fine. prev_kid NULL: by a token. */
static int bind_key(struct bw_catalogue *c,
                    const struct bw_site_key *k,
                    const char *site,
                    const char *prev_kid,
                    int64_t now_unix_s,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_site_key known;
    struct sqlite3_stmt *st = NULL;
    int r = bw_cat_key_get(c, k->kid, &known, NULL);
    if (r == 0) {
        return strcmp(known.site, site) == 0
                   ? 0
                   : bw_err_set(reterr, -EEXIST, "key %s belongs to another site", k->kid);
    }
    if (r != -ENOENT) {
        return bw_sql_fail(s, "looking up a key", reterr);
    }
    r = bw_sql_use(s, KEY_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, k->kid);
    bw_sql_i64(st, 2, k->alg);
    bw_sql_blob(st, 3, k->raw, sizeof(k->raw));
    bw_sql_text(st, 4, site);
    bw_sql_i64(st, 5, now_unix_s);
    bw_sql_text(st, 6, prev_kid);
    return bw_sql_run(s, st, reterr);
}

/* *ret_again: this key spent it before. */
static int spend_token(struct bw_sql *s,
                       const uint8_t sha256[32],
                       const char *kid,
                       int64_t now_unix_s,
                       struct bw_token *t,
                       bool *ret_again,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, TOKEN_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_blob(st, 1, sha256, 32);
    r = bw_sql_row(s, st, reterr);
    if (r <= 0) {
        return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no such enrolment token");
    }
    bw_cat_read_token(st, t);
    (void)sqlite3_reset(st);
    *ret_again = t->used_unix_s != BW_UNKNOWN;
    if (*ret_again) {
        return strcmp(t->used_by, kid) == 0
                   ? 0
                   : bw_err_set(reterr, -EALREADY,
                                "this enrolment token was used already; make a new one");
    }
    if (now_unix_s >= t->expires_unix_s) {
        return bw_err_set(reterr, -ETIME,
                          "this enrolment token has expired; make a new one");
    }
    r = bw_sql_use(s, TOKEN_SPEND, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, t->id);
    bw_sql_i64(st, 2, now_unix_s);
    bw_sql_text(st, 3, kid);
    return bw_sql_run(s, st, reterr);
}

int bw_cat_enrol(struct bw_catalogue *c,
                 const uint8_t token_sha256[32],
                 const struct bw_site_key *key,
                 int64_t now_unix_s,
                 struct bw_site *ret,
                 struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_token token;
    struct bw_site site = {.id = ""};
    bool again = false;
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = spend_token(s, token_sha256, key->kid, now_unix_s, &token, &again, reterr);
    if (r == 0) {
        r = bw_cat_site_get(c, token.site, &site, reterr);
    }
    if (r == 0 && site.state == BW_SITE_RETIRED) {
        r = bw_err_set(reterr, -EPERM, "site %s is retired", site.id);
    }
    if (r == 0 && !again) {
        r = bind_key(c, key, site.id, NULL, now_unix_s, reterr);
        r = r < 0 ? r : bw_cat_retire(c, token_sha256, site.id, key->kid, reterr);
    }
    if (r == 0 && site.state == BW_SITE_EXPECTED) {
        r = set_state(s, site.id, BW_SITE_ENROLLED, reterr);
        site.state = BW_SITE_ENROLLED;
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    if (r == 0) {
        *ret = site;
    }
    return r;
}

int bw_cat_key_replace(struct bw_catalogue *c,
                       const char *old_kid,
                       const struct bw_site_key *key,
                       int64_t now_unix_s,
                       struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_site_key old = {.kid = ""};
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_cat_key_get(c, old_kid, &old, reterr);
    if (r == 0 && old.revoked_unix_s != BW_UNKNOWN) {
        r = bw_err_set(reterr, -EPERM, "key %s is revoked", old_kid);
    }
    if (r == 0 && strcmp(old_kid, key->kid) == 0) {
        r = bw_err_set(reterr, -EINVAL, "a key cannot replace itself");
    }
    if (r == 0) {
        r = bw_cat_heirs_check(c, old.site, key->kid, reterr);
    }
    if (r == 0) {
        r = bind_key(c, key, old.site, old_kid, now_unix_s, reterr);
    }
    if (r == 0) {
        r = bw_sql_use(s, KEY_REPLACED, &st, reterr);
    }
    if (r == 0) {
        bw_sql_text(st, 1, old_kid);
        bw_sql_text(st, 2, key->kid);
        r = bw_sql_run(s, st, reterr);
    }
    r = r < 0 ? r : bw_cat_retire_heir(c, &old, key->kid, reterr);
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    return r;
}

int bw_cat_key_revoke(struct bw_catalogue *c,
                      const char *kid,
                      int64_t since_unix_s,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_site_key known;
    struct sqlite3_stmt *st = NULL;
    int r = bw_cat_key_get(c, kid, &known, reterr);
    if (r == 0) {
        r = bw_sql_use(s, KEY_REVOKE, &st, reterr);
    }
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    bw_sql_i64(st, 2, since_unix_s);
    return bw_sql_run(s, st, reterr);
}
