/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_outage.c - outages as strips of the period, one for each cause on record.
 *
 * Invariant: time in which no outage could have been seen for want of records is hatched,
 * and looks unlike time without one; the shortest outage can be seen. */
#include "board.h"
#include "plot.h"

#include <stdio.h>
#include <string.h>
#include <words.h>

enum {
    ROW = 16 * BW_PT,
    STRIP = 11 * BW_PT,
    TOP = 4 * BW_PT,
    LEFT = 116 * BW_PT,
    RIGHT = 96 * BW_PT,
    LEAST = 1200,
    CAUSES = 6
};

struct cause {
    const char *why;
    int64_t n;
    int64_t total_ms;
    int64_t longest_ms;
};

/* Causes in the order of their first outage; what finds no row is in the last one. */
static size_t causes_of(const struct bw_report *r, struct cause ret[CAUSES])
{
    size_t n = 0;

    for (size_t i = 0; i < r->outages.n; i++) {
        const struct bw_report_outage *o = &r->outages.list[i];
        int64_t length = o->clipped_to_unix_ms - o->clipped_from_unix_ms;
        size_t k = 0;
        while (k < n && strcmp(ret[k].why, o->why) != 0) {
            k++;
        }
        if (k == n && n == CAUSES) {
            k = CAUSES - 1;
            ret[k].why = "other causes";
        } else if (k == n) {
            ret[n++] = (struct cause){.why = o->why};
        }
        ret[k].n++;
        ret[k].total_ms += length;
        ret[k].longest_ms = length > ret[k].longest_ms ? length : ret[k].longest_ms;
    }
    return n;
}

static bool
of_cause(const struct bw_report_outage *o, const struct cause *causes, size_t n, size_t row)
{
    for (size_t k = 0; k < n; k++) {
        if (strcmp(causes[k].why, o->why) == 0) {
            return k == row;
        }
    }
    return row + 1 == n;
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_report *r = f->of;
    struct cause causes[CAUSES] = {{0}};
    size_t n = causes_of(r, causes);
    size_t rows = n > 0 ? n : 1;
    struct bw_board b = bw_board(r, c, width_mpt);
    char length[BW_WORDS_MAX];
    char text[96];

    b.left = LEFT;
    b.width = width_mpt - LEFT - RIGHT;
    for (size_t k = 0; k < rows; k++) {
        b.top = TOP + (int64_t)k * ROW;
        b.height = STRIP;
        bw_canvas_rect(c, b.left, b.top, b.width, b.height, BW_STYLE_BAND);
        bw_board_shade(r, &b);
        (void)snprintf(text, sizeof(text), "%.26s", n > 0 ? causes[k].why : "no outage");
        bw_canvas_text(c, b.left - 5 * BW_PT, b.top + 8 * BW_PT, BW_ROLE_LABEL,
                       BW_ANCHOR_END, text);
        for (size_t i = 0; i < r->outages.n; i++) {
            const struct bw_report_outage *o = &r->outages.list[i];
            int64_t x = bw_board_x(&b, o->clipped_from_unix_ms);
            int64_t w = bw_board_x(&b, o->clipped_to_unix_ms) - x;
            w = w > LEAST ? w : LEAST;
            if (x + w > b.left + b.width) {
                x = b.left + b.width - w;
            }
            if (of_cause(o, causes, n, k)) {
                bw_canvas_rect(c, x, b.top, w, b.height, BW_STYLE_OUT);
            }
        }
        if (n > 0) {
            bw_words_length(causes[k].total_ms, length);
            (void)snprintf(text, sizeof(text), "%lld, %s", (long long)causes[k].n, length);
            bw_canvas_text(c, b.left + b.width + 5 * BW_PT, b.top + 8 * BW_PT,
                           BW_ROLE_LABEL, BW_ANCHOR_START, text);
        }
    }
    b.height += 2 * BW_PT;
    bw_board_time_axis(r, &b);
}

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    const struct bw_report *r = f->of;
    struct cause causes[CAUSES] = {{0}};
    size_t n = causes_of(r, causes);
    (void)width_mpt;

    return TOP + (int64_t)(n > 0 ? n : 1) * ROW + BW_BOARD_BOTTOM;
}

void bw_plot_outages(const struct bw_report *r, struct bw_drawing *ret)
{
    struct cause causes[CAUSES] = {{0}};
    size_t n = causes_of(r, causes);
    char total[BW_WORDS_MAX];
    char longest[BW_WORDS_MAX];
    char count[BW_WORDS_MAX];

    *ret = (struct bw_drawing){.id = "outages-strip",
                               .title = "Outages over the period",
                               .height = height,
                               .draw = draw,
                               .of = r};
    bw_board_say(ret, "A strip of the period for each cause on record, dark where the line "
                      "was out; at its end how often and how long in all.");
    if (r->outages.total_ms == BW_UNKNOWN) {
        bw_board_say(ret, " Nothing could tell an outage, and none is on record.");
    } else if (n == 0) {
        bw_board_say(ret, " No outage was seen.");
    }
    for (size_t k = 0; k < n; k++) {
        bw_words_length(causes[k].total_ms, total);
        bw_words_length(causes[k].longest_ms, longest);
        bw_words_counted(causes[k].n, "outage", "outages", count);
        bw_board_say(ret, " %s: %s, %s in all, the longest %s.", causes[k].why, count,
                     total, longest);
    }
    bw_board_say_missing(r, ret);
}
