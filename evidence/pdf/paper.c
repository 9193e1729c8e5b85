/* SPDX-License-Identifier: GPL-3.0-or-later
 * paper.c - pages, fonts, text and tags.
 *
 * Invariant: all that is drawn is drawn between a tag and its end, and of tags that do not
 * belong to the text ("Private" here) finish.c makes artifacts; nothing depends on this
 * machine's configuration of fonts. */
#include "paper.h"

#include <bw/err.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <limits.h>
#include <pango/pangofc-fontmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8.h>

enum {
    FOOT_SIZE = 7,
    MARGIN_FOOT = 30,
    NAME_MAX_BYTES = 28
};

#define SIZE_LEAST 6.4 /* points: what can still be read */

/* ---- fonts -------------------------------------------------------------------- */

int paper_fonts(const char *folder, PangoFontMap **ret, struct bw_err *reterr)
{
    static const struct {
        const char *file;
        const char *package;
    } files[] = {{"open-sans/OpenSans-Regular.ttf", "fonts-open-sans"},
                 {"open-sans/OpenSans-Bold.ttf", "fonts-open-sans"},
                 {"open-sans/OpenSans-Italic.ttf", "fonts-open-sans"},
                 {"dejavu/DejaVuSans.ttf", "fonts-dejavu-core"},
                 {"dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core"},
                 {"dejavu/DejaVuSansMono.ttf", "fonts-dejavu-core"}};
    FcConfig *config = FcConfigCreate();
    PangoFontMap *map = NULL;
    char path[PATH_MAX];
    int r = config ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i].file);
        if (access(path, R_OK) < 0 ||
            !FcConfigAppFontAddFile(config, (const FcChar8 *)path)) {
            r = bw_err_set(reterr, -ENOENT,
                           "a PDF needs the font %s: install the package %s", path,
                           files[i].package);
        }
    }
    if (r < 0) {
        goto out;
    }
    map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    if (!map) {
        r = bw_err_set(reterr, -EIO, "pango has no fonts of FreeType");
        goto out;
    }
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), config);
    *ret = map;
out:
    if (config) {
        FcConfigDestroy(config); /* the map holds it by itself */
    }
    return r;
}

/* ---- what the dry run found ---------------------------------------------------- */

void paper_note(struct paper *p, struct paper_memo *m, double value)
{
    if (m->n == m->room) {
        size_t room = m->room ? 2 * m->room : 256;
        double *more = realloc(m->list, room * sizeof(*more));
        if (!more) {
            p->error = -ENOMEM;
            return;
        }
        m->list = more;
        m->room = room;
    }
    m->list[m->n++] = value;
}

double paper_noted(struct paper *p, struct paper_memo *m)
{
    if (m->next >= m->n) {
        p->error = p->error ? p->error : -EIO; /* the runs differ: never */
        return 0;
    }
    return m->list[m->next++];
}

/* ---- tags --------------------------------------------------------------------- */

static void
begin(struct paper *p, struct paper_note note, const char *alt, const char *attributes)
{
    struct paper_note *added;

    if (p->dry || p->error) {
        return;
    }
    if (p->n_notes == p->room) {
        size_t room = p->room ? 2 * p->room : 1024;
        struct paper_note *more = realloc(p->notes, room * sizeof(*more));
        if (!more) {
            p->error = -ENOMEM;
            return;
        }
        p->notes = more;
        p->room = room;
    }
    added = &p->notes[p->n_notes];
    *added = note;
    if (alt && asprintf(&added->alt, "%s", alt) < 0) {
        added->alt = NULL;
        p->error = -ENOMEM;
    }
    p->n_notes++;
    cairo_tag_begin(p->cr, note.type, attributes);
}

void paper_tag_with(struct paper *p, struct paper_note note, const char *alt)
{
    begin(p, note, alt, NULL);
}

void paper_tag(struct paper *p, const char *type)
{
    paper_tag_with(p, (struct paper_note){.type = type, .rowspan = 1}, NULL);
}

void paper_untag(struct paper *p, const char *type)
{
    if (!p->dry && !p->error) {
        cairo_tag_end(p->cr, type);
    }
}

