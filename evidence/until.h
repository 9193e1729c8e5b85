/* SPDX-License-Identifier: GPL-3.0-or-later
 * until.h - up to when a report tells of its period, known before it is made. */
#ifndef BW_EVIDENCE_UNTIL_H
#define BW_EVIDENCE_UNTIL_H

#include <stdint.h>

struct bw_err;
struct bw_records;

/* The period's end; in a period that is not over the date of making, or the end of the last
 * record there is of the circuit where that is later: a date set by hand does not decide
 * which days count. Terms, students and prices are those up to then. */
int bw_until_find(struct bw_records *records,
                  const char *site,
                  const char *circuit,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  int64_t made_unix_s,
                  int64_t *ret_unix_s,
                  struct bw_err *reterr);

#endif
