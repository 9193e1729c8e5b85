/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet.c - one captured frame (IEEE 802.1Q, RFC 2516, RFC 791, RFC 8200, RFC 9293).
 *
 * Invariant: at <= captured and at <= end, always; every read is behind need(), which
 * tells bytes that were not captured from bytes that were never sent. */
#include "packet.h"

#include <stddef.h>
#include <string.h>

enum {
    MACS = 12,
    ETHERNET = 14,
    VLAN_TAG = 4,
    COOKED = 16,
    COOKED2 = 20,
    PPPOE = 6, /* the PPP protocol behind it, of one byte or two */
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_SERVICE_VLAN = 0x88a8,
    TYPE_OLD_VLAN = 0x9100,
    TYPE_PPPOE_SESSION = 0x8864,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPPOE_VERSION = 0x11,
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    TCP_HEADER = 20,
    UDP_HEADER = 8,
    EXTENSIONS_MAX = 8, /* RFC 8200 names seven, and each at most once but one */
    OPTION_END = 0,
    OPTION_NOTHING = 1,
    OPTION_SACK = 5,
    OPTION_STAMP = 8
};

enum protocol { /* IANA's numbers */
    HOP_BY_HOP = 0,
    TCP = 6,
    UDP = 17,
    ROUTING = 43,
    FRAGMENT = 44,
    DESTINATION = 60,
    MOBILITY = 135,
    HIP = 139,
    SHIM6 = 140
};

struct reader {
    const uint8_t *p;
    uint32_t at;
    uint32_t captured;
    uint32_t end; /* of what was on the wire, then of the IP packet in it */
};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Are there n more bytes? If not, says whether they were only not captured. */
static bool need(const struct reader *r,
                 uint32_t n,
                 enum bw_packet_stop cut,
                 enum bw_packet_stop bad,
                 struct bw_packet *ret)
{
    if (n > r->end - r->at) {
        ret->stop = bad;
        return false;
    }
    if (n > r->captured - r->at) {
        ret->stop = cut;
        return false;
    }
    return true;
}

/* TCP ---------------------------------------------------------------------------- */

static void read_options(struct reader *r, uint32_t n, struct bw_packet *ret)
{
    uint32_t last = r->at + n;
    while (r->at < last) {
        const uint8_t *o = r->p + r->at;
        uint32_t left = last - r->at;
        if (r->at == r->captured) {
            ret->stop = BW_PACKET_CUT_OPTIONS;
            return;
        }
        if (o[0] == OPTION_END) {
            return;
        }
        if (o[0] == OPTION_NOTHING) {
            r->at++;
            continue;
        }
        if (left < 2) {
            ret->stop = BW_PACKET_BAD_OPTIONS;
            return;
        }
        if (r->captured - r->at < 2) {
            ret->stop = BW_PACKET_CUT_OPTIONS;
            return;
        }
        if (o[1] < 2 || o[1] > left || (o[0] == OPTION_STAMP && o[1] != 10)) {
            ret->stop = BW_PACKET_BAD_OPTIONS;
            return;
        }
        if (o[1] > r->captured - r->at) {
            ret->stop = BW_PACKET_CUT_OPTIONS;
            return;
        }
        if (o[0] == OPTION_STAMP) {
            ret->tcp.stamped = true;
            ret->tcp.tsval = get32(o + 2);
            ret->tcp.tsecr = get32(o + 6);
        } else if (o[0] == OPTION_SACK && o[1] > 2) {
            ret->tcp.sacked = true;
        }
        r->at += o[1];
    }
}

static void read_tcp(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *t = r->p + r->at;
    uint32_t header;
    if (!need(r, 4, BW_PACKET_CUT_TRANSPORT, BW_PACKET_BAD_TRANSPORT, ret)) {
        return;
    }
    ret->source_port = get16(t);
    ret->dest_port = get16(t + 2);
    ret->has_ports = true;
    if (!need(r, TCP_HEADER, BW_PACKET_CUT_TRANSPORT, BW_PACKET_BAD_TRANSPORT, ret)) {
        return;
    }
    header = (uint32_t)(t[12] >> 4) * 4;
    if (header < TCP_HEADER || header > r->end - r->at) {
        ret->stop = BW_PACKET_BAD_TRANSPORT;
        return;
    }
    ret->tcp.seq = get32(t + 4);
    ret->tcp.ack = get32(t + 8);
    ret->tcp.flags = t[13];
    ret->tcp.window = get16(t + 14);
    ret->payload_bytes = r->end - r->at - header;
    ret->has_tcp = true;
    r->at += TCP_HEADER;
    read_options(r, header - TCP_HEADER, ret);
}

