/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_packet.c - reading captured frames. The good ones are the fuzzer's seeds, built by
 * scapy: what we read is not what we wrote. The bad ones are made here. */
#include "bw_test.h"

#include "packet.h"

#include <stdio.h>
#include <string.h>

enum {
    SEED_MAX = 512
};

static uint32_t seed(const char *name,
                     uint8_t buf[SEED_MAX],
                     enum bw_packet_link *ret_link,
                     uint32_t *ret_wire)
{
    static const enum bw_packet_link links[] = {BW_PACKET_LINK_ETHERNET, BW_PACKET_LINK_IP,
                                                BW_PACKET_LINK_COOKED,
                                                BW_PACKET_LINK_COOKED2};
    uint8_t head[3];
    char path[512];
    FILE *f;
    size_t n;
    (void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/fuzz_packet/%s", BW_SOURCE_DIR,
                   name);
    f = fopen(path, "rbe");
    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
    n = fread(buf, 1, SEED_MAX, f);
    (void)fclose(f);
    *ret_link = links[head[0] & 3];
    *ret_wire = (uint32_t)n + ((uint32_t)head[1] << 8 | head[2]);
    return (uint32_t)n;
}

static void read_seed(const char *name, struct bw_packet *ret)
{
    uint8_t buf[SEED_MAX];
    enum bw_packet_link link;
    uint32_t wire;
    uint32_t n = seed(name, buf, &link, &wire);
    print_message("%s\n", name);
    bw_packet_read(link, buf, n, wire, ret);
}

static const uint8_t in4[16] = {10, 1, 2, 3};
static const uint8_t out4[16] = {198, 51, 100, 7};
static const uint8_t in6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};
static const uint8_t out6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0,
                                 0,    0,    0,    0,    0, 0, 0, 7};

