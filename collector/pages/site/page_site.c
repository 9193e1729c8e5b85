/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_site.c - one site: its circuits with what is claimed, carried and tested, graphs,
 * targets in detail, the last outages and tests, and how many records stand behind it all.
 *
 * Every rate names layer and statistic, every figure where it comes from; what nobody
 * measured is said in words, never shown as 0. */
#include "page_site.h"
#include "page_bags.h"
#include "page_days.h"
#include "page_figures.h"
#include "page_packs.h"
#include "page_targets.h"
#include "page_traffic.h"
#include <page_entity.h>
#include <page_parts.h>
#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <ledger.h>
#include <overview.h>
#include <readers.h>
#include <room.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    PAGE_MAX = 4 * 1024 * 1024,
    RANGE_SHOWN = 1 /* of those below, when none is asked for */
};

static const struct range {
    const char *word;
    const char *label;
    int64_t span_s;
} ranges[] = {{"hour", "Hour", 3600},
              {"day", "Day", 86400},
              {"week", "Week", INT64_C(7) * 86400},
              {"month", "Month", INT64_C(31) * 86400},
              {"year", "Year", INT64_C(366) * 86400}};

struct site_page {
    struct bw_http_req *req;
    char site[BW_SITE_MAX + 1];
    size_t range;
    char title[128];
    int r; /* -ENOENT: no such site */
    struct bw_err err;
    struct bw_buf out;
    char bags_folder[PATH_MAX];
    const struct bw_room *room; /* NULL: none yet */
};

/* --- where the figures come from --------------------------------------------------------
 */

static void write_facts(struct bw_buf *b, const struct bw_circuit_summary *f)
{
    static const char *const behind[] = {"NAT", "a filter", "a proxy"};
    const char *vantage = bw_vantage_name(f->vantage);
    const char *source = bw_source_name(f->source);
    bw_buf_printf(b, "<p class=\"soft small\">Seen from: <b>%s</b>",
                  vantage ? vantage : "not stated");
    for (unsigned i = 0; i < 3; i++) {
        if (f->behind & (1U << i)) {
            bw_buf_printf(b, ", behind %s", behind[i]);
        }
    }
    bw_buf_printf(b, ". Counters: <b>%s</b>", source ? source : "none");
    if (f->resolution_ms != BW_UNKNOWN) {
        bw_buf_puts(b, ", read every ");
        if (f->resolution_ms % 1000 == 0) {
            bw_page_span(b, f->resolution_ms / 1000);
        } else {
            bw_buf_printf(b, "%lld&nbsp;ms", (long long)f->resolution_ms);
        }
    }
    if (f->link_bps != BW_UNKNOWN) {
        bw_buf_puts(b, ". Port: ");
        bw_page_rate(b, f->link_bps);
    }
    bw_buf_puts(b, ".</p>");
    if (f->source == BW_SOURCE_NONE) {
        bw_buf_puts(
            b, "<p class=\"note\">Nobody counts this line's traffic, so its use and its "
               "capacity are not known here. Add the counters of the edge device (SNMP), "
               "a mirror port, or let the box be the gateway.</p>");
    }
    if (f->source == BW_SOURCE_MIRROR) {
        bw_buf_puts(
            b, "<p class=\"note\">A mirror port counts this line. It can miss traffic and "
               "never shows too much, so all that it counts is a lower bound (“at least”): "
               "the line carried this much or more. It has no highest second and no "
               "P95.</p>");
    }
}

/* --- graphs
 * ------------------------------------------------------------------------------- */

