/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_io.c - the one UDP socket of a test.
 *
 * A megabit is a hundred datagrams: what counts is the number of system calls and bytes
 * copied. So bursts go out by sendmmsg, datagrams come in by recvmmsg with buffers as long
 * as the longest PDU we read (MSG_TRUNC tells the real length), and all padding is one
 * buffer. */
#include "udpst_io.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <linux/errqueue.h>
#include <outlet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_LEN = 256, /* over BW_UDPST_CONTROL_MAX: a longer one is no PDU of ours */
    CONTROL_LEN = 128,
    BUFFER_BYTES = 4 << 20, /* wanted; the kernel gives what it allows */
    ERRORS_MAX = 64
};

#define NS_PER_S INT64_C(1000000000)

struct udpst_scratch {
    uint8_t headers[UDPST_SEND_BATCH][BW_UDPST_LOAD_LEN];
    struct iovec out[UDPST_SEND_BATCH][2];
    struct mmsghdr out_msgs[UDPST_SEND_BATCH];
    uint8_t padding[UDPST_PAYLOAD_MAX];
    uint8_t heads[UDPST_RECEIVE_BATCH][HEAD_LEN];
    _Alignas(16) uint8_t control[UDPST_RECEIVE_BATCH][CONTROL_LEN]; /* of cmsghdr */
    struct iovec in[UDPST_RECEIVE_BATCH];
    struct mmsghdr in_msgs[UDPST_RECEIVE_BATCH];
    int64_t stamps_unix_ns[UDPST_RECEIVE_BATCH];
};

static struct udpst_scratch *scratch_new(void)
{
    struct udpst_scratch *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    bw_random(s->padding, sizeof(s->padding));
    for (size_t i = 0; i < UDPST_SEND_BATCH; i++) {
        s->out[i][0] = (struct iovec){s->headers[i], BW_UDPST_LOAD_LEN};
        s->out[i][1] = (struct iovec){s->padding, 0};
        s->out_msgs[i].msg_hdr.msg_iov = s->out[i];
        s->out_msgs[i].msg_hdr.msg_iovlen = 2;
    }
    for (size_t i = 0; i < UDPST_RECEIVE_BATCH; i++) {
        s->in[i] = (struct iovec){s->heads[i], HEAD_LEN};
        s->in_msgs[i].msg_hdr.msg_iov = &s->in[i];
        s->in_msgs[i].msg_hdr.msg_iovlen = 1;
    }
    return s;
}

static int option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

