/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_segment_block.c - records in a block and back, to the byte; damage is noticed. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <gen_summaries.h>
#include <hash.h>
#include <model.h>
#include <segment_block_private.h>
#include <stdlib.h>
#include <string.h>

enum {
    START_S = 1788998400 /* midnight UTC */
};

static void comes_back(int version)
{
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
    assert_int_equal(bw_block_encode_as(version, b.kid, "s-alder", r, 40, &out, &err), 0);
    assert_int_equal(out.data[0], version);
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
    for (size_t at = 0; at < out.len - 64 * 38; at += 3) {
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

static void test_block_comes_back(void **state)
{
    (void)state;
    comes_back(VERSION_COLUMNS);
    comes_back(VERSION);
}

/* Whatever the contract allows is told as it was. */
static void block_of_anything(int version)
{
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
    assert_int_equal(bw_block_encode_as(version, b.kid, "s-alder", r, 30, &out, &err), 0);
    bw_buf_done(&out);
    for (size_t i = 0; i < 30; i++) {
        bw_buf_done(&text[i]);
    }
    box_done(&b);
}

static void test_block_of_anything(void **state)
{
    (void)state;
    block_of_anything(VERSION_COLUMNS);
    block_of_anything(VERSION);
}

/* A day of a generated box; gives the bytes of its block and the format chosen. */
static size_t sealed_day(bool rich, int version, int *ret_chosen)
{
    struct bw_block_record r[288] = {{0}};
    struct bw_gen_options o;
    struct bw_gen *g;
    struct bw_err err = {""};
    struct bw_block back;
    struct bw_buf out;
    size_t n = 0;
    size_t bytes;
    bw_gen_options_init(&o);
    o.rich = rich;
    o.to_unix_s = o.from_unix_s + 86400;
    assert_int_equal(bw_gen_new(&o, &g, &err), 0);
    for (; n < 288; n++) {
        const char *jws;
        size_t len;
        assert_int_equal(bw_gen_next(g, &jws, &len, &err), 0);
        if (!jws) {
            break;
        }
        r[n].jws = strndup(jws, len);
        r[n].jws_len = len;
        r[n].position = (int64_t)n;
        r[n].seq = bw_gen_summary(g)->seq;
        r[n].start_unix_s = bw_gen_summary(g)->start_unix_s;
        r[n].end_unix_s = bw_gen_summary(g)->end_unix_s;
        r[n].received_unix_ms = bw_gen_received_unix_ms(g);
        bw_sha256_text(jws, len, r[n].sha256);
    }
    bw_buf_init(&out, 1 << 24);
    assert_int_equal(
        version ? bw_block_encode_as(version, "k", bw_gen_site(g), r, n, &out, &err)
                : bw_block_encode("k", bw_gen_site(g), r, n, &out, &err),
        0);
    *ret_chosen = out.data[0];
    bytes = out.len / n;
    assert_int_equal(bw_block_decode(out.data, out.len, &back, &err), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(back.records[i].jws_len, r[i].jws_len);
        assert_memory_equal(back.records[i].jws, r[i].jws, r[i].jws_len);
        free((void *)(uintptr_t)r[i].jws);
    }
    bw_block_done(&back);
    bw_buf_done(&out);
    bw_gen_free(g);
    return bytes;
}

/* Few numbers are read fast, many take few bytes. */
static void test_the_form_that_pays(void **state)
{
    (void)state;
    int chosen;
    size_t columns;
    assert_in_range(sealed_day(false, 0, &chosen), 80, 200);
    assert_int_equal(chosen, VERSION_COLUMNS);
    columns = sealed_day(true, VERSION_COLUMNS, &chosen);
    assert_in_range(sealed_day(true, 0, &chosen), 150, columns * 2 / 3);
    assert_int_equal(chosen, VERSION);
}

/* Any 64 bits come back, whatever was expected. */
static void test_numbers_come_back(void **state)
{
    static const int64_t edge[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, INT64_MIN + 1, 1000000, -1000000, 7};
    enum {
        N = 4000
    };
    struct bw_place *p = calloc(2, sizeof(*p));
    struct bw_beside beside = {0};
    struct bw_coder c;
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 1 << 20);
    for (int pass = 0; pass < 2; pass++) {
        uint64_t z = 5;
        if (pass == 0) {
            bw_coder_write(&c, &out);
        } else {
            bw_coder_read(&c, out.data, out.len);
        }
        bw_place_init(&p[pass]);
        for (int i = 0; i < N; i++) {
            z = z * 6364136223846793005u + 1442695040888963407u;
            int64_t want = i % 3 ? edge[z >> 33 & 7] : (int64_t)(z >> (z & 63));
            int64_t v = pass == 0 ? want : 42;
            beside.a = edge[z >> 40 & 7];
            beside.last_a = edge[z >> 50 & 7];
            beside.hint[3] = (int64_t)z;
            bw_model_number(&c, &p[pass], &beside, &v);
            assert_int_equal(v, want);
        }
        if (pass == 0) {
            bw_coder_end(&c);
        }
    }
    assert_false(bw_coder_bad(&c));
    bw_buf_done(&out);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_comes_back),
        cmocka_unit_test(test_block_of_anything),
        cmocka_unit_test(test_the_form_that_pays),
        cmocka_unit_test(test_numbers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
