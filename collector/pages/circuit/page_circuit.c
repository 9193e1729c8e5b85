/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_circuit.c - one circuit: claimed, tested, carried, used, now and over any range;
 * where on its way the trouble is; what people know of it; its reports.
 *
 * Figures of days come from the room; records are read on a reader's thread, at most
 * BW_LOOK_DAYS days of one circuit and a day of its traces. */
#include "page_circuit.h"

#include "circuit_parts.h"

#include <annotation.h>
#include <buf.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <page_bags.h>
#include <page_entity.h>
#include <page_packs.h>
#include <page_parts.h>
#include <page_scope.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <tz.h>
#include <viewer.h>

enum {
    PAGE_MAX = 4 * 1024 * 1024,
    ASKED_MAX = 80,
    DAY_S = 86400
};

struct circuit_page {
    struct bw_http_req *req;
    struct bw_circuit_view v;
    char title[128];
    char bags_folder[PATH_MAX];
    char room_db[PATH_MAX];
    char range[ASKED_MAX];
    char from[ASKED_MAX];
    char to[ASKED_MAX];
    char about[ASKED_MAX];
    bool has_range, has_from, has_to;
    bool bad_range;
    struct bw_buf out;
    int r;
    struct bw_err err;
};

/* ---- what is read ----------------------------------------------------------------------
 */

static int64_t day_of(const struct bw_tz *tz, int64_t unix_s)
{
    struct bw_civil c;
    bw_tz_local(tz, unix_s, &c);
    return bw_civil_days(c.year, c.month, c.day);
}

static void read_range(struct circuit_page *p)
{
    struct bw_circuit_view *v = &p->v;
    struct bw_circuit_range about;
    p->bad_range = bw_circuit_range_read(v->tz, v->now_s, p->has_range ? p->range : NULL,
                                         p->has_from ? p->from : NULL,
                                         p->has_to ? p->to : NULL, &v->range) < 0;
    bw_circuit_range_text(&v->range, v->range_text);
    char *dots = strstr(p->about, "..");
    if (dots) {
        *dots = '\0';
        if (bw_circuit_when(v->tz, p->about, &about.from_unix_s) == 0 &&
            bw_circuit_when(v->tz, dots + 2, &about.to_unix_s) == 0 &&
            about.to_unix_s <= v->now_s + DAY_S) {
            v->say_from_s = about.from_unix_s;
            v->say_to_s = about.to_unix_s;
        }
    }
}

/* What is announced stands in every range that goes up to now. */
static int64_t until(const struct bw_circuit_view *v)
{
    return v->range.to_unix_s >= v->now_s ? INT64_MAX / 2 : v->range.to_unix_s;
}

static int read_all(struct circuit_page *p,
                    struct bw_reader *r,
                    struct bw_look **look,
                    struct bw_month *months,
                    struct bw_annotation_said **annotations,
                    struct bw_circuit_trace **traces)
{
    struct bw_circuit_view *v = &p->v;
    const char *site = v->site->id;
    const char *circuit = v->circuit->name;
    int64_t newest = v->circuit->now_end_unix_s;
    int n = bw_look_read(r->records, site, circuit, v->tz, v->range.from_unix_s,
                         v->range.to_unix_s, newest, v->site->interval_s, look, &p->err);
    v->look = *look;
    if (n == 0 && v->look->chunk_s == 0) {
        n = bw_months_read(p->room_db, site, circuit, day_of(v->tz, v->range.from_unix_s),
                           day_of(v->tz, v->range.to_unix_s - 1) + 1, months, &v->n_months,
                           &p->err);
        v->months = months;
    }
    n = n < 0 ? n
              : bw_annotations_read(r->catalogue, site, circuit, v->range.from_unix_s,
                                    until(v), annotations, &v->n_annotations, &v->n_unread,
                                    &p->err);
    v->annotations = *annotations;
    n = n < 0 ? n
              : bw_circuit_traces(r, site, circuit, newest, traces, &v->n_traces, &p->err);
    v->traces = *traces;
    return n;
}

/* ---- the page --------------------------------------------------------------------------
 */

