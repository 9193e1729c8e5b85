/* SPDX-License-Identifier: GPL-3.0-or-later
 * status.c - what the control socket answers.
 *
 * As in records, a figure that is not known is absent, never 0; a circuit without
 * counters has no rates at all. */
#include "advice.h"
#include "campaign.h"
#include "control.h"
#include "daemon.h"
#include "heavy.h"
#include "logwatch.h"
#include "pledge.h"
#include "site.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <courier.h>
#include <errno.h>
#include <interval.h>
#include <json.h>
#include <snmpline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tap.h>

enum {
    RATE_SPAN_S = 10
};

static void put_i64(json_t *o, const char *name, int64_t v)
{
    if (v != BW_UNKNOWN) {
        (void)json_object_set_new(o, name, json_integer(v));
    }
}

static void put_text(json_t *o, const char *name, const char *text)
{
    if (text && text[0]) {
        (void)json_object_set_new(o, name, json_string(text));
    }
}

static void put_bool(json_t *o, const char *name, bool v)
{
    (void)json_object_set_new(o, name, json_boolean(v));
}

static json_t *latency_json(const struct bw_latency *l)
{
    json_t *o = json_object();
    put_text(o, "target", l->probe);
    put_text(o, "kind", l->kind);
    if (l->family == 4 || l->family == 6) {
        put_i64(o, "family", l->family);
    }
    put_i64(o, "sent", l->sent);
    put_i64(o, "lost", l->lost);
    put_i64(o, "late", l->late);
    put_i64(o, "p50_us", l->p50_us);
    put_i64(o, "p95_us", l->p95_us);
    put_i64(o, "pdv_p95_us", l->pdv_p95_us);
    return o;
}

static json_t *flow_json(const struct bw_flow *f)
{
    json_t *o = json_object();
    put_i64(o, "bytes", f->bytes);
    put_i64(o, "p95_1s_bps", f->p95_1s_bps);
    put_i64(o, "peak_1s_bps", f->peak_1s_bps);
    put_i64(o, "peak_sliding_1s_bps", f->peak_sliding_1s_bps);
    return o;
}

/* A target that is traced: its newest trace. */
static json_t *path_json(const struct bw_site_path *t)
{
    json_t *o = json_object();
    put_text(o, "kind", "path");
    if (!t) {
        return o;
    }
    if (t->family != 0) {
        put_i64(o, "family", t->family);
    }
    if (t->state == BW_FAILED) {
        put_text(o, "not_sent", bw_strerror(t->error));
        return o;
    }
    put_bool(o, "reached", t->reached);
    put_i64(o, "hops", t->hops);
    put_i64(o, "mtu", t->mtu);
    if (t->flag[0] != '\0') {
        put_text(o, "flag", t->flag);
    }
    return o;
}

static void
add_targets(struct bw_daemon *d, struct bw_interval *iv, size_t circuit, json_t *out)
{
    for (size_t i = 0; i < d->config->n_probes; i++) {
        const struct bw_boxconf_probe *p = &d->config->probes[i];
        int first = bw_site_target(d->site, i);
        if (p->circuit != circuit || first < 0 || !iv) {
            continue;
        }
        for (size_t k = 0; k < bw_opts_n_targets(p->opts); k++) {
            bool any = false;
            int unsent_family;
            int unsent = bw_site_unsent(d->site, i, k, &unsent_family);
            if (strcmp(p->ops->name, "path") == 0) {
                json_t *way = path_json(bw_site_path(d->site, i, k));
                put_text(way, "target", bw_opts_target(p->opts, k)->name);
                (void)json_array_append_new(out, way);
                continue;
            }
            for (int family = 4; family <= 6; family += 2) {
                struct bw_latency now;
                bool sent = bw_interval_latency_now(iv, (uint32_t)first + (uint32_t)k,
                                                    family, &now);
                bool missed = unsent < 0 && unsent_family == family;
                if (!sent && !missed && (family == 4 || any)) {
                    continue; /* a target of which nothing was sent has one row too */
                }
                any = true;
                json_t *o = latency_json(&now);
                put_text(o, "target", bw_opts_target(p->opts, k)->name);
                put_text(o, "kind", p->ops->name);
                if (!sent && !missed) {
                    (void)json_object_del(o, "family");
                }
                if (unsent < 0 && (missed || unsent_family == 0)) {
                    put_text(o, "not_sent", bw_strerror(unsent));
                }
                (void)json_array_append_new(out, o);
            }
        }
    }
}

