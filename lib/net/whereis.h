/* SPDX-License-Identifier: GPL-3.0-or-later
 * whereis.h - where a target is: an address as it is written, or a name that is looked up
 * off the loop's thread, again every hour and, after a failure, every 30 seconds.
 *
 * An address stays as long as the name has it, though others may come first by then, and
 * until a lookup brings another, or all of a day said that there is none. On the loop's
 * thread only. */
#ifndef BW_WHEREIS_H
#define BW_WHEREIS_H

#include "address.h"

#include <stdbool.h>
#include <stdint.h>

struct bw_lookup;
struct uv_loop_s;

/* Embedded in its owner and never moved between init and done. Read `to` and `family`. */
struct bw_whereis {
    union bw_address to; /* with the port */
    uint8_t family;      /* 4, 6; 0: not known (yet) */
    bool is_name;
    uint8_t only; /* 0: the system's first address; 4, 6: of that family */
    uint16_t port;
    struct bw_lookup *lookup; /* under way; it owns itself */
    int64_t next_lookup_mono_ns;
    int64_t absent_since_mono_ns; /* all lookups since said "no address"; BW_UNKNOWN */
    char host[BW_HOST_MAX];
};

/* `host` without a port (bw_address_split()). No I/O. */
void bw_whereis_init(struct bw_whereis *w,
                     const char *host,
                     uint16_t port,
                     int only_family);
/* Start a lookup when one is due; an address as it is written never is, and follows the
 * interface that it names ("fe80::1%ppp0") to its number of today. */
void bw_whereis_refresh(struct bw_whereis *w, struct uv_loop_s *loop, int64_t now_mono_ns);
/* 0: `to` is an address. -EADDRNOTAVAIL: its name has none, as the newest lookup that came
 * to an end says; -BW_ENOLOOKUP: there was none that could say so. */
int bw_whereis_missing(const struct bw_whereis *w);
/* Nobody waits for a lookup under way any more, and none is started. Idempotent. */
void bw_whereis_done(struct bw_whereis *w);

#endif
