/* SPDX-License-Identifier: GPL-3.0-or-later
 * way.h - where on a circuit's way the trouble is: from the school to its hub, from there
 * to the Internet, from there to the state's network (docs/room.md). Pure, any thread.
 *
 * A quick look at the newest records, no report's figure. Nothing is guessed: a leg is bad
 * only where something nearer answers and something on its far side does not, and the words
 * say which; where no target stands it is not known. */
#ifndef BW_WAY_H
#define BW_WAY_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands along the way, from the box on. A leg has the number of the place that it
 * leads to. */
enum bw_way_place {
    BW_WAY_EDGE,     /* the school's own edge: what lies before it is the school's */
    BW_WAY_HUB,      /* right behind the line: the hub, or the provider's edge */
    BW_WAY_INTERNET, /* anything that is not named otherwise */
    BW_WAY_STATE,    /* the state's network */
    BW_WAY_PLACES
};

enum bw_way_state {
    BW_WAY_UNKNOWN, /* nothing says how this leg is */
    BW_WAY_GOOD,
    BW_WAY_PART, /* one of several targets there is silent: it, or the way to it alone */
    BW_WAY_SLOW, /* round trips rose on this leg */
    BW_WAY_LOSS, /* packets are lost on this leg */
    BW_WAY_OUT   /* nothing comes through */
};

enum bw_way_hub {
    BW_WAY_HUB_NONE, /* none is on file */
    BW_WAY_HUB_UNKNOWN,
    BW_WAY_HUB_FINE, /* its own newest record tells of no outage */
    BW_WAY_HUB_SILENT,
    BW_WAY_HUB_OUT /* its own records: its line is out */
};

/* Packets to one target: in the newest minutes, and in the day before these. */
struct bw_way_target {
    char name[BW_NAME_MAX + 1];
    enum bw_way_place place;
    int64_t sent; /* 0: not asked */
    int64_t lost;
    int64_t rtt_us; /* median of the intervals' medians; unknown: nothing came back */
    int64_t before_sent;
    int64_t before_lost;
    int64_t before_rtt_us;
};

struct bw_way_facts {
    bool silent;  /* the box is: no record since three intervals */
    bool carrier; /* its newest record: its own port has no carrier */
    enum bw_way_hub hub;
    char hub_name[128];
    const struct bw_way_target *targets;
    size_t n_targets;
};

enum {
    BW_WAY_WORDS = 400
};

struct bw_way_leg {
    enum bw_way_state state;
    char words[BW_WAY_WORDS]; /* why it is thought so */
};

struct bw_way {
    struct bw_way_leg legs[BW_WAY_PLACES];
    bool any;                 /* some leg is known */
    int worst;                /* the leg of the trouble; -1: none is seen */
    char words[BW_WAY_WORDS]; /* one sentence for all */
};

void bw_way_find(const struct bw_way_facts *f, struct bw_way *ret);

/* Where a target stands, by its name: edge…, gateway…, router…, firewall…, lan…; hub…,
 * provider…, isp…; state…; all others are somewhere in the Internet. */
enum bw_way_place bw_way_place_of(const char *target);
/* "the state's network"; "out". Static. */
const char *bw_way_place_words(enum bw_way_place p);
const char *bw_way_state_words(enum bw_way_state s);

/* One hop of the newest trace, and the lowest round trip of the same hop (the same mark at
 * the same place) in the traces of the day before it. */
struct bw_way_hop {
    int64_t ttl;
    int64_t rtt_us;        /* unknown: silent */
    int64_t before_rtt_us; /* unknown: another hop, or never seen */
};

/* The first hop from which on round trips rose and stayed so up to the end of the trace;
 * unknown: none, or too little is known. Hops by ttl. */
int64_t bw_way_rise(const struct bw_way_hop *hops, size_t n);

#endif
