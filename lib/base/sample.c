/* SPDX-License-Identifier: GPL-3.0-or-later
 * sample.c - the samples that probes lend, with nothing known yet. */
#include <bw/probe.h>
#include <string.h>

void bw_latency_detail_init(struct bw_latency_detail *d)
{
    *d = (struct bw_latency_detail){.out_ns = BW_UNKNOWN,
                                    .back_ns = BW_UNKNOWN,
                                    .one_way_error_ns = BW_UNKNOWN,
                                    .cert_days = BW_UNKNOWN};
    for (int i = 0; i < BW_PHASES; i++) {
        d->phase_ns[i] = BW_UNKNOWN;
    }
}

void bw_run_sample_init(struct bw_run_sample *s)
{
    const struct bw_tcp_end unknown = {.rtt_us = BW_UNKNOWN,
                                       .min_rtt_us = BW_UNKNOWN,
                                       .retransmit_ppm = BW_UNKNOWN,
                                       .app_limited_ppm = BW_UNKNOWN,
                                       .rwnd_limited_ppm = BW_UNKNOWN,
                                       .sndbuf_limited_ppm = BW_UNKNOWN};
    *s = (struct bw_run_sample){.bytes = BW_UNKNOWN,
                                .wire_bytes = BW_UNKNOWN,
                                .total_bytes = BW_UNKNOWN,
                                .streams = BW_UNKNOWN,
                                .mtu = BW_UNKNOWN,
                                .rtt_us = BW_UNKNOWN,
                                .retransmit_ppm = BW_UNKNOWN,
                                .tester_busy_ppm = BW_UNKNOWN,
                                .loss_ppm = BW_UNKNOWN,
                                .delay_min_us = BW_UNKNOWN,
                                .delay_max_us = BW_UNKNOWN,
                                .near = unknown,
                                .far = unknown};
}
