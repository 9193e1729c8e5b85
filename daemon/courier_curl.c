/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_curl.c - the courier's requests: libcurl's multi interface on the loop, by its
 * socket and timer callbacks. */
#include "courier_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATH_MAX_BYTES = 640,
    CONNECTION_AGE_S = 900, /* kept between two posts: a handshake costs more than a post */
    RECEIVE_BUFFER_BYTES = 16384
};

struct sock {
    uv_poll_t poll;
    struct bw_courier *courier;
    curl_socket_t fd;
};

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct bw_courier *c = owner;
    bw_buf_add(&c->answer, data, size * n);
    if (bw_buf_error(&c->answer) < 0) {
        c->answer_too_long = true;
        return 0; /* libcurl ends the transfer */
    }
    return size * n;
}

/* A server may send headers as long as it likes; nobody needs more than a few. */
static size_t on_header(char *data, size_t size, size_t n, void *owner)
{
    struct bw_courier *c = owner;
    (void)data;
    c->header_bytes += size * n;
    c->answer_too_long = c->header_bytes > BW_COURIER_HEADERS_MAX;
    return c->answer_too_long ? 0 : size * n;
}

int bw_courier_request(
    struct bw_courier *c, const char *path, const char *body, size_t n, bool zstd)
{
    char url[PATH_MAX_BYTES];
    curl_slist_free_all(c->headers);
    c->headers = curl_slist_append(NULL, "Content-Type: application/jose");
    if (c->headers) {
        struct curl_slist *l = curl_slist_append(c->headers, "Expect:");
        l = l && zstd ? curl_slist_append(l, "Content-Encoding: zstd") : l;
        if (!l) {
            curl_slist_free_all(c->headers);
            c->headers = NULL;
        }
    }
    if (!c->headers) {
        return -ENOMEM;
    }
    (void)snprintf(url, sizeof(url), "%s%s", c->url, path);
    bw_buf_clear(&c->answer);
    c->answer_too_long = false;
    c->header_bytes = 0;
    c->curl_error[0] = '\0';
    (void)curl_easy_setopt(c->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
    (void)curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
    (void)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
    c->status.sent_bytes += (int64_t)n;
    c->in_curl = true;
    return curl_multi_add_handle(c->multi, c->easy) == CURLM_OK ? 0 : -EIO;
}

static void check_done(struct bw_courier *c)
{
    CURLMsg *m;
    int left = 0;
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg == CURLMSG_DONE) {
            bw_courier_done(c, m->data.result);
        }
    }
}

static void on_curl_timeout(uv_timer_t *t)
{
    struct bw_courier *c = t->data;
    int running = 0;
    if (!c->closing) {
        (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        check_done(c);
    }
}

static int on_curl_timer(CURLM *multi, long ms, void *owner)
{
    struct bw_courier *c = owner;
    (void)multi;
    if (c->closing) {
        return 0;
    }
    if (ms < 0) {
        (void)uv_timer_stop(&c->curl_timer);
    } else {
        uv_update_time(c->loop);
        (void)uv_timer_start(&c->curl_timer, on_curl_timeout, ms > 0 ? (uint64_t)ms : 1, 0);
    }
    return 0;
}

static void on_sock_closed(uv_handle_t *h)
{
    struct sock *s = h->data;
    struct bw_courier *c = s->courier;
    free(s);
    c->open_handles--;
    if (c->closing) {
        bw_courier_maybe_closed(c);
    }
}

static void on_sock(uv_poll_t *p, int status, int events)
{
    struct sock *s = p->data;
    struct bw_courier *c = s->courier;
    int what = 0;
    int running = 0;
    if (c->closing) {
        return;
    }
    what |= status < 0 ? CURL_CSELECT_ERR : 0;
    what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(c->multi, s->fd, what, &running);
    check_done(c);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *sock)
{
    struct bw_courier *c = owner;
    struct sock *s = sock;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            (void)curl_multi_assign(c->multi, fd, NULL);
            (void)uv_poll_stop(&s->poll);
            uv_close((uv_handle_t *)&s->poll, on_sock_closed);
        }
        return 0;
    }
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s) {
            return -1;
        }
        if (uv_poll_init_socket(c->loop, &s->poll, fd) < 0) {
            free(s);
            return -1;
        }
        s->courier = c;
        s->fd = fd;
        s->poll.data = s;
        c->open_handles++;
        (void)curl_multi_assign(c->multi, fd, s);
    }
    int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&s->poll, events, on_sock) < 0 ? -1 : 0;
}

void bw_courier_set_up(struct bw_courier *c)
{
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, 1L);

    (void)curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->ca_file[0]) {
        (void)curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->ca_file);
        (void)curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
    } else {
        /* Looked up by hash: reading the whole bundle takes megabytes for one name. */
        (void)curl_easy_setopt(c->easy, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(c->easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    (void)curl_easy_setopt(c->easy, CURLOPT_USERAGENT, c->agent);
    (void)curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)BW_COURIER_CONNECT_MS);
    (void)curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)BW_COURIER_POST_MS);
    (void)curl_easy_setopt(c->easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_S);
    (void)curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    (void)curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->curl_error);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    (void)curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
}
