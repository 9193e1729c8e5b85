/* SPDX-License-Identifier: GPL-3.0-or-later
 * jwk.c - keys: made, read, written, and named by their thumbprint (RFC 7517, 7638, 8037).
 *
 * Invariant: a struct bw_pubkey always holds a valid point and the kid computed from it;
 * a private key always fits its public half; secrets are wiped before memory is freed. */
#include "buf.h"
#include "file.h"
#include "hash.h"
#include "json.h"
#include "key_private.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JWK_BYTES_MAX = 4096
};

const char *bw_alg_name(enum bw_alg a)
{
    switch (a) {
    case BW_ALG_EDDSA:
        return "EdDSA";
    case BW_ALG_ES256:
        return "ES256";
    case BW_ALG_NONE:
        break;
    }
    return "none";
}

/* ---- thumbprint and text ---- */

static void put_jwk(const struct bw_pubkey *p, const uint8_t *d, struct bw_buf *out)
{
    bw_buf_puts(out,
                p->alg == BW_ALG_EDDSA ? "{\"crv\":\"Ed25519\"" : "{\"crv\":\"P-256\"");
    if (d) {
        bw_buf_puts(out, ",\"d\":\"");
        bw_b64_append(out, d, BW_COORD_LEN);
        bw_buf_putc(out, '"');
    }
    bw_buf_puts(out, p->alg == BW_ALG_EDDSA ? ",\"kty\":\"OKP\"" : ",\"kty\":\"EC\"");
    bw_buf_puts(out, ",\"x\":\"");
    bw_b64_append(out, p->raw, BW_COORD_LEN);
    if (p->alg == BW_ALG_ES256) {
        bw_buf_puts(out, "\",\"y\":\"");
        bw_b64_append(out, p->raw + BW_COORD_LEN, BW_COORD_LEN);
    }
    bw_buf_puts(out, "\"}");
}

int bw_pubkey_to_jwk(const struct bw_pubkey *p, struct bw_buf *out)
{
    if (p->alg != BW_ALG_EDDSA && p->alg != BW_ALG_ES256) {
        return -EINVAL;
    }
    put_jwk(p, NULL, out);
    return bw_buf_error(out);
}

int bw_key_to_jwk(const struct bw_key *k, struct bw_buf *out)
{
    put_jwk(&k->pub, k->secret, out);
    return bw_buf_error(out);
}

static void put_coord(struct bw_jw *w, const char *name, const uint8_t *coord)
{
    struct bw_buf b;

    bw_buf_init(&b, (size_t)2 * BW_COORD_LEN);
    bw_b64_append(&b, coord, BW_COORD_LEN);
    bw_jw_kstr(w, name, b.data ? b.data : "");
    bw_buf_done(&b);
}

void bw_pubkey_members(const struct bw_pubkey *p, struct bw_jw *w)
{
    bool ed = p->alg == BW_ALG_EDDSA;
    bw_jw_kstr(w, "kty", ed ? "OKP" : "EC");
    bw_jw_kstr(w, "crv", ed ? "Ed25519" : "P-256");
    put_coord(w, "x", p->raw);
    if (!ed) {
        put_coord(w, "y", p->raw + BW_COORD_LEN);
    }
    bw_jw_kstr(w, "kid", p->kid);
    bw_jw_kstr(w, "alg", bw_alg_name(p->alg));
    bw_jw_kstr(w, "use", "sig");
}

static int set_kid(struct bw_pubkey *p)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, JWK_BYTES_MAX);
    r = bw_pubkey_to_jwk(p, &text);
    if (r == 0) {
        bw_sha256_text(text.data, text.len, p->kid);
    }
    bw_buf_done(&text);
    return r;
}

/* ---- P-256 ---- */

EVP_PKEY *bw_p256_evp(const uint8_t xy[2 * BW_COORD_LEN], const uint8_t *d)
{
    uint8_t point[1 + 2 * BW_COORD_LEN];
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *secret = d ? BN_bin2bn(d, BW_COORD_LEN, NULL) : NULL;
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    point[0] = 4; /* uncompressed, SEC 1 section 2.3.3 */
    memcpy(point + 1, xy, sizeof(point) - 1);
    if (!bld || !ctx || (d && !secret)) {
        goto out;
    }
    if (!OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) ||
        !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
                                          sizeof(point)) ||
        (secret && !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, secret))) {
        goto out;
    }
    params = OSSL_PARAM_BLD_to_param(bld);
    if (!params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) <=
            0) {
        key = NULL;
    }
