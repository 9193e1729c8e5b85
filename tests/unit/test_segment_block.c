/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_segment_block.c - records in a block and back, to the byte; damage is noticed. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <hash.h>
#include <segment_block.h>
#include <string.h>

enum {
    START_S = 1788998400 /* midnight UTC */
};

static void test_block_comes_back(void **state)
{
    (void)state;
    struct box b;
    struct signed_summary s[40];
    struct bw_block_record r[40] = {{0}};
    struct bw_buf out;
    struct bw_block back;
    struct bw_err err = {""};
    box_init(&b, "s-alder", START_S);
    for (size_t i = 0; i < 40; i++) {
        box_next(&b, &s[i]);
        r[i].jws = s[i].jws.data;
        r[i].jws_len = s[i].jws.len;
        r[i].position = (int64_t)i * 3;
        r[i].seq = s[i].summary.seq;
        r[i].start_unix_s = s[i].summary.start_unix_s;
        r[i].end_unix_s = s[i].summary.end_unix_s;
        r[i].received_unix_ms = (START_S + (int64_t)i) * 1000;
        r[i].egress = BW_EGRESS_OTHER;
    }
    /* one that is no JWS of ours, and one with another header: kept whole */
    r[7].jws = "not.a.jws";
    r[7].jws_len = strlen(r[7].jws);
    r[9].jws = "e30.e30.e30";
    r[9].jws_len = strlen(r[9].jws);
    for (size_t i = 0; i < 40; i++) {
        bw_sha256_text(r[i].jws, r[i].jws_len, r[i].sha256);
    }
    bw_buf_init(&out, 1 << 20);
    assert_int_equal(bw_block_encode(b.kid, "s-alder", r, 40, &out, &err), 0);
    assert_int_equal(bw_block_decode(out.data, out.len, &back, &err), 0);
    assert_int_equal(back.n, 40);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(back.records[i].jws_len, r[i].jws_len);
        assert_memory_equal(back.records[i].jws, r[i].jws, r[i].jws_len);
        assert_int_equal(back.records[i].position, r[i].position);
    }
    bw_block_done(&back);
    /* damage is noticed, or does none (zstd has a bit that means nothing) */
    int noticed = 0;
    for (size_t at = 0; at < out.len - 64 * 38; at += 7) {
        out.data[at] = (char)(out.data[at] ^ 0x10);
        if (bw_block_decode(out.data, out.len, &back, &err) == 0) {
            for (size_t i = 0; i < 40; i++) {
                assert_int_equal(back.records[i].jws_len, r[i].jws_len);
                assert_memory_equal(back.records[i].jws, r[i].jws, r[i].jws_len);
            }
            bw_block_done(&back);
        } else {
            noticed++;
        }
        out.data[at] = (char)(out.data[at] ^ 0x10);
    }
    assert_true(noticed > 100);
    for (size_t n = 0; n < out.len; n += 11) {
        assert_int_not_equal(bw_block_decode(out.data, n, &back, &err), 0);
    }
    bw_buf_done(&out);
    for (size_t i = 0; i < 40; i++) {
        signed_done(&s[i]);
    }
    box_done(&b);
}

/* Whatever the contract allows is told as it was. */
static void test_block_of_anything(void **state)
{
    (void)state;
    struct gen g = {.state = 99};
    struct box b;
    struct bw_err err = {""};
    struct bw_buf text[30];
    struct bw_block_record r[30] = {{0}};
    struct bw_buf out;
    box_init(&b, "s-alder", START_S);
    for (size_t i = 0; i < 30; i++) {
        struct bw_summary u;
        struct bw_buf payload;
        gen_random_summary(&g, &u);
        bw_buf_init(&payload, BW_PAYLOAD_MAX);
        bw_buf_init(&text[i], BW_JWS_MAX);
        if (bw_summary_encode(&u, &payload, &err) < 0) {
            bw_buf_clear(&payload);
            bw_buf_puts(&payload, "{}");
        }
        char pad[BW_JWS_MAX];
        bw_buf_puts(&text[i], "eyJhbGciOiJFZERTQSJ9.");
        assert_true(bw_b64_encode(payload.data, payload.len, pad) > 0);
        bw_buf_puts(&text[i], pad);
        bw_buf_putc(&text[i], '.');
        for (int k = 0; k < 86; k++) {
            bw_buf_putc(&text[i], 'A');
        }
        r[i].jws = text[i].data;
        r[i].jws_len = text[i].len;
        r[i].position = (int64_t)i;
        r[i].seq = (int64_t)i + 1;
        bw_sha256_text(r[i].jws, r[i].jws_len, r[i].sha256);
        bw_buf_done(&payload);
        bw_summary_done(&u);
    }
    bw_buf_init(&out, 1 << 22);
    assert_int_equal(bw_block_encode(b.kid, "s-alder", r, 30, &out, &err), 0);
    bw_buf_done(&out);
    for (size_t i = 0; i < 30; i++) {
        bw_buf_done(&text[i]);
    }
    box_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_comes_back),
        cmocka_unit_test(test_block_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
