/* SPDX-License-Identifier: GPL-3.0-or-later
 * seal_build.c - one segment file made from committed rows, on a thread of its own.
 *
 * It reads through a connection of its own and keeps no view longer than it needs: rows
 * never change, and what arrives meanwhile stays hot. Each day row tells through which
 * position it was made, so a record that comes later makes it stale while it is hot. When
 * that one is sealed the row is made anew, or taken away if it cannot be; where other
 * records of the day stay hot they keep it stale until theirs are sealed. Invariant: on
 * success every row of the range came back from the file byte for byte, and no day row
 * misses a record of a named file unless a hot one makes it stale. */
#include "buf.h"
#include "ledger_private.h"
#include "seal_private.h"

#include <bw/err.h>
#include <errno.h>
#include <fold.h>
#include <grow.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    DAY_MAX = 16 * 1024 * 1024
};

struct chain {
    int64_t id;
    char site[BW_SITE_MAX + 1];
};

struct build {
    struct bw_seal *s;
    struct ledger *l; /* reading only */
    struct bw_err *reterr;
    struct bw_segment_writer *w;
    int64_t n_rows;   /* written */
    int64_t *touched; /* days of the site at hand */
    size_t n_touched;
    size_t cap_touched;
    struct bw_block_record pending[BW_BLOCK_MAX];
    size_t n_pending;
    const char *day_site; /* for on_day */
    const char *day_circuit;
    int64_t through;
};

static int no_memory(const struct build *b)
{
    return bw_err_set(b->reterr, -ENOMEM, "out of memory");
}

static int stopped(const struct build *b)
{
    return atomic_load(&b->s->stop)
               ? bw_err_set(b->reterr, -ECANCELED, "sealing was broken off")
               : 0;
}

static int64_t floor_day(int64_t unix_s)
{
    int64_t rest = unix_s % DAY_S;
    return unix_s - (rest < 0 ? rest + DAY_S : rest);
}

/* ---- which rows ------------------------------------------------------------------- */

static int find_range(struct build *b)
{
    struct bw_sql *db = &b->l->sql;
    struct bw_seal *s = b->s;
    struct sqlite3_stmt *st = NULL;
    int64_t cutoff = floor_day(s->now_unix_ms / 1000) - s->keep_days * DAY_S;
    int r = bw_sql_use(db, SEAL_SCAN, &st, b->reterr);
    if (r < 0) {
        return r;
    }
    s->to = s->from;
    bw_sql_i64(st, 1, s->from);
    while ((r = bw_sql_row(db, st, b->reterr)) > 0) {
        int64_t position = sqlite3_column_int64(st, 0);
        int64_t label = 0;
        r = bw_seal_label(db, s, position, sqlite3_column_int64(st, 1), &label, b->reterr);
        if (s->to == s->from) {
            s->label = label;
        }
        if (r < 0 || label > s->label || label >= cutoff ||
            s->to - s->from == BW_SEAL_ROWS || position != s->to) {
            break;
        }
        s->n_ahead += r;
        s->to++;
    }
    (void)sqlite3_reset(st);
    if (r >= 0 && s->to == s->from) {
        r = bw_err_set(b->reterr, -BW_EMALFORMED, "the ledger misses position %" PRId64,
                       s->from);
    }
    return r < 0 ? r : 0;
}

/* By site, so that a site's days are made when all its rows are written. */
static int read_chains(struct build *b, struct chain **ret, size_t *ret_n)
{
    struct bw_sql *db = &b->l->sql;
    struct sqlite3_stmt *st = NULL;
    struct chain *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    int r = bw_sql_use(db, SEAL_CHAINS, &st, b->reterr);
    while (r >= 0 && (r = bw_sql_row(db, st, b->reterr)) > 0) {
        struct chain *bigger = bw_grow(list, n, &cap, sizeof(*list));
        if (!bigger) {
            (void)sqlite3_reset(st);
            r = no_memory(b);
            break;
        }
        list = bigger;
        list[n].id = sqlite3_column_int64(st, 0);
        bw_sql_copy(st, 1, list[n].site, sizeof(list[n].site));
        n++;
    }
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

/* ---- day rows --------------------------------------------------------------------- */

/* The next of s->days, without a place yet and not counted yet; NULL: no memory. */
static struct bw_seal_day *next_day(struct build *b, int64_t day)
{
    struct bw_seal *s = b->s;
    struct bw_seal_day *list = bw_grow(s->days, s->n_days, &s->cap_days, sizeof(*s->days));
    if (!list) {
        return NULL;
    }
    s->days = list;
    struct bw_seal_day *row = &s->days[s->n_days];
    memset(row, 0, sizeof(*row));
    (void)snprintf(row->site, sizeof(row->site), "%s", b->day_site);
    (void)snprintf(row->circuit, sizeof(row->circuit), "%s", b->day_circuit);
    row->day_unix_s = day;
    row->through = b->through;
    return row;
}

static int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct build *b = owner;
    struct bw_seal *s = b->s;
    struct bw_buf blob;
    struct bw_seal_day *row = next_day(b, d->day_unix_s);
    if (!row) {
        return no_memory(b);
    }
    bw_buf_init(&blob, DAY_MAX);
    int r = bw_day_encode(d, &blob, b->reterr);
    if (r == 0) {
        r = bw_segment_add_day(b->w, blob.data, blob.len, &row->offset, &row->length,
                               row->sha256, b->reterr);
    }
    bw_buf_done(&blob);
    s->n_days += r == 0;
    return r;
}

