/* SPDX-License-Identifier: GPL-3.0-or-later
 * svg.c - a canvas that writes SVG.
 *
 * Invariant: positions are written to hundredths of a point by integer arithmetic; every
 * text goes through bw_text_html(); looks are classes, so that a picture within a page
 * says nothing of colours itself. */
#include "svg.h"

#include "canvas.h"
#include "look.h"

#include <buf.h>
#include <string.h>
#include <text.h>

struct svg {
    struct bw_canvas canvas;
    struct bw_buf *out;
};

static struct bw_buf *buffer(struct bw_canvas *c)
{
    return ((struct svg *)c)->out; /* canvas is the first member */
}

static void number(struct bw_buf *out, int64_t mpt)
{
    int64_t hundredths = (mpt >= 0 ? mpt + 5 : mpt - 5) / 10;

    if (hundredths < 0) {
        bw_buf_putc(out, '-');
        hundredths = -hundredths;
    }
    bw_buf_i64(out, hundredths / 100);
    hundredths %= 100;
    if (hundredths > 0) {
        bw_buf_putc(out, '.');
        bw_buf_putc(out, (char)('0' + hundredths / 10));
        if (hundredths % 10 > 0) {
            bw_buf_putc(out, (char)('0' + hundredths % 10));
        }
    }
}

static void attribute(struct bw_buf *out, const char *name, int64_t mpt)
{
    bw_buf_putc(out, ' ');
    bw_buf_puts(out, name);
    bw_buf_puts(out, "=\"");
    number(out, mpt);
    bw_buf_putc(out, '"');
}

static void look_class(struct bw_buf *out, enum bw_style style)
{
    bw_buf_printf(out, " class=\"f-%s\"/>", bw_look(style)->name);
}

static void
svg_line(struct bw_canvas *c, struct bw_point a, struct bw_point b, enum bw_style style)
{
    struct bw_buf *out = buffer(c);

    bw_buf_puts(out, "<line");
    attribute(out, "x1", a.x);
    attribute(out, "y1", a.y);
    attribute(out, "x2", b.x);
    attribute(out, "y2", b.y);
    look_class(out, style);
}

static void svg_rect(struct bw_canvas *c,
                     struct bw_point corner,
                     int64_t width,
                     int64_t height,
                     enum bw_style style)
{
    struct bw_buf *out = buffer(c);

    bw_buf_puts(out, "<rect");
    attribute(out, "x", corner.x);
    attribute(out, "y", corner.y);
    attribute(out, "width", width);
    attribute(out, "height", height);
    look_class(out, style);
}

static void point(struct bw_buf *out, struct bw_point p)
{
    number(out, p.x);
    bw_buf_putc(out, ',');
    number(out, p.y);
}

static void points_of(struct bw_buf *out,
                      const char *element,
                      const struct bw_point *points,
                      size_t n,
                      enum bw_style style)
{
    bw_buf_printf(out, "<%s points=\"", element);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            bw_buf_putc(out, ' ');
        }
        point(out, points[i]);
    }
    bw_buf_putc(out, '"');
    look_class(out, style);
}

static void svg_polyline(struct bw_canvas *c,
                         const struct bw_point *points,
                         size_t n,
                         enum bw_style style)
{
    points_of(buffer(c), "polyline", points, n, style);
}

static void
svg_area(struct bw_canvas *c, const struct bw_point *points, size_t n, enum bw_style style)
{
    points_of(buffer(c), "polygon", points, n, style);
}

/* A stroke of a path relative to where it stands. */
static void stroke_by(struct bw_buf *out, char command, int64_t dx, int64_t dy)
{
    bw_buf_putc(out, command);
    point(out, (struct bw_point){dx, dy});
}

/* All marks are one path, of strokes alone: a disc is a stroke of no length with round
 * ends, as wide as the disc. */
static void svg_marks(struct bw_canvas *c,
                      const struct bw_point *points,
                      size_t n,
                      enum bw_mark mark,
                      int64_t size,
                      enum bw_style style)
{
    const struct bw_look *look = bw_look(style);
    struct bw_buf *out = buffer(c);
    int64_t half = size / 2;

