/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_curl.c - the courier's requests, one at a time, as transfers of its curlloop. */
#include "courier_private.h"

#include <errno.h>
#include <stdio.h>

enum {
    PATH_MAX_BYTES = 640,
    CONNECTION_AGE_S = 900, /* kept between two posts: a handshake costs more than a post */
    RECEIVE_BUFFER_BYTES = 16384
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
    int r;
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
    r = bw_curlloop_add(c->curl, c->easy);
    c->in_curl = r == 0;
    return r;
}

void bw_courier_set_up(struct bw_courier *c)
{
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
    (void)curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)c->post_ms);
    (void)curl_easy_setopt(c->easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_S);
    (void)curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    (void)curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->curl_error);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    (void)curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
}
