/* SPDX-License-Identifier: GPL-3.0-or-later
 * html_parts.c - coverage, use, tests, latency, outages and gaps, each with the table
 * behind its chart.
 *
 * Invariant: a list that is cut says how many rows it leaves out and where they are. */
#include "chart_svg.h"
#include "html.h"

#include <buf.h>
#include <bw/records.h>
#include <plural.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <words.h>

void bw_html_head(struct bw_buf *out,
                  const char *id,
                  const char *title,
                  const char *methods)
{
    bw_buf_printf(out,
                  "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n"
                  "<p class=\"m\">%s</p>\n",
                  id, id, title, methods);
}

void bw_html_cell(struct bw_buf *out, const char *text)
{
    bw_buf_puts(out, "<td>");
    bw_text_html(out, text);
    bw_buf_puts(out, "</td>");
}

void bw_html_number(struct bw_buf *out, const char *text)
{
    bw_buf_puts(out, "<td class=\"n\">");
    bw_text_html(out, text);
    bw_buf_puts(out, "</td>");
}

static void rate(struct bw_buf *out, int64_t bps)
{
    char text[BW_WORDS_MAX];

    bw_words_rate(bps, text);
    bw_html_number(out, bps == BW_UNKNOWN ? "–" : text);
}

void bw_html_columns(struct bw_buf *out,
                     const char *const *names,
                     size_t n,
                     size_t first_number)
{
    bw_buf_puts(out, "<thead><tr>");
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(out, "<th scope=\"col\"%s>", i >= first_number ? " class=\"n\"" : "");
        bw_text_html(out, names[i]);
        bw_buf_puts(out, "</th>");
    }
    bw_buf_puts(out, "</tr></thead>\n<tbody>\n");
}

static void left_out(struct bw_buf *out, size_t shown, size_t all)
{
    if (shown < all) {
        bw_buf_printf(out,
                      "<p>%zu of %zu rows are shown; the CSV and JSON of this report hold "
                      "all.</p>\n",
                      shown, all);
    }
}

/* ---- coverage --------------------------------------------------------------- */

static void share_row(struct bw_buf *out, const char *what, int64_t s, int64_t of_s)
{
    char text[BW_WORDS_MAX];

    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_text_html(out, what);
    bw_buf_puts(out, "</th>");
    bw_words_length(s == BW_UNKNOWN ? BW_UNKNOWN : s * 1000, text);
    bw_html_number(out, text);
    bw_words_percent(bw_words_ppm(s, of_s), text);
    bw_html_number(out, s == BW_UNKNOWN ? "–" : text);
    bw_buf_puts(out, "</tr>\n");
}

void bw_html_coverage(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"What", "Time", "Of the time that has passed"};
    const struct bw_report_coverage *c = &r->coverage;
    char text[192];

    bw_html_head(out, "coverage", "How much of the time is on record", "coverage/1");
    bw_buf_puts(out, "<div class=\"chart\">");
    bw_chart_coverage(r, out);
    bw_buf_puts(
        out,
        "</div>\n<p class=\"key\"><i class=\"i-p95w\"></i>on record<i class=\"i-gap\"></i>"
        "no record<i class=\"i-out\"></i>line out</p>\n<table>");
    bw_html_columns(out, names, 3, 1);
    share_row(out, "Covered by signed records", c->recorded_s, c->elapsed_s);
    share_row(out, "Counters of the line read", c->counted_s, c->elapsed_s);
    for (size_t i = 0; i < c->n_targets; i++) {
        char name[160];
        bw_words_target(c->targets[i].probe, c->targets[i].kind, c->targets[i].family, name,
                        sizeof(name));
        (void)snprintf(text, sizeof(text), "Round trip to %s asked", name);
        share_row(out, text, c->targets[i].covered_s, c->elapsed_s);
    }
    bw_buf_puts(out, "</tbody></table>\n");
    if (c->n_received > 0) {
        char a[BW_WORDS_MAX];
        char b[BW_WORDS_MAX];
        char n[BW_WORDS_MAX];
        bw_words_percent(bw_words_ppm(c->n_within_1h, c->n_received), a);
        bw_words_percent(bw_words_ppm(c->n_within_1h + c->n_within_24h, c->n_received), b);
        bw_words_count(c->n_later, n);
        bw_buf_printf(out,
                      "<p>%s of the records reached the collector within an hour of their "
                      "interval, %s within a day; %s later.</p>\n",
                      a, b, n);
    } else {
        bw_buf_puts(out,
                    "<p>When the records reached a collector is not known here.</p>\n");
    }
    if (c->twice_s > 0) {
        char a[BW_WORDS_MAX];
        bw_words_length(c->twice_s * 1000, a);
        bw_buf_printf(out,
                      "<p>%s are covered by more than one record (the box's clock was set "
                      "back); they count once.</p>\n",
                      a);
    }
    bw_buf_puts(out, "</section>\n");
}

