/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold_day.c - what a summary adds to an open day of one circuit.
 *
 * Everything a day holds lies in the day's own memory and goes with it. */
#include "buf.h"
#include "fold.h"
#include "fold_private.h"
#include "hist.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    TARGETS_OPEN_MAX = 512
};

#define LATE_1H_MS INT64_C(3600000)
#define LATE_24H_MS INT64_C(86400000)

int64_t bw_fold_floor(int64_t v, int64_t step)
{
    int64_t rest = v % step;
    return v - (rest < 0 ? rest + step : rest);
}

int bw_fold_too_many(struct bw_err *reterr, const char *what, const struct bw_fold_day *d)
{
    return bw_err_set(reterr, -E2BIG, "too many %s on the day that starts at %" PRId64,
                      what, d->day_unix_s);
}

/* Room for one more item of `size` bytes, zeroed; NULL when out of memory. What grows
 * leaves its old place behind in the day's memory: at most as much again. */
void *bw_fold_room(struct bw_fold_day *d, struct bw_fold_list *l, size_t size)
{
    char *at;
    if (!l->items || l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        void *items = bw_summary_alloc(&d->memory, cap * size);
        if (!items) {
            return NULL;
        }
        if (l->items && l->n) {
            memcpy(items, l->items, l->n * size);
        }
        l->items = items;
        l->cap = cap;
    }
    at = (char *)l->items + l->n * size;
    memset(at, 0, size);
    l->n++;
    return at;
}

/* Empty and without memory; a zeroed day is fine. */
void bw_fold_day_clear(struct bw_fold_day *d)
{
    bw_summary_done(&d->memory);
    d->slots = d->tests = d->outages = d->runs = (struct bw_fold_list){NULL, 0, 0};
    d->gaps = d->targets = d->cells = d->told = (struct bw_fold_list){NULL, 0, 0};
    bw_circuit_summary_init(&d->facts);
    d->n_summaries = 0;
    d->n_vantage_changes = 0;
    d->max_clock_error_us = BW_UNKNOWN;
    d->open = false;
}

/* ---- what a summary adds ------------------------------------------------------------- */

int bw_fold_add_slot(struct bw_fold_day *d,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     const struct bw_fold_meta *meta,
                     struct bw_err *reterr)
{
    struct bw_slot *slot;
    int64_t end_before = d->slots.n
                             ? ((struct bw_slot *)d->slots.items)[d->slots.n - 1].end_unix_s
                             : INT64_MIN;
    if (d->slots.n >= BW_FOLD_SLOTS_MAX) {
        return bw_fold_too_many(reterr, "intervals", d);
    }
    slot = bw_fold_room(d, &d->slots, sizeof(*slot));
    if (!slot) {
        return -ENOMEM;
    }
    slot->start_unix_s = s->start_unix_s;
    slot->end_unix_s = s->end_unix_s;
    slot->seq = s->seq;
    slot->covered_s = c->covered_s;
    slot->saturated_s = c->saturated_s;
    slot->layer = c->layer;
    memcpy(slot->flow, c->flow, sizeof(slot->flow));
    if (!s->clock.known || !s->clock.synced) {
        slot->flags |= BW_SLOT_UNSYNCED; /* a clock nobody vouches for is none */
    }
    if (s->clock.known && s->clock.step_us != BW_UNKNOWN && s->clock.step_us != 0) {
        slot->flags |= BW_SLOT_STEPPED;
    }
    for (size_t i = 0; i < s->n_traffic; i++) {
        if (strcmp(s->traffic[i].circuit, c->id) == 0) {
            slot->flags |= BW_SLOT_TRAFFIC;
        }
    }
    if (slot->start_unix_s < end_before) {
        slot->flags |= BW_SLOT_OVERLAP;
    }
    if (meta && meta->received_unix_ms != BW_UNKNOWN) {
        int64_t late_ms = meta->received_unix_ms - s->end_unix_s * 1000;
        if (late_ms > LATE_1H_MS) {
            slot->flags |= BW_SLOT_LATE_1H;
        }
        if (late_ms > LATE_24H_MS) {
            slot->flags |= BW_SLOT_LATE_24H;
        }
    }
    if (d->n_summaries > 0 &&
        (d->facts.vantage != c->vantage || d->facts.source != c->source)) {
        d->n_vantage_changes++;
    }
    d->facts = *c;
    d->n_summaries++;
    if (s->clock.known && s->clock.max_error_us > d->max_clock_error_us) {
        d->max_clock_error_us = s->clock.max_error_us; /* BW_UNKNOWN is below everything */
    }
    return 0;
}