/* What the mirror's port showed in the newest record. */
static json_t *mirror_json(const struct bw_site_mirror *m)
{
    json_t *o = json_object();
    if (m->link != BW_UNKNOWN) {
        put_bool(o, "link", m->link != 0);
    }
    put_i64(o, "port_bps", m->port_bps);
    put_i64(o, "port_full_s", m->full_s);
    put_i64(o, "down_bytes", m->bytes[BW_DOWN]);
    put_i64(o, "up_bytes", m->bytes[BW_UP]);
    put_text(o, "compared", bw_mirror_verdict_word(m->compared));
    return o;
}

/* What is behind the name of the interface. */
static json_t *link_json(const struct bw_counter_link *l)
{
    json_t *o = json_object();
    put_text(o, "kind", l->kind[0] ? l->kind : "port");
    put_text(o, "lower", l->lower);
    put_i64(o, "vlan", l->vlan);
    put_text(o, "leg_of", l->leg_of);
    put_text(o, "leg_of_kind", l->leg_of_kind);
    return o;
}

/* The reader of the edge device: how it stands, in a word and in a sentence. */
static json_t *snmp_json(const struct bw_snmp_status *s)
{
    json_t *o = json_object();
    put_text(o, "state", bw_snmp_state_word(s->state));
    put_text(o, "text", s->text);
    put_i64(o, "refresh_ms", s->refresh_ms);
    put_i64(o, "bits", s->bits);
    put_i64(o, "ifindex", s->ifindex);
    return o;
}

static void add_capture(struct bw_daemon *d, size_t i, json_t *circuit)
{
    const struct bw_boxconf_capture *k = &d->config->circuits[i].capture;
    struct bw_tap_status st;
    json_t *o;
    if (!bw_site_tap_status(d->site, i, &st)) {
        return;
    }
    o = json_object();
    put_text(o, "what", k->what == BW_BOXCONF_CAPTURE_FLOWS ? "flows" : "mix");
    put_text(o, "interface", k->interface);
    put_text(o, "state",
             bw_tap_state_word(st.state)[0] ? bw_tap_state_word(st.state)
             : st.state == BW_TAP_PAUSED    ? "paused"
             : st.state == BW_TAP_RUNS      ? "running"
                                            : "starting");
    put_text(o, "detail", st.detail);
    put_i64(o, "since_s", st.since_unix_s);
    put_i64(o, "sampled_1_in", st.sampled_one_in);
    put_i64(o, "flows_1_in", st.flows_one_in > 0 ? st.flows_one_in : BW_UNKNOWN);
    put_i64(o, "captured", st.captured);
    put_i64(o, "drops", st.drops);
    (void)json_object_set_new(circuit, "capture", o);
}

