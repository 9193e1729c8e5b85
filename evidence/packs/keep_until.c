/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_until.c - until when these records are kept, for the funding request or for each
 * funding year that the period touches.
 *
 * Invariant: a date that rests on an assumption says which. */
#include "packs_private.h"

#include "retention.h"

#include <civil.h>
#include <claimline.h>
#include <filed.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>
#include <words.h>

static void row(struct bw_pack_made *m,
                const char *what,
                int64_t day,
                const char *why,
                const char *figure)
{
    char text[BW_WORDS_MAX];
    char date[BW_CIVIL_DATE_LEN + 1];
    int y;
    int mo;
    int d;

    bw_civil_from_days(day, &y, &mo, &d);
    bw_words_date(y, mo, d, bw_civil_weekday(day), text);
    bw_civil_date(day, date);
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    bw_doc_cell(m->doc);
    bw_doc_span(m->doc, BW_SPAN_STRONG, text);
    bw_doc_put(m->doc, why);
    bw_pack_word(m, figure, date);
}

static void
filed_row(struct bw_pack_made *m, const struct bw_claimline *c, const char *figure)
{
    int64_t deadline = BW_UNKNOWN;
    char what[160];
    char why[240];

    if (c->delivery_deadline[0]) {
        (void)bw_civil_date_parse(c->delivery_deadline, &deadline);
    }
    (void)snprintf(what, sizeof(what), "%s%s",
                   c->frn[0] ? "FRN " : "Contract of one's own, no funding request: ",
                   c->frn[0] ? c->frn : c->own);
    if (!c->frn[0]) {
        (void)snprintf(why, sizeof(why),
                       "funding year %lld; the rule asks for it where support is claimed "
                       "for the line, and nothing on file says so",
                       (long long)c->year);
    } else if (deadline != BW_UNKNOWN) {
        (void)snprintf(why, sizeof(why), "service delivery deadline on file: %s",
                       c->delivery_deadline);
    } else {
        (void)snprintf(why, sizeof(why),
                       "funding year %lld; no service delivery deadline is on file, so the "
                       "last day of the year is taken",
                       (long long)c->year);
    }
    row(m, what, bw_retention_day((int)c->year, deadline), why, figure);
}

/* Of one year: a contract of one's own goes on under its name. */
static bool is_line(const struct bw_claimline *a, const struct bw_claimline *b)
{
    return a->year == b->year && strcmp(a->frn, b->frn) == 0 &&
           strcmp(a->line, b->line) == 0 && strcmp(a->own, b->own) == 0;
}

/* Has the page a row for it by what holds on the last day, or by a later version of it? */
static bool is_told(const struct bw_pack_filed *f, size_t i)
{
    const struct bw_claimline *c = &f->held[i].line;
    bool told = f->line && is_line(f->line, c);

    for (size_t k = 0; k < f->n_others; k++) {
        told = told || is_line(&f->others[k], c);
    }
    for (size_t k = i + 1; k < f->n_held; k++) {
        told = told || is_line(&f->held[k].line, c);
    }
    return told;
}

/* Those that ended within the period. */
static void before(struct bw_pack_made *m, const struct bw_pack_filed *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_held; i++) {
        char figure[64];
        if (f->held[i].line.year != BW_UNKNOWN && !is_told(f, i)) {
            (void)snprintf(figure, sizeof(figure), "keep_until.before.%zu", ++n);
            filed_row(m, &f->held[i].line, figure);
        }
    }
}

/* Is a claim of that funding year bound within the period? */
static bool is_of_year(const struct bw_pack_filed *f, int year)
{
    bool is = f->line && f->line->year == year;

    for (size_t i = 0; i < f->n_held; i++) {
        is = is || f->held[i].line.year == year;
    }
    return is;
}

void bw_pack_keep_until(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {
        {.name = "Funding request", .header = true},
        {.name = "Keep until"},
        {.name = "Because"}};
    const struct bw_pack_filed *f = bw_pack_filed_of(m, 0);
    struct bw_civil a;
    struct bw_civil b;

    m->section = "retention";
    bw_doc_section(m->doc, "retention", "Until when to keep this");
    bw_doc_table(m->doc, "keep-until", BW_TABLE_PLAIN, columns, 3);
    bw_doc_text(m->doc, "47 CFR 54.516(a)(1): ten years after the later of the funding "
                        "year's last day and the service delivery deadline "
                        "(" BW_METHOD_RETENTION ")");
    if (f->line && f->line->year != BW_UNKNOWN) {
        filed_row(m, f->line, "keep_until");
        for (size_t i = 0; i < f->n_others && f->others[i].year != BW_UNKNOWN; i++) {
            char figure[64];
            (void)snprintf(figure, sizeof(figure), "keep_until.also.%zu", i + 1);
            filed_row(m, &f->others[i], figure);
        }
    }
    before(m, f);
    bw_tz_local(m->r->tz, m->r->from_unix_s, &a);
    bw_tz_local(m->r->tz, m->r->to_unix_s - 1, &b);
    for (int y = a.year - (a.month < 7); y <= b.year - (b.month < 7); y++) {
        char what[64];
        char figure[64];
        if (is_of_year(f, y)) {
            continue;
        }
        (void)snprintf(what, sizeof(what), "Recurring service of funding year %d", y);
        (void)snprintf(figure, sizeof(figure), "keep_until.%d", y);
        row(m, what, bw_retention_day(y, BW_UNKNOWN),
            "no claim of that year is bound to this circuit within the period: this holds "
            "for a recurring service; one with a later delivery deadline is kept longer",
            figure);
    }
    bw_doc_end(m->doc);
}
