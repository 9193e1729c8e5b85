/* SPDX-License-Identifier: GPL-3.0-or-later
 * tlog_said.c - checkpoints, what witnesses and time stampers said of them, and what this
 * program witnessed of other logs.
 *
 * Invariant: a checkpoint that was kept stays: no smaller one and no other of its size is
 * ever added. */
#include "tlog_private.h"
#include "tlog_store.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int take(struct sqlite3_stmt *st, bw_tlog_checkpoint_cb cb, void *owner)
{
    struct bw_tlog_checkpoint c = {
        .size = sqlite3_column_int64(st, 0),
        .unix_s = sqlite3_column_int64(st, 1),
        .note = (const char *)sqlite3_column_text(st, 3),
        .note_len = (size_t)sqlite3_column_bytes(st, 3),
    };
    if (sqlite3_column_bytes(st, 2) == (int)sizeof(c.root)) {
        memcpy(c.root, sqlite3_column_blob(st, 2), sizeof(c.root));
    }
    return cb(owner, &c);
}

int bw_tlog_checkpoint_at(struct bw_tlog *t,
                          int64_t size,
                          bw_tlog_checkpoint_cb cb,
                          void *owner,
                          struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, CHECKPOINT_AT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, size);
    r = bw_sql_row(&t->sql, st, reterr);
    if (r == 0) {
        return bw_err_set(reterr, -ENOENT, "the log has no checkpoint yet");
    }
    if (r > 0) {
        r = take(st, cb, owner);
        (void)sqlite3_reset(st);
    }
    return r;
}

int bw_tlog_checkpoints(struct bw_tlog *t,
                        bw_tlog_checkpoint_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, CHECKPOINT_ALL, &st, reterr);
    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&t->sql, st, reterr)) > 0) {
        r = take(st, cb, owner);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

struct newest {
    int64_t size;
    uint8_t root[32];
};

static int on_newest(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct newest *n = owner;
    n->size = c->size;
    memcpy(n->root, c->root, sizeof(n->root));
    return 0;
}

static int
add_checkpoint(struct bw_tlog *t, const struct bw_tlog_checkpoint *c, struct bw_err *reterr)
{
    struct newest n = {.size = -1};
    struct sqlite3_stmt *st = NULL;
    int r = bw_tlog_checkpoint_at(t, INT64_MAX, on_newest, &n, NULL);
    if (r < 0 && r != -ENOENT) {
        return bw_err_set(reterr, r, "cannot read the newest checkpoint");
    }
    if (n.size == c->size && memcmp(n.root, c->root, sizeof(n.root)) == 0) {
        return 0;
    }
    if (n.size >= c->size) {
        return bw_err_set(
            reterr, -BW_EFORK,
            "a checkpoint of %lld leaves was signed already; one of %lld that "
            "is not its continuation would be a fork",
            (long long)n.size, (long long)c->size);
    }
    r = bw_sql_use(&t->sql, CHECKPOINT_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, c->size);
        bw_sql_i64(st, 2, c->unix_s);
        bw_sql_blob(st, 3, c->root, sizeof(c->root));
        bw_sql_textn(st, 4, c->note, c->note_len);
        r = bw_sql_run(&t->sql, st, reterr);
    }
    return r;
}

int bw_tlog_checkpoint_add(struct bw_tlog *t,
                           const struct bw_tlog_checkpoint *c,
                           struct bw_err *reterr)
{
    int r = bw_sql_begin(&t->sql, reterr);
    if (r == 0) {
        r = add_checkpoint(t, c, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(&t->sql, reterr);
    }
    bw_sql_rollback(&t->sql);
    return r;
}

static int put_said(struct bw_tlog *t,
                    enum tlog_statement which,
                    int64_t size,
                    const char *who,
                    int64_t unix_s,
                    const void *bytes,
                    size_t n,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, which, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, size);
    bw_sql_text(st, 2, who);
    bw_sql_i64(st, 3, unix_s);
    if (which == COSIGN_PUT) {
        bw_sql_textn(st, 4, bytes, n);
    } else {
        bw_sql_blob(st, 4, bytes, n);
    }
    return bw_sql_run(&t->sql, st, reterr);
}

int bw_tlog_cosign_add(struct bw_tlog *t,
                       int64_t size,
                       const char *name,
                       int64_t unix_s,
                       const char *line,
                       size_t n,
                       struct bw_err *reterr)
{
    return put_said(t, COSIGN_PUT, size, name, unix_s, line, n, reterr);
}

int bw_tlog_stamp_add(struct bw_tlog *t,
                      int64_t size,
                      const char *url,
                      int64_t unix_s,
                      const void *der,
                      size_t n,
                      struct bw_err *reterr)
{
    return put_said(t, STAMP_PUT, size, url, unix_s, der, n, reterr);
}

