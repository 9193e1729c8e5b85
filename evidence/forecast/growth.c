/* SPDX-License-Identifier: GPL-3.0-or-later
 * growth.c - the line of growth by medians of slopes.
 *
 * Invariant: integer arithmetic, so that any machine and any other reading of the same
 * definition give the same figures; divisions round towards zero. */
#include "growth.h"

#include <errno.h>
#include <stdlib.h>

enum {
    WEEK = 7,
    MILLI = 1000,
    MONDAY = 3 /* 1970-01-01 was a Thursday: 1969-12-29 was the Monday before */
};

struct week {
    int64_t week; /* since the one that began on 1969-12-29 */
    int64_t value;
};

static int64_t week_of(int64_t day)
{
    int64_t d = day + MONDAY;

    return d >= 0 ? d / WEEK : -((-d + WEEK - 1) / WEEK);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The value at rank ceil(n / 2); sorts. */
static int64_t median(int64_t *values, size_t n)
{
    qsort(values, n, sizeof(*values), ascending);
    return values[(n + 1) / 2 - 1];
}

/* ---- weeks ---------------------------------------------------------------------- */

static int collect(const struct bw_growth_day *days,
                   size_t n,
                   struct week *weeks,
                   size_t *ret_n,
                   int64_t *ret_days)
{
    size_t n_weeks = 0;
    int64_t n_days = 0;

    for (size_t i = 0; i < n;) {
        int64_t values[WEEK];
        size_t k = 0;
        int64_t week = week_of(days[i].day);
        for (; i < n && week_of(days[i].day) == week; i++) {
            if (i > 0 && days[i].day <= days[i - 1].day) {
                return -EINVAL;
            }
            if (days[i].value_bps != BW_UNKNOWN) {
                values[k++] = days[i].value_bps;
            }
        }
        if (i < n && days[i].day <= days[i - 1].day) {
            return -EINVAL;
        }
        if (k >= BW_GROWTH_DAYS_MIN && n_weeks < BW_GROWTH_WEEKS_MAX) {
            weeks[n_weeks++] = (struct week){week, median(values, k)};
            n_days += (int64_t)k;
        }
    }
    *ret_n = n_weeks;
    *ret_days = n_days;
    return 0;
}

/* ---- slopes --------------------------------------------------------------------- */

/* The smallest c with c * c >= x; x below 10^10. */
static int64_t root_up(int64_t x)
{
    int64_t c = 0;

    for (int64_t step = INT64_C(1) << 20; step > 0; step /= 2) {
        while ((c + step) * (c + step) < x) {
            c += step;
        }
    }
    return x > 0 ? c + 1 : 0;
}

/* Ranks, from 1, of the low and high ends among the n_pairs slopes of n weeks. */
static void ranks(int64_t n, int64_t n_pairs, int64_t *low, int64_t *high)
{
    /* 1.96² · n(n-1)(2n+5)/18 */
    int64_t c = root_up((38416 * (n * (n - 1) * (2 * n + 5) / 18) + 9999) / 10000);

    *low = (n_pairs - c) / 2;
    *high = (n_pairs + c + 1) / 2 + 1;
    *low = *low < 1 ? 1 : *low;
    *high = *high > n_pairs ? n_pairs : *high;
}

static int fit(const struct week *weeks, size_t n, struct bw_growth *g)
{
    size_t n_pairs = n * (n - 1) / 2;
    int64_t *slopes = calloc(n_pairs, sizeof(*slopes));
    size_t k = 0;
    int64_t low;
    int64_t high;

    if (!slopes) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            slopes[k++] =
                (weeks[j].value - weeks[i].value) * MILLI / (weeks[j].week - weeks[i].week);
        }
    }
    ranks((int64_t)n, (int64_t)n_pairs, &low, &high);
    g->slope_mbps[BW_GROWTH_MID] = median(slopes, n_pairs); /* sorts */
    g->slope_mbps[BW_GROWTH_LOW] = slopes[low - 1];
    g->slope_mbps[BW_GROWTH_HIGH] = slopes[high - 1];
    for (int line = 0; line < BW_GROWTH_LINES; line++) {
        for (size_t i = 0; i < n; i++) {
            slopes[i] = weeks[i].value * MILLI -
                        g->slope_mbps[line] * (weeks[i].week - weeks[0].week);
        }
        g->base_mbps[line] = median(slopes, n);
    }
    free(slopes);
    return 0;
}

