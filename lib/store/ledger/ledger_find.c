/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_find.c - where a record is: a hot row, or a place in a sealed file.
 *
 * Invariant: positions below the end of the last segment are sealed, all others hot; a
 * walk reads that border once and keeps to it (one snapshot). */
#include "ledger_private.h"

#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <segment.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

void bw_found_done(struct bw_found *f)
{
    free(f->jws);
    memset(f, 0, sizeof(*f));
}

int bw_ledger_snap(struct ledger *l, bool *ret_own, struct bw_err *reterr)
{
    *ret_own = false;
    if (!sqlite3_get_autocommit(l->sql.db)) {
        return 0;
    }
    int r = bw_sql_exec(&l->sql, "BEGIN", reterr);
    *ret_own = r == 0;
    return r;
}

void bw_ledger_unsnap(struct ledger *l, bool own)
{
    if (own) {
        bw_sql_rollback(&l->sql);
    }
}

int bw_ledger_hot_from(struct ledger *l, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, HOT_FROM, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(&l->sql, st, reterr);
    }
    if (r > 0) {
        *ret = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

void bw_ledger_row(struct sqlite3_stmt *st, struct bw_record *r)
{
    memset(r, 0, sizeof(*r));
    r->jws = (const char *)sqlite3_column_text(st, 0);
    r->jws_len = (size_t)sqlite3_column_bytes(st, 0);
    bw_sql_copy(st, 1, r->kid, sizeof(r->kid));
    bw_sql_copy(st, 2, r->sha256, sizeof(r->sha256));
    bw_sql_copy(st, 3, r->site, sizeof(r->site));
    r->seq = sqlite3_column_int64(st, 4);
    r->start_unix_s = sqlite3_column_int64(st, 5);
    r->end_unix_s = sqlite3_column_int64(st, 6);
    r->position = sqlite3_column_int64(st, 7);
    r->received_unix_ms = sqlite3_column_int64(st, 8);
    r->egress = (enum bw_egress)sqlite3_column_int(st, 9);
}

void bw_ledger_record_of(const struct bw_block *b,
                         const struct bw_block_record *r,
                         struct bw_record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->jws = r->jws;
    ret->jws_len = r->jws_len;
    memcpy(ret->kid, b->kid, sizeof(ret->kid));
    memcpy(ret->sha256, r->sha256, sizeof(ret->sha256));
    memcpy(ret->site, b->site, sizeof(ret->site));
    ret->seq = r->seq;
    ret->start_unix_s = r->start_unix_s;
    ret->end_unix_s = r->end_unix_s;
    ret->position = r->position;
    ret->received_unix_ms = r->received_unix_ms;
    ret->egress = r->egress;
}

int bw_ledger_segments(struct ledger *l,
                       struct sqlite3_stmt *st,
                       struct bw_segment_ref **ret,
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    struct bw_segment_ref *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    int r = 0;
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        struct bw_segment_ref *bigger = bw_grow(list, n, &cap, sizeof(*list));
        if (!bigger) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            break;
        }
        list = bigger;
        list[n].id = sqlite3_column_int64(st, 0);
        list[n].from_position = sqlite3_column_int64(st, 1);
        list[n].to_position = sqlite3_column_int64(st, 2);
        bw_sql_copy(st, 3, list[n].file, sizeof(list[n].file));
        bw_sql_copy(st, 4, list[n].index_sha256, sizeof(list[n].index_sha256));
        n++;
    }
    (void)sqlite3_reset(st);
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

int bw_ledger_segments_of(struct ledger *l,
                          const char *site,
                          int64_t from_unix_s,
                          int64_t to_unix_s,
                          struct bw_segment_ref **ret,
                          size_t *ret_n,
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, site[0] ? SEGMENT_OF_SITE : SEGMENT_OF_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    if (site[0]) {
        bw_sql_text(st, 1, site);
    }
    (void)sqlite3_bind_int64(st, 2, from_unix_s);
    (void)sqlite3_bind_int64(st, 3, to_unix_s);
    return bw_ledger_segments(l, st, ret, ret_n, reterr);
}

/* The row under a bound statement; -ENOENT none. */
static int take_row(struct ledger *l,
                    struct sqlite3_stmt *st,
                    struct bw_found *ret,
                    struct bw_err *reterr)
{
    int r = bw_sql_row(&l->sql, st, reterr);
    if (r <= 0) {
        return r < 0 ? r : -ENOENT;
    }
    bw_ledger_row(st, &ret->record);
    ret->jws = ret->record.jws ? strdup(ret->record.jws) : NULL;
    ret->record.jws = ret->jws;
    (void)sqlite3_reset(st);
    return ret->jws ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
}

