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
    int64_t bytes; /* each BW_UNKNOWN where the source does not tell */
    int64_t packets;
    int64_t drops;
    int64_t errors;
};

struct bw_reading {
    int64_t mono_ns; /* CLOCK_MONOTONIC, midway of asking and answer */
    int64_t ifindex;
    bool carrier;
    int64_t link_bps; /* unknown where the port does not say (veth, tun) */
    int64_t mtu;
    struct bw_counter_dir dir[BW_DIRECTIONS]; /* down is towards the school */
};

struct bw_counter_ops {
    const char *name; /* "kernel" */
    enum bw_source source;
    enum bw_layer layer;
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
    void (*close)(struct bw_counter *c);
};

extern const struct bw_counter_ops bw_counter_kernel;

#endif
