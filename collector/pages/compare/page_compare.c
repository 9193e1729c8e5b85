/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_compare.c - requests for comparisons. They are made of the room in memory on a
 * reader's thread, where the target is looked up.
 *
 * Invariant: a cohort that may not be shown, an entity that is not seen, and one that is
 * not there are answered alike. */
#include "page_compare.h"
#include "compare_parts.h"
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
    OUT_MAX = 64 * 1024 * 1024
};

static const char none[] = "there is no such cohort, district or school";

/* ---- what all views share ---------------------------------------------------------------
 */

void bw_compare_url(struct bw_compare_job *j,
                    enum bw_compare_by by,
                    enum bw_compare_measure m)
{
    bw_buf_printf(&j->out, "/compare?of=%s&amp;by=%s&amp;measure=%s",
                  j->districts ? "districts" : "schools", bw_compare_by_name(by),
                  bw_compare_measure_name(m));
}

int64_t bw_compare_target(const struct bw_compare_job *j)
{
    return j->measure == BW_COMPARE_STUDENTS ? j->c.target_bps : BW_UNKNOWN;
}

void bw_compare_measures(struct bw_compare_job *j)
{
    static const char *const words[BW_COMPARE_MEASURES] = {
        "Claimed a student", "Tested",  "Used",  "Full",
        "Round trip",        "Outages", "Price", "Price tested"};
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<nav class=\"ranges\" aria-label=\"What\">");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        bw_buf_puts(b, "<a href=\"");
        bw_compare_url(j, j->by, (enum bw_compare_measure)m);
        if (j->view == BW_COMPARE_WITHIN) {
            bw_buf_puts(b, "&amp;within=");
            bw_text_url(b, j->r->entities[j->within].id);
        }
        for (size_t i = 0; i < j->n_pick; i++) {
            bw_buf_puts(b, i ? "," : "&amp;pick=");
            bw_text_url(b, j->pick[i]);
        }
        bw_buf_printf(b, "\"%s>%s</a>",
                      (int)j->measure == m ? " aria-current=\"true\"" : "", words[m]);
    }
    bw_buf_puts(b, "</nav>");
}

void bw_compare_says(struct bw_compare_job *j)
{
    bw_buf_printf(&j->out, "<p class=\"small soft\">%s: %s (%s).</p>",
                  bw_compare_measure_title(j->measure), bw_compare_measure_says(j->measure),
                  bw_compare_measure_methods(j->measure));
}

/* ---- whom ---------------------------------------------------------------------------- */

static void take(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    for (size_t i = 0; i < j->n_list; i++) {
        if (j->list[i] == x) {
            return;
        }
    }
    j->list[j->n_list++] = x;
}

/* One that is seen; an unseen one is not there. */
static bool take_id(struct bw_compare_job *j, const char *id)
{
    const struct bw_compare_row *x = bw_compare_find(&j->c, id);

    if (!x || !x->seen) {
        return false;
    }
    take(j, x);
    return true;
}

static bool find_cohort(struct bw_compare_job *j)
{
    j->set = (struct bw_compare_set){.by = j->by, .with = BW_COMPARE_ALL};
    if (j->by == BW_COMPARE_ALL) {
        if (strcmp(j->key, "all") != 0) {
            return false;
        }
    } else if (!bw_compare_class_find(&j->c, j->by, j->key, &j->set.class)) {
        return false;
    }
    if (!bw_compare_shows(&j->c, &j->set)) {
        return false;
    }
    for (size_t i = 0; i < j->c.n; i++) {
        if (j->c.rows[i].seen && bw_compare_in(&j->c, &j->set, &j->c.rows[i])) {
            j->list[j->n_list++] = &j->c.rows[i];
        }
    }
    return true;
}