out:
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(secret);
    return key;
}

/* Is d in 1 … order-1 and d·G the point x, y? */
static bool p256_pair_fits(const uint8_t xy[2 * BW_COORD_LEN], const uint8_t *d)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *secret = BN_bin2bn(d, BW_COORD_LEN, NULL);
    uint8_t made[1 + 2 * BW_COORD_LEN];
    bool fits = false;

    if (point && secret && !BN_is_zero(secret) &&
        BN_cmp(secret, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, secret, NULL, NULL, NULL) &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, made, sizeof(made),
                           NULL) == sizeof(made)) {
        fits = memcmp(made + 1, xy, sizeof(made) - 1) == 0;
    }
    BN_clear_free(secret);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return fits;
}

static int p256_generate(struct bw_key *k)
{
    EVP_PKEY *evp = EVP_EC_gen("P-256");
    uint8_t point[1 + 2 * BW_COORD_LEN];
    BIGNUM *secret = NULL;
    size_t n = 0;
    int r = -EIO;

    if (evp &&
        EVP_PKEY_get_octet_string_param(evp, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                        &n) &&
        n == sizeof(point) && point[0] == 4 &&
        EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_PRIV_KEY, &secret) &&
        BN_bn2binpad(secret, k->secret, BW_COORD_LEN) == BW_COORD_LEN) {
        memcpy(k->pub.raw, point + 1, sizeof(k->pub.raw));
        k->evp = evp;
        evp = NULL;
        r = 0;
    }
    BN_clear_free(secret);
    EVP_PKEY_free(evp);
    return r;
}

/* ---- private keys ---- */

void bw_key_free(struct bw_key *k)
{
    if (!k) {
        return;
    }
    EVP_PKEY_free(k->evp);
    sodium_memzero(k, sizeof(*k));
    free(k);
}

const struct bw_pubkey *bw_key_public(const struct bw_key *k)
{
    return &k->pub;
}

int bw_key_generate(enum bw_alg alg, struct bw_key **ret, struct bw_err *reterr)
{
    struct bw_key *k = calloc(1, sizeof(*k));
    int r = k ? 0 : -ENOMEM;

    if (r < 0) {
        goto out;
    }
    k->pub.alg = alg;
    if (alg == BW_ALG_EDDSA) {
        r = crypto_sign_keypair(k->pub.raw, k->secret) == 0 ? 0 : -EIO;
    } else if (alg == BW_ALG_ES256) {
        r = p256_generate(k);
    } else {
        r = -EINVAL;
    }
    if (r == 0) {
        r = set_kid(&k->pub);
    }
    if (r < 0) {
        goto out;
    }
    *ret = k;
    k = NULL;
out:
    bw_key_free(k);
    return r < 0 ? bw_err_set(reterr, r, "cannot make a key: %s", bw_strerror(r)) : 0;
}

/* ---- reading a JWK ---- */

/* A JWK here is one flat object of plain strings; our own reader leaves no copies of "d"
 * in freed memory. Values point into the text. */
struct jwk_member {
    const char *name;
    const char *value;
    size_t len;
};

enum jwk_index {
    J_KTY,
    J_CRV,
    J_X,
    J_Y,
    J_D,
    J_KID,
    J_ALG,
    J_USE,
    J_COUNT
};

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

/* "…" without escapes; NULL when it is something else. */
static const char *
take_string(const char *at, const char *end, const char **ret, size_t *ret_len)
{
    const char *start;

    if (at == end || *at != '"') {
        return NULL;
    }
    start = ++at;
    while (at < end && *at != '"') {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c > 0x7e || c == '\\') {
            return NULL;
        }
        at++;
    }
    if (at == end) {
        return NULL;
    }
    *ret = start;
    *ret_len = (size_t)(at - start);
    return at + 1;
}

static int store_member(struct jwk_member m[J_COUNT],
                        const char *name,
                        size_t name_len,
                        const char *value,
                        size_t len,
                        struct bw_err *reterr)
{
    for (size_t i = 0; i < J_COUNT; i++) {
        if (strlen(m[i].name) == name_len && memcmp(m[i].name, name, name_len) == 0) {
            if (m[i].value) {
                return bw_err_set(reterr, -BW_EMALFORMED, "JWK: member '%s' twice",
                                  m[i].name);
            }
            m[i].value = value;
            m[i].len = len;
            return 0;
        }
    }
    return bw_err_set(reterr, -BW_EMALFORMED, "JWK: unexpected member '%.*s'",
                      (int)(name_len < 32 ? name_len : 32), name);
}

