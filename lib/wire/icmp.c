/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp.c - ICMP and ICMPv6 echo as bytes. Every read is behind a length check. */
#include "icmp.h"

#include <errno.h>
#include <string.h>

enum {
    V4_ECHO_REPLY = 0,
    V4_UNREACHABLE = 3,
    V4_ECHO_REQUEST = 8,
    V4_TIME_EXCEEDED = 11,
    V4_PARAMETER = 12,
    V4_FRAGMENTATION_NEEDED = 4, /* code of V4_UNREACHABLE */
    V6_UNREACHABLE = 1,
    V6_TIME_EXCEEDED = 3,
    V6_PARAMETER = 4,
    V6_ECHO_REQUEST = 128,
    V6_ECHO_REPLY = 129,
    IPPROTO_ICMP_NUMBER = 1
};

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void bw_icmp_stamp_write(uint8_t *buf, const struct bw_icmp_stamp *stamp)
{
    put32(buf, (uint32_t)(stamp->cookie >> 32));
    put32(buf + 4, (uint32_t)stamp->cookie);
    put32(buf + 8, stamp->number);
    put32(buf + 12, stamp->target);
}

static void get_stamp(const uint8_t *p, struct bw_icmp_stamp *ret)
{
    ret->cookie = (uint64_t)get32(p) << 32 | get32(p + 4);
    ret->number = get32(p + 8);
    ret->target = get32(p + 12);
}

bool bw_icmp_stamp_read(const uint8_t *p, size_t n, struct bw_icmp_stamp *ret)
{
    if (n < BW_ICMP_STAMP) {
        return false;
    }
    get_stamp(p, ret);
    return true;
}

void bw_icmp_head(uint8_t *buf, int family, uint16_t ident, uint16_t seq)
{
    buf[0] = family == 6 ? V6_ECHO_REQUEST : V4_ECHO_REQUEST;
    buf[1] = 0;
    put16(buf + 2, 0);
    put16(buf + 4, ident);
    put16(buf + 6, seq);
}

uint16_t bw_icmp_checksum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;
    size_t i;
    for (i = 0; i + 1 < n; i += 2) {
        sum += get16(p + i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if (i < n) {
        sum += (uint32_t)p[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

size_t bw_icmp_build(uint8_t *buf,
                     size_t cap,
                     int family,
                     uint16_t ident,
                     uint16_t seq,
                     const struct bw_icmp_stamp *stamp,
                     size_t payload)
{
    size_t n = BW_ICMP_HEADER + payload;
    if (payload < BW_ICMP_STAMP || payload > BW_ICMP_PAYLOAD_MAX || n > cap) {
        return 0;
    }
    bw_icmp_head(buf, family, ident, seq);
    bw_icmp_stamp_write(buf + BW_ICMP_HEADER, stamp);
    for (size_t i = BW_ICMP_HEADER + BW_ICMP_STAMP; i < n; i++) {
        buf[i] = (uint8_t)i;
    }
    if (family != 6) {
        put16(buf + 2, bw_icmp_checksum(buf, n));
    }
    return n;
}

bool bw_icmp_is_loss(int family, uint8_t type, uint8_t code)
{
    if (family == 6) {
        return type == V6_UNREACHABLE || type == V6_TIME_EXCEEDED || type == V6_PARAMETER;
    }
    return (type == V4_UNREACHABLE && code != V4_FRAGMENTATION_NEEDED) ||
           type == V4_TIME_EXCEEDED || type == V4_PARAMETER;
}

int bw_icmp_parse(const uint8_t *p, size_t n, int family, struct bw_icmp_msg *ret)
{
    struct bw_icmp_msg m = {.kind = BW_ICMP_OTHER};
    if (n < BW_ICMP_HEADER) {
        return -EBADMSG;
    }
    if (p[0] == (family == 6 ? V6_ECHO_REPLY : V4_ECHO_REPLY)) {
        m.kind = BW_ICMP_REPLY;
    } else if (p[0] == (family == 6 ? V6_ECHO_REQUEST : V4_ECHO_REQUEST)) {
        m.kind = BW_ICMP_REQUEST;
    } else if (bw_icmp_is_loss(family, p[0], p[1])) {
        m.kind = BW_ICMP_UNREACHABLE;
    }
    if (m.kind == BW_ICMP_REPLY || m.kind == BW_ICMP_REQUEST) {
        m.ident = get16(p + 4);
        m.seq = get16(p + 6);
        m.stamped = bw_icmp_stamp_read(p + BW_ICMP_HEADER, n - BW_ICMP_HEADER, &m.stamp);
    }
    *ret = m;
    return 0;
}

const uint8_t *bw_icmp_skip_ipv4(const uint8_t *p, size_t n, size_t *ret_n)
{
    size_t header;
    if (n < 20 || p[0] >> 4 != 4 || p[9] != IPPROTO_ICMP_NUMBER) {
        return NULL;
    }
    header = (size_t)(p[0] & 15) * 4;
    if (header < 20 || header > n) {
        return NULL;
    }
    *ret_n = n - header;
    return p + header;
}

bool bw_icmp_stamp_of_tail(const uint8_t *p,
                           size_t n,
                           size_t payload,
                           struct bw_icmp_stamp *ret)
{
    if (payload < BW_ICMP_STAMP || n < payload + BW_ICMP_HEADER) {
        return false;
    }
    get_stamp(p + n - payload, ret);
    return true;
}
