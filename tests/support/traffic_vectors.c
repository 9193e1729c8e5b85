/* SPDX-License-Identifier: GPL-3.0-or-later
 * traffic_vectors.c - the golden vector about what a line carries. */
#include "traffic_vectors.h"

#include <bw/summary.h>
#include <stdio.h>

#define PUT(array, text) (void)snprintf(array, sizeof(array), "%s", text)

static void put_share(struct bw_traffic_share *p,
                      const char *klass,
                      const int64_t down_ppm[3],
                      const int64_t up_ppm[3])
{
    bw_traffic_share_init(p);
    (void)snprintf(p->klass, sizeof(p->klass), "%s", klass);
    p->down_low_ppm = down_ppm[0];
    p->down_ppm = down_ppm[1];
    p->down_high_ppm = down_ppm[2];
    p->up_low_ppm = up_ppm[0];
    p->up_ppm = up_ppm[1];
    p->up_high_ppm = up_ppm[2];
}

static struct bw_traffic_share *
put_shares(struct bw_summary *s, const char *first, const char *second)
{
    static const int64_t most[3] = {690000, 700000, 710000};
    static const int64_t rest[3] = {290000, 300000, 310000};
    struct bw_traffic_share *p = bw_summary_alloc(s, 2 * sizeof(*p));
    put_share(&p[0], first, most, rest);
    put_share(&p[1], second, rest, most);
    return p;
}

void vectors_traffic(struct bw_summary *s)
{
    struct bw_circuit_summary *c;
    struct bw_traffic *t;
    s->n_circuits = 2;
    s->circuits = bw_summary_alloc(s, 2 * sizeof(*s->circuits));
    c = &s->circuits[0];
    bw_circuit_summary_init(c);
    PUT(c->id, "wan");
    c->vantage = BW_VANTAGE_ROUTER;
    c->source = BW_SOURCE_KERNEL;
    c->resolution_ms = 250;
    c->layer = BW_LAYER_ETHERNET;
    c->covered_s = 300;
    c->saturated_s = 40;
    c->flow[BW_DOWN].bytes = 2250000000;
    c->flow[BW_DOWN].peak_1s_bps = 99000000;
    c->flow[BW_DOWN].peak_sliding_1s_bps = 99900000;
    c->flow[BW_DOWN].frame_offset_bytes = -14;
    c->flow[BW_UP].bytes = 150000000;
    c->flow[BW_UP].frame_offset_bytes = 0;
    c = &s->circuits[1];
    bw_circuit_summary_init(c);
    PUT(c->id, "spare");
    c->vantage = BW_VANTAGE_MIRROR;
    c->source = BW_SOURCE_MIRROR;
    c->covered_s = 300;
    c->port_full_s = 12;
    s->n_traffic = 2;
    s->traffic = bw_summary_alloc(s, 2 * sizeof(*s->traffic));
    t = &s->traffic[0];
    bw_traffic_init(t);
    PUT(t->circuit, "wan");
    PUT(t->state, "interface-down");
    t->covered_s = 290;
    t->sampled_1_in = 8;
    t->captured = 291004;
    t->capture_drops = 3;
    t->flows_1_in = 16;
    t->mix = put_shares(s, "tls", "other");
    t->n_mix = 2;
    t->families = put_shares(s, "ipv4", "ipv6");
    t->n_families = 2;
    t->sizes = put_shares(s, "1024-1518", "0-127");
    t->n_sizes = 2;
    t->tcp_rtt_hist = "4wFFAZIBAVMlAQ";
    t->saturated_rtt_hist = "4wFF";
    t->wan_min_hist = "4wFF";
    t->lan_rtt_hist = "4wFFAZIBAVMlAQ";
    t->lan_min_hist = "4wFF";
    t->flow_size_hist = "4wFF";
    t->flows = 69;
    t->retransmit_ppm = 1000;
    t->tcp[BW_DOWN].bytes = 1000000;
    t->tcp[BW_DOWN].resent_bytes = 1000;
    t->tcp[BW_DOWN].resent_ppm = 1000;
    t->tcp[BW_DOWN].resent_low_ppm = 400;
    t->tcp[BW_DOWN].resent_high_ppm = 2500;
    t->tcp[BW_DOWN].reordered_ppm = 50;
    t->tcp[BW_DOWN].reordered_low_ppm = 0;
    t->tcp[BW_DOWN].reordered_high_ppm = 400;
    t->tcp[BW_UP].bytes = 0;
    t->tcp[BW_UP].resent_bytes = 0;
    t->devices_min = 212;
    t->flags[0] = "flows-full";
    t->flags[1] = "merged-small";
    t = &s->traffic[1];
    bw_traffic_init(t);
    PUT(t->circuit, "spare");
    PUT(t->state, "no-rights");
    t->covered_s = 0;
}
