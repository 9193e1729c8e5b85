/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_gen.c - summaries for tests; see summary_gen.h. */
#include "summary_gen.h"
#include "buf.h"
#include "hash.h"
#include "hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INT_MAX_53 INT64_C(9007199254740991)

/* splitmix64, from its description by its author. */
uint64_t gen_next(struct gen *g)
{
    uint64_t z = (g->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t gen_between(struct gen *g, int64_t low, int64_t high)
{
    return low + (int64_t)(gen_next(g) % (uint64_t)(high - low + 1));
}

int gen_chance(struct gen *g, int percent)
{
    return gen_between(g, 0, 99) < percent;
}

/* Unknown a third of the time; else anything up to max, the border more often. */
static int64_t maybe(struct gen *g, int64_t min, int64_t max)
{
    switch (gen_between(g, 0, 8)) {
    case 0:
    case 1:
    case 2:
        return BW_UNKNOWN;
    case 3:
        return max;
    case 4:
        return min;
    default:
        return gen_between(g, min, gen_chance(g, 50) || max < 5000 ? max : min + 5000);
    }
}

static void name(struct gen *g, char *out, size_t cap)
{
    static const char chars[] = "abcXYZ019._-";
    size_t n = (size_t)gen_between(g, 1, gen_chance(g, 5) ? (int64_t)cap - 1 : 12);
    out[0] = (char)gen_between(g, 'a', 'z');
    for (size_t i = 1; i < n; i++) {
        out[i] = chars[gen_between(g, 0, sizeof(chars) - 2)];
    }
    out[n] = '\0';
}

static void hash(struct gen *g, char out[BW_HASH_LEN + 1])
{
    uint64_t seed = gen_next(g);
    bw_sha256_text(&seed, sizeof(seed), out);
}

static char *hist(struct gen *g, struct bw_summary *s, int64_t n)
{
    struct bw_hist *h = calloc(1, sizeof(*h));
    struct bw_buf b;
    int64_t middle = gen_between(g, 100, 60000);
    char *text;
    bw_buf_init(&b, 65536);
    bw_hist_init(h);
    for (int64_t i = 0; i < n; i++) {
        bw_hist_add(h, middle + gen_between(g, 0, middle / 4));
    }
    (void)bw_hist_encode(h, &b);
    text = bw_summary_strdup(s, b.data);
    bw_buf_done(&b);
    free(h);
    return text;
}

static void random_flow(struct gen *g, struct bw_flow *f)
{
    f->bytes = maybe(g, 0, INT_MAX_53);
    f->packets = maybe(g, 0, INT_MAX_53);
    f->p95_1s_bps = maybe(g, 0, INT_MAX_53);
    f->peak_1s_bps = maybe(g, 0, INT_MAX_53);
    f->peak_sliding_1s_bps = maybe(g, 0, INT_MAX_53);
    f->frame_offset_bytes = maybe(g, -14, 4);
    f->drops = maybe(g, 0, 1000);
    f->errors = maybe(g, 0, 1000);
}

static void random_circuit(struct gen *g, size_t i, struct bw_circuit_summary *c)
{
    bw_circuit_summary_init(c);
    name(g, c->id, sizeof(c->id) - 2);
    c->id[strlen(c->id)] = (char)('0' + i);
    c->vantage = (enum bw_vantage)gen_between(g, 0, BW_VANTAGE_MIRROR);
    c->behind = (uint32_t)gen_between(g, 0, 7);
    c->source = (enum bw_source)gen_between(g, 0, BW_SOURCE_MIRROR);
    c->mtu = maybe(g, 68, 9000);
    if (c->source == BW_SOURCE_NONE) {
        return;
    }
    c->resolution_ms = maybe(g, 1, 60000);
    c->layer = (enum bw_layer)gen_between(g, 0, BW_LAYER_IP);
    c->covered_s = gen_between(g, 0, 300);
    c->link_bps = maybe(g, 1, INT_MAX_53);
    c->saturated_s = maybe(g, 0, 300);
    c->port_full_s = maybe(g, 0, 300);
    random_flow(g, &c->flow[BW_DOWN]);
    random_flow(g, &c->flow[BW_UP]);
}

static void random_details(struct gen *g, struct bw_summary *s, struct bw_latency *l)
{
    static const char *const words[] = {"noerror", "servfail", "200", "tls-expired"};
    static const char *const parts[] = {"dns", "connect", "tls", "first-byte"};
    int64_t left = l->sent;
    if (l->lost > 0 && gen_chance(g, 30)) {
        l->lost_out = gen_between(g, 0, l->lost);
        l->lost_back = gen_between(g, 0, l->lost - l->lost_out);
    }
    if (l->sent > 0 && gen_chance(g, 20)) {
        l->out_hist = hist(g, s, l->sent);
        l->back_hist = hist(g, s, gen_between(g, 1, l->sent));
        l->one_way_error_us = gen_between(g, 0, 9000);
    }
    l->codes = bw_summary_alloc(s, 4 * sizeof(*l->codes));
    while (l->n_codes < 4 && left > 0 && gen_chance(g, 30)) {
        struct bw_code *c = &l->codes[l->n_codes];
        *c = (struct bw_code){.n = gen_between(g, 1, left)};
        (void)snprintf(c->code, sizeof(c->code), "%s", words[l->n_codes++]);
        left -= c->n;
    }
    l->phases = bw_summary_alloc(s, 4 * sizeof(*l->phases));
    while (l->n_phases < 4 && l->sent > 0 && gen_chance(g, 30)) {
        struct bw_phase_times *p = &l->phases[l->n_phases];
        *p = (struct bw_phase_times){
            .sum_us = maybe(g, 0, 9000000),
            .time_hist = gen_chance(g, 80) ? hist(g, s, gen_between(g, 1, l->sent)) : NULL};
        (void)snprintf(p->phase, sizeof(p->phase), "%s", parts[l->n_phases++]);
    }
    l->cert_days = gen_chance(g, 20) ? gen_between(g, -400, 400) : BW_UNKNOWN;
}

static void random_latency(struct gen *g, struct bw_summary *s, size_t i)
{
    struct bw_latency *l = &s->latency[i];
    bw_latency_init(l);
    (void)snprintf(l->circuit, sizeof(l->circuit), "%s",
                   s->circuits[gen_between(g, 0, (int64_t)s->n_circuits - 1)].id);
    (void)snprintf(l->probe, sizeof(l->probe), "target-%zu", i);
    (void)snprintf(l->kind, sizeof(l->kind), "icmp");
    l->family = gen_chance(g, 10) ? BW_UNKNOWN : gen_chance(g, 50) ? 4 : 6;
    l->sent = gen_between(g, 0, 300);
    l->lost = gen_chance(g, 20) ? l->sent : gen_between(g, 0, l->sent);
    l->late = maybe(g, 0, l->lost);
    if (l->sent > l->lost && gen_chance(g, 90)) {
        l->sum_us = maybe(g, 0, 9000000);
        l->rtt_hist = hist(g, s, l->sent - l->lost);
        l->p50_us = maybe(g, 0, 60000);
        l->p95_us = maybe(g, 0, 60000);
        l->pdv_p95_us = maybe(g, 0, 60000);
    }
    random_details(g, s, l);
}

static void random_path(struct gen *g, struct bw_summary *s, size_t i)
{
    struct bw_path *p = &s->paths[i];
    bw_path_init(p);
    (void)snprintf(p->circuit, sizeof(p->circuit), "%s",
                   s->circuits[gen_between(g, 0, (int64_t)s->n_circuits - 1)].id);
    (void)snprintf(p->probe, sizeof(p->probe), "target-%zu", i);
    (void)snprintf(p->method, sizeof(p->method), "udp");
    p->family = gen_chance(g, 50) ? 4 : 6;
    p->at_unix_ms = s->start_unix_s * 1000;
    p->reached = gen_chance(g, 50);
    p->mtu = maybe(g, 68, 9000);
    p->changed = maybe(g, 0, 1);
    p->flag = gen_chance(g, 10) ? "mtu-black-hole" : NULL;
    if (gen_chance(g, 70)) {
        hash(g, p->hash);
        p->hops = bw_summary_alloc(s, 8 * sizeof(*p->hops));
        for (size_t k = (size_t)gen_between(g, 0, 8); k > 0; k--) {
            struct bw_hop *h = &p->hops[p->n_hops++];
            *h = (struct bw_hop){.ttl = (int64_t)p->n_hops * 2,
                                 .sent = 3,
                                 .lost = gen_between(g, 0, 3),
                                 .rtt_us = maybe(g, 0, 90000)};
            (void)snprintf(h->hash, sizeof(h->hash), "%s",
                           gen_chance(g, 80) ? "aBc-_0123456" : "");
            (void)snprintf(h->name, sizeof(h->name), "%s",
                           gen_chance(g, 50) ? "core-1.example" : "");
        }
    }
}

static void random_end(struct gen *g, struct bw_tcp_figures *e)
{
    if (gen_chance(g, 30)) {
        e->rtt_us = maybe(g, 0, 90000);
        e->min_rtt_us = maybe(g, 0, 90000);
        e->retransmit_ppm = maybe(g, 0, 1000000);
        e->app_limited_ppm = maybe(g, 0, 1000000);
        e->rwnd_limited_ppm = maybe(g, 0, 1000000);
        e->sndbuf_limited_ppm = maybe(g, 0, 1000000);
    }
}

static void random_test(struct gen *g, struct bw_summary *s, size_t i)
{
    static const char *const reasons[] = {NULL, "the server said \"busy\"", "back\\slash",
                                          "Zeitüberschreitung – 10 s", "x"};
    struct bw_throughput *t = &s->throughput[i];
    const struct bw_circuit_summary *c =
        &s->circuits[gen_between(g, 0, (int64_t)s->n_circuits - 1)];
    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "%s", c->id);
    name(g, t->probe, sizeof(t->probe));
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    t->method = gen_chance(g, 70) ? "http/1" : NULL;
    if (gen_chance(g, 70)) {
        name(g, t->server, sizeof(t->server));
    }
    t->direction = gen_chance(g, 50) ? BW_DOWN : BW_UP;
    t->at_unix_ms = s->start_unix_s * 1000 + gen_between(g, 0, 9999);
    t->duration_ms = maybe(g, 1, 60000);
    t->state = (enum bw_test_state)gen_between(g, 0, BW_TEST_CANCELLED);
    t->reason = reasons[gen_between(g, 0, 4)];
    t->retest_of = gen_chance(g, 10) ? "17.wan.down" : NULL;
    t->streams = maybe(g, 1, 16);
    (void)snprintf(t->cc, sizeof(t->cc), "%s", gen_chance(g, 50) ? "bbr" : "");
    t->mtu = maybe(g, 68, 9000);
    t->grade = (enum bw_grade)gen_between(g, 0, BW_GRADE_ARCHIVE);
    t->receipt = gen_chance(g, 10) ? "eyJhIjoxfQ.eyJiIjoyfQ.c2ln" : NULL;
    t->egress = (enum bw_egress)gen_between(g, 0, BW_EGRESS_OTHER);
    t->bytes = maybe(g, 0, INT_MAX_53);
    t->rtt_idle_us = maybe(g, 0, 60000);
    t->rtt_loaded_p95_us = maybe(g, 0, 60000);
    t->retransmit_ppm = maybe(g, 0, 1000000);
    t->tester_busy_ppm = maybe(g, 0, 4000000);
    for (int64_t n = gen_chance(g, 20) ? gen_between(g, 1, 7) : 0; n > 0; n--) {
        t->flags[n - 1] = "line-busy";
    }
    (void)snprintf(t->campaign, sizeof(t->campaign), "%s",
                   gen_chance(g, 20) ? "fcc-caf-20261201" : "");
    t->machine = gen_chance(g, 20) ? "ndt-heron1.example" : NULL;
    t->loss_ppm = maybe(g, 0, 1000000);
    t->delay_min_us = maybe(g, 0, 90000);
    t->delay_max_us = maybe(g, 0, 90000);
    random_end(g, &t->near);
    random_end(g, &t->far);
    if (t->state == BW_TEST_OK) {
        t->duration_ms = gen_between(g, 1, 60000);
        t->bytes = gen_between(g, 0, INT_MAX_53);
        t->goodput_bps = gen_between(g, 0, INT_MAX_53);
        if (c->source != BW_SOURCE_NONE) {
            t->line_bps = maybe(g, 0, INT_MAX_53);
            t->line_error_ppm = maybe(g, 0, 1000000000);
            t->concurrent_bps = maybe(g, 0, INT_MAX_53);
        }
    }
}

/* A figure with or without its interval. */
static void
random_interval(struct gen *g, int64_t most, int64_t *v, int64_t *low, int64_t *high)
{
    *v = maybe(g, 0, most);
    if (*v != BW_UNKNOWN && gen_chance(g, 50)) {
        *low = gen_between(g, 0, *v);
        *high = gen_between(g, *v, 1000000);
    }
}

static size_t
random_shares(struct gen *g, struct bw_summary *s, struct bw_traffic_share **ret)
{
    size_t n = (size_t)gen_between(g, 0, 3);
    *ret = bw_summary_alloc(s, 3 * sizeof(**ret));
    for (size_t j = 0; j < n; j++) {
        struct bw_traffic_share *p = &(*ret)[j];
        bw_traffic_share_init(p);
        (void)snprintf(p->klass, sizeof(p->klass), "class-%c", (char)('a' + j));
        random_interval(g, 333333, &p->down_ppm, &p->down_low_ppm, &p->down_high_ppm);
        random_interval(g, 333333, &p->up_ppm, &p->up_low_ppm, &p->up_high_ppm);
        p->error_ppm = maybe(g, 0, 1000000);
    }
    return n;
}

static void random_tcp_way(struct gen *g, struct bw_tcp_way *w)
{
    w->bytes = maybe(g, 0, INT_MAX_53);
    if (w->bytes != BW_UNKNOWN) {
        w->resent_bytes = maybe(g, 0, w->bytes);
    }
    random_interval(g, 1000000, &w->resent_ppm, &w->resent_low_ppm, &w->resent_high_ppm);
    random_interval(g, 1000000, &w->reordered_ppm, &w->reordered_low_ppm,
                    &w->reordered_high_ppm);
}

static void random_traffic(struct gen *g, struct bw_summary *s, size_t i)
{
    static const char *const states[] = {"", "no-rights", "interface-down"};
    struct bw_traffic *t = &s->traffic[i];
    bw_traffic_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "%s", s->circuits[i].id);
    (void)snprintf(t->state, sizeof(t->state), "%s", states[gen_between(g, 0, 2)]);
    t->covered_s = maybe(g, 0, 3600);
    t->sampled_1_in = maybe(g, 1, 1024);
    t->captured = maybe(g, 0, INT_MAX_53);
    t->capture_drops = maybe(g, 0, INT_MAX_53);
    t->flows_1_in = maybe(g, 1, 1024);
    t->n_mix = random_shares(g, s, &t->mix);
    t->n_families = random_shares(g, s, &t->families);
    t->n_sizes = random_shares(g, s, &t->sizes);
    t->tcp_rtt_hist = gen_chance(g, 50) ? hist(g, s, 50) : NULL;
    t->saturated_rtt_hist = t->tcp_rtt_hist && gen_chance(g, 50) ? t->tcp_rtt_hist : NULL;
    t->wan_min_hist = gen_chance(g, 50) ? hist(g, s, 20) : NULL;
    t->lan_rtt_hist = gen_chance(g, 50) ? hist(g, s, 50) : NULL;
    t->lan_min_hist = gen_chance(g, 50) ? hist(g, s, 20) : NULL;
    t->flow_size_hist = gen_chance(g, 50) ? hist(g, s, 20) : NULL;
    t->flows = maybe(g, 0, INT_MAX_53);
    t->retransmit_ppm = maybe(g, 0, 1000000);
    random_tcp_way(g, &t->tcp[BW_DOWN]);
    random_tcp_way(g, &t->tcp[BW_UP]);
    t->devices_min = maybe(g, 0, 20000);
    if (gen_chance(g, 50)) {
        t->flags[0] = "flows-full";
    }
}

