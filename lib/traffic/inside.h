/* SPDX-License-Identifier: GPL-3.0-or-later
 * inside.h - which way a packet goes: to the school, away from it, or neither.
 *
 * By MAC where one is known (of the next router towards the world, or of the school's own
 * router), else by address: one end inside the given prefixes, the other outside. What
 * stays inside, passes by, or is sent to a group from inside goes neither way, and is
 * counted as such, never guessed. Pure; any thread. */
#ifndef BW_INSIDE_H
#define BW_INSIDE_H

#include "packet.h"
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_INSIDE_PREFIXES_MAX = 64,
    BW_INSIDE_ROUTERS_MAX = 8
};

enum bw_way { /* down and up as everywhere */
    BW_WAY_DOWN = BW_DOWN,
    BW_WAY_UP = BW_UP,
    BW_WAY_NEITHER = BW_DIRECTIONS,
    BW_WAYS
};

struct bw_inside_prefix {
    enum bw_packet_family family;
    uint8_t bits;
    uint8_t address[16]; /* bits behind the prefix are 0 */
};

struct bw_inside { /* embedded by its users */
    struct bw_inside_prefix prefix[BW_INSIDE_PREFIXES_MAX];
    size_t n;
    bool by_outer; /* frames from this MAC come down, frames to it go up */
    bool by_inner; /* frames from this MAC go up, frames to it come down */
    uint8_t outer[6];
    uint8_t inner[6];
    /* Further MACs of outer: two routers that share a virtual one send from their own. */
    uint8_t outer_also[BW_INSIDE_ROUTERS_MAX - 1][6];
    size_t n_outer_also;
};

/* Nothing is inside. */
void bw_inside_init(struct bw_inside *in);
/* Private, unique local and link-local addresses are inside (RFC 1918, 4193, 3927, 4291).
 */
void bw_inside_add_private(struct bw_inside *in);
/* "192.0.2.0/24", "2001:db8::/48", or one address; bits behind the prefix must be 0.
 * -EINVAL, -E2BIG beyond BW_INSIDE_PREFIXES_MAX. */
int bw_inside_add(struct bw_inside *in, const char *text, struct bw_err *reterr);
/* "02:00:00:00:00:01", also with '-'; ret is written only on success. -EINVAL. */
int bw_inside_mac(const char *text, uint8_t ret[6], struct bw_err *reterr);

/* One more router towards the world. -E2BIG beyond BW_INSIDE_ROUTERS_MAX. */
int bw_inside_add_outer(struct bw_inside *in, const uint8_t mac[6]);

bool bw_inside_has(const struct bw_inside *in,
                   enum bw_packet_family family,
                   const uint8_t address[16]);
enum bw_way bw_inside_way(const struct bw_inside *in, const struct bw_packet *p);

/* Told by address: neither end is inside, of a packet that goes to one and further than its
 * link. Many of them: the prefixes are not all that the school has. */
bool bw_inside_strays(const struct bw_inside *in, const struct bw_packet *p);

/* "down", "up", "neither". */
const char *bw_way_name(enum bw_way way);

#endif
