/* SPDX-License-Identifier: GPL-3.0-or-later
 * district_private.h - versions of claims, for district.c and district_versions.c alone. */
#ifndef BW_DISTRICT_PRIVATE_H
#define BW_DISTRICT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

/* Of every claim that is on file the version that is good on a day (days by `tz`): their
 * positions, ascending; free() *ret after success. */
int bw_select_versions(struct bw_catalogue *c,
                       const struct bw_tz *tz,
                       const char *day,
                       int64_t **ret,
                       size_t *ret_n,
                       struct bw_err *reterr);
bool bw_select_is_taken(const int64_t *taken, size_t n, int64_t position);

#endif
