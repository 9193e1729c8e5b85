/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp.c - the icmp probe: one echo request an interval to every target, round trips from
 * the kernel's stamps of sending and receiving.
 *
 * Packets leave in groups spread evenly over the interval; group k of the cadence is due
 * at t0 + k * interval / n_groups, whatever rounds come and go. Every packet is one slot
 * of a ring, found by the number in its payload. A group that is late by a whole interval
 * is skipped and given as such, not made up for. */
#include "icmp_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUPS_PER_S = 10,  /* at most: a timer every 100 ms whatever the number of targets */
    EXPIRE_STEP_MS = 20 /* losses are told this much late at most, for fewer wake-ups */
};

static const char *const family_words[] = {"any", "4", "6", NULL};

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
     .doc = "Which addresses of a name to use: any (the system's first), 4 or 6."},
    {.name = NULL, .type = BW_OPT_END},
};

/* Sending ---------------------------------------------------------------------- */

static void follow_interface(struct bw_probe *p, int64_t now_ns)
{
    unsigned index;
    if (bw_opts_device(p->opts)[0] == '\0' || now_ns < p->next_ifindex_mono_ns) {
        return;
    }
    p->next_ifindex_mono_ns = now_ns + 1000 * ICMP_NS_PER_MS;
    index = if_nametoindex(bw_opts_device(p->opts));
    if (index == p->ifindex) {
        return;
    }
    p->ifindex = index;
    for (size_t i = 0; i < 2 && index != 0; i++) {
        if (p->sockets[i].fd >= 0) {
            (void)icmp_socket_use_interface(&p->sockets[i], index);
        }
    }
}

static struct icmp_socket *socket_of(struct bw_probe *p, const struct target *t)
{
    return &p->sockets[t->family == 6 ? 1 : 0];
}

/* Up to BW_ICMP_GROUP targets of one family in one call. */
static void send_some(struct bw_probe *p, size_t family, const uint32_t *targets, size_t n)
{
    struct icmp_out out[BW_ICMP_GROUP];
    int64_t now_ns = bw_clock_mono_ns();
    for (size_t i = 0; i < n; i++) {
        const struct target *t = &p->targets[targets[i]];
        uint32_t number = p->next++;
        *icmp_slot(p, number) = (struct slot){.number = number,
                                              .target = targets[i],
                                              .state = SLOT_WAITING,
                                              .family = t->family,
                                              .sent_mono_ns = now_ns,
                                              .sent_unix_ns = BW_UNKNOWN};
        out[i] = (struct icmp_out){.to = &t->to.sa,
                                   .to_len = t->family == 6 ? sizeof(t->to.in6)
                                                            : sizeof(t->to.in),
                                   .stamp = {.cookie = p->sockets[family].cookie,
                                             .number = number,
                                             .target = targets[i]}};
    }
    icmp_socket_send(&p->sockets[family], out, n);
    for (size_t i = 0; i < n; i++) {
        if (out[i].error < 0) {
            struct slot *s = icmp_slot(p, out[i].stamp.number);
            if (s->state == SLOT_WAITING) {
                s->state = SLOT_DONE;
                icmp_give(p, s->target, s->family, BW_FAILED, out[i].error, now_ns,
                          BW_UNKNOWN);
            }
        }
    }
}

/* Why a target cannot be sent to now; 0 when it can. */
static int obstacle(struct bw_probe *p, const struct target *t)
{
    if (t->family == 0) {
        return -EADDRNOTAVAIL; /* its name has no address (yet) */
    }
    if (bw_opts_device(p->opts)[0] != '\0' && p->ifindex == 0) {
        return -ENODEV;
    }
    return socket_of(p, t)->fd < 0 ? -EAFNOSUPPORT : 0;
}

static void send_group(struct bw_probe *p, uint64_t k, int64_t now_ns)
{
    uint32_t pick[2][BW_ICMP_GROUP];
    size_t n[2] = {0, 0};
    uint64_t group = k % p->n_groups;
    uint32_t from = (uint32_t)(group * p->n_targets / p->n_groups);
    uint32_t to = (uint32_t)((group + 1) * p->n_targets / p->n_groups);
    for (uint32_t i = from; i < to; i++) {
        struct target *t = &p->targets[i];
        int error;
        size_t f;
        if (t->is_name && !t->lookup && now_ns >= t->next_lookup_mono_ns) {
            icmp_lookup(p, i);
        }
        error = obstacle(p, t);
        if (error < 0) {
            icmp_give(p, i, t->family, BW_FAILED, error, now_ns, BW_UNKNOWN);
            continue;
        }
        f = t->family == 6 ? 1 : 0;
        pick[f][n[f]++] = i;
        if (n[f] == BW_ICMP_GROUP) {
            send_some(p, f, pick[f], n[f]);
            n[f] = 0;
        }
    }
    for (size_t f = 0; f < 2; f++) {
        if (n[f] > 0) {
            send_some(p, f, pick[f], n[f]);
        }
    }
}

