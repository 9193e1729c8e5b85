/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_held.c - records that came before their predecessor: held, linked when it comes,
 * or after a declared hole when it does not.
 *
 * Invariant: what is held has no position and is not acknowledged. */
#include "ledger_append_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out of order -------------------------------------------------------------- */

static int
count_held(struct bw_append *a, struct bw_chain_head *c, int64_t by, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&a->l->sql, CHAIN_HELD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, by);
    c->n_held += by;
    return bw_sql_run(&a->l->sql, st, reterr);
}

int bw_append_hold(struct bw_append *a,
                   struct bw_chain_head *c,
                   const struct bw_ledger_entry *e,
                   struct bw_ledger_result *res,
                   struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, HELD_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    res->verdict = BW_LEDGER_HELD;
    res->position = BW_UNKNOWN;
    res->received_unix_ms = e->received_unix_ms;
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, e->summary->seq);
    bw_sql_text(st, 3, e->sha256);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        res->received_unix_ms = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        return 0;
    }
    if (r < 0) {
        return r;
    }
    if (c->n_held >= BW_LEDGER_HELD_MAX) {
        res->verdict = BW_LEDGER_CROWDED;
        return 0;
    }
    r = bw_sql_use(s, HELD_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, e->summary->seq);
    bw_sql_text(st, 3, e->sha256);
    bw_sql_i64(st, 4, e->received_unix_ms);
    bw_sql_i64(st, 5, (int64_t)e->egress);
    bw_sql_text(st, 6, e->refuse_type);
    bw_sql_text(st, 7, e->refuse_detail);
    bw_sql_textn(st, 8, e->jws, e->jws_len);
    r = bw_sql_run(s, st, reterr);
    return r < 0 ? r : count_held(a, c, 1, reterr);
}

/* A held record, taken out: entry points into the rest. */
struct held {
    struct bw_ledger_entry entry;
    struct bw_summary summary;
    char *jws;
    char *type;
    char *detail;
};

static void held_done(struct held *h)
{
    bw_summary_done(&h->summary);
    free(h->jws);
    free(h->type);
    free(h->detail);
}

static char *copy_column(struct sqlite3_stmt *st, int i)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    return text ? strdup(text) : NULL;
}

/* Take the first held record up to c's next seq out of the table: 1, or 0 for none. */
static int take_held(struct bw_append *a,
                     struct bw_chain_head *c,
                     const char *kid,
                     struct held *h,
                     struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    struct bw_ledger_entry *e = &h->entry;
    int64_t seq = 0;
    memset(h, 0, sizeof(*h));
    bw_summary_init(&h->summary);
    int r = bw_sql_use(s, HELD_NEXT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, c->seq + 1);
    r = bw_sql_row(s, st, reterr);
    if (r <= 0) {
        return r;
    }
    seq = sqlite3_column_int64(st, 6);
    bw_sql_copy(st, 0, e->sha256, sizeof(e->sha256));
    e->received_unix_ms = sqlite3_column_int64(st, 1);
    e->egress = (enum bw_egress)sqlite3_column_int(st, 2);
    h->type = copy_column(st, 3);
    h->detail = copy_column(st, 4);
    e->jws_len = (size_t)sqlite3_column_bytes(st, 5);
    h->jws = copy_column(st, 5);
    bool refused = sqlite3_column_type(st, 3) != SQLITE_NULL;
    (void)sqlite3_reset(st);
    if (!h->jws || (refused && !h->type)) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(e->kid, sizeof(e->kid), "%s", kid);
    e->jws = h->jws;
    e->refuse_type = h->type;
    e->refuse_detail = h->detail;
    e->summary = &h->summary;
    r = bw_ledger_decode(h->jws, e->jws_len, &h->summary, refused ? NULL : reterr);
    if (r < 0 && !refused) {
        return r;
    }
    h->summary.seq = seq;
    r = bw_sql_use(s, HELD_DROP, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, seq);
    bw_sql_text(st, 3, e->sha256);
    r = bw_sql_run(s, st, reterr);
    if (r == 0) {
        r = count_held(a, c, -1, reterr);
    }
    return r < 0 ? r : 1;
}

