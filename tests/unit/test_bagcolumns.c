/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bagcolumns.c - records as columns and back. */
#include "../../evidence/bundle/bagcolumns_private.h"

#include "buf.h"
#include "bw_test.h"
#include "hash.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD "abcdefghijklmnopqrstuvwxyz"

static void put_jws(struct bw_buf *out, const char *header, const char *payload)
{
    bw_b64_append(out, header, strlen(header));
    bw_buf_putc(out, '.');
    bw_b64_append(out, payload, strlen(payload));
    bw_buf_puts(out, ".c2ln\n");
}

/* There and back; gives the columns in *part. */
static void round_trip(const struct bw_buf *lines, struct bw_buf *part)
{
    struct bw_err err = {""};
    struct bw_buf again;

    bw_buf_init(part, (size_t)1 << 24);
    bw_buf_init(&again, (size_t)1 << 24);
    if (bw_columns_write(lines->data, lines->len, part, &err) < 0 ||
        bw_columns_read(part->data, part->len, &again, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(again.len, lines->len);
    assert_memory_equal(again.data, lines->data, lines->len);
    bw_buf_done(&again);
}

/* By hand: three records of one key. The second's and third's bytes differ from the ones
 * before by 7 and 3, their upper ends lie as far above as the lower ends below. */
static void test_by_hand(void **state)
{
    static const char *const payloads[] = {
        "{\"n\":1000,\"w\":\"" WORD "\",\"s\":{\"p\":50,\"low\":40,\"high\":60}}",
        "{\"n\":1007,\"w\":\"" WORD "\",\"s\":{\"p\":70,\"low\":55,\"high\":86}}",
        "{\"n\":1010,\"w\":\"" WORD "\",\"s\":{\"p\":72,\"low\":58,\"high\":86}}",
    };
    static const char expected[] =
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\\\"n\\\":\",0,\",\\\"w\\\":"
        "\\\"\",1,"
        "\"\\\",\\\"s\\\":{\\\"p\\\":\",2,\",\\\"low\\\":\",3,\",\\\"high\\\":\",4,\"}}\"]]"
        "}\n"
        "0 0 0\nc2ln c2ln c2ln\n"
        "1,0,0,0 1000 7 3\ns " WORD "  \n1,0,0,0 50 20 2\n1,1,-1,0 -10 -5 1\n"
        "0,-1,0,2 0 1 0\n";
    struct bw_buf lines;
    struct bw_buf part;

    (void)state;
    bw_buf_init(&lines, (size_t)1 << 20);
    for (size_t i = 0; i < 3; i++) {
        put_jws(&lines, "{}", payloads[i]);
    }
    round_trip(&lines, &part);
    assert_string_equal(part.data, expected);
    bw_buf_done(&part);
    bw_buf_done(&lines);
}

/* A histogram with buckets 5, 6 and 9; the hash of the record before. */
static void test_hist_and_prev(void **state)
{
    static const uint8_t hist[] = {5, 3, 1, 200, 1, 3, 1};
    char text[32];
    char prev[BW_HASH_LEN + 1];
    struct bw_buf lines;
    struct bw_buf part;
    struct bw_buf payload;

    (void)state;
    bw_b64_encode(hist, sizeof(hist), text);
    bw_buf_init(&lines, (size_t)1 << 20);
    bw_buf_init(&payload, (size_t)1 << 20);
    put_jws(&lines, "{\"kid\":\"a\"}", "{}");
    bw_sha256_text(lines.data, lines.len - 1, prev);
    bw_buf_printf(&payload, "{\"prev\":\"%s\",\"rtt_hist\":\"%s\",\"x_hist\":\"AA\"}", prev,
                  text);
    put_jws(&lines, "{\"kid\":\"a\"}", payload.data);
    put_jws(&lines, "{\"kid\":\"b\"}", payload.data); /* not its hash: a word */
    round_trip(&lines, &part);
    assert_non_null(strstr(part.data, "[0,\"{\\\"prev\\\":\\\"\",-1,\"\\\""));
    assert_non_null(strstr(part.data, "\nh 5,3,200,,,1 5,3,200,,,1\n"));
    assert_non_null(strstr(part.data, prev));
    bw_buf_done(&part);
    bw_buf_done(&payload);
    bw_buf_done(&lines);
}

/* Whatever a record is, it comes back. */
static void test_odd(void **state)
{
    static const char *const payloads[] = {
        "",
        "{",
        "no JSON at all",
        "{\"a\":-0,\"b\":007,\"c\":1.50,\"d\":1e5,\"e\":-12,\"f\":999999999999999999}",
        "{\"a\":1234567890123456789012,\"b\":9223372036854775807}",
        "{\"a_hist\":\"\",\"b_hist\":\"AQ\",\"c_hist\":\"AQEAAQ\",\"d_hist\":\"gAAB\"}",
        ("{\"a\":\"sch\xc3\xb6n sch\xc3\xb6n "
         "sch\xc3\xb6n\",\"b\":\"\\\"\\\\\",\"c\":[[[[1]],2]]}"),
        "{\"a\":\"\xff\xfe\"}",
        "{\"a\":\"x\ny\"}",
        "]]]]",
        "[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]",
        "{\"open\":\"",
    };
    struct bw_err err = {""};
    struct bw_buf lines;
    struct bw_buf part;

    (void)state;
    bw_buf_init(&lines, (size_t)1 << 20);
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
            put_jws(&lines, k ? "{\"alg\":\"ES256\"}" : "{}", payloads[i]);
        }
        bw_buf_puts(&lines, "e30.e31.c2ln\n.e30.c2ln\ne30..\n"); /* e31: stray bits */
    }
    round_trip(&lines, &part);
    bw_buf_done(&part);
    bw_buf_clear(&lines);
    bw_buf_puts(&lines, "not one\n");
    bw_buf_init(&part, 1000);
    assert_int_equal(bw_columns_write(lines.data, lines.len, &part, &err), -EINVAL);
    bw_buf_done(&part);
    bw_buf_done(&lines);
}

