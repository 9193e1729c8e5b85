/* SPDX-License-Identifier: GPL-3.0-or-later
 * table.c - a table over pages: columns as wide as their words need, split between rows,
 * the head repeated.
 *
 * Invariant: a row is whole on one page, and so are rows joined by a cell over several; a
 * repeated head is no part of the text (an artifact), so that it is read aloud once. */
#include "paper.h"

#include <buf.h>
#include <canvas.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_MAX = 64,
    WORD_MAX = 130, /* points: longer words are broken */
    SLACK = 2,      /* points by which words may be wider than metrics.c says */
    ROOM = 34,      /* points of a cell in which people write */
    FEW = 6,        /* rows */
    TABLE_LEAST = 64,
    TABLE_WHOLE = 160, /* points: a table of few rows that is no higher is not split */
    MANY = 8,
    SHORT = 150, /* points: what has one line in a table of many rows */
    NAMES = 190, /* points: what has one line in the first of two columns */
    BRIEF = 66,  /* points: what has one line in any table */
    DATE = 108,  /* points: the same where the table needs no smaller type for it */
    SIZES = 9
};

struct table {
    const struct bw_block *block;
    const struct bw_doc_table *t;
    struct paper_face face;
    double pad_y;
    double gap;
    double x[BW_DOC_COLUMNS_MAX];
    double width[BW_DOC_COLUMNS_MAX];
    bool headed;
};

/* ---- widths ------------------------------------------------------------------- */

struct need {
    double least; /* of the longest word */
    double most;  /* of the longest line */
};

/* By metrics.c, which is a little more than the text takes. */
static double word_width(const char *text, size_t n, double size, bool bold)
{
    char word[256];
    double w = 0;

    while (n > 0) {
        size_t part = n < sizeof(word) - 1 ? n : sizeof(word) - 1;
        memcpy(word, text, part);
        word[part] = '\0';
        w += (double)bw_canvas_text_mpt(bold ? BW_ROLE_VALUE : BW_ROLE_LABEL, word) / BW_PT;
        text += part;
        n -= part;
    }
    return w * size / 8 * 0.96;
}

static void measure_words(
    const char *text, double size, bool bold, bool keep_whole, struct need *n, double *line)
{
    while (*text) {
        size_t len = keep_whole ? strlen(text) : strcspn(text, " ");
        double w = word_width(text, len, size, bold);
        double least = w < WORD_MAX ? w + SLACK : WORD_MAX;
        n->least = least > n->least ? least : n->least;
        *line += w;
        text += len;
        if (*text == ' ') {
            *line += 0.32 * size;
            text++;
        }
    }
    n->most = *line + SLACK > n->most ? *line + SLACK : n->most;
}

static void measure(const struct paper *p,
                    const struct bw_doc_text *text,
                    const struct paper_face *face,
                    bool whole,
                    struct need *n)
{
    double line = 0;
    bool own_line = false;

    for (const struct bw_span *s = text->first; s; s = s->next) {
        bool strong = s->style == BW_SPAN_STRONG;
        bool method = s->style == BW_SPAN_METHOD;
        bool own = s->style == BW_SPAN_SMALL || method;
        double size = paper_size(p, strong                      ? face->strong
                                    : method                    ? face->size * 0.82
                                    : s->style == BW_SPAN_SMALL ? face->size * 0.85
                                                                : face->size);
        if (own || own_line) {
            line = 0;
        }
        own_line = own;
        /* a line below may wrap as it likes */
        measure_words(s->text ? s->text : "", size, strong || face->bold, whole && !own, n,
                      &line);
    }
}

/* Widths as browsers do it: all as wide as they like where there is room, else each its
 * longest word and a share of what is left. Gives how much is missing. */
