/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_figures.c - claimed, tested, carried, used and now; and what the rules say. The
 * figures of days are reports', as the state's room has them; what is a quick look at the
 * newest interval says so. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/summary.h>
#include <clock.h>
#include <inttypes.h>
#include <page_circuits.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>

static void begin(struct bw_buf *b, const char *term)
{
    bw_buf_printf(b, "<div><dt>%s</dt><dd>", term);
}

static void end(struct bw_buf *b)
{
    bw_buf_puts(b, "</div></dd></div>\n");
}

static void ways(struct bw_buf *b, int64_t down, int64_t up, const char *none)
{
    static const char *const words[BW_DIRECTIONS][2] = {
        [BW_DOWN] = {"↓", "down"}, [BW_UP] = {"↑", "up"}};
    if (down == BW_UNKNOWN && up == BW_UNKNOWN) {
        bw_buf_printf(b, "<div class=\"v soft\">%s</div><div class=\"how\">", none);
        return;
    }
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        int64_t bps = i == BW_DOWN ? down : up;
        bw_buf_printf(b, "<div class=\"v\"><span aria-hidden=\"true\">%s</span> ",
                      words[i][0]);
        if (bps == BW_UNKNOWN) {
            bw_buf_puts(b, "<span class=\"soft\">not known</span>");
        } else {
            bw_page_rate(b, bps);
        }
        bw_buf_printf(b, " <span class=\"small soft\">%s</span></div>", words[i][1]);
    }
    bw_buf_puts(b, "<div class=\"how\">");
}

static void layer_words(struct bw_buf *b, enum bw_layer layer)
{
    const char *name = bw_layer_name(layer);
    bw_buf_printf(b, "%s layer", name ? name : "unnamed");
}

static void claimed(const struct bw_circuit_view *v)
{
    const struct bw_room_claim *c = &v->circuit->claim;
    struct bw_buf *b = v->b;
    begin(b, "Claimed");
    ways(b, c->has ? c->bps[BW_DOWN] : BW_UNKNOWN, c->has ? c->bps[BW_UP] : BW_UNKNOWN,
         c->has ? "no speed known" : "no claim on file");
    if (c->has) {
        const char *layer = bw_layer_name(c->layer);
        bw_buf_puts(b, layer ? layer : "names no layer, IP is taken");
        bw_buf_puts(b, layer ? " layer" : "");
        if (c->provider && c->provider[0]) {
            bw_buf_puts(b, "; ");
            bw_page_name(b, c->provider);
        }
        if (c->frn_line && c->frn_line[0]) {
            bw_buf_puts(b, "; FRN line ");
            bw_text_html(b, c->frn_line);
        }
        if (c->from_unix_s != BW_UNKNOWN && c->from_unix_s > 0) {
            bw_buf_puts(b, "; since ");
            bw_circuit_when_write(b, v->tz, c->from_unix_s);
        }
    } else {
        bw_buf_puts(b, "<code>bandwitness claim match</code> or <code>site claim</code> on "
                       "the collector brings one in.");
    }
    end(b);
}

/* The 28 days' report, or that there is none yet. */
static const struct bw_room_day *merged(const struct bw_circuit_view *v)
{
    return v->circuit->has_merged ? &v->circuit->merged : NULL;
}

static void tested(const struct bw_circuit_view *v)
{
    const struct bw_room_day *d = merged(v);
    struct bw_buf *b = v->b;
    begin(b, "Tested, last 28 days");
    if (!d) {
        ways(b, BW_UNKNOWN, BW_UNKNOWN, "not worked out yet");
        end(b);
        return;
    }
    const struct bw_room_way *down = &d->way[BW_DOWN];
    const struct bw_room_way *up = &d->way[BW_UP];
    bool line = down->median_bps != BW_UNKNOWN || up->median_bps != BW_UNKNOWN;
    ways(b, line ? down->median_bps : down->goodput_bps,
         line ? up->median_bps : up->goodput_bps,
         down->n_wanted + up->n_wanted == 0 ? "no test" : "no good run");
    if (line) {
        bw_buf_puts(b, "median of the line’s rate in good runs, ");
        layer_words(b, d->claim_layer);
        bw_buf_puts(b, " (tested-dist/2); ");
    } else {
        bw_buf_puts(b, "median payload of good runs; ");
    }
    bw_buf_printf(b, "down %d good of %d begun, up %d of %d", (int)down->n_ok,
                  (int)down->n_made, (int)up->n_ok, (int)up->n_made);
    end(b);
}

