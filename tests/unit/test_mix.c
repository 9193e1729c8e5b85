/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_mix.c - shares by random sampling: exact where nothing is drawn, and where it is,
 * the interval that is printed holds the truth as often as it says. */
#include "bw_test.h"

#include "fake_packet.h"
#include "mix.h"

#include <bw/units.h>
#include <string.h>

static uint64_t chance_state;

static double chance(void) /* (0, 1]: xorshift64* */
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return ((double)((chance_state * 2685821657736338717U) >> 11) + 1) / 9007199254740992.0;
}

/* A packet of each class by its service's port. */
static struct bw_packet of_class(enum bw_packet_class c, uint32_t wire)
{
    static const struct {
        uint8_t protocol;
        uint16_t port;
    } services[BW_PACKET_CLASSES] = {
        [BW_PACKET_TLS] = {6, 443},  [BW_PACKET_QUIC] = {17, 443},
        [BW_PACKET_HTTP] = {6, 80},  [BW_PACKET_DNS] = {17, 53},
        [BW_PACKET_MAIL] = {6, 993}, [BW_PACKET_VPN] = {17, 500},
        [BW_PACKET_SSH] = {6, 22},   [BW_PACKET_NTP] = {17, 123},
        [BW_PACKET_ICMP] = {1, 0},   [BW_PACKET_OTHER] = {6, 9999}};
    struct bw_packet p = fake_ip(services[c].protocol, wire, 0);
    if (services[c].port != 0) {
        fake_ports(&p, 50000, services[c].port, 0);
    }
    assert_int_equal(bw_packet_class(&p), c);
    return p;
}

static void add(struct bw_mix_sums *m, enum bw_packet_class c, uint32_t wire, int n)
{
    struct bw_packet p = of_class(c, wire);
    for (int i = 0; i < n; i++) {
        bw_mix_add(m, &p, BW_WAY_DOWN);
    }
}

static const struct bw_mix_share *
find(const struct bw_mix_share *row, size_t n, uint32_t which)
{
    for (size_t i = 0; i < n; i++) {
        if (row[i].which == which) {
            return &row[i];
        }
    }
    fail_msg("no row %u", which);
    return row;
}

static void all_packets_are_exact(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    const struct bw_mix_share *s;
    struct bw_mix_total t;
    struct bw_mix_sums m;
    struct bw_packet arp = {.wire_bytes = 60};
    size_t n;
    (void)state;
    bw_mix_init(&m);
    add(&m, BW_PACKET_TLS, 1514, 3);
    add(&m, BW_PACKET_DNS, 86, 1);
    bw_mix_add(&m, &arp, BW_WAY_NEITHER);
    bw_mix_total(&m, BW_WAY_DOWN, &t);
    assert_int_equal(t.n, 4);
    assert_int_equal(t.packets, 4);
    assert_int_equal(t.bytes, 4628);
    assert_int_equal(t.packets_error + t.bytes_error, 0);
    n = bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, row);
    assert_int_equal(n, 2);
    s = find(row, n, BW_PACKET_DNS);
    assert_int_equal(s->share_ppm, 18583); /* 86 of 4628 */
    assert_true(s->low_ppm == s->share_ppm && s->high_ppm == s->share_ppm);
    assert_int_equal(s->bytes, 86);
    n = bw_mix_shares(&m, BW_MIX_BY_FAMILY, BW_WAYS, row);
    assert_int_equal(n, 2);
    assert_int_equal(find(row, n, BW_PACKET_NO_IP)->bytes, 60);
    n = bw_mix_shares(&m, BW_MIX_BY_BAND, BW_WAYS, row);
    assert_int_equal(n, 3);
    assert_int_equal(find(row, n, bw_packet_band(1514))->packets, 3);
    n = bw_mix_shares(&m, BW_MIX_BY_WAY, BW_WAY_DOWN, row);
    assert_int_equal(n, 2);
    assert_int_equal(find(row, n, BW_WAY_NEITHER)->bytes, 60);
    assert_int_equal(bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAY_UP, row), 0);
}

