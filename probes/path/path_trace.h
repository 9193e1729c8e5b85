/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_trace.h - one trace as a pure machine: which packet next, what its answer means,
 * when it is over. No sockets, no clock; whoever drives it sends and keeps time.
 *
 * First the hops, one TTL after the other, a few packets each, until the target answers,
 * somebody says that there is no way on, or too many in a row are silent. Then the MTU:
 * packets that may not be cut, from the size of the own line downwards, one at a time.
 * Sizes that vanish without a word, again and again, are a black hole; its place is the
 * last hop that still answers to them. */
#ifndef BW_PATH_TRACE_H
#define BW_PATH_TRACE_H

#include "address.h"
#include "icmp_error.h"

#include <bw/probe.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PATH_PROBES_MAX = 5,
    PATH_BYTES_MAX = 65535, /* an IP packet's */
    PATH_TTL_FAR = 64       /* of packets that are to reach the target */
};

struct path_conf {
    int family;
    uint8_t probes;     /* packets a hop, 1 … PATH_PROBES_MAX */
    uint8_t max_hops;   /* 1 … BW_PATH_HOPS_MAX */
    uint8_t max_silent; /* hops in a row */
    bool mtu;
    uint32_t small_bytes; /* of the IP packets that look for hops */
    uint32_t hint_mtu;    /* of the trace before; 0: none */
};

/* One packet to be sent, and whose answer or silence is told later. */
struct path_ask {
    uint8_t ttl;
    bool sized;     /* for the MTU: `bytes` counts */
    bool patient;   /* routers answer one such packet a second: leave them that time */
    uint32_t bytes; /* of the IP packet */
    uint32_t step;  /* which question of the MTU this is an answer to */
};

enum path_answer_kind {
    PATH_HOP,     /* time exceeded */
    PATH_TARGET,  /* the target, or something in its name */
    PATH_END,     /* no way on from here */
    PATH_TOO_BIG, /* `mtu` would fit (0: it does not say) */
    PATH_ANSWER_KINDS
};

struct path_answer {
    enum path_answer_kind kind;
    union bw_address from;
    int64_t rtt_ns; /* BW_UNKNOWN: not to be counted */
    uint32_t mtu;
};

struct path_seen {
    uint8_t sent;
    uint8_t answered;
    enum path_answer_kind kind; /* of the last answer */
    union bw_address from[PATH_PROBES_MAX];
    int64_t rtt_ns; /* smallest */
};

enum path_phase {
    PATH_HOPS,
    PATH_MTU_TOP,    /* does the largest fit? */
    PATH_MTU_ROUTER, /* as above, asked of the last router: the target gave no word */
    PATH_MTU_SEARCH, /* between what fits and what does not */
    PATH_MTU_SURE,   /* again: what was lost, and what went through */
    PATH_MTU_PLACE,  /* behind which hop do they vanish? */
    PATH_OVER
};

struct path_trace {
    struct path_conf conf;
    enum path_phase phase;
    struct path_seen hops[BW_PATH_HOPS_MAX]; /* by TTL - 1 */
    uint8_t ttl;                             /* being asked */
    uint8_t waiting;                         /* packets without answer or silence yet */
    uint8_t silent;                          /* hops in a row */
    uint8_t last; /* TTL of the last hop that answered; 0: none */
    bool reached;
    /* the MTU */
    uint8_t judge; /* TTL of the packets; PATH_TTL_FAR: the target judges */
    uint8_t tries; /* of this size without a word */
    uint32_t step;
    uint32_t sends;
    uint32_t size;      /* being tried */
    uint32_t good;      /* went through */
    uint32_t bad;       /* did not; 0: not known */
    bool hinted;        /* the hint was tried */
    bool vanished;      /* a size was lost without a word … */
    uint32_t lost;      /* … this one, the last of them; 0: none */
    bool router_passed; /* the last router answers to this, the target does not */
    uint32_t router_bytes;
    uint8_t place;      /* TTL being asked for the place */
    uint8_t hole_after; /* TTL of the hop behind which it is; 0: not known */
    uint32_t mtu;       /* result; 0: not found */
};

void path_trace_start(struct path_trace *t, const struct path_conf *conf);

enum path_step {
    PATH_SEND, /* *ret is to be sent now; then path_trace_sent() */
    PATH_WAIT, /* for answers or silence of what was sent */
    PATH_DONE
};
enum path_step path_trace_next(struct path_trace *t, struct path_ask *ret);

void path_trace_sent(struct path_trace *t, const struct path_ask *a);
/* It was not sent, because it is larger than this machine's own line carries. */
void path_trace_too_big_here(struct path_trace *t, const struct path_ask *a, uint32_t mtu);
/* The answer to a packet, also after its silence was told (`late`). */
void path_trace_answer(struct path_trace *t,
                       const struct path_ask *a,
                       const struct path_answer *answer,
                       bool late);
void path_trace_silence(struct path_trace *t, const struct path_ask *a);

/* Whose address stands for a hop: `before` where it is among those that answered now (so
 * that routers that take turns are no change), else the first. NULL: silent. */
const union bw_address *path_seen_address(const struct path_seen *s,
                                          const union bw_address *before);

#endif
