/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_queue.c - the support queue: requests and the page. The scores are made of the room
 * in memory on a reader's thread, where the weights are looked up.
 *
 * Invariant: of what somebody may not see nothing is ranked, counted or summed. */
#include "page_queue.h"
#include "queue_parts.h"
#include <page_entity.h>
#include <page_parts.h>

#include <collector.h>
#include <http.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    OUT_MAX = 64 * 1024 * 1024,
    ROWS = 100,
    APART = 8 /* on the first page */
};

static const char *const sorts[BW_QUEUE_SORTS] = {
    [BW_QUEUE_FULL] = "full",      [BW_QUEUE_STUDENTS] = "students",
    [BW_QUEUE_OUTAGE] = "outage",  [BW_QUEUE_LATENCY] = "latency",
    [BW_QUEUE_BY_SCORE] = "score", [BW_QUEUE_BY_NAME] = "name",
};

const char *bw_queue_sort_name(int sort)
{
    return sorts[sort];
}

/* ---- the page ---------------------------------------------------------------------------
 */

void bw_queue_url(struct bw_queue_job *j, bool districts, int sort, size_t page)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b, "/queue?of=%s", districts ? "districts" : "schools");
    if (j->ask.below != BW_ROOM_NONE) {
        bw_buf_puts(b, "&amp;below=");
        bw_text_url(b, j->r->entities[j->ask.below].id);
    }
    if (sort != BW_QUEUE_BY_SCORE) {
        bw_buf_printf(b, "&amp;sort=%s", sorts[sort]);
    }
    if (page > 1) {
        bw_buf_printf(b, "&amp;page=%zu", page);
    }
}

static void write_switch(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<nav class=\"ranges\" aria-label=\"Whom\">");
    for (int districts = 0; districts < 2; districts++) {
        bw_buf_puts(b, "<a href=\"");
        bw_queue_url(j, districts, j->ask.sort, 1);
        bw_buf_printf(b, "\"%s>%s</a>",
                      j->ask.districts == (districts != 0) ? " aria-current=\"true\"" : "",
                      districts ? "Districts" : "Schools");
    }
    bw_buf_puts(b, "</nav>");
}

static void write_filter(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;

    if (bw_page_entity_choices(&j->scope) == 0) {
        return;
    }
    bw_buf_puts(b, "<form class=\"search\" action=\"/queue\" method=\"get\">");
    bw_page_entity_select(b, &j->scope, j->ask.below);
    bw_buf_printf(b,
                  "<input type=\"hidden\" name=\"of\" value=\"%s\">"
                  "<input type=\"hidden\" name=\"sort\" value=\"%s\">"
                  "<button>Show</button></form>",
                  j->ask.districts ? "districts" : "schools", sorts[j->ask.sort]);
}

static void head_cell(struct bw_queue_job *j, int sort, const char *words, const char *css)
{
    struct bw_buf *b = &j->out;
    bool on = j->ask.sort == sort;

    bw_buf_printf(b, "<th scope=\"col\"%s%s><a href=\"", css,
                  !on                        ? ""
                  : sort == BW_QUEUE_BY_NAME ? " aria-sort=\"ascending\""
                                             : " aria-sort=\"descending\"");
    bw_queue_url(j, j->ask.districts, sort, 1);
    bw_buf_printf(b, "\">%s</a>%s</th>", words, on ? " ▾" : "");
}

static void write_pages(struct bw_queue_job *j, size_t pages)
{
    struct bw_buf *b = &j->out;

    if (pages < 2) {
        return;
    }
    bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    for (int next = 0; next < 2; next++) {
        if (next ? j->page < pages : j->page > 1) {
            bw_buf_printf(b, "<a rel=\"%s\" href=\"", next ? "next" : "prev");
            bw_queue_url(j, j->ask.districts, j->ask.sort,
                         next ? j->page + 1 : j->page - 1);
            bw_buf_printf(b, "%s\">%s</a>", j->apart ? "&amp;show=apart" : "",
                          next ? "Next →" : "← Back");
        }
        if (!next) {
            bw_buf_printf(b, "<span>Page %zu of %zu</span>", j->page, pages);
        }
    }
    bw_buf_puts(b, "</nav>");
}

/* The page that was asked for, or the last one; of n lines [*ret_from, *ret_to). */
static size_t cut(struct bw_queue_job *j, size_t n, size_t *ret_from, size_t *ret_to)
{
    size_t pages = (n + ROWS - 1) / ROWS;

    j->page = j->page > pages ? pages : j->page;
    j->page = j->page < 1 ? 1 : j->page;
    *ret_from = (j->page - 1) * ROWS;
    *ret_to = *ret_from + ROWS < n ? *ret_from + ROWS : n;
    return pages;
}

