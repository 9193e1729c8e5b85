/* SPDX-License-Identifier: GPL-3.0-or-later
 * rtlink.c - rtnetlink's messages about one link as bytes. Attributes are walked by our
 * own bounds, copied out before use (their alignment is 4), and unknown ones passed over:
 * kernels add some with every version. */
#include "rtlink.h"

#include <bw/units.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

struct attr {
    uint16_t type;
    const uint8_t *data;
    size_t len;
};

/* The next attribute of p[n]; false at the end, *ret_bad tells a broken one. */
static bool next_attr(const uint8_t **p, size_t *n, struct attr *ret, bool *ret_bad)
{
    struct rtattr a;
    size_t step;
    if (*n < sizeof(a)) {
        return false;
    }
    (void)memcpy(&a, *p, sizeof(a));
    if (a.rta_len < sizeof(a) || a.rta_len > *n) {
        *ret_bad = true;
        return false;
    }
    ret->type = (uint16_t)(a.rta_type & NLA_TYPE_MASK);
    ret->data = *p + sizeof(a);
    ret->len = a.rta_len - sizeof(a);
    step = RTA_ALIGN((size_t)a.rta_len);
    if (step > *n) {
        step = *n;
    }
    *p += step;
    *n -= step;
    return true;
}

size_t bw_rtlink_ask(uint8_t *buf, uint32_t seq, const char *interface)
{
    size_t name_len = strlen(interface) + 1;
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
    struct rtattr a = {.rta_type = IFLA_IFNAME};
    size_t n = NLMSG_SPACE(sizeof(info)) + RTA_SPACE(name_len);
    struct nlmsghdr h = {
        .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = seq};
    if (name_len > BW_RTLINK_NAME_MAX + 1 || n > BW_RTLINK_ASK_MAX) {
        return 0;
    }
    h.nlmsg_len = (uint32_t)n;
    a.rta_len = (unsigned short)RTA_LENGTH(name_len);
    (void)memset(buf, 0, n);
    (void)memcpy(buf, &h, sizeof(h));
    (void)memcpy(buf + NLMSG_HDRLEN, &info, sizeof(info));
    (void)memcpy(buf + NLMSG_SPACE(sizeof(info)), &a, sizeof(a));
    (void)memcpy(buf + NLMSG_SPACE(sizeof(info)) + sizeof(a), interface, name_len);
    return n;
}

/* A counter beyond 2^63 - 1 does not fit and is as good as none. */
static int64_t counter(uint64_t v)
{
    return v > INT64_MAX ? BW_UNKNOWN : (int64_t)v;
}

static void take_stats(const struct attr *a, struct bw_rtlink *l)
{
    /* Older kernels send a shorter struct; what we read is in all of them. */
    struct rtnl_link_stats64 s;
    size_t n = a->len < sizeof(s) ? a->len : sizeof(s);
    (void)memset(&s, 0, sizeof(s));
    if (n < offsetof(struct rtnl_link_stats64, rx_compressed)) {
        return;
    }
    (void)memcpy(&s, a->data, n);
    l->rx_bytes = counter(s.rx_bytes);
    l->rx_packets = counter(s.rx_packets);
    l->rx_drops = counter(s.rx_dropped + s.rx_missed_errors);
    l->rx_errors = counter(s.rx_errors);
    l->tx_bytes = counter(s.tx_bytes);
    l->tx_packets = counter(s.tx_packets);
    l->tx_drops = counter(s.tx_dropped);
    l->tx_errors = counter(s.tx_errors);
}

/* Kinds that stand on a real port and pass its speed on. */
static bool stands_on_port(const struct attr *kind)
{
    static const char *const kinds[] = {"vlan", "bond", "team", "macvlan"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i]);
        if (kind->len >= n && memcmp(kind->data, kinds[i], n) == 0 &&
            (kind->len == n || kind->data[n] == '\0')) {
            return true;
        }
    }
    return false;
}

static void take_linkinfo(const struct attr *info, struct bw_rtlink *l, bool *ret_bad)
{
    const uint8_t *p = info->data;
    size_t n = info->len;
    struct attr a;
    while (next_attr(&p, &n, &a, ret_bad)) {
        if (a.type == IFLA_INFO_KIND) {
            l->software = !stands_on_port(&a);
        }
    }
}

static int take_link(const uint8_t *p, size_t n, struct bw_rtlink *ret)
{
    struct bw_rtlink l = {.mtu = BW_UNKNOWN,
                          .rx_bytes = BW_UNKNOWN,
                          .rx_packets = BW_UNKNOWN,
                          .rx_drops = BW_UNKNOWN,
                          .rx_errors = BW_UNKNOWN,
                          .tx_bytes = BW_UNKNOWN,
                          .tx_packets = BW_UNKNOWN,
                          .tx_drops = BW_UNKNOWN,
                          .tx_errors = BW_UNKNOWN};
    struct ifinfomsg info;
    struct attr a;
    bool bad = false;
    if (n < NLMSG_ALIGN(sizeof(info))) {
        return -EBADMSG;
    }
    (void)memcpy(&info, p, sizeof(info));
    l.ifindex = info.ifi_index;
    l.carrier = (info.ifi_flags & IFF_UP) != 0 && (info.ifi_flags & IFF_RUNNING) != 0;
    p += NLMSG_ALIGN(sizeof(info));
    n -= NLMSG_ALIGN(sizeof(info));
    while (next_attr(&p, &n, &a, &bad)) {
        if (a.type == IFLA_MTU && a.len == sizeof(uint32_t)) {
            uint32_t mtu;
            (void)memcpy(&mtu, a.data, sizeof(mtu));
            l.mtu = mtu;
        } else if (a.type == IFLA_CARRIER && a.len == 1) {
            l.carrier = l.carrier && a.data[0] != 0;
        } else if (a.type == IFLA_STATS64) {
            take_stats(&a, &l);
        } else if (a.type == IFLA_LINKINFO) {
            take_linkinfo(&a, &l, &bad);
        }
    }
    if (bad || l.ifindex <= 0) {
        return -EBADMSG;
    }
    *ret = l;
    return 0;
}

int bw_rtlink_parse(const uint8_t *p, size_t n, uint32_t seq, struct bw_rtlink *ret)
{
    while (n >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr h;
        size_t step;
        (void)memcpy(&h, p, sizeof(h));
        if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > n) {
            return -EBADMSG;
        }
        if (h.nlmsg_seq == seq && h.nlmsg_type == NLMSG_ERROR) {
            struct nlmsgerr e;
            if (h.nlmsg_len < NLMSG_HDRLEN + sizeof(e)) {
                return -EBADMSG;
            }
            (void)memcpy(&e, p + NLMSG_HDRLEN, sizeof(e));
            return e.error < 0 && e.error > -4096 ? e.error : -EBADMSG;
        }
        if (h.nlmsg_seq == seq && h.nlmsg_type == RTM_NEWLINK) {
            return take_link(p + NLMSG_HDRLEN, h.nlmsg_len - NLMSG_HDRLEN, ret);
        }
        step = NLMSG_ALIGN((size_t)h.nlmsg_len);
        if (step > n) {
            step = n;
        }
        p += step;
        n -= step;
    }
    return n == 0 ? -EAGAIN : -EBADMSG;
}