static void used(const struct bw_circuit_view *v)
{
    const struct bw_room_day *d = merged(v);
    struct bw_buf *b = v->b;
    begin(b, "Used, last 28 days");
    if (v->circuit->source == BW_SOURCE_NONE || !d || (d->flags & BW_ROOM_DAY_MIRROR)) {
        ways(b, BW_UNKNOWN, BW_UNKNOWN,
             v->circuit->source == BW_SOURCE_NONE ? "nobody counts this line"
             : !d                                 ? "not worked out yet"
                                                  : "a mirror port has no P95");
        end(b);
        return;
    }
    ways(b, d->way[BW_DOWN].class_p95_bps, d->way[BW_UP].class_p95_bps,
         "no class hours counted");
    bw_buf_puts(b, "P95 of class hours, ");
    layer_words(b, d->layer);
    bw_buf_puts(b, " (util-p95/2)");
    if (d->way[BW_DOWN].class_share_ppm != BW_UNKNOWN) {
        bw_buf_printf(b, "; down %.1f&nbsp;%% of the claim",
                      (double)d->way[BW_DOWN].class_share_ppm / 10000);
    }
    if (d->way[BW_DOWN].peak_bps != BW_UNKNOWN) {
        bw_buf_puts(b, "; carried at most ");
        bw_page_rate(b, d->way[BW_DOWN].peak_bps);
        bw_buf_puts(b, " down in an interval (carried-max/2)");
    }
    end(b);
}

static void now_carried(const struct bw_circuit_view *v)
{
    const struct bw_room_circuit *c = v->circuit;
    struct bw_buf *b = v->b;
    if (c->source == BW_SOURCE_NONE) {
        return;
    }
    begin(b, c->source == BW_SOURCE_MIRROR ? "Now, at least" : "Now");
    ways(b, c->now_bps[BW_DOWN], c->now_bps[BW_UP], "not counted");
    bw_buf_puts(b, "a quick look: mean of the newest interval, ");
    layer_words(b, c->layer);
    bw_buf_puts(b, ", ended ");
    bw_page_ago(b, c->now_end_unix_s, v->now_s);
    if (c->source == BW_SOURCE_MIRROR) {
        bw_buf_puts(b, "; a mirror port counts: the line carried this much or more");
    }
    end(b);
}

static void round_trip(const struct bw_circuit_view *v)
{
    const struct bw_room_day *d = merged(v);
    struct bw_buf *b = v->b;
    begin(b, "Round trip");
    if (v->circuit->now_p50_us == BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"v soft\">no answer in the newest interval</div>");
    } else {
        bw_buf_puts(b, "<div class=\"v\">");
        bw_page_ms(b, v->circuit->now_p50_us);
        bw_buf_puts(b, " <span class=\"small soft\">median now</span></div>");
    }
    bw_buf_puts(b, "<div class=\"how\">of the nearest target");
    if (d && d->rtt_p95_us != BW_UNKNOWN) {
        bw_buf_puts(b, "; 28 days: median ");
        bw_page_ms(b, d->rtt_p50_us);
        bw_buf_puts(b, ", P95 ");
        bw_page_ms(b, d->rtt_p95_us);
        bw_buf_puts(b, " (rtt-merged/1)");
    }
    if (d && d->way[BW_DOWN].loaded_p50_us != BW_UNKNOWN) {
        bw_buf_puts(b, "; in down tests ");
        bw_page_ms(b, d->way[BW_DOWN].idle_p50_us);
        bw_buf_puts(b, " idle, ");
        bw_page_ms(b, d->way[BW_DOWN].loaded_p50_us);
        bw_buf_puts(b, " loaded (loaded-rtt/1)");
    }
    if (d && d->sent != BW_UNKNOWN && d->sent > 0) {
        bw_buf_puts(b, "; ");
        bw_page_count(b, d->lost);
        bw_buf_puts(b, " of ");
        bw_page_count(b, d->sent);
        bw_buf_puts(b, " packets lost");
    }
    end(b);
}

/* Where the figures come from. */
static void vantage(const struct bw_circuit_view *v)
{
    static const char *const behind[] = {"NAT", "a filter", "a proxy"};
    const struct bw_room_circuit *c = v->circuit;
    struct bw_buf *b = v->b;
    const char *place = bw_vantage_name(c->vantage);
    const char *source = bw_source_name(c->source);
    bw_buf_printf(b, "<p class=\"soft small\">Seen from: <b>%s</b>",
                  place ? place : "not stated");
    for (unsigned i = 0; i < 3; i++) {
        if (c->behind & (1U << i)) {
            bw_buf_printf(b, ", behind %s", behind[i]);
        }
    }
    bw_buf_printf(b, ". Counters: <b>%s</b>", source ? source : "none");
    if (c->resolution_ms != BW_UNKNOWN) {
        bw_buf_printf(b, ", read every %" PRId64 "&nbsp;ms", c->resolution_ms);
    }
    if (c->link_bps != BW_UNKNOWN) {
        bw_buf_puts(b, ". Port: ");
        bw_page_rate(b, c->link_bps);
    }
    bw_buf_puts(b, ". All times on this page and in its pictures’ addresses are of ");
    bw_text_html(b, bw_tz_name(v->tz));
    bw_buf_puts(b, ".</p>");
    if (c->source == BW_SOURCE_NONE) {
        bw_buf_puts(b,
                    "<p class=\"note\">Nobody counts this line’s traffic, so its use and "
                    "its capacity are not known here. Add the counters of the edge "
                    "device (SNMP), a mirror port, or let the box be the gateway.</p>");
    }
    if (v->look->changed) {
        bw_buf_puts(b,
                    "<p class=\"note\">Within this range the box’s place or what counts "
                    "the line changed: figures before and after are not of one kind.</p>");
    }
}

