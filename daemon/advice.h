/* SPDX-License-Identifier: GPL-3.0-or-later
 * advice.h - what is wrong with this box, in plain words, and what mends it.
 *
 * For a school's technician who looks once a year. Every entry is {"what", "mend"}; none
 * means that everything works. Loop thread only. */
#ifndef BW_ADVICE_H
#define BW_ADVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_daemon;

enum {
    BW_ADVICE_DISK_BYTES = 200 * 1000 * 1000, /* a box writes about 300 MB a year */
    BW_ADVICE_LEFT_OUT = 4                    /* starts in a row that came to nothing */
};

json_t *bw_advice_json(const struct bw_daemon *d, bool clock_synced);

/* What mends it when records cannot be delivered (the courier's words), when the journal
 * cannot be written (-errno), when tests are left out (the scheduler's words). Static. */
const char *bw_advice_delivery(const char *error);
const char *bw_advice_storage(int code);
const char *bw_advice_left_out(const char *why);
const char *bw_advice_unsent(int code); /* -errno of a packet that could not be sent */

#endif
