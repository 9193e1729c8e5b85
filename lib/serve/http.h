/* SPDX-License-Identifier: GPL-3.0-or-later
 * http.h - an HTTP/1.1 server on a libuv loop (libmicrohttpd by its epoll descriptor).
 *
 * Everything here is called on the loop's thread and nothing blocks. A handler gets a
 * whole request, body included, and answers now or later; until it does the connection is
 * suspended and costs no thread. Every size, count and time has a limit of its own. */
#ifndef BW_HTTP_H
#define BW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bw_buf;
struct bw_err;
struct bw_http;
struct bw_http_req;
struct uv_loop_s;

/* One place to listen. Strings are lent during bw_http_listen() only. */
struct bw_http_where {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0", or "/run/x.sock" (Unix) */
    uint16_t port;       /* 0 picks a free one (see bw_http_port); unused for Unix */
    mode_t mode;         /* of a Unix socket's file */
    bool proxied;        /* take the client's address from X-Forwarded-For (last one) */
    const char *tls_cert_pem; /* text, not a path; NULL: plain HTTP */
    const char *tls_key_pem;
};

struct bw_http_limits {
    unsigned connections; /* at once, of one listener; one more cuts who waits longest */
    unsigned per_address; /* of them from one client address; 0: any */
    size_t header_bytes;  /* memory of one connection: request line, headers, reply */
    size_t bodies_bytes;  /* of all request bodies in memory at once */
    int64_t header_ms;    /* from accept to the end of the first headers */
    int64_t body_ms;      /* from the headers to the end of the body, and 1 s more for
                             every 16 KiB that came; also between two pieces */
    int64_t send_ms;      /* for a reply; for a stream: without any progress */
    int64_t idle_ms;      /* between two requests, their headers included */
};

/* 12,000 connections, 6 KiB each, 96 MiB of bodies; 30 s, 60 s, 60 s; idle 400 s. */
extern const struct bw_http_limits bw_http_limits_default;

typedef void (*bw_http_cb)(void *owner, struct bw_http_req *req);

/* `pattern` is a path whose segments "{}" match one non-empty segment; a last segment
 * "{*}" matches the rest. GET answers HEAD as well. The first fitting route wins; the
 * table is lent for the server's life and ends with a NULL pattern. */
struct bw_http_route {
    const char *method;
    const char *pattern;
    unsigned need;     /* what it takes to get in: the guard's to know */
    size_t body_bytes; /* most that a body may have, else 413; 0: no body */
    bw_http_cb handler;
};

/* Stands before every handler, once the request is whole. True: go on; false: it has
 * answered. */
typedef bool (*bw_http_guard_cb)(void *owner, struct bw_http_req *req, unsigned need);

/* How a request came. */
enum bw_http_way {
    BW_HTTP_PLAIN,  /* in the clear, from whoever can connect */
    BW_HTTP_TLS,    /* by our own TLS */
    BW_HTTP_PROXIED /* by a proxy that alone can connect */
};

/* Figures since the start, for /metrics. */
struct bw_http_stats {
    int64_t connections_now;
    int64_t connections;
    int64_t requests;
    int64_t timeouts; /* connections cut for being slow */
    int64_t crowded;  /* connections cut because others came */
    int64_t bodies_bytes_now;
    int64_t replies[6]; /* by hundreds: replies[2] counts 2xx */
};

/* -ENOMEM. `owner` is handed to the guard and to every handler. */
int bw_http_new(struct uv_loop_s *loop,
                const struct bw_http_limits *limits,
                const struct bw_http_route *routes,
                bw_http_guard_cb guard,
                void *owner,
                struct bw_http **ret,
                struct bw_err *reterr);

/* Open one more listener (at most 8). A stale Unix socket file is replaced, one that
 * answers is -EADDRINUSE. */
int bw_http_listen(struct bw_http *h, const struct bw_http_where *w, struct bw_err *reterr);

/* The port of listener i, in the order of opening; 0 for a Unix socket. */
uint16_t bw_http_port(const struct bw_http *h, size_t i);

void bw_http_stats(const struct bw_http *h, struct bw_http_stats *ret);

/* Descriptors that listeners with this limit need at most, each. */
unsigned bw_http_descriptors(unsigned connections);

/* Accept nothing new: no connection, and on open ones every new request is told 503
 * without its handler. Requests that handlers have go on. Repeatable. */
void bw_http_quiesce(struct bw_http *h);
/* Cut what is left, close every handle, free; `cb` (may be NULL) runs later on the loop.
 * Requests not yet answered must not be touched after this call. NULL is fine. */
