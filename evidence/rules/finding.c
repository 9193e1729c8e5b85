/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding.c - findings from the parts of a rule.
 *
 * A finding is of one kind. One part that does not hold decides it; else one that cannot be
 * told; else it holds. Targets of one clause have to agree. */
#include "finding_private.h"

#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bw_finding_terms bw_finding_terms_none = {
    .part_ppm = BW_UNKNOWN,
    .share_ppm = BW_UNKNOWN,
    .bound_us = BW_UNKNOWN,
    .within_ppm = BW_UNKNOWN,
    .there_ppm = BW_UNKNOWN,
    .monthly_cents = BW_UNKNOWN,
    .normal_bps = {BW_UNKNOWN, BW_UNKNOWN},
    .minimum_bps = {BW_UNKNOWN, BW_UNKNOWN}};

/* ---- words */

const char *bw_outcome_name(enum bw_outcome o)
{
    static const char *const names[] = {"show", "do-not-show", "not-enough"};
    return names[o];
}

const char *bw_outcome_words(enum bw_outcome o)
{
    static const char *const words[] = {"The measurements show",
                                        "The measurements do not show",
                                        "The measurements are not enough to tell"};
    return words[o];
}

const char *bw_unsure_name(enum bw_unsure u)
{
    static const char *const names[BW_UNSURES] = {[BW_UNSURE_NOT] = "",
                                                  [BW_UNSURE_NO_TERMS] = "no-terms",
                                                  [BW_UNSURE_NO_CLAIM] = "no-claim",
                                                  [BW_UNSURE_NO_PEOPLE] = "no-people",
                                                  [BW_UNSURE_NO_SIZE] = "no-size",
                                                  [BW_UNSURE_UNTESTABLE] = "untestable",
                                                  [BW_UNSURE_TOO_FEW] = "too-few",
                                                  [BW_UNSURE_UNPROVEN] = "unproven",
                                                  [BW_UNSURE_DIFFER] = "differ",
                                                  [BW_UNSURE_BORDER] = "border",
                                                  [BW_UNSURE_RUNNING] = "running",
                                                  [BW_UNSURE_TERMS] = "terms"};
    return names[u];
}

const char *bw_unsure_words(enum bw_unsure u)
{
    static const char *const words[BW_UNSURES] = {
        [BW_UNSURE_NOT] = "",
        [BW_UNSURE_NO_TERMS] = "what the contract promises is not on file",
        [BW_UNSURE_NO_CLAIM] = "no claimed speed is on file",
        [BW_UNSURE_NO_PEOPLE] = "how many students or users there are is not on file",
        [BW_UNSURE_NO_SIZE] = "the rule has no figure for a district of this size",
        [BW_UNSURE_UNTESTABLE] = "not testable by this box",
        [BW_UNSURE_TOO_FEW] = "too little was measured",
        [BW_UNSURE_UNPROVEN] = "what falls short rests on the box's own word (grade self)",
        [BW_UNSURE_DIFFER] = "targets or claims differ, and the rule names none of them",
        [BW_UNSURE_BORDER] = "it depends on what is not known",
        [BW_UNSURE_RUNNING] = "not all of the time that the rule is about is on record",
        [BW_UNSURE_TERMS] = "the contract's terms on file do not fit this period"};
    return words[u];
}

const char *bw_row_unit_name(enum bw_row_unit u)
{
    static const char *const names[] = {"1", "bit/s", "ppm", "us", "ms", "cents"};
    return names[u];
}

static void say_part(struct bw_finding_part *p)
{
    const struct bw_evrule_clause *c = p->clause;
    bool unsure = p->outcome == BW_OUTCOME_NOT_ENOUGH;
    const char *whom = p->direction == BW_DOWN ? " (download)"
                       : p->direction == BW_UP ? " (upload)"
                                               : "";

    (void)snprintf(p->sentence, sizeof(p->sentence), "%s %s%s%s%s%s%s%s.",
                   bw_outcome_words(p->outcome),
                   bw_evrule_is_figure(c) ? ""
                   : unsure               ? "whether "
                                          : "that ",
                   c->shows, whom, p->target[0] ? ", to " : "", p->target,
                   unsure ? ": " : "", unsure ? bw_unsure_words(p->unsure) : "");
}

/* ---- parts */