/* With packets enough it is the formula of the literature for one N, by hand. */
static void an_interval_by_hand(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_total t;
    struct bw_mix_sums m;
    double s1 = 1e5 * 1500 + 2e5 * 100;
    double s2c = 1e5 * 1500 * 1500;
    double s2 = s2c + 2e5 * 100 * 100;
    double r = 1.5e8 / s1;
    double half = 1.96e6 * sqrt(0.9 * ((1 - r) * (1 - r) * s2c + r * r * (s2 - s2c))) / s1;
    (void)state;
    bw_mix_init(&m);
    bw_mix_block(&m, 10);
    add(&m, BW_PACKET_TLS, 1500, 100000);
    add(&m, BW_PACKET_DNS, 100, 200000);
    bw_mix_total(&m, BW_WAYS, &t);
    assert_int_equal(t.packets, 3000000);
    assert_int_equal(t.bytes, 1700000000);
    assert_int_equal(t.packets_error, (int64_t)ceil(1.959963984540054 * sqrt(90 * 3e5)));
    assert_int_equal(t.bytes_error, (int64_t)ceil(1.959963984540054 * sqrt(90 * s2)));
    assert_int_equal(bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAY_DOWN, row), 2);
    assert_int_equal(row[0].share_ppm, llround(r * 1e6));
    bw_assert_near((double)row[0].high_ppm - r * 1e6, half, half / 50 + 1);
    bw_assert_near(r * 1e6 - (double)row[0].low_ppm, half, half / 50 + 1);
    /* of two, one is the rest */
    assert_in_range(row[0].low_ppm + row[1].high_ppm, 999998, 1000002);
}

static void few_are_shown_with_what_they_are_worth(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    const struct bw_mix_share *s;
    struct bw_mix_sums m;
    size_t n;
    (void)state;
    bw_mix_init(&m);
    bw_mix_block(&m, 100);
    add(&m, BW_PACKET_TLS, 1000, 29);
    assert_int_equal(bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAYS, row), 0); /* too few */
    add(&m, BW_PACKET_TLS, 1000, 971);
    n = bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAYS, row);
    assert_int_equal(n, 1); /* all of it, as far as a thousand can say */
    assert_true(row[0].share_ppm == 1000000 && row[0].high_ppm == 1000000);
    assert_in_range(row[0].low_ppm, 996000, 996500);
    add(&m, BW_PACKET_DNS, 1000, 1);
    n = bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAYS, row);
    assert_int_equal(n, 2);
    s = find(row, n, BW_PACKET_DNS); /* one: from a sixth to six and a half */
    assert_int_equal(s->share_ppm, 999);
    assert_in_range(s->low_ppm, 120, 180);
    assert_in_range(s->high_ppm, 6200, 6800);
}

/* N may change within an interval: the sums are of the same whole. */
static void blocks_add(void **state)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    struct bw_mix_total t;
    struct bw_mix_sums m;
    (void)state;
    bw_mix_init(&m);
    add(&m, BW_PACKET_TLS, 1000, 1000);
    bw_mix_block(&m, 10);
    add(&m, BW_PACKET_TLS, 1000, 100);
    add(&m, BW_PACKET_QUIC, 1000, 200);
    bw_mix_block(&m, 0); /* taken for 1 */
    add(&m, BW_PACKET_QUIC, 1000, 1000);
    bw_mix_total(&m, BW_WAYS, &t);
    assert_int_equal(t.n, 2300);
    assert_int_equal(t.packets, 5000);
    assert_int_equal(t.bytes, 5000000);
    assert_int_equal(bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAYS, row), 2);
    assert_int_equal(row[0].share_ppm, 400000);
    assert_true(row[0].low_ppm < 400000 && row[0].high_ppm > 400000);
}

static void one_in_n_follows_the_rate(void **state)
{
    (void)state;
    assert_int_equal(bw_mix_one_in(-1), 1);
    assert_int_equal(bw_mix_one_in(0), 1);
    assert_int_equal(bw_mix_one_in(1999), 1);
    assert_int_equal(bw_mix_one_in(100000), 100);
    assert_int_equal(bw_mix_one_in(INT64_MAX), 4096);
}

/* Coverage ------------------------------------------------------------------------ */

