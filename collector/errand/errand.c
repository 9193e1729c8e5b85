/* SPDX-License-Identifier: GPL-3.0-or-later
 * errand.c - errands: a queue, one process at a time, a deadline for each.
 *
 * An errand is freed, and its owner told, when the last of its handles is closed; the
 * process's handle is closed only after it was waited for. Each leads a process group, so
 * that what it may have started ends with it. */
#include "errand.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <uv.h>

enum {
    FIXED = 4, /* words before the caller's */
    WORDS_MAX = 64
};

struct errand {
    struct errand *next;
    struct bw_errands *all;
    char *argv[FIXED + WORDS_MAX + 1];
    int64_t limit_ms;
    bool quiet;
    bw_errand_cb cb;
    void *owner;
    uv_process_t process;
    uv_pipe_t err;
    uv_timer_t limit;
    unsigned open;
    const char *ended; /* why; NULL: by itself */
    int status;
    size_t n_said;
    char said[BW_ERRAND_SAID_MAX];
    char chunk[BW_ERRAND_SAID_MAX];
};

struct queue {
    struct errand *head;
    struct errand *tail;
    int64_t n;
};

struct bw_errands {
    uv_loop_t *loop;
    struct bw_errands_opts opts;
    struct queue waiting;
    struct queue quiet;
    struct errand *running;
    struct bw_errands_stats stats;
    uv_timer_t kick; /* starts errands later, never within a caller */
    bool closing;
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

static void errand_done(struct errand *j, int status, const char *said)
{
    const struct bw_errand_end end = {
        .status = status, .said = said, .stopping = j->all->closing};

    j->cb(j->owner, &end);
    for (char **w = j->argv; *w; w++) {
        free(*w);
    }
    free(j);
}

static void push(struct queue *q, struct errand *j)
{
    if (q->tail) {
        q->tail->next = j;
    } else {
        q->head = j;
    }
    q->tail = j;
    q->n++;
}

static struct errand *pop(struct queue *q)
{
    struct errand *j = q->head;

    q->head = j->next;
    q->tail = q->head ? q->tail : NULL;
    q->n--;
    j->next = NULL;
    return j;
}

/* ---- the end ----------------------------------------------------------------------- */

static void start_next(struct bw_errands *e);

static void on_kick(uv_timer_t *timer)
{
    start_next(timer->data);
}

static void on_kick_closed(uv_handle_t *handle)
{
    struct bw_errands *e = handle->data;
    void (*cb)(void *) = e->closed_cb;
    void *owner = e->closed_owner;

    free(e);
    if (cb) {
        cb(owner);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct errand *j = handle->data;
    struct bw_errands *e = j->all;

    if (--j->open > 0) {
        return;
    }
    e->running = NULL;
    if (e->opts.busy) {
        e->opts.busy(e->opts.owner, false);
    }
    e->stats.done++;
    e->stats.failed += j->ended || j->status != 0;
    j->said[j->n_said] = '\0';
    errand_done(j, j->ended ? -ECANCELED : j->status, j->ended ? j->ended : j->said);
    if (e->closing) {
        uv_close((uv_handle_t *)&e->kick, on_kick_closed);
    } else {
        (void)uv_timer_start(&e->kick, on_kick, 0, 0);
    }
}

static void end_group(struct errand *j, const char *why)
{
    if (!j->ended && uv_is_active((uv_handle_t *)&j->process)) {
        j->ended = why;
        (void)kill(-(pid_t)uv_process_get_pid(&j->process),
                   SIGKILL);                         /* on_exit_() goes on */
        (void)uv_process_kill(&j->process, SIGKILL); /* before it leads its group */
    }
}

static void close_all(struct errand *j)
{
    uv_close((uv_handle_t *)&j->process, on_handle_closed);
    uv_close((uv_handle_t *)&j->err, on_handle_closed);
    uv_close((uv_handle_t *)&j->limit, on_handle_closed);
}

/* Its last words are in the pipe already: they are read before it is closed. */
static void on_drained(uv_timer_t *timer)
{
    close_all(timer->data);
}

static void on_exit_(uv_process_t *process, int64_t status, int signal)
{
    struct errand *j = process->data;

    (void)kill(-(pid_t)uv_process_get_pid(process), SIGKILL); /* what it left behind */
    j->status = (int)status;
    if (signal != 0 && !j->ended) {
        j->ended = "its process was killed, perhaps for want of memory or time";
    }
    (void)uv_timer_start(&j->limit, on_drained, 1, 0);
}

static void on_limit(uv_timer_t *timer)
{
    end_group(timer->data, "it took too long");
}

/* ---- what it says ------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct errand *j = handle->data;

    (void)suggested;
    *buf = uv_buf_init(j->chunk, sizeof(j->chunk));
}

/* The end is kept. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct errand *j = stream->data;
    size_t room = sizeof(j->said) - 1;

    if (n < 0) {
        (void)uv_read_stop(stream);
        return;
    }
    size_t take = (size_t)n < room ? (size_t)n : room;
    size_t keep = j->n_said < room - take ? j->n_said : room - take;
    memmove(j->said, j->said + j->n_said - keep, keep);
    memcpy(j->said + keep, buf->base + (size_t)n - take, take);
    j->n_said = keep + take;
}

/* ---- the beginning ----------------------------------------------------------------- */

static void start(struct bw_errands *e, struct errand *j)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&j->err},
    };
    uv_process_options_t options = {.exit_cb = on_exit_,
                                    .file = "/proc/self/exe",
                                    .args = j->argv,
                                    .stdio = stdio,
                                    .stdio_count = 3,
                                    .flags = UV_PROCESS_DETACHED};
    int r;

    e->running = j;
    if (e->opts.busy) {
        e->opts.busy(e->opts.owner, true);
    }
    (void)uv_pipe_init(e->loop, &j->err, 0);
    (void)uv_timer_init(e->loop, &j->limit);
    j->err.data = j;
    j->limit.data = j;
    j->process.data = j;
    j->open = 3;
    r = uv_spawn(e->loop, &j->process, &options);
    if (r < 0) {
        j->process.data = j;
        j->ended = "its process did not start";
        close_all(j);
        return;
    }
    (void)uv_timer_start(&j->limit, on_limit, (uint64_t)j->limit_ms, 0);
    (void)uv_read_start((uv_stream_t *)&j->err, on_alloc, on_read);
}

