/* SPDX-License-Identifier: GPL-3.0-or-later
 * canvas_pdf.c - a canvas on a page, by cairo and pango.
 *
 * Invariant: text stays text; hatchings are strokes within a clip, so that no pattern
 * depends on a viewer; everything of a chart lies in its Figure. */
#include "paper.h"

#include <buf.h>
#include <canvas.h>
#include <errno.h>
#include <look.h>
#include <math.h>
#include <string.h>

struct pdf_canvas {
    struct bw_canvas canvas;
    struct paper *paper;
};

static struct paper *paper_of(struct bw_canvas *c)
{
    return ((struct pdf_canvas *)c)->paper; /* canvas is the first member */
}

static double pt(int64_t mpt)
{
    return (double)mpt / BW_PT;
}

static void pen(struct paper *p, const struct bw_look *look)
{
    double dash[4];

    for (int i = 0; i < look->n_dash; i++) {
        dash[i] = pt(look->dash_mpt[i]);
    }
    cairo_set_dash(p->cr, dash, look->n_dash, 0);
    cairo_set_line_width(p->cr, pt(look->width_mpt));
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
    paper_colour(p, look->edge);
}

/* Strokes at 45 degrees over a box, on lines that all boxes of the page share. */
static void hatch(struct paper *p, const struct bw_look *look, const double box[4])
{
    struct bw_hatching h = bw_look_hatching(look->hatch);
    double step = pt(h.step_mpt) * sqrt(2);
    double sign = look->hatch == BW_HATCH_UP ? 1 : -1;
    double from = box[0] + sign * box[1];
    double to = from;

    for (int i = 1; i < 4; i++) {
        double at = box[i & 1 ? 2 : 0] + sign * box[i & 2 ? 3 : 1];
        from = at < from ? at : from;
        to = at > to ? at : to;
    }
    cairo_set_dash(p->cr, NULL, 0, 0);
    cairo_set_line_width(p->cr, pt(h.width_mpt));
    paper_colour(p, look->edge);
    for (long i = (long)floor(from / step); i <= (long)ceil(to / step) + 1; i++) {
        double at = (double)i * step;
        /* x + sign·y = at, from the box's top to its bottom */
        cairo_move_to(p->cr, at - sign * box[1], box[1]);
        cairo_line_to(p->cr, at - sign * box[3], box[3]);
    }
    cairo_stroke(p->cr);
}

/* Fill and stroke the path that is there. */
static void paint(struct paper *p, enum bw_style style)
{
    const struct bw_look *look = bw_look(style);

    if (look->face != BW_LOOK_NONE) {
        paper_colour(p, look->face);
        cairo_fill_preserve(p->cr);
    }
    if (look->hatch != BW_HATCH_NONE) {
        double box[4];
        cairo_path_extents(p->cr, &box[0], &box[1], &box[2], &box[3]);
        cairo_save(p->cr);
        cairo_clip(p->cr);
        hatch(p, look, box);
        cairo_restore(p->cr);
    } else if (look->edge != BW_LOOK_NONE) {
        pen(p, look);
        cairo_stroke_preserve(p->cr);
    }
    cairo_new_path(p->cr);
}

static void trace(struct paper *p, const struct bw_point *points, size_t n)
{
    cairo_new_path(p->cr);
    for (size_t i = 0; i < n; i++) {
        cairo_line_to(p->cr, pt(points[i].x), pt(points[i].y));
    }
}

static void
pdf_line(struct bw_canvas *c, struct bw_point a, struct bw_point b, enum bw_style style)
{
    struct paper *p = paper_of(c);
    struct bw_point ends[2] = {a, b};

    trace(p, ends, 2);
    pen(p, bw_look(style));
    cairo_stroke(p->cr);
}

static void pdf_rect(struct bw_canvas *c,
                     struct bw_point corner,
                     int64_t width,
                     int64_t height,
                     enum bw_style style)
{
    struct paper *p = paper_of(c);

