/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp_session.c - one STAMP session. Packets are judged in the order they were sent, each
 * once, and only when nothing can change what became of them. */
#include "stamp_session.h"

#include <errno.h>
#include <stdlib.h>

enum {
    FLIGHTS_MIN = 256, /* an outage of so many packets can still be judged */
    NEVER_SENT = 1     /* see stamp_session.h */
};

int stamp_session_init(struct stamp_session *s, uint32_t n_flights, uint16_t ssid)
{
    uint32_t size = FLIGHTS_MIN;
    while (size < n_flights) {
        size *= 2;
    }
    *s = (struct stamp_session){.ssid = ssid, .mask = size - 1};
    s->flights = calloc(size, sizeof(*s->flights));
    return s->flights ? 0 : -ENOMEM;
}

void stamp_session_done(struct stamp_session *s)
{
    free(s->flights);
    s->flights = NULL;
}

void stamp_session_restart(struct stamp_session *s)
{
    s->anchored = false;
    s->counts = false;
}

static struct stamp_flight *flight(struct stamp_session *s, uint32_t seq)
{
    return &s->flights[seq & s->mask];
}

static struct stamp_flight *take(struct stamp_session *s)
{
    struct stamp_flight *f = flight(s, s->next);
    if (s->next - s->judged > s->mask) { /* nobody judged it in time */
        s->judged = s->next - s->mask;
        s->unclear = true;
    }
    *f = (struct stamp_flight){.seq = s->next++, .fate = STAMP_NOT_SENT};
    return f;
}

struct stamp_flight *stamp_session_next(struct stamp_session *s)
{
    if (s->next == NEVER_SENT) {
        (void)take(s);
    }
    return take(s);
}

struct stamp_flight *stamp_session_find(struct stamp_session *s, uint32_t seq, uint64_t t1)
{
    struct stamp_flight *f = flight(s, seq);
    return s->next - seq - 1 <= s->mask && f->seq == seq && f->t1 == t1 &&
                   f->fate != STAMP_NOT_SENT
               ? f
               : NULL;
}

struct stamp_flight *stamp_session_newest(struct stamp_session *s)
{
    for (uint32_t seq = s->next; seq != s->judged;) {
        struct stamp_flight *f = flight(s, --seq);
        if (f->fate == STAMP_SENT) {
            return f;
        }
    }
    return NULL;
}

/* The packets between the anchor and the answer at `to`. */
static void judge_gap(struct stamp_session *s,
                      const struct stamp_flight *to,
                      stamp_lost_cb cb,
                      void *owner)
{
    uint32_t counted = to->count - s->anchor_count - 1; /* and not heard of */
    uint32_t lost = 0;
    if (to->seq - s->anchor > s->mask) {
        return;
    }
    for (uint32_t seq = s->anchor + 1; seq != to->seq; seq++) {
        lost += flight(s, seq)->fate == STAMP_LOST ? 1 : 0;
    }
    if (counted > lost) { /* cannot be: it began anew, or counted something twice */
        s->counts = to->count != to->seq;
        return;
    }
    for (uint32_t seq = s->anchor + 1; lost > 0 && seq != to->seq; seq++) {
        const struct stamp_flight *f = flight(s, seq);
        if (f->fate == STAMP_LOST) {
            cb(owner, f, counted > 0);
            counted -= counted > 0 ? 1 : 0;
        }
    }
}

void stamp_session_judge(struct stamp_session *s,
                         int64_t now_mono_ns,
                         int64_t final_ns,
                         stamp_lost_cb cb,
                         void *owner)
{
    while (s->judged != s->next) {
        struct stamp_flight *f = flight(s, s->judged);
        if (f->fate == STAMP_SENT ||
            (f->fate == STAMP_LOST && now_mono_ns - f->sent_mono_ns < final_ns)) {
            return;
        }
        if (f->fate == STAMP_LOST && f->code) {
            s->unclear = true; /* its answer came, whatever that was */
        }
        if (f->fate == STAMP_ANSWERED) {
            s->counts = s->counts || f->count != f->seq;
            if (s->anchored && s->counts && !s->unclear) {
                judge_gap(s, f, cb, owner);
            }
            s->anchored = true;
            s->anchor = f->seq;
            s->anchor_count = f->count;
            s->unclear = false;
        }
        s->judged++;
    }
}
