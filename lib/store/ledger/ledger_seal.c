/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_seal.c - old hot rows become immutable files, without holding up the writer.
 *
 * A sealing is planned on the writer's thread (is anything due?), built on another one
 * (seal_build.c: the file, synced, renamed, read back and compared with the rows), and
 * taken over by short transactions on the writer's: what the file holds of each chain and
 * day, some rows a step, under a number that no segment has yet, so that nobody sees
 * them; then one row that names the file, and from then on its positions are read there;
 * then the hot rows go, some a step (those left are passed over by every reader).
 * Invariant: at any moment a position is read from exactly one place, and each step is
 * safe to be the last: a number is never given twice, so what a broken-off sealing
 * entered stays unseen; a file nobody names is removed when the ledger is opened. */
#include "clock.h"
#include "ledger_private.h"
#include "seal_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    GRACE_S = 300, /* a day's last interval arrives in the first minutes of the next */
    SLICE_FIRST = 64,
    SLICE_MIN = 16,
    SLICE_MAX = 4096,
    STEP_NS = 6000000 /* what a step's rows are chosen for */
};

static int64_t day_of_arrival(int64_t received_unix_ms)
{
    int64_t unix_s = received_unix_ms / 1000 - GRACE_S;
    int64_t rest = unix_s % DAY_S;
    return unix_s - (rest < 0 ? rest + DAY_S : rest);
}

int bw_seal_label(struct bw_sql *db,
                  struct bw_seal *s,
                  int64_t position,
                  int64_t received_unix_ms,
                  int64_t *ret,
                  struct bw_err *reterr)
{
    int64_t latest_ms = s->now_unix_ms + (int64_t)DAY_S * 1000;
    struct sqlite3_stmt *st = NULL;
    int r = 0;
    if (received_unix_ms <= latest_ms) {
        *ret = day_of_arrival(received_unix_ms);
        return 0;
    }
    if (s->sure_at <= position) {
        r = bw_sql_use(db, SEAL_SURE, &st, reterr);
        if (r < 0) {
            return r;
        }
        bw_sql_i64(st, 1, position);
        bw_sql_i64(st, 2, latest_ms);
        r = bw_sql_row(db, st, reterr);
        if (r <= 0) {
            *ret = INT64_MAX;
            return r < 0 ? r : 1;
        }
        s->sure_at = sqlite3_column_int64(st, 0);
        s->sure_ms = sqlite3_column_int64(st, 1);
        (void)sqlite3_reset(st);
    }
    *ret = day_of_arrival(s->sure_ms);
    return 1;
}

/* ---- the plan ---------------------------------------------------------------------- */

/* 1: the row at `from` is old enough. */
static int is_due(struct ledger *l, struct bw_seal *s, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t today = s->now_unix_ms / 1000;
    int64_t cutoff = today - today % DAY_S - s->keep_days * DAY_S;
    int r = bw_sql_use(&l->sql, SEAL_NEXT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, s->from);
    r = bw_sql_row(&l->sql, st, reterr);
    if (r > 0) {
        int64_t received_ms = sqlite3_column_int64(st, 0);
        int64_t label = INT64_MAX;
        (void)sqlite3_reset(st);
        r = bw_seal_label(&l->sql, s, s->from, received_ms, &label, reterr);
        r = r < 0 ? r : label < cutoff;
    }
    return r;
}