static struct bw_finding_part *add_part(struct bw_finding_work *w,
                                        struct bw_finding *f,
                                        const struct bw_evrule_clause *c,
                                        int direction)
{
    struct bw_finding_part *p;
    void *room = realloc(f->parts, (f->n_parts + 1) * sizeof(*f->parts));

    if (!room) {
        w->no_memory = true;
        return NULL;
    }
    f->parts = room;
    p = &f->parts[f->n_parts++];
    *p = (struct bw_finding_part){.clause = c,
                                  .direction = direction,
                                  .decides = c->decides,
                                  .outcome = BW_OUTCOME_NOT_ENOUGH,
                                  .unsure = BW_UNSURE_TOO_FEW,
                                  .counts = {BW_UNKNOWN,
                                             BW_UNKNOWN,
                                             BW_UNKNOWN,
                                             BW_UNKNOWN,
                                             BW_UNKNOWN,
                                             BW_UNKNOWN,
                                             {0, 0, 0}}};
    return p;
}

static void add_ways(struct bw_finding_work *w,
                     struct bw_finding *f,
                     const struct bw_evrule_clause *c,
                     void (*judge)(struct bw_finding_work *, struct bw_finding_part *))
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_finding_part *p = c->direction[d] ? add_part(w, f, c, d) : NULL;
        if (p) {
            judge(w, p);
        }
    }
}

/* "provider-edge" of "provider-edge (icmp, IPv4)". */
static bool is_target(const char *target, const char *name)
{
    size_t n = strlen(name);

    return strncmp(target, name, n) == 0 && (target[n] == '\0' || target[n] == ' ');
}

/* The target whose round trips the contract means counts, the others are told beside. */
static void add_targets(struct bw_finding_work *w,
                        struct bw_finding *f,
                        const struct bw_evrule_clause *c)
{
    const char *named = c->bound_us == BW_EVRULE_BY_CONTRACT ? w->in->terms.target : "";
    size_t n = w->in->n_targets ? w->in->n_targets : 1;
    bool asked = false;
    struct bw_finding_part *p;

    for (size_t i = 0; i < n; i++) {
        p = add_part(w, f, c, -1);
        if (!p) {
            return;
        }
        if (i < w->in->n_targets) {
            (void)snprintf(p->target, sizeof(p->target), "%s", w->in->targets[i]);
        }
        bw_finding_delay(w, p, i);
        if (named[0] && i < w->in->n_targets) {
            p->decides = p->decides && is_target(p->target, named);
            asked = asked || is_target(p->target, named);
        }
    }
    if (named[0] && !asked && w->in->n_targets > 0) {
        p = add_part(w, f, c, -1);
        if (p) {
            (void)snprintf(p->target, sizeof(p->target), "%s", named);
            bw_finding_part_outcome(p, BW_OUTCOME_NOT_ENOUGH, BW_UNSURE_UNTESTABLE);
        }
    }
}

static void add_clause(struct bw_finding_work *w,
                       struct bw_finding *f,
                       const struct bw_evrule_clause *c)
{
    struct bw_finding_part *p;

    switch (c->form) {
    case BW_EVRULE_TESTS:
        add_ways(w, f, c, bw_finding_tests);
        break;
    case BW_EVRULE_BINS:
        add_ways(w, f, c, bw_finding_bins);
        break;
    case BW_EVRULE_RATIO:
        add_ways(w, f, c, bw_finding_ratio);
        break;
    case BW_EVRULE_DELAY:
        add_targets(w, f, c);
        break;
    case BW_EVRULE_OUTAGES:
    case BW_EVRULE_FORMS:
    default:
        p = add_part(w, f, c, -1);
        if (p) {
            bw_finding_outages(w, p);
        }
        break;
    }
}

/* ---- the finding */

/* One clause's parts [first, last): its targets have to agree, its ways all to hold. */
struct clause_says {
    enum bw_outcome outcome;
    enum bw_unsure unsure;
    size_t part; /* the one that decides */
};

static bool clause_decides(const struct bw_finding *f, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        if (f->parts[i].decides) {
            return true;
        }
    }
    return false;
}

static struct clause_says clause_says(const struct bw_finding *f, size_t first, size_t last)
{
    struct clause_says s = {.outcome = BW_OUTCOME_NOT_ENOUGH, .part = first};
    bool by_target = f->parts[first].clause->form == BW_EVRULE_DELAY;
    size_t n[3] = {0};
    size_t at[3] = {first, first, first};

