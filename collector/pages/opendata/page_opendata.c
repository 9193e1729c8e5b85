/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_opendata.c - what everybody may have: the page that explains and lists, its
 * machine's twin, days and months. What they are made of is evidence/opendata. */
#include "page_opendata.h"

#include "open_shelf.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <opendata.h>
#include <page_parts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    PAGE_MAX = 4 * 1024 * 1024,
    DAYS = 370, /* looked back: the room keeps a year */
    DAYS_SHOWN = 31,
    TAKEN_DAYS = 90 /* what was taken back is told on the page for so long */
};

/* What is published, a flag a day: days[0] is `first`. */
struct listed {
    int64_t first;
    int64_t last;
    bool days[DAYS];
};

static void
list_days(const struct bw_open_asked *a, struct bw_opendata *o, struct listed *l)
{
    l->last = a->last_day;
    l->first = l->last - DAYS + 1;
    bw_opendata_listed(o, l->first, l->last, l->days);
}

static bool any(const struct listed *l, int64_t from, int64_t to)
{
    for (int64_t d = from > l->first ? from : l->first; d <= to && d <= l->last; d++) {
        if (l->days[d - l->first]) {
            return true;
        }
    }
    return false;
}

/* The first day of a day's month, and of the next one. */
static int64_t month_of(int64_t day, int64_t *ret_next)
{
    int y = 0;
    int m = 0;
    int d = 0;

    bw_civil_from_days(day, &y, &m, &d);
    *ret_next = m == 12 ? bw_civil_days(y + 1, 1, 1) : bw_civil_days(y, m + 1, 1);
    return bw_civil_days(y, m, 1);
}

/* ---- the page ---------------------------------------------------------------------------
 */

static void links(struct bw_buf *b, const char *name)
{
    bw_buf_printf(b,
                  "<td><a href=\"/open-data/%s.csv\">CSV</a></td><td><a "
                  "href=\"/open-data/%s.json\">JSON</a></td></tr>\n",
                  name, name);
}

static void write_months(struct bw_buf *b, const struct listed *l)
{
    char date[BW_CIVIL_DATE_LEN + 1];
    int64_t next = 0;

    bw_page_table_begin(b, "Months",
                        "<th scope=\"col\">Month</th><th scope=\"col\">Table"
                        "</th><th scope=\"col\">For programs</th>");
    for (int64_t at = l->last; at >= l->first;) {
        int64_t first = month_of(at, &next);
        if (any(l, first, next - 1)) {
            bw_civil_date(first, date);
            date[7] = '\0';
            bw_buf_printf(b, "<tr><th scope=\"row\">%s%s</th>", date,
                          next - 1 > l->last ? " <span class=\"soft\">so far</span>" : "");
            links(b, date);
        }
        at = first - 1;
    }
    bw_page_table_end(b);
}

static void write_days(struct bw_buf *b, const struct listed *l)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_page_table_begin(b, "The newest days",
                        "<th scope=\"col\">Day</th><th scope=\"col\">Table</th>"
                        "<th scope=\"col\">For programs</th>");
    for (int64_t at = l->last; at > l->last - DAYS_SHOWN; at--) {
        if (any(l, at, at)) {
            bw_civil_date(at, date);
            bw_buf_printf(b, "<tr><th scope=\"row\">%s</th>", date);
            links(b, date);
        }
    }
    bw_page_table_end(b);
}

/* Was anything of it published when it was held? */
static bool held_back(const struct bw_opendata_said *said, size_t n, size_t i)
{
    const struct bw_opendata_said *h = &said[i];

    if (h->act != BW_OPENDATA_HOLD || h->ended_unix_s != BW_UNKNOWN) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        const struct bw_opendata_said *s = &said[k];
        int64_t from = s->from_day > h->from_day ? s->from_day : h->from_day;
        if (s->act != BW_OPENDATA_HOLD && s->position < h->position &&
            (s->ended_unix_s == BW_UNKNOWN || s->ended_unix_s > h->said_unix_s) &&
            from <= s->to_day && from <= h->to_day &&
            from <= bw_opendata_last_day(h->said_unix_s)) {
            return true;
        }
    }
    return false;
}

