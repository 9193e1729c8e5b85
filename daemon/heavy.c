/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy.c - throughput tests: due, allowed, running.
 *
 * The second's beat drives everything: a start is compared with the monotonic clock
 * against a target fixed when the day was planned, and a stepped clock plans anew. At
 * most one run exists, whoever asked for it. */
#include "forecast.h"
#include "heavy_private.h"
#include "pledge.h"
#include "schedule.h"
#include "site.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <job.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    GATE_SPAN_S = 10,
    GATE_SPAN_MIN_S = 3,
    FORESEEN_TEXT_MAX = 128,
    GATE_DRAIN_S = 2 /* after a test: its last bytes leave the queues of the line */
};

static const char foreseen_name[] = "sched.foreseen";

static void load_foreseen(struct bw_heavy *h)
{
    struct bw_buf b;
    bw_buf_init(&b, FORESEEN_TEXT_MAX);
    char *at = bw_writer_get(h->writer, foreseen_name, &b) == 0 ? b.data : NULL;
    for (size_t i = 0; i < HEAVY_FORESEEN_MAX; i++) {
        char *end = at;
        int64_t day_s = at ? strtoll(at, &end, 10) : 0;
        h->foreseen_day_s[i] = end != at ? day_s : BW_UNKNOWN;
        at = end;
    }
    bw_buf_done(&b);
}

bool heavy_is_foreseen(const struct bw_heavy *h, int64_t day_unix_s)
{
    for (size_t i = 0; i < HEAVY_FORESEEN_MAX; i++) {
        if (h->foreseen_day_s[i] == day_unix_s) {
            return true;
        }
    }
    return false;
}

void heavy_mark_foreseen(struct bw_heavy *h, const char *how)
{
    char text[FORESEEN_TEXT_MAX] = "";
    size_t n = 0;
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    if (heavy_is_foreseen(h, day_s)) {
        return;
    }
    memmove(h->foreseen_day_s + 1, h->foreseen_day_s,
            (HEAVY_FORESEEN_MAX - 1) * sizeof(h->foreseen_day_s[0]));
    h->foreseen_day_s[0] = day_s;
    for (size_t i = 0; i < HEAVY_FORESEEN_MAX && h->foreseen_day_s[i] != BW_UNKNOWN; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRId64, i ? " " : "",
                              h->foreseen_day_s[i]);
    }
    (void)bw_writer_set(h->writer, foreseen_name, text);
    bw_log(BW_AREA_SCHED, BW_NOTICE, "%s: later runs of this day are marked \"foreseen\"",
           how);
}

int bw_heavy_new(uv_loop_t *loop,
                 struct bw_boxconf *config,
                 struct bw_site *site,
                 struct bw_writer *writer,
                 struct bw_heavy **ret,
                 struct bw_err *reterr)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int64_t day_s = now_s - now_s % DAY_S;
    struct bw_heavy *h = calloc(1, sizeof(*h));
    if (!h) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    h->loop = loop;
    h->ended_mono_ms = BW_UNKNOWN;
    h->told_day_s = BW_UNKNOWN;
    h->light_told_mono_ms = bw_clock_mono_ms();
    h->config = bw_boxconf_ref(config);
    h->site = site;
    h->writer = writer;
    h->pledge = bw_pledge_new(writer, day_s);
    h->campaigns = bw_campaigns_new(writer);
    if (!h->pledge || !h->campaigns) {
        bw_heavy_free(h);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    load_foreseen(h);
    heavy_plan(h, now_s);
    heavy_know_spent(h);
    *ret = h;
    return 0;
}

void bw_heavy_use_tickets(struct bw_heavy *h, struct bw_ticketer *tickets)
{
    h->tickets = tickets;
}

void bw_heavy_reload(struct bw_heavy *h, struct bw_boxconf *config, struct bw_site *site)
{
    struct bw_boxconf *old = h->config;
    heavy_tell_light(h, bw_clock_unix_ms() / 1000);
    h->config = bw_boxconf_ref(config);
    h->site = site;
    if (h->run && h->run->runner) { /* and a tap may be, or look elsewhere */
        const struct run *run = h->run;
        size_t circuit = run->config->probes[run->item.probe].circuit;
        bw_site_own_test(site, run->config->circuits[circuit].id, true);
    }
    h->told_day_s = BW_UNKNOWN; /* the plan may be another */
    heavy_plan(h, bw_clock_unix_ms() / 1000);
    bw_boxconf_unref(old);
}

/* ---- deciding */

