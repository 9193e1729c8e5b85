/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_report.c - small reports whose every figure was worked by hand. The records are
 * circuit-days made here, so nothing but the report is tested. */
#include "buf.h"
#include "hash.h"
#include "hist.h"
#include "model.h"
#include "origin.h"
#include "render.h"
#include "tz.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SLOTS_MAX = 4000,
    DAYS_MAX = 16,
    LIST_MAX = 64
};

/* Records in memory: days with their slots, given as the contract says. */
struct fake {
    struct bw_records base;
    struct bw_circuit_day day[DAYS_MAX];
    size_t n_days;
    struct bw_slot slots[SLOTS_MAX];
    size_t n_slots;
    struct bw_throughput tests[LIST_MAX];
    size_t n_tests;
    struct bw_outage outages[LIST_MAX];
    size_t n_outages;
    struct bw_gap gaps[LIST_MAX];
    size_t n_gaps;
    struct bw_latency_hour latency[LIST_MAX];
    size_t n_latency;
    struct bw_record record[LIST_MAX];
    size_t n_records;
};

static int fake_each(struct bw_records *r,
                     const char *site,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     bw_record_cb cb,
                     void *owner,
                     struct bw_err *reterr)
{
    struct fake *f = (struct fake *)r;
    (void)site;
    (void)reterr;
    for (size_t i = 0; i < f->n_records; i++) {
        int rc = f->record[i].start_unix_s >= from_unix_s &&
                         f->record[i].start_unix_s < to_unix_s
                     ? cb(owner, &f->record[i])
                     : 0;
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int fake_days(struct bw_records *r,
                     const char *site,
                     const char *circuit,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     bw_day_cb cb,
                     void *owner,
                     struct bw_err *reterr)
{
    struct fake *f = (struct fake *)r;
    (void)site;
    (void)from_unix_s;
    (void)to_unix_s;
    (void)reterr;
    for (size_t i = 0; i < f->n_days; i++) {
        int rc = strcmp(circuit, f->day[i].facts.id) == 0 ? cb(owner, &f->day[i]) : 0;
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static void fake_close(struct bw_records *r)
{
    free(r);
}

static const struct bw_records_ops fake_ops = {fake_each, fake_days, fake_close};

static struct fake *fake_new(void)
{
    struct fake *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->base.ops = &fake_ops;
    return f;
}

/* A day of circuit "wan": the lists added after this call belong to it. */
static struct bw_circuit_day *add_day(struct fake *f, int64_t day_unix_s)
{
    struct bw_circuit_day *d = &f->day[f->n_days++];
    (void)snprintf(d->site, sizeof(d->site), "s-oaks2");
    bw_circuit_summary_init(&d->facts);
    (void)snprintf(d->facts.id, sizeof(d->facts.id), "wan");
    d->facts.vantage = BW_VANTAGE_ROUTER;
    d->facts.source = BW_SOURCE_KERNEL;
    d->facts.layer = BW_LAYER_ETHERNET;
    d->facts.mtu = 1500;
    d->day_unix_s = day_unix_s;
    d->max_clock_error_us = BW_UNKNOWN;
    d->slots = &f->slots[f->n_slots];
    d->tests = &f->tests[f->n_tests];
    d->outages = &f->outages[f->n_outages];
    d->gaps = &f->gaps[f->n_gaps];
    d->latency = &f->latency[f->n_latency];
    return d;
}

static struct bw_slot *
add_slot(struct fake *f, int64_t start_unix_s, int64_t length_s, int64_t down_bytes)
{
    struct bw_slot *s = &f->slots[f->n_slots++];
    *s = (struct bw_slot){.start_unix_s = start_unix_s,
                          .end_unix_s = start_unix_s + length_s,
                          .seq = (int64_t)f->n_slots,
                          .covered_s = length_s,
                          .saturated_s = BW_UNKNOWN};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        s->flow[d] = (struct bw_flow){BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN,
                                      BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    }
    s->flow[BW_DOWN].bytes = down_bytes;
    f->day[f->n_days - 1].n_slots++;
    return s;
}

static struct bw_throughput *
add_test(struct fake *f, int64_t at_unix_s, enum bw_test_state state, int64_t line_bps)
{
    struct bw_throughput *t = &f->tests[f->n_tests++];
    bw_throughput_init(t);
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    t->direction = BW_DOWN;
    t->at_unix_ms = at_unix_s * 1000;
    t->duration_ms = 10000;
    t->state = state;
    t->line_bps = line_bps;
    t->goodput_bps = line_bps == BW_UNKNOWN ? BW_UNKNOWN : line_bps * 94 / 100;
    f->day[f->n_days - 1].n_tests++;
    return t;
}

static void add_outage(struct fake *f, int64_t from_ms, int64_t to_ms, int64_t known_to_ms)
{
    f->outages[f->n_outages++] = (struct bw_outage){.circuit = "wan",
                                                    .from_unix_ms = from_ms,
                                                    .to_unix_ms = to_ms,
                                                    .why = "targets silent",
                                                    .known_to_unix_ms = known_to_ms};
    f->day[f->n_days - 1].n_outages++;
}

static void add_gap(struct fake *f, int64_t from, int64_t to, enum bw_gap_why why)
{
    f->gaps[f->n_gaps++] = (struct bw_gap){from, to, why};
    f->day[f->n_days - 1].n_gaps++;
}

/* 2026-11-02, a Monday, 00:00 UTC. */
static const int64_t monday = 1793577600;

struct asked {
    const char *tz;
    const struct bw_report_claim *claim;
    int64_t from;
    int64_t to;
    int64_t made;
};

/* Owns the zone for as long as the report. */
struct made {
    struct bw_report *report;
    struct bw_tz *tz;
    struct fake *fake;
};

static struct made make(struct fake *f, const struct asked *a)
{
    struct made m = {.fake = f};
    struct bw_err err;
    struct bw_report_query q = {.records = &f->base,
                                .site = "s-oaks2",
                                .circuit = "wan",
                                .from_unix_s = a->from,
                                .to_unix_s = a->to,
                                .class_hours = bw_report_class_hours_default,
                                .claims = a->claim,
                                .n_claims = a->claim ? 1 : 0,
                                .made_unix_s = a->made ? a->made : a->to};
    assert_int_equal(bw_tz_load(a->tz ? a->tz : "UTC", &m.tz, &err), 0);
    q.tz = m.tz;
    if (bw_report_make(&q, &m.report, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return m;
}

static void drop(struct made *m)
{
    bw_report_free(m->report);
    bw_tz_free(m->tz);
    bw_records_close(&m->fake->base);
}

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

    add_day(f, monday);
    for (size_t i = 0; i < n; i++) {
        int64_t value = (int64_t)((i * 7) % n) + 1;
        if (n % 7 == 0) {
            value = (int64_t)(n - i);
        }
        add_slot(f, monday + (int64_t)i * 300, 300, value * 1000 / 8 * 300);
    }
    return make(f, &a);
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
        drop(&m);
    }
}

static void without_counters_nothing_is_used(void **state)
{
    struct fake *f = fake_new();
    struct bw_report_claim c = claim_100(BW_LAYER_IP);
    struct asked a = {.from = monday, .to = monday + 600, .claim = &c};
    struct bw_circuit_day *d = add_day(f, monday);
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    d->facts.source = BW_SOURCE_NONE;
    d->facts.layer = BW_LAYER_UNKNOWN;
    d->facts.mtu = BW_UNKNOWN;
    add_slot(f, monday, 300, BW_UNKNOWN)->covered_s = BW_UNKNOWN;
    add_slot(f, monday + 300, 300, BW_UNKNOWN)->covered_s = BW_UNKNOWN;
    add_test(f, monday + 320, BW_TEST_OK, BW_UNKNOWN)->goodput_bps = 90000000;
    m = make(f, &a);
    assert_int_equal(m.report->n_used, 0);
    assert_true(m.report->coverage.counted_s == BW_UNKNOWN);
    assert_int_equal(m.report->coverage.recorded_s, 600);
    assert_int_equal(m.report->coverage.n_gaps, 0);
    assert_int_equal(m.report->tested[BW_DOWN].goodput_bps.median, 90000000);
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
    drop(&m);
}

static void gaps_are_listed_with_their_cause(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 3600, .made = monday + 3000};
    struct made m;
    const struct bw_report_gap *g;
    (void)state;

    /* 300…900 on record, 900…1500 stopped (stated), 1500…1800 on record with half of the
     * counters, 1800…2100 missing without a word, 2100…2400 on record, then nothing until
     * the report is made at 3000. */
    add_day(f, monday);
    add_slot(f, monday + 300, 300, 1000);
    add_slot(f, monday + 600, 300, 1000);
    add_slot(f, monday + 1500, 300, 1000)->covered_s = 180;
    add_slot(f, monday + 2100, 300, 1000);
    add_gap(f, monday + 900, monday + 1500, BW_GAP_STOPPED);
    add_gap(f, monday + 2200, monday + 2200, BW_GAP_DEFERRED);
    m = make(f, &a);
    assert_int_equal(m.report->coverage.period_s, 3600);
    assert_int_equal(m.report->coverage.elapsed_s, 3000);
    assert_int_equal(m.report->coverage.recorded_s, 1200);
    assert_int_equal(m.report->coverage.missing_s, 1800);
    assert_int_equal(m.report->coverage.counted_s, 1080);
    assert_int_equal(m.report->coverage.n_gaps, 6);
    g = m.report->coverage.gaps;
    assert_int_equal(g[0].from_unix_s, monday);
    assert_string_equal(g[0].why, "not stated; before the first record");
    assert_int_equal(g[1].missing_s, 600);
    assert_string_equal(g[1].why, "daemon stopped");
    assert_int_equal(g[2].kind, BW_RGAP_COUNTER);
    assert_int_equal(g[2].missing_s, 120);
    assert_string_equal(g[3].why, "not stated");
    assert_int_equal(g[4].kind, BW_RGAP_STATED);
    assert_string_equal(g[4].why, "deferred");
    assert_string_equal(g[5].why, "not stated; after the last record");
    assert_int_equal(g[5].missing_s, 600);
    assert_int_equal(m.report->n_days, 1);
    assert_int_equal(m.report->days[0].missing_s, 1800);
    assert_int_equal(m.report->days[0].recorded_s, 1200);
    drop(&m);
}

static void time_told_twice_counts_once(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 1500};
    struct made m;
    (void)state;

    /* The clock was set back by 200 s after the second interval. */
    add_day(f, monday);
    add_slot(f, monday, 300, 1000);
    add_slot(f, monday + 300, 300, 1000);
    add_slot(f, monday + 400, 300, 1000)->flags = BW_SLOT_STEPPED | BW_SLOT_UNSYNCED;
    add_slot(f, monday + 700, 300, 1000);
    m = make(f, &a);
    assert_int_equal(m.report->coverage.recorded_s, 1000);
    assert_int_equal(m.report->coverage.twice_s, 200);
    assert_int_equal(m.report->coverage.missing_s, 500);
    assert_int_equal(m.report->clock.unsynced_s, 300);
    assert_int_equal(m.report->clock.n_stepped, 1);
    assert_int_equal(m.report->used[0].bytes[BW_DOWN], 4000);
    drop(&m);
}

static void a_rate_rests_on_the_seconds_covered(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 600};
    struct made m;
    (void)state;

    add_day(f, monday);
    add_slot(f, monday, 300, 100)->covered_s = 200;
    add_slot(f, monday + 300, 300, 60);
    m = make(f, &a);
    assert_int_equal(m.report->used[0].window[BW_WINDOW_ALL][BW_DOWN].n, 2);
    assert_int_equal(m.report->used[0].window[BW_WINDOW_ALL][BW_DOWN].peak_bps, 4);
    assert_int_equal(m.report->coverage.counted_s, 500);
    drop(&m);
}

static void a_lost_line_has_loss_and_no_delay(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 3600};
    struct bw_circuit_day *d = add_day(f, monday);
    const struct bw_report_latency *l;
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    add_slot(f, monday, 300, 0);
    f->latency[f->n_latency++] = (struct bw_latency_hour){.probe = "edge",
                                                          .kind = "icmp",
                                                          .family = 4,
                                                          .sent = 300,
                                                          .lost = 300,
                                                          .covered_s = 300};
    d->n_latency = 1;
    m = make(f, &a);
    assert_int_equal(m.report->n_latency, 1);
    l = &m.report->latency[0];
    assert_int_equal(l->loss_ppm, 1000000);
    assert_int_equal(l->loss_high_ppm, 1000000);
    assert_int_equal(l->answered, 0);
    assert_true(l->p50_us == BW_UNKNOWN && l->mean_us == BW_UNKNOWN &&
                l->pdv_p95_us == BW_UNKNOWN);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_json(m.report, &out, &err), 0);
    assert_null(strstr(out.data, "p50_us"));
    assert_non_null(strstr(out.data, "\"loss_ppm\":1000000"));
    bw_buf_done(&out);
    drop(&m);
}

