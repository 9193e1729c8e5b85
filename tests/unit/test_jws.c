/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_jws.c - keys and compact signatures against the published vectors of RFC 8037
 * appendix A, RFC 7515 appendix A.3 and RFC 7638, and against hostile texts. */
#include "bw_test.h"

#include "buf.h"
#include "file.h"
#include "hash.h"
#include "jws.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 8037 appendix A.1, A.3, A.4 */
#define OKP_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define OKP_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define OKP_KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define OKP_INPUT "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define OKP_SIGNATURE                                                                      \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"      \
    "MuM0KAg"
/* RFC 7515 appendix A.3 */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define EC_INPUT                                                                           \
    "eyJhbGciOiJFUzI1NiJ9."                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"                     \
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define EC_SIGNATURE                                                                       \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"      \
    "Kg6NU1Q"

#define OKP_PUBLIC "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X "\"}"
#define OKP_PRIVATE                                                                        \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" OKP_D "\",\"x\":\"" OKP_X "\"}"
#define EC_PUBLIC "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}"
#define EC_PRIVATE                                                                         \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y                   \
    "\",\"d\":\"" EC_D "\"}"

static struct bw_pubkey public_of(const char *jwk)
{
    struct bw_pubkey p;
    struct bw_err err = {""};
    if (bw_pubkey_parse(jwk, strlen(jwk), &p, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return p;
}

static struct bw_key *key_of(const char *jwk)
{
    struct bw_key *k = NULL;
    struct bw_err err = {""};
    if (bw_key_parse(jwk, strlen(jwk), &k, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return k;
}

static void check_published(const char *jwk, const char *input, const char *signature)
{
    struct bw_pubkey p = public_of(jwk);
    uint8_t raw[64];

    assert_int_equal(bw_b64_decode(signature, strlen(signature), raw, sizeof(raw)), 64);
    assert_int_equal(bw_pubkey_verify(&p, input, strlen(input), raw), 0);
    assert_int_equal(bw_pubkey_verify(&p, input, strlen(input) - 1, raw), -BW_ESIGNATURE);
    raw[40] ^= 1;
    assert_int_equal(bw_pubkey_verify(&p, input, strlen(input), raw), -BW_ESIGNATURE);
}

static void published_signatures(void **state)
{
    (void)state;
    check_published(OKP_PUBLIC, OKP_INPUT, OKP_SIGNATURE);
    check_published(EC_PUBLIC, EC_INPUT, EC_SIGNATURE);
}

static void ed25519_signs_the_published_bytes(void **state)
{
    struct bw_key *k = key_of(OKP_PRIVATE);
    uint8_t raw[64];
    char text[90];

    (void)state;
    assert_int_equal(bw_key_sign(k, OKP_INPUT, strlen(OKP_INPUT), raw, NULL), 0);
    (void)bw_b64_encode(raw, sizeof(raw), text);
    assert_string_equal(text, OKP_SIGNATURE);
    bw_key_free(k);
}

static void thumbprints(void **state)
{
    struct bw_pubkey p = public_of(OKP_PUBLIC);
    struct bw_buf b;

    (void)state;
    assert_string_equal(p.kid, OKP_KID);
    bw_buf_init(&b, 1000);
    p = public_of(EC_PUBLIC);
    assert_int_equal(bw_pubkey_to_jwk(&p, &b), 0);
    assert_string_equal(b.data, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" EC_X
                                "\",\"y\":\"" EC_Y "\"}");
    bw_buf_done(&b);
}

static void strict_public_keys(void **state)
{
    static const struct {
        const char *jwk;
        const char *says;
    } bad[] = {
        {"", "one JSON object"},
        {"{}", "one JSON object"},
        {"[]", "one JSON object"},
        {OKP_PUBLIC "x", "one JSON object"},
        {OKP_PRIVATE, "private key"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "'x' is missing"},
        {"{\"kty\":\"OKP\",\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "'kty' twice"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" OKP_X "\"}", "must be an Ed25519"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "unexpected member 'k'"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X "=\"}", "base64url"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "32 bytes"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":12}", "plain strings"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\\u0041\"}", "plain strings"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"y\":\"" EC_Y "\",\"x\":\"" OKP_X "\"}",
         "must be an Ed25519"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"ES256\",\"x\":\"" OKP_X "\"}",
         "'alg' must be EdDSA"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\",\"x\":\"" OKP_X "\"}",
         "'use' must be sig"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"me\",\"x\":\"" OKP_X "\"}",
         "thumbprint " OKP_KID},
        /* all zero is a point of small order */
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "no point"},
        /* x and y swapped: not on the curve */
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_X "\"}",
         "no point"},
    };
    static const char *const good[] = {
        OKP_PUBLIC,
        " { \"x\" : \"" OKP_X "\" ,\n\"kty\":\"OKP\",\"crv\":\"Ed25519\" } \n",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" OKP_KID
        "\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"x\":\"" OKP_X "\"}",
        EC_PUBLIC,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_pubkey p;
        struct bw_err err = {""};
        assert_int_equal(bw_pubkey_parse(bad[i].jwk, strlen(bad[i].jwk), &p, &err),
                         -BW_EMALFORMED);
        if (!strstr(err.text, bad[i].says)) {
            fail_msg("%s: says '%s', not '%s'", bad[i].jwk, err.text, bad[i].says);
        }
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        (void)public_of(good[i]);
    }
}

static void private_half_must_fit(void **state)
{
    static const char *const bad[] = {
        OKP_PUBLIC,
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" EC_D "\",\"x\":\"" OKP_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y
        "\",\"d\":\"" OKP_D "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y
        "\",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_key *k = NULL;
        assert_int_equal(bw_key_parse(bad[i], strlen(bad[i]), &k, NULL), -BW_EMALFORMED);
        assert_null(k);
    }
}

static void sign_and_read_back(void **state)
{
    static const enum bw_alg algs[] = {BW_ALG_EDDSA, BW_ALG_ES256};
    char payload[3001];

    (void)state;
    for (size_t i = 0; i < sizeof(payload) - 1; i++) {
        payload[i] = (char)('a' + (char)(i % 26));
    }
    payload[sizeof(payload) - 1] = '\0';
    for (size_t a = 0; a < 2; a++) {
        /* every length modulo 3 and around the chunk of the decoder */
        static const size_t lengths[] = {0, 1, 2, 3, 767, 768, 769, 1536, 3000};
        struct bw_key *k = NULL;
        struct bw_key *other = NULL;
        assert_int_equal(bw_key_generate(algs[a], &k, NULL), 0);
        assert_int_equal(bw_key_generate(algs[a], &other, NULL), 0);
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            struct bw_buf out;
            struct bw_buf scratch;
            struct bw_jws j;
            struct bw_pubkey named;
            bw_buf_init(&out, 10000);
            bw_buf_init(&scratch, 3000);
            assert_int_equal(
                bw_jws_sign(k, BW_TYP_SUMMARY, payload, lengths[i], &out, NULL), 0);
            assert_int_equal(bw_jws_parse(out.data, out.len, &scratch, &j, NULL), 0);
            assert_int_equal(j.alg, algs[a]);
            assert_string_equal(j.kid, bw_key_public(k)->kid);
            assert_string_equal(j.typ, BW_TYP_SUMMARY);
            assert_int_equal(j.payload_len, lengths[i]);
            assert_memory_equal(j.payload, payload, lengths[i]);
            assert_int_equal(j.payload[j.payload_len], 0);
            assert_int_equal(bw_jws_verify(&j, bw_key_public(k)), 0);
            assert_int_equal(bw_jws_verify(&j, bw_key_public(other)), -BW_ESIGNATURE);
            /* the right key under another name, or for another algorithm */
            named = *bw_key_public(k);
            named.kid[0] = named.kid[0] == 'A' ? 'B' : 'A';
            assert_int_equal(bw_jws_verify(&j, &named), -BW_ESIGNATURE);
            named = *bw_key_public(k);
            named.alg = algs[1 - a];
            assert_int_equal(bw_jws_verify(&j, &named), -BW_ESIGNATURE);
            j.signature[0] ^= 0x80;
            assert_int_equal(bw_jws_verify(&j, bw_key_public(k)), -BW_ESIGNATURE);
            bw_buf_done(&out);
            bw_buf_done(&scratch);
        }
        bw_key_free(k);
        bw_key_free(other);
    }
}

/* header.payload.signature with a header of our choice and a signature of zeros */
static int parse_with_header(const char *header, struct bw_err *reterr)
{
    struct bw_buf text;
    struct bw_buf scratch;
    struct bw_jws j;
    uint8_t zeros[64] = {0};
    int r;

    bw_buf_init(&text, 10000);
    bw_buf_init(&scratch, 100);
    bw_b64_append(&text, header, strlen(header));
    bw_buf_puts(&text, ".e30.");
    bw_b64_append(&text, zeros, sizeof(zeros));
    r = bw_jws_parse(text.data, text.len, &scratch, &j, reterr);
    bw_buf_done(&text);
    bw_buf_done(&scratch);
    return r;
}

static void strict_header(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"none\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}",
        "{\"alg\":\"HS256\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}",
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}",
        "{\"kid\":\"" OKP_KID "\",\"alg\":\"EdDSA\",\"typ\":\"x\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\",\"crit\":[\"b64\"]}",
        "{\"alg\":\"EdDSA\",\"jwk\":{},\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}",
        "{ \"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"} ",
        "{\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"short\",\"typ\":\"x\"}",
        /* a last character with stray bits names the same 32 bytes */
        "{\"alg\":\"EdDSA\",\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l\","
        "\"typ\":\"x\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID
        "\",\"typ\":\"this-type-is-far-longer-than-the-forty-seven-bytes\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_err err = {""};
        if (parse_with_header(bad[i], &err) != -BW_EMALFORMED || !err.text[0]) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(parse_with_header(
                         "{\"alg\":\"EdDSA\",\"kid\":\"" OKP_KID "\",\"typ\":\"x\"}", NULL),
                     0);
}

