/* SPDX-License-Identifier: GPL-3.0-or-later
 * crew.h - many jobs shared out among worker processes; their results come back in the
 * jobs' order, whatever the number of workers. Blocking; call before any thread starts, and
 * with no store open: the workers are forked from here. */
#ifndef BW_CLI_CREW_H
#define BW_CLI_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;

enum bw_crew_limits {
    BW_CREW_WORKERS_MAX = 64,
    BW_CREW_BYTES_MAX = 16 * 1024 * 1024 /* of one job's result, and of what it printed */
};

/* What came of one job. Texts are lent until the callback returns. */
struct bw_crew_done {
    size_t job;
    int status;         /* what do_job() gave; -1: its process did not live to say */
    int signal;         /* by which its process ended, where the status is -1; 0 unknown */
    const char *result; /* result[n_result], what it appended to `out` */
    size_t n_result;
    const char *said; /* what it wrote to standard output, and to standard error */
    size_t n_said;
    const char *told;
    size_t n_told;
};

struct bw_crew_plan {
    size_t n_jobs;
    size_t n_workers; /* at least 1 */
    /* In a worker: do job i; gives its status (not negative). Standard output and error
     * are caught and come back with the result. What it keeps in `owner` stays in that
     * worker, for its later jobs. */
    int (*do_job)(void *owner, size_t i, struct bw_buf *out);
    /* In the caller, in the order of jobs. */
    void (*done)(void *owner, const struct bw_crew_done *d);
    /* In the caller, as soon as some job is done; may be NULL. */
    void (*progress)(void *owner, size_t n_done);
    void *owner;
};

/* 0; -EINTR: SIGINT or SIGTERM came, the workers are ended, and done() heard of all jobs
 * before the first that is missing; else a failure with its sentence. A worker that dies
 * costs its job alone. */
int bw_crew_run(const struct bw_crew_plan *plan, struct bw_err *reterr);

/* One for each processor that this process may use, at least 1. */
size_t bw_crew_default(void);

#endif
