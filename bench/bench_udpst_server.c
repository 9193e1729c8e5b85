/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_udpst_server.c - the far end of a UDP Speed Test at full speed: it searches for
 * nothing, but sends (or asks for) RATE from the first moment. One test at a time, without
 * keys; it prints "ready", and what it did as a JSON line at the end of each test.
 *
 *     bench_udpst_server ADDRESS PORT RATE_MBPS
 *
 * RATE counts whole IP packets of 1250 bytes, 20 of them a burst at most, sent with one
 * system call by segmentation offload. It is no server for anything else: what a real one
 * owes to the network, it leaves out. */
#include "address.h"
#include "udpst.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PACKET = 1250, /* at IP */
    HEADERS4 = 20 + 8,
    HEADERS6 = 40 + 8,
    PAYLOAD_MAX = PACKET - HEADERS4,
    BURST = 20,
    TAKE_MAX = 64, /* datagrams read at a time: a Status must go out in between */
    LATE_MS = 100, /* a second is not held open for longer */
    GRACE_S = 3,
    BUFFER = 8 << 20
};

static const int64_t NS_PER_S = 1000000000;

struct test {
    int fd;
    uint16_t payload; /* of UDP in a packet */
    int64_t rate_bps;
    struct bw_udpst_activate asked;
    int64_t began_ns;
    uint32_t sent;
    uint32_t statuses;
    uint64_t received_bytes;
    uint64_t received;
    uint32_t seq_most;
    struct bw_udpst_subinterval now; /* being counted */
    struct bw_udpst_subinterval saved;
    uint32_t saved_seq;
    int64_t saved_ns;
    uint32_t status_s; /* of the newest Status */
    uint32_t status_ns;
    bool stopped;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool readable(int fd, int64_t ns)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    return ppoll(&p, 1, &t, NULL) > 0;
}

static bool over(struct test *t)
{
    return clock_ns(CLOCK_MONOTONIC) - t->began_ns >= t->asked.test_s * NS_PER_S;
}

/* A burst of equal Loads by one call. false: the stack took none. */
static bool send_burst(struct test *t, uint32_t count)
{
    static uint8_t bytes[BURST * PAYLOAD_MAX];
    uint16_t segment = t->payload;
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {.iov_base = bytes, .iov_len = (size_t)count * segment};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    int64_t now_ns = clock_ns(CLOCK_REALTIME);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(segment));
    (void)memcpy(CMSG_DATA(c), &segment, sizeof(segment));
    for (uint32_t i = 0; i < count; i++) {
        const struct bw_udpst_load l = {.action =
                                            over(t) ? BW_UDPST_STOPPED : BW_UDPST_TESTING,
                                        .seq = t->sent + i + 1,
                                        .payload = segment,
                                        .status_s = t->status_s,
                                        .status_ns = t->status_ns,
                                        .sent_s = (uint32_t)(now_ns / NS_PER_S),
                                        .sent_ns = (uint32_t)(now_ns % NS_PER_S)};
        bw_udpst_load_write(bytes + (size_t)i * segment, &l);
    }
    if (sendmsg(t->fd, &m, MSG_DONTWAIT) < 0) {
        return false;
    }
    t->sent += count;
    return true;
}

