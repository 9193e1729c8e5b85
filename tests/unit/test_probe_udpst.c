/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_udpst.c - the udpst probe's arithmetic: pacing, counting, costs. The exchange
 * with servers is in tests/lab: test_probe_udpst.py, test_udpst_hostile.py. */
#include "bw_test.h"

#include "udpst_count.h"
#include "udpst_flow.h"
#include "udpst_pace.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <bw/probe.h>
#include <errno.h>
#include <string.h>

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

extern const struct bw_probe_ops bw_probe_udpst;

/* ---- pacing */

struct sum {
    int64_t bits;
    int64_t datagrams;
    int64_t bursts;
};

/* Wake at `step_ns` and send what is due, from t0 to t1. */
static struct sum pace(struct udpst_pace *p, int64_t t0_ns, int64_t t1_ns, int64_t step_ns)
{
    struct sum s = {0};
    for (int64_t now = t0_ns; now < t1_ns; now += step_ns) {
        struct udpst_burst b;
        while (udpst_pace_take(p, now, &b)) {
            s.bursts++;
            s.datagrams += b.n + (b.addon ? 1 : 0);
            for (uint32_t i = 0; i < b.n; i++) {
                s.bits += INT64_C(8) * (udpst_pace_size(p, b.payload) + p->header);
            }
            s.bits += b.addon ? INT64_C(8) * (b.addon + p->header) : 0;
        }
    }
    return s;
}

static void a_row_is_kept_to(void **state)
{
    /* 10 of 1250 bytes a millisecond, 1 and an add-on of 125 in 50 ms: 100.22 Mbit/s */
    const struct bw_udpst_row row = {1000, 1222, 10, 50000, 1222, 1, 97};
    static const int64_t steps[] = {50000, 1000000, 1300000, 7000000};
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct udpst_pace p;
        struct sum s;
        udpst_pace_init(&p, S, 28, 0);
        udpst_pace_set(&p, &row, 0);
        s = pace(&p, 0, S, steps[i]);
        /* as if nobody were ever late, but for what is due after the last wake-up */
        bw_assert_near((double)s.bits, 100220000,
                       100220000.0 * (double)steps[i] / 1e9 + 12000);
        assert_false(p.late);
    }
}

static void the_highest_rate_holds(void **state)
{
    /* the most the protocol can say: 144 Gbit/s */
    const struct bw_udpst_row wild = {100, 8972, 100, 100, 8972, 100, 8972};
    static const int64_t rates[] = {1000000, 37000000, 1000000000, 10000000000};
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct udpst_pace p;
        struct sum s;
        udpst_pace_init(&p, rates[i], 28, 0);
        udpst_pace_set(&p, &wild, 0);
        s = pace(&p, 0, S, 500000);
        /* never over a second's worth and the bucket's; and the rate is used */
        assert_true(s.bits <= rates[i] + p.allowance_max_bits);
        assert_true(s.bits >= rates[i] / 1000 * 999 - INT64_C(2) * 8 * 9000);
        assert_true(p.capped);
    }
}

static void a_long_stall_is_no_heap(void **state)
{
    const struct bw_udpst_row row = {1000, 1222, 10, 0, 0, 0, 0};
    struct udpst_pace p;
    struct udpst_burst b;
    int n = 0;
    (void)state;
    udpst_pace_init(&p, S, 28, 0);
    udpst_pace_set(&p, &row, 0);
    (void)pace(&p, 0, 10 * MS, MS);
    while (udpst_pace_take(&p, 500 * MS, &b)) { /* asleep for half a second */
        n++;
    }
    assert_true(n == 20 || n == 21);
    assert_true(p.late);
    p.late = false;
    n = 0;
    while (udpst_pace_take(&p, 515 * MS, &b)) { /* for fifteen milliseconds: made up for */
        n++;
    }
    assert_int_equal(n, 15);
    assert_false(p.late);
}