/* ---- use -------------------------------------------------------------------- */

static void days_table(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {
        "Day",          "On record", "Down P95",     "Down P95 class",
        "Down highest", "Up P95",    "Up P95 class", "Up highest",
        "Down bytes",   "Up bytes",  "Line out"};

    bw_buf_puts(
        out,
        "<details><summary>The days in a table</summary><div class=\"chart\"><table>"
        "<caption>Rates at the counter's layer; intervals with a test of ours are left "
        "out of the rates, not of the bytes.</caption>");
    bw_html_columns(out, names, 11, 1);
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        char text[BW_WORDS_MAX];
        bw_words_date(d->year, d->month, d->day, d->weekday, text);
        bw_buf_puts(out, "<tr>");
        bw_html_cell(out, text);
        bw_words_percent(bw_words_ppm(d->recorded_s, d->to_unix_s - d->from_unix_s), text);
        bw_html_number(out, text);
        for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
            rate(out, d->p95_bps[dir]);
            rate(out, d->class_p95_bps[dir]);
            rate(out, d->peak_bps[dir]);
        }
        for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
            bw_words_bytes(d->bytes[dir], text);
            bw_html_number(out, d->bytes[dir] == BW_UNKNOWN ? "–" : text);
        }
        bw_words_length(d->outage_ms, text);
        bw_html_number(out, d->outage_ms > 0 ? text : "–");
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_puts(out, "</tbody></table></div></details>\n");
}

void bw_html_use(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const heading[] = {"Download", "Upload"};
    bool by_days = r->n_days >= 4;

    bw_html_head(out, "use", by_days ? "Use day by day" : "Use over time",
                 "util-p95/2, carried-max/2, bytes-sum/1");
    if (r->n_used == 0) {
        bw_buf_puts(
            out,
            "<p class=\"none\">Not measured: this box counts no traffic of the circuit."
            "</p>\n</section>\n");
        return;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        bw_buf_printf(out, "<h3>%s, at %s</h3>\n<div class=\"chart\">", heading[d],
                      bw_words_layer_long(r->used[0].layer));
        bw_chart_use(r, d, out);
        bw_buf_puts(out, "</div>\n");
    }
    bw_buf_puts(
        out,
        by_days
            ? "<p class=\"key\"><i class=\"i-p95\"></i>day's P95 in class hours"
              "<i class=\"i-p95w\"></i>day's P95, days without class hours"
              "<i class=\"i-peak\"></i>day's highest interval"
            : "<p class=\"key\"><i class=\"i-p95\"></i>highest interval of each column, "
              "users alone<i class=\"i-own\"></i>a test of ours was running");
    bw_buf_puts(out,
                "<i class=\"i-claim\"></i>claim<i class=\"i-p95l\"></i>P95 of the period"
                "<i class=\"i-gap\"></i>no record</p>\n");
    if (r->n_used > 1) {
        bw_buf_puts(
            out, "<p>The counters' layer changed within the period. The charts show the "
                 "layer of most intervals; the table on top has both, never added.</p>\n");
    }
    days_table(out, r);
    bw_buf_puts(out, "</section>\n");
}

/* ---- tests ------------------------------------------------------------------ */

