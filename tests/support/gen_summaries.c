/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_summaries.c - signed, chained summaries of schools that never were.
 *
 * Invariant: everything is drawn from (seed, site, time), never from what came before, so
 * a longer run begins with the same bytes as a shorter one. What befalls a school, and what
 * it draws, is in gen_scene.c. */
#include "gen_summaries.h"

#include "gen_private.h"
#include "gen_rich.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <hash.h>
#include <hist.h>
#include <jws.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bw_gen_options_init(struct bw_gen_options *o)
{
    *o = (struct bw_gen_options){.seed = 1,
                                 .from_unix_s =
                                     1793577600 + 6 * 3600, /* Mon 2026-11-02 CST */
                                 .to_unix_s = 1793577600 + 6 * 3600 + 7 * DAY_S,
                                 .interval_s = 300,
                                 .moved_unix_s = BW_UNKNOWN,
                                 .utc_offset_s = -6 * 3600,
                                 .claim_bps = {100000000, 20000000}};
}

static void name_site(struct bw_gen *g)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz23456789";
    int n = g->o.site_index;

    if (g->o.scene) {
        memcpy(g->site, g->o.scene->site, sizeof(g->site));
        return;
    }
    (void)snprintf(g->site, sizeof(g->site), "s-heron");
    for (size_t at = strlen(g->site); n > 0 && at < BW_SITE_MAX; n /= 34, at++) {
        g->site[at] = chars[n % 34];
        g->site[at + 1] = '\0';
    }
}

static int make_key(struct bw_gen *g, struct bw_err *reterr)
{
    char text[64];
    uint8_t seed[32];
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char x[48];
    char d[48];
    char jwk[200];

    (void)snprintf(text, sizeof(text), "seed %llu site %d", (unsigned long long)g->o.seed,
                   g->o.site_index);
    if (g->keys > 0) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " key %d",
                       g->keys + 1);
    }
    g->keys++;
    bw_sha256(text, strlen(text), seed);
    (void)crypto_sign_seed_keypair(public, secret, seed);
    (void)bw_b64_encode(public, sizeof(public), x);
    (void)bw_b64_encode(seed, sizeof(seed), d);
    (void)snprintf(jwk, sizeof(jwk),
                   "{\"crv\":\"Ed25519\",\"d\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"}", d, x);
    return bw_key_parse(jwk, strlen(jwk), &g->key, reterr);
}

int bw_gen_new(const struct bw_gen_options *o, struct bw_gen **ret, struct bw_err *reterr)
{
    struct bw_gen *g = calloc(1, sizeof(*g));
    int r = g ? 0 : -ENOMEM;

    if (r < 0) {
        goto out;
    }
    g->o = *o;
    g->at_unix_s = o->from_unix_s;
    g->gap_from_unix_s = BW_UNKNOWN;
    g->first_day = bw_gen_local_day(g, o->from_unix_s);
    bw_buf_init(&g->payload, BW_PAYLOAD_MAX);
    bw_buf_init(&g->jws, BW_JWS_MAX);
    bw_summary_init(&g->summary);
    name_site(g);
    bw_sha256_text(g->site, strlen(g->site), g->config);
    r = make_key(g, reterr);
    if (r < 0) {
        goto out;
    }
    *ret = g;
    g = NULL;
out:
    bw_gen_free(g);
    return r;
}

void bw_gen_free(struct bw_gen *g)
{
    if (g) {
        bw_summary_done(&g->summary);
        bw_buf_done(&g->payload);
        bw_buf_done(&g->jws);
        bw_key_free(g->key);
        free(g);
    }
}

const char *bw_gen_site(const struct bw_gen *g)
{
    return g->site;
}

const struct bw_pubkey *bw_gen_key(const struct bw_gen *g)
{
    return bw_key_public(g->key);
}

const struct bw_summary *bw_gen_summary(const struct bw_gen *g)
{
    return &g->summary;
}

int64_t bw_gen_received_unix_ms(const struct bw_gen *g)
{
    int64_t late_s = bw_gen_late_s(g, g->summary.start_unix_s);

    return (g->made_unix_s + late_s) * 1000;
}

/* ---- the line ------------------------------------------------------------------- */

