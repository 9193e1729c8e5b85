/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_figures.c - a circuit's newest figures: claimed, tested, carried, round trip.
 *
 * Every rate names layer and statistic, every figure where it comes from; what nobody
 * measured is said in words, never shown as 0. */
#include "page_figures.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/summary.h>
#include <overview.h>
#include <room.h>
#include <stdio.h>
#include <text.h>

static void figure_begin(struct bw_buf *b, const char *term)
{
    bw_buf_printf(b, "<div><dt>%s</dt><dd>", term);
}

static void value(struct bw_buf *b, const char *arrow, const char *name, int64_t bps)
{
    bw_buf_printf(b, "<div class=\"v\"><span aria-hidden=\"true\">%s</span> ", arrow);
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "<span class=\"soft\">not known</span>");
    } else {
        bw_page_rate(b, bps);
    }
    bw_buf_printf(b, " <span class=\"small soft\">%s</span></div>", name);
}

static void how_begin(struct bw_buf *b)
{
    bw_buf_puts(b, "<div class=\"how\">");
}

static void figure_end(struct bw_buf *b)
{
    bw_buf_puts(b, "</div></dd></div>\n");
}

/* What people bound to the circuit, as reports take it, or wrote down here. */
static bool claim_of_room(struct bw_buf *b, const struct bw_room *room, const char *id)
{
    uint32_t at = room ? bw_room_circuit_find(room, id) : BW_ROOM_NONE;
    const struct bw_room_claim *claim =
        at == BW_ROOM_NONE ? NULL : &room->circuits[at].claim;
    if (!claim || !claim->has) {
        return false;
    }
    value(b, "↓", "down", claim->bps[BW_DOWN]);
    value(b, "↑", "up", claim->bps[BW_UP]);
    how_begin(b);
    const char *layer = bw_layer_name(claim->layer);
    bw_buf_puts(b, layer ? layer : "layer not stated, IP is taken");
    bw_buf_puts(b, layer ? " layer" : "");
    if (claim->provider[0]) {
        bw_buf_puts(b, "; ");
        bw_page_name(b, claim->provider);
    }
    if (claim->frn_line[0]) {
        bw_buf_puts(b, "; FRN line ");
        bw_text_html(b, claim->frn_line);
    }
    if (claim->from_unix_s != BW_UNKNOWN && claim->from_unix_s > 0) {
        bw_buf_puts(b, "; since ");
        bw_page_time(b, claim->from_unix_s);
    }
    figure_end(b);
    return true;
}

static void
figure_claimed(struct bw_buf *b, const struct bw_circuit_row *c, const struct bw_room *room)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    (void)snprintf(id, sizeof(id), "%s.%s", c->now.site, c->now.facts.id);
    figure_begin(b, "Claimed");
    if (claim_of_room(b, room, id)) {
        return;
    }
    if (!c->has_claim) {
        bw_buf_puts(b, "<div class=\"v soft\">no claim on file</div>");
        how_begin(b);
        bw_buf_puts(b, "Write it down with <code>bandwitness site claim --circuit ");
        bw_text_html(b, c->now.facts.id);
        bw_buf_puts(b, " --from DAY --down RATE --up RATE ");
        bw_text_html(b, c->now.site);
        bw_buf_puts(b, "</code>");
        figure_end(b);
        return;
    }
    value(b, "↓", "down", c->claim.down_bps);
    value(b, "↑", "up", c->claim.up_bps);
    how_begin(b);
    const char *layer = bw_layer_name(c->claim.layer);
    bw_buf_puts(b, layer ? layer : "layer not stated");
    bw_buf_puts(b, layer ? " layer" : "");
    if (c->claim.provider[0]) {
        bw_buf_puts(b, "; ");
        bw_page_name(b, c->claim.provider);
    }
    if (c->claim.from_unix_s > 0) {
        bw_buf_puts(b, "; since ");
        bw_page_time(b, c->claim.from_unix_s);
    }
    figure_end(b);
}

static int64_t mean_bps(const struct bw_circuit_summary *f, enum bw_direction d)
{
    int64_t bytes = f->flow[d].bytes;
    bool known = bytes != BW_UNKNOWN && bytes < INT64_MAX / 8 &&
                 f->covered_s != BW_UNKNOWN && f->covered_s > 0;
    return known ? bytes * 8 / f->covered_s : BW_UNKNOWN;
}

