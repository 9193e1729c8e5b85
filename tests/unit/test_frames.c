/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_frames.c - veth counts what it receives with the Ethernet header, and without it
 * once it polls (GRO on): both are found out, and made up for, on live interfaces. */
#include "bw_test.h"

#include "calibration.h"
#include "frames.h"
#include "frametap.h"

#include <bw/counter.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

static int ip(const char *const *words)
{
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = words};
    int status = -1;
    pid_t pid;
    if (posix_spawnp(&pid, "ip", NULL, NULL, argv.out, environ) != 0 ||
        waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    return status;
}

#define IP(...) ip((const char *const[]){"ip", __VA_ARGS__, NULL})

static uv_loop_t loop;
static int sender; /* at the other end */
static struct sockaddr_ll to;

static int make_pair(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no right to make a network namespace\n");
        return 0;
    }
    assert_int_equal(IP("link", "add", "bwf0", "type", "veth", "peer", "name", "bwf1"), 0);
    assert_int_equal(IP("link", "set", "bwf1", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwf0", "addrgenmode", "none", "up"), 0);
    sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(sender >= 0);
    return uv_loop_init(&loop);
}

static void set_feature(const char *interface, uint32_t command, bool on)
{
    struct ethtool_value v = {.cmd = command, .data = on};
    struct ifreq r = {.ifr_data = (char *)&v};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)memcpy(r.ifr_name, interface, strlen(interface) + 1);
    assert_int_equal(ioctl(fd, SIOCETHTOOL, &r), 0);
    (void)close(fd);
}

/* bwf0 polls when it may merge (GRO) and its other end does not split (TSO). */
static void set_polling(bool on)
{
    set_feature("bwf1", ETHTOOL_STSO, !on);
    set_feature("bwf0", ETHTOOL_SGRO, on);
}

static void send_one(const char *interface, size_t size)
{
    uint8_t frame[1500] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
                           0,    0,    0,    0,    1,    0x88, 0xb6};
    to = (struct sockaddr_ll){.sll_family = AF_PACKET,
                              .sll_ifindex = (int)if_nametoindex(interface)};
    assert_int_equal(sendto(sender, frame, size, 0, (struct sockaddr *)&to, sizeof(to)),
                     (ssize_t)size);
}

static void on_send(uv_timer_t *t)
{
    int *n = t->data;
    (*n)++;
    send_one("bwf1", 60 + (size_t)(*n * 37 % 1400));
    send_one("bwf0", 60 + (size_t)(*n * 71 % 1400));
}

static void on_done(void *owner)
{
    *(bool *)owner = true;
}

