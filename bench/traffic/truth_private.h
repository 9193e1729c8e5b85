/* SPDX-License-Identifier: GPL-3.0-or-later
 * truth_private.h - what truth.c counts and truth_write.c writes. */
#ifndef TG_TRUTH_PRIVATE_H
#define TG_TRUTH_PRIVATE_H

#include "truth.h"

enum {
    TG_FAMILIES = 3,      /* none, 4, 6 */
    TG_SIZES = 65536 + 64 /* no frame is as long */
};

struct tg_count {
    uint64_t packets;
    uint64_t bytes;
    uint64_t ip_bytes;
};

struct tg_segments {
    uint64_t packets[2][TG_SEENS]; /* 1: sent again */
    uint64_t bytes[2][TG_SEENS];
    uint64_t wire; /* before merging */
};

/* The LAN-side addresses of a window or of the whole. */
struct tg_devices {
    uint64_t macs;    /* that sent */
    uint64_t sent[2]; /* addresses that sent, v4 and v6 */
    uint64_t seen[2]; /* that sent or were sent to */
};

struct tg_window {
    struct tg_count mix[TG_CLASSES][TG_WAYS][TG_FAMILIES];
    struct tg_segments tcp[2]; /* TG_DOWN, TG_UP */
    uint64_t syns_again;
    struct tg_devices devices;
};

/* 1 + the last window in which it was seen, per way of being seen. */
struct tg_presence {
    uint64_t mac;
    uint64_t sent[2];
    uint64_t seen[2];
};

struct tg_samples {
    uint32_t *us;
    size_t n;
    size_t cap;
};

struct tg_truth {
    struct tg_truth_options o;
    struct tg_window total;
    struct tg_window *windows;
    struct tg_presence *presence;
    uint32_t (*frame_sizes)[TG_SIZES]; /* packets by way and bytes of the frame */
    uint32_t (*ip_sizes)[TG_SIZES];    /* and from the IP header on */
    struct tg_count fragments_first;
    struct tg_count fragments_later[TG_CLASSES]; /* by true class */
    struct tg_count tagged[3];                   /* by VLAN tags */
    struct tg_count merged;                      /* of more than one packet of the wire */
    uint64_t merged_wire;
    struct tg_samples rtt[TG_HALVES][TG_RTT_BYS];
    struct tg_flow_truth *flows;
    size_t n_flows;
    size_t cap_flows;
    uint64_t first_ns;
    uint64_t last_ns;
    bool any; /* packet yet: first_ns is known */
    int error;
};

#endif
