/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_agenda.c - what may run in the next 24 hours and why, for the box's own people;
 * campaigns started and stopped by them.
 *
 * Windows, expected counts, what waits and its reason: not the drawn minutes. Whoever wants
 * those has the day marked as foreseen first (docs/decisions/0010). */
#include "forecast.h"
#include "heavy_private.h"
#include "pledge.h"
#include "site.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
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
    SPANS_MAX = 16,
    SHOWN_STARTS_MAX = 512
};

static void put(json_t *o, const char *name, json_t *v)
{
    (void)json_object_set_new(o, name, v);
}

static void put_i64(json_t *o, const char *name, int64_t v)
{
    if (v != BW_UNKNOWN) {
        put(o, name, json_integer(v));
    }
}

static void put_text(json_t *o, const char *name, const char *text)
{
    if (text && text[0]) {
        put(o, name, json_string(text));
    }
}

/* ---- hours */

/* 24 hours lie in one UTC day or two. */
struct open_time {
    int64_t shown_ms[2]; /* within the hours that are asked for */
    int64_t whole_ms[2]; /* of the whole day: its starts are drawn by that */
};

/* The allowed minutes of [from, to) as spans, and how many there are. */
static json_t *
open_spans(const struct bw_heavy *h, int64_t from_s, int64_t to_s, struct open_time *ret)
{
    json_t *list = json_array();
    int64_t begin_s = BW_UNKNOWN;
    int64_t first_s = from_s - from_s % DAY_S;
    memset(ret, 0, sizeof(*ret));
    for (int64_t day_s = first_s; day_s < to_s; day_s += DAY_S) {
        uint8_t allowed[BW_BOXCONF_DAY_MIN];
        bool second = day_s > first_s;
        bw_boxconf_allowed(h->config, day_s, allowed);
        ret->whole_ms[second] = bw_forecast_open_ms(allowed);
        for (int m = 0; m < BW_BOXCONF_DAY_MIN; m++) {
            int64_t a_s = day_s + (int64_t)m * 60;
            int64_t b_s = a_s + 60;
            bool in = allowed[m] && b_s > from_s && a_s < to_s;
            a_s = a_s < from_s ? from_s : a_s;
            if (in) {
                begin_s = begin_s == BW_UNKNOWN ? a_s : begin_s;
                ret->shown_ms[second] += ((b_s < to_s ? b_s : to_s) - a_s) * 1000;
            } else if (begin_s != BW_UNKNOWN) {
                (void)json_array_append_new(list, json_pack("{s:I, s:I}", "from",
                                                            (json_int_t)begin_s, "to",
                                                            (json_int_t)a_s));
                begin_s = BW_UNKNOWN;
            }
        }
    }
    if (begin_s != BW_UNKNOWN) {
        (void)json_array_append_new(
            list,
            json_pack("{s:I, s:I}", "from", (json_int_t)begin_s, "to", (json_int_t)to_s));
    }
    return list;
}

/* ---- one test */

static json_t *servers(const struct bw_boxconf_probe *p, size_t from, size_t to)
{
    json_t *list = json_array();
    for (size_t i = from; i < to; i++) {
        (void)json_array_append_new(list, json_string(bw_opts_target(p->opts, i)->name));
    }
    return list;
}

/* All of today from now on; each is drawn once, since the loop waits for it. */
static void
add_own_starts(const struct bw_heavy *h, const struct item *it, int64_t now_s, json_t *list)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    int64_t day_s = bw_pledge_today_unix_s(h->pledge);
    int64_t *starts = malloc(BW_STARTS_MAX * sizeof(*starts));
    char name[160];
    size_t n = 0;
    (void)snprintf(name, sizeof(name), "%s/%s", p->ops->name, bw_opts_name(p->opts));
    if (starts && p->every_ms > 0) {
        n = bw_starts_day(bw_pledge_today(h->pledge), name, day_s, p->every_ms, h->allowed,
                          starts, BW_STARTS_MAX);
    }
    for (size_t i = 0; i < n && json_array_size(list) < SHOWN_STARTS_MAX; i++) {
        if (day_s * 1000 + starts[i] >= now_s * 1000) {
            (void)json_array_append_new(list, json_integer(day_s * 1000 + starts[i]));
        }
    }
    free(starts);
}

