/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter_snmp.c - the program that reads an edge device's counters, kept running.
 *
 * A meter is either waiting (timer) or has a child; a child that wrote what is no line, or
 * whose output ended, is killed, and everything goes on from its exit: one place, reached
 * once a child. What a meter knew of the port is forgotten with the child. */
#include "counter_snmp.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <log.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    WELL_MS = 60000,  /* a child that lived this long was well: the next may come at once */
    WORDS_MAX = 1024, /* of what is written to a child at once */
    LAST_WORDS_MS = 500 /* output may trail the exit this long */
};

/* One child with its pipes; freed when all three handles are closed. */
struct child {
    struct bw_snmp_meter *meter; /* NULL: nobody hears it any more */
    uv_process_t process;
    uv_pipe_t in;
    uv_pipe_t out;
    int n_open;
    bool spawned;
    bool exited;
    bool ended;  /* its output */
    bool broken; /* it wrote what is no line: nothing more is believed */
    int status;
    int signal_number;
    int64_t started_ms;
    char line[BW_SNMP_LINE_MAX + 1];
    size_t line_len;
    char chunk[4096];
};

struct words {
    uv_write_t write;
    char text[BW_SNMP_LINE_MAX];
};

struct bw_snmp_meter {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct bw_snmp_meter_callbacks cb;
    void *owner;
    char program[PATH_MAX];
    struct bw_snmp_job job;
    struct child *child; /* NULL: waiting */
    struct bw_snmp_status status;
    struct bw_snmp_port port;
    bool port_known;
    bool renewing;      /* the child is ended on purpose */
    int64_t generation; /* children so far */
    int64_t retry_ms;
    bool closing;
    int n_open; /* the timer, and the child */
    void (*closed)(void *owner);
    void *closed_owner;
};

static void start_later(struct bw_snmp_meter *m);

static void maybe_closed(struct bw_snmp_meter *m)
{
    void (*cb)(void *) = m->closed;
    void *owner = m->closed_owner;
    if (m->n_open > 0) {
        return;
    }
    free(m);
    if (cb) {
        cb(owner);
    }
}

static void set_status(struct bw_snmp_meter *m, const struct bw_snmp_status *s)
{
    m->status = *s;
    if (s->state != BW_SNMP_COUNTING) {
        m->port_known = false;
    }
    if (m->cb.status && !m->closing) {
        m->cb.status(m->owner, &m->status);
    }
}

static void set_not_running(struct bw_snmp_meter *m, const char *text)
{
    struct bw_snmp_status s = {.state = BW_SNMP_NOT_RUNNING,
                               .refresh_ms = BW_UNKNOWN,
                               .bits = BW_UNKNOWN,
                               .ifindex = BW_UNKNOWN};
    (void)snprintf(s.text, sizeof(s.text), "%.250s", text);
    set_status(m, &s);
}

/* ---- a child's end */

static void on_child_closed(uv_handle_t *handle)
{
    struct child *c = handle->data;
    struct bw_snmp_meter *m = c->meter;
    if (--c->n_open > 0) {
        return;
    }
    free(c);
    m->child = NULL;
    m->n_open--;
    if (m->closing) {
        maybe_closed(m);
    } else {
        start_later(m);
    }
}

static void close_child(struct child *c)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&c->in, (uv_handle_t *)&c->out,
                                    (uv_handle_t *)&c->process};
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], on_child_closed);
        }
    }
}

/* It may be another user by now (root's child becomes nobody), whom a daemon without
 * capabilities may not kill: then it ends with its input, when its question is over. */
static void kill_child(struct child *c)
{
    if (c->spawned && !c->exited) {
        (void)uv_process_kill(&c->process, SIGKILL);
        if (!uv_is_closing((uv_handle_t *)&c->in)) {
            uv_close((uv_handle_t *)&c->in, on_child_closed);
        }
    }
}

static void child_over(struct child *c);

static void words_over(uv_timer_t *timer)
{
    struct bw_snmp_meter *m = timer->data;
    m->child->ended = true;
    child_over(m->child);
}

