/* SPDX-License-Identifier: GPL-3.0-or-later
 * mask.c - a secret under random bytes that stand before it. */
#include "mask.h"

#include <assert.h>
#include <hash.h>
#include <stdint.h>
#include <string.h>

void bw_mask(const char *secret, char out[BW_MASK_TEXT(BW_MASK_MAX) + 1])
{
    uint8_t both[2 * BW_MASK_MAX];
    size_t n = strlen(secret);

    assert(n <= BW_MASK_MAX);
    bw_random(both, n);
    for (size_t i = 0; i < n; i++) {
        both[n + i] = (uint8_t)(both[i] ^ (uint8_t)secret[i]);
    }
    (void)bw_b64_encode(both, 2 * n, out);
}

bool bw_mask_is(const char *text, const char *secret)
{
    uint8_t both[2 * BW_MASK_MAX];
    size_t n = strlen(secret);

    if (n == 0 || n > BW_MASK_MAX || strlen(text) != BW_MASK_TEXT(n) ||
        bw_b64_decode(text, strlen(text), both, sizeof(both)) != (long)(2 * n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        both[n + i] ^= both[i];
    }
    return bw_same(both + n, secret, n);
}
