/* SPDX-License-Identifier: GPL-3.0-or-later
 * scrub.h - no address leaves in somebody else's words. */
#ifndef BW_SCRUB_H
#define BW_SCRUB_H

/* Put "(address)" for every IPv4 or IPv6 address in a text, in place where it is not
 * longer; what does not fit into `cap` bytes ends early. Libraries put addresses into
 * their sentences, and those go into signed records. Any thread. */
#include <stddef.h>

void bw_scrub_addresses(char *text, size_t cap);

#endif
