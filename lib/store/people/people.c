/* SPDX-License-Identifier: GPL-3.0-or-later
 * people.c - the SQLite back end: tables, statements, opening, closing, acts.
 *
 * Invariant: what an act does and the act itself are one transaction. A change of a table
 * is a new entry of script[] and a higher version; released entries never change. */
#include "people_private.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <hash.h>
#include <hasher.h>
#include <json.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE persons(name TEXT PRIMARY KEY, shown TEXT NOT NULL, role INTEGER NOT NULL,"
    " hash TEXT, totp BLOB, totp_step INTEGER, failures INTEGER NOT NULL, locked INTEGER,"
    " created INTEGER NOT NULL, signed_in INTEGER, removed INTEGER) WITHOUT ROWID;"
    "CREATE TABLE scopes(person TEXT NOT NULL, entity TEXT NOT NULL,"
    " PRIMARY KEY(person, entity)) WITHOUT ROWID;"
    "CREATE TABLE recovery(sha256 BLOB PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE sessions(sha256 BLOB PRIMARY KEY, person TEXT NOT NULL, csrf BLOB NOT NULL,"
    " created INTEGER NOT NULL, seen INTEGER NOT NULL, expires INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE keys(id INTEGER PRIMARY KEY AUTOINCREMENT, sha256 BLOB NOT NULL UNIQUE,"
    " name TEXT NOT NULL, role INTEGER NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, revoked INTEGER);"
    "CREATE TABLE key_scopes(key INTEGER NOT NULL, entity TEXT NOT NULL,"
    " PRIMARY KEY(key, entity)) WITHOUT ROWID;"
    "CREATE TABLE links(sha256 BLOB PRIMARY KEY, kind INTEGER NOT NULL, person TEXT NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER) WITHOUT ROWID;"
    "CREATE TABLE acts(position INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
    " salt BLOB NOT NULL, text BLOB NOT NULL);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('secret', randomblob(32));";

static const char *const v1[] = {schema_v1, NULL};
static const char *const *const script[] = {v1};

/* "BWP1" in the file's header; what is deleted is overwritten. */
static const struct bw_sql_schema schema = {
    .what = "people", .application_id = 0x42575031, .version = 1, .script = script,
    .tuning = "PRAGMA secure_delete=ON;"};

#define PERSON \
    "SELECT p.name, p.shown, p.role, p.hash, p.totp, p.totp_step, p.failures, p.locked," \
    " p.created, p.signed_in, p.removed," \
    " (SELECT count(*) FROM recovery r WHERE r.person = p.name) FROM persons p"