static void seeds_are_read(void **state)
{
    static const struct {
        const char *name;
        enum bw_packet_class klass;
        uint8_t family;
        uint8_t protocol;
        uint16_t source_port;
        uint16_t dest_port;
        uint32_t payload;
        uint32_t link_bytes;
        uint8_t n_vlans;
    } cases[] = {
        {"tcp4", BW_PACKET_TLS, 4, 6, 40000, 443, 100, 14, 0},
        {"tcp4-stamped", BW_PACKET_TLS, 4, 6, 40000, 443, 100, 14, 0},
        {"tcp4-sack", BW_PACKET_TLS, 4, 6, 40000, 443, 0, 14, 0},
        {"tcp4-padded", BW_PACKET_SSH, 4, 6, 40000, 22, 0, 14, 0},
        {"tcp4-options", BW_PACKET_HTTP, 4, 6, 40000, 80, 20, 14, 0},
        {"udp4", BW_PACKET_QUIC, 4, 17, 40000, 443, 120, 14, 0},
        {"dns4", BW_PACKET_DNS, 4, 17, 53, 40000, 40, 14, 0},
        {"ntp4-vlan", BW_PACKET_NTP, 4, 17, 40000, 123, 48, 18, 1},
        {"mail4-qinq", BW_PACKET_MAIL, 4, 6, 40000, 993, 10, 22, 2},
        {"tcp4-pppoe", BW_PACKET_TLS, 4, 6, 40000, 443, 30, 22, 0},
        {"udp6-pppoe", BW_PACKET_QUIC, 6, 17, 40000, 443, 30, 21, 0},
        {"tcp6", BW_PACKET_TLS, 6, 6, 40000, 443, 100, 14, 0},
        {"tcp6-chain", BW_PACKET_TLS, 6, 6, 40000, 443, 5, 14, 0},
        {"udp6-vlan", BW_PACKET_VPN, 6, 17, 40000, 51820, 60, 18, 1},
        {"udp6-atomic", BW_PACKET_QUIC, 6, 17, 40000, 443, 8, 14, 0},
        {"tcp4-bare", BW_PACKET_TLS, 4, 6, 40000, 443, 100, 0, 0},
        {"tcp6-bare", BW_PACKET_TLS, 6, 6, 40000, 443, 100, 0, 0},
        {"udp4-cooked", BW_PACKET_DNS, 4, 17, 40000, 853, 7, 16, 0},
        {"tcp6-cooked2", BW_PACKET_TLS, 6, 6, 40000, 8443, 9, 20, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_packet p;
        bool answer = cases[i].source_port == 53;
        read_seed(cases[i].name, &p);
        assert_int_equal(p.stop, BW_PACKET_WHOLE);
        assert_int_equal(bw_packet_class(&p), cases[i].klass);
        assert_int_equal(p.family, cases[i].family == 4 ? BW_PACKET_IPV4 : BW_PACKET_IPV6);
        assert_int_equal(p.protocol, cases[i].protocol);
        assert_true(p.has_ip && p.has_ports && !p.length_lies);
        assert_int_equal(p.has_tcp, cases[i].protocol == 6);
        assert_int_equal(p.has_udp, cases[i].protocol == 17);
        assert_int_equal(p.source_port, cases[i].source_port);
        assert_int_equal(p.dest_port, cases[i].dest_port);
        assert_int_equal(p.payload_bytes, cases[i].payload);
        assert_int_equal(p.link_bytes, cases[i].link_bytes);
        assert_int_equal(p.n_vlans, cases[i].n_vlans);
        assert_int_equal(p.fragment, BW_PACKET_NO_FRAGMENT);
        assert_memory_equal(answer ? p.dest : p.source, cases[i].family == 4 ? in4 : in6,
                            16);
        assert_memory_equal(answer ? p.source : p.dest, cases[i].family == 4 ? out4 : out6,
                            16);
    }
}

static void tcp_numbers(void **state)
{
    struct bw_packet p;
    (void)state;
    read_seed("tcp4-stamped", &p);
    assert_int_equal(p.tcp.seq, 0x01020304);
    assert_int_equal(p.tcp.ack, 0xfffefdfc);
    assert_int_equal(p.tcp.window, 501);
    assert_int_equal(p.tcp.flags, BW_TCP_ACK | 8);
    assert_true(p.tcp.stamped);
    assert_int_equal(p.tcp.tsval, 0xdeadbeef);
    assert_int_equal(p.tcp.tsecr, 0x80000001);
    assert_false(p.tcp.sacked);
    read_seed("tcp4-sack", &p);
    assert_true(p.tcp.sacked && p.tcp.stamped);
    read_seed("tcp4", &p);
    assert_false(p.tcp.sacked || p.tcp.stamped);
}

static void macs_and_lengths(void **state)
{
    static const uint8_t source[6] = {2, 0, 0, 0, 0, 1};
    static const uint8_t dest[6] = {2, 0, 0, 0, 0, 2};
    struct bw_packet p;
    (void)state;
    read_seed("tcp4-padded", &p);
    assert_int_equal(p.wire_bytes, 60);
    assert_int_equal(p.ip_bytes, 40); /* the rest is the frame's padding */
    assert_true(p.has_macs && p.has_mac);
    assert_memory_equal(p.source_mac, source, 6);
    assert_memory_equal(p.dest_mac, dest, 6);
    read_seed("udp4-cooked", &p);
    assert_true(p.has_mac && !p.has_macs);
    assert_memory_equal(p.source_mac, source, 6);
    read_seed("tcp6-cooked2", &p);
    assert_true(p.has_mac && !p.has_macs);
    assert_memory_equal(p.source_mac, source, 6);
    read_seed("merged4", &p); /* 64 KiB and more: the length does not fit its field */
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
    assert_int_equal(p.ip_bytes, p.wire_bytes - 14);
    assert_int_equal(p.payload_bytes, p.ip_bytes - 40);
    assert_true(p.payload_bytes > 60000);
    read_seed("merged6", &p);
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
    assert_int_equal(p.payload_bytes, p.wire_bytes - 14 - 40 - 8 - 20);
}

static void fragments(void **state)
{
    struct bw_packet p;
    (void)state;
    read_seed("first4", &p);
    assert_int_equal(p.fragment, BW_PACKET_FIRST_FRAGMENT);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_QUIC);
    read_seed("later4", &p);
    assert_int_equal(p.fragment, BW_PACKET_LATER_FRAGMENT);
    assert_int_equal(p.protocol, 17);
    assert_false(p.has_ports);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_OTHER);
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
    read_seed("first6", &p);
    assert_int_equal(p.fragment, BW_PACKET_FIRST_FRAGMENT);
    assert_true(p.has_ports);
    read_seed("later6", &p);
    assert_int_equal(p.fragment, BW_PACKET_LATER_FRAGMENT);
    assert_int_equal(p.protocol, 17);
    assert_false(p.has_ports);
}

