/* SPDX-License-Identifier: GPL-3.0-or-later
 * model.c - makes one report from records, step by step.
 *
 * Invariant: nothing of the report comes from anywhere but the records and the query, so
 * the same records and query give the same report. */
#include "model_private.h"

#include "tz.h"
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PERIOD_S_MAX = 4018 * 86400 /* eleven years: what a series file spans */
};

const struct bw_report_hours bw_report_class_hours_default = {
    .weekdays = 0x3e,
    .from_min = 7 * 60,
    .to_min = 17 * 60,
};

void *bw_model_array(size_t n, size_t size)
{
    return calloc(n, size);
}

static bool in_force(const struct bw_report_claim *c, int64_t unix_s)
{
    return (c->from_unix_s == BW_UNKNOWN || c->from_unix_s <= unix_s) &&
           (c->to_unix_s == BW_UNKNOWN || unix_s < c->to_unix_s);
}

const struct bw_report_claim *bw_report_claim_at(const struct bw_report *r, int64_t unix_s)
{
    /* A later claim takes the place of an earlier one. */
    for (size_t i = r->n_claims; i-- > 0;) {
        if (in_force(&r->claims[i], unix_s)) {
            return &r->claims[i];
        }
    }
    return NULL;
}

const struct bw_report_claim *bw_report_claim_last(const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_at(r, r->until_unix_s - 1);

    if (c) {
        return c;
    }
    return r->n_claims ? &r->claims[r->n_claims - 1] : NULL;
}

enum bw_layer bw_report_claim_layer(const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);

    if (!c) {
        return BW_LAYER_UNKNOWN;
    }
    return c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;
}

static int take_bindings(const struct bw_report_query *q, struct bw_report *r)
{
    r->bindings = calloc(q->n_bindings + 1, sizeof(*r->bindings));
    if (!r->bindings) {
        return -ENOMEM;
    }
    if (q->n_bindings > 0) {
        memcpy(r->bindings, q->bindings, q->n_bindings * sizeof(*r->bindings));
    }
    r->n_bindings = q->n_bindings;
    r->log = q->log ? *q->log : r->log;
    return 0;
}

static int too_many_claims(struct bw_err *reterr)
{
    return bw_err_set(
        reterr, -E2BIG,
        "what is claimed changes more than %d times: ask for a shorter period",
        BW_REPORT_CLAIMS_MAX);
}

static int
take_claims(const struct bw_report_query *q, struct bw_report *r, struct bw_err *reterr)
{
    r->claims = calloc(BW_REPORT_CLAIMS_MAX, sizeof(*r->claims));
    if (!r->claims) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < q->n_claims; i++) {
        const struct bw_report_claim *c = &q->claims[i];
        if ((c->from_unix_s == BW_UNKNOWN || c->from_unix_s < r->to_unix_s) &&
            (c->to_unix_s == BW_UNKNOWN || c->to_unix_s > r->from_unix_s)) {
            if (r->n_claims == BW_REPORT_CLAIMS_MAX) {
                return too_many_claims(reterr);
            }
            r->claims[r->n_claims++] = *c;
        }
    }
    return 0;
}

static bool same_claim(const struct bw_report_claim *a, const struct bw_report_claim *b)
{
    return a->bps[BW_DOWN] == b->bps[BW_DOWN] && a->bps[BW_UP] == b->bps[BW_UP] &&
           a->layer == b->layer;
}

/* What the configurations state, each for as long as records name it; oldest first. How
 * many, or -E2BIG. */
static int stated_claims(const struct bw_model *m,
                         struct bw_report_claim list[BW_REPORT_CLAIMS_MAX])
{
    const struct bw_report_query *q = m->query;
    bool open = false;
    int n = 0;

    for (size_t i = 0; i < m->n_changes; i++) {
        struct bw_report_claim *last = n ? &list[n - 1] : NULL;
        struct bw_report_claim c = {.bps = {BW_UNKNOWN, BW_UNKNOWN}};
        bool stated = q->config_claim(q->owner, m->changes[i].config, &c) == 0;
        if (stated && open && last && same_claim(last, &c)) {
            continue;
        }
        if (open && last) {
            last->to_unix_s = m->changes[i].from_unix_s;
        }
        if (stated && n == BW_REPORT_CLAIMS_MAX) {
            return -E2BIG;
        }
        open = stated;
        if (open) {
            c.from_unix_s = m->changes[i].from_unix_s;
            c.to_unix_s = BW_UNKNOWN;
            list[n++] = c;
        }
    }
    return n;
}

