/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.c - the two ends of a connection: what TCP does. A segment gets its ACK and its time
 * stamp when it is made; a queue before the way's bottleneck may hold it longer,
 * and nothing overtakes there. */
#include "tcp.h"

#include "tcp_private.h"

#include <errno.h>

#define MS ((uint64_t)1000000)
#define ACK_DELAY_NS (40 * MS)

enum {
    QUICK_SEGMENTS = 16, /* a server acknowledges so many at once, as Linux does */
    TIMEOUTS_MAX = 5
};

void tg_flow_at(struct tg_sim *s,
                struct tg_flow *f,
                uint64_t at_ns,
                tg_fire_cb cb,
                uint32_t what,
                void *arg)
{
    f->events++;
    tg_sim_at(s, at_ns, cb, f, what, arg);
}

void tg_flow_finish(struct tg_sim *s, struct tg_flow *f)
{
    if (f->truth.packets[TG_DOWN] + f->truth.packets[TG_UP] > 0) {
        tg_truth_flow(s->truth, &f->truth);
    }
    *f->at = f->next;
    if (f->next) {
        f->next->at = f->at;
    }
    tg_pool_give(&s->flows, f);
}

void tg_flow_fired(struct tg_sim *s, struct tg_flow *f)
{
    if (--f->events == 0) {
        tg_flow_finish(s, f);
    }
}

/* A segment of this end, made now: it carries the ACK of all there is. */
struct tg_segment *
tg_end_make(struct tg_sim *s, struct tg_flow *f, uint8_t me, uint8_t flags)
{
    struct tg_end *e = &f->end[me];
    struct tg_segment *g = tg_pool_take(&s->segments);

    if (!g) {
        s->error = -ENOMEM;
        return NULL;
    }
    g->sender = me;
    g->flags = flags;
    g->seq = e->nxt;
    g->ack = e->got;
    g->n_wire = 1;
    g->tsval = f->ts_base[me] + (uint32_t)(s->now_ns / MS);
    g->tsecr = e->ts_recent;
    for (uint32_t i = 0; !(flags & TG_SYN) && i < e->n_ahead && g->n_sack < 3; i++) {
        g->sack[g->n_sack++] = e->ahead[i];
    }
    g->cause_ns = f->cause_ns;
    g->cause_fresh = e->fresh;
    g->cause_asks = e->asked;
    e->fresh = e->asked = false;
    f->cause_ns = 0;
    e->acked = e->got;
    e->owed = 0;
    e->ack_ns = 0;
    return g;
}

void tg_end_send_bare(struct tg_sim *s, struct tg_flow *f, uint8_t me, uint8_t flags)
{
    struct tg_segment *g = tg_end_make(s, f, me, flags);

    if (g) {
        uint64_t at_ns = f->end[me].free_ns > s->now_ns ? f->end[me].free_ns : s->now_ns;
        tg_way_send(s, f, g, at_ns);
    }
}

static void send_ack(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    tg_end_send_bare(s, f, me, TG_ACK);
}

static uint64_t resend_after_ns(const struct tg_flow *f, const struct tg_end *e)
{
    uint64_t rtt_ns = 2 * ((uint64_t)f->truth.device->delay_ns + f->truth.server->delay_ns);

    return (200 * MS + 2 * rtt_ns) << e->timeouts;
}

static void arm_resend(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];
    uint64_t from_ns = e->free_ns > s->now_ns ? e->free_ns : s->now_ns;

    e->resend_ns = from_ns + resend_after_ns(f, e);
    if (!e->resend_armed && e->n > 0) {
        e->resend_armed = true;
        tg_flow_at(s, f, e->resend_ns, tg_tcp_fire,
                   me == TG_DEVICE ? TG_EV_RESEND_DEVICE : TG_EV_RESEND_SERVER, NULL);
    }
}

static void send_sent(
    struct tg_sim *s, struct tg_flow *f, uint8_t me, const struct tg_sent *sent, bool again)
{
    struct tg_end *e = &f->end[me];
    uint8_t flags = TG_ACK;
    struct tg_segment *g;

    if (sent->fin) {
        flags = TG_ACK | TG_FIN;
    } else if (sent->seq + sent->payload_bytes == e->end) {
        flags = TG_ACK | TG_PSH;
    }
    g = tg_end_make(s, f, me, flags);
    if (!g) {
        return;
    }
    g->seq = sent->seq;
    g->payload_bytes = sent->payload_bytes;
    g->again = again;
    g->n_sack = 0; /* no room beside a full segment */
    if (e->free_ns < s->now_ns) {
        e->free_ns = s->now_ns;
    }
    tg_way_send(s, f, g, e->free_ns);
    e->free_ns += f->plan.segment_ns;
}

