/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture_view.c - a file's traffic as a table. Every share is one of bytes of its way;
 * what could not be read is named and counted, what was not seen is left out. */
#include "capture_view.h"

#include "clock.h"
#include "plural.h"

#include <bw/units.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
    enum bw_mix_by by;
    const char *title;
    size_t n;
} tables[] = {{BW_MIX_BY_CLASS, "by class", BW_PACKET_CLASSES},
              {BW_MIX_BY_FAMILY, "by family", BW_PACKET_FAMILIES},
              {BW_MIX_BY_BAND, "by size (bytes)", BW_PACKET_BANDS + 1}};

static double seconds_of(const struct bw_capture_facts *c)
{
    return c->first_ns == BW_UNKNOWN ? 0 : (double)(c->last_ns - c->first_ns) / 1e9;
}

static void text_file(const struct capture_shown *s)
{
    const struct bw_capture_facts *c = s->facts;
    char from[32];
    char to[32];
    (void)printf("file        %s: %s, %" PRId64 " %s, %" PRId64 " bytes\n", s->file,
                 c->link, c->packets, bw_plural(c->packets, "packet", "packets"),
                 s->meter->tally.bytes);
    if (c->first_ns != BW_UNKNOWN) {
        bw_time_format_ms(c->first_ns / 1000000, from);
        bw_time_format_ms(c->last_ns / 1000000, to);
        (void)printf("period      %s to %s (UTC), %.3f s\n", from, to, seconds_of(c));
    }
    if (c->backwards > 0) {
        (void)printf("            %" PRId64 " %s stamped earlier than the one before\n",
                     c->backwards, bw_plural(c->backwards, "packet is", "packets are"));
    }
    if (s->by_router) {
        (void)printf("direction   by the router's MAC: frames from it come down\n");
    }
    if (s->by_router && s->n_prefixes == 0) {
        return;
    }
    if (s->n_prefixes == 0) {
        (void)printf("direction   private and link-local addresses are taken to be inside "
                     "(--inside, --router)\n");
    } else {
        (void)printf("%-12sinside is", s->by_router ? "" : "direction");
        for (size_t i = 0; i < s->n_prefixes; i++) {
            (void)printf(" %s", s->prefixes[i]);
        }
        (void)printf("\n");
    }
}

static void text_draw(const struct capture_shown *s)
{
    const struct bw_meter_draw *d = &s->meter->draw;
    if (d->packets_one_in <= 1 && d->flows_one_in <= 1) {
        return;
    }
    (void)printf("drawn       ");
    if (d->packets_one_in > 1) {
        (void)printf("one packet in %" PRIu32 "; ", d->packets_one_in);
    }
    if (d->flows_one_in > 1) {
        (void)printf("one flow in %" PRIu32 "; ", d->flows_one_in);
    }
    (void)printf("seed %" PRIu64 "; in brackets the interval of 95 %%\n", d->seed);
}

static void text_ways(const struct capture_shown *s)
{
    double seconds = seconds_of(s->facts);
    bool drawn = s->meter->mix.one_in > 1;
    (void)printf("\n%-16s%14s%18s%14s", "", "packets", "bytes", "Mbit/s");
    (void)printf(drawn ? "%14s%18s\n" : "\n", "+- packets", "+- bytes");
    for (int w = 0; w < BW_WAYS; w++) {
        struct bw_mix_total t;
        bw_mix_total(&s->meter->mix, (enum bw_way)w, &t);
        (void)printf("%-16s%14" PRId64 "%18" PRId64, bw_way_name((enum bw_way)w), t.packets,
                     t.bytes);
        if (seconds > 0) {
            (void)printf("%14.3f", (double)t.bytes * 8e-6 / seconds);
        } else {
            (void)printf("%14s", "-");
        }
        if (drawn) {
            (void)printf("%14" PRId64 "%18" PRId64, t.packets_error, t.bytes_error);
        }
        (void)printf("\n");
    }
    (void)printf("Bytes are those of whole frames, link header included.\n");
}

