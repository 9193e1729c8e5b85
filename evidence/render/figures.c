/* SPDX-License-Identifier: GPL-3.0-or-later
 * figures.c - the report as a flat list: one figure, its unit, layer, statistic, the
 * number of values it rests on and the method that made it.
 *
 * Invariant: the order is fixed and every figure of the model that has a value of its own
 * appears, those that were not measured too (their value is unknown). */
#include "figures_private.h"

#include <model.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>
#include <words.h>

static void identity(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_facts *f = &r->facts[r->n_facts - 1];
    char behind[64];

    w->section = "identity";
    w->method = "";
    put_text(w, "site", r->site);
    put_text(w, "circuit", r->circuit);
    put_text(w, "place", r->place);
    put_time(w, "period_from", r->from_unix_s);
    put_time(w, "period_to", r->to_unix_s);
    put_time(w, "period_until", r->until_unix_s);
    put_time(w, "made_at", r->made_unix_s);
    put_text(w, "time_zone", r->tz_name);
    put_text(w, "records_from", r->origin);
    put_text(w, "signatures", bw_words_check(r->check));
    put_text(w, "vantage", bw_words_or(bw_vantage_name(f->vantage), ""));
    bw_words_behind(f->behind, behind, sizeof(behind));
    put_text(w, "behind", behind);
    put_text(w, "source", bw_words_or(bw_source_name(f->source), ""));
    put_text(w, "layer", bw_words_layer(f->layer));
    put_plain(w, "resolution", f->resolution_ms, "ms");
    put_plain(w, "link", f->link_bps, "bit/s");
    put_plain(w, "mtu", f->mtu, "bytes");
    put_plain(w, "vantage_changes", r->n_vantage_changes, "1");
}

static void claimed(struct walk *w, const struct bw_report *r)
{
    char name[48];

    w->section = "claimed";
    w->method = "";
    put_plain(w, "claims", (int64_t)r->n_claims, "1");
    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *c = &r->claims[i];
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            (void)snprintf(name, sizeof(name), "claim.%zu.%s", i + 1,
                           bw_words_direction(d));
            put(w, name, c->bps[d], "bit/s", bw_words_layer(c->layer), "", BW_UNKNOWN);
        }
        (void)snprintf(name, sizeof(name), "claim.%zu.origin", i + 1);
        put_text(w, name, c->origin);
        if (c->from_unix_s != BW_UNKNOWN) {
            (void)snprintf(name, sizeof(name), "claim.%zu.from", i + 1);
            put_time(w, name, c->from_unix_s);
        }
        if (c->to_unix_s != BW_UNKNOWN) {
            (void)snprintf(name, sizeof(name), "claim.%zu.to", i + 1);
            put_time(w, name, c->to_unix_s);
        }
    }
}

static void coverage(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_coverage *c = &r->coverage;
    char name[160];

    w->section = "coverage";
    w->method = BW_METHOD_COVERAGE;
    put_plain(w, "period", c->period_s, "s");
    put_plain(w, "elapsed", c->elapsed_s, "s");
    put(w, "recorded", c->recorded_s, "s", "", "sum", r->counts.n_intervals);
    put_plain(w, "missing", c->missing_s, "s");
    put_plain(w, "recorded_twice", c->twice_s, "s");
    put(w, "counted", c->counted_s, "s", "", "sum", r->counts.n_intervals);
    for (size_t i = 0; i < c->n_targets; i++) {
        bw_words_target(c->targets[i].probe, c->targets[i].kind, c->targets[i].family, name,
                        sizeof(name));
        put(w, name, c->targets[i].covered_s, "s", "", "sum", BW_UNKNOWN);
    }
    if (c->n_received > 0) {
        put(w, "received_within_1h", c->n_within_1h, "1", "", "count", c->n_received);
        put(w, "received_within_24h", c->n_within_24h, "1", "", "count", c->n_received);
        put(w, "received_later", c->n_later, "1", "", "count", c->n_received);
    }
}

