/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_view.h - `bandwitness verify` of a bag: what it shows, and its exit status. */
#ifndef BW_CLI_BAG_VIEW_H
#define BW_CLI_BAG_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct bw_pubkey;
struct bw_verb;

/* Check the bag and print what came out; an enum bw_exit. Log keys are borrowed. */
int bw_bag_view(const struct bw_verb *v,
                const char *path,
                const struct bw_pubkey *log_keys,
                size_t n_log_keys,
                const char *const *witness_keys,
                size_t n_witness_keys,
                bool json);

#endif
