/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sched.c - may a heavy test start, in integers. */
#include "bw_test.h"
#include "schedule.h"

#include <string.h>

static struct bw_sched_state calm(void)
{
    return (struct bw_sched_state){.now_mono_ms = 1000000,
                                   .due_mono_ms = 1000000,
                                   .give_up_mono_ms = 4600000,
                                   .retry_ms = 300000,
                                   .minute_allowed = true,
                                   .cost_bytes = 100,
                                   .spent_bytes = 0,
                                   .day_bytes = 1000,
                                   .month_spent_bytes = 5000,
                                   .month_bytes = BW_UNKNOWN,
                                   .down = true,
                                   .up = true,
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
    s.now_mono_ms = s.give_up_mono_ms - s.retry_ms;
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
    expect(&s, BW_SCHED_GIVE_UP, "of the day's");
    s.day_bytes = BW_UNKNOWN;
    expect(&s, BW_SCHED_RUN, NULL);
    s.month_bytes = 5100;
    expect(&s, BW_SCHED_RUN, NULL);
    s.month_bytes = 5099;
    expect(&s, BW_SCHED_GIVE_UP, "of the month's");
}

/* Only the direction that a test loads has to be free. */
static void a_gate_a_direction(void **state)
{
    struct bw_sched_state s = calm();
    (void)state;
    s.gate = BW_SCHED_GATE_FCC;
    s.carried_bps[BW_DOWN] = 64000;
    s.carried_bps[BW_UP] = 32001;
    expect(&s, BW_SCHED_DEFER, "32 kbit/s");
    s.up = false;
    expect(&s, BW_SCHED_RUN, NULL);
    s.up = true;
    s.down = false;
    expect(&s, BW_SCHED_DEFER, "up");
    s.carried_bps[BW_DOWN] = INT64_MAX;
    s.carried_bps[BW_UP] = 32000;
    expect(&s, BW_SCHED_RUN, NULL);
}

/* A counter that cannot be read is no quiet line; for the first seconds it is waited for.
 */
static void a_counter_that_cannot_be_read(void **state)
{
    struct bw_sched_state s = calm();
    struct bw_sched_decision d;
    (void)state;
    s.counted = true;
    expect(&s, BW_SCHED_RUN, NULL);
    s.carried_bps[BW_UP] = BW_UNKNOWN;
    bw_sched_decide(&s, &d);
    assert_int_equal(d.verdict, BW_SCHED_WAIT);
    assert_int_equal(d.next_mono_ms, 1003000);
    assert_non_null(strstr(d.reason, "no counter"));
    s.now_mono_ms = 1003000;
    expect(&s, BW_SCHED_DEFER, "no counter");
    s.gate = BW_SCHED_GATE_FCC;
    expect(&s, BW_SCHED_DEFER, "no counter");
    s.now_mono_ms = s.give_up_mono_ms;
    expect(&s, BW_SCHED_GIVE_UP, "no counter");

    s.now_mono_ms = 1003000;
    s.asked = true;
    expect(&s, BW_SCHED_RUN, NULL);
    s.asked = false;
    s.gate = BW_SCHED_GATE_OFF; /* nobody asks what users draw … */
    expect(&s, BW_SCHED_RUN, NULL);
    s.gate = BW_SCHED_GATE_SHARE;
    s.up = false; /* … in this direction */
    expect(&s, BW_SCHED_RUN, NULL);
    s.up = true;
    s.claim_bps[BW_UP] = BW_UNKNOWN; /* a share of nothing at all */
    s.link_bps = BW_UNKNOWN;
    expect(&s, BW_SCHED_RUN, NULL);
}

static void until_the_hour_is_over(void **state)
{
    const int64_t hour_ms = INT64_C(3600000) * 498000;
    (void)state;
    assert_int_equal(bw_sched_give_up_unix_ms(hour_ms + 5, 3600000, false),
                     hour_ms + 3600005);
    assert_int_equal(bw_sched_give_up_unix_ms(hour_ms + 5, 3600000, true),
                     hour_ms + 3600000);
    assert_int_equal(bw_sched_give_up_unix_ms(hour_ms, 3600000, true), hour_ms + 3600000);
    assert_int_equal(bw_sched_give_up_unix_ms(hour_ms + 3599999, 60000, true),
                     hour_ms + 3600000);
    assert_int_equal(bw_sched_give_up_unix_ms(hour_ms + 5, 60000, true), hour_ms + 60005);
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
        cmocka_unit_test(decisions),
        cmocka_unit_test(a_gate_a_direction),
        cmocka_unit_test(a_counter_that_cannot_be_read),
        cmocka_unit_test(until_the_hour_is_over),
        cmocka_unit_test(a_person_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
