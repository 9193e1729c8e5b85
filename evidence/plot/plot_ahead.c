/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_ahead.c - each day's P95, the claim, and where growth leads.
 *
 * Invariant: what was measured is dots, what is forecast a line with its interval; without
 * growth (too short a time) there is no line, and the words say so. */
#include "board.h"
#include "plot.h"

#include <growth.h>
#include <stdio.h>
#include <stdlib.h>
#include <tz.h>
#include <words.h>

enum {
    DOT = 2000,
    STEPS = 60 /* of the band's edges */
};

static int64_t day_unix(const struct bw_report *r, int64_t day)
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    return bw_tz_day_start(r->tz, y, m, d);
}

static int64_t last_day(const struct bw_report *r, const struct bw_growth *g)
{
    struct bw_civil at;

    if (g->state == BW_GROWTH_MADE) {
        return g->ahead_day;
    }
    bw_tz_local(r->tz, r->until_unix_s, &at);
    return bw_civil_days(at.year, at.month, at.day);
}

static int64_t value_of(const struct bw_report_day *d, int way)
{
    return d->class_p95_bps[way] != BW_UNKNOWN ? d->class_p95_bps[way] : BW_UNKNOWN;
}

static void
forecast(const struct bw_report *r, const struct bw_growth *g, const struct bw_board *b)
{
    struct bw_point band[2 * (STEPS + 1)];
    struct bw_point line[STEPS + 1];
    size_t n = 0;
    int64_t v[BW_GROWTH_LINES];

    for (int i = 0; i <= STEPS; i++) {
        int64_t day = g->last_day + (g->ahead_day - g->last_day) * i / STEPS;
        int64_t x = bw_board_x(b, day_unix(r, day) * 1000);
        bw_growth_at(g, day, v);
        if (v[BW_GROWTH_MID] == BW_UNKNOWN) {
            return;
        }
        band[n] = (struct bw_point){x, bw_board_y(b, v[BW_GROWTH_HIGH])};
        band[2 * STEPS + 1 - n] = (struct bw_point){x, bw_board_y(b, v[BW_GROWTH_LOW])};
        line[n++] = (struct bw_point){x, bw_board_y(b, v[BW_GROWTH_MID])};
    }
    bw_canvas_area(b->canvas, band, (size_t)2 * (STEPS + 1), BW_STYLE_BAND);
    bw_canvas_polyline(b->canvas, line, n, BW_STYLE_FORECAST);
    bw_growth_at(g, g->first_day, v);
    if (v[BW_GROWTH_MID] != BW_UNKNOWN) {
        bw_canvas_line(b->canvas, bw_board_x(b, day_unix(r, g->first_day) * 1000),
                       bw_board_y(b, v[BW_GROWTH_MID]), line[0].x, line[0].y,
                       BW_STYLE_FORECAST);
    }
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_ahead *a = f->of;
    const struct bw_report *r = a->report;
    struct bw_board b = bw_board(r, c, width_mpt);
    struct bw_point *dots = calloc(r->n_days + 1, sizeof(*dots));
    struct bw_labels labels = {0};
    int64_t highest = bw_board_highest_claim(r, a->direction, r->used[0].layer);
    int64_t v[BW_GROWTH_LINES];
    size_t n = 0;
    char text[120];

    b.height = f->flat ? BW_BOARD_FLAT : b.height;
    b.to_unix_s = day_unix(r, last_day(r, a->growth));
    b.to_unix_s = b.to_unix_s < r->until_unix_s ? r->until_unix_s : b.to_unix_s;
    for (size_t i = 0; i < r->n_days; i++) {
        int64_t p95 = value_of(&r->days[i], a->direction);
        highest = p95 != BW_UNKNOWN && p95 > highest ? p95 : highest;
    }
    bw_growth_at(a->growth, last_day(r, a->growth), v);
    highest = v[BW_GROWTH_MID] != BW_UNKNOWN && v[BW_GROWTH_MID] > highest
                  ? v[BW_GROWTH_MID]
                  : highest;
    bw_board_scale(&b, highest, 1000);
    bw_board_shade(r, &b);
    (void)snprintf(text, sizeof(text), "%s; a dot a day: P95 of its class hours",
                   bw_words_layer_long(r->used[0].layer));
    bw_board_rate_axis(&b, text);
    if (a->growth->state == BW_GROWTH_MADE) {
        forecast(r, a->growth, &b);
        bw_labels_add(&labels, bw_board_y(&b, v[BW_GROWTH_MID]), "growth, 95 %");
    }
    bw_board_claims(r, &b, a->direction, r->used[0].layer, false, &labels);
    for (size_t i = 0; dots && i < r->n_days; i++) {
        int64_t p95 = value_of(&r->days[i], a->direction);
        if (p95 != BW_UNKNOWN) {
            dots[n++] = (struct bw_point){bw_board_x(&b, r->days[i].from_unix_s * 1000),
                                          bw_board_y(&b, p95)};
        }
    }
    bw_canvas_marks(c, dots, n, BW_MARK_DOT, DOT, BW_STYLE_DEEP);
    bw_board_time_axis(r, &b);
    bw_labels_draw(&labels, &b);
    free(dots);
}

