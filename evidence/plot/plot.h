/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot.h - the charts of a report. Each function fills a figure: an id, a title, what it
 * shows in words with its main figures, and how it is drawn. Pure functions of the model,
 * which is borrowed and must outlive the figure; nothing is drawn where nothing was
 * measured. A caller shows a chart only where its data are (bw_plot_has_…). */
#ifndef BW_EVIDENCE_PLOT_H
#define BW_EVIDENCE_PLOT_H

struct bw_figure;
struct bw_report;

/* Claimed, tested, carried, used: one bar each, down and up, on one scale a direction. */
void bw_plot_bars(const struct bw_report *r, struct bw_figure *ret);
/* One cell a day (or one strip for short periods): recorded, missing, outage. */
void bw_plot_coverage(const struct bw_report *r, struct bw_figure *ret);
/* Use over time with P95 and claim lines; days when the period is long, else intervals. */
void bw_plot_use(const struct bw_report *r, int direction, struct bw_figure *ret);
/* Every throughput run as a dot over the claim. */
void bw_plot_runs(const struct bw_report *r, int direction, struct bw_figure *ret);

#endif
