/* SPDX-License-Identifier: GPL-3.0-or-later
 * path.c - the path probe: every few minutes the hops to each target and the largest
 * packet that fits, for the question where on the way a fault is.
 *
 * All traces share the instance's sockets, and so one flow a target for as long as it
 * lives: a balancer of load sends them the same way every time, and a change is one. */
#include "path_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    COST_BYTES = 12288, /* 15 hops of 3 small packets with answers, 4 full ones */
    STEP_MS = 2         /* silences are told this much late at most, for fewer wake-ups */
};

static const char *const family_words[] = {"any", "4", "6", NULL};
static const char *const method_words[] = {"icmp", "udp", NULL};

static const struct bw_optspec path_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 86400000,
     .def = "5min",
     .doc = "Time between two traces to the same target."},
    {.name = "method",
     .type = BW_OPT_ENUM,
     .def = "icmp",
     .words = method_words,
     .doc = "Packets to send: icmp (echo requests: most targets answer them) or udp (as "
            "most traffic is; many targets answer nothing, and the path then ends before "
            "them)."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 65535,
     .def = "33434",
     .doc = "Destination port of UDP packets; always the same, so that they keep their "
            "way."},
    {.name = "probes",
     .type = BW_OPT_INT,
     .min = 1,
     .max = PATH_PROBES_MAX,
     .def = "3",
     .doc = "Packets to each hop."},
    {.name = "wait",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 3000,
     .def = "1s",
     .doc = "A packet without an answer after this long counts as unanswered."},
    {.name = "max_hops",
     .type = BW_OPT_INT,
     .min = 1,
     .max = BW_PATH_HOPS_MAX,
     .def = "30",
     .doc = "A trace ends after this many hops."},
    {.name = "silent",
     .type = BW_OPT_INT,
     .min = 1,
     .max = BW_PATH_HOPS_MAX,
     .def = "5",
     .doc = "A trace ends after this many hops in a row that do not answer."},
    {.name = "mtu",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc =
         "Also look for the largest packet that goes through whole, and for places where "
         "larger ones vanish without a word."},
    {.name = "names",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc =
         "Look up the reverse names of hops. A label that would tell the address is left "
         "out."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "any",
     .words = family_words,
     .doc = "Which addresses of a name to use: any (the system's first), 4 or 6."},
    {.name = NULL, .type = BW_OPT_END},
};

static int family_of(const struct bw_opts *opts)
{
    static const int families[] = {0, 4, 6};
    return families[bw_opt_int(opts, "family")];
}

static bool is_udp(const struct bw_opts *opts)
{
    return strcmp(bw_opt_str(opts, "method"), "udp") == 0;
}

/* When -------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void plan_timer(struct bw_probe *p, int64_t at_ns)
{
    int64_t now_ns = bw_clock_mono_ns();
    if (at_ns == INT64_MAX) {
        (void)uv_timer_stop(&p->timer);
        return;
    }
    uv_update_time(bw_host_loop(p->host));
    at_ns -= now_ns;
    (void)uv_timer_start(&p->timer, on_timer,
                         at_ns > 0 ? (uint64_t)(at_ns / PATH_NS_PER_MS) + STEP_MS : 0, 0);
}

static void follow_interface(struct bw_probe *p, int64_t now_ns)
{
    if (!bw_outlet_follow(&p->outlet, now_ns) || p->outlet.ifindex == 0) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (p->sockets[i].fd >= 0) {
            (void)path_socket_use_interface(&p->sockets[i], p->outlet.ifindex);
        }
    }
}

/* Begin the traces that are due; gives the instant of the next one. */
static int64_t begin_due(struct bw_probe *p, int64_t now_ns)
{
    int64_t interval_ns = bw_opt_int(p->opts, "interval") * PATH_NS_PER_MS;
    int64_t at_ns = INT64_MAX;
    for (uint32_t i = 0; i < p->n_targets && !p->closing; i++) {
        struct path_target *t = &p->targets[i];
        if (now_ns >= t->due_mono_ns && t->state == PATH_IDLE) {
            int r = path_begin(p, i, now_ns);
            if (r == -EAGAIN && now_ns - t->due_mono_ns < PATH_WHERE_MS * PATH_NS_PER_MS) {
                /* a lookup that has just begun at most delays it */
                at_ns = now_ns + 50 * PATH_NS_PER_MS < at_ns ? now_ns + 50 * PATH_NS_PER_MS
                                                             : at_ns;
                continue;
            }
            t->due_mono_ns += interval_ns;
            if (t->due_mono_ns <= now_ns) { /* late by a whole interval: not made up for */
                t->due_mono_ns = now_ns + interval_ns;
            }
            if (r < 0) {
                t->began_mono_ns = now_ns;
                path_fail(p, i, r == -EAGAIN ? -BW_ENOLOOKUP : r,
                          r == -EADDRNOTAVAIL ? "the target's name has no address" : NULL);
            }
        } else if (now_ns >= t->due_mono_ns) { /* the last one is not over: skipped */
            t->due_mono_ns += interval_ns;
        }
        at_ns = t->due_mono_ns < at_ns ? t->due_mono_ns : at_ns;
    }
    return at_ns;
}

