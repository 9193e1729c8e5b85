/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_plan.c - when throughput tests are due, and what a record tells of it.
 *
 * A start is a moment of the wall clock that the day's secret draws; it is fixed against
 * the monotonic clock when the day is planned. */
#include "heavy_private.h"
#include "pledge.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400,
    SPANS_MAX = 16
};

size_t heavy_n_usual(const struct bw_boxconf_probe *p)
{
    return bw_opts_n_targets(p->opts) - p->n_outside;
}

int heavy_campaign_probe(const struct bw_heavy *h, const struct bw_campaign *k)
{
    for (size_t i = 0; i < h->config->n_probes; i++) {
        const struct bw_boxconf_probe *p = &h->config->probes[i];
        if (p->ops->klass == BW_CLASS_THROUGHPUT && strcmp(p->ops->name, k->kind) == 0 &&
            strcmp(bw_opts_name(p->opts), k->probe) == 0) {
            return (int)i;
        }
    }
    return -ENOENT;
}

static void set_due(struct item *it, int64_t due_unix_ms, int64_t give_up_unix_ms)
{
    it->due_unix_ms = due_unix_ms;
    it->due_mono_ms = bw_clock_mono_ms() + due_unix_ms - bw_clock_unix_ms();
    it->give_up_unix_ms = give_up_unix_ms;
}

static void plan_own(struct bw_heavy *h, struct item *it, int64_t after_unix_ms)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    int64_t *starts = NULL;
    char name[160];

    if (p->every_ms == 0) {
        return;
    }
    starts = malloc(BW_STARTS_MAX * sizeof(*starts));
    if (!starts) {
        return; /* no memory, no test today; the next day is planned again */
    }
    (void)snprintf(name, sizeof(name), "%s/%s", p->ops->name, bw_opts_name(p->opts));
    size_t n = bw_starts_day(bw_pledge_today(h->pledge), name, day_s, p->every_ms,
                             h->allowed, starts, BW_STARTS_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = day_s * 1000 + starts[i];
        if (at_ms >= after_unix_ms) {
            int out =
                bw_starts_outside(bw_pledge_today(h->pledge), name, day_s, i, p->n_outside);
            size_t usual = heavy_n_usual(p);
            it->drawn_day_s = day_s;
            it->target = (uint32_t)(out >= 0 ? usual + (size_t)out
                                             : h->tracks[it->probe].turn % usual);
            set_due(it, at_ms,
                    bw_sched_give_up_unix_ms(at_ms, h->config->tests.give_up_ms,
                                             h->config->tests.give_up_at_hour));
            break;
        }
    }
    free(starts);
}

struct drawing {
    const struct bw_heavy *heavy;
    int64_t day_s; /* whose secret was asked for last: the one that drew */
};

static const uint8_t *secret_of(void *owner, int64_t day_unix_s)
{
    struct drawing *d = owner;
    d->day_s = day_unix_s;
    /* Tomorrow's is at hand, and still nobody's business. */
    return day_unix_s <= bw_pledge_today_unix_s(d->heavy->pledge)
               ? bw_pledge_secret(d->heavy->pledge, day_unix_s)
               : NULL;
}

static void plan_campaign(struct bw_heavy *h, struct item *it, int64_t after_unix_ms)
{
    const struct bw_campaign *k = bw_campaigns_find(h->campaigns, it->campaign);
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    int64_t at_ms = 0;
    int64_t latest_ms = 0;
    struct drawing d = {.heavy = h};
    if (k && bw_campaign_next(k, after_unix_ms, secret_of, &d, &at_ms, &latest_ms)) {
        it->drawn_day_s = d.day_s;
        it->target = (uint32_t)(h->tracks[it->probe].turn % heavy_n_usual(p));
        set_due(it, at_ms, latest_ms);
    }
}

void heavy_plan_item(struct bw_heavy *h, struct item *it, int64_t after_unix_ms)
{
    it->due_unix_ms = BW_UNKNOWN;
    it->deferred[0] = '\0';
    it->look_mono_ms = 0;
    if (it->what == ITEM_OWN) {
        plan_own(h, it, after_unix_ms);
    } else if (it->what == ITEM_CAMPAIGN) {
        plan_campaign(h, it, after_unix_ms);
    }
}

