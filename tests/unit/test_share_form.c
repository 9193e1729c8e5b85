/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_share_form.c - forms of strangers, and what of them is shown again. */
#include "bw_test.h"
#include "share_form.h"
#include "share_page.h"

#include <buf.h>
#include <errno.h>
#include <string.h>

struct got {
    char text[16];
    char name[8];
    struct bw_share_form_field fields[3];
};

static int parse(struct got *g, const char *body, size_t n)
{
    g->fields[0] = (struct bw_share_form_field){"text", g->text, sizeof(g->text), 0};
    g->fields[1] = (struct bw_share_form_field){"name", g->name, sizeof(g->name), 0};
    g->fields[2] = (struct bw_share_form_field){NULL, NULL, 0, 0};
    return bw_share_form_read(body, n, g->fields);
}

static int parse_text(struct got *g, const char *body)
{
    return parse(g, body, strlen(body));
}

static void test_fields(void **state)
{
    struct got g;
    (void)state;
    assert_int_equal(parse_text(&g, "name=%C3%A9+x&more=1&text=a%0d%0Ab%26%3D+%2B"), 0);
    assert_string_equal(g.text, "a\r\nb&= +");
    assert_string_equal(g.name, "\xc3\xa9 x");
    assert_int_equal(g.fields[0].n, 8);
    assert_int_equal(parse_text(&g, ""), 0);
    assert_string_equal(g.text, "");
    assert_int_equal(parse_text(&g, "text="), 0);
    assert_int_equal(parse_text(&g, "text=a%00b"), 0);
    assert_int_equal(g.fields[0].n, 3); /* a NUL is not the end: the words are refused */
    assert_int_equal(parse_text(&g, "text=123456789012345"), 0);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "text",
        "text=%",
        "text=%4",
        "text=%zz",
        "text=%4",
        "text=a&&",
        "text=a&text=b",
        "&",
        "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&"
        "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&text=x",
        "text=% 1"};
    struct got g;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse_text(&g, bad[i]) != -EINVAL) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(parse_text(&g, "text=1234567890123456"), -E2BIG);
    assert_int_equal(parse(&g, "text=%41", 7), -EINVAL); /* nothing beyond the end */
    assert_int_equal(parse(&g, "text=%41", 8), 0);
    assert_string_equal(g.text, "A");
}

static void test_what_strangers_wrote_is_escaped(void **state)
{
    static struct bw_reply_said replies[1];
    struct bw_share s;
    struct bw_buf b;
    (void)state;
    bw_share_init(&s);
    memcpy(s.circuit, "s-4f9k2.wan", 12);
    s.pack = BW_SHARE_PIA;
    (void)strncpy(replies[0].reply.text, "</p><script>alert(1)</script>", 60);
    (void)strncpy(replies[0].reply.name, "<img onerror='x'>", 60);
    const struct bw_share_page p = {.share = &s,
                                    .title = "<b>State</b>",
                                    .token = "bws_AAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                    .key = "\"><k>",
                                    .replies = replies,
                                    .n_replies = 1,
                                    .trouble = "<t>",
                                    .text = "</textarea><x>",
                                    .name = "\"><y>"};
    bw_buf_init(&b, 65536);
    bw_share_page(&b, &p);
    static const char *const never[] = {"<script", "<img", "<b>", "<k>",
                                        "<t>",     "<x>",  "<y>"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        assert_null(strstr(b.data, never[i]));
    }
    assert_non_null(strstr(b.data, "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_non_null(strstr(b.data, "&lt;/textarea&gt;&lt;x&gt;"));
    bw_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_strangers_wrote_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