static void text_share(const struct bw_mix_share *share, int width, bool drawn)
{
    char text[64] = "-";
    if (share && drawn) {
        (void)snprintf(text, sizeof(text), "%.3f [%.3f, %.3f] %%",
                       (double)share->share_ppm / 1e4, (double)share->low_ppm / 1e4,
                       (double)share->high_ppm / 1e4);
    } else if (share) {
        (void)snprintf(text, sizeof(text), "%.4f %%", (double)share->share_ppm / 1e4);
    }
    (void)printf("%*s", drawn ? 30 : width, text);
}

static void text_shares(const struct capture_shown *s, size_t table)
{
    struct bw_mix_share row[BW_WAYS][BW_MIX_SHARES_MAX];
    size_t n[BW_WAYS];
    bool held = false;
    bool drawn = s->meter->mix.one_in > 1;
    for (int w = 0; w < BW_WAYS; w++) {
        bool held_here;
        n[w] = bw_mix_told(&s->meter->mix, tables[table].by, (enum bw_way)w, s->group,
                           row[w], &held_here);
        held = held || held_here;
    }
    (void)printf("\n%-16s%*s%*s%*s\n", tables[table].title, drawn ? 30 : 14, "down",
                 drawn ? 30 : 18, "up", drawn ? 30 : 14, "neither");
    for (size_t i = 0; i < tables[table].n; i++) {
        const struct bw_mix_share *cell[BW_WAYS] = {NULL};
        bool any = false;
        for (int w = 0; w < BW_WAYS; w++) {
            for (size_t k = 0; k < n[w]; k++) {
                if (row[w][k].which == i) {
                    cell[w] = &row[w][k];
                    any = true;
                }
            }
        }
        if (!any) {
            continue;
        }
        (void)printf("%-16s", bw_mix_share_name(tables[table].by, (uint32_t)i));
        for (int w = 0; w < BW_WAYS; w++) {
            text_share(cell[w], w == BW_WAY_UP ? 18 : 14, drawn);
        }
        (void)printf("\n");
    }
    if (held) {
        (void)printf("What fewer than %d devices did is within other, or not told.\n",
                     s->group);
    }
}

static const char *const halves[BW_HALVES] = {
    [BW_HALF_WAN] = "to the world", [BW_HALF_LAN] = "to the school"};

static void
text_rtt(const char *title, const struct bw_hist *all, const struct bw_hist *each)
{
    (void)printf("%-16s%10" PRId64, title, all->total);
    if (all->total == 0) {
        (void)printf("\n");
        return;
    }
    (void)printf("%10.3f%10.3f%10.3f", (double)bw_hist_percentile_us(all, 0) / 1e3,
                 (double)bw_hist_percentile_us(all, 500000) / 1e3,
                 (double)bw_hist_percentile_us(all, 950000) / 1e3);
    if (each->total > 0) {
        (void)printf("%10" PRId64 "%10.3f%10.3f", each->total,
                     (double)bw_hist_percentile_us(each, 500000) / 1e3,
                     (double)bw_hist_percentile_us(each, 950000) / 1e3);
    }
    (void)printf("\n");
}

static void
text_ratio(const struct bw_flows_figures *g, enum bw_flow_event e, int way, uint32_t one_in)
{
    struct bw_flow_ratio r;
    char text[64];
    bw_flows_ratio(g, e, (enum bw_way)way, one_in, &r);
    if (one_in > 1) {
        (void)snprintf(text, sizeof(text), "%.4f [%.4f, %.4f] %%", (double)r.ppm / 1e4,
                       (double)r.low_ppm / 1e4, (double)r.high_ppm / 1e4);
        (void)printf("%32s", text);
        return;
    }
    (void)printf("%16" PRId64 " %9.4f %%", r.bytes, (double)r.ppm / 1e4);
}

static void text_medians(const struct bw_flows_figures *g, uint32_t one_in)
{
    for (int half = 0; half < BW_HALVES && one_in > 1; half++) {
        struct bw_flow_median m;
        bw_flows_median(&g->rtt_min[half], one_in, &m);
        if (m.n > 0) {
            (void)printf("%-16sP50 of the flows' least %.3f [%.3f, %.3f] ms\n",
                         halves[half], (double)m.value / 1e3, (double)m.low / 1e3,
                         (double)m.high / 1e3);
        }
    }
}

