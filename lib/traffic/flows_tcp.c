/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows_tcp.c - one packet of a TCP connection: what it answers, what of it is new.
 *
 * Sequence numbers and TSvals are compared modulo 2^32 (RFC 9293 section 3.4, RFC 7323
 * section 5.2). Invariant: `timed` maps (flow, side, kind, number) to the time of the first
 * packet that carried it, one place a tag: a newer one takes it. */
#include "flows_private.h"

#define WINDOW_MAX (UINT32_C(1) << 30)
#define RTT_MAX_NS INT64_C(30000000000) /* what takes longer is no round trip */

enum {
    REORDER_MIN_US = 3000,
    KIND_SEQUENCE = 0,
    KIND_STAMP = 1
};

static uint32_t length_of(const struct bw_packet *p)
{
    return p->payload_bytes + ((p->tcp.flags & BW_TCP_SYN) != 0) +
           ((p->tcp.flags & BW_TCP_FIN) != 0);
}

bool bw_flows_tcp_restarts(const struct flow *w, const struct bw_packet *p, unsigned side)
{
    if ((p->tcp.flags & (BW_TCP_SYN | BW_TCP_ACK | BW_TCP_RST)) != BW_TCP_SYN) {
        return false;
    }
    if ((w->state & flow_bit(FLOW_SEQUENCE, side)) == 0) {
        return (w->state & FLOW_TCP) != 0;
    }
    return w->side[side].next != p->tcp.seq + length_of(p); /* else: the same, again */
}

/* Timing -------------------------------------------------------------------------- */

/* The key is secret, so nobody can choose numbers that share a place. */
static struct flow_timed *place(struct bw_flows *f,
                                uint64_t key,
                                unsigned side,
                                unsigned kind,
                                uint32_t number,
                                uint64_t *ret_tag)
{
    *ret_tag = bw_flows_tag(key, (uint64_t)number << 2 | side << 1 | kind);
    return &f->timed[*ret_tag & (f->n_timed - 1)];
}

static void begin_timing(struct bw_flows *f,
                         uint64_t key,
                         unsigned side,
                         unsigned kind,
                         uint32_t number,
                         int64_t at_ns)
{
    uint64_t tag;
    struct flow_timed *t = place(f, key, side, kind, number, &tag);
    t->tag = tag;
    t->at_ns = at_ns;
}

/* Until what was sent again is acknowledged, acknowledgements wait for it, also those of
 * later segments that were sent but once. Echoed time stamps do not: theirs is of the
 * segment that closed the hole (RFC 7323 section 4.3). */
static bool is_late(struct flow *w, unsigned other, uint32_t ack)
{
    if ((w->state & flow_bit(FLOW_BARRIER, other)) == 0) {
        return false;
    }
    if (!flow_after(ack, w->side[other].mark)) {
        return true;
    }
    w->state &= ~flow_bit(FLOW_BARRIER, other);
    return false;
}

/* Does it answer something the other side sent? */
static void take_answer(struct bw_flows *f,
                        uint64_t key,
                        struct flow *w,
                        const struct bw_packet *p,
                        unsigned side,
                        int64_t at_ns)
{
    unsigned other = !side;
    enum bw_way asked = bw_flows_way(w, other);
    enum bw_half half = asked == BW_WAY_UP ? BW_HALF_WAN : BW_HALF_LAN;
    struct flow_timed *t;
    uint64_t tag;
    int64_t us;
    if (asked == BW_WAY_NEITHER || (p->tcp.flags & BW_TCP_ACK) == 0 ||
        (!p->tcp.stamped && is_late(w, other, p->tcp.ack))) {
        return;
    }
    t = p->tcp.stamped ? place(f, key, other, KIND_STAMP, p->tcp.tsecr, &tag)
                       : place(f, key, other, KIND_SEQUENCE, p->tcp.ack, &tag);
    if (t->tag != tag) {
        return;
    }
    t->tag = 0;
    if (at_ns < t->at_ns || (uint64_t)at_ns - (uint64_t)t->at_ns > (uint64_t)RTT_MAX_NS) {
        return;
    }
    us = (at_ns - t->at_ns + 500) / 1000;
    bw_hist_add(&f->figures.rtt[half], us);
    bw_flows_join(w, &f->figures.of.rtt[half]);
    if (us < w->rtt_min_us[half]) {
        w->rtt_min_us[half] = (uint32_t)us;
    }
    if (f->on_rtt) {
        struct bw_crowd who = {.mac = 0};
        bw_flows_join(w, &who);
        f->on_rtt(f->owner, half, at_ns, us, &who);
    }
}

