/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_beside.h - the round trip beside a throughput run: echoes (or STAMP packets) before
 * it and during it, so that "adds 180 ms under load" can be said of each direction. The
 * line is measured without them where they are not possible, and the result says why they
 * are missing. All on the loop's thread. */
#ifndef BW_PROBE_BESIDE_H
#define BW_PROBE_BESIDE_H

#include <bw/opts.h>
#include <bw/probe.h>
#include <stdint.h>

struct bw_host;
struct bw_jw;
struct probe_result;
struct uv_loop_s;

struct probe_beside {
    const char *kind;        /* "icmp" or "stamp" */
    struct bw_target target; /* its name is `kind` */
    char why[200];           /* there is none; "" */
    struct bw_host *host;    /* NULL: there is none */
    struct bw_opts *opts;
};

/* Against `stamp` or `echo`, where given, or else the host of the run's target. Samples go
 * to `latency`. */
void probe_beside_start(struct probe_beside *b,
                        struct uv_loop_s *loop,
                        const struct bw_opts *run,
                        const char *stamp,
                        const char *echo,
                        void (*latency)(void *owner,
                                        const struct bw_latency_sample *s,
                                        uint32_t n),
                        void *owner);
/* Closes the host; its end is the loop's. */
void probe_beside_stop(struct probe_beside *b);
void probe_beside_done(struct probe_beside *b); /* after the loop */

/* What was seen idle and in the window of one direction's sample. */
struct probe_load {
    int64_t idle_p50_ns;
    int64_t loaded_p50_ns;
    int64_t loaded_p95_ns;
    int64_t added_ns;     /* p95 under load less p50 idle, not below 0 */
    int64_t idle_answers; /* of packets sent in that time */
    int64_t idle_lost;
    int64_t loaded_answers;
    int64_t loaded_lost;
    char why[240]; /* added_ns is unknown; "" */
};

void probe_load_read(const struct probe_result *r,
                     const struct bw_run_sample *s,
                     struct probe_load *ret);

void probe_load_text(const struct probe_result *r, const struct bw_run_sample *s);
void probe_load_json(const struct probe_result *r,
                     const struct bw_run_sample *s,
                     struct bw_jw *w);

#endif
