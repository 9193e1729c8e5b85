/* SPDX-License-Identifier: GPL-3.0-or-later
 * dnsq.c - one DNS query to one server.
 *
 * Each transport has a handle of its own, because a closed one lives on until the loop has
 * said so; at most one is open at a time. */
#include "dnsq.h"

#include "kstamp.h"
#include "outlet.h"
#include "tcpconn.h"

#include <bw/units.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    DATAGRAM_MAX = 4096, /* more than we ever say that we take */
    LENGTH_BYTES = 2,    /* RFC 7766 section 8 */
    READS_MAX = 16       /* of one wake-up, so that the loop stays responsive */
};

enum state {
    ASKED_UDP,
    CONNECTING,
    WRITING,
    READING,
    OVER
};

struct bw_dnsq {
    struct bw_dnsq_setup setup;
    enum state state;
    uint16_t id;
    int fd;             /* -1: none open */
    int at_once;        /* what the peer said before connect() returned */
    uv_poll_t polls[2]; /* UDP's, TCP's */
    uv_poll_t *poll;    /* the one that is open */
    int n_open;
    bool closing;
    const char *odd;
    int64_t begun_mono_ns; /* of the whole */
    int64_t part_mono_ns;  /* of what runs over TCP */
    int64_t sent_unix_ns;
    int64_t udp_ns;
    int64_t connect_ns;
    uint8_t query[LENGTH_BYTES + BW_DNS_QUERY_MAX];
    size_t query_len; /* with the length in front */
    size_t written;
    uint8_t *answer; /* TCP: the length, then as much */
    size_t answer_len;
    size_t have;
    uint8_t length[LENGTH_BYTES];
};

static void on_poll(uv_poll_t *poll, int status, int events);

/* Handles ---------------------------------------------------------------------- */

static void maybe_free(struct bw_dnsq *q)
{
    void (*closed)(void *owner) = q->setup.closed;
    void *owner = q->setup.owner;
    if (!q->closing || q->n_open > 0) {
        return;
    }
    free(q->answer);
    free(q);
    if (closed) {
        closed(owner);
    }
}

static void handle_closed(uv_handle_t *handle)
{
    struct bw_dnsq *q = handle->data;
    q->n_open--;
    maybe_free(q);
}

static void stop(struct bw_dnsq *q)
{
    if (q->poll) {
        uv_close((uv_handle_t *)q->poll, handle_closed);
        q->poll = NULL;
    }
    if (q->fd >= 0) {
        (void)close(q->fd);
        q->fd = -1;
    }
}

static int watch(struct bw_dnsq *q, uv_poll_t *poll, int events)
{
    int r = uv_poll_init(q->setup.loop, poll, q->fd);
    if (r < 0) {
        return r;
    }
    poll->data = q;
    q->poll = poll;
    q->n_open++;
    return uv_poll_start(poll, events, on_poll);
}

static void finish(struct bw_dnsq *q, struct bw_dnsq_result *r)
{
    stop(q);
    q->state = OVER;
    r->udp_ns = q->udp_ns;
    r->connect_ns = q->connect_ns;
    q->setup.done(q->setup.owner, q, r);
}

static void fail(struct bw_dnsq *q, int error, const char *code)
{
    finish(q,
           &(struct bw_dnsq_result){
               .error = error, .code = code, .rtt_ns = BW_UNKNOWN, .tcp_ns = BW_UNKNOWN});
}

/* What a message is to us; NULL: the answer. */
static const char *
judge(struct bw_dnsq *q, const uint8_t *p, size_t n, struct bw_dns_msg *ret)
{
    if (bw_dns_parse(p, n, ret) < 0) {
        return "malformed";
    }
    switch (bw_dns_match(ret, q->id, &q->setup.question)) {
    case BW_DNS_NO_RESPONSE:
        return "no-response";
    case BW_DNS_OTHER_ID:
        return "wrong-id";
    case BW_DNS_OTHER_QUESTION:
        return "wrong-question";
    case BW_DNS_MATCH:
        break;
    }
    return NULL;
}

static void
answered(struct bw_dnsq *q, const struct bw_dns_msg *m, int64_t rtt_ns, int64_t tcp_ns)
{
    char word[BW_DNS_WORD_MAX];
    finish(q, &(struct bw_dnsq_result){.error = 0,
                                       .code = bw_dns_rcode_word(m->rcode, word),
                                       .msg = m,
                                       .rtt_ns = rtt_ns,
                                       .tcp_ns = tcp_ns});
}

/* TCP -------------------------------------------------------------------------- */

static int start_tcp(struct bw_dnsq *q)
{
    int r;
    q->state = CONNECTING;
    q->part_mono_ns = bw_clock_mono_ns();
    q->fd =
        bw_tcpconn_start(&q->setup.server, q->setup.device, q->setup.source, &q->at_once);
    if (q->fd < 0) {
        return q->fd;
    }
    r = watch(q, &q->polls[1], UV_WRITABLE);
    if (r < 0) {
        stop(q);
    }
    return r;
}

