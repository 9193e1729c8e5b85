/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness_export.c - readiness as JSON and as a table: every number, so that each result
 * can be worked again. */
#include "readiness_parts.h"

#include <civil.h>
#include <json.h>
#include <stdio.h>
#include <text.h>
#include <words.h>

static void
circuit_of(const struct bw_room *r, const struct bw_ready_line *l, char *out, size_t n)
{
    out[0] = '\0';
    if (l->circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &r->circuits[l->circuit];
        (void)snprintf(out, n, "%s.%s", r->sites[c->site].id, c->name);
    }
}

/* ---- JSON -------------------------------------------------------------------------------
 */

static void json_day(struct bw_jw *w, const char *name, int64_t day)
{
    char text[BW_CIVIL_DATE_LEN + 1];

    if (day != BW_UNKNOWN) {
        bw_civil_date(day, text);
        bw_jw_kstr(w, name, text);
    }
}

static void
json_line(struct bw_jw *w, const struct bw_room *r, const struct bw_ready_line *l)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];

    circuit_of(r, l, id, sizeof(id));
    bw_jw_kstr(w, "circuit", id[0] ? id : NULL);
    bw_jw_kstr(w, "layer", l->layer != BW_LAYER_UNKNOWN ? bw_words_layer(l->layer) : NULL);
    bw_jw_ki64(w, "tested_bps", l->bps[BW_READY_TESTED]);
    bw_jw_ki64(w, "tests", l->n_tests);
    bw_jw_ki64(w, "claimed_bps", l->bps[BW_READY_CLAIMED]);
    bw_jw_ki64(w, "carried_p95_bps", l->carried_bps[BW_READY_AT_P95]);
    bw_jw_ki64(w, "carried_peak_bps", l->carried_bps[BW_READY_AT_PEAK]);
    bw_jw_ki64(w, "days", l->n_days);
    bw_jw_ki64(w, "intervals", l->known);
    bw_jw_ki64(w, "intervals_expected", l->expected);
    bw_jw_ki64(w, "full_s", l->full_s);
    bw_jw_ki64(w, "full_of_s", l->full_of_s);
    bw_jw_ki64(w, "outage_class_ms", l->outage_class_ms);
    bw_jw_ki64(w, "free_p95_bps", l->free_bps[BW_READY_AT_P95]);
    bw_jw_ki64(w, "free_peak_bps", l->free_bps[BW_READY_AT_PEAK]);
}

static void
json_row(const struct bw_ready_job *j, struct bw_jw *w, const struct bw_ready_row *x)
{
    const struct bw_room *r = j->r;
    uint32_t at = x->entity != BW_ROOM_NONE ? x->entity : r->sites[x->site].entity;

    bw_jw_obj(w);
    bw_jw_kstr(w, "id", bw_room_place_id(r, x->entity, x->site));
    bw_jw_kstr(w, "name", bw_room_place_name(r, x->entity, x->site));
    bw_jw_kstr(w, "path", at != BW_ROOM_NONE ? r->entities[at].path : NULL);
    bw_jw_ki64(w, "students", x->students);
    bw_jw_ki64(w, "at_once_p95", x->at_once[BW_READY_AT_P95]);
    bw_jw_ki64(w, "at_once_peak", x->at_once[BW_READY_AT_PEAK]);
    bw_jw_ki64(w, "shortfall", x->shortfall);
    bw_jw_ki64(w, "sittings", x->sittings);
    if (x->why != BW_READY_KNOWN) {
        bw_jw_kstr(w, "unknown", bw_ready_why_name(x->why));
    } else if (x->students == BW_UNKNOWN) {
        bw_jw_kstr(w, "unknown", "no-students");
    }
    if (x->testing_days >= 0) {
        bw_jw_ki64(w, "testing_days", x->testing_days);
    }
    bw_jw_ki64(w, "lines", x->n_lines);
    json_line(w, r, &x->line);
    bw_jw_obj_end(w);
}

