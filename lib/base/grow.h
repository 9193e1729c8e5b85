/* SPDX-License-Identifier: GPL-3.0-or-later
 * grow.h - arrays that grow, and copies of what goes into them: one way for all. */
#ifndef BW_GROW_H
#define BW_GROW_H

#include <stddef.h>

/* An array of n elements of `size` bytes with room for one more; *cap counts the room in
 * elements and becomes at least twice as much when there is none. NULL without memory: the
 * array and *cap are as they were, and still the caller's to free(). */
void *bw_grow(void *array, size_t n, size_t *cap, size_t size);

/* A copy of n bytes with a NUL behind them, to free(). NULL without memory. */
char *bw_copy(const void *bytes, size_t n);
/* The same of a text; NULL is copied as "". */
char *bw_copy_text(const char *text);

#endif
