/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_rates.c - bytes and rates of readings: borders, gaps, resets, windows. */
#include "bw_test.h"

#include "rates.h"

#include <errno.h>
#include <string.h>

static const int64_t S = 1000000000;
static const int64_t START = 1789000200;
static const int64_t NO_CLAIM[BW_DIRECTIONS] = {BW_UNKNOWN, BW_UNKNOWN};

static struct bw_reading reading(int64_t mono_ns, int64_t down, int64_t up)
{
    struct bw_reading r = {.mono_ns = mono_ns,
                           .ifindex = 7,
                           .carrier = true,
                           .link_bps = BW_UNKNOWN,
                           .mtu = 1500};
    r.dir[BW_DOWN] = (struct bw_counter_dir){.bytes = down, .packets = down / 1000};
    r.dir[BW_UP] = (struct bw_counter_dir){.bytes = up, .packets = up / 1000};
    return r;
}

/* `n` + 1 readings a second apart from START on, `step` bytes down a second. */
static void feed(struct bw_rates *r, int64_t from, int64_t n, int64_t step)
{
    for (int64_t i = from; i <= from + n; i++) {
        struct bw_reading x = reading(i * S, i * step, i * 10);
        (void)bw_rates_add(r, START + i, &x);
    }
}

static void whole_seconds(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    (void)state;
    feed(r, 0, 300, 125000);
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 300, START + 300, &c);
    assert_int_equal(c.covered_s, 300);
    assert_int_equal(c.flow[BW_DOWN].bytes, 300 * 125000);
    assert_int_equal(c.flow[BW_DOWN].packets, 300 * 125);
    assert_int_equal(c.flow[BW_DOWN].p95_1s_bps, 1000000);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 1000000);
    assert_int_equal(c.flow[BW_UP].bytes, 3000);
    assert_int_equal(c.flow[BW_UP].drops, 0);
    assert_int_equal(c.saturated_s, BW_UNKNOWN);
    assert_int_equal(c.link_bps, BW_UNKNOWN);
    assert_int_equal(c.mtu, 1500);
    /* Nothing of it again. */
    bw_rates_cut(r, START + 600, START + 600, &c);
    assert_int_equal(c.covered_s, 0);
    assert_int_equal(c.flow[BW_DOWN].bytes, BW_UNKNOWN);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, BW_UNKNOWN);
    bw_rates_free(r);
}

static void measured_time_not_nominal(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    struct bw_reading a = reading(0, 0, 0);
    struct bw_reading b = reading(2 * S, 250000, 0); /* the loop was late by a second */
    (void)state;
    assert_int_equal(bw_rates_add(r, START, &a), -ESTALE);
    assert_int_equal(bw_rates_add(r, START + 1, &b), 0);
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 1, START + 1, &c);
    assert_int_equal(c.covered_s, 1);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 1000000);
    bw_rates_free(r);
}

static void p95_is_the_order_statistic(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    int64_t sum = 0;
    (void)state;
    for (int64_t i = 0; i <= 100; i++) { /* rates 8, 16, … 800 bit/s */
        struct bw_reading x;
        sum += i;
        x = reading(i * S, sum, 0);
        (void)bw_rates_add(r, START + i, &x);
    }
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 100, START + 100, &c);
    assert_int_equal(c.flow[BW_DOWN].p95_1s_bps, 95 * 8);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 100 * 8);
    bw_rates_free(r);
}

static void backwards_is_a_gap(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    static const int64_t counts[] = {4294967000, 4294967200, 100, 300};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct bw_reading x = reading(i * S, counts[i], i);
        assert_int_equal(bw_rates_add(r, START + i, &x), i == 0 || i == 2 ? -ESTALE : 0);
    }
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 3, START + 3, &c);
    assert_int_equal(c.covered_s, 2);
    assert_int_equal(c.flow[BW_DOWN].bytes, 400);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 1600);
    bw_rates_free(r);
}

