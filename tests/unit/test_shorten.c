/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_shorten.c - what a record that is too long loses, in which order, and that an
 * interval is never lost for it. */
#include "bw_test.h"
#include "shorten.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <hash.h>
#include <hist.h>
#include <log.h>
#include <stdio.h>
#include <string.h>

enum {
    ANSWERS = 300,
    STEADY = 4, /* of the targets: a narrow histogram */
    TARGETS = 2 * BW_TARGETS_MAX
};

/* Answers over the whole range of the histogram, or all in a few buckets. */
static const char *histogram(struct bw_summary *s, bool wide, int64_t *ret_sum_us)
{
    struct bw_hist h;
    struct bw_buf text;
    bw_hist_init(&h);
    *ret_sum_us = 0;
    for (int i = 0; i < ANSWERS; i++) {
        int64_t us = wide ? bw_hist_lower_us((size_t)i) + 1 : 20000 + i;
        bw_hist_add(&h, us);
        *ret_sum_us += us;
    }
    bw_buf_init(&text, 16384);
    assert_int_equal(bw_hist_encode(&h, &text), 0);
    const char *copy = bw_summary_strdup(s, text.data);
    bw_buf_done(&text);
    assert_non_null(copy);
    return copy;
}

static void name(char out[BW_NAME_MAX + 1], char letter, size_t i, int width)
{
    (void)snprintf(out, BW_NAME_MAX + 1, "%c%0*zu", letter, width, i);
}

static void fill(struct bw_summary *s, size_t circuits, size_t targets, int width)
{
    bw_summary_init(s);
    (void)snprintf(s->site, sizeof(s->site), "s-4f9k2");
    s->seq = 1;
    s->chain.why = BW_CHAIN_NEW;
    (void)snprintf(s->agent, sizeof(s->agent), "test/1");
    bw_sha256_text("config", 6, s->config);
    (void)snprintf(s->boot, sizeof(s->boot), "00000000-0000-4000-8000-000000000000");
    s->start_unix_s = 1789000200;
    s->end_unix_s = s->start_unix_s + 300;
    s->circuits = bw_summary_alloc(s, circuits * sizeof(s->circuits[0]));
    s->latency = bw_summary_alloc(s, targets * sizeof(s->latency[0]));
    assert_true(s->circuits && s->latency);
    s->n_circuits = circuits;
    s->n_latency = targets;
    for (size_t i = 0; i < circuits; i++) {
        struct bw_circuit_summary *c = &s->circuits[i];
        bw_circuit_summary_init(c);
        name(c->id, 'c', i, width);
        c->vantage = BW_VANTAGE_ROUTER;
        c->source = BW_SOURCE_KERNEL;
        c->layer = BW_LAYER_ETHERNET;
        c->resolution_ms = 1000;
        c->covered_s = 300;
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            c->flow[d] = (struct bw_flow){.bytes = INT64_C(123456789012345),
                                          .packets = INT64_C(123456789012),
                                          .p95_1s_bps = INT64_C(10000000000),
                                          .peak_1s_bps = INT64_C(10000000000),
                                          .peak_sliding_1s_bps = INT64_C(10000000000),
                                          .drops = 1,
                                          .errors = 1,
                                          .frame_offset_bytes = -14};
        }
    }
    for (size_t i = 0; i < targets; i++) {
        struct bw_latency *l = &s->latency[i];
        bw_latency_init(l);
        name(l->circuit, 'c', i % circuits, width);
        name(l->probe, 't', i, width);
        (void)snprintf(l->kind, sizeof(l->kind), "icmp");
        l->family = 4;
        l->sent = ANSWERS;
        l->lost = 0;
        l->late = 0;
        l->rtt_hist = histogram(s, i >= STEADY, &l->sum_us);
        l->p50_us = 20150;
        l->p95_us = 20280;
        l->pdv_p95_us = 280;
    }
}

static int encode(struct bw_summary *s, size_t own_gaps, struct bw_buf *out, bool *told)
{
    struct bw_err err = {""};
    int r = bw_shorten_encode(s, own_gaps, out, told, &err);
    if (r < 0) {
        print_error("%s\n", err.text);
    }
    return r;
}

static void what_fits_stays_whole(void **state)
{
    struct bw_summary s;
    struct bw_buf out;
    struct bw_buf again;
    bool told = false;
    (void)state;
    fill(&s, 1, STEADY, 1);
    bw_buf_init(&out, BW_PAYLOAD_MAX);
    bw_buf_init(&again, BW_PAYLOAD_MAX);
    assert_int_equal(bw_summary_encode(&s, &out, NULL), 0);
    assert_int_equal(encode(&s, 0, &again, &told), 0);
    assert_true(told);
    assert_int_equal(again.len, out.len);
    assert_memory_equal(again.data, out.data, out.len);
    bw_buf_done(&out);
    bw_buf_done(&again);
    bw_summary_done(&s);
}

