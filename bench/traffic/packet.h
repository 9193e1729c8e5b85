/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet.h - one packet as the generator knows it, before it is bytes: who sends to whom,
 * which way past the tap, and what its headers say.
 *
 * The tap is on the LAN side of the school's router: devices have their own addresses and
 * MACs, everything beyond has the router's MAC. */
#ifndef TG_PACKET_H
#define TG_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum tg_class {
    TG_TLS,
    TG_QUIC,
    TG_HTTP,
    TG_DNS,
    TG_MAIL,
    TG_VPN,
    TG_SSH,
    TG_NTP,
    TG_ICMP,
    TG_OTHER,
    TG_CLASSES
};

/* Down is towards the school; local traffic stays within it. */
enum tg_way {
    TG_DOWN,
    TG_UP,
    TG_LOCAL,
    TG_WAYS
};

enum {
    TG_PROTO_HOPOPTS = 0, /* as IPv6's next header, IANA's numbers all */
    TG_PROTO_ICMP = 1,
    TG_PROTO_TCP = 6,
    TG_PROTO_UDP = 17,
    TG_PROTO_FRAGMENT = 44,
    TG_PROTO_ESP = 50,
    TG_PROTO_ICMP6 = 58
};

enum { /* RFC 9293 §3.1 */
    TG_FIN = 0x01,
    TG_SYN = 0x02,
    TG_RST = 0x04,
    TG_PSH = 0x08,
    TG_ACK = 0x10
};

enum {
    TG_HEAD_MAX = 32
};

/* An end of a packet. Only those within the school have VLAN tags. */
struct tg_host {
    uint32_t index; /* among the devices; meaningless beyond the router */
    uint8_t mac[6];
    uint8_t v4[4];
    uint8_t v6[16];
    uint16_t vlan[2];     /* 0: none; two: outer, inner */
    bool timestamps;      /* its TCP offers them (RFC 7323) */
    bool ack_each;        /* its TCP delays no ACK */
    uint32_t delay_ns;    /* from the tap to it, one way */
    uint32_t loss_ppm;    /* between the tap and it, each way */
    uint32_t reorder_ppm; /* what it sends overtakes itself before the tap */
};

struct tg_packet {
    const struct tg_host *from;
    const struct tg_host *to;
    enum tg_way way;
    enum tg_class class;
    uint8_t family; /* 4, 6; 0: ARP */
    uint8_t protocol;
    bool hop_by_hop; /* IPv6: a router alert stands before */
    uint16_t from_port;
    uint16_t to_port;
    uint32_t payload_bytes;    /* after TCP's, UDP's or ICMP's header, in this packet */
    uint8_t head[TG_HEAD_MAX]; /* what the payload begins with, the rest is zeros */
    uint32_t n_head;
    uint32_t n_wire; /* how many packets were merged into this one; 0 is 1 */
    struct {
        uint32_t seq;
        uint32_t ack;
        uint8_t flags;
        uint16_t window;
        bool timestamps;
        uint32_t tsval;
        uint32_t tsecr;
        uint32_t n_sack; /* at most 3 */
        uint32_t sack[3][2];
    } tcp;
    struct {
        uint8_t type;
        uint16_t id;
        uint16_t seq;
    } icmp;
    struct {
        bool is; /* part of a datagram */
        bool more;
        uint32_t id;
        uint32_t at_bytes;       /* within the datagram, UDP's header counted; 0: first */
        uint32_t datagram_bytes; /* UDP's payload as a whole */
    } fragment;
};

#endif
