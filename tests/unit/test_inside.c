/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_inside.c - which way a packet goes, and prefixes and MACs as people write them. */
#include "bw_test.h"

#include "fake_packet.h"
#include "inside.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct bw_packet between(const char *from, const char *to)
{
    struct bw_packet p = {.has_ip = true, .family = BW_PACKET_IPV4};
    if (inet_pton(AF_INET, from, p.source) != 1) {
        p.family = BW_PACKET_IPV6;
        assert_int_equal(inet_pton(AF_INET6, from, p.source), 1);
        assert_int_equal(inet_pton(AF_INET6, to, p.dest), 1);
    } else {
        assert_int_equal(inet_pton(AF_INET, to, p.dest), 1);
    }
    return p;
}

static void by_address(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum bw_way way;
    } cases[] = {
        {"10.1.2.3", "198.51.100.7", BW_WAY_UP},
        {"198.51.100.7", "10.1.2.3", BW_WAY_DOWN},
        {"192.168.1.1", "10.1.2.3", BW_WAY_NEITHER},
        {"198.51.100.7", "203.0.113.1", BW_WAY_NEITHER},
        {"172.15.255.255", "172.16.0.0", BW_WAY_DOWN},
        {"172.31.255.255", "172.32.0.0", BW_WAY_UP},
        {"10.1.2.3", "224.0.0.251", BW_WAY_NEITHER},
        {"10.1.2.3", "255.255.255.255", BW_WAY_NEITHER},
        {"0.0.0.0", "255.255.255.255", BW_WAY_NEITHER},
        {"fd00::1", "2001:db8::1", BW_WAY_UP},
        {"2001:db8::1", "fe80::1", BW_WAY_DOWN},
        {"fe80::1", "ff02::1", BW_WAY_NEITHER},
        {"2001:db8::1", "2001:db8::2", BW_WAY_NEITHER},
    };
    struct bw_inside in;
    struct bw_packet none = {.has_ip = false};
    (void)state;
    bw_inside_init(&in);
    bw_inside_add_private(&in);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_packet p = between(cases[i].from, cases[i].to);
        print_message("%s > %s\n", cases[i].from, cases[i].to);
        assert_int_equal(bw_inside_way(&in, &p), cases[i].way);
    }
    assert_int_equal(bw_inside_way(&in, &none), BW_WAY_NEITHER);
}

static void prefixes_of_every_length(void **state)
{
    (void)state;
    for (int bits = 0; bits <= 128; bits++) {
        struct bw_inside in;
        char text[64];
        uint8_t address[16] = {0};
        bw_inside_init(&in);
        (void)snprintf(text, sizeof(text), "::/%d", bits);
        assert_int_equal(bw_inside_add(&in, text, NULL), 0);
        assert_true(bw_inside_has(&in, BW_PACKET_IPV6, address));
        assert_false(bw_inside_has(&in, BW_PACKET_IPV4, address));
        if (bits < 128) { /* the first bit behind it may be anything */
            address[bits / 8] = (uint8_t)(0x80 >> bits % 8);
            assert_true(bw_inside_has(&in, BW_PACKET_IPV6, address));
        }
        if (bits > 0) { /* the last one of it may not */
            address[(bits - 1) / 8] |= (uint8_t)(0x80 >> (bits - 1) % 8);
            assert_false(bw_inside_has(&in, BW_PACKET_IPV6, address));
        }
    }
}

