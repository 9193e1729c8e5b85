/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_fold.c - summaries become circuit-days: nothing is averaged, nothing is counted
 * twice, a day depends on its own records only; and a day as bytes comes back the same. */
#include "buf.h"
#include "fold.h"
#include "hash.h"
#include "hist.h"
#include "summary_gen.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    DAY_S = 86400,
    DAYS_MAX = 8
};
#define DAY0 (INT64_C(20700) * DAY_S)

struct days { /* copies of what came, by way of the blob, which is so tested too */
    struct bw_day_owned d[DAYS_MAX];
    size_t n;
};

static int keep_day(void *owner, const struct bw_circuit_day *d)
{
    struct days *days = owner;
    struct bw_buf b;
    struct bw_buf again;
    struct bw_err e = {.text = ""};
    assert_true(days->n < DAYS_MAX);
    bw_buf_init(&b, 1u << 24);
    bw_buf_init(&again, 1u << 24);
    if (bw_day_encode(d, &b, &e) != 0 ||
        bw_day_decode(b.data, b.len, &days->d[days->n], &e) != 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(bw_day_encode(&days->d[days->n].day, &again, &e), 0);
    assert_int_equal(b.len, again.len);
    assert_memory_equal(b.data, again.data, b.len);
    bw_buf_done(&b);
    bw_buf_done(&again);
    days->n++;
    return 0;
}

static void days_done(struct days *days)
{
    for (size_t i = 0; i < days->n; i++) {
        bw_day_done(&days->d[i]);
    }
    days->n = 0;
}

static struct bw_fold *begin(struct days *days, int64_t from, int64_t to)
{
    struct bw_fold *f = NULL;
    memset(days, 0, sizeof(*days));
    assert_int_equal(bw_fold_new("s-4f9k2", "wan", from, to, keep_day, days, &f), 0);
    return f;
}

static void add(struct bw_fold *f, struct bw_summary *s)
{
    struct bw_err e = {.text = ""};
    if (bw_fold_add(f, s, NULL, &e) != 0) {
        fail_msg("%s", e.text);
    }
    bw_summary_done(s);
}

static void end(struct bw_fold *f)
{
    assert_int_equal(bw_fold_finish(f, NULL), 0);
    bw_fold_free(f);
}

static void every_interval_keeps_its_slot(void **state)
{
    struct gen g = {.state = 11};
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + 3 * DAY_S);
    struct bw_hist *sum = calloc(1, sizeof(*sum));
    struct bw_hist *back = calloc(1, sizeof(*back));
    int64_t bytes = 0;
    int64_t sent = 0;
    int64_t lost = 0;
    (void)state;
    for (int64_t i = 0; i < 3 * 288; i++) {
        struct bw_summary s;
        gen_plausible_summary(&g, i + 1, DAY0 + i * 300, 300, 3, &s);
        bytes += s.circuits[0].flow[BW_UP].bytes;
        sent += s.latency[1].sent;
        lost += s.latency[1].lost;
        assert_int_equal(
            bw_hist_decode(s.latency[1].rtt_hist, strlen(s.latency[1].rtt_hist), sum), 0);
        add(f, &s);
    }
    end(f);
    assert_int_equal(days.n, 3);
    for (size_t d = 0; d < 3; d++) {
        const struct bw_circuit_day *day = &days.d[d].day;
        assert_true(day->day_unix_s == DAY0 + (int64_t)d * DAY_S);
        assert_string_equal(day->site, "s-4f9k2");
        assert_string_equal(day->facts.id, "wan");
        assert_int_equal(day->n_slots, 288);
        assert_int_equal(day->n_summaries, 288);
        assert_int_equal(day->n_vantage_changes, 0);
        assert_int_equal(day->max_clock_error_us, 1800);
        assert_int_equal(day->n_latency, 3 * 288);
        for (size_t i = 0; i < 288; i++) {
            assert_true(day->slots[i].start_unix_s == day->day_unix_s + (int64_t)i * 300);
            assert_int_equal(day->slots[i].seq, d * 288 + i + 1);
            assert_int_equal(day->slots[i].flags, 0);
            bytes -= day->slots[i].flow[BW_UP].bytes;
        }
        for (size_t i = 0; i < day->n_latency; i++) {
            const struct bw_latency_cell *l = &day->latency[i];
            int64_t start = day->day_unix_s + (int64_t)(i % 288) * 300;
            assert_int_equal(l->n, 1);
            assert_true(l->start_unix_s == start && l->last_start_unix_s == start);
            assert_true(l->end_unix_s == start + 300);
            assert_true(l->p50_us != BW_UNKNOWN && l->p95_us >= l->p50_us);
            if (strcmp(l->probe, "target-1") == 0) {
                sent -= l->sent;
                lost -= l->lost;
                assert_int_equal(bw_hist_decode(l->rtt_hist, strlen(l->rtt_hist), back), 0);
            }
        }
    }
    assert_int_equal(bytes, 0);
    assert_int_equal(sent, 0);
    assert_int_equal(lost, 0);
    assert_memory_equal(sum, back, sizeof(*sum));
    free(sum);
    free(back);
    days_done(&days);
}

