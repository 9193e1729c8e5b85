/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_privacy_shape.c - addresses in every spelling, what looks like one and is none, and
 * the addresses of packets. */
#include "bw_test.h"
#include "seen.h"
#include "seen_private.h"
#include "shape.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <string.h>

struct got {
    char strict[400]; /* the findings, " " between */
    char loose[800];
};

static const char *the_text;

static int note(void *owner, const struct bw_shape *s)
{
    struct got *g = owner;
    char *to = s->strict ? g->strict : g->loose;
    size_t cap = s->strict ? sizeof(g->strict) : sizeof(g->loose);
    char b[64] = "";
    if (s->kind == BW_SHAPE_V4 || s->kind == BW_SHAPE_V6) {
        (void)inet_ntop(s->kind == BW_SHAPE_V4 ? AF_INET : AF_INET6, s->bytes, b,
                        sizeof(b));
    } else if (s->kind == BW_SHAPE_MAC) {
        (void)snprintf(b, sizeof(b), "%02x%02x%02x%02x%02x%02x", s->bytes[0], s->bytes[1],
                       s->bytes[2], s->bytes[3], s->bytes[4], s->bytes[5]);
    } else {
        (void)snprintf(b, sizeof(b), "%.*s", (int)s->n, the_text + s->at);
    }
    size_t n = strlen(to);
    (void)snprintf(to + n, cap - n, "%s%s", n ? " " : "", b);
    return 0;
}

static struct got look(const char *text)
{
    struct got g = {.strict = "", .loose = ""};
    the_text = text;
    assert_int_equal(bw_shapes(text, strlen(text), true, note, &g), 0);
    return g;
}

static void addresses_are_found(void **state)
{
    static const struct {
        const char *text;
        const char *strict;
    } cases[] = {
        {"from 10.7.13.9 it came", "10.7.13.9"},
        {"10.7.13.9:443,010.007.013.010/24", "10.7.13.9 10.7.13.10"},
        {"at 10.7.13.9.", "10.7.13.9"},
        {"[2001:db8::a:1]:80", "2001:db8::a:1"},
        {"2001:0DB8:0000:0000:0000:0000:000A:0001.", "2001:db8::a:1"},
        {"peer:2001:db8::1 went", "2001:db8::1"},
        {"fe80::5054:ff:fe12:3456%eth0", "fe80::5054:ff:fe12:3456"},
        {"::ffff:10.7.13.9", "::ffff:10.7.13.9 10.7.13.9"},
        {"::ffff:0a07:0d09", "::ffff:10.7.13.9 10.7.13.9"},
        {"02:00:5E:10:aa:0b", "0200"
                              "5e10aa0b"},
        {"lladdr 02-00-5e-10-aa-0b,", "02005e10aa0b"},
        {"9.13.7.10.in-addr.arpa", "10.7.13.9"},
        {"mail to pupil.one@alder.example, please",
         "pupil.one@alder.example alder.example"},
        {"https://www.alder.example/x", "www.alder.example"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = look(cases[i].text);
        char *arpa = strstr(g.strict, " 9.13.7.10.in"); /* a host name, too */
        if (arpa) {
            *arpa = '\0';
        }
        assert_string_equal(g.strict, cases[i].strict);
    }
}

static void what_is_none_is_not(void **state)
{
    static const char *const cases[] = {"at 12:30:45 it was 1.2.3 of 4.5",
                                        "256.1.2.3 and 1.2.3.4.5",
                                        "abc: the added face",
                                        "2026-11-22T05:11:32Z",
                                        "s-4f9k2 ndt7/ws http/1",
                                        "daemon stopped",
                                        "a@b and b.c",
                                        "1.25 and 3.",
                                        "bandwitnessd 0.1.0",
                                        "5f1c0f0e-3a2b-4c5d-8e9f-0a1b2c3d4e5f",
                                        "aa:bb:cc:dd:ee:ff:gg"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(look(cases[i]).strict, "");
    }
}

/* What only somebody who looks for this very address takes for one. */
static void further_spellings_are_given(void **state)
{
    static const struct {
        const char *text;
        const char *address;
    } cases[] = {
        {"ip-10-7-13-9.alder.example", "10.7.13.9"},
        {"1.3.6.1.2.1.4.20.1.1.10.7.13.9", "10.7.13.9"},
        {"0A070D09", "10.7.13.9"},
        {"090D070A", "10.7.13.9"},
        {"\"x10.7.13.9y\"", "10.7.13.9"},
        {"02005e10aa0b", "02005e10aa0b"},
        {"0200.5e10.aa0b", "02005e10aa0b"},
        {"20010db800000000000000000000a001", "2001:db8::a001"},
        {"1.0.0.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
         "2001:db8::a001"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct got g = look(cases[i].text);
        if (!strstr(g.loose, cases[i].address)) {
            fail_msg("%s: %s is not in '%s'", cases[i].text, cases[i].address, g.loose);
        }
    }
}

/* ---- packets ---- */

static bool has4(const struct bw_seen *s, const char *text)
{
    uint8_t b[4];
    assert_int_equal(inet_pton(AF_INET, text, b), 1);
    return bw_seen_has(s, BW_SHAPE_V4, b);
}

static bool has6(const struct bw_seen *s, const char *text)
{
    uint8_t b[16];
    assert_int_equal(inet_pton(AF_INET6, text, b), 1);
    return bw_seen_has(s, BW_SHAPE_V6, b);
}

/* Ethernet, two VLAN tags, IPv4, an ICMP error that quotes an IPv4 packet. */
static const uint8_t error4[] = {
    2,    0,  0x5e, 0x10, 0,   1,  2,    0, 0x5e, 0x10, 0,  2,  0x88, 0xa8, 0,  5,
    0x81, 0,  0,    7,    8,   0,  0x45, 0, 0,    56,   0,  0,  0,    0,    64, 1,
    0,    0,  10,   7,    13,  9,  10,   7, 14,   20,   11, 0,  0,    0,    0,  0,
    0,    0,  0x45, 0,    0,   28, 0,    0, 0,    0,    1,  17, 0,    0,    10, 7,
    15,   33, 198,  51,   100, 7,  0,    1, 0,    2,    0,  8,  0,    0};

static void packets_give_their_addresses(void **state)
{
    static const uint8_t mac[6] = {2, 0, 0x5e, 0x10, 0, 2};
    struct bw_seen *s = bw_seen_new();
    (void)state;
    assert_non_null(s);
    assert_int_equal(bw_seen_packet(s, DLT_EN10MB, error4, sizeof(error4)), 0);
    assert_true(has4(s, "10.7.13.9") && has4(s, "10.7.14.20"));
    assert_true(has4(s, "10.7.15.33") && has4(s, "198.51.100.7"));
    assert_true(bw_seen_has(s, BW_SHAPE_MAC, mac));
    assert_int_equal(bw_seen_count(s, BW_SHAPE_V4), 4);
    assert_int_equal(bw_seen_count(s, BW_SHAPE_MAC), 2);
    bw_seen_free(s);
}

static void cut_packets_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(error4); n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct bw_seen *s = bw_seen_new();
        assert_true(s && copy);
        memcpy(copy, error4, n);
        assert_int_equal(bw_seen_packet(s, DLT_EN10MB, copy, n), 0);
        assert_int_equal(bw_seen_count(s, BW_SHAPE_V4), n < 42 ? 0 : n < 70 ? 2 : 4);
        bw_seen_free(s);
        free(copy);
    }
}

