/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_private.h - the state of one icmp instance; for icmp.c (cadence and contract),
 * icmp_names.c (addresses) and icmp_answers.c (what became of each packet) only. */
#ifndef BW_ICMP_PRIVATE_H
#define BW_ICMP_PRIVATE_H

#include "icmp_socket.h"

#include <bw/probe.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
    ICMP_LATE_MS = 2000,    /* answers still count as late this long after the loss */
    ICMP_SAMPLES_MAX = 128, /* lent at a time */
    ICMP_EARLY_MAX = 64     /* answers that wait for the stamp of their packet */
};

#define ICMP_NS_PER_MS INT64_C(1000000)

enum slot_state {
    SLOT_FREE,
    SLOT_WAITING,
    SLOT_DONE,
    SLOT_LOST
};

struct slot {
    uint32_t number;
    uint32_t target;
    uint8_t state; /* enum slot_state */
    uint8_t family;
    int64_t sent_mono_ns;
    int64_t sent_unix_ns; /* the kernel's transmit stamp; unknown until it comes */
};

/* An answer that was read before its packet's transmit stamp. */
struct early {
    uint32_t number;
    int64_t received_unix_ns;
    int64_t now_ns;
};

struct lookup {
    uv_getaddrinfo_t req;
    struct bw_probe *probe; /* NULL: nobody waits any more */
    uint32_t target;
};

struct target {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } to;
    uint8_t family; /* 0: not known yet */
    bool is_name;
    struct lookup *lookup; /* under way; it owns itself */
    int64_t next_lookup_mono_ns;
};

struct bw_probe {
    struct bw_host *host;
    const struct bw_opts *opts;
    int64_t interval_ns;
    int64_t timeout_ns;
    uint64_t n_groups;
    uint32_t n_targets;
    struct target *targets;
    struct slot *ring;
    uint32_t ring_mask;
    uint32_t head; /* number of the oldest slot that may still wait */
    uint32_t next; /* number of the next packet */
    struct icmp_socket sockets[2];
    uv_poll_t polls[2];
    bool polling[2];
    uv_timer_t timer;
    bool timer_made;
    unsigned ifindex;
    int64_t next_ifindex_mono_ns;
    /* The plan: group k of the cadence is due at t0 + k * interval / n_groups. */
    bool planned;
    int64_t t0_mono_ns;
    uint64_t k;
    bool running;
    bool cancelled;
    int64_t round_end_mono_ns; /* INT64_MAX: until cancelled */
    int unstamped;             /* answers in a row whose packet had no transmit stamp */
    struct early early[ICMP_EARLY_MAX];
    uint32_t n_early;
    struct bw_latency_sample samples[ICMP_SAMPLES_MAX];
    uint32_t n_samples;
    int n_open; /* handles not closed yet */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static inline struct slot *icmp_slot(struct bw_probe *p, uint32_t number)
{
    return &p->ring[number & p->ring_mask];
}

/* icmp_names.c: an address as it is written, with a zone for link-local ones; false: it is
 * a name, which icmp_lookup() looks up off the loop's thread. */
bool icmp_literal(const char *text, struct target *t);
void icmp_lookup(struct bw_probe *p, uint32_t target);
/* Nobody waits for lookups under way any more. */
void icmp_lookups_forget(struct bw_probe *p);

/* icmp_answers.c: lend what was collected. */
void icmp_lend(struct bw_probe *p);
void icmp_give(struct bw_probe *p,
               uint32_t target,
               uint8_t family,
               enum bw_sample_state state,
               int error,
               int64_t sent_mono_ns,
               int64_t rtt_ns);
/* Read all that waits in socket i (0: IPv4, 1: IPv6). */
void icmp_drain(struct bw_probe *p, size_t i);
/* Pass over slots at the ring's head that are done; give those past their timeout. */
void icmp_advance(struct bw_probe *p);
void icmp_expire(struct bw_probe *p, int64_t now_ns);

#endif
