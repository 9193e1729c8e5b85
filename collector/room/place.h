/* SPDX-License-Identifier: GPL-3.0-or-later
 * place.h - the places of a room: whom figures are made for, one by one.
 *
 * A place is an entity of kind school, library or independent with all its boxes in
 * service, also those of what stands below it; or a box in service that stands at a
 * district, or at no entity. Pure; any thread. */
#ifndef BW_ROOM_PLACE_H
#define BW_ROOM_PLACE_H

#include "room.h"

struct bw_room_place {
    uint32_t entity;          /* BW_ROOM_NONE: a box that stands at no school */
    uint32_t site;            /* its first box in service; BW_ROOM_NONE: it has none */
    uint32_t at;              /* where it stands among entities; BW_ROOM_NONE: nowhere */
    const uint32_t *circuits; /* of its boxes, lent until the callback returns */
    size_t n;
};

/* Non-zero ends the walk and is given back. */
typedef int (*bw_room_place_cb)(void *owner, const struct bw_room_place *p);

/* Each place once: schools in the room's order, then single boxes. -ENOMEM. */
int bw_room_places(const struct bw_room *r, bw_room_place_cb cb, void *owner);

/* A place's name for people and its id: of its entity, else of its box. Lent. */
const char *bw_room_place_name(const struct bw_room *r, uint32_t entity, uint32_t site);
const char *bw_room_place_id(const struct bw_room *r, uint32_t entity, uint32_t site);

#endif
