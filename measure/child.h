/* SPDX-License-Identifier: GPL-3.0-or-later
 * child.h - the inside of a throughput run: `PROGRAM --run-child`, and the JSON lines
 * between it and its parent.
 *
 * The child gives up every right before it opens a socket: no capability, no new
 * privileges, no core file, no file to write (a kind with BW_NEED_SCRATCH: none above 1
 * MB); as root it becomes nobody (65534). It dies with its parent (PR_SET_PDEATHSIG) and
 * runs at nice 5: a latency packet or a counter reading is never late for the sake of a
 * test, and a tester that is short of CPU for that reason shows in tester_busy_ppm. */
#ifndef BW_CHILD_H
#define BW_CHILD_H

#include <bw/probe.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_runner_job;

enum {
    BW_CHILD_JOB_MAX = 16384,  /* bytes of a job */
    BW_CHILD_LINE_MAX = 8192,  /* bytes of a line */
    BW_CHILD_REASON_MAX = 255, /* bytes of a reason; longer ones end early */
    BW_CHILD_NICE = 5
};

/* The whole life of the child; main() calls it for the first argument "--run-child",
 * before anything else, and exits with what it gives back. */
int bw_child_main(void);

/* Its first step: what the head of this file says of rights. 0 or -errno: then it must
 * not go on. */
int bw_child_drop_rights(void);

/* The words between parent and child; used on both sides and in tests. */
int bw_child_job_encode(const struct bw_runner_job *job, struct bw_buf *out);
int bw_child_sample_encode(const struct bw_run_sample *s, struct bw_buf *out);
int bw_child_done_encode(int status, struct bw_buf *out);

/* One line of the child, taken apart. Texts are held in the struct itself. */
struct bw_child_line {
    enum {
        BW_CHILD_SAMPLE,
        BW_CHILD_DONE
    } what;
    struct bw_run_sample sample; /* its texts point into the arrays below */
    int status;
    char reason[BW_CHILD_REASON_MAX + 1];
    char method[64];
    char machine[BW_NAME_MAX + 1];
    char receipt[BW_RECEIPT_MAX + 1];
    char flags[BW_RUN_FLAGS_MAX][32];
};

/* -EBADMSG with the sentence when the line is not one of the protocol. */
int bw_child_line_decode(const char *line,
                         size_t n,
                         struct bw_child_line *ret,
                         struct bw_err *reterr);

#endif
