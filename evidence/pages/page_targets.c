/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_targets.c - what probes tell of targets beside the round trip: answers, parts of
 * exchanges, certificates, on which way packets were lost, one-way delays.
 *
 * Invariant: a figure stands beside the number of values it rests on; what no record tells
 * is a dash, never a zero. */
#include "pages_private.h"

#include <details.h>
#include <stdio.h>
#include <words.h>

/* ---- answers --------------------------------------------------------------------- */

/* "9 days left", "ended 3 days before" */
static void
days_cell(struct bw_doc *d, const struct bw_report *r, int64_t days, int64_t unix_s)
{
    char words[BW_WORDS_MAX];
    char when[BW_WORDS_MAX];

    if (days == BW_UNKNOWN) {
        bw_doc_put(d, "–");
        return;
    }
    bw_detail_days_words(days, words);
    bw_words_local(r->tz, unix_s, 0, when);
    bw_doc_put(d, words);
    bw_doc_printf(d, BW_SPAN_SMALL, "read %s", when);
}

static void cert_notes(struct bw_doc *d, const struct bw_report *r)
{
    char words[BW_WORDS_MAX];
    char when[BW_WORDS_MAX];

    for (size_t i = 0; i < r->details.n_targets; i++) {
        const struct bw_detail_target *t = &r->details.targets[i];
        if (t->n_cert == 0 || t->cert_days >= BW_CERT_WARN_DAYS) {
            continue;
        }
        bw_detail_days_words(t->cert_days, words);
        bw_words_local(r->tz, t->cert_unix_s, 0, when);
        bw_doc_note(d, BW_NOTE_BAD);
        bw_doc_printf(d, BW_SPAN_STRONG, "Certificate of %s: %s", t->probe, words);
        bw_doc_printf(d, BW_SPAN_PLAIN, " %s on %s",
                      t->cert_days < 0 ? "it was read" : "when it was read", when);
        bw_detail_days_words(t->cert_newest_days, words);
        bw_words_local(r->tz, t->cert_newest_unix_s, 0, when);
        bw_doc_printf(d, BW_SPAN_PLAIN, "; newest reading on %s: %s.", when, words);
    }
}

static void
answers_row(struct bw_doc *d, const struct bw_report *r, const struct bw_detail_target *t)
{
    char n[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_sheet_target_cell(d, t->probe, t->kind, t->family);
    bw_sheet_count(d, t->sent);
    bw_doc_put(d, t->n_codes ? "" : "–");
    for (size_t i = 0; i < t->n_codes; i++) {
        bw_words_count(t->codes[i].n, n);
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s %s", i ? "; " : "", t->codes[i].code, n);
    }
    bw_sheet_count(d, t->sent - t->n_coded);
    days_cell(d, r, t->cert_days, t->cert_unix_s);
    days_cell(d, r, t->cert_newest_days, t->cert_newest_unix_s);
}

static void answers(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Target",
                                        "Asked",
                                        "Answers, how often each",
                                        "No answer",
                                        "Certificate, fewest days",
                                        "Certificate, newest"};
    size_t n = 0;

    for (size_t i = 0; i < r->details.n_targets; i++) {
        if (!bw_detail_is_exchange(&r->details.targets[i])) {
            continue;
        }
        if (n++ == 0) {
            bw_doc_section(d, "answers", "Answers");
            bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 6, 6);
        }
        answers_row(d, r, &r->details.targets[i]);
    }
    if (n > 0) {
        bw_doc_end(d);
    }
}

/* ---- parts of exchanges ---------------------------------------------------------- */

