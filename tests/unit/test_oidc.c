/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_oidc.c - what providers say. Keys and tokens of tests/fuzz/corpus/fuzz_oidc were
 * made by python3-jwcrypto; tokens whose claims are looked at alone are put together here.
 */
#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <oidc_keys.h>
#include <oidc_meta.h>
#include <oidc_token.h>
#include <stdio.h>
#include <string.h>

#define ISS "https://id.alder.example"

static const struct bw_oidc_want want = {.issuer = ISS,
                                         .client_id = "bandwitness",
                                         .nonce = "n-1",
                                         .access_token = "an-access-token",
                                         .now_unix_s = 1789000210};

/* A file of the corpus without the letter before it. */
static char *seed(const char *name)
{
    struct bw_buf b;
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/fuzz_oidc/%s", BW_SOURCE_DIR,
                   name);
    bw_buf_init(&b, 65536);
    assert_int_equal(bw_file_read(path, 65535, &b, NULL), 0);
    char *text = bw_buf_take(&b, NULL);
    memmove(text, text + 1, strlen(text));
    return text;
}

static struct bw_oidc_keys *key_set(void)
{
    struct bw_oidc_keys *k = NULL;
    char *text = seed("keys");
    assert_int_equal(bw_oidc_keys_parse(text, strlen(text), &k, NULL), 0);
    free(text);
    return k;
}

static void signatures(void **state)
{
    static const char *const good[] = {"id-RS256", "id-ES256", "id-EdDSA"};
    struct bw_oidc_keys *k = key_set();
    struct bw_oidc_token t;
    struct bw_err err = {""};

    (void)state;
    assert_int_equal(bw_oidc_keys_count(k), 3); /* not enc, 1024 bits, P-384, oct */
    for (size_t i = 0; i < 3; i++) {
        char *text = seed(good[i]);
        size_t n = strlen(text);
        assert_int_equal(bw_oidc_token_read(text, n, &t, &err), 0);
        assert_int_equal(bw_oidc_token_verify(&t, k), 0);
        assert_int_equal(bw_oidc_id_check(&t, &want, &err), 0);
        assert_string_equal(t.sub, "u-1");
        assert_string_equal(t.sid, "s-1");
        t.signature[7] ^= 1;
        assert_int_equal(bw_oidc_token_verify(&t, k), -BW_ESIGNATURE);
        t.signature[7] ^= 1;
        t.n_signature--;
        assert_int_equal(bw_oidc_token_verify(&t, k), -BW_ESIGNATURE);
        t.n_signature++;
        (void)snprintf(t.kid, sizeof(t.kid), "no-such");
        assert_int_equal(bw_oidc_token_verify(&t, k), -ENOENT);
        t.kid[0] = '\0'; /* one key of its kind */
        assert_int_equal(bw_oidc_token_verify(&t, k), 0);
        /* another algorithm under this key's name */
        (void)snprintf(t.kid, sizeof(t.kid), "%s", i == 0 ? "ec-1" : "rsa-1");
        assert_int_equal(bw_oidc_token_verify(&t, k), -ENOENT);
        bw_oidc_token_done(&t);
        text[strcspn(text, ".") + 5] ^= 1; /* within the payload */
        if (bw_oidc_token_read(text, n, &t, &err) == 0) {
            assert_int_equal(bw_oidc_token_verify(&t, k), -BW_ESIGNATURE);
            bw_oidc_token_done(&t);
        }
        free(text);
    }
    char *text = seed("id-small");
    assert_int_equal(bw_oidc_token_read(text, strlen(text), &t, &err), 0);
    assert_int_equal(bw_oidc_token_verify(&t, k), -ENOENT);
    bw_oidc_token_done(&t);
    free(text);
    static const char *const bad[] = {"id-HS256", "id-PS256"};
    for (size_t i = 0; i < 2; i++) {
        text = seed(bad[i]);
        assert_int_equal(bw_oidc_token_read(text, strlen(text), &t, &err), -BW_EMALFORMED);
        assert_non_null(strstr(err.text, "RS256, ES256 and EdDSA"));
        free(text);
    }
    bw_oidc_keys_free(k);
}

