/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_worksheet.c - the consortium's worksheet: what was chosen, the form, and the sum,
 * which is made on a thread of the readers, one at a time.
 *
 * Invariant: a circuit that somebody may not see is in no list and no sum, and its name is
 * no more known than one that nobody has. */
#include "page_worksheet.h"
#include "worksheet_parts.h"
#include <page_parts.h>

#include <clock.h>
#include <coincident.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <plural.h>
#include <readers.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    OUT_MAX = 64 * 1024 * 1024,
    CIRCUIT_DAYS_MAX =
        12000, /* of one request: some ten seconds; the command has no bound */
    CIRCUITS_MAX = 600,
    WAITING_MAX = 8,
    DAYS_USUAL = 28,
    DAYS_MAX = 366
};

struct bw_worksheets {
    atomic_bool stop;
    /* the loop's */
    bool busy;
    struct bw_worksheet_job *waiting; /* the oldest first */
    size_t n_waiting;
};

struct bw_worksheets *bw_worksheets_new(void)
{
    return calloc(1, sizeof(struct bw_worksheets));
}

void bw_worksheets_stop(struct bw_worksheets *w)
{
    if (w) {
        atomic_store(&w->stop, true);
    }
}

void bw_worksheets_free(struct bw_worksheets *w)
{
    free(w);
}

/* ---- what was chosen
 * ---------------------------------------------------------------------- */

const char *bw_worksheet_called(void *owner, const struct bw_coincident_circuit *c)
{
    const struct bw_worksheet_job *j = owner;
    uint32_t at = bw_room_site_find(j->r, c->site);

    return at == BW_ROOM_NONE ? "" : j->r->sites[at].name;
}

void bw_worksheet_url(struct bw_worksheet_job *j, const char *path)
{
    struct bw_buf *b = &j->out_bytes;

    bw_buf_printf(b, "%s&amp;days=%lld&amp;need=%lld", path, (long long)j->days,
                  (long long)j->need_percent);
    if (j->below != BW_ROOM_NONE) {
        bw_buf_puts(b, "&amp;below=");
        bw_text_url(b, j->r->entities[j->below].id);
    }
    if (j->by_hand[0]) {
        bw_buf_puts(b, "&amp;circuits=");
        bw_text_url(b, j->by_hand);
    }
    for (size_t i = 0; i < j->chosen.n; i++) {
        if (j->out[i]) {
            bw_buf_printf(b, "&amp;%s.%s=out", j->chosen.names[i].site,
                          j->chosen.names[i].circuit);
        }
    }
}

/* Circuit i of the room, unless its box is retired or it is not to be seen. */
static int choose(struct bw_worksheet_job *j, uint32_t i)
{
    const struct bw_room_circuit *x = &j->r->circuits[i];
    const struct bw_room_site *s = &j->r->sites[x->site];
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];

    if (!bw_page_scope_circuit(&j->scope, i) || s->freshness == BW_RETIRED) {
        return 0;
    }
    (void)snprintf(id, sizeof(id), "%s.%s", s->id, x->name);
    return bw_worksheet_add(&j->chosen, id) == -ENOMEM ? -ENOMEM : 0;
}

/* Words apart by blanks, commas or line ends. */
static int choose_by_hand(struct bw_worksheet_job *j)
{
    static const char between[] = " ,;\t\r\n";
    const char *at = j->by_hand;
    int r = 0;

    for (at += strspn(at, between); r == 0 && *at; at += strspn(at, between)) {
        char word[BW_SITE_MAX + BW_NAME_MAX + 2];
        size_t n = strcspn(at, between);
        uint32_t found = BW_ROOM_NONE;
        if (n < sizeof(word)) {
            memcpy(word, at, n);
            word[n] = '\0';
            found = bw_room_circuit_find(j->r, word);
        }
        if (found == BW_ROOM_NONE || !bw_page_scope_circuit(&j->scope, found)) {
            j->n_wrong++;
        } else {
            r = choose(j, found);
        }
        at += n;
    }
    return r;
}

