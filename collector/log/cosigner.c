/* SPDX-License-Identifier: GPL-3.0-or-later
 * cosigner.c - one checkpoint at a time on a thread of the pool: check, remember, sign.
 *
 * Invariant: of two checkpoints of one log that are not continuations of each other at most
 * one is ever signed: what was signed last changes by compare-and-set before the signature
 * leaves. */
#include "cosigner.h"

#include <buf.h>
#include <bw/err.h>
#include <checkpoint.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <http.h>
#include <inttypes.h>
#include <jws.h>
#include <limits.h>
#include <log.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>
#include <uv.h>

enum {
    WAITING_MAX = 64,
    ANSWER_MAX = 4096
};

static const char plain[] = "text/plain; charset=utf-8";

struct job {
    struct job *next;
    struct bw_cosigner *w;
    struct bw_http_req *req;
    struct bw_add_checkpoint asked; /* its note lent by the request */
    unsigned status;
    const char *type;
    const char *title; /* of a problem; NULL: `out` is the answer */
    struct bw_err err;
    struct bw_buf out;
};

struct bw_cosigner {
    struct uv_loop_s *loop;
    struct bw_config_log conf;
    struct bw_key *key;
    struct bw_note_key public;
    struct bw_tlog *store; /* of the job that runs */
    uv_work_t work;
    struct job *running;
    struct job *head;
    struct job *tail;
    size_t n_waiting;
    bool closing;
    uv_timer_t closer;
    void (*closed)(void *owner);
    void *closed_owner;
};

static const struct bw_note_key *known_log(const struct bw_cosigner *w, const char *origin)
{
    for (size_t i = 0; i < w->conf.n_witnessed; i++) {
        if (strcmp(w->conf.witnessed[i].name, origin) == 0) {
            return &w->conf.witnessed[i];
        }
    }
    return NULL;
}

static void problem(struct job *j, unsigned status, const char *title)
{
    j->status = status;
    j->title = title;
}

static void conflict(struct job *j, int64_t size)
{
    j->status = 409;
    j->type = "text/x.tlog.size";
    bw_buf_printf(&j->out, "%" PRId64 "\n", size);
}

/* The rules of tlog-witness, in their order. */
static void judge(struct job *j, const struct bw_note *note, const struct bw_checkpoint *c)
{
    struct bw_cosigner *w = j->w;
    struct bw_tlog_seen seen = {.size = 0};
    int r = bw_tlog_seen_get(w->store, c->origin, &seen, &j->err);
    if (r == -ENOENT) {
        bw_sha256(NULL, 0, seen.root);
    } else if (r < 0) {
        problem(j, 503, "Not possible now");
        return;
    }
    if (j->asked.old_size > c->size) {
        (void)bw_err_set(&j->err, -EINVAL, "the old size is above the checkpoint's");
        problem(j, 400, "No request for a cosignature");
        return;
    }
    if (j->asked.old_size != seen.size ||
        (seen.size == c->size && memcmp(seen.root, c->root, sizeof(c->root)) != 0)) {
        conflict(j, seen.size);
        return;
    }
    if (!bw_tree_grew(seen.size, seen.root, c->size, c->root, &j->asked.proof)) {
        (void)bw_err_set(&j->err, -EINVAL,
                         "it does not continue the one of %" PRId64 " leaves", seen.size);
        problem(j, 422, "Not a continuation");
        bw_log(BW_AREA_HTTP, BW_WARN,
               "the log %s showed a checkpoint of %" PRId64
               " leaves that does not continue "
               "the one of %" PRId64 " that this witness signed",
               c->origin, c->size, seen.size);
        return;
    }
    int64_t old = seen.size;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    (void)snprintf(seen.origin, sizeof(seen.origin), "%s", c->origin);
    seen.size = c->size;
    memcpy(seen.root, c->root, sizeof(seen.root));
    seen.unix_s = now_s;
    r = bw_tlog_seen_set(w->store, old, &seen, &j->err);
    if (r == 0) {
        r = bw_note_sign(note->text, note->text_len, w->public.name, BW_NOTE_WITNESS, now_s,
                         w->key, &j->out, &j->err);
    }
    if (r < 0) {
        problem(j, 503, "Not possible now");
        return;
    }
    j->status = 200;
    j->type = plain;
}

static void on_work(uv_work_t *work)
{
    struct bw_cosigner *w = work->data;
    struct job *j = w->running;
    struct bw_note note;
    struct bw_checkpoint c;
    int r = bw_note_parse(j->asked.note, j->asked.note_len, &note, &j->err);
    r = r < 0 ? r : bw_checkpoint_read(note.text, note.text_len, &c, &j->err);
    if (r < 0) {
        problem(j, 400, "No request for a cosignature");
        return;
    }
    const struct bw_note_key *log = known_log(w, c.origin);
    if (!log) {
        (void)bw_err_set(&j->err, -ENOENT, "this witness knows no such log");
        problem(j, 404, "An unknown log");
    } else if (bw_note_verify(&note, log, NULL, NULL) < 0) {
        (void)bw_err_set(&j->err, -EPERM, "the log's key did not sign it");
        problem(j, 403, "Not signed by the log");
    } else {
        judge(j, &note, &c);
    }
}

static void next_job(struct bw_cosigner *w);