static void random_schedule(struct gen *g, struct bw_summary *s)
{
    static const char *const minutes[] = {"0-1440", "0-420+1020-1440", "7-8"};
    int64_t day_s = gen_between(g, 1, 40000) * 86400;
    s->schedule.n_commits = (size_t)gen_between(g, 0, 4);
    s->schedule.commits = bw_summary_alloc(s, 4 * sizeof(*s->schedule.commits));
    for (size_t i = 0; i < s->schedule.n_commits; i++) {
        s->schedule.commits[i].day_unix_s = day_s + (int64_t)i * 86400;
        hash(g, s->schedule.commits[i].sha256);
    }
    s->schedule.n_secrets = (size_t)gen_between(g, 0, 8);
    s->schedule.secrets = bw_summary_alloc(s, 8 * sizeof(*s->schedule.secrets));
    for (size_t i = 0; i < s->schedule.n_secrets; i++) {
        s->schedule.secrets[i].day_unix_s = day_s + (int64_t)i * 172800;
        hash(g, s->schedule.secrets[i].secret);
    }
    s->schedule.n_starts = (size_t)gen_between(g, 0, 3);
    s->schedule.starts = bw_summary_alloc(s, 3 * sizeof(*s->schedule.starts));
    for (size_t i = 0; i < s->schedule.n_starts; i++) {
        struct bw_schedule_starts *p = &s->schedule.starts[i];
        bw_schedule_starts_init(p);
        (void)snprintf(p->probe, sizeof(p->probe), "probe-%zu", i);
        (void)snprintf(p->kind, sizeof(p->kind), "http");
        p->give_up_ms = gen_between(g, 0, 7200000);
        (void)snprintf(p->gate, sizeof(p->gate), "%s", gen_chance(g, 50) ? "share/10" : "");
        if (gen_chance(g, 30)) {
            (void)snprintf(p->campaign, sizeof(p->campaign), "fcc-caf-2026");
            p->slot_ms = gen_between(g, 60000, 3600000);
            p->spacing_ms = gen_between(g, 0, 59999);
            p->slots = gen_between(g, 1, 48);
            p->from_unix_s = day_s;
        } else {
            p->mean_ms = gen_between(g, 1000, 86400000);
            p->minutes = minutes[gen_between(g, 0, 2)];
            p->give_up_at = gen_chance(g, 20) ? "hour" : NULL;
            p->outside = gen_chance(g, 20) ? "east-1+West.2" : NULL;
        }
    }
}

