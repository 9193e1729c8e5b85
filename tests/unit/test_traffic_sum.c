/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_traffic_sum.c - what a line was full of over several intervals: weights, errors of
 * two N, what is not known, saturated seconds against all others. */
#include "buf.h"
#include "bw_test.h"
#include "hist.h"
#include "traffic_sum.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <stdio.h>
#include <string.h>

struct interval {
    struct bw_summary s;
    struct bw_circuit_summary c;
    struct bw_traffic t;
    struct bw_traffic_share mix[2];
    struct bw_throughput run;
    char wan[600];
    char full[600];
};

static void put_hist(char *out, size_t cap, int64_t a_us, int n_a, int64_t b_us, int n_b)
{
    struct bw_hist h;
    struct bw_buf b;
    bw_hist_init(&h);
    for (int i = 0; i < n_a; i++) {
        bw_hist_add(&h, a_us);
    }
    for (int i = 0; i < n_b; i++) {
        bw_hist_add(&h, b_us);
    }
    bw_buf_init(&b, cap);
    assert_int_equal(bw_hist_encode(&h, &b), 0);
    (void)snprintf(out, cap, "%s", b.data);
    bw_buf_done(&b);
}

/* tls has the share, quic the rest. */
static void make(struct interval *x, int64_t bytes, int64_t ppm, int64_t half_ppm)
{
    memset(x, 0, sizeof(*x));
    bw_summary_init(&x->s);
    bw_circuit_summary_init(&x->c);
    bw_traffic_init(&x->t);
    x->s.start_unix_s = 1789000200;
    x->s.end_unix_s = x->s.start_unix_s + 300;
    (void)snprintf(x->c.id, sizeof(x->c.id), "wan");
    x->c.layer = BW_LAYER_ETHERNET;
    x->c.covered_s = 300;
    x->c.flow[BW_DOWN].bytes = bytes;
    (void)snprintf(x->t.circuit, sizeof(x->t.circuit), "wan");
    x->t.covered_s = 300;
    for (int i = 0; i < 2; i++) {
        int64_t v = i ? 1000000 - ppm : ppm;
        bw_traffic_share_init(&x->mix[i]);
        (void)snprintf(x->mix[i].klass, sizeof(x->mix[i].klass), i ? "quic" : "tls");
        x->mix[i].down_ppm = v;
        if (half_ppm != BW_UNKNOWN) {
            x->mix[i].down_low_ppm = v - half_ppm;
            x->mix[i].down_high_ppm = v + half_ppm;
        }
    }
    x->t.mix = x->mix;
    x->t.n_mix = 2;
    x->s.circuits = &x->c;
    x->s.n_circuits = 1;
    x->s.traffic = &x->t;
    x->s.n_traffic = 1;
}

static void add(struct bw_traffic_maker *m, const struct interval *x)
{
    struct bw_err err = {""};
    assert_int_equal(bw_traffic_sum_add(m, &x->s, &err), 0);
}

static struct bw_traffic_maker *begin(void)
{
    struct bw_traffic_maker *m = NULL;
    assert_int_equal(bw_traffic_sum_begin("wan", &m), 0);
    return m;
}

