/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomstore.c - room.db on SQLite.
 *
 * Invariant: nothing in it is the only copy of evidence, so it is written without waiting
 * for the disk; after a power cut it is whole, and may lack the last minutes, which are
 * folded again. */
#include "roomstore.h"

#include "roomcolumns.h"
#include "roomstore_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sql.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DAY_BITS = 20 /* of a row's key: (circuit · 2 + span) << DAY_BITS | day */
};

/* clang-format off */
#define DDL(column, member, type) "," #column " INTEGER"
#define DDL_WAY(way, member, type) "," #way "_" #member " INTEGER"
#define NAME(column, member, type) "," #column
#define NAME_WAY(way, member, type) "," #way "_" #member
#define MARK(column, member, type) ",?"
#define MONTH_COLUMNS BW_ROOM_MONTH_COLUMNS(NAME)
#define COLUMNS BW_ROOM_DAY_COLUMNS(NAME) BW_ROOM_WAY_COLUMNS(NAME_WAY, down) BW_ROOM_WAY_COLUMNS(NAME_WAY, up)

static const char schema_v1[] =
    "CREATE TABLE circuits(id INTEGER PRIMARY KEY, site TEXT NOT NULL, name TEXT NOT NULL,"
    " filled_from INTEGER, UNIQUE(site, name));"
    "CREATE TABLE days(key INTEGER PRIMARY KEY"
    BW_ROOM_DAY_COLUMNS(DDL) BW_ROOM_WAY_COLUMNS(DDL_WAY, down) BW_ROOM_WAY_COLUMNS(DDL_WAY, up) ");"
    "CREATE TABLE runs(circuit INTEGER NOT NULL, at_ms INTEGER NOT NULL, n INTEGER NOT NULL,"
    " direction INTEGER, state INTEGER, apart INTEGER, egress INTEGER, retest INTEGER,"
    " compared_bps INTEGER, claim_bps INTEGER, goodput_bps INTEGER, server TEXT,"
    " PRIMARY KEY(circuit, at_ms, n)) WITHOUT ROWID;"
    "CREATE TABLE spells(scope TEXT NOT NULL, what INTEGER NOT NULL, since_s INTEGER,"
    " until_s INTEGER, PRIMARY KEY(scope, what)) WITHOUT ROWID;"
    "CREATE TABLE risks(circuit INTEGER PRIMARY KEY, rule TEXT, words TEXT, governs INTEGER,"
    " wanted INTEGER, counted INTEGER, deferred INTEGER, by_s INTEGER, made_s INTEGER,"
    " n_rules INTEGER, students INTEGER);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;";

/* Days have more members than in format 1: they are made again. */
static const char schema_v2[] =
    "DROP TABLE days;"
    "CREATE TABLE days(key INTEGER PRIMARY KEY"
    BW_ROOM_DAY_COLUMNS(DDL) BW_ROOM_WAY_COLUMNS(DDL_WAY, down) BW_ROOM_WAY_COLUMNS(DDL_WAY, up) ");"
    "ALTER TABLE circuits ADD COLUMN months_at INTEGER;"
    "ALTER TABLE circuits ADD COLUMN months_due INTEGER;"
    "UPDATE circuits SET filled_from = NULL;"
    "CREATE TABLE months(circuit INTEGER NOT NULL, month INTEGER NOT NULL"
    BW_ROOM_MONTH_COLUMNS(DDL) ", PRIMARY KEY(circuit, month)) WITHOUT ROWID;";
static const char schema_v3[] =
    "ALTER TABLE runs ADD COLUMN reason TEXT;"
    "ALTER TABLE risks ADD COLUMN n_judged INTEGER;";

static const char *const v1[] = {schema_v1, NULL};
static const char *const v2[] = {schema_v2, NULL};
static const char *const v3[] = {schema_v3, NULL};
static const char *const *const script[] = {v1, v2, v3};

