/* SPDX-License-Identifier: GPL-3.0-or-later
 * A tap between faked rings and a faked interface: which interval a packet counts in, and
 * what is told of it. */
#include "tap_world.h"

#include <errno.h>
#include <hist.h>
#include <string.h>

/* ---- intervals */

static void a_packet_counts_where_its_stamp_says(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    crowd(40, 443, 1000, 1, T0 * S + 5);
    second();
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    crowd(40, 53, 500, 1, (T0 + 2) * S - 1); /* read after the cut, seen before it */
    crowd(40, 123, 100, 1, (T0 + 2) * S);
    crowd(40, 123, 100, 1, (T0 + 2) * S - 1); /* too late: it goes to the next */
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.captured, 80);
    assert_int_equal(t.covered_s, 2);
    assert_int_equal(t.n_mix, 2);
    bw_assert_near((double)row(&t, "quic")->up_ppm, 2e6 / 3, 1);
    assert_true(row(&t, "quic")->up_low_ppm == BW_UNKNOWN); /* nothing was left out */
    bw_summary_done(&sum);
    second();
    bw_tap_cut(tap, T0 + 3, T0 + 3);
    assert_int_equal(take(T0 + 2, &t), 0);
    assert_int_equal(t.captured, 80);
    assert_int_equal(row(&t, "ntp")->up_ppm, 1000000);
    bw_summary_done(&sum);
    assert_int_equal(take(T0 + 2, &t), -ENOENT);
}

static void a_packet_stands_for_as_many_as_it_was_drawn_of(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    crowd(40, 443, 1000, 9, T0 * S);
    crowd(40, 53, 1000, 1, T0 * S);
    second();
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    assert_int_equal(take(T0, &t), 0);
    bw_assert_near((double)row(&t, "quic")->up_ppm, 9e5, 1);
    assert_true(row(&t, "quic")->up_low_ppm < 900000);
    assert_int_equal(t.sampled_1_in, 5);
    bw_summary_done(&sum);
}

static void shares_are_never_more_than_the_whole(void **state)
{
    struct bw_traffic t;
    int64_t all = 0;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    for (size_t i = 0; i < 4; i++) { /* a sixth each, rounded up, and a third: 1,000,001 */
        static const uint16_t ports[] = {443, 53, 123, 500};
        crowd(40, ports[i], 1000, 1, T0 * S);
    }
    crowd(40, 9, 2000, 1, T0 * S);
    second();
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    assert_int_equal(take(T0, &t), 0);
    for (size_t i = 0; i < t.n_mix; i++) {
        all += t.mix[i].up_ppm;
        assert_true(t.mix[i].up_ppm > 0);
    }
    assert_int_equal(all, 1000000);
    bw_summary_done(&sum);
}

static void of_few_devices_nothing_is_told(void **state)
{
    struct bw_traffic t;
    struct bw_tap_status st;
    (void)state;
    begin(BW_TAP_MIX);
    second();
    for (int i = 0; i < 20; i++) {
        crowd(3, 22, 1000, 1, T0 * S);
    }
    second();
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(t.n_mix + t.n_families + t.n_sizes, 0);
    assert_int_equal(t.captured, 60);
    assert_true(has_flag(&t, "merged-small"));
    bw_tap_status(tap, &st);
    assert_true(st.untold);
    bw_summary_done(&sum);
}

/* ---- round trips of saturated seconds */

static void shake(uint8_t client, int64_t at_ns, int64_t wan_ns)
{
    struct said s = {.up = true,
                     .client = client,
                     .protocol = 6,
                     .port = 443,
                     .flags = 2,
                     .seq = 100,
                     .wire = 54,
                     .one_in = 1};
    give(1, &s, at_ns);
    s = (struct said){.client = client,
                      .protocol = 6,
                      .port = 443,
                      .flags = 18,
                      .seq = 900,
                      .ack = 101,
                      .wire = 54,
                      .one_in = 1};
    give(1, &s, at_ns + wan_ns);
}

static int64_t count(const char *text)
{
    int64_t n = 0;
    assert_int_equal(text ? bw_hist_total(text, strlen(text), &n) : 0, 0);
    return n;
}