static const char *const texts[N_STMTS] = {
    [PERSON_ADD] = "INSERT INTO persons VALUES(?1, ?2, ?3, NULL, NULL, NULL, 0, NULL, ?4,"
                   " NULL, NULL)",
    [PERSON_GET] = PERSON " WHERE p.name = ?1 AND p.removed IS NULL",
    [PERSON_ALL] = PERSON " ORDER BY p.name",
    [PERSON_CHANGE] = "UPDATE persons SET shown = ?2, role = ?3 WHERE name = ?1"
                      " AND removed IS NULL",
    [PERSON_CLEAR] = "UPDATE persons SET hash = NULL, totp = NULL, totp_step = NULL,"
                     " failures = 0, locked = NULL WHERE name = ?1 AND removed IS NULL",
    [PERSON_REMOVE] = "UPDATE persons SET removed = ?2 WHERE name = ?1 AND removed IS NULL",
    [PERSON_FAILED] = "UPDATE persons SET failures = ?2, locked = ?3 WHERE name = ?1"
                      " AND removed IS NULL",
    [PERSON_READY] = "UPDATE persons SET hash = ?2, totp = ?3, totp_step = ?4, failures = 0,"
                     " locked = NULL WHERE name = ?1 AND removed IS NULL",
    [PERSON_SIGNED_IN] = "UPDATE persons SET signed_in = ?2, failures = 0, locked = NULL,"
                         " totp_step = ifnull(?3, totp_step) WHERE name = ?1"
                         " AND removed IS NULL AND hash IS NOT NULL"
                         " AND (?3 IS NULL OR totp_step IS NULL OR totp_step < ?3)",
    [PERSON_ADMINS] = "SELECT count(*) FROM persons WHERE role = 1 AND removed IS NULL"
                      " AND hash IS NOT NULL AND name <> ?1",
    [PERSON_ANY] = "SELECT count(*) FROM persons",
    [SCOPE_ADD] = "INSERT OR IGNORE INTO scopes VALUES(?1, ?2)",
    [SCOPE_DROP] = "DELETE FROM scopes WHERE person = ?1",
    [SCOPE_LIST] = "SELECT entity FROM scopes WHERE person = ?1 ORDER BY entity",
    [RECOVERY_ADD] = "INSERT INTO recovery VALUES(?1, ?2)",
    [RECOVERY_DROP] = "DELETE FROM recovery WHERE person = ?1",
    [RECOVERY_SPEND] = "DELETE FROM recovery WHERE sha256 = ?1 AND person = ?2",
    [SESSION_ADD] = "INSERT INTO sessions VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SESSION_END] = "DELETE FROM sessions WHERE sha256 = ?1",
    [SESSIONS_END] = "DELETE FROM sessions WHERE person = ?1 AND (?2 IS NULL OR sha256 <> ?2)",
    [SESSION_SEEN] = "UPDATE sessions SET seen = ?2 WHERE sha256 = ?1 AND seen < ?2",
    [SESSION_ALL] = "SELECT sha256, person, csrf, created, seen, expires FROM sessions",
    [SESSION_TIDY] = "DELETE FROM sessions WHERE expires <= ?1",
    [SESSION_OLDEST] = "DELETE FROM sessions WHERE sha256 IN (SELECT sha256 FROM sessions"
                       " WHERE person = ?1 ORDER BY seen DESC, created DESC"
                       " LIMIT -1 OFFSET ?2)",
    [SESSION_COUNT] = "SELECT count(*) FROM sessions",
    [KEY_ADD] = "INSERT INTO keys(sha256, name, role, created, expires)"
                " VALUES(?1, ?2, ?3, ?4, ?5)",
    [KEY_GOOD] = "SELECT id FROM keys WHERE name = ?1 AND revoked IS NULL",
    [KEY_REVOKE] = "UPDATE keys SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL",
    [KEY_ALL] = "SELECT id, sha256, name, role, created, expires, revoked FROM keys"
                " ORDER BY id",
    [KEY_SCOPE_ADD] = "INSERT OR IGNORE INTO key_scopes VALUES(?1, ?2)",
    [KEY_SCOPE_LIST] = "SELECT entity FROM key_scopes WHERE key = ?1 ORDER BY entity",
    [LINK_ADD] = "INSERT INTO links VALUES(?1, ?2, ?3, ?4, ?5, NULL)",
    [LINK_DROP] = "DELETE FROM links WHERE person = ?1 AND used IS NULL",
    [LINK_GET] = "SELECT kind, person, created, expires, used FROM links WHERE sha256 = ?1",
    [LINK_SPEND] = "UPDATE links SET used = ?2 WHERE sha256 = ?1 AND used IS NULL",
    [ACT_ADD] = "INSERT INTO acts VALUES((SELECT ifnull(max(position) + 1, 0) FROM acts),"
                " ?1, ?2, ?3)",
    [ACT_FROM] = "SELECT position, at_ms, salt, text FROM acts WHERE position >= ?1"
                 " ORDER BY position",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [META_SET] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [DATA_VERSION] = "PRAGMA data_version",
};
/* clang-format on */

static const char *const roles[] = {
    [BW_ROLE_ADMIN] = "admin",
    [BW_ROLE_VIEWER] = "viewer",
    [BW_ROLE_AGENCY] = "agency",
    [BW_ROLE_DISTRICT] = "district",
    [BW_ROLE_COORDINATOR] = "coordinator",
};

const char *bw_role_name(enum bw_role role)
{
    return (size_t)role < sizeof(roles) / sizeof(roles[0]) ? roles[role] : NULL;
}

int bw_role_parse(const char *word, enum bw_role *ret)
{
    for (size_t i = BW_ROLE_ADMIN; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(word, roles[i]) == 0) {
            *ret = (enum bw_role)i;
            return 0;
        }
    }
    return -EINVAL;
}

bool bw_role_scoped(enum bw_role role)
{
    return role != BW_ROLE_ADMIN && role != BW_ROLE_VIEWER;
}

bool bw_person_name_fits(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= BW_PERSON_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n &&
           !strchr("._-", name[0]);
}

/* --- one statement -------------------------------------------------------------------- */

int bw_people_of(struct bw_people *p, size_t i, const char *name, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), i, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r;
}

