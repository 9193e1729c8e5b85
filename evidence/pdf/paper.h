/* SPDX-License-Identifier: GPL-3.0-or-later
 * paper.h - the paper under a document: pages, fonts, text in boxes, tags. All lengths are
 * points, y downwards. Private to this folder.
 *
 * The flow runs twice over the same blocks: dry, which only counts pages, then for good.
 * Every tag that is begun is noted in order, with what cairo cannot write (finish.c). */
#ifndef BW_EVIDENCE_PAPER_H
#define BW_EVIDENCE_PAPER_H

#include "pdf.h"

#include <cairo.h>
#include <doc.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum paper_colours {
    PAPER_INK = 0x16202b,
    PAPER_SOFT = 0x4a5866,
    PAPER_RULE = 0xc9d1d9,
    PAPER_WASH = 0xf0f3f6,
    PAPER_DEEP = 0x123f66,
    PAPER_CLAIM = 0x8a1c1c
};

/* What cairo 1.16 cannot write of an element of the structure. */
struct paper_note {
    const char *type; /* a literal */
    char *alt;        /* owned; NULL: none */
    const char *scope;
    unsigned rowspan; /* 1: none */
};

/* What the dry run found, for the other one: it asks for the same things in the same order.
 */
struct paper_memo {
    double *list;
    size_t n;
    size_t room;
    size_t next;
};

struct paper {
    cairo_surface_t *surface; /* NULL while dry */
    cairo_t *cr;
    PangoFontMap *fonts;
    PangoContext *context;
    bool dry;
    const struct paper_set *set;
    const struct paper_set *usual; /* of footers, also where the page is set closer */
    const struct bw_doc *doc;
    bool limited; /* to so many pages: folded blocks stay in other forms */
    size_t cut;   /* texts and rows that were shortened in this run */
    int sparse;   /* pages that hold a few lines alone, of this run */
    double width;
    double height;
    double left;
    double top;
    double text_width;
    double bottom;
    double y; /* where the next block begins */
    int page; /* from 1 */
    int pages;
    const char *footer;
    struct paper_note *notes;
    size_t n_notes;
    size_t room;
    struct paper_memo heights;  /* of rows */
    struct paper_memo appended; /* pages on which appended blocks begin */
    struct paper_memo sections; /* pages on which sections of level 2 begin */
    int error;
};

/* How closely a page is set. Documents that have to do with so many pages are set closer
 * until they do (pdf.c). */
struct paper_set {
    double text;   /* of a text's usual size */
    double space;  /* of the usual space between blocks */
    double chart;  /* of a chart's usual height */
    double margin; /* points around */
    double heading;
    bool split; /* also between the rows of a short table */
    int lines;  /* of a paragraph; 0: all */
    int rows;   /* of a table; 0: all */
};

/* How a text looks. */
struct paper_face {
    double size;
    double strong; /* size of strong words */
    bool bold;
    int colour;
};

/* A font map with our fonts alone, whatever this machine is configured for. */
int paper_fonts(const char *folder, PangoFontMap **ret, struct bw_err *reterr);

void paper_page_break(struct paper *p); /* footer, next page; nothing at a page's top */
bool paper_at_top(const struct paper *p);
/* Space before the next block. */
void paper_space(struct paper *p, double points);
/* A text's size as the page is set. */
double paper_size(const struct paper *p, double size);
/* A new page unless h points are left. */
void paper_need(struct paper *p, double h);
void paper_end(struct paper *p); /* the last footer */

/* In the dry run, and in the other one. */
void paper_note(struct paper *p, struct paper_memo *m, double value);
double paper_noted(struct paper *p, struct paper_memo *m);

/* Tags: type is a literal, the same at the end. */
void paper_tag(struct paper *p, const char *type);
void paper_tag_with(struct paper *p, struct paper_note note, const char *alt);
void paper_untag(struct paper *p, const char *type);
/* What is on the page but not of the text (artifacts). */
void paper_private(struct paper *p);
void paper_private_end(struct paper *p);

/* A place that links lead to, at p->y. */
void paper_place(struct paper *p, const char *anchor);
/* What is drawn until the end leads there; words for those who do not see it. */
void paper_link(struct paper *p, const char *anchor, const char *words);
void paper_link_end(struct paper *p);

/* A text in a column of this width (below 0: one line). Free with g_object_unref(). */
PangoLayout *paper_layout(struct paper *p,
                          const struct bw_doc_text *text,
                          const struct paper_face *face,
                          double width,
                          PangoAlignment align);
PangoLayout *
paper_plain(struct paper *p, const char *text, const struct paper_face *face, double width);
double paper_layout_height(PangoLayout *l);
double paper_layout_width(PangoLayout *l);
void paper_show(struct paper *p, PangoLayout *l, double x, double y, int colour);
/* Lines from p->y on, over pages where they must, each part under the tag, and leading to
 * an anchor where one is named. */
void paper_pour(struct paper *p, PangoLayout *l, double x, const char *tag, int colour);
void paper_pour_link(struct paper *p,
                     PangoLayout *l,
                     double x,
                     const char *tag,
                     int colour,
                     const char *anchor);

void paper_colour(struct paper *p, int colour);
void paper_rule(
    struct paper *p, double x, double y, double width, double thick, int colour);
void paper_box(struct paper *p, double x, double y, double w, double h, int colour);

/* Draws a chart at p->y, width points wide (canvas_pdf.c). */
void paper_chart(struct paper *p, const struct bw_doc_chart *c);
double paper_chart_height(const struct paper *p, const struct bw_doc_chart *c);
/* A swatch of a key, 12 points wide and 6 high. */
void paper_swatch(struct paper *p, enum bw_doc_swatch swatch, double x, double y);

void paper_table(struct paper *p, const struct bw_block *b); /* table.c */
/* Room that its beginning wants: all of it where it is short, for then it is not split. */
double paper_table_least(struct paper *p, const struct bw_block *b);
void paper_contents(struct paper *p, const struct bw_doc *d); /* contents.c */
void paper_flow(struct paper *p, const struct bw_doc *d);     /* flow.c */

/* finish.c: what cairo did not write. */
int paper_finish(const struct paper *p,
                 const struct bw_doc_head *head,
                 const void *pdf,
                 size_t n,
                 struct bw_buf *out,
                 struct bw_err *reterr);

#endif
