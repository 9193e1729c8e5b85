/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture_file.c - libpcap, offline.
 *
 * Invariant: nothing of a packet outlives its turn but sums and keyed hashes. */
#include "capture_file.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECONDS_MAX INT64_C(8589934592) /* the year 2242 */
#define NS_PER_S INT64_C(1000000000)

enum {
    PROGRESS_PACKETS = 65536
};

struct input {
    const char *name; /* for sentences */
    pcap_t *p;
    int64_t size; /* BW_UNKNOWN: a pipe */
    enum bw_packet_link link;
};

static bool link_of(int dlt, enum bw_packet_link *ret)
{
    switch (dlt) {
    case DLT_EN10MB:
        *ret = BW_PACKET_LINK_ETHERNET;
        return true;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        *ret = BW_PACKET_LINK_IP;
        return true;
    case DLT_LINUX_SLL:
        *ret = BW_PACKET_LINK_COOKED;
        return true;
    case DLT_LINUX_SLL2:
        *ret = BW_PACKET_LINK_COOKED2;
        return true;
    default:
        return false;
    }
}

/* What it gives takes the stream with it when it is closed, but never standard input. */
static pcap_t *start(struct input *in, FILE *f, struct bw_err *reterr)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct stat st;
    pcap_t *p;
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        (void)bw_err_set(reterr, -EINVAL, "%s: is a folder, not a capture file", in->name);
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        in->size = st.st_size;
    }
    p = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!p) {
        (void)bw_err_set(reterr, -EINVAL, "%s: no capture file (pcap or pcapng): %s",
                         in->name, why);
    }
    return p;
}

static int open_pcap(struct input *in, const char *path, struct bw_err *reterr)
{
    FILE *f;
    if (strcmp(path, "-") == 0) {
        in->name = "standard input";
        in->p = start(in, stdin, reterr);
        return in->p ? 0 : -EINVAL;
    }
    in->name = path;
    f = fopen(path, "rbe");
    if (!f) {
        int code = -errno;
        return bw_err_set(reterr, code, "%s: %s", in->name, bw_strerror(code));
    }
    in->p = start(in, f, reterr);
    if (!in->p) {
        (void)fclose(f);
        return -EINVAL;
    }
    return 0;
}

static int open_input(struct input *in,
                      const char *path,
                      struct bw_capture_facts *facts,
                      struct bw_err *reterr)
{
    const char *words;
    int dlt;
    int r = open_pcap(in, path, reterr);
    if (r < 0) {
        return r;
    }
    dlt = pcap_datalink(in->p);
    words = pcap_datalink_val_to_description(dlt);
    (void)snprintf(facts->link, sizeof(facts->link), "%s", words ? words : "unknown");
    facts->snap = pcap_snapshot(in->p);
    if (!link_of(dlt, &in->link)) {
        return bw_err_set(
            reterr, -ENOTSUP,
            "%s: its packets begin with link type %d (%s), which is not read; "
            "Ethernet, plain IP and Linux cooked captures are",
            in->name, dlt, facts->link);
    }
    return 0;
}

/* By a router's MAC both ways can be told only where both MACs are. */
static int
judge_link(const struct input *in, const struct bw_meter *m, struct bw_err *reterr)
{
    bool by_mac = m->inside.by_outer || m->inside.by_inner;
    if (by_mac && in->link != BW_PACKET_LINK_ETHERNET) {
        return bw_err_set(reterr, -ENOTSUP,
                          "%s: its packets do not say which MAC they go to, so a router's "
                          "tells no direction; give the school's prefixes alone",
                          in->name);
    }
    return 0;
}

/* Nanoseconds since 1970, kept within what arithmetic can take. */
static int64_t stamp_ns(const struct pcap_pkthdr *h)
{
    int64_t s = h->ts.tv_sec;
    int64_t ns = h->ts.tv_usec; /* as asked for: nanoseconds */
    s = s < 0 ? 0 : s > SECONDS_MAX ? SECONDS_MAX : s;
    ns = ns < 0 ? 0 : ns >= NS_PER_S ? NS_PER_S - 1 : ns;
    return s * NS_PER_S + ns;
}

static void note(struct bw_capture_facts *facts,
                 const struct pcap_pkthdr *h,
                 int64_t at_ns,
                 int64_t *last)
{
    facts->packets++;
    facts->cut += h->caplen < h->len;
    facts->backwards += facts->packets > 1 && at_ns < *last;
    *last = at_ns;
    if (facts->first_ns == BW_UNKNOWN || at_ns < facts->first_ns) {
        facts->first_ns = at_ns;
    }
    if (facts->last_ns == BW_UNKNOWN || at_ns > facts->last_ns) {
        facts->last_ns = at_ns;
    }
}

static void tell(const struct input *in, bw_capture_progress_cb progress, void *owner)
{
    int64_t at = ftello(pcap_file(in->p));
    if (at >= 0 && at <= in->size) {
        progress(owner, (int)((double)at / (double)in->size * 1000));
    }
}

static int read_all(const struct input *in,
                    struct bw_meter *m,
                    bw_capture_progress_cb progress,
                    void *owner,
                    struct bw_capture_facts *facts,
                    struct bw_err *reterr)
{
    struct pcap_pkthdr *h;
    const u_char *bytes;
    int64_t last_ns = 0;
    int r;
    while ((r = pcap_next_ex(in->p, &h, &bytes)) == 1) {
        int64_t at_ns = stamp_ns(h);
        note(facts, h, at_ns, &last_ns);
        bw_meter_frame(m, in->link, bytes, h->caplen, h->len, at_ns);
        if (progress && in->size > 0 && facts->packets % PROGRESS_PACKETS == 0) {
            tell(in, progress, owner);
        }
    }
    if (r != PCAP_ERROR_BREAK) { /* what the end of a file is called, too */
        return bw_err_set(reterr, -BW_EMALFORMED, "%s: packet %" PRId64 ": %s", in->name,
                          facts->packets + 1, pcap_geterr(in->p));
    }
    return 0;
}

int bw_capture_file(const char *path,
                    struct bw_meter *m,
                    bw_capture_progress_cb progress,
                    void *owner,
                    struct bw_capture_facts *ret,
                    struct bw_err *reterr)
{
    struct input in = {.size = BW_UNKNOWN};
    int r;
    *ret = (struct bw_capture_facts){
        .snap = BW_UNKNOWN, .first_ns = BW_UNKNOWN, .last_ns = BW_UNKNOWN};
    r = open_input(&in, path, ret, reterr);
    r = r == 0 ? judge_link(&in, m, reterr) : r;
    if (r == 0) {
        r = read_all(&in, m, progress, owner, ret, reterr);
    }
    if (m->flows) {
        bw_flows_end(m->flows);
    }
    if (in.p) {
        pcap_close(in.p);
    }
    return r;
}
