/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sealed_days.c - what sealing does with days that are not as they should be: late
 * records, wrong clocks, lost files, a ledger of the version before. */
#include "bw_test.h"
#include "segments_fixture.h"

#include <ledger_private.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int64_t seal_all(struct fixture *f, int days)
{
    struct bw_ledger_seal_report report;
    assert_int_equal(f->l->ops->seal(f->l, now_after(days), 3, 0, &report, &f->err), 0);
    return report.rows;
}

/* 1: readers take the stored row of that day. */
static int has_row(struct fixture *f, const char *site, int64_t day_unix_s)
{
    struct bw_day_place at;
    int r = bw_ledger_day_row(bw_ledger_of(f->l), site, "wan", day_unix_s, &at, &f->err);
    assert_true(r >= 0);
    return r;
}

static void rename_segment(struct fixture *f, const char *from, const char *to)
{
    char a[600];
    char b[600];
    (void)snprintf(a, sizeof(a), "%s/segments/%s", f->path, from);
    (void)snprintf(b, sizeof(b), "%s/segments/%s", f->path, to);
    assert_int_equal(rename(a, b), 0);
}

/* A box that began with a clock of 1970: its other days keep their rows. */
static void test_a_clock_of_1970_spoils_no_day(void **state)
{
    struct fixture *f = *state;
    struct signed_summary s;
    fill(f, PER_DAY);
    assert_int_equal(seal_all(f, 5), 2 * PER_DAY);
    assert_int_equal(has_row(f, "s-alder", START), 1);
    f->box[0].start_unix_s = 300;
    box_next(&f->box[0], &s);
    put(f, &s, START + 6 * DAY, BW_LEDGER_ACCEPTED);
    signed_done(&s);
    assert_int_equal(has_row(f, "s-alder", START), 1);
    f->box[0].start_unix_s = START + 6 * DAY + 3600;
    f->box[1].start_unix_s = START + 6 * DAY + 3600;
    fill(f, 3);
    assert_int_equal(seal_all(f, 20), 7);
    assert_int_equal(has_row(f, "s-alder", START), 1);
    assert_int_equal(has_row(f, "s-alder", 0), 1);
    assert_int_equal(has_row(f, "s-alder", START + 6 * DAY), 1);
}

/* The file with the rest of a day is away while late records of it are sealed: the day's
 * old row is not taken for the whole. */
static void test_late_records_beside_a_lost_file(void **state)
{
    struct fixture *f = *state;
    struct signed_summary late[10];
    struct view before;
    struct view after;
    char file[40];
    fill(f, PER_DAY - 10);
    for (size_t i = 0; i < 10; i++) {
        box_next(&f->box[0], &late[i]);
    }
    assert_int_equal(seal_all(f, 5), 2 * (PER_DAY - 10));
    for (size_t i = 0; i < 10; i++) {
        put(f, &late[i], (int64_t)8 * DAY, BW_LEDGER_ACCEPTED);
        signed_done(&late[i]);
    }
    look(f, &before);
    (void)snprintf(file, sizeof(file), "%012d-%012d.bws", 0, 2 * (PER_DAY - 10));
    rename_segment(f, file, "away");
    assert_int_equal(seal_all(f, 20), 10);
    rename_segment(f, "away", file);
    look(f, &after);
    assert_same(&before, &after);
    assert_int_equal(has_row(f, "s-alder", START), 0);
    assert_int_equal(has_row(f, "s-birch", START), 1);
}

/* One record came while the collector's clock was nine years ahead. */
static void test_a_clock_that_was_ahead(void **state)
{
    struct fixture *f = *state;
    struct signed_summary s;
    struct bw_ledger_seal_report report;
    struct view before;
    struct view after;
    fill(f, 3);
    box_next(&f->box[0], &s);
    put(f, &s, (int64_t)9 * 365 * DAY, BW_LEDGER_ACCEPTED);
    signed_done(&s);
    look(f, &before);
    assert_int_equal(seal_all(f, 9), 6);
    assert_int_equal(seal_all(f, 9), 0); /* who knows when it came */
    look(f, &after);
    assert_same(&before, &after);
    f->box[0].start_unix_s = START + 4 * DAY + 3600;
    f->box[1].start_unix_s = START + 4 * DAY + 3600;
    fill(f, 2);
    look(f, &before);
    assert_int_equal(seal_all(f, 7), 0); /* not before its successors, of day 4 */
    assert_int_equal(f->l->ops->seal(f->l, now_after(8), 3, 0, &report, &f->err), 0);
    assert_int_equal(report.segments, 1);
    assert_int_equal(report.rows, 5);
    assert_int_equal(report.ahead, 1);
    look(f, &after);
    assert_same(&before, &after);
}