static void
dist_row(struct bw_buf *out, const char *what, enum bw_layer layer, const struct bw_dist *d)
{
    char n[BW_WORDS_MAX];

    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_text_html(out, what);
    bw_buf_puts(out, "</th>");
    bw_html_cell(out, d->n > 0 ? bw_words_layer_long(layer) : "–");
    bw_words_count(d->n, n);
    bw_html_number(out, n);
    rate(out, d->min);
    rate(out, d->p5);
    rate(out, d->median);
    rate(out, d->p95);
    rate(out, d->max);
    bw_buf_puts(out, "</tr>\n");
}

/* Good runs that count for nobody, with why. */
static void apart_sentence(struct bw_buf *out, const struct bw_report_tested *t)
{
    int64_t n = 0;
    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        n += t->n_apart[a];
    }
    if (n == 0) {
        return;
    }
    bw_buf_printf(out, "Of the good ones %lld %s set apart and in none of these figures: ",
                  (long long)n, bw_plural(n, "is", "are"));
    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        if (t->n_apart[a] > 0) {
            bw_buf_printf(out, "%lld %s%s", (long long)t->n_apart[a], bw_words_apart(a),
                          (n -= t->n_apart[a]) > 0 ? "; " : ". ");
        }
    }
}

static void tests_summary(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Rate", "Layer",  "Runs", "Lowest",
                                        "P5",   "Median", "P95",  "Highest"};
    static const char *const heading[] = {"Download", "Upload"};

    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_report_tested *t = &r->tested[d];
        char a[BW_WORDS_MAX];
        char b[BW_WORDS_MAX];
        bw_buf_printf(out, "<h3>%s</h3>\n<div class=\"chart\">", heading[d]);
        if (t->n_wanted > 0) {
            bw_chart_runs(r, d, out);
        }
        bw_buf_puts(out, "</div>\n<div class=\"chart\"><table>");
        bw_html_columns(out, names, 8, 2);
        for (size_t i = 0; i < t->n_kinds; i++) {
            (void)snprintf(a, sizeof(a), "Goodput, %s", t->kinds[i].kind);
            dist_row(out, a, BW_LAYER_GOODPUT, &t->kinds[i].goodput_bps);
        }
        for (size_t i = 0; i < t->n_line; i++) {
            dist_row(out, "Line, test and users together", t->line[i].layer,
                     &t->line[i].bps);
        }
        if (t->compared_bps.n > 0 &&
            (t->n_line != 1 || t->line[0].layer != t->compared_layer)) {
            dist_row(out, "Line, at the claim's layer", t->compared_layer,
                     &t->compared_bps);
        }
        bw_buf_printf(
            out,
            "</tbody></table></div>\n<p>%lld %s begun: %lld good, %lld failed, %lld "
            "cancelled; %lld of them retests. Put off %lld %s (a run that waits is put off "
            "each time it is looked at). ",
            (long long)t->n_made, bw_plural(t->n_made, "run was", "runs were"),
            (long long)t->n_ok, (long long)t->n_failed, (long long)t->n_cancelled,
            (long long)t->n_retests, (long long)t->n_deferred,
            bw_plural(t->n_deferred, "time", "times"));
        apart_sentence(out, t);
        if (t->n_compared > 0) {
            bw_words_percent(bw_words_ppm(t->n_at_80, t->n_compared), a);
            bw_words_percent(bw_words_ppm(t->n_at_90, t->n_compared), b);
            bw_buf_printf(
                out,
                "Of %lld %s that can be compared with the claim, %lld (%s) reached "
                "at least 80 %% of it and %lld (%s) at least 90 %%. ",
                (long long)t->n_compared, bw_plural(t->n_compared, "run", "runs"),
                (long long)t->n_at_80, a, (long long)t->n_at_90, b);
        } else if (t->n_ok > 0) {
            bw_buf_puts(
                out, r->n_claims == 0
                         ? "There is no claim to compare them with. "
                         : "No run can be compared with the claim: that takes the line's "
                           "counter during the run, and the MTU. ");
        }
        if (t->conversion[0]) {
            bw_buf_puts(out, "Conversion: ");
        }
        bw_text_html(out, t->conversion);
        bw_buf_printf(
            out,
            "%s</p>\n<p>Grade: %lld with the number of an entry in a public archive, %lld "
            "with a receipt of the server in the record, %lld on the box's word alone. "
            "Whether the archive has it and the server signed it is not checked for this "
            "page: 'bandwitness verify --log-key' checks receipts.</p>\n",
            t->conversion[0] ? "." : "", (long long)t->n_grade[BW_GRADE_ARCHIVE],
            (long long)t->n_grade[BW_GRADE_RECEIPT], (long long)t->n_grade[BW_GRADE_SELF]);
    }
}

