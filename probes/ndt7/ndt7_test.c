/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_test.c - the talk of one ndt7 test (protocol 0.11).
 *
 * Invariant: bytes go out in whole frames, what is small before the next message of load;
 * the first fault decides, and is told once, from the timer. Payload is counted where it
 * lies and never copied. */
#include "ndt7_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8.h>

enum {
    TICK_MS = 50,
    TELL_MS = 250,
    STALL_MS = 5000,      /* nothing moved for this long: the test failed */
    LEAST_MS = 5000,      /* one that was cut before says too little */
    LAST_WORDS_MS = 2000, /* after the Close, at most, and never beyond the end */
    BYTES_MIN = 16 * 1024,
    TEXTS_MAX = 600, /* the protocol allows ten a second */
    SKIP_MIN = 64 * 1024,
    TURN_BYTES = 4 * 1024 * 1024, /* then the loop's other work has its turn */
    QUEUE_MS = 150,               /* of load waiting in the kernel, about … */
    GROWN_MS = 3000,
    QUEUE_MIN = 32 * 1024,
    QUEUE_MAX = 4 * 1024 * 1024
};

static const int64_t NS_PER_MS = 1000000;

static void on_timer(uv_timer_t *timer);

/* The end ----------------------------------------------------------------------- */

static void set_timer(struct ndt7_test *t, uint64_t ms)
{
    uv_update_time(t->setup.loop);
    (void)uv_timer_start(&t->timer, on_timer, ms, 0);
}

static void __attribute__((format(printf, 3, 4)))
over(struct ndt7_test *t, int error, const char *fmt, ...)
{
    va_list ap;
    if (t->phase == NDT7_OVER) {
        return;
    }
    if (t->begun) {
        ndt7_figures_finish(t, bw_clock_mono_ns());
    }
    t->phase = NDT7_OVER;
    t->error = error;
    va_start(ap, fmt);
    (void)vsnprintf(t->reason, sizeof(t->reason), fmt, ap);
    va_end(ap);
    set_timer(t, 0);
}

static int64_t elapsed_ms(const struct ndt7_test *t)
{
    return (bw_clock_mono_ns() - t->f.t0_mono_ns) / NS_PER_MS;
}

/* Is there a figure? `why` is what the other side did. */
static void judge(struct ndt7_test *t, const char *why)
{
    struct ndt7_figures *f = &t->f;
    bool up = t->setup.direction == BW_UP;
    int64_t own_us;
    ndt7_figures_finish(t, bw_clock_mono_ns());
    own_us = (f->t1_mono_ns - f->t0_mono_ns) / 1000;
    if (own_us < INT64_C(1000) * LEAST_MS) {
        over(t, -ECONNRESET, "%s after %.1f s of the test", why, (double)own_us / 1e6);
    } else if ((up ? f->acked_bytes : f->counted_bytes) < BYTES_MIN) {
        over(t, -ENODATA,
             "only %lld bytes came through in %.1f s: too few to call it a rate",
             (long long)(up ? f->acked_bytes : f->counted_bytes), (double)own_us / 1e6);
    } else if (up && f->far_us == 0) {
        over(t, -ENODATA, "the server sent no TCPInfo: nobody knows what arrived");
    } else if (up && f->far_us < own_us / 2) {
        over(t, -ENODATA, "the server's last TCPInfo is of %.1f s in a test of %.1f s",
             (double)f->far_us / 1e6, (double)own_us / 1e6);
    } else {
        t->cut = own_us < INT64_C(1000) * (BW_NDT7_SEND_MS - 1000);
        over(t, 0, "%s", why);
    }
}

/* The other side is gone, in order or not. */
static void on_gone(struct ndt7_test *t, int error)
{
    if (t->phase == NDT7_UPGRADING) {
        over(t, -ECONNRESET, "the server closed the connection before its answer's end");
    } else if (t->phase == NDT7_RUNNING || t->phase == NDT7_CLOSING) {
        judge(t, error == -EPIPE ? "the server closed the connection"
                                 : "the connection broke");
    }
}

