/* SPDX-License-Identifier: GPL-3.0-or-later
 * peers.h - a state by hand, for what compares: regions, districts of two schools each, a
 * line a school of which everything is known, and a viewer of some districts. */
#ifndef BW_TEST_PEERS_H
#define BW_TEST_PEERS_H

#include <compare.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PEERS_MAX = 60, /* districts */
    PEERS_EACH = 2, /* schools of each */
    PEERS_ENTITIES = 1 + 6 + PEERS_MAX * (1 + PEERS_EACH),
    PEERS_SITES = PEERS_MAX * PEERS_EACH,
    PEERS_SPAN_S = 28 * 86400
};

struct peers {
    struct bw_room room;
    struct bw_room_entity entities[PEERS_ENTITIES];
    struct bw_room_site sites[PEERS_SITES];
    struct bw_room_circuit circuits[PEERS_SITES];
    char names[PEERS_ENTITIES][16];
    char boxes[PEERS_SITES][16];
    uint32_t district[PEERS_MAX]; /* their entities */
    uint32_t school[PEERS_SITES];
    size_t n_districts;
    struct bw_queue_weights w;
    struct bw_compare c;
    uint32_t seen_from, seen_to; /* districts that the viewer sees */
};

/* A line with everything on it: 90 % of its claim tested, half used, $1,000 a month. */
void peers_line(struct peers *x, size_t i, int64_t down_bps, int64_t students);
/* n districts, every `regions`th into one region; 100 Mbit/s for 100 students a school. */
void peers_build(struct peers *x, size_t n, size_t regions);
struct bw_room_circuit *peers_of(struct peers *x, size_t district, size_t school);
/* Compare them, all seen or as the viewer sees them. */
void peers_make(struct peers *x, bool districts, bool outsider);
struct bw_compare_set peers_everybody(void);
struct bw_compare_spread
peers_told(struct peers *x, struct bw_compare_set s, enum bw_compare_measure m);
/* cmocka's set-up and tear-down. */
int peers_begin(void **state);
int peers_end(void **state);

#endif
