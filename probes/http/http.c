/* SPDX-License-Identifier: GPL-3.0-or-later
 * http.c - the http probe: how much payload an HTTP(S) server delivers or swallows in a
 * fixed time over a number of connections.
 *
 * A direction goes through: connecting (until the first payload byte), warm-up (moved but
 * not measured), the window, over. Every direction ends with exactly one final sample. The
 * window's ends are the instants at which the counts were read, so a late timer makes the
 * window longer and not the rate wrong. */
#include "http_engine.h"
#include "http_options.h"
#include "http_receipt.h"
#include "http_sockets.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <curl/curl.h>
#include <errno.h>
#include <receipt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

enum {
    TELL_MS = 250,
    BYTES_MIN = 16 * 1024, /* in the window: less is no rate */
    BODY_MIN = 64 * 1024,  /* mean body: with less the round trip is measured */
    TLS_RECORD = 16384,    /* RFC 8446 section 5.1 … */
    TLS_RECORD_EXTRA = 22  /* … and its header, content type and tag */
};

static const int64_t NS_PER_MS = 1000000;

enum phase {
    IDLE,
    CONNECTING,
    WARM_UP,
    WINDOW,
    OVER
};

struct bw_probe {
    struct bw_host *host;
    const struct bw_opts *opts;
    uv_timer_t timer;
    bool timer_made;
    bool closing;
    int n_open;
    void (*closed)(void *owner);
    void *closed_owner;
    struct http_engine *engine;
    struct http_receipt *receipt; /* being fetched */
    struct bw_run_sample held;    /* the result that waits for it */
    bool holding;
    char load_url[HTTP_TICKET_URL]; /* by the ticket; "" without one */
    char receipt_url[HTTP_TICKET_URL];
    char machine[BW_NAME_MAX + 1];
    enum phase phase;
    bool cancelled;
    enum bw_direction direction;
    bool todo[BW_DIRECTIONS];
    int64_t phase_mono_ns; /* when it began */
    int64_t told_mono_ns;
    int64_t moved_mono_ns; /* when payload last grew … */
    int64_t moved_bytes;   /* … to this */
    struct http_tcp base;  /* at the start of the window */
    int64_t t0_mono_ns;
    int64_t base_cpu_us;
    int64_t rtt_sum_us;
    int64_t n_rtt;
};

/* Samples ---------------------------------------------------------------------- */

static int64_t cpu_us(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) < 0) {
        return 0;
    }
    return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* Payload as it lies on the line at IP: full packets with the headers these sockets use,
 * and TLS records of full size. Acknowledgements flow the other way; requests and answers'
 * heads are some hundred bytes in megabytes, and are left out. */
static int64_t wire_bytes(const struct http_tcp *t, int64_t bytes)
{
    if (t->payload_per_packet == BW_UNKNOWN || t->payload_per_packet <= 0) {
        return BW_UNKNOWN;
    }
    if (t->tls) {
        bytes += (bytes + TLS_RECORD - 1) / TLS_RECORD * TLS_RECORD_EXTRA;
    }
    return bytes +
           (bytes + t->payload_per_packet - 1) / t->payload_per_packet * t->header_bytes;
}

static void make_sample(struct bw_probe *p, struct bw_run_sample *s, struct http_tcp *tcp)
{
    int64_t now_ns;
    bw_run_sample_init(s);
    s->direction = (uint8_t)p->direction;
    s->state = BW_OK;
    s->streams = bw_opt_int(p->opts, "streams");
    s->method = "http/1";
    if (!p->engine) {
        return;
    }
    http_engine_read(p->engine, tcp);
    now_ns = bw_clock_mono_ns();
    s->method = tcp->tls ? "https/1" : "http/1";
    s->machine = p->machine[0] ? p->machine : NULL;
    s->family = tcp->family;
    s->mtu = tcp->mtu;
    s->total_bytes = tcp->payload_bytes;
    if (p->phase != WINDOW) {
        return;
    }
    s->t0_mono_ns = p->t0_mono_ns;
    s->t1_mono_ns = now_ns;
    s->bytes = tcp->payload_bytes - p->base.payload_bytes;
    s->bytes = s->bytes > 0 ? s->bytes : 0;
    s->wire_bytes = wire_bytes(tcp, s->bytes);
    if (now_ns > p->t0_mono_ns) {
        s->tester_busy_ppm =
            (cpu_us() - p->base_cpu_us) * 1000000000 / (now_ns - p->t0_mono_ns);
    }
    if (p->direction == BW_UP) { /* the sender's view, which downwards is the server's */
        (void)memcpy(s->cc, tcp->cc, sizeof(s->cc));
        if (tcp->rtt_us != BW_UNKNOWN) {
            p->rtt_sum_us += tcp->rtt_us;
            p->n_rtt++;
        }
        if (p->n_rtt > 0) {
            s->rtt_us = p->rtt_sum_us / p->n_rtt;
        }
        s->retransmit_ppm = http_retransmit_ppm(&p->base, tcp);
    }
}

