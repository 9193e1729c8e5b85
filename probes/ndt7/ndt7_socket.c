/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_socket.c - TCP_INFO, path and queues of a TCP socket. */
#include "ndt7_socket.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    TCP_HEADER = 20,
    TCP_STAMPS = 12 /* RFC 7323's option with its padding */
};

bool ndt7_socket_tcp(int fd, int64_t elapsed_us, struct bw_ndt7_tcp *ret)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    (void)memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0) {
        return false;
    }
    bw_ndt7_tcp_of_kernel(&info, len, elapsed_us, ret);
    if (ret->min_rtt_us == UINT32_MAX) { /* the kernel's "none yet" */
        ret->min_rtt_us = BW_UNKNOWN;
    }
    return true;
}

void ndt7_socket_path(int fd, uint8_t family, struct ndt7_path *ret)
{
    bool six = family == 6;
    struct bw_ndt7_tcp tcp;
    int mtu = 0;
    socklen_t mtu_len = sizeof(mtu);
    socklen_t cc_len = sizeof(ret->cc) - 1;
    bool stamps = ndt7_socket_tcp(fd, 0, &tcp) && tcp.options != BW_UNKNOWN &&
                  (tcp.options & TCPI_OPT_TIMESTAMPS) != 0;
    (void)memset(ret, 0, sizeof(*ret));
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, ret->cc, &cc_len) < 0) {
        ret->cc[0] = '\0';
    }
    ret->mtu = BW_UNKNOWN;
    if (getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu,
                   &mtu_len) == 0 &&
        mtu > 0) {
        ret->mtu = mtu;
    }
    ret->header_bytes =
        (six ? IPV6_HEADER : IPV4_HEADER) + TCP_HEADER + (stamps ? TCP_STAMPS : 0);
}

int64_t ndt7_socket_queued_bytes(int fd)
{
    int queued = 0;
    return ioctl(fd, SIOCOUTQ, &queued) == 0 ? queued : 0;
}

void ndt7_socket_hold(int fd, int bytes)
{
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}
