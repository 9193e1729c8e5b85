/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_token.c - tokens, read and checked. */
#include "oidc_token.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

enum {
    HEADER_BYTES = 8192,
    ISSUER_MAX = 500,
    AUDIENCES_MAX = 64,
    DIGEST_MAX = 64
};

/* --- taken apart ---------------------------------------------------------------------- */

static int malformed(struct bw_err *reterr, const char *why)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "token: %s", why);
}

/* A part that is a JSON object in base64url. */
static int
read_part(const char *text, size_t n, size_t max, json_t **ret, struct bw_err *reterr)
{
    char *raw = malloc(n + 1);
    json_t *json = NULL;
    int r = raw ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (r == 0) {
        long len = bw_b64_decode(text, n, raw, n + 1);
        r = len < 0 ? malformed(reterr, "a part is no base64url")
                    : bw_json_parse(raw, (size_t)len, max, &json, reterr);
    }
    free(raw);
    if (r == 0 && !json_is_object(json)) {
        json_decref(json);
        r = malformed(reterr, "a part is no JSON object");
    }
    if (r == 0) {
        *ret = json;
    }
    return r;
}

static int read_header(const json_t *header, struct bw_oidc_token *t, struct bw_err *reterr)
{
    static const struct {
        const char *name;
        enum bw_oidc_alg alg;
    } algs[] = {
        {"RS256", BW_OIDC_RS256}, {"ES256", BW_OIDC_ES256}, {"EdDSA", BW_OIDC_EDDSA}};
    const char *alg = NULL;
    const char *kid = NULL;
    const char *typ = NULL;
    int r = bw_json_get_str(header, "alg", 16, &alg, reterr);
    r = r < 0 ? r : bw_json_opt_str(header, "kid", BW_OIDC_KID_MAX, &kid, reterr);
    r = r < 0 ? r : bw_json_opt_str(header, "typ", sizeof(t->typ) - 1, &typ, reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        t->alg = strcmp(algs[i].name, alg) == 0 ? algs[i].alg : t->alg;
    }
    if (t->alg == 0) {
        return malformed(reterr, "its algorithm is none of RS256, ES256 and EdDSA");
    }
    if (json_object_get(header, "crit")) { /* RFC 7515 §4.1.11: nothing is understood */
        return malformed(reterr, "it has critical extensions");
    }
    (void)snprintf(t->kid, sizeof(t->kid), "%s", kid ? kid : "");
    (void)snprintf(t->typ, sizeof(t->typ), "%s", typ ? typ : "");
    return 0;
}

int bw_oidc_token_read(const char *jwt,
                       size_t n,
                       struct bw_oidc_token *ret,
                       struct bw_err *reterr)
{
    struct bw_oidc_token t = {.input = jwt};
    json_t *header = NULL;
    const char *dot = n <= BW_OIDC_TOKEN_BYTES ? memchr(jwt, '.', n) : NULL;
    const char *rest = dot ? dot + 1 : NULL;
    const char *last = rest ? memchr(rest, '.', n - (size_t)(rest - jwt)) : NULL;
    if (!last) {
        return malformed(reterr, "it has no three parts, or is too long");
    }
    t.n_input = (size_t)(last - jwt);
    int r = read_part(jwt, (size_t)(dot - jwt), HEADER_BYTES, &header, reterr);
    r = r < 0 ? r : read_header(header, &t, reterr);
    json_decref(header);
    if (r < 0) {
        return r;
    }
    long len = bw_b64_decode(last + 1, n - t.n_input - 1, t.signature, sizeof(t.signature));
    if (len <= 0) {
        return malformed(reterr, "its signature is no base64url, or too long");
    }
    t.n_signature = (size_t)len;
    r = read_part(rest, (size_t)(last - rest), BW_OIDC_TOKEN_BYTES, &t.claims, reterr);
    if (r == 0) {
        *ret = t;
    }
    return r;
}

void bw_oidc_token_done(struct bw_oidc_token *t)
{
    json_decref(t->claims);
    t->claims = NULL;
}

int bw_oidc_token_verify(const struct bw_oidc_token *t, const struct bw_oidc_keys *k)
{
    return bw_oidc_keys_verify(k, t->alg, t->kid, t->input, t->n_input, t->signature,
                               t->n_signature);
}

/* --- claims --------------------------------------------------------------------------- */

static int refuse(struct bw_err *reterr, const char *why)
{
    return bw_err_set(reterr, -EACCES, "token: %s", why);
}

const char *bw_oidc_text(const json_t *claims, const char *claim, size_t max)
{
    const char *text = NULL;
    return bw_json_opt_str(claims, claim, max, &text, NULL) == 0 ? text : NULL;
}

int bw_oidc_says(const json_t *claims, const char *claim, const char *word)
{
    const json_t *c = json_object_get(claims, claim);
    const char *text = json_string_value(c);
    if (text) {
        return strcmp(text, word) == 0;
    }
    for (size_t i = 0; i < json_array_size(c) && i < BW_OIDC_GROUPS_MAX; i++) {
        text = json_string_value(json_array_get(c, i));
        if (text && strcmp(text, word) == 0) {
            return 1;
        }
    }
    return 0;
}

size_t
bw_oidc_groups(const json_t *claims, const char *claim, const char *ret[BW_OIDC_GROUPS_MAX])
{
    const json_t *c = json_object_get(claims, claim);
    size_t n = 0;
    if (json_is_string(c)) {
        ret[n] = bw_oidc_text(claims, claim, BW_OIDC_WORD_MAX);
        return ret[n] ? 1 : 0;
    }
    for (size_t i = 0; i < json_array_size(c) && n < BW_OIDC_GROUPS_MAX; i++) {
        const json_t *one = json_array_get(c, i);
        const char *text = json_string_value(one);
        if (text && json_string_length(one) == strlen(text) &&
            strlen(text) <= BW_OIDC_WORD_MAX) {
            ret[n++] = text;
        }
    }
    return n;
}

