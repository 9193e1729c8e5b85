/* SPDX-License-Identifier: GPL-3.0-or-later
 * queue_export.c - the support queue as JSON and as a table: every number, so that each
 * score can be worked again. */
#include "queue_parts.h"

#include <json.h>
#include <text.h>

/* ---- JSON -------------------------------------------------------------------------------
 */

static void json_weights(struct bw_jw *w, const struct bw_queue_said *s)
{
    bw_jw_kobj(w, "weights");
    bw_jw_kbool(w, "usual", s->usual);
    bw_jw_kstr(w, "id", s->id[0] ? s->id : NULL);
    bw_jw_kstr(w, "by", s->by[0] ? s->by : NULL);
    bw_jw_ki64(w, "said_s", s->said_unix_s);
    bw_jw_kstr(w, "text", s->weights.text[0] ? s->weights.text : NULL);
    bw_jw_ki64(w, "enough", s->weights.enough);
    bw_jw_ki64(w, "small_school", s->weights.small_school);
    bw_jw_ki64(w, "small_district", s->weights.small_district);
    bw_jw_karr(w, "parts");
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const struct bw_queue_rule *r = &s->weights.part[p];
        bw_jw_obj(w);
        bw_jw_kstr(w, "part", bw_queue_part_name((enum bw_queue_part)p));
        bw_jw_kstr(w, "unit", bw_queue_part_unit((enum bw_queue_part)p));
        bw_jw_ki64(w, "weight", r->weight);
        bw_jw_ki64(w, "target", r->target);
        bw_jw_ki64(w, "limit", r->limit);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void json_part(struct bw_jw *w,
                      const struct bw_room *r,
                      const struct bw_queue_value *v,
                      enum bw_queue_part p)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "part", bw_queue_part_name(p));
    if (v->why == BW_QUEUE_KNOWN) {
        bw_jw_ki64(w, "num", v->num);
        bw_jw_ki64(w, "den", v->den);
        bw_jw_ki64(w, "value", v->value);
    } else {
        bw_jw_kstr(w, "unknown", bw_queue_why_name(v->why));
    }
    bw_jw_ki64(w, "points", v->points);
    bw_jw_ki64(w, "weighted", v->weighted);
    bw_jw_ki64(w, "places", v->n_places);
    bw_jw_ki64(w, "places_known", v->n_known);
    if (v->circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &r->circuits[v->circuit];
        struct bw_buf id;
        bw_buf_init(&id, 256);
        bw_buf_printf(&id, "%s.%s", r->sites[c->site].id, c->name);
        bw_jw_kstr(w, "circuit", id.data);
        bw_buf_done(&id);
    }
    bw_jw_obj_end(w);
}

static void json_rows(const struct bw_queue_job *j, struct bw_jw *w, size_t from, size_t to)
{
    const struct bw_room *r = j->r;

    for (size_t i = from; i < to; i++) {
        const struct bw_queue_row *x = &j->q.rows[i];
        uint32_t at = x->entity != BW_ROOM_NONE ? x->entity : r->sites[x->site].entity;
        bw_jw_obj(w);
        bw_jw_kstr(w, "id", bw_queue_row_id(r, x));
        bw_jw_kstr(w, "entity",
                   x->entity != BW_ROOM_NONE ? r->entities[x->entity].id : NULL);
        bw_jw_kstr(w, "site", x->site != BW_ROOM_NONE ? r->sites[x->site].id : NULL);
        bw_jw_kstr(w, "name", bw_queue_row_name(r, x));
        bw_jw_kstr(w, "path", at != BW_ROOM_NONE ? r->entities[at].path : NULL);
        bw_jw_ki64(w, "students", x->students);
        if (x->students != BW_UNKNOWN) {
            bw_jw_kbool(w, "small", x->small);
        }
        if (bw_queue_row_rural(x) >= 0) {
            bw_jw_kbool(w, "rural", bw_queue_row_rural(x) == 1);
        }
        bw_jw_ki64(w, "score", x->score);
        bw_jw_ki64(w, "score_most", bw_queue_score_most(x));
        bw_jw_ki64(w, "known_weight", x->known_weight);
        bw_jw_karr(w, "parts");
        for (int p = 0; p < BW_QUEUE_PARTS; p++) {
            json_part(w, r, &x->part[p], (enum bw_queue_part)p);
        }
        bw_jw_arr_end(w);
        bw_jw_obj_end(w);
    }
}

