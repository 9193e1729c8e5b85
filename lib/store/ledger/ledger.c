/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger.c - opening and closing the ledger's embedded back end.
 *
 * Invariant: one writer (the lock of FOLDER/ledger.db), readers beside it; what is sealed
 * lies in FOLDER/segments/ and is known to FOLDER/ledger.db alone. */
#include "ledger.h"
#include "file.h"
#include "ledger_private.h"

#include <bw/err.h>
#include <errno.h>
#include <segment.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void close_ledger(struct bw_ledger *base)
{
    struct ledger *l = bw_ledger_of(base);
    bw_segments_free(l->segments);
    bw_sql_close(&l->sql);
    free(l->folder);
    free(l);
}

static const struct bw_ledger_ops ops = {
    .append = bw_ledger_do_append,
    .head = bw_ledger_do_head,
    .at = bw_ledger_do_at,
    .by_seq = bw_ledger_do_by_seq,
    .leaves = bw_ledger_do_leaves,
    .log_add = bw_ledger_do_log_add,
    .log_size = bw_ledger_do_log_size,
    .log_index = bw_ledger_do_log_index,
    .log_find = bw_ledger_do_log_find,
    .log_leaves = bw_ledger_do_log_leaves,
    .expire_held = bw_ledger_do_expire,
    .sites = bw_ledger_do_sites,
    .circuits = bw_ledger_do_circuits,
    .holes = bw_ledger_do_holes,
    .forks = bw_ledger_do_forks,
    .stat = bw_ledger_do_stat,
    .seal_plan = bw_ledger_do_seal_plan,
    .seal_build = bw_ledger_do_seal_build,
    .seal_step = bw_ledger_do_seal_step,
    .seal_stop = bw_ledger_do_seal_stop,
    .seal_free = bw_ledger_do_seal_free,
    .seal = bw_ledger_do_seal,
    .close = close_ledger,
};

int bw_ledger_open(const char *folder,
                   enum bw_ledger_mode mode,
                   struct bw_ledger **ret,
                   struct bw_err *reterr)
{
    char path[4096];
    char segments[4096];
    bool write = mode == BW_LEDGER_WRITE;
    struct ledger *l = NULL;
    int r = snprintf(path, sizeof(path), "%s/ledger.db", folder);
    if (r < 0 || (size_t)r >= sizeof(path)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: path too long", folder);
    }
    r = write ? bw_dir_make(folder, 0750, reterr) : 0;
    if (r < 0) {
        return r;
    }
    l = calloc(1, sizeof(*l));
    if (!l) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    l->base.ops = &ops;
    l->write = write;
    l->sql.lock_fd = -1;
    l->folder = strdup(folder);
    r = snprintf(segments, sizeof(segments), "%s/segments", folder);
    l->segments = r < 0 || (size_t)r >= sizeof(segments) ? NULL : bw_segments_new(segments);
    if (!l->folder || !l->segments) {
        close_ledger(&l->base);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_sql_open(&l->sql, path, write ? BW_SQL_WRITE : BW_SQL_READ, write,
                    &bw_ledger_schema, bw_ledger_text, N_STMTS, reterr);
    if (r == 0 && write) {
        r = bw_ledger_tidy(l, reterr);
    }
    if (r < 0) {
        close_ledger(&l->base);
        return r;
    }
    *ret = &l->base;
    return 0;
}
