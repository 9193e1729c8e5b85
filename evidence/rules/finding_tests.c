/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_tests.c - throughput runs against a part of a speed.
 *
 * What falls short is looked at a second time with the runs alone that somebody else
 * vouches for: only what falls short there, too, is told. */
#include "finding_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    int64_t n;
    int64_t reached;
    int64_t days;         /* with a run that counts */
    int64_t days_reached; /* with one that reached it */
    int64_t days_below;   /* with one that did not */
    bool enough;          /* all that the rule asks for is there */
    bool holds;
};

/* What all steps of one part need. */
struct scene {
    struct bw_finding_work *w;
    struct bw_finding_part *p;
    const struct bw_evrule_clause *c;
    enum bw_finding_use *use;
    bool *marks;
    int64_t part_ppm;
    int64_t share_ppm;
};

static const char *const use_words[] = {
    [BW_USE_APART] = "not counted: the figure is not the line's (flags of the run)",
    [BW_USE_ERRATUM] = "not counted: set apart by an erratum",
    [BW_USE_UNTESTABLE] = "not counted: the claim is more than box or server can carry",
    [BW_USE_NO_COUNTER] = "not counted: the line's own rate was not measured",
    [BW_USE_NO_WANT] = "not counted: no speed in force to hold them against",
    [BW_USE_SHORT] = "not counted: shorter than the rule asks for",
    [BW_USE_CLOSE] = "not counted: sooner after another than the rule allows",
    [BW_USE_CLASS] = "not counted: it is not known whether there was class",
    [BW_USES] = NULL};

static bool reached(const struct scene *s, const struct bw_finding_test *t)
{
    return t->rate_bps >= bw_finding_part_of(t->want_bps[s->c->of], s->part_ppm);
}

/* Count the runs of the marked days of one unit. */
static struct tally
count(const struct scene *s, const struct bw_finding_unit *unit, bool graded, bool found)
{
    const struct bw_finding_inputs *in = s->w->in;
    const struct bw_evrule_clause *c = s->c;
    struct tally a = {.enough = found};

    for (size_t d = unit->first; d < unit->last; d++) {
        bool any = false;
        bool one_reached = false;
        bool one_below = false;
        if (!s->marks[d]) {
            continue;
        }
        for (size_t i = s->w->test_at[d]; i < s->w->test_at[d + 1]; i++) {
            const struct bw_finding_test *t = &in->tests[i];
            if (s->use[i] != BW_USE_COUNTS || (graded && t->grade == BW_GRADE_SELF)) {
                continue;
            }
            bool r = reached(s, t);
            any = true;
            one_reached |= r;
            one_below |= !r;
            a.n++;
            a.reached += r;
        }
        a.days += any;
        a.days_reached += one_reached;
        a.days_below += one_below;
        if (c->per_hour != BW_UNKNOWN || c->per_day != BW_UNKNOWN) {
            a.enough = a.enough && bw_finding_day_full(s->w, c, s->use, d, graded);
        }
    }
    a.enough = a.enough && a.n > 0 && (c->least == BW_UNKNOWN || a.n >= c->least);
    switch (c->count) {
    case BW_EVRULE_DAYS_REACHED:
        a.holds = a.days_reached >= c->days;
        break;
    case BW_EVRULE_DAYS_BELOW:
        a.holds = a.days_below < c->days;
        break;
    case BW_EVRULE_SHARE:
    default:
        a.holds = a.n > 0 && bw_finding_at_least(a.reached, a.n, s->share_ppm);
        break;
    }
    return a;
}

