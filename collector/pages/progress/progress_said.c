/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress_said.c - goals that people say in a form: read, checked, said; and withdrawn.
 *
 * Invariant: nobody says a goal for whom that one does not see, nor ends what another said,
 * unless an administrator. */
#include "progress_parts.h"

#include <civil.h>
#include <errno.h>
#include <http.h>
#include <page_entity.h>
#include <page_parts.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    ENTITIES_MAX = 300 /* to choose from; more are typed */
};

bool bw_progress_may_end(const struct bw_progress_job *j, const struct bw_goal_said *g)
{
    return !g->ended && bw_viewer_may(j->viewer, BW_NEED_SAY) &&
           (bw_viewer_may(j->viewer, BW_NEED_ADMIN) || strcmp(g->by, j->viewer->name) == 0);
}

bool bw_progress_read_form(struct bw_progress_job *j)
{
    struct bw_progress_typed *t = &j->typed;
    struct bw_share_form_field fields[] = {
        {"name", t->name, sizeof(t->name), 0},
        {"title", t->title, sizeof(t->title), 0},
        {"entity", t->entity, sizeof(t->entity), 0},
        {"of", t->of, sizeof(t->of), 0},
        {"per", t->per, sizeof(t->per), 0},
        {"kbps", t->kbps, sizeof(t->kbps), 0},
        {"share", t->share, sizeof(t->share), 0},
        {"by", t->by, sizeof(t->by), 0},
        {"students_min", t->students_min, sizeof(t->students_min), 0},
        {"students_max", t->students_max, sizeof(t->students_max), 0},
        {"text", t->text, sizeof(t->text), 0},
        {NULL, NULL, 0, 0},
    };
    size_t n = 0;
    const char *body = bw_http_body(j->req, &n);
    int r = bw_share_form_read(body, n, fields);

    for (size_t i = 0; r == 0 && fields[i].name; i++) {
        r = strlen(fields[i].out) == fields[i].n ? 0 : -EINVAL; /* a NUL in it */
    }
    return r == 0;
}

/* A whole number; "" is unknown. */
static bool number(const char *text, int64_t most, int64_t *ret)
{
    size_t n = strlen(text);

    *ret = BW_UNKNOWN;
    if (n == 0) {
        return true;
    }
    if (n > 12 || strspn(text, "0123456789") != n) {
        return false;
    }
    *ret = strtoll(text, NULL, 10);
    return *ret >= 1 && *ret <= most;
}

/* "2027-09" is its first day. */
static bool take_day(const char *text, char ret[BW_DATE_LEN + 1])
{
    size_t n = strlen(text);

    if (n != BW_DATE_LEN && n != BW_DATE_LEN - 3) {
        return false;
    }
    memcpy(ret, "0000-00-01", BW_DATE_LEN + 1);
    memcpy(ret, text, n);
    return bw_date_valid(ret);
}

/* A name of whose it is and of the title: what is no letter or digit becomes a dash. */
static void make_name(const char *entity, const char *title, char ret[BW_GOAL_NAME_MAX + 1])
{
    const char *const parts[] = {entity, "-", title};
    size_t n = 0;

    for (size_t i = 0; i < 3; i++) {
        for (const char *p = parts[i]; *p && n < BW_GOAL_NAME_MAX; p++) {
            char c = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
            bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            if (plain) {
                ret[n++] = c;
            } else if (n > 0 && ret[n - 1] != '-') {
                ret[n++] = '-';
            }
        }
    }
    while (n > 0 && ret[n - 1] == '-') {
        n--;
    }
    ret[n] = '\0';
}

