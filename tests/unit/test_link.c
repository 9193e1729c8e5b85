/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_link.c - what is known of an interface by its kind: rtnetlink's messages put
 * together here as Linux 6.1 writes them (kinds that this machine may lack), and live ones.
 */
#include "bw_test.h"

#include "linkkind.h"
#include "rtlink.h"

#include <bw/counter.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SEQ = 9
};

/* A message that is being written. */
static uint8_t msg[1024];
static size_t len;

static void put(const void *data, size_t n)
{
    (void)memcpy(msg + len, data, n);
    len += n;
    while (len % 4 != 0) {
        msg[len++] = 0;
    }
}

static void put_attr(uint16_t type, const void *data, size_t n)
{
    struct rtattr a = {.rta_len = (uint16_t)RTA_LENGTH(n), .rta_type = type};
    put(&a, sizeof(a));
    put(data, n);
}

static void put_u32(uint16_t type, uint32_t v)
{
    put_attr(type, &v, sizeof(v));
}

static size_t nest(uint16_t type)
{
    struct rtattr a = {.rta_type = type};
    size_t at = len;
    put(&a, sizeof(a));
    return at;
}

static void nested(size_t at)
{
    uint16_t n = (uint16_t)(len - at);
    (void)memcpy(msg + at, &n, sizeof(n));
}

static void begin(int ifindex, uint16_t type)
{
    struct nlmsghdr h = {.nlmsg_type = RTM_NEWLINK, .nlmsg_seq = SEQ};
    struct ifinfomsg info = {
        .ifi_index = ifindex, .ifi_type = type, .ifi_flags = IFF_UP | IFF_RUNNING};
    struct rtnl_link_stats64 s = {
        .rx_bytes = 1000000, .rx_packets = 1000, .tx_bytes = 500000, .tx_packets = 400};
    uint8_t carrier = 1;
    len = 0;
    put(&h, sizeof(h));
    put(&info, sizeof(info));
    put_u32(IFLA_MTU, 1492);
    put_attr(IFLA_CARRIER, &carrier, sizeof(carrier));
    put_attr(IFLA_STATS64, &s, sizeof(s));
}

static struct bw_rtlink parsed(void)
{
    struct bw_rtlink l;
    uint32_t n = (uint32_t)len;
    (void)memcpy(msg, &n, sizeof(n));
    assert_int_equal(bw_rtlink_parse(msg, len, SEQ, &l), 0);
    for (size_t i = 1; i < len; i++) {
        struct bw_rtlink cut;
        assert_true(bw_rtlink_parse(msg, i, SEQ, &cut) < 0);
    }
    assert_true(l.carrier);
    assert_int_equal(l.mtu, 1492);
    assert_int_equal(l.rx_packets, 1000);
    return l;
}

static void kind_is(const char *kind)
{
    size_t at = nest(IFLA_LINKINFO);
    put_attr(IFLA_INFO_KIND, kind, strlen(kind) + 1);
    nested(at);
}

static void counts(const struct bw_rtlink *l, enum bw_layer layer, int64_t rx, int64_t tx)
{
    struct bw_linkkind k = bw_linkkind_of(l);
    assert_int_equal(k.layer, layer);
    assert_true(k.known);
    assert_int_equal(k.rx_offset, rx);
    assert_int_equal(k.tx_offset, tx);
}

static void make_vlan(uint16_t id, uint32_t flags)
{
    struct ifla_vlan_flags f = {.flags = flags, .mask = 0xffffffff};
    uint16_t protocol = 0x0081; /* 802.1Q in network order */
    size_t info;
    size_t data;
    begin(7, ARPHRD_ETHER);
    put_u32(IFLA_LINK, 2);
    info = nest(IFLA_LINKINFO);
    put_attr(IFLA_INFO_KIND, "vlan", 5);
    data = nest(IFLA_INFO_DATA);
    put_attr(IFLA_VLAN_PROTOCOL, &protocol, sizeof(protocol));
    put_attr(IFLA_VLAN_ID, &id, sizeof(id));
    put_attr(IFLA_VLAN_FLAGS, &f, sizeof(f));
    nested(data);
    nested(info);
}

static void a_vlan(void **state)
{
    struct bw_rtlink l;
    (void)state;
    make_vlan(120, VLAN_FLAG_REORDER_HDR);
    l = parsed();
    assert_string_equal(l.kind, "vlan");
    assert_int_equal(l.vlan, 120);
    assert_int_equal(l.lower, 2);
    assert_false(l.software); /* it passes the port's speed on */
    assert_false(l.lower_is_far);
    counts(&l, BW_LAYER_ETHERNET, -14, 0);
    make_vlan(4094, 0); /* tags stay in the frames that are sent */
    l = parsed();
    counts(&l, BW_LAYER_ETHERNET, -14, 4);
    assert_int_equal(l.vlan, 4094);
}

/* In a container: the interface below is in another network namespace. */
static void a_vlan_from_afar(void **state)
{
    struct bw_rtlink l;
    (void)state;
    make_vlan(120, VLAN_FLAG_REORDER_HDR);
    put_u32(IFLA_LINK_NETNSID, 0);
    l = parsed();
    assert_true(l.lower_is_far);
}

