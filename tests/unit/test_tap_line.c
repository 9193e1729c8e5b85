/* SPDX-License-Identifier: GPL-3.0-or-later
 * A tap between faked rings and a faked interface: what follows from what became of the
 * interface, from our own tests and from clocks, and how much is drawn. */
#include "tap_world.h"

#include <errno.h>
#include <string.h>

/* ---- how much is drawn */

static void the_draw_follows_the_line(void **state)
{
    struct bw_ring *r = &world.ring[0];
    (void)state;
    begin(BW_TAP_MIX);
    assert_int_equal(r->one_in, 64); /* nothing is known yet */
    second();
    assert_int_equal(r->one_in, 1); /* nothing came */
    world.clock.mono_ns += S / 10;
    bw_clock_fake(&world.clock);
    for (int i = 0; i < 70; i++) {
        crowd(100, 443, 100, 1, T0 * S);
    }
    r->opts.read(r->opts.owner);
    assert_int_equal(r->one_in, 70); /* 7,000 in 0.1 s */
    second();                        /* which is no rate of less by itself */
    assert_int_equal(r->one_in, 70);
    for (int i = 0; i < 10; i++) {
        second();
    }
    assert_int_equal(r->one_in, 1); /* it was quiet for ten seconds */
    for (int i = 0; i < 40; i++) {
        crowd(100, 443, 100, 1, now_s * S);
    }
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(r->one_in, 1); /* few for so long */
}

/* What a full line's ring holds is read with the second, which comes anyway. */
static void a_full_line_wakes_nobody(void **state)
{
    struct bw_ring *r = &world.ring[0];
    (void)state;
    begin(BW_TAP_FLOWS);
    assert_false(r->left_alone); /* 1 in 64 drawn, but nothing is known yet */
    second();
    assert_int_equal(r->one_in, 1);
    assert_false(r->left_alone);
    world.clock.mono_ns += S / 10;
    bw_clock_fake(&world.clock);
    for (int i = 0; i < 70; i++) {
        crowd(100, 443, 100, 1, T0 * S);
    }
    r->opts.read(r->opts.owner);
    assert_int_equal(r->one_in, 70); /* a line that just filled up */
    assert_false(r->left_alone);
    second();
    assert_true(r->left_alone);
    assert_false(world.ring[1].left_alone); /* of whole flows comes what comes */
    for (int i = 0; i < 90; i++) {
        crowd(100, 443, 100, 70, now_s * S);
    }
    second();
    assert_in_range(r->one_in, 71, 1000); /* far more: perhaps it goes on rising */
    assert_false(r->left_alone);
    second();
    assert_true(r->left_alone);
    for (int i = 0; i < 10; i++) {
        second();
    }
    assert_int_equal(r->one_in, 1); /* it is quiet again */
    assert_false(r->left_alone);
}

/* A line that fills within a second is counted once more when it has been full for one. */
static void a_jump_is_looked_at_twice(void **state)
{
    struct bw_ring *r = &world.ring[0];
    (void)state;
    begin(BW_TAP_MIX);
    second();
    world.clock.mono_ns += S * 9 / 10;
    bw_clock_fake(&world.clock);
    for (int i = 0; i < 50; i++) {
        crowd(100, 443, 100, 1, T0 * S);
    }
    r->opts.read(r->opts.owner);
    assert_int_equal(r->one_in, 5); /* 5,000 in 0.9 s, nearly all of them at its end */
    for (int i = 0; i < 40; i++) {  /* read so far: what came in half a second */
        crowd(100, 443, 100, 5, T0 * S + i * (S / 78));
    }
    second();
    assert_int_equal(r->one_in, 40); /* 20,000 in half a second */
    for (int i = 0; i < 20; i++) {
        crowd(100, 443, 100, 40, T0 * S);
    }
    second();
    assert_int_equal(r->one_in, 40); /* twice as many: not looked at for ten seconds */
}

static void a_pause_is_no_quiet_line(void **state)
{
    struct bw_ring *r = &world.ring[0];
    (void)state;
    begin(BW_TAP_MIX);
    second();
    for (int i = 0; i < 90; i++) {
        crowd(100, 443, 100, 1, now_s * S);
    }
    second();
    assert_int_equal(r->one_in, 9); /* 9,000 in a second */
    bw_tap_pause(tap, true);
    for (int i = 0; i < 7; i++) {
        second();
    }
    bw_tap_pause(tap, false);
    for (int i = 0; i < 10; i++) {
        crowd(100, 443, 100, 9, now_s * S);
    }
    second(); /* the tenth, at which N may fall */
    assert_int_equal(r->one_in, 9);
}