static int leave_out(struct bw_worksheet_job *j)
{
    j->out = calloc(j->chosen.n + 1, sizeof(*j->out));
    if (!j->out) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < j->chosen.n; i++) {
        char id[BW_SITE_MAX + BW_NAME_MAX + 2];
        const char *said;
        (void)snprintf(id, sizeof(id), "%s.%s", j->chosen.names[i].site,
                       j->chosen.names[i].circuit);
        said = bw_http_query(j->req, id);
        j->out[i] = said && strcmp(said, "out") == 0;
        j->n_out += j->out[i];
        if (!j->out[i] && bw_worksheet_add(&j->in, id) == -ENOMEM) {
            return -ENOMEM;
        }
    }
    return 0;
}

static bool take_number(const char *text, int64_t most, int64_t *ret)
{
    char *end = NULL;
    long long n;

    if (!text || !text[0]) {
        return true;
    }
    n = strtoll(text, &end, 10);
    *ret = n;
    return end && *end == '\0' && n >= 1 && n <= most;
}

/* 0, or the status of a refusal. */
static unsigned read_words(struct bw_worksheet_job *j)
{
    const char *below = bw_http_query(j->req, "below");
    const char *by_hand = bw_http_query(j->req, "circuits");
    const char *make = bw_http_query(j->req, "make");
    const char *of = bw_http_query(j->req, "of");
    const char *format = bw_http_query(j->req, "format");
    int r = 0;

    j->by_hand = by_hand ? by_hand : "";
    j->make = j->form != BW_WORKSHEET_PAGE || (make && strcmp(make, "1") == 0);
    if (!take_number(bw_http_query(j->req, "days"), DAYS_MAX, &j->days) ||
        !take_number(bw_http_query(j->req, "need"), 100, &j->need_percent)) {
        return 400;
    }
    if (j->form != BW_WORKSHEET_PAGE) {
        if ((of && strcmp(of, "sum") != 0 && strcmp(of, "circuits") != 0) ||
            (format && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)) {
            return 400;
        }
        j->circuits = !of || strcmp(of, "circuits") == 0;
        j->form = format && strcmp(format, "csv") == 0 ? BW_WORKSHEET_CSV : j->form;
    }
    if (below && below[0]) {
        j->below = bw_room_entity_find(j->r, below);
        if (j->below == BW_ROOM_NONE || !bw_page_scope_entity(&j->scope, j->below)) {
            return 404;
        }
        const struct bw_room_entity *e = &j->r->entities[j->below];
        for (uint32_t i = e->first_circuit; r == 0 && i < e->end_circuit; i++) {
            r = choose(j, i);
        }
    }
    r = r < 0 ? r : choose_by_hand(j);
    r = r < 0 ? r : leave_out(j);
    return r < 0 ? 503 : 0;
}

static bool too_much(const struct bw_worksheet_job *j)
{
    return j->in.n > CIRCUITS_MAX || (int64_t)j->in.n * j->days > CIRCUIT_DAYS_MAX;
}

/* ---- the form
 * ------------------------------------------------------------------------------- */

static bool chosen_from(const struct bw_worksheet_job *j, uint32_t e)
{
    enum bw_entity_kind k = j->r->entities[e].kind;

    return k != BW_ENTITY_SCHOOL && k != BW_ENTITY_LIBRARY && k != BW_ENTITY_INDEPENDENT &&
           bw_page_scope_entity(&j->scope, e);
}

static void number_select(struct bw_buf *b,
                          const char *name,
                          const char *words,
                          const int64_t *values,
                          const char *const *texts,
                          size_t n,
                          int64_t chosen)
{
    bw_buf_printf(b, "<div><label for=\"%s\">%s</label><select id=\"%s\" name=\"%s\">",
                  name, words, name, name);
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(b, "<option value=\"%lld\"%s>%s</option>", (long long)values[i],
                      values[i] == chosen ? " selected" : "", texts[i]);
    }
    bw_buf_puts(b, "</select></div>");
}

