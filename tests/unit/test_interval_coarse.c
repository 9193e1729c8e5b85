/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_interval_coarse.c - circuits whose counters come late and in steps: bytes at the
 * borders, no one-second figures, a test's line within its error or not at all. */
#include "interval_fixture.h"

#include "rates.h"

#include <errno.h>
#include <math.h>

static uint32_t edge; /* the circuit */

static int set_up_coarse(void **state)
{
    struct bw_interval_circuit c = {.id = "snmp",
                                    .vantage = BW_VANTAGE_LAN_SIDE,
                                    .source = BW_SOURCE_SNMP,
                                    .layer = BW_LAYER_ETHERNET,
                                    .resolution_ms = BW_UNKNOWN,
                                    .coarse = true,
                                    .claim_bps = {10000000, BW_UNKNOWN}};
    int r = set_up(state);
    int i = r == 0 ? bw_interval_add_circuit(f.iv, &c) : -1;
    edge = (uint32_t)i;
    return i >= 0 ? 0 : -1;
}

/* Counts taken between ms - slack_ms and ms, asked for each second. */
static void reading_of(int64_t ms, int64_t slack_ms, int64_t refresh_ms, int64_t bytes)
{
    int64_t age_ns = bw_rates_age_ns(slack_ms * MS, refresh_ms, 1000);
    struct bw_reading r = {.mono_ns = at(ms),
                           .slack_ns = slack_ms * MS,
                           .age_ns = age_ns,
                           .ifindex = 1,
                           .carrier = true,
                           .link_bps = INT64_C(100000000),
                           .mtu = BW_UNKNOWN};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        r.dir[d] = (struct bw_counter_dir){.bytes = bytes,
                                           .packets = BW_UNKNOWN,
                                           .drops = BW_UNKNOWN,
                                           .errors = BW_UNKNOWN};
    }
    bw_interval_reading(f.iv, edge, START + (ms - age_ns / MS + 500) / 1000, &r);
}

static void reading(int64_t ms, int64_t slack_ms, int64_t bytes)
{
    reading_of(ms, slack_ms, 1000, bytes);
}

static const struct bw_circuit_summary *circuit(const struct bw_summary *s)
{
    return &s->circuits[edge];
}

static void bytes_reach_over_the_border(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 15000, 20000);
    /* A thousand bytes a millisecond, told every 15 s, 5 s after it was. */
    for (int64_t t = 5; t <= 50; t += 15) {
        reading(t * 1000, 1000, t * 1000000);
    }
    cut(60);
    assert_int_equal(bw_interval_take(f.iv, at(79999), &s), -EAGAIN);
    reading(65000, 1000, 65000000);
    take(80000, &s);
    assert_int_equal(circuit(&s)->covered_s, 55);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, 55000000);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].p95_1s_bps, BW_UNKNOWN);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].peak_1s_bps, BW_UNKNOWN);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].packets, BW_UNKNOWN);
    assert_int_equal(circuit(&s)->resolution_ms, 15000);
    assert_int_equal(circuit(&s)->link_bps, 100000000);
    bw_summary_done(&s);
    /* The rest of the span that reached over is the next one's, once. */
    for (int64_t t = 80; t <= 125; t += 15) {
        reading(t * 1000, 1000, t * 1000000);
    }
    cut(120);
    take(140000, &s);
    assert_int_equal(circuit(&s)->covered_s, 60);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, 60000000);
    bw_summary_done(&s);
}

static void what_comes_too_late_is_not_covered(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 3000, 8000);
    for (int64_t t = 0; t <= 57; t += 3) {
        reading(t * 1000, 1000, t * 1000);
    }
    cut(60);
    take(68000, &s);
    assert_int_equal(circuit(&s)->covered_s, 57);
    assert_int_equal(circuit(&s)->flow[BW_UP].bytes, 57000);
    bw_summary_done(&s);
    /* Joined again: nothing of before the border is told twice. */
    reading(75000, 1000, 75000);
    cut(120);
    take(128000, &s);
    assert_int_equal(circuit(&s)->covered_s, 15);
    assert_int_equal(circuit(&s)->flow[BW_UP].bytes, 15000);
    bw_summary_done(&s);
}

