/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_mirror.c - a mirror port's bytes parted into down and up. */
#include "bw_test.h"

#include "mirror.h"

#include <string.h>

static const int64_t S = 1000000000;
static const int64_t START = 1789000200;

static struct bw_mirror *m;
static struct bw_mirror_seen seen;
static int64_t port_bytes;
static int64_t now_s;
static int64_t ifindex;
static struct bw_reading line;
static int64_t line_s;

static void begin(int64_t port_bps)
{
    bw_mirror_free(m);
    m = bw_mirror_new(port_bps);
    assert_non_null(m);
    seen = (struct bw_mirror_seen){0};
    port_bytes = 5000000;
    now_s = START;
    ifindex = 3;
}

/* One more second: bytes of the port, drawn ones of each way. */
static bool second(int64_t bytes, int64_t down, int64_t up, int64_t neither, bool runs)
{
    struct bw_reading port = {.mono_ns = (now_s - START + 10) * S,
                              .ifindex = ifindex,
                              .layer = BW_LAYER_ETHERNET,
                              .link_bps = 100000000,
                              .mtu = 1500};
    port_bytes += bytes;
    seen.down += down;
    seen.up += up;
    seen.neither += neither;
    port.dir[BW_DOWN].bytes = port_bytes;
    return bw_mirror_second(m, now_s++, &port, runs ? &seen : NULL, &line, &line_s);
}

static void parted_as_drawn(void **state)
{
    int64_t shown[BW_DIRECTIONS];
    int n = 0;
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i <= 30; i++) {
        n += second(i == 0 ? 0 : 1000000, 600, 300, 100, true);
    }
    assert_int_equal(n, 28); /* two seconds late, and the first has none before it */
    assert_int_equal(line_s, START + 28);
    assert_int_equal(line.mono_ns, (28 + 10) * S);
    assert_int_equal(line.dir[BW_DOWN].packets, BW_UNKNOWN);
    assert_int_equal(line.link_bps, BW_UNKNOWN); /* the port's, not the line's */
    assert_int_equal(line.layer, BW_LAYER_ETHERNET);
    assert_true(bw_mirror_bytes(m, START + 5, START + 25, shown));
    assert_int_equal(shown[BW_DOWN], 20 * 600000);
    assert_int_equal(shown[BW_UP], 20 * 300000);
    assert_false(bw_mirror_bytes(m, START + 5, START + 30, shown)); /* not parted yet */
    assert_false(bw_mirror_bytes(m, START, START + 20, shown));
}

/* A burst the other way is parted by its own packets, which are read two seconds later. */
static void late_packets(void **state)
{
    int64_t shown[BW_DIRECTIONS];
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i <= 30; i++) {
        bool burst_bytes = i == 15;
        bool burst_packets = i == 16;
        (void)second(burst_bytes ? 100000000 : 10000, burst_packets ? 100000 : 0,
                     burst_packets ? 0 : 10, 0, true);
    }
    assert_true(bw_mirror_bytes(m, START + 14, START + 15, shown));
    assert_true(shown[BW_DOWN] > 99000000);
}

/* Where no packet was drawn the bytes wait for the next one; none is lost or made up. */
static void few_packets(void **state)
{
    int64_t shown[BW_DIRECTIONS];
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i <= 60; i++) {
        (void)second(1000, i % 20 == 0 ? 64 : 0, 0, 0, true);
    }
    assert_true(bw_mirror_bytes(m, START + 5, START + 45, shown));
    assert_true(shown[BW_DOWN] >= 30000 && shown[BW_DOWN] <= 50000);
    assert_int_equal(shown[BW_UP], 0);
}

/* A wrong router's address is no line without traffic. */
static void no_way(void **state)
{
    int64_t epoch;
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i < 10; i++) {
        (void)second(1000000, 500, 400, 100, true);
    }
    epoch = line.ifindex;
    assert_false(bw_mirror_has_no_way(m));
    for (int i = 0; i < 10; i++) {
        (void)second(1000000, 5, 5, 990, true);
    }
    assert_false(second(1000000, 5, 5, 990, true));
    assert_true(bw_mirror_has_no_way(m));
    for (int i = 0; i < 10; i++) { /* a quiet line's neighbours talk: that is known */
        (void)second(10000, 0, 1, 99, true);
    }
    assert_true(second(10000, 0, 1, 99, true));
    assert_false(bw_mirror_has_no_way(m));
    assert_int_not_equal(line.ifindex, epoch);
}

