/* SPDX-License-Identifier: GPL-3.0-or-later
 * hasher.c - SHA-256 by OpenSSL's digests, which use the processor's instructions.
 *
 * Invariant: what cannot be hashed is never told as a hash. */
#include "hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct bw_hasher {
    EVP_MD_CTX *ctx;
    bool failed;
};

struct bw_hasher *bw_hasher_new(void)
{
    struct bw_hasher *h = calloc(1, sizeof(*h));
    if (!h) {
        return NULL;
    }
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) <= 0) {
        bw_hasher_free(h);
        return NULL;
    }
    return h;
}

void bw_hasher_free(struct bw_hasher *h)
{
    if (h) {
        EVP_MD_CTX_free(h->ctx);
        free(h);
    }
}

void bw_hasher_add(struct bw_hasher *h, const void *data, size_t n)
{
    if (n > 0 && EVP_DigestUpdate(h->ctx, data, n) <= 0) {
        h->failed = true;
    }
}

int bw_hasher_end(struct bw_hasher *h, uint8_t ret[32])
{
    unsigned int n = 0;
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (h->failed || EVP_DigestFinal_ex(h->ctx, hash, &n) <= 0 || n != 32) {
        h->failed = true;
        return -EIO;
    }
    for (size_t i = 0; i < 32; i++) {
        ret[i] = hash[i];
    }
    return 0;
}

void bw_sha256_hex(const uint8_t hash[32], char ret[BW_SHA256_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        ret[2 * i] = digits[hash[i] >> 4];
        ret[2 * i + 1] = digits[hash[i] & 15];
    }
    ret[BW_SHA256_HEX] = '\0';
}
