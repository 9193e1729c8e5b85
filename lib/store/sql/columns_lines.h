/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns_lines.h - lists within a row as text: a line an item, fields apart by one space,
 * empty where unknown or absent; for columns.c. No word of the contract holds a space. */
#ifndef BW_STORE_COLUMNS_LINES_H
#define BW_STORE_COLUMNS_LINES_H

#include <bw/summary.h>

struct bw_buf;

/* Append the list; nothing for an empty one. */
void bw_columns_write_codes(const struct bw_latency *l, struct bw_buf *out);
void bw_columns_write_phases(const struct bw_latency *l, struct bw_buf *out);
void bw_columns_write_hops(const struct bw_path *p, struct bw_buf *out);

/* The way back into u's arena; NULL is the empty list. -ENOMEM, -EINVAL: not ours. */
int bw_columns_read_codes(struct bw_summary *u, const char *text, struct bw_latency *l);
int bw_columns_read_phases(struct bw_summary *u, const char *text, struct bw_latency *l);
int bw_columns_read_hops(struct bw_summary *u, const char *text, struct bw_path *p);

#endif
