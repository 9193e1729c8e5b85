/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_conn.c - a connection's bytes, in the clear or by TLS.
 *
 * One readiness event is one turn: it moves at most TURN_BYTES each way, so that a fast
 * connection leaves room for the others. What waits in `out` goes between two pieces of
 * load, never within a frame. */
#include "testsrv_private.h"

#include <clock.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_PIECE = 4096,
    FINISH_MS = 3000,
    TLS_PIECE = 16384 /* one record: RFC 8446 section 5.1 */
};

/* ---- life */

bool conn_has_test(const struct conn *c)
{
    return c->test && c->test->state != TEST_ASKED;
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct bw_testsrv *s = c->srv;
    SSL_free(c->ssl);
    (void)close(c->fd);
    bw_buf_done(&c->in);
    bw_buf_done(&c->out);
    bw_buf_done(&c->text);
    free(c);
    s->open_handles--;
    testsrv_maybe_closed(s);
}

void conn_close(struct conn *c)
{
    struct bw_testsrv *s = c->srv;
    struct test *t = c->test;
    if (c->dead) {
        return;
    }
    c->dead = true;
    if (t && t->kind == BW_TEST_KIND_NDT7 && !s->closing) {
        test_end(t, BW_RECEIPT_CUT); /* nothing where it has ended already */
    }
    test_leave(c);
    if (t) {
        test_maybe_free(t);
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        s->first = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    } else {
        s->last = c->prev;
    }
    s->stats.connections--;
    uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events);

