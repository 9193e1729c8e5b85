/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_many.h - `bandwitness report --for legislature` and `--all`: every circuit of a
 * source. */
#ifndef BW_CLI_REPORT_MANY_H
#define BW_CLI_REPORT_MANY_H

#include "report_asked.h"

/* Make a report of every circuit, one after the other, and one pack of all of them. 0, or
 * the exit status after a sentence about what went wrong. */
int bw_report_many_write(const struct bw_verb *v, const struct bw_report_asked *a);
/* The pack that was asked for of every circuit, each into a folder of its own in the
 * output's folder; a circuit without records of the period is told and left out. */
int bw_report_each_write(const struct bw_verb *v, const struct bw_report_asked *a);

#endif
