/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_accept.c - codings that clients take, and gzip as others read it. */
#include "bw_test.h"

#include <accept.h>
#include <buf.h>
#include <errno.h>
#include <gzip.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static enum bw_accept_answer of(const char *first, const char *second)
{
    struct bw_accept a;
    bw_accept_init(&a);
    if (first) {
        bw_accept_read(&a, first);
    }
    if (second) {
        bw_accept_read(&a, second);
    }
    return bw_accept_answer(&a);
}

static void headers(void **state)
{
    static const struct {
        const char *value;
        enum bw_accept_answer want;
    } cases[] = {{NULL, BW_ACCEPT_PLAIN},
                 {"", BW_ACCEPT_PLAIN},
                 {"gzip", BW_ACCEPT_GZIP},
                 {"gzip, deflate, br, zstd", BW_ACCEPT_GZIP},
                 {"br;q=1.0, GZIP;Q=0.8, *;q=0.1", BW_ACCEPT_GZIP},
                 {"x-gzip", BW_ACCEPT_GZIP},
                 {"gzipped, xgzip", BW_ACCEPT_PLAIN},
                 {"deflate", BW_ACCEPT_PLAIN},
                 {"*", BW_ACCEPT_GZIP},
                 {"gzip;q=0", BW_ACCEPT_PLAIN},
                 {"gzip;q=0.000, *", BW_ACCEPT_PLAIN},
                 {"identity", BW_ACCEPT_PLAIN},
                 {"gzip;q=0.5, identity;q=0.9", BW_ACCEPT_PLAIN},
                 {"gzip;q=0.5,identity;q=0.5", BW_ACCEPT_GZIP},
                 {"gzip;q=0.001", BW_ACCEPT_GZIP},
                 {"gzip, identity;q=0", BW_ACCEPT_GZIP_ONLY},
                 {"gzip , *; q=0", BW_ACCEPT_GZIP_ONLY},
                 {"*;q=0.3, identity;q=0", BW_ACCEPT_GZIP_ONLY},
                 {"identity;q=0", BW_ACCEPT_NOTHING},
                 {"br, *;q=0", BW_ACCEPT_NOTHING},
                 {"gzip;q=0, identity;q=0.0", BW_ACCEPT_NOTHING},
                 {"identity, *;q=0", BW_ACCEPT_PLAIN},
                 /* what is no weight is passed over */
                 {"gzip;q=1.001", BW_ACCEPT_PLAIN},
                 {"gzip;q=0.0001", BW_ACCEPT_PLAIN},
                 {"gzip;q=2", BW_ACCEPT_PLAIN},
                 {"gzip;q=-1", BW_ACCEPT_PLAIN},
                 {"gzip;q=", BW_ACCEPT_PLAIN},
                 {"gzip;level=9", BW_ACCEPT_PLAIN},
                 {"gzip;", BW_ACCEPT_PLAIN},
                 {"identity;q=nan, gzip", BW_ACCEPT_GZIP},
                 {",,;q=0,, gzip ,", BW_ACCEPT_GZIP},
                 {"gzip, gzip;q=0", BW_ACCEPT_PLAIN}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (of(cases[i].value, NULL) != cases[i].want) {
            fail_msg("%s", cases[i].value);
        }
    }
    assert_int_equal(of("br", "gzip;q=0.2"), BW_ACCEPT_GZIP);
    assert_int_equal(of("gzip", "identity;q=0"), BW_ACCEPT_GZIP_ONLY);
}

/* zlib's own reader of whole members, as another program would use it. */
static size_t by_zlib(const struct bw_buf *packed, char *out, size_t cap)
{
    z_stream z;
    memset(&z, 0, sizeof(z));
    assert_int_equal(inflateInit2(&z, 16 + 15), Z_OK);
    z.next_in = (Bytef *)packed->data;
    z.avail_in = (unsigned)packed->len;
    z.next_out = (Bytef *)out;
    z.avail_out = (unsigned)cap;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    size_t n = cap - z.avail_out;
    assert_int_equal(inflateEnd(&z), Z_OK);
    return n;
}

