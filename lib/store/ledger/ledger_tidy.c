/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_tidy.c - what sealing leaves behind: hot rows that are sealed, files that no row
 * names. The rows go with the next steps of sealing, the files when the ledger is opened.
 *
 * Invariant: a row goes only when its position is sealed, a file only when no segment is
 * called like it; both can be broken off and begun again at any time. */
#include "ledger_private.h"

#include <bw/err.h>
#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int bw_ledger_drop_rows(struct ledger *l, int64_t from, int64_t to, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(&l->sql, reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, SEAL_DROP, &st, reterr);
    }
    if (r == 0) {
        bw_sql_i64(st, 1, from);
        bw_sql_i64(st, 2, to);
        r = bw_sql_run(&l->sql, st, reterr);
    }
    if (r == 0) {
        r = bw_columns_drop(&l->sql, from, to - 1, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(&l->sql, reterr);
    }
    bw_sql_rollback(&l->sql);
    return r;
}

int bw_ledger_first_row(struct ledger *l, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, SEAL_FIRST, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(&l->sql, st, reterr);
    }
    if (r > 0) {
        *ret = bw_sql_get(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

/* A file that no row names: made by a run that did not come to name it. */
static int drop_stray(struct ledger *l, const char *name, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    char path[4096];
    int r = bw_sql_use(&l->sql, SEGMENT_FILES, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    r = bw_sql_row(&l->sql, st, reterr);
    (void)sqlite3_reset(st);
    if (r != 0) {
        return r < 0 ? r : 0;
    }
    int n = snprintf(path, sizeof(path), "%s/segments/%s", l->folder, name);
    if (n > 0 && (size_t)n < sizeof(path) && unlink(path) < 0 && errno != ENOENT) {
        int code = -errno;
        return bw_err_set(reterr, code, "cannot remove %s: %s", path, bw_strerror(code));
    }
    return 0;
}

static bool ours(const char *name)
{
    size_t n = strlen(name);
    return (n > 4 && strcmp(name + n - 4, ".bws") == 0) ||
           (n > 8 && strcmp(name + n - 8, ".bws.tmp") == 0);
}

int bw_ledger_tidy(struct ledger *l, struct bw_err *reterr)
{
    char path[4096];
    int r = 0;
    int n = snprintf(path, sizeof(path), "%s/segments", l->folder);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return 0;
    }
    DIR *d = opendir(path);
    if (!d) {
        return 0; /* nothing was ever sealed */
    }
    struct dirent *e = NULL;
    /* readdir() is safe: this DIR is ours alone */
    while (r == 0 && (e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        if (ours(e->d_name)) {
            r = drop_stray(l, e->d_name, reterr);
        }
    }
    (void)closedir(d);
    return r;
}
