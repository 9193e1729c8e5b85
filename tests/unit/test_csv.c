/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_csv.c - rows and fields as RFC 4180 has them, and everything that is none. */
#include "bw_test.h"

#include "csvrows.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All rows as text: fields between brackets, the line before each row. */
static int all(const char *data, size_t n, char *out, size_t cap, struct bw_err *err)
{
    struct bw_csv *c;
    const struct bw_csv_field *f;
    size_t fields;
    size_t used = 0;
    int r = bw_csv_memory("a.csv", data, n, &c, err);
    assert_int_equal(r, 0);
    out[0] = '\0';
    while ((r = bw_csv_next(c, &f, &fields, err)) > 0) {
        used += (size_t)snprintf(out + used, cap - used, "%lld", (long long)bw_csv_line(c));
        for (size_t i = 0; i < fields; i++) {
            assert_int_equal(strlen(f[i].text), f[i].n);
            used += (size_t)snprintf(out + used, cap - used, "[%s]", f[i].text);
        }
    }
    bw_csv_close(c);
    return r;
}

static void good(const char *data, const char *want)
{
    char out[512];
    struct bw_err err = {.text = ""};
    int r = all(data, strlen(data), out, sizeof(out), &err);
    if (r != 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(out, want);
}

static void bad_bytes(const char *data, size_t n, int code, const char *want)
{
    char out[512];
    struct bw_err err = {.text = ""};
    assert_int_equal(all(data, n, out, sizeof(out), &err), code);
    if (!strstr(err.text, want)) {
        fail_msg("\"%s\" is not in \"%s\"", want, err.text);
    }
}

static void bad(const char *data, const char *want)
{
    bad_bytes(data, strlen(data), -BW_EMALFORMED, want);
}

static void rows(void **state)
{
    (void)state;
    good("", "");
    good("a", "1[a]");
    good("a,b\n1,2\n", "1[a][b]2[1][2]");
    good("a,b\r\n1,2\r\n3,4", "1[a][b]2[1][2]3[3][4]");
    good("\xef\xbb\xbf"
         "a,b\n1,2",
         "1[a][b]2[1][2]");
    good("\xef\xbb\xbf", "");
    good("a,b\n,\n", "1[a][b]2[][]");
    good("\n\na\n\r\n1\n", "3[a]5[1]");
    good("a,b\n\xc3\xa9,\xe2\x82\xac\n", "1[a][b]2[\xc3\xa9][\xe2\x82\xac]");
}

static void quotes(void **state)
{
    (void)state;
    good("\"a\",\"b\"\n\"1,5\",\"\"\n", "1[a][b]2[1,5][]");
    good("a,b\n\"say \"\"oak\"\"\",x\n", "1[a][b]2[say \"oak\"][x]");
    good("a,b\n\"\"\"\",\"\"\"\"\"\"\n", "1[a][b]2[\"][\"\"]");
    good("a,b\n\"one\ntwo\r\nthree\",x\n4,5\n", "1[a][b]2[one\ntwo\r\nthree][x]5[4][5]");
    good("a\n\"x\"", "1[a]2[x]");
    good("a,b\n\"x\",\"y\"\r\n", "1[a][b]2[x][y]");
}

static void broken(void **state)
{
    (void)state;
    bad("a,b\n1,x\"y\n", "a.csv:2: field 2: a quote");
    bad("a,b\n1,\"x\"y\n", "a.csv:2: field 2: text after the closing quote");
    bad("a,b\n1,\"x\n2,3\n", "a.csv:2: field 2: a quote that is never closed");
    bad("a,b\n1,2\n1\r2,3\n", "a.csv:3: field 1: a carriage return");
    bad("a,b\n1,2\n1,2,3\n", "a.csv:3: 3 fields, but the heading has 2");
    bad("a,b\n1\n", "a.csv:2: 1 fields, but the heading has 2");
    bad("a,b\n1,\xe9t\xe9\n", "a.csv:2: text that is not UTF-8");
    bad("\xff\xfe"
        "a",
        "a.csv:1: this is UTF-16");
    bad("PK\x03\x04", "a.csv:1: this is a compressed file");
    bad_bytes("a,b\n1,\0\n", 8, -BW_EMALFORMED, "a.csv:2: a NUL byte");
}

/* A wide row without end, one line, or many lines within a quote. */
static void too_long(void **state)
{
    size_t n = 10 * 1024 * 1024;
    char *text = malloc(n);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, "a,b\n1,2\n", 8);
    bad_bytes(text, n, -E2BIG, "a.csv:3: a row of more than 1048576 bytes");
    memset(text + 8, '\n', n - 8);
    text[8] = '"';
    bad_bytes(text, n, -E2BIG, "a.csv:3: a row of more than");
    free(text);
}