/* "BWR1" in the file's header. */
static const struct bw_sql_schema schema = {
    .what = "room", .application_id = 0x42575231, .version = 3, .script = script,
    .tuning = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192;"};


static const char *const text[N_STMTS] = {
    [CIRCUIT_ADD] = "INSERT OR IGNORE INTO circuits(site, name) VALUES(?1, ?2)",
    [CIRCUIT_GET] = "SELECT id FROM circuits WHERE site = ?1 AND name = ?2",
    [CIRCUIT_ALL] = ("SELECT id, site, name, filled_from, months_at, months_due FROM circuits"
        " ORDER BY site, name"),
    [CIRCUIT_FILLED] = "UPDATE circuits SET filled_from = ?2 WHERE id = ?1",
    [CIRCUIT_MONTHS] = "UPDATE circuits SET months_at = ?2, months_due = ?3 WHERE id = ?1",
    [MONTH_PUT] = "INSERT OR REPLACE INTO months(circuit, month" MONTH_COLUMNS ") VALUES(?,?"
        BW_ROOM_MONTH_COLUMNS(MARK) ")",
    [MONTH_DROP] = "DELETE FROM months WHERE circuit = ?1 AND month = ?2",
    [MONTH_ALL] = "SELECT circuit, month" MONTH_COLUMNS " FROM months WHERE month >= ?1"
        " ORDER BY circuit, month",
    [MONTH_FORGET] = "DELETE FROM months WHERE month < ?1",
    [DAY_PUT] = "INSERT OR REPLACE INTO days(key" COLUMNS ") VALUES(?"
        BW_ROOM_DAY_COLUMNS(MARK) BW_ROOM_WAY_COLUMNS(MARK, d) BW_ROOM_WAY_COLUMNS(MARK, u) ")",
    [DAY_DROP] = "DELETE FROM days WHERE key = ?1",
    [DAY_LIST] = "SELECT key" COLUMNS " FROM days WHERE key >= ?1 AND key < ?2 ORDER BY key",
    [DAY_ALL] = "SELECT key" COLUMNS " FROM circuits CROSS JOIN days"
        " ON key >= ((id * 2 + ?1) << 20 | ?2) AND key < ((id * 2 + ?1) << 20 | ?3)"
        " ORDER BY id, key",
    [RUN_DROP] = "DELETE FROM runs WHERE circuit = ?1 AND at_ms >= ?2 AND at_ms < ?3",
    [RUN_PUT] = "INSERT OR REPLACE INTO runs VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [RUN_LIST] = ("SELECT * FROM runs WHERE circuit = ?1 AND at_ms >= ?2"
        " ORDER BY circuit, at_ms, n"),
    [RUN_ALL] = "SELECT * FROM runs WHERE at_ms >= ?2 ORDER BY circuit, at_ms, n",
    [SPELL_PUT] = "INSERT OR REPLACE INTO spells VALUES(?1, ?2, ?3, ?4)",
    [SPELL_ALL] = "SELECT scope, what, since_s, until_s FROM spells ORDER BY scope, what",
    [RISK_PUT] = "INSERT OR REPLACE INTO risks VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [RISK_ALL] = "SELECT * FROM risks ORDER BY circuit",
    [META_PUT] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [DAY_FORGET] = ("DELETE FROM days WHERE key IN (SELECT d.key FROM circuits c CROSS JOIN days d"
        " ON d.key >= c.id * 2 << 20 AND d.key < (c.id * 2 << 20 | ?1))"),
    [RUN_FORGET] = "DELETE FROM runs WHERE at_ms < ?1",
};
/* clang-format on */

static int open_as(const char *path,
                   enum bw_sql_mode mode,
                   struct bw_roomstore **ret,
                   struct bw_err *reterr)
{
    void *made = NULL;
    int r = bw_sql_new(sizeof(struct bw_roomstore), path, mode, mode == BW_SQL_WRITE,
                       &schema, text, N_STMTS, &made, reterr);

    if (r == 0) {
        *ret = made;
    }
    return r;
}

/* Of a file that is not one of ours nothing is touched. */
static bool is_ours(const char *path)
{
    unsigned char head[72] = {0};
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(head, 1, sizeof(head), f) : 0;

    if (f) {
        (void)fclose(f);
    }
    return n < sizeof(head) || memcmp(head + 68, "BWR1", 4) == 0;
}

static void take_away(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[4200];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        int n = snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        if (n > 0 && (size_t)n < sizeof(name)) {
            (void)unlink(name);
        }
    }
}

int bw_roomstore_open(const char *path,
                      struct bw_roomstore **ret,
                      bool *ret_anew,
                      struct bw_err *reterr)
{
    bool anew = access(path, F_OK) != 0;
    int r = open_as(path, BW_SQL_WRITE, ret, reterr);

