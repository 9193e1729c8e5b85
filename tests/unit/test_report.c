/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_report.c - small reports whose rates, tests and claims were worked by hand. The
 * records are circuit-days made here, so nothing but the report is tested. */
#include "buf.h"
#include "bw_test.h"
#include "fake_days.h"
#include "hash.h"
#include "hist.h"
#include "model.h"
#include "origin.h"
#include "pages.h"
#include "render.h"
#include "tz.h"
#include "words.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 2026-11-02, a Monday, 00:00 UTC. */
static const int64_t monday = 1793577600;

static struct bw_report_claim claim_100(enum bw_layer layer)
{
    return (struct bw_report_claim){.from_unix_s = BW_UNKNOWN,
                                    .to_unix_s = BW_UNKNOWN,
                                    .bps = {100000000, 20000000},
                                    .layer = layer,
                                    .origin = "the test"};
}

/* n intervals of 300 s from 00:00 UTC whose rates are 1, 2 … n kbit/s, shuffled. */
static struct made ramp(size_t n)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + (int64_t)n * 300};

    fake_day(f, monday);
    for (size_t i = 0; i < n; i++) {
        int64_t value = (int64_t)((i * 7) % n) + 1;
        if (n % 7 == 0) {
            value = (int64_t)(n - i);
        }
        fake_slot(f, monday + (int64_t)i * 300, 300, value * 1000 / 8 * 300);
    }
    return fake_report(f, &a);
}

static void p95_is_the_value_at_its_rank(void **state)
{
    static const struct {
        size_t n;
        int64_t rank; /* ceil(0.95 n) */
    } cases[] = {{1, 1}, {19, 19}, {20, 19}, {21, 20}, {288, 274}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct made m = ramp(cases[i].n);
        const struct bw_report_window *w =
            &m.report->used[0].window[BW_WINDOW_ALL][BW_DOWN];
        assert_int_equal(w->n, cases[i].n);
        assert_int_equal(w->p95_bps, cases[i].rank * 1000);
        assert_int_equal(w->peak_bps, (int64_t)cases[i].n * 1000);
        /* nobody counted upwards */
        assert_true(m.report->used[0].window[BW_WINDOW_ALL][BW_UP].p95_bps == BW_UNKNOWN);
        assert_true(m.report->used[0].bytes[BW_UP] == BW_UNKNOWN);
        fake_drop(&m);
    }
}

static void without_counters_nothing_is_used(void **state)
{
    struct fake *f = fake_new();
    struct bw_report_claim c = claim_100(BW_LAYER_IP);
    struct asked a = {.from = monday, .to = monday + 600, .claim = &c};
    struct bw_circuit_day *d = fake_day(f, monday);
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    d->facts.source = BW_SOURCE_NONE;
    d->facts.layer = BW_LAYER_UNKNOWN;
    d->facts.mtu = BW_UNKNOWN;
    fake_slot(f, monday, 300, BW_UNKNOWN)->covered_s = BW_UNKNOWN;
    fake_slot(f, monday + 300, 300, BW_UNKNOWN)->covered_s = BW_UNKNOWN;
    fake_test(f, monday + 320, BW_TEST_OK, BW_UNKNOWN)->goodput_bps = 90000000;
    m = fake_report(f, &a);
    assert_int_equal(m.report->n_used, 0);
    assert_true(m.report->coverage.counted_s == BW_UNKNOWN);
    assert_int_equal(m.report->coverage.recorded_s, 600);
    assert_int_equal(m.report->coverage.n_gaps, 0);
    assert_int_equal(m.report->tested[BW_DOWN].kinds[0].goodput_bps.median, 90000000);
    assert_int_equal(m.report->tested[BW_DOWN].n_line, 0);
    assert_int_equal(m.report->tested[BW_DOWN].n_compared, 0);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_json(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, "\"used\":[]"));
    assert_non_null(strstr(out.data, "\"carried\":[]"));
    assert_null(strstr(out.data, "counted_s\":0"));
    bw_buf_clear(&out);
    assert_int_equal(bw_render_html(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, "This box counts no traffic"));
    assert_null(strstr(out.data, ">0 bit/s<"));
    bw_buf_done(&out);
    fake_drop(&m);
}

