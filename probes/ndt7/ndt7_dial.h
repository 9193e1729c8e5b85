/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_dial.h - one TCP connection to a host: its name looked up off the loop, its
 * addresses tried in turn, a quarter of a second apart, families mixed (RFC 8305); the
 * first that answers is it. A dial owns itself: it is gone after done() or _end(). */
#ifndef BW_NDT7_DIAL_H
#define BW_NDT7_DIAL_H

#include <bw/opts.h>
#include <stdint.h>

struct ndt7_dial;
struct uv_loop_s;

struct ndt7_dial_setup {
    struct uv_loop_s *loop;
    const struct bw_opts *opts; /* device and source addresses; outlives the dial */
    const char *host;
    uint16_t port;
    const char *cc; /* congestion control; "" the system's */
    /* Once, later: the descriptor (non-blocking, now the owner's) and its family, or
     * fd < 0, which is -errno, and a reason in words. */
    void (*done)(void *owner, int fd, uint8_t family, const char *reason);
    void *owner;
};

/* 0 or -ENOMEM. */
int ndt7_dial_start(const struct ndt7_dial_setup *setup, struct ndt7_dial **ret);
/* done() is not called any more. NULL is a no-op. */
void ndt7_dial_end(struct ndt7_dial *d);

#endif
