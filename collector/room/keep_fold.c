/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_fold.c - folds days: those with new records first, then the merged ones of each new
 * day, then days of the past, newest first.
 *
 * Invariant: a day's mark goes when its row was written in the same transaction; a day that
 * cannot be folded loses its mark too (it is told, and tried again with its next record):
 * one damaged file must not stop all others. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <errno.h>
#include <grow.h>
#include <model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    BATCH = 64, /* jobs of one transaction */
    GAP_TIMES =
        24, /* of a fold's CPU: a keeper has a twelfth of a core, half of it for this */
    GAP_LEAST_US = 2000,
    GAP_MOST_US = 100000,
    FOLDS_REMEMBERED = 64,
    DAY_S = 86400,
    ROWS_AFTER_S = 4 * DAY_S,
    CLAIMS_BEFORE_S = 400 * DAY_S,
    CLAIMS_AFTER_S = 2 * DAY_S
};

/* ---- one day ----------------------------------------------------------------------------
 */

static int64_t day_start(const struct keep_circuit *c, int64_t day)
{
    int year;
    int month;
    int date;

    bw_civil_from_days(day, &year, &month, &date);
    return bw_tz_day_start(c->site->zone, year, month, date);
}

int bw_keep_claims(struct bw_roomkeeper *k, struct keep_circuit *c, struct bw_err *reterr)
{
    int64_t now_s = k->now_unix_ms / 1000;
    struct bw_report_claim *claims = NULL;
    size_t n = 0;
    int r;

    if (c->asked) {
        return 0;
    }
    r = bw_known_claims(k->known, c->site_id, c->name, now_s - CLAIMS_BEFORE_S,
                        now_s + CLAIMS_AFTER_S, &claims, &n, reterr);
    r = r < 0 ? r : bw_known_terms(k->known, c->site_id, c->name, now_s, &c->terms, reterr);
    if (r < 0) {
        free(claims);
        return r;
    }
    free(c->claims);
    c->claims = claims;
    c->n_claims = n;
    c->asked = true;
    return 0;
}

/* The figures of [from, to) into k->facts. 1: no record is there. */
static int make(struct bw_roomkeeper *k,
                struct keep_circuit *c,
                int64_t from_unix_s,
                int64_t to_unix_s,
                struct bw_known_asked *ret_asked,
                struct bw_report **ret_report,
                struct bw_err *reterr)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int r = bw_keep_claims(k, c, reterr);

    r = r < 0 ? r
              : bw_known_ask(k->known, c->site_id, c->name, from_unix_s, to_unix_s, now_s,
                             c->claims, c->n_claims, ret_report != NULL, ret_asked, reterr);
    if (r == 0) {
        /* What is sealed has rows; ledgers keep at most that much unsealed by default. */
        const struct bw_facts_rows rows = {
            .from_unix_s = bw_known_facts_since(k->known, c->site_id, c->name),
            .to_unix_s = now_s - ROWS_AFTER_S};
        r = bw_facts_make(&ret_asked->q, &rows, k->facts, ret_report, reterr);
    }
    return r == -ENODATA || r == -EKEYREJECTED ? 1 : r;
}

static int compare_runs(const void *a, const void *b)
{
    const struct bw_kept_run *x = a;
    const struct bw_kept_run *y = b;

    return (x->at_unix_ms > y->at_unix_ms) - (x->at_unix_ms < y->at_unix_ms);
}

/* In place of those of [from, to); what is old goes. */
static int keep_runs(struct bw_roomkeeper *k,
                     struct keep_circuit *c,
                     int64_t from_unix_ms,
                     int64_t to_unix_ms,
                     struct bw_err *reterr)
{
    int64_t oldest_ms = k->now_unix_ms - BW_KEEP_RUNS_MS;
    size_t n = 0;
    int r = bw_roomstore_put_runs(k->store, c->id, from_unix_ms, to_unix_ms, k->facts->runs,
                                  k->facts->n_runs, reterr);