/* RFC 7519 §2: a NumericDate may have a fraction. -EACCES: none. */
static int date(const json_t *claims, const char *claim, int64_t *ret)
{
    const json_t *c = json_object_get(claims, claim);
    double v = json_number_value(c);
    if (!json_is_number(c) || !(v >= 0 && v < 1e12)) {
        return -EACCES;
    }
    *ret = (int64_t)v;
    return 0;
}

/* What both kinds say: who made it, for whom, when. */
static int check_common(struct bw_oidc_token *t,
                        const struct bw_oidc_want *want,
                        struct bw_err *reterr)
{
    const json_t *c = t->claims;
    const json_t *aud = json_object_get(c, "aud");
    const char *iss = bw_oidc_text(c, "iss", ISSUER_MAX);
    const json_t *azp = json_object_get(c, "azp");
    size_t audiences = json_is_array(aud) ? json_array_size(aud) : 1;
    if (!iss || strcmp(iss, want->issuer) != 0) {
        return refuse(reterr, "it is of another issuer");
    }
    if (audiences > AUDIENCES_MAX || !bw_oidc_says(c, "aud", want->client_id)) {
        return refuse(reterr, "it is for another client");
    }
    /* Of a token for several the one it was given to is azp. */
    if ((audiences > 1 && !azp) ||
        (azp && (!json_is_string(azp) || !bw_oidc_says(c, "azp", want->client_id)))) {
        return refuse(reterr, "it was given to another client");
    }
    if (date(c, "iat", &t->iat_unix_s) < 0 || date(c, "exp", &t->exp_unix_s) < 0) {
        return refuse(reterr, "it does not say when it was made and when it ends");
    }
    if (t->exp_unix_s + BW_OIDC_SKEW_S <= want->now_unix_s) {
        return refuse(reterr, "it has expired");
    }
    if (t->iat_unix_s > want->now_unix_s + BW_OIDC_SKEW_S ||
        t->iat_unix_s + BW_OIDC_FRESH_S + BW_OIDC_SKEW_S < want->now_unix_s) {
        return refuse(reterr, "it was not made just now; is one of the two clocks wrong?");
    }
    t->sub = bw_oidc_text(c, "sub", BW_OIDC_SUB_MAX);
    t->sid = bw_oidc_text(c, "sid", BW_OIDC_SID_MAX);
    if ((json_object_get(c, "sub") && (!t->sub || !t->sub[0])) ||
        (json_object_get(c, "sid") && (!t->sid || !t->sid[0]))) {
        return refuse(reterr, "its sub or sid is none");
    }
    return 0;
}

/* §3.1.3.6: the left half of the digest that goes with the algorithm. */
static bool at_hash_fits(const struct bw_oidc_token *t, const char *said, const char *token)
{
    uint8_t digest[DIGEST_MAX];
    char text[DIGEST_MAX * 2];
    unsigned n = 0;
    const EVP_MD *md = t->alg == BW_OIDC_EDDSA ? EVP_sha512() : EVP_sha256();
    if (!token || EVP_Digest(token, strlen(token), digest, &n, md, NULL) != 1) {
        return false;
    }
    size_t len = bw_b64_encode(digest, n / 2, text);
    return strlen(said) == len && bw_same(said, text, len);
}

int bw_oidc_id_check(struct bw_oidc_token *t,
                     const struct bw_oidc_want *want,
                     struct bw_err *reterr)
{
    const json_t *c = t->claims;
    const char *nonce = bw_oidc_text(c, "nonce", BW_OIDC_WORD_MAX);
    const json_t *at = json_object_get(c, "at_hash");
    int r = check_common(t, want, reterr);
    if (r < 0) {
        return r;
    }
    if (t->typ[0] && strcmp(t->typ, "JWT") != 0 && strcmp(t->typ, "jwt") != 0) {
        return refuse(reterr, "it is a token of another kind");
    }
    if (!t->sub || json_object_get(c, "events")) {
        return refuse(reterr, "it is no ID token");
    }
    if (!nonce || strlen(nonce) != strlen(want->nonce) ||
        !bw_same(nonce, want->nonce, strlen(nonce))) {
        return refuse(reterr, "it is not of this signing in (nonce)");
    }
    if (at && (!json_is_string(at) ||
               !at_hash_fits(t, json_string_value(at), want->access_token))) {
        return refuse(reterr, "the access token beside it is another's (at_hash)");
    }
    return 0;
}

int bw_oidc_logout_check(struct bw_oidc_token *t,
                         const struct bw_oidc_want *want,
                         struct bw_err *reterr)
{
    const json_t *c = t->claims;
    const json_t *event = json_object_get(json_object_get(c, "events"), LOGOUT_EVENT);
    int r = check_common(t, want, reterr);
    if (r < 0) {
        return r;
    }
    t->jti = bw_oidc_text(c, "jti", BW_OIDC_WORD_MAX);
    if (t->typ[0] && strcmp(t->typ, "logout+jwt") != 0 && strcmp(t->typ, "JWT") != 0) {
        return refuse(reterr, "it is a token of another kind");
    }
    if (!json_is_object(event) || json_object_get(c, "nonce") || !t->jti || !t->jti[0] ||
        (!t->sub && !t->sid)) {
        return refuse(reterr, "it is no logout token");
    }
    return 0;
}