bool capture_view_tells_tcp(const struct capture_shown *s)
{
    const struct bw_flows_figures *g = &s->flows;
    bool any = !s->held;
    for (size_t half = 0; half < BW_HALVES; half++) {
        any = any || g->rtt[half].total > 0 || g->rtt_min[half].total > 0;
    }
    for (size_t w = 0; w < BW_WAYS; w++) {
        any = any || g->tcp[w].bytes > 0;
    }
    return any;
}

static void text_flows(const struct capture_shown *s)
{
    const struct bw_flows_figures *g = &s->flows;
    uint32_t one_in = s->meter->draw.flows_one_in;
    int width = one_in > 1 ? 32 : 28;
    if (!capture_view_tells_tcp(s) && g->ended == BW_UNKNOWN) {
        (void)printf("\nflows       not told: of fewer than %d devices\n", s->group);
        return;
    }
    (void)printf("\n%-16s%10s%10s%10s%10s%10s%10s%10s\n", "TCP round trips", "times",
                 "least ms", "P50 ms", "P95 ms", "flows", "P50 ms", "P95 ms");
    for (size_t half = 0; half < BW_HALVES; half++) {
        if (!s->held || g->rtt[half].total > 0) {
            text_rtt(halves[half], &g->rtt[half], &g->rtt_min[half]);
        }
    }
    (void)printf("The right half is of each flow's least round trip.\n");
    text_medians(g, one_in);
    (void)printf("\n%-16s%18s%*s%*s\n", "TCP data", "bytes", width, "sent again", width,
                 "out of order");
    for (int w = 0; w < BW_WAYS; w++) {
        if (g->tcp[w].bytes == 0) {
            continue;
        }
        (void)printf("%-16s%18" PRId64, bw_way_name((enum bw_way)w), g->tcp[w].bytes);
        text_ratio(g, BW_FLOW_RESENT, w, one_in);
        text_ratio(g, BW_FLOW_REORDERED, w, one_in);
        (void)printf("\n");
    }
    if (s->held) {
        (void)printf("What fewer than %d devices did is not told.\n", s->group);
    }
    if (g->ended == BW_UNKNOWN) {
        return;
    }
    (void)printf("\nflows       %" PRId64 " of TCP and UDP", g->ended);
    if (g->ended > 0) {
        (void)printf("; half of them up to %" PRId64 " bytes, 95 %% up to %" PRId64,
                     bw_hist_percentile_us(&g->size_bytes, 500000),
                     bw_hist_percentile_us(&g->size_bytes, 950000));
    }
    (void)printf("\n");
    if (g->full) {
        (void)printf("            the table was full: %" PRId64 " running %s put out, so "
                     "round trips and what was sent again are counted short\n",
                     g->evicted, bw_plural(g->evicted, "flow was", "flows were"));
    }
}

static void text_devices(const struct capture_shown *s)
{
    struct bw_devices_count c;
    if (!s->meter->devices) {
        return;
    }
    bw_devices_count(s->meter->devices, &c);
    (void)printf("devices     at least %" PRId64 " active%s: %" PRId64 " IPv4 and %" PRId64
                 " IPv6 %s, %" PRId64 " %s sent something up\n",
                 c.at_least, c.full ? " (the table was full)" : "", c.ipv4, c.ipv6,
                 bw_plural(c.ipv6, "address", "addresses"), c.macs,
                 bw_plural(c.macs, "MAC", "MACs"));
}

static void text_line(const char *title, int64_t n, const char *what)
{
    if (n > 0) {
        (void)printf("%-12s%" PRId64 " %s %s\n", title, n,
                     bw_plural(n, "packet:", "packets:"), what);
    }
}

static void text_unread(const struct capture_shown *s)
{
    const struct bw_meter_tally *t = &s->meter->tally;
    for (int i = BW_PACKET_WHOLE + 1; i < BW_PACKET_STOPS; i++) {
        text_line("not read", t->stop[i], bw_packet_stop_text((enum bw_packet_stop)i));
    }
    text_line("no IP", t->no_ip, "of another protocol (ARP and the like), class other");
    text_line("fragments", t->later_fragments, "without a port, class other, in no flow");
    text_line("lengths", t->length_lies,
              "the IP header tells of more bytes than the frame had");
}

void capture_view_text(const struct capture_shown *s)
{
    text_file(s);
    text_draw(s);
    text_ways(s);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        text_shares(s, i);
    }
    text_flows(s);
    text_devices(s);
    text_unread(s);
}