static void other_interface_is_a_gap(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_reading a = reading(0, 100, 0);
    struct bw_reading b = reading(S, 200, 0);
    int64_t bytes;
    int64_t error;
    (void)state;
    b.ifindex = 8;
    (void)bw_rates_add(r, START, &a);
    assert_int_equal(bw_rates_add(r, START + 1, &b), -ESTALE);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 1, S - 1, &bytes, &error), -ESTALE);
    bw_rates_free(r);
}

static void a_jump_beyond_the_link_is_a_gap(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_reading a = reading(0, 0, 0);
    struct bw_reading b = reading(S, 1000000000, 0);
    (void)state;
    a.link_bps = b.link_bps = 1000000000;
    (void)bw_rates_add(r, START, &a);
    assert_int_equal(bw_rates_add(r, START + 1, &b), -ESTALE); /* 8 Gbit/s on 1 Gbit/s */
    bw_rates_free(r);
}

/* Four readings a second on a port of 1 Gbit/s, `more` bytes at once in quarter `at`. */
static void feed_quarters(struct bw_rates *r, int at, int64_t more)
{
    int64_t bytes = 0;
    for (int i = 0; i <= 80; i++) {
        struct bw_reading x;
        bytes += 10000000 + (i == at ? more : 0);
        x = reading(i * S / 4, bytes, bytes / 10);
        x.link_bps = 1000000000;
        if (i % 4 == 0) {
            (void)bw_rates_add(r, START + i / 4, &x);
        } else {
            bw_rates_add_extra(r, &x);
        }
    }
}

/* A quarter of a second is as much a gap as a whole one: no peak, no window, no rate. */
static void a_jump_between_seconds_is_a_gap(void **state)
{
    static const int jumps[] = {41, 42, 44};
    (void)state;
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
        struct bw_circuit_summary c;
        int64_t bytes;
        int64_t error;
        feed_quarters(r, jumps[i], INT64_C(1) << 32);
        assert_int_equal(bw_rates_window(r, BW_DOWN, 8 * S, 15 * S, &bytes, &error),
                         -ESTALE);
        assert_int_equal(bw_rates_window(r, BW_DOWN, 12 * S, 15 * S, &bytes, &error), 0);
        assert_int_equal(bw_rates_carried_bps(r, BW_DOWN, 15, 20 * S), 320000000);
        bw_circuit_summary_init(&c);
        bw_rates_cut(r, START + 20, START + 20, &c);
        assert_int_equal(c.covered_s, 19);
        assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 320000000);
        assert_int_equal(c.flow[BW_DOWN].peak_sliding_1s_bps, 320000000);
        assert_int_equal(c.flow[BW_UP].peak_sliding_1s_bps, 32000000);
        bw_rates_free(r);
    }
}

/* A driver that is late shows two seconds of a full line in a quarter: that is no jump. */
static void late_counts_are_no_jump(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    int64_t bytes;
    int64_t error;
    (void)state;
    feed_quarters(r, 42, 250000000);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 8 * S, 15 * S, &bytes, &error), 0);
    assert_int_equal(bytes, 28 * 10000000 + 250000000);
    bw_rates_free(r);
}

/* Ten seconds up to `to`; what is counted of a frame is told from second `known` on. */
static void ten_seconds(struct bw_rates *r, int64_t to, int64_t known, int64_t offset)
{
    for (int64_t i = to - 10; i <= to; i++) {
        struct bw_reading x = reading(i * S, i * 1000, i);
        x.dir[BW_DOWN].offset_known = i >= known;
        x.dir[BW_DOWN].offset_bytes = i >= known ? offset : 0;
        x.dir[BW_UP].offset_known = true;
        (void)bw_rates_add(r, START + i, &x);
    }
}

static void cut_at(struct bw_rates *r, int64_t s, struct bw_circuit_summary *ret)
{
    bw_circuit_summary_init(ret);
    bw_rates_cut(r, START + s, START + s, ret);
}

