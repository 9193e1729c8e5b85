/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_bins.c - a percentile of the rates of intervals in a window, for each day (month,
 * …) or for the period, and the mean or the highest of them.
 *
 * A day on which too few intervals of the window were counted is in nothing: its busy hour
 * may be the one that is missing. */
#include "finding_private.h"

#include <stat.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct bw_finding_work *w;
    struct bw_finding_part *p;
    const struct bw_evrule_clause *c;
    bool *good;    /* [n_days]: enough intervals */
    size_t *at;    /* [n_days + 1]: first bin of each day */
    int64_t *rate; /* [n_bins]: room for sorting */
};

/* What came of the groups of one stretch. */
struct answer {
    int64_t days;   /* that count */
    int64_t groups; /* with a percentile */
    int64_t value;  /* the mean or the highest of these */
    int64_t top_day;
    int64_t claim; /* the lowest in force then; unknown: none for some of it */
    bool claims_differ;
    bool above; /* the mean, or a group, was above its part of the claim */
};

/* The mean of groups is what is held against the claim, not each of them. */
static bool takes_mean(const struct bw_evrule_clause *c)
{
    return c->each != BW_EVRULE_PERIOD && c->over == BW_EVRULE_MEAN;
}

/* The most that the rule allows. */
static int64_t most(const struct bw_evrule_clause *c, int64_t claim)
{
    return claim / BW_PPM * c->part_ppm + claim % BW_PPM * c->part_ppm / BW_PPM;
}

static bool in_window(const struct scene *s, const struct bw_finding_bin *b)
{
    return b->rate_bps[s->p->direction] != BW_UNKNOWN &&
           bw_finding_in_window(s->w, &s->c->window, &b->when) == BW_FINDING_IN;
}

static int64_t count_bins(const struct scene *s, size_t day)
{
    int64_t n = 0;

    for (size_t i = s->at[day]; i < s->at[day + 1]; i++) {
        n += in_window(s, &s->w->in->bins[i]);
    }
    return n;
}

/* Whole intervals between two minutes of a day. */
static int64_t fit(const struct scene *s, int from_min, int to_min)
{
    int64_t step = s->w->in->interval_s > 0 ? s->w->in->interval_s : 300;

    return to_min > from_min ? (int64_t)(to_min - from_min) * 60 / step : 0;
}

/* Intervals that a day's window has; class hours may cut it. */
static int64_t expected(const struct scene *s, const struct bw_finding_day *d)
{
    const struct bw_evrule_window *x = &s->c->window;
    int from = d->class_from_min > x->from_min ? d->class_from_min : x->from_min;
    int to = d->class_to_min < x->to_min ? d->class_to_min : x->to_min;

    if (x->lessons == BW_EVRULE_IN_CLASS) {
        return fit(s, from, to);
    }
    if (x->lessons == BW_EVRULE_OUT_OF_CLASS && from < to) {
        return fit(s, x->from_min, from) + fit(s, to, x->to_min);
    }
    return fit(s, x->from_min, x->to_min);
}

static void index_days(struct scene *s)
{
    const struct bw_finding_inputs *in = s->w->in;
    size_t b = 0;

    for (size_t d = 0; d < in->n_days; d++) {
        while (b < in->n_bins && in->bins[b].when.day < in->days[d].day) {
            b++;
        }
        s->at[d] = b;
        while (b < in->n_bins && in->bins[b].when.day == in->days[d].day) {
            b++;
        }
        s->at[d + 1] = b;
    }
    for (size_t d = 0; d < in->n_days; d++) {
        int64_t n = count_bins(s, d);
        s->good[d] =
            n > 0 && bw_finding_at_least(n, expected(s, &in->days[d]), s->c->least);
    }
}

/* The percentile of the bins of the good days in [first, last), into the answer. */
static void add_group(const struct scene *s, size_t first, size_t last, struct answer *a)
{
    const struct bw_finding_inputs *in = s->w->in;
    int dir = s->p->direction;
    int64_t claim = INT64_MAX;
    int64_t p;
    size_t n = 0;

    for (size_t d = first; d < last; d++) {
        if (!s->good[d]) {
            continue;
        }
        a->days++;
        for (size_t i = s->at[d]; i < s->at[d + 1]; i++) {
            const struct bw_finding_bin *b = &in->bins[i];
            if (!in_window(s, b)) {
                continue;
            }
            s->rate[n++] = b->rate_bps[dir];
            if (b->claim_bps[dir] == BW_UNKNOWN || claim == BW_UNKNOWN) {
                claim = BW_UNKNOWN;
            } else {
                claim = b->claim_bps[dir] < claim ? b->claim_bps[dir] : claim;
            }
        }
    }
    if (n == 0) {
        return;
    }
    p = bw_stat_percentile(s->rate, n, s->c->percentile_ppm);
    a->claims_differ |= a->groups > 0 && a->claim != claim;
    a->claim = a->groups == 0 || claim == BW_UNKNOWN        ? claim
               : a->claim != BW_UNKNOWN && claim < a->claim ? claim
                                                            : a->claim;
    if (claim != BW_UNKNOWN && s->c->part_ppm != BW_UNKNOWN && !takes_mean(s->c)) {
        a->above |= p > most(s->c, claim);
    }
    a->groups++;
    if (takes_mean(s->c)) {
        a->value += p; /* the sum; divided at the end */
    } else if (a->groups == 1 || p > a->value) {
        a->value = p;
        a->top_day = in->days[first].day;
    }
}

