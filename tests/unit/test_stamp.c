/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_stamp.c - STAMP's packets against vectors worked out by hand from RFC 8762, RFC
 * 8972, RFC 4656 and RFC 5905 (the digest by openssl). */
#include "bw_test.h"

#include "stamp.h"

#include <errno.h>
#include <hash.h>
#include <string.h>

/* 2026-11-22 00:00:00.5 UTC: 1795305600 + 2208988800 = 4004294400 = 0xeeacaf00 */
#define HALF_PAST_NS INT64_C(1795305600500000000)
#define HALF_PAST_NTP UINT64_C(0xeeacaf0080000000)

static struct bw_stamp_key key;

static int setup(void **state)
{
    (void)state;
    key.n = 32;
    for (size_t i = 0; i < key.n; i++) {
        key.bytes[i] = (uint8_t)(16 + i);
    }
    return bw_crypto_init();
}

static const struct bw_stamp_asked asked = {
    .seq = 0x01020304, .t1 = HALF_PAST_NTP, .error = 0x8fec, .ssid = 0xbeef};

static const struct bw_stamp_answer answer = {.seq = 0x0a0b0c0d,
                                              .t3 = UINT64_C(0xeeacaf0090000001),
                                              .error = 0x0101,
                                              .ssid = 0xbeef,
                                              .t2 = UINT64_C(0xeeacaf0090000000),
                                              .asked_seq = 0x01020304,
                                              .t1 = HALF_PAST_NTP,
                                              .asked_error = 0x8fec,
                                              .ttl = 61};

static void same_asked(const struct bw_stamp_asked *a)
{
    assert_int_equal(a->seq, asked.seq);
    assert_true(a->t1 == asked.t1);
    assert_int_equal(a->error, asked.error);
    assert_int_equal(a->ssid, asked.ssid);
    assert_false(a->twamp);
}

static void same_answer(const struct bw_stamp_answer *a)
{
    assert_int_equal(a->seq, answer.seq);
    assert_true(a->t1 == answer.t1 && a->t2 == answer.t2 && a->t3 == answer.t3);
    assert_int_equal(a->error, answer.error);
    assert_int_equal(a->asked_error, answer.asked_error);
    assert_int_equal(a->ssid, answer.ssid);
    assert_int_equal(a->asked_seq, answer.asked_seq);
    assert_int_equal(a->ttl, answer.ttl);
}

static void instants(void **state)
{
    (void)state;
    assert_true(bw_stamp_time_encode(HALF_PAST_NS, false) == HALF_PAST_NTP);
    assert_true(bw_stamp_time_encode(HALF_PAST_NS, true) ==
                (UINT64_C(1795305600) << 32 | 500000000));
    for (int64_t ns = 0; ns < 1000000000; ns += 999983) { /* nothing is lost on the way */
        int64_t t = INT64_C(1795305600) * 1000000000 + ns;
        assert_int_equal(
            bw_stamp_time_decode(bw_stamp_time_encode(t, false), false, HALF_PAST_NS), t);
        assert_int_equal(
            bw_stamp_time_decode(bw_stamp_time_encode(t, true), true, HALF_PAST_NS), t);
    }
    /* 7 February 2036, 06:28:16: NTP's seconds begin anew */
    assert_true(bw_stamp_time_encode(INT64_C(2085978496) * 1000000000, false) == 0);
    assert_int_equal(bw_stamp_time_decode(UINT64_C(0xffffffff80000000), false,
                                          INT64_C(2085978497) * 1000000000),
                     INT64_C(2085978495500000000));
    assert_int_equal(
        bw_stamp_time_decode(UINT64_C(1) << 32, false, INT64_C(2085978495) * 1000000000),
        INT64_C(2085978497000000000));
    assert_true(bw_stamp_time_decode(1000000000, true, HALF_PAST_NS) == BW_UNKNOWN);
    assert_int_equal(bw_stamp_time_decode(UINT64_C(0x6b020180) << 32, true, HALF_PAST_NS),
                     INT64_C(0x6b020180) * 1000000000);
}

