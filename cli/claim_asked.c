/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_asked.c - the options that say what is claimed for a circuit. */
#include "claim_asked.h"

#include <bw/units.h>
#include <clock.h>
#include <stdio.h>
#include <string.h>

void bw_claim_asked_init(struct bw_claim *k)
{
    *k = (struct bw_claim){.circuit = "wan",
                           .from_unix_s = BW_UNKNOWN,
                           .to_unix_s = BW_UNKNOWN,
                           .down_bps = BW_UNKNOWN,
                           .up_bps = BW_UNKNOWN,
                           .monthly_cost_cents = BW_UNKNOWN};
}

int bw_claim_asked_take(const struct bw_verb *v, int o, struct bw_claim *k)
{
    int r;
    switch (o) {
    case 'i':
        r = bw_cli_name(v, "--circuit", optarg);
        (void)snprintf(k->circuit, sizeof(k->circuit), "%s", optarg);
        return r;
    case 'p':
        r = bw_cli_label(v, "--provider", optarg, BW_LABEL_MAX);
        (void)snprintf(k->provider, sizeof(k->provider), "%s", optarg);
        return r;
    case 'D':
        return bw_cli_rate(v, "--down", optarg, &k->down_bps);
    case 'U':
        return bw_cli_rate(v, "--up", optarg, &k->up_bps);
    case 'l':
        return bw_layer_parse(optarg, &k->layer) == 0
                   ? 0
                   : bw_cli_usage(v, "--layer %s: say ethernet, ip or goodput", optarg);
    case 'f':
        return bw_cli_time(v, "--from", optarg, &k->from_unix_s);
    default:
        return BW_EXIT_USAGE;
    }
}

void bw_claim_asked_finish(struct bw_claim *k, const char *site)
{
    (void)snprintf(k->site, sizeof(k->site), "%s", site);
    (void)snprintf(k->origin, sizeof(k->origin), "typed in");
    k->recorded_unix_s = bw_clock_unix_ms() / 1000;
}
