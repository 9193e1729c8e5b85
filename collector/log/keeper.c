/* SPDX-License-Identifier: GPL-3.0-or-later
 * keeper.c - the log's thread: leaves out of the ledger, then a signature.
 *
 * Invariant: the leaves of the log are the first ones of the ledger's order; where the last
 * of them is another there, one of the two was set back, and nothing is signed until a
 * person has looked: two checkpoints that do not continue each other are a fork. */
#include "keeper.h"
#include "keeper_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <checkpoint.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <jws.h>
#include <ledger.h>
#include <log.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <tlog_store.h>
#include <uv.h>

enum {
    CHUNK = 16384, /* leaves of one transaction */
    NICE = 5,
    AGAIN_MS = 60000 /* after a round that failed */
};

/* ---- the thread's work --------------------------------------------------------------- */

static int on_leaf(void *owner, int64_t index, const struct bw_leaf *leaf)
{
    struct bw_keeper *k = owner;
    (void)index;
    k->chunk[k->n_chunk++] = *leaf;
    return 0;
}

/* Is the last leaf of the log the same one in the ledger? */
static int fits(struct bw_keeper *k, int64_t size, struct bw_err *reterr)
{
    struct bw_leaf last;
    int64_t there = 0;
    int r = k->ledger->ops->log_size(k->ledger, &there, reterr);
    if (r < 0 || size == 0) {
        return r;
    }
    if (there < size) {
        return bw_err_set(
            reterr, -BW_EFORK,
            "the log has %" PRId64 " leaves, the ledger only %" PRId64
            ": one of them was restored from an older copy. Nothing is signed "
            "until both fit; bring back the newer ledger, or see "
            "bandwitness-log(1)",
            size, there);
    }
    k->n_chunk = 0;
    r = k->ledger->ops->log_leaves(k->ledger, size - 1, size, on_leaf, k, reterr);
    if (r == 0) {
        r = bw_tlog_leaf(k->log, size - 1, &last, reterr);
    }
    if (r == 0 && (k->n_chunk != 1 || k->chunk[0].type != last.type ||
                   k->chunk[0].unix_ms != last.unix_ms ||
                   memcmp(k->chunk[0].sha256, last.sha256, sizeof(last.sha256)) != 0)) {
        r = bw_err_set(
            reterr, -BW_EFORK,
            "leaf %" PRId64 " of the log is another one in the ledger: one of them "
            "was restored from an older copy and went on. Nothing is signed until "
            "both fit",
            size - 1);
    }
    return r;
}

static int take_over(struct bw_keeper *k, int64_t *ret_size, struct bw_err *reterr)
{
    int64_t size = 0;
    int64_t taken = 0;
    int r = bw_tlog_size(k->log, &size, reterr);
    if (r == 0) {
        r = fits(k, size, reterr);
    }
    while (r == 0) {
        k->n_chunk = 0;
        r = k->ledger->ops->log_leaves(k->ledger, size, size + CHUNK, on_leaf, k, reterr);
        if (r < 0 || k->n_chunk == 0) {
            break;
        }
        r = bw_tlog_append(k->log, k->chunk, k->n_chunk, reterr);
        size += r == 0 ? (int64_t)k->n_chunk : 0;
        taken += r == 0 ? (int64_t)k->n_chunk : 0;
    }
    (void)pthread_mutex_lock(&k->lock);
    k->stats.leaves += taken;
    (void)pthread_mutex_unlock(&k->lock);
    *ret_size = size;
    return r;
}

static int sign(struct bw_keeper *k, int64_t size, struct bw_err *reterr)
{
    struct bw_checkpoint c = {.size = size};
    struct bw_buf note;
    bw_buf_init(&note, BW_NOTE_MAX);
    (void)snprintf(c.origin, sizeof(c.origin), "%s", k->origin);
    int r = bw_tlog_root(k->log, size, c.root, reterr);
    if (r == 0) {
        r = bw_checkpoint_sign(&c, k->key, &note, reterr);
    }
    if (r == 0) {
        struct bw_tlog_checkpoint keep = {.size = size,
                                          .unix_s = bw_clock_unix_ms() / 1000,
                                          .note = note.data,
                                          .note_len = note.len};
        memcpy(keep.root, c.root, sizeof(keep.root));
        r = bw_tlog_checkpoint_add(k->log, &keep, reterr);
    }
    bw_buf_done(&note);
    return r;
}

int bw_keeper_publish(struct bw_keeper *k, int64_t size, struct bw_err *reterr)
{
    struct bw_buf note;
    bw_buf_init(&note, BW_NOTE_MAX);
    int r = bw_tlog_note(k->log, size, &note, reterr);
    if (r == 0) {
        (void)pthread_mutex_lock(&k->lock);
        memcpy(k->note, note.data, note.len + 1);
        k->stats.size = size;
        k->stats.checkpoint_unix_ms = bw_clock_unix_ms();
        k->news = true;
        (void)pthread_mutex_unlock(&k->lock);
        (void)uv_async_send(&k->async);
    }
    bw_buf_done(&note);
    return r;
}

