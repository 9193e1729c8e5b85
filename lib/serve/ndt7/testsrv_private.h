/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_private.h - what the parts of the measurement server share: testsrv.c (sockets,
 * deadlines, the owner's answers), testsrv_conn.c (bytes in and out), testsrv_head.c (what
 * is asked for), testsrv_ws.c and testsrv_http.c (the two kinds of test), testsrv_test.c
 * (what is counted).
 *
 * Invariants: a connection that is dead has no handle but one that is being closed, and is
 * touched no more; a test lives until the owner owes it nothing and no connection is in
 * it. */
#ifndef BW_TESTSRV_PRIVATE_H
#define BW_TESTSRV_PRIVATE_H

#include "testsrv.h"
#include "testsrv_info.h"

#include <buf.h>
#include <openssl/ssl.h>
#include <uv.h>
#include <ws.h>
#include <ws_head.h>

enum {
    LOAD_BYTES = 1 << 20,       /* of random bytes, and the largest frame */
    RECEIVE_BYTES = 256 << 10,  /* one for all: what comes in is looked at and forgotten */
    TURN_BYTES = 2 << 20,       /* of one connection, then others have their turn */
    OUT_MAX = 64 << 10,         /* texts and control frames that wait */
    TEXT_MAX = 16 << 10,        /* a client's measurement */
    NOT_SENT_BYTES = 512 << 10, /* in the socket beyond what is in flight */
    TEST_CONNS_MAX = 64         /* of one test at the same time */
};

enum conn_state {
    CONN_TLS,          /* handshake */
    CONN_HEAD,         /* a request's head is awaited */
    CONN_ASKED,        /* waits for the owner's word */
    CONN_WS_LOAD,      /* ndt7: load flows */
    CONN_WS_SIGNING,   /* no more load counts; the receipt is awaited */
    CONN_WS_CLOSING,   /* our Close is in `out` or sent */
    CONN_HTTP_DOWN,    /* a body goes out */
    CONN_HTTP_UP,      /* a body comes in */
    CONN_HTTP_RECEIPT, /* the receipt is awaited */
    CONN_LAST,         /* what is in `out` goes, then the connection */
    CONN_DRAIN         /* half closed: what still comes is thrown away */
};

struct conn {
    struct bw_testsrv *srv;
    struct conn *prev;
    struct conn *next;
    uv_poll_t poll;
    int fd;
    int events;
    SSL *ssl;
    enum conn_state state;
    bool dead;
    bool tls_wants_write; /* an SSL_read() or handshake does */
    int64_t deadline_mono_ms;
    struct bw_buf in; /* a head, and what came behind it */
    struct bw_buf out;
    size_t out_at;

    struct test *test;
    struct conn *test_next;
    enum bw_direction direction;

    struct bw_ws_reader reader; /* ndt7 */
    struct bw_buf text;
    char accept[BW_WS_ACCEPT_LEN + 1];
    uint8_t header[BW_WS_HEADER_MAX];
    size_t header_n;
    size_t header_at;
    int64_t frame_bytes; /* of the next load frame */
    bool stopping;       /* no further load frame */
    enum bw_receipt_end stop_end;
    bool close_seen;

    int64_t body_left; /* http: of this request's body, either way */
    size_t load_at;
    bool keep_alive;
    bool wants_continue;
    bool counted; /* as a stream of its test: it belongs to no other */
};

enum test_state {
    TEST_ASKED,
    TEST_RUNNING,
    TEST_SIGNING, /* ended() was called */
    TEST_OVER     /* nothing is owed by the owner */
};

struct test {
    struct bw_testsrv *srv;
    struct test *next;
    uint64_t id;
    enum test_state state;
    enum bw_test_kind kind;
    enum bw_direction direction;
    uint8_t token_sha256[32];
    struct conn *conns;
    size_t n_conns;
    size_t joined;      /* ever */
    size_t streams;     /* of them that moved payload */
    char peer[46];      /* address of the newest of them: INET6_ADDRSTRLEN */
    struct conn *asker; /* http: waits for the receipt */
    char *jws;          /* http: the receipt, until it is forgotten */
    int64_t max_bytes;
    int64_t deadline_mono_ms; /* http: loads are cut; later: it is forgotten */
    int64_t at_unix_ms;
    int64_t t0_mono_ns;
    int64_t last_mono_ns; /* payload moved */
    int64_t bytes;
    int64_t per_s[BW_RECEIPT_SECONDS_MAX];
    int64_t cpu0_us;
    int64_t peak;
    int64_t n_looks;
    int64_t n_app_limited;
    struct tcp_sums tcp; /* of connections that are gone */
    enum bw_receipt_end end;
    uv_timer_t ticker;
    bool ticker_closing;
};

