/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc.c - building a document: an arena, a cursor, and the text that is being written.
 *
 * Invariant: every pointer in the tree is into the document's own arena (a chart's spec
 * excepted), and nothing is written to it after bw_doc_finish(). */
#include "doc.h"

#include "doc_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 32 * 1024
};

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

/* ---- memory ------------------------------------------------------------------- */

static void stop(struct bw_doc *d, int error)
{
    if (d->error == 0) {
        d->error = error;
    }
}

static struct chunk *chunk_new(struct bw_doc *d, size_t n)
{
    size_t size = n > CHUNK_BYTES ? n : CHUNK_BYTES;
    struct chunk *c;

    if (d->total + size > BW_DOC_BYTES_MAX) {
        stop(d, -E2BIG);
        return NULL;
    }
    c = calloc(1, sizeof(*c) + size);
    if (!c) {
        stop(d, -ENOMEM);
        return NULL;
    }
    c->next = d->chunks;
    c->used = 0;
    c->size = size;
    d->chunks = c;
    d->total += size;
    return c;
}

static void *take(struct bw_doc *d, size_t n)
{
    struct chunk *c = d->chunks;
    void *at;

    if (d->error) {
        return NULL;
    }
    if (n > BW_DOC_BYTES_MAX) {
        stop(d, -E2BIG);
        return NULL;
    }
    n = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (!c || c->size - c->used < n) {
        c = chunk_new(d, n);
        if (!c) {
            return NULL;
        }
    }
    at = c->bytes + c->used;
    c->used += n;
    return at;
}

void *bw_doc_keep(struct bw_doc *d, const void *from, size_t n)
{
    void *at = take(d, n);

    if (at && from) {
        memcpy(at, from, n);
    }
    return at;
}

static const char *keep_text(struct bw_doc *d, const char *text)
{
    if (!text) {
        return NULL;
    }
    return bw_doc_keep(d, text, strlen(text) + 1);
}

struct bw_doc *bw_doc_new(const struct bw_doc_head *head)
{
    struct bw_doc *d = calloc(1, sizeof(*d));

    if (!d) {
        return NULL;
    }
    d->root.kind = BW_BLOCK_ROOT;
    d->open[0] = &d->root;
    d->head.lang = keep_text(d, head->lang ? head->lang : "en");
    d->head.kicker = keep_text(d, head->kicker ? head->kicker : "");
    d->head.title = keep_text(d, head->title ? head->title : "");
    d->head.subject = keep_text(d, head->subject ? head->subject : "");
    d->head.pages_max = head->pages_max;
    return d;
}

void bw_doc_free(struct bw_doc *d)
{
    if (!d) {
        return;
    }
    for (struct chunk *c = d->chunks; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(d);
}

/* ---- blocks ------------------------------------------------------------------- */

/* A new last child; NULL after an error. Its text is the one that is written to. */
static struct bw_block *add(struct bw_doc *d, struct bw_block *to, enum bw_block_kind kind)
{
    struct bw_block *b = take(d, sizeof(*b));

    if (!b) {
        return NULL;
    }
    b->kind = kind;
    b->parent = to;
    if (to->last) {
        to->last->next = b;
    } else {
        to->first = b;
    }
    to->last = b;
    d->text = &b->text;
    return b;
}

static struct bw_block *here(struct bw_doc *d)
{
    return d->open[d->depth];
}

static void enter(struct bw_doc *d, struct bw_block *b)
{
    if (d->depth + 1 >= BW_DOC_DEPTH_MAX) {
        stop(d, -EINVAL);
        return;
    }
    d->open[++d->depth] = b;
}

/* The last child of the open block when it is of this kind: what rows, items, facts are
 * put into. */
static struct bw_block *last_of(struct bw_doc *d, enum bw_block_kind kind)
{
    struct bw_block *b = here(d)->last;

    if (d->error) {
        return NULL;
    }
    if (!b || b->kind != kind) {
        stop(d, -EINVAL);
        return NULL;
    }
    return b;
}

void bw_doc_section(struct bw_doc *d, const char *anchor, const char *title)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_SECTION);

    if (!b) {
        return;
    }
    b->anchor = keep_text(d, anchor);
    b->as.level = 2;
    for (unsigned i = 0; i <= d->depth; i++) {
        b->as.level += d->open[i]->kind == BW_BLOCK_SECTION;
    }
    bw_doc_text(d, title);
    enter(d, b);
}

