/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack.h - small binary pieces: LEB128 varints, zigzag, length-prefixed bytes, zstd
 * frames with a checksum. Reading sticks at its first fault and never leaves its bytes.
 * For segments alone. */
#ifndef BW_STORE_PACK_H
#define BW_STORE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

void bw_pack_u64(struct bw_buf *b, uint64_t v);
void bw_pack_i64(struct bw_buf *b, int64_t v); /* zigzag */
void bw_pack_bytes(struct bw_buf *b, const void *data, size_t n);
size_t bw_pack_size_i64(int64_t v);

struct bw_unpack {
    const uint8_t *at;
    size_t left;
    bool bad;
};
uint64_t bw_unpack_u64(struct bw_unpack *u);
int64_t bw_unpack_i64(struct bw_unpack *u);
/* The bytes stay in the source; NULL when bad. */
const void *bw_unpack_bytes(struct bw_unpack *u, size_t *ret_n);
const void *bw_unpack_raw(struct bw_unpack *u, size_t n);

/* Append one zstd frame (with checksum) of data[n]. */
int bw_pack_zstd(struct bw_buf *out, const void *data, size_t n, int level);
/* Append the frame's contents; -BW_EMALFORMED when damaged or larger than max. */
int bw_unpack_zstd(
    struct bw_buf *out, const void *frame, size_t n, size_t max, struct bw_err *reterr);

#endif
