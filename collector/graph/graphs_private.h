/* SPDX-License-Identifier: GPL-3.0-or-later
 * graphs_private.h - what graphs.c (requests), graphs_life.c (start, sweep, end) and
 * picture_cache.c share. Loop's thread. */
#ifndef BW_GRAPHS_PRIVATE_H
#define BW_GRAPHS_PRIVATE_H

#include "graphs.h"
#include "rrdcache.h"

#include <bw/err.h>
#include <graph_worker.h>
#include <limits.h>
#include <stdbool.h>
#include <uv.h>

enum {
    CIRCUIT_BUCKETS = 4096,
    PICTURE_BUCKETS = 256
};

struct view;

/* A circuit whose files exist, or that somebody asked for. */
struct circuit {
    struct circuit *next; /* of the bucket of its site */
    struct bw_graphs *graphs;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    struct bw_rrd_state state;
    struct bw_rrd_facts facts;
    bool rebuild;
    int pending;            /* records since the last refresh */
    int64_t looked_mono_ms; /* its files and facts are those of then; 0: or of before */
    bool refreshing;
    int64_t news_end_unix_s; /* the oldest end that came during the refresh */
    struct view *waiting;
    /* the refresh under way: the reader's thread until refresh_after() */
    bool refresh_rebuild;
    bool refresh_for_view;
    int64_t asked_mono_ms;
    int refresh_r;
    struct bw_rrd_state next_state;
    struct bw_rrd_facts next_facts;
    struct bw_err refresh_err;
};

struct view {
    struct view *next;
    struct bw_graphs *graphs;
    struct bw_http_req *req;
    struct circuit *circuit;
    char series[96];
    int64_t span_s;
    char zone[64];         /* the site's; "" unknown */
    int64_t folded_unix_s; /* the room has its days up to then; 0: none … */
    int64_t filling; /* … and still fills those of the past: another number each ten min */
    struct bw_graph_job job;
    char key[768];
};

struct picture {
    struct picture *next; /* of the bucket */
    struct picture *newer;
    struct picture *older;
    char *key;
    char *data;
    size_t n;
};

struct bw_graphs {
    uv_loop_t *loop;
    char folder[PATH_MAX];
    char room_db[PATH_MAX];
    int64_t keep_s;
    struct bw_readers *readers;
    struct bw_graph_pool *pool;
    struct circuit *circuits[CIRCUIT_BUCKETS];
    size_t n_refreshing;
    size_t n_marking; /* views of which a reader looks up the marks */
    size_t n_views;
    struct picture *pictures[PICTURE_BUCKETS];
    struct picture *newest;
    struct picture *oldest;
    size_t picture_bytes;
    size_t picture_bytes_max;
    int64_t cache_hits;
    int64_t refreshes;
    uv_timer_t sweep;
    bool sweeping;
    bool closing;
    bool pool_closed;
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

/* The circuit's entry, made when missing; NULL without memory. */
struct circuit *
bw_graphs_circuit(struct bw_graphs *g, const char *site, const char *circuit);
/* A view of the usual size, counted; NULL without memory. */
struct view *bw_graphs_view_new(struct bw_graphs *g, struct bw_http_req *req);
void bw_graphs_maybe_closed(struct bw_graphs *g);

/* Finished pictures, the least recently used go first. The bytes are lent until the next
 * put. */
const char *bw_picture_get(struct bw_graphs *g, const char *key, size_t *ret_n);
void bw_picture_put(struct bw_graphs *g, const char *key, const char *data, size_t n);
void bw_picture_clear(struct bw_graphs *g);

#endif
