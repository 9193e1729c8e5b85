/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_class.c - which time counted as class, with the calendars whole, so that
 * anybody can work it out again. */
#include "render_json.h"

#include <buf.h>
#include <json.h>
#include <model.h>
#include <words.h>

static void hours(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_kobj(w, "class_hours");
    bw_jw_karr(w, "weekdays");
    for (int d = 0; d < 7; d++) {
        if (r->class_hours.weekdays >> d & 1u) {
            bw_jw_str(w, bw_words_weekday(d));
        }
    }
    bw_jw_arr_end(w);
    bw_jw_ki64(w, "from_min", r->class_hours.from_min);
    bw_jw_ki64(w, "to_min", r->class_hours.to_min);
    bw_jw_obj_end(w);
}

void bw_json_class_hours(struct bw_jw *w, const struct bw_report *r)
{
    if (!r->class_time.by_calendar) {
        hours(w, r);
    }
}

static void calendar(struct bw_jw *w, const struct bw_report_calendar *c)
{
    struct bw_buf body;

    bw_buf_init(&body, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(c->cal, &body);
    bw_jw_obj(w);
    bw_json_word(w, "about", c->about);
    bw_json_word(w, "id", c->id);
    bw_json_word(w, "origin", c->origin);
    bw_json_word(w, "first_day", c->first_day);
    bw_json_word(w, "last_day", c->last_day);
    if (bw_buf_error(&body) == 0) {
        bw_jw_key(w, "calendar");
        bw_jw_raw(w, body.data, body.len);
    }
    bw_jw_obj_end(w);
    bw_buf_done(&body);
}

void bw_json_class_time(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_report_class *c = &r->class_time;

    bw_jw_kobj(w, "class_time");
    bw_jw_kstr(w, "method",
               c->by_calendar ? BW_METHOD_CLASS_CALENDAR : BW_METHOD_CLASS_HOURS);
    if (c->by_calendar) {
        bw_jw_karr(w, "calendars");
        for (size_t i = 0; i < r->n_calendars; i++) {
            calendar(w, &r->calendars[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_kobj(w, "days");
    for (int k = BW_SCHOOLDAY_UNKNOWN; k < BW_SCHOOLDAYS; k++) {
        bw_jw_ki64(w, bw_schoolday_word((enum bw_schoolday)k), c->n_days[k]);
    }
    bw_jw_obj_end(w);
    bw_jw_ki64(w, "with_lessons", c->n_lessons);
    bw_jw_ki64(w, "testing", c->n_testing);
    bw_jw_ki64(w, "class_s", c->class_s);
    bw_jw_ki64(w, "outside_s", c->outside_s);
    bw_jw_ki64(w, "unknown_s", c->unknown_s);
    bw_jw_ki64(w, "intervals_unknown", c->n_intervals_unknown);
    bw_jw_obj_end(w);
}

/* How much of the day is known, and how long the line was full. */
static void bins(struct bw_jw *w, const struct bw_report_day *d)
{
    static const char *const windows[BW_WINDOWS] = {
        [BW_WINDOW_ALL] = "all_hours", [BW_WINDOW_CLASS] = "class_hours"};

    bw_jw_kobj(w, "bins");
    for (int i = 0; i < BW_WINDOWS; i++) {
        bw_jw_kobj(w, windows[i]);
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_report_bins *b = &d->bins[i][way];
            bw_jw_kobj(w, bw_words_direction(way));
            bw_jw_ki64(w, "expected", b->expected);
            bw_jw_ki64(w, "known", b->known);
            bw_jw_ki64(w, "full_s", b->full_s);
            bw_jw_ki64(w, "full_of_s", b->full_of_s);
            bw_jw_obj_end(w);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_obj_end(w);
}

void bw_json_class_day(struct bw_jw *w, const struct bw_report_day *d)
{
    bw_jw_kstr(w, "kind", bw_schoolday_word(d->kind));
    bw_json_word(w, "name", d->kind_name);
    if (d->testing) {
        bw_jw_kbool(w, "testing", true);
    }
    bw_jw_ki64(w, "class_s", d->kind == BW_SCHOOLDAY_UNKNOWN ? BW_UNKNOWN : d->class_s);
    bins(w, d);
}