void tg_end_send_data(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];
    uint32_t mss =
        1500u - (f->truth.family == 4 ? 40u : 60u) - (f->truth.timestamps ? 12u : 0u);
    bool more = false;

    if (e->dead || !f->established[me]) {
        return;
    }
    while (e->n < e->window && e->n < TG_RING && !e->fin_sent &&
           (e->nxt < e->end || e->fin_wanted)) {
        struct tg_sent *sent = &e->ring[(e->head + e->n) % TG_RING];
        uint32_t left = e->end - e->nxt;
        *sent = (struct tg_sent){.seq = e->nxt, .payload_bytes = left < mss ? left : mss};
        sent->fin = left == 0;
        send_sent(s, f, me, sent, false);
        e->n++;
        e->nxt += sent->payload_bytes;
        if (sent->fin) {
            e->fin_sent = true;
            e->nxt++;
        }
        more = true;
    }
    if (more) {
        arm_resend(s, f, me);
    }
}

static void resend(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];

    if (e->n > 0) {
        send_sent(s, f, me, &e->ring[e->head], true);
        arm_resend(s, f, me);
    }
}

static void lose_pace(struct tg_end *e, bool timed_out)
{
    e->threshold = e->n / 2 > 2 ? e->n / 2 : 2;
    e->window = timed_out ? 1 : e->threshold;
    e->recovering = true;
    e->timed_out = timed_out;
    e->recover = e->nxt;
}

static void
take_ack(struct tg_sim *s, struct tg_flow *f, uint8_t me, const struct tg_segment *g)
{
    struct tg_end *e = &f->end[me];

    if (g->ack > e->una && g->ack <= e->nxt) {
        e->una = g->ack;
        e->dup_acks = 0;
        e->timeouts = 0;
        while (e->n > 0) {
            const struct tg_sent *sent = &e->ring[e->head];
            if (sent->seq + sent->payload_bytes + (sent->fin ? 1 : 0) > g->ack) {
                break;
            }
            e->head = (e->head + 1) % TG_RING;
            e->n--;
            if (e->window < e->threshold) {
                e->window++;
            }
        }
        arm_resend(s, f, me);
        if (!e->recovering || g->ack >= e->recover) {
            e->recovering = false;
        } else if (g->n_sack > 0 || e->timed_out) {
            resend(s, f,
                   me); /* a partial ACK, and there is a hole behind it (RFC 6675 §5) */
        }
        tg_end_send_data(s, f, me);
    } else if (g->ack == e->una && g->n_sack > 0 && e->n > 0 && g->payload_bytes == 0) {
        if (++e->dup_acks == 3 && !e->recovering) {
            lose_pace(e, false);
            resend(s, f, me);
        }
    }
}

/* Out of order: the newest piece first, as SACK wants it (RFC 2018 §4). */
static void keep_ahead(struct tg_end *e, uint32_t from, uint32_t to)
{
    uint32_t n = 0;
    struct tg_range all = {from, to};

    for (uint32_t i = 0; i < e->n_ahead; i++) {
        struct tg_range r = e->ahead[i];
        if (r.from <= all.to && r.to >= all.from) {
            all.from = r.from < all.from ? r.from : all.from;
            all.to = r.to > all.to ? r.to : all.to;
        } else {
            e->ahead[n++] = r;
        }
    }
    if (n == TG_RANGES) {
        n--; /* forgotten, and sent again later */
    }
    for (uint32_t i = n; i > 0; i--) {
        e->ahead[i] = e->ahead[i - 1];
    }
    e->ahead[0] = all;
    e->n_ahead = n + 1;
}

static void use_ahead(struct tg_end *e)
{
    for (uint32_t i = 0; i < e->n_ahead;) {
        if (e->ahead[i].from <= e->got) {
            e->got = e->ahead[i].to > e->got ? e->ahead[i].to : e->got;
            for (uint32_t k = i + 1; k < e->n_ahead; k++) {
                e->ahead[k - 1] = e->ahead[k];
            }
            e->n_ahead--;
            i = 0;
        } else {
            i++;
        }
    }
}

static void take_fin(struct tg_sim *s, struct tg_flow *f, uint8_t me, uint32_t at)
{
    struct tg_end *e = &f->end[me];

    if (at == e->got) {
        e->got++;
        e->fin_wanted = true;
    } else if (at > e->got) {
        e->fin_at = at;
    }
    send_ack(s, f, me);
    tg_end_send_data(s, f, me);
}

