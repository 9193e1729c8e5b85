/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy.c - throughput tests: due, allowed, running.
 *
 * The second's beat drives everything: a start is compared with the monotonic clock
 * against a target fixed when the day was planned, and a stepped clock plans anew. At
 * most one run exists, whoever asked for it. */
#include "heavy.h"

#include "boxconf.h"
#include "pledge.h"
#include "schedule.h"
#include "site.h"
#include "writer.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <interval.h>
#include <inttypes.h>
#include <log.h>
#include <runner.h>
#include <starts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    GATE_SPAN_S = 10,
    GATE_SPAN_MIN_S = 3,
    GATE_DRAIN_S = 2 /* after a test: its last bytes leave the queues of the line */
};

struct item {
    size_t probe;        /* index into the configuration */
    int64_t due_unix_ms; /* unknown: none (any more) today */
    int64_t due_mono_ms;
    int64_t look_mono_ms; /* a deferred one is looked at again then */
    uint64_t turn;        /* targets take turns */
    char deferred[128];
    int64_t left_out; /* in a row */
    char left_why[128];
    char failed[200];
};

struct run {
    struct bw_heavy *heavy;
    struct bw_boxconf *config; /* the one it began under */
    struct bw_runner *runner;
    size_t probe;
    uint32_t target;
    int64_t moved_bytes;
    char failed[200]; /* why its last result is none; "" */
    bool asked;
};

struct bw_heavy {
    uv_loop_t *loop;
    struct bw_boxconf *config;
    struct bw_site *site;
    struct bw_writer *writer;
    struct bw_pledge *pledge;
    uint8_t allowed[BW_STARTS_DAY_MIN]; /* of today */
    struct item items[BW_BOXCONF_PROBES_MAX];
    const struct bw_boxconf *planned; /* the configuration they are of; only compared */
    size_t n_items;
    int64_t spent_bytes; /* of today */
    struct run *run;
    int64_t ended_mono_ms; /* of the last run; unknown: none yet */
    struct bw_heavy_asker asker;
    int64_t told_day_s; /* a record of this day has told of secrets and plan */
    char told_kid[BW_KID_LEN + 1];
    bool stopping;
    void (*stopped)(void *owner);
    void *stopped_owner;
};

/* ---- planning */

/* The first drawn start of today at or after a moment. */
static void plan_item(struct bw_heavy *h, struct item *it, int64_t after_unix_ms)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    int64_t *starts = NULL;
    char name[160];

    it->due_unix_ms = BW_UNKNOWN;
    it->deferred[0] = '\0';
    it->look_mono_ms = 0;
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
        if (day_s * 1000 + starts[i] >= after_unix_ms) {
            it->due_unix_ms = day_s * 1000 + starts[i];
            it->due_mono_ms = bw_clock_mono_ms() + it->due_unix_ms - bw_clock_unix_ms();
            break;
        }
    }
    free(starts);
}

