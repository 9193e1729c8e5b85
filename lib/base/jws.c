/* SPDX-License-Identifier: GPL-3.0-or-later
 * jws.c - compact signatures (RFC 7515) with Ed25519 (libsodium) and ES256 (OpenSSL).
 *
 * Invariant: one signed thing has one text. The header's bytes are exactly
 * {"alg":"…","kid":"…","typ":"…"}, so unknown, doubled or missing members cannot be said.
 */
#include "jws.h"
#include "buf.h"
#include "hash.h"
#include "key_private.h"

#include <bw/err.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIGNATURE_LEN = 64,
    HEADER_BYTES_MAX = 160, /* 33 of frame, alg 5, kid 43, typ 47 */
    DER_BYTES_MAX = 80      /* SEQUENCE of two INTEGERs of at most 33 bytes */
};

/* ---- signatures ---- */

/* ECDSA in DER into r and s side by side (RFC 7518 section 3.4), and back. */
static int raw_of_der(const uint8_t *der, size_t n, uint8_t ret[SIGNATURE_LEN])
{
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
    int fits = sig != NULL &&
               BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, BW_COORD_LEN) == BW_COORD_LEN &&
               BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + BW_COORD_LEN, BW_COORD_LEN) ==
                   BW_COORD_LEN;

    ECDSA_SIG_free(sig);
    return fits ? 0 : -EIO;
}

static int der_of_raw(const uint8_t raw[SIGNATURE_LEN], uint8_t *der, size_t *ret_n)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, BW_COORD_LEN, NULL);
    BIGNUM *s = BN_bin2bn(raw + BW_COORD_LEN, BW_COORD_LEN, NULL);
    uint8_t *at = der;
    int n;

    if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return -ENOMEM;
    }
    n = i2d_ECDSA_SIG(sig, NULL);
    if (n <= 0 || n > DER_BYTES_MAX) {
        ECDSA_SIG_free(sig);
        return -EIO;
    }
    n = i2d_ECDSA_SIG(sig, &at);
    ECDSA_SIG_free(sig);
    *ret_n = (size_t)n;
    return 0;
}

static int
es256_sign(const struct bw_key *k, const void *data, size_t n, uint8_t ret[SIGNATURE_LEN])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[DER_BYTES_MAX];
    size_t der_len = sizeof(der);
    int r = ctx ? 0 : -ENOMEM;

    if (r == 0 && (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->evp) <= 0 ||
                   EVP_DigestSign(ctx, der, &der_len, data, n) <= 0)) {
        r = -EIO;
    }
    if (r == 0) {
        r = raw_of_der(der, der_len, ret);
    }
    EVP_MD_CTX_free(ctx);
    return r;
}

static int es256_verify(const struct bw_pubkey *p,
                        const void *data,
                        size_t n,
                        const uint8_t signature[SIGNATURE_LEN])
{
    EVP_PKEY *key = bw_p256_evp(p->raw, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[DER_BYTES_MAX];
    size_t der_len = 0;
    int r = key && ctx ? der_of_raw(signature, der, &der_len) : -ENOMEM;

    if (r == 0 && (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) <= 0 ||
                   EVP_DigestVerify(ctx, der, der_len, data, n) != 1)) {
        r = -BW_ESIGNATURE;
    }
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return r < 0 ? -BW_ESIGNATURE : 0;
}

int bw_key_sign(const struct bw_key *k,
                const void *data,
                size_t n,
                uint8_t ret[SIGNATURE_LEN],
                struct bw_err *reterr)
{
    int r = -EINVAL;

    if (k->pub.alg == BW_ALG_EDDSA) {
        r = crypto_sign_detached(ret, NULL, data, n, k->secret) == 0 ? 0 : -EIO;
    } else if (k->pub.alg == BW_ALG_ES256) {
        r = es256_sign(k, data, n, ret);
    }
    return r < 0 ? bw_err_set(reterr, r, "cannot sign with key %s: %s", k->pub.kid,
                              bw_strerror(r))
                 : 0;
}

int bw_pubkey_verify(const struct bw_pubkey *p,
                     const void *data,
                     size_t n,
                     const uint8_t signature[SIGNATURE_LEN])
{
    if (p->alg == BW_ALG_EDDSA) {
        return crypto_sign_verify_detached(signature, data, n, p->raw) == 0
                   ? 0
                   : -BW_ESIGNATURE;
    }
    if (p->alg == BW_ALG_ES256) {
        return es256_verify(p, data, n, signature);
    }
    return -BW_ESIGNATURE;
}

/* ---- compact form ---- */

int bw_jws_sign(const struct bw_key *k,
                const char *typ,
                const void *payload,
                size_t n,
                struct bw_buf *out,
                struct bw_err *reterr)
{
    struct bw_buf header;
    uint8_t signature[SIGNATURE_LEN];
    size_t start = out->len;
    int r;

    bw_buf_init(&header, HEADER_BYTES_MAX);
    bw_buf_printf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}",
                  bw_alg_name(k->pub.alg), k->pub.kid, typ);
    r = bw_buf_error(&header);
    if (r == 0) {
        bw_b64_append(out, header.data, header.len);
        bw_buf_putc(out, '.');
        bw_b64_append(out, payload, n);
        r = bw_buf_error(out);
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "cannot sign: %s", bw_strerror(r));
        goto out;
    }
    r = bw_key_sign(k, out->data + start, out->len - start, signature, reterr);
    if (r < 0) {
        goto out;
    }
    bw_buf_putc(out, '.');
    bw_b64_append(out, signature, sizeof(signature));
    r = bw_buf_error(out);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "cannot sign: %s", bw_strerror(r));
    }