/* Anchors are [a-z0-9-], the document sees to it; these are theirs and ours alone. */
static bool plain_anchor(const char *anchor)
{
    return anchor &&
           strspn(anchor, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(anchor);
}

void paper_place(struct paper *p, const char *anchor)
{
    char attributes[160];

    if (p->dry || p->error || !plain_anchor(anchor)) {
        return;
    }
    (void)snprintf(attributes, sizeof(attributes), "name='%s' x=%d y=%d", anchor,
                   (int)p->left, p->y > 12 ? (int)p->y - 12 : 0);
    cairo_tag_begin(p->cr, CAIRO_TAG_DEST, attributes);
    cairo_tag_end(p->cr, CAIRO_TAG_DEST);
}

void paper_link(struct paper *p, const char *anchor, const char *words)
{
    char attributes[96];

    if (p->dry || p->error || !plain_anchor(anchor)) {
        p->error = p->error || p->dry ? p->error : -EINVAL;
        return;
    }
    (void)snprintf(attributes, sizeof(attributes), "dest='%s'", anchor);
    begin(p, (struct paper_note){.type = CAIRO_TAG_LINK, .rowspan = 1}, words, attributes);
}

void paper_link_end(struct paper *p)
{
    paper_untag(p, CAIRO_TAG_LINK);
}

void paper_private(struct paper *p)
{
    paper_tag(p, "Private");
}

void paper_private_end(struct paper *p)
{
    paper_untag(p, "Private");
}

/* ---- pages -------------------------------------------------------------------- */

static void footer(struct paper *p)
{
    static const struct paper_face face = {
        .size = FOOT_SIZE, .strong = FOOT_SIZE, .colour = PAPER_SOFT};
    char number[48];
    PangoLayout *l;
    double y = p->height - MARGIN_FOOT;
    double w;
    const struct paper_set *set = p->set;
    size_t cut = p->cut;

    if (p->dry) {
        return;
    }
    p->set = p->usual;
    paper_private(p);
    paper_rule(p, p->left, y - 5, p->text_width, 0.5, PAPER_RULE);
    (void)snprintf(number, sizeof(number), "page %d of %d", p->page, p->pages);
    l = paper_plain(p, number, &face, -1);
    w = paper_layout_width(l);
    paper_show(p, l, p->left + p->text_width - w, y, PAPER_SOFT);
    g_object_unref(l);
    l = paper_plain(p, p->footer, &face, p->text_width - w - 12);
    pango_layout_set_height(l, 0); /* one line */
    pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    paper_show(p, l, p->left, y, PAPER_SOFT);
    g_object_unref(l);
    p->set = set;
    p->cut = cut; /* the title has it whole */
    paper_private_end(p);
}

void paper_space(struct paper *p, double points)
{
    p->y += points * p->set->space;
}

double paper_size(const struct paper *p, double size)
{
    double s = size * p->set->text;

    return s < SIZE_LEAST && size > s ? (size < SIZE_LEAST ? size : SIZE_LEAST) : s;
}

bool paper_at_top(const struct paper *p)
{
    return p->y <= p->top;
}

void paper_page_break(struct paper *p)
{
    if (paper_at_top(p)) {
        return;
    }
    footer(p);
    if (p->page >= BW_PDF_PAGES_MAX) {
        p->error = p->error ? p->error : -E2BIG;
    }
    if (!p->dry) {
        cairo_show_page(p->cr);
    }
    p->page++;
    p->y = p->top;
}

void paper_need(struct paper *p, double h)
{
    if (p->y + h > p->bottom) {
        paper_page_break(p);
    }
}

void paper_end(struct paper *p)
{
    footer(p);
    if (!p->dry) {
        cairo_show_page(p->cr);
    }
}

/* ---- text --------------------------------------------------------------------- */

/* Text as it may be shown: whole characters, no control characters. */
static void clean(GString *to, const char *text)
{
    size_t left = text ? strlen(text) : 0;

    while (left > 0) {
        size_t n = bw_utf8_char(text, left);
        if (n == 0 || (n == 1 && (*text < 0x20 || *text == 0x7f)) ||
            bw_utf8_hidden(text, n) == 0) {
            g_string_append(to, "\xef\xbf\xbd");
            n = n ? n : 1;
        } else {
            g_string_append_len(to, text, (gssize)n);
        }
        text += n;
        left -= n;
    }
}

static void add(PangoAttrList *list, PangoAttribute *a, size_t from, size_t to)
{
    a->start_index = (guint)from;
    a->end_index = (guint)to;
    pango_attr_list_insert(list, a);
}

static PangoAttribute *size_of(double points)
{
    return pango_attr_size_new((int)(points * PANGO_SCALE + 0.5));
}

static PangoAttribute *colour_of(int colour)
{
    return pango_attr_foreground_new((guint16)((colour >> 16 & 255) * 257),
                                     (guint16)((colour >> 8 & 255) * 257),
                                     (guint16)((colour & 255) * 257));
}

static void style(const struct paper *p,
                  PangoAttrList *list,
                  const struct bw_span *s,
                  const struct paper_face *face,
                  size_t from,
                  size_t to)
{
    switch (s->style) {
    case BW_SPAN_STRONG:
        add(list, pango_attr_weight_new(PANGO_WEIGHT_BOLD), from, to);
        add(list, size_of(paper_size(p, face->strong)), from, to);
        break;
    case BW_SPAN_CODE:
        add(list, pango_attr_family_new("DejaVu Sans Mono"), from, to);
        add(list, size_of(paper_size(p, face->size * 0.86)), from, to);
        break;
    case BW_SPAN_LINK:
        add(list, colour_of(PAPER_DEEP), from, to);
        break;
    case BW_SPAN_NONE:
        add(list, pango_attr_style_new(PANGO_STYLE_ITALIC), from, to);
        add(list, colour_of(PAPER_SOFT), from, to);
        break;
    case BW_SPAN_SMALL:
        add(list, size_of(paper_size(p, face->size * 0.85)), from, to);
        add(list, pango_attr_weight_new(PANGO_WEIGHT_NORMAL), from, to);
        add(list, colour_of(PAPER_SOFT), from, to);
        break;
    case BW_SPAN_METHOD:
        add(list, pango_attr_family_new("DejaVu Sans Mono"), from, to);
        add(list, size_of(paper_size(p, face->size * 0.74)), from, to);
        add(list, colour_of(PAPER_SOFT), from, to);
        break;
    case BW_SPAN_PLAIN:
        break;
    }
}

static bool of_method(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '/';
}

/* The names of methods, as in peak-day-p95/1, and units (Mbit/s) stay whole: a line does
 * not end within one. */
static void whole_names(PangoAttrList *list, const char *text)
{
    for (const char *at = text; *at;) {
        const char *end = at;
        const char *slash = NULL;
        while (of_method(*end)) {
            slash = *end == '/' ? end : slash;
            end++;
        }
        if (slash && slash > at && end - slash == 2 &&
            (slash[1] == 's' || (slash[1] >= '1' && slash[1] <= '9')) &&
            end - at <= NAME_MAX_BYTES) {
            add(list, pango_attr_allow_breaks_new(FALSE), (size_t)(at - text),
                (size_t)(end - text));
        }
        at = end > at ? end : at + 1;
    }
}

static PangoLayout *layout(struct paper *p,
                           const GString *text,
                           PangoAttrList *list,
                           const struct paper_face *face,
                           double width,
                           PangoAlignment align)
{
    PangoLayout *l = pango_layout_new(p->context);
    PangoFontDescription *font = pango_font_description_new();

    pango_font_description_set_family_static(font, "Open Sans");
    pango_font_description_set_size(font,
                                    (int)(paper_size(p, face->size) * PANGO_SCALE + 0.5));
    pango_font_description_set_weight(font,
                                      face->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(l, font);
    pango_font_description_free(font);
    pango_layout_set_text(l, text->str, (int)text->len);
    pango_layout_set_width(l, width < 0 ? -1 : (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(l, align);
    if (list) {
        whole_names(list, text->str);
        pango_layout_set_attributes(l, list);
    }
    if (p->set->lines > 0 && width >= 0) {
        pango_layout_set_height(l, -p->set->lines);
        pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    }
    return l;
}

PangoLayout *paper_layout(struct paper *p,
                          const struct bw_doc_text *text,
                          const struct paper_face *face,
                          double width,
                          PangoAlignment align)
{
    GString *words = g_string_new(NULL);
    PangoAttrList *list = pango_attr_list_new();
    PangoLayout *l;
    bool own_line = false;

    for (const struct bw_span *s = text->first; s; s = s->next) {
        bool line = s->style == BW_SPAN_SMALL || s->style == BW_SPAN_METHOD;
        size_t from;
        if ((line || own_line) && words->len > 0) {
            g_string_append_c(words, '\n');
        }
        own_line = line;
        from = words->len;
        clean(words, s->text);
        style(p, list, s, face, from, words->len);
    }
    l = layout(p, words, list, face, width, align);
    pango_attr_list_unref(list);
    (void)g_string_free(words, TRUE);
    return l;
}

PangoLayout *
paper_plain(struct paper *p, const char *text, const struct paper_face *face, double width)
{
    GString *words = g_string_new(NULL);
    PangoLayout *l;

    clean(words, text);
    l = layout(p, words, NULL, face, width, PANGO_ALIGN_LEFT);
    (void)g_string_free(words, TRUE);
    return l;
}

static double points(int units)
{
    return (double)units / PANGO_SCALE;
}

double paper_layout_height(PangoLayout *l)
{
    int w;
    int h;

    pango_layout_get_size(l, &w, &h);
    return points(h);
}

double paper_layout_width(PangoLayout *l)
{
    int w;
    int h;

    pango_layout_get_size(l, &w, &h);
    return points(w);
}

void paper_colour(struct paper *p, int colour)
{
    cairo_set_source_rgb(p->cr, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
                         (colour & 255) / 255.0);
}

void paper_show(struct paper *p, PangoLayout *l, double x, double y, int colour)
{
    p->cut += pango_layout_is_ellipsized(l) ? 1U : 0U;
    if (p->dry || p->error) {
        return;
    }
    paper_colour(p, colour);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, l);
}

/* How many lines from `first` on fit into `room`, and how high they are. */
static int
lines_that_fit(PangoLayout *l, int first, double room, double *ret_top, double *ret_height)
{
    PangoLayoutIter *it = pango_layout_get_iter(l);
    int fit = 0;
    int i = 0;

    *ret_top = 0;
    *ret_height = 0;
    do {
        PangoRectangle r;
        pango_layout_iter_get_line_extents(it, NULL, &r);
        if (i == first) {
            *ret_top = points(r.y);
        }
        if (i >= first) {
            double to = points(r.y + r.height) - *ret_top;
            if (to > room) {
                break;
            }
            fit++;
            *ret_height = to;
        }
        i++;
    } while (pango_layout_iter_next_line(it));
    pango_layout_iter_free(it);
    return fit;
}

static void show_lines(
    struct paper *p, PangoLayout *l, int first, int n, double x, double top, int colour)
{
    PangoLayoutIter *it = pango_layout_get_iter(l);
    int i = 0;

    paper_colour(p, colour);
    do {
        PangoRectangle r;
        pango_layout_iter_get_line_extents(it, NULL, &r);
        if (i >= first && i < first + n) {
            double base = points(pango_layout_iter_get_baseline(it)) - top;
            cairo_move_to(p->cr, x + points(r.x), p->y + base);
            pango_cairo_show_layout_line(p->cr, pango_layout_iter_get_line_readonly(it));
        }
        i++;
    } while (pango_layout_iter_next_line(it));
    pango_layout_iter_free(it);
}

void paper_pour(struct paper *p, PangoLayout *l, double x, const char *tag, int colour)
{
    paper_pour_link(p, l, x, tag, colour, NULL);
}

void paper_pour_link(struct paper *p,
                     PangoLayout *l,
                     double x,
                     const char *tag,
                     int colour,
                     const char *anchor)
{
    int n = pango_layout_get_line_count(l);

    p->cut += pango_layout_is_ellipsized(l) ? 1U : 0U;
    for (int first = 0; first < n && !p->error;) {
        double top;
        double height;
        int fit = lines_that_fit(l, first, p->bottom - p->y, &top, &height);
        /* Never a single line of several at a page's end or on the next one's top. */
        if (fit < n - first && fit == n - first - 1 && fit > 2) {
            fit--;
        }
        if (fit < n - first && fit < 2 && !paper_at_top(p)) {
            paper_page_break(p);
            continue;
        }
        fit = fit > 0 ? fit : 1; /* a line higher than a page is none of ours */
        if (!p->dry) {
            paper_tag(p, tag);
            if (anchor) {
                paper_link(p, anchor, pango_layout_get_text(l));
            }
            show_lines(p, l, first, fit, x, top, colour);
            if (anchor) {
                paper_link_end(p);
            }
            paper_untag(p, tag);
        }
        if (first + fit < n) {
            p->y = p->bottom; /* whatever is left of it */
            paper_page_break(p);
        } else {
            p->y += paper_layout_height(l) - top;
        }
        first += fit;
    }
}

/* ---- shapes ------------------------------------------------------------------- */

void paper_rule(struct paper *p, double x, double y, double width, double thick, int colour)
{
    if (p->dry || p->error) {
        return;
    }
    paper_colour(p, colour);
    cairo_set_line_width(p->cr, thick);
    cairo_set_dash(p->cr, NULL, 0, 0);
    cairo_move_to(p->cr, x, y);
    cairo_line_to(p->cr, x + width, y);
    cairo_stroke(p->cr);
}

void paper_box(struct paper *p, double x, double y, double w, double h, int colour)
{
    if (p->dry || p->error) {
        return;
    }
    paper_colour(p, colour);
    cairo_rectangle(p->cr, x, y, w, h);
    cairo_fill(p->cr);
}