static void put_drawn(struct bw_heavy *h, json_t *o, const struct item *it, int64_t now_s)
{
    struct item next = *it;
    json_t *list = json_array();
    int64_t after_ms = now_s * 1000;
    if (it->what == ITEM_OWN) {
        add_own_starts(h, it, now_s, list);
    }
    for (int i = 0; it->what == ITEM_CAMPAIGN && i < SHOWN_STARTS_MAX; i++) {
        heavy_plan_item(h, &next, after_ms);
        if (next.due_unix_ms == BW_UNKNOWN) {
            break;
        }
        (void)json_array_append_new(list, json_integer(next.due_unix_ms));
        after_ms = next.due_unix_ms + 1;
    }
    put(o, "starts_ms", list);
}

static const char *gate_name(enum bw_boxconf_gate gate)
{
    static const char *const words[] = {[BW_BOXCONF_GATE_SHARE] = "share",
                                        [BW_BOXCONF_GATE_FCC] = "fcc",
                                        [BW_BOXCONF_GATE_OFF] = "off"};
    return words[gate];
}

/* What would be said if it were due now; NULL: it would run. */
static void put_now(struct bw_heavy *h, json_t *o, const struct item *it)
{
    struct bw_sched_state s;
    struct bw_sched_decision d;
    if (!bw_site_interval(h->site)) {
        return;
    }
    heavy_look(h, it, false, &s);
    s.due_mono_ms = s.now_mono_ms;
    s.give_up_mono_ms = INT64_MAX;
    bw_sched_decide(&s, &d);
    put_text(o, "now", d.verdict == BW_SCHED_RUN ? "" : d.reason);
}

static json_t *item_json(struct bw_heavy *h, struct item *it)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    json_t *o = json_object();
    put_text(o, "probe", bw_opts_name(p->opts));
    put_text(o, "kind", p->ops->name);
    put_text(o, "circuit", h->config->circuits[p->circuit].id);
    put(o, "servers", servers(p, 0, heavy_n_usual(p)));
    if (p->n_outside > 0) {
        put(o, "outside", servers(p, heavy_n_usual(p), bw_opts_n_targets(p->opts)));
    }
    if (it->deferred[0]) {
        put_text(o, "waits", it->deferred);
    }
    put_now(h, o, it);
    return o;
}

static json_t *own_json(struct bw_heavy *h, struct item *it, const struct open_time *open)
{
    const struct bw_boxconf_probe *p = &h->config->probes[it->probe];
    json_t *o = item_json(h, it);
    const struct bw_reading *reading =
        bw_site_interval(h->site)
            ? bw_interval_last_reading(bw_site_interval(h->site), (uint32_t)p->circuit)
            : NULL;
    int64_t usable_ms = 0;
    for (int i = 0; i < 2; i++) {
        usable_ms += bw_starts_can(p->every_ms, open->whole_ms[i]) ? open->shown_ms[i] : 0;
    }
    put_text(o, "what", "own");
    put_i64(o, "every_ms", p->every_ms > 0 ? p->every_ms : BW_UNKNOWN);
    put_i64(o, "expected_milli", bw_forecast_milliruns(usable_ms, p->every_ms));
    put(o, "never", json_boolean(p->every_ms > 0 && usable_ms == 0));
    put_i64(o, "run_bytes",
            bw_forecast_run_bytes(h->config, p, reading ? reading->link_bps : BW_UNKNOWN));
    put_text(o, "gate", gate_name(h->config->tests.gate));
    return o;
}