    for (size_t i = last; i-- > first;) {
        if (!f->parts[i].decides && clause_decides(f, first, last)) {
            continue; /* a target that the contract does not mean */
        }
        n[f->parts[i].outcome]++;
        at[f->parts[i].outcome] = i;
    }
    if (by_target && n[BW_OUTCOME_SHOW] > 0 && n[BW_OUTCOME_DO_NOT_SHOW] > 0) {
        s.unsure = BW_UNSURE_DIFFER;
        return s;
    }
    if (n[BW_OUTCOME_DO_NOT_SHOW] > 0) {
        s.outcome = BW_OUTCOME_DO_NOT_SHOW;
    } else if (n[BW_OUTCOME_NOT_ENOUGH] == 0 || (by_target && n[BW_OUTCOME_SHOW] > 0)) {
        s.outcome = BW_OUTCOME_SHOW;
    }
    s.part = at[s.outcome];
    s.unsure = f->parts[s.part].unsure;
    return s;
}

static void append(char *to, size_t cap, const char *text)
{
    size_t n = strlen(to);

    (void)snprintf(to + n, cap - n, "%s", text);
}

static void say_finding(struct bw_finding *f, const struct clause_says *decisive)
{
    const struct bw_evrule_clause *told = NULL;
    const struct bw_finding_part *p = &f->parts[decisive->part];

    f->outcome = decisive->outcome;
    f->unsure = decisive->unsure;
    if (decisive->unsure == BW_UNSURE_DIFFER && p->unsure != BW_UNSURE_DIFFER) {
        (void)snprintf(f->sentence, sizeof(f->sentence), "%s whether %s: %s.",
                       bw_outcome_words(f->outcome), p->clause->shows,
                       bw_unsure_words(f->unsure));
        return;
    }
    if (f->outcome != BW_OUTCOME_SHOW) {
        (void)snprintf(f->sentence, sizeof(f->sentence), "%s", p->sentence);
        return;
    }
    (void)snprintf(f->sentence, sizeof(f->sentence), "%s", bw_outcome_words(f->outcome));
    for (size_t i = 0; i < f->n_parts; i++) {
        const struct bw_evrule_clause *c = f->parts[i].clause;
        if (c == told || !f->parts[i].decides) {
            continue;
        }
        append(f->sentence, sizeof(f->sentence), told ? ", and " : " ");
        append(f->sentence, sizeof(f->sentence), bw_evrule_is_figure(c) ? "" : "that ");
        append(f->sentence, sizeof(f->sentence), c->shows);
        told = c;
    }
    append(f->sentence, sizeof(f->sentence), ".");
}

/* What the contract leaves out is not judged, if it says anything at all. */
static void leave_out(const struct bw_finding_work *w, struct bw_finding *f)
{
    bool open = w->in->terms_open && w->in->terms_open[0] && !w->in->terms.known;
    bool some = false;

    for (size_t i = 0; i < f->n_parts && open; i++) {
        if (f->parts[i].unsure == BW_UNSURE_NO_TERMS) {
            f->parts[i].unsure = BW_UNSURE_TERMS;
        }
    }

    for (size_t i = 0; i < f->n_parts; i++) {
        some |= f->parts[i].decides && f->parts[i].unsure != BW_UNSURE_NO_TERMS;
    }
    for (size_t i = 0; i < f->n_parts && some && w->rule->place == BW_EVRULE_CONTRACT;
         i++) {
        if (f->parts[i].unsure == BW_UNSURE_NO_TERMS) {
            f->parts[i].decides = false;
        }
    }
}

static void conclude(const struct bw_finding_work *w, struct bw_finding *f)
{
    struct clause_says decisive = {.outcome = BW_OUTCOME_SHOW};
    bool first_one = true;
    size_t first = 0;

    leave_out(w, f);
    for (size_t i = 0; i < f->n_parts; i++) {
        say_part(&f->parts[i]);
    }
    while (first < f->n_parts) {
        size_t last = first;
        struct clause_says s;
        while (last < f->n_parts && f->parts[last].clause == f->parts[first].clause) {
            last++;
        }
        s = clause_says(f, first, last);
        /* in this order of weight: does not hold, cannot be told, holds */
        if (clause_decides(f, first, last) &&
            (first_one || (decisive.outcome != BW_OUTCOME_DO_NOT_SHOW &&
                           (s.outcome == BW_OUTCOME_DO_NOT_SHOW ||
                            (s.outcome == BW_OUTCOME_NOT_ENOUGH &&
                             decisive.outcome == BW_OUTCOME_SHOW))))) {
            decisive = s;
            first_one = false;
        }
        first = last;
    }
    say_finding(f, &decisive);
}

