/* SPDX-License-Identifier: GPL-3.0-or-later
 * stat.h - the project's one percentile rule and the loss interval. */
#ifndef BW_STAT_H
#define BW_STAT_H

#include <stddef.h>
#include <stdint.h>

/* 1-based rank of percentile p_ppm among n ascending values: ceil(p·n), at least 1.
 * 0 when n is 0. "P95" is p_ppm = 950000 everywhere. */
size_t bw_stat_rank(size_t n, int64_t p_ppm);

/* Sorts values[n] in place (ascending) and gives the percentile; BW_UNKNOWN when n = 0. */
int64_t bw_stat_percentile(int64_t *values, size_t n, int64_t p_ppm);

/* 95 % Wilson score interval of k events in n tries, in ppm (floor and ceiling). */
void bw_stat_wilson_ppm(int64_t k, int64_t n, int64_t *ret_low_ppm, int64_t *ret_high_ppm);

#endif