static void runs_table(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"When",
                                        "Direction",
                                        "Server",
                                        "State",
                                        "Goodput",
                                        "Line",
                                        "At the claim's layer",
                                        "Of the claim"};
    size_t shown = r->n_runs;

    if (r->n_runs == 0) {
        return;
    }
    if (shown > (size_t)4 * BW_HTML_ROWS_MAX) {
        shown = (size_t)4 * BW_HTML_ROWS_MAX;
    }
    bw_buf_puts(
        out,
        "<details><summary>Every run in a table</summary><div class=\"chart\"><table>");
    bw_html_columns(out, names, 8, 4);
    for (size_t i = 0; i < shown; i++) {
        const struct bw_report_run *t = &r->runs[i];
        char text[BW_WORDS_MAX];
        char state[240];
        bw_words_local(r->tz, t->at_unix_ms / 1000, 1, text);
        bw_buf_puts(out, "<tr>");
        bw_html_cell(out, text);
        bw_html_cell(out, bw_words_direction((int)t->direction));
        (void)snprintf(state, sizeof(state), "%s by %s",
                       t->server[0] ? t->server : t->probe, t->kind);
        bw_html_cell(out, state);
        (void)snprintf(state, sizeof(state), "%s%s%s%s%s%s",
                       bw_words_or(bw_test_state_name(t->state), ""),
                       t->retest ? ", retest" : "", t->reason[0] ? ": " : "", t->reason,
                       t->apart != BW_APART_NOT ? ", set apart: " : "",
                       t->apart != BW_APART_NOT ? bw_words_apart(t->apart) : "");
        bw_html_cell(out, state);
        rate(out, t->goodput_bps);
        rate(out, t->line_bps);
        rate(out, t->compared_bps);
        bw_words_percent(bw_words_ppm(t->compared_bps, t->claim_bps), text);
        bw_html_number(out, t->compared_bps == BW_UNKNOWN ? "–" : text);
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_puts(out, "</tbody></table></div></details>\n");
    left_out(out, shown, r->n_runs);
}

void bw_html_tests(struct bw_buf *out, const struct bw_report *r)
{
    bw_html_head(out, "tests", "Throughput tests",
                 BW_METHOD_TESTED ", " BW_METHOD_CLAIM_SHARE ", " BW_METHOD_LAYER);
    if (r->n_runs == 0) {
        bw_buf_puts(out, "<p class=\"none\">No throughput run was begun or put off in the "
                         "period.</p>\n");
    } else {
        tests_summary(out, r);
        bw_buf_puts(
            out, "<p class=\"key\"><i class=\"i-dot\"></i>good run<i class=\"i-claim\"></i>"
                 "claim<i class=\"i-80\"></i>80 % of it<i class=\"i-gap\"></i>no record; "
                 "crosses at the bottom: failed; short strokes: put off</p>\n");
        runs_table(out, r);
    }
    bw_buf_puts(out, "</section>\n");
}

/* ---- latency ---------------------------------------------------------------- */

