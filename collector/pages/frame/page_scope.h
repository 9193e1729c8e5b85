/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_scope.h - which part of a room a viewer sees, as ranges of its sorted lists: cheap
 * enough to be asked for each of ten thousand lines. */
#ifndef BW_PAGE_SCOPE_H
#define BW_PAGE_SCOPE_H

#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <viewer.h>

struct bw_page_scope {
    bool all; /* the whole state */
    size_t n; /* else these entities, with all that is below them */
    uint32_t entities[BW_PERSON_SCOPES];
    const struct bw_room *room;
};

/* The room is lent. An entity that it does not know (yet) is none. */
void bw_page_scope(const struct bw_room *r,
                   const struct bw_viewer *v,
                   struct bw_page_scope *ret);
/* By their places in the room. */
bool bw_page_scope_entity(const struct bw_page_scope *s, uint32_t entity);
bool bw_page_scope_site(const struct bw_page_scope *s, uint32_t site);
bool bw_page_scope_circuit(const struct bw_page_scope *s, uint32_t circuit);

#endif