void bw_doc_details(struct bw_doc *d, bool open)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_DETAILS);

    if (b) {
        b->as.open = open;
        enter(d, b);
    }
}

void bw_doc_end(struct bw_doc *d)
{
    if (d->error) {
        return;
    }
    if (d->depth == 0) {
        stop(d, -EINVAL);
        return;
    }
    d->depth--;
    d->text = NULL;
}

void bw_doc_para(struct bw_doc *d, enum bw_doc_para kind)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_PARA);

    if (b) {
        b->as.para = kind;
    }
}

void bw_doc_note(struct bw_doc *d, enum bw_doc_note kind)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_NOTE);

    if (b) {
        b->as.note = kind;
    }
}

void bw_doc_list(struct bw_doc *d, bool ordered)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_LIST);

    if (b) {
        b->as.ordered = ordered;
    }
}

void bw_doc_item(struct bw_doc *d)
{
    struct bw_block *to = last_of(d, BW_BLOCK_LIST);

    if (to) {
        (void)add(d, to, BW_BLOCK_ITEM);
    }
}

/* A child with a text and a label, which is then written to. */
static void
pair(struct bw_doc *d, enum bw_block_kind in, enum bw_block_kind kind, const char *text)
{
    struct bw_block *to = last_of(d, in);
    struct bw_block *b = to ? add(d, to, kind) : NULL;

    if (b) {
        bw_doc_text(d, text);
        d->text = &b->label;
    }
}

void bw_doc_facts(struct bw_doc *d)
{
    (void)add(d, here(d), BW_BLOCK_FACTS);
}

void bw_doc_fact(struct bw_doc *d, const char *figure)
{
    pair(d, BW_BLOCK_FACTS, BW_BLOCK_FACT, figure);
}

void bw_doc_terms(struct bw_doc *d)
{
    (void)add(d, here(d), BW_BLOCK_TERMS);
}

void bw_doc_term(struct bw_doc *d, const char *term)
{
    pair(d, BW_BLOCK_TERMS, BW_BLOCK_TERM, term);
}

void bw_doc_page_break(struct bw_doc *d)
{
    (void)add(d, here(d), BW_BLOCK_BREAK);
    d->text = NULL;
}

/* ---- text --------------------------------------------------------------------- */

static void
append(struct bw_doc *d, enum bw_span_style style, const char *text, const char *href)
{
    struct bw_span *s;

    if (d->error || !text || !text[0]) {
        return;
    }
    if (!d->text) {
        stop(d, -EINVAL);
        return;
    }
    s = take(d, sizeof(*s));
    if (!s) {
        return;
    }
    s->style = style;
    s->text = keep_text(d, text);
    s->href = keep_text(d, href);
    if (d->error) {
        return;
    }
    if (d->text->last) {
        d->text->last->next = s;
    } else {
        d->text->first = s;
    }
    d->text->last = s;
}

void bw_doc_text(struct bw_doc *d, const char *text)
{
    append(d, BW_SPAN_PLAIN, text, NULL);
}

void bw_doc_span(struct bw_doc *d, enum bw_span_style style, const char *text)
{
    append(d, style, text, NULL);
}

void bw_doc_link(struct bw_doc *d, const char *anchor, const char *text)
{
    char href[BW_DOC_ANCHOR_MAX + 2];

    (void)snprintf(href, sizeof(href), "#%s", anchor);
    append(d, BW_SPAN_LINK, text, href);
}

void bw_doc_file_link(struct bw_doc *d, const char *file, const char *text)
{
    append(d, BW_SPAN_LINK, text, file);
}

void bw_doc_printf(struct bw_doc *d, enum bw_span_style style, const char *fmt, ...)
{
    va_list ap;
    char small[512];
    char *large;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    if (n < 0) {
        stop(d, -EINVAL);
        return;
    }
    if ((size_t)n < sizeof(small)) {
        append(d, style, small, NULL);
        return;
    }
    large = take(d, (size_t)n + 1);
    if (large) {
        va_start(ap, fmt);
        (void)vsnprintf(large, (size_t)n + 1, fmt, ap);
        va_end(ap);
        append(d, style, large, NULL);
    }
}

