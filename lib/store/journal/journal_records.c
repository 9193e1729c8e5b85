/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal_records.c - the journal as <bw/records.h>, for reports, export and verify.
 *
 * Invariant: a connection of its own that never writes, and one snapshot per walk, so the
 * writer may go on meanwhile. Days are folded from the typed columns, the same way as
 * everywhere else (fold.h). */
#include "journal.h"
#include "journal_private.h"

#include <bw/err.h>
#include <bw/records.h>
#include <columns.h>
#include <errno.h>
#include <fold.h>
#include <sql.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* Far beyond every record (year 9999), near enough to add to. */
#define TIME_MAX_S INT64_C(253402300799)

struct journal_records {
    struct bw_records base;
    struct bw_sql sql;
};

/* clang-format off */
enum { EACH = BW_COLUMNS_STMTS, DAYS, N_READS };

#define RECEIVED \
    " (SELECT t.received_ms FROM receipts t WHERE t.chain = r.chain AND t.through >= r.seq" \
    " ORDER BY t.through LIMIT 1)"

static const char *const text[N_READS] = {
    BW_COLUMNS_TEXTS,
    [EACH] = "SELECT r.jws, c.kid, r.sha256, r.site, r.seq, r.start, r.end," RECEIVED
             " FROM chains c CROSS JOIN records r ON r.chain = c.id"
             " WHERE r.start >= ?2 AND r.start < ?3 AND (?1 = '' OR r.site = ?1)"
             " ORDER BY c.id, r.seq",
    [DAYS] = "SELECT r.id, r.seq, r.start, r.end, r.clock_synced, r.max_error_us, r.step_us,"
             RECEIVED
             " FROM records r JOIN chains c ON c.id = r.chain"
             " WHERE r.start >= ?2 AND r.start < ?3 AND r.site = ?1"
             " ORDER BY r.start, c.kid, r.seq",
};
/* clang-format on */

static struct journal_records *of(struct bw_records *r)
{
    return (struct journal_records *)(void *)r;
}

static int each_row(struct journal_records *j,
                    struct sqlite3_stmt *st,
                    bw_record_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    int r = 0;
    while ((r = bw_sql_row(&j->sql, st, reterr)) > 0) {
        struct bw_record rec = {.position = BW_UNKNOWN, .egress = BW_EGRESS_UNKNOWN};
        rec.jws = (const char *)sqlite3_column_text(st, 0);
        rec.jws_len = (size_t)sqlite3_column_bytes(st, 0);
        bw_sql_copy(st, 1, rec.kid, sizeof(rec.kid));
        bw_sql_copy(st, 2, rec.sha256, sizeof(rec.sha256));
        bw_sql_copy(st, 3, rec.site, sizeof(rec.site));
        rec.seq = sqlite3_column_int64(st, 4);
        rec.start_unix_s = sqlite3_column_int64(st, 5);
        rec.end_unix_s = sqlite3_column_int64(st, 6);
        rec.received_unix_ms = bw_sql_get(st, 7);
        if (!rec.jws) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        r = cb(owner, &rec);
        if (r != 0) {
            break;
        }
    }
    return r;
}

static int each(struct bw_records *base,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct journal_records *j = of(base);
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, EACH, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_text(st, 1, site);
    bw_sql_i64(st, 2, from_unix_s == BW_UNKNOWN ? INT64_MIN + 1 : from_unix_s);
    bw_sql_i64(st, 3, to_unix_s);
    int r = each_row(j, st, cb, owner, reterr);
    (void)sqlite3_reset(st);
    return r;
}

static int fold_row(struct journal_records *j,
                    struct sqlite3_stmt *st,
                    const char *site,
                    const char *circuit,
                    struct bw_fold *fold,
                    struct bw_err *reterr)
{
    struct bw_summary u;
    struct bw_fold_meta meta = {.received_unix_ms = bw_sql_get(st, 7)};
    bw_summary_init(&u);
    memcpy(u.site, site, strnlen(site, sizeof(u.site) - 1));
    u.seq = sqlite3_column_int64(st, 1);
    u.start_unix_s = sqlite3_column_int64(st, 2);
    u.end_unix_s = sqlite3_column_int64(st, 3);
    u.clock.known = sqlite3_column_type(st, 4) != SQLITE_NULL;
    u.clock.synced = sqlite3_column_int(st, 4) != 0;
    u.clock.max_error_us = bw_sql_get(st, 5);
    u.clock.step_us = bw_sql_get(st, 6);
    int r = bw_columns_get(&j->sql, sqlite3_column_int64(st, 0), circuit, &u, reterr);
    if (r == 0) {
        r = bw_fold_add(fold, &u, &meta, reterr);
    }
    bw_summary_done(&u);
    return r;
}

static int days(struct bw_records *base,
                const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct journal_records *j = of(base);
    struct sqlite3_stmt *st = NULL;
    struct bw_fold *fold = NULL;
    to_unix_s = to_unix_s < TIME_MAX_S ? to_unix_s : TIME_MAX_S;
    int r = bw_fold_new(site, circuit, from_unix_s, to_unix_s, cb, owner, &fold);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    r = bw_sql_exec(&j->sql, "BEGIN", reterr);
    if (r < 0) {
        goto out;
    }
    st = bw_sql_stmt(&j->sql, DAYS, reterr);
    if (!st) {
        r = bw_sql_code(&j->sql);
        goto out;
    }
    bw_sql_text(st, 1, site);
    bw_sql_i64(st, 2, from_unix_s);
    bw_sql_i64(st, 3, bw_fold_heard_to(to_unix_s));
    while ((r = bw_sql_row(&j->sql, st, reterr)) > 0) {
        r = fold_row(j, st, site, circuit, fold, reterr);
        if (r != 0) {
            break;
        }
    }
    if (r == 0) {
        r = bw_fold_finish(fold, reterr);
    }
out:
    if (st) {
        (void)sqlite3_reset(st);
    }
    bw_sql_rollback(&j->sql);
    bw_fold_free(fold);
    return r;
}

static void close_records(struct bw_records *base)
{
    struct journal_records *j = of(base);
    bw_sql_close(&j->sql);
    free(j);
}

static const struct bw_records_ops ops = {
    .each = each, .days = days, .close = close_records};

int bw_journal_records(const char *path, struct bw_records **ret, struct bw_err *reterr)
{
    struct journal_records *j = calloc(1, sizeof(*j));
    if (!j) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    j->base.ops = &ops;
    int r = bw_sql_open(&j->sql, path, BW_SQL_READ, false, &bw_journal_schema, text,
                        N_READS, reterr);
    if (r < 0) {
        close_records(&j->base);
        return r;
    }
    *ret = &j->base;
    return 0;
}
