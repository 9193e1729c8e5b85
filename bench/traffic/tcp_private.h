/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_private.h - a connection and its segments, shared by tcp.c (the two ends) and
 * tcp_way.c (between them, with the tap). Sequence numbers here count from 0 = the SYN. */
#ifndef TG_TCP_PRIVATE_H
#define TG_TCP_PRIVATE_H

#include "sim.h"
#include "tcp.h"
#include "truth.h"

enum {
    TG_RING = 128,  /* segments without an ACK */
    TG_RANGES = 16, /* pieces received out of order */
    TG_HOLES = 64,  /* that the tap has seen */
    TG_DEVICE = 0,
    TG_SERVER = 1
};

enum tg_tcp_event {
    TG_EV_RESEND_DEVICE,
    TG_EV_RESEND_SERVER,
    TG_EV_ACK_DEVICE,
    TG_EV_ACK_SERVER,
    TG_EV_SYN_AGAIN,
    TG_EV_NEXT,
    TG_EV_ANSWER,
    TG_EV_CLOSE,
    TG_EV_RESET,
    TG_EV_KEEPALIVE
};

struct tg_range {
    uint32_t from;
    uint32_t to;
};

struct tg_segment {
    uint32_t seq;
    uint32_t ack;
    uint32_t payload_bytes;
    uint32_t tsval;
    uint32_t tsecr;
    uint32_t n_sack;
    struct tg_range sack[3];
    uint32_t n_wire;
    uint8_t flags;
    uint8_t sender; /* TG_DEVICE or TG_SERVER */
    bool again;     /* a retransmission */
    bool keepalive;
    bool fresh;       /* the first at the tap with its time stamp */
    bool cause_fresh; /* what it answers brought such a one */
    bool asks;        /* the first with data, SYN or FIN under its time stamp */
    bool cause_asks;
    uint64_t tap_ns;   /* when it passed the tap */
    uint64_t cause_ns; /* when that passed the tap which it answers at once; 0: no such */
};

struct tg_sent {
    uint32_t seq;
    uint32_t payload_bytes;
    bool fin;
};

struct tg_end {
    /* as a sender */
    uint32_t una;
    uint32_t nxt;
    uint32_t end; /* how far the application has written */
    bool fin_wanted;
    bool fin_sent;
    struct tg_sent ring[TG_RING];
    uint32_t head;
    uint32_t n;
    uint32_t window; /* of congestion, in segments */
    uint32_t threshold;
    uint32_t dup_acks;
    uint32_t recover;
    bool recovering;
    bool timed_out;     /* into it */
    uint32_t timeouts;  /* in a row */
    uint64_t resend_ns; /* when the timer strikes; it looks again if that has moved */
    bool resend_armed;
    uint64_t free_ns; /* when the next segment may leave */
    uint64_t tap_ns;  /* the last of its segments at the tap, */
    uint64_t far_ns;  /* and at the other end: nothing overtakes unless told to */
    /* as a receiver */
    uint32_t got; /* everything before it */
    struct tg_range ahead[TG_RANGES];
    uint32_t n_ahead;
    uint32_t ts_recent;
    uint32_t acked; /* the last ACK sent */
    bool fresh;     /* since then something came with a time stamp not seen before */
    bool asked;     /* the same of what wants an answer */
    uint32_t owed;  /* segments without an ACK */
    uint64_t ack_ns;
    bool ack_armed;
    uint32_t fin_at; /* a FIN that came ahead; 0: none */
    uint32_t act_at; /* the application acts when this much has come; 0: never */
    bool dead;       /* reset */
};

/* What the tap has seen of one way: bytes up to `max`, but for holes. */
struct tg_cover {
    uint32_t max;
    struct tg_range hole[TG_HOLES];
    uint32_t n;
};

struct tg_flow {
    struct tg_flow *next; /* of those alive */
    struct tg_flow **at;
    struct tg_tcp_plan plan;
    struct tg_flow_truth truth;
    struct tg_end end[2];
    struct tg_cover cover[2]; /* by sender */
    uint32_t isn[2];
    uint32_t ts_base[2];
    uint32_t ts_seen[2]; /* the newest at the tap, by sender */
    uint32_t ts_asked[2];
    uint32_t events; /* that will fire; the last one ends it */
    uint64_t cause_ns;
    uint64_t syn_ns;     /* the first SYN at the tap */
    uint64_t syn_ack_ns; /* the first SYN-ACK */
    uint32_t syn_acks;
    bool established[2];
    bool merges;
    struct tg_segment *held; /* a down segment that may grow */
    uint32_t exchanges;      /* still to come */
    uint32_t pushes;
    uint32_t quick; /* ACKs the server gave at once */
    uint32_t syn_tries;
    uint32_t kept; /* keep-alives */
};

/* The way a segment of this sender goes past the tap. */
enum tg_way tg_flow_way(uint8_t sender);

/* Schedule for a flow: counted in flow->events. */
void tg_flow_at(struct tg_sim *s,
                struct tg_flow *f,
                uint64_t at_ns,
                tg_fire_cb fire,
                uint32_t what,
                void *arg);
/* To be called at the end of every event of a flow. */
void tg_flow_fired(struct tg_sim *s, struct tg_flow *f);

/* It is over: into the truth and back to the pool. */
void tg_flow_finish(struct tg_sim *s, struct tg_flow *f);

/* tcp_way.c: a segment leaves its sender at at_ns; it is owned from here on. */
void tg_way_send(struct tg_sim *s, struct tg_flow *f, struct tg_segment *g, uint64_t at_ns);

/* tcp.c: a segment has arrived; given back to the pool by the caller. */
void tg_end_receive(struct tg_sim *s, struct tg_flow *f, const struct tg_segment *g);
/* A segment of this end, made now: it carries the ACK of all there is. NULL: no memory. */
struct tg_segment *
tg_end_make(struct tg_sim *s, struct tg_flow *f, uint8_t me, uint8_t flags);
/* One without data, and as much data as may leave. */
void tg_end_send_bare(struct tg_sim *s, struct tg_flow *f, uint8_t me, uint8_t flags);
void tg_end_send_data(struct tg_sim *s, struct tg_flow *f, uint8_t me);
/* Every timer of the ends and of the talk; `what` is an enum tg_tcp_event. */
void tg_tcp_fire(struct tg_sim *s, void *owner, uint32_t what, void *arg);

/* tcp_talk.c: all that this end waited for has come; and the talk's own timers. */
void tg_talk_act(struct tg_sim *s, struct tg_flow *f, uint8_t me);
void tg_talk_fire(struct tg_sim *s, struct tg_flow *f, uint32_t what);

#endif
