/* SPDX-License-Identifier: GPL-3.0-or-later
 * coincide.c - two lines at one place: do they share the load, or is one an idle backup?
 * With a diagram of what is connected to what.
 *
 * Invariant: only intervals that both lines counted are compared, and those that only one
 * counted are told (coincident-use/1). */
#include "packs_private.h"

#include <bw/records.h>
#include <canvas.h>
#include <coincident.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

enum {
    LINES_MAX = 4 /* drawn */
};

struct together {
    int64_t n;      /* intervals of class hours that both counted */
    int64_t both;   /* of them, both active */
    int64_t first;  /* the first alone */
    int64_t second; /* the other alone */
    int64_t none;
    int64_t untold;  /* counted by one alone */
    int64_t unknown; /* of both, without a claim or a link's speed for that time */
};

static bool usable(const struct bw_report_interval *v)
{
    return v->in_class && !v->with_test && v->rate_bps[BW_DOWN] != BW_UNKNOWN;
}

static void
compare(const struct bw_report *a, const struct bw_report *b, struct together *ret)
{
    size_t k = 0;

    for (size_t i = 0; i < a->n_intervals; i++) {
        const struct bw_report_interval *x = &a->intervals[i];
        const struct bw_report_interval *y;
        while (k < b->n_intervals && b->intervals[k].start_unix_s < x->start_unix_s) {
            ret->untold += usable(&b->intervals[k++]);
        }
        y = k < b->n_intervals && b->intervals[k].start_unix_s == x->start_unix_s
                ? &b->intervals[k++]
                : NULL;
        if (!usable(x) || !y || !usable(y)) {
            ret->untold += usable(x) || (y && usable(y));
            continue;
        }
        int64_t from_a = bw_coincident_active_from(a, x->start_unix_s);
        int64_t from_b = bw_coincident_active_from(b, x->start_unix_s);
        if (from_a == BW_UNKNOWN || from_b == BW_UNKNOWN) {
            ret->unknown++;
            continue;
        }
        bool on_a = x->rate_bps[BW_DOWN] >= from_a;
        bool on_b = y->rate_bps[BW_DOWN] >= from_b;
        ret->n++;
        ret->both += on_a && on_b;
        ret->first += on_a && !on_b;
        ret->second += !on_a && on_b;
        ret->none += !on_a && !on_b;
    }
    while (k < b->n_intervals) {
        ret->untold += usable(&b->intervals[k++]);
    }
}

static void
row(struct bw_pack_made *m, const char *what, const char *figure, int64_t n, int64_t of)
{
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    bw_sheet_count(m->doc, n);
    bw_sheet_percent(m->doc, bw_words_ppm(n, of));
    bw_pack_figure(m, figure, n, "1", BW_LAYER_UNKNOWN, "count", of, BW_METHOD_COINCIDENT);
}

static void pair(struct bw_pack_made *m, const struct bw_report *b)
{
    static const char *const names[] = {"Class hours", "Intervals", "Share"};
    const struct bw_report *a = m->r;
    struct together t = {.n = 0};
    char one[160];
    char two[160];

    compare(a, b, &t);
    if (a->n_used == 0 || b->n_used == 0 || (t.n == 0 && t.unknown > 0)) {
        bw_pack_absent(
            m, "Whether the two lines share the load",
            "One of them has no counters, or neither claim nor speed of its link "
            "is known.");
        return;
    }
    (void)snprintf(one, sizeof(one), "Only %s.%s was in use", a->site, a->circuit);
    (void)snprintf(two, sizeof(two), "Only %s.%s was in use", b->site, b->circuit);
    bw_sheet_table(m->doc, "together", BW_TABLE_PLAIN, names, 3, 1);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "In use: a mean download of 1 %% of the claim or more in the interval "
                  "(of the link where there is no claim). %lld intervals that only one of "
                  "the lines counted are left out (" BW_METHOD_COINCIDENT ").",
                  (long long)t.untold);
    if (t.unknown > 0) {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      " So are %lld for whose time neither claim nor speed of the link is "
                      "known.",
                      (long long)t.unknown);
    }
    bw_pack_figure(m, "one_counted", t.untold, "1", BW_LAYER_UNKNOWN, "count", BW_UNKNOWN,
                   BW_METHOD_COINCIDENT);
    row(m, "Both lines were in use", "both", t.both, t.n);
    row(m, one, "first_alone", t.first, t.n);
    row(m, two, "second_alone", t.second, t.n);
    row(m, "Neither was", "neither", t.none, t.n);
}

/* ---- the diagram ---------------------------------------------------------------- */

enum {
    BOX_W = 110 * BW_PT,
    BOX_H = 34 * BW_PT,
    STEP = 54 * BW_PT,
    TOP = 10 * BW_PT
};

static size_t lines_drawn(const struct bw_pack_asked *q)
{
    return q->n_reports < LINES_MAX ? q->n_reports : LINES_MAX;
}

static int64_t diagram_height(const struct bw_drawing *f, int64_t width_mpt)
{
    (void)width_mpt;
    return TOP + (int64_t)lines_drawn(f->of) * STEP;
}

/* A name that fits into a box, in full where it can. */
static void fitting(const char *name, char *out, size_t n)
{
    size_t len;

    (void)snprintf(out, n, "%s", name);
    len = strlen(out);
    while (bw_canvas_text_mpt(BW_ROLE_VALUE, out) > BOX_W - 8 * BW_PT && len > 3) {
        len--;
        while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80) {
            len--; /* not within a letter */
        }
        (void)snprintf(out, n, "%.*s…", (int)len, name);
    }
}

