/* SPDX-License-Identifier: GPL-3.0-or-later
 * seen.h - a set of addresses and names that traffic is known to have had: what is looked
 * for. Addresses of nobody (bw_shape_of_nobody()) are counted and left out. */
#ifndef BW_SEEN_H
#define BW_SEEN_H

#include "shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_seen;

struct bw_seen *bw_seen_new(void); /* NULL: out of memory */
void bw_seen_free(struct bw_seen *s);

/* An address, or a name (HOST: text[n], compared without case). -ENOMEM; -E2BIG beyond a
 * million. Twice is once. */
int bw_seen_add(struct bw_seen *s, enum bw_shape_kind k, const uint8_t *bytes);
int bw_seen_add_name(struct bw_seen *s, const char *text, size_t n);

/* Every address and host name in a text; with a capture file (pcap, pcapng) every MAC, IPv4
 * and IPv6 address in the headers of its packets (Ethernet with VLAN tags, PPPoE, ARP,
 * cooked, raw IP; also of the packet that an ICMP error quotes) and every name asked for by
 * DNS over UDP port 53. 0; -errno with a sentence. Blocking. */
int bw_seen_read(struct bw_seen *s, const char *path, struct bw_err *reterr);

bool bw_seen_has(const struct bw_seen *s, enum bw_shape_kind k, const uint8_t *bytes);
bool bw_seen_has_name(const struct bw_seen *s, const char *text, size_t n);

/* How many of a kind (HOST: names); addresses of nobody that were left out; packets read.
 */
size_t bw_seen_count(const struct bw_seen *s, enum bw_shape_kind k);
size_t bw_seen_left_out(const struct bw_seen *s);
int64_t bw_seen_packets(const struct bw_seen *s); /* BW_UNKNOWN: no capture file was read */

/* Addresses that can be told from what stands in any file by chance: not of mostly zeros or
 * equal bytes. Only these are looked for as bare bytes. */
bool bw_seen_is_plain(enum bw_shape_kind k, const uint8_t *bytes);
size_t bw_seen_plain(const struct bw_seen *s, enum bw_shape_kind k);

/* Can any address with these two first bytes be in the set? Bits of 1 << kind; IPv4 also by
 * its two last ones (bytes turned round) as BW_SEEN_TURNED. */
enum {
    BW_SEEN_TURNED = 1 << BW_SHAPE_KINDS
};
uint8_t bw_seen_hint(const struct bw_seen *s, uint8_t first, uint8_t second);

#endif