static void a_new_row_begins_soon(void **state)
{
    const struct bw_udpst_row slow = {1000000, 1222, 1, 0, 0, 0, 0};
    const struct bw_udpst_row fast = {1000, 1222, 1, 0, 0, 0, 0};
    const struct bw_udpst_row nothing = {0, 0, 0, 0, 0, 0, 0};
    struct udpst_pace p;
    struct udpst_burst b;
    (void)state;
    udpst_pace_init(&p, S, 28, 0);
    assert_int_equal(udpst_pace_next(&p), UDPST_NEVER);
    udpst_pace_set(&p, &slow, 5 * MS);
    assert_int_equal(udpst_pace_next(&p), 5 * MS);
    assert_true(udpst_pace_take(&p, 5 * MS, &b));
    assert_int_equal(udpst_pace_next(&p), 1005 * MS);
    udpst_pace_set(&p, &fast, 10 * MS);
    assert_int_equal(udpst_pace_next(&p), 11 * MS);
    udpst_pace_set(&p, &nothing, 12 * MS);
    assert_int_equal(udpst_pace_next(&p), UDPST_NEVER);
    assert_false(udpst_pace_take(&p, S, &b));
}

static void random_sizes_are_within(void **state)
{
    struct udpst_pace p;
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    (void)state;
    udpst_pace_init(&p, S, 28, 0);
    for (int i = 0; i < 100000; i++) {
        uint32_t n = udpst_pace_size(&p, BW_UDPST_RANDOM | 1222);
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    assert_int_equal(least, BW_UDPST_LOAD_LEN);
    assert_int_equal(most, 1222);
    assert_int_equal(udpst_pace_size(&p, 1222), 1222);
    assert_int_equal(udpst_pace_size(&p, BW_UDPST_RANDOM | 32), 32);
}

/* What was sent is known for the last three seconds, never as more than it was. */
static void the_past_is_known(void **state)
{
    struct udpst_past p = {.n = 0};
    (void)state;
    assert_int_equal(udpst_past_until(&p, 5 * S), 0);
    for (int64_t ms = 10000; ms <= 20000; ms += 7) { /* a byte a millisecond */
        udpst_past_note(&p, ms * MS, ms - 10000);
        if (ms == 12000) {
            assert_int_equal(udpst_past_until(&p, 9 * S), 0);
        }
    }
    for (int64_t ms = 17500; ms <= 20000; ms += 100) {
        int64_t until = udpst_past_until(&p, ms * MS);
        assert_true(until <= ms - 10000);
        assert_true(until > ms - 10000 - INT64_C(2) * UDPST_PAST_MS);
    }
}

/* ---- counting */

static void loads(struct udpst_count *c, const uint32_t *seq, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        udpst_count_load(c, seq[i], 1000, 0, 0);
    }
}

static void order_is_told(void **state)
{
    /* 3 is lost, 6 comes after 7, 8 twice, 2 again after that */
    static const uint32_t seq[] = {1, 2, 4, 5, 7, 6, 8, 8, 2, 9};
    struct udpst_count c;
    (void)state;
    udpst_count_init(&c, 0);
    loads(&c, seq, sizeof(seq) / sizeof(seq[0]));
    assert_int_equal(c.second.datagrams, 10);
    assert_int_equal(c.second.bytes, 10000);
    assert_int_equal(c.second.lost, 1);
    assert_int_equal(c.second.reordered, 1);
    assert_int_equal(c.second.duplicated, 2);
    assert_int_equal(udpst_loss_ppm(1, 9), 100000);
    assert_int_equal(udpst_loss_ppm(0, 0), BW_UNKNOWN);
    assert_int_equal(udpst_loss_ppm(INT64_MAX, 1), 1000000);
}

static void first_ones_may_be_lost(void **state)
{
    static const uint32_t seq[] = {4, 5, 2};
    struct udpst_count c;
    (void)state;
    udpst_count_init(&c, 0);
    loads(&c, seq, 3);
    assert_int_equal(c.second.lost, 2); /* 1 and 3 */
    assert_int_equal(c.second.reordered, 1);
}

