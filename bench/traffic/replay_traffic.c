/* SPDX-License-Identifier: GPL-3.0-or-later
 * replay_traffic.c - sends a capture file's frames out of a veth, paced or as fast as it
 * goes, and says the rate it kept.
 *
 * AF_PACKET with PACKET_QDISC_BYPASS, batches of 64 by sendmmsg(); cut frames get their
 * length back with zeros. It refuses every interface that is no veth: recorded traffic
 * belongs into a namespace, never onto a real line. */
#include "pcapfile.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,
    FRAME_MAX = 65536 + 64,
    REFUSED_IN_A_ROW_MAX = 20000 /* 2 s of a full queue */
};

static const char usage[] =
    "usage: replay_traffic [options] INTERFACE FILE.pcap\n"
    "  --pps N          evenly at this rate (default: as the file's times say)\n"
    "  --unpaced        as fast as it goes\n"
    "  --loops N        the file so often (1)\n"
    "  --up INTERFACE   frames from the LAN leave here, all others from INTERFACE\n"
    "  --router MAC     a frame to this one is from the LAN; wanted with --up\n";

struct options {
    const char *interface;
    const char *up;
    const char *path;
    uint8_t router[6];
    bool has_router;
    bool unpaced;
    uint64_t pps;
    uint64_t loops;
};

struct port {
    int fd;
    uint32_t n; /* waiting */
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH][2];
};

struct replay {
    struct port ports[2]; /* down, up */
    uint64_t packets;
    uint64_t bytes;
    uint64_t refused; /* times the kernel had no room */
    uint64_t late_ns; /* at most behind the pace */
};

static uint8_t zeros[FRAME_MAX];

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_until(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u),
                         .tv_nsec = (long)(ns % 1000000000u)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

static int check_veth(int fd, const char *name, struct bw_err *reterr)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq q;

    memset(&q, 0, sizeof(q));
    (void)snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", name);
    q.ifr_data = (char *)&info;
    if (ioctl(fd, SIOCETHTOOL, &q) < 0 && errno != EOPNOTSUPP) {
        return bw_err_set(reterr, -errno, "%s: %s", name, bw_strerror(-errno));
    }
    if (strcmp(info.driver, "veth") != 0) {
        return bw_err_set(reterr, -EPERM, "%s: not a veth; frames go out of nothing else",
                          name);
    }
    return 0;
}

