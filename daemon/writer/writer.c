/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer.c - the loop's side of the storage thread: what is handed over, and its news.
 *
 * The queue, the status and what waits for the loop are under the mutex; nothing else is
 * shared once the thread runs. */
#include "writer_private.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <courier.h>
#include <errno.h>
#include <file.h>
#include <journal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STACK_BYTES = 1024 * 1024
};

static void on_closed(uv_handle_t *h)
{
    struct bw_writer *w = h->data;
    void (*cb)(void *) = w->closed;
    void *owner = w->closed_owner;
    bw_job_list_done(&w->queue);
    bw_job_list_done(&w->held);
    if (w->batch) {
        bw_courier_batch_done(w->batch);
        free(w->batch);
    }
    free(w->fatal);
    free(w->signed_jws);
    bw_draw_free(w->draw);
    bw_chain_free(w->chain);
    bw_journal_close(w->journal);
    uv_cond_destroy(&w->cond);
    uv_mutex_destroy(&w->mutex);
    free(w);
    if (cb) {
        cb(owner);
    }
}

static void on_async(uv_async_t *h)
{
    struct bw_writer *w = h->data;
    uv_mutex_lock(&w->mutex);
    bool changed = w->changed;
    bool ended = w->ended;
    struct bw_courier_batch *batch = w->batch;
    char *fatal = w->fatal;
    bool has_signed = w->has_signed;
    int64_t number = w->signed_number;
    char *jws = w->signed_jws;
    w->has_signed = false;
    w->signed_jws = NULL;
    w->changed = false;
    w->batch = NULL;
    w->fatal = NULL;
    w->shown = w->status;
    uv_mutex_unlock(&w->mutex);

    if (changed && w->ev.changed && !w->closed) {
        w->ev.changed(w->owner, &w->shown);
    }
    if (batch) {
        if (w->ev.batch && !w->closed) {
            w->ev.batch(w->owner, batch);
        }
        bw_courier_batch_done(batch);
        free(batch);
    }
    if (has_signed && w->ev.signed_ && !w->closed) {
        w->ev.signed_(w->owner, number, jws);
    }
    free(jws);
    if (fatal && w->ev.fatal && !w->closed) {
        w->ev.fatal(w->owner, fatal);
    }
    free(fatal);
    if (ended && w->running) {
        w->running = false;
        (void)uv_thread_join(&w->thread);
        uv_close((uv_handle_t *)&w->async, on_closed);
    }
}

int bw_writer_open(uv_loop_t *loop,
                   const struct bw_writer_params *p,
                   const struct bw_writer_events *ev,
                   void *owner,
                   struct bw_writer **ret,
                   struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    int r = 0;
    struct bw_writer *w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->loop = loop;
    w->ev = *ev;
    w->owner = owner;
    w->keep_s = p->keep_s;
    bw_job_list_init(&w->queue);
    bw_job_list_init(&w->held);
    (void)snprintf(w->state_dir, sizeof(w->state_dir), "%s", p->state_dir);
    (void)snprintf(path, sizeof(path), "%s/journal.db", p->state_dir);
    w->status.last_end_unix_s = BW_UNKNOWN;
    w->status.last_ack_unix_ms = BW_UNKNOWN;
    r = uv_mutex_init(&w->mutex);
    if (r < 0) {
        free(w);
        return bw_err_set(reterr, r, "mutex: %s", bw_strerror(r));
    }
    r = uv_cond_init(&w->cond);
    if (r < 0) {
        uv_mutex_destroy(&w->mutex);
        free(w);
        return bw_err_set(reterr, r, "condition: %s", bw_strerror(r));
    }
    r = bw_dir_make(p->state_dir, 0750, reterr);
    r = r < 0 ? r : bw_journal_open(path, BW_JOURNAL_WRITE, &w->journal, reterr);
    r = r < 0 ? r : bw_chain_open(w->journal, p->state_dir, &w->chain, reterr);
    if (r < 0) {
        goto fail;
    }
    w->draw = bw_draw_new(p->state_dir, path, p->interval_s);
    if (!w->draw) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto fail;
    }
    r = uv_async_init(loop, &w->async, on_async);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "async: %s", bw_strerror(r));
        goto fail;
    }
    w->async.data = w;
    bw_writer_refresh(w);
    w->shown = w->status;
    *ret = w;
    return 0;
fail:
    bw_draw_free(w->draw);
    bw_chain_free(w->chain);
    bw_journal_close(w->journal);
    uv_cond_destroy(&w->cond);
    uv_mutex_destroy(&w->mutex);
    free(w);
    return r;
}

int bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out)
{
    return w->running ? -EBUSY : bw_journal_meta_get(w->journal, name, out, NULL);
}

int bw_writer_run(struct bw_writer *w, struct bw_err *reterr)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                         .stack_size = STACK_BYTES};
    int r = uv_thread_create_ex(&w->thread, &options, bw_writer_work, w);
    if (r < 0) {
        return bw_err_set(reterr, r, "storage thread: %s", bw_strerror(r));
    }
    w->running = true;
    return 0;
}

const struct bw_writer_status *bw_writer_status(const struct bw_writer *w)
{
    return &w->shown;
}

static int put(struct bw_writer *w, struct bw_job *j)
{
    int r = 0;
    uv_mutex_lock(&w->mutex);
    if (w->closing || w->queue.n >= BW_WRITER_QUEUE_MAX) {
        r = w->closing ? -ECANCELED : -ENOBUFS;
    } else {
        bw_job_list_put(&w->queue, j);
        uv_cond_signal(&w->cond);
    }
    uv_mutex_unlock(&w->mutex);
    if (r < 0) {
        bw_job_free(j);
    }
    return r;
}

