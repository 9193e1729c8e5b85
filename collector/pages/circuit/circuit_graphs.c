/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_graphs.c - the pictures of a range, with the ways to other ranges, and behind
 * each picture a table of its figures.
 *
 * Without a script the range is chosen by links and a form; with one also in the picture
 * (web/room.js). Either way it stands in the address. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/summary.h>
#include <clock.h>
#include <graph_worker.h>
#include <inttypes.h>
#include <plural.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <tz.h>

enum {
    WIDTH = 1100,
    HEIGHT = 340,
    ROWS_ALL_MAX = 150 /* of all tables: a page stays below 100 KB */
};

/* ---- the range -------------------------------------------------------------------------
 */

static void range_link(struct bw_buf *b, const char *range, const char *words, bool here)
{
    bw_buf_puts(b, "<a href=\"?range=");
    bw_text_html(b, range); /* our own words, or times: dots and colons may stand there */
    bw_buf_printf(b, "#graphs\"%s>%s</a>", here ? " aria-current=\"true\"" : "", words);
}

static void steps(const struct bw_circuit_view *v)
{
    static const struct {
        enum bw_range_step step;
        const char *words;
    } all[] = {{BW_RANGE_EARLIER, "← Earlier"},
               {BW_RANGE_LATER, "Later →"},
               {BW_RANGE_CLOSER, "Closer"},
               {BW_RANGE_WIDER, "Wider"}};
    struct bw_circuit_range to;
    char text[BW_RANGE_TEXT];
    bw_buf_puts(v->b, "<nav class=\"ranges\" aria-label=\"Ranges beside this one\">");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (bw_circuit_range_step(v->tz, &v->range, all[i].step, &to)) {
            bw_circuit_range_text(&to, text);
            range_link(v->b, text, all[i].words, false);
        }
    }
    bw_buf_puts(v->b, "</nav>");
}

static void form(const struct bw_circuit_view *v)
{
    char from[BW_CIRCUIT_LOCAL];
    char to[BW_CIRCUIT_LOCAL];
    bw_circuit_local(v->tz, v->range.from_unix_s, from);
    bw_circuit_local(v->tz, v->range.to_unix_s, to);
    bw_buf_printf(
        v->b,
        "<form class=\"search\" method=\"get\" action=\"#graphs\"><div><label "
        "for=\"r-from\">From</label><input id=\"r-from\" name=\"from\" "
        "type=\"datetime-local\" required value=\"%s\"></div><div><label "
        "for=\"r-to\">To</label><input id=\"r-to\" name=\"to\" type=\"datetime-local\" "
        "required value=\"%s\"></div><div><button>Show</button></div></form>",
        from, to);
}

void bw_circuit_ranges(const struct bw_circuit_view *v)
{
    static const char *const words[] = {"Day", "Week", "Month", "Funding year"};
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<h2 id=\"graphs\">Over time</h2><nav class=\"ranges\" "
                   "aria-label=\"Range of the graphs\">");
    for (size_t i = 0; bw_circuit_range_words[i]; i++) {
        range_link(b, bw_circuit_range_words[i], words[i],
                   strcmp(v->range_text, bw_circuit_range_words[i]) == 0);
    }
    bw_buf_puts(b, "</nav>");
    steps(v);
    bw_buf_puts(b, "<p>From ");
    bw_circuit_when_write(b, v->tz, v->range.from_unix_s);
    bw_buf_puts(b, " to ");
    bw_circuit_when_write(b, v->tz, v->range.to_unix_s);
    bw_buf_puts(b, ", ");
    bw_text_html(b, bw_tz_name(v->tz));
    bw_buf_puts(b, ". <a href=\"?range=");
    char utc[2][32];
    bw_time_format_s(v->range.from_unix_s, utc[0]);
    bw_time_format_s(v->range.to_unix_s, utc[1]);
    bw_buf_printf(b, "%s..%s\">Link to exactly this range</a>.</p>", utc[0], utc[1]);
    bw_buf_puts(b, "<details><summary>Any other range</summary>");
    form(v);
    bw_buf_puts(b, "</details>");
    bw_buf_puts(b,
                "<p class=\"small soft\" id=\"pick-help\" hidden>In a picture: draw from "
                "left to right to choose a range, or tap its two ends. By keyboard: arrow "
                "keys move the mark (with Shift further), Enter sets each end, Escape "
                "gives up.</p>");
}