static void write_graph(struct bw_buf *b,
                        const char *id,
                        const char *series,
                        const char *alt,
                        const char *caption,
                        const struct range *range)
{
    static const char *const themes[] = {"dark", "light"};
    bw_buf_puts(b, "<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                   "aria-label=\"");
    bw_text_html(b, alt);
    bw_buf_puts(b, "\"><picture>");
    for (int i = 0; i < 2; i++) {
        bw_buf_puts(b, i == 0
                           ? "<source media=\"(prefers-color-scheme: dark)\" srcset=\""
                           : "<img loading=\"lazy\" width=\"1100\" height=\"340\" src=\"");
        bw_buf_puts(b, "/api/v1/circuits/");
        bw_text_url(b, id);
        bw_buf_puts(b, "/graph/");
        bw_text_url(b, series);
        bw_buf_printf(b, ".svg?last=%lld&amp;width=1100&amp;height=340&amp;theme=%s\"",
                      (long long)range->span_s, themes[i]);
        bw_buf_puts(b, i == 0 ? ">" : " alt=\"");
    }
    bw_text_html(b, alt);
    bw_buf_printf(b, ", last %s\"></picture></div><figcaption>", range->word);
    bw_text_html(b, caption);
    bw_buf_puts(b, " As <a href=\"/api/v1/circuits/");
    bw_text_url(b, id);
    bw_buf_puts(b, "/graph/");
    bw_text_url(b, series);
    bw_buf_printf(
        b,
        ".png?last=%lld&amp;width=1100&amp;height=340\">PNG</a>.</figcaption></figure>\n",
        (long long)range->span_s);
}

static void write_graphs(struct bw_buf *b,
                         const struct bw_circuit_row *c,
                         const struct bw_page_days *d,
                         const struct range *range)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    (void)snprintf(id, sizeof(id), "%s.%s", c->now.site, c->now.facts.id);
    if (c->now.facts.source != BW_SOURCE_NONE) {
        write_graph(b, id, "link",
                    d->at_least ? "Use of the line at least, down and up, with the claim"
                                : "Use of the line, down and up, with the claim",
                    d->at_least ? "What users moved at least: a mirror port counts, and "
                                  "can miss traffic."
                                : "What users and tests together moved.",
                    range);
    }
    if (c->now.test[BW_DOWN].at_unix_ms != BW_UNKNOWN ||
        c->now.test[BW_UP].at_unix_ms != BW_UNKNOWN) {
        write_graph(b, id, "throughput", "Throughput tests, down and up, with the claim",
                    "What tests reached.", range);
    }
    for (size_t i = 0; i < d->n_probes; i++) {
        char series[BW_NAME_MAX + 16];
        char alt[BW_NAME_MAX + 64];
        (void)snprintf(series, sizeof(series), "latency-%s", d->probes[i]);
        (void)snprintf(alt, sizeof(alt), "Round trip and loss to %s", d->probes[i]);
        write_graph(b, id, series, alt,
                    "Small packets, day and night; bands are intervals with loss.", range);
    }
    static const struct {
        const char *series, *alt, *caption, *caption_at_least; /* NULL: the same */
    } of_traffic[] = {
        {"traffic", "What the line is full of by kind of traffic, down above and up below",
         "Shares of drawn packets times counted bytes; the table below says how far off "
         "they may be.",
         "Shares of drawn packets times the bytes that a mirror port counted: at least "
         "these; the table below says how far off the shares may be."},
        {"rtt", "Round trips of users' traffic beside those of probes",
         "Medians of an interval; the far side is the line and all behind it, the school "
         "side what lies before it.",
         NULL},
        {"resent", "Payload that was sent again, down and up, with its error",
         "Of TCP payload bytes, in whole flows drawn.", NULL},
        {"saturated", "Round trip of users' traffic while the line is saturated",
         "Bands are intervals with seconds at 90 % of the claim or more.",
         "Bands are intervals with seconds at 90 % of the claim or more: at least these, "
         "for a mirror port counts."},
    };
    for (size_t i = 0; d->has_traffic && i < sizeof(of_traffic) / sizeof(of_traffic[0]);
         i++) {
        const char *more = d->at_least ? of_traffic[i].caption_at_least : NULL;
        write_graph(b, id, of_traffic[i].series, of_traffic[i].alt,
                    more ? more : of_traffic[i].caption, range);
    }
    bw_buf_puts(b, "<p class=\"small\">The records behind these pictures, last ");
    bw_buf_puts(b, range->word);
    bw_buf_puts(b, ": ");
    static const char *const formats[] = {"jose", "json", "csv"};
    static const char *const words[] = {"signed", "JSON lines", "CSV"};
    for (size_t i = 0; i < 3; i++) {
        bw_buf_puts(b, i ? ", <a href=\"" : "<a href=\"");
        bw_buf_puts(b, "/api/v1/circuits/");
        bw_text_url(b, id);
        bw_buf_printf(b, "/summaries?format=%s&amp;from=%lld\">%s</a>", formats[i],
                      (long long)(d->to_unix_s - range->span_s), words[i]);
    }
    bw_buf_puts(b, ".</p>");
}

