/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_catalogue_upgrade.c - a catalogue of format 3 gets the newest form when a writer
 * opens it: every row stays, and an end at any moment of it does no harm. */
#include "buf.h"
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <signal.h>
#include <sqlite3.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STATEMENTS_MAX = 1000
};

/* clang-format off */
/* As format 3 was made: written down once more, for it never changes. */
static const char version_3[] =
    "CREATE TABLE entities(id TEXT PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE parents(entity TEXT NOT NULL, from_s INTEGER NOT NULL, parent TEXT NOT NULL,"
    " PRIMARY KEY(entity, from_s)) WITHOUT ROWID;"
    "CREATE TABLE sites(id TEXT PRIMARY KEY, entity TEXT NOT NULL, name TEXT NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tokens(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,"
    " site TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER,"
    " used_by TEXT);"
    "CREATE TABLE keys(kid TEXT PRIMARY KEY, alg INTEGER NOT NULL, raw BLOB NOT NULL,"
    " site TEXT NOT NULL, from_s INTEGER NOT NULL, revoked INTEGER, replaced_by TEXT)"
    " WITHOUT ROWID;"
    "CREATE INDEX keys_site ON keys(site, from_s);"
    "CREATE TABLE facts(site TEXT NOT NULL, circuit TEXT NOT NULL, from_s INTEGER NOT NULL,"
    " vantage INTEGER, behind INTEGER, source INTEGER, layer INTEGER, resolution_ms INTEGER,"
    " link_bps INTEGER, mtu INTEGER, PRIMARY KEY(site, circuit, from_s)) WITHOUT ROWID;"
    "CREATE TABLE claims(id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL,"
    " circuit TEXT NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER, down_bps INTEGER,"
    " up_bps INTEGER, layer INTEGER, frn_line TEXT, spin TEXT, provider TEXT,"
    " monthly_cost_cents INTEGER, origin TEXT, recorded INTEGER NOT NULL);"
    "CREATE INDEX claims_circuit ON claims(site, circuit, from_s);"
    "CREATE TABLE prefixes(id INTEGER PRIMARY KEY, site TEXT NOT NULL, circuit TEXT NOT NULL,"
    " family INTEGER NOT NULL, addr BLOB NOT NULL, bits INTEGER NOT NULL,"
    " from_s INTEGER NOT NULL, to_s INTEGER,"
    " UNIQUE(site, circuit, family, addr, bits, from_s));"
    "CREATE TABLE servers(name TEXT PRIMARY KEY, kind TEXT NOT NULL, address TEXT NOT NULL,"
    " enabled INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE names(id INTEGER PRIMARY KEY AUTOINCREMENT, what INTEGER NOT NULL,"
    " owner TEXT NOT NULL, from_s INTEGER NOT NULL, name TEXT NOT NULL,"
    " recorded INTEGER NOT NULL);"
    "CREATE INDEX names_owner ON names(what, owner, from_s);"
    "ALTER TABLE keys ADD COLUMN prev_kid TEXT;";

static const char rows[] =
    "INSERT INTO entities VALUES('willow','Willow',1),('heron','Heron school',0);"
    "INSERT INTO parents VALUES('heron',1000,'willow');"
    "INSERT INTO sites VALUES('s-heron','heron','Heron school',1,500);"
    "INSERT INTO tokens VALUES(1,x'0102','s-heron',500,900,600,'kid-a');"
    "INSERT INTO keys VALUES('kid-a',1,x'0a','s-heron',600,NULL,'kid-b',NULL),"
    " ('kid-b',1,x'0b','s-heron',700,NULL,NULL,'kid-a');"
    "INSERT INTO facts VALUES('s-heron','wan',600,0,0,1,1,1000,1000000000,1500);"
    "INSERT INTO claims VALUES(7,'s-heron','wan',1000,NULL,500000000,100000000,2,"
    "'1699048824.003','143000555','Oak Fibre',45000,'typed in',1001);"
    "INSERT INTO prefixes VALUES(1,'s-heron','wan',4,x'c0000200',24,600,NULL);"
    "INSERT INTO servers VALUES('state-1','http','http://state.example',1);"
    "INSERT INTO meta VALUES('log-key',x'6b');"
    "INSERT INTO names VALUES(3,1,'s-heron',800,'Egret school',801);"
    "PRAGMA application_id=1113015089; PRAGMA user_version=3;"; /* BWC1 */
/* clang-format on */

