/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_request.c - one request from its headers to its answer (http_reply.c; http_stream.c:
 * one that comes in pieces).
 *
 * A request is read whole into a bounded buffer, handed to its route's handler once, and
 * suspended when the handler has not answered on return. It lives until libmicrohttpd
 * says that it is completed, which cannot happen while it is suspended. */
#include "http_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    BODY_BYTES_PER_MORE_S = 16384
};

static const char page_policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

/* --- routes -----------------------------------------------------------------------------
 */

/* Compare one path with one pattern; captured segments are cut out of `text` (a copy of
 * the path) in place. */
static bool match(const char *pattern, char *text, const char **params)
{
    size_t n = 0;
    const char *p = pattern;
    char *t = text;
    while (*p == '/') {
        if (*t != '/') {
            return false;
        }
        p++;
        t++;
        size_t p_len = strcspn(p, "/");
        size_t t_len = strcspn(t, "/");
        if (p_len == 3 && memcmp(p, "{*}", 3) == 0 && n < PARAMS_MAX) {
            params[n] = t;
            return true;
        }
        if (p_len == 2 && memcmp(p, "{}", 2) == 0 && n < PARAMS_MAX) {
            if (t_len == 0) {
                return false;
            }
            params[n++] = t;
        } else if (p_len != t_len || memcmp(p, t, p_len) != 0) {
            return false;
        }
        p += p_len;
        t += t_len;
    }
    return *p == '\0' && *t == '\0';
}

static void cut_params(struct bw_http_req *r)
{
    const char *tail = strstr(r->route->pattern, "{*}");
    for (size_t i = 0; i < PARAMS_MAX && r->params[i]; i++) {
        bool last = i + 1 == PARAMS_MAX || !r->params[i + 1];
        char *text = r->params_text + (r->params[i] - r->params_text);
        if (!(last && tail)) {
            text[strcspn(text, "/")] = '\0';
        }
    }
}

/* 0, or the status to refuse with. `*ret_allow` names the methods of a known path. */
static unsigned find_route(struct bw_http_req *r, char allow[64])
{
    const char *method = strcmp(r->method, "HEAD") == 0 ? "GET" : r->method;
    bool known = false;
    allow[0] = '\0';
    for (const struct bw_http_route *route = r->http->routes; route->pattern; route++) {
        memset(r->params, 0, sizeof(r->params));
        if (!match(route->pattern, r->params_text, r->params)) {
            continue;
        }
        if (strcmp(route->method, method) == 0) {
            r->route = route;
            cut_params(r);
            return 0;
        }
        size_t n = strlen(allow);
        (void)snprintf(allow + n, 64 - n, "%s%s", known ? ", " : "", route->method);
        known = true;
    }
    memset(r->params, 0, sizeof(r->params));
    return known ? 405 : 404;
}

/* --- life of a request ------------------------------------------------------------------
 */

static void request_free(struct bw_http_req *r)
{
    if (!r) {
        return;
    }
    if (r->kept && r->kept_done) {
        r->kept_done(r->kept);
    }
    r->http->bodies_bytes -= r->body_charged;
    for (size_t i = 0; i < r->n_headers; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
    if (r->response) {
        MHD_destroy_response(r->response);
    }
    bw_buf_done(&r->body);
    free(r->path);
    free(r->method);
    free(r->params_text);
    free(r);
}

static enum MHD_Result
last_forwarded(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    if (strcasecmp(key, "X-Forwarded-For") == 0) {
        *(const char **)cls = value;
    }
    return MHD_YES;
}

static void read_peer(struct bw_http_req *r)
{
    (void)snprintf(r->peer, sizeof(r->peer), "unix");
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *sa = info ? info->client_addr : NULL;
    union {
        const struct sockaddr *sa;
        const struct sockaddr_in *in;
        const struct sockaddr_in6 *in6;
    } a = {.sa = sa};
    if (sa && sa->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &a.in->sin_addr, r->peer, sizeof(r->peer));
    } else if (sa && sa->sa_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&a.in6->sin6_addr)) {
            (void)inet_ntop(AF_INET, &a.in6->sin6_addr.s6_addr[12], r->peer,
                            sizeof(r->peer));
        } else {
            (void)inet_ntop(AF_INET6, &a.in6->sin6_addr, r->peer, sizeof(r->peer));
        }
    }
    /* of several such headers the last too: one before it came along with the client */
    const char *forwarded = NULL;
    if (r->conn->proxied) {
        (void)MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, last_forwarded,
                                        &forwarded);
    }
    if (forwarded) {
        const char *last = strrchr(forwarded, ',');
        last = last ? last + 1 : forwarded;
        last += strspn(last, " ");
        uint8_t raw[16];
        char text[INET6_ADDRSTRLEN];
        (void)snprintf(text, sizeof(text), "%s", last);
        text[strcspn(text, " ")] = '\0';
        if (inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1) {
            (void)snprintf(r->peer, sizeof(r->peer), "%s", text);
        }
    }
}