static void a_rate_rests_on_the_seconds_covered(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 600};
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 100)->covered_s = 200;
    fake_slot(f, monday + 300, 300, 60);
    m = fake_report(f, &a);
    assert_int_equal(m.report->used[0].window[BW_WINDOW_ALL][BW_DOWN].n, 2);
    assert_int_equal(m.report->used[0].window[BW_WINDOW_ALL][BW_DOWN].peak_bps, 4);
    assert_int_equal(m.report->coverage.counted_s, 500);
    fake_drop(&m);
}

static void layers_convert_only_where_they_can(void **state)
{
    (void)state;
    assert_int_equal(bw_layer_convert_bps(100000000, BW_LAYER_ETHERNET, BW_LAYER_IP, 1500),
                     99075297);
    assert_int_equal(bw_layer_convert_bps(99075297, BW_LAYER_IP, BW_LAYER_ETHERNET, 1500),
                     99999999);
    assert_int_equal(
        bw_layer_convert_bps(1514000, BW_LAYER_ETHERNET, BW_LAYER_GOODPUT, 1500), 1448000);
    assert_int_equal(bw_layer_convert_bps(7, BW_LAYER_IP, BW_LAYER_IP, BW_UNKNOWN), 7);
    assert_true(bw_layer_convert_bps(7, BW_LAYER_IP, BW_LAYER_ETHERNET, BW_UNKNOWN) ==
                BW_UNKNOWN);
    assert_true(bw_layer_convert_bps(7, BW_LAYER_UNKNOWN, BW_LAYER_IP, 1500) == BW_UNKNOWN);
    assert_int_equal(bw_layer_convert_bytes(1000, 10, BW_LAYER_ETHERNET, BW_LAYER_IP), 860);
    assert_int_equal(bw_layer_convert_bytes(860, 10, BW_LAYER_IP, BW_LAYER_ETHERNET), 1000);
    assert_true(bw_layer_convert_bytes(860, BW_UNKNOWN, BW_LAYER_IP, BW_LAYER_ETHERNET) ==
                BW_UNKNOWN);
    assert_true(bw_layer_convert_bytes(1000, 10, BW_LAYER_ETHERNET, BW_LAYER_GOODPUT) ==
                BW_UNKNOWN);
    assert_true(bw_layer_convert_bytes(100, 10, BW_LAYER_ETHERNET, BW_LAYER_IP) ==
                BW_UNKNOWN);
}

static void runs_are_counted_in_the_open(void **state)
{
    struct fake *f = fake_new();
    struct bw_report_claim c = claim_100(BW_LAYER_IP);
    struct asked a = {.from = monday, .to = monday + 86400, .claim = &c};
    const struct bw_report_tested *t;
    struct made m;
    (void)state;

    /* At IP with MTU 1500 the claim of 100 Mbit/s is 100,933,333.3 at Ethernet. */
    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    fake_test(f, monday + 1000, BW_TEST_OK, 100933334);
    fake_test(f, monday + 2000, BW_TEST_OK, 90840000); /* 90 % is 90,840,000 exactly */
    fake_test(f, monday + 3000, BW_TEST_OK, 90839990);
    fake_test(f, monday + 4000, BW_TEST_OK, 80746600); /* just below 80 % */
    fake_test(f, monday + 5000, BW_TEST_OK, BW_UNKNOWN)->goodput_bps = 1;
    fake_test(f, monday + 6000, BW_TEST_FAILED, BW_UNKNOWN);
    fake_test(f, monday + 7000, BW_TEST_DEFERRED, BW_UNKNOWN);
    fake_test(f, monday + 8000, BW_TEST_CANCELLED, BW_UNKNOWN);
    fake_test(f, monday + 86400, BW_TEST_OK, 1); /* outside */
    m = fake_report(f, &a);
    t = &m.report->tested[BW_DOWN];
    assert_int_equal(t->n_wanted, 8);
    assert_int_equal(t->n_made, 7);
    assert_int_equal(t->n_ok, 5);
    assert_int_equal(t->n_failed, 1);
    assert_int_equal(t->n_deferred, 1);
    assert_int_equal(t->n_cancelled, 1);
    assert_int_equal(t->n_compared, 4);
    assert_int_equal(t->n_at_90, 2);
    assert_int_equal(t->n_at_80, 3);
    assert_int_equal(t->kinds[0].goodput_bps.n, 5);
    assert_int_equal(t->kinds[0].goodput_bps.min, 1);
    assert_int_equal(t->line[0].bps.n, 4);
    assert_int_equal(t->line[0].bps.median, 90839990);
    assert_int_equal(t->compared_layer, BW_LAYER_IP);
    assert_int_equal(t->compared_bps.max, 100000000);
    assert_non_null(strstr(t->conversion, "× 1500 / 1514"));
    assert_int_equal(m.report->tested[BW_UP].n_wanted, 0);
    fake_drop(&m);
}

