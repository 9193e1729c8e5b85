/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar.h - the instructional calendar: days without lessons, and half days.
 *
 * Plain text, one date or range a line, for whoever keeps the school's calendar:
 *
 *     # Hazel River School District, 2026/27
 *     2026-11-25 until 12:00             # lessons end at noon
 *     2026-11-26 - 2026-11-27            # none at all
 *
 * Class hours do not apply on a day without lessons, nor after the end of a half day. Dates
 * are local. Any thread. */
#ifndef BW_CALENDAR_H
#define BW_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

struct bw_calendar;
struct bw_err;

enum {
    BW_CALENDAR_LINES_MAX = 2000,
    BW_CALENDAR_WHOLE_DAY = 1440
};

/* Read a file; faults name file and line. */
int bw_calendar_load(const char *path, struct bw_calendar **ret, struct bw_err *reterr);
/* The same from text that messages call `name`. */
int bw_calendar_parse(const char *text,
                      size_t n,
                      const char *name,
                      struct bw_calendar **ret,
                      struct bw_err *reterr);
void bw_calendar_free(struct bw_calendar *c); /* NULL is fine */

/* From which minute of a local day there are no lessons: 0 on a day off, the time of a
 * half day, BW_CALENDAR_WHOLE_DAY on any other; with several lines the earliest. `day` is
 * of bw_civil_days(). NULL: no calendar, every day is whole. */
int bw_calendar_until_min(const struct bw_calendar *c, int64_t day);

#endif
