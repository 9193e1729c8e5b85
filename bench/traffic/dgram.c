/* SPDX-License-Identifier: GPL-3.0-or-later
 * dgram.c - see dgram.h. A stream lives as long as an event of it is to come. */
#include "dgram.h"

#include "sim.h"
#include "world.h"

#include <errno.h>
#include <string.h>

#define MS ((uint64_t)1000000)

enum {
    IP_MTU = 1500,
    QUIC_BYTES = 1252, /* UDP's payload; RFC 9000 §14.1 asks for 1,200 at least */
    QUIC_ACK_BYTES = 38,
    QUIC_ACK_EVERY = 4
};

enum stream_event {
    TICK,
    UP,
    DOWN
};

struct stream {
    enum tg_stream_kind kind;
    const struct tg_host *device;
    const struct tg_host *server;
    uint8_t family;
    uint8_t protocol;
    enum tg_class class;
    uint16_t device_port;
    uint16_t server_port;
    uint32_t events;
    uint32_t left;  /* packets or rounds */
    uint32_t burst; /* of them in this window */
    uint32_t window;
    uint32_t number;
    uint32_t up_bytes;
    uint32_t down_bytes;
    uint64_t gap_ns;
};

static void fire(struct tg_sim *s, void *owner, uint32_t what, void *arg);

void tg_dgram_init(struct tg_sim *s)
{
    tg_pool_init(&s->streams, sizeof(struct stream));
}

static void at(struct tg_sim *s, struct stream *st, uint64_t at_ns, enum stream_event what)
{
    st->events++;
    tg_sim_at(s, at_ns, fire, st, what, NULL);
}

static uint64_t wan_ns(struct tg_sim *s, const struct stream *st)
{
    return 2 * tg_sim_jitter(s, st->server->delay_ns);
}

static uint64_t lan_ns(struct tg_sim *s, const struct stream *st)
{
    return 2 * tg_sim_jitter(s, st->device->delay_ns);
}

/* UDP longer than the MTU goes in fragments: by the sender in both families, each but the
 * last a multiple of 8 bytes. */
static void send_fragments(struct tg_sim *s, struct tg_packet *p)
{
    uint32_t room = (IP_MTU - (p->family == 4 ? 20u : 48u)) & ~7u;
    uint32_t datagram = 8 + p->payload_bytes;

    p->fragment.is = true;
    p->fragment.id = (uint32_t)tg_rng_next(&s->rng);
    p->fragment.datagram_bytes = p->payload_bytes;
    for (uint32_t from = 0; from < datagram; from += room) {
        uint32_t n = datagram - from < room ? datagram - from : room;
        p->fragment.at_bytes = from;
        p->fragment.more = from + n < datagram;
        p->payload_bytes = from == 0 ? n - 8 : n;
        tg_sim_tap(s, p, NULL);
    }
}

static void quic_head(struct tg_packet *p, const struct stream *st)
{
    p->head[0] = 0x43; /* a short header (RFC 9000 §17.3); what follows is opaque */
    for (uint32_t i = 1; i < 9; i++) {
        p->head[i] = (uint8_t)(st->device_port >> (i % 2 * 8));
    }
    p->n_head = 9;
}

static void dns_head(struct tg_packet *p, const struct stream *st)
{
    static const uint8_t question[] = {0, 0, 1,   0,   0,   1,   0, 0, 0,  0, 0,
                                       0, 4, 'o', 'a', 'k', 's', 0, 0, 16, 0, 1};

    memcpy(p->head, question, sizeof(question));
    p->head[0] = (uint8_t)(st->device_port >> 8);
    p->head[1] = (uint8_t)st->device_port;
    if (p->way == TG_DOWN) {
        p->head[2] = 0x81;
        p->head[3] = 0x80;
    }
    p->n_head = sizeof(question);
}

