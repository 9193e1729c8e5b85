/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_readiness.c - readiness for testing weeks: requests and the page. Of the last 28
 * days everything is in the room in memory; of weeks that are over a reader's thread reads
 * the days.
 *
 * Invariant: of what somebody may not see nothing is ranked, counted or summed. */
#include "page_readiness.h"

#include "readiness_parts.h"

#include <civil.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <page_entity.h>
#include <page_parts.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    OUT_MAX = 64 * 1024 * 1024,
    ROWS = 100,
    WINDOWS = 4, /* of calendars, that are offered: to come, and as many that were */
    DAY_S = 86400
};

/* ---- addresses --------------------------------------------------------------------------
 */

static void write_day(struct bw_buf *b, int64_t day)
{
    char text[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, text);
    bw_buf_puts(b, text);
}

static void write_url(struct bw_ready_job *j, const char *path, int64_t from, int64_t to)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b, "%s?rate=%lld", path, (long long)(j->ask.rate_bps / 1000));
    if (from != BW_UNKNOWN) {
        bw_buf_puts(b, "&amp;weeks=");
        write_day(b, from);
        bw_buf_puts(b, "/");
        write_day(b, to - 1);
    }
    if (j->ask.of != BW_READY_TESTED) {
        bw_buf_printf(b, "&amp;delivered=%s", bw_ready_of_name(j->ask.of));
    }
    if (j->ask.at != BW_READY_AT_P95) {
        bw_buf_printf(b, "&amp;carried=%s", bw_ready_at_name(j->ask.at));
    }
    if (j->ask.below != BW_ROOM_NONE) {
        bw_buf_puts(b, "&amp;below=");
        bw_text_url(b, j->r->entities[j->ask.below].id);
    }
}

/* ---- what is asked ----------------------------------------------------------------------
 */

static void date_field(struct bw_buf *b, const char *name, const char *words, int64_t day)
{
    bw_buf_printf(b,
                  "<div><label for=\"%s\">%s</label><input class=\"short\" id=\"%s\" "
                  "name=\"%s\" pattern=\"[0-9]{4}-[0-9]{2}-[0-9]{2}\" "
                  "placeholder=\"2027-03-15\" value=\"",
                  name, words, name, name);
    if (day != BW_UNKNOWN) {
        write_day(b, day);
    }
    bw_buf_puts(b, "\"></div>");
}

static void choice(struct bw_buf *b,
                   const char *name,
                   const char *label,
                   const char *const words[2][2],
                   int chosen)
{
    bw_buf_printf(b, "<div><label for=\"%s\">%s</label><select id=\"%s\" name=\"%s\">",
                  name, label, name, name);
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "<option value=\"%s\"%s>%s</option>", words[i][0],
                      i == chosen ? " selected" : "", words[i][1]);
    }
    bw_buf_puts(b, "</select></div>");
}

static void write_form(struct bw_ready_job *j)
{
    static const char *const ofs[2][2] = {{"tested", "tested, the median"},
                                          {"claimed", "claimed"}};
    static const char *const ats[2][2] = {{"p95", "P95 of five minutes"},
                                          {"peak", "the highest five minutes"}};
    struct bw_buf *b = &j->out;

    bw_buf_printf(b,
                  "<form class=\"search\" action=\"/readiness\" method=\"get\"><div><label "
                  "for=\"rate\">kbit/s for each student</label><input class=\"short\" "
                  "id=\"rate\" name=\"rate\" type=\"number\" min=\"1\" max=\"%d\" required "
                  "value=\"%lld\"></div>",
                  BW_READY_RATE_MAX_KBPS, (long long)(j->ask.rate_bps / 1000));
    date_field(b, "from", "First day", j->ask.from_day);
    date_field(b, "to", "Last day",
               j->ask.to_day == BW_UNKNOWN ? BW_UNKNOWN : j->ask.to_day - 1);
    choice(b, "delivered", "Delivered is", ofs, (int)j->ask.of);
    choice(b, "carried", "Carried is", ats, (int)j->ask.at);
    bw_page_entity_select(b, &j->scope, j->ask.below);
    bw_buf_puts(b, "<button>Show</button></form>");
}