/* What is cut, too long, or points elsewhere is refused. */
static void test_damaged(void **state)
{
    static const char *const bad[] = {
        "",
        "{}\n\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\n0,0,0,0 1 "
        "2\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\n0,0,0 1\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\n0,0,0,0 1",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n1\nc2ln\n0,0,0,0 1\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[1,\"{\",0]]}\n0\nc2ln\n0,0,0,0 1\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",-1]]}\n0\nc2ln\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln c2ln\n0,0,0,0 "
        "1\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\nh 5\n",
        "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0,\"{\",0]]}\n0\nc2ln\ns \n",
    };
    static const char newer[] = "{\"v\":2}\n\n\n";
    struct bw_err err = {""};
    struct bw_buf out;

    (void)state;
    bw_buf_init(&out, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_columns_read(bad[i], strlen(bad[i]), &out, &err) != -BW_EMALFORMED) {
            fail_msg("%s: taken", bad[i]);
        }
    }
    assert_int_equal(bw_columns_read(newer, strlen(newer), &out, &err), -BW_ENEWER);
    bw_buf_done(&out);
}

/* Records of more keys than a part has headers, and of more forms than line 1 has room
 * for: the rest stand as they are. */
static void test_many(void **state)
{
    struct bw_buf lines;
    struct bw_buf part;
    struct bw_buf text;
    const char *kinds;

    (void)state;
    bw_buf_init(&lines, (size_t)1 << 24);
    bw_buf_init(&text, (size_t)1 << 20);
    for (int i = 0; i < 70; i++) {
        bw_buf_clear(&text);
        bw_buf_printf(&text, "{\"kid\":\"%d\"}", i);
        put_jws(&lines, text.data, "{\"a\":1}");
    }
    round_trip(&lines, &part);
    kinds = strchr(part.data, '\n') + 1;
    assert_int_equal(memcmp(kinds, "0 1 2 3 ", 4), 0);
    assert_non_null(strstr(kinds, " 63 eyJ"));
    bw_buf_done(&part);
    bw_buf_clear(&lines);
    for (int i = 0; i < 600; i++) {
        bw_buf_clear(&text);
        bw_buf_putc(&text, '{');
        for (int k = 0; k < 1200; k++) {
            bw_buf_printf(&text, "\"%c%d\":1,", k == i ? 'b' : 'a', k);
        }
        bw_buf_puts(&text, "\"z\":0}");
        put_jws(&lines, "{}", text.data);
    }
    round_trip(&lines, &part);
    kinds = strchr(part.data, '\n') + 1;
    assert_true((size_t)(kinds - part.data) < BW_COLUMNS_HEAD_MAX);
    assert_null(strstr(kinds, " 599")); /* not all have a template */
    assert_non_null(strstr(kinds, " 200 201 "));
    bw_buf_done(&part);
    bw_buf_done(&text);
    bw_buf_done(&lines);
}

/* Small texts that would take much memory or time. */
static void test_harmful(void **state)
{
    static const char head[] = "{\"v\":1,\"headers\":[\"{}\"],\"templates\":[[0";
    struct bw_err err = {""};
    struct bw_buf part;
    struct bw_buf out;

    (void)state;
    bw_buf_init(&part, (size_t)1 << 26);
    bw_buf_init(&out, (size_t)1 << 20);
    bw_buf_puts(&part, head);
    bw_buf_puts(&part, ",\"\",\"x\"]]}\n0\nc2ln\n"); /* a piece of nothing */
    assert_int_equal(bw_columns_read(part.data, part.len, &out, &err), -BW_EMALFORMED);
    for (int i = 0; i < 2; i++) {
        bw_buf_clear(&part);
        bw_buf_puts(&part, head);
        for (int k = 0; k < 600000; k++) { /* pieces; then the same in one string */
            bw_buf_puts(&part, i == 0 ? ",\"y\"" : k == 0 ? ",\"" : ",\\\"");
        }
        bw_buf_puts(&part, i == 0 ? "]]}\n0\nc2ln\n" : "\"]]}\n0\nc2ln\n");
        assert_int_equal(bw_columns_read(part.data, part.len, &out, &err),
                         i == 0 ? -E2BIG : -BW_EMALFORMED); /* longer than a record is */
    }
    bw_buf_clear(&part);
    bw_buf_puts(&part, head);
    bw_buf_puts(&part, ",\"");
    while (part.len <= BW_COLUMNS_HEAD_MAX) {
        bw_buf_puts(&part, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
    }
    bw_buf_puts(&part, "\"]]}\n0\nc2ln\n");
    assert_int_equal(bw_columns_read(part.data, part.len, &out, &err), -E2BIG);
    bw_buf_done(&part);
    bw_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_hist_and_prev),
        cmocka_unit_test(test_odd),     cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_many),    cmocka_unit_test(test_harmful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
