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
    GATE_DRAIN_S = 2 /* after a test: its last bytes leave the queues of the line */
};

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
    h->config = bw_boxconf_ref(config);
    h->site = site;
    h->writer = writer;
    h->pledge = bw_pledge_new(writer, day_s);
    if (!h->pledge) {
        bw_heavy_free(h);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    h->spent_bytes = bw_writer_status(writer)->moved_today_bytes;
    h->spent_month_bytes = bw_writer_status(writer)->moved_month_bytes;
    heavy_plan(h, now_s);
    *ret = h;
    return 0;
}

void bw_heavy_reload(struct bw_heavy *h, struct bw_boxconf *config, struct bw_site *site)
{
    struct bw_boxconf *old = h->config;
    h->config = bw_boxconf_ref(config);
    h->site = site;
    bw_boxconf_unref(old);
    h->told_day_s = BW_UNKNOWN; /* the plan may be another */
    heavy_plan(h, bw_clock_unix_ms() / 1000);
}
/* ---- deciding */

/* The seconds that the gate may look back on: none in which a test of ours moved bytes or
 * emptied its queues, since those are not users. 0: too few yet. */
static int64_t gate_span_s(const struct bw_heavy *h)
{
    if (h->ended_mono_ms == BW_UNKNOWN) {
        return GATE_SPAN_S;
    }
    int64_t since_s = (bw_clock_mono_ms() - h->ended_mono_ms) / 1000 - GATE_DRAIN_S;
    if (since_s > GATE_SPAN_S) {
        return GATE_SPAN_S;
    }
    return since_s < GATE_SPAN_MIN_S ? 0 : since_s;
}

static void
look(struct bw_heavy *h, const struct item *it, bool asked, struct bw_sched_state *s)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    const struct bw_boxconf_circuit *c = &h->config->circuits[p->circuit];
    struct bw_interval *iv = bw_site_interval(h->site);
    int64_t now_unix_ms = bw_clock_unix_ms();
    int64_t now_mono_ns = bw_clock_mono_ns();
    const struct bw_reading *reading = bw_interval_last_reading(iv, (uint32_t)p->circuit);
    int64_t minute = (now_unix_ms / 1000 - bw_pledge_today_unix_s(h->pledge)) / 60;
    static const enum bw_sched_gate gates[] = {[BW_BOXCONF_GATE_SHARE] =
                                                   BW_SCHED_GATE_SHARE,
                                               [BW_BOXCONF_GATE_FCC] = BW_SCHED_GATE_FCC,
                                               [BW_BOXCONF_GATE_OFF] = BW_SCHED_GATE_OFF};
    memset(s, 0, sizeof(*s));
    s->now_mono_ms = now_mono_ns / 1000000;
    s->due_mono_ms = asked ? s->now_mono_ms : it->due_mono_ms;
    s->give_up_mono_ms = s->due_mono_ms;
    if (!asked) {
        s->give_up_mono_ms +=
            bw_sched_give_up_unix_ms(it->due_unix_ms, h->config->tests.give_up_ms,
                                     h->config->tests.give_up_at_hour) -
            it->due_unix_ms;
    }
    s->retry_ms = h->config->tests.retry_ms;
    s->asked = asked;
    s->running = h->run != NULL;
    s->minute_allowed = minute >= 0 && minute < BW_STARTS_DAY_MIN && h->allowed[minute];
    s->outage = bw_interval_out_now(iv, (uint32_t)p->circuit, now_mono_ns, NULL) > 0;
    s->link_bps = reading ? reading->link_bps : BW_UNKNOWN;
    s->gate = gates[h->config->tests.gate];
    s->gate_ppm = h->config->tests.gate_ppm;
    int64_t span_s = gate_span_s(h) > 0 ? gate_span_s(h) : GATE_SPAN_MIN_S;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        s->claim_bps[d] = c->claim_bps[d];
        s->carried_bps[d] = bw_interval_carried_bps(
            iv, (uint32_t)p->circuit, (enum bw_direction)d, span_s, now_mono_ns);
    }
    s->cost_bytes = bw_forecast_run_bytes(h->config, p, s->link_bps);
    s->spent_bytes = h->spent_bytes;
    s->day_bytes = h->config->tests.day_bytes;
    s->month_spent_bytes = h->spent_month_bytes;
    s->month_bytes = h->config->tests.month_bytes;
    const struct bw_runner_job job = {.ops = p->ops, .opts = p->opts};
    s->down = bw_job_has_direction(&job, BW_DOWN);
    s->up = bw_job_has_direction(&job, BW_UP);
}
static void consider(struct bw_heavy *h, struct item *it)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    struct bw_sched_state s;
    struct bw_sched_decision d;
    struct bw_err err = {0};
    if (!h->run && gate_span_s(h) == 0) {
        return; /* a test has just ended: seconds, and nothing worth a record */
    }
    look(h, it, false, &s);
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
               bw_opts_name(p->opts), d.reason, h->config->tests.retry_ms / 1000);
        return;
    case BW_SCHED_GIVE_UP:
        heavy_not_run(h, it, BW_TEST_DEFERRED, d.reason);
        it->left_out++;
        (void)snprintf(it->left_why, sizeof(it->left_why), "%s", d.reason);
        bw_log(BW_AREA_SCHED, BW_NOTICE, "%s \"%s\" is left out this time (%s)",
               p->ops->name, bw_opts_name(p->opts), d.reason);
        break;
    }
    uint64_t turn = it->turn;
    int64_t now_ms = bw_clock_unix_ms();
    heavy_plan_item(h, it, (it->due_unix_ms > now_ms ? it->due_unix_ms : now_ms) + 1);
    it->turn = turn;
}