/* What was found of the last second is not undone by what was so before it. */
static void a_border_leaves_what_was_just_changed(void **state)
{
    struct bw_ring *r = &world.ring[0];
    (void)state;
    begin(BW_TAP_MIX);
    second();
    for (int i = 0; i < 90; i++) {
        crowd(100, 443, 100, 1, now_s * S);
    }
    second();
    assert_int_equal(r->one_in, 9);
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(r->one_in, 9);
    for (int i = 0; i < 30; i++) {
        second();
        for (int k = 0; k < 20; k++) {
            crowd(100, 443, 100, 9, now_s * S);
        }
        bw_tap_cut(tap, now_s, now_s);
    }
    assert_int_equal(r->one_in, 18); /* later borders have their say */
}

/* ---- the interface */

static void another_interface_of_that_name_is_bound_anew(void **state)
{
    struct bw_ring *r = &world.ring[0];
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
    assert_int_equal(r->ifindex, 7);
    world.nic_error = -ENODEV;
    second();
    assert_int_equal(state_now(), BW_TAP_INTERFACE_GONE);
    assert_true(r->held && world.ring[1].held);
    second();
    world.nic_error = 0;
    world.nic.ifindex = 9;
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
    assert_int_equal(r->ifindex, 9);
    assert_int_equal(world.ring[1].ifindex, 9);
    assert_false(r->held || world.ring[1].held);
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_string_equal(t.state, "interface-gone");
    assert_int_equal(t.covered_s, 2); /* of 5 */
    bw_summary_done(&sum);
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0 + 5, &t), 0);
    assert_string_equal(t.state, "");
    bw_summary_done(&sum);
    world.nic.ifindex = 10; /* made anew between two looks */
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
    assert_int_equal(r->ifindex, 10);
}

static void a_new_name_is_told(void **state)
{
    struct bw_tap_status st;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    world.nic_error = -ENODEV;
    world.called = "lan7";
    second();
    bw_tap_status(tap, &st);
    assert_int_equal(st.state, BW_TAP_INTERFACE_GONE);
    assert_string_equal(st.detail, "wan0 is called lan7 now");
    world.nic_error = 0; /* its name again: the same one */
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
    assert_int_equal(world.ring[0].binds, 1);
}

/* Bonds, bridges and failover do so: the way of every frame hangs on it. */
static void another_mac_is_followed(void **state)
{
    struct bw_tap_opts o;
    struct bw_traffic t;
    (void)state;
    asked_for(BW_TAP_MIX, &o);
    o.own = BW_TAP_OWN_INNER;
    world.nic.has_mac = true;
    (void)memcpy(world.nic.mac, (const uint8_t[]){2, 0, 0, 0, 0, 9}, 6);
    begin_with(&o);
    second();
    world.nic.mac[5] = 2; /* whom the packets of give() come from */
    second();
    assert_int_equal(world.ring[0].binds, 2);
    assert_false(world.ring[0].held);
    crowd(40, 443, 1000, 1, now_s * S);
    second();
    assert_int_equal(world.ring[0].binds, 2);
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.n_mix, 1);
    assert_int_equal(t.mix[0].up_ppm, 1000000);
    assert_int_equal(t.covered_s, 2); /* not the second of the change */
    bw_summary_done(&sum);
}

static void a_mac_that_tells_nothing_is_let_alone(void **state)
{
    (void)state;
    world.nic.has_mac = true;
    begin(BW_TAP_MIX);
    second();
    world.nic.mac[5] = 2;
    second();
    assert_int_equal(world.ring[0].binds, 1);
}

static void switched_off_is_not_gone(void **state)
{
    (void)state;
    begin(BW_TAP_MIX);
    second();
    world.nic.up = false;
    second();
    assert_int_equal(state_now(), BW_TAP_INTERFACE_DOWN);
    world.nic.up = true;
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
    assert_int_equal(world.ring[0].binds, 1);
    assert_false(world.ring[0].held);
}

static void refused_is_said_and_tried_again(void **state)
{
    struct bw_tap_opts o = {
        .circuit = "wan", .what = BW_TAP_MIX, .interface = "wan0", .promiscuous = true};
    struct bw_traffic t;
    (void)state;
    world.bind_error = -EPERM;
    assert_int_equal(bw_tap_new(NULL, &o, &tap, NULL), 0);
    now_s = T0;
    bw_tap_begin(tap, now_s);
    second();
    assert_int_equal(state_now(), BW_TAP_REFUSED);
    assert_true(world.ring[0].promiscuous && world.ring[0].held);
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_string_equal(t.state, "refused");
    assert_int_equal(t.covered_s, 0);
    assert_true(t.captured == BW_UNKNOWN && t.capture_drops == BW_UNKNOWN);
    bw_summary_done(&sum);
    world.bind_error = 0;
    second();
    assert_int_equal(state_now(), BW_TAP_RUNS);
}

