/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_job_json.c - a job for a drawing process as a line of JSON, and back. Pure. */
#include "graph_worker.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

enum {
    JOB_BYTES_MAX = 32768
};

static void write_marks(struct bw_jw *w, const struct bw_graph_job *j)
{
    bw_jw_kstr(w, "zone", j->zone);
    bw_jw_kstr(w, "seen", j->seen);
    bw_jw_ki64(w, "p95_days", j->p95_days);
    bw_jw_kbool(w, "marks_cut", j->marks_cut);
    bw_jw_karr(w, "p95");
    for (size_t i = 0; i < j->n_p95; i++) {
        const struct bw_graph_step *s = &j->p95[i];
        bw_jw_obj(w);
        bw_jw_ki64(w, "from", s->from_unix_s);
        bw_jw_ki64(w, "to", s->to_unix_s);
        bw_jw_ki64(w, "down", s->bps[BW_DOWN]);
        bw_jw_ki64(w, "up", s->bps[BW_UP]);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "marks");
    for (size_t i = 0; i < j->n_marks; i++) {
        bw_jw_obj(w);
        bw_jw_ki64(w, "kind", j->marks[i].kind);
        bw_jw_ki64(w, "from", j->marks[i].from_unix_s);
        bw_jw_ki64(w, "to", j->marks[i].to_unix_s);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

int bw_graph_job_write(const struct bw_graph_job *j, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "rrd", j->rrd);
    bw_jw_kstr(&w, "topic", j->topic);
    bw_jw_ki64(&w, "format", j->format);
    bw_jw_kbool(&w, "dark", j->dark);
    bw_jw_ki64(&w, "from", j->from_unix_s);
    bw_jw_ki64(&w, "to", j->to_unix_s);
    bw_jw_ki64(&w, "step", j->step_s);
    bw_jw_ki64(&w, "width", j->width);
    bw_jw_ki64(&w, "height", j->height);
    bw_jw_kstr(&w, "title", j->title);
    bw_jw_kstr(&w, "layer", j->layer);
    bw_jw_kbool(&w, "at_least", j->at_least);
    bw_jw_karr(&w, "claims");
    for (size_t i = 0; i < j->n_claims; i++) {
        const struct bw_graph_claim *c = &j->claims[i];
        bw_jw_obj(&w);
        bw_jw_ki64(&w, "from", c->from_unix_s);
        bw_jw_ki64(&w, "to", c->to_unix_s);
        bw_jw_kstr(&w, "layer", c->layer);
        bw_jw_ki64(&w, "down", c->bps[BW_DOWN]);
        bw_jw_ki64(&w, "up", c->bps[BW_UP]);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    write_marks(&w, j);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

static int
text(const json_t *o, const char *name, char *out, size_t cap, struct bw_err *reterr)
{
    const char *t = NULL;
    int r = bw_json_get_str(o, name, cap - 1, &t, reterr);
    if (r == 0) {
        (void)snprintf(out, cap, "%s", t);
    }
    return r;
}

static int read_claims(const json_t *list, struct bw_graph_job *j, struct bw_err *reterr)
{
    int r = 0;
    if (!json_is_array(list) || json_array_size(list) > BW_GRAPH_CLAIMS_MAX) {
        return bw_err_set(reterr, -EINVAL, "claims: not a list of at most %d",
                          BW_GRAPH_CLAIMS_MAX);
    }
    j->n_claims = json_array_size(list);
    for (size_t i = 0; r == 0 && i < j->n_claims; i++) {
        const json_t *o = json_array_get(list, i);
        struct bw_graph_claim *c = &j->claims[i];
        int64_t *bps = c->bps;
        r = bw_json_get_i64(o, "from", 0, INT64_MAX / 2, &c->from_unix_s, reterr);
        r = r < 0 ? r : bw_json_get_i64(o, "to", 0, INT64_MAX / 2, &c->to_unix_s, reterr);
        r = r < 0 ? r : text(o, "layer", c->layer, sizeof(c->layer), reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "down", 0, INT64_MAX, &bps[BW_DOWN], reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "up", 0, INT64_MAX, &bps[BW_UP], reterr);
    }
    return r;
}

static int read_p95(const json_t *list, struct bw_graph_job *j, struct bw_err *reterr)
{
    int r = 0;
    if (!json_is_array(list) || json_array_size(list) > BW_GRAPH_STEPS_MAX) {
        return bw_err_set(reterr, -EINVAL, "p95: not a list of at most %d",
                          BW_GRAPH_STEPS_MAX);
    }
    j->n_p95 = json_array_size(list);
    for (size_t i = 0; r == 0 && i < j->n_p95; i++) {
        const json_t *o = json_array_get(list, i);
        struct bw_graph_step *s = &j->p95[i];
        r = bw_json_get_i64(o, "from", 0, INT64_MAX / 2, &s->from_unix_s, reterr);
        r = r < 0 ? r : bw_json_get_i64(o, "to", 0, INT64_MAX / 2, &s->to_unix_s, reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "down", 0, INT64_MAX, &s->bps[BW_DOWN], reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "up", 0, INT64_MAX, &s->bps[BW_UP], reterr);
    }
    return r;
}

static int read_marks(const json_t *list, struct bw_graph_job *j, struct bw_err *reterr)
{
    int r = 0;
    if (!json_is_array(list) || json_array_size(list) > BW_GRAPH_MARKS_MAX) {
        return bw_err_set(reterr, -EINVAL, "marks: not a list of at most %d",
                          BW_GRAPH_MARKS_MAX);
    }
    j->n_marks = json_array_size(list);
    for (size_t i = 0; r == 0 && i < j->n_marks; i++) {
        const json_t *o = json_array_get(list, i);
        struct bw_graph_mark *m = &j->marks[i];
        int64_t kind = 0;
        r = bw_json_get_i64(o, "kind", 0, BW_GRAPH_KNOWN, &kind, reterr);
        r = r < 0 ? r
                  : bw_json_get_i64(o, "from", 0, INT64_MAX / 2, &m->from_unix_s, reterr);
        r = r < 0 ? r : bw_json_get_i64(o, "to", 0, INT64_MAX / 2, &m->to_unix_s, reterr);
        m->kind = (enum bw_graph_mark_kind)kind;
    }
    return r;
}

static int read_job(const json_t *o, struct bw_graph_job *j, struct bw_err *reterr)
{
    int64_t format = 0;
    int r = text(o, "rrd", j->rrd, sizeof(j->rrd), reterr);
    r = r < 0 ? r : text(o, "topic", j->topic, sizeof(j->topic), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "format", 0, BW_GRAPH_CSV, &format, reterr);
    r = r < 0 ? r : bw_json_get_bool(o, "dark", &j->dark, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "from", 0, INT64_MAX / 2, &j->from_unix_s, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "to", 0, INT64_MAX / 2, &j->to_unix_s, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "step", 1, 86400, &j->step_s, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "width", 100, 4000, &j->width, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "height", 60, 2000, &j->height, reterr);
    r = r < 0 ? r : text(o, "title", j->title, sizeof(j->title), reterr);
    r = r < 0 ? r : text(o, "layer", j->layer, sizeof(j->layer), reterr);
    r = r < 0 ? r : bw_json_get_bool(o, "at_least", &j->at_least, reterr);
    r = r < 0 ? r : read_claims(json_object_get(o, "claims"), j, reterr);
    r = r < 0 ? r : text(o, "zone", j->zone, sizeof(j->zone), reterr);
    r = r < 0 ? r : text(o, "seen", j->seen, sizeof(j->seen), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "p95_days", 0, 4096, &j->p95_days, reterr);
    r = r < 0 ? r : bw_json_get_bool(o, "marks_cut", &j->marks_cut, reterr);
    r = r < 0 ? r : read_p95(json_object_get(o, "p95"), j, reterr);
    r = r < 0 ? r : read_marks(json_object_get(o, "marks"), j, reterr);
    j->format = (enum bw_graph_format)format;
    return r;
}

int bw_graph_job_read(const char *json,
                      size_t n,
                      struct bw_graph_job *ret,
                      struct bw_err *reterr)
{
    struct bw_graph_job j;
    json_t *o = NULL;
    memset(&j, 0, sizeof(j));
    int r = bw_json_parse(json, n, JOB_BYTES_MAX, &o, reterr);
    if (r < 0) {
        return r;
    }
    r = read_job(o, &j, reterr);
    json_decref(o);
    if (r == 0) {
        *ret = j;
    }
    return r;
}
