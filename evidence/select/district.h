/* SPDX-License-Identifier: GPL-3.0-or-later
 * district.h - what districts claim on a day, and how many students they have, by what is
 * on file (method "claimed-district/3", docs/claim-v1.md). Blocking; the catalogue's
 * thread. */
#ifndef BW_DISTRICT_H
#define BW_DISTRICT_H

#include <claimed.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

struct bw_district {
    char number[BW_NUMBER_MAX + 1];
    char name[BW_CLAIM_NAME_MAX + 1]; /* "" not on file */
    int64_t n_schools;                /* entities whose parent it is */
    int64_t students;        /* of them together; unknown where one's is, or none */
    struct bw_numbers users; /* it and its schools, in ascending order */
    size_t cap_users;
    struct bw_claimed claimed; /* settled */
};

/* list[n] with their numbers set and all else zero, each number once: fill in the rest, in
 * one walk over what is on file. Of each claim its version of that day counts (days by
 * `tz`): a correction from the day that it names, else from that on which it was said. Done
 * with bw_district_done(), also after a failure. */
int bw_districts_read(struct bw_catalogue *c,
                      struct bw_district *list,
                      size_t n,
                      int64_t year,
                      const char *day,
                      const struct bw_tz *tz,
                      struct bw_err *reterr);
void bw_district_done(struct bw_district *d);

/* The funding year of a day, "2026-11-23" is of 2026. */
int64_t bw_district_year(const char *day);

#endif
