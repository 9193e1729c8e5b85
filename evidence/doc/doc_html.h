/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc_html.h - a document as one self-contained page: no script, no request, nothing to
 * fetch. WCAG 2.1 AA is meant: language, landmarks, one order of headings, scopes of
 * tables, a name and a table for every chart, no meaning by colour alone. Any thread; the
 * same document gives the same bytes. */
#ifndef BW_EVIDENCE_DOC_HTML_H
#define BW_EVIDENCE_DOC_HTML_H

struct bw_buf;
struct bw_doc;
struct bw_err;

/* Appends the page. The document must be finished. */
int bw_doc_html(const struct bw_doc *d, struct bw_buf *out, struct bw_err *reterr);

/* The style sheet, for the renderer and for tests of contrast. */
extern const char bw_doc_style_page[];
extern const char bw_doc_style_paper[];

#endif
