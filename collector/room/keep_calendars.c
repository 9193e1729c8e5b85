/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_calendars.c - the testing days of all calendars on file, for a room.
 *
 * Invariant: calendars of one entity stay in the order in which they are asked: the first
 * that speaks of a day counts. */
#include "roomkeeper_private.h"

#include <calendars.h>
#include <schoolcal.h>
#include <stdlib.h>
#include <string.h>

/* Of an entity: its place; of the state: none. False: of nobody who is here. */
static bool whose(const struct bw_room *r, const char *about, uint32_t *ret)
{
    size_t n = strlen(BW_CALENDAR_ABOUT_ENTITY);

    *ret = BW_ROOM_NONE;
    if (strncmp(about, BW_CALENDAR_ABOUT_ENTITY, n) != 0) {
        return strcmp(about, BW_CALENDAR_ABOUT_STATE) == 0;
    }
    *ret = bw_room_entity_find(r, about + n);
    return *ret != BW_ROOM_NONE;
}

/* How many days testing spans have at most. */
static size_t most_days(const struct bw_schoolcal_spec *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_spans; i++) {
        if (s->spans[i].kind == BW_SCHOOLDAY_TESTING) {
            n += (size_t)(s->spans[i].to_day - s->spans[i].from_day + 1);
        }
    }
    return n;
}

static int by_day(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Its testing days with class, ascending, each once, into to[]. */
static size_t testing_days(const struct bw_schoolcal *cal, int64_t *to)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(cal);
    size_t n = 0;
    size_t kept = 0;

    for (size_t i = 0; i < s->n_spans; i++) {
        if (s->spans[i].kind != BW_SCHOOLDAY_TESTING) {
            continue;
        }
        for (int64_t day = s->spans[i].from_day; day <= s->spans[i].to_day; day++) {
            struct bw_schoolcal_day d;
            bw_schoolcal_day(cal, day, &d);
            if (d.testing) {
                to[n++] = day;
            }
        }
    }
    if (n > 0) {
        qsort(to, n, sizeof(*to), by_day);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || to[kept - 1] != to[i]) {
            to[kept++] = to[i];
        }
    }
    return kept;
}

static int by_entity(const void *a, const void *b)
{
    const struct bw_room_calendar *x = a;
    const struct bw_room_calendar *y = b;

    if (x->entity != y->entity) {
        return x->entity < y->entity ? -1 : 1;
    }
    return (x->first_testing > y->first_testing) - (x->first_testing < y->first_testing);
}

bool bw_keep_calendars(const struct bw_roomkeeper *k, struct bw_room *r)
{
    size_t n = 0;
    size_t days = 0;
    const struct bw_calendar_kept *list = bw_known_calendars(k->known, &n);

    for (size_t i = 0; i < n; i++) {
        days += most_days(bw_schoolcal_spec(list[i].cal)) + 1;
    }
    r->calendars = calloc(n + 1, sizeof(*r->calendars));
    r->testing_days = calloc(days + 1, sizeof(*r->testing_days));
    if (!r->calendars || !r->testing_days) {
        return false;
    }
    days = 0;
    for (size_t i = 0; i < n; i++) {
        struct bw_room_calendar *to = &r->calendars[r->n_calendars];
        const struct bw_schoolcal_spec *s = bw_schoolcal_spec(list[i].cal);
        if (!whose(r, list[i].about, &to->entity)) {
            continue;
        }
        to->from_day = s->from_day;
        to->to_day = s->to_day;
        to->first_testing = (uint32_t)days;
        days += testing_days(list[i].cal, r->testing_days + days);
        to->end_testing = (uint32_t)days;
        days++; /* so that no two begin at one place: their order is kept by it */
        r->n_calendars++;
    }
    if (r->n_calendars > 0) {
        qsort(r->calendars, r->n_calendars, sizeof(*r->calendars), by_entity);
    }
    return true;
}