int bw_people_number(
    struct bw_people *p, size_t i, const char *name, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), i, &st, reterr);
    *ret = 0;
    if (r == 0 && name) {
        bw_sql_text(st, 1, name);
    }
    if (r == 0) {
        r = bw_sql_row(bw_people_db(p), st, reterr);
    }
    if (r > 0) {
        *ret = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

int bw_people_scopes(struct bw_people *p,
                     size_t i,
                     const char *name,
                     int64_t id,
                     char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1],
                     size_t *ret_n,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), i, &st, reterr);
    *ret_n = 0;
    if (r == 0 && name) {
        bw_sql_text(st, 1, name);
    } else if (r == 0) {
        bw_sql_i64(st, 1, id);
    }
    while (r == 0 && (r = bw_sql_row(bw_people_db(p), st, reterr)) > 0) {
        if (*ret_n < BW_PERSON_SCOPES) {
            bw_sql_copy(st, 0, scopes[(*ret_n)++], BW_PERSON_ENTITY_MAX + 1);
        }
        r = 0;
    }
    return r;
}

/* --- acts ------------------------------------------------------------------------------
 */

void bw_act_text(const struct bw_act_said *act, int64_t at_unix_ms, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_ki64(&w, "at_ms", at_unix_ms);
    bw_jw_kstr(&w, "act", act->act);
    bw_jw_kstr(&w, "by", act->by);
    bw_jw_kstr(&w, "via", act->via);
    bw_jw_kstr(&w, "about", act->about && act->about[0] ? act->about : NULL);
    bw_jw_kstr(&w, "detail", act->detail && act->detail[0] ? act->detail : NULL);
    bw_jw_obj_end(&w);
}

void bw_act_leaf(const struct bw_act *a, uint8_t ret[32])
{
    char all[BW_ACT_SALT + BW_ACT_TEXT_MAX];
    size_t n = a->n < BW_ACT_TEXT_MAX ? a->n : BW_ACT_TEXT_MAX;
    memcpy(all, a->salt, BW_ACT_SALT);
    memcpy(all + BW_ACT_SALT, a->text, n);
    bw_sha256(all, BW_ACT_SALT + n, ret);
}

static int
put_act(struct bw_people *p, const struct bw_act_said *act, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t now_ms = bw_clock_unix_ms();
    uint8_t salt[BW_ACT_SALT];
    struct bw_buf text;
    bw_buf_init(&text, BW_ACT_TEXT_MAX);
    bw_act_text(act, now_ms, &text);
    bw_random(salt, sizeof(salt));
    int r = bw_buf_error(&text);
    r = r < 0 ? bw_err_set(reterr, r, "an act is too long to be kept")
              : bw_sql_use(bw_people_db(p), ACT_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, now_ms);
        bw_sql_blob(st, 2, salt, sizeof(salt));
        bw_sql_blob(st, 3, text.data, text.len);
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    bw_buf_done(&text);
    return r;
}

int bw_people_end(struct bw_people *p,
                  int r,
                  const struct bw_act_said *act,
                  struct bw_err *reterr)
{
    if (r == 0 && act) {
        r = put_act(p, act, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(bw_people_db(p), reterr);
    }
    bw_sql_rollback(bw_people_db(p));
    return r;
}

static int
act_add(struct bw_people *p, const struct bw_act_said *act, struct bw_err *reterr)
{
    int r = bw_sql_begin(bw_people_db(p), reterr);
    return bw_people_end(p, r, act, reterr);
}

static int acts(
    struct bw_people *p, int64_t position, bw_act_cb cb, void *owner, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), ACT_FROM, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, position);
    while ((r = bw_sql_row(bw_people_db(p), st, reterr)) > 0) {
        struct bw_act a = {.position = sqlite3_column_int64(st, 0),
                           .at_unix_ms = sqlite3_column_int64(st, 1),
                           .text = sqlite3_column_blob(st, 3),
                           .n = (size_t)sqlite3_column_bytes(st, 3)};
        if (sqlite3_column_bytes(st, 2) != BW_ACT_SALT || !a.text) {
            (void)sqlite3_reset(st);
            return bw_err_set(reterr, -BW_EMALFORMED, "people: an act is damaged");
        }
        memcpy(a.salt, sqlite3_column_blob(st, 2), BW_ACT_SALT);
        r = cb(owner, &a);
        if (r != 0) {
            (void)sqlite3_reset(st);
            return r;
        }
    }
    return r;
}

/* --- the rest ---------------------------------------------------------------------------
 */

