/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_findings.c - the report's figures as rules see them, and the findings.
 *
 * Invariant: what the model does not know is unknown here: an interval that has no rate, a
 * run without the line's own, a day that is not whole. Nothing is read again. */
#include "model_private.h"
#include "words.h"

#include <bw/err.h>
#include <contract.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

/* All the inputs; freed as one. */
struct view {
    struct bw_finding_inputs in;
    struct bw_finding_day *days;
    struct bw_finding_test *tests;
    struct bw_finding_bin *bins;
    struct bw_finding_outage *outages;
};

/* What no calendar speaks of is not known. */
static enum bw_finding_class class_of(enum bw_class c)
{
    return c == BW_CLASS_YES  ? BW_FINDING_IN
           : c == BW_CLASS_NO ? BW_FINDING_OUT
                              : BW_FINDING_UNKNOWN;
}

static enum bw_finding_class lessons_of(enum bw_schoolday kind)
{
    return kind == BW_SCHOOLDAY_UNKNOWN   ? BW_FINDING_UNKNOWN
           : bw_schoolday_has_class(kind) ? BW_FINDING_IN
                                          : BW_FINDING_OUT;
}

static struct bw_finding_when when(const struct bw_report *r, int64_t unix_s)
{
    struct bw_civil c;

    bw_tz_local(r->tz, unix_s, &c);
    return (struct bw_finding_when){bw_civil_days(c.year, c.month, c.day),
                                    c.hour * 60 + c.minute,
                                    class_of(bw_report_class_at(r, unix_s))};
}

static void take_days(const struct bw_report *r, struct view *v)
{
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        v->days[i] = (struct bw_finding_day){
            .day = bw_civil_days(d->year, d->month, d->day),
            .from_unix_ms = d->from_unix_s * 1000,
            .to_unix_ms = d->to_unix_s * 1000,
            .watched_ms = d->watched_s * 1000,
            .whole = d->from_unix_s == bw_tz_day_start(r->tz, d->year, d->month, d->day) &&
                     d->to_unix_s == bw_tz_day_start(r->tz, d->year, d->month, d->day + 1),
            .has_lessons = lessons_of(d->kind),
            .class_from_min = d->class_hours.from_min,
            .class_to_min = d->class_hours.to_min};
    }
    v->in.days = v->days;
    v->in.n_days = r->n_days;
}

static int compare_tests(const void *a, const void *b)
{
    const struct bw_finding_test *x = a;
    const struct bw_finding_test *y = b;

    if (x->at_unix_ms != y->at_unix_ms) {
        return x->at_unix_ms < y->at_unix_ms ? -1 : 1;
    }
    return (x->direction > y->direction) - (x->direction < y->direction);
}

static void take_tests(const struct bw_report *r, struct view *v)
{
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct bw_report_run *t = &r->runs[i];
        bool claimed = t->claim_bps != BW_UNKNOWN;
        v->tests[i] = (struct bw_finding_test){
            .at_unix_ms = t->at_unix_ms,
            .when = when(r, t->at_unix_ms / 1000),
            .direction = t->direction,
            .state = t->state,
            .grade = t->grade,
            .apart = t->apart,
            .duration_ms = t->duration_ms,
            .rate_bps = claimed ? t->compared_bps : t->line_bps,
            .want_bps = {t->claim_bps, BW_UNKNOWN, BW_UNKNOWN},
            .layer = claimed ? bw_words_layer_long(t->claim_layer) : NULL};
    }
    if (r->n_runs > 0) {
        qsort(v->tests, r->n_runs, sizeof(*v->tests), compare_tests);
    }
    v->in.tests = v->tests;
    v->in.n_tests = r->n_runs;
}

/* All at the one layer of the days' bins; what cannot be said at it is left out. */
static void take_bins(const struct bw_report *r, struct view *v)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *x = &r->intervals[i];
        const struct bw_report_claim *c = bw_report_claim_at(r, x->start_unix_s);
        struct bw_finding_bin *b = &v->bins[n];
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            b->rate_bps[d] = bw_model_bin_rate(r, x, d);
            b->claim_bps[d] = bw_model_bin_claim(r, x->start_unix_s, d);
        }
        if (b->rate_bps[BW_DOWN] == BW_UNKNOWN && b->rate_bps[BW_UP] == BW_UNKNOWN) {
            continue;
        }
        b->when = when(r, x->start_unix_s);
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            v->in.claims_apart |= c && c->bps[d] > 0 && b->claim_bps[d] == BW_UNKNOWN;
        }
        n++;
    }
    v->in.bins = v->bins;
    v->in.n_bins = n;
    v->in.bins_layer = bw_words_layer_long(r->bins_layer);
    v->in.interval_s = r->counts.interval_s;
}

/* What the causes of annotations excuse. Weather stands for a declared disaster: there is
 * no other word for it. */
static uint32_t excuse_of(int64_t cause)
{
    switch ((enum bw_cause)cause) {
    case BW_CAUSE_POWER:
        return BW_EVRULE_POWER;
    case BW_CAUSE_PLANNED:
        return BW_EVRULE_PLANNED;
    case BW_CAUSE_SCHOOL:
        return BW_EVRULE_SCHOOL;
    case BW_CAUSE_WEATHER:
        return BW_EVRULE_DISASTER;
    case BW_CAUSE_UNKNOWN:
    case BW_CAUSE_PROVIDER:
    case BW_CAUSE_OTHER:
    default:
        return 0;
    }
}