static double share_out(struct table *t, const struct need *needs, double room)
{
    size_t n = t->t->n_columns;
    double least = 0;
    double most = 0;

    room -= t->gap * (double)(n - 1);
    for (size_t i = 0; i < n; i++) {
        least += needs[i].least;
        most += needs[i].most;
    }
    for (size_t i = 0; i < n; i++) {
        if (most <= room) {
            t->width[i] =
                needs[i].most + (room - most) * needs[i].most / (most > 0 ? most : 1);
        } else if (least <= room) {
            t->width[i] = needs[i].least + (room - least) *
                                               (needs[i].most - needs[i].least) /
                                               (most > least ? most - least : 1);
        } else {
            t->width[i] = needs[i].least * room / least;
        }
    }
    return least > room ? least - room : 0;
}

static void head_text(const struct bw_doc_column *c, struct bw_span span[2])
{
    span[0] = (struct bw_span){.style = BW_SPAN_PLAIN, .text = c->name ? c->name : ""};
    if (c->unit) {
        span[1] = (struct bw_span){.style = BW_SPAN_SMALL, .text = c->unit};
        span[0].next = &span[1];
    }
}

static struct paper_face head_face(const struct table *t)
{
    struct paper_face f = t->face;

    f.bold = true;
    f.size = f.size > 8 ? 8 : f.size;
    f.strong = f.size;
    return f;
}

static struct paper_face cell_face(const struct table *t, size_t column)
{
    struct paper_face f = t->face;

    f.bold = t->t->columns[column].header;
    return f;
}

static void widths(struct paper *p, struct table *t)
{
    static const double smaller[SIZES] = {1, 1, 0.95, 0.9, 0.86, 0.82, 0.78, 0.74, 0.7};
    struct paper_face full = t->face;
    double gap = t->gap;
    size_t n_rows = 0;

    for (const struct bw_block *row = t->block->first; row; row = row->next) {
        n_rows++;
    }
    for (int k = 0; k < SIZES; k++) {
        double brief = k == 0 ? DATE : BRIEF * smaller[k];
        struct need needs[BW_DOC_COLUMNS_MAX] = {{0, 0}};
        t->face.size = full.size * smaller[k];
        t->face.strong = full.strong * smaller[k];
        t->gap = gap * smaller[k];
        for (size_t i = 0; i < t->t->n_columns; i++) {
            struct bw_span span[2];
            struct bw_doc_text name = {.first = span};
            struct paper_face face = head_face(t);
            head_text(&t->t->columns[i], span);
            measure(p, &name, &face, false, &needs[i]);
        }
        for (const struct bw_block *row = t->block->first; row; row = row->next) {
            for (const struct bw_block *c = row->first; c; c = c->next) {
                struct paper_face face = cell_face(t, c->as.cell.column);
                measure(p, &c->text, &face,
                        t->t->columns[c->as.cell.column].number ||
                            t->t->style == BW_TABLE_TIGHT,
                        &needs[c->as.cell.column]);
            }
        }
        for (size_t i = 0; i < t->t->n_columns; i++) {
            /* dates on one line, and all short cells of a long list */
            bool one_line =
                n_rows > MANY || t->t->columns[i].header || needs[i].most <= brief;
            double most = i == 0 && t->t->n_columns == 2 ? NAMES : SHORT;
            if (one_line && t->t->style != BW_TABLE_BIG &&
                needs[i].most <= most * smaller[k]) {
                needs[i].least = needs[i].most;
            }
        }
        if (share_out(t, needs, p->text_width) <= 0) {
            break;
        }
    }
    for (size_t i = 0; i < t->t->n_columns; i++) {
        t->x[i] = i ? t->x[i - 1] + t->width[i - 1] + t->gap : p->left;
    }
}

/* ---- rows --------------------------------------------------------------------- */