static void round_trips_of_full_seconds_stand_alone(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    for (uint8_t c = 1; c <= 40; c++) { /* 10 in the first second, 30 in the second */
        shake(c, (T0 + (c > 10)) * S + c * 1000000, 20000000);
    }
    second();
    bw_tap_saturated(tap, T0 + 1);
    bw_tap_saturated(tap, T0 - 1); /* of which there is nothing */
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    shake(9, (T0 + 2) * S + 1, 20000000); /* the next interval's */
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(count(t.tcp_rtt_hist), 40);
    assert_int_equal(count(t.saturated_rtt_hist), 30);
    assert_int_equal(t.devices_min, 40);
    assert_int_equal(t.flows_1_in, 1);
    bw_summary_done(&sum);
}

/* What was seen before the cut, and is read after it. */
static void a_full_second_that_is_read_late_is_one(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    second();
    bw_tap_saturated(tap, T0 + 1); /* of which nothing has been read */
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    for (uint8_t c = 1; c <= 40; c++) {
        shake(c, (T0 + 1) * S + c * 1000000, 20000000);
    }
    shake(9, (T0 + 2) * S + 1, 20000000); /* the next interval's */
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(count(t.tcp_rtt_hist), 40);
    assert_int_equal(count(t.saturated_rtt_hist), 40);
    bw_summary_done(&sum);
}

/* Of what was seen under other options nothing is told, nor of its full seconds. */
static void other_options_begin_anew(void **state)
{
    struct bw_tap_opts o;
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    for (uint8_t c = 1; c <= 40; c++) {
        shake(c, T0 * S + c * 1000000, 20000000);
    }
    bw_tap_saturated(tap, T0);
    asked_for(BW_TAP_FLOWS, &o);
    o.flows_one_in = 2;
    bw_tap_set(tap, &o);
    bw_tap_begin(tap, now_s);
    second();
    for (uint8_t c = 1; c <= 40; c++) {
        shake(c, (T0 + 1) * S + c * 1000000, 20000000);
    }
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0 + 1, &t), 0);
    assert_int_equal(t.flows_1_in, 2);
    assert_int_equal(count(t.tcp_rtt_hist), 40);
    assert_null(t.saturated_rtt_hist);
    bw_summary_done(&sum);
}

static void what_is_not_followed_any_more_is_not_told(void **state)
{
    struct bw_tap_opts o;
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    asked_for(BW_TAP_MIX, &o);
    bw_tap_set(tap, &o);
    bw_tap_begin(tap, now_s);
    second();
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0 + 1, &t), 0);
    assert_int_equal(t.covered_s, 1); /* not the second it was set in */
    assert_true(t.flows_1_in == BW_UNKNOWN && t.flows == BW_UNKNOWN);
    bw_summary_done(&sum);
}

/* ---- whose a figure is */

/* So many clients ask and are answered, without TCP. */
static void ask(uint8_t first, uint8_t clients, int64_t at_ns)
{
    for (uint8_t c = first; c < first + clients; c++) {
        struct said s = {
            .up = true, .client = c, .protocol = 17, .port = 53, .wire = 90, .one_in = 1};
        give(1, &s, at_ns);
        s.up = false;
        give(1, &s, at_ns + 1000000);
    }
}

/* Of a connection that shake() began: so much data up. */
static void send_up(uint8_t client, uint32_t bytes, int64_t at_ns)
{
    const struct said s = {.up = true,
                           .client = client,
                           .protocol = 6,
                           .port = 443,
                           .flags = 16,
                           .seq = 101,
                           .ack = 901,
                           .wire = 54 + bytes,
                           .one_in = 1};
    give(1, &s, at_ns);
}

/* One TCP connection among many that are none: sizes are of all, the rest is of one. */
static void round_trips_of_one_are_not_told(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    ask(1, 30, T0 * S);
    shake(100, T0 * S, 20000000);
    send_up(100, 500, T0 * S + 40000000);
    while (now_s < T0 + 70) {
        second();
    }
    bw_tap_saturated(tap, T0);
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(count(t.flow_size_hist), 31);
    assert_int_equal(t.flows, 31);
    assert_null(t.tcp_rtt_hist);
    assert_null(t.saturated_rtt_hist);
    assert_null(t.wan_min_hist);
    assert_null(t.lan_rtt_hist);
    assert_null(t.lan_min_hist);
    assert_true(t.retransmit_ppm == BW_UNKNOWN && t.tcp[BW_UP].bytes == BW_UNKNOWN);
    assert_true(has_flag(&t, "merged-small"));
    bw_summary_done(&sum);
}

