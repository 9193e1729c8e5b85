/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache_write.c - a circuit's figures into its RRD files, oldest first, several steps a
 * write; and the figures of records.
 *
 * A file never holds a figure that no record holds: between two intervals that do not
 * touch, one unknown step is written, so that librrd does not stretch the later one over
 * the gap. */
#include "rrdcache_private.h"

#include <bw/records.h>
#include <errno.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_S = 6 * 3600,
    WINDOW_RECORDS_MAX = 65536
};

/* A record of the window that is being written. */
struct kept {
    int64_t start_unix_s;
    int64_t position;
    char *jws;
    size_t jws_len;
};

/* --- one file ----------------------------------------------------------------------------
 */

static int series_flush(struct series *s, struct bw_err *reterr)
{
    if (s->n == 0) {
        return 0;
    }
    int r = bw_series_update(s->path, s->shape, s->steps, s->n, reterr);
    s->n = 0;
    return r == -EEXIST ? 0 : r;
}

static int series_put(struct series *s,
                      int64_t end_unix_s,
                      const int64_t *values,
                      struct bw_err *reterr)
{
    if (end_unix_s <= s->last_unix_s) {
        return 0;
    }
    if (s->n == STEPS_AT_ONCE) {
        int r = series_flush(s, reterr);
        if (r < 0) {
            return r;
        }
    }
    struct bw_series_step *step = &s->steps[s->n++];
    step->end_unix_s = end_unix_s;
    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        step->values[i] = values ? values[i] : BW_UNKNOWN;
    }
    s->last_unix_s = end_unix_s;
    return 0;
}

/* The series of a name, its file made when missing; NULL with *reterr_code else. */
static struct series *series_get(struct refresh *f,
                                 const char *name,
                                 const struct bw_series_shape *shape,
                                 int *reterr_code)
{
    for (size_t i = 0; i < f->n_series; i++) {
        if (strcmp(f->series[i]->name, name) == 0) {
            return f->series[i];
        }
    }
    if (f->n_series == SERIES_MAX) {
        *reterr_code = bw_err_set(&f->err, -E2BIG, "more than %d series", SERIES_MAX);
        return NULL;
    }
    struct series *s = calloc(1, sizeof(*s));
    if (!s) {
        *reterr_code = bw_err_set(&f->err, -ENOMEM, "out of memory");
        return NULL;
    }
    (void)snprintf(s->name, sizeof(s->name), "%s", name);
    s->shape = shape;
    int n = snprintf(s->path, sizeof(s->path), "%s/%s.rrd", f->folder, name);
    int remade = 0;
    int r =
        n < 0 || (size_t)n >= sizeof(s->path)
            ? bw_err_set(&f->err, -ENAMETOOLONG, "%s: path too long", name)
            : bw_series_create(s->path, shape, f->step_s, f->from_unix_s, &remade, &f->err);
    if (r == 0 && remade && f->last_unix_s != BW_UNKNOWN) {
        r = bw_err_set(&f->err, -EAGAIN, "%s was corrupt; all series are made again",
                       s->path);
    }
    if (r < 0) {
        free(s);
        *reterr_code = r;
        return NULL;
    }
    s->last_unix_s = bw_series_last(s->path);
    f->series[f->n_series++] = s;
    return s;
}

/* An interval's figures, in every step that it covers, with an unknown step before it where
 * the one before does not reach up to it. */
static int interval_put(struct refresh *f,
                        const char *name,
                        const struct bw_series_shape *shape,
                        int64_t start_unix_s,
                        int64_t end_unix_s,
                        const int64_t *values)
{
    int r = 0;
    struct series *s = series_get(f, name, shape, &r);
    if (!s) {
        return r;
    }
    if (s->last_unix_s < start_unix_s) {
        r = series_put(s, start_unix_s, NULL, &f->err);
        if (r < 0) {
            return r;
        }
    }
    for (int64_t at = start_unix_s + f->step_s; r == 0 && at < end_unix_s;
         at += f->step_s) {
        r = series_put(s, at, values, &f->err);
    }
    return r < 0 ? r : series_put(s, end_unix_s, values, &f->err);
}

/* --- one record -------------------------------------------------------------------------
 */

