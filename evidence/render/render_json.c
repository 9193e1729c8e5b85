/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json.c - the report for programs (docs/report-v1.schema.json).
 *
 * Invariant: integers only, units in the names, what was not measured is absent; member
 * order is fixed, so the same report gives the same bytes. */
#include "render_json.h"
#include "figures.h"
#include "render.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <json.h>
#include <model.h>
#include <words.h>

void bw_json_time(struct bw_jw *w, const char *name, int64_t unix_s)
{
    char text[32];

    if (unix_s != BW_UNKNOWN) {
        bw_words_utc_s(unix_s, text);
        bw_jw_kstr(w, name, text);
    }
}

void bw_json_time_ms(struct bw_jw *w, const char *name, int64_t unix_ms)
{
    char text[32];

    if (unix_ms != BW_UNKNOWN) {
        bw_words_utc_ms(unix_ms, text);
        bw_jw_kstr(w, name, text);
    }
}

void bw_json_word(struct bw_jw *w, const char *name, const char *text)
{
    bw_jw_kstr(w, name, text && text[0] ? text : NULL);
}

static void
put_dist(struct bw_jw *w, const char *name, const struct bw_dist *d, enum bw_layer layer)
{
    if (name) {
        bw_jw_kobj(w, name);
    } else {
        bw_jw_obj(w);
    }
    bw_json_word(w, "layer", bw_words_layer(layer));
    bw_jw_ki64(w, "n", d->n);
    bw_jw_ki64(w, "min_bps", d->min);
    bw_jw_ki64(w, "p5_bps", d->p5);
    bw_jw_ki64(w, "median_bps", d->median);
    bw_jw_ki64(w, "p95_bps", d->p95);
    bw_jw_ki64(w, "max_bps", d->max);
    bw_jw_obj_end(w);
}

