/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_interval.c - one interval's figures: borders, grace, late answers, total loss,
 * circuits without counters, steps of the clock, outages across borders, results. Every
 * summary taken is encoded, so that whatever the contract refuses fails here. */
#include "interval_fixture.h"

#include <errno.h>

static struct bw_reading reading(int64_t ms, int64_t down)
{
    struct bw_reading r = {.mono_ns = at(ms),
                           .ifindex = 2,
                           .layer = BW_LAYER_ETHERNET,
                           .carrier = true,
                           .link_bps = BW_UNKNOWN,
                           .mtu = 1500};
    r.dir[BW_DOWN].bytes = down;
    return r;
}

static void read_counters(int64_t from_s, int64_t to_s, int64_t step)
{
    for (int64_t i = from_s; i <= to_s; i++) {
        struct bw_reading r = reading(i * 1000, i * step);
        bw_interval_reading(f.iv, (uint32_t)f.wan, START + i, &r);
    }
}

static void counts_and_grace(void **state)
{
    struct bw_summary s;
    (void)state;
    read_counters(0, 300, 1000);
    for (int i = 0; i < 300; i++) {
        echo(f.edge, i * 1000, BW_OK, 2000);
    }
    echo(f.edge, 299900, BW_LOST, BW_UNKNOWN); /* told after the border, sent before it */
    cut(300);
    echo(f.edge, 299950, BW_OK, 150000);
    echo(f.edge, 300000, BW_OK, 2000); /* of the next */
    echo(f.edge, 299900, BW_LATE, 2500000);
    assert_int_equal(bw_interval_take(f.iv, at(304999), &s), -EAGAIN);
    take(305000, &s);
    assert_int_equal(s.start_unix_s, START);
    assert_int_equal(s.end_unix_s, START + 300);
    assert_true(s.clock.known && s.clock.synced);
    assert_int_equal(s.n_circuits, 2);
    assert_int_equal(s.circuits[0].covered_s, 300);
    assert_int_equal(s.circuits[0].flow[BW_DOWN].bytes, 300000);
    assert_int_equal(s.n_latency, 1);
    assert_string_equal(s.latency[0].probe, "edge");
    assert_int_equal(s.latency[0].sent, 302);
    assert_int_equal(s.latency[0].lost, 1);
    assert_int_equal(s.latency[0].late, 1);
    assert_int_equal(s.latency[0].sum_us, 300 * 2000 + 150000);
    assert_non_null(s.latency[0].rtt_hist);
    assert_int_equal(s.n_outages, 0);
    assert_int_equal(s.n_gaps, 0);
    bw_summary_done(&s);
    assert_int_equal(bw_interval_take(f.iv, INT64_MAX, &s), -EAGAIN);
}

static void answers_after_the_seal_are_dropped(void **state)
{
    struct bw_summary s;
    (void)state;
    echo(f.edge, 9000, BW_OK, 1000);
    cut(10);
    take(15000, &s);
    bw_summary_done(&s);
    echo(f.edge, 9500, BW_LATE, 6000000); /* its record is signed by now */
    cut(20);
    take(25000, &s);
    assert_int_equal(s.n_latency, 0);
    bw_summary_done(&s);
}

static void late_only_of_what_was_lost(void **state)
{
    struct bw_summary s;
    (void)state;
    echo(f.edge, 1000, BW_LOST, BW_UNKNOWN);
    echo(f.edge, 1000, BW_LATE, 2500000);
    echo(f.edge, 1000, BW_LATE, 2500000); /* told twice */
    cut(10);
    take(15000, &s);
    assert_int_equal(s.latency[0].lost, 1);
    assert_int_equal(s.latency[0].late, 1);
    bw_summary_done(&s);
}

