/* SPDX-License-Identifier: GPL-3.0-or-later
 * worksheet_shown.c - what circuits carry together, as people read it: the answer, a
 * picture of it, the steps to the speed, each circuit.
 *
 * Invariant: where need is only known as "at least", that stands before the speed. */
#include "worksheet_parts.h"
#include <page_parts.h>

#include <civil.h>
#include <coincident.h>
#include <plural.h>
#include <stdio.h>
#include <string.h>
#include <text.h>

enum {
    MILLION = 1000000,
    BAR_W = 320,
    BAR_H = 18
};

static void rate(struct bw_buf *b, int64_t bps)
{
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_rate(b, bps);
    }
}

static void percent(struct bw_buf *b, int64_t n, int64_t of)
{
    if (n == BW_UNKNOWN || of == BW_UNKNOWN || of <= 0) {
        bw_buf_puts(b, "–");
    } else {
        bw_buf_printf(b, "%.1f %%", (double)n * 100.0 / (double)of);
    }
}

static void begin_figure(struct bw_buf *b, const char *what)
{
    bw_buf_printf(b, "<div><dt>%s</dt><dd class=\"v\">", what);
}

static void how(struct bw_buf *b)
{
    bw_buf_puts(b, "</dd><dd class=\"how\">");
}

static void day_words(struct bw_buf *b, int64_t day)
{
    char text[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, text);
    bw_buf_puts(b, text);
}

static void quotient(struct bw_buf *b, int64_t ppm)
{
    if (ppm == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_buf_printf(b, "%lld.%02d", (long long)(ppm / MILLION),
                      (int)(ppm % MILLION / 10000));
    }
}

static bool at_least(const struct bw_coincident *c)
{
    return c->n_full > 0 || c->need_n < c->n_in;
}

static void figures(struct bw_buf *b, const struct bw_coincident *c)
{
    const struct bw_coincident_sum *s = &c->sum[BW_DOWN];

    bw_buf_puts(b, "<dl class=\"figures\">");
    begin_figure(b, "Speed to bid for, download");
    if (s->range.speed_bps[BW_RANGE_LOW] != BW_UNKNOWN) {
        bw_buf_puts(b, at_least(c) ? "at least " : "");
        rate(b, s->range.speed_bps[BW_RANGE_LOW]);
        bw_buf_puts(b, " to ");
        rate(b, s->range.speed_bps[BW_RANGE_HIGH]);
    } else {
        bw_buf_puts(b, "not known");
    }
    how(b);
    bw_buf_printf(
        b, "does until 30 June %d%s; steps below (" BW_METHOD_RANGE ")</dd></div>",
        c->end_year, s->range.grown ? "" : " if use does not grow: growth is not known");
    begin_figure(b, "Coincident peak, download");
    rate(b, s->peak_bps);
    how(b);
    bw_buf_puts(b, "highest sum of one five minutes of class hours");
    if (s->peak_unix_s != BW_UNKNOWN) {
        bw_buf_puts(b, ", ");
        bw_page_time(b, s->peak_unix_s);
        bw_buf_puts(b, " UTC");
    }
    bw_buf_puts(b, " (" BW_METHOD_COINCIDENT_PEAK ")</dd></div>");
    begin_figure(b, "Sum of own peaks");
    rate(b, s->sum_peaks_bps);
    how(b);
    bw_buf_puts(b, "each circuit at its own highest, in the same bins: never all at once"
                   "</dd></div>");
    begin_figure(b, "Diversity");
    quotient(b, s->diversity_ppm);
    how(b);
    bw_buf_puts(b, "sum of own peaks over the coincident peak (" BW_METHOD_DIVERSITY
                   ")</dd></div>");
    begin_figure(b, "P95 of the sum");
    rate(b, s->p95_bps);
    how(b);
    bw_buf_puts(b, "95 of 100 bins of class hours are at or below; the P95s of the "
                   "circuits come to ");
    rate(b, s->sum_p95_bps);
    bw_buf_puts(b, "</dd></div>");
    begin_figure(b, "Bins that count");
    bw_page_count(b, c->bins);
    bw_buf_puts(b, " of ");
    bw_page_count(b, c->class_bins);
    how(b);
    bw_buf_printf(b,
                  "of class hours: those in which %lld of %lld circuits or more are "
                  "known</dd></div></dl>",
                  (long long)c->need_n, (long long)c->n_in);
}

