/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns_lines.h - lists within a row as text: a line an item, fields apart by one space,
 * empty where unknown or absent; for columns.c. No word of the contract holds a space. */
#ifndef BW_STORE_COLUMNS_LINES_H
#define BW_STORE_COLUMNS_LINES_H

#include <bw/summary.h>

struct bw_buf;

enum {
    BW_COLUMNS_FLAGS_CAP = 512
};

/* Append the list; nothing for an empty one. */
void bw_columns_write_codes(const struct bw_latency *l, struct bw_buf *out);
void bw_columns_write_phases(const struct bw_latency *l, struct bw_buf *out);
void bw_columns_write_hops(const struct bw_path *p, struct bw_buf *out);
void bw_columns_write_shares(const struct bw_traffic_share *p,
                             size_t n,
                             struct bw_buf *out);
/* A flag a line, which holds no line feed; NULL: too long. */
const char *bw_columns_join_flags(const char *const flags[BW_FLAGS_MAX + 1],
                                  char out[BW_COLUMNS_FLAGS_CAP]);

/* The way back into u's arena; NULL is the empty list. -ENOMEM, -EINVAL: not ours. */
int bw_columns_read_codes(struct bw_summary *u, const char *text, struct bw_latency *l);
int bw_columns_read_phases(struct bw_summary *u, const char *text, struct bw_latency *l);
int bw_columns_read_hops(struct bw_summary *u, const char *text, struct bw_path *p);
int bw_columns_read_shares(struct bw_summary *u,
                           const char *text,
                           struct bw_traffic_share **ret,
                           size_t *ret_n);
void bw_columns_read_flags(struct bw_summary *u,
                           const char *text,
                           const char *flags[BW_FLAGS_MAX + 1]);

#endif
