/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_cover.c - time covered by records.
 *
 * Invariant: a little never looks like nothing, nor almost all like all. */
#include "board.h"
#include "plot.h"

#include <stdio.h>
#include <tz.h>
#include <words.h>

enum {
    DAYS_MIN = 4, /* fewer: a strip */
    STRIP_TOP = 4 * BW_PT,
    STRIP_HEIGHT = 22 * BW_PT,
    NAMES = 46 * BW_PT, /* months at the left */
    HEAD = 12 * BW_PT,  /* days above */
    ROW = 12 * BW_PT,
    CELL_H = 10 * BW_PT,
    LEAST = 900,
    DAYS = 31
};

static void draw_strip(const struct bw_report *r, struct bw_canvas *c, int64_t width_mpt)
{
    struct bw_board b = bw_board(r, c, width_mpt);

    b.top = STRIP_TOP;
    b.height = STRIP_HEIGHT;
    bw_canvas_rect(c, b.left, b.top, b.width, b.height, BW_STYLE_MID);
    bw_board_shade(r, &b);
    for (size_t i = 0; i < r->outages.n; i++) {
        int64_t x = bw_board_x(&b, r->outages.list[i].clipped_from_unix_ms);
        int64_t w = bw_board_x(&b, r->outages.list[i].clipped_to_unix_ms) - x;
        bw_canvas_rect(c, x, b.top, w > LEAST ? w : LEAST, b.height / 2, BW_STYLE_OUT);
    }
    bw_board_time_axis(r, &b);
}

static void draw_cell(
    struct bw_canvas *c, const struct bw_report_day *d, int64_t x, int64_t y, int64_t width)
{
    int64_t length = d->to_unix_s - d->from_unix_s;
    int64_t filled = length > 0 ? d->recorded_s * CELL_H / length : 0;
    char date[BW_WORDS_MAX];
    char missing[BW_WORDS_MAX];
    char outage[BW_WORDS_MAX];
    char title[240];

    if (d->recorded_s > 0 && filled < LEAST) {
        filled = LEAST;
    }
    if (d->missing_s > 0 && filled > CELL_H - LEAST) {
        filled = CELL_H - LEAST;
    }
    bw_words_date(d->year, d->month, d->day, d->weekday, date);
    bw_words_length(d->missing_s * 1000, missing);
    bw_words_length(d->outage_ms, outage);
    (void)snprintf(title, sizeof(title), "%s: %s missing, %s%s", date, missing,
                   d->outage_ms == BW_UNKNOWN ? "outages " : outage,
                   d->outage_ms == BW_UNKNOWN ? "not measured" : " out");
    bw_canvas_group(c, title, NULL);
    if (filled < CELL_H) {
        bw_canvas_rect(c, x, y, width, CELL_H - filled, BW_STYLE_GAP);
    }
    if (filled > 0) {
        bw_canvas_rect(c, x, y + CELL_H - filled, width, filled, BW_STYLE_MID);
    }
    if (d->outage_ms > 0) {
        bw_canvas_rect(c, x, y, width, 3 * BW_PT, BW_STYLE_OUT);
    }
    bw_canvas_group_end(c);
}

static int64_t months(const struct bw_report *r)
{
    const struct bw_report_day *first = &r->days[0];
    const struct bw_report_day *last = &r->days[r->n_days - 1];

    return (int64_t)(last->year - first->year) * 12 + last->month - first->month + 1;
}

static void draw_calendar(const struct bw_report *r, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_report_day *first = &r->days[0];
    int64_t step = (width_mpt - NAMES) / DAYS;
    int64_t cell = step - 1200;
    char text[BW_WORDS_MAX];

    for (int d = 1; d <= DAYS; d++) {
        (void)snprintf(text, sizeof(text), "%d", d);
        bw_canvas_text(c, NAMES + (d - 1) * step + cell / 2, 8 * BW_PT, BW_ROLE_SMALL,
                       BW_ANCHOR_MIDDLE, text);
    }
    for (int64_t m = 0; m < months(r); m++) {
        int month = (int)((first->month - 1 + m) % 12) + 1;
        int year = first->year + (int)((first->month - 1 + m) / 12);
        (void)snprintf(text, sizeof(text), "%s %d", bw_words_month(month), year);
        bw_canvas_text(c, NAMES - 5 * BW_PT, HEAD + m * ROW + 7800, BW_ROLE_LABEL,
                       BW_ANCHOR_END, text);
    }
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        int64_t row = (int64_t)(d->year - first->year) * 12 + d->month - first->month;
        draw_cell(c, d, NAMES + (d->day - 1) * step, HEAD + row * ROW, cell);
    }
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_report *r = f->of;

    if (r->n_days < DAYS_MIN) {
        draw_strip(r, c, width_mpt);
    } else {
        draw_calendar(r, c, width_mpt);
    }
}

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    const struct bw_report *r = f->of;
    (void)width_mpt;

    return r->n_days < DAYS_MIN ? STRIP_TOP + STRIP_HEIGHT + BW_BOARD_BOTTOM
                                : HEAD + months(r) * ROW;
}

void bw_plot_coverage(const struct bw_report *r, struct bw_drawing *ret)
{
    bool strip = r->n_days < DAYS_MIN;
    char length[BW_WORDS_MAX];
    char whole[BW_WORDS_MAX];

    *ret = (struct bw_drawing){.id = "cover", .height = height, .draw = draw, .of = r};
    (void)snprintf(ret->title, sizeof(ret->title), "Time covered by records%s",
                   strip ? "" : ", one cell a day");
    bw_board_say(ret, "%s",
                 strip ? "A strip from the period's start to its end: filled where records "
                         "cover the time, hatched where none does, marked above where the "
                         "line was out."
                       : "A row a month. A cell is filled as far as records cover the day "
                         "and hatched for the rest; a dark bar on top means the line was "
                         "out at some time.");
    bw_words_length(r->coverage.recorded_s * 1000, length);
    bw_words_length(r->coverage.elapsed_s * 1000, whole);
    bw_board_say(ret, " Records cover %s of %s.", length, whole);
}