void bw_http_close(struct bw_http *h, void (*cb)(void *owner), void *owner);

/* --- a request: valid until it is answered ------------------------------------------- */
/* What the i-th "{}" matched; "" when there is none. Percent signs are already undone. */
const char *bw_http_param(const struct bw_http_req *r, size_t i);
/* NULL when absent; "" when present without a value. */
const char *bw_http_query(const struct bw_http_req *r, const char *name);
const char *bw_http_header(const struct bw_http_req *r, const char *name);
const char *bw_http_body(const struct bw_http_req *r, size_t *ret_n);
/* The client's address as text without port, "unix" where there is none. */
const char *bw_http_peer(const struct bw_http_req *r);
enum bw_http_way bw_http_way(const struct bw_http_req *r);
/* Did it come by a Unix socket, to which its file's mode says who can connect? */
bool bw_http_by_socket(const struct bw_http_req *r);
/* A header that may stand once: NULL where it does not stand, or more often. */
const char *bw_http_header_once(const struct bw_http_req *r, const char *name);
/* "POST"; HEAD is told as GET. */
const char *bw_http_method(const struct bw_http_req *r);
/* The path, percent signs undone. */
const char *bw_http_path(const struct bw_http_req *r);
/* Append path and query as an address for a link: every byte that could mean something
 * else is %XX. */
void bw_http_target(const struct bw_http_req *r, struct bw_buf *out);
/* Something that lives as long as the request, for its handlers; `done` (may be NULL) ends
 * it, on the loop. Once a request. */
void bw_http_keep(struct bw_http_req *r, void *kept, void (*done)(void *kept));
void *bw_http_kept(const struct bw_http_req *r); /* NULL: nothing */
/* This client has proved to be one of ours: when it is crowded, others go before it. */
void bw_http_vouch(struct bw_http_req *r);
/* Is the Content-Type this type (parameters ignored, case too)? */
bool bw_http_has_type(const struct bw_http_req *r, const char *type);

/* --- the answer: exactly one of the replies a request, then it is gone -------------- */
/* Add a header to the coming reply; both are copied. At most 12. */
void bw_http_add(struct bw_http_req *r, const char *name, const char *value);
/* Text of a kilobyte or more goes packed by gzip to whom takes it; that is these functions'
 * matter alone. Not packed is what has a Content-Encoding or Content-Range of its own. */
/* Body taken over from *body, which is left empty; an error stuck in it becomes 500. */
void bw_http_reply(struct bw_http_req *r,
                   unsigned status,
                   const char *type,
                   struct bw_buf *body);
/* Body lent for the server's life. */
void bw_http_reply_const(
    struct bw_http_req *r, unsigned status, const char *type, const void *data, size_t n);
enum {
    BW_HTTP_UNPACKED_MAX = 16 * 1024 * 1024
};
/* data[n] is copied, and is a gzip member (gzip.h) already: what it holds is the answer. */
void bw_http_reply_packed(
    struct bw_http_req *r, unsigned status, const char *type, const void *data, size_t n);
/* RFC 9457: {"type":"/problems/WORD","title":…,"status":…,"detail":…}. */
void bw_http_problem(struct bw_http_req *r,
                     unsigned status,
                     const char *word,
                     const char *title,
                     const char *detail_fmt,
                     ...) __attribute__((format(printf, 5, 6)));
/* The JSON text alone, without the closing brace, so that members can be added. */
void bw_http_problem_begin(struct bw_buf *out,
                           unsigned status,
                           const char *word,
                           const char *title,
                           const char *detail);

/* --- a reply whose body comes in pieces ----------------------------------------------- */
struct bw_http_stream;
struct bw_http_stream_ops {
    /* The last piece is sent: make the next, now or later, by exactly one
     * bw_http_stream_put() or bw_http_stream_end(). */
    void (*more)(void *owner, struct bw_http_stream *s);
    /* The reply is over, wholly sent or cut; *s is gone. Called exactly once, never while
     * an asked-for piece is still owed: put() or end() comes first. */
    void (*closed)(void *owner);
};
/* Begin a reply of unknown length; `more` is called later. `owner` is the stream's. */
int bw_http_reply_stream(struct bw_http_req *r,
                         unsigned status,
                         const char *type,
                         const struct bw_http_stream_ops *ops,
                         void *owner);
/* Hand over one piece (taken; *piece is left empty). An empty one ends the stream. */
void bw_http_stream_put(struct bw_http_stream *s, struct bw_buf *piece);
/* No more. `ok` false cuts the connection, so that the client sees that it is not whole. */
void bw_http_stream_end(struct bw_http_stream *s, bool ok);

#endif
