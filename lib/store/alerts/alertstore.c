/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertstore.c - alerts.db on SQLite: opening, alerts, acts, states.
 *
 * Invariant: an alert's row is never taken away; a change of a table is a new entry of
 * script[] and a higher version. */
#include "alertstore_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE alerts(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL,"
    " site TEXT NOT NULL, name TEXT NOT NULL, words TEXT NOT NULL, since_s INTEGER,"
    " opened_s INTEGER NOT NULL, closed_s INTEGER, over_s INTEGER, told_s INTEGER,"
    " held TEXT NOT NULL, held_by INTEGER NOT NULL, value INTEGER, worst INTEGER,"
    " cause TEXT NOT NULL, cause_words TEXT NOT NULL, message_id TEXT NOT NULL,"
    " acked_s INTEGER, acked_by TEXT, note TEXT);"
    "CREATE INDEX alerts_open ON alerts(id) WHERE closed_s IS NULL;"
    "CREATE INDEX alerts_closed ON alerts(closed_s) WHERE closed_s IS NOT NULL;"
    "CREATE TABLE acts(n INTEGER PRIMARY KEY, alert INTEGER NOT NULL, at_s INTEGER NOT NULL,"
    " what TEXT NOT NULL, words TEXT NOT NULL);"
    "CREATE INDEX acts_alert ON acts(alert);"
    "CREATE TABLE states(kind TEXT NOT NULL, scope TEXT NOT NULL, numbers BLOB NOT NULL,"
    " PRIMARY KEY(scope, kind)) WITHOUT ROWID;"
    "CREATE TABLE posts(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,"
    " channel TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL,"
    " made_s INTEGER NOT NULL, next_s INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " ended_s INTEGER, state INTEGER NOT NULL, said TEXT NOT NULL, bytes BLOB);"
    "CREATE INDEX posts_due ON posts(next_s) WHERE state = 0;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;";

static const char *const v1[] = {schema_v1, NULL};
static const char *const *const script[] = {v1};

/* "BWA1" in the file's header. */
static const struct bw_sql_schema schema = {
    .what = "alerts", .application_id = 0x42574131, .version = 1, .script = script};

#define ALERT "SELECT id, kind, scope, site, name, words, since_s, opened_s, closed_s," \
    " over_s, told_s, held, held_by, value, worst, cause, cause_words, message_id, acked_s," \
    " acked_by, note FROM alerts "
#define POST "SELECT id, key, channel, recipient, message_id, made_s, next_s, tries," \
    " ended_s, state, said, "

