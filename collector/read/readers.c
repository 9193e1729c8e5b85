/* SPDX-License-Identifier: GPL-3.0-or-later
 * readers.c - jobs on libuv's pool, each with one of a few contexts. A context is used by
 * one job at a time, so its handles belong to one thread at a time. */
#include "readers.h"

#include <bw/err.h>
#include <bw/records.h>
#include <catalogue.h>
#include <errno.h>
#include <ledger.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>
#include <uv.h>

enum {
    CONTEXTS_MAX = 4, /* threads of libuv's pool */
    WAITING_MAX = 512
};

struct context {
    struct bw_readers *pool;
    struct bw_reader reader;
    uv_work_t work;
    struct job *job;
};

struct job {
    struct job *next;
    bw_reader_work_cb work;
    bw_reader_after_cb after;
    void *owner;
};

struct bw_readers {
    uv_loop_t *loop;
    char catalogue_path[PATH_MAX];
    char ledger_folder[PATH_MAX];
    char log_folder[PATH_MAX];
    struct context contexts[CONTEXTS_MAX];
    size_t n_contexts;
    struct job *head;
    struct job *tail;
    size_t n_waiting;
    size_t n_running;
    bool closing;
    bool closed;
    uv_timer_t closer; /* makes the closing callback come later, on the loop */
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

static int open_context(struct context *c, struct bw_err *reterr)
{
    int r = 0;
    if (!c->reader.catalogue) {
        r = bw_catalogue_open(c->pool->catalogue_path, &c->reader.catalogue, reterr);
    }
    if (r == 0 && !c->reader.ledger) {
        r = bw_ledger_open(c->pool->ledger_folder, BW_LEDGER_READ, &c->reader.ledger,
                           reterr);
    }
    if (r == 0 && !c->reader.records) {
        r = bw_ledger_records(c->pool->ledger_folder, &c->reader.records, reterr);
    }
    return r;
}

int bw_reader_log(struct bw_reader *r, struct bw_tlog **ret, struct bw_err *reterr)
{
    int e = r->log ? 0 : bw_tlog_open(r->log_folder, BW_TLOG_READ, &r->log, reterr);
    *ret = r->log;
    return e;
}

static void on_work(uv_work_t *work)
{
    struct context *c = work->data;
    struct bw_err err = {.text = ""};
    bool ok = open_context(c, &err) == 0;
    c->job->work(c->job->owner, ok ? &c->reader : NULL, &err);
}

static void on_closer_closed(uv_handle_t *handle)
{
    struct bw_readers *p = handle->data;
    void (*cb)(void *) = p->closed_cb;
    void *owner = p->closed_owner;
    free(p);
    if (cb) {
        cb(owner);
    }
}

static void maybe_closed(struct bw_readers *p)
{
    if (!p->closing || p->closed || p->n_running > 0) {
        return;
    }
    p->closed = true;
    for (size_t i = 0; i < p->n_contexts; i++) {
        bw_records_close(p->contexts[i].reader.records);
        bw_ledger_close(p->contexts[i].reader.ledger);
        bw_catalogue_close(p->contexts[i].reader.catalogue);
        bw_tlog_close(p->contexts[i].reader.log);
    }
    uv_close((uv_handle_t *)&p->closer, on_closer_closed);
}

static void start_some(struct bw_readers *p);

static void on_after(uv_work_t *work, int status)
{
    (void)status;
    struct context *c = work->data;
    struct bw_readers *p = c->pool;
    struct job *j = c->job;
    c->job = NULL;
    p->n_running--;
    j->after(j->owner, 0);
    free(j);
    start_some(p);
    maybe_closed(p);
}

static void start_some(struct bw_readers *p)
{
    for (size_t i = 0; i < p->n_contexts && p->head && !p->closing; i++) {
        struct context *c = &p->contexts[i];
        if (c->job) {
            continue;
        }
        struct job *j = p->head;
        p->head = j->next;
        if (!p->head) {
            p->tail = NULL;
        }
        p->n_waiting--;
        p->n_running++;
        c->job = j;
        c->work.data = c;
        (void)uv_queue_work(p->loop, &c->work, on_work, on_after);
    }
}

int bw_readers_new(struct uv_loop_s *loop,
                   const char *catalogue_path,
                   const char *ledger_folder,
                   const char *log_folder,
                   size_t n_readers,
                   struct bw_readers **ret)
{
    struct bw_readers *p = calloc(1, sizeof(*p));
    if (!p) {
        return -ENOMEM;
    }
    p->loop = loop;
    (void)snprintf(p->catalogue_path, sizeof(p->catalogue_path), "%s", catalogue_path);
    (void)snprintf(p->ledger_folder, sizeof(p->ledger_folder), "%s", ledger_folder);
    (void)snprintf(p->log_folder, sizeof(p->log_folder), "%s", log_folder);
    p->n_contexts = n_readers < CONTEXTS_MAX ? n_readers : CONTEXTS_MAX;
    for (size_t i = 0; i < p->n_contexts; i++) {
        p->contexts[i].pool = p;
        p->contexts[i].reader.log_folder = p->log_folder;
    }
    (void)uv_timer_init(loop, &p->closer);
    p->closer.data = p;
    *ret = p;
    return 0;
}

int bw_readers_run(struct bw_readers *p,
                   bw_reader_work_cb work,
                   bw_reader_after_cb after,
                   void *job)
{
    if (!p || p->closing || p->n_waiting >= WAITING_MAX) {
        return -EBUSY;
    }
    struct job *j = calloc(1, sizeof(*j));
    if (!j) {
        return -EBUSY;
    }
    j->work = work;
    j->after = after;
    j->owner = job;
    if (p->tail) {
        p->tail->next = j;
    } else {
        p->head = j;
    }
    p->tail = j;
    p->n_waiting++;
    start_some(p);
    return 0;
}

size_t bw_readers_busy(const struct bw_readers *p)
{
    return p->n_waiting + p->n_running;
}

void bw_readers_close(struct bw_readers *p, void (*cb)(void *owner), void *owner)
{
    if (!p) {
        return;
    }
    p->closed_cb = cb;
    p->closed_owner = owner;
    p->closing = true;
    while (p->head) {
        struct job *j = p->head;
        p->head = j->next;
        p->n_waiting--;
        j->after(j->owner, 1);
        free(j);
    }
    p->tail = NULL;
    maybe_closed(p);
}
