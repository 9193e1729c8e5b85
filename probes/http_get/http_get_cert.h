/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get_cert.h - what a server's certificate says, also when it does not verify. */
#ifndef BW_HTTP_GET_CERT_H
#define BW_HTTP_GET_CERT_H

#include <stdbool.h>
#include <stdint.h>

struct http_get_cert {
    bool seen;    /* the server showed one */
    int64_t days; /* whole days until it ends, negative after; unknown */
    long verify;  /* OpenSSL's verdict on the chain: 0 is good */
};

void http_get_cert_init(struct http_get_cert *cert);
/* Let *cert be filled when a handshake by this SSL_CTX shows a certificate; the chain is
 * verified as always. */
void http_get_cert_follow(struct http_get_cert *cert, void *ssl_ctx);

/* Why a handshake failed at the certificate: "tls-expired", "tls-early", "tls-untrusted",
 * "tls-name" (the chain is good, and made out to another name). */
const char *http_get_cert_code(const struct http_get_cert *cert);

#endif
