/* SPDX-License-Identifier: GPL-3.0-or-later
 * logask.h - one small GET on a thread of the pool, for proofs of the log. */
#ifndef BW_LOGASK_H
#define BW_LOGASK_H

#include <buf.h>
#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

/* Embedded in a request of its own memory; freed by the owner in `after`. */
struct bw_logask {
    uv_work_t work;
    atomic_bool cancelled;
    char url[1024];
    char ca_file[4096];
    char agent[128];
    struct bw_buf answer;
    long status; /* -1: not answered, and `error` says why */
    char error[256];
    void (*after)(struct bw_logask *a);
    void *owner;
};

/* NULL: no memory. */
struct bw_logask *bw_logask_new(void);
/* 0: after(a) follows on the loop, once. */
int bw_logask_start(struct bw_logask *a, uv_loop_t *loop);
void bw_logask_free(struct bw_logask *a);

#endif
