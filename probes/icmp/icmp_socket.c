/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_socket.c - one ICMP socket of one family.
 *
 * Transmit stamps come back with the frame itself, so that the stamp in its payload says
 * which packet it was: a count of packets (OPT_ID) would go wrong by one for each send the
 * kernel refuses half-way. */
#include "icmp_socket.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <kstamp.h>
#include <linux/filter.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    READ_BATCH = 16,
    READ_MAX = 4096,   /* of one drain, so that the loop stays responsive */
    HEADERS_MAX = 128, /* link, IP and ICMP headers before a payload */
    RECEIVE_BUFFER = 1024 * 1024
};

struct icmp_scratch {
    struct mmsghdr msgs[BW_ICMP_GROUP];
    struct iovec iov[BW_ICMP_GROUP];
    struct mmsghdr in[READ_BATCH];
    struct iovec in_iov[READ_BATCH];
    uint8_t control[READ_BATCH][BW_CONTROL_MAX];
    union bw_address from[READ_BATCH];
    size_t slot_len; /* of one packet within `bytes` */
    uint8_t bytes[]; /* BW_ICMP_GROUP (more than READ_BATCH) slots */
};

/* Raw sockets see every ICMP packet of the host: let the kernel drop all but replies with
 * our identifier. Classic BPF; the packet starts with the IPv4 header. */
static int attach_filter4(int fd, uint16_t ident)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),           /* X = IP header length */
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),            /* type */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),     /* echo reply? */
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),            /* identifier */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ident, 0, 1), /* ours? */
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno
                                                                                 : 0;
}

static int set_options(struct icmp_socket *s)
{
    const int size = RECEIVE_BUFFER;
    int r = bw_kstamp_on(s->fd, s->family);
    if (r < 0) {
        return r;
    }
    /* As far as net.core.rmem_max lets us. */
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (s->raw && s->family == 6) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        if (setsockopt(s->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0) {
            return -errno;
        }
    }
    if (s->raw && s->family == 4) {
        return attach_filter4(s->fd, s->ident);
    }
    return 0;
}

int icmp_socket_open(struct icmp_socket *s,
                     int family,
                     size_t payload,
                     struct bw_err *reterr)
{
    int domain = family == 6 ? AF_INET6 : AF_INET;
    int protocol = family == 6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
    size_t slot_len = HEADERS_MAX + payload;
    int r = 0;
    *s = (struct icmp_socket){.fd = -1, .family = family, .payload = payload};
    s->scratch = calloc(1, sizeof(*s->scratch) + BW_ICMP_GROUP * slot_len);
    if (!s->scratch) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    s->scratch->slot_len = slot_len;
    if (getrandom(&s->cookie, sizeof(s->cookie), 0) != (ssize_t)sizeof(s->cookie) ||
        getrandom(&s->ident, sizeof(s->ident), 0) != (ssize_t)sizeof(s->ident)) {
        r = bw_err_set(reterr, -EIO, "the kernel gives no random bytes");
        goto out;
    }
    s->fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (s->fd < 0 && (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT)) {
        s->raw = true;
        s->fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    }
    if (s->fd < 0) {
        r = -errno;
        if (r == -EPERM || r == -EACCES) {
            r = bw_err_set(reterr, r,
                           "not permitted to send ICMP; allow it with "
                           "sysctl net.ipv4.ping_group_range=\"0 2147483647\" or give the "
                           "program CAP_NET_RAW");
        } else {
            r = bw_err_set(reterr, r, "no ICMP socket for IPv%d: %s", family,
                           bw_strerror(r));
        }
        goto out;
    }
    r = set_options(s);
    if (r < 0) {
        r = bw_err_set(reterr, r, "cannot set up the ICMP socket for IPv%d: %s", family,
                       bw_strerror(r));
    }
out:
    if (r < 0) {
        icmp_socket_close(s);
    }
    return r;
}

void icmp_socket_close(struct icmp_socket *s)
{
    if (s->fd >= 0) {
        (void)close(s->fd);
        s->fd = -1;
    }
    free(s->scratch);
    s->scratch = NULL;
}

void icmp_socket_send(struct icmp_socket *s, struct icmp_out *out, size_t n)
{
    struct icmp_scratch *x = s->scratch;
    size_t done = 0;
    bool again = true; /* one more try for the packet that met another one's error */
    for (size_t i = 0; i < n; i++) {
        uint8_t *frame = x->bytes + i * x->slot_len;
        size_t len =
            bw_icmp_build(frame, x->slot_len, s->family, s->ident,
                          (uint16_t)out[i].stamp.number, &out[i].stamp, s->payload);
        union {
            const struct sockaddr *in;
            void *out;
        } to = {.in = out[i].to}; /* msg_name is not const, and not written by a send */
        x->iov[i] = (struct iovec){.iov_base = frame, .iov_len = len};
        x->msgs[i].msg_hdr = (struct msghdr){.msg_name = to.out,
                                             .msg_namelen = out[i].to_len,
                                             .msg_iov = &x->iov[i],
                                             .msg_iovlen = 1};
        out[i].error = 0;
    }
    bw_kstamp_clear_error(s->fd);
    while (done < n) {
        int r = sendmmsg(s->fd, x->msgs + done, (unsigned)(n - done), MSG_DONTWAIT);
        if (r > 0) {
            done += (size_t)r;
            again = true;
        } else if (again) {
            again = false;
            bw_kstamp_clear_error(s->fd);
        } else {
            out[done].error = r < 0 ? -errno : -EIO;
            done++;
            again = true;
        }
    }
}

