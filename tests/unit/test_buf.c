/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_buf.c - the growing buffer, the travelling sentence and well-formed characters. */
#include "bw_test.h"

#include "buf.h"
#include "utf8.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void grows_to_its_maximum(void **state)
{
    struct bw_buf b;

    (void)state;
    bw_buf_init(&b, 1000);
    assert_null(b.data);
    for (int i = 0; i < 1000; i++) {
        bw_buf_putc(&b, 'x');
    }
    assert_int_equal(bw_buf_error(&b), 0);
    assert_int_equal(b.len, 1000);
    assert_int_equal(strlen(b.data), 1000);
    bw_buf_putc(&b, 'y');
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    assert_int_equal(b.len, 1000);
    /* the error sticks, also for what would fit, and take gives nothing */
    bw_buf_add(&b, "", 0);
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    assert_null(bw_buf_take(&b, NULL));
    bw_buf_clear(&b);
    assert_int_equal(bw_buf_error(&b), 0);
    assert_string_equal(b.data, "");
    bw_buf_puts(&b, "again");
    assert_string_equal(b.data, "again");
    bw_buf_done(&b);
    bw_buf_done(&b);
}

static void too_much_at_once_adds_nothing(void **state)
{
    struct bw_buf b;

    (void)state;
    bw_buf_init(&b, 4);
    bw_buf_puts(&b, "ab");
    bw_buf_puts(&b, "cde");
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    assert_string_equal(b.data, "ab");
    bw_buf_done(&b);
    bw_buf_init(&b, SIZE_MAX);
    bw_buf_puts(&b, "ab");
    assert_int_equal(bw_buf_error(&b), 0);
    bw_buf_add(&b, "x", SIZE_MAX - 2);
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    bw_buf_done(&b);
    bw_buf_init(&b, 0);
    bw_buf_puts(&b, "");
    assert_int_equal(bw_buf_error(&b), 0);
    assert_string_equal(b.data, "");
    bw_buf_putc(&b, 'a');
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    bw_buf_done(&b);
}

static void printf_around_the_capacity(void **state)
{
    struct bw_buf b;
    char want[600];

    (void)state;
    for (int n = 250; n < 260; n++) { /* the first allocation has 256 bytes */
        bw_buf_init(&b, 599);
        memset(want, 'z', sizeof(want));
        want[n] = '\0';
        bw_buf_printf(&b, "%s", want);
        bw_buf_printf(&b, "%d", 7);
        assert_int_equal(b.len, n + 1);
        assert_int_equal(b.data[n], '7');
        assert_int_equal(b.data[n + 1], '\0');
        bw_buf_done(&b);
    }
    bw_buf_init(&b, 3);
    bw_buf_printf(&b, "%d", 1234);
    assert_int_equal(bw_buf_error(&b), -E2BIG);
    assert_int_equal(b.len, 0);
    bw_buf_done(&b);
}

static void numbers(void **state)
{
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {1234567890, "1234567890"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    struct bw_buf b;

    (void)state;
    bw_buf_init(&b, 100);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_buf_clear(&b);
        bw_buf_i64(&b, rows[i].v);
        assert_string_equal(b.data, rows[i].text);
    }
    bw_buf_done(&b);
}

static void take_hands_over(void **state)
{
    struct bw_buf b;
    size_t n = 7;
    char *text;

    (void)state;
    bw_buf_init(&b, 10);
    text = bw_buf_take(&b, &n);
    assert_non_null(text); /* empty is not an error */
    assert_int_equal(n, 0);
    free(text);
    bw_buf_puts(&b, "abc");
    text = bw_buf_take(&b, &n);
    assert_string_equal(text, "abc");
    assert_int_equal(n, 3);
    assert_null(b.data);
    free(text);
    bw_buf_done(&b);
}

static void sentences(void **state)
{
    struct bw_err err = {"old"};
    char longer[600];

    (void)state;
    assert_int_equal(bw_err_set(NULL, -EINVAL, "%d", 1), -EINVAL);
    assert_int_equal(bw_err_prefix(NULL, -EIO, "%d", 1), -EIO);
    assert_int_equal(bw_err_set(&err, -EINVAL, "is %d", 1), -EINVAL);
    assert_int_equal(bw_err_prefix(&err, -EIO, "%s:%d", "file", 7), -EIO);
    assert_string_equal(err.text, "file:7: is 1");
    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    (void)bw_err_prefix(&err, 0, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    (void)bw_err_set(&err, 0, "%s", longer);
    (void)bw_err_prefix(&err, 0, "x");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_memory_equal(err.text, "x: aaa", 6);
    /* a sentence may name itself */
    (void)bw_err_set(&err, 0, "b");
    (void)bw_err_prefix(&err, 0, "a");
    assert_string_equal(err.text, "a: b");
}

static void names_of_codes(void **state)
{
    (void)state;
    assert_string_equal(bw_strerror(0), "success");
    assert_string_equal(bw_strerror(-ENOENT), "No such file or directory");
    assert_string_equal(bw_strerror(-BW_EFORK), "fork");
    for (int e = BW_ENEWER; e <= BW_ENOSOURCE; e++) {
        assert_string_not_equal(bw_strerror(-e), "unknown error");
    }
    assert_string_equal(bw_strerror(-BW_ENOSOURCE - 1), "unknown error");
    assert_string_equal(bw_strerror(-BW_EBASE), "unknown error");
    assert_string_equal(bw_strerror(-4999), "unknown error");
    assert_string_equal(bw_strerror(INT32_MIN), "unknown error");
    assert_non_null(bw_strerror(5));
}

static void characters(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},             /* a tail alone */
        {"\xc0\xaf", 0},         /* overlong */
        {"\xc1\xbf", 0},         /* overlong */
        {"\xe0\x9f\xbf", 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* surrogate */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xe2\x82", 0}, /* cut */
        {"\xe2\x82z", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(bw_utf8_char(rows[i].text, strlen(rows[i].text)), rows[i].len);
    }
    assert_int_equal(bw_utf8_char("", 1), 1); /* NUL is a character */
    assert_true(bw_utf8_valid("z\xc3\xa9\xe2\x82\xac", 6));
    assert_false(bw_utf8_valid("z\xc3\xa9\xe2\x82\xac", 5));
    assert_true(bw_utf8_valid("", 0));
    static const char *const hidden[] = {"a\x1b[31m",    "a\r\nb",        "a\x7f",
                                         "a\xc2\x9b",    "a\xe2\x80\xae", "a\xe2\x81\xa6",
                                         "a\xe2\x80\xaa"};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        assert_int_equal(bw_utf8_hidden(hidden[i], strlen(hidden[i])), 1);
    }
    assert_int_equal(bw_utf8_hidden("z\xc2\xa0\xe2\x80\x93", 6), 6);
    assert_int_equal(bw_utf8_hidden("a\xe2\x80\xae", 3), 3); /* not whole: not valid */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum),
        cmocka_unit_test(too_much_at_once_adds_nothing),
        cmocka_unit_test(printf_around_the_capacity),
        cmocka_unit_test(numbers),
        cmocka_unit_test(take_hands_over),
        cmocka_unit_test(sentences),
        cmocka_unit_test(names_of_codes),
        cmocka_unit_test(characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
