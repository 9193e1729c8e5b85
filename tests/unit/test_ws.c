/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ws.c - frames and messages: the examples of RFC 6455 section 5.7 both ways, any cut
 * of a stream gives the same events, and every fault is named with its Close code. */
#include "bw_test.h"

#include "ws.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t example_mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static const struct bw_ws_limits limits = {.binary_max = 1 << 24, .text_max = 65536};

/* What a stream of bytes said, written down. */
struct heard {
    char text[2048];
    size_t n;
    int error;
    int close_code;
};

static void note(struct heard *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct heard *h, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    h->n += (size_t)vsnprintf(h->text + h->n, sizeof(h->text) - h->n, fmt, ap);
    va_end(ap);
    assert_true(h->n < sizeof(h->text));
}

static void hear_event(struct heard *h, const struct bw_ws_event *e)
{
    if (e->what == BW_WS_CONTROL || e->first) {
        note(h, "%d:", (int)e->opcode);
    }
    for (size_t i = 0; i < e->n; i++) {
        note(h, "%c", e->data[i] >= 0x20 && e->data[i] < 0x7f ? e->data[i] : '?');
    }
    if (e->last) {
        note(h, "|");
    }
}

/* The bytes in parts of `step`. */
static void
hear(const void *bytes, size_t n, size_t step, enum bw_ws_end end, struct heard *ret)
{
    struct bw_ws_reader r;
    (void)memset(ret, 0, sizeof(*ret));
    bw_ws_reader_init(&r, end, &limits);
    r.unmask_binary = true;
    for (size_t at = 0; at < n; at += step) {
        size_t part = n - at < step ? n - at : step;
        uint8_t *copy = malloc(part); /* so that a sanitizer sees its end */
        size_t used = 0;
        assert_non_null(copy);
        (void)memcpy(copy, (const uint8_t *)bytes + at, part);
        for (;;) {
            struct bw_ws_event e;
            size_t now = 0;
            ret->error = bw_ws_next(&r, copy + used, part - used, &now, &e, NULL);
            ret->close_code = r.close_code;
            if (ret->error < 0) {
                free(copy);
                return;
            }
            used += now;
            assert_true(used <= part);
            if (e.what == BW_WS_MORE) {
                break;
            }
            hear_event(ret, &e);
        }
        assert_int_equal(used, part);
        free(copy);
    }
}

#define HEAR(array, step, end, ret) hear(array, sizeof(array), step, end, ret)

