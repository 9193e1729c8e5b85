/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_socket.h - one ICMP socket of one family: sends groups, hands back replies, errors
 * and the kernel's stamps of sending and receiving.
 *
 * A datagram ICMP socket where net.ipv4.ping_group_range allows it, else a raw one. All
 * calls never block. */
#ifndef BW_ICMP_SOCKET_H
#define BW_ICMP_SOCKET_H

#include "icmp.h"

#include <address.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct bw_err;

enum {
    BW_ICMP_GROUP = 64
}; /* packets of one system call */

struct icmp_socket {
    int fd;     /* -1: closed */
    int family; /* 4 or 6 */
    bool raw;
    uint16_t ident; /* raw sockets only; the kernel has its own for datagram ones */
    uint64_t cookie;
    size_t payload;
    struct icmp_scratch *scratch; /* frames and buffers of the batches */
};

struct icmp_out {
    const struct sockaddr *to;
    socklen_t to_len;
    struct bw_icmp_stamp stamp;
    int error; /* out: 0 or -errno */
};

enum icmp_event_kind {
    ICMP_SENT,
    ICMP_REPLY,
    ICMP_ERROR
};

struct icmp_event {
    enum icmp_event_kind kind;
    struct bw_icmp_stamp stamp; /* ERROR: number may be a guess, see `exact` */
    bool exact;                 /* false: only the low 16 bits of stamp.number are known */
    int64_t stamp_unix_ns;      /* the kernel's, BW_UNKNOWN when it gave none */
    int error;                  /* ERROR: -errno */
    union bw_address from;      /* REPLY: who says so */
};

typedef void (*icmp_event_cb)(void *owner, const struct icmp_event *e);

/* Open; -errno with the sentence and the mend. */
int icmp_socket_open(struct icmp_socket *s,
                     int family,
                     size_t payload,
                     struct bw_err *reterr);
void icmp_socket_close(struct icmp_socket *s);

/* Send out[n], n <= BW_ICMP_GROUP; each gets its own error. */
void icmp_socket_send(struct icmp_socket *s, struct icmp_out *out, size_t n);

/* Read the error queue (ICMP_SENT, ICMP_ERROR) or the replies until there is none left,
 * or `max` were read. Gives how many were read. */
size_t icmp_socket_drain_errors(struct icmp_socket *s, icmp_event_cb cb, void *owner);
size_t icmp_socket_drain_replies(struct icmp_socket *s, icmp_event_cb cb, void *owner);

#endif
