/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_use.c - use over time, by days or by intervals.
 *
 * Invariant: one chart holds rates of one layer; a claim of another layer is converted or
 * not drawn; nothing is drawn where nothing was counted. */
#include "board.h"
#include "plot.h"

#include <stdio.h>
#include <words.h>

enum {
    COLUMNS_MAX = 800,
    DAYS_MIN = 4 /* fewer: by intervals */
};

static int64_t period_p95(const struct bw_report *r, int dir, bool *ret_class)
{
    const struct bw_report_used *u = &r->used[0];

    *ret_class = u->window[BW_WINDOW_CLASS][dir].p95_bps != BW_UNKNOWN;
    return u->window[*ret_class ? BW_WINDOW_CLASS : BW_WINDOW_ALL][dir].p95_bps;
}

static void by_days(const struct bw_report *r, const struct bw_board *b, int dir)
{
    int64_t base = b->top + b->height;

    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        int64_t x = bw_board_x(b, d->from_unix_s * 1000);
        int64_t w = bw_board_x(b, d->to_unix_s * 1000) - x;
        int64_t pad = w > 3 * BW_PT ? w / 8 : 0;
        bool class_day = d->class_p95_bps[dir] != BW_UNKNOWN;
        int64_t p95 = class_day ? d->class_p95_bps[dir] : d->p95_bps[dir];
        int64_t y;
        if (d->peak_bps[dir] == BW_UNKNOWN || w <= 0) {
            continue;
        }
        w = w - 2 * pad > 300 ? w - 2 * pad : 300;
        y = bw_board_y(b, d->peak_bps[dir]);
        bw_canvas_rect(b->canvas, x + pad, y, w, base - y, BW_STYLE_PALE);
        y = bw_board_y(b, p95);
        bw_canvas_rect(b->canvas, x + pad, y, w, base - y,
                       class_day ? BW_STYLE_DEEP : BW_STYLE_MID);
    }
}

static int64_t slice_s(const struct bw_report *r, const struct bw_board *b)
{
    int64_t span = b->to_unix_s - b->from_unix_s;
    int64_t length = (span + COLUMNS_MAX - 1) / COLUMNS_MAX;
    int64_t own = r->counts.interval_s == BW_UNKNOWN ? 1 : r->counts.interval_s;

    return length > own ? (length + own - 1) / own * own : own;
}

static int64_t higher(int64_t a, int64_t b)
{
    return a == BW_UNKNOWN || b > a ? b : a;
}

/* Each column is the highest interval that starts in it. */
static void by_intervals(const struct bw_report *r, const struct bw_board *b, int dir)
{
    int64_t length = slice_s(r, b);
    int64_t base = b->top + b->height;
    size_t i = 0;

    for (int64_t t = b->from_unix_s / length * length; t < b->to_unix_s; t += length) {
        int64_t users = BW_UNKNOWN;
        int64_t with_test = BW_UNKNOWN;
        int64_t from = BW_UNKNOWN;
        int64_t to = BW_UNKNOWN;
        int64_t x;
        int64_t w;
        for (; i < r->n_intervals && r->intervals[i].start_unix_s < t + length; i++) {
            const struct bw_report_interval *v = &r->intervals[i];
            int64_t *which = v->with_test ? &with_test : &users;
            if (v->rate_bps[dir] == BW_UNKNOWN || v->layer != r->used[0].layer) {
                continue;
            }
            *which = higher(*which, v->rate_bps[dir]);
            from = from == BW_UNKNOWN ? v->start_unix_s : from;
            to = v->end_unix_s;
        }
        if (from == BW_UNKNOWN) {
            continue;
        }
        x = bw_board_x(b, from * 1000);
        w = bw_board_x(b, to * 1000) - x;
        w = w > BW_PT ? w - 250 : w > 300 ? w : 300;
        if (with_test != BW_UNKNOWN) {
            int64_t y = bw_board_y(b, with_test);
            bw_canvas_rect(b->canvas, x, y, w, base - y, BW_STYLE_OPEN);
        }
        if (users != BW_UNKNOWN) {
            int64_t y = bw_board_y(b, users);
            bw_canvas_rect(b->canvas, x, y, w, base - y, BW_STYLE_DEEP);
        }
    }
}

