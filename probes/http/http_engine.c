/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_engine.c - N HTTP streams on a libuv loop by libcurl.
 *
 * Payload received is what curl gave to us. Payload sent is what curl wrote to the sockets
 * minus what the kernel still holds unacknowledged (SIOCOUTQ): bytes in our own send
 * queue have not gone anywhere yet. */
#include "http_engine.h"

#include "http_sockets.h"

#include <bw/err.h>
#include <curl/curl.h>
#include <curlloop.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <uv.h>

enum {
    RECEIVE_BYTES = 128 * 1024, /* larger ones leave the cache: measured no faster */
    SEND_BYTES = 256 * 1024,
    RANDOM_BYTES = 1024 * 1024, /* sent over and over: no path's compressor sees that far */
    REDIRECTS_MAX = 3
};

struct stream {
    struct http_engine *engine;
    CURL *easy;
    char error[CURL_ERROR_SIZE];
    int64_t request_bytes; /* of the request under way */
    int64_t over_bytes;    /* of those that are over */
    int64_t body_left;     /* of the upload under way */
    bool body_begun;       /* curl's count of it is of this request, not the last one */
    size_t random_at;
};

struct http_engine {
    uv_loop_t *loop;
    struct bw_curlloop *curl;
    uv_timer_t later; /* tells failed() outside of curl */
    int n_open;       /* of these two, not closed yet */
    struct stream streams[HTTP_STREAMS_MAX];
    uint32_t n_streams;
    struct http_sockets sockets;
    enum bw_direction direction;
    bool put;
    bool tls;
    int64_t upload_bytes;
    int64_t requests;
    int64_t requests_bytes;
    uint8_t *random;
    struct curl_slist *headers;
    void (*failed)(void *owner, int error, const char *reason);
    void *owner;
    int error;
    char reason[256];
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static void tell_failure(uv_timer_t *timer)
{
    struct http_engine *e = timer->data;
    e->failed(e->owner, e->error, e->reason);
}

static void __attribute__((format(printf, 3, 4)))
fail(struct http_engine *e, int error, const char *fmt, ...)
{
    va_list ap;
    if (e->error != 0 || e->closing) {
        return;
    }
    e->error = error;
    va_start(ap, fmt);
    (void)vsnprintf(e->reason, sizeof(e->reason), fmt, ap);
    va_end(ap);
    (void)uv_timer_start(&e->later, tell_failure, 0, 0);
}

/* Transfers -------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct stream *s = owner;
    (void)data;
    if (s->engine->direction == BW_DOWN) {
        s->request_bytes += (int64_t)(size * n);
    }
    return size * n;
}

static size_t on_upload(char *data, size_t size, size_t n, void *owner)
{
    struct stream *s = owner;
    struct http_engine *e = s->engine;
    size_t want = size * n;
    size_t given = 0;
    if ((int64_t)want > s->body_left) {
        want = (size_t)s->body_left;
    }
    while (given < want) {
        size_t part = RANDOM_BYTES - s->random_at;
        part = part < want - given ? part : want - given;
        (void)memcpy(data + given, e->random + s->random_at, part);
        s->random_at = (s->random_at + part) % RANDOM_BYTES;
        given += part;
    }
    s->body_left -= (int64_t)given;
    s->body_begun = true;
    return given;
}

/* curl rewinds an upload that met a connection the server had just closed. */
static int on_seek(void *owner, curl_off_t offset, int origin)
{
    struct stream *s = owner;
    if (origin != SEEK_SET || offset != 0) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    s->body_left = s->engine->upload_bytes;
    return CURL_SEEKFUNC_OK;
}

static int start_request(struct stream *s)
{
    s->request_bytes = 0;
    s->body_begun = false;
    s->body_left = s->engine->upload_bytes;
    s->error[0] = '\0';
    return bw_curlloop_add(s->engine->curl, s->easy);
}

static int error_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return -EADDRNOTAVAIL;
    case CURLE_COULDNT_CONNECT:
        return -ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_HTTP_RETURNED_ERROR:
        return -EBADMSG;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return -EPROTO;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return -ECONNRESET;
    default:
        return -EIO;
    }
}

