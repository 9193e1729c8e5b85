/* SPDX-License-Identifier: GPL-3.0-or-later
 * speed_range.c - what speed to ask for.
 *
 * Invariant: growth that is not known adds nothing, and the caller can tell. */
#include "speed_range.h"

#include "growth.h"
#include <civil.h>
#include <tz.h>

enum {
    /* 30 to 40 % above the measured peak: EducationSuperHighway's advice (docs/packs.md) */
    HEADROOM_LOW_PERCENT = 130,
    HEADROOM_HIGH_PERCENT = 140
};

void bw_speed_range_until(const struct bw_tz *tz,
                          int64_t until_unix_s,
                          int *ret_year,
                          int64_t *ret_day)
{
    struct bw_civil c;

    bw_tz_local(tz, until_unix_s - 1, &c);
    *ret_year = c.year + (c.month >= 7 ? 2 : 1);
    *ret_day = bw_civil_days(*ret_year, 6, 30);
}

void bw_speed_range(int64_t peak_bps,
                    const struct bw_growth *g,
                    int64_t end_day,
                    struct bw_speed_range *ret)
{
    int64_t then[BW_GROWTH_LINES];
    int64_t now[BW_GROWTH_LINES];

    bw_growth_at(g, end_day, then);
    bw_growth_at(g, g->last_day, now);
    ret->grown = then[BW_GROWTH_MID] != BW_UNKNOWN;
    for (int end = 0; end < BW_RANGE_ENDS; end++) {
        int line = end == BW_RANGE_LOW ? BW_GROWTH_LOW : BW_GROWTH_HIGH;
        int64_t added = ret->grown ? then[line] - now[line] : 0;
        int64_t percent =
            end == BW_RANGE_LOW ? HEADROOM_LOW_PERCENT : HEADROOM_HIGH_PERCENT;
        ret->added_bps[end] = added > 0 ? added : 0; /* nobody buys less for a guess */
        ret->speed_bps[end] = peak_bps == BW_UNKNOWN
                                  ? BW_UNKNOWN
                                  : (peak_bps + ret->added_bps[end]) * percent / 100;
    }
}