/* "in February 2027" of a day. */
static void month_words(int64_t day, char *out, size_t n)
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    (void)snprintf(out, n, "%s %d", bw_words_month(m), y);
}

void bw_plot_ahead(const struct bw_ahead *a, struct bw_drawing *ret)
{
    static const char *const ways[] = {"Download", "Upload"};
    const struct bw_report *r = a->report;
    const struct bw_growth *g = a->growth;
    int64_t claim = bw_board_highest_claim(r, a->direction, r->used[0].layer);
    char text[3][BW_WORDS_MAX];

    *ret = (struct bw_drawing){.height = bw_board_figure_height, .draw = draw, .of = a};
    (void)snprintf(ret->id, sizeof(ret->id), "ahead-%s", bw_words_direction(a->direction));
    (void)snprintf(ret->title, sizeof(ret->title), "%s: each day's P95 and its growth",
                   ways[a->direction]);
    bw_board_say(ret,
                 "A dot a day: the P95 of its class hours, at %s; days without class hours "
                 "have none.",
                 bw_words_layer_long(r->used[0].layer));
    bw_board_say_claim(r, a->direction, r->used[0].layer, ret);
    if (g->state != BW_GROWTH_MADE) {
        bw_board_say(ret, " The time on record is too short to speak of growth.");
    } else {
        for (int i = 0; i < BW_GROWTH_LINES; i++) {
            bw_words_percent(llabs(g->year_ppm[i]), text[i]);
        }
        if (g->year_ppm[BW_GROWTH_MID] != BW_UNKNOWN) {
            bw_board_say(ret, " Growth in a year: %s%s, 95 %% interval %s%s to %s%s.",
                         g->year_ppm[BW_GROWTH_MID] < 0 ? "-" : "", text[BW_GROWTH_MID],
                         g->year_ppm[BW_GROWTH_LOW] < 0 ? "-" : "", text[BW_GROWTH_LOW],
                         g->year_ppm[BW_GROWTH_HIGH] < 0 ? "-" : "", text[BW_GROWTH_HIGH]);
        }
        if (claim > 0) {
            int64_t at = bw_growth_reaches(g, BW_GROWTH_MID, claim - claim / 4);
            if (at == BW_UNKNOWN) {
                bw_board_say(ret, " It does not reach 75 %% of the claim in the time that "
                                  "can be said.");
            } else {
                month_words(at, text[0], sizeof(text[0]));
                bw_board_say(ret, " It reaches 75 %% of the claim in %s.", text[0]);
            }
        }
    }
    bw_board_say_missing(r, ret);
}
