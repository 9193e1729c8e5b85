/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_prices.c - what lines cost for each Mbit/s: requests and the page.
 *
 * Invariant: what was imported from USAC's open data is public and shown to everybody who
 * may look here at all; any other claim only to who sees its payer, and no median that
 * somebody gets has a line in it that is not his to see. */
#include "page_prices.h"
#include "prices_parts.h"
#include <page_parts.h>

#include <clock.h>
#include <collector.h>
#include <http.h>
#include <pricebook.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    OUT_MAX = 64 * 1024 * 1024
};

static const char *const role_words[BW_ROLE_BACKUP + 1] = {
    [BW_ROLE_UNKNOWN] = "a purpose that is not stated",
    [BW_ROLE_INTERNET] = "Internet access with its circuit",
    [BW_ROLE_ISP_ONLY] = "Internet access without a circuit",
    [BW_ROLE_TRANSPORT] = "circuits to Internet access billed apart",
    [BW_ROLE_WAN] = "circuits between sites",
    [BW_ROLE_BACKBONE] = "backbone circuits of a consortium",
    [BW_ROLE_BACKUP] = "backup lines",
};

/* ---- addresses ------------------------------------------------------------------------
 */

static void add_word(struct bw_buf *b, const char *word, const char *value, bool *first)
{
    if (value) {
        bw_buf_printf(b, "%s%s=", *first ? "?" : "&amp;", word);
        bw_text_url(b, value);
        *first = false;
    }
}

void bw_prices_url(struct bw_prices_job *j,
                   const char *path,
                   const char *word,
                   const char *value)
{
    char year[24];
    const struct bw_price_ask *a = &j->ask;
    const struct {
        const char *word;
        const char *value;
    } words[] = {
        {"year", j->seen.year == BW_UNKNOWN ? NULL : year},
        {"role", bw_price_role_name(a->role)},
        {"region", a->region ? (a->region[0] ? a->region : "none") : NULL},
        {"provider", a->provider ? (a->provider[0] ? a->provider : "none") : NULL},
        {"class", a->speed < BW_PRICE_CLASSES ? bw_price_classes[a->speed].id : NULL},
        {"layer", a->layer == BW_PRICE_ANY ? NULL : bw_price_layer_name(a->layer)},
    };
    bool first = true;

    (void)snprintf(year, sizeof(year), "FY%lld", (long long)j->seen.year);
    bw_buf_puts(&j->out, path);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool changed = word && strcmp(word, words[i].word) == 0;
        add_word(&j->out, words[i].word, changed ? value : words[i].value, &first);
    }
}

/* ---- the page
 * ---------------------------------------------------------------------------- */

static void option(struct bw_buf *b, const char *value, bool chosen, const char *words)
{
    bw_buf_puts(b, "<option dir=\"auto\" value=\"");
    bw_text_html(b, value);
    bw_buf_puts(b, chosen ? "\" selected>" : "\">");
    bw_text_html(b, words);
    bw_buf_puts(b, "</option>");
}

static void begin_select(struct bw_buf *b, const char *name, const char *words)
{
    bw_buf_printf(b, "<div><label for=\"%s\">%s</label><select id=\"%s\" name=\"%s\">",
                  name, words, name, name);
}

static void
names(struct bw_buf *b, const struct bw_price_name *list, size_t n, const char *chosen)
{
    option(b, "", !chosen, "all");
    for (size_t i = 0; i < n; i++) {
        option(b, list[i].id, chosen && strcmp(chosen, list[i].id) == 0,
               list[i].name[0] ? list[i].name : list[i].id);
    }
    option(b, "none", chosen && !chosen[0], "none that is known");
    bw_buf_puts(b, "</select></div>");
}

static int by_name(const void *a, const void *b)
{
    const struct bw_price_name *x = a;
    const struct bw_price_name *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->id, y->id);
}

/* Of lines that may be seen, by name: those of others are nobody's business. */
static int name_options(struct bw_prices_job *j, bool providers)
{
    const struct bw_prices *p = j->p;
    const struct bw_price_name *all = providers ? p->providers : p->regions;
    size_t most = providers ? p->n_providers : p->n_regions;
    struct bw_price_name *list = calloc(most + 1, sizeof(*list));
    bool *met = calloc(most + 1, sizeof(*met));
    size_t n = 0;

    for (size_t i = 0; list && met && i < p->n; i++) {
        uint32_t at = providers ? p->rows[i].provider : p->payers[p->rows[i].payer].region;
        if (at != BW_PRICE_NONE && !met[at] && j->ask.sees(j->ask.owner, p, &p->rows[i])) {
            met[at] = true;
            list[n++] = all[at];
        }
    }
    if (list && n > 0) {
        qsort(list, n, sizeof(*list), by_name);
        begin_select(&j->out, providers ? "provider" : "region",
                     providers ? "Provider" : "Region");
        names(&j->out, list, n, providers ? j->ask.provider : j->ask.region);
    }
    int r = list && met ? 0 : -1;
    free(list);
    free(met);
    return r;
}

