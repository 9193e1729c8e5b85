/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_seal.c - old hot rows become immutable files.
 *
 * Steps, each safe to be the last: the file is written, synced and renamed (a file nobody
 * names is dropped at the next start); its records are read back and compared; one
 * transaction names the file, and from then on its positions are read there; the hot rows
 * go in small steps (those left are passed over by every reader and dropped at the next
 * start). Invariant: at any moment a position is read from exactly one place. */
#include "buf.h"
#include "fold.h"
#include "hash.h"
#include "ledger_private.h"
#include "segment.h"
#include "segment_private.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    GRACE_S = 300, /* a day's last interval arrives in the first minutes of the next */
    DAY_MAX = 16 * 1024 * 1024
};

/* The part of one chain in the segment. */
struct part {
    int64_t chain;
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t from_seq;
    int64_t to_seq;
    int64_t min_start;
    int64_t max_start;
};

struct day_row {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t day_unix_s;
    int64_t offset;
    int64_t length;
};

struct seal {
    struct ledger *l;
    struct bw_err *reterr;
    struct bw_segment_writer *w;
    int64_t from;
    int64_t to;
    int64_t label; /* the UTC day of arrival */
    int64_t now_unix_ms;
    int64_t through; /* the book's next position when the day rows are made */
    int64_t *order;  /* positions by site, chain, seq */
    uint8_t (*hash)[32];
    struct part *parts;
    size_t n_parts;
    size_t cap_parts;
    struct day_row *days;
    size_t n_days;
    size_t cap_days;
    int64_t *touched; /* days of the site at hand */
    size_t n_touched;
    size_t cap_touched;
    struct bw_block_record pending[BW_BLOCK_MAX];
    size_t n_pending;
    char day_site[BW_SITE_MAX + 1]; /* for on_day */
    char day_circuit[BW_NAME_MAX + 1];
};

static void *grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return array;
    }
    size_t more = *cap ? *cap * 2 : 64;
    void *p = realloc(array, more * size);
    if (p) {
        *cap = more;
    }
    return p;
}

static int no_memory(struct seal *s)
{
    return bw_err_set(s->reterr, -ENOMEM, "out of memory");
}

static int64_t floor_day(int64_t unix_s)
{
    int64_t rest = unix_s % DAY_S;
    return unix_s - (rest < 0 ? rest + DAY_S : rest);
}

/* ---- which rows ------------------------------------------------------------------- */

/* 1: [from, to) is due; 0: nothing is. */
static int find_range(struct seal *s, int64_t keep_days)
{
    struct bw_sql *db = &s->l->sql;
    struct sqlite3_stmt *st = NULL;
    int64_t cutoff = floor_day(s->now_unix_ms / 1000) - keep_days * DAY_S;
    int r = bw_ledger_hot_from(s->l, &s->from, s->reterr);
    if (r == 0) {
        r = bw_sql_use(db, SEAL_SCAN, &st, s->reterr);
    }
    if (r < 0) {
        return r;
    }
    s->to = s->from;
    bw_sql_i64(st, 1, s->from);
    while ((r = bw_sql_row(db, st, s->reterr)) > 0) {
        int64_t label = floor_day(sqlite3_column_int64(st, 1) / 1000 - GRACE_S);
        if (s->to == s->from) {
            s->label = label;
        }
        if (label > s->label || label >= cutoff || s->to - s->from == BW_SEGMENT_ROWS_MAX) {
            break;
        }
        s->to = sqlite3_column_int64(st, 0) + 1;
    }
    (void)sqlite3_reset(st);
    return r < 0 ? r : s->to > s->from;
}

