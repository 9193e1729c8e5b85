/* SPDX-License-Identifier: GPL-3.0-or-later
 * pdf.c - a document as a PDF: pages counted, pages drawn, structure completed. */
#include "pdf.h"

#include "paper.h"

#include <buf.h>
#include <bw/err.h>
#include <cairo-pdf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FONTS "/usr/share/fonts/truetype"

static const struct {
    double width;
    double height;
} papers[] = {[BW_PDF_LETTER] = {612, 792}, [BW_PDF_A4] = {595, 842}};

static cairo_status_t collect(void *to, const unsigned char *data, unsigned int n)
{
    struct bw_buf *out = to;

    bw_buf_add(out, data, n);
    return bw_buf_error(out) < 0 ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void fonts_as_drawn(PangoContext *context)
{
    cairo_font_options_t *o = cairo_font_options_create();

    /* as if the page were very large: no grid of pixels bends a position */
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, o);
    cairo_font_options_destroy(o);
    pango_cairo_context_set_resolution(context, 72);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("en"));
    pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
}

static void metadata(cairo_surface_t *s, const struct bw_doc_head *h, int64_t made_unix_s)
{
    char made[32];
    time_t t = (time_t)made_unix_s;
    struct tm utc;

    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE,
                                   h->subject[0] ? h->subject : h->title);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "Bandwitness");
    if (gmtime_r(&t, &utc) &&
        strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &utc) > 0) {
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, made);
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_MOD_DATE, made);
    }
}

/* As it is usually set, then ever closer, the last two with what they leave out told. */
static const struct paper_set sets[] = {
    {.text = 1, .space = 1, .chart = 1, .margin = 46, .heading = 1},
    {.text = 1, .space = 0.6, .chart = 1, .margin = 44, .heading = 0.85},
    {.text = 0.95,
     .space = 0.35,
     .chart = 0.95,
     .margin = 42,
     .heading = 0.8,
     .split = true},
    {.text = 0.89,
     .space = 0.5,
     .chart = 0.9,
     .margin = 41,
     .heading = 0.75,
     .split = true},
    {.text = 0.89,
     .space = 0.2,
     .chart = 0.84,
     .margin = 41,
     .heading = 0.75,
     .split = true},
    {.text = 0.89,
     .space = 0.2,
     .chart = 0.85,
     .margin = 41,
     .heading = 0.75,
     .split = true,
     .lines = 4,
     .rows = 20},
    {.text = 0.89,
     .space = 0.2,
     .chart = 0.85,
     .margin = 41,
     .heading = 0.75,
     .split = true,
     .lines = 2,
     .rows = 12},
    {.text = 0.85,
     .space = 0.2,
     .chart = 0.8,
     .margin = 41,
     .heading = 0.72,
     .split = true,
     .lines = 1,
     .rows = 6}};

enum {
    CLOSE = 2, /* the last set that is no trouble to read */
    SETS = sizeof(sets) / sizeof(sets[0])
};

static void start(struct paper *p, enum bw_pdf_paper paper, const char *footer)
{
    p->width = papers[paper].width;
    p->height = papers[paper].height;
    p->left = p->set->margin;
    p->top = p->set->margin - 2;
    p->text_width = p->width - 2 * p->set->margin;
    p->bottom = p->height - (p->set->margin < 43 ? 40 : 48);
    p->footer = footer;
    p->page = 1;
    p->y = p->top;
    p->cut = 0;
    p->sparse = 0;
}

/* Count the pages as they are with one of the sets. */
static int
with_set(struct paper *p, const struct bw_doc *d, enum bw_pdf_paper paper, int set)
{
    p->set = &sets[set];
    p->usual = p->set;
    p->heights.n = 0;
    p->appended.n = 0;
    p->sections.n = 0;
    start(p, paper, p->footer);
    paper_flow(p, d);
    return p->page;
}

/* Count the pages, set ever closer while there are more than there may be; a little closer
 * where some hold a few lines alone and none do then. */
static int counted(struct paper *p, const struct bw_doc *d, enum bw_pdf_paper paper)
{
    int most = bw_doc_head(d)->pages_max;
    int pages;
    int set = 0;

    p->limited = most > 0;
    pages = with_set(p, d, paper, set);
    while (!p->error && p->limited && pages > most && set + 1 < SETS) {
        pages = with_set(p, d, paper, ++set);
    }
    if (!p->error && p->sparse > 0) {
        int usual = set;
        while (!p->error && p->sparse > 0 && set < CLOSE) {
            (void)with_set(p, d, paper, ++set);
        }
        if (!p->error && p->sparse > 0) {
            (void)with_set(p, d, paper, usual);
        }
    }
    p->pages = p->page;
    return p->error ? p->error : p->limited && p->page > most ? -E2BIG : 0;
}

static int drawn(struct paper *p, struct bw_buf *raw, const struct bw_doc *d, int64_t made)
{
    cairo_status_t status;

    p->surface = cairo_pdf_surface_create_for_stream(collect, raw, p->width, p->height);
    cairo_pdf_surface_restrict_to_version(p->surface, CAIRO_PDF_VERSION_1_5);
    metadata(p->surface, bw_doc_head(d), made);
    p->cr = cairo_create(p->surface);
    paper_flow(p, d);
    status = cairo_status(p->cr);
    cairo_destroy(p->cr);
    cairo_surface_finish(p->surface);
    status = status ? status : cairo_surface_status(p->surface);
    cairo_surface_destroy(p->surface);
    return p->error                           ? p->error
           : status == CAIRO_STATUS_SUCCESS   ? 0
           : status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM
                                              : -EIO;
}

static void fonts_done(struct paper *p)
{
    if (p->context) {
        g_object_unref(p->context);
        p->context = NULL;
    }
    if (p->fonts) {
        g_object_unref(p->fonts);
        p->fonts = NULL;
    }
}

int bw_pdf_with_fonts(const struct bw_doc *d,
                      const struct bw_pdf_options *o,
                      const char *fonts,
                      struct bw_buf *out,
                      struct bw_err *reterr)
{
    const char *footer = o->footer ? o->footer : bw_doc_head(d)->title;
    struct paper p = {.dry = true};
    struct bw_buf raw;
    int r;

    bw_buf_init(&raw, BW_PDF_BYTES_MAX);
    r = paper_fonts(fonts ? fonts : FONTS, &p.fonts, reterr);
    if (r < 0) {
        goto out;
    }
    p.context = pango_font_map_create_context(p.fonts);
    fonts_as_drawn(p.context);
    p.footer = footer;
    r = counted(&p, d, o->paper);
    p.dry = false;
    start(&p, o->paper, footer);
    r = r < 0 ? r : drawn(&p, &raw, d, o->made_unix_s);
    if (r < 0) {
        r = bw_err_set(reterr, r,
                       r == -E2BIG ? "the PDF would be too long"
                                   : "the PDF's pages could not be drawn");
        goto out;
    }
    fonts_done(&p); /* their caches and qpdf's objects need not meet in memory */
    r = paper_finish(&p, bw_doc_head(d), raw.data, raw.len, out, reterr);
out:
    for (size_t i = 0; i < p.n_notes; i++) {
        free(p.notes[i].alt);
    }
    free(p.notes);
    free(p.heights.list);
    free(p.appended.list);
    free(p.sections.list);
    fonts_done(&p);
    bw_buf_done(&raw);
    return r;
}

int bw_pdf(const struct bw_doc *d,
           const struct bw_pdf_options *o,
           struct bw_buf *out,
           struct bw_err *reterr)
{
    return bw_pdf_with_fonts(d, o, NULL, out, reterr);
}
