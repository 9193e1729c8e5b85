/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_report_time.c - small reports whose gaps, outages, delays and hours were worked by
 * hand. The records are circuit-days made here, so nothing but the report is tested. */
#include "buf.h"
#include "bw_test.h"
#include "fake_days.h"
#include "hist.h"
#include "model.h"
#include "pages.h"
#include "render.h"
#include "tz.h"
#include "until.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 2026-11-02, a Monday, 00:00 UTC. */
static const int64_t monday = 1793577600;

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
    fake_day(f, monday);
    fake_slot(f, monday + 300, 300, 1000);
    fake_slot(f, monday + 600, 300, 1000);
    fake_slot(f, monday + 1500, 300, 1000)->covered_s = 180;
    fake_slot(f, monday + 2100, 300, 1000);
    fake_gap(f, monday + 900, monday + 1500, BW_GAP_STOPPED);
    fake_gap(f, monday + 2200, monday + 2200, BW_GAP_DEFERRED);
    m = fake_report(f, &a);
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
    fake_drop(&m);
}

static void time_told_twice_counts_once(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 1500};
    struct made m;
    (void)state;

    /* The clock was set back by 200 s after the second interval. */
    fake_day(f, monday);
    fake_slot(f, monday, 300, 1000);
    fake_slot(f, monday + 300, 300, 1000);
    fake_slot(f, monday + 400, 300, 1000)->flags = BW_SLOT_STEPPED | BW_SLOT_UNSYNCED;
    fake_slot(f, monday + 700, 300, 1000);
    m = fake_report(f, &a);
    assert_int_equal(m.report->coverage.recorded_s, 1000);
    assert_int_equal(m.report->coverage.twice_s, 200);
    assert_int_equal(m.report->coverage.missing_s, 500);
    assert_int_equal(m.report->clock.unsynced_s, 300);
    assert_int_equal(m.report->clock.n_stepped, 1);
    assert_int_equal(m.report->used[0].bytes[BW_DOWN], 4000);
    fake_drop(&m);
}

static void a_lost_line_has_loss_and_no_delay(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 3600};
    struct bw_circuit_day *d = fake_day(f, monday);
    const struct bw_report_latency *l;
    struct bw_buf out;
    struct bw_err err;
    struct made m;
    (void)state;

    fake_slot(f, monday, 300, 0);
    f->latency[f->n_latency++] = (struct bw_latency_cell){.probe = "edge",
                                                          .kind = "icmp",
                                                          .family = 4,
                                                          .start_unix_s = monday,
                                                          .last_start_unix_s = monday,
                                                          .sent = 300,
                                                          .lost = 300,
                                                          .covered_s = 300};
    d->n_latency = 1;
    m = fake_report(f, &a);
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
    fake_drop(&m);
}

static void delays_come_from_merged_histograms(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400, .tz = "America/Chicago"};
    struct bw_circuit_day *d = fake_day(f, monday);
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
    fake_slot(f, monday, 300, 0);
    f->latency[0] = (struct bw_latency_cell){.probe = "edge",
                                             .kind = "icmp",
                                             .family = 4,
                                             .start_unix_s = monday + 2 * 3600,
                                             .last_start_unix_s = monday + 2 * 3600,
                                             .sent = 11,
                                             .lost = 1,
                                             .late = 1,
                                             .sum_us = 81920,
                                             .covered_s = 11,
                                             .rtt_hist = late.data};
    f->latency[1] = (struct bw_latency_cell){.probe = "edge",
                                             .kind = "icmp",
                                             .family = 4,
                                             .start_unix_s = monday + 14 * 3600,
                                             .last_start_unix_s = monday + 14 * 3600,
                                             .sent = 91,
                                             .lost = 1,
                                             .sum_us = 92160,
                                             .covered_s = 91,
                                             .rtt_hist = early.data};
    d->n_latency = 2;
    m = fake_report(f, &a);
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
    fake_drop(&m);
}

/* Hours that no hour of UTC fits: a school in Kolkata (+05:30), 07:30 to 15:15, is at class
 * from 02:00 to 09:45 UTC. One round trip in each of four cells, at both sides of both
 * edges; then two short intervals in one cell that an edge of 07:32 parts. */
