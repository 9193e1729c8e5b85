/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_udpst.c - the PDUs of the UDP Speed Test Protocol, byte for byte against vectors
 * worked out by hand, and what is refused. */
#include "bw_test.h"

#include "udpst.h"

#include <errno.h>
#include <string.h>

/* `openssl kdf -keylen 64 -kdfopt mode:COUNTER -kdfopt mac:HMAC -kdfopt digest:SHA256
 *  -kdfopt key:firstkey -kdfopt salt:UDPSTP -kdfopt info:1789000200 KBKDF` */
static const uint8_t kdf_client[] = {0xd7, 0xa0, 0x8f, 0x92, 0x38, 0xe5, 0xd6, 0xf6,
                                     0x95, 0x5b, 0xf5, 0x0b, 0x70, 0xbf, 0x92, 0x70,
                                     0x24, 0x47, 0x13, 0x94, 0x61, 0xb6, 0x60, 0x89,
                                     0xc7, 0xd9, 0x3c, 0x21, 0xb6, 0xe8, 0xcf, 0x15};
static const uint8_t kdf_server[] = {0x4c, 0xfd, 0x7e, 0x22, 0xa8, 0x28, 0x9a, 0xee,
                                     0xe3, 0x36, 0x30, 0x32, 0x61, 0xd4, 0xf6, 0x4d,
                                     0xa5, 0x9c, 0xb6, 0x56, 0x43, 0x09, 0xdd, 0x8c,
                                     0x4a, 0xcc, 0x74, 0xa0, 0xeb, 0xd1, 0x47, 0x99};
enum {
    AT = 1789000200
};

static void keys_are_derived(void **state)
{
    struct bw_udpst_keys k;
    (void)state;
    bw_udpst_derive("firstkey", AT, &k);
    assert_memory_equal(k.client, kdf_client, sizeof(kdf_client));
    assert_memory_equal(k.server, kdf_server, sizeof(kdf_server));
    bw_udpst_derive("firstkey", AT + 1, &k);
    assert_memory_not_equal(k.client, kdf_client, sizeof(kdf_client));
}

/* Upstream, 1000 Mbit/s, connection 0 of 1, signed with the client's key above and key
 * number 7; digest and checksum computed with Python's hmac and by hand. */
static const uint8_t setup_signed[BW_UDPST_SETUP_LEN] = {
    0xac, 0xe1, 0x00, 0x14, 0x00, 0x01, 0x12, 0x34, 0x01, 0x00, 0x83, 0xe8, 0x00, 0x00,
    0x00, 0x01, 0x6a, 0xa1, 0xfa, 0x08, 0x13, 0xe4, 0xdd, 0xee, 0x53, 0x48, 0x06, 0x1d,
    0x27, 0xde, 0x42, 0x3a, 0x75, 0xd5, 0x67, 0xa1, 0xcc, 0xce, 0x0c, 0xe8, 0x6e, 0x48,
    0x8d, 0x7c, 0x5c, 0x5c, 0x74, 0xf5, 0x55, 0x4b, 0xc7, 0xbb, 0x07, 0x00, 0xf9, 0xa4};

static void setup_as_by_hand(void **state)
{
    const struct bw_udpst_setup s = {.version = 20,
                                     .mc_count = 1,
                                     .mc_ident = 0x1234,
                                     .request = BW_UDPST_REQUEST,
                                     .up = true,
                                     .max_mbps = 1000};
    const struct bw_udpst_sign sign = {
        .key = kdf_client, .n_key = 32, .unix_s = AT, .key_id = 7};
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    struct bw_udpst_setup back;
    size_t n = bw_udpst_setup_write(buf, sizeof(buf), &s, &sign);
    (void)state;
    assert_int_equal(n, sizeof(setup_signed));
    assert_memory_equal(buf, setup_signed, n);
    assert_int_equal(bw_udpst_kind(buf, n), BW_UDPST_SETUP);
    assert_int_equal(bw_udpst_setup_read(buf, n, &back), 0);
    assert_true(back.up);
    assert_int_equal(back.max_mbps, 1000);
    assert_int_equal(back.mc_ident, 0x1234);
    assert_int_equal(back.auth.mode, 1);
    assert_int_equal(back.auth.unix_s, AT);
    assert_int_equal(back.auth.key_id, 7);
    assert_int_equal(bw_udpst_verify(buf, n, kdf_client, 32), 0);
    assert_int_equal(bw_udpst_verify(buf, n, kdf_server, 32), -EACCES);
}

