/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_range.h - which stretch of time a circuit's page shows: from words of its address
 * or of its form, and the stretches beside it. Pure, but for the zone that is lent. */
#ifndef BW_CIRCUIT_RANGE_H
#define BW_CIRCUIT_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_tz;

enum {
    BW_RANGE_TEXT = 64, /* "2026-11-01T06:00:00Z..2026-11-02T06:00:00Z" */
    BW_RANGE_WORDS = 5
};

struct bw_circuit_range {
    int kind; /* place of its word in bw_circuit_range_words, the last: any two times */
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t now_unix_s;
};

/* "day", "week", "month", "year", and NULL for any two times. */
extern const char *const bw_circuit_range_words[BW_RANGE_WORDS];

/* `word` is "day" (to now), "week", "month" (31 days), "year" (the funding year, from 1
 * July) or FROM..TO; else `from` and `to` count, each as RFC 3339, Unix seconds, a local
 * date or a local time to the minute; nothing at all is a day. -EINVAL: none of these, or
 * not a stretch of ten minutes to eleven years that has begun by now; *ret then is a day.
 */
int bw_circuit_range_read(const struct bw_tz *tz,
                          int64_t now_unix_s,
                          const char *word,
                          const char *from,
                          const char *to,
                          struct bw_circuit_range *ret);

/* As a word of an address: a name, or both times in UTC. */
void bw_circuit_range_text(const struct bw_circuit_range *r, char ret[BW_RANGE_TEXT]);

enum bw_range_step {
    BW_RANGE_EARLIER,
    BW_RANGE_LATER,
    BW_RANGE_CLOSER, /* the middle half */
    BW_RANGE_WIDER   /* twice as long, around the same middle */
};

/* False: there is none (nothing is later than now). */
bool bw_circuit_range_step(const struct bw_tz *tz,
                           const struct bw_circuit_range *r,
                           enum bw_range_step step,
                           struct bw_circuit_range *ret);

/* One local time as a person or a form writes it; as above. -EINVAL. */
int bw_circuit_when(const struct bw_tz *tz, const char *text, int64_t *ret_unix_s);

/* 1 July of the funding year in which the instant lies, in the zone. */
int64_t bw_circuit_funding_year(const struct bw_tz *tz, int64_t unix_s, int *ret_year);

#endif
