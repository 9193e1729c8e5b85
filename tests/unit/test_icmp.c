/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_icmp.c - the echo codec: what we build we read, what is cut short we refuse. */
#include "bw_test.h"

#include "icmp.h"

#include <errno.h>
#include <string.h>

static const struct bw_icmp_stamp stamp = {
    .cookie = 0x0123456789abcdef, .number = 0xdeadbeef, .target = 499};

static void built_is_read(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        uint8_t buf[256];
        struct bw_icmp_msg m;
        size_t n = bw_icmp_build(buf, sizeof(buf), family, 0x1234, 0xbeef, &stamp, 56);
        assert_int_equal(n, 64);
        assert_int_equal(bw_icmp_parse(buf, n, family, &m), 0);
        assert_int_equal(m.kind, BW_ICMP_REQUEST);
        assert_int_equal(m.ident, 0x1234);
        assert_int_equal(m.seq, 0xbeef);
        assert_true(m.stamped);
        assert_memory_equal(&m.stamp, &stamp, sizeof(stamp));
        if (family == 4) {
            assert_int_equal(bw_icmp_checksum(buf, n), 0); /* RFC 1071: sums to nothing */
        }
        buf[0] = family == 6 ? 129 : 0;
        assert_int_equal(bw_icmp_parse(buf, n, family, &m), 0);
        assert_int_equal(m.kind, BW_ICMP_REPLY);
        assert_true(m.stamped);
    }
}

static void sizes_are_refused(void **state)
{
    uint8_t buf[2048];
    (void)state;
    assert_int_equal(bw_icmp_build(buf, sizeof(buf), 4, 0, 0, &stamp, 15), 0);
    assert_int_equal(bw_icmp_build(buf, sizeof(buf), 4, 0, 0, &stamp, 1401), 0);
    assert_int_equal(bw_icmp_build(buf, 63, 4, 0, 0, &stamp, 56), 0);
    assert_int_equal(bw_icmp_build(buf, sizeof(buf), 4, 0, 0, &stamp, 1400), 1408);
}

static void cut_short(void **state)
{
    uint8_t buf[64];
    struct bw_icmp_msg m;
    size_t n = bw_icmp_build(buf, sizeof(buf), 4, 1, 2, &stamp, 56);
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(bw_icmp_parse(buf, i, 4, &m), -EBADMSG);
    }
    for (size_t i = 8; i < n; i++) {
        assert_int_equal(bw_icmp_parse(buf, i, 4, &m), 0);
        assert_int_equal(m.stamped, i >= 24); /* a router may quote 8 bytes only */
        assert_int_equal(m.seq, 2);
    }
}

static void known_checksum(void **state)
{
    /* RFC 1071 section 3: 0001 f203 f4f5 f6f7 sum to ddf2. */
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    (void)state;
    assert_int_equal(bw_icmp_checksum(bytes, 8), (uint16_t)~0xddf2);
    assert_int_equal(bw_icmp_checksum(bytes, 7), (uint16_t)~0xdcfb); /* odd: padded by 0 */
}

static void raw_packets(void **state)
{
    uint8_t p[128] = {0x46, [9] = 1}; /* 24 bytes of header */
    size_t n = 0;
    (void)state;
    assert_ptr_equal(bw_icmp_skip_ipv4(p, 88, &n), p + 24);
    assert_int_equal(n, 64);
    assert_null(bw_icmp_skip_ipv4(p, 19, &n));
    assert_null(bw_icmp_skip_ipv4(p, 23, &n));
    p[9] = 17;
    assert_null(bw_icmp_skip_ipv4(p, 88, &n));
    p[9] = 1;
    p[0] = 0x44; /* a header of 16 bytes is none */
    assert_null(bw_icmp_skip_ipv4(p, 88, &n));
    p[0] = 0x65;
    assert_null(bw_icmp_skip_ipv4(p, 88, &n));
}

static void stamp_at_the_end_of_a_frame(void **state)
{
    uint8_t frame[14 + 20 + 64] = {0};
    struct bw_icmp_stamp got;
    (void)state;
    assert_int_equal(bw_icmp_build(frame + 34, 64, 4, 1, 2, &stamp, 56), 64);
    assert_true(bw_icmp_stamp_of_tail(frame, sizeof(frame), 56, &got));
    assert_memory_equal(&got, &stamp, sizeof(stamp));
    assert_false(bw_icmp_stamp_of_tail(frame, 63, 56, &got));
    assert_false(bw_icmp_stamp_of_tail(frame, sizeof(frame), 8, &got));
}

static void what_is_a_loss(void **state)
{
    (void)state;
    assert_true(bw_icmp_is_loss(4, 3, 1));
    assert_true(bw_icmp_is_loss(4, 3, 13));
    assert_false(bw_icmp_is_loss(4, 3, 4)); /* fragmentation needed */
    assert_true(bw_icmp_is_loss(4, 11, 0));
    assert_false(bw_icmp_is_loss(4, 5, 0)); /* redirect */
    assert_false(bw_icmp_is_loss(4, 0, 0));
    assert_true(bw_icmp_is_loss(6, 1, 3));
    assert_false(bw_icmp_is_loss(6, 2, 0)); /* packet too big */
    assert_false(bw_icmp_is_loss(6, 129, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_is_read),  cmocka_unit_test(sizes_are_refused),
        cmocka_unit_test(cut_short),      cmocka_unit_test(known_checksum),
        cmocka_unit_test(raw_packets),    cmocka_unit_test(stamp_at_the_end_of_a_frame),
        cmocka_unit_test(what_is_a_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
