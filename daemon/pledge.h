/* SPDX-License-Identifier: GPL-3.0-or-later
 * pledge.h - the secrets of days that draw the start times of throughput tests, and what
 * records tell of them: the hash of a day's secret before the day, the secret after it.
 *
 * Secrets are named values of the journal ("sched.secret.DAY"), made a day ahead and never
 * removed; "sched.days" lists the newest days that have one, so that a box that was off
 * reveals the days before when it is back. "sched.over.DAY" says that the clock has shown
 * a later day while the secret was at hand, so that it may be known by now. Loop thread
 * only. */
#ifndef BW_PLEDGE_H
#define BW_PLEDGE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_pledge;
struct bw_summary;
struct bw_writer;

/* Secrets at hand, those of today and tomorrow made where missing; the writer must not run
 * yet. NULL: out of memory. */
struct bw_pledge *bw_pledge_new(struct bw_writer *writer, int64_t today_unix_s);
void bw_pledge_free(struct bw_pledge *p); /* NULL is fine */

/* Another day has begun (or, by a stepped clock, has come back). */
void bw_pledge_turn(struct bw_pledge *p, int64_t today_unix_s);

int64_t bw_pledge_today_unix_s(const struct bw_pledge *p);
const uint8_t *bw_pledge_today(const struct bw_pledge *p); /* BW_STARTS_SECRET_LEN bytes */

/* The secret of any day that is at hand; NULL: it is not. */
const uint8_t *bw_pledge_secret(const struct bw_pledge *p, int64_t day_unix_s);

/* Was the clock at a later day already, so that this one's secret may have been told? */
bool bw_pledge_was_over(const struct bw_pledge *p, int64_t day_unix_s);

/* Put commitments (today, tomorrow) and secrets of days that are over into the record.
 * 0 or -ENOMEM. */
int bw_pledge_tell(const struct bw_pledge *p, struct bw_summary *s);

/* For people: tomorrow's hash, and the newest secret of a day that is over. */
struct bw_pledge_view {
    int64_t tomorrow_unix_s;
    char tomorrow_commit[BW_HASH_LEN + 1];
    int64_t past_unix_s; /* unknown: none */
    char past_secret[BW_HASH_LEN + 1];
};
void bw_pledge_view(const struct bw_pledge *p, struct bw_pledge_view *ret);

#endif
