/* SPDX-License-Identifier: GPL-3.0-or-later
 * facts.h - what the room keeps of a time of one circuit: figures of its report.
 *
 * Nothing is counted here a second time: the report is made by the evidence library, and
 * its figures are copied, so that a page and a report of the same day say the same. */
#ifndef BW_FACTS_H
#define BW_FACTS_H

#include <roomday.h>
#include <stddef.h>

struct bw_err;
struct bw_report;
struct bw_report_query;

enum {
    BW_FACTS_VERSION = 1 /* rises when a figure's meaning does: days are folded anew */
};

struct bw_facts {
    struct bw_room_day day;
    struct bw_room_run runs[BW_ROOM_RUNS_MAX]; /* by time; the newest */
    size_t n_runs;
};

/* The report's figures. Pure, any thread. */
void bw_facts_take(const struct bw_report *r, struct bw_facts *ret);

/* Time in which the circuit's facts did not change and whole days of UTC are kept as rows:
 * such a day is asked for whole and cut to the period, which gives the same as its records
 * and is five times as cheap. */
struct bw_facts_rows {
    int64_t from_unix_s;
    int64_t to_unix_s;
};

/* The same from what a report is made from. Signed records are read only where days cannot
 * tell exactly (class hours that begin within a cell of five minutes) or something is set
 * apart: the rest of a report that rests on them is not among the facts. rows: NULL, none.
 * *ret_report (may be NULL) is the caller's. As bw_report_make(). */
int bw_facts_make(const struct bw_report_query *q,
                  const struct bw_facts_rows *rows,
                  struct bw_facts *ret,
                  struct bw_report **ret_report,
                  struct bw_err *reterr);

#endif