/* One entry of the error queue. */
static void
take_error(struct icmp_socket *s, struct msghdr *m, size_t n, icmp_event_cb cb, void *owner)
{
    const uint8_t *data = m->msg_iov->iov_base;
    struct bw_control c;
    struct icmp_event e = {.exact = true};
    if (m->msg_flags & MSG_CTRUNC) {
        return;
    }
    bw_kstamp_read(m, &c);
    e.stamp_unix_ns = c.stamp_unix_ns;
    if (c.is_stamp) {
        if ((m->msg_flags & MSG_TRUNC) == 0 && c.stamp_unix_ns != BW_UNKNOWN &&
            bw_icmp_stamp_of_tail(data, n, s->payload, &e.stamp) &&
            e.stamp.cookie == s->cookie) {
            e.kind = ICMP_SENT;
            cb(owner, &e);
        }
    } else if (c.is_error && bw_icmp_is_loss(s->family, c.type, c.code)) {
        struct bw_icmp_msg msg;
        if (bw_icmp_parse(data, n, s->family, &msg) < 0 || msg.kind != BW_ICMP_REQUEST ||
            (s->raw && msg.ident != s->ident) ||
            (msg.stamped && msg.stamp.cookie != s->cookie)) {
            return;
        }
        e.kind = ICMP_ERROR;
        e.error = c.error;
        e.stamp = msg.stamp;
        e.exact = msg.stamped;
        if (!msg.stamped) { /* a router quotes as little as 8 bytes */
            e.stamp.number = msg.seq;
        }
        cb(owner, &e);
    }
}

static void
take_reply(struct icmp_socket *s, struct msghdr *m, size_t n, icmp_event_cb cb, void *owner)
{
    const uint8_t *data = m->msg_iov->iov_base;
    struct bw_icmp_msg msg;
    struct bw_control c;
    struct icmp_event e;
    if (s->raw && s->family == 4) {
        data = bw_icmp_skip_ipv4(data, n, &n);
    }
    if (!data || bw_icmp_parse(data, n, s->family, &msg) < 0 || msg.kind != BW_ICMP_REPLY ||
        !msg.stamped || msg.stamp.cookie != s->cookie) {
        return;
    }
    bw_kstamp_read(m, &c);
    e = (struct icmp_event){.kind = ICMP_REPLY,
                            .stamp = msg.stamp,
                            .exact = true,
                            .stamp_unix_ns = c.stamp_unix_ns};
    (void)bw_address_from(m->msg_name, &e.from);
    bw_address_set_port(&e.from, 0); /* raw sockets leave the protocol's number there */
    cb(owner, &e);
}

static size_t drain(struct icmp_socket *s, int flags, icmp_event_cb cb, void *owner)
{
    struct icmp_scratch *x = s->scratch;
    size_t total = 0;
    bool more = true;
    bool again = true;
    while (more && total < READ_MAX) {
        int n;
        for (size_t i = 0; i < READ_BATCH; i++) {
            x->in_iov[i] = (struct iovec){.iov_base = x->bytes + i * x->slot_len,
                                          .iov_len = x->slot_len};
            x->in[i].msg_hdr = (struct msghdr){.msg_name = &x->from[i],
                                               .msg_namelen = sizeof(x->from[i]),
                                               .msg_iov = &x->in_iov[i],
                                               .msg_iovlen = 1,
                                               .msg_control = x->control[i],
                                               .msg_controllen = BW_CONTROL_MAX};
        }
        n = recvmmsg(s->fd, x->in, READ_BATCH, flags | MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) {
            struct msghdr *m = &x->in[i].msg_hdr;
            if (flags & MSG_ERRQUEUE) {
                take_error(s, m, x->in[i].msg_len, cb, owner);
            } else {
                take_reply(s, m, x->in[i].msg_len, cb, owner);
            }
        }
        if (n > 0) {
            total += (size_t)n;
            more = n == READ_BATCH;
        } else {
            /* A pending ICMP error is given once in place of a reply; ask again. */
            more = n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && again;
            again = false;
        }
    }
    return total;
}

size_t icmp_socket_drain_errors(struct icmp_socket *s, icmp_event_cb cb, void *owner)
{
    return drain(s, MSG_ERRQUEUE, cb, owner);
}

size_t icmp_socket_drain_replies(struct icmp_socket *s, icmp_event_cb cb, void *owner)
{
    return drain(s, 0, cb, owner);
}