static void class_hours_of_any_zone_are_exact(void **state)
{
    static const struct bw_report_hours school = {
        .from_min = 7 * 60 + 30, .to_min = 15 * 60 + 15, .weekdays = 0x3e};
    static const struct bw_report_hours odd = {
        .from_min = 7 * 60 + 32, .to_min = 15 * 60 + 15, .weekdays = 0x3e};
    static const int64_t starts[] = {7200 - 300, 7200, 35100 - 300, 35100};
    (void)state;
    for (int blurred = 0; blurred < 2; blurred++) {
        struct fake *f = fake_new();
        struct asked a = {.from = monday,
                          .to = monday + 86400,
                          .tz = "Asia/Kolkata",
                          .class_hours = blurred ? &odd : &school};
        struct bw_circuit_day *d = fake_day(f, monday);
        struct made m;
        fake_slot(f, monday, 300, 0);
        for (size_t i = 0; i < 4; i++) {
            f->latency[i] = (struct bw_latency_cell){
                .probe = "edge",
                .kind = "icmp",
                .family = 4,
                .start_unix_s = monday + starts[i],
                .last_start_unix_s = monday + starts[i] + (blurred && i == 1 ? 240 : 0),
                .sent = INT64_C(1) << (8 * i),
                .lost = INT64_C(1) << (8 * i)};
        }
        d->n_latency = 4;
        m = fake_report(f, &a);
        assert_int_equal(m.report->n_latency, 2);
        assert_true(m.report->latency[0].sent == 0x01010101);
        assert_int_equal(m.report->latency[1].window, BW_WINDOW_CLASS);
        /* The cell on both sides of the edge is left to the records, and there are none. */
        assert_true(m.report->latency[1].sent == (blurred ? 0x00010000 : 0x00010100));
        fake_drop(&m);
    }
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
            fake_day(f, day * 86400);
        }
        fake_slot(f, cases[i].at_unix_s, 300, 300);
    }
    m = fake_report(f, &a);
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
    fake_drop(&m);
}

static void an_interval_belongs_where_it_starts(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400};
    struct made m;
    (void)state;

    fake_day(f, monday - 86400);
    fake_slot(f, monday - 300, 300, 111);
    fake_day(f, monday);
    fake_slot(f, monday, 300, 222);
    fake_slot(f, monday + 86100, 300, 333);
    fake_day(f, monday + 86400);
    fake_slot(f, monday + 86400, 300, 444);
    m = fake_report(f, &a);
    assert_int_equal(m.report->n_intervals, 2);
    assert_int_equal(m.report->used[0].bytes[BW_DOWN], 555);
    assert_int_equal(m.report->coverage.recorded_s, 600);
    fake_drop(&m);
}

static void an_outage_counts_once_and_only_within(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 2 * 86400};
    const struct bw_report_outages *o;
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    /* began before the period, ended 60 s in */
    fake_outage(f, (monday - 500) * 1000, (monday + 60) * 1000, (monday + 60) * 1000);
    /* goes over midnight: both days name it, the first still open */
    fake_outage(f, (monday + 86390) * 1000, BW_UNKNOWN, (monday + 86400) * 1000);
    fake_day(f, monday + 86400);
    fake_slot(f, monday + 86400, 300, 0);
    fake_outage(f, (monday + 86390) * 1000, (monday + 86420) * 1000,
                (monday + 86420) * 1000);
    /* overlaps the one before: one outage of 90,000 … 90,070 */
    fake_outage(f, (monday + 90000) * 1000, (monday + 90050) * 1000,
                (monday + 90050) * 1000);
    fake_outage(f, (monday + 90040) * 1000, (monday + 90070) * 1000,
                (monday + 90070) * 1000);
    /* no end on record: known until 100,300 */
    fake_outage(f, (monday + 100000) * 1000, BW_UNKNOWN, (monday + 100300) * 1000);
    m = fake_report(f, &a);
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
    fake_drop(&m);
}

/* An interval of a circuit whose source is none. */
static void uncounted_slot(struct fake *f, int64_t start_unix_s)
{
    struct bw_circuit_day *d = &f->day[f->n_days - 1];

    d->facts.source = BW_SOURCE_NONE;
    d->facts.layer = BW_LAYER_UNKNOWN;
    fake_slot(f, start_unix_s, 300, BW_UNKNOWN)->covered_s = BW_UNKNOWN;
}