static void tell(const struct scene *s, const struct tally *a, const char *which)
{
    char x[32];
    char y[32];
    char z[32];

    bw_finding_row(s->w, s->p, BW_ROW_COUNT, a->n, "tests that count%s", which);
    if (s->c->count == BW_EVRULE_SHARE) {
        bw_finding_row(s->w, s->p, BW_ROW_COUNT, a->reached, "of them, that reached it%s",
                       which);
        bw_finding_row(s->w, s->p, BW_ROW_PPM,
                       a->n ? a->reached * BW_PPM / a->n : BW_UNKNOWN,
                       "share of the tests%s; the rule asks for %s", which,
                       bw_finding_pct(s->share_ppm, x));
        bw_finding_sum(s->w, s->p, "%s × 1,000,000 ≥ %s × %s: %s",
                       bw_finding_num(a->reached, x), bw_finding_num(s->share_ppm, y),
                       bw_finding_num(a->n, z), a->holds ? "yes" : "no");
        return;
    }
    bool below = s->c->count == BW_EVRULE_DAYS_BELOW;
    bw_finding_row(s->w, s->p, BW_ROW_COUNT, a->days, "days with a test that counts%s",
                   which);
    bw_finding_row(s->w, s->p, BW_ROW_COUNT, below ? a->days_below : a->days_reached,
                   below ? "of them, with one that fell below it%s"
                         : "of them, with one that reached it%s",
                   which);
    bw_finding_sum(s->w, s->p, below ? "%s < %s: %s" : "%s ≥ %s: %s",
                   bw_finding_num(below ? a->days_below : a->days_reached, x),
                   bw_finding_num(s->c->days, y), a->holds ? "yes" : "no");
}

/* What one unit says. */
enum told {
    TOLD_HOLDS,
    TOLD_SHORT,
    TOLD_FEW,
    TOLD_UNPROVEN
};

static enum told judge_unit(const struct scene *s, const struct bw_finding_unit *unit)
{
    int64_t best;
    bool found = bw_finding_choose(s->w, unit, s->marks, &best);
    struct tally all = count(s, unit, false, found);
    struct tally graded = count(s, unit, true, found);
    const struct bw_evrule_days *d = &s->w->rule->days;

    if (d->count > 0) {
        bw_finding_row(s->w, s->p, BW_ROW_COUNT, best,
                       "%s: measuring days found, of %lld within %lld", unit->name,
                       (long long)d->count, (long long)d->within);
    }
    if (all.n == 0) {
        return TOLD_FEW;
    }
    tell(s, &all, "");
    if (!all.enough) {
        return TOLD_FEW;
    }
    if (all.holds) {
        return TOLD_HOLDS;
    }
    tell(s, &graded, ", grade receipt or archive alone");
    return graded.enough && !graded.holds ? TOLD_SHORT : TOLD_UNPROVEN;
}

/* What the rule wants, made, deferred, lost, excluded; and of these why. */
static void counts(const struct scene *s, size_t n_units)
{
    struct bw_finding_counts *k = &s->p->counts;
    const struct bw_finding_inputs *in = s->w->in;
    const struct bw_evrule_clause *c = s->c;
    int64_t n[BW_USES] = {0};
    int64_t days = s->w->rule->days.count > 0 ? s->w->rule->days.count * (int64_t)n_units
                                              : (int64_t)in->n_days;
    int64_t a_day = c->per_day != BW_UNKNOWN ? c->per_day
                    : c->per_hour != BW_UNKNOWN
                        ? c->per_hour * ((c->window.to_min - c->window.from_min) / 60)
                        : 0;

    for (size_t i = 0; i < in->n_tests; i++) {
        n[s->use[i]]++;
        if (s->use[i] == BW_USE_COUNTS) {
            k->grade[in->tests[i].grade]++;
        }
    }
    k->counted = n[BW_USE_COUNTS];
    k->deferred = n[BW_USE_DEFERRED];
    k->lost = n[BW_USE_LOST];
    k->excluded = 0;
    for (int u = BW_USE_APART; u < BW_USES; u++) {
        k->excluded += n[u];
    }
    k->made = k->counted + k->lost + k->excluded;
    k->wanted = days * a_day;
    if (c->least != BW_UNKNOWN && k->wanted < c->least) {
        k->wanted = c->least;
    }
    for (int u = BW_USE_APART; u < BW_USES; u++) {
        if (n[u] > 0) {
            bw_finding_row(s->w, s->p, BW_ROW_COUNT, n[u], "%s", use_words[u]);
        }
    }
    if (n[BW_USE_COUNTS] == 0) {
        s->p->unsure =
            n[BW_USE_NO_WANT] > 0
                ? (c->of == BW_EVRULE_CLAIM ? BW_UNSURE_NO_CLAIM : BW_UNSURE_NO_TERMS)
            : n[BW_USE_UNTESTABLE] > 0 || n[BW_USE_NO_COUNTER] > 0 ||
                    (k->made == 0 && !in->can_count)
                ? BW_UNSURE_UNTESTABLE
                : BW_UNSURE_TOO_FEW;
    }
}

