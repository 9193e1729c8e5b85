/* SPDX-License-Identifier: GPL-3.0-or-later
 * tree.c - heads and proofs of the Merkle tree, by loops that halve a range.
 *
 * Invariant: no recursion and no memory: a proof is as long as the tree is high, which
 * BW_TREE_LEVELS bounds. */
#include "tree.h"

#include <errno.h>
#include <hash.h>
#include <string.h>

void bw_tree_leaf(const void *data, size_t n, uint8_t ret[32])
{
    uint8_t bytes[1 + BW_TREE_LEAF_MAX] = {0x00};
    if (n > BW_TREE_LEAF_MAX) {
        memset(ret, 0, 32);
        return;
    }
    if (n > 0) {
        memcpy(bytes + 1, data, n);
    }
    bw_sha256(bytes, n + 1, ret);
}

void bw_tree_node(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32])
{
    uint8_t bytes[65] = {0x01};
    memcpy(bytes + 1, left, 32);
    memcpy(bytes + 33, right, 32);
    bw_sha256(bytes, sizeof(bytes), ret);
}

void bw_tree_add(struct bw_tree_stream *s, const uint8_t leaf[32])
{
    uint8_t hash[32];
    unsigned level = 0;
    memcpy(hash, leaf, 32);
    for (; s->size >> level & 1; level++) {
        bw_tree_node(s->peak[level], hash, hash);
    }
    memcpy(s->peak[level], hash, 32);
    s->size++;
}

void bw_tree_head(const struct bw_tree_stream *s, uint8_t ret[32])
{
    bool first = true;
    bw_sha256(NULL, 0, ret);
    for (unsigned level = 0; level <= BW_TREE_LEVELS; level++) {
        if (!(s->size >> level & 1)) {
            continue;
        }
        if (first) {
            memcpy(ret, s->peak[level], 32);
        } else {
            bw_tree_node(s->peak[level], ret, ret);
        }
        first = false;
    }
}

/* The largest power of two below n, n > 1, as its exponent. */
static unsigned half_of(int64_t n)
{
    unsigned level = 0;
    while (INT64_C(2) << level < n) {
        level++;
    }
    return level;
}

/* The head of leaves [lo, hi), lo a multiple of the power of two that is not below hi - lo:
 * complete groups, the largest first, joined from the right. */
static int
range_head(int64_t lo, int64_t hi, bw_tree_node_cb cb, void *owner, uint8_t ret[32])
{
    bool first = true;
    while (hi > lo) {
        unsigned level = 0;
        uint8_t hash[32];
        while (!((hi - lo) >> level & 1)) {
            level++;
        }
        int64_t from = hi - (INT64_C(1) << level);
        int r = cb(owner, level, from >> level, hash);
        if (r < 0) {
            return r;
        }
        if (first) {
            memcpy(ret, hash, 32);
        } else {
            bw_tree_node(hash, ret, ret);
        }
        first = false;
        hi = from;
    }
    return 0;
}

int bw_tree_head_of(int64_t size, bw_tree_node_cb cb, void *owner, uint8_t ret[32])
{
    if (size < 0 || size > BW_TREE_MAX) {
        return -EINVAL;
    }
    bw_sha256(NULL, 0, ret);
    return range_head(0, size, cb, owner, ret);
}

static void turn_round(struct bw_proof *p)
{
    for (size_t i = 0; i < p->n / 2; i++) {
        uint8_t hash[32];
        memcpy(hash, p->hash[i], 32);
        memcpy(p->hash[i], p->hash[p->n - 1 - i], 32);
        memcpy(p->hash[p->n - 1 - i], hash, 32);
    }
}

