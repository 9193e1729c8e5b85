/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter_kernel.c - the kernel's 64-bit interface counters by rtnetlink.
 *
 * One question by name a reading: the answer holds index, carrier, MTU and counters of
 * one moment together. Between readings the counters alone are asked for, by that index.
 * What the kind of interface counts of a frame is made up for, so that bytes are those of
 * the layer that is said.
 * The speed is asked by ethtool at the opening and whenever the carrier changed. All of it
 * needs no rights and follows the network namespace, which files under /sys do not. */
#include "linkkind.h"
#include "rtlink.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 16384, /* an answer is 1 to 2 KiB; more with many virtual functions */
    LEVELS_MAX = 4,     /* a VLAN on a bond on … */
    ANSWERS_MAX = 8     /* stray datagrams passed over before the one to our question */
};

/* One direction of the interface: what its counter lacks of the layer, or has too much. */
struct side {
    bool offset_known;
    int64_t offset_bytes;
    bool counted; /* these are of the last reading: */
    int64_t packets;
    int64_t made_up; /* bytes, so far */
};

struct bw_counter {
    int fd;       /* netlink */
    int ioctl_fd; /* any socket of this namespace */
    uint32_t seq;
    bool towards_school_is_tx;
    char interface[IFNAMSIZ];
    int64_t ifindex; /* BW_UNKNOWN before the first reading */
    bool carrier;
    int64_t link_bps;
    int64_t mtu;
    int64_t master;
    struct bw_counter_link link;
    enum bw_layer layer;
    struct side rx;
    struct side tx;
};

/* The answer to a question that has the number c->seq. */
static int ask(const struct bw_counter *c,
               const uint8_t *question,
               size_t n,
               struct bw_rtlink *ret,
               int64_t *ret_mono_ns)
{
    uint8_t answer[ANSWER_MAX];
    int64_t before_ns;
    int r = -EIO;
    if (n == 0) {
        return -ENODEV;
    }
    before_ns = bw_clock_mono_ns();
    if (send(c->fd, question, n, 0) < 0) {
        return -errno;
    }
    /* The kernel answers within send(); nothing here waits. */
    for (int i = 0; i < ANSWERS_MAX; i++) {
        ssize_t got = recv(c->fd, answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0) {
            return -errno;
        }
        if ((size_t)got > sizeof(answer)) {
            return -EMSGSIZE;
        }
        r = bw_rtlink_parse(answer, (size_t)got, c->seq, ret);
        if (r != -EAGAIN) {
            break;
        }
    }
    *ret_mono_ns = before_ns + (bw_clock_mono_ns() - before_ns) / 2;
    return r == -EAGAIN ? -EIO : r;
}

/* man7 ethtool: the number of mode words is asked for first, as a negative number. */
static int64_t read_speed(const struct bw_counter *c)
{
    enum {
        MODES_MAX = sizeof(uint32_t) * 3 * 128
    };
    _Alignas(struct ethtool_link_settings) char
        raw[sizeof(struct ethtool_link_settings) + MODES_MAX];
    struct ethtool_link_settings s;
    struct ifreq ifr;
    (void)memset(raw, 0, sizeof(raw));
    (void)memset(&s, 0, sizeof(s));
    (void)memset(&ifr, 0, sizeof(ifr));
    (void)memcpy(ifr.ifr_name, c->interface, sizeof(ifr.ifr_name));
    ifr.ifr_data = raw;
    for (int i = 0; i < 2; i++) {
        s.cmd = ETHTOOL_GLINKSETTINGS;
        s.link_mode_masks_nwords = (int8_t)-s.link_mode_masks_nwords;
        (void)memcpy(raw, &s, sizeof(s));
        if (ioctl(c->ioctl_fd, SIOCETHTOOL, &ifr) < 0) {
            return BW_UNKNOWN;
        }
        (void)memcpy(&s, raw, sizeof(s));
    }
    if (s.link_mode_masks_nwords <= 0 || s.speed == 0 ||
        s.speed == (uint32_t)SPEED_UNKNOWN) {
        return BW_UNKNOWN;
    }
    return (int64_t)s.speed * 1000000;
}

