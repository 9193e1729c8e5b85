/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_socket.c - packets of traces, out and in. Whatever comes in counts only when it
 * carries our cookie or names our identifier or port; which packet it was decides the
 * caller, who knows what was sent. */
#include "path_socket.h"

#include "path_trace.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <kstamp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <outlet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 2048, /* enough of any answer: who and which */
    READ_MAX = 512,    /* of one read */
    V4_HEADER = 20,
    V6_HEADER = 40,
    UDP_HEADER = 8,
    ICMP4_FILTER_OPTION = 1 /* ICMP_FILTER of linux/icmp.h, which fights netinet's */
};

_Static_assert((int)UDP_HEADER == (int)BW_ICMP_HEADER, "either way 8 bytes");

uint32_t path_socket_headers(const struct path_socket *s)
{
    return (s->family == 6 ? V6_HEADER : V4_HEADER) + UDP_HEADER;
}

/* Opening ---------------------------------------------------------------------- */

/* A raw ICMP socket of IPv4 that hears these types only (a bit set is a type dropped). */
static int hear4(int fd, uint32_t types)
{
    const uint32_t drop = ~types;
    return setsockopt(fd, IPPROTO_RAW, ICMP4_FILTER_OPTION, &drop, sizeof(drop)) < 0
               ? -errno
               : 0;
}

static int hear_replies(int fd, int family)
{
    struct icmp6_filter filter;
    if (family == 4) {
        return hear4(fd, UINT32_C(1) << ICMP_ECHOREPLY);
    }
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0
               ? -errno
               : 0;
}

static int hear_errors(int fd, int family)
{
    struct icmp6_filter filter;
    if (family == 4) {
        return hear4(fd, UINT32_C(1) << ICMP_UNREACH | UINT32_C(1) << ICMP_TIMXCEED |
                             UINT32_C(1) << ICMP_PARAMPROB);
    }
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter);
    ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
    ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &filter);
    ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &filter);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0
               ? -errno
               : 0;
}

static int icmp_protocol(int family)
{
    return family == 6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
}

/* Best effort: without it UDP goes by the error queue alone. */
static void open_ear(struct path_socket *s)
{
    int fd = socket(s->family == 6 ? AF_INET6 : AF_INET,
                    SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, icmp_protocol(s->family));
    if (fd < 0) {
        return;
    }
    /* Stamps of what it receives alone: on an error queue, which nobody reads here, would
     * come what the network says of any ICMP packet of this machine. */
    if (hear_errors(fd, s->family) < 0 || bw_kstamp_on_received(fd) < 0) {
        (void)close(fd);
        return;
    }
    s->ear = fd;
}

static int set_options(struct path_socket *s)
{
    /* Never cut on the way, and whatever the kernel has learnt of the path is not asked:
     * what is sent leaves as it is. */
    const int probe4 = IP_PMTUDISC_PROBE;
    const int probe6 = IPV6_PMTUDISC_PROBE;
    const int on = 1;
    int r = bw_kstamp_on(s->fd, s->family);
    if (r < 0) {
        return r;
    }
    if (s->family == 6) {
        if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe6, sizeof(probe6)) <
                0 ||
            setsockopt(s->fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on)) < 0) {
            return -errno;
        }
    } else if (setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe4, sizeof(probe4)) <
               0) {
        return -errno;
    }
    return s->raw ? hear_replies(s->fd, s->family) : 0;
}

static int open_fd(struct path_socket *s, struct bw_err *reterr)
{
    int domain = s->family == 6 ? AF_INET6 : AF_INET;
    int protocol = s->udp ? (int)IPPROTO_UDP : icmp_protocol(s->family);
    int r;
    s->fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (s->fd < 0 && !s->udp &&
        (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT)) {
        s->raw = true;
        s->fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    }
    if (s->fd >= 0) {
        return 0;
    }
    r = -errno;
    if (r == -EPERM || r == -EACCES) {
        return bw_err_set(reterr, r,
                          "not permitted to send ICMP; allow it with "
                          "sysctl net.ipv4.ping_group_range=\"0 2147483647\", give the "
                          "program CAP_NET_RAW, or set method = udp");
    }
    return bw_err_set(reterr, r, "no %s socket for IPv%d: %s", s->udp ? "UDP" : "ICMP",
                      s->family, bw_strerror(r));
}

