/* SPDX-License-Identifier: GPL-3.0-or-later
 * crowd.h - at least how many of the school's devices were in some traffic, so that nothing
 * is told of a few: what one pupil did is nobody's business.
 *
 * Of each inside end one bit of 64 is set, chosen by a keyed hash: the number of bits is
 * never more than the number of ends, and neither end nor hash can be had back from it.
 * Sums of traffic that are joined have the bits of both. Pure; any thread. */
#ifndef BW_CROWD_H
#define BW_CROWD_H

#include "inside.h"
#include "packet.h"
#include <stdint.h>

enum {
    BW_CROWD_LEAST = 5, /* fewer devices than these are never told of by the daemon */
    /* Addresses of IPv6 that one device uses at a time, and more (RFC 8981: its own, and
     * temporary ones of today and yesterday). */
    BW_CROWD_IPV6_EACH = 4,
    BW_CROWD_PACK_BITS = 15
};

struct bw_crowd {
    uint64_t mac; /* of frames: a router's is one, whoever is behind it */
    uint64_t ipv4;
    uint64_t ipv6;
};

/* One packet's inside end; of one that goes neither way, nobody. The key lives as long as
 * the interval. */
struct bw_crowd
bw_crowd_of(const uint8_t key[16], const struct bw_packet *p, enum bw_way way);
void bw_crowd_join(struct bw_crowd *c, const struct bw_crowd *more);
/* Who is in both: of different packets of a device no bit differs. */
struct bw_crowd bw_crowd_both(const struct bw_crowd *a, const struct bw_crowd *b);
/* One packet's, in BW_CROWD_PACK_BITS bits, and back. */
uint32_t bw_crowd_pack(const struct bw_crowd *one);
struct bw_crowd bw_crowd_unpack(uint32_t packed);
/* Devices, at least. */
int bw_crowd_devices(const struct bw_crowd *c);

#endif
