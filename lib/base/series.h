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
struct bw_summary;

enum {
    BW_SERIES_DS_MAX = 20,
    BW_SERIES_BYTES_MAX = 2000000,
    BW_SERIES_MEAN_BYTES_MAX = 3000000, /* of a file with many sources and no MAX */
    BW_SERIES_CLASSES = 10
};

/* One file a circuit and topic. `scale` divides the integers given (0: 1): 1000000 makes
 * seconds of us and shares of ppm. */
struct bw_series_shape {
    const char *topic; /* "link" (and the box's "link-10s"), "latency", "throughput",
                          "traffic", "tcp" */
    const char *ds[BW_SERIES_DS_MAX + 1];
    int64_t scale[BW_SERIES_DS_MAX];
    bool sparse;    /* few steps have a value: a longer row is known when any of them is */
    bool mean_only; /* no MAX archives */
};

extern const struct bw_series_shape bw_series_link; /* down up down_peak up_peak, bit/s */
extern const struct bw_series_shape bw_series_latency; /* p50 p95 (s), loss (0…1) */
extern const struct bw_series_shape
    bw_series_throughput; /* down up line_down line_up, bit/s */
/* What a line is full of: bit/s of each of bw_series_classes, all down, then all up. */
extern const struct bw_series_shape bw_series_traffic;
extern const struct bw_series_shape bw_series_tcp; /* enum bw_series_tcp_ds */
extern const char *const bw_series_classes[BW_SERIES_CLASSES + 1];

/* Of users' TCP: round trips in s, shares 0…1. */
enum bw_series_tcp_ds {
    BW_TCP_WAN,     /* "wan": median of all round trips to the far ends */
    BW_TCP_WAN_MIN, /* "wan_min": median of each flow's smallest */
    BW_TCP_LAN,     /* "lan": median of all within the school */
    BW_TCP_RESENT,  /* "down", "up": of payload, sent again … */
    BW_TCP_RESENT_LOW = BW_TCP_RESENT + BW_DIRECTIONS,
    BW_TCP_RESENT_HIGH = BW_TCP_RESENT_LOW + BW_DIRECTIONS, /* … with its 95 % interval */
    BW_TCP_FULL = BW_TCP_RESENT_HIGH + BW_DIRECTIONS, /* "full": of the time that counters
                                                         covered, the line was at >= 90 %
                                                         of the claim */
    BW_TCP_FULL_WAN                                   /* "full_wan": median then */
};

/* Create with the design's shape: steps x 14 days, 1 h x 13 months, 1 day x 11 years,
 * AVERAGE and MAX; below 5 min the first is shortened so that no file passes
 * BW_SERIES_BYTES_MAX (without MAX: BW_SERIES_MEAN_BYTES_MAX). An hour or day of which more
 * than half is unknown is unknown. step_s divides a day. A good file that is there already
 * is kept: 0 as well. One that librrd refuses or whose shape or step differs is moved aside
 * to PATH.corrupt and made anew; *ret_remade (may be NULL) becomes 1, so that the caller
 * rebuilds it from records. The folder must exist. */
int bw_series_create(const char *path,
                     const struct bw_series_shape *shape,
                     int64_t step_s,
                     int64_t start_unix_s,
                     int *ret_remade,
                     struct bw_err *reterr);

/* What one summary says of a circuit's traffic, for the shapes "traffic" and "tcp": the
 * share of a class times the counter's bytes over the counter's seconds, all in bit/s; the
 * medians of its histograms. Gives false when all of both are unknown. */
bool bw_series_traffic_values(const struct bw_summary *s,
                              const char *circuit,
                              int64_t mix[BW_SERIES_DS_MAX],
                              int64_t tcp[BW_SERIES_DS_MAX]);

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
