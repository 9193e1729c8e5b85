/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal_keep.c - the journal's housekeeping: what may go, small values, budgets, status.
 *
 * Invariant: a row goes only with its receipt (or its reported refusal) and past the
 * local keep time, together with its typed columns, in one transaction. */
#include "buf.h"
#include "journal.h"
#include "journal_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

enum {
    PRUNE_STEP = 500
}; /* rows a transaction, so that appends never wait long */

struct doomed {
    int64_t id;
    int64_t chain;
    int64_t seq;
};

static int prune_pick(struct bw_journal *j,
                      int64_t before_unix_s,
                      int64_t after_id,
                      struct doomed *d,
                      size_t want,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    size_t n = 0;
    int r = 0;
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, PRUNE_PICK, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, before_unix_s);
    bw_sql_i64(st, 2, (int64_t)want);
    bw_sql_i64(st, 3, after_id);
    while (n < want && (r = bw_sql_row(&j->sql, st, reterr)) > 0) {
        d[n].id = sqlite3_column_int64(st, 0);
        d[n].chain = sqlite3_column_int64(st, 1);
        d[n].seq = sqlite3_column_int64(st, 2);
        n++;
    }
    (void)sqlite3_reset(st);
    *ret_n = n;
    return r < 0 ? r : 0;
}

static int
prune_rows(struct bw_journal *j, const struct doomed *d, size_t n, struct bw_err *reterr)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, PRUNE_ROW, reterr);
        if (!st) {
            return bw_sql_code(&j->sql);
        }
        bw_sql_i64(st, 1, d[i].id);
        r = bw_sql_run(&j->sql, st, reterr);
        if (r == 0) {
            r = bw_columns_drop(&j->sql, d[i].id, d[i].id, reterr);
        }
        /* Receipts go when the last row they cover went. */
        if (r == 0 && (i + 1 == n || d[i + 1].chain != d[i].chain)) {
            st = bw_sql_stmt(&j->sql, PRUNE_RECEIPTS, reterr);
            if (!st) {
                return bw_sql_code(&j->sql);
            }
            bw_sql_i64(st, 1, d[i].chain);
            bw_sql_i64(st, 2, d[i].seq);
            r = bw_sql_run(&j->sql, st, reterr);
        }
    }
    return r;
}

int bw_journal_prune(struct bw_journal *j,
                     int64_t keep_s,
                     int64_t now_unix_s,
                     size_t max_rows,
                     size_t *ret_freed,
                     struct bw_err *reterr)
{
    struct doomed d[PRUNE_STEP];
    size_t freed = 0;
    int64_t after = 0;
    int r = 0;
    for (;;) {
        size_t want = PRUNE_STEP;
        size_t n = 0;
        if (max_rows > 0 && max_rows - freed < want) {
            want = max_rows - freed;
        }
        if (want == 0) {
            break;
        }
        r = bw_sql_begin(&j->sql, reterr);
        if (r < 0) {
            break;
        }
        r = prune_pick(j, now_unix_s - keep_s, after, d, want, &n, reterr);
        if (r == 0 && n > 0) {
            r = prune_rows(j, d, n, reterr);
        }
        if (r == 0) {
            r = bw_sql_commit(&j->sql, reterr);
        }
        bw_sql_rollback(&j->sql);
        if (r < 0 || n == 0) {
            break;
        }
        freed += n;
        after = d[n - 1].id;
    }
    if (r == 0) {
        *ret_freed = freed;
    }
    return r;
}

/* ---- small values -------------------------------------------------------------- */

int bw_journal_meta_set(struct bw_journal *j,
                        const char *name,
                        const void *value,
                        size_t n,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, value ? META_SET : META_DROP, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_text(st, 1, name);
    if (value) {
        bw_sql_blob(st, 2, n > 0 ? value : "", n);
    }
    return bw_sql_run(&j->sql, st, reterr);
}

int bw_journal_meta_get(struct bw_journal *j,
                        const char *name,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, META_GET, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_text(st, 1, name);
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        bw_buf_clear(out);
        if (sqlite3_column_bytes(st, 0) > 0) {
            bw_buf_add(out, sqlite3_column_blob(st, 0),
                       (size_t)sqlite3_column_bytes(st, 0));
        }
        r = bw_buf_error(out);
        (void)sqlite3_reset(st);
        return r;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "the journal has no value \"%s\"", name);
}

/* ---- budgets ------------------------------------------------------------------- */

int bw_journal_usage_add(struct bw_journal *j,
                         int64_t day_unix_s,
                         const char *circuit,
                         int64_t bytes,
                         struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, USAGE_ADD, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, day_unix_s);
    bw_sql_text(st, 2, circuit);
    bw_sql_i64(st, 3, bytes);
    return bw_sql_run(&j->sql, st, reterr);
}

int bw_journal_usage(struct bw_journal *j,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     const char *circuit,
                     int64_t *ret_bytes,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, circuit ? USAGE_ONE : USAGE_ALL, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, from_unix_s);
    bw_sql_i64(st, 2, to_unix_s);
    if (circuit) {
        bw_sql_text(st, 3, circuit);
    }
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        *ret_bytes = sqlite3_column_int64(st, 0);
        r = 0;
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- status -------------------------------------------------------------------- */

int bw_journal_stat(struct bw_journal *j,
                    struct bw_journal_stat *ret,
                    struct bw_err *reterr)
{
    struct bw_journal_stat s = {0};
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, STAT, reterr);
    int r = st ? bw_sql_row(&j->sql, st, reterr) : bw_sql_code(&j->sql);
    if (r < 0) {
        return r;
    }
    s.rows = bw_sql_get(st, 0);
    s.first_start_unix_s = bw_sql_get(st, 1);
    s.last_end_unix_s = bw_sql_get(st, 2);
    s.refused = bw_sql_get(st, 3);
    s.unreported = bw_sql_get(st, 4);
    s.last_ack_unix_ms = bw_sql_get(st, 5);
    (void)sqlite3_reset(st);
    st = bw_sql_stmt(&j->sql, STAT_PENDING, reterr);
    r = st ? bw_sql_row(&j->sql, st, reterr) : bw_sql_code(&j->sql);
    if (r < 0) {
        return r;
    }
    s.pending = bw_sql_get(st, 0);
    (void)sqlite3_reset(st);
    s.file_bytes = bw_sql_bytes(&j->sql);
    *ret = s;
    return 0;
}

int bw_journal_receipt(struct bw_journal *j,
                       const char *kid,
                       int64_t seq,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, RECEIPT_GET, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_text(st, 1, kid);
    bw_sql_i64(st, 2, seq);
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        bw_buf_clear(out);
        bw_buf_puts(out, (const char *)sqlite3_column_text(st, 0));
        r = bw_buf_error(out);
        (void)sqlite3_reset(st);
        return r;
    }
    return r < 0 ? r
                 : bw_err_set(reterr, -ENOENT, "no receipt for record %lld of key %s",
                              (long long)seq, kid);
}
