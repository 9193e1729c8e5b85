/* SPDX-License-Identifier: GPL-3.0-or-later
 * seen_capture.c - the addresses in a capture file.
 *
 * A reader of its own on purpose: what is to be shown is that the box's reader of packets
 * keeps nothing, so that must not be the one to say what there was. Every read is behind a
 * check of the packet's captured length. */
#include "seen_private.h"

#include <bw/err.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_VLAN = 0x8100,
    TYPE_QINQ = 0x88a8,
    TYPE_QINQ_OLD = 0x9100,
    TYPE_IPV6 = 0x86dd,
    TYPE_PPPOE = 0x8864,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    TAGS_MAX = 8,
    PROTO_ICMP = 1,
    PROTO_UDP = 17,
    PROTO_ICMP6 = 58,
    PORT_DNS = 53,
    NAME_MAX_BYTES = 253
};

struct packet {
    struct bw_seen *seen;
    const uint8_t *b;
    size_t n;
};

static unsigned be16(const struct packet *p, size_t at)
{
    return (unsigned)p->b[at] << 8 | p->b[at + 1];
}

static bool has(const struct packet *p, size_t at, size_t n)
{
    return at <= p->n && n <= p->n - at;
}

static int add(const struct packet *p, enum bw_shape_kind k, size_t at)
{
    return bw_seen_add(p->seen, k, p->b + at);
}

/* The name that is asked for in a DNS message at `at`, behind its header of 12 bytes. */
static int take_name(const struct packet *p, size_t at)
{
    char name[NAME_MAX_BYTES + 1];
    size_t n = 0;
    at += 12;
    while (has(p, at, 1) && p->b[at] > 0) {
        size_t label = p->b[at++];
        if (label > 63 || !has(p, at, label) || n + label + 1 > NAME_MAX_BYTES) {
            return 0;
        }
        if (n > 0) {
            name[n++] = '.';
        }
        memcpy(name + n, p->b + at, label);
        n += label;
        at += label;
    }
    name[n] = '\0';
    return has(p, at, 1) && n > 0 && strlen(name) == n && memchr(name, '.', n)
               ? bw_seen_add_name(p->seen, name, n)
               : 0;
}

static int take_ip(const struct packet *p, size_t at, bool quoted);

static int take_inner(const struct packet *p, size_t at, unsigned proto, bool quoted)
{
    if (proto == PROTO_UDP && has(p, at, 8) &&
        (be16(p, at) == PORT_DNS || be16(p, at + 2) == PORT_DNS)) {
        return take_name(p, at + 8);
    }
    bool error = has(p, at, 8) &&
                 ((proto == PROTO_ICMP &&
                   (p->b[at] == 3 || p->b[at] == 5 || p->b[at] == 11 || p->b[at] == 12)) ||
                  (proto == PROTO_ICMP6 && p->b[at] > 0 && p->b[at] < 5));
    return error && !quoted ? take_ip(p, at + 8, true) : 0;
}

static int take_ip(const struct packet *p, size_t at, bool quoted)
{
    int r = 0;
    if (has(p, at, 20) && p->b[at] >> 4 == 4) {
        size_t head = (size_t)(p->b[at] & 15) * 4;
        r = add(p, BW_SHAPE_V4, at + 12);
        r = r < 0 ? r : add(p, BW_SHAPE_V4, at + 16);
        bool first = (be16(p, at + 6) & 0x1fff) == 0;
        return r < 0 || head < 20 || !first
                   ? r
                   : take_inner(p, at + head, p->b[at + 9], quoted);
    }
    if (has(p, at, 40) && p->b[at] >> 4 == 6) {
        r = add(p, BW_SHAPE_V6, at + 8);
        r = r < 0 ? r : add(p, BW_SHAPE_V6, at + 24);
        return r < 0 ? r : take_inner(p, at + 40, p->b[at + 6], quoted);
    }
    return r;
}

static int take_arp(const struct packet *p, size_t at)
{
    int r = 0;
    if (has(p, at, 28) && p->b[at + 4] == 6 && p->b[at + 5] == 4) {
        r = add(p, BW_SHAPE_MAC, at + 8);
        r = r < 0 ? r : add(p, BW_SHAPE_V4, at + 14);
        r = r < 0 ? r : add(p, BW_SHAPE_MAC, at + 18);
        r = r < 0 ? r : add(p, BW_SHAPE_V4, at + 24);
    }
    return r;
}

