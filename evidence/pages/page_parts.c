/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_parts.c - pieces that pages share: heads of sections, tables, cells.
 *
 * Invariant: a list that is cut says how many rows it leaves out and where they are; a
 * figure that is not known is a dash, never a zero. */
#include "pages_private.h"

#include <svg.h>
#include <tz.h>
#include <words.h>

void bw_sheet_head(struct bw_doc *d,
                   const char *anchor,
                   const char *title,
                   const char *methods)
{
    bw_doc_section(d, anchor, title);
    bw_doc_para(d, BW_PARA_METHOD);
    bw_doc_text(d, methods);
}

void bw_sheet_table(struct bw_doc *d,
                    const char *anchor,
                    enum bw_doc_table_style style,
                    const char *const *names,
                    size_t n,
                    size_t first_number)
{
    struct bw_doc_column columns[BW_DOC_COLUMNS_MAX] = {{.header = true}};

    for (size_t i = 0; i < n && i < BW_DOC_COLUMNS_MAX; i++) {
        columns[i].name = names[i];
        columns[i].number = i >= first_number;
    }
    bw_doc_table(d, anchor, style, columns, n);
}

void bw_sheet_left_out(struct bw_doc *d, size_t shown, size_t all)
{
    if (shown < all) {
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "%zu of %zu rows are shown; the CSV and JSON of this report hold all.", shown,
            all);
    }
}

void bw_sheet_none(struct bw_doc *d, const char *text)
{
    bw_doc_para(d, BW_PARA_NONE);
    bw_doc_text(d, text);
}

void bw_sheet_para(struct bw_doc *d, const char *text)
{
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_text(d, text);
}

/* ---- cells -------------------------------------------------------------------- */

static void known(struct bw_doc *d, int64_t value, const char *text)
{
    bw_doc_put(d, value == BW_UNKNOWN ? "–" : text);
}

void bw_sheet_rate(struct bw_doc *d, int64_t bps)
{
    char text[BW_WORDS_MAX];

    bw_words_rate(bps, text);
    known(d, bps, text);
}

void bw_sheet_count(struct bw_doc *d, int64_t n)
{
    char text[BW_WORDS_MAX];

    bw_words_count(n, text);
    known(d, n, text);
}

void bw_sheet_delay(struct bw_doc *d, int64_t us)
{
    char text[BW_WORDS_MAX];

    bw_words_delay(us, text);
    known(d, us, text);
}

void bw_sheet_bytes(struct bw_doc *d, int64_t n)
{
    char text[BW_WORDS_MAX];

    bw_words_bytes(n, text);
    known(d, n, text);
}

void bw_sheet_length(struct bw_doc *d, int64_t ms)
{
    char text[BW_WORDS_MAX];

    bw_words_length(ms, text);
    known(d, ms, text);
}

void bw_sheet_percent(struct bw_doc *d, int64_t ppm)
{
    char text[BW_WORDS_MAX];

    bw_words_percent(ppm, text);
    known(d, ppm, text);
}

void bw_sheet_target_cell(struct bw_doc *d, const char *probe, const char *kind, int family)
{
    bw_doc_put(d, probe);
    if (family) {
        bw_doc_printf(d, BW_SPAN_SMALL, "%s, IPv%d", kind, family);
    } else {
        bw_doc_span(d, BW_SPAN_SMALL, kind);
    }
}

/* ---- the period --------------------------------------------------------------- */

static bool midnight(const struct bw_civil *c)
{
    return c->hour == 0 && c->minute == 0 && c->second == 0;
}

void bw_sheet_period(struct bw_doc *d, const struct bw_report *r, enum bw_span_style style)
{
    struct bw_civil a;
    struct bw_civil b;
    char from[BW_WORDS_MAX];
    char to[BW_WORDS_MAX];

    bw_tz_local(r->tz, r->from_unix_s, &a);
    bw_tz_local(r->tz, r->to_unix_s, &b);
    if (!midnight(&a) || !midnight(&b)) {
        bw_words_local(r->tz, r->from_unix_s, 1, from);
        bw_words_local(r->tz, r->to_unix_s, 1, to);
        bw_doc_printf(d, style, "%s to %s", from, to);
        return;
    }
    bw_tz_local(r->tz, r->to_unix_s - 1, &b);
    if (a.year == b.year && a.month == b.month && a.day == b.day) {
        bw_doc_printf(d, style, "%d %s %d", a.day, bw_words_month(a.month), a.year);
        return;
    }
    bw_doc_printf(d, style, "%d %s %d to %d %s %d", a.day, bw_words_month(a.month), a.year,
                  b.day, bw_words_month(b.month), b.year);
    if (a.month == 7 && a.day == 1 && b.month == 6 && b.day == 30 && b.year == a.year + 1) {
        bw_doc_printf(d, style, " (E-rate funding year %d)", a.year);
    }
}

void bw_sheet_chart(struct bw_doc *d,
                    const struct bw_drawing *f,
                    const char *table,
                    const struct bw_doc_key *key,
                    size_t n_key)
{
    const struct bw_drawing *kept = bw_doc_keep(d, f, sizeof(*f));

    bw_doc_chart(d, &(struct bw_doc_chart){
                        .title = f->title,
                        .description = f->description,
                        .table = table,
                        .spec = kept,
                        .draw = bw_drawing_draw,
                        .svg = bw_svg_drawing,
                        .width_pt = BW_DRAWING_WIDTH / BW_PT,
                        .height_pt = (int)((bw_drawing_height(f) + BW_PT - 1) / BW_PT),
                        .key = key,
                        .n_key = n_key});
}
