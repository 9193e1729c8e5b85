/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_oidc.c - what a provider may say: M and a discovery document, K and a key set, T and
 * a token. A document that is taken has https addresses only; what a token's checks let
 * pass is for this client, of this issuer, in time. */
#include "oidc_keys.h"
#include "oidc_meta.h"
#include "oidc_token.h"

#include <bw/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int good)
{
    if (!good) {
        abort();
    }
}

static void meta(const char *text, size_t n)
{
    struct bw_oidc_meta m;
    struct bw_err err = {""};
    if (bw_oidc_meta_parse(text, n, "https://id.alder.example", &m, &err) == 0) {
        const char *all[] = {m.authorization, m.token, m.jwks, m.userinfo, m.end_session};
        for (size_t i = 0; i < 5; i++) {
            demand((i > 2 && !all[i][0]) || strncmp(all[i], "https://", 8) == 0);
        }
    } else {
        demand(err.text[0]);
    }
}

static void keys(const char *text, size_t n)
{
    static const uint8_t zero[256];
    struct bw_oidc_keys *k = NULL;
    struct bw_err err = {""};
    if (bw_oidc_keys_parse(text, n, &k, &err) < 0) {
        demand(err.text[0]);
        return;
    }
    demand(bw_oidc_keys_count(k) > 0 && bw_oidc_keys_count(k) <= BW_OIDC_KEYS_MAX);
    for (int alg = BW_OIDC_RS256; alg <= BW_OIDC_EDDSA; alg++) {
        demand(bw_oidc_keys_verify(k, (enum bw_oidc_alg)alg, "", "x", 1, zero, 64) != 0);
        demand(bw_oidc_keys_verify(k, (enum bw_oidc_alg)alg, "", "x", 1, zero, 256) != 0);
    }
    bw_oidc_keys_free(k);
}

static void token(const char *text, size_t n)
{
    const struct bw_oidc_want want = {.issuer = "https://id.alder.example",
                                      .client_id = "bandwitness",
                                      .nonce = "n-1",
                                      .access_token = "an-access-token",
                                      .now_unix_s = 1789000210};
    const char *groups[BW_OIDC_GROUPS_MAX];
    struct bw_oidc_token t;
    struct bw_err err = {""};
    if (bw_oidc_token_read(text, n, &t, &err) < 0) {
        demand(err.text[0]);
        return;
    }
    if (bw_oidc_id_check(&t, &want, &err) == 0) {
        demand(t.sub && t.sub[0] && t.exp_unix_s + BW_OIDC_SKEW_S > want.now_unix_s);
        demand(bw_oidc_says(t.claims, "aud", "bandwitness"));
        demand(bw_oidc_logout_check(&t, &want, &err) < 0); /* never both */
    }
    if (bw_oidc_logout_check(&t, &want, &err) == 0) {
        demand(t.jti && (t.sub || t.sid));
    }
    size_t found = bw_oidc_groups(t.claims, "groups", groups);
    for (size_t i = 0; i < found; i++) {
        demand(strlen(groups[i]) <= BW_OIDC_WORD_MAX);
    }
    bw_oidc_token_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (text[0] == 'M') {
        meta(text + 1, size - 1);
    } else if (text[0] == 'K') {
        keys(text + 1, size - 1);
    } else if (text[0] == 'T') {
        token(text + 1, size - 1);
    }
    free(text);
    return 0;
}
