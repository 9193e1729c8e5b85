/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_fleet.c - the fleet: requests and the page, of the room in memory.
 *
 * Invariant: of what somebody may not see nothing is counted or listed. */
#include "page_fleet.h"
#include "fleet_parts.h"
#include <page_parts.h>

#include <collector.h>
#include <http.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    OUT_MAX = 64 * 1024 * 1024,
    ROWS = 100,
    OPTIONS_MAX = 120 /* entities to choose from */
};

/* ---- the page ---------------------------------------------------------------------------
 */

static bool chosen_from(const struct bw_fleet_job *j, uint32_t e, bool districts)
{
    enum bw_entity_kind k = j->r->entities[e].kind;
    bool wide = k == BW_ENTITY_REGION || k == BW_ENTITY_AGENCY || k == BW_ENTITY_CONSORTIUM;

    return (e == j->below || wide || (districts && k == BW_ENTITY_DISTRICT)) &&
           bw_page_scope_entity(&j->scope, e);
}

static void write_filter(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    for (uint32_t e = 0; e < j->r->n_entities; e++) {
        n += chosen_from(j, e, true);
    }
    bool districts = n <= OPTIONS_MAX;
    if (n == 0) {
        return;
    }
    bw_buf_puts(b, "<form class=\"search\" action=\"/fleet\" method=\"get\"><div><label "
                   "for=\"below\">Region or district</label><select id=\"below\" "
                   "name=\"below\"><option value=\"\">everywhere</option>");
    for (uint32_t e = 0; e < j->r->n_entities; e++) {
        if (!chosen_from(j, e, districts)) {
            continue;
        }
        bw_buf_puts(b, "<option dir=\"auto\" value=\"");
        bw_text_html(b, j->r->entities[e].id);
        bw_buf_puts(b, e == j->below ? "\" selected>" : "\">");
        bw_text_html(b, j->r->entities[e].name);
        bw_buf_puts(b, "</option>");
    }
    bw_buf_puts(b, "</select></div><button>Show</button></form>");
}

static void write_exports(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    static const char *const forms[] = {"csv", "json"};

    bw_buf_puts(b, "<p>Every site with stage and reason: ");
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "%s<a href=\"/api/v1/fleet?format=%s", i ? ", " : "", forms[i]);
        if (j->below != BW_ROOM_NONE) {
            bw_buf_puts(b, "&amp;below=");
            bw_text_url(b, j->r->entities[j->below].id);
        }
        bw_buf_printf(b, "\">%s</a>", i ? "JSON" : "CSV");
    }
    bw_buf_puts(b, ".</p>");
}

static void write_head(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h1>Fleet</h1><p class=\"soft\">How far each box has come from a plan "
                   "to evidence, and why no further, as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b,
                " UTC. A site stands at the last stage that it reached together with all "
                "before it.</p>");
    if (j->r->days_to_fill > 0) {
        bw_buf_puts(b,
                    "<p class=\"note\">Days of the past are still being read; stages from "
                    "counters on may change.</p>");
    }
}

static void write_fleet(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;

    write_head(j);
    write_filter(j);
    if (j->admin) {
        bw_buf_puts(b, "<p><a href=\"/fleet/tokens\">Tokens for many boxes</a>, by a table "
                       "of sites.</p>");
    }
    if (j->f.n == 0) {
        bw_buf_puts(b, "<p class=\"note\">No site stands here.</p>");
        return;
    }
    bw_fleet_funnel(j);
    bw_fleet_reasons(j);
    bw_fleet_clones(j);
    bw_fleet_programs(j);
    write_exports(j);
}

static void write_pages(struct bw_fleet_job *j, size_t pages)
{
    struct bw_buf *b = &j->out;

    if (pages < 2) {
        return;
    }
    bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    for (int next = 0; next < 2; next++) {
        if (next ? j->page < pages : j->page > 1) {
            bw_buf_printf(b, "<a rel=\"%s\" href=\"", next ? "next" : "prev");
            bw_fleet_url(j, j->has_stage ? (int)j->stage : -1,
                         j->has_why ? (int)j->why : -1, next ? j->page + 1 : j->page - 1);
            bw_buf_printf(b, "\">%s</a>", next ? "Next →" : "← Back");
        }
        if (!next) {
            bw_buf_printf(b, "<span>Page %zu of %zu</span>", j->page, pages);
        }
    }
    bw_buf_puts(b, "</nav>");
}

static void write_listed(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    for (size_t i = 0; i < j->f.n; i++) {
        n += bw_fleet_listed(j, &j->f.rows[i]);
    }
    size_t pages = (n + ROWS - 1) / ROWS;
    j->page = j->page > pages ? pages : j->page;
    j->page = j->page < 1 ? 1 : j->page;
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"");
    bw_fleet_url(j, -1, -1, 0);
    bw_buf_puts(b, "\">Fleet</a></p><h1>");
    bw_buf_puts(b, j->has_stage ? bw_fleet_stage_words(j->stage) : "Fleet");
    bw_buf_puts(b,
                j->has_stage && j->stage < BW_FLEET_ENOUGH ? ", and no further: " : ": ");
    bw_page_count(b, (int64_t)n);
    bw_buf_puts(b, "</h1>");
    if (j->has_why) {
        bw_buf_printf(
            b, "<p>Because %s. <b>%s</b> has to act: %s</p>", bw_fleet_why_words(j->why),
            bw_fleet_who_words(bw_fleet_why_who(j->why)), bw_fleet_why_next(j->why));
    } else if (j->has_stage && j->stage + 1 < BW_FLEET_STAGES) {
        bw_buf_printf(b, "<p class=\"soft\">What the next stage takes: %s.</p>",
                      bw_fleet_stage_takes((enum bw_fleet_stage)(j->stage + 1)));
    }
    if (n == 0) {
        bw_buf_puts(b, "<p class=\"note\">No site stands here.</p>");
        return;
    }
    bw_fleet_sites(j, (j->page - 1) * ROWS, j->page * ROWS);
    write_pages(j, pages);
}

