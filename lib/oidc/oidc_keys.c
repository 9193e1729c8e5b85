/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_keys.c - JWK sets: RSA by OpenSSL, the two curves as in lib/base.
 *
 * Invariant: a key is good for one algorithm, that of its kind. */
#include "oidc_keys.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <jws.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RSA_BYTES_MIN = 256,
    RSA_BYTES_MAX = 1024,
    EXPONENT_BYTES_MAX = 4,
    TEXT_MAX = 2048,
    COORD = 32
};

struct key {
    char kid[BW_OIDC_KID_MAX + 1]; /* "": it has none */
    enum bw_oidc_alg alg;
    EVP_PKEY *rsa;
    struct bw_pubkey curve;
};

struct bw_oidc_keys {
    size_t n;
    struct key keys[BW_OIDC_KEYS_MAX];
};

/* Base64url of `name` into out[cap]: how many bytes; 0: not there, or it does not fit. */
static size_t bytes_of(const json_t *jwk, const char *name, uint8_t *out, size_t cap)
{
    const char *text = NULL;
    if (bw_json_opt_str(jwk, name, TEXT_MAX, &text, NULL) < 0 || !text) {
        return 0;
    }
    long n = bw_b64_decode(text, strlen(text), out, cap);
    return n > 0 ? (size_t)n : 0;
}

static EVP_PKEY *rsa_of(const uint8_t *n, size_t n_n, const uint8_t *e, size_t n_e)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *modulus = BN_bin2bn(n, (int)n_n, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)n_e, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    if (bld && ctx && modulus && exponent &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent)) {
        params = OSSL_PARAM_BLD_to_param(bld);
    }
    if (!params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
        key = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static bool take_rsa(const json_t *jwk, struct key *k)
{
    uint8_t modulus[RSA_BYTES_MAX];
    uint8_t exponent[EXPONENT_BYTES_MAX];
    size_t n = bytes_of(jwk, "n", modulus, sizeof(modulus));
    size_t n_e = bytes_of(jwk, "e", exponent, sizeof(exponent));
    if (n < RSA_BYTES_MIN || modulus[0] == 0 || n_e == 0 || exponent[0] == 0 ||
        (exponent[n_e - 1] & 1) == 0 || (n_e == 1 && exponent[0] < 3) ||
        (n == RSA_BYTES_MIN && modulus[0] < 0x80)) {
        return false;
    }
    k->rsa = rsa_of(modulus, n, exponent, n_e);
    return k->rsa != NULL;
}

/* A point of its curve: lib/base reads it once more, strictly. */
static bool take_curve(const json_t *jwk, bool ed, struct key *k)
{
    struct bw_pubkey p = {.alg = ed ? BW_ALG_EDDSA : BW_ALG_ES256};
    struct bw_buf text;
    if (bytes_of(jwk, "x", p.raw, COORD) != COORD ||
        (!ed && bytes_of(jwk, "y", p.raw + COORD, COORD) != COORD)) {
        return false;
    }
    bw_buf_init(&text, TEXT_MAX);
    bool fits = bw_pubkey_to_jwk(&p, &text) == 0 &&
                bw_pubkey_parse(text.data, text.len, &k->curve, NULL) == 0;
    bw_buf_done(&text);
    return fits;
}

static bool is(const json_t *jwk, const char *name, const char *word)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    return text && strcmp(text, word) == 0;
}

/* Does the key say that it is for something else? */
static bool for_else(const json_t *jwk, const char *alg)
{
    const json_t *ops = json_object_get(jwk, "key_ops");
    bool verifies = !ops;
    for (size_t i = 0; ops && i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));
        verifies = verifies || (op && strcmp(op, "verify") == 0);
    }
    return !verifies || (json_object_get(jwk, "use") && !is(jwk, "use", "sig")) ||
           (json_object_get(jwk, "alg") && !is(jwk, "alg", alg));
}

static bool take_key(const json_t *jwk, struct key *k)
{
    const char *kid = NULL;
    if (!json_is_object(jwk) ||
        bw_json_opt_str(jwk, "kid", BW_OIDC_KID_MAX, &kid, NULL) < 0) {
        return false;
    }
    (void)snprintf(k->kid, sizeof(k->kid), "%s", kid ? kid : "");
    if (is(jwk, "kty", "RSA")) {
        k->alg = BW_OIDC_RS256;
        return !for_else(jwk, "RS256") && take_rsa(jwk, k);
    }
    if (is(jwk, "kty", "EC") && is(jwk, "crv", "P-256")) {
        k->alg = BW_OIDC_ES256;
        return !for_else(jwk, "ES256") && take_curve(jwk, false, k);
    }
    if (is(jwk, "kty", "OKP") && is(jwk, "crv", "Ed25519")) {
        k->alg = BW_OIDC_EDDSA;
        return !for_else(jwk, "EdDSA") && take_curve(jwk, true, k);
    }
    return false;
}

int bw_oidc_keys_parse(const char *text,
                       size_t n,
                       struct bw_oidc_keys **ret,
                       struct bw_err *reterr)
{
    struct bw_oidc_keys *all = calloc(1, sizeof(*all));
    json_t *doc = NULL;
    const json_t *list = NULL;
    int r;

    if (!all) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_json_parse(text, n, BW_OIDC_KEYS_BYTES, &doc, reterr);
    if (r == 0 && !json_is_object(doc)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "it is no JSON object");
    }
    r = r < 0 ? r : bw_json_get_arr(doc, "keys", BW_OIDC_KEYS_MAX, &list, reterr);
    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        struct key *k = &all->keys[all->n];
        if (take_key(json_array_get(list, i), k)) {
            all->n++;
        } else {
            memset(k, 0, sizeof(*k));
        }
    }
    if (r == 0 && all->n == 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "none of its keys is RSA of 2048 bits or more, P-256 or Ed25519, "
                       "for signatures");
    }
    json_decref(doc);
    if (r < 0) {
        bw_oidc_keys_free(all);
        return r;
    }
    *ret = all;
    return 0;
}

void bw_oidc_keys_free(struct bw_oidc_keys *k)
{
    for (size_t i = 0; k && i < k->n; i++) {
        EVP_PKEY_free(k->keys[i].rsa);
    }
    free(k);
}

size_t bw_oidc_keys_count(const struct bw_oidc_keys *k)
{
    return k->n;
}

static bool signs(const struct key *k,
                  const void *data,
                  size_t n,
                  const uint8_t *signature,
                  size_t n_signature)
{
    if (k->alg != BW_OIDC_RS256) {
        return n_signature == 64 && bw_pubkey_verify(&k->curve, data, n, signature) == 0;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && n_signature == (size_t)EVP_PKEY_get_size(k->rsa) &&
                EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->rsa) == 1 &&
                EVP_DigestVerify(ctx, signature, n_signature, data, n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

int bw_oidc_keys_verify(const struct bw_oidc_keys *k,
                        enum bw_oidc_alg alg,
                        const char *kid,
                        const void *data,
                        size_t n,
                        const uint8_t *signature,
                        size_t n_signature)
{
    const struct key *one = NULL;
    size_t found = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->keys[i].alg == alg && (!kid[0] || strcmp(k->keys[i].kid, kid) == 0)) {
            one = &k->keys[i];
            found++;
        }
    }
    if (found != 1) { /* of two nobody knows which is meant */
        return -ENOENT;
    }
    return signs(one, data, n, signature, n_signature) ? 0 : -BW_ESIGNATURE;
}