/* ---- the picture --------------------------------------------------------------------- */

static void bar(struct bw_buf *b, const char *what, int64_t low, int64_t high, int64_t most)
{
    if (low == BW_UNKNOWN) {
        return;
    }
    int x = (int)((double)low * BAR_W / (double)most);
    int end = (int)((double)high * BAR_W / (double)most);
    bw_buf_printf(b,
                  "<tr><th scope=\"row\">%s</th><td><svg class=\"spread\" width=\"%d\" "
                  "height=\"%d\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\"><rect "
                  "class=\"q\" x=\"0\" y=\"2\" width=\"%d\" height=\"14\"/>",
                  what, BAR_W + 4, BAR_H, BAR_W + 4, BAR_H, x > 0 ? x : 1);
    if (end > x) {
        bw_buf_printf(b, "<path class=\"r\" d=\"M%d 9H%d\"/>", x, end);
    }
    bw_buf_puts(b, "</svg></td><td class=\"n\">");
    rate(b, low);
    if (high != low) {
        bw_buf_puts(b, " to ");
        rate(b, high);
    }
    bw_buf_puts(b, "</td></tr>\n");
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b; /* unknown is the lowest */
}

static void picture(struct bw_buf *b, const struct bw_coincident *c)
{
    const struct bw_coincident_sum *s = &c->sum[BW_DOWN];
    int64_t most = larger(larger(s->sum_peaks_bps, s->range.speed_bps[BW_RANGE_HIGH]),
                          larger(s->claims_bps, 1));

    bw_page_table_begin(b, "Side by side",
                        "<th scope=\"col\">Download</th><th scope=\"col\">Side by side</th>"
                        "<th scope=\"col\" class=\"n\">Rate</th>");
    bar(b, "All claims of these circuits", s->claims_bps, s->claims_bps, most);
    bar(b, "Sum of own peaks", s->sum_peaks_bps, s->sum_peaks_bps, most);
    bar(b, "Coincident peak", s->peak_bps, s->peak_bps, most);
    bar(b, "Speed to bid for", s->range.speed_bps[BW_RANGE_LOW],
        s->range.speed_bps[BW_RANGE_HIGH], most);
    bw_page_table_end(b);
}

/* ---- reasons ------------------------------------------------------------------------- */

static void notes(struct bw_buf *b, const struct bw_coincident *c)
{
    if (c->n_full > 0) {
        bw_buf_printf(b,
                      "<p class=\"note\"><strong>%lld %s at times</strong> (90 %% of the "
                      "claim or more, in ",
                      (long long)c->n_full,
                      bw_plural(c->n_full, "circuit was full", "circuits were full"));
        bw_page_count(b, c->sum[BW_DOWN].full_bins);
        bw_buf_puts(b,
                    " bins down). What people would have drawn is not known, so all need "
                    "here is at least so much.</p>");
    }
    if (c->need_n < c->n_in) {
        bw_buf_puts(b, "<p class=\"note\">Bins in which some circuit is not known count as "
                       "well, without it: all sums are at least so much.</p>");
    } else if (c->bins * 2 < c->class_bins) {
        bw_buf_puts(b,
                    "<p class=\"note\">In less than half of the class hours all circuits "
                    "are known. Leave out circuits that are seldom known (below), or ask "
                    "for a smaller share of them.</p>");
    }
    if (c->n_long > 0) {
        bw_buf_printf(b,
                      "<p class=\"note\">%lld %s its records less often than every five "
                      "minutes: its mean stands in each bin, and hides its peaks.</p>",
                      (long long)c->n_long,
                      bw_plural(c->n_long, "circuit makes", "circuits make"));
    }
}

static void step(struct bw_buf *b,
                 const char *what,
                 const char *why,
                 const int64_t low[BW_DIRECTIONS],
                 const int64_t high[BW_DIRECTIONS])
{
    bw_buf_printf(b, "<tr><th scope=\"row\">%s <span class=\"id\">%s</span></th>", what,
                  why);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        bw_buf_puts(b, "<td class=\"n\">");
        rate(b, low[way]);
        bw_buf_puts(b, "</td><td class=\"n\">");
        rate(b, high[way]);
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
}