static json_t *circuit_json(struct bw_daemon *d, size_t i)
{
    const struct bw_boxconf_circuit *c = &d->config->circuits[i];
    struct bw_interval *iv = bw_site_interval(d->site);
    int64_t mono_ns = bw_clock_mono_ns();
    json_t *o = json_object();
    put_text(o, "id", c->id);
    put_text(o, "vantage", bw_vantage_name(c->vantage));
    put_text(o, "source", bw_source_name(c->source));
    put_text(o, "interface", c->interface);
    if (c->has_claim) {
        json_t *claim = json_object();
        put_i64(claim, "down_bps", c->claim_bps[BW_DOWN]);
        put_i64(claim, "up_bps", c->claim_bps[BW_UP]);
        put_text(claim, "layer", bw_layer_name(c->claim_layer));
        (void)json_object_set_new(o, "claim", claim);
    }
    const struct bw_reading *r = iv ? bw_interval_last_reading(iv, (uint32_t)i) : NULL;
    int64_t refresh_ms = bw_site_refresh_ms(d->site, i);
    if (bw_site_link(d->site, i)) {
        json_t *link = link_json(bw_site_link(d->site, i));
        put_text(link, "frames", bw_frames_state_word(bw_site_frames(d->site, i)));
        if (r && r->dir[BW_DOWN].offset_known) {
            put_i64(link, "down_offset_bytes", r->dir[BW_DOWN].offset_bytes);
        }
        if (r && r->dir[BW_UP].offset_known) {
            put_i64(link, "up_offset_bytes", r->dir[BW_UP].offset_bytes);
        }
        (void)json_object_set_new(o, "link", link);
    }
    if (bw_site_mirror(d->site, i)) {
        (void)json_object_set_new(o, "mirror", mirror_json(bw_site_mirror(d->site, i)));
    }
    if (bw_site_snmp(d->site, i)) {
        (void)json_object_set_new(o, "snmp", snmp_json(bw_site_snmp(d->site, i)));
    }
    if (r && c->source != BW_SOURCE_NONE) {
        json_t *now = json_object();
        put_text(now, "layer",
                 bw_layer_name(r->layer != BW_LAYER_UNKNOWN ? r->layer
                                                            : bw_site_layer(d->site, i)));
        put_i64(now, "span_s",
                refresh_ms > RATE_SPAN_S * INT64_C(1000) ? refresh_ms / 1000 : RATE_SPAN_S);
        put_i64(now, "down_bps",
                bw_interval_carried_bps(iv, (uint32_t)i, BW_DOWN, RATE_SPAN_S, mono_ns));
        put_i64(now, "up_bps",
                bw_interval_carried_bps(iv, (uint32_t)i, BW_UP, RATE_SPAN_S, mono_ns));
        (void)json_object_set_new(o, "now", now);
        if (bw_site_carrier(d->site, i, r) != BW_UNKNOWN) {
            put_bool(o, "carrier", bw_site_carrier(d->site, i, r) != 0);
        }
        put_i64(o, "link_bps", r->link_bps);
    }
    if (iv) {
        int64_t since_ms = BW_UNKNOWN;
        int out = bw_interval_out_now(iv, (uint32_t)i, mono_ns, &since_ms);
        put_bool(o, "out", out > 0);
        if (out > 0) {
            put_i64(o, "out_since_ms", since_ms);
        }
    }
    add_capture(d, i, o);
    json_t *targets = json_array();
    add_targets(d, iv, i, targets);
    (void)json_object_set_new(o, "latency", targets);
    return o;
}

static json_t *last_json(const struct bw_daemon_last *l)
{
    json_t *o = json_object();
    json_t *circuits = json_array();
    json_t *latency = json_array();
    put_i64(o, "start_s", l->start_unix_s);
    put_i64(o, "end_s", l->end_unix_s);
    for (size_t i = 0; i < l->n_circuits; i++) {
        const struct bw_circuit_summary *c = &l->circuits[i];
        json_t *e = json_object();
        put_text(e, "id", c->id);
        if (c->source != BW_SOURCE_NONE) {
            put_text(e, "source", bw_source_name(c->source));
            put_text(e, "layer", bw_layer_name(c->layer));
            put_i64(e, "covered_s", c->covered_s);
            (void)json_object_set_new(e, "down", flow_json(&c->flow[BW_DOWN]));
            (void)json_object_set_new(e, "up", flow_json(&c->flow[BW_UP]));
        }
        (void)json_array_append_new(circuits, e);
    }
    for (size_t i = 0; i < l->n_latency; i++) {
        json_t *e = latency_json(&l->latency[i]);
        put_text(e, "circuit", l->latency[i].circuit);
        (void)json_array_append_new(latency, e);
    }
    (void)json_object_set_new(o, "circuits", circuits);
    (void)json_object_set_new(o, "latency", latency);
    return o;
}