/* Our own port, fixed from now on. */
static int bind_port(struct path_socket *s)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    socklen_t len = sizeof(a);
    if (getsockname(s->fd, &a.sa, &len) < 0) {
        return -errno;
    }
    if (bw_address_port(&a) == 0) {
        a.sa.sa_family = s->family == 6 ? AF_INET6 : AF_INET;
        len = sizeof(a);
        if (bind(s->fd, &a.sa, bw_address_len(&a)) < 0 ||
            getsockname(s->fd, &a.sa, &len) < 0) {
            return -errno;
        }
    }
    s->port = bw_address_port(&a);
    return 0;
}

/* The source address, if one is asked for, with a port that the kernel chooses now. */
static int bind_to(struct path_socket *s, const char *source)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    int r;
    if (source[0] == '\0') {
        return s->udp ? bind_port(s) : 0;
    }
    if (!bw_address_parse(source, &a) || bw_address_family(&a) != s->family) {
        return -EINVAL;
    }
    r = bw_outlet_bind(s->fd, &a);
    return r == 0 && s->udp ? bind_port(s) : r;
}

int path_socket_open(struct path_socket *s,
                     const struct path_socket_conf *conf,
                     struct bw_err *reterr)
{
    int r;
    *s =
        (struct path_socket){.fd = -1, .ear = -1, .family = conf->family, .udp = conf->udp};
    s->packet = malloc(PATH_BYTES_MAX);
    if (!s->packet) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_random(&s->cookie, sizeof(s->cookie));
    bw_random(&s->ident, sizeof(s->ident));
    r = open_fd(s, reterr);
    if (r < 0) {
        goto out;
    }
    r = bind_to(s, conf->source);
    if (r < 0) {
        r = bw_err_set(reterr, r, "cannot send from %s: %s", conf->source, bw_strerror(r));
        goto out;
    }
    r = set_options(s);
    if (r < 0) {
        r = bw_err_set(reterr, r, "cannot set up a socket for IPv%d: %s", s->family,
                       bw_strerror(r));
        goto out;
    }
    if (s->udp) {
        open_ear(s);
    }
out:
    if (r < 0) {
        path_socket_close(s);
    }
    return r;
}

void path_socket_close(struct path_socket *s)
{
    if (s->fd >= 0) {
        (void)close(s->fd);
        s->fd = -1;
    }
    if (s->ear >= 0) {
        (void)close(s->ear);
        s->ear = -1;
    }
    free(s->packet);
    s->packet = NULL;
}

int path_socket_use_interface(struct path_socket *s, unsigned ifindex)
{
    return bw_outlet_use(s->fd, s->family, ifindex);
}

/* Sending ---------------------------------------------------------------------- */

static uint32_t build(struct path_socket *s, const struct path_out *out)
{
    uint32_t n = out->bytes - (s->family == 6 ? V6_HEADER : V4_HEADER);
    if (!s->udp) {
        bw_trace_echo(s->packet, n, s->family, s->ident, (uint16_t)out->stamp.number,
                      &out->stamp);
        return n;
    }
    n = out->sized ? n - UDP_HEADER : (uint32_t)bw_trace_udp_bytes(out->stamp.number);
    bw_trace_udp(s->packet, n, &out->stamp);
    return n;
}

int path_socket_send(struct path_socket *s, const struct path_out *out)
{
    const int ttl = out->ttl;
    uint32_t n = build(s, out);
    ssize_t r = -1;
    if (s->family == 6
            ? setsockopt(s->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)) < 0
            : setsockopt(s->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) < 0) {
        return -errno;
    }
    for (int i = 0; i < 2 && r < 0; i++) { /* once more where it met another one's error */
        bw_kstamp_clear_error(s->fd);
        r = sendto(s->fd, s->packet, n, MSG_DONTWAIT, &out->to->sa,
                   bw_address_len(out->to));
        if (r < 0 && errno == EMSGSIZE) {
            s->local_mtu = 0; /* what fits waits in the error queue */
            return -EMSGSIZE;
        }
    }
    if (r < 0) {
        return -errno;
    }
    s->sends[out->stamp.number % PATH_SENDS].number = out->stamp.number;
    s->sends[out->stamp.number % PATH_SENDS].payload =
        s->udp ? n : n - (uint32_t)BW_ICMP_HEADER;
    return 0;
}

