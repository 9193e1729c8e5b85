/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_crowd.c - what few devices did is told only within what more did, and no difference
 * of what is told gives it away. */
#include "bw_test.h"

#include "crowd.h"
#include "fake_packet.h"
#include "mix.h"

#include <string.h>

enum {
    LEAST = BW_CROWD_LEAST
};

static const uint8_t key[16] = {3, 1, 4};

static void begin(struct bw_mix_sums *m)
{
    bw_mix_init(m);
    bw_mix_key(m, key);
}

/* So many devices, from the n-th on, each with one packet to a port of the world. */
static void
send(struct bw_mix_sums *m, uint8_t first, uint8_t devices, uint16_t port, uint32_t wire)
{
    for (uint8_t n = first; n < first + devices; n++) {
        struct bw_packet p = fake_ip(6, wire, 1);
        fake_ports(&p, 50000, port, 1);
        p.source[3] = n;
        bw_mix_add(m, &p, BW_WAY_UP);
    }
}

/* The same towards them. */
static void
come(struct bw_mix_sums *m, uint8_t first, uint8_t devices, uint16_t port, uint32_t wire)
{
    for (uint8_t n = first; n < first + devices; n++) {
        struct bw_packet p = fake_ip(6, wire, 0);
        fake_ports(&p, 50000, port, 0);
        p.dest[3] = n;
        bw_mix_add(m, &p, BW_WAY_DOWN);
    }
}

static size_t
told(const struct bw_mix_sums *m, enum bw_mix_by by, struct bw_mix_share *row, bool *held)
{
    return bw_mix_told(m, by, BW_WAY_UP, LEAST, row, held);
}

/* The rows' words in their order. */
static void assert_told(const struct bw_mix_sums *m, enum bw_mix_by by, const char *words)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_total t;
    char text[128] = "";
    int64_t bytes = 0;
    bool held;
    size_t n = told(m, by, row, &held);
    for (size_t i = 0; i < n; i++) {
        (void)strncat(text, i > 0 ? " " : "", sizeof(text) - strlen(text) - 1);
        (void)strncat(text, bw_mix_share_name(by, row[i].which),
                      sizeof(text) - strlen(text) - 1);
        bytes += row[i].bytes;
    }
    assert_string_equal(text, words);
    bw_mix_total(m, BW_WAY_UP, &t);
    assert_int_equal(bytes, n > 0 ? t.bytes : 0); /* nothing is lost by it */
}

static void devices_are_a_lower_bound(void **state)
{
    struct bw_crowd c = {.mac = 0};
    (void)state;
    for (int n = 1; n <= 500; n++) {
        struct bw_packet p = fake_udp(1000, 53, 80, n & 1);
        struct bw_crowd one;
        uint8_t *address = n & 1 ? p.source : p.dest;
        address[2] = (uint8_t)(n >> 8);
        address[3] = (uint8_t)n;
        one = bw_crowd_of(key, &p, n & 1 ? BW_WAY_UP : BW_WAY_DOWN);
        one = bw_crowd_unpack(bw_crowd_pack(&one));
        assert_int_equal(bw_crowd_devices(&one), 1);
        bw_crowd_join(&c, &one);
        bw_crowd_join(&c, &one);
        assert_in_range(bw_crowd_devices(&c), n < 8 ? n - 1 : 5, n);
    }
    assert_int_equal(bw_crowd_devices(&c), 64);
}

static void whose_a_packet_is(void **state)
{
    struct bw_packet p = fake_udp(1000, 53, 80, 1);
    struct bw_packet q = p;
    struct bw_crowd a = bw_crowd_of(key, &p, BW_WAY_UP);
    struct bw_crowd b;
    static const uint8_t other[16] = {9};
    (void)state;
    b = bw_crowd_of(other, &p, BW_WAY_UP);
    assert_true(a.ipv4 != b.ipv4); /* another key, another bit */
    q.dest[1]++;                   /* the world's end is no matter */
    b = bw_crowd_of(key, &q, BW_WAY_UP);
    assert_true(a.ipv4 == b.ipv4 && a.mac == 0 && a.ipv6 == 0);
    b = bw_crowd_of(key, &p, BW_WAY_NEITHER);
    assert_int_equal(bw_crowd_devices(&b), 0);
    p = fake_udp(1000, 53, 80, 0);
    p.dest[0] = 239; /* to a group */
    b = bw_crowd_of(key, &p, BW_WAY_DOWN);
    assert_int_equal(bw_crowd_devices(&b), 0);
    p.has_macs = p.has_mac = true;
    p.dest_mac[0] = 1;
    b = bw_crowd_of(key, &p, BW_WAY_DOWN);
    assert_int_equal(bw_crowd_devices(&b), 0);
    p.dest_mac[0] = 2;
    b = bw_crowd_of(key, &p, BW_WAY_DOWN);
    assert_int_equal(bw_crowd_devices(&b), 1);
}