/* What was typed as a goal; false with a sentence. */
static bool take(struct bw_progress_job *j, struct bw_goal *g)
{
    const struct bw_progress_typed *t = &j->typed;
    int64_t kbps = 0;
    int64_t percent = 0;
    const char *why = NULL;

    bw_goal_init(g);
    if (t->name[0] == '\0') {
        make_name(t->entity, t->title, j->name);
    } else if (strlen(t->name) <= BW_GOAL_NAME_MAX) {
        (void)snprintf(j->name, sizeof(j->name), "%.*s", BW_GOAL_NAME_MAX, t->name);
    }
    g->of = bw_goal_of_parse(t->of);
    g->per = bw_goal_per_parse(t->per);
    if (!bw_goal_name_valid(j->name)) {
        why = "short name: 1 to 40 of a-z, 0-9 and -";
    } else if (t->title[0] == '\0' || strlen(t->title) > BW_GOAL_TITLE_MAX) {
        why = "title: say what is to be reached, in 120 bytes at most";
    } else if (strlen(t->text) > BW_GOAL_TEXT_MAX) {
        why = "why: 300 bytes at most";
    } else if (!number(t->kbps, 1000000000, &kbps) || kbps == BW_UNKNOWN) {
        why = "target: whole kbit/s, 1 or more";
    } else if (!number(t->share, 100, &percent) || percent == BW_UNKNOWN) {
        why = "share: whole percent, 1 to 100";
    } else if (!take_day(t->by, g->by)) {
        why = "by: a day or a month, 2027-09-01 or 2027-09";
    } else if (!number(t->students_min, 10000000, &g->students_min) ||
               !number(t->students_max, 10000000, &g->students_max)) {
        why = "students: whole numbers, or nothing";
    } else if (g->of == 0 || g->per == 0) {
        why = "tested or claimed, for each student or place";
    }
    if (why) {
        (void)bw_err_set(&j->err, 0, "%s", why);
        return false;
    }
    g->target_bps = kbps * 1000;
    g->share_ppm = percent * 10000;
    (void)snprintf(g->title, sizeof(g->title), "%.*s", BW_GOAL_TITLE_MAX, t->title);
    (void)snprintf(g->entity, sizeof(g->entity), "%.*s", BW_GOAL_ENTITY_MAX, t->entity);
    (void)snprintf(g->text, sizeof(g->text), "%.*s", BW_GOAL_TEXT_MAX, t->text);
    return true;
}

static const struct bw_goal_said *find(const struct bw_progress_job *j)
{
    for (size_t i = 0; i < j->n_goals; i++) {
        if (strcmp(j->goals[i].name, j->name) == 0) {
            return &j->goals[i];
        }
    }
    return NULL;
}

static void set(struct bw_progress_job *j, struct bw_catalogue *c)
{
    struct bw_goal g;
    char id[BW_HASH_LEN + 1];
    bool good = take(j, &g);
    uint32_t entity = good ? bw_room_entity_find(j->r, j->typed.entity) : BW_ROOM_NONE;
    const struct bw_goal_said *old = NULL;

    j->status = 400;
    j->refused = true;
    if (!good) {
        return;
    }
    for (size_t i = 0; i < j->n_goals; i++) {
        old = strcmp(j->goals[i].name, j->name) == 0 ? &j->goals[i] : old;
    }
    if (entity == BW_ROOM_NONE || !bw_page_scope_entity(&j->scope, entity)) {
        (void)bw_err_set(&j->err, 0, "for whom: no such district, region or school");
        return;
    }
    if (old && !old->ended && !bw_progress_may_end(j, old)) {
        (void)bw_err_set(&j->err, 0, "a goal has this short name, and another said it");
        return;
    }
    int r =
        bw_goal_say(c, j->name, &g, j->viewer->name, "web", j->now_unix_ms, id, &j->err);
    if (r < 0) {
        j->status = r == -EINVAL ? 400 : 503;
        return;
    }
    j->refused = false;
    j->status = 303;
}

static void withdraw(struct bw_progress_job *j, struct bw_catalogue *c)
{
    const struct bw_goal_said *g = find(j);
    char id[BW_HASH_LEN + 1];

    j->status = 404;
    if (!g || !bw_progress_sees(j, &g->goal) || g->ended) {
        (void)bw_err_set(&j->err, 0, "there is no such goal");
        return;
    }
    if (!bw_progress_may_end(j, g)) {
        (void)bw_err_set(&j->err, 0, "who said a goal withdraws it, or an administrator");
        j->status = 403;
        return;
    }
    int r = bw_goal_withdraw(c, j->name, j->typed.text, j->viewer->name, "web",
                             j->now_unix_ms, id, &j->err);
    j->status = r < 0 ? 503 : 303;
}

void bw_progress_say(struct bw_progress_job *j, struct bw_catalogue *c)
{
    if (j->act == BW_PROGRESS_SET) {
        set(j, c);
    } else {
        withdraw(j, c);
    }
}

/* ---- the form ---------------------------------------------------------------------------
 */

static void field(struct bw_buf *b,
                  const char *name,
                  const char *label,
                  const char *value,
                  const char *more)
{
    bw_buf_printf(b,
                  "<div><label for=\"g-%s\">%s</label><input id=\"g-%s\" name=\"%s\" %s "
                  "value=\"",
                  name, label, name, name, more);
    bw_text_html(b, value);
    bw_buf_puts(b, "\"></div>");
}