/* It is gone, and all it wrote has been read. */
static void child_over(struct child *c)
{
    struct bw_snmp_meter *m = c->meter;
    if (!c->exited) {
        return;
    }
    if (!c->ended && !c->broken && !m->closing) {
        uv_update_time(m->loop);
        (void)uv_timer_start(&m->timer, words_over, LAST_WORDS_MS, 0);
        return;
    }
    (void)uv_timer_stop(&m->timer);
    /* One that told its own fault before it ended has the last word. */
    if (m->renewing) {
        struct bw_snmp_status s = {.state = BW_SNMP_STARTING,
                                   .refresh_ms = BW_UNKNOWN,
                                   .bits = BW_UNKNOWN,
                                   .ifindex = BW_UNKNOWN};
        m->renewing = false;
        m->retry_ms = BW_SNMP_RETRY_MIN_MS;
        set_status(m, &s);
    } else if (!m->closing && m->status.state != BW_SNMP_NOT_RUNNING) {
        char text[96];
        (void)snprintf(text, sizeof(text), "bandwitness-snmp ended with %s %d",
                       c->signal_number ? "signal" : "status",
                       c->signal_number ? c->signal_number : c->status);
        set_not_running(m, text);
    }
    if (uv_now(m->loop) - (uint64_t)c->started_ms > WELL_MS) {
        m->retry_ms = BW_SNMP_RETRY_MIN_MS;
    }
    close_child(c);
}

static void on_child_exit(uv_process_t *process, int64_t code, int signal_number)
{
    struct child *c = process->data;
    c->exited = true;
    c->status = (int)code;
    c->signal_number = signal_number;
    child_over(c);
}

/* ---- what it says */