static void tested(struct walk *w, const struct bw_report *r, int d)
{
    static const char *const sections[] = {"delivered.tested.down", "delivered.tested.up"};
    const struct bw_report_tested *x = &r->tested[d];
    const char *layer = bw_words_layer(x->compared_layer);

    w->section = sections[d];
    w->method = BW_METHOD_COUNT;
    put(w, "runs_wanted", x->n_wanted, "1", "", "count", x->n_wanted);
    put(w, "runs_made", x->n_made, "1", "", "count", x->n_wanted);
    put(w, "runs_ok", x->n_ok, "1", "", "count", x->n_wanted);
    put(w, "runs_failed", x->n_failed, "1", "", "count", x->n_wanted);
    put(w, "runs_deferred", x->n_deferred, "1", "", "count", x->n_wanted);
    put(w, "runs_cancelled", x->n_cancelled, "1", "", "count", x->n_wanted);
    put(w, "retests", x->n_retests, "1", "", "count", x->n_made);
    put(w, "grade_self", x->n_grade[BW_GRADE_SELF], "1", "", "count", x->n_ok);
    put(w, "grade_receipt", x->n_grade[BW_GRADE_RECEIPT], "1", "", "count", x->n_ok);
    put(w, "grade_archive", x->n_grade[BW_GRADE_ARCHIVE], "1", "", "count", x->n_ok);
    put(w, "egress_match", x->n_egress[BW_EGRESS_MATCH], "1", "", "count", x->n_ok);
    put(w, "egress_other", x->n_egress[BW_EGRESS_OTHER], "1", "", "count", x->n_ok);
    put(w, "egress_unknown", x->n_egress[BW_EGRESS_UNKNOWN], "1", "", "count", x->n_ok);
    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        char name[BW_WORDS_MAX];
        (void)snprintf(name, sizeof(name), "apart_%s", bw_words_apart_name(a));
        put(w, name, x->n_apart[a], "1", "", "count", x->n_ok);
    }
    w->method = BW_METHOD_TESTED;
    for (size_t i = 0; i < x->n_kinds; i++) {
        char name[BW_WORDS_MAX];
        (void)snprintf(name, sizeof(name), "goodput_%s", x->kinds[i].kind);
        put_dist(w, name, &x->kinds[i].goodput_bps, "goodput");
    }
    for (size_t i = 0; i < x->n_line; i++) {
        put_dist(w, "line_rate", &x->line[i].bps, bw_words_layer(x->line[i].layer));
    }
    w->method = BW_METHOD_LAYER;
    put_dist(w, "line_rate_at_claim_layer", &x->compared_bps, layer);
    if (x->conversion[0]) {
        put_text(w, "conversion", x->conversion);
    }
    w->method = BW_METHOD_LOADED;
    put(w, "rtt_idle", x->loaded.idle_p50_us, "us", "ip", "median", x->loaded.n);
    put(w, "rtt_idle", x->loaded.idle_p95_us, "us", "ip", "P95", x->loaded.n);
    put(w, "rtt_loaded", x->loaded.loaded_p50_us, "us", "ip", "median of P95", x->loaded.n);
    put(w, "rtt_loaded", x->loaded.loaded_p95_us, "us", "ip", "P95 of P95", x->loaded.n);
    put(w, "rtt_added", x->loaded.added_p50_us, "us", "ip", "median", x->loaded.n);
    w->method = BW_METHOD_CLAIM_SHARE;
    put(w, "runs_compared", x->n_compared, "1", layer, "count", x->n_ok);
    put(w, "at_least_80_percent_of_claim", bw_words_ppm(x->n_at_80, x->n_compared), "ppm",
        layer, "share", x->n_compared);
    put(w, "at_least_90_percent_of_claim", bw_words_ppm(x->n_at_90, x->n_compared), "ppm",
        layer, "share", x->n_compared);
}

static void carried(struct walk *w, const struct bw_report *r)
{
    char name[64];

    w->section = "delivered.carried";
    w->method = BW_METHOD_CARRIED;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (r->n_used == 0) {
            put(w, bw_words_direction(d), BW_UNKNOWN, "bit/s", "", "max", 0);
        }
        for (size_t i = 0; i < r->n_used; i++) {
            const struct bw_report_window *x = &r->used[i].window[BW_WINDOW_ALL][d];
            const char *layer = bw_words_layer(r->used[i].layer);
            put(w, bw_words_direction(d), x->peak_bps, "bit/s", layer, "max", x->n);
            if (x->peak_unix_s != BW_UNKNOWN) {
                (void)snprintf(name, sizeof(name), "%s.at", bw_words_direction(d));
                put_time(w, name, x->peak_unix_s);
            }
        }
    }
}

static void used_window(struct walk *w,
                        const struct bw_report *r,
                        const struct bw_report_used *u,
                        int window,
                        int d)
{
    const struct bw_report_window *x = &u->window[window][d];
    const struct bw_report_claim *c = bw_report_claim_last(r);
    const char *layer = bw_words_layer(u->layer);
    const char *hours = window == BW_WINDOW_CLASS ? "class_hours" : "all_hours";
    enum bw_layer at = !c                             ? BW_LAYER_UNKNOWN
                       : c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP
                                                      : c->layer;
    char name[64];

    w->method = BW_METHOD_UTIL_P95;
    (void)snprintf(name, sizeof(name), "%s.%s", hours, bw_words_direction(d));
    put(w, name, x->p95_bps, "bit/s", layer, "P95", x->n);
    put(w, name, x->peak_bps, "bit/s", layer, "max", x->n);
    if (c) {
        w->method = BW_METHOD_LAYER;
        put(w, name, x->converted_p95_bps, "bit/s", bw_words_layer(at), "P95",
            x->n_converted);
        (void)snprintf(name, sizeof(name), "%s.%s.of_claim", hours, bw_words_direction(d));
        put(w, name, x->share_p95_ppm, "ppm", bw_words_layer(at), "P95", x->n_converted);
    }
}

