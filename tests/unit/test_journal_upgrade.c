/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_journal_upgrade.c - a journal that an older program wrote gets the newest form at
 * its first start: every record stays, and an end at any moment of it does no harm. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <journal.h>
#include <journal_private.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    START = 1789000200,
    RECORDS = 60,
    ACKED = 20,
    STATEMENTS_MAX = 1000
};

/* clang-format off */
/* As version 1 was made, and what version 2 added: written down once more, for they never
 * change. */
static const char version_1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE chains(id INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE,"
    " head_seq INTEGER NOT NULL, head_hash TEXT NOT NULL, head_end INTEGER NOT NULL,"
    " acked_through INTEGER NOT NULL DEFAULT 0, forked INTEGER NOT NULL DEFAULT 0,"
    " last_append INTEGER NOT NULL);"
    "CREATE TABLE records(id INTEGER PRIMARY KEY AUTOINCREMENT, chain INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, site TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " start INTEGER NOT NULL, end INTEGER NOT NULL, clock_synced INTEGER,"
    " max_error_us INTEGER, step_us INTEGER, jws TEXT NOT NULL, UNIQUE(chain, seq));"
    "CREATE INDEX records_start ON records(start);"
    "CREATE TABLE refusals(id INTEGER PRIMARY KEY AUTOINCREMENT, chain INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,"
    " type TEXT NOT NULL, detail TEXT NOT NULL, reported INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(chain, seq));"
    "CREATE INDEX refusals_open ON refusals(id) WHERE reported = 0;"
    "CREATE TABLE receipts(chain INTEGER NOT NULL, through INTEGER NOT NULL,"
    " received_ms INTEGER, receipt TEXT NOT NULL, PRIMARY KEY(chain, through)) WITHOUT ROWID;"
    "CREATE TABLE usage(day INTEGER NOT NULL, circuit TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY(day, circuit)) WITHOUT ROWID;"
    "CREATE TABLE circuits(key INTEGER PRIMARY KEY, id TEXT NOT NULL, vantage INTEGER,"
    " behind INTEGER, source INTEGER, layer INTEGER, resolution_ms INTEGER,"
    " covered_s INTEGER, link_bps INTEGER, mtu INTEGER, saturated_s INTEGER,"
    " down_bytes INTEGER, down_packets INTEGER, down_p95_1s_bps INTEGER,"
    " down_peak_1s_bps INTEGER, down_drops INTEGER, down_errors INTEGER,"
    " up_bytes INTEGER, up_packets INTEGER, up_p95_1s_bps INTEGER,"
    " up_peak_1s_bps INTEGER, up_drops INTEGER, up_errors INTEGER);"
    "CREATE TABLE outages(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL,"
    " from_ms INTEGER, to_ms INTEGER, why TEXT);"
    "CREATE TABLE latency(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT,"
    " kind TEXT, family INTEGER, sent INTEGER, lost INTEGER, late INTEGER,"
    " sum_us INTEGER, rtt_hist TEXT, p50_us INTEGER, p95_us INTEGER, pdv_p95_us INTEGER);"
    "CREATE TABLE throughput(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT,"
    " kind TEXT, method TEXT, server TEXT, direction INTEGER, at_ms INTEGER,"
    " duration_ms INTEGER, state INTEGER, reason TEXT, retest_of TEXT, streams INTEGER,"
    " cc TEXT, mtu INTEGER, grade INTEGER, receipt TEXT, egress INTEGER, bytes INTEGER,"
    " goodput_bps INTEGER, line_bps INTEGER, line_error_ppm INTEGER,"
    " concurrent_bps INTEGER, rtt_idle_us INTEGER, rtt_loaded_p95_us INTEGER,"
    " retransmit_ppm INTEGER, tester_busy_ppm INTEGER, flags TEXT);"
    "CREATE TABLE gaps(key INTEGER PRIMARY KEY, from_s INTEGER, to_s INTEGER, why INTEGER);";
static const char version_2[] =
    "ALTER TABLE latency ADD COLUMN lost_out INTEGER;"
    "ALTER TABLE latency ADD COLUMN lost_back INTEGER;"
    "ALTER TABLE latency ADD COLUMN out_hist TEXT;"
    "ALTER TABLE latency ADD COLUMN back_hist TEXT;"
    "ALTER TABLE latency ADD COLUMN one_way_error_us INTEGER;"
    "ALTER TABLE latency ADD COLUMN codes TEXT;"
    "ALTER TABLE latency ADD COLUMN phases TEXT;"
    "ALTER TABLE latency ADD COLUMN cert_days INTEGER;"
    "ALTER TABLE throughput ADD COLUMN machine TEXT;"
    "ALTER TABLE throughput ADD COLUMN loss_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN delay_min_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN delay_max_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_rtt_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_min_rtt_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_retransmit_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_app_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_rwnd_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN near_sndbuf_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_rtt_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_min_rtt_us INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_retransmit_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_app_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_rwnd_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN far_sndbuf_limited_ppm INTEGER;"
    "ALTER TABLE throughput ADD COLUMN campaign TEXT;"
    "CREATE TABLE paths(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT,"
    " method TEXT, family INTEGER, at_ms INTEGER, reached INTEGER, mtu INTEGER,"
    " hash TEXT, changed INTEGER, flag TEXT, hops TEXT);";
/* clang-format on */

struct fixture {
    char *folder;
    char path[300];  /* the journal in use */
    char older[300]; /* as the older program left it */
    char fresh[300]; /* the same records, written by this one */
    struct box box;
    char sha256[RECORDS + 2][BW_HASH_LEN + 1]; /* by seq */
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/journal.db", f->folder);
    (void)snprintf(f->older, sizeof(f->older), "%s/older.db", f->folder);
    (void)snprintf(f->fresh, sizeof(f->fresh), "%s/fresh.db", f->folder);
    box_init(&f->box, "s-alder", START);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

/* ---- by SQLite alone ------------------------------------------------------------------
 */

static sqlite3 *raw(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
}

/* One text or number of the first row; lent until the next call. */
static const char *ask(sqlite3 *db, const char *text)
{
    static char said[8192];
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    const unsigned char *got = sqlite3_column_text(st, 0);
    (void)snprintf(said, sizeof(said), "%s", got ? (const char *)got : "");
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    return said;
}

#define ASK(db, ...) ask(db, sqlite3_snprintf((int)sizeof(question), question, __VA_ARGS__))
#define SAYS(want, db, ...) assert_string_equal(ASK(db, __VA_ARGS__), want)
static char question[16384];

/* ---- the older journal ----------------------------------------------------------------
 */

static void append(struct fixture *f, struct bw_journal *j)
{
    struct signed_summary s;
    box_next(&f->box, &s);
    const struct bw_journal_entry e = {
        .summary = &s.summary, .jws = s.jws.data, .jws_len = s.jws.len, .kid = s.kid};
    assert_int_equal(bw_journal_append(j, &e, &f->err), 0);
    memcpy(f->sha256[s.summary.seq], s.sha256, sizeof(s.sha256));
    signed_done(&s);
}

static void tell_more(struct bw_summary *u)
{
    u->latency[0].cert_days = u->seq; /* a column of version 2 */
}

/* What a program of now writes of a box that measures as then. */
static void write_fresh(struct fixture *f)
{
    struct bw_journal *j = NULL;
    f->box.change = tell_more;
    assert_int_equal(bw_journal_open(f->fresh, BW_JOURNAL_WRITE, &j, &f->err), 0);
    for (int i = 0; i < RECORDS; i++) {
        append(f, j);
    }
    assert_int_equal(bw_journal_ack(j, f->box.kid, ACKED, "receipt", 1, &f->err), 0);
    assert_int_equal(
        bw_journal_refused(j, f->box.kid, ACKED + 5, "too-large", "why", &f->err), 0);
    assert_int_equal(bw_journal_usage_add(j, START, "wan", 77, &f->err), 0);
    assert_int_equal(bw_journal_meta_set(j, "config.alder", "text", 4, &f->err), 0);
    bw_journal_close(j);
}

static const char *const tables[] = {"meta",     "chains",     "records",  "refusals",
                                     "receipts", "usage",      "circuits", "outages",
                                     "latency",  "throughput", "gaps",     "paths"};

static size_t n_tables(int version)
{
    return sizeof(tables) / sizeof(tables[0]) - (version < 2); /* paths came with 2 */
}

/* The same rows in a file of that version, in the columns it had. */
static void write_older(struct fixture *f, int version)
{
    sqlite3 *db = raw(f->older);
    run(db, "PRAGMA journal_mode=WAL; BEGIN");
    run(db, version_1);
    run(db, version >= 2 ? version_2 : "");
    run(db, "COMMIT");
    run(db,
        sqlite3_snprintf((int)sizeof(question), question, "ATTACH %Q AS fresh", f->fresh));
    for (size_t i = 0; i < n_tables(version); i++) {
        char columns[4096];
        (void)snprintf(
            columns, sizeof(columns), "%s",
            ASK(db, "SELECT group_concat(name, ', ') FROM pragma_table_info(%Q, 'main')",
                tables[i]));
        run(db, sqlite3_snprintf((int)sizeof(question), question,
                                 "INSERT INTO main.%s(%s) SELECT %s FROM fresh.%s",
                                 tables[i], columns, columns, tables[i]));
        assert_true(strcmp(tables[i], "gaps") == 0 || strcmp(tables[i], "paths") == 0 ||
                    strcmp(ASK(db, "SELECT count(*) FROM main.%s", tables[i]), "0") != 0);
    }
    run(db, "DELETE FROM sqlite_sequence;"
            "INSERT INTO sqlite_sequence SELECT * FROM fresh.sqlite_sequence;"
            "DETACH fresh");
    run(db, sqlite3_snprintf((int)sizeof(question), question,
                             "PRAGMA application_id=%d; PRAGMA user_version=%d", 0x42574a31,
                             version));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void copy_older(struct fixture *f)
{
    static const char *const tails[] = {"-wal", "-shm"};
    struct bw_buf bytes;
    char path[400];
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", f->path, tails[i]);
        (void)unlink(path);
    }
    bw_buf_init(&bytes, 64 << 20);
    assert_int_equal(bw_file_read(f->older, 64 << 20, &bytes, &f->err), 0);
    FILE *to = fopen(f->path, "we");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, to), bytes.len);
    assert_int_equal(fclose(to), 0);
    bw_buf_done(&bytes);
}