enum {
    BYTES = 200000
};

static char *words(void)
{
    char *text = malloc(BYTES);
    assert_non_null(text);
    unsigned luck = 7;
    for (size_t i = 0; i < BYTES; i++) {
        luck = luck * 1103515245u + 12345u;
        text[i] = "alder birch cedar "[(luck >> 16) % 18];
    }
    return text;
}

static void members(void **state)
{
    char *text = words();
    char *back = malloc(BYTES + 1);
    struct bw_gzip *g = NULL;
    struct bw_buf first;
    struct bw_buf again;
    (void)state;
    assert_non_null(back);
    bw_buf_init(&first, BYTES);
    bw_buf_init(&again, BYTES);
    assert_int_equal(bw_gzip_new(BW_GZIP_USUAL, &g), 0);
    assert_int_equal(bw_gzip_whole(g, text, BYTES, &first), 0);
    assert_true(first.len < BYTES / 2);
    assert_int_equal(by_zlib(&first, back, BYTES + 1), BYTES);
    assert_memory_equal(back, text, BYTES);
    assert_int_equal(memcmp(first.data + 4, "\0\0\0\0", 4), 0); /* no time */
    /* the same packer, the same bytes */
    assert_int_equal(bw_gzip_whole(g, text, BYTES, &again), 0);
    assert_int_equal(again.len, first.len);
    assert_memory_equal(again.data, first.data, first.len);
    bw_buf_clear(&again);
    assert_int_equal(bw_gzip_whole(g, "", 0, &again), 0);
    assert_int_equal(by_zlib(&again, back, 1), 0);
    /* no room */
    again.max = 10;
    bw_buf_clear(&again);
    assert_int_equal(bw_gzip_whole(g, text, BYTES, &again), -E2BIG);
    /* opened, cut, more behind it, too large, not one */
    bw_buf_done(&again);
    bw_buf_init(&again, BYTES);
    assert_int_equal(bw_gzip_open(first.data, first.len, &again), 0);
    assert_int_equal(again.len, BYTES);
    assert_memory_equal(again.data, text, BYTES);
    bw_buf_clear(&again);
    assert_int_equal(bw_gzip_open(first.data, first.len - 1, &again), -EINVAL);
    bw_buf_clear(&again);
    bw_buf_add(&first, "x", 1);
    assert_int_equal(bw_gzip_open(first.data, first.len, &again), -EINVAL);
    bw_buf_clear(&again);
    again.max = BYTES - 1;
    assert_int_equal(bw_gzip_open(first.data, first.len - 1, &again), -E2BIG);
    bw_buf_clear(&again);
    assert_int_equal(bw_gzip_open("no member", 9, &again), -EINVAL);
    bw_buf_done(&first);
    bw_buf_done(&again);
    bw_gzip_free(g);
    free(back);
    free(text);
}

/* In pieces of all lengths, with little room: the same that went in. */
static void pieces(void **state)
{
    char *text = words();
    char *back = malloc(BYTES);
    struct bw_gzip *g = NULL;
    struct bw_buf out;
    (void)state;
    assert_non_null(back);
    assert_int_equal(bw_gzip_new(BW_GZIP_FAST, &g), 0);
    for (size_t cap = 1; cap < 40000; cap = cap * 37 + 1) {
        const char *at = text;
        size_t left = BYTES;
        int over = 0;
        bw_buf_init(&out, BYTES);
        for (size_t step = 1; !over; step = step * 3 % 50021) {
            char room[40000];
            size_t n = step < left ? step : left;
            size_t given = n;
            size_t got = 0;
            over = bw_gzip_some(g, &at, &n, n == left, room, cap, &got);
            left -= given - n;
            bw_buf_add(&out, room, got);
        }
        assert_int_equal(left, 0);
        assert_int_equal(by_zlib(&out, back, BYTES), BYTES);
        assert_memory_equal(back, text, BYTES);
        bw_buf_done(&out);
    }
    bw_gzip_free(g);
    bw_gzip_free(NULL);
    free(back);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers), cmocka_unit_test(members),
                                       cmocka_unit_test(pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
