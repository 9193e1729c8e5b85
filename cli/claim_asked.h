/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_asked.h - a claim as the options of `site add` and `site claim` say it. */
#ifndef BW_CLI_CLAIM_ASKED_H
#define BW_CLI_CLAIM_ASKED_H

#include "cli.h"

#include <catalogue.h>

/* Their rows in a verb's list of options. */
/* clang-format off */
#define BW_CLAIM_ASKED_OPTIONS \
    {"circuit", required_argument, NULL, 'i'}, \
    {"provider", required_argument, NULL, 'p'}, \
    {"down", required_argument, NULL, 'D'}, \
    {"up", required_argument, NULL, 'U'}, \
    {"layer", required_argument, NULL, 'l'}, \
    {"from", required_argument, NULL, 'f'}
/* clang-format on */

/* Nothing claimed yet, for the circuit "wan". */
void bw_claim_asked_init(struct bw_claim *k);

/* Take the option whose letter is `o`: 0, or the exit status after a sentence about its
 * value; BW_EXIT_USAGE also for a letter that is none of the above. */
int bw_claim_asked_take(const struct bw_verb *v, int o, struct bw_claim *k);

/* Complete it for this site: typed in, now. */
void bw_claim_asked_finish(struct bw_claim *k, const char *site);

#endif
