/* SPDX-License-Identifier: GPL-3.0-or-later
 * runner.h - a throughput run as a child process of the same program, so that it can
 * never disturb the latency probes or take the daemon down.
 *
 * The child reads one job as JSON on standard input and writes JSON lines on standard
 * output (child.h). Whatever it does - works, dies, hangs, writes garbage - end() is
 * called exactly once, no later than the hard deadline plus the time a kill takes. */
#ifndef BW_RUNNER_H
#define BW_RUNNER_H

#include <bw/opts.h>
#include <bw/probe.h>
#include <stdint.h>

struct bw_err;
struct bw_runner;
struct uv_loop_s;

struct bw_runner_job {
    const struct bw_probe_ops *ops;
    const struct bw_opts *opts; /* copied into the job before the starter returns */
    uint32_t target;            /* the one target of opts that this run is for */
    uint32_t budget_ms;         /* what the probe may take; 0: its own duration says it */
    uint32_t hard_ms;           /* the child is killed after this; 0: budget + 5 s */
    const char *program;        /* NULL: /proc/self/exe */
    const char *ticket;         /* the right to test, where the server asks for one; copied
                                   like opts; NULL: none */
    const char *secret;         /* of the file that an option names; the starter reads it
                                   itself where this is NULL */
};

struct bw_runner_callbacks {
    /* Lent until it returns; `final` 0 about four times a second, and at the start of
     * the measured window: the moments to take an extra counter reading at. Exactly one
     * with `final` 1 for each direction of the run, before end(): where the child died
     * first it is made here, with BW_FAILED and the reason. */
    void (*sample)(void *owner, const struct bw_run_sample *s);
    /* 0: the child ended in order (its samples say whether the test succeeded);
     * -ECANCELED, -ETIMEDOUT (killed at the hard deadline), -EPIPE (died; `reason` says
     * how), -EBADMSG (wrote what is not a line of the protocol). `reason` is NULL with 0
     * and lent else. The runner is freed when this returns. */
    void (*end)(void *owner, int status, const char *reason);
};

/* Start it. 0: end() follows, later, on the loop's thread. <0: it does not. */
int bw_runner_start(struct uv_loop_s *loop,
                    const struct bw_runner_job *job,
                    const struct bw_runner_callbacks *callbacks,
                    void *owner,
                    struct bw_runner **ret,
                    struct bw_err *reterr);

/* Ask the child to end (SIGTERM: it sends its partial result, marked as cancelled); after
 * 1 s it is killed. end(-ECANCELED) still follows, later. Idempotent. */
void bw_runner_cancel(struct bw_runner *r);

#endif
