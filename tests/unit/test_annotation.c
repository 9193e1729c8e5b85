/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_annotation.c - annotations: their bytes, what is refused, which are on file for a
 * circuit and period. */
#include "annotation.h"
#include "buf.h"
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

/* The body of the example in docs/statement-v1.md. */
static const char example[] = "{\"v\":1,\"from_s\":1789000200,\"to_s\":1789003800,"
                              "\"cause\":\"power\",\"text\":\"power cut on Alder Road\","
                              "\"exclude\":true}";

static struct bw_annotation annotation(int64_t from, int64_t to, const char *text)
{
    struct bw_annotation a;
    bw_annotation_init(&a);
    a.from_unix_s = from;
    a.to_unix_s = to;
    a.cause = BW_CAUSE_POWER;
    (void)snprintf(a.text, sizeof(a.text), "%s", text);
    return a;
}

static void test_the_example(void **state)
{
    struct bw_annotation a = annotation(1789000200, 1789003800, "power cut on Alder Road");
    struct bw_annotation got;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 4096);
    a.exclude = 1;
    assert_int_equal(bw_annotation_encode(&a, &out, &err), 0);
    assert_string_equal(out.data, example);
    assert_int_equal(bw_annotation_decode(example, strlen(example), &got, &err), 0);
    assert_int_equal(got.from_unix_s, 1789000200);
    assert_int_equal(got.to_unix_s, 1789003800);
    assert_int_equal(got.cause, BW_CAUSE_POWER);
    assert_string_equal(got.text, "power cut on Alder Road");
    assert_int_equal(got.exclude, 1);
    bw_buf_done(&out);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "{\"v\":1,\"from_s\":2,\"to_s\":2,\"cause\":\"power\",\"text\":\"x\"}",
        "{\"v\":1,\"from_s\":2,\"cause\":\"power\",\"text\":\"x\"}",
        "{\"v\":1,\"from_s\":2,\"to_s\":3,\"cause\":\"moon\",\"text\":\"x\"}",
        "{\"v\":1,\"from_s\":2,\"to_s\":3,\"text\":\"x\"}",
        "{\"v\":1,\"from_s\":2,\"to_s\":3,\"cause\":\"power\"}",
        "{\"v\":1,\"from_s\":2,\"to_s\":3,\"cause\":\"power\",\"text\":\"x\",\"more\":1}",
    };
    struct bw_annotation a = annotation(5, 5, "x");
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    int64_t cause = 0;
    (void)state;
    bw_buf_init(&out, 4096);
    assert_int_equal(bw_annotation_encode(&a, &out, &err), -EINVAL);
    a = annotation(5, 6, "");
    assert_int_equal(bw_annotation_encode(&a, &out, &err), -EINVAL);
    a = annotation(5, 6, "x");
    a.cause = BW_CAUSE_UNKNOWN;
    assert_int_equal(bw_annotation_encode(&a, &out, &err), -EINVAL);
    assert_int_equal(out.len, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_annotation_decode(bad[i], strlen(bad[i]), &a, &err) != -BW_EMALFORMED) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(bw_cause_parse("weather", &cause), 0);
    assert_int_equal(cause, BW_CAUSE_WEATHER);
    assert_int_equal(bw_cause_parse("", &cause), -EINVAL);
    bw_buf_done(&out);
}

static void
say(struct bw_catalogue *c, const char *circuit, int64_t from, int64_t to, int n)
{
    struct bw_annotation a = annotation(from, to, "x");
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct bw_buf body;
    bw_buf_init(&body, 4096);
    (void)snprintf(a.text, sizeof(a.text), "%d", n);
    assert_int_equal(bw_annotation_encode(&a, &body, &err), 0);
    bw_statement_init(&s, BW_STATEMENT_ANNOTATION);
    bw_annotation_about("s-heron", circuit, s.about);
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.said_unix_s = 1000 + n;
    s.body = body.data;
    s.n_body = body.len;
    assert_int_equal(bw_catalogue_say(c, &s, 1, NULL, &err), 0);
    bw_buf_done(&body);
}

static void test_on_file(void **state)
{
    char *folder = tmp_folder();
    char path[300];
    struct bw_catalogue *c = NULL;
    struct bw_annotation_said *list = NULL;
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    int64_t unread = -1;
    size_t n = 0;
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", folder);
    assert_int_equal(bw_catalogue_open(path, &c, &err), 0);
    say(c, "wan", 300, 400, 1);
    say(c, "wan", 100, 200, 2); /* ends where the period begins */
    say(c, "wan", 100, 201, 3);
    say(c, "wan", 500, 600, 4); /* begins where it ends */
    say(c, "wan", 300, 350, 5);
    say(c, "wan2", 300, 350, 6);
    bw_statement_init(&s, BW_STATEMENT_ANNOTATION);
    bw_annotation_about("s-heron", "wan", s.about);
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.body = "{\"v\":2,\"what\":1}";
    s.n_body = strlen(s.body);
    assert_int_equal(bw_catalogue_say(c, &s, 1, NULL, &err), 0);
    assert_int_equal(
        bw_annotations_read(c, "s-heron", "wan", 200, 500, &list, &n, &unread, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(unread, 1);
    assert_string_equal(list[0].annotation.text, "3");
    assert_string_equal(list[1].annotation.text, "1");
    assert_string_equal(list[2].annotation.text, "5");
    assert_string_equal(list[1].by, "grey");
    assert_int_equal(list[1].said_unix_s, 1001);
    assert_int_equal(strlen(list[1].id), BW_HASH_LEN);
    free(list);
    /* Where nothing was ever said there is no catalogue. */
    assert_int_equal(
        bw_annotations_read(NULL, "s-heron", "wan", 200, 500, &list, &n, &unread, &err), 0);
    assert_null(list);
    assert_int_equal(n, 0);
    assert_int_equal(unread, 0);
    bw_catalogue_close(c);
    tmp_folder_drop(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_on_file),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