static void strict_shape(void **state)
{
    struct bw_key *k = key_of(OKP_PRIVATE);
    struct bw_buf out;
    struct bw_buf scratch;
    struct bw_jws j;
    char *text;
    size_t n;

    (void)state;
    bw_buf_init(&out, 1000);
    bw_buf_init(&scratch, 100);
    assert_int_equal(bw_jws_sign(k, BW_TYP_ENROL, "{}", 2, &out, NULL), 0);
    text = bw_buf_take(&out, &n);
    for (size_t cut = 0; cut < n; cut++) {
        /* a cut text is never read as something else */
        char *part = malloc(cut + 1);
        assert_non_null(part);
        memcpy(part, text, cut);
        assert_true(bw_jws_parse(part, cut, &scratch, &j, NULL) < 0);
        free(part);
    }
    text[n - 1] = text[n - 1] == 'g' ? 'h' : 'B'; /* stray bits in the signature */
    assert_int_equal(bw_jws_parse(text, n, &scratch, &j, NULL), -BW_EMALFORMED);
    bw_buf_puts(&out, text);
    bw_buf_puts(&out, ".AAAA");
    assert_int_equal(bw_jws_parse(out.data, out.len, &scratch, &j, NULL), -BW_EMALFORMED);
    /* a payload larger than the scratch */
    bw_buf_clear(&out);
    bw_buf_done(&scratch);
    bw_buf_init(&scratch, 3);
    assert_int_equal(bw_jws_sign(k, BW_TYP_ENROL, "{  }", 4, &out, NULL), 0);
    assert_int_equal(bw_jws_parse(out.data, out.len, &scratch, &j, NULL), -BW_EMALFORMED);
    free(text);
    bw_buf_done(&out);
    bw_buf_done(&scratch);
    bw_key_free(k);
}

