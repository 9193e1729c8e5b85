/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_append.c - the only way in: link, hold, fork or refuse, in one transaction.
 *
 * Invariant: a position is given with the chain's head moved by compare-and-set in the
 * same transaction; positions follow each other without holes because the book's next
 * position lies in that transaction too. A record is acknowledged by its chain's head
 * only, so what is held is not. */
#include "hash.h"
#include "jws.h"
#include "ledger_append_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bw_ledger_decode(const char *jws,
                     size_t n,
                     struct bw_summary *ret,
                     struct bw_err *reterr)
{
    struct bw_buf scratch;
    struct bw_jws parts;
    bw_buf_init(&scratch, BW_JWS_MAX);
    int r = bw_jws_parse(jws, n, &scratch, &parts, reterr);
    if (r == 0) {
        r = bw_summary_decode(parts.payload, parts.payload_len, ret, reterr);
    }
    bw_buf_done(&scratch);
    return r;
}

int bw_append_chain(struct bw_append *a,
                    const char *kid,
                    const char *site,
                    struct bw_chain_head *c,
                    struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, CHAIN_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    memset(c, 0, sizeof(*c));
    bw_sql_text(st, 1, kid);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        c->id = sqlite3_column_int64(st, 0);
        c->seq = sqlite3_column_int64(st, 1);
        bw_sql_copy(st, 2, c->hash, sizeof(c->hash));
        c->n_held = sqlite3_column_int64(st, 3);
        c->n_forks = sqlite3_column_int64(st, 4);
        (void)sqlite3_reset(st);
        return 0;
    }
    if (r < 0) {
        return r;
    }
    r = bw_sql_use(s, CHAIN_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, kid);
    bw_sql_text(st, 2, site);
    r = bw_sql_run(s, st, reterr);
    c->id = sqlite3_last_insert_rowid(s->db);
    return r;
}

/* From the head we read to (seq, hash); position BW_UNKNOWN for a refused one. */
int bw_append_move(struct bw_append *a,
                   struct bw_chain_head *c,
                   int64_t seq,
                   const char *hash,
                   int64_t position,
                   const struct bw_ledger_entry *e,
                   struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    bool kept = position != BW_UNKNOWN;
    int r = bw_sql_use(s, CHAIN_MOVE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, c->seq);
    bw_sql_text(st, 3, c->hash);
    bw_sql_i64(st, 4, seq);
    bw_sql_text(st, 5, hash);
    bw_sql_i64(st, 6, position);
    bw_sql_i64(st, 7, kept ? e->received_unix_ms : BW_UNKNOWN);
    bw_sql_i64(st, 8, kept ? e->summary->end_unix_s : BW_UNKNOWN);
    r = bw_sql_run(s, st, reterr);
    if (r == 0 && sqlite3_changes(s->db) != 1) {
        return bw_err_set(reterr, -EAGAIN, "the chain moved under another writer");
    }
    c->seq = seq;
    (void)snprintf(c->hash, sizeof(c->hash), "%s", hash);
    return r;
}

static int put_record(struct bw_append *a,
                      const struct bw_chain_head *c,
                      const struct bw_ledger_entry *e,
                      int64_t position,
                      struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    const struct bw_summary *u = e->summary;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, RECORD_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, position);
    bw_sql_i64(st, 2, c->id);
    bw_sql_i64(st, 3, u->seq);
    bw_sql_text(st, 4, e->sha256);
    bw_sql_text(st, 5, u->site);
    bw_sql_i64(st, 6, u->start_unix_s);
    bw_sql_i64(st, 7, u->end_unix_s);
    bw_sql_i64(st, 8, e->received_unix_ms);
    bw_sql_i64(st, 9, (int64_t)e->egress);
    bw_sql_i64(st, 10, u->clock.known ? u->clock.synced : BW_UNKNOWN);
    bw_sql_i64(st, 11, u->clock.known ? u->clock.max_error_us : BW_UNKNOWN);
    bw_sql_i64(st, 12, u->clock.known ? u->clock.step_us : BW_UNKNOWN);
    bw_sql_textn(st, 13, e->jws, e->jws_len);
    r = bw_sql_run(s, st, reterr);
    if (r == 0) {
        r = bw_columns_put(s, position, u, reterr);
    }
    if (r == 0) {
        r = bw_ledger_put_latest(a->l, u, e->received_unix_ms, reterr);
    }
    return r;
}

static int put_refused(struct bw_append *a,
                       const struct bw_chain_head *c,
                       const struct bw_ledger_entry *e,
                       struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, REFUSED_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, e->summary->seq);
    bw_sql_text(st, 3, e->sha256);
    bw_sql_text(st, 4, e->refuse_type);
    bw_sql_text(st, 5, e->refuse_detail ? e->refuse_detail : "");
    bw_sql_text(st, 6, e->summary->site);
    bw_sql_i64(st, 7, e->summary->start_unix_s);
    bw_sql_i64(st, 8, e->summary->end_unix_s);
    bw_sql_i64(st, 9, e->received_unix_ms);
    return bw_sql_run(s, st, reterr);
}

