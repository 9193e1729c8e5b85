/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_figures.h - the newest figures of a circuit, on its site's page. */
#ifndef BW_PAGE_FIGURES_H
#define BW_PAGE_FIGURES_H

#include <stdint.h>

struct bw_buf;
struct bw_circuit_row;
struct bw_room;

/* room NULL: none yet; then only a claim that was written down here is known. */
void bw_page_figures(struct bw_buf *b,
                     const struct bw_circuit_row *c,
                     const struct bw_room *room,
                     int64_t now_s);

#endif
