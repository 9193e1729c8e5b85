/* SPDX-License-Identifier: GPL-3.0-or-later
 * html_first.c - the first screen: claimed, delivered (tested and carried apart), used.
 *
 * Invariant: a figure stands with its layer, its statistic, the number of values it rests
 * on and the name of its method; what was not measured says so, and what would be needed.
 */
#include "chart_svg.h"
#include "html.h"

#include <buf.h>
#include <bw/records.h>
#include <plural.h>
#include <stdio.h>
#include <text.h>
#include <words.h>

static void row(struct bw_buf *out, const char *name, const char *note)
{
    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_buf_puts(out, name);
    bw_buf_puts(out, "<small>");
    bw_text_html(out, note);
    bw_buf_puts(out, "</small></th>");
}

/* The end of a row's last cell: by which methods its figures are made. */
static void methods(struct bw_buf *out, const char *names)
{
    bw_buf_printf(out, "<small class=\"m\">%s</small></td></tr>\n", names);
}

static void rate_cell(struct bw_buf *out, int64_t bps, const char *klass_note)
{
    char rate[BW_WORDS_MAX];

    if (bps == BW_UNKNOWN) {
        bw_buf_puts(out, "<td><span class=\"none\">not measured</span>");
    } else {
        bw_words_rate(bps, rate);
        bw_buf_puts(out, "<td><b>");
        bw_text_html(out, rate);
        bw_buf_puts(out, "</b>");
    }
    if (klass_note[0]) {
        bw_buf_puts(out, "<small>");
        bw_text_html(out, klass_note);
        bw_buf_puts(out, "</small>");
    }
    bw_buf_puts(out, "</td>");
}

static void claim_day(const struct bw_report *r, int64_t unix_s, char out[BW_WORDS_MAX])
{
    if (unix_s == BW_UNKNOWN) {
        out[0] = '\0';
    } else {
        bw_words_local(r->tz, unix_s, 0, out);
    }
}

static void claimed_row(struct bw_buf *out, const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    char note[200];
    char day[BW_WORDS_MAX];

    if (!c) {
        row(out, "Claimed", "filed or contracted");
        bw_buf_puts(out, "<td><span class=\"none\">no claim on file</span></td>"
                         "<td><span class=\"none\">no claim on file</span></td>"
                         "<td>Nothing below can be compared with a contract.</td></tr>\n");
        return;
    }
    row(out, "Claimed", "filed or contracted");
    (void)snprintf(note, sizeof(note), "at %s%s",
                   bw_words_layer_long(bw_html_claim_layer(r)),
                   c->layer == BW_LAYER_UNKNOWN ? " (the claim names no layer)" : "");
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (c->bps[d] == BW_UNKNOWN) {
            bw_buf_puts(out, "<td><span class=\"none\">not claimed</span></td>");
        } else {
            rate_cell(out, c->bps[d], note);
        }
    }
    bw_buf_puts(out, "<td>");
    bw_text_html(out, c->origin);
    if (c->from_unix_s != BW_UNKNOWN && c->from_unix_s > 0) {
        claim_day(r, c->from_unix_s, day);
        bw_buf_printf(out, "<small>in force from %s</small>", day);
    }
    if (r->n_claims > 1) {
        bw_buf_printf(
            out,
            "<small>newest of %zu claims in the period, which are listed below; each test "
            "is compared with the one in force</small>",
            r->n_claims);
    }
    bw_buf_puts(out, "</td></tr>\n");
}

/* Every claim of the period with its dates, where there is more than one. */
static void claims_table(struct bw_buf *out, const struct bw_report *r)
{
    char text[BW_WORDS_MAX];

    if (r->n_claims < 2) {
        return;
    }
    bw_buf_puts(out, "<table><caption>Claims of the period</caption><thead><tr>"
                     "<th scope=\"col\">From</th><th scope=\"col\">Until</th>"
                     "<th scope=\"col\" class=\"n\">Download</th>"
                     "<th scope=\"col\" class=\"n\">Upload</th><th scope=\"col\">Layer</th>"
                     "<th scope=\"col\">Where it comes from</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *c = &r->claims[i];
        claim_day(r, c->from_unix_s, text);
        bw_buf_printf(out, "<tr><td>%s</td>",
                      c->from_unix_s == BW_UNKNOWN || c->from_unix_s <= 0 ? "not stated"
                                                                          : text);
        claim_day(r, c->to_unix_s, text);
        bw_buf_printf(out, "<td>%s</td>",
                      c->to_unix_s == BW_UNKNOWN ? "further notice" : text);
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_words_rate(c->bps[d], text);
            bw_buf_printf(out, "<td class=\"n\">%s</td>",
                          c->bps[d] == BW_UNKNOWN ? "not claimed" : text);
        }
        bw_buf_printf(out, "<td>%s</td><td>",
                      c->layer == BW_LAYER_UNKNOWN ? "IP (the claim names none)"
                                                   : bw_words_layer_long(c->layer));
        bw_text_html(out, c->origin);
        bw_buf_puts(out, "</td></tr>\n");
    }
    bw_buf_puts(out, "</tbody></table>\n");
}