/* ---- one picture -----------------------------------------------------------------------
 */

static void source(const struct bw_circuit_view *v, const char *series, const char *theme)
{
    struct bw_buf *b = v->b;
    bw_circuit_api(b, v, "graph/");
    bw_text_url(b, series);
    bw_buf_printf(b, ".svg?from=%" PRId64 "&amp;to=%" PRId64 "&amp;width=%d&amp;height=%d",
                  v->range.from_unix_s, v->range.to_unix_s, WIDTH, HEIGHT);
    bw_buf_printf(b, "&amp;theme=%s", theme);
}

static void figure_begin(const struct bw_circuit_view *v,
                         const char *series,
                         const char *alt,
                         const char *caption)
{
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                   "aria-label=\"");
    bw_text_html(b, alt);
    bw_buf_printf(b,
                  "\"><div class=\"plot\" data-from=\"%" PRId64 "\" data-to=\"%" PRId64
                  "\" data-left=\"%d\" data-right=\"%d\" data-zone=\"",
                  v->range.from_unix_s, v->range.to_unix_s,
                  BW_GRAPH_LEFT_PIXELS * 10000 / WIDTH,
                  (WIDTH - BW_GRAPH_RIGHT_PIXELS) * 10000 / WIDTH);
    bw_text_html(b, bw_tz_name(v->tz));
    bw_buf_puts(b, "\"><picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"");
    source(v, series, "dark");
    bw_buf_printf(b, "\"><img loading=\"lazy\" width=\"%d\" height=\"%d\" src=\"", WIDTH,
                  HEIGHT);
    source(v, series, "light");
    bw_buf_puts(b, "\" alt=\"");
    bw_text_html(b, alt);
    bw_buf_puts(b, "\"></picture></div></div><figcaption>");
    bw_text_html(b, caption);
    bw_buf_puts(b, " As <a href=\"");
    bw_circuit_api(b, v, "graph/");
    bw_text_url(b, series);
    bw_buf_printf(b,
                  ".png?from=%" PRId64 "&amp;to=%" PRId64
                  "&amp;width=%d&amp;height=%d\" aria-label=\"PNG: ",
                  v->range.from_unix_s, v->range.to_unix_s, WIDTH, HEIGHT);
    bw_text_html(b, alt);
    bw_buf_puts(b, "\">PNG</a>.</figcaption>");
}

static void figure_end(struct bw_buf *b)
{
    bw_buf_puts(b, "</figure>\n");
}

/* ---- the tables behind -----------------------------------------------------------------
 */

static void behind(struct bw_buf *b, const char *label, const char *name, const char *head)
{
    char text[200];
    bw_buf_puts(b, "<details><summary>Table of its figures</summary>");
    (void)snprintf(text, sizeof(text), "%s%s", label, name);
    struct bw_buf escaped;
    bw_buf_init(&escaped, 1024);
    bw_text_html(&escaped, text);
    bw_page_table_begin(
        b, bw_buf_error(&escaped) == 0 && escaped.data ? escaped.data : label, head);
    bw_buf_done(&escaped);
}

static void behind_end(struct bw_buf *b, const char *words)
{
    bw_page_table_end(b);
    bw_buf_printf(b, "<p class=\"small soft\">%s</p></details>", words);
}

static void row_head(const struct bw_circuit_view *v, int64_t from_unix_s)
{
    bw_buf_puts(v->b, "<tr><th scope=\"row\">");
    bw_circuit_when_write(v->b, v->tz, from_unix_s);
    bw_buf_puts(v->b, "</th>");
}

static void month_head(const struct bw_circuit_view *v, const struct bw_month *m)
{
    bw_buf_printf(v->b, "<tr><th scope=\"row\">%04d-%02d<div class=\"id\">%d %s</div></th>",
                  m->year, m->month, m->n_days, bw_plural(m->n_days, "day", "days"));
}

/* "mean down" of a row: all that was counted, over the seconds that were. */
static int64_t mean(const struct bw_look_row *r, int d)
{
    return r->bytes[d] == BW_UNKNOWN || r->counted_s <= 0 ? BW_UNKNOWN
                                                          : r->bytes[d] * 8 / r->counted_s;
}

