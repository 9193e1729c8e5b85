/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_coincident.c - what three lines carry together in two mornings, worked by hand: bins
 * with all of them, bins with two, conversion, class time, and those that cannot be in the
 * sum. */
#include "coincident.h"

#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <model.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

#define M INT64_C(1000000)

enum {
    DAY = 20760, /* 2026-11-03, a Tuesday */
    BINS = 4,    /* class hours are 08:00 to 08:20 UTC */
    FROM_S = DAY * 86400,
    CLASS_S = FROM_S + 8 * 3600
};

/* A line of two days with one interval in each of four bins of class. */
struct line {
    struct bw_report r;
    struct bw_report_interval intervals[4 * BINS];
    struct bw_report_day days[2];
    struct bw_report_claim claim;
    struct bw_report_facts facts;
    struct bw_report_used used;
};

static struct bw_tz *utc;

static void line(struct line *l, const char *site, int64_t claim_mbps)
{
    memset(l, 0, sizeof(*l));
    (void)snprintf(l->r.site, sizeof(l->r.site), "%s", site);
    (void)snprintf(l->r.circuit, sizeof(l->r.circuit), "wan");
    l->claim = (struct bw_report_claim){.from_unix_s = BW_UNKNOWN,
                                        .to_unix_s = BW_UNKNOWN,
                                        .bps = {claim_mbps * M, claim_mbps * M}};
    l->facts.link_bps = BW_UNKNOWN;
    l->r.intervals = l->intervals;
    l->r.days = l->days;
    l->r.n_days = 2;
    l->r.claims = &l->claim;
    l->r.n_claims = 1;
    l->r.facts = &l->facts;
    l->r.n_facts = 1;
    l->r.n_used = 1;
    l->used.layer = BW_LAYER_IP;
    l->r.used[0] = l->used;
    l->r.tz = utc;
    l->r.until_unix_s = FROM_S + 2 * 86400;
    l->r.counts.interval_s = 300;
    for (int d = 0; d < 2; d++) {
        l->days[d] = (struct bw_report_day){.year = 2026, .month = 11, .day = 3 + d};
        l->days[d].class_hours.from_min = 480;
        l->days[d].class_hours.to_min = 500;
    }
}

/* The next interval: in bin `bin` of class of day `day`, whole, at the IP layer. */
static struct bw_report_interval *put(struct line *l, int day, int bin, int64_t mbps)
{
    struct bw_report_interval *v = &l->intervals[l->r.n_intervals++];

    *v = (struct bw_report_interval){.start_unix_s = CLASS_S + day * 86400 + bin * 300,
                                     .covered_s = 300,
                                     .layer = BW_LAYER_IP,
                                     .in_class = true};
    v->end_unix_s = v->start_unix_s + 300;
    v->bytes[BW_DOWN] = mbps * M / 8 * 300;
    v->bytes[BW_UP] = v->bytes[BW_DOWN] / 10;
    v->packets[BW_DOWN] = 1000;
    v->packets[BW_UP] = 1000;
    v->rate_bps[BW_DOWN] = mbps * M;
    v->rate_bps[BW_UP] = mbps * M / 10;
    return v;
}

static struct bw_coincident *begin(int64_t need_ppm)
{
    const struct bw_coincident_ask ask = {.from_unix_s = FROM_S,
                                          .to_unix_s = FROM_S + 2 * 86400,
                                          .tz = utc,
                                          .layer = BW_LAYER_IP,
                                          .need_ppm = need_ppm,
                                          .n_circuits = 8};
    struct bw_coincident *c = NULL;

    assert_int_equal(bw_coincident_new(&ask, &c), 0);
    return c;
}

/* Mbit/s down of the first day and of the second; 0: no record of that bin. */
static void filled(struct line *l, const char *site, int64_t claim, const int *mbps)
{
    line(l, site, claim);
    for (int i = 0; i < 2 * BINS; i++) {
        if (mbps[i] > 0) {
            (void)put(l, i / BINS, i % BINS, mbps[i]);
        }
    }
}

static const int alder[] = {100, 20, 30, 40, 10, 20, 30, 40};
static const int birch[] = {10, 200, 20, 10, 10, 20, 30, 40};
static const int cedar[] = {5, 5, 300, 0, 10, 20, 30, 40};