static void every_byte_is_covered(void **state)
{
    struct bw_udpst_setup s;
    (void)state;
    for (size_t i = 0; i < sizeof(setup_signed); i++) {
        uint8_t buf[BW_UDPST_SETUP_LEN];
        memcpy(buf, setup_signed, sizeof(buf));
        buf[i] ^= 0x40;
        /* by the checksum, and without it by the digest */
        assert_true(bw_udpst_setup_read(buf, sizeof(buf), &s) < 0);
        buf[54] = 0;
        buf[55] = 0;
        assert_true(bw_udpst_verify(buf, sizeof(buf), kdf_client, 32) < 0 || i >= 54);
    }
    for (size_t n = 0; n < sizeof(setup_signed); n++) {
        assert_int_equal(bw_udpst_setup_read(setup_signed, n, &s), -EBADMSG);
        assert_int_equal(bw_udpst_verify(setup_signed, n, kdf_client, 32), -ENOKEY);
    }
}

static void versions(void **state)
{
    struct bw_udpst_setup s = {.version = 10, .request = 2};
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    (void)state;
    for (uint16_t v = 10; v <= 21; v++) {
        struct bw_udpst_setup back;
        size_t n;
        s.version = v;
        n = bw_udpst_setup_write(buf, sizeof(buf), &s, NULL);
        assert_int_equal(bw_udpst_setup_read(buf, n, &back),
                         v == 10 || v == 21 ? -EPROTONOSUPPORT : 0);
        assert_int_equal(back.version, v);
    }
    /* and the rest of them: a Null of a version to come */
    assert_int_equal(
        bw_udpst_null_write(buf, sizeof(buf),
                            &(struct bw_udpst_null){.version = 21, .request = 1}, NULL),
        48);
    assert_int_equal(bw_udpst_null_read(buf, 48, &(struct bw_udpst_null){.version = 0}),
                     -EPROTONOSUPPORT);
}

static const struct bw_udpst_row row = {.interval1_us = 1000,
                                        .payload1 = 1222,
                                        .burst1 = 10,
                                        .interval2_us = 50000,
                                        .payload2 = BW_UDPST_RANDOM | 1222,
                                        .burst2 = 1,
                                        .addon2 = 97};

static void activation_as_by_hand(void **state)
{
    static const uint8_t want[60] = {
        0xac, 0xe2, 0,    20, 1,  0,    0, 30, 0,  90, 0,  50,   0,    10,   0,
        0,    0xff, 0xff, 0,  10, 0,    3, 0,  10, 1,  0,  1,    0,    0,    0,
        0x03, 0xe8, 0,    0,  4,  0xc6, 0, 0,  0,  10, 0,  0,    0xc3, 0x50, 0x80,
        0,    4,    0xc6, 0,  0,  0,    1, 0,  0,  0,  97, 0x03, 0xe8, 0,    0};
    struct bw_udpst_activate a = {.version = 20,
                                  .request = BW_UDPST_UP,
                                  .low_ms = 30,
                                  .upper_ms = 90,
                                  .trial_ms = 50,
                                  .test_s = 10,
                                  .row_index = BW_UDPST_DEFAULT_ROW,
                                  .fast_rows = 10,
                                  .slow_threshold = 3,
                                  .error_threshold = 10,
                                  .ignore_reordering = 1,
                                  .algorithm = 1,
                                  .row = row,
                                  .subinterval_ms = 1000};
    struct bw_udpst_activate back;
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    size_t n = bw_udpst_activate_write(buf, sizeof(buf), &a, NULL);
    (void)state;
    assert_int_equal(n, BW_UDPST_ACTIVATE_LEN);
    assert_memory_equal(buf, want, sizeof(want));
    assert_int_equal(bw_udpst_activate_read(buf, n, &back), 0);
    assert_int_equal(back.subinterval_ms, 1000);
    assert_memory_equal(&back.row, &row, sizeof(row));
    assert_int_equal(bw_udpst_verify(buf, n, kdf_client, 32), -ENOKEY);

    a.version =
        11; /* seconds, one byte, elsewhere; 60 bytes with the checksum at the end */
    n = bw_udpst_activate_write(buf, sizeof(buf), &a, NULL);
    assert_int_equal(n, BW_UDPST_ACTIVATE_OLD_LEN);
    assert_int_equal(buf[14], 1);
    assert_int_equal(bw_udpst_activate_read(buf, n, &back), 0);
    assert_int_equal(back.subinterval_ms, 1000);
    buf[3] = 20; /* a version in the other's length is none */
    buf[58] = 0;
    buf[59] = 0;
    assert_int_equal(bw_udpst_activate_read(buf, n, &back), -EBADMSG);
}

