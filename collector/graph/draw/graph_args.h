/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_args.h - what graph_job.c and graph_traffic.c share: the growing list of
 * rrd_graph_v()'s arguments. */
#ifndef BW_GRAPH_ARGS_H
#define BW_GRAPH_ARGS_H

#include <stdbool.h>

struct bw_graph_job;

enum {
    GRAPH_ARGS_MAX = 320
};

struct args {
    const bool *blank; /* by data source */
    char *list[GRAPH_ARGS_MAX];
    int n;
    int error;
};

struct look {
    const char *back, *canvas, *font, *grid, *mgrid, *axis, *gap, *claim;
    const char *down, *up, *worse; /* worse: loss */
    const char *still;             /* a line's rest: the smallest round trips */
};

void graph_arg(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A data source of the job's file, and of another one. */
void graph_def(struct args *a,
               const struct bw_graph_job *j,
               const char *name,
               const char *ds,
               const char *cf);
void graph_def_of(
    struct args *a, const char *rrd, const char *name, const char *ds, const char *cf);
void graph_stats(struct args *a,
                 int mean_ds,
                 const char *mean,
                 int peak_ds,
                 const char *peak,
                 const char *unit);
/* What a mirror port counts is a lower bound, and each picture of it says so: at the axis,
 * and in a line of its own. */
void graph_rate_label(struct args *a, const struct bw_graph_job *j);
void graph_at_least(struct args *a, const struct bw_graph_job *j);
void graph_foot(struct args *a, const struct bw_graph_job *j);

/* graph_mark.c: P95 of days; marks under the series, of which `base` is one; their legend.
 */
void graph_p95(struct args *a, const struct bw_graph_job *j, const struct look *l);
void graph_marks(struct args *a,
                 const struct bw_graph_job *j,
                 const struct look *l,
                 const char *base);
void graph_marks_legend(struct args *a, const struct bw_graph_job *j, const struct look *l);

/* graph_traffic.c: -EINVAL where the topic is none of its own. */
int graph_draw_traffic(struct args *a, const struct bw_graph_job *j, const struct look *l);

#endif
