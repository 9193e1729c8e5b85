/* SPDX-License-Identifier: GPL-3.0-or-later
 * key_private.h - what jwk.c and jws.c share and nobody else sees: the body of a private
 * key and OpenSSL's form of a P-256 key. */
#ifndef BW_KEY_PRIVATE_H
#define BW_KEY_PRIVATE_H

#include "jws.h"

#include <openssl/evp.h>

enum {
    BW_COORD_LEN = 32
};

struct bw_key {
    struct bw_pubkey pub;
    uint8_t secret[64]; /* Ed25519: seed and public key (libsodium's form); P-256: d[32] */
    EVP_PKEY *evp;      /* P-256 only */
};

/* OpenSSL's key from x, y and, where not NULL, d. NULL when the point is not on the
 * curve or memory is short. Freed with EVP_PKEY_free(). */
EVP_PKEY *bw_p256_evp(const uint8_t xy[2 * BW_COORD_LEN], const uint8_t *d);

#endif
