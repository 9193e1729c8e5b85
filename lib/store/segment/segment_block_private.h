/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_block_private.h - what writing and reading blocks share: the form's constants. */
#ifndef BW_STORE_SEGMENT_BLOCK_PRIVATE_H
#define BW_STORE_SEGMENT_BLOCK_PRIVATE_H

#include "segment_block.h"

enum {
    VERSION = 1,
    MARK_INT = 1,
    MARK_BYTES = 2,
    MARK_PREV = 3,
    SIGNATURE = 64,
    SLOTS_MAX = 2048,
    PLAIN_MAX = BW_BLOCK_MAX * (BW_JWS_MAX + 512),
    OUT_MAX = PLAIN_MAX + BW_BLOCK_MAX * SIGNATURE + 64,
    META = 6 /* columns beside the payload */
};

#endif
