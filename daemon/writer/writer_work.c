/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer_work.c - the storage thread: one job at a time.
 *
 * Invariants: jobs that must not be lost (summaries, named values, byte counts) are done
 * in the order they came; while storage refuses them they wait in `held` and everything
 * of their kind queues up behind, except that a value takes the place of the older one of
 * its name, and bytes add up with those of their circuit and day. So summaries alone make
 * `held` long, and they are counted. Reading jobs and what the collector said go past them:
 * an acknowledgement that cannot be written comes again with the next post. */
#include "plural.h"
#include "writer_private.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <courier.h>
#include <enrolment.h>
#include <errno.h>
#include <hash.h>
#include <journal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <zstd.h>

enum {
    DAY_S = 86400,
    PRUNE_EVERY_MS = 3600 * 1000,
    PRUNE_ROWS = 2000,
    ZSTD_LEVEL = 3
};

/* ---- status */

static int64_t month_start(int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    if (!gmtime_r(&t, &tm)) {
        return unix_s - unix_s % DAY_S;
    }
    return unix_s - unix_s % DAY_S - (int64_t)(tm.tm_mday - 1) * DAY_S;
}

void bw_writer_refresh(struct bw_writer *w)
{
    struct bw_writer_status st;
    struct bw_journal_head head;
    struct bw_journal_stat js;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int64_t day_s = now_s - now_s % DAY_S;

    uv_mutex_lock(&w->mutex);
    st = w->status;
    uv_mutex_unlock(&w->mutex);
    (void)snprintf(st.kid, sizeof(st.kid), "%s", bw_chain_kid(w->chain));
    (void)snprintf(st.site, sizeof(st.site), "%s", bw_chain_site(w->chain));
    if (bw_journal_head(w->journal, st.kid, &head, NULL) == 0) {
        st.last_seq = head.seq;
        st.acked_seq = head.acked_through;
    }
    if (bw_journal_stat(w->journal, &js, NULL) == 0) {
        st.last_end_unix_s = js.last_end_unix_s;
        bool local = strcmp(st.site, BW_SITE_LOCAL) == 0; /* nobody waits for its records */
        st.pending = local ? 0 : js.pending;
        st.rows = js.rows;
        st.refused = js.refused;
        st.last_ack_unix_ms = js.last_ack_unix_ms;
        st.journal_bytes = js.file_bytes;
    }
    st.moved_day_s = day_s;
    (void)bw_journal_usage(w->journal, day_s, day_s + DAY_S, NULL, &st.moved_today_bytes,
                           NULL);
    (void)bw_journal_usage(w->journal, month_start(now_s), day_s + DAY_S, NULL,
                           &st.moved_month_bytes, NULL);
    struct statvfs disk;
    st.disk_free_bytes = BW_UNKNOWN;
    if (statvfs(w->state_dir, &disk) == 0 && disk.f_blocks > 0) {
        st.disk_free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    }
    st.storage_error = w->trouble[0] ? w->trouble_code : 0;
    st.held = (int64_t)w->n_held_records;
    (void)snprintf(st.trouble, sizeof(st.trouble), "%s", w->trouble);

    uv_mutex_lock(&w->mutex);
    st.dropped = w->dropped;
    w->status = st;
    w->changed = true;
    uv_mutex_unlock(&w->mutex);
}

static void tell_fatal(struct bw_writer *w, const char *why)
{
    uv_mutex_lock(&w->mutex);
    if (!w->fatal) {
        w->fatal = strdup(why);
    }
    w->broken = true;
    uv_mutex_unlock(&w->mutex);
}

/* ---- the jobs, on the storage thread */

void bw_writer_lost(struct bw_writer *w, const struct bw_summary *s)
{
    uv_mutex_lock(&w->mutex);
    struct bw_gap *last = w->n_lost > 0 ? &w->lost[w->n_lost - 1] : NULL;
    w->dropped++;
    if (s->start_unix_s < 0 || s->end_unix_s < s->start_unix_s) {
        uv_mutex_unlock(&w->mutex);
        return; /* no time: a record that named it could not be written either */
    }
    if (last && w->n_lost > w->n_telling &&
        (last->to_unix_s == s->start_unix_s || w->n_lost == LOST_MAX)) {
        /* Only a clock that was set many times fills the list: then one span for all. */
        last->from_unix_s =
            last->from_unix_s < s->start_unix_s ? last->from_unix_s : s->start_unix_s;
        last->to_unix_s = last->to_unix_s > s->end_unix_s ? last->to_unix_s : s->end_unix_s;
    } else {
        w->lost[w->n_lost++] = (struct bw_gap){.from_unix_s = s->start_unix_s,
                                               .to_unix_s = s->end_unix_s,
                                               .why = BW_GAP_STORAGE};
    }
    uv_mutex_unlock(&w->mutex);
}

