/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_progress.c - goals and how far they are reached: requests and the list. Goals are
 * read from the catalogue on a reader's thread, figures from the room in memory.
 *
 * Invariant: of what somebody may not see nothing is counted. */
#include "page_progress.h"

#include "progress_parts.h"
#include "upgrade_parts.h"

#include <civil.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <page_entity.h>
#include <page_parts.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    OUT_MAX = 64 * 1024 * 1024,
    DAY_S = 86400,
    UPGRADES = 50 /* on the page */
};

/* ---- what may be seen -------------------------------------------------------------------
 */

static bool sees(const void *owner, uint32_t entity, uint32_t site)
{
    const struct bw_page_scope *s = owner;

    return entity != BW_ROOM_NONE ? bw_page_scope_entity(s, entity)
                                  : bw_page_scope_site(s, site);
}

bool bw_progress_sees(const struct bw_progress_job *j, const struct bw_goal *g)
{
    uint32_t e = bw_room_entity_find(j->r, g->entity);

    if (j->scope.all || (e != BW_ROOM_NONE && bw_page_scope_entity(&j->scope, e))) {
        return true;
    }
    for (size_t i = 0; i < j->scope.n; i++) {
        if (bw_room_below(j->r, j->scope.entities[i], e)) {
            return true;
        }
    }
    return false;
}

int bw_progress_measure(const struct bw_progress_job *j,
                        const struct bw_goal_said *g,
                        bool months,
                        struct bw_goals_progress *ret)
{
    const struct bw_goals_ask ask = {
        .goal = &g->goal, .months = months, .sees = sees, .owner = &j->scope};

    return bw_goals_measure(j->r, &ask, ret);
}

/* ---- the list ---------------------------------------------------------------------------
 */

void bw_progress_state(struct bw_progress_job *j,
                       const struct bw_goal_said *g,
                       const struct bw_goals_progress *p)
{
    static const char *const words[][2] = {
        [BW_GOALS_NOBODY] = {"never", "nobody is in it"},
        [BW_GOALS_REACHED] = {"fresh", "reached"},
        [BW_GOALS_MISSED] = {"down", "missed"},
        [BW_GOALS_NOT_TOLD] = {"never", "cannot be told"}};
    int64_t by = 0;
    bool over = bw_civil_date_parse(g->goal.by, &by) == 0 &&
                by <= j->r->made_unix_ms / 1000 / DAY_S;

    if (p->state == BW_GOALS_MISSED && !over) {
        bw_buf_puts(&j->out, "<span class=\"state never\">not yet</span>");
        return;
    }
    bw_buf_printf(&j->out, "<span class=\"state %s\">%s</span>", words[p->state][0],
                  words[p->state][1]);
}

static bool write_row(struct bw_progress_job *j, const struct bw_goal_said *g)
{
    struct bw_buf *b = &j->out;
    struct bw_goals_progress p;

    if (bw_progress_measure(j, g, false, &p) < 0) {
        return false;
    }
    const struct bw_goals_point *now = &p.points[BW_GOALS_NOW];
    bw_buf_printf(b, "<tr><td><a href=\"/progress/%s\">", g->name);
    bw_page_name(b, g->goal.title);
    bw_buf_puts(b, "</a><div class=\"id\">");
    if (p.entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, p.entity);
    } else {
        bw_text_html(b, g->goal.entity);
    }
    bw_buf_puts(b, ": ");
    bw_progress_words(b, &g->goal);
    bw_buf_printf(b, "</div></td><td><time datetime=\"%s\">%s</time></td><td>", g->goal.by,
                  g->goal.by);
    if (g->ended) {
        bw_buf_puts(b, "<span class=\"state never\">withdrawn</span>");
    } else {
        bw_progress_state(j, g, &p);
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (now->n_known > 0) {
        bw_progress_of(b, now->n_meet, (int64_t)p.n);
    } else {
        bw_buf_puts(b, "not known");
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    bw_page_count(b, (int64_t)p.n - now->n_known);
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (now->median == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_rate(b, now->median);
    }
    bw_buf_puts(b, "</td></tr>\n");
    bw_goals_done(&p);
    return true;
}

struct upgraded {
    uint32_t circuit;
    int64_t from_unix_s;
};

static int newest_first(const void *a, const void *b)
{
    const struct upgraded *x = a;
    const struct upgraded *y = b;

    if (x->from_unix_s != y->from_unix_s) {
        return x->from_unix_s > y->from_unix_s ? -1 : 1;
    }
    return (x->circuit > y->circuit) - (x->circuit < y->circuit);
}

static void upgrade_row(struct bw_progress_job *j, const struct upgraded *u)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_circuit *c = &j->r->circuits[u->circuit];
    const struct bw_room_site *s = &j->r->sites[c->site];

    bw_buf_puts(b, "<tr><td>");
    if (s->entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, s->entity);
    } else {
        bw_page_name(b, s->name[0] ? s->name : s->id);
    }
    bw_buf_puts(b, "</td><td><a class=\"mono\" href=\"/upgrades/");
    bw_text_url(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->name);
    bw_buf_puts(b, "\">");
    bw_text_html(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_html(b, c->name);
    bw_buf_puts(b, "</a></td><td>");
    bw_page_time(b, u->from_unix_s);
    for (int after = 0; after < 2; after++) {
        int64_t bps = after ? c->claim.bps[BW_DOWN] : c->claim.before_bps[BW_DOWN];
        bw_buf_puts(b, "</td><td class=\"n\">");
        if (bps == BW_UNKNOWN) {
            bw_buf_puts(b, "not known");
        } else {
            bw_page_rate(b, bps);
        }
    }
    bw_buf_puts(b, "</td></tr>\n");
}