/* Is this the first packet of the side that carries its TSval, or a newer one than all? */
static bool take_stamp(struct flow *w, const struct bw_packet *p, unsigned side)
{
    struct flow_side *s = &w->side[side];
    if ((w->state & flow_bit(FLOW_STAMPED, side)) != 0 &&
        !flow_after(p->tcp.tsval, s->mark)) {
        return false;
    }
    w->state |= flow_bit(FLOW_STAMPED, side);
    w->state &= ~flow_bit(FLOW_BARRIER, side);
    s->mark = p->tcp.tsval;
    return true;
}

/* A stamp that was seen before may be echoed for the packet that carried it then: only the
 * first one is timed, and of those the ones that occupy sequence space, which the other end
 * has to answer. */
static void time_stamp(struct bw_flows *f,
                       uint64_t key,
                       struct flow *w,
                       const struct bw_packet *p,
                       unsigned side,
                       int64_t at_ns)
{
    if (p->tcp.stamped && take_stamp(w, p, side) && length_of(p) > 0) {
        begin_timing(f, key, side, KIND_STAMP, p->tcp.tsval, at_ns);
    }
}

static void time_sequence(struct bw_flows *f,
                          uint64_t key,
                          struct flow *w,
                          const struct bw_packet *p,
                          unsigned side,
                          bool fresh,
                          int64_t at_ns)
{
    uint32_t end = p->tcp.seq + length_of(p);
    uint64_t tag;
    struct flow_timed *t;
    /* Whether a SYN's time stamp is taken up is known only by its answer. */
    if (p->tcp.stamped && (p->tcp.flags & BW_TCP_SYN) == 0) {
        return;
    }
    if (fresh) {
        begin_timing(f, key, side, KIND_SEQUENCE, end, at_ns);
    } else if (!p->tcp.stamped) {
        w->side[side].mark = w->side[side].next;
        w->state |= flow_bit(FLOW_BARRIER, side);
        w->state &= ~flow_bit(FLOW_STAMPED, side);
    } else { /* a SYN again: nobody knows which of them will be answered */
        t = place(f, key, side, KIND_SEQUENCE, end, &tag);
        t->tag = t->tag == tag ? 0 : t->tag;
    }
}

/* Sequence ------------------------------------------------------------------------ */

/* The time within which nothing can have been sent again: the receiver has to ask for it,
 * over both halves. */
static uint32_t resend_us(const struct flow *w)
{
    uint64_t sum = 0;
    for (size_t half = 0; half < BW_HALVES; half++) {
        sum += w->rtt_min_us[half] != UINT32_MAX ? w->rtt_min_us[half] : 0;
    }
    return sum > REORDER_MIN_US ? (uint32_t)sum : REORDER_MIN_US;
}

/* Sums of bytes are kept with the flow, for its share in what all flows differ; segments
 * are only counted. */
static void count_event(struct bw_flows *f,
                        struct flow *w,
                        unsigned side,
                        enum bw_flow_event event,
                        uint32_t bytes)
{
    w->side[side].event[event] += bytes;
    f->figures.tcp[bw_flows_way(w, side)].event[event].segments++;
}

static void count_segment(struct bw_flows *f, struct flow *w, unsigned side, uint32_t bytes)
{
    struct flow_side *s = &w->side[side];
    if (bytes > UINT32_MAX - s->bytes) {
        bw_flows_fold(f, w);
    }
    s->bytes += bytes;
    f->figures.tcp[bw_flows_way(w, side)].segments++;
}

/* Was what filled a hole overtaken on its way, or sent again? Its time stamp tells whether
 * it left before or after the newest segment here; where that is the same or there is none,
 * the time that the hole was open. */