static json_t *journal_json(const struct bw_writer_status *w)
{
    json_t *o = json_object();
    put_text(o, "kid", w->kid);
    put_i64(o, "last_seq", w->last_seq);
    put_i64(o, "acked_seq", w->acked_seq);
    put_i64(o, "last_end_s", w->last_end_unix_s);
    put_i64(o, "rows", w->rows);
    put_i64(o, "pending", w->pending);
    put_i64(o, "refused", w->refused);
    put_i64(o, "held", w->held);
    put_i64(o, "dropped", w->dropped);
    put_i64(o, "last_ack_ms", w->last_ack_unix_ms);
    put_i64(o, "bytes", w->journal_bytes);
    put_i64(o, "disk_free_bytes", w->disk_free_bytes);
    put_text(o, "trouble", w->trouble);
    return o;
}

static json_t *collector_json(struct bw_daemon *d)
{
    struct bw_courier_status c;
    const char *url =
        d->config->collector.url[0] ? d->config->collector.url : d->enrolment.url;
    json_t *o = json_object();
    put_text(o, "url", url);
    put_bool(o, "enrolled", d->enrolled);
    if (d->courier) {
        bw_courier_status(d->courier, &c);
        put_i64(o, "posts", c.posts);
        put_i64(o, "failures_in_a_row", c.failures_in_a_row);
        put_i64(o, "last_ok_ms", c.last_ok_unix_ms);
        put_i64(o, "next_in_ms", c.next_in_ms);
        put_i64(o, "sent_bytes", c.sent_bytes);
        put_text(o, "last_error", c.last_error);
    }
    json_t *log = d->logwatch ? bw_logwatch_json(d->logwatch) : NULL;
    if (log) {
        (void)json_object_set_new(o, "log", log);
    }
    return o;
}

static json_t *tests_json(struct bw_daemon *d)
{
    struct bw_heavy_next n;
    struct bw_pledge_view pledge;
    json_t *o = json_object();
    json_t *list = json_array();
    for (size_t i = 0; bw_heavy_next(d->heavy, i, &n); i++) {
        json_t *e = json_object();
        put_text(e, "probe", n.probe);
        put_text(e, "kind", n.kind);
        put_bool(e, "running", n.running);
        put_bool(e, "planned", n.planned);
        put_text(e, "deferred", n.deferred);
        if (n.left_out > 0) {
            put_i64(e, "left_out", n.left_out);
            put_text(e, "left_out_why", n.left_why);
        }
        put_text(e, "failed", n.failed);
        (void)json_array_append_new(list, e);
    }
    (void)json_object_set_new(o, "probes", list);
    put_i64(o, "day_bytes", d->config->tests.day_bytes);
    put_i64(o, "month_bytes", d->config->tests.month_bytes);
    put_i64(o, "moved_today_bytes", bw_heavy_day_bytes(d->heavy));
    put_i64(o, "moved_month_bytes", bw_heavy_month_bytes(d->heavy));
    (void)json_object_set_new(o, "campaigns", bw_heavy_campaigns(d->heavy));
    bw_pledge_view(bw_heavy_pledge(d->heavy), &pledge);
    put_i64(o, "tomorrow_s", pledge.tomorrow_unix_s);
    put_text(o, "tomorrow_commit", pledge.tomorrow_commit);
    put_i64(o, "past_s", pledge.past_unix_s);
    put_text(o, "past_secret", pledge.past_secret);
    return o;
}