/* Lines of which another speed is claimed than before, the newest change first. */
static void write_upgrades(struct bw_progress_job *j)
{
    struct bw_buf *b = &j->out;
    struct upgraded *list = calloc(j->r->n_circuits + 1, sizeof(*list));
    int64_t now_s = j->r->made_unix_ms / 1000;
    size_t n = 0;

    for (uint32_t c = 0; list && c < j->r->n_circuits; c++) {
        const struct bw_room_circuit *x = &j->r->circuits[c];
        if (bw_upgrade_known(x) && x->claim.from_unix_s <= now_s &&
            bw_page_scope_circuit(&j->scope, c)) {
            list[n++] = (struct upgraded){c, x->claim.from_unix_s};
        }
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), newest_first);
    }
    bw_buf_puts(b,
                "<h2 id=\"upgrades\">Before and after an upgrade</h2><p class=\"small "
                "soft\">Lines of which another speed is claimed than before, within 400 "
                "days. Each opens the same figures of as many school days on both sides; "
                "any other day can be typed there.</p>");
    if (n == 0) {
        bw_buf_puts(b, "<p>None that you may see.</p>");
    } else {
        bw_page_table_begin(
            b, "Lines whose claim changed",
            "<th scope=\"col\">School</th><th scope=\"col\">Circuit</th><th "
            "scope=\"col\">From (UTC)</th><th scope=\"col\" class=\"n\">"
            "Download before</th><th scope=\"col\" class=\"n\">after</th>");
        for (size_t i = 0; i < n && i < UPGRADES; i++) {
            upgrade_row(j, &list[i]);
        }
        bw_page_table_end(b);
        if (n > UPGRADES) {
            bw_buf_printf(b, "<p class=\"small\">The newest %d of ", UPGRADES);
            bw_page_count(b, (int64_t)n);
            bw_buf_puts(b, ".</p>");
        }
    }
    free(list);
}