/* Calendars of whom the viewer sees, or of what stands above those. */
static bool seen(const void *owner, uint32_t entity)
{
    const struct bw_page_scope *s = owner;

    if (entity == BW_ROOM_NONE || s->all || bw_page_scope_entity(s, entity)) {
        return true;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->entities[i] != BW_ROOM_NONE &&
            bw_room_below(s->room, s->entities[i], entity)) {
            return true;
        }
    }
    return false;
}

static void write_windows(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;
    struct bw_ready_window list[2 * WINDOWS];
    size_t n = bw_ready_windows(j->r, j->today, true, seen, &j->scope, list, WINDOWS);
    size_t past = n;

    n += bw_ready_windows(j->r, j->today, false, seen, &j->scope, list + n, WINDOWS);
    if (n == 0) {
        bw_buf_puts(b, "<p class=\"soft\">No calendar on file has testing days: type their "
                       "dates, or import a calendar that has them.</p>");
        return;
    }
    bw_buf_puts(b, "<p class=\"small\">Testing weeks of calendars on file:</p>"
                   "<nav class=\"ranges\" aria-label=\"Testing weeks\">");
    for (size_t i = 0; i < n; i++) {
        const struct bw_ready_window *w = &list[i];
        uint32_t whose = j->r->calendars[w->calendar].entity;
        bool here = w->from_day == j->ask.from_day && w->to_day == j->ask.to_day;
        bw_buf_puts(b, "<a href=\"");
        write_url(j, "/readiness", w->from_day, w->to_day);
        bw_buf_printf(b, "\"%s>", here ? " aria-current=\"true\"" : "");
        if (whose == BW_ROOM_NONE) {
            bw_buf_puts(b, "the state");
        } else {
            bw_page_name(b, j->r->entities[whose].name);
        }
        if (w->n > 1) {
            bw_buf_printf(b, " and %d more", (int)w->n - 1);
        }
        bw_buf_puts(b, i < past ? ", was " : ", ");
        write_day(b, w->from_day);
        bw_buf_puts(b, " to ");
        write_day(b, w->to_day - 1);
        bw_buf_puts(b, "</a>");
    }
    bw_buf_puts(b, "</nav>");
}

/* ---- the page ---------------------------------------------------------------------------
 */

/* A sum over places of which it is known; of none there is none. */
static void sum_of(struct bw_ready_job *j, const char *head, int64_t n)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b, "<div><dt>%s</dt><dd><div class=\"v\">", head);
    if (j->x.n_known == 0) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_count(b, n);
    }
    bw_buf_puts(b, "</div><div class=\"how\">");
}

static void write_counts(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_readiness *x = &j->x;

    bw_buf_puts(b, "<dl class=\"figures\">");
    sum_of(j,
           j->past ? "Places where not all could have at once"
                   : "Places where not all can at once",
           (int64_t)x->n_short);
    bw_buf_puts(b, "of ");
    bw_page_count(b, (int64_t)x->n_known);
    bw_buf_puts(b, " of which it is known</div></dd></div>");
    sum_of(j,
           j->past ? "Students beyond what was left free"
                   : "Students who would have to wait",
           x->shortfall);
    bw_buf_puts(b, "of ");
    bw_page_count(b, x->students);
    bw_buf_puts(b, " on file at these places, were all tested at once</div></dd></div><div>"
                   "<dt>Not known</dt><dd><div class=\"v\">");
    bw_page_count(b, (int64_t)(x->n - x->n_known));
    bw_buf_puts(b, "</div><div class=\"how\">places, the last of the list, each with its "
                   "reason</div></dd></div></dl>");
}

static void write_pages(struct bw_ready_job *j, int64_t pages)
{
    struct bw_buf *b = &j->out;

    if (pages < 2) {
        return;
    }
    bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    for (int next = 0; next < 2; next++) {
        if (next ? j->page < pages : j->page > 1) {
            bw_buf_printf(b, "<a rel=\"%s\" href=\"", next ? "next" : "prev");
            write_url(j, "/readiness", j->ask.from_day, j->ask.to_day);
            bw_buf_printf(b, "&amp;page=%lld\">%s</a>",
                          (long long)(next ? j->page + 1 : j->page - 1),
                          next ? "Next →" : "← Back");
        }
        if (!next) {
            bw_buf_printf(b, "<span>Page %lld of %lld</span>", (long long)j->page,
                          (long long)pages);
        }
    }
    bw_buf_puts(b, "</nav>");
}