static void read_udp(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *u = r->p + r->at;
    uint32_t told;
    uint32_t left;
    if (!need(r, 4, BW_PACKET_CUT_TRANSPORT, BW_PACKET_BAD_TRANSPORT, ret)) {
        return;
    }
    ret->source_port = get16(u);
    ret->dest_port = get16(u + 2);
    ret->has_ports = true;
    if (!need(r, UDP_HEADER, BW_PACKET_CUT_TRANSPORT, BW_PACKET_BAD_TRANSPORT, ret)) {
        return;
    }
    told = get16(u + 4);
    left = r->end - r->at;
    if (told == 0) { /* a jumbogram (RFC 2675 section 4): all there is */
        told = left;
    }
    if (told < UDP_HEADER) {
        ret->stop = BW_PACKET_BAD_TRANSPORT;
        return;
    }
    /* The first fragment of many carries less than the header tells of. */
    ret->payload_bytes = (told < left ? told : left) - UDP_HEADER;
    ret->has_udp = true;
    r->at += UDP_HEADER;
}

static void read_transport(struct reader *r, struct bw_packet *ret)
{
    if (ret->fragment == BW_PACKET_LATER_FRAGMENT) {
        return;
    }
    if (ret->protocol == TCP) {
        read_tcp(r, ret);
    } else if (ret->protocol == UDP) {
        read_udp(r, ret);
    }
}

/* IP ------------------------------------------------------------------------------ */

/* How much of the frame is the packet. A header that tells 0 was too long for its field
 * (merged segments on their way through the kernel): then it is the frame's rest. */
static void bound(struct reader *r, uint32_t told, struct bw_packet *ret)
{
    uint32_t left = r->end - r->at;
    if (told == 0) {
        told = left;
    }
    ret->length_lies = told > left;
    ret->ip_bytes = ret->length_lies ? left : told;
    ret->has_ip = true;
    r->end = r->at + ret->ip_bytes;
}

static void read_ipv4(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *ip = r->p + r->at;
    uint32_t header;
    uint32_t told;
    uint16_t place;
    ret->link_bytes = r->at;
    if (!need(r, IPV4_HEADER, BW_PACKET_CUT_IP, BW_PACKET_BAD_IP, ret)) {
        return;
    }
    header = (uint32_t)(ip[0] & 15) * 4;
    told = get16(ip + 2);
    if (ip[0] >> 4 != 4 || header < IPV4_HEADER || header > r->end - r->at ||
        (told != 0 && told < header)) {
        ret->stop = BW_PACKET_BAD_IP;
        return;
    }
    ret->family = BW_PACKET_IPV4;
    ret->protocol = ip[9];
    (void)memcpy(ret->source, ip + 12, 4);
    (void)memcpy(ret->dest, ip + 16, 4);
    bound(r, told, ret);
    place = get16(ip + 6) & 0x3fff; /* more to come, and the offset */
    if (place != 0) {
        ret->fragment =
            (place & 0x1fff) != 0 ? BW_PACKET_LATER_FRAGMENT : BW_PACKET_FIRST_FRAGMENT;
    }
    if (!need(r, header, BW_PACKET_CUT_IP, BW_PACKET_BAD_IP, ret)) {
        return;
    }
    r->at += header;
    read_transport(r, ret);
}

static bool is_extension(uint8_t next)
{
    return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT ||
           next == DESTINATION || next == MOBILITY || next == HIP || next == SHIM6;
}

/* Walk to the transport header (RFC 8200 section 4); false: it ended before. What is
 * encrypted or authenticated is not looked into. */
static bool read_chain(struct reader *r, struct bw_packet *ret)
{
    for (int i = 0; is_extension(ret->protocol); i++) {
        const uint8_t *x = r->p + r->at;
        uint32_t length = 8;
        if (i == EXTENSIONS_MAX) {
            ret->stop = BW_PACKET_BAD_CHAIN;
            return false;
        }
        if (!need(r, length, BW_PACKET_CUT_IP, BW_PACKET_BAD_CHAIN, ret)) {
            return false;
        }
        if (ret->protocol == FRAGMENT) {
            uint16_t place = get16(x + 2);
            if ((place & 0xfff8) != 0) {
                ret->protocol = x[0];
                ret->fragment = BW_PACKET_LATER_FRAGMENT;
                return true; /* what follows is the middle of something */
            }
            /* The only one of its packet is no fragment (RFC 6946). */
            ret->fragment = (place & 1) ? BW_PACKET_FIRST_FRAGMENT : BW_PACKET_NO_FRAGMENT;
        } else {
            length = ((uint32_t)x[1] + 1) * 8;
        }
        if (!need(r, length, BW_PACKET_CUT_IP, BW_PACKET_BAD_CHAIN, ret)) {
            return false;
        }
        ret->protocol = x[0];
        r->at += length;
    }
    return true;
}

static void read_ipv6(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *ip = r->p + r->at;
    uint32_t told;
    ret->link_bytes = r->at;
    if (!need(r, IPV6_HEADER, BW_PACKET_CUT_IP, BW_PACKET_BAD_IP, ret)) {
        return;
    }
    if (ip[0] >> 4 != 6) {
        ret->stop = BW_PACKET_BAD_IP;
        return;
    }
    told = get16(ip + 4);
    ret->family = BW_PACKET_IPV6;
    ret->protocol = ip[6];
    (void)memcpy(ret->source, ip + 8, 16);
    (void)memcpy(ret->dest, ip + 24, 16);
    bound(r, told == 0 ? 0 : told + IPV6_HEADER, ret);
    r->at += IPV6_HEADER;
    if (read_chain(r, ret)) {
        read_transport(r, ret);
    }
}