/* The speeds in force that runs were held against: one row for each that occurs. */
static void tell_wants(const struct scene *s)
{
    const struct bw_finding_inputs *in = s->w->in;
    const char *layer = "";
    int64_t last = BW_UNKNOWN;
    int told = 0;
    char x[32];
    char y[32];

    for (size_t i = 0; i < in->n_tests && told < 8; i++) {
        int64_t want = in->tests[i].want_bps[s->c->of];
        const char *at = in->tests[i].layer ? in->tests[i].layer : "IP";
        if (s->use[i] != BW_USE_COUNTS || (want == last && strcmp(at, layer) == 0)) {
            continue;
        }
        last = want;
        layer = at;
        told++;
        bw_finding_row(s->w, s->p, BW_ROW_BPS, want, "%s, at %s",
                       bw_evrule_rate_words(s->c->of), layer);
        bw_finding_row(s->w, s->p, BW_ROW_BPS, bw_finding_part_of(want, s->part_ppm),
                       "a test reaches it with this rate of the line at %s, or more",
                       layer);
        bw_finding_sum(s->w, s->p, "%s of %s", bw_finding_pct(s->part_ppm, x),
                       bw_finding_num(want, y));
    }
}

static void judge(struct scene *s)
{
    struct bw_finding_unit unit;
    enum bw_evrule_each each =
        s->w->rule->days.count > 0 ? s->w->rule->days.each : BW_EVRULE_PERIOD;
    size_t n[TOLD_UNPROVEN + 1] = {0};
    size_t n_units = 0;

    while (bw_finding_unit(s->w->in, each, n_units, &unit)) {
        n_units++;
    }
    counts(s, n_units);
    tell_wants(s);
    for (size_t i = 0; bw_finding_unit(s->w->in, each, i, &unit); i++) {
        n[judge_unit(s, &unit)]++;
    }
    if (s->p->counts.counted == 0) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_NOT_ENOUGH, s->p->unsure);
    } else if (n[TOLD_SHORT] > 0) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_DO_NOT_SHOW, BW_UNSURE_NOT);
    } else if (n[TOLD_UNPROVEN] > 0) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_UNPROVEN);
    } else if (n[TOLD_FEW] > 0 || n[TOLD_HOLDS] == 0) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_TOO_FEW);
    } else {
        bw_finding_part_outcome(s->p, BW_OUTCOME_SHOW, BW_UNSURE_NOT);
    }
}

void bw_finding_tests(struct bw_finding_work *w, struct bw_finding_part *p)
{
    const struct bw_evrule_clause *c = p->clause;
    const struct bw_finding_terms *k = &w->in->terms;
    struct scene s = {
        .w = w,
        .p = p,
        .c = c,
        .part_ppm = c->part_ppm == BW_EVRULE_BY_CONTRACT ? k->part_ppm : c->part_ppm,
        .share_ppm = c->share_ppm == BW_EVRULE_BY_CONTRACT ? k->share_ppm : c->share_ppm};

    if (s.part_ppm == BW_UNKNOWN ||
        (c->count == BW_EVRULE_SHARE && s.share_ppm == BW_UNKNOWN)) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_TERMS);
        return;
    }
    if (c->part_ppm == BW_EVRULE_BY_CONTRACT) {
        bw_finding_row(w, p, BW_ROW_PPM, s.part_ppm,
                       "the contract promises this part of the claimed speed");
    }
    if (c->share_ppm == BW_EVRULE_BY_CONTRACT) {
        bw_finding_row(w, p, BW_ROW_PPM, s.share_ppm,
                       "the contract promises it in this share of the tests");
    }
    s.use = calloc(w->in->n_tests + 1, sizeof(*s.use));
    s.marks = calloc(w->in->n_days + 1, sizeof(*s.marks));
    if (!s.use || !s.marks) {
        w->no_memory = true;
    } else {
        bw_finding_uses(w, c, p->direction, true, s.use);
        judge(&s);
    }
    free(s.use);
    free(s.marks);
}
