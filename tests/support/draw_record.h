/* SPDX-License-Identifier: GPL-3.0-or-later
 * draw_record.h - a canvas that keeps what is drawn, for tests of charts, and the two
 * things that hold of every chart: nothing leaves the figure, no text stands on another. */
#ifndef BW_DRAW_RECORD_H
#define BW_DRAW_RECORD_H

#include "canvas.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DRAWN_MAX = 6000,
    DRAWN_TEXT = 96
};

enum drawn_kind {
    DRAWN_LINE,
    DRAWN_RECT,
    DRAWN_POLYLINE,
    DRAWN_AREA,
    DRAWN_MARKS,
    DRAWN_WORDS
};

struct drawn {
    enum drawn_kind kind;
    int style;         /* or role */
    struct bw_point a; /* corner, start, first point, begin of a text's box */
    struct bw_point b; /* the opposite corner, end, last point */
    size_t n;          /* of points */
    enum bw_mark mark;
    char text[DRAWN_TEXT];
};

struct drawing {
    struct bw_canvas canvas;
    struct drawn *list;
    size_t n;
    int depth; /* open groups and links: 0 at the end */
    int64_t width;
    int64_t height;
};

/* Draw f at the usual width; free with drawing_done(). Fails the test when something lies
 * outside the figure, texts overlap, or the title or description is empty. */
void drawing_of(const struct bw_drawing *f, struct drawing *ret);
void drawing_done(struct drawing *d);
/* The k-th of that kind and style (for texts: role, or -1 for any); NULL when there is
 * none. */
const struct drawn *
drawing_find(const struct drawing *d, enum drawn_kind kind, int style, size_t k);
size_t drawing_count(const struct drawing *d, enum drawn_kind kind, int style);
const struct drawn *drawing_text(const struct drawing *d, const char *text);

#endif
