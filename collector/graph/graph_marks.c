/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_marks.c - claims, P95, outages and annotations for a picture.
 *
 * A P95 is a day's, of class hours, as its report has it (util-p95/2): nothing is averaged,
 * and a step of several days is the highest of them and says so. */
#include "graph_marks.h"

#include <annotation.h>
#include <bw/err.h>
#include <bw/records.h>
#include <fold.h>
#include <graph_worker.h>
#include <grow.h>
#include <origin.h>
#include <readers.h>
#include <roomstore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    DAY_S = 86400,
    RECORDS_DAYS = 31, /* a longer range has days with an outage, not outages */
    DAYS_MAX = 11 * 366 + 3,
    OUTAGES_MAX = 4000
};

static void
add_mark(struct bw_graph_job *j, enum bw_graph_mark_kind kind, int64_t from, int64_t to)
{
    if (to <= j->from_unix_s || from >= j->to_unix_s || to <= from) {
        return;
    }
    struct bw_graph_mark m = {.kind = kind, .from_unix_s = from, .to_unix_s = to};
    if (j->n_marks < BW_GRAPH_MARKS_MAX) {
        j->marks[j->n_marks++] = m;
        return;
    }
    struct bw_graph_mark *least = &j->marks[0]; /* of too many the longest */
    for (size_t i = 1; i < j->n_marks; i++) {
        const struct bw_graph_mark *x = &j->marks[i];
        least = x->to_unix_s - x->from_unix_s < least->to_unix_s - least->from_unix_s
                    ? &j->marks[i]
                    : least;
    }
    j->marks_cut = true;
    if (to - from > least->to_unix_s - least->from_unix_s) {
        *least = m;
    }
}

/* ---- claims ----------------------------------------------------------------------------
 */

static void read_claims(struct bw_reader *r,
                        const char *site,
                        const char *circuit,
                        const struct bw_tz *tz,
                        struct bw_graph_job *j)
{
    struct bw_report_claim *list = calloc(BW_REPORT_CLAIMS_MAX, sizeof(*list));
    size_t n = 0;
    j->n_claims = 0;
    if (!list || bw_claims_dated(r->catalogue, site, circuit, tz, j->from_unix_s,
                                 j->to_unix_s, list, BW_REPORT_CLAIMS_MAX, &n, NULL) < 0) {
        n = 0;
    }
    for (size_t i = n > BW_GRAPH_CLAIMS_MAX ? n - BW_GRAPH_CLAIMS_MAX : 0; i < n; i++) {
        struct bw_graph_claim *c = &j->claims[j->n_claims++];
        const char *layer = bw_layer_name(list[i].layer);
        int64_t from = list[i].from_unix_s;
        int64_t to = list[i].to_unix_s;
        memset(c, 0, sizeof(*c));
        c->from_unix_s = from == BW_UNKNOWN || from < 0 ? 0 : from;
        c->to_unix_s = to == BW_UNKNOWN || to > INT64_MAX / 2 ? INT64_MAX / 2 : to;
        (void)snprintf(c->layer, sizeof(c->layer), "%s", layer ? layer : "");
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            c->bps[d] = list[i].bps[d] > 0 ? list[i].bps[d] : BW_UNKNOWN;
        }
    }
    free(list);
}

/* ---- days of the room ------------------------------------------------------------------
 */

static void most(int64_t *io, int64_t v)
{
    *io = v != BW_UNKNOWN && (*io == BW_UNKNOWN || v > *io) ? v : *io;
}

void bw_graph_marks_days(const struct bw_room_day *days, size_t n, struct bw_graph_job *j)
{
    int64_t first = n > 0 ? days[0].day : 0;
    int64_t span = n > 0 ? days[n - 1].day - first + 1 : 0;
    bool longer = j->to_unix_s - j->from_unix_s > (RECORDS_DAYS + 1) * (int64_t)DAY_S;
    j->n_p95 = 0;
    j->p95_days = (span + BW_GRAPH_STEPS_MAX - 1) / BW_GRAPH_STEPS_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct bw_room_day *d = &days[i];
        int64_t at = (d->day - first) / j->p95_days;
        if (longer && d->outage_ms != BW_UNKNOWN && d->outage_ms > 0) {
            add_mark(j, BW_GRAPH_OUTAGE, d->from_unix_s, d->to_unix_s);
        }
        struct bw_graph_step *s = j->n_p95 > 0 ? &j->p95[j->n_p95 - 1] : NULL;
        if (!s || (s->from_day - first) / j->p95_days != at) {
            s = &j->p95[j->n_p95++];
            *s = (struct bw_graph_step){.from_day = d->day,
                                        .from_unix_s = d->from_unix_s,
                                        .bps = {BW_UNKNOWN, BW_UNKNOWN}};
        }
        s->to_unix_s = d->to_unix_s;
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            most(&s->bps[way], d->way[way].class_p95_bps);
        }
    }
}

