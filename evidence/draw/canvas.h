/* SPDX-License-Identifier: GPL-3.0-or-later
 * canvas.h - what charts draw on: lines, rectangles, areas, marks, text, links and groups,
 * by meaning and not by colour; a back end (svg.h, or a page of a PDF) decides how they
 * look.
 *
 * Invariant: lengths are integers in thousandths of a point (mpt), y grows downwards, and
 * nothing here depends on a machine, a font or a clock: the same calls give the same bytes.
 * A chart lays its text out by bw_canvas_text_mpt() alone, so that it is the same in every
 * back end. No style is told apart by colour only: each differs in lightness, dash or
 * hatching as well, and survives a grey printer. */
#ifndef BW_EVIDENCE_CANVAS_H
#define BW_EVIDENCE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_PT INT64_C(1000) /* mpt a point */
#define BW_DRAWING_WIDTH                                                                   \
    (520 * BW_PT) /* what documents lay figures out for: text of Letter */

/* What a line or a face means. Back ends hold one table by these. */
enum bw_style {
    BW_STYLE_AXIS,     /* line: axis, tick */
    BW_STYLE_GRID,     /* line: value of a tick across the plot */
    BW_STYLE_CLAIM,    /* line: what was filed or contracted; solid */
    BW_STYLE_CLAIM_80, /* line: a share of it; dotted */
    BW_STYLE_P95,      /* line: a P95 of the period; dashed */
    BW_STYLE_FORECAST, /* line: what the forecast says; dash and dot */
    BW_STYLE_HALO,     /* line: white and wide, under another one */
    BW_STYLE_SERIES,   /* line: measured values over time */
    BW_STYLE_SERIES_2, /* line: a second series, thinner and dashed */
    BW_STYLE_FAILED,   /* line: strokes of failed runs */
    BW_STYLE_PUT_OFF,  /* line: strokes of deferred runs */
    BW_STYLE_DEEP,     /* face: the main measured thing */
    BW_STYLE_MID,      /* face: a second one */
    BW_STYLE_PALE,     /* face: a third one, with an edge */
    BW_STYLE_OPEN,     /* face: white with an edge */
    BW_STYLE_CLAIMED,  /* face: white with the claim's edge */
    BW_STYLE_OUT,      /* face: outage */
    BW_STYLE_GAP,      /* face: no record; hatched */
    BW_STYLE_OTHER,    /* face: another layer than its neighbours; hatched the other way */
    BW_STYLE_LATER,    /* face: has not come yet */
    BW_STYLE_BAND,     /* face: a range of a forecast */
    BW_STYLE_HEAT_0,   /* faces: seven steps of a scale, light to dark */
    BW_STYLE_HEAT_1,
    BW_STYLE_HEAT_2,
    BW_STYLE_HEAT_3,
    BW_STYLE_HEAT_4,
    BW_STYLE_HEAT_5,
    BW_STYLE_HEAT_6,
    BW_STYLES
};

enum {
    BW_HEAT_STEPS = BW_STYLE_HEAT_6 - BW_STYLE_HEAT_0 + 1
};

/* A text's part in the chart: its size, weight and colour. */
enum bw_role {
    BW_ROLE_LABEL, /* 8 pt */
    BW_ROLE_SMALL, /* 7 pt, softer */
    BW_ROLE_VALUE, /* 8 pt bold */
    BW_ROLE_HEAD,  /* 9 pt bold */
    BW_ROLE_LIGHT, /* 7 pt, white, on a dark face */
    BW_ROLES
};

enum bw_anchor {
    BW_ANCHOR_START, /* x is where the text begins */
    BW_ANCHOR_MIDDLE,
    BW_ANCHOR_END
};

/* Many equal marks drawn at once. */
enum bw_mark {
    BW_MARK_DOT,   /* a disc */
    BW_MARK_RING,  /* a circle */
    BW_MARK_CROSS, /* two strokes */
    BW_MARK_TICK   /* a stroke upwards from the point */
};

struct bw_point {
    int64_t x;
    int64_t y;
};

struct bw_canvas;

/* A back end. Calls between group() and group_end(), link() and link_end() nest. Nothing
 * fails here: a back end keeps its first error and tells it at its own end. */