static void kernel_close(struct bw_counter *c)
{
    if (!c) {
        return;
    }
    if (c->fd >= 0) {
        (void)close(c->fd);
    }
    if (c->ioctl_fd >= 0) {
        (void)close(c->ioctl_fd);
    }
    free(c);
}

/* Is there software at the bottom of what the interface stands on? Then the speed that it
 * passes on is made up. A bond's is the sum of its active legs, by the kernel. */
static bool stands_on_software(struct bw_counter *c, const struct bw_rtlink *l)
{
    struct bw_rtlink at = *l;
    for (int i = 0; i < LEVELS_MAX && !at.software && at.lower != BW_UNKNOWN; i++) {
        uint8_t question[BW_RTLINK_ASK_MAX];
        int64_t ignored_ns;
        size_t n = bw_rtlink_ask_index(question, ++c->seq, at.lower);
        if (at.lower_is_far || ask(c, question, n, &at, &ignored_ns) < 0) {
            return true; /* nobody can tell */
        }
    }
    return at.software;
}

static void name_of(int64_t ifindex, char out[IFNAMSIZ])
{
    if (ifindex == BW_UNKNOWN || !if_indextoname((unsigned)ifindex, out)) {
        out[0] = '\0';
    }
}

/* What a new interface, or one whose carrier changed, is. */
static void look_at_port(struct bw_counter *c, const struct bw_rtlink *l)
{
    struct bw_linkkind kind = bw_linkkind_of(l);
    c->link_bps = !l->carrier || stands_on_software(c, l) ? BW_UNKNOWN : read_speed(c);
    c->link.vlan = l->vlan;
    (void)memcpy(c->link.kind, l->kind, sizeof(c->link.kind));
    (void)memcpy(c->link.leg_of_kind, l->leg_of, sizeof(c->link.leg_of_kind));
    name_of(l->lower_is_far ? BW_UNKNOWN : l->lower, c->link.lower);
    name_of(l->master, c->link.leg_of);
    c->layer = kind.layer;
    c->link.measurable = !kind.known && kind.layer == BW_LAYER_ETHERNET;
    if (kind.known) {
        c->rx.offset_known = true;
        c->rx.offset_bytes = kind.rx_offset;
        c->tx.offset_known = true;
        c->tx.offset_bytes = kind.tx_offset;
    }
}

/* The bytes of the layer. What is made up for goes by the packets since the last reading,
 * so that nothing jumps when the offset becomes known. */
static struct bw_counter_dir
take_side(const struct bw_counter *c, struct side *s, const struct bw_counter_dir *counted)
{
    struct bw_counter_dir d = *counted;
    int64_t lacks = c->layer == BW_LAYER_ETHERNET && s->offset_known ? -s->offset_bytes : 0;
    if (d.packets != BW_UNKNOWN) {
        if (s->counted && d.packets > s->packets) {
            s->made_up += lacks * (d.packets - s->packets);
        }
        s->counted = true;
        s->packets = d.packets;
    }
    if (d.bytes != BW_UNKNOWN) {
        d.bytes = d.bytes + s->made_up > 0 ? d.bytes + s->made_up : 0;
    }
    d.offset_known = s->offset_known;
    d.offset_bytes = s->offset_bytes;
    return d;
}

static void fill(struct bw_counter *c, const struct bw_rtlink *l, struct bw_reading *ret)
{
    struct bw_counter_dir rx = {.bytes = l->rx_bytes,
                                .packets = l->rx_packets,
                                .drops = l->rx_drops,
                                .errors = l->rx_errors};
    struct bw_counter_dir tx = {.bytes = l->tx_bytes,
                                .packets = l->tx_packets,
                                .drops = l->tx_drops,
                                .errors = l->tx_errors};
    rx = take_side(c, &c->rx, &rx);
    tx = take_side(c, &c->tx, &tx);
    ret->ifindex = c->ifindex;
    ret->layer = c->layer;
    ret->carrier = c->carrier;
    ret->link_bps = c->link_bps;
    ret->mtu = c->mtu;
    ret->dir[BW_DOWN] = c->towards_school_is_tx ? tx : rx;
    ret->dir[BW_UP] = c->towards_school_is_tx ? rx : tx;
}