static const struct {
    enum bw_packet_class klass;
    uint32_t wire;
    double share; /* of packets */
} school[] = {
    {BW_PACKET_TLS, 1514, 0.30},   {BW_PACKET_TLS, 66, 0.17},
    {BW_PACKET_TLS, 420, 0.05},    {BW_PACKET_QUIC, 1292, 0.25},
    {BW_PACKET_QUIC, 80, 0.08},    {BW_PACKET_HTTP, 1514, 0.04},
    {BW_PACKET_DNS, 90, 0.035},    {BW_PACKET_DNS, 220, 0.03},
    {BW_PACKET_MAIL, 900, 0.015},  {BW_PACKET_VPN, 1400, 0.01},
    {BW_PACKET_TLS, 28000, 0.004}, {BW_PACKET_ICMP, 98, 0.004},
    {BW_PACKET_NTP, 90, 0.002},    {BW_PACKET_SSH, 120, 0.002},
    {BW_PACKET_OTHER, 600, 0.008},
};

enum {
    KINDS = sizeof(school) / sizeof(school[0]),
    WINDOWS = 1500
};

/* Draw one window of `packets` 1 in N, leaping over those not drawn. */
static void draw(struct bw_mix_sums *m, double packets, uint32_t one_in)
{
    double skip = log1p(-1 / (double)one_in);
    bw_mix_init(m);
    bw_mix_block(m, one_in);
    for (size_t k = 0; k < KINDS; k++) {
        struct bw_packet p = of_class(school[k].klass, school[k].wire);
        double last = floor(school[k].share * packets);
        double at = floor(log(chance()) / skip);
        while (at < last) {
            bw_mix_add(m, &p, BW_WAY_DOWN);
            at += 1 + floor(log(chance()) / skip);
        }
    }
}

static void truth(double packets, double ret_ppm[BW_PACKET_CLASSES])
{
    double all = 0;
    (void)memset(ret_ppm, 0, BW_PACKET_CLASSES * sizeof(*ret_ppm));
    for (size_t k = 0; k < KINDS; k++) {
        double bytes = floor(school[k].share * packets) * school[k].wire;
        ret_ppm[school[k].klass] += bytes;
        all += bytes;
    }
    for (size_t c = 0; c < BW_PACKET_CLASSES; c++) {
        ret_ppm[c] = ret_ppm[c] / all * 1e6;
    }
}

static void coverage(uint32_t one_in, double drawn)
{
    double true_ppm[BW_PACKET_CLASSES];
    int64_t asked[BW_PACKET_CLASSES] = {0};
    int64_t covered[BW_PACKET_CLASSES] = {0};
    int64_t all_asked = 0;
    int64_t all_covered = 0;
    truth(drawn * one_in, true_ppm);
    chance_state = 88172645463325252U + one_in;
    for (int w = 0; w < WINDOWS; w++) {
        struct bw_mix_share row[BW_MIX_SHARES_MAX];
        struct bw_mix_sums m;
        size_t n;
        draw(&m, drawn * one_in, one_in);
        n = bw_mix_shares(&m, BW_MIX_BY_CLASS, BW_WAYS, row);
        for (size_t i = 0; i < n; i++) {
            uint32_t c = row[i].which;
            asked[c]++;
            covered[c] += (double)row[i].low_ppm <= true_ppm[c] &&
                          true_ppm[c] <= (double)row[i].high_ppm;
        }
    }
    for (int c = 0; c < BW_PACKET_CLASSES; c++) {
        if (asked[c] > 0) {
            print_message("1 in %u: %-5s %6.2f %% of %d\n", one_in,
                          bw_packet_class_name((enum bw_packet_class)c),
                          100.0 * (double)covered[c] / (double)asked[c], (int)asked[c]);
        }
        all_asked += asked[c];
        all_covered += covered[c];
    }
    print_message("1 in %u: all   %6.2f %%\n", one_in,
                  100.0 * (double)all_covered / (double)all_asked);
    assert_in_range(all_covered * 1000 / all_asked, 930, 970);
    for (int c = 0; c < BW_PACKET_CLASSES; c++) {
        if (true_ppm[c] * drawn >
            2e7) { /* those of twenty packets and more, each by itself; short ones among
                      long ones are told with more room than they need */
            assert_in_range(covered[c] * 1000 / asked[c], 930, 980);
        }
    }
}

static void the_interval_holds_the_truth(void **state)
{
    (void)state;
    coverage(10, 2000);
    coverage(100, 2000);
    coverage(1000, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_packets_are_exact),
        cmocka_unit_test(an_interval_by_hand),
        cmocka_unit_test(few_are_shown_with_what_they_are_worth),
        cmocka_unit_test(blocks_add),
        cmocka_unit_test(one_in_n_follows_the_rate),
        cmocka_unit_test(the_interval_holds_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
