/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_schedule_private.h - what check_schedule.c hears and check_schedule_judge.c judges;
 * for these two files only. */
#ifndef BW_CHECK_SCHEDULE_PRIVATE_H
#define BW_CHECK_SCHEDULE_PRIVATE_H

#include "check_schedule.h"
#include "names.h"
#include "starts.h"

#include <bw/summary.h>
#include <stdbool.h>

enum {
    DAYS_KEPT = 16,
    COMMITS_MAX = 8,
    PLANS_MAX = 16,          /* of a day; a plan that changes more often binds nothing */
    SLACK_MS = 180 * 1000,   /* from a start to the measured window of its run */
    EARLY_MS = 2000,         /* at_ms and the drawn start are read from two clocks */
    CHANGE_MS = 1200 * 1000, /* around a change of the plan */
    SETTLED_S = 2 * 3600,    /* after a day its last runs have been told */
    RETEST_MS = 3600 * 1000, /* a retest begins within the hour */
    HOUR_MS = 3600 * 1000,
    NAME_MAX_BYTES = BW_NAME_MAX + 17
};

#define DAY_S INT64_C(86400)

struct commit {
    char kid[BW_KID_LEN + 1];
    char sha256[BW_HASH_LEN + 1];
    bool ahead; /* signed before the day began, by a clock that was right */
};

/* All of it is zeroed before it is filled, so that equal ones are equal bytes. */
struct test {
    char name[NAME_MAX_BYTES]; /* "http/state" */
    int64_t mean_ms;
    int64_t give_up_ms;
    char minutes[BW_STARTS_MINUTES_MAX + 1];
    char gate[16];
    char outside[BW_STARTS_OUTSIDE_MAX + 1]; /* "": none */
    bool give_up_at_hour;
    char campaign[BW_NAME_MAX + 1]; /* "": the box's own; else slots: */
    int64_t from_unix_s;
    int64_t slots;
    int64_t slot_ms;
    int64_t spacing_ms;
};

/* What was planned from a moment on; no tests: nothing. */
struct plan {
    int64_t from_unix_ms;
    struct test *tests;
    size_t n;
};

struct span {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

struct run {
    char name[NAME_MAX_BYTES];
    char campaign[BW_NAME_MAX + 1]; /* "": none */
    char server[BW_NAME_MAX + 1];   /* "": the record does not say */
    int64_t at_unix_ms;
    enum bw_direction direction;
    bool ran; /* else it was put off */
    bool foreseen;
    bool is_retest;
    bool explained; /* a retest: of a run that is on record, once, within the hour */
    bool retested;  /* another run says that it is its retest */
};

struct day {
    int64_t day_s;
    struct commit commits[COMMITS_MAX];
    size_t n_commits;
    char secret[BW_HASH_LEN + 1]; /* "": not revealed */
    bool bound;
    bool judged;
    struct plan *plans;
    size_t n_plans;
    struct span *spans;
    size_t n_spans;
    struct run *runs;
    size_t n_runs;
};

struct site {
    struct day *days[DAYS_KEPT]; /* ascending */
    size_t n;
    int64_t last_s;
};

struct bw_check_schedule {
    struct bw_names names;
    struct site *sites;
    size_t cap;
    struct bw_schedule_counts counts;
};

/* Judge a day of a site once its secret is known, and forget what is no longer needed. 0 or
 * -ENOMEM. */
int check_schedule_judge(struct bw_check_schedule *c, const struct site *t, struct day *d);
/* An empty day; NULL: no memory. */
struct day *check_schedule_day_new(int64_t day_s);
/* Room for one more behind n items, which doubles at powers of two; NULL: no memory, and
 * the items stay as they are. */
void *check_schedule_one_more(void *items, size_t n, size_t size);
/* All but what tells the same secret from another. */
void check_schedule_lighten(struct day *d);

#endif
