/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_schedule.h - were tests run when the secrets of the days said, and not otherwise?
 *
 * Part of check.h: it hears every readable record once, in the order of the source. A
 * day's secret must be the one that an earlier record of the same key (else of the same
 * site) committed to; with it the day's start times are drawn again and held against what
 * ran. It keeps a few days a site, whatever the source holds. */
#ifndef BW_CHECK_SCHEDULE_H
#define BW_CHECK_SCHEDULE_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_check_schedule;
struct bw_summary;

enum bw_schedule_fault {
    BW_SCHEDULE_FINE,
    BW_SCHEDULE_SECRET, /* a secret that is not the one committed to */
    BW_SCHEDULE_COMMIT  /* one key committed to two secrets for one day */
};

struct bw_schedule_counts {
    int64_t n_days_bound; /* committed to before the day, revealed after it, and fitting */
    int64_t n_days_loose; /* revealed, but committed to too late, too early revealed, or
                             never committed to here */
    int64_t n_days_open;  /* committed to and not revealed here */
    int64_t n_starts;     /* drawn, while the box ran with a clock that was right */
    int64_t n_starts_silent; /* … of which no record tells what became of them */
    int64_t n_runs; /* runs and deferrals not asked for by a person, on those days */
    int64_t n_runs_unplanned; /* … that no drawn start explains, nor, if they are retests, a
                                 run within the hour before */
    int64_t n_runs_elsewhere; /* … at another server than the start was drawn for */
    int64_t n_runs_foreseen;  /* … of days whose drawn starts were shown to somebody */
};

struct bw_check_schedule *bw_check_schedule_new(void); /* NULL: out of memory */
void bw_check_schedule_free(struct bw_check_schedule *c);

/* One record. -ENOMEM, or 0 with *ret_fault and the day it is about. */
int bw_check_schedule_add(struct bw_check_schedule *c,
                          const struct bw_summary *s,
                          const char *kid,
                          enum bw_schedule_fault *ret_fault,
                          int64_t *ret_day_unix_s);

/* The end of the source. */
void bw_check_schedule_finish(struct bw_check_schedule *c, struct bw_schedule_counts *ret);

#endif
