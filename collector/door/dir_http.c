/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_http.c - questions as transfers of libcurl.
 *
 * Invariant: a question is called back once. */
#include "dir_http.h"

#include <buf.h>
#include <curlloop.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    ALL_MS = 10000,
    HEADER_MAX = 8192
};

struct one {
    CURL *easy;
    struct curl_slist *headers;
    struct bw_buf body;
    bw_dir_answer_cb cb;
    void *owner;
    char error[CURL_ERROR_SIZE];
};

struct bw_dir_http {
    struct bw_curlloop *loop;
    const char *ca_file;
    bool clear;
    struct one *ones[BW_DIR_AT_ONCE];
    size_t n;
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static void free_one(struct one *o)
{
    if (o) {
        curl_easy_cleanup(o->easy);
        curl_slist_free_all(o->headers);
        if (o->body.data) {
            explicit_bzero(o->body.data, o->body.cap);
        }
        bw_buf_done(&o->body);
        free(o);
    }
}

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct one *o = owner;
    bw_buf_add(&o->body, data, size * n);
    return bw_buf_error(&o->body) < 0 ? 0 : size * n;
}

static void take_out(struct bw_dir_http *h, struct one *o)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->ones[i] == o) {
            h->ones[i] = h->ones[--h->n];
            break;
        }
    }
    bw_curlloop_remove(h->loop, o->easy);
}

static void on_over(void *owner, CURL *easy, CURLcode code)
{
    struct bw_dir_http *h = owner;
    struct one *o = NULL;
    struct bw_dir_answer a = {.r = code == CURLE_OK ? 0 : -EIO};
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&o);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a.status);
    take_out(h, o);
    a.body = o->body.data ? o->body.data : "";
    a.n = o->body.len;
    a.why = bw_buf_error(&o->body) < 0 ? "its answer is too long"
            : o->error[0]              ? o->error
                                       : curl_easy_strerror(code);
    o->cb(o->owner, &a);
    free_one(o);
}

static bool add(struct one *o, const char *line)
{
    struct curl_slist *list = curl_slist_append(o->headers, line);
    o->headers = list ? list : o->headers;
    return list != NULL;
}

static int set(struct bw_dir_http *h, struct one *o, const struct bw_dir_question *q)
{
    CURL *e = o->easy;
    char line[HEADER_MAX];
    bool good = add(o, "Accept: application/json") && add(o, "Expect:");
    if (q->authorization) {
        int n = snprintf(line, sizeof(line), "Authorization: %s", q->authorization);
        good = good && n > 0 && (size_t)n < sizeof(line) && add(o, line);
        explicit_bzero(line, sizeof(line));
    }
    if (!good || curl_easy_setopt(e, CURLOPT_URL, q->url) != CURLE_OK ||
        (q->form && curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, q->form) != CURLE_OK)) {
        return -ENOMEM;
    }
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, o);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, h->clear ? "http,https" : "https");
    (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file[0] ? h->ca_file : NULL);
    (void)curl_easy_setopt(e, CURLOPT_CAPATH, h->ca_file[0] ? NULL : "/etc/ssl/certs");
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "bandwitness-collector");
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ALL_MS);
    (void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, o->headers);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, o->error);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, o);
    return 0;
}

int bw_dir_http_ask(struct bw_dir_http *h,
                    const struct bw_dir_question *q,
                    bw_dir_answer_cb cb,
                    void *owner)
{
    if (h->closing || h->n == BW_DIR_AT_ONCE) {
        return -EBUSY;
    }
    struct one *o = calloc(1, sizeof(*o));
    if (!o) {
        return -ENOMEM;
    }
    bw_buf_init(&o->body, BW_DIR_ANSWER);
    o->cb = cb;
    o->owner = owner;
    o->easy = curl_easy_init();
    int r = o->easy ? set(h, o, q) : -ENOMEM;
    r = r < 0 ? r : bw_curlloop_add(h->loop, o->easy);
    if (r < 0) {
        free_one(o);
        return r;
    }
    h->ones[h->n++] = o;
    return 0;
}

int bw_dir_http_new(struct uv_loop_s *loop,
                    const char *ca_file,
                    bool clear,
                    struct bw_dir_http **ret)
{
    struct bw_dir_http *h = calloc(1, sizeof(*h));
    int r = h ? bw_curlloop_new(loop, BW_DIR_AT_ONCE, on_over, h, &h->loop) : -ENOMEM;
    if (r < 0) {
        free(h);
        return r;
    }
    h->ca_file = ca_file;
    h->clear = clear;
    *ret = h;
    return 0;
}

static void on_closed(void *owner)
{
    struct bw_dir_http *h = owner;
    void (*closed)(void *) = h->closed;
    void *closed_owner = h->closed_owner;
    free(h);
    if (closed) {
        closed(closed_owner);
    }
}

void bw_dir_http_close(struct bw_dir_http *h, void (*closed)(void *owner), void *owner)
{
    if (!h) {
        return;
    }
    h->closing = true;
    h->closed = closed;
    h->closed_owner = owner;
    while (h->n > 0) {
        struct one *o = h->ones[0];
        const struct bw_dir_answer a = {.r = -ECANCELED, .body = "", .why = "stopping"};
        take_out(h, o);
        o->cb(o->owner, &a);
        free_one(o);
    }
    bw_curlloop_close(h->loop, on_closed, h);
}