static int read_order(struct seal *s)
{
    struct bw_sql *db = &s->l->sql;
    struct sqlite3_stmt *st = NULL;
    size_t want = (size_t)(s->to - s->from);
    size_t n = 0;
    s->order = calloc(want + 1, sizeof(*s->order));
    s->hash = calloc(want + 1, sizeof(*s->hash));
    if (!s->order || !s->hash) {
        return no_memory(s);
    }
    int r = bw_sql_use(db, SEAL_KEYS, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, s->from);
    bw_sql_i64(st, 2, s->to);
    while (n < want && (r = bw_sql_row(db, st, s->reterr)) > 0) {
        s->order[n++] = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_reset(st);
    if (r >= 0 && n != want) {
        r = bw_err_set(s->reterr, -BW_EMALFORMED,
                       "the ledger misses %zu of the positions %" PRId64 " to %" PRId64,
                       want - n, s->from, s->to - 1);
    }
    return r < 0 ? r : 0;
}

/* ---- day rows --------------------------------------------------------------------- */

static int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct seal *s = owner;
    struct bw_buf blob;
    struct day_row *row = NULL;
    struct day_row *list = grow(s->days, s->n_days, &s->cap_days, sizeof(*s->days));
    if (!list) {
        return no_memory(s);
    }
    s->days = list;
    row = &s->days[s->n_days];
    memset(row, 0, sizeof(*row));
    (void)snprintf(row->site, sizeof(row->site), "%s", s->day_site);
    (void)snprintf(row->circuit, sizeof(row->circuit), "%s", s->day_circuit);
    row->day_unix_s = d->day_unix_s;
    bw_buf_init(&blob, DAY_MAX);
    int r = bw_day_encode(d, &blob, s->reterr);
    if (r == 0) {
        r = bw_segment_add_day(s->w, blob.data, blob.len, &row->offset, &row->length,
                               s->reterr);
    }
    bw_buf_done(&blob);
    s->n_days += r == 0;
    return r;
}

