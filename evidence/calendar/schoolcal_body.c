/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_body.c - a school's calendar as canonical JSON, both ways.
 *
 * Invariant: one calendar has one text. What is read is made, checked and written again;
 * where that gives other bytes, the text was none of ours. */
#include "schoolcal.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

enum {
    WEEKDAYS = 7
};

static void put_date(struct bw_jw *w, const char *key, int64_t day)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, date);
    bw_jw_kstr(w, key, date);
}

static void put_span(struct bw_jw *w, const struct bw_schoolcal_span *s, bool is_term)
{
    bw_jw_obj(w);
    if (!is_term) {
        bw_jw_kstr(w, "kind", bw_schoolday_word(s->kind));
    }
    put_date(w, "from", s->from_day);
    if (s->to_day != s->from_day) {
        put_date(w, "to", s->to_day);
    }
    if (!is_term && s->hours.from_min != BW_SCHOOLCAL_AS_USUAL) {
        bw_jw_ki64(w, "begin_min", s->hours.from_min);
    }
    if (!is_term && s->hours.to_min != BW_SCHOOLCAL_AS_USUAL) {
        bw_jw_ki64(w, "end_min", s->hours.to_min);
    }
    if (s->name[0]) {
        bw_jw_kstr(w, "name", s->name);
    }
    bw_jw_obj_end(w);
}

void bw_schoolcal_encode(const struct bw_schoolcal *c, struct bw_buf *out)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);
    struct bw_jw w;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "name", s->name);
    bw_jw_kstr(&w, "tz", s->zone);
    if (s->from_day != BW_UNKNOWN) {
        put_date(&w, "from", s->from_day);
        put_date(&w, "to", s->to_day);
    }
    bw_jw_karr(&w, "week");
    for (int i = 0; i < WEEKDAYS; i++) {
        bw_jw_arr(&w);
        if (s->week[i].from_min < s->week[i].to_min) {
            bw_jw_i64(&w, s->week[i].from_min);
            bw_jw_i64(&w, s->week[i].to_min);
        }
        bw_jw_arr_end(&w);
    }
    bw_jw_arr_end(&w);
    if (s->n_terms > 0) {
        bw_jw_karr(&w, "terms");
        for (size_t i = 0; i < s->n_terms; i++) {
            put_span(&w, &s->terms[i], true);
        }
        bw_jw_arr_end(&w);
    }
    if (s->n_spans > 0) {
        bw_jw_karr(&w, "days");
        for (size_t i = 0; i < s->n_spans; i++) {
            put_span(&w, &s->spans[i], false);
        }
        bw_jw_arr_end(&w);
    }
    bw_jw_obj_end(&w);
}

/* ---- reading ------------------------------------------------------------------ */

static int
get_date(const json_t *o, const char *key, bool must, int64_t *ret, struct bw_err *err)
{
    const char *text = NULL;
    int rc = must ? bw_json_get_str(o, key, BW_CIVIL_DATE_LEN, &text, err)
                  : bw_json_opt_str(o, key, BW_CIVIL_DATE_LEN, &text, err);

    if (rc < 0 || !text) {
        return rc;
    }
    return strlen(text) != BW_CIVIL_DATE_LEN || bw_civil_date_parse(text, ret) < 0
               ? bw_err_set(err, -BW_EMALFORMED, "\"%s\" is no date like 2026-11-26", key)
               : 0;
}

static int get_minute(const json_t *o, const char *key, int *ret, struct bw_err *err)
{
    int64_t v = BW_UNKNOWN;
    int rc = bw_json_opt_i64(o, key, 0, BW_CIVIL_DAY_MIN, &v, err);

    *ret = v == BW_UNKNOWN ? BW_SCHOOLCAL_AS_USUAL : (int)v;
    return rc;
}

static int
get_span(const json_t *o, bool is_term, struct bw_schoolcal_span *s, struct bw_err *err)
{
    static const char *const names[] = {"kind",    "from", "to", "begin_min",
                                        "end_min", "name", NULL};
    static const char *const of_terms[] = {"from", "to", "name", NULL};
    const char *kind = NULL;
    int rc = json_is_object(o)
                 ? bw_json_only(o, is_term ? of_terms : names, err)
                 : bw_err_set(err, -BW_EMALFORMED, "a term or day is no object");

    if (rc == 0 && !is_term) {
        rc = bw_json_get_str(o, "kind", 32, &kind, err);
    }
    if (rc == 0 && kind && bw_schoolday_parse(kind, &s->kind) < 0) {
        rc = bw_err_set(err, -BW_EMALFORMED, "there is no kind of day \"%.32s\"", kind);
    }
    rc = rc < 0 ? rc : get_date(o, "from", true, &s->from_day, err);
    s->to_day = s->from_day;
    rc = rc < 0 ? rc : get_date(o, "to", false, &s->to_day, err);
    rc = rc < 0 ? rc : get_minute(o, "begin_min", &s->hours.from_min, err);
    rc = rc < 0 ? rc : get_minute(o, "end_min", &s->hours.to_min, err);
    return rc < 0 ? rc : bw_json_opt_str(o, "name", BW_SCHOOLCAL_NAME_MAX, &s->name, err);
}