/* What the line did not limit says nothing about it; kinds are never mixed. */
static void runs_set_apart_count_for_nobody(void **state)
{
    static const char *const flags[] = {"tester-busy",   "tester-late", "receive-drops",
                                        "max-rate",      "server-busy", "port-below-claim",
                                        "up-equals-down"};
    struct fake *f = fake_new();
    struct bw_report_claim c = claim_100(BW_LAYER_ETHERNET);
    struct asked a = {.from = monday, .to = monday + 86400, .claim = &c};
    const struct bw_report_tested *t;
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    fake_test(f, monday + 1000, BW_TEST_OK, 100000000)->flags[0] = "asked";
    fake_test(f, monday + 2000, BW_TEST_OK, 50000000)->egress = BW_EGRESS_OTHER;
    for (int i = 0; i < 7; i++) {
        fake_test(f, monday + 3000 + i * 1000, BW_TEST_OK, 10000000)->flags[0] = flags[i];
    }
    struct bw_throughput *udp = fake_test(f, monday + 11000, BW_TEST_OK, 99000000);
    (void)snprintf(udp->kind, sizeof(udp->kind), "udpst");
    m = fake_report(f, &a);
    t = &m.report->tested[BW_DOWN];
    assert_int_equal(t->n_ok, 10);
    assert_int_equal(t->n_apart[BW_APART_EGRESS], 1);
    assert_int_equal(t->n_apart[BW_APART_TESTER], 4);
    assert_int_equal(t->n_apart[BW_APART_SERVER], 1);
    assert_int_equal(t->n_apart[BW_APART_UNTESTABLE], 1);
    assert_int_equal(t->n_apart[BW_APART_IMPLAUSIBLE], 1);
    assert_int_equal(t->n_compared, 2);
    assert_int_equal(t->n_at_90, 2);
    assert_int_equal(t->line[0].bps.n, 2);
    assert_int_equal(t->n_kinds, 2);
    assert_string_equal(t->kinds[1].kind, "udpst");
    assert_int_equal(t->kinds[0].goodput_bps.n, 1);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, "8 are set apart"));
    assert_non_null(strstr(out.data, "1 left by another line"));
    bw_buf_done(&out);
    fake_drop(&m);
}

static void own_tests_are_nobody_s_use(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 1500};
    const struct bw_report_used *u;
    struct made m;
    (void)state;

    fake_day(f, monday);
    for (int i = 0; i < 5; i++) {
        fake_slot(f, monday + i * 300, 300, i == 2 ? 300000000 : 300000);
    }
    /* A short interval and one whose counters were read for a third of it. */
    f->slots[4].covered_s = 100;
    f->slots[4].flow[BW_DOWN].bytes = 900000000;
    /* A run from 605 s on: its warm-up begins in the interval before. */
    fake_test(f, monday + 605, BW_TEST_OK, 100000000);
    m = fake_report(f, &a);
    u = &m.report->used[0];
    assert_int_equal(u->n_intervals, 5);
    assert_int_equal(u->n_with_test, 2);
    assert_int_equal(u->n_short, 1);
    assert_int_equal(u->window[BW_WINDOW_ALL][BW_DOWN].n, 2);
    assert_int_equal(u->window[BW_WINDOW_ALL][BW_DOWN].peak_bps, 8000);
    assert_int_equal(u->bytes[BW_DOWN], 300000000 + 900000000 + 3 * 300000);
    fake_drop(&m);
}