static void a_bond_and_its_leg(void **state)
{
    struct bw_rtlink l;
    size_t at;
    (void)state;
    begin(5, ARPHRD_ETHER);
    kind_is("bond");
    l = parsed();
    assert_string_equal(l.kind, "bond");
    assert_false(l.software);
    assert_int_equal(l.lower, BW_UNKNOWN);
    assert_false(bw_linkkind_of(&l).known); /* what its ports' drivers count */
    assert_int_equal(bw_linkkind_of(&l).layer, BW_LAYER_ETHERNET);
    begin(2, ARPHRD_ETHER);
    put_u32(IFLA_MASTER, 5);
    at = nest(IFLA_LINKINFO);
    put_attr(IFLA_INFO_SLAVE_KIND, "bond", 5);
    nested(at);
    l = parsed();
    assert_string_equal(l.kind, "");
    assert_string_equal(l.leg_of, "bond");
    assert_int_equal(l.master, 5);
    assert_false(l.software);
}

static void ppp(void **state)
{
    struct bw_rtlink l;
    (void)state;
    begin(12, ARPHRD_PPP);
    kind_is("ppp");
    l = parsed();
    assert_true(l.software);
    counts(&l, BW_LAYER_IP, -14, -14);
}

static void others(void **state)
{
    struct bw_rtlink l;
    (void)state;
    begin(3, ARPHRD_ETHER);
    kind_is("bridge");
    l = parsed();
    counts(&l, BW_LAYER_ETHERNET, -14, 0);
    begin(3, ARPHRD_NONE);
    kind_is("tun");
    l = parsed();
    counts(&l, BW_LAYER_IP, -14, -14);
    begin(3, ARPHRD_ETHER);
    kind_is("tun"); /* a tap */
    l = parsed();
    assert_false(bw_linkkind_of(&l).known);
    begin(3, ARPHRD_NONE);
    kind_is("wireguard"); /* counts its own wrapping, in steps of 16 */
    l = parsed();
    assert_int_equal(bw_linkkind_of(&l).layer, BW_LAYER_UNKNOWN);
    begin(1, ARPHRD_LOOPBACK);
    l = parsed();
    counts(&l, BW_LAYER_ETHERNET, -14, -14);
    begin(2, ARPHRD_ETHER);
    l = parsed();
    assert_string_equal(l.kind, "");
    assert_false(l.software || bw_linkkind_of(&l).known);
    begin(2, ARPHRD_INFINIBAND);
    l = parsed();
    assert_int_equal(bw_linkkind_of(&l).layer, BW_LAYER_UNKNOWN);
}

/* Kinds that no kernel has: too long, without an end, without a letter. */
static void hostile_words(void **state)
{
    struct bw_rtlink l;
    size_t at;
    (void)state;
    begin(3, ARPHRD_ETHER);
    kind_is("a-kind-of-twenty-two-x");
    l = parsed();
    assert_string_equal(l.kind, "?");
    begin(3, ARPHRD_ETHER);
    at = nest(IFLA_LINKINFO);
    put_attr(IFLA_INFO_KIND, "vlan", 4);
    nested(at);
    l = parsed();
    assert_string_equal(l.kind, "vlan");
    begin(3, ARPHRD_ETHER);
    at = nest(IFLA_LINKINFO);
    put_attr(IFLA_INFO_KIND, "", 0);
    nested(at);
    l = parsed();
    assert_string_equal(l.kind, "?");
}

/* ---- live */

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

static bool alone;

static void need_namespace(void)
{
    if (!alone && unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no right to make a network namespace\n");
        skip();
    }
    alone = true;
}

/* n frames of `size` bytes, from anybody to everybody, out of an interface. */
static void send_frames(const char *interface, int n, size_t size)
{
    uint8_t frame[1500] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
                           0,    0,    0,    0,    1,    0x88, 0xb5};
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && size <= sizeof(frame));
    for (int i = 0; i < n; i++) {
        assert_int_equal(sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)),
                         (ssize_t)size);
    }
    (void)close(fd);
}

static int64_t bytes_of(struct bw_counter *c, enum bw_direction d)
{
    struct bw_reading r;
    assert_int_equal(bw_counter_kernel.peek(c, &r), 0);
    return r.dir[d].bytes;
}

/* A port passes frames on once the kernel has seen its carrier. */
static void until_it_passes(struct bw_counter *c, const char *port)
{
    int64_t before = bytes_of(c, BW_DOWN);
    for (int i = 0; i < 5000 && bytes_of(c, BW_DOWN) == before; i++) {
        send_frames(port, 1, 1000);
        (void)usleep(1000);
    }
}

/* Bytes are those of whole Ethernet frames, whatever the kernel counts of them. A bridge
 * that snoops joins two groups when it comes up: frames of its own. */
