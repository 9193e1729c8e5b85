/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_circuit.c - which range an address means, what days give for the tables behind the
 * pictures, and months of the room's days. */
#include <buf.h>
#include <bw/units.h>
#include <circuit_look.h>
#include <circuit_months.h>
#include <circuit_range.h>
#include <civil.h>
#include <errno.h>
#include <graph_worker.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

#include <cmocka.h>

enum {
    /* 2026-11-09T06:04:10Z, in Chicago 00:04:10 of the same day (winter time) */
    NOW_S = 1794204250,
    UP_S = 1794204300
};

static struct bw_tz *zone(void)
{
    struct bw_tz *tz = NULL;
    assert_int_equal(bw_tz_load("America/Chicago", &tz, NULL), 0);
    return tz;
}

static int read_word(const struct bw_tz *tz, const char *word, struct bw_circuit_range *r)
{
    return bw_circuit_range_read(tz, NOW_S, word, NULL, NULL, r);
}

static void test_named_ranges(void **state)
{
    (void)state;
    struct bw_tz *tz = zone();
    struct bw_circuit_range r;
    char text[BW_RANGE_TEXT];
    assert_int_equal(read_word(tz, NULL, &r), 0);
    assert_int_equal(r.to_unix_s, UP_S);
    assert_int_equal(r.from_unix_s, UP_S - 86400);
    assert_int_equal(read_word(tz, "week", &r), 0);
    assert_int_equal(r.from_unix_s, UP_S - 7 * 86400);
    bw_circuit_range_text(&r, text);
    assert_string_equal(text, "week");
    assert_int_equal(read_word(tz, "year", &r), 0);
    assert_int_equal(r.from_unix_s, 1782882000); /* 2026-07-01T05:00:00Z, summer time */
    assert_int_equal(r.to_unix_s, UP_S);
    bw_tz_free(tz);
}

static void test_two_times(void **state)
{
    (void)state;
    struct bw_tz *tz = zone();
    struct bw_circuit_range r;
    char text[BW_RANGE_TEXT];
    assert_int_equal(read_word(tz, "2026-11-01..2026-11-02", &r), 0); /* local days */
    assert_int_equal(r.from_unix_s, 1793509200); /* 05:00Z: the day on which the clock … */
    assert_int_equal(r.to_unix_s, 1793599200);   /* … goes back: 25 hours, to 06:00Z */
    bw_circuit_range_text(&r, text);
    assert_string_equal(text, "2026-11-01T05:00:00Z..2026-11-02T06:00:00Z");
    assert_int_equal(
        bw_circuit_range_read(tz, NOW_S, NULL, "2026-11-03T08:15", "2026-11-03T09:45", &r),
        0);
    assert_int_equal(r.from_unix_s, 1793715300); /* 14:15Z */
    assert_int_equal(r.to_unix_s, 1793720700);
    assert_int_equal(read_word(tz, "1793715300..1793720700", &r), 0);
    assert_int_equal(r.from_unix_s, 1793715300);
    /* what is not over yet is cut */
    assert_int_equal(read_word(tz, "2026-11-08..2026-11-20", &r), 0);
    assert_int_equal(r.to_unix_s, UP_S);
    bw_tz_free(tz);
}

static void test_what_is_no_range(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "hour",
        "..",
        "2026-11-02..2026-11-01",
        "2026-11-01..",
        "..2026-11-01",
        "2026-11-01T00:00..2026-11-01T00:09",
        "2027-01-01..2027-02-01",
        "1900-01-01..2026-01-01",
        "0..1793715300",
        "-5..9999999999999999999",
        "999999999999..999999999999",
        "2026-13-01..2026-14-01",
        "2026-11-01T25:00..2026-11-02",
        "2026-11-01T08:00:99..2026-11-02",
        "<b>..</b>",
        "2026-11-01T08:00:00.000000000000000000000000000000000000000000000000000Z..x"};
    struct bw_tz *tz = zone();
    struct bw_circuit_range r;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_word(tz, bad[i], &r) != -EINVAL) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_int_equal(r.to_unix_s - r.from_unix_s, 86400); /* a day, all the same */
    }
    assert_int_equal(bw_circuit_range_read(tz, NOW_S, NULL, "2026-11-01", NULL, &r),
                     -EINVAL);
    bw_tz_free(tz);
}