static void examples_are_read(void **state)
{
    static const uint8_t unmasked[] = {0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    static const uint8_t masked[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                     0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static const uint8_t fragments[] = {0x01, 0x03, 0x48, 0x65, 0x6c,
                                        0x80, 0x02, 0x6c, 0x6f};
    static const uint8_t ping[] = {0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    static const uint8_t pong[] = {0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                   0x7f, 0x9f, 0x4d, 0x51, 0x58};
    struct heard h;
    (void)state;
    for (size_t step = 1; step <= 12; step++) {
        HEAR(unmasked, step, BW_WS_CLIENT, &h);
        assert_string_equal(h.text, "1:Hello|");
        HEAR(masked, step, BW_WS_SERVER, &h);
        assert_string_equal(h.text, "1:Hello|");
        HEAR(fragments, step, BW_WS_CLIENT, &h);
        assert_string_equal(h.text, "1:Hello|");
        HEAR(ping, step, BW_WS_CLIENT, &h);
        assert_string_equal(h.text, "9:Hello|");
        HEAR(pong, step, BW_WS_SERVER, &h);
        assert_string_equal(h.text, "10:Hello|");
    }
}

static void examples_are_written(void **state)
{
    static const uint8_t hello[] = {0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    static const uint8_t pong[] = {0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                   0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static const uint8_t bytes_256[] = {0x82, 0x7e, 0x01, 0x00};
    static const uint8_t bytes_64k[] = {0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0};
    struct bw_ws_frame f = {.opcode = BW_WS_BINARY, .fin = true, .length = 256};
    uint8_t buf[64];
    (void)state;
    assert_int_equal(bw_ws_put(buf, sizeof(buf), BW_WS_TEXT, "Hello", 5, NULL), 7);
    assert_memory_equal(buf, hello, 7);
    assert_int_equal(bw_ws_put(buf, sizeof(buf), BW_WS_PONG, "Hello", 5, example_mask), 11);
    assert_memory_equal(buf, pong, 11);
    assert_int_equal(bw_ws_put(buf, 10, BW_WS_PONG, "Hello", 5, example_mask), 0);
    assert_int_equal(bw_ws_frame_write(&f, buf), 4);
    assert_memory_equal(buf, bytes_256, 4);
    f.length = 65536;
    assert_int_equal(bw_ws_frame_write(&f, buf), 10);
    assert_memory_equal(buf, bytes_64k, 10);
}

/* Every length at the edges of its three forms, masked and not, is read as written. */
static void lengths_come_back(void **state)
{
    static const uint64_t lengths[] = {0,     1,     125,     126,     127,
                                       65535, 65536, 1 << 20, 1 << 24, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (int masked = 0; masked < 2; masked++) {
            struct bw_ws_frame f = {.opcode = BW_WS_BINARY,
                                    .fin = true,
                                    .masked = masked != 0,
                                    .mask = {1, 2, 3, 4},
                                    .length = lengths[i]};
            struct bw_ws_frame got;
            uint8_t buf[BW_WS_HEADER_MAX];
            size_t n = bw_ws_frame_write(&f, buf);
            for (size_t cut = 0; cut < n; cut++) {
                assert_int_equal(bw_ws_frame_read(buf, cut, &got, NULL), 0);
            }
            assert_int_equal(bw_ws_frame_read(buf, n, &got, NULL), n);
            assert_true(got.length == lengths[i] && got.masked == (masked != 0) && got.fin);
            assert_int_equal(got.opcode, BW_WS_BINARY);
            assert_memory_equal(got.mask, masked ? f.mask : (const uint8_t[4]){0}, 4);
        }
    }
}

static void masks_from_anywhere(void **state)
{
    uint8_t plain[61];
    uint8_t whole[61];
    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 37 + 11);
        whole[i] = plain[i] ^ example_mask[i & 3];
    }
    for (size_t from = 0; from < sizeof(plain); from++) {
        uint8_t part[61];
        (void)memcpy(part, plain, sizeof(part));
        bw_ws_mask(part, from, example_mask, 0);
        bw_ws_mask(part + from, sizeof(part) - from, example_mask, from);
        assert_memory_equal(part, whole, sizeof(part));
    }
}

/* Control frames between the fragments of a message, an empty message, empty fragments. */
static void fragments_and_controls(void **state)
{
    static const uint8_t bytes[] = {0x02, 0x02, 'a', 'b',  0x89, 0x01, '!',  0x00, 0x00,
                                    0x00, 0x01, 'c', 0x8a, 0x00, 0x80, 0x00, 0x81, 0x00,
                                    0x82, 0x01, 'd', 0x88, 0x02, 0x03, 0xe8};
    struct heard h;
    (void)state;
    for (size_t step = 1; step <= sizeof(bytes); step++) {
        HEAR(bytes, step, BW_WS_CLIENT, &h);
        assert_int_equal(h.error, 0);
        assert_string_equal(h.text, "2:ab9:!|c10:||1:|2:d|8:??|");
    }
}

static void faults_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum bw_ws_end end;
        int error;
        int code;
    } rows[] = {
        {"\xc1\x00", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* reserved bit */
        {"\x83\x00", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* unknown opcode */
        {"\x8b\x00", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002},
        {"\x09\x00", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002},         /* ping in fragments */
        {"\x89\x7e", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002},         /* a long ping */
        {"\x82\x7e\x00\x7d", 4, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* not shortest */
        {"\x82\x7f\0\0\0\0\0\0\xff\xff", 10, BW_WS_CLIENT, -BW_EMALFORMED, 1002},
        {"\x82\x7f\x80\0\0\0\0\0\0\0", 10, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* 2^63 */
        {"\x82\x7f\0\0\0\0\x01\0\0\x01", 10, BW_WS_CLIENT, -E2BIG, 1009}, /* 2^24 + 1 */
        {"\x81\x7f\0\0\0\0\0\x01\0\x01", 10, BW_WS_CLIENT, -E2BIG, 1009}, /* long text */
        {"\x80\x00", 2, BW_WS_CLIENT, -BW_EMALFORMED, 1002},         /* continues nothing */
        {"\x01\x00\x82\x00", 4, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* new within one */
        {"\x82\x80\0\0\0\0", 6, BW_WS_CLIENT, -BW_EMALFORMED, 1002}, /* masked by server */
        {"\x82\x00", 2, BW_WS_SERVER, -BW_EMALFORMED, 1002}, /* unmasked by client */
        {"\x01\x7e\x80\x00", 4, BW_WS_CLIENT, 0, 0},         /* half a text is fine */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step <= rows[i].n; step++) {
            struct heard h;
            hear(rows[i].bytes, rows[i].n, step, rows[i].end, &h);
            assert_int_equal(h.error, rows[i].error);
            assert_int_equal(h.close_code, rows[i].code);
        }
    }
}

/* The sum of a message's fragments is limited as one frame is. */
static void fragments_sum_up(void **state)
{
    uint8_t bytes[5 + 0x8000 + 4];
    const struct bw_ws_limits few = {.binary_max = 0x8000, .text_max = 10};
    struct bw_ws_reader r;
    struct bw_ws_event e;
    size_t used;
    int code;
    (void)state;
    (void)memset(bytes, 0, sizeof(bytes));
    (void)memcpy(bytes, "\x02\x7e\x80\x00", 4); /* 2^15 bytes, more to follow */
    (void)memcpy(bytes + 4 + 0x8000, "\x80\x01x", 3);
    bw_ws_reader_init(&r, BW_WS_CLIENT, &few);
    assert_int_equal(bw_ws_next(&r, bytes, 4 + 0x8000, &used, &e, NULL), 0);
    assert_int_equal(e.n, 0x8000);
    assert_true(e.first && !e.last);
    code = bw_ws_next(&r, bytes + used, 3, &used, &e, NULL);
    assert_int_equal(code, -E2BIG);
    assert_int_equal(r.close_code, 1009);
}

/* Binary payload stays as it was sent where nobody asked for more. */
static void binary_is_left_alone(void **state)
{
    uint8_t bytes[] = {0x82, 0x83, 1, 2, 3, 4, 'a', 'b', 'c'};
    struct bw_ws_reader r;
    struct bw_ws_event e;
    size_t used;
    (void)state;
    bw_ws_reader_init(&r, BW_WS_SERVER, &limits);
    assert_int_equal(bw_ws_next(&r, bytes, sizeof(bytes), &used, &e, NULL), 0);
    assert_int_equal(used, sizeof(bytes));
    assert_ptr_equal(e.data, bytes + 6);
    assert_memory_equal(e.data, "abc", 3);
}

/* What is skipped is as if it had been read. */
static void skipped(void **state)
{
    uint8_t bytes[] = {0x02, 0x05, 'a', 'b',  'c',  'd', 'e', 0x80,
                       0x02, 'f',  'g', 0x81, 0x02, 'h', 'i'};
    struct bw_ws_reader r;
    struct bw_ws_event e;
    size_t used;
    (void)state;
    bw_ws_reader_init(&r, BW_WS_CLIENT, &limits);
    assert_true(bw_ws_skippable(&r) == 0);
    assert_int_equal(bw_ws_next(&r, bytes, 3, &used, &e, NULL), 0); /* "a" */
    assert_true(e.n == 1 && e.first && !e.last);
    assert_true(bw_ws_skippable(&r) == 3); /* not the last of them */
    bw_ws_skipped(&r, 2);
    assert_true(bw_ws_skippable(&r) == 1);
    assert_int_equal(bw_ws_next(&r, bytes + 5, sizeof(bytes) - 5, &used, &e, NULL), 0);
    assert_memory_equal(e.data, "de", 2);
    assert_true(e.n == 2 && !e.first && !e.last);
    assert_true(bw_ws_skippable(&r) == 0);
    assert_int_equal(bw_ws_next(&r, bytes + 7, 3, &used, &e, NULL), 0);
    assert_true(e.n == 1 && !e.last);
    assert_true(bw_ws_skippable(&r) == 0); /* one byte is left */
    assert_int_equal(bw_ws_next(&r, bytes + 10, 1, &used, &e, NULL), 0);
    assert_true(e.n == 1 && e.last);
    assert_int_equal(bw_ws_next(&r, bytes + 11, 3, &used, &e, NULL), 0);
    assert_true(e.opcode == BW_WS_TEXT && e.first && bw_ws_skippable(&r) == 0);
}

static void closes(void **state)
{
    uint8_t buf[BW_WS_CONTROL_MAX];
    char lengthy[200];
    const char *reason;
    size_t n;
    int code = 0;
    (void)state;
    assert_int_equal(bw_ws_close_write(buf, BW_WS_NORMAL, "done"), 6);
    assert_memory_equal(buf,
                        "\x03\xe8"
                        "done",
                        6);
    assert_int_equal(bw_ws_close_read(buf, 6, &code, &reason, &n), 0);
    assert_int_equal(code, 1000);
    assert_int_equal(n, 4);
    assert_memory_equal(reason, "done", 4);
    assert_int_equal(bw_ws_close_write(buf, BW_WS_NO_CODE, "never said"), 0);
    assert_int_equal(bw_ws_close_read(buf, 0, &code, &reason, &n), 0);
    assert_int_equal(code, BW_WS_NO_CODE);
    assert_int_equal(bw_ws_close_read((const uint8_t *)"\x03", 1, &code, &reason, &n),
                     -BW_EMALFORMED);
    /* cut between characters: two bytes each, and 123 is odd */
    for (size_t i = 0; i + 1 < sizeof(lengthy); i += 2) {
        (void)memcpy(lengthy + i, "\xc3\xa9", 2);
    }
    lengthy[sizeof(lengthy) - 2] = '\0';
    assert_int_equal(bw_ws_close_write(buf, BW_WS_POLICY, lengthy), 2 + 122);
    assert_int_equal(bw_ws_close_read(buf, 124, &code, &reason, &n), 0);
    assert_int_equal(bw_ws_close_read(buf, 123, &code, &reason, &n), -BW_EMALFORMED);
    for (unsigned c = 0; c < 65536; c++) {
        const uint8_t p[2] = {(uint8_t)(c >> 8), (uint8_t)(c & 0xff)};
        bool fine = (c >= 1000 && c <= 1003) || (c >= 1007 && c <= 1014) ||
                    (c >= 3000 && c <= 4999);
        assert_int_equal(bw_ws_close_read(p, 2, &code, &reason, &n),
                         fine ? 0 : -BW_EMALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_read),
        cmocka_unit_test(examples_are_written),
        cmocka_unit_test(lengths_come_back),
        cmocka_unit_test(masks_from_anywhere),
        cmocka_unit_test(fragments_and_controls),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(fragments_sum_up),
        cmocka_unit_test(binary_is_left_alone),
        cmocka_unit_test(closes),
        cmocka_unit_test(skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
