/* SPDX-License-Identifier: GPL-3.0-or-later
 * kept.h - what an import keeps of millions of rows: pieces of bytes under text keys, in
 * bounded memory, in the order in which they came. */
#ifndef BW_USAC_KEPT_H
#define BW_USAC_KEPT_H

#include <stddef.h>
#include <stdint.h>

#define BW_KEPT_NONE UINT32_MAX

struct bw_kept_row {
    uint32_t key;  /* offsets of NUL-terminated bytes */
    uint32_t data; /* BW_KEPT_NONE: nothing yet */
    uint32_t len;
    uint32_t file; /* from which file and line it came */
    int64_t line;
    uint32_t head; /* the owner's */
    uint32_t mark; /* the owner's */
};

/* For embedding. */
struct bw_kept {
    struct bw_kept_row *rows;
    size_t n;
    size_t cap;
    size_t max; /* rows */
    char *bytes;
    size_t used;
    size_t room;
    size_t max_bytes;
    uint32_t *slots; /* row + 1; 0 empty; a power of two of them */
    size_t n_slots;
    uint8_t seed[16];
};

void bw_kept_init(struct bw_kept *k, size_t max_rows, size_t max_bytes);
void bw_kept_done(struct bw_kept *k);

/* The row of this key, or NULL. Lent until the next add. */
struct bw_kept_row *bw_kept_find(const struct bw_kept *k, const char *key);
/* The row of this key, made empty where there is none. -ENOSPC: no room within the
 * maximum; -ENOMEM. */
int bw_kept_add(struct bw_kept *k, const char *key, struct bw_kept_row **ret);
/* Give a row its bytes (a NUL is put after them); earlier ones stay where they are. */
int bw_kept_put(struct bw_kept *k, size_t row, const void *data, size_t n);

static inline const char *bw_kept_key(const struct bw_kept *k, const struct bw_kept_row *r)
{
    return k->bytes + r->key;
}

static inline const char *bw_kept_data(const struct bw_kept *k, const struct bw_kept_row *r)
{
    return r->data == BW_KEPT_NONE ? "" : k->bytes + r->data;
}

#endif
