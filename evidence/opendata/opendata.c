/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata.c - places, their days, and files of those that may be published. */
#include "opendata.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <roomstore.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 32, /* of parents; a ring of them ends there */
    ROW_MAX = 16384,
    GROUP_MAX = 64 * 1024 * 1024
};

struct entity {
    char id[BW_ENTITY_MAX + 1];
    char parent[BW_ENTITY_MAX + 1];
    char name[BW_LABEL_MAX + 1];
    enum bw_entity_kind kind;
};

struct site {
    char id[BW_SITE_MAX + 1];
    char entity[BW_ENTITY_MAX + 1];
};

struct bw_opendata {
    struct bw_catalogue *catalogue; /* lent */
    struct bw_roomstore *store;
    struct entity *entities; /* by id */
    size_t n_entities;
    struct site *sites; /* by id */
    size_t n_sites;
    struct bw_opendata_place *places; /* by district, site, circuit */
    size_t n_places;
    struct bw_opendata_district *districts; /* by id */
    size_t n_districts;
    struct bw_opendata_words words;
};

/* ---- lists ------------------------------------------------------------------------------
 */

static int more(void **list, size_t n, size_t size)
{
    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4 … are full */
        void *grown = reallocarray(*list, n ? n * 2 : 1, size);
        if (!grown) {
            return -ENOMEM;
        }
        *list = grown;
    }
    return 0;
}

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct bw_opendata *o = owner;

    if (more((void **)&o->entities, o->n_entities, sizeof(*o->entities)) < 0) {
        return -ENOMEM;
    }
    struct entity *to = &o->entities[o->n_entities++];
    memset(to, 0, sizeof(*to));
    memcpy(to->id, e->id, sizeof(to->id));
    memcpy(to->parent, e->parent, sizeof(to->parent));
    memcpy(to->name, e->name, sizeof(to->name));
    to->kind = e->kind;
    return 0;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct bw_opendata *o = owner;

    if (more((void **)&o->sites, o->n_sites, sizeof(*o->sites)) < 0) {
        return -ENOMEM;
    }
    struct site *to = &o->sites[o->n_sites++];
    memset(to, 0, sizeof(*to));
    memcpy(to->id, s->id, sizeof(to->id));
    memcpy(to->entity, s->entity, sizeof(to->entity));
    return 0;
}

static int by_entity(const void *a, const void *b)
{
    return strcmp(((const struct entity *)a)->id, ((const struct entity *)b)->id);
}

static int by_site(const void *a, const void *b)
{
    return strcmp(((const struct site *)a)->id, ((const struct site *)b)->id);
}

static const struct entity *find_entity(const struct bw_opendata *o, const char *id)
{
    struct entity want = {.kind = BW_ENTITY_SCHOOL};

    if (!id[0] || o->n_entities == 0) {
        return NULL;
    }
    (void)snprintf(want.id, sizeof(want.id), "%s", id);
    return bsearch(&want, o->entities, o->n_entities, sizeof(want), by_entity);
}

/* The nearest district at or above, else itself. */
static const struct entity *reviewer(const struct bw_opendata *o, const struct entity *at)
{
    const struct entity *e = at;

    for (int depth = 0; e && depth < DEPTH_MAX; depth++) {
        if (e->kind == BW_ENTITY_DISTRICT) {
            return e;
        }
        e = find_entity(o, e->parent);
    }
    return at;
}

