/* SPDX-License-Identifier: GPL-3.0-or-later
 * flow.c - the blocks of a document, one below the other, over pages.
 *
 * Invariant: a heading stands on the page of what follows it; a chart, a note and a row of
 * facts are whole; nothing is left out that a folded block of a screen holds, but tables of
 * more rows than a year has days: where those are it says. */
#include "paper.h"

#include <buf.h>
#include <cairo-pdf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEVELS = 6,
    FACT_COLUMNS = 4,
    LEAST = 30, /* points: two lines of text and a little */
    FACTS_LEAST = 64,
    KEPT = 90,       /* points: a text no higher is not split */
    LIST_KEPT = 110, /* the same of a list */
    APPENDED_MAX = 256,
    APPENDIX_HEAD = 70, /* points: its heading and the first name in it */
    ROWS_MAX = 400      /* of a table on paper, more than a year has days */
};

#define HELD_LEAST 0.15 /* of a page */
#define DETAIL_TEXT 0.86
#define DETAIL_SPACE 0.6
#define DETAIL_ANCHOR "in-detail-%zu"

static const struct paper_face body = {.size = 9, .strong = 9};
static const struct paper_face small_face = {.size = 7.5, .strong = 7.5};
static const struct paper_face method_face = {.size = 7, .strong = 7};

struct flow {
    struct paper *p;
    const struct bw_block *appended[APPENDED_MAX]; /* in the order of their pointers */
    size_t n_appended;
    int outline[LEVELS + 2]; /* the newest entry of each level */
};

static void block(struct flow *f, const struct bw_block *b);

/* What ends a page before it is full. Nobody turns a page for a few lines. */
static void page_ends(struct paper *p)
{
    double held = p->y - p->top;

    if (p->page > 1 && held > 0 && held < (p->bottom - p->top) * HELD_LEAST) {
        p->sparse++;
    }
}

static void children(struct flow *f, const struct bw_block *b)
{
    for (const struct bw_block *c = b->first; c && !f->p->error; c = c->next) {
        block(f, c);
    }
}

static struct paper_face heading_face(const struct paper *p, int level)
{
    double size = (level <= 2 ? 14 : level == 3 ? 11 : 9.5) * p->set->heading;

    return (struct paper_face){.size = size, .strong = size, .bold = true};
}

static double least(struct paper *p, const struct bw_block *b);

/* Room for a list that is short enough to stand whole; 0: it may be split. */
static double list_whole(struct paper *p, const struct bw_block *b)
{
    double h = 0;

    for (const struct bw_block *c = b->first; c && !p->set->split; c = c->next) {
        PangoLayout *l =
            paper_layout(p, &c->text, &body, p->text_width - 18, PANGO_ALIGN_LEFT);
        h += paper_layout_height(l) + 2;
        g_object_unref(l);
    }
    return h <= LIST_KEPT ? h : 0;
}

/* A short text is not split, and what begins in bold, or leads to a folded block, stands
 * with what follows it. Gives what room that takes. */
static double kept(struct paper *p, const struct bw_block *b)
{
    const struct bw_block *next = b->next;
    PangoLayout *l;
    double h;

    if (p->set->split || b->as.para == BW_PARA_METHOD) {
        return 0;
    }
    l = paper_layout(p, &b->text, &body, p->text_width, PANGO_ALIGN_LEFT);
    h = paper_layout_height(l);
    g_object_unref(l);
    if (h > KEPT) {
        return 0;
    }
    if (next &&
        (next->kind == BW_BLOCK_DETAILS || (next->kind == BW_BLOCK_TABLE && b->text.first &&
                                            b->text.first->style == BW_SPAN_STRONG))) {
        h += 4 + least(p, next);
    }
    if (next && next->kind == BW_BLOCK_LIST) {
        h += 4 + list_whole(p, next);
    }
    return h;
}