static int64_t mean_bps(const struct bw_flow *flow, int64_t covered_s)
{
    int64_t bytes = flow->bytes;
    if (bytes == BW_UNKNOWN || covered_s == BW_UNKNOWN || covered_s <= 0) {
        return BW_UNKNOWN;
    }
    return bytes > INT64_MAX / 8 ? BW_UNKNOWN : bytes * 8 / covered_s;
}

int bw_rrd_put_link(struct refresh *f,
                    int64_t start_unix_s,
                    int64_t end_unix_s,
                    int64_t covered_s,
                    const struct bw_flow flow[BW_DIRECTIONS])
{
    int64_t values[BW_SERIES_DS_MAX] = {mean_bps(&flow[BW_DOWN], covered_s),
                                        mean_bps(&flow[BW_UP], covered_s),
                                        flow[BW_DOWN].peak_1s_bps, flow[BW_UP].peak_1s_bps};
    bool any = false;
    for (size_t i = 0; bw_series_link.ds[i]; i++) {
        any = any || values[i] != BW_UNKNOWN;
    }
    return any ? interval_put(f, "link", &bw_series_link, start_unix_s, end_unix_s, values)
               : 0;
}

int bw_rrd_put_latency(struct refresh *f,
                       const char *probe,
                       int64_t start_unix_s,
                       int64_t end_unix_s,
                       int64_t sent,
                       int64_t lost,
                       int64_t p50_us,
                       int64_t p95_us)
{
    char name[80];
    bool asked = sent != BW_UNKNOWN && sent > 0 && lost != BW_UNKNOWN;
    int64_t loss_ppm = asked ? lost * 1000000 / sent : BW_UNKNOWN;
    int64_t values[BW_SERIES_DS_MAX] = {p50_us, p95_us, loss_ppm};
    (void)snprintf(name, sizeof(name), "latency-%s", probe);
    return interval_put(f, name, &bw_series_latency, start_unix_s, end_unix_s, values);
}

/* Of one target by several kinds or families the first is drawn. */
static bool is_first_of_name(const struct bw_summary *s, const struct bw_latency *l)
{
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *o = &s->latency[i];
        if (strcmp(o->circuit, l->circuit) != 0 || strcmp(o->probe, l->probe) != 0) {
            continue;
        }
        int by_kind = strcmp(o->kind, l->kind);
        if (by_kind < 0 || (by_kind == 0 && o->family < l->family)) {
            return false;
        }
    }
    return true;
}

static int put_latency(struct refresh *f, const struct bw_summary *s)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, f->circuit) == 0 && is_first_of_name(s, l)) {
            r = bw_rrd_put_latency(f, l->probe, s->start_unix_s, s->end_unix_s, l->sent,
                                   l->lost, l->p50_us, l->p95_us);
        }
    }
    return r;
}

int bw_rrd_put_throughput(struct refresh *f,
                          int64_t start_unix_s,
                          int64_t end_unix_s,
                          const int64_t values[BW_SERIES_DS_MAX])
{
    return interval_put(f, "throughput", &bw_series_throughput, start_unix_s, end_unix_s,
                        values);
}

void bw_rrd_throughput_values(const struct bw_throughput *t,
                              int64_t values[BW_SERIES_DS_MAX])
{
    values[t->direction] = t->goodput_bps;
    values[BW_DIRECTIONS + t->direction] = t->line_bps;
}

/* Several runs in one interval: the last one of each direction stands in the picture. */
static int put_throughput(struct refresh *f, const struct bw_summary *s)
{
    int64_t values[BW_SERIES_DS_MAX] = {BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    bool any = false;
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->circuit, f->circuit) == 0 && t->state == BW_TEST_OK) {
            any = true;
            bw_rrd_throughput_values(t, values);
        }
    }
    return any ? bw_rrd_put_throughput(f, s->start_unix_s, s->end_unix_s, values) : 0;
}

/* What the line was full of, and how its TCP felt; nothing where nothing is told. */
static int put_traffic(struct refresh *f, const struct bw_summary *s)
{
    int64_t mix[BW_SERIES_DS_MAX];
    int64_t tcp[BW_SERIES_DS_MAX];
    if (!bw_series_traffic_values(s, f->circuit, mix, tcp)) {
        return 0;
    }
    int r =
        interval_put(f, "traffic", &bw_series_traffic, s->start_unix_s, s->end_unix_s, mix);
    return r < 0 ? r
                 : interval_put(f, "tcp", &bw_series_tcp, s->start_unix_s, s->end_unix_s,
                                tcp);
}

