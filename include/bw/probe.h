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
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_host;
struct bw_probe;
struct uv_loop_s;

enum {
    BW_PROBE_ABI = 3
};

enum bw_probe_needs { /* bits; kept until open() */
    BW_NEED_RAW = 1,
    BW_NEED_PCAP = 2,
    BW_NEED_SCRATCH = 4 /* a throughput kind: files of at most 1 MB in its process */
};

enum bw_probe_class {
    BW_CLASS_LATENCY,   /* always on, tiny, runs inside the daemon's loop */
    BW_CLASS_THROUGHPUT /* heavy: one at a time, in a child process; has an option
                           `direction` of the words down, up, both */
};

enum bw_sample_state {
    BW_OK,
    BW_LOST,    /* no answer within the deadline */
    BW_LATE,    /* the answer to a packet already given as BW_LOST */
    BW_FAILED,  /* could not be tried: `error` says why; says nothing about the line */
    BW_SKIPPED, /* due, but not tried (suspended, overrun); a run: cancelled */
    /* Of a packet already given as BW_LOST: it is known by now where it was lost. */
    BW_LOST_OUT, /* on the way there */
    BW_LOST_BACK /* the answer, on the way back */
};

/* The parts of one exchange, each from the end of the one before. */
enum bw_phase {
    BW_PHASE_DNS,
    BW_PHASE_CONNECT,
    BW_PHASE_TLS,
    BW_PHASE_FIRST_BYTE, /* from the request to the answer's first byte */
    BW_PHASE_TRANSFER,   /* from there to its last */
    BW_PHASES
};

/* What some kinds know besides the round trip. bw_latency_detail_init() first. */
struct bw_latency_detail {
    const char *code; /* the answer in the protocol's own lower-case word: "noerror",
                         "refused", "200", "tls-expired"; NULL: none */
    int64_t out_ns;   /* one-way delays; unknown unless both clocks are synced */
    int64_t back_ns;  /* … */
    int64_t one_way_error_ns;    /* by how much either may be off, both clocks together */
    int64_t phase_ns[BW_PHASES]; /* unknown where there was none */
    int64_t cert_days;           /* whole days until the certificate ends, negative after */
};

/* One latency sample: one packet to one target, or one exchange with it. BW_OK: what was
 * asked for was answered, whatever the answer says. BW_LOST with a code: something
 * answered, but not with that; it counts as lost, and is no silence. A code "dns-…" is the
 * word of a resolver that has no address for the target: a loss, and neither silence nor
 * answer. */
struct bw_latency_sample {
    uint32_t target; /* index into the instance's targets */
    uint8_t family;  /* 4 or 6; 0 when unresolved */
    enum bw_sample_state state;
    int32_t error;                          /* -errno when BW_FAILED */
    int64_t sent_mono_ns;                   /* CLOCK_MONOTONIC of the send */
    int64_t rtt_ns;                         /* BW_UNKNOWN unless BW_OK or BW_LATE */
    const struct bw_latency_detail *detail; /* NULL: none */
};

enum {
    BW_PATH_HOPS_MAX = 40,
    BW_PATH_HASH_LEN = 12, /* characters */
    BW_PATH_KEY_LEN = 32,  /* bytes */
    BW_PATH_ADDRESS_MAX = 63
};

/* One hop of a path, by its TTL. */
struct bw_path_hop {
    uint8_t ttl;
    bool answered;
    uint8_t sent;
    uint8_t lost;
    int64_t rtt_ns;                        /* smallest; unknown: silent */
    char hash[BW_PATH_HASH_LEN + 1];       /* base64url of the first 9 bytes of
                                              HMAC-SHA-256(bw_host_path_key(), address bytes):
                                              shows change, names nobody; "" when silent */
    char name[BW_NAME_MAX + 1];            /* reverse name; "": none */
    char address[BW_PATH_ADDRESS_MAX + 1]; /* for a person's terminal; in no record */
};

/* One trace to one target. */
struct bw_path_sample {
    uint32_t target;
    uint8_t family;
    enum bw_sample_state state; /* BW_OK: traced as far as it goes; BW_FAILED, BW_SKIPPED */
    int32_t error;
    const char *reason; /* in words when not BW_OK; NULL else */
    const char *method; /* "udp", "icmp" */
    bool reached;       /* the target itself answered */
    int64_t at_mono_ns;
    int64_t mtu;      /* of the path; unknown: not found */
    const char *flag; /* "mtu-black-hole", …; NULL: none */
    const struct bw_path_hop *hops;
    uint32_t n_hops;
};