static void write_circuits(struct bw_worksheet_job *j)
{
    struct bw_buf *b = &j->out_bytes;

    bw_page_table_begin(b, "Circuits that were chosen",
                        "<th scope=\"col\">Leave out</th><th scope=\"col\">Circuit</th>"
                        "<th scope=\"col\" class=\"n\">Claimed, down</th>");
    for (size_t i = 0; i < j->chosen.n; i++) {
        const struct bw_worksheet_name *x = &j->chosen.names[i];
        char id[BW_SITE_MAX + BW_NAME_MAX + 2];
        (void)snprintf(id, sizeof(id), "%s.%s", x->site, x->circuit);
        const struct bw_room_circuit *c =
            &j->r->circuits[bw_room_circuit_find(j->r, id)]; /* it was chosen from there */
        const struct bw_room_site *s = &j->r->sites[c->site];
        bw_buf_printf(b,
                      "<tr><td><input type=\"checkbox\" name=\"%s\" id=\"x-%s\" "
                      "value=\"out\"%s></td><td><label for=\"x-%s\">",
                      id, id, j->out[i] ? " checked" : "", id);
        bw_page_name(b, s->name[0] ? s->name : s->id);
        bw_buf_printf(b, " <span class=\"id\">%s</span></label></td><td class=\"n\">", id);
        if (c->claim.has && c->claim.bps[BW_DOWN] > 0) {
            bw_page_rate(b, c->claim.bps[BW_DOWN]);
        } else {
            bw_buf_puts(b, "not on file");
        }
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
}

static void write_form(struct bw_worksheet_job *j)
{
    static const int64_t days[] = {7, 28, 91, 182, 365};
    static const char *const day_words[] = {"7 days", "28 days", "13 weeks", "half a year",
                                            "a year"};
    static const int64_t need[] = {100, 95, 90, 80, 50};
    static const char *const need_words[] = {"all of them", "95 %", "90 %", "80 %", "half"};
    struct bw_buf *b = &j->out_bytes;

    bw_buf_puts(b, "<form action=\"/prices/worksheet\" method=\"get\"><div class=\"row\">"
                   "<div><label for=\"below\">All circuits of</label><select id=\"below\" "
                   "name=\"below\"><option value=\"\">none</option>");
    for (uint32_t e = 0; e < j->r->n_entities; e++) {
        if (chosen_from(j, e)) {
            bw_buf_puts(b, "<option dir=\"auto\" value=\"");
            bw_text_html(b, j->r->entities[e].id);
            bw_buf_puts(b, e == j->below ? "\" selected>" : "\">");
            bw_text_html(b, j->r->entities[e].name);
            bw_buf_puts(b, "</option>");
        }
    }
    bw_buf_puts(b, "</select></div><div><label for=\"circuits\">And by hand: SITE.CIRCUIT, "
                   "…</label><input id=\"circuits\" name=\"circuits\" maxlength=\"2000\" "
                   "value=\"");
    bw_text_html(b, j->by_hand);
    bw_buf_puts(b, "\"></div>");
    number_select(b, "days", "Days before today", days, day_words, 5, j->days);
    number_select(b, "need", "Known in a bin", need, need_words, 5, j->need_percent);
    bw_buf_puts(b, "<button name=\"make\" value=\"0\">Show circuits</button>");
    if (j->chosen.n > 0) {
        bw_buf_puts(
            b, "<button name=\"make\" value=\"1\" class=\"main\">Add them up</button>");
    }
    bw_buf_puts(b, "</div>");
    if (j->n_wrong > 0) {
        bw_buf_printf(b, "<p class=\"note\">%zu %s written by hand %s not known here.</p>",
                      j->n_wrong, bw_plural((int64_t)j->n_wrong, "circuit", "circuits"),
                      bw_plural((int64_t)j->n_wrong, "is", "are"));
    }
    if (j->chosen.n > 0) {
        bw_buf_puts(b, "<details");
        bw_buf_puts(b, j->make && !too_much(j) ? "><summary>" : " open><summary>");
        bw_page_count(b, (int64_t)j->chosen.n);
        bw_buf_printf(b, " %s chosen",
                      bw_plural((int64_t)j->chosen.n, "circuit", "circuits"));
        if (j->n_out > 0) {
            bw_buf_printf(b, ", %zu left out", j->n_out);
        }
        bw_buf_puts(b, "</summary>");
        write_circuits(j);
        bw_buf_puts(b, "</details>");
    } else if (j->below != BW_ROOM_NONE) {
        bw_buf_puts(b, "<p class=\"note\">No circuit with a box in service is there.</p>");
    }
    bw_buf_puts(b, "</form>");
}

static void write_too_much(struct bw_worksheet_job *j)
{
    struct bw_buf *b = &j->out_bytes;

    bw_buf_printf(
        b,
        "<p class=\"note\">That is %zu circuits of %lld days; a page adds up %d "
        "circuit-days and %d circuits at most. Fewer days or circuits, or on the "
        "collector's machine: <code>bandwitness worksheet --ledger DIR%s%s --days "
        "%lld --need %lld</code></p>",
        j->in.n, (long long)j->days, CIRCUIT_DAYS_MAX, CIRCUITS_MAX,
        j->below != BW_ROOM_NONE ? " --below " : "",
        j->below != BW_ROOM_NONE ? j->r->entities[j->below].id : "", (long long)j->days,
        (long long)j->need_percent);
}

static void write_page(struct bw_worksheet_job *j)
{
    struct bw_buf *b = &j->out_bytes;

    bw_page_begin_at(b, "Worksheet", j->title, BW_PLACE_PRICES, bw_door_viewer(j->req));
    bw_buf_puts(b,
                "<p class=\"crumbs\"><a href=\"/prices\">Prices</a></p><h1>Consortium "
                "worksheet</h1><p class=\"soft\">What chosen circuits carry together: the "
                "highest sum of one five minutes of class hours, not the sum of what each "
                "carried at its own busiest moment. From that, what speed to bid "
                "for.</p>");
    write_form(j);
    if (j->make && j->in.n == 0) {
        bw_buf_puts(b, "<p class=\"note\">No circuit is chosen.</p>");
    } else if (j->make && too_much(j)) {
        write_too_much(j);
    } else if (j->sheet.sum) {
        bw_worksheet_shown(j);
    }
    bw_page_end(b, bw_clock_unix_ms());
}

/* ---- requests
 * ---------------------------------------------------------------------------------
 */

static int on_progress(void *owner, size_t done, size_t n)
{
    const struct bw_worksheet_job *j = owner;

    (void)done;
    (void)n;
    return atomic_load(&j->all->stop) ? -ECANCELED : 0;
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_worksheet_job *j = job;
    const struct bw_worksheet_ask ask = {.data_dir = j->data,
                                         .names = j->in.names,
                                         .n = j->in.n,
                                         .first_day = BW_UNKNOWN,
                                         .end_day = BW_UNKNOWN,
                                         .n_days = j->days,
                                         .layer = BW_LAYER_IP,
                                         .need_ppm = j->need_percent * 10000,
                                         .now_unix_s = bw_clock_unix_ms() / 1000,
                                         .progress = on_progress,
                                         .owner = j};

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_worksheet_make(&ask, &j->sheet, &j->err) < 0) {
        return;
    }
    j->status = 200;
    if (j->form == BW_WORKSHEET_PAGE) {
        write_page(j);
    } else if (j->form == BW_WORKSHEET_JSON) {
        bw_coincident_json(j->sheet.sum, bw_worksheet_called, j, &j->out_bytes);
    } else if (j->circuits) {
        bw_coincident_csv_circuits(j->sheet.sum, bw_worksheet_called, j, &j->out_bytes);
    } else {
        bw_coincident_csv_sum(j->sheet.sum, &j->out_bytes);
    }
}