/* Give it the next position (or keep its hash), head untouched. */
int bw_append_enter(struct bw_append *a,
                    const struct bw_chain_head *c,
                    const struct bw_ledger_entry *e,
                    struct bw_ledger_result *res,
                    struct bw_err *reterr)
{
    int r;
    res->received_unix_ms = e->received_unix_ms;
    res->position = BW_UNKNOWN;
    if (e->refuse_type) {
        res->verdict = BW_LEDGER_REFUSED;
        return put_refused(a, c, e, reterr);
    }
    res->verdict = BW_LEDGER_ACCEPTED;
    res->position = a->next;
    r = put_record(a, c, e, a->next, reterr);
    a->next++;
    return r;
}

int bw_append_fork(struct bw_append *a,
                   struct bw_chain_head *c,
                   const struct bw_ledger_entry *e,
                   struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r;
    if (c->n_forks >= BW_LEDGER_FORKS_MAX) {
        return 0;
    }
    r = bw_sql_use(s, FORK_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, e->summary->seq);
    bw_sql_text(st, 3, e->sha256);
    bw_sql_i64(st, 4, e->received_unix_ms);
    bw_sql_textn(st, 5, e->jws, e->jws_len);
    r = bw_sql_run(s, st, reterr);
    if (r < 0 || sqlite3_changes(s->db) == 0) {
        return r; /* the same fork again */
    }
    c->n_forks++;
    r = bw_sql_use(s, CHAIN_FORKS, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    return bw_sql_run(s, st, reterr);
}

static int fork_of(struct bw_append *a,
                   struct bw_chain_head *c,
                   const struct bw_ledger_entry *e,
                   const char *standing_hash,
                   struct bw_ledger_result *res,
                   struct bw_err *reterr)
{
    res->verdict = BW_LEDGER_FORK;
    res->position = BW_UNKNOWN;
    res->received_unix_ms = e->received_unix_ms;
    (void)snprintf(res->sha256, sizeof(res->sha256), "%s", standing_hash);
    return bw_append_fork(a, c, e, reterr);
}

/* ---- what is there already ----------------------------------------------------- */

static int find_refused(struct bw_append *a,
                        int64_t chain,
                        int64_t seq,
                        char hash[BW_HASH_LEN + 1],
                        int64_t *ret_received,
                        struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, REFUSED_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, chain);
    bw_sql_i64(st, 2, seq);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        bw_sql_copy(st, 0, hash, BW_HASH_LEN + 1);
        *ret_received = bw_sql_get(st, 1);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : -ENOENT;
}

/* The hash that stands at (chain, seq), as record or refusal; -ENOENT. prev (may be NULL)
 * is what that record names as its predecessor, "" when not known. */
static int standing(struct bw_append *a,
                    int64_t chain,
                    const char *kid,
                    int64_t seq,
                    char hash[BW_HASH_LEN + 1],
                    char *prev,
                    struct bw_err *reterr)
{
    struct bw_found f = {0};
    struct bw_summary u;
    int64_t received = 0;
    int r = bw_ledger_find_seq(a->l, chain, kid, seq, &f, reterr);
    if (prev) {
        prev[0] = '\0';
    }
    if (r == -ENOENT) {
        return find_refused(a, chain, seq, hash, &received, reterr);
    }
    if (r < 0) {
        return r;
    }
    memcpy(hash, f.record.sha256, BW_HASH_LEN + 1);
    if (prev) {
        bw_summary_init(&u);
        if (bw_ledger_decode(f.jws, f.record.jws_len, &u, NULL) == 0) {
            memcpy(prev, u.prev, BW_HASH_LEN + 1);
        }
        bw_summary_done(&u);
    }
    bw_found_done(&f);
    return 0;
}

/* A record of a declared hole comes after all: it enters when it fits its neighbours. */
static int fill_hole(struct bw_append *a,
                     struct bw_chain_head *c,
                     const struct bw_ledger_entry *e,
                     struct bw_ledger_result *res,
                     struct bw_err *reterr)
{
    char hash[BW_HASH_LEN + 1] = "";
    char prev[BW_HASH_LEN + 1] = "";
    bool before = false;
    bool after = false;
    int r = standing(a, c->id, e->kid, e->summary->seq - 1, hash, NULL, reterr);
    if (r < 0 && r != -ENOENT) {
        return r;
    }
    before = r == 0;
    if (before && strcmp(hash, e->summary->prev) != 0) {
        return fork_of(a, c, e, "", res, reterr);
    }
    r = standing(a, c->id, e->kid, e->summary->seq + 1, hash, prev, reterr);
    if (r < 0 && r != -ENOENT) {
        return r;
    }
    after = r == 0 && prev[0] != '\0';
    if (after && strcmp(prev, e->sha256) != 0) {
        return fork_of(a, c, e, "", res, reterr);
    }
    if (!before && !after) {
        res->verdict = BW_LEDGER_CROWDED; /* nothing to link it to yet */
        res->position = BW_UNKNOWN;
        res->received_unix_ms = e->received_unix_ms;
        return 0;
    }
    return bw_append_enter(a, c, e, res, reterr);
}

