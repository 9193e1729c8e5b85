/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_roomfacts.c - what the room keeps of a day: by hand, and the same as the report of
 * that day says. */
#include "facts.h"
#include "fake_days.h"

#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <hist.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

enum {
    DAY = 86400,
    HOUR = 3600,
    UNIT = 3750000 /* bytes in five minutes at 100 kbit/s */
};

static const int64_t monday = 1793577600; /* 2026-11-02T00:00:00Z */

static const struct bw_report_claim claim = {.from_unix_s = BW_UNKNOWN,
                                             .to_unix_s = BW_UNKNOWN,
                                             .bps = {2000000, 1000000},
                                             .layer = BW_LAYER_ETHERNET};

static void add_cell(struct fake *f,
                     const char *probe,
                     int64_t start_unix_s,
                     int64_t sent,
                     int64_t lost,
                     const char *hist)
{
    struct bw_latency_cell *c = &f->latency[f->n_latency++];

    *c = (struct bw_latency_cell){.kind = "icmp",
                                  .family = 4,
                                  .start_unix_s = start_unix_s,
                                  .last_start_unix_s = start_unix_s,
                                  .end_unix_s = start_unix_s + 300,
                                  .n = 1,
                                  .sent = sent,
                                  .lost = lost,
                                  .late = 0,
                                  .sum_us = BW_UNKNOWN,
                                  .covered_s = 300,
                                  .p50_us = BW_UNKNOWN,
                                  .p95_us = BW_UNKNOWN,
                                  .rtt_hist = hist};
    (void)snprintf(c->probe, sizeof(c->probe), "%s", probe);
    f->day[f->n_days - 1].n_latency++;
}

/* Of n round trips of this length; to be freed. */
static char *hist_of(int64_t us, int n)
{
    struct bw_hist h;
    struct bw_buf text;

    bw_hist_init(&h);
    for (int i = 0; i < n; i++) {
        bw_hist_add(&h, us);
    }
    bw_buf_init(&text, 4096);
    assert_int_equal(bw_hist_encode(&h, &text), 0);
    char *copy = strdup(text.data);
    bw_buf_done(&text);
    return copy;
}

/* From 08:00 on 20 intervals of 100, 200 … 2,000 kbit/s, the last two and one before of a
 * clock that was not synchronised; two good tests at 03:00, one that failed, one put off;
 * half a minute of outage around 07:00; two targets asked at 12:00. */
static struct fake *a_day(int64_t midnight, const char *near, const char *far)
{
    struct fake *f = fake_new();
    struct bw_throughput *t;

    fake_day(f, midnight);
    for (int i = 1; i <= 20; i++) {
        struct bw_slot *s =
            fake_slot(f, midnight + 8 * HOUR + i * 300, 300, i * (int64_t)UNIT);
        s->flags = i == 4 || i >= 19 ? BW_SLOT_UNSYNCED : 0;
    }
    t = fake_test(f, midnight + 3 * HOUR, BW_TEST_OK, 1500000);
    t->egress = BW_EGRESS_MATCH;
    (void)snprintf(t->server, sizeof(t->server), "state-1");
    t = fake_test(f, midnight + 3 * HOUR + 600, BW_TEST_OK, 1700000);
    t->retest_of = "earlier";
    (void)fake_test(f, midnight + 4 * HOUR, BW_TEST_FAILED, BW_UNKNOWN);
    (void)fake_test(f, midnight + 5 * HOUR, BW_TEST_DEFERRED, BW_UNKNOWN);
    fake_outage(f, (midnight + 7 * HOUR - 10) * 1000, (midnight + 7 * HOUR + 20) * 1000,
                BW_UNKNOWN);
    add_cell(f, "edge", midnight + 12 * HOUR, 300, 3, near);
    add_cell(f, "far", midnight + 12 * HOUR, 100, 0, far);
    return f;
}

static struct bw_report_query query_of(struct fake *f, struct bw_tz *tz, int64_t midnight)
{
    return (struct bw_report_query){.records = &f->base,
                                    .site = "s-oaks2",
                                    .circuit = "wan",
                                    .from_unix_s = midnight,
                                    .to_unix_s = midnight + DAY,
                                    .tz = tz,
                                    .class_hours = bw_report_class_hours_default,
                                    .claims = &claim,
                                    .n_claims = 1,
                                    .made_unix_s = midnight + 2 * DAY};
}

