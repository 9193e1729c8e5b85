/* SPDX-License-Identifier: GPL-3.0-or-later
 * retention.c - ten years, by the calendar. */
#include "retention.h"

#include <bw/units.h>
#include <civil.h>

enum {
    YEARS = 10
};

int64_t bw_retention_day(int year, int64_t deadline_day)
{
    int64_t later = bw_civil_days(year + 1, 6, 30);
    int y;
    int m;
    int d;

    if (deadline_day != BW_UNKNOWN && deadline_day > later) {
        later = deadline_day;
    }
    bw_civil_from_days(later, &y, &m, &d);
    /* a leap day is followed by a year without one: the longer time is kept */
    return bw_civil_days(y + YEARS, m, 1) + d - 1;
}