/* An offset is told of an interval only where it was made up for in all of it. */
static void an_offset_of_whole_intervals(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    (void)state;
    ten_seconds(r, 10, 5, -14);
    cut_at(r, 10, &c);
    assert_int_equal(c.flow[BW_DOWN].frame_offset_bytes, BW_UNKNOWN);
    assert_int_equal(c.flow[BW_UP].frame_offset_bytes, 0); /* known from the first on */
    ten_seconds(r, 20, 0, -14);
    cut_at(r, 20, &c);
    assert_int_equal(c.flow[BW_DOWN].frame_offset_bytes, -14);
    ten_seconds(r, 30, 30, -14); /* not known meanwhile: the interface was made anew … */
    cut_at(r, 30, &c);
    assert_int_equal(c.flow[BW_DOWN].frame_offset_bytes, BW_UNKNOWN);
    ten_seconds(r, 40, 0, 4); /* … as one that counts otherwise */
    cut_at(r, 40, &c);
    assert_int_equal(c.flow[BW_DOWN].frame_offset_bytes, BW_UNKNOWN);
    ten_seconds(r, 50, 0, 4);
    cut_at(r, 50, &c);
    assert_int_equal(c.flow[BW_DOWN].frame_offset_bytes, 4);
    cut_at(r, 60, &c); /* nothing was counted: nothing made up for */
    assert_int_equal(c.flow[BW_UP].frame_offset_bytes, BW_UNKNOWN);
    bw_rates_free(r);
}

static void missed_readings_are_bridged(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    struct bw_reading x;
    (void)state;
    x = reading(0, 0, 0);
    (void)bw_rates_add(r, START, &x);
    x = reading(4 * S, 1001, 0); /* across the end at START + 3 */
    assert_int_equal(bw_rates_add(r, START + 4, &x), 0);
    x = reading(16 * S, 2000, 0); /* too long ago */
    assert_int_equal(bw_rates_add(r, START + 16, &x), -ESTALE);
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 3, START + 3, &c);
    assert_int_equal(c.covered_s, 3);
    assert_int_equal(c.flow[BW_DOWN].bytes, 750);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, BW_UNKNOWN); /* no one-second rate */
    bw_rates_cut(r, START + 300, START + 300, &c);
    assert_int_equal(c.covered_s, 1);
    assert_int_equal(c.flow[BW_DOWN].bytes, 251); /* nothing lost by dividing */
    bw_rates_free(r);
}

static void saturation_needs_a_claim(void **state)
{
    static const int64_t claim[BW_DIRECTIONS] = {1000000, BW_UNKNOWN};
    struct bw_rates *r = bw_rates_new(START, claim);
    struct bw_circuit_summary c;
    int64_t sum = 0;
    (void)state;
    for (int64_t i = 0; i <= 10; i++) {
        struct bw_reading x = reading(i * S, sum, 0);
        (void)bw_rates_add(r, START + i, &x);
        sum += i < 4 ? 112500 : 112499; /* 90 % of the claim, and a byte less */
    }
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 10, START + 10, &c);
    assert_int_equal(c.saturated_s, 4);
    bw_rates_free(r);
}

static void a_stepped_clock_moves_the_seconds(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    struct bw_reading x;
    (void)state;
    feed(r, 0, 10, 1000);
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 10, START + 86410, &c); /* a day forward */
    assert_int_equal(c.covered_s, 10);
    x = reading(11 * S, 11000, 110);
    assert_int_equal(bw_rates_add(r, START + 86411, &x), 0);
    bw_rates_cut(r, START + 86411, START + 86411, &c);
    assert_int_equal(c.covered_s, 1);
    assert_int_equal(c.flow[BW_DOWN].bytes, 1000);
    bw_rates_free(r);
}

