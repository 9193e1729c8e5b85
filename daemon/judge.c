/* SPDX-License-Identifier: GPL-3.0-or-later
 * judge.c - what follows from a throughput run's figures.
 *
 * In integers, and never on a figure that was not measured. */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ETHERNET_HEADER = 14,
    TCP_HEADERS = 20 + 32, /* IPv4, and TCP with the time-stamp option (RFC 7323) */
    MTU_DEFAULT = 1500,
    MTU_MIN = 576,
    EQUAL_PPM = 1000
};

static int64_t scale(int64_t bps, int64_t to, int64_t from)
{
    return bps > INT64_MAX / to ? BW_UNKNOWN : bps * to / from;
}

int64_t bw_judge_figure_bps(const struct bw_throughput *t,
                            enum bw_layer counter_layer,
                            enum bw_layer claim_layer)
{
    enum bw_layer layer = claim_layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : claim_layer;
    int64_t mtu = t->mtu != BW_UNKNOWN && t->mtu >= MTU_MIN ? t->mtu : MTU_DEFAULT;
    int64_t bps = t->line_bps;
    int64_t from = counter_layer == BW_LAYER_ETHERNET ? mtu + ETHERNET_HEADER : mtu;
    int64_t to = layer == BW_LAYER_ETHERNET ? mtu + ETHERNET_HEADER : mtu;
    if (bps == BW_UNKNOWN || counter_layer == BW_LAYER_UNKNOWN) {
        bps = t->goodput_bps;
        from = mtu - TCP_HEADERS;
    }
    return bps == BW_UNKNOWN || bps < 0 ? BW_UNKNOWN : scale(bps, to, from);
}

/* A claim beyond what the box's port or its servers carry: any figure is below it, and a
 * second one would say no more. */
static bool is_testable(const struct bw_throughput *t)
{
    for (size_t i = 0; i < BW_FLAGS_MAX && t->flags[i]; i++) {
        if (strcmp(t->flags[i], "port-below-claim") == 0 ||
            strcmp(t->flags[i], "server-below-claim") == 0) {
            return false;
        }
    }
    return true;
}

bool bw_judge_below(const struct bw_throughput *t,
                    enum bw_layer counter_layer,
                    int64_t claim_bps,
                    enum bw_layer claim_layer,
                    int64_t retest_ppm)
{
    if (t->state != BW_TEST_OK || t->retest_of || t->egress == BW_EGRESS_OTHER ||
        claim_bps == BW_UNKNOWN || retest_ppm <= 0 || !is_testable(t)) {
        return false;
    }
    int64_t bps = bw_judge_figure_bps(t, counter_layer, claim_layer);
    return bps != BW_UNKNOWN && bps < claim_bps / 1000 * retest_ppm / 1000;
}

bool bw_judge_equal(int64_t down_bps, int64_t up_bps)
{
    if (down_bps == BW_UNKNOWN || up_bps == BW_UNKNOWN || down_bps <= 0 || up_bps <= 0) {
        return false;
    }
    int64_t apart = down_bps > up_bps ? down_bps - up_bps : up_bps - down_bps;
    int64_t larger = down_bps > up_bps ? down_bps : up_bps;
    return apart <= larger / 1000000 * EQUAL_PPM + larger % 1000000 * EQUAL_PPM / 1000000;
}

void bw_judge_egress(struct bw_judge_row *row,
                     size_t probe,
                     enum bw_direction d,
                     enum bw_egress egress)
{
    unsigned bit = 1U << (unsigned)d;
    if (probe != row->probe || (row->directions & bit)) { /* the next run */
        row->directions = 0;
        row->counted = false;
    }
    row->probe = probe;
    row->directions |= bit;
    if (egress == BW_EGRESS_MATCH) {
        row->runs = 0;
    } else if (egress == BW_EGRESS_OTHER && !row->counted) {
        row->counted = true;
        row->runs++;
    }
}

void bw_judge_token(enum bw_direction d, int64_t at_unix_ms, char ret[BW_JUDGE_TOKEN_MAX])
{
    (void)snprintf(ret, BW_JUDGE_TOKEN_MAX, "%s:%" PRId64, d == BW_DOWN ? "down" : "up",
                   at_unix_ms);
}

int bw_judge_second(size_t n_usual, size_t n_outside, size_t first)
{
    if (first < n_usual && n_usual > 1) {
        return (int)((first + 1) % n_usual);
    }
    if (first >= n_usual && n_usual > 0) {
        return 0;
    }
    return n_outside > 0 ? (int)n_usual : -1;
}
