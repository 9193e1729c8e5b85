/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_first.c - the first screen: claimed, delivered (tested and carried apart), used.
 *
 * Invariant: a figure stands with its layer, its statistic, the number of values it rests
 * on and the name of its method; what was not measured says so, and what would be needed.
 */
#include "pages_private.h"

#include <bw/records.h>
#include <plot.h>
#include <plural.h>
#include <stdio.h>
#include <words.h>

static void row(struct bw_doc *d, const char *name, const char *note)
{
    bw_doc_row(d);
    bw_doc_put(d, name);
    bw_doc_span(d, BW_SPAN_SMALL, note);
}

static void none_cell(struct bw_doc *d, const char *text)
{
    bw_doc_cell(d);
    bw_doc_span(d, BW_SPAN_NONE, text);
}

static void rate_cell(struct bw_doc *d, int64_t bps, const char *note)
{
    char rate[BW_WORDS_MAX];

    if (bps == BW_UNKNOWN) {
        none_cell(d, "not measured");
    } else {
        bw_words_rate(bps, rate);
        bw_doc_cell(d);
        bw_doc_span(d, BW_SPAN_STRONG, rate);
    }
    bw_doc_span(d, BW_SPAN_SMALL, note);
}

static void claim_day(const struct bw_report *r, int64_t unix_s, char out[BW_WORDS_MAX])
{
    if (unix_s == BW_UNKNOWN) {
        out[0] = '\0';
    } else {
        bw_words_local(r->tz, unix_s, 0, out);
    }
}

static void claimed_row(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);
    char note[200];
    char day[BW_WORDS_MAX];

    row(d, "Claimed", "filed or contracted");
    if (!c) {
        none_cell(d, "no claim on file");
        none_cell(d, "no claim on file");
        bw_doc_put(d, "Nothing below can be compared with a contract.");
        return;
    }
    (void)snprintf(note, sizeof(note), "at %s%s",
                   bw_words_layer_long(bw_report_claim_layer(r)),
                   c->layer == BW_LAYER_UNKNOWN ? " (the claim names no layer)" : "");
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        if (c->bps[way] == BW_UNKNOWN) {
            none_cell(d, "not claimed");
        } else {
            rate_cell(d, c->bps[way], note);
        }
    }
    bw_doc_put(d, c->origin);
    if (c->from_unix_s != BW_UNKNOWN && c->from_unix_s > 0) {
        claim_day(r, c->from_unix_s, day);
        bw_doc_printf(d, BW_SPAN_SMALL, "in force from %s", day);
    }
    if (r->n_claims > 1) {
        bw_doc_printf(d, BW_SPAN_SMALL,
                      "newest of %zu claims in the period, which are listed below; each "
                      "test is compared with the one in force",
                      r->n_claims);
    }
}

/* Every claim of the period with its dates, where there is more than one. */
static void claims_table(struct bw_doc *d, const struct bw_report *r)
{
    static const struct bw_doc_column columns[] = {{.name = "From", .header = true},
                                                   {.name = "Until"},
                                                   {.name = "Download", .number = true},
                                                   {.name = "Upload", .number = true},
                                                   {.name = "Layer"},
                                                   {.name = "Where it comes from"}};
    char text[BW_WORDS_MAX];

    if (r->n_claims < 2) {
        return;
    }
    bw_doc_table(d, "claims", BW_TABLE_PLAIN, columns, 6);
    bw_doc_text(d, "Claims of the period");
    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *c = &r->claims[i];
        bw_doc_row(d);
        claim_day(r, c->from_unix_s, text);
        bw_doc_put(d, c->from_unix_s == BW_UNKNOWN || c->from_unix_s <= 0 ? "not stated"
                                                                          : text);
        claim_day(r, c->to_unix_s, text);
        bw_doc_put(d, c->to_unix_s == BW_UNKNOWN ? "further notice" : text);
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            bw_words_rate(c->bps[way], text);
            bw_doc_put(d, c->bps[way] == BW_UNKNOWN ? "not claimed" : text);
        }
        bw_doc_put(d, c->layer == BW_LAYER_UNKNOWN ? "IP (the claim names none)"
                                                   : bw_words_layer_long(c->layer));
        bw_doc_put(d, c->origin);
    }
}

