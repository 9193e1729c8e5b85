/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_tests.c - throughput runs: what they reached, how many counted, each one.
 *
 * Invariant: runs that failed, were put off or set apart are counted where the others
 * are shown. */
#include "pages_private.h"

#include <bw/records.h>
#include <plot.h>
#include <plural.h>
#include <stdio.h>
#include <words.h>

static void
dist_row(struct bw_doc *doc, const char *what, enum bw_layer layer, const struct bw_dist *d)
{
    bw_doc_row(doc);
    bw_doc_put(doc, what);
    bw_doc_put(doc, d->n > 0 ? bw_words_layer_long(layer) : "–");
    bw_sheet_count(doc, d->n);
    bw_sheet_rate(doc, d->min);
    bw_sheet_rate(doc, d->p5);
    bw_sheet_rate(doc, d->median);
    bw_sheet_rate(doc, d->p95);
    bw_sheet_rate(doc, d->max);
}

static void
dist_table(struct bw_doc *d, const struct bw_report_tested *t, const char *anchor)
{
    static const char *const names[] = {"Rate", "Layer",  "Runs", "Lowest",
                                        "P5",   "Median", "P95",  "Highest"};
    char text[BW_WORDS_MAX];

    bw_sheet_table(d, anchor, BW_TABLE_PLAIN, names, 8, 2);
    for (size_t i = 0; i < t->n_kinds; i++) {
        (void)snprintf(text, sizeof(text), "Goodput, %s", t->kinds[i].kind);
        dist_row(d, text, BW_LAYER_GOODPUT, &t->kinds[i].goodput_bps);
    }
    for (size_t i = 0; i < t->n_line; i++) {
        dist_row(d, "Line, test and users together", t->line[i].layer, &t->line[i].bps);
    }
    if (t->compared_bps.n > 0 &&
        (t->n_line != 1 || t->line[0].layer != t->compared_layer)) {
        dist_row(d, "Line, at the claim's layer", t->compared_layer, &t->compared_bps);
    }
}

/* Good runs that count for nobody, with why. */
static void apart_sentence(struct bw_doc *d, const struct bw_report_tested *t)
{
    int64_t n = 0;

    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        n += t->n_apart[a];
    }
    if (n == 0) {
        return;
    }
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "Of the good ones %lld %s set apart and in none of these figures: ",
                  (long long)n, bw_plural(n, "is", "are"));
    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        if (t->n_apart[a] > 0) {
            bw_doc_printf(d, BW_SPAN_PLAIN, "%lld %s%s", (long long)t->n_apart[a],
                          bw_words_apart(a), (n -= t->n_apart[a]) > 0 ? "; " : ". ");
        }
    }
}

static void compared_sentence(struct bw_doc *d,
                              const struct bw_report *r,
                              const struct bw_report_tested *t)
{
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];

    if (t->n_compared > 0) {
        bw_words_percent(bw_words_ppm(t->n_at_80, t->n_compared), a);
        bw_words_percent(bw_words_ppm(t->n_at_90, t->n_compared), b);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "Of %lld %s that can be compared with the claim, %lld (%s) reached at "
            "least 80 %% of it and %lld (%s) at least 90 %%. ",
            (long long)t->n_compared, bw_plural(t->n_compared, "run", "runs"),
            (long long)t->n_at_80, a, (long long)t->n_at_90, b);
    } else if (t->n_ok > 0) {
        bw_doc_text(d, r->n_claims == 0
                           ? "There is no claim to compare them with. "
                           : "No run can be compared with the claim: that takes the line's "
                             "counter during the run, and the MTU. ");
    }
    if (t->conversion[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "Conversion: %s.", t->conversion);
    }
}