static void window_between_readings(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    int64_t bytes;
    int64_t error;
    struct bw_reading x;
    (void)state;
    feed(r, 0, 20, 1000000);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 2 * S, 12 * S, &bytes, &error), 0);
    assert_int_equal(bytes, 10000000);
    assert_int_equal(error, 0);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 2 * S + S / 4, 12 * S, &bytes, &error), 0);
    assert_int_equal(bytes, 9750000);
    assert_int_equal(error, 750000);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 2 * S + S / 4 * 3, 12 * S, &bytes, &error),
                     0);
    assert_int_equal(bytes, 9250000);
    assert_int_equal(error, 750000); /* the larger side, either way */
    assert_int_equal(bw_rates_window(r, BW_DOWN, -1, 12 * S, &bytes, &error), -ERANGE);
    assert_int_equal(bw_rates_window(r, BW_DOWN, S, 20 * S + 1, &bytes, &error), -ERANGE);
    /* An extra reading at the window's end makes it exact. */
    x = reading(20 * S + S / 2, 20400000, 205);
    bw_rates_add_extra(r, &x);
    assert_int_equal(bw_rates_window(r, BW_DOWN, 10 * S, x.mono_ns, &bytes, &error), 0);
    assert_int_equal(bytes, 10400000);
    assert_int_equal(error, 0);
    bw_rates_free(r);
}

/* Counts out of a cache: the first surely taken before, the last surely after. */
static void around_a_window(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_rates_around a = {0};
    (void)state;
    bw_rates_set_coarse(r, 3 * S);
    assert_int_equal(bw_rates_around(r, BW_DOWN, 10 * S, 20 * S, &a), -ERANGE);
    for (int64_t i = 0; i < 10; i++) {
        struct bw_reading x = reading(i * 3 * S, i * 1000, i);
        x.slack_ns = S;
        (void)bw_rates_add(r, START + i * 3, &x);
    }
    assert_int_equal(bw_rates_around(r, BW_DOWN, 10 * S, 20 * S, &a), 0);
    assert_int_equal(a.from_mono_ns, 8 * S); /* the reading of 9 s */
    assert_int_equal(a.to_mono_ns, 21 * S);
    assert_int_equal(a.bytes, 4000);
    /* The one of 21 s may be of 20 s: too early by a hair. */
    assert_int_equal(bw_rates_around(r, BW_UP, 9 * S, 20 * S + 1, &a), 0);
    assert_int_equal(a.from_mono_ns, 8 * S);
    assert_int_equal(a.to_mono_ns, 24 * S);
    assert_int_equal(a.bytes, 5);
    assert_int_equal(bw_rates_around(r, BW_DOWN, 10 * S, 27 * S, &a), -ERANGE);
    /* Another epoch within it. */
    struct bw_reading x = reading(30 * S, 0, 0);
    x.ifindex = 8;
    (void)bw_rates_add(r, START + 30, &x);
    x = reading(33 * S, 5, 5);
    x.ifindex = 8;
    (void)bw_rates_add(r, START + 33, &x);
    assert_int_equal(bw_rates_around(r, BW_DOWN, 10 * S, 32 * S, &a), -ESTALE);
    bw_rates_free(r);
}

static void carried_lately(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    (void)state;
    assert_int_equal(bw_rates_carried_bps(r, BW_DOWN, 10, 0), BW_UNKNOWN);
    feed(r, 0, 30, 1000);
    assert_int_equal(bw_rates_carried_bps(r, BW_DOWN, 10, 30 * S), 8000);
    assert_int_equal(bw_rates_carried_bps(r, BW_DOWN, 10, 34 * S), BW_UNKNOWN);
    bw_rates_lost(r);
    assert_null(bw_rates_last(r));
    bw_rates_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_seconds),
        cmocka_unit_test(measured_time_not_nominal),
        cmocka_unit_test(p95_is_the_order_statistic),
        cmocka_unit_test(backwards_is_a_gap),
        cmocka_unit_test(other_interface_is_a_gap),
        cmocka_unit_test(a_jump_beyond_the_link_is_a_gap),
        cmocka_unit_test(a_jump_between_seconds_is_a_gap),
        cmocka_unit_test(late_counts_are_no_jump),
        cmocka_unit_test(an_offset_of_whole_intervals),
        cmocka_unit_test(missed_readings_are_bridged),
        cmocka_unit_test(saturation_needs_a_claim),
        cmocka_unit_test(a_stepped_clock_moves_the_seconds),
        cmocka_unit_test(window_between_readings),
        cmocka_unit_test(around_a_window),
        cmocka_unit_test(carried_lately),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
