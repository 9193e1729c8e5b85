/* SPDX-License-Identifier: GPL-3.0-or-later
 * cells.c - every value of an SQLite file, table by table, in one read transaction. */
#include "cells.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUSY_MS = 2000,
    NAMED_MAX = 80
};

struct walk {
    sqlite3 *db;
    const char *path;
    int (*cb)(void *owner, const struct bw_cell *c);
    void *owner;
};

static int failed(const struct walk *w, const char *doing, struct bw_err *reterr)
{
    int rc = w->db ? sqlite3_errcode(w->db) & 0xff : SQLITE_NOMEM;
    int code = rc == SQLITE_BUSY || rc == SQLITE_LOCKED      ? -EBUSY
               : rc == SQLITE_PERM || rc == SQLITE_AUTH      ? -EACCES
               : rc == SQLITE_NOMEM                          ? -ENOMEM
               : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? -EINVAL
                                                             : -EIO;
    return bw_err_set(reterr, code, "%s %s: %s", doing, w->path,
                      w->db ? sqlite3_errmsg(w->db) : "out of memory");
}

static int one_row(const struct walk *w, sqlite3_stmt *st, const char *table, int64_t row)
{
    char named[NAMED_MAX + 1] = "";
    int r = 0;
    int n = sqlite3_column_count(st);
    if (n > 0 && sqlite3_column_type(st, 0) == SQLITE_TEXT) {
        (void)snprintf(named, sizeof(named), "%s",
                       (const char *)sqlite3_column_text(st, 0));
    }
    for (int i = 0; r == 0 && i < n; i++) {
        struct bw_cell c = {.table = table,
                            .column = sqlite3_column_name(st, i),
                            .row = row,
                            .named = named};
        switch (sqlite3_column_type(st, i)) {
        case SQLITE_TEXT:
            c.kind = BW_CELL_TEXT;
            c.data = (const char *)sqlite3_column_text(st, i);
            c.n = (size_t)sqlite3_column_bytes(st, i);
            break;
        case SQLITE_BLOB:
            c.kind = BW_CELL_BLOB;
            c.data = sqlite3_column_blob(st, i);
            c.n = (size_t)sqlite3_column_bytes(st, i);
            break;
        case SQLITE_INTEGER:
            c.kind = BW_CELL_INT;
            c.number = sqlite3_column_int64(st, i);
            break;
        default: /* nothing, or a measured fraction */
            continue;
        }
        if (c.kind != BW_CELL_INT && !c.data) {
            continue; /* of no length */
        }
        r = w->cb(w->owner, &c);
    }
    return r;
}

static int one_table(const struct walk *w, const char *table, struct bw_err *reterr)
{
    sqlite3_stmt *st = NULL;
    char *text = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
    int64_t row = 0;
    int r = 0;
    int rc = text ? sqlite3_prepare_v2(w->db, text, -1, &st, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    while (rc == SQLITE_OK && r == 0 && sqlite3_step(st) == SQLITE_ROW) {
        r = one_row(w, st, table, ++row);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_finalize(st);
    }
    return r != 0 ? r : rc != SQLITE_OK ? failed(w, "reading", reterr) : 0;
}

static int all_tables(const struct walk *w, struct bw_err *reterr)
{
    sqlite3_stmt *st = NULL;
    int r = 0;
    if (sqlite3_exec(w->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(w->db,
                           "SELECT name FROM sqlite_schema WHERE type = 'table'"
                           " AND rootpage > 0 ORDER BY name",
                           -1, &st, NULL) != SQLITE_OK) {
        return failed(w, "reading", reterr);
    }
    while (r == 0 && sqlite3_step(st) == SQLITE_ROW) {
        r = one_table(w, (const char *)sqlite3_column_text(st, 0), reterr);
    }
    if (sqlite3_finalize(st) != SQLITE_OK && r == 0) {
        r = failed(w, "reading", reterr);
    }
    return r;
}

/* Without the right to write the folder there is no shared memory for a log; where no log
 * is left, the file alone is the whole truth. */
static int open_file(struct walk *w, struct bw_err *reterr)
{
    int rc =
        sqlite3_open_v2(w->path, &w->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        (void)sqlite3_busy_timeout(w->db, BUSY_MS);
        rc = sqlite3_exec(w->db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
    }
    if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) {
        char *uri = sqlite3_mprintf("file:%s?immutable=1", w->path);
        (void)sqlite3_close_v2(w->db);
        w->db = NULL;
        rc = !uri || strpbrk(w->path, "?#%")
                 ? SQLITE_CANTOPEN
                 : sqlite3_open_v2(
                       uri, &w->db,
                       SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
        sqlite3_free(uri);
    }
    return rc == SQLITE_OK ? 0 : failed(w, "opening", reterr);
}

int bw_cells_each(const char *path,
                  int (*cb)(void *owner, const struct bw_cell *c),
                  void *owner,
                  struct bw_err *reterr)
{
    struct walk w = {.path = path, .cb = cb, .owner = owner};
    int r = open_file(&w, reterr);
    r = r < 0 ? r : all_tables(&w, reterr);
    (void)sqlite3_close_v2(w.db);
    return r;
}
