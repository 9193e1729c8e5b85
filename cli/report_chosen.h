/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_chosen.h - which circuits a report of many is about, and which period. */
#ifndef BW_CLI_REPORT_CHOSEN_H
#define BW_CLI_REPORT_CHOSEN_H

#include "report_asked.h"

/* The circuits that were asked for and the claims that serve it; the source is opened and
 * closed again. 0, or the exit status after a sentence about what went wrong and what to
 * do. Done with in either case: bw_selection_done(). */
int bw_report_choose(const struct bw_verb *v,
                     const struct bw_report_asked *a,
                     struct bw_selection *ret);

/* "district 123450, Willow Valley"; "every circuit". */
void bw_report_chosen_words(const struct bw_report_asked *a,
                            const struct bw_selection *s,
                            char out[240]);

#endif
