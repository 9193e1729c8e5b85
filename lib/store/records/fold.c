/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold.c - decoded summaries of one site become circuit-days of one circuit.
 *
 * At most two days are open: the newest, and the one before it while a run that began in
 * it may still be told (BW_FOLD_TAIL_S). A day given out depends on nothing but the
 * summaries fold.h names for it, never on the days beside it. */
#include "fold.h"
#include "buf.h"
#include "hist.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    TARGETS_OPEN_MAX = 512
};

#define LATE_1H_MS INT64_C(3600000)
#define LATE_24H_MS INT64_C(86400000)

struct list { /* a growing array */
    void *items;
    size_t n;
    size_t cap;
};

/* One target while the day is open. Intervals come in the order of their start, so only
 * the last cell can still grow: its histogram is open, those before are texts. */
struct target {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    struct list cells; /* struct bw_latency_cell */
    bool
        late_unknown; /* an interval of the last cell did not tell, so its sum is unknown */
    bool sum_unknown;
    struct bw_hist *hist;
};

/* A run with what told of it, until both are given out apart. */
struct run {
    struct bw_throughput t; /* first: by_test() */
    struct bw_told told;
};

struct day {
    bool open;
    int64_t day_unix_s;
    struct bw_circuit_summary facts;
    int64_t n_summaries;
    int64_t n_vantage_changes;
    int64_t max_clock_error_us;
    struct list slots;        /* struct bw_slot */
    struct list runs;         /* struct run */
    struct list outages;      /* struct bw_outage */
    struct list gaps;         /* struct bw_gap */
    struct list targets;      /* struct target */
    struct list cells;        /* struct bw_latency_cell, made when the day is given out */
    struct list tests;        /* struct bw_throughput, likewise */
    struct list told;         /* struct bw_told, likewise */
    struct bw_summary memory; /* of all this: only its arena is used */
};

struct bw_fold {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t last_start_unix_s;
    bw_day_cb cb;
    void *owner;
    size_t hint; /* where the last summary had our circuit */
    struct day days[2];
};

static int64_t floor_to(int64_t v, int64_t step)
{
    int64_t rest = v % step;
    return v - (rest < 0 ? rest + step : rest);
}

static int too_many(struct bw_err *reterr, const char *what, const struct day *d)
{
    return bw_err_set(reterr, -E2BIG, "too many %s on the day that starts at %" PRId64,
                      what, d->day_unix_s);
}

/* Room for one more item of `size` bytes, zeroed; NULL when out of memory. What grows
 * leaves its old place behind in the day's memory: at most as much again. */
