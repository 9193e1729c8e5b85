/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_alertdates.c - dates that people are reminded of, quiet hours and maintenance by the
 * calendar, causes of silence by hand. */
#include "bw_test.h"

#include <alerts_config.h>
#include <bw/units.h>
#include <cause.h>
#include <civil.h>
#include <dates.h>
#include <string.h>
#include <watch.h>

static int64_t day(const char *text)
{
    int64_t d = 0;

    assert_int_equal(bw_civil_date_parse(text, &d), 0);
    return d;
}

static void reminders(void **state)
{
    static const struct {
        const char *day;
        const char *key; /* NULL: nothing */
        const char *says;
    } rows[] = {
        {"2026-08-31", NULL, NULL},
        {"2026-09-01", "sizing/2026", "funding year 2027"},
        {"2026-09-07", "sizing/2026", "30 September 2026"},
        {"2026-09-08", NULL, NULL},
        {"2026-09-28", "invoices-30-days/2026",
         "funding year 2025 are due by 28 October 2026"},
        {"2026-10-21", "invoices-7-days/2026",
         "funding year 2025 are due by 28 October 2026"},
        {"2027-01-21", "invoices-once-7-days/2027",
         "funding year 2025 are due by 28 January 2027"},
        {"2027-07-01", "retention/2027",
         "funding year 2016 are kept ended on 30 June 2027"},
    };
    struct bw_date due[BW_DATES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = bw_dates_due(day(rows[i].day), due);
        assert_int_equal(n, rows[i].key ? 1 : 0);
        if (n > 0) {
            assert_string_equal(due[0].key, rows[i].key);
            assert_non_null(strstr(due[0].words, rows[i].says));
        }
    }
    /* The deadlines that are named are 120 days after the last day. */
    assert_int_equal(day("2026-06-30") + 120, day("2026-10-28"));
    assert_int_equal(day("2026-09-30") + 120, day("2027-01-28"));
}

static void digests(void **state)
{
    int64_t from = 0;
    int64_t to = 0;

    (void)state;
    assert_true(bw_dates_week(day("2026-11-23"), &from, &to)); /* a Monday */
    assert_int_equal(from, day("2026-11-16"));
    assert_int_equal(to, day("2026-11-23"));
    assert_true(bw_dates_week(day("2026-11-25"), &from, &to));
    assert_int_equal(to, day("2026-11-23"));
    assert_false(bw_dates_week(day("2026-11-26"), &from, &to));
    assert_false(bw_dates_week(day("2026-11-29"), &from, &to)); /* Sunday */
    assert_true(bw_dates_month(day("2027-01-03"), &from, &to));
    assert_int_equal(from, day("2026-12-01"));
    assert_int_equal(to, day("2027-01-01"));
    assert_false(bw_dates_month(day("2027-01-04"), &from, &to));
}

static void periods(void **state)
{
    /* 23 November 2026 is a Monday */
    static const struct {
        const char *day;
        int64_t after;
        enum bw_dates_every every;
        const char *from;
        const char *to;
    } rows[] = {
        {"2026-11-23", 0, BW_EVERY_WEEK, "2026-11-16", "2026-11-23"},
        {"2026-11-22", 0, BW_EVERY_WEEK, "2026-11-09", "2026-11-16"},
        {"2026-11-24", 1, BW_EVERY_WEEK, "2026-11-16", "2026-11-23"},
        {"2026-11-23", 1, BW_EVERY_WEEK, "2026-11-09", "2026-11-16"},
        {"2026-11-01", 0, BW_EVERY_MONTH, "2026-10-01", "2026-11-01"},
        {"2026-11-08", 8, BW_EVERY_MONTH, "2026-09-01", "2026-10-01"},
        {"2026-11-09", 8, BW_EVERY_MONTH, "2026-10-01", "2026-11-01"},
        {"2027-01-09", 8, BW_EVERY_MONTH, "2026-12-01", "2027-01-01"},
        {"2026-06-30", 0, BW_EVERY_YEAR, "2024-07-01", "2025-07-01"},
        {"2026-07-01", 0, BW_EVERY_YEAR, "2025-07-01", "2026-07-01"},
        {"2026-07-08", 8, BW_EVERY_YEAR, "2024-07-01", "2025-07-01"},
        {"2027-02-01", 8, BW_EVERY_YEAR, "2025-07-01", "2026-07-01"},
    };
    int64_t from;
    int64_t to;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_dates_period(rows[i].every, day(rows[i].day), rows[i].after, &from, &to);
        assert_int_equal(from, day(rows[i].from));
        assert_int_equal(to, day(rows[i].to));
    }
}

