/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_run.c - the one throughput test that runs, and what comes of it.
 *
 * A run ends under the configuration it began under; its results go into the interval
 * that is open by then. */
#include "heavy_private.h"
#include "site.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    h->spent_month_bytes += run->moved_bytes;
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

int heavy_start(struct bw_heavy *h, struct item *it, bool asked, struct bw_err *reterr)
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
void heavy_not_run(struct bw_heavy *h,
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