/* Begun just before the period, or just behind it: not counted, but their bytes are. */
static void tests_beside_the_period_are_nobody_s_use(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 900};
    struct made m;
    (void)state;

    fake_day(f, monday);
    for (int i = 0; i < 3; i++) {
        fake_slot(f, monday + i * 300, 300, 3000);
    }
    fake_test(f, monday - 5, BW_TEST_OK, 100000000);
    fake_test(f, monday - 5, BW_TEST_DEFERRED, BW_UNKNOWN);
    fake_test(f, monday + 905, BW_TEST_FAILED, BW_UNKNOWN);
    m = fake_report(f, &a);
    assert_int_equal(m.report->n_runs, 0);
    assert_int_equal(m.report->used[0].n_with_test, 2);
    assert_true(m.report->intervals[0].with_test && m.report->intervals[2].with_test);
    fake_drop(&m);
}

/* A run that ends 13 s before a border: a step of 15 s over it gives some of its bytes to
 * the next interval, one of 3 s does not. */
static void a_step_carries_a_run_over_a_border(void **state)
{
    static const struct {
        int64_t step_ms;
        int64_t n;
    } rows[] = {{1000, 1}, {3000, 1}, {15000, 2}, {30000, 2}, {BW_UNKNOWN, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_new();
        struct asked a = {.from = monday, .to = monday + 900};
        struct made m;
        fake_day(f, monday);
        for (int k = 0; k < 3; k++) {
            fake_slot(f, monday + k * 300, 300, 300000);
        }
        f->day[0].facts.source = BW_SOURCE_SNMP;
        f->day[0].facts.resolution_ms = rows[i].step_ms;
        fake_test(f, monday + 577, BW_TEST_OK, 100000000);
        m = fake_report(f, &a);
        assert_int_equal(m.report->used[0].n_with_test, rows[i].n);
        fake_drop(&m);
    }
}

/* A mirror shows at least what it shows: bytes are told, and no rate is made of them. */
static void a_mirror_is_the_source_of_no_percentile(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 900};
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    struct made m;
    (void)state;
    fake_day(f, monday);
    for (int k = 0; k < 3; k++) {
        fake_slot(f, monday + k * 300, 300, 300000);
        f->slots[k].saturated_s = 20;
    }
    f->day[0].facts.source = BW_SOURCE_MIRROR;
    m = fake_report(f, &a);
    assert_int_equal(m.report->used[0].n_intervals, 3);
    assert_int_equal(m.report->used[0].n_at_least, 3);
    assert_int_equal(m.report->used[0].n_mirror, 3);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &out, &err), 0);
    assert_non_null(
        strstr(out.data, "at 90 % of the claim or more for at least 1 min of 15 min"));
    bw_buf_clear(&out);
    assert_int_equal(bw_render_json(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, "\"intervals_at_least\":3"));
    bw_buf_clear(&out);
    assert_int_equal(bw_render_csv_intervals(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, ",20,0,0,0,0,1\r\n"));
    bw_buf_done(&out);
    assert_true(m.report->used[0].bytes[BW_DOWN] > 0);
    for (int w = 0; w < BW_WINDOWS; w++) {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            assert_int_equal(m.report->used[0].window[w][d].n, 0);
            assert_int_equal(m.report->used[0].window[w][d].p95_bps, BW_UNKNOWN);
            assert_int_equal(m.report->used[0].window[w][d].peak_bps, BW_UNKNOWN);
        }
    }
    fake_drop(&m);
}

static void nothing_on_record_is_an_error(void **state)
{
    struct fake *f = fake_new();
    struct bw_tz *tz;
    struct bw_report *r = NULL;
    struct bw_err err = {""};
    struct bw_report_query q = {.records = &f->base,
                                .site = "s-oaks2",
                                .circuit = "wan",
                                .from_unix_s = monday,
                                .to_unix_s = monday + 300};
    (void)state;

    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    q.tz = tz;
    assert_int_equal(bw_report_make(&q, &r, &err), -ENODATA);
    assert_non_null(strstr(err.text, "s-oaks2.wan"));
    q.to_unix_s = q.from_unix_s;
    assert_int_equal(bw_report_make(&q, &r, &err), -EINVAL);
    assert_null(r);
    bw_tz_free(tz);
    bw_records_close(&f->base);
}

