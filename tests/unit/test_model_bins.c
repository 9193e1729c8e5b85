/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_model_bins.c - days of a report by their intervals: how many there could have been,
 * P95, time at 90 % of the claim; and what a school's calendar makes of a day. By hand. */
#include "fake_days.h"
#include "schoolcal.h"

#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    DAY = 86400,
    HOUR = 3600,
    UNIT = 3750000 /* bytes in five minutes at 100 kbit/s */
};

static const int64_t monday = 1793577600; /* 2026-11-02T00:00:00Z */

/* Monday: from 08:00 on 20 intervals of 100, 200 … 2,000 kbit/s, one with a test of ours,
 * one of 5 Mbit/s in the evening. packets: of every interval, with their Ethernet headers.
 */
static struct fake *some_days(int64_t packets)
{
    struct fake *f = fake_new();
    struct bw_slot *s;

    fake_day(f, monday);
    for (int i = 1; i <= 20; i++) {
        s = fake_slot(f, monday + 8 * HOUR + i * 300, 300,
                      i * (int64_t)UNIT + packets * 14);
        s->flow[BW_DOWN].packets = packets ? packets : BW_UNKNOWN;
    }
    s = fake_slot(f, monday + 12 * HOUR, 300, 1000 * (int64_t)UNIT);
    s->flow[BW_DOWN].packets = packets ? packets : BW_UNKNOWN;
    (void)fake_test(f, monday + 12 * HOUR + 60, BW_TEST_OK, 1000000);
    s = fake_slot(f, monday + 20 * HOUR, 300, 50 * (int64_t)UNIT + packets * 14);
    s->flow[BW_DOWN].packets = packets ? packets : BW_UNKNOWN;
    return f;
}

static const struct bw_report_bins *
bins(const struct made *m, size_t day, int window, int direction)
{
    assert_true(day < m->report->n_days);
    return &m->report->days[day].bins[window][direction];
}

static void counted_and_full(const struct made *m)
{
    const struct bw_report_bins *b = bins(m, 0, BW_WINDOW_CLASS, BW_DOWN);
    assert_int_equal(b->expected, 120); /* ten hours */
    assert_int_equal(b->known, 20);
    assert_int_equal(b->p95_bps, 1900000); /* the 19th of 20 */
    assert_int_equal(b->full_s,
                     3 * 300); /* 1,800 kbit/s is 90 % of 2 Mbit/s, 1,700 is not */
    assert_int_equal(b->full_of_s, 20 * 300);
    b = bins(m, 0, BW_WINDOW_ALL, BW_DOWN);
    assert_int_equal(b->expected, 288);
    assert_int_equal(b->known, 21);
    assert_int_equal(b->p95_bps, 2000000); /* the 20th of 21 */
    assert_int_equal(b->full_s, 4 * 300);
    assert_int_equal(b->full_of_s, 21 * 300);
    /* nothing was counted upwards: that is not nothing used */
    b = bins(m, 0, BW_WINDOW_ALL, BW_UP);
    assert_int_equal(b->known, 0);
    assert_int_equal(b->p95_bps, BW_UNKNOWN);
    assert_int_equal(b->full_s, BW_UNKNOWN);
}

static void a_day_by_hand(void **state)
{
    const struct bw_report_claim claim = {.from_unix_s = BW_UNKNOWN,
                                          .to_unix_s = BW_UNKNOWN,
                                          .bps = {2000000, 1000000},
                                          .layer = BW_LAYER_ETHERNET};
    struct asked a = {.from = monday, .to = monday + DAY, .claim = &claim};
    struct made m = fake_report(some_days(0), &a);
    (void)state;

    assert_int_equal(m.report->bins_layer, BW_LAYER_ETHERNET);
    assert_true(m.report->bins_at_claim);
    counted_and_full(&m);
    fake_drop(&m);
}

static void at_the_claim_s_layer(void **state)
{
    struct bw_report_claim claim = {.from_unix_s = BW_UNKNOWN,
                                    .to_unix_s = BW_UNKNOWN,
                                    .bps = {2000000, 1000000},
                                    .layer = BW_LAYER_IP};
    struct asked a = {.from = monday, .to = monday + DAY, .claim = &claim};
    struct made m = fake_report(some_days(1000), &a);
    (void)state;

    /* less 14 bytes a packet they are the rates of the day above */
    assert_int_equal(m.report->bins_layer, BW_LAYER_IP);
    counted_and_full(&m);
    fake_drop(&m);
    /* without packets the rates cannot be said at IP: nothing is compared */
    m = fake_report(some_days(0), &a);
    assert_int_equal(m.report->bins_layer, BW_LAYER_ETHERNET);
    assert_false(m.report->bins_at_claim);
    assert_int_equal(bins(&m, 0, BW_WINDOW_ALL, BW_DOWN)->p95_bps, 2000000);
    assert_int_equal(bins(&m, 0, BW_WINDOW_ALL, BW_DOWN)->full_s, BW_UNKNOWN);
    fake_drop(&m);
    /* nor with goodput, nor without a claim */
    claim.layer = BW_LAYER_GOODPUT;
    m = fake_report(some_days(1000), &a);
    assert_false(m.report->bins_at_claim);
    fake_drop(&m);
    a.claim = NULL;
    m = fake_report(some_days(1000), &a);
    assert_false(m.report->bins_at_claim);
    assert_int_equal(bins(&m, 0, BW_WINDOW_ALL, BW_DOWN)->full_s, BW_UNKNOWN);
    fake_drop(&m);
}

