/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal.c - the box's book in SQLite: append, post, acknowledge, free.
 *
 * Invariant: chains.head_seq and head_hash are those of the last row ever appended under
 * that key, moved in the transaction that wrote the row, so the chain goes on rightly
 * after any crash and after every row is freed. A row is pending while its seq is above
 * the chain's acked_through and no refusal names it. */
#include "journal.h"
#include "buf.h"
#include "grow.h"
#include "hash.h"
#include "journal_private.h"

#include <bw/err.h>
#include <columns.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int bw_journal_open(const char *path,
                    enum bw_journal_mode mode,
                    struct bw_journal **ret,
                    struct bw_err *reterr)
{
    bool write = mode == BW_JOURNAL_WRITE;
    struct bw_journal *j = calloc(1, sizeof(*j));
    if (!j) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_sql_open(&j->sql, path, write ? BW_SQL_WRITE : BW_SQL_READ, write,
                        &bw_journal_schema, bw_journal_text, N_STMTS, reterr);
    if (r < 0) {
        bw_journal_close(j);
        return r;
    }
    *ret = j;
    return 0;
}

void bw_journal_close(struct bw_journal *j)
{
    if (j) {
        bw_sql_close(&j->sql);
        free(j);
    }
}

/* *ret_chain is 0 when the key is new. */
static int read_head(struct bw_journal *j,
                     const char *kid,
                     struct bw_journal_head *ret,
                     int64_t *ret_chain,
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, kid ? HEAD_KID : HEAD_LAST, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    if (kid) {
        bw_sql_text(st, 1, kid);
    }
    memset(ret, 0, sizeof(*ret));
    ret->end_unix_s = BW_UNKNOWN;
    *ret_chain = 0;
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        bw_sql_copy(st, 0, ret->kid, sizeof(ret->kid));
        ret->seq = bw_sql_get(st, 1);
        bw_sql_copy(st, 2, ret->hash, sizeof(ret->hash));
        ret->end_unix_s = bw_sql_get(st, 3);
        ret->acked_through = bw_sql_get(st, 4);
        ret->forked = bw_sql_get(st, 5) != 0;
        *ret_chain = bw_sql_get(st, 6);
        r = 0;
    } else if (r == 0 && kid) {
        (void)snprintf(ret->kid, sizeof(ret->kid), "%s", kid);
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_journal_head(struct bw_journal *j,
                    const char *kid,
                    struct bw_journal_head *ret,
                    struct bw_err *reterr)
{
    int64_t chain = 0;
    struct bw_journal_head head;
    int r = read_head(j, kid, &head, &chain, reterr);
    if (r == 0) {
        *ret = head;
    }
    return r;
}

/* ---- append -------------------------------------------------------------------- */

/* The hash of a kept record; "": it is not here. */
static int kept_hash(struct bw_journal *j,
                     int64_t chain,
                     int64_t seq,
                     char kept[BW_HASH_LEN + 1],
                     struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, SAME, reterr);
    kept[0] = '\0';
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, chain);
    bw_sql_i64(st, 2, seq);
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        bw_sql_copy(st, 0, kept, BW_HASH_LEN + 1);
        (void)sqlite3_reset(st);
    }
    return r < 0 ? r : 0;
}

static int check_same(struct bw_journal *j,
                      int64_t chain,
                      const struct bw_journal_entry *e,
                      const char *hash,
                      struct bw_err *reterr)
{
    char kept[BW_HASH_LEN + 1];
    int r = kept_hash(j, chain, e->summary->seq, kept, reterr);
    if (r < 0) {
        return r;
    }
    if (strcmp(kept, hash) == 0) {
        return 0;
    }
    return bw_err_set(reterr, -BW_EFORK,
                      "record %" PRId64 " of key %s is in the journal already and differs",
                      e->summary->seq, e->kid);
}

static int move_chain(struct bw_journal *j,
                      int64_t *chain,
                      const struct bw_journal_head *head,
                      const struct bw_journal_entry *e,
                      const char *hash,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, *chain ? CHAIN_MOVE : CHAIN_ADD, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    if (*chain) {
        bw_sql_i64(st, 1, *chain);
        bw_sql_i64(st, 2, head->seq);
        bw_sql_i64(st, 3, e->summary->seq);
        bw_sql_text(st, 4, hash);
        bw_sql_i64(st, 5, e->summary->end_unix_s);
    } else {
        bw_sql_text(st, 1, e->kid);
        bw_sql_i64(st, 2, e->summary->seq);
        bw_sql_text(st, 3, hash);
        bw_sql_i64(st, 4, e->summary->end_unix_s);
    }
    int r = bw_sql_run(&j->sql, st, reterr);
    if (r < 0) {
        return r;
    }
    if (*chain && sqlite3_changes(j->sql.db) != 1) {
        return bw_err_set(reterr, -BW_EHOLE, "the chain of key %s moved meanwhile", e->kid);
    }
    if (!*chain) {
        *chain = sqlite3_last_insert_rowid(j->sql.db);
    }
    return 0;
}

