/* SPDX-License-Identifier: GPL-3.0-or-later
 * job.h - the words between the parent and the child of a throughput run, and samples made
 * on the child's behalf. */
#ifndef BW_JOB_H
#define BW_JOB_H

#include "child.h"
#include "runner.h"

#include <bw/units.h>
#include <stdbool.h>

/* A job as the child reads it. ret->opts == *ret_opts is freed with bw_opts_free(),
 * what else is its own with bw_child_job_done(). */
int bw_child_job_decode(const char *json,
                        size_t n,
                        struct bw_runner_job *ret,
                        struct bw_opts **ret_opts,
                        int64_t *ret_parent_pid,
                        struct bw_err *reterr);

void bw_child_job_done(struct bw_runner_job *job);

/* Does the job run in this direction? By the option every throughput kind has. */
bool bw_job_has_direction(const struct bw_runner_job *job, enum bw_direction d);

/* A final sample that says why there is no measurement; -ECANCELED becomes BW_SKIPPED. */
void bw_run_sample_failed(struct bw_run_sample *s,
                          enum bw_direction d,
                          int error,
                          const char *reason);

#endif