/* --- the whole
 * ---------------------------------------------------------------------------- */

static void write_circuit(struct bw_buf *b,
                          const struct bw_circuit_row *c,
                          const struct bw_page_days *d,
                          const struct range *range,
                          const struct bw_room *room,
                          int64_t now_s)
{
    bw_buf_puts(b, "<h2 id=\"c-");
    bw_text_html(b, c->now.facts.id);
    bw_buf_puts(b, "\">Circuit <span class=\"mono\">");
    bw_text_html(b, c->now.facts.id);
    bw_buf_puts(b, "</span>");
    if (c->now.silent) {
        bw_buf_puts(
            b, " <span class=\"state down\">▼ line silent at the newest interval</span>");
    }
    bw_buf_puts(b, "</h2><p><a href=\"/circuits/");
    bw_text_url(b, c->now.site);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->now.facts.id);
    bw_buf_puts(b,
                "\">Its own page: any range, where on the way trouble is, tests, outages, "
                "findings</a></p>");
    write_facts(b, &c->now.facts);
    bw_page_figures(b, c, room, now_s);
    write_graphs(b, c, d, range);
}

static void write_head(struct bw_buf *b,
                       const struct site_page *p,
                       const struct bw_site_row *s,
                       int64_t now_s)
{
    const struct bw_viewer *viewer = bw_door_viewer(p->req);
    bw_page_begin_at(b, s->name[0] ? s->name : s->id, p->title, BW_PLACE_SITES, viewer);
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/sites\">All sites</a>");
    uint32_t at = p->room ? bw_room_site_find(p->room, s->id) : BW_ROOM_NONE;
    uint32_t entity = at == BW_ROOM_NONE ? BW_ROOM_NONE : p->room->sites[at].entity;
    if (entity != BW_ROOM_NONE) {
        struct bw_page_scope scope;
        bw_page_scope(p->room, viewer, &scope);
        bw_page_entity_path(b, &scope, entity);
        bw_buf_puts(b, " › ");
        bw_page_entity_link(b, &scope, entity);
    }
    bw_buf_puts(b, "</p><h1>");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</h1><p class=\"soft\">");
    if (s->entity[0]) {
        bw_page_name(b, s->entity);
        bw_buf_puts(b, " · ");
    }
    bw_buf_puts(b, "<span class=\"mono\">");
    bw_text_html(b, s->id);
    bw_buf_puts(b, "</span> · <a href=\"/api/v1/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "/keys\">public keys</a>");
    if (s->agent[0]) {
        bw_buf_puts(b, " · ");
        bw_page_name(b, s->agent);
    }
    bw_buf_puts(b, "</p><p>");
    bw_page_state(b, s, now_s);
    if (s->last_received_unix_ms != BW_UNKNOWN) {
        bw_buf_puts(b, " Newest record came ");
        bw_page_ago(b, s->last_received_unix_ms / 1000, now_s);
        bw_buf_puts(b, "; its interval ended ");
        bw_page_time(b, s->last_end_unix_s);
        bw_buf_puts(b, " UTC.");
    }
    bw_buf_puts(b, "</p>");
}

static void write_ranges(struct bw_buf *b, size_t chosen)
{
    bw_buf_puts(b, "<nav class=\"ranges\" aria-label=\"Range of the graphs\">");
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        bw_buf_printf(b, "<a href=\"?range=%s\"%s>%s</a>", ranges[i].word,
                      i == chosen ? " aria-current=\"true\"" : "", ranges[i].label);
    }
    bw_buf_puts(b, "</nav>");
}