static int put_record(struct bw_journal *j,
                      int64_t chain,
                      const struct bw_journal_entry *e,
                      const char *hash,
                      struct bw_err *reterr)
{
    const struct bw_summary *u = e->summary;
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, RECORD_ADD, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, chain);
    bw_sql_i64(st, 2, u->seq);
    bw_sql_text(st, 3, u->site);
    bw_sql_text(st, 4, hash);
    bw_sql_i64(st, 5, u->start_unix_s);
    bw_sql_i64(st, 6, u->end_unix_s);
    bw_sql_i64(st, 7, u->clock.known ? u->clock.synced : BW_UNKNOWN);
    bw_sql_i64(st, 8, u->clock.known ? u->clock.max_error_us : BW_UNKNOWN);
    bw_sql_i64(st, 9, u->clock.known ? u->clock.step_us : BW_UNKNOWN);
    bw_sql_textn(st, 10, e->jws, e->jws_len);
    int r = bw_sql_run(&j->sql, st, reterr);
    if (r == 0) {
        r = bw_columns_put(&j->sql, sqlite3_last_insert_rowid(j->sql.db), u, reterr);
    }
    if (r == 0 && e->reports_refusals_through > 0) {
        st = bw_sql_stmt(&j->sql, REPORTED, reterr);
        if (!st) {
            return bw_sql_code(&j->sql);
        }
        bw_sql_i64(st, 1, e->reports_refusals_through);
        r = bw_sql_run(&j->sql, st, reterr);
    }
    return r;
}

static int append_within(struct bw_journal *j,
                         const struct bw_journal_entry *e,
                         const char *hash,
                         struct bw_err *reterr)
{
    struct bw_journal_head head = {.seq = 0};
    const struct bw_summary *u = e->summary;
    int64_t chain = 0;
    int r = read_head(j, e->kid, &head, &chain, reterr);
    if (r < 0) {
        return r;
    }
    if (chain != 0 && u->seq <= head.seq) {
        return check_same(j, chain, e, hash, reterr);
    }
    if (head.forked) {
        return bw_err_set(reterr, -BW_EFORK, "the chain of key %s is closed by a fork",
                          e->kid);
    }
    if (u->seq != head.seq + 1 || (head.seq > 0 && strcmp(u->prev, head.hash) != 0)) {
        return bw_err_set(reterr, -BW_EHOLE,
                          "record %" PRId64 " does not follow record %" PRId64 " of key %s",
                          u->seq, head.seq, e->kid);
    }
    r = move_chain(j, &chain, &head, e, hash, reterr);
    return r < 0 ? r : put_record(j, chain, e, hash, reterr);
}

int bw_journal_append(struct bw_journal *j,
                      const struct bw_journal_entry *e,
                      struct bw_err *reterr)
{
    char hash[BW_HASH_LEN + 1];
    if (e->jws_len == 0 || e->jws_len > BW_JWS_MAX || strlen(e->kid) != BW_KID_LEN ||
        e->summary->seq < 1) {
        return bw_err_set(reterr, -EINVAL, "not a signed summary: %zu bytes, key \"%s\"",
                          e->jws_len, e->kid);
    }
    bw_sha256_text(e->jws, e->jws_len, hash);
    int r = bw_sql_begin(&j->sql, reterr);
    if (r < 0) {
        return r;
    }
    r = append_within(j, e, hash, reterr);
    if (r == 0) {
        r = bw_sql_commit(&j->sql, reterr);
    }
    bw_sql_rollback(&j->sql);
    return r;
}

/* ---- the courier --------------------------------------------------------------- */