/* Going out --------------------------------------------------------------------- */

static void flush(struct ndt7_test *t)
{
    int64_t most = TURN_BYTES;
    int r = 1;
    if (t->phase == NDT7_OPENING || t->phase == NDT7_OVER) {
        return;
    }
    while (r == 1 && most > 0) {
        r = ndt7_out_some(t);
        most -= NDT7_RECORD;
    }
    if (r < 0) {
        on_gone(t, r);
        return;
    }
    ndt7_link_want_write(t->link,
                         t->out_n > 0 || t->frame_left > 0 || t->message_rest > 0 ||
                             (t->phase == NDT7_RUNNING && t->setup.direction == BW_UP));
}

/* No more load; the other side may still have something to say. */
static void begin_closing(struct ndt7_test *t, int code)
{
    if (t->phase == NDT7_RUNNING) {
        t->phase = NDT7_CLOSING;
        t->words_due = true;
    }
    t->close_due = true;
    t->close_code = code;
    flush(t);
}

/* Coming in --------------------------------------------------------------------- */

static void on_text(struct ndt7_test *t)
{
    struct bw_ndt7_measurement m;
    struct bw_err err = {""};
    int r = bw_buf_error(&t->text);
    bw_ndt7_measurement_init(&m);
    if (++t->n_texts > TEXTS_MAX) {
        over(t, -EMSGSIZE, "the server sends nothing but words: more than %d measurements",
             TEXTS_MAX);
        return;
    }
    if (r == 0) {
        r = bw_ndt7_measurement_read(t->text.data ? t->text.data : "", t->text.len, &m,
                                     &err);
    }
    if (r == 0) {
        r = ndt7_figures_take(t, &m, &err);
    }
    if (r < 0) {
        over(t, -EBADMSG, "the server's measurement cannot be used: %s",
             err.text[0] ? err.text : bw_strerror(r));
        return;
    }
    if (m.uuid[0] != '\0') {
        (void)memcpy(t->uuid, m.uuid, sizeof(t->uuid));
    }
    if (m.receipt[0] != '\0') {
        (void)memcpy(t->receipt, m.receipt, sizeof(t->receipt));
    }
    bw_buf_clear(&t->text);
}

static void on_close_frame(struct ndt7_test *t, const struct bw_ws_event *e)
{
    const char *reason = "";
    size_t n = 0;
    int code = 0;
    char why[200];
    if (bw_ws_close_read(e->data, e->n, &code, &reason, &n) < 0) {
        over(t, -EBADMSG, "the server's Close frame is broken");
        return;
    }
    if (!t->close_sent && !t->close_due) {
        t->close_due = true;
        t->close_code = code;
    }
    if (bw_utf8_hidden(reason, n) != n) {
        n = 0;
    }
    (void)snprintf(why, sizeof(why), "the server closed with code %d%s%.*s", code,
                   n > 0 ? ": " : "", (int)(n < 120 ? n : 120), reason);
    flush(t);
    if (code != BW_WS_NORMAL && code != BW_WS_GOING_AWAY && code != BW_WS_NO_CODE &&
        t->phase == NDT7_RUNNING && elapsed_ms(t) < LEAST_MS) {
        over(t, -ECONNABORTED, "%s", why);
    } else {
        judge(t, why);
    }
}

static void on_event(struct ndt7_test *t, const struct bw_ws_event *e)
{
    if (e->what == BW_WS_CONTROL) {
        if (e->opcode == BW_WS_PING) {
            ndt7_out_pong(t, e->data, e->n);
            flush(t);
        } else if (e->opcode == BW_WS_CLOSE) {
            on_close_frame(t, e);
        }
        return;
    }
    t->f.received_bytes += (int64_t)e->n;
    if (e->opcode == BW_WS_TEXT) {
        bw_buf_add(&t->text, e->data, e->n);
        if (e->last) {
            on_text(t);
        }
    } else if (t->setup.direction == BW_UP) {
        over(t, -EBADMSG, "the server sends load in an upload");
    }
}