/* The one place where rounds end. */
static void maybe_done(struct bw_probe *p, int64_t now_ns)
{
    int status;
    if (!p->running || !(p->cancelled || now_ns >= p->round_end_mono_ns)) {
        return;
    }
    status = p->cancelled ? -ECANCELED : 0;
    for (uint32_t i = 0; p->cancelled && i < p->n_targets; i++) {
        if (p->targets[i].state != PATH_IDLE) { /* names are all that one may still lack */
            path_tell(p, i, p->targets[i].state == PATH_NAMING ? BW_OK : BW_SKIPPED);
        }
    }
    p->running = false;
    p->cancelled = false;
    bw_host_done(p->host, status);
}

static void work(struct bw_probe *p)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t at_ns = INT64_MAX;
    int64_t other_ns;
    follow_interface(p, now_ns);
    maybe_done(p, now_ns);
    if (p->running && !p->closing) {
        at_ns = begin_due(p, now_ns);
        at_ns = at_ns < p->round_end_mono_ns ? at_ns : p->round_end_mono_ns;
    }
    if (p->closing) {
        return;
    }
    other_ns = path_advance(p, now_ns);
    if (!p->closing) {
        at_ns = other_ns < at_ns ? other_ns : at_ns;
        plan_timer(p, p->cancelled ? now_ns : at_ns);
    }
}

static void on_timer(uv_timer_t *timer)
{
    work(timer->data);
}

static void on_named(void *owner)
{
    work(owner);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_probe *p = poll->data;
    (void)events;
    work(p);
    if (status < 0 && !p->closing) { /* libuv stopped the handle */
        (void)uv_poll_start(poll, UV_READABLE | UV_PRIORITIZED, on_poll);
    }
}

/* The contract ------------------------------------------------------------------ */

static int path_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    int family = family_of(opts);
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "path needs at least one target");
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
        if (t->address[0] == '\0' || strlen(t->address) >= BW_HOST_MAX ||
            strpbrk(t->address, "/[] \t")) {
            return bw_err_set(
                reterr, -EINVAL,
                "target \"%s\": '%s' is neither an IP address nor a host name", t->name,
                t->address);
        }
        if (bw_address_parse(t->address, &a) && family != 0 &&
            bw_address_family(&a) != family) {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": %s is an IPv%d address, but family is %d",
                              t->name, t->address, bw_address_family(&a), family);
        }
    }
    return 0;
}

static int64_t path_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)opts;
    (void)line_bps;
    return COST_BYTES;
}

static int
path_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    if (!p) {
        return -ENOMEM;
    }
    p->host = host;
    p->opts = opts;
    for (size_t i = 0; i < 2; i++) {
        p->sockets[i].fd = -1;
        p->sockets[i].ear = -1;
    }
    p->n_targets = (uint32_t)bw_opts_n_targets(opts);
    p->targets = calloc(p->n_targets, sizeof(*p->targets));
    if (!p->targets) {
        free(p);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < p->n_targets; i++) {
        bw_whereis_init(&p->targets[i].where, bw_opts_target(opts, i)->address,
                        is_udp(opts) ? (uint16_t)bw_opt_int(opts, "port") : 0,
                        family_of(opts));
    }
    bw_outlet_init(&p->outlet, bw_opts_device(opts));
    *ret = p;
    return 0;
}

static bool wants_family(const struct bw_probe *p, int family)
{
    for (uint32_t i = 0; i < p->n_targets; i++) {
        const struct bw_whereis *w = &p->targets[i].where;
        if (w->is_name ? w->only == 0 || w->only == family : w->family == family) {
            return true;
        }
    }
    return false;
}

