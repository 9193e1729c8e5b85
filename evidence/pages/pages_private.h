/* SPDX-License-Identifier: GPL-3.0-or-later
 * pages_private.h - what the builders of pages share: sections, and cells in which a figure
 * that was not measured is a dash or says so. For pages and packs alone. */
#ifndef BW_EVIDENCE_PAGES_PRIVATE_H
#define BW_EVIDENCE_PAGES_PRIVATE_H

#include <canvas.h>
#include <doc.h>
#include <model.h>
#include <stddef.h>
#include <stdint.h>

enum bw_sheet_limits {
    BW_PAGE_ROWS_MAX = 400 /* of a list; the rest is in the CSV, and the page says so */
};

/* Sections of the report, in the page's order. */
void bw_sheet_first(struct bw_doc *d, const struct bw_report *r);     /* page_first.c */
void bw_sheet_governing(struct bw_doc *d, const struct bw_report *r); /* page_findings.c */
void bw_sheet_comparison(struct bw_doc *d, const struct bw_report *r);
void bw_sheet_coverage(struct bw_doc *d, const struct bw_report *r);  /* page_cover.c */
void bw_sheet_use(struct bw_doc *d, const struct bw_report *r);       /* page_use.c */
void bw_sheet_class(struct bw_doc *d, const struct bw_report *r);     /* page_class.c */
void bw_sheet_tests(struct bw_doc *d, const struct bw_report *r);     /* page_tests.c */
void bw_sheet_latency(struct bw_doc *d, const struct bw_report *r);   /* page_latency.c */
void bw_sheet_targets(struct bw_doc *d, const struct bw_report *r);   /* page_targets.c */
void bw_sheet_paths(struct bw_doc *d, const struct bw_report *r);     /* page_paths.c */
void bw_sheet_traffic(struct bw_doc *d, const struct bw_report *r);   /* page_traffic.c */
void bw_sheet_log(struct bw_doc *d, const struct bw_report *r);       /* page_log.c */
void bw_sheet_replies(struct bw_doc *d, const struct bw_report *r);   /* page_replies.c */
void bw_sheet_outages(struct bw_doc *d, const struct bw_report *r);   /* page_cover.c */
void bw_sheet_gaps(struct bw_doc *d, const struct bw_report *r);      /* page_cover.c */
void bw_sheet_method(struct bw_doc *d, const struct bw_report *r);    /* page_method.c */
void bw_sheet_not_shown(struct bw_doc *d, const struct bw_report *r); /* page_method.c */

/* Under the title: period and zone, when it was made of what; then whether signatures hold,
 * where that was checked. */
void bw_sheet_lead(struct bw_doc *d, const struct bw_report *r);
void bw_sheet_checked(struct bw_doc *d, const struct bw_report *r);
/* What was set apart by errata and for keys in other hands, in a note; nothing where
 * nothing was. Then all of it, as a section. page_errata.c */
void bw_sheet_errata_note(struct bw_doc *d, const struct bw_report *r);
void bw_sheet_errata(struct bw_doc *d, const struct bw_report *r);

/* Where outages of a cause lay, as far as records tell: in words. */
void bw_sheet_outage_place(const struct bw_report *r, const char *why, char *out, size_t n);

/* Which hours are class hours, in few words. */
void bw_sheet_class_words(const struct bw_report *r, char *out, size_t n);

/* Opens a section with the methods of its figures; ends with bw_doc_end(). */
void bw_sheet_head(struct bw_doc *d,
                   const char *anchor,
                   const char *title,
                   const char *methods);
/* A table whose first column heads the rows and whose columns from first_number on stand
 * to the right. */
void bw_sheet_table(struct bw_doc *d,
                    const char *anchor,
                    enum bw_doc_table_style style,
                    const char *const *names,
                    size_t n,
                    size_t first_number);
/* The sentence under a list that was cut. */
void bw_sheet_left_out(struct bw_doc *d, size_t shown, size_t all);
/* A paragraph that says why there is no figure. */
void bw_sheet_none(struct bw_doc *d, const char *text);
void bw_sheet_para(struct bw_doc *d, const char *text);

/* A chart with the table behind it; the figure is copied. */
void bw_sheet_chart(struct bw_doc *d,
                    const struct bw_drawing *f,
                    const char *table,
                    const struct bw_doc_key *key,
                    size_t n_key);

/* Cells; unknown is a dash. */
void bw_sheet_rate(struct bw_doc *d, int64_t bps);
void bw_sheet_count(struct bw_doc *d, int64_t n);
void bw_sheet_delay(struct bw_doc *d, int64_t us);
void bw_sheet_bytes(struct bw_doc *d, int64_t n);
void bw_sheet_length(struct bw_doc *d, int64_t ms);
void bw_sheet_percent(struct bw_doc *d, int64_t ppm);
/* "NAME" over "kind, IPv4" */
void bw_sheet_target_cell(struct bw_doc *d,
                          const char *probe,
                          const char *kind,
                          int family);

/* "1 Jul 2026 to 30 Jun 2027" for whole days, else instants with their times. */
void bw_sheet_period(struct bw_doc *d, const struct bw_report *r, enum bw_span_style style);

#endif
