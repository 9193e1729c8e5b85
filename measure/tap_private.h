/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap_private.h - what the parts of a tap share: tap.c (rings and interface), tap_draw.c
 * (filters, and how much they let in), tap_pass.c (packets → sums → one interval's
 * figures), tap_fill.c (figures → struct bw_traffic). For these files only. */
#ifndef BW_TAP_PRIVATE_H
#define BW_TAP_PRIVATE_H

#include "tap.h"

#include <flows.h>
#include <hist.h>
#include <meter.h>
#include <mix.h>
#include <ring.h>

#define TAP_SECOND_NS INT64_C(1000000000)

enum {
    TAP_PIECES_MAX = 6, /* cut and not yet taken */
    TAP_SECONDS = 16,   /* of round trips, until it is known which were saturated */
    TAP_START_ONE_IN = 64,
    TAP_WAYS_TOLD = BW_DIRECTIONS,
    TAP_TABLES = 3 /* of shares: BW_MIX_BY_CLASS, _FAMILY, _BAND */
};

enum tap_pass_kind {
    TAP_PACKETS,
    TAP_FLOWS,
    TAP_PASSES
};

/* One table of shares, both ways. */
struct tap_table {
    struct bw_mix_share share[TAP_WAYS_TOLD][BW_MIX_SHARES_MAX];
    size_t n[TAP_WAYS_TOLD];
};

/* What flows told of one interval, without what is of too few. */
struct tap_flows {
    struct bw_flows_figures figures;
    struct bw_hist saturated;
    uint32_t one_in;
};

/* One interval, cut. */
struct tap_piece {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t covered_s;
    int64_t drops;
    enum bw_tap_state state; /* that kept it from covering all of it, the newest */
    bool paused;
    bool has[TAP_PASSES]; /* what it gives is below */
    struct tap_table table[TAP_TABLES];
    int64_t drawn;
    int64_t standing; /* … for so many */
    int64_t pathless; /* drawn, and gone neither up nor down … */
    int64_t strays;   /* … for neither end is inside */
    uint32_t one_in;
    int devices;      /* at least so many were seen at all; for telling anything */
    int64_t at_least; /* of devices that were active; BW_UNKNOWN: not counted */
    bool devices_full;
    bool merged; /* something small is told within something larger, or not at all */
    struct tap_flows flows; /* with has[TAP_FLOWS] */
};

/* One ring and what is counted of it. */
struct tap_pass {
    struct bw_tap *tap;
    enum tap_pass_kind kind;
    struct bw_ring *ring; /* NULL: not opened */
    struct bw_meter meter;
    uint32_t one_in;
    int64_t drawn;   /* since t->drawn_mono_ns … */
    int64_t weight;  /* … and for how many they stand */
    int64_t from_ns; /* stamps of the first and the last of them */
    int64_t to_ns;
    int64_t border_ns; /* the oldest cut that its packets have not reached */
    int64_t drops;     /* of the ring, as told to intervals */
    int64_t strays;    /* of the meter, the same */
};

struct tap_second {
    int64_t unix_s; /* unknown: empty */
    bool saturated;
    struct bw_hist wan;
    struct bw_crowd who;
};

struct bw_tap {
    uv_loop_t *loop;
    struct bw_tap_opts opts;
    struct tap_pass pass[TAP_PASSES];
    int fd;      /* for asking about interfaces */
    int ifindex; /* bound to; 0: to none */
    enum bw_packet_link link;
    bool has_mac; /* when they were bound; the way hangs on it, if opts.own says so */
    uint8_t mac[6];
    bool fresh;   /* the rate of the line is not known yet */
    bool jumped;  /* it rose far, and was counted in part only: look again, for more */
    bool filters; /* are in force */
    bool whole;   /* … and have been since the second began */
    bool paused;
    enum bw_tap_state state;
    char detail[200];
    int64_t since_unix_s;
    int64_t second_s;        /* the last; unknown: none */
    int64_t drawn_mono_ns;   /* how much is drawn is counted since then */
    int64_t changed_mono_ns; /* N was */
    int64_t keys_mono_ns;    /* the keys of flows were made */
    uint32_t flow_keys[BW_RING_KEYS];
    struct bw_tap_seen seen; /* of closed pieces */

    bool untold; /* of the last piece taken, nothing but that there was something */
    bool begun;
    struct tap_piece open;                    /* figures only at the cut */
    struct tap_piece *pieces[TAP_PIECES_MAX]; /* oldest first */
    size_t n_pieces;
    struct tap_second seconds[TAP_SECONDS];
    struct bw_hist saturated; /* of the open piece … */
    struct bw_crowd saturated_who;

    size_t closing; /* rings */
    void (*closed)(void *owner);
    void *closed_owner;
};

void tap_set_state(struct bw_tap *t, enum bw_tap_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Nothing is let in any more. */
void tap_hold(struct bw_tap *t);
/* From now on, with flows that nobody began to follow before. */
void tap_let_in(struct bw_tap *t);
/* How much was drawn of late: draw more or less where that must be. `second`: a second is
 * over; `look`: also where it is far less than is wanted. */
void tap_follow_rate(struct bw_tap *t, bool second, bool look);
/* At a border: of all the interval's packets. Not for a little, for each change costs the
 * packets of a tenth of a second; nor against what was just found of the last second. */
void tap_settle_rate(struct bw_tap *t, int64_t covered_s);
/* of a struct tap_pass: packets came faster than once a second. */
void tap_on_read(void *owner);
/* Is the ring of drawn packets to wake us, or is it read with the second? */
void tap_watch(struct bw_tap *t);

/* Meter and keys of one pass. -ENOMEM. */
int tap_pass_init(struct tap_pass *p);
void tap_pass_frame(void *owner, const struct bw_ring_frame *frame);
/* The pass has given all it has for the pieces that end up to border_ns. */
void tap_pass_close(struct tap_pass *p, int64_t border_ns);
/* Add what the open interval's packets weigh. */
void tap_pass_seen(const struct tap_pass *p, struct bw_tap_seen *sums);
/* Forget flows, under other keys: something was missed. */
void tap_pass_rekey(struct tap_pass *p);

/* Of the round trips of that second, which may yet be read. */
struct tap_second *tap_pass_second(struct bw_tap *t, int64_t unix_s);

int tap_fill(const struct bw_tap *t,
             const struct tap_piece *k,
             struct bw_summary *s,
             struct bw_traffic *ret);

#endif