static void write_head(struct circuit_page *p)
{
    const struct bw_circuit_view *v = &p->v;
    const struct bw_room_site *s = v->site;
    struct bw_buf *b = v->b;
    struct bw_page_scope scope;
    char title[BW_LABEL_MAX + BW_NAME_MAX + 8];
    bw_page_scope(v->room, v->viewer, &scope);
    (void)snprintf(title, sizeof(title), "%.63s, %.127s", v->circuit->name,
                   s->name[0] ? s->name : s->id);
    bw_page_begin_at(b, title, p->title, BW_PLACE_SITES, v->viewer);
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/sites\">All sites</a>");
    if (s->entity != BW_ROOM_NONE) {
        bw_page_entity_path(b, &scope, s->entity);
        bw_buf_puts(b, " › ");
        bw_page_entity_link(b, &scope, s->entity);
    }
    bw_buf_puts(b, " › <a href=\"/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</a></p><h1>Circuit <span class=\"mono\">");
    bw_text_html(b, v->circuit->name);
    bw_buf_puts(b, "</span> of ");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</h1><p class=\"soft\"><span class=\"mono\">");
    bw_text_html(b, v->id);
    bw_buf_puts(b, "</span></p><p>");
    struct bw_site_row row = {.freshness = s->freshness,
                              .enrolled = s->state == BW_SITE_ENROLLED,
                              .last_received_unix_ms = s->last_received_unix_ms,
                              .late = s->late,
                              .clock_bad = s->clock_bad};
    bw_page_state(b, &row, v->now_s);
    if (v->circuit->now_out) {
        bw_buf_puts(b, "<span class=\"state down\">▼ line silent at the newest "
                       "interval</span>");
    }
    bw_buf_puts(b, "</p>");
    if (p->bad_range) {
        bw_buf_puts(b,
                    "<p class=\"note\">That is no range of time that can be shown: it has "
                    "two times, the first before the second and before now, ten minutes to "
                    "eleven years apart. Below is the last day.</p>");
    }
}

static void write_page(struct circuit_page *p)
{
    const struct bw_circuit_view *v = &p->v;
    struct bw_buf *b = v->b;
    write_head(p);
    bw_circuit_figures(v);
    bw_circuit_way(v);
    bw_circuit_ranges(v);
    bw_circuit_graphs(v);
    bw_circuit_runs(v);
    bw_circuit_findings(v);
    bw_circuit_outages(v);
    bw_buf_puts(b, "<h2 id=\"reports\">Reports</h2>");
    bw_page_packs(b, v->site->id, v->circuit->name, v->site->first_start_unix_s, v->now_s);
    bw_page_bags(b, p->bags_folder, v->site->id);
    bw_buf_printf(b, "<script src=\"/static/room-%s.js\" defer></script>", bw_script.tag);
    bw_page_end(b, v->room->made_unix_ms);
}

static void circuit_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct circuit_page *p = job;
    struct bw_look *look = NULL;
    struct bw_month *months = NULL;
    struct bw_annotation_said *annotations = NULL;
    struct bw_circuit_trace *traces = NULL;
    struct bw_tz *tz = NULL;
    char host[64];
    if (!r) {
        p->r = -EIO;
        p->err = *err;
        return;
    }
    bw_tz_host_name(host, sizeof(host));
    p->r = bw_tz_load(p->v.site->zone[0] ? p->v.site->zone : host, &tz, &p->err);
    months = calloc(BW_MONTHS_MAX, sizeof(*months));
    if (p->r == 0 && !months) {
        p->r = bw_err_set(&p->err, -ENOMEM, "out of memory");
    }
    if (p->r == 0) {
        p->v.tz = tz;
        read_range(p);
        p->r = read_all(p, r, &look, months, &annotations, &traces);
    }
    if (p->r == 0) {
        write_page(p);
    }
    free(look);
    free(months);
    free(annotations);
    free(traces);
    bw_tz_free(tz);
}

static void page_free(struct circuit_page *p)
{
    bw_buf_done(&p->out);
    bw_room_drop(p->v.room);
    free(p);
}

