/* SPDX-License-Identifier: GPL-3.0-or-later
 * html.h - what the files of the HTML renderer share: one escape for all text, and the
 * sections of the page. Private to this folder. */
#ifndef BW_EVIDENCE_HTML_H
#define BW_EVIDENCE_HTML_H

#include <model.h>

struct bw_buf;

enum bw_html_limits {
    BW_HTML_ROWS_MAX = 400 /* of a list; the rest is in the CSV, and the page says so */
};

/* Sections, in the page's order. */
void bw_html_first(struct bw_buf *out, const struct bw_report *r); /* html_first.c */
void bw_html_coverage(struct bw_buf *out, const struct bw_report *r);
void bw_html_use(struct bw_buf *out, const struct bw_report *r);
void bw_html_tests(struct bw_buf *out, const struct bw_report *r);
void bw_html_latency(struct bw_buf *out, const struct bw_report *r);
void bw_html_outages(struct bw_buf *out, const struct bw_report *r);
void bw_html_gaps(struct bw_buf *out, const struct bw_report *r);
void bw_html_method(struct bw_buf *out, const struct bw_report *r); /* html_method.c */

/* The layer of the last claim (IP where it names none); unknown without a claim. */
enum bw_layer bw_html_claim_layer(const struct bw_report *r);

#endif
