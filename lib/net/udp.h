/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp.h - one UDP socket of one family that sends groups and hands back datagrams, ICMP
 * errors and the kernel's stamps of sending and receiving.
 *
 * No call ever blocks. Watch `fd` for UV_READABLE | UV_PRIORITIZED; when it fires, and
 * before deadlines are judged, read the error queue first and then the datagrams: the stamp
 * of a packet is queued before its answer can come. */
#ifndef BW_UDP_H
#define BW_UDP_H

#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_UDP_GROUP = 64 /* datagrams of one system call */
};

struct bw_udp_scratch;

struct bw_udp {
    int fd;        /* -1: closed */
    int family;    /* 4 or 6 */
    uint16_t port; /* our own, once bound or sent from */
    struct bw_udp_scratch *scratch;
};

struct bw_udp_conf {
    int family;         /* 4 or 6 (IPv6 only, never mapped IPv4) */
    const char *source; /* source address to bind to; NULL or "": any */
    uint16_t port;      /* to bind to; 0: the kernel chooses one, now */
    size_t max;         /* longest payload sent or received; more is cut and told so */
    bool want_stamps;   /* kernel stamps and ICMP errors (BW_UDP_SENT, BW_UDP_ERROR) */
    bool want_received; /* the kernel's stamps of receiving alone */
    int ttl;            /* TTL or hop limit of what is sent; 0: the system's */
    bool want_origin;   /* TTL and local address of what is received */
};

/* Open and bind; -errno with the sentence; -EAFNOSUPPORT: this machine has no such family.
 * Binding to an interface: bw_outlet_use() or bw_outlet_bind_device() on `fd`. */
int bw_udp_open(struct bw_udp *u, const struct bw_udp_conf *conf, struct bw_err *reterr);
void bw_udp_close(struct bw_udp *u); /* u->fd -1 is fine */

struct bw_udp_out {
    const union bw_address *to;
    const union bw_address *from; /* local address to send from; NULL: the socket's */
    const uint8_t *data;
    size_t len;
    int error; /* out: 0 or -errno */
};

/* Send out[n], n <= BW_UDP_GROUP; each gets its own error. */
void bw_udp_send(struct bw_udp *u, struct bw_udp_out *out, size_t n);

enum bw_udp_kind {
    BW_UDP_SENT,     /* one of ours left: stamp_unix_ns is known */
    BW_UDP_DATAGRAM, /* received */
    BW_UDP_ERROR     /* an ICMP error about one of ours */
};

struct bw_udp_event {
    enum bw_udp_kind kind;
    /* The payload: received, sent (where the frame could be read; else len 0), or as much
     * as the ICMP error quoted of it. Lent. */
    const uint8_t *data;
    size_t len;
    bool cut;               /* DATAGRAM: longer than `max` */
    int64_t stamp_unix_ns;  /* the kernel's, BW_UNKNOWN when it gave none */
    union bw_address peer;  /* DATAGRAM: from whom; ERROR: to whom ours had gone */
    union bw_address local; /* want_origin: the address it came to; all zero else */
    int ttl;                /* want_origin; -1 else */
    int error;              /* ERROR: -errno, and as ICMP says it: */
    bool is_loss;           /* it did not arrive (not: packet too big) */
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint32_t icmp_info;        /* packet too big: the MTU */
    union bw_address offender; /* who sent the ICMP message; all zero: not known */
};

typedef void (*bw_udp_event_cb)(void *owner, const struct bw_udp_event *e);

/* Read the error queue (SENT, ERROR) or the datagrams until there is nothing left, or 4096
 * were read, so that the loop stays responsive. The callback must not close `u`. Gives how
 * many were read. */
size_t bw_udp_read_errors(struct bw_udp *u, bw_udp_event_cb cb, void *owner);
size_t bw_udp_read(struct bw_udp *u, bw_udp_event_cb cb, void *owner);

#endif
