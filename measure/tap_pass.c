/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap_pass.c - packets of one ring → sums; at a border, sums → the figures of an interval.
 *
 * Packets come in order, up to some seconds late, so the ring itself says when an interval
 * is over for it: with the first packet stamped behind its end. */
#include "tap_private.h"

#include <hash.h>
#include <string.h>

/* ---- round trips of saturated seconds */

static void settle_second(struct bw_tap *t, struct tap_second *s)
{
    if (s->unix_s != BW_UNKNOWN && s->saturated) {
        bw_hist_merge(&t->saturated, &s->wan);
        bw_crowd_join(&t->saturated_who, &s->who);
    }
    s->unix_s = BW_UNKNOWN;
}

struct tap_second *tap_pass_second(struct bw_tap *t, int64_t unix_s)
{
    struct tap_second *s = &t->seconds[(uint64_t)unix_s % TAP_SECONDS];
    if (s->unix_s != unix_s) {
        settle_second(t, s);
        s->unix_s = unix_s;
        s->saturated = false;
        s->who = (struct bw_crowd){.mac = 0};
        bw_hist_init(&s->wan);
    }
    return s;
}

static void on_rtt(void *owner,
                   enum bw_half half,
                   int64_t at_ns,
                   int64_t rtt_us,
                   const struct bw_crowd *who)
{
    struct tap_pass *p = owner;
    if (half == BW_HALF_WAN) {
        struct tap_second *s = tap_pass_second(p->tap, at_ns / TAP_SECOND_NS);
        bw_hist_add(&s->wan, rtt_us);
        bw_crowd_join(&s->who, who);
    }
}

/* ---- packets */

int tap_pass_init(struct tap_pass *p)
{
    const struct bw_tap_opts *o = &p->tap->opts;
    struct bw_meter_opts m = {
        .parts = BW_METER_MIX | BW_METER_CROWDS,
        .inside = o->inside,
        .flows = {.flows = BW_FLOWS_LIVE, .round_trips = BW_FLOWS_LIVE_ROUND_TRIPS},
        .device_slots = BW_DEVICES_LIVE,
    };
    int r;
    if (p->kind == TAP_FLOWS) {
        m.parts = BW_METER_FLOWS;
    }
    if (o->devices) {
        m.parts |= BW_METER_DEVICES;
    }
    bw_random(m.flow_key, sizeof(m.flow_key));
    bw_random(m.device_key, sizeof(m.device_key));
    bw_random(m.crowd_key, sizeof(m.crowd_key));
    r = bw_meter_init(&p->meter, &m);
    if (r == 0 && p->meter.flows) {
        bw_flows_on_rtt(p->meter.flows, on_rtt, p);
    }
    p->border_ns = INT64_MAX;
    p->strays = 0;
    return r;
}

void tap_pass_rekey(struct tap_pass *p)
{
    uint8_t key[16];
    if (p->meter.flows) {
        bw_random(key, sizeof(key));
        bw_flows_rekey(p->meter.flows, key);
        explicit_bzero(key, sizeof(key));
    }
}

void tap_pass_frame(void *owner, const struct bw_ring_frame *f)
{
    struct tap_pass *p = owner;
    if (f->at_ns >= p->border_ns) {
        tap_pass_close(p, f->at_ns);
    }
    if (p->drawn == 0) {
        p->from_ns = f->at_ns;
    }
    p->to_ns = f->at_ns;
    p->drawn++;
    p->weight += f->one_in;
    bw_mix_block(&p->meter.mix, f->one_in);
    bw_meter_frame(&p->meter, f->link, f->bytes, f->captured, f->wire, f->at_ns);
}

/* ---- borders */

void tap_pass_seen(const struct tap_pass *p, struct bw_tap_seen *sums)
{
    for (int w = 0; w < BW_WAYS; w++) {
        struct bw_mix_total n;
        bw_mix_total(&p->meter.mix, (enum bw_way)w, &n);
        sums->drawn += n.n;
        sums->packets[w] += n.packets;
        sums->bytes[w] += n.bytes;
    }
}

