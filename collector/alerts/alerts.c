/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts.c - the states, kept in order, and a step over all of them.
 *
 * A step goes in rounds: what each record says moves its state; alarms of many boxes take
 * theirs; then states open, hubs first; at last each open one is told or held. */
#include "alerts_private.h"

#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_S = 60
};

const struct bw_alerts_conf bw_alerts_usual = {
    .rules =
        {
            [BW_ALERT_SILENT] = {.on = true,
                                 .urgent = true,
                                 .for_s = INT64_C(10) * MIN_S,
                                 .clear_s = INT64_C(10) * MIN_S},
            [BW_ALERT_OUTAGE] = {.on = true,
                                 .urgent = true,
                                 .open_at = INT64_C(120000),
                                 .for_s = INT64_C(6) * MIN_S,
                                 .clear_s = INT64_C(5) * MIN_S},
            [BW_ALERT_LOSS] = {.on = true,
                               .open_at = 20000,
                               .close_at = 10000,
                               .for_s = INT64_C(15) * MIN_S,
                               .clear_s = INT64_C(15) * MIN_S},
            [BW_ALERT_LATENCY] = {.on = true,
                                  .class_hours = true,
                                  .open_at = 150000,
                                  .close_at = 100000,
                                  .for_s = INT64_C(15) * MIN_S,
                                  .clear_s = INT64_C(15) * MIN_S},
            [BW_ALERT_HEADROOM] = {.on = true, .open_at = 800000, .close_at = 700000},
            [BW_ALERT_BELOW] = {.on = true},
            [BW_ALERT_MASS] = {.on = true, .urgent = true},
        },
    .mass_ppm = 50000,
    .mass_least = 3,
    .mass_window_s = INT64_C(10) * MIN_S,
};

static const char *const kinds[] = {
    [BW_ALERT_SILENT] = "silent",     [BW_ALERT_OUTAGE] = "outage",
    [BW_ALERT_LOSS] = "loss",         [BW_ALERT_LATENCY] = "latency",
    [BW_ALERT_HEADROOM] = "headroom", [BW_ALERT_BELOW] = "below",
    [BW_ALERT_MASS] = "mass",
};

static const char *const holds[] = {
    [BW_HOLD_NONE] = "none",   [BW_HOLD_MAINTENANCE] = "maintenance",
    [BW_HOLD_MASS] = "mass",   [BW_HOLD_HUB] = "hub",
    [BW_HOLD_QUIET] = "quiet",
};

const char *bw_alert_kind_name(enum bw_alert_kind k)
{
    return kinds[k];
}

const char *bw_alert_hold_name(enum bw_alert_hold h)
{
    return holds[h];
}

/* ---- the list --------------------------------------------------------------------------
 */

static int order(const char *scope, enum bw_alert_kind kind, const struct bw_alert *b)
{
    int c = strcmp(scope, b->scope);
    return c ? c : (int)kind - (int)b->kind;
}

static int by_scope(const void *a, const void *b)
{
    const struct slot *const *x = a;
    const struct slot *const *y = b;
    return order((*x)->a.scope, (*x)->a.kind, &(*y)->a);
}

void bw_alerts_sort(struct bw_alerts *a)
{
    if (a->n_sorted < a->n) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        qsort(a->slots, a->n, sizeof(*a->slots), by_scope);
        a->n_sorted = a->n;
    }
}

static struct slot *lookup(struct bw_alerts *a, const char *scope, enum bw_alert_kind kind)
{
    size_t lo = 0;
    size_t hi = a->n_sorted;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = order(scope, kind, &a->slots[mid]->a);
        if (c == 0) {
            return a->slots[mid];
        }
        hi = c < 0 ? mid : hi;
        lo = c < 0 ? lo : mid + 1;
    }
    return NULL;
}

struct slot *bw_alerts_find(struct bw_alerts *a, const char *scope, enum bw_alert_kind kind)
{
    struct slot *s = lookup(a, scope, kind);
    return s && s->gone ? NULL : s;
}

