/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_rich.c - what a box with every kind of probe and a capture adds to a summary.
 *
 * Round trips have a floor and a long tail, sizes of flows span six powers of ten, shares
 * go about their means with the width that so many drawn packets have: as noisy as the
 * records of real boxes, since noise is what does not compress. */
#include "gen_rich.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <hash.h>
#include <hist.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    PPM = 1000000,
    DNS_EVERY_S = 10,
    TCP_EVERY_S = 10,
    PAGE_EVERY_S = 60,
    FLOWS_1_IN = 16
};

struct rich {
    struct bw_summary *s;
    uint64_t state;
    int64_t load_ppm;
    int64_t out_s;
    int64_t length_s;
};

static uint64_t draw(struct rich *g)
{
    uint64_t z = g->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double unit(struct rich *g)
{
    return ((double)(draw(g) >> 11) + 0.5) / 9007199254740992.0;
}

/* About 0, as wide as 1. */
static double normal(struct rich *g)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        sum += unit(g);
    }
    return sum;
}

static int64_t ln_us(struct rich *g, double floor_us, double median_us, double spread)
{
    return (int64_t)(floor_us + median_us * exp(spread * normal(g)));
}

/* n values into a histogram's text; *ret_sum and the percentiles as records have them. */
static const char *hist_of(struct rich *g,
                           int64_t n,
                           double floor_us,
                           double median_us,
                           double spread,
                           int64_t *ret_sum,
                           struct bw_hist *h)
{
    struct bw_buf text;
    char *copy;
    int64_t sum = 0;

    bw_hist_init(h);
    for (int64_t i = 0; i < n; i++) {
        int64_t v = ln_us(g, floor_us, median_us, spread);
        bw_hist_add(h, v);
        sum += v;
    }
    if (ret_sum) {
        *ret_sum = sum;
    }
    if (n <= 0) {
        return NULL;
    }
    bw_buf_init(&text, BW_PAYLOAD_MAX);
    (void)bw_hist_encode(h, &text);
    copy = text.data ? bw_summary_strdup(g->s, text.data) : NULL;
    bw_buf_done(&text);
    return copy;
}

static struct bw_latency *
target(struct rich *g, const char *probe, const char *kind, int64_t family, int64_t every_s)
{
    struct bw_latency *l = &g->s->latency[g->s->n_latency++];

    bw_latency_init(l);
    (void)snprintf(l->circuit, sizeof(l->circuit), "wan");
    (void)snprintf(l->probe, sizeof(l->probe), "%s", probe);
    (void)snprintf(l->kind, sizeof(l->kind), "%s", kind);
    l->family = family;
    l->sent = g->length_s / every_s;
    l->lost = g->out_s / every_s;
    for (int64_t i = l->lost; i < l->sent; i++) {
        l->lost += draw(g) % 4000 == 0;
    }
    return l;
}

static void times(struct rich *g, struct bw_latency *l, double floor_us, double median_us)
{
    struct bw_hist h;
    double queue = median_us * (1 + (double)g->load_ppm / PPM);

    l->rtt_hist = hist_of(g, l->sent - l->lost, floor_us, queue, 0.5, &l->sum_us, &h);
    if (!l->rtt_hist) {
        l->sum_us = BW_UNKNOWN;
        return;
    }
    l->p50_us = bw_hist_percentile_us(&h, 500000);
    l->p95_us = bw_hist_percentile_us(&h, 950000);
    l->pdv_p95_us = l->p95_us - (int64_t)floor_us - (int64_t)(queue / 4);
    l->pdv_p95_us = l->pdv_p95_us < 0 ? 0 : l->pdv_p95_us;
}

static void stamp(struct rich *g)
{
    struct bw_latency *l = target(g, "hub", "stamp", 4, 1);
    struct bw_hist h;

    times(g, l, 11500, 300);
    if (!l->rtt_hist) {
        return;
    }
    l->late = 0;
    l->lost_out = l->lost / 2;
    l->lost_back = l->lost - l->lost_out;
    l->out_hist = hist_of(g, l->sent - l->lost, 5700, 160, 0.5, NULL, &h);
    l->back_hist = hist_of(g, l->sent - l->lost, 5700, 170, 0.5, NULL, &h);
    l->one_way_error_us = 600 + (int64_t)(draw(g) % 900);
}

static int dns(struct rich *g, const char *probe, double median_us)
{
    struct bw_latency *l = target(g, probe, "dns", 4, DNS_EVERY_S);

    times(g, l, 900, median_us);
    if (l->sent - l->lost > 0) {
        l->codes = bw_summary_alloc(g->s, sizeof(*l->codes));
        if (!l->codes) {
            return -ENOMEM;
        }
        (void)snprintf(l->codes[0].code, sizeof(l->codes[0].code), "noerror");
        l->codes[0].n = l->sent - l->lost;
        l->n_codes = 1;
    }
    return 0;
}

