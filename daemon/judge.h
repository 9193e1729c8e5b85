/* SPDX-License-Identifier: GPL-3.0-or-later
 * judge.h - what follows from a throughput run's figures: pure functions.
 *
 * Nothing here takes a run back: every valid run stands on record and counts. */
#ifndef BW_JUDGE_H
#define BW_JUDGE_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    BW_JUDGE_EQUAL_RUNS = 3,  /* in a row: implausible */
    BW_JUDGE_EGRESS_RUNS = 3, /* in a row by another line: moved, or failed over */
    BW_JUDGE_TOKEN_MAX = 32
};

/* What a claim is compared with: the line's rate at the layer the claim names (else IP),
 * and where no counter saw the line the payload with the headers it had. Unknown when that
 * cannot be told. */
int64_t bw_judge_figure_bps(const struct bw_throughput *t,
                            enum bw_layer counter_layer,
                            enum bw_layer claim_layer);

/* Is a run's figure so far below the claim that it is tested again? Only a run that
 * measured, left by this line, and is no retest itself, and only a claim that port and
 * servers can carry. */
bool bw_judge_below(const struct bw_throughput *t,
                    enum bw_layer counter_layer,
                    int64_t claim_bps,
                    enum bw_layer claim_layer,
                    int64_t retest_ppm);

/* Upload equal to download to 0.1 %. */
bool bw_judge_equal(int64_t down_bps, int64_t up_bps);

/* Runs in a row that left by another line, on one circuit. A record tells of each direction
 * by itself, one after the other: those of one run count once. All zero to begin with. */
struct bw_judge_row {
    int64_t runs;
    size_t probe;        /* of the newest run … */
    unsigned directions; /* … of which these are told: bits; 0: there is none yet */
    bool counted;        /* it left by another line */
};
void bw_judge_egress(struct bw_judge_row *row,
                     size_t probe,
                     enum bw_direction d,
                     enum bw_egress egress);

/* How a run is named by its retest: "down:1789000312000". */
void bw_judge_token(enum bw_direction d, int64_t at_unix_ms, char ret[BW_JUDGE_TOKEN_MAX]);

/* Which of n_usual servers, and n_outside behind them, a retest of a run at `first` goes
 * to; -1: there is no second one. */
int bw_judge_second(size_t n_usual, size_t n_outside, size_t first);

#endif