static void total_loss_has_no_round_trip(void **state)
{
    struct bw_summary s;
    (void)state;
    for (int i = 0; i < 10; i++) {
        echo(f.edge, i * 1000, BW_LOST, BW_UNKNOWN);
    }
    cut(10);
    take(15000, &s);
    assert_int_equal(s.n_latency, 1);
    assert_int_equal(s.latency[0].sent, 10);
    assert_int_equal(s.latency[0].lost, 10);
    assert_null(s.latency[0].rtt_hist);
    assert_int_equal(s.latency[0].sum_us, BW_UNKNOWN);
    assert_int_equal(s.latency[0].p50_us, BW_UNKNOWN);
    assert_int_equal(s.latency[0].p95_us, BW_UNKNOWN);
    assert_int_equal(s.latency[0].pdv_p95_us, BW_UNKNOWN);
    bw_summary_done(&s);
}

static void failed_packets_are_not_sent(void **state)
{
    struct bw_summary s;
    (void)state;
    echo(f.edge, 1000, BW_FAILED, BW_UNKNOWN);
    echo(f.edge, 2000, BW_SKIPPED, BW_UNKNOWN);
    cut(10);
    take(15000, &s);
    assert_int_equal(s.n_latency, 0);
    bw_summary_done(&s);
}

/* A reading names the layer of what it counted: one that cannot tell it names none, and
 * nothing stands in for it. */
static void a_layer_is_told_or_unknown(void **state)
{
    static const enum bw_layer layers[] = {BW_LAYER_ETHERNET, BW_LAYER_UNKNOWN,
                                           BW_LAYER_IP};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bw_summary s;
        for (int t = i * 10; t <= i * 10 + 11; t++) {
            struct bw_reading r = reading(t * 1000, t);
            if (t == i * 10 + 11) { /* its last packets may still come back */
                cut(i * 10 + 10);
            }
            r.layer = layers[t > i * 10 + 10 ? (i + 1) % 3 : i];
            bw_interval_reading(f.iv, (uint32_t)f.wan, START + t, &r);
        }
        take(i * 10000 + 15000, &s);
        assert_int_equal(s.circuits[0].source, BW_SOURCE_KERNEL);
        assert_true(s.circuits[0].flow[BW_DOWN].bytes > 0);
        assert_int_equal(s.circuits[0].layer, layers[i]);
        bw_summary_done(&s);
    }
}

static void source_none_has_no_flow(void **state)
{
    struct bw_summary s;
    struct bw_reading r = reading(1000, 5);
    (void)state;
    bw_interval_reading(f.iv, (uint32_t)f.lan, START + 1, &r);
    cut(10);
    take(15000, &s);
    assert_int_equal(s.circuits[1].source, BW_SOURCE_NONE);
    assert_int_equal(s.circuits[1].covered_s, BW_UNKNOWN);
    assert_int_equal(s.circuits[1].layer, BW_LAYER_UNKNOWN);
    assert_int_equal(s.circuits[1].flow[BW_DOWN].bytes, BW_UNKNOWN);
    assert_int_equal(s.circuits[1].flow[BW_UP].peak_1s_bps, BW_UNKNOWN);
    /* And the one with counters that were never read: known to be uncovered. */
    assert_int_equal(s.circuits[0].covered_s, 0);
    assert_int_equal(s.circuits[0].flow[BW_DOWN].bytes, BW_UNKNOWN);
    assert_int_equal(bw_interval_carried_bps(f.iv, 1, BW_DOWN, 10, at(2000)), BW_UNKNOWN);
    bw_summary_done(&s);
}

static void unreadable_counters_are_a_gap(void **state)
{
    struct bw_summary s;
    (void)state;
    read_counters(0, 3, 1000);
    for (int64_t i = 4; i <= 12; i++) {
        bw_interval_no_reading(f.iv, (uint32_t)f.wan, START + i, at(i * 1000), -ENODEV);
        if (i == 10) {
            cut(10);
        }
    }
    read_counters(13, 20, 1000);
    cut(20);
    take(25000, &s);
    assert_int_equal(s.circuits[0].covered_s, 3);
    assert_int_equal(s.circuits[0].mtu, BW_UNKNOWN);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.gaps[0].from_unix_s, START + 3);
    assert_int_equal(s.gaps[0].to_unix_s, START + 10);
    assert_int_equal(s.gaps[0].why, BW_GAP_COUNTER);
    bw_summary_done(&s);
    take(25000, &s);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.gaps[0].from_unix_s, START + 10);
    assert_int_equal(s.gaps[0].to_unix_s, START + 13);
    bw_summary_done(&s);
}