/* A loop that stood still for a second costs nothing. */
static void a_late_second(void **state)
{
    int64_t shown[BW_DIRECTIONS];
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i <= 20; i++) {
        now_s += i == 10 ? 1 : 0;
        (void)second(i == 10 ? 2000000 : 1000000, 100, 100, 0, true);
    }
    assert_true(bw_mirror_bytes(m, START + 5, START + 15, shown));
    assert_int_equal(shown[BW_DOWN], 5000000);
}

/* Without packets, or with another port, what comes after is not joined to what was. */
static void gaps(void **state)
{
    int64_t epoch;
    int64_t shown[BW_DIRECTIONS];
    (void)state;
    begin(BW_UNKNOWN);
    for (int i = 0; i < 10; i++) {
        (void)second(1000000, 100, 100, 0, true);
    }
    epoch = line.ifindex;
    for (int i = 0; i < 5; i++) { /* a test of ours has the line */
        assert_false(second(90000000, 0, 0, 0, false));
    }
    for (int i = 0; i < 10; i++) {
        (void)second(1000000, 100, 100, 0, true);
    }
    assert_int_not_equal(line.ifindex, epoch);
    assert_false(bw_mirror_bytes(m, START + 5, START + 20, shown));
    epoch = line.ifindex;
    ifindex = 4;
    port_bytes = 0;
    for (int i = 0; i < 10; i++) {
        (void)second(1000000, 100, 100, 0, true);
    }
    assert_int_not_equal(line.ifindex, epoch);
    epoch = line.ifindex;
    assert_false(bw_mirror_second(m, now_s++, NULL, &seen, &line, &line_s));
    assert_false(second(1000000, 100, 100, 0, true));
    for (int i = 0; i < 6; i++) {
        (void)second(1000000, 100, 100, 0, true);
    }
    assert_int_not_equal(line.ifindex, epoch);
}

static void a_full_port(void **state)
{
    (void)state;
    begin(BW_UNKNOWN); /* it says 100 Mbit/s itself */
    for (int i = 0; i <= 20; i++) {
        (void)second(i > 5 && i <= 9 ? 11250000 : 11240000, 100, 100, 0, true);
    }
    assert_int_equal(bw_mirror_full_s(m, START, START + 20), 4);
    assert_int_equal(bw_mirror_full_s(m, START, START + 7), 2);
    assert_int_equal(bw_mirror_full_s(m, START + 10, START + 20), 0);
    assert_int_equal(bw_mirror_full_s(m, START + 900, START + 1200), BW_UNKNOWN);
    begin(10000000); /* the configuration knows better */
    for (int i = 0; i <= 5; i++) {
        (void)second(1125000, 100, 100, 0, false); /* told also while nothing is drawn */
    }
    assert_int_equal(bw_mirror_full_s(m, START, START + 5), 5);
}

static void compared(void **state)
{
    const int64_t line_bytes[BW_DIRECTIONS] = {100000000, 50000000};
    const int64_t same[BW_DIRECTIONS] = {98000000, 50500000};
    const int64_t less[BW_DIRECTIONS] = {89000000, 50000000};
    const int64_t more[BW_DIRECTIONS] = {89000000, 52000000};
    const int64_t idle[BW_DIRECTIONS] = {1000, BW_UNKNOWN};
    (void)state;
    assert_int_equal(bw_mirror_compare(same, line_bytes), BW_MIRROR_AGREES);
    assert_int_equal(bw_mirror_compare(less, line_bytes), BW_MIRROR_LACKS);
    assert_int_equal(bw_mirror_compare(more, line_bytes), BW_MIRROR_EXCEEDS);
    assert_int_equal(bw_mirror_compare(less, idle), BW_MIRROR_UNKNOWN);
    assert_string_equal(bw_mirror_verdict_word(BW_MIRROR_LACKS), "lacks");
    bw_mirror_free(m);
    m = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parted_as_drawn), cmocka_unit_test(late_packets),
        cmocka_unit_test(few_packets),     cmocka_unit_test(no_way),
        cmocka_unit_test(a_late_second),   cmocka_unit_test(gaps),
        cmocka_unit_test(a_full_port),     cmocka_unit_test(compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