int bw_tree_prove(
    int64_t index, int64_t size, bw_tree_node_cb cb, void *owner, struct bw_proof *ret)
{
    struct bw_proof p = {.n = 0};
    int64_t lo = 0;
    int64_t hi = size;
    if (index < 0 || index >= size || size > BW_TREE_MAX) {
        return -EINVAL;
    }
    while (hi - lo > 1) {
        int64_t middle = lo + (INT64_C(1) << half_of(hi - lo));
        bool left = index < middle;
        int r = left ? range_head(middle, hi, cb, owner, p.hash[p.n])
                     : range_head(lo, middle, cb, owner, p.hash[p.n]);
        if (r < 0) {
            return r;
        }
        p.n++;
        if (left) {
            hi = middle;
        } else {
            lo = middle;
        }
    }
    turn_round(&p);
    *ret = p;
    return 0;
}

int bw_tree_prove_growth(
    int64_t from, int64_t to, bw_tree_node_cb cb, void *owner, struct bw_proof *ret)
{
    struct bw_proof p = {.n = 0};
    int64_t lo = 0;
    int64_t hi = to;
    int r = 0;
    if (from < 0 || from > to || to > BW_TREE_MAX) {
        return -EINVAL;
    }
    while (from > 0 && hi > from) {
        int64_t middle = lo + (INT64_C(1) << half_of(hi - lo));
        bool left = from <= middle;
        r = left ? range_head(middle, hi, cb, owner, p.hash[p.n])
                 : range_head(lo, middle, cb, owner, p.hash[p.n]);
        if (r < 0) {
            return r;
        }
        p.n++;
        if (left) {
            hi = middle;
        } else {
            lo = middle;
        }
    }
    if (from > 0 &&
        lo > 0) { /* the last group of the smaller tree, which is no whole one */
        r = range_head(lo, hi, cb, owner, p.hash[p.n]);
        if (r < 0) {
            return r;
        }
        p.n++;
    }
    turn_round(&p);
    *ret = p;
    return 0;
}

bool bw_tree_holds(int64_t index,
                   int64_t size,
                   const uint8_t leaf[32],
                   const struct bw_proof *p,
                   const uint8_t head[32])
{
    uint8_t hash[32];
    if (index < 0 || index >= size || size > BW_TREE_MAX || p->n > BW_PROOF_MAX) {
        return false;
    }
    int64_t at = index;
    int64_t last = size - 1;
    memcpy(hash, leaf, 32);
    for (size_t i = 0; i < p->n; i++) {
        if (last == 0) {
            return false;
        }
        if ((at & 1) || at == last) {
            bw_tree_node(p->hash[i], hash, hash);
            for (; !(at & 1) && at != 0; at >>= 1) {
                last >>= 1;
            }
        } else {
            bw_tree_node(hash, p->hash[i], hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, head, 32) == 0;
}

bool bw_tree_grew(int64_t from,
                  const uint8_t from_head[32],
                  int64_t to,
                  const uint8_t to_head[32],
                  const struct bw_proof *p)
{
    uint8_t old[32];
    uint8_t new[32];
    size_t i = 0;
    if (from < 0 || from > to || to > BW_TREE_MAX || p->n > BW_PROOF_MAX) {
        return false;
    }
    if (from == to) {
        return p->n == 0 && memcmp(from_head, to_head, 32) == 0;
    }
    if (from == 0) {
        uint8_t empty[32];
        bw_sha256(NULL, 0, empty);
        return p->n == 0 && memcmp(from_head, empty, 32) == 0;
    }
    int64_t at = from - 1;
    int64_t last = to - 1;
    for (; at & 1; at >>= 1) {
        last >>= 1;
    }
    if (at == 0) { /* the smaller tree is one whole group: its head begins the proof */
        memcpy(old, from_head, 32);
    } else if (p->n > 0) {
        memcpy(old, p->hash[i++], 32);
    } else {
        return false;
    }
    memcpy(new, old, 32);
    for (; i < p->n; i++) {
        if (last == 0) {
            return false;
        }
        if ((at & 1) || at == last) {
            bw_tree_node(p->hash[i], old, old);
            bw_tree_node(p->hash[i], new, new);
            for (; !(at & 1) && at != 0; at >>= 1) {
                last >>= 1;
            }
        } else {
            bw_tree_node(new, p->hash[i], new);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old, from_head, 32) == 0 && memcmp(new, to_head, 32) == 0;
}