static void load_as_by_hand(void **state)
{
    static const uint8_t want[BW_UDPST_LOAD_LEN] = {
        0xbe, 0xef, 0, 0, 0, 0, 0, 1,    0x04, 0xc6, 0, 2,    0, 0, 0,    3,
        0,    0,    0, 4, 0, 0, 0, 0x05, 0,    0,    0, 0x06, 0, 7, 0x3c, 0x2e};
    /* beef + 1 + 04c6 + 2 + 3 + 4 + 5 + 6 + 7 = c3d1, and its complement is 3c2e */
    const struct bw_udpst_load l = {.seq = 1,
                                    .payload = 1222,
                                    .status_missed = 2,
                                    .status_s = 3,
                                    .status_ns = 4,
                                    .sent_s = 5,
                                    .sent_ns = 6,
                                    .response_ms = 7};

    uint8_t buf[1222] = {0};
    uint8_t again[BW_UDPST_LOAD_LEN];
    struct bw_udpst_load back;
    (void)state;
    bw_udpst_load_write(buf, &l);
    assert_memory_equal(buf, want, sizeof(want));
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf), &back), 0);
    bw_udpst_load_write(again, &back); /* not the structs: they have holes */
    assert_memory_equal(again, want, sizeof(want));
    buf[500] = 1; /* padding is nobody's */
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf), &back), 0);
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf) - 1, &back), -EBADMSG); /* lies */
    buf[7] = 9;
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf), &back), -EILSEQ);
    buf[30] = 0;
    buf[31] = 0; /* no checksum is fine */
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf), &back), 0);
    buf[2] = 3;
    assert_int_equal(bw_udpst_load_read(buf, sizeof(buf), &back), -EBADMSG);
}

