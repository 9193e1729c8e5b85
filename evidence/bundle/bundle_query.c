/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_query.c - what was asked, as JSON: a report can be made again from records and
 * this file alone.
 *
 * Invariant: a member that this version does not know is refused, as it may change a
 * figure. */
#include "bundle_private.h"

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "tz.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_MIN = 1440,
    WEEKDAYS = 0x7f
};
#define UNIX_MAX (INT64_C(1) << 33) /* as archives do: the year 2242 */
#define BPS_MAX INT64_C(1000000000000000)

void bw_bundle_tz_member(const char *tz_name, char ret[BW_BAG_NAME_MAX + 1])
{
    char file[64];

    (void)snprintf(file, sizeof(file), "%s", tz_name);
    for (char *p = file; *p; p++) {
        if (*p == '/') {
            *p = '_';
        }
    }
    (void)snprintf(ret, BW_BAG_NAME_MAX + 1, "data/zone/%s.tzif", file);
}

/* ---- writing --------------------------------------------------------------------- */

static void put_claim(struct bw_jw *w, const struct bw_report_claim *c)
{
    bw_jw_obj(w);
    bw_jw_ki64(w, "from_unix_s", c->from_unix_s);
    bw_jw_ki64(w, "to_unix_s", c->to_unix_s);
    bw_jw_ki64(w, "down_bps", c->bps[BW_DOWN]);
    bw_jw_ki64(w, "up_bps", c->bps[BW_UP]);
    bw_jw_kstr(w, "layer", bw_layer_name(c->layer));
    bw_jw_kstr(w, "origin", c->origin);
    bw_jw_obj_end(w);
}

void bw_bundle_calendar_member(size_t i, char ret[BW_BAG_NAME_MAX + 1])
{
    (void)snprintf(ret, BW_BAG_NAME_MAX + 1, "%s%zu.json", BW_IN_CALENDARS, i + 1);
}

