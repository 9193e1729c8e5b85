/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_outages.c - time without service in each month (quarter, year), and credits.
 *
 * Time that nobody watched is neither up nor down: it is taken out of both, and where there
 * is too much of it "it was there" is not told. */
#include "finding_private.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

struct tally {
    int64_t elapsed_ms;
    int64_t watched_ms;
    int64_t out_ms;
    int64_t excused_ms;
};

static int64_t overlap(int64_t a, int64_t b, int64_t c, int64_t d)
{
    int64_t from = a > c ? a : c;
    int64_t to = b < d ? b : d;

    return to > from ? to - from : 0;
}

static struct tally
count(const struct bw_finding_inputs *in, const struct bw_finding_unit *u, uint32_t excused)
{
    struct tally t = {0};

    for (size_t i = u->first; i < u->last; i++) {
        const struct bw_finding_day *d = &in->days[i];
        t.elapsed_ms += d->to_unix_ms - d->from_unix_ms;
        t.watched_ms += d->watched_ms == BW_UNKNOWN ? 0 : d->watched_ms;
        for (size_t k = 0; k < in->n_outages; k++) {
            const struct bw_finding_outage *o = &in->outages[k];
            int64_t ms =
                overlap(o->from_unix_ms, o->to_unix_ms, d->from_unix_ms, d->to_unix_ms);
            t.out_ms += ms;
            t.excused_ms += o->excused & excused ? ms : 0;
        }
    }
    /* What was seen to be down was watched. */
    t.watched_ms = t.watched_ms > t.out_ms ? t.watched_ms : t.out_ms;
    return t;
}

/* What is owed even if all time that nobody watched had been fine; none where that time
 * decides whether the promise was kept. */
static void tell_credit(struct bw_finding_work *w,
                        struct bw_finding_part *p,
                        const struct bw_finding_unit *u,
                        const struct tally *t,
                        enum bw_outcome outcome)
{
    const struct bw_finding_terms *k = &w->in->terms;
    int64_t rest = t->elapsed_ms - t->excused_ms;
    int64_t there_ppm = 0;
    const char *least = t->watched_ms < t->elapsed_ms ? ", at least" : "";
    int64_t credit_ppm = 0;
    char x[32];
    char y[32];

    if (k->n_credits == 0 || rest <= 0) {
        return;
    }
    there_ppm = (rest - t->out_ms + t->excused_ms) * BW_PPM / rest;
    for (size_t i = 0; i < k->n_credits; i++) {
        if (there_ppm < k->credits[i].below_ppm) {
            credit_ppm = k->credits[i].credit_ppm;
        }
    }
    if (outcome == BW_OUTCOME_NOT_ENOUGH) {
        bw_finding_row(w, p, BW_ROW_PPM, BW_UNKNOWN,
                       "%s: credit by the contract: not enough to tell", u->name);
        return;
    }
    bw_finding_row(w, p, BW_ROW_PPM, credit_ppm,
                   "%s: credit by the contract, of the month's cost%s", u->name, least);
    bw_finding_sum(w, p, "there: %s, with all time that nobody watched taken as fine",
                   bw_finding_pct(there_ppm, x));
    if (k->monthly_cents != BW_UNKNOWN) {
        bw_finding_row(w, p, BW_ROW_CENTS,
                       k->monthly_cents / BW_PPM * credit_ppm +
                           k->monthly_cents % BW_PPM * credit_ppm / BW_PPM,
                       "%s: credit%s", u->name, least);
        bw_finding_sum(w, p, "%s of %s cents, cut off", bw_finding_pct(credit_ppm, x),
                       bw_finding_num(k->monthly_cents, y));
    }
}

static bool watched_enough(const struct tally *t)
{
    return bw_finding_at_least(t->watched_ms, t->elapsed_ms, BW_FINDING_WATCHED_PPM);
}

/* Of a whole month (quarter, year): `of` of it was watched and is not excused. */
static enum bw_outcome
judge_whole(const struct tally *t, int64_t of, int64_t down, int64_t there_ppm)
{
    int64_t rest = t->elapsed_ms - t->excused_ms;

    if (bw_finding_at_least(of - down, of, there_ppm)) {
        return watched_enough(t) ? BW_OUTCOME_SHOW : BW_OUTCOME_NOT_ENOUGH;
    }
    /* So it would be if all that nobody watched had been fine? */
    return bw_finding_at_least(rest - down, rest, there_ppm) ? BW_OUTCOME_NOT_ENOUGH
                                                             : BW_OUTCOME_DO_NOT_SHOW;
}

