/* SPDX-License-Identifier: GPL-3.0-or-later
 * without_apply.c - what an erratum takes out of one record.
 *
 * Invariant: what is taken out is absent, never zero: a run stays, with a flag that sets it
 * apart; all else becomes unknown or is not there. */
#include "without_private.h"

#include <errno.h>
#include <fold.h>
#include <string.h>

struct applying {
    const struct bw_without_ask *ask;
    struct bw_summary *s;
    const struct bw_erratum_said *e;
    bool only_runs;
    bool exclude;
    bool in_time; /* the record's interval starts in its period */
    bool changed;
    int64_t runs;
    bool interval; /* something but runs was touched */
    struct bw_without_done *done;
};

long bw_without_key_of(const struct bw_without_ask *ask,
                       const char *kid,
                       int64_t received_unix_ms)
{
    for (size_t i = 0; i < ask->n_keys && received_unix_ms != BW_UNKNOWN; i++) {
        if (strcmp(ask->keys[i].kid, kid) == 0 &&
            received_unix_ms >= ask->keys[i].from_unix_s * 1000) {
            return (long)i;
        }
    }
    return -1;
}

/* A run's instant, as days have it (fold.h). */
static int64_t instant_s(const struct bw_summary *s, const struct bw_throughput *t)
{
    int64_t at = t->at_unix_ms / 1000 - (t->at_unix_ms % 1000 < 0);
    return at < s->start_unix_s - BW_FOLD_TAIL_S || at >= s->end_unix_s ? s->start_unix_s
                                                                        : at;
}

static bool in_period(const struct bw_without_ask *ask, int64_t unix_s)
{
    return unix_s >= ask->from_unix_s && unix_s < ask->to_unix_s;
}

static bool ours(const struct applying *a, const char *circuit)
{
    return strcmp(circuit, a->ask->circuit) == 0;
}

static bool names_circuit(const struct applying *a)
{
    for (size_t i = 0; i < a->s->n_circuits; i++) {
        if (ours(a, a->s->circuits[i].id)) {
            return true;
        }
    }
    return false;
}

static int64_t runs_in_period(const struct applying *a)
{
    int64_t n = 0;
    for (size_t i = 0; i < a->s->n_throughput; i++) {
        const struct bw_throughput *t = &a->s->throughput[i];
        n += ours(a, t->circuit) && in_period(a->ask, instant_s(a->s, t));
    }
    return n;
}

static void set_flag(struct bw_throughput *t, const char *flag)
{
    size_t n = 0;
    while (n < BW_FLAGS_MAX && t->flags[n]) {
        if (strcmp(t->flags[n], flag) == 0) {
            return;
        }
        n++;
    }
    n = n < BW_FLAGS_MAX ? n : BW_FLAGS_MAX - 1;
    t->flags[n] = flag;
    t->flags[n + 1] = NULL;
}

void bw_without_unmark(struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_throughput; i++) {
        const char **flags = s->throughput[i].flags;
        size_t kept = 0;
        for (size_t k = 0; k < BW_FLAGS_MAX && flags[k]; k++) {
            if (strcmp(flags[k], BW_THROUGHPUT_ERRATUM) != 0) {
                flags[kept++] = flags[k];
            }
        }
        flags[kept] = NULL;
    }
}

static void take_runs(struct applying *a)
{
    for (size_t i = 0; i < a->s->n_throughput; i++) {
        struct bw_throughput *t = &a->s->throughput[i];
        int64_t at = instant_s(a->s, t);
        if (!ours(a, t->circuit) || !bw_erratum_of_run(&a->e->erratum, t->kind) ||
            !bw_erratum_at(&a->e->erratum, at) ||
            (a->e->about.of == BW_ERRATUM_OF_SERVER &&
             strcmp(t->server, a->e->about.name) != 0)) {
            continue;
        }
        a->runs += in_period(a->ask, at);
        if (a->exclude) {
            set_flag(t, BW_THROUGHPUT_ERRATUM);
            a->done->runs = true;
        }
    }
}

static void take_latency(struct applying *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->s->n_latency; i++) {
        const struct bw_latency *l = &a->s->latency[i];
        bool out = ours(a, l->circuit) && bw_erratum_of_target(&a->e->erratum, l->kind);
        a->interval |= out;
        if (!out || !a->exclude) {
            a->s->latency[kept++] = *l;
        }
    }
    a->changed |= kept != a->s->n_latency;
    a->s->n_latency = kept;
}

static void take_paths(struct applying *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->s->n_paths; i++) {
        const struct bw_path *p = &a->s->paths[i];
        bool out = ours(a, p->circuit);
        a->interval |= out;
        if (!out || !a->exclude) {
            a->s->paths[kept++] = *p;
        }
    }
    a->changed |= kept != a->s->n_paths;
    a->s->n_paths = kept;
}

static void take_traffic(struct applying *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->s->n_traffic; i++) {
        const struct bw_traffic *t = &a->s->traffic[i];
        bool out = ours(a, t->circuit);
        a->interval |= out;
        if (!out || !a->exclude) {
            a->s->traffic[kept++] = *t;
        }
    }
    a->changed |= kept != a->s->n_traffic;
    a->s->n_traffic = kept;
}