/* What was lost before it becomes gaps of a summary that was never tried; of the one that
 * was, the bytes are settled. Only the oldest is ever tried, so what is lost after that
 * is lost with it. */
static int tell_lost(struct bw_writer *w, struct bw_job *j)
{
    struct bw_summary *s = &j->summary;
    struct bw_gap lost[LOST_MAX];
    size_t n;
    if (j->keep.tried || j->n_told > 0) {
        return 0;
    }
    uv_mutex_lock(&w->mutex);
    n = w->n_lost < LOST_MAX ? w->n_lost : LOST_MAX - 1; /* room for what comes meanwhile */
    w->n_telling = n;
    memcpy(lost, w->lost, sizeof(lost));
    uv_mutex_unlock(&w->mutex);
    if (n == 0 || s->n_gaps + n > BW_GAPS_MAX) {
        return 0;
    }
    struct bw_gap *gaps = bw_summary_alloc(s, (s->n_gaps + n) * sizeof(*gaps));
    if (!gaps) {
        return -ENOMEM;
    }
    memcpy(gaps, lost, n * sizeof(*gaps));
    if (s->n_gaps > 0) {
        memcpy(gaps + n, s->gaps, s->n_gaps * sizeof(*gaps));
    }
    s->gaps = gaps;
    s->n_gaps += n;
    j->n_told = n;
    return 0;
}

static void lost_is_told(struct bw_writer *w, const struct bw_job *j)
{
    uv_mutex_lock(&w->mutex);
    w->n_lost -= j->n_told;
    w->n_telling = 0;
    memmove(w->lost, w->lost + j->n_told, w->n_lost * sizeof(w->lost[0]));
    uv_mutex_unlock(&w->mutex);
}

static int do_summary(struct bw_writer *w, struct bw_job *j, struct bw_err *err)
{
    int r = tell_lost(w, j);
    if (r < 0) {
        return bw_err_set(err, r, "out of memory");
    }
    r = bw_chain_append(w->chain, &j->summary, &j->keep, err);
    if (r == 0) {
        lost_is_told(w, j);
        bw_draw_summary(w->draw, &j->summary);
        bw_draw_tens(w->draw, j->tens, j->n_tens);
    }
    return r;
}

static int do_kept(struct bw_writer *w, struct bw_job *j, struct bw_err *err)
{
    switch (j->kind) {
    case JOB_SUMMARY:
        return do_summary(w, j, err);
    case JOB_SET:
        return bw_journal_meta_set(w->journal, j->name, j->text,
                                   j->text ? strlen(j->text) : 0, err);
    case JOB_MOVED:
        return bw_journal_usage_add(w->journal, j->seq - j->seq % DAY_S, j->name, j->number,
                                    err);
    case JOB_FETCH:
    case JOB_SIGN:
    case JOB_ACKED:
    case JOB_REWIND:
    case JOB_REFUSED:
    case JOB_FORKED:
    case JOB_KEY_KNOWN:
    case JOB_RELOAD:
        break;
    }
    return -EINVAL;
}

static void storage_works(struct bw_writer *w)
{
    w->retry_ms = 0;
    w->trouble[0] = '\0';
    bw_complain_over(&w->complaint, BW_AREA_JOURNAL, "the journal takes records again");
    bw_complain_over(&w->lost_complaint, BW_AREA_JOURNAL,
                     "nothing is lost any more for want of room");
}