struct fixture {
    char *folder;
    char path[300];
    struct bw_buf before; /* every row, as text */
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(bw_crypto_init(), 0);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/catalogue.db", f->folder);
    bw_buf_init(&f->before, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_buf_done(&f->before);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static void run(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
}

static int add_row(void *owner, int n, char **values, char **names)
{
    struct bw_buf *out = owner;
    for (int i = 0; i < n; i++) {
        bw_buf_printf(out, "%s=%s;", names[i], values[i] ? values[i] : "NULL");
    }
    bw_buf_putc(out, '\n');
    return 0;
}

/* Every row of the tables of format 3, their forms, and the marks of sequences. */
static void dump(const char *path, struct bw_buf *out)
{
    static const char schema[] =
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'statements%'"
        " AND name NOT LIKE 'sqlite_autoindex_statements%' AND name <> 'ends' ORDER BY 1";
    static const char *const questions[] = {
        "SELECT * FROM entities ORDER BY 1",
        "SELECT * FROM parents ORDER BY 1",
        "SELECT * FROM sites ORDER BY 1",
        "SELECT id, hex(sha256), site, created, expires, used, used_by FROM tokens",
        "SELECT kid, alg, hex(raw), site, from_s, revoked, replaced_by, prev_kid FROM keys",
        "SELECT * FROM facts ORDER BY 1",
        "SELECT * FROM claims ORDER BY 1",
        "SELECT id, site, circuit, family, hex(addr), bits, from_s, to_s FROM prefixes",
        "SELECT * FROM servers ORDER BY 1",
        "SELECT name, hex(value) FROM meta",
        "SELECT * FROM names ORDER BY 1",
        "SELECT * FROM sqlite_sequence ORDER BY 1",
        schema,
    };
    sqlite3 *db = NULL;
    bw_buf_clear(out);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        assert_int_equal(sqlite3_exec(db, questions[i], add_row, out, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(bw_buf_error(out), 0);
}

static void write_older(struct fixture *f)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    sqlite3 *db = NULL;
    char path[400];
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", f->path, tails[i]);
        (void)unlink(path);
    }
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    run(db, "PRAGMA journal_mode=WAL; BEGIN");
    run(db, version_3);
    run(db, rows);
    run(db, "COMMIT");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    dump(f->path, &f->before);
}

static int on_claim(void *owner, const struct bw_claim *k)
{
    *(struct bw_claim *)owner = *k;
    return 0;
}

/* Opened by a writer: all it had, and it takes statements. */
static void check_upgraded(struct fixture *f)
{
    struct bw_catalogue *c = NULL;
    struct bw_statement s;
    struct bw_claim k;
    struct bw_buf after;
    struct bw_site site;
    int64_t n = -1;
    bw_buf_init(&after, 1 << 20);
    if (bw_catalogue_open(f->path, &c, &f->err) < 0) {
        fail_msg("%s", f->err.text);
    }
    dump(f->path, &after);
    assert_string_equal(after.data, f->before.data);
    assert_int_equal(c->ops->site_get(c, "s-heron", &site, &f->err), 0);
    assert_string_equal(site.name, "Egret school");
    assert_int_equal(c->ops->claims(c, "s-heron", "wan", 0, 2000, on_claim, &k, &f->err),
                     0);
    assert_int_equal(k.id, 7);
    assert_int_equal(k.down_bps, 500000000);
    assert_int_equal(c->ops->statements_count(c, &n, &f->err), 0);
    assert_int_equal(n, 0);
    bw_statement_init(&s, BW_STATEMENT_CLAIM);
    (void)snprintf(s.about, sizeof(s.about), "own:heron");
    (void)snprintf(s.by, sizeof(s.by), "heron");
    assert_int_equal(bw_catalogue_say(c, &s, 1, NULL, &f->err), 0);
    assert_int_equal(c->ops->statements_count(c, &n, &f->err), 0);
    assert_int_equal(n, 1);
    bw_catalogue_close(c);
    bw_buf_done(&after);
}

static void test_nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    struct bw_catalogue *c = NULL;
    write_older(f);
    assert_int_equal(bw_catalogue_open_read(f->path, &c, &f->err), -EINVAL);
    assert_non_null(strstr(f->err.text, "older format 3"));
    check_upgraded(f);
    assert_int_equal(bw_catalogue_open_read(f->path, &c, &f->err), 0);
    bw_catalogue_close(c);
}

/* Seen by parent and child. */
struct moment {
    int left;     /* statements until it is killed */
    bool changed; /* a table was made by then */
};

static struct moment *moment;

static int on_statement(unsigned kind, void *owner, void *st, void *text)
{
    (void)kind;
    (void)owner;
    (void)st;
    if (moment->left-- == 0) {
        (void)kill(getpid(), SIGKILL);
    }
    moment->changed = moment->changed || strncmp(text, "CREATE TABLE", 12) == 0;
    return 0;
}

static int watch(sqlite3 *db, char **why, const void *routines)
{
    (void)why;
    (void)routines;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

/* In a process of its own, killed before its n-th statement; false: it came to its end. */
static bool upgrade_killed_at(struct fixture *f, int n)
{
    int status = 0;
    *moment = (struct moment){.left = n};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct bw_catalogue *c = NULL;
        (void)sqlite3_auto_extension((void (*)(void))watch);
        int r = bw_catalogue_open(f->path, &c, &f->err);
        bw_catalogue_close(c);
        _exit(r < 0 ? 2 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void test_killed_at_any_moment(void **state)
{
    struct fixture *f = *state;
    int between = 0; /* killed with tables made, and none of it in force */
    int after = 0;
    bool killed = true;
    moment = mmap(NULL, sizeof(*moment), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    assert_ptr_not_equal(moment, MAP_FAILED);
    for (int n = 0; killed && n < STATEMENTS_MAX; n++) {
        struct bw_catalogue *c = NULL;
        write_older(f);
        killed = upgrade_killed_at(f, n);
        int r = bw_catalogue_open_read(f->path, &c, &f->err);
        bw_catalogue_close(c);
        assert_true(r == 0 || (killed && r == -EINVAL)); /* the newest form, or as it was */
        between += r < 0 && moment->changed;
        after += r == 0;
        check_upgraded(f);
    }
    assert_false(killed);
    assert_true(between >= 4); /* two tables, two indexes */
    assert_true(after >= 1);
    assert_int_equal(munmap(moment, sizeof(*moment)), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_nothing_is_lost),
        T(test_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
