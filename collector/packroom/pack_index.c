/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_index.c - the circuits of an entity or a funding request in a period, as the
 * command's
 * --district, --consortium and --frn choose them, with the address of each one's pack. */
#include "pack_index.h"

#include "packroom.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <ledger.h>
#include <page_parts.h>
#include <readers.h>
#include <selection.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <tz.h>
#include <viewer.h>

enum {
    ANSWER_MAX = 8 * 1024 * 1024,
    NUMBER_MAX = 40
};

struct index {
    struct bw_http_req *req;
    char title[128];
    char number[NUMBER_MAX + 1];
    bool frn;
    struct bw_pack_ask ask;
    struct bw_select_asked asked;
    struct bw_select_name *recorded;
    int r;
    struct bw_err err;
    struct bw_buf out;
};

static void index_free(struct index *x)
{
    free(x->recorded);
    bw_buf_done(&x->out);
    free(x);
}

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct index *x = owner;
    struct bw_select_name *list =
        reallocarray(x->recorded, x->asked.n_recorded + 1, sizeof(*list));

    if (!list) {
        return -ENOMEM;
    }
    x->recorded = list;
    (void)snprintf(list[x->asked.n_recorded].site, sizeof(list->site), "%s", c->site);
    (void)snprintf(list[x->asked.n_recorded].circuit, sizeof(list->circuit), "%s",
                   c->facts.id);
    x->asked.n_recorded++;
    return 0;
}

/* The address of one circuit's pack; what stands in it was checked (pack_ask.h). */
static void put_address(struct bw_buf *b,
                        const struct index *x,
                        const struct bw_selected *s,
                        const char *format,
                        const char *and)
{
    const struct bw_pack_ask *a = &x->ask;
    const struct {
        const char *name;
        const char *word;
    } words[] = {{"year", a->year},
                 {"month", a->month},
                 {"from", a->from},
                 {"to", a->to},
                 {"tz", a->tz}};

    bw_buf_puts(b, "/api/v1/circuits/");
    bw_text_url(b, s->name.site);
    bw_buf_putc(b, '.');
    bw_text_url(b, s->name.circuit);
    bw_buf_printf(b, "/pack?for=%s%sformat=%s", a->purpose, and, format);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].word[0]) {
            bw_buf_printf(b, "%s%s=", and, words[i].name);
            bw_text_url(b, words[i].word);
        }
    }
}

static void put_json(struct index *x, const struct bw_selection *s)
{
    struct bw_buf address;
    struct bw_jw w;

    bw_buf_init(&address, 2048);
    bw_jw_init(&w, &x->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, x->frn ? "frn" : "entity", x->number);
    bw_jw_kstr(&w, "name", s->name[0] ? s->name : NULL);
    bw_jw_karr(&w, "circuits");
    for (size_t i = 0; i < s->n; i++) {
        bw_buf_clear(&address);
        put_address(&address, x, &s->circuits[i], "json", "&");
        char id[BW_SITE_MAX + BW_NAME_MAX + 2];
        (void)snprintf(id, sizeof(id), "%s.%s", s->circuits[i].name.site,
                       s->circuits[i].name.circuit);
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "id", id);
        bw_jw_kstr(&w, "why", s->circuits[i].why);
        bw_jw_kbool(&w, "recorded", s->circuits[i].recorded);
        bw_jw_kstr(&w, "pack", address.data ? address.data : "");
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&x->out, '\n');
    bw_buf_done(&address);
}

static void put_page(struct index *x, const struct bw_selection *s)
{
    static const char *const formats[] = {"html", "pdf", "csv", "json"};
    static const char *const names[] = {"page", "PDF", "CSV", "JSON"};
    struct bw_buf *b = &x->out;

    bw_page_begin_at(b, x->number, x->title, BW_PLACE_NONE, bw_door_viewer(x->req));
    bw_buf_printf(b, "<h1>Packs %s %s ", x->ask.purpose,
                  x->frn ? "of funding request" : "of");
    bw_text_html(b, s->name[0] ? s->name : x->number);
    bw_buf_puts(b, "</h1><ul>");
    for (size_t i = 0; i < s->n; i++) {
        bw_buf_puts(b, "<li>");
        bw_text_html(b, s->circuits[i].name.site);
        bw_buf_putc(b, '.');
        bw_text_html(b, s->circuits[i].name.circuit);
        bw_buf_puts(b, ": ");
        for (size_t k = 0; s->circuits[i].recorded && k < 4; k++) {
            bw_buf_puts(b, k ? ", <a href=\"" : "<a href=\"");
            put_address(b, x, &s->circuits[i], formats[k], "&amp;");
            bw_buf_printf(b, "\">%s</a>", names[k]);
        }
        bw_buf_puts(b, s->circuits[i].recorded ? " (" : "no record (");
        bw_text_html(b, s->circuits[i].why);
        bw_buf_puts(b, ")</li>");
    }
    bw_buf_puts(b, "</ul>");
    bw_page_end(b, bw_clock_unix_ms());
}

/* Of who sees a part of the state, only circuits of that part; and a name only of what is
 * seen. */
