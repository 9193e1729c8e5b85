/* SPDX-License-Identifier: GPL-3.0-or-later
 * pages.h - builders of documents from the report model. Pure functions of it: the same
 * report gives the same page, on any machine. Any thread. */
#ifndef BW_EVIDENCE_PAGES_H
#define BW_EVIDENCE_PAGES_H

struct bw_buf;
struct bw_doc;
struct bw_err;
struct bw_report;

/* The whole report as a finished document, which lives no longer than r. Free with
 * bw_doc_free(). */
int bw_sheet_report(const struct bw_report *r, struct bw_doc **ret, struct bw_err *reterr);
/* The same as one self-contained page without scripts or requests. */
int bw_render_html(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr);

#endif