static void one(struct bw_summary *s, int64_t seq, int64_t start, size_t n_targets)
{
    struct gen g = {.state = (uint64_t)seq};
    gen_plausible_summary(&g, seq, start, 300, n_targets, s);
}

static void put_test(struct bw_summary *s, int64_t at_unix_ms)
{
    s->n_throughput = 1;
    s->throughput = bw_summary_alloc(s, sizeof(*s->throughput));
    bw_throughput_init(s->throughput);
    (void)snprintf(s->throughput->circuit, sizeof(s->throughput->circuit), "wan");
    (void)snprintf(s->throughput->probe, sizeof(s->throughput->probe), "state");
    (void)snprintf(s->throughput->kind, sizeof(s->throughput->kind), "http");
    s->throughput->at_unix_ms = at_unix_ms;
    s->throughput->duration_ms = 10000;
    s->throughput->bytes = 125000000;
    s->throughput->goodput_bps = 100000000;
    s->throughput->reason = "in words";
    s->throughput->flags[0] = "line-busy";
}

static void a_run_over_midnight_is_of_the_day_it_began(void **state)
{
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + DAY_S);
    struct bw_summary s;
    (void)state;
    one(&s, 1, DAY0, 0);
    put_test(&s, (DAY0 - 5) * 1000); /* began the day before: not of this period */
    add(f, &s);
    one(&s, 2, DAY0 + DAY_S - 300, 0);
    add(f, &s);
    one(&s, 3, DAY0 + DAY_S, 0); /* the first record of the next day tells it */
    put_test(&s, (DAY0 + DAY_S - 5) * 1000);
    add(f, &s);
    one(&s, 4, DAY0 + DAY_S + 300, 0);
    put_test(&s, (DAY0 + DAY_S + 310) * 1000);
    add(f, &s);
    end(f);
    assert_int_equal(days.n, 1);
    assert_int_equal(days.d[0].day.n_slots, 2);
    assert_int_equal(days.d[0].day.n_tests, 1);
    assert_true(days.d[0].day.tests[0].at_unix_ms == (DAY0 + DAY_S - 5) * 1000);
    assert_string_equal(days.d[0].day.tests[0].reason, "in words");
    assert_string_equal(days.d[0].day.tests[0].flags[0], "line-busy");
    assert_null(days.d[0].day.tests[0].flags[1]);
    days_done(&days);
}

static void put_outage(struct bw_summary *s, int64_t from_unix_ms, int64_t to_unix_ms)
{
    s->n_outages = 1;
    s->outages = bw_summary_alloc(s, sizeof(*s->outages));
    *s->outages = (struct bw_outage){.from_unix_ms = from_unix_ms,
                                     .to_unix_ms = to_unix_ms,
                                     .why = "targets silent",
                                     .known_to_unix_ms = BW_UNKNOWN};
    (void)snprintf(s->outages->circuit, sizeof(s->outages->circuit), "wan");
}