void gen_random_summary(struct gen *g, struct bw_summary *ret)
{
    struct bw_summary *s = ret;
    bw_summary_init(s);
    (void)snprintf(s->site, sizeof(s->site), "s-%c%c2z9", (char)gen_between(g, 'a', 'z'),
                   'q');
    s->seq =
        gen_chance(g, 25) ? 1 : gen_between(g, 2, gen_chance(g, 10) ? INT_MAX_53 : 99999);
    if (s->seq > 1) {
        hash(g, s->prev);
    } else {
        s->chain.why = (enum bw_chain_why)gen_between(g, BW_CHAIN_NEW, BW_CHAIN_RESTORED);
        if (s->chain.why != BW_CHAIN_NEW) {
            hash(g, s->chain.prev_kid);
            hash(g, s->chain.prev_hash);
            s->chain.prev_seq = gen_between(g, 1, 99999);
        }
    }
    (void)snprintf(s->agent, sizeof(s->agent), "bandwitnessd/0.1.0");
    hash(g, s->config);
    if (gen_chance(g, 80)) {
        (void)snprintf(s->boot, sizeof(s->boot), "1f0c9f5e-8c5e-4d2c-9c0a-0a9f6f3c2b11");
    }
    s->mono_ms = maybe(g, 0, INT_MAX_53);
    s->start_unix_s = gen_between(g, 0, INT64_C(4000000000));
    s->end_unix_s = s->start_unix_s + gen_between(g, 1, 3600);
    s->clock.known = gen_chance(g, 80);
    if (s->clock.known) {
        s->clock.synced = gen_chance(g, 50);
        s->clock.max_error_us = maybe(g, 0, INT_MAX_53);
        s->clock.step_us = maybe(g, -INT_MAX_53, INT_MAX_53);
    }
    if (gen_chance(g, 20)) {
        s->seen.size = gen_between(g, 0, INT_MAX_53);
        hash(g, s->seen.root);
    }
    if (gen_chance(g, 20)) {
        random_schedule(g, s);
    }
    s->n_circuits = (size_t)gen_between(g, 0, 3);
    if (s->n_circuits) {
        s->circuits = bw_summary_alloc(s, s->n_circuits * sizeof(*s->circuits));
        for (size_t i = 0; i < s->n_circuits; i++) {
            random_circuit(g, i, &s->circuits[i]);
        }
        s->n_outages = (size_t)gen_between(g, 0, 2);
        s->outages = bw_summary_alloc(s, 2 * sizeof(*s->outages));
        memset(s->outages, 0, 2 * sizeof(*s->outages));
        for (size_t i = 0; i < s->n_outages; i++) {
            struct bw_outage *o = &s->outages[i];
            (void)snprintf(o->circuit, sizeof(o->circuit), "%s", s->circuits[0].id);
            o->from_unix_ms = s->start_unix_s * 1000 + (int64_t)i * 1000;
            o->to_unix_ms =
                gen_chance(g, 50) ? BW_UNKNOWN : o->from_unix_ms + 1 + (int64_t)i;
            o->why = gen_chance(g, 50) ? "targets silent" : "carrier down";
            o->known_to_unix_ms = BW_UNKNOWN;
        }
        s->n_latency = (size_t)gen_between(g, 0, 6);
        s->latency = bw_summary_alloc(s, 6 * sizeof(*s->latency));
        for (size_t i = 0; i < s->n_latency; i++) {
            random_latency(g, s, i);
        }
        s->n_paths = (size_t)gen_between(g, 0, 2);
        s->paths = bw_summary_alloc(s, 2 * sizeof(*s->paths));
        for (size_t i = 0; i < s->n_paths; i++) {
            random_path(g, s, i);
        }
        s->n_throughput = (size_t)gen_between(g, 0, 3);
        s->throughput = bw_summary_alloc(s, 3 * sizeof(*s->throughput));
        for (size_t i = 0; i < s->n_throughput; i++) {
            random_test(g, s, i);
        }
        s->n_traffic = (size_t)gen_between(g, 0, (int64_t)s->n_circuits);
        s->traffic = bw_summary_alloc(s, 3 * sizeof(*s->traffic));
        for (size_t i = 0; i < s->n_traffic; i++) {
            random_traffic(g, s, i);
        }
    }
    s->n_gaps = (size_t)gen_between(g, 0, 2);
    s->gaps = bw_summary_alloc(s, 2 * sizeof(*s->gaps));
    for (size_t i = 0; i < s->n_gaps; i++) {
        s->gaps[i].from_unix_s = gen_between(g, 0, 4000000000);
        s->gaps[i].to_unix_s = s->gaps[i].from_unix_s + gen_between(g, 0, 100000);
        s->gaps[i].why = (enum bw_gap_why)gen_between(g, 0, BW_GAP_STORAGE);
    }
}

