/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_private.h - what the files of the judge share and nobody else sees. */
#ifndef BW_FINDING_PRIVATE_H
#define BW_FINDING_PRIVATE_H

#include "finding.h"

enum {
    BW_PPM = 1000000,
    BW_FINDING_WATCHED_PPM = 900000 /* of a month, for "it was there" */
};

/* A stretch of the period's days that is judged by itself: indices [first, last). */
struct bw_finding_unit {
    size_t first;
    size_t last;
    bool whole;     /* all its days are there, and whole */
    int64_t n_days; /* of the whole month, quarter, year */
    char name[24];  /* "2026-11", "2026-Q4", "2026", "2026-11-02", "the period" */
};

struct bw_finding_work {
    const struct bw_evrule *rule;
    const struct bw_finding_inputs *in;
    size_t *test_at; /* [in->n_days + 1]: the first test of each day; the end */
    bool no_memory;
};

/* ---- finding_frame.c */

/* The i-th unit of this kind; false when there is none. */
bool bw_finding_unit(const struct bw_finding_inputs *in,
                     enum bw_evrule_each each,
                     size_t i,
                     struct bw_finding_unit *ret);
/* Does this instant lie in the window? UNKNOWN: class hours decide, and are not known. */
enum bw_finding_class bw_finding_in_window(const struct bw_finding_work *w,
                                           const struct bw_evrule_window *window,
                                           const struct bw_finding_when *when);
/* The number of a day among in->days; n_days: none. */
size_t bw_finding_day_index(const struct bw_finding_inputs *in, int64_t day);
/* Smallest whole x with x · 10^6 >= ppm · of. */
int64_t bw_finding_part_of(int64_t of, int64_t ppm);
/* a · PPM >= ppm · b, for what may be large. */
bool bw_finding_at_least(int64_t a, int64_t b, int64_t ppm);
/* "80 %", "99.95 %" of ppm, exact */
const char *bw_finding_pct(int64_t ppm, char out[32]);
/* "12,345" */
const char *bw_finding_num(int64_t n, char out[32]);

void bw_finding_row(struct bw_finding_work *w,
                    struct bw_finding_part *p,
                    enum bw_row_unit unit,
                    int64_t value,
                    const char *fmt,
                    ...) __attribute__((format(printf, 5, 6)));
/* The sum beside the row added last. */
void bw_finding_sum(struct bw_finding_work *w,
                    struct bw_finding_part *p,
                    const char *fmt,
                    ...) __attribute__((format(printf, 3, 4)));

void bw_finding_part_outcome(struct bw_finding_part *p,
                             enum bw_outcome outcome,
                             enum bw_unsure unsure);

/* ---- the forms: each fills one part */

void bw_finding_tests(struct bw_finding_work *w, struct bw_finding_part *p);
void bw_finding_bins(struct bw_finding_work *w, struct bw_finding_part *p);
void bw_finding_delay(struct bw_finding_work *w, struct bw_finding_part *p, size_t target);
void bw_finding_ratio(struct bw_finding_work *w, struct bw_finding_part *p);
void bw_finding_outages(struct bw_finding_work *w, struct bw_finding_part *p);

/* ---- finding_days.c */

/* Why a run does not count, or that it does. */
enum bw_finding_use {
    BW_USE_COUNTS,
    BW_USE_OUTSIDE, /* other direction or hours */
    BW_USE_DEFERRED,
    BW_USE_LOST,
    BW_USE_APART,      /* by its own flags */
    BW_USE_UNTESTABLE, /* the claim is more than port or server can carry */
    BW_USE_NO_COUNTER, /* no rate of the line */
    BW_USE_NO_WANT,    /* nothing to hold it against */
    BW_USE_SHORT,
    BW_USE_CLOSE,   /* too soon after another */
    BW_USE_CLASS,   /* whether there was class is not known */
    BW_USE_ERRATUM, /* our software or a server was wrong */
    BW_USES
};

/* What each run is to a clause in one direction: use[in->n_tests]. Whether there is
 * something to hold it against is looked at where `want` says so. */
void bw_finding_uses(const struct bw_finding_work *w,
                     const struct bw_evrule_clause *c,
                     int direction,
                     bool want,
                     enum bw_finding_use *use);
/* Does this day have all the tests that the clause asks of a day? use as above; graded:
 * only those of grade receipt and archive. */
bool bw_finding_day_full(const struct bw_finding_work *w,
                         const struct bw_evrule_clause *c,
                         const enum bw_finding_use *use,
                         size_t day,
                         bool graded);
/* The rule's measuring days within a unit: marks[in->n_days] gets true for each. Without a
 * section `days`: all of the unit's. Gives whether all that it asks for were found; then
 * and else *ret_best is the most full days that could be put together. */
bool bw_finding_choose(struct bw_finding_work *w,
                       const struct bw_finding_unit *unit,
                       bool *marks,
                       int64_t *ret_best);

#endif