static void far_jumps(void **state)
{
    struct udpst_count c;
    static const uint32_t seq[] = {1, 1 + 3 * UDPST_WINDOW, 2, UINT32_MAX, 1, UINT32_MAX};
    (void)state;
    udpst_count_init(&c, 0);
    loads(&c, seq, sizeof(seq) / sizeof(seq[0]));
    assert_int_equal(c.newest, UINT32_MAX);
    assert_int_equal(c.second.duplicated, 1); /* 2 and 1 came too late to tell */
    assert_int_equal(c.second.reordered, 2);
    /* every number within the window once, from the far end */
    udpst_count_init(&c, 0);
    for (uint32_t s = 1; s <= 3 * UDPST_WINDOW; s++) {
        udpst_count_load(&c, s, 100, 0, 0);
        if (s > UDPST_WINDOW) {
            udpst_count_load(&c, s - UDPST_WINDOW + 1, 100, 0, 0);
        }
    }
    assert_int_equal(c.second.lost, 0);
    assert_int_equal(c.second.duplicated, 2 * UDPST_WINDOW);
}

static void a_hole_closed_in_the_next_span(void **state)
{
    struct udpst_count c;
    struct bw_udpst_status s;
    (void)state;
    udpst_count_init(&c, 0);
    loads(&c, (const uint32_t[]){1, 3}, 2);
    udpst_count_trial(&c, 50 * MS, &s);
    assert_int_equal(s.lost, 1);
    loads(&c, (const uint32_t[]){2}, 1);
    udpst_count_trial(&c, 100 * MS, &s);
    assert_int_equal(s.lost, 0); /* never below nothing */
    assert_int_equal(s.reordered, 1);
    assert_int_equal(c.second.lost, 0); /* within the second it is no loss */
}

static void delays_are_over_the_least(void **state)
{
    struct udpst_count c;
    struct bw_udpst_status s;
    struct bw_udpst_subinterval saved;
    const int64_t ahead = 3600 * S; /* their clock is an hour ahead */
    (void)state;
    udpst_count_init(&c, 0);
    udpst_count_load(&c, 1, 1000, 30 * MS, ahead + 10 * MS); /* 20 on the way */
    udpst_count_load(&c, 2, 1000, 45 * MS, ahead + 20 * MS); /* 25 */
    udpst_count_load(&c, 3, 1000, 48 * MS, ahead + 30 * MS); /* 18: the least */
    udpst_count_rtt(&c, 40 * MS);
    udpst_count_rtt(&c, 55 * MS);
    udpst_count_saved(&c, &c.second, S, &saved);
    assert_int_equal(saved.delay_min_ms, 0);
    assert_int_equal(saved.delay_max_ms, 7);
    assert_int_equal(saved.delay_sum_ms, 5); /* 0, 5 and 0 over what was the least then */
    assert_int_equal(saved.delay_count, 3);
    assert_int_equal(saved.rtt_min_ms, 0);
    assert_int_equal(saved.rtt_max_ms, 15);
    assert_int_equal(saved.delta_us, 1000000);
    udpst_count_trial(&c, 50 * MS, &s);
    assert_int_equal(s.clock_delta_ms, -3600 * 1000 + 18);
    assert_int_equal(s.rtt_minimum_ms, 40);
    assert_int_equal(s.rtt_sample_ms, 15);
    assert_int_equal(s.minimum_updated, 1);
    assert_int_equal(s.trial_us, 50000);
    assert_int_equal(s.trial_datagrams, 3);
    udpst_count_load(&c, 4, 1000, 60 * MS, ahead + 40 * MS);
    udpst_count_trial(&c, 100 * MS, &s);
    assert_int_equal(s.minimum_updated, 0);
    assert_int_equal(s.rtt_sample_ms, BW_UDPST_NO_DELAY); /* none since the last */
    assert_int_equal(s.rtt_minimum_ms, 40);
    assert_int_equal(s.delay_min_ms, 2);
    udpst_count_trial(&c, 150 * MS, &s);
    assert_int_equal(s.delay_min_ms, BW_UDPST_NO_DELAY); /* nothing came */
    assert_int_equal(s.trial_datagrams, 0);
}

