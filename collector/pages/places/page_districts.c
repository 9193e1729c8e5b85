/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_districts.c - the list of districts and of whatever else has others below it; and
 * the page of each, and of each school: its path, its students, its circuits, what is
 * below. */
#include "page_circuits.h"
#include "page_places.h"
#include <page_entity.h>
#include <page_parts.h>
#include <page_scope.h>

#include <buf.h>
#include <collector.h>
#include <http.h>
#include <overview.h>
#include <plural.h>
#include <room.h>
#include <stdlib.h>
#include <text.h>

enum {
    PAGE_MAX = 1024 * 1024,
    CIRCUITS_SHOWN = 25, /* a page; each is some 2 KB */
    ROWS_SHOWN = 50
};

/* --- what is below it ----------------------------------------------------------------- */

static void count_cell(struct bw_buf *b, size_t n)
{
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_count(b, (int64_t)n);
    bw_buf_puts(b, "</td>");
}

/* A row of a table of entities, with the heads below. */
static const char entity_heads[] = "<th scope=\"col\">Name</th><th scope=\"col\">Kind</th>"
                                   "<th scope=\"col\" class=\"n\">Students on file</th>"
                                   "<th scope=\"col\" class=\"n\">Sites</th>"
                                   "<th scope=\"col\" class=\"n\">of them silent</th>"
                                   "<th scope=\"col\" class=\"n\">never seen</th>"
                                   "<th scope=\"col\" class=\"n\">Circuits</th>";

static void entity_row(struct bw_buf *b, const struct bw_page_scope *scope, uint32_t entity)
{
    const struct bw_room *room = scope->room;
    const struct bw_room_entity *e = &room->entities[entity];
    size_t n[BW_FRESHNESS_N] = {0};
    for (uint32_t i = e->first_site; i < e->end_site; i++) {
        n[room->sites[i].freshness]++;
    }
    bw_buf_puts(b, "<tr><th scope=\"row\">");
    bw_page_entity_link(b, scope, entity);
    bw_buf_printf(b, "</th><td>%s</td><td class=\"n\">", bw_page_entity_words(e->kind));
    bw_page_entity_students(b, room, entity);
    bw_buf_puts(b, "</td>");
    count_cell(b, e->end_site - e->first_site - n[BW_RETIRED]);
    count_cell(b, n[BW_SILENT]);
    count_cell(b, n[BW_NEVER]);
    count_cell(b, e->end_circuit - e->first_circuit);
    bw_buf_puts(b, "</tr>\n");
}

static void
write_below(struct bw_buf *b, const struct bw_page_scope *scope, uint32_t entity)
{
    const struct bw_room *room = scope->room;
    const struct bw_room_entity *e = &room->entities[entity];
    size_t n = 0;
    for (uint32_t i = entity + 1; i < e->end; i = room->entities[i].end) {
        n++;
    }
    if (n == 0) {
        return;
    }
    bw_buf_puts(b, "<h2>Below it</h2>");
    bw_page_table_begin(b, "Below it", entity_heads);
    size_t shown = 0;
    for (uint32_t i = entity + 1; i < e->end && shown < ROWS_SHOWN;
         i = room->entities[i].end, shown++) {
        entity_row(b, scope, i);
    }
    bw_page_table_end(b);
    if (shown < n) {
        bw_buf_printf(b, "<p class=\"small soft\">The first %zu of %zu.</p>", shown, n);
    }
}

/* Sites that have told of no circuit. */
static void write_silent_sites(struct bw_buf *b,
                               const struct bw_room *room,
                               const struct bw_room_entity *e,
                               int64_t now_s)
{
    size_t n = 0;
    for (uint32_t i = e->first_site; i < e->end_site; i++) {
        const struct bw_room_site *s = &room->sites[i];
        if (s->first_circuit < s->end_circuit || s->freshness == BW_RETIRED) {
            continue;
        }
        if (n == 0) {
            bw_buf_puts(b, "<h2>Sites without a record</h2>");
            bw_page_table_begin(b, "Sites without a record",
                                "<th scope=\"col\">Site</th><th scope=\"col\">State</th>");
        }
        if (n++ < ROWS_SHOWN) {
            bw_buf_puts(b, "<tr><th scope=\"row\">");
            bw_page_site_link(b, s);
            bw_buf_puts(b, "</th><td>");
            bw_page_site_state(b, s, now_s);
            bw_buf_puts(b, "</td></tr>\n");
        }
    }
    if (n > 0) {
        bw_page_table_end(b);
    }
    if (n > ROWS_SHOWN) {
        bw_buf_printf(b, "<p class=\"small soft\">The first %d of %zu.</p>", ROWS_SHOWN, n);
    }
}