static void *list_add(struct day *d, struct list *l, size_t size)
{
    char *at;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        void *items = bw_summary_alloc(&d->memory, cap * size);
        if (!items) {
            return NULL;
        }
        if (l->n) {
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
static void day_clear(struct day *d)
{
    bw_summary_done(&d->memory);
    d->slots = d->tests = d->outages = d->runs = (struct list){NULL, 0, 0};
    d->gaps = d->targets = d->cells = d->told = (struct list){NULL, 0, 0};
    bw_circuit_summary_init(&d->facts);
    d->n_summaries = 0;
    d->n_vantage_changes = 0;
    d->max_clock_error_us = BW_UNKNOWN;
    d->open = false;
}

/* ---- what a summary adds ------------------------------------------------------------- */

static int add_slot(struct day *d,
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
        return too_many(reterr, "intervals", d);
    }
    slot = list_add(d, &d->slots, sizeof(*slot));
    if (!slot) {
        return -ENOMEM;
    }
    slot->start_unix_s = s->start_unix_s;
    slot->end_unix_s = s->end_unix_s;
    slot->seq = s->seq;
    slot->covered_s = c->covered_s;
    slot->saturated_s = c->saturated_s;
    memcpy(slot->flow, c->flow, sizeof(slot->flow));
    if (!s->clock.known || !s->clock.synced) {
        slot->flags |= BW_SLOT_UNSYNCED; /* a clock nobody vouches for is none */
    }
    if (s->clock.known && s->clock.step_us != BW_UNKNOWN && s->clock.step_us != 0) {
        slot->flags |= BW_SLOT_STEPPED;
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

static struct target *find_target(struct day *d, const struct bw_latency *l, size_t hint)
{
    struct target *targets = d->targets.items;
    int family = l->family == BW_UNKNOWN ? 0 : (int)l->family;
    for (size_t n = 0; n < d->targets.n; n++) {
        struct target *t = &targets[(hint + n) % d->targets.n];
        if (t->family == family && strcmp(t->probe, l->probe) == 0 &&
            strcmp(t->kind, l->kind) == 0) {
            return t;
        }
    }
    return NULL;
}

/* The last cell's histogram becomes its text. */
static int close_cell(struct day *d, struct target *t)
{
    struct bw_latency_cell *c;
    struct bw_buf text;
    int r = 0;
    if (t->cells.n == 0) {
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

static struct target *add_target(struct day *d, const struct bw_latency *l)
{
    struct bw_hist *hist = bw_summary_alloc(&d->memory, sizeof(*hist));
    struct target *t = hist ? list_add(d, &d->targets, sizeof(*t)) : NULL;
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
static struct bw_latency_cell *
cell_of(struct day *d, struct target *t, const struct bw_summary *s, int *ret_r)
{
    struct bw_latency_cell *c =
        t->cells.n ? (struct bw_latency_cell *)t->cells.items + t->cells.n - 1 : NULL;
    if (c && floor_to(c->start_unix_s, BW_CELL_S) == floor_to(s->start_unix_s, BW_CELL_S)) {
        return c;
    }
    *ret_r = close_cell(d, t);
    c = *ret_r == 0 ? list_add(d, &t->cells, sizeof(*c)) : NULL;
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

static int add_latency(struct day *d,
                       const struct bw_summary *s,
                       const struct bw_latency *l,
                       size_t hint,
                       struct bw_err *reterr)
{
    struct target *t = find_target(d, l, hint);
    struct bw_latency_cell *c;
    int r = 0;
    if (!t) {
        if (d->targets.n >= TARGETS_OPEN_MAX) {
            return too_many(reterr, "targets", d);
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

static int
add_test(struct day *d, const struct bw_summary *s, size_t place, struct bw_err *reterr)
{
    struct bw_throughput *copy;
    struct run *run;
    int r = 0;
    if (d->runs.n >= BW_FOLD_LIST_MAX) {
        return too_many(reterr, "tests", d);
    }
    run = list_add(d, &d->runs, sizeof(*run));
    if (!run) {
        return -ENOMEM;
    }
    run->told = (struct bw_told){.start_unix_s = s->start_unix_s,
                                 .end_unix_s = s->end_unix_s,
                                 .seq = s->seq,
                                 .place = (int64_t)place};
    copy = &run->t;
    *copy = s->throughput[place];
    r = r < 0 ? r : copy_text(&d->memory, &copy->method);
    r = r < 0 ? r : copy_text(&d->memory, &copy->reason);
    r = r < 0 ? r : copy_text(&d->memory, &copy->retest_of);
    r = r < 0 ? r : copy_text(&d->memory, &copy->receipt);
    for (size_t i = 0; r == 0 && i < 8 && copy->flags[i]; i++) {
        r = copy_text(&d->memory, &copy->flags[i]);
    }
    return r;
}

static int add_outage(struct day *d,
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
        return too_many(reterr, "outages", d);
    }
    mine = list_add(d, &d->outages, sizeof(*mine));
    if (!mine) {
        return -ENOMEM;
    }
    *mine = *o;
    mine->known_to_unix_ms = known_to;
    return copy_text(&d->memory, &mine->why);
}

/* ---- giving days out ----------------------------------------------------------------- */

static int by_target(const void *a, const void *b)
{
    const struct target *x = a;
    const struct target *y = b;
    int r = strcmp(x->probe, y->probe);
    if (r == 0) {
        r = strcmp(x->kind, y->kind);
    }
    return r ? r : x->family - y->family;
}

static int by_outage(const void *a, const void *b)
{
    const struct bw_outage *x = a;
    const struct bw_outage *y = b;
    int r = strcmp(x->circuit, y->circuit);
    if (r == 0) {
        r = (x->from_unix_ms > y->from_unix_ms) - (x->from_unix_ms < y->from_unix_ms);
    }
    return r;
}

/* By instant; the rest only so that the order is always the same. */
static int by_test(const void *a, const void *b)
{
    const struct bw_throughput *x = &((const struct run *)a)->t;
    const struct bw_throughput *y = &((const struct run *)b)->t;
    int r = (x->at_unix_ms > y->at_unix_ms) - (x->at_unix_ms < y->at_unix_ms);
    if (r == 0) {
        r = strcmp(x->probe, y->probe);
    }
    if (r == 0) {
        r = (x->direction > y->direction) - (x->direction < y->direction);
    }
    if (r == 0) {
        r = (x->bytes > y->bytes) - (x->bytes < y->bytes);
    }
    return r;
}

static int make_cells(struct day *d)
{
    struct target *targets = d->targets.items;
    if (d->targets.n) {
        qsort(targets, d->targets.n, sizeof(*targets), by_target);
    }
    for (size_t i = 0; i < d->targets.n; i++) {
        int r = close_cell(d, &targets[i]);
        for (size_t k = 0; r == 0 && k < targets[i].cells.n; k++) {
            struct bw_latency_cell *c = list_add(d, &d->cells, sizeof(*c));
            if (!c) {
                return -ENOMEM;
            }
            *c = ((const struct bw_latency_cell *)targets[i].cells.items)[k];
        }
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int make_tests(struct day *d)
{
    struct run *runs = d->runs.items;
    if (d->runs.n) {
        qsort(runs, d->runs.n, sizeof(*runs), by_test);
    }
    for (size_t i = 0; i < d->runs.n; i++) {
        struct bw_throughput *t = list_add(d, &d->tests, sizeof(*t));
        struct bw_told *told = t ? list_add(d, &d->told, sizeof(*told)) : NULL;
        if (!told) {
            return -ENOMEM;
        }
        *t = runs[i].t;
        *told = runs[i].told;
    }
    return 0;
}

static int give(struct bw_fold *f, struct day *d, struct bw_err *reterr)
{
    struct bw_circuit_day day = {.day_unix_s = d->day_unix_s};
    int r;
    if (!d->open) {
        return 0;
    }
    r = make_cells(d);
    if (r == 0) {
        r = make_tests(d);
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    if (d->outages.n) {
        qsort(d->outages.items, d->outages.n, sizeof(struct bw_outage), by_outage);
    }
    memcpy(day.site, f->site, sizeof(day.site));
    day.facts = d->facts;
    day.n_summaries = d->n_summaries;
    day.n_vantage_changes = d->n_vantage_changes;
    day.max_clock_error_us = d->max_clock_error_us;
    day.slots = d->slots.items;
    day.n_slots = d->slots.n;
    day.latency = d->cells.items;
    day.n_latency = d->cells.n;
    day.tests = d->tests.items;
    day.told = d->told.items;
    day.n_tests = d->tests.n;
    day.outages = d->outages.items;
    day.n_outages = d->outages.n;
    day.gaps = d->gaps.items;
    day.n_gaps = d->gaps.n;
    r = f->cb(f->owner, &day);
out:
    day_clear(d);
    return r;
}

/* The older of the two days first. */
static struct day *older(struct bw_fold *f)
{
    if (!f->days[0].open || !f->days[1].open) {
        return f->days[0].open ? &f->days[0] : &f->days[1];
    }
    return f->days[0].day_unix_s < f->days[1].day_unix_s ? &f->days[0] : &f->days[1];
}

static struct day *open_day(struct bw_fold *f, int64_t day_unix_s)
{
    struct day *d = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (f->days[i].open && f->days[i].day_unix_s == day_unix_s) {
            return &f->days[i];
        }
        if (!f->days[i].open) {
            d = &f->days[i];
        }
    }
    if (d) {
        d->open = true;
        d->day_unix_s = day_unix_s;
    }
    return d;
}

/* ---- the interface ------------------------------------------------------------------- */

int bw_fold_new(const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_fold **ret)
{
    struct bw_fold *f = calloc(1, sizeof(*f));
    if (!f) {
        return -ENOMEM;
    }
    /* Longer names fit no record: they match nothing, as they should. */
    (void)strncpy(f->site, site, sizeof(f->site) - 1);
    (void)strncpy(f->circuit, circuit, sizeof(f->circuit) - 1);
    f->from_unix_s = from_unix_s;
    f->to_unix_s = to_unix_s < INT64_MAX - DAY_S ? to_unix_s : INT64_MAX - DAY_S;
    f->last_start_unix_s = INT64_MIN;
    f->cb = cb;
    f->owner = owner;
    day_clear(&f->days[0]);
    day_clear(&f->days[1]);
    *ret = f;
    return 0;
}

static const struct bw_circuit_summary *find_circuit(struct bw_fold *f,
                                                     const struct bw_summary *s)
{
    if (f->hint < s->n_circuits && strcmp(s->circuits[f->hint].id, f->circuit) == 0) {
        return &s->circuits[f->hint];
    }
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, f->circuit) == 0) {
            f->hint = i;
            return &s->circuits[i];
        }
    }
    return NULL;
}

/* Tests: by their instant where it is near the record, else by the record's start. */
static int add_tests(struct bw_fold *f,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     struct bw_err *reterr)
{
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        int64_t at = floor_to(t->at_unix_ms, 1000) / 1000;
        struct day *d;
        int r;
        if (strcmp(t->circuit, f->circuit) != 0) {
            continue;
        }
        if (at < s->start_unix_s - BW_FOLD_TAIL_S || at >= s->end_unix_s) {
            at = s->start_unix_s;
        }
        if (at < f->from_unix_s || at >= f->to_unix_s) {
            continue;
        }
        d = open_day(f, floor_to(at, DAY_S));
        if (!d) { /* an interval over midnight whose run began two days ahead: never */
            continue;
        }
        if (d->n_summaries == 0) {
            d->facts = *c;
        }
        r = add_test(d, s, i, reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int add_rest(struct bw_fold *f,
                    struct day *d,
                    const struct bw_summary *s,
                    const struct bw_circuit_summary *c,
                    const struct bw_fold_meta *meta,
                    struct bw_err *reterr)
{
    int r = add_slot(d, s, c, meta, reterr);
    for (size_t i = 0; r == 0 && i < s->n_latency; i++) {
        if (strcmp(s->latency[i].circuit, f->circuit) == 0) {
            r = add_latency(d, s, &s->latency[i], i, reterr);
        }
    }
    for (size_t i = 0; r == 0 && i < s->n_outages; i++) {
        if (strcmp(s->outages[i].circuit, f->circuit) == 0) {
            r = add_outage(d, s, &s->outages[i], reterr);
        }
    }
    for (size_t i = 0; r == 0 && i < s->n_gaps; i++) {
        struct bw_gap *g;
        if (d->gaps.n >= BW_FOLD_LIST_MAX) {
            return too_many(reterr, "gaps", d);
        }
        g = list_add(d, &d->gaps, sizeof(*g));
        if (!g) {
            return -ENOMEM;
        }
        *g = s->gaps[i];
    }
    return r;
}

int bw_fold_add(struct bw_fold *f,
                const struct bw_summary *s,
                const struct bw_fold_meta *meta,
                struct bw_err *reterr)
{
    const struct bw_circuit_summary *c;
    int r = 0;
    if (strcmp(s->site, f->site) != 0 || s->start_unix_s < f->from_unix_s ||
        s->start_unix_s >= f->to_unix_s + BW_FOLD_TAIL_S) {
        return 0;
    }
    if (s->start_unix_s < f->last_start_unix_s) {
        return bw_err_set(reterr, -EINVAL,
                          "the record with seq %" PRId64
                          " starts before the one given before "
                          "it: records are folded in the order of their start",
                          s->seq);
    }
    f->last_start_unix_s = s->start_unix_s;
    for (struct day *d = older(f);
         d->open && s->start_unix_s >= d->day_unix_s + DAY_S + BW_FOLD_TAIL_S;
         d = older(f)) {
        r = give(f, d, reterr);
        if (r != 0) {
            return r;
        }
    }
    c = find_circuit(f, s);
    if (!c) {
        return 0;
    }
    r = add_tests(f, s, c, reterr);
    if (r == 0 && s->start_unix_s < f->to_unix_s) {
        struct day *d = open_day(f, floor_to(s->start_unix_s, DAY_S));
        r = d ? add_rest(f, d, s, c, meta, reterr) : -EINVAL;
    }
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    return r;
}

int bw_fold_finish(struct bw_fold *f, struct bw_err *reterr)
{
    for (int i = 0; i < 2; i++) {
        int r = give(f, older(f), reterr);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

void bw_fold_free(struct bw_fold *f)
{
    if (f) {
        day_clear(&f->days[0]);
        day_clear(&f->days[1]);
        free(f);
    }
}

size_t bw_outages_join(struct bw_outage *o, size_t n)
{
    size_t kept = 0;
    if (n == 0) {
        return 0;
    }
    qsort(o, n, sizeof(*o), by_outage);
    for (size_t i = 1; i < n; i++) {
        struct bw_outage *last = &o[kept];
        if (by_outage(last, &o[i]) != 0) {
            o[++kept] = o[i];
            continue;
        }
        if (o[i].to_unix_ms > last->to_unix_ms) {
            last->to_unix_ms = o[i].to_unix_ms;
        }
        if (o[i].known_to_unix_ms > last->known_to_unix_ms) {
            last->known_to_unix_ms = o[i].known_to_unix_ms;
        }
    }
    return kept + 1;
}
