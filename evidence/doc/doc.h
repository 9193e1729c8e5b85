/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc.h - a page for people as a tree of blocks: built once, rendered to any form. It holds
 * everything that a screen reader or a tagger of PDF needs: levels and anchors of headings,
 * scopes of tables, titles and descriptions of charts with the tables behind them.
 *
 * Renderers walk the tree and read the structs; builders use the functions below and
 * nothing else. Text is UTF-8 as it came, never markup: a renderer escapes it in one place.
 * The document owns all its text. Errors stick: after the first failed call every later one
 * does nothing, and bw_doc_finish() tells once at the end. One thread builds; a finished
 * document is immutable. */
#ifndef BW_EVIDENCE_DOC_H
#define BW_EVIDENCE_DOC_H

#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_canvas;
struct bw_err;
struct bw_doc;

enum bw_doc_limits {
    BW_DOC_BYTES_MAX = 64 * 1024 * 1024,
    BW_DOC_COLUMNS_MAX = 16,
    BW_DOC_DEPTH_MAX = 12,
    BW_DOC_ANCHOR_MAX = 47
};

/* ---- text ------------------------------------------------------------------- */

enum bw_span_style {
    BW_SPAN_PLAIN,
    BW_SPAN_STRONG, /* a figure, or the words a paragraph hangs on */
    BW_SPAN_CODE,   /* identifiers, hashes, commands */
    BW_SPAN_LINK,   /* to href, "#" and an anchor of this document */
    BW_SPAN_NONE,   /* stands for a figure that is not there */
    BW_SPAN_SMALL,  /* a line of its own: what the text above rests on */
    BW_SPAN_METHOD  /* a line of its own: names of methods */
};

struct bw_span {
    enum bw_span_style style;
    const char *text;
    const char *href; /* NULL but for links: "#" and an anchor, or a file beside the page */
    struct bw_span *next;
};

struct bw_doc_text {
    struct bw_span *first;
    struct bw_span *last;
};

/* ---- blocks ----------------------------------------------------------------- */

enum bw_block_kind {
    BW_BLOCK_ROOT,    /* children: all blocks */
    BW_BLOCK_SECTION, /* heading in `text`, `level` 2 and more, `anchor`; children */
    BW_BLOCK_PARA,    /* `text`; `para` */
    BW_BLOCK_NOTE,    /* `text` in a box of its own; `note` */
    BW_BLOCK_FACTS,   /* children: FACT */
    BW_BLOCK_FACT,    /* `text` the figure, `label` what it is */
    BW_BLOCK_TABLE,   /* `text` the caption (may be empty), `table`; children: ROW */
    BW_BLOCK_ROW,     /* children: CELL */
    BW_BLOCK_CELL,    /* `text`; `column`, `rowspan` */
    BW_BLOCK_CHART,   /* `chart` */
    BW_BLOCK_LIST,    /* children: ITEM; `ordered` */
    BW_BLOCK_ITEM,    /* `text` */
    BW_BLOCK_TERMS,   /* children: TERM */
    BW_BLOCK_TERM,    /* `text` the term, `label` what it means */
    BW_BLOCK_DETAILS, /* `text` the summary, children; folded where a form can fold */
    BW_BLOCK_BREAK    /* the next block begins a page, on paper */
};

enum bw_doc_para {
    BW_PARA_PLAIN,
    BW_PARA_LEAD,   /* under the title */
    BW_PARA_METHOD, /* names of the methods of a section */
    BW_PARA_NONE    /* says that something was not measured */
};

enum bw_doc_note {
    BW_NOTE_INFO,
    BW_NOTE_BAD,        /* something is wrong; the text says so by itself */
    BW_NOTE_PROVISIONAL /* figures may still change */
};

enum bw_doc_table_style {
    BW_TABLE_PLAIN,
    BW_TABLE_BIG,  /* few cells with large figures */
    BW_TABLE_TIGHT /* many columns: no line breaks in cells */
};

struct bw_doc_column {
    const char *name; /* NULL in all columns: the table has no head */
    const char *unit; /* NULL: none, or in the cells */
    bool number;      /* stands to the right */
    bool header;      /* its cells are the headers of their rows */
};

struct bw_doc_table {
    enum bw_doc_table_style style;
    const struct bw_doc_column *columns; /* owned by the document */
    size_t n_columns;
    bool wide; /* may be wider than a narrow screen */
};

/* A swatch and a word of a chart's key. Colour never carries a meaning alone: swatches
 * differ in shape or pattern too. */
enum bw_doc_swatch {
    BW_SWATCH_NONE, /* words alone */
    BW_SWATCH_DEEP,
    BW_SWATCH_MID,
    BW_SWATCH_PALE,
    BW_SWATCH_OPEN,  /* white with an edge */
    BW_SWATCH_HATCH, /* no record */
    BW_SWATCH_OUT,
    BW_SWATCH_CLAIM,    /* a full line */
    BW_SWATCH_CLAIM_80, /* a dotted line */
    BW_SWATCH_P95,      /* a dashed line */
    BW_SWATCH_DOT
};

struct bw_doc_key {
    enum bw_doc_swatch swatch;
    const char *text;
};

/* Draws spec on a canvas (draw.h), or as one <svg> element with a title and a description.
 * Pure functions; what spec points to must outlive the document. */