void bw_ready_json(struct bw_ready_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_READINESS_METHOD);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_ki64(&w, "rate_bps", j->ask.rate_bps);
    bw_jw_kstr(&w, "delivered", bw_ready_of_name(j->ask.of));
    bw_jw_kstr(&w, "carried", bw_ready_at_name(j->ask.at));
    json_day(&w, "from", j->ask.from_day);
    json_day(&w, "to", j->ask.to_day == BW_UNKNOWN ? BW_UNKNOWN : j->ask.to_day - 1);
    bw_jw_kstr(&w, "measured", j->past ? "those-days" : "last-28-days");
    bw_jw_kstr(&w, "below",
               j->ask.below != BW_ROOM_NONE ? j->r->entities[j->ask.below].id : NULL);
    bw_jw_ki64(&w, "places", (int64_t)j->x.n);
    bw_jw_ki64(&w, "places_known", (int64_t)j->x.n_known);
    bw_jw_ki64(&w, "places_short", (int64_t)j->x.n_short);
    bw_jw_karr(&w, "readiness");
    for (size_t i = 0; i < j->x.n; i++) {
        json_row(j, &w, &j->x.rows[i]);
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

static void cell_day(struct bw_buf *b, int64_t day)
{
    char text[BW_CIVIL_DATE_LEN + 1] = "";

    if (day != BW_UNKNOWN) {
        bw_civil_date(day, text);
    }
    bw_buf_printf(b, ",%s", text);
}

static void
csv_row(const struct bw_ready_job *j, struct bw_buf *b, const struct bw_ready_row *x)
{
    const struct bw_room *r = j->r;
    const struct bw_ready_line *l = &x->line;
    uint32_t at = x->entity != BW_ROOM_NONE ? x->entity : r->sites[x->site].entity;
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];

    circuit_of(r, l, id, sizeof(id));
    bw_text_csv(b, bw_room_place_id(r, x->entity, x->site));
    bw_buf_putc(b, ',');
    bw_text_csv(b, bw_room_place_name(r, x->entity, x->site));
    bw_buf_putc(b, ',');
    bw_text_csv(b, at != BW_ROOM_NONE ? r->entities[at].path : "");
    cell_i64(b, x->students);
    cell_i64(b, x->at_once[BW_READY_AT_P95]);
    cell_i64(b, x->at_once[BW_READY_AT_PEAK]);
    cell_i64(b, x->shortfall);
    cell_i64(b, x->sittings);
    bw_buf_printf(b, ",%s",
                  x->why != BW_READY_KNOWN    ? bw_ready_why_name(x->why)
                  : x->students == BW_UNKNOWN ? "no-students"
                                              : "");
    cell_i64(b, x->testing_days >= 0 ? x->testing_days : BW_UNKNOWN);
    cell_i64(b, x->n_lines);
    bw_buf_putc(b, ',');
    bw_text_csv(b, id);
    bw_buf_printf(b, ",%s", bw_words_layer(l->layer));
    cell_i64(b, l->bps[BW_READY_TESTED]);
    cell_i64(b, l->n_tests);
    cell_i64(b, l->bps[BW_READY_CLAIMED]);
    cell_i64(b, l->carried_bps[BW_READY_AT_P95]);
    cell_i64(b, l->carried_bps[BW_READY_AT_PEAK]);
    cell_i64(b, l->n_days);
    cell_i64(b, l->known);
    cell_i64(b, l->expected);
    cell_i64(b, l->full_s);
    cell_i64(b, l->full_of_s);
    cell_i64(b, l->outage_class_ms);
    cell_i64(b, l->free_bps[BW_READY_AT_P95]);
    cell_i64(b, l->free_bps[BW_READY_AT_PEAK]);
    cell_i64(b, j->ask.rate_bps);
    bw_buf_printf(b, ",%s,%s", bw_ready_of_name(j->ask.of), bw_ready_at_name(j->ask.at));
    cell_day(b, j->ask.from_day);
    cell_day(b, j->ask.to_day == BW_UNKNOWN ? BW_UNKNOWN : j->ask.to_day - 1);
    bw_buf_printf(b, ",%s," BW_READINESS_METHOD, j->past ? "those-days" : "last-28-days");
    cell_i64(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, "\r\n");
}

void bw_ready_csv(struct bw_ready_job *j)
{
    bw_buf_puts(&j->out,
                "id,name,path,students,at_once_p95,at_once_peak,shortfall,sittings,unknown,"
                "testing_days,lines,circuit,layer,tested_bps,tests,claimed_bps,"
                "carried_p95_bps,carried_peak_bps,days,intervals,intervals_expected,full_s,"
                "full_of_s,outage_class_ms,free_p95_bps,free_peak_bps,rate_bps,delivered,"
                "carried,from,to,measured,method,as_of_s\r\n");
    for (size_t i = 0; i < j->x.n; i++) {
        csv_row(j, &j->out, &j->x.rows[i]);
    }
}