static int take_sealed(const struct bw_block *b,
                       const struct bw_block_record *r,
                       struct bw_found *ret,
                       struct bw_err *reterr)
{
    bw_ledger_record_of(b, r, &ret->record);
    ret->jws = strdup(r->jws);
    ret->record.jws = ret->jws;
    return ret->jws ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
}

static int seq_in_segment(struct ledger *l,
                          const struct bw_segment_ref *ref,
                          const char *kid,
                          int64_t seq,
                          struct bw_found *ret,
                          struct bw_err *reterr)
{
    const struct bw_segment *seg = NULL;
    int r = bw_segments_open(l->segments, ref->file, ref->index_sha256, &seg, reterr);
    for (size_t i = 0; r == 0 && i < seg->n_blocks; i++) {
        const struct bw_block_info *info = &seg->blocks[i];
        const struct bw_block *b = NULL;
        if (seq < info->from_seq || seq > info->to_seq || strcmp(info->kid, kid) != 0) {
            continue;
        }
        r = bw_segments_block(l->segments, seg, i, &b, reterr);
        for (size_t k = 0; r == 0 && k < b->n; k++) {
            if (b->records[k].seq == seq) {
                return take_sealed(b, &b->records[k], ret, reterr);
            }
        }
    }
    l->sealed_fault = l->sealed_fault || r == -BW_EMALFORMED || r == -EIO;
    return r < 0 ? r : -ENOENT;
}

static int sealed_seq(struct ledger *l,
                      int64_t chain,
                      const char *kid,
                      int64_t seq,
                      struct bw_found *ret,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_segment_ref *refs = NULL;
    size_t n = 0;
    int r = bw_sql_use(&l->sql, SEGMENT_OF_SEQ, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, chain);
    bw_sql_i64(st, 2, seq);
    r = bw_ledger_segments(l, st, &refs, &n, reterr);
    if (r < 0) {
        return r;
    }
    r = -ENOENT;
    for (size_t i = 0; r == -ENOENT && i < n; i++) {
        r = seq_in_segment(l, &refs[i], kid, seq, ret, reterr);
    }
    free(refs);
    return r;
}

int bw_ledger_find_seq(struct ledger *l,
                       int64_t chain,
                       const char *kid,
                       int64_t seq,
                       struct bw_found *ret,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    bool own = false;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, HOT_SEQ, &st, reterr);
    }
    if (r == 0) {
        bw_sql_i64(st, 1, chain);
        bw_sql_i64(st, 2, seq);
        r = take_row(l, st, ret, reterr);
    }
    if (r == -ENOENT) {
        r = sealed_seq(l, chain, kid, seq, ret, reterr);
    }
    bw_ledger_unsnap(l, own);
    return r;
}

static int sealed_position(struct ledger *l,
                           int64_t position,
                           struct bw_found *ret,
                           struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_segment_ref *refs = NULL;
    const struct bw_segment *seg = NULL;
    const struct bw_block *b = NULL;
    const struct bw_block_record *rec = NULL;
    size_t n = 0;
    int r = bw_sql_use(&l->sql, SEGMENT_RANGE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, position);
    bw_sql_i64(st, 2, position + 1);
    r = bw_ledger_segments(l, st, &refs, &n, reterr);
    if (r == 0 && n == 0) {
        r = -ENOENT;
    }
    if (r == 0) {
        r = bw_segments_open(l->segments, refs[0].file, refs[0].index_sha256, &seg, reterr);
    }
    if (r == 0) {
        r = bw_segments_at(l->segments, seg, position, &b, &rec, reterr);
    }
    if (r == 0) {
        r = take_sealed(b, rec, ret, reterr);
    }
    free(refs);
    return r;
}

int bw_ledger_find_position(struct ledger *l,
                            int64_t position,
                            struct bw_found *ret,
                            struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    bool own = false;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, HOT_POSITION, &st, reterr);
    }
    if (r == 0) {
        bw_sql_i64(st, 1, position);
        r = take_row(l, st, ret, reterr);
    }
    if (r == -ENOENT) {
        r = sealed_position(l, position, ret, reterr);
    }
    bw_ledger_unsnap(l, own);
    return r;
}