static struct bw_job *job_new(enum bw_job_kind kind)
{
    struct bw_job *j = calloc(1, sizeof(*j));
    if (j) {
        j->kind = kind;
        bw_summary_init(&j->summary);
    }
    return j;
}

/* A job about (kid, seq) with a text that may be NULL. */
static struct bw_job *
job_about(enum bw_job_kind kind, const char *kid, int64_t seq, const char *text)
{
    struct bw_job *j = job_new(kind);
    if (!j) {
        return NULL;
    }
    (void)snprintf(j->kid, sizeof(j->kid), "%s", kid);
    j->seq = seq;
    if (text) {
        j->text = strdup(text);
        if (!j->text) {
            bw_job_free(j);
            return NULL;
        }
    }
    return j;
}

int bw_writer_summary(struct bw_writer *w,
                      struct bw_summary *s,
                      const struct bw_writer_ten *tens,
                      size_t n_tens)
{
    struct bw_job *j = job_new(JOB_SUMMARY);
    struct bw_summary span = *s; /* its times only */
    int r = -ENOMEM;
    if (!j) {
        goto out;
    }
    if (n_tens > 0) {
        j->tens = malloc(n_tens * sizeof(*tens));
        if (!j->tens) {
            bw_job_free(j);
            goto out;
        }
        memcpy(j->tens, tens, n_tens * sizeof(*tens));
        j->n_tens = n_tens;
    }
    j->summary = *s;
    bw_summary_init(s);
    r = put(w, j);
out:
    if (r == -ENOBUFS || r == -ENOMEM) {
        bw_writer_lost(w, &span);
    }
    bw_summary_done(s);
    return r;
}

int bw_writer_fetch(struct bw_writer *w,
                    size_t max_lines,
                    bool zstd,
                    const char *without_kids)
{
    struct bw_job *j = job_about(JOB_FETCH, "", 0, without_kids);
    if (!j) {
        return -ENOMEM;
    }
    j->number = (int64_t)max_lines;
    j->flag = zstd;
    return put(w, j);
}

int bw_writer_sign(struct bw_writer *w,
                   int64_t number,
                   const char *typ,
                   const char *payload)
{
    struct bw_job *j = job_about(JOB_SIGN, "", 0, payload);
    if (!j) {
        return -ENOMEM;
    }
    j->number = number;
    (void)snprintf(j->type, sizeof(j->type), "%s", typ);
    return put(w, j);
}

int bw_writer_acked(struct bw_writer *w,
                    const char *kid,
                    int64_t through,
                    const char *receipt,
                    int64_t received_unix_ms)
{
    struct bw_job *j = job_about(JOB_ACKED, kid, through, receipt);
    if (!j) {
        return -ENOMEM;
    }
    j->number = received_unix_ms;
    return put(w, j);
}

int bw_writer_rewind(struct bw_writer *w,
                     const char *kid,
                     int64_t through,
                     const char *hash)
{
    struct bw_job *j = job_about(JOB_REWIND, kid, through, hash);
    return j ? put(w, j) : -ENOMEM;
}

int bw_writer_refused(
    struct bw_writer *w, const char *kid, int64_t seq, const char *type, const char *detail)
{
    struct bw_job *j = job_about(JOB_REFUSED, kid, seq, detail);
    if (!j) {
        return -ENOMEM;
    }
    (void)snprintf(j->type, sizeof(j->type), "%.63s", type);
    return put(w, j);
}

int bw_writer_forked(struct bw_writer *w, const char *kid, int64_t seq, const char *detail)
{
    struct bw_job *j = job_about(JOB_FORKED, kid, seq, detail ? detail : "");
    return j ? put(w, j) : -ENOMEM;
}

int bw_writer_key_known(struct bw_writer *w, const char *kid)
{
    struct bw_job *j = job_about(JOB_KEY_KNOWN, kid, 0, NULL);
    return j ? put(w, j) : -ENOMEM;
}

int bw_writer_set(struct bw_writer *w, const char *name, const char *value)
{
    if (strlen(name) > VALUE_NAME_MAX) {
        return -EINVAL;
    }
    struct bw_job *j = job_about(JOB_SET, "", 0, value);
    if (!j) {
        return -ENOMEM;
    }
    (void)snprintf(j->name, sizeof(j->name), "%s", name);
    return put(w, j);
}

int bw_writer_moved(struct bw_writer *w, const char *circuit, int64_t unix_s, int64_t bytes)
{
    struct bw_job *j = job_about(JOB_MOVED, "", unix_s, NULL);
    if (!j) {
        return -ENOMEM;
    }
    (void)snprintf(j->name, sizeof(j->name), "%s", circuit);
    j->number = bytes;
    return put(w, j);
}

int bw_writer_reload(struct bw_writer *w, int64_t keep_s)
{
    struct bw_job *j = job_new(JOB_RELOAD);
    if (!j) {
        return -ENOMEM;
    }
    j->number = keep_s;
    return put(w, j);
}

void bw_writer_close(struct bw_writer *w,
                     int64_t flush_ms,
                     void (*cb)(void *owner),
                     void *owner)
{
    w->closed = cb;
    w->closed_owner = owner;
    if (!w->running) {
        uv_close((uv_handle_t *)&w->async, on_closed);
        return;
    }
    uv_mutex_lock(&w->mutex);
    w->closing = true;
    w->deadline_mono_ms = bw_clock_mono_ms() + flush_ms;
    uv_cond_signal(&w->cond);
    uv_mutex_unlock(&w->mutex);
}