static int batch_add(struct bw_journal_batch *b,
                     size_t *cap,
                     struct bw_buf *body,
                     struct sqlite3_stmt *st)
{
    struct bw_journal_ref *refs = bw_grow(b->refs, b->n, cap, sizeof(*refs));
    if (!refs) {
        return -ENOMEM;
    }
    b->refs = refs;
    struct bw_journal_ref *ref = &b->refs[b->n];
    bw_sql_copy(st, 0, ref->kid, sizeof(ref->kid));
    ref->seq = sqlite3_column_int64(st, 1);
    bw_buf_add(body, sqlite3_column_text(st, 2), (size_t)sqlite3_column_bytes(st, 2));
    bw_buf_putc(body, '\n');
    b->n++;
    return bw_buf_error(body);
}

int bw_journal_pending(struct bw_journal *j,
                       size_t max_rows,
                       size_t max_bytes,
                       const char *without_kids,
                       struct bw_journal_batch *ret,
                       struct bw_err *reterr)
{
    struct bw_journal_batch b = {0};
    struct bw_buf body;
    size_t cap = 0;
    int r = 0;
    bw_buf_init(&body, max_bytes + BW_JWS_MAX + 2);
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, PENDING, reterr);
    if (!st) {
        r = bw_sql_code(&j->sql);
        goto out;
    }
    bw_sql_i64(st, 1, (int64_t)max_rows);
    bw_sql_text(st, 2, without_kids);
    while ((r = bw_sql_row(&j->sql, st, reterr)) > 0) {
        size_t n = (size_t)sqlite3_column_bytes(st, 2) + 1;
        if (b.n > 0 && body.len + n > max_bytes) {
            r = 0;
            break;
        }
        r = batch_add(&b, &cap, &body, st);
        if (r < 0) {
            r = bw_err_set(reterr, r, "out of memory for a post of %zu bytes", body.len);
            break;
        }
    }
    (void)sqlite3_reset(st);
    if (r == 0 && b.n > 0) {
        b.body = bw_buf_take(&body, &b.body_len);
    }
    if (r == 0) {
        *ret = b;
        memset(&b, 0, sizeof(b));
    }
out:
    bw_buf_done(&body);
    bw_journal_batch_done(&b);
    return r;
}

void bw_journal_batch_done(struct bw_journal_batch *b)
{
    free(b->body);
    free(b->refs);
    memset(b, 0, sizeof(*b));
}

struct chain {
    int64_t id;
    int64_t acked;
    int64_t head; /* the last one written */
};

static int
find_chain(struct bw_journal *j, const char *kid, struct chain *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, CHAIN_GET, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_text(st, 1, kid);
    int r = bw_sql_row(&j->sql, st, reterr);
    if (r > 0) {
        ret->id = sqlite3_column_int64(st, 0);
        ret->acked = sqlite3_column_int64(st, 1);
        ret->head = sqlite3_column_int64(st, 2);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r : bw_err_set(reterr, -ENOENT, "key %s never signed here", kid);
}

/* A transaction about one chain; on an error none is open. */
static int begin_on_chain(struct bw_journal *j,
                          const char *kid,
                          struct chain *ret,
                          struct bw_err *reterr)
{
    int r = bw_sql_begin(&j->sql, reterr);
    if (r < 0) {
        return r;
    }
    r = find_chain(j, kid, ret, reterr);
    if (r < 0) {
        bw_sql_rollback(&j->sql);
    }
    return r;
}

/* ACK and REWIND: how far the collector has a chain. */
static int move_acked(struct bw_journal *j,
                      size_t statement,
                      const struct chain *chain,
                      int64_t through,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, statement, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, chain->id);
    bw_sql_i64(st, 2, through);
    return bw_sql_run(&j->sql, st, reterr);
}

static int add_receipt(struct bw_journal *j,
                       const struct chain *chain,
                       int64_t through,
                       const char *receipt,
                       int64_t received_unix_ms,
                       struct bw_err *reterr)
{
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, RECEIPT_ADD, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, chain->id);
    bw_sql_i64(st, 2, through);
    bw_sql_i64(st, 3, received_unix_ms);
    bw_sql_text(st, 4, receipt ? receipt : "");
    return bw_sql_run(&j->sql, st, reterr);
}

int bw_journal_ack(struct bw_journal *j,
                   const char *kid,
                   int64_t through,
                   const char *receipt,
                   int64_t received_unix_ms,
                   struct bw_err *reterr)
{
    struct chain chain = {.id = 0};
    int r = begin_on_chain(j, kid, &chain, reterr);
    if (r < 0) {
        return r;
    }
    if (through > chain.head) {
        r = bw_err_set(reterr, -ERANGE,
                       "the collector acknowledges record %" PRId64
                       " of key %s, the last one written is %" PRId64,
                       through, kid, chain.head);
    } else if (through > chain.acked) {
        r = move_acked(j, ACK, &chain, through, reterr);
        r = r < 0 ? r : add_receipt(j, &chain, through, receipt, received_unix_ms, reterr);
        r = r < 0 ? r : bw_sql_commit(&j->sql, reterr);
    }
    bw_sql_rollback(&j->sql);
    return r;
}

