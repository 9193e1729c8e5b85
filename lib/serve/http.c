/* SPDX-License-Identifier: GPL-3.0-or-later
 * http.c - listeners, connections and their deadlines, on a libuv loop.
 *
 * libmicrohttpd owns the sockets and parses HTTP; the loop watches each daemon's epoll
 * descriptor and its timeout. A connection whose deadline passes is shut down by us, so
 * that libmicrohttpd sees it end and frees it in its own order. */
#include "http_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <gzip.h>
#include <log.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

const struct bw_http_limits bw_http_limits_default = {
    .connections = 12000,
    .per_address = 0,
    .header_bytes = 6144,
    .bodies_bytes = (size_t)96 * 1024 * 1024,
    .header_ms = 30000,
    .body_ms = 60000,
    .send_ms = 60000,
    .idle_ms = 400000,
};

int64_t bw_http_now_ms(void)
{
    return bw_clock_mono_ms();
}

enum {
    RUNS_MAX = 4
};

/* --- the loop ---------------------------------------------------------------------------
 */

static void on_timer(uv_timer_t *timer);

/* libmicrohttpd may say without end that it wants to run at once: a timer of 0 ms that is
 * started by its own callback would never let the loop come to anything else. */
static void listener_run(struct listener *l)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    enum MHD_Result wants = MHD_YES;
    for (int i = 0; i < RUNS_MAX && wants == MHD_YES && wait_ms == 0; i++) {
        (void)MHD_run(l->daemon);
        wants = MHD_get_timeout(l->daemon, &wait_ms);
    }
    if (wants == MHD_YES) {
        (void)uv_timer_start(&l->timer, on_timer, wait_ms > 0 ? wait_ms : 1, 0);
    } else {
        (void)uv_timer_stop(&l->timer);
    }
}

static void on_timer(uv_timer_t *timer)
{
    listener_run(timer->data);
}

/* Without a thread of its own the daemon is not woken by a resume: it has to be run. */
void bw_http_resume(struct conn *c)
{
    MHD_resume_connection(c->mhd);
    (void)uv_timer_start(&c->listener->timer, on_timer, 0, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    listener_run(poll->data);
}

static void on_sweep(uv_timer_t *timer)
{
    struct bw_http *h = timer->data;
    int64_t now = bw_http_now_ms();
    for (struct conn *c = h->conns; c; c = c->next) {
        if (c->deadline_mono_ms <= now) {
            h->stats.timeouts++;
            bw_http_cut(c);
        } else if (now - c->since_mono_ms >= SWEEP_MS && bw_http_gone(c)) {
            bw_http_cut(c);
        }
    }
    for (size_t i = 0; i < h->n_listeners; i++) {
        struct listener *l = &h->listeners[i];
        if (l->n_open < h->limits.connections - h->limits.connections / 4) {
            bw_complain_over(&l->crowded, BW_AREA_HTTP,
                             "there is room for connections again");
        }
    }
}

static void on_connection(void *cls,
                          struct MHD_Connection *mhd,
                          void **ctx,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;
    struct bw_http *h = l->http;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct conn *c = calloc(1, sizeof(*c));
        *ctx = c; /* without memory requests on it are refused */
        if (!c) {
            return;
        }
        c->listener = l;
        c->mhd = mhd;
        c->proxied = l->proxied;
        c->deadline_mono_ms = bw_http_now_ms() + h->limits.header_ms;
        c->next = h->conns;
        if (c->next) {
            c->next->prev = c;
        }
        h->conns = c;
        h->stats.connections++;
        h->stats.connections_now++;
        c->state = CONN_BUSY;
        l->n_open++;
        bw_http_state(c, CONN_NEW);
        bw_http_make_room(c);
        return;
    }
    struct conn *c = *ctx;
    *ctx = NULL;
    if (!c) {
        return;
    }
    if (c->state != CONN_CUT) {
        bw_http_state(c, CONN_CUT);
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        h->conns = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    h->stats.connections_now--;
    free(c);
}

static void on_mhd_log(void *cls, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void on_mhd_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    char text[256];
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    bw_log(BW_AREA_HTTP, BW_DEBUG, "%s", text);
}

/* --- listening --------------------------------------------------------------------------
 */

static int
open_unix(struct listener *l, const struct bw_http_where *w, struct bw_err *reterr)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    if (strlen(w->address) >= sizeof(sun.sun_path)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: longer than %zu bytes", w->address,
                          sizeof(sun.sun_path) - 1);
    }
    memcpy(sun.sun_path, w->address, strlen(w->address) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return bw_err_set(reterr, -errno, "socket: %s", bw_strerror(-errno));
    }
    int r = 0;
    if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0) {
        r = bw_err_set(reterr, -EADDRINUSE, "%s: another program answers there",
                       w->address);
        goto out;
    }
    struct stat st;
    if (lstat(w->address, &st) == 0 && S_ISSOCK(st.st_mode)) {
        (void)unlink(w->address);
    }
    if (bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0 ||
        chmod(w->address, w->mode ? w->mode : 0660) < 0 || listen(fd, 512) < 0) {
        r = -errno;
        r = bw_err_set(reterr, r, "%s: %s", w->address, bw_strerror(r));
        goto out;
    }
    (void)snprintf(l->unix_path, sizeof(l->unix_path), "%s", w->address);
    l->fd = fd;
    fd = -1;
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

