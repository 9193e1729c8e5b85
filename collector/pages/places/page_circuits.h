/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_circuits.h - circuits and sites of the state's room, as pages show them in tables.
 * Pure; any thread. */
#ifndef BW_PAGE_CIRCUITS_H
#define BW_PAGE_CIRCUITS_H

#include <stdint.h>

struct bw_buf;
struct bw_room;
struct bw_room_site;

/* A table of circuits [first, end), each with its days, and by which methods. */
void bw_page_circuits(struct bw_buf *b,
                      const struct bw_room *room,
                      uint32_t first,
                      uint32_t end,
                      int64_t now_unix_s);

/* Its name as a link to its page; whether it is heard. */
void bw_page_site_link(struct bw_buf *b, const struct bw_room_site *s);
void bw_page_site_state(struct bw_buf *b, const struct bw_room_site *s, int64_t now_unix_s);

#endif