static void
sentences(struct bw_doc *d, const struct bw_report *r, const struct bw_report_tested *t)
{
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "%lld %s begun: %lld good, %lld failed, %lld cancelled; %lld of them "
                  "retests. Put off %lld %s (a run that waits is put off each time it is "
                  "looked at). ",
                  (long long)t->n_made, bw_plural(t->n_made, "run was", "runs were"),
                  (long long)t->n_ok, (long long)t->n_failed, (long long)t->n_cancelled,
                  (long long)t->n_retests, (long long)t->n_deferred,
                  bw_plural(t->n_deferred, "time", "times"));
    apart_sentence(d, t);
    compared_sentence(d, r, t);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(
        d, BW_SPAN_PLAIN,
        "Grade: %lld with the number of an entry in a public archive, %lld with a "
        "receipt of the server in the record, %lld on the box's word alone. "
        "Whether the archive has it and the server signed it is not checked for "
        "this page: 'bandwitness verify --log-key' checks receipts.",
        (long long)t->n_grade[BW_GRADE_ARCHIVE], (long long)t->n_grade[BW_GRADE_RECEIPT],
        (long long)t->n_grade[BW_GRADE_SELF]);
}

static void summary(struct bw_doc *d, const struct bw_report *r)
{
    static const struct bw_doc_key key[] = {
        {BW_SWATCH_DOT, "good run"},
        {BW_SWATCH_CLAIM, "claim"},
        {BW_SWATCH_CLAIM_80, "80 % of it"},
        {BW_SWATCH_HATCH, "no record"},
        {BW_SWATCH_NONE,
         "rings: set apart; crosses at the bottom: failed; short strokes: put off"}};
    static const struct {
        const char *heading;
        const char *anchor;
        const char *table;
    } ways[] = {[BW_DOWN] = {"Download", "tests-down", "tests-down-rates"},
                [BW_UP] = {"Upload", "tests-up", "tests-up-rates"}};

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        struct bw_drawing figure;
        bw_doc_section(d, ways[way].anchor, ways[way].heading);
        if (r->tested[way].n_wanted > 0) {
            bw_plot_runs(r, way, &figure);
            bw_sheet_chart(d, &figure, "run-list", key, sizeof(key) / sizeof(key[0]));
        }
        dist_table(d, &r->tested[way], ways[way].table);
        sentences(d, r, &r->tested[way]);
        bw_doc_end(d);
    }
}

static void
run_row(struct bw_doc *d, const struct bw_report *r, const struct bw_report_run *t)
{
    char text[BW_WORDS_MAX];

    bw_words_local(r->tz, t->at_unix_ms / 1000, 1, text);
    bw_doc_row(d);
    bw_doc_put(d, text);
    bw_doc_put(d, bw_words_direction((int)t->direction));
    bw_doc_cell(d);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s by %s", t->server[0] ? t->server : t->probe,
                  t->kind);
    bw_doc_cell(d);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s%s%s%s%s",
                  bw_words_or(bw_test_state_name(t->state), ""),
                  t->retest ? ", retest" : "", t->reason[0] ? ": " : "", t->reason,
                  t->apart != BW_APART_NOT ? ", set apart: " : "",
                  t->apart != BW_APART_NOT ? bw_words_apart(t->apart) : "");
    bw_sheet_rate(d, t->goodput_bps);
    bw_sheet_rate(d, t->line_bps);
    bw_sheet_rate(d, t->compared_bps);
    bw_sheet_percent(d, t->compared_bps == BW_UNKNOWN
                            ? BW_UNKNOWN
                            : bw_words_ppm(t->compared_bps, t->claim_bps));
}

static void runs_table(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"When",
                                        "Direction",
                                        "Server",
                                        "State",
                                        "Goodput",
                                        "Line",
                                        "At the claim's layer",
                                        "Of the claim"};
    size_t max = (size_t)4 * BW_PAGE_ROWS_MAX;
    size_t shown = r->n_runs < max ? r->n_runs : max;

    bw_doc_details(d, false);
    bw_doc_text(d, "Every run in a table");
    bw_sheet_table(d, "run-list", BW_TABLE_PLAIN, names, 8, 4);
    for (size_t i = 0; i < shown; i++) {
        run_row(d, r, &r->runs[i]);
    }
    bw_doc_end(d);
    bw_sheet_left_out(d, shown, r->n_runs);
}

void bw_sheet_tests(struct bw_doc *d, const struct bw_report *r)
{
    bw_sheet_head(d, "tests", "Throughput tests",
                  BW_METHOD_TESTED ", " BW_METHOD_CLAIM_SHARE ", " BW_METHOD_LAYER);
    if (r->n_runs == 0) {
        bw_sheet_none(d, "No throughput run was begun or put off in the period.");
    } else {
        summary(d, r);
        runs_table(d, r);
    }
    bw_doc_end(d);
}
