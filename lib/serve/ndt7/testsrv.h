/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv.h - a measurement server on a libuv loop: ndt7 (WebSocket, RFC 6455) and plain
 * HTTP downloads and uploads, over TLS or without, on listening sockets that are given.
 *
 * Nothing is served without a ticket: its owner is asked about each, and later signs the
 * receipt of each test. The server knows nothing of keys, sites or limits of theirs.
 * Everything is called on the loop's thread and nothing blocks. */
#ifndef BW_TESTSRV_H
#define BW_TESTSRV_H

#include <receipt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_testsrv;
struct uv_loop_s;

enum {
    BW_TESTSRV_LISTEN_MAX = 8
};

struct bw_testsrv_limits {
    int64_t connections; /* at once; one more cuts the oldest without a test */
    int64_t setup_ms;    /* from a new connection, or the last answer, to a whole head */
    int64_t ndt7_ms;     /* the server sends for so long */
    int64_t stop_ms;     /* an ndt7 upload is ended by the server */
    int64_t hard_ms;     /* an ndt7 connection is cut */
    int64_t http_ms;     /* the connections of an http test are cut; at most 32 s */
    int64_t receipt_ms;  /* … and its receipt must have been fetched so much later */
};
/* 1024; 10 s, 10 s, 13 s, 15 s; 30 s, 10 s. */
extern const struct bw_testsrv_limits bw_testsrv_limits_default;

/* What the owner is asked. Lent during the call. */
struct bw_testsrv_ask {
    const char *token;
    const char *peer; /* the address alone */
    enum bw_test_kind kind;
    enum bw_direction direction;
};

struct bw_testsrv_grant {
    int status; /* 200, or what to answer: 401, 403, 409, 429, 503 */
    const char *reason;
    int64_t max_bytes;
};

struct bw_testsrv_ops {
    /* May this test begin? bw_testsrv_grant() follows, later, exactly once. */
    void (*ask)(void *owner, uint64_t test, const struct bw_testsrv_ask *ask);
    /* Another connection of a test that was asked about has come, from an address that is
     * not the one before it: not every connection of a test need come by the same line. */
    void (*joined)(void *owner, uint64_t test, const char *peer);
    /* A granted test is over: `measured` has everything the server knows; nonce, kid, site,
     * circuit, server and egress are the owner's to fill in. bw_testsrv_receipt()
     * follows, later, exactly once. */
    void (*ended)(void *owner, uint64_t test, const struct bw_receipt *measured);
};

struct bw_testsrv_opts {
    const char *server; /* its name, for the connection's identifier; copied */
    const int *fds;     /* listening sockets; taken over */
    size_t n_fds;
    const char *tls_cert_pem; /* text; NULL: without TLS */
    const char *tls_key_pem;
    struct bw_testsrv_limits limits;
};

struct bw_testsrv_stats {
    int64_t connections; /* now */
    int64_t tests;       /* now */
    int64_t tests_ever;
    int64_t cut_waiting; /* without a test, because others came or they were slow */
};

int bw_testsrv_new(struct uv_loop_s *loop,
                   const struct bw_testsrv_opts *opts,
                   const struct bw_testsrv_ops *ops,
                   void *owner,
                   struct bw_testsrv **ret,
                   struct bw_err *reterr);

/* The answers to ask() and ended(). A test that is not there any more is passed over.
 * jws NULL: no receipt can be had. */
void bw_testsrv_grant(struct bw_testsrv *s,
                      uint64_t test,
                      const struct bw_testsrv_grant *grant);
void bw_testsrv_receipt(struct bw_testsrv *s, uint64_t test, const char *jws);

void bw_testsrv_stats(const struct bw_testsrv *s, struct bw_testsrv_stats *ret);

/* Cut everything, close all handles, free, then cb(owner). NULL is fine (no cb). */
void bw_testsrv_close(struct bw_testsrv *s, void (*cb)(void *owner), void *owner);

#endif