    for (size_t i = 0; i < c->n_runs; i++) {
        int64_t at = c->runs[i].at_unix_ms;
        if (at >= oldest_ms && (at < from_unix_ms || at >= to_unix_ms)) {
            c->runs[n++] = c->runs[i];
        }
    }
    k->runs_changed |= n != c->n_runs;
    c->n_runs = n;
    for (size_t i = 0; r == 0 && i < k->facts->n_runs; i++) {
        r = k->facts->runs[i].at_unix_ms >= oldest_ms
                ? bw_keep_run(k, c, &k->facts->runs[i])
                : 0;
    }
    if (c->n_runs > 0) {
        qsort(c->runs, c->n_runs, sizeof(*c->runs), compare_runs);
    }
    return r;
}

static int fold_day(struct bw_roomkeeper *k,
                    struct keep_circuit *c,
                    int64_t day,
                    struct bw_err *reterr)
{
    int64_t from = day_start(c, day);
    int64_t to = day_start(c, day + 1);
    struct bw_known_asked asked = {.calendars = NULL};
    int r = make(k, c, from, to, &asked, NULL, reterr);

    bw_known_asked_done(&asked);
    if (r < 0) {
        return r;
    }
    if (r == 1) {
        memset(k->facts, 0, sizeof(*k->facts));
        bw_room_day_init(&k->facts->day);
    }
    k->facts->day.day = day;
    r = bw_roomstore_put_day(k->store, c->id, BW_ROOM_SPAN_DAY, &k->facts->day, reterr);
    if (r == 0 && c->day - day < BW_KEEP_RUNS_MS / 1000 / DAY_S + 1) {
        r = keep_runs(k, c, from * 1000, to * 1000, reterr);
    }
    if (r == 0 && day == c->day) {
        c->today = k->facts->day;
    } else if (r == 0 && day == c->day - 1) {
        c->yesterday = k->facts->day;
    }
    (void)pthread_mutex_lock(&k->lock);
    k->stats.days_folded += r == 0;
    (void)pthread_mutex_unlock(&k->lock);
    return r;
}

/* A whole month by a report of its own. */
static int fold_month(struct bw_roomkeeper *k,
                      struct keep_circuit *c,
                      int64_t month,
                      struct bw_err *reterr)
{
    int64_t from = day_start(c, bw_keep_month_day(month));
    int64_t to = day_start(c, bw_keep_month_day(month + 1));
    struct bw_known_asked asked = {.calendars = NULL};
    struct bw_room_month m;
    int r = make(k, c, from, to, &asked, NULL, reterr);

    bw_known_asked_done(&asked);
    if (r == 1) {
        memset(k->facts, 0, sizeof(*k->facts));
        bw_room_day_init(&k->facts->day);
        r = 0;
    }
    if (r == 0) {
        bw_room_month_take(&k->facts->day, (int32_t)month, &m);
        bw_keep_months_put(c, &m);
        r = bw_roomstore_put_month(k->store, c->id, &m, reterr);
    }
    return r;
}

/* The days before today, as one report, and what the rules will have of it. */
static int
fold_merged(struct bw_roomkeeper *k, struct keep_circuit *c, struct bw_err *reterr)
{
    int64_t from = day_start(c, c->day - BW_ROOM_DAYS_MERGED);
    int64_t to = day_start(c, c->day);
    struct bw_known_asked asked = {.calendars = NULL};
    struct bw_report *report = NULL;
    struct bw_room_day old = c->merged;
    int r = make(k, c, from, to, &asked, &report, reterr);

    if (r == 1) {
        memset(k->facts, 0, sizeof(*k->facts));
        bw_room_day_init(&k->facts->day);
        k->facts->day.day = c->day - BW_ROOM_DAYS_MERGED;
        r = 0;
    }
    if (r == 0) {
        bw_keep_risk(report, k->now_unix_ms / 1000, &c->risk);
        c->risk.circuit = c->id;
        c->risk.students = asked.q.judging ? asked.q.judging->students : BW_UNKNOWN;
        c->students = c->risk.students;
        c->merged = k->facts->day;
        c->merged_day = c->day;
        r = bw_roomstore_put_risk(k->store, &c->risk, reterr);
    }
    if (r == 0 && old.day != BW_UNKNOWN && old.day != c->merged.day) {
        old.n_records = 0;
        r = bw_roomstore_put_day(k->store, c->id, BW_ROOM_SPAN_MERGED, &old, reterr);
    }
    r = r < 0 ? r
              : bw_roomstore_put_day(k->store, c->id, BW_ROOM_SPAN_MERGED, &c->merged,
                                     reterr);
    bw_report_free(report);
    bw_known_asked_done(&asked);
    return r;
}

