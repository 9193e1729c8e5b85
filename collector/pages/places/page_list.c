/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_list.c - the list of sites: search, counts by state, order, a hundred a page. */
#include "page_places.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector.h>
#include <http.h>
#include <overview.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    PAGE_MAX = 8 * 1024 * 1024,
    ROWS = 100
};

struct list {
    struct bw_http_req *req;
    struct bw_site_query query;
    char sort[12];
    char state[12];
    int64_t page;
    char title[128];
    int r;
    struct bw_err err;
    struct bw_buf out;
};

/* --- pieces of the list -----------------------------------------------------------------
 */

/* The address of the same list with some of its words changed (NULL: as it is). */
static void list_url(struct bw_buf *b,
                     const struct list *l,
                     const char *state,
                     const char *sort,
                     int64_t page)
{
    state = state ? state : l->state;
    sort = sort ? sort : l->sort;
    const char *sep = "?";
    bw_buf_puts(b, "/sites");
    if (l->query.words[0]) {
        bw_buf_puts(b, "?q=");
        bw_text_url(b, l->query.words);
        sep = "&amp;";
    }
    if (state[0]) {
        bw_buf_printf(b, "%sstate=%s", sep, state);
        sep = "&amp;";
    }
    if (sort[0]) {
        bw_buf_printf(b, "%ssort=%s", sep, sort);
        sep = "&amp;";
    }
    if (page > 1) {
        bw_buf_printf(b, "%spage=%lld", sep, (long long)page);
    }
}

static void count_box(
    struct bw_buf *b, const struct list *l, const char *state, const char *words, size_t n)
{
    bw_buf_puts(b, "<li><a href=\"");
    list_url(b, l, state, NULL, 1);
    bw_buf_printf(b, "\"%s><b>",
                  strcmp(l->state, state) == 0 ? " aria-current=\"true\"" : "");
    bw_page_count(b, (int64_t)n);
    bw_buf_printf(b, "</b>%s</a></li>", words);
}

static void
write_counts(struct bw_buf *b, const struct list *l, const struct bw_overview *o)
{
    size_t count[BW_FRESHNESS_N];
    size_t all = bw_overview_count(o, count);
    bw_buf_puts(b, "<ul class=\"counts\" aria-label=\"Sites by state\">");
    count_box(b, l, "", bw_plural((int64_t)all, "site", "sites"), all);
    count_box(b, l, "fresh", "fresh", count[BW_FRESH]);
    count_box(b, l, "silent", "silent", count[BW_SILENT]);
    count_box(b, l, "never", "never seen", count[BW_NEVER]);
    if (count[BW_RETIRED] > 0) {
        count_box(b, l, "retired", "retired", count[BW_RETIRED]);
    }
    bw_buf_puts(b, "</ul>");
}

static void write_search(struct bw_buf *b, const struct list *l)
{
    bw_buf_puts(
        b, "<form class=\"search\" action=\"/sites\" method=\"get\" role=\"search\"><div>"
           "<label for=\"q\">Site, district or id</label>"
           "<input id=\"q\" name=\"q\" type=\"search\" maxlength=\"200\" value=\"");
    bw_text_html(b, l->query.words);
    bw_buf_puts(b, "\"></div>");
    if (l->state[0]) {
        bw_buf_printf(b, "<input type=\"hidden\" name=\"state\" value=\"%s\">", l->state);
    }
    if (l->sort[0]) {
        bw_buf_printf(b, "<input type=\"hidden\" name=\"sort\" value=\"%s\">", l->sort);
    }
    bw_buf_puts(b, "<button>Search</button></form>");
}

static void head_cell(struct bw_buf *b,
                      const struct list *l,
                      const char *sort,
                      const char *words,
                      const char *css)
{
    bool on = strcmp(l->sort, sort) == 0 || (!l->sort[0] && strcmp(sort, "state") == 0);
    bw_buf_printf(b, "<th scope=\"col\"%s%s><a href=\"", css,
                  on ? " aria-sort=\"ascending\"" : "");
    list_url(b, l, NULL, sort, 1);
    bw_buf_printf(b, "\">%s</a>%s</th>", words, on ? " ▾" : "");
}