static int watch(struct bw_probe *p, uv_poll_t *poll, int fd, struct bw_err *reterr)
{
    int r = uv_poll_init(bw_host_loop(p->host), poll, fd);
    if (r == 0) {
        poll->data = p;
        p->n_open++;
        r = uv_poll_start(poll, UV_READABLE | UV_PRIORITIZED, on_poll);
    }
    return r < 0 ? bw_err_set(reterr, r, "cannot watch a socket: %s", uv_strerror(r)) : 0;
}

/* 1: it is there; 0: this machine has no such family. */
static int open_family(struct bw_probe *p, size_t i, struct bw_err *reterr)
{
    struct path_socket_conf conf = {.family = i == 0 ? 4 : 6, .udp = is_udp(p->opts)};
    int r;
    conf.source = bw_opts_source(p->opts, conf.family);
    r = path_socket_open(&p->sockets[i], &conf, reterr);
    if (r == -EAFNOSUPPORT) {
        return 0;
    }
    if (r < 0) {
        return r;
    }
    r = watch(p, &p->polls[i], p->sockets[i].fd, reterr);
    p->polling[i] = p->polls[i].data != NULL;
    if (r == 0 && p->sockets[i].ear >= 0) {
        r = watch(p, &p->ears[i], p->sockets[i].ear, reterr);
        p->hearing[i] = p->ears[i].data != NULL;
    }
    return r < 0 ? r : 1;
}

static int path_open(struct bw_probe *p, struct bw_err *reterr)
{
    uv_loop_t *loop = bw_host_loop(p->host);
    int64_t now_ns = bw_clock_mono_ns();
    int n_families = 0;
    int r = uv_timer_init(loop, &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    p->n_open++;
    for (size_t i = 0; i < 2; i++) {
        if (wants_family(p, i == 0 ? 4 : 6)) {
            r = open_family(p, i, reterr);
            if (r < 0) {
                return r;
            }
            n_families += r;
        }
    }
    if (n_families == 0) {
        return bw_err_set(reterr, -EAFNOSUPPORT, "this machine has no IP of that family");
    }
    if (bw_opt_int(p->opts, "names") == 1) {
        p->names = path_names_new(loop, on_named, p);
        if (!p->names) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
    }
    for (uint32_t i = 0; i < p->n_targets; i++) {
        bw_whereis_refresh(&p->targets[i].where, loop, now_ns);
    }
    follow_interface(p, now_ns);
    return 0;
}

static int path_run(struct bw_probe *p, uint32_t budget_ms)
{
    int64_t now_ns = bw_clock_mono_ns();
    if (p->running) {
        return -EBUSY;
    }
    p->running = true;
    p->round_end_mono_ns = budget_ms == 0 ? INT64_MAX : now_ns + budget_ms * PATH_NS_PER_MS;
    for (uint32_t i = 0; i < p->n_targets; i++) {
        /* rounds that follow each other keep one cadence */
        if (p->targets[i].due_mono_ns < now_ns) {
            p->targets[i].due_mono_ns = now_ns;
        }
    }
    plan_timer(p, now_ns);
    return 0;
}

static void path_cancel(struct bw_probe *p)
{
    if (p->running && !p->cancelled) {
        p->cancelled = true;
        plan_timer(p, 0);
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
    path_socket_close(&p->sockets[0]);
    path_socket_close(&p->sockets[1]);
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

static void path_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    path_names_free(p->names);
    p->names = NULL;
    for (uint32_t i = 0; i < p->n_targets; i++) {
        bw_whereis_done(&p->targets[i].where);
    }
    if (p->timer_made) {
        uv_close((uv_handle_t *)&p->timer, handle_closed);
    }
    for (size_t i = 0; i < 2; i++) {
        if (p->polling[i]) {
            uv_close((uv_handle_t *)&p->polls[i], handle_closed);
        }
        if (p->hearing[i]) {
            uv_close((uv_handle_t *)&p->ears[i], handle_closed);
        }
    }
    maybe_free(p); /* where open() never came so far */
}

const struct bw_probe_ops bw_probe_path = {
    .abi = BW_PROBE_ABI,
    .name = "path",
    .needs = BW_NEED_RAW,
    .klass = BW_CLASS_LATENCY,
    .opts = path_opts,
    .check = path_check,
    .cost_bytes = path_cost,
    .create = path_create,
    .open = path_open,
    .run = path_run,
    .cancel = path_cancel,
    .close = path_close,
};
