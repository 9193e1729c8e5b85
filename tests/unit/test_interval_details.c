/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_interval_details.c - what samples tell besides a round trip, the ways to targets,
 * and a far end's words, on their way into an interval's record. */
#include "hist.h"
#include "interval_fixture.h"

/* ---- what samples tell besides the round trip */

static void test_details_are_counted(void **state)
{
    struct bw_latency_detail d;
    struct bw_latency_sample x = {.family = 4, .detail = &d};
    struct bw_summary s;
    int64_t n = 0;
    (void)state;
    for (int i = 0; i < 10; i++) {
        bw_latency_detail_init(&d);
        x.state = i == 9 ? BW_LOST : BW_OK;
        x.sent_mono_ns = at(1000 * (i + 1));
        x.rtt_ns = i == 9 ? BW_UNKNOWN : 20 * MS;
        d.code = i == 9 ? "tls-expired" : i < 7 ? "200" : "503";
        d.phase_ns[BW_PHASE_CONNECT] = 5 * MS;
        d.cert_days = 30 - i;
        d.out_ns = 8 * MS;
        d.back_ns = i == 3 ? -MS : 12 * MS; /* that one's clocks are off by more */
        d.one_way_error_ns = 400 * 1000 + i;
        bw_interval_latency(f.iv, (uint32_t)f.edge, &x);
    }
    d.code = "Not A Word"; /* a far end's word that no record may hold */
    x.state = BW_OK;
    x.rtt_ns = 20 * MS;
    bw_interval_latency(f.iv, (uint32_t)f.edge, &x);
    echo(f.edge, 11000, BW_LOST, BW_UNKNOWN);
    echo(f.edge, 11000, BW_LOST_OUT, BW_UNKNOWN);
    cut(300);
    take(310000, &s);
    const struct bw_latency *l = &s.latency[0];
    assert_int_equal(l->sent, 12);
    assert_int_equal(l->lost, 2);
    assert_int_equal(l->lost_out, 1);
    assert_int_equal(l->lost_back, 0);
    assert_int_equal(l->n_codes, 4);
    assert_string_equal(l->codes[0].code, "200");
    assert_int_equal(l->codes[0].n, 7);
    assert_int_equal(l->codes[1].n, 2);
    assert_string_equal(l->codes[2].code, "tls-expired");
    assert_string_equal(l->codes[3].code, "other");
    assert_int_equal(l->n_phases, 1);
    assert_string_equal(l->phases[0].phase, "connect");
    assert_int_equal(l->phases[0].sum_us, 55000);
    assert_int_equal(l->cert_days, 21);
    assert_int_equal(l->one_way_error_us, 401);
    assert_int_equal(bw_hist_total(l->out_hist, strlen(l->out_hist), &n), 0);
    assert_int_equal(n, 10);
    bw_summary_done(&s);
}

/* An answer of any kind is no silence, and neither is a target asked once a minute. */
static void test_slow_and_wrong_answers_are_no_outage(void **state)
{
    struct bw_interval_target slow = {
        .circuit = 0, .name = "portal", .kind = "http_get", .every_ms = 60000};
    struct bw_latency_detail d;
    struct bw_latency_sample x = {
        .family = 4, .state = BW_LOST, .rtt_ns = BW_UNKNOWN, .detail = &d};
    int portal = bw_interval_add_target(f.iv, &slow);
    (void)state;
    bw_latency_detail_init(&d);
    for (int i = 1; i < 30; i++) {
        echo(f.edge, i * 1000, BW_LOST, BW_UNKNOWN);
        d.code = "refused";
        x.sent_mono_ns = at(i * 1000);
        bw_interval_latency(f.iv, (uint32_t)f.anchor, &x);
    }
    assert_false(bw_interval_out_now(f.iv, 0, at(30000), NULL));
    echo(portal, 30000, BW_OK, 20000);
    for (int i = 31; i < 50; i++) { /* the slow one is not asked meanwhile */
        echo(f.edge, i * 1000, BW_LOST, BW_UNKNOWN);
        echo(f.anchor, i * 1000, BW_LOST, BW_UNKNOWN);
    }
    assert_true(bw_interval_out_now(f.iv, 0, at(50000), NULL));
}