/* What was counted over a silence belongs to all of it, and the second after it has its
 * own bytes only. A thousand bytes a millisecond, eight tenths of the claim. */
static void a_silence_is_as_long_as_it_was(void **state)
{
    static const int64_t refreshes_ms[] = {1000, 3000, BW_UNKNOWN};
    for (size_t i = 0; i < sizeof(refreshes_ms) / sizeof(refreshes_ms[0]); i++) {
        struct bw_summary s;
        (void)tear_down(state);
        assert_int_equal(set_up_coarse(state), 0);
        bw_interval_refresh(f.iv, edge, refreshes_ms[i], 5000);
        for (int64_t t = 0; t <= 20; t++) {
            reading_of(t * 1000, 1000, refreshes_ms[i], t * 1000000);
        }
        reading_of(70000, 50000, refreshes_ms[i], 70000000);
        for (int64_t t = 71; t <= 125; t++) {
            reading_of(t * 1000, 1000, refreshes_ms[i], t * 1000000);
            if (t == 71) {
                cut(60);
            } else if (t == 120) {
                cut(120);
            }
        }
        take(70000, &s);
        assert_int_equal(circuit(&s)->covered_s, 60);
        assert_in_range(circuit(&s)->flow[BW_DOWN].bytes, 59000000, 62000000);
        assert_int_equal(circuit(&s)->saturated_s, 0);
        bw_summary_done(&s);
        take(130000, &s);
        assert_int_equal(circuit(&s)->covered_s, 60);
        assert_in_range(circuit(&s)->flow[BW_DOWN].bytes, 58000000, 61000000);
        assert_int_equal(circuit(&s)->saturated_s, 0);
        bw_summary_done(&s);
    }
}

/* … which is no more than a minute; and a busy second after it is one saturated second. */
static void a_long_silence_is_not_covered(void **state)
{
    static const int64_t refreshes_ms[] = {1000, BW_UNKNOWN};
    for (size_t i = 0; i < sizeof(refreshes_ms) / sizeof(refreshes_ms[0]); i++) {
        struct bw_summary s;
        (void)tear_down(state);
        assert_int_equal(set_up_coarse(state), 0);
        bw_interval_refresh(f.iv, edge, refreshes_ms[i], 5000);
        reading_of(0, 1000, refreshes_ms[i], 0);
        reading_of(1000, 1000, refreshes_ms[i], 0);
        reading_of(101000, 100000, refreshes_ms[i], 0);
        reading_of(102000, 1000, refreshes_ms[i], 1250000);
        cut(110);
        take(120000, &s);
        assert_in_range(circuit(&s)->covered_s, 2, 3);
        assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, 1250000);
        assert_in_range(circuit(&s)->saturated_s, 0, 1);
        bw_summary_done(&s);
    }
}

/* It is as long as from answer to answer, wherever its last counts are put: here 245 s. */
static void a_silence_beyond_sixteen_refreshes(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 15000, 20000);
    reading_of(0, 1000, 15000, 0);
    reading_of(15000, 1000, 15000, 15000);
    reading_of(260000, 245000, 15000, 260000);
    cut(300);
    take(330000, &s);
    assert_int_equal(circuit(&s)->covered_s, 15);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, 15000);
    bw_summary_done(&s);
}

/* A cache of 15 s: its counts after a silence may be of a moment before, and what they
 * lack then comes at once. That is no jump. */
static void old_counts_after_a_silence(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 15000, 20000);
    reading_of(0, 1000, 15000, 0);
    reading_of(15000, 1000, 15000, INT64_C(15) * 12500000);
    reading_of(65000, 50000, 15000, INT64_C(51) * 12500000); /* 14 s old */
    reading_of(66000, 1000, 15000, INT64_C(66) * 12500000);
    cut(66);
    take(100000, &s);
    assert_in_range(circuit(&s)->covered_s, 65, 66);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, INT64_C(66) * 12500000);
    bw_summary_done(&s);
    /* Nor a full line: half of the claim all the while. */
    (void)tear_down(state);
    assert_int_equal(set_up_coarse(state), 0);
    bw_interval_refresh(f.iv, edge, 15000, 20000);
    reading_of(0, 1000, 15000, 0);
    reading_of(15000, 1000, 15000, INT64_C(15) * 625000);
    reading_of(65000, 50000, 15000, INT64_C(58) * 625000); /* 7 s old */
    reading_of(66000, 1000, 15000, INT64_C(66) * 625000);
    cut(66);
    take(100000, &s);
    assert_int_equal(circuit(&s)->saturated_s, 0);
    bw_summary_done(&s);
}