static struct bw_http_req *
request_new(struct conn *c, struct MHD_Connection *mhd, const char *url, const char *method)
{
    struct bw_http *h = c->listener->http;
    struct bw_http_req *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    r->http = h;
    r->conn = c;
    r->mhd = mhd;
    bw_buf_init(&r->body, 0);
    r->path = strdup(url);
    r->method = strdup(method);
    r->params_text = strdup(url);
    if (!r->path || !r->method || !r->params_text) {
        request_free(r);
        return NULL;
    }
    read_peer(r);
    return r;
}

/* Packed bytes are not those that a strong tag names, but they mean the same. */
static void add_header(struct bw_http_req *r, const struct header *h)
{
    char weak[128];
    const char *value = h->value;
    if (r->packed && strcasecmp(h->name, "ETag") == 0 && value[0] == '"') {
        (void)snprintf(weak, sizeof(weak), "W/%s", value);
        value = weak;
    }
    (void)MHD_add_response_header(r->response, h->name, value);
}

static enum MHD_Result queue(struct bw_http_req *r)
{
    if (!r->response) {
        return MHD_NO; /* cut */
    }
    if (r->queued) {
        return MHD_YES;
    }
    bool policy = false;
    bool cache = false;
    bool referrer = false;
    for (size_t i = 0; i < r->n_headers; i++) {
        add_header(r, &r->headers[i]);
        policy = policy || strcasecmp(r->headers[i].name, "Content-Security-Policy") == 0;
        referrer = referrer || strcasecmp(r->headers[i].name, "Referrer-Policy") == 0;
        cache = cache || strcasecmp(r->headers[i].name, "Cache-Control") == 0;
    }
    if (r->varies) {
        (void)MHD_add_response_header(r->response, "Vary", "Accept-Encoding");
    }
    (void)MHD_add_response_header(r->response, "X-Content-Type-Options", "nosniff");
    if (!referrer) {
        (void)MHD_add_response_header(r->response, "Referrer-Policy", "same-origin");
    }
    (void)MHD_add_response_header(r->response, "Cross-Origin-Resource-Policy",
                                  "same-origin");
    if (!policy) {
        (void)MHD_add_response_header(r->response, "Content-Security-Policy", page_policy);
    }
    if (!cache) {
        (void)MHD_add_response_header(r->response, "Cache-Control", "no-store");
    }
    r->queued = true;
    bw_http_state(r->conn, CONN_BUSY);
    r->conn->deadline_mono_ms = bw_http_now_ms() + r->http->limits.send_ms;
    r->http->stats.replies[r->status / 100 < 6 ? r->status / 100 : 0]++;
    return MHD_queue_response(r->mhd, r->status, r->response);
}

/* What can be refused on the headers alone; 0 when nothing. Replies itself. `fault`: what
 * is wrong with them as a whole. */
static unsigned refuse_early(struct bw_http_req *r, const char *fault)
{
    char allow[64];
    if (fault) {
        bw_http_add(r, "Connection", "close");
        bw_http_problem(r, 400, "malformed", "Not a proper request", "%s", fault);
        return 400;
    }
    if (bw_http_header(r, "Transfer-Encoding")) {
        bw_http_add(r, "Connection", "close");
        bw_http_problem(r, 411, "length-required", "Length required",
                        "say with Content-Length how long the body is");
        return 411;
    }
    unsigned status = find_route(r, allow);
    if (status == 404) {
        bw_http_problem(r, 404, "not-found", "Nothing here", "there is no %.200s", r->path);
        return 404;
    }
    if (status == 405) {
        bw_http_add(r, "Allow", allow);
        bw_http_problem(r, 405, "method", "Wrong method", "this address takes %s", allow);
        return 405;
    }
    if (bw_http_accepts(r) == BW_ACCEPT_NOTHING) {
        bw_http_problem(
            r, 406, "not-acceptable", "Not in a form you take",
            "answers are plain or packed by gzip; Accept-Encoding refuses both");
        return 406;
    }
    r->body.max = r->route->body_bytes;
    const char *length = bw_http_header(r, "Content-Length");
    if (length && strtoull(length, NULL, 10) > r->route->body_bytes) {
        bw_http_problem(r, 413, "too-large", "Too large", "a body may have %zu bytes here",
                        r->route->body_bytes);
        return 413;
    }
    return 0;
}

/* After bw_http_quiesce() handlers are no longer called. */
static bool refuse_stopping(struct bw_http_req *r)
{
    if (r->http->quiesced) {
        bw_http_add(r, "Retry-After", "10");
        bw_http_add(r, "Connection", "close");
        bw_http_problem(r, 503, "busy", "Stopping", "try again in 10 seconds");
    }
    return r->http->quiesced;
}

/* Good progress buys time, but no piece more than the limit from now. */
static int64_t body_deadline(const struct bw_http_req *r)
{
    int64_t limit_ms = r->http->limits.body_ms;
    int64_t whole = r->begun_mono_ms + limit_ms +
                    (int64_t)(r->body_charged / BODY_BYTES_PER_MORE_S) * 1000;
    int64_t piece = bw_http_now_ms() + limit_ms;
    return whole < piece ? whole : piece;
}

