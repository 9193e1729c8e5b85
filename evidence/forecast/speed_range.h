/* SPDX-License-Identifier: GPL-3.0-or-later
 * speed_range.h - what speed to ask for: the busiest day, growth until the end of the year
 * that is being bought, and room above (method "speed-range/1", docs/packs.md). Pure. */
#ifndef BW_EVIDENCE_SPEED_RANGE_H
#define BW_EVIDENCE_SPEED_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct bw_growth;
struct bw_tz;

#define BW_METHOD_RANGE "speed-range/1"

enum {
    BW_RANGE_LOW,
    BW_RANGE_HIGH,
    BW_RANGE_ENDS
};

struct bw_speed_range {
    bool grown;                       /* the growth until then can be said */
    int64_t added_bps[BW_RANGE_ENDS]; /* by it; 0 where it cannot, or use shrinks */
    int64_t speed_bps[BW_RANGE_ENDS]; /* unknown without a peak day */
};

/* Form 470 is filed for the funding year after the one in which the period ends; its line
 * has to do until that year's last day: 30 June of *ret_year. */
void bw_speed_range_until(const struct bw_tz *tz,
                          int64_t until_unix_s,
                          int *ret_year,
                          int64_t *ret_day);
void bw_speed_range(int64_t peak_bps,
                    const struct bw_growth *g,
                    int64_t end_day,
                    struct bw_speed_range *ret);

#endif
