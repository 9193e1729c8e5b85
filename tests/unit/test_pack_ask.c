/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pack_ask.c - queries for packs: what is taken, what is not, and the command's words.
 */
#include "pack_ask.h"
#include "pack_shelf.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <file.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

static void test_words(void **state)
{
    const struct bw_pack_query q = {.purpose = "delivery",
                                    .format = "pdf",
                                    .year = "FY2026",
                                    .tz = "America/Chicago",
                                    .letter = "yes"};
    static const char *const want[] = {"report",    "--ledger",    "/data",
                                       "--circuit", "s-4f9k2.wan", "--for",
                                       "delivery",  "--format",    "html,pdf,csv,json",
                                       "-o",        "/shelf",      "--year",
                                       "FY2026",    "--tz",        "America/Chicago",
                                       "--paper",   "letter",      "--draft",
                                       "--letter"};
    struct bw_pack_ask a = {.site = "s-4f9k2", .circuit = "wan"};
    struct bw_err err = {""};
    const char *words[BW_PACK_ASK_WORDS];
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    char text[512];

    (void)state;
    assert_int_equal(bw_pack_ask_read(&q, &a, &err), 0);
    bw_pack_ask_words(&a, "/data", "/shelf", id, words);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_string_equal(words[i], want[i]);
    }
    assert_null(words[sizeof(want) / sizeof(want[0])]);
    assert_string_equal(bw_pack_ask_type(a.format), "application/pdf");
    bw_pack_ask_key(&a, text);
    assert_string_equal(text, "s-4f9k2.wan|delivery|FY2026||||America/Chicago|letter|10");
    bw_pack_ask_period(&a, text);
    assert_string_equal(text, "FY2026");
    /* 2027-07-01 and eight days: date -ud 2027-07-09 +%s */
    assert_int_equal(bw_pack_ask_settled_unix_s(&a), 1815091200);
}

static bool is_draft(const struct bw_pack_ask *a)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    const char *words[BW_PACK_ASK_WORDS];
    bool is = false;

    bw_pack_ask_words(a, "/data", "/shelf", id, words);
    for (size_t i = 0; words[i]; i++) {
        is = is || strcmp(words[i], "--draft") == 0;
    }
    return is;
}

static void test_periods(void **state)
{
    struct bw_pack_query q = {.purpose = "pia", .month = "2026-12"};
    struct bw_pack_ask a = {.site = "s-4f9k2", .circuit = "wan"};
    char text[512];

    (void)state;
    assert_int_equal(bw_pack_ask_read(&q, &a, NULL), 0);
    assert_string_equal(a.format, "html");
    assert_int_equal(bw_pack_ask_settled_unix_s(&a), 1799452800); /* 2027-01-09 */
    assert_false(is_draft(&a));
    q = (struct bw_pack_query){.purpose = "pia", .year = "2026"};
    assert_int_equal(bw_pack_ask_read(&q, &a, NULL), 0);
    assert_int_equal(bw_pack_ask_settled_unix_s(&a), 1799452800);
    q = (struct bw_pack_query){
        .purpose = "pia", .from = "2026-11-02", .to = "2026-11-03T08:00:00Z"};
    assert_int_equal(bw_pack_ask_read(&q, &a, NULL), 0);
    assert_int_equal(bw_pack_ask_settled_unix_s(&a), BW_UNKNOWN);
    assert_true(is_draft(&a)); /* else the register of issued reports had no bound */
    bw_pack_ask_period(&a, text);
    assert_string_equal(text, "2026-11-02-2026-11-03T08_00_00Z");
}