/* After a failure that may pass: keep, complain once, try again later. */
static void storage_fails(struct bw_writer *w, int code, const struct bw_err *err)
{
    const char *why = err->text[0] ? err->text : bw_strerror(code);
    (void)snprintf(w->trouble, sizeof(w->trouble), "%.240s", why);
    w->trouble_code = code;
    bw_complain(&w->complaint, BW_AREA_JOURNAL, BW_ERROR,
                "%s; keeping %zu %s in memory (at most %d), trying again every %d s%s", why,
                w->n_held_records,
                bw_plural((int64_t)w->n_held_records, "record", "records"),
                BW_WRITER_HELD_MAX, BW_WRITER_RETRY_MAX_MS / 1000,
                bw_store_bin(code) == BW_STORE_FULL ? "; free some disk space" : "");
    w->retry_ms = w->retry_ms == 0 ? BW_WRITER_RETRY_MIN_MS : w->retry_ms * 2;
    if (w->retry_ms > BW_WRITER_RETRY_MAX_MS) {
        w->retry_ms = BW_WRITER_RETRY_MAX_MS;
    }
    w->retry_mono_ms = bw_clock_mono_ms() + w->retry_ms;
}

/* A summary that nobody will read: the next record says so. What it was to tell of others
 * is told again. */
static void lose(struct bw_writer *w, const struct bw_job *j)
{
    uv_mutex_lock(&w->mutex);
    w->n_telling = j->n_told > 0 ? 0 : w->n_telling;
    uv_mutex_unlock(&w->mutex);
    bw_writer_lost(w, &j->summary);
}

/* Of summaries there are most, and only they can be told as lost: a day's secret or bytes
 * that tests moved stay. */
static void drop_oldest(struct bw_writer *w)
{
    struct bw_job_list kept;
    struct bw_job *j;
    bool dropped = false;
    bw_job_list_init(&kept);
    while ((j = bw_job_list_take(&w->held)) != NULL) {
        if (dropped || j->kind != JOB_SUMMARY) {
            bw_job_list_put(&kept, j);
            continue;
        }
        dropped = true;
        w->n_held_records--;
        lose(w, j);
        bw_complain(&w->lost_complaint, BW_AREA_JOURNAL, BW_ERROR,
                    "memory for records is full: the interval that ended at %lld is lost; "
                    "the next record will say so",
                    (long long)j->summary.end_unix_s);
        bw_job_free(j);
    }
    w->held = kept;
    if (!w->held.first) {
        w->held.end = &w->held.first;
    }
}

static void hold(struct bw_writer *w, struct bw_job *j)
{
    if (j->kind != JOB_SUMMARY) {
        bw_job_list_join(&w->held, j);
        return;
    }
    if (w->n_held_records >= BW_WRITER_HELD_MAX) {
        drop_oldest(w);
    }
    w->n_held_records++;
    bw_job_list_put(&w->held, j);
}

/* Work off `held`, oldest first, until it is empty or storage refuses. */
static void flush_held(struct bw_writer *w)
{
    while (w->held.first && !w->broken) {
        struct bw_job *j = w->held.first;
        struct bw_err err = {0};
        int r = do_kept(w, j, &err);
        enum bw_store_bin bin = bw_store_bin(r);
        if (bin == BW_STORE_FULL || bin == BW_STORE_RETRY) {
            storage_fails(w, r, &err);
            return;
        }
        (void)bw_job_list_take(&w->held);
        w->n_held_records -= j->kind == JOB_SUMMARY;
        if (r == 0) {
            storage_works(w);
        } else if (r == -EINVAL || r == -E2BIG) {
            /* our fault, with this one job only */
            bw_log(BW_AREA_JOURNAL, BW_ERROR, "a record could not be written: %s",
                   err.text);
            if (j->kind == JOB_SUMMARY) {
                lose(w, j);
            }
        } else {
            (void)snprintf(w->trouble, sizeof(w->trouble), "%.240s", err.text);
            tell_fatal(w, err.text[0] ? err.text : bw_strerror(r));
        }
        bw_job_free(j);
    }
}

static bool compress_body(struct bw_courier_batch *b)
{
    size_t cap = ZSTD_compressBound(b->n_body);
    char *out = malloc(cap);
    if (!out) {
        return false;
    }
    size_t n = ZSTD_compress(out, cap, b->body, b->n_body, ZSTD_LEVEL);
    if (ZSTD_isError(n)) {
        free(out);
        return false;
    }
    free(b->body);
    b->body = out;
    b->n_body = n;
    b->zstd = true;
    return true;
}

