/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_run.c - the one throughput test that runs, and what comes of it.
 *
 * A run ends under the configuration it began under; its results go into the interval
 * that is open by then. */
#include "forecast.h"
#include "heavy_private.h"
#include "pledge.h"
#include "site.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <job.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_interval_run
who_of(const struct bw_boxconf *c, const struct item *it, uint32_t target)
{
    const struct bw_boxconf_probe *p = &c->probes[it->probe];
    return (struct bw_interval_run){.circuit = (uint32_t)p->circuit,
                                    .probe = bw_opts_name(p->opts),
                                    .kind = p->ops->name,
                                    .server = bw_opts_target(p->opts, target)->name,
                                    .campaign =
                                        it->what == ITEM_CAMPAIGN ? it->campaign : NULL};
}

static const char *retest_of(const struct item *it, enum bw_direction d)
{
    return it->what == ITEM_RETEST && it->retest_of[d][0] ? it->retest_of[d] : NULL;
}

static void add_word(struct bw_interval_run *who, const char *word)
{
    for (size_t i = 0; i < BW_INTERVAL_WORDS_MAX; i++) {
        if (!who->words[i]) {
            who->words[i] = word;
            return;
        }
    }
}

/* Who is shown what is still to come is shown everything whose time is drawn by then: also
 * a campaign's test of a slot that begins before midnight, and runs after it. */
static bool is_foreseen(const struct bw_heavy *h, const struct item *it)
{
    return heavy_is_foreseen(h, it->drawn_day_s) ||
           heavy_is_foreseen(h, bw_pledge_today_unix_s(h->pledge));
}

/* The circuit of a run's configuration in the one that is measured by now. */
static int circuit_now(const struct bw_heavy *h, const struct run *run)
{
    const char *id = run->config->circuits[run->config->probes[run->item.probe].circuit].id;
    return bw_boxconf_circuit(h->config, id);
}

/* Upload equal to download, three times running: some box on the way made the figures. */
static bool
is_equal_again(struct bw_heavy *h, struct run *run, const struct bw_run_sample *s)
{
    struct track *t = &h->tracks[run->item.probe];
    enum bw_direction other = s->direction == BW_DOWN ? BW_UP : BW_DOWN;
    int64_t us = (s->t1_mono_ns - s->t0_mono_ns) / 1000;
    if (s->state != BW_OK || s->bytes == BW_UNKNOWN || us <= 0 ||
        s->bytes > INT64_MAX / 8000000) {
        return false;
    }
    run->goodput_bps[s->direction] = s->bytes * 8000000 / us;
    if (run->goodput_bps[other] == BW_UNKNOWN || run->config != h->config) {
        return false;
    }
    t->equal_in_row = bw_judge_equal(run->goodput_bps[BW_DOWN], run->goodput_bps[BW_UP])
                          ? t->equal_in_row + 1
                          : 0;
    return t->equal_in_row >= BW_JUDGE_EQUAL_RUNS;
}

static void
record(struct bw_heavy *h, struct run *run, uint32_t circuit, const struct bw_run_sample *s)
{
    const struct bw_boxconf_probe *p = &run->config->probes[run->item.probe];
    const struct bw_reading *reading =
        bw_interval_last_reading(bw_site_interval(h->site), circuit);
    struct bw_interval_run who = who_of(run->config, &run->item, run->target);
    who.circuit = circuit;
    who.asked = run->asked;
    who.began_mono_ns = run->told_mono_ns > 0 && run->told_mono_ns <= s->t0_mono_ns
                            ? run->told_mono_ns
                            : run->began_mono_ns;
    who.retest_of = retest_of(&run->item, (enum bw_direction)s->direction);
    if (!run->asked && is_foreseen(h, &run->item)) {
        add_word(&who, "foreseen");
    }
    switch (bw_forecast_untestable(h->config->circuits[circuit].claim_bps[s->direction],
                                   reading ? reading->link_bps : BW_UNKNOWN,
                                   p->server_bps)) {
    case BW_UNTESTABLE_PORT:
        add_word(&who, "port-below-claim");
        break;
    case BW_UNTESTABLE_SERVER:
        add_word(&who, "server-below-claim");
        break;
    case BW_TESTABLE:
        break;
    }
    if (is_equal_again(h, run, s)) {
        add_word(&who, "up-equals-down");
    }
    int r = bw_interval_run(bw_site_interval(h->site), &who, s);
    if (r < 0) {
        bw_log(BW_AREA_SCHED, BW_WARN, "a result of \"%s\" found no room in the record: %s",
               who.probe, bw_strerror(r));
    }
}