/* An interval of nine times the bytes weighs nine times as much, and so does its error. */
static void test_shares_weigh_by_bytes(void **state)
{
    struct bw_traffic_maker *m = begin();
    struct bw_traffic_sum u;
    const struct bw_traffic_table *mix = &u.by[BW_BY_CLASS];
    struct interval x;
    (void)state;
    make(&x, 9000000, 200000, 10000);
    x.t.sampled_1_in = 10;
    add(m, &x);
    make(&x, 1000000, 700000, 120000);
    x.t.sampled_1_in = 1000;
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_int_equal(u.n, 2);
    assert_int_equal(mix->n, 2);
    assert_string_equal(mix->rows[0].klass, "tls");
    assert_true(mix->layer == BW_LAYER_ETHERNET);
    assert_true(mix->basis[BW_DOWN].n == 2 && mix->basis[BW_DOWN].bytes == 10000000);
    assert_true(mix->basis[BW_DOWN].untold_ppm == 0);
    assert_true(mix->rows[0].way[BW_DOWN].ppm == 250000);
    assert_true(mix->rows[0].way[BW_DOWN].bytes == 2500000);
    /* sqrt((0.9 x 10000)^2 + (0.1 x 120000)^2) = 15000 */
    assert_true(mix->rows[0].way[BW_DOWN].low_ppm == 235000);
    assert_true(mix->rows[0].way[BW_DOWN].high_ppm == 265000);
    /* nothing is known of the way up, and that is not nothing */
    assert_true(mix->rows[0].way[BW_UP].ppm == BW_UNKNOWN);
    assert_true(mix->basis[BW_UP].bytes == BW_UNKNOWN && mix->basis[BW_UP].n_untold == 2);
    /* a class that only the other way tells */
    make(&x, 1000000, 700000, 0);
    x.c.flow[BW_UP].bytes = 1000000;
    x.mix[0].up_ppm = 900000;
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_true(mix->rows[0].way[BW_UP].ppm == 900000);
    assert_true(mix->rows[1].way[BW_UP].ppm == BW_UNKNOWN);
    assert_true(mix->basis[BW_UP].untold_ppm == 100000);
    bw_traffic_sum_free(m);
}

static void test_what_is_left_out(void **state)
{
    struct bw_traffic_maker *m = begin();
    struct bw_traffic_sum u;
    const struct bw_traffic_table *mix = &u.by[BW_BY_CLASS];
    struct interval x;
    (void)state;
    make(&x, 1000, 300000, BW_UNKNOWN); /* exact */
    add(m, &x);
    x.c.flow[BW_DOWN].bytes = BW_UNKNOWN; /* not counted */
    add(m, &x);
    make(&x, 5000, 900000, 10000); /* a run of ours was in those bytes */
    bw_throughput_init(&x.run);
    (void)snprintf(x.run.circuit, sizeof(x.run.circuit), "wan");
    x.run.state = BW_TEST_OK;
    x.s.throughput = &x.run;
    x.s.n_throughput = 1;
    add(m, &x);
    x.run.state = BW_TEST_DEFERRED; /* one that was put off was not */
    x.c.flow[BW_DOWN].bytes = 0;
    add(m, &x);
    make(&x, 5000, 900000, 10000); /* one that is told in the record after it */
    x.t.flags[0] = "merged-small";
    x.t.flags[1] = "own-test";
    add(m, &x);
    make(&x, 5000, 900000, 10000); /* not looked at long enough */
    x.t.covered_s = 149;
    (void)snprintf(x.t.state, sizeof(x.t.state), "interface-gone");
    add(m, &x);
    make(&x, 5000, 900000, 10000); /* at another layer */
    x.c.layer = BW_LAYER_IP;
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_true(u.n == 7 && u.n_broken == 1);
    assert_true(u.length_s == 2100 && u.covered_s == 6 * 300 + 149);
    assert_true(mix->basis[BW_DOWN].n == 2 && mix->basis[BW_DOWN].bytes == 1000);
    assert_true(mix->basis[BW_DOWN].n_with_test == 2 && mix->basis[BW_DOWN].n_short == 1);
    assert_true(mix->basis[BW_DOWN].n_untold == 1 &&
                mix->basis[BW_DOWN].n_other_layer == 1);
    assert_true(mix->rows[0].way[BW_DOWN].ppm == 300000);
    assert_true(mix->rows[0].way[BW_DOWN].low_ppm == 300000);
    assert_true(u.captured == BW_UNKNOWN && u.devices_most == BW_UNKNOWN);
    assert_true(u.wan.n == 0 && u.wan.p50_us == BW_UNKNOWN);
    bw_traffic_sum_free(m);
}

