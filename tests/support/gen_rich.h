/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_rich.h - what a box with every kind of probe and a capture adds to a generated
 * summary. */
#ifndef BW_GEN_RICH_H
#define BW_GEN_RICH_H

#include <stdint.h>

struct bw_err;
struct bw_summary;

enum {
    BW_GEN_RICH_LATENCY = 4 /* entries that bw_gen_rich() adds */
};

/* Latency of kinds stamp, tcp, dns and http_get, a path every hour, traffic with shares,
 * flows and histograms. All is drawn from `seed` and the summary's start. load_ppm: how
 * full the line is; out_s: seconds in which nothing answers. s->latency has room for
 * BW_GEN_RICH_LATENCY more. -ENOMEM. */
int bw_gen_rich(struct bw_summary *s,
                uint64_t seed,
                int64_t load_ppm,
                int64_t out_s,
                struct bw_err *reterr);

#endif