/* Out for 10 s and back for 2, again and again: more outages than a record takes. */
static void more_outages_than_a_record_takes(void **state)
{
    enum {
        N = 70,
        PERIOD_MS = 12000
    };
    struct bw_summary s;
    int64_t next_ms = START * 1000;
    size_t told = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        int64_t from_ms = (int64_t)i * PERIOD_MS;
        for (int64_t ms = from_ms; ms < from_ms + 10000; ms += 1000) {
            echo(f.edge, ms, BW_LOST, BW_UNKNOWN);
            echo(f.anchor, ms, BW_LOST, BW_UNKNOWN);
        }
        echo(f.edge, from_ms + 10000, BW_OK, 20000);
        echo(f.anchor, from_ms + 11000, BW_OK, 20000);
    }
    cut(900);
    take(910000, &s);
    for (size_t record = 0; s.n_outages > 0; record++) {
        assert_true(s.n_outages <= 64); /* the contract's most */
        for (size_t i = 0; i < s.n_outages; i++) {
            assert_int_equal(s.outages[i].from_unix_ms, next_ms);
            assert_int_equal(s.outages[i].to_unix_ms, next_ms + 10020);
            next_ms += PERIOD_MS;
            told++;
        }
        bw_summary_done(&s);
        assert_true(record < 5);
        cut(1200 + 300 * (int64_t)record);
        take((1210 + 300 * (int64_t)record) * 1000, &s);
    }
    bw_summary_done(&s);
    assert_int_equal(told, N);
}

static void outage_across_borders(void **state)
{
    struct bw_summary s;
    int64_t from_ms;
    (void)state;
    for (int64_t t = 0; t < 30000; t += 500) { /* out from 5 s on */
        echo(t / 500 % 2 == 0 ? f.edge : f.anchor, t, t < 5000 ? BW_OK : BW_LOST,
             t < 5000 ? 1000 : BW_UNKNOWN);
        if (t == 10000) {
            cut(10);
        }
        if (t == 20000) {
            cut(20);
        }
    }
    assert_true(bw_interval_out_now(f.iv, (uint32_t)f.wan, at(30000), &from_ms));
    assert_int_equal(from_ms, START * 1000 + 5000);
    take(30000, &s);
    assert_int_equal(s.n_outages, 1);
    assert_int_equal(s.outages[0].from_unix_ms, from_ms);
    assert_int_equal(s.outages[0].to_unix_ms, BW_UNKNOWN);
    assert_string_equal(s.outages[0].circuit, "wan");
    bw_summary_done(&s);
    echo(f.edge, 31000, BW_OK, 20000);
    cut(40);
    take(45000, &s); /* 10 to 20: out all the time */
    assert_int_equal(s.n_outages, 1);
    assert_int_equal(s.outages[0].from_unix_ms, from_ms);
    assert_int_equal(s.outages[0].to_unix_ms, BW_UNKNOWN);
    bw_summary_done(&s);
    take(45000, &s); /* 20 to 40: its end */
    assert_int_equal(s.n_outages, 1);
    assert_int_equal(s.outages[0].from_unix_ms, from_ms);
    assert_int_equal(s.outages[0].to_unix_ms, START * 1000 + 31020);
    assert_string_equal(s.outages[0].why, "targets silent");
    bw_summary_done(&s);
    cut(50);
    take(55000, &s);
    assert_int_equal(s.n_outages, 0);
    bw_summary_done(&s);
}