/* Link one that was held; one whose place is taken meanwhile is a duplicate or a fork. */
static int link_one(struct bw_append *a,
                    struct bw_chain_head *c,
                    const struct bw_ledger_entry *e,
                    bool anyhow,
                    int64_t *linked,
                    struct bw_err *reterr)
{
    struct bw_ledger_result res;
    const struct bw_summary *u = e->summary;
    if (u->seq <= c->seq) {
        return bw_append_old(a, c, e, &res, reterr);
    }
    if (!anyhow && u->prev[0] != '\0' && strcmp(u->prev, c->hash) != 0) {
        return bw_append_fork(a, c, e, reterr);
    }
    int r = bw_append_enter(a, c, e, &res, reterr);
    if (r == 0) {
        r = bw_append_move(a, c, u->seq, e->sha256, res.position, e, reterr);
    }
    (*linked)++;
    return r;
}

/* Link what waits behind the head. `anyhow`: the first one after a declared hole has no
 * predecessor to compare with. */
int bw_append_link(struct bw_append *a,
                   struct bw_chain_head *c,
                   const char *kid,
                   bool anyhow,
                   int64_t *linked,
                   struct bw_err *reterr)
{
    int r = 1;
    while (r > 0 && c->n_held > 0) {
        struct held h;
        int64_t before = c->seq;
        r = take_held(a, c, kid, &h, reterr);
        if (r > 0) {
            int f = link_one(a, c, &h.entry, anyhow, linked, reterr);
            r = f < 0 ? f : 1;
        }
        anyhow = anyhow && c->seq == before;
        held_done(&h);
    }
    return r < 0 ? r : 0;
}

/* ---- giving up ----------------------------------------------------------------- */

static int declare_hole(struct bw_append *a,
                        struct bw_chain_head *c,
                        int64_t now_unix_ms,
                        struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int64_t first = 0;
    int r = bw_sql_use(s, HELD_FIRST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    r = bw_sql_row(s, st, reterr);
    if (r <= 0) {
        return r;
    }
    first = sqlite3_column_int64(st, 0);
    (void)sqlite3_reset(st);
    if (first <= c->seq + 1) {
        return 0;
    }
    r = bw_sql_use(s, HOLE_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, c->seq + 1);
    bw_sql_i64(st, 3, first - 1);
    bw_sql_i64(st, 4, now_unix_ms);
    r = bw_sql_run(s, st, reterr);
    if (r < 0) {
        return r;
    }
    struct bw_ledger_entry none = {.received_unix_ms = BW_UNKNOWN};
    r = bw_append_move(a, c, first - 1, "", BW_UNKNOWN, &none, reterr);
    return r;
}

/* The next chain that has waited too long: 1, 0 none. */
static int next_waiting(struct bw_append *a,
                        int64_t before_unix_ms,
                        char kid[BW_KID_LEN + 1],
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&a->l->sql, HELD_OLD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, before_unix_ms);
    r = bw_sql_row(&a->l->sql, st, reterr);
    if (r > 0) {
        bw_sql_copy(st, 1, kid, BW_KID_LEN + 1);
        (void)sqlite3_reset(st);
    }
    return r;
}

int bw_ledger_do_expire(struct bw_ledger *l,
                        int64_t now_unix_ms,
                        int64_t hold_s,
                        int64_t *ret_linked,
                        struct bw_err *reterr)
{
    struct bw_append a = {.l = bw_ledger_of(l)};
    char kid[BW_KID_LEN + 1] = "";
    int64_t linked = 0;
    int r = bw_append_begin(&a, reterr);
    if (r < 0) {
        goto out;
    }
    while ((r = next_waiting(&a, now_unix_ms - hold_s * 1000, kid, reterr)) > 0) {
        struct bw_chain_head c;
        r = bw_append_chain(&a, kid, "", &c, reterr);
        if (r == 0) {
            r = declare_hole(&a, &c, now_unix_ms, reterr);
        }
        if (r == 0) {
            r = bw_append_link(&a, &c, kid, true, &linked, reterr);
        }
        if (r < 0) {
            break;
        }
    }
    if (r == 0) {
        r = bw_append_finish(&a, reterr);
    }
    if (r == 0) {
        *ret_linked = linked;
    }
out:
    bw_sql_rollback(&a.l->sql);
    return r;
}
