/* SPDX-License-Identifier: GPL-3.0-or-later
 * growth.h - how use grows, with an interval, from one value a day (growth-theilsen/1).
 *
 * The days of each calendar week (Monday to Sunday) with at least three values give one
 * value, their median. The growth is the median of the slopes between all pairs of weeks
 * (Theil 1950, Sen 1968), its 95 % interval the slopes at the ranks that Kendall's normal
 * approximation gives (Sen 1968): a holiday or a broken week bends neither. The line goes
 * through the median of what remains. It speaks only with 16 such weeks over 26 weeks or
 * more, and never further ahead than twice the time it looked back, three years at most.
 * The interval is the line's, not a single day's. Integers alone; pure. */
#ifndef BW_EVIDENCE_GROWTH_H
#define BW_EVIDENCE_GROWTH_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

#define BW_METHOD_GROWTH "growth-theilsen/1"

enum bw_growth_limits {
    BW_GROWTH_DAYS_MIN = 3,   /* of a week that counts */
    BW_GROWTH_WEEKS_MIN = 16, /* that count */
    BW_GROWTH_SPAN_MIN = 26,  /* weeks from the first to the last of them */
    BW_GROWTH_WEEKS_MAX = 520,
    BW_GROWTH_AHEAD_MAX = 156 /* weeks */
};

/* The days in ascending order; value unknown: not measured. */
struct bw_growth_day {
    int64_t day; /* since 1970-01-01, local */
    int64_t value_bps;
};

enum bw_growth_state {
    BW_GROWTH_NOT, /* too few weeks, or over too short a time: there is no figure */
    BW_GROWTH_MADE
};

enum {
    BW_GROWTH_LOW,
    BW_GROWTH_MID,
    BW_GROWTH_HIGH,
    BW_GROWTH_LINES
};

struct bw_growth {
    enum bw_growth_state state;
    int64_t n_days;     /* with a value, of weeks that count */
    int64_t n_weeks;    /* that count */
    int64_t span_weeks; /* first to last of them, both included */
    int64_t first_day;  /* Mondays; unknown without a week */
    int64_t last_day;
    int64_t ahead_day;                 /* no forecast after this day */
    int64_t level_bps;                 /* of the middle line on last_day */
    int64_t year_bps[BW_GROWTH_LINES]; /* growth in 365.25 days: low, middle, high end */
    int64_t year_ppm[BW_GROWTH_LINES]; /* the same over level_bps; unknown when that is 0 */
    int64_t
        slope_mbps[BW_GROWTH_LINES]; /* thousandths of a bit/s a week, for what follows */
    int64_t base_mbps[BW_GROWTH_LINES]; /* on first_day, thousandths of a bit/s */
};

/* 0, -ENOMEM, or -EINVAL: days out of order. */
int bw_growth_make(const struct bw_growth_day *days, size_t n, struct bw_growth *ret);

/* Low, middle and high of the lines on a day, never under 0; all unknown without growth or
 * after ahead_day. */
void bw_growth_at(const struct bw_growth *g, int64_t day, int64_t ret_bps[BW_GROWTH_LINES]);
/* The day on which a line (BW_GROWTH_…) first is at this rate or above, not before
 * last_day; unknown when it is not until ahead_day. */
int64_t bw_growth_reaches(const struct bw_growth *g, int line, int64_t bps);

#endif