static int open_port(struct port *p, const char *name, struct bw_err *reterr)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET};
    int on = 1;
    int r;

    to.sll_ifindex = (int)if_nametoindex(name);
    if (to.sll_ifindex == 0) {
        return bw_err_set(reterr, -errno, "%s: %s", name, bw_strerror(-errno));
    }
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* 0: receives nothing */
    if (p->fd < 0) {
        return bw_err_set(reterr, -errno, "a packet socket: %s", bw_strerror(-errno));
    }
    r = check_veth(p->fd, name, reterr);
    if (r < 0) {
        return r;
    }
    if (bind(p->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
        setsockopt(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0) {
        return bw_err_set(reterr, -errno, "%s: %s", name, bw_strerror(-errno));
    }
    for (int i = 0; i < BATCH; i++) {
        p->messages[i].msg_hdr.msg_iov = p->parts[i];
        p->messages[i].msg_hdr.msg_iovlen = 2;
    }
    return 0;
}

static int flush(struct replay *x, struct port *p, struct bw_err *reterr)
{
    uint32_t at = 0;
    uint32_t in_a_row = 0;

    while (at < p->n) {
        int n = sendmmsg(p->fd, p->messages + at, p->n - at, 0);
        if (n > 0) {
            at += (uint32_t)n;
            in_a_row = 0;
        } else if ((errno == ENOBUFS || errno == EAGAIN) &&
                   in_a_row++ < REFUSED_IN_A_ROW_MAX) {
            x->refused++;
            wait_until(now_ns() + 100000);
        } else if (errno != EINTR) {
            return bw_err_set(reterr, -errno, "sending a frame of %zu bytes: %s%s",
                              p->parts[at][0].iov_len + p->parts[at][1].iov_len,
                              bw_strerror(-errno),
                              errno == EMSGSIZE ? " (raise the veth's mtu)" : "");
        }
    }
    p->n = 0;
    return 0;
}

static int put(struct replay *x,
               struct port *p,
               const struct tg_pcap_record *rec,
               struct bw_err *reterr)
{
    struct iovec *parts = p->parts[p->n];
    const void *bytes = rec->bytes;

    memcpy(&parts[0].iov_base, &bytes, sizeof(bytes));
    parts[0].iov_len = rec->n;
    parts[1].iov_base = zeros;
    parts[1].iov_len = rec->wire_bytes - rec->n;
    x->packets++;
    x->bytes += rec->wire_bytes;
    return ++p->n == BATCH ? flush(x, p, reterr) : 0;
}

static struct port *
port_of(struct replay *x, const struct options *o, const struct tg_pcap_record *rec)
{
    /* within the LAN (broadcast, groups) is from the LAN too */
    bool up = o->up && rec->n >= 6 &&
              (memcmp(rec->bytes, o->router, 6) == 0 || (rec->bytes[0] & 1));

    return &x->ports[up];
}

/* When packet number n of this loop is due, since the loop's start. */
static uint64_t due_ns(const struct options *o, uint64_t n, uint64_t file_ns)
{
    if (o->unpaced) {
        return 0;
    }
    return o->pps ? n * 1000000000u / o->pps : file_ns;
}

static int once(struct replay *x,
                const struct options *o,
                struct tg_pcap_file *f,
                struct bw_err *reterr)
{
    struct tg_pcap_record rec;
    uint64_t start_ns = now_ns();
    uint64_t first_ns = 0;
    uint64_t n = 0;
    int r;

    tg_pcap_rewind(f);
    while ((r = tg_pcap_next(f, &rec, reterr)) > 0) {
        uint64_t due;
        if (rec.wire_bytes > FRAME_MAX) {
            return bw_err_set(reterr, -EFBIG, "packet %" PRIu64 ": %u bytes", n + 1,
                              rec.wire_bytes);
        }
        if (n == 0) {
            first_ns = rec.unix_ns;
        }
        due = start_ns + due_ns(o, n, rec.unix_ns - first_ns);
        if (!o->unpaced && (n % BATCH == 0 || !o->pps)) {
            uint64_t t = now_ns();
            if (t < due && due - t > 200000) { /* a batch goes out before any sleep */
                for (int i = 0; i < 2; i++) {
                    r = flush(x, &x->ports[i], reterr);
                    if (r < 0) {
                        return r;
                    }
                }
                wait_until(due);
            } else if (t > due && t - due > x->late_ns) {
                x->late_ns = t - due;
            }
        }
        r = put(x, port_of(x, o, &rec), &rec, reterr);
        if (r < 0) {
            return r;
        }
        n++;
    }
    for (int i = 0; r == 0 && i < 2; i++) {
        r = flush(x, &x->ports[i], reterr);
    }
    return r;
}

static int run(const struct options *o, struct bw_err *reterr)
{
    struct replay *x = calloc(1, sizeof(*x));
    struct tg_pcap_file f = {.n = 0};
    uint64_t start_ns;
    uint64_t took_ns;
    int r = 0;

    if (!x) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    x->ports[0].fd = x->ports[1].fd = -1;
    r = tg_pcap_open(o->path, &f, reterr);
    if (r == 0) {
        r = open_port(&x->ports[0], o->interface, reterr);
    }
    if (r == 0 && o->up) {
        r = open_port(&x->ports[1], o->up, reterr);
    }
    start_ns = now_ns();
    for (uint64_t i = 0; r == 0 && i < o->loops; i++) {
        r = once(x, o, &f, reterr);
    }
    took_ns = now_ns() - start_ns;
    if (r == 0) {
        (void)printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"took_us\":%" PRIu64
                     ",\"pps\":%" PRIu64 ",\"late_us\":%" PRIu64 ",\"refused\":%" PRIu64
                     "}\n",
                     x->packets, x->bytes, took_ns / 1000,
                     took_ns > 0 ? x->packets * 1000000000u / took_ns : 0,
                     x->late_ns / 1000, x->refused);
    }
    for (int i = 0; i < 2; i++) {
        if (x->ports[i].fd >= 0) {
            (void)close(x->ports[i].fd);
        }
    }
    tg_pcap_done(&f);
    free(x);
    return r;
}

static int number(const char *text, uint64_t max, uint64_t *ret)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || v < 1 || v > max) {
        return -EINVAL;
    }
    *ret = v;
    return 0;
}

static int mac(const char *text, uint8_t ret[6])
{
    if (strlen(text) != 17) {
        return -EINVAL;
    }
    for (int i = 0; i < 6; i++) {
        char *end;
        unsigned long v = strtoul(text + (size_t)i * 3, &end, 16);
        if (v > 255 || end != text + (size_t)i * 3 + 2 || (i < 5 && *end != ':')) {
            return -EINVAL;
        }
        ret[i] = (uint8_t)v;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"pps", 1, NULL, 'p'}, {"unpaced", 0, NULL, 'x'}, {"loops", 1, NULL, 'l'},
        {"up", 1, NULL, 'u'},  {"router", 1, NULL, 'r'},  {"help", 0, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    struct options o = {.loops = 1};
    struct bw_err err = {""};
    bool fine = true;
    int c;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (c) {
        case 'p':
            fine &= number(optarg, 10000000, &o.pps) == 0;
            break;
        case 'x':
            o.unpaced = true;
            break;
        case 'l':
            fine &= number(optarg, 1000000, &o.loops) == 0;
            break;
        case 'u':
            o.up = optarg;
            break;
        case 'r':
            o.has_router = mac(optarg, o.router) == 0;
            fine &= o.has_router;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        default:
            fine = false;
            break;
        }
    }
    if (!fine || optind + 2 != argc || (o.up && !o.has_router) || (o.unpaced && o.pps)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    o.interface = argv[optind];
    o.path = argv[optind + 1];
    if (run(&o, &err) < 0) {
        (void)fprintf(stderr, "replay_traffic: %s\n", err.text);
        return 1;
    }
    return 0;
}