static void two_readings_of_a_second(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 1000, 5000);
    for (int64_t ms = 0; ms <= 60000; ms += 250) {
        reading(ms, 0, ms);
    }
    cut(60);
    take(70000, &s);
    assert_int_equal(circuit(&s)->covered_s, 60);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].bytes, 59500); /* the last: of 59.5 s */
    assert_int_equal(circuit(&s)->flow[BW_DOWN].peak_1s_bps, BW_UNKNOWN);
    assert_int_equal(circuit(&s)->flow[BW_DOWN].peak_sliding_1s_bps, BW_UNKNOWN);
    bw_summary_done(&s);
}

static void unread_is_a_gap_not_an_outage(void **state)
{
    struct bw_summary s;
    (void)state;
    bw_interval_refresh(f.iv, edge, 1000, 5000);
    for (int64_t t = 0; t <= 20; t++) {
        reading(t * 1000, 1000, t * 1000);
    }
    for (int64_t t = 21; t <= 59; t++) {
        bw_interval_no_reading(f.iv, edge, START + t, at(t * 1000), -ETIMEDOUT);
        echo(f.edge, t * 1000, BW_OK, 20000); /* all else goes on */
    }
    cut(60);
    take(70000, &s);
    assert_int_equal(circuit(&s)->covered_s, 20);
    assert_int_equal(circuit(&s)->link_bps, BW_UNKNOWN);
    assert_int_equal(s.n_latency, 1);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.gaps[0].why, BW_GAP_COUNTER);
    assert_int_equal(s.n_outages, 0);
    bw_summary_done(&s);
}

/* Read every second until 20 s, silent until the readings come back; the gaps of the two
 * minutes, of 0 to one each. */
static void silent(void **state, int64_t back_s, bool idle, struct bw_gap gaps[2])
{
    (void)tear_down(state);
    assert_int_equal(set_up_coarse(state), 0);
    bw_interval_refresh(f.iv, edge, 3000, 8000);
    for (int64_t t = 0; t <= 120; t++) {
        if (t <= 20) {
            reading_of(t * 1000, 1000, 3000, t * 1000);
        } else if (t >= 29 && t < back_s) {
            bw_interval_no_reading(f.iv, edge, START + t, at(t * 1000), -ETIMEDOUT);
        } else if (t == back_s && idle) { /* nothing moved: told of two refreshes ago */
            reading_of((t - 6) * 1000, 0, 3000, 20000);
        } else if (t == back_s) {
            reading_of(t * 1000, (t - 20) * 1000, 3000, t * 1000);
        }
        if (t % 60 == 0 && t > 0) {
            cut(t);
        }
    }
    for (int64_t i = 0; i < 2; i++) {
        struct bw_summary s;
        gaps[i] = (struct bw_gap){0};
        take(70000 + i * 60000, &s);
        if (s.n_gaps > 0) {
            assert_int_equal(s.n_gaps, 1);
            assert_int_equal(s.gaps[0].why, BW_GAP_COUNTER);
            gaps[i] = s.gaps[0];
            gaps[i].from_unix_s -= START;
            gaps[i].to_unix_s -= START;
        }
        bw_summary_done(&s);
    }
}

static void the_gap_ends_when_it_is_read_again(void **state)
{
    struct bw_gap gaps[2];
    for (int idle = 0; idle < 2; idle++) {
        silent(state, 50, idle, gaps);
        assert_int_equal(gaps[0].from_unix_s, 28);
        assert_in_range(gaps[0].to_unix_s, 49, 50);
        assert_int_equal(gaps[1].to_unix_s, 0);
        silent(state, 32, idle, gaps); /* the middle is before SILENT was told */
        assert_int_equal(gaps[0].from_unix_s, 28);
        assert_in_range(gaps[0].to_unix_s, 31, 32);
        silent(state, 64, idle, gaps); /* a border in it, nearer to its end */
        assert_int_equal(gaps[0].to_unix_s, 60);
        assert_int_equal(gaps[1].from_unix_s, 60);
        assert_in_range(gaps[1].to_unix_s, 63, 64);
    }
}

