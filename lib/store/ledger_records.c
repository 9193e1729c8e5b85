/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_records.c - the ledger as <bw/records.h>, for reports, export and verify.
 *
 * Invariant: a connection of its own that never writes, and one snapshot per walk. */
#include "columns.h"
#include "fold.h"
#include "ledger_private.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct ledger_records {
    struct bw_records base;
    struct ledger *l;
};

static struct ledger *of(struct bw_records *r)
{
    return ((struct ledger_records *)(void *)r)->l;
}

static int each(struct bw_records *base,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct ledger *l = of(base);
    struct sqlite3_stmt *st = NULL;
    struct bw_record rec;
    int r = bw_sql_use(&l->sql, EACH_HOT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    (void)sqlite3_bind_int64(st, 2, from_unix_s);
    (void)sqlite3_bind_int64(st, 3, to_unix_s);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        bw_ledger_row(st, &rec);
        r = cb(owner, &rec);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

static int fold_row(struct ledger *l,
                    struct sqlite3_stmt *st,
                    const char *site,
                    const char *circuit,
                    struct bw_fold *fold,
                    struct bw_err *reterr)
{
    struct bw_summary u;
    struct bw_fold_meta meta = {.received_unix_ms = bw_sql_get(st, 4)};
    bw_summary_init(&u);
    memcpy(u.site, site, strnlen(site, sizeof(u.site) - 1));
    u.seq = sqlite3_column_int64(st, 1);
    u.start_unix_s = sqlite3_column_int64(st, 2);
    u.end_unix_s = sqlite3_column_int64(st, 3);
    u.clock.known = sqlite3_column_type(st, 5) != SQLITE_NULL;
    u.clock.synced = sqlite3_column_int(st, 5) != 0;
    u.clock.max_error_us = bw_sql_get(st, 6);
    u.clock.step_us = bw_sql_get(st, 7);
    int r = bw_columns_get(&l->sql, sqlite3_column_int64(st, 0), circuit, &u, reterr);
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
    struct ledger *l = of(base);
    struct sqlite3_stmt *st = NULL;
    struct bw_fold *fold = NULL;
    int r = bw_fold_new(site, circuit, from_unix_s, to_unix_s, cb, owner, &fold);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    r = bw_sql_exec(&l->sql, "BEGIN", reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, DAY_HOT, &st, reterr);
    }
    if (r < 0) {
        goto out;
    }
    bw_sql_text(st, 1, site);
    (void)sqlite3_bind_int64(st, 2, from_unix_s);
    (void)sqlite3_bind_int64(
        st, 3,
        to_unix_s > INT64_MAX - BW_FOLD_TAIL_S ? to_unix_s : to_unix_s + BW_FOLD_TAIL_S);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        r = fold_row(l, st, site, circuit, fold, reterr);
        if (r != 0) {
            break;
        }
    }
    if (r == 0) {
        r = bw_fold_finish(fold, reterr);
    }
    (void)sqlite3_reset(st);
out:
    bw_sql_rollback(&l->sql);
    bw_fold_free(fold);
    return r;
}

static void close_records(struct bw_records *base)
{
    struct ledger_records *r = (struct ledger_records *)(void *)base;
    if (r->l) {
        bw_ledger_close(&r->l->base);
    }
    free(r);
}

static const struct bw_records_ops ops = {
    .each = each, .days = days, .close = close_records};

int bw_ledger_records(const char *folder, struct bw_records **ret, struct bw_err *reterr)
{
    struct bw_ledger *l = NULL;
    struct ledger_records *rec = calloc(1, sizeof(*rec));
    if (!rec) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    rec->base.ops = &ops;
    int r = bw_ledger_open(folder, BW_LEDGER_READ, &l, reterr);
    if (r < 0) {
        close_records(&rec->base);
        return r;
    }
    rec->l = bw_ledger_of(l);
    *ret = &rec->base;
    return 0;
}
