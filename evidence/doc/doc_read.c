/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc_read.c - walking a document, and whether it holds together. Pure. */
#include "doc.h"

#include "doc_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>

const struct bw_doc_head *bw_doc_head(const struct bw_doc *d)
{
    return &d->head;
}

const struct bw_block *bw_doc_root(const struct bw_doc *d)
{
    return &d->root;
}

const struct bw_block *bw_doc_next(const struct bw_block *from)
{
    if (from->first) {
        return from->first;
    }
    while (from && !from->next) {
        from = from->parent;
    }
    return from ? from->next : NULL;
}

const struct bw_block *bw_doc_find(const struct bw_doc *d, const char *anchor)
{
    for (const struct bw_block *b = &d->root; b; b = bw_doc_next(b)) {
        if (b->anchor && strcmp(b->anchor, anchor) == 0) {
            return b;
        }
    }
    return NULL;
}

void bw_doc_plain(const struct bw_doc_text *text, struct bw_buf *out)
{
    for (const struct bw_span *s = text->first; s; s = s->next) {
        if (s != text->first && (s->style == BW_SPAN_SMALL || s->style == BW_SPAN_METHOD)) {
            bw_buf_putc(out, ' ');
        }
        bw_buf_puts(out, s->text);
    }
}

/* ---- whether it holds together -------------------------------------------------- */

static bool anchor_good(const char *anchor)
{
    size_t n = strspn(anchor, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n <= BW_DOC_ANCHOR_MAX && anchor[n] == '\0';
}

static int check_anchor(const struct bw_doc *d, const struct bw_block *b, struct bw_err *e)
{
    if (!b->anchor) {
        return b->kind == BW_BLOCK_SECTION
                   ? bw_err_set(e, -EINVAL, "a section has no anchor")
                   : 0;
    }
    if (!anchor_good(b->anchor)) {
        return bw_err_set(e, -EINVAL, "the anchor '%.60s' is none", b->anchor);
    }
    return bw_doc_find(d, b->anchor) == b
               ? 0
               : bw_err_set(e, -EINVAL, "the anchor '%s' stands there twice", b->anchor);
}

static int check_row(const struct bw_block *row, struct bw_err *e)
{
    const struct bw_block *table = row->parent;
    size_t n = table->as.table.n_columns;
    bool taken[BW_DOC_COLUMNS_MAX] = {false};
    unsigned age = 0;

    for (const struct bw_block *r = table->first; r != row; r = r->next) {
        age++;
    }
    for (const struct bw_block *r = table->first; age > 0; r = r->next, age--) {
        for (const struct bw_block *c = r->first; c; c = c->next) {
            taken[c->as.cell.column] |= c->as.cell.rowspan > age;
        }
    }
    for (const struct bw_block *c = row->first; c; c = c->next) {
        taken[c->as.cell.column] = true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!taken[i]) {
            return bw_err_set(e, -EINVAL, "a row of the table '%s' has no cell %zu of %zu",
                              table->anchor ? table->anchor : "", i + 1, n);
        }
    }
    return 0;
}

static int check_chart(const struct bw_doc *d, const struct bw_block *b, struct bw_err *e)
{
    const struct bw_doc_chart *c = &b->as.chart;
    const struct bw_block *table = c->table ? bw_doc_find(d, c->table) : NULL;

    if (!c->title || !c->title[0] || !c->description || !c->description[0]) {
        return bw_err_set(e, -EINVAL, "a chart has no title or no description");
    }
    if (!c->draw && !c->svg) {
        return bw_err_set(e, -EINVAL, "the chart '%s' cannot be drawn", c->title);
    }
    if (!table || table->kind != BW_BLOCK_TABLE) {
        return bw_err_set(e, -EINVAL, "the chart '%s' has no table behind it", c->title);
    }
    return 0;
}

/* A file beside the page or below it, and nothing else. */
static bool is_file(const char *href)
{
    return href[0] != '/' && href[0] != '.' && !strstr(href, "..") &&
           href[strspn(href, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789.-_/")] == '\0';
}

static int
check_links(const struct bw_doc *d, const struct bw_doc_text *text, struct bw_err *e)
{
    for (const struct bw_span *s = text->first; s; s = s->next) {
        if (s->style != BW_SPAN_LINK) {
            continue;
        }
        if (!s->href || !s->href[0] ||
            (s->href[0] == '#' ? !bw_doc_find(d, s->href + 1) : !is_file(s->href))) {
            return bw_err_set(e, -EINVAL, "the link '%s' leads nowhere", s->text);
        }
    }
    return 0;
}

/* Only rows under a cell that reaches down have to be looked at together with others. */
static int check_table(const struct bw_block *b, struct bw_err *e)
{
    const struct bw_doc_table *t = &b->as.table;
    unsigned reach = 0;

    for (size_t i = 0; i < t->n_columns; i++) {
        const char *name = t->columns[i].name;
        if ((name == NULL) != (t->columns[0].name == NULL) || (name && !name[0])) {
            return bw_err_set(e, -EINVAL, "the table '%s' has a column without a name",
                              b->anchor ? b->anchor : "");
        }
    }

    for (const struct bw_block *row = b->first; row; row = row->next) {
        size_t n = 0;
        unsigned longest = 1;
        for (const struct bw_block *c = row->first; c; c = c->next) {
            n++;
            longest = c->as.cell.rowspan > longest ? c->as.cell.rowspan : longest;
        }
        if (reach > 0 || n != t->n_columns) {
            int r = check_row(row, e);
            if (r < 0) {
                return r;
            }
        }
        reach = longest > reach ? longest - 1 : reach > 0 ? reach - 1 : 0;
    }
    return reach > 0 ? bw_err_set(e, -EINVAL, "a cell reaches below its table") : 0;
}

static int check_block(const struct bw_doc *d, const struct bw_block *b, struct bw_err *e)
{
    int r = check_anchor(d, b, e);

    if (r == 0 && b->kind == BW_BLOCK_TABLE) {
        r = check_table(b, e);
    } else if (r == 0 && b->kind == BW_BLOCK_CHART) {
        r = check_chart(d, b, e);
    } else if (r == 0 && (b->kind == BW_BLOCK_SECTION || b->kind == BW_BLOCK_DETAILS) &&
               !b->text.first) {
        r = bw_err_set(e, -EINVAL, "a section or its details have no title");
    }
    r = r == 0 ? check_links(d, &b->text, e) : r;
    return r == 0 ? check_links(d, &b->label, e) : r;
}

int bw_doc_finish(struct bw_doc *d, struct bw_err *reterr)
{
    if (d->error == -EINVAL) {
        return bw_err_set(reterr, d->error, "the page was built in a wrong order");
    }
    if (d->error) {
        return bw_err_set(reterr, d->error, "the page does not fit into memory");
    }
    if (d->depth > 0) {
        return bw_err_set(reterr, -EINVAL, "a section of the page was not closed");
    }
    if (!d->head.title[0]) {
        return bw_err_set(reterr, -EINVAL, "the page has no title");
    }
    for (const struct bw_block *b = &d->root; b; b = bw_doc_next(b)) {
        int r = check_block(d, b, reterr);
        if (r < 0) {
            return r;
        }
    }
    d->text = NULL;
    return 0;
}
