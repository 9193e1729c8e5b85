/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_findings.c - findings by rules: first what governs this service, at the end what is
 * there for comparison, each with its arithmetic.
 *
 * Invariant: a rule that does not govern is never among those that do, and says so; what a
 * box cannot test never reads as a failure. */
#include "pages_private.h"

#include <stdio.h>
#include <string.h>
#include <words.h>

/* "FCC …: what the line can carry, out of class hours" over its sentence. */
static void head(struct bw_doc *d, const struct bw_finding *f)
{
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_STRONG, "%s", f->sentence);
    bw_doc_printf(d, BW_SPAN_SMALL, "%s, version %lld (%s): %s", f->rule->title,
                  (long long)f->rule->version, f->id, bw_evrule_kind_words(f->kind));
    bw_doc_printf(d, BW_SPAN_SMALL, "This rule %s. It is for: %s.",
                  f->governs ? f->governs_why : "does not govern this service",
                  f->rule->whom);
}

static void counts(struct bw_doc *d, const struct bw_finding *f)
{
    static const char *const names[] = {"Tests",   "Wanted",   "Made",    "Put off",
                                        "Lost",    "Excluded", "Counted", "Archive",
                                        "Receipt", "Self"};
    bool any = false;

    for (size_t i = 0; i < f->n_parts; i++) {
        const struct bw_finding_part *p = &f->parts[i];
        const struct bw_finding_counts *k = &p->counts;
        if (k->counted == BW_UNKNOWN) {
            continue;
        }
        if (!any) {
            bw_sheet_table(d, NULL, BW_TABLE_TIGHT, names, 10, 1);
        }
        any = true;
        bw_doc_row(d);
        bw_doc_cell(d);
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s, %s", p->clause->name,
                      p->direction == BW_DOWN ? "download" : "upload");
        bw_sheet_count(d, k->wanted);
        bw_sheet_count(d, k->made);
        bw_sheet_count(d, k->deferred);
        bw_sheet_count(d, k->lost);
        bw_sheet_count(d, k->excluded);
        bw_sheet_count(d, k->counted);
        bw_sheet_count(d, k->grade[BW_GRADE_ARCHIVE]);
        bw_sheet_count(d, k->grade[BW_GRADE_RECEIPT]);
        bw_sheet_count(d, k->grade[BW_GRADE_SELF]);
    }
}

static void part(struct bw_doc *d, const struct bw_finding_part *p)
{
    static const char *const names[] = {"What", "Figure", "Arithmetic"};
    char text[BW_WORDS_MAX];

    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_STRONG, "%s", p->sentence);
    if (!p->decides) {
        bw_doc_text(d, p->unsure == BW_UNSURE_NO_TERMS
                           ? " Not judged: the contract leaves it out."
                           : " Told beside; the finding stands without it.");
    }
    if (p->n_rows == 0) {
        return;
    }
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 3, 3);
    for (size_t i = 0; i < p->n_rows && i < BW_PAGE_ROWS_MAX; i++) {
        bw_words_row(&p->rows[i], text);
        bw_doc_row(d);
        bw_doc_put(d, p->rows[i].words);
        bw_doc_put(d, p->rows[i].value == BW_UNKNOWN ? "–" : text);
        bw_doc_put(d, p->rows[i].sum[0] ? p->rows[i].sum : "–");
    }
    bw_sheet_left_out(d, p->n_rows < BW_PAGE_ROWS_MAX ? p->n_rows : BW_PAGE_ROWS_MAX,
                      p->n_rows);
}

/* The first finding of the same part of the page by the same rule: there its text stands.
 */
static const struct bw_finding *told_by(const struct bw_report *r,
                                        const struct bw_finding *f)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *x = &r->findings.list[i];
        if (x->governs == f->governs && strcmp(x->rule->sha256, f->rule->sha256) == 0) {
            return x;
        }
    }
    return f;
}

static void rule(struct bw_doc *d, const struct bw_finding *f)
{
    bw_sheet_para(d, f->rule->says);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_text(d, "Sources: ");
    for (size_t i = 0; i < f->rule->n_citations; i++) {
        const struct bw_evrule_citation *c = &f->rule->citations[i];
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s, ", i ? "; " : "", c->source);
        bw_doc_span(d, BW_SPAN_CODE, c->url);
        bw_doc_printf(d, BW_SPAN_PLAIN, " (read on %s)", c->read);
    }
    bw_doc_text(d, ".");
    if (f->rule->ours[0]) {
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN, "Not in its sources: %s", f->rule->ours);
    }
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_text(d, "SHA-256 of the rule's file: ");
    bw_doc_span(d, BW_SPAN_CODE, f->rule->sha256);
}

static void details(struct bw_doc *d, const struct bw_report *r, const struct bw_finding *f)
{
    const struct bw_finding *first = told_by(r, f);

    bw_doc_details(d, false);
    if (first == f) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s: the rule, its sources and the arithmetic",
                      f->id);
        rule(d, f);
    } else {
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s: the arithmetic", f->id);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "The same rule as of %s: what it says and its sources stand there.",
                      first->id);
    }
    for (size_t i = 0; i < f->n_parts; i++) {
        part(d, &f->parts[i]);
    }
    bw_doc_end(d);
}

static size_t how_many(const struct bw_report *r, bool governs)
{
    size_t n = 0;

    for (size_t i = 0; i < r->findings.n; i++) {
        n += r->findings.list[i].governs == governs;
    }
    return n;
}

void bw_sheet_governing(struct bw_doc *d, const struct bw_report *r)
{
    bw_sheet_head(d, "findings", "Findings by the rules that govern this service",
                  BW_METHOD_FINDING);
    if (r->findings.n == 0) {
        bw_sheet_none(d, "None: no rules were given to this report, so nothing was judged, "
                         "neither for the line nor against it.");
    } else if (how_many(r, true) == 0) {
        bw_sheet_none(d,
                      "None: no terms of the contract are on file here, and no rule that "
                      "the state has adopted. Rules for comparison stand further back.");
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        if (f->governs) {
            head(d, f);
            counts(d, f);
            details(d, r, f);
        }
    }
    bw_doc_end(d);
}

void bw_sheet_comparison(struct bw_doc *d, const struct bw_report *r)
{
    if (how_many(r, false) == 0) {
        return;
    }
    bw_sheet_head(d, "comparison", "For comparison: rules that do not govern this service",
                  BW_METHOD_FINDING);
    bw_sheet_para(d,
                  "For comparison; these rules do not govern this service. Nobody has to "
                  "meet them here, and nothing follows from a finding by one of them.");
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        if (!f->governs) {
            head(d, f);
            counts(d, f);
            details(d, r, f);
        }
    }
    bw_doc_end(d);
}