static void request_over(struct stream *s, CURLcode code)
{
    struct http_engine *e = s->engine;
    long status = 0;
    (void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_HTTP_RETURNED_ERROR || (code == CURLE_OK && status / 100 != 2)) {
        fail(e, -EBADMSG, "the server answered HTTP status %ld", status);
    } else if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING) {
        fail(e, -ECONNRESET, "the server closed the connection before the %s (%s)",
             code == CURLE_GOT_NOTHING ? "answer" : "end",
             s->error[0] ? s->error : curl_easy_strerror(code));
    } else if (code != CURLE_OK) {
        fail(e, error_of(code), "%s", s->error[0] ? s->error : curl_easy_strerror(code));
    } else if (e->direction == BW_DOWN && s->request_bytes == 0) {
        fail(e, -ENODATA, "the server's answer has no body: nothing to measure with");
    } else {
        if (e->direction == BW_UP) {
            s->request_bytes = e->upload_bytes;
        }
        e->requests++;
        e->requests_bytes += s->request_bytes;
        s->over_bytes += s->request_bytes;
        bw_curlloop_remove(e->curl, s->easy);
        if (start_request(s) < 0) {
            fail(e, -ENOMEM, "the next request could not be started");
        }
    }
}

static void transfer_over(void *owner, CURL *easy, CURLcode code)
{
    struct http_engine *e = owner;
    struct stream *s = NULL;
    if (e->error == 0 && curl_easy_getinfo(easy, CURLINFO_PRIVATE, &s) == CURLE_OK && s) {
        request_over(s, code);
    }
}

/* Closing ---------------------------------------------------------------------- */

static void part_closed(void *owner)
{
    struct http_engine *e = owner;
    void (*closed)(void *closed_owner) = e->closed;
    void *closed_owner = e->closed_owner;
    if (--e->n_open > 0) {
        return;
    }
    free(e->random);
    free(e);
    if (closed) {
        closed(closed_owner);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

/* Setting up ------------------------------------------------------------------- */

static CURL *
make_easy(struct http_engine *e, struct stream *s, const struct http_setup *setup)
{
    CURL *c = curl_easy_init();
    if (!c) {
        return NULL;
    }
    (void)curl_easy_setopt(c, CURLOPT_URL, setup->url);
    (void)curl_easy_setopt(c, CURLOPT_PRIVATE, s);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error);
    (void)curl_easy_setopt(c, CURLOPT_USERAGENT, setup->agent);
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, ""); /* a proxy's line is not this line */
    (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)setup->connect_ms);
    (void)curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
    if (setup->ca_file[0] != '\0') {
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, setup->ca_file);
    }
    http_sockets_follow(&e->sockets, c);
    if (setup->direction == BW_DOWN) {
        (void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
        (void)curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
        (void)curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, e->tls ? "https" : "http");
        return c;
    }
    (void)curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
    (void)curl_easy_setopt(c, CURLOPT_READFUNCTION, on_upload);
    (void)curl_easy_setopt(c, CURLOPT_READDATA, s);
    (void)curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
    (void)curl_easy_setopt(c, CURLOPT_SEEKDATA, s);
    (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, e->headers);
    if (setup->put) {
        (void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)e->upload_bytes);
    } else {
        (void)curl_easy_setopt(c, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)e->upload_bytes);
    }
    return c;
}