static void circuit_after(void *job, int cancelled)
{
    struct circuit_page *p = job;
    if (cancelled) {
        bw_page_sorry(p->req, 503, "the collector is stopping");
    } else if (p->r < 0) {
        bw_page_sorry(p->req, 503, p->err.text);
    } else {
        bw_http_add(p->req, "Content-Security-Policy",
                    "default-src 'none'; style-src 'self'; img-src 'self'; script-src "
                    "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
        bw_http_reply(p->req, p->bad_range ? 400 : 200, "text/html; charset=utf-8",
                      &p->out);
    }
    page_free(p);
}

/* ---- requests --------------------------------------------------------------------------
 */

/* The hub of the entity that is nearest, by the alerts' configuration. */
static void find_hub(const struct bw_config_alerts *conf, struct bw_circuit_view *v)
{
    const struct bw_room *room = v->room;
    uint32_t at = BW_ROOM_NONE;
    v->hub_site = BW_ROOM_NONE;
    for (uint32_t e = v->site->entity; e != BW_ROOM_NONE && at == BW_ROOM_NONE;
         e = room->entities[e].parent) {
        for (size_t h = 0; h < conf->n_hubs && at == BW_ROOM_NONE; h++) {
            if (strcmp(conf->hubs[h].below, room->entities[e].id) == 0) {
                at = bw_room_site_find(room, conf->hubs[h].site);
            }
        }
    }
    if (at == BW_ROOM_NONE || &room->sites[at] == v->site) {
        return;
    }
    const struct bw_room_site *s = &room->sites[at];
    v->hub = s->freshness == BW_SILENT  ? BW_WAY_HUB_SILENT
             : s->freshness == BW_FRESH ? BW_WAY_HUB_FINE
                                        : BW_WAY_HUB_UNKNOWN;
    for (uint32_t c = s->first_circuit; c < s->end_circuit; c++) {
        v->hub = v->hub == BW_WAY_HUB_FINE && room->circuits[c].now_out ? BW_WAY_HUB_OUT
                                                                        : v->hub;
    }
    /* Whoever does not see it is told how it is, for that is their way, and not its name.
     */
    bool sees = bw_viewer_sees_site(v->viewer, s->id);
    (void)snprintf(v->hub_name, sizeof(v->hub_name), "%.120s",
                   !sees        ? "of another place"
                   : s->name[0] ? s->name
                                : s->id);
    v->hub_site = sees ? at : BW_ROOM_NONE;
}

static bool ask(struct bw_http_req *req, const char *name, char out[ASKED_MAX])
{
    const char *text = bw_http_query(req, name);
    (void)snprintf(out, ASKED_MAX, "%s", text ? text : "");
    return text != NULL;
}

void bw_page_circuit(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *id = bw_http_param(req, 0);
    const struct bw_room *room = bw_room_take(c);
    uint32_t at = room ? bw_room_circuit_find(room, id) : BW_ROOM_NONE;
    if (!room || at == BW_ROOM_NONE) {
        bw_room_drop(room);
        bw_page_sorry(req, room ? 404 : 503,
                      room ? "no circuit has this id"
                           : "the figures are being worked out; come again in a moment");
        return;
    }
    struct circuit_page *p = calloc(1, sizeof(*p));
    if (!p) {
        bw_room_drop(room);
        bw_page_sorry(req, 503, "out of memory");
        return;
    }
    struct bw_circuit_view *v = &p->v;
    p->req = req;
    v->b = &p->out;
    v->viewer = bw_door_viewer(req);
    v->room = room;
    v->circuit = &room->circuits[at];
    v->site = &room->sites[v->circuit->site];
    v->now_s = bw_clock_unix_ms() / 1000;
    (void)snprintf(v->id, sizeof(v->id), "%s.%s", v->site->id, v->circuit->name);
    (void)snprintf(p->title, sizeof(p->title), "%s", c->conf->title);
    (void)snprintf(p->bags_folder, sizeof(p->bags_folder), "%s", c->bags_folder);
    (void)snprintf(p->room_db, sizeof(p->room_db), "%.4000s/room.db", c->data_folder);
    p->has_range = ask(req, "range", p->range);
    p->has_from = ask(req, "from", p->from);
    p->has_to = ask(req, "to", p->to);
    (void)ask(req, "about", p->about);
    find_hub(&c->conf->alerts, v);
    bw_buf_init(&p->out, PAGE_MAX);
    if (bw_readers_run(c->readers, circuit_work, circuit_after, p) < 0) {
        page_free(p);
        bw_page_sorry(req, 429, "too much at once; try again in 10 seconds");
    }
}
