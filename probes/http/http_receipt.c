/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_receipt.c - tickets and receipts of an HTTP test (docs/receipt-v1.md). */
#include "http_receipt.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <curl/curl.h>
#include <curlloop.h>
#include <errno.h>
#include <json.h>
#include <outlet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the ticket */

/* The address whose key ends with ":///PATH". */
static const char *url_of(const json_t *urls, const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)urls, key, value)
    {
        const char *at = strstr(key, "://");
        if (at && strcmp(at + 3, path) == 0) {
            return json_string_value(value);
        }
    }
    return NULL;
}

static int take(const json_t *urls, const char *path, char ret[HTTP_TICKET_URL])
{
    const char *url = url_of(urls, path);
    bool good = url && strlen(url) < HTTP_TICKET_URL &&
                (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
    (void)snprintf(ret, HTTP_TICKET_URL, "%s", good ? url : "");
    return good ? 0 : -EBADMSG;
}

int http_ticket_read(const char *ticket,
                     enum bw_direction d,
                     char load[HTTP_TICKET_URL],
                     char receipt[HTTP_TICKET_URL],
                     char machine[BW_NAME_MAX + 1],
                     struct bw_err *reterr)
{
    json_t *o = NULL;
    const json_t *results = NULL;
    const json_t *urls = NULL;
    const char *name = NULL;
    int r = bw_json_parse(ticket, strlen(ticket), BW_TICKET_MAX, &o, reterr);
    r = r < 0 ? r : bw_json_get_arr(o, "results", 16, &results, reterr);
    const json_t *first = r == 0 ? json_array_get(results, 0) : NULL;
    machine[0] = '\0';
    if (!first || bw_json_get_obj(first, "urls", &urls, NULL) < 0 ||
        take(urls, d == BW_UP ? "/up" : "/down", load) < 0 ||
        take(urls, d == BW_UP ? "/up/receipt" : "/down/receipt", receipt) < 0) {
        r = bw_err_set(reterr, -EBADMSG, "the ticket names no address for this test");
    } else if (bw_json_opt_str(first, "machine", BW_NAME_MAX, &name, NULL) == 0 && name) {
        (void)snprintf(machine, BW_NAME_MAX + 1, "%s", name);
    }
    json_decref(o);
    return r < 0 ? -EBADMSG : 0;
}

/* ---- the receipt */

struct http_receipt {
    struct bw_curlloop *curl;
    CURL *easy;
    const struct bw_opts *opts;
    struct bw_buf answer;
    void (*done)(void *owner, const char *jws);
    void *owner;
    void (*closed)(void *owner);
    void *closed_owner;
};

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct http_receipt *r = owner;
    bw_buf_add(&r->answer, data, size * n);
    return bw_buf_error(&r->answer) < 0 ? 0 : size * n;
}

static curl_socket_t
on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct http_receipt *r = owner;
    int family = address->family == AF_INET6 ? 6 : 4;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)purpose;
    if (fd >= 0 &&
        (bw_outlet_bind_device(fd, bw_opts_device(r->opts)) < 0 ||
         bw_outlet_bind_source(fd, family, bw_opts_source(r->opts, family)) < 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static void on_over(void *owner, CURL *easy, CURLcode code)
{
    struct http_receipt *r = owner;
    long status = 0;
    bool good = code == CURLE_OK &&
                curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
                status == 200 && r->answer.len > 0;
    r->done(r->owner, good ? r->answer.data : NULL);
}

static void on_closed(void *owner)
{
    struct http_receipt *r = owner;
    void (*closed)(void *) = r->closed;
    void *closed_owner = r->closed_owner;
    bw_buf_done(&r->answer);
    free(r);
    if (closed) {
        closed(closed_owner);
    }
}

void http_receipt_close(struct http_receipt *r, void (*closed)(void *owner), void *owner)
{
    r->closed = closed;
    r->closed_owner = owner;
    if (r->easy) {
        bw_curlloop_remove(r->curl, r->easy);
        curl_easy_cleanup(r->easy);
        r->easy = NULL;
    }
    bw_curlloop_close(r->curl, on_closed, r);
}

static void configure(struct http_receipt *r, const char *url)
{
    CURL *c = r->easy;
    const char *ca = bw_opt_str(r->opts, "ca_file");
    (void)curl_easy_setopt(c, CURLOPT_URL, url);
    (void)curl_easy_setopt(c, CURLOPT_USERAGENT, "bandwitness");
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)HTTP_RECEIPT_MS);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, r);
    if (ca[0] != '\0') {
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, ca);
    }
}

int http_receipt_start(const struct http_receipt_setup *setup, struct http_receipt **ret)
{
    struct http_receipt *r = calloc(1, sizeof(*r));
    if (!r) {
        return -ENOMEM;
    }
    r->opts = setup->opts;
    r->done = setup->done;
    r->owner = setup->owner;
    bw_buf_init(&r->answer, BW_RECEIPT_MAX);
    int e = bw_curlloop_new(setup->loop, 1, on_over, r, &r->curl);
    if (e < 0) {
        free(r);
        return e;
    }
    r->easy = curl_easy_init();
    if (r->easy) {
        configure(r, setup->url);
    }
    e = r->easy ? bw_curlloop_add(r->curl, r->easy) : -ENOMEM;
    if (e < 0) {
        http_receipt_close(r, NULL, NULL);
        return e;
    }
    *ret = r;
    return 0;
}
