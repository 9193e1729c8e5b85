/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_ws.c - an ndt7 test: one WebSocket connection, one direction.
 *
 * Load, then the receipt is asked for, then a last measurement that carries it, then
 * Close. What the client still sends after the load's end is read and thrown away. */
#include "testsrv_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <clock.h>
#include <hash.h>
#include <inttypes.h>
#include <math.h>
#include <ndt7.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TICK_MIN_MS = 25,
    TICK_MEAN_MS = 250,
    TICK_MAX_MS = 625,
    CLOSING_MS = 2000
};

static int64_t elapsed_us(const struct test *t)
{
    return (bw_clock_mono_ns() - t->t0_mono_ns) / 1000;
}

static bool put_frame(struct conn *c, enum bw_ws_opcode opcode, const void *p, size_t n)
{
    uint8_t frame[BW_WS_HEADER_MAX + TEXT_MAX];
    size_t len = bw_ws_put(frame, sizeof(frame), opcode, p, n, NULL);
    return len > 0 && conn_put(c, frame, len);
}

/* ---- measurements */

static void address_of(int fd, bool own, char ret[BW_NDT7_ADDRESS_MAX + 1])
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    char ip[INET6_ADDRSTRLEN] = "";
    struct sockaddr *to = (struct sockaddr *)&a;
    memset(&a, 0, sizeof(a));
    if ((own ? getsockname(fd, to, &n) : getpeername(fd, to, &n)) < 0) {
        return;
    }
    if (a.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&a;
        (void)inet_ntop(AF_INET6, &six->sin6_addr, ip, sizeof(ip));
        (void)snprintf(ret, BW_NDT7_ADDRESS_MAX, "[%s]:%u", ip, ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&a;
        (void)inet_ntop(AF_INET, &four->sin_addr, ip, sizeof(ip));
        (void)snprintf(ret, BW_NDT7_ADDRESS_MAX, "%s:%u", ip, ntohs(four->sin_port));
    }
}

static bool put_measurement(struct conn *c, const char *receipt)
{
    struct bw_ndt7_measurement m;
    struct bw_buf text;
    bw_ndt7_measurement_init(&m);
    m.origin = BW_NDT7_FROM_SERVER;
    m.has_test = true;
    m.test = c->direction;
    address_of(c->fd, false, m.client);
    address_of(c->fd, true, m.server);
    (void)snprintf(m.uuid, sizeof(m.uuid), "%s_%" PRIx64 "_%" PRIx64, c->srv->server,
                   (uint64_t)c->test->at_unix_ms, c->test->id);
    info_measure(c->fd, elapsed_us(c->test), &m);
    if (receipt && strlen(receipt) < sizeof(m.receipt)) {
        (void)snprintf(m.receipt, sizeof(m.receipt), "%s", receipt);
    }
    bw_buf_init(&text, TEXT_MAX);
    bw_ndt7_measurement_write(&m, &text);
    bool good = bw_buf_error(&text) == 0 && put_frame(c, BW_WS_TEXT, text.data, text.len);
    bw_buf_done(&text);
    return good;
}

static bool put_ping(struct conn *c)
{
    char now[32];
    int n = snprintf(now, sizeof(now), "%" PRId64, bw_clock_unix_ns());
    return put_frame(c, BW_WS_PING, now, (size_t)n);
}

/* ---- the end of the load */

static void load_over(struct conn *c, enum bw_receipt_end end)
{
    if (c->state == CONN_WS_LOAD) {
        c->state = CONN_WS_SIGNING;
        test_end(c->test, end);
    }
}

/* Downwards a frame under way is sent to its end first. */
static void stop(struct conn *c, enum bw_receipt_end end)
{
    if (c->direction == BW_UP) {
        load_over(c, end);
    } else if (!c->stopping) {
        c->stopping = true;
        c->stop_end = end;
    }
}

static void put_close(struct conn *c, int code, const char *reason)
{
    uint8_t payload[BW_WS_CONTROL_MAX];
    size_t n = bw_ws_close_write(payload, (enum bw_ws_code)code, reason);
    (void)put_frame(c, BW_WS_CLOSE, payload, n);
}

/* The client broke the protocol: no receipt for that. */
static void fault(struct conn *c, int code, const char *reason)
{
    struct test *t = c->test;
    if (c->state == CONN_WS_CLOSING) { /* it has our Close already */
        conn_close(c);
        return;
    }
    put_close(c, code, reason);
    if (!c->dead) {
        conn_finish(c);
        test_end(t, BW_RECEIPT_CUT);
    }
}

void ws_signed(struct conn *c, const char *jws)
{
    if (c->state != CONN_WS_SIGNING) {
        return;
    }
    if (!put_measurement(c, jws)) {
        conn_close(c);
        return;
    }
    put_close(c, BW_WS_NORMAL, "");
    if (c->dead) {
        return;
    }
    int64_t deadline_ms = bw_clock_mono_ms() + CLOSING_MS;
    c->deadline_mono_ms =
        c->deadline_mono_ms > deadline_ms ? c->deadline_mono_ms : deadline_ms;
    c->state = CONN_WS_CLOSING;
    if (c->close_seen) {
        conn_finish(c);
    }
    conn_go(c);
}

/* ---- the clock */

static uint64_t next_tick_ms(void)
{
    uint32_t random = 0;
    bw_random(&random, sizeof(random));
    double ms = -TICK_MEAN_MS * log(((double)random + 1) / 4294967296.0);
    ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
    return (uint64_t)ms;
}

