/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tz.c - local time beside the C library's, over a century, in zones with every kind
 * of rule; and files that are broken. */
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Changing rules, none, southern summer, half and quarter hours, a skipped day, midnight
 * jumps. */
static const char *const zones[] = {"America/Chicago",
                                    "America/Phoenix",
                                    "Pacific/Honolulu",
                                    "America/Anchorage",
                                    "Asia/Kathmandu",
                                    "Australia/Lord_Howe",
                                    "Pacific/Apia",
                                    "America/Sao_Paulo",
                                    "Africa/Cairo",
                                    "Europe/Dublin",
                                    "UTC"};

static void same_as_the_c_library(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct bw_tz *tz;
        struct bw_err err;
        assert_int_equal(bw_tz_load(zones[i], &tz, &err), 0);
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        /* 1970 to 2075 in steps that meet every hour of the day and year */
        for (int64_t t = 0; t < 3313000000; t += 17477) {
            time_t at = (time_t)t;
            struct tm tm;
            struct bw_civil c;
            (void)localtime_r(&at, &tm);
            bw_tz_local(tz, t, &c);
            if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
                c.day != tm.tm_mday || c.hour != tm.tm_hour || c.minute != tm.tm_min ||
                c.second != tm.tm_sec || c.weekday != tm.tm_wday ||
                c.offset_s != tm.tm_gmtoff) {
                fail_msg("%s differs at %lld", zones[i], (long long)t);
            }
        }
        bw_tz_free(tz);
    }
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void days_start_where_the_date_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct bw_tz *tz;
        struct bw_err err;
        assert_int_equal(bw_tz_load(zones[i], &tz, &err), 0);
        for (int day = 1; day < 366 * 15; day++) {
            int64_t at = bw_tz_day_start(tz, 2010, 1, day);
            struct bw_civil before;
            struct bw_civil c;
            bw_tz_local(tz, at - 1, &before);
            bw_tz_local(tz, at, &c);
            /* the skipped 30 December 2011 of Samoa begins where the 31st does */
            if (before.day == c.day) {
                fail_msg("%s: no new day at %lld", zones[i], (long long)at);
            }
        }
        bw_tz_free(tz);
    }
}

static void both_readings_and_skipped_times(void **state)
{
    struct bw_tz *tz;
    struct bw_err err;
    struct bw_civil twice = {.year = 2026, .month = 11, .day = 1, .hour = 1, .minute = 30};
    struct bw_civil skipped = {.year = 2026, .month = 3, .day = 8, .hour = 2, .minute = 30};
    (void)state;

    assert_int_equal(bw_tz_load("America/Chicago", &tz, &err), 0);
    assert_int_equal(bw_tz_unix(tz, &twice), 1793514600); /* 06:30 UTC, still summer time */
    assert_int_equal(bw_tz_unix(tz, &skipped), 1772958600); /* 03:30 summer time */
    /* funding year 2026: 1 July 2026 to 1 July 2027, 00:00 CDT */
    assert_int_equal(bw_tz_day_start(tz, 2026, 7, 1), 1782882000);
    assert_int_equal(bw_tz_day_start(tz, 2026, 19, 1), 1782882000 + 365 * 86400);
    bw_tz_free(tz);
}

static void bad_names_and_files_are_told(void **state)
{
    struct bw_tz *tz = NULL;
    struct bw_err err;
    char head[44] = "TZif2";
    (void)state;

    assert_int_equal(bw_tz_load("America/Chigaco", &tz, &err), -ENOENT);
    assert_int_equal(bw_tz_load("../../etc/passwd", &tz, &err), -EINVAL);
    assert_int_equal(bw_tz_load("/etc/passwd", &tz, &err), -EINVAL);
    assert_int_equal(bw_tz_load("", &tz, &err), -EINVAL);
    assert_int_equal(bw_tz_parse("x", "nonsense", 8, &tz, &err), -EINVAL);
    assert_int_equal(bw_tz_parse("x", head, sizeof(head), &tz, &err), -EINVAL);
    memset(head + 20, 0x7f, 24);
    assert_int_equal(bw_tz_parse("x", head, sizeof(head), &tz, &err), -EINVAL);
    assert_null(tz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_c_library),
        cmocka_unit_test(days_start_where_the_date_changes),
        cmocka_unit_test(both_readings_and_skipped_times),
        cmocka_unit_test(bad_names_and_files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
