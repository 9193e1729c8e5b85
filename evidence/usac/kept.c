/* SPDX-License-Identifier: GPL-3.0-or-later
 * kept.c - a hash table over one growing block of bytes.
 *
 * Invariant: rows and bytes are reached by offsets, never by pointers that growth would
 * move. */
#include "kept.h"

#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>

enum {
    MORE_BYTES = 64 * 1024 /* the block grows by at least */
};

void bw_kept_init(struct bw_kept *k, size_t max_rows, size_t max_bytes)
{
    *k = (struct bw_kept){.max = max_rows, .max_bytes = max_bytes};
    bw_random(k->seed, sizeof(k->seed));
}

void bw_kept_done(struct bw_kept *k)
{
    free(k->rows);
    free(k->bytes);
    free(k->slots);
    *k = (struct bw_kept){0};
}

/* Where the key is, or where it would go. */
static size_t slot_of(const struct bw_kept *k, const char *key)
{
    size_t at = (size_t)bw_siphash(k->seed, key, strlen(key)) & (k->n_slots - 1);
    while (k->slots[at] != 0 &&
           strcmp(bw_kept_key(k, &k->rows[k->slots[at] - 1]), key) != 0) {
        at = (at + 1) & (k->n_slots - 1);
    }
    return at;
}

struct bw_kept_row *bw_kept_find(const struct bw_kept *k, const char *key)
{
    if (k->n == 0 || !k->rows || !k->slots) {
        return NULL;
    }
    uint32_t row = k->slots[slot_of(k, key)];
    return row == 0 ? NULL : &k->rows[row - 1];
}

static int widen(struct bw_kept *k)
{
    size_t n = k->n_slots ? 2 * k->n_slots : 1024;
    uint32_t *slots = calloc(n, sizeof(*slots));
    if (!slots) {
        return -ENOMEM;
    }
    free(k->slots);
    k->slots = slots;
    k->n_slots = n;
    for (size_t i = 0; k->rows && i < k->n; i++) {
        k->slots[slot_of(k, bw_kept_key(k, &k->rows[i]))] = (uint32_t)i + 1;
    }
    return 0;
}

/* Bytes and a NUL into the block. */
static int store(struct bw_kept *k, const void *data, size_t n, uint32_t *ret)
{
    if (k->used + n + 1 > k->max_bytes) {
        return -ENOSPC;
    }
    if (k->used + n + 1 > k->room) {
        size_t room = k->room + k->room / 2 + n + MORE_BYTES;
        room = room > k->max_bytes ? k->max_bytes : room;
        char *bytes = realloc(k->bytes, room);
        if (!bytes) {
            return -ENOMEM;
        }
        k->bytes = bytes;
        k->room = room;
    }
    *ret = (uint32_t)k->used;
    if (n > 0) {
        memcpy(k->bytes + k->used, data, n);
    }
    k->bytes[k->used + n] = '\0';
    k->used += n + 1;
    return 0;
}

int bw_kept_add(struct bw_kept *k, const char *key, struct bw_kept_row **ret)
{
    struct bw_kept_row row = {
        .data = BW_KEPT_NONE, .head = BW_KEPT_NONE, .file = BW_KEPT_NONE};
    struct bw_kept_row *there = bw_kept_find(k, key);
    if (there) {
        *ret = there;
        return 0;
    }
    if (k->n == k->max) {
        return -ENOSPC;
    }
    if (k->n == k->cap || !k->rows) {
        size_t cap = k->cap + k->cap / 2 + 1024;
        struct bw_kept_row *rows = realloc(k->rows, cap * sizeof(*rows));
        if (!rows) {
            return -ENOMEM;
        }
        memset(rows + k->n, 0, (cap - k->n) * sizeof(*rows));
        k->rows = rows;
        k->cap = cap;
    }
    if (2 * (k->n + 1) > k->n_slots && widen(k) < 0) {
        return -ENOMEM;
    }
    int r = store(k, key, strlen(key), &row.key);
    if (r < 0) {
        return r;
    }
    k->slots[slot_of(k, key)] = (uint32_t)k->n + 1;
    k->rows[k->n] = row;
    *ret = &k->rows[k->n++];
    return 0;
}

int bw_kept_put(struct bw_kept *k, size_t row, const void *data, size_t n)
{
    uint32_t at = 0;
    int r = store(k, data, n, &at);
    if (r == 0) {
        k->rows[row].data = at;
        k->rows[row].len = (uint32_t)n;
    }
    return r;
}