static void write_ranked(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    size_t from = 0;
    size_t to = 0;
    size_t pages = cut(j, j->q.n_ranked, &from, &to);

    if (j->q.n_ranked == 0) {
        bw_buf_puts(b, "<p class=\"note\">Nobody can be ranked: of everybody here too "
                       "little is known, or nobody is here.</p>");
        return;
    }
    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                  "aria-label=\"The queue\"><table><caption>%zu to %zu of %zu. Below each "
                  "value: points × weight%s. The score opens them.</caption><thead><tr>"
                  "<th scope=\"col\" class=\"n\">No.</th>",
                  from + 1, to, j->q.n_ranked,
                  j->ask.districts ? ", of so many of its places where not all tell" : "");
    head_cell(j, BW_QUEUE_BY_NAME, j->ask.districts ? "District" : "School", "");
    head_cell(j, BW_QUEUE_BY_SCORE, "Score of 100", " class=\"n\"");
    head_cell(j, BW_QUEUE_FULL, "Class hours full", " class=\"n\"");
    head_cell(j, BW_QUEUE_STUDENTS, "Claimed a student", " class=\"n\"");
    head_cell(j, BW_QUEUE_OUTAGE, "Out in class hours", " class=\"n\"");
    head_cell(j, BW_QUEUE_LATENCY, "Round trip, full", " class=\"n\"");
    bw_buf_puts(b, "</tr></thead><tbody>\n");
    bw_queue_lines(j, from, to);
    bw_buf_puts(b, "</tbody></table></div>");
    write_pages(j, pages);
}

static void apart_table(struct bw_queue_job *j, size_t from, size_t to)
{
    bw_page_table_begin(&j->out, "Too little is known",
                        j->ask.districts
                            ? "<th scope=\"col\">District</th><th scope=\"col\">Why</th>"
                            : "<th scope=\"col\">School</th><th scope=\"col\">Why</th>");
    bw_queue_apart_lines(j, j->q.n_ranked + from, j->q.n_ranked + to);
    bw_page_table_end(&j->out);
}

static void write_apart(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = j->q.n - j->q.n_ranked;

    if (n == 0) {
        return;
    }
    bw_buf_puts(b, "<h2 id=\"apart\">Too little is known: ");
    bw_page_count(b, (int64_t)n);
    bw_buf_printf(b,
                  "</h2><p class=\"soft small\">Ranked is whose known parts weigh %lld of "
                  "100 or more. These are not at the end of the queue: they are in "
                  "none.</p>",
                  (long long)j->said.weights.enough);
    apart_table(j, 0, n < APART ? n : APART);
    if (n > APART) {
        bw_buf_puts(b, "<p><a href=\"");
        bw_queue_url(j, j->ask.districts, j->ask.sort, 1);
        bw_buf_puts(b, "&amp;show=apart\">All ");
        bw_page_count(b, (int64_t)n);
        bw_buf_puts(b, "</a></p>");
    }
}

static void write_exports(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    static const char *const forms[] = {"csv", "json"};

    bw_buf_puts(b, "<p>The whole queue with every number: ");
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "%s<a href=\"/api/v1/queue?format=%s&amp;of=%s&amp;sort=%s",
                      i ? ", " : "", forms[i], j->ask.districts ? "districts" : "schools",
                      sorts[j->ask.sort]);
        if (j->ask.below != BW_ROOM_NONE) {
            bw_buf_puts(b, "&amp;below=");
            bw_text_url(b, j->r->entities[j->ask.below].id);
        }
        bw_buf_printf(b, "\">%s</a>", i ? "JSON" : "CSV");
    }
    bw_buf_puts(b, ".</p>");
}

static void write_list(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h1>Support queue</h1><p class=\"soft\">Whom to help first, by the "
                   "28 local days before today as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b,
                " UTC, and by the weights <a href=\"#weights\">below</a> (" BW_QUEUE_METHOD
                "). What is not known gives no points; a score may then be higher.</p>");
    if (j->r->days_to_fill > 0) {
        bw_buf_puts(b, "<p class=\"note\">Days of the past are still being read; figures "
                       "may change.</p>");
    }
    write_switch(j);
    write_filter(j);
    write_ranked(j);
    write_apart(j);
    bw_queue_weights_shown(j);
    write_exports(j);
}

static void write_apart_page(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    size_t from = 0;
    size_t to = 0;
    size_t n = j->q.n - j->q.n_ranked;
    size_t pages = cut(j, n, &from, &to);

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"");
    bw_queue_url(j, j->ask.districts, j->ask.sort, 1);
    bw_buf_puts(b, "\">Support queue</a></p><h1>Too little is known: ");
    bw_page_count(b, (int64_t)n);
    bw_buf_puts(b, "</h1>");
    if (n == 0) {
        bw_buf_puts(b, "<p class=\"note\">Of everybody here enough is known.</p>");
    } else {
        apart_table(j, from, to);
    }
    write_pages(j, pages);
    bw_queue_weights_shown(j);
}

