/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_flow.c - the life of one direction of a test: its handles, its two clocks (a coarse
 * watch for everything that may take long, a timerfd for what must be precise), its end.
 *
 * The load is timed by a timerfd and not by a libuv timer, which knows milliseconds only.
 * What is late by a wake-up is made up for by whoever sends or reads, so nothing spins. */
#include "udpst_flow_private.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    WATCH_MS = 20,
    RESOLVE_MS = 5000,
    MARGIN_MS = 500
};

int64_t udpst_flow_load_ms(const struct bw_opts *opts)
{
    return bw_opt_int(opts, "duration") + UDPST_OVERTIME_MS + UDPST_STOP_MS;
}

int64_t udpst_flow_longest_ms(const struct bw_opts *opts)
{
    return RESOLVE_MS + bw_opt_int(opts, "connect_timeout") + udpst_flow_load_ms(opts) +
           MARGIN_MS;
}

int64_t udpst_cpu_us(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) < 0) {
        return 0;
    }
    return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* ---- ends */

static void end(struct udpst_flow *f, int error)
{
    enum udpst_state was = f->state;
    if (f->ended || f->closing) {
        return;
    }
    f->ended = true;
    if (error < 0 && was == UDPST_TESTING) {
        udpst_load_say_stop(f);
    }
    f->state = UDPST_OVER;
    (void)uv_timer_stop(&f->watch);
    udpst_flow_listen(f, false);
    udpst_flow_wake(f, UDPST_NEVER);
    f->plan.ended(f->plan.owner, error, error < 0 ? f->reason : NULL);
}

void udpst_flow_fail(struct udpst_flow *f, int error, const char *format, ...)
{
    va_list args;
    if (f->ended || f->closing) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(f->reason, sizeof(f->reason), format, args);
    va_end(args);
    end(f, error);
}

void udpst_flow_succeed(struct udpst_flow *f)
{
    end(f, 0);
}

void udpst_flow_give_up(struct udpst_flow *f)
{
    if (f->state == UDPST_TESTING) {
        udpst_load_say_stop(f);
        f->state = UDPST_OVER;
    }
}

/* ---- wake-ups */