static void trace_as_far(const char *const hashes[], uint32_t n, bool reached, int64_t ms)
{
    struct bw_path_hop hops[8];
    struct bw_path_sample p = {.target = (uint32_t)f.edge,
                               .family = 4,
                               .state = BW_OK,
                               .method = "udp",
                               .reached = reached,
                               .at_mono_ns = at(ms),
                               .mtu = 1500,
                               .hops = hops,
                               .n_hops = n};
    memset(hops, 0, sizeof(hops));
    for (uint32_t i = 0; i < n; i++) {
        hops[i].ttl = (uint8_t)(i + 1);
        hops[i].sent = 3;
        hops[i].answered = hashes[i] != NULL;
        hops[i].lost = hashes[i] ? 0 : 3;
        hops[i].rtt_ns = hashes[i] ? MS : BW_UNKNOWN;
        (void)snprintf(hops[i].hash, sizeof(hops[i].hash), "%s",
                       hashes[i] ? hashes[i] : "");
        (void)snprintf(hops[i].address, sizeof(hops[i].address), "%s", "192.0.2.1");
        (void)snprintf(hops[i].name, sizeof(hops[i].name), "%s", "not a name");
    }
    bw_interval_path(f.iv, (uint32_t)f.edge, &p);
}

static void trace(const char *const hashes[], uint32_t n, int64_t ms)
{
    trace_as_far(hashes, n, true, ms);
}

static void measured_run(void)
{
    const struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "http", .server = "state-1"};
    struct bw_run_sample x;
    bw_run_sample_init(&x);
    x.final = 1;
    x.state = BW_OK;
    x.t0_mono_ns = at(6000);
    x.t1_mono_ns = at(16000);
    x.bytes = 1000;
    assert_int_equal(bw_interval_run(f.iv, &who, &x), 0);
}

static void test_path_changes_are_told(void **state)
{
    static const char *const way[] = {"aaaa", "bbbb", "cccc"};
    static const char *const silent[] = {"aaaa", NULL, "cccc"};
    static const char *const other[] = {"aaaa", "dddd", "cccc"};
    static const char *const shorter[] = {"aaaa", "dddd"};
    struct bw_summary s;
    (void)state;
    trace(way, 3, 1000);
    trace(silent, 3, 2000);
    trace(other, 3, 3000);
    trace(other, 3, 4000);
    trace(shorter, 2, 5000);
    measured_run();
    cut(300);
    take(310000, &s);
    assert_int_equal(s.n_throughput, 1);
    assert_string_equal(s.throughput[0].flags[0], "path-changed");
    assert_null(s.throughput[0].flags[1]);
    assert_int_equal(s.n_paths, 5);
    assert_int_equal(s.paths[0].changed, BW_UNKNOWN);
    assert_int_equal(s.paths[0].n_hops, 3);
    assert_string_equal(s.paths[0].hops[1].hash, "bbbb");
    assert_string_equal(s.paths[0].hops[1].name, "");
    assert_int_equal(s.paths[1].changed, 0);
    assert_int_equal(s.paths[1].n_hops, 0); /* as told before */
    assert_string_equal(s.paths[1].hash, s.paths[0].hash);
    assert_int_equal(s.paths[2].changed, 1);
    assert_int_equal(s.paths[2].n_hops, 3);
    assert_string_not_equal(s.paths[2].hash, s.paths[0].hash);
    assert_int_equal(s.paths[3].changed, 0);
    assert_int_equal(s.paths[4].changed, 1);
    assert_int_equal(s.paths[4].n_hops, 2);
    bw_summary_done(&s);
    trace(shorter, 2, 305000);
    measured_run();
    cut(600);
    take(610000, &s);
    assert_int_equal(s.n_throughput, 1);
    assert_null(s.throughput[0].flags[0]);
    bw_summary_done(&s);
}

