/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_read.c - looking things up in the ledger, hot or sealed. */
#include "hash.h"
#include "ledger_private.h"

#include <bw/err.h>
#include <errno.h>
#include <segment.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The chain's number in *ret_chain (may be NULL). */
static int read_head(struct ledger *l,
                     const char *kid,
                     struct bw_ledger_head *ret,
                     int64_t *ret_chain,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, CHAIN_HEAD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r <= 0) {
        return r < 0 ? r : bw_err_set(reterr, -ENOENT, "no record of key %s", kid);
    }
    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->kid, sizeof(ret->kid), "%s", kid);
    bw_sql_copy(st, 0, ret->site, sizeof(ret->site));
    ret->acked_through = bw_sql_get(st, 1);
    bw_sql_copy(st, 2, ret->hash, sizeof(ret->hash));
    ret->position = bw_sql_get(st, 3);
    ret->received_unix_ms = bw_sql_get(st, 4);
    ret->end_unix_s = bw_sql_get(st, 5);
    ret->n_held = bw_sql_get(st, 6);
    ret->n_forks = bw_sql_get(st, 7);
    if (ret_chain) {
        *ret_chain = sqlite3_column_int64(st, 8);
    }
    (void)sqlite3_reset(st);
    return 0;
}

int bw_ledger_do_head(struct bw_ledger *l,
                      const char *kid,
                      struct bw_ledger_head *ret,
                      struct bw_err *reterr)
{
    return read_head(bw_ledger_of(l), kid, ret, NULL, reterr);
}

int bw_ledger_do_at(struct bw_ledger *l,
                    int64_t position,
                    bw_record_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_found f = {0};
    int r = bw_ledger_find_position(bw_ledger_of(l), position, &f, reterr);
    if (r == -ENOENT) {
        return bw_err_set(reterr, r, "no record at position %lld", (long long)position);
    }
    if (r == 0) {
        r = cb(owner, &f.record);
    }
    bw_found_done(&f);
    return r;
}

int bw_ledger_do_by_seq(struct bw_ledger *base,
                        const char *kid,
                        int64_t seq,
                        bw_record_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct bw_ledger_head head;
    struct bw_found f = {0};
    int64_t chain = 0;
    int r = read_head(l, kid, &head, &chain, reterr);
    if (r == 0) {
        r = bw_ledger_find_seq(l, chain, kid, seq, &f, reterr);
    }
    if (r == -ENOENT) {
        return bw_err_set(reterr, r, "no record %lld of key %s", (long long)seq, kid);
    }
    if (r == 0) {
        r = cb(owner, &f.record);
    }
    bw_found_done(&f);
    return r;
}

struct leaf {
    uint8_t sha256[32];
    int64_t received_unix_ms;
};

/* Block by block, then in order of position: each block is decoded once. */
static int sealed_leaves(struct ledger *l,
                         const struct bw_segment_ref *ref,
                         int64_t from,
                         int64_t to,
                         bw_ledger_leaf_cb cb,
                         void *owner,
                         struct bw_err *reterr)
{
    const struct bw_segment *seg = NULL;
    struct leaf *leaves =
        calloc((size_t)(ref->to_position - ref->from_position), sizeof(*leaves));
    if (!leaves) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_segments_open(l->segments, ref->file, ref->index_sha256, &seg, reterr);
    for (size_t i = 0; r == 0 && seg && i < seg->n_blocks; i++) {
        const struct bw_block *b = NULL;
        r = bw_segments_block(l->segments, seg, i, &b, reterr);
        for (size_t k = 0; r == 0 && k < b->n; k++) {
            const struct bw_block_record *rec = &b->records[k];
            if (rec->position >= ref->from_position && rec->position < ref->to_position) {
                struct leaf *leaf = &leaves[rec->position - ref->from_position];
                leaf->received_unix_ms = rec->received_unix_ms;
                r = bw_sql_hash_parse(rec->sha256, leaf->sha256);
            }
        }
    }
    for (int64_t p = from > ref->from_position ? from : ref->from_position;
         r == 0 && p < to && p < ref->to_position; p++) {
        const struct leaf *leaf = &leaves[p - ref->from_position];
        r = cb(owner, p, leaf->sha256, leaf->received_unix_ms);
    }
    free(leaves);
    return r;
}