static void identity(struct bw_jw *w, const struct bw_report *r)
{
    char text[64];

    bw_jw_kobj(w, "identity");
    bw_jw_kstr(w, "site", r->site);
    bw_jw_kstr(w, "circuit", r->circuit);
    bw_json_word(w, "place", r->place);
    bw_jw_karr(w, "facts");
    for (size_t i = 0; i < r->n_facts; i++) {
        const struct bw_report_facts *f = &r->facts[i];
        bw_jw_obj(w);
        bw_json_time(w, "from", f->from_unix_s);
        bw_json_time(w, "to", f->to_unix_s);
        bw_jw_kstr(w, "vantage", bw_vantage_name(f->vantage));
        bw_words_behind(f->behind, text, sizeof(text));
        bw_json_word(w, "behind", text);
        bw_jw_kstr(w, "source", bw_source_name(f->source));
        bw_json_word(w, "layer", bw_words_layer(f->layer));
        bw_jw_ki64(w, "resolution_ms", f->resolution_ms);
        bw_jw_ki64(w, "link_bps", f->link_bps);
        bw_jw_ki64(w, "mtu", f->mtu);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_ki64(w, "vantage_changes", r->n_vantage_changes);
    bw_jw_obj_end(w);
}

static void period(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_kobj(w, "period");
    bw_json_time(w, "from", r->from_unix_s);
    bw_json_time(w, "to", r->to_unix_s);
    bw_json_time(w, "until", r->until_unix_s);
    bw_jw_kstr(w, "time_zone", r->tz_name);
    bw_json_word(w, "time_zone_origin", r->tz_origin);
    bw_json_class_hours(w, r);
    bw_jw_obj_end(w);
}

static void records(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_kobj(w, "records");
    bw_json_word(w, "from", r->origin);
    bw_json_word(w, "which", r->origin_text);
    bw_jw_kstr(w, "signatures", bw_words_check(r->check));
    bw_json_word(w, "signatures_text", r->check_text);
    bw_jw_obj_end(w);
}

static void claimed(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_karr(w, "claimed");
    for (size_t i = 0; i < r->n_claims; i++) {
        const struct bw_report_claim *c = &r->claims[i];
        bw_jw_obj(w);
        bw_json_time(w, "from", c->from_unix_s);
        bw_json_time(w, "to", c->to_unix_s);
        bw_jw_ki64(w, "down_bps", c->bps[BW_DOWN]);
        bw_jw_ki64(w, "up_bps", c->bps[BW_UP]);
        bw_json_word(w, "layer", bw_words_layer(c->layer));
        bw_json_word(w, "origin", c->origin);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

/* Which claims, and who says that they are about this circuit. */
static void bindings(struct bw_jw *w, const struct bw_report *r)
{
    if (r->n_bindings == 0) {
        return;
    }
    bw_jw_karr(w, "bindings");
    for (size_t i = 0; i < r->n_bindings; i++) {
        const struct bw_bound *b = &r->bindings[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "id", b->binding_id);
        bw_jw_kstr(w, "claim", b->binding.claim);
        bw_json_word(w, "claim_id", b->claim_id);
        bw_json_word(w, "claim_by", b->claim_by);
        bw_json_time(w, "claim_said_at", b->claim_said_unix_s);
        if (b->replaced) {
            bw_jw_kbool(w, "corrected", true);
            bw_jw_kbool(w, "corrected_after_the_period_began",
                        bw_report_changed_late(r, b));
        }
        if (b->idle) {
            bw_jw_kbool(w, "for_this_period", false);
        }
        if (b->never) {
            bw_jw_kbool(w, "for_no_day", true);
            bw_json_word(w, "ends_what_was_before_on", b->ends_day);
        }
        bw_json_word(w, "first_day", b->first_day);
        bw_json_word(w, "last_day", b->last_day);
        bw_jw_ki64(w, "down_bps", b->bps[BW_DOWN]);
        bw_jw_ki64(w, "up_bps", b->bps[BW_UP]);
        if (b->typed_wrong) {
            bw_jw_kbool(w, "typed_wrong", true);
        }
        bw_json_word(w, "request", b->void_as);
        bw_json_word(w, "provider", b->provider);
        bw_jw_kstr(w, "by", b->by);
        bw_json_time(w, "said_at", b->said_unix_s);
        bw_jw_kbool(w, "after_the_period_began", b->said_unix_s > r->from_unix_s);
        if (b->ended_by[0]) {
            bw_jw_kstr(w, "ended_by", b->ended_by);
            bw_jw_kstr(w, "ended_who", b->ended_who);
            bw_json_time(w, "ended_at", b->ended_unix_s);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void coverage(struct bw_jw *w, const struct bw_report *r)
{
    static const char *const kinds[] = {"missing", "counter", "stated"};
    const struct bw_report_coverage *c = &r->coverage;

    bw_jw_kobj(w, "coverage");
    bw_jw_kstr(w, "method", BW_METHOD_COVERAGE);
    bw_jw_ki64(w, "period_s", c->period_s);
    bw_jw_ki64(w, "elapsed_s", c->elapsed_s);
    bw_jw_ki64(w, "recorded_s", c->recorded_s);
    bw_jw_ki64(w, "missing_s", c->missing_s);
    bw_jw_ki64(w, "recorded_twice_s", c->twice_s);
    bw_jw_ki64(w, "counted_s", c->counted_s);
    bw_jw_karr(w, "targets");
    for (size_t i = 0; i < c->n_targets; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "probe", c->targets[i].probe);
        bw_jw_kstr(w, "kind", c->targets[i].kind);
        bw_jw_ki64(w, "family", c->targets[i].family ? c->targets[i].family : BW_UNKNOWN);
        bw_jw_ki64(w, "covered_s", c->targets[i].covered_s);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    if (c->n_received > 0) {
        bw_jw_kobj(w, "received");
        bw_jw_ki64(w, "n", c->n_received);
        bw_jw_ki64(w, "within_1h", c->n_within_1h);
        bw_jw_ki64(w, "within_24h", c->n_within_24h);
        bw_jw_ki64(w, "later", c->n_later);
        bw_jw_obj_end(w);
    }
    bw_jw_karr(w, "gaps");
    for (size_t i = 0; i < c->n_gaps; i++) {
        const struct bw_report_gap *g = &c->gaps[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "kind", kinds[g->kind]);
        bw_json_time(w, "from", g->from_unix_s);
        bw_json_time(w, "to", g->to_unix_s);
        bw_jw_ki64(w, "missing_s", g->missing_s);
        bw_jw_kstr(w, "why", g->why);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void tested(struct bw_jw *w, const struct bw_report_tested *x, const char *name)
{
    bw_jw_kobj(w, name);
    bw_jw_kobj(w, "runs");
    bw_jw_ki64(w, "wanted", x->n_wanted);
    bw_jw_ki64(w, "made", x->n_made);
    bw_jw_ki64(w, "ok", x->n_ok);
    bw_jw_ki64(w, "failed", x->n_failed);
    bw_jw_ki64(w, "deferred", x->n_deferred);
    bw_jw_ki64(w, "cancelled", x->n_cancelled);
    bw_jw_ki64(w, "retests", x->n_retests);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "grades");
    bw_jw_ki64(w, "self", x->n_grade[BW_GRADE_SELF]);
    bw_jw_ki64(w, "receipt", x->n_grade[BW_GRADE_RECEIPT]);
    bw_jw_ki64(w, "archive", x->n_grade[BW_GRADE_ARCHIVE]);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "egress");
    bw_jw_ki64(w, "match", x->n_egress[BW_EGRESS_MATCH]);
    bw_jw_ki64(w, "other", x->n_egress[BW_EGRESS_OTHER]);
    bw_jw_ki64(w, "unknown", x->n_egress[BW_EGRESS_UNKNOWN]);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "apart");
    for (enum bw_apart a = BW_APART_NOT + 1; a < BW_APARTS; a++) {
        bw_jw_ki64(w, bw_words_apart_name(a), x->n_apart[a]);
    }
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "goodput");
    for (size_t i = 0; i < x->n_kinds; i++) {
        put_dist(w, x->kinds[i].kind, &x->kinds[i].goodput_bps, BW_LAYER_GOODPUT);
    }
    bw_jw_obj_end(w);
    bw_jw_karr(w, "line");
    for (size_t i = 0; i < x->n_line; i++) {
        put_dist(w, NULL, &x->line[i].bps, x->line[i].layer);
    }
    bw_jw_arr_end(w);
    bw_jw_kobj(w, "against_claim");
    bw_jw_kstr(w, "method", BW_METHOD_CLAIM_SHARE);
    bw_jw_ki64(w, "n", x->n_compared);
    bw_jw_ki64(w, "n_at_least_80_percent", x->n_at_80);
    bw_jw_ki64(w, "n_at_least_90_percent", x->n_at_90);
    bw_jw_ki64(w, "at_least_80_percent_ppm", bw_words_ppm(x->n_at_80, x->n_compared));
    bw_jw_ki64(w, "at_least_90_percent_ppm", bw_words_ppm(x->n_at_90, x->n_compared));
    put_dist(w, "line_at_claim_layer", &x->compared_bps, x->compared_layer);
    bw_json_word(w, "conversion", x->conversion);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "round_trip");
    bw_jw_kstr(w, "method", BW_METHOD_LOADED);
    bw_jw_ki64(w, "n", x->loaded.n);
    bw_jw_ki64(w, "idle_p50_us", x->loaded.idle_p50_us);
    bw_jw_ki64(w, "idle_p95_us", x->loaded.idle_p95_us);
    bw_jw_ki64(w, "loaded_p50_us", x->loaded.loaded_p50_us);
    bw_jw_ki64(w, "loaded_p95_us", x->loaded.loaded_p95_us);
    bw_jw_ki64(w, "added_p50_us", x->loaded.added_p50_us);
    bw_jw_obj_end(w);
    bw_jw_obj_end(w);
}

static void one_run(struct bw_jw *w, const struct bw_report_run *t)
{
    bw_jw_obj(w);
    bw_json_time_ms(w, "at", t->at_unix_ms);
    bw_jw_kstr(w, "direction", bw_words_direction((int)t->direction));
    bw_jw_kstr(w, "state", bw_test_state_name(t->state));
    bw_json_word(w, "reason", t->reason);
    bw_jw_kstr(w, "kind", t->kind);
    bw_jw_kstr(w, "probe", t->probe);
    bw_json_word(w, "server", t->server);
    if (t->apart != BW_APART_NOT) {
        bw_jw_kstr(w, "apart", bw_words_apart_name(t->apart));
    }
    if (t->retest) {
        bw_jw_kbool(w, "retest", true);
    }
    bw_jw_ki64(w, "duration_ms", t->duration_ms);
    if (t->state == BW_TEST_OK) {
        bw_jw_kstr(w, "grade", bw_grade_name(t->grade));
        bw_jw_kstr(w, "egress", bw_egress_name(t->egress));
    }
    bw_jw_ki64(w, "goodput_bps", t->goodput_bps);
    if (t->line_bps != BW_UNKNOWN) {
        bw_jw_ki64(w, "line_bps", t->line_bps);
        bw_json_word(w, "line_layer", bw_words_layer(t->line_layer));
        bw_jw_ki64(w, "mtu", t->mtu);
    }
    if (t->compared_bps != BW_UNKNOWN) {
        bw_jw_ki64(w, "claim_bps", t->claim_bps);
        bw_json_word(w, "claim_layer", bw_words_layer(t->claim_layer));
        bw_jw_ki64(w, "line_at_claim_layer_bps", t->compared_bps);
    }
    bw_jw_obj_end(w);
}

static void delivered(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_kobj(w, "delivered");
    bw_jw_kobj(w, "tested");
    bw_jw_kstr(w, "method", BW_METHOD_TESTED);
    tested(w, &r->tested[BW_DOWN], "down");
    tested(w, &r->tested[BW_UP], "up");
    bw_jw_karr(w, "runs");
    for (size_t i = 0; i < r->n_runs; i++) {
        one_run(w, &r->runs[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
    bw_jw_karr(w, "carried");
    for (size_t i = 0; i < r->n_used; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "method", BW_METHOD_CARRIED);
        bw_json_word(w, "layer", bw_words_layer(r->used[i].layer));
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            const struct bw_report_window *x = &r->used[i].window[BW_WINDOW_ALL][d];
            bw_jw_kobj(w, bw_words_direction(d));
            bw_jw_ki64(w, "n", x->n);
            bw_jw_ki64(w, "max_bps", x->peak_bps);
            bw_jw_ki64(w, "at_claim_layer_bps", x->converted_peak_bps);
            bw_json_time(w, "at", x->peak_unix_s);
            bw_jw_obj_end(w);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void used_window(struct bw_jw *w, const struct bw_report_window *x, const char *name)
{
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "n", x->n);
    bw_jw_ki64(w, "p95_bps", x->p95_bps);
    bw_jw_ki64(w, "peak_bps", x->peak_bps);
    bw_json_time(w, "peak_at", x->peak_unix_s);
    bw_jw_ki64(w, "n_converted", x->n_converted);
    bw_jw_ki64(w, "p95_at_claim_layer_bps", x->converted_p95_bps);
    bw_jw_ki64(w, "p95_of_claim_ppm", x->share_p95_ppm);
    bw_jw_obj_end(w);
}

static void used(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_karr(w, "used");
    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "method", BW_METHOD_UTIL_P95);
        bw_json_word(w, "layer", bw_words_layer(u->layer));
        bw_jw_ki64(w, "intervals", u->n_intervals);
        bw_jw_ki64(w, "intervals_with_own_test", u->n_with_test);
        bw_jw_ki64(w, "intervals_too_short", u->n_short);
        bw_jw_ki64(w, "intervals_at_least", u->n_mirror);
        bw_jw_kobj(w, "all_hours");
        used_window(w, &u->window[BW_WINDOW_ALL][BW_DOWN], "down");
        used_window(w, &u->window[BW_WINDOW_ALL][BW_UP], "up");
        bw_jw_obj_end(w);
        bw_jw_kobj(w, "class_hours");
        used_window(w, &u->window[BW_WINDOW_CLASS][BW_DOWN], "down");
        used_window(w, &u->window[BW_WINDOW_CLASS][BW_UP], "up");
        bw_jw_obj_end(w);
        bw_jw_ki64(w, "down_bytes", u->bytes[BW_DOWN]);
        bw_jw_ki64(w, "up_bytes", u->bytes[BW_UP]);
        bw_jw_ki64(w, "down_packets", u->packets[BW_DOWN]);
        bw_jw_ki64(w, "up_packets", u->packets[BW_UP]);
        bw_jw_ki64(w, "saturated_s", u->saturated_s);
        bw_jw_ki64(w, "saturated_of_s", u->saturated_of_s);
        bw_jw_ki64(w, "saturated_intervals", u->saturated_n);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void latency(struct bw_jw *w, const struct bw_report *r)
{
    bw_jw_karr(w, "latency");
    for (size_t i = 0; i < r->n_latency; i++) {
        const struct bw_report_latency *l = &r->latency[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "probe", l->probe);
        bw_jw_kstr(w, "kind", l->kind);
        bw_jw_ki64(w, "family", l->family ? l->family : BW_UNKNOWN);
        bw_jw_kstr(w, "hours", l->window == BW_WINDOW_CLASS ? "class" : "all");
        bw_jw_ki64(w, "sent", l->sent);
        bw_jw_ki64(w, "lost", l->lost);
        bw_jw_ki64(w, "late", l->late);
        bw_jw_ki64(w, "loss_ppm", l->loss_ppm);
        bw_jw_ki64(w, "loss_low_ppm", l->loss_low_ppm);
        bw_jw_ki64(w, "loss_high_ppm", l->loss_high_ppm);
        bw_jw_ki64(w, "counted", l->counted);
        bw_jw_ki64(w, "answered", l->answered);
        bw_jw_ki64(w, "min_us", l->min_us);
        bw_jw_ki64(w, "p50_us", l->p50_us);
        bw_jw_ki64(w, "p95_us", l->p95_us);
        bw_jw_ki64(w, "p99_us", l->p99_us);
        bw_jw_ki64(w, "mean_us", l->mean_us);
        bw_jw_ki64(w, "pdv_p95_us", l->pdv_p95_us);
        bw_jw_ki64(w, "n_at_most_100ms", l->n_at_most_100ms);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

/* The annotations that touch an outage, by id. */
static void
known_of(struct bw_jw *w, const struct bw_report *r, const struct bw_report_outage *x)
{
    bool any = false;

    for (size_t i = 0; i < r->notes.n; i++) {
        const struct bw_annotation_said *a = &r->notes.list[i];
        if (a->annotation.from_unix_s * 1000 >= x->clipped_to_unix_ms ||
            a->annotation.to_unix_s * 1000 <= x->clipped_from_unix_ms) {
            continue;
        }
        if (!any) {
            bw_jw_karr(w, "annotations");
        }
        any = true;
        bw_jw_str(w, a->id);
    }
    if (any) {
        bw_jw_arr_end(w);
    }
    bw_jw_ki64(w, "excluded_ms", x->excluded_ms > 0 ? x->excluded_ms : BW_UNKNOWN);
}

static void annotations(struct bw_jw *w, const struct bw_report *r)
{
    if (r->notes.n == 0 && r->notes.n_unread == 0) {
        return;
    }
    bw_jw_kobj(w, "annotations");
    bw_jw_kstr(w, "method", BW_METHOD_EXCLUDED);
    bw_jw_ki64(w, "n_not_readable", r->notes.n_unread);
    bw_jw_ki64(w, "excluded_s", r->notes.excluded_s);
    bw_jw_karr(w, "list");
    for (size_t i = 0; i < r->notes.n; i++) {
        const struct bw_annotation_said *a = &r->notes.list[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "id", a->id);
        bw_json_time(w, "from", a->annotation.from_unix_s);
        bw_json_time(w, "to", a->annotation.to_unix_s);
        bw_jw_kstr(w, "cause", bw_cause_name((enum bw_cause)a->annotation.cause));
        bw_jw_kstr(w, "text", a->annotation.text);
        bw_jw_kbool(w, "exclude", a->annotation.exclude == 1);
        bw_jw_kstr(w, "by", a->by);
        bw_json_time(w, "said_at", a->said_unix_s);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void replies(struct bw_jw *w, const struct bw_report *r)
{
    if (r->replies.n == 0 && r->replies.n_unread == 0) {
        return;
    }
    bw_jw_kobj(w, "replies");
    bw_jw_ki64(w, "n_not_readable", r->replies.n_unread);
    bw_jw_karr(w, "list");
    for (size_t i = 0; i < r->replies.n; i++) {
        const struct bw_reply_said *a = &r->replies.list[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "id", a->id);
        bw_jw_kstr(w, "to", bw_reply_to_name(a->reply.to));
        bw_json_time(w, "period_from", a->reply.from_unix_s);
        bw_json_time(w, "period_to", a->reply.to_unix_s);
        bw_jw_kstr(w, "answered", a->reply.answered[0] ? a->reply.answered : NULL);
        bw_jw_kstr(w, "from", bw_reply_from_name(a->reply.from));
        bw_jw_kstr(w, "name", a->reply.name[0] ? a->reply.name : NULL);
        bw_jw_kstr(w, "text", a->reply.text);
        bw_jw_kstr(w, "file", a->file[0] ? a->file : NULL);
        bw_jw_kstr(w, "sha256", a->file[0] ? a->sha256 : NULL);
        bw_jw_kstr(w, "by", a->by);
        bw_json_time(w, "said_at", a->said_unix_s);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void outages(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_report_outages *o = &r->outages;

    bw_jw_kobj(w, "outages");
    bw_jw_kstr(w, "method", BW_METHOD_OUTAGE);
    bw_jw_ki64(w, "n", o->total_ms == BW_UNKNOWN ? BW_UNKNOWN : (int64_t)o->n);
    bw_jw_ki64(w, "total_ms", o->total_ms);
    bw_jw_ki64(w, "longest_ms", o->n ? o->longest_ms : BW_UNKNOWN);
    bw_jw_ki64(w, "n_without_end", o->n_open);
    if (r->notes.excluded_s > 0 && o->total_ms != BW_UNKNOWN) {
        bw_jw_ki64(w, "excluded_ms", o->excluded_ms);
        bw_jw_ki64(w, "without_excluded_ms", o->total_ms - o->excluded_ms);
    }
    bw_jw_ki64(w, "observed_s", o->observed_s);
    bw_jw_ki64(w, "witnesses", o->n_witnesses);
    bw_jw_karr(w, "list");
    for (size_t i = 0; i < o->n; i++) {
        const struct bw_report_outage *x = &o->list[i];
        bw_jw_obj(w);
        bw_json_time_ms(w, "from", x->from_unix_ms);
        bw_json_time_ms(w, "to", x->to_unix_ms);
        bw_json_time_ms(w, "counted_from", x->clipped_from_unix_ms);
        bw_json_time_ms(w, "counted_to", x->clipped_to_unix_ms);
        bw_jw_ki64(w, "counted_ms", x->clipped_to_unix_ms - x->clipped_from_unix_ms);
        bw_jw_kstr(w, "why", x->why);
        known_of(w, r, x);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void
words(struct bw_jw *w, const char *name, const struct bw_report_word *list, size_t n)
{
    bw_jw_karr(w, name);
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "text", list[i].text);
        bw_jw_ki64(w, "n", list[i].n);
        bw_json_time(w, "first", list[i].first_unix_s);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void counts(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_report_counts *c = &r->counts;

    bw_jw_kobj(w, "clock");
    bw_jw_kstr(w, "method", BW_METHOD_CLOCK);
    bw_jw_ki64(w, "unsynchronised_s", r->clock.unsynced_s);
    bw_jw_ki64(w, "stepped_intervals", r->clock.n_stepped);
    bw_jw_ki64(w, "worst_error_us", r->clock.max_error_us);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "counts");
    bw_jw_ki64(w, "records", c->n_records);
    bw_jw_ki64(w, "intervals", c->n_intervals);
    bw_jw_ki64(w, "interval_s", c->interval_s);
    bw_jw_ki64(w, "first_position", c->first_position);
    bw_jw_ki64(w, "last_position", c->last_position);
    bw_json_word(w, "first_sha256", c->first_sha256);
    bw_json_word(w, "last_sha256", c->last_sha256);
    bw_jw_karr(w, "keys");
    for (size_t i = 0; i < c->n_keys; i++) {
        const struct bw_report_key *k = &c->keys[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "kid", k->kid);
        bw_jw_ki64(w, "n", k->n);
        bw_jw_ki64(w, "first_seq", k->first_seq);
        bw_jw_ki64(w, "last_seq", k->last_seq);
        bw_jw_ki64(w, "first_position", k->first_position);
        bw_jw_ki64(w, "last_position", k->last_position);
        bw_json_key_history(w, k);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    words(w, "agents", c->agents, c->n_agents);
    words(w, "configurations", c->configs, c->n_configs);
    bw_jw_obj_end(w);
}

static void days(struct bw_jw *w, const struct bw_report *r)
{
    char date[16];

    bw_jw_karr(w, "days");
    for (size_t i = 0; i < r->n_days; i++) {
        const struct bw_report_day *d = &r->days[i];
        bw_words_iso_date(d->year, d->month, d->day, date);
        bw_jw_obj(w);
        bw_jw_kstr(w, "date", date);
        bw_json_class_day(w, d);
        bw_jw_ki64(w, "length_s", d->to_unix_s - d->from_unix_s);
        bw_jw_ki64(w, "recorded_s", d->recorded_s);
        bw_jw_ki64(w, "counted_s", d->counted_s);
        bw_jw_ki64(w, "outage_ms", d->outage_ms);
        bw_jw_ki64(w, "n", d->n);
        bw_jw_ki64(w, "class_n", d->class_n);
        for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
            bw_jw_kobj(w, bw_words_direction(dir));
            bw_jw_ki64(w, "bytes", d->bytes[dir]);
            bw_jw_ki64(w, "p95_bps", d->p95_bps[dir]);
            bw_jw_ki64(w, "class_p95_bps", d->class_p95_bps[dir]);
            bw_jw_ki64(w, "peak_bps", d->peak_bps[dir]);
            bw_jw_obj_end(w);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

int bw_render_json(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr)
{
    struct bw_jw w;
    int rc;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "type", "bandwitness-report");
    bw_json_time(&w, "made_at", r->made_unix_s);
    identity(&w, r);
    period(&w, r);
    bw_json_class_time(&w, r);
    records(&w, r);
    claimed(&w, r);
    bindings(&w, r);
    delivered(&w, r);
    used(&w, r);
    bw_json_findings(&w, r);
    coverage(&w, r);
    latency(&w, r);
    bw_json_targets(&w, r);
    bw_json_traffic(&w, r);
    outages(&w, r);
    annotations(&w, r);
    replies(&w, r);
    bw_json_log(&w, r);
    bw_json_errata(&w, r);
    counts(&w, r);
    days(&w, r);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
    rc = bw_buf_error(out);
    return rc < 0 ? bw_err_set(reterr, rc, "the report does not fit into memory") : 0;
}
