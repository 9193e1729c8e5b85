/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_summaries.c - signed, chained summaries of schools that never were.
 *
 * Invariant: everything is drawn from (seed, site, time), never from what came before, so
 * a longer run begins with the same bytes as a shorter one. */
#include "gen_summaries.h"

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

enum {
    DAY_S = 86400,
    EVERY_DAYS = 30, /* each of the troubles below comes once in so many days */
    DAY_COUNTER = 1,
    DAY_OUTAGE = 2,
    DAY_BLINK = 3,
    DAY_LOSSY = 4,
    DAY_GAP = 5,
    DAY_CLOCK = 6,
    TARGETS = 2,
    PERCENT = 100,
    PPM = 1000000
};

struct bw_gen {
    struct bw_gen_options o;
    char site[BW_SITE_MAX + 1];
    struct bw_key *key;
    struct bw_summary summary;
    struct bw_buf payload;
    struct bw_buf jws;
    char prev[BW_HASH_LEN + 1];
    char config[BW_HASH_LEN + 1];
    int64_t at_unix_s;
    int64_t seq;
    int64_t gap_from_unix_s; /* unknown: the interval before was there */
    int64_t first_day;
};

/* splitmix64 over seed, site and what is drawn. */
static uint64_t draw(const struct bw_gen *g, int64_t when, uint64_t what)
{
    uint64_t z = g->o.seed * 0x9e3779b97f4a7c15u +
                 (uint64_t)g->o.site_index * 0xd1b54a32d192ed03u +
                 (uint64_t)when * 0x94d049bb133111ebu + what * 0xbf58476d1ce4e5b9u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t
between(const struct bw_gen *g, int64_t when, uint64_t what, int64_t low, int64_t high)
{
    return low + (int64_t)(draw(g, when, what) % (uint64_t)(high - low + 1));
}

static int64_t local_s(const struct bw_gen *g, int64_t unix_s)
{
    return unix_s + g->o.utc_offset_s;
}

static int64_t local_day(const struct bw_gen *g, int64_t unix_s)
{
    return local_s(g, unix_s) / DAY_S;
}

/* Does the day's trouble of this kind fall on the local day of an instant? */
static bool is_day(const struct bw_gen *g, int64_t unix_s, int which)
{
    return !g->o.steady && (local_day(g, unix_s) - g->first_day) % EVERY_DAYS == which;
}

static int64_t day_start(const struct bw_gen *g, int64_t unix_s)
{
    return local_day(g, unix_s) * DAY_S - g->o.utc_offset_s;
}

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
    g->first_day = local_day(g, o->from_unix_s);
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
    int64_t t = g->summary.start_unix_s;
    int64_t late_s = between(g, t, 90, 1, 20);

    if (is_day(g, t, DAY_OUTAGE)) {
        late_s += 2 * 3600;
    } else if (is_day(g, t, DAY_LOSSY)) {
        late_s += 30 * 3600;
    }
    return (g->summary.end_unix_s + late_s) * 1000;
}

/* ---- troubles ------------------------------------------------------------------- */

/* The outage of an instant's local day: two on bad days, none on others. */
static bool
find_outage(const struct bw_gen *g, int64_t unix_s, int64_t *from_ms, int64_t *to_ms)
{
    int64_t day = day_start(g, unix_s);

    if (is_day(g, unix_s, DAY_OUTAGE)) {
        *from_ms = (day + 10 * 3600 + between(g, day, 1, 0, 3600)) * 1000 + 400;
        *to_ms = *from_ms + between(g, day, 2, 25 * 60, 95 * 60) * 1000 + 250;
        return true;
    }
    if (is_day(g, unix_s, DAY_BLINK)) {
        *from_ms = (day + 14 * 3600 + between(g, day, 3, 0, 200)) * 1000;
        *to_ms = *from_ms + between(g, day, 4, 11, 59) * 1000;
        return true;
    }
    return false;
}

