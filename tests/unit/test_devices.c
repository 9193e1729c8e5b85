/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_devices.c - the set of active addresses: who counts, and when it is full. */
#include "bw_test.h"

#include "devices.h"
#include "fake_packet.h"

static const uint8_t key[16] = {7};
static struct bw_inside in;

static struct bw_devices *set(size_t slots)
{
    struct bw_devices *d = NULL;
    assert_int_equal(bw_devices_new(slots, key, &d), 0);
    return d;
}

static void send_from(struct bw_devices *d, uint32_t n, enum bw_way way)
{
    struct bw_packet p = fake_udp(1000, 53, 80, way == BW_WAY_UP);
    p.source[1] = (uint8_t)(n >> 16);
    p.source[2] = (uint8_t)(n >> 8);
    p.source[3] = (uint8_t)n;
    bw_devices_add(d, &in, &p, way);
}

static void senders_count_once(void **state)
{
    struct bw_devices *d = set(1024);
    struct bw_devices_count c;
    (void)state;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t n = 0; n < 400; n++) {
            send_from(d, n, BW_WAY_UP);
            send_from(d, n + 1000, BW_WAY_DOWN);    /* the world, */
            send_from(d, n + 2000, BW_WAY_NEITHER); /* and what stays inside */
        }
    }
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 400);
    assert_int_equal(c.ipv6, 0);
    assert_int_equal(c.macs, 0);
    assert_int_equal(c.at_least, 400);
    assert_false(c.full);
    bw_devices_free(d);
}

static void kinds_are_apart(void **state)
{
    struct bw_devices *d = set(1024);
    struct bw_devices_count c;
    (void)state;
    for (uint8_t n = 0; n < 100; n++) {
        struct bw_packet p = fake_udp(1000, 53, 80, 1);
        p.has_mac = true;
        p.source_mac[5] = n;
        p.source[3] = n / 2; /* IPv4 addresses: two devices behind one */
        bw_devices_add(d, &in, &p, BW_WAY_UP);
        p.family = BW_PACKET_IPV6;
        p.source[0] = 0xfd;
        p.source[15] = n;
        bw_devices_add(d, &in, &p, BW_WAY_UP);
        p.source[14] = 1; /* a second one each */
        bw_devices_add(d, &in, &p, BW_WAY_UP);
    }
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 50);
    assert_int_equal(c.ipv6, 200);
    assert_int_equal(c.macs, 100);
    assert_int_equal(c.at_least, 100);
    bw_devices_free(d);
}

/* One of two devices sends from a thousand addresses, most of them not the school's. */
static void whoever_lies_is_one_device(void **state)
{
    struct bw_devices *d = set(4096);
    struct bw_devices_count c;
    struct bw_packet p = fake_udp(1000, 53, 80, 1);
    (void)state;
    p.has_mac = true;
    for (uint32_t n = 0; n < 1000; n++) {
        p.source[0] = n % 10 == 0 ? 10 : 203;
        p.source[2] = (uint8_t)(n >> 8);
        p.source[3] = (uint8_t)n;
        bw_devices_add(d, &in, &p, BW_WAY_UP);
    }
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 100);
    assert_int_equal(c.at_least, 100); /* behind one MAC it may be a router's */
    p.source_mac[5] = 2;
    bw_devices_add(d, &in, &p, BW_WAY_UP);
    bw_devices_count(d, &c);
    assert_int_equal(c.at_least, 2);
    bw_devices_free(d);
}

static void devices_of_ipv6_alone(void **state)
{
    struct bw_devices *d = set(64);
    struct bw_devices_count c;
    struct bw_packet p = fake_udp(1000, 53, 80, 1);
    (void)state;
    p.family = BW_PACKET_IPV6;
    p.source[0] = 0xfd;
    for (uint8_t n = 0; n < 9; n++) {
        p.source[15] = n;
        bw_devices_add(d, &in, &p, BW_WAY_UP);
    }
    bw_devices_count(d, &c);
    assert_int_equal(c.at_least, 3);
    bw_devices_free(d);
}

static void a_flood_is_bounded(void **state)
{
    struct bw_devices *d = set(64);
    struct bw_devices_count c;
    static const uint8_t next[16] = {8};
    (void)state;
    for (uint32_t n = 0; n < 100000; n++) {
        send_from(d, n, BW_WAY_UP);
    }
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 48);
    assert_true(c.full);
    bw_devices_clear(d, next);
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 0);
    assert_false(c.full);
    send_from(d, 5, BW_WAY_UP);
    send_from(d, 5, BW_WAY_UP);
    bw_devices_count(d, &c);
    assert_int_equal(c.ipv4, 1);
    bw_devices_free(d);
}

static void no_sizes_but_powers_of_two(void **state)
{
    struct bw_devices *d = NULL;
    (void)state;
    assert_true(bw_devices_new(0, key, &d) < 0);
    assert_true(bw_devices_new(63, key, &d) < 0);
    assert_true(bw_devices_new(96, key, &d) < 0);
    assert_true(bw_devices_new((size_t)1 << 25, key, &d) < 0);
    assert_null(d);
    bw_devices_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(senders_count_once),
        cmocka_unit_test(kinds_are_apart),
        cmocka_unit_test(whoever_lies_is_one_device),
        cmocka_unit_test(devices_of_ipv6_alone),
        cmocka_unit_test(a_flood_is_bounded),
        cmocka_unit_test(no_sizes_but_powers_of_two),
    };
    bw_inside_add_private(&in);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
