/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3_run.h - one start of the program iperf3: its arguments, its output up to a limit,
 * how many bytes it has moved so far, its end. All on the loop's thread.
 *
 * over() comes once, when the program has exited, its output has ended and every handle is
 * closed; not before iperf3_run_start() has returned. */
#ifndef BW_PROBE_IPERF3_RUN_H
#define BW_PROBE_IPERF3_RUN_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct uv_loop_s;
struct iperf3_run;

enum {
    IPERF3_STREAMS_MAX = 64,
    IPERF3_SAID_MAX = 400 /* bytes kept of standard error */
};

struct iperf3_setup {
    const char *program;
    const char *host;
    uint16_t port;
    bool reverse; /* the server sends */
    bool udp;
    int family;         /* 0: any */
    const char *device; /* "" none */
    const char *source; /* … */
    const char *cc;     /* … */
    int64_t streams;
    int64_t rate_bps; /* UDP: of all streams together */
    int64_t seconds;
    int64_t omit_seconds;
    int64_t connect_ms;
};

struct iperf3_outcome {
    const char *out; /* what it printed, lent until over() returns */
    size_t n;
    bool too_long;    /* more than BW_IPERF3_REPORT_MAX; the rest was thrown away */
    const char *said; /* printable, on standard error */
    int64_t exit_mono_ns;
    int signal_number; /* 0: it exited by itself */
};

/* -ENOENT with the mend when the program is missing, -errno. */
int iperf3_run_start(struct uv_loop_s *loop,
                     const struct iperf3_setup *setup,
                     void (*over)(void *owner, const struct iperf3_outcome *o),
                     void *owner,
                     struct iperf3_run **ret,
                     struct bw_err *reterr);

/* Payload it has read (reverse) or written since its start, as the kernel counts its
 * system calls, what it reads to fill its buffers left out; BW_UNKNOWN where that may not
 * be seen. For the display, never for a result. */
int64_t iperf3_run_moved(const struct iperf3_run *run);

/* Ask it to end (it tells the server and prints what it has), or end it at once. */
void iperf3_run_stop(struct iperf3_run *run);
void iperf3_run_kill(struct iperf3_run *run);

#endif