static void key_files(void **state)
{
    char folder[] = "/tmp/bw_test_jws.XXXXXX";
    char path[64];
    struct bw_key *k = NULL;
    struct bw_key *again = NULL;
    struct stat st;
    struct bw_err err = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/key.jwk", folder);
    for (int a = BW_ALG_EDDSA; a <= BW_ALG_ES256; a++) {
        assert_int_equal(bw_key_generate((enum bw_alg)a, &k, NULL), 0);
        assert_int_equal(bw_key_save(k, path, &err), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0400);
        assert_int_equal(bw_key_save(k, path, &err), -EEXIST);
        assert_int_equal(bw_key_load(path, &again, &err), 0);
        assert_string_equal(bw_key_public(again)->kid, bw_key_public(k)->kid);
        bw_key_free(again);
        again = NULL;
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(bw_key_load(path, &again, &err), -EPERM);
        assert_non_null(strstr(err.text, "chmod 0400"));
        assert_null(again);
        assert_int_equal(unlink(path), 0);
        bw_key_free(k);
    }
    assert_int_equal(bw_key_load(path, &again, &err), -ENOENT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(rmdir(folder), 0); /* no temporary file was left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures),
        cmocka_unit_test(ed25519_signs_the_published_bytes),
        cmocka_unit_test(thumbprints),
        cmocka_unit_test(strict_public_keys),
        cmocka_unit_test(private_half_must_fit),
        cmocka_unit_test(sign_and_read_back),
        cmocka_unit_test(strict_header),
        cmocka_unit_test(strict_shape),
        cmocka_unit_test(key_files),
    };
    if (bw_crypto_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