static void test_names_of_rows(void **state)
{
    static const struct {
        enum bw_traffic_by by;
        const char *word;
        const char *name;
    } rows[] = {{BW_BY_CLASS, "tls", "tls"},        {BW_BY_CLASS, "1-2", "1-2"},
                {BW_BY_FAMILY, "ipv6", "IPv6"},     {BW_BY_FAMILY, "other", "other"},
                {BW_BY_SIZE, "0-63", "0 to 63"},    {BW_BY_SIZE, "1519-", "1519 and more"},
                {BW_BY_SIZE, "jumbo-1", "jumbo-1"}, {BW_BY_SIZE, "12", "12"},
                {BW_BY_SIZE, "-5", "-5"},           {BW_BY_SIZE, "", ""}};
    char name[BW_TRAFFIC_ROW_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(bw_traffic_row_name(rows[i].by, rows[i].word, name),
                            rows[i].name);
    }
}

static void test_saturated_against_all_others(void **state)
{
    struct bw_traffic_maker *m = begin();
    struct bw_traffic_sum u;
    struct interval x;
    (void)state;
    make(&x, 1000, 300000, 10000);
    put_hist(x.wan, sizeof(x.wan), 20000, 30, 500000, 10);
    put_hist(x.full, sizeof(x.full), 500000, 10, 0, 0);
    x.t.tcp_rtt_hist = x.wan;
    x.t.saturated_rtt_hist = x.full;
    x.c.saturated_s = 60;
    add(m, &x);
    x.t.saturated_rtt_hist = NULL; /* which ones, no record tells */
    add(m, &x);
    x.c.saturated_s = BW_UNKNOWN; /* no claim */
    add(m, &x);
    x.c.saturated_s = 0; /* never full: all are others */
    put_hist(x.wan, sizeof(x.wan), 20000, 5, 0, 0);
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_true(u.wan.n == 125);
    assert_true(u.n_unsplit == 2);
    assert_true(u.saturated.n == 1 && u.saturated.seconds == 60);
    assert_true(u.saturated.times.n == 10 && u.saturated.times.p50_us > 480000);
    assert_true(u.others.n == 2 && u.others.seconds == 540);
    assert_true(u.others.times.n == 35 && u.others.times.p95_us < 21000);
    bw_traffic_sum_free(m);
}

/* An edge device whose counts come too late: the histogram is of a few of those seconds
 * only, and whoever took the rest for others would tell them wrongly. */