static void names_of_queries_are_taken(void **state)
{
    static const uint8_t query[] = {
        0x60, 0,   0, 0,   0,   39,  17,  64,  0x20, 1,   0xd, 0xb8, 0, 0,   0,   0,
        0,    0,   0, 0,   0,   0,   0xa, 1,   0x20, 1,   0xd, 0xb8, 0, 0,   0,   0,
        0,    0,   0, 0,   0,   0,   0,   2,   0xc0, 0,   0,   53,   0, 39,  0,   0,
        0,    1,   1, 0,   0,   1,   0,   0,   0,    0,   0,   0,    5, 'W', 'i', 'l',
        'l',  'o', 7, 'e', 'x', 'a', 'm', 'p', 'l',  'e', 0,   0,    1, 0,   1};
    struct bw_seen *s = bw_seen_new();
    (void)state;
    assert_non_null(s);
    assert_int_equal(bw_seen_packet(s, DLT_RAW, query, sizeof(query)), 0);
    assert_true(has6(s, "2001:db8::a01") && has6(s, "2001:db8::2"));
    assert_true(bw_seen_has_name(s, "willo.EXAMPLE", 13));
    assert_false(bw_seen_has_name(s, "willo.exampl", 12));
    bw_seen_free(s);
}

static void nobody_is_left_out(void **state)
{
    static const char *const of_nobody[] = {"127.0.0.1", "0.0.0.0", "224.0.0.251",
                                            "255.255.255.255"};
    static const char *const of_nobody6[] = {"::", "::1", "ff02::1:2", "::ffff:127.0.0.1"};
    struct bw_seen *s = bw_seen_new();
    uint8_t b[16];
    (void)state;
    assert_non_null(s);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(inet_pton(AF_INET, of_nobody[i], b), 1);
        assert_int_equal(bw_seen_add(s, BW_SHAPE_V4, b), 0);
        assert_int_equal(inet_pton(AF_INET6, of_nobody6[i], b), 1);
        assert_int_equal(bw_seen_add(s, BW_SHAPE_V6, b), 0);
    }
    assert_int_equal(bw_seen_add(s, BW_SHAPE_MAC, (const uint8_t *)"\x33\x33\0\0\0\1"), 0);
    assert_int_equal(bw_seen_count(s, BW_SHAPE_V4) + bw_seen_count(s, BW_SHAPE_V6) +
                         bw_seen_count(s, BW_SHAPE_MAC),
                     0);
    assert_int_equal(bw_seen_left_out(s), 9);
    bw_seen_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(what_is_none_is_not),
        cmocka_unit_test(further_spellings_are_given),
        cmocka_unit_test(packets_give_their_addresses),
        cmocka_unit_test(cut_packets_are_read_as_far_as_they_go),
        cmocka_unit_test(names_of_queries_are_taken),
        cmocka_unit_test(nobody_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