/* A target that never answers, asked each second for five minutes. */
static void silent_cell(struct fake *f, const char *probe, int64_t start_unix_s)
{
    struct bw_latency_cell *c = &f->latency[f->n_latency++];

    *c = (struct bw_latency_cell){.kind = "icmp",
                                  .family = 4,
                                  .start_unix_s = start_unix_s,
                                  .last_start_unix_s = start_unix_s,
                                  .end_unix_s = start_unix_s + 300,
                                  .n = 1,
                                  .sent = 300,
                                  .lost = 300,
                                  .covered_s = 300};
    (void)snprintf(c->probe, sizeof(c->probe), "%s", probe);
    f->day[f->n_days - 1].n_latency++;
}

/* One target the first day, one by turns the second, two for five minutes of the third. */
static void time_is_watched_while_two_are_asked(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 3 * 86400};
    struct bw_buf page;
    struct bw_err err;
    struct made m;
    (void)state;

    for (int64_t day = 0; day < 3; day++) {
        fake_day(f, monday + day * 86400);
        for (int64_t i = 0; i < 4; i++) {
            int64_t at = monday + day * 86400 + i * 300;
            uncounted_slot(f, at);
            silent_cell(f, day == 1 && i % 2 ? "hub" : "edge", at);
        }
    }
    silent_cell(f, "hub", monday + 2 * 86400 + 900);
    m = fake_report(f, &a);
    assert_int_equal(m.report->coverage.recorded_s, 3600);
    assert_int_equal(m.report->outages.observed_s, 300);
    assert_int_equal(m.report->outages.n_witnesses, 2);
    assert_int_equal(m.report->outages.total_ms, 0);
    assert_true(m.report->days[0].outage_ms == BW_UNKNOWN);
    assert_true(m.report->days[1].outage_ms == BW_UNKNOWN);
    assert_int_equal(m.report->days[2].outage_ms, 0);
    bw_buf_init(&page, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &page, &err), 0);
    assert_non_null(strstr(page.data, "None was seen in the 5 min watched."));
    bw_buf_done(&page);
    fake_drop(&m);
}

/* A day's facts are those of its last interval; what came before may have been counted. */
static void intervals_tell_of_their_counters(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 86400};
    struct made m;
    (void)state;

    fake_day(f, monday)->facts.source = BW_SOURCE_NONE;
    fake_slot(f, monday, 300, 0);
    m = fake_report(f, &a);
    assert_int_equal(m.report->outages.total_ms, 0);
    assert_int_equal(m.report->outages.observed_s, 300);
    fake_drop(&m);
}

static void of_a_day_without_a_record_nothing_is_said(void **state)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 21 * 86400}; /* a calendar */
    struct bw_buf page;
    struct bw_err err;
    struct made m;
    (void)state;

    fake_day(f, monday);
    fake_slot(f, monday, 300, 0);
    fake_day(f, monday + 2 * 86400);
    fake_slot(f, monday + 2 * 86400, 300, 0);
    m = fake_report(f, &a);
    assert_int_equal(m.report->days[0].outage_ms, 0);
    assert_true(m.report->days[1].outage_ms == BW_UNKNOWN);
    assert_int_equal(m.report->days[2].outage_ms, 0);
    bw_buf_init(&page, BW_RENDER_BYTES_MAX);
    assert_int_equal(bw_render_html(m.report, &page, &err), 0);
    assert_non_null(strstr(page.data, "1 d missing, outages not measured"));
    bw_buf_done(&page);
    fake_drop(&m);
}

