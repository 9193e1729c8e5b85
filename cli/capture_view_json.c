/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture_view_json.c - the same figures as capture_view.c, as one JSON object. */
#include "capture_view.h"

#include "buf.h"
#include "clock.h"
#include "json.h"

#include <bw/units.h>
#include <stdio.h>

enum {
    JSON_MAX = 256 * 1024,
    HIST_MAX = 16 * 1024
};

static void put_time(struct bw_jw *w, const char *name, int64_t ns)
{
    char text[32];
    if (ns != BW_UNKNOWN) {
        bw_time_format_ms(ns / 1000000, text);
        bw_jw_kstr(w, name, text);
    }
}

static void put_direction(struct bw_jw *w, const struct capture_shown *s)
{
    bw_jw_kobj(w, "direction");
    bw_jw_kstr(w, "by", s->by_router ? "router" : s->n_prefixes ? "prefixes" : "private");
    if (s->n_prefixes > 0) {
        bw_jw_karr(w, "inside");
        for (size_t i = 0; i < s->n_prefixes; i++) {
            bw_jw_str(w, s->prefixes[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
}

static void put_shares(struct bw_jw *w,
                       const char *list,
                       const char *name,
                       const struct capture_shown *s,
                       enum bw_mix_by by,
                       enum bw_way way)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    size_t n = bw_mix_told(&s->meter->mix, by, way, s->group, row, NULL);
    bw_jw_karr(w, list);
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, name, bw_mix_share_name(by, row[i].which));
        bw_jw_ki64(w, "packets", row[i].packets);
        bw_jw_ki64(w, "bytes", row[i].bytes);
        bw_jw_ki64(w, "share_ppm", row[i].share_ppm);
        if (s->meter->mix.one_in > 1) {
            bw_jw_ki64(w, "low_ppm", row[i].low_ppm);
            bw_jw_ki64(w, "high_ppm", row[i].high_ppm);
            bw_jw_ki64(w, "drawn", row[i].n);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void put_ways(struct bw_jw *w, const struct capture_shown *s)
{
    bw_jw_karr(w, "ways");
    for (int i = 0; i < BW_WAYS; i++) {
        enum bw_way way = (enum bw_way)i;
        struct bw_mix_total t;
        bw_mix_total(&s->meter->mix, way, &t);
        bw_jw_obj(w);
        bw_jw_kstr(w, "way", bw_way_name(way));
        bw_jw_ki64(w, "packets", t.packets);
        bw_jw_ki64(w, "bytes", t.bytes);
        if (s->meter->mix.one_in > 1) {
            bw_jw_ki64(w, "packets_error", t.packets_error);
            bw_jw_ki64(w, "bytes_error", t.bytes_error);
            bw_jw_ki64(w, "drawn", t.n);
        }
        put_shares(w, "classes", "class", s, BW_MIX_BY_CLASS, way);
        put_shares(w, "families", "family", s, BW_MIX_BY_FAMILY, way);
        put_shares(w, "sizes", "bytes_from_to", s, BW_MIX_BY_BAND, way);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void put_hist(struct bw_jw *w, const char *name, const struct bw_hist *h)
{
    struct bw_buf text;
    bw_buf_init(&text, HIST_MAX);
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "n", h->total);
    if (h->total > 0) {
        bw_jw_ki64(w, "least_us", bw_hist_percentile_us(h, 0));
        bw_jw_ki64(w, "p50_us", bw_hist_percentile_us(h, 500000));
        bw_jw_ki64(w, "p95_us", bw_hist_percentile_us(h, 950000));
        if (bw_hist_encode(h, &text) == 0) {
            bw_jw_kstr(w, "hist", text.data);
        }
    }
    bw_jw_obj_end(w);
    bw_buf_done(&text);
}

/* The smallest of each flow: flows are what is drawn, so its median has an interval. */
static void
put_least(struct bw_jw *w, const char *name, const struct bw_hist *h, uint32_t one_in)
{
    struct bw_flow_median m;
    put_hist(w, name, h);
    if (one_in > 1) {
        char text[64];
        bw_flows_median(h, one_in, &m);
        (void)snprintf(text, sizeof(text), "%s_p50_low_us", name);
        bw_jw_ki64(w, text, m.low);
        (void)snprintf(text, sizeof(text), "%s_p50_high_us", name);
        bw_jw_ki64(w, text, m.high);
    }
}

static void put_event(struct bw_jw *w,
                      const struct bw_flows_figures *g,
                      enum bw_flow_event event,
                      enum bw_way way,
                      uint32_t one_in)
{
    static const struct {
        const char *bytes, *ppm, *low, *high, *segments;
    } name[BW_FLOW_EVENTS] = {
        [BW_FLOW_RESENT] = {"resent_bytes", "resent_ppm", "resent_low_ppm",
                            "resent_high_ppm", "resent_segments"},
        [BW_FLOW_REORDERED] = {"reordered_bytes", "reordered_ppm", "reordered_low_ppm",
                               "reordered_high_ppm", "reordered_segments"},
    };
    struct bw_flow_ratio r;
    bw_flows_ratio(g, event, way, one_in, &r);
    bw_jw_ki64(w, name[event].bytes, r.bytes);
    bw_jw_ki64(w, name[event].ppm, r.ppm);
    if (one_in > 1) {
        bw_jw_ki64(w, name[event].low, r.low_ppm);
        bw_jw_ki64(w, name[event].high, r.high_ppm);
    }
    bw_jw_ki64(w, name[event].segments, r.segments);
}

static void put_tcp(struct bw_jw *w, const struct capture_shown *s)
{
    const struct bw_flows_figures *g = &s->flows;
    const struct {
        const char *name;
        const struct bw_hist *hist;
        bool least;
    } hists[] = {
        {"rtt_wan", &g->rtt[BW_HALF_WAN], false},
        {"rtt_lan", &g->rtt[BW_HALF_LAN], false},
        {"rtt_wan_least_of_flows", &g->rtt_min[BW_HALF_WAN], true},
        {"rtt_lan_least_of_flows", &g->rtt_min[BW_HALF_LAN], true},
    };
    uint32_t one_in = s->meter->draw.flows_one_in;
    bw_jw_kobj(w, "tcp");
    for (size_t i = 0; i < sizeof(hists) / sizeof(hists[0]); i++) {
        if (s->group > 1 && hists[i].hist->total == 0) {
            continue; /* not told is not none */
        }
        if (hists[i].least) {
            put_least(w, hists[i].name, hists[i].hist, one_in);
        } else {
            put_hist(w, hists[i].name, hists[i].hist);
        }
    }
    bw_jw_karr(w, "data");
    for (int i = 0; i < BW_WAYS; i++) {
        if (s->group > 1 && g->tcp[i].bytes == 0) {
            continue;
        }
        bw_jw_obj(w);
        bw_jw_kstr(w, "way", bw_way_name((enum bw_way)i));
        bw_jw_ki64(w, "bytes", g->tcp[i].bytes);
        bw_jw_ki64(w, "segments", g->tcp[i].segments);
        put_event(w, g, BW_FLOW_RESENT, (enum bw_way)i, one_in);
        put_event(w, g, BW_FLOW_REORDERED, (enum bw_way)i, one_in);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void put_flows(struct bw_jw *w, const struct bw_flows_figures *g)
{
    bw_jw_kobj(w, "flows");
    bw_jw_ki64(w, "n", g->ended);
    if (g->ended > 0) {
        bw_jw_ki64(w, "p50_bytes", bw_hist_percentile_us(&g->size_bytes, 500000));
        bw_jw_ki64(w, "p95_bytes", bw_hist_percentile_us(&g->size_bytes, 950000));
    }
    bw_jw_kbool(w, "table_full", g->full);
    bw_jw_ki64(w, "put_out", g->evicted);
    bw_jw_obj_end(w);
}

static void put_devices(struct bw_jw *w, const struct bw_devices *d)
{
    struct bw_devices_count c;
    bw_devices_count(d, &c);
    bw_jw_kobj(w, "devices");
    bw_jw_ki64(w, "at_least", c.at_least);
    bw_jw_ki64(w, "ipv4_addresses", c.ipv4);
    bw_jw_ki64(w, "ipv6_addresses", c.ipv6);
    bw_jw_ki64(w, "macs", c.macs);
    bw_jw_kbool(w, "table_full", c.full);
    bw_jw_obj_end(w);
}

static void put_unread(struct bw_jw *w, const struct bw_meter_tally *t)
{
    bw_jw_karr(w, "not_read");
    for (int i = BW_PACKET_WHOLE + 1; i < BW_PACKET_STOPS; i++) {
        if (t->stop[i] > 0) {
            bw_jw_obj(w);
            bw_jw_kstr(w, "why", bw_packet_stop_name((enum bw_packet_stop)i));
            bw_jw_ki64(w, "packets", t->stop[i]);
            bw_jw_obj_end(w);
        }
    }
    bw_jw_arr_end(w);
    bw_jw_ki64(w, "no_ip_packets", t->no_ip);
    bw_jw_ki64(w, "later_fragments", t->later_fragments);
    bw_jw_ki64(w, "length_lies", t->length_lies);
}

static void put_draw(struct bw_jw *w, const struct bw_meter_draw *d)
{
    if (d->packets_one_in > 1) {
        bw_jw_ki64(w, "sampled_1_in", d->packets_one_in);
    }
    if (d->flows_one_in > 1) {
        bw_jw_ki64(w, "flows_1_in", d->flows_one_in);
    }
    if (d->packets_one_in > 1 || d->flows_one_in > 1) {
        bw_jw_ki64(w, "seed", (int64_t)d->seed);
    }
}

int capture_view_json(const struct capture_shown *s)
{
    const struct bw_capture_facts *c = s->facts;
    struct bw_buf out;
    struct bw_jw w;
    int r;
    bw_buf_init(&out, JSON_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "file", s->file);
    bw_jw_kbool(&w, "complete", s->error == NULL);
    bw_jw_kstr(&w, "error", s->error);
    bw_jw_kstr(&w, "link", c->link);
    bw_jw_ki64(&w, "snap_bytes", c->snap);
    bw_jw_ki64(&w, "packets", c->packets);
    bw_jw_ki64(&w, "bytes", s->meter->tally.bytes);
    bw_jw_ki64(&w, "captured_short", c->cut);
    bw_jw_ki64(&w, "stamped_backwards", c->backwards);
    put_time(&w, "start", c->first_ns);
    put_time(&w, "end", c->last_ns);
    if (c->first_ns != BW_UNKNOWN) {
        bw_jw_ki64(&w, "duration_us", (c->last_ns - c->first_ns) / 1000);
    }
    put_direction(&w, s);
    if (s->group > 1) {
        bw_jw_ki64(&w, "group", s->group);
    }
    put_draw(&w, &s->meter->draw);
    put_ways(&w, s);
    if (capture_view_tells_tcp(s)) {
        put_tcp(&w, s);
    }
    if (s->flows.ended != BW_UNKNOWN) {
        put_flows(&w, &s->flows);
    }
    if (s->meter->devices) {
        put_devices(&w, s->meter->devices);
    }
    put_unread(&w, &s->meter->tally);
    bw_jw_obj_end(&w);
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r;
}