static void others(void **state)
{
    struct bw_packet p;
    (void)state;
    read_seed("arp", &p);
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
    assert_int_equal(p.family, BW_PACKET_NO_IP);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_OTHER);
    read_seed("icmp4", &p);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_ICMP);
    read_seed("icmp6", &p);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_ICMP);
    read_seed("esp4", &p);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_VPN);
    read_seed("ah6", &p);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_VPN);
    read_seed("gre4", &p);
    assert_int_equal(bw_packet_class(&p), BW_PACKET_VPN);
    read_seed("llc", &p);
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
    assert_false(p.has_ip);
}

/* Every seed, cut at every byte, in memory that ends there. */
static void cut_at_every_byte(void **state)
{
    static const char *const names[] = {
        "tcp4-stamped", "tcp4-options", "mail4-qinq",  "tcp4-pppoe",   "udp6-pppoe",
        "tcp6-chain",   "udp6-vlan",    "udp4-cooked", "tcp6-cooked2", "tcp6-bare"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint8_t buf[SEED_MAX];
        enum bw_packet_link link;
        enum bw_packet_stop last = BW_PACKET_CUT_LINK;
        struct bw_packet whole;
        uint32_t wire;
        uint32_t n = seed(names[i], buf, &link, &wire);
        bw_packet_read(link, buf, n, wire, &whole);
        for (uint32_t k = 0; k <= n; k++) {
            uint8_t *part = malloc(k > 0 ? k : 1);
            struct bw_packet p;
            assert_non_null(part);
            (void)memcpy(part, buf, k);
            bw_packet_read(link, part, k, wire, &p);
            free(part);
            /* the layers in their order, then whole, never bad */
            assert_true(p.stop < BW_PACKET_BAD_LINK);
            assert_true(p.stop >= last || p.stop == BW_PACKET_WHOLE);
            assert_false(last == BW_PACKET_WHOLE && p.stop != BW_PACKET_WHOLE);
            last = p.stop;
            assert_int_equal(p.wire_bytes, wire);
            if (p.has_ports) {
                assert_int_equal(bw_packet_class(&p), bw_packet_class(&whole));
            }
        }
        assert_int_equal(last, BW_PACKET_WHOLE);
    }
}

/* A seed with some bytes replaced. */
static void with(const char *name,
                 uint32_t at,
                 const char *bytes,
                 uint32_t n_bytes,
                 struct bw_packet *ret)
{
    uint8_t buf[SEED_MAX];
    enum bw_packet_link link;
    uint32_t wire;
    uint32_t n = seed(name, buf, &link, &wire);
    assert_true(at + n_bytes <= n);
    (void)memcpy(buf + at, bytes, n_bytes);
    bw_packet_read(link, buf, n, wire, ret);
}

static void lengths_that_lie(void **state)
{
    struct bw_packet p;
    (void)state;
    with("tcp4", 16, "\xff\xff", 2, &p); /* total length */
    assert_true(p.length_lies);
    assert_int_equal(p.ip_bytes, p.wire_bytes - 14);
    assert_int_equal(p.payload_bytes, 100);
    with("tcp6", 18, "\xff\xff", 2, &p);
    assert_true(p.length_lies);
    assert_int_equal(p.payload_bytes, 100);
    with("tcp4", 16, "\x00\x13", 2, &p); /* less than a header */
    assert_int_equal(p.stop, BW_PACKET_BAD_IP);
    assert_false(p.has_ip);
    with("tcp4", 16, "\x00\x14", 2, &p); /* a header and nothing */
    assert_int_equal(p.stop, BW_PACKET_BAD_TRANSPORT);
    assert_true(p.has_ip && !p.has_ports);
    with("tcp4", 16, "\x00\x18", 2, &p); /* ports and nothing */
    assert_int_equal(p.stop, BW_PACKET_BAD_TRANSPORT);
    assert_true(p.has_ports && !p.has_tcp);
    with("tcp4", 14, "\x44", 1, &p); /* a header of 16 bytes */
    assert_int_equal(p.stop, BW_PACKET_BAD_IP);
    with("tcp4", 14, "\x65", 1, &p); /* version 6 in a frame of version 4 */
    assert_int_equal(p.stop, BW_PACKET_BAD_IP);
    with("tcp6", 14, "\x45", 1, &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_IP);
    with("tcp4", 46, "\x40", 1, &p); /* TCP's header of 16 bytes */
    assert_int_equal(p.stop, BW_PACKET_BAD_TRANSPORT);
    assert_false(p.has_tcp);
    with("tcp4-padded", 46, "\xf0", 1, &p); /* … of 60, where 20 are */
    assert_int_equal(p.stop, BW_PACKET_BAD_TRANSPORT);
    with("udp4", 38, "\x00\x07", 2, &p); /* less than UDP's header */
    assert_int_equal(p.stop, BW_PACKET_BAD_TRANSPORT);
    assert_false(p.has_udp);
    with("udp4", 38, "\xff\xff", 2, &p);
    assert_int_equal(p.payload_bytes, 120);
    with("tcp4-pppoe", 14, "\x21", 1, &p); /* a version of PPPoE nobody knows */
    assert_int_equal(p.stop, BW_PACKET_BAD_LINK);
}

