/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_private.h - the state of one icmp instance; for icmp.c (contract, sending) and
 * icmp_answers.c (reading) only. */
#ifndef BW_ICMP_PRIVATE_H
#define BW_ICMP_PRIVATE_H

#include "icmp_socket.h"

#include <bw/probe.h>
#include <cadence.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* Of a slot's packet. */
struct icmp_sent {
    union bw_address to;
    bool answered_elsewhere; /* by another address only, so far */
};

struct bw_probe {
    struct bw_cadence cadence;
    struct icmp_sent *sent;        /* by the slots' places */
    struct icmp_socket sockets[2]; /* IPv4, IPv6 */
    uv_poll_t polls[2];
    bool polling[2];
    int n_open; /* handles and the cadence, as far as they are not closed yet */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* icmp_answers.c: read all that waits in socket i (0: IPv4, 1: IPv6). */
void icmp_drain(struct bw_probe *p, size_t i);

/* icmp_answers.c: as bw_cadence_ops.expiring. */
const struct bw_latency_detail *icmp_expiring(void *owner, struct bw_slot *s);

#endif
