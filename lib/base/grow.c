/* SPDX-License-Identifier: GPL-3.0-or-later
 * grow.c - arrays that grow, and copies of what goes into them. */
#include "grow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

char *bw_copy(const void *bytes, size_t n)
{
    char *p = n < SIZE_MAX / 2 ? malloc(n + 1) : NULL;

    if (!p) {
        return NULL;
    }
    if (n > 0) {
        memcpy(p, bytes, n);
    }
    p[n] = '\0';
    return p;
}

char *bw_copy_text(const char *text)
{
    return bw_copy(text, text ? strlen(text) : 0);
}
