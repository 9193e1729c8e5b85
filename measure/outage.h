/* SPDX-License-Identifier: GPL-3.0-or-later
 * outage.h - when was a circuit out?
 *
 * An outage is at least BW_OUTAGE_MIN_MS in which every target of the circuit - two or
 * more, each independent of the others - is silent, or in which the carrier is down. It
 * starts when the first packet was sent that was lost after the last one that was
 * answered, and ends with the first answer. A late answer is an answer: a line that
 * delivers after three seconds is bad, but not out. A packet that could not be sent says
 * nothing; neither does a daemon that did not try, so a hole in the packets ends what can
 * be said - one longer than any watched target's pause, which a timer may stretch. With one
 * target only the carrier is watched, since a silent target is then no sign of a silent
 * line; a target that was silent for an hour in which another one answered is dead, and is
 * not one of the two. Nor is one whose resolver refuses its name ("dns-servfail"), until it
 * is asked again: it is neither silent nor an answer. */
#ifndef BW_OUTAGE_WATCH_H
#define BW_OUTAGE_WATCH_H

#include <bw/probe.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    BW_OUTAGE_MIN_MS = 10000,
    BW_OUTAGE_WATCHED_MS = 5000, /* a target that is asked less often is not watched */
    BW_OUTAGE_HOLE_MS = 7500,    /* no packet tried for this long: silence is not known */
    BW_OUTAGE_WAIT_MS = 10000,   /* and no loss is told for this long after it */
    BW_OUTAGE_DEAD_S = 3600,
    BW_OUTAGE_PENDING = 16 /* ended outages kept until they are taken */
};

enum bw_outage_why {
    BW_OUTAGE_SILENT,
    BW_OUTAGE_CARRIER
};

struct bw_outage_span {
    int64_t from_mono_ns;
    int64_t to_mono_ns; /* BW_UNKNOWN: not over */
    enum bw_outage_why why;
};

struct bw_outage_watch;

/* One a circuit. min_ms as above (settable for tests). NULL when out of memory. */
struct bw_outage_watch *bw_outage_new(uint32_t n_targets, int64_t min_ms);
void bw_outage_free(struct bw_outage_watch *w);

/* A sample of target [0, n_targets); samples of one target come in any order. */
void bw_outage_sample(struct bw_outage_watch *w,
                      uint32_t target,
                      const struct bw_latency_sample *s);

/* The carrier as read at this instant; an interface that is gone has none. */
void bw_outage_carrier(struct bw_outage_watch *w, int64_t mono_ns, bool up);

/* Is the circuit out now (for min_ms already)? *ret may be NULL. */
bool bw_outage_now(const struct bw_outage_watch *w,
                   int64_t now_mono_ns,
                   struct bw_outage_span *ret);

/* Take the oldest outage that is over; false when there is none. */
bool bw_outage_take(struct bw_outage_watch *w, struct bw_outage_span *ret);

#endif
