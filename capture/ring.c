/* SPDX-License-Identifier: GPL-3.0-or-later
 * ring.c - libpcap, live.
 *
 * The filter is set on the socket itself: libpcap would run it once more over what the
 * ring holds, and where it draws by chance it draws there nothing (libpcap 1.10.3).
 *
 * Which filter let a packet in is told by its stamp: a packet is stamped before it is
 * filtered, by less than MARGIN_NS. Between that long before a filter was changed and the
 * moment after, nobody can tell, and nobody guesses.
 *
 * Invariant: once nothing is captured (r->held), nothing is given either. */
#include "ring.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define MARGIN_NS (NS_PER_S / 10)
#define SETTLED_NS (3 * NS_PER_S) /* a block is read within 2 s */

enum {
    FDS_MAX = 256,
    PAST_MAX = 4
};

/* A filter that is not in force any more: it let in what is stamped between. */
struct past {
    int64_t after_ns;
    int64_t before_ns;
    uint32_t one_in;
};

struct bw_ring {
    pcap_t *p;
    int fd;
    uv_poll_t poll;
    bool watched; /* as was asked for */
    bool polling; /* until the interface goes down */
    bw_ring_frame_cb frame;
    void (*read)(void *owner);
    void *owner;
    enum bw_packet_link link;
    bool held;
    uint32_t one_in;
    bool settling;    /* packets of filters before may still be unread */
    int64_t after_ns; /* stamped after this: the one in force let them in */
    int64_t changed_mono_ns;
    struct past past[PAST_MAX]; /* newest first; of older ones nothing is given */
    size_t n_past;
    int64_t drops;
    uint32_t told_drops;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* The N of the filter that is not in force any more; 0: nobody can tell, or is to. */
static uint32_t let_in_by(const struct bw_ring *r, int64_t at_ns)
{
    for (size_t i = 0; i < r->n_past; i++) {
        if (at_ns > r->past[i].after_ns && at_ns < r->past[i].before_ns) {
            return r->past[i].one_in;
        }
    }
    return 0;
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
    struct bw_ring *r = (struct bw_ring *)(void *)user;
    struct bw_ring_frame f = {
        .bytes = bytes,
        .captured = h->caplen < BW_RING_SNAP ? h->caplen : BW_RING_SNAP,
        .wire = h->len,
        .link = r->link,
        .one_in = r->one_in,
        .at_ns = h->ts.tv_sec * NS_PER_S + h->ts.tv_usec, /* as asked for: nanoseconds */
    };
    if (r->held) {
        return;
    }
    if (r->settling && f.at_ns > r->after_ns) {
        r->settling = false; /* they come in order */
    }
    if (r->settling) {
        f.one_in = let_in_by(r, f.at_ns);
        if (f.one_in == 0) {
            return;
        }
    }
    r->frame(r->owner, &f);
}

static void drain(struct bw_ring *r)
{
    /* An error is the interface's: told by bw_nic_look(), mended by bw_ring_bind(). */
    (void)pcap_dispatch(r->p, -1, on_packet, (u_char *)(void *)r);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct bw_ring *r = h->data;
    if (status < 0) { /* the interface went down: libuv stops watching */
        int code = 0;
        socklen_t n = sizeof(code);
        (void)getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &code, &n);
        r->polling = false;
        return;
    }
    if (events & UV_READABLE) {
        drain(r);
        if (r->read) {
            r->read(r->owner);
        }
    }
}

static void watch(struct bw_ring *r)
{
    if (r->watched && !r->polling) {
        r->polling = uv_poll_start(&r->poll, UV_READABLE, on_poll) == 0;
    }
}

/* ---- memory and handles */

