/* SPDX-License-Identifier: GPL-3.0-or-later
 * hash.h - SHA-256, base64url (RFC 4648 section 5, no padding), random bytes. */
#ifndef BW_HASH_H
#define BW_HASH_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;

/* Must be called once at the start of each program; 0 or -EIO. */
int bw_crypto_init(void);

void bw_sha256(const void *data, size_t n, uint8_t ret[32]);
/* The same as 43 characters and a NUL. */
void bw_sha256_text(const void *data, size_t n, char ret[BW_HASH_LEN + 1]);

/* SipHash-2-4 under a secret key: for tables in memory that strangers may try to flood. */
uint64_t bw_siphash(const uint8_t key[16], const void *data, size_t n);

/* HMAC-SHA-256 (RFC 2104). */
void bw_hmac_sha256(
    const void *key, size_t n_key, const void *data, size_t n, uint8_t ret[32]);

/* Encode into out[(n * 4 + 2) / 3 + 1]; gives the length. */
size_t bw_b64_encode(const void *data, size_t n, char *out);
void bw_b64_append(struct bw_buf *b, const void *data, size_t n);
/* Strict: no padding, no other characters, no stray bits in the last one. Gives the
 * number of bytes written into out[cap], or -EINVAL, or -E2BIG. */
long bw_b64_decode(const char *text, size_t n, void *out, size_t cap);

void bw_random(void *out, size_t n);

/* Are they the same n bytes? As long for every answer. */
bool bw_same(const void *a, const void *b, size_t n);

#endif