typedef void (*bw_doc_draw_cb)(const void *spec, struct bw_canvas *canvas);
typedef void (*bw_doc_svg_cb)(const void *spec, struct bw_buf *out);

/* At least one of draw and svg is there; a renderer takes the one it can. */
struct bw_doc_chart {
    const char *title;       /* copied */
    const char *description; /* for those who do not see it; copied */
    const char *table;       /* anchor of the table behind it; copied */
    const void *spec;        /* lent: bw_doc_keep() makes one that lasts */
    bw_doc_draw_cb draw;
    bw_doc_svg_cb svg;
    int width_pt; /* of the drawing, where draw is there */
    int height_pt;
    const struct bw_doc_key *key; /* copied */
    size_t n_key;
};

struct bw_block {
    enum bw_block_kind kind;
    struct bw_block *next;
    struct bw_block *first; /* child */
    struct bw_block *last;
    struct bw_block *parent;
    const char *anchor; /* NULL: none */
    struct bw_doc_text text;
    struct bw_doc_text label;
    union {
        int level;
        enum bw_doc_para para;
        enum bw_doc_note note;
        bool ordered;
        bool open; /* details */
        struct bw_doc_table table;
        struct bw_doc_chart chart;
        struct {
            size_t column;
            unsigned rowspan; /* 1: its own row alone */
        } cell;
    } as;
};

/* What stands above the first section. All of it is set by bw_doc_new(). */
struct bw_doc_head {
    const char *lang;    /* BCP 47: "en" */
    const char *kicker;  /* what kind of page this is; "" none */
    const char *title;   /* the heading of level 1 */
    const char *subject; /* for the window's title and the file's properties */
    int pages_max;       /* on paper; 0: as many as it takes */
};

/* ---- building --------------------------------------------------------------- */

/* head is copied. NULL only without memory. */
struct bw_doc *bw_doc_new(const struct bw_doc_head *head);
void bw_doc_free(struct bw_doc *d); /* NULL is fine */

/* Blocks that come before the first section belong to the page's head. A section's level
 * is 2, one in it has 3, and so on. anchor: [a-z0-9-], used once. */
void bw_doc_section(struct bw_doc *d, const char *anchor, const char *title);
void bw_doc_details(struct bw_doc *d, bool open);
void bw_doc_end(struct bw_doc *d); /* of the innermost section or details */

/* Each opens a block whose text the calls of the next group append to. */
void bw_doc_para(struct bw_doc *d, enum bw_doc_para kind);
void bw_doc_note(struct bw_doc *d, enum bw_doc_note kind);
void bw_doc_list(struct bw_doc *d, bool ordered);
void bw_doc_item(struct bw_doc *d); /* of the last list */
void bw_doc_facts(struct bw_doc *d);
void bw_doc_fact(struct bw_doc *d, const char *figure); /* then its label is appended to */
void bw_doc_terms(struct bw_doc *d);
void bw_doc_term(struct bw_doc *d, const char *term); /* then its meaning */
void bw_doc_page_break(struct bw_doc *d);

/* Append to the text that was opened last. */
void bw_doc_text(struct bw_doc *d, const char *text);
void bw_doc_span(struct bw_doc *d, enum bw_span_style style, const char *text);
void bw_doc_link(struct bw_doc *d, const char *anchor, const char *text);
/* A link to a file in or below the page's own folder: letters, digits, '.', '-', '_', '/'.
 */
void bw_doc_file_link(struct bw_doc *d, const char *file, const char *text);
void bw_doc_printf(struct bw_doc *d, enum bw_span_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A table and its caption's text. Its rows and cells follow, cells from the left. anchor
 * may be NULL. */
void bw_doc_table(struct bw_doc *d,
                  const char *anchor,
                  enum bw_doc_table_style style,
                  const struct bw_doc_column *columns,
                  size_t n_columns);
void bw_doc_row(struct bw_doc *d);
void bw_doc_cell(struct bw_doc *d);                   /* then its text */
void bw_doc_rowspan(struct bw_doc *d, unsigned rows); /* of the last cell */
void bw_doc_put(struct bw_doc *d, const char *text);  /* a whole cell */

void bw_doc_chart(struct bw_doc *d, const struct bw_doc_chart *chart);
/* n bytes that live as long as the document, zeroed, or a copy of from. NULL: no memory. */
void *bw_doc_keep(struct bw_doc *d, const void *from, size_t n);

/* ---- reading ---------------------------------------------------------------- */

/* 0 when everything was built and holds together: every section closed, anchors once and
 * whole, every row as wide as its table, a table behind every chart, links that lead
 * somewhere. Else the first error with a sentence. */
int bw_doc_finish(struct bw_doc *d, struct bw_err *reterr);

const struct bw_doc_head *bw_doc_head(const struct bw_doc *d);
const struct bw_block *bw_doc_root(const struct bw_doc *d);
/* Depth first, in the order of reading; NULL after the last. from NULL: the root. */
const struct bw_block *bw_doc_next(const struct bw_block *from);
const struct bw_block *bw_doc_find(const struct bw_doc *d, const char *anchor);
/* The text without its styles, for names and checks: appended to out. */
void bw_doc_plain(const struct bw_doc_text *text, struct bw_buf *out);

#endif