static void arm(struct test *t)
{
    const struct bw_testsrv_limits *l = &t->srv->limits;
    int64_t now_ms = elapsed_us(t) / 1000;
    int64_t end_ms =
        t->direction == BW_DOWN && !t->conns->stopping ? l->ndt7_ms : l->stop_ms;
    uint64_t ms = next_tick_ms();
    int64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    ms = (int64_t)ms < left_ms ? ms : (uint64_t)left_ms;
    uv_update_time(t->srv->loop);
    (void)uv_timer_start(&t->ticker, ws_on_ticker, ms, 0);
}

void ws_on_ticker(uv_timer_t *timer)
{
    struct test *t = timer->data;
    struct conn *c = t->conns;
    const struct bw_testsrv_limits *l = &t->srv->limits;
    struct tcp_sums sums = {.n = 0};
    bool app_limited = false;
    if (!c || c->state != CONN_WS_LOAD) {
        return;
    }
    int64_t now_ms = elapsed_us(t) / 1000;
    if (info_sums(c->fd, &sums, &app_limited)) {
        t->n_looks++;
        t->n_app_limited += app_limited;
    }
    if (now_ms >= l->stop_ms) {
        load_over(c, BW_RECEIPT_TIME);
    } else if (t->direction == BW_DOWN && now_ms >= l->ndt7_ms) {
        stop(c, BW_RECEIPT_DONE);
    } else if (!put_measurement(c, NULL) || !put_ping(c)) {
        conn_close(c);
        return;
    }
    if (!c->dead && c->state == CONN_WS_LOAD) {
        arm(t);
    }
    conn_wait(c);
}

/* ---- the beginning */

void ws_granted(struct conn *c)
{
    static const struct bw_ws_limits limits = {.binary_max = BW_NDT7_MESSAGE_MAX,
                                               .text_max = TEXT_MAX - 1};
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                     "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n",
                     c->accept);
    bw_ws_reader_init(&c->reader, BW_WS_SERVER, &limits);
    c->frame_bytes = BW_NDT7_MESSAGE_FIRST;
    c->deadline_mono_ms = bw_clock_mono_ms() + c->srv->limits.hard_ms;
    c->state = CONN_WS_LOAD;
    if (!conn_put(c, head, (size_t)n) || !put_measurement(c, NULL)) {
        conn_close(c);
        return;
    }
    arm(c->test);
    if (c->in.len > 0) {
        ws_bytes(c, (uint8_t *)c->in.data, c->in.len);
        bw_buf_clear(&c->in);
    }
    conn_go(c);
}

/* ---- load out */

int64_t ws_send(struct conn *c, size_t most)
{
    if (c->direction != BW_DOWN) {
        return 0;
    }
    if (c->stopping || !test_may_move(c->test)) {
        load_over(c, c->stopping ? c->stop_end : BW_RECEIPT_BYTES);
        return 0;
    }
    c->frame_bytes = bw_ndt7_next_size(c->frame_bytes, c->test->bytes);
    const struct bw_ws_frame f = {
        .opcode = BW_WS_BINARY, .fin = true, .length = (uint64_t)c->frame_bytes};
    c->header_n = bw_ws_frame_write(&f, c->header);
    c->header_at = 0;
    c->body_left = c->frame_bytes;
    c->load_at = 0;
    return conn_send_body(c, most);
}

/* ---- what the client says */

/* A measurement of the client's: kept by nobody, but it has to be one. */
static bool is_measurement(const struct bw_buf *text)
{
    struct bw_ndt7_measurement m;
    return bw_ndt7_measurement_read(text->data ? text->data : "", text->len, &m, NULL) == 0;
}

static void on_text(struct conn *c, const struct bw_ws_event *e)
{
    if (e->first) {
        bw_buf_clear(&c->text);
    }
    bw_buf_add(&c->text, e->data, e->n);
    if (e->last && !is_measurement(&c->text)) {
        fault(c, BW_WS_BAD_DATA, "not a measurement");
    }
}

static void on_control(struct conn *c, const struct bw_ws_event *e)
{
    if (e->opcode == BW_WS_PING) {
        (void)put_frame(c, BW_WS_PONG, e->data, e->n);
        return;
    }
    if (e->opcode != BW_WS_CLOSE) {
        return;
    }
    c->close_seen = true;
    if (c->state == CONN_WS_CLOSING) {
        conn_finish(c);
    } else {
        stop(c, BW_RECEIPT_DONE);
    }
}

/* Payload is only counted. */
static void on_load(struct conn *c, int64_t bytes)
{
    if (bytes == 0 || c->state != CONN_WS_LOAD) {
        return;
    }
    test_moved(c, bytes);
    if (!test_may_move(c->test)) {
        stop(c, BW_RECEIPT_BYTES);
    }
}

void ws_bytes(struct conn *c, uint8_t *p, size_t n)
{
    int64_t load = 0;
    while (!c->dead && !c->close_seen) {
        struct bw_ws_event e;
        struct bw_err err = {.text = ""};
        size_t used = 0;
        int r = bw_ws_next(&c->reader, p, n, &used, &e, &err);
        if (r < 0) {
            on_load(c, load);
            fault(c, c->reader.close_code, err.text);
            return;
        }
        p += used;
        n -= used;
        if (e.what == BW_WS_MORE) {
            break;
        }
        if (e.what == BW_WS_PIECE && e.opcode == BW_WS_BINARY && c->direction == BW_UP) {
            load += (int64_t)e.n;
            continue;
        }
        on_load(c, load);
        load = 0;
        if (e.what == BW_WS_CONTROL) {
            on_control(c, &e);
        } else if (e.opcode == BW_WS_TEXT) {
            on_text(c, &e);
        } else {
            fault(c, BW_WS_POLICY, "only the server sends load in a download");
        }
        if (c->state == CONN_LAST) {
            return;
        }
    }
    if (!c->dead) {
        on_load(c, load);
    }
}