/* Outages cut at the edges of excluded time, each piece with all that excuses it. */
static size_t cut_outages(const struct bw_report *r, struct bw_finding_outage *out)
{
    const struct bw_report_notes *k = &r->notes;
    size_t n = 0;

    for (size_t i = 0; i < r->outages.n; i++) {
        int64_t end = r->outages.list[i].clipped_to_unix_ms;
        int64_t at = r->outages.list[i].clipped_from_unix_ms;
        while (at < end) {
            struct bw_finding_outage piece = {.from_unix_ms = at, .to_unix_ms = end};
            for (size_t a = 0; a < k->n; a++) {
                const struct bw_annotation *x = &k->list[a].annotation;
                int64_t from = x->from_unix_s * 1000;
                int64_t to = x->to_unix_s * 1000;
                if (x->exclude != 1 || to <= at || from >= end) {
                    continue;
                }
                if (from > at) {
                    piece.to_unix_ms = min64(piece.to_unix_ms, from);
                } else {
                    piece.excused |= excuse_of(x->cause);
                    piece.to_unix_ms = min64(piece.to_unix_ms, to);
                }
            }
            if (out) {
                out[n] = piece;
            }
            n++;
            at = piece.to_unix_ms;
        }
    }
    return n;
}

static int take_outages(const struct bw_report *r, struct view *v)
{
    size_t n = cut_outages(r, NULL);

    v->outages = calloc(n + 1, sizeof(*v->outages));
    if (!v->outages) {
        return -ENOMEM;
    }
    v->in.n_outages = cut_outages(r, v->outages);
    v->in.outages = v->outages;
    v->in.can_outages = r->outages.total_ms != BW_UNKNOWN && r->outages.n_witnesses >= 2;
    return 0;
}

static void take_rest(const struct bw_model *m, struct view *v)
{
    const struct bw_report_judging *q = m->query->judging;
    const struct bw_report *r = m->report;
    const struct bw_report_claim *c = bw_report_claim_at(r, r->until_unix_s - 1);

    for (int d = 0; d < BW_DIRECTIONS; d++) {
        v->in.claim_bps[d] = c ? c->bps[d] : BW_UNKNOWN;
    }
    v->in.claim_layer =
        !c ? NULL
           : bw_words_layer_long(c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer);
    v->in.students = q->students;
    v->in.users = q->users;
    v->in.students_are = q->students_are;
    v->in.people_open = q->people_open;
    v->in.users_are = q->users_are;
    v->in.terms = q->terms;
    v->in.terms_origin = q->terms_origin;
    v->in.terms_open = q->terms_open;
    v->in.can_count = r->n_used > 0;
    v->in.can_delay = v->in.n_targets > 0;
    for (size_t i = 0; i < v->in.n_tests; i++) {
        struct bw_finding_test *t = &v->tests[i];
        t->want_bps[BW_EVRULE_NORMAL] = q->terms.normal_bps[t->direction];
        t->want_bps[BW_EVRULE_MINIMUM] = q->terms.minimum_bps[t->direction];
    }
}

/* By whom, where the state adopted the rule for some time up to the period's end. */
static const char *adopted(const struct bw_model *m, const struct bw_evrule *rule)
{
    const struct bw_report_judging *q = m->query->judging;

    for (size_t i = q->n_adoptions; i-- > 0;) {
        const struct bw_adoption *a = &q->adoptions[i];
        if (strcmp(a->rule, rule->name) == 0 &&
            (a->version == BW_UNKNOWN || a->version == rule->version) &&
            (a->from_unix_s == BW_UNKNOWN || a->from_unix_s < m->report->to_unix_s) &&
            (a->to_unix_s == BW_UNKNOWN ||
             (a->to_unix_s > m->report->from_unix_s && a->to_unix_s > a->from_unix_s))) {
            return a->words;
        }
    }
    return NULL;
}

void bw_report_judging_said(struct bw_report_judging *j,
                            const struct bw_contract *said,
                            bool terms_typed)
{
    if (!terms_typed) {
        j->terms = said->terms;
        j->terms_origin = said->terms_origin;
        j->terms_open = said->terms_open;
    }
    j->people_open = said->people_open;
    if (j->students == BW_UNKNOWN && said->students != BW_UNKNOWN) {
        j->students = said->students;
        j->students_are = said->students_are;
    }
    if (j->users == BW_UNKNOWN && said->users != BW_UNKNOWN) {
        j->users = said->users;
        j->users_are = said->users_are;
        j->users_said = true;
    }
}

int bw_model_findings(struct bw_model *m, struct bw_err *reterr)
{
    const struct bw_report_judging *q = m->query->judging;
    struct bw_report *r = m->report;
    struct view v = {.in = {.n_days = 0}};
    int rc = 0;

    if (!q || q->n_rules == 0) {
        return 0;
    }
    v.days = calloc(r->n_days + 1, sizeof(*v.days));
    v.tests = calloc(r->n_runs + 1, sizeof(*v.tests));
    v.bins = calloc(r->n_intervals + 1, sizeof(*v.bins));
    if (!v.days || !v.tests || !v.bins) {
        rc = -ENOMEM;
        goto out;
    }
    take_days(r, &v);
    take_tests(r, &v);
    take_bins(r, &v);
    rc = take_outages(r, &v);
    rc = rc < 0 || !m->hours ? rc : bw_model_hours_end(m->hours, &v.in);
    if (rc < 0) {
        goto out;
    }
    take_rest(m, &v);
    for (size_t i = 0; i < q->n_rules && rc == 0; i++) {
        rc = bw_findings_make(&q->rules[i], &v.in, adopted(m, &q->rules[i]), &r->findings,
                              reterr);
    }
out:
    free(v.days);
    free(v.tests);
    free(v.bins);
    free(v.outages);
    return rc;
}
