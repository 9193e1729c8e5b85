/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_socket.h - the socket of one family that sends packets of traces, and what comes
 * back: answers, ICMP errors, the kernel's stamps.
 *
 * The flow never changes: a socket keeps its echo identifier or its port for as long as it
 * lives. Errors come from the error queue, which needs no rights. Of a quoted UDP packet it
 * gives the payload alone, and some routers quote none; where CAP_NET_RAW allows it, a raw
 * socket ("ear") hears the whole error, and the quoted header's length says which packet it
 * was. No call blocks. */
#ifndef BW_PATH_SOCKET_H
#define BW_PATH_SOCKET_H

#include "address.h"
#include "icmp_error.h"
#include "trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    PATH_SENDS = 64 /* packets whose transmit stamp may still come */
};

struct path_socket {
    int fd;  /* -1: closed */
    int ear; /* -1: none */
    int family;
    bool udp;
    bool raw; /* an echo socket that is not a datagram one */
    uint16_t ident;
    uint16_t port; /* our own */
    uint64_t cookie;
    uint32_t local_mtu; /* what the kernel said last that this machine's line carries */
    struct {
        uint32_t number;
        uint32_t payload;
    } sends[PATH_SENDS];
    uint8_t *packet; /* PATH_BYTES_MAX bytes */
};

struct path_socket_conf {
    int family;
    bool udp;           /* else echoes */
    const char *source; /* address to bind to; "" none */
};

int path_socket_open(struct path_socket *s,
                     const struct path_socket_conf *conf,
                     struct bw_err *reterr);
void path_socket_close(struct path_socket *s); /* fd -1 is fine */
int path_socket_use_interface(struct path_socket *s, unsigned ifindex);

/* Bytes of IP and transport headers of a packet. */
uint32_t path_socket_headers(const struct path_socket *s);

struct path_out {
    const union bw_address *to; /* with the destination port for UDP */
    uint8_t ttl;
    uint32_t bytes; /* of the IP packet; UDP that is not sized chooses by its number */
    bool sized;
    struct bw_icmp_stamp stamp;
};

/* 0 or -errno; -EMSGSIZE: larger than the own line carries, and s->local_mtu says after
 * the next path_socket_read() what it does (0: not known). */
int path_socket_send(struct path_socket *s, const struct path_out *out);

enum path_event_kind {
    PATH_EVENT_SENT,  /* it left: stamp_unix_ns */
    PATH_EVENT_REPLY, /* an echo reply, or any datagram from where we sent to */
    PATH_EVENT_ERROR  /* an ICMP error */
};

/* How a packet of ours is named by what came back. */
enum path_named {
    PATH_BY_STAMP,  /* `stamp` whole, with our cookie */
    PATH_BY_SEQ,    /* low 16 bits of the number: `seq` */
    PATH_BY_LENGTH, /* UDP's length: `udp_bytes`; and `to` */
    PATH_BY_NOTHING /* only `to` is known */
};

struct path_event {
    enum path_event_kind kind;
    enum path_named named;
    struct bw_icmp_stamp stamp;
    uint16_t seq;
    uint16_t udp_bytes;
    union bw_address to;   /* where ours had gone, as far as it was quoted */
    union bw_address from; /* who says so */
    enum bw_icmp_error_kind error;
    uint32_t mtu;
    int64_t stamp_unix_ns;
};

typedef void (*path_event_cb)(void *owner, const struct path_event *e);

/* Read all that waits, or as much as keeps the loop responsive. */
void path_socket_read(struct path_socket *s, path_event_cb cb, void *owner);

/* Is this one of this machine's own addresses? What it says of a path it says of itself. */
bool path_is_own(const union bw_address *a);

#endif