/* Phases ----------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);
static void start_next(struct bw_probe *p);

static void set_timer(struct bw_probe *p, int64_t ms)
{
    uv_update_time(bw_host_loop(p->host));
    (void)uv_timer_start(&p->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

static void enter(struct bw_probe *p, enum phase phase)
{
    p->phase = phase;
    p->phase_mono_ns = bw_clock_mono_ns();
}

static void fetch_receipt(struct bw_probe *p);

static void engine_closed(void *owner)
{
    struct bw_probe *p = owner;
    p->n_open--;
    if (p->closing) {
        void (*closed)(void *owner_) = p->closed;
        void *closed_owner = p->closed_owner;
        if (p->n_open == 0) {
            free(p);
            closed(closed_owner);
        }
        return;
    }
    if (p->holding) {
        fetch_receipt(p);
    } else {
        start_next(p);
    }
}

/* Tell the result that waited, with the receipt or without. */
static void let_go(struct bw_probe *p, const char *jws)
{
    struct http_receipt *r = p->receipt;
    struct bw_receipt seen;
    if (jws && bw_receipt_read_for(jws, strlen(jws), bw_host_ticket(p->host),
                                   BW_TEST_KIND_HTTP, p->direction, &seen, NULL) == 0) {
        p->held.grade = BW_GRADE_RECEIPT;
        p->held.egress = (uint8_t)seen.egress;
        p->held.receipt = jws;
    }
    p->holding = false;
    p->receipt = NULL;
    bw_host_run(p->host, &p->held);
    if (r) {
        p->n_open++;
        http_receipt_close(r, engine_closed, p);
    } else {
        start_next(p);
    }
}

static void on_receipt(void *owner, const char *jws)
{
    let_go(owner, jws);
}

/* The load's connections are gone: that is the test's end. */
static void fetch_receipt(struct bw_probe *p)
{
    const struct http_receipt_setup setup = {.loop = bw_host_loop(p->host),
                                             .url = p->receipt_url,
                                             .opts = p->opts,
                                             .done = on_receipt,
                                             .owner = p};
    if (p->cancelled || http_receipt_start(&setup, &p->receipt) < 0) {
        p->receipt = NULL;
        let_go(p, NULL);
    }
}

/* The direction is over: its final sample, then the engine goes, then the next one. */
static void end_direction(struct bw_probe *p, struct bw_run_sample *s)
{
    struct http_engine *e = p->engine;
    s->final = 1;
    p->phase = OVER;
    p->engine = NULL;
    p->todo[p->direction] = false;
    (void)uv_timer_stop(&p->timer);
    p->holding = s->state == BW_OK && e && p->receipt_url[0] != '\0';
    if (p->holding) {
        p->held = *s;
    } else {
        bw_host_run(p->host, s);
    }
    if (e) {
        p->n_open++;
        http_engine_close(e, engine_closed, p);
    }
}

static void fail_direction(struct bw_probe *p, int error, const char *reason)
{
    struct bw_run_sample s;
    struct http_tcp tcp;
    make_sample(p, &s, &tcp);
    s.state = error == -ECANCELED ? BW_SKIPPED : BW_FAILED;
    s.error = error;
    s.reason = reason;
    end_direction(p, &s);
}

static void on_engine_failed(void *owner, int error, const char *reason)
{
    struct bw_probe *p = owner;
    if (p->phase != OVER && p->phase != IDLE) {
        fail_direction(p, error, reason);
    }
}

