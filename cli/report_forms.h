/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_forms.h - one circuit's report or pack: found, made, written. The same steps
 * whether one was asked for or many. */
#ifndef BW_CLI_REPORT_FORMS_H
#define BW_CLI_REPORT_FORMS_H

#include "report_work.h"

struct bw_err;
struct bw_issuing;

/* Everything that the report is made from, judging included. 0, or the exit status after a
 * sentence. */
int bw_report_forms_find(const struct bw_report_asked *a, struct bw_report_work *w);
/* Make w->report; failures as bw_report_make(): -ENODATA where there is no record. */
int bw_report_forms_make(const struct bw_report_asked *a,
                         struct bw_report_work *w,
                         struct bw_err *reterr);
/* Write the forms. 0, or the exit status after a sentence; signatures that do not hold are
 * one, the files are there all the same. */
int bw_report_forms_write(const struct bw_report_asked *a, const struct bw_report_work *w);

/* Reports that are written out go into the register of issued ones (issued.h): begun before
 * the first file is, ended when it is known whether one is in its place. NULL where none is
 * kept: a draft, standard output, a file's records. What fails is told and is no failure.
 */
struct bw_issuing *bw_report_issuing(const struct bw_verb *v,
                                     const struct bw_report_asked *a,
                                     struct bw_origin *origin);
/* One of them, if its period is over; x may be NULL. */
void bw_report_issuing_add(const struct bw_issuing *x,
                           const struct bw_report_work *w,
                           const struct bw_report *report,
                           const char *what);
void bw_report_issuing_end(const struct bw_verb *v, struct bw_issuing *x, bool given_out);

#endif