static int on_circuit(void *owner, const struct bw_roomstore_circuit *c)
{
    struct bw_opendata *o = owner;
    struct site want;
    const struct site *s = NULL;

    memset(&want, 0, sizeof(want));
    memcpy(want.id, c->site, sizeof(want.id));
    s = o->n_sites ? bsearch(&want, o->sites, o->n_sites, sizeof(want), by_site) : NULL;
    const struct entity *at = s ? find_entity(o, s->entity) : NULL;
    if (!at) {
        return 0; /* nobody could review it */
    }
    if (more((void **)&o->places, o->n_places, sizeof(*o->places)) < 0) {
        return -ENOMEM;
    }
    const struct entity *district = reviewer(o, at);
    struct bw_opendata_place *p = &o->places[o->n_places++];
    memset(p, 0, sizeof(*p));
    p->number = c->id;
    p->students = BW_UNKNOWN;
    p->filled_from = c->filled_from_day;
    (void)snprintf(p->circuit, sizeof(p->circuit), "%s.%s", c->site, c->name);
    memcpy(p->site, c->site, sizeof(p->site));
    memcpy(p->school, at->id, sizeof(p->school));
    memcpy(p->school_name, at->name, sizeof(p->school_name));
    memcpy(p->district, district->id, sizeof(p->district));
    memcpy(p->district_name, district->name, sizeof(p->district_name));
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct bw_opendata_place *x = a;
    const struct bw_opendata_place *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static int by_district(const void *a, const void *b)
{
    const struct bw_opendata_place *x = a;
    const struct bw_opendata_place *y = b;
    int c = strcmp(x->district, y->district);

    c = c != 0 ? c : strcmp(x->site, y->site);
    return c != 0 ? c : strcmp(x->circuit, y->circuit);
}

static int on_risk(void *owner, const struct bw_roomstore_risk *k)
{
    struct bw_opendata *o = owner;
    struct bw_opendata_place want = {.number = k->circuit};
    struct bw_opendata_place *p =
        o->n_places ? bsearch(&want, o->places, o->n_places, sizeof(want), by_number)
                    : NULL;

    if (p) {
        p->students = k->students;
    }
    return 0;
}

static int make_districts(struct bw_opendata *o)
{
    for (size_t i = 0; i < o->n_places; i++) {
        const struct bw_opendata_place *p = &o->places[i];
        struct bw_opendata_district *d =
            o->n_districts ? &o->districts[o->n_districts - 1] : NULL;
        if (!d || strcmp(d->id, p->district) != 0) {
            if (more((void **)&o->districts, o->n_districts, sizeof(*o->districts)) < 0) {
                return -ENOMEM;
            }
            d = &o->districts[o->n_districts++];
            memset(d, 0, sizeof(*d));
            memcpy(d->id, p->district, sizeof(d->id));
            memcpy(d->name, p->district_name, sizeof(d->name));
            d->first = i;
            bw_opendata_words_of(&o->words, d->id, &d->said_first, &d->said_end);
        }
        d->end = i + 1;
    }
    return 0;
}

static int read_all(struct bw_opendata *o, struct bw_err *reterr)
{
    struct bw_catalogue *c = o->catalogue;
    int r = c->ops->entities(c, NULL, on_entity, o, reterr);

    r = r < 0 ? r : c->ops->sites(c, NULL, on_site, o, reterr);
    r = r < 0 ? r : bw_opendata_words_read(c, &o->words, reterr);
    if (r == 0 && o->n_entities > 0) {
        qsort(o->entities, o->n_entities, sizeof(*o->entities), by_entity);
    }
    if (r == 0 && o->n_sites > 0) {
        qsort(o->sites, o->n_sites, sizeof(*o->sites), by_site);
    }
    r = r < 0 ? r : bw_roomstore_circuits(o->store, on_circuit, o, reterr);
    if (r == 0 && o->n_places > 0) {
        qsort(o->places, o->n_places, sizeof(*o->places), by_number);
    }
    r = r < 0 ? r : bw_roomstore_risks(o->store, on_risk, o, reterr);
    if (r == 0 && o->n_places > 0) {
        qsort(o->places, o->n_places, sizeof(*o->places), by_district);
    }
    return r < 0 ? r : make_districts(o);
}

int bw_opendata_open(struct bw_catalogue *c,
                     const char *room_path,
                     struct bw_opendata **ret,
                     struct bw_err *reterr)
{
    struct bw_opendata *o = calloc(1, sizeof(*o));
    int r = o ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");

    if (r == 0) {
        o->catalogue = c;
        r = bw_roomstore_open_read(room_path, &o->store, reterr);
    }
    r = r < 0 ? r : read_all(o, reterr);
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    if (r < 0) {
        bw_opendata_close(o);
    } else {
        *ret = o;
    }
    return r;
}

void bw_opendata_close(struct bw_opendata *o)
{
    if (!o) {
        return;
    }
    bw_roomstore_close(o->store);
    bw_opendata_words_done(&o->words);
    free(o->entities);
    free(o->sites);
    free(o->places);
    free(o->districts);
    free(o);
}

size_t bw_opendata_n_districts(const struct bw_opendata *o)
{
    return o->n_districts;
}

const struct bw_opendata_district *bw_opendata_district(const struct bw_opendata *o,
                                                        size_t i)
{
    return &o->districts[i];
}

const struct bw_opendata_district *bw_opendata_find(const struct bw_opendata *o,
                                                    const char *id)
{
    for (size_t i = 0; i < o->n_districts; i++) {
        if (strcmp(o->districts[i].id, id) == 0) {
            return &o->districts[i];
        }
    }
    return NULL;
}

const struct bw_opendata_place *bw_opendata_places(const struct bw_opendata *o)
{
    return o->places;
}

const struct bw_opendata_words *bw_opendata_words(const struct bw_opendata *o)
{
    return &o->words;
}

/* ---- a district's day -------------------------------------------------------------------
 */

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct bw_opendata_row *to = owner;

    (void)circuit;
    to->day = *d;
    return 0;
}