static void send(struct tg_sim *s, struct stream *st, enum tg_way way, uint32_t bytes)
{
    struct tg_packet p = {.from = way == TG_UP ? st->device : st->server,
                          .to = way == TG_UP ? st->server : st->device,
                          .way = way,
                          .class = st->class,
                          .family = st->family,
                          .protocol = st->protocol,
                          .from_port = way == TG_UP ? st->device_port : st->server_port,
                          .to_port = way == TG_UP ? st->server_port : st->device_port,
                          .payload_bytes = bytes};

    if (st->kind == TG_STREAM_QUIC) {
        quic_head(&p, st);
    } else if (st->kind == TG_STREAM_DNS) {
        dns_head(&p, st);
    } else if (st->kind == TG_STREAM_NTP) {
        p.head[0] = way == TG_UP ? 0x23 : 0x24;
        p.n_head = 1;
    } else if (st->kind == TG_STREAM_PING) {
        static const uint8_t types[2][2] = {{8, 0}, {128, 129}};
        p.icmp.type = types[st->family == 6][way == TG_DOWN];
        p.icmp.id = st->device_port;
        p.icmp.seq = (uint16_t)st->number;
    }
    if (st->protocol == TG_PROTO_UDP && bytes + 8 + (st->family == 4 ? 20 : 40) > IP_MTU) {
        send_fragments(s, &p);
    } else {
        tg_sim_tap(s, &p, NULL);
    }
}

static void local(struct tg_sim *s, const struct stream *st)
{
    const struct tg_world *w = s->world;
    struct tg_packet p = {.from = st->device, .way = TG_LOCAL, .class = TG_OTHER};

    switch (tg_rng_below(&s->rng, 4)) {
    case 0:
        p.to = &w->mdns;
        p.family = 4;
        p.protocol = TG_PROTO_UDP;
        p.from_port = 5353;
        p.to_port = 5353;
        p.payload_bytes = 40 + tg_rng_below(&s->rng, 200);
        break;
    case 1:
        p.to = &w->listeners;
        p.family = 6;
        p.protocol = TG_PROTO_ICMP6;
        p.class = TG_ICMP;
        p.hop_by_hop = true;
        p.icmp.type = 143; /* MLDv2 report, RFC 3810 §5.2 */
        break;
    default:
        p.to = &w->everyone;
        break;
    }
    tg_sim_tap(s, &p, NULL);
}

/* A window of full packets, each fourth acknowledged; the next window a round trip later.
 */
static void tick_quic(struct tg_sim *s, struct stream *st)
{
    if (st->number == 0) { /* first both ends send full packets */
        send(s, st, TG_UP, 1200);
        st->number = 1;
        at(s, st, s->now_ns + wan_ns(s, st), TICK);
        return;
    }
    send(s, st, TG_DOWN, st->left > 1 ? QUIC_BYTES : 60 + tg_rng_below(&s->rng, 1100));
    if (st->number++ % QUIC_ACK_EVERY == 0 || st->left == 1) {
        at(s, st, s->now_ns + lan_ns(s, st), UP);
    }
    if (--st->left == 0) {
        return;
    }
    if (--st->burst == 0) {
        st->window = st->window < 40 ? st->window * 2 : st->window;
        st->burst = st->window;
        at(s, st, s->now_ns + lan_ns(s, st) + wan_ns(s, st), TICK);
    } else {
        at(s, st, s->now_ns + st->gap_ns, TICK);
    }
}

/* Both ways, as their ends please. */
static void tick_talk(struct tg_sim *s, struct stream *st)
{
    bool up = tg_rng_below(&s->rng, 5) < 2;
    uint32_t bytes = up ? st->up_bytes : st->down_bytes;

    if (st->kind == TG_STREAM_CALL) {
        up = st->number++ % 2 == 0;
        bytes = 90 + tg_rng_below(&s->rng, up ? st->up_bytes : st->down_bytes);
    } else if (tg_rng_below(&s->rng, 3) == 0) {
        bytes = 80 + tg_rng_below(&s->rng, 200);
    } else if (st->kind == TG_STREAM_WIREGUARD && tg_rng_below(&s->rng, 40) == 0) {
        bytes = 1500 + tg_rng_below(&s->rng, 1600);
    }
    send(s, st, up ? TG_UP : TG_DOWN, bytes);
    if (--st->left > 0) {
        at(s, st, s->now_ns + tg_rng_gap(&s->rng, st->gap_ns), TICK);
    }
}