static const char *const text[N_STMTS] = {
    [ALERT_PUT] = "INSERT INTO alerts VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
        "?15,?16,?17,?18,NULL,NULL,NULL) ON CONFLICT(id) DO UPDATE SET words = ?6,"
        " since_s = ?7, closed_s = ?9, over_s = ?10, told_s = ?11, held = ?12,"
        " held_by = ?13, value = ?14, worst = ?15, cause = ?16, cause_words = ?17,"
        " message_id = ?18",
    [ALERT_GET] = ALERT "WHERE id = ?1",
    [ALERT_LIST] = ALERT "WHERE ((closed_s IS NULL AND ?4) OR (closed_s >= ?2"
        " AND closed_s < ?3) OR (opened_s >= ?2 AND opened_s < ?3))"
        " AND (?1 IS NULL OR site = ?1 OR scope = ?1) ORDER BY id DESC LIMIT ?5",
    [ALERT_UNTOLD] = ALERT "WHERE held = 'quiet' AND told_s IS NULL AND closed_s IS NOT NULL"
        " ORDER BY id",
    [ALERT_CAUSELESS] = ALERT "WHERE kind = 'silent' AND cause = '' AND closed_s >= ?1"
        " ORDER BY id",
    [ALERT_LAST] = "SELECT ifnull(max(id), 0) FROM alerts",
    [ALERT_ACK] = "UPDATE alerts SET acked_s = ?2, acked_by = ?3, note = ?4 WHERE id = ?1"
        " AND acked_s IS NULL",
    [ACT_ADD] = "INSERT INTO acts(alert, at_s, what, words) VALUES(?1, ?2, ?3, ?4)",
    [ACT_LIST] = "SELECT alert, at_s, what, words FROM acts WHERE alert = ?1 ORDER BY n",
    [STATE_PUT] = "INSERT OR REPLACE INTO states VALUES(?1, ?2, ?3)",
    [STATE_DROP] = "DELETE FROM states WHERE scope = ?2 AND kind = ?1",
    [STATE_ALL] = "SELECT kind, scope, numbers FROM states",
    [POST_ADD] = "INSERT OR IGNORE INTO posts(key, channel, recipient, message_id, made_s,"
        " next_s, tries, state, said, bytes) VALUES(?1,?2,?3,?4,?5,?6,0,0,'',?7)",
    [POST_HAS] = "SELECT 1 FROM posts WHERE key = ?1",
    [POST_DUE] = POST "bytes FROM posts WHERE state = 0 AND next_s <= ?1"
        " ORDER BY next_s, id LIMIT ?2",
    [POST_TRIED] = "UPDATE posts SET tries = tries + 1, state = ?2, ended_s = ?3, next_s = ?4,"
        " said = ?5 WHERE id = ?1 AND state = 0",
    [POST_LIST] = POST "NULL FROM posts WHERE ?1 IS NULL OR substr(key, 1, length(?1)) = ?1"
        " ORDER BY id DESC LIMIT ?2",
    [COUNT_OPEN] = "SELECT count(*) FROM alerts WHERE closed_s IS NULL",
    [COUNT_POSTS] = "SELECT state, count(*), min(made_s) FROM posts GROUP BY state",
    [FORGET_POSTS] = "UPDATE posts SET bytes = NULL WHERE state <> 0 AND ended_s < ?1"
        " AND bytes IS NOT NULL",
    [FORGET_ACTS] = "DELETE FROM acts WHERE alert IN"
        " (SELECT id FROM alerts WHERE closed_s < ?1)",
    [META_PUT] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
};
/* clang-format on */

static int open_as(const char *path,
                   enum bw_sql_mode mode,
                   bool exclusive,
                   struct bw_alertstore **ret,
                   struct bw_err *reterr)
{
    void *made = NULL;
    int r = bw_sql_new(sizeof(struct bw_alertstore), path, mode, exclusive, &schema, text,
                       N_STMTS, &made, reterr);

    if (r == 0) {
        *ret = made;
    }
    return r;
}

int bw_alertstore_open(const char *path,
                       bool exclusive,
                       struct bw_alertstore **ret,
                       struct bw_err *reterr)
{
    return open_as(path, BW_SQL_WRITE, exclusive, ret, reterr);
}

int bw_alertstore_open_read(const char *path,
                            struct bw_alertstore **ret,
                            struct bw_err *reterr)
{
    return open_as(path, BW_SQL_READ, false, ret, reterr);
}

void bw_alertstore_close(struct bw_alertstore *s)
{
    bw_sql_free(s);
}

int bw_alertstore_begin(struct bw_alertstore *s, struct bw_err *reterr)
{
    return bw_sql_begin(&s->sql, reterr);
}

int bw_alertstore_commit(struct bw_alertstore *s, struct bw_err *reterr)
{
    return bw_sql_commit(&s->sql, reterr);
}

void bw_alertstore_rollback(struct bw_alertstore *s)
{
    bw_sql_rollback(&s->sql);
}

/* ---- alerts ----------------------------------------------------------------------------
 */

int bw_alertstore_put(struct bw_alertstore *s,
                      const struct bw_alert_row *a,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ALERT_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, a->id);
    bw_sql_text(st, 2, a->kind);
    bw_sql_text(st, 3, a->scope);
    bw_sql_text(st, 4, a->site);
    bw_sql_text(st, 5, a->name);
    bw_sql_text(st, 6, a->words);
    bw_sql_i64(st, 7, a->since_unix_s);
    bw_sql_i64(st, 8, a->opened_unix_s);
    bw_sql_i64(st, 9, a->closed_unix_s);
    bw_sql_i64(st, 10, a->over_unix_s);
    bw_sql_i64(st, 11, a->told_unix_s);
    bw_sql_text(st, 12, a->held);
    bw_sql_i64(st, 13, a->held_by);
    bw_sql_i64(st, 14, a->value);
    bw_sql_i64(st, 15, a->worst);
    bw_sql_text(st, 16, a->cause);
    bw_sql_text(st, 17, a->cause_words);
    bw_sql_text(st, 18, a->message_id);
    return bw_sql_run(&s->sql, st, reterr);
}

