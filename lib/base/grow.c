/* SPDX-License-Identifier: GPL-3.0-or-later
 * grow.c - arrays that grow. */
#include "grow.h"

#include <stdint.h>
#include <stdlib.h>

enum {
    FIRST = 16
};

void *bw_grow(void *array, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : FIRST;
    void *p;

    if (n < *cap) {
        return array;
    }
    p = more > SIZE_MAX / 2 / size ? NULL : realloc(array, more * size);
    if (p) {
        *cap = more;
    }
    return p;
}
