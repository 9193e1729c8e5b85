/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_meter.c - a row of frames through everything that counts them, with the smallest
 * tables. Each frame: its captured length, its length on the wire beyond that in units of
 * 256, the time since the one before in units of 100 us (signed, two bytes), its bytes. */
#include "meter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void shares_hold(const struct bw_meter *m)
{
    for (int by = BW_MIX_BY_CLASS; by <= BW_MIX_BY_WAY; by++) {
        struct bw_mix_share row[BW_MIX_SHARES_MAX];
        int64_t bytes = 0;
        size_t n = bw_mix_shares(&m->mix, (enum bw_mix_by)by, BW_WAYS, row);
        for (size_t i = 0; i < n; i++) {
            must(row[i].share_ppm >= 0 && row[i].share_ppm <= 1000000);
            must(row[i].low_ppm == row[i].share_ppm && /* nothing was drawn */
                 row[i].high_ppm == row[i].share_ppm);
            bytes += row[i].bytes;
        }
        must(bytes == m->tally.bytes);
    }
}

/* Told with small groups merged, nothing is lost: all of a way's bytes, or nothing. */
static void told_holds(const struct bw_meter *m)
{
    for (int way = 0; way < BW_WAYS; way++) {
        struct bw_mix_total t;
        bw_mix_total(&m->mix, (enum bw_way)way, &t);
        for (int by = BW_MIX_BY_CLASS; by <= BW_MIX_BY_BAND; by++) {
            struct bw_mix_share row[BW_MIX_SHARES_MAX];
            int64_t bytes = 0;
            size_t n =
                bw_mix_told(&m->mix, (enum bw_mix_by)by, (enum bw_way)way, 3, row, NULL);
            for (size_t i = 0; i < n; i++) {
                bytes += row[i].bytes;
            }
            must(n == 0 || bytes == t.bytes);
            must(n == 0 || bw_mix_devices(&m->mix, (enum bw_way)way) >= 3);
        }
    }
}

static void figures_hold(const struct bw_meter *m)
{
    const struct bw_flows_figures *g = bw_flows_figures(m->flows);
    must(g->packets + g->others == m->tally.frames);
    must(g->begun - g->ended == (int64_t)bw_flows_live(m->flows));
    must(bw_flows_live(m->flows) <= 64 && (g->evicted == 0) == !g->full);
    must(g->size_bytes.total == g->ended);
    for (int e = 0; e < BW_FLOW_EVENTS; e++) {
        struct bw_flow_ratio r;
        bw_flows_ratio(g, (enum bw_flow_event)e, BW_WAYS, 16, &r);
        must(r.bytes <= r.of_bytes && r.segments <= r.of_segments && r.low_ppm <= r.ppm &&
             r.ppm <= r.high_ppm);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_meter_opts opts = {.parts = BW_METER_MIX | BW_METER_FLOWS | BW_METER_DEVICES |
                                          BW_METER_CROWDS,
                                 .flows = {.flows = 64, .round_trips = 64},
                                 .device_slots = 64,
                                 .flow_key = {1},
                                 .device_key = {2}};
    struct bw_devices_count devices;
    struct bw_meter m;
    int64_t at_ns = INT64_C(1000000000000);
    bw_inside_add_private(&opts.inside);
    if (bw_meter_init(&m, &opts) < 0) {
        return 0;
    }
    while (size >= 4) {
        uint32_t n = data[0] < size - 4 ? data[0] : (uint32_t)(size - 4);
        int16_t later = (int16_t)((unsigned)data[2] << 8 | data[3]);
        at_ns += (int64_t)later * 100000;
        bw_meter_frame(&m, BW_PACKET_LINK_ETHERNET, data + 4, n, n + data[1] * 256U, at_ns);
        data += 4 + n;
        size -= 4 + n;
    }
    shares_hold(&m);
    told_holds(&m);
    figures_hold(&m);
    bw_flows_sweep(m.flows, at_ns);
    figures_hold(&m);
    bw_flows_end(m.flows);
    figures_hold(&m);
    must(bw_flows_live(m.flows) == 0);
    bw_devices_count(m.devices, &devices);
    must(devices.ipv4 + devices.ipv6 + devices.macs <= 48);
    bw_meter_done(&m);
    return 0;
}