static void read_alert(struct sqlite3_stmt *st, struct bw_alert_row *a)
{
    a->id = bw_sql_get(st, 0);
    bw_sql_copy(st, 1, a->kind, sizeof(a->kind));
    bw_sql_copy(st, 2, a->scope, sizeof(a->scope));
    bw_sql_copy(st, 3, a->site, sizeof(a->site));
    bw_sql_copy(st, 4, a->name, sizeof(a->name));
    bw_sql_copy(st, 5, a->words, sizeof(a->words));
    a->since_unix_s = bw_sql_get(st, 6);
    a->opened_unix_s = bw_sql_get(st, 7);
    a->closed_unix_s = bw_sql_get(st, 8);
    a->over_unix_s = bw_sql_get(st, 9);
    a->told_unix_s = bw_sql_get(st, 10);
    bw_sql_copy(st, 11, a->held, sizeof(a->held));
    a->held_by = bw_sql_get(st, 12);
    a->value = bw_sql_get(st, 13);
    a->worst = bw_sql_get(st, 14);
    bw_sql_copy(st, 15, a->cause, sizeof(a->cause));
    bw_sql_copy(st, 16, a->cause_words, sizeof(a->cause_words));
    bw_sql_copy(st, 17, a->message_id, sizeof(a->message_id));
    a->acked_unix_s = bw_sql_get(st, 18);
    bw_sql_copy(st, 19, a->acked_by, sizeof(a->acked_by));
    bw_sql_copy(st, 20, a->note, sizeof(a->note));
}

/* All rows of a statement that is bound. */
static int walk_alerts(struct bw_alertstore *s,
                       struct sqlite3_stmt *st,
                       bw_alert_row_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    int r;

    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_alert_row a;
        read_alert(st, &a);
        r = cb(owner, &a);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_alertstore_get(struct bw_alertstore *s,
                      int64_t id,
                      struct bw_alert_row *ret,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ALERT_GET, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, id);
    r = bw_sql_row(&s->sql, st, reterr);
    if (r > 0) {
        read_alert(st, ret);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "there is no alert %lld", (long long)id);
}

int bw_alertstore_list(struct bw_alertstore *s,
                       const char *scope,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       bool open_too,
                       int64_t limit,
                       bw_alert_row_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ALERT_LIST, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, scope);
    bw_sql_i64(st, 2, from_unix_s);
    bw_sql_i64(st, 3, to_unix_s);
    bw_sql_i64(st, 4, open_too);
    bw_sql_i64(st, 5, limit);
    return walk_alerts(s, st, cb, owner, reterr);
}

int bw_alertstore_untold(struct bw_alertstore *s,
                         bw_alert_row_cb cb,
                         void *owner,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ALERT_UNTOLD, &st, reterr);

    return r < 0 ? r : walk_alerts(s, st, cb, owner, reterr);
}

int bw_alertstore_causeless(struct bw_alertstore *s,
                            int64_t since_unix_s,
                            bw_alert_row_cb cb,
                            void *owner,
                            struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ALERT_CAUSELESS, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, since_unix_s);
    return walk_alerts(s, st, cb, owner, reterr);
}

int bw_alertstore_one(struct bw_alertstore *s,
                      size_t stmt,
                      const char *name,
                      int64_t *ret,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, stmt, &st, reterr);

    if (r < 0) {
        return r;
    }
    if (name) {
        bw_sql_text(st, 1, name);
    }
    r = bw_sql_row(&s->sql, st, reterr);
    if (r > 0) {
        *ret = bw_sql_get(st, 0);
        (void)sqlite3_reset(st);
    }
    return r;
}