static struct bw_fold_target *
find_target(struct bw_fold_day *d, const struct bw_latency *l, size_t hint)
{
    struct bw_fold_target *targets = d->targets.items;
    int family = l->family == BW_UNKNOWN ? 0 : (int)l->family;
    for (size_t n = 0; n < d->targets.n; n++) {
        struct bw_fold_target *t = &targets[(hint + n) % d->targets.n];
        if (t->family == family && strcmp(t->probe, l->probe) == 0 &&
            strcmp(t->kind, l->kind) == 0) {
            return t;
        }
    }
    return NULL;
}

/* The last cell's histogram becomes its text. */
int bw_fold_close_cell(struct bw_fold_day *d, struct bw_fold_target *t)
{
    struct bw_latency_cell *c;
    struct bw_buf text;
    int r = 0;
    if (!t->cells.items || t->cells.n == 0) {
        return 0;
    }
    c = (struct bw_latency_cell *)t->cells.items + t->cells.n - 1;
    c->late = t->late_unknown ? BW_UNKNOWN : c->late;
    c->sum_us = t->sum_unknown ? BW_UNKNOWN : c->sum_us;
    t->late_unknown = t->sum_unknown = false;
    if (t->hist->total == 0) {
        return 0;
    }
    bw_buf_init(&text, 8192);
    r = bw_hist_encode(t->hist, &text);
    c->rtt_hist = r == 0 ? bw_summary_strdup(&d->memory, text.data) : NULL;
    bw_buf_done(&text);
    bw_hist_init(t->hist);
    return r == 0 && !c->rtt_hist ? -ENOMEM : r;
}

static struct bw_fold_target *add_target(struct bw_fold_day *d, const struct bw_latency *l)
{
    struct bw_hist *hist = bw_summary_alloc(&d->memory, sizeof(*hist));
    struct bw_fold_target *t = hist ? bw_fold_room(d, &d->targets, sizeof(*t)) : NULL;
    if (t) {
        memcpy(t->probe, l->probe, sizeof(t->probe));
        memcpy(t->kind, l->kind, sizeof(t->kind));
        t->family = l->family == BW_UNKNOWN ? 0 : (int)l->family;
        t->hist = hist;
        bw_hist_init(hist);
    }
    return t;
}

/* The cell of an interval: the last one, or a new one. */
static struct bw_latency_cell *cell_of(struct bw_fold_day *d,
                                       struct bw_fold_target *t,
                                       const struct bw_summary *s,
                                       int *ret_r)
{
    struct bw_latency_cell *c =
        t->cells.n ? (struct bw_latency_cell *)t->cells.items + t->cells.n - 1 : NULL;
    if (c && bw_fold_floor(c->start_unix_s, BW_CELL_S) ==
                 bw_fold_floor(s->start_unix_s, BW_CELL_S)) {
        return c;
    }
    *ret_r = bw_fold_close_cell(d, t);
    c = *ret_r == 0 ? bw_fold_room(d, &t->cells, sizeof(*c)) : NULL;
    if (!c) {
        *ret_r = *ret_r == 0 ? -ENOMEM : *ret_r;
        return NULL;
    }
    memcpy(c->probe, t->probe, sizeof(c->probe));
    memcpy(c->kind, t->kind, sizeof(c->kind));
    c->family = t->family;
    c->start_unix_s = s->start_unix_s;
    c->sum_us = c->p50_us = c->p95_us = BW_UNKNOWN;
    return c;
}

int bw_fold_add_latency(struct bw_fold_day *d,
                        const struct bw_summary *s,
                        const struct bw_latency *l,
                        size_t hint,
                        struct bw_err *reterr)
{
    struct bw_fold_target *t = find_target(d, l, hint);
    struct bw_latency_cell *c;
    int r = 0;
    if (!t) {
        if (d->targets.n >= TARGETS_OPEN_MAX) {
            return bw_fold_too_many(reterr, "targets", d);
        }
        t = add_target(d, l);
        if (!t) {
            return -ENOMEM;
        }
    }
    c = cell_of(d, t, s, &r);
    if (!c) {
        return r;
    }
    c->p50_us = c->n == 0 ? l->p50_us : BW_UNKNOWN;
    c->p95_us = c->n == 0 ? l->p95_us : BW_UNKNOWN;
    c->n++;
    c->last_start_unix_s = s->start_unix_s;
    c->end_unix_s = s->end_unix_s;
    c->sent += l->sent;
    c->covered_s += l->sent > 0 ? s->end_unix_s - s->start_unix_s : 0;
    c->lost += l->lost;
    if (l->late == BW_UNKNOWN) {
        t->late_unknown = true;
    } else {
        c->late += l->late;
    }
    if (l->sum_us != BW_UNKNOWN) {
        c->sum_us = (c->sum_us == BW_UNKNOWN ? 0 : c->sum_us) + l->sum_us;
    } else if (l->sent > l->lost) {
        t->sum_unknown = true;
    }
    if (l->rtt_hist) {
        return bw_hist_decode(l->rtt_hist, strlen(l->rtt_hist), t->hist);
    }
    return 0;
}

