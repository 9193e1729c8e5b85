/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_head.c - a request's head: which test, with which ticket.
 *
 * Nothing is answered well before the owner has granted the ticket. */
#include "testsrv_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    QUERY_MAX = 4096,
    RETRY_AFTER_S = 30
};

static const char protocol[] = "net.measurementlab.ndt.v7";
static const int64_t MIB = 1048576;
static const int64_t DOWN_BYTES = 25000000;
static const int64_t DOWN_BYTES_MAX = INT64_C(100000000000);

enum what {
    WHAT_NDT7,
    WHAT_DOWN,    /* ?bytes= */
    WHAT_GARBAGE, /* ?ckSize=, in MiB */
    WHAT_UP,
    WHAT_EMPTY, /* a GET to time, a POST to swallow */
    WHAT_RECEIPT
};

static const struct route {
    const char *method;
    const char *path;
    enum what what;
    enum bw_test_kind kind;
    enum bw_direction direction;
} routes[] = {
    {"GET", "/ndt/v7/download", WHAT_NDT7, BW_TEST_KIND_NDT7, BW_DOWN},
    {"GET", "/ndt/v7/upload", WHAT_NDT7, BW_TEST_KIND_NDT7, BW_UP},
    {"GET", "/down", WHAT_DOWN, BW_TEST_KIND_HTTP, BW_DOWN},
    {"GET", "/garbage", WHAT_GARBAGE, BW_TEST_KIND_HTTP, BW_DOWN},
    {"POST", "/up", WHAT_UP, BW_TEST_KIND_HTTP, BW_UP},
    {"POST", "/empty", WHAT_UP, BW_TEST_KIND_HTTP, BW_UP},
    {"GET", "/empty", WHAT_EMPTY, BW_TEST_KIND_HTTP, BW_DOWN},
    {"GET", "/down/receipt", WHAT_RECEIPT, BW_TEST_KIND_HTTP, BW_DOWN},
    {"GET", "/up/receipt", WHAT_RECEIPT, BW_TEST_KIND_HTTP, BW_UP},
};

/* ---- refusals */

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 411:
        return "Length Required";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Service Unavailable";
    }
}

void head_problem(struct conn *c, int status, const char *reason)
{
    struct bw_buf body;
    struct bw_jw w;
    bw_buf_init(&body, 1024);
    bw_jw_init(&w, &body);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "title", title_of(status));
    bw_jw_ki64(&w, "status", status);
    bw_jw_kstr(&w, "detail", reason);
    bw_jw_obj_end(&w);
    c->keep_alive = false;
    c->body_left = 0;
    http_reply(c, status, "application/problem+json", body.data, body.len);
    bw_buf_done(&body);
    if (!c->dead) {
        conn_finish(c);
    }
}

void http_reply(struct conn *c, int status, const char *type, const char *body, size_t n)
{
    char head[512];
    bool later = status == 429 || status == 503;
    char retry[48] = "";
    (void)snprintf(retry, sizeof(retry), "Retry-After: %d\r\n", RETRY_AFTER_S);
    int len = snprintf(head, sizeof(head),
                       "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                       "Cache-Control: no-store\r\n%s%s%sConnection: %s\r\n\r\n",
                       status, status == 200 ? "OK" : title_of(status), type, n,
                       status == 426 ? "Upgrade: websocket\r\n" : "",
                       status == 401 ? "WWW-Authenticate: Bearer\r\n" : "",
                       later ? retry : "", c->keep_alive ? "keep-alive" : "close");
    if (conn_put(c, head, (size_t)len) && n > 0) {
        (void)conn_put(c, body, n);
    }
}

/* ---- what the query says */

static bool token_char(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
           (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-';
}

struct query {
    char token[BW_TICKET_JWS_MAX + 1];
    int64_t bytes;  /* unknown: not said */
    int64_t chunks; /* ckSize */
};

static int64_t number(const char *text, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9' || i > 12) {
            return BW_UNKNOWN;
        }
        v = v * 10 + (text[i] - '0');
    }
    return n > 0 ? v : BW_UNKNOWN;
}