static int
open_tcp(struct listener *l, const struct bw_http_where *w, struct bw_err *reterr)
{
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } a;
    memset(&a, 0, sizeof(a));
    socklen_t n;
    if (inet_pton(AF_INET, w->address, &a.in.sin_addr) == 1) {
        a.in.sin_family = AF_INET;
        a.in.sin_port = htons(w->port);
        n = sizeof(a.in);
    } else if (inet_pton(AF_INET6, w->address, &a.in6.sin6_addr) == 1) {
        a.in6.sin6_family = AF_INET6;
        a.in6.sin6_port = htons(w->port);
        n = sizeof(a.in6);
    } else {
        return bw_err_set(reterr, -EINVAL, "%s: give an IPv4 or IPv6 address or a path",
                          w->address);
    }
    int fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return bw_err_set(reterr, -errno, "socket: %s", bw_strerror(-errno));
    }
    int r = 0;
    int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, &a.sa, n) < 0 || listen(fd, 1024) < 0 || getsockname(fd, &a.sa, &n) < 0) {
        r = -errno;
        r = bw_err_set(reterr, r, "%s port %u: %s", w->address, w->port, bw_strerror(r));
        (void)close(fd);
        return r;
    }
    l->port = ntohs(a.sa.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
    l->fd = fd;
    return 0;
}

static int
start_daemon(struct listener *l, const struct bw_http_where *w, struct bw_err *reterr)
{
    struct bw_http *h = l->http;
    struct MHD_OptionItem options[24];
    size_t n = 0;
#define OPTION(...) options[n++] = (struct MHD_OptionItem){__VA_ARGS__}
    OPTION(MHD_OPTION_LISTEN_SOCKET, l->fd, NULL);
    OPTION(MHD_OPTION_CONNECTION_LIMIT,
           (intptr_t)bw_http_descriptors(h->limits.connections), NULL);
    OPTION(MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)h->limits.per_address, NULL);
    OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)h->limits.header_bytes, NULL);
    OPTION(MHD_OPTION_CONNECTION_MEMORY_INCREMENT, 1024, NULL);
    OPTION(MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(h->limits.idle_ms / 1000 + 30), NULL);
    OPTION(MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l);
    OPTION(MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)bw_http_on_completed, l);
    OPTION(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
    union {
        const char *in;
        void *out;
    } pem;
    if (w->tls_cert_pem) {
        pem.in = w->tls_cert_pem;
        OPTION(MHD_OPTION_HTTPS_MEM_CERT, 0, pem.out);
        pem.in = w->tls_key_pem;
        OPTION(MHD_OPTION_HTTPS_MEM_KEY, 0, pem.out);
        static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
        OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, priorities);
        l->tls = true;
    }
    OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (l->tls) {
        flags |= MHD_USE_TLS;
    }
    l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, bw_http_on_request, l,
                                 MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
                                 MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!l->daemon) {
        return bw_err_set(reterr, -EIO, "%s: the HTTP server did not start%s", w->address,
                          l->tls ? "; do certificate and key belong together?" : "");
    }
    l->fd = -1; /* the daemon closes it */
    return 0;
}