/* A day outlives the records it was made of: a run keeps all its flags, and what a day has
 * no room for is unknown, never a zero and never somebody else's memory. */
static int look_at_the_run(void *owner, const struct bw_circuit_day *d)
{
    const struct bw_throughput *t = &d->tests[0];
    int *seen = owner;
    char flag[24];
    assert_int_equal(d->n_tests, 1);
    for (int i = 0; i < BW_FLAGS_MAX; i++) {
        (void)snprintf(flag, sizeof(flag), "flag-%d", i);
        assert_non_null(t->flags[i]);
        assert_string_equal(t->flags[i], flag);
    }
    assert_null(t->flags[BW_FLAGS_MAX]);
    assert_null(t->machine);
    assert_true(t->loss_ppm == BW_UNKNOWN && t->near.rtt_us == BW_UNKNOWN);
    (*seen)++;
    return 0;
}

static void a_run_outlives_its_record(void **state)
{
    struct bw_fold *f = NULL;
    struct bw_summary s;
    struct days days;
    int seen = 0;
    (void)state;
    for (int way = 0; way < 2; way++) { /* as folded, and as read back from its bytes */
        memset(&days, 0, sizeof(days));
        assert_int_equal(bw_fold_new("s-4f9k2", "wan", DAY0, DAY0 + DAY_S,
                                     way == 0 ? look_at_the_run : keep_day,
                                     way == 0 ? (void *)&seen : (void *)&days, &f),
                         0);
        one(&s, 1, DAY0, 0);
        put_test(&s, (DAY0 + 5) * 1000);
        for (int i = 0; i < BW_FLAGS_MAX; i++) {
            char flag[24];
            (void)snprintf(flag, sizeof(flag), "flag-%d", i);
            s.throughput->flags[i] = bw_summary_strdup(&s, flag);
        }
        s.throughput->machine = bw_summary_strdup(&s, "mlab1-abc01");
        s.throughput->loss_ppm = 1200;
        s.throughput->near.rtt_us = 12000;
        add(f, &s); /* and the record is gone */
        end(f);
    }
    assert_int_equal(days.n, 1);
    assert_int_equal(look_at_the_run(&seen, &days.d[0].day), 0);
    assert_int_equal(seen, 2);
    days_done(&days);
}

static void an_outage_is_counted_once(void **state)
{
    const int64_t from = (DAY0 + DAY_S - 400) * 1000;
    const int64_t to = (DAY0 + DAY_S + 450) * 1000;
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + 2 * DAY_S);
    struct bw_summary s;
    struct bw_outage all[4];
    (void)state;
    for (int64_t i = 0; i < 4; i++) { /* two intervals before midnight, two after */
        one(&s, i + 1, DAY0 + DAY_S - 600 + i * 300, 0);
        put_outage(&s, from, i == 3 ? to : BW_UNKNOWN);
        add(f, &s);
    }
    one(&s, 5, DAY0 + DAY_S + 600, 0); /* another one that never is told to end */
    put_outage(&s, to + 300000, BW_UNKNOWN);
    add(f, &s);
    end(f);
    assert_int_equal(days.n, 2);
    assert_int_equal(days.d[0].day.n_outages, 1);
    assert_true(days.d[0].day.outages[0].from_unix_ms == from);
    assert_true(days.d[0].day.outages[0].to_unix_ms == BW_UNKNOWN);
    assert_true(days.d[0].day.outages[0].known_to_unix_ms == (DAY0 + DAY_S) * 1000);
    assert_int_equal(days.d[1].day.n_outages, 2);
    assert_true(days.d[1].day.outages[0].from_unix_ms == from);
    assert_true(days.d[1].day.outages[0].to_unix_ms == to);
    all[0] = days.d[1].day.outages[1];
    all[1] = days.d[0].day.outages[0];
    all[2] = days.d[1].day.outages[0];
    assert_int_equal(bw_outages_join(all, 3), 2);
    assert_true(all[0].from_unix_ms == from && all[0].to_unix_ms == to);
    assert_true(all[0].known_to_unix_ms == to);
    assert_true(all[1].to_unix_ms == BW_UNKNOWN);
    assert_true(all[1].known_to_unix_ms == (DAY0 + DAY_S + 900) * 1000);
    assert_int_equal(bw_outages_join(all, 0), 0);
    days_done(&days);
}