static void write_list(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;
    int64_t n = (int64_t)j->x.n;
    int64_t pages = (n + ROWS - 1) / ROWS;

    j->page = j->page > pages ? pages : j->page;
    j->page = j->page < 1 ? 1 : j->page;
    size_t from = (size_t)((j->page - 1) * ROWS);
    size_t to = from + ROWS < j->x.n ? from + ROWS : j->x.n;
    bw_buf_printf(b,
                  "<h2>Place by place</h2><div class=\"scroll\" tabindex=\"0\" "
                  "role=\"region\" aria-label=\"Readiness\"><table><caption>%zu to %zu of "
                  "%zu, the largest shortfall first. At once = (delivered − carried) / "
                  "rate, rounded down.</caption><thead><tr>",
                  from + 1, to, j->x.n);
    bw_buf_printf(b,
                  "<th scope=\"col\">Place</th><th scope=\"col\" class=\"n\">Students</th>"
                  "<th scope=\"col\" class=\"n\">%s</th><th scope=\"col\" class=\"n\">%s"
                  "</th><th scope=\"col\" class=\"n\">Sittings</th><th scope=\"col\" "
                  "class=\"n\">Free</th><th scope=\"col\" class=\"n\">Delivered, %s</th>"
                  "<th scope=\"col\" class=\"n\">Carried, %s</th><th scope=\"col\" "
                  "class=\"n\">Counted</th>",
                  j->past ? "More at once" : "At once", j->past ? "Not among them" : "Wait",
                  bw_ready_of_name(j->ask.of),
                  j->ask.at == BW_READY_AT_P95 ? "P95" : "peak");
    if (j->past) {
        bw_buf_puts(b, "<th scope=\"col\" class=\"n\">Full</th><th scope=\"col\" "
                       "class=\"n\">Out</th>");
    }
    bw_buf_puts(b, "</tr></thead><tbody>\n");
    bw_ready_rows(j, from, to);
    bw_buf_puts(b, "</tbody></table></div>");
    write_pages(j, pages);
}

static void write_how(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h2>What this is, and what not</h2><ul class=\"small\"><li>Downwards "
                   "only, at the layer that the claim names (IP where it names none). "
                   "<b>Delivered</b> is the median good run (tested-dist/2), or what is "
                   "claimed; <b>carried</b> is what the school drew anyway in class hours: "
                   "P95 of five-minute means, or the highest (claim-share/2), without our "
                   "own tests.</li>");
    if (j->past) {
        bw_buf_puts(b, "<li>These weeks are over: carried is the highest day's figure, "
                       "tests that pupils took included, so what is left is what <em>more"
                       "</em> could have been done at the same time. Tested is the median "
                       "of the days' medians. Full: class hours at 90 % of the claim or "
                       "more (day-bins/1); out: outages in class hours (outage-union/1)."
                       "</li>");
    } else {
        bw_buf_puts(b, "<li>Measured in the class hours of the 28 local days before today; "
                       "a week to come may be unlike them.</li>");
    }
    bw_buf_printf(
        b,
        "<li>Not known where under half of the class hours were counted, or under ten. "
        "Nothing is guessed, and several lines are not added up.</li><li>The rate is yours "
        "to say: ask who makes the test. The usual %d kbit/s for an active test was told "
        "of "
        "Smarter Balanced in 2013, quoted by MOREnet (more.net, DESE technology readiness "
        "project); others were not found.</li><li>It does <b>not</b> show Wi-Fi, the "
        "devices, the school's own network, lines further up that schools share, nor the "
        "servers of the test. Fewer can test where one of these is short.</li></ul><p>All "
        "of "
        "it with every number: ",
        BW_READY_USUAL_KBPS);
    for (int i = 0; i < 2; i++) {
        bw_buf_puts(b, i ? ", <a href=\"" : "<a href=\"");
        write_url(j, "/api/v1/readiness", j->ask.from_day, j->ask.to_day);
        bw_buf_printf(b, "&amp;format=%s\">%s</a>", i ? "json" : "csv", i ? "JSON" : "CSV");
    }
    bw_buf_puts(b, " (" BW_READINESS_METHOD ").</p>");
}

