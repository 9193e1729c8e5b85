/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_class.c - which days and hours counted as class, and which did not, by name. */
#include "pages_private.h"

#include <stdio.h>
#include <words.h>

static const char *const kinds[BW_SCHOOLDAYS] = {
    [BW_SCHOOLDAY_UNKNOWN] = "not known: no calendar speaks of them",
    [BW_SCHOOLDAY_CLASS] = "lessons",
    [BW_SCHOOLDAY_EARLY] = "lessons, ended early",
    [BW_SCHOOLDAY_LATE] = "lessons, began late",
    [BW_SCHOOLDAY_HOLIDAY] = "holiday",
    [BW_SCHOOLDAY_SNOW] = "closed for weather or an emergency",
    [BW_SCHOOLDAY_CLOSED] = "no lessons for another reason",
    [BW_SCHOOLDAY_WEEKEND] = "weekday without class hours",
    [BW_SCHOOLDAY_BREAK] = "outside of terms"};

void bw_sheet_class_words(const struct bw_report *r, char *out, size_t n)
{
    if (r->class_time.by_calendar) {
        (void)snprintf(out, n, "by the school's calendar: %lld %s with lessons",
                       (long long)r->class_time.n_lessons,
                       r->class_time.n_lessons == 1 ? "day" : "days");
    } else {
        (void)snprintf(out, n, "%02d:%02d to %02d:%02d%s", r->class_hours.from_min / 60,
                       r->class_hours.from_min % 60, r->class_hours.to_min / 60,
                       r->class_hours.to_min % 60,
                       r->class_hours.weekdays == bw_report_class_hours_default.weekdays
                           ? ", Monday to Friday"
                           : "");
    }
}

static void counts_table(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Kind of day", "Days"};

    bw_sheet_table(d, "class-kinds", BW_TABLE_PLAIN, names, 2, 1);
    for (int k = BW_SCHOOLDAY_CLASS; k <= BW_SCHOOLDAYS; k++) {
        int kind = k % BW_SCHOOLDAYS; /* what is not known comes last */
        if (r->class_time.n_days[kind] > 0) {
            bw_doc_row(d);
            bw_doc_put(d, kinds[kind]);
            bw_sheet_count(d, r->class_time.n_days[kind]);
        }
    }
    if (r->class_time.n_testing > 0) {
        bw_doc_row(d);
        bw_doc_put(d, "of testing, among those with lessons");
        bw_sheet_count(d, r->class_time.n_testing);
    }
}

/* Is the day other than its weekday and term say? */
static bool is_special(const struct bw_report_day *x)
{
    return x->testing || x->kind_name[0] || x->kind == BW_SCHOOLDAY_UNKNOWN ||
           (x->kind != BW_SCHOOLDAY_CLASS && x->kind != BW_SCHOOLDAY_WEEKEND &&
            x->kind != BW_SCHOOLDAY_BREAK);
}

static void special_days(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Day", "What it was", "Class hours", "Name"};
    size_t n = 0;
    size_t shown = 0;

    for (size_t i = 0; i < r->n_days; i++) {
        n += is_special(&r->days[i]);
    }
    if (n == 0) {
        return;
    }
    bw_sheet_table(d, "class-days", BW_TABLE_PLAIN, names, 4, 4);
    bw_doc_text(d, "Days that were not as their weekday is");
    for (size_t i = 0; i < r->n_days && shown < BW_PAGE_ROWS_MAX; i++) {
        const struct bw_report_day *x = &r->days[i];
        char text[BW_WORDS_MAX];
        if (!is_special(x)) {
            continue;
        }
        bw_words_date(x->year, x->month, x->day, x->weekday, text);
        bw_doc_row(d);
        bw_doc_put(d, text);
        (void)snprintf(text, sizeof(text), "%s%s", kinds[x->kind],
                       x->testing ? ", testing" : "");
        bw_doc_put(d, text);
        (void)snprintf(text, sizeof(text), "%02d:%02d to %02d:%02d",
                       x->class_hours.from_min / 60, x->class_hours.from_min % 60,
                       x->class_hours.to_min / 60, x->class_hours.to_min % 60);
        bw_doc_put(d, x->class_hours.from_min < x->class_hours.to_min ? text : "–");
        bw_doc_put(d, x->kind_name[0] ? x->kind_name : "–");
        shown++;
    }
    bw_sheet_left_out(d, shown, n);
}

static void calendars(struct bw_doc *d, const struct bw_report *r)
{
    bw_doc_list(d, false);
    for (size_t i = 0; i < r->n_calendars; i++) {
        const struct bw_report_calendar *c = &r->calendars[i];
        bw_doc_item(d);
        bw_doc_span(d, BW_SPAN_STRONG, bw_schoolcal_spec(c->cal)->name);
        bw_doc_printf(d, BW_SPAN_PLAIN, ", %s", c->origin);
        if (c->first_day[0] || c->last_day[0]) {
            bw_doc_printf(d, BW_SPAN_PLAIN, "; asked%s%s%s%s, for the site moved",
                          c->first_day[0] ? " from " : "", c->first_day,
                          c->last_day[0] ? " to " : "", c->last_day);
        }
    }
}

void bw_sheet_class(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_class *c = &r->class_time;
    char words[BW_WORDS_MAX];

    bw_sheet_head(d, "class", "Which days counted as school days",
                  c->by_calendar ? BW_METHOD_CLASS_CALENDAR : BW_METHOD_CLASS_HOURS);
    if (!c->by_calendar) {
        bw_sheet_class_words(r, words, sizeof(words));
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "No school calendar was given. Class hours are %s, by the clock "
                      "alone: holidays and snow days count like any other day.",
                      words);
        bw_doc_end(d);
        return;
    }
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_words_count(c->class_s / 3600, words);
    bw_doc_printf(
        d, BW_SPAN_PLAIN,
        "Class hours are those of the school's calendar, %s hours and %lld minutes "
        "in the part of the period that has passed.",
        words, (long long)(c->class_s % 3600 / 60));
    if (c->unknown_s > 0) {
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            " Of %lld of its days no calendar speaks: their %lld intervals are in "
            "no figure of class hours.",
            (long long)c->n_days[BW_SCHOOLDAY_UNKNOWN], (long long)c->n_intervals_unknown);
    }
    calendars(d, r);
    counts_table(d, r);
    special_days(d, r);
    bw_doc_end(d);
}