static void take_line(struct child *c)
{
    struct bw_snmp_meter *m = c->meter;
    struct bw_snmp_line line;
    struct bw_err err = {""};
    if (bw_snmp_line_decode(c->line, c->line_len, &line, &err) < 0) {
        char text[256];
        (void)snprintf(text, sizeof(text), "bandwitness-snmp wrote what is no line: %.180s",
                       err.text);
        set_not_running(m, text);
        c->broken = true;
        kill_child(c);
        return;
    }
    switch (line.what) {
    case BW_SNMP_LINE_READING:
        if (line.reading.epoch <= INT32_MAX && m->cb.reading && !m->closing) {
            line.reading.epoch += m->generation << 32;
            m->cb.reading(m->owner, &line.reading);
        }
        break;
    case BW_SNMP_LINE_PORT:
        m->port = line.port;
        m->port_known = true;
        break;
    case BW_SNMP_LINE_STATUS:
        set_status(m, &line.status);
        break;
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = stream->data;
    if (n < 0) {
        (void)uv_read_stop(stream);
        c->ended = true;
        kill_child(c); /* one that says nothing more is of no use */
        child_over(c);
        return;
    }
    for (ssize_t i = 0; i < n && !c->broken; i++) {
        if (buf->base[i] == '\n') {
            take_line(c);
            c->line_len = 0;
        } else if (c->line_len == BW_SNMP_LINE_MAX) {
            set_not_running(c->meter, "bandwitness-snmp wrote a line that does not end");
            c->broken = true;
            kill_child(c);
        } else {
            c->line[c->line_len++] = buf->base[i];
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct child *c = handle->data;
    (void)suggested;
    *ret = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void on_written(uv_write_t *write, int status)
{
    (void)status; /* a child that does not read ends, which is told there */
    free(write->data);
}

static void write_words(struct child *c, const struct bw_buf *b)
{
    struct words *w = b->len <= sizeof(w->text) ? malloc(sizeof(*w)) : NULL;
    uv_buf_t buf;
    if (!w) {
        return;
    }
    (void)memcpy(w->text, b->data, b->len);
    w->write.data = w;
    buf = uv_buf_init(w->text, (unsigned)b->len);
    if (uv_write(&w->write, (uv_stream_t *)&c->in, &buf, 1, on_written) < 0) {
        free(w);
    }
}

/* ---- a child's beginning */

static int spawn(struct bw_snmp_meter *m, struct child *c)
{
    char name[] = "bandwitness-snmp";
    char *args[] = {name, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {.file = m->program,
                                    .args = args,
                                    .exit_cb = on_child_exit,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    return uv_spawn(m->loop, &c->process, &options);
}

static void start(uv_timer_t *timer)
{
    struct bw_snmp_meter *m = timer->data;
    struct child *c = calloc(1, sizeof(*c));
    struct bw_buf b;
    int r;
    if (!c) {
        start_later(m);
        return;
    }
    c->meter = m;
    c->process.data = c;
    c->in.data = c;
    c->out.data = c;
    c->started_ms = (int64_t)uv_now(m->loop);
    (void)uv_pipe_init(m->loop, &c->in, 0);
    (void)uv_pipe_init(m->loop, &c->out, 0);
    c->n_open = 3; /* uv_spawn makes the handle even when it fails */
    m->child = c;
    m->n_open++;
    m->generation++;
    r = spawn(m, c);
    if (r < 0) {
        char text[256];
        (void)snprintf(text, sizeof(text), "%.150s cannot be started: %s%s", m->program,
                       bw_strerror(r),
                       r == UV_ENOENT ? "; install the package bandwitness-snmp" : "");
        set_not_running(m, text);
        close_child(c);
        return;
    }
    c->spawned = true;
    bw_buf_init(&b, BW_SNMP_LINE_MAX);
    if (bw_snmp_job_encode(&m->job, getpid(), &b) == 0) {
        write_words(c, &b);
    }
    bw_buf_done(&b);
    (void)uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read);
}

static void start_later(struct bw_snmp_meter *m)
{
    uv_update_time(m->loop);
    (void)uv_timer_start(&m->timer, start, (uint64_t)m->retry_ms, 0);
    m->retry_ms =
        m->retry_ms * 2 > BW_SNMP_RETRY_MAX_MS ? BW_SNMP_RETRY_MAX_MS : m->retry_ms * 2;
}

static int find_program(const char *program, char ret[PATH_MAX])
{
    static const char name[] = "bandwitness-snmp";
    ssize_t n;
    if (program && program[0]) {
        (void)snprintf(ret, PATH_MAX, "%s", program);
        return 0;
    }
    n = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(name));
    while (n > 0 && ret[n - 1] != '/') {
        n--;
    }
    if (n <= 0) {
        return -ENOENT;
    }
    (void)memcpy(ret + n, name, sizeof(name));
    return 0;
}

int bw_snmp_meter_new(struct uv_loop_s *loop,
                      const char *program,
                      const struct bw_snmp_job *job,
                      const struct bw_snmp_meter_callbacks *callbacks,
                      void *owner,
                      struct bw_snmp_meter **ret,
                      struct bw_err *reterr)
{
    struct bw_snmp_meter *m = calloc(1, sizeof(*m));
    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (find_program(program, m->program) < 0) {
        free(m);
        return bw_err_set(reterr, -ENOENT, "where this program stands cannot be read");
    }
    m->loop = loop;
    m->job = *job;
    m->cb = *callbacks;
    m->owner = owner;
    m->retry_ms = BW_SNMP_RETRY_MIN_MS;
    m->status = (struct bw_snmp_status){.state = BW_SNMP_STARTING,
                                        .refresh_ms = BW_UNKNOWN,
                                        .bits = BW_UNKNOWN,
                                        .ifindex = BW_UNKNOWN};
    (void)uv_timer_init(loop, &m->timer);
    m->timer.data = m;
    m->n_open = 1;
    (void)uv_timer_start(&m->timer, start, 0, 0);
    *ret = m;
    return 0;
}

void bw_snmp_meter_move(struct bw_snmp_meter *m, void *owner)
{
    m->owner = owner;
}

void bw_snmp_meter_fast(struct bw_snmp_meter *m, int64_t ms)
{
    struct bw_buf b;
    if (!m->child || !m->child->spawned || m->child->exited || m->closing ||
        uv_is_closing((uv_handle_t *)&m->child->in)) {
        return;
    }
    bw_buf_init(&b, WORDS_MAX);
    if (bw_snmp_fast_encode(ms < BW_SNMP_FAST_MAX_MS ? ms : BW_SNMP_FAST_MAX_MS, &b) == 0) {
        write_words(m->child, &b);
    }
    bw_buf_done(&b);
}

void bw_snmp_meter_renew(struct bw_snmp_meter *m)
{
    if (m->closing || m->status.state == BW_SNMP_COUNTING) {
        return;
    }
    m->retry_ms = BW_SNMP_RETRY_MIN_MS;
    if (!m->child) {
        start_later(m);
    } else if (m->child->spawned && !m->child->exited) {
        m->renewing = true;
        kill_child(m->child);
    }
}

const struct bw_snmp_status *bw_snmp_meter_status(const struct bw_snmp_meter *m)
{
    return &m->status;
}

const struct bw_snmp_port *bw_snmp_meter_port(const struct bw_snmp_meter *m)
{
    return m->port_known ? &m->port : NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct bw_snmp_meter *m = handle->data;
    m->n_open--;
    maybe_closed(m);
}

void bw_snmp_meter_close(struct bw_snmp_meter *m, void (*cb)(void *owner), void *owner)
{
    if (!m) {
        return;
    }
    m->closing = true;
    m->closed = cb;
    m->closed_owner = owner;
    if (m->child) {
        kill_child(m->child);
        child_over(m->child); /* gone already, and its last words are not waited for */
    }
    uv_close((uv_handle_t *)&m->timer, on_timer_closed);
}
