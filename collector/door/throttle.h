/* SPDX-License-Identifier: GPL-3.0-or-later
 * throttle.h - how often somebody tried in vain, by name and by address: names that are
 * nobody's count like those that are, so that an answer tells nothing of them. Fixed
 * memory; on the loop. */
#ifndef BW_DOOR_THROTTLE_H
#define BW_DOOR_THROTTLE_H

#include <stdint.h>

struct bw_throttle;

enum bw_throttle_what {
    BW_THROTTLE_NAME,
    BW_THROTTLE_ADDRESS /* IPv6: its first 64 bits; "unix" counts not at all */
};

enum {
    BW_THROTTLE_NAME_FREE = 5, /* tries in vain before one has to wait */
    BW_THROTTLE_ADDRESS_FREE = 20,
    BW_THROTTLE_FIRST_S = 30, /* then twice as long each time, up to */
    BW_THROTTLE_LONGEST_S = 900,
    BW_THROTTLE_FORGET_S = 3600 /* after the last try */
};

int bw_throttle_new(struct bw_throttle **ret);
void bw_throttle_free(struct bw_throttle *t); /* NULL is fine */

/* Seconds until this one may try; 0: now. */
int64_t bw_throttle_wait(struct bw_throttle *t,
                         enum bw_throttle_what what,
                         const char *who,
                         int64_t now_unix_s);
/* It tries; until it went well this counts as in vain. */
void bw_throttle_try(struct bw_throttle *t,
                     enum bw_throttle_what what,
                     const char *who,
                     int64_t now_unix_s);
/* It went well: a name begins anew, an address gets this try back. */
void bw_throttle_good(struct bw_throttle *t, enum bw_throttle_what what, const char *who);
/* How long after so many tries in vain, of which `free` cost nothing; pure. */
int64_t bw_throttle_for(int64_t tries, int64_t free);

#endif
