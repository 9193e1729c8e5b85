/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_private.h - what the parts of the server (connections and loop; who has to go when
 * it is crowded; requests; replies) know of each other. Nobody else includes it. */
#ifndef BW_HTTP_PRIVATE_H
#define BW_HTTP_PRIVATE_H

#include "accept.h"
#include "http.h"

#include <buf.h>
#include <log.h>
#include <microhttpd.h>
#include <uv.h>

enum {
    LISTENERS_MAX = 8,
    PARAMS_MAX = 4,
    HEADERS_MAX = 12,
    SWEEP_MS = 2000
};

struct bw_gzip;
struct listener;

/* What a connection does; all but the last two may be cut when it is crowded. */
enum conn_state {
    CONN_NEW,   /* no whole headers yet */
    CONN_IDLE,  /* between two requests */
    CONN_BODY,  /* its request's body comes in */
    CONN_KNOWN, /* between two requests, and vouched for */
    CONN_QUEUES,
    CONN_BUSY = CONN_QUEUES, /* it is our turn, or it takes an answer */
    CONN_CUT                 /* shut down; libmicrohttpd has yet to see it */
};

/* One accepted connection; in the server's list from accept to close. */
struct conn {
    struct conn *next;
    struct conn *prev;
    struct conn *q_next; /* of the listener's queue of this state */
    struct conn *q_prev;
    enum conn_state state;
    int64_t since_mono_ms; /* in this state */
    bool known;
    struct listener *listener;
    struct MHD_Connection *mhd;
    int64_t deadline_mono_ms; /* INT64_MAX: it is our turn */
    struct bw_http_req *req;  /* the request under way */
    bool proxied;
};

/* One MHD daemon with its epoll descriptor on the loop. */
struct listener {
    struct bw_http *http;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    bool handles;
    int fd; /* ours to close only before MHD took it */
    uint16_t port;
    bool proxied;
    bool tls;
    char unix_path[108];
    struct {
        struct conn *head; /* the longest in this state */
        struct conn *tail;
        unsigned n;
    } queues[CONN_QUEUES];
    unsigned n_open; /* connections that are not cut */
    struct bw_complaint crowded;
};

struct bw_http {
    uv_loop_t *loop;
    struct bw_http_limits limits;
    const struct bw_http_route *routes;
    bw_http_guard_cb guard;
    void *owner;
    struct listener listeners[LISTENERS_MAX];
    size_t n_listeners;
    struct conn *conns;
    size_t n_busy;
    size_t bodies_bytes;
    struct bw_http_stats stats;
    struct bw_gzip *gzip; /* for whole answers; NULL: none was packed yet */
    uv_timer_t sweep;
    bool quiesced;
    bool closing;
    unsigned open_handles;
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

struct header {
    char *name;
    char *value;
};

struct bw_http_stream {
    struct bw_http_req *req;
    const struct bw_http_stream_ops *ops;
    void *owner;
    struct bw_buf piece;
    size_t sent; /* of the piece */
    bool asked;  /* more() was called and not answered */
    bool ended;
    bool ok;
    bool suspended;
    bool orphan;          /* the connection is gone, a piece is still owed */
    struct bw_gzip *gzip; /* NULL: it goes as it is */
    bool packed;          /* to its end */
};

struct bw_http_req {
    struct bw_http *http;
    struct conn *conn;
    struct MHD_Connection *mhd;
    const struct bw_http_route *route;
    char *path;
    char *method;
    const char *params[PARAMS_MAX]; /* into params_text */
    char *params_text;
    struct bw_buf body;
    size_t body_charged;
    bool dispatched; /* the handler was called */
    bool suspended;
    bool replied;
    bool queued; /* MHD has the response */
    int64_t begun_mono_ms;
    unsigned status;
    struct MHD_Response *response;
    bool varies; /* by what the client takes */
    bool packed;
    struct header headers[HEADERS_MAX];
    size_t n_headers;
    struct bw_http_stream *stream;
    char peer[64];
    void *kept;
    void (*kept_done)(void *kept);
};

/* http_request.c, called by http.c */
enum MHD_Result bw_http_on_request(void *cls,
                                   struct MHD_Connection *mhd,
                                   const char *url,
                                   const char *method,
                                   const char *version,
                                   const char *upload_data,
                                   size_t *upload_data_size,
                                   void **req_cls);
void bw_http_on_completed(void *cls,
                          struct MHD_Connection *mhd,
                          void **req_cls,
                          enum MHD_RequestTerminationCode toe);
/* Answer everything suspended with a cut, so that MHD can be stopped. */
void bw_http_abort_all(struct bw_http *h);

void bw_http_answer(struct bw_http_req *r, unsigned status, struct MHD_Response *response);

/* http_reply.c: which codings the client takes; is this body (its length, SIZE_MAX: not
 * known) to be packed? Notes whether that hung on the client. */
enum bw_accept_answer bw_http_accepts(const struct bw_http_req *r);
bool bw_http_packs(struct bw_http_req *r, unsigned status, const char *type, size_t n);

/* http_stream.c: its reply is over. */
void bw_http_stream_over(struct bw_http_stream *s);

/* http_guard.c: is the request framed in one way only? NULL, or a sentence for a 400. All
 * as libmicrohttpd gave it to the first call of its handler. */
const char *bw_http_misframed(struct MHD_Connection *mhd,
                              const char *method,
                              const char *url,
                              const char *version);

/* http_crowd.c */
void bw_http_state(struct conn *c, enum conn_state state);
/* Shut it down: libmicrohttpd sees it end and frees it in its own order. */
void bw_http_cut(struct conn *c);
/* Has its client closed it, while we wait for something? libmicrohttpd waits for an edge
 * and misses a close that came together with the last bytes. */
bool bw_http_gone(const struct conn *c);
/* After `c` was accepted: at the limit somebody else has to go. */
void bw_http_make_room(struct conn *c);
/* Before `n` more bytes of a body: at the limit the bodies that held most for longest go.
 * False when that is `r` itself, or nobody can go. */
bool bw_http_body_room(struct bw_http_req *r, size_t n);
/* How many more than the limit a listener takes while those who go are still there. */
unsigned bw_http_reserve(unsigned connections);

/* http.c, called by the others */
int64_t bw_http_now_ms(void);
/* Take a suspended connection up again; its daemon runs soon. */
void bw_http_resume(struct conn *c);

#endif