    if ((r == -BW_EMALFORMED || r == -BW_ENEWER) && is_ours(path)) {
        take_away(path);
        anew = true;
        r = open_as(path, BW_SQL_WRITE, ret, reterr);
    }
    if (r == 0 && ret_anew) {
        *ret_anew = anew;
    }
    return r;
}

int bw_roomstore_open_read(const char *path,
                           struct bw_roomstore **ret,
                           struct bw_err *reterr)
{
    return open_as(path, BW_SQL_READ, ret, reterr);
}

void bw_roomstore_close(struct bw_roomstore *s)
{
    bw_sql_free(s);
}

int bw_roomstore_begin(struct bw_roomstore *s, struct bw_err *reterr)
{
    return bw_sql_begin(&s->sql, reterr);
}

int bw_roomstore_commit(struct bw_roomstore *s, struct bw_err *reterr)
{
    return bw_sql_commit(&s->sql, reterr);
}

void bw_roomstore_rollback(struct bw_roomstore *s)
{
    bw_sql_rollback(&s->sql);
}

/* ---- circuits ------------------------------------------------------------------------ */

int bw_roomstore_circuit(struct bw_roomstore *s,
                         const char *site,
                         const char *name,
                         int64_t *ret_id,
                         struct bw_err *reterr)
{
    static const enum roomstore_stmt both[] = {CIRCUIT_ADD, CIRCUIT_GET};
    struct sqlite3_stmt *st = NULL;
    int r = 0;

    for (size_t i = 0; r == 0 && i < 2; i++) {
        r = bw_sql_use(&s->sql, both[i], &st, reterr);
        if (r < 0) {
            return r;
        }
        bw_sql_text(st, 1, site);
        bw_sql_text(st, 2, name);
        r = i == 0 ? bw_sql_run(&s->sql, st, reterr) : bw_sql_row(&s->sql, st, reterr);
    }
    if (r > 0) {
        *ret_id = bw_sql_get(st, 0);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -EIO, "room: a circuit was not kept");
}

int bw_roomstore_find(struct bw_roomstore *s,
                      const char *site,
                      const char *name,
                      int64_t *ret_id,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, CIRCUIT_GET, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_text(st, 2, name);
    r = bw_sql_row(&s->sql, st, reterr);
    if (r > 0) {
        *ret_id = bw_sql_get(st, 0);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "room: no day of this circuit is kept");
}

int bw_roomstore_circuits(struct bw_roomstore *s,
                          bw_roomstore_circuit_cb cb,
                          void *owner,
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, CIRCUIT_ALL, &st, reterr);

    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_roomstore_circuit c = {.id = bw_sql_get(st, 0)};
        bw_sql_copy(st, 1, c.site, sizeof(c.site));
        bw_sql_copy(st, 2, c.name, sizeof(c.name));
        c.filled_from_day = bw_sql_get(st, 3);
        c.months_at = bw_sql_get(st, 4);
        c.months_due = bw_sql_get(st, 5);
        r = cb(owner, &c);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_roomstore_set_filled(struct bw_roomstore *s,
                            int64_t circuit,
                            int64_t from_day,
                            struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, CIRCUIT_FILLED, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, circuit);
    bw_sql_i64(st, 2, from_day);
    return bw_sql_run(&s->sql, st, reterr);
}

/* ---- days ---------------------------------------------------------------------------- */

static int64_t key_of(int64_t circuit, enum bw_room_span span, int64_t day)
{
    return (circuit * 2 + (int64_t)span) << DAY_BITS | day;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): names of members */
#define BIND(column, member, type) bw_sql_i64(st, i++, (int64_t)d->member);
#define BIND_WAY(way, member, type) bw_sql_i64(st, i++, (int64_t)way->member);
/* NOLINTEND(bugprone-macro-parentheses) */

static void bind_day(struct sqlite3_stmt *st, const struct bw_room_day *d)
{
    const struct bw_room_way *down = &d->way[BW_DOWN];
    const struct bw_room_way *up = &d->way[BW_UP];
    int i = 2;

    BW_ROOM_DAY_COLUMNS(BIND)
    BW_ROOM_WAY_COLUMNS(BIND_WAY, down)
    BW_ROOM_WAY_COLUMNS(BIND_WAY, up)
}

#define READ(column, member, type) d->member = (type)bw_sql_get(st, i++);
#define READ_WAY(way, member, type) way->member = (type)bw_sql_get(st, i++);