/* ---- jobs -------------------------------------------------------------------------------
 */

enum kind {
    JOB_TEST, /* today, with a new run */
    JOB_TODAY,
    JOB_LATE, /* days with new records before today */
    JOB_MERGED,
    JOB_MONTH,
    JOB_FILL,
    JOB_NONE
};

struct job {
    enum kind kind;
    int64_t order;
    struct keep_circuit *c;
};

int64_t bw_keep_oldest_day(const struct keep_circuit *c)
{
    int64_t year = c->day - BW_KEEP_FILL_DAYS;
    int64_t first = c->first_start_unix_s == BW_UNKNOWN
                        ? c->day
                        : bw_keep_day_of(c, c->first_start_unix_s);

    return first > year ? first : year;
}

/* The running day is folded so often that half of the CPU is left for all else; what a fold
 * takes hangs on how many records a day has, and on the machine. */
static bool is_due(const struct bw_roomkeeper *k, const struct keep_circuit *c)
{
    int64_t each_us = k->fold_us * GAP_TIMES;
    each_us = each_us < GAP_LEAST_US ? GAP_LEAST_US : each_us;
    each_us = each_us > GAP_MOST_US ? GAP_MOST_US : each_us;
    int64_t gap_ms = (int64_t)k->n_circuits * each_us / 1000;

    return c->hurry || c->today.n_records == 0 ||
           bw_clock_mono_ms() - c->folded_mono_ms >= gap_ms;
}

static struct job job_of(const struct bw_roomkeeper *k, const struct keep_circuit *c)
{
    if ((c->dirty & 1) && is_due(k, c)) {
        return (struct job){c->hurry ? JOB_TEST : JOB_TODAY, c->folded_mono_ms, NULL};
    }
    if (c->dirty & ~UINT32_C(1)) {
        return (struct job){JOB_LATE, c->folded_mono_ms, NULL};
    }
    if (c->merged_day != c->day) {
        return (struct job){JOB_MERGED, c->folded_mono_ms, NULL};
    }
    int64_t month = bw_keep_months_next(c);
    if (month != BW_UNKNOWN) {
        return (struct job){JOB_MONTH, -month, NULL};
    }
    if (c->filled_from_day > bw_keep_oldest_day(c)) {
        return (struct job){JOB_FILL, -c->filled_from_day, NULL};
    }
    return (struct job){JOB_NONE, 0, NULL};
}