struct slot *bw_alerts_add(struct bw_alerts *a, const char *scope, enum bw_alert_kind kind)
{
    struct slot *s = lookup(a, scope, kind); /* one that is gone may not be written yet */
    if (!s) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        struct slot **room = bw_grow(a->slots, a->n, &a->cap, sizeof(*a->slots));
        a->slots = room ? room : a->slots;
        s = room ? calloc(1, sizeof(*s)) : NULL;
        if (!s) {
            return NULL;
        }
        a->slots[a->n++] = s;
    }
    memset(s, 0, sizeof(*s));
    s->site = BW_WATCH_NONE;
    s->dirty = true;
    s->a.kind = kind;
    (void)snprintf(s->a.scope, sizeof(s->a.scope), "%s", scope);
    s->a.since_unix_s = BW_UNKNOWN;
    s->a.fell_unix_s = BW_UNKNOWN;
    s->a.over_unix_s = BW_UNKNOWN;
    s->a.opened_unix_s = BW_UNKNOWN;
    s->a.seen_unix_s = BW_UNKNOWN;
    s->a.wait_unix_s = BW_UNKNOWN;
    s->a.value = BW_UNKNOWN;
    s->a.worst = BW_UNKNOWN;
    s->a.count_day = BW_UNKNOWN;
    return s;
}

struct bw_alerts *bw_alerts_new(const struct bw_alerts_conf *conf, int64_t next_id)
{
    struct bw_alerts *a = calloc(1, sizeof(*a));
    if (a) {
        a->conf = *conf;
        a->next_id = next_id > 0 ? next_id : 1;
        a->now_unix_s = INT64_MIN;
    }
    return a;
}

void bw_alerts_free(struct bw_alerts *a)
{
    if (a) {
        for (size_t i = 0; i < a->n; i++) {
            free(a->slots[i]);
        }
        free(a->slots);
        free(a);
    }
}

void bw_alerts_set_conf(struct bw_alerts *a, const struct bw_alerts_conf *conf)
{
    a->conf = *conf;
}

void bw_alerts_begin(struct bw_alerts *a)
{
    a->beginning = true;
}

int bw_alerts_load(struct bw_alerts *a, const struct bw_alert *one)
{
    struct slot *s = bw_alerts_add(a, one->scope, one->kind);
    if (!s) {
        return -ENOMEM;
    }
    s->a = *one;
    s->dirty = false;
    a->next_id = one->id >= a->next_id ? one->id + 1 : a->next_id;
    bw_alerts_sort(a);
    return 0;
}

size_t bw_alerts_count(const struct bw_alerts *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        n += !a->slots[i]->gone && bw_alert_is_open(&a->slots[i]->a);
    }
    return n;
}

int64_t bw_alerts_next_id(const struct bw_alerts *a)
{
    return a->next_id;
}

int bw_alerts_changes(struct bw_alerts *a, bw_alert_cb cb, void *owner)
{
    size_t kept = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < a->n; i++) {
        const struct slot *s = a->slots[i];
        r = s->dirty ? cb(owner, &s->a, s->gone) : 0;
    }
    for (size_t i = 0; r == 0 && i < a->n; i++) {
        struct slot *s = a->slots[i];
        s->dirty = false;
        if (s->gone) {
            free(s);
        } else {
            a->slots[kept++] = s;
        }
    }
    if (r == 0) {
        a->n = kept;
        a->n_sorted = kept;
    }
    return r;
}

void bw_alerts_tell(struct bw_alerts *a,
                    enum bw_alert_event_kind what,
                    struct slot *s,
                    const struct bw_alert_shared *shared)
{
    const struct bw_alert_event e = {
        .what = what,
        .at_unix_s = a->now_unix_s,
        .unwatched = what == BW_EVENT_CLOSED && s->a.over_unix_s == BW_UNKNOWN,
        .alert = &s->a,
        .shared = shared,
    };
    s->dirty = true;
    a->cb(a->owner, &e);
}

int bw_alerts_step(struct bw_alerts *a,
                   const struct bw_watch *w,
                   bw_alert_event_cb cb,
                   void *owner)
{
    a->now_unix_s = w->now_unix_s > a->now_unix_s ? w->now_unix_s : a->now_unix_s;
    a->cb = cb;
    a->owner = owner;
    for (size_t i = 0; i < a->n; i++) {
        a->slots[i]->seen = false;
        a->slots[i]->site = BW_WATCH_NONE;
    }
    int r = bw_alerts_look(a, w);
    r = r < 0 ? r : bw_alerts_mass(a, w);
    if (r == 0) {
        bw_alerts_settle(a, w);
        a->beginning = false;
    }
    return r;
}
