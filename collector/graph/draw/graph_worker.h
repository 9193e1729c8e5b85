/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_worker.h - the process that draws: `bandwitness-collector --graph-worker`.
 *
 * Standard input: one job a line, JSON. Standard output, for each: "ok LENGTH\n" and the
 * picture (an SVG as a gzip member), or "error SENTENCE\n". It ends with standard input. */
#ifndef BW_GRAPH_WORKER_H
#define BW_GRAPH_WORKER_H

struct bw_graph_job;
struct bw_buf;
struct bw_err;

#include <bw/units.h>
#include <limits.h>
#include <series.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_graph_format {
    BW_GRAPH_SVG,
    BW_GRAPH_PNG,
    BW_GRAPH_CSV /* its figures: bw_graph_csv() */
};

enum {
    /* Beside the field of a picture as wide as pages ask for: its margins do not depend on
     * its width (seen with librrd 1.7.2 and the fonts named in graph_job.c). */
    BW_GRAPH_LEFT_PIXELS = 81,
    BW_GRAPH_RIGHT_PIXELS = 15,
    BW_GRAPH_CLAIMS_MAX = 8,
    BW_GRAPH_BESIDE_MAX = 3,
    BW_GRAPH_STEPS_MAX = 62, /* of P95: a day each, up to two months */
    BW_GRAPH_MARKS_MAX = 40
};

/* A probe's series to draw beside. */
struct bw_graph_beside {
    char name[BW_NAME_MAX + 1];
    char rrd[PATH_MAX];
};

/* What was claimed for a stretch of time. */
struct bw_graph_claim {
    int64_t from_unix_s;        /* 0: for ever before */
    int64_t to_unix_s;          /* INT64_MAX / 2: until further notice */
    char layer[16];             /* "" not stated */
    int64_t bps[BW_DIRECTIONS]; /* unknown: none */
};

/* P95 of class hours of a local day, or the highest of several. */
struct bw_graph_step {
    int64_t from_day; /* not sent */
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t bps[BW_DIRECTIONS]; /* unknown: no class, or not counted */
};

enum bw_graph_mark_kind {
    BW_GRAPH_OUTAGE, /* of the line; in a range of more than a month a day with one */
    BW_GRAPH_KNOWN   /* somebody said something of this time */
};

struct bw_graph_mark {
    enum bw_graph_mark_kind kind;
    int64_t from_unix_s;
    int64_t to_unix_s;
};

struct bw_graph_job {
    char rrd[PATH_MAX];
    char topic[16]; /* "link", "latency", "throughput", "traffic", "rtt", "resent",
                       "saturated" */
    enum bw_graph_format format;
    bool dark;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t step_s;
    int64_t width;
    int64_t height;
    char title[256];
    char layer[16]; /* of the link's counters, "" unknown */
    bool at_least;  /* counted at a mirror port: the line carried this much or more */
    struct bw_graph_claim claims[BW_GRAPH_CLAIMS_MAX]; /* by from, none beside another */
    size_t n_claims;
    char zone[64]; /* of the axis: "America/Chicago"; "" this machine's */
    char seen[96]; /* vantage and source in words, "" unknown */
    struct bw_graph_step p95[BW_GRAPH_STEPS_MAX]; /* oldest first */
    size_t n_p95;
    int64_t p95_days; /* of each step */
    struct bw_graph_mark marks[BW_GRAPH_MARKS_MAX];
    size_t n_marks;
    bool marks_cut; /* there were more: these are the longest */
    /* By data source, nothing known in the range: bw_graph_find_blank() says, not sent. */
    bool blank[BW_SERIES_DS_MAX];
    /* For "rtt", the first by name: bw_graph_find_beside() says, not sent. */
    struct bw_graph_beside beside[BW_GRAPH_BESIDE_MAX];
    size_t n_beside;
};

int bw_graph_worker_main(void);

/* To and from a line of JSON (without the newline). */
int bw_graph_job_write(const struct bw_graph_job *j, struct bw_buf *out);
int bw_graph_job_read(const char *text,
                      size_t n,
                      struct bw_graph_job *ret,
                      struct bw_err *reterr);

/* Look into the series. One that cannot be read has no blanks: drawing will say why. */
void bw_graph_find_blank(struct bw_graph_job *job);

/* Look for probes' series in the job's folder. */
void bw_graph_find_beside(struct bw_graph_job *job);
/* The file (without its ending) that a series is drawn from: "tcp" holds several. */
const char *bw_graph_file(const char *series);

/* The figures that the picture is drawn from. -EIO. */
int bw_graph_csv(const struct bw_graph_job *j, struct bw_buf *out, struct bw_err *reterr);

/* An SVG picture in fewer bytes. */
void bw_graph_slim(const char *svg, size_t n, struct bw_buf *out);

/* rrd_graph_v()'s arguments for a job; freed with bw_graph_args_free(). Pure. */
int bw_graph_args(const struct bw_graph_job *j, char ***ret, int *ret_n);
void bw_graph_args_free(char **args, int n);

#endif