void gen_plausible_summary(struct gen *g,
                           int64_t seq,
                           int64_t start_unix_s,
                           int64_t length_s,
                           size_t n_targets,
                           struct bw_summary *ret)
{
    struct bw_summary *s = ret;
    struct bw_circuit_summary *c;
    bw_summary_init(s);
    (void)snprintf(s->site, sizeof(s->site), "s-4f9k2");
    s->seq = seq;
    s->chain.why = seq == 1 ? BW_CHAIN_NEW : BW_CHAIN_CONTINUES;
    (void)snprintf(s->agent, sizeof(s->agent), "bandwitnessd/0.1.0");
    bw_sha256_text("config", 6, s->config);
    (void)snprintf(s->boot, sizeof(s->boot), "1f0c9f5e-8c5e-4d2c-9c0a-0a9f6f3c2b11");
    s->start_unix_s = start_unix_s;
    s->end_unix_s = start_unix_s + length_s;
    s->mono_ms = seq * length_s * 1000;
    s->clock.known = true;
    s->clock.synced = true;
    s->clock.max_error_us = 1800;
    s->clock.step_us = 0;
    s->n_circuits = 1;
    s->circuits = c = bw_summary_alloc(s, sizeof(*s->circuits));
    bw_circuit_summary_init(c);
    (void)snprintf(c->id, sizeof(c->id), "wan");
    c->vantage = BW_VANTAGE_ROUTER;
    c->source = BW_SOURCE_KERNEL;
    c->resolution_ms = 1000;
    c->layer = BW_LAYER_ETHERNET;
    c->covered_s = length_s;
    c->link_bps = 1000000000;
    c->mtu = 1500;
    c->saturated_s = 0;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_flow *f = &c->flow[d];
        f->bytes = gen_between(g, 1000000, 4000000000);
        f->packets = f->bytes / 1000;
        f->p95_1s_bps = f->bytes * 8 / length_s * 2;
        f->peak_1s_bps = f->p95_1s_bps * 3 / 2;
        f->drops = 0;
        f->errors = 0;
    }
    s->n_latency = n_targets;
    s->latency = n_targets ? bw_summary_alloc(s, n_targets * sizeof(*s->latency)) : NULL;
    for (size_t i = 0; i < n_targets; i++) {
        struct bw_latency *l = &s->latency[i];
        bw_latency_init(l);
        (void)snprintf(l->circuit, sizeof(l->circuit), "wan");
        (void)snprintf(l->probe, sizeof(l->probe), "target-%zu", i);
        (void)snprintf(l->kind, sizeof(l->kind), "icmp");
        l->family = 4;
        l->sent = length_s;
        l->lost = gen_between(g, 0, 3);
        l->late = 0;
        l->rtt_hist = hist(g, s, l->sent - l->lost);
        l->sum_us = (l->sent - l->lost) * 20000;
        l->p50_us = 20100;
        l->p95_us = 22000;
        l->pdv_p95_us = 1900;
    }
}