struct bw_testsrv {
    uv_loop_t *loop;
    struct bw_testsrv_ops ops;
    void *owner;
    struct bw_testsrv_limits limits;
    char server[BW_NAME_MAX + 1];
    SSL_CTX *tls;
    uv_poll_t listeners[BW_TESTSRV_LISTEN_MAX];
    int fds[BW_TESTSRV_LISTEN_MAX];
    size_t n_listeners;
    uv_timer_t scan;
    struct conn *first; /* oldest */
    struct conn *last;
    struct test *tests;
    int64_t n_running;
    uint64_t next_id;
    int64_t open_handles;
    uint8_t *load;
    uint8_t *receive;
    struct bw_testsrv_stats stats;
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* --- testsrv.c */
void testsrv_maybe_closed(struct bw_testsrv *s);

/* --- testsrv_conn.c */
void conn_new(struct bw_testsrv *s, int fd);
/* Cut it; its test hears of it. Any number of times. */
void conn_close(struct conn *c);
/* What may be waited for has changed: wait for it, or go on at once where that is
 * possible. */
void conn_wait(struct conn *c);
/* The same, beginning with a turn now: for whoever is not within a turn of it. */
void conn_go(struct conn *c);
/* Nothing more but `out`, then it ends. */
void conn_finish(struct conn *c);
/* Put into `out`; too much cuts the connection (false). */
bool conn_put(struct conn *c, const void *data, size_t n);
/* Bytes read, 0 at the end, -EAGAIN, or another error. */
int64_t conn_read(struct conn *c, void *to, size_t n);
bool conn_has_test(const struct conn *c);
/* Of the frame or body at hand: progress, -EAGAIN or another error. */
int64_t conn_send_body(struct conn *c, size_t most);

/* --- testsrv_head.c */
/* A head may have come: act on it. */
void head_look(struct conn *c);
void head_problem(struct conn *c, int status, const char *reason);

/* --- testsrv_ws.c */
void ws_granted(struct conn *c);
void ws_bytes(struct conn *c, uint8_t *p, size_t n);
/* The frame or body before is sent, nothing waits: what next? As conn_send_body(); 0 when
 * there is nothing to send. */
int64_t ws_send(struct conn *c, size_t most);
void ws_signed(struct conn *c, const char *jws);
void ws_on_ticker(uv_timer_t *timer);

/* --- testsrv_http.c */
void http_granted(struct conn *c);
void http_bytes(struct conn *c, const uint8_t *p, size_t n);
/* Of a body; false: its test has had its bytes, and it is cut. */
bool http_may_send(struct conn *c);
void http_receipt_asked(struct conn *c, struct test *t);
/* A whole answer into `out`. */
void http_reply(struct conn *c, int status, const char *type, const char *body, size_t n);
/* Wait for the next request, or look at what has come already. */
void http_next(struct conn *c);

/* --- testsrv_test.c */
struct test *test_find(struct bw_testsrv *s, uint64_t id);
struct test *test_by_token(struct bw_testsrv *s, const uint8_t sha256[32]);
struct test *test_new(struct bw_testsrv *s, enum bw_test_kind kind, enum bw_direction d);
void test_join(struct test *t, struct conn *c);
void test_leave(struct conn *c); /* its figures stay */
void test_begin(struct test *t, int64_t max_bytes);
void test_moved(struct conn *c, int64_t bytes);
/* May it move more? false at the ticket's most bytes. */
bool test_may_move(const struct test *t);
/* Over: ended() is called, once. */
void test_end(struct test *t, enum bw_receipt_end end);
/* Freed when nothing is left of it. */
void test_maybe_free(struct test *t);

#endif
