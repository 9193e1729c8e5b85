/* SPDX-License-Identifier: GPL-3.0-or-later
 * udp.c - one UDP socket of one family. */
#include "udp.h"

#include "kstamp.h"
#include "outlet.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <frame.h>
#include <icmp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BATCH = 16,
    READ_MAX = 4096,
    HEADERS_MAX = 128, /* link, IP and UDP headers before a payload */
    RECEIVE_BUFFER = 1024 * 1024
};

struct bw_udp_scratch {
    struct mmsghdr out[BW_UDP_GROUP];
    struct iovec out_iov[BW_UDP_GROUP];
    _Alignas(8) uint8_t out_control[BW_UDP_GROUP][CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct mmsghdr in[READ_BATCH];
    struct iovec in_iov[READ_BATCH];
    _Alignas(8) uint8_t in_control[READ_BATCH][BW_CONTROL_MAX];
    union bw_address from[READ_BATCH];
    size_t slot_len; /* of one packet within `bytes` */
    uint8_t bytes[]; /* READ_BATCH slots */
};

static int bind_to(struct bw_udp *u, const struct bw_udp_conf *conf)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    socklen_t len = sizeof(a);
    int r;
    if (u->family == 6) {
        a.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    } else {
        a.in = (struct sockaddr_in){.sin_family = AF_INET};
    }
    if (conf->source && conf->source[0] != '\0') {
        if (!bw_address_parse(conf->source, &a)) {
            return -EINVAL;
        }
        if (bw_address_family(&a) != u->family) {
            return -EAFNOSUPPORT;
        }
    }
    bw_address_set_port(&a, conf->port);
    r = bw_outlet_bind(u->fd, &a);
    if (r < 0) {
        return r;
    }
    if (getsockname(u->fd, &a.sa, &len) < 0) {
        return -errno;
    }
    u->port = bw_address_port(&a);
    return 0;
}

static int set_up(struct bw_udp *u, const struct bw_udp_conf *conf)
{
    const int on = 1;
    const int size = RECEIVE_BUFFER;
    int r = 0;
    if (u->family == 6 &&
        setsockopt(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) {
        return -errno;
    }
    if (conf->ttl > 0 && setsockopt(u->fd, u->family == 6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                    u->family == 6 ? IPV6_UNICAST_HOPS : IP_TTL, &conf->ttl,
                                    sizeof(conf->ttl)) < 0) {
        return -errno;
    }
    if (conf->want_stamps) {
        r = bw_kstamp_on(u->fd, u->family);
    } else if (conf->want_received) {
        r = bw_kstamp_on_received(u->fd);
    }
    if (r == 0 && conf->want_origin) {
        r = bw_kstamp_want_origin(u->fd, u->family);
    }
    /* As far as net.core.rmem_max lets us. */
    (void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return r == 0 ? bind_to(u, conf) : r;
}

int bw_udp_open(struct bw_udp *u, const struct bw_udp_conf *conf, struct bw_err *reterr)
{
    size_t slot_len = HEADERS_MAX + conf->max;
    int r = 0;
    *u = (struct bw_udp){.fd = -1, .family = conf->family};
    u->scratch = calloc(1, sizeof(*u->scratch) + READ_BATCH * slot_len);
    if (!u->scratch) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    u->scratch->slot_len = slot_len;
    u->fd = socket(conf->family == 6 ? AF_INET6 : AF_INET,
                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    r = u->fd < 0 ? -errno : set_up(u, conf);
    if (r < 0) {
        r = bw_err_set(reterr, r, "no UDP socket for IPv%d, port %u%s%s: %s", conf->family,
                       (unsigned)conf->port,
                       conf->source && conf->source[0] != '\0' ? ", from " : "",
                       conf->source ? conf->source : "", bw_strerror(r));
    }
out:
    if (r < 0) {
        bw_udp_close(u);
    }
    return r;
}

void bw_udp_close(struct bw_udp *u)
{
    if (u->fd >= 0) {
        (void)close(u->fd);
        u->fd = -1;
    }
    free(u->scratch);
    u->scratch = NULL;
}

/* Say by which of our addresses a datagram leaves. */
static void put_from(struct msghdr *m, const union bw_address *from)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    if (!c) {
        return;
    }
    if (from->sa.sa_family == AF_INET6) {
        struct in6_pktinfo i = {.ipi6_addr = from->in6.sin6_addr};
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(i));
        (void)memcpy(CMSG_DATA(c), &i, sizeof(i));
        m->msg_controllen = CMSG_SPACE(sizeof(i));
    } else {
        struct in_pktinfo i = {.ipi_spec_dst = from->in.sin_addr};
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(i));
        (void)memcpy(CMSG_DATA(c), &i, sizeof(i));
        m->msg_controllen = CMSG_SPACE(sizeof(i));
    }
}

