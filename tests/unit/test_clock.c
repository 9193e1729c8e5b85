/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_clock.c - readings, the fake clock, time as text, and complaints that back off. */
#include "bw_test.h"

#include "clock.h"
#include "log.h"

#include <bw/units.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static void real_readings(void **state)
{
    struct timespec ts;
    struct bw_clock_state s;
    int64_t mono = bw_clock_mono_ns();

    (void)state;
    assert_true(bw_clock_mono_ns() >= mono);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);
    assert_true(bw_clock_unix_ms() >= (int64_t)ts.tv_sec * 1000);
    assert_true(bw_clock_boot_ms() >= mono / 1000000);
    bw_clock_state_read(&s);
    assert_true(s.max_error_us == BW_UNKNOWN || s.max_error_us >= 0);
}

static void fake_readings(void **state)
{
    struct bw_clock_fake f = {
        .mono_ns = 5500000,
        .boot_ns = 7000000,
        .unix_ns = 1789000200123456789,
        .state = {.synced = true, .max_error_us = 1800},
    };
    struct bw_clock_state s;

    (void)state;
    bw_clock_fake(&f);
    assert_int_equal(bw_clock_mono_ns(), 5500000);
    assert_int_equal(bw_clock_mono_ms(), 5);
    assert_int_equal(bw_clock_boot_ms(), 7);
    assert_int_equal(bw_clock_unix_ms(), 1789000200123);
    assert_int_equal(bw_clock_unix_ns(), 1789000200123456789);
    bw_clock_state_read(&s);
    assert_true(s.synced);
    assert_int_equal(s.max_error_us, 1800);
    f.mono_ns += 1000000; /* by the test's hand */
    assert_int_equal(bw_clock_mono_ms(), 6);
    bw_clock_fake(NULL);
    assert_true(bw_clock_unix_ms() != 1789000200123);
}

static void formatted(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"},
        {1789000200, "2026-09-10T00:30:00Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "@253402300800"},
        {-62167219200, "0000-01-01T00:00:00Z"},
        {-62167219201, "@-62167219201"},
        {INT64_MAX, "@9223372036854775807"},
        {BW_UNKNOWN, ""},
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_time_format_s(rows[i].s, text);
        assert_string_equal(text, rows[i].text);
    }
    bw_time_format_ms(1789000200250, text);
    assert_string_equal(text, "2026-09-10T00:30:00.250Z");
    bw_time_format_ms(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    bw_time_format_ms(BW_UNKNOWN, text);
    assert_string_equal(text, "");
    bw_time_format_ms(INT64_MAX, text); /* fits its 32 bytes */
    assert_true(strlen(text) > 0);
}

static void parsed(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01", 0},
        {"2026-09-10", 1788998400000},
        {"2026-09-10T00:30:00Z", 1789000200000},
        {"2026-09-10T00:30:00.25Z", 1789000200250},
        {"2026-09-10T00:30:00.123456789Z", 1789000200123},
        {"2026-09-10T00:30:00+02:00", 1788993000000},
        {"2026-09-09T17:30:00-07:00", 1789000200000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-9-1",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "2026-09-10 00:30:00Z",
        "2026-09-10T00:30:00",
        "2026-09-10T24:00:00Z",
        "2026-09-10T00:60:00Z",
        "2026-09-10T00:30:60Z",
        "2026-09-10T00:30:00.Z",
        "2026-09-10T00:30:00.1234567890Z",
        "2026-09-10T00:30:00z",
        "2026-09-10T00:30:00+0200",
        "2026-09-10T00:30:00+24:00",
        "2026-09-10T00:30:00Zx",
        "2026-09-10T",
        "-026-09-10",
        "2026-09-10x",
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t ms = 7;
        assert_int_equal(bw_time_parse(good[i].text, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms = 7;
        if (bw_time_parse(bad[i], &ms) != -EINVAL || ms != 7) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    /* every day of 800 years, there and back */
    for (int64_t day = -200000; day < 92194; day++) {
        int64_t ms = 0;
        bw_time_format_s(day * 86400 + 4242, text);
        assert_int_equal(bw_time_parse(text, &ms), 0);
        assert_int_equal(ms, (day * 86400 + 4242) * 1000);
    }
}

/* What is written to stderr, caught in a file that has no name and no end. */
static int saved_stderr;
static int caught;

static void catch_start(void)
{
    caught = memfd_create("caught", MFD_CLOEXEC);
    assert_true(caught >= 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(caught, STDERR_FILENO), STDERR_FILENO);
}

static const char *catch_end(void)
{
    static char text[16384];
    ssize_t n;

    assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(saved_stderr), 0);
    n = pread(caught, text, sizeof(text) - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_int_equal(close(caught), 0);
    return text;
}

static void lines(void **state)
{
    const char *text;
    char longer[3000];

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    catch_start();
    bw_log(BW_AREA_COURIER, BW_WARN, "a\nb\x1b[31m %d", 7);
    bw_log(BW_AREA_MAIN, BW_DEBUG, "not at this level");
    bw_log_set_level(BW_DEBUG);
    bw_log(BW_AREA_EVIDENCE, BW_DEBUG, "now");
    bw_log_set_level(BW_INFO);
    bw_log(BW_AREA_MAIN, BW_INFO, "%s", longer);
    text = catch_end();
    assert_memory_equal(text, "<4>courier: a b [31m 7\n<7>evidence: now\n<6>main: xxx", 52);
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_true(strlen(text) < 2200);
    assert_int_equal(bw_log_level(), BW_INFO);
}

static void complaints_back_off(void **state)
{
    struct bw_clock_fake f = {.mono_ns = 1000000000};
    struct bw_complaint c = {0};
    const char *text;
    int n = 0;

    (void)state;
    bw_clock_fake(&f);
    catch_start();
    /* one a second for two days */
    for (int64_t s = 0; s < 2 * 86400; s++) {
        bw_complain(&c, BW_AREA_COURIER, BW_WARN, "collector unreachable");
        f.mono_ns += 1000000000;
    }
    bw_complain_over(&c, BW_AREA_COURIER, "collector answers again");
    bw_complain_over(&c, BW_AREA_COURIER, "never twice");
    bw_complain(&c, BW_AREA_COURIER, BW_WARN, "unreachable once more");
    text = catch_end();
    bw_clock_fake(NULL);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        n++;
    }
    /* at 0, 1, 3, 7, … 1023, 2047 min, +1 d (of which 2047 + 1440 > 2880): 12 lines;
     * then the end and the new beginning */
    assert_int_equal(n, 12 + 2);
    assert_memory_equal(text, "<4>courier: collector unreachable\n", 34);
    assert_non_null(
        strstr(text, "<4>courier: collector unreachable (59 more like this since)\n"));
    assert_non_null(strstr(text, "<5>courier: collector answers again\n"));
    assert_null(strstr(text, "never twice"));
    assert_non_null(strstr(text, "unreachable once more\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_readings), cmocka_unit_test(fake_readings),
        cmocka_unit_test(formatted),     cmocka_unit_test(parsed),
        cmocka_unit_test(lines),         cmocka_unit_test(complaints_back_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
