/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal.h - a school's calendar: on which days there are lessons, and in which hours.
 *
 * Class time is what the clock on the wall says: an instant belongs to it when the local
 * date has lessons and the local time lies in that day's hours [from, to). An hour that the
 * clocks show twice counts twice, one that they skip not at all. Outside the dates for
 * which a calendar speaks it is not known whether there is class; that is neither yes nor
 * no.
 *
 * A calendar is immutable once made: any thread. It names its zone; who asks about instants
 * gives the zone itself (tz.h), so that nothing here reads a file. */
#ifndef BW_SCHOOLCAL_H
#define BW_SCHOOLCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_schoolcal;
struct bw_tz;

enum bw_schoolcal_limits {
    BW_SCHOOLCAL_NAME_MAX = 80,    /* bytes of UTF-8 */
    BW_SCHOOLCAL_ZONE_MAX = 63,    /* as the names of zones are */
    BW_SCHOOLCAL_LENGTH_MAX = 800, /* days for which a calendar may speak */
    BW_SCHOOLCAL_TERMS_MAX = 24,
    BW_SCHOOLCAL_SPANS_MAX = 400,
    BW_SCHOOLCAL_BODY_MAX = 15000 /* bytes of the canonical form */
};

enum bw_schoolday {
    BW_SCHOOLDAY_UNKNOWN, /* the calendar does not speak of this day */
    BW_SCHOOLDAY_CLASS,   /* lessons */
    BW_SCHOOLDAY_EARLY,   /* lessons that end early */
    BW_SCHOOLDAY_LATE,    /* lessons that begin late */
    BW_SCHOOLDAY_HOLIDAY, /* none: a holiday or vacation */
    BW_SCHOOLDAY_SNOW,    /* none: closed for weather or another emergency */
    BW_SCHOOLDAY_CLOSED,  /* none for another reason: teachers' days */
    BW_SCHOOLDAY_WEEKEND, /* a weekday without class hours */
    BW_SCHOOLDAY_BREAK,   /* outside the terms */
    BW_SCHOOLDAYS,
    /* Never what a day is: a span that marks those of its days that have lessons. */
    BW_SCHOOLDAY_TESTING = BW_SCHOOLDAYS
};

/* Minutes after midnight, [from, to); equal: none. */
struct bw_schoolcal_hours {
    int from_min;
    int to_min;
};

/* Days that are not as their weekday is. EARLY wants to_min, LATE from_min (the other may
 * be BW_SCHOOLCAL_AS_USUAL); CLASS may have both or none (the weekday's own). The others
 * have no hours. CLASS makes each of its days one with lessons; EARLY and LATE change days
 * of the span that have some. */
enum {
    BW_SCHOOLCAL_AS_USUAL = -1
};
struct bw_schoolcal_span {
    int64_t from_day; /* days since 1970-01-01 (civil.h), both inclusive */
    int64_t to_day;
    enum bw_schoolday kind;
    struct bw_schoolcal_hours hours;
    const char *name; /* NULL or "": none */
    int line;         /* of the file it was read from; for messages */
};

struct bw_schoolcal_spec {
    const char *name; /* "Hazel River 2026/27" */
    const char *zone; /* "America/Chicago" */
    int64_t from_day; /* first and last day of which it speaks; both BW_UNKNOWN: */
    int64_t to_day;   /* every day, and then there are neither terms nor spans */
    struct bw_schoolcal_hours week[7];     /* Sunday first */
    const struct bw_schoolcal_span *terms; /* none: all its days; kind and hours unused */
    size_t n_terms;
    const struct bw_schoolcal_span *spans;
    size_t n_spans;
};

/* Monday to Friday, 07:00 to 17:00. */
extern const struct bw_schoolcal_hours bw_schoolcal_week_default[7];

/* Copy, sort and check. -EINVAL with a sentence for a calendar that cannot be: dates
 * outside its own, an end before the beginning, two spans that say different things of one
 * day, a span that changes nothing, hours that are none; *reterr_line (may be NULL) is then
 * the line of the span at fault, 0 when it is none of theirs. */
int bw_schoolcal_make(const struct bw_schoolcal_spec *spec,
                      struct bw_schoolcal **ret,
                      int *reterr_line,
                      struct bw_err *reterr);
void bw_schoolcal_free(struct bw_schoolcal *c); /* NULL is fine */
/* What it was made of: sorted by date, without what was said twice, lines 0. Lent. */
const struct bw_schoolcal_spec *bw_schoolcal_spec(const struct bw_schoolcal *c);

/* What one day is. Names are lent by the calendar; "" where there is none. */
struct bw_schoolcal_day {
    enum bw_schoolday kind;
    struct bw_schoolcal_hours hours; /* class hours; equal where there are none */
    const char *name;                /* of the span that says so */
    bool testing;
    const char *testing_name;
};
void bw_schoolcal_day(const struct bw_schoolcal *c,
                      int64_t day,
                      struct bw_schoolcal_day *ret);
/* Does a day of this kind have lessons? */
bool bw_schoolday_has_class(enum bw_schoolday kind);
/* "instruction", "early-release", …: the word for it in files. Static. */
const char *bw_schoolday_word(enum bw_schoolday kind);
/* -EINVAL: no such word. */
int bw_schoolday_parse(const char *word, enum bw_schoolday *ret);

/* Days [from_day, to_day) by what they are. */
struct bw_schoolcal_count {
    int64_t n[BW_SCHOOLDAYS];
    int64_t instructional; /* with lessons, whole or in part */
    int64_t testing;       /* of them */
};
void bw_schoolcal_count(const struct bw_schoolcal *c,
                        int64_t from_day,
                        int64_t to_day,
                        struct bw_schoolcal_count *ret);

enum bw_class {
    BW_CLASS_UNKNOWN, /* the calendar does not speak of this date */
    BW_CLASS_NO,
    BW_CLASS_YES,
    BW_CLASSES
};

/* ---- schoolcal_time.c: instants, in a zone */

enum bw_class
bw_schoolcal_at(const struct bw_schoolcal *c, const struct bw_tz *tz, int64_t unix_s);
/* Seconds of [from, to) of each kind; they add up to its length. */
void bw_schoolcal_seconds(const struct bw_schoolcal *c,
                          const struct bw_tz *tz,
                          int64_t from_unix_s,
                          int64_t to_unix_s,
                          int64_t ret[BW_CLASSES]);
/* The first instant after this one at which bw_schoolcal_at() gives something else;
 * INT64_MAX: never. */
int64_t
bw_schoolcal_border(const struct bw_schoolcal *c, const struct bw_tz *tz, int64_t unix_s);

/* ---- schoolcal_body.c: the body of a statement of kind "calendar" */

/* Append the canonical JSON (docs/calendar-csv.md). */
void bw_schoolcal_encode(const struct bw_schoolcal *c, struct bw_buf *out);
/* -BW_EMALFORMED for what is none, or is not written canonically. Pure: whether the zone
 * exists is asked by who loads it. */
int bw_schoolcal_decode(const char *json,
                        size_t n,
                        struct bw_schoolcal **ret,
                        struct bw_err *reterr);

#endif