/* The seconds that the gate may look back on: none in which a test of ours moved bytes or
 * emptied its queues, since those are not users. 0: too few yet. */
static int64_t gate_span_s(const struct bw_heavy *h, size_t circuit)
{
    if (h->ended_mono_ms == BW_UNKNOWN) {
        return GATE_SPAN_S;
    }
    int64_t since_s = (bw_clock_mono_ms() - h->ended_mono_ms) / 1000 - GATE_DRAIN_S -
                      heavy_late_s(h, circuit);
    if (since_s > GATE_SPAN_S) {
        return GATE_SPAN_S;
    }
    return since_s < GATE_SPAN_MIN_S ? 0 : since_s;
}

static bool minute_allowed(const struct bw_heavy *h, const struct item *it, int64_t now_s)
{
    const struct bw_campaign *k =
        it->what == ITEM_CAMPAIGN ? bw_campaigns_find(h->campaigns, it->campaign) : NULL;
    int64_t minute = (now_s - bw_pledge_today_unix_s(h->pledge)) / 60;
    if (k) { /* its hours are its slots */
        return k->rule.in_class || !bw_boxconf_in_class(h->config, now_s);
    }
    return minute >= 0 && minute < BW_STARTS_DAY_MIN && h->allowed[minute];
}

static void
set_gate(const struct bw_heavy *h, const struct item *it, struct bw_sched_state *s)
{
    static const enum bw_sched_gate gates[] = {[BW_BOXCONF_GATE_SHARE] =
                                                   BW_SCHED_GATE_SHARE,
                                               [BW_BOXCONF_GATE_FCC] = BW_SCHED_GATE_FCC,
                                               [BW_BOXCONF_GATE_OFF] = BW_SCHED_GATE_OFF};
    const struct bw_campaign *k =
        it->what == ITEM_CAMPAIGN ? bw_campaigns_find(h->campaigns, it->campaign) : NULL;
    s->gate = gates[k ? k->rule.gate : h->config->tests.gate];
    s->gate_ppm = heavy_gate_ppm(h, h->config->probes[it->probe].circuit,
                                 k ? k->rule.gate_ppm : h->config->tests.gate_ppm);
    s->retry_ms = k ? k->rule.retry_ms : h->config->tests.retry_ms;
}

void heavy_look(struct bw_heavy *h,
                const struct item *it,
                bool asked,
                struct bw_sched_state *s)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    const struct bw_boxconf_circuit *c = &h->config->circuits[p->circuit];
    struct bw_interval *iv = bw_site_interval(h->site);
    int64_t now_mono_ns = bw_clock_mono_ns();
    const struct bw_reading *reading = bw_interval_last_reading(iv, (uint32_t)p->circuit);
    memset(s, 0, sizeof(*s));
    s->now_mono_ms = now_mono_ns / 1000000;
    s->due_mono_ms = asked ? s->now_mono_ms : it->due_mono_ms;
    s->give_up_mono_ms = s->due_mono_ms;
    if (!asked && it->due_unix_ms != BW_UNKNOWN) {
        s->give_up_mono_ms += it->give_up_unix_ms - it->due_unix_ms;
    }
    s->asked = asked;
    s->running = h->run != NULL;
    s->minute_allowed = minute_allowed(h, it, bw_clock_unix_ms() / 1000);
    s->outage = bw_interval_out_now(iv, (uint32_t)p->circuit, now_mono_ns, NULL) > 0;
    s->link_bps = reading ? reading->link_bps : BW_UNKNOWN;
    s->counted = c->source != BW_SOURCE_NONE;
    set_gate(h, it, s);
    int64_t span_s = gate_span_s(h, p->circuit);
    span_s = span_s > 0 ? span_s : GATE_SPAN_MIN_S;
    int64_t since_ns = h->ended_mono_ms == BW_UNKNOWN
                           ? INT64_MIN
                           : (h->ended_mono_ms + GATE_DRAIN_S * INT64_C(1000)) * 1000000;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        s->claim_bps[d] = c->claim_bps[d];
        s->carried_bps[d] = bw_interval_carried_since_bps(
            iv, (uint32_t)p->circuit, (enum bw_direction)d, span_s, since_ns, now_mono_ns);
    }
    struct bw_boxconf_probe as_run = *p;
    struct bw_opts *longer = heavy_longer(h, p, s->link_bps);
    as_run.opts = longer ? longer : p->opts;
    s->cost_bytes = bw_forecast_run_bytes(h->config, &as_run, s->link_bps);
    bw_opts_free(longer);
    s->spent_bytes = h->spent_bytes;
    s->day_bytes = h->config->tests.day_bytes;
    s->month_spent_bytes = h->spent_month_bytes;
    s->month_bytes = h->config->tests.month_bytes;
    const struct bw_runner_job job = {.ops = p->ops, .opts = p->opts};
    s->down = bw_job_has_direction(&job, BW_DOWN);
    s->up = bw_job_has_direction(&job, BW_UP);
}
/* What is planned after the one that ran or was given up. */
static void go_on(struct bw_heavy *h, struct item *it)
{
    int64_t now_ms = bw_clock_unix_ms();
    if (it->what == ITEM_CAMPAIGN) { /* one a slot: every start lies before its latest */
        heavy_plan_item(h, it, it->give_up_unix_ms);
    } else if (it->what == ITEM_OWN) {
        heavy_plan_item(h, it, (it->due_unix_ms > now_ms ? it->due_unix_ms : now_ms) + 1);
    } else {
        it->due_unix_ms = BW_UNKNOWN;
    }
}

