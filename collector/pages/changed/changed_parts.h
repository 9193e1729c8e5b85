/* SPDX-License-Identifier: GPL-3.0-or-later
 * changed_parts.h - what the files of the first page share: page_changed.c (which lines,
 * the page), changed_lines.c (lines), changed_fleet.c (the fleet, the collector itself). */
#ifndef BW_CHANGED_PARTS_H
#define BW_CHANGED_PARTS_H

#include <page_scope.h>

#include <room.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_buf;

enum bw_changed_section {
    BW_CHANGED_NEWLY_SILENT,
    BW_CHANGED_RETURNED,
    BW_CHANGED_NEWLY_BELOW,
    BW_CHANGED_NEWLY_FULL,
    BW_CHANGED_CLOCKS,
    BW_CHANGED_EGRESS,
    BW_CHANGED_MOVED,
    BW_CHANGED_CLONED,
    BW_CHANGED_CLAIMS,
    BW_CHANGED_DEFERRED,
    BW_CHANGED_ENDED,
    BW_CHANGED_AT_RISK,
    BW_CHANGED_SECTIONS
};

struct bw_changed_kind {
    const char *name; /* in addresses */
    const char *title;
    const char *says; /* what a line of it means */
    bool of_sites;
    enum bw_room_condition what;
};
extern const struct bw_changed_kind bw_changed_kinds[BW_CHANGED_SECTIONS];

struct bw_changed {
    struct bw_buf *b;
    const struct bw_room *r;
    struct bw_page_scope scope; /* what of it is shown */
    int64_t since_unix_s;
    int64_t now_unix_s;
};

/* Of a circuit, what ended since yesterday; BW_ROOM_CONDITIONS: nothing. */
enum bw_room_condition bw_changed_ended(const struct bw_changed *p,
                                        const struct bw_room_circuit *x);

/* One row of a section's table. */
void bw_changed_site_line(const struct bw_changed *p,
                          enum bw_changed_section s,
                          const struct bw_room_site *x);
void bw_changed_circuit_line(const struct bw_changed *p,
                             enum bw_changed_section s,
                             const struct bw_room_circuit *c);

void bw_changed_fleet(const struct bw_changed *p);
void bw_changed_health(const struct bw_changed *p);

#endif
