/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_delay.c - round trips to one target within a bound.
 *
 * What a histogram cannot tell (a bound within a bucket, answers that a record was too long
 * to keep) is counted for both sides; only what holds either way is told. */
#include "finding_private.h"

#include <hist.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    int64_t sent;
    int64_t lost;
    int64_t answered; /* in histograms */
    int64_t within;
    int64_t maybe; /* in the bucket that the bound cuts */
};

static void add_hour(const struct bw_finding_hour *h, struct bw_hist *sum, struct tally *t)
{
    t->sent += h->sent;
    t->lost += h->lost;
    if (h->hist) {
        (void)bw_hist_decode(h->hist, strlen(h->hist), sum); /* checked when it was read */
    }
}

/* Hours of a target in the marked days of a unit. */
static struct tally count(const struct bw_finding_work *w,
                          const struct bw_finding_part *p,
                          size_t target,
                          const struct bw_finding_unit *unit,
                          const bool *marks,
                          int64_t bound_us,
                          struct bw_hist *sum)
{
    struct tally t = {0};
    size_t bucket = bw_hist_bucket(bound_us);
    int64_t upto = 0;

    bw_hist_init(sum);
    for (size_t i = 0; i < w->in->n_hours; i++) {
        const struct bw_finding_hour *h = &w->in->hours[i];
        size_t day = bw_finding_day_index(w->in, h->when.day);
        if (h->target == target && day >= unit->first && day < unit->last && marks[day] &&
            bw_finding_in_window(w, &p->clause->window, &h->when) == BW_FINDING_IN) {
            add_hour(h, sum, &t);
        }
    }
    for (size_t b = 0; b <= bucket; b++) {
        upto += sum->count[b];
    }
    t.answered = sum->total;
    t.within = bw_hist_at_most(sum, bound_us);
    t.maybe = upto - t.within;
    return t;
}

static enum bw_outcome judge_unit(struct bw_finding_work *w,
                                  struct bw_finding_part *p,
                                  const struct bw_finding_unit *unit,
                                  const struct tally *t,
                                  int64_t bound_us,
                                  int64_t share_ppm,
                                  enum bw_unsure *unsure)
{
    bool over = p->clause->lost == BW_EVRULE_LOST_OVER;
    int64_t untold = t->sent - t->lost - t->answered;
    int64_t of = over ? t->sent : t->sent - t->lost;
    int64_t most = t->within + t->maybe + (untold > 0 ? untold : 0);
    char x[32];
    char y[32];
    char z[32];

    bw_finding_row(w, p, BW_ROW_COUNT, t->sent, "%s: packets sent", unit->name);
    bw_finding_row(w, p, BW_ROW_COUNT, t->lost, "%s: of them lost (%s)", unit->name,
                   over ? "each counts as over the bound" : "left out");
    bw_finding_row(w, p, BW_ROW_US, bound_us, "the bound");
    bw_finding_row(w, p, BW_ROW_COUNT, t->within, "%s: answered within it", unit->name);
    bw_finding_sum(w, p, "%s × 1,000,000 ≥ %s × %s: %s", bw_finding_num(t->within, x),
                   bw_finding_num(share_ppm, y), bw_finding_num(of, z),
                   of > 0 && bw_finding_at_least(t->within, of, share_ppm) ? "yes" : "no");
    if (most > t->within) {
        bw_finding_row(w, p, BW_ROW_COUNT, most - t->within,
                       "%s: answered, and not known on which side of it", unit->name);
    }
    *unsure = BW_UNSURE_NOT;
    if (t->sent < p->clause->least || of <= 0) {
        *unsure = BW_UNSURE_TOO_FEW;
        return BW_OUTCOME_NOT_ENOUGH;
    }
    if (bw_finding_at_least(t->within, of, share_ppm)) {
        return BW_OUTCOME_SHOW;
    }
    if (!bw_finding_at_least(most, of, share_ppm)) {
        return BW_OUTCOME_DO_NOT_SHOW;
    }
    *unsure = BW_UNSURE_BORDER;
    return BW_OUTCOME_NOT_ENOUGH;
}

static void judge(struct bw_finding_work *w,
                  struct bw_finding_part *p,
                  size_t target,
                  int64_t bound_us,
                  int64_t share_ppm,
                  bool *marks,
                  struct bw_hist *sum)
{
    enum bw_evrule_each each =
        w->rule->days.count > 0 ? w->rule->days.each : BW_EVRULE_PERIOD;
    struct bw_finding_unit unit;
    bool fails = false;
    bool all = true;
    enum bw_unsure why = BW_UNSURE_TOO_FEW;
    size_t n = 0;

    for (size_t i = 0; bw_finding_unit(w->in, each, i, &unit); i++) {
        enum bw_unsure unsure;
        int64_t best;
        bool found = bw_finding_choose(w, &unit, marks, &best);
        struct tally t = count(w, p, target, &unit, marks, bound_us, sum);
        enum bw_outcome o;
        if (w->rule->days.count > 0) {
            bw_finding_row(w, p, BW_ROW_COUNT, best,
                           "%s: measuring days found, of %lld within %lld", unit.name,
                           (long long)w->rule->days.count, (long long)w->rule->days.within);
        }
        o = judge_unit(w, p, &unit, &t, bound_us, share_ppm, &unsure);
        if (!found && o != BW_OUTCOME_NOT_ENOUGH) {
            o = BW_OUTCOME_NOT_ENOUGH;
            unsure = BW_UNSURE_TOO_FEW;
        }
        fails |= o == BW_OUTCOME_DO_NOT_SHOW;
        all &= o == BW_OUTCOME_SHOW;
        why = unsure != BW_UNSURE_NOT ? unsure : why;
        n++;
    }
    bw_finding_part_outcome(p,
                            fails          ? BW_OUTCOME_DO_NOT_SHOW
                            : all && n > 0 ? BW_OUTCOME_SHOW
                                           : BW_OUTCOME_NOT_ENOUGH,
                            why);
}

void bw_finding_delay(struct bw_finding_work *w, struct bw_finding_part *p, size_t target)
{
    const struct bw_evrule_clause *c = p->clause;
    const struct bw_finding_terms *k = &w->in->terms;
    int64_t bound = c->bound_us == BW_EVRULE_BY_CONTRACT ? k->bound_us : c->bound_us;
    int64_t share = c->share_ppm == BW_EVRULE_BY_CONTRACT ? k->within_ppm : c->share_ppm;
    struct bw_hist *sum;
    bool *marks;

    if (bound == BW_UNKNOWN || share == BW_UNKNOWN) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_TERMS);
        return;
    }
    if (c->bound_us == BW_EVRULE_BY_CONTRACT) {
        bw_finding_row(w, p, BW_ROW_US, bound,
                       "the contract promises round trips no longer than this");
    }
    if (c->share_ppm == BW_EVRULE_BY_CONTRACT) {
        bw_finding_row(w, p, BW_ROW_PPM, share,
                       "the contract promises it for this share of them");
    }
    if (target >= w->in->n_targets) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH,
                                w->in->can_delay ? BW_UNSURE_TOO_FEW
                                                 : BW_UNSURE_UNTESTABLE);
        return;
    }
    sum = calloc(1, sizeof(*sum));
    marks = calloc(w->in->n_days + 1, sizeof(*marks));
    if (!sum || !marks) {
        w->no_memory = true;
    } else {
        judge(w, p, target, bound, share, marks, sum);
    }
    free(sum);
    free(marks);
}
