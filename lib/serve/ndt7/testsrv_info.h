/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_info.h - the kernel's own figures of a connection; a header of its own, since
 * <linux/tcp.h> and what <uv.h> includes do not go together. */
#ifndef BW_TESTSRV_INFO_H
#define BW_TESTSRV_INFO_H

#include <stdbool.h>
#include <stdint.h>

struct bw_ndt7_measurement;

/* What TCP_INFO told of one connection, or of several added up. */
struct tcp_sums {
    char cc[16];
    int64_t n;
    int64_t mss;
    int64_t rtt_us;     /* sum */
    int64_t min_rtt_us; /* 0: none yet */
    int64_t sent_bytes;
    int64_t retrans_bytes;
    int64_t acked_bytes;
    int64_t received_bytes;
    int64_t busy_us;
    int64_t rwnd_us;
    int64_t sndbuf_us;
};

/* Add what this socket tells; false when it tells nothing. */
bool info_sums(int fd, struct tcp_sums *add, bool *ret_app_limited);
/* The members `tcp` and, with that congestion control, `bbr` of a measurement. */
void info_measure(int fd, int64_t elapsed_us, struct bw_ndt7_measurement *m);
/* Of this process so far. */
int64_t info_cpu_us(void);

#endif
