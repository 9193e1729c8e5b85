/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign_days.h - the days of a campaign, as a circuit's signed records tell them: those
 * for which starts were bound, and those on which one of its runs was made or put off. */
#ifndef BW_EVIDENCE_CAMPAIGN_DAYS_H
#define BW_EVIDENCE_CAMPAIGN_DAYS_H

#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_records;
struct bw_tz;

enum {
    BW_CAMPAIGN_DAYS_MAX = 62 /* of one, from the day in its name on */
};

/* From the first local midnight to the one after the last such day; the name is as
 * `bandwitness campaign list` has it, RULE-YYYYMMDD. -ENOENT with a sentence: the circuit's
 * records know no run of it; -EINVAL: no such name can be. Blocking. */
int bw_campaign_days(struct bw_records *records,
                     const char *site,
                     const char *circuit,
                     const char *name,
                     const struct bw_tz *tz,
                     int64_t *ret_from_unix_s,
                     int64_t *ret_to_unix_s,
                     struct bw_err *reterr);

/* The day that a campaign's name ends in, since 1970-01-01; false where it is none. Pure.
 */
bool bw_campaign_first_day(const char *name, int64_t *ret_day);

#endif
