/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet_export.c - the fleet as JSON and as a table: a row a site. */
#include "fleet_parts.h"

#include <json.h>
#include <stdio.h>
#include <text.h>

static void json_stages(const struct bw_fleet_job *j, struct bw_jw *w)
{
    bw_jw_karr(w, "stages");
    for (int s = 0; s < BW_FLEET_STAGES; s++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "stage", bw_fleet_stage_name((enum bw_fleet_stage)s));
        bw_jw_ki64(w, "reached", j->f.reached[s]);
        bw_jw_ki64(w, "here", j->f.at[s]);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void json_agents(const struct bw_fleet_job *j, struct bw_jw *w)
{
    bw_jw_karr(w, "versions");
    for (size_t i = 0; i < j->n_agents; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "agent", j->agents[i].agent);
        bw_jw_ki64(w, "sites", j->agents[i].n);
        bw_jw_ki64(w, "silent", j->agents[i].n_silent);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void
json_site(const struct bw_room *r, struct bw_jw *w, const struct bw_fleet_row *x)
{
    const struct bw_room_site *s = &r->sites[x->site];
    const struct bw_room_spell *silent = &s->spell[BW_ROOM_SILENT];

    bw_jw_obj(w);
    bw_jw_kstr(w, "site", s->id);
    bw_jw_kstr(w, "name", s->name[0] ? s->name : NULL);
    bw_jw_kstr(w, "entity", s->entity != BW_ROOM_NONE ? r->entities[s->entity].id : NULL);
    bw_jw_kstr(w, "path", s->entity != BW_ROOM_NONE ? r->entities[s->entity].path : NULL);
    bw_jw_kstr(w, "stage", bw_fleet_stage_name(x->stage));
    if (x->why != BW_FLEET_NOTHING) {
        bw_jw_kstr(w, "why", bw_fleet_why_name(x->why));
        bw_jw_kstr(w, "who", bw_fleet_who_name(bw_fleet_why_who(x->why)));
    }
    bw_jw_kstr(w, "circuit",
               x->circuit != BW_ROOM_NONE ? r->circuits[x->circuit].name : NULL);
    bw_jw_ki64(w, "circuits", x->n_circuits);
    bw_jw_ki64(w, "circuits_without_claim", x->n_unmatched);
    bw_jw_ki64(w, "since_s", x->since_unix_s);
    bw_jw_ki64(w, "until_s", x->until_unix_s);
    bw_jw_ki64(w, "silent_since_s",
               bw_room_spell_on(silent) ? silent->since_unix_s : BW_UNKNOWN);
    bw_jw_kstr(w, "agent", s->agent[0] ? s->agent : NULL);
    bw_jw_ki64(w, "forks", s->n_forks);
    bw_jw_ki64(w, "holes", s->n_holes);
    bw_jw_obj_end(w);
}

void bw_fleet_json(struct bw_fleet_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_kstr(&w, "below", j->below != BW_ROOM_NONE ? j->r->entities[j->below].id : NULL);
    json_stages(j, &w);
    bw_jw_ki64(&w, "retired", j->f.n_retired);
    json_agents(j, &w);
    bw_jw_karr(&w, "sites");
    for (size_t i = 0; i < j->f.n; i++) {
        if (bw_fleet_listed(j, &j->f.rows[i])) {
            json_site(j->r, &w, &j->f.rows[i]);
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&j->out, '\n');
}

static void cell_i64(struct bw_buf *b, int64_t v)
{
    bw_buf_putc(b, ',');
    if (v != BW_UNKNOWN) {
        bw_buf_i64(b, v);
    }
}

static void cell(struct bw_buf *b, const char *text)
{
    bw_buf_putc(b, ',');
    bw_text_csv(b, text);
}

void bw_fleet_csv(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "site,name,entity,path,stage,why,who,circuit,circuits,"
                   "circuits_without_claim,since_s,until_s,silent_since_s,agent,forks,"
                   "holes,as_of_s\r\n");
    for (size_t i = 0; i < j->f.n; i++) {
        const struct bw_fleet_row *x = &j->f.rows[i];
        const struct bw_room *r = j->r;
        const struct bw_room_site *s = &r->sites[x->site];
        const struct bw_room_spell *silent = &s->spell[BW_ROOM_SILENT];
        if (!bw_fleet_listed(j, x)) {
            continue;
        }
        bw_text_csv(b, s->id);
        cell(b, s->name);
        cell(b, s->entity != BW_ROOM_NONE ? r->entities[s->entity].id : "");
        cell(b, s->entity != BW_ROOM_NONE ? r->entities[s->entity].path : "");
        cell(b, bw_fleet_stage_name(x->stage));
        cell(b, x->why == BW_FLEET_NOTHING ? "" : bw_fleet_why_name(x->why));
        cell(b,
             x->why == BW_FLEET_NOTHING ? "" : bw_fleet_who_name(bw_fleet_why_who(x->why)));
        cell(b, x->circuit != BW_ROOM_NONE ? r->circuits[x->circuit].name : "");
        cell_i64(b, x->n_circuits);
        cell_i64(b, x->n_unmatched);
        cell_i64(b, x->since_unix_s);
        cell_i64(b, x->until_unix_s);
        cell_i64(b, bw_room_spell_on(silent) ? silent->since_unix_s : BW_UNKNOWN);
        cell(b, s->agent);
        cell_i64(b, s->n_forks);
        cell_i64(b, s->n_holes);
        cell_i64(b, r->made_unix_ms / 1000);
        bw_buf_puts(b, "\r\n");
    }
}