static void phase_row(struct bw_doc *d,
                      const struct bw_detail_target *t,
                      const struct bw_detail_phase *p)
{
    char text[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_sheet_target_cell(d, t->probe, t->kind, t->family);
    bw_doc_put(d, bw_detail_phase_words(p->phase));
    if (p->n_without > 0) {
        bw_words_counted(p->n_without, "record", "records", text);
        bw_doc_printf(d, BW_SPAN_SMALL, "%s too long for the times", text);
    }
    bw_sheet_count(d, p->times.n);
    bw_sheet_delay(d, p->times.min_us);
    bw_sheet_delay(d, p->times.p50_us);
    bw_sheet_delay(d, p->times.p95_us);
}

static void phases(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Target", "Part",   "Values",
                                        "Lowest", "Median", "P95"};
    size_t n = 0;

    for (size_t i = 0; i < r->details.n_targets; i++) {
        const struct bw_detail_target *t = &r->details.targets[i];
        for (size_t k = 0; k < t->n_phases; k++) {
            if (n++ == 0) {
                bw_doc_section(d, "phases", "Parts of an exchange");
                bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 6, 2);
            }
            phase_row(d, t, &t->phases[k]);
        }
    }
    if (n > 0) {
        bw_sheet_para(d, "Each part lasts from the end of the one before it.");
        bw_doc_end(d);
    }
}

/* ---- there and back -------------------------------------------------------------- */

static void one_way_cell(struct bw_doc *d, const struct bw_detail_times *t)
{
    char low[BW_WORDS_MAX];
    char p95[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];

    bw_sheet_delay(d, t->n == 0 ? BW_UNKNOWN : t->p50_us);
    if (t->n > 0) {
        bw_words_delay(t->p95_us, p95);
        bw_words_count(t->n, n);
        bw_words_delay(t->min_us, low);
        bw_doc_printf(d, BW_SPAN_SMALL, "P95 %s of %s, lowest %s", p95, n, low);
    }
}

static void side_row(struct bw_doc *d, const struct bw_detail_target *t)
{
    bool told = t->lost_out != BW_UNKNOWN;

    bw_doc_row(d);
    bw_sheet_target_cell(d, t->probe, t->kind, t->family);
    bw_sheet_count(d, t->lost);
    bw_sheet_count(d, t->lost_out);
    bw_sheet_count(d, t->lost_back);
    bw_sheet_count(d, told ? t->lost - t->lost_out - t->lost_back : t->lost);
    one_way_cell(d, &t->out);
    one_way_cell(d, &t->back);
    bw_sheet_delay(d, t->one_way_error_us);
}

static void sides(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Target",
                                        "Lost",
                                        "On the way there",
                                        "On the way back",
                                        "Not known where",
                                        "One way there, median",
                                        "One way back, median",
                                        "May be off by"};
    size_t n = 0;

    for (size_t i = 0; i < r->details.n_targets; i++) {
        const struct bw_detail_target *t = &r->details.targets[i];
        if (bw_detail_is_exchange(t) && t->lost_out == BW_UNKNOWN && t->out.n == 0) {
            continue;
        }
        if (n++ == 0) {
            bw_doc_section(d, "sides", "There and back");
            bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 8, 1);
        }
        side_row(d, t);
    }
    if (n > 0) {
        bw_sheet_para(d,
                      "One-way delays only of packets for which both clocks were "
                      "synchronised; each may be off by the bound beside it, the largest "
                      "of the period.");
        bw_doc_end(d);
    }
}

void bw_sheet_targets(struct bw_doc *d, const struct bw_report *r)
{
    bw_sheet_head(d, "targets", "Targets in detail",
                  BW_METHOD_ANSWERS ", " BW_METHOD_PHASES ", " BW_METHOD_CERT
                                    ", " BW_METHOD_LOSS_SIDE ", " BW_METHOD_ONE_WAY
                                    ", " BW_METHOD_PATH);
    if (r->details.n_targets == 0 && r->details.n_paths == 0) {
        bw_sheet_none(d, "Not measured: no target was asked in another way than by ICMP "
                         "echo, and no path was traced.");
        bw_doc_end(d);
        return;
    }
    cert_notes(d, r);
    answers(d, r);
    phases(d, r);
    sides(d, r);
    bw_sheet_paths(d, r);
    if (r->details.more) {
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "There were more than %d targets or paths; the others are not shown.",
                      BW_DETAIL_TARGETS_MAX);
    }
    bw_sheet_para(d, "How much of the time each target was asked stands under coverage. A "
                     "dash: no record of the period tells it.");
    bw_doc_end(d);
}