static void option_bombs(void **state)
{
    uint8_t frame[14 + 20 + 60];
    enum bw_packet_link link;
    struct bw_packet p;
    uint8_t buf[SEED_MAX];
    uint32_t wire;
    (void)state;
    (void)seed("tcp4", buf, &link, &wire);
    (void)memcpy(frame, buf, 54);
    frame[16] = 0;
    frame[17] = 80;
    frame[46] = 0xf0; /* forty bytes of options: */
    (void)memset(frame + 54, 1, 40);
    bw_packet_read(link, frame, sizeof(frame), sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_WHOLE); /* … nothing, forty times */
    for (int kind = 2; kind < 256; kind++) {
        for (int length = 0; length < 256; length++) {
            (void)memset(frame + 54, 1, 40);
            frame[54 + 30] = (uint8_t)kind;
            frame[54 + 31] = (uint8_t)length;
            bw_packet_read(link, frame, sizeof(frame), sizeof(frame), &p);
            assert_int_equal(p.stop,
                             length < 2 || length > 10 || (kind == 8 && length != 10)
                                 ? BW_PACKET_BAD_OPTIONS
                                 : BW_PACKET_WHOLE);
            assert_true(p.has_tcp);
        }
    }
    (void)memset(frame + 54, 1, 40);
    frame[54 + 39] = 8; /* a kind without its length */
    bw_packet_read(link, frame, sizeof(frame), sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_OPTIONS);
    frame[54 + 38] = 0; /* behind the end nothing is looked at */
    bw_packet_read(link, frame, sizeof(frame), sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_WHOLE);
}

static void chains_are_bounded(void **state)
{
    uint8_t frame[14 + 40 + 64 * 8] = {0};
    struct bw_packet p;
    (void)state;
    frame[12] = 0x86;
    frame[13] = 0xdd;
    frame[14] = 0x60;
    frame[18] = 2; /* 512 bytes */
    frame[20] = 60;
    for (size_t i = 0; i < 64; i++) {
        frame[54 + i * 8] = 60; /* one after another, eight bytes each */
    }
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, sizeof(frame), sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_CHAIN);
    assert_true(p.has_ip && !p.has_ports);
    frame[54 + 1] = 255; /* one that claims 2 KiB */
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, sizeof(frame), sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_CHAIN);
    frame[54 + 1] = 30; /* one that is longer than what was captured */
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, 128, sizeof(frame), &p);
    assert_int_equal(p.stop, BW_PACKET_CUT_IP);
    frame[55] = 0;
    for (size_t n = 7; n < 10; n++) { /* so many, and then UDP */
        frame[54 + (n - 1) * 8] = 17;
        bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, sizeof(frame), sizeof(frame), &p);
        assert_int_equal(p.stop, n <= 8 ? BW_PACKET_WHOLE : BW_PACKET_BAD_CHAIN);
        assert_int_equal(p.has_udp, n <= 8);
        frame[54 + (n - 1) * 8] = 60;
    }
    frame[20] = 0; /* each kind, told to go on with itself */
    for (int next = 0; next < 256; next++) {
        frame[20] = (uint8_t)next;
        frame[54] = (uint8_t)next;
        frame[55] = 0;
        bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, sizeof(frame), sizeof(frame), &p);
        assert_true(p.has_ip);
    }
}