/* A device has several addresses of IPv6, but one MAC. */
static void addresses_of_ipv6(void **state)
{
    struct bw_crowd c = {.mac = 0};
    (void)state;
    for (uint8_t n = 0; n < 12; n++) {
        struct bw_packet p = fake_udp(1000, 53, 80, 1);
        struct bw_crowd one;
        p.family = BW_PACKET_IPV6;
        p.source[15] = n;
        p.has_mac = true;
        p.source_mac[5] = 7;
        one = bw_crowd_of(key, &p, BW_WAY_UP);
        assert_true(one.mac != 0 && one.ipv4 == 0 && one.ipv6 != 0);
        assert_true(bw_crowd_pack(&one) >> BW_CROWD_PACK_BITS == 0);
        one = bw_crowd_unpack(bw_crowd_pack(&one));
        bw_crowd_join(&c, &one);
    }
    assert_true(c.mac != 0 && c.ipv4 == 0);
    assert_in_range(bw_crowd_devices(&c), 2, 3);
}

static void one_among_twenty(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_sums m;
    bool held;
    (void)state;
    begin(&m);
    send(&m, 0, 20, 443, 1500);
    send(&m, 0, 15, 80, 1000);
    assert_told(&m, BW_MIX_BY_CLASS, "tls http");
    assert_int_equal(told(&m, BW_MIX_BY_CLASS, row, &held), 2);
    assert_false(held);
    send(&m, 3, 1, 22, 100);
    /* alone in `other` it would show as before: the next smallest goes with it */
    assert_told(&m, BW_MIX_BY_CLASS, "tls other");
    (void)told(&m, BW_MIX_BY_CLASS, row, &held);
    assert_true(held);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_UP, 1, row, NULL), 3);
    send(&m, 0, 18, 9999, 200); /* others in `other`: enough of them */
    assert_told(&m, BW_MIX_BY_CLASS, "tls http other");
    (void)told(&m, BW_MIX_BY_CLASS, row, &held);
    assert_true(held);
}

static void other_itself_is_small(void **state)
{
    struct bw_mix_sums m;
    (void)state;
    begin(&m);
    send(&m, 0, 20, 443, 1500);
    send(&m, 0, 15, 80, 1000);
    send(&m, 3, 2, 9999, 100);
    assert_told(&m, BW_MIX_BY_CLASS, "tls other");
    begin(&m);
    send(&m, 0, 20, 443, 1500);
    send(&m, 0, 15, 80, 1000);
    send(&m, 3, 2, 22, 100);
    send(&m, 3, 2, 993, 100); /* the same two: still too few */
    assert_told(&m, BW_MIX_BY_CLASS, "tls other");
    begin(&m);
    send(&m, 0, 20, 443, 1500);
    send(&m, 20, 4, 22, 100);
    send(&m, 30, 4, 993, 100); /* two small ones of eight */
    assert_told(&m, BW_MIX_BY_CLASS, "tls other");
}

static void too_few_at_all(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_sums m;
    bool held = false;
    (void)state;
    begin(&m);
    send(&m, 0, 1, 443, 1500);
    send(&m, 0, 1, 22, 1500);
    assert_int_equal(told(&m, BW_MIX_BY_CLASS, row, &held), 0);
    assert_true(held);
    assert_int_equal(bw_mix_devices(&m, BW_WAY_UP), 1);
    assert_int_equal(told(&m, BW_MIX_BY_FAMILY, row, &held), 0);
    assert_int_equal(told(&m, BW_MIX_BY_BAND, row, &held), 0);
    send(&m, 0, 30, 443, 1500);
    assert_told(&m, BW_MIX_BY_CLASS, "other"); /* there is nothing else to be within */
    bw_mix_init(&m); /* without a key nobody knows how many there were */
    send(&m, 0, 100, 443, 1500);
    assert_int_equal(told(&m, BW_MIX_BY_CLASS, row, &held), 0);
    assert_true(held);
    /* nor of what goes neither way */
    begin(&m);
    send(&m, 0, 100, 443, 1500);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAYS, LEAST, row, NULL), 0);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_NEITHER, LEAST, row, NULL), 0);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_WAY, BW_WAYS, LEAST, row, NULL), 1);
}

