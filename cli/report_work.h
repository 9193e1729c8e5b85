/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_work.h - from what was typed to what a report is made from; for every verb that
 * makes one. */
#ifndef BW_CLI_REPORT_WORK_H
#define BW_CLI_REPORT_WORK_H

#include "calendars.h"
#include "cli.h"
#include "model.h"
#include "origin.h"
#include "report_asked.h"

#define BW_CLI_JOURNAL "/var/lib/bandwitness/journal.db"

struct bw_issuing;
struct bw_tz;

/* What a report needs, held together until it is made; freed as one. */
struct bw_report_work {
    const struct bw_verb *verb; /* who tells what is wrong */
    struct bw_origin *origin;
    bool lent;   /* the origin is the caller's, open before bw_report_work_find() */
    bool no_run; /* of many: the campaign that was asked for did not run on this circuit */
    struct bw_tz *tz;
    struct bw_report *report;
    struct bw_report_query query;
    struct bw_report_claim claims[BW_REPORT_CLAIMS_MAX];
    struct bw_calendars kept;             /* on record */
    struct bw_schoolcal *typed;           /* of --calendar */
    struct bw_report_calendar *calendars; /* those that are asked */
    struct bw_annotation_said *annotations;
    struct bw_bound *bindings;
    struct bw_reply_said *replies;
    struct bw_log_facts log;
    struct bw_erratum_said *errata;
    struct bw_report_keyfact *keys;
    const struct bw_report_asked *asked; /* lent, of `bundle` */
    struct bw_issuing *issuing;          /* of `bundle`, until the file is there */
    struct bw_origin_found found;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char place[128];
    char check_text[480];
    struct bw_judging judging; /* bw_report_work_judge() */
    int64_t until_unix_s;      /* of terms, students, prices (until.h) */
    int64_t next_show_mono_ms;
    bool shown;
};

/* Open the source of records alone, into w->origin. */
int bw_report_work_open(struct bw_report_work *w, const struct bw_report_asked *a);
/* Fill w (zero but for its verb) and its query, all but check: 0, or the exit status after
 * a sentence about what does not fit. Done with in either case. */
int bw_report_work_find(struct bw_report_work *w, const struct bw_report_asked *a);
/* Have the report judge, by the rules that were asked for: 0, or the exit status. */
int bw_report_work_judge(struct bw_report_work *w, const struct bw_report_asked *a);
void bw_report_work_done(struct bw_report_work *w);
/* -ENODATA of bw_report_make(): say which circuits or which span there are. */
int bw_report_work_tell_span(const struct bw_report_work *w, const char *why);

/* Progress on a terminal, from a while after the start; and its end. */
void bw_report_work_show(struct bw_report_work *w,
                         const char *what,
                         int64_t done,
                         int64_t total);
void bw_report_work_show_check(void *work, int per_mille);
void bw_report_work_show_end(struct bw_report_work *w);

/* SOURCE_DATE_EPOCH where it is set, else now. */
int64_t bw_report_made_unix_s(void);

#endif
