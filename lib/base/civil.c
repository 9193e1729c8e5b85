/* SPDX-License-Identifier: GPL-3.0-or-later
 * civil.c - dates of the Gregorian calendar and times of day, without any zone.
 *
 * Eras of 400 years that begin in March, so that the leap day is the last of a year
 * (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
#include "civil.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int64_t bw_civil_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void bw_civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (int)(yoe + era * 400 + (mp >= 10));
}

int bw_civil_weekday(int64_t days)
{
    int64_t w = (days + 4) % 7;
    return (int)(w < 0 ? w + 7 : w);
}

static int digits(const char *p, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int bw_civil_date_parse(const char *text, int64_t *ret_day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y;
    int m;
    int d;

    if (strnlen(text, BW_CIVIL_DATE_LEN) < BW_CIVIL_DATE_LEN || text[4] != '-' ||
        text[7] != '-') {
        return -EINVAL;
    }
    y = digits(text, 4);
    m = digits(text + 5, 2);
    d = digits(text + 8, 2);
    if (y < 1970 || m < 1 || m > 12 || d < 1 ||
        d > lengths[m - 1] + (m == 2 && is_leap(y) ? 1 : 0)) {
        return -EINVAL;
    }
    *ret_day = bw_civil_days(y, m, d);
    return 0;
}

void bw_civil_date(int64_t day, char ret[BW_CIVIL_DATE_LEN + 1])
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    (void)snprintf(ret, BW_CIVIL_DATE_LEN + 1, "%04u-%02u-%02u", (unsigned)y % 10000,
                   (unsigned)m % 100, (unsigned)d % 100);
}

int bw_civil_minute_parse(const char *text)
{
    int h;
    int m;

    if (strlen(text) != 5 || text[2] != ':') {
        return -EINVAL;
    }
    h = digits(text, 2);
    m = digits(text + 3, 2);
    return h < 0 || m < 0 || h > 24 || m > 59 || (h == 24 && m > 0) ? -EINVAL : h * 60 + m;
}