static int said(struct bw_tlog *t,
                enum tlog_statement which,
                int64_t size,
                bw_tlog_said_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, which, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, size);
    while ((r = bw_sql_row(&t->sql, st, reterr)) > 0) {
        r = cb(owner, (const char *)sqlite3_column_text(st, 0), sqlite3_column_int64(st, 1),
               sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2));
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_tlog_cosigned(
    struct bw_tlog *t, int64_t size, bw_tlog_said_cb cb, void *owner, struct bw_err *reterr)
{
    return said(t, COSIGN_GET, size, cb, owner, reterr);
}

int bw_tlog_stamps(
    struct bw_tlog *t, int64_t size, bw_tlog_said_cb cb, void *owner, struct bw_err *reterr)
{
    return said(t, STAMP_GET, size, cb, owner, reterr);
}

static int on_note(void *owner, const struct bw_tlog_checkpoint *c)
{
    bw_buf_add(owner, c->note, c->note_len);
    return 0;
}

static int
on_line(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    (void)who;
    (void)unix_s;
    bw_buf_add(owner, bytes, n);
    return 0;
}

int bw_tlog_note(struct bw_tlog *t, int64_t size, struct bw_buf *out, struct bw_err *reterr)
{
    struct newest n = {.size = -1};
    int r = bw_tlog_checkpoint_at(t, size, on_newest, &n, reterr);
    if (r == 0 && n.size != size) {
        r = bw_err_set(reterr, -ENOENT, "no checkpoint has %lld leaves", (long long)size);
    }
    if (r == 0) {
        r = bw_tlog_checkpoint_at(t, size, on_note, out, reterr);
    }
    if (r == 0) {
        r = bw_tlog_cosigned(t, size, on_line, out, reterr);
    }
    return r == 0 ? bw_buf_error(out) : r;
}

/* ---- small values ------------------------------------------------------------------- */

int bw_tlog_meta_set(struct bw_tlog *t,
                     const char *name,
                     const char *value,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, value ? META_PUT : META_DROP, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    if (value) {
        bw_sql_text(st, 2, value);
    }
    return bw_sql_run(&t->sql, st, reterr);
}

int bw_tlog_meta_get(struct bw_tlog *t,
                     const char *name,
                     struct bw_buf *out,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, META_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    r = bw_sql_row(&t->sql, st, reterr);
    if (r == 0) {
        return -ENOENT;
    }
    if (r > 0) {
        bw_buf_clear(out);
        bw_buf_add(out, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
        (void)sqlite3_reset(st);
        r = bw_buf_error(out);
    }
    return r;
}

/* ---- what was witnessed ------------------------------------------------------------- */

int bw_tlog_seen_get(struct bw_tlog *t,
                     const char *origin,
                     struct bw_tlog_seen *ret,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, SEEN_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, origin);
    r = bw_sql_row(&t->sql, st, reterr);
    if (r <= 0) {
        return r < 0 ? r : -ENOENT;
    }
    memset(ret, 0, sizeof(*ret));
    bw_sql_copy(st, 0, ret->origin, sizeof(ret->origin));
    ret->size = sqlite3_column_int64(st, 1);
    if (sqlite3_column_bytes(st, 2) == (int)sizeof(ret->root)) {
        memcpy(ret->root, sqlite3_column_blob(st, 2), sizeof(ret->root));
    }
    ret->unix_s = sqlite3_column_int64(st, 3);
    (void)sqlite3_reset(st);
    return 0;
}

int bw_tlog_seen_set(struct bw_tlog *t,
                     int64_t old_size,
                     const struct bw_tlog_seen *s,
                     struct bw_err *reterr)
{
    struct bw_tlog_seen now;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_begin(&t->sql, reterr);
    bool known = false;
    if (r == 0) {
        r = bw_tlog_seen_get(t, s->origin, &now, reterr);
        known = r == 0;
        r = r == -ENOENT ? 0 : r;
    }
    if (r == 0 && (known ? now.size : 0) != old_size) {
        r = bw_err_set(reterr, -EAGAIN, "another checkpoint of this log came meanwhile");
    }
    if (r == 0) {
        r = bw_sql_use(&t->sql, known ? SEEN_MOVE : SEEN_ADD, &st, reterr);
    }
    if (r == 0) {
        bw_sql_text(st, 1, s->origin);
        bw_sql_i64(st, 2, s->size);
        bw_sql_blob(st, 3, s->root, sizeof(s->root));
        bw_sql_i64(st, 4, s->unix_s);
        if (known) {
            bw_sql_i64(st, 5, old_size);
        }
        r = bw_sql_run(&t->sql, st, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(&t->sql, reterr);
    }
    bw_sql_rollback(&t->sql);
    return r;
}