static void error_estimates(void **state)
{
    struct bw_stamp_error e = {.synced = true, .error_ns = 1800000};
    (void)state;
    /* 1.8 ms are 7730942 of 2^-32 s, rounded up; 236 * 2^15 = 7733248 is the next */
    assert_int_equal(bw_stamp_error_encode(&e), 0x8fec);
    e = bw_stamp_error_decode(0x8fec);
    assert_true(e.synced && !e.ptp);
    assert_int_equal(e.error_ns, 1800538); /* 7733248 / 4.294967296, rounded up */
    /* a second is 128 * 2^25 */
    e = (struct bw_stamp_error){.ptp = true, .error_ns = 1000000000};
    assert_int_equal(bw_stamp_error_encode(&e), 0x4000 | 25 << 8 | 128);
    assert_int_equal(bw_stamp_error_decode(0x4000 | 25 << 8 | 128).error_ns, 1000000000);
    /* none at all is still not multiplier 0 */
    e = (struct bw_stamp_error){.synced = true, .error_ns = 0};
    assert_int_equal(bw_stamp_error_encode(&e), 0x8001);
    e.error_ns = BW_UNKNOWN;
    e.synced = false;
    assert_int_equal(bw_stamp_error_encode(&e), 63 << 8 | 1);
    assert_true(bw_stamp_error_decode(63 << 8 | 1).error_ns == BW_UNKNOWN);
    /* multiplier 0 is no estimate, and such a clock is not believed */
    assert_false(bw_stamp_error_decode(0x8000).synced);
    assert_true(bw_stamp_error_decode(0x8000).error_ns == BW_UNKNOWN);
    for (int64_t ns = 1; ns < INT64_C(100000000000); ns = ns * 3 + 1) {
        e = (struct bw_stamp_error){.error_ns = ns};
        e = bw_stamp_error_decode(bw_stamp_error_encode(&e));
        assert_true(e.error_ns >= ns && e.error_ns <= ns + ns / 120 + 1);
    }
}

static void what_a_sender_writes(void **state)
{
    static const uint8_t want[BW_STAMP_PACKET] = {1,    2, 3, 4, 0xee, 0xac, 0xaf, 0,
                                                  0x80, 0, 0, 0, 0x8f, 0xec, 0xbe, 0xef};
    uint8_t buf[200];
    struct bw_stamp_asked got;
    (void)state;
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 44, NULL), 44);
    assert_memory_equal(buf, want, 44);
    assert_int_equal(bw_stamp_read_asked(buf, 44, NULL, &got), 0);
    same_asked(&got);
    /* TWAMP Light's is its beginning */
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 14, NULL), 14);
    assert_memory_equal(buf, want, 14);
    assert_int_equal(bw_stamp_read_asked(buf, 14, NULL, &got), 0);
    assert_true(got.twamp && got.ssid == 0 && got.seq == asked.seq);
    /* padding is a TLV, and there is none below four bytes */
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 50, NULL), 50);
    assert_memory_equal(buf + 44, "\x80\x01\x00\x02", 4);
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 46, NULL), 0);
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 43, NULL), 0);
    assert_int_equal(bw_stamp_write_asked(buf, 43, &asked, 44, NULL), 0);
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 111, &key), 0);
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 14, &key), 0);
}

static void what_a_sender_signs(void **state)
{
    static const uint8_t digest[16] = {0x80, 0x2e, 0x46, 0xf3, 0x20, 0x22, 0x8f, 0x71,
                                       0xae, 0x17, 0xf3, 0xa8, 0x68, 0x76, 0xec, 0x88};
    uint8_t buf[112];
    struct bw_stamp_asked got;
    (void)state;
    assert_int_equal(bw_stamp_write_asked(buf, sizeof(buf), &asked, 112, &key), 112);
    assert_memory_equal(buf + 16, "\xee\xac\xaf\x00\x80\x00\x00\x00\x8f\xec\xbe\xef", 12);
    assert_memory_equal(buf + 96, digest, 16);
    assert_int_equal(bw_stamp_read_asked(buf, 112, &key, &got), 0);
    same_asked(&got);
    for (size_t i = 0; i < 112; i++) {
        buf[i] ^= 0x10;
        assert_int_equal(bw_stamp_read_asked(buf, 112, &key, &got), -EACCES);
        buf[i] ^= 0x10;
    }
    assert_int_equal(bw_stamp_read_asked(buf, 111, &key, &got), -EBADMSG);
}

static void what_a_reflector_writes(void **state)
{
    static const uint8_t want[BW_STAMP_PACKET] = {
        0x0a, 0x0b, 0x0c, 0x0d, 0xee, 0xac, 0xaf, 0, 0x90, 0,    0, 1, 1, 1,
        0xbe, 0xef, 0xee, 0xac, 0xaf, 0,    0x90, 0, 0,    0,    1, 2, 3, 4,
        0xee, 0xac, 0xaf, 0,    0x80, 0,    0,    0, 0x8f, 0xec, 0, 0, 61};
    uint8_t in[BW_STAMP_PACKET], buf[BW_STAMP_PACKET];
    struct bw_stamp_answer got;
    (void)state;
    (void)bw_stamp_write_asked(in, sizeof(in), &asked, 44, NULL);
    assert_int_equal(bw_stamp_write_answer(buf, sizeof(buf), in, 44, &answer, NULL), 44);
    assert_memory_equal(buf, want, 44);
    assert_int_equal(bw_stamp_read_answer(buf, 44, NULL, &got), 0);
    same_answer(&got);
    /* TWAMP Light answers without a TTL, or without what follows it */
    assert_int_equal(bw_stamp_read_answer(buf, 41, NULL, &got), 0);
    assert_int_equal(got.ttl, 61);
    assert_int_equal(bw_stamp_read_answer(buf, 38, NULL, &got), 0);
    assert_int_equal(got.ttl, -1);
    for (size_t n = 0; n < 38; n++) {
        assert_int_equal(bw_stamp_read_answer(buf, n, NULL, &got), -EBADMSG);
    }
}

