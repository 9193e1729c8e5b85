/* SPDX-License-Identifier: GPL-3.0-or-later
 * facts.c - a report's figures as the room keeps them.
 *
 * Invariant: what is unknown in the report is unknown here, and what is a count there is
 * the same count here. */
#include "facts.h"

#include <bw/records.h>
#include <civil.h>
#include <fold.h>
#include <model.h>
#include <schoolcal.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

enum {
    DAY_S = 86400
};

static const struct bw_report_latency *
latency_of(const struct bw_report *r, const struct bw_report_latency *like, int window)
{
    const struct bw_report_latency *best = NULL;

    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        bool same =
            !like || (strcmp(l->probe, like->probe) == 0 &&
                      strcmp(l->kind, like->kind) == 0 && l->family == like->family);
        if (l->window == window && l->p50_us != BW_UNKNOWN && same &&
            (!best || l->p50_us < best->p50_us)) {
            best = l;
        }
    }
    return best;
}

static void take_latency(const struct bw_report *r, struct bw_room_day *d)
{
    const struct bw_report_latency *near = latency_of(r, NULL, BW_WINDOW_ALL);
    const struct bw_report_latency *in_class =
        near ? latency_of(r, near, BW_WINDOW_CLASS) : NULL;

    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        if (l->window == BW_WINDOW_ALL && l->sent > 0) {
            d->sent = (d->sent == BW_UNKNOWN ? 0 : d->sent) + l->sent;
            d->lost = (d->lost == BW_UNKNOWN ? 0 : d->lost) + l->lost;
        }
    }
    d->rtt_p50_us = near ? near->p50_us : BW_UNKNOWN;
    d->rtt_p95_us = near ? near->p95_us : BW_UNKNOWN;
    d->class_rtt_p95_us = in_class ? in_class->p95_us : BW_UNKNOWN;
}

static int64_t overlap(int64_t from, int64_t to, int64_t other_from, int64_t other_to)
{
    int64_t first = from > other_from ? from : other_from;
    int64_t last = to < other_to ? to : other_to;

    return last > first ? last - first : 0;
}

/* A minute of a local day as an instant, in milliseconds. */
static int64_t minute_ms(const struct bw_report *r, const struct bw_report_day *d, int min)
{
    const struct bw_civil c = {.year = d->year,
                               .month = d->month,
                               .day = d->day + min / BW_CIVIL_DAY_MIN,
                               .hour = min % BW_CIVIL_DAY_MIN / 60,
                               .minute = min % 60};

    return bw_tz_unix(r->tz, &c) * 1000;
}

/* Of the outages, what lies in class hours. */
static int64_t in_class_ms(const struct bw_report *r)
{
    int64_t sum = 0;

    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        int64_t from = minute_ms(r, d, d->class_hours.from_min);
        int64_t to = minute_ms(r, d, d->class_hours.to_min);
        for (size_t k = 0;
             d->class_hours.from_min < d->class_hours.to_min && k < r->outages.n; k++) {
            sum += overlap(r->outages.list[k].clipped_from_unix_ms,
                           r->outages.list[k].clipped_to_unix_ms, from, to);
        }
    }
    return sum;
}

static void take_outages(const struct bw_report *r, struct bw_room_day *d)
{
    d->watched_s = r->outages.observed_s;
    d->outage_ms = r->outages.total_ms;
    d->outage_excluded_ms = r->outages.excluded_ms;
    d->outage_class_ms = r->outages.total_ms == BW_UNKNOWN ? BW_UNKNOWN : in_class_ms(r);
}

static void take_clock(const struct bw_report *r, struct bw_room_day *d)
{
    d->unsynced_s = r->clock.unsynced_s;
    d->n_stepped = (int32_t)r->clock.n_stepped;
    for (size_t i = r->n_intervals;
         i-- > 0 && (r->intervals[i].flags & BW_SLOT_UNSYNCED);) {
        d->unsynced_since_unix_s = r->intervals[i].start_unix_s;
    }
}

static void take_class(const struct bw_report *r, struct bw_room_day *d)
{
    const struct bw_report_class *c = &r->class_time;

    d->class_s =
        c->unknown_s > 0 && c->class_s + c->outside_s == 0 ? BW_UNKNOWN : c->class_s;
    d->flags |= c->by_calendar ? 0 : BW_ROOM_DAY_NO_CALENDAR;
}

static void add_known(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

static void take_days(const struct bw_report *r, struct bw_room_day *d)
{
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *x = &r->days[i];
        d->n_days += x->recorded_s > 0;
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_report_bins *b = &x->bins[BW_WINDOW_CLASS][way];
            add_known(&d->way[way].class_expected, b->expected);
            d->way[way].class_known += (int32_t)b->known;
            if (b->full_s != BW_UNKNOWN) {
                add_known(&d->way[way].full_s, b->full_s);
                add_known(&d->way[way].full_of_s, b->full_of_s);
            }
        }
    }
    if (r->n_days > 0) {
        const struct bw_report_day *first = &r->days[0];
        d->day = bw_civil_days(first->year, first->month, first->day);
        d->day_kind = (int32_t)first->kind;
    }
}

