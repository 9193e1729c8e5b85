/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_way.c - the way from the school to the state's network, drawn, with where on it
 * the trouble is and what says so; and the table behind it. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <text.h>

enum {
    W = 1000,
    H = 132,
    BOX_W = 144,
    BOX_H = 54,
    BOX_Y = 60,
    NODES_MAX = 5
};

struct node {
    int place; /* -1: the school */
    const char *name;
    const char *below;
    bool dashed;
};

static bool asked(const struct bw_circuit_view *v, enum bw_way_place p)
{
    for (size_t i = 0; i < v->look->n_way; i++) {
        if (v->look->way[i].place == p && v->look->way[i].sent > 0) {
            return true;
        }
    }
    return false;
}

static size_t nodes_of(const struct bw_circuit_view *v,
                       const struct bw_way *w,
                       struct node nodes[NODES_MAX])
{
    size_t n = 0;
    bool provider = asked(v, BW_WAY_HUB);
    nodes[n++] = (struct node){.place = -1, .name = "School", .below = "the box"};
    if (asked(v, BW_WAY_EDGE) || w->legs[BW_WAY_EDGE].state == BW_WAY_OUT) {
        nodes[n++] =
            (struct node){.place = BW_WAY_EDGE, .name = "School’s edge", .below = ""};
    }
    nodes[n++] = (struct node){.place = BW_WAY_HUB,
                               .name = v->hub != BW_WAY_HUB_NONE ? "Hub"
                                       : provider                ? "Provider"
                                                                 : "Hub",
                               .below = v->hub == BW_WAY_HUB_SILENT ? "its box is silent"
                                        : v->hub == BW_WAY_HUB_OUT  ? "its line is out"
                                        : v->hub != BW_WAY_HUB_NONE ? "on file"
                                        : provider                  ? "by a target"
                                                                    : "none on file",
                               .dashed = v->hub == BW_WAY_HUB_NONE && !provider};
    nodes[n++] = (struct node){.place = BW_WAY_INTERNET,
                               .name = "Internet",
                               .below = asked(v, BW_WAY_INTERNET) ? "" : "no target there",
                               .dashed = !asked(v, BW_WAY_INTERNET)};
    nodes[n++] = (struct node){.place = BW_WAY_STATE,
                               .name = "State network",
                               .below = asked(v, BW_WAY_STATE) ? "" : "no target there",
                               .dashed = !asked(v, BW_WAY_STATE)};
    return n;
}

static const char *class_of(enum bw_way_state s)
{
    static const char *const names[] = {
        [BW_WAY_UNKNOWN] = "unknown", [BW_WAY_GOOD] = "good", [BW_WAY_PART] = "part",
        [BW_WAY_SLOW] = "slow",       [BW_WAY_LOSS] = "loss", [BW_WAY_OUT] = "out"};
    return names[s];
}