static void
figure_carried(struct bw_buf *b, const struct bw_ledger_circuit *c, int64_t now_s)
{
    const struct bw_circuit_summary *f = &c->facts;
    if (f->source == BW_SOURCE_NONE) {
        return; /* said in a note instead */
    }
    bool at_least = f->source == BW_SOURCE_MIRROR;
    figure_begin(b, at_least ? "Carried at least, newest interval"
                             : "Carried, newest interval");
    value(b, "↓", "down", mean_bps(f, BW_DOWN));
    value(b, "↑", "up", mean_bps(f, BW_UP));
    how_begin(b);
    bw_buf_puts(b, "mean of ");
    bw_page_span(b, c->end_unix_s - c->start_unix_s);
    const char *layer = bw_layer_name(f->layer);
    bw_buf_printf(b, ", %s layer", layer ? layer : "unnamed");
    if (at_least) {
        bw_buf_puts(b, ", at a mirror port: the line carried this much or more");
    }
    if (f->flow[BW_DOWN].peak_1s_bps != BW_UNKNOWN) {
        bw_buf_puts(b, "; highest second ");
        bw_page_rate(b, f->flow[BW_DOWN].peak_1s_bps);
        bw_buf_puts(b, " down");
    }
    bw_buf_puts(b, "; ended ");
    bw_page_ago(b, c->end_unix_s, now_s);
    figure_end(b);
}

static void payload(struct bw_buf *b, const char *name, int64_t bps)
{
    if (bps != BW_UNKNOWN) {
        bw_buf_printf(b, "; payload of the test %s ", name);
        bw_page_rate(b, bps);
    }
}

static void
figure_tested(struct bw_buf *b, const struct bw_ledger_circuit *c, int64_t now_s)
{
    figure_begin(b, "Tested, newest runs");
    if (c->test[BW_DOWN].at_unix_ms == BW_UNKNOWN &&
        c->test[BW_UP].at_unix_ms == BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"v soft\">no test yet</div>");
        how_begin(b);
        bw_buf_puts(b,
                    "A throughput test runs at unforeseeable times outside lesson hours.");
        figure_end(b);
        return;
    }
    /* A claim is about the line, which users share while a test runs: what its counter saw
     * comes first, the test's own part beside it. */
    bool line =
        c->test[BW_DOWN].line_bps != BW_UNKNOWN || c->test[BW_UP].line_bps != BW_UNKNOWN;
    const char *layer = bw_layer_name(c->facts.layer);
    value(b, "↓", "down", line ? c->test[BW_DOWN].line_bps : c->test[BW_DOWN].goodput_bps);
    value(b, "↑", "up", line ? c->test[BW_UP].line_bps : c->test[BW_UP].goodput_bps);
    how_begin(b);
    if (line) {
        bw_buf_printf(b, "on the line, test and users together, %s layer",
                      layer ? layer : "unnamed");
        payload(b, "down", c->test[BW_DOWN].goodput_bps);
        payload(b, "up", c->test[BW_UP].goodput_bps);
    } else {
        bw_buf_puts(b, "goodput (the test's own payload)");
    }
    if (c->test[BW_DOWN].at_unix_ms != BW_UNKNOWN) {
        bw_buf_puts(b, "; down ");
        bw_page_ago(b, c->test[BW_DOWN].at_unix_ms / 1000, now_s);
    }
    figure_end(b);
}

static void figure_latency(struct bw_buf *b, const struct bw_ledger_circuit *c)
{
    if (c->latency_sent == BW_UNKNOWN) {
        return;
    }
    figure_begin(b, "Round trip, newest interval");
    if (c->latency_p50_us == BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"v\">no answer</div>");
    } else {
        bw_buf_puts(b, "<div class=\"v\">");
        bw_page_ms(b, c->latency_p50_us);
        bw_buf_puts(b, " <span class=\"small soft\">median</span></div>");
    }
    if (c->latency_p95_us != BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"v\">");
        bw_page_ms(b, c->latency_p95_us);
        bw_buf_puts(b, " <span class=\"small soft\">P95</span></div>");
    }
    how_begin(b);
    bw_buf_puts(b, "of the nearest target; all targets: ");
    bw_page_count(b, c->latency_lost == BW_UNKNOWN ? 0 : c->latency_lost);
    bw_buf_puts(b, " of ");
    bw_page_count(b, c->latency_sent);
    bw_buf_puts(b, " packets lost");
    figure_end(b);
}

void bw_page_figures(struct bw_buf *b,
                     const struct bw_circuit_row *c,
                     const struct bw_room *room,
                     int64_t now_s)
{
    bw_buf_puts(b, "<dl class=\"figures\">");
    figure_claimed(b, c, room);
    figure_tested(b, &c->now, now_s);
    figure_carried(b, &c->now, now_s);
    figure_latency(b, &c->now);
    bw_buf_puts(b, "</dl>");
}