int bw_ledger_do_seal_plan(struct bw_ledger *base,
                           int64_t now_unix_ms,
                           int64_t keep_days,
                           struct bw_seal **ret,
                           struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    struct bw_seal *s = NULL;
    int64_t first = BW_UNKNOWN;
    int64_t hot = 0;
    int r = 0;
    if (!l->write) {
        return bw_err_set(reterr, -EROFS, "this ledger is open for reading only");
    }
    if (keep_days < 1 || keep_days > 36500 || now_unix_ms < 0) {
        return bw_err_set(reterr, -EINVAL, "at least one day stays hot");
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->folder = strdup(l->folder);
    s->now_unix_ms = now_unix_ms;
    s->keep_days = keep_days;
    s->slice = SLICE_FIRST;
    atomic_init(&s->stop, false);
    r = s->folder ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (r == 0) {
        r = bw_ledger_hot_from(l, &hot, reterr);
    }
    if (r == 0) {
        r = bw_ledger_first_row(l, &first, reterr);
    }
    if (r == 0 && first != BW_UNKNOWN && first < hot) { /* left by one that broke off */
        s->phase = BW_SEAL_DROP;
        s->drop_at = first;
        s->to = hot;
        r = 1;
    } else if (r == 0) {
        s->from = hot;
        r = is_due(l, s, reterr);
    }
    if (r <= 0) {
        bw_ledger_do_seal_free(s, NULL);
        s = NULL;
    }
    *ret = s;
    return r < 0 ? r : 0;
}

int bw_ledger_do_seal_build(struct bw_seal *s, struct bw_err *reterr)
{
    int r = s->phase == BW_SEAL_BUILD ? bw_seal_build(s, reterr) : 0;
    if (r == 0 && s->phase == BW_SEAL_BUILD) {
        s->phase = BW_SEAL_PARTS;
        s->drop_at = s->from;
    }
    return r;
}

/* ---- the steps --------------------------------------------------------------------- */

static int take_number(struct ledger *l, struct bw_seal *s, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, SEGMENT_ID, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(&l->sql, st, reterr);
    }
    if (r > 0) {
        s->segment = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = bw_sql_use(&l->sql, SEGMENT_TAKE, &st, reterr);
    }
    return r < 0 ? r : bw_sql_run(&l->sql, st, reterr);
}

static int put_part(struct ledger *l,
                    int64_t segment,
                    const struct bw_seal_part *p,
                    struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, SEGMENT_PART_ADD, &st, reterr);
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
    return bw_sql_run(&l->sql, st, reterr);
}

/* It may take the place of a row that went stale: until the file is named the day is
 * made from its records, as it was before. */
static int put_day(struct ledger *l,
                   int64_t segment,
                   const struct bw_seal_day *d,
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&l->sql, d->length > 0 ? DAY_PUT : DAY_DROP, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, d->site);
    bw_sql_text(st, 2, d->circuit);
    bw_sql_i64(st, 3, d->day_unix_s);
    if (d->length == 0) {
        return bw_sql_run(&l->sql, st, reterr);
    }
    bw_sql_i64(st, 4, segment);
    bw_sql_i64(st, 5, d->offset);
    bw_sql_i64(st, 6, d->length);
    bw_sql_text(st, 7, d->sha256);
    bw_sql_i64(st, 8, d->through);
    return bw_sql_run(&l->sql, st, reterr);
}

/* Some parts or days, in one transaction. */
static int enter_some(struct ledger *l, struct bw_seal *s, struct bw_err *reterr)
{
    bool parts = s->phase == BW_SEAL_PARTS;
    size_t n = parts ? s->n_parts : s->n_days;
    size_t at = s->at;
    size_t to = n - at > (size_t)s->slice ? at + (size_t)s->slice : n;
    int64_t segment = s->segment;
    int r = bw_sql_begin(&l->sql, reterr);
    if (r == 0 && s->segment == 0) {
        r = take_number(l, s, reterr);
    }
    for (; r == 0 && at < to; at++) {
        r = parts ? put_part(l, s->segment, &s->parts[at], reterr)
                  : put_day(l, s->segment, &s->days[at], reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(&l->sql, reterr);
    }
    bw_sql_rollback(&l->sql);
    if (r < 0) {
        s->segment = segment;
        return r;
    }
    s->at = to == n ? 0 : to;
    s->phase += to == n;
    return 0;
}

static int name_it(struct ledger *l, struct bw_seal *s, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int64_t min_start = INT64_MAX;
    int64_t max_start = INT64_MIN;
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct bw_seal_part *p = &s->parts[i];
        min_start = p->min_start < min_start ? p->min_start : min_start;
        max_start = p->max_start > max_start ? p->max_start : max_start;
    }
    int r = bw_sql_begin(&l->sql, reterr);
    if (r == 0) {
        r = bw_sql_use(&l->sql, SEGMENT_ADD, &st, reterr);
    }
    if (r == 0) {
        bw_sql_i64(st, 1, s->segment);
        bw_sql_i64(st, 2, s->from);
        bw_sql_i64(st, 3, s->to);
        bw_sql_i64(st, 4, s->label);
        bw_sql_text(st, 5, s->made.file);
        bw_sql_text(st, 6, s->made.sha256);
        bw_sql_text(st, 7, s->made.index_sha256);
        bw_sql_i64(st, 8, s->made.file_bytes);
        bw_sql_i64(st, 9, s->made.raw_bytes);
        bw_sql_i64(st, 10, s->now_unix_ms);
        bw_sql_i64(st, 11, min_start);
        bw_sql_i64(st, 12, max_start);
        r = bw_sql_run(&l->sql, st, reterr);
    }
    s->named = true; /* a commit that failed may still be on disk */
    if (r == 0) {
        r = bw_sql_commit(&l->sql, reterr);
    }
    bw_sql_rollback(&l->sql);
    if (r == 0) {
        s->phase = BW_SEAL_DROP;
        s->report.segments = 1;
        s->report.rows = s->to - s->from;
        s->report.raw_bytes = s->made.raw_bytes;
        s->report.file_bytes = s->made.file_bytes;
        s->report.ahead = s->n_ahead;
    }
    return r;
}