static void check_counts(const struct bw_facts *got, int64_t midnight)
{
    const struct bw_room_day *d = &got->day;
    const struct bw_room_way *w = &d->way[BW_DOWN];

    assert_int_equal(w->n_wanted, 4);
    assert_int_equal(w->n_made, 3);
    assert_int_equal(w->n_ok, 2);
    assert_int_equal(w->n_failed, 1);
    assert_int_equal(w->n_deferred, 1);
    assert_int_equal(w->n_compared, 2);
    assert_int_equal(w->n_at_80, 1); /* 1.7 of 2 is 85 %, 1.5 is 75 % */
    assert_int_equal(w->n_at_90, 0);
    assert_int_equal(w->best_bps, 1700000);
    assert_int_equal(w->median_bps, 1500000); /* the first of two */
    assert_int_equal(d->way[BW_UP].n_wanted, 0);
    assert_int_equal(d->way[BW_UP].best_bps, BW_UNKNOWN);
    assert_int_equal(d->n_egress_match, 1);
    assert_int_equal(d->n_egress_other, 0);
    assert_int_equal(got->n_runs, 4);
    assert_int_equal(got->runs[0].at_unix_ms, (midnight + 3 * HOUR) * 1000);
    assert_string_equal(got->runs[0].server, "state-1");
    assert_int_equal(got->runs[0].compared_bps, 1500000);
    assert_int_equal(got->runs[0].claim_bps, 2000000);
    assert_false(got->runs[0].retest);
    assert_true(got->runs[1].retest);
    assert_int_equal(got->runs[3].state, BW_TEST_DEFERRED);
}

static void check_by_hand(const struct bw_facts *got, int64_t midnight)
{
    const struct bw_room_day *d = &got->day;
    const struct bw_room_way *w = &d->way[BW_DOWN];

    assert_int_equal(d->day, 20759); /* 2026-11-02 */
    assert_int_equal(d->n_days, 1);
    assert_int_equal(d->n_records, 20);
    assert_int_equal(d->recorded_s, 6000);
    assert_int_equal(d->counted_s, 6000);
    assert_int_equal(d->class_s, 10 * HOUR);
    assert_int_equal(d->flags, BW_ROOM_DAY_NO_CALENDAR);
    assert_int_equal(d->unsynced_s, 900);
    assert_int_equal(d->unsynced_since_unix_s, midnight + 8 * HOUR + 19 * 300);
    assert_int_equal(d->outage_ms, 30000);
    assert_int_equal(d->outage_class_ms, 20000); /* class begins at 07:00 */
    assert_int_equal(d->outage_excluded_ms, 0);
    assert_int_equal(d->sent, 400);
    assert_int_equal(d->lost, 3);
    /* 10 ms lies in [9,728 us, 10,240 us), of which the middle is told */
    assert_int_equal(d->rtt_p50_us, 9984);
    assert_int_equal(d->rtt_p95_us, 9984);
    assert_int_equal(d->class_rtt_p95_us, 9984);
    assert_int_equal(w->claim_bps, 2000000);
    assert_int_equal(w->p95_bps, 1900000); /* the 19th of 20 */
    assert_int_equal(w->peak_bps, 2000000);
    assert_int_equal(w->class_p95_bps, 1900000);
    assert_int_equal(w->class_share_ppm, 950000);
    assert_int_equal(w->class_expected, 120);
    assert_int_equal(w->class_known, 20);
    assert_int_equal(w->full_s, 900); /* 1,800 kbit/s and more */
    assert_int_equal(w->full_of_s, 6000);
    assert_int_equal(w->bytes, 210 * (int64_t)UNIT); /* 1 + 2 + … + 20 */
    /* nothing was counted upwards: that is not nothing used */
    assert_int_equal(d->way[BW_UP].bytes, BW_UNKNOWN);
    assert_int_equal(d->way[BW_UP].p95_bps, BW_UNKNOWN);
    assert_int_equal(d->way[BW_UP].full_s, BW_UNKNOWN);
    assert_int_equal(d->layer, BW_LAYER_ETHERNET);
    assert_int_equal(d->claim_layer, BW_LAYER_ETHERNET);
    check_counts(got, midnight);
}