static int copy_text(struct bw_summary *memory, const char **text)
{
    if (*text) {
        *text = bw_summary_strdup(memory, *text);
        return *text ? 0 : -ENOMEM;
    }
    return 0;
}

/* What a day does not hold: a folded day is the same as one read back, and points into no
 * record that is gone. */
static void forget_what_days_lack(struct bw_throughput *t)
{
    struct bw_throughput none;
    bw_throughput_init(&none);
    t->machine = NULL;
    t->loss_ppm = none.loss_ppm;
    t->delay_min_us = none.delay_min_us;
    t->delay_max_us = none.delay_max_us;
    t->near = none.near;
    t->far = none.far;
    memset(t->campaign, 0, sizeof(t->campaign));
}

int bw_fold_add_test(struct bw_fold_day *d,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     size_t place,
                     struct bw_err *reterr)
{
    struct bw_throughput *copy;
    struct bw_fold_run *run;
    int r = 0;
    if (d->runs.n >= BW_FOLD_LIST_MAX) {
        return bw_fold_too_many(reterr, "tests", d);
    }
    run = bw_fold_room(d, &d->runs, sizeof(*run));
    if (!run) {
        return -ENOMEM;
    }
    run->told = (struct bw_told){.start_unix_s = s->start_unix_s,
                                 .end_unix_s = s->end_unix_s,
                                 .seq = s->seq,
                                 .place = (int64_t)place,
                                 .layer = c->layer,
                                 .mtu = c->mtu};
    copy = &run->t;
    *copy = s->throughput[place];
    forget_what_days_lack(copy);
    r = r < 0 ? r : copy_text(&d->memory, &copy->method);
    r = r < 0 ? r : copy_text(&d->memory, &copy->reason);
    r = r < 0 ? r : copy_text(&d->memory, &copy->retest_of);
    r = r < 0 ? r : copy_text(&d->memory, &copy->receipt);
    for (size_t i = 0; r == 0 && i < BW_FLAGS_MAX && copy->flags[i]; i++) {
        r = copy_text(&d->memory, &copy->flags[i]);
    }
    return r;
}

int bw_fold_add_outage(struct bw_fold_day *d,
                       const struct bw_summary *s,
                       const struct bw_outage *o,
                       struct bw_err *reterr)
{
    struct bw_outage *all = d->outages.items;
    struct bw_outage *mine;
    int64_t known_to = o->to_unix_ms != BW_UNKNOWN ? o->to_unix_ms : s->end_unix_s * 1000;
    for (size_t i = d->outages.n; i > 0; i--) {
        if (all[i - 1].from_unix_ms != o->from_unix_ms) {
            continue;
        }
        if (o->to_unix_ms > all[i - 1].to_unix_ms) { /* BW_UNKNOWN is below everything */
            all[i - 1].to_unix_ms = o->to_unix_ms;
        }
        if (known_to > all[i - 1].known_to_unix_ms) {
            all[i - 1].known_to_unix_ms = known_to;
        }
        return 0;
    }
    if (d->outages.n >= BW_FOLD_LIST_MAX) {
        return bw_fold_too_many(reterr, "outages", d);
    }
    mine = bw_fold_room(d, &d->outages, sizeof(*mine));
    if (!mine) {
        return -ENOMEM;
    }
    *mine = *o;
    mine->known_to_unix_ms = known_to;
    return copy_text(&d->memory, &mine->why);
}

int bw_fold_add_gap(struct bw_fold_day *d, const struct bw_gap *g, struct bw_err *reterr)
{
    struct bw_gap *mine;
    if (d->gaps.n >= BW_FOLD_LIST_MAX) {
        return bw_fold_too_many(reterr, "gaps", d);
    }
    mine = bw_fold_room(d, &d->gaps, sizeof(*mine));
    if (!mine) {
        return -ENOMEM;
    }
    *mine = *g;
    return 0;
}
