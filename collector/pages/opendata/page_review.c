/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_review.c - a district looks at the rows that would be published for its sites, and
 * approves them, holds them, or takes its word back.
 *
 * Invariant: what is approved is what was shown: the form carries the hash of the rows, and
 * other rows are refused. Whoever does not see a district learns nothing of it. */
#include "page_opendata.h"

#include "open_shelf.h"
#include "review_parts.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <collector.h>
#include <door.h>
#include <errno.h>
#include <http.h>
#include <opendata.h>
#include <page_parts.h>
#include <readers.h>
#include <share_form.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    PAGE_MAX = 64 * 1024 * 1024,
    DAYS_USUAL = 14
};

/* The rows of the days as they would stand in files, approved or not. */
static int
write_csv(struct bw_review *v, struct bw_opendata *o, const struct bw_opendata_district *d)
{
    int r = 0;

    bw_opendata_csv_head(&v->out);
    for (int64_t day = v->from_day; r == 0 && day <= v->to_day; day++) {
        struct bw_opendata_group g;
        r = bw_opendata_group(o, d, day, &g, &v->err);
        for (size_t i = 0; r == 0 && i < g.n; i++) {
            bw_opendata_csv_row(&v->out, g.rows[i].place, &g.rows[i].day, true);
        }
        if (r == 0) {
            bw_opendata_group_done(&g);
        }
    }
    return r;
}

/* ---- saying -----------------------------------------------------------------------------
 */

static int
withdraw(struct bw_review *v, struct bw_opendata *o, const struct bw_opendata_district *d)
{
    for (size_t i = d->said_first; i < d->said_end; i++) {
        if (strcmp(bw_opendata_words(o)->said[i].id, v->id) == 0) {
            return bw_opendata_withdraw(o, v->id, v->viewer->name, "web", v->now_ms,
                                        &v->err);
        }
    }
    return bw_err_set(&v->err, -EINVAL, "nobody said this of this district");
}

static int
say(struct bw_review *v, struct bw_opendata *o, const struct bw_opendata_district *d)
{
    char id[BW_HASH_LEN + 1];
    bool on = strcmp(v->act, "hold-on") == 0;
    struct bw_opendata_saying s = {.district = d,
                                   .act = on ? (int64_t)BW_OPENDATA_HOLD
                                             : bw_opendata_act_parse(v->act),
                                   .from_day = v->from_day,
                                   .to_day = v->to_day,
                                   .reason = v->reason,
                                   .want = v->seen,
                                   .by = v->viewer->name,
                                   .via = "web",
                                   .now_unix_ms = v->now_ms};

    if (on || s.act == BW_OPENDATA_STANDING) {
        s.to_day = INT64_MAX;
    }
    return strcmp(v->act, "withdraw") == 0 ? withdraw(v, o, d)
                                           : bw_opendata_say(o, &s, id, &v->err);
}

/* ---- jobs -------------------------------------------------------------------------------
 */

/* The district that was asked for; the only one of who sees only one; NULL. */
static const struct bw_opendata_district *which(struct bw_review *v, struct bw_opendata *o)
{
    const struct bw_opendata_district *one = NULL;

    if (v->entity[0]) {
        const struct bw_opendata_district *d = bw_opendata_find(o, v->entity);
        return d && bw_review_sees(v, d) ? d : NULL;
    }
    for (size_t i = 0; i < bw_opendata_n_districts(o); i++) {
        const struct bw_opendata_district *d = bw_opendata_district(o, i);
        if (bw_review_sees(v, d)) {
            if (one) {
                return NULL;
            }
            one = d;
        }
    }
    if (one) {
        memcpy(v->entity, one->id, sizeof(v->entity));
    }
    return one;
}

static int answer(struct bw_review *v, struct bw_opendata *o)
{
    const struct bw_opendata_district *d = which(v, o);
    int r = 0;

    if (!d && (v->entity[0] || v->what != BW_REVIEW_PAGE)) {
        v->status = 404;
        return bw_err_set(&v->err, -ENOENT, "there is no such district, or no line of it");
    }
    switch (v->what) {
    case BW_REVIEW_PAGE:
        bw_page_begin_at(&v->out, "Review of open data", v->title, BW_PLACE_OPEN_DATA,
                         v->viewer);
        if (d) {
            r = bw_review_one(v, o, d);
        } else {
            bw_review_list(v, o);
        }
        bw_page_end(&v->out, v->now_ms);
        break;
    case BW_REVIEW_ROWS:
        r = write_csv(v, o, d);
        break;
    case BW_REVIEW_POST:
        r = say(v, o, d);
        break;
    }
    return r < 0 ? r : bw_buf_error(&v->out);
}

static void work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct bw_review *v = job;
    struct bw_opendata *o = NULL;
    int r;

    v->status = 503;
    if (!reader) {
        v->err = *err;
        return;
    }
    r = bw_opendata_open(reader->catalogue, v->room_path, &o, &v->err);
    if (r == -ENOENT) {
        (void)bw_err_set(&v->err, r, "the state's room is being made");
    }
    r = r < 0 ? r : answer(v, o);
    bw_opendata_close(o);
    if (r == 0) {
        v->status = 200;
    } else if (r == -EINVAL || r == -EAGAIN) {
        v->status = 400;
    } else if (r == -ESTALE || r == -EALREADY) {
        v->status = 409;
    }
}

