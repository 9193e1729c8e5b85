/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_fixture.h - one interval with a fake clock, two circuits and two targets, for
 * the tests of intervals; every summary taken is encoded, so that whatever the contract
 * refuses fails there. Included once a program. */
#ifndef BW_INTERVAL_FIXTURE_H
#define BW_INTERVAL_FIXTURE_H

#include "bw_test.h"

#include "buf.h"
#include "clock.h"
#include "interval.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

static const int64_t S = 1000000000;
static const int64_t MS = 1000000;
static const int64_t START = 1789000200;
static const int64_t ZERO = 5000; /* seconds of the monotonic clock at START */

struct fixture {
    struct bw_clock_fake clock;
    struct bw_interval *iv;
    int wan;
    int lan; /* source none */
    int edge;
    int anchor;
};

static struct fixture f;

static int64_t at(int64_t ms) /* monotonic, of a moment since START */
{
    return ZERO * S + ms * MS;
}

static int set_up(void **state)
{
    struct bw_interval_circuit wan = {.id = "wan",
                                      .vantage = BW_VANTAGE_ROUTER,
                                      .source = BW_SOURCE_KERNEL,
                                      .layer = BW_LAYER_ETHERNET,
                                      .resolution_ms = 1000,
                                      .claim_bps = {BW_UNKNOWN, BW_UNKNOWN}};
    struct bw_interval_circuit lan = {.id = "lan",
                                      .vantage = BW_VANTAGE_LAN_SIDE,
                                      .source = BW_SOURCE_NONE,
                                      .resolution_ms = BW_UNKNOWN,
                                      .claim_bps = {BW_UNKNOWN, BW_UNKNOWN}};
    struct bw_interval_target t = {.name = "edge", .kind = "icmp"};
    (void)state;
    f = (struct fixture){.clock = {.mono_ns = at(0),
                                   .boot_ns = at(0),
                                   .unix_ns = START * S,
                                   .state = {.synced = true, .max_error_us = 500}}};
    bw_clock_fake(&f.clock);
    assert_int_equal(bw_interval_new(START, at(0), BW_INTERVAL_GRACE_MS, &f.iv), 0);
    f.wan = bw_interval_add_circuit(f.iv, &wan);
    f.lan = bw_interval_add_circuit(f.iv, &lan);
    f.edge = bw_interval_add_target(f.iv, &t);
    (void)snprintf(t.name, sizeof(t.name), "%s", "anchor");
    f.anchor = bw_interval_add_target(f.iv, &t);
    return f.wan == 0 && f.lan == 1 && f.edge == 0 && f.anchor == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    bw_interval_free(f.iv);
    bw_clock_fake(NULL);
    return 0;
}

static void echo(int target, int64_t sent_ms, enum bw_sample_state st, int64_t rtt_us)
{
    struct bw_latency_sample s = {.family = 4,
                                  .state = st,
                                  .sent_mono_ns = at(sent_ms),
                                  .rtt_ns =
                                      rtt_us == BW_UNKNOWN ? BW_UNKNOWN : rtt_us * 1000};
    bw_interval_latency(f.iv, (uint32_t)target, &s);
}

static void cut(int64_t s)
{
    bw_interval_cut(f.iv, START + s, at(s * 1000), START + s, 0);
}

/* Take, and put through the encoder. */
static void take(int64_t now_ms, struct bw_summary *ret)
{
    struct bw_summary whole;
    struct bw_buf out;
    struct bw_err err = {""};
    assert_int_equal(bw_interval_take(f.iv, at(now_ms), ret), 0);
    whole = *ret;
    (void)snprintf(whole.site, sizeof(whole.site), "%s", "s-4f9k2");
    whole.seq = 1;
    whole.chain.why = BW_CHAIN_NEW;
    (void)snprintf(whole.agent, sizeof(whole.agent), "%s", "test/1");
    (void)memset(whole.config, 'A', BW_HASH_LEN);
    (void)snprintf(whole.boot, sizeof(whole.boot), "%s",
                   "11111111-2222-3333-4444-555555555555");
    bw_buf_init(&out, BW_PAYLOAD_MAX);
    if (bw_summary_encode(&whole, &out, &err) != 0) {
        fail_msg("%s", err.text);
    }
    bw_buf_done(&out);
}

#endif