void bw_circuit_figures(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<dl class=\"figures\">");
    claimed(v);
    tested(v);
    used(v);
    now_carried(v);
    round_trip(v);
    bw_buf_puts(b, "</dl>");
    vantage(v);
    bw_buf_puts(b, "<details><summary>The last 28 days and the newest day, side by "
                   "side</summary>");
    uint32_t at = (uint32_t)(v->circuit - v->room->circuits);
    bw_page_circuits(b, v->room, at, at + 1, v->now_s);
    bw_buf_puts(b, "</details>");
}

/* ---- what the rules say ----------------------------------------------------------------
 */

static void below(const struct bw_circuit_view *v)
{
    const struct bw_room_circuit *c = v->circuit;
    struct bw_buf *b = v->b;
    const struct bw_room_spell *s = bw_room_circuit_spell(v->room, c, BW_ROOM_BELOW);
    if (!bw_room_spell_on(s) || c->below_bps == BW_UNKNOWN) {
        return;
    }
    bw_buf_printf(b, "<li><b>Below its claim</b>: tested %s ",
                  c->below_direction == BW_DOWN ? "down" : "up");
    bw_page_rate(b, c->below_bps);
    bw_buf_puts(b, " of ");
    bw_page_rate(b, c->below_claim_bps);
    bw_buf_printf(b, ", confirmed by %s, since ",
                  c->below_other_server ? "a second server" : "a retest");
    bw_circuit_when_write(b, v->tz, s->since_unix_s);
    bw_buf_puts(b,
                c->below_server_known
                    ? "; others tested at that server in that hour and did not fall.</li>"
                    : "; nobody else tested at that server in that hour.</li>");
}

static void conditions(const struct bw_circuit_view *v)
{
    for (int i = BW_ROOM_SILENT; i < BW_ROOM_CONDITIONS; i++) {
        const struct bw_room_spell *s =
            bw_room_circuit_spell(v->room, v->circuit, (enum bw_room_condition)i);
        if (i == BW_ROOM_BELOW || i == BW_ROOM_AT_RISK || !bw_room_spell_on(s)) {
            continue;
        }
        bw_buf_puts(v->b, "<li>");
        bw_text_html(v->b, bw_room_condition_words((enum bw_room_condition)i));
        bw_buf_puts(v->b, " since ");
        bw_circuit_when_write(v->b, v->tz, s->since_unix_s);
        bw_buf_puts(v->b, ".</li>");
    }
}

static void risk(const struct bw_circuit_view *v)
{
    const struct bw_room_risk *k = &v->circuit->risk;
    struct bw_buf *b = v->b;
    if (!k->rule) {
        bw_buf_puts(b, k->made_unix_s > 0 && k->made_unix_s != BW_UNKNOWN
                           ? "<li>No rule that governs lacks data for its finding"
                           : "<li>The rules were not asked yet");
    } else {
        bw_buf_puts(b, "<li><b>Evidence at risk</b>: <span class=\"mono\">");
        bw_text_html(b, k->rule);
        bw_buf_puts(b, "</span>: ");
        bw_text_html(b, k->words);
        if (k->wanted != BW_UNKNOWN) {
            bw_buf_puts(b, "; tests that count: ");
            bw_page_count(b, k->counted);
            bw_buf_puts(b, " of ");
            bw_page_count(b, k->wanted);
        }
        if (k->n_rules > 0) {
            bw_buf_puts(b, k->governs ? "; the rule governs"
                                      : "; for comparison, no rule governs this circuit");
        }
        if (k->n_rules > 1) {
            bw_buf_printf(b, "; %d more findings likewise", (int)k->n_rules - 1);
        }
    }
    if (k->made_unix_s > 0 && k->made_unix_s != BW_UNKNOWN) {
        bw_buf_puts(b, " (judged ");
        bw_page_ago(b, k->made_unix_s, v->now_s);
        bw_buf_puts(b, ", over the 28 days before)");
    }
    bw_buf_puts(b, ".</li>");
}

void bw_circuit_findings(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    int year = 0;
    (void)bw_circuit_funding_year(v->tz, v->now_s, &year);
    bw_buf_puts(b, "<h2 id=\"findings\">Findings</h2><ul>");
    below(v);
    conditions(v);
    risk(v);
    bw_buf_puts(b,
                "</ul><p class=\"small\">Every finding of the rules with its arithmetic is "
                "in the reports: <a href=\"");
    bw_circuit_api(b, v, "pack");
    bw_buf_printf(b,
                  "?for=delivery&amp;year=FY%d&amp;format=html\">delivery, funding year "
                  "%d</a>.</p>",
                  year, year);
}
