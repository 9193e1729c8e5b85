/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap.h - what a circuit's line carries, from packets' headers: rings → meters → one
 * struct bw_traffic an interval.
 *
 * A tap draws packets at random for shares, and whole flows for round trips, repeats and
 * sizes. It is opened while there are rights and needs none after: an interface that goes,
 * comes back, is made anew or appears late is a state of the tap, never an end of it. What
 * it keeps of addresses are hashes under keys that live as long as an interval or an hour;
 * what it gives away are sums. Loop thread only. */
#ifndef BW_TAP_H
#define BW_TAP_H

#include "inside.h"

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;
struct bw_tap;

enum bw_tap_what {
    BW_TAP_OFF,
    BW_TAP_MIX,  /* shares */
    BW_TAP_FLOWS /* and flows */
};

/* How the interface's own MAC tells the way of a frame. */
enum bw_tap_own {
    BW_TAP_OWN_NOTHING, /* it does not: as `inside` says */
    BW_TAP_OWN_INNER,   /* on the line's side of a router: what it sends goes up */
    BW_TAP_OWN_OUTER    /* on the school's side: what it sends goes down */
};

enum {
    BW_TAP_INTERFACE_MAX = 15,
    BW_TAP_LEAST = 5,        /* devices, of which something may be told */
    BW_TAP_FLOWS_ONE_IN = 16 /* where nothing else is asked for */
};

struct bw_tap_opts {
    char circuit[BW_NAME_MAX + 1];
    enum bw_tap_what what;
    char interface[BW_TAP_INTERFACE_MAX + 1];
    bool promiscuous; /* a mirror's port: all that arrives */
    bool devices;     /* count those that were active, at least */
    int least;        /* devices; fewer of them are told of only within something larger */
    uint32_t flows_one_in;
    enum bw_tap_own own;
    struct bw_inside inside;
};

enum bw_tap_state {
    BW_TAP_STARTING, /* not looked yet */
    BW_TAP_RUNS,
    BW_TAP_PAUSED,         /* a test of ours has the line */
    BW_TAP_NO_RIGHTS,      /* no CAP_NET_RAW when it was opened */
    BW_TAP_INTERFACE_GONE, /* there is none of that name (any more, or yet) */
    BW_TAP_INTERFACE_DOWN,
    BW_TAP_REFUSED, /* it does not listen to all that passes */
    BW_TAP_FAILED
};

struct bw_tap_status {
    enum bw_tap_state state;
    char detail[200]; /* why, in words; "" when all is well */
    int64_t since_unix_s;
    uint32_t sampled_one_in;
    uint32_t flows_one_in; /* 0: none are drawn */
    bool untold;      /* in the last interval: packets, but of fewer devices than `least` */
    int64_t captured; /* since it was opened: packets drawn … */
    int64_t drops;    /* … and lost to a full ring */
};

/* Sums since the tap was opened, each drawn packet weighed: for ratios, no exact count. */
struct bw_tap_seen {
    int64_t packets[BW_WAYS];
    int64_t bytes[BW_WAYS]; /* Ethernet, without FCS */
    int64_t drawn;
};

/* The only call that needs CAP_NET_RAW; without it the tap is made, and says so. -ENOMEM.
 */
int bw_tap_new(uv_loop_t *loop,
               const struct bw_tap_opts *opts,
               struct bw_tap **ret,
               struct bw_err *reterr);

/* Other options for the same circuit, from bw_tap_begin() on; what was not taken is lost.
 */
void bw_tap_set(struct bw_tap *t, const struct bw_tap_opts *opts);
/* false: they need a ring that was not opened, and so a right. */
bool bw_tap_can(const struct bw_tap *t, const struct bw_tap_opts *opts);

/* The first interval begins; later ones at bw_tap_cut(). */
void bw_tap_begin(struct bw_tap *t, int64_t unix_s);
/* Once, after each whole second. `stepped`: the wall clock was set since the last. */
void bw_tap_second(struct bw_tap *t, int64_t unix_s, bool stepped);
/* The second that began then was one of the circuit's saturated_s. Within 8 s of it. */
void bw_tap_saturated(struct bw_tap *t, int64_t unix_s);
/* While a test of ours has the line: nothing is captured, and nothing counts as covered. */
void bw_tap_pause(struct bw_tap *t, bool pause);

/* The interval ends, after bw_tap_second() of its last second; the next one begins. */
void bw_tap_cut(struct bw_tap *t, int64_t end_unix_s, int64_t next_unix_s);
/* What the interval that began then has, in memory of `s`: 0; -ENOENT: nothing is known of
 * it; -ENOMEM. At least 2 s after the cut all of its packets have been read; before, what
 * is missing goes to the next interval. */
int bw_tap_take(struct bw_tap *t,
                int64_t start_unix_s,
                struct bw_summary *s,
                struct bw_traffic *ret);

enum bw_tap_state bw_tap_state(const struct bw_tap *t);
/* Adds up all sums: for people, not for each second. */
void bw_tap_status(struct bw_tap *t, struct bw_tap_status *ret);
void bw_tap_seen(const struct bw_tap *t, struct bw_tap_seen *ret);

/* The word of a record; "" where there is none to tell (running, paused, starting). */
const char *bw_tap_state_word(enum bw_tap_state state);

/* Close all handles, free, then cb(owner). NULL is fine for cb. */
void bw_tap_close(struct bw_tap *t, void (*cb)(void *owner), void *owner);

#endif
