/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe.h - the whole contract between whoever runs probes (the daemon, the child of a
 * throughput run, the command line) and one kind of probe.
 *
 * The host owns schedule, budget, back-off, log and storage; the probe owns bytes. All
 * calls are made on the loop's thread. "No answer" is a first-class result: a lost
 * packet is a sample with state BW_LOST, never a missing one and never a value of 0. */
#ifndef BW_PROBE_H
#define BW_PROBE_H

#include <bw/opts.h>
#include <bw/units.h>
#include <stdint.h>

struct bw_err;
struct bw_host;
struct bw_probe;
struct uv_loop_s;

enum {
    BW_PROBE_ABI = 1
};

enum bw_probe_needs { /* bits; kept until open() */
    BW_NEED_RAW = 1,
    BW_NEED_PCAP = 2
};

enum bw_probe_class {
    BW_CLASS_LATENCY,   /* always on, tiny, runs inside the daemon's loop */
    BW_CLASS_THROUGHPUT /* heavy: one at a time, in a child process; has an option
                           `direction` of the words down, up, both */
};

enum bw_sample_state {
    BW_OK,
    BW_LOST,   /* no answer within the deadline */
    BW_LATE,   /* the answer to a packet already given as BW_LOST */
    BW_FAILED, /* could not be tried: `error` says why; says nothing about the line */
    BW_SKIPPED /* due, but not tried (suspended, overrun); a run: cancelled */
};

/* One latency sample: one packet to one target. */
struct bw_latency_sample {
    uint32_t target; /* index into the instance's targets */
    uint8_t family;  /* 4 or 6; 0 when unresolved */
    enum bw_sample_state state;
    int32_t error;        /* -errno when BW_FAILED */
    int64_t sent_mono_ns; /* CLOCK_MONOTONIC of the send */
    int64_t rtt_ns;       /* BW_UNKNOWN unless BW_OK or BW_LATE */
};

/* The state of a throughput run, lent while it runs (about four times a second, `final`
 * 0) and once at its end (`final` 1) per direction. Bytes are payload. Instants are
 * CLOCK_MONOTONIC, which parent and child share. */
struct bw_run_sample {
    uint32_t target;
    uint8_t direction; /* enum bw_direction */
    uint8_t family;    /* 4, 6 or 0 */
    uint8_t final;
    enum bw_sample_state state;
    int32_t error;
    const char *reason;  /* in words when not BW_OK; NULL else */
    const char *method;  /* "http/1", "ndt7/wss", … */
    int64_t t0_mono_ns;  /* measured window: after the warm-up … */
    int64_t t1_mono_ns;  /* … to the end (or now) */
    int64_t bytes;       /* payload within the window */
    int64_t wire_bytes;  /* estimate of the same with headers at IP; unknown if none */
    int64_t total_bytes; /* payload of the whole run, warm-up included */
    int64_t streams;
    int64_t mtu;
    int64_t rtt_us;          /* of TCP_INFO, smoothed; unknown if none */
    int64_t retransmit_ppm;  /* segments sent again per million; unknown if none */
    int64_t tester_busy_ppm; /* share of one core this process used in the window */
    char cc[16];
};

struct bw_probe_ops {
    uint32_t abi;     /* BW_PROBE_ABI; refused at start if it differs */
    const char *name; /* config keyword, [a-z0-9_], at most 15 bytes */
    uint32_t needs;   /* enum bw_probe_needs */
    enum bw_probe_class klass;
    const struct bw_optspec *opts; /* typed options, defaults, ranges; {0} ends it */
    /* Cross-option check. Pure: no I/O, no clock; also run by -t. */
    int (*check)(const struct bw_opts *opts, struct bw_err *reterr);
    /* Most payload bytes one run moves, for the budget; 0 for tiny probes. Pure. */
    int64_t (*cost_bytes)(const struct bw_opts *opts, int64_t line_bps);
    /* Longest a run may take, for deadlines; NULL for latency kinds. Pure. */
    int64_t (*longest_ms)(const struct bw_opts *opts);
    /* Allocate, no I/O. On success *ret lives until close(). */
    int (*create)(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret);
    /* Open sockets and captures; last call that holds rights. May be NULL. */
    int (*open)(struct bw_probe *p, struct bw_err *reterr);
    /* Start a round, never block. 0: exactly one bw_host_done() follows, later, on
     * the loop thread; <0: none follows. A throughput kind is over within budget_ms; a
     * latency kind sends at its own cadence for budget_ms (0: until cancel()) and lends
     * what is answered later between rounds. */
    int (*run)(struct bw_probe *p, uint32_t budget_ms);
    void (*cancel)(struct bw_probe *p); /* idempotent; done(-ECANCELED) still follows */
    /* Close every handle, free p, then cb(owner). Legal after any failure. */
    void (*close)(struct bw_probe *p, void (*cb)(void *owner), void *owner);
};

/* The loop the probe lives on. */
struct uv_loop_s *bw_host_loop(struct bw_host *host);

/* Lend samples (copied before return). Legal from a successful open() until close() is
 * called, between rounds too: a packet sent near a round's end is answered after it. */
void bw_host_latency(struct bw_host *host, const struct bw_latency_sample *s, uint32_t n);
void bw_host_run(struct bw_host *host, const struct bw_run_sample *s);

/* End the round: 0, -ETIMEDOUT, -ECANCELED or -errno. */
void bw_host_done(struct bw_host *host, int status);

/* The table generated by CMake from the bw_add_probe() lines; NULL ends it. */
extern const struct bw_probe_ops *const bw_probe_table[];

#endif
