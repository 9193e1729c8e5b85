/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_csv.h - a calendar from the plain table of docs/calendar-csv.md. */
#ifndef BW_SCHOOLCAL_CSV_H
#define BW_SCHOOLCAL_CSV_H

#include <stdint.h>

struct bw_csv;
struct bw_err;
struct bw_schoolcal;

/* Read all of it, to the end (bw_csv_sha256() then answers). Faults name file and line;
 * nothing is half a calendar. `zone` (NULL: the file says it) is what the command line
 * says; a file that says another is refused. */
int bw_schoolcal_read_csv(struct bw_csv *csv,
                          const char *zone,
                          struct bw_schoolcal **ret,
                          struct bw_err *reterr);

#endif
