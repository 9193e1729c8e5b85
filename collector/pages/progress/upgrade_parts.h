/* SPDX-License-Identifier: GPL-3.0-or-later
 * upgrade_parts.h - which lines were upgraded, for the list of them. Pure. */
#ifndef BW_UPGRADE_PARTS_H
#define BW_UPGRADE_PARTS_H

#include <room.h>
#include <stdbool.h>

struct bw_buf;

/* Is another speed claimed than before, and since when? */
bool bw_upgrade_known(const struct bw_room_circuit *c);
/* A paragraph that says so; nothing where it is not. */
void bw_upgrade_change(struct bw_buf *b, const struct bw_room_circuit *c);

#endif