    bw_buf_puts(out, "<path d=\"");
    for (size_t i = 0; i < n; i++) {
        struct bw_point p = points[i];
        switch (mark) {
        case BW_MARK_DOT:
            stroke_by(out, 'M', p.x, p.y);
            bw_buf_puts(out, "h0");
            break;
        case BW_MARK_RING:
            stroke_by(out, 'M', p.x - half, p.y);
            for (int turn = 0; turn < 2; turn++) {
                bw_buf_putc(out, 'a');
                point(out, (struct bw_point){half, half});
                bw_buf_puts(out, " 0 0 0 ");
                point(out, (struct bw_point){turn ? -2 * half : 2 * half, 0});
            }
            break;
        case BW_MARK_CROSS:
            stroke_by(out, 'M', p.x - half, p.y - half);
            stroke_by(out, 'l', 2 * half, 2 * half);
            stroke_by(out, 'm', 0, -2 * half);
            stroke_by(out, 'l', -2 * half, 2 * half);
            break;
        case BW_MARK_TICK:
            stroke_by(out, 'M', p.x, p.y);
            bw_buf_putc(out, 'v');
            number(out, -size);
            break;
        }
    }
    if (mark == BW_MARK_DOT) {
        int32_t colour = look->face == BW_LOOK_NONE ? look->edge : look->face;
        bw_buf_puts(out, "\"");
        attribute(out, "stroke-width", size);
        bw_buf_printf(out, " stroke-linecap=\"round\" stroke=\"#%06x\" fill=\"none\"/>",
                      (unsigned)colour);
    } else {
        bw_buf_putc(out, '"');
        look_class(out, style);
    }
}

static void svg_text(struct bw_canvas *c,
                     struct bw_point at,
                     enum bw_role role,
                     enum bw_anchor anchor,
                     const char *text)
{
    static const char *const ends[] = {
        [BW_ANCHOR_START] = "",
        [BW_ANCHOR_MIDDLE] = " f-m",
        [BW_ANCHOR_END] = " f-e",
    };
    struct bw_buf *out = buffer(c);

    bw_buf_puts(out, "<text");
    attribute(out, "x", at.x);
    attribute(out, "y", at.y);
    bw_buf_printf(out, " class=\"f-%s%s\">", bw_look_type(role)->name, ends[anchor]);
    bw_text_html(out, text);
    bw_buf_puts(out, "</text>");
}

static void svg_link(struct bw_canvas *c, const char *uri)
{
    struct bw_buf *out = buffer(c);

    bw_buf_puts(out, "<a href=\"");
    bw_text_html(out, uri);
    bw_buf_puts(out, "\">");
}

static void svg_link_end(struct bw_canvas *c)
{
    bw_buf_puts(buffer(c), "</a>");
}

static void svg_group(struct bw_canvas *c, const char *title, const char *description)
{
    struct bw_buf *out = buffer(c);

    bw_buf_puts(out, "<g><title>");
    bw_text_html(out, title);
    bw_buf_puts(out, "</title>");
    if (description) {
        bw_buf_puts(out, "<desc>");
        bw_text_html(out, description);
        bw_buf_puts(out, "</desc>");
    }
}

static void svg_group_end(struct bw_canvas *c)
{
    bw_buf_puts(buffer(c), "</g>");
}

static const struct bw_canvas_ops svg_ops = {
    .line = svg_line,
    .rect = svg_rect,
    .polyline = svg_polyline,
    .area = svg_area,
    .marks = svg_marks,
    .text = svg_text,
    .link = svg_link,
    .link_end = svg_link_end,
    .group = svg_group,
    .group_end = svg_group_end,
};

