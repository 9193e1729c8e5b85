/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_icmp_error.c - ICMP errors and what they quote, and packets that keep their flow.
 * The messages are the fuzzer's seeds, built by scapy: what we read is not what we wrote.
 */
#include "bw_test.h"

#include "icmp_error.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct bw_icmp_stamp stamp = {
    .cookie = 0x0123456789abcdef, .number = 0x1234, .target = 7};

static size_t seed(const char *name, uint8_t *buf, size_t cap, int *ret_family)
{
    char path[512];
    FILE *f;
    size_t n;
    (void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/fuzz_icmp_error/%s",
                   BW_SOURCE_DIR, name);
    f = fopen(path, "rbe");
    assert_non_null(f);
    *ret_family = fgetc(f) & 1 ? 6 : 4;
    n = fread(buf, 1, cap, f);
    (void)fclose(f);
    return n;
}

static void seeds_are_read(void **state)
{
    static const struct {
        const char *name;
        enum bw_icmp_error_kind kind;
        uint8_t protocol;
        bool stamped;
        uint32_t mtu;
    } cases[] = {
        {"ttl4-udp", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"ttl4-udp-8", BW_ICMP_ERROR_TTL, 17, false, 0},
        {"ttl4-echo", BW_ICMP_ERROR_TTL, 1, true, 0},
        {"ttl4-echo-8", BW_ICMP_ERROR_TTL, 1, false, 0},
        {"port4", BW_ICMP_ERROR_PORT, 17, true, 0},
        {"prohibited4", BW_ICMP_ERROR_PROHIBITED, 17, true, 0},
        {"toobig4", BW_ICMP_ERROR_TOO_BIG, 1, true, 1400},
        {"toobig4-silent", BW_ICMP_ERROR_TOO_BIG, 1, true, 0},
        {"options4", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"extended4", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"extended4-lies", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"extended4-garbage", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"extended6", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"ttl6-udp", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"ttl6-echo", BW_ICMP_ERROR_TTL, 58, true, 0},
        {"port6", BW_ICMP_ERROR_PORT, 17, true, 0},
        {"toobig6", BW_ICMP_ERROR_TOO_BIG, 58, true, 1400},
        {"headers6", BW_ICMP_ERROR_TTL, 17, true, 0},
        {"ah6", BW_ICMP_ERROR_PROHIBITED, 17, true, 0},
    };
    static const uint8_t dest4[] = {198, 51, 100, 7};
    static const uint8_t dest6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0,
                                    0,    0,    0,    0,    0, 0, 0, 7};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t buf[512];
        int family;
        struct bw_icmp_error e;
        size_t n = seed(cases[i].name, buf, sizeof(buf), &family);
        print_message("%s\n", cases[i].name);
        assert_int_equal(bw_icmp_error_parse(buf, n, family, &e), 0);
        assert_int_equal(e.kind, cases[i].kind);
        assert_int_equal(e.mtu, cases[i].mtu);
        assert_int_equal(e.quote.protocol, cases[i].protocol);
        assert_int_equal(e.quote.stamped, cases[i].stamped);
        if (e.quote.stamped) {
            assert_memory_equal(&e.quote.stamp, &stamp, sizeof(stamp));
        }
        if (cases[i].protocol == 17) {
            assert_int_equal(e.quote.source_port, 40000);
            assert_int_equal(e.quote.dest_port, 33434);
            assert_int_equal(e.quote.udp_bytes, 44);
        } else {
            assert_int_equal(e.quote.ident, 0x4242);
            assert_int_equal(e.quote.seq, 0x1234);
        }
        assert_memory_equal(e.dest, family == 6 ? dest6 : dest4, family == 6 ? 16 : 4);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const names[] = {"fragment4",   "fragment6", "tcp4",
                                        "reassembly4", "redirect4", "chain6"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint8_t buf[512];
        int family;
        struct bw_icmp_error e;
        size_t n = seed(names[i], buf, sizeof(buf), &family);
        print_message("%s\n", names[i]);
        assert_int_equal(bw_icmp_error_parse(buf, n, family, &e), -EBADMSG);
    }
}

static void cut_anywhere(void **state)
{
    static const struct {
        const char *name;
        size_t header; /* bytes in front of the transport's */
    } cases[] = {{"ttl4-udp", 28}, {"options4", 32}, {"ttl6-echo", 48}, {"headers6", 72}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t buf[512];
        int family;
        size_t n = seed(cases[i].name, buf, sizeof(buf), &family);
        for (size_t k = 0; k <= n; k++) {
            struct bw_icmp_error e;
            int r = bw_icmp_error_parse(buf, k, family, &e);
            assert_int_equal(r, k >= cases[i].header + 8 ? 0 : -EBADMSG);
            if (r == 0) {
                assert_int_equal(e.quote.stamped, k >= cases[i].header + 8 + 16);
            }
        }
    }
}

