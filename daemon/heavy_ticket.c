/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_ticket.c - a run that needs the collector's ticket: it waits for one, begins with
 * it, or is put off. */
#include "heavy_private.h"
#include "site.h"
#include "ticket.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <job.h>
#include <log.h>
#include <stdio.h>
#include <string.h>

static struct item *item_of(struct bw_heavy *h, const struct run *run)
{
    for (size_t i = 0; i < h->n_items; i++) {
        struct item *it = &h->items[i];
        if (it->what == run->item.what && it->probe == run->item.probe &&
            strcmp(it->campaign, run->item.campaign) == 0) {
            return it;
        }
    }
    if (run->item.what == ITEM_RETEST && h->n_retests < HEAVY_RETESTS_MAX) {
        return &h->retests[h->n_retests++];
    }
    return NULL;
}

/* Due again as it was, to be looked at later; or left out, where that is too late or the
 * collector refuses. */
static void put_off(
    struct bw_heavy *h, const struct run *run, int status, const char *why, int64_t wait_ms)
{
    struct item again = run->item;
    int64_t retry_ms = h->config->tests.retry_ms;
    int64_t next_ms = retry_ms > wait_ms ? retry_ms : wait_ms;
    struct item *it;
    if (status == -BW_EREFUSED || bw_clock_unix_ms() + next_ms > again.give_up_unix_ms) {
        it = run->item.what == ITEM_RETEST ? NULL : item_of(h, run);
        heavy_give_up(h, it ? it : &again, &again, why);
        return;
    }
    heavy_not_run(h, &again, BW_TEST_DEFERRED, why);
    it = item_of(h, run);
    if (it) {
        (void)snprintf(again.deferred, sizeof(again.deferred), "%.127s", why);
        again.look_mono_ms = bw_clock_mono_ms() + next_ms;
        *it = again;
    }
}

/* It ends before it began. A reload may have come meanwhile: where its section is as it
 * was, it goes on by the configuration in force. */
static void no_ticket(struct run *run, int status, const char *why, int64_t wait_ms)
{
    struct bw_heavy *h = run->heavy;
    const struct bw_boxconf_probe *p = &run->config->probes[run->item.probe];
    int probe = heavy_same_probe(h->config, p);
    h->run = NULL;
    if (status != -ECANCELED && probe >= 0 && bw_site_interval(h->site)) {
        bool planned = run->item.what != ITEM_OWN ||
                       heavy_same_plan(p, &h->config->probes[(size_t)probe]);
        bw_log(BW_AREA_SCHED, BW_NOTICE, "%s \"%s\" gets no ticket now (%s)", p->ops->name,
               bw_opts_name(p->opts), why);
        run->item.probe = (size_t)probe;
        if (run->asked || !planned) {
            heavy_not_run(h, &run->item, BW_TEST_DEFERRED, why);
        } else {
            put_off(h, run, status, why, wait_ms);
        }
    }
    heavy_over(run, status, why);
}

static void on_ticket(void *owner, int status, const char *text, int64_t wait_ms)
{
    struct run *run = owner;
    struct bw_err err = {0};
    if (status == 0 && run->heavy->stopping) {
        status = -ECANCELED;
    }
    if (status == 0) {
        status = heavy_child(run, text, &err);
        text = err.text;
    }
    if (status < 0) {
        no_ticket(run, status, text, wait_ms);
    }
}

int heavy_ask_ticket(struct run *run, struct bw_err *reterr)
{
    const struct bw_boxconf_probe *p = &run->config->probes[run->item.probe];
    const struct bw_runner_job job = {.ops = p->ops, .opts = p->opts};
    const struct bw_ticket_want want = {
        .circuit = run->config->circuits[p->circuit].id,
        .kind = strcmp(p->ops->name, "http") == 0 ? BW_TEST_KIND_HTTP : BW_TEST_KIND_NDT7,
        .directions = (bw_job_has_direction(&job, BW_DOWN) ? 1U << BW_DOWN : 0) |
                      (bw_job_has_direction(&job, BW_UP) ? 1U << BW_UP : 0)};
    return bw_ticketer_ask(run->heavy->tickets, &want, on_ticket, run, reterr);
}

void heavy_cancel(struct bw_heavy *h)
{
    if (h->run->runner) {
        bw_runner_cancel(h->run->runner);
    } else {
        bw_ticketer_cancel(h->tickets);
    }
}
