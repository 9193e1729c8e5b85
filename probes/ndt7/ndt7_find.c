/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_find.c - one GET by libcurl on a libuv loop.
 *
 * Invariant: curl is told of a socket or of time by its callbacks only; done() is called
 * from the timer, never from within curl. */
#include "ndt7_find.h"

#include <address.h>
#include <buf.h>
#include <bw/err.h>
#include <curl/curl.h>
#include <errno.h>
#include <outlet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct watch { /* one socket of curl's */
    uv_poll_t poll;
    struct ndt7_find *find;
    curl_socket_t fd;
    int events;
};

struct ndt7_find {
    struct ndt7_find_setup setup;
    bool global;
    CURLM *multi;
    CURL *easy;
    uv_timer_t timer; /* curl's */
    uv_timer_t later; /* tells done() */
    int n_open;
    struct bw_buf body;
    char error_text[CURL_ERROR_SIZE];
    bool over;
    bool ended;
    int error;
    char reason[400];
    struct bw_ndt7_located *located;
};

/* The end ----------------------------------------------------------------------- */

static void maybe_free(struct ndt7_find *f)
{
    f->n_open--;
    if (f->n_open > 0) {
        return;
    }
    if (f->global) {
        curl_global_cleanup();
    }
    bw_buf_done(&f->body);
    free(f->located);
    free(f);
}

static void timer_closed(uv_handle_t *handle)
{
    maybe_free(handle->data);
}

static void watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct ndt7_find *f = w->find;
    free(w);
    maybe_free(f);
}

void ndt7_find_end(struct ndt7_find *f)
{
    if (!f || f->ended) {
        return;
    }
    f->ended = true;
    if (f->easy) {
        (void)curl_multi_remove_handle(f->multi, f->easy);
        curl_easy_cleanup(f->easy);
    }
    if (f->multi) {
        (void)curl_multi_cleanup(f->multi);
    }
    uv_close((uv_handle_t *)&f->timer, timer_closed);
    uv_close((uv_handle_t *)&f->later, timer_closed);
}

static void tell(uv_timer_t *timer)
{
    struct ndt7_find *f = timer->data;
    struct ndt7_find_setup setup = f->setup;
    setup.done(setup.owner, f->error, f->reason, f->located);
    ndt7_find_end(f);
}

static void __attribute__((format(printf, 3, 4)))
over(struct ndt7_find *f, int error, const char *fmt, ...)
{
    va_list ap;
    if (f->over) {
        return;
    }
    f->over = true;
    f->error = error;
    va_start(ap, fmt);
    (void)vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
    va_end(ap);
    uv_update_time(f->setup.loop);
    (void)uv_timer_start(&f->later, tell, 0, 0);
}

/* The answer -------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct ndt7_find *f = owner;
    bw_buf_add(&f->body, data, size * n);
    return bw_buf_error(&f->body) == 0 ? size * n : 0;
}

static void judge(struct ndt7_find *f, long status)
{
    struct bw_ndt7_located *l = f->located;
    struct bw_err err = {""};
    int r = -ENODATA;
    if (f->body.len > 0) {
        r = bw_ndt7_locate_read(f->body.data, f->body.len, l, &err);
    }
    if (status == 204 || status == 429 || status >= 500 || (r == 0 && l->n == 0)) {
        bool words = r == 0 && l->problem[0] != '\0';
        over(f, -EBUSY,
             "the Locate service has no capacity for a test now (HTTP status %ld%s%s)",
             status, words ? ": " : "", words ? l->problem : "");
    } else if (status != 200) {
        over(f, -EBADMSG, "the Locate service answered HTTP status %ld%s%s", status,
             r == 0 && l->problem[0] ? ": " : "", r == 0 ? l->problem : "");
    } else if (r < 0) {
        over(f, -EBADMSG, "the Locate service's answer cannot be used: %s",
             r == -ENODATA ? "it is empty" : err.text);
    } else {
        over(f, 0, "%s", "");
    }
}

static void check_messages(struct ndt7_find *f)
{
    CURLMsg *m;
    int left;
    while (!f->over && (m = curl_multi_info_read(f->multi, &left)) != NULL) {
        long status = 0;
        CURLcode code = m->msg == CURLMSG_DONE ? m->data.result : CURLE_OK;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        if (m->msg != CURLMSG_DONE) {
            continue;
        }
        if (code == CURLE_WRITE_ERROR) {
            over(f, -E2BIG, "the Locate service's answer is longer than %d bytes",
                 BW_NDT7_LOCATE_MAX);
        } else if (code != CURLE_OK) {
            over(f, code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EHOSTUNREACH,
                 "the Locate service cannot be asked: %s",
                 f->error_text[0] ? f->error_text : curl_easy_strerror(code));
        } else {
            judge(f, status);
        }
    }
}

/* curl on libuv ----------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct ndt7_find *f = w->find;
    int running;
    int flags = 0;
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE; /* the next read or write names the error */
    }
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(f->multi, w->fd, flags, &running);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) { /* libuv stopped it */
        (void)uv_poll_start(poll, w->events, on_poll);
    }
    check_messages(f);
}

