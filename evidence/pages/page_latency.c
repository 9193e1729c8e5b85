/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_latency.c - round trip and loss of every target.
 *
 * Invariant: a percentile that rests on fewer answers than the loss beside it says so. */
#include "pages_private.h"

#include <plot.h>
#include <stdio.h>
#include <words.h>

static void loss_cells(struct bw_doc *d, const struct bw_report_latency *l)
{
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];

    bw_words_count(l->lost, low);
    bw_doc_put(d, low);
    if (l->late != BW_UNKNOWN && l->late > 0) {
        bw_words_count(l->late, low);
        bw_doc_printf(d, BW_SPAN_SMALL, "%s of them late", low);
    }
    bw_sheet_percent(d, l->loss_ppm);
    if (l->loss_ppm != BW_UNKNOWN) {
        bw_words_percent(l->loss_low_ppm, low);
        bw_words_percent(l->loss_high_ppm, high);
        bw_doc_printf(d, BW_SPAN_SMALL, "%s to %s", low, high);
    }
}

static void latency_row(struct bw_doc *d, const struct bw_report_latency *l)
{
    char text[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_sheet_target_cell(d, l->probe, l->kind, l->family);
    bw_doc_put(d, l->window == BW_WINDOW_CLASS ? "class" : "all");
    bw_words_count(l->sent, text);
    bw_doc_put(d, text);
    loss_cells(d, l);
    bw_sheet_delay(d, l->min_us);
    bw_sheet_delay(d, l->p50_us);
    bw_sheet_delay(d, l->p95_us);
    bw_sheet_delay(d, l->p99_us);
    bw_sheet_delay(d, l->mean_us);
    bw_sheet_delay(d, l->pdv_p95_us);
}

/* Records that were too long went without their longest histograms: said where it is so. */
static void fewer(struct bw_doc *d, const struct bw_report *r)
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
        bw_doc_note(d, BW_NOTE_INFO);
        bw_doc_printf(d, BW_SPAN_STRONG,
                      "%s, %s hours: lowest, percentiles and PDV rest on %s of %s answers "
                      "(%s).",
                      l->probe, l->window == BW_WINDOW_CLASS ? "class" : "all", in, of,
                      share);
        bw_doc_text(d, " The records of the others were too long for their histograms; "
                       "sent, lost and mean are complete.");
    }
}

/* How long users wait while the line is full: what the throughput runs saw beside it. */
static void loaded(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"While the line is filled",
                                        "Runs",
                                        "Before the run, median",
                                        "Before the run, P95",
                                        "During the run, P95: median of the runs",
                                        "During the run, P95: P95 of the runs",
                                        "Added, median"};
    static const char *const ways[] = {[BW_DOWN] = "Download", [BW_UP] = "Upload"};
    char text[BW_WORDS_MAX];

    if (r->tested[BW_DOWN].loaded.n + r->tested[BW_UP].loaded.n == 0) {
        bw_sheet_none(d, "Round trips under load were not measured: no throughput run "
                         "tells of them.");
        return;
    }
    bw_sheet_table(d, "loaded", BW_TABLE_PLAIN, names, 7, 1);
    bw_doc_text(
        d, "Round trips at IP to the server of a throughput run, idle and loaded: "
           "how much longer an answer takes when the line is full (" BW_METHOD_LOADED ")");
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_report_loaded *x = &r->tested[way].loaded;
        bool less = x->added_p50_us != BW_UNKNOWN && x->added_p50_us < 0;
        bw_doc_row(d);
        bw_doc_put(d, ways[way]);
        bw_sheet_count(d, x->n);
        bw_sheet_delay(d, x->idle_p50_us);
        bw_sheet_delay(d, x->idle_p95_us);
        bw_sheet_delay(d, x->loaded_p50_us);
        bw_sheet_delay(d, x->loaded_p95_us);
        bw_words_delay(less ? -x->added_p50_us : x->added_p50_us, text);
        bw_doc_cell(d);
        bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s", x->n > 0 && less ? "\xe2\x88\x92" : "",
                      x->n > 0 ? text : "–");
    }
}

void bw_sheet_latency(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {
        "Target", "Hours", "Sent", "Lost",   "Loss, 95 % interval", "Lowest", "P50",
        "P95",    "P99",   "Mean", "PDV P95"};
    struct bw_drawing figure;

    bw_sheet_head(d, "latency", "Round trip and loss",
                  "rtt-merged/1, loss-wilson95/1, pdv-period/1");
    if (r->n_latency == 0) {
        bw_sheet_none(d, "Not measured: no target was asked.");
        loaded(d, r);
        bw_doc_end(d);
        return;
    }
    if (bw_plot_has_latency(r)) {
        bw_plot_latency(r, &figure);
        bw_sheet_chart(d, &figure, "round-trips", NULL, 0);
    }
    bw_sheet_table(d, "round-trips", BW_TABLE_TIGHT, names, 11, 2);
    for (size_t i = 0; i < r->n_latency; i++) {
        latency_row(d, &r->latency[i]);
    }
    bw_sheet_para(d,
                  "Round trips at IP, from merged histograms. Packets lost while the line "
                  "was out count as lost. PDV: P95 less the lowest.");
    fewer(d, r);
    loaded(d, r);
    bw_doc_end(d);
}
