/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_look.c - what records say of a place, and what its states make of that.
 *
 * Invariant: what is not known moves nothing; rules about circuits go by the ends of the
 * intervals that were judged, and a stretch that nobody saw begins a condition anew. */
#include "alerts_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- one state -------------------------------------------------------------------------
 */

enum verdict {
    NOT_TOLD,
    ON,
    BETWEEN,
    OFF
};

/* What the newest says. */
struct look {
    enum verdict verdict;
    int64_t start_unix_s; /* of the stretch that was looked at */
    int64_t at_unix_s;    /* its end */
    int64_t since_unix_s; /* its condition began, where it is on */
    int64_t value;
};

static void worse(struct bw_alert *a)
{
    bool low = a->kind == BW_ALERT_BELOW; /* the lower the worse */
    if (a->worst == BW_UNKNOWN || (low ? a->value < a->worst : a->value > a->worst)) {
        a->worst = a->value;
    }
}

void bw_alerts_drop(struct slot *s)
{
    bool counts = s->a.count_day != BW_UNKNOWN;
    s->dirty = true;
    s->a.phase = BW_PHASE_IDLE;
    s->gone = !counts;
}

static int move(struct bw_alerts *a,
                const char *scope,
                enum bw_alert_kind kind,
                uint32_t site,
                const struct look *l,
                struct slot **ret_slot)
{
    struct slot *s = bw_alerts_find(a, scope, kind);
    *ret_slot = s;
    if (!s && l->verdict != ON) {
        return 0;
    }
    s = s ? s : bw_alerts_add(a, scope, kind);
    *ret_slot = s;
    if (!s) {
        return -ENOMEM;
    }
    struct bw_alert *x = &s->a;
    struct bw_alert before = *x;
    s->seen = true;
    s->site = site;
    if (l->verdict == NOT_TOLD ||
        (x->seen_unix_s != BW_UNKNOWN && kind != BW_ALERT_SILENT &&
         l->at_unix_s <= x->seen_unix_s)) {
        return 0;
    }
    bool gap = kind != BW_ALERT_SILENT && x->seen_unix_s != BW_UNKNOWN &&
               l->start_unix_s > x->seen_unix_s;
    if (l->verdict == ON) {
        if (x->phase == BW_PHASE_IDLE || (x->phase == BW_PHASE_PENDING && gap)) {
            x->phase = BW_PHASE_PENDING;
            x->since_unix_s = l->since_unix_s;
            x->fell_unix_s = l->start_unix_s;
        }
        x->phase = x->phase == BW_PHASE_CLEARING ? BW_PHASE_OPEN : x->phase;
        x->over_unix_s = BW_UNKNOWN;
    } else if (x->phase == BW_PHASE_PENDING) {
        bw_alerts_drop(s);
    } else if (x->phase == BW_PHASE_OPEN && l->verdict == OFF) {
        x->phase = BW_PHASE_CLEARING;
        x->over_unix_s = l->start_unix_s;
    } else if (x->phase == BW_PHASE_CLEARING && (l->verdict == BETWEEN || gap)) {
        x->phase = l->verdict == BETWEEN ? BW_PHASE_OPEN : x->phase;
        x->over_unix_s = l->verdict == BETWEEN ? BW_UNKNOWN : l->start_unix_s;
    }
    if (kind != BW_ALERT_OUTAGE) {
        x->value = l->value;
    }
    if (l->verdict == ON) {
        worse(x);
    }
    x->seen_unix_s = l->at_unix_s;
    if (kind == BW_ALERT_SILENT && before.phase == x->phase && !s->gone) {
        return 0; /* its value alone, which its row tells by itself, is not written */
    }
    s->dirty = true;
    return 0;
}

/* ---- sites and circuits ----------------------------------------------------------------
 */

static enum bw_watch_told
look_site(struct bw_alerts *a, const struct bw_watch *w, uint32_t i, int *ret)
{
    const struct bw_watch_site *site = &w->sites[i];
    int64_t patience_s = BW_ALERT_SILENT_INTERVALS * site->interval_s;
    int64_t from =
        site->heard_unix_s > w->listening_unix_s ? site->heard_unix_s : w->listening_unix_s;
    struct look l = {
        .start_unix_s = from + patience_s,
        .at_unix_s = a->now_unix_s,
        .since_unix_s = site->heard_unix_s,
        .value = a->now_unix_s - site->heard_unix_s,
    };
    enum bw_watch_told silent = a->now_unix_s > l.start_unix_s ? BW_TOLD_YES : BW_TOLD_NO;
    struct slot *s = NULL;
    if (silent == BW_TOLD_YES) {
        l.verdict = ON;
    } else if (site->heard_unix_s >= w->listening_unix_s ||
               a->now_unix_s - site->heard_unix_s <= patience_s) {
        l.verdict = OFF;
        l.start_unix_s = site->heard_unix_s;
    } else { /* nobody has listened for long enough to know */
        l.verdict = NOT_TOLD;
        silent = BW_TOLD_UNKNOWN;
    }
    *ret = a->conf.rules[BW_ALERT_SILENT].on ? move(a, site->id, BW_ALERT_SILENT, i, &l, &s)
                                             : 0;
    return silent;
}

static enum verdict over(int64_t value, const struct bw_alert_rule *rule)
{
    if (value == BW_UNKNOWN) {
        return NOT_TOLD;
    }
    if (value >= rule->open_at) {
        return ON;
    }
    return value < rule->close_at ? OFF : BETWEEN;
}

static enum verdict word(enum bw_watch_told t)
{
    return t == BW_TOLD_UNKNOWN ? NOT_TOLD : t == BW_TOLD_YES ? ON : OFF;
}