static void link_rows(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    behind(
        b, "Use of the line", "",
        "<th scope=\"col\">From</th>"
        "<th scope=\"col\" class=\"n\">Mean down</th><th scope=\"col\" class=\"n\">up</th>"
        "<th scope=\"col\" class=\"n\">Highest interval down</th>"
        "<th scope=\"col\" class=\"n\">up</th>"
        "<th scope=\"col\" class=\"n\">Highest second down</th>"
        "<th scope=\"col\" class=\"n\">up</th><th scope=\"col\" class=\"n\">Counted</th>"
        "<th scope=\"col\" class=\"n\">Clock unsynchronised</th>");
    for (size_t i = 0; i < v->look->n_rows; i++) {
        const struct bw_look_row *r = &v->look->rows[i];
        row_head(v, r->from_unix_s);
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, mean(r, d));
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, r->mean_max[d]);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, r->second_max[d]);
        }
        int64_t end = r->to_unix_s < v->now_s ? r->to_unix_s : v->now_s;
        bw_circuit_share_cell(b, r->counted_s, end - r->from_unix_s);
        bw_circuit_span_cell(b, r->n > 0 ? r->unsynced_s : BW_UNKNOWN);
        bw_buf_puts(b, "</tr>\n");
    }
    behind_end(b,
               "Of intervals that start in the row’s time, our own tests included: a quick "
               "look, no report’s figure. Counted: share of the time that counters cover.");
}

static void link_months(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    behind(b, "Use of the line", "",
           "<th scope=\"col\">Month</th>"
           "<th scope=\"col\" class=\"n\">P95 of class hours, median day, down</th>"
           "<th scope=\"col\" class=\"n\">up</th>"
           "<th scope=\"col\" class=\"n\">highest day, down</th>"
           "<th scope=\"col\" class=\"n\">up</th>"
           "<th scope=\"col\" class=\"n\">Highest interval down</th>"
           "<th scope=\"col\" class=\"n\">up</th>"
           "<th scope=\"col\" class=\"n\">Class hours full, down</th>"
           "<th scope=\"col\" class=\"n\">Recorded</th>"
           "<th scope=\"col\" class=\"n\">Clock unsynchronised</th>"
           "<th scope=\"col\">Layer</th>");
    for (size_t i = 0; i < v->n_months; i++) {
        const struct bw_month *m = &v->months[i];
        const char *layer = bw_layer_name(m->layer);
        month_head(v, m);
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, m->way[d].p95_median_bps);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, m->way[d].p95_max_bps);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, m->way[d].peak_bps);
        }
        bw_circuit_span_cell(b, m->way[BW_DOWN].full_s);
        bw_circuit_share_cell(b, m->recorded_s, m->period_s);
        bw_circuit_span_cell(b, m->unsynced_s);
        bw_buf_printf(b, "<td>%s</td></tr>\n",
                      m->two_layers ? "changed"
                      : layer       ? layer
                                    : "–");
    }
    behind_end(b, "Each day’s figure is a report’s (util-p95/2, carried-max/2, day-bins/1, "
                  "coverage/1); a month has the median and the highest of its days, for "
                  "percentiles of days do not add up to one of a month: that is in the "
                  "reports. Recorded: of the days that have records.");
}

static void target_rows(const struct bw_circuit_view *v, const struct bw_look_target *t)
{
    struct bw_buf *b = v->b;
    behind(
        b, "Round trip and loss: ", t->name,
        "<th scope=\"col\">From</th><th scope=\"col\" class=\"n\">Lowest median</th>"
        "<th scope=\"col\" class=\"n\">Highest median</th>"
        "<th scope=\"col\" class=\"n\">Highest P95</th>"
        "<th scope=\"col\" class=\"n\">Lost</th><th scope=\"col\" class=\"n\">of sent</th>"
        "<th scope=\"col\" class=\"n\">Share</th>");
    for (size_t i = 0; i < v->look->n_rows; i++) {
        const struct bw_look_answers *a = &t->rows[i];
        row_head(v, v->look->rows[i].from_unix_s);
        bw_circuit_ms_cell(b, a->p50_min_us);
        bw_circuit_ms_cell(b, a->p50_max_us);
        bw_circuit_ms_cell(b, a->p95_max_us);
        bw_circuit_count_cell(b, a->sent > 0 ? a->lost : BW_UNKNOWN);
        bw_circuit_count_cell(b, a->sent > 0 ? a->sent : BW_UNKNOWN);
        bw_circuit_share_cell(b, a->lost, a->sent);
        bw_buf_puts(b, "</tr>\n");
    }
    behind_end(b,
               "Medians and P95s of single intervals, as their records tell them; packets "
               "are counted. The percentile of a period is in the reports.");
}

