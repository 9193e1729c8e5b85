/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_link.c - TCP and TLS on libuv's poll.
 *
 * OpenSSL reads the socket by itself, many records with one call (read-ahead), and writes
 * record by record. Invariant: the poll waits for what the last call wanted. */
#include "ndt7_link.h"

#include "ndt7_dial.h"

#include <address.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    READ_AHEAD = 128 * 1024 /* bytes that OpenSSL takes from the socket at once, at most */
};

struct ndt7_link {
    struct ndt7_link_setup setup;
    char host[BW_HOST_MAX];
    struct ndt7_dial *dial;
    uv_poll_t poll;
    bool polled; /* the handle is made */
    int events;  /* what it waits for */
    int fd;
    uint8_t family;
    BIO_METHOD *method;
    SSL_CTX *context;
    SSL *ssl;
    bool open;
    bool want_write;     /* the owner's */
    bool read_wants_out; /* TLS has to write before it can read on */
    bool ended;
};

/* OpenSSL on the socket ----------------------------------------------------------- */

static int bio_read(BIO *bio, char *buf, size_t n, size_t *ret_n)
{
    struct ndt7_link *l = BIO_get_data(bio);
    ssize_t got = recv(l->fd, buf, n, 0);
    BIO_clear_retry_flags(bio);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    }
    *ret_n = got > 0 ? (size_t)got : 0;
    return got > 0 ? 1 : 0;
}