static void quiet(void **state)
{
    struct bw_config_alerts c = {.quiet = true, .quiet_min = {21 * 60, 6 * 60}};

    (void)state;
    assert_true(bw_watch_quiet(&c, 21 * 60));
    assert_true(bw_watch_quiet(&c, 0));
    assert_true(bw_watch_quiet(&c, 6 * 60 - 1));
    assert_false(bw_watch_quiet(&c, 6 * 60));
    assert_false(bw_watch_quiet(&c, 21 * 60 - 1));
    c.quiet_min[0] = 60;
    c.quiet_min[1] = 120;
    assert_true(bw_watch_quiet(&c, 60));
    assert_false(bw_watch_quiet(&c, 120));
    assert_false(bw_watch_quiet(&c, 59));
    c.quiet = false;
    assert_false(bw_watch_quiet(&c, 60));
}

static void maintenance(void **state)
{
    struct bw_config_maintenance sunday = {
        .weekday = 0, .from_min = 22 * 60, .to_min = 120};
    struct bw_config_maintenance any = {.weekday = 7, .from_min = 60, .to_min = 120};
    struct bw_config_maintenance once = {.weekday = -1,
                                         .from_min = 22 * 60,
                                         .to_min = 60,
                                         .from_day = day("2026-12-27"),
                                         .to_day = day("2026-12-29")};

    (void)state;
    /* 2026-11-22 is a Sunday. */
    assert_false(bw_watch_maintained(&sunday, day("2026-11-22"), 60));
    assert_true(bw_watch_maintained(&sunday, day("2026-11-22"), 22 * 60));
    assert_true(bw_watch_maintained(&sunday, day("2026-11-23"), 119));
    assert_false(bw_watch_maintained(&sunday, day("2026-11-23"), 120));
    assert_false(bw_watch_maintained(&sunday, day("2026-11-23"), 22 * 60));
    assert_true(bw_watch_maintained(&any, day("2026-11-24"), 60));
    assert_false(bw_watch_maintained(&any, day("2026-11-24"), 120));
    assert_false(bw_watch_maintained(&once, day("2026-12-27"), 22 * 60 - 1));
    assert_true(bw_watch_maintained(&once, day("2026-12-28"), 0));
    assert_true(bw_watch_maintained(&once, day("2026-12-29"), 59));
    assert_false(bw_watch_maintained(&once, day("2026-12-29"), 60));
}

/* An hour of silence. */
static void causes(void **state)
{
    static const struct {
        struct bw_cause_facts f;
        enum bw_cause_kind kind;
        const char *says;
    } rows[] = {
        {{.covered_s = 3600, .outage_s = 1800}, BW_SILENCE_LINE, "out for 30 of these 60"},
        {{.covered_s = 3600, .outage_s = 1799}, BW_SILENCE_WAY, "29 minutes of outage"},
        {{.covered_s = 3600, .outage_s = 3000, .carrier_s = 1500},
         BW_SILENCE_LAN,
         "no carrier for 25 of these 60"},
        {{.covered_s = 3600, .outage_s = 3000, .carrier_s = 1499},
         BW_SILENCE_LINE,
         "50 of"},
        {{.covered_s = 3240}, BW_SILENCE_WAY, "cover"},
        {{.covered_s = 3239}, BW_SILENCE_UNKNOWN, "not known"},
        {{.covered_s = 1799, .rebooted = true},
         BW_SILENCE_POWER,
         "No record of 30 of these 60"},
        {{.covered_s = 1800, .rebooted = true}, BW_SILENCE_UNKNOWN, "not known"},
        {{.covered_s = 0, .stopped = true}, BW_SILENCE_BOX, "program did not"},
        {{.covered_s = 0}, BW_SILENCE_UNKNOWN, "tell of 0 of these 60"},
    };
    char words[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_cause_facts f = rows[i].f;
        f.from_unix_s = 1000;
        f.to_unix_s = 4600;
        assert_int_equal(bw_cause_tell(&f, words, sizeof(words)), rows[i].kind);
        assert_non_null(strstr(words, rows[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reminders),   cmocka_unit_test(digests),
        cmocka_unit_test(periods),     cmocka_unit_test(quiet),
        cmocka_unit_test(maintenance), cmocka_unit_test(causes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
