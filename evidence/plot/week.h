/* SPDX-License-Identifier: GPL-3.0-or-later
 * week.h - use by hour of the week (hour-of-week/1): for each of the 168 local hours the
 * P95 of the mean rates of all intervals of the period that start in it, at the layer that
 * most intervals have; intervals with a test of ours and those covered for less than half
 * are left out, as in util-p95/2. An hour without an interval has no figure. Pure. */
#ifndef BW_EVIDENCE_WEEK_H
#define BW_EVIDENCE_WEEK_H

#include <stdint.h>

#define BW_METHOD_WEEK "hour-of-week/1"

struct bw_report;

enum {
    BW_WEEK_DAYS = 7, /* 0 = Sunday, as everywhere */
    BW_WEEK_HOURS = 24
};

struct bw_week {
    const struct bw_report *report; /* borrowed */
    int direction;
    int64_t n[BW_WEEK_DAYS][BW_WEEK_HOURS];
    int64_t p95_bps[BW_WEEK_DAYS][BW_WEEK_HOURS]; /* unknown where n is 0 */
    int64_t highest_bps;                          /* of them; unknown without any */
    int highest_day;
    int highest_hour;
};

/* -ENOMEM. */
int bw_week_make(const struct bw_report *r, int direction, struct bw_week *ret);

#endif