static void
take_data(struct tg_sim *s, struct tg_flow *f, uint8_t me, const struct tg_segment *g)
{
    struct tg_end *e = &f->end[me];
    bool filled = e->n_ahead > 0;
    uint32_t to = g->seq + g->payload_bytes;

    if (to <= e->got || g->seq > e->got) {
        if (to > e->got) {
            keep_ahead(e, g->seq, to);
        }
        send_ack(s, f, me);
        return;
    }
    e->got = to;
    use_ahead(e);
    e->owed += g->n_wire;
    if (e->act_at && e->got >= e->act_at) {
        tg_talk_act(s, f, me);
    }
    if (e->fin_at && e->fin_at == e->got) {
        take_fin(s, f, me, e->fin_at);
    } else if (filled || e->owed >= 2 || (me == TG_DEVICE && f->truth.device->ack_each) ||
               (me == TG_SERVER && f->quick++ < QUICK_SEGMENTS)) {
        send_ack(s, f, me);
    } else {
        e->ack_ns = s->now_ns + ACK_DELAY_NS;
        if (!e->ack_armed) {
            e->ack_armed = true;
            tg_flow_at(s, f, e->ack_ns, tg_tcp_fire,
                       me == TG_DEVICE ? TG_EV_ACK_DEVICE : TG_EV_ACK_SERVER, NULL);
        }
    }
}

static void establish(struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];

    f->established[me] = true;
    e->una = e->nxt = e->end = 1;
}

static void
take_syn(struct tg_sim *s, struct tg_flow *f, uint8_t me, const struct tg_segment *g)
{
    struct tg_end *e = &f->end[me];

    if (e->got == 0) {
        e->got = 1;
        e->ts_recent = g->tsval;
    }
    if (me == TG_SERVER && !f->established[me]) {
        tg_end_send_bare(s, f, me, TG_SYN | TG_ACK);
    } else if (f->established[me]) {
        send_ack(s, f, me);
    } else {
        establish(f, me);
        send_ack(s, f, me);
        tg_flow_at(s, f, s->now_ns + 50000, tg_tcp_fire, TG_EV_NEXT, NULL);
    }
}

void tg_end_receive(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g)
{
    uint8_t me = g->sender ^ 1;
    struct tg_end *e = &f->end[me];

    if (e->dead) {
        return;
    }
    if (g->flags & TG_RST) {
        e->dead = true;
        return;
    }
    f->cause_ns = g->tap_ns;
    e->fresh = e->fresh || g->fresh;
    e->asked = e->asked || g->asks;
    if (g->flags & TG_SYN) {
        take_syn(s, f, me, g);
        f->cause_ns = 0;
        return;
    }
    if (!f->established[me]) {
        establish(f, me); /* only the server gets here: its SYN-ACK is acknowledged */
    }
    if (g->seq <= e->acked && (int32_t)(g->tsval - e->ts_recent) >= 0) {
        e->ts_recent = g->tsval; /* RFC 7323 §4.3 */
    }
    take_ack(s, f, me, g);
    if (g->payload_bytes > 0) {
        take_data(s, f, me, g);
    } else if (g->flags & TG_FIN) {
        take_fin(s, f, me, g->seq);
    } else if (g->keepalive) {
        send_ack(s, f, me);
    }
    f->cause_ns = 0;
}

static void strike(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];

    e->resend_armed = false;
    if (e->n == 0 || e->dead) {
        return;
    }
    if (s->now_ns < e->resend_ns) {
        e->resend_armed = true;
        tg_flow_at(s, f, e->resend_ns, tg_tcp_fire,
                   me == TG_DEVICE ? TG_EV_RESEND_DEVICE : TG_EV_RESEND_SERVER, NULL);
        return;
    }
    if (e->timeouts++ == TIMEOUTS_MAX) {
        e->dead = true;
        return;
    }
    lose_pace(e, true);
    resend(s, f, me);
}

static void ack_late(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    struct tg_end *e = &f->end[me];

    e->ack_armed = false;
    if (e->dead || e->ack_ns == 0) {
        return;
    }
    if (s->now_ns < e->ack_ns) {
        e->ack_armed = true;
        tg_flow_at(s, f, e->ack_ns, tg_tcp_fire,
                   me == TG_DEVICE ? TG_EV_ACK_DEVICE : TG_EV_ACK_SERVER, NULL);
        return;
    }
    send_ack(s, f, me);
}

void tg_tcp_fire(struct tg_sim *s, void *owner, uint32_t what, void *arg)
{
    struct tg_flow *f = owner;

    (void)arg;
    f->cause_ns = 0;
    if (what == TG_EV_RESEND_DEVICE || what == TG_EV_RESEND_SERVER) {
        strike(s, f, what == TG_EV_RESEND_DEVICE ? TG_DEVICE : TG_SERVER);
    } else if (what == TG_EV_ACK_DEVICE || what == TG_EV_ACK_SERVER) {
        ack_late(s, f, what == TG_EV_ACK_DEVICE ? TG_DEVICE : TG_SERVER);
    } else {
        tg_talk_fire(s, f, what);
    }
    tg_flow_fired(s, f);
}