static void key_sets(void **state)
{
#define P256                                                                               \
    "\"kty\":\"EC\",\"crv\":\"P-256\","                                                    \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                               \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
    static const struct {
        const char *text;
        int n; /* 0: refused */
    } rows[] = {
        {"{\"keys\":[{" P256 "}]}", 1}, /* RFC 7517 A.1 */
        {"{\"keys\":[{" P256 "},{" P256 ",\"kid\":\"a\"}]}", 2},
        {"{\"keys\":[{" P256 ",\"use\":\"enc\"}]}", 0},
        {"{\"keys\":[{" P256 ",\"use\":1}]}", 0},
        {"{\"keys\":[{" P256 ",\"alg\":\"ES384\"}]}", 0},
        {"{\"keys\":[{" P256 ",\"key_ops\":[\"verify\"]}]}", 1},
        {"{\"keys\":[{" P256 ",\"key_ops\":[\"sign\"]}]}", 0},
        {"{\"keys\":[{" P256 ",\"key_ops\":[]}]}", 0},
        {"{\"keys\":[{" P256 ",\"kid\":7}]}", 0},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", 0},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}", 0},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", 0},
        {"{\"keys\":[]}", 0},
        {"{\"keys\":{}}", 0},
        {"[]", 0},
        {"", 0},
        {"{\"keys\":[],\"keys\":[]}", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_oidc_keys *k = NULL;
        struct bw_err err = {""};
        int r = bw_oidc_keys_parse(rows[i].text, strlen(rows[i].text), &k, &err);
        assert_int_equal(r == 0, rows[i].n > 0);
        assert_true(r == 0 || err.text[0]);
        assert_int_equal(k ? (int)bw_oidc_keys_count(k) : 0, rows[i].n);
        bw_oidc_keys_free(k);
    }
}

/* Header and payload, with a signature of three zero bytes. */
static int
put_together(const char *header, const char *payload, struct bw_oidc_token *t, char **ret)
{
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    bw_b64_append(&b, header, strlen(header));
    bw_buf_putc(&b, '.');
    bw_b64_append(&b, payload, strlen(payload));
    bw_buf_puts(&b, ".AAAA");
    size_t n = b.len;
    *ret = bw_buf_take(&b, NULL);
    return bw_oidc_token_read(*ret, n, t, NULL);
}

static void headers(void **state)
{
    static const struct {
        const char *header;
        int r;
    } rows[] = {
        {"{\"alg\":\"ES256\"}", 0},
        {"{\"alg\":\"ES256\",\"kid\":\"a\",\"typ\":\"JWT\",\"jku\":\"http://x\"}", 0},
        {"{\"alg\":\"none\"}", -BW_EMALFORMED},
        {"{\"alg\":\"None\"}", -BW_EMALFORMED},
        {"{\"alg\":\"HS256\"}", -BW_EMALFORMED},
        {"{\"alg\":\"\"}", -BW_EMALFORMED},
        {"{\"alg\":7}", -BW_EMALFORMED},
        {"{\"kid\":\"a\"}", -BW_EMALFORMED},
        {"{\"alg\":\"ES256\",\"alg\":\"none\"}", -BW_EMALFORMED},
        {"{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", -BW_EMALFORMED},
        {"{\"alg\":\"ES256\",\"kid\":[]}", -BW_EMALFORMED},
        {"[]", -BW_EMALFORMED},
        {"", -BW_EMALFORMED},
    };
    struct bw_oidc_token t;
    char *text = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(put_together(rows[i].header, "{}", &t, &text), rows[i].r);
        if (rows[i].r == 0) {
            bw_oidc_token_done(&t);
        }
        free(text);
    }
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "a.b",
                                      "e30.e30.",
                                      "e30.e30.A=",
                                      "e30.e30.AAAA.AAAA",
                                      "e30 .e30.AAAA"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_oidc_token_read(bad[i], strlen(bad[i]), &t, NULL),
                         -BW_EMALFORMED);
    }
}

#define TIME "\"iat\":1789000200,\"exp\":1789000800"
#define WHO "\"iss\":\"" ISS "\",\"aud\":\"bandwitness\",\"sub\":\"u-1\""
#define ID WHO "," TIME ",\"nonce\":\"n-1\""