static int hot_leaves(struct ledger *l,
                      int64_t from,
                      int64_t to,
                      bw_ledger_leaf_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, LEAVES_HOT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, from);
    bw_sql_i64(st, 2, to);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        char text[BW_HASH_LEN + 1];
        uint8_t hash[32];
        bw_sql_copy(st, 1, text, sizeof(text));
        r = bw_sql_hash_parse(text, hash);
        if (r == 0) {
            r = cb(owner, sqlite3_column_int64(st, 0), hash, sqlite3_column_int64(st, 2));
        }
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_ledger_do_leaves(struct bw_ledger *base,
                        int64_t from,
                        int64_t to,
                        bw_ledger_leaf_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    struct bw_segment_ref *refs = NULL;
    size_t n = 0;
    int64_t hot = 0;
    bool own = false;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = bw_ledger_hot_from(l, &hot, reterr);
    }
    if (r == 0 && from < hot) {
        r = bw_sql_use(&l->sql, SEGMENT_RANGE, &st, reterr);
        if (r == 0) {
            bw_sql_i64(st, 1, from);
            bw_sql_i64(st, 2, to);
            r = bw_ledger_segments(l, st, &refs, &n, reterr);
        }
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = sealed_leaves(l, &refs[i], from, to, cb, owner, reterr);
    }
    if (r == 0 && to > hot) {
        r = hot_leaves(l, from > hot ? from : hot, to, cb, owner, reterr);
    }
    bw_ledger_unsnap(l, own);
    free(refs);
    return r;
}

int bw_ledger_do_holes(struct bw_ledger *base,
                       const char *kid,
                       bw_ledger_hole_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, HOLES_LIST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        struct bw_ledger_hole h = {0};
        bw_sql_copy(st, 0, h.kid, sizeof(h.kid));
        h.from_seq = bw_sql_get(st, 1);
        h.to_seq = bw_sql_get(st, 2);
        h.declared_unix_ms = bw_sql_get(st, 3);
        r = cb(owner, &h);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_ledger_do_forks(struct bw_ledger *base,
                       const char *kid,
                       bw_ledger_fork_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, FORKS_LIST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        struct bw_ledger_fork f = {0};
        bw_sql_copy(st, 0, f.kid, sizeof(f.kid));
        f.seq = bw_sql_get(st, 1);
        bw_sql_copy(st, 2, f.sha256, sizeof(f.sha256));
        f.received_unix_ms = bw_sql_get(st, 3);
        f.jws = (const char *)sqlite3_column_text(st, 4);
        f.jws_len = (size_t)sqlite3_column_bytes(st, 4);
        r = cb(owner, &f);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_ledger_do_stat(struct bw_ledger *base,
                      struct bw_ledger_stat *ret,
                      struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct bw_ledger_stat s = {0};
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, STAT, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(&l->sql, st, reterr);
    }
    if (r < 0) {
        return r;
    }
    s.n_positions = sqlite3_column_int64(st, 0);
    s.n_segments = sqlite3_column_int64(st, 1);
    s.n_held = sqlite3_column_int64(st, 2);
    s.n_forks = sqlite3_column_int64(st, 3);
    s.n_refused = sqlite3_column_int64(st, 4);
    s.n_holes = sqlite3_column_int64(st, 5);
    s.sealed_bytes = sqlite3_column_int64(st, 6);
    s.n_hot = s.n_positions - sqlite3_column_int64(st, 7); /* sealing takes a prefix */
    (void)sqlite3_reset(st);
    s.hot_bytes = bw_sql_bytes(&l->sql);
    *ret = s;
    return 0;
}