static void refuse(struct bw_http_req *req,
                   enum bw_worksheet_form form,
                   unsigned status,
                   const char *why)
{
    static const struct {
        unsigned status;
        const char *type;
        const char *title;
    } kinds[] = {{400, "bad-query", "Not understood"}, {404, "not-found", "Nothing here"}};
    size_t i = status == 404;

    if (form == BW_WORKSHEET_PAGE) {
        bw_page_sorry(req, status, why);
    } else if (status == 400 || status == 404) {
        bw_http_problem(req, status, kinds[i].type, kinds[i].title, "%s", why);
    } else {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, status, "busy", "Not possible now", "%s", why);
    }
}

static void job_free(struct bw_worksheet_job *j)
{
    bw_room_drop(j->r);
    bw_worksheet_done(&j->sheet);
    free(j->chosen.names);
    free(j->in.names);
    free(j->out);
    bw_buf_done(&j->out_bytes);
    free(j);
}

static void answer(struct bw_worksheet_job *j)
{
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (j->status != 200) {
        refuse(j->req, j->form, j->status, j->err.text);
    } else {
        if (j->form == BW_WORKSHEET_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        j->circuits ? "attachment; filename=\"worksheet-circuits.csv\""
                                    : "attachment; filename=\"worksheet.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out_bytes);
    }
    job_free(j);
}

static void sorry(struct bw_worksheet_job *j, const char *why)
{
    j->status = 503;
    (void)bw_err_set(&j->err, 0, "%s", why);
    answer(j);
}

static void start(struct bw_worksheet_job *j);

static void after(void *job, int cancelled)
{
    struct bw_worksheet_job *j = job;
    struct bw_worksheets *all = j->all;

    all->busy = false;
    if (cancelled) {
        sorry(j, "the collector is stopping");
    } else {
        answer(j);
    }
    while (all->waiting && !all->busy) {
        j = all->waiting;
        all->waiting = j->next;
        all->n_waiting--;
        start(j);
    }
}

static void start(struct bw_worksheet_job *j)
{
    if (atomic_load(&j->all->stop)) {
        sorry(j, "the collector is stopping");
    } else if (bw_readers_run(j->c->readers, work, after, j) < 0) {
        sorry(j, "too much at once; try again in 10 seconds");
    } else {
        j->all->busy = true;
    }
}

/* One at a time, in their order. */
static void wait_or_start(struct bw_worksheet_job *j)
{
    struct bw_worksheet_job **at = &j->all->waiting;

    if (!j->all->busy) {
        start(j);
    } else if (j->all->n_waiting == WAITING_MAX) {
        sorry(j, "too many worksheets are asked for; try again in 10 seconds");
    } else {
        while (*at) {
            at = &(*at)->next;
        }
        *at = j;
        j->all->n_waiting++;
    }
}

/* What needs no sum is answered at once. */
static void go(struct bw_worksheet_job *j)
{
    bool sum = j->make && j->in.n > 0 && !too_much(j);

    j->status = 200;
    if (!sum && j->form == BW_WORKSHEET_PAGE) {
        write_page(j);
        answer(j);
    } else if (!sum) {
        j->status = 400;
        (void)bw_err_set(&j->err, 0, "no circuit was chosen, or too many for so many days");
        answer(j);
    } else {
        wait_or_start(j);
    }
}

static void
begin(struct bw_collector *c, struct bw_http_req *req, enum bw_worksheet_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_worksheet_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status;

    if (!j) {
        bw_room_drop(r);
        refuse(req, form, 503,
               "the state's room is being made; it takes some seconds after the start");
        return;
    }
    *j = (struct bw_worksheet_job){.c = c,
                                   .req = req,
                                   .all = c->worksheets,
                                   .form = form,
                                   .r = r,
                                   .below = BW_ROOM_NONE,
                                   .days = DAYS_USUAL,
                                   .need_percent = 100};
    bw_page_scope(r, bw_door_viewer(req), &j->scope);
    (void)snprintf(j->data, sizeof(j->data), "%s", c->data_folder);
    (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
    bw_buf_init(&j->out_bytes, OUT_MAX);
    status = read_words(j);
    if (status != 0) {
        j->status = status;
        (void)bw_err_set(
            &j->err, 0, "%s",
            status == 404 ? "there is no such region or district"
            : status == 503
                ? "out of memory"
                : "days: 1 to 366; need: 1 to 100; of: sum or circuits; format: "
                  "json or csv");
        answer(j);
        return;
    }
    go(j);
}

void bw_page_worksheet(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_WORKSHEET_PAGE);
}

void bw_api_worksheet(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_WORKSHEET_JSON);
}
