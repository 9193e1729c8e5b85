/* SPDX-License-Identifier: GPL-3.0-or-later
 * kstamp.c - the kernel's stamps and control messages. A message that is shorter than what
 * it should hold is passed over, never read. */
#include "kstamp.h"

#include <bw/units.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

int bw_kstamp_on(int fd, int family)
{
    const int on = 1;
    const int stamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
                       SOF_TIMESTAMPING_TX_SOFTWARE;
    int level = family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int recverr = family == 6 ? IPV6_RECVERR : IP_RECVERR;
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, &on, sizeof(on)) < 0 ||
        setsockopt(fd, level, recverr, &on, sizeof(on)) < 0) {
        return -errno;
    }
    return 0;
}

int bw_kstamp_on_received(int fd)
{
    const int stamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)) < 0 ? -errno
                                                                                    : 0;
}

int bw_kstamp_want_origin(int fd, int family)
{
    const int on = 1;
    int r = family == 6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on))
                        : setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
    if (r == 0) {
        r = family == 6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))
                        : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    }
    return r < 0 ? -errno : 0;
}

static void read_stamp(const struct cmsghdr *c, struct bw_control *ret)
{
    struct scm_timestamping t;
    if (c->cmsg_len < CMSG_LEN(sizeof(t))) {
        return;
    }
    (void)memcpy(&t, CMSG_DATA(c), sizeof(t));
    if (t.ts[0].tv_sec > 0) {
        ret->stamp_unix_ns = (int64_t)t.ts[0].tv_sec * 1000000000 + t.ts[0].tv_nsec;
    }
}

static void read_error(const struct cmsghdr *c, struct bw_control *ret)
{
    struct sock_extended_err e;
    size_t n = c->cmsg_len - CMSG_LEN(0);
    if (c->cmsg_len < CMSG_LEN(sizeof(e))) {
        return;
    }
    (void)memcpy(&e, CMSG_DATA(c), sizeof(e));
    ret->is_stamp = e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
    ret->is_error = e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6;
    ret->error = e.ee_errno ? -(int)e.ee_errno : -EHOSTUNREACH;
    ret->info = e.ee_info;
    if (!ret->is_error) {
        return;
    }
    ret->type = e.ee_type;
    ret->code = e.ee_code;
    if (n >= sizeof(e) + sizeof(struct sockaddr_in)) {
        union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
        n -= sizeof(e);
        (void)memcpy(&a, CMSG_DATA(c) + sizeof(e), n < sizeof(a) ? n : sizeof(a));
        if (a.sa.sa_family == AF_INET ||
            (a.sa.sa_family == AF_INET6 && n >= sizeof(struct sockaddr_in6))) {
            ret->offender = a;
        }
    }
}

static void read_ipv4(const struct cmsghdr *c, struct bw_control *ret)
{
    if (c->cmsg_type == IP_RECVERR) {
        read_error(c, ret);
    } else if (c->cmsg_type == IP_TTL && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
        (void)memcpy(&ret->ttl, CMSG_DATA(c), sizeof(int));
    } else if (c->cmsg_type == IP_PKTINFO &&
               c->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
        struct in_pktinfo i;
        (void)memcpy(&i, CMSG_DATA(c), sizeof(i));
        ret->ifindex = (unsigned)i.ipi_ifindex;
        ret->local.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = i.ipi_addr};
    }
}

static void read_ipv6(const struct cmsghdr *c, struct bw_control *ret)
{
    if (c->cmsg_type == IPV6_RECVERR) {
        read_error(c, ret);
    } else if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
        (void)memcpy(&ret->ttl, CMSG_DATA(c), sizeof(int));
    } else if (c->cmsg_type == IPV6_PKTINFO &&
               c->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
        struct in6_pktinfo i;
        (void)memcpy(&i, CMSG_DATA(c), sizeof(i));
        ret->ifindex = i.ipi6_ifindex;
        ret->local.in6 =
            (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = i.ipi6_addr};
    }
}

void bw_kstamp_read(struct msghdr *m, struct bw_control *ret)
{
    *ret = (struct bw_control){.stamp_unix_ns = BW_UNKNOWN, .ttl = -1};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
            read_stamp(c, ret);
        } else if (c->cmsg_level == IPPROTO_IP) {
            read_ipv4(c, ret);
        } else if (c->cmsg_level == IPPROTO_IPV6) {
            read_ipv6(c, ret);
        }
    }
}

void bw_kstamp_clear_error(int fd)
{
    int error;
    socklen_t len = sizeof(error);
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}