static void claims_of_id_tokens(void **state)
{
    static const struct {
        const char *payload;
        const char *why; /* NULL: it is let pass */
    } rows[] = {
        {"{" ID "}", NULL},
        {"{" ID ",\"azp\":\"bandwitness\"}", NULL},
        {"{" ID ",\"azp\":\"other\"}", "another client"},
        {"{" ID ",\"azp\":7}", "another client"},
        {"{" WHO "," TIME "}", "nonce"},
        {"{" WHO "," TIME ",\"nonce\":\"n-2\"}", "nonce"},
        {"{" WHO "," TIME ",\"nonce\":\"n-12\"}", "nonce"},
        {"{" WHO "," TIME ",\"nonce\":\"\"}", "nonce"},
        {"{" WHO "," TIME ",\"nonce\":[\"n-1\"]}", "nonce"},
        {"{" ID ",\"at_hash\":\"AAAA\"}", "at_hash"},
        {"{" ID ",\"at_hash\":7}", "at_hash"},
        {"{" ID ",\"events\":{}}", "no ID token"},
        {"{" ID ",\"sid\":\"\"}", "sub or sid"},
        {"{\"iss\":\"" ISS "/\",\"aud\":\"bandwitness\",\"sub\":\"u\"," TIME
         ",\"nonce\":\"n-1\"}",
         "issuer"},
        {"{\"aud\":\"bandwitness\",\"sub\":\"u\"," TIME ",\"nonce\":\"n-1\"}", "issuer"},
        {"{\"iss\":\"" ISS "\",\"aud\":\"other\",\"sub\":\"u\"," TIME ",\"nonce\":\"n-1\"}",
         "another client"},
        {"{\"iss\":\"" ISS "\",\"sub\":\"u\"," TIME ",\"nonce\":\"n-1\"}",
         "another client"},
        {"{\"iss\":\"" ISS "\",\"aud\":[\"bandwitness\"],\"sub\":\"u\"," TIME
         ",\"nonce\":\"n-1\"}",
         NULL},
        {"{\"iss\":\"" ISS "\",\"aud\":[\"bandwitness\",\"x\"],\"sub\":\"u\"," TIME
         ",\"nonce\":\"n-1\"}",
         "given to another"},
        {"{\"iss\":\"" ISS "\",\"aud\":[\"bandwitness\",\"x\"],\"sub\":\"u\"," TIME
         ",\"nonce\":\"n-1\",\"azp\":\"bandwitness\"}",
         NULL},
        {"{\"iss\":\"" ISS "\",\"aud\":[\"x\"],\"sub\":\"u\"," TIME
         ",\"nonce\":\"n-1\",\"azp\":\"bandwitness\"}",
         "another client"},
        {"{\"iss\":\"" ISS "\",\"aud\":\"bandwitness\"," TIME ",\"nonce\":\"n-1\"}",
         "no ID token"},
        {"{\"iss\":\"" ISS "\",\"aud\":\"bandwitness\",\"sub\":\"\"," TIME
         ",\"nonce\":\"n-1\"}",
         "sub or sid"},
        {"{" WHO ",\"iat\":1789000200,\"nonce\":\"n-1\"}", "when"},
        {"{" WHO ",\"exp\":1789000800,\"nonce\":\"n-1\"}", "when"},
        {"{" WHO ",\"iat\":\"1789000200\",\"exp\":1789000800,\"nonce\":\"n-1\"}", "when"},
        {"{" WHO ",\"iat\":1789000200.5,\"exp\":1789000800.5,\"nonce\":\"n-1\"}", NULL},
        {"{" WHO ",\"iat\":1789000000,\"exp\":1789000090,\"nonce\":\"n-1\"}", "expired"},
        {"{" WHO ",\"iat\":1789000000,\"exp\":1789000091,\"nonce\":\"n-1\"}", NULL},
        {"{" WHO ",\"iat\":1789000331,\"exp\":1789000800,\"nonce\":\"n-1\"}", "just now"},
        {"{" WHO ",\"iat\":1788999489,\"exp\":1789000800,\"nonce\":\"n-1\"}", "just now"},
        {"{" WHO ",\"iat\":1788999490,\"exp\":1789000800,\"nonce\":\"n-1\"}", NULL},
        {"{" WHO ",\"iat\":-1e300,\"exp\":1e300,\"nonce\":\"n-1\"}", "when"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_oidc_token t;
        struct bw_err err = {""};
        char *text = NULL;
        assert_int_equal(put_together("{\"alg\":\"ES256\"}", rows[i].payload, &t, &text),
                         0);
        int r = bw_oidc_id_check(&t, &want, &err);
        if (r != (rows[i].why ? -EACCES : 0) ||
            (rows[i].why && !strstr(err.text, rows[i].why))) {
            fail_msg("%s: %d %s", rows[i].payload, r, err.text);
        }
        bw_oidc_token_done(&t);
        free(text);
    }
    /* without an access token beside it a hash of one fits nothing; a logout token's type
     */
    struct bw_oidc_want none = want;
    struct bw_oidc_token t;
    char *text = seed("id-ES256");
    none.access_token = NULL;
    assert_int_equal(bw_oidc_token_read(text, strlen(text), &t, NULL), 0);
    assert_int_equal(bw_oidc_id_check(&t, &none, NULL), -EACCES);
    none.access_token = "another-token";
    assert_int_equal(bw_oidc_id_check(&t, &none, NULL), -EACCES);
    (void)snprintf(t.typ, sizeof(t.typ), "logout+jwt");
    assert_int_equal(bw_oidc_id_check(&t, &want, NULL), -EACCES);
    bw_oidc_token_done(&t);
    free(text);
}

#define EVENT "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"

static void claims_of_logout_tokens(void **state)
{
    static const struct {
        const char *payload;
        bool good;
    } rows[] = {
        {"{" WHO "," TIME ",\"jti\":\"j\"," EVENT "}", true},
        {"{" WHO "," TIME ",\"jti\":\"j\"," EVENT ",\"nonce\":\"n-1\"}", false},
        {"{" WHO "," TIME "," EVENT "}", false},
        {"{" WHO "," TIME ",\"jti\":\"j\",\"events\":{}}", false},
        {"{" WHO "," TIME ",\"jti\":\"j\",\"events\":[]}", false},
        {"{" WHO "," TIME ",\"jti\":\"j\"}", false},
        {"{\"iss\":\"" ISS "\",\"aud\":\"bandwitness\",\"sid\":\"s\"," TIME
         ",\"jti\":\"j\"," EVENT "}",
         true},
        {"{\"iss\":\"" ISS "\",\"aud\":\"bandwitness\"," TIME ",\"jti\":\"j\"," EVENT "}",
         false},
        {"{" ID ",\"jti\":\"j\"}", false},
    };
    struct bw_oidc_keys *k = key_set();
    struct bw_oidc_token t;
    char *text = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(put_together("{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\"}",
                                      rows[i].payload, &t, &text),
                         0);
        assert_int_equal(bw_oidc_logout_check(&t, &want, NULL), rows[i].good ? 0 : -EACCES);
        bw_oidc_token_done(&t);
        free(text);
    }
    text = seed("logout-ES256");
    assert_int_equal(bw_oidc_token_read(text, strlen(text), &t, NULL), 0);
    assert_int_equal(bw_oidc_token_verify(&t, k), 0);
    assert_int_equal(bw_oidc_logout_check(&t, &want, NULL), 0);
    assert_int_equal(bw_oidc_id_check(&t, &want, NULL), -EACCES);
    bw_oidc_token_done(&t);
    free(text);
    bw_oidc_keys_free(k);
}

