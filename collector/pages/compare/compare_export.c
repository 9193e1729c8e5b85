/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_export.c - comparisons as JSON and as a table: cohorts, or the members that are
 * seen, every number. What is hidden is absent, and said to be. */
#include "compare_parts.h"

#include <json.h>
#include <stdlib.h>
#include <text.h>

static const char *key_of(const struct bw_compare_job *j, const struct bw_compare_set *s)
{
    return s->by == BW_COMPARE_ALL ? "all" : j->c.classes[s->by][s->class].key;
}

static const char *label_of(const struct bw_compare_job *j, const struct bw_compare_set *s)
{
    return s->by == BW_COMPARE_ALL ? "" : j->c.classes[s->by][s->class].label;
}

/* ---- JSON -------------------------------------------------------------------------------
 */

static void json_spread(struct bw_jw *w, int m, const struct bw_compare_spread *x)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "measure", bw_compare_measure_name((enum bw_compare_measure)m));
    if (x->hidden) {
        bw_jw_kbool(w, "hidden", true);
    } else {
        bw_jw_ki64(w, "known", x->known);
        bw_jw_ki64(w, "unknown", x->members - x->known);
        bw_jw_kbool(w, "rounded", x->rounded);
        if (x->low != BW_UNKNOWN) {
            bw_jw_ki64(w, "low", x->low);
        }
        if (x->q1 != BW_UNKNOWN) {
            bw_jw_ki64(w, "q1", x->q1);
        }
        if (x->median != BW_UNKNOWN) {
            bw_jw_ki64(w, "median", x->median);
        }
        if (x->q3 != BW_UNKNOWN) {
            bw_jw_ki64(w, "q3", x->q3);
        }
        if (x->high != BW_UNKNOWN) {
            bw_jw_ki64(w, "high", x->high);
        }
    }
    bw_jw_obj_end(w);
}

static void
json_cohort(struct bw_compare_job *j, struct bw_jw *w, const struct bw_compare_set *s)
{
    struct bw_compare_spread x;

    if (!bw_compare_shows(&j->c, s) ||
        bw_compare_spread(&j->c, s, BW_COMPARE_STUDENTS, &x) < 0) {
        return;
    }
    bw_jw_obj(w);
    bw_jw_kstr(w, "cohort", key_of(j, s));
    if (label_of(j, s)[0]) {
        bw_jw_kstr(w, "label", label_of(j, s));
    }
    if (s->meeting) {
        bw_jw_kbool(w, "meeting", true);
    }
    bw_jw_ki64(w, "members", x.members);
    bw_jw_karr(w, "measures");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        if (bw_compare_spread(&j->c, s, (enum bw_compare_measure)m, &x) == 0) {
            json_spread(w, m, &x);
        }
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void json_value(const struct bw_compare_job *j,
                       struct bw_jw *w,
                       int m,
                       const struct bw_compare_value *v)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "measure", bw_compare_measure_name((enum bw_compare_measure)m));
    if (v->why == BW_COMPARE_KNOWN) {
        bw_jw_ki64(w, "num", v->num);
        bw_jw_ki64(w, "den", v->den);
        bw_jw_ki64(w, "value", v->value);
    } else {
        bw_jw_kstr(w, "unknown", bw_compare_why_name(v->why));
    }
    bw_jw_ki64(w, "places", v->n_places);
    bw_jw_ki64(w, "places_known", v->n_known);
    if (v->circuit != BW_ROOM_NONE && v->why == BW_COMPARE_KNOWN) {
        const struct bw_room_circuit *c = &j->r->circuits[v->circuit];
        struct bw_buf id;
        bw_buf_init(&id, 256);
        bw_buf_printf(&id, "%s.%s", j->r->sites[c->site].id, c->name);
        bw_jw_kstr(w, "circuit", id.data);
        bw_buf_done(&id);
    }
    bw_jw_obj_end(w);
}