static void flags_tell_clock_lateness_and_overlap(void **state)
{
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + DAY_S);
    struct bw_summary s;
    struct bw_fold_meta meta;
    (void)state;
    one(&s, 1, DAY0, 0);
    s.clock.synced = false;
    meta.received_unix_ms = (DAY0 + 300 + 3600) * 1000; /* exactly an hour is not late */
    assert_int_equal(bw_fold_add(f, &s, &meta, NULL), 0);
    bw_summary_done(&s);
    one(&s, 2, DAY0 + 300, 0);
    s.clock.step_us = -5;
    meta.received_unix_ms = (DAY0 + 600 + 3601) * 1000;
    assert_int_equal(bw_fold_add(f, &s, &meta, NULL), 0);
    bw_summary_done(&s);
    one(&s, 3, DAY0 + 500, 0);
    s.clock.known = false;
    meta.received_unix_ms = (DAY0 + 900 + DAY_S) * 1000;
    assert_int_equal(bw_fold_add(f, &s, &meta, NULL), 0);
    bw_summary_done(&s);
    one(&s, 4, DAY0 + 900, 0);
    s.circuits[0].vantage = BW_VANTAGE_BRIDGE;
    assert_int_equal(bw_fold_add(f, &s, NULL, NULL), 0);
    bw_summary_done(&s);
    end(f);
    assert_int_equal(days.d[0].day.slots[0].flags, BW_SLOT_UNSYNCED);
    assert_int_equal(days.d[0].day.slots[1].flags, BW_SLOT_STEPPED | BW_SLOT_LATE_1H);
    assert_int_equal(days.d[0].day.slots[2].flags, BW_SLOT_UNSYNCED | BW_SLOT_LATE_1H |
                                                       BW_SLOT_LATE_24H | BW_SLOT_OVERLAP);
    assert_int_equal(days.d[0].day.slots[3].flags, 0);
    assert_int_equal(days.d[0].day.n_vantage_changes, 1);
    assert_int_equal(days.d[0].day.facts.vantage, BW_VANTAGE_BRIDGE);
    days_done(&days);
}

/* The layer is each interval's own, and a run's is that of the interval that told it. */
static void a_layer_belongs_to_its_interval(void **state)
{
    static const enum bw_layer layers[] = {BW_LAYER_ETHERNET, BW_LAYER_UNKNOWN,
                                           BW_LAYER_IP};
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + DAY_S);
    (void)state;
    for (int64_t i = 0; i < 3; i++) {
        struct bw_summary s;
        one(&s, i + 1, DAY0 + i * 300, 0);
        s.circuits[0].layer = layers[i];
        s.circuits[0].mtu = i == 1 ? BW_UNKNOWN : 1500 - i * 4;
        put_test(&s, (DAY0 + i * 300 + 5) * 1000);
        add(f, &s);
    }
    end(f);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(days.d[0].day.slots[i].layer, layers[i]);
        assert_int_equal(days.d[0].day.told[i].layer, layers[i]);
    }
    assert_int_equal(days.d[0].day.told[0].mtu, 1500);
    assert_true(days.d[0].day.told[1].mtu == BW_UNKNOWN);
    assert_int_equal(days.d[0].day.told[2].mtu, 1492);
    days_done(&days);
}