struct list {
    struct bw_room_day *days;
    size_t n;
    size_t cap;
};

static int on_room_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct list *l = owner;
    (void)circuit;
    struct bw_room_day *days =
        l->n < DAYS_MAX ? bw_grow(l->days, l->n, &l->cap, sizeof(*days)) : NULL;
    if (!days) {
        return -1;
    }
    l->days = days;
    l->days[l->n++] = *d;
    return 0;
}

static int64_t local_day(const struct bw_tz *tz, int64_t unix_s)
{
    struct bw_civil c;
    bw_tz_local(tz, unix_s, &c);
    return bw_civil_days(c.year, c.month, c.day);
}

static void read_days(const char *room_db,
                      const char *site,
                      const char *circuit,
                      const struct bw_tz *tz,
                      struct bw_graph_job *j)
{
    struct bw_roomstore *s = NULL;
    struct list l = {.n = 0};
    int64_t id = 0;
    if (bw_roomstore_open_read(room_db, &s, NULL) == 0 &&
        bw_roomstore_find(s, site, circuit, &id, NULL) == 0 &&
        bw_roomstore_days(s, id, BW_ROOM_SPAN_DAY, local_day(tz, j->from_unix_s),
                          local_day(tz, j->to_unix_s - 1) + 1, on_room_day, &l,
                          NULL) == 0) {
        bw_graph_marks_days(l.days, l.n, j);
    }
    free(l.days);
    bw_roomstore_close(s);
}

/* ---- outages and what people know ------------------------------------------------------
 */

struct outages {
    struct bw_outage *list;
    size_t n;
    size_t cap;
};

static int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct outages *o = owner;
    for (size_t i = 0; i < d->n_outages && o->n < OUTAGES_MAX; i++) {
        struct bw_outage *list = bw_grow(o->list, o->n, &o->cap, sizeof(*list));
        if (!list) {
            return -1;
        }
        o->list = list;
        o->list[o->n] = d->outages[i];
        o->list[o->n++].why = NULL; /* lent */
    }
    return 0;
}

static void read_outages(struct bw_reader *r,
                         const char *site,
                         const char *circuit,
                         struct bw_graph_job *j)
{
    struct outages o = {.n = 0};
    int64_t from = j->from_unix_s - j->from_unix_s % DAY_S;
    int64_t to = (j->to_unix_s + DAY_S - 1) / DAY_S * DAY_S;
    if (to - from > (RECORDS_DAYS + 2) * (int64_t)DAY_S) {
        return;
    }
    if (bw_records_days(r->records, site, circuit, from, to, on_day, &o, NULL) == 0 &&
        o.n > 0) {
        o.n = bw_outages_join(o.list, o.n);
        for (size_t i = 0; i < o.n; i++) {
            int64_t end = o.list[i].to_unix_ms == BW_UNKNOWN ? o.list[i].known_to_unix_ms
                                                             : o.list[i].to_unix_ms;
            add_mark(j, BW_GRAPH_OUTAGE, o.list[i].from_unix_ms / 1000, (end + 999) / 1000);
        }
    }
    free(o.list);
}

static void read_annotations(struct bw_reader *r,
                             const char *site,
                             const char *circuit,
                             struct bw_graph_job *j)
{
    struct bw_annotation_said *list = NULL;
    size_t n = 0;
    int64_t unread = 0;
    if (bw_annotations_read(r->catalogue, site, circuit, j->from_unix_s, j->to_unix_s,
                            &list, &n, &unread, NULL) == 0) {
        for (size_t i = 0; i < n; i++) {
            add_mark(j, BW_GRAPH_KNOWN, list[i].annotation.from_unix_s,
                     list[i].annotation.to_unix_s);
        }
    }
    free(list);
}

void bw_graph_marks(struct bw_reader *r,
                    const char *room_db,
                    const char *site,
                    const char *circuit,
                    struct bw_graph_job *j)
{
    struct bw_tz *tz = NULL;
    if (bw_tz_load(j->zone[0] ? j->zone : "UTC", &tz, NULL) < 0) {
        return;
    }
    read_claims(r, site, circuit, tz, j);
    read_days(room_db, site, circuit, tz, j);
    read_outages(r, site, circuit, j);
    read_annotations(r, site, circuit, j);
    bw_tz_free(tz);
}