static void settle(struct bw_frames *f, uv_timer_t *timer)
{
    for (int i = 0; i < 20000 && bw_frames_state(f) == BW_FRAMES_LISTENING; i++) {
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
    (void)uv_timer_stop(timer);
}

static int64_t bytes_of(struct bw_counter *c, enum bw_direction d)
{
    struct bw_reading r;
    assert_int_equal(bw_counter_kernel.peek(c, &r), 0);
    return r.dir[d].bytes;
}

/* Received is "down" here. */
static void found_out(int64_t rx_offset, int64_t tx_offset)
{
    struct bw_counter *c = NULL;
    struct bw_reading r;
    struct bw_frames *f = bw_frames_new(&loop);
    uv_timer_t timer;
    bool closed = false;
    int n = 0;
    int64_t before[BW_DIRECTIONS];
    assert_non_null(f);
    assert_int_equal(bw_counter_kernel.open("bwf0", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_false(r.dir[BW_DOWN].offset_known || r.dir[BW_UP].offset_known);
    (void)uv_timer_init(&loop, &timer);
    timer.data = &n;
    (void)uv_timer_start(&timer, on_send, 1, 1);
    bw_frames_begin(f, &bw_counter_kernel, c, "test");
    assert_int_equal(bw_frames_state(f), BW_FRAMES_LISTENING);
    settle(f, &timer);
    assert_int_equal(bw_frames_state(f), BW_FRAMES_KNOWN);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_true(r.dir[BW_DOWN].offset_known && r.dir[BW_UP].offset_known);
    assert_int_equal(r.dir[BW_DOWN].offset_bytes, rx_offset);
    assert_int_equal(r.dir[BW_UP].offset_bytes, tx_offset);
    before[BW_DOWN] = bytes_of(c, BW_DOWN);
    before[BW_UP] = bytes_of(c, BW_UP);
    for (int i = 0; i < 50; i++) {
        send_one("bwf1", 1000);
        send_one("bwf0", 200);
    }
    (void)usleep(20000); /* what polls has its own time */
    assert_int_equal(bytes_of(c, BW_DOWN) - before[BW_DOWN], 50000);
    assert_int_equal(bytes_of(c, BW_UP) - before[BW_UP], 10000);
    bw_frames_close(f, on_done, &closed);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    bw_counter_kernel.close(c);
}

static void need_pair(void)
{
    if (sender <= 0) {
        skip();
    }
}

static void headers_are_counted(void **state)
{
    (void)state;
    need_pair();
    set_polling(false);
    found_out(0, 0);
}

static void headers_are_not_counted(void **state)
{
    (void)state;
    need_pair();
    set_polling(true);
    found_out(-14, 0);
    set_polling(false);
}

static void on_send_short(uv_timer_t *t)
{
    (void)t;
    send_one("bwf0", 54);
}

/* Nothing comes in, and what goes out a card would pad: not known, and tried again later.
 */
static void a_silent_line(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading r;
    struct bw_frames *f;
    uv_timer_t timer;
    bool closed = false;
    (void)state;
    need_pair();
    f = bw_frames_new(&loop);
    assert_int_equal(bw_counter_kernel.open("bwf0", false, &c, NULL), 0);
    (void)uv_timer_init(&loop, &timer);
    (void)uv_timer_start(&timer, on_send_short, 1, 10);
    bw_frames_begin(f, &bw_counter_kernel, c, "test");
    settle(f, &timer);
    assert_int_equal(bw_frames_state(f), BW_FRAMES_WAITING);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_true(r.dir[BW_UP].packets > 2 * BW_CALIBRATION_FRAMES);
    assert_false(r.dir[BW_UP].offset_known);
    bw_frames_forget(f);
    assert_int_equal(bw_frames_state(f), BW_FRAMES_IDLE);
    bw_frames_close(f, on_done, &closed);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    bw_counter_kernel.close(c);
}

static void hears_only_while_bound(void **state)
{
    struct bw_frametap_sums sums = {0};
    int64_t index;
    int fd;
    (void)state;
    need_pair();
    index = if_nametoindex("bwf0");
    fd = bw_frametap_open();
    assert_true(fd >= 0);
    send_one("bwf1", 300);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 0);
    assert_int_equal(bw_frametap_bind(fd, index), 0);
    send_one("bwf1", 300);
    send_one("bwf0", 400);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 2);
    assert_int_equal(sums.rx_bytes, 300);
    assert_int_equal(sums.rx_frames, 1);
    assert_int_equal(sums.tx_bytes, 400);
    assert_int_equal(sums.tx_frames, 1);
    assert_int_equal(bw_frametap_hear(fd, false, true), 0);
    send_one("bwf1", 300);
    send_one("bwf0", 1400);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 1);
    assert_int_equal(sums.tx_bytes, 1800);
    assert_int_equal(bw_frametap_hear(fd, true, false), 0);
    send_one("bwf1", 1400);
    send_one("bwf0", 400);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 1);
    assert_int_equal(sums.rx_bytes, 1700);
    assert_int_equal(sums.tx_short, 0);
    assert_int_equal(bw_frametap_hear(fd, true, true), 0);
    send_one("bwf1", 60); /* was padded where it came from */
    send_one("bwf0", 63);
    send_one("bwf0", 64);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 3);
    assert_int_equal(sums.tx_short, 1);
    send_one("bwf1", 300);
    bw_frametap_silence(fd, index);
    send_one("bwf1", 300);
    assert_int_equal(bw_frametap_read(fd, 10, &sums), 0);
    assert_int_equal(sums.rx_frames, 3);
    (void)close(fd);
}

/* Last: without rights there is no socket, and with the one from before all goes on, also
 * at an interface that was made anew. */
static void without_rights(void **state)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct bw_counter *c = NULL;
    struct bw_frames *had;
    struct bw_frames *has_not;
    uv_timer_t timer;
    int n = 0;
    (void)state;
    need_pair();
    had = bw_frames_new(&loop);
    assert_int_equal(IP("link", "del", "bwf0"), 0);
    assert_int_equal(IP("link", "add", "bwf0", "type", "veth", "peer", "name", "bwf1"), 0);
    assert_int_equal(IP("link", "set", "bwf1", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwf0", "addrgenmode", "none", "up"), 0);
    assert_int_equal(syscall(SYS_capset, &header, none), 0);
    has_not = bw_frames_new(&loop);
    assert_int_equal(bw_counter_kernel.open("bwf0", false, &c, NULL), 0);
    bw_frames_begin(has_not, &bw_counter_kernel, c, "test");
    assert_int_equal(bw_frames_state(has_not), BW_FRAMES_NO_RIGHTS);
    assert_string_equal(bw_frames_state_word(BW_FRAMES_NO_RIGHTS), "no rights");
    (void)uv_timer_init(&loop, &timer);
    timer.data = &n;
    (void)uv_timer_start(&timer, on_send, 1, 1);
    bw_frames_begin(had, &bw_counter_kernel, c, "test");
    settle(had, &timer);
    assert_int_equal(bw_frames_state(had), BW_FRAMES_KNOWN);
    bw_frames_close(had, NULL, NULL);
    bw_frames_close(has_not, NULL, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    bw_counter_kernel.close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_counted), cmocka_unit_test(headers_are_not_counted),
        cmocka_unit_test(a_silent_line),       cmocka_unit_test(hears_only_while_bound),
        cmocka_unit_test(without_rights),
    };
    return cmocka_run_group_tests(tests, make_pair, NULL);
}
