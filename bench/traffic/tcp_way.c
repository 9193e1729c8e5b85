/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_way.c - from one end past the tap to the other: delay, loss, overtaking, merging by
 * the box's port (GRO), and what the tap could see of it. */
#include "tcp_private.h"
#include "world.h"

enum {
    HOLD_NS = 60000,         /* how long a merged packet waits for its next part */
    MERGED_BYTES_MAX = 64000 /* below 65,535 with headers */
};

enum way_event {
    AT_TAP,
    ARRIVED,
    HELD
};

static void fire(struct tg_sim *s, void *owner, uint32_t what, void *arg);

enum tg_way tg_flow_way(uint8_t sender)
{
    return sender == TG_SERVER ? TG_DOWN : TG_UP;
}

static const struct tg_host *host(const struct tg_flow *f, uint8_t which)
{
    return which == TG_SERVER ? f->truth.server : f->truth.device;
}

void tg_way_send(struct tg_sim *s, struct tg_flow *f, struct tg_segment *g, uint64_t at_ns)
{
    const struct tg_host *h = host(f, g->sender);
    struct tg_end *e = &f->end[g->sender];
    uint64_t tap_ns = at_ns + tg_sim_jitter(s, h->delay_ns);

    if (tg_rng_chance(&s->rng, h->loss_ppm)) {
        tg_pool_give(&s->segments, g);
        return;
    }
    if (tap_ns <= e->tap_ns) {
        tap_ns = e->tap_ns + 1000;
    }
    if (g->payload_bytes > 0 && !g->again && tg_rng_chance(&s->rng, h->reorder_ppm)) {
        tap_ns += tg_rng_between(&s->rng, 1, 6) * f->plan.segment_ns + 20000;
    } else {
        e->tap_ns = tap_ns;
    }
    tg_flow_at(s, f, tap_ns, fire, AT_TAP, g);
}

/* Which bytes of [from, to) the tap sees for the first time; fills holes. */
static enum tg_seen cover(struct tg_cover *c, uint32_t from, uint32_t to)
{
    if (from >= c->max) {
        if (from > c->max && c->n < TG_HOLES) {
            c->hole[c->n++] = (struct tg_range){c->max, from};
        }
        c->max = to;
        return TG_SEEN_NEW;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        struct tg_range h = c->hole[i];
        if (from < h.to && to > h.from) {
            c->hole[i] = c->hole[--c->n];
            if (h.from < from && c->n < TG_HOLES) {
                c->hole[c->n++] = (struct tg_range){h.from, from};
            }
            if (to < h.to && c->n < TG_HOLES) {
                c->hole[c->n++] = (struct tg_range){to, h.to};
            }
            return TG_SEEN_FILL;
        }
    }
    return TG_SEEN_AGAIN;
}

static void note_rtt(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g)
{
    enum tg_half half = g->sender == TG_SERVER ? TG_HALF_WAN : TG_HALF_LAN;
    uint64_t ns = s->now_ns - g->cause_ns;
    enum tg_rtt_by by = f->truth.timestamps ? TG_RTT_STAMPED : TG_RTT_PLAIN;

    f->truth.samples[half]++;
    if (f->truth.min_ns[half] == 0 || ns < f->truth.min_ns[half]) {
        f->truth.min_ns[half] = ns;
    }
    if (by == TG_RTT_PLAIN || g->cause_fresh) {
        tg_truth_rtt(s->truth, half, by, ns);
    }
    if (by == TG_RTT_STAMPED && g->cause_asks) {
        tg_truth_rtt(s->truth, half, TG_RTT_ASKED, ns);
    }
}

/* What a meter could take this segment for: the beginning of a round trip. */
static void note_stamp(struct tg_flow *f, struct tg_segment *g)
{
    g->fresh = g->tsval != f->ts_seen[g->sender];
    f->ts_seen[g->sender] = g->tsval;
    if (g->payload_bytes > 0 || (g->flags & (TG_SYN | TG_FIN))) {
        g->asks = g->tsval != f->ts_asked[g->sender];
        f->ts_asked[g->sender] = g->tsval;
    }
}

/* Of the first SYN, the first SYN-ACK and the first ACK, if no SYN passed twice. */
static void note_handshake(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g)
{
    if (g->flags == TG_SYN) {
        f->truth.syns++;
        if (f->truth.syns > 1) {
            tg_truth_syn_again(s->truth, s->now_ns);
        } else {
            f->syn_ns = s->now_ns;
        }
    } else if (g->flags & TG_SYN) {
        if (!f->syn_ack_ns && f->truth.syns == 1) {
            f->truth.handshake_ns[TG_HALF_WAN] = s->now_ns - f->syn_ns;
            tg_truth_rtt(s->truth, TG_HALF_WAN, TG_RTT_HANDSHAKE, s->now_ns - f->syn_ns);
        }
        f->syn_ack_ns = s->now_ns;
        f->syn_acks++;
    } else if (g->sender == TG_DEVICE && f->syn_acks == 1 && g->cause_ns == f->syn_ack_ns &&
               f->truth.syns == 1) {
        f->truth.handshake_ns[TG_HALF_LAN] = s->now_ns - f->syn_ack_ns;
        tg_truth_rtt(s->truth, TG_HALF_LAN, TG_RTT_HANDSHAKE, s->now_ns - f->syn_ack_ns);
    }
}

