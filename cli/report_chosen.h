/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_chosen.h - which circuits a report of many is about, and which period. */
#ifndef BW_CLI_REPORT_CHOSEN_H
#define BW_CLI_REPORT_CHOSEN_H

#include "report_asked.h"

#include <stdbool.h>

/* The period in local days, and the one before. */
struct bw_report_span {
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];
    char today[BW_DATE_LEN + 1];
    bool running; /* not over yet: as many days of the one before as have passed */
    char before_first[BW_DATE_LEN + 1]; /* "" of this one no day has passed */
    char before_last[BW_DATE_LEN + 1];
    char before_end[BW_DATE_LEN + 1]; /* the day after it */
};

/* The circuits that were asked for and the claims that serve it; the source is opened and
 * closed again. 0, or the exit status after a sentence about what went wrong and what to
 * do. Done with in either case: bw_selection_done(). */
int bw_report_choose(const struct bw_verb *v,
                     const struct bw_report_asked *a,
                     struct bw_selection *ret,
                     struct bw_report_span *ret_span);

/* "district 123450, Willow Valley"; "every circuit". */
void bw_report_chosen_words(const struct bw_report_asked *a,
                            const struct bw_selection *s,
                            char out[240]);

#endif
