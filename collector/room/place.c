/* SPDX-License-Identifier: GPL-3.0-or-later
 * place.c - which places a room has.
 *
 * Invariant: a box in service belongs to exactly one place. */
#include "place.h"

#include <errno.h>
#include <stdlib.h>

static bool is_school(enum bw_entity_kind k)
{
    return k == BW_ENTITY_SCHOOL || k == BW_ENTITY_LIBRARY || k == BW_ENTITY_INDEPENDENT;
}

/* The highest school at or above it, whose place it is. */
static uint32_t school_of(const struct bw_room *r, uint32_t entity)
{
    uint32_t school = BW_ROOM_NONE;

    for (uint32_t e = entity; e != BW_ROOM_NONE; e = r->entities[e].parent) {
        school = is_school(r->entities[e].kind) ? e : school;
    }
    return school;
}

/* The boxes [first, end) as one place. */
static int place(const struct bw_room *r,
                 uint32_t entity,
                 uint32_t first,
                 uint32_t end,
                 uint32_t *circuits,
                 bw_room_place_cb cb,
                 void *owner)
{
    struct bw_room_place p = {
        .entity = entity, .site = BW_ROOM_NONE, .at = entity, .circuits = circuits};

    for (uint32_t s = first; s < end; s++) {
        const struct bw_room_site *site = &r->sites[s];
        if (site->freshness == BW_RETIRED) {
            continue;
        }
        p.site = p.site == BW_ROOM_NONE ? s : p.site;
        p.at = p.at == BW_ROOM_NONE ? site->entity : p.at;
        for (uint32_t c = site->first_circuit; c < site->end_circuit; c++) {
            circuits[p.n++] = c;
        }
    }
    return entity == BW_ROOM_NONE && p.site == BW_ROOM_NONE ? 0 : cb(owner, &p);
}

int bw_room_places(const struct bw_room *r, bw_room_place_cb cb, void *owner)
{
    uint32_t *circuits = calloc(r->n_circuits + 1, sizeof(*circuits));
    int result = circuits ? 0 : -ENOMEM;

    for (uint32_t e = 0; result == 0 && e < r->n_entities; e++) {
        if (is_school(r->entities[e].kind) && school_of(r, e) == e) {
            result = place(r, e, r->entities[e].first_site, r->entities[e].end_site,
                           circuits, cb, owner);
        }
    }
    for (uint32_t s = 0; result == 0 && s < r->n_sites; s++) {
        if (school_of(r, r->sites[s].entity) == BW_ROOM_NONE) {
            result = place(r, BW_ROOM_NONE, s, s + 1, circuits, cb, owner);
        }
    }
    free(circuits);
    return result;
}

const char *bw_room_place_name(const struct bw_room *r, uint32_t entity, uint32_t site)
{
    if (entity != BW_ROOM_NONE) {
        return r->entities[entity].name;
    }
    return r->sites[site].name[0] ? r->sites[site].name : r->sites[site].id;
}

const char *bw_room_place_id(const struct bw_room *r, uint32_t entity, uint32_t site)
{
    return entity != BW_ROOM_NONE ? r->entities[entity].id : r->sites[site].id;
}
