/* SPDX-License-Identifier: GPL-3.0-or-later
 * kstamp.h - the kernel's own instants of sending and receiving a packet
 * (SO_TIMESTAMPING, software, of CLOCK_REALTIME) and what else its control messages say.
 *
 * A transmit stamp comes back on the error queue with the frame itself, so that a number in
 * its payload says which packet it was. SO_SELECT_ERR_QUEUE makes poll say POLLPRI beside
 * POLLERR, because libuv stops a handle on a bare POLLERR: watch such a socket for
 * UV_READABLE | UV_PRIORITIZED. */
#ifndef BW_KSTAMP_H
#define BW_KSTAMP_H

#include "address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    BW_CONTROL_MAX = 256 /* bytes for the control messages of one packet */
};

/* Stamps of sending and receiving, and ICMP errors on the error queue. 0 or -errno. */
int bw_kstamp_on(int fd, int family);
/* Stamps of receiving alone; nothing comes on the error queue. */
int bw_kstamp_on_received(int fd);
/* Give every received packet its TTL or hop limit, and the local address it came to. */
int bw_kstamp_want_origin(int fd, int family);

struct bw_control {
    int64_t stamp_unix_ns; /* BW_UNKNOWN when the kernel gave none */
    bool is_stamp;         /* from the error queue: the packet was sent */
    bool is_error;         /* from the error queue: an ICMP error; then: */
    int error;             /* -errno */
    uint8_t type;          /* of the ICMP message */
    uint8_t code;
    uint32_t info;             /* "fragmentation needed": the MTU; also where the kernel
                                  itself refused to send (-EMSGSIZE, not is_error) */
    union bw_address offender; /* who sent the ICMP message; all zero: not known */
    int ttl;                   /* of a received packet; -1 unknown */
    union bw_address local;    /* the address it came to; all zero: not known */
    unsigned ifindex;          /* by which interface; 0 unknown */
};

/* Read the control messages of one received packet. */
void bw_kstamp_read(struct msghdr *m, struct bw_control *ret);

/* An ICMP error that arrived meanwhile waits in the socket and would be given to the next
 * send, which then sends nothing; the error queue tells about it anyway. */
void bw_kstamp_clear_error(int fd);

#endif
