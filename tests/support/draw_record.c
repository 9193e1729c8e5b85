/* SPDX-License-Identifier: GPL-3.0-or-later
 * draw_record.c - what is drawn, as a list. */
#include "draw_record.h"

#include "bw_test.h"

#include <stdlib.h>
#include <string.h>

static struct drawn *put(struct bw_canvas *c,
                         enum drawn_kind kind,
                         int style,
                         struct bw_point a,
                         struct bw_point b)
{
    struct drawing *d = (struct drawing *)c;
    struct drawn *x = &d->list[d->n++];

    assert_true(d->n <= DRAWN_MAX);
    *x = (struct drawn){.kind = kind, .style = style, .a = a, .b = b, .n = 2};
    return x;
}

static void
keep_line(struct bw_canvas *c, struct bw_point a, struct bw_point b, enum bw_style style)
{
    (void)put(c, DRAWN_LINE, (int)style, a, b);
}

static void keep_rect(struct bw_canvas *c,
                      struct bw_point corner,
                      int64_t width,
                      int64_t height,
                      enum bw_style style)
{
    assert_true(width >= 0 && height >= 0);
    (void)put(c, DRAWN_RECT, (int)style, corner,
              (struct bw_point){corner.x + width, corner.y + height});
}

static void keep_points(struct bw_canvas *c,
                        enum drawn_kind kind,
                        const struct bw_point *points,
                        size_t n,
                        enum bw_style style)
{
    put(c, kind, (int)style, points[0], points[n - 1])->n = n;
}

static void keep_polyline(struct bw_canvas *c,
                          const struct bw_point *points,
                          size_t n,
                          enum bw_style style)
{
    keep_points(c, DRAWN_POLYLINE, points, n, style);
}

static void
keep_area(struct bw_canvas *c, const struct bw_point *points, size_t n, enum bw_style style)
{
    keep_points(c, DRAWN_AREA, points, n, style);
}

static void keep_marks(struct bw_canvas *c,
                       const struct bw_point *points,
                       size_t n,
                       enum bw_mark mark,
                       int64_t size,
                       enum bw_style style)
{
    struct drawn *d;

    assert_true(size > 0);
    d = put(c, DRAWN_MARKS, (int)style, points[0], points[n - 1]);
    d->n = n;
    d->mark = mark;
}

static void keep_text(struct bw_canvas *c,
                      struct bw_point at,
                      enum bw_role role,
                      enum bw_anchor anchor,
                      const char *text)
{
    int64_t w = bw_canvas_text_mpt(role, text);
    int64_t h = bw_canvas_size_mpt(role);
    int64_t x = anchor == BW_ANCHOR_START ? at.x
                : anchor == BW_ANCHOR_END ? at.x - w
                                          : at.x - w / 2;
    struct drawn *d;

    assert_true(text[0] != '\0' && strlen(text) < DRAWN_TEXT);
    /* letters reach three quarters of their size up and a fifth down */
    d = put(c, DRAWN_WORDS, (int)role, (struct bw_point){x, at.y - h * 3 / 4},
            (struct bw_point){x + w, at.y + h / 5});
    memcpy(d->text, text, strlen(text) + 1);
}

static void keep_link(struct bw_canvas *c, const char *uri)
{
    assert_non_null(uri);
    ((struct drawing *)c)->depth++;
}

static void keep_group(struct bw_canvas *c, const char *title, const char *description)
{
    (void)description;
    assert_true(title && title[0]);
    ((struct drawing *)c)->depth++;
}

static void keep_end(struct bw_canvas *c)
{
    ((struct drawing *)c)->depth--;
}

static const struct bw_canvas_ops keep_ops = {
    .line = keep_line,
    .rect = keep_rect,
    .polyline = keep_polyline,
    .area = keep_area,
    .marks = keep_marks,
    .text = keep_text,
    .link = keep_link,
    .link_end = keep_end,
    .group = keep_group,
    .group_end = keep_end,
};

static bool apart(const struct drawn *p, const struct drawn *q)
{
    return p->b.x <= q->a.x || q->b.x <= p->a.x || p->b.y <= q->a.y || q->b.y <= p->a.y;
}

static void holds_together(const struct drawing *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct drawn *x = &d->list[i];
        if (x->a.x < 0 || x->a.y < 0 || x->b.x > d->width + BW_PT ||
            x->b.y > d->height + BW_PT) {
            fail_msg(
                "primitive %zu (kind %d, '%s') leaves the figure: %lld,%lld to %lld,%lld",
                i, (int)x->kind, x->text, (long long)x->a.x, (long long)x->a.y,
                (long long)x->b.x, (long long)x->b.y);
        }
        for (size_t k = 0; k < i && x->kind == DRAWN_WORDS; k++) {
            if (d->list[k].kind == DRAWN_WORDS && !apart(x, &d->list[k])) {
                fail_msg("'%s' stands on '%s'", x->text, d->list[k].text);
            }
        }
    }
}

void drawing_of(const struct bw_drawing *f, struct drawing *ret)
{
    *ret = (struct drawing){.canvas = {.ops = &keep_ops},
                            .list = calloc(DRAWN_MAX, sizeof(struct drawn)),
                            .width = BW_DRAWING_WIDTH,
                            .height = bw_drawing_height(f)};
    assert_non_null(ret->list);
    assert_true(f->id[0] && f->title[0] && f->description[0]);
    bw_drawing_draw(f, &ret->canvas);
    assert_int_equal(ret->depth, 0);
    holds_together(ret);
}

void drawing_done(struct drawing *d)
{
    free(d->list);
    *d = (struct drawing){0};
}

const struct drawn *
drawing_find(const struct drawing *d, enum drawn_kind kind, int style, size_t k)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->list[i].kind == kind && (style < 0 || d->list[i].style == style) &&
            k-- == 0) {
            return &d->list[i];
        }
    }
    return NULL;
}

size_t drawing_count(const struct drawing *d, enum drawn_kind kind, int style)
{
    size_t n = 0;

    while (drawing_find(d, kind, style, n)) {
        n++;
    }
    return n;
}

const struct drawn *drawing_text(const struct drawing *d, const char *text)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->list[i].kind == DRAWN_WORDS && strcmp(d->list[i].text, text) == 0) {
            return &d->list[i];
        }
    }
    return NULL;
}
