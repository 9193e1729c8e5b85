/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3.h - what `iperf3 --json` says of a finished test, taken apart. Pure; any thread.
 *
 * The program exits with 0 whatever happened: a run is judged by `error` alone. Read
 * tolerantly: unknown members are passed over, what is absent, null or out of its range is
 * unknown, and only a report without the figures that make a rate is refused. */
#ifndef BW_IPERF3_H
#define BW_IPERF3_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_IPERF3_REPORT_MAX = 4 * 1024 * 1024 /* bytes of a report */
};

struct bw_iperf3_report {
    char error[200]; /* its own words, printable; "" when there is none */
    bool busy;       /* the error: the server is testing with somebody else */
    bool measured;   /* the figures from here on were there */
    bool udp;
    bool reverse;   /* the server sent */
    uint8_t family; /* 4, 6; 0: it does not say */
    int64_t streams;
    int64_t window_us;     /* without what was omitted … */
    int64_t bytes;         /* … and what the receiver took in it */
    int64_t total_bytes;   /* our end's count of all, what was omitted included */
    int64_t omitted_bytes; /* … of it before the window; a second may be missing in both */
    int64_t cwnd_bytes;    /* TCP, ours the sender: the largest seen, sum of the streams */
    int64_t sent_bytes;    /* within the window, by the sender … */
    int64_t sent_us;       /* … in so long */
    int64_t packets;       /* UDP: that were sent, and of those … */
    int64_t lost;          /* … that did not arrive */
    int64_t block_bytes;   /* one write, or one datagram's payload */
    int64_t mss;
    int64_t pmtu;        /* as our sending socket knew it */
    int64_t retransmits; /* segments, by the sender */
    int64_t rtt_us;      /* TCP: mean over the test, by our sender; mean of the streams */
    int64_t min_rtt_us;
    int64_t here_busy_ppm;  /* share of one core */
    int64_t there_busy_ppm; /* … at the far end */
    char cc[16];            /* the sender's congestion control; "" unknown */
};

/* -BW_EMALFORMED with the sentence when it is no report, or one without error and without
 * figures. */
int bw_iperf3_read(const char *json,
                   size_t n,
                   struct bw_iperf3_report *ret,
                   struct bw_err *reterr);

/* The most that can have come in the receiver's window when we sent: our own rate within
 * our window for as long, 2 % more, and what the warm-up may have left to drain: for TCP
 * two congestion windows, which is what a kernel keeps of a connection, and what a late
 * reader finds. BW_UNKNOWN: our end told no bytes. */
int64_t bw_iperf3_received_most(const struct bw_iperf3_report *r);

#endif