static void reply(struct job *j)
{
    if (j->title) {
        const char *word = j->status == 404   ? "not-found"
                           : j->status == 503 ? "busy"
                                              : "malformed";
        bw_http_problem(j->req, j->status, word, j->title, "%s", j->err.text);
    } else {
        bw_http_reply(j->req, j->status, j->type, &j->out);
    }
    bw_buf_done(&j->out);
    free(j);
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_cosigner *w = handle->data;
    void (*cb)(void *) = w->closed;
    void *owner = w->closed_owner;
    bw_tlog_close(w->store);
    bw_key_free(w->key);
    free(w);
    cb(owner);
}

static void maybe_closed(struct bw_cosigner *w)
{
    if (w->closing && !w->running) {
        uv_close((uv_handle_t *)&w->closer, on_closed);
    }
}

static void on_after(uv_work_t *work, int status)
{
    struct bw_cosigner *w = work->data;
    struct job *j = w->running;
    (void)status;
    w->running = NULL;
    reply(j);
    next_job(w);
    maybe_closed(w);
}

static void next_job(struct bw_cosigner *w)
{
    struct job *j = w->head;
    if (w->running || !j || w->closing) {
        return;
    }
    w->head = j->next;
    w->tail = w->head ? w->tail : NULL;
    w->n_waiting--;
    w->running = j;
    w->work.data = w;
    (void)uv_queue_work(w->loop, &w->work, on_work, on_after);
}

void bw_cosigner_post(struct bw_cosigner *w, struct bw_http_req *req)
{
    struct bw_err err = {.text = ""};
    size_t n = 0;
    if (!w || w->closing) {
        bw_http_problem(req, 404, "not-found", "No witness", "this is no witness of logs");
        return;
    }
    if (w->n_waiting >= WAITING_MAX) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
        return;
    }
    struct job *j = calloc(1, sizeof(*j));
    if (!j) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return;
    }
    const char *body = bw_http_body(req, &n);
    if (bw_add_checkpoint_read(body ? body : "", n, &j->asked, &err) < 0) {
        free(j);
        bw_http_problem(req, 400, "malformed", "No request for a cosignature", "%s",
                        err.text);
        return;
    }
    j->w = w;
    j->req = req;
    bw_buf_init(&j->out, ANSWER_MAX);
    if (w->tail) {
        w->tail->next = j;
    } else {
        w->head = j;
    }
    w->tail = j;
    w->n_waiting++;
    next_job(w);
}

void bw_cosigner_key(struct bw_cosigner *w, struct bw_http_req *req)
{
    char text[BW_NOTE_KEY_TEXT_MAX];
    struct bw_buf out;
    if (!w) {
        bw_http_problem(req, 404, "not-found", "No witness", "this is no witness of logs");
        return;
    }
    bw_note_key_text(&w->public, text);
    bw_buf_init(&out, sizeof(text) + 2);
    bw_buf_printf(&out, "%s\n", text);
    bw_http_reply(req, 200, plain, &out);
}

static int open_key(struct bw_cosigner *w, const char *data_dir, struct bw_err *reterr)
{
    char path[PATH_MAX];
    char name[BW_NOTE_NAME_MAX + 1];
    (void)snprintf(path, sizeof(path), "%.4000s/witness-key.jwk", data_dir);
    int r = bw_key_load(path, &w->key, reterr);
    if (r == -ENOENT) {
        r = bw_key_generate(BW_ALG_EDDSA, &w->key, reterr);
        r = r < 0 ? r : bw_key_save(w->key, path, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (w->conf.witness_name[0]) {
        (void)snprintf(name, sizeof(name), "%s", w->conf.witness_name);
    } else {
        (void)snprintf(name, sizeof(name), "bandwitness-witness/%s",
                       bw_key_public(w->key)->kid);
    }
    return bw_note_key_make(name, BW_NOTE_WITNESS, bw_key_public(w->key)->raw, &w->public,
                            reterr);
}

int bw_cosigner_start(struct uv_loop_s *loop,
                      const char *data_dir,
                      const struct bw_config_log *conf,
                      struct bw_cosigner **ret,
                      struct bw_err *reterr)
{
    char folder[PATH_MAX];
    *ret = NULL;
    if (conf->n_witnessed == 0) {
        return 0;
    }
    struct bw_cosigner *w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->loop = loop;
    w->conf = *conf;
    (void)snprintf(folder, sizeof(folder), "%.4000s/witness", data_dir);
    int r = open_key(w, data_dir, reterr);
    r = r < 0 ? r : bw_tlog_open(folder, BW_TLOG_WRITE, &w->store, reterr);
    if (r < 0) {
        bw_key_free(w->key);
        free(w);
        return r;
    }
    (void)uv_timer_init(loop, &w->closer);
    w->closer.data = w;
    *ret = w;
    return 0;
}

void bw_cosigner_close(struct bw_cosigner *w, void (*cb)(void *owner), void *owner)
{
    w->closing = true;
    w->closed = cb;
    w->closed_owner = owner;
    while (w->head) {
        struct job *j = w->head;
        w->head = j->next;
        (void)bw_err_set(&j->err, -ECANCELED, "the collector is stopping");
        problem(j, 503, "Not possible now");
        reply(j);
    }
    maybe_closed(w);
}