static void
fill_flow(const struct bw_gen *g, struct bw_circuit_summary *c, int dir, int64_t length_s)
{
    int64_t t = g->summary.start_unix_s;
    int64_t up_s = length_s - bw_gen_out_s(g, t, t + length_s);
    int64_t ppm = bw_gen_demand_ppm(g, t) * (dir == BW_UP ? 6 : 10) / 10;
    int64_t line_bps = bw_gen_line_bps(g, t, dir);
    int64_t rate = line_bps / PPM * (ppm >= 985000 ? 985000 : ppm);
    struct bw_flow *f = &c->flow[dir];
    int64_t bytes = rate / 8 * (up_s < c->covered_s ? up_s : c->covered_s);

    f->packets = bytes / bw_gen_between(g, t, dir == BW_UP ? 21 : 20, 700, 1100);
    f->bytes = bytes + (c->layer == BW_LAYER_ETHERNET ? f->packets * 14 : 0);
    f->p95_1s_bps = rate + rate / 4;
    f->peak_1s_bps = rate + rate / 2;
    f->drops = 0;
    f->errors = 0;
    if (dir == BW_DOWN) {
        c->saturated_s = ppm > 800000 ? (ppm - 800000) / 2000 : 0;
        c->saturated_s = c->saturated_s > c->covered_s ? c->covered_s : c->saturated_s;
    }
}

static void
fill_circuit(const struct bw_gen *g, struct bw_circuit_summary *c, int64_t length_s)
{
    bw_circuit_summary_init(c);
    (void)snprintf(c->id, sizeof(c->id), "wan");
    c->vantage = g->o.without_counters ? BW_VANTAGE_LAN_SIDE : BW_VANTAGE_ROUTER;
    c->mtu = 1500;
    if (g->o.without_counters) {
        c->behind = BW_BEHIND_NAT;
        c->source = BW_SOURCE_NONE;
        return;
    }
    c->source = BW_SOURCE_KERNEL;
    c->layer = BW_LAYER_ETHERNET;
    c->resolution_ms = 1000;
    c->link_bps = g->o.scene ? 10000000000 : 1000000000;
    c->covered_s = bw_gen_covered_s(g, g->summary.start_unix_s, length_s);
    if (bw_gen_is_moved(g, g->summary.start_unix_s)) {
        c->vantage = BW_VANTAGE_WAN_SIDE;
        c->source = BW_SOURCE_SNMP;
        c->layer = BW_LAYER_IP;
        c->mtu = 1492;
    }
    fill_flow(g, c, BW_DOWN, length_s);
    fill_flow(g, c, BW_UP, length_s);
}

static int fill_latency(struct bw_gen *g, size_t i, int64_t length_s, struct bw_err *reterr)
{
    static const char *const names[] = {"provider-edge", "state-hub"};
    static const int64_t base_us[] = {4200, 11800};
    struct bw_summary *s = &g->summary;
    struct bw_latency *l = &s->latency[i];
    int64_t t = s->start_unix_s;
    int64_t load_ppm = bw_gen_demand_ppm(g, t);
    int64_t loss_ppm = bw_gen_loss_ppm(g, t);
    int64_t lowest = INT64_MAX;
    struct bw_hist h;
    struct bw_buf text;

    bw_latency_init(l);
    (void)snprintf(l->circuit, sizeof(l->circuit), "wan");
    (void)snprintf(l->probe, sizeof(l->probe), "%s", names[i]);
    (void)snprintf(l->kind, sizeof(l->kind), "icmp");
    l->family = 4;
    l->sent = length_s;
    l->lost = bw_gen_out_s(g, t, t + length_s);
    l->late = 0;
    l->sum_us = 0;
    bw_hist_init(&h);
    for (int64_t n = l->lost; n < l->sent; n++) {
        uint64_t z = bw_gen_draw(g, t * 4 + (int64_t)i, 1000 + (uint64_t)n);
        int64_t rtt_us = base_us[i] + (int64_t)(z % 400);
        if ((int64_t)(z >> 20 & 0xfffff) < loss_ppm) {
            l->lost++;
            l->late += (z >> 41 & 15) == 0;
            continue;
        }
        /* a queue that grows with the load, now and then a long one */
        rtt_us += load_ppm / 200 * (int64_t)(z >> 44 & 255) / 255;
        rtt_us += (z >> 53 & 1023) == 0 ? 60000 + (int64_t)(z >> 30 & 65535) : 0;
        lowest = rtt_us < lowest ? rtt_us : lowest;
        l->sum_us += rtt_us;
        bw_hist_add(&h, rtt_us);
    }
    if (h.total == 0) {
        l->sum_us = BW_UNKNOWN;
        return 0;
    }
    if (g->o.drop_hist_every == 0 || i > 0 || s->seq % g->o.drop_hist_every != 0) {
        bw_buf_init(&text, BW_PAYLOAD_MAX);
        (void)bw_hist_encode(&h, &text);
        l->rtt_hist = text.data ? bw_summary_strdup(s, text.data) : NULL;
        bw_buf_done(&text);
        if (!l->rtt_hist) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
    }
    l->p50_us = bw_hist_percentile_us(&h, 500000);
    l->p95_us = bw_hist_percentile_us(&h, 950000);
    l->pdv_p95_us = l->p95_us > lowest ? l->p95_us - lowest : 0;
    return 0;
}

