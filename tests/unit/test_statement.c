/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_statement.c - statements: the example of docs/statement-v1.md, what is refused, what
 * of newer ones is read. */
#include "buf.h"
#include "bw_test.h"
#include "hash.h"
#include "statement.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The example of docs/statement-v1.md; its id was computed by Python's hashlib. */
static const char example[] =
    "{\"v\":1,\"kind\":\"annotation\",\"about\":\"circuit:s-4f9k2.wan\",\"said_s\":"
    "1789030000,"
    "\"by\":\"heron.grey\",\"via\":\"annotate\",\"body\":{\"v\":1,\"from_s\":1789000200,"
    "\"to_s\":1789003800,\"cause\":\"power\",\"text\":\"power cut on Alder Road\","
    "\"exclude\":true}}";
static const char example_id[] = "p10RN33j1fHBUpULDXk9HB5So9BCd6WCOuBQGZkh-Gw";
static const char example_body[] =
    "{\"v\":1,\"from_s\":1789000200,\"to_s\":1789003800,\"cause\":\"power\","
    "\"text\":\"power cut on Alder Road\",\"exclude\":true}";

static void fill(struct bw_statement *s)
{
    bw_statement_init(s, BW_STATEMENT_ANNOTATION);
    (void)snprintf(s->about, sizeof(s->about), "circuit:s-4f9k2.wan");
    s->said_unix_s = 1789030000;
    (void)snprintf(s->by, sizeof(s->by), "heron.grey");
    (void)snprintf(s->via, sizeof(s->via), "annotate");
    s->body = example_body;
    s->n_body = strlen(example_body);
}

static void test_the_example(void **state)
{
    struct bw_statement s;
    struct bw_statement got;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    char id[BW_HASH_LEN + 1];
    (void)state;
    fill(&s);
    bw_buf_init(&out, BW_STATEMENT_MAX);
    assert_int_equal(bw_statement_encode(&s, &out, &err), 0);
    assert_int_equal(out.len, strlen(example));
    assert_string_equal(out.data, example);
    bw_statement_id(out.data, out.len, id);
    assert_string_equal(id, example_id);
    assert_true(bw_statement_id_valid(id));

    assert_int_equal(bw_statement_decode(example, strlen(example), &got, &err), 0);
    assert_int_equal(got.v, 1);
    assert_int_equal(got.kind, BW_STATEMENT_ANNOTATION);
    assert_string_equal(got.about, s.about);
    assert_int_equal(got.said_unix_s, s.said_unix_s);
    assert_string_equal(got.by, s.by);
    assert_string_equal(got.via, "annotate");
    assert_string_equal(got.file, "");
    assert_int_equal(got.n_replaces, 0);
    assert_int_equal(got.n_body, strlen(example_body));
    assert_ptr_equal(got.body, strstr(example, "{\"v\":1,\"from"));
    bw_buf_done(&out);
}

static void test_source_and_replaces(void **state)
{
    struct bw_statement s;
    struct bw_statement got;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    (void)state;
    fill(&s);
    (void)snprintf(s.file, sizeof(s.file), "basic information.csv");
    (void)snprintf(s.sha256, sizeof(s.sha256), "%s", example_id);
    s.n_replaces = 1;
    (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "%s", example_id);
    s.body = "{\"a\":[1,-2,{},[]],\"b\":\"\\\"\\n\xc3\xa9\"}";
    s.n_body = strlen(s.body);
    bw_buf_init(&out, BW_STATEMENT_MAX);
    assert_int_equal(bw_statement_encode(&s, &out, &err), 0);
    assert_int_equal(bw_statement_decode(out.data, out.len, &got, &err), 0);
    assert_string_equal(got.file, "basic information.csv");
    assert_string_equal(got.sha256, example_id);
    assert_int_equal(got.n_replaces, 1);
    assert_string_equal(got.replaces[0], example_id);
    assert_int_equal(got.n_body, s.n_body);
    assert_memory_equal(got.body, s.body, s.n_body);
    bw_buf_done(&out);
}

