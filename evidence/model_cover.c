/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_cover.c - how much of the period is known: coverage, gaps, outages, clock.
 *
 * Invariant: recorded_s + missing_s = elapsed_s; every second that is missing lies in
 * exactly one listed gap, whose cause is "not stated" unless a record states it. */
#include "model_private.h"

#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Merged time of all intervals within [from, until); intervals are sorted by start. */
int bw_model_spans(struct bw_model *m)
{
    struct bw_report *r = m->report;

    m->spans = calloc(r->n_intervals + 1, sizeof(*m->spans));
    if (!m->spans) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        int64_t from = max64(r->intervals[i].start_unix_s, r->from_unix_s);
        int64_t to = min64(r->intervals[i].end_unix_s, r->until_unix_s);
        struct bw_model_span *last = m->n_spans ? &m->spans[m->n_spans - 1] : NULL;
        if (to <= from) {
            continue;
        }
        if (last && from < last->to_unix_s) {
            r->coverage.twice_s += min64(to, last->to_unix_s) - from;
        }
        if (last && from <= last->to_unix_s) {
            last->to_unix_s = max64(last->to_unix_s, to);
        } else {
            m->spans[m->n_spans++] = (struct bw_model_span){from, to};
        }
        r->coverage.recorded_s += to - from;
    }
    r->coverage.recorded_s -= r->coverage.twice_s;
    return 0;
}

static int add_gap(struct bw_model *m, size_t *cap, struct bw_report_gap **ret)
{
    struct bw_report_coverage *c = &m->report->coverage;
    void *room = bw_grow(c->gaps, c->n_gaps, cap, sizeof(*c->gaps));

    if (!room) {
        return -ENOMEM;
    }
    c->gaps = room;
    *ret = &c->gaps[c->n_gaps++];
    memset(*ret, 0, sizeof(**ret));
    return 0;
}

static void append_word(char *text, size_t cap, const char *word)
{
    size_t n = strlen(text);

    (void)snprintf(text + n, cap - n, "%s%s", n ? ", " : "", word);
}

static int compare_stated(const void *a, const void *b)
{
    const struct bw_gap *x = a;
    const struct bw_gap *y = b;

    if (x->from_unix_s != y->from_unix_s) {
        return x->from_unix_s < y->from_unix_s ? -1 : 1;
    }
    if (x->to_unix_s != y->to_unix_s) {
        return x->to_unix_s < y->to_unix_s ? -1 : 1;
    }
    return (x->why > y->why) - (x->why < y->why);
}

/* The causes that records state for [from, to), and "not stated" for what is left. */
static void
find_causes(const struct bw_model *m, int64_t from, int64_t to, char *why, size_t cap)
{
    int64_t done = from;
    bool seen[BW_GAP_STORAGE + 1] = {false};
    bool all = true;

    static const char *const apart[] = {
        [BW_WITHOUT_SPAN_ERRATUM] = "set apart: erratum",
        [BW_WITHOUT_SPAN_KEY] = "set apart: key in other hands",
    };

    why[0] = '\0';
    for (int k = BW_WITHOUT_SPAN_ERRATUM; k <= BW_WITHOUT_SPAN_KEY; k++) {
        if (bw_model_apart_s(m, (enum bw_without_kind)k, from, to) > 0) {
            append_word(why, cap, apart[k]);
            done = bw_model_apart_until(m, (enum bw_without_kind)k, done, to);
        }
    }
    for (size_t i = 0; i < m->n_stated; i++) {
        const struct bw_gap *g = &m->stated[i];
        if (g->why == BW_GAP_DEFERRED || g->why == BW_GAP_COUNTER || g->to_unix_s <= from ||
            g->from_unix_s >= to) {
            continue;
        }
        if (!seen[g->why]) {
            seen[g->why] = true;
            append_word(why, cap, bw_gap_why_name(g->why));
        }
        if (g->from_unix_s > done) {
            all = false;
        }
        done = max64(done, g->to_unix_s);
    }
    if (!all || done < to) {
        append_word(why, cap, "not stated");
    }
}