static void unknown_stays_unknown(void **state)
{
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + DAY_S);
    struct bw_summary s;
    (void)state;
    one(&s, 1, DAY0, 2); /* target-0 answers nothing, target-1 something */
    s.latency[0].lost = s.latency[0].sent;
    s.latency[0].rtt_hist = NULL;
    s.latency[0].sum_us = BW_UNKNOWN;
    s.circuits[0].flow[BW_DOWN].bytes = BW_UNKNOWN;
    s.circuits[0].flow[BW_UP].errors = 0;
    add(f, &s);
    one(&s, 2, DAY0 + 200, 2); /* within the same cell */
    s.latency[1].sum_us =
        BW_UNKNOWN; /* answers whose sum nobody told: the cell's is unknown */
    s.latency[1].late = BW_UNKNOWN;
    s.latency[0].lost = s.latency[0].sent;
    s.latency[0].rtt_hist = NULL;
    s.latency[0].sum_us = BW_UNKNOWN;
    add(f, &s);
    end(f);
    assert_int_equal(days.d[0].day.n_latency, 2);
    assert_int_equal(days.d[0].day.latency[0].n, 2);
    assert_true(days.d[0].day.latency[0].p50_us == BW_UNKNOWN);
    assert_null(days.d[0].day.latency[0].rtt_hist);
    assert_true(days.d[0].day.latency[0].sum_us == BW_UNKNOWN);
    assert_int_equal(days.d[0].day.latency[0].sent, 600);
    assert_int_equal(days.d[0].day.latency[0].lost, 600);
    assert_int_equal(days.d[0].day.latency[0].late, 0);
    assert_int_equal(days.d[0].day.latency[0].covered_s, 600);
    assert_non_null(days.d[0].day.latency[1].rtt_hist);
    assert_true(days.d[0].day.latency[1].sum_us == BW_UNKNOWN);
    assert_true(days.d[0].day.latency[1].late == BW_UNKNOWN);
    assert_true(days.d[0].day.slots[0].flow[BW_DOWN].bytes == BW_UNKNOWN);
    assert_true(days.d[0].day.slots[0].flow[BW_UP].errors == 0);
    days_done(&days);
}

static void what_does_not_belong_is_passed_over(void **state)
{
    struct days days;
    struct bw_fold *f = begin(&days, DAY0 + 300, DAY0 + 900);
    struct bw_summary s;
    struct bw_err e = {.text = ""};
    (void)state;
    one(&s, 1, DAY0, 0); /* before the period */
    add(f, &s);
    one(&s, 2, DAY0 + 300, 0);
    add(f, &s);
    one(&s, 3, DAY0 + 600, 0);
    (void)snprintf(s.site, sizeof(s.site), "s-zzzzz"); /* another site */
    add(f, &s);
    one(&s, 4, DAY0 + 600, 0);
    (void)snprintf(s.circuits[0].id, sizeof(s.circuits[0].id), "lte"); /* another circuit */
    add(f, &s);
    one(&s, 5, DAY0 + 900, 0); /* behind the period */
    add(f, &s);
    one(&s, 6, DAY0 + 899, 0); /* out of order */
    assert_int_equal(bw_fold_add(f, &s, NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "seq 6"));
    bw_summary_done(&s);
    end(f);
    assert_int_equal(days.n, 1);
    assert_int_equal(days.d[0].day.n_slots, 1);
    assert_int_equal(days.d[0].day.slots[0].seq, 2);
    days_done(&days);
}

static int stop(void *owner, const struct bw_circuit_day *d)
{
    (void)d;
    ++*(int *)owner;
    return 77;
}

static void the_callback_ends_the_fold(void **state)
{
    struct bw_fold *f = NULL;
    struct bw_summary s;
    int calls = 0;
    (void)state;
    assert_int_equal(bw_fold_new("s-4f9k2", "wan", 0, INT64_MAX, stop, &calls, &f), 0);
    one(&s, 1, DAY0, 1);
    add(f, &s);
    one(&s, 2, DAY0 + DAY_S + BW_FOLD_TAIL_S, 1);
    assert_int_equal(bw_fold_add(f, &s, NULL, NULL), 77);
    assert_int_equal(calls, 1);
    bw_summary_done(&s);
    bw_fold_free(f); /* with a day still open */
}