static void write_compare(struct bw_buf *b, const struct bw_room_entity *e)
{
    bool within = !bw_page_is_school(e->kind);
    bool like = e->kind == BW_ENTITY_DISTRICT || !within;
    if (within) {
        bw_buf_puts(b, "<p><a href=\"/compare?of=schools&amp;within=");
        bw_text_url(b, e->id);
        bw_buf_puts(b, "\">Its schools side by side</a></p>");
    }
    if (like) {
        bw_buf_printf(
            b, "<p><a href=\"/compare?of=%s&amp;like=", within ? "districts" : "schools");
        bw_text_url(b, e->id);
        bw_buf_puts(b, "\">Like it, but meeting the target</a></p>");
    }
}

/* --- pages ---------------------------------------------------------------------------- */

struct paging {
    size_t page; /* from 1 */
    size_t pages;
    size_t first;
    size_t end;
};

static struct paging paging(struct bw_http_req *req, size_t from, size_t n, size_t rows)
{
    const char *asked = bw_http_query(req, "page");
    long long page = asked ? strtoll(asked, NULL, 10) : 1;
    struct paging p = {.pages = n ? (n + rows - 1) / rows : 1};
    p.page = page < 1 ? 1 : page > (long long)p.pages ? p.pages : (size_t)page;
    p.first = from + (p.page - 1) * rows;
    p.end = p.page == p.pages ? from + n : p.first + rows;
    return p;
}

static void write_paging(struct bw_buf *b, const struct paging *p)
{
    if (p->pages < 2) {
        return;
    }
    bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Parts of the list\">");
    if (p->page > 1) {
        bw_buf_printf(b, "<a rel=\"prev\" href=\"?page=%zu\">← Back</a>", p->page - 1);
    }
    bw_buf_printf(b, "<span>Page %zu of %zu</span>", p->page, p->pages);
    if (p->page < p->pages) {
        bw_buf_printf(b, "<a rel=\"next\" href=\"?page=%zu\">Next →</a>", p->page + 1);
    }
    bw_buf_puts(b, "</nav>");
}

static void write_made(struct bw_buf *b, const struct bw_room *room)
{
    bw_buf_puts(b, "<p class=\"small soft\">As known ");
    bw_page_time(b, room->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC.");
    if (room->days_to_fill > 0) {
        bw_buf_puts(b, " Still to be worked out of the past year: ");
        bw_page_count(b, room->days_to_fill);
        bw_buf_puts(b, " days of circuits.");
    }
    bw_buf_puts(b, "</p>");
}

static void write_entity(struct bw_buf *b,
                         struct bw_http_req *req,
                         const struct bw_page_scope *scope,
                         uint32_t entity)
{
    const struct bw_room *room = scope->room;
    const struct bw_room_entity *e = &room->entities[entity];
    int64_t now_s = room->made_unix_ms / 1000;
    size_t sites = 0;
    for (uint32_t i = e->first_site; i < e->end_site; i++) {
        sites += room->sites[i].freshness != BW_RETIRED;
    }
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/districts\">Districts</a>");
    bw_page_entity_path(b, scope, entity);
    bw_buf_puts(b, "</p><h1>");
    bw_page_name(b, e->name[0] ? e->name : e->id);
    bw_buf_printf(b, "</h1><p class=\"soft\">%s · <span class=\"mono\">",
                  bw_page_entity_words(e->kind));
    bw_text_html(b, e->id);
    bw_buf_puts(b, "</span> · students: ");
    bw_page_entity_students(b, room, entity);
    bw_buf_puts(b, " · ");
    bw_page_count(b, (int64_t)sites);
    bw_buf_printf(b, " %s</p>", bw_plural((int64_t)sites, "site", "sites"));
    size_t n = e->end_circuit - e->first_circuit;
    if (n > 0) {
        struct paging p = paging(req, e->first_circuit, n, CIRCUITS_SHOWN);
        bw_buf_puts(b, "<h2>Circuits</h2>");
        bw_page_circuits(b, room, (uint32_t)p.first, (uint32_t)p.end, now_s);
        write_paging(b, &p);
    } else {
        bw_buf_puts(b, "<p class=\"note\">No circuit of it was seen yet.</p>");
    }
    write_silent_sites(b, room, e, now_s);
    write_below(b, scope, entity);
    write_compare(b, e);
    write_made(b, room);
}

