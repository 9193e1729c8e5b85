/* SPDX-License-Identifier: GPL-3.0-or-later
 * tile.h - how a log's tree is cut and named over HTTP (C2SP tlog-tiles): tiles of 256
 * hashes, bundles of 256 leaves, and nodes of the tree out of tiles. */
#ifndef BW_TLOG_TILE_H
#define BW_TLOG_TILE_H

#include "tree.h"

enum {
    BW_TILE_WIDTH = 256,
    BW_TILE_BYTES = 32 * BW_TILE_WIDTH,
    BW_TILE_LEVELS = 8,   /* 256^8 > 2^62 */
    BW_TILE_ENTRIES = -1, /* a bundle of leaves, in place of a level */
    BW_TILE_PATH_MAX = 80 /* bytes of a path, with NUL */
};

struct bw_tile {
    int level; /* 0 to BW_TILE_LEVELS - 1, or BW_TILE_ENTRIES */
    int64_t n; /* which of its level */
    int width; /* 1 to 256 */
};

/* "tile/0/x001/067.p/12", "tile/entries/000": no slash before it. */
void bw_tile_path(const struct bw_tile *t, char ret[BW_TILE_PATH_MAX]);
/* Strict: one way to write each; -EINVAL. */
int bw_tile_parse(const char *path, struct bw_tile *ret);

/* What the tree of `size` has at (level, n): its width, 0: nothing. */
int bw_tile_width(int level, int64_t n, int64_t size);

/* The head of a full tile: the hash that stands for it one level up. */
void bw_tile_head(const uint8_t hashes[BW_TILE_BYTES], uint8_t ret[32]);

/* The bytes of a tile: exactly width * 32, which the caller holds against nothing: proofs
 * made of wrong tiles do not hold. */
typedef int (*bw_tile_cb)(void *owner, const struct bw_tile *t, uint8_t *ret_hashes);

/* Nodes out of tiles, the newest few kept. Embedded; size, cb and owner are the caller's to
 * set, the rest zero. */
struct bw_tile_reader {
    int64_t size; /* of the tree: which tiles are partial */
    bw_tile_cb cb;
    void *owner;
    int next;
    struct {
        struct bw_tile tile; /* width 0: none */
        uint8_t hashes[BW_TILE_BYTES];
    } kept[6];
};
/* As bw_tree_node_cb, owner the reader. -EINVAL: beyond its size. */
int bw_tile_node(void *reader, unsigned level, int64_t n, uint8_t ret[32]);

#endif
