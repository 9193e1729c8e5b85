/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_days.c - circuit-days: from stored day rows where they hold every record of the
 * day, else folded anew from the records.
 *
 * Invariant: both ways give the same day; a day row that misses a record (one that came
 * late) is never used. */
#include "ledger_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <fold.h>
#include <grow.h>
#include <segment.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    SHORT_BYTES = 8192, /* of a record that is sooner read whole than, by seven statements,
                           one circuit of it from its columns */
    DAY_MAX = 16 * 1024 * 1024
};

/* One record of the day, wherever it lies. */
struct item {
    char kid[BW_KID_LEN + 1];
    int64_t position;
    int64_t seq;
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t received_unix_ms;
    int64_t clock_synced; /* the rest of a hot row, whose arrays are in columns */
    int64_t max_error_us;
    int64_t step_us;
    char *jws; /* of a sealed and of a short one, owned; NULL: by its columns */
    size_t jws_len;
};

struct items {
    struct item *list;
    size_t n;
    size_t cap;
};

static struct item *items_add(struct items *a)
{
    struct item *list = bw_grow(a->list, a->n, &a->cap, sizeof(*list));
    if (!list) {
        return NULL;
    }
    a->list = list;
    struct item *i = &a->list[a->n++];
    memset(i, 0, sizeof(*i));
    return i;
}

static void items_done(struct items *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->list[i].jws);
    }
    free(a->list);
}