static void reply(struct bw_http_req *req, struct bw_buf *b, const struct bw_room *room)
{
    bw_page_end(b, room->made_unix_ms);
    bw_room_drop(room);
    bw_http_reply(req, 200, "text/html; charset=utf-8", b);
    bw_buf_done(b);
}

static const struct bw_room *room_or_sorry(struct bw_collector *c, struct bw_http_req *req)
{
    const struct bw_room *room = bw_room_take(c);
    if (!room) {
        bw_page_sorry(req, 503, "the collector has just started and is still looking");
    }
    return room;
}

static void entity_get(struct bw_collector *c, struct bw_http_req *req, bool school)
{
    const struct bw_room *room = room_or_sorry(c, req);
    if (!room) {
        return;
    }
    uint32_t at = bw_room_entity_find(room, bw_http_param(req, 0));
    if (at == BW_ROOM_NONE || bw_page_is_school(room->entities[at].kind) != school) {
        bw_room_drop(room);
        bw_page_sorry(req, 404,
                      school ? "no school has this id" : "no district has this id");
        return;
    }
    struct bw_page_scope scope;
    bw_page_scope(room, bw_door_viewer(req), &scope);
    struct bw_buf b;
    bw_buf_init(&b, PAGE_MAX);
    const struct bw_room_entity *e = &room->entities[at];
    bw_page_begin_at(&b, e->name[0] ? e->name : e->id, c->conf->title, BW_PLACE_DISTRICTS,
                     bw_door_viewer(req));
    write_entity(&b, req, &scope, at);
    reply(req, &b, room);
}

void bw_page_district(void *owner, struct bw_http_req *req)
{
    entity_get(owner, req, false);
}

void bw_page_school(void *owner, struct bw_http_req *req)
{
    entity_get(owner, req, true);
}

/* What has others below it; of schools those that a viewer sees for themselves. */
static bool is_listed(const struct bw_page_scope *s, uint32_t entity)
{
    if (!bw_page_scope_entity(s, entity)) {
        return false;
    }
    for (size_t i = 0; !s->all && i < s->n; i++) {
        if (s->entities[i] == entity) {
            return true;
        }
    }
    return !bw_page_is_school(s->room->entities[entity].kind);
}

void bw_page_districts(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const struct bw_room *room = room_or_sorry(c, req);
    if (!room) {
        return;
    }
    struct bw_page_scope scope;
    bw_page_scope(room, bw_door_viewer(req), &scope);
    size_t n = 0;
    for (uint32_t i = 0; i < room->n_entities; i++) {
        n += is_listed(&scope, i);
    }
    struct paging p = paging(req, 0, n, ROWS_SHOWN);
    struct bw_buf b;
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin_at(&b, "Districts", c->conf->title, BW_PLACE_DISTRICTS,
                     bw_door_viewer(req));
    bw_buf_puts(&b, "<h1>Districts</h1>");
    if (n == 0) {
        bw_buf_puts(
            &b, !scope.all
                    ? "<p class=\"note\">Nothing is yours to see.</p>"
                    : "<p class=\"note\">No district is on file. Import them from USAC’s "
                      "open data (<code>bandwitness import usac</code>), or name one "
                      "by <code>bandwitness token create --entity</code>.</p>");
    } else {
        bw_page_table_begin(&b, "Districts", entity_heads);
        size_t seen = 0;
        for (uint32_t i = 0; i < room->n_entities && seen < p.end; i++) {
            if (is_listed(&scope, i) && seen++ >= p.first) {
                entity_row(&b, &scope, i);
            }
        }
        bw_page_table_end(&b);
        write_paging(&b, &p);
    }
    write_made(&b, room);
    reply(req, &b, room);
}