out:
    bw_buf_done(&header);
    return r;
}

/* Step over a literal; NULL when the text differs. */
static const char *take_literal(const char *at, const char *end, const char *literal)
{
    size_t n = strlen(literal);
    return at && (size_t)(end - at) >= n && memcmp(at, literal, n) == 0 ? at + n : NULL;
}

/* Copy a value up to its closing quote into ret[cap]: letters, digits and -_+./ only. */
static const char *take_value(const char *at, const char *end, char *ret, size_t cap)
{
    size_t n = 0;

    if (!at) {
        return NULL;
    }
    for (; at < end && *at != '"'; at++) {
        char c = *at;
        int plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' ||
                    c == '.' || c == '/';
        if (!plain || n + 1 >= cap) {
            return NULL;
        }
        ret[n++] = c;
    }
    ret[n] = '\0';
    return at < end && n > 0 ? at + 1 : NULL;
}

static int
parse_header(const char *text, size_t n, struct bw_jws *ret, struct bw_err *reterr)
{
    char bytes[HEADER_BYTES_MAX];
    char alg[8] = "";
    uint8_t thumbprint[32];
    long len = bw_b64_decode(text, n, bytes, sizeof(bytes));
    const char *end;
    const char *at;

    if (len < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS header: not base64url, or longer than %d bytes",
                          HEADER_BYTES_MAX);
    }
    end = bytes + len;
    at = take_literal(bytes, end, "{\"alg\":\"");
    at = take_value(at, end, alg, sizeof(alg));
    at = take_literal(at, end, ",\"kid\":\"");
    at = take_value(at, end, ret->kid, sizeof(ret->kid));
    at = take_literal(at, end, ",\"typ\":\"");
    at = take_value(at, end, ret->typ, sizeof(ret->typ));
    at = take_literal(at, end, "}");
    if (!at || at != end) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS header: must be exactly "
                          "{\"alg\":…,\"kid\":…,\"typ\":…} in this order");
    }
    if (strcmp(alg, "EdDSA") == 0) {
        ret->alg = BW_ALG_EDDSA;
    } else if (strcmp(alg, "ES256") == 0) {
        ret->alg = BW_ALG_ES256;
    } else {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS header: alg '%s' is neither EdDSA nor ES256", alg);
    }
    if (strlen(ret->kid) != BW_KID_LEN ||
        bw_b64_decode(ret->kid, BW_KID_LEN, thumbprint, sizeof(thumbprint)) != 32) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS header: kid '%s' is no RFC 7638 thumbprint", ret->kid);
    }
    return 0;
}

/* Decode text[n] into the cleared scratch. */
static int decode_payload(const char *text, size_t n, struct bw_buf *scratch)
{
    uint8_t part[768];
    int r = 0;

    bw_buf_clear(scratch);
    bw_buf_add(scratch, "", 0);
    while (n > 0 && r == 0) {
        size_t take = n < 1024 ? n : 1024; /* whole groups of four but for the last */
        long len = bw_b64_decode(text, take, part, sizeof(part));
        if (len < 0) {
            return -BW_EMALFORMED;
        }
        bw_buf_add(scratch, part, (size_t)len);
        r = bw_buf_error(scratch);
        text += take;
        n -= take;
    }
    return r < 0 ? r : bw_buf_error(scratch);
}

int bw_jws_parse(const char *compact,
                 size_t n,
                 struct bw_buf *scratch,
                 struct bw_jws *ret,
                 struct bw_err *reterr)
{
    const char *end = compact + n;
    const char *dot1 = memchr(compact, '.', n);
    const char *dot2 = dot1 ? memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1)) : NULL;
    struct bw_jws j = {.alg = BW_ALG_NONE};
    int r;

    if (!dot1 || !dot2 || memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1))) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS: must be three parts with a dot between each");
    }
    r = parse_header(compact, (size_t)(dot1 - compact), &j, reterr);
    if (r < 0) {
        return r;
    }
    if (bw_b64_decode(dot2 + 1, (size_t)(end - dot2 - 1), j.signature,
                      sizeof(j.signature)) != SIGNATURE_LEN) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "JWS signature: must be %d bytes in base64url without padding",
                          SIGNATURE_LEN);
    }
    r = decode_payload(dot1 + 1, (size_t)(dot2 - dot1 - 1), scratch);
    if (r == -E2BIG) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JWS payload: longer than %zu bytes",
                          scratch->max);
    }
    if (r < 0) {
        return bw_err_set(reterr, r, "JWS payload: %s",
                          r == -BW_EMALFORMED ? "not base64url without padding"
                                              : bw_strerror(r));
    }
    j.signing_input = compact;
    j.signing_input_len = (size_t)(dot2 - compact);
    j.payload = scratch->data;
    j.payload_len = scratch->len;
    *ret = j;
    return 0;
}

int bw_jws_verify(const struct bw_jws *j, const struct bw_pubkey *p)
{
    if (j->alg != p->alg || strcmp(j->kid, p->kid) != 0) {
        return -BW_ESIGNATURE;
    }
    return bw_pubkey_verify(p, j->signing_input, j->signing_input_len, j->signature);
}
