/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.c - the tcp probe: one connection an interval to every target's port, made and closed
 * again without a byte of payload.
 *
 * When what is tried and what became of it is lib/net's cadence. An attempt owns itself
 * until the loop has closed its handle; the slot it belongs to is found by its number, and
 * may be done with by then. */
#include <bw/err.h>
#include <bw/probe.h>
#include <cadence.h>
#include <clock.h>
#include <errno.h>
#include <stdlib.h>
#include <tcpconn.h>
#include <unistd.h>
#include <uv.h>

enum {
    EXCHANGE_BYTES = 600 /* seven packets of nothing but headers, at IPv6's size */
};

enum {
    FAMILY_BOTH,
    FAMILY_4,
    FAMILY_6
};

struct attempt {
    uv_poll_t poll;
    struct bw_probe *probe;
    union bw_address to;
    uint32_t number;
    int fd;
};

struct bw_probe {
    struct bw_cadence cadence;
    struct attempt **attempts; /* by place of the slot; NULL: none under way */
    int n_open;                /* handles that are not closed yet, and the cadence */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static const char *const family_words[] = {
    [FAMILY_BOTH] = "both", [FAMILY_4] = "4", [FAMILY_6] = "6", NULL};

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

static void one_closed(struct bw_probe *p)
{
    void (*closed)(void *owner) = p->closed;
    void *owner = p->closed_owner;
    if (--p->n_open > 0) {
        return;
    }
    bw_cadence_done(&p->cadence);
    free(p->attempts);
    free(p);
    closed(owner);
}

static void attempt_closed(uv_handle_t *handle)
{
    struct attempt *a = handle->data;
    struct bw_probe *p = a->probe;
    free(a);
    one_closed(p);
}

/* A connection that was made is closed in the ordinary way. */
static void end_attempt(struct bw_probe *p, uint32_t place)
{
    struct attempt *a = p->attempts[place];
    if (a) {
        p->attempts[place] = NULL;
        uv_close((uv_handle_t *)&a->poll, attempt_closed);
        (void)close(a->fd);
    }
}

static void tell(struct bw_probe *p,
                 struct bw_slot *s,
                 const struct bw_tcpconn_end *end,
                 int64_t rtt_ns)
{
    struct bw_latency_detail d;
    bw_latency_detail_init(&d);
    if (end->error == 0) {
        d.code = "open";
        bw_cadence_answered_with(&p->cadence, s, rtt_ns, &d);
    } else if (end->target && (end->error == -ECONNREFUSED || end->error == -ECONNRESET)) {
        d.code = "refused";
        bw_cadence_answered_with(&p->cadence, s, rtt_ns, &d);
    } else {
        /* A router's word is no answer of the target's: as with ping, it counts as silence.
         */
        d.code = end->target ? "unreachable" : NULL;
        bw_cadence_refused_with(&p->cadence, s, end->error, end->target ? &d : NULL);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct attempt *a = poll->data;
    struct bw_probe *p = a->probe;
    struct bw_slot *s = bw_cadence_slot(&p->cadence, a->number);
    int64_t own_ns = s ? bw_clock_mono_ns() - s->sent_mono_ns : 0;
    struct bw_tcpconn_end end;
    (void)events;
    bw_tcpconn_end(a->fd, &a->to, &end);
    if (end.error == -EINPROGRESS) {
        if (status < 0) { /* libuv stopped the handle */
            (void)uv_poll_start(poll, UV_WRITABLE, on_poll);
        }
        return;
    }
    if (s) {
        tell(p, s, &end, end.error == 0 ? bw_tcpconn_handshake_ns(a->fd, own_ns) : own_ns);
        end_attempt(p, bw_cadence_place(&p->cadence, s));
        bw_cadence_read(&p->cadence);
    }
}

static int start_attempt(struct bw_probe *p, struct bw_slot *s, int *ret_told)
{
    const char *source = bw_opts_source(p->cadence.opts, s->family);
    struct attempt *a = calloc(1, sizeof(*a));
    int r;
    if (!a) {
        return -ENOMEM;
    }
    a->probe = p;
    a->number = s->number;
    a->to = *bw_cadence_to(&p->cadence, s);
    s->sent_mono_ns = bw_clock_mono_ns();
    a->fd = bw_tcpconn_start(&a->to, bw_opts_device(p->cadence.opts), source, ret_told);
    r = a->fd;
    if (r >= 0 && *ret_told == 0) {
        r = uv_poll_init(bw_host_loop(p->cadence.host), &a->poll, a->fd);
    }
    if (r < 0 || *ret_told != 0) {
        if (a->fd >= 0) {
            (void)close(a->fd);
        }
        free(a);
        return r < 0 ? r : 0;
    }
    a->poll.data = a;
    p->n_open++;
    p->attempts[bw_cadence_place(&p->cadence, s)] = a;
    return uv_poll_start(&a->poll, UV_WRITABLE, on_poll);
}

static void send_slots(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_probe *p = owner;
    (void)family;
    for (size_t i = 0; i < n; i++) {
        int told = 0; /* on this machine itself a refusal comes at once */
        int r = start_attempt(p, slots[i], &told);
        if (r < 0) {
            bw_cadence_failed(&p->cadence, slots[i], r);
            end_attempt(p, bw_cadence_place(&p->cadence, slots[i]));
        } else if (told != 0) {
            tell(p, slots[i], &(struct bw_tcpconn_end){.error = told, .target = true},
                 bw_clock_mono_ns() - slots[i]->sent_mono_ns);
        }
    }
}

static void expired(void *owner, struct bw_slot *s)
{
    struct bw_probe *p = owner;
    end_attempt(p, bw_cadence_place(&p->cadence, s));
}

static const struct bw_cadence_ops cadence_ops = {.send = send_slots, .expired = expired};

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    int64_t family = bw_opt_int(opts, "family");
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .family = family == FAMILY_4   ? 4
                                              : family == FAMILY_6 ? 6
                                                                   : 0,
                                    .both = family == FAMILY_BOTH,
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
    struct bw_cadence_plan plan = plan_of(opts);
    (void)line_bps;
    return bw_cadence_cost(opts, &plan, EXCHANGE_BYTES);
}

static int
tcp_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    p->n_open = 1; /* the cadence */
    r = bw_cadence_init(&p->cadence, host, opts, &plan, &cadence_ops, p);
    if (r < 0) {
        goto out;
    }
    p->attempts = calloc(bw_cadence_n_slots(&p->cadence), sizeof(struct attempt *));
    if (!p->attempts) {
        r = -ENOMEM;
        goto out;
    }
    *ret = p;
    p = NULL;
out:
    if (p) {
        bw_cadence_done(&p->cadence);
        free(p);
    }
    return r;
}

static int tcp_open(struct bw_probe *p, struct bw_err *reterr)
{
    return bw_cadence_open(&p->cadence, reterr);
}

static int tcp_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->cadence, budget_ms);
}

static void tcp_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->cadence);
}

static void cadence_closed(void *owner)
{
    one_closed(owner);
}

static void tcp_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    for (uint32_t i = 0; i < bw_cadence_n_slots(&p->cadence); i++) {
        end_attempt(p, i);
    }
    bw_cadence_close(&p->cadence, cadence_closed); /* last: it may free p at once */
}

const struct bw_probe_ops bw_probe_tcp = {
    .abi = BW_PROBE_ABI,
    .name = "tcp",
    .klass = BW_CLASS_LATENCY,
    .opts = tcp_opts,
    .check = tcp_check,
    .cost_bytes = tcp_cost,
    .create = tcp_create,
    .open = tcp_open,
    .run = tcp_run,
    .cancel = tcp_cancel,
    .close = tcp_close,
};
