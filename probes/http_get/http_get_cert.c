/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get_cert.c - what a server's certificate says. curl hands over the handshake's
 * settings; the verification itself stays OpenSSL's own, only looked at from beside. */
#include "http_get_cert.h"

#include <bw/units.h>
#include <clock.h>
#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <time.h>

/* Whole days from now until the end: of a certificate that ended an hour ago, -1. */
static int64_t days_left(const X509 *leaf)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)(bw_clock_unix_ms() / 1000));
    int64_t result = BW_UNKNOWN;
    int days = 0;
    int seconds = 0;
    if (now && ASN1_TIME_diff(&days, &seconds, now, X509_get0_notAfter(leaf)) == 1) {
        result = seconds < 0 ? (int64_t)days - 1 : days; /* both have one sign */
    }
    ASN1_TIME_free(now);
    return result;
}

static int on_verify(X509_STORE_CTX *store, void *owner)
{
    struct http_get_cert *cert = owner;
    const X509 *leaf = X509_STORE_CTX_get0_cert(store);
    int r = X509_verify_cert(store);
    cert->seen = leaf != NULL;
    cert->days = leaf ? days_left(leaf) : BW_UNKNOWN;
    cert->verify = X509_STORE_CTX_get_error(store);
    return r;
}

void http_get_cert_init(struct http_get_cert *cert)
{
    *cert = (struct http_get_cert){.days = BW_UNKNOWN};
}

void http_get_cert_follow(struct http_get_cert *cert, void *ssl_ctx)
{
    SSL_CTX_set_cert_verify_callback(ssl_ctx, on_verify, cert);
}

const char *http_get_cert_code(const struct http_get_cert *cert)
{
    switch (cert->verify) {
    case X509_V_OK:
        return "tls-name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "tls-expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "tls-early";
    default:
        return "tls-untrusted";
    }
}
