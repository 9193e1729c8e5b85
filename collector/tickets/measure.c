/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure.c - the measurement process, seen from the collector: sockets, start, what it
 * asks, and again when it dies.
 *
 * The process's handle is closed only after it was waited for; a new one is started only
 * after the old one's handles are all closed. */
#include "measure.h"
#include "measure_words.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <inttypes.h>
#include <log.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    PEM_MAX = 256 * 1024,
    BACKLOG = 1024,
    END_MS = 3000,
    AGAIN_MIN_MS = 500,
    AGAIN_MAX_MS = 30000,
    WELL_MS = 60000, /* it ran so long: the next start is the first again */
    FIRST_FD = 3
};

struct bw_measure {
    uv_loop_t *loop;
    struct bw_tickets *tickets;
    struct bw_measure_line job;
    int fd;
    uv_process_t process;
    uv_pipe_t in;
    uv_pipe_t out;
    uv_timer_t again;
    unsigned open; /* handles of the process */
    bool alive;    /* it was started and not yet given up */
    bool waited_for;
    bool ready;
    int64_t started_mono_ms;
    int64_t again_ms;
    int64_t starts;
    struct bw_testsrv_stats stats;
    struct bw_buf said;
    char chunk[65536];
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

bool bw_measure_ready(const struct bw_measure *m)
{
    return m->ready && !m->closing;
}

struct bw_tickets *bw_measure_tickets(struct bw_measure *m)
{
    return m->tickets;
}

/* ---- the end of a process */

static void start_process(struct bw_measure *m);

static void free_all(struct bw_measure *m)
{
    void (*cb)(void *) = m->closed;
    void *owner = m->closed_owner;
    if (m->fd >= 0) {
        (void)close(m->fd);
    }
    bw_measure_line_done(&m->job);
    bw_tickets_free(m->tickets);
    bw_buf_done(&m->said);
    free(m);
    if (cb) {
        cb(owner);
    }
}

static void on_again_closed(uv_handle_t *handle)
{
    free_all(handle->data);
}

static void maybe_closed(struct bw_measure *m)
{
    if (m->closing && m->open == 0 && !uv_is_closing((uv_handle_t *)&m->again)) {
        uv_close((uv_handle_t *)&m->again, on_again_closed);
    }
}

/* A process that is asked to end and does not is killed; else one is started. */
static void on_again(uv_timer_t *timer)
{
    struct bw_measure *m = timer->data;
    if (m->closing) {
        (void)uv_process_kill(&m->process, SIGKILL);
    } else {
        start_process(m);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct bw_measure *m = handle->data;
    if (--m->open > 0) {
        return;
    }
    if (m->closing) {
        maybe_closed(m);
        return;
    }
    if (bw_clock_mono_ms() - m->started_mono_ms > WELL_MS) {
        m->again_ms = AGAIN_MIN_MS;
    }
    bw_log(BW_AREA_HTTP, BW_WARN,
           "the measurement process ended; tests under way are lost, it is started again "
           "in %" PRId64 " ms",
           m->again_ms);
    (void)uv_timer_start(&m->again, on_again, (uint64_t)m->again_ms, 0);
    m->again_ms = m->again_ms * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : m->again_ms * 2;
}

static void end_process(struct bw_measure *m)
{
    if (!m->alive) {
        return;
    }
    m->alive = false;
    m->ready = false;
    memset(&m->stats, 0, sizeof(m->stats));
    bw_tickets_lost(m->tickets);
    bw_buf_clear(&m->said);
    if (m->waited_for) {
        uv_close((uv_handle_t *)&m->process, on_handle_closed);
    } else {
        (void)uv_process_kill(&m->process, SIGKILL); /* on_exit_() goes on */
    }
    uv_close((uv_handle_t *)&m->in, on_handle_closed);
    uv_close((uv_handle_t *)&m->out, on_handle_closed);
}

static void on_exit_(uv_process_t *process, int64_t status, int signal)
{
    struct bw_measure *m = process->data;
    m->waited_for = true;
    if (status != 0 || (signal != 0 && signal != SIGKILL)) {
        bw_log(BW_AREA_HTTP, BW_ERROR,
               "the measurement process ended with status %" PRId64 ", signal %d", status,
               signal);
    }
    if (m->alive) {
        end_process(m);
        return;
    }
    uv_close((uv_handle_t *)process, on_handle_closed);
    if (!uv_is_closing((uv_handle_t *)&m->out)) {
        uv_close((uv_handle_t *)&m->out, on_handle_closed);
    }
}

/* Its standard input ends: that is its sign to go. */
static void end_gently(struct bw_measure *m)
{
    if (!m->alive) {
        return;
    }
    m->alive = false;
    m->ready = false;
    uv_close((uv_handle_t *)&m->in, on_handle_closed);
    (void)uv_timer_start(&m->again, on_again, END_MS, 0);
}

/* ---- words */

struct saying {
    uv_write_t write;
    struct bw_buf text;
};

static void on_written(uv_write_t *write, int status)
{
    struct saying *s = write->data;
    (void)status; /* a process that is gone is noticed by its end */
    if (s->text.data) {
        explicit_bzero(s->text.data, s->text.len);
    }
    bw_buf_done(&s->text);
    free(s);
}

static void say(struct bw_measure *m, const struct bw_measure_line *l)
{
    struct saying *s = calloc(1, sizeof(*s));
    if (!s) {
        end_process(m);
        return;
    }
    s->write.data = s;
    bw_buf_init(&s->text, BW_MEASURE_LINE_MAX);
    int r = bw_measure_write(l, &s->text);
    if (r == 0) {
        uv_buf_t buf = uv_buf_init(s->text.data, (unsigned)s->text.len);
        r = uv_write(&s->write, (uv_stream_t *)&m->in, &buf, 1, on_written);
    }
    if (r < 0) {
        on_written(&s->write, r);
        end_process(m);
    }
}

static void on_ask(struct bw_measure *m, const struct bw_measure_line *l)
{
    struct bw_measure_line answer = {.what = BW_MEASURE_GRANT, .test = l->test};
    struct bw_err err = {.text = ""};
    answer.status = bw_tickets_begin(m->tickets, l->token, l->peer, l->kind, l->direction,
                                     l->test, &answer.max_bytes, &err);
    if (answer.status != 200) {
        (void)snprintf(answer.reason, sizeof(answer.reason), "%.255s", err.text);
    }
    say(m, &answer);
}

static void on_ended(struct bw_measure *m, const struct bw_measure_line *l)
{
    struct bw_measure_line answer = {.what = BW_MEASURE_RECEIPT, .test = l->test};
    struct bw_err err = {.text = ""};
    struct bw_buf jws;
    bw_buf_init(&jws, BW_RECEIPT_JWS_MAX);
    if (bw_tickets_end(m->tickets, l->test, &l->measured, &jws, &err) < 0) {
        bw_log(BW_AREA_HTTP, BW_WARN, "no receipt for a test: %s", err.text);
    } else {
        (void)snprintf(answer.jws, sizeof(answer.jws), "%s", jws.data);
    }
    bw_buf_done(&jws);
    say(m, &answer);
}

static void act(struct bw_measure *m, const struct bw_measure_line *l)
{
    switch (l->what) {
    case BW_MEASURE_READY:
        m->ready = true;
        break;
    case BW_MEASURE_ASK:
        on_ask(m, l);
        break;
    case BW_MEASURE_JOINED:
        bw_tickets_joined(m->tickets, l->test, l->peer);
        break;
    case BW_MEASURE_ENDED:
        on_ended(m, l);
        break;
    case BW_MEASURE_STATS:
        m->stats = l->stats;
        break;
    case BW_MEASURE_JOB:
    case BW_MEASURE_GRANT:
    case BW_MEASURE_RECEIPT:
        end_process(m);
        break;
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct bw_measure *m = handle->data;
    (void)suggested;
    *buf = uv_buf_init(m->chunk, sizeof(m->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct bw_measure *m = stream->data;
    size_t used = 0;
    if (!m->alive) {
        if (n < 0) {
            (void)uv_read_stop(stream);
        }
        return;
    }
    if (n < 0) {
        end_process(m);
        return;
    }
    bw_buf_add(&m->said, buf->base, (size_t)n);
    while (m->alive && m->said.len > used) {
        const char *at = m->said.data + used;
        const char *newline = memchr(at, '\n', m->said.len - used);
        struct bw_measure_line l;
        struct bw_err err = {.text = ""};
        if (!newline) {
            break;
        }
        if (bw_measure_read(at, (size_t)(newline - at), &l, &err) < 0) {
            bw_log(BW_AREA_HTTP, BW_ERROR, "the measurement process spoke nonsense: %s",
                   err.text);
            end_process(m);
            return;
        }
        act(m, &l);
        bw_measure_line_done(&l);
        used += (size_t)(newline - at) + 1;
    }
    if (!m->alive) {
        return;
    }
    if (used > 0) {
        memmove(m->said.data, m->said.data + used, m->said.len - used);
        m->said.len -= used;
    }
    if (bw_buf_error(&m->said) < 0) {
        end_process(m);
    }
}

/* ---- the beginning of a process */

static void start_process(struct bw_measure *m)
{
    static char name[] = "bandwitness-collector";
    static char role[] = "--measure";
    char *argv[] = {name, role, NULL};
    uv_stdio_container_t stdio[4] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&m->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&m->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = m->fd},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_,
        .file = "/proc/self/exe",
        .args = argv,
        .stdio = stdio,
        .stdio_count = 4,
    };
    if (m->closing) {
        return;
    }
    (void)uv_pipe_init(m->loop, &m->in, 0);
    (void)uv_pipe_init(m->loop, &m->out, 0);
    m->in.data = m;
    m->out.data = m;
    m->process.data = m;
    m->open = 3;
    m->alive = true;
    m->waited_for = false;
    m->started_mono_ms = bw_clock_mono_ms();
    m->starts++;
    int r = uv_spawn(m->loop, &m->process, &options);
    if (r < 0) {
        bw_log(BW_AREA_HTTP, BW_ERROR, "the measurement process did not start: %s",
               uv_strerror(r));
        m->waited_for = true; /* there is none */
        end_process(m);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&m->out, on_alloc, on_read);
    say(m, &m->job);
}

/* ---- the socket */

static int open_socket(const struct bw_config_measure *c, int *ret, struct bw_err *reterr)
{
    struct sockaddr_storage a;
    socklen_t n;
    int one = 1;
    int off = 0;
    memset(&a, 0, sizeof(a));
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&a;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&a;
    if (inet_pton(AF_INET, c->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)c->port);
        n = sizeof(*four);
    } else if (inet_pton(AF_INET6, c->address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)c->port);
        n = sizeof(*six);
    } else {
        return bw_err_set(reterr, -EINVAL, "%s is no address", c->address);
    }
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        (a.ss_family == AF_INET6 && /* "::" takes IPv4 too */
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
        bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, BACKLOG) < 0) {
        int e = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return bw_err_set(reterr, -e, "%s port %" PRId64 ": %s", c->address, c->port,
                          bw_strerror(-e));
    }
    *ret = fd;
    return 0;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    memset(&a, 0, sizeof(a));
    if (getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
        return 0;
    }
    return ntohs(a.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)&a)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)&a)->sin_port);
}

