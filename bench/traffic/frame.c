/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame.c - see frame.h. The payload is zeros but for its head, so a checksum needs the
 * headers, the head and the lengths only. */
#include "frame.h"

#include "packet.h"

#include <string.h>

struct writer {
    uint8_t *at;
    size_t n;
};

static void put(struct writer *w, const void *data, size_t n)
{
    memcpy(w->at + w->n, data, n);
    w->n += n;
}

static void put8(struct writer *w, uint32_t v)
{
    w->at[w->n++] = (uint8_t)v;
}

static void put16(struct writer *w, uint32_t v)
{
    put8(w, v >> 8);
    put8(w, v & 255);
}

static void put32(struct writer *w, uint32_t v)
{
    put16(w, v >> 16);
    put16(w, v & 65535);
}

static void set16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/* RFC 1071: the sum of 16-bit words, folded at the end. */
static uint64_t sum(const uint8_t *data, size_t n)
{
    uint64_t s = 0;

    for (size_t i = 0; i < n; i++) {
        s += i % 2 == 0 ? (uint64_t)data[i] << 8 : data[i];
    }
    return s;
}

static uint32_t fold(uint64_t s)
{
    while (s >> 16) {
        s = (s & 65535) + (s >> 16);
    }
    return (uint32_t)(~s & 65535);
}

static uint64_t pseudo_sum(const struct tg_packet *p, uint64_t length)
{
    size_t n = p->family == 4 ? 4 : 16;
    const uint8_t *from = p->family == 4 ? p->from->v4 : p->from->v6;
    const uint8_t *to = p->family == 4 ? p->to->v4 : p->to->v6;

    return sum(from, n) + sum(to, n) + p->protocol + (length >> 16) + (length & 65535);
}

static void ethernet(struct writer *w, const struct tg_packet *p, uint32_t type)
{
    const uint16_t *vlan = p->way == TG_DOWN ? p->to->vlan : p->from->vlan;

    put(w, p->to->mac, 6);
    put(w, p->from->mac, 6);
    if (vlan[0] && vlan[1]) {
        put16(w, 0x88a8); /* IEEE 802.1ad */
        put16(w, vlan[0]);
        put16(w, 0x8100);
        put16(w, vlan[1]);
    } else if (vlan[0]) {
        put16(w, 0x8100);
        put16(w, vlan[0]);
    }
    put16(w, type);
}

static void arp(struct writer *w, const struct tg_packet *p) /* RFC 826: a request */
{
    static const uint8_t nobody[6];

    ethernet(w, p, 0x0806);
    put16(w, 1);
    put16(w, 0x0800);
    put8(w, 6);
    put8(w, 4);
    put16(w, 1);
    put(w, p->from->mac, 6);
    put(w, p->from->v4, 4);
    put(w, nobody, 6);
    put(w, p->to->v4, 4);
}

static void tcp_options(struct writer *w, const struct tg_packet *p)
{
    if (p->tcp.flags & TG_SYN) {
        put16(w, 0x0204); /* MSS */
        put16(w, p->family == 4 ? 1460 : 1440);
        put16(w, p->tcp.timestamps ? 0x0402 : 0x0101);
        if (!p->tcp.timestamps) {
            put16(w, 0x0402);
        }
    } else if (p->tcp.timestamps) {
        put16(w, 0x0101);
    }
    if (p->tcp.timestamps) {
        put16(w, 0x080a);
        put32(w, p->tcp.tsval);
        put32(w, p->tcp.tsecr);
    }
    if (p->tcp.flags & TG_SYN) {
        put32(w, 0x01030307); /* a window scale of 7 */
    }
    if (p->tcp.n_sack > 0) {
        put16(w, 0x0101);
        put8(w, 5);
        put8(w, 2 + 8 * p->tcp.n_sack);
        for (uint32_t i = 0; i < p->tcp.n_sack; i++) {
            put32(w, p->tcp.sack[i][0]);
            put32(w, p->tcp.sack[i][1]);
        }
    }
}

/* The header of TCP, UDP or ICMP, and the head; the checksum is set by the caller. */
static size_t transport(struct writer *w, const struct tg_packet *p)
{
    size_t checksum_at = 0;
    size_t start = w->n;

    if (p->protocol == TG_PROTO_TCP) {
        put16(w, p->from_port);
        put16(w, p->to_port);
        put32(w, p->tcp.seq);
        put32(w, p->tcp.ack);
        put16(w, p->tcp.flags);
        put16(w, p->tcp.window);
        checksum_at = w->n;
        put32(w, 0);
        tcp_options(w, p);
        w->at[start + 12] = (uint8_t)((w->n - start) / 4 << 4);
    } else if (p->protocol == TG_PROTO_UDP) {
        put16(w, p->from_port);
        put16(w, p->to_port);
        put16(w, 8 + (p->fragment.is ? p->fragment.datagram_bytes : p->payload_bytes));
        checksum_at = w->n;
        put16(w, 0);
    } else if (p->protocol == TG_PROTO_ICMP || p->protocol == TG_PROTO_ICMP6) {
        put8(w, p->icmp.type);
        put8(w, 0);
        checksum_at = w->n;
        put16(w, 0);
        put16(w, p->icmp.id);
        put16(w, p->icmp.seq);
    }
    return checksum_at;
}

