/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_heard.c - what the box learns from its own records: bytes of small packets,
 * figures below the claim, runs that left by another line.
 *
 * A figure is judged when its record is made, because only then is the line's rate known;
 * that is minutes after the run, and a retest has an hour. */
#include "forecast.h"
#include "heavy_private.h"

#include <bw/summary.h>
#include <clock.h>
#include <errno.h>
#include <job.h>
#include <log.h>
#include <stdio.h>
#include <string.h>

enum {
    HOUR_MS = 3600000,
    EARLY_MS = 2000 /* a run's instants are read from two clocks */
};

/* ---- small packets */

static void hear_latency(struct bw_heavy *h, const struct bw_latency *l)
{
    int circuit = bw_boxconf_circuit(h->config, l->circuit);
    if (circuit >= 0) {
        int64_t bytes = bw_forecast_moved_bytes(h->config, l);
        h->light_bytes[circuit] += bytes;
        h->spent_bytes += bytes;
        h->spent_month_bytes += bytes;
    }
}

void heavy_tell_light(struct bw_heavy *h, int64_t unix_s)
{
    for (size_t i = 0; i < h->config->n_circuits; i++) {
        if (h->light_bytes[i] > 0) {
            (void)bw_writer_moved(h->writer, h->config->circuits[i].id, unix_s,
                                  h->light_bytes[i]);
            h->light_bytes[i] = 0;
        }
    }
    h->light_told_mono_ms = bw_clock_mono_ms();
}

/* ---- runs */

static bool has_flag(const struct bw_throughput *t, const char *word)
{
    for (size_t i = 0; i < BW_FLAGS_MAX && t->flags[i]; i++) {
        if (strcmp(t->flags[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static enum bw_layer layer_of(const struct bw_summary *s, const char *circuit)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, circuit) == 0) {
            return s->circuits[i].layer;
        }
    }
    return BW_LAYER_UNKNOWN;
}

static int probe_of(const struct bw_boxconf *c, const struct bw_throughput *t)
{
    for (size_t i = 0; i < c->n_probes; i++) {
        const struct bw_boxconf_probe *p = &c->probes[i];
        if (p->ops->klass == BW_CLASS_THROUGHPUT && strcmp(p->ops->name, t->kind) == 0 &&
            strcmp(bw_opts_name(p->opts), t->probe) == 0) {
            return (int)i;
        }
    }
    return -ENOENT;
}

/* All directions of the newest run are on record, and one is below the claim: once more,
 * at another server. Every one of them counts. */
static void retest(struct bw_heavy *h, size_t probe)
{
    const struct bw_boxconf_probe *p = &h->config->probes[probe];
    const struct bw_runner_job job = {.ops = p->ops, .opts = p->opts};
    struct track *t = &h->tracks[probe];
    struct item it = {.what = ITEM_RETEST, .probe = probe};
    int64_t first_ms = INT64_MAX;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (!bw_job_has_direction(&job, (enum bw_direction)d)) {
            continue;
        }
        if (t->newest.at_unix_ms[d] == BW_UNKNOWN) {
            return; /* still to be told */
        }
        bw_judge_token((enum bw_direction)d, t->newest.at_unix_ms[d], it.retest_of[d]);
        first_ms = t->newest.at_unix_ms[d] < first_ms ? t->newest.at_unix_ms[d] : first_ms;
    }
    t->newest.ran_unix_ms = BW_UNKNOWN; /* judged */
    int second = bw_judge_second(heavy_n_usual(p), p->n_outside, t->newest.target);
    if (!t->newest.below) {
        return;
    }
    if (second < 0 || h->n_retests == HEAVY_RETESTS_MAX) {
        bw_log(BW_AREA_SCHED, BW_NOTICE,
               "%s \"%s\": below the claim, and %s: not tested again", p->ops->name,
               bw_opts_name(p->opts),
               second < 0 ? "there is no second server"
                          : "other tests wait to be repeated");
        return;
    }
    it.drawn_day_s = t->newest.drawn_day_s;
    it.target = (uint32_t)second;
    it.due_unix_ms = bw_clock_unix_ms();
    it.due_mono_ms = bw_clock_mono_ms();
    it.give_up_unix_ms = first_ms + HOUR_MS;
    bw_log(BW_AREA_SCHED, BW_NOTICE,
           "%s \"%s\": below the claim; tested again at server \"%s\" within the hour",
           p->ops->name, bw_opts_name(p->opts), bw_opts_target(p->opts, it.target)->name);
    h->retests[h->n_retests++] = it;
}

static void
hear_run(struct bw_heavy *h, const struct bw_summary *s, const struct bw_throughput *t)
{
    int probe = probe_of(h->config, t);
    if (probe < 0 || t->state == BW_TEST_DEFERRED) {
        return;
    }
    const struct bw_boxconf_circuit *c =
        &h->config->circuits[h->config->probes[probe].circuit];
    bw_judge_egress(&h->other_in_row[h->config->probes[probe].circuit], (size_t)probe,
                    t->direction, t->egress);
    struct track *k = &h->tracks[probe];
    if (t->retest_of || t->campaign[0] || has_flag(t, "asked") ||
        k->newest.ran_unix_ms == BW_UNKNOWN ||
        t->at_unix_ms < k->newest.ran_unix_ms - EARLY_MS) {
        return;
    }
    k->newest.at_unix_ms[t->direction] = t->at_unix_ms;
    k->newest.below = k->newest.below ||
                      bw_judge_below(t, layer_of(s, t->circuit), c->claim_bps[t->direction],
                                     c->claim_layer, h->config->tests.retest_ppm);
    retest(h, (size_t)probe);
}

void bw_heavy_heard(struct bw_heavy *h, const struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_latency; i++) {
        hear_latency(h, &s->latency[i]);
    }
    if (bw_clock_mono_ms() - h->light_told_mono_ms >= HOUR_MS) {
        heavy_tell_light(h, bw_clock_unix_ms() / 1000);
    }
    for (size_t i = 0; i < s->n_throughput && !h->stopping; i++) {
        hear_run(h, s, &s->throughput[i]);
    }
}
