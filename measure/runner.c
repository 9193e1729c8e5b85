/* SPDX-License-Identifier: GPL-3.0-or-later
 * runner.c - a throughput run as a child process.
 *
 * end() comes when the child has exited, its output has ended (or was waited for long
 * enough) and every handle is closed: one place, reached once, whatever went wrong. */
#include "runner.h"

#include "child.h"
#include "job.h"
#include "secret.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    HARD_MARGIN_MS = 5000,
    CANCEL_MS = 1000,   /* for the partial result, then it is killed */
    LAST_WORDS_MS = 500 /* output may trail the exit this long */
};

struct bw_runner {
    uv_process_t process;
    uv_pipe_t in;  /* the child's standard input */
    uv_pipe_t out; /* its standard output */
    uv_timer_t timer;
    uv_write_t write;
    int n_open; /* handles not closed yet */
    struct bw_runner_callbacks cb;
    void *owner;
    struct bw_buf job;
    char line[BW_CHILD_LINE_MAX + 1];
    size_t line_len;
    char chunk[8192];
    bool expected[BW_DIRECTIONS];
    bool final[BW_DIRECTIONS];
    bool spawned;
    bool exited;
    bool ended; /* its output */
    bool done;  /* it said so */
    bool cancelled;
    bool broken; /* wrote what is no line: nothing more is believed */
    bool closing;
    uint32_t target;
    int status; /* the first thing that went wrong */
    char reason[256];
};

static void __attribute__((format(printf, 3, 4)))
fault(struct bw_runner *r, int status, const char *fmt, ...)
{
    va_list ap;
    if (r->status != 0) {
        return;
    }
    r->status = status;
    va_start(ap, fmt);
    (void)vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
    va_end(ap);
}

static void finish(struct bw_runner *r)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (r->expected[d] && !r->final[d] && r->cb.sample) {
            struct bw_run_sample s;
            bw_run_sample_failed(
                &s, (enum bw_direction)d, r->status != 0 ? r->status : -EPIPE,
                r->status != 0 ? r->reason : "the test process gave no result");
            s.target = r->target;
            r->cb.sample(r->owner, &s);
        }
    }
    if (r->cb.end) {
        r->cb.end(r->owner, r->status, r->status != 0 ? r->reason : NULL);
    }
}

static void handle_closed(uv_handle_t *handle)
{
    struct bw_runner *r = handle->data;
    if (--r->n_open > 0) {
        return;
    }
    if (r->spawned) {
        finish(r);
    }
    bw_buf_done(&r->job);
    free(r);
}

static void close_all(struct bw_runner *r)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&r->process, (uv_handle_t *)&r->in,
                                    (uv_handle_t *)&r->out, (uv_handle_t *)&r->timer};
    if (r->closing) {
        return;
    }
    r->closing = true;
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], handle_closed);
        }
    }
}

/* The child of a daemon that was started as root is nobody, and the daemon has no right
 * left to send it a signal: without a reader of its lines it ends itself. */
static void kill_child(struct bw_runner *r)
{
    if (!r->exited && uv_process_kill(&r->process, SIGKILL) < 0 &&
        !uv_is_closing((uv_handle_t *)&r->out)) {
        r->ended = true;
        uv_close((uv_handle_t *)&r->out, handle_closed);
    }
}

static void words_over(uv_timer_t *timer)
{
    close_all(timer->data);
}

static void maybe_over(struct bw_runner *r)
{
    if (!r->exited) {
        return;
    }
    if (r->ended) {
        close_all(r);
    } else {
        uv_update_time(r->timer.loop);
        (void)uv_timer_start(&r->timer, words_over, LAST_WORDS_MS, 0);
    }
}

static void on_exit_cb(uv_process_t *process, int64_t code, int signal_number)
{
    struct bw_runner *r = process->data;
    r->exited = true;
    if (!r->done || code != 0 || signal_number != 0) {
        if (signal_number != 0) {
            const char *word = sigdescr_np(signal_number);
            fault(r, -EPIPE, "the test process was killed by signal %d (%s)", signal_number,
                  word ? word : "no name");
        } else {
            fault(r, -EPIPE, "the test process ended early with status %d", (int)code);
        }
    }
    maybe_over(r);
}

static void on_deadline(uv_timer_t *timer)
{
    struct bw_runner *r = timer->data;
    fault(r, -ETIMEDOUT, "the test did not end in time and was killed");
    kill_child(r);
}

static void on_cancel_deadline(uv_timer_t *timer)
{
    kill_child(timer->data);
}

