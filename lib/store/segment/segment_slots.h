/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_slots.h - the marks of templates as places of a record: a number knows the names
 * on its way through the payload, what its object is about, and the histogram in it. For
 * segment_coded.c. */
#ifndef BW_STORE_SEGMENT_SLOTS_H
#define BW_STORE_SEGMENT_SLOTS_H

#include "segment_coded.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BW_SLOT_NO_BLOB = -1,
    BW_SLOT_GROUPS = 1024
};

/* Of one number in a template. */
struct bw_slot {
    uint32_t place;
    uint32_t group; /* numbers of one name whose shares may add up */
    int32_t blob;   /* the histogram in its object */
};

struct bw_shelf {
    struct bw_slot *ints;
    uint32_t *blobs; /* shapes */
    size_t n_ints;
    size_t n_blobs;
};

/* Of each template its marks, in order; *ret_places and *ret_shapes: how many different
 * ones there are. -BW_EMALFORMED for a template that no payload makes, -ENOMEM; what is in
 * shelves is freed with bw_shelf_done() in either case. */
int bw_shelves_make(const struct bw_coded_template *templates,
                    size_t n_templates,
                    struct bw_shelf *shelves,
                    size_t *ret_places,
                    size_t *ret_shapes);
void bw_shelf_done(struct bw_shelf *f); /* zeroed is fine */

#endif