static int write_form(struct bw_prices_job *j)
{
    struct bw_buf *b = &j->out;
    char year[24];
    int r;

    bw_buf_puts(b, "<form class=\"search\" action=\"/prices\" method=\"get\">");
    begin_select(b, "year", "Funding year");
    for (size_t i = 0; i < j->seen.n_years; i++) {
        (void)snprintf(year, sizeof(year), "FY%lld", (long long)j->seen.years[i]);
        option(b, year, j->seen.years[i] == j->seen.year, year);
    }
    bw_buf_puts(b, "</select></div>");
    begin_select(b, "role", "Lines for");
    for (int i = BW_ROLE_INTERNET; i <= BW_ROLE_BACKUP + 1; i++) {
        int role = i > BW_ROLE_BACKUP ? BW_ROLE_UNKNOWN : i;
        option(b, bw_price_role_name(role), role == j->ask.role, role_words[role]);
    }
    bw_buf_puts(b, "</select></div>");
    r = name_options(j, false);
    r = r < 0 ? r : name_options(j, true);
    begin_select(b, "class", "Class of speed");
    option(b, "", j->ask.speed == BW_PRICE_CLASSES, "all");
    for (size_t i = 0; i < BW_PRICE_CLASSES; i++) {
        option(b, bw_price_classes[i].id, j->ask.speed == i, bw_price_classes[i].words);
    }
    bw_buf_puts(b, "</select></div><button>Show</button></form>");
    return r;
}

static void write_exports(struct bw_prices_job *j)
{
    static const struct {
        const char *path;
        const char *words;
    } forms[] = {{"/api/v1/prices?format=csv&amp;of=lines&amp;", "every line as CSV"},
                 {"/api/v1/prices?format=csv&amp;of=groups&amp;",
                  "medians by region, provider and class as CSV"},
                 {"/api/v1/prices?format=json&amp;of=groups&amp;", "JSON"}};
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p>The same for programs: ");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t at;
        bw_buf_printf(b, "%s<a href=\"%s", i ? ", " : "", forms[i].path);
        at = b->len;
        bw_prices_url(j, "", NULL, NULL);
        if (at < b->len && b->data[at] == '?') { /* the path has one already */
            memmove(b->data + at, b->data + at + 1, b->len - at - 1);
            b->len--;
        }
        bw_buf_printf(b, "\">%s</a>", forms[i].words);
    }
    bw_buf_puts(b, ".</p>");
}

static void write_layers(struct bw_prices_job *j, const int64_t n[BW_LAYER_GOODPUT + 1])
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p class=\"soft small\">Speeds mean what the claim says, ");
    bw_buf_puts(b, j->ask.layer == BW_LAYER_UNKNOWN
                       ? "which names no layer here (Form 471 asks for none)"
                       : bw_price_layer_name(j->ask.layer));
    bw_buf_puts(b, "; lines at unlike layers are in no median together.");
    for (int i = 0; i <= BW_LAYER_GOODPUT; i++) {
        if (n[i] > 0 && i != j->ask.layer) {
            bw_buf_puts(b, " <a href=\"");
            bw_prices_url(j, "/prices", "layer", bw_price_layer_name(i));
            bw_buf_puts(b, "\">");
            bw_page_count(b, n[i]);
            bw_buf_printf(b, " at %s</a>",
                          i ? bw_price_layer_name(i) : "none that is stated");
        }
    }
    bw_buf_puts(b, "</p>");
}

static void write_roles(struct bw_prices_job *j)
{
    struct bw_buf *b = &j->out;
    bool any = false;

    for (int i = 0; i <= BW_ROLE_BACKUP; i++) {
        if (i != j->ask.role && j->seen.n_role[i] > 0) {
            bw_buf_puts(b, any ? ", " : "<p class=\"soft small\">Not alike, so not here: ");
            bw_buf_puts(b, "<a href=\"");
            bw_prices_url(j, "/prices", "role", bw_price_role_name(i));
            bw_buf_puts(b, "\">");
            bw_page_count(b, j->seen.n_role[i]);
            bw_buf_printf(b, " for %s</a>", role_words[i]);
            any = true;
        }
    }
    bw_buf_puts(b, any ? ".</p>" : "");
}

