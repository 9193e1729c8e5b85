/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertposts.c - messages that are to be sent, and what became of them.
 *
 * Invariant: a key stays for ever, so that nothing is made twice; what ended is not tried
 * again. */
#include "alertstore_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

int bw_alertstore_post(struct bw_alertstore *s,
                       const struct bw_post_row *p,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r =
        p->n_bytes > BW_POST_BYTES
            ? bw_err_set(reterr, -E2BIG, "a message of %zu bytes is too long", p->n_bytes)
            : bw_sql_use(&s->sql, POST_ADD, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, p->key);
    bw_sql_text(st, 2, p->channel);
    bw_sql_text(st, 3, p->recipient);
    bw_sql_text(st, 4, p->message_id);
    bw_sql_i64(st, 5, p->made_unix_s);
    bw_sql_i64(st, 6, p->next_unix_s);
    bw_sql_blob(st, 7, p->bytes, p->n_bytes);
    r = bw_sql_run(&s->sql, st, reterr);
    return r < 0 ? r : sqlite3_changes(s->sql.db) > 0;
}

int bw_alertstore_posted(struct bw_alertstore *s, const char *key, struct bw_err *reterr)
{
    int64_t one = 0;

    return bw_alertstore_one(s, POST_HAS, key, &one, reterr);
}

static void read_post(struct sqlite3_stmt *st, struct bw_post_row *p)
{
    p->id = bw_sql_get(st, 0);
    bw_sql_copy(st, 1, p->key, sizeof(p->key));
    bw_sql_copy(st, 2, p->channel, sizeof(p->channel));
    bw_sql_copy(st, 3, p->recipient, sizeof(p->recipient));
    bw_sql_copy(st, 4, p->message_id, sizeof(p->message_id));
    p->made_unix_s = bw_sql_get(st, 5);
    p->next_unix_s = bw_sql_get(st, 6);
    p->tries = bw_sql_get(st, 7);
    p->ended_unix_s = bw_sql_get(st, 8);
    p->state = (enum bw_post_state)bw_sql_get(st, 9);
    bw_sql_copy(st, 10, p->said, sizeof(p->said));
    p->bytes = sqlite3_column_blob(st, 11);
    p->n_bytes = (size_t)sqlite3_column_bytes(st, 11);
}

static int walk_posts(struct bw_alertstore *s,
                      struct sqlite3_stmt *st,
                      bw_post_row_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    int r;

    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_post_row p;
        read_post(st, &p);
        r = cb(owner, &p);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_alertstore_due(struct bw_alertstore *s,
                      int64_t now_unix_s,
                      int64_t limit,
                      bw_post_row_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, POST_DUE, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, now_unix_s);
    bw_sql_i64(st, 2, limit);
    return walk_posts(s, st, cb, owner, reterr);
}

int bw_alertstore_tried(struct bw_alertstore *s,
                        int64_t id,
                        enum bw_post_state state,
                        int64_t now_unix_s,
                        int64_t next_unix_s,
                        const char *said,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, POST_TRIED, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, id);
    bw_sql_i64(st, 2, (int64_t)state);
    bw_sql_i64(st, 3, state == BW_POST_WAITING ? BW_UNKNOWN : now_unix_s);
    bw_sql_i64(st, 4, next_unix_s);
    bw_sql_text(st, 5, said);
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_alertstore_posts(struct bw_alertstore *s,
                        const char *key,
                        int64_t limit,
                        bw_post_row_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, POST_LIST, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, key);
    bw_sql_i64(st, 2, limit);
    return walk_posts(s, st, cb, owner, reterr);
}

int bw_alertstore_count(struct bw_alertstore *s,
                        struct bw_alertstore_counts *ret,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r;

    *ret = (struct bw_alertstore_counts){.oldest_waiting_unix_s = BW_UNKNOWN};
    r = bw_alertstore_one(s, COUNT_OPEN, NULL, &ret->open, reterr);
    r = r < 0 ? r : bw_sql_use(&s->sql, COUNT_POSTS, &st, reterr);
    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        int64_t n = bw_sql_get(st, 1);
        switch ((enum bw_post_state)bw_sql_get(st, 0)) {
        case BW_POST_WAITING:
            ret->waiting = n;
            ret->oldest_waiting_unix_s = bw_sql_get(st, 2);
            break;
        case BW_POST_TAKEN:
            ret->taken = n;
            break;
        case BW_POST_REFUSED:
        default:
            ret->refused = n;
            break;
        }
    }
    return r;
}

int bw_alertstore_forget(struct bw_alertstore *s,
                         int64_t before_unix_s,
                         struct bw_err *reterr)
{
    static const size_t both[] = {FORGET_POSTS, FORGET_ACTS};
    struct sqlite3_stmt *st = NULL;
    int r = 0;

    for (size_t i = 0; r == 0 && i < 2; i++) {
        r = bw_sql_use(&s->sql, both[i], &st, reterr);
        if (r == 0) {
            bw_sql_i64(st, 1, before_unix_s);
            r = bw_sql_run(&s->sql, st, reterr);
        }
    }
    return r;
}
