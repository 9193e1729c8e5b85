/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp_session.h - one STAMP session: what was sent under which number, and from the
 * reflector's own count on which way a packet was lost.
 *
 * A stateful reflector counts what it answers. Between two answers the packets it counted
 * and we did not hear of were lost on the way back, the others on the way there. A
 * stateless one repeats our number, and so does a stateful one that never missed a packet:
 * so number 1 of every session is never sent, and whoever counts is behind from then on.
 * Where a count does not fit what was sent (a restart, a packet doubled on the way),
 * nothing is said. Pure. */
#ifndef BW_STAMP_SESSION_H
#define BW_STAMP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stamp_fate {
    STAMP_NOT_SENT,
    STAMP_SENT, /* waits for its answer */
    STAMP_ANSWERED,
    STAMP_LOST
};

struct stamp_flight {
    uint32_t seq;
    uint32_t slot; /* the cadence's number */
    uint8_t fate;  /* enum stamp_fate */
    uint64_t t1;   /* as it went out */
    int64_t sent_mono_ns;
    int64_t clock_error_ns; /* of our clock then; unknown: not synchronised */
    const char *code;       /* an answer came that does not count: why; NULL none */
    /* Of the answer: */
    uint32_t count; /* the reflector's number */
    uint16_t error;
    uint64_t t2;
    uint64_t t3;
};

struct stamp_session {
    uint16_t ssid;
    uint32_t next; /* number of the next packet */
    struct stamp_flight *flights;
    uint32_t mask;
    uint32_t judged; /* everything before was judged */
    bool anchored;   /* `anchor` is the last answer that was judged */
    uint32_t anchor;
    uint32_t anchor_count;
    bool counts;  /* the reflector is known to count itself */
    bool unclear; /* since the anchor: something that cannot be judged */
};

/* For at least n_flights under way. 0, -ENOMEM. */
int stamp_session_init(struct stamp_session *s, uint32_t n_flights, uint16_t ssid);
void stamp_session_done(struct stamp_session *s);
/* The reflector is another one: nothing is known of its count. */
void stamp_session_restart(struct stamp_session *s);

/* The next packet; STAMP_NOT_SENT until the caller says otherwise. */
struct stamp_flight *stamp_session_next(struct stamp_session *s);
/* NULL: no packet of this session has this number and this instant. */
struct stamp_flight *stamp_session_find(struct stamp_session *s, uint32_t seq, uint64_t t1);
/* The newest packet that waits for its answer; NULL: none. */
struct stamp_flight *stamp_session_newest(struct stamp_session *s);

typedef void (*stamp_lost_cb)(void *owner, const struct stamp_flight *f, bool back);
/* Say of lost packets which way they were lost, as far as it is known now. A packet is
 * final when it was sent final_ns ago: no late answer counts any more. */
void stamp_session_judge(struct stamp_session *s,
                         int64_t now_mono_ns,
                         int64_t final_ns,
                         stamp_lost_cb cb,
                         void *owner);

#endif