static void what_a_reflector_signs(void **state)
{
    uint8_t in[BW_STAMP_AUTH_PACKET], buf[BW_STAMP_AUTH_PACKET];
    struct bw_stamp_answer got;
    (void)state;
    (void)bw_stamp_write_asked(in, sizeof(in), &asked, 112, &key);
    assert_int_equal(bw_stamp_write_answer(buf, sizeof(buf), in, 112, &answer, &key), 112);
    /* RFC 8762 figure 7 */
    assert_memory_equal(buf, "\x0a\x0b\x0c\x0d", 4);
    assert_memory_equal(buf + 16, "\xee\xac\xaf\x00\x90\x00\x00\x01\x01\x01\xbe\xef", 12);
    assert_memory_equal(buf + 32, "\xee\xac\xaf\x00\x90\x00\x00\x00", 8);
    assert_memory_equal(buf + 48, "\x01\x02\x03\x04", 4);
    assert_memory_equal(buf + 64, "\xee\xac\xaf\x00\x80\x00\x00\x00\x8f\xec", 10);
    assert_int_equal(buf[80], 61);
    assert_int_equal(bw_stamp_read_answer(buf, 112, &key, &got), 0);
    same_answer(&got);
    buf[50] ^= 1;
    assert_int_equal(bw_stamp_read_answer(buf, 112, &key, &got), -EACCES);
    assert_int_equal(got.t1 == answer.t1, 1); /* it still says what it says */
}

static void never_more_than_came_in(void **state)
{
    uint8_t in[1500] = {0}, buf[1500];
    (void)state;
    for (size_t n = 0; n <= sizeof(in); n++) {
        size_t got = bw_stamp_write_answer(buf, sizeof(buf), in, n, &answer, NULL);
        assert_int_equal(got, n < 38 ? 0 : n);
        got = bw_stamp_write_answer(buf, sizeof(buf), in, n, &answer, &key);
        assert_int_equal(got, n < 112 ? 0 : n);
    }
    assert_int_equal(bw_stamp_write_answer(buf, 43, in, 44, &answer, NULL), 0);
}

static void tlvs_come_back_flagged(void **state)
{
    static const uint8_t sent[] = {
        0xff, 1,   0, 3, 'p', 'a', 'd', /* padding */
        0xa0, 240, 0, 2, 'x', 'y',      /* nobody knows it */
        0x80, 1,   0, 9, 'c', 'u', 't', /* says to be longer than it is */
    };
    static const uint8_t want[] = {
        0x1f, 1,   0,   3,    'p', 'a', 'd', 0x80, 240, 0,
        2,    'x', 'y', 0x40, 1,   0,   9,   'c',  'u', 't',
    };
    uint8_t in[44 + sizeof(sent)], buf[sizeof(in)];
    struct bw_stamp_tlv t;
    size_t at = 44;
    (void)state;
    (void)bw_stamp_write_asked(in, sizeof(in), &asked, 44, NULL);
    (void)memcpy(in + 44, sent, sizeof(sent));
    assert_int_equal(bw_stamp_write_answer(buf, sizeof(buf), in, sizeof(in), &answer, NULL),
                     sizeof(in));
    assert_memory_equal(buf + 44, want, sizeof(want));
    assert_true(bw_stamp_tlv_next(buf, sizeof(buf), &at, &t));
    assert_true(t.type == BW_STAMP_TLV_PADDING && t.n == 3 && t.whole);
    assert_true(bw_stamp_tlv_next(buf, sizeof(buf), &at, &t));
    assert_true(t.flags == BW_STAMP_TLV_UNKNOWN && t.type == 240 && t.n == 2);
    assert_true(bw_stamp_tlv_next(buf, sizeof(buf), &at, &t));
    assert_true(t.flags == BW_STAMP_TLV_MALFORMED && !t.whole && t.n == 3);
    assert_false(bw_stamp_tlv_next(buf, sizeof(buf), &at, &t));
    at = 45 + sizeof(sent);
    assert_false(bw_stamp_tlv_next(buf, sizeof(buf), &at, &t));
    /* TWAMP's padding is no TLV, whatever it looks like, and comes back as it was */
    in[20] = 1;
    assert_int_equal(bw_stamp_write_answer(buf, sizeof(buf), in, sizeof(in), &answer, NULL),
                     sizeof(in));
    assert_memory_equal(buf + 44, sent, sizeof(sent));
    assert_int_equal(buf[14] | buf[15], 0); /* nor is a session's number in it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants),
        cmocka_unit_test(error_estimates),
        cmocka_unit_test(what_a_sender_writes),
        cmocka_unit_test(what_a_sender_signs),
        cmocka_unit_test(what_a_reflector_writes),
        cmocka_unit_test(what_a_reflector_signs),
        cmocka_unit_test(never_more_than_came_in),
        cmocka_unit_test(tlvs_come_back_flagged),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
