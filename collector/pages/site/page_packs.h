/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_packs.h - where a circuit's packs are: links for its page. Pure; any thread. */
#ifndef BW_PAGE_PACKS_H
#define BW_PAGE_PACKS_H

#include <stdint.h>

struct bw_buf;

/* For each funding year from the circuit's first record (unknown: this one alone) to now,
 * the newest first, at most ten. */
void bw_page_packs(struct bw_buf *b,
                   const char *site,
                   const char *circuit,
                   int64_t first_unix_s,
                   int64_t now_unix_s);

#endif
