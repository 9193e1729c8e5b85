/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_log.c - the order of the log: every record is a leaf, and between them stand those
 * of statements, keys and the like.
 *
 * Invariant: a leaf that is no summary has its index and the number of records before it,
 * written in one transaction with the book's next position unmoved: a record's index is its
 * position and the number of such leaves before it, and never changes. */
#include "ledger_append_private.h"

#include <bw/err.h>
#include <errno.h>
#include <leaf.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAKE_MAX = 1 << 20 /* leaves of one call of log_leaves */
};

/* The row of a statement as (index, position), 0; (-1, 0) where there is none: before it
 * stand index - position others. */
static int row_of(struct ledger *l,
                  struct sqlite3_stmt *st,
                  int64_t *ret_index,
                  int64_t *ret_position,
                  struct bw_err *reterr)
{
    int r = bw_sql_row(&l->sql, st, reterr);
    if (r < 0) {
        return r;
    }
    *ret_index = r > 0 ? sqlite3_column_int64(st, 0) : -1;
    *ret_position = r > 0 ? sqlite3_column_int64(st, 1) : 0;
    (void)sqlite3_reset(st);
    return 0;
}

/* Of the last leaf that is no summary; the writer alone remembers it. */
static int
last_of(struct ledger *l, int64_t *ret_index, int64_t *ret_position, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    if (l->log_known) {
        *ret_index = l->log_index;
        *ret_position = l->log_position;
        return 0;
    }
    int r = bw_sql_use(&l->sql, LOG_LAST, &st, reterr);
    if (r == 0) {
        r = row_of(l, st, ret_index, ret_position, reterr);
    }
    if (r == 0 && l->write) {
        l->log_known = true;
        l->log_index = *ret_index;
        l->log_position = *ret_position;
    }
    return r;
}

int bw_ledger_do_log_index(struct bw_ledger *base,
                           int64_t position,
                           int64_t *ret,
                           struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    int64_t index = 0;
    int64_t before = 0;
    int r = last_of(l, &index, &before, reterr);
    if (r == 0 && before > position) {
        r = bw_sql_use(&l->sql, LOG_BEFORE, &st, reterr);
        if (r == 0) {
            bw_sql_i64(st, 1, position);
            r = row_of(l, st, &index, &before, reterr);
        }
    }
    if (r == 0) {
        *ret = position + (index - before + 1);
    }
    return r;
}

static int next_position(struct ledger *l, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, NEXT_GET, &st, reterr);
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

int bw_ledger_do_log_size(struct bw_ledger *base, int64_t *ret, struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    int64_t next = 0;
    bool own = false;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = next_position(l, &next, reterr);
    }
    if (r == 0) {
        r = bw_ledger_do_log_index(base, next, ret, reterr);
    }
    bw_ledger_unsnap(l, own);
    return r;
}

int bw_ledger_do_log_add(struct bw_ledger *base,
                         const struct bw_leaf *leaves,
                         size_t n,
                         int64_t *ret_added,
                         struct bw_err *reterr)
{
    struct bw_append a = {.l = bw_ledger_of(base)};
    struct bw_sql *s = &a.l->sql;
    struct sqlite3_stmt *st = NULL;
    int64_t index = 0;
    int64_t before = 0;
    int64_t added = 0;
    int r = bw_append_begin(&a, reterr);
    if (r == 0) {
        r = last_of(a.l, &index, &before, reterr);
    }
    if (r == 0) {
        r = bw_sql_use(s, LOG_ADD, &st, reterr);
    }
    int64_t next = a.next + (index - before + 1);
    for (size_t i = 0; r == 0 && i < n; i++) {
        bw_sql_i64(st, 1, next);
        bw_sql_i64(st, 2, a.next);
        bw_sql_i64(st, 3, leaves[i].type);
        bw_sql_i64(st, 4, leaves[i].unix_ms);
        bw_sql_blob(st, 5, leaves[i].sha256, sizeof(leaves[i].sha256));
        r = bw_sql_run(s, st, reterr);
        if (r == 0 && sqlite3_changes(s->db) == 1) {
            next++;
            added++;
        }
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    if (r == 0 && added > 0) {
        a.l->log_index = next - 1;
        a.l->log_position = a.next;
    }
    if (r < 0) {
        a.l->log_known = false;
    } else if (ret_added) {
        *ret_added = added;
    }
    return r;
}

int bw_ledger_do_log_find(struct bw_ledger *base,
                          int type,
                          const uint8_t sha256[32],
                          int64_t *ret_index,
                          int64_t *ret_unix_ms,
                          struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, LOG_FIND, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, type);
    bw_sql_blob(st, 2, sha256, 32);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r <= 0) {
        return r < 0 ? r : -ENOENT;
    }
    *ret_index = sqlite3_column_int64(st, 0);
    *ret_unix_ms = sqlite3_column_int64(st, 1);
    (void)sqlite3_reset(st);
    return 0;
}