static bool same_month(int64_t a_unix_s, int64_t b_unix_s)
{
    time_t a = (time_t)a_unix_s;
    time_t b = (time_t)b_unix_s;
    struct tm p;
    struct tm q;
    return gmtime_r(&a, &p) && gmtime_r(&b, &q) && p.tm_mon == q.tm_mon &&
           p.tm_year == q.tm_year;
}

static void turn_day(struct bw_heavy *h, int64_t day_s)
{
    int64_t was_s = bw_pledge_today_unix_s(h->pledge);
    if (was_s != day_s) {
        heavy_tell_light(h, was_s + DAY_S - 1);
        bw_pledge_turn(h->pledge, day_s);
        h->spent_bytes = 0;
        h->spent_month_bytes = same_month(was_s, day_s) ? h->spent_month_bytes : 0;
    }
}

void heavy_know_spent(struct bw_heavy *h)
{
    const struct bw_writer_status *st = bw_writer_status(h->writer);
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    if (st->moved_day_s == day_s && st->moved_today_bytes > h->spent_bytes) {
        h->spent_bytes = st->moved_today_bytes;
    }
    if (same_month(st->moved_day_s, day_s) &&
        st->moved_month_bytes > h->spent_month_bytes) {
        h->spent_month_bytes = st->moved_month_bytes;
    }
}

/* Does a test that was put off, or that is due and was not yet looked at, go on waiting? A
 * campaign's also over midnight: its slot does. */
static bool still_waits(const struct bw_heavy *h, const struct item *it, int64_t unix_s)
{
    /* By both clocks: what the wall clock jumped over was never due. */
    bool due = it->due_unix_ms != BW_UNKNOWN && it->due_unix_ms < unix_s * 1000 &&
               it->due_mono_ms <= bw_clock_mono_ms();
    return (it->deferred[0] || due) && unix_s * 1000 < it->give_up_unix_ms &&
           (it->what == ITEM_CAMPAIGN ||
            it->drawn_day_s == bw_pledge_today_unix_s(h->pledge));
}

/* What became of it before goes on, whatever was planned anew and why. */
static void add_item(struct bw_heavy *h,
                     const struct item *had,
                     size_t n_had,
                     enum item_what what,
                     size_t probe,
                     const char *campaign,
                     int64_t unix_s)
{
    struct item *it = &h->items[h->n_items++];
    const struct item *old = NULL;
    memset(it, 0, sizeof(*it));
    for (size_t i = 0; i < n_had && !old; i++) {
        if (had[i].what == what && had[i].probe == probe &&
            strcmp(had[i].campaign, campaign) == 0) {
            old = &had[i];
        }
    }
    if (old) {
        *it = *old;
    }
    it->what = what;
    it->probe = probe;
    (void)snprintf(it->campaign, sizeof(it->campaign), "%s", campaign);
    if (old && still_waits(h, it, unix_s)) {
        return;
    }
    heavy_plan_item(h, it, unix_s * 1000);
}

int heavy_same_probe(const struct bw_boxconf *c, const struct bw_boxconf_probe *p)
{
    for (size_t i = 0; i < c->n_probes; i++) {
        if (c->probes[i].ops == p->ops && c->probes[i].hash == p->hash &&
            strcmp(bw_opts_name(c->probes[i].opts), bw_opts_name(p->opts)) == 0) {
            return (int)i;
        }
    }
    return -ENOENT;
}

bool heavy_same_plan(const struct bw_boxconf_probe *a, const struct bw_boxconf_probe *b)
{
    return a->every_ms == b->every_ms && a->n_outside == b->n_outside;
}

/* A figure that is still to be judged, and a test that is still to be repeated, do not end
 * with a configuration in which their section is as it was. */
