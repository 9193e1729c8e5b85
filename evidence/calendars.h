/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendars.h - the school calendars that are in force in a catalogue. Blocking; one thread
 * at a time. */
#ifndef BW_EVIDENCE_CALENDARS_H
#define BW_EVIDENCE_CALENDARS_H

#include <bw/units.h>
#include <schoolcal.h>
#include <statement.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;

#define BW_CALENDAR_ABOUT_STATE "state"
#define BW_CALENDAR_ABOUT_ENTITY "entity:"

/* One statement of kind calendar. */
struct bw_calendar_kept {
    struct bw_schoolcal *cal; /* owned by the list */
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char id[BW_HASH_LEN + 1];
    int64_t said_unix_s;
    char by[BW_STATEMENT_BY_MAX + 1];
    /* of a site that moved: while it stood there; unknown: no edge */
    int64_t from_unix_s;
    int64_t to_unix_s;
};

struct bw_calendars {
    struct bw_calendar_kept *list;
    size_t n;
    size_t cap;
};

/* Append those of one key, by their first day. A body that is no calendar is a fault
 * (-BW_EMALFORMED) that names the statement. Zero *out before the first call. */
int bw_calendars_add(struct bw_catalogue *c,
                     const char *about,
                     struct bw_calendars *out,
                     struct bw_err *reterr);
/* Append those that govern a site, the nearest first: of its entity, of that one's parents
 * as they are now, of the state. The first that speaks of a day counts. Of a site that
 * moved those of each entity where it stood, the present one's first, each for the time of
 * its stay. A site that is not in the catalogue (a box's own has none) has the state's. c
 * NULL: none. */
int bw_calendars_add_site(struct bw_catalogue *c,
                          const char *site,
                          struct bw_calendars *out,
                          struct bw_err *reterr);
void bw_calendars_done(struct bw_calendars *c);

#endif