static int missing_gap(struct bw_model *m, size_t *cap, int64_t from, int64_t to)
{
    struct bw_report *r = m->report;
    struct bw_report_gap *g;

    if (to <= from) {
        return 0;
    }
    if (add_gap(m, cap, &g) < 0) {
        return -ENOMEM;
    }
    g->kind = BW_RGAP_MISSING;
    g->from_unix_s = from;
    g->to_unix_s = to;
    g->missing_s = to - from;
    r->coverage.missing_s += to - from;
    find_causes(m, from, to, g->why, sizeof(g->why));
    if (strcmp(g->why, "not stated") == 0 && from == r->from_unix_s) {
        (void)snprintf(g->why, sizeof(g->why), "not stated; before the first record");
    } else if (strcmp(g->why, "not stated") == 0 && to == r->until_unix_s) {
        (void)snprintf(g->why, sizeof(g->why), "not stated; after the last record");
    }
    return 0;
}

static bool states(const struct bw_model *m, enum bw_gap_why why, int64_t from, int64_t to)
{
    for (size_t i = 0; i < m->n_stated; i++) {
        if (m->stated[i].why == why && m->stated[i].from_unix_s < to &&
            m->stated[i].to_unix_s > from) {
            return true;
        }
    }
    return false;
}

/* Runs of intervals whose counters do not cover all of their length. */
static int counter_gaps(struct bw_model *m, size_t *cap)
{
    struct bw_report *r = m->report;
    struct bw_report_gap *g = NULL;

    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        int64_t lacking = v->end_unix_s - v->start_unix_s -
                          (v->covered_s == BW_UNKNOWN ? 0 : v->covered_s);
        if (v->layer == BW_LAYER_UNKNOWN || lacking <= 0) {
            g = NULL;
            continue;
        }
        if (g && g->to_unix_s == v->start_unix_s) {
            g->to_unix_s = v->end_unix_s;
            g->missing_s += lacking;
            continue;
        }
        if (add_gap(m, cap, &g) < 0) {
            return -ENOMEM;
        }
        g->kind = BW_RGAP_COUNTER;
        g->from_unix_s = v->start_unix_s;
        g->to_unix_s = v->end_unix_s;
        g->missing_s = lacking;
    }
    for (size_t i = 0; i < r->coverage.n_gaps; i++) {
        g = &r->coverage.gaps[i];
        if (g->kind == BW_RGAP_COUNTER) {
            bool apart = bw_model_apart_s(m, BW_WITHOUT_SPAN_COUNTERS, g->from_unix_s,
                                          g->to_unix_s) > 0;
            (void)snprintf(g->why, sizeof(g->why), "%s%s",
                           apart ? "set apart: erratum" : "",
                           states(m, BW_GAP_COUNTER, g->from_unix_s, g->to_unix_s)
                               ? (apart ? ", interface could not be read"
                                        : "interface could not be read")
                           : apart ? ""
                                   : "counters cover part of the interval");
        }
    }
    return 0;
}

static bool is_missing(const struct bw_model *m, int64_t from, int64_t to)
{
    const struct bw_report_coverage *c = &m->report->coverage;

    for (size_t i = 0; i < c->n_gaps; i++) {
        if (c->gaps[i].kind == BW_RGAP_MISSING && c->gaps[i].from_unix_s < to &&
            c->gaps[i].to_unix_s > from) {
            return true;
        }
    }
    return false;
}

/* Gaps that a record states although no time is missing: deferred tests, a clock that was
 * set, records that the collector refused but this source still holds. */
