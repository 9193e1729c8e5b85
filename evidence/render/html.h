/* SPDX-License-Identifier: GPL-3.0-or-later
 * html.h - what the files of the HTML renderer share: one escape for all text, and the
 * sections of the page. Private to this folder. */
#ifndef BW_EVIDENCE_HTML_H
#define BW_EVIDENCE_HTML_H

#include <model.h>
#include <stddef.h>

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
void bw_html_targets(struct bw_buf *out, const struct bw_report *r); /* html_targets.c */
void bw_html_traffic(struct bw_buf *out, const struct bw_report *r); /* html_traffic.c */
void bw_html_outages(struct bw_buf *out, const struct bw_report *r);
void bw_html_gaps(struct bw_buf *out, const struct bw_report *r);
void bw_html_method(struct bw_buf *out, const struct bw_report *r); /* html_method.c */

/* Pieces that sections share. A section is opened with its heading and methods, and closed
 * by whoever opened it. */
void bw_html_head(struct bw_buf *out,
                  const char *id,
                  const char *title,
                  const char *methods);
void bw_html_cell(struct bw_buf *out, const char *text);
void bw_html_number(struct bw_buf *out, const char *text);
/* A table's head; columns from first_number on stand to the right. Opens its body. */
void bw_html_columns(struct bw_buf *out,
                     const char *const *names,
                     size_t n,
                     size_t first_number);

/* The layer of the last claim (IP where it names none); unknown without a claim. */
enum bw_layer bw_html_claim_layer(const struct bw_report *r);

#endif
