/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap_draw.c - what the filters of a tap let in, and of how many packets one.
 *
 * N, packets drawn one in N, follows the line at borders; within an interval only where it
 * must: in the first second on an interface, and when far more, or for ten seconds far
 * less, is drawn than is of use. It depends on packets of before alone. Every packet is
 * weighed with the N it was drawn with, so that sums stay right. */
#include "tap_private.h"

#include <bw/err.h>
#include <clock.h>
#include <hash.h>
#include <string.h>

enum {
    FAR_TOO_MANY = 4, /* times what is wanted; as little: a quarter */
    FULL_ONE_IN = 64
};

#define LEAST_NS (TAP_SECOND_NS / 50)

/* ---- filters */

void tap_hold(struct bw_tap *t)
{
    for (size_t i = 0; i < TAP_PASSES; i++) {
        if (t->pass[i].ring) {
            (void)bw_ring_hold(t->pass[i].ring, NULL);
        }
    }
    t->filters = false;
    t->whole = false;
}

static int set_filter(struct tap_pass *p, uint32_t one_in, struct bw_err *reterr)
{
    struct bw_ring_filter f;
    const struct bw_tap *t = p->tap;
    int r;
    if (p->kind == TAP_PACKETS) {
        bw_ring_filter_random(&f, t->link, one_in);
    } else {
        bw_ring_filter_flows(&f, t->link, one_in, t->flow_keys);
    }
    r = bw_ring_filter(p->ring, &f, one_in, reterr);
    if (r == 0) {
        p->one_in = one_in;
    }
    explicit_bzero(&f, sizeof(f));
    return r;
}

static void begin_count(struct bw_tap *t)
{
    t->drawn_mono_ns = bw_clock_mono_ns();
    t->pass[TAP_PACKETS].drawn = 0;
    t->pass[TAP_PACKETS].weight = 0;
}

void tap_let_in(struct bw_tap *t)
{
    struct bw_err err = {0};
    int r = 0;
    bw_random(t->flow_keys, sizeof(t->flow_keys));
    t->keys_mono_ns = bw_clock_mono_ns();
    for (size_t i = 0; r == 0 && i < TAP_PASSES; i++) {
        struct tap_pass *p = &t->pass[i];
        if (p->ring && (p->kind == TAP_PACKETS || t->opts.what == BW_TAP_FLOWS)) {
            uint32_t one_in = p->kind == TAP_FLOWS ? t->opts.flows_one_in : p->one_in;
            tap_pass_rekey(p);
            r = set_filter(p, one_in, &err);
        }
    }
    t->filters = r == 0;
    begin_count(t); /* what was not looked at was not quiet */
    if (r < 0) {
        tap_hold(t);
        tap_set_state(t, BW_TAP_FAILED, "%s", err.text);
    }
}

/* ---- how much is drawn */

static void draw_one_in(struct bw_tap *t, uint32_t one_in)
{
    struct tap_pass *p = &t->pass[TAP_PACKETS];
    struct bw_err err = {0};
    if (one_in == p->one_in) {
        return;
    }
    t->changed_mono_ns = bw_clock_mono_ns();
    if (set_filter(p, one_in, &err) < 0) {
        tap_hold(t);
        tap_set_state(t, BW_TAP_FAILED, "%s", err.text);
    }
}

void tap_follow_rate(struct bw_tap *t, bool second, bool look)
{
    struct tap_pass *p = &t->pass[TAP_PACKETS];
    int64_t ns = bw_clock_mono_ns() - t->drawn_mono_ns;
    bool again = second && t->jumped;
    bool far_too_many =
        p->drawn > (int64_t)FAR_TOO_MANY * BW_MIX_WANTED_PPS * (ns / TAP_SECOND_NS + 1);
    uint32_t n;
    if (!t->filters || ns < LEAST_NS || !(look || again || far_too_many)) {
        return;
    }
    if (again && p->to_ns - p->from_ns >= LEAST_NS && p->to_ns - p->from_ns < ns) {
        ns = p->to_ns - p->from_ns; /* the newest packets are in the ring, not read yet */
    }
    n = bw_mix_one_in((int64_t)((double)p->weight / (double)ns * (double)TAP_SECOND_NS));
    if (t->fresh || far_too_many || (look && n < p->one_in / FAR_TOO_MANY) ||
        (again && n > p->one_in)) {
        draw_one_in(t, n);
    }
    t->fresh = false;
    t->jumped = far_too_many;
    begin_count(t);
}

void tap_on_read(void *owner)
{
    const struct tap_pass *p = owner;
    if (p->kind == TAP_PACKETS) {
        tap_follow_rate(p->tap, false, false);
    }
}

void tap_settle_rate(struct bw_tap *t, int64_t covered_s)
{
    struct tap_pass *p = &t->pass[TAP_PACKETS];
    struct bw_mix_total total;
    uint32_t n;
    if (!t->filters || t->fresh || covered_s <= 0 ||
        bw_clock_mono_ns() - t->changed_mono_ns < TAP_SECOND_NS) {
        return;
    }
    bw_mix_total(&p->meter.mix, BW_WAYS, &total);
    n = bw_mix_one_in(total.packets / covered_s);
    if (n > p->one_in + p->one_in / 2 || n + n / 2 < p->one_in) {
        draw_one_in(t, n);
        begin_count(t);
    }
}

/* On a full line a wake-up costs more than the packets it is for, and the beat comes
 * anyway: the ring has room for the two seconds until then, of three times as many packets
 * as of late. Where less passes, it can become a hundred times as much, and that is seen
 * when the first block is full. */
void tap_watch(struct bw_tap *t)
{
    const struct tap_pass *p = &t->pass[TAP_PACKETS];
    if (p->ring) {
        bw_ring_watch(p->ring, t->fresh || t->jumped || p->one_in < FULL_ONE_IN);
    }
}