static void target_months(const struct bw_circuit_view *v, const struct bw_look_target *t)
{
    struct bw_buf *b = v->b;
    behind(
        b, "Round trip and loss by month: ", t->name,
        "<th scope=\"col\">Month</th>"
        "<th scope=\"col\" class=\"n\">Median day’s median</th>"
        "<th scope=\"col\" class=\"n\">Highest day’s P95</th>"
        "<th scope=\"col\" class=\"n\">Lost</th><th scope=\"col\" class=\"n\">of sent</th>"
        "<th scope=\"col\" class=\"n\">Outages</th>");
    for (size_t i = 0; i < v->n_months; i++) {
        const struct bw_month *m = &v->months[i];
        month_head(v, m);
        bw_circuit_ms_cell(b, m->p50_median_us);
        bw_circuit_ms_cell(b, m->p95_max_us);
        bw_circuit_count_cell(b, m->lost);
        bw_circuit_count_cell(b, m->sent);
        bw_circuit_span_cell(b,
                             m->outage_ms == BW_UNKNOWN ? BW_UNKNOWN : m->outage_ms / 1000);
        bw_buf_puts(b, "</tr>\n");
    }
    behind_end(b,
               "Months tell of the nearest target of each day (rtt-merged/1), whichever it "
               "was, and of the packets to all targets. A range of up to 31 days has each "
               "target’s own.");
}

static void runs_months(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    behind(b, "Throughput tests by month", "",
           "<th scope=\"col\">Month</th>"
           "<th scope=\"col\" class=\"n\">Best good run, down</th>"
           "<th scope=\"col\" class=\"n\">up</th>"
           "<th scope=\"col\" class=\"n\">Good of begun, down</th>"
           "<th scope=\"col\" class=\"n\">up</th>"
           "<th scope=\"col\" class=\"n\">At 80 % of the claim, down</th>"
           "<th scope=\"col\" class=\"n\">up</th>");
    for (size_t i = 0; i < v->n_months; i++) {
        const struct bw_month *m = &v->months[i];
        month_head(v, m);
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_circuit_rate_cell(b, m->way[d].best_bps);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_buf_printf(b, "<td class=\"n\">%d of %d</td>", m->way[d].n_ok,
                          m->way[d].n_made);
        }
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_buf_printf(b, "<td class=\"n\">%d of %d</td>", m->way[d].n_at_80,
                          m->way[d].n_compared);
        }
        bw_buf_puts(b, "</tr>\n");
    }
    behind_end(b,
               "The line’s rate at the claim’s layer, in good runs that nothing sets apart "
               "(tested-dist/2, claim-share/2); a dash where no counter saw the line.");
}

/* ---- all of them -----------------------------------------------------------------------
 */

static void link_figure(const struct bw_circuit_view *v)
{
    bool mirror = v->look->mirror;
    if (v->circuit->source == BW_SOURCE_NONE && !v->look->counted) {
        return;
    }
    figure_begin(v, "link",
                 mirror ? "Use of the line at least, down and up, with the claim"
                        : "Use of the line, down and up, with the claim",
                 mirror
                     ? "What users and tests moved at least: a mirror port counts, and can "
                       "miss traffic."
                     : "What users and tests together moved; grey is time that nobody "
                       "measured.");
    if (v->look->chunk_s) {
        link_rows(v);
    } else {
        link_months(v);
    }
    figure_end(v->b);
}

