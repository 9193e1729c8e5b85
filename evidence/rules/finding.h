/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding.h - a rule applied to one circuit and one period: findings.
 *
 * Pure: the same rule and the same figures give the same findings, arithmetic included. All
 * of it is in whole numbers. Nothing is made up for: what is not known stays away from
 * every count, and when too much of it is, the measurements are not enough to tell.
 *
 * - A part of a rule that is not met by tests alone is told as such only when tests of
 * grade receipt or archive alone do not meet it either; else the box's own word would stand
 *   against the provider.
 * - What a box cannot test is not enough to tell, for that reason.
 * - Days are chosen by how many tests they have, never by what came out.
 * Any thread. */
#ifndef BW_FINDING_H
#define BW_FINDING_H

#include "evrule.h"

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum bw_outcome {
    BW_OUTCOME_SHOW,
    BW_OUTCOME_DO_NOT_SHOW,
    BW_OUTCOME_NOT_ENOUGH
};

/* Why the measurements are not enough to tell. */
enum bw_unsure {
    BW_UNSURE_NOT,
    BW_UNSURE_NO_TERMS,   /* the contract's number is not on file */
    BW_UNSURE_NO_CLAIM,   /* nothing is claimed */
    BW_UNSURE_NO_PEOPLE,  /* how many students or users there are is not on file */
    BW_UNSURE_NO_SIZE,    /* the rule has no figure for so many */
    BW_UNSURE_UNTESTABLE, /* not testable by this box */
    BW_UNSURE_TOO_FEW,
    BW_UNSURE_UNPROVEN, /* what falls short rests on the box's own word */
    BW_UNSURE_DIFFER,   /* targets (or claims) differ, and the rule does not say which */
    BW_UNSURE_BORDER,   /* what is not known decides it */
    BW_UNSURE_RUNNING,  /* the month or year is not whole */
    BW_UNSURE_TERMS,    /* terms are on file that do not fit this period */
    BW_UNSURES
};

enum bw_finding_class {
    BW_FINDING_UNKNOWN,
    BW_FINDING_OUT,
    BW_FINDING_IN
};

/* An instant on the school's clock. */
struct bw_finding_when {
    int64_t day; /* days since 1970-01-01 of the local date */
    int minute;  /* of the local day */
    enum bw_finding_class lessons;
};

/* One local day of the period, ascending without holes. */
struct bw_finding_day {
    int64_t day;
    int64_t from_unix_ms; /* clipped to the period, and to what of it is over */
    int64_t to_unix_ms;
    int64_t watched_ms; /* of it, in which an outage could have been seen */
    bool whole;         /* nothing is clipped off */
    enum bw_finding_class has_lessons;
    int class_from_min; /* class hours of that day; equal: none */
    int class_to_min;
};

struct bw_finding_test {
    int64_t at_unix_ms;
    struct bw_finding_when when;
    enum bw_direction direction;
    enum bw_test_state state;
    enum bw_grade grade;
    enum bw_apart apart;
    int64_t duration_ms; /* unknown: not told */
    int64_t rate_bps;    /* of the line, at the claim's layer; unknown: not counted */
    int64_t want_bps[BW_EVRULE_RATES]; /* in force then; unknown: none */
    const char *layer;                 /* of these, "IP"; NULL: no claim */
};

/* One interval without a test of ours; absent ones are left out. */
struct bw_finding_bin {
    struct bw_finding_when when;
    int64_t rate_bps[BW_DIRECTIONS];  /* all at one layer */
    int64_t claim_bps[BW_DIRECTIONS]; /* in force then, of that layer */
};

/* Round trips to one target in one hour. */
struct bw_finding_hour {
    size_t target;
    struct bw_finding_when when; /* its first minute */
    int64_t sent;
    int64_t lost;
    const char *hist; /* lib/base/hist, merged; NULL: no answer on record */
    char *text;       /* the maker's own, of hist; not looked at */
};

struct bw_finding_outage {
    int64_t from_unix_ms; /* they do not overlap */
    int64_t to_unix_ms;
    uint32_t excused; /* enum bw_evrule_excused, as annotated; 0: not */
};

enum {
    BW_FINDING_CREDITS_MAX = 8
};

/* What the contract says; each may be unknown. */
struct bw_finding_terms {
    bool known;
    int64_t part_ppm;             /* of the speed, in … */
    int64_t share_ppm;            /* … so many tests */
    int64_t bound_us;             /* of a round trip, for … */
    int64_t within_ppm;           /* … so many of them */
    char target[BW_NAME_MAX + 1]; /* whose round trips these are; "" of any target */
    int64_t there_ppm;
    bool has_excused;
    uint32_t excused;
    int64_t monthly_cents;
    int64_t normal_bps[BW_DIRECTIONS]; /* at the claim's layer */
    int64_t minimum_bps[BW_DIRECTIONS];
    struct {
        int64_t below_ppm;             /* of availability */
        int64_t credit_ppm;            /* of the monthly cost */
    } credits[BW_FINDING_CREDITS_MAX]; /* falling */
    size_t n_credits;
};