static void extensions_are_no_payload(void **state)
{
    uint8_t buf[512];
    int family;
    struct bw_icmp_error e;
    size_t n = seed("extended4", buf, sizeof(buf), &family);
    (void)state;
    /* A packet without payload, padded to 128 bytes, then the extension: were it read on,
     * its zeros and labels would pass as a stamp. */
    (void)memset(buf + 8 + 28, 0, 100);
    buf[8 + 2] = 0;
    buf[8 + 3] = 28; /* total length of the quoted packet */
    assert_int_equal(bw_icmp_error_parse(buf, n, 4, &e), 0);
    assert_false(e.quote.stamped);
    /* Nor when its header says nothing of use and only RFC 4884's count is left: 40 bytes
     * of IPv6, 72 of options and 8 of UDP leave 8 of the 128. */
    n = seed("extended6", buf, sizeof(buf), &family);
    assert_true(n >= 8 + 128 + 8);
    buf[8 + 4] = 0;
    buf[8 + 5] = 0; /* payload length */
    buf[8 + 6] = 0; /* hop-by-hop options follow */
    buf[8 + 40] = 17;
    buf[8 + 41] = 8;
    assert_int_equal(bw_icmp_error_parse(buf, n, 6, &e), 0);
    assert_false(e.quote.stamped);
    buf[4] = 0; /* without the count the extension is taken for payload */
    assert_int_equal(bw_icmp_error_parse(buf, n, 6, &e), 0);
    assert_true(e.quote.stamped);
}

static void quotes_of_an_error_queue(void **state)
{
    uint8_t buf[64];
    struct bw_icmp_quote q;
    (void)state;
    bw_trace_echo(buf, sizeof(buf), 4, 0x4242, 0x1234, &stamp);
    assert_int_equal(bw_icmp_quote_parse(buf, sizeof(buf), 1, &q), 0);
    assert_true(q.stamped && q.seq == 0x1234 && q.ident == 0x4242);
    assert_int_equal(bw_icmp_quote_parse(buf, 8, 1, &q), 0);
    assert_false(q.stamped);
    assert_int_equal(bw_icmp_quote_parse(buf, 7, 1, &q), -EBADMSG);
    assert_int_equal(bw_icmp_quote_parse(buf, sizeof(buf), 58, &q), -EBADMSG);
    assert_int_equal(bw_icmp_quote_parse(buf, sizeof(buf), 6, &q), -EBADMSG);
    buf[0] = 0; /* a reply: nothing that we sent */
    assert_int_equal(bw_icmp_quote_parse(buf, sizeof(buf), 1, &q), -EBADMSG);
}

static void an_echo_keeps_its_checksum(void **state)
{
    uint8_t first[64];
    uint8_t buf[64];
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        struct bw_icmp_stamp s = stamp;
        bw_trace_echo(first, sizeof(first), family, 0x4242, 1, &s);
        for (uint32_t i = 0; i < 200000; i++) {
            struct bw_icmp_msg m;
            s.number = i * 2654435761U;
            s.target = i;
            s.cookie = (uint64_t)i << 48 | i;
            bw_trace_echo(buf, sizeof(buf), family, 0x4242, (uint16_t)i, &s);
            assert_memory_equal(buf, first, 6); /* type, code, checksum, identifier */
            assert_int_equal(bw_icmp_checksum(buf, sizeof(buf)),
                             bw_icmp_checksum(first, sizeof(first)));
            assert_int_equal(bw_icmp_parse(buf, sizeof(buf), family, &m), 0);
            assert_true(m.seq == (uint16_t)i && m.stamped && m.stamp.number == s.number);
        }
    }
    assert_int_equal(bw_icmp_checksum(first, sizeof(first)) != 0, 1); /* 6: the kernel's */
    bw_trace_echo(buf, BW_TRACE_ECHO_LEAST, 4, 1, 2, &stamp);
    assert_int_equal(bw_icmp_checksum(buf, BW_TRACE_ECHO_LEAST), 0);
}

static void udp_is_told_apart_by_its_length(void **state)
{
    uint8_t buf[2048];
    struct bw_icmp_stamp got;
    (void)state;
    for (uint32_t i = 0; i < BW_TRACE_LENGTHS; i++) {
        for (uint32_t k = 0; k < i; k++) {
            assert_int_not_equal(bw_trace_udp_bytes(i), bw_trace_udp_bytes(k));
        }
    }
    bw_trace_udp(buf, 2000, &stamp);
    assert_true(bw_icmp_stamp_read(buf, BW_ICMP_STAMP, &got));
    assert_false(bw_icmp_stamp_read(buf, BW_ICMP_STAMP - 1, &got));
    assert_memory_equal(&got, &stamp, sizeof(stamp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_read),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(extensions_are_no_payload),
        cmocka_unit_test(quotes_of_an_error_queue),
        cmocka_unit_test(an_echo_keeps_its_checksum),
        cmocka_unit_test(udp_is_told_apart_by_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