static void a_port_that_is_down_is_an_outage(void **state)
{
    struct bw_summary s;
    (void)state;
    for (int64_t t = 0; t <= 59; t++) {
        bw_interval_port(f.iv, edge, at(t * 1000), t < 10 || t >= 40, BW_LAYER_ETHERNET);
        reading(t * 1000 + 1, 1000, 0); /* of a moment ago, when it was up */
    }
    cut(60);
    take(70000, &s);
    assert_int_equal(s.n_outages, 1);
    assert_string_equal(s.outages[0].circuit, "snmp");
    assert_string_equal(s.outages[0].why, "carrier down");
    assert_int_equal(s.outages[0].to_unix_ms - s.outages[0].from_unix_ms, 30000);
    bw_summary_done(&s);
}

/* What the counter sees of the test's window, with headers at its own layer. */
#define WINDOW_BYTES (8200000 + (8200000.0 / 1500 + 1) * 14)

/* The result of a test of 10 s with 3 s of warm-up before it, 8,000,000 bytes of payload in
 * its window, arrives. */
static void tell_run(bool begun)
{
    struct bw_interval_run who = {.circuit = edge,
                                  .probe = "state",
                                  .kind = "http",
                                  .server = "state-1",
                                  .began_mono_ns = begun ? at(37000) : 0};
    struct bw_run_sample x;
    bw_run_sample_init(&x);
    x.direction = BW_DOWN;
    x.family = 4;
    x.final = 1;
    x.state = BW_OK;
    x.method = "http/1";
    x.t0_mono_ns = at(40000);
    x.t1_mono_ns = at(50000);
    x.bytes = 8000000;
    x.wire_bytes = 8200000;
    x.total_bytes = 8000000 + 1600000;
    x.streams = 4;
    x.mtu = 1500;
    f.clock.mono_ns = at(50200);
    assert_int_equal(bw_interval_run(f.iv, &who, &x), 0);
}

/* That test on a line that carries users_bps besides; counts every refresh_s, which see
 * window_bytes of the test in its window. Gives the run. */
static struct bw_throughput
a_test_seen(int64_t users_bytes_s, int64_t refresh_s, double window_bytes, bool begun)
{
    struct bw_summary s;
    struct bw_throughput t;
    int64_t late_ms = refresh_s * 1000 + 5000;
    double wire = window_bytes * 1.2;
    bw_interval_refresh(f.iv, edge, refresh_s * 1000, late_ms);
    for (int64_t ms = 0; ms <= 60000 + late_ms; ms += refresh_s * 1000) {
        double done = ms <= 37000 ? 0 : ms >= 50000 ? 1 : ((double)ms - 37000) / 13000;
        reading(ms, 1000, (int64_t)(done * wire) + users_bytes_s * ms / 1000);
        if (ms <= 50000 && ms + refresh_s * 1000 > 50000) {
            tell_run(begun);
        }
        if (ms < 60000 && ms + refresh_s * 1000 >= 60000) {
            cut(60);
        }
    }
    take(60000 + late_ms, &s);
    assert_int_equal(s.n_throughput, 1);
    t = s.throughput[0];
    bw_summary_done(&s);
    return t;
}

static struct bw_throughput
a_test(int64_t users_bytes_s, int64_t refresh_s, int64_t counted_percent, bool begun)
{
    return a_test_seen(users_bytes_s, refresh_s,
                       WINDOW_BYTES * (double)counted_percent / 100, begun);
}