/* Sums where all three are known: 115 225 350 on the first day, 30 60 90 120 on the second;
 * 50 of two is none. Own highest in the same bins: 100, 200, 300. */
static void all_known(void **state)
{
    struct line l[3];
    struct bw_coincident *c = begin(BW_COINCIDENT_ALL_PPM);
    const struct bw_coincident_sum *s;
    (void)state;

    filled(&l[0], "s-alder", 100, alder);
    filled(&l[1], "s-birch", 1000, birch);
    filled(&l[2], "s-cedar", 1000, cedar);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bw_coincident_add(c, &l[i].r), 0);
    }
    bw_coincident_skip(c, "s-dogwood", "wan", BW_COINCIDENT_NO_RECORD);
    assert_int_equal(bw_coincident_settle(c, FROM_S + 2 * 86400), 0);
    s = &c->sum[BW_DOWN];
    assert_int_equal(c->n, 4);
    assert_int_equal(c->n_in, 3);
    assert_int_equal(c->need_n, 3);
    assert_int_equal(c->class_bins, 8);
    assert_int_equal(c->bins, 7);
    assert_int_equal(c->all_bins, 7);
    assert_int_equal(s->peak_bps, 350 * M);
    assert_int_equal(s->peak_unix_s, CLASS_S + 600);
    assert_int_equal(s->sum_peaks_bps, 600 * M);
    assert_int_equal(s->diversity_ppm, 1714285); /* 600 / 350, down */
    assert_int_equal(s->p95_bps, 350 * M);       /* rank 7 of 7 */
    /* of seven values each: 100, 200, 300 */
    assert_int_equal(s->sum_p95_bps, 600 * M);
    assert_int_equal(s->day, DAY);
    assert_int_equal(s->day_bps, 350 * M);
    assert_int_equal(s->day_n, 3);
    assert_int_equal(s->claims_bps, 2100 * M);
    assert_int_equal(s->growth.state, BW_GROWTH_NOT);
    assert_false(s->range.grown);
    assert_int_equal(s->range.speed_bps[BW_RANGE_LOW], 455 * M);
    assert_int_equal(s->range.speed_bps[BW_RANGE_HIGH], 490 * M);
    assert_int_equal(c->end_year, 2028); /* bought for funding year 2027 */
    assert_int_equal(c->sum[BW_UP].peak_bps, 35 * M);
    assert_int_equal(c->circuits[0].way[BW_DOWN].then_bps, 30 * M);
    assert_int_equal(c->circuits[2].way[BW_DOWN].then_bps, 300 * M);
    /* alder was full once, at 100 of 100; then in one bin the sum is at least so much */
    assert_int_equal(c->n_full, 1);
    assert_int_equal(c->circuits[0].way[BW_DOWN].full_n, 1);
    assert_int_equal(s->full_bins, 1);
    /* in use from 1 % on: 1, 10 and 10 Mbit/s; cedar was not in its first two */
    assert_int_equal(c->use_of_n, 7);
    assert_int_equal(c->all_use_n, 5);
    assert_int_equal(c->none_use_n, 0);
    assert_int_equal(c->circuits[2].use_n, 5);
    assert_int_equal(c->circuits[2].use_of_n, 7);
    bw_coincident_free(c);
}

/* Two of three are enough: the bin without cedar counts as well, with two. */
static void most_known(void **state)
{
    struct line l[3];
    struct bw_coincident *c = begin(600000);
    (void)state;

    filled(&l[0], "s-alder", 100, alder);
    filled(&l[1], "s-birch", 1000, birch);
    filled(&l[2], "s-cedar", 1000, cedar);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bw_coincident_add(c, &l[i].r), 0);
    }
    assert_int_equal(bw_coincident_settle(c, FROM_S + 2 * 86400), 0);
    assert_int_equal(c->need_n, 2); /* 1.8 */
    assert_int_equal(c->bins, 8);
    assert_int_equal(c->all_bins, 7);
    assert_int_equal(c->sum[BW_DOWN].day_n, 4);
    assert_int_equal(c->circuits[2].way[BW_DOWN].n, 7);
    bw_coincident_free(c);
}