static void connected(struct bw_dnsq *q)
{
    struct bw_tcpconn_end end = {.error = q->at_once, .target = true};
    int64_t now_ns = bw_clock_mono_ns();
    if (q->at_once == 0) {
        bw_tcpconn_end(q->fd, &q->setup.server, &end);
    }
    if (end.error == -EINPROGRESS) {
        return;
    }
    if (end.error < 0) { /* after a truncated answer the server has been heard already */
        fail(q, end.error, end.target || q->odd ? "tcp-refused" : NULL);
        return;
    }
    q->connect_ns = bw_tcpconn_handshake_ns(q->fd, now_ns - q->part_mono_ns);
    q->part_mono_ns = now_ns;
    q->state = WRITING;
}

static void write_some(struct bw_dnsq *q)
{
    ssize_t n = send(q->fd, q->query + q->written, q->query_len - q->written,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n < 0) {
        fail(q, -errno, "tcp-closed");
        return;
    }
    q->written += (size_t)n;
    if (q->written == q->query_len) {
        q->state = READING;
        (void)uv_poll_start(q->poll, UV_READABLE, on_poll);
    }
}

static void whole_answer(struct bw_dnsq *q)
{
    int64_t now_ns = bw_clock_mono_ns();
    struct bw_dns_msg m;
    const char *wrong = judge(q, q->answer, q->answer_len, &m);
    if (wrong || m.truncated) { /* nobody but the server can have sent it */
        fail(q, -EBADMSG, wrong ? wrong : "truncated");
    } else {
        int64_t tcp_ns = now_ns - q->part_mono_ns;
        answered(q, &m, (q->udp_ns == BW_UNKNOWN ? 0 : q->udp_ns) + q->connect_ns + tcp_ns,
                 tcp_ns);
    }
}

/* false: nothing more to read now, or all is over. */
static bool read_some(struct bw_dnsq *q)
{
    bool head = q->answer == NULL;
    uint8_t *to = head ? q->length : q->answer;
    size_t want = head ? LENGTH_BYTES : q->answer_len;
    ssize_t n = recv(q->fd, to + q->have, want - q->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) {
        fail(q, n < 0 ? -errno : -ECONNRESET, "tcp-closed");
        return false;
    }
    q->have += (size_t)n;
    if (q->have < want) {
        return true;
    }
    if (head) {
        q->answer_len = (size_t)q->length[0] << 8 | q->length[1];
        q->have = 0;
        if (q->answer_len < BW_DNS_HEADER) {
            fail(q, -EBADMSG, "malformed");
            return false;
        }
        q->answer = malloc(q->answer_len);
        if (!q->answer) {
            fail(q, -ENOMEM, NULL);
        }
        return q->answer != NULL;
    }
    whole_answer(q);
    return false;
}

static void on_stream(struct bw_dnsq *q)
{
    if (q->state == CONNECTING) {
        connected(q);
    }
    if (q->state == WRITING) {
        write_some(q);
    }
    for (int i = 0; q->state == READING && i < READS_MAX && read_some(q); i++) {
    }
}

/* UDP -------------------------------------------------------------------------- */

static ssize_t
receive(struct bw_dnsq *q, int flags, uint8_t data[DATAGRAM_MAX], struct bw_control *ret)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[BW_CONTROL_MAX];
    } control;
    struct iovec iov = {.iov_base = data, .iov_len = DATAGRAM_MAX};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(q->fd, &m, flags | MSG_DONTWAIT);
    if (n >= 0) {
        bw_kstamp_read(&m, ret);
        if (m.msg_flags & MSG_TRUNC) {
            n = 0; /* longer than any that we asked for: no message */
        }
    }
    return n;
}

/* Errors and transmit stamps. false: the query is over. */
static bool read_errors(struct bw_dnsq *q)
{
    uint8_t data[DATAGRAM_MAX];
    struct bw_control c;
    for (int i = 0; i < READS_MAX && receive(q, MSG_ERRQUEUE, data, &c) >= 0; i++) {
        if (c.is_stamp) {
            q->sent_unix_ns = c.stamp_unix_ns;
        } else if (c.is_error && c.error != -EMSGSIZE) {
            union bw_address host = q->setup.server;
            bw_address_set_port(&host, bw_address_port(&c.offender));
            fail(q, c.error,
                 c.error == -ECONNREFUSED && bw_address_equal(&host, &c.offender)
                     ? "port-closed"
                     : NULL);
            return false;
        }
    }
    return true;
}

/* The kernel's two stamps where they fit into what our own clock saw. */
static int64_t round_trip(const struct bw_dnsq *q, int64_t received_unix_ns)
{
    int64_t own_ns = bw_clock_mono_ns() - q->begun_mono_ns;
    int64_t kernel_ns;
    if (q->sent_unix_ns == BW_UNKNOWN || received_unix_ns == BW_UNKNOWN) {
        return own_ns;
    }
    kernel_ns = received_unix_ns - q->sent_unix_ns;
    return kernel_ns > 0 && kernel_ns <= own_ns ? kernel_ns : own_ns;
}

