/* SPDX-License-Identifier: GPL-3.0-or-later
 * map.h - which site is at which entity, and what is below what: a copy of the catalogue's
 * words in memory, constant once made. Counted on one
 * thread, the loop's; looked at on any. */
#ifndef BW_DOOR_MAP_H
#define BW_DOOR_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct bw_catalogue;
struct bw_err;
struct bw_map;

/* Counted once. */
int bw_map_read(struct bw_catalogue *c, struct bw_map **ret, struct bw_err *reterr);
struct bw_map *bw_map_take(struct bw_map *m); /* NULL is fine */
void bw_map_drop(struct bw_map *m);           /* NULL is fine */

/* The place of an entity, or -1. */
long bw_map_entity(const struct bw_map *m, const char *id);
/* The place of a site's entity; -1: no such site, or it has none. */
long bw_map_site(const struct bw_map *m, const char *id);
/* Is the entity at this place one of those, or below one of them? */
bool bw_map_within(const struct bw_map *m, long place, const long *places, size_t n);

#endif
