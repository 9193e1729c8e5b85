/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_dial.c - name, addresses, connection.
 *
 * Invariant: the timer starts every attempt, so nothing is told before the starter has
 * returned; what is under way is counted in n_open, and the dial is freed with the last. */
#include "ndt7_dial.h"

#include <address.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <outlet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    ADDRESSES_MAX = 8,
    STAGGER_MS = 250
};

struct attempt {
    uv_poll_t poll;
    struct ndt7_dial *dial;
    int fd; /* -1: handed over */
    bool under_way;
    uint8_t family;
};

struct lookup { /* owns itself: it cannot be cancelled once it runs */
    uv_getaddrinfo_t request;
    struct ndt7_dial *dial; /* NULL: nobody waits */
};

struct ndt7_dial {
    struct ndt7_dial_setup setup;
    char host[BW_HOST_MAX];
    uv_timer_t timer;
    struct lookup *lookup;
    union bw_address to[ADDRESSES_MAX];
    size_t n_to;
    size_t next;
    struct attempt attempts[ADDRESSES_MAX];
    size_t n_under_way;
    int n_open;
    int error;       /* of the attempt that failed last … */
    bool cc_refused; /* … for the congestion control's sake */
    bool over;
};

/* The end ----------------------------------------------------------------------- */

static void maybe_free(struct ndt7_dial *d)
{
    d->n_open--;
    if (d->n_open == 0) {
        free(d);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    maybe_free(handle->data);
}

static void poll_closed(uv_handle_t *handle)
{
    struct attempt *a = handle->data;
    if (a->fd >= 0) {
        (void)close(a->fd);
    }
    maybe_free(a->dial);
}

static void stop_attempt(struct attempt *a)
{
    if (a->under_way) {
        a->under_way = false;
        a->dial->n_under_way--;
        uv_close((uv_handle_t *)&a->poll, poll_closed);
    }
}

void ndt7_dial_end(struct ndt7_dial *d)
{
    if (!d || d->over) {
        return;
    }
    d->over = true;
    if (d->lookup) {
        d->lookup->dial = NULL;
        (void)uv_cancel((uv_req_t *)&d->lookup->request);
    }
    for (size_t i = 0; i < d->next; i++) {
        stop_attempt(&d->attempts[i]);
    }
    uv_close((uv_handle_t *)&d->timer, timer_closed);
}

static void tell(struct ndt7_dial *d, int fd, uint8_t family, const char *reason)
{
    struct ndt7_dial_setup setup = d->setup;
    ndt7_dial_end(d);
    setup.done(setup.owner, fd, family, reason);
}

/* Attempts ---------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void next_in(struct ndt7_dial *d, uint64_t ms)
{
    uv_update_time(d->setup.loop);
    (void)uv_timer_start(&d->timer, on_timer, ms, 0);
}

/* The circuit's addresses lead by its line; a family that has none would leave by another.
 */
static bool leads_elsewhere(const struct bw_opts *o, int family)
{
    return bw_opts_source(o, family)[0] == '\0' &&
           bw_opts_source(o, family == 4 ? 6 : 4)[0] != '\0';
}

static int set_cc(struct ndt7_dial *d, int fd)
{
    const char *cc = d->setup.cc;
    if (cc[0] != '\0' &&
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, (socklen_t)strlen(cc)) < 0) {
        d->cc_refused = true;
        return -errno;
    }
    return 0;
}

static int prepare(struct ndt7_dial *d, int fd, int family)
{
    const struct bw_opts *o = d->setup.opts;
    const int on = 1;
    int r = bw_outlet_bind_device(fd, bw_opts_device(o));
    if (r == 0) {
        r = bw_outlet_bind_source(fd, family, bw_opts_source(o, family));
    }
    if (r == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) {
        r = -errno;
    }
    return r == 0 ? set_cc(d, fd) : r;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct attempt *a = poll->data;
    struct ndt7_dial *d = a->dial;
    int error = 0;
    socklen_t len = sizeof(error);
    (void)status;
    (void)events;
    if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        error = errno;
    }
    if (error == 0) {
        int fd = a->fd;
        a->fd = -1;
        (void)set_cc(d, fd); /* again: a route's own took its place in connect() */
        (void)uv_poll_stop(&a->poll);
        tell(d, fd, a->family, NULL);
        return;
    }
    d->error = -error;
    stop_attempt(a);
    next_in(d, 0);
}

