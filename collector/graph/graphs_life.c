/* SPDX-License-Identifier: GPL-3.0-or-later
 * graphs_life.c - start, hourly sweep and end of the graphs' cache.
 *
 * The file CLEAN says that the last end was orderly and every late record is accounted
 * for. Without it nothing in the folder is trusted. */
#include "graph_pool.h"
#include "graphs.h"
#include "graphs_private.h"
#include "plural.h"

#include <buf.h>
#include <clock.h>
#include <dirent.h>
#include <errno.h>
#include <file.h>
#include <log.h>
#include <overview.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SWEEP_EVERY_MS = 3600 * 1000
};

static void clean_path(const struct bw_graphs *g, char out[PATH_MAX + 8])
{
    (void)snprintf(out, PATH_MAX + 8, "%s/CLEAN", g->folder);
}

/* --- sweep: a job of the reader pool, it only touches files ------------------------- */

struct sweep {
    struct bw_graphs *graphs;
    char folder[PATH_MAX];
    int64_t before_unix_s;
    struct sweep_name {
        struct sweep_name *next;
        char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    } * old;
};

static void sweep_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    (void)r;
    (void)err;
    struct sweep *s = job;
    DIR *dir = opendir(s->folder);
    while (dir) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        char site[BW_SITE_MAX + 1];
        char circuit[BW_NAME_MAX + 1];
        if (bw_circuit_id_parse(e->d_name, site, circuit) < 0 ||
            bw_rrdcache_seen(s->folder, e->d_name) >= s->before_unix_s) {
            continue;
        }
        struct sweep_name *n = calloc(1, sizeof(*n));
        if (!n) {
            break;
        }
        (void)snprintf(n->id, sizeof(n->id), "%s.%s", site, circuit);
        n->next = s->old;
        s->old = n;
    }
    if (dir) {
        (void)closedir(dir);
    }
}

/* Removing waits for the loop, which knows whether a refresh is under way. */
static void sweep_after(void *job, int cancelled)
{
    struct sweep *s = job;
    struct bw_graphs *g = s->graphs;
    while (s->old) {
        struct sweep_name *n = s->old;
        s->old = n->next;
        char site[BW_SITE_MAX + 1];
        char circuit[BW_NAME_MAX + 1];
        struct circuit *c = bw_circuit_id_parse(n->id, site, circuit) == 0
                                ? bw_graphs_circuit(g, site, circuit)
                                : NULL;
        if (c && !c->refreshing && !cancelled) {
            bw_rrdcache_remove(g->folder, n->id);
            c->state.step_s = BW_UNKNOWN;
            c->state.last_unix_s = BW_UNKNOWN;
            c->rebuild = false;
        }
        free(n);
    }
    free(s);
    g->sweeping = false;
    bw_graphs_maybe_closed(g);
}

static void on_sweep(uv_timer_t *timer)
{
    struct bw_graphs *g = timer->data;
    struct sweep *s = g->sweeping || g->closing ? NULL : calloc(1, sizeof(*s));
    if (!s) {
        return;
    }
    s->graphs = g;
    memcpy(s->folder, g->folder, sizeof(s->folder));
    s->before_unix_s = bw_clock_unix_ms() / 1000 - g->keep_s;
    if (bw_readers_run(g->readers, sweep_work, sweep_after, s) < 0) {
        free(s);
    } else {
        g->sweeping = true;
    }
}

/* --- start ------------------------------------------------------------------------------
 */

/* Take over what the last run left, or remove it. */
static int take_over(struct bw_graphs *g, struct bw_err *reterr)
{
    char clean[PATH_MAX + 8];
    clean_path(g, clean);
    bool trusted = unlink(clean) == 0;
    int r = bw_file_sync_parent(clean); /* before the first record comes */
    DIR *dir = opendir(g->folder);
    if (!dir || r < 0) {
        r = r < 0 ? r : -errno;
        if (dir) {
            (void)closedir(dir);
        }
        return bw_err_set(reterr, r, "%s: %s", g->folder, bw_strerror(r));
    }
    size_t removed = 0;
    for (;;) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        char site[BW_SITE_MAX + 1];
        char circuit[BW_NAME_MAX + 1];
        struct bw_rrd_state state;
        if (bw_circuit_id_parse(e->d_name, site, circuit) < 0) {
            continue;
        }
        struct circuit *c = NULL;
        if (trusted && bw_rrdcache_state_read(g->folder, e->d_name, &state) == 0) {
            c = bw_graphs_circuit(g, site, circuit);
        }
        if (c) {
            c->state = state;
        } else {
            bw_rrdcache_remove(g->folder, e->d_name);
            removed++;
        }
    }
    (void)closedir(dir);
    if (removed > 0) {
        bw_log(BW_AREA_PAGES, BW_NOTICE,
               "%s: series of %zu %s are made again from the records when somebody looks",
               trusted ? "graph files are of another version, or lack their state"
                       : "the last end was not orderly",
               removed, bw_plural((int64_t)removed, "circuit", "circuits"));
    }
    return 0;
}