/* Links --------------------------------------------------------------------------- */

static void read_ppp(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *x = r->p + r->at;
    uint32_t header = PPPOE + 2;
    uint16_t protocol;
    if (!need(r, PPPOE + 1, BW_PACKET_CUT_LINK, BW_PACKET_BAD_LINK, ret)) {
        return;
    }
    if (x[0] != PPPOE_VERSION || x[1] != 0) {
        ret->stop = BW_PACKET_BAD_LINK;
        return;
    }
    protocol = x[PPPOE]; /* odd: its first byte, 0, was left out (RFC 1661 section 6.5) */
    if ((protocol & 1) != 0) {
        header = PPPOE + 1;
    } else if (!need(r, header, BW_PACKET_CUT_LINK, BW_PACKET_BAD_LINK, ret)) {
        return;
    } else {
        protocol = get16(x + PPPOE);
    }
    r->at += header;
    if (protocol == PPP_IPV4) {
        read_ipv4(r, ret);
    } else if (protocol == PPP_IPV6) {
        read_ipv6(r, ret);
    }
}

/* `at` stands behind the type. Frames of another type carry no IP, and are whole. */
static void read_type(struct reader *r, uint16_t type, struct bw_packet *ret)
{
    while (type == TYPE_VLAN || type == TYPE_SERVICE_VLAN || type == TYPE_OLD_VLAN) {
        if (ret->n_vlans == BW_PACKET_VLANS_MAX) {
            ret->stop = BW_PACKET_BAD_LINK;
            return;
        }
        if (!need(r, VLAN_TAG, BW_PACKET_CUT_LINK, BW_PACKET_BAD_LINK, ret)) {
            return;
        }
        type = get16(r->p + r->at + 2);
        r->at += VLAN_TAG;
        ret->n_vlans++;
    }
    if (type == TYPE_IPV4) {
        read_ipv4(r, ret);
    } else if (type == TYPE_IPV6) {
        read_ipv6(r, ret);
    } else if (type == TYPE_PPPOE_SESSION) {
        read_ppp(r, ret);
    }
}

static void read_ethernet(struct reader *r, struct bw_packet *ret)
{
    const uint8_t *f = r->p;
    if (!need(r, ETHERNET, BW_PACKET_CUT_LINK, BW_PACKET_BAD_LINK, ret)) {
        return;
    }
    (void)memcpy(ret->dest_mac, f, sizeof(ret->dest_mac));
    (void)memcpy(ret->source_mac, f + 6, sizeof(ret->source_mac));
    ret->has_macs = true;
    ret->has_mac = true;
    r->at = ETHERNET;
    read_type(r, get16(f + MACS), ret);
}

/* Both forms of cooked capture: where the type stands, the address and its length. */
static void read_cooked(struct reader *r,
                        uint32_t header,
                        uint32_t type,
                        uint32_t address,
                        uint32_t address_bytes,
                        struct bw_packet *ret)
{
    if (!need(r, header, BW_PACKET_CUT_LINK, BW_PACKET_BAD_LINK, ret)) {
        return;
    }
    if (address_bytes == sizeof(ret->source_mac)) {
        (void)memcpy(ret->source_mac, r->p + address, sizeof(ret->source_mac));
        ret->has_mac = true;
    }
    r->at = header;
    read_type(r, get16(r->p + type), ret);
}

static void read_bare(struct reader *r, struct bw_packet *ret)
{
    if (!need(r, 1, BW_PACKET_CUT_IP, BW_PACKET_BAD_IP, ret)) {
        return;
    }
    if (r->p[0] >> 4 == 6) {
        read_ipv6(r, ret);
    } else {
        read_ipv4(r, ret);
    }
}

void bw_packet_read(enum bw_packet_link link,
                    const uint8_t *frame,
                    uint32_t captured,
                    uint32_t wire,
                    struct bw_packet *ret)
{
    struct reader r = {
        .p = frame, .captured = captured, .end = wire < captured ? captured : wire};
    (void)memset(ret, 0, sizeof(*ret));
    ret->wire_bytes = r.end;
    switch (link) {
    case BW_PACKET_LINK_ETHERNET:
        read_ethernet(&r, ret);
        break;
    case BW_PACKET_LINK_IP:
        read_bare(&r, ret);
        break;
    case BW_PACKET_LINK_COOKED:
        read_cooked(&r, COOKED, 14, 6, captured >= COOKED ? get16(frame + 4) : 0, ret);
        break;
    case BW_PACKET_LINK_COOKED2:
        read_cooked(&r, COOKED2, 0, 12, captured >= COOKED2 ? frame[11] : 0, ret);
        break;
    }
}