static void take_used(const struct bw_report *r, struct bw_room_day *d)
{
    const struct bw_report_used *u = &r->used[0];

    if (r->n_used == 0) {
        return;
    }
    d->layer = u->layer;
    d->flags |= r->n_used > 1 ? BW_ROOM_DAY_TWO_LAYERS : 0;
    d->flags |= u->n_mirror > 0 ? BW_ROOM_DAY_MIRROR : 0;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_report_window *all = &u->window[BW_WINDOW_ALL][way];
        const struct bw_report_window *in_class = &u->window[BW_WINDOW_CLASS][way];
        struct bw_room_way *w = &d->way[way];
        w->p95_bps = all->p95_bps;
        w->peak_bps = all->peak_bps;
        w->class_p95_bps = in_class->p95_bps;
        w->class_peak_bps = in_class->peak_bps;
        w->class_share_ppm = in_class->share_p95_ppm;
        w->claimed_p95_bps = in_class->converted_p95_bps;
        w->claimed_peak_bps = in_class->converted_peak_bps;
        w->bytes = u->bytes[way];
    }
}

static void take_tested(const struct bw_report *r, int way, struct bw_room_day *d)
{
    const struct bw_report_tested *t = &r->tested[way];
    const struct bw_dist *goodput = bw_report_goodput(t);
    struct bw_room_way *w = &d->way[way];

    w->n_wanted = (int32_t)t->n_wanted;
    w->n_made = (int32_t)t->n_made;
    w->n_ok = (int32_t)t->n_ok;
    w->n_failed = (int32_t)t->n_failed;
    w->n_deferred = (int32_t)t->n_deferred;
    for (int i = BW_APART_NOT + 1; i < BW_APARTS; i++) {
        w->n_apart += (int32_t)t->n_apart[i];
    }
    w->n_compared = (int32_t)t->n_compared;
    w->n_at_80 = (int32_t)t->n_at_80;
    w->n_at_90 = (int32_t)t->n_at_90;
    w->best_bps = t->compared_bps.max;
    w->median_bps = t->compared_bps.median;
    w->goodput_bps = goodput ? goodput->median : BW_UNKNOWN;
    w->idle_p50_us = t->loaded.n > 0 ? t->loaded.idle_p50_us : BW_UNKNOWN;
    w->loaded_p50_us = t->loaded.n > 0 ? t->loaded.loaded_p50_us : BW_UNKNOWN;
    d->n_egress_match += (int32_t)t->n_egress[BW_EGRESS_MATCH];
    d->n_egress_other += (int32_t)t->n_egress[BW_EGRESS_OTHER];
}

static void take_claim(const struct bw_report *r, struct bw_room_day *d)
{
    const struct bw_report_claim *c = bw_report_claim_at(r, r->until_unix_s - 1);

    d->claim_layer = !c                             ? BW_LAYER_UNKNOWN
                     : c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP
                                                    : c->layer;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        d->way[way].claim_bps = c && c->bps[way] > 0 ? c->bps[way] : BW_UNKNOWN;
    }
}

static void take_runs(const struct bw_report *r, struct bw_facts *f)
{
    size_t first = r->n_runs > BW_ROOM_RUNS_MAX ? r->n_runs - BW_ROOM_RUNS_MAX : 0;

    f->day.flags |= first > 0 ? BW_ROOM_DAY_RUNS_CUT : 0;
    for (size_t i = first; i < r->n_runs; i++) {
        const struct bw_report_run *x = &r->runs[i];
        struct bw_room_run *t = &f->runs[f->n_runs++];
        t->at_unix_ms = x->at_unix_ms;
        t->compared_bps = x->compared_bps;
        t->claim_bps = x->claim_bps;
        t->goodput_bps = x->goodput_bps;
        t->direction = (uint8_t)x->direction;
        t->state = (uint8_t)x->state;
        t->apart = (uint8_t)x->apart;
        t->egress = (uint8_t)x->egress;
        t->retest = x->retest;
        (void)snprintf(t->server, sizeof(t->server), "%s", x->server);
        (void)snprintf(t->reason, sizeof(t->reason), "%s", x->reason);
    }
}