int bw_opendata_group(struct bw_opendata *o,
                      const struct bw_opendata_district *d,
                      int64_t day,
                      struct bw_opendata_group *ret,
                      struct bw_err *reterr)
{
    struct bw_opendata_group g = {.day = day};
    struct bw_buf text;
    int r = 0;

    bw_buf_init(&text, GROUP_MAX);
    g.rows = calloc(d->end - d->first, sizeof(*g.rows));
    if (!g.rows) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = d->first; r == 0 && i < d->end; i++) {
        struct bw_opendata_row *row = &g.rows[g.n];
        const struct bw_opendata_place *p = &o->places[i];
        row->place = p;
        row->day.n_records = 0;
        g.n_unfilled += p->filled_from == BW_UNKNOWN || p->filled_from > day;
        r = bw_roomstore_days(o->store, p->number, BW_ROOM_SPAN_DAY, day, day + 1, on_day,
                              row, reterr);
        if (r == 0 && row->day.n_records > 0 && !(row->day.flags & BW_ROOM_DAY_RUNNING)) {
            bw_opendata_csv_row(&text, p, &row->day, false);
            g.n++;
        }
    }
    if (r == 0 && bw_buf_error(&text) < 0) {
        r = bw_err_set(reterr, bw_buf_error(&text), "too much of one day");
    }
    if (r == 0 && g.n > 0) {
        bw_sha256_text(text.data, text.len, g.hash);
    }
    bw_buf_done(&text);
    if (r < 0) {
        free(g.rows);
        return r;
    }
    bw_opendata_judge(o->words.said + d->said_first, d->said_end - d->said_first, day, g.n,
                      g.hash, &g.verdict);
    *ret = g;
    return 0;
}

void bw_opendata_group_done(struct bw_opendata_group *g)
{
    free(g->rows);
    g->rows = NULL;
    g->n = 0;
}

void bw_opendata_listed(const struct bw_opendata *o, int64_t from, int64_t to, bool *ret)
{
    memset(ret, 0, (size_t)(to - from + 1) * sizeof(*ret));
    for (size_t i = 0; i < o->n_districts; i++) {
        const struct bw_opendata_district *d = &o->districts[i];
        for (size_t k = d->said_first; k < d->said_end; k++) {
            const struct bw_opendata_said *s = &o->words.said[k];
            bool lets = s->act != BW_OPENDATA_HOLD && s->ended_unix_s == BW_UNKNOWN;
            int64_t at = s->from_day > from ? s->from_day : from;
            for (; lets && at <= to && at <= s->to_day; at++) {
                ret[at - from] = true;
            }
        }
    }
}

/* ---- files ------------------------------------------------------------------------------
 */

struct taken {
    const char *district;
    int64_t day;
    int64_t unix_s;
};

struct writing {
    enum bw_opendata_form form;
    bw_opendata_put_cb put;
    void *owner;
    bool any; /* a row was written */
    struct taken *taken;
    size_t n_taken;
    struct bw_buf out;
};

static int flush(struct writing *w, struct bw_err *reterr)
{
    int r = bw_buf_error(&w->out);

    r = r < 0 || w->out.len == 0 ? r : w->put(w->owner, w->out.data, w->out.len);
    bw_buf_clear(&w->out);
    return r < 0 ? bw_err_set(reterr, r, "the file cannot be written") : 0;
}

static void put_rows(struct writing *w, const struct bw_opendata_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        if (w->form == BW_OPENDATA_CSV) {
            bw_opendata_csv_row(&w->out, g->rows[i].place, &g->rows[i].day, true);
            continue;
        }
        struct bw_jw jw;
        bw_buf_puts(&w->out, w->any ? ",\n" : "\n");
        bw_jw_init(&jw, &w->out);
        bw_opendata_json_row(&jw, g->rows[i].place, &g->rows[i].day);
        w->any = true;
    }
}

