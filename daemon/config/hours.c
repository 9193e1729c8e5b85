/* SPDX-License-Identifier: GPL-3.0-or-later
 * hours.c - the hours in which tests may start: windows, class hours, the calendar.
 *
 * Minutes are of the local day, as the machine's zone has it; what is asked for is a UTC
 * day, since that is what secrets and records are about. */
#include "hours.h"

#include "calendar.h"

#include <bw/err.h>
#include <civil.h>
#include <conf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

int bw_hours_days_parse(const char *text, uint32_t *ret)
{
    static const char words[7][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    uint32_t days = 0;
    int from = -1;

    for (const char *p = text;; p += 4) {
        int day = -1;
        for (int i = 0; i < 7; i++) {
            if (strncmp(p, words[i], 3) == 0) {
                day = i;
            }
        }
        if (day < 0) {
            return -EINVAL;
        }
        if (from >= 0) {
            for (int i = from; i != day; i = (i + 1) % 7) {
                days |= UINT32_C(1) << i;
            }
        }
        days |= UINT32_C(1) << day;
        from = p[3] == '-' && from < 0 ? day : -1;
        if (p[3] == '\0') {
            *ret = days;
            return 0;
        }
        if (p[3] != ',' && from < 0) {
            return -EINVAL;
        }
    }
}

int bw_hours_read(const struct bw_conf_node *top,
                  const char *keyword,
                  struct bw_boxconf_hours *out,
                  size_t *ret_n,
                  struct bw_err *reterr)
{
    size_t n = bw_conf_count(top, keyword);
    if (n > BW_BOXCONF_HOURS_MAX) {
        return bw_conf_fault(bw_conf_child(top, keyword, BW_BOXCONF_HOURS_MAX), NULL,
                             reterr, "more than %d %s sections", BW_BOXCONF_HOURS_MAX,
                             keyword);
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *at = bw_conf_child(top, keyword, i);
        out[i].from_min = bw_civil_minute_parse(bw_conf_str(at, "from"));
        out[i].to_min = bw_civil_minute_parse(bw_conf_str(at, "to"));
        if (out[i].from_min < 0 || out[i].from_min == BW_BOXCONF_DAY_MIN) {
            return bw_conf_fault(at, "from", reterr, "'from' is a time like \"07:00\"");
        }
        if (out[i].to_min < 0) {
            return bw_conf_fault(at, "to", reterr, "'to' is a time like \"17:00\"");
        }
        if (bw_hours_days_parse(bw_conf_str(at, "days"), &out[i].days) < 0) {
            return bw_conf_fault(at, "days", reterr, "'days' is like mon-fri or sat,sun");
        }
    }
    *ret_n = n;
    return 0;
}

/* Whether a section covers a minute; lessons of a day end at `until` of that day. */
static bool within(const struct bw_boxconf_hours *h,
                   size_t n,
                   const struct tm *tm,
                   int until_today_min,
                   int until_yesterday_min)
{
    int minute = tm->tm_hour * 60 + tm->tm_min;
    uint32_t today = UINT32_C(1) << tm->tm_wday;
    uint32_t yesterday = UINT32_C(1) << (tm->tm_wday + 6) % 7;

    for (size_t i = 0; i < n; i++) {
        bool over_midnight = h[i].to_min <= h[i].from_min;
        if (h[i].days & today && minute >= h[i].from_min && minute < until_today_min &&
            (over_midnight || minute < h[i].to_min)) {
            return true;
        }
        if (over_midnight && h[i].days & yesterday && minute < h[i].to_min &&
            until_yesterday_min == BW_CALENDAR_WHOLE_DAY) {
            return true;
        }
    }
    return false;
}

static bool in_class(const struct bw_boxconf *c, const struct tm *tm)
{
    int64_t day = bw_civil_days(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
    return within(c->class_hours, c->n_class_hours, tm,
                  bw_calendar_until_min(c->calendar, day),
                  bw_calendar_until_min(c->calendar, day - 1));
}

bool bw_boxconf_in_class(const struct bw_boxconf *c, int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    return localtime_r(&t, &tm) && in_class(c, &tm);
}

void bw_boxconf_allowed(const struct bw_boxconf *c,
                        int64_t day_unix_s,
                        uint8_t allowed[BW_BOXCONF_DAY_MIN])
{
    for (int i = 0; i < BW_BOXCONF_DAY_MIN; i++) {
        time_t t = (time_t)(day_unix_s + (int64_t)i * 60);
        struct tm tm;
        bool ok = localtime_r(&t, &tm) != NULL;
        if (ok && c->n_windows > 0) {
            ok = within(c->windows, c->n_windows, &tm, BW_CALENDAR_WHOLE_DAY,
                        BW_CALENDAR_WHOLE_DAY);
        }
        if (ok && !c->tests.in_class) {
            ok = !in_class(c, &tm);
        }
        allowed[i] = ok;
    }
}