static void on_sample(void *owner, const struct bw_run_sample *s)
{
    struct run *run = owner;
    struct bw_heavy *h = run->heavy;
    int circuit = circuit_now(h, run);
    if (circuit >= 0 && bw_site_interval(h->site)) {
        bw_site_read_extra(h->site, (size_t)circuit);
        if (s->final) {
            record(h, run, (uint32_t)circuit, s);
            run->told_mono_ns = bw_clock_mono_ns();
        }
    }
    if (s->final) {
        run->measured = run->measured || s->state == BW_OK;
        (void)snprintf(run->failed, sizeof(run->failed), "%s",
                       s->state != BW_FAILED       ? ""
                       : s->reason && s->reason[0] ? s->reason
                                                   : "it does not say why");
    }
    /* Also of a run that gives no result: a budget counts what moved. */
    if (s->total_bytes != BW_UNKNOWN && s->total_bytes > run->moved_bytes[s->direction]) {
        run->moved_bytes[s->direction] = s->total_bytes;
    }
    if (run->asked && h->asker.sample) {
        h->asker.sample(h->asker.owner, s);
    }
}

/* What the next look at the item is told of this run. */
static void
keep_end(struct bw_heavy *h, const struct run *run, int status, const char *reason)
{
    int probe = heavy_same_probe(h->config, &run->config->probes[run->item.probe]);
    for (size_t i = 0; i < h->n_items && probe >= 0; i++) {
        struct item *it = &h->items[i];
        if (it->probe == (size_t)probe && status != -ECANCELED) {
            it->left_out = 0;
            (void)snprintf(it->failed, sizeof(it->failed), "%s",
                           status == 0 ? run->failed
                           : reason    ? reason
                                       : bw_strerror(status));
        }
    }
    struct bw_campaign *k = run->item.what == ITEM_CAMPAIGN && !run->asked
                                ? bw_campaigns_find(h->campaigns, run->item.campaign)
                                : NULL;
    if (k) {
        bool done = status == 0 && run->measured;
        k->done += done;
        k->failed += !done;
        bw_campaigns_keep(h->campaigns, k);
    }
}

void heavy_over(struct run *run, int status, const char *reason)
{
    struct bw_heavy *h = run->heavy;
    if (run->asked && h->asker.end) {
        struct bw_heavy_asker a = h->asker;
        memset(&h->asker, 0, sizeof(h->asker));
        a.end(a.owner, status, reason);
    }
    bw_boxconf_unref(run->config);
    free(run);
    if (h->stopping && h->stopped) {
        void (*cb)(void *) = h->stopped;
        h->stopped = NULL;
        cb(h->stopped_owner);
    }
}

static void on_end(void *owner, int status, const char *reason)
{
    struct run *run = owner;
    struct bw_heavy *h = run->heavy;
    const struct bw_boxconf_probe *p = &run->config->probes[run->item.probe];
    int64_t moved_bytes = run->moved_bytes[BW_DOWN] + run->moved_bytes[BW_UP];
    int circuit = circuit_now(h, run);
    h->run = NULL;
    bw_site_own_test(h->site, run->config->circuits[p->circuit].id, false);
    h->ended_mono_ms = bw_clock_mono_ms();
    if (circuit >= 0) {
        bw_site_test_begins(h->site, (size_t)circuit, 0);
    }
    h->spent_bytes += moved_bytes;
    h->spent_month_bytes += moved_bytes;
    if (moved_bytes > 0) {
        (void)bw_writer_moved(h->writer, run->config->circuits[p->circuit].id,
                              bw_clock_unix_ms() / 1000, moved_bytes);
    }
    if (status < 0 && status != -ECANCELED) {
        bw_log(BW_AREA_SCHED, BW_WARN, "%s \"%s\" failed: %s; the record says so",
               p->ops->name, bw_opts_name(p->opts), reason ? reason : bw_strerror(status));
    }
    keep_end(h, run, status, reason);
    heavy_over(run, status, reason);
}

