/* SPDX-License-Identifier: GPL-3.0-or-later
 * shorten.h - a record that is too long for the contract tells less, in a fixed order and
 * never in silence; an interval is not lost for it. */
#ifndef BW_SHORTEN_H
#define BW_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;
struct bw_summary;

/* Encode *s into the empty *out. While that is over BW_PAYLOAD_MAX, *s loses, one step
 * after the other and no more than it takes:
 *   1. its gaps beyond the first `own_gaps` (refusals; *ret_refusals_told is then false,
 *      and the next record tells them),
 *   2. tests that were only put off,
 *   3. histograms, the longest text first: sent, lost, sum_us, p50_us, p95_us and
 *      pdv_p95_us of the target stay,
 *   4. the reasons of tests, the longest first: their state stays,
 *   5. tests, oldest first,
 *   6. latency of targets, the last first.
 * Each of 2 to 6 is logged with what it was about. 0; else the codes of
 * bw_summary_encode(), -E2BIG when nothing of this was left to lose. */
int bw_shorten_encode(struct bw_summary *s,
                      size_t own_gaps,
                      struct bw_buf *out,
                      bool *ret_refusals_told,
                      struct bw_err *reterr);

#endif
