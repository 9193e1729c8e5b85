/* SPDX-License-Identifier: GPL-3.0-or-later
 * many.h - one proof that many leaves are in a tree: the heads of all its parts that hold
 * none of them, from left to right. What single proofs would tell again and again is there
 * once, and whoever knows the leaves needs nothing else to come to the tree's head.
 *
 * A tree of n leaves is cut as RFC 6962 section 2.1 has it: into the largest power of two
 * below n, and the rest. */
#ifndef BW_TLOG_MANY_H
#define BW_TLOG_MANY_H

#include "tree.h"

struct bw_tree_part {
    int64_t index;
    uint8_t hash[32]; /* of the leaf in the tree */
};

typedef int (*bw_tree_hash_cb)(void *owner, const uint8_t hash[32]);

/* Leaves in rising order, each once. Of none: the tree's head is all there is to tell.
 * -EINVAL: out of order or range; what node or out failed with. */
int bw_tree_prove_many(const struct bw_tree_part *parts,
                       size_t n,
                       int64_t size,
                       bw_tree_node_cb node,
                       void *node_owner,
                       bw_tree_hash_cb out,
                       void *out_owner);

/* The head that leaves and hashes (n_hashes times 32 bytes) lead to. -EINVAL: the leaves
 * are out of order or range, or there are more or fewer hashes than it takes. Any bytes. */
int bw_tree_head_many(const struct bw_tree_part *parts,
                      size_t n,
                      int64_t size,
                      const uint8_t *hashes,
                      size_t n_hashes,
                      uint8_t ret[32]);

#endif