/* ---- throughput runs -------------------------------------------------------------- */

/* Which of the day's two runs starts in this interval: 0, 1, or -1. */
static int run_of(const struct bw_gen *g, int64_t start, int64_t end)
{
    int64_t day = bw_gen_day_start(g, start);
    const int64_t at[] = {day + 2 * 3600 + bw_gen_between(g, day, 30, 0, 2 * 3600),
                          day + 19 * 3600 + bw_gen_between(g, day, 31, 0, 4 * 3600)};

    for (int i = 0; i < 2; i++) {
        if (at[i] >= start && at[i] < end) {
            return i;
        }
    }
    return -1;
}

static void fill_run(struct bw_gen *g, struct bw_circuit_summary *c, int dir)
{
    struct bw_summary *s = &g->summary;
    struct bw_throughput *t = &s->throughput[s->n_throughput++];
    int64_t luck = bw_gen_between(g, s->start_unix_s, dir == BW_UP ? 41 : 40, 0, 99);
    int64_t ip_ppm = luck >= 97 ? bw_gen_between(g, s->start_unix_s, 42, 640000, 880000)
                                : bw_gen_between(g, s->start_unix_s, dir == BW_UP ? 44 : 43,
                                                 952000, 1000000);
    int64_t ip_bps = bw_gen_line_bps(g, s->start_unix_s, dir) / PPM * ip_ppm;
    int64_t length_s = s->end_unix_s - s->start_unix_s;
    const struct bw_gen_stretch *wrong = NULL;
    bool second = g->o.scene && bw_gen_draw(g, s->start_unix_s, 47) % 2 == 1;

    if (second) { /* of the state's two servers */
        wrong = bw_gen_now(g, BW_GEN_SERVER, s->start_unix_s);
        ip_bps = wrong ? ip_bps / PPM * wrong->a : ip_bps;
    }
    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    (void)snprintf(t->server, sizeof(t->server), second ? "state-2" : "state-1");
    t->method = "http/1";
    t->direction = dir == BW_UP ? BW_UP : BW_DOWN;
    t->at_unix_ms = (s->start_unix_s + length_s * (dir == BW_UP ? 5 : 2) / 10) * 1000 + 120;
    t->streams = 8;
    t->mtu = c->layer == BW_LAYER_IP ? BW_UNKNOWN : 1500;
    t->grade = BW_GRADE_SELF;
    t->egress = BW_EGRESS_UNKNOWN;
    t->concurrent_bps = BW_UNKNOWN;
    if (luck < 5) {
        t->state = BW_TEST_DEFERRED;
        t->reason = "line busy";
        s->gaps[s->n_gaps++] =
            (struct bw_gap){t->at_unix_ms / 1000, t->at_unix_ms / 1000, BW_GAP_DEFERRED};
        return;
    }
    t->duration_ms = length_s >= 100 ? 10000 : length_s * 100;
    if (luck < 7 || bw_gen_out_s(g, s->start_unix_s, s->end_unix_s) > 0) {
        t->state = BW_TEST_FAILED;
        t->reason = "connection timed out";
        return;
    }
    t->state = BW_TEST_OK;
    if (g->o.scene && g->o.scene->archive) {
        t->grade = BW_GRADE_ARCHIVE;
        t->receipt = "ndt-heron-1793577600-0001";
    }
    t->retest_of = luck < 9 ? "earlier" : NULL;
    t->egress = luck == 50   ? BW_EGRESS_OTHER
                : luck >= 90 ? BW_EGRESS_MATCH
                             : BW_EGRESS_UNKNOWN;
    t->flags[0] = luck == 51   ? "tester-busy"
                  : luck == 52 ? "server-busy"
                  : luck == 53 ? "port-below-claim"
                  : luck == 54 ? "up-equals-down"
                  : luck < 70  ? "asked"
                               : NULL;
    t->bytes = BW_UNKNOWN;
    (void)snprintf(t->cc, sizeof(t->cc), "bbr");
    t->rtt_idle_us = 12000;
    t->rtt_loaded_p95_us = bw_gen_between(g, s->start_unix_s, 45, 14000, 60000);
    t->tester_busy_ppm = bw_gen_between(g, s->start_unix_s, 46, 20000, 300000);
    t->goodput_bps = ip_bps / 1500 * 1448 / 100 * 99;
    t->bytes = t->goodput_bps / 8 * t->duration_ms / 1000;
    if (c->source != BW_SOURCE_NONE) {
        t->line_bps = c->layer == BW_LAYER_IP ? ip_bps : ip_bps / 1500 * 1514;
        t->concurrent_bps = ip_bps / 100;
        t->line_error_ppm = 2000;
        c->flow[dir].bytes += t->line_bps / 8 * t->duration_ms / 1000;
        c->flow[dir].packets += t->bytes / 1448;
        c->flow[dir].peak_1s_bps = t->line_bps;
    }
}