void heavy_give_up(struct bw_heavy *h,
                   struct item *it,
                   const struct item *due,
                   const char *reason)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    struct bw_campaign *k =
        it->what == ITEM_CAMPAIGN ? bw_campaigns_find(h->campaigns, it->campaign) : NULL;
    heavy_not_run(h, due, BW_TEST_DEFERRED, reason);
    it->left_out++;
    (void)snprintf(it->left_why, sizeof(it->left_why), "%s", reason);
    bw_log(BW_AREA_SCHED, BW_NOTICE, "%s \"%s\" is left out this time (%s)", p->ops->name,
           bw_opts_name(p->opts), reason);
    if (k) {
        k->given_up++;
        bw_campaigns_keep(h->campaigns, k);
    }
}

static void consider(struct bw_heavy *h, struct item *it)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    struct bw_sched_state s;
    struct bw_sched_decision d;
    struct bw_err err = {0};
    if (!h->run && gate_span_s(h, p->circuit) == 0) {
        return; /* a test has just ended: seconds, and nothing worth a record */
    }
    heavy_look(h, it, false, &s);
    bw_sched_decide(&s, &d);
    switch (d.verdict) {
    case BW_SCHED_WAIT:
        return;
    case BW_SCHED_RUN:
        if (heavy_start(h, it, false, &err) < 0) {
            bw_log(BW_AREA_SCHED, BW_WARN,
                   "%s \"%s\" could not be started: %s; the next one is as planned",
                   p->ops->name, bw_opts_name(p->opts), err.text);
            heavy_not_run(h, it, BW_TEST_FAILED, err.text);
        }
        break;
    case BW_SCHED_DEFER:
        heavy_not_run(h, it, BW_TEST_DEFERRED, d.reason);
        (void)snprintf(it->deferred, sizeof(it->deferred), "%s", d.reason);
        it->look_mono_ms = d.next_mono_ms;
        bw_log(BW_AREA_SCHED, BW_INFO,
               "%s \"%s\" is put off (%s); looked at again in %" PRId64 " s", p->ops->name,
               bw_opts_name(p->opts), d.reason, s.retry_ms / 1000);
        return;
    case BW_SCHED_GIVE_UP:
        heavy_give_up(h, it, it, d.reason);
        break;
    }
    go_on(h, it);
}

static void consider_due(struct bw_heavy *h, struct item *it, int64_t now_mono_ms)
{
    if (it->due_unix_ms != BW_UNKNOWN && now_mono_ms >= it->due_mono_ms &&
        now_mono_ms >= it->look_mono_ms) {
        consider(h, it);
    }
}

void bw_heavy_second(struct bw_heavy *h, int64_t unix_s, bool stepped)
{
    if (h->stopping || !bw_site_interval(h->site)) {
        return;
    }
    if (stepped || unix_s - unix_s % DAY_S != bw_pledge_today_unix_s(h->pledge)) {
        heavy_plan(h, unix_s);
    }
    heavy_know_spent(h);
    int64_t now_ms = bw_clock_mono_ms();
    /* Who has least time to lose comes first: retests, campaigns, the rest. */
    for (size_t i = 0; i < h->n_retests;) {
        consider_due(h, &h->retests[i], now_ms);
        if (h->retests[i].due_unix_ms == BW_UNKNOWN) {
            h->n_retests--;
            memmove(&h->retests[i], &h->retests[i + 1],
                    (h->n_retests - i) * sizeof(h->retests[0]));
        } else {
            i++;
        }
    }
    for (size_t i = h->n_items; i > 0; i--) {
        consider_due(h, &h->items[i - 1], now_ms);
    }
}