static bool was_overtaken(const struct flow *w,
                          const struct bw_packet *p,
                          unsigned side,
                          uint32_t open_us)
{
    const struct flow_side *s = &w->side[side];
    if (p->tcp.stamped && (w->state & flow_bit(FLOW_STAMPED, side)) != 0 &&
        p->tcp.tsval != s->mark) {
        return flow_after(s->mark, p->tcp.tsval);
    }
    return open_us <= resend_us(w);
}

/* A segment with payload that begins below `next`: what of it lies there came late. */
static void judge_old(struct bw_flows *f,
                      uint64_t key,
                      struct flow *w,
                      const struct bw_packet *p,
                      unsigned side,
                      uint32_t at_us)
{
    uint32_t below = w->side[side].next - p->tcp.seq;
    enum bw_flow_event event = BW_FLOW_RESENT;
    uint32_t since_us;
    if (bw_flows_fill_hole(f, key, side, p->tcp.seq, p->tcp.seq + length_of(p),
                           &since_us) &&
        was_overtaken(w, p, side, at_us - since_us)) {
        event = BW_FLOW_REORDERED;
    }
    count_event(f, w, side, event, below < p->payload_bytes ? below : p->payload_bytes);
}

/* One byte below the rest keeps the connection alive, or asks whether its window has
 * opened (RFC 9293 sections 3.8.4 and 3.8.6.1); a byte of data that was asked with comes
 * again with what follows. */
static bool is_probe(const struct flow_side *s, const struct bw_packet *p, bool fresh)
{
    return p->tcp.seq == s->next - 1 && (fresh || length_of(p) <= 1);
}

/* No window reaches further (RFC 7323 section 2.2): what seems to lie beyond belongs to
 * something else, and tells nothing of what was lost. */
static bool is_elsewhere(const struct flow_side *s, uint32_t seq)
{
    uint32_t ahead = seq - s->next;
    return ahead > WINDOW_MAX && ahead < 0U - WINDOW_MAX;
}

/* Count it; gives whether it brought anything new. */
static bool follow(struct bw_flows *f,
                   uint64_t key,
                   struct flow *w,
                   const struct bw_packet *p,
                   unsigned side,
                   uint32_t at_us)
{
    struct flow_side *s = &w->side[side];
    uint32_t end = p->tcp.seq + length_of(p);
    bool known =
        (w->state & flow_bit(FLOW_SEQUENCE, side)) != 0 && !is_elsewhere(s, p->tcp.seq);
    bool fresh = !known || flow_after(end, s->next);
    if (p->payload_bytes > 0 && !(known && !fresh && is_probe(s, p, fresh))) {
        count_segment(f, w, side, p->payload_bytes);
    }
    if (p->payload_bytes > 0 && known) {
        if (flow_after(p->tcp.seq, s->next)) {
            bw_flows_open_hole(f, key, side, s->next, p->tcp.seq, at_us);
        } else if (p->tcp.seq != s->next && !is_probe(s, p, fresh)) {
            judge_old(f, key, w, p, side, at_us);
        }
    }
    if (!known) {
        bw_flows_forget_holes(f, key, side);
    }
    if (fresh) {
        s->next = end;
        w->state |= flow_bit(FLOW_SEQUENCE, side);
    }
    return fresh;
}

void bw_flows_tcp(struct bw_flows *f,
                  uint64_t key,
                  struct flow *w,
                  const struct bw_packet *p,
                  unsigned side,
                  int64_t at_ns)
{
    bool fresh;
    w->state |= FLOW_TCP;
    if (p->tcp.flags & BW_TCP_RST) {
        w->state |= FLOW_RESET;
        return;
    }
    take_answer(f, key, w, p, side, at_ns);
    if (p->tcp.flags & BW_TCP_FIN) {
        w->state |= flow_bit(FLOW_FIN, side);
    }
    if (length_of(p) == 0) {
        if ((w->state & flow_bit(FLOW_SEQUENCE, side)) == 0) {
            w->side[side].next = p->tcp.seq;
            w->state |= flow_bit(FLOW_SEQUENCE, side);
        }
        time_stamp(f, key, w, p, side, at_ns);
        return;
    }
    fresh = follow(f, key, w, p, side, (uint32_t)((uint64_t)at_ns / 1000));
    time_stamp(f, key, w, p, side, at_ns);
    time_sequence(f, key, w, p, side, fresh, at_ns);
}
