/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3_run.c - one start of iperf3.
 *
 * It is started through setpriv(1), where there is one, which asks the kernel to kill it
 * when this process dies and then becomes it: a test that nobody waits for loads no line.
 * Without setpriv it ends with its own clock. */
#include "iperf3_run.h"

#include "iperf3.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    ARGS_MAX = 48,
    WORD_MAX = 32,
    WORDS_MAX = 12,
    /* What iperf3 3.12 reads of /dev/urandom for each stream before it begins: a block
     * (128 KiB of TCP, a datagram of UDP), and its own start. */
    FILL_TCP = 131072,
    FILL_UDP = 8192,
    START_BYTES = 16384,
    LAST_WORDS_MS = 500 /* output may trail the exit this long: somebody else may hold it */
};

static const char setpriv[] = "/usr/bin/setpriv";

struct iperf3_run {
    uv_process_t process;
    uv_pipe_t out;
    uv_pipe_t err;
    uv_timer_t words;
    int n_open;
    bool exited;
    int n_streams; /* of output that have not ended */
    bool closing;
    bool reverse;
    int64_t fill_bytes;
    void (*over)(void *owner, const struct iperf3_outcome *o);
    void *owner;
    struct iperf3_outcome outcome;
    char *text; /* BW_IPERF3_REPORT_MAX bytes */
    size_t text_len;
    char said[IPERF3_SAID_MAX];
    size_t said_len;
    char chunk[8192];
};

/* Arguments --------------------------------------------------------------------- */

struct words {
    char *args[ARGS_MAX];
    size_t n;
    char made[WORDS_MAX][WORD_MAX];
    size_t n_made;
};

static void add(struct words *w, const char *word)
{
    if (w->n + 1 < ARGS_MAX) {
        w->args[w->n++] = (char *)(uintptr_t)word; /* uv does not write to it */
        w->args[w->n] = NULL;
    }
}

static void add_number(struct words *w, const char *flag, int64_t v)
{
    if (w->n_made < WORDS_MAX) {
        char *to = w->made[w->n_made++];
        (void)snprintf(to, WORD_MAX, "%lld", (long long)v);
        add(w, flag);
        add(w, to);
    }
}

static void add_text(struct words *w, const char *flag, const char *text)
{
    if (text[0] != '\0') {
        add(w, flag);
        add(w, text);
    }
}

static void make_words(struct words *w, const struct iperf3_setup *s)
{
    bool guarded = access(setpriv, X_OK) == 0;
    (void)memset(w, 0, sizeof(*w));
    if (guarded) {
        add(w, setpriv);
        add(w, "--pdeathsig");
        add(w, "KILL");
        add(w, "--");
    }
    add(w, s->program);
    add(w, "--json");
    add_text(w, "--client", s->host);
    add_number(w, "--port", s->port);
    add_number(w, "--time", s->seconds);
    add_number(w, "--omit", s->omit_seconds);
    add_number(w, "--parallel", s->streams);
    add_number(w, "--connect-timeout", s->connect_ms);
    if (s->reverse) {
        add(w, "--reverse");
    }
    if (s->udp) {
        add(w, "--udp");
        add_number(w, "--bitrate", s->rate_bps / s->streams); /* iperf3's is a stream's */
    } else {
        add_text(w, "--congestion", s->cc);
    }
    if (s->family != 0) {
        add(w, s->family == 6 ? "--version6" : "--version4");
    }
    add_text(w, "--bind-dev", s->device);
    add_text(w, "--bind", s->source);
}

/* Its end ----------------------------------------------------------------------- */

static void handle_closed(uv_handle_t *handle)
{
    struct iperf3_run *r = handle->data;
    if (--r->n_open > 0) {
        return;
    }
    if (r->over) {
        r->outcome.out = r->text;
        r->outcome.n = r->text_len;
        r->said[r->said_len] = '\0';
        r->outcome.said = r->said;
        r->over(r->owner, &r->outcome);
    }
    free(r->text);
    free(r);
}

static void close_all(struct iperf3_run *r)
{
    if (r->closing) {
        return;
    }
    r->closing = true;
    uv_close((uv_handle_t *)&r->words, handle_closed);
    uv_close((uv_handle_t *)&r->process, handle_closed);
    uv_close((uv_handle_t *)&r->out, handle_closed);
    uv_close((uv_handle_t *)&r->err, handle_closed);
}

static void words_over(uv_timer_t *timer)
{
    close_all(timer->data);
}

static void maybe_over(struct iperf3_run *r)
{
    if (!r->exited) {
        return;
    }
    if (r->n_streams <= 0) {
        close_all(r);
    } else {
        uv_update_time(r->words.loop);
        (void)uv_timer_start(&r->words, words_over, LAST_WORDS_MS, 0);
    }
}

static void on_exit_cb(uv_process_t *process, int64_t code, int signal_number)
{
    struct iperf3_run *r = process->data;
    (void)code; /* 0 whatever happened */
    r->exited = true;
    r->outcome.exit_mono_ns = bw_clock_mono_ns();
    r->outcome.signal_number = signal_number;
    maybe_over(r);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct iperf3_run *r = handle->data;
    (void)suggested;
    *ret = uv_buf_init(r->chunk, sizeof(r->chunk));
}

