/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_growth.c - growth with its interval: figures worked by an independent reading of the
 * definition (fractions in Python), and the cases in which nothing may be said. */
#include <errno.h>
#include <growth.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    MONDAY = 20682, /* 2026-08-17 */
    DAYS_MAX = 400
};

/* n_weeks of five days: 200 Mbit/s and 1.5 more each week, a wobble of its own, two weeks
 * of vacation, a week with two days, one day missing. */
static size_t school_year(struct bw_growth_day *days, int n_weeks)
{
    size_t n = 0;

    for (int w = 0; w < n_weeks; w++) {
        for (int k = 0; k < 5; k++) {
            int64_t wobble = (w * 7919 + k * 104729) % 13 - 6;
            int64_t v = 200000000 + INT64_C(1500000) * w + wobble * 1000000 +
                        w * w * 7919 % 10007 * 2000;
            if (w == 14 || w == 19) {
                v = 5000000;
            } else if ((w == 9 && k > 1) || (w == 20 && k == 0)) {
                v = BW_UNKNOWN;
            }
            days[n++] = (struct bw_growth_day){MONDAY + 7 * w + k, v};
        }
    }
    return n;
}

static void growth_is_what_the_definition_says(void **state)
{
    static const int64_t slope[] = {1282000000, 1642666666, 2012000000};
    static const int64_t base[] = {214056000000, 209360000012, 202712000000};
    static const int64_t year[] = {66892928, 85711999, 104983285};
    static const int64_t ppm[] = {260286, 333513, 408499};
    static const int64_t in_a_year[] = {318081142, 342650666, 365971428};
    static const int64_t at_310m[] = {21206, 21111, 21056};
    struct bw_growth_day days[DAYS_MAX];
    int64_t at[BW_GROWTH_LINES];
    struct bw_growth g;
    (void)state;

    assert_int_equal(bw_growth_make(days, school_year(days, 30), &g), 0);
    assert_int_equal(g.state, BW_GROWTH_MADE);
    assert_int_equal(g.n_weeks, 29);
    assert_int_equal(g.n_days, 144);
    assert_int_equal(g.span_weeks, 30);
    assert_int_equal(g.first_day, MONDAY);
    assert_int_equal(g.last_day, 20885);
    assert_int_equal(g.ahead_day, 21305);
    assert_int_equal(g.level_bps, 256997333);
    for (int i = 0; i < BW_GROWTH_LINES; i++) {
        assert_int_equal(g.slope_mbps[i], slope[i]);
        assert_int_equal(g.base_mbps[i], base[i]);
        assert_int_equal(g.year_bps[i], year[i]);
        assert_int_equal(g.year_ppm[i], ppm[i]);
        assert_int_equal(bw_growth_reaches(&g, i, 310000000), at_310m[i]);
    }
    bw_growth_at(&g, 21250, at);
    assert_memory_equal(at, in_a_year, sizeof(at));
}

static void too_little_says_nothing(void **state)
{
    struct bw_growth_day days[DAYS_MAX];
    int64_t at[BW_GROWTH_LINES];
    struct bw_growth g;
    size_t n;
    (void)state;

    /* 25 weeks from first to last, 26 */
    assert_int_equal(bw_growth_make(days, school_year(days, 25), &g), 0);
    assert_int_equal(g.state, BW_GROWTH_NOT);
    assert_int_equal(g.span_weeks, 25);
    assert_int_equal(g.year_bps[BW_GROWTH_MID], BW_UNKNOWN);
    bw_growth_at(&g, MONDAY, at);
    assert_int_equal(at[BW_GROWTH_MID], BW_UNKNOWN);
    assert_int_equal(bw_growth_reaches(&g, BW_GROWTH_MID, 1), BW_UNKNOWN);
    assert_int_equal(bw_growth_make(days, school_year(days, 26), &g), 0);
    assert_int_equal(g.state, BW_GROWTH_MADE);

    /* 30 weeks of which 15 count, 16 */
    n = school_year(days, 30);
    for (size_t i = 0; i < n; i++) {
        int w = (int)(i / 5);
        if (w >= 8 && w < 22) {
            days[i].value_bps = BW_UNKNOWN;
        }
    }
    assert_int_equal(bw_growth_make(days, n, &g), 0);
    assert_int_equal(g.n_weeks, 16);
    assert_int_equal(g.state, BW_GROWTH_MADE);
    days[0].value_bps = days[1].value_bps = days[2].value_bps = BW_UNKNOWN;
    assert_int_equal(bw_growth_make(days, n, &g), 0);
    assert_int_equal(g.n_weeks, 15);
    assert_int_equal(g.state, BW_GROWTH_NOT);

    assert_int_equal(bw_growth_make(days, 0, &g), 0);
    assert_int_equal(g.n_weeks, 0);
    assert_int_equal(g.first_day, BW_UNKNOWN);
}

static void no_further_than_it_looked_back(void **state)
{
    struct bw_growth_day days[DAYS_MAX];
    int64_t at[BW_GROWTH_LINES];
    struct bw_growth g;
    (void)state;

    assert_int_equal(bw_growth_make(days, school_year(days, 30), &g), 0);
    bw_growth_at(&g, g.ahead_day, at);
    assert_true(at[BW_GROWTH_LOW] != BW_UNKNOWN);
    bw_growth_at(&g, g.ahead_day + 1, at);
    assert_int_equal(at[BW_GROWTH_LOW], BW_UNKNOWN);
    assert_int_equal(bw_growth_reaches(&g, BW_GROWTH_HIGH, INT64_C(10000000000)),
                     BW_UNKNOWN);
    /* already there */
    assert_int_equal(bw_growth_reaches(&g, BW_GROWTH_MID, 100000000), g.last_day);
}

static void what_falls_never_falls_under_nothing(void **state)
{
    struct bw_growth_day days[DAYS_MAX];
    int64_t at[BW_GROWTH_LINES];
    struct bw_growth g;
    size_t n = 0;
    (void)state;

    for (int w = 0; w < 30; w++) {
        for (int k = 0; k < 5; k++) {
            days[n++] = (struct bw_growth_day){MONDAY + 7 * w + k, 30000000 - w * 1000000};
        }
    }
    assert_int_equal(bw_growth_make(days, n, &g), 0);
    assert_true(g.year_bps[BW_GROWTH_HIGH] < 0);
    assert_int_equal(g.level_bps, 1000000);
    bw_growth_at(&g, g.ahead_day, at);
    assert_int_equal(at[BW_GROWTH_LOW], 0);
    assert_int_equal(at[BW_GROWTH_HIGH], 0);
}

static void days_out_of_order_are_an_error(void **state)
{
    struct bw_growth_day days[] = {{MONDAY + 1, 5}, {MONDAY, 5}};
    struct bw_growth_day weeks[] = {{MONDAY + 8, 5}, {MONDAY, 5}};
    struct bw_growth g;
    (void)state;

    assert_int_equal(bw_growth_make(days, 2, &g), -EINVAL);
    assert_int_equal(bw_growth_make(weeks, 2, &g), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_is_what_the_definition_says),
        cmocka_unit_test(too_little_says_nothing),
        cmocka_unit_test(no_further_than_it_looked_back),
        cmocka_unit_test(what_falls_never_falls_under_nothing),
        cmocka_unit_test(days_out_of_order_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