static int prepare_upload(struct http_engine *e)
{
    static const char *const lines[] = {"Expect:",
                                        "Content-Type: application/octet-stream"};
    size_t have = 0;
    e->random = malloc(RANDOM_BYTES);
    if (!e->random) {
        return -ENOMEM;
    }
    while (have < RANDOM_BYTES) {
        ssize_t n = getrandom(e->random + have, RANDOM_BYTES - have, 0);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        have += n > 0 ? (size_t)n : 0;
    }
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *more = curl_slist_append(e->headers, lines[i]);
        if (!more) {
            return -ENOMEM;
        }
        e->headers = more;
    }
    return 0;
}

static int start_streams(struct http_engine *e, const struct http_setup *setup)
{
    int r = setup->direction == BW_UP ? prepare_upload(e) : 0;
    for (uint32_t i = 0; i < setup->streams && r == 0; i++) {
        struct stream *s = &e->streams[i];
        s->engine = e;
        s->random_at = (size_t)i * (RANDOM_BYTES / HTTP_STREAMS_MAX);
        s->easy = make_easy(e, s, setup);
        e->n_streams = i + 1;
        r = s->easy ? start_request(s) : -ENOMEM;
    }
    return r;
}

int http_engine_start(const struct http_setup *setup,
                      struct http_engine **ret,
                      struct bw_err *reterr)
{
    struct http_engine *e = calloc(1, sizeof(*e));
    int r;
    if (!e) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    e->loop = setup->loop;
    e->direction = setup->direction;
    e->put = setup->put;
    e->upload_bytes = setup->upload_bytes;
    e->failed = setup->failed;
    e->owner = setup->owner;
    e->tls = strncasecmp(setup->url, "https:", 6) == 0;
    http_sockets_init(&e->sockets, setup->device, setup->source4, setup->source6);
    (void)uv_timer_init(e->loop, &e->later);
    e->later.data = e;
    e->n_open = 1;
    r = bw_curlloop_new(e->loop, (long)HTTP_STREAMS_MAX * 2, transfer_over, e, &e->curl);
    if (r < 0) {
        goto out;
    }
    e->n_open = 2;
    r = start_streams(e, setup);
    if (r < 0) {
        goto out;
    }
    *ret = e;
    e = NULL;
out:
    if (e) {
        (void)bw_err_set(reterr, r, "the streams cannot be set up: %s", bw_strerror(r));
        http_engine_close(e, NULL, NULL);
    }
    return r;
}

void http_engine_close(struct http_engine *e, void (*closed)(void *owner), void *owner)
{
    if (!e || e->closing) {
        return;
    }
    e->closed = closed;
    e->closed_owner = owner;
    for (uint32_t i = 0; i < e->n_streams; i++) {
        if (e->streams[i].easy) {
            bw_curlloop_remove(e->curl, e->streams[i].easy);
            curl_easy_cleanup(e->streams[i].easy);
        }
    }
    e->closing = true;
    bw_curlloop_close(e->curl, part_closed, e);
    curl_slist_free_all(e->headers);
    uv_close((uv_handle_t *)&e->later, timer_closed);
}

/* Reading ---------------------------------------------------------------------- */

void http_engine_read(struct http_engine *e, struct http_tcp *ret)
{
    int64_t queued;
    int64_t bytes = 0;
    *ret = (struct http_tcp){.segments = BW_UNKNOWN};
    for (uint32_t i = 0; i < e->n_streams; i++) {
        struct stream *s = &e->streams[i];
        if (e->direction == BW_UP) {
            curl_off_t sent = 0;
            if (s->body_begun) {
                (void)curl_easy_getinfo(s->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
            }
            s->request_bytes = sent;
        }
        bytes += s->over_bytes + s->request_bytes;
    }
    http_sockets_read(&e->sockets, ret, &queued);
    if (e->direction == BW_UP) {
        bytes = bytes > queued ? bytes - queued : 0;
    }
    ret->payload_bytes = bytes;
    ret->tls = e->tls;
}

void http_engine_completed(const struct http_engine *e,
                           int64_t *ret_requests,
                           int64_t *ret_bytes)
{
    *ret_requests = e->requests;
    *ret_bytes = e->requests_bytes;
}
