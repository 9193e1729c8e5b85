/* SPDX-License-Identifier: GPL-3.0-or-later
 * delaybridge.c - joins two interfaces and holds every frame a set time, each way; the
 * lab's stand-in for distance, since netem is missing on many kernels.
 *
 *   delaybridge IF1 IF2 DELAY_US
 *
 * A frame that came in leaves on the other side DELAY_US later, in order; nothing else is
 * changed. SIGUSR1 cuts the line (all frames, held ones too, are dropped), SIGUSR2 mends
 * it. On SIGTERM it prints what passed as JSON. A full ring drops the newest frame and
 * counts it: the lab then reads as broken, never as a slow line. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* linux/if_packet.h since 4.20 */
#endif

enum {
    SLOTS = 8192, /* a power of two; 10 ms of 64-byte frames at 400 Mbit/s */
    SLOT_MASK = SLOTS - 1,
    FRAME_MAX = 1600, /* the lab's links have MTU 1500 and no offloads */
    BATCH = 64,
    SOCKET_BYTES = 4 * 1024 * 1024,
    /* A sleeping virtual machine wakes up to this late (measured: 0.1-0.4 ms). With few
     * frames held the last stretch is spun, so that a quiet line is exact; with many the
     * queues at the shaper outweigh it, and spinning would take the load's own CPU. */
    WAKE_LATE_NS = 400000,
    FEW = 4
};

struct slot {
    uint64_t due_ns;
    uint32_t len;
    uint8_t frame[FRAME_MAX];
};

struct way {
    struct slot *ring;
    uint32_t head; /* next to send; runs freely, masked at use */
    uint32_t tail; /* next to fill */
    int from;
    int to;
    uint64_t frames;
    uint64_t bytes;
    uint64_t dropped; /* ring full, frame too long, or the far side refused it */
    uint64_t cut;     /* dropped because the line was cut */
};

static uint64_t to_ns(const struct timespec *ts)
{
    return (uint64_t)ts->tv_sec * 1000000000U + (uint64_t)ts->tv_nsec;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec ts;
    (void)clock_gettime(clock, &ts);
    return to_ns(&ts);
}

static uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* How long ago the kernel took the frame in; 0 when it does not say. */
static uint64_t age_ns(struct msghdr *msg, uint64_t real_ns)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct timespec ts;
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&ts, CMSG_DATA(c), sizeof(ts));
            return real_ns > to_ns(&ts) ? real_ns - to_ns(&ts) : 0;
        }
    }
    return 0;
}

static int open_side(const char *name)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
    int one = 1;
    int bytes = SOCKET_BYTES;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        perror("delaybridge: packet socket (needs CAP_NET_RAW)");
        return -1;
    }
    sll.sll_ifindex = (int)if_nametoindex(name);
    promisc.mr_ifindex = sll.sll_ifindex;
    if (sll.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) != 0 ||
        bind(fd, (struct sockaddr *)&sll, sizeof(sll)) != 0) {
        (void)fprintf(stderr, "delaybridge: %s: %s\n", name, strerror(errno));
        (void)close(fd);
        return -1;
    }
    /* beyond net.core.rmem_max where we may, else as far as we may */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
    return fd;
}

/* Take what has arrived straight into the ring. */
static void take(struct way *w, uint64_t delay_ns, bool cut)
{
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
    uint8_t spill[1]; /* where frames go that find no slot: only counted */
    for (;;) {
        uint32_t space = SLOTS - (w->tail - w->head);
        unsigned int n = space < BATCH ? space : BATCH;
        bool full = n == 0;
        uint64_t now;
        uint64_t real;
        int got;
        if (full) {
            n = 1;
        }
        memset(msgs, 0, n * sizeof(msgs[0]));
        for (unsigned int i = 0; i < n; i++) {
            iov[i].iov_base = full ? spill : w->ring[(w->tail + i) & SLOT_MASK].frame;
            iov[i].iov_len = full ? sizeof(spill) : FRAME_MAX;
            msgs[i].msg_hdr.msg_iov = &iov[i];
            msgs[i].msg_hdr.msg_iovlen = 1;
            msgs[i].msg_hdr.msg_control = control[i];
            msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);
        }
        got = recvmmsg(w->from, msgs, n, MSG_DONTWAIT | MSG_TRUNC, NULL);
        if (got <= 0) {
            return;
        }
        if (cut || full) {
            *(cut ? &w->cut : &w->dropped) += (uint64_t)got;
            continue;
        }
        now = now_ns();
        real = clock_ns(CLOCK_REALTIME);
        for (int i = 0; i < got; i++) {
            struct slot *s = &w->ring[w->tail++ & SLOT_MASK];
            uint64_t age = age_ns(&msgs[i].msg_hdr, real);
            s->len = msgs[i].msg_len;
            s->due_ns = now + delay_ns - (age < delay_ns ? age : delay_ns);
        }
        if (got < BATCH) {
            return;
        }
    }
}

