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
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400
};

void heavy_plan_item(struct bw_heavy *h, struct item *it, int64_t after_unix_ms)
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

static bool same_month(int64_t a_unix_s, int64_t b_unix_s)
{
    time_t a = (time_t)a_unix_s;
    time_t b = (time_t)b_unix_s;
    struct tm p;
    struct tm q;
    return gmtime_r(&a, &p) && gmtime_r(&b, &q) && p.tm_mon == q.tm_mon &&
           p.tm_year == q.tm_year;
}

void heavy_plan(struct bw_heavy *h, int64_t unix_s)
{
    struct item had[BW_BOXCONF_PROBES_MAX];
    size_t n_had = h->planned == h->config ? h->n_items : 0;
    int64_t day_s = unix_s - unix_s % DAY_S;
    if (bw_pledge_today_unix_s(h->pledge) != day_s) {
        int64_t was_s = bw_pledge_today_unix_s(h->pledge);
        bw_pledge_turn(h->pledge, day_s);
        h->spent_bytes = 0;
        h->spent_month_bytes = same_month(was_s, day_s) ? h->spent_month_bytes : 0;
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
            heavy_plan_item(h, it, unix_s * 1000);
        }
    }
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
            bw_schedule_starts_init(t);
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
