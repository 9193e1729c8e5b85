/* SPDX-License-Identifier: GPL-3.0-or-later
 * period.c - periods as people write them.
 *
 * Invariant: a period is half-open, [from, to), and begins and ends on local midnights
 * unless an instant was written. */
#include "period.h"

#include "clock.h"
#include "model.h"
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    YEAR_MIN = 2000,
    YEAR_MAX = 2200,
    DAY_MIN = 1440
};

/* Exactly n digits at *p. */
static bool take_digits(const char **p, size_t n, int *ret)
{
    int v = 0;

    for (size_t i = 0; i < n; i++) {
        char c = (*p)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        v = v * 10 + (c - '0');
    }
    *p += n;
    *ret = v;
    return true;
}

static bool take(const char **p, char c)
{
    if (**p != c) {
        return false;
    }
    (*p)++;
    return true;
}

static bool real_date(const struct bw_civil *c)
{
    int year;
    int month;
    int day;

    if (c->year < YEAR_MIN || c->year > YEAR_MAX || c->month < 1 || c->month > 12 ||
        c->day < 1) {
        return false;
    }
    bw_civil_from_days(bw_civil_days(c->year, c->month, c->day), &year, &month, &day);
    return year == c->year && month == c->month && day == c->day;
}

/* Date, and a time without zone behind it: local. */
static bool take_local(const char *text, struct bw_civil *c, bool *ret_time)
{
    const char *p = text;

    *c = (struct bw_civil){.year = 0};
    *ret_time = false;
    if (!take_digits(&p, 4, &c->year) || !take(&p, '-') || !take_digits(&p, 2, &c->month) ||
        !take(&p, '-') || !take_digits(&p, 2, &c->day) || !real_date(c)) {
        return false;
    }
    if (*p == '\0') {
        return true;
    }
    *ret_time = true;
    if ((!take(&p, 'T') && !take(&p, ' ')) || !take_digits(&p, 2, &c->hour) ||
        !take(&p, ':') || !take_digits(&p, 2, &c->minute)) {
        return false;
    }
    if (*p == ':' && (!take(&p, ':') || !take_digits(&p, 2, &c->second))) {
        return false;
    }
    return *p == '\0' && c->hour < 24 && c->minute < 60 && c->second < 60;
}

int bw_period_instant(const struct bw_tz *tz,
                      const char *text,
                      int64_t *ret_unix_s,
                      struct bw_err *reterr)
{
    struct bw_civil c;
    size_t digits = strspn(text, "0123456789");
    bool with_time;
    int64_t ms;

    if (digits >= 9 && digits <= 11 && text[digits] == '\0') {
        *ret_unix_s = (int64_t)strtoll(text, NULL, 10);
        return 0;
    }
    if (take_local(text, &c, &with_time)) {
        *ret_unix_s =
            with_time ? bw_tz_unix(tz, &c) : bw_tz_day_start(tz, c.year, c.month, c.day);
        return 0;
    }
    if (strchr(text, 'T') && bw_time_parse(text, &ms) == 0) {
        *ret_unix_s = ms / 1000;
        return 0;
    }
    return bw_err_set(
        reterr, -EINVAL,
        "'%.40s' is no day or instant; write 2026-11-02, 2026-11-02T08:00 (local) "
        "or 2026-11-02T14:00:00Z",
        text);
}

int bw_period_month(const struct bw_tz *tz,
                    const char *text,
                    int64_t *ret_from_unix_s,
                    int64_t *ret_to_unix_s,
                    struct bw_err *reterr)
{
    const char *p = text;
    int year;
    int month;

    if (!take_digits(&p, 4, &year) || !take(&p, '-') || !take_digits(&p, 2, &month) || *p ||
        month < 1 || month > 12 || year < YEAR_MIN || year > YEAR_MAX) {
        return bw_err_set(reterr, -EINVAL, "'%.40s' is no month; write it like 2026-11",
                          text);
    }
    *ret_from_unix_s = bw_tz_day_start(tz, year, month, 1);
    *ret_to_unix_s = bw_tz_day_start(tz, year, month + 1, 1);
    return 0;
}

int bw_period_year(const struct bw_tz *tz,
                   const char *text,
                   int64_t *ret_from_unix_s,
                   int64_t *ret_to_unix_s,
                   struct bw_err *reterr)
{
    bool funding = (text[0] == 'F' || text[0] == 'f') && (text[1] == 'Y' || text[1] == 'y');
    const char *p = text + (funding ? 2 : 0);
    int year;

    if (!take_digits(&p, 4, &year) || *p || year < YEAR_MIN || year > YEAR_MAX) {
        return bw_err_set(
            reterr, -EINVAL,
            "'%.40s' is no year; write FY2026 for the funding year from 1 July "
            "2026 to 30 June 2027, or 2026 for the calendar year",
            text);
    }
    *ret_from_unix_s = bw_tz_day_start(tz, year, funding ? 7 : 1, 1);
    *ret_to_unix_s = bw_tz_day_start(tz, year + 1, funding ? 7 : 1, 1);
    return 0;
}

int bw_period_hours(const char *text, struct bw_report_hours *ret, struct bw_err *reterr)
{
    const char *p = text;
    int hour[2];
    int minute[2];

    for (int i = 0; i < 2; i++) {
        if ((i == 1 && !take(&p, '-')) || !take_digits(&p, 2, &hour[i]) || !take(&p, ':') ||
            !take_digits(&p, 2, &minute[i]) || minute[i] > 59 ||
            hour[i] * 60 + minute[i] > DAY_MIN) {
            return bw_err_set(reterr, -EINVAL,
                              "'%.40s' are no class hours; write them like 07:00-17:00",
                              text);
        }
    }
    if (*p || hour[0] * 60 + minute[0] >= hour[1] * 60 + minute[1]) {
        return bw_err_set(
            reterr, -EINVAL,
            "'%.40s' are no class hours: the end must come after the beginning, "
            "as in 07:00-17:00",
            text);
    }
    *ret = (struct bw_report_hours){.weekdays = bw_report_class_hours_default.weekdays,
                                    .from_min = hour[0] * 60 + minute[0],
                                    .to_min = hour[1] * 60 + minute[1]};
    return 0;
}
