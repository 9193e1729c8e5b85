/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame.c - the payload within a frame (RFC 791, RFC 8200, RFC 768). */
#include "frame.h"

enum {
    LINK_MAX = 64, /* longest link header we look for */
    IPV4_MIN = 20,
    IPV6_HEADER = 40,
    UDP_HEADER = 8,
    UDP = 17
};

static unsigned u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* How long the IP header of a whole, unfragmented UDP packet of n bytes is; 0: it is none.
 */
static size_t ip_header(const uint8_t *p, size_t n, int family)
{
    size_t header;
    if (family == 6) {
        return n >= IPV6_HEADER && p[0] >> 4 == 6 && p[6] == UDP &&
                       (size_t)IPV6_HEADER + u16(p + 4) == n
                   ? IPV6_HEADER
                   : 0;
    }
    if (n < IPV4_MIN || p[0] >> 4 != 4 || p[9] != UDP || u16(p + 2) != n ||
        (u16(p + 6) & 0x3fff) != 0) {
        return 0;
    }
    header = (size_t)(p[0] & 15) * 4;
    return header >= IPV4_MIN && header <= n ? header : 0;
}

const uint8_t *
bw_frame_udp(const uint8_t *frame, size_t n, int family, uint16_t src_port, size_t *ret_len)
{
    *ret_len = 0;
    for (size_t link = 0; link <= LINK_MAX && link < n; link++) {
        size_t left = n - link;
        size_t header = ip_header(frame + link, left, family);
        const uint8_t *udp = frame + link + header;
        if (header == 0 || left - header < UDP_HEADER || u16(udp) != src_port ||
            u16(udp + 4) != left - header) {
            continue;
        }
        *ret_len = left - header - UDP_HEADER;
        return udp + UDP_HEADER;
    }
    return NULL;
}
