/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_risk.c - whether a circuit's evidence will be enough by the end of the funding year:
 * the findings of the last 28 days alone, which go on like that.
 *
 * Invariant: only what a rule says itself is at risk: its own reason, its own counts. Rules
 * that govern come first; where none governs, those about use, for comparison. */
#include "roomkeeper_private.h"

#include <finding.h>
#include <model.h>
#include <period.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

/* Reasons that more of the same does not mend. */
static bool stays_open(enum bw_unsure u)
{
    switch (u) {
    case BW_UNSURE_NO_TERMS:
    case BW_UNSURE_NO_CLAIM:
    case BW_UNSURE_NO_PEOPLE:
    case BW_UNSURE_UNTESTABLE:
    case BW_UNSURE_TOO_FEW:
    case BW_UNSURE_UNPROVEN:
    case BW_UNSURE_TERMS:
        return true;
    case BW_UNSURE_NOT:
    case BW_UNSURE_NO_SIZE:
    case BW_UNSURE_DIFFER:
    case BW_UNSURE_BORDER:
    case BW_UNSURE_RUNNING:
    case BW_UNSURES:
    default:
        return false;
    }
}

static bool at_risk(const struct bw_finding *f)
{
    return f->outcome == BW_OUTCOME_NOT_ENOUGH && stays_open(f->unsure) &&
           (f->governs ||
            (f->kind == BW_EVRULE_USE &&
             (f->unsure == BW_UNSURE_TOO_FEW || f->unsure == BW_UNSURE_UNTESTABLE)));
}

/* One whose lack of data would put the circuit at risk. */
static bool judges(const struct bw_finding *f, bool governed)
{
    return governed ? f->governs : f->kind == BW_EVRULE_USE;
}

/* The part that says why, with the smallest share of what it wants. */
static const struct bw_finding_part *worst_part(const struct bw_finding *f)
{
    const struct bw_finding_part *worst = NULL;

    for (size_t i = 0; i < f->n_parts; i++) {
        const struct bw_finding_part *p = &f->parts[i];
        if (p->outcome != BW_OUTCOME_NOT_ENOUGH || p->unsure != f->unsure) {
            continue;
        }
        if (!worst || (worst->counts.wanted > 0 && p->counts.wanted > 0 &&
                       p->counts.counted * worst->counts.wanted <
                           worst->counts.counted * p->counts.wanted)) {
            worst = p;
        }
    }
    return worst;
}

/* Per mille of what is wanted; -1 where the form has no such count. */
static int64_t share_of(const struct bw_finding *f)
{
    const struct bw_finding_part *p = worst_part(f);

    return p && p->counts.wanted > 0 ? p->counts.counted * 1000 / p->counts.wanted : -1;
}

static int64_t year_end(const struct bw_tz *tz, int64_t now_unix_s)
{
    struct bw_civil c;

    bw_tz_local(tz, now_unix_s, &c);
    return bw_tz_day_start(tz, c.month >= 7 ? c.year + 1 : c.year, 7, 1);
}

void bw_keep_risk(const struct bw_report *r,
                  int64_t now_unix_s,
                  struct bw_roomstore_risk *ret)
{
    const struct bw_finding *worst = NULL;
    const struct bw_finding_part *part;
    bool governed = false;

    *ret = (struct bw_roomstore_risk){.wanted = BW_UNKNOWN,
                                      .counted = BW_UNKNOWN,
                                      .deferred = BW_UNKNOWN,
                                      .by_unix_s = BW_UNKNOWN,
                                      .made_unix_s = now_unix_s,
                                      .students = BW_UNKNOWN};
    if (!r) {
        (void)snprintf(ret->rule, sizeof(ret->rule), "any rule");
        (void)snprintf(ret->words, sizeof(ret->words),
                       "there is no record of the last %d days", BW_ROOM_DAYS_MERGED);
        return;
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        governed |= r->findings.list[i].governs;
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        ret->n_judged += judges(f, governed);
        if (!at_risk(f) || f->governs != governed) {
            continue;
        }
        ret->n_rules++;
        if (!worst || (share_of(f) >= 0 && share_of(f) < share_of(worst))) {
            worst = f;
        }
    }
    if (!worst) {
        return;
    }
    part = worst_part(worst);
    (void)snprintf(ret->rule, sizeof(ret->rule), "%s", worst->id);
    (void)snprintf(ret->words, sizeof(ret->words), "%s", bw_unsure_words(worst->unsure));
    ret->governs = worst->governs;
    ret->by_unix_s = year_end(r->tz, now_unix_s);
    if (part && part->counts.wanted > 0) {
        ret->wanted = part->counts.wanted;
        ret->counted = part->counts.counted;
        ret->deferred = part->counts.deferred;
    }
}