static int by_order(const void *a, const void *b)
{
    const struct job *x = a;
    const struct job *y = b;

    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static void
failed(struct bw_roomkeeper *k, const struct keep_circuit *c, const struct bw_err *err)
{
    (void)pthread_mutex_lock(&k->lock);
    k->stats.failures++;
    (void)pthread_mutex_unlock(&k->lock);
    bw_complain(
        &k->fold_complaint, BW_AREA_PAGES, BW_WARN,
        "the state's room: a day of %s.%s cannot be folded: %s; its page says until "
        "when figures are known",
        c->site_id, c->name, err->text);
}

/* Does it belong to the store (then all waits), or to this circuit alone? */
static bool is_store_s(int r)
{
    return r == -ENOMEM || r == -ENOSPC || r == -EROFS || r == -EAGAIN;
}

static int
do_day(struct bw_roomkeeper *k, struct keep_circuit *c, int64_t day, struct bw_err *reterr)
{
    struct bw_err why = {.text = ""};
    int r = fold_day(k, c, day, &why);

    if (r < 0 && !is_store_s(r)) {
        failed(k, c, &why);
        return 0;
    }
    if (r < 0 && reterr) {
        *reterr = why;
    }
    return r;
}

static int do_job(struct bw_roomkeeper *k, struct job *j, struct bw_err *reterr)
{
    struct keep_circuit *c = j->c;
    struct bw_err why = {.text = ""};
    int64_t month;
    int64_t before_us;
    int r = 0;

    switch (j->kind) {
    case JOB_TEST:
    case JOB_TODAY:
        before_us = bw_keep_cpu_us();
        r = do_day(k, c, c->day, reterr);
        k->fold_us += (bw_keep_cpu_us() - before_us - k->fold_us) / FOLDS_REMEMBERED;
        c->dirty &= r < 0 ? c->dirty : ~UINT32_C(1);
        c->hurry = r < 0 && c->hurry;
        c->folded_mono_ms = bw_clock_mono_ms();
        if (r == 0 && c->filled_from_day > c->day) {
            c->filled_from_day = c->day;
        }
        break;
    case JOB_LATE:
        for (int ago = 1; r == 0 && ago < BW_KEEP_DIRTY_DAYS; ago++) {
            if (c->dirty & UINT32_C(1) << ago) {
                r = do_day(k, c, c->day - ago, reterr);
                c->dirty &= r < 0 ? c->dirty : ~(UINT32_C(1) << ago);
                if (r == 0 && c->filled_from_day == c->day - ago + 1) {
                    c->filled_from_day = c->day - ago;
                }
                c->merged_day = BW_UNKNOWN;
                break; /* one at a time */
            }
        }
        break;
    case JOB_MERGED:
        r = fold_merged(k, c, &why);
        c->merged_day = c->day;
        if (r < 0 && !is_store_s(r)) {
            failed(k, c, &why);
            r = 0;
        } else if (r < 0 && reterr) {
            *reterr = why;
        }
        break;
    case JOB_MONTH:
        month = bw_keep_months_next(c);
        r = fold_month(k, c, month, &why);
        if (r < 0 && !is_store_s(r)) {
            failed(k, c, &why);
            r = 0;
        } else if (r < 0 && reterr) {
            *reterr = why;
        }
        if (r == 0) {
            c->months_due &= ~(UINT32_C(1) << (c->month - month));
            r = bw_roomstore_set_months(k->store, c->id, c->month, c->months_due, reterr);
        }
        break;
    case JOB_FILL:
        r = do_day(k, c, c->filled_from_day - 1, reterr);
        c->filled_from_day -= r == 0;
        break;
    case JOB_NONE:
    default:
        return 0;
    }
    return r < 0 ? r : bw_roomstore_set_filled(k->store, c->id, c->filled_from_day, reterr);
}

/* For the next start: days from the oldest mark on are folded again then. */
static int keep_place(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int64_t oldest = 0; /* days ago */
    int r = bw_roomstore_begin(k->store, reterr);

    for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
        struct keep_circuit *c = k->circuits[i];
        for (int64_t ago = oldest + 1; ago < BW_KEEP_DIRTY_DAYS; ago++) {
            oldest = c->dirty & UINT32_C(1) << ago ? ago : oldest;
        }
        if (c->unkept) {
            r = bw_roomstore_set_filled(k->store, c->id, c->filled_from_day, reterr);
            r = r < 0 ? r
                      : bw_roomstore_set_months(k->store, c->id, c->month, c->months_due,
                                                reterr);
            c->unkept = r < 0;
        }
    }
    r = r < 0 ? r : bw_roomstore_set(k->store, "cursor", k->cursor, reterr);
    r = r < 0 ? r : bw_roomstore_set(k->store, "said", k->said, reterr);
    r = r < 0
            ? r
            : bw_roomstore_set(k->store, "claims", (int64_t)(k->claims_mark >> 1), reterr);
    r = r < 0 ? r
              : bw_roomstore_set(k->store, "passed", k->now_unix_ms / 1000 - oldest * DAY_S,
                                 reterr);
    r = r < 0 ? r : bw_roomstore_commit(k->store, reterr);
    if (r < 0) {
        bw_roomstore_rollback(k->store);
    }
    return r;
}