int bw_append_old(struct bw_append *a,
                  struct bw_chain_head *c,
                  const struct bw_ledger_entry *e,
                  struct bw_ledger_result *res,
                  struct bw_err *reterr)
{
    char hash[BW_HASH_LEN + 1] = "";
    struct bw_found f = {0};
    int64_t received = 0;
    int r = bw_ledger_find_seq(a->l, c->id, e->kid, e->summary->seq, &f, reterr);
    if (r == 0) {
        bool same = strcmp(f.record.sha256, e->sha256) == 0;
        if (same) {
            res->verdict = BW_LEDGER_DUPLICATE;
            res->position = f.record.position;
            res->received_unix_ms = f.record.received_unix_ms;
        } else {
            r = fork_of(a, c, e, f.record.sha256, res, reterr);
        }
        bw_found_done(&f);
        return r;
    }
    if (r != -ENOENT) {
        return r;
    }
    r = find_refused(a, c->id, e->summary->seq, hash, &received, reterr);
    if (r == 0) {
        if (strcmp(hash, e->sha256) != 0) {
            return fork_of(a, c, e, hash, res, reterr);
        }
        res->verdict = BW_LEDGER_REFUSED;
        res->position = BW_UNKNOWN;
        res->received_unix_ms = received;
        return 0;
    }
    return r == -ENOENT ? fill_hole(a, c, e, res, reterr) : r;
}

/* ---- one record ---------------------------------------------------------------- */

static int take_one(struct bw_append *a,
                    const struct bw_ledger_entry *e,
                    struct bw_ledger_result *res,
                    struct bw_err *reterr)
{
    const struct bw_summary *u = e->summary;
    struct bw_chain_head c;
    int64_t linked = 0;
    int r = bw_append_chain(a, e->kid, u->site, &c, reterr);
    if (r < 0) {
        return r;
    }
    memset(res, 0, sizeof(*res));
    if (u->seq < 1) {
        return bw_err_set(reterr, -EINVAL, "a record without its number (key %s)", e->kid);
    }
    if (u->seq <= c.seq) {
        a->l->sealed_fault = false;
        r = bw_append_old(a, &c, e, res, reterr);
        if (r < 0 && a->l->sealed_fault) { /* nothing was written; the others go on */
            memset(res, 0, sizeof(*res));
            res->verdict = BW_LEDGER_UNREADABLE;
            res->position = BW_UNKNOWN;
            r = 0;
        }
        return r;
    }
    if (u->seq > c.seq + 1) {
        return bw_append_hold(a, &c, e, res, reterr);
    }
    if (c.seq > 0 && strcmp(u->prev, c.hash) != 0) {
        return fork_of(a, &c, e, "", res, reterr);
    }
    r = bw_append_enter(a, &c, e, res, reterr);
    if (r == 0) {
        r = bw_append_move(a, &c, u->seq, e->sha256, res->position, e, reterr);
    }
    if (r == 0 && c.n_held > 0) {
        r = bw_append_link(a, &c, e->kid, false, &linked, reterr);
    }
    return r;
}

int bw_append_begin(struct bw_append *a, struct bw_err *reterr)
{
    struct bw_sql *s = &a->l->sql;
    struct sqlite3_stmt *st = NULL;
    if (!a->l->write) {
        return bw_err_set(reterr, -EROFS, "this ledger is open for reading only");
    }
    int r = bw_sql_begin(s, reterr);
    if (r == 0) {
        r = bw_sql_use(s, NEXT_GET, &st, reterr);
    }
    if (r == 0) {
        r = bw_sql_row(s, st, reterr);
    }
    if (r > 0) {
        a->next = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

int bw_append_finish(struct bw_append *a, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&a->l->sql, NEXT_SET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, a->next);
    r = bw_sql_run(&a->l->sql, st, reterr);
    return r < 0 ? r : bw_sql_commit(&a->l->sql, reterr);
}

int bw_ledger_do_append(struct bw_ledger *l,
                        const struct bw_ledger_entry *entries,
                        size_t n,
                        struct bw_ledger_result *results,
                        struct bw_err *reterr)
{
    struct bw_append a = {.l = bw_ledger_of(l)};
    int r = bw_append_begin(&a, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take_one(&a, &entries[i], &results[i], reterr);
    }
    if (r == 0) {
        r = bw_append_finish(&a, reterr);
    }
    bw_sql_rollback(&a.l->sql);
    return r;
}