void bw_svg_rules(struct bw_buf *out)
{
    bw_buf_puts(out, "svg.fig text{font-family:\"Open Sans\",system-ui,-apple-system,"
                     "\"Segoe UI\",Roboto,\"DejaVu Sans\",Arial,sans-serif;"
                     "font-variant-numeric:tabular-nums}"
                     ".fig .f-m{text-anchor:middle}.fig .f-e{text-anchor:end}");
    for (int i = 0; i < BW_ROLES; i++) {
        const struct bw_type *t = bw_look_type((enum bw_role)i);
        bw_buf_printf(out, ".fig .f-%s{font-size:", t->name);
        number(out, bw_canvas_size_mpt((enum bw_role)i));
        bw_buf_printf(out, "px;fill:#%06x%s}", (unsigned)t->colour,
                      t->bold ? ";font-weight:700" : "");
    }
    for (int i = 0; i < BW_STYLES; i++) {
        const struct bw_look *l = bw_look((enum bw_style)i);
        bw_buf_printf(out, ".fig .f-%s{fill:", l->name);
        if (l->hatch != BW_HATCH_NONE) {
            bw_buf_printf(out, "url(#f-%s)}", l->name);
            continue;
        }
        if (l->face == BW_LOOK_NONE) {
            bw_buf_puts(out, "none");
        } else {
            bw_buf_printf(out, "#%06x", (unsigned)l->face);
        }
        if (l->edge != BW_LOOK_NONE) {
            bw_buf_printf(out, ";stroke:#%06x;stroke-width:", (unsigned)l->edge);
            number(out, l->width_mpt);
        }
        for (int k = 0; k < l->n_dash; k++) {
            bw_buf_puts(out, k ? " " : ";stroke-dasharray:");
            number(out, l->dash_mpt[k]);
        }
        bw_buf_putc(out, '}');
    }
}

static void definitions(struct bw_buf *out)
{
    bw_buf_puts(out, "<defs>");
    for (int i = 0; i < BW_STYLES; i++) {
        const struct bw_look *l = bw_look((enum bw_style)i);
        struct bw_hatching h = bw_look_hatching(l->hatch);
        if (l->hatch == BW_HATCH_NONE) {
            continue;
        }
        bw_buf_printf(out, "<pattern id=\"f-%s\"", l->name);
        attribute(out, "width", h.step_mpt);
        attribute(out, "height", h.step_mpt);
        bw_buf_printf(out,
                      " patternUnits=\"userSpaceOnUse\" "
                      "patternTransform=\"rotate(%d)\"><rect",
                      l->hatch == BW_HATCH_UP ? 45 : -45);
        attribute(out, "width", h.step_mpt);
        attribute(out, "height", h.step_mpt);
        bw_buf_printf(out, " fill=\"#%06x\"/><rect", (unsigned)l->face);
        attribute(out, "width", h.width_mpt);
        attribute(out, "height", h.step_mpt);
        bw_buf_printf(out, " fill=\"#%06x\"/></pattern>", (unsigned)l->edge);
    }
    bw_buf_puts(out, "</defs>");
}

void bw_svg_patterns(struct bw_buf *out)
{
    bw_buf_puts(out, "<svg width=\"0\" height=\"0\" style=\"position:absolute\" "
                     "aria-hidden=\"true\">");
    definitions(out);
    bw_buf_puts(out, "</svg>\n");
}

static void
picture(const struct bw_drawing *f, int64_t width_mpt, int alone, struct bw_buf *out)
{
    struct svg svg = {.canvas = {.ops = &svg_ops}, .out = out};
    int64_t height = f->height(f, width_mpt);

    bw_buf_puts(out, "<svg viewBox=\"0 0 ");
    number(out, width_mpt);
    bw_buf_putc(out, ' ');
    number(out, height);
    bw_buf_putc(out, '"');
    if (alone) {
        attribute(out, "width", width_mpt);
        attribute(out, "height", height);
    }
    bw_buf_printf(out,
                  " class=\"fig\" role=\"img\" aria-labelledby=\"%s-t %s-d\" "
                  "xmlns=\"http://www.w3.org/2000/svg\"><title id=\"%s-t\">",
                  f->id, f->id, f->id);
    bw_text_html(out, f->title);
    bw_buf_printf(out, "</title><desc id=\"%s-d\">", f->id);
    bw_text_html(out, f->description);
    bw_buf_puts(out, "</desc>");
    if (alone) {
        bw_buf_puts(out, "<style>");
        bw_svg_rules(out);
        bw_buf_puts(out, "</style>");
        definitions(out);
        bw_buf_puts(out, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
    }
    f->draw(f, &svg.canvas, width_mpt);
    bw_buf_puts(out, "</svg>\n");
}

void bw_svg_inline(const struct bw_drawing *f, int64_t width_mpt, struct bw_buf *out)
{
    picture(f, width_mpt, 0, out);
}

void bw_svg_drawing(const void *spec, struct bw_buf *out)
{
    picture(spec, BW_DRAWING_WIDTH, 0, out);
}

void bw_svg_file(const struct bw_drawing *f, int64_t width_mpt, struct bw_buf *out)
{
    picture(f, width_mpt, 1, out);
}
