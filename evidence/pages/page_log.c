/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_log.c - the collector's log: its newest checkpoint, who else signed it, and its
 * seams. Only where there is one.
 *
 * Invariant: a log that nobody else signed is called not witnessed. */
#include "pages_private.h"

#include <words.h>

static void when(struct bw_doc *d, const struct bw_report *r, int64_t unix_s)
{
    char text[BW_WORDS_MAX];

    bw_words_local(r->tz, unix_s, 1, text);
    bw_doc_text(d, text);
}

static void witnesses(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_log_facts *f = &r->log;
    char text[BW_WORDS_MAX];

    bw_doc_item(d);
    if (f->n_witnesses == 0) {
        bw_doc_span(d, BW_SPAN_STRONG, "Not witnessed");
        bw_doc_text(d, ": the collector alone signed it, and could show somebody else "
                       "another log.");
        return;
    }
    bw_words_count(f->witness[0].size, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, "Its first %s entries were witnessed", text);
    for (size_t i = 0; i < f->n_witnesses; i++) {
        bw_doc_text(d, i > 0 ? "; by " : " by ");
        bw_doc_span(d, BW_SPAN_CODE, f->witness[i].name);
        bw_doc_text(d, ", ");
        when(d, r, f->witness[i].unix_s);
    }
    bw_doc_text(d, ".");
}

static void stamps(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_log_facts *f = &r->log;
    char text[BW_WORDS_MAX];

    for (size_t i = 0; i < f->n_stamps; i++) {
        bw_doc_item(d);
        bw_words_count(f->stamp[i].size, text);
        bw_doc_printf(d, BW_SPAN_PLAIN, "Time stamp on its first %s entries: ", text);
        when(d, r, f->stamp[i].unix_s);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      ", signed as %s (whom this page does not vouch for).",
                      f->stamp[i].signer);
    }
}

static void seams(struct bw_doc *d, const struct bw_report *r)
{
    char text[BW_WORDS_MAX];

    for (size_t i = 0; i < r->log.n_before; i++) {
        const struct bw_log_before *b = &r->log.before[i];
        bw_doc_item(d);
        bw_doc_span(d, BW_SPAN_STRONG, "A seam");
        bw_doc_text(d, ": the collector was restored from an older copy and began its log "
                       "anew, ");
        when(d, r, b->unix_ms / 1000);
        bw_words_count(b->size, text);
        bw_doc_text(d, "; the one before, ");
        bw_doc_span(d, BW_SPAN_CODE, b->name);
        bw_doc_printf(d, BW_SPAN_PLAIN, ", had %s signed entries.", text);
    }
}

void bw_sheet_log(struct bw_doc *d, const struct bw_report *r)
{
    char text[BW_WORDS_MAX];

    if (!r->log.there) {
        return;
    }
    bw_doc_section(d, "log", "The log of what came in");
    bw_sheet_para(d,
                  "The collector enters each record in a log that only grows, and signs "
                  "its head again and again: what stands in it cannot be changed or taken "
                  "out later unseen. The bag of this report shows which records do.");
    bw_doc_list(d, false);
    bw_doc_item(d);
    bw_doc_text(d, "Log ");
    bw_doc_span(d, BW_SPAN_CODE, r->log.name);
    bw_words_count(r->log.size, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, ": %s entries, signed ", text);
    when(d, r, r->log.signed_unix_s);
    bw_doc_text(d, ".");
    witnesses(d, r);
    stamps(d, r);
    seams(d, r);
    bw_doc_end(d);
}