static void tested_cell(struct bw_buf *out, const struct bw_report_tested *t)
{
    char note[440];
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];
    char share[BW_WORDS_MAX];
    char runs[BW_WORDS_MAX];
    const struct bw_dist *d = bw_report_goodput(t);
    enum bw_layer layer = BW_LAYER_GOODPUT;

    if (t->compared_bps.n > 0) {
        d = &t->compared_bps;
        layer = t->compared_layer;
    } else if (t->n_line > 0) {
        d = &t->line[0].bps;
        layer = t->line[0].layer;
    }
    if (!d || d->n == 0) {
        rate_cell(out, BW_UNKNOWN, "");
        return;
    }
    bw_words_rate(d->p5, low);
    bw_words_rate(d->p95, high);
    bw_words_counted(d->n, "run", "runs", runs);
    if (t->n_compared > 0) {
        bw_words_percent(bw_words_ppm(t->n_at_90, t->n_compared), share);
        (void)snprintf(note, sizeof(note),
                       "%s, line rate (test and users together), median of %s; P5 %s, P95 "
                       "%s; at least "
                       "90 %% of the claim in %s of them",
                       bw_words_layer_long(layer), runs, low, high, share);
    } else {
        (void)snprintf(
            note, sizeof(note), "%s, %s, median of %s; P5 %s, P95 %s%s",
            bw_words_layer_long(layer),
            layer == BW_LAYER_GOODPUT ? "goodput" : "line rate (test and users together)",
            runs, low, high,
            layer == BW_LAYER_GOODPUT
                ? "; the line's own rate was not counted, so no share of the claim"
                : "");
    }
    rate_cell(out, d->median, note);
}

static void tested_row(struct bw_buf *out, const struct bw_report *r)
{
    const struct bw_report_tested *a = &r->tested[BW_DOWN];
    const struct bw_report_tested *b = &r->tested[BW_UP];
    int64_t put_off = a->n_deferred + b->n_deferred;

    row(out, "Delivered, tested", "what throughput runs reached");
    tested_cell(out, a);
    tested_cell(out, b);
    bw_buf_printf(
        out,
        "<td>Down %lld good of %lld begun, up %lld of %lld<small>failed %lld, cancelled "
        "%lld; put off %lld %s</small>",
        (long long)a->n_ok, (long long)a->n_made, (long long)b->n_ok, (long long)b->n_made,
        (long long)a->n_failed + (long long)b->n_failed,
        (long long)a->n_cancelled + (long long)b->n_cancelled, (long long)put_off,
        bw_plural(put_off, "time", "times"));
    methods(out, a->n_compared + b->n_compared > 0 ? BW_METHOD_TESTED
                     ", " BW_METHOD_CLAIM_SHARE ", " BW_METHOD_LAYER
                                                   : BW_METHOD_TESTED);
}