/* Receiving -------------------------------------------------------------------- */

/* Whoever says so in these messages has no port. */
static void no_port(union bw_address *a)
{
    bw_address_set_port(a, 0);
}

struct got {
    uint8_t bytes[READ_BYTES];
    uint8_t control[BW_CONTROL_MAX];
    struct iovec iov;
    struct msghdr m;
    union bw_address name;
};

/* The bytes of the next message, or -1: there is none. */
static ssize_t receive(int fd, int flags, struct got *g)
{
    ssize_t n;
    for (int i = 0; i < 2; i++) { /* a pending ICMP error is given once in place of it */
        g->iov = (struct iovec){.iov_base = g->bytes, .iov_len = sizeof(g->bytes)};
        g->name = (union bw_address){.sa = {.sa_family = AF_UNSPEC}};
        g->m = (struct msghdr){.msg_name = &g->name,
                               .msg_namelen = sizeof(g->name),
                               .msg_iov = &g->iov,
                               .msg_iovlen = 1,
                               .msg_control = g->control,
                               .msg_controllen = sizeof(g->control)};
        n = recvmsg(fd, &g->m, flags | MSG_DONTWAIT);
        if (n >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) {
            return n;
        }
    }
    return -1;
}

/* Which of our packets is this frame? Its stamp begins as far from its end as we know. */
static bool sent_frame(const struct path_socket *s,
                       const uint8_t *p,
                       size_t n,
                       struct bw_icmp_stamp *ret)
{
    for (size_t i = 0; i < PATH_SENDS; i++) {
        size_t payload = s->sends[i].payload;
        if (payload > 0 && bw_icmp_stamp_of_tail(p, n, payload, ret) &&
            ret->cookie == s->cookie && ret->number == s->sends[i].number) {
            return true;
        }
    }
    return false;
}

/* What the error queue gives of a quoted packet of ours. */
static bool
read_quote(const struct path_socket *s, const struct got *g, size_t n, struct path_event *e)
{
    struct bw_icmp_quote q;
    if (s->udp) { /* the payload alone, as much as was quoted */
        if (bw_icmp_stamp_read(g->bytes, n, &e->stamp)) {
            e->named = PATH_BY_STAMP;
            return e->stamp.cookie == s->cookie;
        }
        e->named = PATH_BY_NOTHING;
        return s->ear < 0; /* else it is told there, with its header */
    }
    if (bw_icmp_quote_parse(g->bytes, n, (uint8_t)icmp_protocol(s->family), &q) < 0 ||
        (s->raw && q.ident != s->ident)) {
        return false;
    }
    e->named = q.stamped ? PATH_BY_STAMP : PATH_BY_SEQ;
    e->stamp = q.stamp;
    e->seq = q.seq;
    return !q.stamped || q.stamp.cookie == s->cookie;
}

static void
take_queued(struct path_socket *s, struct got *g, size_t n, path_event_cb cb, void *owner)
{
    struct bw_control c;
    struct path_event e = {.to = g->name};
    bw_kstamp_read(&g->m, &c);
    e.stamp_unix_ns = c.stamp_unix_ns;
    if (c.is_stamp) {
        e.kind = PATH_EVENT_SENT;
        e.named = PATH_BY_STAMP;
        if ((g->m.msg_flags & MSG_TRUNC) == 0 && c.stamp_unix_ns != BW_UNKNOWN &&
            sent_frame(s, g->bytes, n, &e.stamp)) {
            cb(owner, &e);
        }
    } else if (c.is_error) {
        e.kind = PATH_EVENT_ERROR;
        e.from = c.offender;
        no_port(&e.from);
        e.error = bw_icmp_error_kind(s->family, c.type, c.code);
        e.mtu = e.error == BW_ICMP_ERROR_TOO_BIG ? c.info : 0;
        if (e.error != BW_ICMP_ERROR_NONE && bw_address_family(&e.from) == s->family &&
            read_quote(s, g, n, &e)) {
            cb(owner, &e);
        }
    } else if (c.error == -EMSGSIZE) {
        s->local_mtu = c.info;
    }
}

