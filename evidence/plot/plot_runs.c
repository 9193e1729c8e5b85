/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot_runs.c - every throughput run as a dot over the claim.
 *
 * Invariant: one layer in one chart; a run that failed or was put off has no rate, and
 * stands on the base line as what it is. */
#include "board.h"
#include "plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <words.h>

enum {
    MANY = 300,
    DOT = 3600,
    DOT_MANY = 2200,
    CROSS = 4200,
    STROKE = 3200
};

/* The one layer a chart of runs shows: the claim's, else the counter's, else goodput. */
static int64_t
run_value(const struct bw_report *r, const struct bw_report_run *t, enum bw_layer *layer)
{
    const struct bw_report_tested *x = &r->tested[t->direction];

    if (x->compared_bps.n > 0) {
        *layer = x->compared_layer;
        return t->compared_bps;
    }
    if (x->n_line > 0) {
        *layer = x->line[0].layer;
        return t->line_layer == *layer ? t->line_bps : BW_UNKNOWN;
    }
    *layer = BW_LAYER_GOODPUT;
    return t->goodput_bps;
}

enum kind {
    GOOD,
    APART,
    FAILED,
    PUT_OFF,
    OTHER
};

static enum kind kind_of(const struct bw_report_run *t, int64_t value)
{
    if (t->state == BW_TEST_OK) {
        return value == BW_UNKNOWN ? OTHER : t->apart != BW_APART_NOT ? APART : GOOD;
    }
    return t->state == BW_TEST_FAILED     ? FAILED
           : t->state == BW_TEST_DEFERRED ? PUT_OFF
                                          : OTHER;
}

/* All runs of a kind in one set of marks. */
static void marks(const struct bw_report *r,
                  const struct bw_board *b,
                  int dir,
                  enum kind kind,
                  struct bw_point *room)
{
    size_t n = 0;
    enum bw_layer layer;

    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        int64_t v = run_value(r, t, &layer);
        int64_t y = b->top + b->height;
        if (t->direction != (enum bw_direction)dir || kind_of(t, v) != kind) {
            continue;
        }
        y = kind == FAILED ? y - CROSS : kind == PUT_OFF ? y : bw_board_y(b, v);
        room[n++] = (struct bw_point){bw_board_x(b, t->at_unix_ms), y};
    }
    switch (kind) {
    case GOOD:
        bw_canvas_marks(b->canvas, room, n, BW_MARK_DOT, n > MANY ? DOT_MANY : DOT,
                        BW_STYLE_DEEP);
        break;
    case APART:
        bw_canvas_marks(b->canvas, room, n, BW_MARK_RING, DOT, BW_STYLE_OPEN);
        break;
    case FAILED:
        bw_canvas_marks(b->canvas, room, n, BW_MARK_CROSS, CROSS, BW_STYLE_FAILED);
        break;
    case PUT_OFF:
        bw_canvas_marks(b->canvas, room, n, BW_MARK_TICK, STROKE, BW_STYLE_PUT_OFF);
        break;
    case OTHER:
        break;
    }
}

static enum bw_layer shown(const struct bw_report *r, int dir, int64_t *ret_highest)
{
    enum bw_layer layer = BW_LAYER_GOODPUT;
    int64_t highest = 0;
    int64_t claim;

    for (size_t i = 0; i < r->n_runs; i++) {
        if (r->runs[i].direction == (enum bw_direction)dir) {
            int64_t v = run_value(r, &r->runs[i], &layer);
            highest = v > highest ? v : highest;
        }
    }
    claim = bw_board_highest_claim(r, dir, layer);
    *ret_highest = claim > highest ? claim : highest;
    return layer;
}

static long long count(const struct bw_report *r, int dir, enum kind kind)
{
    enum bw_layer layer;
    long long n = 0;

    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        n += t->direction == (enum bw_direction)dir &&
             kind_of(t, run_value(r, t, &layer)) == kind;
    }
    return n;
}

static void draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_report *r = f->of;
    struct bw_point *room = calloc(r->n_runs + 1, sizeof(*room));
    struct bw_board b = bw_board(r, c, width_mpt);
    struct bw_labels labels = {0};
    int64_t highest;
    enum bw_layer layer = shown(r, f->which, &highest);
    char what[120];

    bw_board_scale(&b, highest, 1000);
    bw_board_shade(r, &b);
    (void)snprintf(what, sizeof(what), "%s; a dot a run: %s", bw_words_layer_long(layer),
                   layer == BW_LAYER_GOODPUT ? "its payload"
                                             : "the line, test and users together");
    bw_board_rate_axis(&b, what);
    bw_board_claims(r, &b, f->which, layer, true, &labels);
    if (room) {
        marks(r, &b, f->which, PUT_OFF, room);
        marks(r, &b, f->which, FAILED, room);
        marks(r, &b, f->which, APART, room);
        marks(r, &b, f->which, GOOD, room);
    } else {
        bw_canvas_text(c, b.left, b.top + b.height / 2, BW_ROLE_LABEL, BW_ANCHOR_START,
                       "not drawn: out of memory");
    }
    bw_board_time_axis(r, &b);
    bw_labels_draw(&labels, &b);
    free(room);
}

void bw_plot_runs(const struct bw_report *r, int direction, struct bw_drawing *ret)
{
    static const char *const titles[] = {"Download tests", "Upload tests"};
    static const char *const ids[] = {"runs-down", "runs-up"};
    const struct bw_report_tested *t = &r->tested[direction];
    const struct bw_dist *d = t->compared_bps.n > 0 ? &t->compared_bps
                              : t->n_line > 0       ? &t->line[0].bps
                                                    : bw_report_goodput(t);
    int64_t highest;
    enum bw_layer layer = shown(r, direction, &highest);
    char a[BW_WORDS_MAX];
    char z[BW_WORDS_MAX];
    char m[BW_WORDS_MAX];

    *ret = (struct bw_drawing){
        .height = bw_board_figure_height, .draw = draw, .of = r, .which = direction};
    (void)snprintf(ret->id, sizeof(ret->id), "%s", ids[direction]);
    (void)snprintf(ret->title, sizeof(ret->title), "%s", titles[direction]);
    bw_board_say(ret,
                 "One dot a good run at its time and rate (%s), %lld in all; crosses at "
                 "the bottom are failed runs (%lld), short strokes deferred ones (%lld)",
                 bw_words_layer_long(layer), count(r, direction, GOOD),
                 count(r, direction, FAILED), count(r, direction, PUT_OFF));
    if (count(r, direction, APART) > 0) {
        bw_board_say(ret, ", rings runs set apart (%lld)", count(r, direction, APART));
    }
    bw_board_say(ret, ".");
    if (d && d->n > 0) {
        bw_words_rate(d->min, a);
        bw_words_rate(d->median, m);
        bw_words_rate(d->max, z);
        bw_board_say(ret, " Lowest %s, median %s, highest %s.", a, m, z);
    }
    bw_board_say_claim(r, direction, layer, ret);
    if (bw_board_highest_claim(r, direction, layer) > 0) {
        bw_board_say(ret, " A dotted line is 80 percent of it.");
    }
    bw_board_say_missing(r, ret);
}
