/* SPDX-License-Identifier: GPL-3.0-or-later
 * curlloop.c - libcurl's multi interface on a libuv loop.
 *
 * A socket's handle lives until the loop has closed it, longer than the socket itself. */
#include "curlloop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

struct watch { /* one socket of curl's */
    uv_poll_t poll;
    struct bw_curlloop *owner;
    curl_socket_t fd;
    int events; /* what curl waits for */
};

struct bw_curlloop {
    uv_loop_t *loop;
    CURLM *multi;
    bool global;
    uv_timer_t timer;
    int n_open; /* handles not closed yet */
    void (*over)(void *owner, CURL *easy, CURLcode code);
    void *owner;
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static void maybe_free(struct bw_curlloop *c)
{
    void (*closed)(void *owner) = c->closed;
    void *owner = c->closed_owner;
    if (!c->closing || c->n_open > 0) {
        return;
    }
    if (c->global) {
        curl_global_cleanup();
    }
    free(c);
    if (closed) {
        closed(owner);
    }
}

static void watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct bw_curlloop *c = w->owner;
    free(w);
    c->n_open--;
    maybe_free(c);
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_curlloop *c = handle->data;
    c->n_open--;
    maybe_free(c);
}

static void tell(struct bw_curlloop *c)
{
    CURLMsg *m;
    int left;
    while (!c->closing && (m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg == CURLMSG_DONE) {
            c->over(c->owner, m->easy_handle, m->data.result);
        }
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct bw_curlloop *c = w->owner;
    int running;
    int flags = 0;
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE; /* the next read or write names the error */
    }
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(c->multi, w->fd, flags, &running);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) { /* libuv stopped it */
        (void)uv_poll_start(poll, w->events, on_poll);
    }
    tell(c);
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_curlloop *c = timer->data;
    int running;
    (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell(c);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *owner)
{
    struct bw_curlloop *c = owner;
    (void)multi;
    if (c->closing) {
        return 0;
    }
    if (timeout_ms < 0) {
        (void)uv_timer_stop(&c->timer);
    } else {
        uv_update_time(c->loop);
        (void)uv_timer_start(&c->timer, on_timer, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
    struct bw_curlloop *c = owner;
    struct watch *w = socket_owner;
    int events = 0;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            (void)curl_multi_assign(c->multi, fd, NULL);
            uv_close((uv_handle_t *)&w->poll, watch_closed);
        }
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w || uv_poll_init_socket(c->loop, &w->poll, fd) < 0) {
            free(w);
            return -1;
        }
        w->owner = c;
        w->fd = fd;
        w->poll.data = w;
        c->n_open++;
        (void)curl_multi_assign(c->multi, fd, w);
    }
    events |= what & CURL_POLL_IN ? UV_READABLE : 0;
    events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
    w->events = events;
    return uv_poll_start(&w->poll, events, on_poll) < 0 ? -1 : 0;
}

int bw_curlloop_new(struct uv_loop_s *loop,
                    long max_connections,
                    void (*over)(void *owner, CURL *easy, CURLcode code),
                    void *owner,
                    struct bw_curlloop **ret)
{
    struct bw_curlloop *c = calloc(1, sizeof(*c));
    if (!c) {
        return -ENOMEM;
    }
    c->loop = loop;
    c->over = over;
    c->owner = owner;
    c->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    c->multi = c->global ? curl_multi_init() : NULL;
    if (!c->multi) {
        if (c->global) {
            curl_global_cleanup();
        }
        free(c);
        return -ENOMEM;
    }
    (void)uv_timer_init(loop, &c->timer); /* never fails: uv_timer_init(3) */
    c->timer.data = c;
    c->n_open = 1;
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, max_connections);
    *ret = c;
    return 0;
}

int bw_curlloop_add(struct bw_curlloop *c, CURL *easy)
{
    return curl_multi_add_handle(c->multi, easy) == CURLM_OK ? 0 : -EIO;
}

void bw_curlloop_remove(struct bw_curlloop *c, CURL *easy)
{
    (void)curl_multi_remove_handle(c->multi, easy);
}

void bw_curlloop_close(struct bw_curlloop *c, void (*closed)(void *owner), void *owner)
{
    if (!c || c->closing) {
        return;
    }
    c->closed = closed;
    c->closed_owner = owner;
    (void)curl_multi_cleanup(c->multi); /* closes the sockets kept alive */
    c->closing = true;
    uv_close((uv_handle_t *)&c->timer, timer_closed);
}
