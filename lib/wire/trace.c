/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace.c - packets that keep their flow. */
#include "trace.h"

#include <string.h>

static void fill(uint8_t *buf, size_t from, size_t n)
{
    for (size_t i = from; i < n; i++) {
        buf[i] = (uint8_t)i;
    }
}

void bw_trace_echo(uint8_t *buf,
                   size_t n,
                   int family,
                   uint16_t ident,
                   uint16_t seq,
                   const struct bw_icmp_stamp *stamp)
{
    uint8_t varies[2 + BW_ICMP_STAMP];
    uint16_t balance;
    bw_icmp_head(buf, family, ident, seq);
    bw_icmp_stamp_write(buf + BW_ICMP_HEADER, stamp);
    (void)memcpy(varies, buf + 6, 2); /* the sequence number */
    (void)memcpy(varies + 2, buf + BW_ICMP_HEADER, BW_ICMP_STAMP);
    /* What varies and this word together sum to ffff, the zero of RFC 1071's sum that is
     * never written as 0000: the rest decides the checksum alone. */
    balance = bw_icmp_checksum(varies, sizeof(varies));
    buf[BW_ICMP_HEADER + BW_ICMP_STAMP] = (uint8_t)(balance >> 8);
    buf[BW_ICMP_HEADER + BW_ICMP_STAMP + 1] = (uint8_t)balance;
    fill(buf, BW_TRACE_ECHO_LEAST, n);
    if (family != 6) {
        uint16_t sum = bw_icmp_checksum(buf, n);
        buf[2] = (uint8_t)(sum >> 8);
        buf[3] = (uint8_t)sum;
    }
}

void bw_trace_udp(uint8_t *buf, size_t n, const struct bw_icmp_stamp *stamp)
{
    bw_icmp_stamp_write(buf, stamp);
    fill(buf, BW_ICMP_STAMP, n);
}