static void write_head(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h1>Readiness for testing weeks</h1><p class=\"soft\">");
    if (j->past) {
        bw_buf_puts(b, "What was in class hours from ");
    } else {
        bw_buf_puts(b, "How many students can test at once, at ");
        bw_page_rate(b, j->ask.rate_bps);
        bw_buf_puts(b, " each, by what was free in class hours of the 28 local days before "
                       "today");
    }
    if (j->past) {
        write_day(b, j->ask.from_day);
        bw_buf_puts(b, " to ");
        write_day(b, j->ask.to_day - 1);
        bw_buf_puts(b, ": how many more could have tested at the same time, at ");
        bw_page_rate(b, j->ask.rate_bps);
        bw_buf_puts(b, " each");
    } else if (j->ask.from_day != BW_UNKNOWN) {
        bw_buf_puts(b, ", for ");
        write_day(b, j->ask.from_day);
        bw_buf_puts(b, " to ");
        write_day(b, j->ask.to_day - 1);
        bw_buf_puts(b, j->usual_window ? " (the next testing days on file)" : "");
    }
    bw_buf_puts(b, ". As known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC.</p>");
    if (j->r->days_to_fill > 0) {
        bw_buf_puts(b, "<p class=\"note\">Days of the past are still being read; figures "
                       "may change.</p>");
    }
}