/* Room that the beginning of a block wants. */
static double least(struct paper *p, const struct bw_block *b)
{
    if (!b) {
        return 0;
    }
    switch (b->kind) {
    case BW_BLOCK_SECTION:
        return heading_face(p, b->as.level).size * 2.6 + least(p, b->first);
    case BW_BLOCK_CHART:
        return paper_chart_height(p, &b->as.chart) + (b->as.chart.n_key ? 20 : 6);
    case BW_BLOCK_TABLE:
        return paper_table_least(p, b);
    case BW_BLOCK_FACTS:
        return FACTS_LEAST;
    case BW_BLOCK_DETAILS: /* its pointer */
        return LEAST;
    case BW_BLOCK_PARA: {
        double h = kept(p, b);
        if (b->as.para == BW_PARA_METHOD) {
            /* the names of methods belong to what they made */
            return 14 + least(p, b->next);
        }
        return h > LEAST ? h : LEAST;
    }
    case BW_BLOCK_LIST: {
        double h = list_whole(p, b);
        return h > LEAST ? h : LEAST;
    }
    case BW_BLOCK_BREAK:
        return 0;
    case BW_BLOCK_ROOT:
    case BW_BLOCK_NOTE:
    case BW_BLOCK_FACT:
    case BW_BLOCK_ROW:
    case BW_BLOCK_CELL:
    case BW_BLOCK_ITEM:
    case BW_BLOCK_TERMS:
    case BW_BLOCK_TERM:
        break;
    }
    return LEAST;
}

/* ---- headings ----------------------------------------------------------------- */

static void outline(struct flow *f, const char *title, int level)
{
    struct paper *p = f->p;
    int above = 0;
    char where[80];
    int y = (int)p->y;

    if (p->dry || p->error) {
        return;
    }
    for (int i = 1; i < level; i++) {
        above = f->outline[i] ? f->outline[i] : above;
    }
    (void)snprintf(where, sizeof(where), "page=%d pos=[%d %d]", p->page, (int)p->left,
                   y > 12 ? y - 12 : 0);
    f->outline[level] = cairo_pdf_surface_add_outline(
        p->surface, above, title, where, level == 1 ? CAIRO_PDF_OUTLINE_FLAG_OPEN : 0);
    for (int i = level + 1; i < LEVELS + 2; i++) {
        f->outline[i] = 0;
    }
}

static void heading(struct flow *f, const struct bw_block *b)
{
    static const char *const tags[LEVELS + 1] = {"H", "H1", "H2", "H3", "H4", "H5", "H6"};
    struct paper *p = f->p;
    int level = b->as.level < LEVELS ? b->as.level : LEVELS;
    struct paper_face face = heading_face(p, level);
    PangoLayout *l = paper_layout(p, &b->text, &face, p->text_width, PANGO_ALIGN_LEFT);
    double h = paper_layout_height(l);
    struct bw_buf title;

    if (!paper_at_top(p)) {
        paper_space(p, level <= 2 ? 14 : 8);
    }
    paper_need(p, h + 10 + least(p, b->first));
    bw_buf_init(&title, 4096);
    bw_doc_plain(&b->text, &title);
    if (level <= 3 && title.data && bw_buf_error(&title) == 0) {
        outline(f, title.data, level);
    }
    bw_buf_done(&title);
    if (level == 2 && p->dry) {
        paper_note(p, &p->sections, p->page);
    }
    paper_place(p, b->anchor);
    paper_tag(p, tags[level]);
    if (level <= 2) {
        paper_rule(p, p->left, p->y, p->text_width, 1.2, PAPER_INK);
        paper_space(p, 5);
    }
    paper_show(p, l, p->left, p->y, PAPER_INK);
    paper_untag(p, tags[level]);
    p->y += h;
    paper_space(p, level <= 2 ? 4 : 2);
    g_object_unref(l);
}

/* ---- blocks of text ------------------------------------------------------------ */

