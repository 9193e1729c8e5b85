/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_judge.c - what follows from a run's figures, in integers. */
#include "bw_test.h"
#include "judge.h"

#include <string.h>

static struct bw_throughput run(int64_t line_bps)
{
    struct bw_throughput t;
    bw_throughput_init(&t);
    t.state = BW_TEST_OK;
    t.mtu = 1500;
    t.line_bps = line_bps;
    t.goodput_bps = line_bps / 1514 * 1448;
    return t;
}

static void at_the_layer_of_the_claim(void **state)
{
    struct bw_throughput t = run(151400000);
    (void)state;
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_ETHERNET, BW_LAYER_ETHERNET),
                     151400000);
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_ETHERNET, BW_LAYER_IP), 150000000);
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_ETHERNET, BW_LAYER_UNKNOWN),
                     150000000);
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_IP, BW_LAYER_ETHERNET), 152813066);
    t.line_bps = BW_UNKNOWN; /* nobody counts the line: payload and its headers */
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_UNKNOWN, BW_LAYER_IP), 150000000);
    t.goodput_bps = BW_UNKNOWN;
    assert_int_equal(bw_judge_figure_bps(&t, BW_LAYER_UNKNOWN, BW_LAYER_IP), BW_UNKNOWN);
}

static void below_the_claim(void **state)
{
    struct bw_throughput t = run(90000000);
    (void)state;
    assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
    t.line_bps--;
    assert_true(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
    assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 0));
    assert_false(bw_judge_below(&t, BW_LAYER_IP, BW_UNKNOWN, BW_LAYER_IP, 900000));
    t.egress = BW_EGRESS_OTHER; /* says nothing of this line */
    assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
    t = run(1000);
    t.retest_of = "down:1"; /* once, not for ever */
    assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
    t = run(1000);
    t.state = BW_TEST_FAILED;
    assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
}

/* Where port or servers carry less than the claim, every run would be made twice. */
static void an_untestable_claim_is_not_tested_again(void **state)
{
    static const char *const words[] = {"port-below-claim", "server-below-claim"};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct bw_throughput t = run(1000);
        t.flags[0] = "tester-busy";
        t.flags[1] = "foreseen";
        assert_true(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
        t.flags[2] = words[i];
        assert_false(bw_judge_below(&t, BW_LAYER_IP, 100000000, BW_LAYER_IP, 900000));
    }
}

static void equal_to_a_thousandth(void **state)
{
    (void)state;
    assert_true(bw_judge_equal(94000000, 94000000));
    assert_true(bw_judge_equal(100000000, 99900000));
    assert_true(bw_judge_equal(99900000, 100000000));
    assert_false(bw_judge_equal(100000000, 99899999));
    assert_false(bw_judge_equal(0, 0));
    assert_false(bw_judge_equal(BW_UNKNOWN, 94000000));
    assert_true(bw_judge_equal(INT64_MAX, INT64_MAX));
}

/* A run both ways is one run, in whatever record its directions stand. */
static void runs_by_another_line(void **state)
{
    static const struct {
        size_t probe;
        enum bw_direction d;
        enum bw_egress egress;
        int64_t runs;
    } rows[] = {
        {0, BW_DOWN, BW_EGRESS_OTHER, 1}, {0, BW_UP, BW_EGRESS_OTHER, 1},
        {0, BW_DOWN, BW_EGRESS_OTHER, 2}, {0, BW_UP, BW_EGRESS_OTHER, 2},
        {1, BW_UP, BW_EGRESS_OTHER, 3}, /* another test, one way */
        {1, BW_UP, BW_EGRESS_OTHER, 4},   {0, BW_DOWN, BW_EGRESS_UNKNOWN, 4},
        {0, BW_UP, BW_EGRESS_UNKNOWN, 4}, {0, BW_DOWN, BW_EGRESS_UNKNOWN, 4},
        {0, BW_UP, BW_EGRESS_OTHER, 5},   {0, BW_DOWN, BW_EGRESS_MATCH, 0},
        {0, BW_UP, BW_EGRESS_OTHER, 1},   {0, BW_DOWN, BW_EGRESS_OTHER, 2},
        {0, BW_UP, BW_EGRESS_MATCH, 0},   {0, BW_DOWN, BW_EGRESS_OTHER, 1},
    };
    struct bw_judge_row row = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_judge_egress(&row, rows[i].probe, rows[i].d, rows[i].egress);
        if (row.runs != rows[i].runs) {
            fail_msg("row %zu: %lld runs", i, (long long)row.runs);
        }
    }
}

static void names_and_servers(void **state)
{
    char token[BW_JUDGE_TOKEN_MAX];
    (void)state;
    bw_judge_token(BW_DOWN, INT64_C(1789000312000), token);
    assert_string_equal(token, "down:1789000312000");
    bw_judge_token(BW_UP, 1, token);
    assert_string_equal(token, "up:1");
    assert_int_equal(bw_judge_second(1, 0, 0), -1);
    assert_int_equal(bw_judge_second(1, 1, 0), 1);
    assert_int_equal(bw_judge_second(1, 1, 1), 0);
    assert_int_equal(bw_judge_second(3, 2, 2), 0);
    assert_int_equal(bw_judge_second(3, 2, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_layer_of_the_claim),
        cmocka_unit_test(below_the_claim),
        cmocka_unit_test(an_untestable_claim_is_not_tested_again),
        cmocka_unit_test(equal_to_a_thousandth),
        cmocka_unit_test(runs_by_another_line),
        cmocka_unit_test(names_and_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
