/* SPDX-License-Identifier: GPL-3.0-or-later
 * servers_export.c - every hour of every server as JSON. */
#include "servers_parts.h"

#include <bw/summary.h>
#include <json.h>
#include <stdlib.h>

static void json_hour(struct bw_jw *w, const struct bw_room_server_hour *h)
{
    bw_jw_obj(w);
    bw_jw_ki64(w, "from_s", h->from_unix_s);
    bw_jw_kstr(w, "direction", h->direction == BW_DOWN ? "down" : "up");
    bw_jw_ki64(w, "of_usual_ppm", h->median_ppm);
    bw_jw_ki64(w, "sites", h->n_sites);
    bw_jw_ki64(w, "good", h->n_good);
    bw_jw_ki64(w, "apart", h->n_apart);
    bw_jw_ki64(w, "apart_by_erratum", h->n_erratum);
    bw_jw_ki64(w, "failed", h->n_failed);
    bw_jw_kstr(w, "says", bw_server_word_name(h->word));
    bw_jw_obj_end(w);
}

static void
json_faults(const struct bw_room *r, struct bw_jw *w, const struct bw_room_server *s)
{
    struct bw_server_fault *list = NULL;
    size_t n = 0;

    bw_jw_karr(w, "faults");
    if (bw_server_faults(r, s, &list, &n) == 0) {
        for (size_t i = 0; i < n; i++) {
            bw_jw_obj(w);
            bw_jw_ki64(w, "from_s", list[i].from_unix_s);
            bw_jw_ki64(w, "to_s", list[i].to_unix_s);
            bw_jw_ki64(w, "lowest_ppm", list[i].lowest_ppm);
            bw_jw_ki64(w, "runs", list[i].n_good);
            bw_jw_obj_end(w);
        }
    }
    bw_jw_arr_end(w);
    free(list);
}

static void
json_server(const struct bw_room *r, struct bw_jw *w, const struct bw_room_server *s)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "server", s->name[0] ? s->name : NULL);
    bw_jw_ki64(w, "sites", s->n_sites);
    bw_jw_ki64(w, "good", s->n_good);
    json_faults(r, w, s);
    bw_jw_karr(w, "reasons");
    for (uint32_t i = s->first_reason; i < s->end_reason; i++) {
        const struct bw_room_server_reason *x = &r->server_reasons[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "what", x->apart ? "apart" : "failed");
        bw_jw_kstr(w, "why", x->words);
        bw_jw_ki64(w, "runs", x->n);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "hours");
    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        json_hour(w, &r->server_hours[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

void bw_servers_json(struct bw_servers_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_ki64(&w, "from_s", j->r->servers_from_unix_s);
    bw_jw_ki64(&w, "servers_more", (int64_t)j->r->n_servers_more);
    bw_jw_karr(&w, "servers");
    for (size_t i = 0; i < j->r->n_servers; i++) {
        json_server(j->r, &w, &j->r->servers[i]);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&j->out, '\n');
}
