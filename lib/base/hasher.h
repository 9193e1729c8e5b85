/* SPDX-License-Identifier: GPL-3.0-or-later
 * hasher.h - SHA-256 of bytes that come in pieces. (Whole buffers: hash.h.) */
#ifndef BW_HASHER_H
#define BW_HASHER_H

#include <stddef.h>
#include <stdint.h>

struct bw_hasher;

enum {
    BW_SHA256_HEX = 64 /* characters of a SHA-256 as hexadecimal, without NUL */
};

/* NULL without memory. */
struct bw_hasher *bw_hasher_new(void);
void bw_hasher_free(struct bw_hasher *h);
/* An error sticks and is told by bw_hasher_end. */
void bw_hasher_add(struct bw_hasher *h, const void *data, size_t n);
/* The hash of all that was added; 0 or -EIO. Nothing may be added afterwards. */
int bw_hasher_end(struct bw_hasher *h, uint8_t ret[32]);

/* As sha256sum prints it: lower case. */
void bw_sha256_hex(const uint8_t hash[32], char ret[BW_SHA256_HEX + 1]);

#endif
