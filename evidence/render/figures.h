/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures.h - a report as a flat list of figures: the rows of its CSV and JSON. */
#ifndef BW_EVIDENCE_FIGURES_H
#define BW_EVIDENCE_FIGURES_H

#include <stdint.h>

struct bw_report;

/* One flat figure, the row of the CSV. value is BW_UNKNOWN when not measured. */
struct bw_figure {
    const char *section;
    const char *figure;
    int64_t value;
    const char *text;      /* instead of a number, when not NULL */
    const char *unit;      /* "bit/s", "us", "s", "ms", "ppm", "bytes", "1", "days", "" */
    const char *layer;     /* "" when it has none */
    const char *statistic; /* "P95", "max", "sum", … */
    int64_t n;             /* values it rests on; unknown when that has no meaning */
    const char *method;
};
/* Non-zero from cb ends the walk and is given back. */
typedef int (*bw_figure_cb)(void *owner, const struct bw_figure *f);
int bw_report_figures(const struct bw_report *r, bw_figure_cb cb, void *owner);

/* Those of its findings (figures_findings.c), which are among them. */
int bw_findings_figures(const struct bw_report *r, bw_figure_cb cb, void *owner);

/* The part of it that people said: sections "bindings" and "annotations". */
int bw_figures_said(const struct bw_report *r, bw_figure_cb cb, void *owner);

#endif