/* A folded table that is left to other forms. */
static bool too_long(const struct bw_block *b)
{
    size_t rows = 0;

    for (const struct bw_block *c = b->first; c; c = c->next) {
        for (const struct bw_block *r = c->first; r && c->kind == BW_BLOCK_TABLE;
             r = r->next) {
            rows++;
        }
    }
    return rows > ROWS_MAX;
}

/* Where a text leads that has one link; NULL: nowhere on these pages. */
static const char *leads_to(const struct paper *p, const struct bw_doc_text *text)
{
    const char *anchor = NULL;
    const struct bw_block *b;

    for (const struct bw_span *s = text->first; s; s = s->next) {
        if (s->style == BW_SPAN_LINK) {
            anchor = anchor || !s->href || s->href[0] != '#' ? NULL : s->href + 1;
        }
    }
    b = anchor ? bw_doc_find(p->doc, anchor) : NULL;
    for (const struct bw_block *up = b; up; up = up->parent) {
        if (up->kind == BW_BLOCK_DETAILS && (p->limited || too_long(up))) {
            b = NULL; /* in other forms only */
        }
    }
    return b ? anchor : NULL;
}

static void pour(struct paper *p,
                 const struct bw_doc_text *text,
                 const struct paper_face *face,
                 double indent,
                 const char *tag,
                 int colour)
{
    PangoLayout *l = paper_layout(p, text, face, p->text_width - indent, PANGO_ALIGN_LEFT);

    paper_pour_link(p, l, p->left + indent, tag, colour, leads_to(p, text));
    g_object_unref(l);
}

static void paragraph(struct paper *p, const struct bw_block *b)
{
    paper_need(p, kept(p, b));
    switch (b->as.para) {
    case BW_PARA_METHOD: {
        struct bw_span span = {.style = BW_SPAN_METHOD};
        struct bw_doc_text text = {.first = &span};
        struct bw_buf words;
        bw_buf_init(&words, 65536);
        bw_doc_plain(&b->text, &words);
        span.text = words.data ? words.data : "";
        pour(p, &text,
             &(struct paper_face){.size = method_face.size / 0.74,
                                  .strong = method_face.size / 0.74},
             0, "P", PAPER_SOFT);
        bw_buf_done(&words);
        break;
    }
    case BW_PARA_LEAD:
        pour(p, &b->text, &body, 0, "P", PAPER_SOFT);
        paper_space(p, -2);
        break;
    case BW_PARA_NONE:
        pour(p, &b->text, &body, 0, "P", PAPER_SOFT);
        break;
    case BW_PARA_PLAIN:
        pour(p, &b->text, &body, 0, "P", PAPER_INK);
        break;
    }
    paper_space(p, 4);
}

static void note(struct paper *p, const struct bw_block *b)
{
    PangoLayout *l = paper_layout(p, &b->text, &body, p->text_width - 18, PANGO_ALIGN_LEFT);
    double pad = 5 * p->set->space;
    double h = paper_layout_height(l) + 2 * pad;
    int bar = b->as.note == BW_NOTE_BAD ? PAPER_CLAIM : PAPER_DEEP;

    paper_space(p, 2);
    paper_need(p, h);
    paper_tag(p, "Note");
    paper_box(p, p->left, p->y, p->text_width, h, PAPER_WASH);
    paper_box(p, p->left, p->y, 3, h, bar);
    paper_show(p, l, p->left + 11, p->y + pad, PAPER_INK);
    paper_untag(p, "Note");
    p->y += h;
    paper_space(p, 6);
    g_object_unref(l);
}