void bw_facts_take(const struct bw_report *r, struct bw_facts *ret)
{
    struct bw_room_day *d = &ret->day;

    memset(ret, 0, sizeof(*ret));
    bw_room_day_init(d);
    d->from_unix_s = r->from_unix_s;
    d->to_unix_s = r->until_unix_s;
    d->flags = r->until_unix_s < r->to_unix_s ? BW_ROOM_DAY_RUNNING : 0;
    d->n_records = (int32_t)r->n_intervals;
    d->recorded_s = r->coverage.recorded_s;
    d->counted_s = r->coverage.counted_s;
    take_days(r, d);
    take_class(r, d);
    take_clock(r, d);
    take_outages(r, d);
    take_latency(r, d);
    take_used(r, d);
    take_claim(r, d);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        take_tested(r, way, d);
    }
    take_runs(r, ret);
}

/* ---- records of which days are read, and bytes only where they tell more ---------- */

struct light {
    struct bw_records base;
    struct bw_records *records; /* borrowed */
    const struct bw_facts_rows *rows;
    bool bytes;
};

/* Days that were asked for whole, to be cut to [from, to). */
struct cut {
    int64_t from_unix_s;
    int64_t to_unix_s;
    bw_day_cb cb;
    void *owner;
};

static int light_each(struct bw_records *r,
                      const char *site,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      bw_record_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct light *l = (struct light *)r;

    return l->bytes ? bw_records_each(l->records, site, from_unix_s, to_unix_s, cb, owner,
                                      reterr)
                    : 0;
}

static int on_whole_day(void *owner, const struct bw_circuit_day *d)
{
    const struct cut *c = owner;
    struct bw_circuit_day day = *d;

    if (c->from_unix_s > d->day_unix_s || c->to_unix_s < d->day_unix_s + DAY_S) {
        bw_day_clip(&day, c->from_unix_s, c->to_unix_s);
    }
    return day.n_slots + day.n_tests + day.n_outages + day.n_gaps > 0
               ? c->cb(c->owner, &day)
               : 0;
}

/* Edges within a cell make the ledger fold records: those are of runs beside the period
 * only, of which some more change nothing. */
static int light_days(struct bw_records *r,
                      const char *site,
                      const char *circuit,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      bw_day_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct light *l = (struct light *)r;
    int64_t from = from_unix_s - from_unix_s % BW_CELL_S;
    int64_t to = to_unix_s + (BW_CELL_S - to_unix_s % BW_CELL_S) % BW_CELL_S;
    int64_t end = to + (DAY_S - to % DAY_S) % DAY_S;
    struct cut c = {.from_unix_s = from, .to_unix_s = to, .cb = cb, .owner = owner};

    if (end != to && l->rows && from >= l->rows->from_unix_s && end <= l->rows->to_unix_s) {
        return bw_records_days(l->records, site, circuit, from, end, on_whole_day, &c,
                               reterr);
    }
    return bw_records_days(l->records, site, circuit, from, to, cb, owner, reterr);
}

static void light_close(struct bw_records *r)
{
    (void)r;
}

static const struct bw_records_ops light_ops = {
    .each = light_each,
    .days = light_days,
    .close = light_close,
};

static bool within_cell(int minute)
{
    return minute != BW_SCHOOLCAL_AS_USUAL && minute % (BW_CELL_S / 60) != 0;
}

static bool hours_within_cell(const struct bw_schoolcal *c)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);
    bool any = false;

    for (size_t i = 0; i < 7; i++) {
        any |= within_cell(s->week[i].from_min) || within_cell(s->week[i].to_min);
    }
    for (size_t i = 0; i < s->n_spans; i++) {
        any |= within_cell(s->spans[i].hours.from_min) ||
               within_cell(s->spans[i].hours.to_min);
    }
    return any;
}

/* Must the signed bytes be read for the same figures as a report's? */
static bool wants_bytes(const struct bw_report_query *q)
{
    bool any = q->n_errata > 0 || q->config_claim ||
               (q->n_calendars == 0 && (within_cell(q->class_hours.from_min) ||
                                        within_cell(q->class_hours.to_min)));

    for (size_t i = 0; i < q->n_keys; i++) {
        any |= q->keys[i].revoked_unix_s != BW_UNKNOWN;
    }
    for (size_t i = 0; i < q->n_calendars; i++) {
        any |= hours_within_cell(q->calendars[i].cal);
    }
    return any;
}

int bw_facts_make(const struct bw_report_query *q,
                  const struct bw_facts_rows *rows,
                  struct bw_facts *ret,
                  struct bw_report **ret_report,
                  struct bw_err *reterr)
{
    struct light light = {.base = {.ops = &light_ops},
                          .records = q->records,
                          .rows = rows,
                          .bytes = wants_bytes(q)};
    struct bw_report_query mine = *q;
    struct bw_report *r = NULL;
    int rc;

    mine.records = &light.base;
    rc = bw_report_make(&mine, &r, reterr);
    if (rc < 0) {
        return rc;
    }
    bw_facts_take(r, ret);
    if (ret_report) {
        *ret_report = r;
        return 0;
    }
    bw_report_free(r);
    return 0;
}