static void feed(struct ndt7_test *t, uint8_t *p, size_t n)
{
    struct bw_err err = {""};
    size_t at = 0;
    while (t->phase == NDT7_RUNNING || t->phase == NDT7_CLOSING) {
        struct bw_ws_event e;
        size_t used = 0;
        if (bw_ws_next(&t->reader, p + at, n - at, &used, &e, &err) < 0) {
            t->close_due = true;
            t->close_code = t->reader.close_code;
            flush(t);
            over(t, -EBADMSG, "the server sent what is no WebSocket: %s", err.text);
            return;
        }
        at += used;
        if (e.what == BW_WS_MORE) {
            return;
        }
        on_event(t, &e);
    }
}

static void begin_running(struct ndt7_test *t)
{
    static const struct bw_ws_limits limits = {.binary_max = BW_NDT7_MESSAGE_MAX,
                                               .text_max = BW_NDT7_TEXT_MAX};
    bw_ws_reader_init(&t->reader, BW_WS_CLIENT, &limits);
    t->phase = NDT7_RUNNING;
    t->begun = true;
    ndt7_figures_begin(t, bw_clock_mono_ns());
    t->tick_mono_ns = 0; /* told at once */
    set_timer(t, 0);
}

static void on_head(struct ndt7_test *t)
{
    struct bw_ws_head h;
    struct bw_err err = {""};
    int n = bw_ws_answer_read(t->head, t->head_n, &h, &err);
    int r = n;
    if (n == 0) {
        return;
    }
    if (n > 0) {
        r = bw_ws_answer_check(&h, t->key, BW_NDT7_PROTOCOL, &err);
    }
    if (r < 0) {
        bool busy = n > 0 && (h.status == 429 || h.status == 503);
        over(t,
             busy                ? -EBUSY
             : r == -BW_EREFUSED ? -ECONNREFUSED
                                 : -EBADMSG,
             "%s%s", err.text, busy ? ": it has no capacity now" : "");
        return;
    }
    begin_running(t);
    feed(t, (uint8_t *)t->head + n, t->head_n - (size_t)n);
    flush(t);
}

/* Load that the kernel throws away for us, where TLS does not have to see it. */
static ssize_t skip_some(struct ndt7_test *t)
{
    uint64_t left = bw_ws_skippable(&t->reader);
    ssize_t n;
    if (t->tls || left < SKIP_MIN || t->setup.direction == BW_UP) {
        return 0;
    }
    n = ndt7_link_skip(t->link, left < TURN_BYTES ? (size_t)left : TURN_BYTES);
    if (n > 0) {
        bw_ws_skipped(&t->reader, (uint64_t)n);
        t->f.received_bytes += (int64_t)n;
    }
    return n;
}

/* Bytes of the answer, of frames, or skipped. */
static ssize_t read_some(struct ndt7_test *t)
{
    ssize_t n;
    if (t->phase == NDT7_UPGRADING) {
        n = ndt7_link_read(t->link, t->head + t->head_n, sizeof(t->head) - t->head_n);
        if (n > 0) {
            t->head_n += (size_t)n;
            on_head(t);
        }
        return n;
    }
    n = skip_some(t);
    if (n != 0) {
        return n;
    }
    n = ndt7_link_read(t->link, t->in, NDT7_READ_BYTES);
    if (n > 0) {
        feed(t, t->in, (size_t)n);
    }
    return n;
}

static void drain(struct ndt7_test *t)
{
    int64_t most = TURN_BYTES;
    ssize_t n = 1;
    while (n > 0 && most > 0 && t->phase != NDT7_OVER) {
        n = read_some(t);
        most -= n;
    }
    if (n < 0) {
        on_gone(t, (int)n);
    } else if (n > 0 && t->phase != NDT7_OVER && ndt7_link_holds_back(t->link)) {
        set_timer(t, 0); /* no poll tells of what TLS has already */
    }
}

