/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_time.c - which instants are class time.
 *
 * Invariant: between two changes of the zone local time runs as UTC does, so that there an
 * instant's local time is instant + offset, and class hours are stretches of it. All is
 * worked piece by piece between such changes. */
#include "schoolcal.h"

#include "tz.h"
#include <bw/units.h>
#include <civil.h>

enum {
    DAY_S = 86400,
    /* no calendar without dates goes so long without class hours that begin or end */
    LOOK_DAYS = 16
};

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t day_of(int64_t local_s)
{
    return local_s / DAY_S - (local_s % DAY_S < 0);
}

static enum bw_class class_at(const struct bw_schoolcal *c, int64_t local_s)
{
    int64_t day = day_of(local_s);
    int64_t second = local_s - day * DAY_S;
    struct bw_schoolcal_day d;

    bw_schoolcal_day(c, day, &d);
    if (d.kind == BW_SCHOOLDAY_UNKNOWN) {
        return BW_CLASS_UNKNOWN;
    }
    return second >= (int64_t)d.hours.from_min * 60 && second < (int64_t)d.hours.to_min * 60
               ? BW_CLASS_YES
               : BW_CLASS_NO;
}

/* Where after local_s the answer may next be another: an edge of that day's hours, or its
 * end. */
static int64_t next_edge(const struct bw_schoolcal *c, int64_t local_s)
{
    int64_t day = day_of(local_s);
    int64_t from_s;
    int64_t to_s;
    struct bw_schoolcal_day d;

    bw_schoolcal_day(c, day, &d);
    from_s = day * DAY_S + (int64_t)d.hours.from_min * 60;
    to_s = day * DAY_S + (int64_t)d.hours.to_min * 60;
    return local_s < from_s ? from_s : local_s < to_s ? to_s : (day + 1) * DAY_S;
}

enum bw_class
bw_schoolcal_at(const struct bw_schoolcal *c, const struct bw_tz *tz, int64_t unix_s)
{
    struct bw_civil local;

    bw_tz_local(tz, unix_s, &local);
    return class_at(c, unix_s + local.offset_s);
}

void bw_schoolcal_seconds(const struct bw_schoolcal *c,
                          const struct bw_tz *tz,
                          int64_t from_unix_s,
                          int64_t to_unix_s,
                          int64_t ret[BW_CLASSES])
{
    int64_t at = from_unix_s;

    for (int i = 0; i < BW_CLASSES; i++) {
        ret[i] = 0;
    }
    while (at < to_unix_s) {
        int64_t change = min64(bw_tz_next_change(tz, at), to_unix_s);
        struct bw_civil local;
        bw_tz_local(tz, at, &local);
        while (at < change) {
            int64_t next =
                min64(next_edge(c, at + local.offset_s) - local.offset_s, change);
            ret[class_at(c, at + local.offset_s)] += next - at;
            at = next;
        }
    }
}

int64_t
bw_schoolcal_border(const struct bw_schoolcal *c, const struct bw_tz *tz, int64_t unix_s)
{
    const struct bw_schoolcal_spec *spec = bw_schoolcal_spec(c);
    enum bw_class now = bw_schoolcal_at(c, tz, unix_s);
    int64_t at = unix_s;
    int64_t until = unix_s + (int64_t)LOOK_DAYS * DAY_S;

    if (spec->from_day != BW_UNKNOWN) {
        /* no zone is farther from UTC than a day and a bit */
        at = max64(at, (spec->from_day - 2) * DAY_S);
        until = (spec->to_day + 3) * DAY_S;
    }
    while (at < until) {
        int64_t change = bw_tz_next_change(tz, at);
        struct bw_civil local;
        bw_tz_local(tz, at, &local);
        while (at < change && at < until) {
            at = min64(next_edge(c, at + local.offset_s) - local.offset_s, change);
            if (bw_schoolcal_at(c, tz, at) != now) {
                return at;
            }
        }
    }
    return INT64_MAX;
}