static void as_people_write_them(void **state)
{
    static const char *const good[] = {"192.0.2.0/24", "192.0.2.1", "2001:db8::/48",
                                       "::1",          "0.0.0.0/0", "10.0.0.128/25"};
    static const char *const bad[] = {
        "",
        "/",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.1/24",
        "192.0.2/24",
        "::/129",
        "192.0.2.0/024",
        "192.0.2.0/-1",
        "192.0.2.0/24 ",
        " 192.0.2.0/24",
        "2001:db8::1/64",
        "192.0.2.0/24/24",
        "school",
        "192.0.2.0/9999999999",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd/64"};
    struct bw_inside in;
    struct bw_err err = {.text = ""};
    (void)state;
    bw_inside_init(&in);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(bw_inside_add(&in, good[i], &err), 0);
    }
    assert_int_equal(in.n, sizeof(good) / sizeof(good[0]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("'%s'\n", bad[i]);
        assert_true(bw_inside_add(&in, bad[i], &err) < 0);
        assert_true(err.text[0] != '\0');
    }
    while (in.n < BW_INSIDE_PREFIXES_MAX) {
        assert_int_equal(bw_inside_add(&in, "192.0.2.1", &err), 0);
    }
    assert_true(bw_inside_add(&in, "192.0.2.1", &err) < 0);
}

static void macs(void **state)
{
    static const char *const bad[] = {"",
                                      "02:00:00:00:00",
                                      "02:00:00:00:00:01:02",
                                      "02:00:00:00:00:0g",
                                      "02-00:00:00:00:01",
                                      "0200.0000.0001",
                                      "2:0:0:0:0:1",
                                      "02:00:00:00:00:::",
                                      ":::::::::::::::::",
                                      "0x:00:00:00:00:01"};
    static const uint8_t want[6] = {2, 0xab, 0, 0, 0, 1};
    uint8_t mac[6] = {9};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("'%s'\n", bad[i]);
        assert_true(bw_inside_mac(bad[i], mac, NULL) < 0);
        assert_int_equal(mac[0], 9);
    }
    assert_int_equal(bw_inside_mac("02:ab:00:00:00:01", mac, NULL), 0);
    assert_memory_equal(mac, want, 6);
    assert_int_equal(bw_inside_mac("02-AB-00-00-00-01", mac, NULL), 0);
    assert_memory_equal(mac, want, 6);
}

static void by_mac(void **state)
{
    struct bw_packet p = between("198.51.100.7", "203.0.113.1");
    struct bw_inside in;
    (void)state;
    bw_inside_init(&in);
    bw_inside_add_private(&in); /* plays no part beside a MAC */
    in.by_outer = true;
    in.outer[5] = 1;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_NEITHER);
    p.has_mac = p.has_macs = true;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_NEITHER);
    p.source_mac[5] = 1;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_DOWN);
    p.source_mac[5] = 0;
    p.dest_mac[5] = 1;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_UP);
    p.has_macs = false; /* cooked: where it goes is not known */
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_NEITHER);
    bw_inside_init(&in);
    in.by_inner = true;
    in.inner[5] = 1;
    p.has_macs = true;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_DOWN);
    p.source_mac[5] = 1;
    assert_int_equal(bw_inside_way(&in, &p), BW_WAY_UP);
}

/* Two routers that answer to one virtual MAC, and send from their own. */
static void by_several_macs(void **state)
{
    static const uint8_t macs[3][6] = {
        {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}};
    struct bw_packet p = between("198.51.100.7", "203.0.113.1");
    struct bw_inside in;
    (void)state;
    bw_inside_init(&in);
    p.has_mac = p.has_macs = true;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(bw_inside_add_outer(&in, macs[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        (void)memset(p.dest_mac, 0, 6);
        (void)memcpy(p.source_mac, macs[i], 6);
        assert_int_equal(bw_inside_way(&in, &p), BW_WAY_DOWN);
        (void)memcpy(p.dest_mac, macs[0], 6); /* among themselves */
        assert_int_equal(bw_inside_way(&in, &p), BW_WAY_NEITHER);
        (void)memset(p.source_mac, 0, 6);
        (void)memcpy(p.dest_mac, macs[i], 6);
        assert_int_equal(bw_inside_way(&in, &p), BW_WAY_UP);
    }
    while (in.n_outer_also < BW_INSIDE_ROUTERS_MAX - 1) {
        assert_int_equal(bw_inside_add_outer(&in, macs[0]), 0);
    }
    assert_int_equal(bw_inside_add_outer(&in, macs[0]), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_address),
        cmocka_unit_test(prefixes_of_every_length),
        cmocka_unit_test(as_people_write_them),
        cmocka_unit_test(macs),
        cmocka_unit_test(by_mac),
        cmocka_unit_test(by_several_macs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