static void on_ready(void *owner, bool readable, bool writable)
{
    struct ndt7_test *t = owner;
    if (readable) {
        drain(t);
    }
    if (writable || t->n_pongs > 0 || t->close_due) {
        flush(t);
    }
}

/* Time -------------------------------------------------------------------------- */

/* Load that waits in the kernel is late for the next word and for the end; what fits into
 * some milliseconds is enough to keep the line full. While TCP still grows it gets as much
 * as the kernel likes. */
static void set_queue(struct ndt7_test *t)
{
    int64_t ms = elapsed_ms(t);
    int64_t acked = t->f.acked_bytes;
    int64_t want = 0;
    if (ms > t->queue_ms) {
        want = (acked - t->queue_acked) * QUEUE_MS / (ms - t->queue_ms);
    }
    if (ms > 0 && acked * QUEUE_MS / ms > want) {
        want = acked * QUEUE_MS / ms;
    }
    t->queue_ms = ms;
    t->queue_acked = acked;
    if (ms >= GROWN_MS) {
        want = want < QUEUE_MIN ? QUEUE_MIN : want > QUEUE_MAX ? QUEUE_MAX : want;
        ndt7_socket_hold(ndt7_link_fd(t->link), (int)want);
    }
}

static void tick(struct ndt7_test *t)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t late_ns = now_ns - t->tick_mono_ns - TELL_MS * NS_PER_MS;
    if (late_ns < 0) {
        return;
    }
    t->tick_mono_ns = now_ns - (late_ns < TELL_MS * NS_PER_MS ? late_ns : 0);
    ndt7_figures_look(t);
    if (t->phase == NDT7_RUNNING && t->f.looks > 1) {
        t->words_due = true;
    }
    if (t->setup.direction == BW_UP) {
        set_queue(t);
    }
    t->setup.tick(t->setup.owner);
}

static void check_running(struct ndt7_test *t)
{
    int64_t ms = elapsed_ms(t);
    bool up = t->setup.direction == BW_UP;
    int64_t still_ns = bw_clock_mono_ns() - t->f.moved_mono_ns;
    if (t->f.t1_mono_ns == 0 && still_ns > STALL_MS * NS_PER_MS) {
        over(t, -ETIMEDOUT, "nothing moved for 5 s"); /* after t1 nobody looks */
        return;
    }
    if (!up && ms >= BW_NDT7_SEND_MS) { /* also where nobody called between the two ends */
        ndt7_figures_finish(t, bw_clock_mono_ns());
    }
    if (ms >= (up ? BW_NDT7_SEND_MS : BW_NDT7_CUT_MS)) {
        begin_closing(t, BW_WS_NORMAL);
    }
}