static void
governs(struct bw_finding *f, const struct bw_finding_inputs *in, const char *adopted)
{
    const struct bw_evrule *r = f->rule;

    const char *open = in->terms_open ? in->terms_open : "";
    const char *origin = in->terms_origin ? in->terms_origin : "";

    f->governs = (r->place == BW_EVRULE_CONTRACT && (in->terms.known || open[0])) ||
                 (r->place == BW_EVRULE_ADOPTION && adopted);
    if (!f->governs) {
        (void)snprintf(f->governs_why, sizeof(f->governs_why),
                       "for comparison; this rule does not govern this service");
    } else if (r->place == BW_EVRULE_CONTRACT) {
        (void)snprintf(f->governs_why, sizeof(f->governs_why),
                       "governs this service: its contract says so%s%s%s",
                       in->terms.known && !origin[0] ? "" : " (",
                       in->terms.known ? origin : open,
                       in->terms.known && !origin[0] ? "" : ")");
    } else {
        (void)snprintf(f->governs_why, sizeof(f->governs_why),
                       "governs this service: the state adopted it (%s)", adopted);
    }
}

static void finding_done(struct bw_finding *f)
{
    for (size_t i = 0; i < f->n_parts; i++) {
        free(f->parts[i].rows);
    }
    free(f->parts);
}

void bw_findings_done(struct bw_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        finding_done(&f->list[i]);
    }
    free(f->list);
    *f = (struct bw_findings){0};
}

static int judge_kind(struct bw_finding_work *w,
                      enum bw_evrule_kind kind,
                      const char *adopted,
                      struct bw_findings *to)
{
    struct bw_finding f = {.rule = w->rule, .kind = kind};
    void *room;

    for (size_t i = 0; i < w->rule->n_clauses && !w->no_memory; i++) {
        if (w->rule->clauses[i].kind == kind) {
            add_clause(w, &f, &w->rule->clauses[i]);
        }
    }
    if (f.n_parts == 0 && !w->no_memory) {
        return 0; /* the rule has no clause of this kind */
    }
    room = w->no_memory ? NULL : bw_grow(to->list, to->n, &to->cap, sizeof(*to->list));
    if (!room) {
        finding_done(&f);
        return -ENOMEM;
    }
    to->list = room;
    (void)snprintf(f.id, sizeof(f.id), "%s/%s", w->rule->name, bw_evrule_kind_name(kind));
    governs(&f, w->in, adopted);
    conclude(w, &f);
    to->list[to->n++] = f;
    return 0;
}

static int index_tests(struct bw_finding_work *w)
{
    const struct bw_finding_inputs *in = w->in;
    size_t t = 0;

    w->test_at = calloc(in->n_days + 1, sizeof(*w->test_at));
    if (!w->test_at) {
        return -ENOMEM;
    }
    for (size_t d = 0; d < in->n_days; d++) {
        while (t < in->n_tests && in->tests[t].when.day < in->days[d].day) {
            t++;
        }
        w->test_at[d] = t;
    }
    while (in->n_days > 0 && t < in->n_tests &&
           in->tests[t].when.day <= in->days[in->n_days - 1].day) {
        t++;
    }
    w->test_at[in->n_days] = t;
    return 0;
}

int bw_findings_make(const struct bw_evrule *rule,
                     const struct bw_finding_inputs *in,
                     const char *adopted,
                     struct bw_findings *to,
                     struct bw_err *reterr)
{
    struct bw_finding_work w = {.rule = rule, .in = in};
    int r = index_tests(&w);

    for (int k = 0; k < BW_EVRULE_KINDS && r == 0; k++) {
        r = judge_kind(&w, (enum bw_evrule_kind)k, adopted, to);
    }
    free(w.test_at);
    return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
}
