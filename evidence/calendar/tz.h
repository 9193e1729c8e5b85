/* SPDX-License-Identifier: GPL-3.0-or-later
 * tz.h - local time of a named zone from a TZif file (RFC 9636), without the process-wide
 * state of the C library, so that a report of one school does not depend on the machine
 * that made it. A handle is immutable after loading: any thread. */
#ifndef BW_TZ_H
#define BW_TZ_H

#include <civil.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_tz;

struct bw_civil {
    int year;
    int month; /* 1…12 */
    int day;   /* 1…31 */
    int hour;  /* 0…23 */
    int minute;
    int second;
    int weekday;      /* 0 = Sunday */
    int64_t offset_s; /* local minus UTC */
};

/* "America/Chicago", "UTC", … below /usr/share/zoneinfo. -ENOENT with a sentence when
 * there is no such zone, -EINVAL for a name that is none. */
int bw_tz_load(const char *name, struct bw_tz **ret, struct bw_err *reterr);
/* From the bytes of a TZif file; they are copied. */
int bw_tz_parse(const char *name,
                const void *data,
                size_t n,
                struct bw_tz **ret,
                struct bw_err *reterr);
void bw_tz_free(struct bw_tz *tz); /* NULL is fine */
const char *bw_tz_name(const struct bw_tz *tz);
/* The bytes of its TZif file, lent, to be kept beside what was made with them. */
const void *bw_tz_bytes(const struct bw_tz *tz, size_t *ret_n);
/* The name of this machine's zone (TZ, /etc/timezone, the link /etc/localtime), "UTC"
 * when it has none. buf[n]. */
void bw_tz_host_name(char *buf, size_t n);

void bw_tz_local(const struct bw_tz *tz, int64_t unix_s, struct bw_civil *ret);
/* First instant of a local day, which is not always 00:00. month may lie outside 1…12
 * and day outside the month: both carry over. */
int64_t bw_tz_day_start(const struct bw_tz *tz, int year, int month, int day);
/* Any local time; of two readings the first, and a time the clock skips moves forward. */
int64_t bw_tz_unix(const struct bw_tz *tz, const struct bw_civil *local);

/* The first instant after unix_s at which local time changes its distance from UTC;
 * INT64_MAX: it never does again. */
int64_t bw_tz_next_change(const struct bw_tz *tz, int64_t unix_s);

#endif
