/* SPDX-License-Identifier: GPL-3.0-or-later
 * plural.h - counts with their nouns, everywhere in one way: "1 record", "0 records".
 *
 * Both forms are written out where they are used, so that "1 query, 2 queries" needs no
 * rules and every word can be found by searching for it. */
#ifndef BW_PLURAL_H
#define BW_PLURAL_H

#include <stdint.h>

/* The noun alone; print it behind the number. */
static inline const char *bw_plural(int64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

#endif