/* Are there rows of that day which stay hot? Then the day is made when they are sealed. */
static int stays_hot(struct build *b, const char *site, int64_t day)
{
    struct bw_sql *db = &b->l->sql;
    struct sqlite3_stmt *st = NULL;
    int found = 0;
    int r = bw_sql_use(db, DAY_HOT, &st, b->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_i64(st, 2, day);
    bw_sql_i64(st, 3, day + DAY_S);
    bw_sql_i64(st, 4, b->s->to);
    r = bw_sql_row(db, st, b->reterr);
    found = r > 0;
    (void)sqlite3_reset(st);
    return r < 0 ? r : found;
}

static int
circuits_of(struct build *b, const char *site, char (**ret)[BW_NAME_MAX + 1], size_t *ret_n)
{
    struct bw_sql *db = &b->l->sql;
    struct sqlite3_stmt *st = NULL;
    char(*list)[BW_NAME_MAX + 1] = NULL;
    size_t n = 0;
    size_t cap = 0;
    int r = bw_sql_use(db, SITE_CIRCUITS, &st, b->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    while ((r = bw_sql_row(db, st, b->reterr)) > 0) {
        void *bigger = bw_grow(list, n, &cap, sizeof(*list));
        if (!bigger) {
            r = no_memory(b);
            break;
        }
        list = bigger;
        bw_sql_copy(st, 0, list[n++], sizeof(*list));
    }
    (void)sqlite3_reset(st);
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

static int read_through(struct build *b)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&b->l->sql, NEXT_GET, &st, b->reterr);
    if (r == 0) {
        r = bw_sql_row(&b->l->sql, st, b->reterr);
    }
    if (r > 0) {
        b->through = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

static int make_day(struct build *b, const char *site, const char *circuit, int64_t day)
{
    struct bw_day_place place;
    int r = bw_ledger_day_row(b->l, site, circuit, day, &place, b->reterr);
    if (r != 0) {
        return r < 0 ? r : 0; /* the stored one has everything */
    }
    b->day_site = site;
    b->day_circuit = circuit;
    r = bw_ledger_fold_day(b->l, site, circuit, day, day + DAY_S, on_day, b, b->reterr);
    if (r != -BW_EMALFORMED && r != -EIO) {
        return r;
    }
    /* Its other records lie in a file that is damaged or gone: the day has no row until
     * that is mended, and sealing goes on. */
    if (!next_day(b, day)) {
        return no_memory(b);
    }
    b->s->n_days++;
    return 0;
}

/* The days of one site's records in this segment, and the days before where a record
 * tells of a run that began before midnight. One view for all: `through` is its end. */
static int make_days(struct build *b, const char *site)
{
    char(*circuits)[BW_NAME_MAX + 1] = NULL;
    size_t n = 0;
    bool own = false;
    int r = b->n_touched > 0 ? bw_ledger_snap(b->l, &own, b->reterr) : 0;
    if (r == 0 && b->n_touched > 0) {
        r = read_through(b);
    }
    if (r == 0 && b->n_touched > 0) {
        r = circuits_of(b, site, &circuits, &n);
    }
    for (size_t i = 0; r == 0 && i < b->n_touched; i++) {
        r = stays_hot(b, site, b->touched[i]);
        if (r != 0) {
            r = r < 0 ? r : 0;
            continue;
        }
        for (size_t k = 0; r == 0 && k < n; k++) {
            r = make_day(b, site, circuits[k], b->touched[i]);
        }
    }
    bw_ledger_unsnap(b->l, own);
    free(circuits);
    b->n_touched = 0;
    return r;
}

static int touch(struct build *b, int64_t day)
{
    for (size_t i = b->n_touched; i-- > 0;) {
        if (b->touched[i] == day) {
            return 0;
        }
    }
    int64_t *list = bw_grow(b->touched, b->n_touched, &b->cap_touched, sizeof(*list));
    if (!list) {
        return no_memory(b);
    }
    b->touched = list;
    b->touched[b->n_touched++] = day;
    return 0;
}

/* ---- records ---------------------------------------------------------------------- */

static void drop_pending(struct build *b)
{
    for (size_t i = 0; i < b->n_pending; i++) {
        char *text = NULL;
        memcpy(&text, &b->pending[i].jws, sizeof(text));
        free(text);
    }
    b->n_pending = 0;
}

static int flush_block(struct build *b)
{
    int r = 0;
    if (b->n_pending > 0) {
        const struct bw_seal_part *p = &b->s->parts[b->s->n_parts - 1];
        r = bw_segment_add_block(b->w, p->kid, p->site, b->pending, b->n_pending,
                                 b->reterr);
    }
    drop_pending(b);
    return r;
}

static int begin_part(struct build *b, const struct chain *c, const struct bw_record *rec)
{
    struct bw_seal *s = b->s;
    struct bw_seal_part *list = bw_grow(s->parts, s->n_parts, &s->cap_parts, sizeof(*list));
    if (!list) {
        return no_memory(b);
    }
    s->parts = list;
    struct bw_seal_part *p = &s->parts[s->n_parts++];
    memset(p, 0, sizeof(*p));
    p->chain = c->id;
    memcpy(p->kid, rec->kid, sizeof(p->kid));
    memcpy(p->site, c->site, sizeof(p->site));
    p->from_seq = rec->seq;
    p->min_start = INT64_MAX;
    p->max_start = INT64_MIN;
    return 0;
}

static int keep_row(struct build *b, const struct bw_record *rec)
{
    struct bw_block_record *k = &b->pending[b->n_pending];
    memset(k, 0, sizeof(*k));
    k->jws = rec->jws ? strdup(rec->jws) : NULL;
    if (!k->jws) {
        return no_memory(b);
    }
    b->n_pending++;
    b->n_rows++;
    k->jws_len = rec->jws_len;
    memcpy(k->sha256, rec->sha256, sizeof(k->sha256));
    k->position = rec->position;
    k->seq = rec->seq;
    k->start_unix_s = rec->start_unix_s;
    k->end_unix_s = rec->end_unix_s;
    k->received_unix_ms = rec->received_unix_ms;
    k->egress = rec->egress;
    return 0;
}

static int take_row(struct build *b, const struct chain *c, const struct bw_record *rec)
{
    struct bw_seal *s = b->s;
    struct bw_seal_part *p = s->n_parts > 0 ? &s->parts[s->n_parts - 1] : NULL;
    int r = 0;
    if (strcmp(rec->site, c->site) != 0) {
        return bw_err_set(b->reterr, -BW_EMALFORMED,
                          "position %" PRId64 " is of site %s, its key of %s",
                          rec->position, rec->site, c->site);
    }
    if (!p || p->chain != c->id) {
        r = begin_part(b, c, rec);
    } else if (b->n_pending == BW_BLOCK_MAX) {
        r = flush_block(b);
    }
    if (r < 0 || !s->parts) {
        return r;
    }
    p = &s->parts[s->n_parts - 1];
    p->to_seq = rec->seq;
    p->min_start = rec->start_unix_s < p->min_start ? rec->start_unix_s : p->min_start;
    p->max_start = rec->start_unix_s > p->max_start ? rec->start_unix_s : p->max_start;
    r = touch(b, floor_day(rec->start_unix_s));
    if (r == 0) {
        r = touch(b, floor_day(rec->start_unix_s - BW_FOLD_TAIL_S));
    }
    return r < 0 ? r : keep_row(b, rec);
}

static int write_chain(struct build *b, const struct chain *c)
{
    struct bw_sql *db = &b->l->sql;
    struct sqlite3_stmt *st = NULL;
    struct bw_record rec;
    int r = bw_sql_use(db, SEAL_ROWS, &st, b->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, c->id);
    bw_sql_i64(st, 2, b->s->from);
    bw_sql_i64(st, 3, b->s->to);
    while ((r = bw_sql_row(db, st, b->reterr)) > 0) {
        bw_ledger_row(st, &rec);
        r = take_row(b, c, &rec);
        if (r < 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r < 0 ? r : flush_block(b);
}

static int write_records(struct build *b)
{
    struct chain *chains = NULL;
    size_t n = 0;
    int r = read_chains(b, &chains, &n);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = stopped(b);
        if (r == 0) {
            r = write_chain(b, &chains[i]);
        }
        if (r == 0 && (i + 1 == n || strcmp(chains[i].site, chains[i + 1].site) != 0)) {
            r = make_days(b, chains[i].site);
        }
    }
    free(chains);
    if (r == 0 && b->n_rows != b->s->to - b->s->from) {
        r = bw_err_set(b->reterr, -BW_EMALFORMED,
                       "the ledger misses %" PRId64 " of the positions %" PRId64
                       " to %" PRId64,
                       b->s->to - b->s->from - b->n_rows, b->s->from, b->s->to - 1);
    }
    return r;
}

/* ---- from the file, not from memory ------------------------------------------------- */

/* 0: the block's records are the rows, byte for byte; 1: they are not. */
static int compare(struct build *b, const struct bw_block *block)
{
    struct bw_sql *db = &b->l->sql;
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(db, SEAL_BACK, &st, b->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, block->kid);
    bw_sql_i64(st, 2, block->records[0].seq);
    bw_sql_i64(st, 3, block->records[block->n - 1].seq);
    bw_sql_i64(st, 4, b->s->from);
    bw_sql_i64(st, 5, b->s->to);
    for (size_t k = 0; k < block->n; k++) {
        const struct bw_block_record *rec = &block->records[k];
        r = bw_sql_row(db, st, b->reterr);
        if (r <= 0) {
            return r < 0 ? r : 1;
        }
        const char *jws = (const char *)sqlite3_column_text(st, 0);
        const char *sha256 = (const char *)sqlite3_column_text(st, 1);
        if (!jws || !sha256 || (size_t)sqlite3_column_bytes(st, 0) != rec->jws_len ||
            memcmp(jws, rec->jws, rec->jws_len) != 0 || strcmp(sha256, rec->sha256) != 0 ||
            sqlite3_column_int64(st, 2) != rec->position) {
            (void)sqlite3_reset(st);
            return 1;
        }
    }
    (void)sqlite3_reset(st);
    return 0;
}

static int read_back(struct build *b)
{
    const struct bw_segment_made *made = &b->s->made;
    const struct bw_segment *seg = NULL;
    int64_t seen = 0;
    int r =
        bw_segments_open(b->l->segments, made->file, made->index_sha256, &seg, b->reterr);
    for (size_t i = 0; r == 0 && i < seg->n_blocks; i++) {
        const struct bw_block *block = NULL;
        r = stopped(b);
        if (r == 0) {
            r = bw_segments_block(b->l->segments, seg, i, &block, b->reterr);
        }
        if (r == 0 && block->n > 0) {
            r = compare(b, block);
            seen += (int64_t)block->n;
        }
    }
    if (r > 0 || (r == 0 && seen != b->s->to - b->s->from)) {
        r = bw_err_set(b->reterr, -EIO,
                       "%s does not hold what was written; nothing was removed",
                       made->file);
    }
    return r;
}

/* ---- all of it -------------------------------------------------------------------- */

static int build_with(struct build *b)
{
    char folder[4096];
    int n = snprintf(folder, sizeof(folder), "%s/segments", b->s->folder);
    if (n < 0 || (size_t)n >= sizeof(folder)) {
        return bw_err_set(b->reterr, -ENAMETOOLONG, "%s: path too long", b->s->folder);
    }
    int r = find_range(b);
    if (r == 0) {
        r = bw_segment_writer_new(folder, b->s->from, b->s->to, &b->w, b->reterr);
    }
    if (r == 0) {
        r = write_records(b);
    }
    if (r == 0) {
        r = bw_segment_finish(b->w, &b->s->made, b->reterr);
    }
    return r < 0 ? r : read_back(b);
}

int bw_seal_build(struct bw_seal *s, struct bw_err *reterr)
{
    struct bw_ledger *base = NULL;
    struct build *b = calloc(1, sizeof(*b));
    if (!b) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    b->s = s;
    b->reterr = reterr;
    int r = bw_ledger_open(s->folder, BW_LEDGER_READ, &base, reterr);
    if (r == 0) {
        b->l = bw_ledger_of(base);
        r = build_with(b);
    }
    drop_pending(b);
    bw_segment_writer_free(b->w);
    bw_ledger_close(base);
    free(b->touched);
    free(b);
    return r;
}
