/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc_html.c - a document as HTML.
 *
 * Invariant: every text of the document goes through text() and nothing else, so that
 * what others wrote is escaped in one place; the bytes are a pure function of the tree. */
#include "doc_html.h"

#include "doc.h"

#include <buf.h>
#include <bw/err.h>
#include <svg.h>
#include <text.h>

static void block(struct bw_buf *out, const struct bw_block *b);

/* ---- text --------------------------------------------------------------------- */

static void text(struct bw_buf *out, const char *t)
{
    bw_text_html(out, t);
}

static void attribute(struct bw_buf *out, const char *name, const char *value)
{
    bw_buf_printf(out, " %s=\"", name);
    text(out, value);
    bw_buf_putc(out, '"');
}

static void span(struct bw_buf *out, const struct bw_span *s)
{
    static const struct {
        const char *before;
        const char *after;
    } tags[] = {
        [BW_SPAN_PLAIN] = {"", ""},
        [BW_SPAN_STRONG] = {"<strong>", "</strong>"},
        [BW_SPAN_CODE] = {"<code>", "</code>"},
        [BW_SPAN_LINK] = {"<a", "</a>"},
        [BW_SPAN_NONE] = {"<span class=\"none\">", "</span>"},
        [BW_SPAN_SMALL] = {"<small>", "</small>"},
        [BW_SPAN_METHOD] = {"<small class=\"m\">", "</small>"},
    };

    bw_buf_puts(out, tags[s->style].before);
    if (s->style == BW_SPAN_LINK) {
        attribute(out, "href", s->href);
        bw_buf_putc(out, '>');
    }
    text(out, s->text);
    bw_buf_puts(out, tags[s->style].after);
}

static void spans(struct bw_buf *out, const struct bw_doc_text *t)
{
    for (const struct bw_span *s = t->first; s; s = s->next) {
        span(out, s);
    }
}

/* The text as the name of something: without lines that only explain. */
static void name_attribute(struct bw_buf *out, const struct bw_doc_text *t)
{
    bw_buf_puts(out, " aria-label=\"");
    for (const struct bw_span *s = t->first; s; s = s->next) {
        text(out, s->text);
    }
    bw_buf_putc(out, '"');
}

static void children(struct bw_buf *out, const struct bw_block *b)
{
    for (const struct bw_block *c = b->first; c; c = c->next) {
        block(out, c);
    }
}

/* ---- tables ------------------------------------------------------------------- */

/* The nearest title above: what a table without a caption is about. */
static const struct bw_doc_text *title_above(const struct bw_block *b)
{
    for (; b; b = b->parent) {
        if (b->text.first && b->kind != BW_BLOCK_CHART) {
            return &b->text;
        }
    }
    return NULL;
}

/* What is wider than a narrow screen scrolls by itself, also by keyboard. */
static void wide_begin(struct bw_buf *out, const struct bw_doc_text *name)
{
    bw_buf_puts(out, "<div class=\"chart\" tabindex=\"0\" role=\"group\"");
    if (name) {
        name_attribute(out, name);
    }
    bw_buf_puts(out, ">");
}

static void table_head(struct bw_buf *out, const struct bw_doc_table *t)
{
    if (!t->columns[0].name) {
        return;
    }
    bw_buf_puts(out, "<thead><tr>");
    for (size_t i = 0; i < t->n_columns; i++) {
        bw_buf_printf(out, "<th scope=\"col\"%s>",
                      t->columns[i].number ? " class=\"n\"" : "");
        text(out, t->columns[i].name);
        if (t->columns[i].unit) {
            bw_buf_puts(out, "<small>");
            text(out, t->columns[i].unit);
            bw_buf_puts(out, "</small>");
        }
        bw_buf_puts(out, "</th>");
    }
    bw_buf_puts(out, "</tr></thead>\n");
}

static void cell(struct bw_buf *out, const struct bw_doc_table *t, const struct bw_block *c)
{
    const struct bw_doc_column *column = &t->columns[c->as.cell.column];
    const char *tag = column->header ? "th" : "td";

    bw_buf_printf(out, "<%s%s%s", tag,
                  column->header
                      ? c->as.cell.rowspan > 1 ? " scope=\"rowgroup\"" : " scope=\"row\""
                      : "",
                  column->number ? " class=\"n\"" : "");
    if (c->as.cell.rowspan > 1) {
        bw_buf_printf(out, " rowspan=\"%u\"", c->as.cell.rowspan);
    }
    bw_buf_putc(out, '>');
    spans(out, &c->text);
    bw_buf_printf(out, "</%s>", tag);
}