static void latency_row(struct bw_buf *out, const struct bw_report_latency *l)
{
    const int64_t delays[] = {l->min_us, l->p50_us,  l->p95_us,
                              l->p99_us, l->mean_us, l->pdv_p95_us};
    char text[BW_WORDS_MAX];
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];

    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_text_html(out, l->probe);
    bw_buf_puts(out, "<small>");
    bw_text_html(out, l->kind);
    if (l->family) {
        bw_buf_printf(out, ", IPv%d", l->family);
    }
    bw_buf_puts(out, "</small></th>");
    bw_html_cell(out, l->window == BW_WINDOW_CLASS ? "class" : "all");
    bw_words_count(l->sent, text);
    bw_html_number(out, text);
    bw_words_count(l->lost, text);
    bw_buf_printf(out, "<td class=\"n\">%s", text);
    if (l->late != BW_UNKNOWN && l->late > 0) {
        bw_words_count(l->late, text);
        bw_buf_printf(out, "<small>%s of them late</small>", text);
    }
    bw_words_percent(l->loss_ppm, text);
    bw_buf_printf(out, "</td><td class=\"n\">%s", l->loss_ppm == BW_UNKNOWN ? "–" : text);
    if (l->loss_ppm != BW_UNKNOWN) {
        bw_words_percent(l->loss_low_ppm, low);
        bw_words_percent(l->loss_high_ppm, high);
        bw_buf_printf(out, "<small>%s to %s</small>", low, high);
    }
    bw_buf_puts(out, "</td>");
    for (size_t k = 0; k < sizeof(delays) / sizeof(delays[0]); k++) {
        bw_words_delay(delays[k], text);
        bw_html_number(out, delays[k] == BW_UNKNOWN ? "–" : text);
    }
    bw_buf_puts(out, "</tr>\n");
}

/* Records that were too long went without their longest histograms: said where it is so. */
static void latency_fewer(struct bw_buf *out, const struct bw_report *r)
{
    char in[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];
    char share[BW_WORDS_MAX];

    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        if (l->answered >= l->counted) {
            continue;
        }
        bw_words_count(l->answered, in);
        bw_words_count(l->counted, of);
        bw_words_percent(bw_words_ppm(l->answered, l->counted), share);
        bw_buf_puts(out, "<p class=\"note\"><strong>");
        bw_text_html(out, l->probe);
        bw_buf_printf(out,
                      ", %s hours: lowest, percentiles and PDV rest on %s of %s answers "
                      "(%s).</strong> The records of the others were too long for their "
                      "histograms; sent, lost and mean are complete.</p>\n",
                      l->window == BW_WINDOW_CLASS ? "class" : "all", in, of, share);
    }
}

void bw_html_latency(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {
        "Target", "Hours", "Sent", "Lost",   "Loss, 95 % interval", "Lowest", "P50",
        "P95",    "P99",   "Mean", "PDV P95"};

    bw_html_head(out, "latency", "Round trip and loss",
                 "rtt-merged/1, loss-wilson95/1, pdv-period/1");
    if (r->n_latency == 0) {
        bw_buf_puts(
            out, "<p class=\"none\">Not measured: no target was asked.</p>\n</section>\n");
        return;
    }
    bw_buf_puts(out, "<div class=\"chart\"><table class=\"tight\">");
    bw_html_columns(out, names, 11, 2);
    for (size_t i = 0; i < r->n_latency; i++) {
        latency_row(out, &r->latency[i]);
    }
    bw_buf_puts(
        out,
        "</tbody></table></div>\n<p>Round trips at IP, from merged histograms. Packets "
        "lost while the line was out count as lost. PDV: P95 less the lowest.</p>\n");
    latency_fewer(out, r);
    bw_buf_puts(out, "</section>\n");
}

/* ---- outages ---------------------------------------------------------------- */

/* What tells an outage, where it was not there. */
static void few_witnesses(struct bw_buf *out, const struct bw_report_outages *o)
{
    if (o->n_witnesses >= 2) {
        return;
    }
    bw_buf_printf(out,
                  "<p class=\"none\">%s An outage is told by at least two targets that are "
                  "asked every few seconds, and %s was.</p>\n",
                  o->total_ms == BW_UNKNOWN ? "Not measured."
                  : o->n > 0                ? "There may have been more than these."
                                            : "Only a carrier that is down could be seen.",
                  o->n_witnesses == 1 ? "one" : "none");
}

