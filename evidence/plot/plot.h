/* SPDX-License-Identifier: GPL-3.0-or-later
 * plot.h - the charts of a report. Each function fills a figure: an id, a title, what it
 * shows in words with its main figures, and how it is drawn. Pure functions of the model,
 * which is borrowed and must outlive the figure; nothing is drawn where nothing was
 * measured. Charts of use need a report with
 * counted intervals (n_used > 0), those of runs one with runs. */
#ifndef BW_EVIDENCE_PLOT_H
#define BW_EVIDENCE_PLOT_H

#include <stdbool.h>

struct bw_drawing;
struct bw_growth;
struct bw_report;
struct bw_week;

/* What a chart of growth is of; all of it is borrowed and outlives the figure. */
struct bw_ahead {
    const struct bw_report *report; /* with counted intervals */
    const struct bw_growth *growth; /* of the class hours' P95 of its days (growth.h) */
    int direction;
};

/* Claimed, tested, carried, used: one bar each, down and up, on one scale a direction. */
void bw_plot_bars(const struct bw_report *r, struct bw_drawing *ret);
/* One cell a day (or one strip for short periods): recorded, missing, outage. */
void bw_plot_coverage(const struct bw_report *r, struct bw_drawing *ret);
/* Use over time with P95 and claim lines; days when the period is long, else intervals. */
void bw_plot_use(const struct bw_report *r, int direction, struct bw_drawing *ret);
/* Every throughput run as a dot over the claim. */
void bw_plot_runs(const struct bw_report *r, int direction, struct bw_drawing *ret);
/* Use by hour of the week (week.h), 168 cells. w is borrowed too. */
void bw_plot_week(const struct bw_week *w, struct bw_drawing *ret);
/* Each day's P95, the claim, growth with its interval as far as it may be said. */
void bw_plot_ahead(const struct bw_ahead *a, struct bw_drawing *ret);
/* Outages as strips of the period, by cause. */
void bw_plot_outages(const struct bw_report *r, struct bw_drawing *ret);
/* Round trips: targets in all and in class hours, tests idle and loaded, users' traffic
 * with the line saturated and not. */
void bw_plot_latency(const struct bw_report *r, struct bw_drawing *ret);
bool bw_plot_has_latency(const struct bw_report *r); /* is there a row to draw? */

#endif
