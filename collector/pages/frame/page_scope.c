/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_scope.c - a viewer's entities as ranges: what is below one stands behind it. */
#include "page_scope.h"

void bw_page_scope(const struct bw_room *r,
                   const struct bw_viewer *v,
                   struct bw_page_scope *ret)
{
    *ret = (struct bw_page_scope){.all = bw_viewer_sees_state(v), .room = r};
    for (size_t i = 0; v && !ret->all && i < v->n_scopes; i++) {
        uint32_t e = bw_room_entity_find(r, v->scopes[i]);
        if (e != BW_ROOM_NONE) {
            ret->entities[ret->n++] = e;
        }
    }
}

bool bw_page_scope_entity(const struct bw_page_scope *s, uint32_t entity)
{
    for (size_t i = 0; !s->all && i < s->n; i++) {
        uint32_t e = s->entities[i];
        if (entity >= e && entity < s->room->entities[e].end) {
            return true;
        }
    }
    return s->all;
}

bool bw_page_scope_site(const struct bw_page_scope *s, uint32_t site)
{
    for (size_t i = 0; !s->all && i < s->n; i++) {
        const struct bw_room_entity *e = &s->room->entities[s->entities[i]];
        if (site >= e->first_site && site < e->end_site) {
            return true;
        }
    }
    return s->all;
}

bool bw_page_scope_circuit(const struct bw_page_scope *s, uint32_t circuit)
{
    for (size_t i = 0; !s->all && i < s->n; i++) {
        const struct bw_room_entity *e = &s->room->entities[s->entities[i]];
        if (circuit >= e->first_circuit && circuit < e->end_circuit) {
            return true;
        }
    }
    return s->all;
}