static void write_row(struct bw_buf *b, const struct bw_site_row *s, int64_t now_s)
{
    bw_buf_puts(b, "<tr><td><a href=\"/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</a><div class=\"id mono\">");
    bw_text_html(b, s->id);
    bw_buf_puts(b, "</div></td><td>");
    bw_page_name(b, s->entity[0] ? s->entity : "–");
    bw_buf_puts(b, "</td><td>");
    bw_page_state(b, s, now_s);
    bw_buf_puts(b, "</td><td class=\"wide\">");
    if (s->last_end_unix_s == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_time(b, s->last_end_unix_s);
    }
    bw_buf_puts(b, "</td><td class=\"n wide\">");
    bw_page_count(b, s->n_circuits);
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_table(struct bw_buf *b, const struct list *l, const struct bw_overview *o)
{
    size_t pages = (o->n_sites + ROWS - 1) / ROWS;
    size_t page = (size_t)l->page > pages ? pages : (size_t)l->page;
    size_t from = (page - 1) * ROWS;
    size_t to = from + ROWS < o->n_sites ? from + ROWS : o->n_sites;
    bw_buf_printf(
        b,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Sites\">"
        "<table><caption>%zu to %zu of %zu. Times are UTC.</caption><thead><tr>",
        from + 1, to, o->n_sites);
    head_cell(b, l, "name", "Site", "");
    head_cell(b, l, "entity", "District or owner", "");
    head_cell(b, l, "state", "State", "");
    head_cell(b, l, "last", "Newest interval ended", " class=\"wide\"");
    bw_buf_puts(b,
                "<th scope=\"col\" class=\"n wide\">Circuits</th></tr></thead><tbody>\n");
    for (size_t i = from; i < to; i++) {
        write_row(b, &o->sites[i], o->now_unix_ms / 1000);
    }
    bw_buf_puts(b, "</tbody></table></div>");
    if (pages > 1) {
        bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Pages\">");
        if (page > 1) {
            bw_buf_puts(b, "<a rel=\"prev\" href=\"");
            list_url(b, l, NULL, NULL, (int64_t)page - 1);
            bw_buf_puts(b, "\">← Back</a>");
        }
        bw_buf_printf(b, "<span>Page %zu of %zu</span>", page, pages);
        if (page < pages) {
            bw_buf_puts(b, "<a rel=\"next\" href=\"");
            list_url(b, l, NULL, NULL, (int64_t)page + 1);
            bw_buf_puts(b, "\">Next →</a>");
        }
        bw_buf_puts(b, "</nav>");
    }
}

static void write_empty(struct bw_buf *b, const struct bw_viewer *v)
{
    if (!bw_viewer_sees_state(v)) {
        bw_buf_puts(b, "<section class=\"empty\"><h2>No site yet</h2><p>No box stands at a "
                       "school of yours, as far as this collector knows. Whoever runs it "
                       "says which are yours.</p></section>");
        return;
    }
    bw_buf_puts(
        b, "<section class=\"empty\"><h2>No box has been brought in yet</h2>"
           "<p>A box is the small computer at a school that watches the line. To see the "
           "first "
           "one here:</p><ol>"
           "<li>On this machine, make a token that works once:"
           "<pre>bandwitness token create --site \"Alder Elementary\" --entity \"Alder "
           "Valley\""
           "</pre></li>"
           "<li>On the box, with this page's address and the token:"
           "<pre>bandwitness enroll --url https://THIS-COLLECTOR --token TOKEN</pre></li>"
           "<li>Within five minutes its first record arrives and the site turns "
           "<span class=\"state fresh\">fresh</span> on this page.</li></ol></section>");
}