static void tested_cell(struct bw_doc *doc, const struct bw_report_tested *t)
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
        rate_cell(doc, BW_UNKNOWN, "");
        return;
    }
    bw_words_rate(d->p5, low);
    bw_words_rate(d->p95, high);
    bw_words_counted(d->n, "run", "runs", runs);
    if (t->n_compared > 0) {
        bw_words_percent(bw_words_ppm(t->n_at_90, t->n_compared), share);
        (void)snprintf(note, sizeof(note),
                       "%s, line rate (test and users together), median of %s; P5 %s, P95 "
                       "%s; at least 90 %% of the claim in %s of them",
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
    rate_cell(doc, d->median, note);
}

static void tested_row(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_tested *a = &r->tested[BW_DOWN];
    const struct bw_report_tested *b = &r->tested[BW_UP];
    int64_t put_off = a->n_deferred + b->n_deferred;

    row(d, "Delivered, tested", "what throughput runs reached");
    tested_cell(d, a);
    tested_cell(d, b);
    bw_doc_cell(d);
    bw_doc_printf(d, BW_SPAN_PLAIN, "Down %lld good of %lld begun, up %lld of %lld",
                  (long long)a->n_ok, (long long)a->n_made, (long long)b->n_ok,
                  (long long)b->n_made);
    bw_doc_printf(d, BW_SPAN_SMALL, "failed %lld, cancelled %lld; put off %lld %s",
                  (long long)a->n_failed + (long long)b->n_failed,
                  (long long)a->n_cancelled + (long long)b->n_cancelled, (long long)put_off,
                  bw_plural(put_off, "time", "times"));
    bw_doc_span(d, BW_SPAN_METHOD,
                a->n_compared + b->n_compared > 0 ? BW_METHOD_TESTED
                    ", " BW_METHOD_CLAIM_SHARE ", " BW_METHOD_LAYER
                                                  : BW_METHOD_TESTED);
}

/* A rate at the counter's layer, said at the claim's layer where that can be done. */
static void window_cell(struct bw_doc *d,
                        const struct bw_report *r,
                        const struct bw_report_used *u,
                        int window,
                        int way,
                        bool peak)
{
    const struct bw_report_window *w = &u->window[window][way];
    const struct bw_report_claim *c = bw_report_claim_last(r);
    bool converted = w->converted_p95_bps != BW_UNKNOWN;
    int64_t own = peak ? w->peak_bps : w->p95_bps;
    int64_t shown = !converted ? own : peak ? w->converted_peak_bps : w->converted_p95_bps;
    enum bw_layer layer = converted ? bw_report_claim_layer(r) : u->layer;
    char note[320];
    char share[BW_WORDS_MAX] = "";
    char at[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];

    if (own == BW_UNKNOWN) {
        rate_cell(d, BW_UNKNOWN,
                  w->n > 0            ? ""
                  : u->n_at_least > 0 ? "a mirror port shows a lower bound"
                                      : "no interval to count");
        return;
    }
    if (converted && c && c->bps[way] != BW_UNKNOWN && c->bps[way] > 0) {
        bw_words_percent(bw_words_ppm(shown, c->bps[way]), share);
    }
    bw_words_counted(w->n, "interval", "intervals", n);
    bw_words_local(r->tz, w->peak_unix_s, r->counts.interval_s < 60, at);
    (void)snprintf(note, sizeof(note), "%s, %s %s%s%s%s%s%s", bw_words_layer_long(layer),
                   peak ? "highest of" : "P95 of", n, share[0] ? "; " : "", share,
                   !share[0]         ? ""
                   : r->n_claims > 1 ? " of the newest claim"
                                     : " of the claim",
                   peak ? "; " : "", peak ? at : "");
    rate_cell(d, shown, note);
}

static void window_cells(struct bw_doc *d,
                         const struct bw_report *r,
                         const struct bw_report_used *u,
                         int window,
                         bool peak)
{
    window_cell(d, r, u, window, BW_DOWN, peak);
    window_cell(d, r, u, window, BW_UP, peak);
}

static void unused_rows(struct bw_doc *d)
{
    row(d, "Delivered, carried", "most that users drew");
    none_cell(d, "not measured");
    none_cell(d, "not measured");
    bw_doc_put(d, "This box counts no traffic of the circuit. What to add: the counters of "
                  "the edge device (source snmp), or a box at the gateway.");
    bw_doc_rowspan(d, 2);
    row(d, "Used", "what users drew");
    none_cell(d, "not measured");
    none_cell(d, "not measured");
}

static void all_hours_row(struct bw_doc *d,
                          const struct bw_report *r,
                          const struct bw_report_used *u,
                          const char *bound)
{
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];

    row(d, "Used, all hours", "day and night");
    window_cells(d, r, u, BW_WINDOW_ALL, false);
    bw_words_bytes(u->bytes[BW_DOWN], a);
    bw_words_bytes(u->bytes[BW_UP], b);
    bw_doc_cell(d);
    bw_doc_printf(d, BW_SPAN_PLAIN, "In all %s%s down and %s up", bound, a, b);
    bw_doc_span(d, BW_SPAN_SMALL, "our own tests included");
    if (u->saturated_s != BW_UNKNOWN) {
        bw_words_length(u->saturated_s * 1000, a);
        bw_words_length(u->saturated_of_s * 1000, b);
        bw_doc_printf(d, BW_SPAN_SMALL, "at 90 %% of the claim or more for %s%s of %s",
                      bound, a, b);
    }
    bw_doc_span(d, BW_SPAN_METHOD,
                u->saturated_s != BW_UNKNOWN ? "util-p95/2, bytes-sum/1, saturated/2"
                                             : "util-p95/2, bytes-sum/1");
}