int bw_http_listen(struct bw_http *h, const struct bw_http_where *w, struct bw_err *reterr)
{
    if (h->n_listeners == LISTENERS_MAX) {
        return bw_err_set(reterr, -E2BIG, "at most %d listeners", LISTENERS_MAX);
    }
    struct listener *l = &h->listeners[h->n_listeners];
    memset(l, 0, sizeof(*l));
    l->http = h;
    l->fd = -1;
    l->proxied = w->proxied;
    int r = w->address[0] == '/' ? open_unix(l, w, reterr) : open_tcp(l, w, reterr);
    if (r < 0) {
        goto out;
    }
    r = start_daemon(l, w, reterr);
    if (r < 0) {
        goto out;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    r = info ? uv_poll_init(h->loop, &l->poll, info->epoll_fd) : -ENOTSUP;
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: cannot watch the server: %s", w->address,
                         bw_strerror(r));
        goto out;
    }
    (void)uv_timer_init(h->loop, &l->timer);
    l->poll.data = l;
    l->timer.data = l;
    l->handles = true;
    h->open_handles += 2;
    (void)uv_poll_start(&l->poll, UV_READABLE, on_poll);
    h->n_listeners++;
    return 0;
out:
    if (l->daemon) {
        MHD_stop_daemon(l->daemon);
        l->daemon = NULL;
    }
    if (l->fd >= 0) {
        (void)close(l->fd);
    }
    return r;
}

uint16_t bw_http_port(const struct bw_http *h, size_t i)
{
    return i < h->n_listeners ? h->listeners[i].port : 0;
}

/* --- life -------------------------------------------------------------------------------
 */

int bw_http_new(struct uv_loop_s *loop,
                const struct bw_http_limits *limits,
                const struct bw_http_route *routes,
                bw_http_guard_cb guard,
                void *owner,
                struct bw_http **ret,
                struct bw_err *reterr)
{
    struct bw_http *h = calloc(1, sizeof(*h));
    if (!h) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    h->loop = loop;
    h->limits = *limits;
    h->routes = routes;
    h->guard = guard;
    h->owner = owner;
    (void)uv_timer_init(loop, &h->sweep);
    h->sweep.data = h;
    h->open_handles = 1;
    (void)uv_timer_start(&h->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    uv_unref((uv_handle_t *)&h->sweep);
    *ret = h;
    return 0;
}

void bw_http_stats(const struct bw_http *h, struct bw_http_stats *ret)
{
    *ret = h->stats;
    ret->bodies_bytes_now = (int64_t)h->bodies_bytes;
}

void bw_http_quiesce(struct bw_http *h)
{
    if (h->quiesced) {
        return;
    }
    h->quiesced = true;
    for (size_t i = 0; i < h->n_listeners; i++) {
        MHD_socket fd = MHD_quiesce_daemon(h->listeners[i].daemon);
        if (fd != MHD_INVALID_SOCKET) {
            (void)close(fd);
        }
        if (h->listeners[i].unix_path[0]) {
            (void)unlink(h->listeners[i].unix_path);
        }
    }
}

static void handle_closed(struct bw_http *h)
{
    h->open_handles--;
    if (h->open_handles > 0) {
        return;
    }
    void (*cb)(void *) = h->closed_cb;
    void *owner = h->closed_owner;
    bw_gzip_free(h->gzip);
    free(h);
    if (cb) {
        cb(owner);
    }
}

static void on_listener_handle_closed(uv_handle_t *handle)
{
    const struct listener *l = handle->data;
    handle_closed(l->http);
}

static void on_sweep_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void bw_http_close(struct bw_http *h, void (*cb)(void *owner), void *owner)
{
    if (!h) {
        return;
    }
    h->closed_cb = cb;
    h->closed_owner = owner;
    h->closing = true;
    bw_http_quiesce(h);
    bw_http_abort_all(h);
    for (size_t i = 0; i < h->n_listeners; i++) {
        struct listener *l = &h->listeners[i];
        (void)uv_poll_stop(&l->poll);
        (void)MHD_run(
            l->daemon); /* takes the resumed ones up again, so that they can end */
        MHD_stop_daemon(l->daemon);
        l->daemon = NULL;
        uv_close((uv_handle_t *)&l->poll, on_listener_handle_closed);
        uv_close((uv_handle_t *)&l->timer, on_listener_handle_closed);
    }
    uv_close((uv_handle_t *)&h->sweep, on_sweep_closed);
}