static void end_window(struct bw_probe *p)
{
    struct bw_run_sample s;
    struct http_tcp tcp;
    char reason[160];
    int64_t requests;
    int64_t bytes;
    int64_t still_ns;
    make_sample(p, &s, &tcp);
    http_engine_completed(p->engine, &requests, &bytes);
    still_ns = bw_clock_mono_ns() - p->moved_mono_ns;
    if (s.bytes < BYTES_MIN) {
        (void)snprintf(reason, sizeof(reason),
                       "only %lld bytes came through in %lld s: too few to call it a rate",
                       (long long)s.bytes,
                       (long long)bw_opt_int(p->opts, "duration") / 1000);
        s.state = BW_FAILED;
        s.error = -ENODATA;
        s.reason = reason;
    } else if (still_ns * 2 > s.t1_mono_ns - s.t0_mono_ns) {
        /* Sent data may have filled the buffers of a server that does not read it. */
        (void)snprintf(reason, sizeof(reason), "nothing moved in the last %.1f s",
                       (double)still_ns / 1e9);
        s.state = BW_FAILED;
        s.error = -ETIMEDOUT;
        s.reason = reason;
    } else if (p->direction == BW_DOWN && requests > s.streams &&
               bytes / requests < BODY_MIN) {
        (void)snprintf(reason, sizeof(reason),
                       "the file is only %lld bytes long: use one of 10 MB or more",
                       (long long)(bytes / requests));
        s.state = BW_FAILED;
        s.error = -ENODATA;
        s.reason = reason;
    }
    end_direction(p, &s);
}

static void begin_window(struct bw_probe *p)
{
    enter(p, WINDOW);
    http_engine_read(p->engine, &p->base);
    p->t0_mono_ns = bw_clock_mono_ns();
    p->base_cpu_us = cpu_us();
    p->rtt_sum_us = 0;
    p->n_rtt = 0;
    p->told_mono_ns = 0; /* the window's start is told at once */
}

/* Has nothing moved for too long? */
static bool stalled(struct bw_probe *p, const struct http_tcp *tcp, int64_t now_ns)
{
    if (tcp->payload_bytes > p->moved_bytes) {
        p->moved_bytes = tcp->payload_bytes;
        p->moved_mono_ns = now_ns;
    }
    return now_ns - p->moved_mono_ns > HTTP_STALL_MS * NS_PER_MS;
}

static int64_t phase_left_ms(const struct bw_probe *p, int64_t now_ns)
{
    int64_t length_ms = bw_opt_int(p->opts, p->phase == WARM_UP ? "warmup" : "duration");
    int64_t from_ns = p->phase == WINDOW ? p->t0_mono_ns : p->phase_mono_ns;
    return (length_ms * NS_PER_MS - (now_ns - from_ns) + NS_PER_MS - 1) / NS_PER_MS;
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_probe *p = timer->data;
    struct bw_run_sample s;
    struct http_tcp tcp;
    int64_t now_ns = bw_clock_mono_ns();
    int64_t next_ms = HTTP_TICK_MS;
    if (p->cancelled) {
        if (p->engine) {
            fail_direction(p, -ECANCELED, "cancelled");
        } else {
            start_next(p);
        }
        return;
    }
    if (!p->engine) {
        start_next(p);
        return;
    }
    http_engine_read(p->engine, &tcp);
    if (p->phase == CONNECTING && tcp.payload_bytes > 0) {
        enter(p, WARM_UP);
        p->moved_mono_ns = now_ns;
        p->moved_bytes = tcp.payload_bytes;
    }
    if (p->phase == CONNECTING &&
        now_ns - p->phase_mono_ns >
            (bw_opt_int(p->opts, "connect_timeout") + HTTP_STALL_MS) * NS_PER_MS) {
        fail_direction(p, -ETIMEDOUT, "the server took the request, but no data came");
        return;
    }
    if ((p->phase == WARM_UP || p->phase == WINDOW) && stalled(p, &tcp, now_ns)) {
        fail_direction(p, -ETIMEDOUT, "nothing moved for 5 s");
        return;
    }
    if (p->phase == WARM_UP && phase_left_ms(p, now_ns) <= 0) {
        begin_window(p);
        now_ns = bw_clock_mono_ns();
    }
    if (p->phase == WINDOW && phase_left_ms(p, now_ns) <= 0) {
        end_window(p);
        return;
    }
    if (now_ns - p->told_mono_ns >= TELL_MS * NS_PER_MS) {
        p->told_mono_ns = now_ns;
        make_sample(p, &s, &tcp);
        bw_host_run(p->host, &s);
    }
    if (p->phase != CONNECTING && phase_left_ms(p, now_ns) < next_ms) {
        next_ms = phase_left_ms(p, now_ns);
    }
    set_timer(p, next_ms);
}