void bw_queue_json(struct bw_queue_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_QUEUE_METHOD);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_kstr(&w, "of", j->ask.districts ? "districts" : "schools");
    bw_jw_kstr(&w, "sort", bw_queue_sort_name(j->ask.sort));
    bw_jw_kstr(&w, "below",
               j->ask.below != BW_ROOM_NONE ? j->r->entities[j->ask.below].id : NULL);
    json_weights(&w, &j->said);
    bw_jw_karr(&w, "queue");
    json_rows(j, &w, 0, j->q.n_ranked);
    bw_jw_arr_end(&w);
    bw_jw_karr(&w, "too_little");
    json_rows(j, &w, j->q.n_ranked, j->q.n);
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

static void csv_head(struct bw_buf *b)
{
    bw_buf_puts(
        b, "place,id,site,name,path,students,small,rural,score,score_most,known_weight");
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const char *n = bw_queue_part_name((enum bw_queue_part)p);
        const char *u = bw_queue_part_unit((enum bw_queue_part)p);
        bw_buf_printf(b,
                      ",%s_num,%s_den,%s_value_%s,%s_target_%s,%s_limit_%s,%s_points,"
                      "%s_weight,%s_weighted,%s_places,%s_places_known,%s_unknown",
                      n, n, n, u, n, u, n, u, n, n, n, n, n, n);
    }
    bw_buf_puts(b, ",method,as_of_s,weights_by,weights_said_s\r\n");
}

static void csv_row(const struct bw_queue_job *j, struct bw_buf *b, size_t i)
{
    const struct bw_room *r = j->r;
    const struct bw_queue_row *x = &j->q.rows[i];
    uint32_t at = x->entity != BW_ROOM_NONE ? x->entity : r->sites[x->site].entity;

    if (i < j->q.n_ranked) {
        bw_buf_i64(b, (int64_t)i + 1);
    }
    const char *const texts[] = {
        bw_queue_row_id(r, x), x->site != BW_ROOM_NONE ? r->sites[x->site].id : "",
        bw_queue_row_name(r, x), at != BW_ROOM_NONE ? r->entities[at].path : ""};
    for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
        bw_buf_putc(b, ',');
        bw_text_csv(b, texts[k]);
    }
    cell_i64(b, x->students);
    cell_i64(b, x->students == BW_UNKNOWN ? BW_UNKNOWN : x->small);
    cell_i64(b, bw_queue_row_rural(x) < 0 ? BW_UNKNOWN : bw_queue_row_rural(x));
    cell_i64(b, x->score);
    cell_i64(b, bw_queue_score_most(x));
    cell_i64(b, x->known_weight);
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const struct bw_queue_value *v = &x->part[p];
        const struct bw_queue_rule *rule = &j->said.weights.part[p];
        cell_i64(b, v->num);
        cell_i64(b, v->den);
        cell_i64(b, v->value);
        cell_i64(b, rule->target);
        cell_i64(b, rule->limit);
        cell_i64(b, v->points);
        cell_i64(b, rule->weight);
        cell_i64(b, v->weighted);
        cell_i64(b, v->n_places);
        cell_i64(b, v->n_known);
        bw_buf_printf(b, ",%s", v->why == BW_QUEUE_KNOWN ? "" : bw_queue_why_name(v->why));
    }
    bw_buf_puts(b, "," BW_QUEUE_METHOD);
    cell_i64(b, r->made_unix_ms / 1000);
    bw_buf_putc(b, ',');
    bw_text_csv(b, j->said.by);
    cell_i64(b, j->said.said_unix_s);
    bw_buf_puts(b, "\r\n");
}

void bw_queue_csv(struct bw_queue_job *j)
{
    csv_head(&j->out);
    for (size_t i = 0; i < j->q.n; i++) {
        csv_row(j, &j->out, i);
    }
}