static void delays_come_from_merged_histograms(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400, .tz = "America/Chicago"};
    struct bw_circuit_day *d = add_day(f, monday);
    struct bw_hist h;
    struct bw_buf early;
    struct bw_buf late;
    const struct bw_report_latency *l;
    struct made m;
    (void)state;

    /* 90 replies of 1,024 us at 14 h UTC (08:00 in Chicago, in class), 10 of 8,192 us at
     * 2 h UTC, 1 lost in each. Ranks of 100: P50 = 50th, P95 = 95th, P99 = 99th. */
    bw_buf_init(&early, 10000);
    bw_buf_init(&late, 10000);
    bw_hist_init(&h);
    for (int i = 0; i < 90; i++) {
        bw_hist_add(&h, 1024);
    }
    assert_int_equal(bw_hist_encode(&h, &early), 0);
    bw_hist_init(&h);
    for (int i = 0; i < 10; i++) {
        bw_hist_add(&h, 8192);
    }
    assert_int_equal(bw_hist_encode(&h, &late), 0);
    add_slot(f, monday, 300, 0);
    f->latency[0] = (struct bw_latency_hour){.probe = "edge",
                                             .kind = "icmp",
                                             .family = 4,
                                             .hour = 2,
                                             .sent = 11,
                                             .lost = 1,
                                             .late = 1,
                                             .sum_us = 81920,
                                             .covered_s = 11,
                                             .rtt_hist = late.data};
    f->latency[1] = (struct bw_latency_hour){.probe = "edge",
                                             .kind = "icmp",
                                             .family = 4,
                                             .hour = 14,
                                             .sent = 91,
                                             .lost = 1,
                                             .sum_us = 92160,
                                             .covered_s = 91,
                                             .rtt_hist = early.data};
    d->n_latency = 2;
    m = make(f, &a);
    assert_int_equal(m.report->n_latency, 2);
    l = &m.report->latency[0];
    assert_int_equal(l->window, BW_WINDOW_ALL);
    assert_int_equal(l->answered, 100);
    assert_int_equal(l->sent, 102);
    assert_int_equal(l->late, 1);
    assert_int_equal(l->loss_ppm, 19608); /* 2 of 102 = 1.96078 % */
    assert_int_equal(l->mean_us, (81920 + 92160) / 100);
    assert_int_equal(l->min_us, 1024);
    assert_int_equal(l->p50_us, (1024 + 1088) / 2);
    assert_int_equal(l->p95_us, (8192 + 8704) / 2);
    assert_int_equal(l->pdv_p95_us, (8192 + 8704) / 2 - 1024);
    l = &m.report->latency[1];
    assert_int_equal(l->window, BW_WINDOW_CLASS);
    assert_int_equal(l->answered, 90);
    assert_int_equal(l->p99_us, (1024 + 1088) / 2);
    assert_int_equal(m.report->coverage.targets[0].covered_s, 102);
    bw_buf_done(&early);
    bw_buf_done(&late);
    drop(&m);
}