/* Are there rows of that day which stay hot? Then the day is made when they are sealed. */
static int stays_hot(struct seal *s, const char *site, int64_t day)
{
    struct bw_sql *db = &s->l->sql;
    struct sqlite3_stmt *st = NULL;
    int found = 0;
    int r = bw_sql_use(db, DAY_HOT, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_i64(st, 2, day);
    bw_sql_i64(st, 3, day + DAY_S);
    bw_sql_i64(st, 4, s->to);
    r = bw_sql_row(db, st, s->reterr);
    found = r > 0;
    (void)sqlite3_reset(st);
    return r < 0 ? r : found;
}

static int
circuits_of(struct seal *s, const char *site, char (**ret)[BW_NAME_MAX + 1], size_t *ret_n)
{
    struct bw_sql *db = &s->l->sql;
    struct sqlite3_stmt *st = NULL;
    char(*list)[BW_NAME_MAX + 1] = NULL;
    size_t n = 0;
    size_t cap = 0;
    int r = bw_sql_use(db, SITE_CIRCUITS, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    while ((r = bw_sql_row(db, st, s->reterr)) > 0) {
        void *bigger = grow(list, n, &cap, sizeof(*list));
        if (!bigger) {
            r = no_memory(s);
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

static int make_day(struct seal *s, const char *site, const char *circuit, int64_t day)
{
    char file[64];
    int64_t offset = 0;
    int64_t length = 0;
    int r = bw_ledger_day_row(s->l, site, circuit, day, file, &offset, &length, s->reterr);
    if (r != 0) {
        return r < 0 ? r : 0; /* the stored one has everything */
    }
    (void)snprintf(s->day_site, sizeof(s->day_site), "%s", site);
    (void)snprintf(s->day_circuit, sizeof(s->day_circuit), "%s", circuit);
    return bw_ledger_fold_day(s->l, site, circuit, day, day + DAY_S, on_day, s, s->reterr);
}

/* The days of one site's records in this segment, and the days before where a record
 * tells of a run that began before midnight. */
static int make_days(struct seal *s, const char *site)
{
    char(*circuits)[BW_NAME_MAX + 1] = NULL;
    size_t n = 0;
    int r = s->n_touched > 0 ? circuits_of(s, site, &circuits, &n) : 0;
    for (size_t i = 0; r == 0 && i < s->n_touched; i++) {
        r = stays_hot(s, site, s->touched[i]);
        if (r != 0) {
            r = r < 0 ? r : 0;
            continue;
        }
        for (size_t k = 0; r == 0 && k < n; k++) {
            r = make_day(s, site, circuits[k], s->touched[i]);
        }
    }
    free(circuits);
    s->n_touched = 0;
    return r;
}

static int touch(struct seal *s, int64_t day)
{
    for (size_t i = s->n_touched; i-- > 0;) {
        if (s->touched[i] == day) {
            return 0;
        }
    }
    int64_t *list = grow(s->touched, s->n_touched, &s->cap_touched, sizeof(*list));
    if (!list) {
        return no_memory(s);
    }
    s->touched = list;
    s->touched[s->n_touched++] = day;
    return 0;
}

/* ---- records ---------------------------------------------------------------------- */

static int flush_block(struct seal *s)
{
    int r = 0;
    if (s->n_pending > 0) {
        const struct part *p = &s->parts[s->n_parts - 1];
        r = bw_segment_add_block(s->w, p->kid, p->site, s->pending, s->n_pending,
                                 s->reterr);
    }
    for (size_t i = 0; i < s->n_pending; i++) {
        char *text = NULL;
        memcpy(&text, &s->pending[i].jws, sizeof(text));
        free(text);
    }
    s->n_pending = 0;
    return r;
}

static int begin_part(struct seal *s, int64_t chain, const struct bw_record *r)
{
    struct part *list = grow(s->parts, s->n_parts, &s->cap_parts, sizeof(*list));
    if (!list) {
        return no_memory(s);
    }
    s->parts = list;
    struct part *p = &s->parts[s->n_parts++];
    memset(p, 0, sizeof(*p));
    p->chain = chain;
    memcpy(p->kid, r->kid, sizeof(p->kid));
    memcpy(p->site, r->site, sizeof(p->site));
    p->from_seq = r->seq;
    p->min_start = INT64_MAX;
    p->max_start = INT64_MIN;
    return 0;
}

static int take_row(struct seal *s, struct sqlite3_stmt *st)
{
    struct bw_record rec;
    int r = 0;
    bw_ledger_row(st, &rec);
    int64_t chain = sqlite3_column_int64(st, 10);
    struct part *p = s->n_parts > 0 ? &s->parts[s->n_parts - 1] : NULL;
    if (!p || p->chain != chain || strcmp(p->site, rec.site) != 0) {
        bool other_site = p && strcmp(p->site, rec.site) != 0;
        r = flush_block(s);
        if (r == 0 && other_site) {
            r = make_days(s, p->site);
        }
        if (r == 0) {
            r = begin_part(s, chain, &rec);
        }
    } else if (s->n_pending == BW_BLOCK_MAX) {
        r = flush_block(s);
    }
    if (r < 0) {
        return r;
    }
    p = &s->parts[s->n_parts - 1];
    p->to_seq = rec.seq;
    p->min_start = rec.start_unix_s < p->min_start ? rec.start_unix_s : p->min_start;
    p->max_start = rec.start_unix_s > p->max_start ? rec.start_unix_s : p->max_start;
    r = touch(s, floor_day(rec.start_unix_s));
    if (r == 0) {
        r = touch(s, floor_day(rec.start_unix_s - BW_FOLD_TAIL_S));
    }
    if (r == 0) {
        r = bw_sql_hash_parse(rec.sha256, s->hash[rec.position - s->from]);
    }
    if (r < 0) {
        return bw_err_set(s->reterr, r, "position %" PRId64 " has no rightful hash",
                          rec.position);
    }
    struct bw_block_record *b = &s->pending[s->n_pending];
    memset(b, 0, sizeof(*b));
    b->jws = rec.jws ? strdup(rec.jws) : NULL;
    if (!b->jws) {
        return no_memory(s);
    }
    s->n_pending++;
    b->jws_len = rec.jws_len;
    memcpy(b->sha256, rec.sha256, sizeof(b->sha256));
    b->position = rec.position;
    b->seq = rec.seq;
    b->start_unix_s = rec.start_unix_s;
    b->end_unix_s = rec.end_unix_s;
    b->received_unix_ms = rec.received_unix_ms;
    b->egress = rec.egress;
    return 0;
}

static int write_records(struct seal *s)
{
    struct bw_sql *db = &s->l->sql;
    size_t n = (size_t)(s->to - s->from);
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct sqlite3_stmt *st = NULL;
        r = bw_sql_use(db, SEAL_ROW, &st, s->reterr);
        if (r < 0) {
            return r;
        }
        bw_sql_i64(st, 1, s->order[i]);
        r = bw_sql_row(db, st, s->reterr);
        if (r > 0) {
            r = take_row(s, st);
        } else if (r == 0) {
            r = bw_err_set(s->reterr, -BW_EMALFORMED, "position %" PRId64 " is missing",
                           s->order[i]);
        }
        (void)sqlite3_reset(st);
    }
    if (r == 0) {
        r = flush_block(s);
    }
    if (r == 0) {
        r = make_days(s, s->parts[s->n_parts - 1].site);
    }
    return r;
}

/* From the file, not from memory: every position once, with the hash the ledger has. */
static int read_back(struct seal *s, const struct bw_segment_made *made)
{
    const struct bw_segment *seg = NULL;
    int64_t seen = 0;
    int r = bw_segments_open(s->l->segments, made->file, &seg, s->reterr);
    for (size_t i = 0; r == 0 && i < seg->n_blocks; i++) {
        const struct bw_block *b = NULL;
        r = bw_segments_block(s->l->segments, seg, i, &b, s->reterr);
        for (size_t k = 0; r == 0 && k < b->n; k++) {
            uint8_t hash[32] = {0};
            int64_t at = b->records[k].position - s->from;
            seen++;
            if (at < 0 || at >= s->to - s->from ||
                bw_sql_hash_parse(b->records[k].sha256, hash) < 0 ||
                memcmp(hash, s->hash[at], sizeof(hash)) != 0) {
                r = -EIO;
            }
        }
    }
    if (r == -EIO || (r == 0 && seen != s->to - s->from)) {
        r = bw_err_set(s->reterr, -EIO,
                       "%s does not hold what was written; nothing was removed",
                       made->file);
    }
    return r;
}

/* ---- naming it -------------------------------------------------------------------- */

static int put_segment(struct seal *s, const struct bw_segment_made *m)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->l->sql, SEGMENT_ADD, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, s->from);
    bw_sql_i64(st, 2, s->to);
    bw_sql_i64(st, 3, s->label);
    bw_sql_text(st, 4, m->file);
    bw_sql_text(st, 5, m->sha256);
    bw_sql_i64(st, 6, m->file_bytes);
    bw_sql_i64(st, 7, m->raw_bytes);
    bw_sql_i64(st, 8, s->now_unix_ms);
    return bw_sql_run(&s->l->sql, st, s->reterr);
}

static int put_part(struct seal *s, int64_t segment, const struct part *p)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->l->sql, SEGMENT_PART_ADD, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, segment);
    bw_sql_i64(st, 2, p->chain);
    bw_sql_text(st, 3, p->site);
    bw_sql_i64(st, 4, p->from_seq);
    bw_sql_i64(st, 5, p->to_seq);
    bw_sql_i64(st, 6, p->min_start);
    bw_sql_i64(st, 7, p->max_start);
    return bw_sql_run(&s->l->sql, st, s->reterr);
}