static void write_list(struct bw_progress_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    bw_page_begin_at(b, "Progress", j->title, BW_PLACE_PROGRESS, j->viewer);
    bw_buf_puts(b,
                "<h1>Progress</h1><p class=\"soft\">What people want to reach, and how far "
                "measurements of the 28 local days before today say it is. As known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC.</p>");
    if (j->unread > 0) {
        bw_buf_puts(b,
                    "<p class=\"note\">Some goals on file are of a form that only a newer "
                    "program reads; they are not shown.</p>");
    }
    for (size_t i = 0; i < j->n_goals && j->status == 200; i++) {
        if (!bw_progress_sees(j, &j->goals[i].goal)) {
            continue;
        }
        if (n++ == 0) {
            bw_page_table_begin(
                b, "Goals",
                "<th scope=\"col\">Goal</th><th scope=\"col\">By</th><th scope=\"col\">So "
                "far"
                "</th><th scope=\"col\" class=\"n\">Schools that meet it</th><th "
                "scope=\"col\" class=\"n\">Not known</th><th scope=\"col\" "
                "class=\"n\">Median"
                "</th>");
        }
        if (!write_row(j, &j->goals[i])) {
            j->status = 503;
            (void)bw_err_set(&j->err, 0, "out of memory");
        }
    }
    if (n > 0) {
        bw_page_table_end(b);
        bw_buf_puts(
            b, "<p class=\"small\">All of them: <a href=\"/api/v1/goals?format=csv\">CSV"
               "</a>, <a href=\"/api/v1/goals?format=json\">JSON</a>.</p>");
    } else {
        bw_buf_puts(b,
                    "<div class=\"empty\"><h2>No goal yet</h2><p>A goal says what is to be "
                    "reached, for whom and by when: “1 Mbit/s for every student by "
                    "2027-09”. Progress is then measured from the records.</p></div>");
    }
    write_upgrades(j);
    bw_progress_say_form(j);
    bw_page_end(b, j->r->made_unix_ms);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static void look(struct bw_progress_job *j)
{
    const struct bw_goal_said *one = NULL;

    for (size_t i = 0; i < j->n_goals; i++) {
        if (strcmp(j->goals[i].name, j->name) == 0 &&
            bw_progress_sees(j, &j->goals[i].goal)) {
            one = &j->goals[i];
        }
    }
    if (j->name[0] && !one && !j->refused) {
        j->status = 404;
        (void)bw_err_set(&j->err, 0, "there is no such goal");
    } else if (j->form == BW_PROGRESS_JSON) {
        bw_progress_json(j);
    } else if (j->form == BW_PROGRESS_CSV) {
        bw_progress_csv(j);
    } else if (one && !j->refused) {
        bw_progress_goal(j, one);
    } else {
        write_list(j);
    }
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_progress_job *j = job;

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    if (bw_goals_read(r->catalogue, true, &j->goals, &j->n_goals, &j->unread, &j->err) <
        0) {
        return;
    }
    if (j->act != BW_PROGRESS_LOOK) {
        bw_progress_say(j, r->catalogue);
        if (!j->refused || j->status != 400) {
            return;
        }
    }
    j->status = 200;
    look(j);
    if (j->refused && j->status == 200) {
        j->status = 400;
    }
}

static void refuse(struct bw_http_req *req,
                   enum bw_progress_form form,
                   unsigned status,
                   const char *why)
{
    if (form == BW_PROGRESS_PAGE) {
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

static void job_free(struct bw_progress_job *j)
{
    bw_room_drop(j->r);
    bw_buf_done(&j->out);
    free(j->goals);
    free(j);
}

static void after(void *job, int cancelled)
{
    struct bw_progress_job *j = job;
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "text/csv; charset=utf-8; header=present"};

    if (cancelled) {
        refuse(j->req, j->form, 503, "the collector is stopping");
    } else if (j->status == 303) {
        char to[BW_GOAL_NAME_MAX + 16];
        (void)snprintf(to, sizeof(to), "/progress/%s", j->name);
        bw_buf_clear(&j->out);
        bw_http_add(j->req, "Location", to);
        bw_http_reply(j->req, 303, "text/plain; charset=utf-8", &j->out);
    } else if (j->status == 200 || (j->refused && j->status == 400)) {
        if (j->form == BW_PROGRESS_CSV) {
            bw_http_add(j->req, "Content-Disposition",
                        "attachment; filename=\"goals.csv\"");
        }
        bw_http_reply(j->req, j->status, types[j->form], &j->out);
    } else {
        refuse(j->req, j->form, j->status, j->err.text);
    }
    job_free(j);
}

/* 0, or the status of a refusal. */
static unsigned read_words(struct bw_progress_job *j)
{
    const char *format = bw_http_query(j->req, "format");
    const char *name = j->form == BW_PROGRESS_PAGE ? bw_http_param(j->req, 0)
                                                   : bw_http_query(j->req, "goal");

    if (j->form != BW_PROGRESS_PAGE && format && strcmp(format, "json") != 0) {
        if (strcmp(format, "csv") != 0) {
            return 400;
        }
        j->form = BW_PROGRESS_CSV;
    }
    if (j->act == BW_PROGRESS_SET) {
        return bw_progress_read_form(j) ? 0 : 400;
    }
    if (name && name[0]) {
        if (!bw_goal_name_valid(name)) {
            return 404;
        }
        (void)snprintf(j->name, sizeof(j->name), "%s", name);
    }
    if (j->act == BW_PROGRESS_WITHDRAW) {
        return bw_progress_read_form(j) && strlen(j->typed.text) <= BW_GOAL_TEXT_MAX ? 0
                                                                                     : 400;
    }
    return 0;
}

static void begin(struct bw_collector *c,
                  struct bw_http_req *req,
                  enum bw_progress_form form,
                  enum bw_progress_act act)
{
    const struct bw_room *r = bw_room_take(c);
    struct bw_progress_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;
    const char *why =
        "the state's room is being made; it takes some seconds after the start";

    if (j) {
        j->req = req;
        j->form = form;
        j->act = act;
        j->r = r;
        j->viewer = bw_door_viewer(req);
        j->now_unix_ms = bw_clock_unix_ms();
        bw_page_scope(r, j->viewer, &j->scope);
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        status = read_words(j);
        form = j->form;
        why = status == 404 ? "there is no such goal"
              : act == BW_PROGRESS_LOOK
                  ? "goal: a goal's short name; format: json or csv"
                  : "what came is not the form of this page; go back and send it again";
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

void bw_page_progress(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PROGRESS_PAGE, BW_PROGRESS_LOOK);
}

void bw_page_goal(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PROGRESS_PAGE, BW_PROGRESS_LOOK);
}

void bw_page_goal_post(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PROGRESS_PAGE, BW_PROGRESS_SET);
}

void bw_page_goal_withdraw(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PROGRESS_PAGE, BW_PROGRESS_WITHDRAW);
}

void bw_api_goals(void *owner, struct bw_http_req *req)
{
    begin(owner, req, BW_PROGRESS_JSON, BW_PROGRESS_LOOK);
}
