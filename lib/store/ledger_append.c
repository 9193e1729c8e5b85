/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_append.c - the only way in: link, hold, fork or refuse, in one transaction.
 *
 * Invariant: a position is given with the chain's head moved by compare-and-set in the
 * same transaction; positions follow each other without holes because the book's next
 * position lies in that transaction too. A record is acknowledged by its chain's head
 * only, so what is held is not. */
#include "hash.h"
#include "jws.h"
#include "ledger_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chain {
    int64_t id;
    int64_t seq;
    char hash[BW_HASH_LEN + 1];
    int64_t n_held;
    int64_t n_forks;
};

struct append {
    struct ledger *l;
    int64_t next; /* position */
};

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

static int get_chain(struct append *a,
                     const char *kid,
                     const char *site,
                     struct chain *c,
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
static int move_head(struct append *a,
                     struct chain *c,
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

static int put_record(struct append *a,
                      const struct chain *c,
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

static int put_refused(struct append *a,
                       const struct chain *c,
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
static int enter(struct append *a,
                 const struct chain *c,
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

static int put_fork(struct append *a,
                    struct chain *c,
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

static int fork_of(struct append *a,
                   struct chain *c,
                   const struct bw_ledger_entry *e,
                   const char *standing_hash,
                   struct bw_ledger_result *res,
                   struct bw_err *reterr)
{
    res->verdict = BW_LEDGER_FORK;
    res->position = BW_UNKNOWN;
    res->received_unix_ms = e->received_unix_ms;
    (void)snprintf(res->sha256, sizeof(res->sha256), "%s", standing_hash);
    return put_fork(a, c, e, reterr);
}

/* ---- what is there already ----------------------------------------------------- */

static int find_refused(struct append *a,
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
static int standing(struct append *a,
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
static int fill_hole(struct append *a,
                     struct chain *c,
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
    return enter(a, c, e, res, reterr);
}

static int take_old(struct append *a,
                    struct chain *c,
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

/* ---- out of order -------------------------------------------------------------- */

static int count_held(struct append *a, struct chain *c, int64_t by, struct bw_err *reterr)
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

static int hold(struct append *a,
                struct chain *c,
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
static int take_held(struct append *a,
                     struct chain *c,
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
static int link_one(struct append *a,
                    struct chain *c,
                    const struct bw_ledger_entry *e,
                    bool anyhow,
                    int64_t *linked,
                    struct bw_err *reterr)
{
    struct bw_ledger_result res;
    const struct bw_summary *u = e->summary;
    if (u->seq <= c->seq) {
        return take_old(a, c, e, &res, reterr);
    }
    if (!anyhow && u->prev[0] != '\0' && strcmp(u->prev, c->hash) != 0) {
        return put_fork(a, c, e, reterr);
    }
    int r = enter(a, c, e, &res, reterr);
    if (r == 0) {
        r = move_head(a, c, u->seq, e->sha256, res.position, e, reterr);
    }
    (*linked)++;
    return r;
}

/* Link what waits behind the head. `anyhow`: the first one after a declared hole has no
 * predecessor to compare with. */
static int link_held(struct append *a,
                     struct chain *c,
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

/* ---- one record ---------------------------------------------------------------- */

static int take_one(struct append *a,
                    const struct bw_ledger_entry *e,
                    struct bw_ledger_result *res,
                    struct bw_err *reterr)
{
    const struct bw_summary *u = e->summary;
    struct chain c;
    int64_t linked = 0;
    int r = get_chain(a, e->kid, u->site, &c, reterr);
    if (r < 0) {
        return r;
    }
    memset(res, 0, sizeof(*res));
    if (u->seq < 1) {
        return bw_err_set(reterr, -EINVAL, "a record without its number (key %s)", e->kid);
    }
    if (u->seq <= c.seq) {
        return take_old(a, &c, e, res, reterr);
    }
    if (u->seq > c.seq + 1) {
        return hold(a, &c, e, res, reterr);
    }
    if (c.seq > 0 && strcmp(u->prev, c.hash) != 0) {
        return fork_of(a, &c, e, "", res, reterr);
    }
    r = enter(a, &c, e, res, reterr);
    if (r == 0) {
        r = move_head(a, &c, u->seq, e->sha256, res->position, e, reterr);
    }
    if (r == 0 && c.n_held > 0) {
        r = link_held(a, &c, e->kid, false, &linked, reterr);
    }
    return r;
}

static int begin(struct append *a, struct bw_err *reterr)
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

static int finish(struct append *a, struct bw_err *reterr)
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
    struct append a = {.l = bw_ledger_of(l)};
    int r = begin(&a, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take_one(&a, &entries[i], &results[i], reterr);
    }
    if (r == 0) {
        r = finish(&a, reterr);
    }
    bw_sql_rollback(&a.l->sql);
    return r;
}

/* ---- giving up ----------------------------------------------------------------- */

static int
declare_hole(struct append *a, struct chain *c, int64_t now_unix_ms, struct bw_err *reterr)
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
    r = move_head(a, c, first - 1, "", BW_UNKNOWN, &none, reterr);
    return r;
}

/* The next chain that has waited too long: 1, 0 none. */
static int next_waiting(struct append *a,
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
    struct append a = {.l = bw_ledger_of(l)};
    char kid[BW_KID_LEN + 1] = "";
    int64_t linked = 0;
    int r = begin(&a, reterr);
    if (r < 0) {
        goto out;
    }
    while ((r = next_waiting(&a, now_unix_ms - hold_s * 1000, kid, reterr)) > 0) {
        struct chain c;
        r = get_chain(&a, kid, "", &c, reterr);
        if (r == 0) {
            r = declare_hole(&a, &c, now_unix_ms, reterr);
        }
        if (r == 0) {
            r = link_held(&a, &c, kid, true, &linked, reterr);
        }
        if (r < 0) {
            break;
        }
    }
    if (r == 0) {
        r = finish(&a, reterr);
    }
    if (r == 0) {
        *ret_linked = linked;
    }
out:
    bw_sql_rollback(&a.l->sql);
    return r;
}