/* A rate at the counter's layer, said at the claim's layer where that can be done. */
static void window_cell(struct bw_buf *out,
                        const struct bw_report *r,
                        const struct bw_report_used *u,
                        const struct bw_report_window *w,
                        bool peak)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    bool converted = w->converted_p95_bps != BW_UNKNOWN;
    int64_t own = peak ? w->peak_bps : w->p95_bps;
    int64_t shown = !converted ? own : peak ? w->converted_peak_bps : w->converted_p95_bps;
    enum bw_layer layer = converted ? bw_html_claim_layer(r) : u->layer;
    char note[320];
    char share[BW_WORDS_MAX] = "";
    char at[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];
    int dir =
        w == &u->window[BW_WINDOW_ALL][BW_UP] || w == &u->window[BW_WINDOW_CLASS][BW_UP];

    if (own == BW_UNKNOWN) {
        rate_cell(out, BW_UNKNOWN,
                  w->n > 0            ? ""
                  : u->n_at_least > 0 ? "a mirror port shows a lower bound"
                                      : "no interval to count");
        return;
    }
    if (converted && c && c->bps[dir] != BW_UNKNOWN && c->bps[dir] > 0) {
        bw_words_percent(bw_words_ppm(shown, c->bps[dir]), share);
    }
    bw_words_counted(w->n, "interval", "intervals", n);
    bw_words_local(r->tz, w->peak_unix_s, r->counts.interval_s < 60, at);
    (void)snprintf(note, sizeof(note), "%s, %s %s%s%s%s%s%s", bw_words_layer_long(layer),
                   peak ? "highest of" : "P95 of", n, share[0] ? "; " : "", share,
                   !share[0]         ? ""
                   : r->n_claims > 1 ? " of the newest claim"
                                     : " of the claim",
                   peak ? "; " : "", peak ? at : "");
    rate_cell(out, shown, note);
}

static void used_rows(struct bw_buf *out, const struct bw_report *r)
{
    char length[BW_WORDS_MAX];
    char interval[BW_WORDS_MAX];
    char text[200];

    bw_words_length(r->counts.interval_s == BW_UNKNOWN ? BW_UNKNOWN
                                                       : r->counts.interval_s * 1000,
                    interval);
    if (r->n_used == 0) {
        row(out, "Delivered, carried", "most that users drew");
        bw_buf_puts(
            out,
            "<td><span class=\"none\">not measured</span></td>"
            "<td><span class=\"none\">not measured</span></td>"
            "<td rowspan=\"2\">This box counts no traffic of the circuit. What to add: "
            "the counters of the edge device (source snmp), or a box at the gateway."
            "</td></tr>\n");
        row(out, "Used", "what users drew");
        bw_buf_puts(out, "<td><span class=\"none\">not measured</span></td>"
                         "<td><span class=\"none\">not measured</span></td></tr>\n");
        return;
    }
    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        const char *bound = u->n_mirror > 0 ? "at least " : "";
        row(out, "Delivered, carried", "most that users drew");
        window_cell(out, r, u, &u->window[BW_WINDOW_ALL][BW_DOWN], true);
        window_cell(out, r, u, &u->window[BW_WINDOW_ALL][BW_UP], true);
        bw_buf_printf(
            out,
            "<td>Highest mean rate of one interval (%s) without a test of ours<small>"
            "counted at %s</small>",
            interval, bw_words_layer_long(u->layer));
        methods(out, u->layer == bw_html_claim_layer(r) ? "carried-max/2"
                                                        : "carried-max/2, layer-convert/1");
        (void)snprintf(text, sizeof(text), "%02d:%02d to %02d:%02d%s",
                       r->class_hours.from_min / 60, r->class_hours.from_min % 60,
                       r->class_hours.to_min / 60, r->class_hours.to_min % 60,
                       r->class_hours.weekdays == bw_report_class_hours_default.weekdays
                           ? ", Monday to Friday"
                           : "");
        row(out, "Used, class hours", text);
        window_cell(out, r, u, &u->window[BW_WINDOW_CLASS][BW_DOWN], false);
        window_cell(out, r, u, &u->window[BW_WINDOW_CLASS][BW_UP], false);
        bw_buf_puts(out, "<td>95 of 100 intervals were at or below this rate");
        methods(out, "util-p95/2");
        row(out, "Used, all hours", "day and night");
        window_cell(out, r, u, &u->window[BW_WINDOW_ALL][BW_DOWN], false);
        window_cell(out, r, u, &u->window[BW_WINDOW_ALL][BW_UP], false);
        bw_words_bytes(u->bytes[BW_DOWN], text);
        bw_buf_printf(out, "<td>In all %s%s down", bound, text);
        bw_words_bytes(u->bytes[BW_UP], text);
        bw_buf_printf(out, " and %s up<small>our own tests included</small>", text);
        if (u->saturated_s != BW_UNKNOWN) {
            bw_words_length(u->saturated_s * 1000, length);
            bw_words_length(u->saturated_of_s * 1000, text);
            bw_buf_printf(out,
                          "<small>at 90 %% of the claim or more for %s%s of %s</small>",
                          bound, length, text);
        }
        methods(out, u->saturated_s != BW_UNKNOWN ? "util-p95/2, bytes-sum/1, saturated/2"
                                                  : "util-p95/2, bytes-sum/1");
    }
}

