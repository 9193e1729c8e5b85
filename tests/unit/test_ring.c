/* SPDX-License-Identifier: GPL-3.0-or-later
 * A ring on the loopback of a network namespace of its own: which filter let a packet in
 * is known also of those read long after it was changed, and it wakes nobody who does not
 * want it. */
#include "bw_test.h"
#include "ring.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LONG_MS = 200, /* more than what nobody can tell of */
    TIMES = 50
};

static uv_loop_t loop;
static int sender = -1;
static struct bw_ring *ring;
static int n_of[101]; /* by one_in */
static int woke;

static void on_frame(void *owner, const struct bw_ring_frame *f)
{
    (void)owner;
    assert_in_range(f->one_in, 1, 100);
    n_of[f->one_in]++;
}

static void on_read(void *owner)
{
    (void)owner;
    woke++;
}

static int lo_ifindex(void)
{
    struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int e = ioctl(sender, SIOCSIFFLAGS, &r);
    return e < 0 ? e : (int)if_nametoindex("lo");
}

static int set_up(void **state)
{
    const struct bw_ring_opts o = {
        .buffer_bytes = 786432, .timeout_ms = 1000, .frame = on_frame, .read = on_read};
    (void)state;
    woke = 0;
    (void)memset(n_of, 0, sizeof(n_of));
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no right to make a network namespace\n");
        return 0;
    }
    sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(lo_ifindex() > 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(bw_ring_open(&loop, &o, &ring, NULL), 0);
    assert_int_equal(bw_ring_bind(ring, lo_ifindex(), BW_PACKET_LINK_ETHERNET, false, NULL),
                     0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (ring) {
        bw_ring_close(ring, NULL, NULL);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        (void)close(sender);
        ring = NULL;
        return uv_loop_close(&loop);
    }
    return 0;
}

/* All packets, said to be one in so many. */
static void set_filter(uint32_t one_in)
{
    struct bw_ring_filter f;
    bw_ring_filter_random(&f, BW_PACKET_LINK_ETHERNET, 1);
    assert_int_equal(bw_ring_filter(ring, &f, one_in, NULL), 0);
}

static void send_some(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(
            sendto(sender, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
    }
}

static void read_until(const int *n)
{
    for (int i = 0; i < 100 && *n < TIMES; i++) {
        (void)usleep(100 * 1000);
        bw_ring_read(ring);
    }
}

static void two_changes_leave_each_its_own(void **state)
{
    (void)state;
    if (!ring) {
        skip();
    }
    set_filter(100);
    send_some();
    (void)usleep(LONG_MS * 1000);
    set_filter(5);
    set_filter(60);
    send_some();
    read_until(&n_of[60]);
    assert_int_equal(n_of[5], 0); /* it let nothing in */
    assert_true(n_of[100] >= TIMES);
    assert_true(n_of[60] >= TIMES);
}

static void behind_a_hold_there_is_nothing_of_before(void **state)
{
    (void)state;
    if (!ring) {
        skip();
    }
    set_filter(100);
    send_some();
    (void)usleep(LONG_MS * 1000);
    assert_int_equal(bw_ring_hold(ring, NULL), 0);
    set_filter(5);
    set_filter(60);
    send_some();
    read_until(&n_of[60]);
    assert_int_equal(n_of[100] + n_of[5], 0);
    assert_true(n_of[60] >= TIMES);
}

/* Long enough for a block that is not full to be given. */
static void turn_the_loop(void)
{
    for (int i = 0; i < 26 && woke == 0; i++) {
        (void)usleep(50 * 1000);
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
}

static void left_alone_it_wakes_nobody_and_keeps_its_packets(void **state)
{
    (void)state;
    if (!ring) {
        skip();
    }
    set_filter(7);
    bw_ring_watch(ring, false);
    send_some();
    turn_the_loop();
    assert_int_equal(woke, 0);
    assert_int_equal(n_of[7], 0);
    bw_ring_read(ring);
    assert_true(n_of[7] >= TIMES);
    assert_int_equal(woke, 0);
    n_of[7] = 0;
    bw_ring_watch(ring, true);
    send_some();
    turn_the_loop();
    assert_true(woke > 0);
    assert_true(n_of[7] >= TIMES);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_changes_leave_each_its_own),
        TEST(behind_a_hold_there_is_nothing_of_before),
        TEST(left_alone_it_wakes_nobody_and_keeps_its_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