static int forget(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int64_t today = k->now_unix_ms / 1000 / DAY_S;

    if (k->forgot_day == today) {
        return 0;
    }
    k->forgot_day = today;
    return bw_roomstore_forget(k->store, today - BW_KEEP_FILL_DAYS - 4,
                               bw_keep_month_of(today) - BW_ROOM_MONTHS - 1,
                               k->now_unix_ms - BW_KEEP_RUNS_MS - INT64_C(2000) * DAY_S,
                               reterr);
}

/* jobs[n], until the time is over. *ret_stop: the thread is to end. */
static int work(struct bw_roomkeeper *k,
                struct job *jobs,
                size_t n,
                int64_t until_mono_ms,
                bool *ret_stop,
                struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n && jobs[i].kind != JOB_NONE && !*ret_stop;) {
        r = bw_roomstore_begin(k->store, reterr);
        for (size_t b = 0; r == 0 && b < BATCH && i < n && jobs[i].kind != JOB_NONE; b++) {
            r = do_job(k, &jobs[i++], reterr);
            /* Resting, with rows not yet committed, keeps nobody: there is no other writer.
             */
            if (r == 0 && (!bw_keep_rest(k) || bw_clock_mono_ms() >= until_mono_ms)) {
                *ret_stop = true;
                break;
            }
        }
        r = r < 0 ? r : bw_roomstore_commit(k->store, reterr);
        if (r < 0) {
            bw_roomstore_rollback(k->store);
        }
    }
    return r;
}

int bw_keep_fold(struct bw_roomkeeper *k,
                 int64_t until_mono_ms,
                 bool *ret_more,
                 struct bw_err *reterr)
{
    struct job *jobs = calloc(k->n_circuits + 1, sizeof(*jobs));
    bool stop = false;
    size_t n;
    int r = 0;

    *ret_more = false;
    if (!jobs) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    do {
        n = 0;
        for (size_t i = 0; r == 0 && i < k->n_circuits; i++) {
            jobs[n] = job_of(k, k->circuits[i]);
            jobs[n].c = k->circuits[i];
            n += jobs[n].kind != JOB_NONE;
        }
        if (n > 0) {
            qsort(jobs, n, sizeof(*jobs), by_order);
            r = work(k, jobs, n, until_mono_ms, &stop, reterr);
        }
        *ret_more = n > 0;
    } while (r == 0 && n > 0 && !stop);
    r = r < 0 ? r : forget(k, reterr);
    r = r < 0 ? r : keep_place(k, reterr);
    free(jobs);
    return r;
}

void bw_keep_count(struct bw_roomkeeper *k)
{
    int64_t now_s = k->now_unix_ms / 1000;
    int64_t to_fill = 0;
    int64_t waiting = 0;
    int64_t lag_s = 0;

    for (size_t i = 0; i < k->n_circuits; i++) {
        const struct keep_circuit *c = k->circuits[i];
        int64_t oldest = bw_keep_oldest_day(c);
        to_fill += c->filled_from_day > oldest ? c->filled_from_day - oldest : 0;
        if (c->dirty & 1) {
            int64_t known_to =
                c->today.n_records > 0 ? c->today.to_unix_s : day_start(c, c->day);
            waiting++;
            lag_s = now_s - known_to > lag_s ? now_s - known_to : lag_s;
        }
    }
    (void)pthread_mutex_lock(&k->lock);
    k->stats.days_to_fill = to_fill;
    k->stats.waiting = waiting;
    k->stats.lag_s = lag_s;
    (void)pthread_mutex_unlock(&k->lock);
}