static void a_configuration_states_the_claim(void **state)
{
    static const char text[] = "interval = 5min\n"
                               "circuit \"lte\" {\n"
                               "    claim {\n"
                               "        down = 10M\n"
                               "        up = 2M\n"
                               "    }\n"
                               "}\n"
                               "circuit \"wan\" {\n"
                               "    vantage = router\n"
                               "    claim {\n"
                               "        down = 1.5G\n"
                               "        up = 200M\n"
                               "        layer = ethernet\n"
                               "    }\n"
                               "}\n"
                               "circuit \"spare\" {\n"
                               "    vantage = router\n"
                               "}\n";
    struct bw_report_claim c;
    (void)state;

    assert_int_equal(bw_origin_read_claim(text, "wan", &c), 0);
    assert_int_equal(c.bps[BW_DOWN], 1500000000);
    assert_int_equal(c.bps[BW_UP], 200000000);
    assert_int_equal(c.layer, BW_LAYER_ETHERNET);
    assert_int_equal(bw_origin_read_claim(text, "lte", &c), 0);
    assert_int_equal(c.bps[BW_DOWN], 10000000);
    assert_int_equal(c.layer, BW_LAYER_UNKNOWN);
    assert_int_equal(bw_origin_read_claim(text, "spare", &c), -ENOENT);
    assert_int_equal(bw_origin_read_claim(text, "none", &c), -ENOENT);
    assert_int_equal(bw_origin_read_claim("", "wan", &c), -ENOENT);
}

/* "100" is 100 Mbit/s, "200" is 200, "none" states nothing. */
static int claim_of(void *owner, const char *config, struct bw_report_claim *ret)
{
    int mbit = config[0] - '0';
    (void)owner;
    if (mbit < 1 || mbit > 9) {
        return -ENOENT;
    }
    *ret = claim_100(BW_LAYER_IP);
    ret->bps[BW_DOWN] = mbit * 100000000LL;
    return 0;
}

static void claims_last_as_long_as_their_configuration(void **state)
{
    /* day by day: two the same, a change, back, one that states nothing */
    static const char *const configs[] = {"1-a", "1-b", "2-a", "1-a", "none"};
    struct fake *f = fake_new();
    struct bw_report_query q;
    struct bw_report *r;
    struct bw_tz *tz;
    struct bw_err err;
    char jws[5][400];
    (void)state;

    for (int i = 0; i < 5; i++) {
        char json[200];
        char payload[300];
        fake_day(f, monday + i * 86400);
        fake_slot(f, monday + i * 86400 + 3600, 300, 0);
        (void)snprintf(json, sizeof(json),
                       "{\"v\":1,\"agent\":\"bandwitnessd/0.1.0\",\"config\":\"%s\"}",
                       configs[i]);
        (void)bw_b64_encode(json, strlen(json), payload);
        (void)snprintf(jws[i], sizeof(jws[i]), "e30.%s.x", payload);
        f->record[f->n_records++] =
            (struct bw_record){.jws = jws[i],
                               .jws_len = strlen(jws[i]),
                               .start_unix_s = monday + i * 86400 + 3600,
                               .end_unix_s = monday + i * 86400 + 3900,
                               .seq = i + 1,
                               .position = BW_UNKNOWN,
                               .received_unix_ms = BW_UNKNOWN};
    }
    fake_test(f, monday + 4 * 86400 + 7200, BW_TEST_OK, 50000000);
    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    q = (struct bw_report_query){.records = &f->base,
                                 .site = "s-oaks2",
                                 .circuit = "wan",
                                 .tz = tz,
                                 .from_unix_s = monday,
                                 .to_unix_s = monday + 5 * 86400,
                                 .made_unix_s = monday + 5 * 86400,
                                 .config_claim = claim_of};
    assert_int_equal(bw_report_make(&q, &r, &err), 0);
    assert_int_equal(r->n_claims, 3);
    assert_int_equal(r->claims[0].from_unix_s, monday + 3600);
    assert_int_equal(r->claims[0].to_unix_s, monday + 2 * 86400 + 3600);
    assert_int_equal(r->claims[1].bps[BW_DOWN], 200000000);
    assert_int_equal(r->claims[2].bps[BW_DOWN], 100000000);
    assert_int_equal(r->claims[2].to_unix_s, monday + 4 * 86400 + 3600);
    assert_int_equal(r->tested[BW_DOWN].n_ok, 1);
    assert_int_equal(r->tested[BW_DOWN].n_compared, 0); /* nothing was claimed then */
    assert_int_equal(r->counts.n_configs, 4);
    assert_string_equal(r->counts.agents[0].text, "bandwitnessd/0.1.0");
    bw_report_free(r);
    bw_tz_free(tz);
    bw_records_close(&f->base);
}