/* Where a table of its own would make the page too long. */
static void csv(const struct bw_circuit_view *v, const char *series, const char *alt)
{
    bw_buf_puts(v->b, "<p class=\"small\"><a href=\"");
    bw_circuit_api(v->b, v, "graph/");
    bw_text_url(v->b, series);
    bw_buf_printf(v->b, ".csv?from=%" PRId64 "&amp;to=%" PRId64 "\" aria-label=\"CSV: ",
                  v->range.from_unix_s, v->range.to_unix_s);
    bw_text_html(v->b, alt);
    bw_buf_puts(v->b, "\">Its figures as CSV</a>.</p>");
}

static void target_figure(const struct bw_circuit_view *v, size_t i)
{
    char series[BW_NAME_MAX + 16];
    char alt[BW_NAME_MAX + 64];
    const struct bw_look_target *t = &v->look->targets[i];
    bool no_room = (i + 2) * v->look->n_rows > ROWS_ALL_MAX && i > 0;
    (void)snprintf(series, sizeof(series), "latency-%s", t->name);
    (void)snprintf(alt, sizeof(alt), "Round trip and loss to %s", t->name);
    figure_begin(v, series, alt,
                 "Small packets, day and night, also while tests run; bands are intervals "
                 "with loss.");
    if (v->look->chunk_s && no_room) {
        csv(v, series, alt);
    } else if (v->look->chunk_s) {
        target_rows(v, t);
    } else {
        target_months(v, t);
    }
    figure_end(v->b);
}

static void traffic_figures(const struct bw_circuit_view *v)
{
    static const struct {
        const char *series, *alt, *caption;
    } all[] = {{"traffic",
                "What the line is full of by kind of traffic, down above and up below",
                "Shares of drawn packets times counted bytes."},
               {"rtt", "Round trips of users’ traffic beside those of probes",
                "Medians of an interval; the far side is the line and all behind it."},
               {"resent", "Payload that was sent again, down and up, with its error",
                "Of TCP payload bytes, in whole flows drawn."},
               {"saturated", "Round trip of users’ traffic while the line is saturated",
                "Bands are intervals with seconds at 90 % of the claim or more."}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        figure_begin(v, all[i].series, all[i].alt, all[i].caption);
        csv(v, all[i].series, all[i].alt);
        bw_buf_puts(v->b,
                    "<p class=\"small\">Shares with their errors, of the last 7 days, are "
                    "<a href=\"/sites/");
        bw_text_url(v->b, v->site->id);
        bw_buf_puts(v->b, "\">on the site’s page</a>.</p>");
        figure_end(v->b);
    }
}

static void records(const struct bw_circuit_view *v)
{
    static const char *const formats[] = {"jose", "json", "csv"};
    static const char *const words[] = {"signed", "JSON lines", "CSV"};
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<p class=\"small\">The records behind all of this, each interval by "
                   "itself: ");
    for (size_t i = 0; i < 3; i++) {
        bw_buf_puts(b, i ? ", <a href=\"" : "<a href=\"");
        bw_circuit_api(b, v, "summaries");
        bw_buf_printf(b, "?format=%s&amp;from=%" PRId64 "&amp;to=%" PRId64 "\">%s</a>",
                      formats[i], v->range.from_unix_s, v->range.to_unix_s, words[i]);
    }
    bw_buf_puts(b, ".</p>");
}

void bw_circuit_graphs(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    const struct bw_look *k = v->look;
    if (k->chunk_s && k->n_records == 0) {
        bw_buf_puts(b, "<p class=\"note\">No record tells of this range.</p>");
    }
    link_figure(v);
    if (k->n_targets > 0) {
        target_figure(v, 0);
    }
    if (k->n_runs > 0 || !k->chunk_s) {
        figure_begin(v, "throughput", "Throughput tests, down and up, with the claim",
                     "What tests reached; each by itself, with its proof, is below.");
        if (!k->chunk_s) {
            runs_months(v);
        }
        figure_end(b);
    }
    for (size_t i = 1; i < k->n_targets; i++) {
        target_figure(v, i);
    }
    if (k->traffic) {
        traffic_figures(v);
    }
    if (k->more) {
        bw_buf_puts(b,
                    "<p class=\"note\">There is more in this range than finds room here: "
                    "choose a shorter one to see all of it.</p>");
    }
    records(v);
}