static void
json_member(const struct bw_compare_job *j, struct bw_jw *w, const struct bw_compare_row *x)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", x->id);
    bw_jw_kstr(w, "name", x->name);
    if (x->students != BW_UNKNOWN) {
        bw_jw_ki64(w, "students", x->students);
    }
    for (int by = 0; by < BW_COMPARE_BYS; by++) {
        const struct bw_compare_class *k = &j->c.classes[by][x->class[by]];
        if (k->label[0]) {
            bw_jw_kstr(w, bw_compare_by_name((enum bw_compare_by)by), k->key);
        }
    }
    bw_jw_karr(w, "measures");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        json_value(j, w, m, &x->m[m]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void json_measures(struct bw_jw *w)
{
    bw_jw_karr(w, "measures");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "measure", bw_compare_measure_name((enum bw_compare_measure)m));
        bw_jw_kstr(w, "unit", bw_compare_measure_unit((enum bw_compare_measure)m));
        bw_jw_kstr(w, "what", bw_compare_measure_says((enum bw_compare_measure)m));
        bw_jw_kstr(w, "methods", bw_compare_measure_methods((enum bw_compare_measure)m));
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

/* The nearest that meet the target, of those that are seen. */
static void json_alike(const struct bw_compare_job *j, struct bw_jw *w)
{
    struct bw_compare_alike list[BW_COMPARE_PICK_MAX];
    size_t alike = 0;
    size_t n = bw_compare_like(&j->c, j->list[0], list, BW_COMPARE_PICK_MAX, &alike);

    bw_jw_ki64(w, "alike", (int64_t)alike);
    bw_jw_karr(w, "meeting");
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(w);
        bw_jw_ki64(w, "times_milli", list[i].times_milli);
        bw_jw_kbool(w, "locale_same", list[i].locale_same);
        bw_jw_key(w, "who");
        json_member(j, w, list[i].row);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void json_cohorts(struct bw_compare_job *j, struct bw_jw *w)
{
    struct bw_compare_set s = {.by = BW_COMPARE_ALL, .with = BW_COMPARE_ALL};

    bw_jw_karr(w, "cohorts");
    if (j->view == BW_COMPARE_COHORT) {
        s = j->set;
        json_cohort(j, w, &s);
        s.meeting = true;
        json_cohort(j, w, &s);
    } else if (j->view == BW_COMPARE_LIKE) {
        s.by = BW_COMPARE_SIZE;
        s.class = j->list[0]->class[BW_COMPARE_SIZE];
        json_cohort(j, w, &s);
        s.meeting = true;
        json_cohort(j, w, &s);
    } else if (j->view == BW_COMPARE_COHORTS) {
        json_cohort(j, w, &s);
        for (size_t k = 0; j->by < BW_COMPARE_BYS && k < j->c.n_classes[j->by]; k++) {
            s = (struct bw_compare_set){
                .by = j->by, .class = (uint32_t)k, .with = BW_COMPARE_ALL};
            json_cohort(j, w, &s);
        }
    }
    bw_jw_arr_end(w);
}

void bw_compare_json(struct bw_compare_job *j)
{
    struct bw_jw w;

    bw_jw_init(&w, &j->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_COMPARE_METHOD);
    bw_jw_ki64(&w, "made_ms", j->r->made_unix_ms);
    bw_jw_kstr(&w, "of", j->districts ? "districts" : "schools");
    bw_jw_kstr(&w, "by", bw_compare_by_name(j->by));
    bw_jw_ki64(&w, "target_bps", j->c.target_bps);
    bw_jw_kbool(&w, "all_seen", j->c.n_seen == j->c.n);
    json_measures(&w);
    json_cohorts(j, &w);
    if (j->view == BW_COMPARE_LIKE) {
        json_alike(j, &w);
    }
    if (j->view != BW_COMPARE_COHORTS) {
        bw_jw_karr(&w, "members");
        for (size_t i = 0; i < j->n_list; i++) {
            json_member(j, &w, j->list[i]);
        }
        bw_jw_arr_end(&w);
    }
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

static void csv_cohort(struct bw_compare_job *j, const struct bw_compare_set *s)
{
    struct bw_buf *b = &j->out;

    for (int m = 0; m < BW_COMPARE_MEASURES && bw_compare_shows(&j->c, s); m++) {
        struct bw_compare_spread x;
        if (bw_compare_spread(&j->c, s, (enum bw_compare_measure)m, &x) < 0) {
            continue;
        }
        bw_buf_printf(b, "%s,", bw_compare_by_name(s->by));
        bw_text_csv(b, key_of(j, s));
        bw_buf_putc(b, ',');
        bw_text_csv(b, label_of(j, s));
        bw_buf_printf(b, ",%s,%s", bw_compare_measure_name((enum bw_compare_measure)m),
                      bw_compare_measure_unit((enum bw_compare_measure)m));
        cell_i64(b, x.members);
        cell_i64(b, x.known);
        cell_i64(b, x.low);
        cell_i64(b, x.q1);
        cell_i64(b, x.median);
        cell_i64(b, x.q3);
        cell_i64(b, x.high);
        bw_buf_printf(b, ",%d,%d,\"%s\"," BW_COMPARE_METHOD, x.rounded, x.hidden,
                      bw_compare_measure_methods((enum bw_compare_measure)m));
        cell_i64(b, j->r->made_unix_ms / 1000);
        bw_buf_puts(b, "\r\n");
    }
}

static void csv_cohorts(struct bw_compare_job *j)
{
    struct bw_compare_set s = {.by = BW_COMPARE_ALL, .with = BW_COMPARE_ALL};

    bw_buf_puts(&j->out, "by,cohort,label,measure,unit,members,known,low,q1,median,q3,high,"
                         "rounded,hidden,methods,method,as_of_s\r\n");
    csv_cohort(j, &s);
    for (size_t k = 0; j->by < BW_COMPARE_BYS && k < j->c.n_classes[j->by]; k++) {
        s = (struct bw_compare_set){
            .by = j->by, .class = (uint32_t)k, .with = BW_COMPARE_ALL};
        csv_cohort(j, &s);
    }
}

static void csv_member(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;

    bw_text_csv(b, x->id);
    bw_buf_putc(b, ',');
    bw_text_csv(b, x->name);
    cell_i64(b, x->students);
    for (int by = 0; by < BW_COMPARE_BYS; by++) {
        const struct bw_compare_class *k = &j->c.classes[by][x->class[by]];
        bw_buf_putc(b, ',');
        bw_text_csv(b, k->label[0] ? k->key : "");
    }
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        const struct bw_compare_value *v = &x->m[m];
        cell_i64(b, v->num);
        cell_i64(b, v->why == BW_COMPARE_KNOWN ? v->den : BW_UNKNOWN);
        cell_i64(b, v->value);
        cell_i64(b, v->n_places);
        cell_i64(b, v->n_known);
        bw_buf_printf(b, ",%s",
                      v->why == BW_COMPARE_KNOWN ? "" : bw_compare_why_name(v->why));
    }
    bw_buf_puts(b, "," BW_COMPARE_METHOD);
    cell_i64(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, "\r\n");
}

static void csv_members(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "id,name,students");
    for (int by = 0; by < BW_COMPARE_BYS; by++) {
        bw_buf_printf(b, ",%s", bw_compare_by_name((enum bw_compare_by)by));
    }
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        const char *n = bw_compare_measure_name((enum bw_compare_measure)m);
        const char *u = bw_compare_measure_unit((enum bw_compare_measure)m);
        bw_buf_printf(b, ",%s_num,%s_den,%s_%s,%s_places,%s_places_known,%s_unknown", n, n,
                      n, u, n, n, n);
    }
    bw_buf_puts(b, ",method,as_of_s\r\n");
    for (size_t i = 0; i < j->n_list; i++) {
        csv_member(j, j->list[i]);
    }
    if (j->view == BW_COMPARE_LIKE) {
        struct bw_compare_alike list[BW_COMPARE_PICK_MAX];
        size_t alike = 0;
        size_t n = bw_compare_like(&j->c, j->list[0], list, BW_COMPARE_PICK_MAX, &alike);
        for (size_t i = 0; i < n; i++) {
            csv_member(j, list[i].row);
        }
    }
}

void bw_compare_csv(struct bw_compare_job *j)
{
    if (j->view == BW_COMPARE_COHORTS) {
        csv_cohorts(j);
    } else {
        csv_members(j);
    }
}