static int64_t highest(const struct bw_report *r, int dir, bool days)
{
    int64_t v = bw_board_highest_claim(r, dir, r->used[0].layer);

    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *n = &r->intervals[i];
        if ((!days || !n->with_test) && n->rate_bps[dir] > v) {
            v = n->rate_bps[dir];
        }
    }
    return v;
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_report *r = f->of;
    const struct bw_report_used *u = &r->used[0];
    struct bw_board b = bw_board(r, c, width_mpt);
    struct bw_labels labels = {0};
    bool class;
    bool days = r->n_days >= DAYS_MIN;
    int64_t p95 = period_p95(r, f->which, &class);
    char what[160];
    char rate[BW_WORDS_MAX];
    char text[96];

    b.height = f->flat ? BW_BOARD_FLAT : b.height;
    bw_board_scale(&b, highest(r, f->which, days), 1000);
    bw_board_shade(r, &b);
    (void)snprintf(what, sizeof(what), "%s; %s", bw_words_layer_long(u->layer),
                   days ? "dark: P95 of the day's intervals, light: its highest interval"
                        : "mean of each interval");
    bw_board_rate_axis(&b, what);
    if (days) {
        by_days(r, &b, f->which);
    } else {
        by_intervals(r, &b, f->which);
    }
    bw_board_claims(r, &b, f->which, u->layer, false, &labels);
    if (p95 != BW_UNKNOWN) {
        int64_t y = bw_board_y(&b, p95);
        bw_canvas_line(c, b.left, y, b.left + b.width, y, BW_STYLE_HALO);
        bw_canvas_line(c, b.left, y, b.left + b.width, y, BW_STYLE_P95);
        bw_words_rate(p95, rate);
        (void)snprintf(text, sizeof(text), "P95 %s", rate);
        bw_labels_add(&labels, y, text);
    }
    bw_board_time_axis(r, &b);
    bw_labels_draw(&labels, &b);
}

void bw_plot_use(const struct bw_report *r, int direction, struct bw_drawing *ret)
{
    static const char *const titles[] = {"Download use over time", "Upload use over time"};
    static const char *const ids[] = {"use-down", "use-up"};
    const struct bw_report_window *w = &r->used[0].window[BW_WINDOW_ALL][direction];
    bool class;
    int64_t p95 = period_p95(r, direction, &class);
    char period[80];
    char rate[BW_WORDS_MAX];
    char when[BW_WORDS_MAX];

    *ret = (struct bw_drawing){
        .height = bw_board_figure_height, .draw = draw, .of = r, .which = direction};
    (void)snprintf(ret->id, sizeof(ret->id), "%s", ids[direction]);
    (void)snprintf(ret->title, sizeof(ret->title), "%s", titles[direction]);
    bw_board_period_words(r, period, sizeof(period));
    bw_board_say(ret, "Rates of the line's counter at %s, %s, by %s.",
                 bw_words_layer_long(r->used[0].layer), period,
                 r->n_days >= DAYS_MIN ? "days" : "intervals");
    if (p95 != BW_UNKNOWN) {
        bw_words_rate(p95, rate);
        bw_board_say(ret, " P95 of all %s of the period: %s, a dashed line.",
                     class ? "class hours" : "hours", rate);
    }
    if (w->peak_bps != BW_UNKNOWN) {
        bw_words_rate(w->peak_bps, rate);
        bw_words_local(r->tz, w->peak_unix_s, r->counts.interval_s < 60, when);
        bw_board_say(ret, " Highest interval: %s, %s.", rate, when);
    }
    bw_board_say_claim(r, direction, r->used[0].layer, ret);
    bw_board_say_missing(r, ret);
}
