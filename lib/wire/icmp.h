/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp.h - ICMP and ICMPv6 echo as bytes (RFC 792, RFC 4443 section 4): building
 * requests, reading replies and what error messages quote. Pure; any thread.
 *
 * The payload of our requests begins with a stamp of 16 bytes: an instance's random
 * cookie, so that nobody else's echo can pass as ours, and a 32-bit number and target
 * that say which packet it was. */
#ifndef BW_ICMP_H
#define BW_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_ICMP_HEADER = 8,
    BW_ICMP_STAMP = 16,
    BW_ICMP_PAYLOAD_MAX = 1400
};

struct bw_icmp_stamp {
    uint64_t cookie;
    uint32_t number;
    uint32_t target;
};

enum bw_icmp_kind {
    BW_ICMP_OTHER,
    BW_ICMP_REQUEST,
    BW_ICMP_REPLY,
    BW_ICMP_UNREACHABLE /* any error that means: the packet did not arrive */
};

struct bw_icmp_msg {
    enum bw_icmp_kind kind;
    uint16_t ident; /* REQUEST and REPLY */
    uint16_t seq;
    bool stamped; /* `stamp` was there */
    struct bw_icmp_stamp stamp;
};

/* An echo request with `payload` bytes (BW_ICMP_STAMP … BW_ICMP_PAYLOAD_MAX; the rest is
 * filled with a fixed pattern) into buf[cap]. The checksum is written for family 4; for 6
 * it needs the addresses, and the kernel writes it. Gives the length, 0 when it does not
 * fit. */
size_t bw_icmp_build(uint8_t *buf,
                     size_t cap,
                     int family,
                     uint16_t ident,
                     uint16_t seq,
                     const struct bw_icmp_stamp *stamp,
                     size_t payload);

/* The header of an echo request into buf[BW_ICMP_HEADER], its checksum 0; a stamp into
 * buf[BW_ICMP_STAMP], and from p[n], false when it is shorter. */
void bw_icmp_head(uint8_t *buf, int family, uint16_t ident, uint16_t seq);
void bw_icmp_stamp_write(uint8_t *buf, const struct bw_icmp_stamp *stamp);
bool bw_icmp_stamp_read(const uint8_t *p, size_t n, struct bw_icmp_stamp *ret);

/* Read a message that begins with the ICMP header. 0, or -EBADMSG when it is too short.
 * Checksums are the kernel's work and not looked at. */
int bw_icmp_parse(const uint8_t *p, size_t n, int family, struct bw_icmp_msg *ret);

/* The ICMP part of an IPv4 packet as a raw socket gives it, or NULL. */
const uint8_t *bw_icmp_skip_ipv4(const uint8_t *p, size_t n, size_t *ret_n);

/* The stamp of a packet that ends with one of our requests of `payload` bytes (a frame as
 * an error queue gives it back). false when it is not there. */
bool bw_icmp_stamp_of_tail(const uint8_t *p,
                           size_t n,
                           size_t payload,
                           struct bw_icmp_stamp *ret);

/* Does an error of this type and code mean that the packet did not arrive? False for
 * "fragmentation needed", "packet too big" and everything that is not an error. */
bool bw_icmp_is_loss(int family, uint8_t type, uint8_t code);

/* RFC 1071, of n bytes, in network order as it goes into the header. */
uint16_t bw_icmp_checksum(const uint8_t *p, size_t n);

#endif