/* One NAME=VALUE; those that are not known are passed over. */
static bool take_parameter(struct query *q, const char *p, size_t n)
{
    const char *is = memchr(p, '=', n);
    size_t name = is ? (size_t)(is - p) : n;
    const char *value = is ? is + 1 : p + n;
    size_t left = is ? n - name - 1 : 0;
    if (name == 12 && memcmp(p, "access_token", 12) == 0) {
        if (q->token[0] || left == 0 || left > BW_TICKET_JWS_MAX) {
            return false;
        }
        for (size_t i = 0; i < left; i++) {
            if (!token_char(value[i])) {
                return false;
            }
        }
        memcpy(q->token, value, left);
        q->token[left] = '\0';
    } else if (name == 5 && memcmp(p, "bytes", 5) == 0) {
        q->bytes = number(value, left);
        return q->bytes > 0 && q->bytes <= DOWN_BYTES_MAX;
    } else if (name == 6 && memcmp(p, "ckSize", 6) == 0) {
        q->chunks = number(value, left);
        return q->chunks > 0;
    }
    return n > 0;
}

static bool read_query(struct bw_ws_text target, struct query *q, size_t *ret_path)
{
    const char *mark = memchr(target.at, '?', target.n);
    *ret_path = mark ? (size_t)(mark - target.at) : target.n;
    q->token[0] = '\0';
    q->bytes = BW_UNKNOWN;
    q->chunks = BW_UNKNOWN;
    if (!mark) {
        return true;
    }
    const char *at = mark + 1;
    const char *end = target.at + target.n;
    if (end - at > QUERY_MAX) {
        return false;
    }
    while (at < end) {
        const char *and = memchr(at, '&', (size_t)(end - at));
        const char *stop = and? and : end;
        if (!take_parameter(q, at, (size_t)(stop - at))) {
            return false;
        }
        at = and? and+1 : end;
    }
    return true;
}

/* ---- the test */

static void peer_of(int fd, char text[INET6_ADDRSTRLEN])
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    text[0] = '\0';
    memset(&a, 0, sizeof(a));
    if (getpeername(fd, (struct sockaddr *)&a, &n) < 0) {
        return;
    }
    if (a.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&a;
        if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
            (void)inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
        } else {
            (void)inet_ntop(AF_INET6, &six->sin6_addr, text, INET6_ADDRSTRLEN);
        }
    } else if (a.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&a;
        (void)inet_ntop(AF_INET, &four->sin_addr, text, INET6_ADDRSTRLEN);
    }
}

_Static_assert(sizeof(((struct test *)0)->peer) == INET6_ADDRSTRLEN, "an address fits");

/* A ticket nobody has shown yet: ask. */
static void
ask(struct conn *c, const struct route *route, const char *token, const uint8_t sha256[32])
{
    char peer[INET6_ADDRSTRLEN] = "";
    struct test *t = test_new(c->srv, route->kind, route->direction);
    if (!t) {
        head_problem(c, 503, "out of memory");
        return;
    }
    memcpy(t->token_sha256, sha256, sizeof(t->token_sha256));
    test_join(t, c);
    c->state = CONN_ASKED;
    peer_of(c->fd, peer);
    memcpy(t->peer, peer, sizeof(t->peer));
    const struct bw_testsrv_ask a = {
        .token = token, .peer = peer, .kind = route->kind, .direction = route->direction};
    c->srv->ops.ask(c->srv->owner, t->id, &a);
}

/* One more connection of a test: the owner hears of each address it comes from. */
static void join(struct conn *c, struct test *t)
{
    char peer[INET6_ADDRSTRLEN] = "";
    test_join(t, c);
    peer_of(c->fd, peer);
    if (strcmp(peer, t->peer) != 0) {
        memcpy(t->peer, peer, sizeof(t->peer));
        c->srv->ops.joined(c->srv->owner, t->id, peer);
    }
}

static void with_ticket(struct conn *c, const struct route *route, const struct query *q)
{
    uint8_t sha256[32];
    bw_sha256(q->token, strlen(q->token), sha256);
    struct test *t = test_by_token(c->srv, sha256);
    c->direction = route->direction;
    if (route->what == WHAT_RECEIPT && (!t || t->state == TEST_ASKED)) {
        head_problem(c, 404,
                     "no test was run with this ticket, or its receipt was kept "
                     "for no longer");
        return;
    }
    if (route->what != WHAT_RECEIPT && c->test && c->test != t) {
        head_problem(c, 409, "this connection is another test's: open one for this test");
        return;
    }
    if (!t) {
        ask(c, route, q->token, sha256);
        return;
    }
    if (t->kind != BW_TEST_KIND_HTTP || t->kind != route->kind ||
        t->direction != route->direction) {
        head_problem(c, 409, "this ticket is spent");
        return;
    }
    if (route->what == WHAT_RECEIPT) {
        http_receipt_asked(c, t);
        return;
    }
    if (c->test != t && t->n_conns >= TEST_CONNS_MAX) {
        head_problem(c, 429, "this test has all the connections it may have");
        return;
    }
    if (t->state == TEST_SIGNING || t->state == TEST_OVER) {
        head_problem(c, 409, "this test is over");
        return;
    }
    if (!c->test && t->joined >= BW_RECEIPT_STREAMS_MAX) {
        head_problem(c, 429, "this test has had all the connections it may have");
        return;
    }
    if (!c->test) {
        join(c, t);
    }
    c->state = CONN_ASKED;
    if (t->state == TEST_RUNNING) {
        http_granted(c);
    }
}

