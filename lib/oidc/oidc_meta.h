/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_meta.h - what an OpenID provider says of itself (OpenID Connect Discovery 1.0 §3).
 * Pure; any thread. */
#ifndef BW_OIDC_META_H
#define BW_OIDC_META_H

#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;

enum {
    BW_OIDC_ISSUER_MAX = 500,
    BW_OIDC_URL_MAX = 1000,
    BW_OIDC_META_BYTES = 256 * 1024
};

struct bw_oidc_meta {
    char authorization[BW_OIDC_URL_MAX + 1];
    char token[BW_OIDC_URL_MAX + 1];
    char jwks[BW_OIDC_URL_MAX + 1];
    char userinfo[BW_OIDC_URL_MAX + 1];    /* "": none */
    char end_session[BW_OIDC_URL_MAX + 1]; /* "": none */
    bool says_iss;                         /* in its answers (RFC 9207) */
    bool basic;                            /* ways of a client to show its secret */
    bool post;
    bool private_key;
};

/* https, or http to this machine's loopback where `loopback`; a host, no user, no fragment,
 * nothing but printable ASCII: 0 or -EINVAL. */
int bw_oidc_url_check(const char *url, bool loopback);

/* Where the document of this issuer is (§4). */
void bw_oidc_meta_address(const char *issuer, struct bw_buf *out);

/* -BW_EMALFORMED with what is missing, or of another issuer than this one. */
int bw_oidc_meta_parse(const char *text,
                       size_t n,
                       const char *issuer,
                       struct bw_oidc_meta *ret,
                       struct bw_err *reterr);

#endif
