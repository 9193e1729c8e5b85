/* SPDX-License-Identifier: GPL-3.0-or-later
 * canvas.c - the primitives of a canvas, handed to its back end. */
#include "canvas.h"

void bw_drawing_draw(const void *spec, struct bw_canvas *c)
{
    const struct bw_drawing *f = spec;

    f->draw(f, c, BW_DRAWING_WIDTH);
}

int64_t bw_drawing_height(const struct bw_drawing *f)
{
    return f->height(f, BW_DRAWING_WIDTH);
}

void bw_canvas_line(struct bw_canvas *c,
                    int64_t x1,
                    int64_t y1,
                    int64_t x2,
                    int64_t y2,
                    enum bw_style style)
{
    c->ops->line(c, (struct bw_point){x1, y1}, (struct bw_point){x2, y2}, style);
}

void bw_canvas_rect(struct bw_canvas *c,
                    int64_t x,
                    int64_t y,
                    int64_t width,
                    int64_t height,
                    enum bw_style style)
{
    c->ops->rect(c, (struct bw_point){x, y}, width, height, style);
}

void bw_canvas_polyline(struct bw_canvas *c,
                        const struct bw_point *points,
                        size_t n,
                        enum bw_style style)
{
    if (n >= 2) {
        c->ops->polyline(c, points, n, style);
    }
}

void bw_canvas_area(struct bw_canvas *c,
                    const struct bw_point *points,
                    size_t n,
                    enum bw_style style)
{
    if (n >= 3) {
        c->ops->area(c, points, n, style);
    }
}

void bw_canvas_marks(struct bw_canvas *c,
                     const struct bw_point *points,
                     size_t n,
                     enum bw_mark mark,
                     int64_t size,
                     enum bw_style style)
{
    if (n > 0) {
        c->ops->marks(c, points, n, mark, size, style);
    }
}

void bw_canvas_text(struct bw_canvas *c,
                    int64_t x,
                    int64_t y,
                    enum bw_role role,
                    enum bw_anchor anchor,
                    const char *text)
{
    c->ops->text(c, (struct bw_point){x, y}, role, anchor, text);
}

void bw_canvas_link(struct bw_canvas *c, const char *uri)
{
    c->ops->link(c, uri);
}

void bw_canvas_link_end(struct bw_canvas *c)
{
    c->ops->link_end(c);
}

void bw_canvas_group(struct bw_canvas *c, const char *title, const char *description)
{
    c->ops->group(c, title, description);
}

void bw_canvas_group_end(struct bw_canvas *c)
{
    c->ops->group_end(c);
}
