/* SPDX-License-Identifier: GPL-3.0-or-later
 * many.c - a walk over the tree that stops where no leaf of ours is below.
 *
 * Invariant: both directions take the same steps, so a hash has one place and no other. The
 * depth of the walk is the height of the tree (BW_TREE_LEVELS and one). */
#include "many.h"

#include <errno.h>
#include <string.h>

struct walk {
    const struct bw_tree_part *parts;
    size_t n;
    size_t at; /* the first that was not reached yet */
    /* one of the two: to tell hashes, or to take them */
    bw_tree_node_cb node;
    void *node_owner;
    bw_tree_hash_cb out;
    void *out_owner;
    const uint8_t *hashes;
    size_t n_hashes;
    size_t taken;
};

static int64_t half_of(int64_t n)
{
    int64_t k = 1;

    while (k * 2 < n) {
        k *= 2;
    }
    return k;
}

/* The head of [lo, hi) by the log's own nodes. */
static int head_of(struct walk *w, int64_t lo, int64_t hi, uint8_t ret[32])
{
    uint8_t right[32];
    unsigned level = 0;
    int64_t k;
    int r;

    while (INT64_C(1) << level < hi - lo) {
        level++;
    }
    if (INT64_C(1) << level == hi - lo) { /* lo is a multiple of it: see walk() */
        return w->node(w->node_owner, level, lo >> level, ret);
    }
    k = half_of(hi - lo);
    r = head_of(w, lo, lo + k, ret);
    r = r < 0 ? r : head_of(w, lo + k, hi, right);
    if (r == 0) {
        bw_tree_node(ret, right, ret);
    }
    return r;
}

/* A part without a leaf of ours. */
static int pass(struct walk *w, int64_t lo, int64_t hi, uint8_t ret[32])
{
    int r;

    if (!w->out) {
        if (w->taken == w->n_hashes) {
            return -EINVAL;
        }
        memcpy(ret, w->hashes + 32 * w->taken++, 32);
        return 0;
    }
    r = head_of(w, lo, hi, ret);
    return r < 0 ? r : w->out(w->out_owner, ret);
}

/* Each lo is a multiple of the largest power of two that its part holds: so are those of
 * both halves. */
static int walk(struct walk *w, int64_t lo, int64_t hi, uint8_t ret[32])
{
    uint8_t right[32];
    int64_t k;
    int r;

    if (w->at == w->n || w->parts[w->at].index >= hi) {
        return pass(w, lo, hi, ret);
    }
    if (hi - lo == 1) {
        memcpy(ret, w->parts[w->at++].hash, 32);
        return 0;
    }
    k = half_of(hi - lo);
    r = walk(w, lo, lo + k, ret);
    r = r < 0 ? r : walk(w, lo + k, hi, right);
    if (r == 0 && !w->out) {
        bw_tree_node(ret, right, ret);
    }
    return r;
}

static int go(struct walk *w, int64_t size, uint8_t ret[32])
{
    if (size < 1 || size > BW_TREE_MAX) {
        return -EINVAL;
    }
    for (size_t i = 0; i < w->n; i++) {
        if (w->parts[i].index < (i > 0 ? w->parts[i - 1].index + 1 : 0) ||
            w->parts[i].index >= size) {
            return -EINVAL;
        }
    }
    return walk(w, 0, size, ret);
}

int bw_tree_prove_many(const struct bw_tree_part *parts,
                       size_t n,
                       int64_t size,
                       bw_tree_node_cb node,
                       void *node_owner,
                       bw_tree_hash_cb out,
                       void *out_owner)
{
    struct walk w = {.parts = parts,
                     .n = n,
                     .node = node,
                     .node_owner = node_owner,
                     .out = out,
                     .out_owner = out_owner};
    uint8_t head[32];

    return go(&w, size, head);
}

int bw_tree_head_many(const struct bw_tree_part *parts,
                      size_t n,
                      int64_t size,
                      const uint8_t *hashes,
                      size_t n_hashes,
                      uint8_t ret[32])
{
    struct walk w = {.parts = parts, .n = n, .hashes = hashes, .n_hashes = n_hashes};
    uint8_t head[32];
    int r = go(&w, size, head);

    if (r == 0 && w.taken != n_hashes) {
        r = -EINVAL;
    }
    if (r == 0) {
        memcpy(ret, head, sizeof(head));
    }
    return r;
}