/* By its circuit's name, and with its site's where another one is called the same. */
static void line_name(const struct bw_pack_asked *q, size_t at, char *out, size_t n)
{
    const struct bw_report *r = q->reports[at];
    bool twice = false;
    char name[sizeof(r->site) + sizeof(r->circuit) + 2];

    for (size_t i = 0; i < q->n_reports; i++) {
        twice = twice || (i != at && strcmp(q->reports[i]->circuit, r->circuit) == 0);
    }
    (void)snprintf(name, sizeof(name), "%s%s%s", twice ? r->site : "", twice ? "." : "",
                   r->circuit);
    fitting(name, out, n);
}

static void
box(struct bw_canvas *c, int64_t x, int64_t y, const char *title, const char *small)
{
    bw_canvas_rect(c, x, y, BOX_W, BOX_H, BW_STYLE_OPEN);
    bw_canvas_text(c, x + BOX_W / 2, y + 14 * BW_PT, BW_ROLE_VALUE, BW_ANCHOR_MIDDLE,
                   title);
    bw_canvas_text(c, x + BOX_W / 2, y + 26 * BW_PT, BW_ROLE_SMALL, BW_ANCHOR_MIDDLE,
                   small);
}

static void diagram_draw(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    const struct bw_pack_asked *q = f->of;
    size_t n = lines_drawn(q);
    int64_t middle = TOP + ((int64_t)n * STEP - STEP) / 2;

    for (size_t i = 0; i < n; i++) {
        const struct bw_report *r = q->reports[i];
        const struct bw_report_claim *claim = bw_pack_claim(r);
        int64_t y = TOP + (int64_t)i * STEP;
        char rate[BW_WORDS_MAX] = "no claim in force";
        char name[sizeof(r->site) + sizeof(r->circuit) + 8];
        if (claim && claim->bps[BW_DOWN] != BW_UNKNOWN) {
            bw_words_rate(claim->bps[BW_DOWN], rate);
        }
        bw_canvas_line(c, BOX_W, middle + BOX_H / 2, (width_mpt - BOX_W) / 2, y + BOX_H / 2,
                       BW_STYLE_AXIS);
        bw_canvas_line(c, (width_mpt + BOX_W) / 2, y + BOX_H / 2, width_mpt - BOX_W,
                       middle + BOX_H / 2, BW_STYLE_AXIS);
        line_name(q, i, name, sizeof(name));
        box(c, (width_mpt - BOX_W) / 2, y, name, rate);
    }
    box(c, 0, middle, "School",
        bw_words_or(
            bw_vantage_name(q->reports[0]->facts[q->reports[0]->n_facts - 1].vantage),
            "place of the box not stated"));
    box(c, width_mpt - BOX_W, middle, "Internet", "through the provider");
}

void bw_pack_diagram(struct bw_pack_made *m)
{
    static const char *const names[] = {"Circuit", "Claimed, download",
                                        "Where the box stands", "Counters"};
    struct bw_drawing f = {.id = "diagram",
                           .title = "What is connected to what",
                           .height = diagram_height,
                           .draw = diagram_draw,
                           .of = m->asked};
    char circuit[160];

    m->section = "diagram";
    bw_doc_section(m->doc, "diagram-of", "What is connected to what");
    (void)snprintf(f.description, sizeof(f.description),
                   "The school is connected to the Internet by %zu measured %s; each is in "
                   "the table. What is not measured is not drawn.",
                   m->asked->n_reports, m->asked->n_reports == 1 ? "circuit" : "circuits");
    bw_sheet_chart(m->doc, &f, "circuits", NULL, 0);
    bw_sheet_table(m->doc, "circuits", BW_TABLE_PLAIN, names, 4, 4);
    bw_doc_text(m->doc, "Made from the boxes' own statements; what is not measured is not "
                        "drawn.");
    for (size_t i = 0; i < m->asked->n_reports; i++) {
        const struct bw_report *r = m->asked->reports[i];
        const struct bw_report_facts *x = &r->facts[r->n_facts - 1];
        const struct bw_report_claim *c = bw_pack_claim(r);
        (void)snprintf(circuit, sizeof(circuit), "%s.%s", r->site, r->circuit);
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, circuit);
        bw_sheet_rate(m->doc, c ? c->bps[BW_DOWN] : BW_UNKNOWN);
        bw_doc_put(m->doc, bw_words_or(bw_vantage_name(x->vantage), "not stated"));
        bw_doc_put(m->doc, bw_words_or(bw_source_name(x->source), "none"));
    }
    bw_doc_end(m->doc);
}

void bw_pack_coincident(struct bw_pack_made *m)
{
    m->section = "together";
    bw_doc_section(m->doc, "coincident", "Two lines at one place");
    if (m->asked->n_reports < 2) {
        bw_sheet_para(m->doc,
                      "One line alone was asked for. Where a second one is at the same "
                      "place, --with CIRCUIT shows whether the two share the load or "
                      "one is an idle backup.");
        bw_pack_count_absent(m, "A second line at the same place",
                             "None was asked for (--with).");
    }
    for (size_t i = 1; i < m->asked->n_reports; i++) {
        pair(m, m->asked->reports[i]);
    }
    bw_doc_end(m->doc);
}