static void test_ranges_beside(void **state)
{
    (void)state;
    struct bw_tz *tz = zone();
    struct bw_circuit_range r;
    struct bw_circuit_range to;
    assert_int_equal(read_word(tz, "day", &r), 0);
    assert_false(bw_circuit_range_step(tz, &r, BW_RANGE_LATER, &to));
    assert_true(bw_circuit_range_step(tz, &r, BW_RANGE_EARLIER, &to));
    assert_int_equal(to.to_unix_s, UP_S - 86400);
    assert_int_equal(to.from_unix_s, UP_S - 2 * 86400);
    assert_true(bw_circuit_range_step(tz, &to, BW_RANGE_LATER, &to));
    assert_int_equal(to.to_unix_s, UP_S);
    assert_true(bw_circuit_range_step(tz, &r, BW_RANGE_CLOSER, &to));
    assert_int_equal(to.from_unix_s, UP_S - 64800);
    assert_int_equal(to.to_unix_s, UP_S - 21600);
    assert_true(bw_circuit_range_step(tz, &r, BW_RANGE_WIDER, &to)); /* up to now */
    assert_int_equal(to.to_unix_s, UP_S);
    assert_int_equal(to.from_unix_s, UP_S - 2 * 86400);
    assert_int_equal(read_word(tz, "year", &r), 0);
    assert_true(bw_circuit_range_step(tz, &r, BW_RANGE_EARLIER, &to));
    assert_int_equal(to.from_unix_s, 1751346000); /* 2025-07-01T05:00:00Z */
    assert_int_equal(to.to_unix_s, 1782882000);
    bw_tz_free(tz);
}

/* ---- days ------------------------------------------------------------------------------
 */

static struct bw_slot slot(int64_t start, int64_t covered, int64_t bytes, int64_t peak)
{
    struct bw_slot s = {.start_unix_s = start,
                        .end_unix_s = start + 300,
                        .covered_s = covered,
                        .saturated_s = BW_UNKNOWN};
    s.flow[BW_DOWN].bytes = bytes;
    s.flow[BW_DOWN].peak_1s_bps = peak;
    s.flow[BW_UP].bytes = BW_UNKNOWN;
    s.flow[BW_UP].peak_1s_bps = BW_UNKNOWN;
    return s;
}

static struct bw_latency_cell
cell(const char *probe, int64_t start, int64_t sent, int64_t lost, int64_t p50)
{
    struct bw_latency_cell c = {.start_unix_s = start,
                                .sent = sent,
                                .lost = lost,
                                .p50_us = p50,
                                .p95_us = p50 == BW_UNKNOWN ? BW_UNKNOWN : p50 * 2};
    (void)snprintf(c.probe, sizeof(c.probe), "%s", probe);
    return c;
}

