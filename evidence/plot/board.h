/* SPDX-License-Identifier: GPL-3.0-or-later
 * board.h - what the charts of a report share: where the plot lies, what its axes span,
 * axes, gaps, and labels that keep out of each other's way. Lengths are mpt. Private to
 * this folder. */
#ifndef BW_EVIDENCE_BOARD_H
#define BW_EVIDENCE_BOARD_H

#include <bw/units.h>
#include <canvas.h>
#include <model.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_BOARD_LEFT = 38 * BW_PT,
    BW_BOARD_RIGHT = 78 * BW_PT, /* room for what lines are called */
    BW_BOARD_TOP = 22 * BW_PT,
    BW_BOARD_BOTTOM = 22 * BW_PT, /* ticks, their words, and years */
    BW_BOARD_HEIGHT = 124 * BW_PT,
    BW_BOARD_FLAT = 68 * BW_PT,
    BW_BOARD_LABELS = 8
};

struct bw_board {
    struct bw_canvas *canvas;
    int64_t left;
    int64_t top;
    int64_t width;
    int64_t height;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t top_value;
    int64_t step;
};

/* What the lines that reach the right side are called. */
struct bw_labels {
    size_t n;
    struct {
        int64_t y;
        char text[48];
    } list[BW_BOARD_LABELS];
};

/* A board over the report's time in a figure of this width. */
struct bw_board
bw_board(const struct bw_report *r, struct bw_canvas *canvas, int64_t width_mpt);
int64_t bw_board_figure_height(const struct bw_drawing *f, int64_t width_mpt);

int64_t bw_board_x(const struct bw_board *b, int64_t unix_ms);
int64_t bw_board_y(const struct bw_board *b, int64_t value);
/* Choose step and top of the value axis: the highest value lies below the top. */
void bw_board_scale(struct bw_board *b, int64_t highest, int64_t least);
/* Lines across and their values in the unit that suits them, named above with `what`. */
void bw_board_rate_axis(const struct bw_board *b, const char *what);
void bw_board_time_axis(const struct bw_report *r, const struct bw_board *b);
/* Missing time hatched, time that has not come yet washed. */
void bw_board_shade(const struct bw_report *r, const struct bw_board *b);
/* The claims of a direction at a layer as lines, with 80 % of them where asked; their
 * names go to labels (where they reach the right side) and else stand on them. */
void bw_board_claims(const struct bw_report *r,
                     const struct bw_board *b,
                     int direction,
                     enum bw_layer layer,
                     bool with_80,
                     struct bw_labels *labels);
void bw_labels_add(struct bw_labels *l, int64_t y, const char *text);
/* Right of the plot, each at its line or as near as the others let it. */
void bw_labels_draw(struct bw_labels *l, const struct bw_board *b);

/* The highest claim of the period at a layer; 0 where there is none. */
int64_t
bw_board_highest_claim(const struct bw_report *r, int direction, enum bw_layer layer);
/* A claim's rate at a layer; unknown when it cannot be converted. */
int64_t bw_board_claim_at(const struct bw_report *r,
                          const struct bw_report_claim *c,
                          int direction,
                          enum bw_layer layer);
/* The layer of the last claim (IP where it names none); unknown without a claim. */
enum bw_layer bw_board_claim_layer(const struct bw_report *r);

/* Append to the figure's description; what does not fit is left out whole. */
void bw_board_say(struct bw_drawing *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "1 Jul 2026 to 30 Jun 2027" */
void bw_board_period_words(const struct bw_report *r, char *out, size_t n);
/* Sentences on missing time, and on the claim's line. */
void bw_board_say_missing(const struct bw_report *r, struct bw_drawing *f);
void bw_board_say_claim(const struct bw_report *r,
                        int direction,
                        enum bw_layer layer,
                        struct bw_drawing *f);

#endif