static enum bw_outcome judge_share(struct bw_finding_work *w,
                                   struct bw_finding_part *p,
                                   const struct bw_finding_unit *u,
                                   const struct tally *t,
                                   int64_t there_ppm)
{
    int64_t down = t->out_ms - t->excused_ms;
    int64_t of = t->watched_ms - t->excused_ms;
    int64_t whole = u->n_days * DAY_MS - t->excused_ms;
    bool holds = of > 0 && bw_finding_at_least(of - down, of, there_ppm);
    enum bw_outcome o;
    char x[32];
    char y[32];
    char z[32];

    if (of <= 0) {
        return BW_OUTCOME_NOT_ENOUGH;
    }
    bw_finding_row(w, p, BW_ROW_PPM, (of - down) * BW_PPM / of,
                   "%s: there, of the time watched and not excused", u->name);
    bw_finding_sum(w, p, "%s ms × 1,000,000 ≥ %s × %s ms: %s", bw_finding_num(of - down, x),
                   bw_finding_num(there_ppm, y), bw_finding_num(of, z),
                   holds ? "yes" : "no");
    if (!u->whole) { /* broken whatever comes? */
        return bw_finding_at_least(whole - down, whole, there_ppm) ? BW_OUTCOME_NOT_ENOUGH
                                                                   : BW_OUTCOME_DO_NOT_SHOW;
    }
    o = judge_whole(t, of, down, there_ppm);
    if (p->clause->there_ppm == BW_EVRULE_BY_CONTRACT) {
        tell_credit(w, p, u, t, o);
    }
    return o;
}

static enum bw_outcome judge_length(struct bw_finding_work *w,
                                    struct bw_finding_part *p,
                                    const struct bw_finding_unit *u,
                                    const struct tally *t)
{
    int64_t down = t->out_ms - t->excused_ms;
    char x[32];
    char y[32];

    bw_finding_row(w, p, BW_ROW_MS, p->clause->at_most_ms,
                   "%s: the most that the rule allows", u->name);
    bw_finding_sum(w, p, "%s ≤ %s: %s", bw_finding_num(down, x),
                   bw_finding_num(p->clause->at_most_ms, y),
                   down <= p->clause->at_most_ms ? "yes" : "no");
    if (down > p->clause->at_most_ms) {
        return BW_OUTCOME_DO_NOT_SHOW;
    }
    return u->whole && watched_enough(t) ? BW_OUTCOME_SHOW : BW_OUTCOME_NOT_ENOUGH;
}

void bw_finding_outages(struct bw_finding_work *w, struct bw_finding_part *p)
{
    const struct bw_evrule_clause *c = p->clause;
    const struct bw_finding_terms *k = &w->in->terms;
    bool by_contract = c->there_ppm == BW_EVRULE_BY_CONTRACT;
    int64_t there = by_contract ? k->there_ppm : c->there_ppm;
    uint32_t excused = by_contract && k->has_excused ? k->excused : c->excused;
    enum bw_unsure why = BW_UNSURE_TOO_FEW;
    struct bw_finding_unit u;
    bool fails = false;
    bool all = true;

    if (there == BW_UNKNOWN && c->at_most_ms == BW_UNKNOWN) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_TERMS);
        return;
    }
    if (by_contract) {
        bw_finding_row(w, p, BW_ROW_PPM, there,
                       "the contract promises that the service is there for this share");
    }
    if (!w->in->can_outages && w->in->n_outages == 0) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_UNTESTABLE);
        return;
    }
    for (size_t i = 0; bw_finding_unit(w->in, c->each, i, &u); i++) {
        struct tally t = count(w->in, &u, excused);
        enum bw_outcome o;
        bw_finding_row(w, p, BW_ROW_MS, t.watched_ms,
                       "%s: time in which an outage could have been seen", u.name);
        bw_finding_row(w, p, BW_ROW_MS, t.elapsed_ms - t.watched_ms,
                       "%s: time in which none could, taken out", u.name);
        bw_finding_row(w, p, BW_ROW_MS, t.out_ms, "%s: without service", u.name);
        bw_finding_row(w, p, BW_ROW_MS, t.excused_ms, "%s: of it excused, taken out",
                       u.name);
        o = there == BW_UNKNOWN ? judge_length(w, p, &u, &t)
                                : judge_share(w, p, &u, &t, there);
        fails |= o == BW_OUTCOME_DO_NOT_SHOW;
        all &= o == BW_OUTCOME_SHOW;
        why = o == BW_OUTCOME_NOT_ENOUGH && !u.whole ? BW_UNSURE_RUNNING : why;
    }
    bw_finding_part_outcome(p,
                            fails                      ? BW_OUTCOME_DO_NOT_SHOW
                            : all && w->in->n_days > 0 ? BW_OUTCOME_SHOW
                                                       : BW_OUTCOME_NOT_ENOUGH,
                            why);
}
