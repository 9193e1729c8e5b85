/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_error.h - ICMP and ICMPv6 error messages (RFC 792, RFC 4443) and the packets that
 * they quote. Pure; any thread.
 *
 * A quote is what a stranger says that we sent: nothing of it counts until it names a
 * packet that really left. It may be as short as 8 bytes behind its IP header (RFC 792),
 * and may be followed by extensions (RFC 4884), which are left out here. */
#ifndef BW_ICMP_ERROR_H
#define BW_ICMP_ERROR_H

#include "icmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_icmp_error_kind {
    BW_ICMP_ERROR_NONE,        /* no error, or one that says nothing about a path */
    BW_ICMP_ERROR_TTL,         /* time exceeded in transit: a hop shows itself */
    BW_ICMP_ERROR_PORT,        /* port unreachable: the packet arrived */
    BW_ICMP_ERROR_TOO_BIG,     /* it does not fit into what comes next */
    BW_ICMP_ERROR_UNREACHABLE, /* no route, no neighbour, a parameter */
    BW_ICMP_ERROR_PROHIBITED   /* somebody does not let it pass */
};

/* What was quoted behind the IP header; unknown members are 0. */
struct bw_icmp_quote {
    uint8_t protocol; /* 1, 17 or 58 */
    uint16_t source_port;
    uint16_t dest_port;
    uint16_t udp_bytes; /* length as its header says, 8 included */
    uint16_t ident;     /* of an echo request */
    uint16_t seq;
    bool stamped; /* enough of the payload was quoted for its stamp */
    struct bw_icmp_stamp stamp;
};

struct bw_icmp_error {
    enum bw_icmp_error_kind kind;
    uint32_t mtu;       /* TOO_BIG: what would fit; 0 when the router does not say */
    uint8_t source[16]; /* of the quoted packet, 4 or 16 bytes of network order */
    uint8_t dest[16];
    struct bw_icmp_quote quote;
};

enum bw_icmp_error_kind bw_icmp_error_kind(int family, uint8_t type, uint8_t code);

/* Read an error that begins with the ICMP header. 0, or -EBADMSG: not an error, too
 * short, or a quote that is no whole first fragment of an echo request or UDP. */
int bw_icmp_error_parse(const uint8_t *p, size_t n, int family, struct bw_icmp_error *ret);

/* Read a quote that begins with the header of `protocol`, as an error queue gives it. */
int bw_icmp_quote_parse(const uint8_t *p,
                        size_t n,
                        uint8_t protocol,
                        struct bw_icmp_quote *ret);

#endif