static int kernel_read(struct bw_counter *c, struct bw_reading *ret)
{
    uint8_t question[BW_RTLINK_ASK_MAX];
    size_t n = bw_rtlink_ask(question, ++c->seq, c->interface);
    struct bw_rtlink l = {0};
    struct bw_reading reading = {0};
    int r = ask(c, question, n, &l, &reading.mono_ns);
    if (r < 0) {
        return r;
    }
    if (c->ifindex != BW_UNKNOWN && c->ifindex != l.ifindex) {
        return -ENODEV; /* the name is there again, the interface is another one */
    }
    if (l.carrier != c->carrier || l.master != c->master || c->ifindex == BW_UNKNOWN) {
        c->carrier = l.carrier;
        c->master = l.master;
        look_at_port(c, &l);
    }
    c->ifindex = l.ifindex;
    c->mtu = l.mtu;
    fill(c, &l, &reading);
    *ret = reading;
    return 0;
}

static int kernel_peek(struct bw_counter *c, struct bw_reading *ret)
{
    uint8_t question[BW_RTLINK_ASK_MAX];
    size_t n = bw_rtlink_ask_counts(question, ++c->seq, c->ifindex);
    struct bw_rtlink l = {0};
    struct bw_reading reading = {0};
    int r = ask(c, question, n, &l, &reading.mono_ns);
    if (r == -EOPNOTSUPP) {
        return kernel_read(c, ret); /* before Linux 4.7 */
    }
    if (r < 0) {
        return r;
    }
    fill(c, &l, &reading);
    *ret = reading;
    return 0;
}

static int kernel_raw(struct bw_counter *c, struct bw_counter_raw *ret)
{
    uint8_t question[BW_RTLINK_ASK_MAX];
    size_t n = bw_rtlink_ask_counts(question, ++c->seq, c->ifindex);
    struct bw_rtlink l = {0};
    int64_t mono_ns;
    int r = ask(c, question, n, &l, &mono_ns);
    if (r == 0) {
        *ret = (struct bw_counter_raw){.ifindex = c->ifindex,
                                       .rx_bytes = l.rx_bytes,
                                       .rx_packets = l.rx_packets,
                                       .tx_bytes = l.tx_bytes,
                                       .tx_packets = l.tx_packets};
    }
    return r;
}

static void kernel_set_offset(struct bw_counter *c, bool sent, int64_t offset_bytes)
{
    struct side *s = sent ? &c->tx : &c->rx;
    s->offset_known = true;
    s->offset_bytes = offset_bytes;
}

static const struct bw_counter_link *kernel_link(const struct bw_counter *c)
{
    return &c->link;
}

static int kernel_open(const char *interface,
                       bool towards_school_is_tx,
                       struct bw_counter **ret,
                       struct bw_err *reterr)
{
    struct bw_counter *c = NULL;
    struct bw_reading first;
    int r;
    if (interface[0] == '\0' || strlen(interface) > BW_RTLINK_NAME_MAX) {
        return bw_err_set(reterr, -ENODEV, "'%s' cannot be the name of an interface",
                          interface);
    }
    c = calloc(1, sizeof(*c));
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    c->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (c->ioctl_fd < 0 && errno == EAFNOSUPPORT) {
        c->ioctl_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    if (c->fd < 0 || c->ioctl_fd < 0) {
        r = -errno;
        r = bw_err_set(reterr, r, "no socket to the kernel's counters: %s", bw_strerror(r));
        goto out;
    }
    (void)memcpy(c->interface, interface, strlen(interface) + 1);
    c->towards_school_is_tx = towards_school_is_tx;
    c->ifindex = BW_UNKNOWN;
    r = kernel_read(c, &first);
    if (r < 0) {
        r = bw_err_set(reterr, r, "interface %s cannot be read: %s", interface,
                       bw_strerror(r));
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    kernel_close(c);
    return r;
}

const struct bw_counter_ops bw_counter_kernel = {
    .name = "kernel",
    .source = BW_SOURCE_KERNEL,
    .resolution_ms = 1000,
    .open = kernel_open,
    .read = kernel_read,
    .peek = kernel_peek,
    .link = kernel_link,
    .raw = kernel_raw,
    .set_offset = kernel_set_offset,
    .close = kernel_close,
};