static PangoLayout *head_cell(struct paper *p, const struct table *t, size_t i)
{
    struct bw_span span[2];
    struct bw_doc_text name = {.first = span};
    struct paper_face face = head_face(t);

    head_text(&t->t->columns[i], span);
    return paper_layout(p, &name, &face, t->width[i],
                        t->t->columns[i].number ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
}

static double head_height(struct paper *p, const struct table *t)
{
    double h = 0;

    for (size_t i = 0; t->headed && i < t->t->n_columns; i++) {
        PangoLayout *l = head_cell(p, t, i);
        double own = paper_layout_height(l) + 2 * t->pad_y;
        h = own > h ? own : h;
        g_object_unref(l);
    }
    return h;
}

static void head(struct paper *p, const struct table *t, bool again)
{
    double h = head_height(p, t);

    if (!t->headed) {
        return;
    }
    if (again) {
        paper_private(p);
    } else {
        paper_tag(p, "THead");
        paper_tag(p, "TR");
    }
    for (size_t i = 0; i < t->t->n_columns; i++) {
        PangoLayout *l = head_cell(p, t, i);
        if (!again) {
            paper_tag_with(
                p, (struct paper_note){.type = "TH", .scope = "/Column", .rowspan = 1},
                NULL);
        }
        if (i == 0) {
            paper_rule(p, p->left, p->y + h, p->text_width, 1, PAPER_INK);
        }
        /* on the base of the row, as headers of several lines stand */
        paper_show(p, l, t->x[i], p->y + h - t->pad_y - paper_layout_height(l), PAPER_INK);
        if (!again) {
            paper_untag(p, "TH");
        }
        g_object_unref(l);
    }
    if (again) {
        paper_private_end(p);
    } else {
        paper_untag(p, "TR");
        paper_untag(p, "THead");
    }
    p->y += h;
}

static PangoLayout *
cell_layout(struct paper *p, const struct table *t, const struct bw_block *c)
{
    struct paper_face face = cell_face(t, c->as.cell.column);

    return paper_layout(p, &c->text, &face, t->width[c->as.cell.column],
                        t->t->columns[c->as.cell.column].number ? PANGO_ALIGN_RIGHT
                                                                : PANGO_ALIGN_LEFT);
}

/* A cell that people fill in by hand. */
static bool blank(const struct bw_block *c)
{
    const struct bw_span *s = c->text.first;

    return s && !s->next && s->text && strcmp(s->text, " ") == 0;
}

/* Rows from `first` on that a cell over several holds together, and how high each is. */
static size_t measured(struct paper *p,
                       const struct table *t,
                       const struct bw_block *first,
                       double heights[GROUP_MAX])
{
    size_t n = 1;
    size_t i = 0;

    for (const struct bw_block *row = first; row && i < n; row = row->next, i++) {
        heights[i] = heights[i] > 0 ? heights[i] : 0;
        for (const struct bw_block *c = row->first; c; c = c->next) {
            PangoLayout *l = cell_layout(p, t, c);
            double h = blank(c) ? ROOM : paper_layout_height(l) + 2 * t->pad_y;
            size_t span = c->as.cell.rowspan > 1 ? c->as.cell.rowspan : 1;
            g_object_unref(l);
            n = i + span > n && i + span <= GROUP_MAX ? i + span : n;
            if (span == 1 && h > heights[i]) {
                heights[i] = h;
            }
        }
    }
    n = i;
    /* A cell over several that is higher than they are makes the last one higher. */
    i = 0;
    for (const struct bw_block *row = first; row && i < n; row = row->next, i++) {
        for (const struct bw_block *c = row->first; c; c = c->next) {
            size_t span = c->as.cell.rowspan > 1 ? c->as.cell.rowspan : 1;
            double have = 0;
            if (span == 1) {
                continue;
            }
            PangoLayout *l = cell_layout(p, t, c);
            double h = paper_layout_height(l) + 2 * t->pad_y;
            g_object_unref(l);
            for (size_t k = i; k < i + span && k < n; k++) {
                have += heights[k];
            }
            if (h > have) {
                heights[i + span <= n ? i + span - 1 : n - 1] += h - have;
            }
        }
    }
    return n;
}

/* The same, from the dry run where that is over. */
static size_t group(struct paper *p,
                    const struct table *t,
                    const struct bw_block *first,
                    double heights[GROUP_MAX])
{
    size_t n;

    if (p->dry) {
        memset(heights, 0, GROUP_MAX * sizeof(*heights));
        n = measured(p, t, first, heights);
        paper_note(p, &p->heights, (double)n);
        for (size_t i = 0; i < n; i++) {
            paper_note(p, &p->heights, heights[i]);
        }
        return n;
    }
    n = (size_t)paper_noted(p, &p->heights);
    for (size_t i = 0; i < n && i < GROUP_MAX; i++) {
        heights[i] = paper_noted(p, &p->heights);
    }
    return n;
}

static void row(struct paper *p, const struct table *t, const struct bw_block *r, double h)
{
    double rule_from = p->left;

    paper_tag(p, "TR");
    for (const struct bw_block *c = r->first; c; c = c->next) {
        bool header = t->t->columns[c->as.cell.column].header;
        PangoLayout *l = cell_layout(p, t, c);
        paper_tag_with(p,
                       (struct paper_note){.type = header ? "TH" : "TD",
                                           .scope = header ? "/Row" : NULL,
                                           .rowspan = c->as.cell.rowspan},
                       NULL);
        if (c == r->first) {
            paper_rule(p, rule_from, p->y + h, p->text_width, 0.4, PAPER_RULE);
        }
        paper_show(p, l, t->x[c->as.cell.column], p->y + t->pad_y, PAPER_INK);
        paper_untag(p, header ? "TH" : "TD");
        g_object_unref(l);
    }
    paper_untag(p, "TR");
    p->y += h;
}

static void caption(struct paper *p, const struct bw_block *b)
{
    static const struct paper_face face = {.size = 8, .strong = 8, .colour = PAPER_SOFT};
    PangoLayout *l;

    if (!b->text.first) {
        return;
    }
    l = paper_layout(p, &b->text, &face, p->text_width, PANGO_ALIGN_LEFT);
    paper_tag(p, "Caption");
    paper_show(p, l, p->left, p->y, PAPER_SOFT);
    paper_untag(p, "Caption");
    p->y += paper_layout_height(l) + 2;
    g_object_unref(l);
}

static double caption_height(struct paper *p, const struct bw_block *b)
{
    static const struct paper_face face = {.size = 8, .strong = 8};
    PangoLayout *l = paper_layout(p, &b->text, &face, p->text_width, PANGO_ALIGN_LEFT);
    double h = b->text.first ? paper_layout_height(l) + 2 : 0;

    g_object_unref(l);
    return h;
}

static void style_of(struct table *t)
{
    switch (t->t->style) {
    case BW_TABLE_BIG:
        t->face = (struct paper_face){.size = 8.5, .strong = 13};
        t->pad_y = 4;
        t->gap = 12;
        break;
    case BW_TABLE_TIGHT:
        t->face = (struct paper_face){.size = 8, .strong = 8};
        t->pad_y = 2;
        t->gap = 7;
        break;
    case BW_TABLE_PLAIN:
        t->face = (struct paper_face){.size = 8.5, .strong = 8.5};
        t->pad_y = 2.4;
        t->gap = 9;
        break;
    }
}

/* How many rows a table of a page that is limited does without. */
static void rows_left(struct paper *p, const struct bw_block *r)
{
    static const struct paper_face face = {.size = 7.5, .strong = 7.5};
    char text[64];
    PangoLayout *l;
    size_t n = 0;

    for (; r; r = r->next) {
        n++;
    }
    if (n == 0) {
        return;
    }
    (void)snprintf(text, sizeof(text), "\xe2\x80\xa6 and %zu more", n);
    l = paper_plain(p, text, &face, p->text_width);
    paper_pour(p, l, p->left, "P", PAPER_SOFT);
    g_object_unref(l);
    p->cut += n;
}

/* The height up to which a table is not split; 0: it may be. */
static double whole_below(const struct paper *p, const struct bw_block *b)
{
    int rows = 0;

    for (const struct bw_block *r = b->first; r; r = r->next) {
        rows++;
    }
    if (p->set->split || rows > (b->as.table.style == BW_TABLE_BIG ? MANY : FEW)) {
        return 0;
    }
    return b->as.table.style == BW_TABLE_BIG ? (p->bottom - p->top) * 0.6 : TABLE_WHOLE;
}

/* What a short table needs to stand whole; `begin` of one that is split between rows. */
static double
all_of(struct paper *p, const struct table *t, const struct bw_block *r, double begin)
{
    double heights[GROUP_MAX];
    double all = begin;
    double most = whole_below(p, t->block);

    if (most <= 0) {
        return begin;
    }
    for (bool first = true; r; first = false) {
        size_t n = group(p, t, r, heights);
        for (size_t i = 0; i < n && r; i++, r = r->next) {
            all += first ? 0 : heights[i];
        }
    }
    return all <= most ? all : begin;
}

static struct table table_of(struct paper *p, const struct bw_block *b)
{
    struct table t = {.block = b, .t = &b->as.table};

    style_of(&t);
    t.pad_y *= p->set->space < 0.5 ? 0.5 : p->set->space;
    for (size_t i = 0; i < t.t->n_columns; i++) {
        t.headed = t.headed || t.t->columns[i].name;
    }
    widths(p, &t);
    return t;
}

double paper_table_least(struct paper *p, const struct bw_block *b)
{
    double most = whole_below(p, b);
    double heights[GROUP_MAX];
    double all;
    struct table t;

    if (most <= 0) {
        return TABLE_LEAST;
    }
    t = table_of(p, b);
    all = caption_height(p, b) + head_height(p, &t);
    for (const struct bw_block *r = b->first; r && all <= most;) {
        memset(heights, 0, sizeof(heights));
        size_t n = measured(p, &t, r, heights);
        for (size_t i = 0; i < n && r; i++, r = r->next) {
            all += heights[i];
        }
    }
    return all <= most ? all + 2 : TABLE_LEAST;
}

static const struct bw_block *after(const struct bw_block *row, size_t n)
{
    while (row && n-- > 0) {
        row = row->next;
    }
    return row;
}

void paper_table(struct paper *p, const struct bw_block *b)
{
    struct table t = table_of(p, b);
    double heights[GROUP_MAX];
    double need;
    const struct bw_block *r = b->first;

    need = caption_height(p, b) + head_height(p, &t);
    if (r) {
        size_t n = group(p, &t, r, heights);
        for (size_t i = 0; i < n; i++) {
            need += heights[i];
        }
        need = all_of(p, &t, r, need);
    }
    paper_need(p, need);
    paper_tag(p, "Table");
    caption(p, b);
    head(p, &t, false);
    paper_tag(p, "TBody");
    for (int shown = 0; r && !p->error;) {
        double all = 0;
        double last;
        size_t n;
        if (p->set->rows > 0 && shown >= p->set->rows) {
            break;
        }
        n = group(p, &t, r, heights);
        for (size_t i = 0; i < n; i++) {
            all += heights[i];
        }
        /* the last row does not stand alone on a page: it takes the one before along */
        last = shown > 0 && !p->set->split && after(r, n) && !after(r, n + 1) ? all : 0;
        if (p->y + all + last > p->bottom && !paper_at_top(p)) {
            paper_page_break(p);
            head(p, &t, true);
        }
        for (size_t i = 0; i < n && r; i++, r = r->next) {
            row(p, &t, r, heights[i]);
            shown++;
        }
    }
    paper_untag(p, "TBody");
    paper_untag(p, "Table");
    rows_left(p, r);
    paper_space(p, 6);
}
