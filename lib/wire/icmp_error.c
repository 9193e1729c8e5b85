/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_error.c - ICMP errors and what they quote. Every read is behind a length check;
 * `n` always counts what is left from `p` on. */
#include "icmp_error.h"

#include <errno.h>
#include <string.h>

enum {
    V4_UNREACHABLE = 3,
    V4_TIME_EXCEEDED = 11,
    V4_PARAMETER = 12,
    V6_UNREACHABLE = 1,
    V6_TOO_BIG = 2,
    V6_TIME_EXCEEDED = 3,
    V6_PARAMETER = 4,
    PROTOCOL_ICMP = 1,
    PROTOCOL_UDP = 17,
    PROTOCOL_ICMPV6 = 58,
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AUTHENTICATION = 51,
    NEXT_DESTINATION = 60,
    EXTENSION_HEADERS_MAX = 8,
    V4_HEADER = 20,
    V6_HEADER = 40,
    TRANSPORT_HEADER = 8, /* of UDP and of echo: what every router quotes */
    RFC4884_LEAST = 128   /* bytes of a quote in front of extensions */
};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static enum bw_icmp_error_kind unreachable4(uint8_t code)
{
    switch (code) {
    case 3:
        return BW_ICMP_ERROR_PORT;
    case 4:
        return BW_ICMP_ERROR_TOO_BIG;
    case 9:  /* network, */
    case 10: /* host administratively prohibited (RFC 1122 section 3.2.2.1) */
    case 13: /* communication administratively prohibited (RFC 1812 section 5.2.7.1) */
        return BW_ICMP_ERROR_PROHIBITED;
    default:
        return BW_ICMP_ERROR_UNREACHABLE;
    }
}

static enum bw_icmp_error_kind unreachable6(uint8_t code)
{
    switch (code) {
    case 4:
        return BW_ICMP_ERROR_PORT;
    case 1: /* administratively prohibited, */
    case 5: /* source address failed ingress/egress policy (RFC 4443 section 3.1) */
        return BW_ICMP_ERROR_PROHIBITED;
    default:
        return BW_ICMP_ERROR_UNREACHABLE;
    }
}

enum bw_icmp_error_kind bw_icmp_error_kind(int family, uint8_t type, uint8_t code)
{
    /* Code 1 of "time exceeded" is about fragments that did not all arrive. */
    if (family == 6) {
        return type == V6_UNREACHABLE                  ? unreachable6(code)
               : type == V6_TOO_BIG                    ? BW_ICMP_ERROR_TOO_BIG
               : type == V6_TIME_EXCEEDED && code == 0 ? BW_ICMP_ERROR_TTL
               : type == V6_PARAMETER                  ? BW_ICMP_ERROR_UNREACHABLE
                                                       : BW_ICMP_ERROR_NONE;
    }
    return type == V4_UNREACHABLE                  ? unreachable4(code)
           : type == V4_TIME_EXCEEDED && code == 0 ? BW_ICMP_ERROR_TTL
           : type == V4_PARAMETER                  ? BW_ICMP_ERROR_UNREACHABLE
                                                   : BW_ICMP_ERROR_NONE;
}

int bw_icmp_quote_parse(const uint8_t *p,
                        size_t n,
                        uint8_t protocol,
                        struct bw_icmp_quote *ret)
{
    struct bw_icmp_quote q = {.protocol = protocol};
    if (n < TRANSPORT_HEADER) {
        return -EBADMSG;
    }
    if (protocol == PROTOCOL_UDP) {
        q.source_port = get16(p);
        q.dest_port = get16(p + 2);
        q.udp_bytes = get16(p + 4);
        q.stamped =
            bw_icmp_stamp_read(p + TRANSPORT_HEADER, n - TRANSPORT_HEADER, &q.stamp);
    } else if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
        struct bw_icmp_msg m;
        if (bw_icmp_parse(p, n, protocol == PROTOCOL_ICMPV6 ? 6 : 4, &m) < 0 ||
            m.kind != BW_ICMP_REQUEST) {
            return -EBADMSG;
        }
        q.ident = m.ident;
        q.seq = m.seq;
        q.stamped = m.stamped;
        q.stamp = m.stamp;
    } else {
        return -EBADMSG;
    }
    *ret = q;
    return 0;
}

