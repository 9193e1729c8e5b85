/* SPDX-License-Identifier: GPL-3.0-or-later
 * retention.h - until when records of a funding request are kept: 47 CFR 54.516(a)(1), ten
 * years after the later of the last day of the funding year and the service delivery
 * deadline of the request (retention-54.516/2). Pure. */
#ifndef BW_EVIDENCE_RETENTION_H
#define BW_EVIDENCE_RETENTION_H

#include <stdint.h>

/* year: 2026 is 1 July 2026 to 30 June 2027. deadline_day: days since 1970-01-01, unknown
 * where none is on file; a recurring service has no later one. The day until which
 * everything is kept, itself included. A 29 February becomes 1 March. */
int64_t bw_retention_day(int year, int64_t deadline_day);

#endif