bool bw_keeper_hurried(struct bw_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    return stopping;
}

static int round_of(struct bw_keeper *k, struct bw_err *reterr)
{
    int64_t size = 0;
    int r = 0;
    if (!k->ledger) {
        r = bw_ledger_open(k->ledger_folder, BW_LEDGER_READ, &k->ledger, reterr);
    }
    if (r == 0 && k->ledger) {
        r = take_over(k, &size, reterr);
    }
    /* A round that only asks a missing witness again signs nothing new. */
    int64_t now_ms = bw_clock_mono_ms();
    bool due = now_ms >= k->sign_due_mono_ms || bw_keeper_hurried(k);
    if (r == 0 && due && size > 0 && size != k->signed_size) {
        r = sign(k, size, reterr);
        r = r == 0 ? bw_keeper_publish(k, size, reterr) : r;
        if (r == 0) {
            k->signed_size = size;
            k->sign_due_mono_ms = now_ms + k->conf.checkpoint_every_ms;
        }
    }
    return r;
}

static void tell(struct bw_keeper *k, int r, const struct bw_err *err)
{
    (void)pthread_mutex_lock(&k->lock);
    (void)snprintf(k->trouble, sizeof(k->trouble), "%s", r < 0 ? err->text : "");
    k->stats.failures += r < 0 ? 1 : 0;
    (void)pthread_mutex_unlock(&k->lock);
    if (r < 0) {
        bw_complain(&k->complaint, BW_AREA_LEDGER, BW_ERROR, "the log: %s", err->text);
    } else {
        bw_complain_over(&k->complaint, BW_AREA_LEDGER, "the log goes on");
    }
}

static bool wait_for(struct bw_keeper *k, int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&k->lock);
    int r = 0;
    while (!k->stopping && r == 0) {
        r = pthread_cond_timedwait(&k->wake, &k->lock, &until);
    }
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    return stopping;
}

static void *keeper_main(void *arg)
{
    struct bw_keeper *k = arg;
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* Linux: of this thread */
    for (bool last = false;;) {
        struct bw_err err = {.text = ""};
        int r = round_of(k, &err);
        tell(k, r, &err);
        if (last) {
            break;
        }
        bool again = r < 0 || bw_keeper_ask_others(k);
        int64_t ms = k->conf.checkpoint_every_ms;
        int64_t due_ms = k->sign_due_mono_ms - bw_clock_mono_ms();
        ms = due_ms > 0 && due_ms < ms ? due_ms : ms;
        last = wait_for(k, again && ms > AGAIN_MS ? AGAIN_MS : ms);
    }
    (void)pthread_mutex_lock(&k->lock);
    k->ended = true;
    (void)pthread_mutex_unlock(&k->lock);
    (void)uv_async_send(&k->async);
    return NULL;
}

/* ---- the loop's side ----------------------------------------------------------------- */

