/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns_traffic.h - what a line was full of as columns; for columns.c. */
#ifndef BW_STORE_COLUMNS_TRAFFIC_H
#define BW_STORE_COLUMNS_TRAFFIC_H

#include <bw/summary.h>
#include <stdint.h>

struct bw_err;
struct bw_sql;
struct sqlite3_stmt;

int bw_columns_put_traffic(struct bw_sql *s,
                           int64_t key,
                           const struct bw_traffic *t,
                           struct bw_err *reterr);
/* -ENOMEM, -EINVAL: not ours. */
int bw_columns_read_traffic(struct bw_summary *u,
                            struct sqlite3_stmt *st,
                            struct bw_traffic *t);

#endif