static void check_closing(struct ndt7_test *t)
{
    int64_t ms = elapsed_ms(t);
    bool up = t->setup.direction == BW_UP;
    if (ms >= (up ? BW_NDT7_CUT_MS : BW_NDT7_CUT_MS + LAST_WORDS_MS)) {
        judge(t, "the server did not close");
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct ndt7_test *t = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    if (t->phase != NDT7_OVER && t->begun) {
        drain(t);
    }
    if (t->phase == NDT7_RUNNING) {
        tick(t);
        check_running(t);
    } else if (t->phase == NDT7_CLOSING) {
        tick(t);
        check_closing(t);
    } else if (t->phase != NDT7_OVER &&
               now_ns - t->start_mono_ns > t->setup.setup_ms * NS_PER_MS) {
        over(t, -ETIMEDOUT, "%s within %.1f s",
             t->phase == NDT7_OPENING ? "no connection"
                                      : "no complete answer to the upgrade",
             (double)t->setup.setup_ms / 1e3);
    }
    if (t->phase == NDT7_OVER) {
        struct ndt7_test_setup *s = &t->setup;
        (void)uv_timer_stop(&t->timer);
        s->ended(s->owner, t->begun, t->error, t->reason);
        return;
    }
    flush(t);
    if (t->phase == NDT7_OVER) {
        return; /* the timer is set */
    }
    set_timer(t, TICK_MS);
}

/* The beginning ----------------------------------------------------------------- */

static int put_request(struct ndt7_test *t)
{
    uint8_t nonce[BW_WS_NONCE_LEN];
    int n;
    bw_random(nonce, sizeof(nonce));
    bw_ws_key(nonce, t->key);
    n = snprintf((char *)t->out, sizeof(t->out),
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " BW_NDT7_PROTOCOL
                 "\r\nUser-Agent: bandwitness/" BW_VERSION "\r\n\r\n",
                 t->target, t->authority, t->key);
    if (n < 0 || n >= (int)sizeof(t->out)) {
        return -E2BIG;
    }
    t->out_n = (size_t)n;
    t->out_at = 0;
    return 0;
}

static void on_opened(void *owner, int error, const char *reason)
{
    struct ndt7_test *t = owner;
    if (error < 0) {
        over(t, error, "%s", reason);
        return;
    }
    t->family = ndt7_link_family(t->link);
    t->phase = NDT7_UPGRADING;
    if (put_request(t) < 0) {
        over(t, -E2BIG, "the address is too long");
        return;
    }
    flush(t);
}

static int prepare(struct ndt7_test *t, const struct ndt7_test_setup *setup)
{
    t->authority = strdup(setup->authority);
    t->target = strdup(setup->target);
    t->in = malloc(NDT7_READ_BYTES);
    if (!t->authority || !t->target || !t->in) {
        return -ENOMEM;
    }
    if (setup->direction == BW_UP) {
        t->load = malloc(BW_WS_HEADER_MAX + NDT7_LOAD_BYTES);
        if (!t->load) {
            return -ENOMEM;
        }
        bw_random(t->load, BW_WS_HEADER_MAX + NDT7_LOAD_BYTES);
    }
    return 0;
}

int ndt7_test_start(const struct ndt7_test_setup *setup, struct ndt7_test **ret)
{
    struct ndt7_test *t = calloc(1, sizeof(*t));
    struct ndt7_link_setup link = {.loop = setup->loop,
                                   .opts = setup->opts,
                                   .host = setup->host,
                                   .port = setup->port,
                                   .tls = setup->tls,
                                   .ca_file = bw_opt_str(setup->opts, "ca_file"),
                                   .cc = bw_opt_str(setup->opts, "cc"),
                                   .opened = on_opened,
                                   .ready = on_ready,
                                   .owner = t};
    int r;
    if (!t) {
        return -ENOMEM;
    }
    t->setup = *setup;
    t->tls = setup->tls;
    t->message_size = BW_NDT7_MESSAGE_FIRST;
    t->start_mono_ns = bw_clock_mono_ns();
    bw_buf_init(&t->text, BW_NDT7_TEXT_MAX);
    (void)uv_timer_init(setup->loop, &t->timer);
    t->timer.data = t;
    r = prepare(t, setup);
    if (r == 0) {
        r = ndt7_link_start(&link, &t->link);
    }
    if (r < 0) {
        ndt7_test_end(t);
        return r;
    }
    set_timer(t, TICK_MS);
    *ret = t;
    return 0;
}

static void timer_closed(uv_handle_t *handle)
{
    struct ndt7_test *t = handle->data;
    bw_buf_done(&t->text);
    free(t->authority);
    free(t->target);
    free(t->in);
    free(t->load);
    free(t);
}

void ndt7_test_end(struct ndt7_test *t)
{
    if (!t || t->ended) {
        return;
    }
    t->ended = true;
    ndt7_link_end(t->link);
    t->link = NULL;
    uv_close((uv_handle_t *)&t->timer, timer_closed);
}

const char *ndt7_test_uuid(const struct ndt7_test *t)
{
    return t->uuid;
}

const char *ndt7_test_receipt(const struct ndt7_test *t)
{
    return t->receipt;
}

bool ndt7_test_was_cut(const struct ndt7_test *t)
{
    return t->cut;
}