/* One target or none, and nothing counted: a line that is out looks like any other. */
static void an_outage_needs_somebody_to_see_it(void **state)
{
    static const struct {
        const char *second; /* target; NULL: none */
        int64_t sent;       /* to it */
        enum bw_source source;
        const char *first;   /* words of page one */
        const char *section; /* words of the section */
        int64_t witnesses;
        bool known;
    } rows[] = {
        {NULL, 0, BW_SOURCE_NONE, "<b>not measured</b><span>outage", "and one was.", 1,
         false},
        {"edge", 300, BW_SOURCE_NONE, "<b>not measured</b><span>outage", "and one was.", 1,
         false}, /* the other family of the same */
        {"names", 5, BW_SOURCE_NONE, "<b>not measured</b><span>outage", "and one was.", 1,
         false}, /* asked once a minute */
        {"names", 37, BW_SOURCE_NONE, "<b>not measured</b><span>outage", "and one was.", 1,
         false}, /* each 8 s: more seldom than what a box watches */
        {"hub", 300, BW_SOURCE_NONE, "<b>none</b><span>outage seen in", "None was seen", 2,
         true},
        {NULL, 0, BW_SOURCE_KERNEL, "where only the carrier was watched",
         "Only a carrier that is down could be seen.", 1, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_new();
        struct asked a = {.from = monday, .to = monday + 300};
        struct bw_latency_cell cell = {.probe = "edge",
                                       .kind = "icmp",
                                       .family = 4,
                                       .start_unix_s = monday,
                                       .last_start_unix_s = monday,
                                       .end_unix_s = monday + 300,
                                       .n = 1,
                                       .sent = 300,
                                       .lost = 300,
                                       .covered_s = 300};
        struct bw_circuit_day *d = fake_day(f, monday);
        struct bw_buf page;
        struct bw_err err;
        struct made m;
        if (rows[i].source == BW_SOURCE_NONE) {
            uncounted_slot(f, monday);
        } else {
            fake_slot(f, monday, 300, 0);
        }
        f->latency[f->n_latency++] = cell;
        if (rows[i].second) {
            cell.family = 6;
            cell.sent = rows[i].sent;
            cell.lost = rows[i].sent;
            (void)snprintf(cell.probe, sizeof(cell.probe), "%s", rows[i].second);
            f->latency[f->n_latency++] = cell;
        }
        d->n_latency = f->n_latency;
        m = fake_report(f, &a);
        assert_int_equal(m.report->outages.n_witnesses, rows[i].witnesses);
        assert_true((m.report->outages.total_ms != BW_UNKNOWN) == rows[i].known);
        assert_true((m.report->days[0].outage_ms != BW_UNKNOWN) == rows[i].known);
        assert_int_equal(m.report->outages.observed_s, rows[i].known ? 300 : 0);
        bw_buf_init(&page, BW_RENDER_BYTES_MAX);
        assert_int_equal(bw_render_html(m.report, &page, &err), 0);
        if (!strstr(page.data, rows[i].first) || !strstr(page.data, rows[i].section)) {
            fail_msg("row %zu: the page does not say '%s' and '%s'", i, rows[i].first,
                     rows[i].section);
        }
        bw_buf_clear(&page);
        assert_int_equal(bw_render_csv(m.report, &page, &err), 0);
        assert_true(!strstr(page.data, "outages,total,0,ms") == !rows[i].known);
        bw_buf_done(&page);
        fake_drop(&m);
    }
}

/* Terms and prices are those up to where the report tells of its period: a date of making
 * that was set by hand before the last record is not that. */
static void known_before_it_is_made(void **state)
{
    static const struct {
        int64_t to;
        int64_t made;
        int64_t until; /* all behind Monday's midnight; the last record ends at 90300 */
    } rows[] = {
        {3 * 86400, 1000, 90300},  /* before all records */
        {3 * 86400, 90000, 90300}, /* within the last */
        {3 * 86400, 90301, 90301}, /* after it, in a period that is not over */
        {3 * 86400, 900000, 3 * 86400},
        {90200, 1000, 90200}, /* a record over the period's end */
        {90200, 90300, 90200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_new();
        struct asked a = {
            .from = monday, .to = monday + rows[i].to, .made = monday + rows[i].made};
        struct made m;
        struct bw_err err = {""};
        int64_t until = 0;
        fake_day(f, monday);
        fake_slot(f, monday + 300, 300, 1000);
        fake_day(f, monday + 86400);
        fake_slot(f, monday + 90000, 300, 1000);
        assert_int_equal(
            bw_until_find(&f->base, "s-oaks2", "wan", a.from, a.to, a.made, &until, &err),
            0);
        assert_int_equal(until, monday + rows[i].until);
        m = fake_report(f, &a);
        assert_int_equal(m.report->until_unix_s, until);
        fake_drop(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_listed_with_their_cause),
        cmocka_unit_test(time_told_twice_counts_once),
        cmocka_unit_test(a_lost_line_has_loss_and_no_delay),
        cmocka_unit_test(delays_come_from_merged_histograms),
        cmocka_unit_test(class_hours_of_any_zone_are_exact),
        cmocka_unit_test(class_hours_follow_the_school_clock),
        cmocka_unit_test(an_interval_belongs_where_it_starts),
        cmocka_unit_test(an_outage_counts_once_and_only_within),
        cmocka_unit_test(an_outage_needs_somebody_to_see_it),
        cmocka_unit_test(time_is_watched_while_two_are_asked),
        cmocka_unit_test(intervals_tell_of_their_counters),
        cmocka_unit_test(of_a_day_without_a_record_nothing_is_said),
        cmocka_unit_test(known_before_it_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