static int put_summary(struct refresh *f, const struct bw_summary *s)
{
    const struct bw_circuit_summary *c = NULL;
    for (size_t i = 0; i < s->n_circuits; i++) {
        c = strcmp(s->circuits[i].id, f->circuit) == 0 ? &s->circuits[i] : c;
    }
    if (!c) {
        return 0;
    }
    if (c->source == BW_SOURCE_MIRROR) {
        bool first = f->mirror_to_unix_s == 0;
        f->mirror_from_unix_s = first || s->start_unix_s < f->mirror_from_unix_s
                                    ? s->start_unix_s
                                    : f->mirror_from_unix_s;
        f->mirror_to_unix_s =
            s->end_unix_s > f->mirror_to_unix_s ? s->end_unix_s : f->mirror_to_unix_s;
    }
    int r = bw_rrd_put_link(f, s->start_unix_s, s->end_unix_s, c->covered_s, c->flow);
    r = r < 0 ? r : put_latency(f, s);
    r = r < 0 ? r : put_throughput(f, s);
    r = r < 0 ? r : put_traffic(f, s);
    if (r == 0 && (f->last_unix_s == BW_UNKNOWN || s->end_unix_s > f->last_unix_s)) {
        f->last_unix_s = s->end_unix_s;
    }
    return r;
}

static int put_record(struct refresh *f, const struct kept *k)
{
    struct bw_jws j;
    struct bw_summary s;
    int r = bw_jws_parse(k->jws, k->jws_len, &f->scratch, &j, &f->err);
    r = r < 0 ? r : bw_summary_decode(j.payload, j.payload_len, &s, &f->err);
    if (r < 0) {
        return r;
    }
    r = put_summary(f, &s);
    bw_summary_done(&s);
    return r;
}

/* --- one window of time -----------------------------------------------------------------
 */

static int on_record(void *owner, const struct bw_record *rec)
{
    struct refresh *f = owner;
    if (f->n_kept == f->cap_kept) {
        size_t cap = f->cap_kept ? f->cap_kept * 2 : 256;
        struct kept *bigger =
            cap > WINDOW_RECORDS_MAX ? NULL : realloc(f->kept, cap * sizeof(f->kept[0]));
        if (!bigger) {
            return bw_err_set(&f->err, -ENOMEM, "out of memory");
        }
        f->kept = bigger;
        f->cap_kept = cap;
    }
    struct kept *k = &f->kept[f->n_kept];
    k->start_unix_s = rec->start_unix_s;
    k->position = rec->position;
    k->jws_len = rec->jws_len;
    k->jws = malloc(rec->jws_len);
    if (!k->jws) {
        return bw_err_set(&f->err, -ENOMEM, "out of memory");
    }
    memcpy(k->jws, rec->jws, rec->jws_len);
    f->n_kept++;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct kept *x = a;
    const struct kept *y = b;
    if (x->start_unix_s != y->start_unix_s) {
        return x->start_unix_s < y->start_unix_s ? -1 : 1;
    }
    return x->position < y->position ? -1 : x->position > y->position;
}

/* The ledger gives records as they came; a file takes them as they happened. */
static int
put_window(struct refresh *f, struct bw_records *records, int64_t from, int64_t to)
{
    int r = bw_records_each(records, f->site, from, to, on_record, f, &f->err);
    if (r == 0 && f->n_kept > 1) {
        qsort(f->kept, f->n_kept, sizeof(f->kept[0]), by_time);
    }
    for (size_t i = 0; i < f->n_kept; i++) {
        r = r < 0 ? r : put_record(f, &f->kept[i]);
        free(f->kept[i].jws);
    }
    f->n_kept = 0;
    return r;
}

int bw_rrd_put_records(struct refresh *f,
                       struct bw_records *records,
                       int64_t from_unix_s,
                       int64_t to_unix_s)
{
    int r = 0;
    for (int64_t at = from_unix_s; r == 0 && at < to_unix_s; at += WINDOW_S) {
        r = put_window(f, records, at,
                       at + WINDOW_S < to_unix_s ? at + WINDOW_S : to_unix_s);
    }
    return r;
}

int bw_rrd_flush(struct refresh *f)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < f->n_series; i++) {
        r = series_flush(f->series[i], &f->err);
    }
    return r;
}