static void class_hours_follow_the_school_clock(void **state)
{
    /* In Chicago the clocks go back on Sunday 2026-11-01 at 02:00: Friday's 07:00 is
     * 12:00 UTC, Monday's is 13:00 UTC. */
    static const struct {
        int64_t at_unix_s;
        bool in_class;
    } cases[] = {
        {monday - 3 * 86400 + 12 * 3600 - 300, false}, /* Fri 30 Oct 06:55 CDT */
        {monday - 3 * 86400 + 12 * 3600, true},        /* Fri 07:00 CDT */
        {monday - 3 * 86400 + 22 * 3600 - 300, true},  /* Fri 16:55 CDT */
        {monday - 3 * 86400 + 22 * 3600, false},       /* Fri 17:00 CDT */
        {monday - 86400 + 15 * 3600, false},           /* Sunday */
        {monday + 12 * 3600, false},                   /* Mon 06:00 CST */
        {monday + 13 * 3600, true},                    /* Mon 07:00 CST */
        {monday + 23 * 3600 - 300, true},              /* Mon 16:55 CST */
        {monday + 23 * 3600, false},
    };
    struct fake *f = fake_new();
    struct asked a = {.from = monday - 3 * 86400 + 5 * 3600, /* local midnight of Friday */
                      .to = monday + 86400 + 6 * 3600,
                      .tz = "America/Chicago"};
    int64_t day = -1;
    struct made m;
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].at_unix_s / 86400 != day) {
            day = cases[i].at_unix_s / 86400;
            add_day(f, day * 86400);
        }
        add_slot(f, cases[i].at_unix_s, 300, 300);
    }
    m = make(f, &a);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(m.report->intervals[i].in_class, cases[i].in_class);
    }
    assert_int_equal(m.report->used[0].window[BW_WINDOW_CLASS][BW_DOWN].n, 4);
    /* Friday, Saturday, a Sunday of 25 hours, Monday */
    assert_int_equal(m.report->n_days, 4);
    assert_int_equal(m.report->days[0].to_unix_s - m.report->days[0].from_unix_s, 86400);
    assert_int_equal(m.report->days[2].to_unix_s - m.report->days[2].from_unix_s, 90000);
    assert_int_equal(m.report->days[3].class_n, 2);
    assert_int_equal(m.report->coverage.period_s, 4 * 86400 + 3600);
    drop(&m);
}

