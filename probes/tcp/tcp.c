/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.c - the tcp probe: one connection an interval to every target's port, made and closed
 * again without a byte of payload.
 *
 * When what is tried and what became of it is lib/net's cadence, each attempt one of its
 * exchanges: dropped once it is known what became of it, or given up at its timeout. */
#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <exchange.h>
#include <stdlib.h>
#include <tcpconn.h>
#include <unistd.h>
#include <uv.h>

enum {
    EXCHANGE_BYTES = 600 /* seven packets of nothing but headers, at IPv6's size */
};

struct attempt {
    struct bw_exchange exchange;
    struct bw_probe *probe;
    uv_poll_t poll;
    union bw_address to;
    int fd;
};

struct bw_probe {
    struct bw_exchanges all;
};

static const char *const family_words[] = {"both", "4", "6", NULL};

static const struct bw_optspec tcp_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 60000,
     .def = "5s",
     .doc = "Time between two connections to the same target; targets are spread over it. "
            "With more than 5s the target is no witness of outages."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 10000,
     .def = "2s",
     .doc =
         "A connection that is not made after this long is lost, and given up. The kernel "
         "asks a second time after one second."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 65535,
     .def = "443",
     .doc = "Port of targets that name none."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "both",
     .words = family_words,
     .doc = "Which addresses of a name to use: both (each measured for itself), 4 or 6."},
    {.name = NULL, .type = BW_OPT_END},
};

/* One attempt ------------------------------------------------------------------- */

static void attempt_closed(uv_handle_t *handle)
{
    struct attempt *a = handle->data;
    struct bw_probe *p = a->probe;
    free(a);
    bw_exchanges_closed(&p->all);
}

/* A connection that was made is closed in the ordinary way. */
static void end_attempt(struct bw_exchange *e)
{
    struct attempt *a = (struct attempt *)e; /* its first member */
    uv_close((uv_handle_t *)&a->poll, attempt_closed);
    (void)close(a->fd);
}

/* What an attempt's end means; *ret_code NULL: nobody said anything that counts. */
static enum bw_sample_state meaning(const struct bw_tcpconn_end *end, const char **ret_code)
{
    if (end->error == 0) {
        *ret_code = "open";
        return BW_OK;
    }
    if (end->target && (end->error == -ECONNREFUSED || end->error == -ECONNRESET)) {
        *ret_code = "refused";
        return BW_OK;
    }
    /* A router's word is no answer of the target's: as with ping, it counts as silence. */
    *ret_code = end->target ? "unreachable" : NULL;
    return BW_LOST;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct attempt *a = poll->data;
    int64_t own_ns = bw_exchange_age_ns(&a->exchange);
    struct bw_tcpconn_end end;
    struct bw_latency_detail d;
    enum bw_sample_state state;
    (void)events;
    bw_tcpconn_end(a->fd, &a->to, &end);
    if (end.error == -EINPROGRESS) {
        if (status < 0) { /* libuv stopped the handle */
            (void)uv_poll_start(poll, UV_WRITABLE, on_poll);
        }
        return;
    }
    bw_latency_detail_init(&d);
    state = meaning(&end, &d.code);
    bw_exchange_over(&a->exchange, state, end.error,
                     end.error == 0 ? bw_tcpconn_handshake_ns(a->fd, own_ns) : own_ns,
                     d.code ? &d : NULL);
}

static void look(struct bw_exchange *e)
{
    struct attempt *a = (struct attempt *)e;
    on_poll(&a->poll, 0, 0);
}

/* On this machine itself a refusal comes before connect() returns. */
static void tell_at_once(struct bw_probe *p, struct bw_slot *s, int error)
{
    const struct bw_tcpconn_end end = {.error = error, .target = true};
    struct bw_latency_detail d;
    enum bw_sample_state state;
    bw_latency_detail_init(&d);
    state = meaning(&end, &d.code);
    bw_exchanges_tell(&p->all, s, state, error, bw_clock_mono_ns() - s->sent_mono_ns, &d);
}

static int begin_attempt(void *owner, struct bw_slot *s, struct bw_exchange **ret)
{
    struct bw_probe *p = owner;
    const struct bw_cadence *c = &p->all.cadence;
    struct attempt *a = calloc(1, sizeof(*a));
    int told = 0;
    int r;
    if (!a) {
        return -ENOMEM;
    }
    a->probe = p;
    a->to = *bw_cadence_to(c, s);
    a->fd = bw_tcpconn_start(&a->to, bw_opts_device(c->opts),
                             bw_opts_source(c->opts, s->family), &told);
    r = a->fd;
    if (r >= 0 && told == 0) {
        r = uv_poll_init(bw_host_loop(c->host), &a->poll, a->fd);
    }
    if (r < 0 || told != 0) {
        if (a->fd >= 0) {
            (void)close(a->fd);
        }
        free(a);
        if (r >= 0) {
            tell_at_once(p, s, told);
        }
        return r < 0 ? r : 0;
    }
    a->poll.data = a;
    *ret = &a->exchange;
    return uv_poll_start(&a->poll, UV_WRITABLE, on_poll);
}

static const struct bw_exchanges_ops exchanges_ops = {
    .begin = begin_attempt, .look = look, .end = end_attempt, .gone = free};

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    int family = bw_cadence_family(opts);
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .family = family,
                                    .both = family == 0,
                                    .has_port = true,
                                    .port = (uint16_t)bw_opt_int(opts, "port")};
}

static int tcp_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_check(opts, "tcp", &plan, reterr);
}

static int64_t tcp_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)opts;
    (void)line_bps;
    return EXCHANGE_BYTES;
}

static int64_t tcp_ways(const struct bw_opts *opts)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_ways(opts, &plan);
}

static int
tcp_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r == 0) {
        r = bw_exchanges_init(&p->all, host, opts, &plan, &exchanges_ops, p);
    }
    if (r < 0) {
        free(p);
        return r;
    }
    *ret = p;
    return 0;
}

static int tcp_open(struct bw_probe *p, struct bw_err *reterr)
{
    return bw_cadence_open(&p->all.cadence, reterr);
}

static int tcp_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->all.cadence, budget_ms);
}

static void tcp_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->all.cadence);
}

static void tcp_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    bw_exchanges_close(&p->all, cb, owner);
}

const struct bw_probe_ops bw_probe_tcp = {
    .abi = BW_PROBE_ABI,
    .name = "tcp",
    .klass = BW_CLASS_LATENCY,
    .opts = tcp_opts,
    .check = tcp_check,
    .cost_bytes = tcp_cost,
    .ways = tcp_ways,
    .create = tcp_create,
    .open = tcp_open,
    .run = tcp_run,
    .cancel = tcp_cancel,
    .close = tcp_close,
};