static void
taken_row(struct bw_buf *b, const char *name, const struct bw_opendata_said *s, int64_t at)
{
    char from[BW_CIVIL_DATE_LEN + 1];
    char to[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(s->from_day > 0 ? s->from_day : 0, from);
    bw_buf_puts(b, "<tr><td>");
    bw_page_name(b, name);
    bw_buf_printf(b, "</td><td>%s", from);
    if (s->to_day == INT64_MAX) {
        bw_buf_puts(b, " and later");
    } else if (s->to_day != s->from_day) {
        bw_civil_date(s->to_day, to);
        bw_buf_printf(b, " to %s", to);
    }
    bw_buf_puts(b, "</td><td>");
    bw_page_time(b, at);
    bw_buf_puts(b, "</td></tr>\n");
}

static void
write_taken(struct bw_buf *b, const struct bw_open_asked *a, const struct bw_opendata *o)
{
    size_t rows = 0;

    for (size_t i = 0; i < bw_opendata_n_districts(o); i++) {
        const struct bw_opendata_district *d = bw_opendata_district(o, i);
        const struct bw_opendata_said *said = bw_opendata_words(o)->said + d->said_first;
        size_t n = d->said_end - d->said_first;
        for (size_t k = 0; k < n; k++) {
            const struct bw_opendata_said *s = &said[k];
            bool hold = held_back(said, n, k);
            int64_t at = hold ? s->said_unix_s : s->ended_unix_s;
            if ((!hold && (s->act == BW_OPENDATA_HOLD || at == BW_UNKNOWN)) ||
                at < a->now_unix_s - (int64_t)TAKEN_DAYS * 86400) {
                continue;
            }
            if (rows++ == 0) {
                bw_buf_puts(b, "<h2>Taken back</h2><p>Withdrawn or held after it was "
                               "published. The files are without it since then; whoever "
                               "has a copy from before should take it out.</p>");
                bw_page_table_begin(b, "Taken back",
                                    "<th scope=\"col\">District</th><th scope=\"col\">Days"
                                    "</th><th scope=\"col\">Since (UTC)</th>");
            }
            taken_row(b, d->name, s, at);
        }
    }
    if (rows > 0) {
        bw_page_table_end(b);
    }
}

static void write_columns(struct bw_buf *b)
{
    bw_buf_puts(b, "<details><summary>The columns</summary>");
    bw_page_table_begin(b, "Columns",
                        "<th scope=\"col\">Column</th><th scope=\"col\">What it is</th>"
                        "<th scope=\"col\">Unit</th><th scope=\"col\">Layer</th>"
                        "<th scope=\"col\">Method</th>");
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        const struct bw_opendata_column *c = &bw_opendata_columns[i];
        bw_buf_printf(b, "<tr><th scope=\"row\"><code>%s</code></th><td>%s%s</td>", c->name,
                      c->about, c->use ? " *" : "");
        bw_buf_printf(b, "<td>%s</td><td>%s%s</td><td>%s</td></tr>\n",
                      c->unit ? c->unit : "", c->layer ? "as in " : "",
                      c->layer ? c->layer : "", c->method ? c->method : "");
    }
    bw_page_table_end(b);
    bw_buf_printf(
        b,
        "<p class=\"small soft\">* Not given for lines of fewer than %d "
        "students, or where nobody says how many there are: <code>withheld</code> "
        "says so. Methods are those of docs/report.md.</p></details>",
        (int)BW_OPENDATA_FEW);
}

static void write_terms(struct bw_buf *b, const struct bw_config_opendata *c)
{
    bw_buf_puts(b, "<h2>License</h2><p><a href=\"");
    bw_text_html(b, c->license_url);
    bw_buf_puts(b, "\" rel=\"license\">");
    bw_text_html(b, c->license_title);
    bw_buf_puts(b, "</a> (");
    bw_text_html(b, c->license);
    bw_buf_puts(b, ").</p>");
    if (c->terms[0]) {
        bw_buf_puts(b, "<p>");
        bw_page_name(b, c->terms);
        bw_buf_puts(b, "</p>");
    }
    if (c->contact[0]) {
        bw_buf_puts(b, "<p>Questions: ");
        bw_page_name(b, c->contact);
        bw_buf_puts(b, "</p>");
    }
}