static void plan(struct bw_heavy *h, int64_t unix_s)
{
    struct item had[BW_BOXCONF_PROBES_MAX];
    size_t n_had = h->planned == h->config ? h->n_items : 0;
    int64_t day_s = unix_s - unix_s % DAY_S;
    if (bw_pledge_today_unix_s(h->pledge) != day_s) {
        bw_pledge_turn(h->pledge, day_s);
        h->spent_bytes = 0;
    }
    bw_boxconf_allowed(h->config, day_s, h->allowed);
    memcpy(had, h->items, sizeof(had));
    h->planned = h->config;
    h->n_items = 0;
    for (size_t i = 0; i < h->config->n_probes; i++) {
        if (h->config->probes[i].ops->klass == BW_CLASS_THROUGHPUT) {
            struct item *it = &h->items[h->n_items++];
            memset(it, 0, sizeof(*it));
            if (h->n_items <= n_had) { /* what became of the days before */
                *it = had[h->n_items - 1];
            }
            it->probe = i;
            plan_item(h, it, unix_s * 1000);
        }
    }
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
    h->config = bw_boxconf_ref(config);
    h->site = site;
    h->writer = writer;
    h->pledge = bw_pledge_new(writer, day_s);
    if (!h->pledge) {
        bw_heavy_free(h);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    h->spent_bytes = bw_writer_status(writer)->moved_today_bytes;
    plan(h, now_s);
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
    plan(h, bw_clock_unix_ms() / 1000);
}

/* ---- running */

static struct bw_interval_run
who_of(const struct bw_boxconf *c, size_t probe, uint32_t target)
{
    const struct bw_boxconf_probe *p = &c->probes[probe];
    return (struct bw_interval_run){.circuit = (uint32_t)p->circuit,
                                    .probe = bw_opts_name(p->opts),
                                    .kind = p->ops->name,
                                    .server = bw_opts_target(p->opts, target)->name};
}

/* The circuit of a run's configuration in the one that is measured by now. */
static int circuit_now(const struct bw_heavy *h, const struct run *run)
{
    const char *id = run->config->circuits[run->config->probes[run->probe].circuit].id;
    return bw_boxconf_circuit(h->config, id);
}

static void on_sample(void *owner, const struct bw_run_sample *s)
{
    struct run *run = owner;
    struct bw_heavy *h = run->heavy;
    int circuit = circuit_now(h, run);
    if (circuit >= 0 && bw_site_interval(h->site)) {
        bw_site_read_extra(h->site, (size_t)circuit);
        if (s->final) {
            struct bw_interval_run who = who_of(run->config, run->probe, run->target);
            who.circuit = (uint32_t)circuit;
            who.asked = run->asked;
            int r = bw_interval_run(bw_site_interval(h->site), &who, s);
            if (r < 0) {
                bw_log(BW_AREA_SCHED, BW_WARN,
                       "a result of \"%s\" found no room in the record: %s", who.probe,
                       bw_strerror(r));
            }
        }
    }
    if (s->final) {
        (void)snprintf(run->failed, sizeof(run->failed), "%s",
                       s->state != BW_FAILED       ? ""
                       : s->reason && s->reason[0] ? s->reason
                                                   : "it does not say why");
    }
    if (s->final && s->total_bytes != BW_UNKNOWN) {
        run->moved_bytes += s->total_bytes;
    }
    if (run->asked && h->asker.sample) {
        h->asker.sample(h->asker.owner, s);
    }
}

static void on_end(void *owner, int status, const char *reason)
{
    struct run *run = owner;
    struct bw_heavy *h = run->heavy;
    const struct bw_boxconf_probe *p = &run->config->probes[run->probe];
    h->run = NULL;
    h->ended_mono_ms = bw_clock_mono_ms();
    h->spent_bytes += run->moved_bytes;
    if (run->moved_bytes > 0) {
        (void)bw_writer_moved(h->writer, run->config->circuits[p->circuit].id,
                              bw_clock_unix_ms() / 1000, run->moved_bytes);
    }
    if (status < 0 && status != -ECANCELED) {
        bw_log(BW_AREA_SCHED, BW_WARN, "%s \"%s\" failed: %s; the record says so",
               p->ops->name, bw_opts_name(p->opts), reason ? reason : bw_strerror(status));
    }
    if (run->asked && h->asker.end) {
        struct bw_heavy_asker a = h->asker;
        memset(&h->asker, 0, sizeof(h->asker));
        a.end(a.owner, status, reason);
    }
    for (size_t i = 0; i < h->n_items && run->config == h->config; i++) {
        struct item *it = &h->items[i];
        if (it->probe == run->probe && status != -ECANCELED) {
            it->left_out = 0;
            (void)snprintf(it->failed, sizeof(it->failed), "%s",
                           status == 0 ? run->failed
                           : reason    ? reason
                                       : bw_strerror(status));
        }
    }
    bw_boxconf_unref(run->config);
    free(run);
    if (h->stopping && h->stopped) {
        void (*cb)(void *) = h->stopped;
        h->stopped = NULL;
        cb(h->stopped_owner);
    }
}

static const struct bw_runner_callbacks run_callbacks = {.sample = on_sample,
                                                         .end = on_end};

static int start(struct bw_heavy *h, struct item *it, bool asked, struct bw_err *reterr)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    struct run *run = calloc(1, sizeof(*run));
    if (!run) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    run->heavy = h;
    run->config = bw_boxconf_ref(h->config);
    run->probe = it->probe;
    run->target = (uint32_t)(it->turn++ % bw_opts_n_targets(p->opts));
    run->asked = asked;
    const struct bw_runner_job job = {
        .ops = p->ops, .opts = p->opts, .target = run->target};
    int r = bw_runner_start(h->loop, &job, &run_callbacks, run, &run->runner, reterr);
    if (r < 0) {
        bw_boxconf_unref(run->config);
        free(run);
        return r;
    }
    h->run = run;
    return 0;
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
    s->give_up_ms = h->config->tests.give_up_ms;
    s->retry_ms = h->config->tests.retry_ms;
    s->asked = asked;
    s->running = h->run != NULL;
    s->minute_allowed = minute >= 0 && minute < BW_STARTS_DAY_MIN && h->allowed[minute];
    s->outage = bw_interval_out_now(iv, (uint32_t)p->circuit, now_mono_ns, NULL) > 0;
    s->link_bps = reading ? reading->link_bps : BW_UNKNOWN;
    s->gate = gates[h->config->tests.gate];
    s->gate_ppm = h->config->tests.gate_ppm;
    int64_t span_s = gate_span_s(h) > 0 ? gate_span_s(h) : GATE_SPAN_MIN_S;
    int64_t line_bps = BW_UNKNOWN;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        s->claim_bps[d] = c->claim_bps[d];
        s->carried_bps[d] = bw_interval_carried_bps(
            iv, (uint32_t)p->circuit, (enum bw_direction)d, span_s, now_mono_ns);
        if (c->claim_bps[d] != BW_UNKNOWN &&
            (line_bps == BW_UNKNOWN || c->claim_bps[d] > line_bps)) {
            line_bps = c->claim_bps[d];
        }
    }
    if (line_bps == BW_UNKNOWN) {
        line_bps = s->link_bps;
    }
    s->cost_bytes = p->ops->cost_bytes ? p->ops->cost_bytes(p->opts, line_bps) : 0;
    if (s->cost_bytes == BW_UNKNOWN) {
        s->cost_bytes = 0;
    }
    s->spent_bytes = h->spent_bytes;
    s->day_bytes = h->config->tests.day_bytes;
}