static void write_page(struct bw_ready_job *j)
{
    bw_page_begin_at(&j->out, "Readiness for testing weeks", j->title, BW_PLACE_READINESS,
                     bw_door_viewer(j->req));
    write_head(j);
    write_form(j);
    write_windows(j);
    if (j->x.n == 0) {
        bw_buf_puts(&j->out,
                    "<p class=\"note\">Nobody is here: no school, and no box.</p>");
    } else {
        write_counts(j);
        bw_ready_picture(j);
        write_list(j);
    }
    write_how(j);
    bw_page_end(&j->out, j->r->made_unix_ms);
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
    struct bw_ready_job *j = job;

    (void)r;
    (void)err;
    j->status = 503;
    if (j->past && !bw_ready_read_days(j)) {
        return;
    }
    if (bw_readiness_make(j->r, &j->ask, &j->x) < 0) {
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    j->status = 200;
    if (j->form == BW_READY_PAGE) {
        write_page(j);
    } else if (j->form == BW_READY_JSON) {
        bw_ready_json(j);
    } else {
        bw_ready_csv(j);
    }
}

static void
refuse(struct bw_http_req *req, enum bw_ready_form form, unsigned status, const char *why)
{
    if (form == BW_READY_PAGE) {
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
                    : status == 400 ? "Not a question that can be answered"
                                    : "Not possible now",
                    "%s", why);
}

static void job_free(struct bw_ready_job *j)
{
    bw_room_drop(j->r);
    bw_readiness_done(&j->x);
    bw_buf_done(&j->out);
    free(j->lines);
    free(j);
}

static void after(void *job, int cancelled)
{
    struct bw_ready_job *j = job;
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (cancelled || j->status != 200) {
        refuse(j->req, j->form, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        if (j->form == BW_READY_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        "attachment; filename=\"readiness.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out);
    }
    job_free(j);
}

/* "2026-11-30" as a whole. */
static bool read_day(const char *text, int64_t *ret)
{
    return strlen(text) == BW_CIVIL_DATE_LEN && bw_civil_date_parse(text, ret) == 0;
}

/* weeks=FROM/TO, or from= and to= as the form sends them; none: the next of calendars. */
static unsigned read_window(struct bw_ready_job *j)
{
    const char *weeks = bw_http_query(j->req, "weeks");
    const char *from = bw_http_query(j->req, "from");
    const char *to = bw_http_query(j->req, "to");
    char first[BW_CIVIL_DATE_LEN + 1] = "";
    int64_t last = 0;

    j->ask.from_day = BW_UNKNOWN;
    j->ask.to_day = BW_UNKNOWN;
    if (weeks && weeks[0]) {
        if (strlen(weeks) != 2 * BW_CIVIL_DATE_LEN + 1 || weeks[BW_CIVIL_DATE_LEN] != '/') {
            return 400;
        }
        memcpy(first, weeks, BW_CIVIL_DATE_LEN);
        from = first;
        to = weeks + BW_CIVIL_DATE_LEN + 1;
    }
    from = from ? from : "";
    to = to && to[0] ? to : from;
    if (from[0] == '\0' && to[0] == '\0') {
        struct bw_ready_window next;
        if (bw_ready_windows(j->r, j->today, false, seen, &j->scope, &next, 1) == 1) {
            j->ask.from_day = next.from_day;
            j->ask.to_day = next.to_day;
            j->usual_window = true;
        }
        return 0;
    }
    if (!read_day(from, &j->ask.from_day) || !read_day(to, &last) ||
        last < j->ask.from_day || last - j->ask.from_day >= BW_READY_WINDOW_DAYS) {
        return 400;
    }
    j->ask.to_day = last + 1;
    j->past = j->ask.to_day <= j->today;
    return 0;
}

static bool read_rate(struct bw_ready_job *j)
{
    const char *rate = bw_http_query(j->req, "rate");
    long long kbps = BW_READY_USUAL_KBPS;

    if (rate && rate[0]) {
        if (strlen(rate) > 7 || strspn(rate, "0123456789") != strlen(rate)) {
            return false;
        }
        kbps = strtoll(rate, NULL, 10);
    }
    j->ask.rate_bps = kbps * 1000;
    return kbps >= 1 && kbps <= BW_READY_RATE_MAX_KBPS;
}

/* One of two words; the first where it is not given. */
static bool read_word(const char *word, const char *a, const char *b, int *ret)
{
    *ret = word && strcmp(word, b) == 0;
    return !word || *ret || strcmp(word, a) == 0;
}

/* What is asked for; 0, or the status of a refusal. */
static unsigned read_words(struct bw_ready_job *j)
{
    const char *below = bw_http_query(j->req, "below");
    const char *page = bw_http_query(j->req, "page");
    const char *format = bw_http_query(j->req, "format");
    int of = 0;
    int at = 0;

    if (!read_rate(j) ||
        !read_word(bw_http_query(j->req, "delivered"), "tested", "claimed", &of) ||
        !read_word(bw_http_query(j->req, "carried"), "p95", "peak", &at)) {
        return 400;
    }
    j->ask.of = (enum bw_ready_of)of;
    j->ask.at = (enum bw_ready_at)at;
    j->ask.below = BW_ROOM_NONE;
    j->page = page ? strtoll(page, NULL, 10) : 1;
    if (j->form != BW_READY_PAGE && format && strcmp(format, "json") != 0) {
        if (strcmp(format, "csv") != 0) {
            return 400;
        }
        j->form = BW_READY_CSV;
    }
    if (below && below[0]) {
        j->ask.below = bw_room_entity_find(j->r, below);
        if (j->ask.below == BW_ROOM_NONE ||
            !bw_page_scope_entity(&j->scope, j->ask.below)) {
            return 404;
        }
    }
    return read_window(j);
}

static void begin(struct bw_collector *c, struct bw_http_req *req, enum bw_ready_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_ready_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_ready_job){.req = req, .form = form, .r = r};
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        j->ask.sees = sees;
        j->ask.owner = &j->scope;
        j->today = r->made_unix_ms / 1000 / DAY_S;
        (void)snprintf(j->path, sizeof(j->path), "%s/room.db", c->data_folder);
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j);
        form = j->form;
        why = status == 404 ? "there is no such region or district"
                            : "rate: 1 to 1000000 kbit/s; weeks: FIRST/LAST as 2027-03-15, "
                              "60 days at most; delivered: tested or claimed; carried: p95 "
                              "or peak; format: json or csv";
    }
    if (j && status == 0 && bw_readers_run(c->readers, work, after, j) < 0) {
        status = 429;
        why = "too much at once; try again in 10 seconds";
    }
    if (status != 0) {
        if (j) {
            job_free(j);
        } else {
            bw_room_drop(r);
        }
        refuse(req, form, status, why);
    }
}

void bw_page_readiness(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_READY_PAGE);
}

void bw_api_readiness(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_READY_JSON);
}
