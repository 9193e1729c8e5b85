/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_settle.c - which states open and close, and whether that is told or held.
 *
 * Invariant: an alert has an id from the moment it opens, and is told at most once; one
 * that holds another is open. */
#include "alerts_private.h"

#include <stdio.h>
#include <string.h>

enum {
    HUB_ROUNDS = 4, /* a hub behind a hub behind a hub */
    BACK_S = 900    /* for a box to come back and be seen, once what held it is over */
};

/* ---- opening and telling ---------------------------------------------------------------
 */

/* What of the hub would explain this one: open, or about to be. */
static struct slot *
hub_of(struct bw_alerts *a, const struct bw_watch *w, const struct slot *s)
{
    char scope[BW_ALERT_SCOPE_MAX + 1];
    enum bw_alert_kind kind = s->a.kind == BW_ALERT_SILENT ? BW_ALERT_OUTAGE : s->a.kind;
    uint32_t at = s->site == BW_WATCH_NONE ? BW_WATCH_NONE : w->sites[s->site].hub;
    if (at == BW_WATCH_NONE || at == s->site || s->a.kind >= BW_ALERT_HEADROOM) {
        return NULL;
    }
    const struct bw_watch_site *hub = &w->sites[at];
    struct slot *x = bw_alerts_find(a, hub->id, BW_ALERT_SILENT);
    if (x && (x->a.phase == BW_PHASE_PENDING || x->a.phase == BW_PHASE_OPEN)) {
        return x;
    }
    for (uint32_t c = hub->first_circuit; c < hub->end_circuit; c++) {
        (void)snprintf(scope, sizeof(scope), "%s.%s", hub->id, w->circuits[c].name);
        x = bw_alerts_find(a, scope, kind);
        if (x && (x->a.phase == BW_PHASE_PENDING || x->a.phase == BW_PHASE_OPEN)) {
            return x;
        }
    }
    return NULL;
}

static bool opens(struct bw_alerts *a, const struct bw_watch *w, struct slot *s)
{
    const struct bw_alert_rule *rule = &a->conf.rules[s->a.kind];
    int64_t lasted = s->a.seen_unix_s - s->a.fell_unix_s;
    if (s->gone || s->a.phase != BW_PHASE_PENDING || lasted < rule->for_s) {
        return false;
    }
    const struct slot *hub = hub_of(a, w, s);
    if (hub && hub->a.phase == BW_PHASE_PENDING && lasted < 2 * rule->for_s) {
        return false; /* the hub will say which of the two it is */
    }
    s->a.id = a->next_id++;
    s->a.phase = BW_PHASE_OPEN;
    s->a.opened_unix_s = a->now_unix_s;
    s->dirty = true;
    return true;
}

static enum bw_alert_hold hold_of(struct bw_alerts *a,
                                  const struct bw_watch *w,
                                  struct slot *s,
                                  struct slot **ret_hub)
{
    const struct bw_watch_site *site = s->site == BW_WATCH_NONE ? NULL : &w->sites[s->site];
    const char *dot = strchr(s->a.scope, '.');
    bool works = site && site->maintenance;
    *ret_hub = NULL;
    for (uint32_t c = site ? site->first_circuit : 0; site && c < site->end_circuit; c++) {
        works = works || (dot && w->circuits[c].maintenance &&
                          strcmp(w->circuits[c].name, dot + 1) == 0);
    }
    if (works) {
        return BW_HOLD_MAINTENANCE;
    }
    if (s->a.mass > 0) {
        return BW_HOLD_MASS;
    }
    *ret_hub = hub_of(a, w, s);
    bool mutual = *ret_hub && (*ret_hub)->a.held_by == s->a.id && s->a.id > 0;
    if (*ret_hub && !mutual && bw_alert_is_open(&(*ret_hub)->a)) {
        return BW_HOLD_HUB;
    }
    *ret_hub = NULL;
    return w->quiet && !a->conf.rules[s->a.kind].urgent ? BW_HOLD_QUIET : BW_HOLD_NONE;
}

