/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp.c - the icmp probe: one echo request an interval to every target, round trips from
 * the kernel's stamps of sending and receiving.
 *
 * When what leaves and what became of it is lib/net's cadence; every packet is one of its
 * slots, found by the number in its payload. */
#include "icmp_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>

enum {
    IPV4_ICMP_BYTES = 20 + 8,
    LATE_MS = 2000 /* answers still count as late this long after the loss */
};

static const char *const family_words[] = {"any", "4", "6", "both", NULL};

static const struct bw_optspec icmp_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 60000,
     .def = "1s",
     .doc = "Time between two packets to the same target; packets to different targets are "
            "spread over it."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 3000,
     .def = "2s",
     .doc = "A packet without an answer after this long is lost. 2s is twice TCP's first "
            "retransmission time out (RFC 6298): what comes later is of no use to anybody; "
            "it is counted as late for two more seconds."},
    {.name = "size",
     .type = BW_OPT_INT,
     .min = BW_ICMP_STAMP,
     .max = BW_ICMP_PAYLOAD_MAX,
     .def = "56",
     .doc = "Bytes of payload of each packet; 8 bytes of ICMP and the IP header come on "
            "top."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "any",
     .words = family_words,
     .doc =
         "Which addresses of a name to use: any (the system's first), 4, 6, or both, each "
         "measured for itself."},
    {.name = NULL, .type = BW_OPT_END},
};

/* Sending ---------------------------------------------------------------------- */

static void send_slots(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_probe *p = owner;
    struct icmp_socket *socket = &p->sockets[family == 6 ? 1 : 0];
    struct icmp_out out[BW_ICMP_GROUP];
    for (size_t i = 0; i < n; i++) {
        const union bw_address *to = bw_cadence_to(&p->cadence, slots[i]);
        p->sent[bw_cadence_place(&p->cadence, slots[i])] = (struct icmp_sent){.to = *to};
        out[i] = (struct icmp_out){.to = &to->sa,
                                   .to_len = bw_address_len(to),
                                   .stamp = {.cookie = socket->cookie,
                                             .number = slots[i]->number,
                                             .target = slots[i]->target}};
    }
    icmp_socket_send(socket, out, n);
    for (size_t i = 0; i < n; i++) {
        if (out[i].error < 0) {
            bw_cadence_failed(&p->cadence, slots[i], out[i].error);
        }
    }
}

static int obstacle(void *owner, uint32_t target)
{
    struct bw_probe *p = owner;
    size_t i = p->cadence.targets[target].family == 6 ? 1 : 0;
    return p->sockets[i].fd < 0 ? -EAFNOSUPPORT : 0;
}

static void use_interface(void *owner, unsigned ifindex)
{
    struct bw_probe *p = owner;
    for (size_t i = 0; i < 2; i++) {
        if (p->sockets[i].fd >= 0) {
            (void)bw_outlet_use(p->sockets[i].fd, p->sockets[i].family, ifindex);
        }
    }
}

static void read_all(void *owner)
{
    icmp_drain(owner, 0);
    icmp_drain(owner, 1);
}

static const struct bw_cadence_ops cadence_ops = {
    .send = send_slots,
    .obstacle = obstacle,
    .tick = read_all,
    .outlet = use_interface,
    .expiring = icmp_expiring,
};

_Static_assert((int)BW_ICMP_GROUP >= (int)BW_CADENCE_GROUP, "a group is one system call");

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_probe *p = poll->data;
    size_t i = poll == &p->polls[1] ? 1 : 0;
    (void)status; /* an error is read from the queue like everything else */
    (void)events;
    icmp_drain(p, i);
    bw_cadence_read(&p->cadence);
    if (status < 0 && !p->closing) { /* libuv stopped the handle */
        (void)uv_poll_start(&p->polls[i], UV_READABLE | UV_PRIORITIZED, on_poll);
    }
}

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .late_ms = LATE_MS,
                                    .family = bw_cadence_family(opts),
                                    .both = bw_opt_int(opts, "family") == 3};
}

