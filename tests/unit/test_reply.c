/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_reply.c - replies: their bytes, what is refused, words as people send them. */
#include "bw_test.h"
#include "reply.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char example[] =
    "{\"v\":1,\"to\":\"letter\",\"from_s\":1782864000,\"to_s\":1814400000,"
    "\"from\":\"provider\",\"name\":\"Larch Fibre, network desk\","
    "\"text\":\"The cut of 2 November was a digger.\\nIt is credited.\"}";

static struct bw_reply reply(const char *text)
{
    struct bw_reply r;
    bw_reply_init(&r);
    r.to = BW_REPLY_TO_LETTER;
    r.from = BW_REPLY_FROM_PROVIDER;
    r.from_unix_s = 1782864000;
    r.to_unix_s = 1814400000;
    (void)snprintf(r.text, sizeof(r.text), "%s", text);
    return r;
}

static void test_the_example(void **state)
{
    struct bw_reply r = reply("The cut of 2 November was a digger.\nIt is credited.");
    struct bw_reply got;
    struct bw_err err = {""};
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 20000);
    (void)snprintf(r.name, sizeof(r.name), "Larch Fibre, network desk");
    assert_int_equal(bw_reply_encode(&r, &out, &err), 0);
    assert_string_equal(out.data, example);
    assert_int_equal(bw_reply_decode(example, strlen(example), &got, &err), 0);
    assert_int_equal(got.to, BW_REPLY_TO_LETTER);
    assert_int_equal(got.from, BW_REPLY_FROM_PROVIDER);
    assert_string_equal(got.text, r.text);
    assert_string_equal(got.name, r.name);
    assert_string_equal(got.answered, "");
    bw_buf_done(&out);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "{\"v\":1,\"to\":\"letter\",\"from_s\":2,\"to_s\":2,\"from\":\"link\",\"text\":"
        "\"x\"}",
        "{\"v\":1,\"to\":\"moon\",\"from_s\":2,\"to_s\":3,\"from\":\"link\",\"text\":"
        "\"x\"}",
        "{\"v\":1,\"to\":\"pia\",\"from_s\":2,\"to_s\":3,\"from\":\"me\",\"text\":\"x\"}",
        "{\"v\":1,\"to\":\"pia\",\"from_s\":2,\"to_s\":3,\"from\":\"link\"}",
        "{\"v\":1,\"to\":\"pia\",\"from_s\":2,\"to_s\":3,\"from\":\"link\",\"answered\":"
        "\"x\","
        "\"text\":\"x\"}",
        "{\"v\":1,\"to\":\"pia\",\"from_s\":2,\"to_s\":3,\"from\":\"link\",\"text\":\"x\","
        "\"more\":1}",
    };
    struct bw_reply r = reply("");
    struct bw_err err = {""};
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 20000);
    assert_int_equal(bw_reply_encode(&r, &out, &err), -EINVAL);
    r = reply("x");
    r.to_unix_s = r.from_unix_s;
    assert_int_equal(bw_reply_encode(&r, &out, &err), -EINVAL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_reply_decode(bad[i], strlen(bad[i]), &r, &err) != -BW_EMALFORMED) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    bw_buf_done(&out);
}

static int words(const char *text, size_t n, char out[8], bool lines)
{
    return bw_reply_words(text, n, out, 8, lines, NULL);
}

static void test_words_are_kept_as_they_were_sent(void **state)
{
    char out[8];
    (void)state;
    assert_int_equal(words("a\r\nb\rc\n", 7, out, true), 0);
    assert_string_equal(out, "a\nb\nc");
    assert_int_equal(words(" \t a b ", 7, out, true), 0);
    assert_string_equal(out, "a b");
    assert_int_equal(words("1234567", 7, out, true), 0);
    assert_int_equal(words("12345678", 8, out, true), -E2BIG);
    assert_int_equal(words("  \r\n", 4, out, true), -ENODATA);
    assert_int_equal(words("", 0, out, true), -ENODATA);
    assert_int_equal(words("caf\xe9", 4, out, true), -BW_EMALFORMED);
    assert_int_equal(words("a\0b", 3, out, true), -BW_EMALFORMED);
    assert_int_equal(words("a\x1b[2J", 5, out, true), -BW_EMALFORMED);
    assert_int_equal(words("\xe2\x80\xae"
                           "ab",
                           5, out, true),
                     -BW_EMALFORMED); /* U+202E */
    assert_int_equal(words("\xc3\xa9t\xc3\xa9", 5, out, true), 0);
    assert_string_equal(out, "\xc3\xa9t\xc3\xa9");
    assert_int_equal(words("a\nb", 3, out, false), -BW_EMALFORMED);
    char long_one[256];
    char many[2 * BW_REPLY_LINES_MAX + 2];
    for (size_t i = 0; i < sizeof(many); i++) {
        many[i] = i % 2 ? '\n' : 'a';
    }
    assert_int_equal(
        bw_reply_words(many, sizeof(many), long_one, sizeof(long_one), true, NULL), -E2BIG);
    assert_int_equal(
        bw_reply_words(many, sizeof(many) - 2, long_one, sizeof(long_one), true, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_words_are_kept_as_they_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