/* false: the query is over, or goes on over TCP. */
static bool take(struct bw_dnsq *q, const uint8_t *data, size_t n, int64_t received_unix_ns)
{
    struct bw_dns_msg m;
    const char *wrong = judge(q, data, n, &m);
    int r;
    if (wrong) {
        q->odd = wrong;
        return true;
    }
    if (q->sent_unix_ns == BW_UNKNOWN && !read_errors(q)) {
        return false;
    }
    if (!m.truncated) {
        answered(q, &m, round_trip(q, received_unix_ns), BW_UNKNOWN);
        return false;
    }
    q->odd = "truncated";
    q->udp_ns = round_trip(q, received_unix_ns);
    stop(q);
    r = start_tcp(q);
    if (r < 0) {
        fail(q, r, "truncated");
    }
    return false;
}

static void on_datagrams(struct bw_dnsq *q)
{
    uint8_t data[DATAGRAM_MAX];
    if (!read_errors(q)) {
        return;
    }
    for (int i = 0; i < READS_MAX; i++) {
        struct bw_control c;
        ssize_t n = receive(q, 0, data, &c);
        if (n < 0) {
            /* an ICMP error is told once in a datagram's place; the error queue has it */
            if (errno == EAGAIN || !read_errors(q)) {
                return;
            }
        } else if (!take(q, data, (size_t)n, c.stamp_unix_ns)) {
            return;
        }
    }
}

static int start_udp(struct bw_dnsq *q)
{
    const union bw_address *to = &q->setup.server;
    int family = bw_address_family(to);
    const uint8_t *query = q->query + LENGTH_BYTES;
    size_t len = q->query_len - LENGTH_BYTES;
    int r;
    q->state = ASKED_UDP;
    q->fd = socket(family == 6 ? AF_INET6 : AF_INET,
                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (q->fd < 0) {
        return -errno;
    }
    r = bw_outlet_bind_device(q->fd, q->setup.device ? q->setup.device : "");
    if (r == 0) {
        r = bw_outlet_bind_source(q->fd, family, q->setup.source ? q->setup.source : "");
    }
    if (r == 0) {
        r = bw_kstamp_on(q->fd, family);
    }
    if (r == 0 && (connect(q->fd, &to->sa, bw_address_len(to)) < 0 ||
                   send(q->fd, query, len, MSG_NOSIGNAL) != (ssize_t)len)) {
        r = -errno;
    }
    return r < 0 ? r : watch(q, &q->polls[0], UV_READABLE | UV_PRIORITIZED);
}

/* Both ------------------------------------------------------------------------- */

void bw_dnsq_look(struct bw_dnsq *q)
{
    if (q->state == ASKED_UDP) {
        on_datagrams(q);
    } else {
        on_stream(q);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_dnsq *q = poll->data;
    (void)events;     /* whatever it was, the next call on the socket says it */
    if (status < 0) { /* libuv stopped the handle */
        (void)uv_poll_start(poll,
                            q->state == ASKED_UDP ? UV_READABLE | UV_PRIORITIZED
                            : q->state == READING ? UV_READABLE
                                                  : UV_WRITABLE,
                            on_poll);
    }
    bw_dnsq_look(q);
}

int bw_dnsq_start(const struct bw_dnsq_setup *setup, struct bw_dnsq **ret)
{
    struct bw_dnsq *q = calloc(1, sizeof(*q));
    size_t len;
    int r;
    if (!q) {
        return -ENOMEM;
    }
    q->setup = *setup;
    q->fd = -1;
    q->sent_unix_ns = BW_UNKNOWN;
    q->udp_ns = BW_UNKNOWN;
    q->connect_ns = BW_UNKNOWN;
    bw_random(&q->id, sizeof(q->id));
    len = bw_dns_build(q->query + LENGTH_BYTES, sizeof(q->query) - LENGTH_BYTES, q->id,
                       &setup->question, setup->udp_bytes);
    q->query[0] = (uint8_t)(len >> 8);
    q->query[1] = (uint8_t)len;
    q->query_len = len + LENGTH_BYTES;
    q->begun_mono_ns = bw_clock_mono_ns();
    r = setup->tcp ? start_tcp(q) : start_udp(q);
    if (r < 0) {
        q->setup.closed = NULL; /* it never was open to its owner */
        bw_dnsq_close(q);
        return r;
    }
    *ret = q;
    return 0;
}

const char *bw_dnsq_odd(const struct bw_dnsq *q)
{
    return q->odd;
}

void bw_dnsq_close(struct bw_dnsq *q)
{
    if (!q || q->closing) {
        return;
    }
    q->closing = true;
    stop(q);
    maybe_free(q);
}
