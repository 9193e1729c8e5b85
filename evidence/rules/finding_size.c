/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_size.c - the claimed speed and the number of people. Between two classes of size
 * there is no target: nothing is interpolated. */
#include "finding_private.h"

#include <string.h>

static const struct bw_evrule_size *size_of(const struct bw_evrule_clause *c,
                                            int64_t students)
{
    for (size_t i = 0; i < c->n_sizes; i++) {
        const struct bw_evrule_size *s = &c->sizes[i];
        if (students >= s->from && (s->to == BW_UNKNOWN || students <= s->to)) {
            return s;
        }
    }
    return NULL;
}

/* Does one class take everybody? Then the number of students need not be known. */
static bool one_for_all(const struct bw_evrule_clause *c)
{
    return c->n_sizes == 1 && c->sizes[0].from == 0 && c->sizes[0].to == BW_UNKNOWN;
}

void bw_finding_ratio(struct bw_finding_work *w, struct bw_finding_part *p)
{
    const struct bw_evrule_clause *c = p->clause;
    const struct bw_finding_inputs *in = w->in;
    bool by_user = c->per == BW_EVRULE_USER;
    int64_t people = by_user ? in->users : in->students;
    int64_t claim = in->claim_bps[p->direction];
    const struct bw_evrule_size *s = NULL;
    const char *layer = in->claim_layer ? in->claim_layer : "IP";
    int64_t target;
    char x[32];
    char y[32];

    if (people == BW_UNKNOWN || people <= 0 ||
        (in->students == BW_UNKNOWN && !one_for_all(c))) {
        if (in->people_open && in->people_open[0]) {
            bw_finding_row(w, p, BW_ROW_COUNT, BW_UNKNOWN, "not told: %.150s",
                           in->people_open);
        }
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_PEOPLE);
        return;
    }
    if (in->students != BW_UNKNOWN) {
        bw_finding_row(w, p, BW_ROW_COUNT, in->students, "students: %.140s",
                       in->students_are && in->students_are[0]
                           ? in->students_are
                           : "as given with the command, not on file");
    }
    if (by_user) {
        bw_finding_row(w, p, BW_ROW_COUNT, people, "users (%.100s)",
                       in->users_are ? in->users_are : "students and staff");
    }
    s = one_for_all(c) ? &c->sizes[0] : size_of(c, in->students);
    if (!s) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_SIZE);
        return;
    }
    if (c->n_sizes > 1) {
        bw_finding_row(w, p, BW_ROW_COUNT, BW_UNKNOWN, "class of size: %s", s->name);
    }
    target = s->each_bps * people;
    bw_finding_row(w, p, BW_ROW_BPS, target, "speed for so many");
    bw_finding_sum(w, p, "%s bit/s × %s", bw_finding_num(s->each_bps, x),
                   bw_finding_num(people, y));
    if (s->least_bps != BW_UNKNOWN && s->least_bps > target) {
        target = s->least_bps;
        bw_finding_row(w, p, BW_ROW_BPS, target, "the least for any number of them");
    }
    if (claim == BW_UNKNOWN) {
        bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_NO_CLAIM);
        return;
    }
    bw_finding_row(w, p, BW_ROW_BPS, claim,
                   "the claimed speed at the end of the period, at %s", layer);
    bw_finding_sum(w, p, "%s ≥ %s: %s", bw_finding_num(claim, x), bw_finding_num(target, y),
                   claim >= target ? "yes" : "no");
    bw_finding_row(w, p, BW_ROW_BPS, claim / people, "for each %s, at %s",
                   by_user ? "user" : "student", layer);
    bw_finding_part_outcome(p, claim >= target ? BW_OUTCOME_SHOW : BW_OUTCOME_DO_NOT_SHOW,
                            BW_UNSURE_NOT);
}