/* A target that is silent once makes its way neither shorter nor another one. */
static void test_a_silent_target_is_no_change(void **state)
{
    static const char *const way[] = {"aaaa", "bbbb", "cccc", "dddd"};
    static const struct {
        uint32_t n;
        bool reached;
        int64_t changed;
    } rows[] = {{3, false, BW_UNKNOWN}, /* the target does not answer: 3 hops at least … */
                {4, true, 0},           /* … and it is the fourth */
                {3, false, 0},
                {4, true, 0},
                {2, true, 1},  /* it answers nearer by */
                {3, false, 1}, /* others answer behind where it was */
                {2, true, 1}};
    struct bw_summary s;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        trace_as_far(way, rows[i].n, rows[i].reached, 1000 * (int64_t)(i + 1));
    }
    cut(300);
    take(310000, &s);
    assert_int_equal(s.n_paths, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < s.n_paths; i++) {
        assert_int_equal(s.paths[i].reached, rows[i].reached);
        if (s.paths[i].changed != rows[i].changed) {
            fail_msg("trace %zu: changed is %lld", i, (long long)s.paths[i].changed);
        }
    }
    bw_summary_done(&s);
}

/* Which way a packet was lost is told of those that were given as lost in the same place:
 * a target whose addresses changed meanwhile costs no record. */
static void test_no_more_ways_than_losses(void **state)
{
    struct bw_summary s;
    (void)state;
    echo(f.edge, 1000, BW_OK, 2000);
    echo(f.edge, 2000, BW_LOST, BW_UNKNOWN);
    echo(f.edge, 2000, BW_LOST_OUT, BW_UNKNOWN);
    echo(f.edge, 3000, BW_LOST_OUT, BW_UNKNOWN);
    echo(f.edge, 3000, BW_LOST_BACK, BW_UNKNOWN);
    cut(300);
    take(310000, &s);
    assert_int_equal(s.latency[0].lost, 1);
    assert_int_equal(s.latency[0].lost_out, 1);
    assert_int_equal(s.latency[0].lost_back, 0);
    bw_summary_done(&s);
}

/* A far end's words go into the record as tokens, or not at all. */
static void test_far_end_is_kept_as_tokens(void **state)
{
    struct bw_interval_run who = {
        .circuit = 0, .probe = "state", .kind = "ndt7", .server = "state-1"};
    struct bw_run_sample x;
    struct bw_summary s;
    (void)state;
    bw_run_sample_init(&x);
    x.final = 1;
    x.state = BW_OK;
    x.t0_mono_ns = at(1000);
    x.t1_mono_ns = at(11000);
    x.bytes = 1000000;
    x.machine = "ndt-heron1.example";
    x.grade = BW_GRADE_RECEIPT;
    x.egress = BW_EGRESS_MATCH;
    x.receipt = "a.b.c";
    x.flags[0] = "server-busy";
    x.far.min_rtt_us = 20000;
    x.loss_ppm = 12;
    assert_int_equal(bw_interval_run(f.iv, &who, &x), 0);
    x.machine = "<script>";
    x.receipt = "a b";
    x.flags[0] = "No-word";
    x.flags[1] = "second";
    assert_int_equal(bw_interval_run(f.iv, &who, &x), 0);
    cut(300);
    take(310000, &s);
    assert_int_equal(s.n_throughput, 2);
    assert_string_equal(s.throughput[0].machine, "ndt-heron1.example");
    assert_string_equal(s.throughput[0].receipt, "a.b.c");
    assert_string_equal(s.throughput[0].flags[0], "server-busy");
    assert_int_equal(s.throughput[0].grade, BW_GRADE_RECEIPT);
    assert_int_equal(s.throughput[0].egress, BW_EGRESS_MATCH);
    assert_int_equal(s.throughput[0].far.min_rtt_us, 20000);
    assert_int_equal(s.throughput[0].loss_ppm, 12);
    assert_null(s.throughput[1].machine);
    assert_null(s.throughput[1].receipt);
    assert_string_equal(s.throughput[1].flags[0], "second");
    bw_summary_done(&s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_details_are_counted),      T(test_slow_and_wrong_answers_are_no_outage),
        T(test_path_changes_are_told),    T(test_a_silent_target_is_no_change),
        T(test_no_more_ways_than_losses), T(test_far_end_is_kept_as_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
