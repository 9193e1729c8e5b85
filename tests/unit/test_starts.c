/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_starts.c - the start times that a day's secret draws, in integers. */
#include "bw_test.h"
#include "hash.h"
#include "starts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(1795305600)
/* By another program (Python, hmac and hashlib). */
#define OUTSIDE_FIRST_K 3
#define SLOT_FIRST_MS 113264

static uint8_t always[BW_STARTS_DAY_MIN];

static void logarithm(void **state)
{
    (void)state;
    assert_int_equal(bw_starts_neg_ln_ppm(UINT32_C(1) << 31), 693147);
    assert_int_equal(bw_starts_neg_ln_ppm(UINT32_C(1) << 30), 1386294);
    assert_int_equal(bw_starts_neg_ln_ppm(1), 22180710);
    for (uint32_t u = 3; u < UINT32_MAX / 3; u = u * 3 + 1) {
        int64_t want = llround(-log((double)u / 4294967296.0) * 1e6);
        int64_t got = bw_starts_neg_ln_ppm(u);
        assert_true(got - want >= -1 && got - want <= 1);
    }
}

static void starts_are_fixed_by_the_secret(void **state)
{
    int64_t a[BW_STARTS_MAX];
    int64_t b[BW_STARTS_MAX];
    uint8_t secret[BW_STARTS_SECRET_LEN] = {1, 2, 3};
    (void)state;
    size_t n = bw_starts_day(secret, "http/state", DAY, 600000, always, a, BW_STARTS_MAX);
    assert_true(n > 100 && n < 190); /* 144 on average */
    assert_int_equal(
        bw_starts_day(secret, "http/state", DAY, 600000, always, b, BW_STARTS_MAX), n);
    assert_memory_equal(a, b, n * sizeof(a[0]));
    /* Written down once: another machine, another year, the same milliseconds. */
    assert_int_equal(a[0], 156263);
    assert_int_equal(a[1], 718685);
    (void)bw_starts_day(secret, "http/other", DAY, 600000, always, b, BW_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
    (void)bw_starts_day(secret, "http/state", DAY + 86400, 600000, always, b,
                        BW_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
    secret[31] = 1;
    (void)bw_starts_day(secret, "http/state", DAY, 600000, always, b, BW_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
}

/* A day that is open for no longer than the least gap has no start, whatever its secret;
 * one minute more, and some secrets draw one. */
static void a_day_can_be_too_short(void **state)
{
    const int64_t mean_ms = INT64_C(86400000);
    const int least_min = 144;
    int64_t at[16];
    (void)state;
    for (int minutes = least_min; minutes <= least_min + 1; minutes++) {
        uint8_t allowed[BW_STARTS_DAY_MIN] = {0};
        uint8_t secret[BW_STARTS_SECRET_LEN] = {0};
        size_t n = 0;
        memset(allowed + 600, 1, (size_t)minutes);
        for (int i = 0; i < 250; i++) {
            secret[0] = (uint8_t)i;
            n += bw_starts_day(secret, "http/state", DAY, mean_ms, allowed, at, 16);
        }
        assert_int_equal(n > 0, minutes > least_min);
        assert_int_equal(bw_starts_can(mean_ms, INT64_C(60000) * minutes), n > 0);
    }
    assert_false(bw_starts_can(0, INT64_C(86400000)));
    assert_false(bw_starts_can(mean_ms, 0));
}

static void gaps_are_exponential_and_clamped(void **state)
{
    int64_t at[BW_STARTS_MAX];
    int64_t sum = 0;
    int64_t n_gaps = 0;
    int64_t below_half = 0;
    (void)state;
    for (int k = 0; k < 200; k++) {
        uint8_t secret[BW_STARTS_SECRET_LEN] = {(uint8_t)k};
        size_t n = bw_starts_day(secret, "x", DAY, 3600000, always, at, BW_STARTS_MAX);
        for (size_t i = 0; i < n; i++) {
            int64_t gap = at[i] - (i ? at[i - 1] : 0);
            assert_true(gap >= 360000 && gap <= 9000000);
            assert_true(at[i] < 86400000);
            sum += gap;
            below_half += gap < 1800000;
            n_gaps++;
        }
    }
    int64_t mean = sum / n_gaps;
    assert_true(mean > 3200000 && mean < 3600000); /* the upper clamp takes a little */
    int64_t share = below_half * 100 / n_gaps;
    assert_true(share > 35 && share < 45); /* 1 - e^(-1/2) = 39 % */
}

static void only_in_allowed_minutes(void **state)
{
    uint8_t allowed[BW_STARTS_DAY_MIN] = {0};
    int64_t at[BW_STARTS_MAX];
    const uint8_t secret[BW_STARTS_SECRET_LEN] = {9};
    (void)state;
    assert_int_equal(bw_starts_day(secret, "x", DAY, 60000, allowed, at, BW_STARTS_MAX), 0);
    for (int i = 60; i < 90; i++) {
        allowed[i] = 1;
        allowed[i + 600] = 1;
    }
    size_t n = bw_starts_day(secret, "x", DAY, 60000, allowed, at, BW_STARTS_MAX);
    assert_true(n > 30 && n < 100);
    int64_t last = -1;
    for (size_t i = 0; i < n; i++) {
        assert_true(allowed[at[i] / 60000]);
        assert_true(at[i] > last);
        last = at[i];
    }
    assert_true(at[0] < 5400000 && last > 39600000);
    assert_int_equal(bw_starts_day(secret, "x", DAY, 60000, allowed, at, 3), 3);
}

static void minutes_as_text(void **state)
{
    static const char *const wrong[] = {
        "",     "-",       "0",        "0-",    "-5",      "5-5",     "7-5",     "0-1441",
        "00-5", "0-05",    "0-5+",     "+0-5",  "0-5+5-9", "6-9+0-5", "0-5+4-9", "0-5 ",
        "0 -5", "0-5,7-9", "0-5++7-9", "0-5-9", "a-b",     "0-99999", "0-5+7"};
    static const char *const right[] = {"0-1440", "0-1", "1439-1440", "0-420+1020-1440",
                                        "60-90+660-690+700-701"};
    uint8_t allowed[BW_STARTS_DAY_MIN];
    char text[BW_STARTS_MINUTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (bw_starts_minutes_parse(wrong[i], allowed) != -EINVAL) {
            fail_msg("\"%s\" was taken", wrong[i]);
        }
    }
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        assert_int_equal(bw_starts_minutes_parse(right[i], allowed), 0);
        assert_int_equal(bw_starts_minutes_print(allowed, text), 0);
        assert_string_equal(text, right[i]);
    }
    memset(allowed, 0, sizeof(allowed));
    assert_int_equal(bw_starts_minutes_print(allowed, text), 0);
    assert_string_equal(text, "");
    for (size_t i = 0; i < sizeof(allowed); i += 2) {
        allowed[i] = 1;
    }
    assert_int_equal(bw_starts_minutes_print(allowed, text), -E2BIG);
}

/* Written down once, as the times are: and in the mean one in eight. */
static void one_in_eight_goes_outside(void **state)
{
    uint8_t secret[BW_STARTS_SECRET_LEN] = {1, 2, 3};
    int n = 0;
    int first = 0;
    (void)state;
    for (size_t k = 0; k < 8000; k++) {
        int at = bw_starts_outside(secret, "http/state", DAY, k, 2);
        assert_true(at >= -1 && at <= 1);
        assert_int_equal(bw_starts_outside(secret, "http/state", DAY, k, 0), -1);
        assert_int_equal(bw_starts_outside(secret, "http/state", DAY, k, 1) < 0, at < 0);
        n += at >= 0;
        first += at == 0;
    }
    assert_true(n > 900 && n < 1100);
    assert_true(first > n * 2 / 5 && first < n * 3 / 5);
    size_t k = 0;
    while (bw_starts_outside(secret, "http/state", DAY, k, 2) < 0) {
        k++;
    }
    assert_int_equal(k, OUTSIDE_FIRST_K);
}

static void one_start_a_slot(void **state)
{
    const uint8_t secret[BW_STARTS_SECRET_LEN] = {1, 2, 3};
    int64_t sum = 0;
    (void)state;
    for (size_t k = 0; k < 1000; k++) {
        int64_t at = bw_starts_slot(secret, "fcc", "http/state", DAY, k, 3600000, 120000);
        int64_t into = at - (int64_t)k * 3600000;
        assert_true(into >= 0 && into < 3600000 - 120000);
        sum += into;
    }
    assert_true(sum / 1000 > 1640000 && sum / 1000 < 1840000);
    assert_int_equal(bw_starts_slot(secret, "fcc", "http/state", DAY, 0, 3600000, 120000),
                     SLOT_FIRST_MS);
    assert_int_not_equal(
        bw_starts_slot(secret, "fcd", "http/state", DAY, 0, 3600000, 120000),
        SLOT_FIRST_MS);
    assert_int_equal(bw_starts_slot(secret, "fcc", "x", DAY, 3, 60000, 60000), 180000);
}

static void names_of_servers(void **state)
{
    (void)state;
    assert_int_equal(bw_starts_names_count(NULL), 0);
    assert_int_equal(bw_starts_names_count(""), 0);
    assert_int_equal(bw_starts_names_count("a"), 1);
    assert_int_equal(bw_starts_names_count("east-1+West.2+x"), 3);
    assert_int_equal(bw_starts_names_count("a+"), -EINVAL);
    assert_int_equal(bw_starts_names_count("+a"), -EINVAL);
    assert_int_equal(bw_starts_names_count("a++b"), -EINVAL);
    assert_int_equal(bw_starts_names_count("a+b+a"), -EINVAL);
    assert_int_equal(bw_starts_names_count("a+-b"), -EINVAL);
    assert_int_equal(bw_starts_names_find("east-1+West.2+x", "West.2"), 1);
    assert_int_equal(bw_starts_names_find("east-1+West.2+x", "x"), 2);
    assert_int_equal(bw_starts_names_find("east-1+West.2+x", "West"), -ENOENT);
    assert_int_equal(bw_starts_names_find(NULL, "x"), -ENOENT);
    assert_int_equal(bw_starts_names_find("", "x"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm),
        cmocka_unit_test(starts_are_fixed_by_the_secret),
        cmocka_unit_test(a_day_can_be_too_short),
        cmocka_unit_test(gaps_are_exponential_and_clamped),
        cmocka_unit_test(only_in_allowed_minutes),
        cmocka_unit_test(minutes_as_text),
        cmocka_unit_test(one_in_eight_goes_outside),
        cmocka_unit_test(one_start_a_slot),
        cmocka_unit_test(names_of_servers),
    };
    assert_int_equal(bw_crypto_init(), 0);
    memset(always, 1, sizeof(always));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