/* ---- the same after the upgrade -------------------------------------------------------
 */

/* Row by row what the older one had; nothing in what it did not have; the form of a new
 * one. */
static void check_rows(struct fixture *f, int version)
{
    sqlite3 *db = raw(f->path);
    char now[16];
    (void)snprintf(now, sizeof(now), "%d", bw_journal_schema.version);
    run(db, sqlite3_snprintf((int)sizeof(question), question,
                             "ATTACH %Q AS older; ATTACH %Q AS fresh", f->older, f->fresh));
    SAYS(now, db, "PRAGMA main.user_version");
    SAYS("1113016881", db, "PRAGMA main.application_id"); /* BWJ1 */
    SAYS("ok", db, "PRAGMA main.integrity_check");
    for (size_t i = 0; i < n_tables(version); i++) {
        const char *t = tables[i];
        char columns[4096];
        char added[4096];
        (void)snprintf(
            columns, sizeof(columns), "%s",
            ASK(db, "SELECT group_concat(name, ', ') FROM pragma_table_info(%Q, 'older')",
                t));
        (void)snprintf(added, sizeof(added), "%s",
                       ASK(db,
                           "SELECT ifnull(group_concat('count(' || name || ')', '+'), "
                           "'count(NULL)') FROM"
                           " pragma_table_info(%Q, 'main') WHERE name NOT IN"
                           " (SELECT name FROM pragma_table_info(%Q, 'older'))",
                           t, t));
        SAYS("1", db,
             "SELECT (SELECT count(*) FROM main.%s) = (SELECT count(*) FROM older.%s)", t,
             t);
        SAYS("0", db,
             "SELECT count(*) FROM (SELECT %s FROM older.%s EXCEPT SELECT %s FROM main.%s)",
             columns, t, columns, t);
        SAYS("0", db, "SELECT %s FROM main.%s", added, t);
    }
    SAYS("0", db,
         "SELECT count(*) FROM (SELECT type, name, sql FROM main.sqlite_schema EXCEPT"
         " SELECT type, name, sql FROM fresh.sqlite_schema)");
    SAYS("0", db,
         "SELECT count(*) FROM (SELECT type, name, sql FROM fresh.sqlite_schema EXCEPT"
         " SELECT type, name, sql FROM main.sqlite_schema)");
    SAYS("0", db,
         "SELECT count(*) FROM (SELECT * FROM older.sqlite_sequence EXCEPT"
         " SELECT * FROM main.sqlite_sequence)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct seen {
    struct fixture *f;
    int64_t next;
};

static int on_record(void *owner, const struct bw_record *r)
{
    struct seen *s = owner;
    char hash[BW_HASH_LEN + 1];
    bw_sha256_text(r->jws, r->jws_len, hash);
    assert_int_equal(r->seq, s->next);
    assert_string_equal(hash, s->f->sha256[s->next]);
    s->next++;
    return 0;
}

static void check_records(struct fixture *f, int64_t last)
{
    struct bw_records *r = NULL;
    struct seen seen = {.f = f, .next = 1};
    assert_int_equal(bw_journal_records(f->path, &r, &f->err), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &seen, &f->err), 0);
    assert_int_equal(seen.next, last + 1);
    bw_records_close(r);
}

