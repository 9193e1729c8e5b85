/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_count.h - what a receiver of Load datagrams counts: order and loss by sequence
 * number, delay by two clocks, round trips, in spans. Pure: instants come in.
 *
 * Two spans run beside each other: the trial interval (from Status to Status) and the
 * sub-interval (one second). Delays are kept raw and told over the smallest raw delay of
 * the test, so that the offset between the two clocks falls out. */
#ifndef BW_UDPST_COUNT_H
#define BW_UDPST_COUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <udpst.h>

enum {
    UDPST_WINDOW = 4096 /* numbers back in which a duplicate is told from a late one */
};

struct udpst_span {
    int64_t t0_mono_ns;
    uint64_t datagrams;
    uint64_t bytes; /* UDP payload */
    int64_t lost;
    int64_t reordered;
    int64_t duplicated;
    int64_t delay_min_ns; /* raw: arrival less sending */
    int64_t delay_max_ns;
    int64_t delay_sum_ns; /* over the smallest known at that time */
    int64_t n_delays;
    int64_t rtt_min_ns;
    int64_t rtt_max_ns;
    int64_t rtt_sum_ns;
    int64_t n_rtts;
};

struct udpst_count {
    uint32_t newest; /* sequence number; 0: nothing came yet */
    uint64_t seen[UDPST_WINDOW / 64];
    int64_t delay_least_ns; /* of the test, raw; valid when have_delay */
    bool have_delay;
    bool delay_updated;    /* since the last Status */
    int64_t rtt_least_ns;  /* BW_UNKNOWN: none */
    int64_t rtt_newest_ns; /* since the last Status; BW_UNKNOWN */
    struct udpst_span trial;
    struct udpst_span second;
};

void udpst_count_init(struct udpst_count *c, int64_t now_mono_ns);
void udpst_span_init(struct udpst_span *s, int64_t t0_mono_ns);

/* A Load with this number and UDP payload arrived; received and sent by either end's wall
 * clock. */
void udpst_count_load(struct udpst_count *c,
                      uint32_t seq,
                      uint32_t payload,
                      int64_t received_unix_ns,
                      int64_t sent_unix_ns);
/* A round trip (never negative). */
void udpst_count_rtt(struct udpst_count *c, int64_t rtt_ns);

/* The span's figures as they go into a Status; t1 is the span's end. */
void udpst_count_saved(const struct udpst_count *c,
                       const struct udpst_span *s,
                       int64_t t1_mono_ns,
                       struct bw_udpst_subinterval *ret);
/* The trial's part of a Status; then the next trial begins at now. */
void udpst_count_trial(struct udpst_count *c,
                       int64_t now_mono_ns,
                       struct bw_udpst_status *ret);

int64_t udpst_loss_ppm(int64_t lost, uint64_t datagrams);

#endif