static void lying_stamps_do_no_harm(void **state)
{
    struct udpst_count c;
    struct bw_udpst_status s;
    struct bw_udpst_subinterval saved;
    const int64_t most = (int64_t)UINT32_MAX * S + UINT32_MAX;
    (void)state;
    udpst_count_init(&c, 0);
    for (uint32_t i = 1; i < 100000; i++) {
        udpst_count_load(&c, i, 65535, 1789000200 * S, i % 2 ? most : 0);
    }
    udpst_count_saved(&c, &c.second, S, &saved);
    udpst_count_trial(&c, 50 * MS, &s);
    assert_int_equal(s.delay_max_ms, UINT32_MAX);
}

/* ---- options */

static struct bw_opts *opts_of(const char *const *pairs, size_t n, const char *address)
{
    struct bw_target t = {.name = "t"};
    const struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .targets = &t, .n_targets = 1};
    struct bw_opts *o = NULL;
    struct bw_err err;
    strncpy(t.address, address, sizeof(t.address) - 1);
    assert_int_equal(bw_opts_from_pairs(bw_probe_udpst.opts, &head, pairs, n, &o, &err), 0);
    return o;
}

static void costs_are_the_most(void **state)
{
    static const char *const pairs[] = {"direction=both", "duration=10s", "max_rate=1G"};
    struct bw_opts *o = opts_of(pairs, 3, "192.0.2.1");
    /* 10 s, and 2.2 s in which a server may be late with its stop */
    int64_t ms = 12200;
    (void)state;
    assert_int_equal(udpst_flow_load_ms(o), ms);
    assert_int_equal(bw_probe_udpst.cost_bytes(o, BW_UNKNOWN), ms * (125000 + 137500));
    /* a line of 100 Mbit/s brings no more than that; what we send is not bounded by it */
    assert_int_equal(bw_probe_udpst.cost_bytes(o, 100000000), ms * (125000 + 12500));
    assert_true(bw_probe_udpst.longest_ms(o) >= 2 * (5000 + 5000 + ms));
    bw_opts_free(o);
}

static void targets_are_checked(void **state)
{
    static const char *const good[] = {"192.0.2.1",           "192.0.2.1:5000",
                                       "[2001:db8::1]:24601", "2001:db8::1",
                                       "speed.example.org",   "speed.example.org:9"};
    static const char *const half[] = {"duration=2500ms"};
    struct bw_opts *o;
    struct bw_err err;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        o = opts_of(NULL, 0, good[i]);
        assert_int_equal(bw_probe_udpst.check(o, &err), 0);
        bw_opts_free(o);
    }
    o = opts_of(NULL, 0, "speed.example.org:0x1");
    assert_int_equal(bw_probe_udpst.check(o, &err), -EINVAL);
    bw_opts_free(o);
    o = opts_of(half, 1, "192.0.2.1");
    assert_int_equal(bw_probe_udpst.check(o, &err), -EINVAL);
    bw_opts_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_kept_to),
        cmocka_unit_test(the_highest_rate_holds),
        cmocka_unit_test(a_long_stall_is_no_heap),
        cmocka_unit_test(a_new_row_begins_soon),
        cmocka_unit_test(random_sizes_are_within),
        cmocka_unit_test(the_past_is_known),
        cmocka_unit_test(order_is_told),
        cmocka_unit_test(first_ones_may_be_lost),
        cmocka_unit_test(far_jumps),
        cmocka_unit_test(a_hole_closed_in_the_next_span),
        cmocka_unit_test(delays_are_over_the_least),
        cmocka_unit_test(lying_stamps_do_no_harm),
        cmocka_unit_test(costs_are_the_most),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
