/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata_touch.c - which records of which circuits an erratum concerns: what reports of
 * them would tell, by the same reading. */
#include "errata_touch.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <grow.h>
#include <origin.h>
#include <plural.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_MAX = 40,
    SHOW_EVERY_MS = 300
};

struct finding {
    const struct bw_erratum_said *e;
    struct bw_origin_circuit *circuits;
    size_t n;
    size_t cap;
};

static int take_circuit(void *owner, const struct bw_origin_circuit *c)
{
    struct finding *f = owner;
    const struct bw_erratum_about *a = &f->e->about;
    if ((a->site[0] && strcmp(a->site, c->site) != 0) ||
        (a->circuit[0] && strcmp(a->circuit, c->circuit) != 0)) {
        return 0;
    }
    void *room = bw_grow(f->circuits, f->n, &f->cap, sizeof(*f->circuits));
    if (!room) {
        return -ENOMEM;
    }
    f->circuits = room;
    f->circuits[f->n++] = *c;
    return 0;
}

static int nothing(void *owner, const struct bw_record *rec)
{
    (void)owner;
    (void)rec;
    return 0;
}

/* Counts are made where reports make them. */
static int count(struct bw_origin *origin,
                 const struct bw_origin_circuit *c,
                 const struct bw_erratum_said *e,
                 struct bw_without_count *ret,
                 struct bw_err *reterr)
{
    struct bw_without *w = NULL;
    struct bw_erratum_said said = *e;
    struct bw_without_ask ask = {.records = bw_origin_records(origin),
                                 .site = c->site,
                                 .circuit = c->circuit,
                                 .from_unix_s = c->first_start_unix_s,
                                 .to_unix_s = c->last_end_unix_s,
                                 .errata = &said,
                                 .n_errata = 1};
    if (e->erratum.from_unix_s != BW_UNKNOWN && e->erratum.from_unix_s > ask.from_unix_s) {
        ask.from_unix_s = e->erratum.from_unix_s;
    }
    if (e->erratum.to_unix_s != BW_UNKNOWN && e->erratum.to_unix_s < ask.to_unix_s) {
        ask.to_unix_s = e->erratum.to_unix_s;
    }
    memset(ret, 0, sizeof(*ret));
    if (ask.to_unix_s <= ask.from_unix_s) {
        return 0;
    }
    said.erratum.action = BW_ERRATUM_ANNOTATE; /* counting alone: no day is folded */
    int r = bw_without_new(&ask, &w, reterr);
    r = r < 0 ? r
              : bw_records_each(bw_without_records(w), c->site, ask.from_unix_s,
                                ask.to_unix_s, nothing, NULL, reterr);
    if (r == 0) {
        *ret = *bw_without_of_erratum(w, 0);
    }
    bw_without_free(w);
    return r;
}

static int keep(struct errata_touch *t,
                const struct bw_origin_circuit *c,
                const struct bw_without_count *k)
{
    if (k->records == 0) {
        return 0;
    }
    void *room = bw_grow(t->list, t->n, &t->cap, sizeof(*t->list));
    if (!room) {
        return -ENOMEM;
    }
    t->list = room;
    struct errata_touched *x = &t->list[t->n++];
    *x = (struct errata_touched){.count = *k};
    memcpy(x->site, c->site, sizeof(x->site));
    memcpy(x->circuit, c->circuit, sizeof(x->circuit));
    t->sum.records += k->records;
    t->sum.intervals += k->intervals;
    t->sum.runs += k->runs;
    return 0;
}

static int
open_origin(const struct bw_docket *d, struct bw_origin **ret, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s%s", d->folder,
                   d->of_collector ? "" : "/journal.db");
    return bw_origin_open(d->of_collector ? BW_FROM_LEDGER : BW_FROM_JOURNAL, path, ret,
                          reterr);
}

int errata_touch_find(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const struct bw_erratum_said *e,
                      struct errata_touch *ret)
{
    struct finding f = {.e = e};
    struct bw_origin *origin = NULL;
    struct bw_err err = {.text = ""};
    int64_t next_ms = bw_clock_mono_ms() + SHOW_EVERY_MS;
    bool shown = false;
    memset(ret, 0, sizeof(*ret));
    int r = open_origin(d, &origin, &err);
    r = r < 0 ? r : bw_origin_circuits(origin, e->about.site, take_circuit, &f, &err);
    for (size_t i = 0; r == 0 && i < f.n; i++) {
        struct bw_without_count k;
        r = count(origin, &f.circuits[i], e, &k, &err);
        r = r < 0 ? r : keep(ret, &f.circuits[i], &k);
        if (bw_cli_progress_wanted() && bw_clock_mono_ms() >= next_ms) {
            next_ms = bw_clock_mono_ms() + SHOW_EVERY_MS;
            shown = true;
            (void)fprintf(stderr, "\rreading circuits: %zu of %zu ", i + 1, f.n);
        }
    }
    if (shown) {
        (void)fprintf(stderr, "\r%60s\r", "");
    }
    ret->n_circuits = (int64_t)f.n;
    free(f.circuits);
    bw_origin_close(origin);
    if (r == -ENOMEM) {
        (void)bw_err_set(&err, r, "out of memory");
    }
    if (r < 0) {
        free(ret->list);
        ret->list = NULL;
        return bw_cli_failed(v, "%s", err.text);
    }
    return 0;
}

void errata_touch_print(const struct errata_touch *t, const struct bw_erratum *e)
{
    for (size_t i = 0; i < t->n && i < SHOWN_MAX; i++) {
        const struct errata_touched *x = &t->list[i];
        (void)printf(
            "  %s.%s: %lld %s, %lld %s, %lld %s\n", x->site, x->circuit,
            (long long)x->count.records, bw_plural(x->count.records, "record", "records"),
            (long long)x->count.intervals,
            bw_plural(x->count.intervals, "interval", "intervals"),
            (long long)x->count.runs, bw_plural(x->count.runs, "test run", "test runs"));
    }
    if (t->n > SHOWN_MAX) {
        (void)printf("  and %zu circuits more\n", t->n - SHOWN_MAX);
    }
    (void)printf(
        "%s: %lld %s, %lld %s and %lld %s on %zu of %lld %s\n",
        e->action == BW_ERRATUM_EXCLUDE ? "Excluded" : "Annotated",
        (long long)t->sum.records, bw_plural(t->sum.records, "record", "records"),
        (long long)t->sum.intervals, bw_plural(t->sum.intervals, "interval", "intervals"),
        (long long)t->sum.runs, bw_plural(t->sum.runs, "test run", "test runs"), t->n,
        (long long)t->n_circuits, bw_plural(t->n_circuits, "circuit", "circuits"));
    if (t->sum.records == 0) {
        (void)printf("No record here is concerned: are name, time and fields right?\n");
    }
}