static void a_step_is_flagged_and_kept(void **state)
{
    struct bw_summary s;
    (void)state;
    read_counters(0, 7, 1000);
    bw_interval_cut(f.iv, START + 7, at(7000), START + 86407, 86400 * 1000000LL);
    for (int64_t i = 8; i <= 10; i++) {
        struct bw_reading r = reading(i * 1000, i * 1000);
        bw_interval_reading(f.iv, (uint32_t)f.wan, START + 86400 + i, &r);
    }
    bw_interval_cut(f.iv, START + 86410, at(10000), START + 86410, 0);
    take(20000, &s);
    assert_int_equal(s.end_unix_s, START + 7);
    assert_int_equal(s.clock.step_us, 86400 * 1000000LL);
    assert_int_equal(s.circuits[0].covered_s, 7);
    bw_summary_done(&s);
    take(20000, &s);
    assert_int_equal(s.start_unix_s, START + 86407);
    assert_int_equal(s.circuits[0].covered_s, 3);
    assert_int_equal(s.circuits[0].flow[BW_DOWN].bytes, 3000);
    assert_int_equal(s.clock.step_us, 0);
    bw_summary_done(&s);
}

static void without_length_without_record(void **state)
{
    struct bw_summary s;
    (void)state;
    assert_int_equal(bw_interval_gap(f.iv, START - 60, START, BW_GAP_STOPPED), 0);
    cut(0);
    cut(10);
    take(15000, &s);
    assert_int_equal(s.start_unix_s, START);
    assert_int_equal(s.end_unix_s, START + 10);
    assert_int_equal(s.n_gaps, 1); /* told to the one without length, not lost */
    bw_summary_done(&s);
}

static struct bw_run_sample result(void)
{
    return (struct bw_run_sample){.direction = BW_DOWN,
                                  .family = 4,
                                  .final = 1,
                                  .state = BW_OK,
                                  .method = "http/1",
                                  .t0_mono_ns = at(40000),
                                  .t1_mono_ns = at(50000),
                                  .bytes = 9000000,
                                  .wire_bytes = 9300000,
                                  .total_bytes = 11000000,
                                  .streams = 8,
                                  .mtu = 1500,
                                  .rtt_us = BW_UNKNOWN,
                                  .retransmit_ppm = BW_UNKNOWN,
                                  .tester_busy_ppm = 950000};
}

static void a_result_with_its_line(void **state)
{
    struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample s = result();
    struct bw_summary sum;
    (void)state;
    read_counters(0, 60, 1000000);
    for (int i = 0; i < 60; i++) { /* idle 20 ms, loaded 120 */
        echo(f.edge, i * 1000, BW_OK, i >= 38 && i < 52 ? 120000 : 20000);
    }
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    s.final = 0;
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0); /* not a result */
    cut(60);
    take(65000, &sum);
    assert_int_equal(sum.n_throughput, 1);
    assert_int_equal(sum.throughput[0].state, BW_TEST_OK);
    assert_int_equal(sum.throughput[0].at_unix_ms, (START + 40) * 1000);
    assert_int_equal(sum.throughput[0].duration_ms, 10000);
    assert_int_equal(sum.throughput[0].goodput_bps, 7200000);
    assert_int_equal(sum.throughput[0].line_bps, 8000000);
    assert_int_equal(sum.throughput[0].line_error_ppm, 0);
    /* 10 MB on the line, less 9.3 MB at IP and 6201 Ethernet headers */
    assert_int_equal(sum.throughput[0].concurrent_bps,
                     (10000000 - 9300000 - 6201 * 14) * 8 / 10);
    assert_int_equal(sum.throughput[0].rtt_idle_us, 20000);
    assert_int_equal(sum.throughput[0].rtt_loaded_p95_us, 120000);
    assert_string_equal(sum.throughput[0].flags[0], "tester-busy");
    assert_null(sum.throughput[0].flags[1]);
    bw_summary_done(&sum);
}

/* Echoes by both families, each five times a second, and a reading a second and while a
 * test runs; the test from 20 to 30 s tells its figures early in a long interval. */