/* Every target keeps its counts, sum and percentiles; the steady ones their histogram. */
static void wide_histograms_go_and_figures_stay(void **state)
{
    struct bw_summary s;
    struct bw_summary back;
    struct bw_buf out;
    struct bw_err err = {""};
    size_t whole = 0;
    bool told = false;
    (void)state;
    fill(&s, 1, TARGETS, 1);
    bw_buf_init(&out, BW_PAYLOAD_MAX);
    assert_int_equal(bw_summary_encode(&s, &out, NULL), -E2BIG);
    assert_int_equal(encode(&s, 0, &out, &told), 0);
    assert_int_equal(bw_summary_decode(out.data, out.len, &back, &err), 0);
    assert_int_equal(back.n_latency, TARGETS);
    for (size_t i = 0; i < back.n_latency; i++) {
        const struct bw_latency *l = &back.latency[i];
        assert_int_equal(l->sent, ANSWERS);
        assert_int_equal(l->lost, 0);
        assert_int_equal(l->sum_us, s.latency[i].sum_us);
        assert_int_equal(l->p50_us, 20150);
        assert_int_equal(l->p95_us, 20280);
        assert_int_equal(l->pdv_p95_us, 280);
        whole += l->rtt_hist != NULL;
        assert_true(i >= STEADY || l->rtt_hist);
    }
    /* no more than it takes: one histogram more would not have fitted */
    assert_true(whole > STEADY && whole < TARGETS);
    assert_true(out.len + strlen(histogram(&s, true, &s.mono_ms)) > BW_PAYLOAD_MAX);
    bw_summary_done(&back);
    bw_summary_done(&s);
    bw_buf_done(&out);
}

static void refusals_and_deferred_tests_go_first(void **state)
{
    struct bw_summary s;
    struct bw_buf out;
    bool told = true;
    (void)state;
    fill(&s, 1, STEADY + 8, 1);
    s.gaps = bw_summary_alloc(&s, 60 * sizeof(s.gaps[0]));
    s.throughput = bw_summary_alloc(&s, 32 * sizeof(s.throughput[0]));
    assert_true(s.gaps && s.throughput);
    for (size_t i = 0; i < 60; i++) {
        int64_t at = s.start_unix_s - 600 * (int64_t)i;
        s.gaps[s.n_gaps++] = (struct bw_gap){at - 300, at, BW_GAP_REFUSED};
    }
    for (size_t i = 0; i < 32; i++) {
        struct bw_throughput *t = &s.throughput[s.n_throughput++];
        bw_throughput_init(t);
        name(t->circuit, 'c', 0, 1);
        name(t->probe, 'p', i, BW_NAME_MAX - 1);
        (void)snprintf(t->kind, sizeof(t->kind), "http");
        t->direction = BW_DOWN;
        t->at_unix_ms = s.start_unix_s * 1000 + (int64_t)i;
        t->state = i % 2 ? BW_TEST_FAILED : BW_TEST_DEFERRED;
        t->reason = bw_summary_strdup(
            &s,
            "the server closed the connection before the answer, twenty times in a row, "
            "with words that nobody would have thought of, and again the day after, and "
            "then no more");
        t->grade = BW_GRADE_SELF;
        t->egress = BW_EGRESS_UNKNOWN;
    }
    bw_buf_init(&out, BW_PAYLOAD_MAX);
    assert_int_equal(bw_summary_encode(&s, &out, NULL), -E2BIG);
    assert_int_equal(encode(&s, 1, &out, &told), 0);
    assert_false(told);
    assert_int_equal(s.n_gaps, 1);
    assert_int_equal(s.n_throughput, 16);
    for (size_t i = 0; i < s.n_throughput; i++) {
        assert_int_equal(s.throughput[i].state, BW_TEST_FAILED);
        assert_non_null(s.throughput[i].reason);
    }
    assert_non_null(s.latency[0].rtt_hist);
    bw_summary_done(&s);
    bw_buf_done(&out);
}

/* The most a configuration can ask for, every name as long as it may be. */
static void an_interval_is_never_lost(void **state)
{
    struct bw_summary s;
    struct bw_summary back;
    struct bw_buf out;
    struct bw_err err = {""};
    bool told = true;
    (void)state;
    fill(&s, BW_CIRCUITS_MAX, TARGETS, BW_NAME_MAX - 1);
    s.outages = bw_summary_alloc(&s, 48 * sizeof(s.outages[0]));
    assert_non_null(s.outages);
    for (size_t i = 0; i < 48; i++) {
        struct bw_outage *o = &s.outages[s.n_outages++];
        int64_t from_ms = s.start_unix_s * 1000 + (int64_t)i * 20000;
        *o = (struct bw_outage){.from_unix_ms = from_ms,
                                .to_unix_ms = from_ms + 10000,
                                .why = "targets silent"};
        name(o->circuit, 'c', i % BW_CIRCUITS_MAX, BW_NAME_MAX - 1);
    }
    bw_buf_init(&out, BW_PAYLOAD_MAX);
    assert_int_equal(encode(&s, 0, &out, &told), 0);
    assert_int_equal(bw_summary_decode(out.data, out.len, &back, &err), 0);
    assert_int_equal(back.n_circuits, BW_CIRCUITS_MAX);
    assert_int_equal(back.n_outages, 48);
    bw_summary_done(&back);
    bw_summary_done(&s);
    bw_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays_whole),
        cmocka_unit_test(wide_histograms_go_and_figures_stay),
        cmocka_unit_test(refusals_and_deferred_tests_go_first),
        cmocka_unit_test(an_interval_is_never_lost),
    };
    bw_log_set_level(BW_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