/* Opened, it has all it had; and it goes on, where `further`. */
static void check_upgraded(struct fixture *f, int version, bool further)
{
    struct bw_journal *j = NULL;
    struct bw_journal_head h;
    struct bw_journal_batch b = {0};
    if (bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err) < 0) {
        fail_msg("%s", f->err.text);
    }
    check_rows(f, version);
    check_records(f, RECORDS);
    assert_int_equal(bw_journal_head(j, NULL, &h, &f->err), 0);
    assert_int_equal(h.seq, RECORDS);
    assert_string_equal(h.hash, f->box.hash);
    assert_int_equal(h.acked_through, ACKED);
    if (further) {
        append(f, j);
        check_records(f, RECORDS + 1);
        assert_int_equal(bw_journal_pending(j, 1000, 8 << 20, "", &b, &f->err), 0);
        assert_int_equal(b.n, RECORDS + 1 - ACKED - 1); /* one was refused */
        bw_journal_batch_done(&b);
    }
    bw_journal_close(j);
}

static void upgrades(struct fixture *f, int version)
{
    struct bw_journal *j = NULL;
    write_fresh(f);
    write_older(f, version);
    copy_older(f);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_READ, &j, &f->err), -EINVAL);
    assert_non_null(strstr(f->err.text, "start its daemon once"));
    check_upgraded(f, version, true);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_READ, &j, &f->err), 0);
    bw_journal_close(j);
}