static void choice(struct bw_buf *b,
                   const char *name,
                   const char *label,
                   const char *const words[2][2],
                   const char *chosen)
{
    bw_buf_printf(b, "<div><label for=\"g-%s\">%s</label><select id=\"g-%s\" name=\"%s\">",
                  name, label, name, name);
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "<option value=\"%s\"%s>%s</option>", words[i][0],
                      strcmp(words[i][0], chosen) == 0 ? " selected" : "", words[i][1]);
    }
    bw_buf_puts(b, "</select></div>");
}

/* Whatever has others below it, of what may be seen. */
static void entity_field(struct bw_progress_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    for (uint32_t e = 0; e < j->r->n_entities; e++) {
        n += !bw_page_is_school(j->r->entities[e].kind) &&
             bw_page_scope_entity(&j->scope, e);
    }
    if (n == 0 || n > ENTITIES_MAX) {
        field(b, "entity", "For whom: the id of a district, region or school",
              j->typed.entity, "maxlength=\"31\" required");
        return;
    }
    bw_buf_puts(b, "<div><label for=\"g-entity\">For whom</label><select id=\"g-entity\" "
                   "name=\"entity\">");
    for (uint32_t e = 0; e < j->r->n_entities; e++) {
        const struct bw_room_entity *x = &j->r->entities[e];
        if (bw_page_is_school(x->kind) || !bw_page_scope_entity(&j->scope, e)) {
            continue;
        }
        bw_buf_puts(b, "<option dir=\"auto\" value=\"");
        bw_text_html(b, x->id);
        bw_buf_puts(b, strcmp(x->id, j->typed.entity) == 0 ? "\" selected>" : "\">");
        bw_text_html(b, x->name[0] ? x->name : x->id);
        bw_buf_puts(b, "</option>");
    }
    bw_buf_puts(b, "</select></div>");
}

void bw_progress_say_form(struct bw_progress_job *j)
{
    static const char *const ofs[2][2] = {{"tested", "tested, the median"},
                                          {"claimed", "claimed"}};
    static const char *const pers[2][2] = {{"student", "each student"},
                                           {"place", "each school"}};
    struct bw_buf *b = &j->out;
    const struct bw_progress_typed *t = &j->typed;

    if (!bw_viewer_may(j->viewer, BW_NEED_SAY)) {
        return;
    }
    bw_buf_puts(b, "<h2 id=\"say\">Say a goal</h2>");
    if (j->refused) {
        bw_buf_puts(b, "<p class=\"note\" role=\"alert\">Not said: ");
        bw_text_html(b, j->err.text);
        bw_buf_puts(b, ".</p>");
    }
    bw_buf_puts(b, "<form class=\"search\" method=\"post\" action=\"/progress\">");
    bw_viewer_form(j->viewer, b);
    field(b, "title", "What is to be reached", t->title,
          "maxlength=\"120\" required placeholder=\"1 Mbit/s for every student\"");
    entity_field(j);
    choice(b, "of", "Download speed", ofs, t->of);
    field(b, "kbps", "Target, kbit/s", t->kbps,
          "class=\"short\" type=\"number\" min=\"1\" max=\"1000000000\" required "
          "placeholder=\"1000\"");
    choice(b, "per", "for", pers, t->per);
    field(b, "share", "at so many percent of the schools", t->share[0] ? t->share : "100",
          "class=\"short\" type=\"number\" min=\"1\" max=\"100\" required");
    field(b, "by", "by", t->by,
          "class=\"short\" pattern=\"[0-9]{4}-[0-9]{2}(-[0-9]{2})?\" required "
          "placeholder=\"2027-09\"");
    field(b, "students_min", "only schools from … students", t->students_min,
          "class=\"short\" type=\"number\" min=\"1\" max=\"10000000\"");
    field(b, "students_max", "to … students", t->students_max,
          "class=\"short\" type=\"number\" min=\"1\" max=\"10000000\"");
    field(b, "text", "Why, or by which decision", t->text, "maxlength=\"300\"");
    field(b, "name", "Short name, for its address (else made)", t->name,
          "maxlength=\"40\" pattern=\"[a-z0-9][a-z0-9\\-]*\"");
    bw_buf_puts(b,
                "<button>Say it</button></form><p class=\"small soft\">Kept for good as a "
                "statement in your name, and in the collector's log. A new one of the same "
                "short name takes its place.</p>");
}
