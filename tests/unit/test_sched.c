/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sched.c - when a heavy test starts and whether it may, in integers. */
#include "bw_test.h"
#include "schedule.h"

#include <hash.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(1795305600)

static uint8_t always[BW_SCHED_DAY_MIN];

static void logarithm(void **state)
{
    (void)state;
    assert_int_equal(bw_sched_neg_ln_ppm(UINT32_C(1) << 31), 693147);
    assert_int_equal(bw_sched_neg_ln_ppm(UINT32_C(1) << 30), 1386294);
    assert_int_equal(bw_sched_neg_ln_ppm(1), 22180710);
    for (uint32_t u = 3; u < UINT32_MAX / 3; u = u * 3 + 1) {
        int64_t want = llround(-log((double)u / 4294967296.0) * 1e6);
        int64_t got = bw_sched_neg_ln_ppm(u);
        assert_true(got - want >= -1 && got - want <= 1);
    }
}

static void starts_are_fixed_by_the_secret(void **state)
{
    int64_t a[BW_SCHED_STARTS_MAX];
    int64_t b[BW_SCHED_STARTS_MAX];
    uint8_t secret[BW_SCHED_SECRET_LEN] = {1, 2, 3};
    (void)state;
    size_t n =
        bw_sched_day(secret, "http/state", DAY, 600000, always, a, BW_SCHED_STARTS_MAX);
    assert_true(n > 100 && n < 190); /* 144 on average */
    assert_int_equal(
        bw_sched_day(secret, "http/state", DAY, 600000, always, b, BW_SCHED_STARTS_MAX), n);
    assert_memory_equal(a, b, n * sizeof(a[0]));
    /* Written down once: another machine, another year, the same milliseconds. */
    assert_int_equal(a[0], 156263);
    assert_int_equal(a[1], 718685);
    (void)bw_sched_day(secret, "http/other", DAY, 600000, always, b, BW_SCHED_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
    (void)bw_sched_day(secret, "http/state", DAY + 86400, 600000, always, b,
                       BW_SCHED_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
    secret[31] = 1;
    (void)bw_sched_day(secret, "http/state", DAY, 600000, always, b, BW_SCHED_STARTS_MAX);
    assert_int_not_equal(a[0], b[0]);
}

static void gaps_are_exponential_and_clamped(void **state)
{
    int64_t at[BW_SCHED_STARTS_MAX];
    int64_t sum = 0;
    int64_t n_gaps = 0;
    int64_t below_half = 0;
    (void)state;
    for (int k = 0; k < 200; k++) {
        uint8_t secret[BW_SCHED_SECRET_LEN] = {(uint8_t)k};
        size_t n = bw_sched_day(secret, "x", DAY, 3600000, always, at, BW_SCHED_STARTS_MAX);
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
    uint8_t allowed[BW_SCHED_DAY_MIN] = {0};
    int64_t at[BW_SCHED_STARTS_MAX];
    const uint8_t secret[BW_SCHED_SECRET_LEN] = {9};
    (void)state;
    assert_int_equal(
        bw_sched_day(secret, "x", DAY, 60000, allowed, at, BW_SCHED_STARTS_MAX), 0);
    for (int i = 60; i < 90; i++) {
        allowed[i] = 1;
        allowed[i + 600] = 1;
    }
    size_t n = bw_sched_day(secret, "x", DAY, 60000, allowed, at, BW_SCHED_STARTS_MAX);
    assert_true(n > 30 && n < 100);
    int64_t last = -1;
    for (size_t i = 0; i < n; i++) {
        assert_true(allowed[at[i] / 60000]);
        assert_true(at[i] > last);
        last = at[i];
    }
    assert_true(at[0] < 5400000 && last > 39600000);
    assert_int_equal(bw_sched_day(secret, "x", DAY, 60000, allowed, at, 3), 3);
}

static struct bw_sched_state calm(void)
{
    return (struct bw_sched_state){.now_mono_ms = 1000000,
                                   .due_mono_ms = 1000000,
                                   .give_up_ms = 3600000,
                                   .retry_ms = 300000,
                                   .minute_allowed = true,
                                   .cost_bytes = 100,
                                   .spent_bytes = 0,
                                   .day_bytes = 1000,
                                   .gate = BW_SCHED_GATE_SHARE,
                                   .gate_ppm = 100000,
                                   .claim_bps = {100000000, 20000000},
                                   .link_bps = 1000000000,
                                   .carried_bps = {10000000, 2000000}};
}

static void expect(const struct bw_sched_state *s, enum bw_sched_verdict v, const char *why)
{
    struct bw_sched_decision d;
    bw_sched_decide(s, &d);
    assert_int_equal(d.verdict, v);
    if (why) {
        assert_non_null(strstr(d.reason, why));
    }
}

static void decisions(void **state)
{
    struct bw_sched_state s = calm();
    struct bw_sched_decision d;
    (void)state;
    expect(&s, BW_SCHED_RUN, NULL); /* exactly at the gate is not above it */

    s.now_mono_ms = 999999;
    bw_sched_decide(&s, &d);
    assert_int_equal(d.verdict, BW_SCHED_WAIT);
    assert_int_equal(d.next_mono_ms, 1000000);

    s = calm();
    s.carried_bps[BW_UP] = 2000001;
    bw_sched_decide(&s, &d);
    assert_int_equal(d.verdict, BW_SCHED_DEFER);
    assert_int_equal(d.next_mono_ms, 1300000);
    assert_non_null(strstr(d.reason, "busy"));

    s.claim_bps[BW_UP] = BW_UNKNOWN; /* nothing claimed: a share of the link */
    expect(&s, BW_SCHED_RUN, NULL);
    s.link_bps = BW_UNKNOWN; /* and of nothing at all */
    s.carried_bps[BW_UP] = INT64_C(1000000000);
    expect(&s, BW_SCHED_RUN, NULL);

    s = calm();
    s.gate = BW_SCHED_GATE_FCC;
    expect(&s, BW_SCHED_DEFER, "64 kbit/s");
    s.carried_bps[BW_DOWN] = 64000;
    expect(&s, BW_SCHED_DEFER, "32 kbit/s");
    s.carried_bps[BW_UP] = 32000;
    expect(&s, BW_SCHED_RUN, NULL);
    s.gate = BW_SCHED_GATE_OFF;
    s.carried_bps[BW_UP] = INT64_MAX;
    expect(&s, BW_SCHED_RUN, NULL);

    s = calm(); /* no counters: nothing to gate by */
    s.carried_bps[BW_DOWN] = BW_UNKNOWN;
    s.carried_bps[BW_UP] = BW_UNKNOWN;
    expect(&s, BW_SCHED_RUN, NULL);

    s = calm();
    s.running = true;
    expect(&s, BW_SCHED_DEFER, "another test");
    s.now_mono_ms = s.due_mono_ms + s.give_up_ms - s.retry_ms;
    expect(&s, BW_SCHED_DEFER, "another test");
    s.now_mono_ms++;
    expect(&s, BW_SCHED_GIVE_UP, "another test");

    s = calm();
    s.outage = true;
    expect(&s, BW_SCHED_DEFER, "outage");

    s = calm();
    s.minute_allowed = false;
    expect(&s, BW_SCHED_DEFER, "class hours");

    s = calm();
    s.spent_bytes = 900;
    expect(&s, BW_SCHED_RUN, NULL);
    s.spent_bytes = 901;
    expect(&s, BW_SCHED_GIVE_UP, "budget");
}

static void a_person_asks(void **state)
{
    struct bw_sched_state s = calm();
    (void)state;
    s.asked = true;
    s.minute_allowed = false;
    s.carried_bps[BW_DOWN] = INT64_MAX;
    expect(&s, BW_SCHED_RUN, NULL);
    s.running = true;
    expect(&s, BW_SCHED_GIVE_UP, "another test");
    s.running = false;
    s.spent_bytes = 1000;
    expect(&s, BW_SCHED_GIVE_UP, "budget");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm),
        cmocka_unit_test(starts_are_fixed_by_the_secret),
        cmocka_unit_test(gaps_are_exponential_and_clamped),
        cmocka_unit_test(only_in_allowed_minutes),
        cmocka_unit_test(decisions),
        cmocka_unit_test(a_person_asks),
    };
    assert_int_equal(bw_crypto_init(), 0);
    memset(always, 1, sizeof(always));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
