/* SPDX-License-Identifier: GPL-3.0-or-later
 * chart_svg.h - the charts of a report as inline SVG: text stays text, gaps are shaded,
 * no scripts. Each function appends one <svg> element with a title and a description for
 * those who do not see it. Pure functions of the model. */
#ifndef BW_EVIDENCE_CHART_SVG_H
#define BW_EVIDENCE_CHART_SVG_H

struct bw_buf;
struct bw_report;

/* Claimed, tested, carried, used: one bar each, down and up, on one scale a direction. */
void bw_chart_bars(const struct bw_report *r, struct bw_buf *out);
/* One cell a day (or one strip for short periods): recorded, missing, outage. */
void bw_chart_coverage(const struct bw_report *r, struct bw_buf *out);
/* Use over time with P95 and claim lines; days when the period is long, else intervals. */
void bw_chart_use(const struct bw_report *r, int direction, struct bw_buf *out);
/* Every throughput run as a dot over the claim. */
void bw_chart_runs(const struct bw_report *r, int direction, struct bw_buf *out);

#endif
