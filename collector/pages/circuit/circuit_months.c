/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_months.c - days of the room into months. */
#include "circuit_months.h"

#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <roomstore.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    MONTH_DAYS = 31,
    DAYS_MAX = 11 * 366 + 2
};

struct values {
    int64_t p95[BW_DIRECTIONS][MONTH_DAYS];
    size_t n_p95[BW_DIRECTIONS];
    int64_t p50[MONTH_DAYS];
    size_t n_p50;
};

static void most(int64_t *io, int64_t v)
{
    *io = v != BW_UNKNOWN && (*io == BW_UNKNOWN || v > *io) ? v : *io;
}

static void add(int64_t *io, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *io = (*io == BW_UNKNOWN ? 0 : *io) + v;
    }
}

static void
add_way(struct bw_month *m, struct values *v, const struct bw_room_day *d, int i)
{
    const struct bw_room_way *w = &d->way[i];
    if (w->class_p95_bps != BW_UNKNOWN && v->n_p95[i] < MONTH_DAYS) {
        v->p95[i][v->n_p95[i]++] = w->class_p95_bps;
    }
    most(&m->way[i].p95_max_bps, w->class_p95_bps);
    most(&m->way[i].peak_bps, w->peak_bps);
    most(&m->way[i].best_bps, w->best_bps);
    m->way[i].n_ok += w->n_ok;
    m->way[i].n_made += w->n_made;
    m->way[i].n_compared += w->n_compared;
    m->way[i].n_at_80 += w->n_at_80;
    add(&m->way[i].full_s, w->full_s);
}

static void add_day(struct bw_month *m, struct values *v, const struct bw_room_day *d)
{
    if (d->n_records <= 0) {
        return;
    }
    m->two_layers = m->two_layers || (d->flags & BW_ROOM_DAY_TWO_LAYERS) ||
                    (m->layer != BW_LAYER_UNKNOWN && d->layer != BW_LAYER_UNKNOWN &&
                     m->layer != d->layer);
    m->layer = d->layer != BW_LAYER_UNKNOWN ? d->layer : m->layer;
    m->claim_layer = d->claim_layer != BW_LAYER_UNKNOWN ? d->claim_layer : m->claim_layer;
    m->mirror = m->mirror || (d->flags & BW_ROOM_DAY_MIRROR);
    m->n_days++;
    m->period_s += d->to_unix_s - d->from_unix_s;
    add(&m->recorded_s, d->recorded_s);
    add(&m->unsynced_s, d->unsynced_s);
    add(&m->sent, d->sent);
    add(&m->lost, d->lost);
    add(&m->outage_ms, d->outage_ms);
    most(&m->p95_max_us, d->rtt_p95_us);
    if (d->rtt_p50_us != BW_UNKNOWN && v->n_p50 < MONTH_DAYS) {
        v->p50[v->n_p50++] = d->rtt_p50_us;
    }
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        add_way(m, v, d, i);
    }
}

static void begin(struct bw_month *m, int year, int month)
{
    memset(m, 0, sizeof(*m));
    m->year = year;
    m->month = month;
    m->layer = m->claim_layer = BW_LAYER_UNKNOWN;
    m->recorded_s = m->unsynced_s = m->sent = m->lost = m->outage_ms = BW_UNKNOWN;
    m->p50_median_us = m->p95_max_us = BW_UNKNOWN;
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        m->way[i].p95_median_bps = m->way[i].p95_max_bps = m->way[i].peak_bps = BW_UNKNOWN;
        m->way[i].best_bps = m->way[i].full_s = BW_UNKNOWN;
    }
}

static void end(struct bw_month *m, struct values *v)
{
    m->p50_median_us = bw_stat_percentile(v->p50, v->n_p50, 500000);
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        m->way[i].n_p95 = (int)v->n_p95[i];
        m->way[i].p95_median_bps = bw_stat_percentile(v->p95[i], v->n_p95[i], 500000);
        if (m->two_layers) {
            m->way[i].p95_median_bps = m->way[i].p95_max_bps = BW_UNKNOWN;
            m->way[i].peak_bps = BW_UNKNOWN;
        }
    }
}

size_t
bw_months_of(const struct bw_room_day *days, size_t n, struct bw_month ret[BW_MONTHS_MAX])
{
    struct values v;
    size_t k = 0;
    memset(&v, 0, sizeof(v));
    for (size_t i = 0; i < n; i++) {
        int year;
        int month;
        int day;
        bw_civil_from_days(days[i].day, &year, &month, &day);
        if (k == 0 || ret[k - 1].year != year || ret[k - 1].month != month) {
            if (k > 0) {
                end(&ret[k - 1], &v);
            }
            if (k == BW_MONTHS_MAX) {
                return k;
            }
            memset(&v, 0, sizeof(v));
            begin(&ret[k++], year, month);
        }
        add_day(&ret[k - 1], &v, &days[i]);
    }
    if (k > 0) {
        end(&ret[k - 1], &v);
    }
    return k;
}

struct list {
    struct bw_room_day *days;
    size_t n;
    size_t cap;
};

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct list *l = owner;
    (void)circuit;
    struct bw_room_day *days =
        l->n < DAYS_MAX ? bw_grow(l->days, l->n, &l->cap, sizeof(*days)) : NULL;
    if (!days) {
        return -ENOMEM;
    }
    l->days = days;
    l->days[l->n++] = *d;
    return 0;
}

int bw_months_read(const char *room_db,
                   const char *site,
                   const char *circuit,
                   int64_t from_day,
                   int64_t to_day,
                   struct bw_month ret[BW_MONTHS_MAX],
                   size_t *ret_n,
                   struct bw_err *reterr)
{
    struct bw_roomstore *s = NULL;
    struct list l = {.n = 0};
    int64_t id = 0;
    int r = bw_roomstore_open_read(room_db, &s, reterr);
    *ret_n = 0;
    r = r < 0 ? r : bw_roomstore_find(s, site, circuit, &id, reterr);
    r = r < 0 ? r
              : bw_roomstore_days(s, id, BW_ROOM_SPAN_DAY, from_day, to_day, on_day, &l,
                                  reterr);
    if (r == 0) {
        *ret_n = bw_months_of(l.days, l.n, ret);
    }
    free(l.days);
    bw_roomstore_close(s);
    return r == -ENOENT ? 0 : r;
}
