/* SPDX-License-Identifier: GPL-3.0-or-later
 * mirror.h - what a mirror port shows of a line: the bytes that the port received, parted
 * into down and up as the packets drawn from it were.
 *
 * A mirror sends both directions of a line into one, and drops what does not fit: so it
 * shows at least what it counts, never surely all, and the seconds in which its port was
 * nearly full are told. Every byte is parted once, two seconds late, by the packets that
 * were drawn around it. Pure; one thread. */
#ifndef BW_MIRROR_H
#define BW_MIRROR_H

#include <bw/counter.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_MIRROR_LATE_S = 2, /* drawn packets are read this much later at most */
    BW_MIRROR_AROUND_S = 5,
    BW_MIRROR_SECONDS = 8192, /* that are kept: two intervals, and spare */
    BW_MIRROR_FULL_PPM = 900000
};

/* Bytes of drawn packets, ever rising. */
struct bw_mirror_seen {
    int64_t down;
    int64_t up;
    int64_t neither; /* stayed inside, passed by, or were sent to a group */
};

struct bw_mirror; /* about 200 KiB */

/* port_bps: the speed of the port where the port itself does not tell; or unknown. NULL: no
 * memory. */
struct bw_mirror *bw_mirror_new(int64_t port_bps);
void bw_mirror_free(struct bw_mirror *m);

/* Each whole second: the port's reading, received being "down"; NULL: it could not be read.
 * seen: NULL while no packets are drawn. true: *ret is a reading of the line for
 * *ret_unix_s, BW_MIRROR_LATE_S ago; its ifindex is another where something was missed in
 * between. */
bool bw_mirror_second(struct bw_mirror *m,
                      int64_t unix_s,
                      const struct bw_reading *port,
                      const struct bw_mirror_seen *seen,
                      struct bw_reading *ret,
                      int64_t *ret_unix_s);

/* The newest second was not parted: much came, and nearly all of it went neither way by
 * what was said of routers and prefixes. That is unknown, and no zero. */
bool bw_mirror_has_no_way(const struct bw_mirror *m);

/* The seconds of an interval in which the port received at >= 90 % of its speed; unknown
 * without speed or readings. */
int64_t bw_mirror_full_s(const struct bw_mirror *m, int64_t from_unix_s, int64_t to_unix_s);

/* What it showed in an interval; false: not all of it is known. */
bool bw_mirror_bytes(const struct bw_mirror *m,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     int64_t ret[BW_DIRECTIONS]);

/* What another count of the same line says of a mirror's. */
enum bw_mirror_verdict {
    BW_MIRROR_UNKNOWN, /* "": too little to tell */
    BW_MIRROR_AGREES,  /* "agrees" */
    BW_MIRROR_LACKS,   /* "lacks": below 90 % of it */
    BW_MIRROR_EXCEEDS  /* "exceeds": more than it, beyond what the two are off */
};
enum bw_mirror_verdict bw_mirror_compare(const int64_t shown[BW_DIRECTIONS],
                                         const int64_t counted[BW_DIRECTIONS]);
const char *bw_mirror_verdict_word(enum bw_mirror_verdict v);

#endif