static void keeper_free(struct bw_keeper *k)
{
    if (k) {
        bw_ledger_close(k->ledger);
        bw_tlog_close(k->log);
        free(k->chunk);
        (void)pthread_cond_destroy(&k->wake);
        (void)pthread_mutex_destroy(&k->lock);
        free(k);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_keeper *k = handle->data;
    void (*cb)(void *) = k->stopped_cb;
    void *owner = k->stopped_owner;
    keeper_free(k);
    if (cb) {
        cb(owner);
    }
}

static void on_async(uv_async_t *async)
{
    struct bw_keeper *k = async->data;
    (void)pthread_mutex_lock(&k->lock);
    bool news = k->news;
    bool ended = k->ended;
    k->news = false;
    (void)pthread_mutex_unlock(&k->lock);
    if (news && !k->stopped_cb) {
        const char *note = bw_keeper_note(k);
        k->on_checkpoint(k->owner, note, strlen(note));
    }
    if (ended && k->stopped_cb) {
        (void)pthread_join(k->thread, NULL);
        uv_close((uv_handle_t *)&k->async, on_closed);
    }
}

const char *bw_keeper_note(struct bw_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    memcpy(k->shown, k->note, sizeof(k->shown));
    (void)pthread_mutex_unlock(&k->lock);
    return k->shown;
}

const char *bw_keeper_trouble(struct bw_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    memcpy(k->trouble_shown, k->trouble, sizeof(k->trouble_shown));
    (void)pthread_mutex_unlock(&k->lock);
    return k->trouble_shown[0] ? k->trouble_shown : NULL;
}

const char *bw_keeper_origin(const struct bw_keeper *k)
{
    return k->origin;
}

void bw_keeper_stats(struct bw_keeper *k, struct bw_keeper_stats *ret)
{
    (void)pthread_mutex_lock(&k->lock);
    *ret = k->stats;
    (void)pthread_mutex_unlock(&k->lock);
}

/* NAME, or a later epoch of it ("NAME/epoch-2"). */
static bool is_name(const char *had, const char *wanted)
{
    size_t n = strlen(wanted);
    return strncmp(had, wanted, n) == 0 &&
           (had[n] == '\0' || strncmp(had + n, "/epoch-", 7) == 0);
}

/* The log's name is that of its first day: under another, its checkpoints would be those
 * of another log. */
static int settle_origin(struct bw_keeper *k, const char *wanted, struct bw_err *reterr)
{
    struct bw_buf had;
    bw_buf_init(&had, BW_NOTE_NAME_MAX + 1);
    int r = bw_tlog_meta_get(k->log, "origin", &had, reterr);
    if (r == 0 && wanted[0] && !is_name(had.data, wanted)) {
        r = bw_err_set(
            reterr, -EINVAL,
            "this log's name is %s since its beginning; set it back in the section "
            "\"transparency\"",
            had.data);
    } else if (r == 0) {
        (void)snprintf(k->origin, sizeof(k->origin), "%s", had.data);
    } else if (r == -ENOENT) {
        if (wanted[0]) {
            (void)snprintf(k->origin, sizeof(k->origin), "%s", wanted);
        } else {
            (void)snprintf(k->origin, sizeof(k->origin), "bandwitness-log/%s",
                           bw_key_public(k->key)->kid);
        }
        r = bw_tlog_meta_set(k->log, "origin", k->origin, reterr);
    }
    bw_buf_done(&had);
    return r;
}

/* Who reads the log alone finds its key in it. */
static int keep_key(struct bw_keeper *k, struct bw_err *reterr)
{
    struct bw_note_key key;
    char text[BW_NOTE_KEY_TEXT_MAX];
    int r = bw_note_key_make(k->origin, BW_NOTE_PLAIN, bw_key_public(k->key)->raw, &key,
                             reterr);
    if (r == 0) {
        bw_note_key_text(&key, text);
        r = bw_tlog_meta_set(k->log, "key", text, reterr);
    }
    return r;
}

static int on_newest(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct bw_keeper *k = owner;
    k->signed_size = c->size;
    return 0;
}

static int
open_log(struct bw_keeper *k, const struct bw_keeper_opts *opts, struct bw_err *reterr)
{
    k->chunk = calloc(CHUNK, sizeof(k->chunk[0]));
    if (!k->chunk) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_tlog_open(opts->log_folder, BW_TLOG_WRITE, &k->log, reterr);
    if (r == 0) {
        r = settle_origin(k, k->conf.name, reterr);
    }
    if (r == 0) {
        r = keep_key(k, reterr);
    }
    if (r == 0) {
        r = bw_tlog_checkpoint_at(k->log, INT64_MAX, on_newest, k, reterr);
        r = r == -ENOENT ? 0 : r;
    }
    return r;
}

int bw_keeper_start(struct uv_loop_s *loop,
                    const struct bw_keeper_opts *opts,
                    bw_keeper_cb on_checkpoint,
                    void *owner,
                    struct bw_keeper **ret,
                    struct bw_err *reterr)
{
    pthread_condattr_t attr;
    struct bw_keeper *k = calloc(1, sizeof(*k));
    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(k->ledger_folder, sizeof(k->ledger_folder), "%s", opts->ledger_folder);
    k->key = opts->log_key;
    k->conf = *opts->conf;
    k->on_checkpoint = on_checkpoint;
    k->owner = owner;
    k->stats.size = BW_UNKNOWN;
    k->stats.checkpoint_unix_ms = BW_UNKNOWN;
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&k->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    int r = open_log(k, opts, reterr);
    if (r == 0) {
        r = uv_async_init(loop, &k->async, on_async);
        r = r < 0 ? bw_err_set(reterr, r, "uv_async_init: %s", uv_strerror(r)) : 0;
    }
    if (r < 0) {
        keeper_free(k);
        return r;
    }
    k->async.data = k;
    if (k->signed_size > 0) { /* the one of before, until there is a newer one */
        r = bw_keeper_publish(k, k->signed_size, reterr);
    }
    if (r == 0 && pthread_create(&k->thread, NULL, keeper_main, k) != 0) {
        r = bw_err_set(reterr, -EAGAIN, "cannot start a thread");
    }
    if (r < 0) {
        uv_close((uv_handle_t *)&k->async, on_closed); /* frees it on the loop */
        return r;
    }
    *ret = k;
    return 0;
}

void bw_keeper_stop(struct bw_keeper *k, void (*cb)(void *owner), void *owner)
{
    k->stopped_cb = cb;
    k->stopped_owner = owner;
    (void)pthread_mutex_lock(&k->lock);
    k->stopping = true;
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
}