/* More than 64 changes of what is claimed are all on the page; more than there is room for
 * make no report, never a shorter list. */
static void no_claim_is_dropped(void **state)
{
    enum {
        N = BW_REPORT_CLAIMS_MAX + 1
    };
    struct bw_report_claim *claims = calloc(N, sizeof(*claims));
    struct fake *f = fake_new();
    struct bw_report *r = NULL;
    struct bw_err err = {""};
    struct bw_buf csv;
    struct bw_tz *tz;
    (void)state;

    for (int i = 0; i < N; i++) {
        claims[i] = (struct bw_report_claim){.from_unix_s = monday + 60 * i,
                                             .to_unix_s = monday + 60 * (i + 1),
                                             .bps = {1000000 + i, BW_UNKNOWN},
                                             .layer = BW_LAYER_IP,
                                             .origin = "oak"};
    }
    fake_day(f, monday);
    fake_slot(f, monday, 300, 1000);
    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    struct bw_report_query q = {.records = &f->base,
                                .site = "s-oaks2",
                                .circuit = "wan",
                                .from_unix_s = monday,
                                .to_unix_s = monday + 86400,
                                .made_unix_s = monday + 86400,
                                .tz = tz,
                                .class_hours = bw_report_class_hours_default,
                                .claims = claims,
                                .n_claims = 65};
    assert_int_equal(bw_report_make(&q, &r, &err), 0);
    assert_int_equal(r->n_claims, 65);
    assert_int_equal(r->claims[64].bps[BW_DOWN], 1000064);
    bw_buf_init(&csv, INT64_C(1) << 24);
    assert_int_equal(bw_render_csv(r, &csv, &err), 0);
    assert_non_null(strstr(csv.data, ",1000064,bit/s"));
    bw_buf_done(&csv);
    bw_report_free(r);
    q.n_claims = N - 1;
    assert_int_equal(bw_report_make(&q, &r, &err), 0);
    assert_int_equal(r->n_claims, 1024);
    bw_report_free(r);
    q.n_claims = N;
    assert_int_equal(bw_report_make(&q, &r, &err), -E2BIG);
    assert_string_equal(err.text, "what is claimed changes more than 1024 times: ask for a "
                                  "shorter period");
    free(claims);
    bw_tz_free(tz);
    bw_records_close(&f->base);
}

/* What the page and nobody else says about these days. */
static void page_of(const struct made *m, struct bw_buf *out)
{
    struct bw_err err;
    bw_buf_init(out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m->report, out, &err), 0);
}