static int fold_random(struct gen *g, struct days *days)
{
    struct bw_fold *f = begin(days, 0, INT64_MAX);
    struct bw_summary s;
    int n = (int)gen_between(g, 1, 5);
    do {
        gen_random_summary(g, &s);
        if (s.n_circuits == 0) {
            bw_summary_done(&s);
        }
    } while (s.n_circuits == 0);
    bw_fold_free(f);
    memset(days, 0, sizeof(*days));
    assert_int_equal(
        bw_fold_new(s.site, s.circuits[0].id, 0, INT64_MAX, keep_day, days, &f), 0);
    for (int i = 0; i < n; i++) {
        assert_int_equal(bw_fold_add(f, &s, NULL, NULL), 0);
        s.start_unix_s += gen_between(g, 0, 50000);
        s.end_unix_s = s.start_unix_s + 300;
        s.seq = gen_between(g, 1, INT64_C(9007199254740991));
    }
    assert_int_equal(bw_fold_finish(f, NULL), 0);
    bw_fold_free(f);
    bw_summary_done(&s);
    return (int)days->n;
}

static void a_damaged_day_is_refused_or_canonical(void **state)
{
    struct gen g = {.state = 99};
    struct days days;
    (void)state;
    for (int round = 0; round < 40; round++) {
        struct bw_buf b;
        struct bw_day_owned d;
        assert_true(fold_random(&g, &days) > 0);
        bw_buf_init(&b, 1u << 22);
        assert_int_equal(bw_day_encode(&days.d[0].day, &b, NULL), 0);
        for (size_t i = 0; i < b.len; i++) {
            char keep = b.data[i];
            b.data[i] = (char)(keep ^ (char)(1 << gen_between(&g, 0, 7)));
            if (bw_day_decode(b.data, b.len, &d, NULL) == 0) {
                struct bw_buf again;
                bw_buf_init(&again, 1u << 22);
                assert_int_equal(bw_day_encode(&d.day, &again, NULL), 0);
                assert_int_equal(again.len, b.len);
                assert_memory_equal(again.data, b.data, b.len);
                bw_buf_done(&again);
                bw_day_done(&d);
            }
            b.data[i] = keep;
        }
        for (size_t i = 0; i < b.len; i++) {
            assert_true(bw_day_decode(b.data, i, &d, NULL) < 0);
        }
        b.data[3] = 4;
        assert_int_equal(bw_day_decode(b.data, b.len, &d, NULL), -BW_ENEWER);
        bw_buf_done(&b);
        days_done(&days);
    }
}

static void a_day_is_clipped(void **state)
{
    struct gen g = {.state = 4};
    struct days days;
    struct bw_fold *f = begin(&days, DAY0, DAY0 + DAY_S);
    struct bw_circuit_day *d = &days.d[0].day;
    (void)state;
    for (int64_t i = 0; i < 288; i++) {
        struct bw_summary s;
        gen_plausible_summary(&g, i + 1, DAY0 + i * 300, 300, 1, &s);
        if (i == 20 || i == 40) {
            put_test(&s, (DAY0 + i * 300) * 1000);
            put_outage(&s, (DAY0 + i * 300) * 1000, (DAY0 + i * 300 + 20) * 1000);
        }
        add(f, &s);
    }
    end(f);
    assert_int_equal(d->n_tests, 2);
    bw_day_clip(d, DAY0 + 3600, DAY0 + 7200);
    assert_int_equal(d->n_slots, 12);
    assert_int_equal(d->n_summaries, 12);
    assert_int_equal(d->n_latency, 12);
    assert_true(d->latency[0].start_unix_s == DAY0 + 3600);
    assert_true(d->told[0].start_unix_s == DAY0 + 20 * 300 && d->told[0].place == 0);
    assert_int_equal(d->n_tests, 1);
    assert_int_equal(d->n_outages, 1);
    days_done(&days);
}

static void put_gap(struct bw_summary *s, int64_t from_unix_s, int64_t to_unix_s)
{
    s->n_gaps = 1;
    s->gaps = bw_summary_alloc(s, sizeof(*s->gaps));
    *s->gaps = (struct bw_gap){from_unix_s, to_unix_s, BW_GAP_STOPPED};
}