static void on_out(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct iperf3_run *r = stream->data;
    if (n < 0) {
        r->n_streams--;
        (void)uv_read_stop(stream);
        maybe_over(r);
        return;
    }
    if ((size_t)n > BW_IPERF3_REPORT_MAX - r->text_len) {
        r->outcome.too_long = true;
        iperf3_run_kill(r);
        return;
    }
    (void)memcpy(r->text + r->text_len, buf->base, (size_t)n);
    r->text_len += (size_t)n;
}

static void on_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct iperf3_run *r = stream->data;
    if (n < 0) {
        r->n_streams--;
        (void)uv_read_stop(stream);
        maybe_over(r);
        return;
    }
    for (ssize_t i = 0; i < n && r->said_len + 1 < sizeof(r->said); i++) {
        char c = buf->base[i];
        if (c == '\n' && r->said_len == 0) {
            continue;
        }
        if (c < ' ' || c > '~') {
            c = ' ';
        }
        r->said[r->said_len++] = c;
    }
}

/* Its start --------------------------------------------------------------------- */

static int spawn(struct iperf3_run *r, uv_loop_t *loop, const struct iperf3_setup *s)
{
    static char lang[] = "LC_ALL=C"; /* its words in the language we look for */
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    static char tmp[] = "TMPDIR=/tmp";
    char *env[] = {lang, path, tmp, NULL};
    struct words w;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->err},
    };
    uv_process_options_t options = {
        .env = env, .exit_cb = on_exit_cb, .stdio = stdio, .stdio_count = 3};
    int result;
    make_words(&w, s);
    options.file = w.args[0];
    options.args = w.args;
    result = uv_spawn(loop, &r->process, &options);
    r->n_open++; /* uv_spawn makes the handle even when it fails */
    return result;
}

static int init_handles(struct iperf3_run *r, uv_loop_t *loop)
{
    int result = uv_pipe_init(loop, &r->out, 0);
    if (result == 0) {
        r->n_open++;
        result = uv_pipe_init(loop, &r->err, 0);
    }
    if (result == 0) {
        r->n_open++;
        result = uv_timer_init(loop, &r->words);
    }
    if (result == 0) {
        r->n_open++;
    }
    return result;
}

int iperf3_run_start(struct uv_loop_s *loop,
                     const struct iperf3_setup *setup,
                     void (*over)(void *owner, const struct iperf3_outcome *o),
                     void *owner,
                     struct iperf3_run **ret,
                     struct bw_err *reterr)
{
    struct iperf3_run *r;
    int result;
    if (access(setup->program, X_OK) < 0) {
        return bw_err_set(reterr, -ENOENT,
                          "%s cannot be started (%s): install the package iperf3, or name "
                          "the program by the option 'program'",
                          setup->program, bw_strerror(-errno));
    }
    r = calloc(1, sizeof(*r));
    if (r) {
        r->text = malloc(BW_IPERF3_REPORT_MAX);
    }
    if (!r || !r->text) {
        free(r);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r->reverse = setup->reverse;
    r->fill_bytes = START_BYTES;
    if (setup->reverse) {
        r->fill_bytes += setup->streams * (setup->udp ? FILL_UDP : FILL_TCP);
    }
    r->owner = owner;
    r->process.data = r->out.data = r->err.data = r->words.data = r;
    result = init_handles(r, loop);
    if (result == 0) {
        result = spawn(r, loop, setup);
    }
    if (result < 0) { /* only what was made is closed; the last one frees */
        uv_handle_t *const made[] = {(uv_handle_t *)&r->out, (uv_handle_t *)&r->err,
                                     (uv_handle_t *)&r->words, (uv_handle_t *)&r->process};
        int n = r->n_open;
        for (int i = 0; i < n; i++) {
            uv_close(made[i], handle_closed);
        }
        if (n == 0) {
            free(r->text);
            free(r);
        }
        return bw_err_set(reterr, result, "%s cannot be started: %s", setup->program,
                          uv_strerror(result));
    }
    r->over = over;
    r->n_streams = 2;
    (void)uv_read_start((uv_stream_t *)&r->out, on_alloc, on_out);
    (void)uv_read_start((uv_stream_t *)&r->err, on_alloc, on_err);
    *ret = r;
    return 0;
}

/* While it runs ------------------------------------------------------------------ */

/* In a container /proc may be of other numbers than ours: then they are not believed. */
static bool proc_is_ours(void)
{
    char text[32];
    ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    return strtol(text, NULL, 10) == (long)getpid();
}

int64_t iperf3_run_moved(const struct iperf3_run *run)
{
    const char *key = run->reverse ? "rchar: " : "wchar: ";
    char path[64];
    char text[512];
    const char *at;
    ssize_t n;
    int64_t v;
    int fd;
    if (run->exited || !proc_is_ours()) {
        return BW_UNKNOWN;
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/io", run->process.pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return BW_UNKNOWN;
    }
    n = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    at = strstr(text, key);
    if (!at) {
        return BW_UNKNOWN;
    }
    v = strtoll(at + strlen(key), NULL, 10) - run->fill_bytes;
    return v > 0 ? v : 0;
}

void iperf3_run_stop(struct iperf3_run *run)
{
    if (!run->exited) {
        (void)uv_process_kill(&run->process, SIGTERM);
    }
}

void iperf3_run_kill(struct iperf3_run *run)
{
    if (!run->exited) {
        (void)uv_process_kill(&run->process, SIGKILL);
    }
}
