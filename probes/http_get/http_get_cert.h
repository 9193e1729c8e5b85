/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get_cert.h - what a server's certificate says, also when it does not verify. */
#ifndef BW_HTTP_GET_CERT_H
#define BW_HTTP_GET_CERT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct http_get_cert {
    int64_t begun_mono_ns; /* the handshake: TCP stands since then; unknown: it did not */
    bool seen;             /* the server showed one */
    int64_t days;          /* whole days until it ends, negative after; unknown */
    long verify;           /* OpenSSL's verdict on the chain: 0 is good */
};

/* Let *cert be filled when this handle sees a certificate; the chain is verified as always.
 */
void http_get_cert_follow(struct http_get_cert *cert, CURL *easy);

/* Why a handshake failed at the certificate: "tls-expired", "tls-early", "tls-untrusted",
 * "tls-name" (the chain is good, and made out to another name). */
const char *http_get_cert_code(const struct http_get_cert *cert);

#endif