    cairo_new_path(p->cr);
    cairo_rectangle(p->cr, pt(corner.x), pt(corner.y), pt(width), pt(height));
    paint(p, style);
}

static void pdf_polyline(struct bw_canvas *c,
                         const struct bw_point *points,
                         size_t n,
                         enum bw_style style)
{
    struct paper *p = paper_of(c);

    trace(p, points, n);
    pen(p, bw_look(style));
    cairo_stroke(p->cr);
}

static void
pdf_area(struct bw_canvas *c, const struct bw_point *points, size_t n, enum bw_style style)
{
    struct paper *p = paper_of(c);

    trace(p, points, n);
    cairo_close_path(p->cr);
    paint(p, style);
}

static void dots(struct paper *p, const struct bw_point *points, size_t n, int64_t size)
{
    cairo_set_dash(p->cr, NULL, 0, 0);
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(p->cr, pt(size));
    cairo_new_path(p->cr);
    for (size_t i = 0; i < n; i++) {
        cairo_move_to(p->cr, pt(points[i].x), pt(points[i].y));
        cairo_close_path(p->cr); /* a stroke of no length: its round end alone */
    }
    cairo_stroke(p->cr);
}

static void pdf_marks(struct bw_canvas *c,
                      const struct bw_point *points,
                      size_t n,
                      enum bw_mark mark,
                      int64_t size,
                      enum bw_style style)
{
    struct paper *p = paper_of(c);
    const struct bw_look *look = bw_look(style);
    double s = pt(size);

    if (mark == BW_MARK_DOT) {
        paper_colour(p, look->face == BW_LOOK_NONE ? look->edge : look->face);
        dots(p, points, n, size);
        return;
    }
    cairo_new_path(p->cr);
    for (size_t i = 0; i < n; i++) {
        double x = pt(points[i].x);
        double y = pt(points[i].y);
        if (mark == BW_MARK_RING) {
            cairo_new_sub_path(p->cr);
            cairo_arc(p->cr, x, y, s / 2, 0, 2 * G_PI);
        } else if (mark == BW_MARK_CROSS) {
            cairo_move_to(p->cr, x - s / 2, y - s / 2);
            cairo_rel_line_to(p->cr, s, s);
            cairo_rel_move_to(p->cr, 0, -s);
            cairo_rel_line_to(p->cr, -s, s);
        } else {
            cairo_move_to(p->cr, x, y);
            cairo_rel_line_to(p->cr, 0, -s);
        }
    }
    paint(p, style);
}

static void pdf_text(struct bw_canvas *c,
                     struct bw_point at,
                     enum bw_role role,
                     enum bw_anchor anchor,
                     const char *text)
{
    struct paper *p = paper_of(c);
    const struct bw_type *t = bw_look_type(role);
    struct paper_face face = {.size = pt(bw_canvas_size_mpt(role)),
                              .strong = pt(bw_canvas_size_mpt(role)),
                              .bold = t->bold};
    PangoLayout *l = paper_plain(p, text, &face, -1);
    double w = paper_layout_width(l);
    double base = (double)pango_layout_get_baseline(l) / PANGO_SCALE;
    double x = pt(at.x) - (anchor == BW_ANCHOR_END      ? w
                           : anchor == BW_ANCHOR_MIDDLE ? w / 2
                                                        : 0);

    paper_show(p, l, x, pt(at.y) - base, t->colour);
    g_object_unref(l);
}

static void nothing_begins(struct bw_canvas *c, const char *uri)
{
    (void)c;
    (void)uri;
}

static void nothing_named(struct bw_canvas *c, const char *title, const char *description)
{
    (void)c;
    (void)title;
    (void)description;
}

static void nothing_ends(struct bw_canvas *c)
{
    (void)c;
}

