/* SPDX-License-Identifier: GPL-3.0-or-later
 * series.h - the RRD files: pictures, never evidence. Anything here can be deleted and
 * made again from records. Blocking: call only off the loop. librrd's error is
 * per-thread (rrd_*_r only); rrd_graph is not here, graphs live in worker processes. */
#ifndef BW_SERIES_H
#define BW_SERIES_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_SERIES_DS_MAX = 8,
    BW_SERIES_BYTES_MAX = 2000000
};

/* One file a circuit and topic. `scale` divides the integers given (0: 1): 1000000 makes
 * seconds of us and shares of ppm. */
struct bw_series_shape {
    const char *topic; /* "link" (and the box's "link-10s"), "latency", "throughput" */
    const char *ds[BW_SERIES_DS_MAX + 1];
    int64_t scale[BW_SERIES_DS_MAX];
    bool sparse; /* few steps have a value: a longer row is known when any of them is */
};

extern const struct bw_series_shape bw_series_link; /* down up down_peak up_peak, bit/s */
extern const struct bw_series_shape bw_series_latency; /* p50 p95 (s), loss (0…1) */
extern const struct bw_series_shape
    bw_series_throughput; /* down up line_down line_up, bit/s */

/* Create with the design's shape: steps x 14 days, 1 h x 13 months, 1 day x 11 years,
 * AVERAGE and MAX; below 5 min the first is shortened so that no file passes
 * BW_SERIES_BYTES_MAX. An hour or day of which more than half is unknown is unknown.
 * step_s divides a day. A good file that is there already is kept: 0 as well. One that
 * librrd refuses or whose shape or step differs is moved aside to PATH.corrupt and made
 * anew; *ret_remade (may be NULL) becomes 1, so that the caller rebuilds it from
 * records. The folder must exist. */
int bw_series_create(const char *path,
                     const struct bw_series_shape *shape,
                     int64_t step_s,
                     int64_t start_unix_s,
                     int *ret_remade,
                     struct bw_err *reterr);

/* One interval's values[n_ds]; BW_UNKNOWN becomes U, and so does time that no step
 * covers. The file's steps are weighted by time: where an interval covers less than half
 * of one it stays unknown. A start outside [end - step, end) means end - step. */
struct bw_series_step {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t values[BW_SERIES_DS_MAX];
};

/* Append steps, oldest first, in as few writes as possible. Steps that end no later than
 * the file's last are left out; -EEXIST when that is all of them. -ENOENT: no file;
 * -BW_EMALFORMED: librrd refuses it (bw_series_create() mends both). */
int bw_series_update(const char *path,
                     const struct bw_series_shape *shape,
                     const struct bw_series_step *steps,
                     size_t n_steps,
                     struct bw_err *reterr);

/* Unix time of the file's last step, or -errno. */
int64_t bw_series_last(const char *path);

#endif