static int make_refs(struct bw_courier_batch *out, const struct bw_journal_batch *rows)
{
    const char *line = rows->body;
    const char *end = rows->body + rows->body_len;
    out->refs = calloc(rows->n, sizeof(*out->refs));
    if (!out->refs) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < rows->n && line < end; i++) {
        const char *nl = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((nl ? nl : end) - line);
        memcpy(out->refs[i].kid, rows->refs[i].kid, sizeof(out->refs[i].kid));
        out->refs[i].seq = rows->refs[i].seq;
        bw_sha256_text(line, len, out->refs[i].hash);
        line = nl ? nl + 1 : end;
    }
    out->n_refs = rows->n;
    return 0;
}

static void do_fetch(struct bw_writer *w, const struct bw_job *j)
{
    struct bw_journal_batch rows = {0};
    struct bw_err err = {0};
    struct bw_buf request;
    struct bw_courier_batch *b = calloc(1, sizeof(*b));
    if (!b) {
        tell_fatal(w, "out of memory");
        return;
    }
    bw_buf_init(&request, BW_JWS_MAX);
    if (strcmp(bw_chain_site(w->chain), BW_SITE_LOCAL) == 0) {
        goto out; /* nobody to send to yet */
    }
    int r = bw_journal_pending(w->journal, (size_t)j->number, BW_WRITER_BATCH_BYTES,
                               j->text, &rows, &err);
    if (r < 0) {
        bw_complain(&w->ack_complaint, BW_AREA_JOURNAL, BW_WARN,
                    "%s; nothing is sent, trying again with the next post", err.text);
        goto out;
    }
    if (rows.n == 0 || make_refs(b, &rows) < 0) {
        goto out;
    }
    b->body = rows.body; /* moved */
    b->n_body = rows.body_len;
    rows.body = NULL;
    b->more = rows.n == (size_t)j->number ||
              b->n_body + BW_JWS_MAX > (size_t)BW_WRITER_BATCH_BYTES;
    if (j->flag) {
        (void)compress_body(b);
    }
    if (bw_chain_key_request(w->chain, &request, b->key_kid) == 0) {
        b->key_jws = bw_buf_take(&request, NULL);
    }
out:
    bw_journal_batch_done(&rows);
    bw_buf_done(&request);
    uv_mutex_lock(&w->mutex);
    w->batch = b;
    uv_mutex_unlock(&w->mutex);
}

static void do_sign(struct bw_writer *w, const struct bw_job *j)
{
    struct bw_err err = {0};
    struct bw_buf jws;
    bw_buf_init(&jws, BW_JWS_MAX);
    if (bw_chain_sign(w->chain, j->type, j->text, strlen(j->text), &jws, &err) < 0) {
        bw_log(BW_AREA_JOURNAL, BW_ERROR, "a request could not be signed: %s", err.text);
    }
    uv_mutex_lock(&w->mutex);
    free(w->signed_jws);
    w->signed_jws = jws.len > 0 ? bw_buf_take(&jws, NULL) : NULL;
    w->signed_number = j->number;
    w->has_signed = true;
    uv_mutex_unlock(&w->mutex);
    bw_buf_done(&jws);
}

static void do_said(struct bw_writer *w, const struct bw_job *j)
{
    struct bw_err err = {0};
    bool moved = false;
    int r = 0;
    switch (j->kind) {
    case JOB_ACKED:
        r = bw_journal_ack(w->journal, j->kid, j->seq, j->text, j->number, &err);
        break;
    case JOB_REWIND:
        r = bw_journal_rewind(w->journal, j->kid, j->seq, j->text, &moved, &err);
        if (moved) {
            bw_log(BW_AREA_COURIER, BW_WARN,
                   "the collector has only the first %lld records of key %s and "
                   "acknowledged more: was it restored from a backup? Sending the others "
                   "again",
                   (long long)j->seq, j->kid);
        }
        break;
    case JOB_REFUSED:
        r = bw_journal_refused(w->journal, j->kid, j->seq, j->type, j->text, &err);
        bw_log(
            BW_AREA_COURIER, BW_WARN,
            "the collector refused record %lld for good (%s: %s); the next record says so",
            (long long)j->seq, j->type, j->text ? j->text : "");
        break;
    case JOB_FORKED:
        r = bw_chain_fork(w->chain, j->kid, j->seq, j->text, &err);
        break;
    case JOB_KEY_KNOWN:
        r = bw_chain_key_known(w->chain, j->kid, &err);
        break;
    case JOB_RELOAD:
        w->keep_s = j->number;
        r = bw_chain_reload(w->chain, &err);
        break;
    case JOB_SUMMARY:
    case JOB_SET:
    case JOB_MOVED:
    case JOB_FETCH:
    case JOB_SIGN:
        break;
    }
    if (r < 0) {
        bw_complain(&w->ack_complaint, BW_AREA_JOURNAL, BW_WARN,
                    "%s; what the collector said is asked for again with the next post",
                    err.text[0] ? err.text : bw_strerror(r));
    } else {
        bw_complain_over(&w->ack_complaint, BW_AREA_JOURNAL,
                         "the journal takes answers again");
    }
}