void bw_html_outages(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"From", "To", "Cause seen", "Length"};
    const struct bw_report_outages *o = &r->outages;
    size_t shown = o->n < BW_HTML_ROWS_MAX ? o->n : BW_HTML_ROWS_MAX;
    char total[BW_WORDS_MAX];
    char longest[BW_WORDS_MAX];
    char observed[BW_WORDS_MAX];

    bw_html_head(out, "outages", "Outages", "outage-union/1");
    few_witnesses(out, o);
    if (o->total_ms == BW_UNKNOWN) {
        bw_buf_puts(out, "</section>\n");
        return;
    }
    bw_words_length(o->observed_s * 1000, observed);
    if (o->n == 0) {
        bw_buf_printf(out,
                      "<p>None was seen in the %s watched. Outside that time none can be "
                      "seen.</p>\n</section>\n",
                      observed);
        return;
    }
    bw_words_length(o->total_ms, total);
    bw_words_length(o->longest_ms, longest);
    bw_buf_printf(
        out,
        "<p>%zu, with %s watched: %s in all, the longest %s. Outside the time watched none "
        "can be seen.</p>\n<div class=\"chart\"><table>",
        o->n, o->observed_s > 0 ? observed : "no time surely", total, longest);
    bw_html_columns(out, names, 4, 3);
    for (size_t i = 0; i < shown; i++) {
        const struct bw_report_outage *x = &o->list[i];
        char text[BW_WORDS_MAX * 2];
        char when[BW_WORDS_MAX];
        bw_buf_puts(out, "<tr>");
        bw_words_local(r->tz, x->clipped_from_unix_ms / 1000, 1, when);
        (void)snprintf(
            text, sizeof(text), "%s%s", when,
            x->from_unix_ms < x->clipped_from_unix_ms ? " (began before the period)" : "");
        bw_html_cell(out, text);
        bw_words_local(r->tz, x->clipped_to_unix_ms / 1000, 1, when);
        (void)snprintf(text, sizeof(text), "%s%s", when,
                       x->open && x->clipped_to_unix_ms >= r->to_unix_s * 1000
                           ? " (still out at the end of the period)"
                       : x->open ? " (still out when the records stop)"
                       : x->to_unix_ms > x->clipped_to_unix_ms
                           ? " (goes on after the period)"
                           : "");
        bw_html_cell(out, text);
        bw_html_cell(out, x->why);
        bw_words_length(x->clipped_to_unix_ms - x->clipped_from_unix_ms, when);
        bw_html_number(out, when);
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_puts(out, "</tbody></table></div>\n");
    left_out(out, shown, o->n);
    bw_buf_puts(out, "</section>\n");
}

/* ---- gaps ------------------------------------------------------------------- */

void bw_html_gaps(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"From", "To", "What", "Why", "Missing"};
    static const char *const kinds[] = {"no record", "counters incomplete",
                                        "stated in a record"};
    const struct bw_report_coverage *c = &r->coverage;
    size_t shown = c->n_gaps < BW_HTML_ROWS_MAX ? c->n_gaps : BW_HTML_ROWS_MAX;
    char text[BW_WORDS_MAX];

    bw_html_head(out, "gaps", "Gaps", "coverage/1");
    if (c->n_gaps == 0) {
        bw_buf_puts(
            out,
            "<p>None: records cover all of the time that has passed, and their counters "
            "all of theirs.</p>\n</section>\n");
        return;
    }
    bw_words_length(c->missing_s * 1000, text);
    bw_buf_printf(out,
                  "<p>%s without a record. Each is listed with the cause that the records "
                  "themselves state.</p>\n",
                  text);
    if (c->n_gaps > 20) {
        bw_buf_printf(out, "<details open><summary>All %zu gaps</summary>", c->n_gaps);
    }
    bw_buf_puts(out, "<div class=\"chart\"><table>");
    bw_html_columns(out, names, 5, 4);
    for (size_t i = 0; i < shown; i++) {
        const struct bw_report_gap *g = &c->gaps[i];
        bw_buf_puts(out, "<tr>");
        bw_words_local(r->tz, g->from_unix_s, 1, text);
        bw_html_cell(out, text);
        bw_words_local(r->tz, g->to_unix_s, 1, text);
        bw_html_cell(out, text);
        bw_html_cell(out, kinds[g->kind]);
        bw_html_cell(out, g->why);
        bw_words_length(g->missing_s * 1000, text);
        bw_html_number(out, g->missing_s ? text : "–");
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_puts(out, "</tbody></table></div>\n");
    if (c->n_gaps > 20) {
        bw_buf_puts(out, "</details>\n");
    }
    left_out(out, shown, c->n_gaps);
    bw_buf_puts(out, "</section>\n");
}
