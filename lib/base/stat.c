/* SPDX-License-Identifier: GPL-3.0-or-later
 * stat.c - the project's one percentile rule and the loss interval.
 *
 * Invariant: integers in, integers out; nothing measured gives BW_UNKNOWN, never 0. */
#include "stat.h"

#include <bw/units.h>
#include <math.h>
#include <stdlib.h>

enum {
    MILLION = 1000000
};

size_t bw_stat_rank(size_t n, int64_t p_ppm)
{
    size_t p = p_ppm < 0 ? 0 : (size_t)(p_ppm > MILLION ? MILLION : p_ppm);
    size_t rank;

    if (n == 0) {
        return 0;
    }
    /* ceil(p n / 10^6) without a product that could overflow */
    rank = n / MILLION * p + (n % MILLION * p + MILLION - 1) / MILLION;
    return rank > 0 ? rank : 1;
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bw_stat_percentile(int64_t *values, size_t n, int64_t p_ppm)
{
    if (n == 0) {
        return BW_UNKNOWN;
    }
    qsort(values, n, sizeof(*values), compare_i64);
    return values[bw_stat_rank(n, p_ppm) - 1];
}

/* Wilson 1927; z is the 97.5 % point of the normal distribution. */
void bw_stat_wilson_ppm(int64_t k, int64_t n, int64_t *ret_low_ppm, int64_t *ret_high_ppm)
{
    const double z = 1.959963984540054;
    double tries;
    double share;
    double z2n;
    double middle;
    double half;
    double low;
    double high;

    if (n <= 0 || k < 0 || k > n) {
        *ret_low_ppm = BW_UNKNOWN;
        *ret_high_ppm = BW_UNKNOWN;
        return;
    }
    tries = (double)n;
    share = (double)k / tries;
    z2n = z * z / tries;
    middle = (share + z2n / 2) / (1 + z2n);
    half = z / (1 + z2n) * sqrt(share * (1 - share) / tries + z2n / (4 * tries));
    low = floor((middle - half) * MILLION);
    high = ceil((middle + half) * MILLION);
    /* Exact ends: at k = 0 and k = n the formula gives 0 and 1 but for rounding. */
    *ret_low_ppm = k == 0 || low < 0 ? 0 : (int64_t)low;
    *ret_high_ppm = k == n || high > MILLION ? MILLION : (int64_t)high;
}