void conn_new(struct bw_testsrv *s, int fd)
{
    struct conn *c = calloc(1, sizeof(*c));
    int one = 1;
    int not_sent = NOT_SENT_BYTES;
    if (!c || uv_poll_init(s->loop, &c->poll, fd) < 0) {
        free(c);
        (void)close(fd);
        return;
    }
    c->srv = s;
    c->fd = fd;
    c->poll.data = c;
    c->state = CONN_HEAD;
    c->deadline_mono_ms = bw_clock_mono_ms() + s->limits.setup_ms;
    bw_buf_init(&c->in, BW_WS_HEAD_MAX + HEAD_PIECE);
    bw_buf_init(&c->out, OUT_MAX);
    bw_buf_init(&c->text, TEXT_MAX);
    c->prev = s->last;
    if (s->last) {
        s->last->next = c;
    } else {
        s->first = c;
    }
    s->last = c;
    s->open_handles++;
    s->stats.connections++;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    /* What waits unsent in the socket delays the texts between the load, and is more
     * memory for a receiver that is slow. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof(not_sent));
    if (s->tls) {
        c->state = CONN_TLS;
        c->ssl = SSL_new(s->tls);
        if (!c->ssl || SSL_set_fd(c->ssl, fd) != 1) {
            conn_close(c);
            return;
        }
        SSL_set_accept_state(c->ssl);
    }
    conn_wait(c);
}

/* ---- TLS or not */

static int64_t tls_result(struct conn *c, int r)
{
    int e = SSL_get_error(c->ssl, r);
    ERR_clear_error();
    switch (e) {
    case SSL_ERROR_WANT_READ:
        c->tls_wants_write = false;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        c->tls_wants_write = true;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        return -ECONNRESET;
    }
}

int64_t conn_read(struct conn *c, void *to, size_t n)
{
    if (c->ssl) {
        int r = SSL_read(c->ssl, to, n > INT32_MAX ? INT32_MAX : (int)n);
        return r > 0 ? r : tls_result(c, r);
    }
    ssize_t r;
    do {
        r = recv(c->fd, to, n, 0);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

static int64_t conn_write(struct conn *c, const void *from, size_t n)
{
    if (c->ssl) {
        int r = SSL_write(c->ssl, from, n > INT32_MAX ? INT32_MAX : (int)n);
        int64_t e = r > 0 ? r : tls_result(c, r);
        return e == 0 ? -ECONNRESET : e;
    }
    ssize_t r;
    do {
        r = send(c->fd, from, n, MSG_NOSIGNAL);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

/* ---- out */

bool conn_put(struct conn *c, const void *data, size_t n)
{
    bw_buf_add(&c->out, data, n);
    if (bw_buf_error(&c->out) < 0) {
        conn_close(c); /* it does not read what it is told */
        return false;
    }
    return true;
}

static int64_t send_out(struct conn *c)
{
    while (c->out_at < c->out.len) {
        int64_t r = conn_write(c, c->out.data + c->out_at, c->out.len - c->out_at);
        if (r < 0) {
            return r;
        }
        c->out_at += (size_t)r;
    }
    c->out_at = 0;
    bw_buf_clear(&c->out);
    return 0;
}

/* A frame's header, and as much load as fits: in TLS one record, so that both are in it. */
static int64_t send_load(struct conn *c, size_t n)
{
    const uint8_t *load = c->srv->load + c->load_at;
    size_t header = c->header_n - c->header_at;
    if (header == 0) {
        return conn_write(c, load, n);
    }
    uint8_t first[TLS_PIECE];
    size_t with = n < sizeof(first) - header ? n : sizeof(first) - header;
    memcpy(first, c->header + c->header_at, header);
    memcpy(first + header, load, with);
    int64_t r = conn_write(c, first, header + with);
    if (r < 0) {
        return r;
    }
    size_t of_header = (size_t)r < header ? (size_t)r : header;
    c->header_at += of_header;
    return r - (int64_t)of_header;
}

int64_t conn_send_body(struct conn *c, size_t most)
{
    size_t n = LOAD_BYTES - c->load_at;
    n = (int64_t)n < c->body_left ? n : (size_t)c->body_left;
    n = n < most ? n : most;
    int64_t r = send_load(c, n);
    if (r > 0) {
        c->body_left -= r;
        c->load_at = (c->load_at + (size_t)r) % LOAD_BYTES;
        if (c->test) {
            test_moved(c, r);
        }
    }
    return r < 0 ? r : r + 1; /* a header alone is progress too */
}

/* Within a frame, or within a body whose head is sent: nothing else may go now. */
static bool in_body(const struct conn *c)
{
    bool some = c->body_left > 0 || c->header_at < c->header_n;
    if (c->state == CONN_HTTP_DOWN) {
        return some && c->out.len == 0;
    }
    return some && c->direction == BW_DOWN &&
           (c->state == CONN_WS_LOAD || c->state == CONN_WS_SIGNING ||
            c->state == CONN_WS_CLOSING || c->state == CONN_LAST);
}

/* All that can go now; -EAGAIN when the socket is full, 0 when nothing is left. */
static int64_t send_turn(struct conn *c)
{
    size_t left = TURN_BYTES;
    while (!c->dead) {
        int64_t r = 0;
        if (in_body(c)) {
            if (c->state == CONN_HTTP_DOWN && !http_may_send(c)) {
                return 0;
            }
            r = conn_send_body(c, left);
        } else if (c->out.len > 0) {
            r = send_out(c);
            if (r == 0) {
                continue;
            }
        } else if (c->state == CONN_WS_LOAD) {
            r = ws_send(c, left);
        } else if (c->state == CONN_HTTP_DOWN) {
            http_next(c); /* the body is sent */
        }
        if (r <= 0) {
            return r;
        }
        if ((size_t)r >= left) {
            return -EAGAIN; /* the others' turn */
        }
        left -= (size_t)r;
    }
    return 0;
}

/* ---- in */

static bool reads(const struct conn *c)
{
    return c->state != CONN_ASKED && c->state != CONN_HTTP_RECEIPT && c->state != CONN_LAST;
}

static void take(struct conn *c, uint8_t *p, size_t n)
{
    switch (c->state) {
    case CONN_HEAD:
    case CONN_ASKED:
    case CONN_HTTP_DOWN:
    case CONN_HTTP_RECEIPT:
        bw_buf_add(&c->in, p, n);
        if (bw_buf_error(&c->in) < 0) {
            conn_close(c);
        } else if (c->state == CONN_HEAD) {
            head_look(c);
        }
        break;
    case CONN_WS_LOAD:
    case CONN_WS_SIGNING:
    case CONN_WS_CLOSING:
        ws_bytes(c, p, n);
        break;
    case CONN_HTTP_UP:
        http_bytes(c, p, n);
        break;
    case CONN_TLS:
    case CONN_LAST:
    case CONN_DRAIN:
        break;
    }
}

static void read_turn(struct conn *c)
{
    struct bw_testsrv *s = c->srv;
    size_t left = TURN_BYTES;
    while (!c->dead && left > 0 && reads(c)) {
        bool load = c->state == CONN_HTTP_UP || c->state == CONN_WS_LOAD ||
                    c->state == CONN_WS_SIGNING || c->state == CONN_WS_CLOSING ||
                    c->state == CONN_DRAIN;
        size_t most = load ? RECEIVE_BYTES : HEAD_PIECE;
        int64_t n = conn_read(c, s->receive, most);
        if (n == -EAGAIN) {
            return;
        }
        if (n <= 0) {
            conn_close(c);
            return;
        }
        take(c, s->receive, (size_t)n);
        left -= (size_t)n < left ? (size_t)n : left;
        if (!c->ssl && (size_t)n < most) {
            return; /* the socket is empty */
        }
    }
}

/* ---- turns */

static void shake_hands(struct conn *c)
{
    int r = SSL_do_handshake(c->ssl);
    if (r == 1) {
        c->state = CONN_HEAD;
        c->tls_wants_write = false;
    } else if (tls_result(c, r) != -EAGAIN) {
        conn_close(c);
    }
}

static bool wants_out(const struct conn *c)
{
    return c->out.len > 0 || in_body(c) || c->tls_wants_write ||
           (c->state == CONN_WS_LOAD && c->direction == BW_DOWN) ||
           c->state == CONN_HTTP_DOWN;
}

void conn_wait(struct conn *c)
{
    if (c->dead) {
        return;
    }
    int events = (reads(c) ? UV_READABLE : 0) | (wants_out(c) ? UV_WRITABLE : 0);
    if (events == c->events) {
        return;
    }
    c->events = events;
    if (events == 0) {
        (void)uv_poll_stop(&c->poll);
    } else {
        (void)uv_poll_start(&c->poll, events, on_poll);
    }
}

static void turn(struct conn *c, bool readable)
{
    c->tls_wants_write = false;
    if (c->state == CONN_TLS) {
        shake_hands(c);
    }
    if (!c->dead && c->state != CONN_TLS && (c->ssl || readable)) {
        read_turn(c);
    }
    if (!c->dead && c->state != CONN_TLS && wants_out(c)) {
        int64_t r = send_turn(c);
        if (!c->dead && r < 0 && r != -EAGAIN) {
            conn_close(c);
        } else if (!c->dead && r == 0 && c->state == CONN_LAST && c->out.len == 0) {
            /* What it still sends must not meet a closed socket, or the answer is lost. */
            (void)(c->ssl ? SSL_shutdown(c->ssl) : 0);
            ERR_clear_error();
            (void)shutdown(c->fd, SHUT_WR);
            c->state = CONN_DRAIN;
        }
    }
    conn_wait(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct conn *c = poll->data;
    if (status < 0) {
        conn_close(c);
    } else {
        turn(c, events & UV_READABLE);
    }
}

void conn_go(struct conn *c)
{
    if (!c->dead) {
        turn(c, true);
    }
}

void conn_finish(struct conn *c)
{
    int64_t deadline_ms = bw_clock_mono_ms() + FINISH_MS;
    c->state = CONN_LAST;
    c->deadline_mono_ms =
        c->deadline_mono_ms < deadline_ms ? c->deadline_mono_ms : deadline_ms;
}