static const struct bw_runner_callbacks run_callbacks = {.sample = on_sample,
                                                         .end = on_end};

int heavy_child(struct run *run, const char *ticket, struct bw_err *reterr)
{
    struct bw_heavy *h = run->heavy;
    const struct bw_boxconf_probe *p = &run->config->probes[run->item.probe];
    int circuit = circuit_now(h, run);
    const struct bw_reading *reading =
        circuit >= 0 && bw_site_interval(h->site)
            ? bw_interval_last_reading(bw_site_interval(h->site), (uint32_t)circuit)
            : NULL;
    struct bw_opts *longer =
        run->config == h->config
            ? heavy_longer(h, p, reading ? reading->link_bps : BW_UNKNOWN)
            : NULL;
    const struct bw_runner_job job = {.ops = p->ops,
                                      .opts = longer ? longer : p->opts,
                                      .target = run->target,
                                      .ticket = ticket};
    run->began_mono_ns = bw_clock_mono_ns();
    int r = bw_runner_start(h->loop, &job, &run_callbacks, run, &run->runner, reterr);
    if (r == 0) {
        bw_site_own_test(h->site, run->config->circuits[p->circuit].id, true);
    }
    if (r == 0 && circuit >= 0) {
        bw_site_test_begins(h->site, (size_t)circuit,
                            p->ops->longest_ms ? p->ops->longest_ms(job.opts) : 0);
    }
    bw_opts_free(longer); /* the run has its own copy, in its child */
    if (r < 0 || run->config != h->config) {
        return r;
    }
    struct track *t = &h->tracks[run->item.probe];
    t->turn += run->target < heavy_n_usual(p);
    if (run->item.what == ITEM_OWN && !run->asked) {
        t->newest.ran_unix_ms = bw_clock_unix_ms();
        t->newest.drawn_day_s = run->item.drawn_day_s;
        t->newest.target = run->target;
        t->newest.below = false;
        t->newest.at_unix_ms[BW_DOWN] = BW_UNKNOWN;
        t->newest.at_unix_ms[BW_UP] = BW_UNKNOWN;
    }
    return 0;
}

int heavy_start(struct bw_heavy *h, struct item *it, bool asked, struct bw_err *reterr)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    const struct track *t = &h->tracks[it->probe];
    struct run *run = calloc(1, sizeof(*run));
    if (!run) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    run->heavy = h;
    run->config = bw_boxconf_ref(h->config);
    run->item = *it;
    run->target = asked ? (uint32_t)(t->turn % heavy_n_usual(p)) : it->target;
    run->asked = asked;
    run->item.target = run->target;
    run->item.asked = asked;
    run->goodput_bps[BW_DOWN] = BW_UNKNOWN;
    run->goodput_bps[BW_UP] = BW_UNKNOWN;
    int r = h->tickets && p->with_ticket ? heavy_ask_ticket(run, reterr)
                                         : heavy_child(run, NULL, reterr);
    if (r < 0) {
        bw_boxconf_unref(run->config);
        free(run);
        return r;
    }
    h->run = run;
    return 0;
}

void heavy_not_run(struct bw_heavy *h,
                   const struct item *it,
                   enum bw_test_state state,
                   const char *reason)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    const struct bw_runner_job job = {.ops = p->ops, .opts = p->opts};
    int64_t now_ms = bw_clock_unix_ms();
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_interval_run who = who_of(h->config, it, it->target);
        if (!bw_job_has_direction(&job, (enum bw_direction)d)) {
            continue;
        }
        who.retest_of = retest_of(it, (enum bw_direction)d);
        who.asked = it->asked;
        if (!it->asked && is_foreseen(h, it)) {
            add_word(&who, "foreseen");
        }
        int r = bw_interval_not_run(bw_site_interval(h->site), &who, (enum bw_direction)d,
                                    now_ms, state, reason);
        if (r < 0) {
            bw_log(BW_AREA_SCHED, BW_WARN,
                   "a test of \"%s\" that did not run found no room in the record: %s",
                   who.probe, bw_strerror(r));
            return;
        }
    }
}