/* One end's view of a TCP transfer, from its TCP_INFO; unknown where it does not say. */
struct bw_tcp_end {
    int64_t rtt_us; /* smoothed, at the end */
    int64_t min_rtt_us;
    int64_t retransmit_ppm;     /* of the bytes it sent */
    int64_t app_limited_ppm;    /* of the window's time: its program had nothing to send */
    int64_t rwnd_limited_ppm;   /* … the receiver's window was shut */
    int64_t sndbuf_limited_ppm; /* … its own send buffer was full */
};

enum {
    BW_RUN_FLAGS_MAX = 4,
    BW_RECEIPT_MAX = 2048, /* bytes of a receipt */
    BW_TICKET_MAX = 4096,  /* bytes of a ticket: the collector's answer, as JSON */
    BW_SECRET_MAX = 256    /* … of a secret */
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
    int64_t t0_mono_ns;  /* measured window: after the warm-up … (a kind whose figure is
                            its best second gives that second) */
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
    const char *machine; /* what the far end calls itself, a token; NULL: it does not say */
    uint8_t grade;       /* enum bw_grade */
    uint8_t egress;      /* enum bw_egress */
    const char *receipt; /* the far end's proof: a signed receipt, an archive's id; NULL */
    const char *flags[BW_RUN_FLAGS_MAX]; /* words, NULL ends it: "server-busy", … */
    int64_t loss_ppm;                    /* datagrams lost in the window; unknown if none */
    int64_t delay_min_us; /* range of the delay over its minimum in the window */
    int64_t delay_max_us;
    struct bw_tcp_end near;
    struct bw_tcp_end far;
};

struct bw_probe_ops {
    uint32_t abi;     /* BW_PROBE_ABI; refused at start if it differs */
    const char *name; /* config keyword, [a-z0-9_], at most 15 bytes */
    uint32_t needs;   /* enum bw_probe_needs */
    enum bw_probe_class klass;
    const struct bw_optspec *opts; /* typed options, defaults, ranges; {0} ends it */
    /* Cross-option check. Pure: no I/O, no clock; also run by -t. */
    int (*check)(const struct bw_opts *opts, struct bw_err *reterr);
    /* Most payload bytes one run moves, for the budget. A latency kind: bytes of one packet
     * (one try) to one target over one family and its answer, headers included; 0: it does
     * not say. Pure. */
    int64_t (*cost_bytes)(const struct bw_opts *opts, int64_t line_bps);
    /* A latency kind: tries an interval at most, which is more than one for a target that
     * is measured over two families. NULL: one for each target. Pure. */
    int64_t (*ways)(const struct bw_opts *opts);
    /* Longest a run may take, for deadlines; NULL for latency kinds. Pure. */
    int64_t (*longest_ms)(const struct bw_opts *opts);
    /* Least mean gap between unattended runs that the other side asks for, and the sentence
     * that says who; 0: none. NULL: none ever. Pure. */
    int64_t (*least_every_ms)(const struct bw_opts *opts, const char **ret_why);
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

/* BW_PATH_KEY_LEN bytes that never leave the box: the same as long as it lives, so that
 * hashes of hops can be compared. Lives as long as the host. */
const uint8_t *bw_host_path_key(const struct bw_host *host);

/* The right to test at a server that asks for one, for this run; NULL: there is none. */
const char *bw_host_ticket(const struct bw_host *host);

/* From open() on: the first line of the file that the option with BW_OPT_SECRET_FILE names;
 * NULL: none is named. It goes into no log, sentence or sample. */
const char *bw_host_secret(const struct bw_host *host);

/* Everything unknown or absent. */
void bw_latency_detail_init(struct bw_latency_detail *d);
void bw_run_sample_init(struct bw_run_sample *s);

/* Lend samples (copied before return). Legal from a successful open() until close() is
 * called, between rounds too: a packet sent near a round's end is answered after it. */
void bw_host_latency(struct bw_host *host, const struct bw_latency_sample *s, uint32_t n);
void bw_host_run(struct bw_host *host, const struct bw_run_sample *s);
void bw_host_path(struct bw_host *host, const struct bw_path_sample *s);

/* End the round: 0, -ETIMEDOUT, -ECANCELED or -errno. */
void bw_host_done(struct bw_host *host, int status);

/* The table generated by CMake from the bw_add_probe() lines; NULL ends it. */
extern const struct bw_probe_ops *const bw_probe_table[];

#endif
