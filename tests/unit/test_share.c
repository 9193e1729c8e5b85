/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_share.c - links to one pack: tokens and their hashes, what a body may say. */
#include "bw_test.h"
#include "share.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

static const char hash[] = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

static struct bw_share share(void)
{
    struct bw_share s;
    bw_share_init(&s);
    (void)snprintf(s.id, sizeof(s.id), "abcdefgh");
    (void)snprintf(s.circuit, sizeof(s.circuit), "s-4f9k2.wan");
    s.pack = BW_SHARE_PIA;
    s.from_unix_s = 1782864000;
    s.to_unix_s = 1814400000;
    s.made_unix_s = 1792000000;
    s.expires_unix_s = 1794600000;
    s.records = 24;
    for (size_t i = 0; i < BW_SHARE_FORMS; i++) {
        memcpy(s.sha256[i], hash, sizeof(hash));
    }
    return s;
}

static void test_tokens(void **state)
{
    char token[2][BW_SHARE_TOKEN_LEN + 1];
    char about[2][BW_SHARE_ABOUT_LEN + 1];
    char again[BW_SHARE_ABOUT_LEN + 1];
    (void)state;
    for (int i = 0; i < 2; i++) {
        bw_share_token_new(token[i], about[i]);
        assert_int_equal(strlen(token[i]), BW_SHARE_TOKEN_LEN);
        assert_int_equal(bw_share_about(token[i], again), 0);
        assert_string_equal(again, about[i]);
        assert_null(strstr(about[i], token[i] + 4)); /* the hash alone */
    }
    assert_string_not_equal(token[0], token[1]);
    /* SHA-256 of the 31 characters, by Python's hashlib */
    assert_int_equal(bw_share_about("bws_AAAAAAAAAAAAAAAAAAAAAAAAAAA", again), 0);
    assert_string_equal(again, "share:Sqpg-D-EN4tFi7xJIdnF8bjmy2Oh6uRvRhCBQK_XiVs");
    assert_int_equal(bw_share_about("", again), -EINVAL);
    assert_int_equal(bw_share_about("bws_AAAAAAAAAAAAAAAAAAAAAAAAAA", again), -EINVAL);
    assert_int_equal(bw_share_about("bwt_AAAAAAAAAAAAAAAAAAAAAAAAAAA", again), -EINVAL);
    assert_int_equal(bw_share_about("bws_AAAAAAAAAAAAAAAAAAAAAAAAAAB", again), -EINVAL);
    assert_int_equal(bw_share_about("bws_AAAAAAAAAAAAAAAAAAAAAAAAA/A", again), -EINVAL);
}

static void test_words(void **state)
{
    (void)state;
    for (int pack = BW_SHARE_SIZING; pack <= BW_SHARE_AUDIT; pack++) {
        assert_non_null(bw_share_pack_name(pack));
        assert_non_null(bw_share_pack_words(pack));
    }
    assert_non_null(strstr(bw_share_pack_words(BW_SHARE_SIZING), "before Form 470"));
    assert_null(bw_share_pack_words(BW_SHARE_UNKNOWN));
    assert_null(bw_share_pack_words(BW_SHARE_AUDIT + 1));
}

static void test_bodies(void **state)
{
    struct bw_share s = share();
    struct bw_share got;
    struct bw_err err = {""};
    struct bw_buf b;
    (void)state;
    bw_buf_init(&b, 8192);
    assert_int_equal(bw_share_encode(&s, &b, &err), 0);
    assert_int_equal(bw_share_decode(b.data, b.len, &got, &err), 0);
    assert_memory_equal(&got, &s, sizeof(s));
    (void)snprintf(s.id, sizeof(s.id), "../../xy");
    assert_int_equal(bw_share_encode(&s, &b, &err), -EINVAL);
    s = share();
    (void)snprintf(s.circuit, sizeof(s.circuit), "s-4f9k2/wan");
    assert_int_equal(bw_share_encode(&s, &b, &err), -EINVAL);
    s = share();
    s.sha256[2][0] = '\0';
    assert_int_equal(bw_share_encode(&s, &b, &err), -EINVAL);
    bw_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_words),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