static int write_body(struct bw_prices_job *j, const int64_t layers[BW_LAYER_GOODPUT + 1])
{
    struct bw_buf *b = &j->out;
    int r;

    bw_buf_puts(b,
                "<h1>Prices</h1><p class=\"soft\">What lines cost a month for each Mbit/s "
                "of download, as filed and not rounded up (" BW_METHOD_LINE_PRICE ", "
                "" BW_METHOD_PRICE_SPREAD "): one line, all of its monthly price, without "
                "one-time cost. What schools really get for it is on their own pages.</p>"
                "<p><a href=\"/prices/worksheet\">Consortium worksheet</a>: what "
                "several lines carry at once, and what to bid for.</p>");
    if (j->seen.year == BW_UNKNOWN) {
        bw_buf_puts(b, "<p class=\"empty\">No claim that you may see is on file. "
                       "<code>bandwitness import usac</code> takes them from USAC's open "
                       "data.</p>");
        return 0;
    }
    r = write_form(j);
    bw_buf_puts(b, "<p><strong>");
    bw_page_count(b, (int64_t)j->seen.n);
    bw_buf_printf(b, "</strong> lines with a price, <a href=\"#apart\">");
    bw_page_count(b, (int64_t)j->seen.n_apart);
    bw_buf_printf(b, "</a> without: %s, FY%lld.</p>", role_words[j->ask.role],
                  (long long)j->seen.year);
    if (j->seen.n == 0) {
        bw_buf_puts(b, "<p class=\"note\">No line that fits has a price.</p>");
    }
    r = r < 0 ? r : bw_prices_classes(j);
    write_layers(j, layers);
    write_roles(j);
    if (j->seen.n > 0 && j->p->n_regions > 0 && !j->ask.region) {
        bw_buf_puts(b, "<h2 id=\"regions\">By region</h2>");
        r = r < 0 ? r : bw_prices_matrix(j, false);
    }
    if (j->seen.n > 0 && !j->ask.provider) {
        bw_buf_puts(b, "<h2 id=\"providers\">By provider</h2>");
        r = r < 0 ? r : bw_prices_matrix(j, true);
    }
    bw_prices_lines(j);
    bw_prices_apart(j);
    write_exports(j);
    bw_buf_puts(b,
                "<p class=\"soft small\">Claims imported from USAC's open data are public, "
                "and everybody who may sign in here sees them. Those of a table of one's "
                "own are seen, and counted, only by who sees their payer.</p>");
    return r;
}

/* Of the layers that fit, the one of most lines, where none was asked for. */
static int choose_layer(struct bw_prices_job *j, int64_t n[BW_LAYER_GOODPUT + 1])
{
    struct bw_price_ask any = j->ask;
    struct bw_price_seen s;
    int best = 0;

    any.layer = BW_PRICE_ANY;
    if (bw_prices_choose(j->p, &any, &s) < 0) {
        return -1;
    }
    for (size_t i = 0; i < s.n; i++) {
        n[j->p->rows[s.rows[i]].layer]++;
    }
    for (int i = 1; i <= BW_LAYER_GOODPUT; i++) {
        best = n[i] > n[best] ? i : best;
    }
    j->ask.layer = j->ask.layer == BW_PRICE_ANY ? best : j->ask.layer;
    bw_price_seen_done(&s);
    return 0;
}

static int make_page(struct bw_prices_job *j)
{
    int64_t layers[BW_LAYER_GOODPUT + 1] = {0};
    struct bw_price_ask before;

    if (choose_layer(j, layers) < 0 || bw_prices_choose(j->p, &j->ask, &j->seen) < 0) {
        return -1;
    }
    before = j->ask;
    before.year = j->seen.year == BW_UNKNOWN ? 0 : j->seen.year - 1;
    if (bw_prices_choose(j->p, &before, &j->before) < 0) {
        return -1;
    }
    bw_page_begin_at(&j->out, "Prices", j->title, BW_PLACE_PRICES, bw_door_viewer(j->req));
    int r = write_body(j, layers);
    bw_page_end(&j->out, bw_clock_unix_ms());
    return r;
}

/* ---- requests
 * ------------------------------------------------------------------------------ */

static bool sees(void *owner, const struct bw_prices *p, const struct bw_price_row *row)
{
    const struct bw_page_scope *s = owner;
    const char *entity = p->payers[row->payer].entity;
    uint32_t at;

    if (row->open || s->all) {
        return true;
    }
    at = entity[0] ? bw_room_entity_find(s->room, entity) : BW_ROOM_NONE;
    return at != BW_ROOM_NONE && bw_page_scope_entity(s, at);
}

