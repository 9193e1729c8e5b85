/* SPDX-License-Identifier: GPL-3.0-or-later
 * traffic_vectors.h - the golden vector about what a line carries: for test_vectors.c. */
#ifndef BW_TRAFFIC_VECTORS_H
#define BW_TRAFFIC_VECTORS_H

struct bw_summary;

/* What a capture of headers tells of a line, and what its counters tell besides, into a
 * record that has the rest. */
void vectors_traffic(struct bw_summary *s);

#endif
