/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflector_guard.h - who may ask a reflector, how often, and the count of each session.
 *
 * Everything here has a fixed size, whatever is sent: a crowd makes a source's allowance
 * forgotten early (it starts full again, the whole allowance still holds) or a session go
 * without a count, never more memory. Pure. */
#ifndef BW_REFLECTOR_GUARD_H
#define BW_REFLECTOR_GUARD_H

#include <address.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_reflector_prefix {
    uint8_t family; /* 4 or 6 */
    uint8_t bits;
    uint8_t bytes[16]; /* bits after the prefix are zero */
};

/* "192.0.2.0/24", "2001:db8::/48", or an address alone. false: neither. Bits after the
 * prefix may be set; they are cleared. */
bool bw_reflector_prefix_parse(const char *text, struct bw_reflector_prefix *ret);

/* A set of them; one look costs a search for each length of prefix there is. */
struct bw_prefix_set {
    struct bw_reflector_prefix *list; /* sorted */
    size_t n;
    bool lengths[2][129]; /* IPv4, IPv6: there is a prefix of so many bits */
};

/* Replace what is in the set; on -ENOMEM it is as it was. */
int bw_prefix_set_fill(struct bw_prefix_set *s,
                       const struct bw_reflector_prefix *list,
                       size_t n);
void bw_prefix_set_done(struct bw_prefix_set *s);
bool bw_prefix_set_has(const struct bw_prefix_set *s, const union bw_address *a);

enum {
    BW_GUARD_SOURCES = 4096, /* allowances kept; powers of two */
    BW_GUARD_SESSIONS = 2048,
    BW_GUARD_IDLE_S = 900 /* a session silent for so long is over (RFC 5357's REFWAIT) */
};

/* Packets that may still come, in millionths of one. */
struct bw_guard_bucket {
    int64_t micro;
    int64_t at_mono_ns;
};

struct bw_guard_source {
    uint64_t key; /* 0: free */
    struct bw_guard_bucket bucket;
};

struct bw_guard_session {
    uint64_t key; /* 0: free */
    uint32_t count;
    int64_t seen_mono_ns;
};

struct bw_guard {
    uint64_t seed; /* random, so that nobody chooses whom he displaces */
    int64_t source_rate;
    int64_t total_rate;
    struct bw_guard_bucket total;
    uint32_t n_sessions; /* taken, over or not */
    struct bw_guard_source sources[BW_GUARD_SOURCES];
    struct bw_guard_session sessions[BW_GUARD_SESSIONS];
};

/* Packets a second of one source (an IPv4 address, an IPv6 /64) and of all. */
void bw_guard_init(struct bw_guard *g,
                   uint64_t seed,
                   int64_t source_rate,
                   int64_t total_rate,
                   int64_t now_mono_ns);

/* May this packet be answered, by its source's allowance and the whole one? */
bool bw_guard_allows(struct bw_guard *g, const union bw_address *from, int64_t now_mono_ns);

/* The number of the session's next answer: 0, 1, …; false: there is no room to count. */
bool bw_guard_count(struct bw_guard *g,
                    const union bw_address *from,
                    const union bw_address *to,
                    uint16_t ssid,
                    int64_t now_mono_ns,
                    uint32_t *ret);

#endif
