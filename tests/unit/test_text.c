/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_text.c - foreign text made harmless for HTML, URLs and tables. */
#include <buf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <text.h>

#include <cmocka.h>

static void
same(void (*write)(struct bw_buf *, const char *), const char *in, const char *want)
{
    struct bw_buf b;
    bw_buf_init(&b, 4096);
    write(&b, in);
    assert_string_equal(b.data ? b.data : "", want);
    bw_buf_done(&b);
}

static void test_html(void **state)
{
    (void)state;
    same(bw_text_html, "<a href='x'>\"&\"</a>",
         "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    same(bw_text_html, NULL, "");
    same(bw_text_html, "\xC3\x84lder \xE2\x82\xAC \xF0\x9F\x90\xA6",
         "\xC3\x84lder \xE2\x82\xAC \xF0\x9F\x90\xA6");
    same(bw_text_html, "a\x01\x7F", "a\xEF\xBF\xBD\xEF\xBF\xBD");
    static const char *const broken[] = {"\xC0\xAF", "\xED\xA0\x80", "\xF5",
                                         "\xC3",     "\x80",         "\xE2\x82"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct bw_buf b;
        bw_buf_init(&b, 4096);
        bw_text_html(&b, broken[i]);
        assert_memory_equal(b.data, "\xEF\xBF\xBD", 3);
        assert_null(strpbrk(b.data, "\xC0\xED\xF5\xC3\x80\xE2"));
        bw_buf_done(&b);
    }
}

static void test_url_and_csv(void **state)
{
    (void)state;
    same(bw_text_url, "a b&c=\xC3\x84/.-_~", "a%20b%26c%3D%C3%84%2F.-_~");
    same(bw_text_csv, "plain", "plain");
    same(bw_text_csv, "a,\"b\"\n", "\"a,\"\"b\"\"\n\"");
    same(bw_text_csv, "=1+1", "'=1+1");
    same(bw_text_csv, "", "");
}

static void terminal(struct bw_buf *out, const char *text)
{
    bw_text_terminal(out, text, strlen(text));
}

static void test_terminal(void **state)
{
    (void)state;
    same(terminal, "Schule \xC3\x84\n\tb", "Schule \xC3\x84\n\tb");
    same(terminal, "\x1B[2Ja\rb\x7F",
         "\xEF\xBF\xBD[2Ja\xEF\xBF\xBD"
         "b\xEF\xBF\xBD");
    same(terminal,
         "\xC2\x9B"
         "1m",
         "\xEF\xBF\xBD"
         "1m"); /* C1: CSI in one */
    same(terminal,
         "a\xE2\x80\xAE"
         "b",
         "a\xEF\xBF\xBD"
         "b"); /* turns what follows */
    same(terminal, "\xFF", "\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_url_and_csv),
        cmocka_unit_test(test_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