/* ---- one summary ------------------------------------------------------------------ */

static void fill_outages(struct bw_gen *g)
{
    struct bw_summary *s = &g->summary;
    int64_t from_ms;
    int64_t to_ms;
    bool carrier;

    if (!bw_gen_find_outage(g, s->start_unix_s, &from_ms, &to_ms, &carrier) ||
        from_ms >= s->end_unix_s * 1000 || to_ms <= s->start_unix_s * 1000) {
        return;
    }
    s->outages[0] =
        (struct bw_outage){.circuit = "wan",
                           .from_unix_ms = from_ms,
                           .to_unix_ms = to_ms < s->end_unix_s * 1000 ? to_ms : BW_UNKNOWN,
                           .why = carrier ? "carrier down" : "targets silent",
                           .known_to_unix_ms = BW_UNKNOWN};
    s->n_outages = 1;
}

static int fill(struct bw_gen *g, struct bw_err *reterr)
{
    struct bw_summary *s = &g->summary;
    int64_t length_s = g->o.interval_s;
    const struct bw_gen_stretch *behind = bw_gen_now(g, BW_GEN_BEHIND, g->at_unix_s);
    const struct bw_gen_stretch *before =
        bw_gen_now(g, BW_GEN_BEHIND, g->at_unix_s - length_s);
    int64_t start = g->at_unix_s - (behind ? behind->a : 0);
    const struct bw_gen_stretch *fault = bw_gen_now(g, BW_GEN_CLOCK, start);
    int r = 0;

    bw_summary_done(s);
    memcpy(s->site, g->site, sizeof(s->site));
    s->seq = ++g->seq;
    s->chain.why = s->seq > 1    ? BW_CHAIN_CONTINUES
                   : g->keys > 1 ? BW_CHAIN_ROTATED
                                 : BW_CHAIN_NEW;
    if (s->seq > 1) {
        memcpy(s->prev, g->prev, sizeof(s->prev));
    } else if (g->keys > 1) {
        memcpy(s->chain.prev_kid, g->prev_kid, sizeof(s->chain.prev_kid));
        s->chain.prev_seq = g->prev_seq;
        memcpy(s->chain.prev_hash, g->prev, sizeof(s->chain.prev_hash));
    }
    (void)snprintf(s->agent, sizeof(s->agent), "bandwitnessd/0.1.0");
    memcpy(s->config, g->config, sizeof(s->config));
    (void)snprintf(s->boot, sizeof(s->boot), "3f0c1c1e-5e0b-4d83-9d0a-6f2d1f7c9a11");
    g->made_unix_s = g->at_unix_s + length_s;
    s->mono_ms = (g->made_unix_s - g->o.from_unix_s) * 1000;
    s->start_unix_s = start;
    s->end_unix_s = start + length_s;
    s->clock.known = true;
    s->clock.synced = !bw_gen_unsynced(g, start);
    s->clock.max_error_us =
        bw_gen_between(g, start, 50, 600, 2600) + (s->clock.synced ? 0 : 400000);
    s->clock.step_us = 0;
    if (!s->clock.synced && !bw_gen_unsynced(g, start - length_s)) {
        s->clock.step_us = fault ? fault->a : 2500000;
    }
    if (behind != before) { /* it was set, and at the end set right */
        s->clock.step_us = ((before ? before->a : 0) - (behind ? behind->a : 0)) * 1000000;
    }
    s->circuits = bw_summary_alloc(s, sizeof(*s->circuits));
    s->latency = bw_summary_alloc(s, (TARGETS + BW_GEN_RICH_LATENCY) * sizeof(*s->latency));
    s->throughput = bw_summary_alloc(s, 2 * sizeof(*s->throughput));
    s->outages = bw_summary_alloc(s, sizeof(*s->outages));
    s->gaps = bw_summary_alloc(s, 4 * sizeof(*s->gaps));
    if (!s->circuits || !s->latency || !s->throughput || !s->outages || !s->gaps) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->n_circuits = 1;
    fill_circuit(g, &s->circuits[0], length_s);
    s->n_latency = TARGETS;
    for (size_t i = 0; i < TARGETS && r == 0; i++) {
        r = fill_latency(g, i, length_s, reterr);
    }
    if (g->gap_from_unix_s != BW_UNKNOWN) {
        s->gaps[s->n_gaps++] = (struct bw_gap){g->gap_from_unix_s, start, BW_GAP_STOPPED};
        g->gap_from_unix_s = BW_UNKNOWN;
    }
    if (run_of(g, start, start + length_s) >= 0) {
        fill_run(g, &s->circuits[0], BW_DOWN);
        fill_run(g, &s->circuits[0], BW_UP);
    }
    fill_outages(g);
    if (r == 0 && g->o.rich) {
        r = bw_gen_rich(s, g->o.seed * 131 + (uint64_t)g->o.site_index,
                        bw_gen_demand_ppm(g, start),
                        bw_gen_out_s(g, start, start + length_s), reterr);
    }
    return r;
}