static enum MHD_Result take_body(struct bw_http_req *r, const char *data, size_t *n)
{
    struct bw_http *h = r->http;
    if (r->replied) { /* refused already; the rest is thrown away, but not for ever */
        *n = 0;
        return MHD_YES;
    }
    if (r->body.len + *n > r->route->body_bytes) {
        bw_buf_done(&r->body);
        bw_http_problem(r, 413, "too-large", "Too large", "a body may have %zu bytes here",
                        r->route->body_bytes);
    } else if (!bw_http_body_room(r, *n)) {
        bw_http_add(r, "Retry-After", "30");
        bw_http_problem(r, 503, "busy", "Too much at once", "try again in 30 seconds");
    } else {
        bw_buf_add(&r->body, data, *n);
        h->bodies_bytes += *n;
        r->body_charged += *n;
        r->conn->deadline_mono_ms = body_deadline(r);
        if (bw_buf_error(&r->body) < 0) {
            return MHD_NO;
        }
    }
    *n = 0;
    return MHD_YES;
}

enum MHD_Result bw_http_on_request(void *cls,
                                   struct MHD_Connection *mhd,
                                   const char *url,
                                   const char *method,
                                   const char *version,
                                   const char *upload_data,
                                   size_t *upload_data_size,
                                   void **req_cls)
{
    (void)cls;
    struct bw_http_req *r = *req_cls;
    if (!r) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct conn *c = info ? info->socket_context : NULL;
        r = c ? request_new(c, mhd, url, method) : NULL;
        if (!r) {
            return MHD_NO;
        }
        *req_cls = r;
        c->req = r;
        r->begun_mono_ms = bw_http_now_ms();
        c->deadline_mono_ms = r->begun_mono_ms + r->http->limits.body_ms;
        bw_http_state(c, CONN_BODY);
        r->http->n_busy++;
        r->http->stats.requests++;
        if (refuse_stopping(r) ||
            refuse_early(r, bw_http_misframed(mhd, method, url, version))) {
            return queue(r);
        }
        return MHD_YES;
    }
    if (r->conn->state == CONN_CUT) {
        return MHD_NO;
    }
    if (*upload_data_size > 0) {
        return take_body(r, upload_data, upload_data_size);
    }
    if (!r->dispatched && !r->replied) {
        r->dispatched = true;
        r->conn->deadline_mono_ms = INT64_MAX;
        bw_http_state(r->conn, CONN_BUSY);
        if (!refuse_stopping(r) && r->http->guard(r->http->owner, r, r->route->need)) {
            r->route->handler(r->http->owner, r);
        }
    }
    if (r->replied) {
        return queue(r);
    }
    r->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

void bw_http_on_completed(void *cls,
                          struct MHD_Connection *mhd,
                          void **req_cls,
                          enum MHD_RequestTerminationCode toe)
{
    (void)cls;
    (void)mhd;
    (void)toe;
    struct bw_http_req *r = *req_cls;
    *req_cls = NULL;
    if (!r) {
        return;
    }
    r->conn->req = NULL;
    r->conn->deadline_mono_ms = bw_http_now_ms() + r->http->limits.idle_ms;
    bw_http_state(r->conn, r->conn->known ? CONN_KNOWN : CONN_IDLE);
    r->http->n_busy--;
    if (r->stream) {
        bw_http_stream_over(r->stream);
        r->stream = NULL;
    }
    request_free(r);
}

void bw_http_abort_all(struct bw_http *h)
{
    for (struct conn *c = h->conns; c; c = c->next) {
        struct bw_http_req *r = c->req;
        if (!r) {
            continue;
        }
        if (r->suspended) {
            r->suspended = false;
            r->replied = true; /* without a response: the connection is cut */
            bw_http_resume(c);
        } else if (r->stream && r->stream->suspended) {
            r->stream->suspended = false;
            r->stream->ended = true;
            bw_http_resume(c);
        }
    }
}

/* --- answering --------------------------------------------------------------------------
 */

void bw_http_add(struct bw_http_req *r, const char *name, const char *value)
{
    if (r->n_headers == HEADERS_MAX) {
        return;
    }
    struct header *h = &r->headers[r->n_headers];
    h->name = strdup(name);
    h->value = strdup(value);
    if (h->name && h->value) {
        r->n_headers++;
        return;
    }
    free(h->name);
    free(h->value);
}

void bw_http_answer(struct bw_http_req *r, unsigned status, struct MHD_Response *response)
{
    r->status = status;
    r->response = response;
    r->replied = true;
    /* The body is done with; a keep-alive client may take long to read the answer. */
    r->http->bodies_bytes -= r->body_charged;
    r->body_charged = 0;
    bw_buf_done(&r->body);
    if (r->suspended) {
        r->suspended = false;
        bw_http_resume(r->conn);
    }
}