/* The longest row that is taken, and many fields; the window slides over all of them. */
static void at_the_border(void **state)
{
    size_t n = 3 * (size_t)BW_CSV_ROW_MAX + 16;
    char *text = malloc(n);
    struct bw_csv *c;
    const struct bw_csv_field *f;
    size_t fields;
    struct bw_err err = {.text = ""};
    (void)state;
    assert_non_null(text);
    memset(text, 'x', n);
    text[BW_CSV_ROW_MAX] = '\n';
    text[2 * BW_CSV_ROW_MAX + 1] = '\n';
    assert_int_equal(bw_csv_memory("a.csv", text, 2 * (size_t)BW_CSV_ROW_MAX + 2, &c, &err),
                     0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bw_csv_next(c, &f, &fields, &err), 1);
        assert_int_equal(fields, 1);
        assert_int_equal(f[0].n, BW_CSV_ROW_MAX);
        assert_int_equal(bw_csv_line(c), i + 1);
    }
    assert_int_equal(bw_csv_next(c, &f, &fields, &err), 0);
    bw_csv_close(c);
    assert_int_equal(bw_csv_memory("a.csv", text, 3 * (size_t)BW_CSV_ROW_MAX + 3, &c, &err),
                     0);
    assert_int_equal(bw_csv_next(c, &f, &fields, &err), 1);
    assert_int_equal(bw_csv_next(c, &f, &fields, &err), 1);
    assert_int_equal(bw_csv_next(c, &f, &fields, &err), -E2BIG);
    assert_non_null(strstr(err.text, "a.csv:3: a row of more"));
    bw_csv_close(c);
    memset(text, ',', n);
    bad_bytes(text, 1000, -BW_EMALFORMED, "a.csv:1: more than 512 fields");
    free(text);
}

static void stays_failed(void **state)
{
    struct bw_csv *c;
    const struct bw_csv_field *f;
    size_t n;
    uint8_t hash[32];
    struct bw_err err;
    (void)state;
    assert_int_equal(bw_csv_memory("a.csv", "a\n\"x\n", 5, &c, &err), 0);
    assert_int_equal(bw_csv_next(c, &f, &n, &err), 1);
    assert_int_equal(bw_csv_next(c, &f, &n, &err), -BW_EMALFORMED);
    assert_int_equal(bw_csv_next(c, &f, &n, &err), -BW_EMALFORMED);
    assert_int_equal(bw_csv_sha256(c, hash), -EAGAIN);
    bw_csv_close(c);
    bw_csv_close(NULL);
}

static void files(void **state)
{
    char path[] = "/tmp/bw-csv-XXXXXX";
    int fd = mkstemp(path);
    struct bw_csv *c;
    const struct bw_csv_field *f;
    size_t n;
    uint8_t hash[32];
    uint8_t want[32];
    struct bw_err err;
    char row[64];
    char *text = calloc(1, 4 * 1024 * 1024);
    size_t used = 0;
    (void)state;
    assert_true(fd >= 0);
    assert_non_null(text);
    for (int i = 0; i < 60000; i++) {
        int k = snprintf(row, sizeof(row), "%d,\"two\nlines %d\"\r\n", i, i);
        memcpy(text + used, row, (size_t)k);
        used += (size_t)k;
    }
    assert_int_equal(write(fd, text, used), used);
    (void)close(fd);
    assert_int_equal(bw_csv_open(path, &c, &err), 0);
    assert_int_equal(bw_csv_size_bytes(c), used);
    for (int i = 0; i < 60000; i++) {
        assert_int_equal(bw_csv_next(c, &f, &n, &err), 1);
        assert_int_equal(n, 2);
        assert_int_equal(strtol(f[0].text, NULL, 10), i);
        (void)snprintf(row, sizeof(row), "two\nlines %d", i);
        assert_string_equal(f[1].text, row);
        assert_int_equal(bw_csv_line(c), 1 + 2 * i);
    }
    assert_int_equal(bw_csv_sha256(c, hash), -EAGAIN);
    assert_int_equal(bw_csv_next(c, &f, &n, &err), 0);
    assert_int_equal(bw_csv_next(c, &f, &n, &err), 0);
    assert_int_equal(bw_csv_read_bytes(c), used);
    assert_int_equal(bw_csv_sha256(c, hash), 0);
    bw_sha256(text, used, want);
    assert_memory_equal(hash, want, 32);
    bw_csv_close(c);
    (void)unlink(path);
    free(text);
    assert_int_equal(bw_csv_open("/nowhere/a.csv", &c, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/a.csv"));
    assert_int_equal(bw_csv_open("/tmp", &c, &err), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),          cmocka_unit_test(quotes),
        cmocka_unit_test(broken),        cmocka_unit_test(too_long),
        cmocka_unit_test(at_the_border), cmocka_unit_test(stays_failed),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