static void a_grade_is_what_the_record_shows(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400};
    const struct bw_report_tested *t;
    struct bw_throughput *x;
    struct bw_buf page;
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    x = fake_test(f, monday + 1000, BW_TEST_OK, 1000000);
    x->grade = BW_GRADE_RECEIPT; /* it says */
    x = fake_test(f, monday + 2000, BW_TEST_OK, 1000000);
    x->grade = BW_GRADE_RECEIPT;
    x->receipt = "eyJ.e30.AAAA";
    x = fake_test(f, monday + 3000, BW_TEST_OK, 1000000);
    x->grade = BW_GRADE_ARCHIVE;
    x = fake_test(f, monday + 4000, BW_TEST_OK, 1000000);
    x->grade = BW_GRADE_ARCHIVE;
    x->receipt = "ndt-4f9k2_1789000200";
    m = fake_report(f, &a);
    t = &m.report->tested[BW_DOWN];
    assert_int_equal(t->n_ok, 4);
    assert_int_equal(t->n_grade[BW_GRADE_RECEIPT], 1);
    assert_int_equal(t->n_grade[BW_GRADE_ARCHIVE], 1);
    assert_int_equal(t->n_grade[BW_GRADE_SELF], 2);
    page_of(&m, &page);
    assert_null(strstr(page.data, "signed receipt"));
    assert_non_null(
        strstr(page.data, "1 with a receipt of the server in the record, 2 on"));
    bw_buf_done(&page);
    fake_drop(&m);
}

static void a_run_that_waits_is_no_run_due(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400};
    struct bw_buf page;
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    for (int i = 0; i < 3; i++) {
        fake_test(f, monday + 1000 + 300 * i, BW_TEST_DEFERRED, BW_UNKNOWN);
    }
    fake_test(f, monday + 2000, BW_TEST_OK, 1000000);
    m = fake_report(f, &a);
    page_of(&m, &page);
    assert_non_null(strstr(page.data, "Down 1 good of 1 begun, up 0 of 0"));
    assert_non_null(strstr(page.data, "put off 3 times"));
    assert_non_null(strstr(page.data, "1 run was begun: 1 good"));
    assert_non_null(strstr(page.data, "Put off 3 times (a run that waits"));
    assert_null(strstr(page.data, " due"));
    bw_buf_done(&page);
    fake_drop(&m);
}

static void text_of_others_is_escaped(void **state)
{
    struct fake *f = fake_new();
    struct bw_report_claim c = claim_100(BW_LAYER_IP);
    struct asked a = {.from = monday, .to = monday + 300, .claim = &c};
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    (void)snprintf(c.origin, sizeof(c.origin), "=<script>alert('\"1\"')</script>&");
    fake_day(f, monday);
    fake_slot(f, monday, 300, 1);
    m = fake_report(f, &a);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &out, &err), 0);
    assert_null(strstr(out.data, "<script"));
    assert_non_null(strstr(out.data, "=&lt;script&gt;alert(&#39;&quot;1&quot;&#39;)"));
    bw_buf_clear(&out);
    assert_int_equal(bw_render_csv(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, ",\"'=<script>alert('\"\"1\"\"')</script>&\","));
    bw_buf_done(&out);
    fake_drop(&m);
}

static void what_shrinks_is_said_with_one_sign(void **state)
{
    char text[BW_WORDS_MAX];
    (void)state;

    bw_words_percent(-26000, text);
    assert_string_equal(text, "-2.60 %");
    bw_words_percent(-4000, text);
    assert_string_equal(text, "-0.40 %");
    bw_words_percent(999995, text);
    assert_string_equal(text, "100.00 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p95_is_the_value_at_its_rank),
        cmocka_unit_test(without_counters_nothing_is_used),
        cmocka_unit_test(a_rate_rests_on_the_seconds_covered),
        cmocka_unit_test(layers_convert_only_where_they_can),
        cmocka_unit_test(runs_are_counted_in_the_open),
        cmocka_unit_test(runs_set_apart_count_for_nobody),
        cmocka_unit_test(own_tests_are_nobody_s_use),
        cmocka_unit_test(tests_beside_the_period_are_nobody_s_use),
        cmocka_unit_test(a_step_carries_a_run_over_a_border),
        cmocka_unit_test(a_mirror_is_the_source_of_no_percentile),
        cmocka_unit_test(nothing_on_record_is_an_error),
        cmocka_unit_test(a_configuration_states_the_claim),
        cmocka_unit_test(claims_last_as_long_as_their_configuration),
        cmocka_unit_test(no_claim_is_dropped),
        cmocka_unit_test(a_grade_is_what_the_record_shows),
        cmocka_unit_test(a_run_that_waits_is_no_run_due),
        cmocka_unit_test(text_of_others_is_escaped),
        cmocka_unit_test(what_shrinks_is_said_with_one_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