static void list(struct paper *p, const struct bw_block *b)
{
    int number = 1;

    paper_need(p, list_whole(p, b));
    paper_tag(p, "L");
    for (const struct bw_block *c = b->first; c && !p->error; c = c->next) {
        char mark[16];
        PangoLayout *l;
        (void)snprintf(mark, sizeof(mark), b->as.ordered ? "%d." : "\xe2\x80\xa2",
                       number++);
        paper_need(p, LEAST);
        paper_tag(p, "LI");
        paper_tag(p, "Lbl");
        l = paper_plain(p, mark, &body, -1);
        paper_show(p, l, p->left + 4, p->y, PAPER_INK);
        g_object_unref(l);
        paper_untag(p, "Lbl");
        pour(p, &c->text, &body, 18, "LBody", PAPER_INK);
        paper_untag(p, "LI");
        paper_space(p, 2);
    }
    paper_untag(p, "L");
    paper_space(p, 3);
}

static void terms(struct paper *p, const struct bw_block *b)
{
    static const struct paper_face bold = {.size = 9, .strong = 9, .bold = true};

    paper_tag(p, "L");
    for (const struct bw_block *c = b->first; c && !p->error; c = c->next) {
        paper_space(p, 2);
        paper_need(p, LEAST + 14);
        paper_tag(p, "LI");
        pour(p, &c->text, &bold, 0, "Lbl", PAPER_INK);
        pour(p, &c->label, &body, 12, "LBody", PAPER_INK);
        paper_untag(p, "LI");
    }
    paper_untag(p, "L");
    paper_space(p, 5);
}

/* ---- facts -------------------------------------------------------------------- */

/* Four in a row where none would stand alone below. */
static int fact_columns(const struct bw_block *b)
{
    int n = 0;

    for (const struct bw_block *c = b->first; c; c = c->next) {
        n++;
    }
    return n > 0 && n % FACT_COLUMNS == 0 ? FACT_COLUMNS : n < 3 ? 2 : 3;
}

static void facts(struct paper *p, const struct bw_block *b)
{
    static const struct paper_face big = {.size = 13, .strong = 13, .bold = true};
    const struct bw_block *c = b->first;
    int columns = fact_columns(b);
    double width = p->text_width / columns;

    paper_space(p, 4);
    paper_tag(p, "L");
    while (c && !p->error) {
        PangoLayout *figure[FACT_COLUMNS];
        PangoLayout *label[FACT_COLUMNS];
        double h = 0;
        int n = 0;
        for (; c && n < columns; c = c->next, n++) {
            double own;
            figure[n] = paper_layout(p, &c->text, &big, width - 18, PANGO_ALIGN_LEFT);
            label[n] =
                paper_layout(p, &c->label, &small_face, width - 18, PANGO_ALIGN_LEFT);
            own = paper_layout_height(figure[n]) + paper_layout_height(label[n]) +
                  8 * p->set->space;
            h = own > h ? own : h;
        }
        paper_need(p, h);
        for (int i = 0; i < n; i++) {
            double x = p->left + i * width;
            paper_tag(p, "LI");
            paper_tag(p, "LBody");
            paper_box(p, x, p->y, 2, h - 4 * p->set->space, PAPER_RULE);
            paper_show(p, figure[i], x + 8, p->y, PAPER_INK);
            paper_show(p, label[i], x + 8, p->y + paper_layout_height(figure[i]),
                       PAPER_SOFT);
            paper_untag(p, "LBody");
            paper_untag(p, "LI");
            g_object_unref(figure[i]);
            g_object_unref(label[i]);
        }
        p->y += h;
        paper_space(p, 4);
    }
    paper_untag(p, "L");
    paper_space(p, 2);
}

/* ---- charts ------------------------------------------------------------------- */

/* Swatches and words, as many a line as fit. */
static void key(struct paper *p, const struct bw_doc_chart *c)
{
    double x = p->left;

    paper_tag(p, "P");
    for (size_t i = 0; i < c->n_key; i++) {
        PangoLayout *l = paper_plain(p, c->key[i].text, &small_face, -1);
        double swatch = c->key[i].swatch == BW_SWATCH_NONE ? 0 : 16;
        double w = swatch + paper_layout_width(l);
        if (x > p->left && x + w > p->left + p->text_width) {
            x = p->left;
            p->y += 11;
        }
        paper_swatch(p, c->key[i].swatch, x, p->y + 2.4);
        paper_show(p, l, x + swatch, p->y, PAPER_SOFT);
        x += w + 14;
        g_object_unref(l);
    }
    paper_untag(p, "P");
    p->y += 12;
}