struct bw_canvas_ops {
    void (*line)(struct bw_canvas *c,
                 struct bw_point a,
                 struct bw_point b,
                 enum bw_style style);
    void (*rect)(struct bw_canvas *c,
                 struct bw_point corner,
                 int64_t width,
                 int64_t height,
                 enum bw_style style);
    /* n >= 2 points joined by lines */
    void (*polyline)(struct bw_canvas *c,
                     const struct bw_point *points,
                     size_t n,
                     enum bw_style style);
    /* n >= 3 points, closed and filled */
    void (*area)(struct bw_canvas *c,
                 const struct bw_point *points,
                 size_t n,
                 enum bw_style style);
    /* n marks; size is a dot's or ring's diameter, a cross's side, a tick's length */
    void (*marks)(struct bw_canvas *c,
                  const struct bw_point *points,
                  size_t n,
                  enum bw_mark mark,
                  int64_t size,
                  enum bw_style style);
    /* UTF-8 on the base line at */
    void (*text)(struct bw_canvas *c,
                 struct bw_point at,
                 enum bw_role role,
                 enum bw_anchor anchor,
                 const char *text);
    void (*link)(struct bw_canvas *c, const char *uri);
    void (*link_end)(struct bw_canvas *c);
    /* A part of the chart in words; description may be NULL. */
    void (*group)(struct bw_canvas *c, const char *title, const char *description);
    void (*group_end)(struct bw_canvas *c);
};

/* Embedded as the first member of a back end's own struct. */
struct bw_canvas {
    const struct bw_canvas_ops *ops;
};

/* A chart as documents hold it: it draws itself at the width that it is given. `of` is
 * borrowed (a report's model) and outlives the figure. */
struct bw_drawing {
    char id[32]; /* [a-z0-9-], unique within a document */
    char title[120];
    char description[1400]; /* the chart in words, its main figures included */
    /* How high it is, drawn at this width. */
    int64_t (*height)(const struct bw_drawing *f, int64_t width_mpt);
    void (*draw)(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt);
    const void *of;
    int which; /* of several of this kind: a direction, an index */
    bool flat; /* less high than usual, for a page that is short of room */
};

/* Draw it at BW_DRAWING_WIDTH; spec is a struct bw_drawing. */
void bw_drawing_draw(const void *spec, struct bw_canvas *c);
/* Its height at that width. */
int64_t bw_drawing_height(const struct bw_drawing *f);

/* The primitives, in thousandths of a point. */
void bw_canvas_line(struct bw_canvas *c,
                    int64_t x1,
                    int64_t y1,
                    int64_t x2,
                    int64_t y2,
                    enum bw_style style);
void bw_canvas_rect(struct bw_canvas *c,
                    int64_t x,
                    int64_t y,
                    int64_t width,
                    int64_t height,
                    enum bw_style style);
/* Fewer than two points draw nothing, fewer than three no area. */
void bw_canvas_polyline(struct bw_canvas *c,
                        const struct bw_point *points,
                        size_t n,
                        enum bw_style style);
void bw_canvas_area(struct bw_canvas *c,
                    const struct bw_point *points,
                    size_t n,
                    enum bw_style style);
void bw_canvas_marks(struct bw_canvas *c,
                     const struct bw_point *points,
                     size_t n,
                     enum bw_mark mark,
                     int64_t size,
                     enum bw_style style);
void bw_canvas_text(struct bw_canvas *c,
                    int64_t x,
                    int64_t y,
                    enum bw_role role,
                    enum bw_anchor anchor,
                    const char *text);
void bw_canvas_link(struct bw_canvas *c, const char *uri);
void bw_canvas_link_end(struct bw_canvas *c);
void bw_canvas_group(struct bw_canvas *c, const char *title, const char *description);
void bw_canvas_group_end(struct bw_canvas *c);

/* Size of a role's text. */
int64_t bw_canvas_size_mpt(enum bw_role role);
/* How wide a text is at most in the fonts that back ends use (metrics.c). */
int64_t bw_canvas_text_mpt(enum bw_role role, const char *text);

#endif
