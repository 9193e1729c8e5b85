/* SPDX-License-Identifier: GPL-3.0-or-later
 * ring.h - a live capture of a line: libpcap's ring on the loop, under a filter of ours in
 * the kernel.
 *
 * A ring is opened on the loopback interface behind a filter that takes nothing, and is
 * bound to its line afterwards. So no packet of the line is ever captured that a filter
 * did not choose, nor more of one than the filter says; and binding again - to an interface
 * that was made anew, or appeared later - needs no right. The ring's memory stays out of
 * core dumps. Loop thread only. */
#ifndef BW_RING_H
#define BW_RING_H

#include "packet.h"
#include "ring_filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;
struct bw_ring;

struct bw_ring_frame { /* lent for the call */
    const uint8_t *bytes;
    uint32_t captured;
    uint32_t wire;
    enum bw_packet_link link;
    uint32_t one_in; /* of the filter that let it in */
    int64_t at_ns;   /* the kernel's stamp, since 1970 */
};

typedef void (*bw_ring_frame_cb)(void *owner, const struct bw_ring_frame *frame);

struct bw_ring_opts {
    size_t buffer_bytes; /* libpcap's blocks are 256 KiB; all of it is resident */
    int timeout_ms;      /* after which a block that is not full is read */
    bw_ring_frame_cb frame;
    void (*read)(void *owner); /* after frames that came by themselves; may be NULL */
    void *owner;
};

/* The only call that needs CAP_NET_RAW: -EPERM without. Nothing is captured yet. */
int bw_ring_open(uv_loop_t *loop,
                 const struct bw_ring_opts *opts,
                 struct bw_ring **ret,
                 struct bw_err *reterr);

/* From here on packets come from this interface, whose frames begin with `link`; nothing is
 * captured until bw_ring_filter(). Promiscuous: all that reaches the port, for a mirror.
 * What had been captured and not read is thrown away. -ENODEV, -ENETDOWN, … */
int bw_ring_bind(struct bw_ring *r,
                 int ifindex,
                 enum bw_packet_link link,
                 bool promiscuous,
                 struct bw_err *reterr);

/* Another filter, from now on. What the one before it let in is still given, with its
 * one_in; the few packets of which nobody can tell which it was are not. */
int bw_ring_filter(struct bw_ring *r,
                   const struct bw_ring_filter *f,
                   uint32_t one_in,
                   struct bw_err *reterr);
/* Capture nothing until the next bw_ring_filter(), and throw away what was not read. */
int bw_ring_hold(struct bw_ring *r, struct bw_err *reterr);
bool bw_ring_held(const struct bw_ring *r);

/* Does a full or old block wake the loop (as it does from the opening on), or is it left to
 * bw_ring_read()? */
void bw_ring_watch(struct bw_ring *r, bool wake);

/* Read what there is, and watch again after the interface was down. Once a second. */
void bw_ring_read(struct bw_ring *r);

/* Let in by a filter and lost for want of room, since the ring was opened. */
int64_t bw_ring_drops(struct bw_ring *r);

/* Close every handle, free, then cb(owner); NULL is fine for cb, not for r. */
void bw_ring_close(struct bw_ring *r, void (*cb)(void *owner), void *owner);

#endif