static void gone_back(struct bw_review *v)
{
    struct bw_buf to;

    bw_buf_init(&to, 512);
    bw_buf_puts(&to, "/open-data/review?entity=");
    bw_text_url(&to, v->entity);
    bw_buf_puts(&to, "&from=");
    bw_review_day(&to, v->from_day);
    bw_buf_puts(&to, "&to=");
    bw_review_day(&to, v->to_day);
    bw_http_add(v->req, "Location", to.data);
    bw_buf_done(&to);
    bw_open_shelf_stale(v->c->open_shelf);
    bw_http_reply_const(v->req, 303, "text/plain; charset=utf-8", "", 0);
}

static void after(void *job, int cancelled)
{
    struct bw_review *v = job;

    if (cancelled || v->status != 200) {
        bw_page_sorry(v->req, cancelled ? 503 : v->status,
                      cancelled ? "the collector is stopping" : v->err.text);
    } else if (v->what == BW_REVIEW_POST) {
        gone_back(v);
    } else if (v->what == BW_REVIEW_ROWS) {
        bw_http_add(v->req, "Content-Disposition",
                    "attachment; filename=\"open-data-review.csv\"");
        bw_http_reply(v->req, 200, "text/csv; charset=utf-8; header=present", &v->out);
    } else {
        bw_http_reply(v->req, 200, "text/html; charset=utf-8", &v->out);
    }
    bw_buf_done(&v->out);
    free(v);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static struct bw_review *begin(struct bw_collector *c, struct bw_http_req *req, int what)
{
    struct bw_review *v = calloc(1, sizeof(*v));

    if (v) {
        v->req = req;
        v->c = c;
        v->viewer = bw_door_viewer(req);
        v->what = (enum bw_review_what)what;
        v->on = c->conf->opendata.on;
        v->now_ms = bw_clock_unix_ms();
        v->last_day = bw_opendata_last_day(v->now_ms / 1000) -
                      (v->on ? c->conf->opendata.days - BW_OPENDATA_AGE_DAYS : 0);
        (void)snprintf(v->room_path, sizeof(v->room_path), "%.4000s/room.db",
                       c->data_folder);
        (void)snprintf(v->title, sizeof(v->title), "%s", c->conf->title);
        bw_buf_init(&v->out, PAGE_MAX);
    }
    return v;
}

static void run(struct bw_collector *c, struct bw_http_req *req, struct bw_review *v)
{
    if (!v || bw_readers_run(c->readers, work, after, v) < 0) {
        free(v);
        bw_page_sorry(req, 503, "too many ask just now");
    }
}

static const char *
where(struct bw_review *v, const char *entity, const char *from, const char *to)
{
    v->to_day = v->last_day;
    v->from_day = v->to_day - DAYS_USUAL + 1;
    if (entity && strlen(entity) > BW_ENTITY_MAX) {
        return "there is no such district";
    }
    (void)snprintf(v->entity, sizeof(v->entity), "%s", entity ? entity : "");
    if ((to && to[0] && (strlen(to) != 10 || bw_civil_date_parse(to, &v->to_day) < 0)) ||
        (from && from[0] &&
         (strlen(from) != 10 || bw_civil_date_parse(from, &v->from_day) < 0))) {
        return "a day is written as 2026-11-02";
    }
    if (to && to[0] && !(from && from[0])) {
        v->from_day = v->to_day;
    }
    if (v->from_day > v->to_day || v->to_day - v->from_day >= BW_OPENDATA_SPAN_DAYS) {
        return "from the first day to the last one are at most 92 days";
    }
    return NULL;
}

static void look(struct bw_collector *c, struct bw_http_req *req, int what)
{
    struct bw_review *v = begin(c, req, what);
    const char *wrong = v ? where(v, bw_http_query(req, "entity"),
                                  bw_http_query(req, "from"), bw_http_query(req, "to"))
                          : NULL;

    if (wrong) {
        bw_page_sorry(req, 400, wrong);
        free(v);
        return;
    }
    run(c, req, v);
}

void bw_page_review(void *owner, struct bw_http_req *req)
{
    look(owner, req, BW_REVIEW_PAGE);
}

void bw_page_review_rows(void *owner, struct bw_http_req *req)
{
    look(owner, req, BW_REVIEW_ROWS);
}

void bw_page_review_post(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_review *v = begin(c, req, BW_REVIEW_POST);
    char entity[BW_ENTITY_MAX + 2];
    char from[12];
    char to[12];
    const char *wrong = NULL;
    size_t n = 0;
    const char *body = bw_http_body(req, &n);

    if (!v) {
        run(c, req, v);
        return;
    }
    struct bw_share_form_field fields[] = {
        {.name = "entity", .out = entity, .cap = sizeof(entity)},
        {.name = "from", .out = from, .cap = sizeof(from)},
        {.name = "to", .out = to, .cap = sizeof(to)},
        {.name = "act", .out = v->act, .cap = sizeof(v->act)},
        {.name = "seen", .out = v->seen, .cap = sizeof(v->seen)},
        {.name = "id", .out = v->id, .cap = sizeof(v->id)},
        {.name = "reason", .out = v->reason, .cap = sizeof(v->reason)},
        {.name = NULL}};
    if (bw_share_form_read(body ? body : "", n, fields) < 0) {
        wrong = "what came was not this page's form, or the reason is too long";
    } else if (!entity[0] || !from[0] || !to[0]) {
        wrong = "what came was not this page's form";
    } else {
        wrong = where(v, entity, from, to);
    }
    if (wrong) {
        bw_page_sorry(req, 400, wrong);
        free(v);
        return;
    }
    run(c, req, v);
}