/* Each figure of TCP is of those that it is of, not of all that had TCP. */
static void each_figure_has_its_own_devices(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    second();
    for (uint8_t c = 1; c <= 40; c++) { /* 37 in the first second, 3 in the second */
        shake(c, (T0 + (c > 37)) * S + c * 1000000, 20000000);
    }
    send_up(1, 500, T0 * S + 900000000);
    second();
    bw_tap_saturated(tap, T0 + 1);
    bw_tap_cut(tap, T0 + 2, T0 + 2);
    assert_int_equal(take(T0, &t), 0);
    assert_int_equal(count(t.tcp_rtt_hist), 40);
    assert_null(t.saturated_rtt_hist);
    assert_true(t.retransmit_ppm == BW_UNKNOWN && t.tcp[BW_UP].bytes == BW_UNKNOWN);
    assert_int_equal(t.flows, 0);
    assert_true(has_flag(&t, "merged-small"));
    bw_summary_done(&sum);
}

/* ---- whose addresses are not known to be the school's */

/* From one address of the Internet's version 6 to another, neither of them inside. */
static void stray(uint8_t last, int times, const char *prefix)
{
    uint8_t p[62] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60};
    struct bw_ring_frame f = {.bytes = p,
                              .captured = sizeof(p),
                              .wire = sizeof(p),
                              .link = BW_PACKET_LINK_ETHERNET,
                              .one_in = 1,
                              .at_ns = T0 * S};
    p[19] = 8; /* of UDP, of which there is nothing but the header */
    p[20] = 17;
    (void)memcpy(p + 22, prefix, 2);
    p[37] = last;
    (void)memcpy(p + 38, prefix, 2);
    p[53] = 1;
    p[59] = 8;
    for (int i = 0; i < times; i++) {
        world.ring[0].opts.frame(world.ring[0].opts.owner, &f);
    }
}

/* All of IPv4 is told, and none of IPv6: that is no share of the line. */
static void strays_are_told_of(void **state)
{
    static const struct {
        int times;
        const char *prefix;
        bool flagged;
    } tries[] = {{400, "\x20\x01", true},
                 {40, "\x20\x01", true},
                 {10, "\x20\x01", false},  /* less than one in twenty */
                 {400, "\xfc\x00", false}, /* within the school */
                 {400, "\xfe\x80", false}};
    (void)state;
    begin(BW_TAP_MIX);
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct bw_traffic t;
        int64_t start_s = now_s;
        second();
        for (int n = 0; n < 15; n++) {
            crowd(40, 443, 1000, 1, start_s * S);
        }
        stray(7, tries[i].times, tries[i].prefix);
        second();
        bw_tap_cut(tap, now_s, now_s);
        assert_int_equal(take(start_s, &t), 0);
        assert_int_equal(t.captured, 600 + tries[i].times);
        assert_int_equal(has_flag(&t, "no-direction"), tries[i].flagged);
        bw_summary_done(&sum);
    }
}

/* Each pause begins flows anew, but the same three devices stay three. */
static void pauses_make_no_more_devices(void **state)
{
    struct bw_traffic t;
    (void)state;
    begin(BW_TAP_FLOWS);
    for (int i = 0; i < 20; i++) {
        second();
        for (uint8_t c = 1; c <= 3; c++) {
            shake(c, (T0 + i) * S + c * 1000000, 20000000);
        }
        bw_tap_pause(tap, true);
        bw_tap_pause(tap, false);
    }
    second();
    bw_tap_cut(tap, now_s, now_s);
    assert_int_equal(take(T0, &t), 0);
    assert_null(t.tcp_rtt_hist);
    assert_true(has_flag(&t, "merged-small"));
    bw_summary_done(&sum);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_packet_counts_where_its_stamp_says),
        TEST(a_packet_stands_for_as_many_as_it_was_drawn_of),
        TEST(shares_are_never_more_than_the_whole),
        TEST(of_few_devices_nothing_is_told),
        TEST(round_trips_of_full_seconds_stand_alone),
        TEST(a_full_second_that_is_read_late_is_one),
        TEST(other_options_begin_anew),
        TEST(what_is_not_followed_any_more_is_not_told),
        TEST(round_trips_of_one_are_not_told),
        TEST(each_figure_has_its_own_devices),
        TEST(strays_are_told_of),
        TEST(pauses_make_no_more_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