void bw_heavy_second(struct bw_heavy *h, int64_t unix_s, bool stepped)
{
    if (h->stopping || !bw_site_interval(h->site)) {
        return;
    }
    if (stepped || unix_s - unix_s % DAY_S != bw_pledge_today_unix_s(h->pledge)) {
        heavy_plan(h, unix_s);
    }
    int64_t now_ms = bw_clock_mono_ms();
    for (size_t i = 0; i < h->n_items; i++) {
        struct item *it = &h->items[i];
        if (it->due_unix_ms != BW_UNKNOWN && now_ms >= it->due_mono_ms &&
            now_ms >= it->look_mono_ms) {
            consider(h, it);
        }
    }
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
        if (probe ? strcmp(name, probe) == 0 : h->n_items == 1) {
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
    look(h, found, true, &s);
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
    if (i >= h->n_items) {
        return false;
    }
    const struct item *it = &h->items[i];
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    ret->probe = bw_opts_name(p->opts);
    ret->kind = p->ops->name;
    ret->due_unix_ms = it->due_unix_ms;
    ret->deferred = it->deferred;
    ret->left_out = it->left_out;
    ret->left_why = it->left_why;
    ret->failed = it->failed;
    ret->never = p->every_ms > 0 && !memchr(h->allowed, 1, sizeof(h->allowed));
    ret->running = h->run && h->run->config == h->config && h->run->probe == it->probe;
    return true;
}

const struct bw_pledge *bw_heavy_pledge(const struct bw_heavy *h)
{
    return h->pledge;
}
void bw_heavy_stop(struct bw_heavy *h, void (*cb)(void *owner), void *owner)
{
    h->stopping = true;
    if (!h->run) {
        cb(owner);
        return;
    }
    h->stopped = cb;
    h->stopped_owner = owner;
    bw_runner_cancel(h->run->runner);
}

void bw_heavy_free(struct bw_heavy *h)
{
    if (h) {
        bw_pledge_free(h->pledge);
        bw_boxconf_unref(h->config);
        free(h);
    }
}