static void read_queue(struct path_socket *s, path_event_cb cb, void *owner)
{
    struct got g;
    for (int i = 0; i < READ_MAX; i++) {
        ssize_t n = receive(s->fd, MSG_ERRQUEUE, &g);
        if (n < 0) {
            return;
        }
        if ((g.m.msg_flags & MSG_CTRUNC) == 0) {
            take_queued(s, &g, (size_t)n, cb, owner);
        }
    }
}

/* An echo reply with our stamp, or a datagram: whose it is says its sender. */
static void
take_reply(struct path_socket *s, struct got *g, size_t n, path_event_cb cb, void *owner)
{
    const uint8_t *p = g->bytes;
    struct bw_control c;
    struct bw_icmp_msg m;
    struct path_event e = {
        .kind = PATH_EVENT_REPLY, .named = PATH_BY_NOTHING, .to = g->name, .from = g->name};
    no_port(&e.from);
    bw_kstamp_read(&g->m, &c);
    e.stamp_unix_ns = c.stamp_unix_ns;
    if (!s->udp) {
        if (s->raw && s->family == 4) {
            p = bw_icmp_skip_ipv4(p, n, &n);
        }
        if (!p || bw_icmp_parse(p, n, s->family, &m) < 0 || m.kind != BW_ICMP_REPLY ||
            !m.stamped || m.stamp.cookie != s->cookie) {
            return;
        }
        e.named = PATH_BY_STAMP;
        e.stamp = m.stamp;
    }
    cb(owner, &e);
}

/* A whole ICMP error about one of our UDP packets. */
static void
take_heard(struct path_socket *s, struct got *g, size_t n, path_event_cb cb, void *owner)
{
    const uint8_t *p = g->bytes;
    struct bw_icmp_error x;
    struct bw_control c;
    struct path_event e = {.kind = PATH_EVENT_ERROR, .from = g->name};
    no_port(&e.from);
    if (s->family == 4) {
        p = bw_icmp_skip_ipv4(p, n, &n);
    }
    if (!p || bw_icmp_error_parse(p, n, s->family, &x) < 0 ||
        x.quote.protocol != IPPROTO_UDP || x.quote.source_port != s->port ||
        (x.quote.stamped && x.quote.stamp.cookie != s->cookie)) {
        return;
    }
    bw_kstamp_read(&g->m, &c);
    e.stamp_unix_ns = c.stamp_unix_ns;
    e.named = x.quote.stamped ? PATH_BY_STAMP : PATH_BY_LENGTH;
    e.stamp = x.quote.stamp;
    e.udp_bytes = x.quote.udp_bytes;
    e.error = x.kind;
    e.mtu = x.mtu;
    if (s->family == 6) {
        e.to.in6.sin6_family = AF_INET6;
        (void)memcpy(&e.to.in6.sin6_addr, x.dest, sizeof(e.to.in6.sin6_addr));
    } else {
        e.to.in.sin_family = AF_INET;
        (void)memcpy(&e.to.in.sin_addr, x.dest, sizeof(e.to.in.sin_addr));
    }
    bw_address_set_port(&e.to, x.quote.dest_port);
    cb(owner, &e);
}

void path_socket_read(struct path_socket *s, path_event_cb cb, void *owner)
{
    struct got g;
    if (s->fd < 0) {
        return;
    }
    read_queue(s, cb, owner); /* a transmit stamp is queued before the answer can come */
    for (int i = 0; i < READ_MAX; i++) {
        ssize_t n = receive(s->fd, 0, &g);
        if (n < 0) {
            break;
        }
        take_reply(s, &g, (size_t)n, cb, owner);
    }
    for (int i = 0; i < READ_MAX && s->ear >= 0; i++) {
        ssize_t n = receive(s->ear, 0, &g);
        if (n < 0) {
            break;
        }
        take_heard(s, &g, (size_t)n, cb, owner);
    }
}

bool path_is_own(const union bw_address *a)
{
    union bw_address from = *a;
    int fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool own;
    if (fd < 0) {
        return false;
    }
    bw_address_set_port(&from, 0);
    own = bind(fd, &from.sa, bw_address_len(&from)) == 0;
    (void)close(fd);
    return own;
}