static void table(struct bw_buf *out, const struct bw_block *b)
{
    static const char *const styles[] = {[BW_TABLE_PLAIN] = "",
                                         [BW_TABLE_BIG] = " class=\"big\"",
                                         [BW_TABLE_TIGHT] = " class=\"tight\""};
    const struct bw_doc_table *t = &b->as.table;

    if (t->wide) {
        wide_begin(out, title_above(b));
    }
    bw_buf_printf(out, "<table%s", styles[t->style]);
    if (b->anchor) {
        attribute(out, "id", b->anchor);
    }
    bw_buf_putc(out, '>');
    if (b->text.first) {
        bw_buf_puts(out, "<caption>");
        spans(out, &b->text);
        bw_buf_puts(out, "</caption>");
    }
    table_head(out, t);
    bw_buf_puts(out, "<tbody>\n");
    for (const struct bw_block *row = b->first; row; row = row->next) {
        bw_buf_puts(out, "<tr>");
        for (const struct bw_block *c = row->first; c; c = c->next) {
            cell(out, t, c);
        }
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_printf(out, "</tbody></table>%s\n", t->wide ? "</div>" : "");
}

/* ---- charts ------------------------------------------------------------------- */

static void key(struct bw_buf *out, const struct bw_doc_chart *c)
{
    static const char *const classes[] = {
        [BW_SWATCH_NONE] = "",         [BW_SWATCH_DEEP] = "i-p95",
        [BW_SWATCH_MID] = "i-p95w",    [BW_SWATCH_PALE] = "i-peak",
        [BW_SWATCH_OPEN] = "i-own",    [BW_SWATCH_HATCH] = "i-gap",
        [BW_SWATCH_OUT] = "i-out",     [BW_SWATCH_CLAIM] = "i-claim",
        [BW_SWATCH_CLAIM_80] = "i-80", [BW_SWATCH_P95] = "i-p95l",
        [BW_SWATCH_DOT] = "i-dot",
    };

    bw_buf_puts(out, "<figcaption class=\"key\">");
    for (size_t i = 0; i < c->n_key; i++) {
        bw_buf_puts(out, i ? " <span>" : "<span>");
        if (c->key[i].swatch != BW_SWATCH_NONE) {
            bw_buf_printf(out, "<i class=\"%s\"></i>", classes[c->key[i].swatch]);
        }
        text(out, c->key[i].text);
        bw_buf_puts(out, "</span>");
    }
    bw_buf_printf(out, "%s<a href=\"#", c->n_key ? " " : "");
    text(out, c->table);
    bw_buf_puts(out, "\">in a table</a></figcaption>");
}

static void chart(struct bw_buf *out, const struct bw_doc_chart *c)
{
    bw_buf_puts(out, "<figure><div class=\"chart\" tabindex=\"0\" role=\"group\"");
    attribute(out, "aria-label", c->title);
    bw_buf_puts(out, ">");
    if (c->svg) {
        c->svg(c->spec, out);
    }
    bw_buf_puts(out, "</div>");
    key(out, c);
    bw_buf_puts(out, "</figure>\n");
}

/* ---- blocks ------------------------------------------------------------------- */

static void section(struct bw_buf *out, const struct bw_block *b)
{
    int level = b->as.level < 6 ? b->as.level : 6;

    if (level == 2) {
        bw_buf_puts(out, "<section");
        attribute(out, "aria-labelledby", b->anchor);
        bw_buf_puts(out, ">\n");
    }
    bw_buf_printf(out, "<h%d", level);
    attribute(out, "id", b->anchor);
    bw_buf_putc(out, '>');
    spans(out, &b->text);
    bw_buf_printf(out, "</h%d>\n", level);
    children(out, b);
    if (level == 2) {
        bw_buf_puts(out, "</section>\n");
    }
}

static void paragraph(struct bw_buf *out, const struct bw_block *b)
{
    static const char *const classes[] = {[BW_PARA_PLAIN] = "",
                                          [BW_PARA_LEAD] = " class=\"lead\"",
                                          [BW_PARA_METHOD] = " class=\"m\"",
                                          [BW_PARA_NONE] = " class=\"none\""};

    bw_buf_printf(out, "<p%s>", classes[b->as.para]);
    spans(out, &b->text);
    bw_buf_puts(out, "</p>\n");
}

static void note(struct bw_buf *out, const struct bw_block *b)
{
    static const char *const classes[] = {[BW_NOTE_INFO] = "note",
                                          [BW_NOTE_BAD] = "note bad",
                                          [BW_NOTE_PROVISIONAL] = "note soon"};

    bw_buf_printf(out, "<p class=\"%s\">", classes[b->as.note]);
    spans(out, &b->text);
    bw_buf_puts(out, "</p>\n");
}

static void facts(struct bw_buf *out, const struct bw_block *b)
{
    bw_buf_puts(out, "<ul class=\"facts\">");
    for (const struct bw_block *f = b->first; f; f = f->next) {
        bw_buf_puts(out, "<li><b>");
        spans(out, &f->text);
        bw_buf_puts(out, "</b><span>");
        spans(out, &f->label);
        bw_buf_puts(out, "</span></li>");
    }
    bw_buf_puts(out, "</ul>\n");
}

static void list(struct bw_buf *out, const struct bw_block *b)
{
    const char *tag = b->as.ordered ? "ol" : "ul";

    bw_buf_printf(out, "<%s>\n", tag);
    for (const struct bw_block *i = b->first; i; i = i->next) {
        bw_buf_puts(out, "<li>");
        spans(out, &i->text);
        bw_buf_puts(out, "</li>\n");
    }
    bw_buf_printf(out, "</%s>\n", tag);
}

static void terms(struct bw_buf *out, const struct bw_block *b)
{
    bw_buf_puts(out, "<dl>\n");
    for (const struct bw_block *t = b->first; t; t = t->next) {
        bw_buf_puts(out, "<dt>");
        spans(out, &t->text);
        bw_buf_puts(out, "</dt><dd>");
        spans(out, &t->label);
        bw_buf_puts(out, "</dd>\n");
    }
    bw_buf_puts(out, "</dl>\n");
}

static void details(struct bw_buf *out, const struct bw_block *b)
{
    bw_buf_printf(out, "<details%s><summary>", b->as.open ? " open=\"open\"" : "");
    spans(out, &b->text);
    bw_buf_puts(out, "</summary>");
    children(out, b);
    bw_buf_puts(out, "</details>\n");
}

static void block(struct bw_buf *out, const struct bw_block *b)
{
    switch (b->kind) {
    case BW_BLOCK_SECTION:
        section(out, b);
        break;
    case BW_BLOCK_PARA:
        paragraph(out, b);
        break;
    case BW_BLOCK_NOTE:
        note(out, b);
        break;
    case BW_BLOCK_FACTS:
        facts(out, b);
        break;
    case BW_BLOCK_TABLE:
        table(out, b);
        break;
    case BW_BLOCK_CHART:
        chart(out, &b->as.chart);
        break;
    case BW_BLOCK_LIST:
        list(out, b);
        break;
    case BW_BLOCK_TERMS:
        terms(out, b);
        break;
    case BW_BLOCK_DETAILS:
        details(out, b);
        break;
    case BW_BLOCK_BREAK:
        bw_buf_puts(out, "<div class=\"break\"></div>\n");
        break;
    case BW_BLOCK_ROOT: /* the others are written by what holds them */
    case BW_BLOCK_FACT:
    case BW_BLOCK_ROW:
    case BW_BLOCK_CELL:
    case BW_BLOCK_ITEM:
    case BW_BLOCK_TERM:
        break;
    }
}

/* ---- the page ----------------------------------------------------------------- */

static void head(struct bw_buf *out, const struct bw_doc_head *h)
{
    bw_buf_puts(out, "<!DOCTYPE html>\n<html");
    attribute(out, "lang", h->lang);
    bw_buf_puts(
        out, ">\n<head>\n<meta charset=\"utf-8\"/>\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\"/>\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
             "<title>");
    text(out, h->subject[0] ? h->subject : h->title);
    bw_buf_puts(out, "</title>\n<style>");
    bw_buf_puts(out, bw_doc_style_page);
    bw_svg_rules(out);
    bw_buf_puts(out, bw_doc_style_paper);
    bw_buf_puts(out, "</style>\n</head>\n<body>\n");
}

int bw_doc_html(const struct bw_doc *d, struct bw_buf *out, struct bw_err *reterr)
{
    const struct bw_doc_head *h = bw_doc_head(d);
    const struct bw_block *b = bw_doc_root(d)->first;
    int rc;

    head(out, h);
    bw_svg_patterns(out);
    bw_buf_puts(out, "<header>\n");
    if (h->kicker[0]) {
        bw_buf_puts(out, "<p class=\"kicker\">");
        text(out, h->kicker);
        bw_buf_puts(out, "</p>\n");
    }
    bw_buf_puts(out, "<h1>");
    text(out, h->title);
    bw_buf_puts(out, "</h1>\n");
    for (; b && b->kind != BW_BLOCK_SECTION; b = b->next) {
        block(out, b);
    }
    bw_buf_puts(out, "</header>\n<main>\n");
    for (; b; b = b->next) {
        block(out, b);
    }
    bw_buf_puts(out, "</main>\n</body>\n</html>\n");
    rc = bw_buf_error(out);
    return rc < 0 ? bw_err_set(reterr, rc, "the page does not fit into memory") : 0;
}