static void settle_hold(struct bw_alerts *a, const struct bw_watch *w, struct slot *s)
{
    struct bw_alert *x = &s->a;
    struct slot *hub = NULL;
    enum bw_alert_hold before = x->held;
    enum bw_alert_hold hold = hold_of(a, w, s, &hub);
    bool opening = before == BW_HOLD_NONE && !x->told;
    int64_t by = hold == BW_HOLD_HUB && hub ? hub->a.id
                 : hold == BW_HOLD_MASS     ? x->mass
                                            : 0;
    if (x->told || x->phase == BW_PHASE_CLEARING) {
        return;
    }
    if (hold == BW_HOLD_NONE && (before == BW_HOLD_HUB || before == BW_HOLD_MAINTENANCE)) {
        /* A box needs its time to come back, and to be seen coming back. */
        if (x->wait_unix_s == BW_UNKNOWN) {
            x->wait_unix_s = a->now_unix_s + a->conf.rules[x->kind].for_s + BACK_S;
            s->dirty = true;
        }
        if (a->now_unix_s < x->wait_unix_s) {
            return;
        }
    }
    x->wait_unix_s = BW_UNKNOWN;
    if (hub && (opening || x->held_by != hub->a.id)) {
        hub->a.n_hanging++;
        hub->grew = true;
    }
    x->held = hold;
    x->held_by = by;
    x->told = hold == BW_HOLD_NONE;
    if (opening) {
        bw_alerts_tell(a, BW_EVENT_OPENED, s, NULL);
    } else if (x->told) {
        bw_alerts_tell(a, BW_EVENT_TOLD, s, NULL);
    } else if (hold != before) {
        bw_alerts_tell(a, BW_EVENT_HELD, s, NULL);
    }
}

static void close_one(struct bw_alerts *a, struct slot *s)
{
    bool counts = s->a.count_day != BW_UNKNOWN;
    bw_alerts_tell(a, BW_EVENT_CLOSED, s, NULL);
    if (counts) { /* what was counted is remembered, all else begins anew */
        struct bw_alert kept = s->a;
        (void)bw_alerts_add(a, kept.scope, kept.kind);
        s->a.count_day = kept.count_day;
        memcpy(s->a.count_ms, kept.count_ms, sizeof(kept.count_ms));
        s->a.seen_unix_s = kept.seen_unix_s;
    } else {
        s->gone = true;
    }
}

static void settle_was(struct bw_alerts *a, const struct bw_watch *w, struct slot *s)
{
    struct bw_alert *x = &s->a;
    struct slot *hub = NULL;
    if (x->kind != BW_ALERT_OUTAGE || x->phase != BW_PHASE_IDLE || x->value == BW_UNKNOWN ||
        x->value < a->conf.rules[BW_ALERT_OUTAGE].open_at) {
        return;
    }
    x->id = a->next_id++;
    x->opened_unix_s = a->now_unix_s;
    x->worst = x->value;
    x->held = hold_of(a, w, s, &hub);
    x->held_by = hub ? hub->a.id : 0;
    x->told = x->held == BW_HOLD_NONE;
    bw_alerts_tell(a, BW_EVENT_WAS, s, NULL);
    x->id = 0;
    x->value = BW_UNKNOWN;
    x->worst = BW_UNKNOWN;
    x->opened_unix_s = BW_UNKNOWN;
    x->held = BW_HOLD_NONE;
    x->held_by = 0;
    x->told = false;
}

/* Hold, tell or drop those that hang on a hub with an alert, or those that do not. */
static void settle_those(struct bw_alerts *a, const struct bw_watch *w, bool hanging)
{
    for (size_t i = 0; i < a->n; i++) {
        struct slot *s = a->slots[i];
        const struct slot *hub = s->gone ? NULL : hub_of(a, w, s);
        bool hangs = hub && bw_alert_is_open(&hub->a);
        if (s->gone || s->a.kind == BW_ALERT_MASS || hangs != hanging) {
            continue;
        }
        if (bw_alert_is_open(&s->a)) {
            settle_hold(a, w, s);
        } else {
            settle_was(a, w, s);
        }
    }
}

void bw_alerts_settle(struct bw_alerts *a, const struct bw_watch *w)
{
    for (size_t i = 0; i < a->n; i++) {
        struct slot *s = a->slots[i];
        const struct bw_alert *x = &s->a;
        if (s->gone || x->kind == BW_ALERT_MASS) {
            continue;
        }
        if (!s->seen) { /* retired, taken away, or its rule was */
            s->a.over_unix_s = BW_UNKNOWN;
            s->a.count_day = BW_UNKNOWN;
            if (bw_alert_is_open(x)) {
                close_one(a, s);
            } else {
                bw_alerts_drop(s);
            }
        } else if (x->phase == BW_PHASE_CLEARING &&
                   x->seen_unix_s - x->over_unix_s >= a->conf.rules[x->kind].clear_s) {
            close_one(a, s);
        }
    }
    for (int round = 0, more = 1; more && round < HUB_ROUNDS; round++) {
        more = 0;
        for (size_t i = 0; i < a->n; i++) {
            more |= opens(a, w, a->slots[i]);
        }
    }
    /* What hangs on a hub comes first: when the hub is told, its number is known. */
    settle_those(a, w, true);
    settle_those(a, w, false);
    for (size_t i = 0; i < a->n; i++) {
        struct slot *s = a->slots[i];
        if (s->grew && !s->gone && s->a.opened_unix_s < a->now_unix_s) {
            bw_alerts_tell(a, BW_EVENT_CHANGED, s, NULL);
        }
        s->grew = false;
    }
}