static int stated_gaps(struct bw_model *m, size_t *cap)
{
    struct bw_report *r = m->report;

    for (size_t i = 0; i < m->n_stated; i++) {
        const struct bw_gap *s = &m->stated[i];
        struct bw_report_gap *g;
        bool same = i > 0 && compare_stated(s, &m->stated[i - 1]) == 0;
        bool before = s->from_unix_s < r->from_unix_s && s->to_unix_s <= r->from_unix_s;
        if (same || before || s->why == BW_GAP_COUNTER ||
            s->from_unix_s >= r->until_unix_s) {
            continue;
        }
        if (s->why != BW_GAP_DEFERRED && is_missing(m, s->from_unix_s, s->to_unix_s)) {
            continue;
        }
        if (add_gap(m, cap, &g) < 0) {
            return -ENOMEM;
        }
        g->kind = BW_RGAP_STATED;
        g->from_unix_s = s->from_unix_s;
        g->to_unix_s = s->to_unix_s;
        g->missing_s = 0;
        (void)snprintf(g->why, sizeof(g->why), "%s", bw_gap_why_name(s->why));
    }
    return 0;
}

static int compare_gaps(const void *a, const void *b)
{
    const struct bw_report_gap *x = a;
    const struct bw_report_gap *y = b;

    if (x->from_unix_s != y->from_unix_s) {
        return x->from_unix_s < y->from_unix_s ? -1 : 1;
    }
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return x->to_unix_s < y->to_unix_s ? -1 : x->to_unix_s > y->to_unix_s;
}

int bw_model_coverage(struct bw_model *m)
{
    struct bw_report *r = m->report;
    struct bw_report_coverage *c = &r->coverage;
    int64_t at = r->from_unix_s;
    size_t cap = 0;
    int rc = 0;

    c->period_s = r->to_unix_s - r->from_unix_s;
    c->elapsed_s = r->until_unix_s - r->from_unix_s;
    c->counted_s = BW_UNKNOWN;
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if (v->layer != BW_LAYER_UNKNOWN && v->covered_s != BW_UNKNOWN) {
            c->counted_s = (c->counted_s == BW_UNKNOWN ? 0 : c->counted_s) + v->covered_s;
        }
    }
    if (m->n_stated > 0) {
        qsort(m->stated, m->n_stated, sizeof(*m->stated), compare_stated);
    }
    for (size_t i = 0; i < m->n_spans && rc == 0; i++) {
        rc = missing_gap(m, &cap, at, m->spans[i].from_unix_s);
        at = m->spans[i].to_unix_s;
    }
    rc = rc == 0 ? missing_gap(m, &cap, at, r->until_unix_s) : rc;
    rc = rc == 0 ? stated_gaps(m, &cap) : rc;
    rc = rc == 0 ? counter_gaps(m, &cap) : rc;
    if (rc == 0 && c->n_gaps > 0) {
        qsort(c->gaps, c->n_gaps, sizeof(*c->gaps), compare_gaps);
    }
    return rc;
}

/* ---- outages --------------------------------------------------------------- */

static int compare_outages(const void *a, const void *b)
{
    const struct bw_model_outage *x = a;
    const struct bw_model_outage *y = b;

    if (x->from_unix_ms != y->from_unix_ms) {
        return x->from_unix_ms < y->from_unix_ms ? -1 : 1;
    }
    return strcmp(x->why, y->why);
}

/* Until when an outage is surely on record. */
static int64_t seen_until_ms(const struct bw_model_outage *o)
{
    if (o->to_unix_ms != BW_UNKNOWN) {
        return o->to_unix_ms;
    }
    return o->known_to_unix_ms != BW_UNKNOWN ? max64(o->known_to_unix_ms, o->from_unix_ms)
                                             : o->from_unix_ms;
}

/* The same outage named by several records, and outages that overlap, become one: in a
 * report no second may count twice. (bw_outages_join() keeps overlapping ones apart.) */