static json_t *
campaign_item_json(struct bw_heavy *h, struct item *it, int64_t from_s, int64_t to_s)
{
    const struct bw_campaign *k = bw_campaigns_find(h->campaigns, it->campaign);
    struct bw_rule_span spans[SPANS_MAX];
    json_t *o = item_json(h, it);
    json_t *list = json_array();
    size_t n = k ? bw_campaign_spans(k, from_s, to_s, spans, SPANS_MAX) : 0;
    put_text(o, "what", "campaign");
    put_text(o, "campaign", it->campaign);
    put_text(o, "gate", k ? gate_name(k->rule.gate) : "");
    for (size_t i = 0; i < n; i++) {
        int64_t end_s = spans[i].from_unix_s + spans[i].slots * spans[i].slot_ms / 1000;
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I, s:I}", "from", (json_int_t)spans[i].from_unix_s,
                            "to", (json_int_t)end_s, "tests", (json_int_t)spans[i].slots));
    }
    put(o, "sessions", list);
    return o;
}

json_t *bw_heavy_agenda(struct bw_heavy *h, bool starts)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int64_t to_s = now_s + DAY_S;
    struct open_time open;
    json_t *o = json_object();
    json_t *tests = json_array();
    put_i64(o, "from_s", now_s);
    put_i64(o, "to_s", to_s);
    put(o, "open", open_spans(h, now_s, to_s, &open));
    put_i64(o, "open_s", (open.shown_ms[0] + open.shown_ms[1]) / 1000);
    put_i64(o, "day_bytes", h->config->tests.day_bytes);
    put_i64(o, "month_bytes", h->config->tests.month_bytes);
    put_i64(o, "moved_today_bytes", h->spent_bytes);
    put_i64(o, "moved_month_bytes", h->spent_month_bytes);
    if (starts) {
        heavy_mark_foreseen(h, "somebody was shown the drawn times of today");
    }
    put(o, "foreseen",
        json_boolean(heavy_is_foreseen(h, bw_pledge_today_unix_s(h->pledge))));
    for (size_t i = 0; i < h->n_items; i++) {
        struct item *it = &h->items[i];
        json_t *e = it->what == ITEM_OWN ? own_json(h, it, &open)
                                         : campaign_item_json(h, it, now_s, to_s);
        if (starts) {
            put_drawn(h, e, it, now_s);
        }
        (void)json_array_append_new(tests, e);
    }
    for (size_t i = 0; i < h->n_retests; i++) {
        json_t *e = item_json(h, &h->retests[i]);
        put_text(e, "what", "retest");
        put_i64(e, "until_ms", h->retests[i].give_up_unix_ms);
        (void)json_array_append_new(tests, e);
    }
    put(o, "tests", tests);
    return o;
}

/* ---- campaigns */

static int
the_probe(const struct bw_heavy *h, const char *name, size_t *ret, struct bw_err *reterr)
{
    size_t n = 0;
    for (size_t i = 0; i < h->config->n_probes; i++) {
        const struct bw_boxconf_probe *p = &h->config->probes[i];
        if (p->ops->klass == BW_CLASS_THROUGHPUT &&
            (!name || strcmp(bw_opts_name(p->opts), name) == 0)) {
            *ret = i;
            n++;
        }
    }
    if (n == 1) {
        return 0;
    }
    return name ? bw_err_set(reterr, -ENOENT,
                             n ? "several kinds have a probe \"%s\": rename one"
                               : "there is no throughput probe \"%s\"",
                             name)
                : bw_err_set(reterr, -ENOENT,
                             n ? "say which throughput probe (--probe)"
                               : "no throughput probe is configured");
}

static int64_t local_day(int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    return localtime_r(&t, &tm)
               ? bw_civil_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday)
               : unix_s / DAY_S;
}