static void put_calendars(struct bw_jw *w, const struct bw_report_query *q)
{
    bw_jw_karr(w, "calendars");
    for (size_t i = 0; i < q->n_calendars; i++) {
        const struct bw_report_calendar *c = &q->calendars[i];
        char member[BW_BAG_NAME_MAX + 1];
        bw_bundle_calendar_member(i, member);
        bw_jw_obj(w);
        bw_jw_kstr(w, "file", member);
        bw_jw_kstr(w, "about", c->about[0] ? c->about : NULL);
        bw_jw_kstr(w, "id", c->id[0] ? c->id : NULL);
        bw_jw_kstr(w, "origin", c->origin);
        bw_jw_kstr(w, "first_day", c->first_day[0] ? c->first_day : NULL);
        bw_jw_kstr(w, "last_day", c->last_day[0] ? c->last_day : NULL);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void put_judging(struct bw_jw *w, const struct bw_report_judging *j, bool has_terms)
{
    bw_jw_kobj(w, "judging");
    bw_jw_karr(w, "rules");
    for (size_t i = 0; i < j->n_rules; i++) {
        bw_jw_str(w, j->rules[i].name);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "adoptions");
    for (size_t i = 0; i < j->n_adoptions; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "rule", j->adoptions[i].rule);
        bw_jw_kstr(w, "words", j->adoptions[i].words);
        bw_jw_ki64(w, "from_unix_s", j->adoptions[i].from_unix_s);
        bw_jw_ki64(w, "to_unix_s", j->adoptions[i].to_unix_s);
        bw_jw_ki64(w, "version", j->adoptions[i].version);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    if (has_terms) {
        bw_jw_kstr(w, "terms", BW_IN_TERMS);
    }
    /* what statements say is read from them again */
    bw_jw_ki64(w, "students", j->students_are ? BW_UNKNOWN : j->students);
    bw_jw_ki64(w, "users", j->users_said ? BW_UNKNOWN : j->users);
    bw_jw_kstr(w, "users_are", j->users_said ? NULL : j->users_are);
    bw_jw_obj_end(w);
}

const char *
bw_bundle_info(const struct bw_bundle_query *q, size_t i, char ret[BW_BUNDLE_INFO_MAX])
{
    static const char *const labels[] = {"Source-Organization", "External-Identifier",
                                         "External-Description"};
    char from[32];
    char to[32];

    if (i >= sizeof(labels) / sizeof(labels[0])) {
        return NULL;
    }
    if (i == 0) {
        (void)snprintf(ret, BW_BUNDLE_INFO_MAX, "%s", q->place);
    } else if (i == 1) {
        (void)snprintf(ret, BW_BUNDLE_INFO_MAX, "%s.%s", q->site, q->circuit);
    } else {
        bw_time_format_s(q->from_unix_s, from);
        bw_time_format_s(q->to_unix_s, to);
        (void)snprintf(
            ret, BW_BUNDLE_INFO_MAX,
            "Signed measurements of the Internet circuit %s.%s from %s to %s, and the "
            "report that follows from them. Begin with data/README.txt.",
            q->site, q->circuit, from, to);
    }
    return labels[i];
}

int bw_bundle_query_write(const struct bw_report_query *q,
                          const char *tz_name,
                          bool has_terms,
                          const char *pages,
                          struct bw_buf *out)
{
    char member[BW_BAG_NAME_MAX + 1];
    struct bw_jw w;

    bw_bundle_tz_member(tz_name, member);
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "software", BW_BUNDLE_AGENT);
    bw_jw_ki64(&w, "made_unix_s", q->made_unix_s);
    bw_jw_kstr(&w, "site", q->site);
    bw_jw_kstr(&w, "circuit", q->circuit);
    bw_jw_kstr(&w, "place", q->place && q->place[0] ? q->place : NULL);
    bw_jw_ki64(&w, "from_unix_s", q->from_unix_s);
    bw_jw_ki64(&w, "to_unix_s", q->to_unix_s);
    bw_jw_kobj(&w, "time_zone");
    bw_jw_kstr(&w, "name", tz_name);
    bw_jw_kstr(&w, "origin", q->tz_origin && q->tz_origin[0] ? q->tz_origin : NULL);
    bw_jw_kstr(&w, "file", member);
    bw_jw_obj_end(&w);
    bw_jw_kobj(&w, "class_hours");
    bw_jw_karr(&w, "weekdays"); /* 0 = Sunday */
    for (int d = 0; d < 7; d++) {
        if (q->class_hours.weekdays & (1u << d)) {
            bw_jw_i64(&w, d);
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_ki64(&w, "from_min", q->class_hours.from_min);
    bw_jw_ki64(&w, "to_min", q->class_hours.to_min);
    bw_jw_obj_end(&w);
    bw_jw_kobj(&w, "records");
    bw_jw_kstr(&w, "origin", q->origin);
    bw_jw_kstr(&w, "text", q->origin_text);
    bw_jw_obj_end(&w);
    bw_jw_karr(&w, "claims");
    for (size_t i = 0; i < q->n_claims; i++) {
        put_claim(&w, &q->claims[i]);
    }
    bw_jw_arr_end(&w);
    if (q->monthly_cents > 0) {
        bw_jw_ki64(&w, "monthly_cents", q->monthly_cents);
    }
    if (q->n_calendars > 0) {
        put_calendars(&w, q);
    }
    if (q->judging) {
        put_judging(&w, q->judging, has_terms);
    }
    bw_jw_kstr(&w, "pages", pages && pages[0] ? pages : NULL);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
    return bw_buf_error(out);
}

/* ---- reading --------------------------------------------------------------------- */

/* A string member into out[cap]; may be absent where that is allowed. */
static int text(const json_t *o,
                const char *name,
                bool needed,
                char *out,
                size_t cap,
                struct bw_err *reterr)
{
    const char *t = NULL;
    int r = needed ? bw_json_get_str(o, name, cap - 1, &t, reterr)
                   : bw_json_opt_str(o, name, cap - 1, &t, reterr);

    if (r == 0) {
        (void)snprintf(out, cap, "%s", t ? t : "");
    }
    return r;
}

static int read_claim(const json_t *o, struct bw_report_claim *c, struct bw_err *reterr)
{
    static const char *const names[] = {"from_unix_s", "to_unix_s", "down_bps", "up_bps",
                                        "layer",       "origin",    NULL};
    char layer[16] = "";
    int r = json_is_object(o) ? bw_json_only(o, names, reterr)
                              : bw_err_set(reterr, -BW_EMALFORMED, "a claim is no object");

    *c = (struct bw_report_claim){.layer = BW_LAYER_UNKNOWN};
    r = r < 0 ? r
              : bw_json_opt_i64(o, "from_unix_s", INT64_MIN + 1, UNIX_MAX, &c->from_unix_s,
                                reterr);
    r = r < 0 ? r
              : bw_json_opt_i64(o, "to_unix_s", INT64_MIN + 1, UNIX_MAX, &c->to_unix_s,
                                reterr);
    r = r < 0 ? r : bw_json_opt_i64(o, "down_bps", 0, BPS_MAX, &c->bps[BW_DOWN], reterr);
    r = r < 0 ? r : bw_json_opt_i64(o, "up_bps", 0, BPS_MAX, &c->bps[BW_UP], reterr);
    r = r < 0 ? r : text(o, "layer", false, layer, sizeof(layer), reterr);
    r = r < 0 ? r : text(o, "origin", true, c->origin, sizeof(c->origin), reterr);
    if (r == 0 && layer[0] && bw_layer_parse(layer, &c->layer) < 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "layer: '%s' is none", layer);
    }
    return r;
}

static int read_claims(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    const json_t *list;
    int r = bw_json_get_arr(o, "claims", BW_REPORT_CLAIMS_MAX, &list, reterr);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        r = read_claim(json_array_get(list, i), &q->claims[q->n_claims++], reterr);
    }
    return r;
}

static int read_zone(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {"name", "origin", "file", NULL};
    char member[BW_BAG_NAME_MAX + 1];
    const json_t *z;
    int r = bw_json_get_obj(o, "time_zone", &z, reterr);

    r = r < 0 ? r : bw_json_only(z, names, reterr);
    r = r < 0 ? r : text(z, "name", true, q->tz_name, sizeof(q->tz_name), reterr);
    r = r < 0 ? r : text(z, "origin", false, q->tz_origin, sizeof(q->tz_origin), reterr);
    r = r < 0 ? r : text(z, "file", true, q->tz_member, sizeof(q->tz_member), reterr);
    if (r == 0) {
        bw_bundle_tz_member(q->tz_name, member);
        r = strcmp(member, q->tz_member) == 0
                ? 0
                : bw_err_set(reterr, -BW_EMALFORMED, "file: not the one of its time zone");
    }
    return r;
}

static int read_hours(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {"weekdays", "from_min", "to_min", NULL};
    const json_t *h;
    const json_t *days = NULL;
    int64_t from = 0;
    int64_t to = 0;
    int r = bw_json_get_obj(o, "class_hours", &h, reterr);

    r = r < 0 ? r : bw_json_only(h, names, reterr);
    r = r < 0 ? r : bw_json_get_arr(h, "weekdays", 7, &days, reterr);
    for (size_t i = 0; r == 0 && i < json_array_size(days); i++) {
        const json_t *d = json_array_get(days, i);
        json_int_t v = json_is_integer(d) ? json_integer_value(d) : -1;
        r = v >= 0 && v < 7 ? 0 : bw_err_set(reterr, -BW_EMALFORMED, "weekdays: 0 to 6");
        if (v >= 0 && v < 7) {
            q->class_hours.weekdays |= 1u << v;
        }
    }
    r = r < 0 ? r : bw_json_get_i64(h, "from_min", 0, DAY_MIN, &from, reterr);
    r = r < 0 ? r : bw_json_get_i64(h, "to_min", 0, DAY_MIN, &to, reterr);
    q->class_hours.from_min = (int)from;
    q->class_hours.to_min = (int)to;
    return r;
}

static int read_origin(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {"origin", "text", NULL};
    const json_t *x;
    int r = bw_json_get_obj(o, "records", &x, reterr);

    r = r < 0 ? r : bw_json_only(x, names, reterr);
    r = r < 0 ? r : text(x, "origin", true, q->origin, sizeof(q->origin), reterr);
    return r < 0 ? r
                 : text(x, "text", true, q->origin_text, sizeof(q->origin_text), reterr);
}

static int
day(const json_t *o, const char *name, char ret[BW_DATE_LEN + 1], struct bw_err *reterr)
{
    int64_t n;
    int r = text(o, name, false, ret, BW_DATE_LEN + 1, reterr);

    return r < 0 || !ret[0] || bw_civil_date_parse(ret, &n) == 0
               ? r
               : bw_err_set(reterr, -BW_EMALFORMED, "%s is no day", name);
}

static int read_calendar(const json_t *o,
                         size_t i,
                         struct bw_report_calendar *c,
                         struct bw_err *reterr)
{
    static const char *const names[] = {"file",      "about",    "id", "origin",
                                        "first_day", "last_day", NULL};
    char want[BW_BAG_NAME_MAX + 1];
    char file[BW_BAG_NAME_MAX + 1];
    int r = json_is_object(o) ? bw_json_only(o, names, reterr)
                              : bw_err_set(reterr, -BW_EMALFORMED, "calendars: no object");

    bw_bundle_calendar_member(i, want);
    r = r < 0 ? r : text(o, "file", true, file, sizeof(file), reterr);
    r = r < 0 ? r : text(o, "about", false, c->about, sizeof(c->about), reterr);
    r = r < 0 ? r : text(o, "id", false, c->id, sizeof(c->id), reterr);
    r = r < 0 ? r : text(o, "origin", true, c->origin, sizeof(c->origin), reterr);
    r = r < 0 ? r : day(o, "first_day", c->first_day, reterr);
    r = r < 0 ? r : day(o, "last_day", c->last_day, reterr);
    return r < 0 || strcmp(file, want) == 0
               ? r
               : bw_err_set(reterr, -BW_EMALFORMED, "calendars: '%s' is not %s", file,
                            want);
}

static int read_calendars(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    const json_t *list = NULL;
    int r = bw_json_opt_arr(o, "calendars", BW_BUNDLE_CALENDARS_MAX, &list, reterr);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        r = read_calendar(json_array_get(list, i), i, &q->calendars[q->n_calendars++],
                          reterr);
    }
    return r;
}