static size_t n_own(const struct bw_heavy *h)
{
    size_t n = 0;
    while (n < h->n_items && h->items[n].what == ITEM_OWN) {
        n++;
    }
    return n;
}

int bw_heavy_ask(struct bw_heavy *h,
                 const char *probe,
                 const struct bw_heavy_asker *asker,
                 struct bw_err *reterr)
{
    struct item *found = NULL;
    struct bw_sched_state s;
    struct bw_sched_decision d;
    for (size_t i = 0; i < h->n_items; i++) {
        const char *name = bw_opts_name(h->config->probes[h->items[i].probe].opts);
        if (h->items[i].what == ITEM_OWN &&
            (probe ? strcmp(name, probe) == 0 : n_own(h) == 1)) {
            found = &h->items[i];
        }
    }
    if (!found) {
        return probe ? bw_err_set(reterr, -ENOENT, "there is no throughput probe \"%s\"",
                                  probe)
                     : bw_err_set(reterr, -ENOENT, "say which throughput probe");
    }
    if (h->stopping || !bw_site_interval(h->site)) {
        return bw_err_set(reterr, -EAGAIN, "the daemon is starting or stopping");
    }
    heavy_look(h, found, true, &s);
    bw_sched_decide(&s, &d);
    if (d.verdict != BW_SCHED_RUN) {
        return bw_err_set(reterr, s.running ? -EBUSY : -EAGAIN, "%s", d.reason);
    }
    int r = heavy_start(h, found, true, reterr);
    if (r == 0) {
        h->asker = *asker;
    }
    return r;
}

bool bw_heavy_next(const struct bw_heavy *h, size_t i, struct bw_heavy_next *ret)
{
    if (i >= n_own(h)) {
        return false;
    }
    const struct item *it = &h->items[i];
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    const struct bw_boxconf_circuit *c = &h->config->circuits[p->circuit];
    struct bw_interval *iv = bw_site_interval(h->site);
    const struct bw_reading *reading =
        iv ? bw_interval_last_reading(iv, (uint32_t)p->circuit) : NULL;
    memset(ret, 0, sizeof(*ret));
    ret->probe = bw_opts_name(p->opts);
    ret->kind = p->ops->name;
    ret->circuit = c->id;
    ret->planned = it->due_unix_ms != BW_UNKNOWN;
    ret->deferred = it->deferred;
    ret->left_out = it->left_out;
    ret->left_why = it->left_why;
    ret->failed = it->failed;
    ret->never =
        p->every_ms > 0 && !bw_starts_can(p->every_ms, bw_forecast_open_ms(h->allowed));
    ret->running = h->run && h->run->config == h->config && h->run->item.probe == it->probe;
    ret->equal_in_row = h->tracks[it->probe].equal_in_row;
    ret->no_second =
        h->tracks[it->probe].newest.below && heavy_n_usual(p) == 1 && p->n_outside == 0;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        ret->untestable[d] = bw_forecast_untestable(
                                 c->claim_bps[d], reading ? reading->link_bps : BW_UNKNOWN,
                                 p->server_bps) != BW_TESTABLE;
    }
    return true;
}

int64_t bw_heavy_day_bytes(const struct bw_heavy *h)
{
    return h->spent_bytes;
}

int64_t bw_heavy_month_bytes(const struct bw_heavy *h)
{
    return h->spent_month_bytes;
}

int64_t bw_heavy_other_in_row(const struct bw_heavy *h, size_t circuit)
{
    return circuit < BW_CIRCUITS_MAX ? h->other_in_row[circuit].runs : 0;
}

const struct bw_pledge *bw_heavy_pledge(const struct bw_heavy *h)
{
    return h->pledge;
}
void bw_heavy_stop(struct bw_heavy *h, void (*cb)(void *owner), void *owner)
{
    h->stopping = true;
    heavy_tell_light(h, bw_clock_unix_ms() / 1000);
    if (!h->run) {
        cb(owner);
        return;
    }
    h->stopped = cb;
    h->stopped_owner = owner;
    heavy_cancel(h);
}

void bw_heavy_free(struct bw_heavy *h)
{
    if (h) {
        bw_pledge_free(h->pledge);
        bw_campaigns_free(h->campaigns);
        bw_boxconf_unref(h->config);
        free(h);
    }
}