/* libpcap keeps the map to itself; the kernel tells where it is. */
static int keep_from_dumps(int fd)
{
    char line[512];
    char name[64];
    struct stat st;
    int r = -ENOENT;
    FILE *maps;
    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    maps = fopen("/proc/self/maps", "re");
    if (!maps) {
        return -errno;
    }
    (void)snprintf(name, sizeof(name), "socket:[%" PRIu64 "]", (uint64_t)st.st_ino);
    while (fgets(line, sizeof(line), maps)) {
        uintptr_t from = 0;
        uintptr_t to = 0;
        line[strcspn(line, "\n")] = '\0';
        size_t n = strlen(line);
        size_t m = strlen(name);
        if (n < m || strcmp(line + n - m, name) != 0 ||
            /* NOLINTNEXTLINE(cert-err34-c): the kernel's own hexadecimals */
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2) {
            continue;
        }
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        r = madvise((void *)from, to - from, MADV_DONTDUMP) < 0 ? -errno : 0;
    }
    (void)fclose(maps);
    return r;
}

/* libpcap opens sockets and an eventfd that a child would inherit. */
static void close_on_exec(void)
{
    for (int fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !(flags & FD_CLOEXEC)) {
            (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
        }
    }
}

static int attach(struct bw_ring *r, const struct bw_ring_filter *f, struct bw_err *reterr)
{
    struct sock_filter code[BW_RING_FILTER_MAX];
    struct sock_fprog prog = {.len = (unsigned short)f->n, .filter = code};
    for (size_t i = 0; i < f->n; i++) {
        code[i] = (struct sock_filter){.code = f->insn[i].code,
                                       .jt = f->insn[i].jt,
                                       .jf = f->insn[i].jf,
                                       .k = f->insn[i].k};
    }
    if (setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0) {
        int e = -errno;
        return bw_err_set(reterr, e, "the kernel takes no capture filter: %s",
                          bw_strerror(e));
    }
    return 0;
}

static int activate(struct bw_ring *r, const struct bw_ring_opts *o, struct bw_err *reterr)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    int e;
    r->p = pcap_create("lo", why);
    if (!r->p) {
        return bw_err_set(reterr, -EIO, "libpcap: %s", why);
    }
    (void)pcap_set_snaplen(r->p, BW_RING_SNAP);
    (void)pcap_set_promisc(r->p, 0);
    (void)pcap_set_timeout(r->p, o->timeout_ms);
    (void)pcap_set_buffer_size(r->p, (int)o->buffer_bytes);
    (void)pcap_set_tstamp_precision(r->p, PCAP_TSTAMP_PRECISION_NANO);
    e = pcap_activate(r->p);
    if (e == PCAP_ERROR_PERM_DENIED) {
        return bw_err_set(reterr, -EPERM, "capturing needs the capability CAP_NET_RAW");
    }
    if (e < 0) {
        return bw_err_set(reterr, -EIO, "libpcap cannot capture: %s: %s",
                          pcap_statustostr(e), pcap_geterr(r->p));
    }
    if (pcap_setnonblock(r->p, 1, why) < 0) {
        return bw_err_set(reterr, -EIO, "libpcap: %s", why);
    }
    return 0;
}

int bw_ring_open(uv_loop_t *loop,
                 const struct bw_ring_opts *opts,
                 struct bw_ring **ret,
                 struct bw_err *reterr)
{
    struct bw_ring *r = calloc(1, sizeof(*r));
    int e;
    if (!r) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r->frame = opts->frame;
    r->read = opts->read;
    r->owner = opts->owner;
    r->fd = -1;
    r->watched = true;
    e = activate(r, opts, reterr);
    if (e < 0) {
        goto out;
    }
    r->fd = pcap_get_selectable_fd(r->p);
    if (r->fd < 0) {
        e = bw_err_set(reterr, -EIO, "libpcap gives no handle to wait on");
        goto out;
    }
    e = bw_ring_hold(r, reterr);
    if (e < 0) {
        goto out;
    }
    e = keep_from_dumps(r->fd);
    if (e < 0) {
        (void)bw_err_set(reterr, e, "the ring cannot be kept out of core dumps: %s",
                         bw_strerror(e));
        goto out;
    }
    close_on_exec();
    e = uv_poll_init(loop, &r->poll, r->fd);
    if (e < 0) {
        (void)bw_err_set(reterr, e, "the ring cannot be waited on: %s", bw_strerror(e));
        goto out;
    }
    r->poll.data = r;
    *ret = r;
    r = NULL;
out:
    if (r) {
        if (r->p) {
            pcap_close(r->p);
        }
        free(r);
    }
    return e;
}