static void refuse_writing(struct bw_statement *s, const char *word)
{
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    bw_buf_init(&out, BW_STATEMENT_MAX);
    assert_int_equal(bw_statement_encode(s, &out, &err), -EINVAL);
    assert_int_equal(out.len, 0);
    if (!strstr(err.text, word)) {
        fail_msg("\"%s\" does not name '%s'", err.text, word);
    }
    fill(s);
    bw_buf_done(&out);
}

static void test_writing_refuses(void **state)
{
    struct bw_statement s;
    (void)state;
    fill(&s);
    s.by[0] = 'H';
    refuse_writing(&s, "by");
    s.by[0] = '\0';
    refuse_writing(&s, "by");
    s.about[0] = '\n';
    refuse_writing(&s, "about");
    s.about[0] = '\0';
    refuse_writing(&s, "about");
    s.said_unix_s = BW_UNKNOWN;
    refuse_writing(&s, "said_s");
    s.kind = BW_STATEMENT_CLAIM;
    refuse_writing(&s, "kind");
    s.v = 2;
    refuse_writing(&s, "v");
    (void)snprintf(s.file, sizeof(s.file), "a.csv");
    refuse_writing(&s, "source");
    (void)snprintf(s.file, sizeof(s.file), "b/a.csv");
    (void)snprintf(s.sha256, sizeof(s.sha256), "%s", example_id);
    refuse_writing(&s, "file");
    s.n_replaces = 1;
    (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "short");
    refuse_writing(&s, "replaces");
    s.n_replaces = 2;
    (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "%s", example_id);
    (void)snprintf(s.replaces[1], sizeof(s.replaces[1]), "%s", example_id);
    refuse_writing(&s, "twice");
    bw_statement_init(&s, BW_STATEMENT_WITHDRAWAL);
    (void)snprintf(s.about, sizeof(s.about), "circuit:s-4f9k2.wan");
    (void)snprintf(s.by, sizeof(s.by), "a");
    refuse_writing(&s, "withdrawal");
    static const char *const bodies[] = {"[]",
                                         "{\"a\": 1}",
                                         "{\"a\":1.0}",
                                         "{\"a\":null}",
                                         "{\"A\":1}",
                                         "{\"a\":\"\\u0041\"}",
                                         "{\"a\":9007199254740992}",
                                         "{\"a\":\"\xe2\x80\xae\"}",
                                         "{\"a\":\"\\u0001\"}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        s.body = bodies[i];
        s.n_body = strlen(s.body);
        refuse_writing(&s, "body");
    }
    s.body = NULL;
    refuse_writing(&s, "body");
}

static void test_length_and_depth(void **state)
{
    struct bw_statement s;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    struct bw_buf body;
    (void)state;
    fill(&s);
    bw_buf_init(&out, 2 * BW_STATEMENT_MAX);
    bw_buf_init(&body, 2 * BW_STATEMENT_MAX);
    /* {"a":"…"}: the whole is exactly at the border, then one byte beyond it. */
    size_t head = strlen(example) - strlen(example_body);
    for (int more = 0; more <= 1; more++) {
        bw_buf_clear(&body);
        bw_buf_puts(&body, "{\"a\":\"");
        while (head + body.len + 2 < (size_t)BW_STATEMENT_MAX + (size_t)more) {
            bw_buf_putc(&body, 'x');
        }
        bw_buf_puts(&body, "\"}");
        s.body = body.data;
        s.n_body = body.len;
        bw_buf_clear(&out);
        assert_int_equal(bw_statement_encode(&s, &out, &err), more ? -E2BIG : 0);
        assert_int_equal(out.len, more ? 0 : BW_STATEMENT_MAX);
        if (!more) {
            struct bw_statement got;
            assert_int_equal(bw_statement_decode(out.data, out.len, &got, &err), 0);
        }
    }
    for (int more = 0; more <= 1; more++) {
        bw_buf_clear(&body);
        bw_buf_puts(&body, "{\"a\":");
        for (int i = 1; i < BW_STATEMENT_DEPTH_MAX + more; i++) {
            bw_buf_putc(&body, '[');
        }
        for (int i = 1; i < BW_STATEMENT_DEPTH_MAX + more; i++) {
            bw_buf_putc(&body, ']');
        }
        bw_buf_putc(&body, '}');
        s.body = body.data;
        s.n_body = body.len;
        bw_buf_clear(&out);
        assert_int_equal(bw_statement_encode(&s, &out, &err), more ? -EINVAL : 0);
        if (!more) {
            struct bw_statement got;
            assert_int_equal(bw_statement_decode(out.data, out.len, &got, &err), 0);
        }
    }
    bw_buf_done(&out);
    bw_buf_done(&body);
}