static void write_page(struct bw_fleet_job *j)
{
    bw_page_begin_at(&j->out, "Fleet", j->title, BW_PLACE_FLEET, bw_door_viewer(j->req));
    if (j->listed) {
        write_listed(j);
    } else {
        write_fleet(j);
    }
    bw_page_end(&j->out, j->r->made_unix_ms);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static bool sees(const void *owner, uint32_t site)
{
    const struct bw_fleet_job *j = owner;
    const struct bw_room_entity *e =
        j->below == BW_ROOM_NONE ? NULL : &j->r->entities[j->below];

    return bw_page_scope_site(&j->scope, site) &&
           (!e || (site >= e->first_site && site < e->end_site));
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_fleet_job *j = job;
    const struct bw_fleet_ask ask = {.sees = sees, .owner = j};

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_fleet_make(j->r, &ask, &j->f) < 0 ||
        bw_fleet_agents(j->r, &ask, &j->agents, &j->n_agents) < 0) {
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    j->status = 200;
    if (j->form == BW_FLEET_PAGE) {
        write_page(j);
    } else if (j->form == BW_FLEET_JSON) {
        bw_fleet_json(j);
    } else {
        bw_fleet_csv(j);
    }
}

static void
refuse(struct bw_http_req *req, enum bw_fleet_form form, unsigned status, const char *why)
{
    if (form == BW_FLEET_PAGE) {
        bw_page_sorry(req, status, why);
        return;
    }
    if (status == 429 || status == 503) {
        bw_http_add(req, "Retry-After", "10");
    }
    bw_http_problem(req, status,
                    status == 404   ? "not-found"
                    : status == 400 ? "bad-query"
                                    : "busy",
                    status == 404   ? "Nothing here"
                    : status == 400 ? "Unknown word in the query"
                                    : "Not possible now",
                    "%s", why);
}

static void after(void *job, int cancelled)
{
    struct bw_fleet_job *j = job;
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (cancelled || j->status != 200) {
        refuse(j->req, j->form, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        if (j->form == BW_FLEET_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        "attachment; filename=\"fleet.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out);
    }
    bw_room_drop(j->r);
    bw_fleet_done(&j->f);
    free(j->agents);
    bw_buf_done(&j->out);
    free(j);
}

/* What is asked for; 0, or the status of a refusal. */
static unsigned read_words(struct bw_fleet_job *j)
{
    const char *stage = bw_http_query(j->req, "stage");
    const char *why = bw_http_query(j->req, "why");
    const char *below = bw_http_query(j->req, "below");
    const char *page = bw_http_query(j->req, "page");
    const char *format = bw_http_query(j->req, "format");
    long long n = page ? strtoll(page, NULL, 10) : 1;

    j->below = BW_ROOM_NONE;
    j->has_stage = stage && stage[0];
    j->has_why = why && why[0];
    if ((j->has_stage && bw_fleet_stage_parse(stage, &j->stage) < 0) ||
        (j->has_why && bw_fleet_why_parse(why, &j->why) < 0)) {
        return 400;
    }
    if (j->form != BW_FLEET_PAGE && format && strcmp(format, "json") != 0) {
        if (strcmp(format, "csv") != 0) {
            return 400;
        }
        j->form = BW_FLEET_CSV;
    }
    if (below && below[0]) {
        j->below = bw_room_entity_find(j->r, below);
        if (j->below == BW_ROOM_NONE || !bw_page_scope_entity(&j->scope, j->below)) {
            return 404;
        }
    }
    j->listed = j->has_stage || j->has_why;
    j->page = n < 1 || n > 1000000 ? 1 : (size_t)n;
    return 0;
}

static void begin(struct bw_collector *c, struct bw_http_req *req, enum bw_fleet_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_fleet_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_fleet_job){.req = req, .form = form, .r = r};
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        j->admin = bw_viewer_may(bw_door_viewer(req), BW_NEED_ADMIN);
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j);
        form = j->form;
        why = status == 404 ? "there is no such region or district"
                            : "stage, why: see docs/room.md; format: json or csv";
    }
    if (j && status == 0 && bw_readers_run(c->readers, work, after, j) < 0) {
        status = 429;
        why = "too much at once; try again in 10 seconds";
    }
    if (status != 0) {
        if (r) {
            bw_room_drop(r);
        }
        free(j);
        refuse(req, form, status, why);
    }
}

void bw_page_fleet(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_FLEET_PAGE);
}

void bw_api_fleet(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_FLEET_JSON);
}