/* Seconds of [start, end) in which the line is out. */
static int64_t out_s(const struct bw_gen *g, int64_t start, int64_t end)
{
    int64_t from_ms;
    int64_t to_ms;
    int64_t from;
    int64_t to;

    if (!find_outage(g, start, &from_ms, &to_ms)) {
        return 0;
    }
    from = from_ms / 1000 > start ? from_ms / 1000 : start;
    to = to_ms / 1000 < end ? to_ms / 1000 : end;
    return to > from ? to - from : 0;
}

static bool in_gap(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = unix_s - day_start(g, unix_s);

    return !g->o.without_gaps && is_day(g, unix_s, DAY_GAP) && second >= 17 * 3600 &&
           second < 21 * 3600 + 600;
}

static bool unsynced(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = unix_s - day_start(g, unix_s);

    return is_day(g, unix_s, DAY_CLOCK) && second >= 3 * 3600 && second < 9 * 3600;
}

static bool is_moved(const struct bw_gen *g, int64_t unix_s)
{
    int64_t since_s = g->o.moved_unix_s == BW_UNKNOWN ? -1 : unix_s - g->o.moved_unix_s;

    return since_s >= 0 &&
           (since_s < 36 * 3600 || (since_s >= 48 * 3600 && since_s < 60 * 3600));
}

/* ---- habits --------------------------------------------------------------------- */

/* What the school draws, in ppm of its claim. */
static int64_t demand_ppm(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = local_s(g, unix_s) % DAY_S;
    int64_t weekday = (local_day(g, unix_s) + 4) % 7; /* 0 = Sunday */
    int64_t noise = between(g, unix_s, 10, 60, 140);
    int64_t base = 12000 + between(g, unix_s, 11, 0, 9000);
    int64_t busy = 0;

    if (weekday >= 1 && weekday <= 5 && second >= 7 * 3600 && second < 17 * 3600) {
        /* a hill from 07:00 to 17:00, its top at noon, with a dip for lunch */
        int64_t x = (second - 12 * 3600) / 60;
        busy = 560000 - x * x * 560000 / 90000;
        if (second >= 12 * 3600 && second < 12 * 3600 + 2700) {
            busy = busy * 6 / 10;
        }
        busy += between(g, day_start(g, unix_s), 12, 0, 120000);
    }
    return (base + busy) * noise / PERCENT;
}