static void fact(struct bw_buf *out, const char *figure, const char *what)
{
    bw_buf_puts(out, "<li><b>");
    bw_text_html(out, figure);
    bw_buf_puts(out, "</b><span>");
    bw_text_html(out, what);
    bw_buf_puts(out, "</span></li>");
}

static void facts(struct bw_buf *out, const struct bw_report *r)
{
    const struct bw_report_facts *f = &r->facts[r->n_facts - 1];
    const struct bw_report_latency *best = NULL;
    char figure[BW_WORDS_MAX];
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];
    char what[360];

    bw_buf_puts(out, "<ul class=\"facts\">");
    bw_words_percent(bw_words_ppm(r->coverage.recorded_s, r->coverage.elapsed_s), figure);
    bw_words_length(r->coverage.missing_s * 1000, a);
    bw_words_length(r->coverage.elapsed_s * 1000, b);
    (void)snprintf(what, sizeof(what), "of %s is on record; %s missing (coverage/1)", b, a);
    fact(out, figure, what);
    bw_words_length(r->outages.total_ms, figure);
    bw_words_length(r->outages.observed_s * 1000, b);
    bw_words_counted((int64_t)r->outages.n, "event", "events", a);
    (void)snprintf(what, sizeof(what), "of outage in %s, of %s watched (outage-union/1)", a,
                   r->outages.observed_s > 0 ? b : "no time surely");
    if (r->outages.n == 0) {
        (void)snprintf(what, sizeof(what), "outage seen in %s %s (outage-union/1)", b,
                       r->outages.n_witnesses < 2
                           ? "on record, where only the carrier was watched"
                           : "watched");
    }
    if (r->outages.total_ms == BW_UNKNOWN) {
        fact(out, "not measured",
             "outage: it takes two targets that are asked every few seconds "
             "(outage-union/1)");
    } else {
        fact(out, r->outages.n ? figure : "none", what);
    }
    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        if (l->window == BW_WINDOW_ALL && l->loss_ppm != BW_UNKNOWN &&
            (!best || l->loss_ppm > best->loss_ppm)) {
            best = l;
        }
    }
    if (best) {
        bw_words_percent(best->loss_ppm, figure);
        bw_words_delay(best->p95_us, a);
        bw_words_counted(best->sent, "packet", "packets", b);
        (void)snprintf(what, sizeof(what),
                       "of %s to %.60s lost (loss-wilson95/1); round trip at IP, P95 %s "
                       "(rtt-merged/1)%s",
                       b, best->probe, a,
                       r->coverage.n_targets > 1 ? "; the worst of the targets" : "");
        fact(out, figure, what);
    } else {
        fact(out, "not measured", "round trip and loss");
    }
    (void)snprintf(what, sizeof(what), "is where the box stands; counters: %s%s%s",
                   bw_words_or(bw_source_name(f->source), "none"),
                   f->layer != BW_LAYER_UNKNOWN ? " at " : "",
                   f->layer != BW_LAYER_UNKNOWN ? bw_words_layer_long(f->layer) : "");
    fact(out, bw_words_or(bw_vantage_name(f->vantage), "not stated"), what);
    bw_buf_puts(out, "</ul>\n");
}

void bw_html_first(struct bw_buf *out, const struct bw_report *r)
{
    bw_buf_puts(out, "<section aria-labelledby=\"first\">\n<h2 id=\"first\">Claimed, "
                     "delivered, used</h2>\n"
                     "<table class=\"big\"><thead><tr><th scope=\"col\">What</th>"
                     "<th scope=\"col\">Download</th><th scope=\"col\">Upload</th>"
                     "<th scope=\"col\">Where it comes from</th></tr></thead>\n<tbody>\n");
    claimed_row(out, r);
    tested_row(out, r);
    used_rows(out, r);
    bw_buf_puts(out, "</tbody></table>\n");
    claims_table(out, r);
    bw_buf_puts(out, "<div class=\"chart\">");
    bw_chart_bars(r, out);
    bw_buf_puts(out, "</div>\n");
    facts(out, r);
    bw_buf_puts(out, "</section>\n");
}