static void a_bridge_live(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading r;
    int64_t before;
    (void)state;
    need_namespace();
    if (IP("link", "add", "bwb0", "type", "bridge", "mcast_snooping", "0") != 0) {
        print_message("skipped: this kernel makes no bridge\n");
        skip();
    }
    assert_int_equal(IP("link", "add", "bwb1", "type", "veth", "peer", "name", "bwb2"), 0);
    assert_int_equal(IP("link", "set", "bwb1", "master", "bwb0", "up"), 0);
    assert_int_equal(IP("link", "set", "bwb2", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwb0", "addrgenmode", "none", "up"), 0);
    assert_int_equal(bw_counter_kernel.open("bwb0", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_string_equal(bw_counter_kernel.link(c)->kind, "bridge");
    assert_int_equal(r.layer, BW_LAYER_ETHERNET);
    assert_int_equal(r.link_bps, BW_UNKNOWN); /* of its ports' it would be the largest */
    assert_true(r.dir[BW_DOWN].offset_known);
    assert_int_equal(r.dir[BW_DOWN].offset_bytes, -14);
    assert_int_equal(r.dir[BW_UP].offset_bytes, 0);
    until_it_passes(c, "bwb2");
    before = bytes_of(c, BW_DOWN);
    send_frames("bwb2", 100, 1000);
    assert_int_equal(bytes_of(c, BW_DOWN) - before, 100000);
    before = bytes_of(c, BW_UP);
    send_frames("bwb0", 100, 1000);
    assert_int_equal(bytes_of(c, BW_UP) - before, 100000);
    bw_counter_kernel.close(c);
    assert_int_equal(bw_counter_kernel.open("bwb1", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_string_equal(bw_counter_kernel.link(c)->leg_of_kind, "bridge");
    assert_string_equal(bw_counter_kernel.link(c)->leg_of, "bwb0");
    bw_counter_kernel.close(c);
}

/* VLAN and bond over veth, where the kernel has them. */
static void a_vlan_live(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading r;
    int64_t before;
    (void)state;
    need_namespace();
    assert_int_equal(IP("link", "add", "bwv1", "type", "veth", "peer", "name", "bwv2"), 0);
    if (IP("link", "add", "bwv1.7", "link", "bwv1", "type", "vlan", "id", "7") != 0) {
        print_message("skipped: this kernel makes no VLAN (CONFIG_VLAN_8021Q)\n");
        skip();
    }
    assert_int_equal(IP("link", "add", "bwv2.7", "link", "bwv2", "type", "vlan", "id", "7"),
                     0);
    assert_int_equal(IP("link", "set", "bwv1", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwv2", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwv1.7", "addrgenmode", "none", "up"), 0);
    assert_int_equal(IP("link", "set", "bwv2.7", "addrgenmode", "none", "up"), 0);
    assert_int_equal(bw_counter_kernel.open("bwv1.7", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_string_equal(bw_counter_kernel.link(c)->lower, "bwv1");
    assert_int_equal(bw_counter_kernel.link(c)->vlan, 7);
    assert_int_equal(r.link_bps, BW_UNKNOWN); /* below is a veth */
    before = bytes_of(c, BW_DOWN);
    send_frames("bwv2.7", 100, 1000);
    assert_int_equal(bytes_of(c, BW_DOWN) - before, 100000);
    before = bytes_of(c, BW_UP);
    send_frames("bwv1.7", 100, 1000);
    assert_int_equal(bytes_of(c, BW_UP) - before, 100000);
    bw_counter_kernel.close(c);
}

static void a_bond_live(void **state)
{
    struct bw_counter *c = NULL;
    struct bw_reading r;
    (void)state;
    need_namespace();
    if (IP("link", "add", "bwo0", "type", "bond", "mode", "active-backup") != 0) {
        print_message("skipped: this kernel makes no bond (CONFIG_BONDING)\n");
        skip();
    }
    assert_int_equal(IP("link", "add", "bwo1", "type", "veth", "peer", "name", "bwo2"), 0);
    assert_int_equal(IP("link", "set", "bwo1", "master", "bwo0"), 0);
    assert_int_equal(IP("link", "set", "bwo0", "up"), 0);
    assert_int_equal(bw_counter_kernel.open("bwo1", false, &c, NULL), 0);
    assert_int_equal(bw_counter_kernel.read(c, &r), 0);
    assert_string_equal(bw_counter_kernel.link(c)->leg_of_kind, "bond");
    assert_string_equal(bw_counter_kernel.link(c)->leg_of, "bwo0");
    bw_counter_kernel.close(c);
}

static void a_ppp_live(void **state)
{
    (void)state;
    if (access("/dev/ppp", R_OK | W_OK) != 0) {
        print_message("skipped: this kernel has no PPP (/dev/ppp)\n");
    } else {
        print_message("skipped: PPP needs a pppd at both ends, which is not installed\n");
    }
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vlan),
        cmocka_unit_test(a_vlan_from_afar),
        cmocka_unit_test(a_bond_and_its_leg),
        cmocka_unit_test(ppp),
        cmocka_unit_test(others),
        cmocka_unit_test(hostile_words),
        cmocka_unit_test(a_bridge_live),
        cmocka_unit_test(a_vlan_live),
        cmocka_unit_test(a_bond_live),
        cmocka_unit_test(a_ppp_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
