/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_private.h - what heavy.c decides about, heavy_plan.c plans and heavy_run.c runs;
 * for these files only. */
#ifndef BW_HEAVY_PRIVATE_H
#define BW_HEAVY_PRIVATE_H

#include "boxconf.h"
#include "heavy.h"
#include "writer.h"

#include <bw/units.h>
#include <interval.h>
#include <runner.h>
#include <starts.h>

struct item {
    size_t probe;        /* index into the configuration */
    int64_t due_unix_ms; /* unknown: none (any more) today */
    int64_t due_mono_ms;
    int64_t look_mono_ms; /* a deferred one is looked at again then */
    uint64_t turn;        /* targets take turns */
    char deferred[128];
    int64_t left_out; /* in a row */
    char left_why[128];
    char failed[200];
};

struct run {
    struct bw_heavy *heavy;
    struct bw_boxconf *config; /* the one it began under */
    struct bw_runner *runner;
    size_t probe;
    uint32_t target;
    int64_t moved_bytes;
    char failed[200]; /* why its last result is none; "" */
    bool asked;
};

struct bw_heavy {
    uv_loop_t *loop;
    struct bw_boxconf *config;
    struct bw_site *site;
    struct bw_writer *writer;
    struct bw_pledge *pledge;
    uint8_t allowed[BW_STARTS_DAY_MIN]; /* of today */
    struct item items[BW_BOXCONF_PROBES_MAX];
    const struct bw_boxconf *planned; /* the configuration they are of; only compared */
    size_t n_items;
    int64_t spent_bytes;       /* by all probes, of today … */
    int64_t spent_month_bytes; /* … and of this calendar month, UTC */
    struct run *run;
    int64_t ended_mono_ms; /* of the last run; unknown: none yet */
    struct bw_heavy_asker asker;
    int64_t told_day_s; /* a record of this day has told of secrets and plan */
    char told_kid[BW_KID_LEN + 1];
    bool stopping;
    void (*stopped)(void *owner);
    void *stopped_owner;
};

/* ---- heavy_plan.c */

/* The first drawn start of today at or after a moment. */
void heavy_plan_item(struct bw_heavy *h, struct item *it, int64_t after_unix_ms);
/* Everything of the UTC day of unix_s, from then on. */
void heavy_plan(struct bw_heavy *h, int64_t unix_s);

/* ---- heavy_run.c */

/* Run it now; nothing else runs. */
int heavy_start(struct bw_heavy *h, struct item *it, bool asked, struct bw_err *reterr);
/* Put into the record that it was due and did not run. */
void heavy_not_run(struct bw_heavy *h,
                   const struct item *it,
                   enum bw_test_state state,
                   const char *reason);

#endif