static void record_not_run(struct bw_heavy *h,
                           const struct item *it,
                           enum bw_test_state state,
                           const char *reason)
{
    struct bw_interval_run who =
        who_of(h->config, it->probe,
               (uint32_t)(it->turn % bw_opts_n_targets(h->config->probes[it->probe].opts)));
    int r = bw_interval_not_run(bw_site_interval(h->site), &who, BW_DIRECTIONS,
                                bw_clock_unix_ms(), state, reason);
    if (r < 0) {
        bw_log(BW_AREA_SCHED, BW_WARN,
               "a test of \"%s\" that did not run found no room in the record: %s",
               who.probe, bw_strerror(r));
    }
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
        if (start(h, it, false, &err) < 0) {
            bw_log(BW_AREA_SCHED, BW_WARN,
                   "%s \"%s\" could not be started: %s; the next one is as planned",
                   p->ops->name, bw_opts_name(p->opts), err.text);
            record_not_run(h, it, BW_TEST_FAILED, err.text);
        }
        break;
    case BW_SCHED_DEFER:
        record_not_run(h, it, BW_TEST_DEFERRED, d.reason);
        (void)snprintf(it->deferred, sizeof(it->deferred), "%s", d.reason);
        it->look_mono_ms = d.next_mono_ms;
        bw_log(BW_AREA_SCHED, BW_INFO,
               "%s \"%s\" is put off (%s); looked at again in %" PRId64 " s", p->ops->name,
               bw_opts_name(p->opts), d.reason, h->config->tests.retry_ms / 1000);
        return;
    case BW_SCHED_GIVE_UP:
        record_not_run(h, it, BW_TEST_DEFERRED, d.reason);
        it->left_out++;
        (void)snprintf(it->left_why, sizeof(it->left_why), "%s", d.reason);
        bw_log(BW_AREA_SCHED, BW_NOTICE, "%s \"%s\" is left out this time (%s)",
               p->ops->name, bw_opts_name(p->opts), d.reason);
        break;
    }
    uint64_t turn = it->turn;
    int64_t now_ms = bw_clock_unix_ms();
    plan_item(h, it, (it->due_unix_ms > now_ms ? it->due_unix_ms : now_ms) + 1);
    it->turn = turn;
}

void bw_heavy_second(struct bw_heavy *h, int64_t unix_s, bool stepped)
{
    if (h->stopping || !bw_site_interval(h->site)) {
        return;
    }
    if (stepped || unix_s - unix_s % DAY_S != bw_pledge_today_unix_s(h->pledge)) {
        plan(h, unix_s);
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
    int r = start(h, found, true, reterr);
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

/* What the record's reader needs to draw the same starts. */
static int tell_starts(const struct bw_heavy *h, struct bw_summary *s)
{
    char minutes[BW_STARTS_MINUTES_MAX + 1];
    struct bw_schedule_starts *starts =
        bw_summary_alloc(s, h->n_items * sizeof(*starts) + 1);
    char *text = NULL;
    if (!starts) {
        return -ENOMEM;
    }
    int r = bw_starts_minutes_print(h->allowed, minutes);
    if (r < 0 || !minutes[0]) {
        return r; /* never allowed: nothing is planned */
    }
    text = bw_summary_strdup(s, minutes);
    if (!text) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < h->n_items; i++) {
        const struct bw_boxconf_probe *p = &h->config->probes[h->items[i].probe];
        if (p->every_ms > 0) {
            struct bw_schedule_starts *t = &starts[s->schedule.n_starts++];
            memset(t, 0, sizeof(*t));
            (void)snprintf(t->probe, sizeof(t->probe), "%s", bw_opts_name(p->opts));
            (void)snprintf(t->kind, sizeof(t->kind), "%s", p->ops->name);
            t->mean_ms = p->every_ms;
            t->give_up_ms = h->config->tests.give_up_ms;
            t->minutes = text;
        }
    }
    s->schedule.starts = starts;
    return 0;
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
