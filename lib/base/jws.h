/* SPDX-License-Identifier: GPL-3.0-or-later
 * jws.h - keys and compact signatures (RFC 7515, 7517, 7518, 8037).
 *
 * Two algorithms and no other: EdDSA with Ed25519 (libsodium) and ES256 (OpenSSL). The
 * header is always {"alg":…,"kid":…,"typ":…} in this order; kid is the RFC 7638
 * thumbprint of the public key, so a key cannot pose as another. */
#ifndef BW_JWS_H
#define BW_JWS_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_jw;

enum bw_alg {
    BW_ALG_NONE,
    BW_ALG_EDDSA,
    BW_ALG_ES256
};

/* Media types in the header's "typ". */
#define BW_TYP_SUMMARY "bandwitness-summary+jws"
#define BW_TYP_RECEIPT "bandwitness-receipt+jws"
#define BW_TYP_ENROL "bandwitness-enrol+jws"
#define BW_TYP_KEY "bandwitness-key+jws" /* a new key, signed by the one before */
#define BW_TYP_POLICY "bandwitness-policy+jws"

struct bw_pubkey {
    enum bw_alg alg;
    uint8_t raw[64]; /* Ed25519: 32 bytes; P-256: x and y */
    char kid[BW_KID_LEN + 1];
};

/* A private key; opaque, wiped when freed. */
struct bw_key;

int bw_key_generate(enum bw_alg alg, struct bw_key **ret, struct bw_err *reterr);
/* A private JWK file. Refuses one that others can read, naming the mend (chmod 0400). */
int bw_key_load(const char *path, struct bw_key **ret, struct bw_err *reterr);
/* Write as a private JWK, mode 0400, durable (fsync of file and folder), never over an
 * existing file (-EEXIST). */
int bw_key_save(const struct bw_key *k, const char *path, struct bw_err *reterr);
/* From and to private JWK text, for golden vectors and tests. */
int bw_key_parse(const char *jwk, size_t n, struct bw_key **ret, struct bw_err *reterr);
void bw_key_free(struct bw_key *k); /* NULL is fine */
const struct bw_pubkey *bw_key_public(const struct bw_key *k);

/* The same text for a private key, with "d": the caller wipes it. */
int bw_key_to_jwk(const struct bw_key *k, struct bw_buf *out);

/* The public JWK with the members RFC 7638 requires, in its order, plus nothing. */
int bw_pubkey_to_jwk(const struct bw_pubkey *p, struct bw_buf *out);
/* Into an open object of JSON: the public JWK with kid, alg and use (RFC 7517), for whoever
 * lists keys and may add members of its own. Never anything private. */
void bw_pubkey_members(const struct bw_pubkey *p, struct bw_jw *w);
int bw_pubkey_parse(const char *jwk,
                    size_t n,
                    struct bw_pubkey *ret,
                    struct bw_err *reterr);
const char *bw_alg_name(enum bw_alg a);

/* The bare signature over data[n] (P-256: r and s, 32 bytes each), and its check: 0 or
 * -BW_ESIGNATURE. For formats that are not JWS. */
int bw_key_sign(const struct bw_key *k,
                const void *data,
                size_t n,
                uint8_t ret[64],
                struct bw_err *reterr);
int bw_pubkey_verify(const struct bw_pubkey *p,
                     const void *data,
                     size_t n,
                     const uint8_t signature[64]);

/* Append the compact JWS of payload[n]. */
int bw_jws_sign(const struct bw_key *k,
                const char *typ,
                const void *payload,
                size_t n,
                struct bw_buf *out,
                struct bw_err *reterr);

/* A compact JWS taken apart; everything points into the caller's text or into payload. */
struct bw_jws {
    enum bw_alg alg;
    char kid[BW_KID_LEN + 1];
    char typ[48];
    const char *signing_input; /* header.payload */
    size_t signing_input_len;
    uint8_t signature[64];
    char *payload; /* decoded, NUL-terminated after payload_len */
    size_t payload_len;
};

/* Split and decode without checking the signature. payload is decoded into scratch, which
 * is cleared first and must outlive *ret. -BW_EMALFORMED says what is wrong. */
int bw_jws_parse(const char *compact,
                 size_t n,
                 struct bw_buf *scratch,
                 struct bw_jws *ret,
                 struct bw_err *reterr);

/* 0, or -BW_ESIGNATURE (also when kid or alg of header and key differ). */
int bw_jws_verify(const struct bw_jws *j, const struct bw_pubkey *p);

#endif