static bool write_open(struct bw_queue_job *j)
{
    for (size_t i = 0; i < j->q.n; i++) {
        if (strcmp(bw_queue_row_id(j->r, &j->q.rows[i]), j->open) == 0) {
            bw_queue_opened(j, i);
            bw_queue_weights_shown(j);
            return true;
        }
    }
    return false;
}

static void write_page(struct bw_queue_job *j)
{
    bool there = true;

    bw_page_begin_at(&j->out, j->apart ? "Too little is known" : "Support queue", j->title,
                     BW_PLACE_QUEUE, bw_door_viewer(j->req));
    if (j->open[0]) {
        there = write_open(j);
    } else if (j->apart) {
        write_apart_page(j);
    } else {
        write_list(j);
    }
    bw_page_end(&j->out, j->r->made_unix_ms);
    if (!there) {
        j->status = 404;
        (void)bw_err_set(&j->err, 0, "there is no such school or district in the queue");
    }
}

/* ---- requests ---------------------------------------------------------------------------
 */

static bool sees(const void *owner, uint32_t entity, uint32_t site)
{
    const struct bw_page_scope *s = owner;

    return entity != BW_ROOM_NONE ? bw_page_scope_entity(s, entity)
                                  : bw_page_scope_site(s, site);
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_queue_job *j = job;

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_queue_weights_read(r->catalogue, &j->said, &j->err) < 0) {
        return;
    }
    if (bw_queue_make(j->r, &j->said.weights, &j->ask, &j->q) < 0) {
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    j->status = 200;
    if (j->form == BW_QUEUE_PAGE) {
        write_page(j);
    } else if (j->form == BW_QUEUE_JSON) {
        bw_queue_json(j);
    } else {
        bw_queue_csv(j);
    }
}

static void
refuse(struct bw_http_req *req, enum bw_queue_form form, unsigned status, const char *why)
{
    if (form == BW_QUEUE_PAGE) {
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
    struct bw_queue_job *j = job;
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (cancelled || j->status != 200) {
        refuse(j->req, j->form, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        if (j->form == BW_QUEUE_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        j->ask.districts ? "attachment; filename=\"queue-districts.csv\""
                                         : "attachment; filename=\"queue-schools.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out);
    }
    bw_room_drop(j->r);
    bw_queue_done(&j->q);
    bw_buf_done(&j->out);
    free(j);
}

/* What is asked for; 0, or the status of a refusal. */
static unsigned read_words(struct bw_queue_job *j)
{
    const char *of = bw_http_query(j->req, "of");
    const char *sort = bw_http_query(j->req, "sort");
    const char *below = bw_http_query(j->req, "below");
    const char *page = bw_http_query(j->req, "page");
    const char *show = bw_http_query(j->req, "show");
    const char *open = bw_http_query(j->req, "open");
    const char *format = bw_http_query(j->req, "format");
    long long n = page ? strtoll(page, NULL, 10) : 1;

    j->ask.districts = of && strcmp(of, "districts") == 0;
    j->ask.below = BW_ROOM_NONE;
    j->ask.sort = BW_QUEUE_BY_SCORE;
    for (int s = 0; sort && s < BW_QUEUE_SORTS; s++) {
        if (strcmp(sorts[s], sort) == 0) {
            j->ask.sort = s;
            sort = NULL;
        }
    }
    if (sort || (of && !j->ask.districts && strcmp(of, "schools") != 0)) {
        return 400;
    }
    if (j->form != BW_QUEUE_PAGE && format && strcmp(format, "json") != 0) {
        if (strcmp(format, "csv") != 0) {
            return 400;
        }
        j->form = BW_QUEUE_CSV;
    }
    if (below && below[0]) {
        j->ask.below = bw_room_entity_find(j->r, below);
        if (j->ask.below == BW_ROOM_NONE ||
            !bw_page_scope_entity(&j->scope, j->ask.below)) {
            return 404;
        }
    }
    j->apart = show && strcmp(show, "apart") == 0;
    if (open && strlen(open) >= sizeof(j->open)) {
        return 404;
    }
    (void)snprintf(j->open, sizeof(j->open), "%s", open ? open : "");
    j->page = n < 1 || n > 1000000 ? 1 : (size_t)n;
    return 0;
}

static void begin(struct bw_collector *c, struct bw_http_req *req, enum bw_queue_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_queue_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_queue_job){.req = req, .form = form, .r = r};
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        j->ask.sees = sees;
        j->ask.owner = &j->scope;
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j);
        form = j->form;
        why = status == 404 ? "there is no such region or district"
                            : "of: schools or districts; sort: score, full, students, "
                              "outage, latency or name; format: json or csv";
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

void bw_page_queue(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_QUEUE_PAGE);
}

void bw_api_queue(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_QUEUE_JSON);
}