int udpst_io_open(struct udpst_io *io,
                  int family,
                  const char *device,
                  const char *source,
                  struct bw_err *reterr)
{
    int domain = family == 6 ? AF_INET6 : AF_INET;
    int r;
    *io = (struct udpst_io){.fd = -1, .family = family};
    io->scratch = scratch_new();
    if (!io->scratch) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    io->fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (io->fd < 0) {
        r = -errno;
        udpst_io_close(io);
        return bw_err_set(reterr, r, "no UDP socket for IPv%d: %s", family, bw_strerror(r));
    }
    r = bw_outlet_bind_device(io->fd, device);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "cannot send by interface %s: %s", device,
                         bw_strerror(r));
    } else {
        r = bw_outlet_bind_source(io->fd, family, source);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "cannot send from the circuit's source address: %s",
                             bw_strerror(r));
        }
    }
    if (r < 0) {
        udpst_io_close(io);
        return r;
    }
    /* Best effort, each: a smaller buffer shows as own_drops, no ICMP error as silence. */
    (void)option(io->fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
    (void)option(io->fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
    (void)option(io->fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
    (void)option(io->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    (void)(family == 6 ? option(io->fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
                       : option(io->fd, IPPROTO_IP, IP_RECVERR, 1));
    return 0;
}

void udpst_io_close(struct udpst_io *io)
{
    if (io->fd >= 0) {
        (void)close(io->fd);
    }
    io->fd = -1;
    free(io->scratch);
    io->scratch = NULL;
}

int udpst_io_send_to(struct udpst_io *io,
                     const union bw_address *to,
                     const uint8_t *pdu,
                     size_t n)
{
    return sendto(io->fd, pdu, n, MSG_DONTWAIT, &to->sa, bw_address_len(to)) < 0 ? -errno
                                                                                 : 0;
}

long udpst_io_receive_from(struct udpst_io *io,
                           uint8_t *buf,
                           size_t cap,
                           union bw_address *ret_from)
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    socklen_t n_from = sizeof(from);
    ssize_t n = recvfrom(io->fd, buf, cap, MSG_DONTWAIT | MSG_TRUNC,
                         (struct sockaddr *)&from, &n_from);
    if (n < 0) {
        return -errno;
    }
    (void)memset(ret_from, 0, sizeof(*ret_from));
    (void)bw_address_from((const struct sockaddr *)&from, ret_from);
    return n;
}

int udpst_io_errors(struct udpst_io *io)
{
    int newest = 0;
    for (int i = 0; i < ERRORS_MAX; i++) {
        uint8_t data[1];
        union {
            struct cmsghdr align;
            uint8_t bytes[512];
        } control;
        struct iovec iov = {data, sizeof(data)};
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
        if (recvmsg(io->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            break;
        }
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct sock_extended_err e;
            if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
                (void)memcpy(&e, CMSG_DATA(c), sizeof(e));
                newest = e.ee_errno > 0 && e.ee_errno < 4096 ? -(int)e.ee_errno : newest;
            }
        }
    }
    return newest;
}

int udpst_io_connect(struct udpst_io *io, const union bw_address *to)
{
    if (connect(io->fd, &to->sa, bw_address_len(to)) < 0) {
        return -errno;
    }
    return option(io->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

int64_t udpst_io_mtu(const struct udpst_io *io)
{
    int mtu = 0;
    socklen_t n = sizeof(mtu);
    int r = io->family == 6 ? getsockopt(io->fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &n)
                            : getsockopt(io->fd, IPPROTO_IP, IP_MTU, &mtu, &n);
    return r == 0 && mtu > 0 && mtu <= 65535 ? mtu : BW_UNKNOWN;
}

int udpst_io_send(struct udpst_io *io, const uint8_t *pdu, size_t n)
{
    return send(io->fd, pdu, n, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* ---- batches */

uint8_t *udpst_io_header(struct udpst_io *io, size_t i)
{
    return io->scratch->headers[i];
}

void udpst_io_size(struct udpst_io *io, size_t i, uint32_t payload)
{
    io->scratch->out[i][1].iov_len = payload - BW_UDPST_LOAD_LEN;
}

int udpst_io_send_batch(struct udpst_io *io, size_t n)
{
    int sent = sendmmsg(io->fd, io->scratch->out_msgs, (unsigned)n, MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

/* The kernel's stamp and its count of what our buffer could not take. */
static void read_control(struct udpst_io *io, size_t i)
{
    struct udpst_scratch *s = io->scratch;
    struct msghdr *m = &s->in_msgs[i].msg_hdr;
    s->stamps_unix_ns[i] = BW_UNKNOWN;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec t;
            (void)memcpy(&t, CMSG_DATA(c), sizeof(t));
            s->stamps_unix_ns[i] = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            (void)memcpy(&io->own_drops, CMSG_DATA(c), sizeof(io->own_drops));
        }
    }
}

int udpst_io_receive_batch(struct udpst_io *io)
{
    struct udpst_scratch *s = io->scratch;
    int n;
    for (size_t i = 0; i < UDPST_RECEIVE_BATCH; i++) {
        s->in_msgs[i].msg_hdr.msg_control = s->control[i];
        s->in_msgs[i].msg_hdr.msg_controllen = CONTROL_LEN;
    }
    n = recvmmsg(io->fd, s->in_msgs, UDPST_RECEIVE_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (n < 0) {
        return errno == EAGAIN ? 0 : -errno;
    }
    for (int i = 0; i < n; i++) {
        read_control(io, (size_t)i);
    }
    return n;
}

void udpst_io_datagram(const struct udpst_io *io, size_t i, struct udpst_datagram *ret)
{
    const struct udpst_scratch *s = io->scratch;
    *ret = (struct udpst_datagram){.head = s->heads[i],
                                   .n = s->in_msgs[i].msg_len,
                                   .received_unix_ns = s->stamps_unix_ns[i]};
}

size_t udpst_io_head_len(const struct udpst_io *io, size_t i)
{
    size_t n = io->scratch->in_msgs[i].msg_len;
    return n < HEAD_LEN ? n : HEAD_LEN;
}
