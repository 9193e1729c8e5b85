/* SPDX-License-Identifier: GPL-3.0-or-later
 * ring_filter.h - classic BPF that runs in the kernel on every packet of a line: which
 * packets are captured, and how many bytes of them. Pure; any thread.
 *
 * What a filter gives back is the number of bytes that are kept: the headers that a
 * measurement reads and nothing behind them, never more than BW_RING_SNAP. Of the VLAN
 * tags of a frame the kernel takes the outer one out before a filter sees it; one more is
 * stepped over. */
#ifndef BW_RING_FILTER_H
#define BW_RING_FILTER_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_RING_SNAP = 128, /* bytes of a packet that are ever captured */
    BW_RING_FILTER_MAX = 128,
    BW_RING_KEYS = 6,
    BW_RING_FLOWS_IN_MAX = 4096
};

struct bw_ring_insn { /* as struct sock_filter (man7 socket: SO_ATTACH_FILTER) */
    uint16_t code;
    uint8_t jt;
    uint8_t jf;
    uint32_t k;
};

struct bw_ring_filter {
    size_t n;
    struct bw_ring_insn insn[BW_RING_FILTER_MAX];
};

/* Nothing is captured. */
void bw_ring_filter_none(struct bw_ring_filter *f);

/* One packet in `one_in` (0 is taken for 1), by chance. */
void bw_ring_filter_random(struct bw_ring_filter *f,
                           enum bw_packet_link link,
                           uint32_t one_in);

/* All packets of one flow of TCP or UDP in `one_in`, a power of two up to
 * BW_RING_FLOWS_IN_MAX (others are rounded down): chosen by a hash of addresses and ports
 * that is the same both ways, under keys of chance. Fragments have no ports, or leave
 * their followers behind: none is captured. Nor is what stands behind extension headers of
 * IPv6. */
void bw_ring_filter_flows(struct bw_ring_filter *f,
                          enum bw_packet_link link,
                          uint32_t one_in,
                          const uint32_t keys[BW_RING_KEYS]);

/* Of BW_PACKET_LINK_ETHERNET and _IP only: a ring has no others. */
bool bw_ring_filter_reads(enum bw_packet_link link);

#endif