/* false: more may wait. */
static bool take(struct test *t)
{
    uint8_t bytes[2048];
    ssize_t n = 0;
    for (int i = 0;
         i < TAKE_MAX && (n = recv(t->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0; i++) {
        struct bw_udpst_status s;
        struct bw_udpst_load l;
        if (bw_udpst_status_read(bytes, (size_t)n, &s) == 0) {
            t->statuses++;
            t->status_s = s.sent_s;
            t->status_ns = s.sent_ns;
            t->stopped = t->stopped || s.action == BW_UDPST_STOPPED;
        } else if (bw_udpst_load_read(bytes, (size_t)n, &l) == 0) {
            t->received++;
            t->received_bytes += (uint64_t)n;
            t->now.datagrams++;
            t->now.bytes += (uint64_t)n;
            t->now.lost += l.seq > t->seq_most + 1 ? l.seq - t->seq_most - 1 : 0;
            t->seq_most = l.seq > t->seq_most ? l.seq : t->seq_most;
            t->stopped = t->stopped || l.action == BW_UDPST_STOPPED;
        }
    }
    return n <= 0;
}

static void send_loads(struct test *t)
{
    while (!t->stopped) {
        int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        int64_t due = (now_ns - t->began_ns) / 1000 * t->rate_bps / 8 / PACKET / 1000000;
        int64_t behind = due - t->sent;
        if (now_ns - t->began_ns > (t->asked.test_s + GRACE_S) * NS_PER_S) {
            return;
        }
        if (behind >= BURST) {
            (void)send_burst(t, BURST);
        } else {
            int64_t wait_ns = (BURST - behind) * PACKET * 8 * NS_PER_S / t->rate_bps;
            (void)readable(t->fd, wait_ns);
        }
        (void)take(t);
    }
}

static struct bw_udpst_row row_of(const struct test *t, int64_t rate_bps)
{
    return (struct bw_udpst_row){.interval1_us = 1000,
                                 .payload1 = t->payload,
                                 .burst1 = (uint32_t)(rate_bps / 8 / PACKET / 1000)};
}

static void send_status(struct test *t, uint32_t seq)
{
    uint8_t bytes[BW_UDPST_STATUS_LEN];
    int64_t now_ns = clock_ns(CLOCK_REALTIME);
    const struct bw_udpst_status s = {.action =
                                          over(t) ? BW_UDPST_STOPPED : BW_UDPST_TESTING,
                                      .seq = seq,
                                      .row = row_of(t, t->rate_bps),
                                      .subinterval_seq = t->saved_seq,
                                      .saved = t->saved,
                                      .delay_min_ms = BW_UDPST_NO_DELAY,
                                      .rtt_minimum_ms = BW_UDPST_NO_DELAY,
                                      .rtt_sample_ms = BW_UDPST_NO_DELAY,
                                      .sent_s = (uint32_t)(now_ns / NS_PER_S),
                                      .sent_ns = (uint32_t)(now_ns % NS_PER_S)};
    size_t n = bw_udpst_status_write(bytes, sizeof(bytes), t->asked.version, &s, NULL);
    (void)send(t->fd, bytes, n, MSG_DONTWAIT);
}

/* A second is over: what came in it goes into the next Status. */
static void save(struct test *t, int64_t now_ns)
{
    t->now.delta_us = (uint32_t)((now_ns - t->saved_ns) / 1000);
    t->now.delay_min_ms = BW_UDPST_NO_DELAY;
    t->now.rtt_min_ms = BW_UDPST_NO_DELAY;
    t->now.accumulated_ms = (uint32_t)((now_ns - t->began_ns) / 1000000);
    t->saved = t->now;
    t->now = (struct bw_udpst_subinterval){.datagrams = 0};
    t->saved_seq++;
    t->saved_ns = now_ns;
}

static void receive_loads(struct test *t)
{
    int64_t every_ns = t->asked.trial_ms * (NS_PER_S / 1000);
    int64_t next_ns = t->began_ns;
    uint32_t seq = 0;
    bool all = true;
    t->saved_ns = t->began_ns;
    t->saved.delay_min_ms = BW_UDPST_NO_DELAY;
    t->saved.rtt_min_ms = BW_UDPST_NO_DELAY;
    while (!t->stopped) {
        int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        /* What came before a second's end, and was not read yet, belongs into it. */
        if (now_ns - t->saved_ns >= NS_PER_S + (all ? 0 : LATE_MS * (NS_PER_S / 1000))) {
            save(t, now_ns);
        }
        if (now_ns - t->began_ns > (t->asked.test_s + GRACE_S) * NS_PER_S) {
            return;
        }
        if (now_ns >= next_ns) {
            send_status(t, ++seq);
            next_ns += every_ns;
        }
        (void)readable(t->fd, next_ns > now_ns ? next_ns - now_ns : 0);
        all = take(t);
    }
}

static int bound(const union bw_address *to)
{
    const int size = BUFFER;
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &to->sa, bw_address_len(to)) < 0) {
        perror("bind");
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    return fd;
}

/* From the Setup Request to the Test Activation. */
static bool agree(struct test *t,
                  int control,
                  const union bw_address *address,
                  const uint8_t *request,
                  size_t n,
                  const union bw_address *peer)
{
    uint8_t bytes[2048];
    struct bw_udpst_setup s;
    struct bw_udpst_null null = {.request = BW_UDPST_REQUEST};
    union bw_address own = *address;
    socklen_t len = sizeof(own);
    ssize_t got;
    if (bw_udpst_setup_read(request, n, &s) < 0 || s.request != BW_UDPST_REQUEST) {
        return false;
    }
    bw_address_set_port(&own, 0);
    t->fd = bound(&own);
    if (t->fd < 0 || connect(t->fd, &peer->sa, bw_address_len(peer)) < 0 ||
        getsockname(t->fd, &own.sa, &len) < 0) {
        return false;
    }
    s.request = BW_UDPST_RESPONSE;
    s.response = BW_UDPST_OK;
    s.test_port = bw_address_port(&own);
    n = bw_udpst_setup_write(bytes, sizeof(bytes), &s, NULL);
    (void)sendto(control, bytes, n, 0, &peer->sa, bw_address_len(peer));
    null.version = s.version;
    n = bw_udpst_null_write(bytes, sizeof(bytes), &null, NULL);
    (void)send(t->fd, bytes, n, 0);
    if (!readable(t->fd, GRACE_S * NS_PER_S)) {
        return false;
    }
    got = recv(t->fd, bytes, sizeof(bytes), 0);
    if (got < 0 || bw_udpst_activate_read(bytes, (size_t)got, &t->asked) < 0) {
        return false;
    }
    t->asked.response = BW_UDPST_OK;
    t->asked.row = row_of(t, t->asked.request == BW_UDPST_UP ? t->rate_bps : 0);
    n = bw_udpst_activate_write(bytes, sizeof(bytes), &t->asked, NULL);
    (void)send(t->fd, bytes, n, 0);
    t->began_ns = clock_ns(CLOCK_MONOTONIC);
    return true;
}

static void serve(int control, const union bw_address *address, int64_t rate_bps)
{
    uint8_t bytes[2048];
    union bw_address peer;
    socklen_t len = sizeof(peer);
    struct test t = {
        .fd = -1,
        .payload =
            (uint16_t)(PACKET - (bw_address_family(address) == 6 ? HEADERS6 : HEADERS4)),
        .rate_bps = rate_bps};
    ssize_t n = recvfrom(control, bytes, sizeof(bytes), 0, &peer.sa, &len);
    if (n > 0 && agree(&t, control, address, bytes, (size_t)n, &peer)) {
        if (t.asked.request == BW_UDPST_DOWN) {
            send_loads(&t);
        } else {
            receive_loads(&t);
        }
        (void)printf("{\"sent\":%" PRIu32 ",\"received\":%" PRIu64
                     ",\"received_bytes\":%" PRIu64 ",\"seq_most\":%" PRIu32
                     ",\"statuses\":%" PRIu32 ",\"seconds\":%.3f}\n",
                     t.sent, t.received, t.received_bytes, t.seq_most, t.statuses,
                     (double)(clock_ns(CLOCK_MONOTONIC) - t.began_ns) / 1e9);
        (void)fflush(stdout);
    }
    if (t.fd >= 0) {
        (void)close(t.fd);
    }
}

int main(int argc, char **argv)
{
    long rate_mbps = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    union bw_address address;
    int control;
    if (rate_mbps < 1 || rate_mbps > 1000 ||
        !bw_address_parse(argv[1], &address)) { /* a row has bursts of 100 at most */
        (void)fprintf(stderr, "usage: %s ADDRESS PORT RATE_MBPS\n", argv[0]);
        return 2;
    }
    bw_address_set_port(&address, (uint16_t)strtol(argv[2], NULL, 10));
    control = bound(&address);
    if (control < 0) {
        return 1;
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    for (;;) {
        serve(control, &address, (int64_t)rate_mbps * 1000000);
    }
}