/* ---- walking ------------------------------------------------------------------------ */

struct other {
    int64_t position;
    struct bw_leaf leaf;
};

struct walk {
    struct other *others;
    size_t n;
    size_t at;     /* the first that was not told */
    int64_t index; /* of the next leaf */
    int64_t to;
    bw_ledger_log_cb cb;
    void *owner;
};

static int tell_others(struct walk *w, int64_t position)
{
    int r = 0;
    while (r == 0 && w->at < w->n && w->others[w->at].position <= position) {
        r = w->cb(w->owner, w->index++, &w->others[w->at++].leaf);
    }
    return r;
}

static int
on_record(void *owner, int64_t position, const uint8_t sha256[32], int64_t received_unix_ms)
{
    struct walk *w = owner;
    struct bw_leaf leaf = {.type = BW_LEAF_SUMMARY, .unix_ms = received_unix_ms};
    int r = tell_others(w, position);
    if (r != 0) {
        return r;
    }
    memcpy(leaf.sha256, sha256, sizeof(leaf.sha256));
    return w->cb(w->owner, w->index++, &leaf);
}

static int read_others(
    struct ledger *l, int64_t from, int64_t to, struct walk *w, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    size_t cap = 0;
    int r = bw_sql_use(&l->sql, LOG_RANGE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, from);
    bw_sql_i64(st, 2, to);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        if (w->n == cap) {
            cap = cap ? cap * 2 : 64;
            void *grown = reallocarray(w->others, cap, sizeof(w->others[0]));
            if (!grown) {
                r = bw_err_set(reterr, -ENOMEM, "out of memory");
                break;
            }
            w->others = grown;
        }
        struct other *o = &w->others[w->n++];
        memset(o, 0, sizeof(*o));
        o->position = sqlite3_column_int64(st, 1);
        o->leaf.type = sqlite3_column_int(st, 2);
        o->leaf.unix_ms = sqlite3_column_int64(st, 3);
        if (sqlite3_column_bytes(st, 4) == 32) {
            memcpy(o->leaf.sha256, sqlite3_column_blob(st, 4), 32);
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* How many records stand before leaf `index`. */
static int
records_before(struct ledger *l, int64_t index, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t last = 0;
    int64_t position = 0;
    int r = bw_sql_use(&l->sql, LOG_AT, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, index);
        r = row_of(l, st, &last, &position, reterr);
    }
    if (r == 0) {
        *ret = position + (index - last - 1);
    }
    return r;
}

int bw_ledger_do_log_leaves(struct bw_ledger *base,
                            int64_t from,
                            int64_t to,
                            bw_ledger_log_cb cb,
                            void *owner,
                            struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct walk w = {.index = from, .to = to, .cb = cb, .owner = owner};
    int64_t size = 0;
    int64_t first = 0;
    int64_t last = 0;
    bool own = false;
    if (from < 0 || to < from || to - from > TAKE_MAX) {
        return bw_err_set(reterr, -EINVAL, "at most %d leaves at once", TAKE_MAX);
    }
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = bw_ledger_do_log_size(base, &size, reterr);
    }
    to = to < size ? to : size;
    if (r == 0 && from < to) {
        r = records_before(l, from, &first, reterr);
        r = r == 0 ? records_before(l, to, &last, reterr) : r;
        r = r == 0 ? read_others(l, from, to, &w, reterr) : r;
        if (r == 0 && first < last) {
            r = bw_ledger_do_leaves(base, first, last, on_record, &w, reterr);
        }
        if (r == 0) {
            r = tell_others(&w, last);
        }
        if (r == 0 && w.index != to) {
            r = bw_err_set(reterr, -BW_EMALFORMED,
                           "the log's leaves %lld to %lld are not all there: %lld found",
                           (long long)from, (long long)to, (long long)(w.index - from));
        }
    }
    bw_ledger_unsnap(l, own);
    free(w.others);
    return r;
}
