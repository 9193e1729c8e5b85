/* SPDX-License-Identifier: GPL-3.0-or-later
 * schools.h - the schools of `bench/run web`: who they are and what their boxes say next,
 * from a site's number alone. */
#ifndef BW_WEB_SCHOOLS_H
#define BW_WEB_SCHOOLS_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_gen;
struct bw_ledger;

enum {
    BW_WEB_SITES_MAX = 20000,
    BW_WEB_STEP_S = 300 /* a record's interval */
};

/* Its boxes end one second before `to`; the generator has its key and id. */
int bw_web_school(size_t i, struct bw_gen **ret, struct bw_err *reterr);
/* In bit/s: what its line carries, and what is claimed for it (one in fifty twice as much,
 * one in fifty half as much). */
void bw_web_line(size_t i, int64_t ret_bps[BW_DIRECTIONS]);
void bw_web_claim(size_t i, int64_t ret_bps[BW_DIRECTIONS]);
/* One in two hundred was never seen; one in a hundred fell silent today. */
bool bw_web_never(size_t i);
bool bw_web_silent(size_t i);

/* The record of this interval, signed and chained, lent until the next call. */
int bw_web_record(struct bw_gen *g,
                  int64_t start_unix_s,
                  int64_t length_s,
                  const char **ret_jws,
                  size_t *ret_len,
                  struct bw_err *reterr);
/* The interval in which the day's first throughput tests begin. */
int64_t bw_web_test_start(const struct bw_gen *g, int64_t day_unix_s);

/* Go on behind what the ledger has; *ret_end_unix_s unknown: nothing. */
int bw_web_resume(struct bw_gen *g,
                  struct bw_ledger *l,
                  int64_t *ret_end_unix_s,
                  struct bw_err *reterr);

#endif