static int by_from(const void *a, const void *b)
{
    const struct bw_report_claim *x = a;
    const struct bw_report_claim *y = b;
    int64_t xs = x->from_unix_s == BW_UNKNOWN ? INT64_MIN : x->from_unix_s;
    int64_t ys = y->from_unix_s == BW_UNKNOWN ? INT64_MIN : y->from_unix_s;

    return (xs > ys) - (xs < ys);
}

static int
put_claim(struct bw_report *r, struct bw_report_claim c, int64_t from, int64_t to)
{
    if (r->n_claims == BW_REPORT_CLAIMS_MAX) {
        return -E2BIG;
    }
    c.from_unix_s = from;
    c.to_unix_s = to;
    r->claims[r->n_claims++] = c;
    return 0;
}

/* What of a configuration's claim lies outside of the n claims that are on file. */
static int fill(struct bw_report *r, const struct bw_report_claim *c, size_t n)
{
    int64_t from = c->from_unix_s;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct bw_report_claim *x = &r->claims[i];
        int64_t begins = x->from_unix_s == BW_UNKNOWN ? INT64_MIN : x->from_unix_s;
        if ((x->to_unix_s != BW_UNKNOWN && x->to_unix_s <= from) ||
            (c->to_unix_s != BW_UNKNOWN && begins >= c->to_unix_s)) {
            continue;
        }
        if (begins > from) {
            rc = put_claim(r, *c, from, begins);
        }
        if (x->to_unix_s == BW_UNKNOWN) {
            return rc;
        }
        from = x->to_unix_s;
    }
    if (rc == 0 && (c->to_unix_s == BW_UNKNOWN || from < c->to_unix_s)) {
        rc = put_claim(r, *c, from, c->to_unix_s);
    }
    return rc;
}