static void a_line_with_its_error(void **state)
{
    static const int64_t refreshes_s[] = {1, 3, 5};
    (void)state;
    for (size_t i = 0; i < sizeof(refreshes_s) / sizeof(refreshes_s[0]); i++) {
        struct bw_throughput t;
        double truth;
        void *none = NULL;
        if (i > 0) {
            (void)tear_down(&none);
            assert_int_equal(set_up_coarse(&none), 0);
        }
        t = a_test(20000, refreshes_s[i], 100, true);
        truth = WINDOW_BYTES * 0.8 + 20000 * 8;
        assert_int_not_equal(t.line_bps, BW_UNKNOWN);
        assert_in_range(t.line_error_ppm, 0, 50000);
        assert_true(fabs((double)t.line_bps - truth) <=
                    truth * (double)t.line_error_ppm / 1e6 + 1);
        assert_true(fabs((double)t.concurrent_bps - 160000) < 40000);
    }
}

/* A device that says Ethernet and counts IP: the headers that it does not see are taken
 * from the users, which the error must hold. */
static void headers_that_are_not_counted(void **state)
{
    struct bw_throughput t = a_test_seen(6200, 1, 8200000, true);
    double truth = 8200000 * 0.8 + 6200 * 8;
    (void)state;
    assert_int_not_equal(t.line_bps, BW_UNKNOWN);
    assert_true(fabs((double)t.line_bps - truth) <=
                (double)t.line_bps * (double)t.line_error_ppm / 1e6);
}

static void no_line_at_an_unknown_layer(void **state)
{
    struct bw_throughput t;
    (void)state;
    bw_interval_port(f.iv, edge, at(0), true, BW_LAYER_UNKNOWN);
    t = a_test(20000, 1, 100, true);
    assert_int_equal(t.line_bps, BW_UNKNOWN);
    assert_int_equal(t.goodput_bps, 6400000);
}

static void nothing_beyond_five_percent(void **state)
{
    struct bw_throughput t;
    (void)state;
    t = a_test(200000, 15, 100, true); /* 20 % of the line, in steps of 15 s */
    assert_int_equal(t.goodput_bps, 6400000);
    assert_int_equal(t.line_bps, BW_UNKNOWN);
    assert_int_equal(t.line_error_ppm, BW_UNKNOWN);
    assert_int_equal(t.concurrent_bps, BW_UNKNOWN);
}

static void counters_of_another_line(void **state)
{
    struct bw_throughput t;
    (void)state;
    t = a_test(20000, 1, 50, true);
    assert_int_equal(t.line_bps, BW_UNKNOWN);
    assert_int_equal(t.concurrent_bps, BW_UNKNOWN);
}

static void a_run_whose_beginning_nobody_knows(void **state)
{
    struct bw_throughput t;
    (void)state;
    t = a_test(20000, 1, 100, false);
    assert_int_equal(t.line_bps, BW_UNKNOWN);
}

/* The test early in a long interval: the readings that reach over it come long after its
 * grace, if they come, and at the end nothing of that time is left in the rings. */
static struct bw_throughput an_early_test(bool counts_go_on)
{
    struct bw_interval_target fast = {
        .circuit = edge, .name = "fast", .kind = "icmp", .every_ms = 100};
    uint32_t target = (uint32_t)bw_interval_add_target(f.iv, &fast);
    struct bw_summary s;
    struct bw_throughput t;
    bw_interval_refresh(f.iv, edge, 1000, 6000);
    for (int64_t ms = 0; ms < 1800000; ms += 100) {
        struct bw_latency_sample e = {.family = 4,
                                      .state = BW_OK,
                                      .sent_mono_ns = at(ms),
                                      .rtt_ns =
                                          (ms < 40000 || ms >= 50000 ? 20 : 120) * MS};
        bw_interval_latency(f.iv, target, &e);
        if (ms % 1000 == 0 && (ms <= 37000 || (ms >= 90000 && counts_go_on))) {
            reading(ms, 1000, ms < 50000 ? 0 : (int64_t)(WINDOW_BYTES * 1.2));
        }
        if (ms == 50200) {
            tell_run(true);
        }
    }
    cut(1800);
    take(1810000, &s);
    assert_int_equal(s.n_throughput, 1);
    t = s.throughput[0];
    bw_summary_done(&s);
    return t;
}