static int make(struct bw_prices_job *j)
{
    if (j->form == BW_PRICES_PAGE) {
        return make_page(j);
    }
    if (bw_prices_choose(j->p, &j->ask, &j->seen) < 0) {
        return -1;
    }
    if (j->form == BW_PRICES_JSON) {
        bw_prices_json(j->p, &j->ask, &j->seen, !j->groups, &j->out);
    } else if (j->groups) {
        return bw_prices_csv_groups(j->p, &j->ask, &j->seen, &j->out);
    } else {
        bw_prices_csv_lines(j->p, &j->seen, &j->out);
    }
    return 0;
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_prices_job *j = job;

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_pricebook_take(j->book, r->catalogue, &j->p, &j->err) < 0) {
        return;
    }
    if (make(j) < 0) {
        (void)bw_err_set(&j->err, 0, "out of memory");
    } else {
        j->status = 200;
    }
    bw_pricebook_drop(j->book, j->p);
}

static void
refuse(struct bw_http_req *req, enum bw_prices_form form, unsigned status, const char *why)
{
    if (form == BW_PRICES_PAGE) {
        bw_page_sorry(req, status, why);
        return;
    }
    if (status != 400) {
        bw_http_add(req, "Retry-After", "10");
    }
    bw_http_problem(req, status, status == 400 ? "bad-query" : "busy",
                    status == 400 ? "Unknown word in the query" : "Not possible now", "%s",
                    why);
}

static void after(void *job, int cancelled)
{
    struct bw_prices_job *j = job;
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (cancelled || j->status != 200) {
        refuse(j->req, j->form, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        if (j->form == BW_PRICES_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        j->groups ? "attachment; filename=\"prices-medians.csv\""
                                  : "attachment; filename=\"prices-lines.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out);
    }
    bw_room_drop(j->r);
    bw_price_seen_done(&j->seen);
    bw_price_seen_done(&j->before);
    bw_buf_done(&j->out);
    free(j);
}

/* A word that names something: "" is all, "none" what has none. */
static bool take_word(const char *text, char to[BW_PRICES_WORD_MAX + 1], const char **ret)
{
    if (!text || !text[0]) {
        return true;
    }
    if (strlen(text) > BW_PRICES_WORD_MAX) {
        return false;
    }
    (void)snprintf(to, BW_PRICES_WORD_MAX + 1, "%s", strcmp(text, "none") == 0 ? "" : text);
    *ret = to;
    return true;
}

static bool take_year(const char *text, int64_t *ret)
{
    char *end = NULL;
    long year;

    if (!text || !text[0]) {
        return true;
    }
    text += strncmp(text, "FY", 2) == 0 ? 2 : 0;
    year = strtol(text, &end, 10);
    *ret = year;
    return end && *end == '\0' && year >= 1998 && year <= 2199;
}

static bool read_words(struct bw_prices_job *j)
{
    const char *role = bw_http_query(j->req, "role");
    const char *layer = bw_http_query(j->req, "layer");
    const char *speed = bw_http_query(j->req, "class");
    const char *of = bw_http_query(j->req, "of");
    const char *format = bw_http_query(j->req, "format");

    j->ask.role = role && role[0] ? bw_price_role_parse(role) : BW_ROLE_INTERNET;
    j->ask.layer = layer && layer[0] ? bw_price_layer_parse(layer) : BW_PRICE_ANY;
    j->ask.speed = speed && speed[0] ? bw_price_class_parse(speed) : BW_PRICE_CLASSES;
    if (j->ask.role < 0 || (layer && layer[0] && j->ask.layer < 0) ||
        (speed && speed[0] && j->ask.speed == BW_PRICE_CLASSES) ||
        !take_year(bw_http_query(j->req, "year"), &j->ask.year) ||
        !take_word(bw_http_query(j->req, "region"), j->region, &j->ask.region) ||
        !take_word(bw_http_query(j->req, "provider"), j->provider, &j->ask.provider)) {
        return false;
    }
    if (j->form == BW_PRICES_PAGE) {
        return true;
    }
    if (of && strcmp(of, "lines") != 0 && strcmp(of, "groups") != 0) {
        return false;
    }
    j->groups = !of || strcmp(of, "groups") == 0;
    if (format && strcmp(format, "csv") == 0) {
        j->form = BW_PRICES_CSV;
    }
    return !format || strcmp(format, "csv") == 0 || strcmp(format, "json") == 0;
}

static void begin(struct bw_collector *c, struct bw_http_req *req, enum bw_prices_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_prices_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_prices_job){.req = req,
                                    .form = form,
                                    .r = r,
                                    .book = c->pricebook,
                                    .ask = {.year = BW_UNKNOWN, .sees = sees}};
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        j->ask.owner = &j->scope;
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j) ? 0 : 400;
        form = j->form;
        why =
            "year: FY2026; role: internet, isp-only, transport, wan, backbone, backup or "
            "unknown; class: under-100m, 100m, 300m, 1g, 2g, 4g or 10g; layer: not-stated, "
            "ethernet, ip or goodput; of: lines or groups; format: json or csv";
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

void bw_page_prices(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PRICES_PAGE);
}

void bw_api_prices(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PRICES_JSON);
}
