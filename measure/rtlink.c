/* SPDX-License-Identifier: GPL-3.0-or-later
 * rtlink.c - rtnetlink's messages about one link as bytes. Attributes are walked by our
 * own bounds, copied out before use (their alignment is 4), and unknown ones passed over:
 * kernels add some with every version. */
#include "rtlink.h"

#include <bw/units.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
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

size_t bw_rtlink_ask_index(uint8_t *buf, uint32_t seq, int64_t ifindex)
{
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};
    struct nlmsghdr h = {.nlmsg_len = NLMSG_LENGTH(sizeof(info)),
                         .nlmsg_type = RTM_GETLINK,
                         .nlmsg_flags = NLM_F_REQUEST,
                         .nlmsg_seq = seq};
    (void)memset(buf, 0, NLMSG_SPACE(sizeof(info)));
    (void)memcpy(buf, &h, sizeof(h));
    (void)memcpy(buf + NLMSG_HDRLEN, &info, sizeof(info));
    return NLMSG_SPACE(sizeof(info));
}

size_t bw_rtlink_ask_counts(uint8_t *buf, uint32_t seq, int64_t ifindex)
{
    struct if_stats_msg stats = {.family = AF_UNSPEC,
                                 .ifindex = (uint32_t)ifindex,
                                 .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
    struct nlmsghdr h = {.nlmsg_len = NLMSG_LENGTH(sizeof(stats)),
                         .nlmsg_type = RTM_GETSTATS,
                         .nlmsg_flags = NLM_F_REQUEST,
                         .nlmsg_seq = seq};
    (void)memset(buf, 0, NLMSG_SPACE(sizeof(stats)));
    (void)memcpy(buf, &h, sizeof(h));
    (void)memcpy(buf + NLMSG_HDRLEN, &stats, sizeof(stats));
    return NLMSG_SPACE(sizeof(stats));
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
static bool stands_on_port(const char *kind)
{
    static const char *const kinds[] = {"vlan", "bond", "team", "macvlan"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A word that fits, with or without its NUL; else "?": a kind that nothing is known of. */
static void take_word(const struct attr *a, char out[BW_RTLINK_NAME_MAX + 1])
{
    size_t n = strnlen((const char *)a->data, a->len);
    if (n == 0 || n > BW_RTLINK_NAME_MAX) {
        (void)memcpy(out, "?", 2);
        return;
    }
    (void)memcpy(out, a->data, n);
    out[n] = '\0';
}

static bool take_u32(const struct attr *a, uint32_t *ret)
{
    if (a->len == sizeof(*ret)) {
        (void)memcpy(ret, a->data, sizeof(*ret));
    }
    return a->len == sizeof(*ret);
}

static void take_vlan(const struct attr *data, struct bw_rtlink *l, bool *ret_bad)
{
    const uint8_t *p = data->data;
    size_t n = data->len;
    struct attr a;
    while (next_attr(&p, &n, &a, ret_bad)) {
        uint16_t id;
        struct ifla_vlan_flags flags;
        if (a.type == IFLA_VLAN_ID && a.len == sizeof(id)) {
            (void)memcpy(&id, a.data, sizeof(id));
            l->vlan = id;
        } else if (a.type == IFLA_VLAN_FLAGS && a.len == sizeof(flags)) {
            (void)memcpy(&flags, a.data, sizeof(flags));
            l->vlan_in_header = (flags.flags & VLAN_FLAG_REORDER_HDR) == 0;
        }
    }
}

static void take_linkinfo(const struct attr *info, struct bw_rtlink *l, bool *ret_bad)
{
    const uint8_t *p = info->data;
    size_t n = info->len;
    struct attr a;
    while (next_attr(&p, &n, &a, ret_bad)) {
        if (a.type == IFLA_INFO_KIND) {
            take_word(&a, l->kind);
            l->software = !stands_on_port(l->kind);
        } else if (a.type == IFLA_INFO_SLAVE_KIND) {
            take_word(&a, l->leg_of);
        } else if (a.type == IFLA_INFO_DATA && strcmp(l->kind, "vlan") == 0) {
            take_vlan(&a, l, ret_bad); /* it comes after the kind */
        }
    }
}

static const struct bw_rtlink nothing = {.master = BW_UNKNOWN,
                                         .lower = BW_UNKNOWN,
                                         .vlan = BW_UNKNOWN,
                                         .mtu = BW_UNKNOWN,
                                         .rx_bytes = BW_UNKNOWN,
                                         .rx_packets = BW_UNKNOWN,
                                         .rx_drops = BW_UNKNOWN,
                                         .rx_errors = BW_UNKNOWN,
                                         .tx_bytes = BW_UNKNOWN,
                                         .tx_packets = BW_UNKNOWN,
                                         .tx_drops = BW_UNKNOWN,
                                         .tx_errors = BW_UNKNOWN};

/* Counts alone. Without them the answer is none. */
static int take_counts(const uint8_t *p, size_t n, struct bw_rtlink *ret)
{
    struct bw_rtlink l = nothing;
    struct if_stats_msg stats;
    struct attr a;
    bool bad = false;
    if (n < NLMSG_ALIGN(sizeof(stats))) {
        return -EBADMSG;
    }
    (void)memcpy(&stats, p, sizeof(stats));
    l.ifindex = stats.ifindex;
    p += NLMSG_ALIGN(sizeof(stats));
    n -= NLMSG_ALIGN(sizeof(stats));
    while (next_attr(&p, &n, &a, &bad)) {
        if (a.type == IFLA_STATS_LINK_64) {
            take_stats(&a, &l);
        }
    }
    if (bad || l.ifindex <= 0 || l.rx_bytes == BW_UNKNOWN) {
        return -EBADMSG;
    }
    *ret = l;
    return 0;
}

static int take_link(const uint8_t *p, size_t n, struct bw_rtlink *ret)
{
    struct bw_rtlink l = nothing;
    struct ifinfomsg info;
    struct attr a;
    bool bad = false;
    if (n < NLMSG_ALIGN(sizeof(info))) {
        return -EBADMSG;
    }
    (void)memcpy(&info, p, sizeof(info));
    l.ifindex = info.ifi_index;
    l.type = info.ifi_type;
    l.carrier = (info.ifi_flags & IFF_UP) != 0 && (info.ifi_flags & IFF_RUNNING) != 0;
    p += NLMSG_ALIGN(sizeof(info));
    n -= NLMSG_ALIGN(sizeof(info));
    while (next_attr(&p, &n, &a, &bad)) {
        uint32_t v;
        if (a.type == IFLA_MTU && take_u32(&a, &v)) {
            l.mtu = v;
        } else if (a.type == IFLA_LINK && take_u32(&a, &v)) {
            l.lower = v == 0 || v == (uint32_t)l.ifindex ? BW_UNKNOWN : v;
        } else if (a.type == IFLA_LINK_NETNSID) {
            l.lower_is_far = true;
        } else if (a.type == IFLA_MASTER && take_u32(&a, &v)) {
            l.master = v;
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
        if (h.nlmsg_seq == seq && h.nlmsg_type == RTM_NEWSTATS) {
            return take_counts(p + NLMSG_HDRLEN, h.nlmsg_len - NLMSG_HDRLEN, ret);
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
