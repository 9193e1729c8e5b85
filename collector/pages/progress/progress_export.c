/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress_export.c - goals as JSON and as a table: all that may be seen with the last 28
 * days; of one also the months, in JSON each member, too. */
#include "progress_parts.h"

#include <json.h>
#include <stdio.h>
#include <string.h>
#include <text.h>

/* ---- JSON -------------------------------------------------------------------------------
 */

static void json_point(struct bw_jw *w, const struct bw_goals_progress *p, size_t at)
{
    const struct bw_goals_point *x = &p->points[at];
    char month[16];

    bw_jw_obj(w);
    if (at != BW_GOALS_NOW) {
        (void)snprintf(month, sizeof(month), "%04d-%02d", x->month / 12, x->month % 12 + 1);
        bw_jw_kstr(w, "month", month);
    }
    bw_jw_ki64(w, "meet", x->n_meet);
    bw_jw_ki64(w, "known", x->n_known);
    bw_jw_ki64(w, "median_bps", x->median);
    bw_jw_kobj(w, "unknown");
    for (int i = 1; i < BW_GOALS_WHYS; i++) {
        if (x->n_why[i] > 0) {
            bw_jw_ki64(w, bw_goals_why_name((enum bw_goals_why)i), x->n_why[i]);
        }
    }
    bw_jw_obj_end(w);
    bw_jw_obj_end(w);
}

static void
json_member(struct bw_jw *w, const struct bw_room *r, const struct bw_goals_member *m)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2] = "";

    if (m->now.circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &r->circuits[m->now.circuit];
        (void)snprintf(id, sizeof(id), "%s.%s", r->sites[c->site].id, c->name);
    }
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", bw_room_place_id(r, m->entity, m->site));
    bw_jw_kstr(w, "name", bw_room_place_name(r, m->entity, m->site));
    bw_jw_ki64(w, "students", m->students);
    bw_jw_kstr(w, "circuit", id[0] ? id : NULL);
    bw_jw_ki64(w, "bps", m->now.bps);
    if (m->now.why == BW_GOALS_KNOWN) {
        bw_jw_ki64(w, "value_bps", m->now.value);
        bw_jw_kbool(w, "meets", m->now.meets);
    } else {
        bw_jw_kstr(w, "unknown", bw_goals_why_name(m->now.why));
    }
    bw_jw_obj_end(w);
}

static void json_goal(struct bw_jw *w, const struct bw_goal_said *s)
{
    const struct bw_goal *g = &s->goal;

    bw_jw_kstr(w, "goal", s->name);
    bw_jw_kstr(w, "title", g->title);
    bw_jw_kstr(w, "entity", g->entity);
    bw_jw_kstr(w, "of", bw_goal_of_name(g->of));
    bw_jw_kstr(w, "per", bw_goal_per_name(g->per));
    bw_jw_ki64(w, "target_bps", g->target_bps);
    bw_jw_ki64(w, "share_ppm", g->share_ppm);
    bw_jw_kstr(w, "by", g->by);
    bw_jw_ki64(w, "students_min", g->students_min);
    bw_jw_ki64(w, "students_max", g->students_max);
    bw_jw_kstr(w, "text", g->text[0] ? g->text : NULL);
    bw_jw_kstr(w, "id", s->id);
    bw_jw_kstr(w, "said_by", s->by);
    bw_jw_ki64(w, "said_s", s->said_unix_s);
    bw_jw_ki64(w, "versions", s->n_versions);
    bw_jw_kbool(w, "withdrawn", s->ended);
    bw_jw_kstr(w, "withdrawn_by", s->ended ? s->ended_by : NULL);
    bw_jw_ki64(w, "withdrawn_s", s->ended_unix_s);
}

