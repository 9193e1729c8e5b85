/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv.c - the measurement server as a whole: its listening sockets, the deadlines of
 * connections and tests, and the owner's answers. */
#include "testsrv_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SCAN_MS = 100,
    ACCEPTS = 64 /* a turn */
};

const struct bw_testsrv_limits bw_testsrv_limits_default = {
    .connections = 1024,
    .setup_ms = 10000,
    .ndt7_ms = 10000,
    .stop_ms = 13000,
    .hard_ms = 15000,
    .http_ms = 30000,
    .receipt_ms = 10000,
};

/* ---- the end */

void testsrv_maybe_closed(struct bw_testsrv *s)
{
    if (!s->closing || s->open_handles > 0) {
        return;
    }
    void (*cb)(void *) = s->closed;
    void *owner = s->closed_owner;
    SSL_CTX_free(s->tls);
    free(s->load);
    free(s->receive);
    free(s);
    if (cb) {
        cb(owner);
    }
}

static void on_own_closed(uv_handle_t *handle)
{
    struct bw_testsrv *s = handle->data;
    s->open_handles--;
    testsrv_maybe_closed(s);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct bw_testsrv *s = handle->data;
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (handle == (uv_handle_t *)&s->listeners[i]) {
            (void)close(s->fds[i]);
        }
    }
    on_own_closed(handle);
}

void bw_testsrv_close(struct bw_testsrv *s, void (*cb)(void *owner), void *owner)
{
    if (!s) {
        return;
    }
    s->closing = true;
    s->closed = cb;
    s->closed_owner = owner;
    while (s->first) {
        conn_close(s->first); /* takes it out of the list */
    }
    for (struct test *t = s->tests, *next; t; t = next) {
        next = t->next;
        test_maybe_free(t);
    }
    uv_close((uv_handle_t *)&s->scan, on_own_closed);
    for (size_t i = 0; i < s->n_listeners; i++) {
        uv_close((uv_handle_t *)&s->listeners[i], on_listener_closed);
    }
}

/* ---- deadlines */

static void scan_test(struct test *t, int64_t now_ms)
{
    if (t->kind != BW_TEST_KIND_HTTP || t->state == TEST_ASKED ||
        now_ms < t->deadline_mono_ms) {
        return;
    }
    if (t->state == TEST_RUNNING) {
        t->deadline_mono_ms = now_ms + t->srv->limits.receipt_ms;
        test_end(t, BW_RECEIPT_TIME);
        for (struct conn *c = t->conns, *next; c; c = next) {
            next = c->test_next;
            conn_close(c);
        }
        return;
    }
    if (t->state == TEST_OVER) {
        free(t->jws);
        t->jws = NULL;
        test_maybe_free(t);
    }
}

static void on_scan(uv_timer_t *timer)
{
    struct bw_testsrv *s = timer->data;
    int64_t now_ms = bw_clock_mono_ms();
    for (struct conn *c = s->first, *next; c; c = next) {
        next = c->next;
        if (now_ms >= c->deadline_mono_ms) {
            s->stats.cut_waiting += !conn_has_test(c);
            conn_close(c);
        }
    }
    for (struct test *t = s->tests, *next; t; t = next) {
        next = t->next;
        scan_test(t, now_ms);
    }
}

/* ---- new connections */

/* The oldest that waits without a test goes; false where all have one. */
static bool make_room(struct bw_testsrv *s)
{
    for (struct conn *c = s->first; c; c = c->next) {
        if (!conn_has_test(c)) {
            s->stats.cut_waiting++;
            conn_close(c);
            return true;
        }
    }
    return false;
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    struct bw_testsrv *s = poll->data;
    int listener = s->fds[poll - s->listeners];
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE) && make_room(s)) {
            return; /* its descriptor is free after this turn */
        }
        if (fd < 0) {
            return;
        }
        if (s->stats.connections >= s->limits.connections && !make_room(s)) {
            (void)close(fd);
            continue;
        }
        conn_new(s, fd);
    }
}

/* ---- what the owner says */

static void refuse_all(struct test *t, int status, const char *reason)
{
    while (t->conns) {
        struct conn *c = t->conns;
        test_leave(c);
        head_problem(c, status, reason);
        conn_go(c);
    }
}

void bw_testsrv_grant(struct bw_testsrv *s,
                      uint64_t test,
                      const struct bw_testsrv_grant *grant)
{
    struct test *t = test_find(s, test);
    if (!t || t->state != TEST_ASKED || s->closing) {
        return;
    }
    if (grant->status != 200) {
        t->state = TEST_OVER;
        refuse_all(t, grant->status, grant->reason);
        test_maybe_free(t);
        return;
    }
    test_begin(t, grant->max_bytes);
    if (t->n_conns == 0 && t->kind == BW_TEST_KIND_NDT7) {
        test_end(t, BW_RECEIPT_CUT); /* it went while we asked */
        return;
    }
    for (struct conn *c = t->conns, *next; c; c = next) {
        next = c->test_next;
        if (t->kind == BW_TEST_KIND_NDT7) {
            ws_granted(c);
        } else {
            http_granted(c);
            conn_go(c);
        }
    }
}