static int64_t due_ns(const struct bw_probe *p)
{
    /* interval / n_groups apart, without the rounding adding up */
    return p->t0_mono_ns + (int64_t)(p->k / p->n_groups) * p->interval_ns +
           (int64_t)(p->k % p->n_groups) * p->interval_ns / (int64_t)p->n_groups;
}

static void skip_group(struct bw_probe *p, uint64_t k)
{
    uint64_t group = k % p->n_groups;
    uint32_t to = (uint32_t)((group + 1) * p->n_targets / p->n_groups);
    for (uint32_t i = (uint32_t)(group * p->n_targets / p->n_groups); i < to; i++) {
        icmp_give(p, i, p->targets[i].family, BW_SKIPPED, 0, due_ns(p), BW_UNKNOWN);
    }
}

static void send_due(struct bw_probe *p, int64_t now_ns)
{
    while (due_ns(p) <= now_ns && due_ns(p) < p->round_end_mono_ns) {
        if (due_ns(p) + p->interval_ns <= now_ns) {
            skip_group(p, p->k); /* late by a whole interval: not made up for */
        } else {
            follow_interface(p, now_ns);
            send_group(p, p->k, now_ns);
        }
        p->k++;
    }
}

static void on_timer(uv_timer_t *timer);

static void plan_timer(struct bw_probe *p)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t at_ns = INT64_MAX;
    if (p->running) {
        at_ns = p->cancelled ? now_ns : due_ns(p);
        if (at_ns > p->round_end_mono_ns) {
            at_ns = p->round_end_mono_ns;
        }
    }
    if (p->head != p->next) {
        int64_t expiry = icmp_slot(p, p->head)->sent_mono_ns + p->timeout_ns;
        if (expiry < now_ns + EXPIRE_STEP_MS * ICMP_NS_PER_MS) {
            expiry = now_ns + EXPIRE_STEP_MS * ICMP_NS_PER_MS;
        }
        if (expiry < at_ns) {
            at_ns = expiry;
        }
    }
    if (at_ns == INT64_MAX) {
        (void)uv_timer_stop(&p->timer);
        return;
    }
    uv_update_time(bw_host_loop(p->host));
    at_ns -= now_ns;
    (void)uv_timer_start(
        &p->timer, on_timer,
        at_ns > 0 ? (uint64_t)((at_ns + ICMP_NS_PER_MS - 1) / ICMP_NS_PER_MS) : 0, 0);
}

/* The one place where rounds end. */
static void maybe_done(struct bw_probe *p, int64_t now_ns)
{
    int status;
    if (!p->running || !(p->cancelled || now_ns >= p->round_end_mono_ns)) {
        return;
    }
    status = p->cancelled ? -ECANCELED : 0;
    p->running = false;
    p->cancelled = false;
    bw_host_done(p->host, status);
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_probe *p = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    if (p->running && !p->cancelled) {
        send_due(p, now_ns);
    }
    /* A near target has answered by now: this saves a wake-up for each group. */
    icmp_drain(p, 0);
    icmp_drain(p, 1);
    icmp_expire(p, bw_clock_mono_ns());
    icmp_lend(p);
    maybe_done(p, now_ns);
    if (!p->closing) {
        plan_timer(p);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_probe *p = poll->data;
    size_t i = poll == &p->polls[1] ? 1 : 0;
    (void)status; /* an error is read from the queue like everything else */
    (void)events;
    icmp_drain(p, i);
    icmp_advance(p);
    icmp_lend(p);
    if (status < 0 && !p->closing) { /* libuv stopped the handle */
        (void)uv_poll_start(&p->polls[i], UV_READABLE | UV_PRIORITIZED, on_poll);
    }
}

/* The contract ----------------------------------------------------------------- */

static int icmp_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    int64_t family = bw_opt_int(opts, "family");
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "icmp needs at least one target");
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        struct target parsed = {.family = 0};
        if (t->address[0] == '\0' || strpbrk(t->address, "/ \t")) {
            return bw_err_set(
                reterr, -EINVAL,
                "target \"%s\": '%s' is neither an IP address nor a host name", t->name,
                t->address);
        }
        if (icmp_literal(t->address, &parsed) &&
            ((family == 1 && parsed.family == 6) || (family == 2 && parsed.family == 4))) {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": %s is an IPv%d address, but family is %s",
                              t->name, t->address, parsed.family, family_words[family]);
        }
    }
    return 0;
}

static int64_t icmp_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)opts;
    (void)line_bps;
    return 0;
}