int bw_journal_rewind(struct bw_journal *j,
                      const char *kid,
                      int64_t through,
                      const char *hash,
                      bool *ret_moved,
                      struct bw_err *reterr)
{
    char kept[BW_HASH_LEN + 1];
    struct chain chain = {.id = 0};
    *ret_moved = false;
    int r = begin_on_chain(j, kid, &chain, reterr);
    if (r < 0) {
        return r;
    }
    if (through >= chain.acked) {
        goto out;
    }
    r = kept_hash(j, chain.id, through > 0 ? through : 1, kept, reterr);
    if (r < 0 || !kept[0] || (through > 0 && strcmp(kept, hash) != 0)) {
        goto out;
    }
    r = move_acked(j, REWIND, &chain, through, reterr);
    r = r < 0 ? r : bw_sql_commit(&j->sql, reterr);
    *ret_moved = r == 0;
out:
    bw_sql_rollback(&j->sql);
    return r;
}

int bw_journal_refused(struct bw_journal *j,
                       const char *kid,
                       int64_t seq,
                       const char *type,
                       const char *detail,
                       struct bw_err *reterr)
{
    struct chain chain = {.id = 0};
    int r = find_chain(j, kid, &chain, reterr);
    if (r < 0) {
        return r;
    }
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, REFUSE, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, chain.id);
    bw_sql_i64(st, 2, seq);
    bw_sql_text(st, 3, type ? type : "");
    bw_sql_text(st, 4, detail ? detail : "");
    return bw_sql_run(&j->sql, st, reterr);
}

int bw_journal_forked(struct bw_journal *j,
                      const char *kid,
                      int64_t seq,
                      const char *detail,
                      struct bw_err *reterr)
{
    struct chain chain = {.id = 0};
    struct sqlite3_stmt *st = NULL;
    int r = begin_on_chain(j, kid, &chain, reterr);
    if (r < 0) {
        return r;
    }
    st = bw_sql_stmt(&j->sql, FORK_ROWS, reterr);
    if (!st) {
        r = bw_sql_code(&j->sql);
        goto out;
    }
    bw_sql_i64(st, 1, chain.id);
    bw_sql_i64(st, 2, seq);
    bw_sql_text(st, 3, detail ? detail : "");
    r = bw_sql_run(&j->sql, st, reterr);
    if (r < 0) {
        goto out;
    }
    st = bw_sql_stmt(&j->sql, FORK_CHAIN, reterr);
    if (!st) {
        r = bw_sql_code(&j->sql);
        goto out;
    }
    bw_sql_i64(st, 1, chain.id);
    r = bw_sql_run(&j->sql, st, reterr);
    if (r == 0) {
        r = bw_sql_commit(&j->sql, reterr);
    }
out:
    bw_sql_rollback(&j->sql);
    return r;
}

int bw_journal_refusals(struct bw_journal *j,
                        struct bw_journal_refusal *ret,
                        size_t cap,
                        size_t *ret_n,
                        struct bw_err *reterr)
{
    size_t n = 0;
    int r = 0;
    struct sqlite3_stmt *st = bw_sql_stmt(&j->sql, REFUSALS, reterr);
    if (!st) {
        return bw_sql_code(&j->sql);
    }
    bw_sql_i64(st, 1, (int64_t)cap);
    while (n < cap && (r = bw_sql_row(&j->sql, st, reterr)) > 0) {
        struct bw_journal_refusal *f = &ret[n++];
        memset(f, 0, sizeof(*f));
        f->id = sqlite3_column_int64(st, 0);
        bw_sql_copy(st, 1, f->kid, sizeof(f->kid));
        f->seq = sqlite3_column_int64(st, 2);
        f->start_unix_s = sqlite3_column_int64(st, 3);
        f->end_unix_s = sqlite3_column_int64(st, 4);
        bw_sql_copy(st, 5, f->type, sizeof(f->type));
    }
    (void)sqlite3_reset(st);
    if (r < 0) {
        return r;
    }
    *ret_n = n;
    return 0;
}