static void read_day(struct sqlite3_stmt *st, struct bw_room_day *d)
{
    struct bw_room_way *down = &d->way[BW_DOWN];
    struct bw_room_way *up = &d->way[BW_UP];
    int i = 1;

    bw_room_day_init(d);
    d->day = bw_sql_get(st, 0) & ((1 << DAY_BITS) - 1);
    BW_ROOM_DAY_COLUMNS(READ)
    BW_ROOM_WAY_COLUMNS(READ_WAY, down)
    BW_ROOM_WAY_COLUMNS(READ_WAY, up)
}

int bw_roomstore_put_day(struct bw_roomstore *s,
                         int64_t circuit,
                         enum bw_room_span span,
                         const struct bw_room_day *d,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r;

    if (d->day < 0 || d->day >> DAY_BITS != 0) {
        return bw_err_set(reterr, -EINVAL, "room: no such day");
    }
    r = bw_sql_use(&s->sql, d->n_records > 0 ? DAY_PUT : DAY_DROP, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, key_of(circuit, span, d->day));
    if (d->n_records > 0) {
        bind_day(st, d);
    }
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_roomstore_days(struct bw_roomstore *s,
                      int64_t circuit,
                      enum bw_room_span span,
                      int64_t from_day,
                      int64_t to_day,
                      bw_roomstore_day_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    bool all = circuit == BW_UNKNOWN;
    int r = bw_sql_use(&s->sql, all ? DAY_ALL : DAY_LIST, &st, reterr);

    if (r < 0) {
        return r;
    }
    from_day = from_day < 0 ? 0 : from_day;
    to_day = to_day >> DAY_BITS != 0 ? (1 << DAY_BITS) - 1 : to_day;
    if (all) {
        bw_sql_i64(st, 1, (int64_t)span);
        bw_sql_i64(st, 2, from_day);
        bw_sql_i64(st, 3, to_day);
    } else {
        bw_sql_i64(st, 1, key_of(circuit, span, from_day));
        bw_sql_i64(st, 2, key_of(circuit, span, to_day));
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_room_day d;
        read_day(st, &d);
        r = cb(owner, bw_sql_get(st, 0) >> (DAY_BITS + 1), &d);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- runs ---------------------------------------------------------------------------- */

static int put_run(struct bw_roomstore *s,
                   int64_t circuit,
                   const struct bw_room_run *t,
                   int64_t n,
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, RUN_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, circuit);
    bw_sql_i64(st, 2, t->at_unix_ms);
    bw_sql_i64(st, 3, n);
    bw_sql_i64(st, 4, t->direction);
    bw_sql_i64(st, 5, t->state);
    bw_sql_i64(st, 6, t->apart);
    bw_sql_i64(st, 7, t->egress);
    bw_sql_i64(st, 8, t->retest);
    bw_sql_i64(st, 9, t->compared_bps);
    bw_sql_i64(st, 10, t->claim_bps);
    bw_sql_i64(st, 11, t->goodput_bps);
    bw_sql_text(st, 12, t->server);
    bw_sql_text(st, 13, t->reason);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_roomstore_put_runs(struct bw_roomstore *s,
                          int64_t circuit,
                          int64_t from_unix_ms,
                          int64_t to_unix_ms,
                          const struct bw_room_run *runs,
                          size_t n,
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, RUN_DROP, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, circuit);
    bw_sql_i64(st, 2, from_unix_ms);
    bw_sql_i64(st, 3, to_unix_ms);
    r = bw_sql_run(&s->sql, st, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = put_run(s, circuit, &runs[i], (int64_t)i, reterr);
    }
    return r;
}

static void read_run(struct sqlite3_stmt *st, struct bw_room_run *t)
{
    memset(t, 0, sizeof(*t));
    t->at_unix_ms = bw_sql_get(st, 1);
    t->direction = sqlite3_column_int(st, 3) == BW_UP ? BW_UP : BW_DOWN;
    t->state = (uint8_t)sqlite3_column_int(st, 4);
    t->apart = (uint8_t)sqlite3_column_int(st, 5);
    t->egress = (uint8_t)sqlite3_column_int(st, 6);
    t->retest = sqlite3_column_int(st, 7) != 0;
    t->compared_bps = bw_sql_get(st, 8);
    t->claim_bps = bw_sql_get(st, 9);
    t->goodput_bps = bw_sql_get(st, 10);
    bw_sql_copy(st, 11, t->server, sizeof(t->server));
    bw_sql_copy(st, 12, t->reason, sizeof(t->reason));
}

int bw_roomstore_runs(struct bw_roomstore *s,
                      int64_t circuit,
                      int64_t from_unix_ms,
                      bw_roomstore_run_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, circuit == BW_UNKNOWN ? RUN_ALL : RUN_LIST, &st, reterr);

    if (r < 0) {
        return r;
    }
    if (circuit != BW_UNKNOWN) {
        bw_sql_i64(st, 1, circuit);
    }
    bw_sql_i64(st, 2, from_unix_ms);
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_room_run t;
        read_run(st, &t);
        r = cb(owner, bw_sql_get(st, 0), &t);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- spells, risks, numbers -----------------------------------------------------------
 */

int bw_roomstore_put_spell(struct bw_roomstore *s,
                           const struct bw_roomstore_spell *spell,
                           struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, SPELL_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, spell->scope);
    bw_sql_i64(st, 2, spell->what);
    bw_sql_i64(st, 3, spell->since_unix_s);
    bw_sql_i64(st, 4, spell->until_unix_s);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_roomstore_spells(struct bw_roomstore *s,
                        bw_roomstore_spell_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, SPELL_ALL, &st, reterr);

    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_roomstore_spell x = {.what = bw_sql_get(st, 1),
                                       .since_unix_s = bw_sql_get(st, 2),
                                       .until_unix_s = bw_sql_get(st, 3)};
        bw_sql_copy(st, 0, x.scope, sizeof(x.scope));
        r = cb(owner, &x);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_roomstore_put_risk(struct bw_roomstore *s,
                          const struct bw_roomstore_risk *k,
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, RISK_PUT, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, k->circuit);
    bw_sql_text(st, 2, k->rule);
    bw_sql_text(st, 3, k->words);
    bw_sql_i64(st, 4, k->governs);
    bw_sql_i64(st, 5, k->wanted);
    bw_sql_i64(st, 6, k->counted);
    bw_sql_i64(st, 7, k->deferred);
    bw_sql_i64(st, 8, k->by_unix_s);
    bw_sql_i64(st, 9, k->made_unix_s);
    bw_sql_i64(st, 10, k->n_rules);
    bw_sql_i64(st, 11, k->students);
    bw_sql_i64(st, 12, k->n_judged);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_roomstore_risks(struct bw_roomstore *s,
                       bw_roomstore_risk_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, RISK_ALL, &st, reterr);

    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_roomstore_risk k = {.circuit = bw_sql_get(st, 0),
                                      .governs = bw_sql_get(st, 3),
                                      .wanted = bw_sql_get(st, 4),
                                      .counted = bw_sql_get(st, 5),
                                      .deferred = bw_sql_get(st, 6),
                                      .by_unix_s = bw_sql_get(st, 7),
                                      .made_unix_s = bw_sql_get(st, 8),
                                      .n_rules = bw_sql_get(st, 9),
                                      .students = bw_sql_get(st, 10),
                                      .n_judged = bw_sql_get(st, 11)};
        bw_sql_copy(st, 1, k.rule, sizeof(k.rule));
        bw_sql_copy(st, 2, k.words, sizeof(k.words));
        r = cb(owner, &k);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_roomstore_set(struct bw_roomstore *s,
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

int bw_roomstore_get(struct bw_roomstore *s,
                     const char *name,
                     int64_t *ret,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, META_GET, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    r = bw_sql_row(&s->sql, st, reterr);
    if (r < 0) {
        return r;
    }
    *ret = r > 0 ? bw_sql_get(st, 0) : BW_UNKNOWN;
    (void)sqlite3_reset(st);
    return 0;
}

int bw_roomstore_forget(struct bw_roomstore *s,
                        int64_t before_day,
                        int64_t before_month,
                        int64_t runs_before_unix_ms,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, DAY_FORGET, &st, reterr);

    if (r == 0) {
        bw_sql_i64(st, 1, before_day);
        r = bw_sql_run(&s->sql, st, reterr);
    }
    r = r < 0 ? r : bw_sql_use(&s->sql, MONTH_FORGET, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, before_month);
        r = bw_sql_run(&s->sql, st, reterr);
    }
    r = r < 0 ? r : bw_sql_use(&s->sql, RUN_FORGET, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, runs_before_unix_ms);
        r = bw_sql_run(&s->sql, st, reterr);
    }
    return r;
}