static int
read_members(const char *jwk, size_t n, struct jwk_member m[J_COUNT], struct bw_err *reterr)
{
    const char *end = jwk + n;
    const char *at = skip_space(jwk, end);

    if (n > JWK_BYTES_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JWK: longer than %d bytes",
                          JWK_BYTES_MAX);
    }
    if (at == end || *at != '{') {
        goto bad;
    }
    at = skip_space(at + 1, end);
    for (;;) {
        const char *name;
        const char *value;
        size_t name_len;
        size_t len;
        int r;
        at = take_string(at, end, &name, &name_len);
        at = at ? skip_space(at, end) : NULL;
        if (!at || at == end || *at != ':') {
            goto bad;
        }
        at = take_string(skip_space(at + 1, end), end, &value, &len);
        if (!at) {
            goto bad;
        }
        r = store_member(m, name, name_len, value, len, reterr);
        if (r < 0) {
            return r;
        }
        at = skip_space(at, end);
        if (at == end || (*at != ',' && *at != '}')) {
            goto bad;
        }
        if (*at == '}') {
            break;
        }
        at = skip_space(at + 1, end);
    }
    if (skip_space(at + 1, end) == end) {
        return 0;
    }
bad:
    return bw_err_set(reterr, -BW_EMALFORMED,
                      "JWK: must be one JSON object whose members are plain strings");
}

static bool member_is(const struct jwk_member *m, const char *word)
{
    return m->value && m->len == strlen(word) && memcmp(m->value, word, m->len) == 0;
}

static int take_coord(const struct jwk_member *m, uint8_t *out, struct bw_err *reterr)
{
    if (!m->value) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JWK: member '%s' is missing", m->name);
    }
    if (bw_b64_decode(m->value, m->len, out, BW_COORD_LEN) != BW_COORD_LEN) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWK: member '%s' must be %d bytes in base64url without padding",
                          m->name, BW_COORD_LEN);
    }
    return 0;
}

/* kty and crv into the algorithm; "alg" and "use", where given, must agree. */
static int
take_kind(const struct jwk_member m[J_COUNT], enum bw_alg *ret, struct bw_err *reterr)
{
    if (member_is(&m[J_KTY], "OKP") && member_is(&m[J_CRV], "Ed25519") && !m[J_Y].value) {
        *ret = BW_ALG_EDDSA;
    } else if (member_is(&m[J_KTY], "EC") && member_is(&m[J_CRV], "P-256")) {
        *ret = BW_ALG_ES256;
    } else {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWK: must be an Ed25519 key (kty OKP, crv Ed25519) or a P-256 "
                          "key (kty EC, crv P-256)");
    }
    if (m[J_ALG].value && !member_is(&m[J_ALG], bw_alg_name(*ret))) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWK: member 'alg' must be %s for this key", bw_alg_name(*ret));
    }
    if (m[J_USE].value && !member_is(&m[J_USE], "sig")) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JWK: member 'use' must be sig");
    }
    return 0;
}

/* The public half, whatever else is there. */
static int take_public(const struct jwk_member m[J_COUNT],
                       struct bw_pubkey *ret,
                       struct bw_err *reterr)
{
    struct bw_pubkey p = {.alg = BW_ALG_NONE};
    int r = take_kind(m, &p.alg, reterr);

    if (r < 0) {
        return r;
    }
    r = take_coord(&m[J_X], p.raw, reterr);
    if (r < 0) {
        return r;
    }
    if (p.alg == BW_ALG_EDDSA) {
        r = crypto_core_ed25519_is_valid_point(p.raw) ? 0 : -BW_EMALFORMED;
    } else {
        EVP_PKEY *evp;
        r = take_coord(&m[J_Y], p.raw + BW_COORD_LEN, reterr);
        if (r < 0) {
            return r;
        }
        evp = bw_p256_evp(p.raw, NULL);
        r = evp ? 0 : -BW_EMALFORMED;
        EVP_PKEY_free(evp);
    }
    if (r < 0) {
        return bw_err_set(reterr, r, "JWK: x and y are no point of the curve");
    }
    r = set_kid(&p);
    if (r < 0) {
        return bw_err_set(reterr, r, "JWK: %s", bw_strerror(r));
    }
    if (m[J_KID].value && !member_is(&m[J_KID], p.kid)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWK: member 'kid' must be the RFC 7638 thumbprint %s", p.kid);
    }
    *ret = p;
    return 0;
}