static void test_strangers(void **state)
{
    static const struct {
        struct bw_pack_query q;
        const char *told;
    } bad[] = {
        {{.year = "FY2026"}, "for: "},
        {{.purpose = "legislature", .year = "FY2026"}, "for: "},
        {{.purpose = "--help", .year = "FY2026"}, "for: "},
        {{.purpose = "pia"}, "say one period"},
        {{.purpose = "pia", .year = "FY2026", .month = "2026-11"}, "say one period"},
        {{.purpose = "pia", .from = "2026-11-02"}, "say one period"},
        {{.purpose = "pia", .year = "-026"}, "year: "},
        {{.purpose = "pia", .year = "FY26"}, "year: "},
        {{.purpose = "pia", .year = "FYFY2026"}, "year: "},
        {{.purpose = "pia", .month = "2026-13"}, "month: "},
        {{.purpose = "pia", .month = "2026-00"}, "month: "},
        {{.purpose = "pia", .month = "2026-1"}, "month: "},
        {{.purpose = "pia", .from = "-o", .to = "x"}, "from, to: "},
        {{.purpose = "pia", .from = "2026-11-02", .to = "../../x"}, "from, to: "},
        {{.purpose = "pia", .from = "2026-11-02", .to = ""}, "from, to: "},
        {{.purpose = "pia", .year = "2026", .tz = "../../etc/passwd"}, "tz: "},
        {{.purpose = "pia", .year = "2026", .tz = "/etc/passwd"}, "tz: "},
        {{.purpose = "pia", .year = "2026", .tz = "America/../x"}, "tz: "},
        {{.purpose = "pia", .year = "2026", .format = "exe"}, "format: "},
        {{.purpose = "pia", .year = "2026", .paper = "legal"}, "paper: "},
        {{.purpose = "pia", .year = "2026", .letter = "yes"}, "letter goes"},
        {{.purpose = "delivery", .year = "2026", .letter = "1"}, "letter: yes or no"},
        {{.purpose = "pia", .year = "2026", .certificate = "yes"}, "certificate goes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_pack_ask a = {.site = "s-4f9k2", .circuit = "wan"};
        struct bw_err err = {""};
        assert_int_equal(bw_pack_ask_read(&bad[i].q, &a, &err), -EINVAL);
        assert_int_equal(strncmp(err.text, bad[i].told, strlen(bad[i].told)), 0);
    }
}

static void put(const char *shelf, const char *name, size_t n, time_t made)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 16];
    char bytes[200];
    struct utimbuf when = {made, made};

    memset(bytes, 'x', sizeof(bytes));
    bw_pack_shelf_folder(shelf, name, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/pia.csv", folder);
    assert_int_equal(bw_file_write(path, bytes, n, 0600, NULL), 0);
    assert_int_equal(utime(folder, &when), 0);
    assert_int_equal(bw_pack_shelf_put(shelf, name, 250, NULL), 0);
}

static int read_back(const char *shelf, const char *name)
{
    struct bw_buf b;
    int r;

    bw_buf_init(&b, 1024);
    r = bw_pack_shelf_read(shelf, name, "pia.csv", 1024, &b, NULL);
    r = r < 0 ? r : (int)b.len;
    bw_buf_done(&b);
    return r;
}

static void test_shelf(void **state)
{
    static const char a[] = "-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char b[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
    static const char c[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
    char top[] = "/tmp/bw-shelf-XXXXXX";
    char shelf[64];
    char folder[PATH_MAX];
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(top));
    (void)snprintf(shelf, sizeof(shelf), "%s/packs", top);
    assert_int_equal(bw_pack_shelf_open(shelf, NULL), 0);
    put(shelf, a, 100, 1000);
    put(shelf, b, 100, 2000);
    assert_int_equal(read_back(shelf, a), 100);
    put(shelf, c, 100, 500); /* the newest put stays, whatever its date */
    assert_int_equal(read_back(shelf, a), -ENOENT);
    assert_int_equal(read_back(shelf, b), 100);
    assert_int_equal(read_back(shelf, c), 100);
    bw_pack_shelf_folder(shelf, a, folder);
    assert_int_equal(mkdir(folder, 0700), 0); /* a run that was killed */
    assert_int_equal(bw_pack_shelf_open(shelf, NULL), 0);
    assert_int_equal(stat(folder, &st), -1);
    assert_int_equal(read_back(shelf, b), 100);
    bw_pack_shelf_folder(shelf, b, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    bw_pack_shelf_drop(shelf, b); /* what came to nothing, not what is there */
    assert_int_equal(read_back(shelf, b), 100);
    put(shelf, a, 200, 3000);
    assert_int_equal(read_back(shelf, b), -ENOENT);
    assert_int_equal(read_back(shelf, c), -ENOENT);
    put(shelf, b, 200, 4000);
    (void)snprintf(folder, sizeof(folder), "%s/%s/pia.csv", shelf, b);
    assert_int_equal(unlink(folder), 0);
    (void)snprintf(folder, sizeof(folder), "%s/%s", shelf, b);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(shelf), 0);
    assert_int_equal(rmdir(top), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_shelf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