static int page(struct rich *g)
{
    static const struct {
        const char *name;
        double floor_us;
        double median_us;
    } parts[] = {{"dns", 800, 1500},
                 {"connect", 12000, 900},
                 {"tls", 26000, 3000},
                 {"first-byte", 18000, 12000},
                 {"transfer", 1500, 4000}};
    struct bw_latency *l = target(g, "portal", "http_get", 6, PAGE_EVERY_S);
    int64_t n = l->sent - l->lost;
    struct bw_hist h;

    times(g, l, 60000, 22000);
    if (n <= 0) {
        return 0;
    }
    l->codes = bw_summary_alloc(g->s, sizeof(*l->codes));
    l->phases = bw_summary_alloc(g->s, 5 * sizeof(*l->phases));
    if (!l->codes || !l->phases) {
        return -ENOMEM;
    }
    (void)snprintf(l->codes[0].code, sizeof(l->codes[0].code), "200");
    l->codes[0].n = n;
    l->n_codes = 1;
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(l->phases[i].phase, sizeof(l->phases[i].phase), "%s", parts[i].name);
        l->phases[i].time_hist = hist_of(g, n, parts[i].floor_us, parts[i].median_us, 0.4,
                                         &l->phases[i].sum_us, &h);
    }
    l->n_phases = 5;
    l->cert_days = 90 - g->s->start_unix_s / 86400 % 90;
    return 0;
}

/* ---- what the line is full of ---------------------------------------------------- */

struct part {
    const char *name;
    int64_t down_ppm;
    int64_t up_ppm;
    bool rare; /* not in every interval */
};

/* About 0, the same for an hour. */
static double of_the_hour(const struct rich *g, size_t what)
{
    struct rich h = *g;

    h.state = (uint64_t)(g->s->start_unix_s / 3600) * 0x94d049bb133111ebu + what * 77 +
              (uint64_t)g->s->site[2];
    return normal(&h);
}

/* Shares about their means, which drift from hour to hour, as wide as so many packets of
 * their lengths make them; they add up. */
static struct bw_traffic_share *
shares(struct rich *g, const struct part *parts, size_t n, int64_t captured, size_t *ret_n)
{
    struct bw_traffic_share *list = bw_summary_alloc(g->s, n * sizeof(*list));
    double down[16] = {0};
    double up[16] = {0};
    double all_down = 0;
    double all_up = 0;
    size_t k = 0;

    for (size_t i = 0; list && i < n; i++) {
        bool there = !parts[i].rare || draw(g) % 3 != 0 || g->load_ppm > 200000;
        double drift = 0.3 * of_the_hour(g, i + 16 * n);
        down[i] = there ? (double)parts[i].down_ppm * exp(drift + 0.15 * normal(g)) : 0;
        up[i] = there ? (double)parts[i].up_ppm * exp(drift + 0.15 * normal(g)) : 0;
        all_down += down[i];
        all_up += up[i];
    }
    for (size_t i = 0; list && i < n; i++) {
        struct bw_traffic_share *x = &list[k];
        double d = down[i] / all_down;
        double u = up[i] / all_up;
        double wd =
            1.96 * sqrt((d * (1 - d) + 1e-4) / (double)captured) * (1.2 + 0.2 * unit(g));
        double wu =
            1.96 * sqrt((u * (1 - u) + 1e-4) / (double)captured) * (1.2 + 0.2 * unit(g));
        if (down[i] <= 0) {
            continue;
        }
        bw_traffic_share_init(x);
        (void)snprintf(x->klass, sizeof(x->klass), "%s", parts[i].name);
        x->down_ppm = (int64_t)(d * PPM);
        x->down_low_ppm = (int64_t)((d > wd ? d - wd : 0) * PPM);
        x->down_high_ppm = (int64_t)((d + wd < 1 ? d + wd : 1) * PPM);
        x->up_ppm = (int64_t)(u * PPM);
        x->up_low_ppm = (int64_t)((u > wu ? u - wu : 0) * PPM);
        x->up_high_ppm = (int64_t)((u + wu < 1 ? u + wu : 1) * PPM);
        k++;
    }
    *ret_n = k;
    return list;
}

static void tcp_way(struct rich *g, struct bw_tcp_way *w, int64_t bytes, double resent)
{
    double share = resent * exp(0.6 * normal(g));
    double late = 0.0002 * exp(0.8 * normal(g));

    w->bytes = bytes;
    w->resent_bytes = (int64_t)((double)bytes * share);
    w->resent_ppm = bytes ? (int64_t)(share * PPM) : BW_UNKNOWN;
    w->resent_low_ppm = bytes ? (int64_t)(share * PPM * (0.4 + 0.3 * unit(g))) : BW_UNKNOWN;
    w->resent_high_ppm = bytes ? (int64_t)(share * PPM * (1.5 + unit(g))) : BW_UNKNOWN;
    w->reordered_ppm = bytes ? (int64_t)(late * PPM) : BW_UNKNOWN;
    w->reordered_low_ppm = bytes ? 0 : BW_UNKNOWN;
    w->reordered_high_ppm = bytes ? (int64_t)(late * PPM * (2 + unit(g))) : BW_UNKNOWN;
}