static void without_rights_there_is_a_state_and_nothing_else(void **state)
{
    struct bw_traffic t;
    struct bw_tap_opts flows = {.what = BW_TAP_FLOWS};
    (void)state;
    world.open_error = -EPERM;
    begin(BW_TAP_MIX);
    second();
    assert_int_equal(state_now(), BW_TAP_NO_RIGHTS);
    bw_tap_pause(tap, true);
    bw_tap_pause(tap, false);
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_string_equal(t.state, "no-rights");
    assert_int_equal(t.covered_s, 0);
    assert_true(t.captured == BW_UNKNOWN && t.sampled_1_in == BW_UNKNOWN);
    assert_false(bw_tap_can(tap, &flows));
    bw_summary_done(&sum);
}

static void a_test_of_ours_is_not_captured(void **state)
{
    struct bw_ring *r = &world.ring[0];
    struct bw_traffic t;
    int filters;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    bw_tap_pause(tap, true);
    assert_true(r->held);
    filters = r->filters;
    second();
    second();
    assert_int_equal(r->filters, filters);
    assert_int_equal(state_now(), BW_TAP_PAUSED);
    bw_tap_pause(tap, false);
    assert_false(r->held);
    second();
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.covered_s, 2); /* the first, and one that was whole after it */
    assert_string_equal(t.state, "");
    assert_true(has_flag(&t, "own-test"));
    bw_summary_done(&sum);
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0 + 5, &t), 0);
    assert_false(has_flag(&t, "own-test"));
    bw_summary_done(&sum);
}

/* However short it is, and whatever the interval. */
static void a_second_with_a_test_in_it_is_not_covered(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    bw_tap_pause(tap, true);
    bw_tap_pause(tap, false);
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.covered_s, 1);
    bw_summary_done(&sum);
}

static void another_hour_follows_other_flows(void **state)
{
    struct bw_ring *r = &world.ring[1];
    struct bw_ring_filter first;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    first = r->filter;
    for (int i = 0; i < 3598; i++) {
        second();
    }
    assert_int_equal(r->filters, 1);
    second();
    second();
    assert_int_equal(r->filters, 2);
    assert_int_equal(r->filter.n, first.n);
    assert_memory_not_equal(&r->filter, &first, sizeof(first));
}

static void a_clock_that_was_set_begins_anew(void **state)
{
    struct bw_ring *r = &world.ring[0];
    struct bw_traffic t;
    int holds;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    holds = r->holds;
    bw_tap_second(tap, T0 + 2, true);
    assert_int_equal(r->holds, holds + 1);
    assert_false(r->held || world.ring[1].held);
    bw_tap_cut(tap, T0 + 2, T0 + 4000);
    now_s = T0 + 4000;
    second();
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_in_range(t.covered_s, 1, 2);
    bw_summary_done(&sum);
    assert_int_equal(take(T0 + 4000, &t), 0);
    assert_int_equal(t.covered_s, 1); /* the first was not whole */
    bw_summary_done(&sum);
}

/* An hour is one of the clock that nobody sets. */
static void keys_of_an_hour_outlive_no_clock_set_back(void **state)
{
    struct bw_ring *r = &world.ring[1];
    int filters;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    bw_tap_second(tap, T0 + 2, true);
    now_s = T0 - 86400;
    bw_tap_cut(tap, T0 + 2, now_s);
    filters = r->filters;
    for (int i = 0; i < 3601; i++) {
        second();
    }
    assert_int_equal(r->filters, filters + 1);
}

static void drops_are_told_once(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    world.ring[0].drops = 3;
    world.ring[1].drops = 4;
    bw_tap_cut(tap, now_s, now_s);
    second();
    world.ring[1].drops = 5;
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.capture_drops, 7);
    bw_summary_done(&sum);
    assert_int_equal(take(T0 + 1, &t), 0);
    assert_int_equal(t.capture_drops, 1);
    bw_summary_done(&sum);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_draw_follows_the_line),
        TEST(a_full_line_wakes_nobody),
        TEST(a_jump_is_looked_at_twice),
        TEST(a_pause_is_no_quiet_line),
        TEST(a_border_leaves_what_was_just_changed),
        TEST(another_interface_of_that_name_is_bound_anew),
        TEST(a_new_name_is_told),
        TEST(another_mac_is_followed),
        TEST(a_mac_that_tells_nothing_is_let_alone),
        TEST(switched_off_is_not_gone),
        TEST(refused_is_said_and_tried_again),
        TEST(without_rights_there_is_a_state_and_nothing_else),
        TEST(a_test_of_ours_is_not_captured),
        TEST(a_second_with_a_test_in_it_is_not_covered),
        TEST(another_hour_follows_other_flows),
        TEST(a_clock_that_was_set_begins_anew),
        TEST(keys_of_an_hour_outlive_no_clock_set_back),
        TEST(drops_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