static void chart(struct paper *p, const struct bw_block *b)
{
    const struct bw_doc_chart *c = &b->as.chart;

    paper_space(p, 4);
    paper_need(p, paper_chart_height(p, c) + (c->n_key ? 28 : 4));
    paper_chart(p, c);
    paper_space(p, 4);
    if (c->n_key > 0) {
        key(p, c);
    }
    paper_space(p, 4);
}

/* ---- what a screen folds ------------------------------------------------------- */

/* Long tables behind charts and the like stand at the end, so that the pages before can be
 * read through; where they stood it says on which page they are. */
static void details(struct flow *f, const struct bw_block *b)
{
    struct paper *p = f->p;
    bool elsewhere = p->limited || too_long(b);
    struct bw_span words[2] = {{.style = BW_SPAN_PLAIN}, {.style = BW_SPAN_PLAIN}};
    struct bw_doc_text text = {.first = &words[0]};
    char where[48];
    char anchor[32];
    PangoLayout *l;
    struct bw_buf summary;

    if (!elsewhere && f->n_appended == APPENDED_MAX) {
        p->error = p->error ? p->error : -E2BIG;
        return;
    }
    if (!elsewhere) {
        f->appended[f->n_appended++] = b;
    }
    bw_buf_init(&summary, 4096);
    bw_doc_plain(&b->text, &summary);
    words[0].text = summary.data ? summary.data : "";
    words[0].next = &words[1];
    if (elsewhere) {
        (void)snprintf(where, sizeof(where), ": in the HTML%s of this page.",
                       p->limited ? " and CSV" : "");
    } else {
        /* the dry run does not know the page yet; its number changes no line */
        (void)snprintf(where, sizeof(where), ": page %d.",
                       p->dry ? BW_PDF_PAGES_MAX : (int)paper_noted(p, &p->appended));
    }
    words[1].text = where;
    paper_need(p, LEAST);
    l = paper_layout(p, &text, &small_face, p->text_width, PANGO_ALIGN_LEFT);
    (void)snprintf(anchor, sizeof(anchor), DETAIL_ANCHOR, f->n_appended - 1);
    paper_pour_link(p, l, p->left, "P", elsewhere ? PAPER_SOFT : PAPER_DEEP,
                    elsewhere ? NULL : anchor);
    g_object_unref(l);
    bw_buf_done(&summary);
    paper_space(p, 4);
}

static void appendix(struct flow *f)
{
    static const struct paper_face bold = {.size = 9, .strong = 9, .bold = true};
    struct bw_span words = {.style = BW_SPAN_PLAIN, .text = "In detail"};
    struct bw_block head = {
        .kind = BW_BLOCK_SECTION, .text = {.first = &words, .last = &words}, .as.level = 2};
    struct paper *p = f->p;
    struct paper_set closer = *p->set;
    const struct bw_block *only;
    char anchor[32];

    if (f->n_appended == 0) {
        return;
    }
    only = f->n_appended == 1 ? f->appended[0]->first : NULL;
    if (only && !only->next && only->kind == BW_BLOCK_TABLE) {
        paper_need(p, APPENDIX_HEAD + least(p, only)); /* a page of its own is too much */
    } else {
        page_ends(p);
        paper_page_break(p);
    }
    paper_tag(p, "Sect");
    heading(f, &head);
    /* to be looked up, not to be read through */
    closer.text *= DETAIL_TEXT;
    closer.space *= DETAIL_SPACE;
    p->set = &closer;
    /* more may be folded within */
    for (size_t i = 0; i < f->n_appended && !p->error; i++) {
        const struct bw_block *b = f->appended[i];
        paper_space(p, 4);
        paper_need(p, 16 + least(p, b->first));
        if (p->dry) {
            paper_note(p, &p->appended, p->page);
        }
        (void)snprintf(anchor, sizeof(anchor), DETAIL_ANCHOR, i);
        paper_place(p, anchor);
        pour(p, &b->text, &bold, 0, "P", PAPER_INK);
        paper_space(p, 2);
        children(f, b);
    }
    paper_untag(p, "Sect");
    p->set = p->usual;
}

