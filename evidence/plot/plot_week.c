/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_week.c - use by hour of the week as 168 cells.
 *
 * Invariant: an hour without a figure is hatched and never light; the scale below the cells
 * says what each shade means. */
#include "board.h"
#include "plot.h"
#include "week.h"

#include <stdio.h>
#include <words.h>

enum {
    NAMES = 30 * BW_PT,
    TOP = 24 * BW_PT,
    ROW = 15 * BW_PT,
    GAP = BW_PT,
    SCALE_ROOM = 26 * BW_PT,
    SWATCH = 42 * BW_PT
};

static const char *const ways[] = {"Download", "Upload"};

/* The whole of the scale: the claim, else the highest cell. */
static int64_t whole(const struct bw_week *w, bool *ret_claim)
{
    const struct bw_report *r = w->report;
    const struct bw_report_claim *c = bw_report_claim_last(r);
    int64_t claim = c && r->n_used > 0
                        ? bw_board_claim_at(r, c, w->direction, r->used[0].layer)
                        : BW_UNKNOWN;

    *ret_claim = claim != BW_UNKNOWN && claim > 0;
    return *ret_claim ? claim : w->highest_bps > 0 ? w->highest_bps : 1;
}

/* Steps of a seventh; the last holds all from six sevenths on, more than the whole too. */
static enum bw_style shade(int64_t value, int64_t of)
{
    int64_t step = value * BW_HEAT_STEPS / of;

    step = step < 0 ? 0 : step >= BW_HEAT_STEPS ? BW_HEAT_STEPS - 1 : step;
    return (enum bw_style)(BW_STYLE_HEAT_0 + step);
}

/* Steps in the unit that the scale's end is told in (bw_words_rate()). */
static void scale(struct bw_canvas *c, int64_t y, int64_t of)
{
    int64_t unit = of >= 1000000000 ? 1000000000 : of >= 1000000 ? 1000000 : 1000;
    int64_t parts = of < 10 * unit ? 100 : of < 100 * unit ? 10 : 1;
    char text[BW_WORDS_MAX];

    for (int i = 0; i < BW_HEAT_STEPS; i++) {
        int64_t x = NAMES + i * SWATCH;
        bw_canvas_rect(c, x, y, SWATCH, 7 * BW_PT, (enum bw_style)(BW_STYLE_HEAT_0 + i));
        int64_t v = (of / BW_HEAT_STEPS * i * parts + unit / 2) / unit;
        if (i == 0 || parts == 1) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)v);
        } else {
            (void)snprintf(text, sizeof(text), "%lld.%0*lld", (long long)(v / parts),
                           parts == 100 ? 2 : 1, (long long)(v % parts));
        }
        bw_canvas_text(c, x, y + 15 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START, text);
    }
    bw_words_rate(of, text);
    bw_canvas_text(c, NAMES + BW_HEAT_STEPS * SWATCH, y + 15 * BW_PT, BW_ROLE_SMALL,
                   BW_ANCHOR_START, text);
    bw_canvas_rect(c, NAMES + (BW_HEAT_STEPS + 2) * SWATCH, y, 14 * BW_PT, 7 * BW_PT,
                   BW_STYLE_GAP);
    bw_canvas_text(c, NAMES + (BW_HEAT_STEPS + 2) * SWATCH + 18 * BW_PT, y + 6 * BW_PT,
                   BW_ROLE_SMALL, BW_ANCHOR_START, "not measured");
}

static void cell(struct bw_canvas *c,
                 const struct bw_week *w,
                 int day,
                 int hour,
                 int64_t of,
                 int64_t x,
                 int64_t y,
                 int64_t width)
{
    int64_t n = w->n[day][hour];
    char rate[BW_WORDS_MAX];
    char count[BW_WORDS_MAX];
    char title[200];

    bw_words_rate(w->p95_bps[day][hour], rate);
    bw_words_counted(n, "interval", "intervals", count);
    (void)snprintf(title, sizeof(title), "%s %02d:00 to %02d:00: %s%s%s",
                   bw_words_weekday(day), hour, hour + 1, rate, n > 0 ? ", P95 of " : "",
                   n > 0 ? count : "");
    bw_canvas_group(c, title, NULL);
    bw_canvas_rect(c, x, y, width, ROW - GAP,
                   n > 0 ? shade(w->p95_bps[day][hour], of) : BW_STYLE_GAP);
    bw_canvas_group_end(c);
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_week *w = f->of;
    int64_t step = (width_mpt - NAMES) / BW_WEEK_HOURS;
    bool claim;
    int64_t of = whole(w, &claim);
    char text[120];

    (void)snprintf(text, sizeof(text), "%s, %s; P95 of the intervals of each hour%s",
                   ways[w->direction],
                   w->report->n_used > 0 ? bw_words_layer_long(w->report->used[0].layer)
                                         : "no layer",
                   claim ? "; the scale ends at the claim" : "");
    bw_canvas_text(c, 0, 8 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START, text);
    for (int h = 0; h < BW_WEEK_HOURS; h += 2) {
        (void)snprintf(text, sizeof(text), "%02d:00", h);
        bw_canvas_text(c, NAMES + h * step, TOP - 3 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_START,
                       text);
    }
    for (int i = 0; i < BW_WEEK_DAYS; i++) {
        int day = (i + 1) % BW_WEEK_DAYS; /* Monday first */
        int64_t y = TOP + i * ROW;
        bw_canvas_text(c, NAMES - 5 * BW_PT, y + 10 * BW_PT, BW_ROLE_LABEL, BW_ANCHOR_END,
                       bw_words_weekday(day));
        for (int h = 0; h < BW_WEEK_HOURS; h++) {
            cell(c, w, day, h, of, NAMES + h * step, y, step - GAP);
        }
    }
    scale(c, TOP + BW_WEEK_DAYS * ROW + 8 * BW_PT, of);
}

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    (void)f;
    (void)width_mpt;
    return TOP + BW_WEEK_DAYS * ROW + SCALE_ROOM;
}

void bw_plot_week(const struct bw_week *w, struct bw_drawing *ret)
{
    char rate[BW_WORDS_MAX];
    int64_t empty = 0;

    *ret = (struct bw_drawing){.height = height, .draw = draw, .of = w};
    (void)snprintf(ret->id, sizeof(ret->id), "week-%s", bw_words_direction(w->direction));
    (void)snprintf(ret->title, sizeof(ret->title), "%s use by hour of the week",
                   ways[w->direction]);
    bw_board_say(ret, "One cell an hour of the week, Monday to Sunday from above, 00:00 to "
                      "24:00 from the left, local time: the darker, the higher the P95 of "
                      "the hour's intervals.");
    for (int i = 0; i < BW_WEEK_DAYS * BW_WEEK_HOURS; i++) {
        empty += w->n[i / BW_WEEK_HOURS][i % BW_WEEK_HOURS] == 0;
    }
    if (w->highest_bps != BW_UNKNOWN) {
        bw_words_rate(w->highest_bps, rate);
        bw_board_say(ret, " Highest: %s, %s %02d:00 to %02d:00.", rate,
                     bw_words_weekday(w->highest_day), w->highest_hour,
                     w->highest_hour + 1);
    }
    if (empty > 0) {
        bw_board_say(ret, " %lld of the 168 hours were not measured and are hatched.",
                     (long long)empty);
    }
}