static int icmp_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_check(opts, "icmp", &plan, reterr);
}

static int64_t icmp_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)line_bps;
    return 2 * (bw_opt_int(opts, "size") + IPV4_ICMP_BYTES);
}

static int64_t icmp_ways(const struct bw_opts *opts)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_ways(opts, &plan);
}

static int
icmp_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    p->sockets[0].fd = -1;
    p->sockets[1].fd = -1;
    p->n_open = 1; /* the cadence */
    r = bw_cadence_init(&p->cadence, host, opts, &plan, &cadence_ops, p);
    if (r < 0) {
        goto out;
    }
    p->sent = calloc(bw_cadence_n_slots(&p->cadence), sizeof(*p->sent));
    if (!p->sent) {
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

static int icmp_open(struct bw_probe *p, struct bw_err *reterr)
{
    uv_loop_t *loop = bw_host_loop(p->cadence.host);
    int n_families = 0;
    for (size_t i = 0; i < 2; i++) {
        int family = i == 0 ? 4 : 6;
        int r;
        if (!bw_cadence_wants(&p->cadence, family)) {
            continue;
        }
        r = icmp_socket_open(&p->sockets[i], family,
                             (size_t)bw_opt_int(p->cadence.opts, "size"), reterr);
        if (r == -EAFNOSUPPORT) { /* this machine has no such family: its targets fail */
            continue;
        }
        if (r < 0) {
            return r;
        }
        r = bw_outlet_bind_source(p->sockets[i].fd, family,
                                  bw_opts_source(p->cadence.opts, family));
        if (r < 0) {
            return bw_err_set(reterr, r, "cannot send from %s: %s",
                              bw_opts_source(p->cadence.opts, family), bw_strerror(r));
        }
        r = uv_poll_init(loop, &p->polls[i], p->sockets[i].fd);
        if (r < 0) {
            return bw_err_set(reterr, r, "cannot watch a socket: %s", uv_strerror(r));
        }
        p->polls[i].data = p;
        p->polling[i] = true;
        p->n_open++;
        n_families++;
        r = uv_poll_start(&p->polls[i], UV_READABLE | UV_PRIORITIZED, on_poll);
        if (r < 0) {
            return bw_err_set(reterr, r, "cannot watch a socket: %s", uv_strerror(r));
        }
    }
    if (n_families == 0) {
        return bw_err_set(reterr, -EAFNOSUPPORT, "this machine has no IP of that family");
    }
    return bw_cadence_open(&p->cadence, reterr);
}

static int icmp_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->cadence, budget_ms);
}

static void icmp_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->cadence);
}

static void one_closed(void *owner)
{
    struct bw_probe *p = owner;
    void (*closed)(void *owner);
    void *closed_owner;
    if (--p->n_open > 0) {
        return;
    }
    closed = p->closed;
    closed_owner = p->closed_owner;
    icmp_socket_close(&p->sockets[0]);
    icmp_socket_close(&p->sockets[1]);
    bw_cadence_done(&p->cadence);
    free(p->sent);
    free(p);
    closed(closed_owner);
}

static void poll_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void icmp_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    for (size_t i = 0; i < 2; i++) {
        if (p->polling[i]) {
            uv_close((uv_handle_t *)&p->polls[i], poll_closed);
        }
    }
    bw_cadence_close(&p->cadence, one_closed); /* last: it may free p at once */
}

const struct bw_probe_ops bw_probe_icmp = {
    .abi = BW_PROBE_ABI,
    .name = "icmp",
    .needs = BW_NEED_RAW,
    .klass = BW_CLASS_LATENCY,
    .opts = icmp_opts,
    .check = icmp_check,
    .cost_bytes = icmp_cost,
    .ways = icmp_ways,
    .create = icmp_create,
    .open = icmp_open,
    .run = icmp_run,
    .cancel = icmp_cancel,
    .close = icmp_close,
};
