/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_plot.c - the charts of small reports: where each primitive lies was worked by hand.
 * A figure is 520 pt wide; its plot begins at 38 pt, is 404 pt wide, and lies between 22
 * and 146 pt. */
#include "board.h"
#include "bw_test.h"
#include "draw_record.h"
#include "fake_days.h"
#include "growth.h"
#include "model.h"
#include "plot.h"
#include "tz.h"
#include "week.h"

#include <bw/records.h>
#include <string.h>

/* 2026-11-02, a Monday, 00:00 UTC. */
static const int64_t monday = 1793577600;

static const struct bw_report_claim claim_100 = {.from_unix_s = BW_UNKNOWN,
                                                 .to_unix_s = BW_UNKNOWN,
                                                 .bps = {100000000, 20000000},
                                                 .layer = BW_LAYER_ETHERNET,
                                                 .origin = "typed in"};

static void is_at(const struct drawn *d, int64_t x, int64_t y, int64_t w, int64_t h)
{
    assert_non_null(d);
    assert_int_equal(d->a.x, x);
    assert_int_equal(d->a.y, y);
    assert_int_equal(d->b.x - d->a.x, w);
    assert_int_equal(d->b.y - d->a.y, h);
}

/* An hour: 600…900 at 40 Mbit/s, 900…1200 without a record, else quiet. */
static struct made hour(void)
{
    struct fake *f = fake_new();
    struct asked a = {.from = monday, .to = monday + 3600, .claim = &claim_100};

    fake_day(f, monday);
    for (int i = 0; i < 12; i++) {
        if (i != 3) {
            fake_slot(f, monday + i * 300, 300, i == 2 ? 1500000000 : 0);
        }
    }
    fake_test(f, monday + 1800, BW_TEST_OK, 90000000);
    fake_test(f, monday + 2100, BW_TEST_OK, 60000000);
    fake_test(f, monday + 2400, BW_TEST_FAILED, BW_UNKNOWN);
    fake_test(f, monday + 2700, BW_TEST_DEFERRED, BW_UNKNOWN);
    return fake_report(f, &a);
}

static void use_stands_where_it_was(void **state)
{
    struct made m = hour();
    struct bw_drawing f;
    struct drawing d;
    const struct drawn *x;
    (void)state;

    bw_plot_use(m.report, BW_DOWN, &f);
    drawing_of(&f, &d);
    /* 100 and a sixteenth is 106.25: six steps of 20 reach 120. 40 of 120 of 124 pt. */
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_DEEP, 2), 105333, 104667, 33417, 41333);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_GAP, 0), 139000, 22000, 33666, 124000);
    assert_null(drawing_find(&d, DRAWN_RECT, BW_STYLE_GAP, 1));
    x = drawing_find(&d, DRAWN_LINE, BW_STYLE_CLAIM, 0);
    is_at(x, 38000, 42667, 404000, 0);
    assert_non_null(drawing_text(&d, "claim 100.0 Mbit/s"));
    assert_non_null(drawing_text(&d, "Mbit/s, Ethernet; mean of each interval"));
    assert_non_null(drawing_text(&d, "120"));
    assert_non_null(drawing_text(&d, "00:00"));
    assert_non_null(strstr(f.description, "Highest interval: 40.0 Mbit/s, Mon 2 Nov 2026, "
                                          "00:10."));
    assert_non_null(
        strstr(f.description, "Time without records, 5 min in all, is hatched."));
    drawing_done(&d);
    fake_drop(&m);
}

static void runs_are_what_they_were(void **state)
{
    struct made m = hour();
    struct bw_drawing f;
    struct drawing d;
    const struct drawn *x;
    (void)state;

    bw_plot_runs(m.report, BW_DOWN, &f);
    drawing_of(&f, &d);
    /* 1800 of 3600 s: 38 + 202 pt; 90 of 120: 146 - 93 pt */
    x = drawing_find(&d, DRAWN_MARKS, BW_STYLE_DEEP, 0);
    assert_non_null(x);
    assert_int_equal(x->n, 2);
    assert_int_equal(x->mark, BW_MARK_DOT);
    assert_int_equal(x->a.x, 240000);
    assert_int_equal(x->a.y, 53000);
    assert_int_equal(x->b.y, 84000); /* 60 of 120 */
    x = drawing_find(&d, DRAWN_MARKS, BW_STYLE_FAILED, 0);
    assert_int_equal(x->mark, BW_MARK_CROSS);
    assert_int_equal(x->n, 1);
    x = drawing_find(&d, DRAWN_MARKS, BW_STYLE_PUT_OFF, 0);
    assert_int_equal(x->mark, BW_MARK_TICK);
    is_at(drawing_find(&d, DRAWN_LINE, BW_STYLE_CLAIM_80, 0), 38000, 63334, 404000, 0);
    assert_non_null(strstr(f.description, "2 in all; crosses at the bottom are failed runs "
                                          "(1), short strokes deferred ones (1)."));
    drawing_done(&d);
    fake_drop(&m);
}

