/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_test.c - a test: which connections are in it, what they moved, and what is said
 * of it at its end.
 *
 * Its clock begins with its first connection's load and its end is the last payload that
 * moved, so that waiting for a receipt is no part of it. */
#include "testsrv_private.h"

#include <clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t PPM = 1000000;

struct test *test_find(struct bw_testsrv *s, uint64_t id)
{
    struct test *t = s->tests;
    while (t && t->id != id) {
        t = t->next;
    }
    return t;
}

struct test *test_by_token(struct bw_testsrv *s, const uint8_t sha256[32])
{
    struct test *t = s->tests;
    while (t && memcmp(t->token_sha256, sha256, 32) != 0) {
        t = t->next;
    }
    return t;
}

struct test *test_new(struct bw_testsrv *s, enum bw_test_kind kind, enum bw_direction d)
{
    struct test *t = calloc(1, sizeof(*t));
    if (!t) {
        return NULL;
    }
    t->srv = s;
    t->id = ++s->next_id;
    t->kind = kind;
    t->direction = d;
    t->cpu0_us = BW_UNKNOWN;
    t->next = s->tests;
    s->tests = t;
    (void)uv_timer_init(s->loop, &t->ticker);
    t->ticker.data = t;
    s->open_handles++;
    s->stats.tests++;
    return t;
}

void test_join(struct test *t, struct conn *c)
{
    if (c->test) {
        return;
    }
    c->test = t;
    c->test_next = t->conns;
    t->conns = c;
    t->n_conns++;
    t->joined++;
}

void test_leave(struct conn *c)
{
    struct test *t = c->test;
    if (!t) {
        return;
    }
    for (struct conn **at = &t->conns; *at; at = &(*at)->test_next) {
        if (*at == c) {
            *at = c->test_next;
            break;
        }
    }
    if (t->state == TEST_RUNNING) {
        (void)info_sums(c->fd, &t->tcp, NULL);
    }
    if (t->asker == c) {
        t->asker = NULL;
    }
    t->n_conns--;
    c->test = NULL;
    c->test_next = NULL;
}

void test_begin(struct test *t, int64_t max_bytes)
{
    struct bw_testsrv *s = t->srv;
    t->state = TEST_RUNNING;
    t->max_bytes = max_bytes;
    t->at_unix_ms = bw_clock_unix_ms();
    t->t0_mono_ns = bw_clock_mono_ns();
    t->last_mono_ns = t->t0_mono_ns;
    t->cpu0_us = info_cpu_us();
    t->deadline_mono_ms = t->t0_mono_ns / 1000000 + s->limits.http_ms;
    s->stats.tests_ever++;
    s->n_running++;
    for (struct test *o = s->tests; o; o = o->next) {
        if (o->state == TEST_RUNNING && o->peak < s->n_running) {
            o->peak = s->n_running;
        }
    }
}

void test_moved(struct conn *c, int64_t bytes)
{
    struct test *t = c->test;
    t->streams += !c->counted;
    c->counted = true;
    t->last_mono_ns = bw_clock_mono_ns();
    int64_t second = (t->last_mono_ns - t->t0_mono_ns) / 1000000000;
    t->bytes += bytes;
    if (second >= 0 && second < BW_RECEIPT_SECONDS_MAX) {
        t->per_s[second] += bytes;
    }
}

bool test_may_move(const struct test *t)
{
    return t->state == TEST_RUNNING && t->bytes < t->max_bytes;
}

static int64_t share_ppm(int64_t part, int64_t whole)
{
    if (whole <= 0) {
        return BW_UNKNOWN;
    }
    int64_t ppm = (int64_t)((double)part * (double)PPM / (double)whole);
    return ppm > PPM ? PPM : ppm;
}

