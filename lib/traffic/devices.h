/* SPDX-License-Identifier: GPL-3.0-or-later
 * devices.h - how many addresses of the school's side were active in an interval: a lower
 * bound of its devices, never a count of people.
 *
 * Only who sent something counts: who is only written to need not exist. What is kept are
 * hashes under a key that lives as long as the interval, so that nobody can be told from
 * one interval to the next. Addresses count only if they are inside: anybody can send from
 * addresses that are not his. A fixed set: once it is three quarters full it takes no more
 * and says so. */
#ifndef BW_DEVICES_H
#define BW_DEVICES_H

#include "inside.h"
#include "packet.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_devices;

struct bw_devices_count {
    int64_t ipv4; /* active addresses */
    int64_t ipv6; /* … of which one device may have several at a time */
    int64_t macs; /* senders of frames that went up; 1 behind a router */
    /* Devices: with more than one MAC those, for a device may have many addresses; else
     * addresses of IPv4, or without any a quarter of those of IPv6. */
    int64_t at_least;
    bool full; /* there were more */
};

enum {
    BW_DEVICES_LIVE = 16384 /* slots for a school's line */
};

/* slots: a power of two from 64 to 2^24. -EINVAL, -ENOMEM. */
int bw_devices_new(size_t slots, const uint8_t key[16], struct bw_devices **ret);
void bw_devices_free(struct bw_devices *d);

/* Bytes that a full set takes. */
size_t bw_devices_memory(size_t slots);

/* Of `in` the prefixes are asked. */
void bw_devices_add(struct bw_devices *d,
                    const struct bw_inside *in,
                    const struct bw_packet *p,
                    enum bw_way way);
void bw_devices_count(const struct bw_devices *d, struct bw_devices_count *ret);
/* Forget everything; the next interval has another key. */
void bw_devices_clear(struct bw_devices *d, const uint8_t key[16]);

#endif