static int traffic(struct rich *g)
{
    static const struct part mix[] = {{"quic", 420000, 300000, false},
                                      {"tls", 430000, 480000, false},
                                      {"http", 20000, 15000, true},
                                      {"dns", 4000, 9000, false},
                                      {"voice-video", 60000, 110000, true},
                                      {"mail", 6000, 12000, true},
                                      {"icmp", 400, 700, false},
                                      {"other", 59600, 73300, false}};
    static const struct part families[] = {{"ipv4", 640000, 600000, false},
                                           {"ipv6", 360000, 400000, false}};
    static const struct part sizes[] = {{"0-127", 30000, 420000, false},
                                        {"128-511", 30000, 160000, false},
                                        {"512-1023", 50000, 70000, false},
                                        {"1024-1518", 890000, 350000, false}};
    struct bw_summary *s = g->s;
    struct bw_traffic *t = bw_summary_alloc(s, sizeof(*t));
    int64_t flows =
        4 + g->load_ppm / 4000 + (int64_t)(draw(g) % (3 + (uint64_t)g->load_ppm / 20000));
    struct bw_hist h;

    if (!t) {
        return -ENOMEM;
    }
    bw_traffic_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    t->covered_s = g->length_s;
    t->sampled_1_in = g->load_ppm > 300000 ? 64 : g->load_ppm > 60000 ? 16 : 4;
    t->captured = g->length_s * (40 + g->load_ppm / 1500) + (int64_t)(draw(g) % 5000);
    t->capture_drops = draw(g) % 50 == 0 ? (int64_t)(draw(g) % 300) : 0;
    t->flows_1_in = FLOWS_1_IN;
    t->mix = shares(g, mix, 8, t->captured, &t->n_mix);
    t->families = shares(g, families, 2, t->captured, &t->n_families);
    t->sizes = shares(g, sizes, 4, t->captured, &t->n_sizes);
    if (!t->mix || !t->families || !t->sizes) {
        return -ENOMEM;
    }
    t->flows = flows;
    t->tcp_rtt_hist = hist_of(g, flows * 6, 6000, 14000, 0.7, NULL, &h);
    t->wan_min_hist = hist_of(g, flows, 6000, 9000, 0.6, NULL, &h);
    t->lan_rtt_hist = hist_of(g, flows * 4, 300, 1800, 0.8, NULL, &h);
    t->lan_min_hist = hist_of(g, flows, 200, 700, 0.7, NULL, &h);
    t->flow_size_hist = hist_of(g, flows, 60, 9000, 1.9, NULL, &h);
    if (s->n_circuits && s->circuits[0].saturated_s > 0) {
        t->saturated_rtt_hist = hist_of(g, flows, 6000, 60000, 0.6, NULL, &h);
    }
    t->retransmit_ppm = (int64_t)(2500 * exp(0.6 * normal(g)));
    tcp_way(g, &t->tcp[BW_DOWN], flows * 21000 + (int64_t)(draw(g) % 40000), 0.003);
    tcp_way(g, &t->tcp[BW_UP], flows * 2600 + (int64_t)(draw(g) % 4000), 0.002);
    t->devices_min = 8 + g->load_ppm / 1800 + (int64_t)(draw(g) % 9);
    s->traffic = t;
    s->n_traffic = 1;
    return 0;
}

static int path(struct rich *g)
{
    struct bw_summary *s = g->s;
    struct bw_path *p = bw_summary_alloc(s, sizeof(*p));

    if (!p) {
        return -ENOMEM;
    }
    bw_path_init(p);
    (void)snprintf(p->circuit, sizeof(p->circuit), "wan");
    (void)snprintf(p->probe, sizeof(p->probe), "portal");
    (void)snprintf(p->method, sizeof(p->method), "udp");
    p->family = 4;
    p->at_unix_ms = s->start_unix_s * 1000 + (int64_t)(draw(g) % 200000);
    p->reached = 1;
    p->mtu = 1500;
    bw_sha256_text("a way", 5, p->hash);
    p->changed = 0;
    s->paths = p;
    s->n_paths = 1;
    return 0;
}

int bw_gen_rich(struct bw_summary *s,
                uint64_t seed,
                int64_t load_ppm,
                int64_t out_s,
                struct bw_err *reterr)
{
    struct rich g = {.s = s,
                     .state = seed * 0xd1b54a32d192ed03u + (uint64_t)s->start_unix_s,
                     .load_ppm = load_ppm,
                     .out_s = out_s,
                     .length_s = s->end_unix_s - s->start_unix_s};
    int r;

    stamp(&g);
    times(&g, target(&g, "portal", "tcp", 4, TCP_EVERY_S), 12000, 400);
    r = dns(&g, "resolver", 700);
    r = r < 0 ? r : page(&g);
    r = r < 0 ? r : traffic(&g);
    if (r == 0 && s->start_unix_s % 3600 < g.length_s) {
        r = path(&g);
    }
    return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
}
