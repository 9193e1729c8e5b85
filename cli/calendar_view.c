/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_view.c - a school's calendar for people, as JSON, and as a box's file.
 *
 * Invariant: every day of the calendar has exactly one letter, and the letters are counted
 * below the picture. */
#include "calendar_view.h"

#include <buf.h>
#include <bw/units.h>
#include <calendars.h>
#include <civil.h>
#include <clock.h>
#include <inttypes.h>
#include <json.h>
#include <plural.h>
#include <schoolcal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static const struct {
    char letter;
    const char *one;
    const char *many;
} kinds[BW_SCHOOLDAYS] = {
    [BW_SCHOOLDAY_UNKNOWN] = {' ', "day of which it does not speak",
                              "days of which it does not speak"},
    [BW_SCHOOLDAY_CLASS] = {'C', "day with class hours as usual or as listed",
                            "days with class hours as usual or as listed"},
    [BW_SCHOOLDAY_EARLY] = {'E', "day that ends early", "days that end early"},
    [BW_SCHOOLDAY_LATE] = {'L', "day that begins late", "days that begin late"},
    [BW_SCHOOLDAY_HOLIDAY] = {'H', "holiday", "holidays"},
    [BW_SCHOOLDAY_SNOW] = {'S', "day closed for weather or an emergency",
                           "days closed for weather or an emergency"},
    [BW_SCHOOLDAY_CLOSED] = {'N', "other day without lessons",
                             "other days without lessons"},
    [BW_SCHOOLDAY_WEEKEND] = {'-', "day of a weekend", "days of weekends"},
    [BW_SCHOOLDAY_BREAK] = {'.', "day outside of terms", "days outside of terms"},
};

static char letter_of(const struct bw_schoolcal_day *d)
{
    if (d->testing && d->kind == BW_SCHOOLDAY_CLASS) {
        return 'T';
    }
    return kinds[d->kind].letter;
}

static const char *hours(struct bw_schoolcal_hours h, char out[16])
{
    (void)snprintf(out, 16, "%02u:%02u-%02u:%02u", (unsigned)h.from_min / 60 % 100,
                   (unsigned)h.from_min % 60, (unsigned)h.to_min / 60 % 100,
                   (unsigned)h.to_min % 60);
    return out;
}

static void print_week(const struct bw_schoolcal_spec *s)
{
    char text[16];
    const char *comma = "";

    (void)printf("Class hours: ");
    for (int i = 0, next; i < 7; i = next) {
        int day = (i + 1) % 7; /* from Monday on */
        struct bw_schoolcal_hours h = s->week[day];
        for (next = i + 1; next < 7; next++) {
            struct bw_schoolcal_hours g = s->week[(next + 1) % 7];
            if (g.from_min != h.from_min || g.to_min != h.to_min) {
                break;
            }
        }
        if (h.from_min < h.to_min) {
            (void)printf("%s%s%s%s %s", comma, weekdays[day], next > i + 1 ? "-" : "",
                         next > i + 1 ? weekdays[next % 7] : "", hours(h, text));
            comma = ", ";
        }
    }
    (void)printf("%s\n", comma[0] ? "" : "none");
}

static void print_month(const struct bw_schoolcal *c, int year, int month)
{
    int64_t first = bw_civil_days(year, month, 1);
    int64_t next =
        bw_civil_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1);
    struct bw_schoolcal_count n;
    char line[32];

    for (int64_t day = first; day < first + 31; day++) {
        struct bw_schoolcal_day d = {.kind = BW_SCHOOLDAY_UNKNOWN};
        if (day < next) {
            bw_schoolcal_day(c, day, &d);
        }
        line[day - first] = letter_of(&d);
    }
    line[31] = '\0';
    bw_schoolcal_count(c, first, next, &n);
    (void)printf("%d %s  %s  %4" PRId64 "\n", year, months[month - 1], line,
                 n.instructional);
}

static void print_picture(const struct bw_schoolcal *c, int64_t from_day, int64_t to_day)
{
    int year;
    int month;
    int day;

    (void)printf("\n          1   5    10   15   20   25   30   days with lessons\n");
    bw_civil_from_days(from_day, &year, &month, &day);
    while (bw_civil_days(year, month, 1) <= to_day) {
        print_month(c, year, month);
        year += month == 12;
        month = month == 12 ? 1 : month + 1;
    }
}