/* A day from 12:00 on, with an outage from 15:50 to 16:20, and off from 17:00 to 18:00. */
static void fold_noon(struct days *days, int64_t from, int64_t to)
{
    const int64_t noon = DAY0 + 43200;
    const int64_t hour = 3600;
    struct bw_fold *f = begin(days, from, to);
    for (int64_t i = 0; i < 100; i++) {
        int64_t at = noon + i * 300;
        struct bw_summary s;
        if (at >= noon + 5 * hour && at < noon + 6 * hour) {
            continue;
        }
        one(&s, i + 1, at, 0);
        if (at >= noon + 13800 && at < noon + 15600) {
            put_outage(&s, (noon + 13800) * 1000,
                       at + 300 == noon + 15600 ? (noon + 15599) * 1000 : BW_UNKNOWN);
        }
        if (at == noon + 6 * hour) {
            put_gap(&s, noon + 5 * hour, at);
        }
        if (at == noon + 7 * hour) {
            put_gap(&s, at - 300, at); /* touches nothing below */
        }
        add(f, &s);
    }
    end(f);
}

/* A period that ends within a day tells of outages and gaps what the whole day, cut, does.
 */
static void what_lies_over_the_end_is_heard(void **state)
{
    static const struct {
        int64_t from_s; /* after noon */
        int64_t to_s;
        size_t n_outages;
        size_t n_gaps;
    } cases[] = {{0, 14400, 1, 0},     {0, 13800, 0, 0},      {0, 13801, 1, 0},
                 {0, 18900, 1, 1},     {18000, 19000, 0, 1},  {14100, 21600, 1, 1},
                 {21600, 22200, 0, 1}, {19000, 129600, 0, 2}, {16000, 25000, 0, 2}};
    struct days whole;
    struct days part;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t from = DAY0 + 43200 + cases[i].from_s;
        int64_t to = DAY0 + 43200 + cases[i].to_s;
        struct bw_circuit_day *cut = &whole.d[0].day;
        const struct bw_circuit_day *d = &part.d[0].day;
        fold_noon(&whole, DAY0, DAY0 + DAY_S);
        fold_noon(&part, from, to);
        bw_day_clip(cut, from, to);
        assert_int_equal(part.n, cut->n_slots + cut->n_outages + cut->n_gaps > 0);
        assert_int_equal(cut->n_outages, cases[i].n_outages);
        assert_int_equal(cut->n_gaps, cases[i].n_gaps);
        assert_int_equal(d->n_slots, cut->n_slots);
        assert_int_equal(d->n_outages, cut->n_outages);
        assert_int_equal(d->n_gaps, cut->n_gaps);
        for (size_t k = 0; k < d->n_outages; k++) {
            assert_true(d->outages[k].to_unix_ms == (DAY0 + 43200 + 15599) * 1000);
            assert_true(d->outages[k].to_unix_ms == cut->outages[k].to_unix_ms);
            assert_true(d->outages[k].known_to_unix_ms == cut->outages[k].known_to_unix_ms);
        }
        days_done(&whole);
        days_done(&part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interval_keeps_its_slot),
        cmocka_unit_test(a_run_over_midnight_is_of_the_day_it_began),
        cmocka_unit_test(a_run_outlives_its_record),
        cmocka_unit_test(an_outage_is_counted_once),
        cmocka_unit_test(flags_tell_clock_lateness_and_overlap),
        cmocka_unit_test(a_layer_belongs_to_its_interval),
        cmocka_unit_test(unknown_stays_unknown),
        cmocka_unit_test(what_does_not_belong_is_passed_over),
        cmocka_unit_test(the_callback_ends_the_fold),
        cmocka_unit_test(a_damaged_day_is_refused_or_canonical),
        cmocka_unit_test(a_day_is_clipped),
        cmocka_unit_test(what_lies_over_the_end_is_heard),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
