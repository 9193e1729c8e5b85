/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp.h - the Simple Two-Way Active Measurement Protocol as bytes (RFC 8762, session
 * identifiers and TLVs of RFC 8972), tolerant of TWAMP Light (RFC 5357 appendix I). Pure;
 * any thread; no memory is taken.
 *
 * Four instants: T1 the sender's sending, T2 the reflector's receiving, T3 its sending, T4
 * the sender's receiving. Each side says by an error estimate whether its clock is set from
 * outside (S) and by how much it may be off. What is on the wire stays as it is (uint64_t,
 * uint16_t) until somebody asks what it means: an instant means nothing without its format,
 * which its side's error estimate names. */
#ifndef BW_STAMP_H
#define BW_STAMP_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_STAMP_PORT = 862,
    BW_STAMP_TTL = 255,   /* of packets either way (RFC 5357 section 4.1.2), so that what is
                             left of it tells how many hops there are */
    BW_STAMP_PACKET = 44, /* either way, unauthenticated */
    BW_STAMP_AUTH_PACKET = 112,
    BW_STAMP_DIGEST = 16,
    BW_STAMP_TLV_HEADER = 4,
    BW_STAMP_TWAMP_ASKED = 14,    /* the shortest sender's packet of TWAMP Light */
    BW_STAMP_TWAMP_ANSWERED = 38, /* the shortest answer: without the sender's TTL … */
    BW_STAMP_TWAMP_WITH_TTL = 41, /* … and with it */
    BW_STAMP_MAX = 1400,          /* longest packet we send */
    BW_STAMP_KEY_MIN = 16,
    BW_STAMP_KEY_MAX = 64
};

/* The secret both sides share in authenticated mode: HMAC-SHA-256, cut to 128 bits. */
struct bw_stamp_key {
    uint8_t bytes[BW_STAMP_KEY_MAX];
    size_t n;
};

/* Error estimate (RFC 4656 section 4.1.2, RFC 8186) ------------------------------ */

struct bw_stamp_error {
    bool synced;      /* S: the clock is set from outside */
    bool ptp;         /* Z: instants are truncated PTPv2 ones, not NTP */
    int64_t error_ns; /* BW_UNKNOWN: not told, or more than three days */
};

/* Rounded up; never with multiplier 0. Unknown: 2^31 seconds. */
uint16_t bw_stamp_error_encode(const struct bw_stamp_error *e);
/* Multiplier 0 is not allowed by RFC 4656: such a clock is taken as not synchronised. */
struct bw_stamp_error bw_stamp_error_decode(uint16_t wire);

/* Instants ----------------------------------------------------------------------- */

/* Seconds since 1900 and 2^-32 of one, or (ptp) since 1970 and nanoseconds; both of the
 * system's clock: it counts UTC, which a PTP clock need not. */
uint64_t bw_stamp_time_encode(int64_t unix_ns, bool ptp);
/* The instant nearest to `near_unix_ns` (seconds have 32 bits: they begin anew every 136
 * years). BW_UNKNOWN: it is none (a billion nanoseconds or more). */
int64_t bw_stamp_time_decode(uint64_t wire, bool ptp, int64_t near_unix_ns);

/* Packets ------------------------------------------------------------------------ */

struct bw_stamp_asked { /* sender's packet */
    uint32_t seq;
    uint64_t t1;
    uint16_t error;
    uint16_t ssid; /* 0: none */
    bool twamp;    /* reading: not STAMP's (too short, or something where zeros must be) */
};

struct bw_stamp_answer { /* reflector's packet */
    uint32_t seq;        /* its own count when it keeps one, else the sender's */
    uint64_t t3;
    uint16_t error;
    uint16_t ssid;
    uint64_t t2;
    uint32_t asked_seq;
    uint64_t t1;
    uint16_t asked_error;
    int ttl; /* with which the sender's packet came in; -1: it does not say */
};

/* A sender's packet of `size` bytes into buf[cap]: BW_STAMP_TWAMP_ASKED, or (key NULL)
 * BW_STAMP_PACKET, or (key) BW_STAMP_AUTH_PACKET, or one of these two and at least 4 bytes
 * more, which become an Extra Padding TLV. Gives the length; 0: no such size. */
size_t bw_stamp_write_asked(uint8_t *buf,
                            size_t cap,
                            const struct bw_stamp_asked *p,
                            size_t size,
                            const struct bw_stamp_key *key);

/* Read a sender's packet. 0; -EBADMSG: too short; -EACCES: the digest is wrong (*ret is
 * what the packet says). */
int bw_stamp_read_asked(const uint8_t *p,
                        size_t n,
                        const struct bw_stamp_key *key,
                        struct bw_stamp_asked *ret);

/* The answer to the packet asked[n] into buf[cap]: as long as that, never longer. TLVs come
 * back with their flags set as RFC 8972 section 4 says: padding as it was, others as not
 * understood, those that reach beyond the end as malformed; what is not STAMP's comes back
 * as it is. Gives the length; 0: an answer is longer than what was asked. */
size_t bw_stamp_write_answer(uint8_t *buf,
                             size_t cap,
                             const uint8_t *asked,
                             size_t n,
                             const struct bw_stamp_answer *p,
                             const struct bw_stamp_key *key);

/* Read a reflector's packet, as above. */
int bw_stamp_read_answer(const uint8_t *p,
                         size_t n,
                         const struct bw_stamp_key *key,
                         struct bw_stamp_answer *ret);

/* TLVs --------------------------------------------------------------------------- */

enum bw_stamp_tlv_flags {          /* bits */
    BW_STAMP_TLV_UNKNOWN = 0x80,   /* U: not understood */
    BW_STAMP_TLV_MALFORMED = 0x40, /* M */
    BW_STAMP_TLV_INTEGRITY = 0x20  /* I: a wrong digest */
};

enum bw_stamp_tlv_type {
    BW_STAMP_TLV_PADDING = 1
};

struct bw_stamp_tlv {
    uint8_t flags;
    uint8_t type;
    bool whole; /* false: it says to be longer than what is left, value is what there is */
    const uint8_t *value; /* lent */
    size_t n;
};

/* The TLV at p[*at] of a packet p[n], and *at behind it; the first is at BW_STAMP_PACKET or
 * BW_STAMP_AUTH_PACKET. false: there is none any more (a rest below 4 bytes is none). */
bool bw_stamp_tlv_next(const uint8_t *p, size_t n, size_t *at, struct bw_stamp_tlv *ret);

#endif
