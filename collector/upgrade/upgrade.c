/* SPDX-License-Identifier: GPL-3.0-or-later
 * upgrade.c - two sides of as many school days, and why they cannot be held together.
 *
 * Invariant: both sides have the same number of school days with records. */
#include "upgrade.h"

#include <stat.h>
#include <string.h>

enum {
    MEDIAN = 500000
};

/* Lessons, so far as is known, and records. */
static bool is_school_day(const struct bw_room_day *d)
{
    return d->n_records > 0 && d->class_s != BW_UNKNOWN && d->class_s > 0 &&
           !(d->flags & BW_ROOM_DAY_RUNNING);
}

static void add(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

static void note(int64_t *values, size_t *n, int64_t v)
{
    if (v != BW_UNKNOWN && *n < BW_UPGRADE_DAYS_MAX) {
        values[(*n)++] = v;
    }
}

static void fill_way(const struct bw_room_day *const *days,
                     size_t n,
                     int way,
                     struct bw_upgrade_way *to)
{
    int64_t tested[BW_UPGRADE_DAYS_MAX];
    int64_t p95[BW_UPGRADE_DAYS_MAX];
    int64_t loaded[BW_UPGRADE_DAYS_MAX];
    size_t n_tested = 0;
    size_t n_p95 = 0;
    size_t n_loaded = 0;

    *to = (struct bw_upgrade_way){.claim_bps = BW_UNKNOWN,
                                  .full_s = BW_UNKNOWN,
                                  .full_of_s = BW_UNKNOWN,
                                  .class_expected = BW_UNKNOWN};
    for (size_t i = 0; i < n; i++) {
        const struct bw_room_way *w = &days[i]->way[way];
        to->claim_bps = w->claim_bps;
        note(tested, &n_tested, w->median_bps);
        note(p95, &n_p95, w->claimed_p95_bps);
        note(loaded, &n_loaded, w->loaded_p50_us);
        to->n_compared += w->n_compared;
        to->n_at_80 += w->n_at_80;
        add(&to->full_s, w->full_s);
        add(&to->full_of_s, w->full_of_s);
        to->class_known += w->class_known;
        add(&to->class_expected, w->class_expected);
    }
    to->tested_bps = bw_stat_percentile(tested, n_tested, MEDIAN);
    to->class_p95_bps = bw_stat_percentile(p95, n_p95, MEDIAN);
    to->busiest_bps = n_p95 > 0 ? p95[n_p95 - 1] : BW_UNKNOWN; /* they are sorted now */
    to->loaded_p50_us = bw_stat_percentile(loaded, n_loaded, MEDIAN);
}

static void fill(const struct bw_room_day *all,
                 size_t n_all,
                 const struct bw_room_day *const *days,
                 size_t n,
                 struct bw_upgrade_side *s)
{
    *s = (struct bw_upgrade_side){.first_day = BW_UNKNOWN,
                                  .last_day = BW_UNKNOWN,
                                  .n_days = (int64_t)n,
                                  .outage_class_ms = BW_UNKNOWN,
                                  .watched_s = BW_UNKNOWN};
    for (size_t i = 0; i < n; i++) {
        const struct bw_room_day *d = days[i];
        s->first_day = i == 0 ? d->day : s->first_day;
        s->last_day = d->day;
        s->two_layers |= s->claim_layer != BW_LAYER_UNKNOWN &&
                         d->claim_layer != BW_LAYER_UNKNOWN &&
                         d->claim_layer != s->claim_layer;
        s->claim_layer =
            d->claim_layer != BW_LAYER_UNKNOWN ? d->claim_layer : s->claim_layer;
        s->no_calendar |= (d->flags & BW_ROOM_DAY_NO_CALENDAR) != 0;
        s->recorded_s += d->recorded_s;
        s->of_s += d->to_unix_s - d->from_unix_s;
        add(&s->outage_class_ms, d->outage_class_ms);
        add(&s->watched_s, d->watched_s);
    }
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        fill_way(days, n, way, &s->way[way]);
    }
    if (n > 0) {
        s->n_absent = s->last_day - s->first_day + 1;
        for (size_t i = 0; i < n_all; i++) {
            s->n_absent -= all[i].day >= s->first_day && all[i].day <= s->last_day;
        }
    }
}

static bool is_little(const struct bw_upgrade_way *w)
{
    return w->class_expected == BW_UNKNOWN || w->class_expected == 0 ||
           2 * w->class_known < w->class_expected;
}

static bool is_unwatched(const struct bw_upgrade_side *s)
{
    return s->watched_s == BW_UNKNOWN || 2 * s->watched_s < s->of_s;
}

static uint32_t doubts(const struct bw_upgrade *u)
{
    const struct bw_upgrade_side *a = &u->before;
    const struct bw_upgrade_side *b = &u->after;
    uint32_t d = 0;

    if (a->n_days < BW_UPGRADE_DAYS_MIN) {
        return BW_UPGRADE_FEW;
    }
    d |= is_little(&a->way[BW_DOWN]) || is_little(&b->way[BW_DOWN]) ? BW_UPGRADE_LITTLE : 0;
    d |= a->two_layers || b->two_layers || a->claim_layer != b->claim_layer
             ? BW_UPGRADE_LAYERS
             : 0;
    d |= b->first_day - a->last_day > BW_UPGRADE_FAR_DAYS ? BW_UPGRADE_FAR : 0;
    d |=
        a->way[BW_DOWN].tested_bps == BW_UNKNOWN || b->way[BW_DOWN].tested_bps == BW_UNKNOWN
            ? BW_UPGRADE_UNTESTED
            : 0;
    d |= is_unwatched(a) || is_unwatched(b) ? BW_UPGRADE_UNWATCHED : 0;
    return d;
}

void bw_upgrade_make(const struct bw_room_day *days,
                     size_t n,
                     int64_t day,
                     int64_t wanted,
                     struct bw_upgrade *ret)
{
    const struct bw_room_day *before[BW_UPGRADE_DAYS_MAX];
    const struct bw_room_day *after[BW_UPGRADE_DAYS_MAX];
    size_t most = wanted < 1                     ? 1
                  : wanted > BW_UPGRADE_DAYS_MAX ? BW_UPGRADE_DAYS_MAX
                                                 : (size_t)wanted;
    size_t n_before = 0;
    size_t n_after = 0;
    size_t both;

    for (size_t i = n; i-- > 0 && n_before < most;) { /* from the day backwards */
        if (days[i].day < day && is_school_day(&days[i])) {
            before[BW_UPGRADE_DAYS_MAX - ++n_before] = &days[i];
        }
    }
    for (size_t i = 0; i < n && n_after < most; i++) {
        if (days[i].day >= day && is_school_day(&days[i])) {
            after[n_after++] = &days[i];
        }
    }
    both = n_before < n_after ? n_before : n_after;
    memset(ret, 0, sizeof(*ret));
    ret->day = day;
    fill(days, n, before + BW_UPGRADE_DAYS_MAX - both, both, &ret->before);
    fill(days, n, after, both, &ret->after);
    ret->doubts = doubts(ret);
}