static void words_and_groups(void **state)
{
    const char *g[BW_OIDC_GROUPS_MAX];
    char *text = seed("id-ES256");
    struct bw_oidc_token t;
    (void)state;
    assert_int_equal(bw_oidc_token_read(text, strlen(text), &t, NULL), 0);
    assert_int_equal(bw_oidc_groups(t.claims, "groups", g), 2);
    assert_string_equal(g[0], "alder staff");
    assert_string_equal(g[1], "x, it"); /* one group, whatever its name has in it */
    assert_int_equal(bw_oidc_groups(t.claims, "preferred_username", g), 1);
    assert_int_equal(bw_oidc_groups(t.claims, "exp", g), 0);
    assert_int_equal(bw_oidc_groups(t.claims, "roles", g), 0);
    assert_true(bw_oidc_says(t.claims, "amr", "otp"));
    assert_false(bw_oidc_says(t.claims, "amr", "hwk"));
    assert_true(bw_oidc_says(t.claims, "acr", "gold"));
    assert_false(bw_oidc_says(t.claims, "acr", "gol"));
    assert_null(bw_oidc_text(t.claims, "groups", 10));
    assert_null(bw_oidc_text(t.claims, "preferred_username", 3));
    bw_oidc_token_done(&t);
    free(text);
}

