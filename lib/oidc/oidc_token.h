/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_token.h - ID tokens (OpenID Connect Core 1.0 §2, §3.1.3.7) and logout tokens
 * (Back-Channel Logout 1.0 §2.4): taken apart, then the signature, then what they say. What
 * has not passed all three is a stranger's text. Pure; any thread. */
#ifndef BW_OIDC_TOKEN_H
#define BW_OIDC_TOKEN_H

#include "oidc_keys.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_OIDC_TOKEN_BYTES = 65536,
    BW_OIDC_SUB_MAX = 255,
    BW_OIDC_SID_MAX = 255,
    BW_OIDC_WORD_MAX = 255,
    BW_OIDC_SKEW_S = 120,  /* that two clocks may be apart */
    BW_OIDC_FRESH_S = 600, /* so old a token may be that was just given out */
    BW_OIDC_GROUPS_MAX = 1024
};

struct bw_oidc_token {
    enum bw_oidc_alg alg;
    char kid[BW_OIDC_KID_MAX + 1]; /* "": it names none */
    char typ[32];                  /* "": it says none */
    const char *input;             /* header.payload, lent */
    size_t n_input;
    uint8_t signature[1024];
    size_t n_signature;
    json_t *claims; /* an object */
    /* set by the checks, lent by claims */
    const char *sub; /* NULL: a logout token may have none */
    const char *sid; /* NULL: none */
    const char *jti;
    int64_t iat_unix_s;
    int64_t exp_unix_s;
};

struct bw_oidc_want {
    const char *issuer;
    const char *client_id;
    const char *nonce;        /* of an ID token */
    const char *access_token; /* that came with it; NULL: none */
    int64_t now_unix_s;
};

/* jwt must outlive *ret. -BW_EMALFORMED: no JWS in compact form of an algorithm that is
 * taken; `none` and shared secrets are refused here. */
int bw_oidc_token_read(const char *jwt,
                       size_t n,
                       struct bw_oidc_token *ret,
                       struct bw_err *reterr);
void bw_oidc_token_done(struct bw_oidc_token *t); /* zeroed is fine */

/* As bw_oidc_keys_verify(). */
int bw_oidc_token_verify(const struct bw_oidc_token *t, const struct bw_oidc_keys *k);

/* -EACCES with what does not fit. */
int bw_oidc_id_check(struct bw_oidc_token *t,
                     const struct bw_oidc_want *want,
                     struct bw_err *reterr);
int bw_oidc_logout_check(struct bw_oidc_token *t,
                         const struct bw_oidc_want *want,
                         struct bw_err *reterr);

/* Is `word` what the claim is, or one of its list? */
int bw_oidc_says(const json_t *claims, const char *claim, const char *word);
/* A claim's text; NULL: none, or longer than max. */
const char *bw_oidc_text(const json_t *claims, const char *claim, size_t max);
/* The groups that a claim lists, one text or a list of them; how many. What is no text, or
 * longer than BW_OIDC_WORD_MAX, is none. Lent by claims. */
size_t bw_oidc_groups(const json_t *claims,
                      const char *claim,
                      const char *ret[BW_OIDC_GROUPS_MAX]);

#endif