static int bio_write(BIO *bio, const char *buf, size_t n, size_t *ret_n)
{
    struct ndt7_link *l = BIO_get_data(bio);
    ssize_t put = send(l->fd, buf, n, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    *ret_n = put > 0 ? (size_t)put : 0;
    return put > 0 ? 1 : 0;
}

static long bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO *make_bio(struct ndt7_link *l)
{
    BIO *bio = NULL;
    l->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "ndt7 link");
    if (l->method && BIO_meth_set_read_ex(l->method, bio_read) == 1 &&
        BIO_meth_set_write_ex(l->method, bio_write) == 1 &&
        BIO_meth_set_ctrl(l->method, bio_ctrl) == 1) {
        bio = BIO_new(l->method);
    }
    if (bio) {
        BIO_set_data(bio, l);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* Certificate and name: of whom we ask, and by whom it may be signed. */
static int make_context(struct ndt7_link *l)
{
    const char *ca = l->setup.ca_file;
    l->context = SSL_CTX_new(TLS_client_method());
    if (!l->context) {
        return -ENOMEM;
    }
    if (SSL_CTX_set_min_proto_version(l->context, TLS1_2_VERSION) != 1) {
        return -EPROTO;
    }
    SSL_CTX_set_verify(l->context, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(l->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                           SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(l->context, 1);
    SSL_CTX_set_default_read_buffer_len(l->context, READ_AHEAD);
    if ((ca[0] != '\0' ? SSL_CTX_load_verify_file(l->context, ca)
                       : SSL_CTX_set_default_verify_paths(l->context)) != 1) {
        return -EACCES;
    }
    return 0;
}

static int make_tls(struct ndt7_link *l)
{
    union bw_address literal;
    BIO *bio;
    int r = make_context(l);
    if (r < 0) {
        return r;
    }
    l->ssl = SSL_new(l->context);
    bio = l->ssl ? make_bio(l) : NULL;
    if (!bio) {
        return -ENOMEM;
    }
    SSL_set_bio(l->ssl, bio, bio);
    SSL_set_connect_state(l->ssl);
    if (bw_address_parse(l->host, &literal)) {
        char plain[BW_HOST_MAX];
        (void)snprintf(plain, sizeof(plain), "%s", l->host);
        plain[strcspn(plain, "%")] = '\0'; /* a zone is in no certificate */
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(l->ssl), plain) == 1 ? 0
                                                                                 : -EINVAL;
    }
    return SSL_set1_host(l->ssl, l->host) == 1 &&
                   SSL_set_tlsext_host_name(l->ssl, l->host) == 1
               ? 0
               : -EINVAL;
}

/* Opening ----------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void wait_for(struct ndt7_link *l, int events)
{
    if (l->polled && events != l->events) {
        l->events = events;
        (void)uv_poll_start(&l->poll, events, on_poll);
    }
}

static void __attribute__((format(printf, 3, 4)))
never(struct ndt7_link *l, int error, const char *fmt, ...)
{
    char reason[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    l->setup.opened(l->setup.owner, error, reason);
}

static void is_open(struct ndt7_link *l)
{
    l->open = true;
    wait_for(l, UV_READABLE);
    l->setup.opened(l->setup.owner, 0, NULL);
}

static void shake_hands(struct ndt7_link *l)
{
    int r;
    int why;
    long verified;
    ERR_clear_error();
    errno = 0;
    r = SSL_do_handshake(l->ssl);
    if (r == 1) {
        is_open(l);
        return;
    }
    why = SSL_get_error(l->ssl, r);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        wait_for(l, why == SSL_ERROR_WANT_READ ? UV_READABLE : UV_WRITABLE);
        return;
    }
    verified = SSL_get_verify_result(l->ssl);
    if (verified != X509_V_OK) {
        never(l, -EPROTO, "the server's certificate: %s",
              X509_verify_cert_error_string(verified));
    } else if (ERR_peek_error() != 0 &&
               ERR_GET_REASON(ERR_peek_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        const char *text = ERR_reason_error_string(ERR_peek_error());
        never(l, -EPROTO, "TLS: %s", text ? text : "unknown error");
    } else {
        never(l, -ECONNRESET, "the server closed the connection in the TLS handshake");
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ndt7_link *l = poll->data;
    bool readable;
    bool writable;
    if (status < 0) { /* the next read or write names the error */
        events = UV_READABLE | UV_WRITABLE;
        if (!l->ended) { /* libuv stopped it */
            (void)uv_poll_start(poll, l->events, on_poll);
        }
    }
    if (!l->open) {
        shake_hands(l);
        return;
    }
    writable = (events & UV_WRITABLE) != 0;
    readable = (events & UV_READABLE) != 0 || (writable && l->read_wants_out);
    l->setup.ready(l->setup.owner, readable, writable && l->want_write);
}

static void on_dialled(void *owner, int fd, uint8_t family, const char *reason)
{
    struct ndt7_link *l = owner;
    int r = 0;
    l->dial = NULL;
    if (fd < 0) {
        never(l, fd, "%s", reason);
        return;
    }
    l->fd = fd;
    l->family = family;
    r = uv_poll_init_socket(l->setup.loop, &l->poll, fd);
    if (r == 0) {
        l->poll.data = l;
        l->polled = true;
        r = l->setup.tls ? make_tls(l) : 0;
    }
    if (r == -EACCES) {
        never(l, r, "the certificates of ca_file cannot be read");
    } else if (r < 0) {
        never(l, r, "the connection cannot be set up: %s", uv_strerror(r));
    } else if (l->ssl) {
        shake_hands(l);
    } else {
        is_open(l);
    }
}

int ndt7_link_start(const struct ndt7_link_setup *setup, struct ndt7_link **ret)
{
    struct ndt7_link *l = calloc(1, sizeof(*l));
    struct ndt7_dial_setup dial = {.loop = setup->loop,
                                   .opts = setup->opts,
                                   .host = setup->host,
                                   .port = setup->port,
                                   .cc = setup->cc,
                                   .done = on_dialled,
                                   .owner = l};
    int r;
    if (!l) {
        return -ENOMEM;
    }
    l->setup = *setup;
    l->fd = -1;
    (void)snprintf(l->host, sizeof(l->host), "%s", setup->host);
    r = ndt7_dial_start(&dial, &l->dial);
    if (r < 0) {
        free(l);
        return r;
    }
    *ret = l;
    return 0;
}

static void poll_closed(uv_handle_t *handle)
{
    struct ndt7_link *l = handle->data;
    (void)close(l->fd);
    free(l);
}

void ndt7_link_end(struct ndt7_link *l)
{
    if (!l || l->ended) {
        return;
    }
    l->ended = true;
    ndt7_dial_end(l->dial);
    if (l->ssl && l->open) {
        ERR_clear_error();
        (void)SSL_shutdown(l->ssl); /* a word of goodbye, if it fits */
    }
    SSL_free(l->ssl);
    SSL_CTX_free(l->context);
    BIO_meth_free(l->method);
    if (l->polled) {
        uv_close((uv_handle_t *)&l->poll, poll_closed);
        return;
    }
    if (l->fd >= 0) {
        (void)close(l->fd);
    }
    free(l);
}

/* Bytes ------------------------------------------------------------------------- */

static int events_of(const struct ndt7_link *l)
{
    return UV_READABLE | (l->want_write || l->read_wants_out ? UV_WRITABLE : 0);
}

void ndt7_link_want_write(struct ndt7_link *l, bool want)
{
    l->want_write = want;
    wait_for(l, events_of(l));
}

/* What a call that moved nothing means. `writing`: of bytes; else of bytes to come. */
static ssize_t tls_nothing(struct ndt7_link *l, bool writing)
{
    int why = SSL_get_error(l->ssl, 0);
    if (why == SSL_ERROR_WANT_READ) {
        return 0;
    }
    if (why == SSL_ERROR_WANT_WRITE) {
        l->read_wants_out = l->read_wants_out || !writing;
        wait_for(l, events_of(l));
        return 0;
    }
    if (why == SSL_ERROR_ZERO_RETURN ||
        (why == SSL_ERROR_SSL &&
         ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
        return -EPIPE;
    }
    if (why == SSL_ERROR_SYSCALL) {
        return errno == 0 ? -EPIPE : -errno;
    }
    return -EPROTO;
}

ssize_t ndt7_link_read(struct ndt7_link *l, void *buf, size_t cap)
{
    ssize_t n;
    if (!l->ssl) {
        n = recv(l->fd, buf, cap, 0);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        return n > 0 ? n : -EPIPE;
    }
    if (l->read_wants_out) {
        l->read_wants_out = false;
        wait_for(l, events_of(l));
    }
    ERR_clear_error();
    errno = 0;
    n = SSL_read(l->ssl, buf, cap > INT32_MAX ? INT32_MAX : (int)cap);
    return n > 0 ? n : tls_nothing(l, false);
}

ssize_t ndt7_link_skip(struct ndt7_link *l, size_t n)
{
    ssize_t got;
    if (l->ssl) {
        return 0;
    }
    got = recv(l->fd, NULL, n, MSG_TRUNC);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    return got > 0 ? got : -EPIPE;
}

ssize_t ndt7_link_write(struct ndt7_link *l, const void *buf, size_t n)
{
    ssize_t put;
    if (!l->ssl) {
        put = send(l->fd, buf, n, MSG_NOSIGNAL);
        if (put < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        return put;
    }
    ERR_clear_error();
    errno = 0;
    put = SSL_write(l->ssl, buf, n > INT32_MAX ? INT32_MAX : (int)n);
    return put > 0 ? put : tls_nothing(l, true);
}

bool ndt7_link_holds_back(const struct ndt7_link *l)
{
    return l->ssl && SSL_has_pending(l->ssl) == 1;
}

int ndt7_link_fd(const struct ndt7_link *l)
{
    return l->fd;
}

uint8_t ndt7_link_family(const struct ndt7_link *l)
{
    return l->family;
}