struct view *bw_graphs_view_new(struct bw_graphs *g, struct bw_http_req *req)
{
    struct view *v = calloc(1, sizeof(*v));
    if (v) {
        v->graphs = g;
        v->req = req;
        v->job.width = 860;
        v->job.height = 320;
        g->n_views++;
    }
    return v;
}

int bw_graphs_new(struct uv_loop_s *loop,
                  const struct bw_graphs_opts *opts,
                  struct bw_readers *readers,
                  struct bw_graphs **ret,
                  struct bw_err *reterr)
{
    struct bw_graphs *g = calloc(1, sizeof(*g));
    if (!g) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    g->loop = loop;
    g->readers = readers;
    g->keep_s = opts->keep_s;
    g->picture_bytes_max = opts->cache_bytes;
    (void)snprintf(g->folder, sizeof(g->folder), "%s", opts->folder);
    (void)snprintf(g->room_db, sizeof(g->room_db), "%s", opts->room_db);
    int r = bw_dir_make(g->folder, 0750, reterr);
    r = r < 0 ? r : take_over(g, reterr);
    if (r == 0) {
        r = bw_graph_pool_new(loop, opts->n_workers, &g->pool);
    }
    if (r < 0) {
        for (size_t i = 0; i < CIRCUIT_BUCKETS; i++) {
            while (g->circuits[i]) {
                struct circuit *c = g->circuits[i];
                g->circuits[i] = c->next;
                free(c);
            }
        }
        free(g);
        return r;
    }
    (void)uv_timer_init(loop, &g->sweep);
    g->sweep.data = g;
    (void)uv_timer_start(&g->sweep, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
    *ret = g;
    return 0;
}

void bw_graphs_metrics(const struct bw_graphs *g, struct bw_buf *out)
{
    struct bw_graph_pool_stats s;
    bw_graph_pool_stats(g->pool, &s);
    bw_buf_printf(
        out,
        "# TYPE bandwitness_graphs_drawn counter\n"
        "# HELP bandwitness_graphs_drawn Pictures drawn.\n"
        "bandwitness_graphs_drawn_total %lld\n"
        "# TYPE bandwitness_graphs_failed counter\n"
        "# HELP bandwitness_graphs_failed Pictures that could not be drawn.\n"
        "bandwitness_graphs_failed_total %lld\n"
        "# TYPE bandwitness_graphs_from_cache counter\n"
        "# HELP bandwitness_graphs_from_cache Pictures given from memory.\n"
        "bandwitness_graphs_from_cache_total %lld\n"
        "# TYPE bandwitness_series_refreshes counter\n"
        "# HELP bandwitness_series_refreshes Times a circuit's files were written.\n"
        "bandwitness_series_refreshes_total %lld\n",
        (long long)s.drawn, (long long)s.failed, (long long)g->cache_hits,
        (long long)g->refreshes);
}

/* --- end --------------------------------------------------------------------------------
 */

static void on_sweep_closed(uv_handle_t *handle)
{
    struct bw_graphs *g = handle->data;
    for (size_t i = 0; i < CIRCUIT_BUCKETS; i++) {
        while (g->circuits[i]) {
            struct circuit *c = g->circuits[i];
            g->circuits[i] = c->next;
            if (c->rebuild) {
                bw_rrdcache_remove(g->folder, c->id);
            }
            free(c);
        }
    }
    char clean[PATH_MAX + 8];
    clean_path(g, clean);
    (void)bw_file_write(clean, "", 0, 0640, NULL);
    bw_picture_clear(g);
    void (*cb)(void *) = g->closed_cb;
    void *owner = g->closed_owner;
    free(g);
    if (cb) {
        cb(owner);
    }
}

void bw_graphs_maybe_closed(struct bw_graphs *g)
{
    if (g->closing && g->pool_closed && g->n_refreshing == 0 && g->n_marking == 0 &&
        !g->sweeping && !uv_is_closing((uv_handle_t *)&g->sweep)) {
        uv_close((uv_handle_t *)&g->sweep, on_sweep_closed);
    }
}

static void on_pool_closed(void *owner)
{
    struct bw_graphs *g = owner;
    g->pool_closed = true;
    g->pool = NULL;
    bw_graphs_maybe_closed(g);
}

void bw_graphs_yield(struct bw_graphs *g, size_t n)
{
    bw_graph_pool_yield(g->pool, n);
}

void bw_graphs_close(struct bw_graphs *g, void (*cb)(void *owner), void *owner)
{
    if (!g) {
        return;
    }
    g->closed_cb = cb;
    g->closed_owner = owner;
    g->closing = true;
    bw_graph_pool_close(g->pool, on_pool_closed, g);
}
