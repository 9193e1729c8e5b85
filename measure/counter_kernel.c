/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter_kernel.c - the kernel's 64-bit interface counters by rtnetlink.
 *
 * One question by name a reading: the answer holds index, carrier, MTU and counters of
 * one moment together. The speed is asked by ethtool at the opening and whenever the
 * carrier changed. All of it needs no rights and follows the network namespace, which
 * files under /sys do not. */
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
    ANSWERS_MAX = 8     /* stray datagrams passed over before the one to our question */
};

struct bw_counter {
    int fd;       /* netlink */
    int ioctl_fd; /* any socket of this namespace */
    uint32_t seq;
    bool towards_school_is_tx;
    char interface[IFNAMSIZ];
    int64_t ifindex; /* BW_UNKNOWN before the first reading */
    bool carrier;
    bool speed_known; /* asked since the carrier changed */
    int64_t link_bps;
};

static int ask(struct bw_counter *c, struct bw_rtlink *ret, int64_t *ret_mono_ns)
{
    uint8_t question[BW_RTLINK_ASK_MAX];
    uint8_t answer[ANSWER_MAX];
    size_t n = bw_rtlink_ask(question, ++c->seq, c->interface);
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
static int64_t read_speed(struct bw_counter *c)
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

static int kernel_read(struct bw_counter *c, struct bw_reading *ret)
{
    struct bw_rtlink l = {0};
    int64_t mono_ns = 0;
    struct bw_counter_dir rx;
    struct bw_counter_dir tx;
    int r = ask(c, &l, &mono_ns);
    if (r < 0) {
        return r;
    }
    if (c->ifindex != BW_UNKNOWN && c->ifindex != l.ifindex) {
        return -ENODEV; /* the name is there again, the interface is another one */
    }
    if (l.carrier != c->carrier || !c->speed_known) {
        c->carrier = l.carrier;
        c->speed_known = true;
        c->link_bps = l.software || !l.carrier ? BW_UNKNOWN : read_speed(c);
    }
    c->ifindex = l.ifindex;
    rx = (struct bw_counter_dir){.bytes = l.rx_bytes,
                                 .packets = l.rx_packets,
                                 .drops = l.rx_drops,
                                 .errors = l.rx_errors};
    tx = (struct bw_counter_dir){.bytes = l.tx_bytes,
                                 .packets = l.tx_packets,
                                 .drops = l.tx_drops,
                                 .errors = l.tx_errors};
    *ret = (struct bw_reading){.mono_ns = mono_ns,
                               .ifindex = l.ifindex,
                               .carrier = l.carrier,
                               .link_bps = c->link_bps,
                               .mtu = l.mtu};
    ret->dir[BW_DOWN] = c->towards_school_is_tx ? tx : rx;
    ret->dir[BW_UP] = c->towards_school_is_tx ? rx : tx;
    return 0;
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
    .layer = BW_LAYER_ETHERNET,
    .resolution_ms = 1000,
    .open = kernel_open,
    .read = kernel_read,
    .close = kernel_close,
};