static int note_taken(struct writing *w,
                      const struct bw_opendata_district *d,
                      const struct bw_opendata_group *g)
{
    if (!g->verdict.taken || g->n == 0) {
        return 0;
    }
    if (more((void **)&w->taken, w->n_taken, sizeof(*w->taken)) < 0) {
        return -ENOMEM;
    }
    w->taken[w->n_taken++] = (struct taken){d->id, g->day, g->verdict.taken_unix_s};
    return 0;
}

static int
put_day(struct bw_opendata *o, int64_t day, struct writing *w, struct bw_err *reterr)
{
    for (size_t i = 0; i < o->n_districts; i++) {
        const struct bw_opendata_district *d = &o->districts[i];
        struct bw_opendata_group g;
        if (d->said_first == d->said_end) {
            continue; /* it said nothing */
        }
        int r = bw_opendata_group(o, d, day, &g, reterr);
        if (r < 0) {
            return r;
        }
        if (bw_opendata_is_published(g.verdict.state)) {
            put_rows(w, &g);
        } else {
            r = note_taken(w, d, &g);
        }
        bw_opendata_group_done(&g);
        r = r < 0 ? r : flush(w, reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static void put_end(struct writing *w)
{
    struct bw_jw jw;

    if (w->form == BW_OPENDATA_CSV) {
        return;
    }
    bw_buf_puts(&w->out, "],\n\"taken_back\":");
    bw_jw_init(&jw, &w->out);
    bw_jw_arr(&jw);
    for (size_t i = 0; i < w->n_taken; i++) {
        char date[BW_CIVIL_DATE_LEN + 1];
        bw_jw_obj(&jw);
        bw_civil_date(w->taken[i].day, date);
        bw_jw_kstr(&jw, "day", date);
        bw_jw_kstr(&jw, "district", w->taken[i].district);
        bw_civil_date(w->taken[i].unix_s / 86400, date);
        bw_jw_kstr(&jw, "on", date);
        bw_jw_obj_end(&jw);
    }
    bw_jw_arr_end(&jw);
    bw_buf_puts(&w->out, "}\n");
}

int bw_opendata_write(struct bw_opendata *o,
                      int64_t from_day,
                      int64_t to_day,
                      enum bw_opendata_form form,
                      bw_opendata_put_cb put,
                      void *owner,
                      struct bw_err *reterr)
{
    struct writing w = {.form = form, .put = put, .owner = owner};
    char from[BW_CIVIL_DATE_LEN + 1];
    char to[BW_CIVIL_DATE_LEN + 1];
    int r = 0;

    bw_buf_init(&w.out, GROUP_MAX);
    bw_civil_date(from_day, from);
    bw_civil_date(to_day, to);
    if (form == BW_OPENDATA_CSV) {
        bw_opendata_csv_head(&w.out);
    } else {
        bw_buf_printf(&w.out,
                      "{\"schema\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\n\"rows\":[",
                      BW_OPENDATA_SCHEMA, from, to);
    }
    for (int64_t day = from_day; r == 0 && day <= to_day; day++) {
        r = put_day(o, day, &w, reterr);
    }
    if (r == 0) {
        put_end(&w);
        r = flush(&w, reterr);
    }
    free(w.taken);
    bw_buf_done(&w.out);
    return r;
}

/* ---- saying -----------------------------------------------------------------------------
 */

int bw_opendata_seen(struct bw_opendata *o,
                     const struct bw_opendata_district *d,
                     int64_t from_day,
                     int64_t to_day,
                     struct bw_buf *out,
                     char ret_hash[BW_HASH_LEN + 1],
                     struct bw_err *reterr)
{
    for (int64_t day = from_day; day <= to_day; day++) {
        struct bw_opendata_group g;
        int r = bw_opendata_group(o, d, day, &g, reterr);
        if (r < 0) {
            return r;
        }
        bool whole = g.n_unfilled == 0;
        if (g.n > 0) {
            bw_opendata_seen_add(out, day, g.n, g.hash);
        }
        bw_opendata_group_done(&g);
        if (!whole) {
            return bw_err_set(reterr, -EAGAIN,
                              "not all of these days were read from their records yet; "
                              "they are of the past year, and it takes a while");
        }
    }
    bw_sha256_text(out->data ? out->data : "", out->len, ret_hash);
    return bw_buf_error(out);
}

static int put_seen(struct bw_opendata *o,
                    const struct bw_opendata_saying *s,
                    struct bw_opendata_say *say,
                    struct bw_err *reterr)
{
    struct bw_buf lines;
    char hash[BW_HASH_LEN + 1];
    int r = 0;

    if (s->to_day > bw_opendata_last_day(s->now_unix_ms / 1000)) {
        return bw_err_set(reterr, -EINVAL,
                          "days younger than %d whole days are not published",
                          (int)BW_OPENDATA_AGE_DAYS);
    }
    if (s->to_day - s->from_day >= BW_OPENDATA_SPAN_DAYS) {
        return bw_err_set(reterr, -EINVAL, "at most %d days at once",
                          (int)BW_OPENDATA_SPAN_DAYS);
    }
    bw_buf_init(&lines, BW_OPENDATA_SEEN_MAX + 1);
    r = bw_opendata_seen(o, s->district, s->from_day, s->to_day, &lines, hash, reterr);
    if (r == 0 && s->want && strcmp(s->want, hash) != 0) {
        r = bw_err_set(reterr, -ESTALE,
                       "the figures changed since they were shown; look at them again");
    }
    if (r == 0) {
        (void)snprintf(say->seen, sizeof(say->seen), "%s", lines.data ? lines.data : "");
    }
    bw_buf_done(&lines);
    return r;
}

int bw_opendata_say(struct bw_opendata *o,
                    const struct bw_opendata_saying *s,
                    char ret_id[BW_HASH_LEN + 1],
                    struct bw_err *reterr)
{
    struct bw_opendata_say *say = calloc(1, sizeof(*say));
    struct bw_statement said;
    struct bw_buf body;
    int r = say ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");

    bw_buf_init(&body, BW_STATEMENT_MAX);
    if (r == 0) {
        say->act = s->act;
        bw_civil_date(s->from_day, say->from);
        if (s->to_day != INT64_MAX) {
            bw_civil_date(s->to_day, say->to);
        }
        r = strlen(s->reason) > BW_OPENDATA_REASON_MAX
                ? bw_err_set(reterr, -EINVAL, "the reason is longer than %d bytes",
                             (int)BW_OPENDATA_REASON_MAX)
                : 0;
    }
    if (r == 0) {
        (void)snprintf(say->reason, sizeof(say->reason), "%s", s->reason);
        r = s->act == BW_OPENDATA_APPROVE ? put_seen(o, s, say, reterr) : 0;
    }
    r = r < 0 ? r : bw_opendata_say_check(say, reterr);
    r = r < 0 ? r
              : bw_fields_encode(bw_opendata_fields, bw_opendata_n_fields, say, &body,
                                 reterr);
    if (r == 0) {
        bw_statement_init(&said, BW_STATEMENT_OTHER);
        (void)snprintf(said.word, sizeof(said.word), "%s", BW_OPENDATA_WORD);
        (void)snprintf(said.about, sizeof(said.about), "%s%s", BW_OPENDATA_ABOUT,
                       s->district->id);
        said.said_unix_s = s->now_unix_ms / 1000;
        (void)snprintf(said.by, sizeof(said.by), "%s", s->by);
        (void)snprintf(said.via, sizeof(said.via), "%s", s->via);
        said.body = body.data;
        said.n_body = body.len;
        r = bw_catalogue_say(o->catalogue, &said, s->now_unix_ms, ret_id, reterr);
    }
    bw_buf_done(&body);
    free(say);
    return r;
}

int bw_opendata_withdraw(struct bw_opendata *o,
                         const char *id,
                         const char *by,
                         const char *via,
                         int64_t now_unix_ms,
                         struct bw_err *reterr)
{
    struct bw_statement said;
    char ret_id[BW_HASH_LEN + 1];

    bw_statement_init(&said, BW_STATEMENT_WITHDRAWAL);
    (void)snprintf(said.about, sizeof(said.about), "%s", id);
    said.said_unix_s = now_unix_ms / 1000;
    (void)snprintf(said.by, sizeof(said.by), "%s", by);
    (void)snprintf(said.via, sizeof(said.via), "%s", via);
    return bw_catalogue_say(o->catalogue, &said, now_unix_ms, ret_id, reterr);
}