static void a_long_interval(int64_t end_s, bool counters)
{
    struct bw_interval_target fast = {.name = "fast", .kind = "icmp", .every_ms = 200};
    struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample s = result();
    fast.circuit = who.circuit = (uint32_t)(counters ? f.wan : f.lan);
    int target = counters ? f.edge : bw_interval_add_target(f.iv, &fast);
    s.t0_mono_ns = at(20000);
    s.t1_mono_ns = at(30000);
    for (int64_t ms = 0; ms < end_s * 1000; ms += 100) {
        struct bw_latency_sample e = {.family = ms % 200 ? 6 : 4,
                                      .state = BW_OK,
                                      .sent_mono_ns = at(ms),
                                      .rtt_ns =
                                          (ms < 20000 || ms >= 30000 ? 20 : 120) * MS};
        bw_interval_latency(f.iv, (uint32_t)target, &e);
        if (ms % 1000 == 0) {
            struct bw_reading r = reading(ms, ms * 1000);
            bw_interval_reading(f.iv, (uint32_t)f.wan, START + ms / 1000, &r);
        }
        if (ms == 31000) {
            assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
        }
    }
    cut(end_s);
}

static void a_long_interval_keeps_an_early_run(void **state)
{
    struct bw_summary sum;
    (void)state;
    a_long_interval(1800, true);
    take(1805000, &sum);
    assert_int_equal(sum.n_throughput, 1);
    assert_int_equal(sum.throughput[0].rtt_idle_us, 20000);
    assert_int_equal(sum.throughput[0].rtt_loaded_p95_us, 120000);
    assert_int_equal(sum.throughput[0].line_bps, 8000000);
    assert_int_equal(sum.throughput[0].concurrent_bps,
                     (10000000 - 9300000 - 6201 * 14) * 8 / 10);
    bw_summary_done(&sum);
}

static void without_counters_too(void **state)
{
    struct bw_summary sum;
    (void)state;
    a_long_interval(300, false);
    take(305000, &sum);
    assert_int_equal(sum.n_throughput, 1);
    assert_int_equal(sum.throughput[0].rtt_idle_us, 20000);
    assert_int_equal(sum.throughput[0].rtt_loaded_p95_us, 120000);
    assert_int_equal(sum.throughput[0].line_bps, BW_UNKNOWN);
    bw_summary_done(&sum);
}

/* A counter that is read every 30 s tells of a run when its next reading is there. */
static void a_late_reading_tells_the_line(void **state)
{
    struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample s = result();
    struct bw_summary sum;
    (void)state;
    read_counters(0, 30, 1000000);
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    bw_interval_no_reading(f.iv, (uint32_t)f.wan, START + 56, at(56000), -ETIMEDOUT);
    read_counters(60, 60, 1000000);
    cut(60);
    take(65000, &sum);
    assert_int_equal(sum.throughput[0].line_bps, 8000000);
    bw_summary_done(&sum);
}

static void failed_and_deferred_have_no_rate(void **state)
{
    struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample s = result();
    struct bw_summary sum;
    (void)state;
    read_counters(0, 60, 1000000);
    s.state = BW_FAILED;
    s.reason = "the server answered HTTP status 500";
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    s.state = BW_SKIPPED;
    s.t0_mono_ns = s.t1_mono_ns = 0;
    s.reason = "cancelled";
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    assert_int_equal(bw_interval_not_run(f.iv, &who, BW_DIRECTIONS, START * 1000,
                                         BW_TEST_DEFERRED, "busy"),
                     0);
    cut(60);
    take(65000, &sum);
    assert_int_equal(sum.n_throughput, 4);
    assert_int_equal(sum.throughput[0].state, BW_TEST_FAILED);
    assert_string_equal(sum.throughput[0].reason, "the server answered HTTP status 500");
    assert_int_equal(sum.throughput[1].state, BW_TEST_CANCELLED);
    assert_int_equal(sum.throughput[2].state, BW_TEST_DEFERRED);
    assert_int_equal(sum.throughput[2].direction, BW_DOWN);
    assert_int_equal(sum.throughput[3].direction, BW_UP);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sum.throughput[i].goodput_bps, BW_UNKNOWN);
        assert_int_equal(sum.throughput[i].line_bps, BW_UNKNOWN);
    }
    bw_summary_done(&sum);
}

