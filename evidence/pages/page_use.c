/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_use.c - use over time, with every day in the table behind the charts.
 *
 * Invariant: rates of one chart are of one layer; where the layer changed the page says
 * so. */
#include "pages_private.h"

#include <plot.h>
#include <stdio.h>
#include <week.h>
#include <words.h>

static void days_table(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {
        "Day",          "On record", "Down P95",     "Down P95 class",
        "Down highest", "Up P95",    "Up P95 class", "Up highest",
        "Down bytes",   "Up bytes",  "Line out"};
    char text[BW_WORDS_MAX];

    bw_doc_details(d, false);
    bw_doc_text(d, "The days in a table");
    bw_sheet_table(d, "days", BW_TABLE_PLAIN, names, 11, 1);
    bw_doc_text(d, "Rates at the counter's layer; intervals with a test of ours are left "
                   "out of the rates, not of the bytes.");
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *x = &r->days[i];
        bw_words_date(x->year, x->month, x->day, x->weekday, text);
        bw_doc_row(d);
        bw_doc_put(d, text);
        bw_sheet_percent(d, bw_words_ppm(x->recorded_s, x->to_unix_s - x->from_unix_s));
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            bw_sheet_rate(d, x->p95_bps[way]);
            bw_sheet_rate(d, x->class_p95_bps[way]);
            bw_sheet_rate(d, x->peak_bps[way]);
        }
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            bw_sheet_bytes(d, x->bytes[way]);
        }
        bw_sheet_length(d, x->outage_ms > 0 ? x->outage_ms : BW_UNKNOWN);
    }
    bw_doc_end(d);
}

static void charts(struct bw_doc *d, const struct bw_report *r)
{
    static const struct bw_doc_key by_days[] = {
        {BW_SWATCH_DEEP, "day's P95 in class hours"},
        {BW_SWATCH_MID, "day's P95, days without class hours"},
        {BW_SWATCH_PALE, "day's highest interval"},
        {BW_SWATCH_CLAIM, "claim"},
        {BW_SWATCH_P95, "P95 of the period"},
        {BW_SWATCH_HATCH, "no record"}};
    static const struct bw_doc_key by_intervals[] = {
        {BW_SWATCH_DEEP, "highest interval of each column, users alone"},
        {BW_SWATCH_OPEN, "a test of ours was running"},
        {BW_SWATCH_CLAIM, "claim"},
        {BW_SWATCH_P95, "P95 of the period"},
        {BW_SWATCH_HATCH, "no record"}};
    static const struct {
        const char *anchor;
        const char *heading;
    } ways[] = {[BW_DOWN] = {"use-down", "Download"}, [BW_UP] = {"use-up", "Upload"}};
    bool days = r->n_days >= 4;

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        char title[BW_WORDS_MAX];
        struct bw_drawing figure;
        (void)snprintf(title, sizeof(title), "%s, at %s", ways[way].heading,
                       bw_words_layer_long(r->used[0].layer));
        bw_doc_section(d, ways[way].anchor, title);
        bw_plot_use(r, way, &figure);
        bw_sheet_chart(d, &figure, "days", days ? by_days : by_intervals,
                       days ? sizeof(by_days) / sizeof(by_days[0])
                            : sizeof(by_intervals) / sizeof(by_intervals[0]));
        bw_doc_end(d);
    }
}

/* The 168 hours of a week in a table: hours down, days across. */
static void week_table(struct bw_doc *d, const struct bw_week *w, const char *anchor)
{
    static const char *const names[] = {"Hour", "Mon", "Tue", "Wed",
                                        "Thu",  "Fri", "Sat", "Sun"};

    bw_doc_details(d, false);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s: the hours in a table",
                  w->direction == BW_DOWN ? "Download" : "Upload");
    bw_sheet_table(d, anchor, BW_TABLE_PLAIN, names, 8, 1);
    bw_doc_text(d, "P95 of the intervals that start in each local hour");
    for (int h = 0; h < BW_WEEK_HOURS; h++) {
        char text[BW_WORDS_MAX];
        (void)snprintf(text, sizeof(text), "%02d:00", h);
        bw_doc_row(d);
        bw_doc_put(d, text);
        for (int i = 0; i < BW_WEEK_DAYS; i++) {
            bw_sheet_rate(d, w->p95_bps[(i + 1) % BW_WEEK_DAYS][h]);
        }
    }
    bw_doc_end(d);
}

static void weeks(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const anchors[] = {"week-hours-down", "week-hours-up"};
    struct bw_drawing figure;

    bw_doc_section(d, "week", "Use by hour of the week");
    bw_doc_para(d, BW_PARA_METHOD);
    bw_doc_text(d, BW_METHOD_WEEK);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        struct bw_week *w = bw_doc_keep(d, NULL, sizeof(*w));
        if (!w || bw_week_make(r, way, w) < 0) {
            bw_sheet_none(d, "Not made: out of memory.");
            continue;
        }
        bw_plot_week(w, &figure);
        bw_sheet_chart(d, &figure, anchors[way], NULL, 0);
        week_table(d, w, anchors[way]);
    }
    bw_doc_end(d);
}

/* The period's rates at the counter's own layer: what figures of other layers on the first
 * page were converted from. */
static void period_table(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Hours",   "Direction", "P95",
                                        "Highest", "When",      "Intervals counted"};
    char text[BW_WORDS_MAX];

    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 6, 2);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "Over the period as counted, at %s. Left out of rates: %lld intervals "
            "with a test of ours, %lld covered for less than half",
            bw_words_layer_long(u->layer), (long long)u->n_with_test,
            (long long)u->n_short);
        if (u->n_at_least > 0) { /* lines without such a port have no word of it */
            bw_doc_printf(d, BW_SPAN_PLAIN, ", %lld counted at a mirror port",
                          (long long)u->n_at_least);
        }
        bw_doc_text(d, ".");
        for (int window = 0; window < BW_WINDOWS; window++) {
            for (int way = 0; way < BW_DIRECTIONS; way++) {
                const struct bw_report_window *w = &u->window[window][way];
                bw_doc_row(d);
                bw_doc_put(d, window == BW_WINDOW_CLASS ? "class" : "all");
                bw_doc_put(d, bw_words_direction(way));
                bw_sheet_rate(d, w->p95_bps);
                bw_sheet_rate(d, w->peak_bps);
                bw_words_local(r->tz, w->peak_unix_s, r->counts.interval_s < 60, text);
                bw_doc_put(d, w->peak_bps == BW_UNKNOWN ? "–" : text);
                bw_sheet_count(d, w->n);
            }
        }
    }
}

void bw_sheet_use(struct bw_doc *d, const struct bw_report *r)
{
    bw_sheet_head(d, "use", r->n_days >= 4 ? "Use day by day" : "Use over time",
                  "util-p95/2, carried-max/2, bytes-sum/1");
    if (r->n_used == 0) {
        bw_sheet_none(d, "Not measured: this box counts no traffic of the circuit.");
        bw_doc_end(d);
        return;
    }
    charts(d, r);
    period_table(d, r);
    if (r->n_used > 1) {
        bw_sheet_para(d,
                      "The counters' layer changed within the period. The charts show the "
                      "layer of most intervals; the table on top has both, never added.");
    }
    if (r->n_days >= 4) {
        weeks(d, r);
    }
    days_table(d, r);
    bw_doc_end(d);
}