static void addresses(void **state)
{
    static const struct {
        const char *url;
        int tls; /* may be taken where all must be TLS; 2: only where loopback may be */
    } rows[] = {
        {"https://id.alder.example", 1},
        {"https://id.alder.example:8443/realms/x?y=z", 1},
        {"https://[2001:db8::1]:443/x", 1},
        {"http://127.0.0.1:4000/x", 2},
        {"http://[::1]/x", 2},
        {"http://localhost:1", 2},
        {"http://localhost.alder.example", 0},
        {"http://127.0.0.1.alder.example", 0},
        {"http://127.0.0.1@alder.example", 0},
        {"http://id.alder.example", 0},
        {"https://", 0},
        {"https:///x", 0},
        {"https://a@b.example", 0},
        {"https://b.example#x", 0},
        {"https://b.example/ x", 0},
        {"https://b.example/\n", 0},
        {"https://b.example:x/", 0},
        {"https://[::1", 0},
        {"https://b\\c.example", 0},
        {"ftp://b.example", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(bw_oidc_url_check(rows[i].url, false) == 0, rows[i].tls == 1);
        assert_int_equal(bw_oidc_url_check(rows[i].url, true) == 0, rows[i].tls > 0);
    }
    struct bw_buf b;
    bw_buf_init(&b, 1000);
    bw_oidc_meta_address("https://id.alder.example/a/", &b);
    assert_string_equal(b.data,
                        "https://id.alder.example/a/.well-known/openid-configuration");
    bw_buf_done(&b);
}

#define ENDS                                                                               \
    "\"authorization_endpoint\":\"" ISS "/a\",\"token_endpoint\":\"" ISS                   \
    "/t\",\"jwks_uri\":\"" ISS "/k\""

static void documents(void **state)
{
    static const struct {
        const char *text;
        const char *why; /* NULL: taken */
    } rows[] = {
        {"{\"issuer\":\"" ISS "\"," ENDS "}", NULL},
        {"{\"issuer\":\"" ISS "/\"," ENDS "}", "another issuer"},
        {"{" ENDS "}", "issuer"},
        {"{\"issuer\":\"" ISS "\",\"token_endpoint\":\"" ISS "/t\",\"jwks_uri\":\"" ISS
         "/k\"}",
         "authorization_endpoint"},
        {"{\"issuer\":\"" ISS "\",\"authorization_endpoint\":\"" ISS
         "/a\",\"token_endpoint\":\"http://127.0.0.1/t\",\"jwks_uri\":\"" ISS "/k\"}",
         "token_endpoint is no https"},
        {"{\"issuer\":\"" ISS "\"," ENDS ",\"userinfo_endpoint\":\"javascript:x\"}",
         "userinfo_endpoint"},
        {"{\"issuer\":\"" ISS "\"," ENDS ",\"response_types_supported\":[\"id_token\"]}",
         "code flow"},
        {"{\"issuer\":\"" ISS "\"," ENDS
         ",\"code_challenge_methods_supported\":[\"plain\"]}",
         "PKCE"},
        {"{\"issuer\":\"" ISS "\"," ENDS
         ",\"id_token_signing_alg_values_supported\":[\"HS256\",\"none\"]}",
         "ID tokens"},
        {"{\"issuer\":\"" ISS "\"," ENDS
         ",\"authorization_response_iss_parameter_supported\":1}",
         "authorization_response"},
        {"[]", "object"},
        {"{", ""},
    };
    struct bw_oidc_meta m;
    struct bw_err err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        err.text[0] = '\0';
        int r = bw_oidc_meta_parse(rows[i].text, strlen(rows[i].text), ISS, &m, &err);
        if ((r == 0) != !rows[i].why || (rows[i].why && !strstr(err.text, rows[i].why))) {
            fail_msg("%s: %d %s", rows[i].text, r, err.text);
        }
    }
    assert_true(m.basic && !m.post && !m.says_iss && !m.end_session[0]);
    char *text = seed("meta");
    assert_int_equal(bw_oidc_meta_parse(text, strlen(text), ISS, &m, &err), 0);
    assert_true(!m.basic && m.post && m.private_key && m.says_iss);
    assert_string_equal(m.jwks, "https://keys.alder.example/jwks");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures),
        cmocka_unit_test(key_sets),
        cmocka_unit_test(headers),
        cmocka_unit_test(claims_of_id_tokens),
        cmocka_unit_test(claims_of_logout_tokens),
        cmocka_unit_test(words_and_groups),
        cmocka_unit_test(addresses),
        cmocka_unit_test(documents),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
