/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_bars.c - claimed, tested, carried and used as bars.
 *
 * Invariant: each bar's figure, layer and statistic stand beside it; a bar of another layer
 * than the claim's is hatched, since it cannot be held against it by length. */
#include "board.h"
#include "plot.h"

#include <bw/units.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

enum {
    LEFT = 48 * BW_PT,
    RIGHT = 206 * BW_PT,
    ROW = 15 * BW_PT,
    THICK = 9 * BW_PT,
    HEADING = 16 * BW_PT,
    BARS = 4,
    GROUP = HEADING + BARS * ROW + 6 * BW_PT
};

struct bar {
    const char *name;
    enum bw_style style;
    int64_t value;
    enum bw_layer layer;
    const char *statistic;
};

static void tested_bar(const struct bw_report_tested *t, struct bar *ret)
{
    *ret = (struct bar){"Tested", BW_STYLE_DEEP, t->compared_bps.median, t->compared_layer,
                        "median"};
    if (t->compared_bps.n > 0) {
        return;
    }
    if (t->n_line > 0) {
        ret->value = t->line[0].bps.median;
        ret->layer = t->line[0].layer;
    } else {
        const struct bw_dist *d = bw_report_goodput(t);
        ret->value = d ? d->median : BW_UNKNOWN;
        ret->layer = BW_LAYER_GOODPUT;
    }
}

static void bar_rows(const struct bw_report *r, int dir, struct bar bars[BARS])
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    const struct bw_report_used *u = r->n_used ? &r->used[0] : NULL;
    enum bw_layer at = bw_board_claim_layer(r);

    bars[0] = (struct bar){"Claimed", BW_STYLE_CLAIMED, c ? c->bps[dir] : BW_UNKNOWN, at,
                           c ? "" : "no claim on file"};
    tested_bar(&r->tested[dir], &bars[1]);
    bars[2] = (struct bar){"Carried", BW_STYLE_MID, BW_UNKNOWN, BW_LAYER_UNKNOWN,
                           "highest interval"};
    bars[3] = (struct bar){"Used", BW_STYLE_PALE, BW_UNKNOWN, BW_LAYER_UNKNOWN,
                           "P95, class hours"};
    if (!u) {
        return;
    }
    for (int i = 2; i < BARS; i++) {
        /* A period without class hours still has hours. */
        bool class = i == 3 && u->window[BW_WINDOW_CLASS][dir].n > 0;
        const struct bw_report_window *w =
            &u->window[class ? BW_WINDOW_CLASS : BW_WINDOW_ALL][dir];
        bool converted = w->converted_p95_bps != BW_UNKNOWN;
        int64_t plain = i == 2 ? w->peak_bps : w->p95_bps;
        if (i == 3 && !class) {
            bars[3].statistic = "P95, all hours";
        }
        bars[i].value = !converted ? plain
                        : i == 2   ? w->converted_peak_bps
                                   : w->converted_p95_bps;
        bars[i].layer = converted ? at : u->layer;
    }
}

/* "93.4 Mbit/s Ethernet, median" or why there is none. */
static void bar_words(const struct bar *b, char *out, size_t n)
{
    char rate[BW_WORDS_MAX];

    if (b->value == BW_UNKNOWN) {
        (void)snprintf(out, n, "%s",
                       strcmp(b->name, "Claimed") == 0 && b->statistic[0] ? b->statistic
                                                                          : "not measured");
        return;
    }
    bw_words_rate(b->value, rate);
    (void)snprintf(out, n, "%s %s%s%s", rate, bw_words_layer_long(b->layer),
                   b->statistic[0] ? ", " : "", b->statistic);
}

static void one_bar(struct bw_canvas *c,
                    const struct bar *b,
                    enum bw_layer claim_layer,
                    int64_t y,
                    int64_t room,
                    int64_t highest)
{
    char text[256];
    int64_t base = y + THICK - 1800;

    bw_canvas_text(c, LEFT - 6 * BW_PT, base, BW_ROLE_LABEL, BW_ANCHOR_END, b->name);
    if (b->value != BW_UNKNOWN) {
        int64_t w = b->value * room / highest;
        bw_canvas_rect(c, LEFT, y, w > 700 ? w : 700, THICK,
                       claim_layer != BW_LAYER_UNKNOWN && b->layer != claim_layer
                           ? BW_STYLE_OTHER
                           : b->style);
    }
    bar_words(b, text, sizeof(text));
    /* All in one column: no line of the chart runs through them. */
    bw_canvas_text(c, LEFT + room + 8 * BW_PT, base, BW_ROLE_LABEL, BW_ANCHOR_START, text);
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    static const char *const heading[] = {"Download", "Upload"};
    const struct bw_report *r = f->of;
    int64_t room = width_mpt - LEFT - RIGHT;

    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bar bars[BARS];
        int64_t y = (int64_t)d * GROUP;
        int64_t highest = 1;
        bar_rows(r, d, bars);
        for (int i = 0; i < BARS; i++) {
            highest = bars[i].value > highest ? bars[i].value : highest;
        }
        bw_canvas_text(c, 0, y + 10 * BW_PT, BW_ROLE_HEAD, BW_ANCHOR_START, heading[d]);
        for (int i = 0; i < BARS; i++) {
            one_bar(c, &bars[i], bw_board_claim_layer(r), y + HEADING + (int64_t)i * ROW,
                    room, highest);
        }
        if (bars[0].value != BW_UNKNOWN) {
            int64_t x = LEFT + bars[0].value * room / highest;
            bw_canvas_line(c, x, y + HEADING - 2 * BW_PT, x,
                           y + HEADING + INT64_C(3) * ROW + THICK + 2 * BW_PT,
                           BW_STYLE_CLAIM);
        }
    }
}

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    (void)f;
    (void)width_mpt;
    return (int64_t)BW_DIRECTIONS * GROUP;
}

void bw_plot_bars(const struct bw_report *r, struct bw_drawing *ret)
{
    static const char *const heading[] = {"Download", "Upload"};

    *ret = (struct bw_drawing){.id = "bars",
                               .title = "Claimed, tested, carried and used",
                               .height = height,
                               .draw = draw,
                               .of = r};
    bw_board_say(ret, "Bars, download and upload each on a scale of its own.");
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bar bars[BARS];
        bar_rows(r, d, bars);
        bw_board_say(ret, " %s:", heading[d]);
        for (int i = 0; i < BARS; i++) {
            char text[256];
            bar_words(&bars[i], text, sizeof(text));
            bw_board_say(ret, " %s %s%s", bars[i].name, text, i + 1 < BARS ? ";" : ".");
        }
    }
}