/* Down, who does not answer is no device: whoever scans all of the school's addresses makes
 * no crowd around the one that does. */
static void scanned_addresses_are_no_devices(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_sums m;
    bool held;
    (void)state;
    begin(&m);
    send(&m, 0, 20, 443, 100);
    come(&m, 0, 20, 443, 1500);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, LEAST, row, &held), 1);
    assert_false(held);
    come(&m, 20, 200, 22, 1500);
    send(&m, 30, 1, 22, 100);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, LEAST, row, &held), 1);
    assert_int_equal(row[0].which, BW_PACKET_OTHER); /* with tls, or it would show */
    assert_true(held);
    come(&m, 0, 200, 9999, 600); /* a band of its own, in which twenty sent in any */
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_BAND, BW_WAY_DOWN, LEAST, row, &held), 2);
    assert_false(held);
    begin(&m); /* nobody answers at all: of one, of whom nothing was drawn, or of none */
    come(&m, 0, 200, 22, 1500);
    send(&m, 0, 20, 443, 100);
    come(&m, 0, 20, 443, 1500);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, LEAST, row, &held), 1);
    assert_int_equal(row[0].which, BW_PACKET_OTHER);
    begin(&m);
    come(&m, 0, 200, 22, 1500);
    assert_int_equal(bw_mix_told(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, LEAST, row, &held), 0);
    assert_true(held);
    assert_int_equal(bw_mix_devices(&m, BW_WAYS), 0);
}

static void families_and_sizes(void **state)
{
    struct bw_packet arp = {.wire_bytes = 60, .has_mac = true, .has_macs = true};
    struct bw_packet p = fake_udp(1000, 53, 80, 1);
    struct bw_mix_sums m;
    (void)state;
    begin(&m);
    send(&m, 0, 40, 443, 1500);
    send(&m, 0, 40, 443, 100);
    send(&m, 0, 40, 443, 300);
    assert_told(&m, BW_MIX_BY_BAND, "64-127 256-511 1024-1518");
    send(&m, 0, 1, 443, 600);
    assert_told(&m, BW_MIX_BY_BAND, "256-511 1024-1518 other");
    assert_told(&m, BW_MIX_BY_FAMILY, "ipv4");
    /* ARP is nobody's: it neither hides nor is hidden */
    bw_mix_add(&m, &arp, BW_WAY_UP);
    assert_told(&m, BW_MIX_BY_FAMILY, "other ipv4");
    p.family = BW_PACKET_IPV6;
    bw_mix_add(&m, &p, BW_WAY_UP);
    assert_told(&m, BW_MIX_BY_FAMILY, "other");
}

/* What is merged is summed before shares are made of it. */
static void shares_of_what_was_merged(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_sums m;
    (void)state;
    begin(&m);
    bw_mix_block(&m, 10);
    for (int i = 0; i < 50; i++) {
        send(&m, 0, 20, 443, 1000);
    }
    for (int i = 0; i < 20; i++) {
        send(&m, 0, 10, 9999, 1000);
        send(&m, 0, 2, 22, 1000);
    }
    assert_int_equal(told(&m, BW_MIX_BY_CLASS, row, NULL), 2);
    assert_int_equal(row[1].which, BW_PACKET_OTHER);
    assert_int_equal(row[1].n, 240);
    assert_int_equal(row[1].share_ppm, 193548);
    bw_assert_near((double)(row[1].high_ppm - row[1].low_ppm), 2 * 20800.0, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_a_lower_bound),
        cmocka_unit_test(whose_a_packet_is),
        cmocka_unit_test(addresses_of_ipv6),
        cmocka_unit_test(one_among_twenty),
        cmocka_unit_test(other_itself_is_small),
        cmocka_unit_test(too_few_at_all),
        cmocka_unit_test(scanned_addresses_are_no_devices),
        cmocka_unit_test(families_and_sizes),
        cmocka_unit_test(shares_of_what_was_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