static void prune(struct bw_writer *w)
{
    struct bw_clock_state clock;
    size_t freed = 0;
    int64_t now_ms = bw_clock_mono_ms();
    if (now_ms < w->prune_mono_ms) {
        return;
    }
    w->prune_mono_ms = now_ms + PRUNE_EVERY_MS;
    bw_clock_state_read(&clock);
    if (clock.synced &&
        bw_journal_prune(w->journal, w->keep_s, bw_clock_unix_ms() / 1000, PRUNE_ROWS,
                         &freed, NULL) == 0 &&
        freed == PRUNE_ROWS) {
        w->prune_mono_ms = now_ms; /* more is left: go on after the next job */
    }
}

static void do_job(struct bw_writer *w, struct bw_job *j)
{
    switch (j->kind) {
    case JOB_SUMMARY:
    case JOB_SET:
    case JOB_MOVED:
        hold(w, j);
        if (w->retry_ms == 0 || bw_clock_mono_ms() >= w->retry_mono_ms) {
            flush_held(w);
        }
        prune(w);
        return;
    case JOB_FETCH:
        do_fetch(w, j);
        break;
    case JOB_SIGN:
        do_sign(w, j);
        break;
    case JOB_ACKED:
    case JOB_REWIND:
    case JOB_REFUSED:
    case JOB_FORKED:
    case JOB_KEY_KNOWN:
    case JOB_RELOAD:
        do_said(w, j);
        break;
    }
    bw_job_free(j);
}

/* Wait for a job, the time to try again, or the end. NULL: nothing to take now. */
static struct bw_job *next_job(struct bw_writer *w, bool *ret_end)
{
    struct bw_job *j = NULL;
    *ret_end = false;
    uv_mutex_lock(&w->mutex);
    for (;;) {
        int64_t now_ms = bw_clock_mono_ms();
        if (w->closing && now_ms >= w->deadline_mono_ms) {
            *ret_end = true;
            break;
        }
        j = bw_job_list_take(&w->queue);
        if (j) {
            break;
        }
        if (w->closing && (!w->held.first || w->broken)) {
            *ret_end = true;
            break;
        }
        if (!w->held.first || w->broken) {
            uv_cond_wait(&w->cond, &w->mutex);
            continue;
        }
        int64_t until_ms = w->retry_mono_ms;
        if (w->closing && w->deadline_mono_ms < until_ms) {
            until_ms = w->deadline_mono_ms;
        }
        if (now_ms >= w->retry_mono_ms) {
            break;
        }
        (void)uv_cond_timedwait(&w->cond, &w->mutex,
                                (uint64_t)(until_ms > now_ms ? until_ms - now_ms : 1) *
                                    1000000);
    }
    uv_mutex_unlock(&w->mutex);
    return j;
}

void bw_writer_work(void *arg)
{
    struct bw_writer *w = arg;
    bool end = false;
    while (!end) {
        struct bw_job *j = next_job(w, &end);
        if (j) {
            do_job(w, j);
        } else if (!end) {
            flush_held(w);
        }
        bw_writer_refresh(w);
        (void)uv_async_send(&w->async);
    }
    uv_mutex_lock(&w->mutex);
    size_t unwritten = w->held.n + w->queue.n;
    uv_mutex_unlock(&w->mutex);
    if (unwritten > 0) {
        bw_log(BW_AREA_JOURNAL, BW_ERROR,
               "stopping with %zu jobs that storage did not take: they are lost and will "
               "show as a gap",
               unwritten);
    }
    uv_mutex_lock(&w->mutex);
    w->ended = true;
    uv_mutex_unlock(&w->mutex);
    (void)uv_async_send(&w->async);
}