static void start_direction(struct bw_probe *p, enum bw_direction d)
{
    const struct bw_target *t = bw_opts_target(p->opts, 0);
    struct bw_err err = {""};
    char url[HTTP_URL_MAX];
    struct http_setup setup = {
        .loop = bw_host_loop(p->host),
        .direction = d,
        .url = url,
        .device = bw_opts_device(p->opts),
        .source4 = bw_opts_source(p->opts, 4),
        .source6 = bw_opts_source(p->opts, 6),
        .ca_file = bw_opt_str(p->opts, "ca_file"),
        .put = bw_opt_int(p->opts, "upload_method") == 1,
        .upload_bytes = bw_opt_int(p->opts, "upload_size"),
        .connect_ms = bw_opt_int(p->opts, "connect_timeout"),
        .streams = (uint32_t)bw_opt_int(p->opts, "streams"),
        .agent = "bandwitness",
        .failed = on_engine_failed,
        .owner = p,
    };
    const char *ticket = bw_host_ticket(p->host);
    int r;
    p->load_url[0] = '\0';
    p->receipt_url[0] = '\0';
    if (!http_with_ticket(p->opts)) {
        r = http_make_url(t->address,
                          bw_opt_str(p->opts, d == BW_UP ? "upload" : "download"), url,
                          sizeof(url));
    } else if (!ticket) {
        r = bw_err_set(&err, -EACCES, "no ticket: only the daemon asks for one");
    } else {
        r = http_ticket_read(ticket, d, p->load_url, p->receipt_url, p->machine, &err);
        setup.url = p->load_url;
    }
    p->direction = d;
    enter(p, CONNECTING);
    p->moved_bytes = 0;
    p->moved_mono_ns = p->phase_mono_ns;
    p->told_mono_ns = p->phase_mono_ns;
    if (r == 0) {
        r = http_engine_start(&setup, &p->engine, &err);
    }
    if (r < 0) {
        p->engine = NULL;
        fail_direction(p, r, err.text[0] ? err.text : bw_strerror(r));
    }
    set_timer(p, HTTP_TICK_MS);
}

/* The next direction, or the end of the round; never called from run(). */
static void start_next(struct bw_probe *p)
{
    bool cancelled = p->cancelled;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (!p->todo[d]) {
            continue;
        }
        if (!cancelled) {
            start_direction(p, (enum bw_direction)d);
            return;
        }
        p->direction = (enum bw_direction)d;
        fail_direction(p, -ECANCELED, "cancelled");
    }
    p->phase = IDLE;
    p->cancelled = false;
    bw_host_done(p->host, cancelled ? -ECANCELED : 0);
}

/* The contract ----------------------------------------------------------------- */

static int
http_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    if (!p) {
        return -ENOMEM;
    }
    p->host = host;
    p->opts = opts;
    *ret = p;
    return 0;
}

static int http_open(struct bw_probe *p, struct bw_err *reterr)
{
    int r = uv_timer_init(bw_host_loop(p->host), &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    return 0;
}

static int http_run(struct bw_probe *p, uint32_t budget_ms)
{
    (void)budget_ms; /* the host cancels; our own phases are shorter (longest_ms) */
    if (p->phase != IDLE) {
        return -EBUSY;
    }
    p->phase = OVER;
    p->todo[BW_DOWN] = http_wants(p->opts, BW_DOWN);
    p->todo[BW_UP] = http_wants(p->opts, BW_UP);
    set_timer(p, 0);
    return 0;
}

static void http_cancel(struct bw_probe *p)
{
    if (p->phase != IDLE && !p->cancelled) {
        p->cancelled = true;
        if (p->receipt) {
            let_go(p, NULL); /* the result is there: it is told without its receipt */
            return;
        }
        if (p->phase != OVER || p->engine || uv_is_active((uv_handle_t *)&p->timer)) {
            set_timer(p, 0);
        } /* else the engine is closing, and start_next() follows */
    }
}

static void timer_closed(uv_handle_t *handle)
{
    engine_closed(handle->data);
}

static void http_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    p->n_open++; /* held until everything below is told to close */
    if (p->timer_made) {
        p->n_open++;
        uv_close((uv_handle_t *)&p->timer, timer_closed);
    }
    if (p->engine) {
        p->n_open++;
        http_engine_close(p->engine, engine_closed, p);
    }
    if (p->receipt) {
        p->n_open++;
        http_receipt_close(p->receipt, engine_closed, p);
    }
    engine_closed(p);
}

const struct bw_probe_ops bw_probe_http = {
    .abi = BW_PROBE_ABI,
    .name = "http",
    .needs = 0,
    .klass = BW_CLASS_THROUGHPUT,
    .opts = http_opts,
    .check = http_check,
    .cost_bytes = http_cost,
    .longest_ms = http_longest_ms,
    .create = http_create,
    .open = http_open,
    .run = http_run,
    .cancel = http_cancel,
    .close = http_close,
};
