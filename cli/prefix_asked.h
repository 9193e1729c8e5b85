/* SPDX-License-Identifier: GPL-3.0-or-later
 * prefix_asked.h - addresses under which a circuit reaches the world, as people write
 * them. */
#ifndef BW_CLI_PREFIX_ASKED_H
#define BW_CLI_PREFIX_ASKED_H

#include <catalogue.h>

/* "192.0.2.0/24", "2001:db8::/48", or one address: family, bits and addr of *p, bits behind
 * the prefix cleared. -EINVAL. */
int bw_prefix_asked(const char *text, struct bw_prefix *p);

/* The way back into ret[64]. */
void bw_prefix_text(const struct bw_prefix *p, char ret[64]);

#endif