/* How much more outage records tell than at the last look. */
static int64_t gained(const struct bw_alert *x, const struct bw_watch_circuit *c)
{
    int64_t today = c->outage_ms[0] == BW_UNKNOWN ? 0 : c->outage_ms[0];
    int64_t before = c->outage_ms[1] == BW_UNKNOWN ? 0 : c->outage_ms[1];
    int64_t known = 0;
    if (x && x->count_day == c->day) {
        known = x->count_ms[0] + x->count_ms[1];
    } else if (x && x->count_day == c->day - 1) {
        known = x->count_ms[0];
    }
    return today + before > known ? today + before - known : 0;
}

/* Outages: by the record that says that one is open, and by what records tell of later. */
static int look_outage(struct bw_alerts *a,
                       uint32_t site,
                       const char *scope,
                       const struct bw_watch_circuit *c)
{
    const struct look l = {
        .verdict = word(c->out),
        .start_unix_s = c->at_unix_s - c->interval_s,
        .at_unix_s = c->at_unix_s,
        .since_unix_s = c->at_unix_s - c->interval_s,
    };
    struct slot *s = NULL;
    int r = move(a, scope, BW_ALERT_OUTAGE, site, &l, &s);
    bool counted = c->outage_ms[0] > 0 || c->outage_ms[1] > 0;
    int64_t more;
    if (r < 0 || c->day == BW_UNKNOWN) {
        return r;
    }
    s = s && s->gone ? NULL : s;
    more = gained(s ? &s->a : NULL, c);
    if (!s && !counted) {
        return 0;
    }
    s = s ? s : bw_alerts_add(a, scope, BW_ALERT_OUTAGE);
    if (!s) {
        return -ENOMEM;
    }
    s->seen = true;
    s->site = site;
    int64_t ms[2] = {c->outage_ms[0] > 0 ? c->outage_ms[0] : 0,
                     c->outage_ms[1] > 0 ? c->outage_ms[1] : 0};
    if (s->a.count_day != c->day || memcmp(ms, s->a.count_ms, sizeof(ms)) != 0) {
        s->dirty = true;
        s->a.count_day = counted ? c->day : BW_UNKNOWN;
        memcpy(s->a.count_ms, ms, sizeof(ms));
    }
    /* What is over by the time it is told adds up until it is worth a word. */
    if (more > 0 && (s->a.phase != BW_PHASE_IDLE || !a->beginning)) {
        s->a.value = (s->a.value == BW_UNKNOWN ? 0 : s->a.value) + more;
        s->a.worst = s->a.value;
        s->dirty = true;
    }
    if (s->a.phase == BW_PHASE_IDLE && !counted) {
        s->gone = true;
    }
    return 0;
}

static int look_circuit(struct bw_alerts *a,
                        uint32_t site,
                        const char *scope,
                        const struct bw_watch_circuit *c,
                        bool blind)
{
    struct look l = {
        .at_unix_s = c->at_unix_s,
        .start_unix_s = c->at_unix_s - c->interval_s,
        .since_unix_s = c->at_unix_s - c->interval_s,
    };
    struct slot *s = NULL;
    int r = 0;
    for (int k = BW_ALERT_OUTAGE; r == 0 && k <= BW_ALERT_BELOW; k++) {
        const struct bw_alert_rule *rule = &a->conf.rules[k];
        if (!rule->on) {
            continue;
        }
        bool frozen = blind || c->at_unix_s == BW_UNKNOWN ||
                      (rule->class_hours && c->class_now != BW_TOLD_YES);
        if (frozen) {
            l.verdict = NOT_TOLD;
            r = move(a, scope, (enum bw_alert_kind)k, site, &l, &s);
            continue;
        }
        switch ((enum bw_alert_kind)k) {
        case BW_ALERT_OUTAGE:
            r = look_outage(a, site, scope, c);
            continue;
        case BW_ALERT_LOSS:
            l.value = c->loss_ppm;
            l.verdict = over(l.value, rule);
            break;
        case BW_ALERT_LATENCY:
            l.value = c->latency_us;
            l.verdict = over(l.value, rule);
            break;
        case BW_ALERT_HEADROOM: /* what days and tests say holds until another says else */
            l.at_unix_s = l.start_unix_s = l.since_unix_s = a->now_unix_s;
            l.value = c->share_ppm;
            l.verdict = over(l.value, rule);
            break;
        case BW_ALERT_BELOW:
            l.at_unix_s = l.start_unix_s = l.since_unix_s = a->now_unix_s;
            l.value = c->below_ppm;
            l.verdict = word(c->below);
            break;
        case BW_ALERT_SILENT:
        case BW_ALERT_MASS:
        case BW_ALERT_KINDS:
        default:
            continue;
        }
        r = move(a, scope, (enum bw_alert_kind)k, site, &l, &s);
    }
    return r;
}

int bw_alerts_look(struct bw_alerts *a, const struct bw_watch *w)
{
    char scope[BW_ALERT_SCOPE_MAX + 1];
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < w->n_sites; i++) {
        const struct bw_watch_site *site = &w->sites[i];
        if (!site->watched || site->heard_unix_s == BW_UNKNOWN) {
            continue;
        }
        bool blind = look_site(a, w, i, &r) != BW_TOLD_NO;
        for (uint32_t c = site->first_circuit; r == 0 && c < site->end_circuit; c++) {
            (void)snprintf(scope, sizeof(scope), "%s.%s", site->id, w->circuits[c].name);
            r = look_circuit(a, i, scope, &w->circuits[c], blind);
        }
    }
    bw_alerts_sort(a);
    return r;
}