static void used(struct walk *w, const struct bw_report *r)
{
    w->section = "used";
    w->method = BW_METHOD_UTIL_P95;
    if (r->n_used == 0) {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "all_hours.%s", bw_words_direction(d));
            put(w, name, BW_UNKNOWN, "bit/s", "", "P95", 0);
            (void)snprintf(name, sizeof(name), "class_hours.%s", bw_words_direction(d));
            put(w, name, BW_UNKNOWN, "bit/s", "", "P95", 0);
        }
    }
    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        const char *layer = bw_words_layer(u->layer);
        for (int window = 0; window < BW_WINDOWS; window++) {
            used_window(w, r, u, window, BW_DOWN);
            used_window(w, r, u, window, BW_UP);
        }
        w->method = BW_METHOD_BYTES;
        put(w, "bytes.down", u->bytes[BW_DOWN], "bytes", layer, "sum", u->n_intervals);
        put(w, "bytes.up", u->bytes[BW_UP], "bytes", layer, "sum", u->n_intervals);
        w->method = BW_METHOD_SATURATED;
        put(w, "saturated", u->saturated_s, "s", layer, "sum",
            u->n_intervals - u->n_with_test);
        w->method = BW_METHOD_COUNT;
        put(w, "intervals", u->n_intervals, "1", layer, "count", u->n_intervals);
        put(w, "intervals_with_own_test", u->n_with_test, "1", layer, "count",
            u->n_intervals);
        put(w, "intervals_too_short", u->n_short, "1", layer, "count", u->n_intervals);
        put(w, "intervals_at_least", u->n_mirror, "1", layer, "count", u->n_intervals);
    }
}

static void class_time(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_class *c = &r->class_time;
    char name[48];

    w->section = "class_time";
    w->method = c->by_calendar ? BW_METHOD_CLASS_CALENDAR : BW_METHOD_CLASS_HOURS;
    for (int k = BW_SCHOOLDAY_UNKNOWN; k < BW_SCHOOLDAYS; k++) {
        (void)snprintf(name, sizeof(name), "days.%s",
                       bw_schoolday_word((enum bw_schoolday)k));
        put(w, name, c->n_days[k], "1", "", "count", (int64_t)r->n_days);
    }
    put(w, "days_with_lessons", c->n_lessons, "1", "", "count", (int64_t)r->n_days);
    put(w, "days_of_testing", c->n_testing, "1", "", "count", (int64_t)r->n_days);
    put(w, "class", c->class_s, "s", "", "sum", (int64_t)r->n_days);
    put(w, "outside", c->outside_s, "s", "", "sum", (int64_t)r->n_days);
    put(w, "unknown", c->unknown_s, "s", "", "sum", (int64_t)r->n_days);
    put(w, "intervals_unknown", c->n_intervals_unknown, "1", "", "count",
        r->counts.n_intervals);
}

static void latency(struct walk *w, const struct bw_report *r)
{
    char name[192];

    w->section = "latency";
    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        size_t n;
        bw_words_target(l->probe, l->kind, l->family, name, sizeof(name));
        n = strlen(name);
        (void)snprintf(name + n, sizeof(name) - n, ".%s",
                       l->window == BW_WINDOW_CLASS ? "class_hours" : "all_hours");
        w->method = BW_METHOD_LOSS;
        put(w, name, l->sent, "1", "ip", "sent", l->sent);
        put(w, name, l->lost, "1", "ip", "lost", l->sent);
        put(w, name, l->late, "1", "ip", "late", l->sent);
        put(w, name, l->loss_ppm, "ppm", "ip", "loss", l->sent);
        put(w, name, l->loss_low_ppm, "ppm", "ip", "loss 95 % low", l->sent);
        put(w, name, l->loss_high_ppm, "ppm", "ip", "loss 95 % high", l->sent);
        w->method = BW_METHOD_RTT;
        put(w, name, l->min_us, "us", "ip", "min", l->answered);
        put(w, name, l->p50_us, "us", "ip", "P50", l->answered);
        put(w, name, l->p95_us, "us", "ip", "P95", l->answered);
        put(w, name, l->p99_us, "us", "ip", "P99", l->answered);
        put(w, name, l->mean_us, "us", "ip", "mean", l->counted);
        put(w, name, l->n_at_most_100ms, "1", "ip", "at most 100 ms", l->answered);
        put(w, name, l->answered, "1", "ip", "answers in histograms", l->counted);
        w->method = BW_METHOD_PDV;
        put(w, name, l->pdv_p95_us, "us", "ip", "PDV P95", l->answered);
    }
}

