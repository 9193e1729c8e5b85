/* SPDX-License-Identifier: GPL-3.0-or-later
 * contents.c - where the sections of a long document begin.
 *
 * Invariant: it takes the same room in the dry run, which does not know the pages yet. */
#include "paper.h"

#include <buf.h>
#include <stdio.h>

enum {
    CONTENTS_LEAST = 9, /* sections */
    CONTENTS_LINE = 12
};

static const struct paper_face face = {.size = 7.5, .strong = 7.5};

static void contents_line(
    struct paper *p, const struct bw_block *b, double x, double y, double width, int page)
{
    char number[16];
    struct bw_buf words;
    PangoLayout *l;
    double w;

    bw_buf_init(&words, 4096);
    bw_doc_plain(&b->text, &words);
    (void)snprintf(number, sizeof(number), "%d", page);
    paper_tag(p, "TOCI");
    if (b->anchor) {
        paper_link(p, b->anchor, words.data);
    }
    l = paper_plain(p, number, &face, -1);
    w = paper_layout_width(l);
    paper_show(p, l, x + width - w, y, PAPER_SOFT);
    g_object_unref(l);
    l = paper_plain(p, words.data ? words.data : "", &face, width - 24);
    pango_layout_set_height(l, 0); /* one line */
    pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    paper_show(p, l, x, y, PAPER_DEEP);
    g_object_unref(l);
    if (b->anchor) {
        paper_link_end(p);
    }
    paper_untag(p, "TOCI");
    bw_buf_done(&words);
}

/* Of a long document: its sections and the pages on which they begin, in two columns. */
void paper_contents(struct paper *p, const struct bw_doc *d)
{
    double width = (p->text_width - 24) / 2;
    size_t n = 0;
    size_t i = 0;
    size_t rows;

    for (const struct bw_block *b = bw_doc_root(d)->first; b; b = b->next) {
        n += b->kind == BW_BLOCK_SECTION ? 1 : 0;
    }
    if (p->limited || n < CONTENTS_LEAST) {
        return;
    }
    rows = (n + 1) / 2;
    paper_space(p, 6);
    paper_need(p, CONTENTS_LINE * (double)rows);
    paper_tag(p, "TOC");
    for (const struct bw_block *b = bw_doc_root(d)->first; b; b = b->next) {
        size_t row = i % rows;
        double x = p->left + (i >= rows ? width + 24 : 0);
        double y = p->y + CONTENTS_LINE * (double)row;
        if (b->kind == BW_BLOCK_SECTION) {
            contents_line(p, b, x, y, width,
                          p->dry ? 0 : (int)paper_noted(p, &p->sections));
            i++;
        }
    }
    paper_untag(p, "TOC");
    p->y += CONTENTS_LINE * (double)rows;
}