static void on_timer(uv_timer_t *timer)
{
    struct ndt7_find *f = timer->data;
    int running;
    (void)curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    check_messages(f);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *owner)
{
    struct ndt7_find *f = owner;
    (void)multi;
    if (timeout_ms < 0 || f->ended) {
        (void)uv_timer_stop(&f->timer);
        return 0;
    }
    uv_update_time(f->setup.loop);
    (void)uv_timer_start(&f->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
    struct ndt7_find *f = owner;
    struct watch *w = socket_owner;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            (void)curl_multi_assign(f->multi, fd, NULL);
            uv_close((uv_handle_t *)&w->poll, watch_closed);
        }
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w || uv_poll_init_socket(f->setup.loop, &w->poll, fd) < 0) {
            free(w);
            return -1;
        }
        w->find = f;
        w->fd = fd;
        w->poll.data = w;
        f->n_open++;
        (void)curl_multi_assign(f->multi, fd, w);
    }
    w->events = what & CURL_POLL_IN ? UV_READABLE : 0;
    w->events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
    return uv_poll_start(&w->poll, w->events, on_poll) < 0 ? -1 : 0;
}

static curl_socket_t
on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct ndt7_find *f = owner;
    const struct bw_opts *o = f->setup.opts;
    int family = address->family == AF_INET6 ? 6 : 4;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)purpose;
    if (fd >= 0 && (bw_outlet_bind_device(fd, bw_opts_device(o)) < 0 ||
                    bw_outlet_bind_source(fd, family, bw_opts_source(o, family)) < 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

/* Setting up -------------------------------------------------------------------- */

static void configure(struct ndt7_find *f, const char *url)
{
    CURL *c = f->easy;
    const char *ca = bw_opt_str(f->setup.opts, "ca_file");
    (void)curl_easy_setopt(c, CURLOPT_URL, url);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error_text);
    (void)curl_easy_setopt(c, CURLOPT_USERAGENT, "bandwitness/" BW_VERSION);
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, ""); /* it must see this line's address */
    (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)f->setup.timeout_ms);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, f);
    if (ca[0] != '\0') {
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, ca);
    }
}

int ndt7_find_start(const struct ndt7_find_setup *setup,
                    struct ndt7_find **ret,
                    struct bw_err *reterr)
{
    struct ndt7_find *f = calloc(1, sizeof(*f));
    if (!f) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    f->setup = *setup;
    bw_buf_init(&f->body, BW_NDT7_LOCATE_MAX);
    (void)uv_timer_init(setup->loop, &f->timer);
    (void)uv_timer_init(setup->loop, &f->later);
    f->timer.data = f;
    f->later.data = f;
    f->n_open = 2;
    f->located = calloc(1, sizeof(*f->located));
    f->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    f->multi = f->global ? curl_multi_init() : NULL;
    f->easy = f->multi ? curl_easy_init() : NULL;
    if (!f->located || !f->easy) {
        ndt7_find_end(f);
        return bw_err_set(reterr, -ENOMEM, "the Locate service cannot be asked: no memory");
    }
    (void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    (void)curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    configure(f, setup->url);
    if (curl_multi_add_handle(f->multi, f->easy) != CURLM_OK) {
        ndt7_find_end(f);
        return bw_err_set(reterr, -EIO, "the Locate service cannot be asked");
    }
    *ret = f;
    return 0;
}
