/* SPDX-License-Identifier: GPL-3.0-or-later
 * devices.c - a set of keyed hashes with linear probing.
 *
 * Invariant: at most three quarters of the slots are taken, so that a free one ends every
 * search; 0 is a free slot. */
#include "devices.h"
#include "crowd.h"
#include "vault.h"

#include "hash.h"
#include <errno.h>
#include <string.h>

enum {
    SLOTS_MIN = 64,
    SLOTS_MAX = 1 << 24,
    KIND_MAC = BW_PACKET_FAMILIES /* beside the families */
};

struct bw_devices {
    uint64_t *slot;
    size_t slots;
    size_t n;
    int64_t count[BW_PACKET_FAMILIES + 1];
    bool full;
    uint8_t key[16];
};

size_t bw_devices_memory(size_t slots)
{
    return sizeof(struct bw_devices) + slots * sizeof(uint64_t);
}

int bw_devices_new(size_t slots, const uint8_t key[16], struct bw_devices **ret)
{
    struct bw_devices *d;
    if (slots < SLOTS_MIN || slots > SLOTS_MAX || (slots & (slots - 1)) != 0) {
        return -EINVAL;
    }
    d = bw_vault_new(sizeof(*d)); /* the key is in it */
    if (!d) {
        return -ENOMEM;
    }
    d->slots = slots;
    d->slot = bw_vault_new(slots * sizeof(*d->slot));
    if (!d->slot) {
        bw_vault_free(d, sizeof(*d));
        return -ENOMEM;
    }
    (void)memcpy(d->key, key, sizeof(d->key));
    *ret = d;
    return 0;
}

void bw_devices_free(struct bw_devices *d)
{
    if (d) {
        bw_vault_free(d->slot, d->slots * sizeof(*d->slot));
        bw_vault_free(d, sizeof(*d));
    }
}

static void insert(struct bw_devices *d, int kind, const uint8_t *address, size_t n)
{
    uint8_t data[17] = {(uint8_t)kind};
    uint64_t h;
    size_t at;
    (void)memcpy(data + 1, address, n);
    h = bw_siphash(d->key, data, sizeof(data));
    if (h == 0) {
        h = 1;
    }
    for (at = (size_t)h & (d->slots - 1); d->slot[at] != 0;
         at = (at + 1) & (d->slots - 1)) {
        if (d->slot[at] == h) {
            return;
        }
    }
    if (d->n >= d->slots / 4 * 3) {
        d->full = true;
        return;
    }
    d->slot[at] = h;
    d->n++;
    d->count[kind]++;
}

void bw_devices_add(struct bw_devices *d,
                    const struct bw_inside *in,
                    const struct bw_packet *p,
                    enum bw_way way)
{
    if (way != BW_WAY_UP) {
        return;
    }
    if (p->has_mac) {
        insert(d, KIND_MAC, p->source_mac, sizeof(p->source_mac));
    }
    if (p->has_ip && bw_inside_has(in, p->family, p->source)) {
        insert(d, (int)p->family, p->source, sizeof(p->source));
    }
}

void bw_devices_count(const struct bw_devices *d, struct bw_devices_count *ret)
{
    ret->ipv4 = d->count[BW_PACKET_IPV4];
    ret->ipv6 = d->count[BW_PACKET_IPV6];
    ret->macs = d->count[KIND_MAC];
    ret->at_least = ret->macs;
    if (ret->macs <= 1 && ret->ipv4 > 0) {
        ret->at_least = ret->ipv4;
    } else if (ret->macs <= 1 && ret->ipv6 > 0) {
        ret->at_least = (ret->ipv6 + BW_CROWD_IPV6_EACH - 1) / BW_CROWD_IPV6_EACH;
    }
    ret->full = d->full;
}

void bw_devices_clear(struct bw_devices *d, const uint8_t key[16])
{
    bw_vault_wipe(d->slot, d->slots * sizeof(*d->slot));
    explicit_bzero(d->count, sizeof(d->count));
    d->n = 0;
    d->full = false;
    (void)memcpy(d->key, key, sizeof(d->key));
}