static void test_version_1(void **state)
{
    upgrades(*state, 1);
}

static void test_version_2(void **state)
{
    upgrades(*state, 2);
}

/* ---- killed in the middle -------------------------------------------------------------
 */

/* Seen by parent and child. */
struct moment {
    int left;     /* statements until it is killed */
    bool changed; /* a table was changed by then */
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
    moment->changed = moment->changed || strncmp(text, "ALTER TABLE", 11) == 0;
    return 0;
}

static int watch(sqlite3 *db, char **why, const void *routines)
{
    (void)why;
    (void)routines;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

/* In a process of its own, killed before its n-th statement, or by what one of its
 * statements is made of; false: it came to its end. */
static bool upgrade_killed_at(struct fixture *f, int n)
{
    int status = 0;
    *moment = (struct moment){.left = n};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct bw_journal *j = NULL;
        (void)sqlite3_auto_extension((void (*)(void))watch);
        int r = bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err);
        if (r < 0) {
            (void)fprintf(stderr, "upgrade: %s\n", f->err.text);
        }
        bw_journal_close(j);
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
    int between = 0; /* killed with tables changed, and none of it in force */
    int after = 0;
    bool killed = true;
    moment = mmap(NULL, sizeof(*moment), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    assert_ptr_not_equal(moment, MAP_FAILED);
    write_fresh(f);
    write_older(f, 2);
    for (int n = 0; killed && n < STATEMENTS_MAX; n++) {
        struct bw_journal *j = NULL;
        copy_older(f);
        killed = upgrade_killed_at(f, n);
        int r = bw_journal_open(f->path, BW_JOURNAL_READ, &j, &f->err);
        bw_journal_close(j);
        assert_true(r == 0 || (killed && r == -EINVAL)); /* the newest form, or as it was */
        between += r < 0 && moment->changed;
        after += r == 0;
        check_upgraded(f, 2, false);
    }
    assert_false(killed);
    assert_true(between >= 6); /* its tables are changed by as many statements */
    assert_true(after >= 1);
    assert_int_equal(munmap(moment, sizeof(*moment)), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_version_1),
        T(test_version_2),
        T(test_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
