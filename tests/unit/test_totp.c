/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_totp.c - the vectors of RFC 4226 (appendix D) and RFC 6238 (appendix B, of whose
 * eight digits the last six are ours); one step each way, none twice; passwords. */
#include "bw_test.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <password.h>
#include <stdio.h>
#include <string.h>
#include <totp.h>

static const uint8_t key[BW_TOTP_KEY] = "12345678901234567890";

static void vectors(void **state)
{
    static const uint32_t hotp[] = {755224, 287082, 359152, 969429, 338314,
                                    254676, 287922, 162583, 399871, 520489};
    static const struct {
        int64_t unix_s;
        uint32_t code;
    } totp[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
                {1234567890, 5924}, {2000000000, 279037}, {INT64_C(20000000000), 353130}};

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bw_totp_code(key, i), hotp[i]);
    }
    for (size_t i = 0; i < sizeof(totp) / sizeof(totp[0]); i++) {
        assert_int_equal(bw_totp_code(key, totp[i].unix_s / BW_TOTP_STEP_S), totp[i].code);
    }
}

static void one_step_each_way_and_none_twice(void **state)
{
    int64_t step = -1;

    (void)state;
    /* steps 0 to 4 are 755224 287082 359152 969429 338314; 60 s is in step 2 */
    assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, "755224", &step), -EACCES);
    assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, "287082", &step), 0);
    assert_int_equal(step, 1);
    assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, "359 152", &step), 0);
    assert_int_equal(step, 2);
    assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, "969429", &step), 0);
    assert_int_equal(step, 3);
    assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, "338314", &step), -EACCES);
    assert_int_equal(bw_totp_check(key, 60, 2, "359152", &step), -EACCES);
    assert_int_equal(bw_totp_check(key, 60, 2, "287082", &step), -EACCES);
    assert_int_equal(bw_totp_check(key, 60, 2, "969429", &step), 0);
    static const char *const none[] = {"",       "35915",  "3591520",
                                       "35915x", "-59152", "0x5915"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(bw_totp_check(key, 60, BW_UNKNOWN, none[i], &step), -EACCES);
    }
}

static void base32(void **state)
{
    /* RFC 4648 section 10 */
    static const char *const texts[][2] = {{"", ""},
                                           {"f", "MY"},
                                           {"fo", "MZXQ"},
                                           {"foo", "MZXW6"},
                                           {"foob", "MZXW6YQ"},
                                           {"fooba", "MZXW6YTB"},
                                           {"foobar", "MZXW6YTBOI"}};
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bw_base32_encode(texts[i][0], strlen(texts[i][0]), out);
        assert_string_equal(out, texts[i][1]);
    }
}

static void passwords(void **state)
{
    char hash[BW_PASSWORD_HASH_MAX];
    struct bw_err err = {""};

    (void)state;
    assert_int_equal(bw_crypto_init(), 0);
    assert_int_equal(bw_password_fit("grey heron on a post", "alder", &err), 0);
    assert_int_equal(bw_password_fit("eleven char", "alder", &err), -EINVAL);
    assert_int_equal(bw_password_fit("äöüßäöüßäöü", "alder", &err), -EINVAL);
    assert_int_equal(bw_password_fit("aaaabbbbccccdddd", "alder", &err), -EINVAL);
    assert_int_equal(bw_password_fit("my ALDER is green", "alder", &err), -EINVAL);
    assert_int_equal(bw_password_fit("the PassWord of a", "alder", &err), -EINVAL);
    assert_int_equal(bw_password_hash("grey heron on a post", hash), 0);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0);
    assert_true(bw_password_is(hash, "grey heron on a post"));
    assert_false(bw_password_is(hash, "grey heron on a posts"));
    assert_false(bw_password_is("", ""));
    assert_true(bw_same("ab", "ab", 2));
    assert_false(bw_same("ab", "ac", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(one_step_each_way_and_none_twice),
        cmocka_unit_test(base32),
        cmocka_unit_test(passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