static void block(struct flow *f, const struct bw_block *b)
{
    struct paper *p = f->p;

    if (b->kind != BW_BLOCK_SECTION && b->anchor) {
        paper_place(p, b->anchor);
    }

    switch (b->kind) {
    case BW_BLOCK_SECTION:
        paper_tag(p, "Sect");
        heading(f, b);
        children(f, b);
        paper_untag(p, "Sect");
        break;
    case BW_BLOCK_PARA:
        paragraph(p, b);
        break;
    case BW_BLOCK_NOTE:
        note(p, b);
        break;
    case BW_BLOCK_FACTS:
        facts(p, b);
        break;
    case BW_BLOCK_TABLE:
        paper_table(p, b);
        break;
    case BW_BLOCK_CHART:
        chart(p, b);
        break;
    case BW_BLOCK_LIST:
        list(p, b);
        break;
    case BW_BLOCK_TERMS:
        terms(p, b);
        break;
    case BW_BLOCK_DETAILS:
        details(f, b);
        break;
    case BW_BLOCK_BREAK:
        page_ends(p);
        paper_page_break(p);
        break;
    case BW_BLOCK_ROOT: /* the others are drawn by what holds them */
    case BW_BLOCK_FACT:
    case BW_BLOCK_ROW:
    case BW_BLOCK_CELL:
    case BW_BLOCK_ITEM:
    case BW_BLOCK_TERM:
        break;
    }
}

static void title(struct flow *f, const struct bw_doc_head *h)
{
    struct paper *p = f->p;
    double size = 19 * p->set->heading;
    const struct paper_face big = {.size = size, .strong = size, .bold = true};
    PangoLayout *l;

    if (h->kicker[0]) {
        l = paper_plain(p, h->kicker, &small_face, p->text_width);
        paper_pour(p, l, p->left, "P", PAPER_SOFT);
        g_object_unref(l);
    }
    outline(f, h->title, 1);
    l = paper_plain(p, h->title, &big, p->text_width);
    paper_pour(p, l, p->left, "H1", PAPER_INK);
    g_object_unref(l);
    paper_space(p, 3);
}

/* What does not fit on so many pages is shortened, and how much is told. */
static void shortened(struct paper *p)
{
    char text[160];
    PangoLayout *l;

    if (p->cut == 0) {
        return;
    }
    (void)snprintf(
        text, sizeof(text),
        "Shortened to fit: %zu texts and rows, each marked with \xe2\x80\xa6; the HTML, "
        "CSV and JSON of this page have them whole.",
        p->cut);
    l = paper_plain(p, text, &small_face, p->text_width);
    paper_pour(p, l, p->left, "P", PAPER_INK);
    g_object_unref(l);
}

void paper_flow(struct paper *p, const struct bw_doc *d)
{
    struct flow f = {.p = p};
    bool begun = false;

    p->doc = d;
    paper_tag(p, "Document");
    title(&f, bw_doc_head(d));
    for (const struct bw_block *b = bw_doc_root(d)->first; b && !p->error; b = b->next) {
        if (b->kind == BW_BLOCK_SECTION && !begun) {
            begun = true;
            paper_contents(p, d);
        }
        block(&f, b);
    }
    appendix(&f);
    shortened(p);
    page_ends(p);
    paper_end(p);
    paper_untag(p, "Document");
}