/* Another key, and a new chain that names the end of the old one. */
static int rotate(struct bw_gen *g, struct bw_err *reterr)
{
    memcpy(g->prev_kid, bw_key_public(g->key)->kid, sizeof(g->prev_kid));
    g->prev_seq = g->seq;
    g->seq = 0;
    bw_key_free(g->key);
    g->key = NULL;
    return make_key(g, reterr);
}

int bw_gen_next(struct bw_gen *g,
                const char **ret_jws,
                size_t *ret_len,
                struct bw_err *reterr)
{
    int r;

    while (g->at_unix_s < g->o.to_unix_s && bw_gen_in_gap(g, g->at_unix_s)) {
        g->gap_from_unix_s =
            g->gap_from_unix_s == BW_UNKNOWN ? g->at_unix_s : g->gap_from_unix_s;
        g->at_unix_s += g->o.interval_s;
    }
    if (g->o.scene && g->seq > 0 &&
        bw_gen_scene_find(g->o.scene, BW_GEN_KEY, g->at_unix_s, g->at_unix_s + 1) &&
        g->keys == 1) {
        r = rotate(g, reterr);
        if (r < 0) {
            return r;
        }
    }
    if (g->at_unix_s >= g->o.to_unix_s) {
        *ret_jws = NULL;
        *ret_len = 0;
        return 0;
    }
    r = fill(g, reterr);
    if (r < 0) {
        return r;
    }
    bw_buf_clear(&g->payload);
    bw_buf_clear(&g->jws);
    r = bw_summary_encode(&g->summary, &g->payload, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_jws_sign(g->key, BW_TYP_SUMMARY, g->payload.data, g->payload.len, &g->jws,
                    reterr);
    if (r < 0) {
        return r;
    }
    bw_sha256_text(g->jws.data, g->jws.len, g->prev);
    g->at_unix_s += g->o.interval_s;
    *ret_jws = g->jws.data;
    *ret_len = g->jws.len;
    return 0;
}