static void test_rows_of_days(void **state)
{
    (void)state;
    enum {
        DAY = 1794182400, /* 2026-11-09T00:00Z */
        FROM = DAY,
        TO = DAY + 7200
    };
    struct bw_tz *tz = zone();
    struct bw_slot slots[] = {slot(FROM - 300, 300, 999999, 9),   /* before */
                              slot(FROM, 300, 37500, 5000),       /* 1,000 bit/s */
                              slot(FROM + 300, 100, 50000, 9000), /* 4,000 bit/s */
                              slot(FROM + 600, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN),
                              slot(TO, 300, 999999, 9)};
    struct bw_latency_cell cells[] = {cell("page", FROM, 10, 0, 4000),
                                      cell("page", FROM + 300, 10, 3, 9000),
                                      cell("page", FROM + 600, 10, 10, BW_UNKNOWN)};
    struct bw_outage outages[] = {{.from_unix_ms = (FROM - 60) * INT64_C(1000),
                                   .to_unix_ms = (FROM + 60) * INT64_C(1000),
                                   .known_to_unix_ms = (FROM + 60) * INT64_C(1000),
                                   .why = "carrier down"}};
    struct bw_circuit_day d = {.day_unix_s = DAY,
                               .slots = slots,
                               .n_slots = 5,
                               .latency = cells,
                               .n_latency = 3,
                               .outages = outages,
                               .n_outages = 1};
    struct bw_look_maker *m = NULL;
    assert_int_equal(bw_look_begin(tz, FROM, TO, FROM + 900, 300, &m), 0);
    assert_int_equal(bw_look_day(m, &d), 0);
    struct bw_look *k = bw_look_finish(m);
    assert_int_equal(k->chunk_s, 300);
    assert_int_equal(k->n_rows, 24);
    assert_int_equal(k->n_records, 3);
    assert_int_equal(k->rows[0].bytes[BW_DOWN], 37500);
    assert_int_equal(k->rows[0].mean_max[BW_DOWN], 1000);
    assert_int_equal(k->rows[0].bytes[BW_UP], BW_UNKNOWN); /* never 0 */
    assert_int_equal(k->rows[1].mean_max[BW_DOWN], 4000);  /* over the seconds counted */
    assert_int_equal(k->rows[1].second_max[BW_DOWN], 9000);
    assert_int_equal(k->rows[2].n, 1);
    assert_int_equal(k->rows[2].bytes[BW_DOWN], BW_UNKNOWN);
    assert_int_equal(k->rows[3].n, 0);
    assert_int_equal(k->n_targets, 1);
    assert_int_equal(k->targets[0].rows[1].lost, 3);
    assert_int_equal(k->targets[0].rows[2].p50_max_us, BW_UNKNOWN);
    assert_int_equal(k->targets[0].rows[3].sent, 0);
    assert_int_equal(k->n_outages, 1);
    assert_string_equal(k->outages[0].why, "carrier down");
    assert_false(k->no_carrier);
    /* the newest 15 minutes: 30 sent, 13 lost; medians 4 and 9 ms: the lower one */
    assert_int_equal(k->n_way, 1);
    assert_int_equal(k->way[0].sent, 30);
    assert_int_equal(k->way[0].lost, 13);
    assert_int_equal(k->way[0].rtt_us, 4000);
    assert_int_equal(k->way[0].before_rtt_us, BW_UNKNOWN);
    free(k);
    bw_tz_free(tz);
}

/* Local days, one of 25 hours; more than 31 days have no rows. */
static void test_rows_by_length(void **state)
{
    (void)state;
    struct bw_tz *tz = zone();
    struct bw_look_maker *m = NULL;
    assert_int_equal(bw_look_begin(tz, 1793509200, 1793509200 + 7 * 86400, NOW_S, 300, &m),
                     0);
    struct bw_look *k = bw_look_finish(m);
    assert_int_equal(k->chunk_s, 86400);
    assert_int_equal(k->n_rows, 7);
    assert_int_equal(k->rows[0].to_unix_s - k->rows[0].from_unix_s, 90000);
    assert_int_equal(k->rows[6].to_unix_s - k->rows[6].from_unix_s, 82800);
    assert_int_equal(k->listed_from_unix_s, 1793509200);
    free(k);
    assert_int_equal(bw_look_begin(tz, NOW_S - 40 * 86400, NOW_S, NOW_S, 300, &m), 0);
    k = bw_look_finish(m);
    assert_int_equal(k->chunk_s, 0);
    assert_int_equal(k->n_rows, 0);
    assert_int_equal(k->listed_from_unix_s, NOW_S - 7 * 86400);
    free(k);
    bw_tz_free(tz);
}

/* ---- months ----------------------------------------------------------------------------
 */

