/* SPDX-License-Identifier: GPL-3.0-or-later
 * world.h - who there is: the devices of a school, the servers they talk to, the router
 * between them. Drawn once from the seed, never changed. */
#ifndef TG_WORLD_H
#define TG_WORLD_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tg_rng;

struct tg_world_options {
    uint32_t n_devices; /* 1 … 4000 */
    uint32_t n_servers; /* 1 … 4000 */
    bool vlan;          /* a quarter of the devices stand in VLANs */
    bool trouble;       /* some ways lose or reorder */
};

struct tg_world {
    struct tg_host *devices;
    size_t n_devices;
    struct tg_host *servers; /* with the router's MAC */
    size_t n_servers;
    struct tg_host router;    /* as a neighbour: the LAN's own traffic goes to it */
    struct tg_host everyone;  /* broadcast, for ARP */
    struct tg_host mdns;      /* the group of RFC 6762 */
    struct tg_host listeners; /* ff02::16, RFC 3810 */
};

/* The school's own prefixes, as they stand in the truth. */
#define TG_WORLD_LAN4 "10.20.0.0/16"
#define TG_WORLD_LAN6 "2001:db8:20::/48"

int tg_world_init(struct tg_world *w, const struct tg_world_options *o, struct tg_rng *r);
void tg_world_done(struct tg_world *w);

#endif