static size_t join_outages(struct bw_model_outage *o, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct bw_model_outage *last = kept ? &o[kept - 1] : NULL;
        bool same = last && o[i].from_unix_ms == last->from_unix_ms;
        if (!same && (!last || o[i].from_unix_ms >= seen_until_ms(last))) {
            o[kept++] = o[i];
            continue;
        }
        if (!strstr(last->why, o[i].why)) {
            append_word(last->why, sizeof(last->why), o[i].why);
        }
        /* An end that any record tells closes it, unless another goes on longer. */
        if (seen_until_ms(&o[i]) > seen_until_ms(last) ||
            (same && o[i].to_unix_ms != BW_UNKNOWN && last->to_unix_ms == BW_UNKNOWN)) {
            last->known_to_unix_ms = seen_until_ms(&o[i]);
            last->to_unix_ms = o[i].to_unix_ms;
        }
    }
    return kept;
}

static int list_outages(struct bw_model *m)
{
    struct bw_report *r = m->report;
    struct bw_report_outages *out = &r->outages;
    size_t cap = 0;

    if (m->n_outages == 0) {
        return 0;
    }
    qsort(m->outages, m->n_outages, sizeof(*m->outages), compare_outages);
    m->n_outages = join_outages(m->outages, m->n_outages);
    for (size_t i = 0; i < m->n_outages; i++) {
        const struct bw_model_outage *o = &m->outages[i];
        int64_t from = max64(o->from_unix_ms, r->from_unix_s * 1000);
        int64_t to = min64(seen_until_ms(o), r->until_unix_s * 1000);
        struct bw_report_outage *x;
        if (to <= from) {
            continue;
        }
        x = bw_grow(out->list, out->n, &cap, sizeof(*x));
        if (!x) {
            return -ENOMEM;
        }
        out->list = x;
        x = &out->list[out->n++];
        memset(x, 0, sizeof(*x));
        x->from_unix_ms = o->from_unix_ms;
        x->to_unix_ms = o->to_unix_ms;
        x->clipped_from_unix_ms = from;
        x->clipped_to_unix_ms = to;
        x->open = o->to_unix_ms == BW_UNKNOWN;
        (void)snprintf(x->why, sizeof(x->why), "%s", o->why);
        out->n_open += x->open;
        out->total_ms += to - from;
        out->longest_ms = max64(out->longest_ms, to - from);
    }
    return 0;
}

/* Counters tell of the carrier. */
static bool has_counters(const struct bw_report *r)
{
    for (size_t i = 0; i < r->n_intervals; i++) {
        if (r->intervals[i].covered_s != BW_UNKNOWN) {
            return true;
        }
    }
    return false;
}

int bw_model_outages(struct bw_model *m)
{
    const struct bw_report *r = m->report;
    struct bw_report_outages *out = &m->report->outages;
    int64_t watched_s = bw_model_watched_s(m, r->from_unix_s, r->to_unix_s);
    int rc = list_outages(m);

    if (has_counters(r)) {
        int64_t apart_s =
            bw_model_apart_s(m, BW_WITHOUT_SPAN_OUTAGES, r->from_unix_s, r->until_unix_s);
        out->observed_s = max64(0, r->coverage.recorded_s - apart_s);
    } else { /* what is set apart is not watched */
        out->observed_s = min64(r->coverage.recorded_s, watched_s);
    }
    out->n_witnesses = bw_model_witnesses(m);
    if (watched_s == 0) { /* never two of them at a time */
        out->n_witnesses = min64(out->n_witnesses, 1);
    }
    if (out->n == 0 && out->observed_s == 0) {
        out->total_ms = BW_UNKNOWN;
        out->longest_ms = BW_UNKNOWN;
        out->n_open = BW_UNKNOWN;
        out->excluded_ms = BW_UNKNOWN;
    }
    return rc;
}

/* ---- clock ----------------------------------------------------------------- */

void bw_model_clock(struct bw_model *m)
{
    struct bw_report *r = m->report;

    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        if (v->flags & BW_SLOT_UNSYNCED) {
            r->clock.unsynced_s += v->end_unix_s - v->start_unix_s;
        }
        r->clock.n_stepped += (v->flags & BW_SLOT_STEPPED) != 0;
    }
}