/* What is over alone counts; class time is where half of those in the sum have it. */
static void bounds(void **state)
{
    struct line l[2];
    struct bw_coincident *c = begin(BW_COINCIDENT_ALL_PPM);
    (void)state;

    filled(&l[0], "s-alder", 100, alder);
    filled(&l[1], "s-birch", 1000, birch);
    l[1].days[0].class_hours.to_min = 485; /* birch ends after a bin … */
    l[1].days[1].class_hours.to_min = 485;
    assert_int_equal(bw_coincident_add(c, &l[0].r), 0);
    assert_int_equal(bw_coincident_add(c, &l[1].r), 0);
    assert_int_equal(bw_coincident_settle(c, CLASS_S + 600), 0);
    assert_int_equal(c->class_bins, 2); /* … and half is enough */
    assert_int_equal(c->unlike_class_bins, 1);
    assert_int_equal(c->sum[BW_DOWN].peak_bps, 220 * M);
    bw_coincident_free(c);
}

/* Intervals that util-p95/2 does not count are not known: neither 0 nor anything else. */
static void not_counted(void **state)
{
    struct line l[5];
    struct bw_coincident *c = begin(BW_COINCIDENT_ALL_PPM);
    (void)state;

    filled(&l[0], "s-alder", 100, alder);
    l[0].intervals[1].with_test = true;
    l[0].intervals[2].is_short = true;
    l[0].intervals[3].covered_s = 149; /* under half of the five minutes */
    filled(&l[1], "s-mirror", 100, alder);
    filled(&l[2], "s-blind", 100, alder);
    filled(&l[3], "s-night", 100, alder);
    filled(&l[4], "s-goodput", 100, alder);
    for (int i = 0; i < 2 * BINS; i++) {
        l[1].intervals[i].at_least = true;
        l[1].intervals[i].rate_bps[BW_DOWN] = BW_UNKNOWN;
        l[2].intervals[i].rate_bps[BW_DOWN] = BW_UNKNOWN;
        l[2].intervals[i].bytes[BW_DOWN] = BW_UNKNOWN;
        l[3].intervals[i].start_unix_s += 7200;
        l[3].intervals[i].end_unix_s += 7200;
        l[4].intervals[i].layer = BW_LAYER_GOODPUT;
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bw_coincident_add(c, &l[i].r), 0);
    }
    assert_int_equal(bw_coincident_settle(c, FROM_S + 2 * 86400), 0);
    assert_int_equal(c->n_in, 1);
    assert_int_equal(c->bins, 5); /* the first, and the second day */
    assert_int_equal(c->circuits[1].why, BW_COINCIDENT_MIRROR);
    assert_int_equal(c->circuits[2].why, BW_COINCIDENT_NOT_COUNTED);
    assert_int_equal(c->circuits[3].why, BW_COINCIDENT_NO_CLASS);
    assert_int_equal(c->circuits[4].why, BW_COINCIDENT_LAYER);
    bw_coincident_free(c);
}

/* Ethernet is 14 bytes a packet more than IP; a minute's intervals make a bin, a quarter of
 * an hour is its mean in three. */
static void layers_and_lengths(void **state)
{
    struct line l[3];
    struct bw_coincident *c = begin(BW_COINCIDENT_ALL_PPM);
    struct bw_report_interval *v;
    (void)state;

    line(&l[0], "s-ether", 100);
    v = put(&l[0], 0, 0, 8);
    v->layer = BW_LAYER_ETHERNET; /* 300,000,000 bytes in 1,000 packets */
    l[0].r.used[0].layer = BW_LAYER_ETHERNET;
    v = put(&l[0], 0, 1, 8);
    line(&l[1], "s-minute", 100);
    for (int i = 0; i < 5; i++) { /* 10, 20, 30, 40, 50: a mean of 30 */
        v = put(&l[1], 0, 0, (i + 1) * 10);
        v->start_unix_s += i * 60;
        v->end_unix_s = v->start_unix_s + 60;
        v->covered_s = 60;
        v->bytes[BW_DOWN] /= 5;
    }
    (void)put(&l[1], 0, 1, 20);
    line(&l[2], "s-quarter", 100);
    v = put(&l[2], 0, 0, 9);
    v->end_unix_s = v->start_unix_s + 900;
    v->covered_s = 900;
    v->bytes[BW_DOWN] *= 3;
    l[2].r.counts.interval_s = 900;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bw_coincident_add(c, &l[i].r), 0);
    }
    assert_int_equal(bw_coincident_settle(c, FROM_S + 2 * 86400), 0);
    assert_int_equal(c->n_in, 3);
    assert_int_equal(c->bins, 2);
    assert_int_equal(c->n_converted, 1);
    assert_int_equal(c->n_long, 1);
    /* (300,000,000 - 14,000) * 8 / 300 = 7,999,626; and 30 and 9 */
    assert_int_equal(c->sum[BW_DOWN].peak_bps, 46999626);
    assert_int_equal(c->circuits[2].way[BW_DOWN].peak_bps, 9 * M);
    bw_coincident_free(c);
}