/* Nothing known. */
extern const struct bw_finding_terms bw_finding_terms_none;

/* All that is known. Everything is lent. */
struct bw_finding_inputs {
    const struct bw_finding_day *days;
    size_t n_days;
    int64_t interval_s;                  /* of a bin; unknown: none */
    bool can_count;                      /* the box has counters of the line */
    bool can_delay;                      /* it asks targets for round trips */
    bool can_outages;                    /* it could tell an outage */
    const struct bw_finding_test *tests; /* by time */
    size_t n_tests;
    const struct bw_finding_bin *bins; /* by time */
    size_t n_bins;
    const char *bins_layer; /* "IP"; NULL or "": not known */
    bool claims_apart;      /* some claim is of a layer at which these are not known */
    const char *const *targets;
    size_t n_targets;
    const struct bw_finding_hour *hours;
    size_t n_hours;
    const struct bw_finding_outage *outages;
    size_t n_outages;
    int64_t claim_bps[BW_DIRECTIONS]; /* in force at the end; unknown: none */
    const char *claim_layer;          /* its layer, "IP"; NULL: no claim */
    int64_t students;
    int64_t users;
    const char *students_are; /* whose word, since when; NULL: typed with the command */
    const char *people_open;  /* why what is on file of them does not say; NULL */
    const char *users_are;    /* who counts as one; NULL: students and staff */
    struct bw_finding_terms terms;
    const char *terms_origin; /* whose word they are; NULL or "": not told */
    const char *terms_open;   /* there are some, and why `terms` is none; NULL or "" */
};

enum bw_row_unit {
    BW_ROW_COUNT,
    BW_ROW_BPS,
    BW_ROW_PPM,
    BW_ROW_US,
    BW_ROW_MS,
    BW_ROW_CENTS
};

/* One line of arithmetic. */
struct bw_finding_row {
    char words[160];
    int64_t value; /* unknown: the words are all */
    enum bw_row_unit unit;
    char sum[160]; /* "35 × 1,000,000 ≥ 800,000 × 42: yes"; "" none */
};

/* Tests of a part; unknown where the form has none. */
struct bw_finding_counts {
    int64_t wanted;   /* by the rule */
    int64_t made;     /* begun in its hours */
    int64_t deferred; /* how often one was put off */
    int64_t lost;     /* begun and without a figure */
    int64_t excluded; /* with a figure that does not count; rows say why */
    int64_t counted;
    int64_t grade[3]; /* of those that count, by enum bw_grade */
};

/* A clause in one direction or for one target. */
struct bw_finding_part {
    const struct bw_evrule_clause *clause;
    int direction; /* -1: none */
    char target[96];
    enum bw_outcome outcome;
    enum bw_unsure unsure;
    bool decides;
    char sentence[640];
    struct bw_finding_counts counts;
    struct bw_finding_row *rows;
    size_t n_rows;
    size_t cap_rows;
};

struct bw_finding {
    char id[BW_NAME_MAX + 16];    /* "fcc-caf/capacity" */
    const struct bw_evrule *rule; /* lent */
    enum bw_evrule_kind kind;
    bool governs;
    char governs_why[480];
    enum bw_outcome outcome;
    enum bw_unsure unsure;
    char sentence[1600];
    struct bw_finding_part *parts;
    size_t n_parts;
};

struct bw_findings {
    struct bw_finding *list;
    size_t n;
    size_t cap;
};

/* Append one finding for each kind of clause in the rule. `adopted` says by whom and when
 * the rule was adopted, NULL: by nobody. -ENOMEM; then what was there stays. */
int bw_findings_make(const struct bw_evrule *rule,
                     const struct bw_finding_inputs *in,
                     const char *adopted,
                     struct bw_findings *to,
                     struct bw_err *reterr);
void bw_findings_done(struct bw_findings *f); /* zeroed is fine */

const char *bw_outcome_name(enum bw_outcome o);  /* "show", "do-not-show", "not-enough" */
const char *bw_outcome_words(enum bw_outcome o); /* "The measurements show" … */
const char *bw_unsure_name(enum bw_unsure u);    /* "untestable"; "" for none */
const char *bw_unsure_words(enum bw_unsure u);   /* a sentence without its full stop */
const char *
bw_row_unit_name(enum bw_row_unit u); /* "1", "bit/s", "ppm", "us", "ms", "cents" */

/* The method by which findings are made. */
#define BW_METHOD_FINDING "finding/2"

#endif
