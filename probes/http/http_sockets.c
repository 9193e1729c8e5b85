/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_sockets.c - the sockets behind curl's transfers. A fixed table: a socket beyond it
 * is refused, which fails the run by name rather than go uncounted. */
#include "http_sockets.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <outlet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STATE_ESTABLISHED = 1, /* include/net/tcp_states.h */
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    TCP_HEADER = 20,
    TCP_STAMPS = 12 /* RFC 7323's option with its padding */
};

void http_sockets_init(struct http_sockets *s,
                       const char *device,
                       const char *source4,
                       const char *source6)
{
    *s = (struct http_sockets){.n = 0};
    (void)snprintf(s->device, sizeof(s->device), "%s", device);
    (void)snprintf(s->source4, sizeof(s->source4), "%s", source4);
    (void)snprintf(s->source6, sizeof(s->source6), "%s", source6);
}

/* By the circuit's interface and from its address, or not at all. */
static bool bind_to_circuit(const struct http_sockets *s, int fd, int af)
{
    const char *own = af == AF_INET6 ? s->source6 : s->source4;
    const char *other = af == AF_INET6 ? s->source4 : s->source6;
    return (own[0] != '\0' || other[0] == '\0') &&
           bw_outlet_bind_device(fd, s->device) == 0 &&
           bw_outlet_bind_source(fd, af == AF_INET6 ? 6 : 4, own) == 0;
}

static bool read_info(int fd, struct tcp_info *ret)
{
    socklen_t len = sizeof(*ret);
    (void)memset(ret, 0, sizeof(*ret));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &len) == 0 &&
           len >= offsetof(struct tcp_info, tcpi_data_segs_out) +
                      sizeof(ret->tcpi_data_segs_out);
}

static curl_socket_t
on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_sockets *s = owner;
    int fd;
    (void)purpose;
    if (s->n == HTTP_SOCKETS_MAX) {
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    if (!bind_to_circuit(s, fd, address->family)) {
        (void)close(fd);
        return CURL_SOCKET_BAD;
    }
    s->fds[s->n++] = fd;
    return fd;
}

static int on_close(void *owner, curl_socket_t fd)
{
    struct http_sockets *s = owner;
    for (size_t i = 0; i < s->n; i++) {
        if (s->fds[i] == fd) {
            struct tcp_info info;
            if (read_info(fd, &info)) {
                s->closed_segments += info.tcpi_data_segs_out;
                s->closed_retransmits += info.tcpi_total_retrans;
            }
            s->fds[i] = s->fds[--s->n];
            break;
        }
    }
    return close(fd);
}

void http_sockets_follow(struct http_sockets *s, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, s);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, s);
}

static void read_path(int fd, const struct tcp_info *info, struct http_tcp *ret)
{
    int domain = 0;
    int mtu = 0;
    socklen_t domain_len = sizeof(domain);
    socklen_t mtu_len = sizeof(mtu);
    socklen_t cc_len = sizeof(ret->cc) - 1;
    bool six;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) < 0) {
        return;
    }
    six = domain == AF_INET6;
    ret->family = six ? 6 : 4;
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, ret->cc, &cc_len) < 0) {
        ret->cc[0] = '\0';
    }
    if (getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu,
                   &mtu_len) < 0 ||
        mtu <= 0) {
        return;
    }
    ret->mtu = mtu;
    ret->header_bytes = (six ? IPV6_HEADER : IPV4_HEADER) + TCP_HEADER +
                        (info->tcpi_options & TCPI_OPT_TIMESTAMPS ? TCP_STAMPS : 0);
    ret->payload_per_packet = mtu - ret->header_bytes;
}

void http_sockets_read(const struct http_sockets *s,
                       struct http_tcp *ret,
                       int64_t *ret_queued_bytes)
{
    int64_t rtt_sum = 0;
    int64_t n = 0;
    *ret_queued_bytes = 0;
    ret->segments = s->closed_segments;
    ret->retransmits = s->closed_retransmits;
    ret->rtt_us = BW_UNKNOWN;
    ret->mtu = BW_UNKNOWN;
    ret->payload_per_packet = BW_UNKNOWN;
    ret->header_bytes = BW_UNKNOWN;
    for (size_t i = 0; i < s->n; i++) {
        struct tcp_info info;
        int queued = 0;
        if (!read_info(s->fds[i], &info)) {
            continue;
        }
        ret->segments += info.tcpi_data_segs_out; /* what was sent stays sent … */
        ret->retransmits += info.tcpi_total_retrans;
        if (info.tcpi_state != STATE_ESTABLISHED) { /* … by one that is going, too */
            continue;
        }
        if (ioctl(s->fds[i], SIOCOUTQ, &queued) == 0) {
            *ret_queued_bytes += queued;
        }
        rtt_sum += info.tcpi_rtt;
        n++;
        if (ret->mtu == BW_UNKNOWN) {
            read_path(s->fds[i], &info, ret);
        }
    }
    if (n > 0) {
        ret->rtt_us = rtt_sum / n;
    }
}

int64_t http_retransmit_ppm(const struct http_tcp *since, const struct http_tcp *now)
{
    int64_t segments = now->segments - since->segments;
    int64_t again = now->retransmits - since->retransmits;
    return segments > 0 && again >= 0 ? again * 1000000 / segments : BW_UNKNOWN;
}