static const char *called(void *owner, const struct bw_coincident_circuit *x)
{
    (void)owner;
    return x->why == BW_COINCIDENT_IN ? "Alder, \"West\"" : "";
}

static void nobody(void **state)
{
    const struct bw_coincident_ask bad = {
        .from_unix_s = FROM_S, .to_unix_s = FROM_S, .tz = utc, .n_circuits = 1};
    const struct bw_coincident_ask large = {.from_unix_s = 0,
                                            .to_unix_s = INT64_C(86400) * 366,
                                            .tz = utc,
                                            .n_circuits = 10000};
    struct bw_coincident *c = NULL;
    struct bw_buf b;
    struct line l;
    (void)state;

    assert_int_equal(bw_coincident_new(&bad, &c), -EINVAL);
    assert_int_equal(bw_coincident_new(&large, &c), -E2BIG);
    c = begin(BW_COINCIDENT_ALL_PPM);
    bw_coincident_skip(c, "s-fir", "wan", BW_COINCIDENT_UNKNOWN);
    assert_int_equal(bw_coincident_settle(c, FROM_S + 86400), 0);
    assert_int_equal(c->sum[BW_DOWN].peak_bps, BW_UNKNOWN);
    assert_int_equal(c->sum[BW_DOWN].sum_peaks_bps, BW_UNKNOWN);
    assert_int_equal(c->sum[BW_DOWN].claims_bps, BW_UNKNOWN);
    assert_int_equal(c->sum[BW_DOWN].range.speed_bps[BW_RANGE_LOW], BW_UNKNOWN);
    bw_buf_init(&b, 65536);
    bw_coincident_csv_sum(c, &b);
    bw_buf_putc(&b, '\0');
    assert_non_null(strstr(b.data, "coincident_peak,down,,bit/s,ip,"));
    bw_coincident_free(c);

    c = begin(BW_COINCIDENT_ALL_PPM);
    filled(&l, "s-alder", 100, alder);
    assert_int_equal(bw_coincident_add(c, &l.r), 0);
    bw_coincident_skip(c, "s-fir", "wan", BW_COINCIDENT_NO_RECORD);
    assert_int_equal(bw_coincident_settle(c, FROM_S + 2 * 86400), 0);
    bw_buf_clear(&b);
    bw_coincident_csv_circuits(c, called, NULL, &b);
    bw_buf_putc(&b, '\0');
    assert_non_null(strstr(b.data, "s-alder.wan,\"Alder, \"\"West\"\"\",yes,,ip,ip,300,"
                                   "100000000,100000000,100000000,100000000,8,1,8,"));
    assert_non_null(strstr(b.data, "s-fir.wan,,no,no-record,ip,,,,,,,,,,"));
    bw_buf_clear(&b);
    bw_coincident_json(c, called, NULL, &b);
    bw_buf_putc(&b, '\0');
    assert_non_null(strstr(b.data, "\"diversity_ppm\":1000000"));
    assert_non_null(strstr(b.data, "\"why\":\"no-record\""));
    bw_buf_done(&b);
    bw_coincident_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_known),
        cmocka_unit_test(most_known),
        cmocka_unit_test(bounds),
        cmocka_unit_test(not_counted),
        cmocka_unit_test(layers_and_lengths),
        cmocka_unit_test(nobody),
    };
    struct bw_err err = {.text = ""};
    int r;

    if (bw_tz_load("UTC", &utc, &err) < 0) {
        return 1;
    }
    r = cmocka_run_group_tests(tests, NULL, NULL);
    bw_tz_free(utc);
    return r;
}
