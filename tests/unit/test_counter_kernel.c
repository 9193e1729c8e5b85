/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_counter_kernel.c - rtnetlink's answers as recorded bytes, and the kernel's loopback
 * counters live. */
#include "bw_test.h"

#include "rtlink.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPUS BW_SOURCE_DIR "/tests/fuzz/corpus/fuzz_rtlink/"

/* A recorded answer: the number asked for, then the datagram. */
static size_t recorded(const char *name, uint8_t *buf, size_t cap, uint32_t *ret_seq)
{
    char path[512];
    ssize_t n;
    int fd;
    (void)snprintf(path, sizeof(path), "%s%s", CORPUS, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    assert_int_equal(read(fd, ret_seq, sizeof(*ret_seq)), sizeof(*ret_seq));
    n = read(fd, buf, cap);
    (void)close(fd);
    assert_true(n > 0);
    return (size_t)n;
}

static void a_veth(void **state)
{
    uint8_t buf[8192];
    uint32_t seq;
    struct bw_rtlink l;
    size_t n = recorded("veth", buf, sizeof(buf), &seq);
    (void)state;
    assert_int_equal(bw_rtlink_parse(buf, n, seq, &l), 0);
    assert_true(l.ifindex > 0);
    assert_true(l.carrier);
    assert_true(l.software); /* says 10 Gbit/s, which means nothing */
    assert_int_equal(l.mtu, 1500);
    assert_true(l.rx_bytes > 0 && l.tx_bytes > 0 && l.rx_packets > 0);
    assert_int_equal(l.rx_errors, 0);
    assert_int_equal(bw_rtlink_parse(buf, n, seq + 1, &l),
                     -EAGAIN); /* another question's */
}

static void no_such_interface(void **state)
{
    uint8_t buf[8192];
    uint32_t seq;
    struct bw_rtlink l;
    size_t n = recorded("nodev", buf, sizeof(buf), &seq);
    (void)state;
    assert_int_equal(bw_rtlink_parse(buf, n, seq, &l), -ENODEV);
}

static void every_cut_is_refused(void **state)
{
    uint8_t buf[8192];
    uint32_t seq;
    struct bw_rtlink l;
    size_t n = recorded("veth", buf, sizeof(buf), &seq);
    (void)state;
    for (size_t i = 1; i < n; i++) {
        assert_true(bw_rtlink_parse(buf, i, seq, &l) < 0);
    }
    /* A message that says a shorter length cuts an attribute in two. */
    for (uint32_t len = NLMSG_HDRLEN; len < n; len += 4) {
        (void)memcpy(buf, &len, sizeof(len));
        (void)bw_rtlink_parse(buf, n, seq, &l);
    }
}

static void names_have_a_length(void **state)
{
    uint8_t buf[BW_RTLINK_ASK_MAX];
    (void)state;
    assert_true(bw_rtlink_ask(buf, 1, "eth0") > 0);
    assert_true(bw_rtlink_ask(buf, 1, "fifteen-letters") > 0);
    assert_int_equal(bw_rtlink_ask(buf, 1, "sixteen-letters-"), 0);
}

static void loopback_live(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_err err = {""};
    struct bw_reading a;
    struct bw_reading b;
    int r = bw_counter_kernel.open("lo", false, &c, &err);
    (void)state;
    if (r != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(bw_counter_kernel.read(c, &a), 0);
    assert_int_equal(bw_counter_kernel.read(c, &b), 0);
    assert_true(b.mono_ns > a.mono_ns);
    assert_true(b.dir[BW_DOWN].bytes >= a.dir[BW_DOWN].bytes);
    assert_int_equal(a.ifindex, 1);
    assert_int_equal(a.link_bps, BW_UNKNOWN);
    bw_counter_kernel.close(c);
    assert_int_equal(bw_counter_kernel.open("no-such-if0", false, &c, &err), -ENODEV);
    assert_non_null(strstr(err.text, "no-such-if0"));
    assert_int_equal(bw_counter_kernel.open("", false, &c, &err), -ENODEV);
}

/* Counts alone say what a whole reading says, and nothing of another interface. */
static void counts_alone(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading a;
    struct bw_reading b;
    struct bw_reading d;
    (void)state;
    assert_int_equal(bw_counter_kernel.open("lo", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &a), 0);
    assert_int_equal(bw_counter_kernel.peek(c, &b), 0);
    assert_int_equal(bw_counter_kernel.read(c, &d), 0);
    assert_true(b.mono_ns > a.mono_ns && d.mono_ns > b.mono_ns);
    assert_true(b.dir[BW_DOWN].bytes >= a.dir[BW_DOWN].bytes);
    assert_true(b.dir[BW_DOWN].bytes <= d.dir[BW_DOWN].bytes);
    assert_true(b.dir[BW_UP].packets >= a.dir[BW_UP].packets);
    assert_true(b.dir[BW_UP].packets <= d.dir[BW_UP].packets);
    assert_int_equal(b.ifindex, a.ifindex);
    assert_int_equal(b.mtu, a.mtu);
    assert_int_equal(b.carrier, a.carrier);
    assert_int_equal(b.link_bps, a.link_bps);
    bw_counter_kernel.close(c);
}

static void recorded_counts(void **state)
{
    uint8_t buf[8192];
    uint32_t seq;
    struct bw_rtlink l;
    size_t n = recorded("counts", buf, sizeof(buf), &seq);
    (void)state;
    assert_int_equal(bw_rtlink_parse(buf, n, seq, &l), 0);
    assert_true(l.ifindex > 0 && l.rx_bytes > 0 && l.tx_bytes > 0);
    assert_int_equal(l.mtu, BW_UNKNOWN);
    for (size_t i = 1; i < n; i++) {
        assert_true(bw_rtlink_parse(buf, i, seq, &l) < 0);
    }
}

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

/* Last: the rest of this process lives in a network namespace of its own. */
static void an_interface_that_goes_and_comes(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading before;
    struct bw_reading after;
    (void)state;
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no right to make a network namespace\n");
        skip();
    }
    assert_int_equal(
        IP("link", "add", "bwp0", "mtu", "1400", "type", "veth", "peer", "name", "bwp1"),
        0);
    assert_int_equal(IP("link", "set", "bwp0", "up"), 0);
    assert_int_equal(bw_counter_kernel.open("bwp0", true, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &before), 0);
    assert_false(before.carrier); /* its other end is down */
    assert_int_equal(before.mtu, 1400);
    assert_int_equal(before.link_bps, BW_UNKNOWN);
    assert_int_equal(IP("link", "set", "bwp1", "up"), 0);
    assert_int_equal(bw_counter_kernel.read(c, &after), 0);
    assert_true(after.carrier);
    /* The kernel greets its neighbours over IPv6: sent is "down" on the school's side. */
    assert_true(after.dir[BW_DOWN].bytes >= before.dir[BW_DOWN].bytes);
    assert_int_equal(bw_counter_kernel.peek(c, &after), 0);
    assert_true(after.carrier);
    assert_int_equal(IP("link", "del", "bwp0"), 0);
    assert_int_equal(bw_counter_kernel.peek(c, &after), -ENODEV);
    assert_int_equal(bw_counter_kernel.read(c, &after), -ENODEV);
    assert_int_equal(IP("link", "add", "bwp0", "type", "veth", "peer", "name", "bwp1"), 0);
    assert_int_equal(bw_counter_kernel.read(c, &after), -ENODEV); /* another interface */
    assert_int_equal(bw_counter_kernel.peek(c, &after), -ENODEV);
    bw_counter_kernel.close(c);
    assert_int_equal(bw_counter_kernel.open("bwp0", true, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &after), 0);
    assert_int_not_equal(after.ifindex, before.ifindex);
    assert_int_equal(after.mtu, 1500);
    bw_counter_kernel.close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_veth),
        cmocka_unit_test(no_such_interface),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(names_have_a_length),
        cmocka_unit_test(loopback_live),
        cmocka_unit_test(counts_alone),
        cmocka_unit_test(recorded_counts),
        cmocka_unit_test(an_interface_that_goes_and_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