static json_t *status_json(struct bw_daemon *d)
{
    struct bw_clock_state clock;
    json_t *o = json_object();
    json_t *circuits = json_array();
    json_t *clock_o = json_object();
    put_text(o, "agent", "bandwitnessd/" BW_VERSION);
    put_text(o, "site", bw_writer_status(d->writer)->site);
    put_text(o, "name", d->enrolment.name);
    put_text(o, "entity", d->enrolment.entity);
    put_i64(o, "now_ms", bw_clock_unix_ms());
    put_i64(o, "started_ms", d->started_unix_ms);
    put_i64(o, "interval_s", d->config->interval_s);
    put_text(o, "config", d->config->path);
    put_text(o, "config_sha256", d->config->sha256);
    put_text(o, "state_dir", d->config->state_dir);
    put_text(o, "restart_needed", d->restart_needed);
    bw_clock_state_read(&clock);
    put_bool(clock_o, "synced", clock.synced);
    put_i64(clock_o, "max_error_us", clock.max_error_us);
    (void)json_object_set_new(o, "clock", clock_o);
    for (size_t i = 0; i < d->config->n_circuits; i++) {
        (void)json_array_append_new(circuits, circuit_json(d, i));
    }
    (void)json_object_set_new(o, "circuits", circuits);
    if (d->last.start_unix_s != BW_UNKNOWN) {
        (void)json_object_set_new(o, "last", last_json(&d->last));
    }
    (void)json_object_set_new(o, "journal", journal_json(bw_writer_status(d->writer)));
    (void)json_object_set_new(o, "collector", collector_json(d));
    (void)json_object_set_new(o, "tests", tests_json(d));
    if (d->reflector) {
        (void)json_object_set_new(o, "reflector", bw_daemon_reflector_json(d));
    }
    (void)json_object_set_new(o, "problems", bw_advice_json(d, clock.synced));
    return o;
}

/* ---- a test asked for by a person */

struct asker {
    struct bw_control_peer *peer;
    json_t *results;
};

static json_t *sample_json(const struct bw_run_sample *s)
{
    static const char *const states[] = {[BW_OK] = "ok",
                                         [BW_LOST] = "lost",
                                         [BW_LATE] = "late",
                                         [BW_FAILED] = "failed",
                                         [BW_SKIPPED] = "skipped"};
    json_t *o = json_object();
    put_text(o, "direction", s->direction == BW_DOWN ? "down" : "up");
    put_text(o, "state", states[s->state]);
    put_text(o, "reason", s->reason);
    put_text(o, "method", s->method);
    put_i64(o, "bytes", s->bytes);
    if (s->bytes != BW_UNKNOWN && s->t1_mono_ns > s->t0_mono_ns) {
        int64_t us = (s->t1_mono_ns - s->t0_mono_ns) / 1000;
        put_i64(o, "duration_ms", us / 1000);
        if (us > 0 && s->bytes < INT64_MAX / 8000000) {
            put_i64(o, "goodput_bps", s->bytes * 8000000 / us);
        }
    }
    put_i64(o, "streams", s->streams);
    put_i64(o, "rtt_us", s->rtt_us);
    put_i64(o, "retransmit_ppm", s->retransmit_ppm);
    put_i64(o, "tester_busy_ppm", s->tester_busy_ppm);
    return o;
}

static void on_asked_sample(void *owner, const struct bw_run_sample *s)
{
    struct asker *a = owner;
    json_t *o = sample_json(s);
    if (s->final) {
        (void)json_array_append(a->results, o);
    } else {
        bw_control_progress(a->peer, o);
    }
    json_decref(o);
}

static void on_asked_end(void *owner, int status, const char *reason)
{
    struct asker *a = owner;
    json_t *o = json_object();
    (void)json_object_set_new(o, "results", a->results);
    bw_control_answer(a->peer, o,
                      status < 0 ? (reason ? reason : bw_strerror(status)) : NULL);
    bw_control_drop(a->peer);
    free(a);
}