/* All groups of the days [first, last). */
static struct answer answer(const struct scene *s, size_t first, size_t last)
{
    struct bw_finding_inputs part = *s->w->in;
    struct answer a = {.top_day = BW_UNKNOWN, .claim = BW_UNKNOWN};
    struct bw_finding_unit g;

    part.days += first;
    part.n_days = last - first;
    for (size_t i = 0; bw_finding_unit(&part, s->c->each, i, &g); i++) {
        add_group(s, first + g.first, first + g.last, &a);
    }
    if (a.groups > 0 && takes_mean(s->c)) {
        a.value /= a.groups;
        a.above = s->c->part_ppm != BW_UNKNOWN && a.claim != BW_UNKNOWN &&
                  a.value > most(s->c, a.claim);
    }
    return a;
}

static const char *figure_words(const struct bw_evrule_clause *c)
{
    return c->each == BW_EVRULE_PERIOD ? "the percentile"
           : c->over == BW_EVRULE_MEAN ? "the mean of the percentiles"
                                       : "the highest of the percentiles";
}

/* How many intervals the window has; with class hours each day has its own number. */
static const char *window_words(const struct scene *s, char out[32])
{
    const struct bw_evrule_window *x = &s->c->window;

    return x->lessons == BW_EVRULE_IN_CLASS ? "those in class hours"
           : x->lessons == BW_EVRULE_OUT_OF_CLASS
               ? "those outside class hours"
               : bw_finding_num(fit(s, x->from_min, x->to_min), out);
}

static void
tell(const struct scene *s, const struct bw_finding_unit *u, const struct answer *a)
{
    const struct bw_finding_inputs *in = s->w->in;
    const char *layer = in->bins_layer ? in->bins_layer : "";
    const char *at = layer[0] ? ", at " : "";
    char x[32];
    char y[32];

    bw_finding_row(s->w, s->p, BW_ROW_COUNT, a->days,
                   "%s: days with enough intervals in the window (%s of %s, or more)",
                   u->name, bw_finding_pct(s->c->least, x), window_words(s, y));
    if (a->groups == 0) {
        return;
    }
    bw_finding_row(s->w, s->p, BW_ROW_BPS, a->value, "%s: %s%s%s", u->name,
                   figure_words(s->c), at, layer);
    bw_finding_sum(s->w, s->p, "%s %s of rank ceil(%s × n)", bw_finding_num(a->groups, x),
                   a->groups == 1 ? "percentile" : "percentiles",
                   bw_finding_pct(s->c->percentile_ppm, y));
    if (s->c->by_students && in->students != BW_UNKNOWN && in->students > 0) {
        bw_finding_row(s->w, s->p, BW_ROW_BPS, a->value / in->students,
                       "%s: for each of %s students%s%s", u->name,
                       bw_finding_num(in->students, x), at, layer);
    }
    if (s->c->part_ppm != BW_UNKNOWN && a->claim != BW_UNKNOWN &&
        !(takes_mean(s->c) && a->claims_differ)) {
        bw_finding_row(s->w, s->p, BW_ROW_BPS, a->claim, "%s: %s%s%s", u->name,
                       a->claims_differ ? "the lowest speed claimed then"
                                        : "the claimed speed",
                       at, layer);
        bw_finding_row(s->w, s->p, BW_ROW_BPS, most(s->c, a->claim),
                       "%s: the most that the rule allows%s%s", u->name, at, layer);
        bw_finding_sum(s->w, s->p, "%s of the claim; above it: %s",
                       bw_finding_pct(s->c->part_ppm, x), a->above ? "yes" : "no");
    }
}

static void judge(struct scene *s)
{
    bool figure = bw_evrule_is_figure(s->c);
    struct bw_finding_unit u;
    size_t n_told = 0;
    size_t n_few = 0;
    size_t n_above = 0;
    enum bw_unsure unsure = BW_UNSURE_TOO_FEW;

    for (size_t i = 0; bw_finding_unit(s->w->in, s->c->in, i, &u); i++) {
        struct answer a = answer(s, u.first, u.last);
        tell(s, &u, &a);
        if (a.groups == 0 || a.days < s->c->least_days) {
            n_few++;
        } else if (!figure && a.claim == BW_UNKNOWN) {
            n_few++;
            unsure = s->w->in->claims_apart ? BW_UNSURE_UNTESTABLE : BW_UNSURE_NO_CLAIM;
        } else if (!figure && a.claims_differ && takes_mean(s->c)) {
            n_few++;
            unsure = BW_UNSURE_DIFFER;
        } else {
            n_told++;
            n_above += a.above;
        }
    }
    if (n_above > 0 && !figure) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_DO_NOT_SHOW, BW_UNSURE_NOT);
    } else if (n_told == 0 || (n_few > 0 && !figure)) {
        bw_finding_part_outcome(s->p, BW_OUTCOME_NOT_ENOUGH, unsure);
    } else {
        bw_finding_part_outcome(s->p, BW_OUTCOME_SHOW, BW_UNSURE_NOT);
    }
}

void bw_finding_bins(struct bw_finding_work *w, struct bw_finding_part *p)
{
    struct scene s = {.w = w, .p = p, .c = p->clause};

    if (w->in->n_bins == 0 && !w->in->can_count) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_UNTESTABLE);
        return;
    }
    s.good = calloc(w->in->n_days + 1, sizeof(*s.good));
    s.at = calloc(w->in->n_days + 2, sizeof(*s.at));
    s.rate = calloc(w->in->n_bins + 1, sizeof(*s.rate));
    if (!s.good || !s.at || !s.rate) {
        w->no_memory = true;
    } else {
        index_days(&s);
        judge(&s);
    }
    free(s.good);
    free(s.at);
    free(s.rate);
}