static void test_reading_refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\"}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\",\"body\":{}}"
        " ",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"by\":\"a\",\"said_s\":0,\"body\":{}"
        "}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"\\u0078\",\"said_s\":0,\"by\":\"a\","
        "\"body\":{}}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\",\"body\":{},"
        "\"w\":1}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\",\"via\":"
        "\"\","
        "\"body\":{}}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":-1,\"by\":\"a\",\"body\":{}"
        "}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a "
        "b\",\"body\":{}}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\","
        "\"replaces\":[],"
        "\"body\":{}}",
        "{\"v\":1,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\",\"body\":{"
        "\"a\":1,"
        "\"a\":1}}",
        "{\"v\":0,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\",\"body\":{}"
        "}",
        "{\"v\":2,\"kind\":\"reply\",\"about\":\"x\",\"said_s\":0}",
    };
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_statement_decode(bad[i], strlen(bad[i]), &s, &err) != -BW_EMALFORMED) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    static char big[BW_STATEMENT_MAX + 2];
    memset(big, ' ', sizeof(big));
    assert_int_equal(bw_statement_decode(big, sizeof(big) - 1, &s, &err), -E2BIG);
}

static void test_what_is_newer_is_told(void **state)
{
    static const char newer[] =
        "{\"more\":[1.5,null],\"v\":2,\"kind\":\"claim\",\"about\":\"own:alder\","
        "\"said_s\":7,\"by\":\"a\"}";
    static const char other[] =
        "{\"v\":1,\"kind\":\"comment\",\"about\":\"x\",\"said_s\":0,"
        "\"by\":\"a\",\"body\":{\"b\":true}}";
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct bw_buf out;
    (void)state;
    assert_int_equal(bw_statement_decode(newer, strlen(newer), &s, &err), 0);
    assert_int_equal(s.v, 2);
    assert_int_equal(s.kind, BW_STATEMENT_CLAIM);
    assert_string_equal(s.about, "own:alder");
    assert_int_equal(s.said_unix_s, 7);
    assert_null(s.body);
    assert_int_equal(bw_statement_decode(other, strlen(other), &s, &err), 0);
    assert_int_equal(s.v, 1);
    assert_int_equal(s.kind, BW_STATEMENT_OTHER);
    assert_string_equal(s.word, "comment");
    bw_buf_init(&out, BW_STATEMENT_MAX);
    assert_int_equal(bw_statement_encode(&s, &out, &err), 0);
    assert_string_equal(out.data, other);
    bw_buf_done(&out);
}

static void test_words_and_names(void **state)
{
    char by[BW_STATEMENT_BY_MAX + 1];
    (void)state;
    for (int k = 1; k < BW_STATEMENT_KINDS; k++) {
        const char *word = bw_statement_kind_name((enum bw_statement_kind)k);
        assert_non_null(word);
        assert_int_equal(bw_statement_kind_parse(word), k);
    }
    assert_null(bw_statement_kind_name(BW_STATEMENT_OTHER));
    assert_int_equal(bw_statement_kind_parse(""), BW_STATEMENT_OTHER);
    bw_statement_by_of("Heron Grey@oak.example", by);
    assert_string_equal(by, "heron-grey-oak.example");
    bw_statement_by_of("", by);
    assert_string_equal(by, "");
    assert_false(bw_statement_id_valid("p10RN33jF5Fd_LUInBv9Nu9PlaKDdPtIksFQSkvyDfV"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example),
        cmocka_unit_test(test_source_and_replaces),
        cmocka_unit_test(test_writing_refuses),
        cmocka_unit_test(test_length_and_depth),
        cmocka_unit_test(test_reading_refuses),
        cmocka_unit_test(test_what_is_newer_is_told),
        cmocka_unit_test(test_words_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