/* 404 pt less the margins of the bars: 520 - 48 - 206 = 266 pt for the highest value. */
static void bars_are_as_long_as_their_figures(void **state)
{
    struct made m = hour();
    struct bw_drawing f;
    struct drawing d;
    (void)state;

    bw_plot_bars(m.report, &f);
    drawing_of(&f, &d);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_CLAIMED, 0), 48000, 16000, 266000, 9000);
    /* the median of 60 and 90 is the first of two: 60 of 100 */
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_DEEP, 0), 48000, 31000, 159600, 9000);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_MID, 0), 48000, 46000, 106400, 9000);
    assert_non_null(drawing_text(&d, "60.0 Mbit/s Ethernet, median"));
    assert_non_null(drawing_text(&d, "not measured")); /* upload was never tested */
    assert_non_null(strstr(f.description,
                           "Upload: Claimed 20.0 Mbit/s Ethernet; Tested not "
                           "measured;"));
    drawing_done(&d);
    fake_drop(&m);
}

static void a_strip_shows_what_is_missing(void **state)
{
    struct made m = hour();
    struct bw_drawing f;
    struct drawing d;
    (void)state;

    bw_plot_coverage(m.report, &f);
    drawing_of(&f, &d);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_MID, 0), 38000, 4000, 404000, 22000);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_GAP, 0), 139000, 4000, 33666, 22000);
    assert_non_null(strstr(f.description, "Records cover 55 min of 1 h."));
    drawing_done(&d);
    fake_drop(&m);
}

/* Five days, of the second only the first half is on record, the line was out on the
 * third. A cell is (520 - 46) / 31 = 15.29 pt less 1.2 wide and 10 pt high. */
static void days_are_cells(void **state)
{
    struct fake *fake = fake_new();
    struct asked a = {.from = monday, .to = monday + 5 * 86400, .claim = &claim_100};
    struct bw_drawing f;
    struct drawing d;
    struct made m;
    (void)state;

    for (int i = 0; i < 5; i++) {
        fake_day(fake, monday + i * 86400);
        for (int k = 0; k < (i == 1 ? 12 : 24); k++) {
            fake_slot(fake, monday + i * 86400 + k * 3600, 3600, 1000000 * (k + 1));
        }
        if (i == 2) {
            fake_outage(fake, (monday + 2 * 86400 + 60) * 1000,
                        (monday + 2 * 86400 + 120) * 1000, (monday + 3 * 86400) * 1000);
        }
    }
    m = fake_report(fake, &a);
    bw_plot_coverage(m.report, &f);
    drawing_of(&f, &d);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_MID, 0), 46000 + 15290, 12000, 14090,
          10000);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_GAP, 0), 46000 + 2 * 15290, 12000, 14090,
          5000);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_OUT, 0), 46000 + 3 * 15290, 12000, 14090,
          3000);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_MID), 5);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_GAP), 1);
    drawing_done(&d);
    bw_plot_use(m.report, BW_DOWN, &f);
    drawing_of(&f, &d);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_DEEP),
                     5); /* with class hours */
    assert_non_null(drawing_text(&d, "Mon 2 Nov"));
    drawing_done(&d);
    fake_drop(&m);
}

/* The first claim's line ends on the fourth day: its name stands on it, right of the gap.
 */
static void a_claim_that_ended_is_named_on_its_line(void **state)
{
    struct fake *fake = fake_new();
    struct asked a = {.from = monday, .to = monday + 5 * 86400, .claim = &claim_100};
    struct bw_report_claim two[2] = {claim_100, claim_100};
    struct bw_report_claim *own;
    const struct drawn *line;
    const struct drawn *name;
    struct bw_drawing f;
    struct drawing d;
    struct made m;
    (void)state;

    for (int i = 0; i < 5; i++) {
        fake_day(fake, monday + i * 86400);
        for (int k = i == 0 ? 12 : 0; k < 24; k++) {
            fake_slot(fake, monday + i * 86400 + k * 3600, 3600, 1000000);
        }
    }
    m = fake_report(fake, &a);
    own = m.report->claims;
    two[0].bps[BW_DOWN] = 50000000;
    two[0].to_unix_s = monday + 3 * 86400;
    two[1].from_unix_s = monday + 3 * 86400;
    m.report->claims = two;
    m.report->n_claims = 2;
    bw_plot_use(m.report, BW_DOWN, &f);
    drawing_of(&f, &d);
    line = drawing_find(&d, DRAWN_LINE, BW_STYLE_CLAIM, 0);
    name = drawing_text(&d, "claim 50.0 Mbit/s");
    assert_non_null(line);
    assert_non_null(name);
    assert_true(name->b.y < line->a.y && name->a.y > line->a.y - 10 * BW_PT);
    assert_true(name->a.x > 38000 + 404000 / 10 && name->a.x < line->b.x);
    drawing_done(&d);
    m.report->claims = own;
    m.report->n_claims = 1;
    fake_drop(&m);
}

