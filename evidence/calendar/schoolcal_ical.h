/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_ical.h - a calendar from an iCalendar file (RFC 5545), by words that whoever
 * imports it gives: what "Fall Break" means to a school is never guessed. */
#ifndef BW_SCHOOLCAL_ICAL_H
#define BW_SCHOOLCAL_ICAL_H

#include "schoolcal.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_err;
struct bw_tz;

enum bw_ical_limits {
    BW_ICAL_BYTES_MAX = 8 * 1024 * 1024,
    BW_ICAL_WORDS_MAX = 64,
    BW_ICAL_EVENTS_MAX = 20000
};

/* Events with this word, or these words one behind the other, in their summary, or with
 * exactly it as a category: days of this kind. Letters count alike, large or small. */
struct bw_ical_word {
    const char *text;
    enum bw_schoolday kind;
    struct bw_schoolcal_hours hours; /* of EARLY, LATE and CLASS, as a span has them */
};

struct bw_ical_asked {
    struct bw_schoolcal_spec base; /* name (NULL: X-WR-CALNAME of the file), zone, first and
                                      last day, week, terms; no spans */
    bool week_given; /* else base.week is the default one; for tables, which say it */
    const struct bw_ical_word *words;
    size_t n_words;
    /* Told of each event that has none of the words, with the line on which it begins. */
    void (*left)(void *owner, int line, const char *date, const char *summary);
    void *owner;
};

/* From text[n], which ends with a NUL behind it; messages call it `name`. Repeated events
 * are taken on each of their days within the calendar, without those excepted or cancelled;
 * an event with times is on the local dates that it touches. Faults name the line on which
 * the event begins. Not for several threads at once: libical keeps its time zones for all.
 */
int bw_schoolcal_read_ical(const char *name,
                           const char *text,
                           size_t n,
                           const struct bw_ical_asked *asked,
                           struct bw_schoolcal **ret,
                           struct bw_err *reterr);

#endif
