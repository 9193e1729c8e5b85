/* SPDX-License-Identifier: GPL-3.0-or-later
 * mask.h - a secret as it stands in pages: other characters each time, so that the length
 * of a packed page, in which somebody else's words may stand too, tells nothing of it
 * (docs/security.md). Pure but for its random bytes; any thread. */
#ifndef BW_MASK_H
#define BW_MASK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    BW_MASK_MAX = 32 /* characters of a secret */
};
/* As many characters as a masked secret of n has. */
#define BW_MASK_TEXT(n) (((n)*8 + 2) / 3)

/* Random bytes, and the secret (at most BW_MASK_MAX) under them, as base64url. */
void bw_mask(const char *secret, char out[BW_MASK_TEXT(BW_MASK_MAX) + 1]);
/* Is `text` this secret, masked? As long for every text of its length. */
bool bw_mask_is(const char *text, const char *secret);

#endif