static void note_data(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g)
{
    enum tg_way way = tg_flow_way(g->sender);
    enum tg_seen seen = cover(&f->cover[g->sender], g->seq, g->seq + g->payload_bytes);

    tg_truth_segment(s->truth, s->now_ns, way, g->again, seen, g->payload_bytes, g->n_wire);
    f->truth.data_segments[way]++;
    f->truth.segments[way][g->again][seen]++;
    if (seen != TG_SEEN_AGAIN) {
        f->truth.payload[way] += g->payload_bytes;
    }
}

static void emit(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g)
{
    enum tg_way way = tg_flow_way(g->sender);
    uint8_t other = g->sender ^ 1;
    struct tg_packet p = {.from = host(f, g->sender),
                          .to = host(f, other),
                          .way = way,
                          .class = f->plan.class,
                          .family = f->truth.family,
                          .protocol = TG_PROTO_TCP,
                          .payload_bytes = g->payload_bytes,
                          .n_wire = g->n_wire};
    uint32_t wire_bytes;

    p.from_port = g->sender == TG_SERVER ? f->truth.server_port : f->truth.device_port;
    p.to_port = g->sender == TG_SERVER ? f->truth.device_port : f->truth.server_port;
    p.tcp.seq = f->isn[g->sender] + g->seq;
    p.tcp.ack = g->flags & TG_ACK ? f->isn[other] + g->ack : 0;
    p.tcp.flags = g->flags;
    p.tcp.window = g->flags & TG_SYN ? 65535 : 4096;
    p.tcp.timestamps = f->truth.timestamps;
    p.tcp.tsval = g->tsval;
    p.tcp.tsecr = g->tsecr;
    p.tcp.n_sack = g->n_sack;
    for (uint32_t i = 0; i < g->n_sack; i++) {
        p.tcp.sack[i][0] = f->isn[other] + g->sack[i].from;
        p.tcp.sack[i][1] = f->isn[other] + g->sack[i].to;
    }
    if (f->plan.class == TG_TLS && g->payload_bytes > 5) {
        static const uint8_t record[5] = {0x17, 3, 3, 0x40, 0};
        for (uint32_t i = 0; i < 5; i++) {
            p.head[i] = record[i];
        }
        p.n_head = 5;
    }
    tg_sim_tap(s, &p, &wire_bytes);
    if (f->truth.packets[TG_DOWN] + f->truth.packets[TG_UP] == 0) {
        f->truth.first_ns = s->now_ns;
    }
    f->truth.last_ns = s->now_ns;
    f->truth.packets[way]++;
    f->truth.bytes[way] += wire_bytes;
}

/* Past the tap and on to the other end. */
static void pass(struct tg_sim *s, struct tg_flow *f, struct tg_segment *g, bool lost)
{
    uint8_t other = g->sender ^ 1;
    struct tg_end *e = &f->end[g->sender];
    uint64_t far_ns = s->now_ns + tg_sim_jitter(s, host(f, other)->delay_ns);

    emit(s, f, g);
    note_stamp(f, g);
    note_handshake(s, f, g);
    if (g->cause_ns) {
        note_rtt(s, f, g);
    }
    if (g->payload_bytes > 0) {
        note_data(s, f, g);
    } else if (g->seq > f->cover[g->sender].max) {
        (void)cover(&f->cover[g->sender], g->seq, g->seq); /* it shows a hole before it */
    }
    if (lost) {
        tg_pool_give(&s->segments, g);
        return;
    }
    g->tap_ns = s->now_ns;
    e->far_ns = far_ns > e->far_ns ? far_ns : e->far_ns + 1000;
    tg_flow_at(s, f, e->far_ns, fire, ARRIVED, g);
}

static void let_go(struct tg_sim *s, struct tg_flow *f)
{
    struct tg_segment *g = f->held;

    f->held = NULL;
    if (g) {
        pass(s, f, g, false);
    }
}

/* GRO joins what follows on with the same options, and nothing that a flag ends. */
static bool joins(const struct tg_segment *held, const struct tg_segment *g)
{
    return g->payload_bytes > 0 && !g->again && g->seq == held->seq + held->payload_bytes &&
           g->ack == held->ack && g->tsval == held->tsval && g->tsecr == held->tsecr &&
           g->n_sack == 0 && g->flags == held->flags &&
           held->payload_bytes + g->payload_bytes <= MERGED_BYTES_MAX;
}

static void at_tap(struct tg_sim *s, struct tg_flow *f, struct tg_segment *g)
{
    bool lost =
        f->plan.unanswered || tg_rng_chance(&s->rng, host(f, g->sender ^ 1)->loss_ppm);

    if (!f->merges || g->sender != TG_SERVER) {
        pass(s, f, g, lost);
        return;
    }
    if (f->held && !lost && joins(f->held, g)) {
        f->held->payload_bytes += g->payload_bytes;
        f->held->n_wire++;
        tg_pool_give(&s->segments, g);
        return;
    }
    let_go(s, f);
    if (!lost && g->payload_bytes > 0 && !g->again && g->n_sack == 0 &&
        g->flags == TG_ACK) {
        f->held = g;
        tg_flow_at(s, f, s->now_ns + HOLD_NS, fire, HELD, NULL);
    } else {
        pass(s, f, g, lost);
    }
}

static void fire(struct tg_sim *s, void *owner, uint32_t what, void *arg)
{
    struct tg_flow *f = owner;
    struct tg_segment *g = arg;

    if (what == AT_TAP && g) {
        at_tap(s, f, g);
    } else if (what == ARRIVED && g) {
        tg_end_receive(s, f, g);
        tg_pool_give(&s->segments, g);
    } else {
        let_go(s, f); /* a later one of the same flow may go a little early */
    }
    tg_flow_fired(s, f);
}