static void outages(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;
    int64_t n = o->total_ms == BW_UNKNOWN ? BW_UNKNOWN : (int64_t)o->n;
    char name[160];
    char from[32];
    char to[32];

    w->section = "outages";
    w->method = BW_METHOD_OUTAGE;
    put(w, "outages", n, "1", "", "count", n);
    put(w, "total", o->total_ms, "ms", "", "sum", n);
    put(w, "longest", o->n ? o->longest_ms : BW_UNKNOWN, "ms", "", "max", n);
    put(w, "without_end", o->n_open, "1", "", "count", n);
    put_plain(w, "observed", o->observed_s, "s");
    put_plain(w, "witnesses", o->n_witnesses, "1");
    for (size_t i = 0; i < o->n; i++) {
        const struct bw_report_outage *x = &o->list[i];
        bw_words_utc_ms(x->clipped_from_unix_ms, from);
        bw_words_utc_ms(x->clipped_to_unix_ms, to);
        (void)snprintf(name, sizeof(name), "%s/%s %s%s", from, to, x->why,
                       x->open ? " (no end on record)" : "");
        put(w, name, x->clipped_to_unix_ms - x->clipped_from_unix_ms, "ms", "", "length",
            1);
    }
}

static void gaps(struct walk *w, const struct bw_report *r)
{
    static const char *const kinds[] = {"missing", "counter", "stated"};
    char name[192];
    char from[32];
    char to[32];

    w->section = "gaps";
    w->method = BW_METHOD_COVERAGE;
    for (size_t i = 0; i < r->coverage.n_gaps; i++) {
        const struct bw_report_gap *g = &r->coverage.gaps[i];
        bw_words_utc_s(g->from_unix_s, from);
        bw_words_utc_s(g->to_unix_s, to);
        (void)snprintf(name, sizeof(name), "%s/%s %s", from, to, g->why);
        put(w, name, g->missing_s, "s", "", kinds[g->kind], 1);
    }
}

static void counts(struct walk *w, const struct bw_report *r)
{
    const struct bw_report_counts *c = &r->counts;
    char name[160];

    w->section = "clock";
    w->method = BW_METHOD_CLOCK;
    put(w, "unsynchronised", r->clock.unsynced_s, "s", "", "sum", c->n_intervals);
    put(w, "stepped", r->clock.n_stepped, "1", "", "count", c->n_intervals);
    put(w, "worst_error", r->clock.max_error_us, "us", "", "max", c->n_intervals);
    w->section = "counts";
    w->method = BW_METHOD_COUNT;
    put(w, "records", c->n_records, "1", "", "count", c->n_records);
    put(w, "intervals", c->n_intervals, "1", "", "count", c->n_intervals);
    put_plain(w, "interval_length", c->interval_s, "s");
    put_plain(w, "first_position", c->first_position, "1");
    put_plain(w, "last_position", c->last_position, "1");
    for (size_t i = 0; i < c->n_keys; i++) {
        (void)snprintf(name, sizeof(name), "key %s seq %lld…%lld", c->keys[i].kid,
                       (long long)c->keys[i].first_seq, (long long)c->keys[i].last_seq);
        put(w, name, c->keys[i].n, "1", "", "count", c->n_records);
    }
    for (size_t i = 0; i < c->n_agents; i++) {
        (void)snprintf(name, sizeof(name), "agent %s", c->agents[i].text);
        put(w, name, c->agents[i].n, "1", "", "count", c->n_records);
    }
    for (size_t i = 0; i < c->n_configs; i++) {
        (void)snprintf(name, sizeof(name), "configuration %s", c->configs[i].text);
        put(w, name, c->configs[i].n, "1", "", "count", c->n_records);
    }
}

int bw_report_figures(const struct bw_report *r, bw_figure_cb cb, void *owner)
{
    struct walk w = {.cb = cb, .owner = owner};

    identity(&w, r);
    claimed(&w, r);
    coverage(&w, r);
    tested(&w, r, BW_DOWN);
    tested(&w, r, BW_UP);
    carried(&w, r);
    used(&w, r);
    class_time(&w, r);
    w.rc = w.rc ? w.rc : bw_findings_figures(r, cb, owner);
    latency(&w, r);
    bw_figures_details(&w, r);
    outages(&w, r);
    gaps(&w, r);
    counts(&w, r);
    return w.rc ? w.rc : bw_figures_said(r, cb, owner);
}
