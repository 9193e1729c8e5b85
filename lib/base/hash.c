/* SPDX-License-Identifier: GPL-3.0-or-later
 * hash.c - SHA-256 (OpenSSL, which uses the processor's instructions), HMAC, base64url
 * and random bytes (libsodium).
 *
 * Invariant: one value has one text: decoding refuses what encoding would not write. */
#include "hash.h"
#include "buf.h"

#include <errno.h>
#include <openssl/sha.h>
#include <sodium.h>

int bw_crypto_init(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

void bw_sha256(const void *data, size_t n, uint8_t ret[32])
{
    const uint8_t *bytes = n ? data : (const uint8_t *)"";

    if (!SHA256(bytes, n, ret)) { /* OpenSSL is out of memory; libsodium needs none */
        (void)crypto_hash_sha256(ret, bytes, n);
    }
}

void bw_sha256_text(const void *data, size_t n, char ret[BW_HASH_LEN + 1])
{
    uint8_t hash[32];

    bw_sha256(data, n, hash);
    (void)bw_b64_encode(hash, sizeof(hash), ret);
}

uint64_t bw_siphash(const uint8_t key[16], const void *data, size_t n)
{
    uint64_t v = 0;

    _Static_assert(sizeof(v) == crypto_shorthash_BYTES, "a hash is a number");
    _Static_assert(16 == crypto_shorthash_KEYBYTES, "a key is 16 bytes");
    (void)crypto_shorthash((unsigned char *)&v, data, n, key);
    return v;
}

void bw_hmac_sha256(
    const void *key, size_t n_key, const void *data, size_t n, uint8_t ret[32])
{
    crypto_auth_hmacsha256_state st;

    (void)crypto_auth_hmacsha256_init(&st, key, n_key);
    (void)crypto_auth_hmacsha256_update(&st, data, n);
    (void)crypto_auth_hmacsha256_final(&st, ret);
    sodium_memzero(&st, sizeof(st));
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t bw_b64_encode(const void *data, size_t n, char *out)
{
    const uint8_t *in = data;
    char *at = out;
    size_t i = 0;

    for (; i + 3 <= n; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *at++ = alphabet[v >> 18];
        *at++ = alphabet[v >> 12 & 63];
        *at++ = alphabet[v >> 6 & 63];
        *at++ = alphabet[v & 63];
    }
    if (n - i == 1) {
        *at++ = alphabet[in[i] >> 2];
        *at++ = alphabet[(in[i] & 3) << 4];
    } else if (n - i == 2) {
        uint32_t v = (uint32_t)in[i] << 8 | in[i + 1];
        *at++ = alphabet[v >> 10];
        *at++ = alphabet[v >> 4 & 63];
        *at++ = alphabet[(v & 15) << 2];
    }
    *at = '\0';
    return (size_t)(at - out);
}

void bw_b64_append(struct bw_buf *b, const void *data, size_t n)
{
    const uint8_t *in = data;

    while (n > 0) {
        char text[65];
        size_t part = n < 48 ? n : 48;
        bw_buf_add(b, text, bw_b64_encode(in, part, text));
        in += part;
        n -= part;
    }
}

/* Value of a character plus one; 0 is "not in the alphabet". */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63,
    ['_'] = 64,
};

long bw_b64_decode(const char *text, size_t n, void *out, size_t cap)
{
    uint8_t *at = out;
    size_t need = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
    uint32_t bits = 0;

    if (n % 4 == 1) {
        return -EINVAL;
    }
    if (need > cap || need > (size_t)INT32_MAX) {
        return -E2BIG;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t v = values[(unsigned char)text[i]];
        if (v == 0) {
            return -EINVAL;
        }
        bits = bits << 6 | (uint32_t)(v - 1);
        if (i % 4 == 3) {
            *at++ = (uint8_t)(bits >> 16);
            *at++ = (uint8_t)(bits >> 8);
            *at++ = (uint8_t)bits;
            bits = 0;
        }
    }
    if (n % 4 == 2) {
        if (bits & 15) {
            return -EINVAL;
        }
        *at++ = (uint8_t)(bits >> 4);
    } else if (n % 4 == 3) {
        if (bits & 3) {
            return -EINVAL;
        }
        *at++ = (uint8_t)(bits >> 10);
        *at++ = (uint8_t)(bits >> 2);
    }
    return (long)need;
}

void bw_random(void *out, size_t n)
{
    randombytes_buf(out, n);
}

bool bw_same(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}