static int
json_progress(struct bw_progress_job *j, struct bw_jw *w, const struct bw_goal_said *s)
{
    struct bw_goals_progress p;
    bool one = j->name[0] != '\0';
    int r = bw_progress_measure(j, s, one, &p);

    if (r < 0) {
        return r;
    }
    bw_jw_obj(w);
    json_goal(w, s);
    bw_jw_kstr(w, "state", bw_goals_state_name(p.state));
    bw_jw_ki64(w, "members", (int64_t)p.n);
    bw_jw_ki64(w, "wanted", p.n_wanted);
    bw_jw_ki64(w, "unplaced", p.n_unplaced);
    bw_jw_key(w, "last_28_days");
    json_point(w, &p, BW_GOALS_NOW);
    if (one) {
        bw_jw_karr(w, "months");
        for (size_t i = 0; i < BW_ROOM_MONTHS; i++) {
            if (p.points[i].month >= 0) {
                json_point(w, &p, i);
            }
        }
        bw_jw_arr_end(w);
        bw_jw_karr(w, "places");
        for (size_t i = 0; i < p.n; i++) {
            json_member(w, j->r, &p.members[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
    bw_goals_done(&p);
    return 0;
}

static bool asked_for(const struct bw_progress_job *j, const struct bw_goal_said *s)
{
    return bw_progress_sees(j, &s->goal) && (!j->name[0] || strcmp(j->name, s->name) == 0);
}

static void sorry(struct bw_progress_job *j)
{
    j->status = 503;
    (void)bw_err_set(&j->err, 0, "out of memory");
}

void bw_progress_json(struct bw_progress_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_GOALS_METHOD);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_karr(&w, "goals");
    for (size_t i = 0; i < j->n_goals; i++) {
        if (asked_for(j, &j->goals[i]) && json_progress(j, &w, &j->goals[i]) < 0) {
            sorry(j);
            return;
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&j->out, '\n');
}

/* ---- a table ----------------------------------------------------------------------------
 */

static void cell_i64(struct bw_buf *b, int64_t v)
{
    bw_buf_putc(b, ',');
    if (v != BW_UNKNOWN) {
        bw_buf_i64(b, v);
    }
}

static void csv_row(const struct bw_progress_job *j,
                    struct bw_buf *b,
                    const struct bw_goal_said *s,
                    const struct bw_goals_progress *p,
                    size_t at)
{
    const struct bw_goal *g = &s->goal;
    const struct bw_goals_point *x = &p->points[at];

    bw_buf_printf(b, "%s,", s->name);
    bw_text_csv(b, g->title);
    bw_buf_putc(b, ',');
    bw_text_csv(b, g->entity);
    bw_buf_printf(b, ",%s,%s", bw_goal_of_name(g->of), bw_goal_per_name(g->per));
    cell_i64(b, g->target_bps);
    cell_i64(b, g->share_ppm);
    bw_buf_printf(b, ",%s", g->by);
    cell_i64(b, g->students_min);
    cell_i64(b, g->students_max);
    bw_buf_putc(b, ',');
    bw_text_csv(b, s->by);
    cell_i64(b, s->said_unix_s);
    cell_i64(b, s->ended_unix_s);
    bw_buf_putc(b, ',');
    if (at == BW_GOALS_NOW) {
        bw_buf_puts(b, "last-28-days");
    } else {
        bw_buf_printf(b, "%04d-%02d", x->month / 12, x->month % 12 + 1);
    }
    cell_i64(b, (int64_t)p->n);
    cell_i64(b, p->n_wanted);
    cell_i64(b, p->n_unplaced);
    cell_i64(b, x->n_meet);
    cell_i64(b, x->n_known);
    for (int i = 1; i < BW_GOALS_WHYS; i++) {
        cell_i64(b, x->n_why[i]);
    }
    cell_i64(b, x->median);
    bw_buf_puts(b, "," BW_GOALS_METHOD);
    cell_i64(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, "\r\n");
}

void bw_progress_csv(struct bw_progress_job *j)
{
    struct bw_buf *b = &j->out;
    struct bw_goals_progress p;
    bool one = j->name[0] != '\0';

    bw_buf_puts(
        b, "goal,title,entity,of,per,target_bps,share_ppm,by,students_min,students_max,"
           "said_by,said_s,withdrawn_s,time,members,wanted,unplaced,meet,known");
    for (int i = 1; i < BW_GOALS_WHYS; i++) {
        bw_buf_printf(b, ",unknown_%s", bw_goals_why_name((enum bw_goals_why)i));
    }
    bw_buf_puts(b, ",median_bps,method,as_of_s\r\n");
    for (size_t i = 0; i < j->n_goals; i++) {
        if (!asked_for(j, &j->goals[i])) {
            continue;
        }
        if (bw_progress_measure(j, &j->goals[i], one, &p) < 0) {
            sorry(j);
            return;
        }
        for (size_t at = 0; at < BW_GOALS_POINTS; at++) {
            if (at == BW_GOALS_NOW || p.points[at].month >= 0) {
                csv_row(j, b, &j->goals[i], &p, at);
            }
        }
        bw_goals_done(&p);
    }
}