static void reasons(struct bw_buf *b, const struct bw_coincident *c)
{
    int64_t day[BW_DIRECTIONS];
    int64_t added[BW_RANGE_ENDS][BW_DIRECTIONS];
    int64_t need[BW_RANGE_ENDS][BW_DIRECTIONS];
    int64_t speed[BW_RANGE_ENDS][BW_DIRECTIONS];
    const struct bw_coincident_sum *s = &c->sum[BW_DOWN];

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_coincident_sum *x = &c->sum[way];
        day[way] = x->day_bps;
        for (int end = 0; end < BW_RANGE_ENDS; end++) {
            added[end][way] = x->range.grown ? x->range.added_bps[end] : BW_UNKNOWN;
            need[end][way] =
                day[way] == BW_UNKNOWN ? BW_UNKNOWN : day[way] + x->range.added_bps[end];
            speed[end][way] = x->range.speed_bps[end];
        }
    }
    bw_buf_puts(b, "<h2 id=\"why\">How the speed comes about</h2>");
    bw_page_table_begin(
        b, "How the speed comes about",
        "<th scope=\"col\">Step</th><th scope=\"col\" class=\"n\">Down, low"
        "</th><th scope=\"col\" class=\"n\">Down, high</th><th scope=\"col\" "
        "class=\"n\">Up, low</th><th scope=\"col\" class=\"n\">Up, high</th>");
    step(b, "Busiest school day of the sum", "P95 of its bins; " BW_METHOD_COINCIDENT_DAY,
         day, day);
    step(b, "Growth", "ends of the 95 % interval; not known: left out; " BW_METHOD_GROWTH,
         added[BW_RANGE_LOW], added[BW_RANGE_HIGH]);
    step(b, "Need", "the two together", need[BW_RANGE_LOW], need[BW_RANGE_HIGH]);
    step(b, "Speed to bid for",
         "need × 1.30 and × 1.40, as EducationSuperHighway advises; " BW_METHOD_RANGE,
         speed[BW_RANGE_LOW], speed[BW_RANGE_HIGH]);
    bw_page_table_end(b);
    if (s->day != BW_UNKNOWN) {
        bw_buf_puts(b, "<p class=\"soft small\">Busiest: ");
        day_words(b, s->day);
        bw_buf_printf(b,
                      ", of days of which at least half as many bins count as of the "
                      "fullest. Growth takes %d school weeks over half a year; here are "
                      "%lld. The coincident peak is one five minutes; the day's P95 is "
                      "what lasted.</p>",
                      BW_GROWTH_WEEKS_MIN, (long long)s->growth.n_weeks);
    }
    bw_buf_printf(b, "<p class=\"soft small\">All at the %s layer",
                  c->ask.layer == BW_LAYER_IP ? "IP" : "Ethernet");
    if (c->n_converted > 0) {
        bw_buf_printf(b,
                      "; %lld %s counted at another one and exactly converted "
                      "(layer-convert/1)",
                      (long long)c->n_converted,
                      bw_plural(c->n_converted, "circuit is", "circuits are"));
    }
    bw_buf_puts(b, ". In use, from 1 % of its claim on: all circuits at once in ");
    percent(b, c->all_use_n, c->use_of_n);
    bw_buf_puts(b, " of the bins, none in ");
    percent(b, c->none_use_n, c->use_of_n);
    bw_buf_puts(b, " (" BW_METHOD_COINCIDENT_USE ").</p>");
}

/* ---- circuits ------------------------------------------------------------------------ */

static void name_cell(struct bw_worksheet_job *j, const struct bw_coincident_circuit *x)
{
    struct bw_buf *b = &j->out_bytes;
    const char *called = bw_worksheet_called(j, x);

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"/sites/");
    bw_text_url(b, x->site);
    bw_buf_puts(b, "\">");
    bw_page_name(b, called[0] ? called : x->site);
    bw_buf_puts(b, "</a> <span class=\"id\">");
    bw_text_html(b, x->site);
    bw_buf_putc(b, '.');
    bw_text_html(b, x->circuit);
    bw_buf_puts(b, "</span></th>");
}