static int read_rules(const json_t *j, struct bw_bundle_query *q, struct bw_err *reterr)
{
    const json_t *list = NULL;
    int r = bw_json_get_arr(j, "rules", BW_BUNDLE_RULES_MAX, &list, reterr);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name || strlen(name) > BW_NAME_MAX || !bw_name_valid(name)) {
            return bw_err_set(reterr, -BW_EMALFORMED, "rules: not the name of one");
        }
        (void)snprintf(q->rules[q->n_rules++], BW_NAME_MAX + 1, "%s", name);
    }
    return r;
}

static int read_adoptions(const json_t *j, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {"rule",      "words",   "from_unix_s",
                                        "to_unix_s", "version", NULL};
    const json_t *list = NULL;
    int r = bw_json_get_arr(j, "adoptions", BW_BUNDLE_ADOPTIONS_MAX, &list, reterr);

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        struct bw_adoption *a = &q->adoptions[q->n_adoptions++];
        r = json_is_object(o) ? bw_json_only(o, names, reterr)
                              : bw_err_set(reterr, -BW_EMALFORMED, "adoptions: no object");
        r = r < 0 ? r : text(o, "rule", true, a->rule, sizeof(a->rule), reterr);
        r = r < 0 ? r : text(o, "words", true, a->words, sizeof(a->words), reterr);
        r = r < 0 ? r
                  : bw_json_opt_i64(o, "from_unix_s", INT64_MIN + 1, UNIX_MAX,
                                    &a->from_unix_s, reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "to_unix_s", 0, UNIX_MAX, &a->to_unix_s, reterr);
        r = r < 0 ? r : bw_json_opt_i64(o, "version", 0, BPS_MAX, &a->version, reterr);
    }
    return r;
}

