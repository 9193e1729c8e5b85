/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_find.h - asks a Locate service (version 2) which servers to test against. A search
 * owns itself: it is gone after done() or _end(). */
#ifndef BW_NDT7_FIND_H
#define BW_NDT7_FIND_H

#include <bw/opts.h>
#include <ndt7_locate.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct ndt7_find;
struct uv_loop_s;

struct ndt7_find_setup {
    struct uv_loop_s *loop;
    const struct bw_opts *opts; /* device, source addresses, ca_file; outlives it */
    const char *url;            /* copied */
    int64_t timeout_ms;
    /* Once, later. error 0: `l` (lent) has at least one server. -EBUSY: the service is
     * there and has nothing for us now. Else what went wrong. */
    void (*done)(void *owner,
                 int error,
                 const char *reason,
                 const struct bw_ndt7_located *l);
    void *owner;
};

int ndt7_find_start(const struct ndt7_find_setup *setup,
                    struct ndt7_find **ret,
                    struct bw_err *reterr);
/* done() is not called any more. NULL is a no-op. */
void ndt7_find_end(struct ndt7_find *f);

#endif