static bool choose(struct bw_compare_job *j)
{
    switch (j->view) {
    case BW_COMPARE_COHORT:
        return find_cohort(j);
    case BW_COMPARE_LIKE:
        return take_id(j, j->like);
    case BW_COMPARE_PICK:
        for (size_t i = 0; i < j->n_pick; i++) {
            if (!take_id(j, j->pick[i])) {
                return false;
            }
        }
        return j->n_list > 0;
    case BW_COMPARE_WITHIN:
        for (size_t i = 0; i < j->c.n; i++) {
            const struct bw_compare_row *x = &j->c.rows[i];
            if (x->seen && x->at != BW_ROOM_NONE && bw_room_below(j->r, x->at, j->within)) {
                j->list[j->n_list++] = x;
            }
        }
        return true;
    case BW_COMPARE_COHORTS:
    default:
        return true;
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

static void write_page(struct bw_compare_job *j)
{
    bw_page_begin_at(&j->out, "Compare", j->title, BW_PLACE_COMPARE,
                     bw_door_viewer(j->req));
    if (j->view == BW_COMPARE_COHORTS) {
        bw_compare_write_cohorts(j);
    } else if (j->view == BW_COMPARE_COHORT) {
        bw_compare_write_cohort(j);
    } else if (j->view == BW_COMPARE_LIKE) {
        bw_compare_write_like(j);
    } else {
        bw_compare_write_list(j);
    }
    bw_page_end(&j->out, j->r->made_unix_ms);
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_compare_job *j = job;
    struct bw_compare_ask ask = {
        .districts = j->districts, .sees = sees, .owner = &j->scope};

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_queue_weights_read(r->catalogue, &j->said, &j->err) < 0) {
        return;
    }
    ask.weights = &j->said.weights;
    ask.target_bps = j->said.weights.part[BW_QUEUE_STUDENTS].target;
    if (bw_compare_make(j->r, &ask, &j->c) < 0) {
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    j->list = calloc(j->c.n + 1, sizeof(*j->list));
    if (!j->list) {
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    if (!choose(j)) {
        j->status = 404;
        (void)bw_err_set(&j->err, 0, "%s", none);
        return;
    }
    j->status = 200;
    if (j->form == BW_COMPARE_PAGE) {
        write_page(j);
    } else if (j->form == BW_COMPARE_JSON) {
        bw_compare_json(j);
    } else {
        bw_compare_csv(j);
    }
}

static void
refuse(struct bw_http_req *req, enum bw_compare_form form, unsigned status, const char *why)
{
    if (form == BW_COMPARE_PAGE) {
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
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};
    struct bw_compare_job *j = job;

    if (cancelled || j->status != 200) {
        refuse(j->req, j->form, cancelled ? 503 : j->status,
               cancelled ? "the collector is stopping" : j->err.text);
    } else {
        if (j->form == BW_COMPARE_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        "attachment; filename=\"compare.csv\"");
        }
        bw_http_reply(j->req, 200, types[j->form], &j->out);
    }
    bw_compare_done(&j->c);
    free(j->list);
    bw_room_drop(j->r);
    bw_buf_done(&j->out);
    free(j);
}

/* "a,b,c" into the list; false: one of them is no id, or they are too many. */
static bool add_picks(struct bw_compare_job *j, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, ",");
        if (n > BW_ENTITY_MAX || (n > 0 && j->n_pick == BW_COMPARE_PICK_MAX)) {
            return false;
        }
        if (n > 0) {
            (void)snprintf(j->pick[j->n_pick++], sizeof(j->pick[0]), "%.*s", (int)n, text);
        }
        text += n + (text[n] == ',');
    }
    return true;
}

static unsigned read_whom(struct bw_compare_job *j)
{
    const char *cohort = bw_http_query(j->req, "cohort");
    const char *like = bw_http_query(j->req, "like");
    const char *pick = bw_http_query(j->req, "pick");
    const char *within = bw_http_query(j->req, "within");

    if ((cohort && strlen(cohort) > BW_COMPARE_KEY_MAX) ||
        (like && strlen(like) > BW_ENTITY_MAX) || (pick && !add_picks(j, pick))) {
        return 404;
    }
    for (int i = 0; i < BW_COMPARE_PICK_MAX; i++) { /* boxes of a form */
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        const char *id = bw_http_query(j->req, name);
        if (id && !add_picks(j, id)) {
            return 404;
        }
    }
    if (like && like[0]) {
        j->view = BW_COMPARE_LIKE;
        (void)snprintf(j->like, sizeof(j->like), "%s", like);
    } else if (within && within[0]) {
        j->view = BW_COMPARE_WITHIN;
        j->districts = false;
        j->within = bw_room_entity_find(j->r, within);
        if (j->within == BW_ROOM_NONE || !bw_page_scope_entity(&j->scope, j->within)) {
            return 404;
        }
    } else if (j->n_pick > 0) {
        j->view = BW_COMPARE_PICK;
    } else if (cohort && cohort[0]) {
        j->view = BW_COMPARE_COHORT;
        (void)snprintf(j->key, sizeof(j->key), "%s", cohort);
    }
    return 0;
}

/* What is asked for; 0, or the status of a refusal. */
static unsigned read_words(struct bw_compare_job *j)
{
    const char *of = bw_http_query(j->req, "of");
    const char *by = bw_http_query(j->req, "by");
    const char *measure = bw_http_query(j->req, "measure");
    const char *page = bw_http_query(j->req, "page");
    const char *format = bw_http_query(j->req, "format");
    long long n = page ? strtoll(page, NULL, 10) : 1;

    j->districts = !of || strcmp(of, "districts") == 0;
    j->by = !by                      ? BW_COMPARE_SIZE
            : strcmp(by, "all") == 0 ? BW_COMPARE_ALL
                                     : bw_compare_by_parse(by);
    j->measure = measure ? bw_compare_measure_parse(measure) : BW_COMPARE_STUDENTS;
    if ((!j->districts && strcmp(of, "schools") != 0) ||
        (j->by == BW_COMPARE_ALL && strcmp(by, "all") != 0) ||
        j->measure == BW_COMPARE_MEASURES) {
        return 400;
    }
    if (j->form != BW_COMPARE_PAGE && format && strcmp(format, "json") != 0) {
        if (strcmp(format, "csv") != 0) {
            return 400;
        }
        j->form = BW_COMPARE_CSV;
    }
    j->page = n < 1 || n > 1000000 ? 1 : (size_t)n;
    return read_whom(j);
}

static void
begin(struct bw_collector *c, struct bw_http_req *req, enum bw_compare_form form)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_compare_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        *j = (struct bw_compare_job){.req = req, .form = form, .r = r};
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j);
        form = j->form;
        why = status == 404 ? none
                            : "of: districts or schools; by: size, locale, technology, "
                              "provider, region or all; measure: students, tested, used, "
                              "full, latency, outage, price or price-tested; format: json "
                              "or csv";
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

void bw_page_compare(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_COMPARE_PAGE);
}

void bw_api_compare(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_COMPARE_JSON);
}
