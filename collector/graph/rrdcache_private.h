/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache_private.h - one refresh of a circuit's files: what its two sources, records
 * and circuit-days, write through. Both give the same files. */
#ifndef BW_RRDCACHE_PRIVATE_H
#define BW_RRDCACHE_PRIVATE_H

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <limits.h>
#include <series.h>
#include <stdint.h>

struct bw_records;

enum {
    SERIES_MAX = 4 + 2 * BW_TARGETS_MAX,
    STEPS_AT_ONCE = 512
};

/* One file that is being written. */
struct series {
    char name[80];
    const struct bw_series_shape *shape;
    char path[PATH_MAX];
    int64_t last_unix_s;
    struct bw_series_step steps[STEPS_AT_ONCE];
    size_t n;
};

struct kept;

struct refresh {
    char folder[PATH_MAX]; /* of the circuit */
    const char *site;
    const char *circuit;
    int64_t step_s;
    int64_t from_unix_s;
    int64_t last_unix_s;
    int64_t mirror_from_unix_s; /* as struct bw_rrd_state has them */
    int64_t mirror_to_unix_s;
    struct series *series[SERIES_MAX];
    size_t n_series;
    struct kept *kept; /* records of one window */
    size_t n_kept;
    size_t cap_kept;
    struct bw_buf scratch;
    struct bw_err err;
};

/* rrdcache_write.c. All of them: 0, or <0 with f->err set. */
int bw_rrd_flush(struct refresh *f);
/* An interval's means and peaks; nothing when none is known. */
int bw_rrd_put_link(struct refresh *f,
                    int64_t start_unix_s,
                    int64_t end_unix_s,
                    int64_t covered_s,
                    const struct bw_flow flow[BW_DIRECTIONS]);
int bw_rrd_put_latency(struct refresh *f,
                       const char *probe,
                       int64_t start_unix_s,
                       int64_t end_unix_s,
                       int64_t sent,
                       int64_t lost,
                       int64_t p50_us,
                       int64_t p95_us);
/* values: as the shape "throughput" has them. */
int bw_rrd_put_throughput(struct refresh *f,
                          int64_t start_unix_s,
                          int64_t end_unix_s,
                          const int64_t values[BW_SERIES_DS_MAX]);
void bw_rrd_throughput_values(const struct bw_throughput *t,
                              int64_t values[BW_SERIES_DS_MAX]);
/* All records of the site that start within [from, to). */
int bw_rrd_put_records(struct refresh *f,
                       struct bw_records *records,
                       int64_t from_unix_s,
                       int64_t to_unix_s);

/* rrdcache_days.c: the same from circuit-days; where a day does not tell all that its
 * records do, from those. */
int bw_rrd_put_days(struct refresh *f,
                    struct bw_records *records,
                    int64_t from_unix_s,
                    int64_t to_unix_s);

#endif
