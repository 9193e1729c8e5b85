/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcpconn.h - one TCP connection that is being made: started without blocking, what became
 * of it, and how long its handshake took by the kernel's own clock. */
#ifndef BW_TCPCONN_H
#define BW_TCPCONN_H

#include "address.h"

#include <stdbool.h>
#include <stdint.h>

/* Start connecting to `to` (with its port) by the interface and from the source address
 * given ("" or NULL: none). The descriptor (non-blocking; watch it for writing), or -errno
 * when nothing was sent. *ret_error is 0 while it is under way, else what the peer said at
 * once: then the descriptor has nothing more to tell, and polls as hung up. */
int bw_tcpconn_start(const union bw_address *to,
                     const char *device,
                     const char *source,
                     int *ret_error);

/* Could something be sent there at all (an address of ours, a route)? 0 or -errno. */
int bw_tcpconn_route(const union bw_address *to, const char *device, const char *source);

/* How a connection attempt ended. */
struct bw_tcpconn_end {
    int error;   /* 0: connected; -EINPROGRESS: not ended; -errno */
    bool icmp;   /* the error came as an ICMP message … */
    bool target; /* … and it, or a reset, came from the target's own address */
};
/* To be asked once the descriptor polls as writable. */
void bw_tcpconn_end(int fd, const union bw_address *to, struct bw_tcpconn_end *ret);

/* For sockets that others connect: keep with an error who it came from. To be turned off
 * once the connection stands, which is not to break over a router's word. */
void bw_tcpconn_keep_origin(int fd, int family, bool on);
/* Was the error of such an attempt an ICMP message of another's than `to`? Asked once. */
bool bw_tcpconn_is_anothers(int fd, const union bw_address *to);

/* The handshake's round trip: the kernel's, from the SYN's sending to its answer (TCP_INFO,
 * microseconds), where there is one and it is not above own_ns, the caller's reading, which
 * has this program's wake-up in it. A SYN that was sent again has no such figure: then the
 * whole of own_ns, which is what a user waits. */
int64_t bw_tcpconn_handshake_ns(int fd, int64_t own_ns);

#endif