static int by_start(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    if (x->start_unix_s != y->start_unix_s) {
        return x->start_unix_s < y->start_unix_s ? -1 : 1;
    }
    int c = strcmp(x->kid, y->kid);
    if (c != 0) {
        return c;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int gather_hot(struct ledger *l,
                      const char *site,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      struct items *a,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t hot = 0;
    int r = bw_ledger_hot_from(l, &hot, reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, DAY_HOT, &st, reterr);
    }
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    (void)sqlite3_bind_int64(st, 2, from_unix_s);
    (void)sqlite3_bind_int64(st, 3, to_unix_s);
    bw_sql_i64(st, 4, hot);
    while ((r = bw_sql_row(&l->sql, st, reterr)) > 0) {
        struct item *i = items_add(a);
        if (!i) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            break;
        }
        i->position = sqlite3_column_int64(st, 0);
        i->seq = sqlite3_column_int64(st, 1);
        i->start_unix_s = sqlite3_column_int64(st, 2);
        i->end_unix_s = sqlite3_column_int64(st, 3);
        i->received_unix_ms = sqlite3_column_int64(st, 4);
        i->clock_synced = bw_sql_get(st, 5);
        i->max_error_us = bw_sql_get(st, 6);
        i->step_us = bw_sql_get(st, 7);
        bw_sql_copy(st, 8, i->kid, sizeof(i->kid));
        size_t n = (size_t)sqlite3_column_bytes(st, 9);
        const void *jws = sqlite3_column_text(st, 9);
        if (!jws || n > SHORT_BYTES) {
            continue;
        }
        i->jws = strndup(jws, n);
        i->jws_len = n;
        if (!i->jws) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

static int gather_block(const struct bw_block *b,
                        int64_t from_unix_s,
                        int64_t to_unix_s,
                        struct items *a,
                        struct bw_err *reterr)
{
    for (size_t k = 0; k < b->n; k++) {
        const struct bw_block_record *rec = &b->records[k];
        if (rec->start_unix_s < from_unix_s || rec->start_unix_s >= to_unix_s) {
            continue;
        }
        struct item *i = items_add(a);
        if (i) {
            i->jws = strdup(rec->jws);
        }
        if (!i || !i->jws) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        memcpy(i->kid, b->kid, sizeof(i->kid));
        i->jws_len = rec->jws_len;
        i->position = rec->position;
        i->seq = rec->seq;
        i->start_unix_s = rec->start_unix_s;
        i->end_unix_s = rec->end_unix_s;
        i->received_unix_ms = rec->received_unix_ms;
    }
    return 0;
}

static int gather_sealed(struct ledger *l,
                         const char *site,
                         int64_t from_unix_s,
                         int64_t to_unix_s,
                         struct items *a,
                         struct bw_err *reterr)
{
    struct bw_segment_ref *refs = NULL;
    size_t n = 0;
    int r = bw_ledger_segments_of(l, site, from_unix_s, to_unix_s, &refs, &n, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct bw_segment *seg = NULL;
        r = bw_segments_open(l->segments, refs[i].file, refs[i].index_sha256, &seg, reterr);
        for (size_t k = 0; r == 0 && k < seg->n_blocks; k++) {
            const struct bw_block_info *info = &seg->blocks[k];
            const struct bw_block *b = NULL;
            if (info->max_start < from_unix_s || info->min_start >= to_unix_s ||
                strcmp(info->site, site) != 0) {
                continue;
            }
            r = bw_segments_block(l->segments, seg, k, &b, reterr);
            if (r == 0) {
                r = gather_block(b, from_unix_s, to_unix_s, a, reterr);
            }
        }
    }
    free(refs);
    return r;
}

static int fold_item(struct ledger *l,
                     const char *site,
                     const char *circuit,
                     const struct item *i,
                     struct bw_fold *fold,
                     struct bw_err *reterr)
{
    struct bw_summary u;
    struct bw_fold_meta meta = {.received_unix_ms = i->received_unix_ms};
    int r;
    bw_summary_init(&u);
    if (i->jws) {
        r = bw_ledger_decode(i->jws, i->jws_len, &u, reterr);
    } else {
        memcpy(u.site, site, strnlen(site, sizeof(u.site) - 1));
        u.seq = i->seq;
        u.start_unix_s = i->start_unix_s;
        u.end_unix_s = i->end_unix_s;
        u.clock.known = i->clock_synced != BW_UNKNOWN;
        u.clock.synced = i->clock_synced == 1;
        u.clock.max_error_us = i->max_error_us;
        u.clock.step_us = i->step_us;
        r = bw_columns_get(&l->sql, i->position, circuit, &u, reterr);
    }
    if (r == 0) {
        r = bw_fold_add(fold, &u, &meta, reterr);
    }
    bw_summary_done(&u);
    return r;
}

int bw_ledger_fold_day(struct ledger *l,
                       const char *site,
                       const char *circuit,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       bw_day_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct items a = {0};
    struct bw_fold *fold = NULL;
    int64_t to = bw_fold_heard_to(to_unix_s);
    int r = gather_hot(l, site, from_unix_s, to, &a, reterr);
    if (r == 0) {
        r = gather_sealed(l, site, from_unix_s, to, &a, reterr);
    }
    if (r == 0 && a.n > 0) {
        qsort(a.list, a.n, sizeof(*a.list), by_start);
        r = bw_fold_new(site, circuit, from_unix_s, to_unix_s, cb, owner, &fold);
    }
    for (size_t i = 0; r == 0 && i < a.n; i++) {
        r = fold_item(l, site, circuit, &a.list[i], fold, reterr);
    }
    if (r == 0 && fold) {
        r = bw_fold_finish(fold, reterr);
    }
    bw_fold_free(fold);
    items_done(&a);
    return r;
}

int bw_ledger_day_row(struct ledger *l,
                      const char *site,
                      const char *circuit,
                      int64_t day_unix_s,
                      struct bw_day_place *ret,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t through = 0;
    int r = bw_sql_use(&l->sql, DAY_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_text(st, 2, circuit);
    bw_sql_i64(st, 3, day_unix_s);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r <= 0) {
        return r;
    }
    ret->offset = sqlite3_column_int64(st, 0);
    ret->length = sqlite3_column_int64(st, 1);
    through = sqlite3_column_int64(st, 2);
    bw_sql_copy(st, 3, ret->file, sizeof(ret->file));
    bw_sql_copy(st, 4, ret->sha256, sizeof(ret->sha256));
    (void)sqlite3_reset(st);
    r = bw_sql_use(&l->sql, DAY_STALE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_i64(st, 2, day_unix_s);
    bw_sql_i64(st, 3, day_unix_s + DAY_S + BW_FOLD_TAIL_S);
    bw_sql_i64(st, 4, through);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r > 0) {
        r = sqlite3_column_int(st, 0) == 0;
        (void)sqlite3_reset(st);
    }
    return r;
}

/* A day's facts are those of its last interval: whose range ends before that one wants
 * others. Only the last day of a range can be such a one. */
static bool ends_before_facts(const struct bw_circuit_day *d, int64_t to_unix_s)
{
    return d->n_slots > 0 && d->slots[d->n_slots - 1].start_unix_s >= to_unix_s;
}

/* The stored row, cut to the range: 1 given to cb (or cb's answer), 0 there is none. */
static int day_from_row(struct ledger *l,
                        const char *site,
                        const char *circuit,
                        int64_t day_unix_s,
                        int64_t from_unix_s,
                        int64_t to_unix_s,
                        bw_day_cb cb,
                        void *owner,
                        int *ret_answer,
                        struct bw_err *reterr)
{
    struct bw_day_place at;
    struct bw_buf blob;
    struct bw_day_owned day = {.arena = NULL};
    bool told;
    int r = bw_ledger_day_row(l, site, circuit, day_unix_s, &at, reterr);
    if (r <= 0) {
        return r;
    }
    bw_buf_init(&blob, DAY_MAX);
    r = bw_segments_day(l->segments, at.file, at.offset, at.length, at.sha256, &blob,
                        reterr);
    if (r == 0) {
        r = bw_day_decode(blob.data, blob.len, &day, reterr);
    }
    bw_buf_done(&blob);
    if (r == -BW_ENEWER) {
        return 0; /* made by a newer version: from the records then */
    }
    if (r < 0) {
        return r;
    }
    if (ends_before_facts(&day.day, to_unix_s)) {
        bw_day_done(&day);
        return 0;
    }
    if (from_unix_s > day_unix_s || to_unix_s < day_unix_s + DAY_S) {
        bw_day_clip(&day.day, from_unix_s, to_unix_s);
    }
    told = day.day.n_slots + day.day.n_tests + day.day.n_outages + day.day.n_gaps > 0;
    *ret_answer = told ? cb(owner, &day.day) : 0;
    bw_day_done(&day);
    return 1;
}

static int site_range(struct ledger *l,
                      const char *site,
                      int64_t *ret_first,
                      int64_t *ret_last,
                      struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, SITE_RANGE, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r > 0) {
        *ret_first = bw_sql_get(st, 0);
        *ret_last = bw_sql_get(st, 1);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

static int64_t day_of(int64_t unix_s)
{
    int64_t rest = unix_s % DAY_S;
    return unix_s - (rest < 0 ? rest + DAY_S : rest);
}

static int one_day(struct ledger *l,
                   const char *site,
                   const char *circuit,
                   int64_t day,
                   int64_t from,
                   int64_t to,
                   bw_day_cb cb,
                   void *owner,
                   struct bw_err *reterr)
{
    int answer = 0;
    int r = 0;
    int64_t first = from > day ? from : day;
    int64_t last = to < day + DAY_S ? to : day + DAY_S;
    /* Within a cell only the records tell. */
    if (first % BW_CELL_S == 0 && last % BW_CELL_S == 0) {
        r = day_from_row(l, site, circuit, day, first, last, cb, owner, &answer, reterr);
        if (r != 0) {
            return r < 0 ? r : answer;
        }
    }
    return bw_ledger_fold_day(l, site, circuit, first, last, cb, owner, reterr);
}

int bw_ledger_do_days(struct ledger *l,
                      const char *site,
                      const char *circuit,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      bw_day_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    int64_t first = BW_UNKNOWN;
    int64_t last = BW_UNKNOWN;
    bool own = false;
    int r = bw_ledger_snap(l, &own, reterr);
    if (r == 0) {
        r = site_range(l, site, &first, &last, reterr);
    }
    if (r == 0 && first != BW_UNKNOWN) {
        /* The first record may tell of a run that began the day before. */
        int64_t start = day_of(first - BW_FOLD_TAIL_S);
        int64_t from = from_unix_s > start ? from_unix_s : start;
        int64_t to = to_unix_s < last + 1 ? to_unix_s : day_of(last) + DAY_S;
        for (int64_t day = day_of(from); r == 0 && day < to; day += DAY_S) {
            r = one_day(l, site, circuit, day, from, to, cb, owner, reterr);
        }
    }
    bw_ledger_unsnap(l, own);
    return r;
}
