/* SPDX-License-Identifier: GPL-3.0-or-later
 * period.h - periods as people write them, in a school's local time. Pure. */
#ifndef BW_EVIDENCE_PERIOD_H
#define BW_EVIDENCE_PERIOD_H

#include <stdint.h>

struct bw_err;
struct bw_report_hours;
struct bw_tz;

/* An instant: "2026-11-02" (the day's first instant), "2026-11-02T08:00[:00]" (local),
 * RFC 3339 with Z or an offset, or seconds since 1970 (nine digits or more). -EINVAL. */
int bw_period_instant(const struct bw_tz *tz,
                      const char *text,
                      int64_t *ret_unix_s,
                      struct bw_err *reterr);
/* "2026-11": that month. */
int bw_period_month(const struct bw_tz *tz,
                    const char *text,
                    int64_t *ret_from_unix_s,
                    int64_t *ret_to_unix_s,
                    struct bw_err *reterr);
/* "FY2026": the E-rate funding year, 1 July 2026 to 30 June 2027; "2026": the calendar
 * year. */
int bw_period_year(const struct bw_tz *tz,
                   const char *text,
                   int64_t *ret_from_unix_s,
                   int64_t *ret_to_unix_s,
                   struct bw_err *reterr);
/* "07:00-17:00": Monday to Friday between these. */
int bw_period_hours(const char *text, struct bw_report_hours *ret, struct bw_err *reterr);

#endif
