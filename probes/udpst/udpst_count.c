/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_count.c - what a receiver of Load datagrams counts.
 *
 * A hole in the numbers is a loss until the missing one comes: then the loss becomes a
 * reordering, in the span that is running. */
#include "udpst_count.h"

#include <bw/units.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define DELAY_MOST_NS                                                                      \
    INT64_C(100000000000) /* so that no sum of a lying sender overflows                    \
                           */

void udpst_span_init(struct udpst_span *s, int64_t t0_mono_ns)
{
    *s = (struct udpst_span){.t0_mono_ns = t0_mono_ns};
}

void udpst_count_init(struct udpst_count *c, int64_t now_mono_ns)
{
    (void)memset(c, 0, sizeof(*c));
    c->rtt_least_ns = BW_UNKNOWN;
    c->rtt_newest_ns = BW_UNKNOWN;
    udpst_span_init(&c->trial, now_mono_ns);
    udpst_span_init(&c->second, now_mono_ns);
}

static void set_seen(struct udpst_count *c, uint32_t seq)
{
    c->seen[seq % UDPST_WINDOW / 64] |= UINT64_C(1) << seq % 64;
}

static bool was_seen(const struct udpst_count *c, uint32_t seq)
{
    return (c->seen[seq % UDPST_WINDOW / 64] >> seq % 64 & 1) != 0;
}

/* Forget the numbers from `from` to `to`, whose places are now of newer ones. */
static void clear_seen(struct udpst_count *c, uint32_t from, uint32_t to)
{
    if (to - from >= UDPST_WINDOW) {
        (void)memset(c->seen, 0, sizeof(c->seen));
        return;
    }
    for (uint32_t s = from; s != to; s++) {
        c->seen[s % UDPST_WINDOW / 64] &= ~(UINT64_C(1) << s % 64);
    }
}

static void one_found(struct udpst_span *s)
{
    s->reordered++;
    if (s->lost > 0) {
        s->lost--;
    }
}

static void order(struct udpst_count *c, uint32_t seq)
{
    if (seq > c->newest) {
        int64_t missing = (int64_t)seq - c->newest - 1;
        c->trial.lost += missing;
        c->second.lost += missing;
        clear_seen(c, c->newest + 1, seq);
        set_seen(c, seq);
        c->newest = seq;
    } else if (c->newest - seq < UDPST_WINDOW && was_seen(c, seq)) {
        c->trial.duplicated++;
        c->second.duplicated++;
    } else {
        if (c->newest - seq < UDPST_WINDOW) {
            set_seen(c, seq);
        }
        one_found(&c->trial);
        one_found(&c->second);
    }
}

static void
add_load(struct udpst_span *s, uint32_t payload, int64_t raw_ns, int64_t over_ns)
{
    s->datagrams++;
    s->bytes += payload;
    if (s->n_delays == 0 || raw_ns < s->delay_min_ns) {
        s->delay_min_ns = raw_ns;
    }
    if (s->n_delays == 0 || raw_ns > s->delay_max_ns) {
        s->delay_max_ns = raw_ns;
    }
    s->delay_sum_ns += over_ns < DELAY_MOST_NS ? over_ns : DELAY_MOST_NS;
    s->n_delays++;
}

void udpst_count_load(struct udpst_count *c,
                      uint32_t seq,
                      uint32_t payload,
                      int64_t received_unix_ns,
                      int64_t sent_unix_ns)
{
    int64_t raw_ns = received_unix_ns - sent_unix_ns;
    if (!c->have_delay || raw_ns < c->delay_least_ns) {
        c->delay_least_ns = raw_ns;
        c->have_delay = true;
        c->delay_updated = true;
    }
    order(c, seq);
    add_load(&c->trial, payload, raw_ns, raw_ns - c->delay_least_ns);
    add_load(&c->second, payload, raw_ns, raw_ns - c->delay_least_ns);
}

static void add_rtt(struct udpst_span *s, int64_t rtt_ns)
{
    if (s->n_rtts == 0 || rtt_ns < s->rtt_min_ns) {
        s->rtt_min_ns = rtt_ns;
    }
    if (s->n_rtts == 0 || rtt_ns > s->rtt_max_ns) {
        s->rtt_max_ns = rtt_ns;
    }
    s->rtt_sum_ns += rtt_ns;
    s->n_rtts++;
}