static void
ask_probe(struct bw_daemon *d, struct bw_control_peer *peer, const json_t *request)
{
    struct bw_err err = {0};
    struct asker *a = calloc(1, sizeof(*a));
    if (!a) {
        bw_control_answer(peer, NULL, "out of memory");
        return;
    }
    a->peer = peer;
    a->results = json_array();
    const struct bw_heavy_asker asker = {
        .sample = on_asked_sample, .end = on_asked_end, .owner = a};
    const char *probe = json_string_value(json_object_get(request, "probe"));
    int r = bw_heavy_ask(d->heavy, probe, &asker, &err);
    if (r < 0) {
        json_decref(a->results);
        free(a);
        bw_control_answer(peer, NULL, err.text);
        return;
    }
    bw_control_hold(peer);
}

/* {"do":"list"}, {"do":"start","rule":…,"probe":…,"day":"2026-11-23"},
 * {"do":"stop","name":…} */
static void
ask_campaign(struct bw_daemon *d, struct bw_control_peer *peer, const json_t *request)
{
    struct bw_err err = {0};
    const struct bw_campaign *k = NULL;
    const char *what = json_string_value(json_object_get(request, "do"));
    const char *rule = json_string_value(json_object_get(request, "rule"));
    const char *name = json_string_value(json_object_get(request, "name"));
    const char *day = json_string_value(json_object_get(request, "day"));
    int64_t first_day = BW_UNKNOWN;
    json_t *o;
    int r = 0;
    if (!what || (strcmp(what, "list") != 0 && strcmp(what, "start") != 0 &&
                  strcmp(what, "stop") != 0)) {
        r = bw_err_set(&err, -EINVAL, "a campaign is listed, started or stopped");
    } else if (strcmp(what, "start") == 0) {
        if (day && bw_civil_date_parse(day, &first_day) < 0) {
            r = bw_err_set(&err, -EINVAL, "a day is like 2026-11-23");
        }
        r = r < 0 ? r
                  : bw_heavy_campaign_start(
                        d->heavy, rule ? rule : "",
                        json_string_value(json_object_get(request, "probe")), first_day, &k,
                        &err);
    } else if (strcmp(what, "stop") == 0) {
        r = bw_heavy_campaign_stop(d->heavy, name ? name : "", &err);
    }
    if (r < 0) {
        bw_control_answer(peer, NULL, err.text);
        return;
    }
    o = json_object();
    put_text(o, "name", k ? k->name : name);
    (void)json_object_set_new(o, "campaigns", bw_heavy_campaigns(d->heavy));
    bw_control_answer(peer, o, NULL);
}

void bw_daemon_request(void *owner, struct bw_control_peer *peer, const json_t *request)
{
    struct bw_daemon *d = owner;
    struct bw_err err = {0};
    const char *verb = json_string_value(json_object_get(request, "verb"));
    if (!verb) {
        bw_control_answer(
            peer, NULL,
            "a request names its verb: status, schedule, campaign, probe or reload");
    } else if (strcmp(verb, "status") == 0) {
        bw_control_answer(peer, status_json(d), NULL);
    } else if (strcmp(verb, "reload") == 0) {
        int r = bw_daemon_reload(d, &err);
        json_t *o = json_object();
        put_text(o, "restart_needed", d->restart_needed);
        bw_control_answer(peer, o, r < 0 ? err.text : NULL);
    } else if (strcmp(verb, "probe") == 0) {
        ask_probe(d, peer, request);
    } else if (strcmp(verb, "schedule") == 0) {
        bool starts = json_is_true(json_object_get(request, "starts"));
        bw_control_answer(peer, bw_heavy_agenda(d->heavy, starts), NULL);
    } else if (strcmp(verb, "campaign") == 0) {
        ask_campaign(d, peer, request);
    } else {
        char text[160];
        (void)snprintf(
            text, sizeof(text),
            "there is no verb \"%.60s\": status, schedule, campaign, probe, reload", verb);
        bw_control_answer(peer, NULL, text);
    }
}
