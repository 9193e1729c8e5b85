/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_decimal.c - exact decimals: what is one, its one form, and what does not fit. */
#include "bw_test.h"

#include "decimal.h"

#include <errno.h>
#include <string.h>

static void reads(const char *text, int64_t n, int scale)
{
    struct bw_decimal d = BW_DECIMAL_NOT_STATED;
    int r = bw_decimal_parse(text, strlen(text), &d);
    if (r != 0 || d.n != n || d.scale != scale) {
        fail_msg("'%s': %d, %lld / 10^%d", text, r, (long long)d.n, d.scale);
    }
}

static void refuses(const char *text, int code)
{
    struct bw_decimal d = {.n = 77, .scale = 1};
    int r = bw_decimal_parse(text, strlen(text), &d);
    if (r != code || d.n != 77) {
        fail_msg("'%s': %d, not %d", text, r, code);
    }
}

static void parse(void **state)
{
    (void)state;
    reads("0", 0, 0);
    reads("0.00", 0, 0);
    reads("-0", 0, 0);
    reads("100.0", 100, 0);
    reads("1.5", 15, 1);
    reads("0.05", 5, 2);
    reads("007", 7, 0);
    reads(" 12 ", 12, 0);
    reads("$1,234.50", 12345, 1);
    reads("-$3.10", -31, 1);
    reads("1,234,567", 1234567, 0);
    reads("9007199254740991", 9007199254740991, 0);
    reads("0.123456789000000000000", 123456789, 9);
    reads("100.000000000000000000000", 100, 0);
}

static void refused(void **state)
{
    static const char *const none[] = {"",      " ",   "-",     "$",         ".",
                                       ".5",    "1.",  "1,23",  "12345,678", "1,,234",
                                       ",123",  "1e3", "1.0 M", "0x10",      "+1",
                                       "1.2.3", "--1", "1 000", "1,234,",    "\xd9\xa1"};
    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        refuses(none[i], -EINVAL);
    }
    refuses("9007199254740992", -ERANGE);
    refuses("99999999999999999999999999", -ERANGE);
    refuses("0.1234567891", -ERANGE);
    refuses("123456789012345.123456789", -ERANGE);
}

static void text(void **state)
{
    char t[BW_DECIMAL_TEXT_MAX + 1];
    (void)state;
    bw_decimal_text(&(struct bw_decimal){.n = 12345, .scale = 1}, 2, t);
    assert_string_equal(t, "1234.50");
    bw_decimal_text(&(struct bw_decimal){.n = 12345, .scale = 1}, 0, t);
    assert_string_equal(t, "1234.5");
    bw_decimal_text(&(struct bw_decimal){.n = -5, .scale = 3}, 2, t);
    assert_string_equal(t, "-0.005");
    bw_decimal_text(&(struct bw_decimal){.n = 450}, 2, t);
    assert_string_equal(t, "450.00");
    bw_decimal_text(&(struct bw_decimal){.n = 450}, 0, t);
    assert_string_equal(t, "450");
    bw_decimal_text(&BW_DECIMAL_NOT_STATED, 2, t);
    assert_string_equal(t, "");
}

static void reckoning(void **state)
{
    struct bw_decimal d = {.n = 15, .scale = 1};
    struct bw_decimal sum;
    int64_t v = 0;
    (void)state;
    assert_int_equal(bw_decimal_whole(&d, 1000000000, &v), 0); /* 1.5 Gbit/s */
    assert_int_equal(v, 1500000000);
    d = (struct bw_decimal){.n = 1544, .scale = 3};
    assert_int_equal(bw_decimal_whole(&d, 1000000, &v), 0); /* a T1 */
    assert_int_equal(v, 1544000);
    assert_int_equal(bw_decimal_whole(&d, 100, &v), -ERANGE);
    d = (struct bw_decimal){.n = 9007199254740991};
    assert_int_equal(bw_decimal_whole(&d, 1000000000, &v), -ERANGE);
    assert_int_equal(bw_decimal_whole(&BW_DECIMAL_NOT_STATED, 1, &v), -EINVAL);
    /* 0.1 + 0.2 is 0.3 */
    assert_int_equal(bw_decimal_add(&(struct bw_decimal){.n = 1, .scale = 1},
                                    &(struct bw_decimal){.n = 2, .scale = 1}, &sum),
                     0);
    assert_true(sum.n == 3 && sum.scale == 1);
    assert_int_equal(bw_decimal_add(&(struct bw_decimal){.n = 995, .scale = 2},
                                    &(struct bw_decimal){.n = 5, .scale = 2}, &sum),
                     0);
    assert_true(sum.n == 10 && sum.scale == 0);
    assert_int_equal(bw_decimal_times(&(struct bw_decimal){.n = 3333, .scale = 2}, 3, &sum),
                     0);
    assert_true(sum.n == 9999 && sum.scale == 2);
    assert_int_equal(bw_decimal_times(&(struct bw_decimal){.n = 9007199254740991}, 2, &sum),
                     -ERANGE);
    assert_int_equal(bw_decimal_add(&d, &BW_DECIMAL_NOT_STATED, &sum), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse),
        cmocka_unit_test(refused),
        cmocka_unit_test(text),
        cmocka_unit_test(reckoning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
