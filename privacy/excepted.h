/* SPDX-License-Identifier: GPL-3.0-or-later
 * excepted.h - the addresses and names that may stand in the box's files: those that its
 * configuration says, each with the place where it says so. */
#ifndef BW_EXCEPTED_H
#define BW_EXCEPTED_H

#include "shape.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_excepted_one {
    char text[256];  /* as it is written there */
    char where[512]; /* "/etc/bandwitness/bandwitness.conf:12" */
    char what[160];  /* "icmp \"edges\" target \"left\" address" */
    enum bw_shape_kind kind;
    uint8_t bytes[BW_SHAPE_BYTES];
};

struct bw_excepted {
    struct bw_excepted_one *list;
    size_t n;
    size_t cap;
};

void bw_excepted_done(struct bw_excepted *e); /* zeroed is fine */

/* Every shape of a configured text; one that is there already stays with its first place.
 * -ENOMEM. */
int bw_excepted_add(
    struct bw_excepted *e, const char *text, size_t n, const char *what, const char *where);
/* The same for every text in quotation marks of a whole configuration. */
int bw_excepted_add_config(
    struct bw_excepted *e, const char *text, size_t n, const char *what, const char *where);

/* Is this shape of `text` excepted? */
bool bw_excepted_has(const struct bw_excepted *e,
                     const char *text,
                     const struct bw_shape *s);

#endif