/* Seconds of class of all its days. */
static int64_t class_seconds(const struct bw_schoolcal *c,
                             const struct bw_tz *tz,
                             int64_t from,
                             int64_t to)
{
    int64_t s[BW_CLASSES];
    int y;
    int m;
    int d;
    int64_t begin;

    bw_civil_from_days(from, &y, &m, &d);
    begin = bw_tz_day_start(tz, y, m, d);
    bw_civil_from_days(to + 1, &y, &m, &d);
    bw_schoolcal_seconds(c, tz, begin, bw_tz_day_start(tz, y, m, d), s);
    return s[BW_CLASS_YES];
}

static void print_counts(const struct bw_schoolcal *c,
                         const struct bw_tz *tz,
                         int64_t from_day,
                         int64_t to_day)
{
    struct bw_schoolcal_count n;
    int64_t class_s = class_seconds(c, tz, from_day, to_day);

    bw_schoolcal_count(c, from_day, to_day + 1, &n);
    (void)printf("\n%" PRId64 " %s with lessons, %" PRId64 " h %02" PRId64
                 " min of class\n",
                 n.instructional, bw_plural(n.instructional, "day", "days"), class_s / 3600,
                 class_s % 3600 / 60);
    for (int k = BW_SCHOOLDAY_CLASS; k < BW_SCHOOLDAYS; k++) {
        if (n.n[k] > 0) {
            (void)printf("%c %5" PRId64 "  %s\n", kinds[k].letter, n.n[k],
                         bw_plural(n.n[k], kinds[k].one, kinds[k].many));
        }
    }
    if (n.testing > 0) {
        (void)printf("T %5" PRId64 "  of testing, among the days with lessons\n",
                     n.testing);
    }
}

static void print_span(const struct bw_schoolcal *c, const struct bw_schoolcal_span *s)
{
    char a[BW_CIVIL_DATE_LEN + 1];
    char b[BW_CIVIL_DATE_LEN + 1];
    char text[16] = "";
    struct bw_schoolcal_day d;

    bw_civil_date(s->from_day, a);
    bw_civil_date(s->to_day, b);
    bw_schoolcal_day(c, s->from_day, &d);
    if (bw_schoolday_has_class(s->kind) && d.kind == s->kind) {
        (void)hours(d.hours, text);
    }
    if (s->from_day == s->to_day) {
        (void)printf("%s %s    ", a, weekdays[bw_civil_weekday(s->from_day)]);
    } else {
        (void)printf("%s - %s", a, b + 5);
    }
    (void)printf("  %s", bw_schoolday_word(s->kind));
    if (text[0] || s->name[0]) {
        (void)printf("%*s%s", 16 - (int)strlen(bw_schoolday_word(s->kind)), "", text);
    }
    if (s->name[0]) {
        (void)printf("%*s%s", 13 - (int)strlen(text), "", s->name);
    }
    (void)printf("\n");
}

void calendar_view_print(const struct bw_schoolcal *c,
                         const struct bw_tz *tz,
                         const struct bw_calendar_kept *kept)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);
    char a[BW_CIVIL_DATE_LEN + 1];
    char b[BW_CIVIL_DATE_LEN + 1];
    char said[32];

    (void)printf("%s\n", s->name);
    if (kept) {
        bw_time_format_s(kept->said_unix_s, said);
        (void)printf("Of %s, said %s by %s (%.8s)\n", kept->about, said, kept->by,
                     kept->id);
    }
    if (s->from_day == BW_UNKNOWN) {
        (void)printf("Every week of every year, %s\n", s->zone);
        print_week(s);
        return;
    }
    bw_civil_date(s->from_day, a);
    bw_civil_date(s->to_day, b);
    (void)printf("%s to %s, %s\n", a, b, s->zone);
    print_week(s);
    for (size_t i = 0; i < s->n_terms; i++) {
        bw_civil_date(s->terms[i].from_day, a);
        bw_civil_date(s->terms[i].to_day, b);
        (void)printf("Term %s to %s%s%s\n", a, b, s->terms[i].name[0] ? ": " : "",
                     s->terms[i].name);
    }
    print_picture(c, s->from_day, s->to_day);
    print_counts(c, tz, s->from_day, s->to_day);
    (void)printf("%s", s->n_spans > 0 ? "\n" : "");
    for (size_t i = 0; i < s->n_spans; i++) {
        print_span(c, &s->spans[i]);
    }
}

/* ---- JSON --------------------------------------------------------------------- */