void bw_udp_send(struct bw_udp *u, struct bw_udp_out *out, size_t n)
{
    struct bw_udp_scratch *x = u->scratch;
    size_t done = 0;
    bool again = true; /* one more try for the packet that met another one's error */
    for (size_t i = 0; i < n; i++) {
        union {
            const void *in;
            void *out;
        } to = {.in = out[i].to}, data = {.in = out[i].data}; /* not written by a send */
        x->out_iov[i] = (struct iovec){.iov_base = data.out, .iov_len = out[i].len};
        x->out[i].msg_hdr = (struct msghdr){.msg_name = to.out,
                                            .msg_namelen = bw_address_len(out[i].to),
                                            .msg_iov = &x->out_iov[i],
                                            .msg_iovlen = 1};
        if (out[i].from && bw_address_family(out[i].from) == u->family) {
            x->out[i].msg_hdr.msg_control = x->out_control[i];
            x->out[i].msg_hdr.msg_controllen = sizeof(x->out_control[i]);
            put_from(&x->out[i].msg_hdr, out[i].from);
        }
        out[i].error = 0;
    }
    bw_kstamp_clear_error(u->fd);
    while (done < n) {
        int r = sendmmsg(u->fd, x->out + done, (unsigned)(n - done), MSG_DONTWAIT);
        if (r > 0) {
            done += (size_t)r;
            again = true;
        } else if (again) {
            again = false;
            bw_kstamp_clear_error(u->fd);
        } else {
            out[done].error = r < 0 ? -errno : -EIO;
            done++;
            again = true;
        }
    }
}

/* One entry of the error queue. */
static void take_error(struct bw_udp *u,
                       struct msghdr *m,
                       size_t n,
                       const union bw_address *to,
                       bw_udp_event_cb cb,
                       void *owner)
{
    const uint8_t *data = m->msg_iov->iov_base;
    struct bw_udp_event e = {.ttl = -1};
    struct bw_control c;
    if (m->msg_flags & MSG_CTRUNC) {
        return;
    }
    bw_kstamp_read(m, &c);
    e.stamp_unix_ns = c.stamp_unix_ns;
    if (c.is_stamp) {
        if (c.stamp_unix_ns == BW_UNKNOWN || (m->msg_flags & MSG_TRUNC) != 0) {
            return;
        }
        e.kind = BW_UDP_SENT;
        e.data = bw_frame_udp(data, n, u->family, u->port, &e.len);
        cb(owner, &e);
    } else if (c.is_error) {
        e.kind = BW_UDP_ERROR;
        e.data = data;
        e.len = n;
        e.peer = *to;
        e.error = c.error;
        e.is_loss = bw_icmp_is_loss(u->family, c.type, c.code);
        e.icmp_type = c.type;
        e.icmp_code = c.code;
        e.icmp_info = c.info;
        e.offender = c.offender;
        cb(owner, &e);
    }
}

static void take_datagram(struct msghdr *m,
                          size_t n,
                          const union bw_address *from,
                          bw_udp_event_cb cb,
                          void *owner)
{
    struct bw_control c;
    bw_kstamp_read(m, &c);
    cb(owner, &(struct bw_udp_event){.kind = BW_UDP_DATAGRAM,
                                     .data = m->msg_iov->iov_base,
                                     .len = n,
                                     .cut = (m->msg_flags & MSG_TRUNC) != 0,
                                     .stamp_unix_ns = c.stamp_unix_ns,
                                     .peer = *from,
                                     .local = c.local,
                                     .ttl = c.ttl});
}

static size_t drain(struct bw_udp *u, int flags, bw_udp_event_cb cb, void *owner)
{
    struct bw_udp_scratch *x = u->scratch;
    size_t total = 0;
    bool more = u->fd >= 0;
    bool again = true;
    while (more && total < READ_MAX) {
        int n;
        for (size_t i = 0; i < READ_BATCH; i++) {
            x->in_iov[i] = (struct iovec){.iov_base = x->bytes + i * x->slot_len,
                                          .iov_len = x->slot_len};
            x->from[i] = (union bw_address){.sa = {.sa_family = AF_UNSPEC}};
            x->in[i].msg_hdr = (struct msghdr){.msg_name = &x->from[i],
                                               .msg_namelen = sizeof(x->from[i]),
                                               .msg_iov = &x->in_iov[i],
                                               .msg_iovlen = 1,
                                               .msg_control = x->in_control[i],
                                               .msg_controllen = BW_CONTROL_MAX};
        }
        n = recvmmsg(u->fd, x->in, READ_BATCH, flags | MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) {
            struct msghdr *m = &x->in[i].msg_hdr;
            if (flags & MSG_ERRQUEUE) {
                take_error(u, m, x->in[i].msg_len, &x->from[i], cb, owner);
            } else {
                take_datagram(m, x->in[i].msg_len, &x->from[i], cb, owner);
            }
        }
        if (n > 0) {
            total += (size_t)n;
            more = n == READ_BATCH;
        } else {
            /* A pending ICMP error is given once in place of a datagram; ask again. */
            more = n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && again;
            again = false;
        }
    }
    return total;
}

size_t bw_udp_read_errors(struct bw_udp *u, bw_udp_event_cb cb, void *owner)
{
    return drain(u, MSG_ERRQUEUE, cb, owner);
}

size_t bw_udp_read(struct bw_udp *u, bw_udp_event_cb cb, void *owner)
{
    return drain(u, 0, cb, owner);
}