static void take_outages(struct applying *a)
{
    size_t kept = 0;
    if (!names_circuit(a)) {
        return;
    }
    a->interval = true;
    a->done->outages |= a->exclude;
    for (size_t i = 0; i < a->s->n_outages; i++) {
        if (!ours(a, a->s->outages[i].circuit) || !a->exclude) {
            a->s->outages[kept++] = a->s->outages[i];
        }
    }
    a->changed |= kept != a->s->n_outages;
    a->s->n_outages = kept;
}

/* The circuit's counts, and what runs say of its rate, rest on the same counter. */
static void take_counters(struct applying *a)
{
    for (size_t i = 0; i < a->s->n_circuits; i++) {
        struct bw_circuit_summary *c = &a->s->circuits[i];
        if (!ours(a, c->id) || c->source == BW_SOURCE_NONE) {
            continue;
        }
        a->interval = true;
        if (a->exclude) {
            bw_flow_init(&c->flow[BW_DOWN]);
            bw_flow_init(&c->flow[BW_UP]);
            c->covered_s = 0;
            c->saturated_s = BW_UNKNOWN;
            c->port_full_s = BW_UNKNOWN;
            a->done->counters = true;
            a->changed = true;
        }
    }
    for (size_t i = 0; i < a->s->n_throughput && a->exclude; i++) {
        struct bw_throughput *t = &a->s->throughput[i];
        if (ours(a, t->circuit)) {
            t->line_bps = BW_UNKNOWN;
            t->line_error_ppm = BW_UNKNOWN;
            t->concurrent_bps = BW_UNKNOWN;
            a->changed = true;
        }
    }
}

static void take_fields(struct applying *a)
{
    const struct bw_erratum *e = &a->e->erratum;
    take_runs(a);
    if (!a->in_time) {
        return;
    }
    take_latency(a);
    if (bw_erratum_has(e, BW_ERRATUM_PATHS)) {
        take_paths(a);
    }
    if (bw_erratum_has(e, BW_ERRATUM_TRAFFIC)) {
        take_traffic(a);
    }
    if (bw_erratum_has(e, BW_ERRATUM_OUTAGES)) {
        take_outages(a);
    }
    if (bw_erratum_has(e, BW_ERRATUM_COUNTERS)) {
        take_counters(a);
    }
}

static void count(const struct applying *a, struct bw_without_count *c, bool whole)
{
    if (!c) {
        return;
    }
    c->runs += a->runs;
    c->records += (a->runs > 0 || (!a->only_runs && (a->interval || whole)));
    c->intervals += !a->only_runs && a->interval;
}

static void drop(struct applying *a, struct bw_without_count *c, enum bw_without_kind why)
{
    a->runs = runs_in_period(a);
    a->interval = names_circuit(a);
    count(a, c, true);
    a->done->outcome = BW_WITHOUT_DROPPED;
    a->done->dropped_for = why;
}

/* All errata by the record as it came (taking nothing out), or what they take out. */
static void go(struct applying *a, struct bw_without_count *counts, bool take)
{
    for (size_t i = 0; i < a->ask->n_errata; i++) {
        struct bw_without_count *c = counts && !take ? &counts[i] : NULL;
        bool excludes;
        a->e = &a->ask->errata[i];
        excludes = a->e->erratum.action == BW_ERRATUM_EXCLUDE;
        a->exclude = take && excludes;
        a->in_time = bw_erratum_at(&a->e->erratum, a->s->start_unix_s);
        a->runs = 0;
        a->interval = false;
        if ((take && !excludes) ||
            (a->e->about.of == BW_ERRATUM_OF_SOFTWARE &&
             !bw_erratum_of_agent(&a->e->about, &a->e->erratum, a->s->agent))) {
            continue;
        }
        if (bw_erratum_has(&a->e->erratum, BW_ERRATUM_RECORDS) && a->in_time) {
            if (excludes) {
                drop(a, c, BW_WITHOUT_SPAN_ERRATUM);
                continue;
            }
            a->interval = names_circuit(a);
        }
        take_fields(a);
        count(a, c, false);
    }
}

int bw_without_apply(const struct bw_without_ask *ask,
                     struct bw_summary *s,
                     const char *kid,
                     int64_t received_unix_ms,
                     bool only_runs,
                     struct bw_without_count *count_errata,
                     struct bw_without_count *count_keys,
                     struct bw_without_done *ret)
{
    struct applying a = {.ask = ask, .s = s, .only_runs = only_runs, .done = ret};
    long key = bw_without_key_of(ask, kid, received_unix_ms);
    *ret = (struct bw_without_done){.outcome = BW_WITHOUT_SAME};
    if (key >= 0) {
        drop(&a, count_keys ? &count_keys[key] : NULL, BW_WITHOUT_SPAN_KEY);
        return 0;
    }
    go(&a, count_errata, false);
    if (ret->outcome != BW_WITHOUT_DROPPED) {
        go(&a, NULL, true);
        ret->outcome = a.changed ? BW_WITHOUT_CHANGED : BW_WITHOUT_SAME;
    }
    return 0;
}
