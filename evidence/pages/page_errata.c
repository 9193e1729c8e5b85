/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_errata.c - where our software or a server was wrong, or a key in other hands, and
 * what of this period counts nowhere for it.
 *
 * Invariant: what is left out is told on the page's first lines, with its number and its
 * reason. */
#include "pages_private.h"

#include <buf.h>
#include <plural.h>
#include <stdio.h>
#include <words.h>

enum {
    FIELDS_CAP = 400
};

static void counted(struct bw_doc *d, const struct bw_report_erratum *x)
{
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];
    char c[BW_WORDS_MAX];

    bw_words_counted(x->n_runs, "test run", "test runs", a);
    bw_words_counted(x->n_intervals, "interval", "intervals", b);
    bw_words_counted(x->n_records, "record", "records", c);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s%s of %s", x->n_runs > 0 ? a : "",
                  x->n_runs > 0 && x->n_intervals > 0 ? " and " : "",
                  x->n_intervals > 0 ? b : "", c);
}

static void note_keys(struct bw_doc *d, const struct bw_report *r)
{
    char since[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];

    for (size_t i = 0; i < r->counts.n_keys; i++) {
        const struct bw_report_key *k = &r->counts.keys[i];
        if (k->n_apart == 0) {
            continue;
        }
        bw_words_local(r->tz, k->revoked_unix_s, 0, since);
        bw_words_counted(k->n_apart, "record", "records", n);
        bw_doc_note(d, BW_NOTE_BAD);
        bw_doc_span(d, BW_SPAN_STRONG, "Set apart: key in other hands. ");
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "The key %.8s was revoked as of %s. %s of this period that came by it "
            "since, whatever time they claim, count nowhere.%s%s%s%s%s",
            k->kid, since, n, k->revoked_why[0] ? " " : "", k->revoked_why,
            k->revoked_by[0] ? " (" : "", k->revoked_by, k->revoked_by[0] ? ")." : "");
    }
}

void bw_sheet_errata_note(struct bw_doc *d, const struct bw_report *r)
{
    for (size_t i = 0; i < r->errata.n; i++) {
        const struct bw_report_erratum *x = &r->errata.list[i];
        bool out = x->said.erratum.action == BW_ERRATUM_EXCLUDE;
        bw_doc_note(d, BW_NOTE_INFO);
        bw_doc_span(d, BW_SPAN_STRONG, out ? "Set apart: erratum. " : "Erratum. ");
        counted(d, x);
        bw_doc_printf(d, BW_SPAN_PLAIN, " %s: %s (%s, %.8s).",
                      out ? "count nowhere here" : "are concerned and still count",
                      x->said.erratum.reason, x->said.key, x->said.id);
    }
    note_keys(d, r);
}

static void who(struct bw_doc *d, const struct bw_erratum_said *s)
{
    const struct bw_erratum *e = &s->erratum;

    bw_doc_put(d, s->key);
    if (e->from_version[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, ", from %s on", e->from_version);
    }
    if (e->before_version[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, ", before %s", e->before_version);
    }
}

static void instant(struct bw_doc *d, const struct bw_report *r, int64_t unix_s)
{
    char text[BW_WORDS_MAX];

    bw_words_local(r->tz, unix_s, 1, text);
    bw_doc_put(d, unix_s == BW_UNKNOWN ? "–" : text);
}

static void
row(struct bw_doc *d, const struct bw_report *r, const struct bw_report_erratum *x)
{
    const struct bw_erratum *e = &x->said.erratum;
    struct bw_buf fields;
    char text[BW_WORDS_MAX];

    bw_buf_init(&fields, FIELDS_CAP);
    bw_erratum_fields_text(e->fields, &fields);
    bw_doc_row(d);
    who(d, &x->said);
    instant(d, r, e->from_unix_s);
    instant(d, r, e->to_unix_s);
    bw_doc_put(d, fields.data ? fields.data : "");
    bw_doc_text(d, e->action == BW_ERRATUM_EXCLUDE ? ": excluded" : ": annotated");
    bw_doc_put(d, e->reason);
    if (e->reference[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, " (%s)", e->reference);
    }
    bw_words_local(r->tz, x->said.said_unix_s, 1, text);
    bw_doc_put(d, x->said.by);
    bw_doc_printf(d, BW_SPAN_PLAIN, ", %s", text);
    bw_sheet_count(d, x->n_records);
    bw_sheet_count(d, x->n_intervals);
    bw_sheet_count(d, x->n_runs);
    bw_buf_done(&fields);
}

void bw_sheet_errata(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"About",   "From",           "To",
                                        "Fields",  "In their words", "Said by, on",
                                        "Records", "Intervals",      "Test runs"};
    const struct bw_report_errata *e = &r->errata;

    if (e->n == 0 && e->n_unread == 0) {
        return;
    }
    bw_sheet_head(d, "errata", "Errata", BW_METHOD_ERRATUM);
    if (e->n > 0) {
        bw_sheet_para(d,
                      "Where our own software or a server was wrong. What is excluded is "
                      "in no figure of this page; the records themselves are unchanged.");
        bw_sheet_table(d, "erratum-list", BW_TABLE_PLAIN, names, 9, 6);
        for (size_t i = 0; i < e->n; i++) {
            row(d, r, &e->list[i]);
        }
    }
    if (e->n_unread > 0) {
        bw_doc_para(d, BW_PARA_NONE);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%lld more were said in a form that only a newer program reads.",
                      (long long)e->n_unread);
    }
    bw_doc_end(d);
}