/* ---- the whole */

static int read_pem(const char *path, char **ret, struct bw_err *reterr)
{
    struct bw_buf b;
    bw_buf_init(&b, PEM_MAX);
    int r = bw_file_read(path, PEM_MAX, &b, reterr);
    if (r == 0) {
        *ret = bw_buf_take(&b, NULL);
        r = *ret ? 0 : bw_err_set(reterr, -EINVAL, "%s is empty", path);
    }
    bw_buf_done(&b);
    return r;
}

static int
make_job(struct bw_measure *m, const struct bw_config_measure *c, struct bw_err *reterr)
{
    m->job.what = BW_MEASURE_JOB;
    (void)snprintf(m->job.server, sizeof(m->job.server), "%s", c->name);
    m->job.n_fds = 1;
    m->job.connections = c->connections;
    if (!c->tls_certificate[0]) {
        return 0;
    }
    int r = read_pem(c->tls_certificate, &m->job.cert_pem, reterr);
    return r < 0 ? r : read_pem(c->tls_key, &m->job.key_pem, reterr);
}

static int make_tickets(struct bw_measure *m,
                        const struct bw_config_measure *c,
                        const struct bw_key *log_key)
{
    char host[300];
    bool brackets = strchr(c->host, ':') != NULL;
    unsigned port = c->public_port > 0 ? (unsigned)c->public_port : port_of(m->fd);
    (void)snprintf(host, sizeof(host), "%s%s%s:%u", brackets ? "[" : "", c->host,
                   brackets ? "]" : "", port);
    const struct bw_tickets_opts opts = {.log_key = log_key,
                                         .server = c->name,
                                         .host = host,
                                         .tls = c->tls_certificate[0] != '\0',
                                         .tests = c->tests,
                                         .rate_bps = c->rate_bps,
                                         .unclaimed_bps = c->unclaimed_bps,
                                         .test_bytes = c->test_bytes,
                                         .site_bytes = c->site_bytes,
                                         .site_tests = c->site_tests};
    return bw_tickets_new(&opts, &m->tickets);
}