static void
put_counts(struct bw_jw *w, const struct bw_schoolcal *c, int64_t from, int64_t to)
{
    struct bw_schoolcal_count n;

    bw_schoolcal_count(c, from, to + 1, &n);
    bw_jw_kobj(w, "counts");
    bw_jw_ki64(w, "days", to + 1 - from);
    bw_jw_ki64(w, "with_lessons", n.instructional);
    for (int k = BW_SCHOOLDAY_CLASS; k < BW_SCHOOLDAYS; k++) {
        bw_jw_ki64(w, bw_schoolday_word((enum bw_schoolday)k), n.n[k]);
    }
    bw_jw_ki64(w, "testing", n.testing);
    bw_jw_obj_end(w);
}

static void
put_days(struct bw_jw *w, const struct bw_schoolcal *c, int64_t from, int64_t to)
{
    bw_jw_karr(w, "days");
    for (int64_t day = from; day <= to; day++) {
        struct bw_schoolcal_day d;
        char date[BW_CIVIL_DATE_LEN + 1];
        bw_schoolcal_day(c, day, &d);
        bw_civil_date(day, date);
        bw_jw_obj(w);
        bw_jw_kstr(w, "date", date);
        bw_jw_kstr(w, "kind", bw_schoolday_word(d.kind));
        if (bw_schoolday_has_class(d.kind)) {
            bw_jw_ki64(w, "begin_min", d.hours.from_min);
            bw_jw_ki64(w, "end_min", d.hours.to_min);
        }
        if (d.testing) {
            bw_jw_kbool(w, "testing", true);
        }
        bw_jw_kstr(w, "name", d.name[0] ? d.name : NULL);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

void calendar_view_json(struct bw_jw *w,
                        const struct bw_schoolcal *c,
                        const struct bw_tz *tz,
                        const struct bw_calendar_kept *kept)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);
    struct bw_buf body;

    bw_buf_init(&body, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(c, &body);
    bw_jw_obj(w);
    if (kept) {
        bw_jw_kstr(w, "about", kept->about);
        bw_jw_kstr(w, "id", kept->id);
        bw_jw_ki64(w, "said_s", kept->said_unix_s);
        bw_jw_kstr(w, "by", kept->by);
    }
    bw_jw_key(w, "calendar");
    bw_jw_raw(w, body.data ? body.data : "{}", body.data ? body.len : 2);
    if (s->from_day != BW_UNKNOWN) {
        put_counts(w, c, s->from_day, s->to_day);
        bw_jw_ki64(w, "class_s", class_seconds(c, tz, s->from_day, s->to_day));
        put_days(w, c, s->from_day, s->to_day);
    }
    bw_jw_obj_end(w);
    bw_buf_done(&body);
}

/* ---- a box's file ------------------------------------------------------------- */

/* Days without lessons and days that end early, as far as the box's class hours do not say
 * it already: weekends are those of its own hours. */
void calendar_view_box(const struct bw_schoolcal *c)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);

    (void)printf("# %s\n", s->name);
    for (int64_t day = s->from_day; s->from_day != BW_UNKNOWN && day <= s->to_day; day++) {
        struct bw_schoolcal_day d;
        char a[BW_CIVIL_DATE_LEN + 1];
        char b[BW_CIVIL_DATE_LEN + 1];
        const struct bw_schoolcal_hours *usual = &s->week[bw_civil_weekday(day)];
        int64_t last = day;
        bw_schoolcal_day(c, day, &d);
        bw_civil_date(day, a);
        if (bw_schoolday_has_class(d.kind)) {
            if (d.hours.to_min < usual->to_min) {
                (void)printf("%s until %02d:%02d", a, d.hours.to_min / 60,
                             d.hours.to_min % 60);
                (void)printf("%s%s\n", d.name[0] ? "  # " : "", d.name);
            }
            continue;
        }
        if (d.kind == BW_SCHOOLDAY_WEEKEND) {
            continue;
        }
        for (struct bw_schoolcal_day e; last < s->to_day; last++) {
            bw_schoolcal_day(c, last + 1, &e);
            if (e.kind != d.kind || strcmp(e.name, d.name) != 0) {
                break;
            }
        }
        bw_civil_date(last, b);
        (void)printf("%s%s%s  # %s\n", a, last > day ? " - " : "", last > day ? b : "",
                     d.name[0] ? d.name : bw_schoolday_word(d.kind));
        day = last;
    }
}