static void names_of_lines_make_room(void **state)
{
    struct drawing d;
    struct bw_drawing f;
    struct made m = hour();
    struct bw_labels l = {0};
    struct bw_board b;
    (void)state;

    bw_plot_use(m.report, BW_DOWN, &f); /* for a canvas alone */
    drawing_of(&f, &d);
    d.n = 0;
    b = bw_board(m.report, &d.canvas, BW_DRAWING_WIDTH);
    bw_labels_add(&l, 53000, "c");
    bw_labels_add(&l, 50000, "a");
    bw_labels_add(&l, 52000, "b");
    bw_labels_add(&l, 146000, "z");
    bw_labels_add(&l, 145000, "y");
    bw_labels_draw(&l, &b);
    /* base lines are 2.5 pt below; three quarters of 7 pt above is the box's top */
    assert_int_equal(drawing_text(&d, "a")->a.y, 50000 + 2500 - 5250);
    assert_int_equal(drawing_text(&d, "b")->a.y, 59000 + 2500 - 5250);
    assert_int_equal(drawing_text(&d, "c")->a.y, 68000 + 2500 - 5250);
    assert_int_equal(drawing_text(&d, "y")->a.y, 137000 + 2500 - 5250);
    assert_int_equal(drawing_text(&d, "z")->a.y, 146000 + 2500 - 5250);
    drawing_done(&d);
    fake_drop(&m);
}

/* Of twelve intervals one is missing, and the runs at 1800, 2100 and 2400 with 10 s before
 * them and 2 after take 1500, 1800, 2100 and 2400: seven are left, the seventh is P95. 40
 * of 100 is in the third of seven steps. */
static void an_hour_is_a_cell_of_the_week(void **state)
{
    struct made m = hour();
    struct bw_week w;
    struct bw_drawing f;
    struct drawing d;
    (void)state;

    assert_int_equal(bw_week_make(m.report, BW_DOWN, &w), 0);
    assert_int_equal(w.n[1][0], 7);
    assert_int_equal(w.p95_bps[1][0], 40000000);
    assert_int_equal(w.n[1][1], 0);
    assert_true(w.p95_bps[1][1] == BW_UNKNOWN);
    bw_plot_week(&w, &f);
    drawing_of(&f, &d);
    /* (520 - 30) / 24 = 20.416 pt a column, 1 pt between */
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_HEAT_2, 0), 30000, 24000, 19416, 14000);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_HEAT_2),
                     2); /* and the scale's */
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_GAP),
                     168); /* and the scale's */
    assert_non_null(drawing_text(&d, "Download, Ethernet; P95 of the intervals of each "
                                     "hour; the scale ends at the claim"));
    assert_non_null(strstr(f.description, "Highest: 40.0 Mbit/s, Mon 00:00 to 01:00."));
    assert_non_null(strstr(f.description, "167 of the 168 hours were not measured"));
    drawing_done(&d);
    fake_drop(&m);
}

static struct made five_days(void)
{
    struct fake *fake = fake_new();
    struct asked a = {.from = monday, .to = monday + 5 * 86400, .claim = &claim_100};

    for (int i = 0; i < 5; i++) {
        fake_day(fake, monday + i * 86400);
        for (int k = 0; k < 24; k++) {
            fake_slot(fake, monday + i * 86400 + k * 3600, 3600, 1000000 * (k + 1));
        }
        if (i == 2) {
            fake_outage(fake, (monday + 2 * 86400 + 60) * 1000,
                        (monday + 2 * 86400 + 120) * 1000, (monday + 3 * 86400) * 1000);
        }
    }
    return fake_report(fake, &a);
}

