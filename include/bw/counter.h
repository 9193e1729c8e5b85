/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter.h - the contract of a source of interface counters (kernel, SNMP, mirror).
 *
 * A reading is what the source said at one instant; rates are made by whoever holds two
 * of them, over the measured monotonic time between them, never the nominal one. */
#ifndef BW_COUNTER_H
#define BW_COUNTER_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_counter;

struct bw_counter_dir {
    int64_t bytes; /* each BW_UNKNOWN where the source does not tell; at the layer said */
    int64_t packets;
    int64_t drops;
    int64_t errors;
    /* What the counter counts of a frame, less the Ethernet frame without FCS; where that
     * is not what the layer has, it has been made up for in `bytes`, by packets. */
    bool offset_known;
    int64_t offset_bytes;
};

struct bw_reading {
    int64_t mono_ns;  /* CLOCK_MONOTONIC, midway of asking and answer */
    int64_t slack_ns; /* the counts may be older by this, where a cache answered; 0: not */
    int64_t age_ns;   /* … and are believed to be older by this; at most that */
    int64_t ifindex;
    enum bw_layer layer; /* unknown: nobody can tell */
    bool carrier;
    int64_t link_bps; /* unknown where the port does not say (veth, tun) */
    int64_t mtu;
    struct bw_counter_dir dir[BW_DIRECTIONS]; /* down is towards the school */
};

/* What is behind the name of an interface. */
struct bw_counter_link {
    char kind[16];        /* "vlan", "bond", "bridge", "ppp" …; "": a port */
    char lower[16];       /* the interface it stands on; "": none that can be seen */
    int64_t vlan;         /* its number, or unknown */
    char leg_of_kind[16]; /* it is a leg of a bond or team, or the port of a bridge … */
    char leg_of[16];      /* … of this name; "": of none */
    bool measurable;      /* what it counts of a frame is its driver's choice */
};

/* Counts as the source has them, nothing made up for. */
struct bw_counter_raw {
    int64_t ifindex;
    int64_t rx_bytes;
    int64_t rx_packets;
    int64_t tx_bytes;
    int64_t tx_packets;
};

struct bw_counter_ops {
    const char *name; /* "kernel" */
    enum bw_source source;
    int64_t resolution_ms;
    /* Open for one interface. `towards_school_is_tx`: true where the interface is on the
     * school's side (bytes sent are "down"), false on the line's side (bytes received
     * are "down"). Fails with -ENODEV when there is no such interface now; the caller
     * tries again at the next second. */
    int (*open)(const char *interface,
                bool towards_school_is_tx,
                struct bw_counter **ret,
                struct bw_err *reterr);
    /* Read now; never blocks longer than a system call. -ENODEV: gone (or re-created
     * under another ifindex: close and open again). */
    int (*read)(struct bw_counter *c, struct bw_reading *ret);
    /* The counts alone, between two readings: the port is told as by the last one. */
    int (*peek)(struct bw_counter *c, struct bw_reading *ret);
    /* As of the last reading; lent until the next. */
    const struct bw_counter_link *(*link)(const struct bw_counter *c);
    /* For who measures what the counters count of a frame, where `measurable` says so. */
    int (*raw)(struct bw_counter *c, struct bw_counter_raw *ret);
    void (*set_offset)(struct bw_counter *c, bool sent, int64_t offset_bytes);
    void (*close)(struct bw_counter *c);
};

extern const struct bw_counter_ops bw_counter_kernel;

#endif
