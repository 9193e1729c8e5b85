/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_gen.h - summaries for tests: random ones, in which any member may be there or
 * not, and plausible ones, as a box on a quiet line would make them. Seeded, so that a
 * failure comes again. */
#ifndef BW_TEST_SUMMARY_GEN_H
#define BW_TEST_SUMMARY_GEN_H

#include <bw/summary.h>
#include <stdint.h>

struct gen {
    uint64_t state;
};

uint64_t gen_next(struct gen *g);
/* In [low, high]. */
int64_t gen_between(struct gen *g, int64_t low, int64_t high);
int gen_chance(struct gen *g, int percent);

/* Anything the contract allows. bw_summary_done() it. */
void gen_random_summary(struct gen *g, struct bw_summary *ret);

/* One interval of a box with one circuit "wan" and n_targets targets of 300 packets each,
 * about 2.6 KB with 6 of them. seq 1 begins a new chain; prev is left to the caller. */
void gen_plausible_summary(struct gen *g,
                           int64_t seq,
                           int64_t start_unix_s,
                           int64_t length_s,
                           size_t n_targets,
                           struct bw_summary *ret);

#endif