/* The body's length of an upload; -1 with the status told. */
static bool body_length(struct conn *c, const struct bw_ws_head *h, enum what what)
{
    size_t n = 0;
    struct bw_ws_text length = bw_ws_field(h, "Content-Length", &n);
    size_t chunked = 0;
    (void)bw_ws_field(h, "Transfer-Encoding", &chunked);
    c->body_left = 0;
    if (chunked > 0 || n > 1 || (what == WHAT_UP && n == 0)) {
        head_problem(c, n > 1 ? 400 : 411, "say the body's length by one Content-Length");
        return false;
    }
    if (n == 1) {
        c->body_left = number(length.at, length.n);
    }
    if (c->body_left == BW_UNKNOWN || (what != WHAT_UP && c->body_left != 0)) {
        head_problem(c, 400, "Content-Length is wrong here");
        return false;
    }
    return true;
}

/* What is asked for; NULL when it was refused. */
static const struct route *
understand(struct conn *c, const struct bw_ws_head *h, struct query *q)
{
    size_t path = 0;
    size_t hosts = 0;
    const struct route *found = NULL;
    bool other_method = false;
    struct bw_err err = {.text = ""};
    int status = 400;
    bool query_good = read_query(h->target, q, &path);
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        const struct route *r = &routes[i];
        const struct bw_ws_text p = {h->target.at, path};
        if (bw_ws_text_is(p, r->path)) {
            other_method = true;
            found = bw_ws_text_is(h->method, r->method) ? r : found;
        }
    }
    c->keep_alive = !bw_ws_field_has(h, "Connection", "close");
    c->wants_continue = bw_ws_field_has(h, "Expect", "100-continue");
    (void)bw_ws_field(h, "Host", &hosts);
    if (!found) {
        head_problem(c, other_method ? 405 : 404,
                     other_method ? "not by this method"
                                  : "there is nothing here but tests with a ticket");
        return NULL;
    }
    if (hosts != 1 || !query_good) {
        head_problem(c, 400,
                     hosts != 1 ? "one Host is needed" : "the query cannot be read");
        return NULL;
    }
    if (!q->token[0]) {
        head_problem(c, 401, "no ticket, no test: ask the collector for one");
        return NULL;
    }
    if (found->what == WHAT_NDT7) {
        if (bw_ws_request_check(h, protocol, c->accept, &status, &err) < 0) {
            head_problem(c, status, err.text);
            return NULL;
        }
    } else if (!body_length(c, h, found->what)) {
        return NULL;
    }
    if (found->what == WHAT_DOWN) {
        c->body_left = q->bytes != BW_UNKNOWN ? q->bytes : DOWN_BYTES;
    } else if (found->what == WHAT_GARBAGE) {
        c->body_left = (q->chunks == BW_UNKNOWN ? 4
                        : q->chunks > 1024      ? 1024
                                                : q->chunks) *
                       MIB;
    }
    return found;
}

void head_look(struct conn *c)
{
    struct bw_ws_head h;
    struct query q;
    struct bw_err err = {.text = ""};
    int n = bw_ws_request_read(c->in.data ? c->in.data : "", c->in.len, &h, &err);
    if (n == 0) {
        return;
    }
    if (n < 0) {
        head_problem(c, n == -E2BIG ? 431 : 400, err.text);
        return;
    }
    const struct route *route = understand(c, &h, &q);
    if (!route) {
        return;
    }
    memmove(c->in.data, c->in.data + n, c->in.len - (size_t)n);
    c->in.len -= (size_t)n;
    with_ticket(c, route, &q);
}
