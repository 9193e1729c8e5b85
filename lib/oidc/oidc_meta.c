/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_meta.c - the discovery document, checked.
 *
 * Invariant: of a provider that speaks TLS no address is taken that does not. */
#include "oidc_meta.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

enum {
    WORDS_MAX = 1024 /* of a list */
};

static bool is_loopback(const char *host, size_t n)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == n && strncmp(host, names[i], n) == 0) {
            return true;
        }
    }
    return false;
}

int bw_oidc_url_check(const char *url, bool loopback)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *host = url + (tls ? 8 : 7);
    if (!tls && (!loopback || strncmp(url, "http://", 7) != 0)) {
        return -EINVAL;
    }
    size_t n = strcspn(host, "/?");
    size_t n_host = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    for (const char *c = url; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}#", *c)) {
            return -EINVAL;
        }
    }
    if (n == 0 || n_host == 0 || n_host > n || memchr(host, '@', n) ||
        (n_host < n && host[n_host] != ':') ||
        strspn(host + n_host, ":0123456789") < n - n_host) {
        return -EINVAL;
    }
    return tls || is_loopback(host, n_host) ? 0 : -EINVAL;
}

void bw_oidc_meta_address(const char *issuer, struct bw_buf *out)
{
    size_t n = strlen(issuer);
    while (n > 0 && issuer[n - 1] == '/') {
        n--;
    }
    bw_buf_add(out, issuer, n);
    bw_buf_puts(out, "/.well-known/openid-configuration");
}

/* An address of the document; `needed`: it must be there. */
static int take_url(const json_t *doc,
                    const char *name,
                    bool needed,
                    bool loopback,
                    char out[BW_OIDC_URL_MAX + 1],
                    struct bw_err *reterr)
{
    const char *text = NULL;
    int r = needed ? bw_json_get_str(doc, name, BW_OIDC_URL_MAX, &text, reterr)
                   : bw_json_opt_str(doc, name, BW_OIDC_URL_MAX, &text, reterr);
    if (r < 0 || !text) {
        return r;
    }
    if (bw_oidc_url_check(text, loopback) < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "%s is no https address", name);
    }
    (void)snprintf(out, BW_OIDC_URL_MAX + 1, "%s", text);
    return 0;
}

/* 1: the word is in the list; 0: it is not; -ENOENT: there is no list. */
static int
lists(const json_t *doc, const char *name, const char *word, struct bw_err *reterr)
{
    const json_t *list = NULL;
    int r = bw_json_opt_arr(doc, name, WORDS_MAX, &list, reterr);
    if (r < 0 || !list) {
        return r < 0 ? r : -ENOENT;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text && strcmp(text, word) == 0) {
            return 1;
        }
    }
    return 0;
}

static int check_lists(const json_t *doc, struct bw_oidc_meta *m, struct bw_err *reterr)
{
    static const char ways[] = "token_endpoint_auth_methods_supported";
    static const char algs[] = "id_token_signing_alg_values_supported";
    int code = lists(doc, "response_types_supported", "code", reterr);
    int s256 = lists(doc, "code_challenge_methods_supported", "S256", reterr);
    int rs = lists(doc, algs, "RS256", reterr);
    int es = lists(doc, algs, "ES256", reterr);
    int ed = lists(doc, algs, "EdDSA", reterr);
    int basic = lists(doc, ways, "client_secret_basic", reterr);
    if (code == 0 || s256 == 0 || (rs == 0 && es == 0 && ed == 0)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "the provider has %s",
                          code == 0   ? "no code flow"
                          : s256 == 0 ? "no PKCE with S256"
                                      : "none of RS256, ES256 and EdDSA for ID tokens");
    }
    m->basic = basic == 1 || basic == -ENOENT; /* Discovery §3: the default */
    m->post = lists(doc, ways, "client_secret_post", reterr) == 1;
    m->private_key = lists(doc, ways, "private_key_jwt", reterr) == 1;
    return 0;
}

int bw_oidc_meta_parse(const char *text,
                       size_t n,
                       const char *issuer,
                       struct bw_oidc_meta *ret,
                       struct bw_err *reterr)
{
    struct bw_oidc_meta m = {.says_iss = false};
    json_t *doc = NULL;
    const char *said = NULL;
    bool loopback = strncmp(issuer, "https://", 8) != 0;
    int r = bw_json_parse(text, n, BW_OIDC_META_BYTES, &doc, reterr);
    if (r < 0) {
        return r;
    }
    if (!json_is_object(doc)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "it is no JSON object");
    }
    r = r < 0 ? r : bw_json_get_str(doc, "issuer", BW_OIDC_ISSUER_MAX, &said, reterr);
    if (r == 0 && strcmp(said, issuer) != 0) { /* §4.3 */
        r = bw_err_set(reterr, -BW_EMALFORMED, "it is of another issuer, %s", said);
    }
    r = r < 0 ? r
              : take_url(doc, "authorization_endpoint", true, loopback, m.authorization,
                         reterr);
    r = r < 0 ? r : take_url(doc, "token_endpoint", true, loopback, m.token, reterr);
    r = r < 0 ? r : take_url(doc, "jwks_uri", true, loopback, m.jwks, reterr);
    r = r < 0 ? r : take_url(doc, "userinfo_endpoint", false, loopback, m.userinfo, reterr);
    r = r < 0
            ? r
            : take_url(doc, "end_session_endpoint", false, loopback, m.end_session, reterr);
    r = r < 0 ? r
              : bw_json_opt_bool(doc, "authorization_response_iss_parameter_supported",
                                 &m.says_iss, reterr);
    r = r < 0 ? r : check_lists(doc, &m, reterr);
    json_decref(doc);
    if (r == 0) {
        *ret = m;
    }
    return r;
}