static int start_attempt(struct ndt7_dial *d, struct attempt *a, const union bw_address *to)
{
    int family = bw_address_family(to);
    int r;
    *a = (struct attempt){.dial = d, .family = (uint8_t)family};
    a->fd = socket(family == 6 ? AF_INET6 : AF_INET,
                   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (a->fd < 0) {
        return -errno;
    }
    r = prepare(d, a->fd, family);
    if (r == 0 && connect(a->fd, &to->sa, bw_address_len(to)) < 0 && errno != EINPROGRESS) {
        r = -errno;
    }
    if (r == 0) {
        r = uv_poll_init_socket(d->setup.loop, &a->poll, a->fd);
    }
    if (r < 0) {
        (void)close(a->fd);
        return r;
    }
    a->poll.data = a;
    a->under_way = true;
    d->n_open++;
    d->n_under_way++;
    return uv_poll_start(&a->poll, UV_WRITABLE, on_poll);
}

static void on_timer(uv_timer_t *timer)
{
    struct ndt7_dial *d = timer->data;
    while (d->next < d->n_to) {
        struct attempt *a = &d->attempts[d->next];
        int r = start_attempt(d, a, &d->to[d->next]);
        d->next++;
        if (r == 0) {
            next_in(d, STAGGER_MS);
            return;
        }
        stop_attempt(a);
        d->error = r;
    }
    if (d->n_under_way == 0) {
        char reason[160];
        if (d->cc_refused) {
            (void)snprintf(reason, sizeof(reason),
                           "cc = %.15s is not %s here (see "
                           "net.ipv4.tcp_allowed_congestion_control)",
                           d->setup.cc, d->error == -ENOENT ? "known" : "permitted");
        } else {
            (void)snprintf(reason, sizeof(reason), "no connection: %s",
                           uv_strerror(d->error));
        }
        tell(d, d->error, 0, reason);
    }
}

/* Addresses --------------------------------------------------------------------- */

static void take(struct ndt7_dial *d, const struct sockaddr *sa)
{
    union bw_address a;
    if (d->n_to < ADDRESSES_MAX && bw_address_from(sa, &a) &&
        !leads_elsewhere(d->setup.opts, bw_address_family(&a))) {
        bw_address_set_port(&a, d->setup.port);
        d->to[d->n_to++] = a;
    }
}

/* The system's order, but families by turns, beginning with the first one's. */
static void take_all(struct ndt7_dial *d, const struct addrinfo *list)
{
    const struct addrinfo *at[2] = {list, list};
    int first = list ? list->ai_family : 0;
    for (size_t turn = 0; at[0] || at[1]; turn ^= 1) {
        while (at[turn] && (at[turn]->ai_family == first) != (turn == 0)) {
            at[turn] = at[turn]->ai_next;
        }
        if (at[turn]) {
            take(d, at[turn]->ai_addr);
            at[turn] = at[turn]->ai_next;
        }
    }
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct lookup *l = request->data;
    struct ndt7_dial *d = l->dial;
    free(l);
    if (d) {
        d->lookup = NULL;
        if (status == 0) {
            take_all(d, list);
        }
        if (status < 0 || d->n_to == 0) {
            char reason[400];
            (void)snprintf(reason, sizeof(reason), "the name %s cannot be resolved: %s",
                           d->host, status < 0 ? uv_strerror(status) : "no usable address");
            tell(d, -EADDRNOTAVAIL, 0, reason);
        } else {
            next_in(d, 0);
        }
    }
    uv_freeaddrinfo(list);
}

static int look_up(struct ndt7_dial *d)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct lookup *l = calloc(1, sizeof(*l));
    int r;
    if (!l) {
        return -ENOMEM;
    }
    l->dial = d;
    l->request.data = l;
    r = uv_getaddrinfo(d->setup.loop, &l->request, on_lookup, d->host, NULL, &hints);
    if (r < 0) {
        free(l);
        return r;
    }
    d->lookup = l;
    return 0;
}

int ndt7_dial_start(const struct ndt7_dial_setup *setup, struct ndt7_dial **ret)
{
    struct ndt7_dial *d = calloc(1, sizeof(*d));
    int r = d ? 0 : -ENOMEM;
    if (!d) {
        return r;
    }
    d->setup = *setup;
    d->error = -ENETUNREACH;
    (void)snprintf(d->host, sizeof(d->host), "%s", setup->host);
    (void)uv_timer_init(setup->loop, &d->timer);
    d->timer.data = d;
    d->n_open = 1;
    if (bw_address_parse(d->host, &d->to[0])) {
        bw_address_set_port(&d->to[0], setup->port);
        d->n_to = 1;
        next_in(d, 0);
    } else {
        r = look_up(d);
    }
    if (r < 0) {
        ndt7_dial_end(d);
        return r;
    }
    *ret = d;
    return 0;
}