void bw_testsrv_receipt(struct bw_testsrv *s, uint64_t test, const char *jws)
{
    struct test *t = test_find(s, test);
    if (!t || t->state != TEST_SIGNING || s->closing) {
        return;
    }
    t->state = TEST_OVER;
    if (t->kind == BW_TEST_KIND_NDT7) {
        if (t->conns) {
            ws_signed(t->conns, jws);
        }
        test_maybe_free(t);
        return;
    }
    t->jws = jws ? strdup(jws) : NULL;
    if (t->asker) {
        struct conn *c = t->asker;
        http_receipt_asked(c, t);
        conn_go(c);
    }
    test_maybe_free(t);
}

/* ---- the beginning */

static int tls_fault(struct bw_err *reterr, const char *what)
{
    char text[160] = "";
    ERR_error_string_n(ERR_get_error(), text, sizeof(text));
    ERR_clear_error();
    return bw_err_set(reterr, -EINVAL, "%s: %s", what, text);
}

static int use_certificate(SSL_CTX *tls, const char *pem, struct bw_err *reterr)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *x = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    int r = x && SSL_CTX_use_certificate(tls, x) == 1
                ? 0
                : tls_fault(reterr, "the certificate cannot be used");
    X509_free(x);
    while (r == 0 && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(tls, x) != 1) {
            X509_free(x);
            r = tls_fault(reterr, "a certificate of the chain cannot be used");
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    BIO_free(in);
    return r;
}

static int use_key(SSL_CTX *tls, const char *pem, struct bw_err *reterr)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
    int r = key && SSL_CTX_use_PrivateKey(tls, key) == 1
                ? 0
                : tls_fault(reterr, "the key cannot be used, or is another's");
    EVP_PKEY_free(key);
    BIO_free(in);
    return r;
}

static int
make_tls(struct bw_testsrv *s, const struct bw_testsrv_opts *o, struct bw_err *reterr)
{
    if (!o->tls_cert_pem) {
        return 0;
    }
    s->tls = SSL_CTX_new(TLS_server_method());
    if (!s->tls) {
        return tls_fault(reterr, "TLS cannot be set up");
    }
    (void)SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION);
    (void)SSL_CTX_set_mode(s->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_options(s->tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_num_tickets(s->tls, 0); /* a test is one connection */
    int r = use_certificate(s->tls, o->tls_cert_pem, reterr);
    return r < 0 ? r : use_key(s->tls, o->tls_key_pem, reterr);
}

static int start_listeners(struct bw_testsrv *s,
                           const struct bw_testsrv_opts *o,
                           struct bw_err *reterr)
{
    for (size_t i = 0; i < o->n_fds; i++) {
        int flags = fcntl(o->fds[i], F_GETFL);
        if (flags < 0 || fcntl(o->fds[i], F_SETFL, flags | O_NONBLOCK) < 0 ||
            uv_poll_init(s->loop, &s->listeners[i], o->fds[i]) < 0) {
            return bw_err_set(reterr, -EINVAL, "descriptor %d is no socket to listen on",
                              o->fds[i]);
        }
        s->fds[i] = o->fds[i];
        s->n_listeners++;
        s->open_handles++;
        s->listeners[i].data = s;
        (void)uv_poll_start(&s->listeners[i], UV_READABLE, on_listener);
    }
    return 0;
}

int bw_testsrv_new(struct uv_loop_s *loop,
                   const struct bw_testsrv_opts *opts,
                   const struct bw_testsrv_ops *ops,
                   void *owner,
                   struct bw_testsrv **ret,
                   struct bw_err *reterr)
{
    struct bw_testsrv *s = calloc(1, sizeof(*s));
    if (!s || opts->n_fds > BW_TESTSRV_LISTEN_MAX) {
        free(s);
        return bw_err_set(reterr, s ? -E2BIG : -ENOMEM, "no room for the server");
    }
    s->loop = loop;
    s->ops = *ops;
    s->owner = owner;
    s->limits = opts->limits;
    (void)snprintf(s->server, sizeof(s->server), "%s", opts->server);
    (void)uv_timer_init(loop, &s->scan);
    s->scan.data = s;
    s->open_handles = 1;
    s->load = malloc(LOAD_BYTES);
    s->receive = malloc(RECEIVE_BYTES);
    int r = s->load && s->receive ? make_tls(s, opts, reterr)
                                  : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (r == 0) {
        bw_random(s->load, LOAD_BYTES);
        r = start_listeners(s, opts, reterr);
    }
    if (r < 0) {
        bw_testsrv_close(s, NULL, NULL);
        return r;
    }
    (void)uv_timer_start(&s->scan, on_scan, SCAN_MS, SCAN_MS);
    *ret = s;
    return 0;
}

void bw_testsrv_stats(const struct bw_testsrv *s, struct bw_testsrv_stats *ret)
{
    *ret = s->stats;
}