/* ---- interface and filter */

static int set_promiscuous(int fd, int ifindex, struct bw_err *reterr)
{
    struct packet_mreq m = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) < 0) {
        int e = -errno;
        return bw_err_set(reterr, e,
                          "the interface refuses to listen to all that passes: %s",
                          bw_strerror(e));
    }
    return 0;
}

int bw_ring_bind(struct bw_ring *r,
                 int ifindex,
                 enum bw_packet_link link,
                 bool promiscuous,
                 struct bw_err *reterr)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex};
    int e = bw_ring_hold(r, reterr);
    if (e < 0) {
        return e;
    }
    if (bind(r->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
        e = -errno;
        return bw_err_set(reterr, e, "the ring cannot be bound: %s", bw_strerror(e));
    }
    r->link = link;
    if (promiscuous) {
        e = set_promiscuous(r->fd, ifindex, reterr);
        if (e < 0) {
            return e;
        }
    }
    watch(r);
    return 0;
}

int bw_ring_filter(struct bw_ring *r,
                   const struct bw_ring_filter *f,
                   uint32_t one_in,
                   struct bw_err *reterr)
{
    int64_t before_ns;
    int e;
    drain(r);
    before_ns = bw_clock_unix_ns();
    e = attach(r, f, reterr);
    if (e < 0) {
        return e;
    }
    if (!r->settling || r->held) {
        r->n_past = 0;
    }
    if (!r->held) {
        r->n_past -= r->n_past == PAST_MAX;
        memmove(&r->past[1], &r->past[0], r->n_past * sizeof(r->past[0]));
        r->past[0] = (struct past){.after_ns = r->settling ? r->after_ns : INT64_MIN,
                                   .before_ns = before_ns - MARGIN_NS,
                                   .one_in = r->one_in};
        r->n_past++;
    }
    r->settling = true;
    r->after_ns = bw_clock_unix_ns();
    r->changed_mono_ns = bw_clock_mono_ns();
    r->one_in = one_in;
    r->held = false;
    return 0;
}

int bw_ring_hold(struct bw_ring *r, struct bw_err *reterr)
{
    struct bw_ring_filter none;
    int e;
    bw_ring_filter_none(&none);
    e = attach(r, &none, reterr);
    r->held = true; /* also when the kernel said no */
    drain(r);
    return e;
}

bool bw_ring_held(const struct bw_ring *r)
{
    return r->held;
}

void bw_ring_watch(struct bw_ring *r, bool wake)
{
    r->watched = wake;
    if (!wake && r->polling) {
        (void)uv_poll_stop(&r->poll);
        r->polling = false;
    }
    watch(r);
}

void bw_ring_read(struct bw_ring *r)
{
    drain(r);
    if (r->settling && bw_clock_mono_ns() - r->changed_mono_ns > SETTLED_NS) {
        r->settling = false; /* no packet, or a clock that was set back */
    }
    watch(r);
}

int64_t bw_ring_drops(struct bw_ring *r)
{
    struct pcap_stat st;
    if (pcap_stats(r->p, &st) == 0) {
        r->drops += (uint32_t)(st.ps_drop - r->told_drops); /* it wraps */
        r->told_drops = st.ps_drop;
    }
    return r->drops;
}

static void on_closed(uv_handle_t *h)
{
    struct bw_ring *r = h->data;
    void (*cb)(void *) = r->closed;
    void *owner = r->closed_owner;
    pcap_close(r->p);
    free(r);
    if (cb) {
        cb(owner);
    }
}

void bw_ring_close(struct bw_ring *r, void (*cb)(void *owner), void *owner)
{
    r->closed = cb;
    r->closed_owner = owner;
    (void)bw_ring_hold(r, NULL);
    uv_close((uv_handle_t *)&r->poll, on_closed);
}