static void take_line(struct bw_runner *r)
{
    struct bw_child_line line;
    struct bw_err err = {""};
    if (bw_child_line_decode(r->line, r->line_len, &line, &err) < 0) {
        fault(r, -EBADMSG, "the test process wrote what is no result: %.180s", err.text);
        r->broken = true;
        kill_child(r);
        return;
    }
    if (line.what == BW_CHILD_DONE) {
        r->done = true;
        return;
    }
    line.sample.target = r->target;
    if (!r->expected[line.sample.direction] || r->final[line.sample.direction]) {
        fault(r, -EBADMSG, "the test process gave a result nobody asked for");
        r->broken = true;
        kill_child(r);
        return;
    }
    r->final[line.sample.direction] = line.sample.final != 0;
    if (r->cb.sample) {
        r->cb.sample(r->owner, &line.sample);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct bw_runner *r = stream->data;
    if (n < 0) {
        r->ended = true;
        (void)uv_read_stop(stream);
        maybe_over(r);
        return;
    }
    for (ssize_t i = 0; i < n && !r->broken; i++) {
        if (buf->base[i] == '\n') {
            take_line(r);
            r->line_len = 0;
        } else if (r->line_len == BW_CHILD_LINE_MAX) {
            fault(r, -EBADMSG, "the test process wrote a line that does not end");
            r->broken = true;
            kill_child(r);
        } else {
            r->line[r->line_len++] = buf->base[i];
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct bw_runner *r = handle->data;
    (void)suggested;
    *ret = uv_buf_init(r->chunk, sizeof(r->chunk));
}

static void on_written(uv_write_t *write, int status)
{
    struct bw_runner *r = write->data;
    (void)status; /* a child that does not read its job exits, which is told there */
    if (!uv_is_closing((uv_handle_t *)&r->in)) {
        uv_close((uv_handle_t *)&r->in, handle_closed);
    }
}

static int init_handles(struct bw_runner *r, uv_loop_t *loop)
{
    int result = uv_pipe_init(loop, &r->in, 0);
    if (result == 0) {
        r->n_open++;
        result = uv_pipe_init(loop, &r->out, 0);
    }
    if (result == 0) {
        r->n_open++;
        result = uv_timer_init(loop, &r->timer);
    }
    if (result == 0) {
        r->n_open++;
    }
    return result;
}

static int spawn(struct bw_runner *r, uv_loop_t *loop, const char *program)
{
    char name[] = "bandwitness-run";
    char flag[] = "--run-child";
    char *args[] = {name, flag, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&r->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {.file = program ? program : "/proc/self/exe",
                                    .args = args,
                                    .exit_cb = on_exit_cb,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    int result = uv_spawn(loop, &r->process, &options);
    r->n_open++; /* uv_spawn makes the handle even when it fails */
    r->spawned = result == 0;
    return result;
}

/* The job as its child reads it; a secret is read here, since the child may not. */
static int encode(struct bw_runner_job *job, struct bw_buf *out, struct bw_err *reterr)
{
    char secret[BW_SECRET_MAX + 1] = "";
    int result = job->secret ? 0 : bw_secret_read(job->opts, secret, reterr);
    if (result < 0) {
        return result;
    }
    if (secret[0] != '\0') {
        job->secret = secret;
    }
    result = bw_child_job_encode(job, out);
    if (job->secret == secret) {
        job->secret = NULL;
    }
    explicit_bzero(secret, sizeof(secret));
    return result < 0 ? bw_err_set(reterr, result, "the test's options are too long") : 0;
}

int bw_runner_start(struct uv_loop_s *loop,
                    const struct bw_runner_job *job,
                    const struct bw_runner_callbacks *callbacks,
                    void *owner,
                    struct bw_runner **ret,
                    struct bw_err *reterr)
{
    struct bw_runner *r = NULL;
    struct bw_runner_job whole = *job;
    uint64_t hard_ms = job->hard_ms;
    uv_buf_t buf;
    int result;
    if (job->target >= bw_opts_n_targets(job->opts)) {
        return bw_err_set(reterr, -EINVAL, "the test has no such target");
    }
    r = calloc(1, sizeof(*r));
    if (!r) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&r->job, BW_CHILD_JOB_MAX);
    r->cb = *callbacks;
    r->owner = owner;
    r->target = job->target;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        r->expected[d] = bw_job_has_direction(job, (enum bw_direction)d);
    }
    r->process.data = r->in.data = r->out.data = r->timer.data = r->write.data = r;
    if (whole.budget_ms == 0 && job->ops->longest_ms) {
        whole.budget_ms = (uint32_t)job->ops->longest_ms(job->opts);
    }
    if (hard_ms == 0) {
        hard_ms = (uint64_t)whole.budget_ms + HARD_MARGIN_MS;
    }
    result = encode(&whole, &r->job, reterr);
    if (result < 0) {
        bw_buf_done(&r->job);
        free(r);
        return result;
    }
    result = init_handles(r, loop);
    if (result == 0) {
        result = spawn(r, loop, job->program);
    }
    if (result < 0) {
        (void)bw_err_set(reterr, result, "the test process cannot be started: %s",
                         uv_strerror(result));
        /* Only what was made is closed; the last one frees. */
        r->closing = true;
        if (r->n_open == 0) {
            bw_buf_done(&r->job);
            free(r);
            return result;
        }
        uv_handle_t *const made[] = {(uv_handle_t *)&r->in, (uv_handle_t *)&r->out,
                                     (uv_handle_t *)&r->timer, (uv_handle_t *)&r->process};
        for (int i = 0, n = r->n_open; i < n; i++) {
            uv_close(made[i], handle_closed);
        }
        return result;
    }
    buf = uv_buf_init(r->job.data, (unsigned)r->job.len);
    (void)uv_write(&r->write, (uv_stream_t *)&r->in, &buf, 1, on_written);
    (void)uv_read_start((uv_stream_t *)&r->out, on_alloc, on_read);
    uv_update_time(loop);
    (void)uv_timer_start(&r->timer, on_deadline, hard_ms, 0);
    *ret = r;
    return 0;
}

void bw_runner_cancel(struct bw_runner *r)
{
    if (r->cancelled || r->exited || r->closing) {
        return;
    }
    r->cancelled = true;
    fault(r, -ECANCELED, "cancelled");
    (void)uv_process_kill(&r->process, SIGTERM);
    uv_update_time(r->timer.loop);
    (void)uv_timer_start(&r->timer, on_cancel_deadline, CANCEL_MS, 0);
}