static void write_never(struct bw_buf *b, const struct bw_site_row *s)
{
    bw_buf_puts(b, "<section class=\"empty\"><h2>No record yet</h2>");
    if (s->enrolled) {
        bw_buf_puts(
            b, "<p>The box is enrolled. Its first record comes after its first interval; "
               "if nothing comes for ten minutes, look at "
               "<code>bandwitness status</code> on the box.</p></section>");
        return;
    }
    bw_buf_puts(b, "<p>Bring its box in: make a token here and use it there.</p>"
                   "<pre>bandwitness token create --site ");
    bw_text_html(b, s->id);
    bw_buf_puts(b,
                "</pre><pre>bandwitness enroll --url https://THIS-COLLECTOR --token TOKEN"
                "</pre></section>");
}

static int render(struct site_page *p, struct bw_reader *r, const struct bw_overview *o)
{
    struct bw_buf *b = &p->out;
    int64_t now_s = o->now_unix_ms / 1000;
    const struct bw_site_row *s = &o->sites[0];
    write_head(b, p, s, now_s);
    if (o->n_circuits == 0 && s->freshness != BW_RETIRED) {
        write_never(b, s);
    } else if (o->n_circuits > 0) {
        write_ranges(b, p->range);
    }
    for (size_t i = 0; i < o->n_circuits; i++) {
        const struct bw_circuit_row *c = &o->circuits[i];
        struct bw_page_days d;
        int n = bw_page_days_read(r, &c->now, now_s, &d, &p->err);
        if (n < 0) {
            return n;
        }
        write_circuit(b, c, &d, &ranges[p->range], p->room, now_s);
        n = bw_page_traffic(b, r, c->now.site, c->now.facts.id, &d, &p->err);
        n = n < 0 ? n : bw_page_targets(b, r, c->now.site, c->now.facts.id, &d, &p->err);
        bw_page_packs(b, c->now.site, c->now.facts.id, c->now.first_start_unix_s, now_s);
        bw_page_days_outages(b, &d);
        bw_page_days_tests(b, &d);
        bw_page_days_gaps(b, &d);
        bw_page_days_done(&d);
        if (n < 0) {
            return n;
        }
    }
    bw_page_bags(b, p->bags_folder, p->site);
    int n = bw_page_keys(b, r, p->site, &p->err);
    bw_page_end(b, o->now_unix_ms);
    return n;
}

static void site_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct site_page *p = job;
    struct bw_overview *o = NULL;
    if (!r) {
        p->r = -EIO;
        p->err = *err;
        return;
    }
    p->r = bw_overview_read(r, p->site, &o, &p->err);
    if (p->r == 0 && o->n_sites == 0) {
        p->r = -ENOENT;
    }
    if (p->r == 0) {
        p->r = render(p, r, o);
    }
    bw_overview_free(o);
}

static void site_after(void *job, int cancelled)
{
    struct site_page *p = job;
    if (cancelled) {
        bw_page_sorry(p->req, 503, "the collector is stopping");
    } else if (p->r == -ENOENT) {
        bw_page_sorry(p->req, 404, "no site has this id");
    } else if (p->r < 0) {
        bw_page_sorry(p->req, 503, p->err.text);
    } else {
        bw_http_reply(p->req, 200, "text/html; charset=utf-8", &p->out);
    }
    bw_buf_done(&p->out);
    bw_room_drop(p->room);
    free(p);
}

void bw_page_site(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *id = bw_http_param(req, 0);
    const char *range = bw_http_query(req, "range");
    struct site_page *p = strlen(id) <= BW_SITE_MAX ? calloc(1, sizeof(*p)) : NULL;
    if (!p) {
        bw_page_sorry(req, 404, "no site has this id");
        return;
    }
    p->req = req;
    (void)snprintf(p->site, sizeof(p->site), "%s", id);
    (void)snprintf(p->title, sizeof(p->title), "%s", c->conf->title);
    (void)snprintf(p->bags_folder, sizeof(p->bags_folder), "%s", c->bags_folder);
    p->room = bw_room_take(c);
    p->range = RANGE_SHOWN;
    for (size_t i = 0; range && i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        p->range = strcmp(ranges[i].word, range) == 0 ? i : p->range;
    }
    bw_buf_init(&p->out, PAGE_MAX);
    if (bw_readers_run(c->readers, site_work, site_after, p) < 0) {
        bw_room_drop(p->room);
        free(p);
        bw_page_sorry(req, 429, "too much at once; try again in 10 seconds");
    }
}
