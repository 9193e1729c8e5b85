/* SPDX-License-Identifier: GPL-3.0-or-later
 * truth.h - what was really sent, counted while it was made: by the generator's own
 * knowledge, never by reading its frames again.
 *
 * Packets and bytes stand by class, way and family, in total and by window. A later
 * fragment shows no ports: it counts as `other`, as it says of itself, and its true class
 * stands apart. A data segment is told by why it was sent (an original or a
 * retransmission) and by what the tap could see (new bytes, bytes that fill a hole, bytes
 * seen before); an original that fills a hole was overtaken. */
#ifndef TG_TRUTH_H
#define TG_TRUTH_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct tg_frame;
struct tg_truth;

enum tg_seen {
    TG_SEEN_NEW,
    TG_SEEN_FILL,
    TG_SEEN_AGAIN,
    TG_SEENS
};

/* The two halves of a round trip, as the tap cuts it. */
enum tg_half {
    TG_HALF_WAN,
    TG_HALF_LAN,
    TG_HALVES
};

/* How a round trip showed itself. */
enum tg_rtt_by {
    TG_RTT_HANDSHAKE,
    TG_RTT_STAMPED, /* an answer sent at once; with time stamps the first to each of them */
    TG_RTT_ASKED,   /* those of them that answer data, a SYN or a FIN */
    TG_RTT_PLAIN,   /* each, in a connection without them */
    TG_RTT_BYS
};

/* A connection, when its last packet is gone. */
struct tg_flow_truth {
    const struct tg_host *device;
    const struct tg_host *server;
    uint8_t family;
    uint16_t device_port;
    uint16_t server_port;
    enum tg_class class;
    bool timestamps;
    const char *end; /* "fin", "rst", "none": how it was left */
    uint64_t first_ns;
    uint64_t last_ns;
    uint64_t packets[2]; /* by TG_DOWN, TG_UP */
    uint64_t bytes[2];   /* of frames */
    uint64_t payload[2]; /* each byte once, as far as it passed the tap */
    uint64_t data_segments[2];
    uint64_t segments[2][2][TG_SEENS]; /* way, 1: sent again, seen */
    uint64_t syns;                     /* SYNs that passed the tap */
    uint64_t handshake_ns[TG_HALVES];  /* 0: none; of the first SYN and SYN-ACK */
    uint64_t min_ns[TG_HALVES];        /* the shortest answer sent at once; 0: none */
    uint64_t samples[TG_HALVES];
};

struct tg_truth_options {
    uint64_t start_unix_ns;
    uint64_t window_ns;
    uint64_t n_windows;
    uint32_t n_devices;
};

int tg_truth_new(const struct tg_truth_options *o, struct tg_truth **ret);
void tg_truth_free(struct tg_truth *t);

/* All times are since the start and never go back. */
void tg_truth_packet(struct tg_truth *t,
                     uint64_t at_ns,
                     const struct tg_packet *p,
                     const struct tg_frame *f);
/* A data segment (payload > 0); n_wire as merged. */
void tg_truth_segment(struct tg_truth *t,
                      uint64_t at_ns,
                      enum tg_way way,
                      bool again,
                      enum tg_seen seen,
                      uint32_t payload_bytes,
                      uint32_t n_wire);
void tg_truth_syn_again(struct tg_truth *t, uint64_t at_ns);
void tg_truth_rtt(struct tg_truth *t, enum tg_half half, enum tg_rtt_by by, uint64_t ns);
void tg_truth_flow(struct tg_truth *t, const struct tg_flow_truth *f);

/* Errors of memory stick and show here: 0 or -ENOMEM. */
int tg_truth_error(const struct tg_truth *t);

struct tg_truth_about {
    uint64_t seed;
    uint64_t duration_ns;
    const uint8_t *router_mac;
    const char *lan4;
    const char *lan6;
    uint32_t snap_bytes;
};
/* truth.json, and with flows_path one JSON line a connection. */
int tg_truth_write(struct tg_truth *t,
                   const struct tg_truth_about *about,
                   const char *path,
                   const char *flows_path,
                   struct bw_err *reterr);

const char *tg_class_name(enum tg_class c);
const char *tg_way_name(enum tg_way w);

#endif