static int
icmp_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    uint64_t groups;
    uint32_t size = 64;
    int r = p ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    p->host = host;
    p->opts = opts;
    p->sockets[0].fd = -1;
    p->sockets[1].fd = -1;
    p->n_targets = (uint32_t)bw_opts_n_targets(opts);
    p->interval_ns = bw_opt_int(opts, "interval") * ICMP_NS_PER_MS;
    p->timeout_ns = bw_opt_int(opts, "timeout") * ICMP_NS_PER_MS;
    groups = (uint64_t)(p->interval_ns / (1000 * ICMP_NS_PER_MS / GROUPS_PER_S));
    p->n_groups = groups < 1 ? 1 : groups > p->n_targets ? p->n_targets : groups;
    /* Every packet keeps its slot until no late answer counts any more. */
    while ((int64_t)size <
           ((p->timeout_ns + ICMP_LATE_MS * ICMP_NS_PER_MS) / p->interval_ns + 2) *
               (int64_t)p->n_targets) {
        size *= 2;
    }
    p->ring_mask = size - 1;
    p->ring = calloc(size, sizeof(*p->ring));
    p->targets = calloc(p->n_targets, sizeof(*p->targets));
    if (!p->ring || !p->targets) {
        r = -ENOMEM;
        goto out;
    }
    for (uint32_t i = 0; i < p->n_targets; i++) {
        p->targets[i].is_name =
            !icmp_literal(bw_opts_target(opts, i)->address, &p->targets[i]);
    }
    *ret = p;
    p = NULL;
out:
    if (p) {
        free(p->ring);
        free(p->targets);
        free(p);
    }
    return r;
}

static bool wants_family(const struct bw_probe *p, int family)
{
    int64_t only = bw_opt_int(p->opts, "family");
    for (uint32_t i = 0; i < p->n_targets; i++) {
        const struct target *t = &p->targets[i];
        if (t->is_name ? only == 0 || only == (family == 6 ? 2 : 1) : t->family == family) {
            return true;
        }
    }
    return false;
}

static int icmp_open(struct bw_probe *p, struct bw_err *reterr)
{
    uv_loop_t *loop = bw_host_loop(p->host);
    int n_families = 0;
    int r = uv_timer_init(loop, &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    p->n_open++;
    for (size_t i = 0; i < 2; i++) {
        int family = i == 0 ? 4 : 6;
        if (!wants_family(p, family)) {
            continue;
        }
        r = icmp_socket_open(&p->sockets[i], family, (size_t)bw_opt_int(p->opts, "size"),
                             reterr);
        if (r == -EAFNOSUPPORT) { /* this machine has no such family: its targets fail */
            continue;
        }
        if (r < 0) {
            return r;
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
    for (uint32_t i = 0; i < p->n_targets; i++) {
        if (p->targets[i].is_name) {
            icmp_lookup(p, i);
        }
    }
    follow_interface(p, bw_clock_mono_ns());
    return 0;
}

static int icmp_run(struct bw_probe *p, uint32_t budget_ms)
{
    int64_t now_ns = bw_clock_mono_ns();
    if (p->running) {
        return -EBUSY;
    }
    /* Rounds that follow each other keep one cadence; after a pause a new one begins. */
    if (!p->planned || now_ns - due_ns(p) > p->interval_ns) {
        p->planned = true;
        p->t0_mono_ns = now_ns;
        p->k = 0;
    }
    p->running = true;
    p->round_end_mono_ns = budget_ms == 0 ? INT64_MAX : now_ns + budget_ms * ICMP_NS_PER_MS;
    plan_timer(p);
    return 0;
}

static void icmp_cancel(struct bw_probe *p)
{
    if (p->running && !p->cancelled) {
        p->cancelled = true;
        plan_timer(p);
    }
}

static void maybe_free(struct bw_probe *p)
{
    void (*closed)(void *owner);
    void *owner;
    if (!p->closing || p->n_open > 0) {
        return;
    }
    closed = p->closed;
    owner = p->closed_owner;
    icmp_socket_close(&p->sockets[0]);
    icmp_socket_close(&p->sockets[1]);
    free(p->ring);
    free(p->targets);
    free(p);
    closed(owner);
}

static void handle_closed(uv_handle_t *handle)
{
    struct bw_probe *p = handle->data;
    p->n_open--;
    maybe_free(p);
}

static void icmp_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    icmp_lookups_forget(p);
    if (p->timer_made) {
        uv_close((uv_handle_t *)&p->timer, handle_closed);
    }
    for (size_t i = 0; i < 2; i++) {
        if (p->polling[i]) {
            uv_close((uv_handle_t *)&p->polls[i], handle_closed);
        }
    }
    maybe_free(p); /* where open() never came so far */
}

const struct bw_probe_ops bw_probe_icmp = {
    .abi = BW_PROBE_ABI,
    .name = "icmp",
    .needs = BW_NEED_RAW,
    .klass = BW_CLASS_LATENCY,
    .opts = icmp_opts,
    .check = icmp_check,
    .cost_bytes = icmp_cost,
    .create = icmp_create,
    .open = icmp_open,
    .run = icmp_run,
    .cancel = icmp_cancel,
    .close = icmp_close,
};
