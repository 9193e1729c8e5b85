/* SPDX-License-Identifier: GPL-3.0-or-later
 * fake_packet.h - packets as bw_packet_read() would give them, for tests of what counts
 * them. The school is 10.0.0.0/8. */
#ifndef BW_TEST_FAKE_PACKET_H
#define BW_TEST_FAKE_PACKET_H

#include "packet.h"

#include <string.h>

#define MS INT64_C(1000000)

static inline struct bw_packet fake_ip(uint8_t protocol, uint32_t wire, int up)
{
    static const uint8_t in[4] = {10, 0, 0, 1};
    static const uint8_t out[4] = {198, 51, 100, 1};
    struct bw_packet p = {.family = BW_PACKET_IPV4,
                          .protocol = protocol,
                          .has_ip = true,
                          .wire_bytes = wire,
                          .link_bytes = 14,
                          .ip_bytes = wire - 14};
    (void)memcpy(p.source, up ? in : out, 4);
    (void)memcpy(p.dest, up ? out : in, 4);
    return p;
}

static inline void
fake_ports(struct bw_packet *p, uint16_t inside, uint16_t outside, int up)
{
    p->has_ports = true;
    p->source_port = up ? inside : outside;
    p->dest_port = up ? outside : inside;
}

static inline struct bw_packet
fake_udp(uint16_t inside, uint16_t outside, uint32_t wire, int up)
{
    struct bw_packet p = fake_ip(17, wire, up);
    fake_ports(&p, inside, outside, up);
    p.has_udp = true;
    p.payload_bytes = wire - 42;
    return p;
}

static inline struct bw_packet
fake_tcp(int up, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
    struct bw_packet p = fake_ip(6, 54 + payload, up);
    fake_ports(&p, 40000, 443, up);
    p.has_tcp = true;
    p.payload_bytes = payload;
    p.tcp.flags = flags;
    p.tcp.seq = seq;
    p.tcp.ack = ack;
    return p;
}

static inline struct bw_packet
fake_stamped(struct bw_packet p, uint32_t tsval, uint32_t tsecr)
{
    p.tcp.stamped = true;
    p.tcp.tsval = tsval;
    p.tcp.tsecr = tsecr;
    return p;
}

#endif