static void an_interval_belongs_where_it_starts(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400};
    struct made m;
    (void)state;

    add_day(f, monday - 86400);
    add_slot(f, monday - 300, 300, 111);
    add_day(f, monday);
    add_slot(f, monday, 300, 222);
    add_slot(f, monday + 86100, 300, 333);
    add_day(f, monday + 86400);
    add_slot(f, monday + 86400, 300, 444);
    m = make(f, &a);
    assert_int_equal(m.report->n_intervals, 2);
    assert_int_equal(m.report->used[0].bytes[BW_DOWN], 555);
    assert_int_equal(m.report->coverage.recorded_s, 600);
    drop(&m);
}

static void an_outage_counts_once_and_only_within(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 2 * 86400};
    const struct bw_report_outages *o;
    struct made m;
    (void)state;

    add_day(f, monday);
    add_slot(f, monday, 300, 0);
    /* began before the period, ended 60 s in */
    add_outage(f, (monday - 500) * 1000, (monday + 60) * 1000, (monday + 60) * 1000);
    /* goes over midnight: both days name it, the first still open */
    add_outage(f, (monday + 86390) * 1000, BW_UNKNOWN, (monday + 86400) * 1000);
    add_day(f, monday + 86400);
    add_slot(f, monday + 86400, 300, 0);
    add_outage(f, (monday + 86390) * 1000, (monday + 86420) * 1000,
               (monday + 86420) * 1000);
    /* overlaps the one before: one outage of 90,000 … 90,070 */
    add_outage(f, (monday + 90000) * 1000, (monday + 90050) * 1000,
               (monday + 90050) * 1000);
    add_outage(f, (monday + 90040) * 1000, (monday + 90070) * 1000,
               (monday + 90070) * 1000);
    /* no end on record: known until 100,300 */
    add_outage(f, (monday + 100000) * 1000, BW_UNKNOWN, (monday + 100300) * 1000);
    m = make(f, &a);
    o = &m.report->outages;
    assert_int_equal(o->n, 4);
    assert_int_equal(o->list[0].clipped_to_unix_ms - o->list[0].clipped_from_unix_ms,
                     60000);
    assert_int_equal(o->list[1].clipped_to_unix_ms - o->list[1].clipped_from_unix_ms,
                     30000);
    assert_false(o->list[1].open);
    assert_int_equal(o->list[2].clipped_to_unix_ms - o->list[2].clipped_from_unix_ms,
                     70000);
    assert_true(o->list[3].open);
    assert_int_equal(o->n_open, 1);
    assert_int_equal(o->total_ms, 460000);
    assert_int_equal(o->longest_ms, 300000);
    assert_int_equal(m.report->days[0].outage_ms, 70000);
    assert_int_equal(m.report->days[1].outage_ms, 390000);
    drop(&m);
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
    add_day(f, monday);
    add_slot(f, monday, 300, 0);
    add_test(f, monday + 1000, BW_TEST_OK, 100933334);
    add_test(f, monday + 2000, BW_TEST_OK, 90840000); /* 90 % is 90,840,000 exactly */
    add_test(f, monday + 3000, BW_TEST_OK, 90839990);
    add_test(f, monday + 4000, BW_TEST_OK, 80746600); /* just below 80 % */
    add_test(f, monday + 5000, BW_TEST_OK, BW_UNKNOWN)->goodput_bps = 1;
    add_test(f, monday + 6000, BW_TEST_FAILED, BW_UNKNOWN);
    add_test(f, monday + 7000, BW_TEST_DEFERRED, BW_UNKNOWN);
    add_test(f, monday + 8000, BW_TEST_CANCELLED, BW_UNKNOWN);
    add_test(f, monday + 86400, BW_TEST_OK, 1); /* outside */
    m = make(f, &a);
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
    assert_int_equal(t->goodput_bps.n, 5);
    assert_int_equal(t->goodput_bps.min, 1);
    assert_int_equal(t->line[0].bps.n, 4);
    assert_int_equal(t->line[0].bps.median, 90839990);
    assert_int_equal(t->compared_layer, BW_LAYER_IP);
    assert_int_equal(t->compared_bps.max, 100000000);
    assert_non_null(strstr(t->conversion, "× 1500 / 1514"));
    assert_int_equal(m.report->tested[BW_UP].n_wanted, 0);
    drop(&m);
}

