/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_flow.h - one direction of a test: where the server is, Setup, Test Activation, the
 * load with its feedback, the stop.
 *
 * ended() is called exactly once, later than start(), unless close() comes first. Whatever
 * a server does, the flow is over within udpst_flow_longest_ms(). */
#ifndef BW_UDPST_FLOW_H
#define BW_UDPST_FLOW_H

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_host;
struct bw_opts;
struct udpst_flow;

/* One second of the test, as its receiver counted it. Bytes are those of IP packets. */
struct udpst_second {
    int64_t t0_mono_ns;
    int64_t t1_mono_ns;
    int64_t ip_bytes;
    int64_t loss_ppm;
    int64_t delay_min_us; /* over the smallest of the test; BW_UNKNOWN */
    int64_t delay_max_us;
    int64_t rtt_us; /* mean of its samples; BW_UNKNOWN */
    int64_t busy_ppm;
    bool late;    /* we were too late with bursts, and left some out */
    bool capped;  /* max_rate was the limit, not the line */
    bool dropped; /* our own receive buffer was full */
};

/* What the flow amounts to so far. */
struct udpst_view {
    uint16_t version;
    uint8_t family;
    int64_t mtu;
    int64_t total_ip_bytes;
    int64_t rtt_min_us;
    bool have_best;
    struct udpst_second best;
    bool running;            /* between activation and stop; then: */
    struct udpst_second now; /* the second that is running; figures beside bytes unknown */
};

struct udpst_flow_plan {
    struct bw_host *host;
    const struct bw_opts *opts;
    enum bw_direction direction;
    /* A second is about to be full, and is: moments to read counters at, so that its ends
     * lie between two readings each that are close together. */
    void (*second)(void *owner);
    /* 0, or -errno and why in words (lent). */
    void (*ended)(void *owner, int error, const char *reason);
    void *owner;
};

/* 0: ended() follows. */
int udpst_flow_start(const struct udpst_flow_plan *plan,
                     struct udpst_flow **ret,
                     struct bw_err *reterr);
void udpst_flow_read(const struct udpst_flow *f, struct udpst_view *ret);
/* Say to the server that the test is over, where one runs; no ended(). */
void udpst_flow_give_up(struct udpst_flow *f);
/* closed(owner) follows, later; the flow is then gone. */
void udpst_flow_close(struct udpst_flow *f, void (*closed)(void *owner), void *owner);

/* Of one direction. Pure. */
int64_t udpst_flow_longest_ms(const struct bw_opts *opts);
/* From activation to the end at most. Pure. */
int64_t udpst_flow_load_ms(const struct bw_opts *opts);

#endif
