/* SPDX-License-Identifier: GPL-3.0-or-later
 * outlet.h - by which interface or from which source address a probe's packets leave, so
 * that a circuit's measurement goes over that circuit.
 *
 * Datagram and raw sockets follow an interface by its index (IP_UNICAST_IF), without any
 * rights and across its going and coming back; streams are bound by name for good
 * (SO_BINDTODEVICE), which needs no rights either while a socket is bound to none. */
#ifndef BW_OUTLET_H
#define BW_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

union bw_address;

struct bw_err;

struct bw_outlet {
    const char *device; /* lent; "" none */
    unsigned ifindex;   /* 0: there is no such interface now (or none is asked for) */
    int64_t next_look_mono_ns;
};

void bw_outlet_init(struct bw_outlet *o, const char *device);
/* Look for the interface, at most once a second. true: its index is another than before
 * (0: it went); the caller then tells its sockets. */
bool bw_outlet_follow(struct bw_outlet *o, int64_t now_mono_ns);
/* An interface is asked for, and it is not there. */
bool bw_outlet_missing(const struct bw_outlet *o);

/* Packets of a datagram or raw socket leave by this interface from now on; 0: by the
 * routing table. 0 or -errno. */
int bw_outlet_use(int fd, int family, unsigned ifindex);
/* A stream (or any) socket is bound to an interface by name; "" does nothing. */
int bw_outlet_bind_device(int fd, const char *device);
/* Bind to a source address (no port), as text; "" does nothing, an address of the other
 * family is -EAFNOSUPPORT, and one that this machine does not have -BW_ENOSOURCE. */
int bw_outlet_bind_source(int fd, int family, const char *source);
/* The same of an address with its port, where the kernel's or a caller's is meant. */
int bw_outlet_bind(int fd, const union bw_address *source);

#endif
