/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_file.h - a calendar from a file of any kind that is read. Blocking. */
#ifndef BW_SCHOOLCAL_FILE_H
#define BW_SCHOOLCAL_FILE_H

#include <stdint.h>

struct bw_err;
struct bw_schoolcal;

/* What a file's words mean where it does not say so itself; all may be NULL or 0. */
struct bw_schoolcal_asked {
    const char *zone; /* the calendar's time zone */
};

/* The table of docs/calendar-csv.md ("-": standard input), all of it or nothing; faults
 * name file and line. *ret_sha256 is that of the bytes read. */
int bw_schoolcal_read_file(const char *path,
                           const struct bw_schoolcal_asked *asked,
                           struct bw_schoolcal **ret,
                           uint8_t ret_sha256[32],
                           struct bw_err *reterr);

#endif