int bw_alertstore_last_id(struct bw_alertstore *s, int64_t *ret, struct bw_err *reterr)
{
    int r = bw_alertstore_one(s, ALERT_LAST, NULL, ret, reterr);

    return r < 0 ? r : 0;
}

static int acknowledge(struct bw_alertstore *s,
                       int64_t id,
                       int64_t now_unix_s,
                       const char *by,
                       const char *note,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_alert_row a = {.acked_unix_s = BW_UNKNOWN};
    int r = bw_alertstore_get(s, id, &a, reterr);

    if (r == 0 && a.acked_unix_s != BW_UNKNOWN) {
        return bw_err_set(reterr, -EALREADY, "alert %lld was acknowledged by %s",
                          (long long)id, a.acked_by);
    }
    r = r < 0 ? r : bw_sql_use(&s->sql, ALERT_ACK, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, id);
    bw_sql_i64(st, 2, now_unix_s);
    bw_sql_text(st, 3, by);
    bw_sql_text(st, 4, note);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_alertstore_ack(struct bw_alertstore *s,
                      int64_t id,
                      int64_t now_unix_s,
                      const char *by,
                      const char *note,
                      struct bw_err *reterr)
{
    struct bw_alert_act act = {
        .alert = id, .at_unix_s = now_unix_s, .what = "acknowledged"};
    int r = bw_sql_begin(&s->sql, reterr);

    if (r < 0) {
        return r;
    }
    (void)snprintf(act.words, sizeof(act.words), "%.64s%s%.500s", by, note[0] ? ": " : "",
                   note);
    r = acknowledge(s, id, now_unix_s, by, note, reterr);
    r = r < 0 ? r : bw_alertstore_act(s, &act, reterr);
    r = r < 0 ? r : bw_sql_commit(&s->sql, reterr);
    if (r < 0) {
        bw_sql_rollback(&s->sql);
    }
    return r;
}

/* ---- acts ------------------------------------------------------------------------------
 */

int bw_alertstore_act(struct bw_alertstore *s,
                      const struct bw_alert_act *act,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ACT_ADD, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, act->alert);
    bw_sql_i64(st, 2, act->at_unix_s);
    bw_sql_text(st, 3, act->what);
    bw_sql_text(st, 4, act->words);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_alertstore_acts(struct bw_alertstore *s,
                       int64_t alert,
                       bw_alert_act_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, ACT_LIST, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, alert);
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_alert_act a = {.alert = bw_sql_get(st, 0),
                                 .at_unix_s = bw_sql_get(st, 1)};
        bw_sql_copy(st, 2, a.what, sizeof(a.what));
        bw_sql_copy(st, 3, a.words, sizeof(a.words));
        r = cb(owner, &a);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- states ----------------------------------------------------------------------------
 */

int bw_alertstore_put_state(struct bw_alertstore *s,
                            const struct bw_alert_state *one,
                            bool gone,
                            struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, gone ? STATE_DROP : STATE_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, one->kind);
    bw_sql_text(st, 2, one->scope);
    if (!gone) {
        bw_sql_blob(st, 3, one->n, sizeof(one->n));
    }
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_alertstore_states(struct bw_alertstore *s,
                         bw_alert_state_cb cb,
                         void *owner,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, STATE_ALL, &st, reterr);

    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_alert_state one = {.kind = ""};
        if (sqlite3_column_bytes(st, 2) != (int)sizeof(one.n)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "alerts: a state of another length");
            break;
        }
        memcpy(one.n, sqlite3_column_blob(st, 2), sizeof(one.n));
        bw_sql_copy(st, 0, one.kind, sizeof(one.kind));
        bw_sql_copy(st, 1, one.scope, sizeof(one.scope));
        r = cb(owner, &one);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- numbers ---------------------------------------------------------------------------
 */

int bw_alertstore_set(struct bw_alertstore *s,
                      const char *name,
                      int64_t value,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, META_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    bw_sql_i64(st, 2, value);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_alertstore_number(struct bw_alertstore *s,
                         const char *name,
                         int64_t *ret,
                         struct bw_err *reterr)
{
    int r;

    *ret = BW_UNKNOWN;
    r = bw_alertstore_one(s, META_GET, name, ret, reterr);
    return r < 0 ? r : 0;
}
