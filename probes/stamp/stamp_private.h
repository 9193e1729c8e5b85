/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp_private.h - the state of one stamp instance; for stamp.c (contract, sending) and
 * stamp_answers.c (reading) only. */
#ifndef BW_STAMP_PRIVATE_H
#define BW_STAMP_PRIVATE_H

#include "stamp_session.h"

#include <bw/probe.h>
#include <cadence.h>
#include <clock.h>
#include <stamp.h>
#include <stdbool.h>
#include <stdint.h>
#include <udp.h>
#include <uv.h>

enum {
    /* Answers still count as late this long after the loss; a second less than icmp's,
     * because a loss has its direction only then, and its record is closed 5 s after its
     * interval. */
    STAMP_LATE_MS = 1000
};

/* What went out for one of the cadence's slots. */
struct stamp_sent {
    uint32_t seq;        /* its session's number */
    union bw_address to; /* a name may have another address by the time of the answer */
};

struct bw_probe {
    struct bw_cadence cadence;
    struct stamp_session *sessions; /* one for each of the cadence's targets */
    union bw_address *reflectors;   /* of each, where the newest packet went to */
    struct stamp_sent *sent;        /* by place of the slot */
    struct bw_udp sockets[2];       /* IPv4, IPv6 */
    uv_poll_t polls[2];
    bool polling[2];
    size_t size;     /* bytes of a packet */
    uint8_t *frames; /* of one group */
    bool with_key;
    struct bw_stamp_key key;
    struct bw_clock_state clock; /* read once a second */
    int64_t next_clock_mono_ns;
    struct bw_latency_detail detail; /* of the sample that is being given */
    int n_open; /* handles and the cadence, as far as they are not closed yet */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* stamp_answers.c */
void stamp_drain(struct bw_probe *p, size_t i);
void stamp_judge_losses(struct bw_probe *p);
/* Of the cadence's operations. */
int64_t stamp_judge(void *owner,
                    const struct bw_slot *s,
                    int64_t received_unix_ns,
                    int64_t rtt_ns,
                    const struct bw_latency_detail **ret_detail);
const struct bw_latency_detail *stamp_expiring(void *owner, struct bw_slot *s);

static inline const struct bw_stamp_key *stamp_key(const struct bw_probe *p)
{
    return p->with_key ? &p->key : NULL;
}

/* The flight of a slot. */
static inline struct stamp_flight *stamp_flight_of(struct bw_probe *p,
                                                   const struct bw_slot *s)
{
    struct stamp_session *session = &p->sessions[s->target];
    return &session->flights[p->sent[bw_cadence_place(&p->cadence, s)].seq & session->mask];
}

#endif