static void
tell_tcp(const struct test *t, const struct tcp_sums *sums, struct bw_receipt *r)
{
    if (sums->n == 0) {
        return;
    }
    memcpy(r->tcp.cc, sums->cc, sizeof(r->tcp.cc));
    r->tcp.mss = sums->mss;
    r->tcp.rtt_us = sums->rtt_us / sums->n;
    r->tcp.min_rtt_us = sums->min_rtt_us > 0 ? sums->min_rtt_us : BW_UNKNOWN;
    r->tcp.sent_bytes = sums->sent_bytes;
    r->tcp.acked_bytes = sums->acked_bytes;
    r->tcp.received_bytes = sums->received_bytes;
    r->tcp.retransmit_ppm = share_ppm(sums->retrans_bytes, sums->sent_bytes);
    r->tcp.rwnd_limited_ppm = share_ppm(sums->rwnd_us, sums->busy_us);
    r->tcp.sndbuf_limited_ppm = share_ppm(sums->sndbuf_us, sums->busy_us);
    if (t->direction == BW_DOWN) {
        r->tcp.app_limited_ppm = share_ppm(t->n_app_limited, t->n_looks);
    }
}

static const char *method_of(const struct test *t)
{
    if (t->kind == BW_TEST_KIND_NDT7) {
        return t->srv->tls ? "ndt7/wss" : "ndt7/ws";
    }
    return t->srv->tls ? "https/1" : "http/1";
}

void test_end(struct test *t, enum bw_receipt_end end)
{
    struct bw_receipt r;
    struct tcp_sums sums;
    if (t->state != TEST_RUNNING) {
        return;
    }
    sums = t->tcp;
    for (struct conn *c = t->conns; c; c = c->test_next) {
        (void)info_sums(c->fd, &sums, NULL);
    }
    t->state = TEST_SIGNING;
    t->end = end;
    t->srv->n_running--;
    (void)uv_timer_stop(&t->ticker);
    bw_receipt_init(&r);
    r.kind = t->kind;
    (void)snprintf(r.method, sizeof(r.method), "%s", method_of(t));
    r.direction = t->direction;
    r.at_unix_ms = t->at_unix_ms;
    r.elapsed_us = (t->last_mono_ns - t->t0_mono_ns) / 1000;
    r.elapsed_us = r.elapsed_us > 0 ? r.elapsed_us : 1;
    r.bytes = t->bytes;
    r.n_per_s = (size_t)(r.elapsed_us / PPM) + 1;
    r.n_per_s = r.n_per_s > BW_RECEIPT_SECONDS_MAX ? BW_RECEIPT_SECONDS_MAX : r.n_per_s;
    memcpy(r.per_s, t->per_s, sizeof(r.per_s));
    r.end = end;
    r.streams = t->streams > 0 ? (int64_t)t->streams : 1; /* not more than may join */
    tell_tcp(t, &sums, &r);
    int64_t cpu_us = info_cpu_us();
    int64_t wall_us = (bw_clock_mono_ns() - t->t0_mono_ns) / 1000;
    if (cpu_us != BW_UNKNOWN && t->cpu0_us != BW_UNKNOWN && wall_us > 0) {
        r.cpu_ppm = (cpu_us - t->cpu0_us) * PPM / wall_us;
    }
    r.concurrent = t->peak > 0 ? t->peak : 1;
    t->srv->ops.ended(t->srv->owner, t->id, &r);
}

static void on_ticker_closed(uv_handle_t *handle)
{
    struct test *t = handle->data;
    struct bw_testsrv *s = t->srv;
    free(t->jws);
    free(t);
    s->open_handles--;
    testsrv_maybe_closed(s);
}

void test_maybe_free(struct test *t)
{
    bool kept = t->kind == BW_TEST_KIND_HTTP && t->jws && !t->srv->closing;
    if (t->n_conns > 0 || t->ticker_closing || kept ||
        (t->state != TEST_OVER && !t->srv->closing)) {
        return;
    }
    for (struct test **at = &t->srv->tests; *at; at = &(*at)->next) {
        if (*at == t) {
            *at = t->next;
            break;
        }
    }
    t->ticker_closing = true;
    t->srv->stats.tests--;
    uv_close((uv_handle_t *)&t->ticker, on_ticker_closed);
}
