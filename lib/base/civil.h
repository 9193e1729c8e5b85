/* SPDX-License-Identifier: GPL-3.0-or-later
 * civil.h - dates of the Gregorian calendar and times of day as people write them, without
 * any zone. A day is a number: days since 1970-01-01. Pure, any thread. */
#ifndef BW_CIVIL_H
#define BW_CIVIL_H

#include <stddef.h>
#include <stdint.h>

enum {
    BW_CIVIL_DATE_LEN = 10, /* 2026-11-26 */
    BW_CIVIL_DAY_MIN = 1440 /* minutes of a day by the clock */
};

/* The day of a proleptic Gregorian date, and the way back; month and day count from 1. */
int64_t bw_civil_days(int year, int month, int day);
void bw_civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);
/* 0 = Sunday. */
int bw_civil_weekday(int64_t days);

/* "2026-11-26" at the start of text, from 1970 on; -EINVAL when it is no date. */
int bw_civil_date_parse(const char *text, int64_t *ret_day);
/* The way back, for years of four digits. */
void bw_civil_date(int64_t day, char ret[BW_CIVIL_DATE_LEN + 1]);
/* "07:00" to "24:00" as the whole text, in minutes; -EINVAL. */
int bw_civil_minute_parse(const char *text);

#endif