static int read_judging(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {"rules", "adoptions", "terms", "students",
                                        "users", "users_are", NULL};
    const json_t *j = NULL;
    char terms[32];
    int r = bw_json_opt_obj(o, "judging", &j, reterr);

    q->students = BW_UNKNOWN;
    q->users = BW_UNKNOWN;
    if (r < 0 || !j) {
        return r;
    }
    q->judged = true;
    r = bw_json_only(j, names, reterr);
    r = r < 0 ? r : read_rules(j, q, reterr);
    r = r < 0 ? r : read_adoptions(j, q, reterr);
    r = r < 0 ? r : text(j, "terms", false, terms, sizeof(terms), reterr);
    if (r == 0 && terms[0] && strcmp(terms, BW_IN_TERMS) != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "terms: not %s", BW_IN_TERMS);
    }
    q->has_terms = r == 0 && terms[0];
    r = r < 0 ? r : bw_json_opt_i64(j, "students", 0, BPS_MAX, &q->students, reterr);
    r = r < 0 ? r : bw_json_opt_i64(j, "users", 0, BPS_MAX, &q->users, reterr);
    return r < 0 ? r
                 : text(j, "users_are", false, q->users_are, sizeof(q->users_are), reterr);
}

static int read_all(const json_t *o, struct bw_bundle_query *q, struct bw_err *reterr)
{
    static const char *const names[] = {
        "v",           "software",  "made_unix_s", "site",          "circuit", "place",
        "from_unix_s", "to_unix_s", "time_zone",   "class_hours",   "records", "claims",
        "calendars",   "judging",   "pages",       "monthly_cents", NULL};
    int64_t v = 0;
    int r = bw_json_get_i64(o, "v", 1, INT64_MAX, &v, reterr);

    if (r == 0 && v != 1) {
        return bw_err_set(reterr, -BW_ENEWER, "version %lld needs a newer reader",
                          (long long)v);
    }
    r = r < 0 ? r : bw_json_only(o, names, reterr);
    r = r < 0 ? r : text(o, "software", true, q->software, sizeof(q->software), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "made_unix_s", 0, UNIX_MAX, &q->made_unix_s, reterr);
    r = r < 0 ? r : text(o, "site", true, q->site, sizeof(q->site), reterr);
    r = r < 0 ? r : text(o, "circuit", true, q->circuit, sizeof(q->circuit), reterr);
    r = r < 0 ? r : text(o, "place", false, q->place, sizeof(q->place), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "from_unix_s", 0, UNIX_MAX, &q->from_unix_s, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "to_unix_s", 0, UNIX_MAX, &q->to_unix_s, reterr);
    r = r < 0 ? r : read_zone(o, q, reterr);
    r = r < 0 ? r : read_hours(o, q, reterr);
    r = r < 0 ? r : read_origin(o, q, reterr);
    r = r < 0 ? r : read_claims(o, q, reterr);
    r = r < 0 ? r : read_calendars(o, q, reterr);
    r = r < 0 ? r
              : bw_json_opt_i64(o, "monthly_cents", 1, BPS_MAX, &q->monthly_cents, reterr);
    r = r < 0 ? r : text(o, "pages", false, q->pages, sizeof(q->pages), reterr);
    return r < 0 ? r : read_judging(o, q, reterr);
}

int bw_bundle_query_read(const char *data,
                         size_t n,
                         struct bw_bundle_query *ret,
                         struct bw_err *reterr)
{
    struct bw_bundle_query *q = calloc(1, sizeof(*q));
    json_t *o = NULL;
    int r;

    if (!q) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_json_parse(data, n, BW_BUNDLE_QUERY_MAX, &o, reterr);
    if (r == 0) {
        r = json_is_object(o) ? read_all(o, q, reterr)
                              : bw_err_set(reterr, -BW_EMALFORMED, "no object");
    }
    if (r == 0) {
        *ret = *q;
    }
    json_decref(o);
    free(q);
    return r;
}
