/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcpconn.c - one TCP connection that is being made. The error queue is asked for, because
 * the error alone does not say who it came from: a host on this link that nobody answers
 * for is "unreachable" by this machine's own word. */
#include "tcpconn.h"

#include "kstamp.h"
#include "outlet.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int prepare(int fd, int family, const char *device, const char *source)
{
    const int on = 1;
    int level = family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int recverr = family == 6 ? IPV6_RECVERR : IP_RECVERR;
    int r = bw_outlet_bind_device(fd, device ? device : "");
    if (r == 0) {
        r = bw_outlet_bind_source(fd, family, source ? source : "");
    }
    if (r == 0 && (setsockopt(fd, level, recverr, &on, sizeof(on)) < 0 ||
                   setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)) {
        r = -errno;
    }
    return r;
}

/* Of the errors that connect() gives at once, those that the peer told: on this machine
 * itself an answer comes before the call returns. */
static bool is_told(int error)
{
    return error == ECONNREFUSED || error == ECONNRESET;
}

int bw_tcpconn_start(const union bw_address *to,
                     const char *device,
                     const char *source,
                     int *ret_error)
{
    int family = bw_address_family(to);
    int error = 0;
    int r;
    int fd = socket(family == 6 ? AF_INET6 : AF_INET,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0) {
        return -errno;
    }
    r = prepare(fd, family, device, source);
    if (r == 0 && connect(fd, &to->sa, bw_address_len(to)) < 0 && errno != EINPROGRESS) {
        if (is_told(errno)) {
            error = -errno;
        } else {
            r = -errno;
        }
    }
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    *ret_error = error;
    return fd;
}

int bw_tcpconn_route(const union bw_address *to, const char *device, const char *source)
{
    int family = bw_address_family(to);
    int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int r;
    if (fd < 0) {
        return -errno;
    }
    r = bw_outlet_bind_device(fd, device);
    if (r == 0) {
        r = bw_outlet_bind_source(fd, family, source);
    }
    if (r == 0 && connect(fd, &to->sa, bw_address_len(to)) < 0) {
        r = -errno; /* a datagram's connect() sends nothing */
    }
    (void)close(fd);
    return r;
}

static bool same_host(const union bw_address *a, const union bw_address *b)
{
    if (a->sa.sa_family != b->sa.sa_family) {
        return false;
    }
    return a->sa.sa_family == AF_INET6
               ? memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0
               : a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

/* What the ICMP message behind the error says, when it was one. */
static void read_origin(int fd, const union bw_address *to, struct bw_tcpconn_end *ret)
{
    uint8_t data[256];
    union {
        struct cmsghdr align;
        uint8_t bytes[BW_CONTROL_MAX];
    } control;
    struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    struct bw_control c;
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
        return;
    }
    bw_kstamp_read(&m, &c);
    if (c.is_error) {
        ret->icmp = true;
        ret->target = same_host(&c.offender, to);
    }
}

void bw_tcpconn_end(int fd, const union bw_address *to, struct bw_tcpconn_end *ret)
{
    struct tcp_info info = {0};
    socklen_t info_len = sizeof(info);
    int error = 0;
    socklen_t len = sizeof(error);
    *ret = (struct bw_tcpconn_end){.error = 0};
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        error = errno;
    }
    if (error == 0) {
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) == 0 &&
            info.tcpi_state == TCP_SYN_SENT) {
            ret->error = -EINPROGRESS;
        }
        return;
    }
    ret->error = -error;
    ret->target = is_told(error);
    read_origin(fd, to, ret);
}

void bw_tcpconn_keep_origin(int fd, int family, bool on)
{
    const int value = on;
    (void)setsockopt(fd, family == 6 ? IPPROTO_IPV6 : IPPROTO_IP,
                     family == 6 ? IPV6_RECVERR : IP_RECVERR, &value, sizeof(value));
}

bool bw_tcpconn_is_anothers(int fd, const union bw_address *to)
{
    struct bw_tcpconn_end end = {.error = 0};
    read_origin(fd, to, &end);
    return end.icmp && !end.target;
}

int64_t bw_tcpconn_handshake_ns(int fd, int64_t own_ns)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    int64_t kernel_ns;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
        info.tcpi_total_retrans > 0 || info.tcpi_rtt == 0) {
        return own_ns;
    }
    kernel_ns = (int64_t)info.tcpi_rtt * 1000;
    return kernel_ns < own_ns ? kernel_ns : own_ns;
}
