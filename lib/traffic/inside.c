/* SPDX-License-Identifier: GPL-3.0-or-later
 * inside.c - which way a packet goes.
 *
 * Invariant: prefix[0 … n) are canonical, so that matching compares whole bytes and one
 * masked one. */
#include "inside.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>

void bw_inside_init(struct bw_inside *in)
{
    (void)memset(in, 0, sizeof(*in));
}

void bw_inside_add_private(struct bw_inside *in)
{
    static const char *const texts[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                        "169.254.0.0/16", "fc00::/7",      "fe80::/10"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        (void)bw_inside_add(in, texts[i], NULL);
    }
}

/* The number behind the slash; -1: it is none up to max. */
static int bits_of(const char *text, int max)
{
    int bits = 0;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 3 || text[n] != '\0' || (n > 1 && text[0] == '0')) {
        return -1;
    }
    for (; *text != '\0'; text++) {
        bits = bits * 10 + (*text - '0');
    }
    return bits <= max ? bits : -1;
}

/* The bits of byte k that a prefix of this length covers. */
static uint8_t mask_of(unsigned bits, unsigned k)
{
    unsigned left = bits > k * 8 ? bits - k * 8 : 0;
    return (uint8_t)(left >= 8 ? 0xffU : 0xff00U >> left);
}

int bw_inside_add(struct bw_inside *in, const char *text, struct bw_err *reterr)
{
    struct bw_inside_prefix p = {.family = BW_PACKET_NO_IP};
    char address[INET6_ADDRSTRLEN + 1];
    size_t n = strcspn(text, "/");
    int max = 32;
    int bits;
    if (n < sizeof(address)) {
        (void)memcpy(address, text, n);
        address[n] = '\0';
        if (inet_pton(AF_INET, address, p.address) == 1) {
            p.family = BW_PACKET_IPV4;
        } else if (inet_pton(AF_INET6, address, p.address) == 1) {
            p.family = BW_PACKET_IPV6;
            max = 128;
        }
    }
    bits = text[n] == '\0' ? max : bits_of(text + n + 1, max);
    if (p.family == BW_PACKET_NO_IP || bits < 0) {
        return bw_err_set(reterr, -EINVAL,
                          "'%s' is no prefix; write it as 192.0.2.0/24 or 2001:db8::/48",
                          text);
    }
    p.bits = (uint8_t)bits;
    for (unsigned k = 0; k < sizeof(p.address); k++) {
        if (p.address[k] & (uint8_t)~mask_of(p.bits, k)) {
            return bw_err_set(reterr, -EINVAL,
                              "'%s' has bits behind its /%d; write them as 0", text, bits);
        }
    }
    if (in->n == BW_INSIDE_PREFIXES_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d prefixes", BW_INSIDE_PREFIXES_MAX);
    }
    in->prefix[in->n++] = p;
    return 0;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int bw_inside_mac(const char *text, uint8_t ret[6], struct bw_err *reterr)
{
    uint8_t mac[6] = {0};
    bool good = strlen(text) == 17 && (text[2] == ':' || text[2] == '-');
    for (size_t i = 0; good && i < sizeof(mac); i++) {
        int high = hex_of(text[3 * i]);
        int low = hex_of(text[3 * i + 1]);
        good = high >= 0 && low >= 0 && (i == 5 || text[3 * i + 2] == text[2]);
        if (good) {
            mac[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
        }
    }
    if (!good) {
        return bw_err_set(reterr, -EINVAL,
                          "'%s' is no MAC address; write it as 02:00:00:00:00:01", text);
    }
    (void)memcpy(ret, mac, sizeof(mac));
    return 0;
}

static bool matches(const struct bw_inside_prefix *p, const uint8_t address[16])
{
    size_t whole = p->bits / 8;
    if (memcmp(p->address, address, whole) != 0) {
        return false;
    }
    return p->bits % 8 == 0 ||
           ((p->address[whole] ^ address[whole]) & mask_of(p->bits, p->bits / 8)) == 0;
}

bool bw_inside_has(const struct bw_inside *in,
                   enum bw_packet_family family,
                   const uint8_t address[16])
{
    for (size_t i = 0; i < in->n; i++) {
        if (in->prefix[i].family == family && matches(&in->prefix[i], address)) {
            return true;
        }
    }
    return false;
}

static bool is_group(const struct bw_packet *p)
{
    return p->family == BW_PACKET_IPV4 ? p->dest[0] >= 224 : p->dest[0] == 0xff;
}

static enum bw_way way_by_address(const struct bw_inside *in, const struct bw_packet *p)
{
    bool from;
    if (!p->has_ip) {
        return BW_WAY_NEITHER;
    }
    from = bw_inside_has(in, p->family, p->source);
    if (from && is_group(p)) {
        return BW_WAY_NEITHER;
    }
    if (from == bw_inside_has(in, p->family, p->dest)) {
        return BW_WAY_NEITHER;
    }
    if (!from) {
        return BW_WAY_DOWN;
    }
    return BW_WAY_UP;
}

static bool is_mac(const uint8_t a[6], const uint8_t b[6])
{
    return memcmp(a, b, 6) == 0;
}

int bw_inside_add_outer(struct bw_inside *in, const uint8_t mac[6])
{
    if (!in->by_outer) {
        in->by_outer = true;
        (void)memcpy(in->outer, mac, sizeof(in->outer));
        return 0;
    }
    if (in->n_outer_also == BW_INSIDE_ROUTERS_MAX - 1) {
        return -E2BIG;
    }
    (void)memcpy(in->outer_also[in->n_outer_also++], mac, sizeof(in->outer));
    return 0;
}

static bool is_outer(const struct bw_inside *in, const uint8_t mac[6])
{
    if (!in->by_outer) {
        return false;
    }
    for (size_t i = 0; i < in->n_outer_also; i++) {
        if (is_mac(mac, in->outer_also[i])) {
            return true;
        }
    }
    return is_mac(mac, in->outer);
}

enum bw_way bw_inside_way(const struct bw_inside *in, const struct bw_packet *p)
{
    if (!in->by_outer && !in->by_inner) {
        return way_by_address(in, p);
    }
    if (p->has_macs && is_outer(in, p->source_mac) && is_outer(in, p->dest_mac)) {
        return BW_WAY_NEITHER; /* routers among themselves */
    }
    if (p->has_mac) {
        if (is_outer(in, p->source_mac)) {
            return BW_WAY_DOWN;
        }
        if (in->by_inner && is_mac(p->source_mac, in->inner)) {
            return BW_WAY_UP;
        }
    }
    if (p->has_macs) {
        if (is_outer(in, p->dest_mac)) {
            return BW_WAY_UP;
        }
        if (in->by_inner && is_mac(p->dest_mac, in->inner)) {
            return BW_WAY_DOWN;
        }
    }
    return BW_WAY_NEITHER;
}

static bool stays_on_link(enum bw_packet_family family, const uint8_t address[16])
{
    return family == BW_PACKET_IPV4 ? address[0] == 169 && address[1] == 254
                                    : address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool bw_inside_strays(const struct bw_inside *in, const struct bw_packet *p)
{
    return !in->by_outer && !in->by_inner && p->has_ip && !is_group(p) &&
           !stays_on_link(p->family, p->source) && !stays_on_link(p->family, p->dest) &&
           !bw_inside_has(in, p->family, p->source) &&
           !bw_inside_has(in, p->family, p->dest);
}

const char *bw_way_name(enum bw_way way)
{
    return way == BW_WAY_DOWN ? "down" : way == BW_WAY_UP ? "up" : "neither";
}
