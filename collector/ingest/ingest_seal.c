/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest_seal.c - sealing beside ingest: built on a thread of its own, taken over by the
 * writer in steps of some milliseconds, never more than a third of its time.
 *
 * Invariant: the job belongs to the builder from its start until `built` is set under the
 * lock, at all other times to the writer. */
#include "ingest_private.h"
#include "plural.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdint.h>
#include <sys/resource.h>

enum {
    NICE = 10,
    AGAIN_MS = 60000 /* after a step that failed */
};

static void *builder_main(void *arg)
{
    struct bw_ingest *g = arg;
    struct bw_sealer *s = &g->sealer;
    struct bw_err err = {.text = ""};
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* Linux: of this thread */
    int r = g->ledger->ops->seal_build(s->job, &err);
    (void)pthread_mutex_lock(&g->lock);
    s->built = true;
    s->build_r = r;
    s->build_err = err;
    (void)pthread_cond_signal(&g->write_wake);
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

static void give_up(struct bw_ingest *g)
{
    g->ledger->ops->seal_free(g->sealer.job, NULL);
    g->sealer.job = NULL;
    g->sealer.taking = false;
}

static int64_t plan(struct bw_ingest *g, int64_t now_ms)
{
    struct bw_sealer *s = &g->sealer;
    struct bw_err err = {.text = ""};
    int r = g->ledger->ops->seal_plan(g->ledger, bw_ingest_cautious_unix_ms(g),
                                      g->opts.keep_hot_days, &s->job, &err);
    if (r == 0 && s->job && pthread_create(&s->thread, NULL, builder_main, g) == 0) {
        s->building = true;
        return INT64_MAX; /* the builder wakes us */
    }
    if (r == 0 && s->job) {
        r = bw_err_set(&err, -EAGAIN, "cannot start a thread");
    }
    if (r < 0) {
        bw_log(BW_AREA_LEDGER, BW_ERROR, "sealing: %s; tried again at the next turn",
               err.text);
        give_up(g);
    }
    return now_ms + g->opts.seal_every_ms;
}

static void tell(struct bw_ingest *g, const struct bw_ledger_seal_report *report)
{
    if (report->segments == 0) {
        return;
    }
    bw_log(BW_AREA_LEDGER, BW_INFO, "sealed %lld %s, %lld bytes as %lld",
           (long long)report->rows, bw_plural(report->rows, "record", "records"),
           (long long)report->raw_bytes, (long long)report->file_bytes);
    if (report->ahead > 0) {
        bw_log(
            BW_AREA_LEDGER, BW_WARN,
            "%lld of them %s received while this machine's clock was ahead, as later ones "
            "show: sealed with those, the times as they were written down",
            (long long)report->ahead, bw_plural(report->ahead, "was", "were"));
    }
    (void)pthread_mutex_lock(&g->lock);
    g->stats.sealed_segments += report->segments;
    (void)pthread_mutex_unlock(&g->lock);
}

static int64_t take_step(struct bw_ingest *g)
{
    struct bw_sealer *s = &g->sealer;
    struct bw_err err = {.text = ""};
    int64_t before = bw_clock_mono_ms();
    int r = g->ledger->ops->seal_step(g->ledger, s->job, &err);
    int64_t now_ms = bw_clock_mono_ms();
    if (r > 0) {
        return now_ms + 2 * (now_ms - before) + 1;
    }
    if (r < 0 && bw_store_bin(r) != BW_STORE_BROKEN) {
        bw_complain(&s->complaint, BW_AREA_LEDGER, BW_ERROR,
                    "sealing: %s; the same step again in a minute", err.text);
        return now_ms + AGAIN_MS;
    }
    if (r < 0) {
        bw_log(BW_AREA_LEDGER, BW_ERROR, "sealing: %s; tried again at the next turn",
               err.text);
        give_up(g);
        return now_ms + g->opts.seal_every_ms;
    }
    struct bw_ledger_seal_report report = {0};
    bw_complain_over(&s->complaint, BW_AREA_LEDGER, "sealing goes on");
    g->ledger->ops->seal_free(s->job, &report);
    s->job = NULL;
    s->taking = false;
    tell(g, &report);
    return now_ms; /* there may be more */
}

/* The builder is over; built is taken back. */
static int64_t end_building(struct bw_ingest *g, int64_t now_ms)
{
    struct bw_sealer *s = &g->sealer;
    (void)pthread_join(s->thread, NULL);
    s->building = false;
    s->taking = s->build_r == 0;
    if (s->build_r == 0) {
        return now_ms;
    }
    if (s->build_r != -ECANCELED) {
        bw_log(BW_AREA_LEDGER, BW_ERROR, "sealing: %s; tried again at the next turn",
               s->build_err.text);
    }
    give_up(g);
    return now_ms + g->opts.seal_every_ms;
}

int64_t bw_ingest_seal_turn(struct bw_ingest *g)
{
    struct bw_sealer *s = &g->sealer;
    int64_t now_ms = bw_clock_mono_ms();
    (void)pthread_mutex_lock(&g->lock);
    bool built = s->built;
    s->built = false;
    (void)pthread_mutex_unlock(&g->lock);
    if (built) {
        return end_building(g, now_ms);
    }
    if (s->building) {
        return INT64_MAX;
    }
    return s->taking ? take_step(g) : plan(g, now_ms);
}

void bw_ingest_seal_end(struct bw_ingest *g)
{
    struct bw_sealer *s = &g->sealer;
    if (s->building) {
        g->ledger->ops->seal_stop(s->job);
        (void)pthread_join(s->thread, NULL);
        s->building = false;
    }
    give_up(g);
}