/* What stands between IPv6's header and the transport; gives the first next header. */
static uint8_t extensions(struct writer *w, const struct tg_packet *p)
{
    if (p->hop_by_hop) {
        put8(w, p->protocol);
        put8(w, 0);
        put16(w, 0x0502); /* router alert, RFC 2711 */
        put16(w, 0);
        put16(w, 0x0100); /* PadN */
        return TG_PROTO_HOPOPTS;
    }
    if (p->fragment.is) {
        put8(w, p->protocol);
        put8(w, 0);
        put16(w, p->fragment.at_bytes | (p->fragment.more ? 1 : 0));
        put32(w, p->fragment.id);
        return TG_PROTO_FRAGMENT;
    }
    return p->protocol;
}

static void ip4(struct writer *w, const struct tg_packet *p, uint16_t ip_id)
{
    ethernet(w, p, 0x0800);
    put16(w, 0x4500);
    put16(w, 0); /* the length, set at the end */
    if (p->fragment.is) {
        put16(w, p->fragment.id & 65535);
        put16(w, p->fragment.at_bytes / 8 | (p->fragment.more ? 0x2000 : 0));
    } else {
        put16(w, ip_id);
        put16(w, 0x4000);
    }
    put8(w, p->way == TG_DOWN ? 53 : 64);
    put8(w, p->protocol);
    put16(w, 0);
    put(w, p->from->v4, 4);
    put(w, p->to->v4, 4);
}

static void ip6(struct writer *w, const struct tg_packet *p)
{
    size_t at;

    ethernet(w, p, 0x86dd);
    put32(w, 0x60000000);
    put16(w, 0);
    at = w->n;
    put8(w, 0);
    put8(w, p->way == TG_DOWN ? 53 : p->hop_by_hop ? 1 : 64);
    put(w, p->from->v6, 16);
    put(w, p->to->v6, 16);
    w->at[at] = extensions(w, p);
}

static void set_checksum(uint8_t *frame,
                         size_t start,
                         size_t end,
                         size_t at,
                         const struct tg_packet *p,
                         uint32_t total_bytes)
{
    uint64_t s = sum(frame + start, end - start);
    uint32_t folded;

    if (p->protocol != TG_PROTO_ICMP) {
        s += pseudo_sum(p, total_bytes);
    }
    folded = fold(s);
    set16(frame + at, folded == 0 && p->protocol == TG_PROTO_UDP ? 65535 : folded);
}

void tg_frame_build(const struct tg_packet *p, uint16_t ip_id, struct tg_frame *ret)
{
    struct writer w = {.at = ret->bytes};
    size_t ip_at;
    size_t transport_at;
    size_t checksum_at = 0;
    uint32_t ip_bytes;

    memset(ret, 0, sizeof(*ret));
    if (p->family == 0) {
        arp(&w, p);
        ret->n = w.n;
        ret->wire_bytes = 60; /* Ethernet's least */
        return;
    }
    if (p->family == 4) {
        ip4(&w, p, ip_id);
        ip_at = w.n - 20;
    } else {
        ip6(&w, p);
        ip_at = w.n - 40 - (p->hop_by_hop || p->fragment.is ? 8 : 0);
    }
    transport_at = w.n;
    if (!p->fragment.is || p->fragment.at_bytes == 0) {
        checksum_at = transport(&w, p);
    }
    ip_bytes = (uint32_t)(w.n - ip_at) + p->payload_bytes;
    if (checksum_at) {
        size_t n_head = p->n_head < p->payload_bytes ? p->n_head : p->payload_bytes;
        uint32_t total = (uint32_t)(w.n - transport_at) +
                         (p->fragment.is ? p->fragment.datagram_bytes : p->payload_bytes);
        put(&w, p->head, n_head);
        set_checksum(ret->bytes, transport_at, w.n, checksum_at, p, total);
    }
    if (p->family == 4) {
        set16(ret->bytes + ip_at + 2, ip_bytes);
        set16(ret->bytes + ip_at + 10, fold(sum(ret->bytes + ip_at, 20)));
    } else {
        set16(ret->bytes + ip_at + 4, ip_bytes - 40);
    }
    ret->n = w.n;
    ret->ip_bytes = ip_bytes;
    ret->wire_bytes = (uint32_t)ip_at + ip_bytes;
    if (ret->wire_bytes < 60) {
        ret->wire_bytes = 60; /* Ethernet pads; the IP length tells */
    }
}