static void test_late_counts_split_nothing(void **state)
{
    static const struct {
        enum bw_source source;
        int64_t resolution_ms;
        int64_t saturated_s;
        int64_t n_unsplit;
    } rows[] = {{BW_SOURCE_SNMP, 30000, 60, 1}, {BW_SOURCE_SNMP, BW_UNKNOWN, 60, 1},
                {BW_SOURCE_SNMP, 3000, 60, 0},  {BW_SOURCE_SNMP, 30000, 0, 0},
                {BW_SOURCE_KERNEL, 250, 60, 0}, {BW_SOURCE_MIRROR, 1000, 60, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_traffic_maker *m = begin();
        struct bw_traffic_sum u;
        struct interval x;
        make(&x, 1000, 300000, 10000);
        put_hist(x.wan, sizeof(x.wan), 500000, 30, 0, 0);
        put_hist(x.full, sizeof(x.full), 500000, 8, 0, 0);
        x.t.tcp_rtt_hist = x.wan;
        x.t.saturated_rtt_hist = rows[i].saturated_s ? x.full : NULL;
        x.c.source = rows[i].source;
        x.c.resolution_ms = rows[i].resolution_ms;
        x.c.saturated_s = rows[i].saturated_s;
        add(m, &x);
        bw_traffic_sum_finish(m, &u);
        assert_int_equal(u.n_unsplit, rows[i].n_unsplit);
        assert_true(u.saturated.n == (rows[i].n_unsplit == 0 && rows[i].saturated_s > 0));
        assert_int_equal(u.others.n, !rows[i].n_unsplit);
        assert_true(u.others.times.n == (rows[i].n_unsplit     ? 0
                                         : rows[i].saturated_s ? 22
                                                               : 30));
        bw_traffic_sum_free(m);
    }
}

/* No other second: then no round trip of one, whatever was not marked in time. */
static void test_full_throughout(void **state)
{
    struct bw_traffic_maker *m = begin();
    struct bw_traffic_sum u;
    struct interval x;
    (void)state;
    make(&x, 1000, 300000, 10000);
    put_hist(x.wan, sizeof(x.wan), 500000, 30, 0, 0);
    put_hist(x.full, sizeof(x.full), 500000, 29, 0, 0);
    x.t.tcp_rtt_hist = x.wan;
    x.t.saturated_rtt_hist = x.full;
    x.c.saturated_s = 300;
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_true(u.saturated.times.n == 29 && u.n_unsplit == 0);
    assert_true(u.others.n == 0 && u.others.seconds == 0 && u.others.times.n == 0);
    bw_traffic_sum_free(m);
}

static void make_resent(
    struct interval *x, int64_t at_s, int64_t one_in, int64_t ppm, int64_t below_ppm)
{
    make(x, 1000, 300000, 10000);
    x->s.start_unix_s += at_s;
    x->s.end_unix_s += at_s;
    x->t.flows_1_in = one_in;
    x->t.tcp[BW_DOWN] = (struct bw_tcp_way){.bytes = 1000000,
                                            .resent_bytes = ppm,
                                            .resent_ppm = ppm,
                                            .resent_low_ppm = ppm - below_ppm,
                                            .resent_high_ppm = ppm + 2 * below_ppm};
}

/* Four of one hour have drawn the same lasting connections: no surer than one of them. Four
 * of four hours are twice as sure. */
static void test_sent_again(void **state)
{
    static const struct {
        int64_t apart_s;
        int64_t low_ppm;
        int64_t high_ppm;
    } rows[] = {{300, 8000, 14000}, {3600, 9000, 12000}};
    (void)state;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        struct bw_traffic_maker *m = begin();
        struct bw_traffic_sum u;
        struct interval x;
        for (int i = 0; i < 4; i++) {
            make_resent(&x, i * rows[k].apart_s, 16, 10000, 2000);
            x.t.devices_min = 40 + i;
            add(m, &x);
            bw_traffic_sum_finish(m, &u); /* in between: changes nothing */
        }
        bw_traffic_sum_finish(m, &u);
        assert_true(u.resent[BW_DOWN].n == 4 && u.resent[BW_DOWN].bytes == 4000000);
        assert_int_equal(u.resent[BW_DOWN].ppm, 10000);
        assert_int_equal(u.resent[BW_DOWN].low_ppm, rows[k].low_ppm);
        assert_int_equal(u.resent[BW_DOWN].high_ppm, rows[k].high_ppm);
        assert_true(u.resent[BW_UP].n == 0 && u.resent[BW_UP].ppm == BW_UNKNOWN);
        assert_true(u.devices_most == 43);
        bw_traffic_sum_free(m);
    }
}

/* A byte seen in one flow of 16 stands for four times as many as one in one of 4. */
static void test_sent_again_of_two_m(void **state)
{
    struct bw_traffic_maker *m = begin();
    struct bw_traffic_sum u;
    struct interval x;
    (void)state;
    make_resent(&x, 0, 16, 10000, 0);
    add(m, &x);
    make_resent(&x, 300, 4, 30000, 0);
    add(m, &x);
    bw_traffic_sum_finish(m, &u);
    assert_int_equal(u.resent[BW_DOWN].ppm, 14000);
    assert_true(u.resent[BW_DOWN].bytes == 2000000); /* as seen */
    assert_true(u.resent[BW_DOWN].resent_bytes == 40000);
    bw_traffic_sum_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_weigh_by_bytes),
        cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_names_of_rows),
        cmocka_unit_test(test_saturated_against_all_others),
        cmocka_unit_test(test_late_counts_split_nothing),
        cmocka_unit_test(test_full_throughout),
        cmocka_unit_test(test_sent_again),
        cmocka_unit_test(test_sent_again_of_two_m),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