static int put_day(struct seal *s, int64_t segment, const struct day_row *d)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->l->sql, DAY_PUT, &st, s->reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, d->site);
    bw_sql_text(st, 2, d->circuit);
    bw_sql_i64(st, 3, d->day_unix_s);
    bw_sql_i64(st, 4, segment);
    bw_sql_i64(st, 5, d->offset);
    bw_sql_i64(st, 6, d->length);
    bw_sql_i64(st, 7, s->through);
    return bw_sql_run(&s->l->sql, st, s->reterr);
}

static int name_it(struct seal *s, const struct bw_segment_made *made)
{
    struct bw_sql *db = &s->l->sql;
    int r = bw_sql_begin(db, s->reterr);
    if (r == 0) {
        r = put_segment(s, made);
    }
    int64_t segment = sqlite3_last_insert_rowid(db->db);
    for (size_t i = 0; r == 0 && i < s->n_parts; i++) {
        r = put_part(s, segment, &s->parts[i]);
    }
    for (size_t i = 0; r == 0 && i < s->n_days; i++) {
        r = put_day(s, segment, &s->days[i]);
    }
    if (r == 0) {
        r = bw_sql_commit(db, s->reterr);
    }
    bw_sql_rollback(db);
    return r;
}

/* ---- all of it -------------------------------------------------------------------- */

