/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_class.c - which time counts as class, by the school's calendar; and which days did.
 *
 * Invariant: where calendars are given, they alone say it: a day of which none speaks is
 * neither class nor not, and is counted as such. Without any, weekdays and hours of the
 * clock are a calendar without holidays; a calendar of a place where the box stood on no
 * day of the period is none. */
#include "model_private.h"

#include "tz.h"
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_from_hours(struct bw_report *r, struct bw_err *reterr)
{
    struct bw_schoolcal_spec spec = {.name = "class hours",
                                     .zone = "UTC", /* none is asked for by its name */
                                     .from_day = BW_UNKNOWN,
                                     .to_day = BW_UNKNOWN};

    for (int i = 0; i < 7; i++) {
        if (r->class_hours.weekdays >> i & 1u) {
            spec.week[i] =
                (struct bw_schoolcal_hours){r->class_hours.from_min, r->class_hours.to_min};
        }
    }
    return bw_schoolcal_make(&spec, &r->own_calendar, NULL, reterr);
}

/* Is a calendar asked about a day? */
static bool is_asked(const struct bw_report_calendar *c, int64_t day)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    if (!c->first_day[0] && !c->last_day[0]) {
        return true;
    }
    bw_civil_date(day, date);
    return strcmp(c->first_day, date) <= 0 &&
           (!c->last_day[0] || strcmp(date, c->last_day) <= 0);
}

bool bw_report_calendar_stands(const struct bw_report_calendar *c,
                               const struct bw_tz *tz,
                               int64_t from_unix_s,
                               int64_t to_unix_s)
{
    const int64_t at[2] = {from_unix_s, to_unix_s - 1};
    char dates[2][BW_CIVIL_DATE_LEN + 1];
    struct bw_civil d;

    for (int i = 0; i < 2; i++) {
        bw_tz_local(tz, at[i], &d);
        bw_civil_date(bw_civil_days(d.year, d.month, d.day), dates[i]);
    }
    return strcmp(c->first_day, dates[1]) <= 0 &&
           (!c->last_day[0] ||
            (strcmp(dates[0], c->last_day) <= 0 && strcmp(c->first_day, c->last_day) <= 0));
}

static int check_zone(const struct bw_report *r,
                      const struct bw_schoolcal_spec *s,
                      struct bw_err *reterr)
{
    return strcmp(s->zone, r->tz_name) == 0
               ? 0
               : bw_err_set(reterr, -EINVAL,
                            "the calendar \"%s\" is in %s, the report in %s", s->name,
                            s->zone, r->tz_name);
}

int bw_model_class_begin(const struct bw_report_query *q,
                         struct bw_report *r,
                         struct bw_err *reterr)
{
    int64_t first;
    int64_t last;
    struct bw_civil c;
    int rc = 0;

    bw_tz_local(r->tz, r->from_unix_s, &c);
    first = bw_civil_days(c.year, c.month, c.day);
    bw_tz_local(r->tz, r->to_unix_s - 1, &c);
    last = bw_civil_days(c.year, c.month, c.day);
    r->calendars = bw_model_array(q->n_calendars + 1, sizeof(*r->calendars));
    if (!r->calendars) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < q->n_calendars && rc == 0; i++) {
        const struct bw_schoolcal_spec *s = bw_schoolcal_spec(q->calendars[i].cal);
        rc = check_zone(r, s, reterr);
        if (!bw_report_calendar_stands(&q->calendars[i], r->tz, r->from_unix_s,
                                       r->to_unix_s)) {
            continue;
        }
        r->class_time.by_calendar = true;
        if (s->from_day == BW_UNKNOWN || (s->from_day <= last && s->to_day >= first)) {
            r->calendars[r->n_calendars++] = q->calendars[i];
        }
    }
    return rc < 0 || r->class_time.by_calendar ? rc : make_from_hours(r, reterr);
}

void bw_report_class_day(const struct bw_report *r,
                         int64_t day,
                         struct bw_schoolcal_day *ret)
{
    *ret = (struct bw_schoolcal_day){.name = "", .testing_name = ""};
    if (r->own_calendar) {
        bw_schoolcal_day(r->own_calendar, day, ret);
    }
    for (size_t i = 0; i < r->n_calendars && ret->kind == BW_SCHOOLDAY_UNKNOWN; i++) {
        if (is_asked(&r->calendars[i], day)) {
            bw_schoolcal_day(r->calendars[i].cal, day, ret);
        }
    }
}

enum bw_class bw_report_class_at(const struct bw_report *r, int64_t unix_s)
{
    enum bw_class c = BW_CLASS_UNKNOWN;
    struct bw_civil at;
    int64_t day;

    if (r->own_calendar) {
        return bw_schoolcal_at(r->own_calendar, r->tz, unix_s);
    }
    bw_tz_local(r->tz, unix_s, &at);
    day = bw_civil_days(at.year, at.month, at.day);
    for (size_t i = 0; i < r->n_calendars && c == BW_CLASS_UNKNOWN; i++) {
        if (is_asked(&r->calendars[i], day)) {
            c = bw_schoolcal_at(r->calendars[i].cal, r->tz, unix_s);
        }
    }
    return c;
}

bool bw_model_in_class(const struct bw_report *r, int64_t unix_s)
{
    return bw_report_class_at(r, unix_s) == BW_CLASS_YES;
}

/* The calendar that speaks of a day; NULL: none. */
static const struct bw_schoolcal *speaks_of(const struct bw_report *r, int64_t day)
{
    for (size_t i = 0; i < r->n_calendars; i++) {
        struct bw_schoolcal_day d = {.kind = BW_SCHOOLDAY_UNKNOWN};
        if (is_asked(&r->calendars[i], day)) {
            bw_schoolcal_day(r->calendars[i].cal, day, &d);
        }
        if (d.kind != BW_SCHOOLDAY_UNKNOWN) {
            return r->calendars[i].cal;
        }
    }
    return r->own_calendar;
}

/* Days as they were laid out: each lies on one local date. */
static void add_day(struct bw_report *r, struct bw_report_day *x)
{
    struct bw_report_class *t = &r->class_time;
    int64_t day = bw_civil_days(x->year, x->month, x->day);
    const struct bw_schoolcal *cal = speaks_of(r, day);
    int64_t s[BW_CLASSES] = {x->to_unix_s - x->from_unix_s, 0, 0};
    struct bw_schoolcal_day d;

    bw_report_class_day(r, day, &d);
    x->kind = d.kind;
    x->class_hours = d.hours;
    x->testing = d.testing;
    (void)snprintf(x->kind_name, sizeof(x->kind_name), "%s", d.name);
    t->n_days[d.kind]++;
    t->n_lessons += bw_schoolday_has_class(d.kind);
    t->n_testing += d.testing;
    if (cal) {
        bw_schoolcal_seconds(cal, r->tz, x->from_unix_s, x->to_unix_s, s);
    }
    x->class_s = s[BW_CLASS_YES];
    t->class_s += s[BW_CLASS_YES];
    t->outside_s += s[BW_CLASS_NO];
    t->unknown_s += s[BW_CLASS_UNKNOWN];
}

void bw_model_class_days(struct bw_model *m)
{
    struct bw_report *r = m->report;

    for (size_t i = 0; i < r->n_days; i++) {
        add_day(r, &r->days[i]);
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        r->class_time.n_intervals_unknown +=
            bw_report_class_at(r, r->intervals[i].start_unix_s) == BW_CLASS_UNKNOWN;
    }
}
