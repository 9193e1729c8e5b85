/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_view.h - a school's calendar for people: a year as a picture, counts, and the
 * days that are not as usual; and the same as JSON. */
#ifndef BW_CLI_CALENDAR_VIEW_H
#define BW_CLI_CALENDAR_VIEW_H

struct bw_calendar_kept;
struct bw_jw;
struct bw_schoolcal;
struct bw_tz;

/* To standard output. `kept` (what it is about, whose statement) may be NULL. */
void calendar_view_print(const struct bw_schoolcal *c,
                         const struct bw_tz *tz,
                         const struct bw_calendar_kept *kept);
/* One object. */
void calendar_view_json(struct bw_jw *w,
                        const struct bw_schoolcal *c,
                        const struct bw_tz *tz,
                        const struct bw_calendar_kept *kept);
/* As a box's file of days without lessons (bandwitness.conf(5), `instruction_calendar`). */
void calendar_view_box(const struct bw_schoolcal *c);

#endif