static void a_day_by_hand(void **state)
{
    char *near = hist_of(10000, 297);
    char *far = hist_of(50000, 100);
    struct fake *f = a_day(monday, near, far);
    struct bw_tz *tz = NULL;
    struct bw_err err;
    static struct bw_facts got;
    (void)state;

    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    struct bw_report_query q = query_of(f, tz, monday);
    assert_int_equal(bw_facts_make(&q, NULL, &got, NULL, &err), 0);
    check_by_hand(&got, monday);

    /* so far: the day is not over */
    q.made_unix_s = monday + 10 * HOUR;
    assert_int_equal(bw_facts_make(&q, NULL, &got, NULL, &err), 0);
    assert_true(got.day.flags & BW_ROOM_DAY_RUNNING);
    assert_int_equal(got.day.to_unix_s, monday + 10 * HOUR);
    assert_int_equal(got.day.class_s, 3 * HOUR);

    /* without a claim nothing is compared */
    q.n_claims = 0;
    assert_int_equal(bw_facts_make(&q, NULL, &got, NULL, &err), 0);
    assert_int_equal(got.day.way[BW_DOWN].claim_bps, BW_UNKNOWN);
    assert_int_equal(got.day.way[BW_DOWN].class_share_ppm, BW_UNKNOWN);
    assert_int_equal(got.day.way[BW_DOWN].full_s, BW_UNKNOWN);
    assert_int_equal(got.day.way[BW_DOWN].n_compared, 0);
    assert_int_equal(got.day.way[BW_DOWN].median_bps, BW_UNKNOWN);
    assert_int_equal(got.day.claim_layer, BW_LAYER_UNKNOWN);
    bw_tz_free(tz);
    bw_records_close(&f->base);
    free(near);
    free(far);
}

/* Every figure beside the one of the report that `bandwitness report` would print. */
static void as_the_report_says(void **state)
{
    /* class begins at 07:48 and ends at 14:57: within cells of five minutes */
    static const struct bw_report_hours odd = {0x3e, 7 * 60 + 48, 14 * 60 + 57};
    char *near = hist_of(10000, 297);
    char *far = hist_of(50000, 100);
    int64_t midnight = monday + 6 * HOUR; /* in Chicago */
    struct fake *f = a_day(midnight, near, far);
    struct bw_report *r = NULL;
    struct bw_tz *tz = NULL;
    struct bw_err err;
    static struct bw_facts got;
    (void)state;

    assert_int_equal(bw_tz_load("America/Chicago", &tz, &err), 0);
    for (int i = 0; i < 2; i++) {
        struct bw_report_query q = query_of(f, tz, midnight);
        q.class_hours = i ? odd : q.class_hours;
        assert_int_equal(bw_report_make(&q, &r, &err), 0);
        assert_int_equal(bw_facts_make(&q, NULL, &got, NULL, &err), 0);
        const struct bw_report_window *c = &r->used[0].window[BW_WINDOW_CLASS][BW_DOWN];
        const struct bw_room_way *w = &got.day.way[BW_DOWN];
        assert_int_equal(w->class_p95_bps, c->p95_bps);
        assert_int_equal(w->class_peak_bps, c->peak_bps);
        assert_int_equal(w->class_share_ppm, c->share_p95_ppm);
        assert_int_equal(w->class_known, r->days[0].bins[BW_WINDOW_CLASS][BW_DOWN].known);
        assert_int_equal(w->full_s, r->days[0].bins[BW_WINDOW_CLASS][BW_DOWN].full_s);
        assert_int_equal(w->median_bps, r->tested[BW_DOWN].compared_bps.median);
        assert_int_equal(w->n_at_80, r->tested[BW_DOWN].n_at_80);
        assert_int_equal(got.day.outage_ms, r->outages.total_ms);
        assert_int_equal(got.day.unsynced_s, r->clock.unsynced_s);
        assert_int_equal(got.day.recorded_s, r->coverage.recorded_s);
        assert_int_equal(got.day.class_s, r->class_time.class_s);
        assert_int_equal(got.day.outage_class_ms, i ? 0 : 20000);
        assert_int_equal(got.day.rtt_p50_us, r->latency[0].p50_us);
        bw_report_free(r);
    }
    /* the same of whole days of UTC, cut to the local one: what lies behind it is left out
     */
    static const struct bw_facts_rows rows = {.from_unix_s = 0, .to_unix_s = INT64_MAX};
    static struct bw_facts cut;
    fake_day(f, monday + DAY);
    (void)fake_slot(f, monday + DAY + 7 * HOUR, 300, 99 * (int64_t)UNIT);
    (void)fake_test(f, monday + DAY + 6 * HOUR, BW_TEST_OK, 1900000);
    struct bw_report_query q = query_of(f, tz, midnight);
    assert_int_equal(bw_facts_make(&q, NULL, &got, NULL, &err), 0);
    assert_int_equal(bw_facts_make(&q, &rows, &cut, NULL, &err), 0);
    assert_int_equal(cut.day.n_records, 20);
    assert_int_equal(cut.n_runs, 4);
    assert_memory_equal(&cut, &got, sizeof(got));
    assert_int_equal(f->day[1].n_slots, 1); /* what was lent is as it was */
    bw_tz_free(tz);
    bw_records_close(&f->base);
    free(near);
    free(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_by_hand),
        cmocka_unit_test(as_the_report_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
