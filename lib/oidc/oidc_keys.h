/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_keys.h - a provider's public keys (RFC 7517) and signatures by them: RS256 (RSA of
 * 2048 to 8192 bits), ES256 and EdDSA with Ed25519; nothing else, and never a shared
 * secret. Pure; any thread. */
#ifndef BW_OIDC_KEYS_H
#define BW_OIDC_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_oidc_keys;

enum {
    BW_OIDC_KEYS_MAX = 64,
    BW_OIDC_KEYS_BYTES = 256 * 1024,
    BW_OIDC_KID_MAX = 255
};

enum bw_oidc_alg {
    BW_OIDC_RS256 = 1,
    BW_OIDC_ES256,
    BW_OIDC_EDDSA
};

/* A JWK set. Keys that are for something else, or of a kind that is not taken, are passed
 * over; -BW_EMALFORMED where none is left. */
int bw_oidc_keys_parse(const char *text,
                       size_t n,
                       struct bw_oidc_keys **ret,
                       struct bw_err *reterr);
void bw_oidc_keys_free(struct bw_oidc_keys *k); /* NULL is fine */
size_t bw_oidc_keys_count(const struct bw_oidc_keys *k);

/* Is signature[n_signature] over data[n] by the key of this name? Without a name ("") by
 * the only key of this kind. 0; -ENOENT: there is no such key; -BW_ESIGNATURE. */
int bw_oidc_keys_verify(const struct bw_oidc_keys *k,
                        enum bw_oidc_alg alg,
                        const char *kid,
                        const void *data,
                        size_t n,
                        const uint8_t *signature,
                        size_t n_signature);

#endif