static void status_has_its_places(void **state)
{
    const struct bw_udpst_status s = {.seq = 77,
                                      .row = row,
                                      .subinterval_seq = 5,
                                      .saved = {.datagrams = 82000,
                                                .bytes = UINT64_C(0x123456789a),
                                                .delta_us = 1000123,
                                                .delay_max_ms = 31,
                                                .accumulated_ms = 5005},
                                      .lost = 1,
                                      .clock_delta_ms = -5,
                                      .rtt_minimum_ms = 12,
                                      .rtt_sample_ms = BW_UDPST_NO_DELAY,
                                      .trial_us = 50012,
                                      .sent_s = AT,
                                      .sent_ns = 123456789};
    const struct bw_udpst_sign sign = {.key = kdf_client, .n_key = 32, .unix_s = AT};
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    uint8_t again[BW_UDPST_CONTROL_MAX];
    struct bw_udpst_status back;
    size_t n = bw_udpst_status_write(buf, sizeof(buf), 20, &s, &sign);
    (void)state;
    assert_int_equal(n, 204);
    /* figures at 40, rttMinimum at 128, tiDeltaTime at 140, send time at 152, mode at 163
     */
    assert_memory_equal(buf + 40, "\x00\x01\x40\x50\x00\x00\x00\x12\x34\x56\x78\x9a", 12);
    assert_memory_equal(buf + 128, "\x00\x00\x00\x0c\xff\xff\xff\xff", 8);
    assert_memory_equal(buf + 140, "\x00\x00\xc3\x5c", 4);
    assert_memory_equal(buf + 152, "\x6a\xa1\xfa\x08\x07\x5b\xcd\x15", 8);
    assert_int_equal(buf[163], 1);
    assert_int_equal(bw_udpst_verify(buf, n, kdf_client, 32), 0);
    assert_int_equal(bw_udpst_status_read(buf, n, &back), 0);
    assert_int_equal(bw_udpst_status_write(again, sizeof(again), 20, &back, &sign), n);
    assert_memory_equal(again, buf, n);

    n = bw_udpst_status_write(buf, sizeof(buf), 11, &s, NULL);
    assert_int_equal(n, 168);
    assert_memory_equal(buf + 40, "\x00\x01\x40\x50\x00\x00\x00\x00\x00\x00\x00\x12", 12);
    assert_memory_equal(buf + 136, "\x00\x00\x00\x0c", 4);
    assert_int_equal(bw_udpst_status_read(buf, n, &back), 0);
    assert_int_equal(bw_udpst_status_write(again, sizeof(again), 11, &back, NULL), n);
    assert_memory_equal(again, buf, n);
    buf[147] ^= 1; /* the checksum's place */
    assert_int_equal(bw_udpst_status_read(buf, n, &back), -EILSEQ);
    for (size_t i = 0; i <= sizeof(buf); i++) {
        if (i != 160 && i != 168 && i != 204) {
            assert_int_equal(bw_udpst_status_read(buf, i, &back), -EBADMSG);
        }
    }
}

static void rows_are_bounded(void **state)
{
    static const struct bw_udpst_row bad[] = {
        {.interval1_us = 1000, .payload1 = 1222, .burst1 = 101},
        {.interval1_us = 99, .payload1 = 1222, .burst1 = 1},
        {.interval1_us = 0, .payload1 = 1222, .burst1 = 1},
        {.interval1_us = 1000001, .payload1 = 1222, .burst1 = 1},
        {.interval1_us = 1000, .payload1 = 31, .burst1 = 1},
        {.interval1_us = 1000, .payload1 = 1223, .burst1 = 1},
        {.interval1_us = 1000, .payload1 = BW_UDPST_RANDOM | 1223, .burst1 = 1},
        {.interval2_us = 10, .payload2 = 1222, .burst2 = 1},
        {.interval2_us = 0, .addon2 = 100},
        {.interval2_us = 1000, .addon2 = UINT32_MAX},
    };
    const char *why = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        why = NULL;
        assert_int_equal(bw_udpst_row_check(&bad[i], 1222, &why), -ERANGE);
        assert_non_null(why);
    }
    assert_int_equal(bw_udpst_row_check(&row, 1222, &why), 0);
    /* what sends nothing may be anything else */
    assert_int_equal(bw_udpst_row_check(
                         &(struct bw_udpst_row){.payload1 = 1, .payload2 = 2}, 1222, &why),
                     0);
    /* 10 of 1250 bytes a millisecond are 100 Mbit/s; 1250 and 125 bytes in 50 ms 220 kbit/s
     */
    assert_int_equal(bw_udpst_row_bps(&row, 28), 100220000);
}

static void refusals_have_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        assert_true(strlen(bw_udpst_setup_refusal((uint8_t)i)) > 0);
        assert_true(strlen(bw_udpst_activate_refusal((uint8_t)i)) > 0);
    }
    assert_string_equal(bw_udpst_setup_refusal(7), "wrong key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_derived),      cmocka_unit_test(setup_as_by_hand),
        cmocka_unit_test(every_byte_is_covered), cmocka_unit_test(versions),
        cmocka_unit_test(activation_as_by_hand), cmocka_unit_test(load_as_by_hand),
        cmocka_unit_test(status_has_its_places), cmocka_unit_test(rows_are_bounded),
        cmocka_unit_test(refusals_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
