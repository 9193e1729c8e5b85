/* SPDX-License-Identifier: GPL-3.0-or-later
 * witness.h - who could have told an outage, and for how long. Pure.
 *
 * A box tells one when all targets of a circuit that it watches, two at least, are silent.
 * How often it asks stands in no record: it shows by what was sent. */
#ifndef BW_WITNESS_H
#define BW_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_WITNESS_S = 6 /* between two packets, at most: measure/outage.h watches a target that
                        is asked each 5 s, and timers may be late */
};

/* The intervals of one circuit that start within the same BW_CELL_S; zeroed before. */
struct bw_witness_cell {
    size_t target;     /* plus one; which was asked the longest */
    int64_t longest_s; /* how long that was */
    int64_t watched_s; /* how long another was: at most so long there were two */
};

/* Whether a target that was asked `sent` times in `covered_s` seconds is watched. */
bool bw_witness_watches(int64_t sent, int64_t covered_s);

/* A target's packets in the cell; both families of one have the same number. */
void bw_witness_add(struct bw_witness_cell *c,
                    size_t target,
                    int64_t sent,
                    int64_t covered_s);

#endif