void udpst_flow_wake(struct udpst_flow *f, int64_t at_mono_ns)
{
    struct itimerspec at = {.it_interval = {0, 0}};
    if (f->tick_fd < 0) {
        return;
    }
    if (at_mono_ns != UDPST_NEVER) { /* 0 would disarm it */
        at.it_value.tv_sec = (time_t)(at_mono_ns / UDPST_NS_PER_S);
        at.it_value.tv_nsec = at_mono_ns > 0 ? (long)(at_mono_ns % UDPST_NS_PER_S) : 1;
    }
    (void)timerfd_settime(f->tick_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void on_tick(uv_poll_t *handle, int status, int events)
{
    struct udpst_flow *f = handle->data;
    uint64_t expired;
    (void)status;
    (void)events;
    if (read(f->tick_fd, &expired, sizeof(expired)) == (ssize_t)sizeof(expired) &&
        f->state == UDPST_TESTING) {
        udpst_load_tick(f);
    }
}

static void on_socket(uv_poll_t *handle, int status, int events)
{
    struct udpst_flow *f = handle->data;
    int error;
    (void)events;
    if (status < 0) {
        udpst_flow_fail(f, status, "the socket failed: %s", uv_strerror(status));
        return;
    }
    error = udpst_io_errors(&f->io); /* or the loop would be woken for them again */
    f->faults.icmp = error < 0 ? error : f->faults.icmp;
    switch (f->state) {
    case UDPST_SETTING_UP:
    case UDPST_ACTIVATING:
        udpst_control_read(f);
        break;
    case UDPST_TESTING:
    case UDPST_CONFIRMING:
        udpst_load_read(f);
        break;
    case UDPST_RESOLVING:
    case UDPST_OVER:
    default:
        break;
    }
}

void udpst_flow_listen(struct udpst_flow *f, bool yes)
{
    if (!f->socket_made) {
        return;
    }
    if (yes) {
        (void)uv_poll_start(&f->socket, UV_READABLE | UV_PRIORITIZED, on_socket);
    } else {
        (void)uv_poll_stop(&f->socket);
    }
}

/* The server's address is there: open the socket of its family. */
static void resolved(struct udpst_flow *f)
{
    const struct bw_opts *o = f->plan.opts;
    struct bw_err err = {""};
    int r;
    f->server = f->where.to;
    f->header = f->where.family == 6 ? 48 : 28;
    f->payload_max = (bw_opt_int(o, "jumbo") ? 9000U : 1500U) - f->header;
    r = udpst_io_open(&f->io, f->where.family, bw_opts_device(o),
                      bw_opts_source(o, f->where.family), &err);
    if (r < 0) {
        udpst_flow_fail(f, r, "%s", err.text);
        return;
    }
    r = uv_poll_init(bw_host_loop(f->plan.host), &f->socket, f->io.fd);
    if (r < 0) {
        udpst_flow_fail(f, r, "no watch on the socket: %s", uv_strerror(r));
        return;
    }
    f->socket.data = f;
    f->socket_made = true;
    f->n_open++;
    udpst_flow_listen(f, true);
    udpst_control_begin(f);
}

static void on_watch(uv_timer_t *timer)
{
    struct udpst_flow *f = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    switch (f->state) {
    case UDPST_RESOLVING:
        if (f->where.family != 0) {
            resolved(f);
        } else if (!f->where.lookup || now_ns >= f->deadline_mono_ns) {
            udpst_flow_fail(f, -ENOENT, "the server's name has no address%s",
                            f->where.lookup ? ": nobody answers to the question for it"
                                            : "");
        }
        break;
    case UDPST_SETTING_UP:
    case UDPST_ACTIVATING:
        udpst_control_watch(f, now_ns);
        break;
    case UDPST_TESTING:
    case UDPST_CONFIRMING:
        udpst_load_watch(f, now_ns);
        break;
    case UDPST_OVER:
    default:
        break;
    }
}

/* ---- life */

static void handle_closed(uv_handle_t *handle)
{
    struct udpst_flow *f = handle->data;
    f->n_open--;
    if (f->n_open == 0) {
        void (*closed)(void *owner) = f->closed;
        void *owner = f->closed_owner;
        udpst_io_close(&f->io);
        if (f->tick_fd >= 0) {
            (void)close(f->tick_fd);
        }
        free(f);
        closed(owner);
    }
}

int udpst_flow_start(const struct udpst_flow_plan *plan,
                     struct udpst_flow **ret,
                     struct bw_err *reterr)
{
    static const int families[] = {0, 4, 6};
    uv_loop_t *loop = bw_host_loop(plan->host);
    struct udpst_flow *f = calloc(1, sizeof(*f));
    char host[BW_HOST_MAX];
    uint16_t port = 0;
    int r;
    if (!f) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    f->plan = *plan;
    f->io.fd = -1;
    f->count.rtt_least_ns = BW_UNKNOWN;
    f->rtt_least_ms = BW_UNKNOWN;
    f->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (f->tick_fd < 0) {
        r = -errno;
        free(f);
        return bw_err_set(reterr, r, "no timer: %s", bw_strerror(r));
    }
    r = uv_poll_init(loop, &f->tick, f->tick_fd);
    if (r < 0) {
        (void)close(f->tick_fd);
        free(f);
        return bw_err_set(reterr, r, "no watch on a timer: %s", uv_strerror(r));
    }
    f->tick.data = f;
    (void)uv_timer_init(loop, &f->watch); /* never fails: uv_timer_init(3) */
    f->watch.data = f;
    f->n_open = 2;
    (void)uv_poll_start(&f->tick, UV_READABLE, on_tick);
    (void)bw_address_split(bw_opts_target(plan->opts, 0)->address, BW_UDPST_PORT, host,
                           &port); /* checked */
    bw_whereis_init(&f->where, host, port, families[bw_opt_int(plan->opts, "family")]);
    f->begun_mono_ns = bw_clock_mono_ns();
    f->deadline_mono_ns = f->begun_mono_ns + RESOLVE_MS * UDPST_NS_PER_MS;
    bw_whereis_refresh(&f->where, loop, f->begun_mono_ns);
    uv_update_time(loop);
    (void)uv_timer_start(&f->watch, on_watch, 0, WATCH_MS);
    *ret = f;
    return 0;
}

void udpst_flow_close(struct udpst_flow *f, void (*closed)(void *owner), void *owner)
{
    f->closing = true;
    f->closed = closed;
    f->closed_owner = owner;
    bw_whereis_done(&f->where);
    if (f->socket_made) {
        uv_close((uv_handle_t *)&f->socket, handle_closed);
    }
    uv_close((uv_handle_t *)&f->tick, handle_closed);
    uv_close((uv_handle_t *)&f->watch, handle_closed);
}

void udpst_flow_read(const struct udpst_flow *f, struct udpst_view *ret)
{
    *ret = (struct udpst_view){.version = f->version,
                               .family = f->where.family,
                               .mtu = BW_UNKNOWN,
                               .total_ip_bytes = f->total_ip_bytes,
                               .have_best = f->have_best,
                               .best = f->best,
                               .running = f->state == UDPST_TESTING};
    if (f->io.fd >= 0 && f->t0_mono_ns > 0) {
        ret->mtu = udpst_io_mtu(&f->io);
    }
    ret->rtt_min_us = BW_UNKNOWN;
    if (f->plan.direction == BW_DOWN && f->count.rtt_least_ns != BW_UNKNOWN) {
        ret->rtt_min_us = f->count.rtt_least_ns / 1000;
    } else if (f->plan.direction == BW_UP && f->rtt_least_ms != BW_UNKNOWN) {
        ret->rtt_min_us = f->rtt_least_ms * 1000;
    }
    if (ret->running) {
        udpst_load_view(f, &ret->now);
    }
}
