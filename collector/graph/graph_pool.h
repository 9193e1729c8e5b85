/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_pool.h - a few drawing processes, started when needed and ended when idle. Loop's
 * thread. */
#ifndef BW_GRAPH_POOL_H
#define BW_GRAPH_POOL_H

#include <stddef.h>
#include <stdint.h>

struct bw_graph_job;
struct bw_graph_pool;
struct uv_loop_s;

/* The picture is lent until it returns, an SVG as a gzip member; NULL with the reason in
 * `error`. */
typedef void (*bw_graph_drawn_cb)(void *owner,
                                  const char *picture,
                                  size_t n,
                                  const char *error);

struct bw_graph_pool_stats {
    int64_t drawn;
    int64_t failed;
    int64_t started; /* processes */
    int64_t waiting_now;
};

int bw_graph_pool_new(struct uv_loop_s *loop, size_t n_workers, struct bw_graph_pool **ret);

/* The job is copied. `cb` follows exactly once, never before this returns. -EBUSY when
 * too many wait; nothing follows then. */
int bw_graph_pool_draw(struct bw_graph_pool *p,
                       const struct bw_graph_job *job,
                       bw_graph_drawn_cb cb,
                       void *owner);

/* So many workers get no new job until told otherwise; one always may. */
void bw_graph_pool_yield(struct bw_graph_pool *p, size_t n);

void bw_graph_pool_stats(const struct bw_graph_pool *p, struct bw_graph_pool_stats *ret);

/* Fail what waits, end the processes, free; cb later. NULL is fine (no cb). */
void bw_graph_pool_close(struct bw_graph_pool *p, void (*cb)(void *owner), void *owner);

#endif