static int get_spans(const json_t *o,
                     const char *key,
                     size_t max,
                     struct bw_schoolcal_span **ret,
                     size_t *ret_n,
                     struct bw_err *err)
{
    const json_t *list = NULL;
    int rc;

    if (!json_object_get(o, key)) {
        return 0;
    }
    rc = bw_json_get_arr(o, key, max, &list, err);
    if (rc < 0) {
        return rc;
    }
    *ret = calloc(json_array_size(list) + 1, sizeof(**ret));
    if (!*ret) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < json_array_size(list) && rc == 0; i++) {
        rc = get_span(json_array_get(list, i), max == BW_SCHOOLCAL_TERMS_MAX, &(*ret)[i],
                      err);
    }
    *ret_n = json_array_size(list);
    return rc;
}

static int get_week(const json_t *o, struct bw_schoolcal_hours week[7], struct bw_err *err)
{
    const json_t *list = NULL;
    int rc = bw_json_get_arr(o, "week", WEEKDAYS, &list, err);

    if (rc == 0 && json_array_size(list) != WEEKDAYS) {
        rc = bw_err_set(err, -BW_EMALFORMED, "\"week\" has not seven days");
    }
    for (size_t i = 0; i < WEEKDAYS && rc == 0; i++) {
        const json_t *day = json_array_get(list, i);
        json_int_t v[2] = {0, 0};
        size_t n = json_array_size(day);
        bool good = json_is_array(day) && (n == 0 || n == 2);
        for (size_t k = 0; k < n && good; k++) {
            good = json_is_integer(json_array_get(day, k));
            v[k] = json_integer_value(json_array_get(day, k));
            good = good && v[k] >= 0 && v[k] <= BW_CIVIL_DAY_MIN;
        }
        if (!good || (n == 2 && v[0] >= v[1])) {
            return bw_err_set(err, -BW_EMALFORMED,
                              "\"week\" holds no hours, or two minutes of a day");
        }
        week[i] = (struct bw_schoolcal_hours){.from_min = (int)v[0], .to_min = (int)v[1]};
    }
    return rc;
}

static int
is_canonical(const struct bw_schoolcal *c, const char *json, size_t n, struct bw_err *err)
{
    struct bw_buf again;
    int rc;

    bw_buf_init(&again, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(c, &again);
    rc = bw_buf_error(&again);
    if (rc == 0 && (again.len != n || memcmp(again.data, json, n) != 0)) {
        rc = bw_err_set(err, -BW_EMALFORMED, "the calendar is not written canonically");
    }
    bw_buf_done(&again);
    return rc;
}

int bw_schoolcal_decode(const char *json,
                        size_t n,
                        struct bw_schoolcal **ret,
                        struct bw_err *reterr)
{
    static const char *const names[] = {"name", "tz",    "from", "to",
                                        "week", "terms", "days", NULL};
    struct bw_schoolcal_spec spec = {.from_day = BW_UNKNOWN, .to_day = BW_UNKNOWN};
    struct bw_schoolcal_span *terms = NULL;
    struct bw_schoolcal_span *spans = NULL;
    struct bw_schoolcal *c = NULL;
    json_t *o = NULL;
    int rc = bw_json_parse(json, n, BW_SCHOOLCAL_BODY_MAX, &o, reterr);

    if (rc < 0) {
        goto out;
    }
    if (!json_is_object(o)) {
        rc = bw_err_set(reterr, -BW_EMALFORMED, "a calendar is an object");
        goto out;
    }
    rc = bw_json_only(o, names, reterr);
    rc =
        rc < 0 ? rc : bw_json_get_str(o, "name", BW_SCHOOLCAL_NAME_MAX, &spec.name, reterr);
    rc = rc < 0 ? rc : bw_json_get_str(o, "tz", BW_SCHOOLCAL_ZONE_MAX, &spec.zone, reterr);
    rc = rc < 0 ? rc : get_date(o, "from", false, &spec.from_day, reterr);
    rc = rc < 0 ? rc : get_date(o, "to", false, &spec.to_day, reterr);
    rc = rc < 0 ? rc : get_week(o, spec.week, reterr);
    rc = rc < 0
             ? rc
             : get_spans(o, "terms", BW_SCHOOLCAL_TERMS_MAX, &terms, &spec.n_terms, reterr);
    rc = rc < 0
             ? rc
             : get_spans(o, "days", BW_SCHOOLCAL_SPANS_MAX, &spans, &spec.n_spans, reterr);
    if (rc < 0) {
        goto out;
    }
    spec.terms = terms;
    spec.spans = spans;
    rc = bw_schoolcal_make(&spec, &c, NULL, reterr);
    rc = rc < 0 ? rc : is_canonical(c, json, n, reterr);
    if (rc < 0) {
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    if (rc == -EINVAL) {
        rc = -BW_EMALFORMED;
    }
    if (rc == -ENOMEM) {
        (void)bw_err_set(reterr, rc, "out of memory");
    }
    bw_schoolcal_free(c);
    free(terms);
    free(spans);
    json_decref(o);
    return rc;
}
