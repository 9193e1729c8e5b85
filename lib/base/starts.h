/* SPDX-License-Identifier: GPL-3.0-or-later
 * starts.h - the start times that a day's secret draws: pure functions.
 *
 * Start times follow from a secret of the UTC day by HMAC, so that nobody who watches the
 * line can foresee them and everybody can check them once the secret is out: its hash is
 * signed the day before, the secret the day after (docs/summary-v1.md, section 7). All
 * arithmetic is on integers, so that the check gives the same milliseconds on every
 * machine. Any thread. */
#ifndef BW_STARTS_H
#define BW_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_STARTS_SECRET_LEN = 32,
    BW_STARTS_MAX = 16384, /* of one test and day */
    BW_STARTS_DAY_MIN = 1440,
    BW_STARTS_DAY_S = 86400,
    BW_STARTS_MINUTES_MAX = 255, /* bytes of a text of allowed minutes */
    BW_STARTS_OUTSIDE_MAX = 255  /* bytes of a text of server names */
};

/* Start times of test `name` ("http/state": kind and probe) on the UTC day that begins at
 * day_unix_s, ascending, as milliseconds since that day's start. The k-th gap is
 * mean · -ln(u_k), clamped to [mean/10, 2.5 mean], u_k from
 * HMAC-SHA-256(secret, "bandwitness-start/1 NAME DAY K"); gaps run over allowed time
 * only, the first one starts at the day's first allowed minute. Gives the number
 * written, at most cap. */
size_t bw_starts_day(const uint8_t secret[BW_STARTS_SECRET_LEN],
                     const char *name,
                     int64_t day_unix_s,
                     int64_t mean_ms,
                     const uint8_t allowed[BW_STARTS_DAY_MIN],
                     int64_t *ret_start_ms,
                     size_t cap);

/* Can a day with so much allowed time have a start at all? Every day begins anew, and its
 * first gap is never less than a tenth of the mean. */
bool bw_starts_can(int64_t mean_ms, int64_t open_ms);

/* One start in eight goes to a server outside the usual list: which of n_outside (0 on)
 * the k-th start of the day goes to, or -1: to a usual one. */
int bw_starts_outside(const uint8_t secret[BW_STARTS_SECRET_LEN],
                      const char *name,
                      int64_t day_unix_s,
                      size_t k,
                      size_t n_outside);

/* A campaign's starts: one in each of its slots of slot_ms from from_unix_s on. When the
 * k-th slot's lies, in ms since from_unix_s: at least spacing_ms before the slot's end. The
 * secret is of the UTC day in which the slot begins. */
int64_t bw_starts_slot(const uint8_t secret[BW_STARTS_SECRET_LEN],
                       const char *campaign,
                       const char *name,
                       int64_t from_unix_s,
                       size_t k,
                       int64_t slot_ms,
                       int64_t spacing_ms);

/* Server names as "east-1+west-2"; NULL or "" is none. Their number, or -EINVAL when one
 * is no name or stands there twice. */
int bw_starts_names_count(const char *text);
/* Where `name` is among them, or -ENOENT. */
int bw_starts_names_find(const char *text, const char *name);

/* -ln(u / 2^32) in millionths, for u in [1, 2^32 - 1]; exact to one millionth. */
int64_t bw_starts_neg_ln_ppm(uint32_t u);

/* Allowed minutes as "0-420+1020-1440": ranges [from, to) in ascending order that do not
 * touch; "" when none is. -E2BIG: too many ranges. */
int bw_starts_minutes_print(const uint8_t allowed[BW_STARTS_DAY_MIN],
                            char ret[BW_STARTS_MINUTES_MAX + 1]);
/* The way back; -EINVAL for anything that is not written so. */
int bw_starts_minutes_parse(const char *text, uint8_t ret_allowed[BW_STARTS_DAY_MIN]);

#endif