static int drop_some(struct ledger *l, struct bw_seal *s, struct bw_err *reterr)
{
    int64_t to = s->to - s->drop_at > s->slice ? s->drop_at + s->slice : s->to;
    int r = bw_ledger_drop_rows(l, s->drop_at, to, reterr);
    if (r == 0) {
        s->drop_at = to;
        s->phase = to == s->to ? BW_SEAL_OVER : BW_SEAL_DROP;
    }
    return r;
}

int bw_ledger_do_seal_step(struct bw_ledger *base, struct bw_seal *s, struct bw_err *reterr)
{
    struct ledger *l = bw_ledger_of(base);
    int64_t before = bw_clock_mono_ns();
    int64_t slice = s->slice;
    int r = 0;
    switch (s->phase) {
    case BW_SEAL_PARTS:
    case BW_SEAL_DAYS:
        r = enter_some(l, s, reterr);
        break;
    case BW_SEAL_NAME:
        r = name_it(l, s, reterr);
        return r < 0 ? r : 1;
    case BW_SEAL_DROP:
        r = drop_some(l, s, reterr);
        break;
    case BW_SEAL_BUILD:
        return bw_err_set(reterr, -EINVAL, "the segment is not built yet");
    case BW_SEAL_OVER:
    default:
        break;
    }
    int64_t spent = bw_clock_mono_ns() - before;
    if (spent > (int64_t)2 * STEP_NS && slice / 2 >= SLICE_MIN) {
        s->slice = slice / 2;
    } else if (spent < STEP_NS / 2 && slice * 2 <= SLICE_MAX) {
        s->slice = slice * 2;
    }
    return r < 0 ? r : s->phase != BW_SEAL_OVER;
}

void bw_ledger_do_seal_stop(struct bw_seal *s)
{
    atomic_store(&s->stop, true);
}

void bw_ledger_do_seal_free(struct bw_seal *s, struct bw_ledger_seal_report *report)
{
    char path[4096];
    if (!s) {
        return;
    }
    if (report) {
        report->segments += s->report.segments;
        report->rows += s->report.rows;
        report->raw_bytes += s->report.raw_bytes;
        report->file_bytes += s->report.file_bytes;
        report->ahead += s->report.ahead;
    }
    if (s->made.file[0] && !s->named) {
        int n = snprintf(path, sizeof(path), "%s/segments/%s", s->folder, s->made.file);
        if (n > 0 && (size_t)n < sizeof(path)) {
            (void)unlink(path);
        }
    }
    free(s->folder);
    free(s->parts);
    free(s->days);
    free(s);
}

/* ---- all of it at once -------------------------------------------------------------- */

int bw_ledger_do_seal(struct bw_ledger *base,
                      int64_t now_unix_ms,
                      int64_t keep_days,
                      int64_t max_segments,
                      struct bw_ledger_seal_report *ret,
                      struct bw_err *reterr)
{
    struct bw_ledger_seal_report report = {0};
    int r = 0;
    while (r == 0 && (max_segments == 0 || report.segments < max_segments)) {
        struct bw_seal *s = NULL;
        r = bw_ledger_do_seal_plan(base, now_unix_ms, keep_days, &s, reterr);
        if (!s) {
            break;
        }
        r = bw_ledger_do_seal_build(s, reterr);
        for (int more = 1; r == 0 && more > 0;) {
            more = bw_ledger_do_seal_step(base, s, reterr);
            r = more < 0 ? more : 0;
        }
        bw_ledger_do_seal_free(s, &report);
    }
    if (r == 0) {
        *ret = report;
    }
    return r;
}
