/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_list.c - the list of sites: search, counts by state, order, a hundred a page. It is
 * made from the state's room alone, on another thread: choosing and ordering ten thousand
 * takes some milliseconds. */
#include "page_places.h"
#include <page_parts.h>
#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <overview.h>
#include <plural.h>
#include <readers.h>
#include <room.h>
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
    const struct bw_room *room;
    struct bw_page_scope scope;
    struct bw_site_query query;
    char sort[12];
    char state[12];
    int64_t page;
    char title[128];
    uint32_t *picked; /* sites of the room, in the list's order */
    size_t n_picked;
    size_t count[BW_FRESHNESS_N]; /* of all that are seen */
    struct bw_buf out;
};

/* --- which sites, in which order --------------------------------------------------------
 */

static struct bw_site_brief key_of(const struct bw_room_site *s)
{
    return (struct bw_site_brief){.id = s->id,
                                  .name = s->name,
                                  .entity = s->place,
                                  .freshness = s->freshness,
                                  .n_silent = s->n_out,
                                  .last_received_unix_ms = s->last_received_unix_ms};
}

static int by_query(const void *a, const void *b, void *list)
{
    const struct list *l = list;
    struct bw_site_brief x = key_of(&l->room->sites[*(const uint32_t *)a]);
    struct bw_site_brief y = key_of(&l->room->sites[*(const uint32_t *)b]);
    return bw_site_order(l->query.sort, &x, &y);
}

/* The number of all that are seen and in service; SIZE_MAX without memory. */
static size_t pick(struct list *l)
{
    const struct bw_room *r = l->room;
    l->picked = calloc(r->n_sites + 1, sizeof(*l->picked));
    if (!l->picked) {
        return SIZE_MAX;
    }
    for (uint32_t i = 0; i < r->n_sites; i++) {
        struct bw_site_brief key = key_of(&r->sites[i]);
        if (!bw_page_scope_site(&l->scope, i)) {
            continue;
        }
        l->count[key.freshness]++;
        if (bw_site_fits(&l->query, &key)) {
            l->picked[l->n_picked++] = i;
        }
    }
    if (l->n_picked > 1) {
        qsort_r(l->picked, l->n_picked, sizeof(*l->picked), by_query, l);
    }
    return l->count[BW_FRESH] + l->count[BW_SILENT] + l->count[BW_NEVER];
}

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

static void write_counts(struct bw_buf *b, const struct list *l, size_t all)
{
    const size_t *count = l->count;
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

static void write_row(struct bw_buf *b, const struct bw_room_site *s, int64_t now_s)
{
    const struct bw_site_row row = {.freshness = s->freshness,
                                    .enrolled = s->state == BW_SITE_ENROLLED,
                                    .last_received_unix_ms = s->last_received_unix_ms,
                                    .late = s->late,
                                    .clock_bad = s->clock_bad,
                                    .n_silent = s->n_out};
    bw_buf_puts(b, "<tr><td><a href=\"/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</a><div class=\"id mono\">");
    bw_text_html(b, s->id);
    bw_buf_puts(b, "</div></td><td>");
    bw_page_name(b, s->place[0] ? s->place : "–");
    bw_buf_puts(b, "</td><td>");
    bw_page_state(b, &row, now_s);
    bw_buf_puts(b, "</td><td class=\"wide\">");
    if (s->last_end_unix_s == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_time(b, s->last_end_unix_s);
    }
    bw_buf_puts(b, "</td><td class=\"n wide\">");
    bw_page_count(b, s->end_circuit - s->first_circuit);
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_table(struct bw_buf *b, const struct list *l)
{
    size_t pages = (l->n_picked + ROWS - 1) / ROWS;
    size_t page = (size_t)l->page > pages ? pages : (size_t)l->page;
    size_t from = (page - 1) * ROWS;
    size_t to = from + ROWS < l->n_picked ? from + ROWS : l->n_picked;
    bw_buf_printf(
        b,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Sites\">"
        "<table><caption>%zu to %zu of %zu. Times are UTC.</caption><thead><tr>",
        from + 1, to, l->n_picked);
    head_cell(b, l, "name", "Site", "");
    head_cell(b, l, "entity", "District or owner", "");
    head_cell(b, l, "state", "State", "");
    head_cell(b, l, "last", "Newest interval ended", " class=\"wide\"");
    bw_buf_puts(b,
                "<th scope=\"col\" class=\"n wide\">Circuits</th></tr></thead><tbody>\n");
    for (size_t i = from; i < to; i++) {
        write_row(b, &l->room->sites[l->picked[i]], l->room->made_unix_ms / 1000);
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

static void write_ledger_line(struct bw_buf *b, const struct bw_ledger_stat *s)
{
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

static void render_list(struct list *l)
{
    struct bw_buf *b = &l->out;
    const struct bw_viewer *v = bw_door_viewer(l->req);
    size_t all = pick(l);
    if (all == SIZE_MAX) {
        b->error = -ENOMEM;
        return;
    }
    bw_page_begin_at(b, "Sites", l->title, BW_PLACE_SITES, v);
    bw_buf_puts(b, "<h1>Sites</h1>");
    if (all + l->count[BW_RETIRED] == 0) {
        write_empty(b, v);
        bw_page_end(b, l->room->made_unix_ms);
        return;
    }
    write_counts(b, l, all);
    write_search(b, l);
    if (l->n_picked > 0) {
        write_table(b, l);
    } else {
        bw_buf_puts(b,
                    "<p class=\"note\">No site fits. <a href=\"/sites\">Show all</a></p>");
    }
    if (bw_viewer_sees_state(v)) { /* it counts everybody's */
        write_ledger_line(b, &l->room->ledger);
    }
    bw_page_end(b, l->room->made_unix_ms);
}

static void list_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    (void)r;
    (void)err;
    render_list(job);
}

static void list_free(struct list *l)
{
    bw_room_drop(l->room);
    bw_buf_done(&l->out);
    free(l->picked);
    free(l);
}

static void list_after(void *job, int cancelled)
{
    struct list *l = job;
    if (cancelled) {
        bw_page_sorry(l->req, 503, "the collector is stopping");
    } else {
        bw_http_reply(l->req, 200, "text/html; charset=utf-8", &l->out);
    }
    list_free(l);
}

void bw_page_sites(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const struct bw_room *room = bw_room_take(c);
    struct list *l = room ? calloc(1, sizeof(*l)) : NULL;
    if (!l) {
        bw_page_sorry(req, 503,
                      room ? "out of memory"
                           : "the state's room is being made; it takes some seconds after "
                             "the start");
        bw_room_drop(room);
        return;
    }
    const char *state = bw_http_query(req, "state");
    const char *sort = bw_http_query(req, "sort");
    const char *page = bw_http_query(req, "page");
    l->req = req;
    l->room = room;
    bw_page_scope(room, bw_door_viewer(req), &l->scope);
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
        list_free(l);
        bw_page_sorry(req, 429, "too much at once; try again in 10 seconds");
    }
}
