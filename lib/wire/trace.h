/* SPDX-License-Identifier: GPL-3.0-or-later
 * trace.h - packets that look the same to whatever balances load along a path, and yet
 * can be told apart by what a router quotes of them. Pure; any thread.
 *
 * Balancers choose by addresses, protocol and the first four bytes behind the IP header,
 * or by ports. So an echo keeps its checksum whatever its number is (RFC 792; a word of
 * its payload takes up the difference), and UDP keeps its ports: its length is the number
 * there, since the 8 bytes that every router quotes hold nothing else that a translator
 * of addresses leaves as it was. */
#ifndef BW_TRACE_H
#define BW_TRACE_H

#include "icmp.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BW_TRACE_ECHO_LEAST = BW_ICMP_HEADER + BW_ICMP_STAMP + 2, /* bytes of a message */
    BW_TRACE_UDP_LEAST = BW_ICMP_STAMP,                       /* bytes of a payload */
    BW_TRACE_LENGTHS = 64 /* different lengths of small UDP packets */
};

/* An echo request of n bytes with its header, BW_TRACE_ECHO_LEAST at least, into buf[n];
 * its checksum is the same for every `seq` and `stamp` of this family, ident and n. For
 * family 6 the kernel writes it, and the same holds. */
void bw_trace_echo(uint8_t *buf,
                   size_t n,
                   int family,
                   uint16_t ident,
                   uint16_t seq,
                   const struct bw_icmp_stamp *stamp);

/* A UDP payload of n bytes, BW_TRACE_UDP_LEAST at least, into buf[n]. */
void bw_trace_udp(uint8_t *buf, size_t n, const struct bw_icmp_stamp *stamp);

/* The bytes of a small UDP payload with this number. */
static inline size_t bw_trace_udp_bytes(uint32_t number)
{
    return BW_TRACE_UDP_LEAST + number % BW_TRACE_LENGTHS;
}

#endif
