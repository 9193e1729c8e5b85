/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sliding.c - the most bytes in any one second. */
#include "bw_test.h"

#include "rates.h"
#include "sliding.h"

static const int64_t MS = 1000000;
static const int64_t START = 1789000200;
static const int64_t NO_CLAIM[BW_DIRECTIONS] = {BW_UNKNOWN, BW_UNKNOWN};

static struct bw_sliding s;
static int64_t total[BW_DIRECTIONS];
static int64_t now_ms;

static void begin(void)
{
    s = (struct bw_sliding){0};
    total[BW_DOWN] = 0;
    total[BW_UP] = 0;
    now_ms = 5000;
    bw_sliding_add(&s, now_ms * MS, total, false);
}

static void step(int64_t ms, int64_t down)
{
    now_ms += ms;
    total[BW_DOWN] += down;
    total[BW_UP] += down / 10;
    bw_sliding_add(&s, now_ms * MS, total, true);
}

static int64_t peak(int64_t covered_s)
{
    int64_t p[BW_DIRECTIONS];
    bw_sliding_cut(&s, covered_s, p);
    if (p[BW_DOWN] != BW_UNKNOWN) {
        assert_int_equal(p[BW_UP], p[BW_DOWN] / 10);
    }
    return p[BW_DOWN];
}

/* A burst of one second from the middle of a second to the middle of the next: aligned
 * seconds see half of it. */
static void across_the_border_of_seconds(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 40; i++) {
        step(250, i >= 18 && i < 22 ? 250000 : 0);
    }
    assert_int_equal(peak(10), 8000000);
    for (int i = 0; i < 40; i++) {
        step(250, 0);
    }
    assert_int_equal(peak(10), 0); /* measured, and nothing there */
}

static void measured_time(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 40; i++) {
        step(i % 2 ? 240 : 270, 10000); /* windows of 1,020 ms */
    }
    assert_int_equal(peak(10), INT64_C(40000) * 8 * 1000 / 1020);
}

/* The window closest to a second is taken, with all the extra readings of a test. */
static void many_readings(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++) {
        step(20, 1000);
    }
    assert_int_equal(peak(20), 400000);
    begin();
    for (int i = 0; i < 1000; i++) {
        step(10, 1000); /* more than are kept: no window of a second */
    }
    assert_int_equal(peak(10), BW_UNKNOWN);
}

static void not_read_often_enough(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 20; i++) {
        step(1000, 1000);
    }
    assert_int_equal(peak(20), BW_UNKNOWN);
    begin();
    for (int i = 0; i < 80; i++) {
        step(i % 4 == 1 ? 750 : 250, 1000); /* a hole in every second */
    }
    assert_int_equal(peak(30), BW_UNKNOWN);
    begin();
    for (int i = 0; i < 420; i++) {
        step(i % 21 == 20 ? 600 : 20, 1000); /* many readings, and more than half unread */
    }
    assert_int_equal(peak(20), BW_UNKNOWN);
    begin();
    for (int i = 0; i < 400; i++) {
        step(i == 7 ? 900 : 250, 1000); /* one in a hundred seconds is no matter */
    }
    assert_int_equal(peak(101), 32000);
    assert_int_equal(peak(0), BW_UNKNOWN);
}

static void broken_counters(void **state)
{
    int64_t low[BW_DIRECTIONS] = {5, 0};
    (void)state;
    begin();
    for (int i = 0; i < 20; i++) {
        step(250, 1000);
    }
    bw_sliding_add(&s, (now_ms += 250) * MS, low, false); /* made anew */
    total[BW_DOWN] = low[BW_DOWN];
    total[BW_UP] = low[BW_UP];
    for (int i = 0; i < 20; i++) {
        step(250, 1000);
    }
    assert_int_equal(peak(10), 32000);
}

/* A driver that refreshes its counts once a second shows them all in one quarter. */
static void a_lazy_counter(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 160; i++) {
        step(250, i % 4 == 2 ? 100000 : 0);
    }
    assert_int_equal(peak(40), BW_UNKNOWN);
    begin();
    for (int i = 0; i < 160; i++) { /* pings on an idle line come like that too */
        step(250, i % 4 == 2 ? 200 : 0);
    }
    assert_int_equal(peak(40), 1600);
    for (int i = 0; i < 160; i++) {
        step(250, i % 4 == 2 || i == 7 ? 100000 : 0);
    }
    assert_int_not_equal(peak(40), BW_UNKNOWN);
}

static struct bw_reading reading(int64_t ms, int64_t down)
{
    struct bw_reading r = {
        .mono_ns = ms * MS, .ifindex = 7, .carrier = true, .link_bps = BW_UNKNOWN};
    r.dir[BW_DOWN].bytes = down;
    return r;
}

/* Through rates: four readings a second, the aligned peak as it was. */
static void beside_the_aligned_peak(void **state)
{
    struct bw_rates *r = bw_rates_new(START, NO_CLAIM);
    struct bw_circuit_summary c;
    int64_t bytes = 0;
    (void)state;
    for (int i = 0; i <= 80; i++) {
        struct bw_reading x;
        bytes += i >= 42 && i < 46 ? 250000 : 0;
        x = reading(i * INT64_C(250), bytes);
        if (i % 4 == 0) {
            (void)bw_rates_add(r, START + i / 4, &x);
        } else {
            bw_rates_add_extra(r, &x);
        }
    }
    bw_circuit_summary_init(&c);
    bw_rates_cut(r, START + 20, START + 20, &c);
    assert_int_equal(c.covered_s, 20);
    assert_int_equal(c.flow[BW_DOWN].bytes, 1000000);
    assert_int_equal(c.flow[BW_DOWN].peak_1s_bps, 4000000 + 2000000);
    assert_int_equal(c.flow[BW_DOWN].peak_sliding_1s_bps, 8000000);
    assert_int_equal(c.flow[BW_UP].peak_sliding_1s_bps, 0);
    /* Nothing of it again; and nothing at all without readings. */
    bw_rates_cut(r, START + 40, START + 40, &c);
    assert_int_equal(c.flow[BW_DOWN].peak_sliding_1s_bps, BW_UNKNOWN);
    bw_rates_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(across_the_border_of_seconds),
        cmocka_unit_test(measured_time),
        cmocka_unit_test(many_readings),
        cmocka_unit_test(not_read_often_enough),
        cmocka_unit_test(broken_counters),
        cmocka_unit_test(a_lazy_counter),
        cmocka_unit_test(beside_the_aligned_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