/* Tests that are put off again and again fill no record: what ran has its place. */
static void what_ran_is_told_before_what_did_not(void **state)
{
    const struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample s = result();
    struct bw_summary sum;
    size_t deferred = 0;
    size_t ran = 0;
    (void)state;
    read_counters(0, 60, 1000000);
    for (int i = 0; i < BW_INTERVAL_RUNS_MAX + 3; i++) { /* three find no room at once */
        assert_int_equal(bw_interval_not_run(f.iv, &who, BW_DOWN, (START + i) * 1000,
                                             BW_TEST_DEFERRED, "busy"),
                         0);
    }
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    s.direction = BW_UP;
    assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    cut(60);
    take(65000, &sum);
    assert_int_equal(sum.n_throughput, BW_INTERVAL_RUNS_MAX);
    for (size_t i = 0; i < sum.n_throughput; i++) {
        ran += sum.throughput[i].state == BW_TEST_OK;
        deferred += sum.throughput[i].state == BW_TEST_DEFERRED;
    }
    assert_int_equal(ran, 2);
    assert_int_equal(deferred, BW_INTERVAL_RUNS_MAX - 2);
    assert_int_equal(sum.throughput[0].at_unix_ms,
                     (START + 2) * 1000); /* the oldest went */
    assert_int_equal(sum.n_gaps, 5);
    for (size_t i = 0; i < sum.n_gaps; i++) {
        assert_int_equal(sum.gaps[i].why, BW_GAP_DEFERRED);
        assert_int_equal(sum.gaps[i].from_unix_s, sum.gaps[i].to_unix_s);
    }
    bw_summary_done(&sum);
    /* Where only runs are, there is no room. */
    for (int i = 0; i < BW_INTERVAL_RUNS_MAX; i++) {
        assert_int_equal(bw_interval_run(f.iv, &who, &s), 0);
    }
    assert_int_equal(bw_interval_run(f.iv, &who, &s), -ENOSPC);
}

static void both_families_stand_apart(void **state)
{
    struct bw_latency_sample six = {
        .family = 6, .state = BW_OK, .sent_mono_ns = at(1000), .rtt_ns = 3 * MS};
    struct bw_summary s;
    struct bw_latency now;
    (void)state;
    echo(f.edge, 1000, BW_OK, 2000);
    bw_interval_latency(f.iv, (uint32_t)f.edge, &six);
    assert_true(bw_interval_latency_now(f.iv, (uint32_t)f.edge, 4, &now));
    assert_int_equal(now.sent, 1);
    assert_int_equal(now.p50_us, 2016); /* the middle of its bucket */
    assert_true(bw_interval_latency_now(f.iv, (uint32_t)f.edge, 6, &now));
    assert_int_equal(now.family, 6);
    assert_false(bw_interval_latency_now(f.iv, (uint32_t)f.anchor, 6, &now));
    cut(10);
    take(15000, &s);
    assert_int_equal(s.n_latency, 2);
    assert_int_equal(s.latency[0].family, 4);
    assert_int_equal(s.latency[1].family, 6);
    assert_int_equal(s.latency[1].sum_us, 3000);
    bw_summary_done(&s);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(counts_and_grace),
        FRESH(answers_after_the_seal_are_dropped),
        FRESH(late_only_of_what_was_lost),
        FRESH(total_loss_has_no_round_trip),
        FRESH(failed_packets_are_not_sent),
        FRESH(a_layer_is_told_or_unknown),
        FRESH(source_none_has_no_flow),
        FRESH(unreadable_counters_are_a_gap),
        FRESH(outage_across_borders),
        FRESH(more_outages_than_a_record_takes),
        FRESH(a_step_is_flagged_and_kept),
        FRESH(without_length_without_record),
        FRESH(a_result_with_its_line),
        FRESH(a_long_interval_keeps_an_early_run),
        FRESH(without_counters_too),
        FRESH(a_late_reading_tells_the_line),
        FRESH(failed_and_deferred_have_no_rate),
        FRESH(what_ran_is_told_before_what_did_not),
        FRESH(both_families_stand_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
