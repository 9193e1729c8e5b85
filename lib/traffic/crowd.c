/* SPDX-License-Identifier: GPL-3.0-or-later
 * crowd.c - bits for devices.
 *
 * Invariant: an IP packet that goes a way, to one end, sets at least one bit, so a crowd
 * without any is of frames that are nobody's: without IP (ARP, what switches say), or sent
 * to a group. What could not be read is somebody's. */
#include "crowd.h"

#include "hash.h"
#include <string.h>

enum {
    KIND_MAC = BW_PACKET_FAMILIES, /* beside the families */
    GROUP = 1                      /* of a MAC's first byte: sent to many */
};

static uint64_t bit_of(const uint8_t key[16], int kind, const uint8_t *address, size_t n)
{
    uint8_t data[17] = {(uint8_t)kind};
    (void)memcpy(data + 1, address, n);
    return UINT64_C(1) << (bw_siphash(key, data, sizeof(data)) & 63);
}

static bool is_one(enum bw_packet_family family, const uint8_t address[16])
{
    return family == BW_PACKET_IPV4 ? address[0] < 224 : address[0] != 0xff;
}

struct bw_crowd
bw_crowd_of(const uint8_t key[16], const struct bw_packet *p, enum bw_way way)
{
    struct bw_crowd c = {.mac = 0};
    bool up = way == BW_WAY_UP;
    const uint8_t *mac = up ? p->source_mac : p->dest_mac;
    const uint8_t *address = up ? p->source : p->dest;
    if (way == BW_WAY_NEITHER || (!p->has_ip && p->stop == BW_PACKET_WHOLE)) {
        return c;
    }
    if ((up ? p->has_mac : p->has_macs) && (mac[0] & GROUP) == 0) {
        c.mac = bit_of(key, KIND_MAC, mac, sizeof(p->source_mac));
    }
    if (p->has_ip && is_one(p->family, address)) {
        uint64_t bit = bit_of(key, (int)p->family, address, sizeof(p->source));
        if (p->family == BW_PACKET_IPV6) {
            c.ipv6 = bit;
        } else {
            c.ipv4 = bit;
        }
    }
    return c;
}

void bw_crowd_join(struct bw_crowd *c, const struct bw_crowd *more)
{
    c->mac |= more->mac;
    c->ipv4 |= more->ipv4;
    c->ipv6 |= more->ipv6;
}

struct bw_crowd bw_crowd_both(const struct bw_crowd *a, const struct bw_crowd *b)
{
    return (struct bw_crowd){
        .mac = a->mac & b->mac, .ipv4 = a->ipv4 & b->ipv4, .ipv6 = a->ipv6 & b->ipv6};
}

/* The number of a lone bit, from 1; 0: there is none. */
static uint32_t number_of(uint64_t bit)
{
    return bit != 0 ? (uint32_t)__builtin_ctzll(bit) + 1 : 0;
}

static uint64_t numbered(uint32_t number)
{
    number &= 0x7f;
    return number != 0 ? UINT64_C(1) << (number - 1) : 0;
}

uint32_t bw_crowd_pack(const struct bw_crowd *one)
{
    uint32_t is_ipv6 = one->ipv6 != 0;
    return number_of(one->mac) | number_of(one->ipv4 | one->ipv6) << 7 | is_ipv6 << 14;
}

struct bw_crowd bw_crowd_unpack(uint32_t packed)
{
    bool is_ipv6 = (packed >> 14 & 1) != 0;
    return (struct bw_crowd){.mac = numbered(packed),
                             .ipv4 = is_ipv6 ? 0 : numbered(packed >> 7),
                             .ipv6 = is_ipv6 ? numbered(packed >> 7) : 0};
}

int bw_crowd_devices(const struct bw_crowd *c)
{
    int macs = __builtin_popcountll(c->mac);
    int most = __builtin_popcountll(c->ipv4);
    int ipv6 =
        (__builtin_popcountll(c->ipv6) + BW_CROWD_IPV6_EACH - 1) / BW_CROWD_IPV6_EACH;
    most = ipv6 > most ? ipv6 : most;
    return macs > most ? macs : most;
}