static void carry_over(struct bw_heavy *h)
{
    static const struct track none = {.newest.ran_unix_ms = BW_UNKNOWN};
    const struct bw_boxconf *old = h->planned;
    struct track had[BW_BOXCONF_PROBES_MAX];
    size_t kept = 0;
    memcpy(had, h->tracks, sizeof(had));
    for (size_t i = 0; i < BW_BOXCONF_PROBES_MAX; i++) {
        h->tracks[i] = none;
    }
    memset(h->other_in_row, 0, sizeof(h->other_in_row));
    for (size_t i = 0; old && i < old->n_probes; i++) {
        int to = heavy_same_probe(h->config, &old->probes[i]);
        if (to >= 0) {
            h->tracks[to] = had[i];
        }
    }
    for (size_t i = 0; old && i < h->n_retests; i++) {
        const struct bw_boxconf_probe *p = &old->probes[h->retests[i].probe];
        int to = heavy_same_probe(h->config, p);
        if (to >= 0) {
            h->retests[kept] = h->retests[i];
            h->retests[kept++].probe = (size_t)to;
        } else {
            bw_log(BW_AREA_SCHED, BW_NOTICE,
                   "%s \"%s\": its section changed: what was below the claim is not "
                   "tested again",
                   p->ops->name, bw_opts_name(p->opts));
        }
    }
    h->n_retests = kept;
}

/* All items in terms of the configuration in force; those are left out whose section is
 * gone or changed, but for a campaign's test: that is drawn by its rule. Nothing is due any
 * more of those that are drawn anew. From malloc, or NULL: none. */
static struct item *items_before(const struct bw_heavy *h, size_t *ret_n)
{
    struct item *had = h->n_items > 0 ? malloc(h->n_items * sizeof(*had)) : NULL;
    *ret_n = 0;
    for (size_t i = 0; had && i < h->n_items; i++) {
        struct item it = h->items[i];
        const struct bw_campaign *k =
            it.what == ITEM_CAMPAIGN ? bw_campaigns_find(h->campaigns, it.campaign) : NULL;
        const struct bw_boxconf_probe *was = &h->planned->probes[it.probe];
        int to = heavy_same_probe(h->config, was);
        if (to >= 0 && it.what == ITEM_OWN &&
            !heavy_same_plan(was, &h->config->probes[to])) {
            it.due_unix_ms = BW_UNKNOWN;
            it.deferred[0] = '\0';
        }
        if (to < 0 && k) {
            to = heavy_campaign_probe(h, k);
            it.target = 0; /* of other servers */
        }
        if (to >= 0) {
            it.probe = (size_t)to;
            had[(*ret_n)++] = it;
        }
    }
    return had;
}

void heavy_plan(struct bw_heavy *h, int64_t unix_s)
{
    size_t n_had = 0;
    struct item *had = items_before(h, &n_had);
    turn_day(h, unix_s - unix_s % DAY_S);
    if (bw_pledge_was_over(h->pledge, bw_pledge_today_unix_s(h->pledge))) {
        heavy_mark_foreseen(h, "the clock has shown a later day already, on which the "
                               "secret of this one may have been told");
    }
    bw_boxconf_allowed(h->config, unix_s - unix_s % DAY_S, h->allowed);
    if (h->planned != h->config) {
        carry_over(h);
    }
    h->planned = h->config;
    h->n_items = 0;
    for (size_t i = 0; i < h->config->n_probes; i++) {
        if (h->config->probes[i].ops->klass == BW_CLASS_THROUGHPUT) {
            add_item(h, had, n_had, ITEM_OWN, i, "", unix_s);
        }
    }
    const struct bw_campaign *k;
    for (size_t i = 0; (k = bw_campaigns_at(h->campaigns, i)) != NULL; i++) {
        int probe = heavy_campaign_probe(h, k);
        if (probe >= 0 && !bw_campaign_is_over(k, unix_s)) {
            add_item(h, had, n_had, ITEM_CAMPAIGN, (size_t)probe, k->name, unix_s);
        }
    }
    free(had);
}

/* ---- what a record tells */

static void gate_word(enum bw_boxconf_gate gate, int64_t gate_ppm, char out[16])
{
    if (gate == BW_BOXCONF_GATE_SHARE) {
        (void)snprintf(out, 16, "share/%u", (unsigned)(gate_ppm / 10000) % 1000);
    } else {
        (void)snprintf(out, 16, "%s", gate == BW_BOXCONF_GATE_FCC ? "fcc" : "off");
    }
}

static const char *outside_names(struct bw_summary *s, const struct bw_boxconf_probe *p)
{
    char text[BW_STARTS_OUTSIDE_MAX + 1] = "";
    size_t n = 0;
    for (size_t i = 0; i < p->n_outside; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "+" : "",
                              bw_opts_target(p->opts, heavy_n_usual(p) + i)->name);
    }
    return text[0] ? bw_summary_strdup(s, text) : NULL;
}