static void write_ledger_line(struct bw_buf *b, const struct bw_overview *o)
{
    const struct bw_ledger_stat *s = &o->stat;
    bw_buf_puts(b, "<p class=\"soft small\">The ledger holds ");
    bw_page_count(b, s->n_positions);
    bw_buf_puts(b, " signed records");
    const struct {
        int64_t n;
        const char *words;
    } rest[] = {{s->n_held, " waiting for a missing one"},
                {s->n_forks, " forked"},
                {s->n_refused, " refused"},
                {s->n_holes, " holes given up"}};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        if (rest[i].n > 0) {
            bw_buf_puts(b, ", ");
            bw_page_count(b, rest[i].n);
            bw_buf_puts(b, rest[i].words);
        }
    }
    bw_buf_puts(b, ".</p>");
}

static void render_list(struct list *l, struct bw_overview *o)
{
    struct bw_buf *b = &l->out;
    const struct bw_viewer *v = bw_door_viewer(l->req);
    if (!bw_viewer_sees_state(v)) {
        bw_overview_keep(o, bw_viewer_sees_site_cb, v);
    }
    size_t all = o->n_sites;
    bw_page_begin_at(b, "Sites", l->title, BW_PLACE_SITES, v);
    bw_buf_puts(b, "<h1>Sites</h1>");
    if (all == 0) {
        write_empty(b, v);
        bw_page_end(b, o->now_unix_ms);
        return;
    }
    write_counts(b, l, o);
    write_search(b, l);
    if (bw_overview_select(o, &l->query) > 0) {
        write_table(b, l, o);
    } else {
        bw_buf_puts(b,
                    "<p class=\"note\">No site fits. <a href=\"/sites\">Show all</a></p>");
    }
    if (bw_viewer_sees_state(v)) { /* it counts everybody's */
        write_ledger_line(b, o);
    }
    bw_page_end(b, o->now_unix_ms);
}

static void list_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct list *l = job;
    struct bw_overview *o = NULL;
    if (!r) {
        l->r = -1;
        l->err = *err;
        return;
    }
    l->r = bw_overview_read(r, NULL, &o, &l->err);
    if (l->r == 0) {
        render_list(l, o);
        bw_overview_free(o);
    }
}

static void list_after(void *job, int cancelled)
{
    struct list *l = job;
    if (cancelled || l->r < 0) {
        bw_page_sorry(l->req, 503, cancelled ? "the collector is stopping" : l->err.text);
    } else {
        bw_http_reply(l->req, 200, "text/html; charset=utf-8", &l->out);
    }
    bw_buf_done(&l->out);
    free(l);
}

void bw_page_sites(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct list *l = calloc(1, sizeof(*l));
    if (!l) {
        bw_page_sorry(req, 503, "out of memory");
        return;
    }
    const char *state = bw_http_query(req, "state");
    const char *sort = bw_http_query(req, "sort");
    const char *page = bw_http_query(req, "page");
    l->req = req;
    if (bw_site_query_parse(bw_http_query(req, "q"), state, sort, &l->query) == 0) {
        (void)snprintf(l->state, sizeof(l->state), "%s", state ? state : "");
        (void)snprintf(l->sort, sizeof(l->sort), "%s", sort ? sort : "");
    } else {
        (void)bw_site_query_parse(bw_http_query(req, "q"), NULL, NULL, &l->query);
    }
    l->page = page ? strtoll(page, NULL, 10) : 1;
    l->page = l->page < 1 || l->page > 1000000 ? 1 : l->page;
    (void)snprintf(l->title, sizeof(l->title), "%s", c->conf->title);
    bw_buf_init(&l->out, PAGE_MAX);
    if (bw_readers_run(c->readers, list_work, list_after, l) < 0) {
        free(l);
        bw_page_sorry(req, 429, "too much at once; try again in 10 seconds");
    }
}