/* Where the quote ends when extensions follow it: RFC 4884 section 3 counts it in words
 * of 32 bits (IPv4) or 64 (IPv6). Smaller counts than allowed are the garbage that older
 * routers leave in the unused byte. */
static size_t quote_bytes(const uint8_t *p, size_t n, int family)
{
    size_t bytes = family == 6 ? (size_t)p[4] * 8 : (size_t)p[5] * 4;
    if (family == 6 && p[0] == V6_TOO_BIG) { /* its MTU is there */
        return n - BW_ICMP_HEADER;
    }
    return bytes >= RFC4884_LEAST && bytes <= n - BW_ICMP_HEADER ? bytes
                                                                 : n - BW_ICMP_HEADER;
}

/* The transport header of a quoted IPv4 packet, or NULL. */
static const uint8_t *
skip4(const uint8_t *p, size_t n, uint8_t *ret_protocol, size_t *ret_n)
{
    size_t header;
    size_t total;
    if (n < V4_HEADER || p[0] >> 4 != 4) {
        return NULL;
    }
    header = (size_t)(p[0] & 15) * 4;
    if (header < V4_HEADER || header > n || (get16(p + 6) & 0x1fff) != 0) {
        return NULL; /* not the first fragment: no header of its transport */
    }
    /* Its own length tells payload from padding; some routers write nonsense there. */
    total = get16(p + 2);
    n = total >= header + TRANSPORT_HEADER && total < n ? total : n;
    *ret_protocol = p[9];
    *ret_n = n - header;
    return p + header;
}

static const uint8_t *
skip6(const uint8_t *p, size_t n, uint8_t *ret_protocol, size_t *ret_n)
{
    uint8_t next;
    size_t payload;
    if (n < V6_HEADER || p[0] >> 4 != 6) {
        return NULL;
    }
    next = p[6];
    payload = get16(p + 4);
    p += V6_HEADER;
    n -= V6_HEADER;
    n = payload >= TRANSPORT_HEADER && payload < n ? payload : n;
    for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
        size_t length;
        if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_DESTINATION &&
            next != NEXT_FRAGMENT && next != NEXT_AUTHENTICATION) {
            *ret_protocol = next;
            *ret_n = n;
            return p;
        }
        if (n < 8 || (next == NEXT_FRAGMENT && (get16(p + 2) & 0xfff8) != 0)) {
            return NULL;
        }
        length = next == NEXT_FRAGMENT         ? 8
                 : next == NEXT_AUTHENTICATION ? ((size_t)p[1] + 2) * 4
                                               : ((size_t)p[1] + 1) * 8;
        if (length > n) {
            return NULL;
        }
        next = p[0];
        p += length;
        n -= length;
    }
    return NULL;
}

int bw_icmp_error_parse(const uint8_t *p, size_t n, int family, struct bw_icmp_error *ret)
{
    struct bw_icmp_error e = {.kind = BW_ICMP_ERROR_NONE};
    const uint8_t *inner;
    const uint8_t *transport;
    uint8_t protocol = 0;
    int r;
    if (n < BW_ICMP_HEADER) {
        return -EBADMSG;
    }
    e.kind = bw_icmp_error_kind(family, p[0], p[1]);
    if (e.kind == BW_ICMP_ERROR_NONE) {
        return -EBADMSG;
    }
    if (e.kind == BW_ICMP_ERROR_TOO_BIG) {
        e.mtu = family == 6 ? get32(p + 4) : get16(p + 6); /* RFC 1191 section 4 */
    }
    n = quote_bytes(p, n, family);
    inner = p + BW_ICMP_HEADER;
    transport =
        family == 6 ? skip6(inner, n, &protocol, &n) : skip4(inner, n, &protocol, &n);
    if (!transport) {
        return -EBADMSG;
    }
    if (family == 6) {
        (void)memcpy(e.source, inner + 8, 16);
        (void)memcpy(e.dest, inner + 24, 16);
    } else {
        (void)memcpy(e.source, inner + 12, 4);
        (void)memcpy(e.dest, inner + 16, 4);
    }
    r = bw_icmp_quote_parse(transport, n, protocol, &e.quote);
    if (r == 0) {
        *ret = e;
    }
    return r;
}