/* ---- tables and charts ---------------------------------------------------------- */

void bw_doc_table(struct bw_doc *d,
                  const char *anchor,
                  enum bw_doc_table_style style,
                  const struct bw_doc_column *columns,
                  size_t n_columns)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_TABLE);
    struct bw_doc_column *c;

    if (!b) {
        return;
    }
    if (n_columns == 0 || n_columns > BW_DOC_COLUMNS_MAX) {
        stop(d, -EINVAL);
        return;
    }
    c = bw_doc_keep(d, columns, n_columns * sizeof(*c));
    for (size_t i = 0; c && i < n_columns; i++) {
        c[i].name = keep_text(d, columns[i].name);
        c[i].unit = keep_text(d, columns[i].unit);
    }
    b->anchor = keep_text(d, anchor);
    b->as.table.style = style;
    b->as.table.columns = c;
    b->as.table.n_columns = n_columns;
    b->as.table.wide = n_columns > 3;
}

void bw_doc_row(struct bw_doc *d)
{
    struct bw_block *to = last_of(d, BW_BLOCK_TABLE);

    if (to) {
        (void)add(d, to, BW_BLOCK_ROW);
        d->text = NULL;
    }
}

/* How many cells of rows above reach into this row, left of the next free column. */
static size_t next_column(const struct bw_block *table, const struct bw_block *row)
{
    unsigned left[BW_DOC_COLUMNS_MAX] = {0}; /* rows that a cell still reaches into */
    size_t at = 0;

    for (const struct bw_block *r = table->first; r && r != row; r = r->next) {
        for (size_t i = 0; i < BW_DOC_COLUMNS_MAX; i++) {
            left[i] -= left[i] > 0;
        }
        for (const struct bw_block *c = r->first; c; c = c->next) {
            left[c->as.cell.column] = c->as.cell.rowspan;
        }
    }
    for (size_t i = 0; i < BW_DOC_COLUMNS_MAX; i++) {
        left[i] -= left[i] > 0;
    }
    if (row->last) {
        at = row->last->as.cell.column + 1;
    }
    while (at < BW_DOC_COLUMNS_MAX && left[at] > 0) {
        at++;
    }
    return at;
}

void bw_doc_cell(struct bw_doc *d)
{
    struct bw_block *table = last_of(d, BW_BLOCK_TABLE);
    struct bw_block *b;
    size_t column;

    if (!table || !table->last) {
        stop(d, -EINVAL);
        return;
    }
    /* only a table with a cell over several rows has to be looked through */
    column = d->spans == table   ? next_column(table, table->last)
             : table->last->last ? table->last->last->as.cell.column + 1
                                 : 0;
    if (column >= table->as.table.n_columns) {
        stop(d, -EINVAL);
        return;
    }
    b = add(d, table->last, BW_BLOCK_CELL);
    if (b) {
        b->as.cell.column = column;
        b->as.cell.rowspan = 1;
    }
}

void bw_doc_rowspan(struct bw_doc *d, unsigned rows)
{
    struct bw_block *table = last_of(d, BW_BLOCK_TABLE);

    if (!table || !table->last || !table->last->last || rows < 1) {
        stop(d, -EINVAL);
        return;
    }
    table->last->last->as.cell.rowspan = rows;
    d->spans = table;
}

void bw_doc_put(struct bw_doc *d, const char *text)
{
    bw_doc_cell(d);
    bw_doc_text(d, text);
}

void bw_doc_chart(struct bw_doc *d, const struct bw_doc_chart *chart)
{
    struct bw_block *b = add(d, here(d), BW_BLOCK_CHART);
    struct bw_doc_key *key;

    if (!b) {
        return;
    }
    b->as.chart = *chart;
    b->as.chart.title = keep_text(d, chart->title);
    b->as.chart.description = keep_text(d, chart->description);
    b->as.chart.table = keep_text(d, chart->table);
    b->as.chart.key = NULL;
    if (chart->n_key > 0) {
        key = bw_doc_keep(d, chart->key, chart->n_key * sizeof(*key));
        for (size_t i = 0; key && i < chart->n_key; i++) {
            key[i].text = keep_text(d, chart->key[i].text);
        }
        b->as.chart.key = key;
    }
    d->text = NULL;
}