/* 172,860 of 432,000 s of 520 - 116 - 96 = 308 pt; a minute would be 0.04 pt wide. */
static void a_short_outage_can_be_seen(void **state)
{
    struct made m = five_days();
    struct bw_drawing f;
    struct drawing d;
    (void)state;

    bw_plot_outages(m.report, &f);
    drawing_of(&f, &d);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_OUT, 0), 239242, 4000, 1200, 11000);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_OUT), 1);
    assert_non_null(drawing_text(&d, "1, 1 min"));
    assert_non_null(strstr(f.description, ": 1 outage, 1 min in all, the longest 1 min."));
    drawing_done(&d);
    fake_drop(&m);
}

/* log2 in thousandths: 10,000 us 13,287; 20,000 us 14,287; 100,000 us 16,609, over 234 pt.
 */
static void delays_of_tests_are_ranges(void **state)
{
    struct fake *fake = fake_new();
    struct asked a = {.from = monday, .to = monday + 3600};
    struct bw_drawing f;
    struct drawing d;
    struct made m;
    (void)state;

    fake_day(fake, monday);
    fake_slot(fake, monday, 300, 1000);
    for (int i = 0; i < 2; i++) {
        struct bw_throughput *t =
            fake_test(fake, monday + 600 + i * 600, BW_TEST_OK, 90000000);
        t->rtt_idle_us = 10000 + i * 10000;
        t->rtt_loaded_p95_us = 40000 + i * 40000;
    }
    m = fake_report(fake, &a);
    assert_true(bw_plot_has_latency(m.report));
    bw_plot_latency(m.report, &f);
    drawing_of(&f, &d);
    is_at(drawing_find(&d, DRAWN_RECT, BW_STYLE_MID, 0), 190000, 25000, 70439, 7000);
    assert_int_equal(drawing_count(&d, DRAWN_RECT, BW_STYLE_DEEP), 1);
    assert_non_null(drawing_text(&d, "2 tests, idle, just before"));
    assert_non_null(drawing_text(&d, "10.0 ms, 20.0 ms"));
    assert_non_null(drawing_text(&d, "100"));
    assert_null(drawing_text(&d, "200"));
    drawing_done(&d);
    fake_drop(&m);
}

static void growth_is_drawn_where_there_is_one(void **state)
{
    struct made m = five_days();
    struct bw_growth_day days[40 * 5];
    struct bw_growth g = {.state = BW_GROWTH_NOT};
    struct bw_ahead a = {.report = m.report, .growth = &g, .direction = BW_DOWN};
    struct bw_drawing f;
    struct drawing d;
    (void)state;

    bw_plot_ahead(&a, &f);
    drawing_of(&f, &d);
    assert_null(drawing_find(&d, DRAWN_AREA, BW_STYLE_BAND, 0));
    assert_int_equal(drawing_find(&d, DRAWN_MARKS, BW_STYLE_DEEP, 0)->n, 5);
    assert_non_null(strstr(f.description, "too short to speak of growth"));
    drawing_done(&d);

    /* forty weeks up to the report, 60 Mbit/s and 200 kbit/s more each week: 68 in the
     * last, 75 after 35 more */
    for (int i = 0; i < 200; i++) {
        days[i] =
            (struct bw_growth_day){bw_civil_days(2026, 11, 2) - (40 - i / 5) * 7 + i % 5,
                                   60000000 + i / 5 * 200000};
    }
    assert_int_equal(bw_growth_make(days, 200, &g), 0);
    assert_int_equal(g.state, BW_GROWTH_MADE);
    bw_plot_ahead(&a, &f);
    drawing_of(&f, &d);
    assert_non_null(drawing_find(&d, DRAWN_AREA, BW_STYLE_BAND, 0));
    assert_non_null(drawing_find(&d, DRAWN_POLYLINE, BW_STYLE_FORECAST, 0));
    /* the last week is that of 26 October 2026, at 67.8; 36 weeks on it is July */
    assert_non_null(strstr(f.description, "It reaches 75 % of the claim in Jul 2027."));
    drawing_done(&d);
    fake_drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_stands_where_it_was),
        cmocka_unit_test(runs_are_what_they_were),
        cmocka_unit_test(bars_are_as_long_as_their_figures),
        cmocka_unit_test(a_strip_shows_what_is_missing),
        cmocka_unit_test(days_are_cells),
        cmocka_unit_test(a_claim_that_ended_is_named_on_its_line),
        cmocka_unit_test(names_of_lines_make_room),
        cmocka_unit_test(an_hour_is_a_cell_of_the_week),
        cmocka_unit_test(a_short_outage_can_be_seen),
        cmocka_unit_test(delays_of_tests_are_ranges),
        cmocka_unit_test(growth_is_drawn_where_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