int bw_heavy_campaign_start(struct bw_heavy *h,
                            const char *rule,
                            const char *probe,
                            int64_t first_day,
                            const struct bw_campaign **ret,
                            struct bw_err *reterr)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    struct bw_campaign *k = NULL;
    struct bw_rule parsed;
    struct bw_buf text;
    char path[PATH_MAX + BW_NAME_MAX + 8];
    size_t at = 0;
    bw_buf_init(&text, BW_RULE_BYTES_MAX);
    int r = the_probe(h, probe, &at, reterr);
    r = r < 0 ? r
              : bw_rule_text(h->config->campaigns_dir, rule, &text, path, sizeof(path),
                             reterr);
    r = r < 0 ? r
              : bw_rule_parse(text.data ? text.data : "", text.len, path, rule, &parsed,
                              reterr);
    if (r == 0 && first_day != BW_UNKNOWN && first_day < local_day(now_s)) {
        r = bw_err_set(reterr, -EINVAL, "that day is over");
    }
    if (r == 0) {
        const struct bw_boxconf_probe *p = &h->config->probes[at];
        r = bw_campaigns_start(
            h->campaigns, text.data, &parsed, p->ops->name, bw_opts_name(p->opts),
            first_day != BW_UNKNOWN ? first_day : local_day(now_s) + 1, now_s, &k, reterr);
    }
    bw_buf_done(&text);
    if (r < 0 || !k) {
        return r;
    }
    h->told_day_s = BW_UNKNOWN; /* the plan is another */
    heavy_plan(h, now_s);
    bw_log(BW_AREA_SCHED, BW_NOTICE,
           "campaign \"%s\" was started: %" PRId64 " tests of %s \"%s\" on %" PRId64
           " days",
           k->name, bw_campaign_tests(k), k->kind, k->probe, k->rule.days);
    *ret = k;
    return 0;
}

int bw_heavy_campaign_stop(struct bw_heavy *h, const char *name, struct bw_err *reterr)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    struct bw_campaign *k = bw_campaigns_find(h->campaigns, name);
    if (!k) {
        return bw_err_set(reterr, -ENOENT, "there is no campaign \"%s\"", name);
    }
    if (bw_campaign_is_over(k, now_s)) {
        return bw_err_set(reterr, -EALREADY, "campaign \"%s\" is over", name);
    }
    k->stopped_unix_s = now_s;
    bw_campaigns_keep(h->campaigns, k);
    h->told_day_s = BW_UNKNOWN;
    heavy_plan(h, now_s);
    bw_log(BW_AREA_SCHED, BW_NOTICE, "campaign \"%s\" was stopped", name);
    return 0;
}

json_t *bw_heavy_campaigns(const struct bw_heavy *h)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    json_t *list = json_array();
    const struct bw_campaign *k;
    for (size_t i = 0; (k = bw_campaigns_at(h->campaigns, i)) != NULL; i++) {
        json_t *o = json_object();
        int64_t past = bw_campaign_tests_past(
            k, k->stopped_unix_s != BW_UNKNOWN ? k->stopped_unix_s : now_s);
        int64_t missed = past - k->done - k->failed - k->given_up;
        put_text(o, "name", k->name);
        put_text(o, "rule", k->rule.name);
        put_text(o, "title", k->rule.title);
        put_text(o, "source", k->rule.source);
        put_text(o, "conditions", k->rule.conditions);
        put_text(o, "probe", k->probe);
        put_text(o, "kind", k->kind);
        put_text(o, "state",
                 k->stopped_unix_s != BW_UNKNOWN  ? "stopped"
                 : bw_campaign_is_over(k, now_s)  ? "over"
                 : heavy_campaign_probe(h, k) < 0 ? "waits for its probe"
                                                  : "on");
        put_i64(o, "started_s", k->started_unix_s);
        put_i64(o, "stopped_s", k->stopped_unix_s);
        put_i64(o, "first_day_s", k->first_day * DAY_S);
        put_i64(o, "end_s", bw_campaign_end_unix_s(k));
        put_i64(o, "days", k->rule.days);
        put_i64(o, "tests", bw_campaign_tests(k));
        put_i64(o, "slots_over", past);
        put_i64(o, "done", k->done);
        put_i64(o, "failed", k->failed);
        put_i64(o, "given_up", k->given_up);
        put_i64(o, "missed", missed > 0 ? missed : 0);
        (void)json_array_append_new(list, o);
    }
    return list;
}