static void seal_done(struct seal *s)
{
    for (size_t i = 0; i < s->n_pending; i++) {
        char *text = NULL;
        memcpy(&text, &s->pending[i].jws, sizeof(text));
        free(text);
    }
    bw_segment_writer_free(s->w);
    free(s->order);
    free(s->hash);
    free(s->parts);
    free(s->days);
    free(s->touched);
    free(s);
}

static int next_position(struct seal *s)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->l->sql, NEXT_GET, &st, s->reterr);
    if (r == 0) {
        r = bw_sql_row(&s->l->sql, st, s->reterr);
    }
    if (r > 0) {
        s->through = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

/* 1: one segment was made, 0: nothing is due. */
static int seal_one(struct ledger *l,
                    int64_t now_unix_ms,
                    int64_t keep_days,
                    struct bw_ledger_seal_report *report,
                    struct bw_err *reterr)
{
    char folder[4096];
    struct bw_segment_made made;
    bool own = false;
    int n = snprintf(folder, sizeof(folder), "%s/segments", l->folder);
    struct seal *s = calloc(1, sizeof(*s));
    if (!s || n < 0 || (size_t)n >= sizeof(folder)) {
        free(s);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->l = l;
    s->reterr = reterr;
    s->now_unix_ms = now_unix_ms;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = find_range(s, keep_days);
    }
    if (r <= 0) {
        goto out;
    }
    r = next_position(s);
    if (r == 0) {
        r = read_order(s);
    }
    if (r == 0) {
        r = bw_segment_writer_new(folder, s->from, s->to, &s->w, reterr);
    }
    if (r == 0) {
        r = write_records(s);
    }
    if (r == 0) {
        r = bw_segment_finish(s->w, &made, reterr);
    }
    if (r == 0) {
        r = read_back(s, &made);
    }
    bw_ledger_unsnap(l, own);
    own = false;
    if (r == 0) {
        r = name_it(s, &made);
    }
    if (r == 0) {
        report->segments++;
        report->rows += s->to - s->from;
        report->raw_bytes += made.raw_bytes;
        report->file_bytes += made.file_bytes;
        r = bw_ledger_drop_sealed(l, reterr);
    }
    r = r < 0 ? r : 1;
out:
    bw_ledger_unsnap(l, own);
    seal_done(s);
    return r;
}

int bw_ledger_do_seal(struct bw_ledger *base,
                      int64_t now_unix_ms,
                      int64_t keep_days,
                      int64_t max_segments,
                      struct bw_ledger_seal_report *ret,
                      struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct bw_ledger_seal_report report = {0};
    int r = 1;
    if (!l->write) {
        return bw_err_set(reterr, -EROFS, "this ledger is open for reading only");
    }
    if (keep_days < 1) {
        return bw_err_set(reterr, -EINVAL, "at least one day stays hot");
    }
    while (r > 0 && (max_segments == 0 || report.segments < max_segments)) {
        r = seal_one(l, now_unix_ms, keep_days, &report, reterr);
    }
    if (r < 0) {
        return r;
    }
    *ret = report;
    return 0;
}