/* Where no claim on file holds, the configuration's does. */
static int ask_claims(struct bw_model *m, struct bw_err *reterr)
{
    struct bw_report *r = m->report;
    size_t on_file = r->n_claims;
    struct bw_report_claim *list;
    int rc = 0;
    int n;

    if (!m->query->config_claim) {
        return 0;
    }
    list = calloc(BW_REPORT_CLAIMS_MAX, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    n = stated_claims(m, list);
    for (int i = 0; rc == 0 && i < n; i++) {
        rc = fill(r, &list[i], on_file);
    }
    free(list);
    if (n < 0 || rc < 0) {
        return too_many_claims(reterr);
    }
    if (on_file > 0 && r->n_claims > on_file) {
        qsort(r->claims, r->n_claims, sizeof(*r->claims), by_from);
    }
    return 0;
}

bool bw_report_changed_late(const struct bw_report *r, const struct bw_bound *b)
{
    return b->replaced && b->claim_said_unix_s > r->from_unix_s;
}

static int
take_query(const struct bw_report_query *q, struct bw_report *r, struct bw_err *reterr)
{
    if (q->to_unix_s <= q->from_unix_s) {
        return bw_err_set(reterr, -EINVAL, "the period ends before it begins");
    }
    if (q->to_unix_s - q->from_unix_s > PERIOD_S_MAX) {
        return bw_err_set(reterr, -EINVAL, "the period is longer than eleven years");
    }
    (void)snprintf(r->site, sizeof(r->site), "%s", q->site);
    (void)snprintf(r->circuit, sizeof(r->circuit), "%s", q->circuit);
    (void)snprintf(r->place, sizeof(r->place), "%s", q->place ? q->place : "");
    (void)snprintf(r->origin, sizeof(r->origin), "%s", q->origin ? q->origin : "");
    (void)snprintf(r->origin_text, sizeof(r->origin_text), "%s",
                   q->origin_text ? q->origin_text : "");
    (void)snprintf(r->tz_name, sizeof(r->tz_name), "%s", bw_tz_name(q->tz));
    (void)snprintf(r->tz_origin, sizeof(r->tz_origin), "%s",
                   q->tz_origin ? q->tz_origin : "");
    (void)snprintf(r->check_text, sizeof(r->check_text), "%s",
                   q->check_text ? q->check_text : "");
    r->check = q->check;
    r->tz = q->tz;
    r->class_hours = q->class_hours;
    r->from_unix_s = q->from_unix_s;
    r->to_unix_s = q->to_unix_s;
    r->made_unix_s = q->made_unix_s;
    int rc = take_claims(q, r, reterr);
    rc = rc < 0 ? rc : take_bindings(q, r);
    return rc < 0 ? rc : bw_model_class_begin(q, r, reterr);
}

/* The part of the period that has passed. Records later than the report's own date (a
 * date set by hand, a clock ahead) still belong to it. */
static void set_until(struct bw_report *r)
{
    int64_t seen = r->made_unix_s;

    for (size_t i = 0; i < r->n_intervals; i++) {
        if (r->intervals[i].end_unix_s > seen) {
            seen = r->intervals[i].end_unix_s;
        }
    }
    r->until_unix_s = seen < r->to_unix_s ? seen : r->to_unix_s;
}

/* In this order: each step stands on those before it. */
static int work(struct bw_model *m, struct bw_err *reterr)
{
    struct bw_report *r = m->report;
    int rc = bw_model_apart_begin(m, reterr);

    rc = rc < 0 ? rc : bw_model_collect_days(m, reterr);
    if (rc < 0) {
        return rc;
    }
    if (r->n_intervals == 0 && bw_model_apart_all(m)) {
        return bw_err_set(reterr, -EKEYREJECTED,
                          "every record of this period that names circuit %s.%s is set "
                          "apart, by an erratum or for its key ('bandwitness errata list', "
                          "'bandwitness site show %s')",
                          r->site, r->circuit, r->site);
    }
    if (r->n_intervals == 0) {
        return bw_err_set(reterr, -ENODATA, "no record of this period names circuit %s.%s",
                          r->site, r->circuit);
    }
    rc = bw_details_begin(r->circuit, &m->details);
    rc = rc < 0 ? rc : bw_traffic_sum_begin(r->circuit, &m->traffic);
    rc = rc < 0 ? rc : bw_model_collect_records(m, reterr);
    rc = rc < 0 ? rc : bw_details_finish(m->details, &r->details);
    if (rc < 0) {
        return rc;
    }
    bw_traffic_sum_finish(m->traffic, &r->traffic);
    rc = bw_model_apart_end(m);
    if (rc < 0) {
        return rc;
    }
    rc = ask_claims(m, reterr);
    if (rc < 0) {
        return rc;
    }
    set_until(r);
    bw_model_mark(m);
    rc = bw_model_spans(m);
    rc = rc < 0 ? rc : bw_model_coverage(m);
    rc = rc < 0 ? rc : bw_model_outages(m);
    rc = rc < 0 ? rc : bw_model_notes(m);
    rc = rc < 0 ? rc : bw_model_latency(m);
    rc = rc < 0 ? rc : bw_model_tested(m);
    rc = rc < 0 ? rc : bw_model_used(m);
    bw_model_clock(m);
    rc = rc < 0 ? rc : bw_model_days(m);
    if (rc == 0) {
        bw_model_class_days(m);
        rc = bw_model_bins(m);
    }
    return rc < 0 ? rc : bw_model_findings(m, reterr);
}

int bw_report_make(const struct bw_report_query *query,
                   struct bw_report **ret,
                   struct bw_err *reterr)
{
    struct bw_model m = {.query = query};
    int rc = -ENOMEM;

    m.report = calloc(1, sizeof(*m.report));
    if (!m.report) {
        goto out;
    }
    rc = take_query(query, m.report, reterr);
    if (rc == 0 && query->judging && query->judging->n_rules > 0) {
        m.hours = bw_model_hours_new();
        rc = m.hours ? 0 : -ENOMEM;
    }
    if (rc < 0) {
        goto out;
    }
    rc = work(&m, reterr);
    if (rc < 0) {
        goto out;
    }
    *ret = m.report;
    m.report = NULL;
    rc = 0;
out:
    if (rc == -ENOMEM) {
        (void)bw_err_set(reterr, rc, "out of memory; ask for a shorter period");
    }
    bw_report_free(m.report);
    bw_model_apart_done(&m);
    bw_details_free(m.details);
    bw_traffic_sum_free(m.traffic);
    bw_model_hours_free(m.hours);
    free(m.targets);
    free(m.outages);
    free(m.stated);
    free(m.changes);
    free(m.cells);
    free(m.watch);
    free(m.places);
    free(m.edges);
    free(m.beside);
    free(m.spans);
    return rc;
}

void bw_report_free(struct bw_report *r)
{
    if (!r) {
        return;
    }
    free(r->facts);
    free(r->claims);
    free(r->bindings);
    free(r->calendars);
    bw_schoolcal_free(r->own_calendar);
    free(r->coverage.targets);
    free(r->coverage.gaps);
    free(r->runs);
    free(r->latency);
    bw_details_done(&r->details);
    free(r->outages.list);
    bw_findings_done(&r->findings);
    free(r->notes.list);
    free(r->replies.list);
    free(r->errata.list);
    free(r->counts.keys);
    free(r->counts.agents);
    free(r->counts.configs);
    free(r->intervals);
    free(r->days);
    free(r);
}
