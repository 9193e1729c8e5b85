/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_pool.c - drawing processes: one job at a time each, a deadline for every job, a
 * fresh process after any fault. A job whose process died under it is given once more. A
 * worker is freed when its last handle is closed, and its process's handle is closed only
 * after it was waited for: nothing else would, and it would stay a zombie. */
#include "graph_pool.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <graph_worker.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    WORKERS_MAX = 8,
    WAITING_MAX = 128,
    PICTURE_MAX = 4 * 1024 * 1024,
    JOB_MS = 25000, /* a little more than the worker's own limit */
    IDLE_MS = 60000,
    READ_BYTES = 65536
};

struct job {
    struct job *next;
    struct bw_buf line;
    bw_graph_drawn_cb cb;
    void *owner;
    bool again; /* it met a death already */
};

struct worker {
    struct bw_graph_pool *pool;
    size_t slot;
    uv_process_t process;
    uv_pipe_t in;
    uv_pipe_t out;
    uv_timer_t timer;
    uv_write_t write;
    unsigned open;
    bool closing;
    bool waited_for;
    struct job *job;
    struct bw_buf answer;
    char chunk[READ_BYTES];
};

struct bw_graph_pool {
    uv_loop_t *loop;
    size_t n_slots;
    size_t n_yielded;
    struct worker *workers[WORKERS_MAX];
    size_t n_alive; /* workers not yet freed */
    struct job *head;
    struct job *tail;
    struct bw_graph_pool_stats stats;
    bool closing;
    uv_timer_t kick; /* starts jobs later, never within a caller */
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

static void start_some(struct bw_graph_pool *p);

static void job_done(struct job *j, const char *picture, size_t n, const char *error)
{
    j->cb(j->owner, picture, n, error);
    bw_buf_done(&j->line);
    free(j);
}

static void on_kick(uv_timer_t *timer)
{
    start_some(timer->data);
}

static void kick(struct bw_graph_pool *p)
{
    if (!p->closing) {
        (void)uv_timer_start(&p->kick, on_kick, 0, 0);
    }
}

/* --- the end of a worker ----------------------------------------------------------------
 */

static void on_kick_closed(uv_handle_t *handle)
{
    struct bw_graph_pool *p = handle->data;
    void (*cb)(void *) = p->closed_cb;
    void *owner = p->closed_owner;
    free(p);
    if (cb) {
        cb(owner);
    }
}

static void maybe_closed(struct bw_graph_pool *p)
{
    if (p->closing && p->n_alive == 0 && !uv_is_closing((uv_handle_t *)&p->kick)) {
        uv_close((uv_handle_t *)&p->kick, on_kick_closed);
    }
}

static void on_worker_handle_closed(uv_handle_t *handle)
{
    struct worker *w = handle->data;
    if (--w->open > 0) {
        return;
    }
    struct bw_graph_pool *p = w->pool;
    bw_buf_done(&w->answer);
    free(w);
    p->n_alive--;
    maybe_closed(p);
}

static void end_worker(struct worker *w, const char *why, bool died)
{
    if (w->closing) {
        return;
    }
    w->closing = true;
    struct bw_graph_pool *p = w->pool;
    p->workers[w->slot] = NULL;
    if (w->waited_for) {
        uv_close((uv_handle_t *)&w->process, on_worker_handle_closed);
    } else {
        (void)uv_process_kill(&w->process, SIGKILL); /* on_exit_() goes on */
    }
    uv_close((uv_handle_t *)&w->in, on_worker_handle_closed);
    uv_close((uv_handle_t *)&w->out, on_worker_handle_closed);
    uv_close((uv_handle_t *)&w->timer, on_worker_handle_closed);
    struct job *j = w->job;
    w->job = NULL;
    if (j && died && !j->again && !p->closing) {
        j->again = true;
        j->next = p->head;
        p->head = j;
        p->tail = p->tail ? p->tail : j;
        p->stats.waiting_now++;
    } else if (j) {
        p->stats.failed++;
        job_done(j, NULL, 0, why);
    }
    kick(p);
}

static void worker_end(struct worker *w, const char *why)
{
    end_worker(w, why, false);
}

/* Killed, perhaps for want of memory: nothing that the job must have caused. */
static void worker_died(struct worker *w)
{
    end_worker(w, "the drawing process ended", true);
}

static void on_exit_(uv_process_t *process, int64_t status, int signal)
{
    struct worker *w = process->data;
    (void)status;
    (void)signal;
    w->waited_for = true;
    if (w->closing) {
        uv_close((uv_handle_t *)process, on_worker_handle_closed);
    } else {
        worker_died(w);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    worker_end(w, "drawing took too long");
}

/* --- answers ----------------------------------------------------------------------------
 */

static void answer(struct worker *w, const char *picture, size_t n, const char *error)
{
    struct job *j = w->job;
    struct bw_graph_pool *p = w->pool;
    w->job = NULL;
    if (error) {
        p->stats.failed++;
    } else {
        p->stats.drawn++;
    }
    (void)uv_timer_start(&w->timer, on_timer, IDLE_MS, 0);
    job_done(j, picture, n, error);
    bw_buf_clear(&w->answer);
    kick(p);
}

/* Is the answer whole? Then hand it over. */
static void look_at_answer(struct worker *w)
{
    const char *newline =
        w->answer.len ? memchr(w->answer.data, '\n', w->answer.len) : NULL;
    if (!newline || !w->job) {
        return;
    }
    size_t head = (size_t)(newline - w->answer.data) + 1;
    if (strncmp(w->answer.data, "error ", 6) == 0) {
        w->answer.data[head - 1] = '\0';
        answer(w, NULL, 0, w->answer.data + 6);
        return;
    }
    char *end = NULL;
    unsigned long long n =
        strncmp(w->answer.data, "ok ", 3) == 0 ? strtoull(w->answer.data + 3, &end, 10) : 0;
    if (!end || *end != '\n' || n == 0 || n > PICTURE_MAX) {
        worker_end(w, "the drawing process spoke nonsense");
    } else if (w->answer.len - head >= n) {
        answer(w, w->answer.data + head, (size_t)n, NULL);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct worker *w = handle->data;
    (void)suggested;
    *buf = uv_buf_init(w->chunk, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct worker *w = stream->data;
    if (n < 0) {
        worker_died(w);
        return;
    }
    bw_buf_add(&w->answer, buf->base, (size_t)n);
    if (bw_buf_error(&w->answer) < 0) {
        worker_end(w, "the picture is too large");
        return;
    }
    look_at_answer(w);
}

static void on_written(uv_write_t *write, int status)
{
    struct worker *w = write->data;
    if (status < 0) {
        worker_died(w);
    }
}

/* --- starting ---------------------------------------------------------------------------
 */

static struct worker *worker_start(struct bw_graph_pool *p, size_t slot)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    w->pool = p;
    w->slot = slot;
    w->open = 4;
    bw_buf_init(&w->answer, PICTURE_MAX + 64);
    (void)uv_pipe_init(p->loop, &w->in, 0);
    (void)uv_pipe_init(p->loop, &w->out, 0);
    (void)uv_timer_init(p->loop, &w->timer);
    w->in.data = w;
    w->out.data = w;
    w->timer.data = w;
    w->write.data = w;
    w->process.data = w;
    static char name[] = "bandwitness-collector";
    static char role[] = "--graph-worker";
    char *argv[] = {name, role, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&w->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&w->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_,
        .file = "/proc/self/exe",
        .args = argv,
        .stdio = stdio,
        .stdio_count = 3,
    };
    p->workers[slot] = w;
    p->n_alive++;
    p->stats.started++;
    int r = uv_spawn(p->loop, &w->process, &options);
    if (r < 0) {
        w->process.data = w;
        w->waited_for = true; /* there is none */
        worker_end(w, "the drawing process did not start");
        return NULL;
    }
    (void)uv_read_start((uv_stream_t *)&w->out, on_alloc, on_read);
    return w;
}

static struct job *pop(struct bw_graph_pool *p)
{
    struct job *j = p->head;
    p->head = j->next;
    if (!p->head) {
        p->tail = NULL;
    }
    p->stats.waiting_now--;
    return j;
}

static void give(struct worker *w, struct job *j)
{
    w->job = j;
    (void)uv_timer_start(&w->timer, on_timer, JOB_MS, 0);
    uv_buf_t buf = uv_buf_init(j->line.data, (unsigned)j->line.len);
    int r = uv_write(&w->write, (uv_stream_t *)&w->in, &buf, 1, on_written);
    if (r < 0) {
        worker_died(w);
    }
}

static void start_some(struct bw_graph_pool *p)
{
    size_t n = p->n_slots > p->n_yielded + 1 ? p->n_slots - p->n_yielded : 1;
    for (size_t i = 0; i < n && p->head && !p->closing; i++) {
        struct worker *w = p->workers[i];
        if (w && w->job) {
            continue;
        }
        w = w ? w : worker_start(p, i);
        if (w) {
            give(w, pop(p));
        } else if (p->n_alive == 0 || i + 1 == n) {
            job_done(pop(p), NULL, 0, "no drawing process could be started");
        }
    }
}

/* --- the interface ----------------------------------------------------------------------
 */

int bw_graph_pool_new(struct uv_loop_s *loop, size_t n_workers, struct bw_graph_pool **ret)
{
    struct bw_graph_pool *p = calloc(1, sizeof(*p));
    if (!p) {
        return -ENOMEM;
    }
    p->loop = loop;
    p->n_slots = n_workers < WORKERS_MAX ? n_workers : WORKERS_MAX;
    (void)uv_timer_init(loop, &p->kick);
    p->kick.data = p;
    *ret = p;
    return 0;
}

int bw_graph_pool_draw(struct bw_graph_pool *p,
                       const struct bw_graph_job *job,
                       bw_graph_drawn_cb cb,
                       void *owner)
{
    struct job *j =
        p->closing || p->stats.waiting_now >= WAITING_MAX ? NULL : calloc(1, sizeof(*j));
    if (!j) {
        return -EBUSY;
    }
    bw_buf_init(&j->line, 65536);
    if (bw_graph_job_write(job, &j->line) < 0) {
        bw_buf_done(&j->line);
        free(j);
        return -EBUSY;
    }
    bw_buf_putc(&j->line, '\n');
    j->cb = cb;
    j->owner = owner;
    if (p->tail) {
        p->tail->next = j;
    } else {
        p->head = j;
    }
    p->tail = j;
    p->stats.waiting_now++;
    kick(p);
    return 0;
}

void bw_graph_pool_yield(struct bw_graph_pool *p, size_t n)
{
    p->n_yielded = n;
    kick(p);
}

void bw_graph_pool_stats(const struct bw_graph_pool *p, struct bw_graph_pool_stats *ret)
{
    *ret = p->stats;
}

void bw_graph_pool_close(struct bw_graph_pool *p, void (*cb)(void *owner), void *owner)
{
    if (!p) {
        return;
    }
    p->closed_cb = cb;
    p->closed_owner = owner;
    p->closing = true;
    while (p->head) {
        job_done(pop(p), NULL, 0, "the collector is stopping");
    }
    for (size_t i = 0; i < p->n_slots; i++) {
        if (p->workers[i]) {
            worker_end(p->workers[i], "the collector is stopping");
        }
    }
    maybe_closed(p);
}