static struct bw_room_day day_of(int month, int day, int64_t p95, enum bw_layer layer)
{
    struct bw_room_day d;
    bw_room_day_init(&d);
    d.day = bw_civil_days(2026, month, day);
    d.n_records = 288;
    d.from_unix_s = d.day * 86400;
    d.to_unix_s = d.from_unix_s + 86400;
    d.recorded_s = 43200;
    d.layer = layer;
    d.way[BW_DOWN].class_p95_bps = p95;
    d.way[BW_DOWN].n_ok = 2;
    d.sent = 100;
    d.lost = 1;
    return d;
}

static void test_months(void **state)
{
    (void)state;
    struct bw_month m[BW_MONTHS_MAX];
    struct bw_room_day d[] = {day_of(10, 30, 30, BW_LAYER_IP),
                              day_of(10, 31, BW_UNKNOWN, BW_LAYER_IP), /* no class */
                              day_of(11, 2, 10, BW_LAYER_IP),
                              day_of(11, 3, 50, BW_LAYER_IP),
                              day_of(11, 4, 20, BW_LAYER_IP)};
    d[4].outage_ms = 5000;
    assert_int_equal(bw_months_of(d, 5, m), 2);
    assert_int_equal(m[0].n_days, 2);
    assert_int_equal(m[0].way[BW_DOWN].n_p95, 1);
    assert_int_equal(m[0].way[BW_DOWN].p95_median_bps, 30);
    assert_int_equal(m[0].outage_ms, BW_UNKNOWN); /* no day could tell one */
    assert_int_equal(m[1].month, 11);
    assert_int_equal(m[1].way[BW_DOWN].p95_median_bps, 20);
    assert_int_equal(m[1].way[BW_DOWN].p95_max_bps, 50);
    assert_int_equal(m[1].way[BW_UP].p95_median_bps, BW_UNKNOWN);
    assert_int_equal(m[1].way[BW_DOWN].n_ok, 6);
    assert_int_equal(m[1].lost, 3);
    assert_int_equal(m[1].recorded_s, 3 * 43200);
    assert_int_equal(m[1].period_s, 3 * 86400);
    assert_int_equal(m[1].outage_ms, 5000);
    /* rates of two layers never meet */
    d[3].layer = BW_LAYER_ETHERNET;
    assert_int_equal(bw_months_of(d, 5, m), 2);
    assert_true(m[1].two_layers);
    assert_int_equal(m[1].way[BW_DOWN].p95_max_bps, BW_UNKNOWN);
    assert_int_equal(bw_months_of(NULL, 0, m), 0);
}

/* ---- pictures --------------------------------------------------------------------------
 */

static void test_slim_pictures(void **state)
{
    (void)state;
    static const char svg[] =
        "<svg viewBox=\"0 0 9.123456 5\"><path style=\"a:0.123456\" d=\"M 1.005 -2.349999 "
        "L "
        "12.999999 -0.001234 C 3 4.5 1e-07 2.3\" transform=\"matrix(1.234567)\"/>"
        "<use x=\"0.666666\" y=\"7\"/>d=\"1.23456\"</svg>";
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    bw_graph_slim(svg, sizeof(svg) - 1, &out);
    assert_string_equal(
        out.data,
        "<svg viewBox=\"0 0 9.123456 5\"><path style=\"a:0.123456\" d=\"M 1 -2.3 L "
        "13 0 C 3 4.5 1e-07 2.3\" transform=\"matrix(1.234567)\"/>"
        "<use x=\"0.7\" y=\"7\"/>d=\"1.23456\"</svg>");
    bw_buf_clear(&out);
    bw_graph_slim(" d=\"1.2", 7, &out); /* cut */
    assert_string_equal(out.data, " d=\"1.2");
    bw_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_ranges),     cmocka_unit_test(test_two_times),
        cmocka_unit_test(test_what_is_no_range), cmocka_unit_test(test_ranges_beside),
        cmocka_unit_test(test_rows_of_days),     cmocka_unit_test(test_rows_by_length),
        cmocka_unit_test(test_months),           cmocka_unit_test(test_slim_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
