/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_servers.c - the fleet's view of measurement servers: requests and the list, of the
 * room in memory; errata are looked up on a reader's thread. */
#include "page_servers.h"
#include "servers_parts.h"
#include <page_parts.h>

#include <bw/summary.h>
#include <collector.h>
#include <errno.h>
#include <grow.h>
#include <http.h>
#include <plural.h>
#include <readers.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    OUT_MAX = 16 * 1024 * 1024
};

/* ---- errata -----------------------------------------------------------------------------
 */

static int on_erratum(void *owner, const struct bw_said *s)
{
    struct bw_servers_job *j = owner;
    struct bw_erratum_said *room =
        bw_grow(j->errata, j->n_errata, &j->cap_errata, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    j->errata = room;
    if (bw_erratum_take(s->statement, &room[j->n_errata], NULL) == 0) {
        j->n_errata++; /* a newer program's is not told */
    }
    return 0;
}

static int read_errata(struct bw_servers_job *j, struct bw_catalogue *c)
{
    const struct bw_said_query q = {.kind = bw_statement_kind_name(BW_STATEMENT_ERRATUM),
                                    .about = "server:",
                                    .prefix = true};

    return c->ops->statements(c, &q, on_erratum, j, &j->err);
}

/* ---- the list ---------------------------------------------------------------------------
 */

static void
write_newest(struct bw_servers_job *j, const struct bw_room_server *s, int direction)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_server_hour *h = bw_servers_newest(j, s, direction);

    bw_buf_puts(b, "<td class=\"n\">");
    if (!h) {
        bw_buf_puts(b, "not known");
    } else {
        bw_buf_printf(b, "%lld&nbsp;%%<div class=\"id\">",
                      (long long)(h->median_ppm / 10000));
        bw_page_time(b, h->from_unix_s);
        bw_buf_printf(b, ", %d %s</div>", (int)h->n_sites,
                      bw_plural(h->n_sites, "site", "sites"));
    }
    bw_buf_puts(b, "</td>");
}

static int64_t failed_of(const struct bw_servers_job *j, const struct bw_room_server *s)
{
    int64_t n = 0;

    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        n += j->r->server_hours[i].n_failed;
    }
    return n;
}

static void write_server(struct bw_servers_job *j, const struct bw_room_server *s)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"/servers/");
    bw_text_url(b, s->name);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name);
    bw_buf_puts(b, "</a></th><td class=\"strip\">");
    bw_servers_strip(j, s);
    bw_buf_puts(b, "</td>");
    write_newest(j, s, BW_DOWN);
    write_newest(j, s, BW_UP);
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_count(b, s->n_sites);
    bw_buf_puts(b, "</td><td class=\"n\">");
    bw_page_count(b, s->n_good);
    bw_buf_puts(b, "</td><td class=\"n\">");
    bw_page_count(b, failed_of(j, s));
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_nameless(struct bw_servers_job *j)
{
    const struct bw_room_server *s = bw_server_find(j->r, "");

    if (s) {
        bw_buf_puts(&j->out, "<h2 id=\"none\">Runs that name no server</h2><p class=\"soft "
                             "small\">They failed before a server was known.</p>");
        bw_servers_reasons(j, s);
    }
}