static int tell_own(const struct bw_heavy *h, struct bw_summary *s, size_t cap)
{
    char minutes[BW_STARTS_MINUTES_MAX + 1];
    const char *text = NULL;
    int r = bw_starts_minutes_print(h->allowed, minutes);
    if (r < 0 || !minutes[0]) {
        return r; /* never allowed: nothing is planned */
    }
    text = bw_summary_strdup(s, minutes);
    if (!text) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < h->n_items && s->schedule.n_starts < cap; i++) {
        const struct bw_boxconf_probe *p = &h->config->probes[h->items[i].probe];
        if (h->items[i].what == ITEM_OWN && p->every_ms > 0) {
            struct bw_schedule_starts *t = &s->schedule.starts[s->schedule.n_starts++];
            bw_schedule_starts_init(t);
            (void)snprintf(t->probe, sizeof(t->probe), "%s", bw_opts_name(p->opts));
            (void)snprintf(t->kind, sizeof(t->kind), "%s", p->ops->name);
            t->mean_ms = p->every_ms;
            t->give_up_ms = h->config->tests.give_up_ms;
            t->give_up_at = h->config->tests.give_up_at_hour ? "hour" : NULL;
            t->minutes = text;
            gate_word(h->config->tests.gate, h->config->tests.gate_ppm, t->gate);
            t->outside = outside_names(s, p);
            if (p->n_outside > 0 && !t->outside) {
                return -ENOMEM;
            }
        }
    }
    return 0;
}

static void tell_campaign(const struct bw_heavy *h,
                          const struct bw_campaign *k,
                          struct bw_summary *s,
                          size_t cap)
{
    struct bw_rule_span spans[SPANS_MAX];
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    size_t n = bw_campaign_spans(k, day_s, day_s + DAY_S, spans, SPANS_MAX);
    for (size_t i = 0; i < n && s->schedule.n_starts < cap; i++) {
        struct bw_schedule_starts *t = &s->schedule.starts[s->schedule.n_starts++];
        bw_schedule_starts_init(t);
        (void)snprintf(t->probe, sizeof(t->probe), "%s", k->probe);
        (void)snprintf(t->kind, sizeof(t->kind), "%s", k->kind);
        (void)snprintf(t->campaign, sizeof(t->campaign), "%s", k->name);
        t->give_up_ms = spans[i].slot_ms;
        t->from_unix_s = spans[i].from_unix_s;
        t->slots = spans[i].slots;
        t->slot_ms = spans[i].slot_ms;
        t->spacing_ms = spans[i].spacing_ms;
        gate_word(k->rule.gate, k->rule.gate_ppm, t->gate);
    }
}

/* What the record's reader needs to draw the same starts. */
static int tell_starts(const struct bw_heavy *h, struct bw_summary *s)
{
    const size_t cap = BW_BOXCONF_PROBES_MAX; /* as many as a record takes */
    s->schedule.starts = bw_summary_alloc(s, cap * sizeof(*s->schedule.starts));
    if (!s->schedule.starts) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < h->n_items; i++) {
        const struct bw_campaign *k =
            h->items[i].what == ITEM_CAMPAIGN
                ? bw_campaigns_find(h->campaigns, h->items[i].campaign)
                : NULL;
        if (k) {
            tell_campaign(h, k, s, cap);
        }
    }
    return tell_own(h, s, cap);
}

void bw_heavy_tell(struct bw_heavy *h, struct bw_summary *s)
{
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    const char *kid = bw_writer_status(h->writer)->kid;
    if (s->start_unix_s < day_s || s->start_unix_s >= day_s + DAY_S ||
        (h->told_day_s == day_s && strcmp(h->told_kid, kid) == 0)) {
        return;
    }
    int r = bw_pledge_tell(h->pledge, s);
    r = r < 0 ? r : tell_starts(h, s);
    if (r < 0) {
        bw_log(BW_AREA_SCHED, BW_WARN,
               "what binds the start times does not fit into this record (%s); the next "
               "one is tried",
               bw_strerror(r));
        return;
    }
    h->told_day_s = day_s;
    (void)snprintf(h->told_kid, sizeof(h->told_kid), "%s", kid);
}
