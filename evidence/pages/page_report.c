/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_report.c - the report as one document: its head, and its sections in order.
 *
 * Invariant: the figures are the model's and nobody else's. */
#include "pages.h"

#include "pages_private.h"

#include <bw/err.h>
#include <doc_html.h>
#include <errno.h>
#include <stdio.h>
#include <tz.h>
#include <words.h>

void bw_sheet_lead(struct bw_doc *d, const struct bw_report *r)
{
    char made[BW_WORDS_MAX];
    char records[BW_WORDS_MAX];

    bw_doc_para(d, BW_PARA_LEAD);
    bw_sheet_period(d, r, BW_SPAN_STRONG);
    bw_doc_printf(d, BW_SPAN_PLAIN, ", local time of %s", r->tz_name);
    if (r->tz_origin[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, " (%s)", r->tz_origin);
    }
    bw_doc_text(d, ".");
    bw_words_count(r->counts.n_records, records);
    bw_words_local(r->tz, r->made_unix_s, 0, made);
    bw_doc_para(d, BW_PARA_LEAD);
    bw_doc_printf(d, BW_SPAN_PLAIN, "Made %s from %s signed records%s%s.", made, records,
                  r->origin_text[0] ? " of " : "", r->origin_text);
}

void bw_sheet_checked(struct bw_doc *d, const struct bw_report *r)
{
    if (r->check != BW_CHECK_NOT_DONE) {
        bw_doc_note(d, r->check == BW_CHECK_GOOD ? BW_NOTE_INFO : BW_NOTE_BAD);
        bw_doc_span(d, BW_SPAN_STRONG,
                    r->check == BW_CHECK_GOOD
                        ? "Signatures and chain were checked and hold."
                        : "Signatures and chain were checked and do NOT hold.");
        bw_doc_printf(d, BW_SPAN_PLAIN, " %s", r->check_text);
    }
}

static void unfinished(struct bw_doc *d, const struct bw_report *r)
{
    if (r->until_unix_s < r->to_unix_s) {
        bw_doc_note(d, BW_NOTE_PROVISIONAL);
        bw_doc_text(d, "The period is not over: the figures are those up to the time this "
                       "page was made and will change.");
    }
}

int bw_sheet_report(const struct bw_report *r, struct bw_doc **ret, struct bw_err *reterr)
{
    char title[sizeof(r->place) + sizeof(r->site) + sizeof(r->circuit) + 16];
    char subject[sizeof(r->site) + sizeof(r->circuit) + 32];
    struct bw_doc *d;
    int rc;

    (void)snprintf(title, sizeof(title), "%s%s %s.%s", r->place,
                   r->place[0] ? ", circuit" : "Circuit", r->site, r->circuit);
    (void)snprintf(subject, sizeof(subject), "Bandwidth evidence: %s.%s", r->site,
                   r->circuit);
    d = bw_doc_new(&(struct bw_doc_head){.lang = "en",
                                         .kicker = "Bandwidth evidence report",
                                         .title = title,
                                         .subject = subject});
    if (!d) {
        return bw_err_set(reterr, -ENOMEM, "the page does not fit into memory");
    }
    bw_sheet_lead(d, r);
    bw_sheet_checked(d, r);
    unfinished(d, r);
    bw_sheet_errata_note(d, r);
    bw_sheet_first(d, r);
    bw_sheet_governing(d, r);
    bw_sheet_coverage(d, r);
    bw_sheet_use(d, r);
    bw_sheet_class(d, r);
    bw_sheet_tests(d, r);
    bw_sheet_latency(d, r);
    bw_sheet_targets(d, r);
    bw_sheet_traffic(d, r);
    bw_sheet_outages(d, r);
    bw_sheet_replies(d, r);
    bw_sheet_gaps(d, r);
    bw_sheet_log(d, r);
    bw_sheet_errata(d, r);
    bw_sheet_comparison(d, r);
    bw_sheet_method(d, r);
    bw_sheet_not_shown(d, r);
    rc = bw_doc_finish(d, reterr);
    if (rc < 0) {
        bw_doc_free(d);
        return rc;
    }
    *ret = d;
    return 0;
}

int bw_render_html(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr)
{
    struct bw_doc *d = NULL;
    int rc = bw_sheet_report(r, &d, reterr);

    if (rc == 0) {
        rc = bw_doc_html(d, out, reterr);
    }
    bw_doc_free(d);
    return rc;
}
