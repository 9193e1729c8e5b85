/* SPDX-License-Identifier: GPL-3.0-or-later
 * delivery.c - what was contracted against what was delivered: clauses and credits, and on
 * request a letter to the provider.
 *
 * Invariant: the letter says what was measured and asks; it accuses nobody, and leaves room
 * for an answer. */
#include "packs_private.h"

#include <finding.h>
#include <pages_private.h>
#include <stdio.h>
#include <words.h>

static size_t governing(const struct bw_report *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->findings.n; i++) {
        n += r->findings.list[i].governs;
    }
    return n;
}

/* Whether any of what governs is a promise of the contract. */
static bool by_contract(const struct bw_report *r)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        if (f->governs && f->rule->place == BW_EVRULE_CONTRACT) {
            return true;
        }
    }
    return false;
}

static void clause_table(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {
        {.name = "Rule", .header = true}, {.name = "Outcome"}, {.name = "In words"}};
    char name[BW_NAME_MAX + 32];

    if (!by_contract(m->r)) {
        bw_sheet_para(m->doc, "No terms of a contract are on file for this circuit "
                              "(--terms): none of its clauses is judged and no credit "
                              "worked out. What stands here are rules that the state "
                              "adopted.");
    }
    bw_doc_table(m->doc, "outcomes", BW_TABLE_PLAIN, columns, 3);
    bw_doc_text(m->doc, "The arithmetic of each stands below.");
    for (size_t i = 0; i < m->r->findings.n; i++) {
        const struct bw_finding *f = &m->r->findings.list[i];
        if (!f->governs) {
            continue;
        }
        bw_doc_row(m->doc);
        bw_doc_put(m->doc, f->rule->title);
        bw_doc_span(m->doc, BW_SPAN_SMALL, f->id);
        bw_doc_put(m->doc, bw_outcome_words(f->outcome));
        bw_doc_put(m->doc, f->sentence);
        bw_doc_span(m->doc, BW_SPAN_METHOD, BW_METHOD_FINDING);
        (void)snprintf(name, sizeof(name), "finding.%s", f->id);
        bw_pack_word(m, name, bw_outcome_name(f->outcome));
    }
}

void bw_pack_clauses(struct bw_pack_made *m)
{
    bool any = governing(m->r) > 0;

    m->section = "clauses";
    bw_doc_section(m->doc, "clauses", "Clauses of the contract, and credits");
    if (any) {
        clause_table(m);
    } else {
        bw_pack_absent(
            m, "Clauses and credits",
            "No terms of a contract are on file for this circuit (--terms) and no "
            "rule that the state adopted, so no clause is judged and no credit "
            "worked out.");
    }
    bw_doc_end(m->doc);
    if (any) {
        bw_sheet_governing(m->doc, m->r);
    }
}

static void exhibit(struct bw_doc *d, const char *anchor, const char *text)
{
    bw_doc_item(d);
    bw_doc_link(d, anchor, text);
}

static void facts(struct bw_pack_made *m)
{
    const struct bw_report *r = m->r;
    const struct bw_report_tested *t = &r->tested[BW_DOWN];
    const struct bw_report_outages *o = &r->outages;
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];

    bw_doc_list(m->doc, false);
    if (t->compared_bps.n > 0) {
        bw_words_rate(t->compared_bps.median, a);
        bw_words_counted(t->compared_bps.n, "run", "runs", b);
        bw_doc_item(m->doc);
        bw_doc_printf(
            m->doc, BW_SPAN_PLAIN,
            "Throughput runs, download: median of the line's rate %s, at %s, of %s. "
            "Runs that failed, were put off or set apart are counted beside them.",
            a, bw_words_layer_long(t->compared_layer), b);
    }
    if (o->total_ms != BW_UNKNOWN) {
        bw_words_length(o->total_ms, a);
        bw_words_length(o->excluded_ms, b);
        bw_doc_item(m->doc);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      "Outages: %zu, %s in all; of that %s is taken out by notes of people "
                      "who know of it.",
                      o->n, o->n ? a : "none", o->n ? b : "nothing");
    }
    bw_words_percent(bw_words_ppm(r->coverage.recorded_s, r->coverage.elapsed_s), a);
    bw_doc_item(m->doc);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, "%s of the period is on record.", a);
}

static void blank(struct bw_doc *d, const char *what)
{
    bw_doc_row(d);
    bw_doc_put(d, what);
    bw_doc_put(d, " ");
}

void bw_pack_letter(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {{.header = true}, {.name = NULL}};
    struct bw_doc *d = m->doc;

    if (!m->asked->letter) {
        return;
    }
    bw_doc_page_break(d);
    bw_doc_section(d, "letter", "Letter to the provider");
    bw_pack_letter_to(m);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN, "About: circuit %s.%s%s%s, ", m->r->site, m->r->circuit,
                  m->r->place[0] ? " at " : "", m->r->place);
    bw_sheet_period(d, m->r, BW_SPAN_PLAIN);
    bw_doc_text(d, ".");
    bw_pack_letter_days(m);
    bw_sheet_para(
        d, "We measure this line with a witness whose records are signed as they are "
           "made; anybody can check them. For the period above it recorded:");
    facts(m);
    bw_sheet_para(
        d, "Please tell us what you know of this time, and correct what you find "
           "wrong. Your answer is kept with these records, as you wrote it. Exhibits:");
    bw_doc_list(d, true);
    exhibit(d, "first", "Claimed, delivered, used");
    exhibit(d, "outages", "Outages, each with its time");
    exhibit(d, "clauses", "Clauses of the contract, and credits");
    exhibit(d, "coverage", "What this rests on");
    bw_doc_table(d, "reply", BW_TABLE_PLAIN, columns, 2);
    bw_doc_text(d, "Room for your reply");
    blank(d, "Reply");
    blank(d, "Name and office");
    blank(d, "Date");
    bw_doc_end(d);
}
