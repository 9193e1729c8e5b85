/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_http.c - tiles and proofs, looked up by the readers; the checkpoint from memory. */
#include "log_http.h"

#include <buf.h>
#include <bw/err.h>
#include <checkpoint.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <keeper.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>

enum {
    ANSWER_MAX = 32 * 1024
};

static const char plain[] = "text/plain; charset=utf-8";
static const char for_ever[] = "public, max-age=31536000, immutable";

enum what {
    A_TILE,
    INCLUSION,
    GROWTH,
    STAMP,
    EPOCH
};

struct look {
    struct bw_http_req *req;
    enum what what;
    struct bw_tile tile;
    int64_t a; /* leaf, or from */
    int64_t b; /* size, or to */
    int r;
    struct bw_err err;
    struct bw_buf out;
};

void bw_log_checkpoint_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_buf out;
    const char *note = c->keeper ? bw_keeper_note(c->keeper) : "";
    if (!note[0]) {
        bw_http_problem(req, 404, "not-found", "No checkpoint yet",
                        "the log is empty, or its first checkpoint is being made");
        return;
    }
    bw_buf_init(&out, BW_NOTE_MAX + 1);
    bw_buf_puts(&out, note);
    bw_http_add(req, "Cache-Control", "no-cache");
    bw_http_reply(req, 200, plain, &out);
}

void bw_log_key_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_note_key k;
    struct bw_buf out;
    char text[BW_NOTE_KEY_TEXT_MAX];
    if (!c->keeper || bw_note_key_make(bw_keeper_origin(c->keeper), BW_NOTE_PLAIN,
                                       bw_key_public(c->log_key)->raw, &k, NULL) < 0) {
        bw_http_problem(req, 404, "not-found", "No log", "the log is not open");
        return;
    }
    bw_note_key_text(&k, text);
    bw_buf_init(&out, sizeof(text) + 2);
    bw_buf_printf(&out, "%s\n", text);
    bw_http_reply(req, 200, plain, &out);
}

static void write_proof(struct look *l, const struct bw_proof *p)
{
    for (size_t i = 0; i < p->n; i++) {
        bw_base64_append(&l->out, p->hash[i], 32);
        bw_buf_putc(&l->out, '\n');
    }
    l->r = bw_buf_error(&l->out);
}

/* The b-th of them. */
static int
on_stamp(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct look *l = owner;
    (void)who;
    (void)unix_s;
    if (l->b-- == 0) {
        bw_buf_add(&l->out, bytes, n);
    }
    return bw_buf_error(&l->out);
}

static void look_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct look *l = job;
    struct bw_tlog *log = NULL;
    struct bw_proof p = {.n = 0};
    if (!r) {
        l->r = -EIO;
        l->err = *err;
        return;
    }
    l->r = bw_reader_log(r, &log, &l->err);
    if (l->r < 0) {
        return;
    }
    switch (l->what) {
    case A_TILE:
        l->r = bw_tlog_tile(log, &l->tile, &l->out, &l->err);
        break;
    case INCLUSION:
        l->r = bw_tlog_prove(log, l->a, l->b, &p, &l->err);
        break;
    case STAMP:
        l->r = bw_tlog_stamps(log, l->a, on_stamp, l, &l->err);
        if (l->r == 0 && l->out.len == 0) {
            l->r = bw_err_set(&l->err, -ENOENT, "no such stamp");
        }
        break;
    case EPOCH:
        l->r = bw_tlog_meta_get(log, "epoch.before", &l->out, &l->err);
        if (l->r == -ENOENT) {
            (void)bw_err_set(&l->err, l->r, "this log began from nothing");
        }
        break;
    case GROWTH:
        l->r = bw_tlog_prove_growth(log, l->a, l->b, &p, &l->err);
        break;
    }
    if (l->r == 0 && (l->what == INCLUSION || l->what == GROWTH)) {
        write_proof(l, &p);
    }
}

static void look_after(void *job, int cancelled)
{
    struct look *l = job;
    if (!cancelled && (l->r == -ENOENT || l->r == -EINVAL)) {
        bw_http_problem(l->req, 404, "not-found", "Not in the log", "%s", l->err.text);
    } else if (cancelled || l->r < 0) {
        bw_http_add(l->req, "Retry-After", "30");
        bw_http_problem(l->req, 503, "busy", "Not possible now", "%s",
                        cancelled ? "the collector is stopping" : l->err.text);
    } else {
        static const char *const types[] = {[A_TILE] = "application/octet-stream",
                                            [INCLUSION] = plain,
                                            [GROWTH] = plain,
                                            [STAMP] = "application/timestamp-reply",
                                            [EPOCH] = plain};
        bw_http_add(l->req, "Cache-Control", l->what >= STAMP ? "no-cache" : for_ever);
        bw_http_reply(l->req, 200, types[l->what], &l->out);
    }
    bw_buf_done(&l->out);
    free(l);
}

static void run(struct bw_collector *c, struct bw_http_req *req, const struct look *want)
{
    struct look *l = calloc(1, sizeof(*l));
    if (l) {
        *l = *want;
        l->req = req;
        bw_buf_init(&l->out, ANSWER_MAX);
        if (l->what != A_TILE) {
            bw_buf_puts(&l->out, ""); /* a proof may be empty */
        }
    }
    if (!l || bw_readers_run(c->readers, look_work, look_after, l) < 0) {
        free(l);
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
    }
}

void bw_log_tile_get(void *owner, struct bw_http_req *req)
{
    struct look l = {.what = A_TILE};
    char path[BW_TILE_PATH_MAX];
    int n = snprintf(path, sizeof(path), "tile/%s", bw_http_param(req, 0));
    if (n < 0 || (size_t)n >= sizeof(path) || bw_tile_parse(path, &l.tile) < 0) {
        bw_http_problem(req, 404, "not-found", "No such tile", "this is no tile's address");
        return;
    }
    run(owner, req, &l);
}

/* -1: it is none. */
static int64_t number_of(const char *text)
{
    char *end = NULL;
    if (!text || text[0] < '0' || text[0] > '9' || strlen(text) > 18) {
        return -1;
    }
    int64_t v = (int64_t)strtoll(text, &end, 10);
    return *end == '\0' ? v : -1;
}

static int64_t number(struct bw_http_req *req, const char *name)
{
    return number_of(bw_http_query(req, name));
}

static void
prove(void *owner, struct bw_http_req *req, enum what what, const char *a, const char *b)
{
    struct look l = {.what = what, .a = number(req, a), .b = number(req, b)};
    if (l.a < 0 || l.b < 0) {
        bw_http_problem(req, 400, "malformed", "Two numbers are wanted", "%s=N&%s=M", a, b);
        return;
    }
    run(owner, req, &l);
}

void bw_log_inclusion_get(void *owner, struct bw_http_req *req)
{
    prove(owner, req, INCLUSION, "leaf", "size");
}

void bw_log_growth_get(void *owner, struct bw_http_req *req)
{
    prove(owner, req, GROWTH, "from", "to");
}

void bw_log_stamp_get(void *owner, struct bw_http_req *req)
{
    struct look l = {.what = STAMP,
                     .a = number_of(bw_http_param(req, 0)),
                     .b = number_of(bw_http_param(req, 1))};
    if (l.a < 0 || l.b < 0) {
        bw_http_problem(req, 404, "not-found", "No such stamp", "/log/stamp/SIZE/N");
        return;
    }
    run(owner, req, &l);
}

void bw_log_epoch_get(void *owner, struct bw_http_req *req)
{
    const struct look l = {.what = EPOCH};
    run(owner, req, &l);
}