/* `type` is an EtherType; what it announces begins at `at`. */
static int take_typed(const struct packet *p, unsigned type, size_t at)
{
    for (int tags = 0; tags < TAGS_MAX && has(p, at, 4) &&
                       (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD);
         tags++) {
        type = be16(p, at + 2);
        at += 4;
    }
    if (type == TYPE_PPPOE && has(p, at, 8)) {
        unsigned inner = be16(p, at + 6);
        return inner == PPP_IPV4 || inner == PPP_IPV6 ? take_ip(p, at + 8, false) : 0;
    }
    return type == TYPE_IPV4 || type == TYPE_IPV6 ? take_ip(p, at, false)
           : type == TYPE_ARP                     ? take_arp(p, at)
                                                  : 0;
}

static int take_ethernet(const struct packet *p)
{
    if (!has(p, 0, 14)) {
        return 0;
    }
    int r = add(p, BW_SHAPE_MAC, 0);
    r = r < 0 ? r : add(p, BW_SHAPE_MAC, 6);
    return r < 0 ? r : take_typed(p, be16(p, 12), 14);
}

/* Cooked: a MAC address of `n` bytes at `at`. */
static int
take_cooked(const struct packet *p, size_t n_at, size_t at, size_t type_at, size_t to)
{
    if (!has(p, 0, to)) {
        return 0;
    }
    int r = p->b[n_at] == 6 ? add(p, BW_SHAPE_MAC, at) : 0;
    return r < 0 ? r : take_typed(p, be16(p, type_at), to);
}

bool bw_seen_link_known(int link)
{
    switch (link) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return true;
    default:
        return false;
    }
}

int bw_seen_packet(struct bw_seen *s, int link, const uint8_t *bytes, size_t n)
{
    const struct packet p = {.seen = s, .b = bytes, .n = n};
    switch (link) {
    case DLT_EN10MB:
        return take_ethernet(&p);
    case DLT_LINUX_SLL: /* the length of the address has two bytes */
        return take_cooked(&p, 5, 6, 14, 16);
    case DLT_LINUX_SLL2:
        return take_cooked(&p, 11, 12, 0, 20);
    case DLT_NULL:
    case DLT_LOOP:
        return take_ip(&p, 4, false);
    default:
        return take_ip(&p, 0, false);
    }
}

int bw_seen_capture(struct bw_seen *s,
                    const char *path,
                    int64_t *ret_n,
                    struct bw_err *reterr)
{
    static const uint8_t marks[][4] = {{0xd4, 0xc3, 0xb2, 0xa1},
                                       {0xa1, 0xb2, 0xc3, 0xd4},
                                       {0x4d, 0x3c, 0xb2, 0xa1},
                                       {0xa1, 0xb2, 0x3c, 0x4d},
                                       {0x0a, 0x0d, 0x0d, 0x0a}};
    char why[PCAP_ERRBUF_SIZE] = "";
    uint8_t mark[4] = {0};
    bool capture = false;
    FILE *f = fopen(path, "re");
    if (!f) {
        int code = -errno;
        return bw_err_set(reterr, code, "%s: %s", path, bw_strerror(code));
    }
    if (fread(mark, 1, sizeof(mark), f) == sizeof(mark)) {
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            capture = capture || memcmp(mark, marks[i], sizeof(mark)) == 0;
        }
    }
    rewind(f);
    if (!capture) {
        (void)fclose(f);
        return -ENOEXEC;
    }
    pcap_t *p = pcap_fopen_offline(f, why); /* the file is its own from here on */
    if (!p) {
        (void)fclose(f);
        return bw_err_set(reterr, -EINVAL, "%s: %s", path, why);
    }
    struct pcap_pkthdr *h = NULL;
    const u_char *data = NULL;
    int link = pcap_datalink(p);
    int r = bw_seen_link_known(link)
                ? 0
                : bw_err_set(reterr, -EINVAL,
                             "%s: packets of link type %d are not known here", path, link);
    int got = 0;
    while (r == 0 && (got = pcap_next_ex(p, &h, &data)) == 1) {
        r = bw_seen_packet(s, link, data, h->caplen);
        ++*ret_n;
        if (r < 0) {
            (void)bw_err_set(reterr, r, "%s: packet %lld: %s", path, (long long)*ret_n,
                             r == -E2BIG ? "more than a million addresses"
                                         : bw_strerror(r));
        }
    }
    if (r == 0 && got == PCAP_ERROR) {
        r = bw_err_set(reterr, -EINVAL, "%s: %s", path, pcap_geterr(p));
    }
    pcap_close(p);
    return r;
}
