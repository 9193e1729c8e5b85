/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic.h - what a capture must know of a network interface. Any thread. */
#ifndef BW_NIC_H
#define BW_NIC_H

#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BW_NIC_NAME_MAX = 15
};

struct bw_nic {
    int ifindex; /* another one: it was made anew */
    bool up;     /* by its administrator; a cable without a link is no fault of ours */
    bool has_mac;
    uint8_t mac[6];
    bool readable; /* `link` is what its packets begin with */
    enum bw_packet_link link;
};

/* fd: any socket of the Internet families. -ENODEV: there is none of that name. */
int bw_nic_look(int fd, const char *name, struct bw_nic *ret);
/* What the interface with this index is called now; -ENODEV. */
int bw_nic_name(int fd, int ifindex, char ret[BW_NIC_NAME_MAX + 1]);

#endif