int bw_measure_new(struct uv_loop_s *loop,
                   const struct bw_collector_config *conf,
                   const struct bw_key *log_key,
                   struct bw_measure **ret,
                   struct bw_err *reterr)
{
    const struct bw_config_measure *c = &conf->measure;
    *ret = NULL;
    if (!c->on) {
        return 0;
    }
    struct bw_measure *m = calloc(1, sizeof(*m));
    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    m->loop = loop;
    m->fd = -1;
    m->again_ms = AGAIN_MIN_MS;
    bw_buf_init(&m->said, (size_t)8 * BW_MEASURE_SAID_MAX);
    int r = make_job(m, c, reterr);
    r = r < 0 ? r : open_socket(c, &m->fd, reterr);
    r = r < 0 ? r : make_tickets(m, c, log_key);
    if (r < 0) {
        free_all(m);
        return r;
    }
    (void)uv_timer_init(loop, &m->again);
    m->again.data = m;
    bw_log(BW_AREA_HTTP, BW_NOTICE, "measurement server \"%s\" at %s port %u%s", c->name,
           c->address, port_of(m->fd), c->tls_certificate[0] ? " (TLS)" : "");
    start_process(m);
    *ret = m;
    return 0;
}

void bw_measure_metrics(const struct bw_measure *m, struct bw_buf *out)
{
    struct bw_tickets_stats t;
    if (!m) {
        return;
    }
    bw_tickets_stats(m->tickets, &t);
    const struct {
        const char *name;
        const char *type;
        const char *help;
        int64_t v;
    } rows[] = {
        {"measure_up", "gauge", "1 while the measurement process is ready.", m->ready},
        {"measure_starts", "counter", "Starts of the measurement process.", m->starts},
        {"measure_connections", "gauge", "Its connections.", m->stats.connections},
        {"measure_tests", "gauge", "Tests it runs or finishes.", m->stats.tests},
        {"measure_cut_waiting", "counter", "Connections it cut for want of a ticket.",
         m->stats.cut_waiting},
        {"measure_places_taken", "gauge", "Bookings that hold a place.", t.taken},
        {"tickets", "counter", "Tickets handed out, one for a test's directions.",
         t.booked},
        {"tickets_refused", "counter", "Requests told to come again later.", t.refused},
        {"test_receipts", "counter", "Receipts signed.", t.receipts},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool total = strcmp(rows[i].type, "counter") == 0;
        bw_buf_printf(out,
                      "# TYPE bandwitness_%s %s\n# HELP bandwitness_%s %s\n"
                      "bandwitness_%s%s %" PRId64 "\n",
                      rows[i].name, rows[i].type, rows[i].name, rows[i].help, rows[i].name,
                      total ? "_total" : "", rows[i].v);
    }
}

void bw_measure_close(struct bw_measure *m, void (*cb)(void *owner), void *owner)
{
    if (!m) {
        return;
    }
    m->closing = true;
    m->closed = cb;
    m->closed_owner = owner;
    end_gently(m);
    maybe_closed(m);
}
