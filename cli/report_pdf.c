/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_pdf.c - pages of a report, with a footer that says whose they are. */
#include "report_pdf.h"

#include "buf.h"
#include "doc.h"
#include "model.h"
#include "pages.h"
#include "pdf.h"
#include "report_write.h"
#include "words.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

struct pages {
    const struct bw_doc *doc;
    struct bw_pdf_options options;
};

static int write_pdf(const void *of, struct bw_buf *out, struct bw_err *reterr)
{
    const struct pages *p = of;

    return bw_pdf(p->doc, &p->options, out, reterr);
}

/* A page of many circuits is not the first one's. */
static void footer(const struct bw_report *r, const char *of_many, char *out, size_t n)
{
    char from[32];
    char to[32];
    char made[32];

    bw_words_utc_s(r->from_unix_s, from);
    bw_words_utc_s(r->to_unix_s, to);
    bw_words_utc_s(r->made_unix_s, made);
    if (of_many) {
        (void)snprintf(out, n, "%s, from %s to %s, made %s", of_many, from, to, made);
        return;
    }
    (void)snprintf(out, n, "%s.%s%s%s, from %s to %s, made %s", r->site, r->circuit,
                   r->place[0] ? ", " : "", r->place, from, to, made);
}

int bw_report_pdf_write(const struct bw_report_asked *a,
                        const struct bw_report_work *w,
                        const char *stem,
                        bool of_many,
                        const struct bw_doc *doc)
{
    static const struct bw_report_output output = {BW_REPORT_PDF, ".pdf", write_pdf};
    char words[400];
    struct pages p = {.doc = doc,
                      .options = {.paper = a->paper && strcmp(a->paper, "a4") == 0
                                               ? BW_PDF_A4
                                               : BW_PDF_LETTER,
                                  .footer = words,
                                  .made_unix_s = w->report->made_unix_s}};

    footer(w->report, of_many ? bw_doc_head(doc)->title : NULL, words, sizeof(words));
    return bw_report_write(w->verb, a, stem, &output, 1, &p);
}

int bw_report_pdf_whole(const struct bw_report_asked *a, const struct bw_report_work *w)
{
    struct bw_doc *doc = NULL;
    struct bw_err err = {""};
    int status = BW_EXIT_OK;

    if (!(a->formats & BW_REPORT_PDF)) {
        return BW_EXIT_OK;
    }
    if (bw_sheet_report(w->report, &doc, &err) < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    status = bw_report_pdf_write(a, w, "report", false, doc);
    bw_doc_free(doc);
    return status;
}