static void write_page(const struct bw_open_asked *a,
                       const struct bw_opendata *o,
                       const struct listed *l,
                       struct bw_buf *b)
{
    bw_page_begin_at(b, "Open data", a->title, BW_PLACE_OPEN_DATA, NULL);
    bw_buf_printf(
        b,
        "<h1>Open data</h1><p>What the lines of schools were claimed to carry, what tests "
        "and users drew from them, and how long they were out: one row a line and day, "
        "made "
        "from signed records by the methods of the reports. A district looks at its rows "
        "first; without its approval nothing of it is here. A day is published when %lld "
        "whole days lie behind it.</p><p class=\"soft\">An empty field was not measured; 0 "
        "was measured. There is nothing here of hours within a day, of devices, addresses "
        "or versions, and nothing of now.</p>",
        (long long)a->conf.days);
    if (!any(l, l->first, l->last)) {
        bw_buf_puts(b, "<p class=\"note\">Nothing is published yet: no district approved a "
                       "day that is old enough.</p>");
    } else {
        bw_buf_puts(b, "<h2>Months</h2>");
        write_months(b, l);
        bw_buf_puts(b, "<h2>The newest days</h2>");
        write_days(b, l);
    }
    write_taken(b, a, o);
    bw_buf_puts(b,
                "<h2>What is in the files</h2><p>The same columns in every file "
                "(" BW_OPENDATA_SCHEMA "): <a href=\"/open-data/schema.json\">as a table "
                "schema</a>; all files with their license: <a "
                "href=\"/open-data/datapackage.json\">datapackage.json</a> "
                "(Frictionless). In JSON what is not known is no member. The page of the "
                "program that explains all of it is docs/open-data-v1.md.</p>");
    write_columns(b);
    write_terms(b, &a->conf);
    bw_buf_puts(b, "<h2>For districts</h2><p><a href=\"/open-data/review\">Look at your "
                   "rows, approve them or hold them</a> (signed in).</p>");
    bw_page_end(b, a->now_unix_s * 1000);
}

/* ---- its twin ---------------------------------------------------------------------------
 */

static void resource(struct bw_jw *w, const char *name, const char *form)
{
    char text[80];

    bw_jw_obj(w);
    (void)snprintf(text, sizeof(text), "month-%s-%s", name, form);
    bw_jw_kstr(w, "name", text);
    (void)snprintf(text, sizeof(text), "%s.%s", name, form);
    bw_jw_kstr(w, "path", text);
    bw_jw_kstr(w, "format", form);
    bw_jw_kstr(w, "encoding", "utf-8");
    if (strcmp(form, "csv") == 0) {
        bw_jw_kstr(w, "mediatype", "text/csv");
        bw_jw_kstr(w, "profile", "tabular-data-resource");
        bw_jw_kstr(w, "schema", "schema.json");
    } else {
        bw_jw_kstr(w, "mediatype", "application/json");
    }
    bw_jw_obj_end(w);
}

