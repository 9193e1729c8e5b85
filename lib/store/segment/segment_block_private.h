/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_block_private.h - what writing and reading blocks share: the form's constants. */
#ifndef BW_STORE_SEGMENT_BLOCK_PRIVATE_H
#define BW_STORE_SEGMENT_BLOCK_PRIVATE_H

#include "segment_block.h"

enum {
    VERSION = 2,
    VERSION_COLUMNS = 1,  /* numbers as columns of differences: read four times as fast */
    COLUMNS_ENOUGH = 220, /* … and written where they take no more bytes a record */
    CODED_CHECK = 8,      /* bytes of the coded part's SHA-256 */
    MARK_INT = 1,
    MARK_BYTES = 2,
    MARK_PREV = 3,
    SIGNATURE = 64,
    SLOTS_MAX = 2048,
    PLAIN_MAX = BW_BLOCK_MAX * (BW_JWS_MAX + 512),
    OUT_MAX = PLAIN_MAX + BW_BLOCK_MAX * SIGNATURE + 64,
    META = 6 /* columns beside the payload */
};

/* A block of one version; -BW_EMALFORMED: its payloads have a form that it has no room
 * for. */
int bw_block_encode_as(int version,
                       const char *kid,
                       const char *site,
                       const struct bw_block_record *records,
                       size_t n,
                       struct bw_buf *out,
                       struct bw_err *reterr);

#endif
