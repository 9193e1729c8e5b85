/* SPDX-License-Identifier: GPL-3.0-or-later
 * dates.h - dates of the E-rate year that people are reminded of, and when digests are due.
 * Pure; days are those of civil.h. */
#ifndef BW_DATES_H
#define BW_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_date {
    int64_t day;  /* of the reminder */
    char key[64]; /* "sizing/2026": once for ever */
    char title[120];
    char words[600];
};

enum {
    BW_DATES_MAX = 8,
    BW_DATES_LATE = 6 /* days: a collector that was off on the day tells it later */
};

/* Those due on this day, or up to BW_DATES_LATE days before. */
size_t bw_dates_due(int64_t day, struct bw_date ret[BW_DATES_MAX]);

/* The Monday of the week before, and the first day of the month before, where their digest
 * is due on this day (or was up to two days ago); *ret_from, *ret_to: the days it is of. */
bool bw_dates_week(int64_t day, int64_t *ret_from, int64_t *ret_to);
bool bw_dates_month(int64_t day, int64_t *ret_from, int64_t *ret_to);

enum bw_dates_every {
    BW_EVERY_WEEK,
    BW_EVERY_MONTH,
    BW_EVERY_YEAR /* a funding year, from 1 July */
};

/* The newest whole week (from Monday), month or funding year that was over `after` days
 * before this day began: its days [*ret_from, *ret_to). */
void bw_dates_period(enum bw_dates_every every,
                     int64_t day,
                     int64_t after,
                     int64_t *ret_from,
                     int64_t *ret_to);

#endif