/* Groups and links add nothing on paper: the description of the whole is its Alt. */
static const struct bw_canvas_ops pdf_ops = {
    .line = pdf_line,
    .rect = pdf_rect,
    .polyline = pdf_polyline,
    .area = pdf_area,
    .marks = pdf_marks,
    .text = pdf_text,
    .link = nothing_begins,
    .link_end = nothing_ends,
    .group = nothing_named,
    .group_end = nothing_ends,
};

double paper_chart_height(const struct paper *p, const struct bw_doc_chart *c)
{
    return c->width_pt > 0 ? c->height_pt * p->text_width / c->width_pt * p->set->chart : 0;
}

void paper_chart(struct paper *p, const struct bw_doc_chart *c)
{
    struct pdf_canvas canvas = {.canvas = {.ops = &pdf_ops}, .paper = p};
    double h = paper_chart_height(p, c);
    struct bw_buf alt;

    if (p->dry || p->error || !c->draw) {
        p->y += h;
        return;
    }
    bw_buf_init(&alt, 65536);
    bw_buf_puts(&alt, c->title);
    bw_buf_puts(&alt, ". ");
    bw_buf_puts(&alt, c->description);
    if (bw_buf_error(&alt) < 0) {
        p->error = bw_buf_error(&alt);
    } else {
        paper_tag_with(p, (struct paper_note){.type = "Figure", .rowspan = 1}, alt.data);
        cairo_save(p->cr);
        cairo_translate(p->cr, p->left, p->y);
        cairo_scale(p->cr, p->text_width / c->width_pt * p->set->chart,
                    p->text_width / c->width_pt * p->set->chart);
        c->draw(c->spec, &canvas.canvas);
        cairo_restore(p->cr);
        paper_untag(p, "Figure");
    }
    bw_buf_done(&alt);
    p->y += h;
}

void paper_swatch(struct paper *p, enum bw_doc_swatch swatch, double x, double y)
{
    static const struct {
        enum bw_style style;
        enum {
            FACE,
            STROKE,
            DOT
        } shape;
    } looks[] = {
        [BW_SWATCH_DEEP] = {BW_STYLE_DEEP, FACE},
        [BW_SWATCH_MID] = {BW_STYLE_MID, FACE},
        [BW_SWATCH_PALE] = {BW_STYLE_PALE, FACE},
        [BW_SWATCH_OPEN] = {BW_STYLE_OPEN, FACE},
        [BW_SWATCH_HATCH] = {BW_STYLE_GAP, FACE},
        [BW_SWATCH_OUT] = {BW_STYLE_OUT, FACE},
        [BW_SWATCH_CLAIM] = {BW_STYLE_CLAIM, STROKE},
        [BW_SWATCH_CLAIM_80] = {BW_STYLE_CLAIM_80, STROKE},
        [BW_SWATCH_P95] = {BW_STYLE_P95, STROKE},
        [BW_SWATCH_DOT] = {BW_STYLE_DEEP, DOT},
    };
    struct pdf_canvas canvas = {.canvas = {.ops = &pdf_ops}, .paper = p};
    struct bw_point middle = {6 * BW_PT, 3 * BW_PT};

    if (p->dry || p->error || swatch == BW_SWATCH_NONE) {
        return;
    }
    cairo_save(p->cr);
    cairo_translate(p->cr, x, y);
    switch (looks[swatch].shape) {
    case FACE:
        bw_canvas_rect(&canvas.canvas, 0, 0, 12 * BW_PT, 6 * BW_PT, looks[swatch].style);
        break;
    case STROKE:
        bw_canvas_line(&canvas.canvas, 0, middle.y, 12 * BW_PT, middle.y,
                       looks[swatch].style);
        break;
    case DOT:
        bw_canvas_marks(&canvas.canvas, &middle, 1, BW_MARK_DOT, 4 * BW_PT,
                        looks[swatch].style);
        break;
    }
    cairo_restore(p->cr);
}