static void write_list(struct bw_servers_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n_faults = 0;

    bw_buf_puts(b,
                "<h1>Servers</h1><p class=\"soft\">Measurement servers as the fleet sees "
                "them, over the last seven days as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(
        b, " UTC. <b>Of the usual</b>: each site&#39;s median share of its claim in an "
           "hour over its own median there in all other hours, and of these the "
           "median of all sites. 100&nbsp;% is as always.</p>");
    if (j->r->n_servers == 0 || (j->r->n_servers == 1 && !j->r->servers[0].name[0])) {
        bw_buf_puts(b,
                    "<p class=\"note\">No box tested at a server within seven days.</p>");
        write_nameless(j);
        return;
    }
    bw_page_table_begin(
        b, "Servers",
        "<th scope=\"col\">Server</th><th scope=\"col\">Seven days, the worse "
        "direction</th><th scope=\"col\" class=\"n\">Download, of the usual"
        "</th><th scope=\"col\" class=\"n\">Upload, of the usual</th>"
        "<th scope=\"col\" class=\"n\">Sites</th><th scope=\"col\" "
        "class=\"n\">Good runs</th><th scope=\"col\" class=\"n\">Failed</th>");
    for (size_t i = 0; i < j->r->n_servers; i++) {
        if (j->r->servers[i].name[0]) {
            write_server(j, &j->r->servers[i]);
        }
    }
    bw_page_table_end(b);
    bw_servers_legend(j);
    if (j->r->n_servers_more > 0) {
        bw_buf_printf(b,
                      "<p class=\"soft small\">%zu more with fewer runs are not told.</p>",
                      j->r->n_servers_more);
    }
    bw_buf_puts(
        b, "<h2 id=\"faults\">Server faults</h2><p class=\"soft small\">Hours in which "
           "a server fell below 90&nbsp;% of the usual at three sites or more, and a "
           "second server, at three or more, did not. They make no line <i>below its "
           "claim</i>. Reports judge by what is on file, so that anybody can make them "
           "again: there such hours count until an erratum sets them apart.</p>");
    for (size_t i = 0; i < j->r->n_servers; i++) {
        bw_servers_faults(j, &j->r->servers[i], &n_faults);
    }
    if (n_faults == 0) {
        bw_buf_puts(b, "<p>None within seven days.</p>");
    }
    write_nameless(j);
    bw_buf_puts(b,
                "<p>Every hour of every server: <a href=\"/api/v1/servers\">JSON</a>.</p>");
}

/* ---- requests ---------------------------------------------------------------------------
 */

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_servers_job *j = job;

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (j->json) {
        bw_servers_json(j);
        j->status = 200;
        return;
    }
    if (read_errata(j, r->catalogue) < 0) {
        return;
    }
    bw_page_begin_at(&j->out, j->one ? j->one->name : "Servers", j->title, BW_PLACE_SERVERS,
                     bw_door_viewer(j->req));
    if (j->one) {
        bw_servers_one(j);
    } else {
        write_list(j);
    }
    bw_page_end(&j->out, j->r->made_unix_ms);
    j->status = 200;
}

static void refuse(struct bw_http_req *req, bool json, unsigned status, const char *why)
{
    if (!json) {
        bw_page_sorry(req, status, why);
        return;
    }
    bw_http_add(req, "Retry-After", "10");
    bw_http_problem(req, status, "busy", "Not possible now", "%s", why);
}

static void after(void *job, int cancelled)
{
    struct bw_servers_job *j = job;

    if (cancelled || j->status != 200) {
        refuse(j->req, j->json, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        bw_http_reply(j->req, 200,
                      j->json ? "application/json" : "text/html; charset=utf-8", &j->out);
    }
    bw_room_drop(j->r);
    bw_buf_done(&j->out);
    free(j->errata);
    free(j);
}

static void
begin(struct bw_collector *c, struct bw_http_req *req, bool json, const char *name)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_servers_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_servers_job){.req = req, .json = json, .r = r};
        j->one = name && name[0] ? bw_server_find(r, name) : NULL;
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = name && !j->one ? 404 : 0;
        why = "no box tested at a server of this name within seven days";
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
        refuse(req, json, status, why);
    }
}

void bw_page_servers(void *owner, struct bw_http_req *req)
{
    begin(owner, req, false, NULL);
}

void bw_page_server(void *owner, struct bw_http_req *req)
{
    begin(owner, req, false, bw_http_param(req, 0));
}

void bw_api_servers(void *owner, struct bw_http_req *req)
{
    begin(owner, req, true, NULL);
}
