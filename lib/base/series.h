/* SPDX-License-Identifier: GPL-3.0-or-later
 * series.h - the RRD files: pictures, never evidence. Anything here can be deleted and
 * made again from records. Blocking: call only off the loop. librrd's error is
 * per-thread (rrd_*_r only); rrd_graph is not here, graphs live in worker processes. */
#ifndef BW_SERIES_H
#define BW_SERIES_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_SERIES_DS_MAX = 8
};

/* One file a circuit and topic. */
struct bw_series_shape {
    const char *topic; /* "link", "link-10s", "latency", "throughput" */
    const char *ds[BW_SERIES_DS_MAX + 1];
};

extern const struct bw_series_shape bw_series_link; /* down up down_peak up_peak, bit/s */
extern const struct bw_series_shape bw_series_latency; /* p50 p95 (s), loss (0…1) */
extern const struct bw_series_shape
    bw_series_throughput; /* down up line_down line_up, bit/s */

/* Create with the design's shape (5 min x 14 days, 1 h x 13 months, 1 day x 11 years,
 * AVERAGE and MAX) scaled to step_s. -EEXIST is success. A file that librrd refuses or
 * whose shape or step differs is moved aside to PATH.corrupt and made anew; *ret_remade
 * (may be NULL) tells, so that the caller rebuilds it from records. */
int bw_series_create(const char *path,
                     const struct bw_series_shape *shape,
                     int64_t step_s,
                     int64_t start_unix_s,
                     int *ret_remade,
                     struct bw_err *reterr);

/* One step: values[n_ds] at end_unix_s; BW_UNKNOWN becomes U. `scale` divides the
 * integers (1 for bit/s, 1000000 for us -> s and ppm -> ratio). A step not newer than the
 * file's last is -EEXIST. */
struct bw_series_step {
    int64_t end_unix_s;
    int64_t values[BW_SERIES_DS_MAX];
};
int bw_series_update(const char *path,
                     const struct bw_series_shape *shape,
                     const struct bw_series_step *steps,
                     size_t n_steps,
                     struct bw_err *reterr);

/* Unix time of the file's last step, or -errno. */
int64_t bw_series_last(const char *path);

#endif