/* Those seen by the pass that saw most: each sees but some. */
static void close_devices(struct tap_pass *p, struct tap_piece *k)
{
    struct bw_devices_count n;
    uint8_t key[16];
    if (p->meter.devices) {
        bw_devices_count(p->meter.devices, &n);
        if (k->at_least == BW_UNKNOWN || n.at_least > k->at_least) {
            k->at_least = n.at_least;
        }
        k->devices_full = k->devices_full || n.full;
        bw_random(key, sizeof(key));
        bw_devices_clear(p->meter.devices, key);
        explicit_bzero(key, sizeof(key));
    }
}

static void close_packets(struct tap_pass *p, struct tap_piece *k)
{
    static const enum bw_mix_by by[TAP_TABLES] = {BW_MIX_BY_CLASS, BW_MIX_BY_FAMILY,
                                                  BW_MIX_BY_BAND};
    struct bw_tap *t = p->tap;
    struct bw_mix_sums *m = &p->meter.mix;
    struct bw_mix_total total;
    uint8_t key[16];
    for (size_t i = 0; i < TAP_TABLES; i++) {
        for (int w = 0; w < TAP_WAYS_TOLD; w++) {
            bool held = false;
            k->table[i].n[w] = bw_mix_told(m, by[i], (enum bw_way)w, t->opts.least,
                                           k->table[i].share[w], &held);
            k->merged = k->merged || held;
        }
    }
    bw_mix_total(m, BW_WAYS, &total);
    k->drawn = total.n;
    k->standing = total.packets;
    bw_mix_total(m, BW_WAY_NEITHER, &total);
    k->pathless = total.n;
    k->strays = p->meter.tally.strays - p->strays;
    p->strays = p->meter.tally.strays;
    k->one_in =
        k->drawn > 0 ? (uint32_t)((k->standing + k->drawn - 1) / k->drawn) : p->one_in;
    k->devices = bw_mix_devices(m, BW_WAYS);
    tap_pass_seen(p, &t->seen);
    bw_mix_init(m);
    bw_random(key, sizeof(key));
    bw_mix_key(m, key);
    explicit_bzero(key, sizeof(key));
}

static void close_flows(struct tap_pass *p, struct tap_piece *k)
{
    struct bw_tap *t = p->tap;
    bw_flows_sweep(p->meter.flows, k->end_unix_s * TAP_SECOND_NS);
    for (size_t i = 0; i < TAP_SECONDS; i++) {
        if (t->seconds[i].unix_s < k->end_unix_s) {
            settle_second(t, &t->seconds[i]);
        }
    }
    k->flows.figures = *bw_flows_figures(p->meter.flows);
    k->flows.one_in = p->one_in;
    k->merged = bw_flows_hold_back(&k->flows.figures, t->opts.least) || k->merged;
    if (bw_crowd_devices(&t->saturated_who) >= t->opts.least) {
        k->flows.saturated = t->saturated;
    } else {
        bw_hist_init(&k->flows.saturated);
        k->merged = k->merged || t->saturated.total > 0;
    }
    bw_flows_clear(p->meter.flows);
    bw_hist_init(&t->saturated);
    t->saturated_who = (struct bw_crowd){.mac = 0};
}

void tap_pass_close(struct tap_pass *p, int64_t border_ns)
{
    struct bw_tap *t = p->tap;
    p->border_ns = INT64_MAX;
    for (size_t i = 0; i < t->n_pieces; i++) {
        struct tap_piece *k = t->pieces[i];
        if (k->has[p->kind]) {
            continue;
        }
        if (k->end_unix_s * TAP_SECOND_NS > border_ns) {
            p->border_ns = k->end_unix_s * TAP_SECOND_NS;
            return;
        }
        if (p->kind == TAP_PACKETS) {
            close_packets(p, k);
        } else {
            close_flows(p, k);
        }
        close_devices(p, k);
        k->has[p->kind] = true;
    }
}
