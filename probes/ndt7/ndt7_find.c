/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_find.c - one GET by libcurl.
 *
 * Invariant: done() is told once, outside of libcurl, after everything it is given was
 * read; the search is freed when its loop of transfers has closed. */
#include "ndt7_find.h"

#include <buf.h>
#include <bw/err.h>
#include <curl/curl.h>
#include <curlloop.h>
#include <errno.h>
#include <outlet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct ndt7_find {
    struct ndt7_find_setup setup;
    bool global;
    struct bw_curlloop *curl;
    CURL *easy;
    struct bw_buf body;
    char error_text[CURL_ERROR_SIZE];
    bool ended;
    int error;
    char reason[400];
    struct bw_ndt7_located *located;
};

/* The end ----------------------------------------------------------------------- */

static void free_find(void *owner)
{
    struct ndt7_find *f = owner;
    if (f->global) {
        curl_global_cleanup();
    }
    bw_buf_done(&f->body);
    free(f->located);
    free(f);
}

void ndt7_find_end(struct ndt7_find *f)
{
    if (!f || f->ended) {
        return;
    }
    f->ended = true;
    if (f->easy) {
        bw_curlloop_remove(f->curl, f->easy);
        curl_easy_cleanup(f->easy);
    }
    if (f->curl) {
        bw_curlloop_close(f->curl, free_find, f);
    } else {
        free_find(f);
    }
}

static void __attribute__((format(printf, 3, 4)))
because(struct ndt7_find *f, int error, const char *fmt, ...)
{
    va_list ap;
    f->error = error;
    va_start(ap, fmt);
    (void)vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
    va_end(ap);
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
        because(f, -EBUSY,
                "the Locate service has no capacity for a test now (HTTP status %ld%s%s)",
                status, words ? ": " : "", words ? l->problem : "");
    } else if (status != 200) {
        because(f, -EBADMSG, "the Locate service answered HTTP status %ld%s%s", status,
                r == 0 && l->problem[0] ? ": " : "", r == 0 ? l->problem : "");
    } else if (r < 0) {
        because(f, -EBADMSG, "the Locate service's answer cannot be used: %s",
                r == -ENODATA ? "it is empty" : err.text);
    } else {
        because(f, 0, "%s", "");
    }
}

static void on_over(void *owner, CURL *easy, CURLcode code)
{
    struct ndt7_find *f = owner;
    struct ndt7_find_setup setup = f->setup;
    long status = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_WRITE_ERROR) {
        because(f, -E2BIG, "the Locate service's answer is longer than %d bytes",
                BW_NDT7_LOCATE_MAX);
    } else if (code != CURLE_OK) {
        because(f, code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EHOSTUNREACH,
                "the Locate service cannot be asked: %s",
                f->error_text[0] ? f->error_text : curl_easy_strerror(code));
    } else {
        judge(f, status);
    }
    setup.done(setup.owner, f->error, f->reason, f->located);
    ndt7_find_end(f);
}

/* Setting up -------------------------------------------------------------------- */

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
    int r = -ENOMEM;
    if (!f) {
        return bw_err_set(reterr, r, "out of memory");
    }
    f->setup = *setup;
    bw_buf_init(&f->body, BW_NDT7_LOCATE_MAX);
    f->located = calloc(1, sizeof(*f->located));
    f->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (f->located && f->global) {
        r = bw_curlloop_new(setup->loop, 1, on_over, f, &f->curl);
    }
    if (r == 0) {
        f->easy = curl_easy_init();
        r = f->easy ? 0 : -ENOMEM;
    }
    if (r == 0) {
        configure(f, setup->url);
        r = bw_curlloop_add(f->curl, f->easy);
    }
    if (r < 0) {
        ndt7_find_end(f);
        return bw_err_set(reterr, r, "the Locate service cannot be asked: %s",
                          bw_strerror(r));
    }
    *ret = f;
    return 0;
}
