/* SPDX-License-Identifier: GPL-3.0-or-later
 * tree.h - the Merkle tree of RFC 6962 section 2.1: hashes, heads, and both kinds of proof,
 * made and checked. Pure; any thread.
 *
 * A node is (level, n): the head of the n-th complete group of 2^level leaves. Whoever
 * makes a head or a proof asks for such nodes by a callback, wherever they are kept. */
#ifndef BW_TLOG_TREE_H
#define BW_TLOG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_TREE_LEVELS = 62,    /* a tree has at most 2^62 leaves */
    BW_PROOF_MAX = 63,      /* hashes of a proof */
    BW_TREE_LEAF_MAX = 1023 /* bytes of a leaf */
};

#define BW_TREE_MAX (INT64_C(1) << BW_TREE_LEVELS)

struct bw_proof {
    uint8_t hash[BW_PROOF_MAX][32];
    size_t n;
};

/* SHA-256(0x00 || data), SHA-256(0x01 || left || right). A leaf that is too long gets a
 * hash of zeroes, which no tree of others has. */
void bw_tree_leaf(const void *data, size_t n, uint8_t ret[32]);
void bw_tree_node(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32]);

/* The head of leaves that come one after the other. Zeroed is the empty tree. */
struct bw_tree_stream {
    int64_t size;
    uint8_t peak[BW_TREE_LEVELS + 1][32]; /* [level]: good where that bit of size is set */
};
void bw_tree_add(struct bw_tree_stream *s, const uint8_t leaf[32]);
/* Of an empty tree: SHA-256 of nothing. */
void bw_tree_head(const struct bw_tree_stream *s, uint8_t ret[32]);

/* 0 and the hash of a complete group, or a failure that is given back as it is. */
typedef int (*bw_tree_node_cb)(void *owner, unsigned level, int64_t n, uint8_t ret[32]);

/* The head of the first `size` leaves. -EINVAL: a size out of range. */
int bw_tree_head_of(int64_t size, bw_tree_node_cb cb, void *owner, uint8_t ret[32]);
/* That leaf `index` is in the tree of `size`. -EINVAL: not 0 <= index < size. */
int bw_tree_prove(
    int64_t index, int64_t size, bw_tree_node_cb cb, void *owner, struct bw_proof *ret);
/* That the tree of `from` leaves is a beginning of that of `to`; empty for 0 and for the
 * same size. -EINVAL: not 0 <= from <= to. */
int bw_tree_prove_growth(
    int64_t from, int64_t to, bw_tree_node_cb cb, void *owner, struct bw_proof *ret);

/* Whether a proof holds (RFC 9162 sections 2.1.3.2 and 2.1.4.2). Any bytes may be given. */
bool bw_tree_holds(int64_t index,
                   int64_t size,
                   const uint8_t leaf[32],
                   const struct bw_proof *p,
                   const uint8_t head[32]);
bool bw_tree_grew(int64_t from,
                  const uint8_t from_head[32],
                  int64_t to,
                  const uint8_t to_head[32],
                  const struct bw_proof *p);

#endif