/* A leg's words above its line; the line's dashes repeat what its colour says. */
static void leg(struct bw_buf *b, const struct bw_way_leg *l, double from, double to)
{
    static const char *const words[] = {
        [BW_WAY_UNKNOWN] = "? not known", [BW_WAY_GOOD] = "✓ good",
        [BW_WAY_PART] = "◐ one silent",   [BW_WAY_SLOW] = "▲ slow",
        [BW_WAY_LOSS] = "▲ loses",        [BW_WAY_OUT] = "✕ nothing"};
    double y = BOX_Y + BOX_H / 2.0;
    bw_buf_printf(b, "<path class=\"leg %s\" d=\"M%.0f %.0fH%.0f\"/>", class_of(l->state),
                  from, y, to);
    if (l->state > BW_WAY_GOOD) {
        bw_buf_printf(b, "<circle class=\"leg-mark %s\" cx=\"%.0f\" cy=\"%.0f\" r=\"9\"/>",
                      class_of(l->state), (from + to) / 2, y);
    }
    bw_buf_printf(b,
                  "<text class=\"%s\" x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                  class_of(l->state), (from + to) / 2, BOX_Y - 10, words[l->state]);
}

static void picture(const struct bw_circuit_view *v,
                    const struct bw_way *w,
                    const struct node *nodes,
                    size_t n)
{
    struct bw_buf *b = v->b;
    double step = (W - BOX_W) / (double)(n - 1);
    bw_buf_printf(
        b,
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"The way, "
        "drawn\"><svg class=\"own way\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" role=\"img\" aria-label=\"",
        W, H, W, H);
    bw_text_html(b, w->words);
    bw_buf_puts(b, "\">");
    for (size_t i = 1; i < n; i++) {
        leg(b, &w->legs[nodes[i].place], (double)(i - 1) * step + BOX_W, (double)i * step);
    }
    for (size_t i = 0; i < n; i++) {
        double x = (double)i * step;
        bw_buf_printf(
            b,
            "<rect class=\"node%s\" x=\"%.1f\" y=\"%d\" width=\"%d\" height=\"%d\" "
            "rx=\"8\"/><text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\" "
            "class=\"name\">%s</text>",
            nodes[i].dashed ? " dashed" : "", x + 1, BOX_Y, BOX_W - 2, BOX_H,
            x + BOX_W / 2.0, BOX_Y + (nodes[i].below[0] ? 24 : 32), nodes[i].name);
        if (nodes[i].below[0]) {
            bw_buf_printf(b, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                          x + BOX_W / 2.0, BOX_Y + 42, nodes[i].below);
        }
    }
    bw_buf_puts(b, "</svg></div>");
}

static void legs_table(const struct bw_circuit_view *v,
                       const struct bw_way *w,
                       const struct node *nodes,
                       size_t n)
{
    struct bw_buf *b = v->b;
    bw_page_table_begin(b, "Legs of the way",
                        "<th scope=\"col\">Leg</th><th scope=\"col\">How it is</th>"
                        "<th scope=\"col\">What says so</th>");
    for (size_t i = 1; i < n; i++) {
        const struct bw_way_leg *l = &w->legs[nodes[i].place];
        bw_buf_printf(b, "<tr><th scope=\"row\">%s → %s</th><td>%s</td><td>",
                      nodes[i - 1].name, nodes[i].name, bw_way_state_words(l->state));
        bw_page_name(b, l->words);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
}

static void targets_table(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    if (v->look->n_way == 0) {
        return;
    }
    bw_page_table_begin(b, "Targets along the way",
                        "<th scope=\"col\">Target</th><th scope=\"col\">Stands at</th>"
                        "<th scope=\"col\" class=\"n\">Lost now</th><th scope=\"col\" "
                        "class=\"n\">of sent</th>"
                        "<th scope=\"col\" class=\"n\">Round trip now</th>"
                        "<th scope=\"col\" class=\"n\">Lost the day before</th>"
                        "<th scope=\"col\" class=\"n\">of sent</th>"
                        "<th scope=\"col\" class=\"n\">Round trip then</th>");
    for (size_t i = 0; i < v->look->n_way; i++) {
        const struct bw_way_target *t = &v->look->way[i];
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_page_name(b, t->name);
        bw_buf_printf(b, "</th><td>%s</td>", bw_way_place_words(t->place));
        bw_circuit_count_cell(b, t->sent > 0 ? t->lost : BW_UNKNOWN);
        bw_circuit_count_cell(b, t->sent > 0 ? t->sent : BW_UNKNOWN);
        bw_circuit_ms_cell(b, t->rtt_us);
        bw_circuit_count_cell(b, t->before_sent > 0 ? t->before_lost : BW_UNKNOWN);
        bw_circuit_count_cell(b, t->before_sent > 0 ? t->before_sent : BW_UNKNOWN);
        bw_circuit_ms_cell(b, t->before_rtt_us);
        bw_buf_puts(b, "</tr>\n");
    }
    bw_page_table_end(b);
    bw_buf_puts(b, "<p class=\"small soft\">Now: ");
    bw_page_span(b, v->look->way_s);
    bw_buf_puts(b, " up to ");
    bw_circuit_when_write(b, v->tz, v->look->newest_unix_s);
    bw_buf_puts(
        b, "; the day before: 24 hours up to then. Round trips: median of the "
           "intervals’ medians. A target’s place is told by its name (docs/room.md).</p>");
}

static void hops_table(const struct bw_circuit_view *v, const struct bw_circuit_trace *t)
{
    struct bw_buf *b = v->b;
    struct bw_way_hop hops[BW_CIRCUIT_HOPS];
    char label[BW_NAME_MAX + 32];
    for (size_t i = 0; i < t->n; i++) {
        hops[i] = (struct bw_way_hop){t->hops[i].ttl, t->hops[i].rtt_us, t->before_us[i]};
    }
    int64_t rise = bw_way_rise(hops, t->n);
    bw_buf_puts(b, "<p>Trace to <b>");
    bw_page_name(b, t->probe);
    bw_buf_puts(b, "</b>, ");
    bw_circuit_when_write(b, v->tz, t->at_unix_ms / 1000);
    bw_buf_puts(b, t->reached == 1 ? ": it answered" : ": it did not answer");
    if (rise != BW_UNKNOWN) {
        bw_buf_printf(b, "; round trips rose from hop %" PRId64 " on", rise);
    }
    bw_buf_puts(b, ".</p>");
    (void)snprintf(label, sizeof(label), "Hops to %.63s", t->probe);
    bw_page_table_begin(b, label,
                        "<th scope=\"col\" class=\"n\">Hop</th><th scope=\"col\">Name</th>"
                        "<th scope=\"col\">Mark</th>"
                        "<th scope=\"col\" class=\"n\">Lowest round trip</th>"
                        "<th scope=\"col\" class=\"n\">Lowest the day before</th>");
    for (size_t i = 0; i < t->n; i++) {
        const struct bw_hop *h = &t->hops[i];
        bw_buf_printf(b, "<tr><th scope=\"row\">%" PRId64 "</th><td>", h->ttl);
        bw_page_name(b, h->name[0] ? h->name : "–");
        bw_buf_puts(b, "</td><td class=\"mono\">");
        bw_text_html(b, h->hash[0] ? h->hash : "silent");
        bw_buf_puts(b, "</td>");
        bw_circuit_ms_cell(b, h->rtt_us);
        bw_circuit_ms_cell(b, t->before_us[i]);
        bw_buf_puts(b, "</tr>\n");
    }
    bw_page_table_end(b);
}

void bw_circuit_way(const struct bw_circuit_view *v)
{
    struct bw_way w;
    struct node nodes[NODES_MAX];
    struct bw_buf *b = v->b;
    struct bw_way_facts f = {.silent = v->site->freshness == BW_SILENT ||
                                       v->site->freshness == BW_RETIRED,
                             .carrier = v->look->no_carrier,
                             .hub = v->hub,
                             .targets = v->look->way,
                             .n_targets = v->look->n_way};
    (void)snprintf(f.hub_name, sizeof(f.hub_name), "%s", v->hub_name);
    bw_way_find(&f, &w);
    size_t n = nodes_of(v, &w, nodes);
    bw_buf_puts(b, "<h2 id=\"way\">Where on the way</h2><p>");
    bw_page_name(b, w.words);
    bw_buf_puts(b, " <span class=\"small soft\">A quick look at the newest records, ");
    bw_page_ago(b, v->look->newest_unix_s, v->now_s);
    bw_buf_puts(b, ".</span></p>");
    picture(v, &w, nodes, n);
    if (v->hub_site != BW_ROOM_NONE) {
        bw_buf_puts(b, "<p class=\"small\">Its hub by the collector’s configuration: "
                       "<a href=\"/sites/");
        bw_text_url(b, v->room->sites[v->hub_site].id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, v->hub_name);
        bw_buf_puts(b, "</a>.</p>");
    }
    bw_buf_puts(b, "<details><summary>What says so: legs, targets, hops</summary>");
    legs_table(v, &w, nodes, n);
    targets_table(v);
    for (size_t i = 0; i < v->n_traces; i++) {
        hops_table(v, &v->traces[i]);
    }
    if (v->n_traces == 0) {
        bw_buf_puts(b,
                    "<p class=\"small soft\">No trace of the way is told in the last day "
                    "(the box’s <code>path</code> probe makes them).</p>");
    }
    bw_buf_puts(b, "</details>");
}