void udpst_count_rtt(struct udpst_count *c, int64_t rtt_ns)
{
    if (c->rtt_least_ns == BW_UNKNOWN || rtt_ns < c->rtt_least_ns) {
        c->rtt_least_ns = rtt_ns;
        c->delay_updated = true;
    }
    c->rtt_newest_ns = rtt_ns;
    add_rtt(&c->trial, rtt_ns);
    add_rtt(&c->second, rtt_ns);
}

/* Into a field of 32 bits. */
static uint32_t u32(int64_t v)
{
    return v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

void udpst_count_saved(const struct udpst_count *c,
                       const struct udpst_span *s,
                       int64_t t1_mono_ns,
                       struct bw_udpst_subinterval *ret)
{
    *ret = (struct bw_udpst_subinterval){
        .datagrams = u32((int64_t)s->datagrams),
        .bytes = s->bytes,
        .delta_us = u32((t1_mono_ns - s->t0_mono_ns) / 1000),
        .lost = u32(s->lost),
        .reordered = u32(s->reordered),
        .duplicated = u32(s->duplicated),
        .delay_min_ms = BW_UDPST_NO_DELAY,
        .rtt_min_ms = BW_UDPST_NO_DELAY,
    };
    if (s->n_delays > 0) {
        ret->delay_min_ms = u32((s->delay_min_ns - c->delay_least_ns) / NS_PER_MS);
        ret->delay_max_ms = u32((s->delay_max_ns - c->delay_least_ns) / NS_PER_MS);
        ret->delay_sum_ms = u32(s->delay_sum_ns / NS_PER_MS);
        ret->delay_count = u32(s->n_delays);
    }
    if (s->n_rtts > 0) {
        ret->rtt_min_ms = u32((s->rtt_min_ns - c->rtt_least_ns) / NS_PER_MS);
        ret->rtt_max_ms = u32((s->rtt_max_ns - c->rtt_least_ns) / NS_PER_MS);
    }
}

void udpst_count_trial(struct udpst_count *c,
                       int64_t now_mono_ns,
                       struct bw_udpst_status *ret)
{
    struct bw_udpst_subinterval t;
    udpst_count_saved(c, &c->trial, now_mono_ns, &t);
    ret->lost = t.lost;
    ret->reordered = t.reordered;
    ret->duplicated = t.duplicated;
    ret->clock_delta_ms =
        c->have_delay ? (int32_t)(uint32_t)(uint64_t)(c->delay_least_ns / NS_PER_MS) : 0;
    ret->delay_min_ms = t.delay_min_ms;
    ret->delay_max_ms = t.delay_max_ms;
    ret->delay_sum_ms = t.delay_sum_ms;
    ret->delay_count = t.delay_count;
    ret->rtt_minimum_ms = c->rtt_least_ns == BW_UNKNOWN ? BW_UDPST_NO_DELAY
                                                        : u32(c->rtt_least_ns / NS_PER_MS);
    ret->rtt_sample_ms = c->rtt_newest_ns == BW_UNKNOWN
                             ? BW_UDPST_NO_DELAY
                             : u32((c->rtt_newest_ns - c->rtt_least_ns) / NS_PER_MS);
    ret->minimum_updated = c->delay_updated;
    ret->trial_us = t.delta_us;
    ret->trial_datagrams = t.datagrams;
    ret->trial_bytes = u32((int64_t)t.bytes);
    c->delay_updated = false;
    c->rtt_newest_ns = BW_UNKNOWN;
    udpst_span_init(&c->trial, now_mono_ns);
}

int64_t udpst_loss_ppm(int64_t lost, uint64_t datagrams)
{
    uint64_t all = (uint64_t)(lost > 0 ? lost : 0) + datagrams;
    if (all == 0) {
        return BW_UNKNOWN;
    }
    return (int64_t)((lost > 0 ? (double)lost : 0.0) * 1e6 / (double)all + 0.5);
}