static void
fill_flow(const struct bw_gen *g, struct bw_circuit_summary *c, int dir, int64_t length_s)
{
    int64_t t = g->summary.start_unix_s;
    int64_t up_s = length_s - out_s(g, t, t + length_s);
    int64_t ppm = demand_ppm(g, t) * (dir == BW_UP ? 6 : 10) / 10;
    int64_t rate = ppm >= 985000 ? g->o.claim_bps[dir] / PPM * 985000
                                 : g->o.claim_bps[dir] / PPM * ppm;
    struct bw_flow *f = &c->flow[dir];
    int64_t bytes = rate / 8 * (up_s < c->covered_s ? up_s : c->covered_s);

    f->packets = bytes / between(g, t, dir == BW_UP ? 21 : 20, 700, 1100);
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
    c->link_bps = 1000000000;
    c->covered_s = length_s;
    if (is_moved(g, g->summary.start_unix_s)) {
        c->vantage = BW_VANTAGE_WAN_SIDE;
        c->source = BW_SOURCE_SNMP;
        c->layer = BW_LAYER_IP;
        c->mtu = 1492;
    }
    if (is_day(g, g->summary.start_unix_s, DAY_COUNTER)) {
        int64_t second = local_s(g, g->summary.start_unix_s) % DAY_S;
        c->covered_s = second == 9 * 3600    ? length_s * 4 / 10
                       : second == 10 * 3600 ? length_s * 7 / 10
                                             : length_s;
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
    int64_t load_ppm = demand_ppm(g, t);
    int64_t loss_ppm = is_day(g, t, DAY_LOSSY) ? 30000 : 400;
    int64_t lowest = INT64_MAX;
    struct bw_hist h;
    struct bw_buf text;

    bw_latency_init(l);
    (void)snprintf(l->circuit, sizeof(l->circuit), "wan");
    (void)snprintf(l->probe, sizeof(l->probe), "%s", names[i]);
    (void)snprintf(l->kind, sizeof(l->kind), "icmp");
    l->family = 4;
    l->sent = length_s;
    l->lost = out_s(g, t, t + length_s);
    l->late = 0;
    l->sum_us = 0;
    bw_hist_init(&h);
    for (int64_t n = l->lost; n < l->sent; n++) {
        uint64_t z = draw(g, t * 4 + (int64_t)i, 1000 + (uint64_t)n);
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
    int64_t day = day_start(g, start);
    const int64_t at[] = {day + 2 * 3600 + between(g, day, 30, 0, 2 * 3600),
                          day + 19 * 3600 + between(g, day, 31, 0, 4 * 3600)};

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
    int64_t luck = between(g, s->start_unix_s, dir == BW_UP ? 41 : 40, 0, 99);
    int64_t ip_ppm =
        luck >= 97 ? between(g, s->start_unix_s, 42, 640000, 880000)
                   : between(g, s->start_unix_s, dir == BW_UP ? 44 : 43, 952000, 1000000);
    int64_t ip_bps = g->o.claim_bps[dir] / PPM * ip_ppm;
    int64_t length_s = s->end_unix_s - s->start_unix_s;

    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    (void)snprintf(t->server, sizeof(t->server), "state-1");
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
    if (luck < 7 || out_s(g, s->start_unix_s, s->end_unix_s) > 0) {
        t->state = BW_TEST_FAILED;
        t->reason = "connection timed out";
        return;
    }
    t->state = BW_TEST_OK;
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
    t->rtt_loaded_p95_us = between(g, s->start_unix_s, 45, 14000, 60000);
    t->tester_busy_ppm = between(g, s->start_unix_s, 46, 20000, 300000);
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

    if (!find_outage(g, s->start_unix_s, &from_ms, &to_ms) ||
        from_ms >= s->end_unix_s * 1000 || to_ms <= s->start_unix_s * 1000) {
        return;
    }
    s->outages[0] =
        (struct bw_outage){.circuit = "wan",
                           .from_unix_ms = from_ms,
                           .to_unix_ms = to_ms < s->end_unix_s * 1000 ? to_ms : BW_UNKNOWN,
                           .why = "targets silent",
                           .known_to_unix_ms = BW_UNKNOWN};
    s->n_outages = 1;
}

static int fill(struct bw_gen *g, struct bw_err *reterr)
{
    struct bw_summary *s = &g->summary;
    int64_t length_s = g->o.interval_s;
    int64_t start = g->at_unix_s;
    int r = 0;

    bw_summary_done(s);
    memcpy(s->site, g->site, sizeof(s->site));
    s->seq = ++g->seq;
    s->chain.why = s->seq == 1 ? BW_CHAIN_NEW : BW_CHAIN_CONTINUES;
    memcpy(s->prev, g->prev, sizeof(s->prev));
    (void)snprintf(s->agent, sizeof(s->agent), "bandwitnessd/0.1.0");
    memcpy(s->config, g->config, sizeof(s->config));
    (void)snprintf(s->boot, sizeof(s->boot), "3f0c1c1e-5e0b-4d83-9d0a-6f2d1f7c9a11");
    s->mono_ms = (start + length_s - g->o.from_unix_s) * 1000;
    s->start_unix_s = start;
    s->end_unix_s = start + length_s;
    s->clock.known = true;
    s->clock.synced = !unsynced(g, start);
    s->clock.max_error_us =
        between(g, start, 50, 600, 2600) + (s->clock.synced ? 0 : 400000);
    s->clock.step_us =
        !s->clock.synced && unsynced(g, start - length_s) == false ? 2500000 : 0;
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
                        demand_ppm(g, start), out_s(g, start, start + length_s), reterr);
    }
    return r;
}

int bw_gen_next(struct bw_gen *g,
                const char **ret_jws,
                size_t *ret_len,
                struct bw_err *reterr)
{
    int r;

    while (g->at_unix_s < g->o.to_unix_s && in_gap(g, g->at_unix_s)) {
        g->gap_from_unix_s =
            g->gap_from_unix_s == BW_UNKNOWN ? g->at_unix_s : g->gap_from_unix_s;
        g->at_unix_s += g->o.interval_s;
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