static void keep_seen(struct index *x, struct bw_selection *s)
{
    const struct bw_viewer *v = bw_door_viewer(x->req);
    size_t n = 0;
    if (bw_viewer_sees_state(v)) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (bw_viewer_sees_site(v, s->circuits[i].name.site)) {
            s->circuits[n++] = s->circuits[i];
        }
    }
    s->n = n;
    if (x->frn || !bw_viewer_sees_entity(v, x->number)) {
        s->name[0] = '\0';
    }
    x->r = n == 0 ? -ENOENT : x->r;
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct index *x = job;
    struct bw_selection s;
    struct bw_tz *tz = NULL;
    char zone[64];

    memset(&s, 0, sizeof(s));
    bw_tz_host_name(zone, sizeof(zone));
    if (!r) {
        x->r = -EIO;
        x->err = *err;
        return;
    }
    if (bw_tz_load(x->ask.tz[0] ? x->ask.tz : zone, &tz, &x->err) < 0) {
        x->r = -ENOENT;
        return;
    }
    x->asked.tz = tz;
    x->r = r->ledger->ops->circuits(r->ledger, NULL, on_circuit, x, &x->err);
    x->asked.recorded = x->recorded;
    x->asked.number = x->number;
    x->asked.by = x->frn ? BW_SELECT_FRN : BW_SELECT_DISTRICT;
    x->r = x->r < 0 ? x->r : bw_select(r->catalogue, &x->asked, &s, &x->err);
    if (!x->frn && (x->r == -ENOENT || x->r == -ENODATA)) {
        bw_selection_done(&s);
        x->asked.by = BW_SELECT_CONSORTIUM;
        x->r = bw_select(r->catalogue, &x->asked, &s, &x->err);
    }
    if (x->r == 0) {
        keep_seen(x, &s);
    }
    if (x->r == 0 && strcmp(x->ask.format, "json") == 0) {
        put_json(x, &s);
    } else if (x->r == 0) {
        put_page(x, &s);
    }
    bw_selection_done(&s);
    bw_tz_free(tz);
}

static void after(void *job, int cancelled)
{
    struct index *x = job;

    if (!cancelled && (x->r == -ENOENT || x->r == -ENODATA)) {
        /* the same words for what is not there and for what is not this one's to see */
        bool all = bw_viewer_sees_state(bw_door_viewer(x->req));
        bw_http_problem(x->req, 404, "not-found", "No such circuits", "%s",
                        all ? x->err.text : "no circuit of this, or none that you may see");
    } else if (cancelled || x->r < 0) {
        bw_http_add(x->req, "Retry-After", "30");
        bw_http_problem(x->req, 503, "busy", "Not possible now", "%s",
                        cancelled ? "the collector is stopping" : x->err.text);
    } else {
        bw_http_reply(x->req, 200,
                      strcmp(x->ask.format, "json") == 0 ? "application/json"
                                                         : "text/html; charset=utf-8",
                      &x->out);
    }
    index_free(x);
}

/* First and last day of the period. */
static int read_days(struct index *x)
{
    const struct bw_pack_ask *a = &x->ask;
    int64_t first = 0;
    int64_t end = 0;

    if (a->year[0]) {
        bool funding = a->year[0] == 'F';
        int year = (int)strtol(a->year + (funding ? 2 : 0), NULL, 10);
        first = bw_civil_days(year, funding ? 7 : 1, 1);
        end = bw_civil_days(year + 1, funding ? 7 : 1, 1);
    } else if (a->month[0]) {
        int year = (int)strtol(a->month, NULL, 10);
        int month = (int)strtol(a->month + 5, NULL, 10);
        first = bw_civil_days(year, month, 1);
        end = bw_civil_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1);
    } else if (bw_civil_date_parse(a->from, &first) < 0 ||
               bw_civil_date_parse(a->to, &end) < 0 || end <= first) {
        return -EINVAL;
    }
    bw_civil_date(first, x->asked.first);
    bw_civil_date(end - 1, x->asked.last);
    return 0;
}

static void get(struct bw_collector *c, struct bw_http_req *req, bool frn)
{
    const struct bw_pack_query q = bw_packroom_query(req);
    const char *number = bw_http_param(req, 0);
    struct index *x = calloc(1, sizeof(*x));

    if (!x) {
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return;
    }
    x->req = req;
    x->frn = frn;
    bw_buf_init(&x->out, ANSWER_MAX);
    (void)snprintf(x->title, sizeof(x->title), "%s", c->conf->title);
    (void)snprintf(x->number, sizeof(x->number), "%.40s", number);
    int r = bw_pack_ask_read(&q, &x->ask, &x->err);
    if (r == 0 && read_days(x) < 0) {
        r = bw_err_set(&x->err, -EINVAL, "from, to: days, as in 2026-11-02");
    }
    if (r == 0 && strcmp(x->ask.format, "html") != 0 &&
        strcmp(x->ask.format, "json") != 0) {
        r = bw_err_set(&x->err, -EINVAL,
                       "format: html or json: this is the list of circuits, each of which "
                       "has its pack in every form");
    }
    if (r < 0) {
        bw_http_problem(req, 400, "bad-query", "Not understood", "%s", x->err.text);
        index_free(x);
    } else if (strlen(number) > NUMBER_MAX ||
               strspn(number, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(number)) {
        bw_http_problem(req, 404, "not-found", "No such circuits",
                        "an entity is its number or id, a funding request its FRN");
        index_free(x);
    } else if (bw_readers_run(c->readers, work, after, x) < 0) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
        index_free(x);
    }
}

void bw_pack_index_entity(void *owner, struct bw_http_req *req)
{
    get(owner, req, false);
}

void bw_pack_index_frn(void *owner, struct bw_http_req *req)
{
    get(owner, req, true);
}
