/* SPDX-License-Identifier: GPL-3.0-or-later
 * tlog_private.h - what the two files of the log's store share. */
#ifndef BW_STORE_TLOG_PRIVATE_H
#define BW_STORE_TLOG_PRIVATE_H

#include "tlog_store.h"

#include <bw/err.h>
#include <sql.h>

enum tlog_statement {
    SIZE_GET,
    SIZE_SET,
    BUNDLE_PUT,
    BUNDLE_GET,
    TILE_PUT,
    TILE_GET,
    CHECKPOINT_ADD,
    CHECKPOINT_AT,
    CHECKPOINT_ALL,
    COSIGN_PUT,
    COSIGN_GET,
    STAMP_PUT,
    STAMP_GET,
    META_PUT,
    META_GET,
    META_DROP,
    SEEN_GET,
    SEEN_ADD,
    SEEN_MOVE,
    N_STMTS
};

struct bw_tlog {
    struct bw_sql sql;
    bool write;
    bool loaded;  /* the writer's edge below is that of the file */
    int64_t size; /* leaves */
    uint8_t bundle[BW_TILE_WIDTH * BW_LEAF_BYTES]; /* the last, as far as it goes */
    uint8_t edge[BW_TILE_LEVELS][BW_TILE_BYTES];   /* [level] from 1: the last tile */
    struct bw_tile_reader reader;
    struct bw_err fault; /* why a node could not be read */
};

#endif