static int
meta_get(struct bw_people *p, const char *name, void *out, size_t n, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), META_GET, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, name);
        r = bw_sql_row(bw_people_db(p), st, reterr);
    }
    if (r > 0) {
        r = (size_t)sqlite3_column_bytes(st, 0) == n ? 0 : -BW_EMALFORMED;
        if (r == 0) {
            memcpy(out, sqlite3_column_blob(st, 0), n);
        } else {
            (void)bw_err_set(reterr, r, "people: %s is damaged", name);
        }
        (void)sqlite3_reset(st);
        return r;
    }
    return r < 0 ? r : -ENOENT;
}

static int told_get(struct bw_people *p, int64_t *ret, struct bw_err *reterr)
{
    int64_t v = -1;
    int r = meta_get(p, "told", &v, sizeof(v), reterr);
    *ret = r == 0 ? v : -1;
    return r == -ENOENT ? 0 : r;
}

static int told_set(struct bw_people *p, int64_t position, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(bw_people_db(p), META_SET, &st, reterr);
    if (r == 0) {
        bw_sql_text(st, 1, "told");
        bw_sql_blob(st, 2, &position, sizeof(position));
        r = bw_sql_run(bw_people_db(p), st, reterr);
    }
    return r;
}

static int
get_secret(struct bw_people *p, uint8_t ret[BW_PEOPLE_SECRET], struct bw_err *reterr)
{
    int r = meta_get(p, "secret", ret, BW_PEOPLE_SECRET, reterr);
    return r == -ENOENT ? bw_err_set(reterr, -BW_EMALFORMED, "people: no secret") : r;
}

/* data_version moves by others' commits only, total_changes by ours only. */
static int version(struct bw_people *p, int64_t *ret, struct bw_err *reterr)
{
    int64_t v = 0;
    int r = bw_people_number(p, DATA_VERSION, NULL, &v, reterr);
    if (r == 0) {
        *ret = v * INT64_C(0x100000000) +
               (sqlite3_total_changes64(bw_people_db(p)->db) & INT64_C(0xffffffff));
    }
    return r;
}

static void close_people(struct bw_people *p)
{
    bw_sql_close(bw_people_db(p));
    free((struct people *)(void *)p);
}

static const struct bw_people_ops ops = {
    .person_add = bw_ppl_person_add,
    .person_get = bw_ppl_person_get,
    .persons = bw_ppl_persons,
    .person_change = bw_ppl_person_change,
    .person_clear = bw_ppl_person_clear,
    .person_failed = bw_ppl_person_failed,
    .sign_in = bw_ppl_sign_in,
    .session_end = bw_ppl_session_end,
    .sessions_end = bw_ppl_sessions_end,
    .sessions_seen = bw_ppl_sessions_seen,
    .sessions = bw_ppl_sessions,
    .key_add = bw_ppl_key_add,
    .key_revoke = bw_ppl_key_revoke,
    .keys = bw_ppl_keys,
    .link_add = bw_ppl_link_add,
    .link_get = bw_ppl_link_get,
    .link_spend = bw_ppl_link_spend,
    .act_add = act_add,
    .acts = acts,
    .told_get = told_get,
    .told_set = told_set,
    .secret = get_secret,
    .version = version,
    .close = close_people,
};

static int open_people(const char *path,
                       enum bw_sql_mode mode,
                       struct bw_people **ret,
                       struct bw_err *reterr)
{
    struct people *p = calloc(1, sizeof(*p));
    struct stat st;
    if (!p) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    p->base.ops = &ops;
    p->sql.lock_fd = -1;
    if (mode == BW_SQL_WRITE) { /* before SQLite makes it: what is beside it has its mode */
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)close(fd);
            (void)bw_file_sync_parent(path);
        }
    }
    int r = 0;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        r = bw_err_set(reterr, -EPERM,
                       "%s can be read by others than its owner; it holds secrets of "
                       "one-time codes (chmod 600, and reset every account)",
                       path);
    }
    r = r < 0 ? r
              : bw_sql_open(&p->sql, path, mode, false, &schema, texts, N_STMTS, reterr);
    if (r < 0) {
        close_people(&p->base);
        return r;
    }
    *ret = &p->base;
    return 0;
}

int bw_people_open(const char *path, struct bw_people **ret, struct bw_err *reterr)
{
    return open_people(path, BW_SQL_WRITE, ret, reterr);
}

int bw_people_open_read(const char *path, struct bw_people **ret, struct bw_err *reterr)
{
    return open_people(path, BW_SQL_READ, ret, reterr);
}