static void used_rows(struct bw_doc *d, const struct bw_report *r)
{
    char interval[BW_WORDS_MAX];
    char text[200];

    bw_words_length(r->counts.interval_s == BW_UNKNOWN ? BW_UNKNOWN
                                                       : r->counts.interval_s * 1000,
                    interval);
    if (r->n_used == 0) {
        unused_rows(d);
        return;
    }
    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        row(d, "Delivered, carried", "most that users drew");
        window_cells(d, r, u, BW_WINDOW_ALL, true);
        bw_doc_cell(d);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "Highest mean rate of one interval (%s) without a test of ours",
                      interval);
        bw_doc_printf(d, BW_SPAN_SMALL, "counted at %s", bw_words_layer_long(u->layer));
        bw_doc_span(d, BW_SPAN_METHOD,
                    u->layer == bw_report_claim_layer(r)
                        ? "carried-max/2"
                        : "carried-max/2, layer-convert/1");
        bw_sheet_class_words(r, text, sizeof(text));
        row(d, "Used, class hours", text);
        window_cells(d, r, u, BW_WINDOW_CLASS, false);
        bw_doc_put(d, "95 of 100 intervals were at or below this rate");
        bw_doc_span(d, BW_SPAN_METHOD, "util-p95/2");
        all_hours_row(d, r, u, u->n_mirror > 0 ? "at least " : "");
    }
}

static void fact(struct bw_doc *d, const char *figure, const char *what)
{
    bw_doc_fact(d, figure);
    bw_doc_text(d, what);
}

static void outage_fact(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;
    char figure[BW_WORDS_MAX];
    char events[BW_WORDS_MAX];
    char watched[BW_WORDS_MAX];
    char what[240];

    if (o->total_ms == BW_UNKNOWN) {
        fact(d, "not measured",
             "outage: it takes two targets that are asked every few seconds "
             "(outage-union/1)");
        return;
    }
    bw_words_length(o->total_ms, figure);
    bw_words_length(o->observed_s * 1000, watched);
    bw_words_counted((int64_t)o->n, "event", "events", events);
    (void)snprintf(what, sizeof(what), "of outage in %s, of %s watched (outage-union/1)",
                   events, o->observed_s > 0 ? watched : "no time surely");
    if (o->n == 0) {
        (void)snprintf(what, sizeof(what), "outage seen in %s %s (outage-union/1)", watched,
                       o->n_witnesses < 2 ? "on record, where only the carrier was watched"
                                          : "watched");
    }
    fact(d, o->n ? figure : "none", what);
}

static void loss_fact(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_latency *worst = NULL;
    char figure[BW_WORDS_MAX];
    char delay[BW_WORDS_MAX];
    char sent[BW_WORDS_MAX];
    char what[360];

    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        if (l->window == BW_WINDOW_ALL && l->loss_ppm != BW_UNKNOWN &&
            (!worst || l->loss_ppm > worst->loss_ppm)) {
            worst = l;
        }
    }
    if (!worst) {
        fact(d, "not measured", "round trip and loss");
        return;
    }
    bw_words_percent(worst->loss_ppm, figure);
    bw_words_delay(worst->p95_us, delay);
    bw_words_counted(worst->sent, "packet", "packets", sent);
    (void)snprintf(what, sizeof(what),
                   "of %s to %.60s lost (loss-wilson95/1); round trip at IP, P95 %s "
                   "(rtt-merged/1)%s",
                   sent, worst->probe, delay,
                   r->coverage.n_targets > 1 ? "; the worst of the targets" : "");
    fact(d, figure, what);
}

static void facts(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_report_facts *f = &r->facts[r->n_facts - 1];
    char figure[BW_WORDS_MAX];
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];
    char what[360];

    bw_doc_facts(d);
    bw_words_percent(bw_words_ppm(r->coverage.recorded_s, r->coverage.elapsed_s), figure);
    bw_words_length(r->coverage.missing_s * 1000, a);
    bw_words_length(r->coverage.elapsed_s * 1000, b);
    (void)snprintf(what, sizeof(what), "of %s is on record; %s missing (coverage/1)", b, a);
    fact(d, figure, what);
    outage_fact(d, r);
    loss_fact(d, r);
    (void)snprintf(what, sizeof(what), "is where the box stands; counters: %s%s%s",
                   bw_words_or(bw_source_name(f->source), "none"),
                   f->layer != BW_LAYER_UNKNOWN ? " at " : "",
                   f->layer != BW_LAYER_UNKNOWN ? bw_words_layer_long(f->layer) : "");
    fact(d, bw_words_or(bw_vantage_name(f->vantage), "not stated"), what);
}

void bw_sheet_first(struct bw_doc *d, const struct bw_report *r)
{
    static const struct bw_doc_column columns[] = {{.name = "What", .header = true},
                                                   {.name = "Download"},
                                                   {.name = "Upload"},
                                                   {.name = "Where it comes from"}};
    struct bw_drawing figure;

    bw_doc_section(d, "first", "Claimed, delivered, used");
    bw_doc_table(d, "figures", BW_TABLE_BIG, columns, 4);
    claimed_row(d, r);
    tested_row(d, r);
    used_rows(d, r);
    facts(d, r);
    claims_table(d, r);
    bw_plot_bars(r, &figure);
    bw_sheet_chart(d, &figure, "figures", NULL, 0);
    bw_doc_end(d);
}