static void test_many_of_a_clock_that_was_ahead(void **state)
{
    struct fixture *f = *state;
    struct view before;
    struct view after;
    fill(f, 3);
    for (int i = 0; i < 20; i++) {
        struct signed_summary s;
        box_next(&f->box[i % 2], &s);
        put(f, &s, (int64_t)9 * 365 * DAY, BW_LEDGER_ACCEPTED);
        signed_done(&s);
    }
    fill(f, 3);
    look(f, &before);
    assert_int_equal(seal_all(f, 9), 32);
    look(f, &after);
    assert_same(&before, &after);
}

static void exec(struct fixture *f, const char *text)
{
    sqlite3 *db = NULL;
    char path[400];
    (void)snprintf(path, sizeof(path), "%s/ledger.db", f->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A ledger of the version before, with day rows of which one went stale: none is believed,
 * everything is found. */
static void test_the_version_before(void **state)
{
    struct fixture *f = *state;
    struct signed_summary late[60];
    struct view before;
    struct view after;
    fill(f, PER_DAY - 30);
    for (size_t i = 0; i < 60; i++) {
        box_next(&f->box[0], &late[i]);
    }
    assert_int_equal(seal_all(f, 6), 2 * (PER_DAY - 30));
    exec(f, "CREATE TABLE kept AS SELECT * FROM days");
    for (size_t i = 0; i < 60; i++) {
        put(f, &late[i], (int64_t)8 * DAY, BW_LEDGER_ACCEPTED);
        signed_done(&late[i]);
    }
    assert_int_equal(seal_all(f, 20), 60);
    look(f, &before);
    bw_ledger_close(f->l);
    f->l = NULL;
    exec(f,
         "DELETE FROM days; INSERT INTO days SELECT * FROM kept; DROP TABLE kept;"
         "DROP INDEX parts_start; CREATE INDEX parts_site ON segment_parts(site, segment);"
         "DROP TABLE log_leaves; DROP TABLE traffic; ALTER TABLE circuits DROP COLUMN "
         "port_full_s;"
         "ALTER TABLE circuits DROP COLUMN down_peak_sliding_1s_bps;"
         "ALTER TABLE circuits DROP COLUMN down_frame_offset_bytes;"
         "ALTER TABLE circuits DROP COLUMN up_peak_sliding_1s_bps;"
         "ALTER TABLE circuits DROP COLUMN up_frame_offset_bytes;"
         "ALTER TABLE segments DROP COLUMN min_start;"
         "ALTER TABLE segments DROP COLUMN max_start; PRAGMA user_version=3;");
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
    assert_int_equal(has_row(f, "s-alder", START), 0);
    assert_int_equal(has_row(f, "s-birch", START), 0);
    look(f, &after);
    assert_same(&before, &after);
    f->box[0].start_unix_s = START + 21 * DAY;
    fill(f, 1);
    assert_int_equal(seal_all(f, 40), 2);
}

static void assert_plan(struct fixture *f, int stmt, const char *has, const char *has_not)
{
    struct bw_buf text;
    struct bw_buf plan;
    sqlite3_stmt *st = NULL;
    bw_buf_init(&text, 4096);
    bw_buf_init(&plan, 4096);
    bw_buf_printf(&text, "EXPLAIN QUERY PLAN %s", bw_ledger_text[stmt]);
    assert_int_equal(
        sqlite3_prepare_v2(bw_ledger_of(f->l)->sql.db, text.data, (int)text.len, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        bw_buf_printf(&plan, "%s; ", (const char *)sqlite3_column_text(st, 3));
    }
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    assert_int_equal(bw_buf_error(&plan), 0);
    assert_non_null(plan.data);
    assert_non_null(strstr(plan.data, has));
    assert_true(!has_not || !strstr(plan.data, has_not));
    bw_buf_done(&text);
    bw_buf_done(&plan);
}

/* What every reader asks again and again does not grow with all sites of all years. */
static void test_look_ups_walk_over_no_parts(void **state)
{
    struct fixture *f = *state;
    assert_plan(f, SEGMENT_OF_SITE,
                "SEARCH segment_parts USING COVERING INDEX parts_start "
                "(site=? AND max_start>?)",
                "SCAN");
    assert_plan(f, SEGMENT_OF_ALL, "SCAN s", "segment_parts");
    assert_plan(f, DAY_STALE, "SEARCH records", "segment");
    assert_plan(f, HOT_FROM, "SCAN segments USING INDEX", NULL);
    assert_plan(f, LOG_BEFORE, "SEARCH log_leaves USING COVERING INDEX log_leaves_position",
                "TEMP B-TREE");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_clock_of_1970_spoils_no_day),
        T(test_late_records_beside_a_lost_file),
        T(test_a_clock_that_was_ahead),
        T(test_many_of_a_clock_that_was_ahead),
        T(test_the_version_before),
        T(test_look_ups_walk_over_no_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
