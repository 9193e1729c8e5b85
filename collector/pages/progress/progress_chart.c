/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress_chart.c - a goal's months as bars: members that meet it, that do not, and of
 * whom it is not known, of all; with the line that is to be reached. */
#include "progress_parts.h"

enum {
    LEFT = 34,
    TOP = 10,
    HIGH = 160,
    STEP = 54,
    WIDE = 40,
    WIDTH = LEFT + BW_GOALS_POINTS * STEP + 8,
    HEIGHT = TOP + HIGH + 44
};

void bw_progress_month(struct bw_buf *b, int32_t month)
{
    bw_buf_printf(b, "%04d-%02d", month / 12, month % 12 + 1);
}

static void
bar(struct bw_buf *b, const char *css, size_t at, int64_t from, int64_t to, int64_t all)
{
    int64_t top = TOP + HIGH - to * HIGH / all;
    int64_t low = TOP + HIGH - from * HIGH / all;

    if (to > from) {
        bw_buf_printf(b,
                      "<rect class=\"%s\" x=\"%d\" y=\"%lld\" width=\"%d\" height=\"%lld\">"
                      "</rect>",
                      css, (int)(LEFT + (int)at * STEP + (STEP - WIDE) / 2), (long long)top,
                      WIDE, (long long)(low - top));
    }
}

static void point(struct bw_buf *b, const struct bw_goals_progress *p, size_t at)
{
    const struct bw_goals_point *x = &p->points[at];
    int64_t n = (int64_t)p->n;
    int middle = LEFT + (int)at * STEP + STEP / 2;

    bar(b, "b0", at, 0, x->n_meet, n);
    bar(b, "b3", at, x->n_meet, x->n_known, n);
    bar(b, "b5", at, x->n_known, n, n);
    bw_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", middle,
                  TOP + HIGH + 16);
    if (at == BW_GOALS_NOW) {
        bw_buf_puts(b, "28 days");
    } else {
        bw_progress_month(b, x->month);
    }
    bw_buf_printf(b, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", middle,
                  TOP + HIGH + 32);
    if (x->n_known > 0) {
        bw_buf_i64(b, x->n_meet);
    } else {
        bw_buf_puts(b, "–");
    }
    bw_buf_puts(b, "</text>");
}

void bw_progress_chart(struct bw_buf *b, const struct bw_goals_progress *p)
{
    int64_t wanted = TOP + HIGH - p->n_wanted * HIGH / (int64_t)p->n;

    bw_buf_printf(b,
                  "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                  "aria-label=\"Picture of the months\"><svg class=\"chart\" "
                  "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-label=\"Members by month: meeting the goal, not meeting it, not "
                  "known. The table below has the numbers.\">",
                  WIDTH, HEIGHT, WIDTH, HEIGHT);
    for (size_t i = 0; i < BW_GOALS_POINTS; i++) {
        if (i == BW_GOALS_NOW || p->points[i].month >= 0) {
            point(b, p, i);
        }
    }
    bw_buf_printf(b,
                  "<path class=\"wanted\" d=\"M%d %lldH%d\"></path><text x=\"%d\" "
                  "y=\"%lld\" text-anchor=\"end\">%lld</text>",
                  LEFT, (long long)wanted, WIDTH - 8, LEFT - 4, (long long)wanted + 4,
                  (long long)p->n_wanted);
    bw_buf_puts(b,
                "</svg></div><figcaption><svg class=\"swatch\" viewBox=\"0 0 10 10\" "
                "aria-hidden=\"true\"><rect class=\"b0\" width=\"10\" height=\"10\"></rect>"
                "</svg> meet it (the number below) &emsp;<svg class=\"swatch\" viewBox=\"0 "
                "0 10 10\" aria-hidden=\"true\"><rect class=\"b3\" width=\"10\" "
                "height=\"10\"></rect></svg> do not &emsp;<svg class=\"swatch\" "
                "viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"b5\" "
                "width=\"10\" height=\"10\"></rect></svg> not known &emsp;– so many are to "
                "meet it</figcaption></figure>");
}