static void own_tests_are_nobody_s_use(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 1500};
    const struct bw_report_used *u;
    struct made m;
    (void)state;

    add_day(f, monday);
    for (int i = 0; i < 5; i++) {
        add_slot(f, monday + i * 300, 300, i == 2 ? 300000000 : 300000);
    }
    /* A short interval and one whose counters were read for a third of it. */
    f->slots[4].covered_s = 100;
    f->slots[4].flow[BW_DOWN].bytes = 900000000;
    /* A run from 605 s on: its warm-up begins in the interval before. */
    add_test(f, monday + 605, BW_TEST_OK, 100000000);
    m = make(f, &a);
    u = &m.report->used[0];
    assert_int_equal(u->n_intervals, 5);
    assert_int_equal(u->n_with_test, 2);
    assert_int_equal(u->n_short, 1);
    assert_int_equal(u->window[BW_WINDOW_ALL][BW_DOWN].n, 2);
    assert_int_equal(u->window[BW_WINDOW_ALL][BW_DOWN].peak_bps, 8000);
    assert_int_equal(u->bytes[BW_DOWN], 300000000 + 900000000 + 3 * 300000);
    drop(&m);
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
        add_day(f, monday + i * 86400);
        add_slot(f, monday + i * 86400 + 3600, 300, 0);
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
    add_test(f, monday + 4 * 86400 + 7200, BW_TEST_OK, 50000000);
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
    add_day(f, monday);
    add_slot(f, monday, 300, 1);
    m = make(f, &a);
    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &out, &err), 0);
    assert_null(strstr(out.data, "<script"));
    assert_non_null(strstr(out.data, "=&lt;script&gt;alert(&#39;&quot;1&quot;&#39;)"));
    bw_buf_clear(&out);
    assert_int_equal(bw_render_csv(m.report, &out, &err), 0);
    assert_non_null(strstr(out.data, ",\"'=<script>alert('\"\"1\"\"')</script>&\","));
    bw_buf_done(&out);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p95_is_the_value_at_its_rank),
        cmocka_unit_test(without_counters_nothing_is_used),
        cmocka_unit_test(gaps_are_listed_with_their_cause),
        cmocka_unit_test(time_told_twice_counts_once),
        cmocka_unit_test(a_rate_rests_on_the_seconds_covered),
        cmocka_unit_test(a_lost_line_has_loss_and_no_delay),
        cmocka_unit_test(delays_come_from_merged_histograms),
        cmocka_unit_test(class_hours_follow_the_school_clock),
        cmocka_unit_test(an_interval_belongs_where_it_starts),
        cmocka_unit_test(an_outage_counts_once_and_only_within),
        cmocka_unit_test(layers_convert_only_where_they_can),
        cmocka_unit_test(runs_are_counted_in_the_open),
        cmocka_unit_test(own_tests_are_nobody_s_use),
        cmocka_unit_test(nothing_on_record_is_an_error),
        cmocka_unit_test(a_configuration_states_the_claim),
        cmocka_unit_test(claims_last_as_long_as_their_configuration),
        cmocka_unit_test(text_of_others_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