static void an_early_test_keeps_its_line(void **state)
{
    struct bw_throughput t = an_early_test(true);
    (void)state;
    assert_true(fabs((double)t.line_bps - WINDOW_BYTES * 0.8) < 100);
    assert_int_equal(t.rtt_idle_us, 20000);
    assert_int_equal(t.rtt_loaded_p95_us, 120000);
}

static void and_its_round_trips_without_counts(void **state)
{
    struct bw_throughput t = an_early_test(false);
    (void)state;
    assert_int_equal(t.line_bps, BW_UNKNOWN);
    assert_int_equal(t.rtt_idle_us, 20000);
    assert_int_equal(t.rtt_loaded_p95_us, 120000);
}

static void carried_over_steps(void **state)
{
    (void)state;
    bw_interval_refresh(f.iv, edge, 15000, 20000);
    reading(0, 1000, 0);
    reading(15000, 1000, 15000);
    reading(30000, 1000, 45000);
    /* The last step is longer than the seconds asked for. */
    assert_int_equal(bw_interval_carried_bps(f.iv, edge, BW_DOWN, 10, at(40000)), 16000);
    assert_int_equal(bw_interval_carried_bps(f.iv, edge, BW_DOWN, 30, at(62000)), 12000);
    assert_int_equal(bw_interval_carried_bps(f.iv, edge, BW_DOWN, 10, at(64000)),
                     BW_UNKNOWN);
}

/* What a test moved until 31 s is nobody's: only a step that began after it tells. */
static void carried_since_a_test(void **state)
{
    (void)state;
    bw_interval_refresh(f.iv, edge, 3000, 8000);
    for (int64_t t = 0; t <= 33; t += 3) {
        reading(t * 1000, 500, t * 100000);
    }
    assert_int_equal(
        bw_interval_carried_since_bps(f.iv, edge, BW_DOWN, 3, at(31000), at(36000)),
        BW_UNKNOWN);
    reading(36000, 500, 3300000 + 3000);
    assert_int_equal(
        bw_interval_carried_since_bps(f.iv, edge, BW_DOWN, 3, at(32500), at(37000)), 8000);
    /* The first of the two may have been taken half a second before 33 s. */
    assert_int_equal(
        bw_interval_carried_since_bps(f.iv, edge, BW_DOWN, 3, at(32501), at(37000)),
        BW_UNKNOWN);
}

/* Whoever keeps the last seconds apart is told of none, rather than of a part of a step. */
static void late_seconds_are_not_told_saturated(void **state)
{
    static const struct {
        int64_t refresh_ms;
        int is;
    } rows[] = {{BW_UNKNOWN, -ENOENT}, {30000, -ENOENT}, {5000, 1}, {3000, 1}};
    (void)state;
    for (int t = 0; t <= 60; t += 3) { /* 12 Mbit/s, and 10 are claimed */
        reading((int64_t)t * 1000, 0, (int64_t)t * 1500000);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_interval_refresh(f.iv, edge, rows[i].refresh_ms, 8000);
        for (int64_t t = START + 10; t < START + 50; t++) {
            assert_int_equal(bw_interval_saturated(f.iv, edge, t), rows[i].is);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up_coarse, tear_down)
        TEST(bytes_reach_over_the_border),
        TEST(what_comes_too_late_is_not_covered),
        TEST(a_silence_is_as_long_as_it_was),
        TEST(a_long_silence_is_not_covered),
        TEST(a_silence_beyond_sixteen_refreshes),
        TEST(old_counts_after_a_silence),
        TEST(two_readings_of_a_second),
        TEST(late_seconds_are_not_told_saturated),
        TEST(unread_is_a_gap_not_an_outage),
        TEST(the_gap_ends_when_it_is_read_again),
        TEST(a_port_that_is_down_is_an_outage),
        TEST(a_line_with_its_error),
        TEST(nothing_beyond_five_percent),
        TEST(counters_of_another_line),
        TEST(a_run_whose_beginning_nobody_knows),
        TEST(carried_over_steps),
        TEST(headers_that_are_not_counted),
        TEST(no_line_at_an_unknown_layer),
        TEST(carried_since_a_test),
        TEST(an_early_test_keeps_its_line),
        TEST(and_its_round_trips_without_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