/* Send what is due; returns the time of the next, or 0 when the ring is empty. */
static uint64_t give(struct way *w, bool cut)
{
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    if (cut) {
        w->cut += w->tail - w->head;
        w->head = w->tail;
    }
    while (w->head != w->tail) {
        uint64_t now = now_ns();
        unsigned int n = 0;
        int sent;
        while (n < BATCH && w->head + n != w->tail) {
            struct slot *s = &w->ring[(w->head + n) & SLOT_MASK];
            if (s->due_ns > now || s->len > FRAME_MAX) {
                break;
            }
            iov[n].iov_base = s->frame;
            iov[n].iov_len = s->len;
            memset(&msgs[n], 0, sizeof(msgs[n]));
            msgs[n].msg_hdr.msg_iov = &iov[n];
            msgs[n].msg_hdr.msg_iovlen = 1;
            n++;
        }
        if (n == 0) {
            if (w->ring[w->head & SLOT_MASK].len <= FRAME_MAX) {
                return w->ring[w->head & SLOT_MASK].due_ns;
            }
            w->dropped++;
            w->head++;
            continue;
        }
        sent = sendmmsg(w->to, msgs, n, MSG_DONTWAIT);
        if (sent <= 0) {
            w->dropped++; /* the far side is down or full: this frame is lost, as on a line
                           */
            w->head++;
            continue;
        }
        for (int i = 0; i < sent; i++) {
            w->frames++;
            w->bytes += iov[i].iov_len;
        }
        w->head += (uint32_t)sent;
    }
    return 0;
}

static void report(const struct way *w, const char *name, const char *end)
{
    (void)printf("\"%s\":{\"frames\":%llu,\"bytes\":%llu,\"dropped\":%llu,\"cut\":%llu}%s",
                 name, (unsigned long long)w->frames, (unsigned long long)w->bytes,
                 (unsigned long long)w->dropped, (unsigned long long)w->cut, end);
}

static int bridge(struct way ways[2], uint64_t delay_ns, int signals)
{
    struct pollfd fds[3] = {{.fd = ways[0].from, .events = POLLIN},
                            {.fd = ways[1].from, .events = POLLIN},
                            {.fd = signals, .events = POLLIN}};
    bool cut = false;
    for (;;) {
        uint64_t next = 0;
        struct timespec wait;
        for (int i = 0; i < 2; i++) {
            uint64_t due;
            take(&ways[i], delay_ns, cut);
            due = give(&ways[i], cut);
            if (due != 0 && (next == 0 || due < next)) {
                next = due;
            }
        }
        if (next != 0) {
            uint64_t now = now_ns();
            uint64_t left = next > now ? next - now : 0;
            if (ways[0].tail - ways[0].head + ways[1].tail - ways[1].head <= FEW) {
                left = left > WAKE_LATE_NS ? left - WAKE_LATE_NS : 0;
            }
            wait.tv_sec = (time_t)(left / 1000000000U);
            wait.tv_nsec = (long)(left % 1000000000U);
        }
        if (ppoll(fds, 3, next != 0 ? &wait : NULL, NULL) < 0 && errno != EINTR) {
            perror("delaybridge: ppoll");
            return 1;
        }
        if (fds[2].revents & POLLIN) {
            struct signalfd_siginfo info;
            if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
                continue;
            }
            if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2) {
                return 0;
            }
            cut = info.ssi_signo == SIGUSR1;
        }
    }
}

int main(int argc, char **argv)
{
    struct sched_param first = {.sched_priority = 10};
    struct way ways[2];
    sigset_t set;
    int signals;
    int result = 1;
    char *end = NULL;
    unsigned long delay_us = argc == 4 ? strtoul(argv[3], &end, 10) : 0;

    memset(ways, 0, sizeof(ways));
    if (argc != 4 || *end != '\0' || argv[3][0] == '\0' || delay_us > 1000000) {
        (void)fprintf(stderr, "usage: delaybridge IF1 IF2 DELAY_US (at most 1000000)\n");
        return 2;
    }
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGUSR2);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    /* ahead of everything else, so that a busy machine does not lengthen the line;
     * where that is not allowed the delay is exact only on an idle one */
    (void)sched_setscheduler(0, SCHED_FIFO, &first);

    ways[0].from = open_side(argv[1]);
    ways[1].from = open_side(argv[2]);
    ways[0].to = ways[1].from;
    ways[1].to = ways[0].from;
    ways[0].ring = calloc(SLOTS, sizeof(struct slot));
    ways[1].ring = calloc(SLOTS, sizeof(struct slot));
    if (signals >= 0 && ways[0].from >= 0 && ways[1].from >= 0 && ways[0].ring &&
        ways[1].ring) {
        (void)printf("ready\n");
        (void)fflush(stdout);
        result = bridge(ways, (uint64_t)delay_us * 1000U, signals);
        (void)printf("{");
        report(&ways[0], "forth", ",");
        report(&ways[1], "back", "}\n");
    }
    for (int i = 0; i < 2; i++) {
        if (ways[i].from >= 0) {
            (void)close(ways[i].from);
        }
        free(ways[i].ring);
    }
    if (signals >= 0) {
        (void)close(signals);
    }
    return result;
}