/* A question, an answer; pings again after a second. */
static void tick_ask(struct tg_sim *s, struct stream *st)
{
    st->number++;
    send(s, st, TG_UP, st->up_bytes);
    at(s, st, s->now_ns + wan_ns(s, st), DOWN);
    if (--st->left > 0) {
        at(s, st, s->now_ns + 1000 * MS, TICK);
    }
}

static void fire(struct tg_sim *s, void *owner, uint32_t what, void *arg)
{
    struct stream *st = owner;

    (void)arg;
    if (what == UP) {
        send(s, st, TG_UP, QUIC_ACK_BYTES);
    } else if (what == DOWN) {
        send(s, st, TG_DOWN, st->down_bytes);
    } else if (st->kind == TG_STREAM_QUIC) {
        tick_quic(s, st);
    } else if (st->kind == TG_STREAM_LOCAL) {
        local(s, st);
    } else if (st->kind == TG_STREAM_DNS || st->kind == TG_STREAM_NTP ||
               st->kind == TG_STREAM_PING) {
        tick_ask(s, st);
    } else {
        tick_talk(s, st);
    }
    if (--st->events == 0) {
        tg_pool_give(&s->streams, st);
    }
}

static void draw(struct tg_sim *s, struct stream *st)
{
    struct tg_rng *r = &s->rng;

    st->protocol = TG_PROTO_UDP;
    st->left = 1;
    switch (st->kind) {
    case TG_STREAM_DNS:
        st->class = TG_DNS;
        st->server_port = 53;
        st->up_bytes = 24 + tg_rng_below(r, 40);
        st->down_bytes = tg_rng_below(r, 50) == 0 ? 1600 + tg_rng_below(r, 2400)
                                                  : 60 + tg_rng_below(r, 400);
        break;
    case TG_STREAM_NTP:
        st->class = TG_NTP;
        st->server_port = 123;
        st->up_bytes = 48;
        st->down_bytes = 48;
        break;
    case TG_STREAM_QUIC:
        st->class = TG_QUIC;
        st->server_port = 443;
        st->left = (uint32_t)tg_rng_tail(r, 6, 8);
        st->window = 10;
        st->burst = 10;
        st->gap_ns = tg_rng_between(r, 12000, 200000);
        break;
    case TG_STREAM_WIREGUARD:
        st->class = TG_VPN;
        st->server_port = 51820;
        st->left = (uint32_t)tg_rng_tail(r, 40, 4);
        st->up_bytes = 600;
        st->down_bytes = 1420;
        st->gap_ns = tg_rng_between(r, MS, 10 * MS);
        break;
    case TG_STREAM_ESP:
        st->class = TG_VPN;
        st->protocol = TG_PROTO_ESP;
        st->left = (uint32_t)tg_rng_tail(r, 40, 4);
        st->up_bytes = 500;
        st->down_bytes = 1400;
        st->gap_ns = tg_rng_between(r, MS, 10 * MS);
        break;
    case TG_STREAM_CALL:
        st->class = TG_OTHER;
        st->server_port = 8801;
        st->left = (uint32_t)tg_rng_tail(r, 100, 4);
        st->up_bytes = 400;
        st->down_bytes = 1100;
        st->gap_ns = 10 * MS;
        break;
    case TG_STREAM_PING:
        st->class = TG_ICMP;
        st->protocol = st->family == 4 ? TG_PROTO_ICMP : TG_PROTO_ICMP6;
        st->left = 4;
        st->up_bytes = 56;
        st->down_bytes = 56;
        break;
    case TG_STREAM_LOCAL:
        break;
    }
}

void tg_dgram_start(struct tg_sim *s,
                    enum tg_stream_kind kind,
                    const struct tg_host *device,
                    const struct tg_host *server,
                    uint8_t family,
                    uint16_t device_port)
{
    struct stream *st = tg_pool_take(&s->streams);

    if (!st) {
        s->error = -ENOMEM;
        return;
    }
    st->kind = kind;
    st->device = device;
    st->server = server;
    st->family = family;
    st->device_port = device_port;
    draw(s, st);
    at(s, st, s->now_ns, TICK);
}
