/* SPDX-License-Identifier: GPL-3.0-or-later
 * world.c - addresses from the blocks kept for documentation and benches (RFC 2544, RFC
 * 3849), MACs of the locally administered kind. */
#include "world.h"

#include "rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define US ((uint64_t)1000)
#define MS ((uint64_t)1000000)

static const uint8_t router_mac[6] = {0x02, 0x52, 0, 0, 0, 1};

/* Wired near, Wi-Fi farther and by far not as even. */
static void draw_device(struct tg_host *h,
                        uint32_t i,
                        const struct tg_world_options *o,
                        struct tg_rng *r)
{
    uint32_t number = i + 256; /* 10.20.1.0 and on */
    bool wifi = tg_rng_below(r, 10) < 7;

    h->index = i;
    memcpy(h->mac,
           (const uint8_t[]){0x02, 0x44, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}, 6);
    memcpy(h->v4, (const uint8_t[]){10, 20, (uint8_t)(number >> 8), (uint8_t)number}, 4);
    memcpy(h->v6, (const uint8_t[]){0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0, 1}, 8);
    for (int b = 8; b < 16; b++) {
        h->v6[b] = (uint8_t)tg_rng_next(r);
    }
    h->v6[8] = (uint8_t)(number >> 8); /* so that no two are alike */
    h->v6[9] = (uint8_t)number;
    h->timestamps = tg_rng_below(r, 10) < 6;
    h->ack_each = tg_rng_below(r, 4) == 0;
    h->delay_ns = (uint32_t)(wifi ? 700 * US + tg_rng_tail(r, 400 * US, 3)
                                  : tg_rng_between(r, 120 * US, 400 * US));
    if (o->vlan && i % 4 == 1) {
        h->vlan[0] = (uint16_t)(100 + i % 3);
        h->vlan[1] = (uint16_t)(i % 16 == 1 ? 40 : 0);
    }
    if (o->trouble && wifi && tg_rng_below(r, 8) == 0) {
        h->loss_ppm = (uint32_t)tg_rng_between(r, 2000, 15000);
    }
}

static void draw_server(struct tg_host *h,
                        uint32_t i,
                        const struct tg_world_options *o,
                        struct tg_rng *r)
{
    h->index = i;
    memcpy(h->mac, router_mac, 6);
    memcpy(h->v4, (const uint8_t[]){198, 18, (uint8_t)(1 + (i >> 8)), (uint8_t)i}, 4);
    memcpy(
        h->v6,
        (const uint8_t[]){0x20, 0x01, 0x0d, 0xb8, 0xf0, 0, (uint8_t)(i >> 8), (uint8_t)i},
        8);
    h->v6[15] = 1;
    h->timestamps = true;
    h->ack_each = false;
    /* the access line, the same for all, then mostly a cache near by */
    h->delay_ns = (uint32_t)(2 * MS + tg_rng_tail(r, MS / 2, 7));
    if (o->trouble) {
        if (tg_rng_below(r, 5) == 0) {
            h->loss_ppm = (uint32_t)tg_rng_between(r, 1000, 12000);
        }
        if (tg_rng_below(r, 6) == 0) {
            h->reorder_ppm = (uint32_t)tg_rng_between(r, 3000, 20000);
        }
    }
}

int tg_world_init(struct tg_world *w, const struct tg_world_options *o, struct tg_rng *r)
{
    memset(w, 0, sizeof(*w));
    w->devices = calloc(o->n_devices, sizeof(*w->devices));
    w->servers = calloc(o->n_servers, sizeof(*w->servers));
    if (!w->devices || !w->servers) {
        tg_world_done(w);
        return -ENOMEM;
    }
    w->n_devices = o->n_devices;
    w->n_servers = o->n_servers;
    for (uint32_t i = 0; i < o->n_devices; i++) {
        draw_device(&w->devices[i], i, o, r);
    }
    for (uint32_t i = 0; i < o->n_servers; i++) {
        draw_server(&w->servers[i], i, o, r);
    }
    w->router = (struct tg_host){.index = UINT32_MAX, .v4 = {10, 20, 0, 1}};
    memcpy(w->router.mac, router_mac, 6);
    w->everyone = (struct tg_host){
        .index = UINT32_MAX, .mac = {255, 255, 255, 255, 255, 255}, .v4 = {10, 20, 0, 1}};
    w->mdns = (struct tg_host){
        .index = UINT32_MAX, .mac = {0x01, 0, 0x5e, 0, 0, 0xfb}, .v4 = {224, 0, 0, 251}};
    w->listeners = (struct tg_host){.index = UINT32_MAX,
                                    .mac = {0x33, 0x33, 0, 0, 0, 0x16},
                                    .v6 = {0xff, 2, [15] = 0x16}};
    return 0;
}

void tg_world_done(struct tg_world *w)
{
    free(w->devices);
    free(w->servers);
    memset(w, 0, sizeof(*w));
}