/* One row a member this reader knows. */
#define JWK_MEMBERS                                                                        \
    {                                                                                      \
        [J_KTY] = {.name = "kty"}, [J_CRV] = {.name = "crv"}, [J_X] = {.name = "x"},       \
        [J_Y] = {.name = "y"}, [J_D] = {.name = "d"}, [J_KID] = {.name = "kid"},           \
        [J_ALG] = {.name = "alg"}, [J_USE] = {.name = "use"},                              \
    }

int bw_pubkey_parse(const char *jwk, size_t n, struct bw_pubkey *ret, struct bw_err *reterr)
{
    struct jwk_member m[J_COUNT] = JWK_MEMBERS;
    int r = read_members(jwk, n, m, reterr);

    if (r < 0) {
        return r;
    }
    if (m[J_D].value) {
        return bw_err_set(
            reterr, -BW_EMALFORMED,
            "JWK: holds a private key (member 'd'); give the public one only");
    }
    return take_public(m, ret, reterr);
}

int bw_key_parse(const char *jwk, size_t n, struct bw_key **ret, struct bw_err *reterr)
{
    struct jwk_member m[J_COUNT] = JWK_MEMBERS;
    struct bw_key *k = NULL;
    uint8_t d[BW_COORD_LEN] = {0};
    int r = read_members(jwk, n, m, reterr);

    if (r < 0) {
        return r;
    }
    k = calloc(1, sizeof(*k));
    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "JWK: %s", bw_strerror(-ENOMEM));
    }
    r = take_public(m, &k->pub, reterr);
    if (r < 0) {
        goto out;
    }
    r = take_coord(&m[J_D], d, reterr);
    if (r < 0) {
        goto out;
    }
    if (k->pub.alg == BW_ALG_EDDSA) {
        uint8_t made[BW_COORD_LEN];
        (void)crypto_sign_seed_keypair(made, k->secret, d);
        r = memcmp(made, k->pub.raw, sizeof(made)) == 0 ? 0 : -BW_EMALFORMED;
    } else {
        memcpy(k->secret, d, sizeof(d));
        k->evp = p256_pair_fits(k->pub.raw, d) ? bw_p256_evp(k->pub.raw, d) : NULL;
        r = k->evp ? 0 : -BW_EMALFORMED;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "JWK: member 'd' does not fit the public key");
        goto out;
    }
    *ret = k;
    k = NULL;
out:
    sodium_memzero(d, sizeof(d));
    bw_key_free(k);
    return r;
}

int bw_key_load(const char *path, struct bw_key **ret, struct bw_err *reterr)
{
    struct bw_buf text;
    struct stat st;
    int r;

    bw_buf_init(&text, JWK_BYTES_MAX);
    if (stat(path, &st) < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "%s: cannot read the key: %s", path, bw_strerror(r));
    }
    if (!S_ISREG(st.st_mode)) {
        return bw_err_set(reterr, -EINVAL, "%s: is no regular file", path);
    }
    /* Group may read: root:bandwitness 0440 is how packages hand a secret over. */
    if (st.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) {
        return bw_err_set(reterr, -EPERM,
                          "%s: others can use this private key (mode %04o); mend it: "
                          "chmod 0400 %s",
                          path, (unsigned)st.st_mode & 07777u, path);
    }
    r = bw_file_read(path, JWK_BYTES_MAX, &text, reterr);
    if (r == 0) {
        r = bw_key_parse(text.data ? text.data : "", text.len, ret, reterr);
        if (r < 0) {
            (void)bw_err_prefix(reterr, r, "%s", path);
        }
    }
    if (text.data) {
        sodium_memzero(text.data, text.cap);
    }
    bw_buf_done(&text);
    return r;
}

int bw_key_save(const struct bw_key *k, const char *path, struct bw_err *reterr)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, JWK_BYTES_MAX);
    r = bw_key_to_jwk(k, &text);
    bw_buf_putc(&text, '\n');
    r = r < 0 ? bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r))
              : bw_file_create(path, text.data, text.len, 0400, reterr);
    if (text.data) {
        sodium_memzero(text.data, text.cap);
    }
    bw_buf_done(&text);
    return r;
}