static void circuits(struct bw_worksheet_job *j)
{
    const struct bw_coincident *c = j->sheet.sum;
    const struct bw_coincident_sum *s = &c->sum[BW_DOWN];
    struct bw_buf *b = &j->out_bytes;

    bw_buf_puts(b, "<h2 id=\"circuits\">Circuits in the sum</h2>");
    bw_page_table_begin(
        b, "Circuits in the sum",
        "<th scope=\"col\">Circuit, download</th><th scope=\"col\" "
        "class=\"n\">Claimed</th><th scope=\"col\" class=\"n\">Own peak</th>"
        "<th scope=\"col\" class=\"n\">At the peak of the sum</th><th "
        "scope=\"col\" class=\"n\">of it</th><th scope=\"col\" class=\"n\">"
        "P95</th><th scope=\"col\" class=\"n\">Full</th><th scope=\"col\" "
        "class=\"n\">In use</th><th scope=\"col\" class=\"n\">Known</th>");
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_coincident_circuit *x = &c->circuits[i];
        const struct bw_coincident_way *d = &x->way[BW_DOWN];
        if (x->why != BW_COINCIDENT_IN) {
            continue;
        }
        const int64_t rates[] = {x->claim_bps[BW_DOWN], d->peak_bps, d->then_bps};
        name_cell(j, x);
        for (size_t k = 0; k < 3; k++) {
            bw_buf_puts(b, "<td class=\"n\">");
            rate(b, rates[k]);
            bw_buf_puts(b, "</td>");
        }
        bw_buf_puts(b, "<td class=\"n\">");
        percent(b, d->then_bps, s->peak_bps);
        bw_buf_puts(b, "</td><td class=\"n\">");
        rate(b, d->p95_bps);
        bw_buf_puts(b, "</td><td class=\"n\">");
        percent(b, d->full_n, d->told_n);
        bw_buf_puts(b, "</td><td class=\"n\">");
        percent(b, x->use_n, x->use_of_n);
        bw_buf_puts(b, "</td><td class=\"n\">");
        percent(b, x->class_n, c->class_bins);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
    bw_buf_puts(b,
                "<p class=\"soft small\">Full and in use: of the bins that count in which "
                "that can be told. Known: of all bins of class hours.</p>");
}

static void not_in(struct bw_worksheet_job *j)
{
    const struct bw_coincident *c = j->sheet.sum;
    struct bw_buf *b = &j->out_bytes;

    if (c->n_in == (int64_t)c->n) {
        return;
    }
    bw_buf_puts(b, "<h2 id=\"not\">Not in the sum: ");
    bw_page_count(b, (int64_t)c->n - c->n_in);
    bw_buf_puts(b, "</h2><p class=\"soft small\">What they carry comes on top.</p>");
    bw_page_table_begin(b, "Not in the sum",
                        "<th scope=\"col\">Circuit</th><th scope=\"col\">Why</th>");
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_coincident_circuit *x = &c->circuits[i];
        if (x->why != BW_COINCIDENT_IN) {
            name_cell(j, x);
            bw_buf_printf(b, "<td>%s</td></tr>\n", bw_coincident_why_words(x->why));
        }
    }
    bw_page_table_end(b);
}

void bw_worksheet_shown(struct bw_worksheet_job *j)
{
    const struct bw_coincident *c = j->sheet.sum;
    struct bw_buf *b = &j->out_bytes;
    static const struct {
        const char *path;
        const char *words;
    } forms[] = {
        {"/api/v1/worksheet?format=csv&amp;of=circuits", "a row a circuit as CSV"},
        {"/api/v1/worksheet?format=csv&amp;of=sum", "the sum as CSV"},
        {"/api/v1/worksheet?format=json", "JSON"},
    };

    bw_buf_puts(b, "<h2 id=\"answer\">");
    bw_page_count(b, c->n_in);
    bw_buf_puts(b, " of ");
    bw_page_count(b, (int64_t)c->n);
    bw_buf_puts(b, " circuits together, ");
    bw_page_time(b, c->ask.from_unix_s);
    bw_buf_puts(b, " to ");
    bw_page_time(b, c->ask.to_unix_s);
    bw_buf_puts(b, " UTC</h2>");
    if (c->bins == 0) {
        bw_buf_puts(b,
                    "<p class=\"note\">There is no bin of class hours in which enough of "
                    "these circuits are known, so there is no sum.</p>");
    }
    notes(b, c);
    figures(b, c);
    picture(b, c);
    reasons(b, c);
    circuits(j);
    not_in(j);
    bw_buf_puts(b, "<p>For the request for proposals: ");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        bw_buf_puts(b, i ? ", <a href=\"" : "<a href=\"");
        bw_worksheet_url(j, forms[i].path);
        bw_buf_printf(b, "\">%s</a>", forms[i].words);
    }
    bw_buf_puts(b, ".</p>");
}