static void start_next(struct bw_errands *e)
{
    struct queue *q = e->waiting.head ? &e->waiting : &e->quiet;

    if (!e->closing && !e->running && q->head) {
        start(e, pop(q));
    }
}

/* ---- the interface ----------------------------------------------------------------- */

int bw_errands_new(struct uv_loop_s *loop,
                   const struct bw_errands_opts *opts,
                   struct bw_errands **ret)
{
    struct bw_errands *e = calloc(1, sizeof(*e));

    if (!e) {
        return -ENOMEM;
    }
    e->loop = loop;
    e->opts = *opts;
    (void)uv_timer_init(loop, &e->kick);
    e->kick.data = e;
    *ret = e;
    return 0;
}

static struct errand *
errand_new(const char *program, const char *const *words, int64_t limit_ms)
{
    struct errand *j = calloc(1, sizeof(*j));
    char limit[24];
    const char *fixed[FIXED] = {"bandwitness-collector", "--errand", limit, program};
    bool good = j != NULL;
    size_t n = 0;

    (void)snprintf(limit, sizeof(limit), "%" PRId64, limit_ms / 1000 + 1);
    for (size_t i = 0; good && i < FIXED; i++) {
        j->argv[n] = strdup(fixed[i]);
        good = j->argv[n++] != NULL;
    }
    for (; good && *words; words++) {
        good = n < FIXED + WORDS_MAX && (j->argv[n] = strdup(*words)) != NULL;
        n++;
    }
    if (!good) {
        for (size_t i = 0; j && i < FIXED + WORDS_MAX; i++) {
            free(j->argv[i]);
        }
        free(j);
        return NULL;
    }
    return j;
}

int bw_errands_run(struct bw_errands *e,
                   const char *const *words,
                   int64_t limit_ms,
                   bool quiet,
                   bw_errand_cb cb,
                   void *owner)
{
    return bw_errands_run_other(e, e->opts.program, words, limit_ms, quiet, cb, owner);
}

int bw_errands_run_other(struct bw_errands *e,
                         const char *program,
                         const char *const *words,
                         int64_t limit_ms,
                         bool quiet,
                         bw_errand_cb cb,
                         void *owner)
{
    struct queue *q = quiet ? &e->quiet : &e->waiting;
    struct errand *j = NULL;

    if (!e->closing && q->n < BW_ERRANDS_WAITING_MAX) {
        j = errand_new(program, words, limit_ms);
    }
    if (!j) {
        return -EBUSY;
    }
    j->all = e;
    j->limit_ms = limit_ms;
    j->quiet = quiet;
    j->cb = cb;
    j->owner = owner;
    push(q, j);
    (void)uv_timer_start(&e->kick, on_kick, 0, 0);
    return 0;
}

void bw_errands_stats(const struct bw_errands *e, struct bw_errands_stats *ret)
{
    *ret = e->stats;
    ret->waiting_now = e->waiting.n + e->quiet.n;
}

void bw_errands_close(struct bw_errands *e, void (*cb)(void *owner), void *owner)
{
    if (!e) {
        return;
    }
    e->closing = true;
    e->closed_cb = cb;
    e->closed_owner = owner;
    (void)uv_timer_stop(&e->kick);
    while (e->waiting.head) {
        errand_done(pop(&e->waiting), -ECANCELED, "the collector is stopping");
    }
    while (e->quiet.head) {
        errand_done(pop(&e->quiet), -ECANCELED, "the collector is stopping");
    }
    if (e->running) {
        end_group(e->running, "the collector is stopping");
    } else {
        uv_close((uv_handle_t *)&e->kick, on_kick_closed);
    }
}
