/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_days.c - which runs count for a clause, and which days are a rule's measuring
 * days.
 *
 * Invariant: neither looks at a figure, only at whether there is one. */
#include "finding_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOUR_MIN = 60,
    HOURS = 24
};

/* ---- runs */

static enum bw_finding_use use_of(const struct bw_finding_work *w,
                                  const struct bw_evrule_clause *c,
                                  int direction,
                                  bool want,
                                  const struct bw_finding_test *t)
{
    enum bw_finding_class in = bw_finding_in_window(w, &c->window, &t->when);

    if ((int)t->direction != direction || in == BW_FINDING_OUT) {
        return BW_USE_OUTSIDE;
    }
    if (in == BW_FINDING_UNKNOWN) {
        return BW_USE_CLASS;
    }
    if (t->state == BW_TEST_DEFERRED) {
        return BW_USE_DEFERRED;
    }
    if (t->apart == BW_APART_ERRATUM) {
        return BW_USE_ERRATUM; /* also what failed at a server that was wrong */
    }
    if (t->state != BW_TEST_OK) {
        return BW_USE_LOST;
    }
    if (t->apart != BW_APART_NOT) {
        return t->apart == BW_APART_UNTESTABLE ? BW_USE_UNTESTABLE : BW_USE_APART;
    }
    if (t->rate_bps == BW_UNKNOWN) {
        return BW_USE_NO_COUNTER;
    }
    if (want && t->want_bps[c->of] == BW_UNKNOWN) {
        return BW_USE_NO_WANT;
    }
    if (c->duration_ms != BW_UNKNOWN &&
        (t->duration_ms == BW_UNKNOWN || t->duration_ms < c->duration_ms)) {
        return BW_USE_SHORT;
    }
    return BW_USE_COUNTS;
}

void bw_finding_uses(const struct bw_finding_work *w,
                     const struct bw_evrule_clause *c,
                     int direction,
                     bool want,
                     enum bw_finding_use *use)
{
    int64_t last_ms = BW_UNKNOWN;

    for (size_t i = 0; i < w->in->n_tests; i++) {
        const struct bw_finding_test *t = &w->in->tests[i];
        use[i] = use_of(w, c, direction, want, t);
        if (use[i] != BW_USE_COUNTS) {
            continue;
        }
        if (c->spacing_ms != BW_UNKNOWN && last_ms != BW_UNKNOWN &&
            t->at_unix_ms - last_ms < c->spacing_ms) {
            use[i] = BW_USE_CLOSE;
            continue;
        }
        last_ms = t->at_unix_ms;
    }
}

/* ---- days */

bool bw_finding_day_full(const struct bw_finding_work *w,
                         const struct bw_evrule_clause *c,
                         const enum bw_finding_use *use,
                         size_t day,
                         bool graded)
{
    int64_t hours[HOURS] = {0};
    int64_t n = 0;

    for (size_t i = w->test_at[day]; i < w->test_at[day + 1]; i++) {
        const struct bw_finding_test *t = &w->in->tests[i];
        if (use[i] != BW_USE_COUNTS || (graded && t->grade == BW_GRADE_SELF)) {
            continue;
        }
        hours[t->when.minute / HOUR_MIN % HOURS]++;
        n++;
    }
    for (int h = c->window.from_min / HOUR_MIN;
         c->per_hour != BW_UNKNOWN && h < c->window.to_min / HOUR_MIN; h++) {
        if (hours[h] < c->per_hour) {
            return false;
        }
    }
    return c->per_day == BW_UNKNOWN || n >= c->per_day;
}

static bool asks_of_days(const struct bw_evrule_clause *c)
{
    return c->form == BW_EVRULE_TESTS &&
           (c->per_hour != BW_UNKNOWN || c->per_day != BW_UNKNOWN);
}

/* full[i]: day i has what every clause asks of it, each way. */
static bool find_full(struct bw_finding_work *w, bool *full)
{
    enum bw_finding_use *use = calloc(w->in->n_tests + 1, sizeof(*use));

    if (!use) {
        w->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < w->in->n_days; i++) {
        full[i] = true;
    }
    for (size_t k = 0; k < w->rule->n_clauses; k++) {
        const struct bw_evrule_clause *c = &w->rule->clauses[k];
        for (int d = 0; d < BW_DIRECTIONS && asks_of_days(c); d++) {
            if (!c->direction[d]) {
                continue;
            }
            bw_finding_uses(w, c, d, false, use);
            for (size_t i = 0; i < w->in->n_days; i++) {
                full[i] = full[i] && bw_finding_day_full(w, c, use, i, false);
            }
        }
    }
    free(use);
    return true;
}

/* From this day on take each full one that the gap allows, while `within` lasts. Gives how
 * many; marks may be NULL. */
static int64_t gather(const struct bw_finding_work *w,
                      const struct bw_finding_unit *unit,
                      const bool *full,
                      size_t from,
                      bool *marks)
{
    const struct bw_evrule_days *d = &w->rule->days;
    int64_t n = 0;
    size_t next = from;

    for (size_t i = from; i < unit->last && (int64_t)(i - from) < d->within && n < d->count;
         i++) {
        if (full[i] && i >= next) {
            n++;
            next = i + 1 + (size_t)d->gap;
            if (marks) {
                marks[i] = true;
            }
        }
    }
    return n;
}

bool bw_finding_choose(struct bw_finding_work *w,
                       const struct bw_finding_unit *unit,
                       bool *marks,
                       int64_t *ret_best)
{
    bool *full;
    bool found = false;
    int64_t best = 0;
    size_t best_at = unit->first;

    *ret_best = 0;
    if (w->rule->days.count == 0) {
        for (size_t i = unit->first; i < unit->last; i++) {
            marks[i] = true;
        }
        return true;
    }
    full = calloc(w->in->n_days + 1, sizeof(*full));
    if (!full || !find_full(w, full)) {
        w->no_memory = true;
        goto out;
    }
    for (size_t i = unit->first; i < unit->last && !found; i++) {
        int64_t n = full[i] ? gather(w, unit, full, i, NULL) : 0;
        if (n > best) {
            best = n;
            best_at = i;
        }
        found = n == w->rule->days.count;
    }
    if (best > 0) {
        (void)gather(w, unit, full, best_at, marks);
    }
    *ret_best = best;
out:
    free(full);
    return found;
}