static int64_t line_at(const struct bw_growth *g, int line, int64_t day)
{
    int64_t v =
        (g->base_mbps[line] + g->slope_mbps[line] * (day - g->first_day) / WEEK) / MILLI;

    return v > 0 ? v : 0;
}

int bw_growth_make(const struct bw_growth_day *days, size_t n, struct bw_growth *ret)
{
    struct bw_growth g = {.first_day = BW_UNKNOWN,
                          .last_day = BW_UNKNOWN,
                          .ahead_day = BW_UNKNOWN,
                          .level_bps = BW_UNKNOWN};
    struct week *weeks = calloc(BW_GROWTH_WEEKS_MAX, sizeof(*weeks));
    size_t n_weeks = 0;
    int r = weeks ? collect(days, n, weeks, &n_weeks, &g.n_days) : -ENOMEM;

    for (int line = 0; line < BW_GROWTH_LINES; line++) {
        g.year_bps[line] = BW_UNKNOWN;
        g.year_ppm[line] = BW_UNKNOWN;
    }
    if (r < 0 || n_weeks == 0) {
        goto out;
    }
    g.n_weeks = (int64_t)n_weeks;
    g.span_weeks = weeks[n_weeks - 1].week - weeks[0].week + 1;
    g.first_day = weeks[0].week * WEEK - MONDAY;
    g.last_day = weeks[n_weeks - 1].week * WEEK - MONDAY;
    if (g.n_weeks < BW_GROWTH_WEEKS_MIN || g.span_weeks < BW_GROWTH_SPAN_MIN) {
        goto out;
    }
    r = fit(weeks, n_weeks, &g);
    if (r < 0) {
        goto out;
    }
    g.state = BW_GROWTH_MADE;
    g.ahead_day =
        g.last_day + WEEK * (2 * g.span_weeks < BW_GROWTH_AHEAD_MAX ? 2 * g.span_weeks
                                                                    : BW_GROWTH_AHEAD_MAX);
    g.level_bps = line_at(&g, BW_GROWTH_MID, g.last_day);
    for (int line = 0; line < BW_GROWTH_LINES; line++) {
        /* 365.25 days are 1461/28 weeks */
        g.year_bps[line] = g.slope_mbps[line] * 1461 / 28 / MILLI;
        if (g.level_bps > 0) {
            g.year_ppm[line] = g.year_bps[line] * 1000000 / g.level_bps;
        }
    }
out:
    free(weeks);
    if (r == 0) {
        *ret = g;
    }
    return r;
}

/* ---- ahead ---------------------------------------------------------------------- */

void bw_growth_at(const struct bw_growth *g, int64_t day, int64_t ret_bps[BW_GROWTH_LINES])
{
    int64_t a;
    int64_t b;

    for (int line = 0; line < BW_GROWTH_LINES; line++) {
        ret_bps[line] = BW_UNKNOWN;
    }
    if (g->state != BW_GROWTH_MADE || day > g->ahead_day || day < g->first_day) {
        return;
    }
    /* the lines cross within the data: left of that the steeper one is the lower */
    a = line_at(g, BW_GROWTH_LOW, day);
    b = line_at(g, BW_GROWTH_HIGH, day);
    ret_bps[BW_GROWTH_MID] = line_at(g, BW_GROWTH_MID, day);
    ret_bps[BW_GROWTH_LOW] = a < b ? a : b;
    ret_bps[BW_GROWTH_HIGH] = a < b ? b : a;
}

int64_t bw_growth_reaches(const struct bw_growth *g, int line, int64_t bps)
{
    if (g->state != BW_GROWTH_MADE) {
        return BW_UNKNOWN;
    }
    for (int64_t day = g->last_day; day <= g->ahead_day; day++) {
        if (line_at(g, line, day) >= bps) {
            return day;
        }
    }
    return BW_UNKNOWN;
}