static void vlans_are_bounded(void **state)
{
    uint8_t frame[128] = {0};
    struct bw_packet p;
    (void)state;
    for (size_t i = 12; i + 4 <= sizeof(frame); i += 4) {
        frame[i] = 0x81;
    }
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, sizeof(frame), 1500, &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_LINK);
    assert_int_equal(p.n_vlans, 2);
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, 18, 1500, &p);
    assert_int_equal(p.stop, BW_PACKET_CUT_LINK);
    bw_packet_read(BW_PACKET_LINK_ETHERNET, frame, 18, 18, &p);
    assert_int_equal(p.stop, BW_PACKET_BAD_LINK);
}

static void nothing_at_all(void **state)
{
    struct bw_packet p;
    (void)state;
    for (int link = BW_PACKET_LINK_ETHERNET; link <= BW_PACKET_LINK_COOKED2; link++) {
        bw_packet_read((enum bw_packet_link)link, NULL, 0, 0, &p);
        assert_true(p.stop == BW_PACKET_BAD_LINK || p.stop == BW_PACKET_BAD_IP);
        bw_packet_read((enum bw_packet_link)link, NULL, 0, UINT32_MAX, &p);
        assert_true(p.stop == BW_PACKET_CUT_LINK || p.stop == BW_PACKET_CUT_IP);
        assert_int_equal(p.wire_bytes, UINT32_MAX);
        assert_int_equal(bw_packet_class(&p), BW_PACKET_OTHER);
    }
}

static void ports_make_classes(void **state)
{
    static const struct {
        uint8_t protocol;
        uint16_t a;
        uint16_t b;
        enum bw_packet_class klass;
    } cases[] = {
        {6, 443, 50000, BW_PACKET_TLS},   {17, 443, 50000, BW_PACKET_QUIC},
        {6, 80, 443, BW_PACKET_HTTP},     {6, 8080, 50000, BW_PACKET_HTTP},
        {6, 853, 50000, BW_PACKET_DNS},   {17, 53, 53, BW_PACKET_DNS},
        {6, 25, 50000, BW_PACKET_MAIL},   {17, 25, 50000, BW_PACKET_OTHER},
        {17, 4500, 4500, BW_PACKET_VPN},  {6, 1723, 50000, BW_PACKET_VPN},
        {6, 22, 50000, BW_PACKET_SSH},    {17, 123, 123, BW_PACKET_NTP},
        {6, 123, 50000, BW_PACKET_OTHER}, {6, 1024, 443, BW_PACKET_TLS},
        {17, 80, 50000, BW_PACKET_OTHER}, {6, 100, 443, BW_PACKET_TLS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_packet p = {.has_ip = true,
                              .has_ports = true,
                              .family = BW_PACKET_IPV4,
                              .protocol = cases[i].protocol,
                              .source_port = cases[i].a,
                              .dest_port = cases[i].b};
        assert_int_equal(bw_packet_class(&p), cases[i].klass);
        p.source_port = cases[i].b; /* the same on the way back */
        p.dest_port = cases[i].a;
        assert_int_equal(bw_packet_class(&p), cases[i].klass);
    }
}

static void bands(void **state)
{
    static const uint32_t edges[] = {0,   63,  64,   127,  128,  255,  256,
                                     511, 512, 1023, 1024, 1518, 1519, UINT32_MAX};
    (void)state;
    for (uint32_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        assert_int_equal(bw_packet_band(edges[i]), i / 2);
    }
    assert_string_equal(bw_packet_band_name(0), "0-63");
    assert_string_equal(bw_packet_band_name(6), "1519-");
    assert_string_equal(bw_packet_class_name(BW_PACKET_QUIC), "quic");
    assert_string_equal(bw_packet_stop_name(BW_PACKET_CUT_IP), "cut-ip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_read),
        cmocka_unit_test(tcp_numbers),
        cmocka_unit_test(macs_and_lengths),
        cmocka_unit_test(fragments),
        cmocka_unit_test(others),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(option_bombs),
        cmocka_unit_test(chains_are_bounded),
        cmocka_unit_test(vlans_are_bounded),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(ports_make_classes),
        cmocka_unit_test(bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