/* A calendar of a place where the box stood on no day of the period is none: weekdays and
 * hours of the clock hold. */
static void of_a_place_that_it_left(const struct asked *a, struct bw_report_calendar *given)
{
    static const struct {
        const char *first;
        const char *last;
        bool stands;
    } stays[] = {{"", "2026-11-01", false},
                 {"2026-11-03", "", false},
                 {"2026-11-02", "2026-11-01", false}, /* moved twice on one day */
                 {"2026-10-26", "2026-11-02", true},
                 {"2026-11-02", "", true}};

    for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++) {
        struct made m;
        (void)snprintf(given->first_day, sizeof(given->first_day), "%s", stays[i].first);
        (void)snprintf(given->last_day, sizeof(given->last_day), "%s", stays[i].last);
        m = fake_report(some_days(0), a);
        assert_int_equal(m.report->class_time.by_calendar, stays[i].stands);
        assert_int_equal(m.report->n_calendars, stays[i].stands);
        /* 07:00 to 09:30 by the calendar, to 17:00 by the clock */
        assert_int_equal(m.report->days[0].class_s, stays[i].stands ? 9000 : 36000);
        fake_drop(&m);
    }
}

static void what_the_calendar_makes_of_days(void **state)
{
    /* Monday ends at 09:30, Tuesday is a holiday, of Wednesday it does not speak */
    struct bw_schoolcal_span spans[] = {
        {.from_day = monday / DAY,
         .to_day = monday / DAY,
         .kind = BW_SCHOOLDAY_EARLY,
         .hours = {BW_SCHOOLCAL_AS_USUAL, 570},
         .name = "Fair"},
        {.from_day = monday / DAY + 1,
         .to_day = monday / DAY + 1,
         .kind = BW_SCHOOLDAY_HOLIDAY,
         .hours = {BW_SCHOOLCAL_AS_USUAL, BW_SCHOOLCAL_AS_USUAL},
         .name = "Election Day"}};
    struct bw_schoolcal_spec spec = {.name = "Heron",
                                     .zone = "UTC",
                                     .from_day = monday / DAY - 30,
                                     .to_day = monday / DAY + 1,
                                     .spans = spans,
                                     .n_spans = 2};
    struct bw_schoolcal *cal = NULL;
    struct bw_err err = {""};
    struct bw_report_calendar given = {.about = "state"};
    struct asked a = {
        .from = monday, .to = monday + 3 * DAY, .calendars = &given, .n_calendars = 1};
    struct fake *f = some_days(0);
    struct made m;
    (void)state;

    memcpy(spec.week, bw_schoolcal_week_default, sizeof(spec.week));
    assert_int_equal(bw_schoolcal_make(&spec, &cal, NULL, &err), 0);
    given.cal = cal;
    fake_day(f, monday + DAY);
    (void)fake_slot(f, monday + DAY + 9 * HOUR, 300, UNIT);
    fake_day(f, monday + 2 * DAY);
    (void)fake_slot(f, monday + 2 * DAY + 9 * HOUR, 300, UNIT);
    m = fake_report(f, &a);
    /* 07:00 to 09:30; 08:05 … 09:25 are 17 intervals, the P95 of 17 is the 17th */
    assert_int_equal(bins(&m, 0, BW_WINDOW_CLASS, BW_DOWN)->expected, 30);
    assert_int_equal(bins(&m, 0, BW_WINDOW_CLASS, BW_DOWN)->known, 17);
    assert_int_equal(bins(&m, 0, BW_WINDOW_CLASS, BW_DOWN)->p95_bps, 1700000);
    assert_int_equal(m.report->days[0].kind, BW_SCHOOLDAY_EARLY);
    assert_string_equal(m.report->days[0].kind_name, "Fair");
    assert_int_equal(m.report->days[0].class_s, 9000);
    /* a holiday has no class hours, so none is missing */
    assert_int_equal(bins(&m, 1, BW_WINDOW_CLASS, BW_DOWN)->expected, 0);
    assert_int_equal(bins(&m, 1, BW_WINDOW_CLASS, BW_DOWN)->known, 0);
    assert_int_equal(bins(&m, 1, BW_WINDOW_ALL, BW_DOWN)->known, 1);
    /* whether there was class on Wednesday is not known */
    assert_int_equal(m.report->days[2].kind, BW_SCHOOLDAY_UNKNOWN);
    assert_int_equal(bins(&m, 2, BW_WINDOW_CLASS, BW_DOWN)->expected, BW_UNKNOWN);
    assert_int_equal(bins(&m, 2, BW_WINDOW_ALL, BW_DOWN)->expected, 288);
    assert_int_equal(m.report->class_time.class_s, 9000);
    assert_int_equal(m.report->class_time.outside_s, 2 * DAY - 9000);
    assert_int_equal(m.report->class_time.unknown_s, DAY);
    assert_int_equal(m.report->class_time.n_lessons, 1);
    assert_int_equal(m.report->class_time.n_days[BW_SCHOOLDAY_HOLIDAY], 1);
    assert_int_equal(m.report->class_time.n_intervals_unknown, 1);
    assert_int_equal(m.report->used[0].window[BW_WINDOW_CLASS][BW_DOWN].n, 17);
    fake_drop(&m);
    a.to = monday + DAY;
    of_a_place_that_it_left(&a, &given);
    bw_schoolcal_free(cal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_by_hand),
        cmocka_unit_test(at_the_claim_s_layer),
        cmocka_unit_test(what_the_calendar_makes_of_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