static void
write_package(const struct bw_open_asked *a, const struct listed *l, struct bw_buf *b)
{
    struct bw_jw w;
    char date[BW_CIVIL_DATE_LEN + 1];
    int64_t next = 0;

    bw_jw_init(&w, b);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "profile", "data-package");
    bw_jw_kstr(&w, "name", "school-lines");
    bw_jw_kstr(&w, "title", a->title);
    bw_jw_kstr(&w, "bw:schema", BW_OPENDATA_SCHEMA);
    bw_jw_ki64(&w, "bw:days_old_at_least", a->conf.days);
    bw_jw_karr(&w, "licenses");
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "name", a->conf.license);
    bw_jw_kstr(&w, "title", a->conf.license_title);
    bw_jw_kstr(&w, "path", a->conf.license_url);
    bw_jw_obj_end(&w);
    bw_jw_arr_end(&w);
    bw_jw_karr(&w, "resources");
    for (int64_t at = l->first; at <= l->last;) {
        int64_t first = month_of(at, &next);
        if (any(l, first, next - 1)) {
            bw_civil_date(first, date);
            date[7] = '\0';
            resource(&w, date, "csv");
            resource(&w, date, "json");
        }
        at = next;
    }
    bw_jw_arr_end(&w);
    bw_jw_karr(&w, "bw:days");
    for (int64_t at = l->first; at <= l->last; at++) {
        if (any(l, at, at)) {
            bw_civil_date(at, date);
            bw_jw_str(&w, date);
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(b, '\n');
}

/* ---- making -----------------------------------------------------------------------------
 */

static int make(const struct bw_open_asked *a,
                struct bw_opendata *o,
                int (*put)(void *owner, const char *data, size_t n),
                void *owner,
                struct bw_err *reterr)
{
    struct bw_jw w;
    struct listed *l = calloc(1, sizeof(*l));
    struct bw_buf b;
    int r = 0;

    if (!l) {
        return -ENOMEM;
    }
    list_days(a, o, l);
    bw_buf_init(&b, PAGE_MAX);
    switch (a->what) {
    case BW_OPEN_CSV:
    case BW_OPEN_JSON:
        r = any(l, a->from_day, a->to_day)
                ? bw_opendata_write(o, a->from_day, a->to_day,
                                    a->what == BW_OPEN_CSV ? BW_OPENDATA_CSV
                                                           : BW_OPENDATA_JSON,
                                    put, owner, reterr)
                : -ENOENT;
        break;
    case BW_OPEN_PAGE:
        write_page(a, o, l, &b);
        break;
    case BW_OPEN_PACKAGE:
        write_package(a, l, &b);
        break;
    case BW_OPEN_SCHEMA:
        bw_jw_init(&w, &b);
        bw_opendata_table_schema(&w);
        bw_buf_putc(&b, '\n');
        break;
    }
    r = r < 0 ? r : bw_buf_error(&b);
    if (r == 0 && b.len > 0) {
        r = put(owner, b.data, b.len);
    }
    bw_buf_done(&b);
    free(l);
    return r;
}

int bw_page_opendata_start(struct bw_collector *c)
{
    return bw_open_shelf_new(&c->readers, c->data_folder, make, &c->open_shelf);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static void ask(struct bw_collector *c, struct bw_open_asked *a)
{
    memset(a, 0, sizeof(*a));
    a->conf = c->conf->opendata;
    a->now_unix_s = bw_clock_unix_ms() / 1000;
    a->last_day = bw_opendata_last_day(a->now_unix_s) -
                  (a->conf.on ? a->conf.days - BW_OPENDATA_AGE_DAYS : 0);
    (void)snprintf(a->title, sizeof(a->title), "%s", c->conf->title);
}

void bw_page_opendata(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_open_asked a;

    ask(c, &a);
    a.what = BW_OPEN_PAGE;
    (void)snprintf(a.name, sizeof(a.name), "index.html");
    bw_open_shelf_get(c->open_shelf, &a, req);
}

/* "2026-11-02.csv", "2026-11.json" */
static bool read_name(const char *name, struct bw_open_asked *a)
{
    char day[BW_CIVIL_DATE_LEN + 1];
    size_t n = strcspn(name, ".");
    bool csv = strcmp(name + n, ".csv") == 0;

    if ((!csv && strcmp(name + n, ".json") != 0) || (n != 10 && n != 7)) {
        return false;
    }
    (void)snprintf(day, sizeof(day), "%.*s%s", (int)n, name, n == 7 ? "-01" : "");
    if (bw_civil_date_parse(day, &a->from_day) < 0) {
        return false;
    }
    a->what = csv ? BW_OPEN_CSV : BW_OPEN_JSON;
    a->to_day = a->from_day;
    if (n == 7) {
        (void)month_of(a->from_day, &a->to_day);
        a->to_day--;
        a->to_day = a->to_day < a->last_day ? a->to_day : a->last_day;
    }
    return a->from_day <= a->last_day && a->from_day > a->last_day - DAYS - 31;
}

void bw_page_opendata_file(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *name = bw_http_param(req, 0);
    struct bw_open_asked a;
    bool there = true;

    ask(c, &a);
    if (strcmp(name, "datapackage.json") == 0) {
        a.what = BW_OPEN_PACKAGE;
    } else if (strcmp(name, "schema.json") == 0) {
        a.what = BW_OPEN_SCHEMA;
    } else {
        there = read_name(name, &a);
    }
    if (!there) {
        a.conf.on = false; /* answered as what is not there */
        a.what = BW_OPEN_CSV;
    }
    (void)snprintf(a.name, sizeof(a.name), "%.20s", there ? name : "none");
    bw_open_shelf_get(c->open_shelf, &a, req);
}
