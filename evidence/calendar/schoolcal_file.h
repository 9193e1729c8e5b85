/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_file.h - a calendar from a file of any kind that is read. Blocking. */
#ifndef BW_SCHOOLCAL_FILE_H
#define BW_SCHOOLCAL_FILE_H

#include "schoolcal_ical.h"

#include <stdint.h>

struct bw_err;
struct bw_schoolcal;

/* The table of docs/calendar-csv.md, or an iCalendar file by what `asked` says of it; which
 * of them is seen by its first line. ("-": a table from standard input.) Of a table only
 * base.zone is asked (NULL: it says it). All of it or nothing; faults name file and line.
 * *ret_sha256 is that of the bytes read. -ENOTSUP: a table, and `asked` says more. */
int bw_schoolcal_read_file(const char *path,
                           const struct bw_ical_asked *asked,
                           struct bw_schoolcal **ret,
                           uint8_t ret_sha256[32],
                           struct bw_err *reterr);

#endif
