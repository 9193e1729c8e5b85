/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_look.h - what a circuit's page shows of a range, out of the circuit's days: rows
 * for the tables behind its pictures, outages, runs, and who answered of late. A quick
 * look: sums, means and extremes of intervals, of which each says what it is; percentiles
 * of periods are the room's. A reader's thread. */
#ifndef BW_CIRCUIT_LOOK_H
#define BW_CIRCUIT_LOOK_H

#include <bw/records.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <way.h>

struct bw_err;
struct bw_tz;

enum bw_look_limits {
    BW_LOOK_TARGETS = 16,
    BW_LOOK_ROWS = 80,
    BW_LOOK_OUTAGES = 500, /* the newest of each … */
    BW_LOOK_RUNS = 400,
    BW_LOOK_GAPS = 100,
    BW_LOOK_DAYS = 31, /* a longer range is not read record by record … */
    BW_LOOK_TAIL = 7   /* … but for the lists of its last days */
};

/* Intervals that start within [from, to). */
struct bw_look_row {
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t n; /* of them */
    int64_t recorded_s;
    int64_t counted_s;
    int64_t unsynced_s;
    int64_t bytes[BW_DIRECTIONS];      /* everything counted, tests too; unknown: nothing */
    int64_t mean_max[BW_DIRECTIONS];   /* highest mean of an interval */
    int64_t second_max[BW_DIRECTIONS]; /* highest second */
};

/* One target in the same rows. */
struct bw_look_answers {
    int64_t sent; /* 0: not asked */
    int64_t lost;
    int64_t p50_min_us; /* lowest and highest median of an interval; unknown: none told */
    int64_t p50_max_us;
    int64_t p95_max_us;
};

struct bw_look_target {
    char name[BW_NAME_MAX + 1];
    struct bw_look_answers rows[BW_LOOK_ROWS];
};

struct bw_look_run {
    int64_t at_unix_ms;
    enum bw_direction direction;
    enum bw_test_state state;
    enum bw_grade grade;
    enum bw_apart apart;
    enum bw_egress egress;
    bool retest;
    int64_t goodput_bps;
    int64_t line_bps;
    int64_t rtt_idle_us;
    int64_t rtt_loaded_us;
    int64_t retransmit_ppm;
    char server[BW_NAME_MAX + 1];
    char kind[16];
    char reason[96];
};

struct bw_look {
    int64_t from_unix_s; /* the range */
    int64_t to_unix_s;
    int64_t newest_unix_s;      /* end of the circuit's newest interval */
    int64_t interval_s;         /* its length */
    int64_t chunk_s;            /* of rows: 300, 3600; 86400: local days; 0: no rows */
    int64_t listed_from_unix_s; /* lists hold what is from here on */
    struct bw_look_row rows[BW_LOOK_ROWS];
    size_t n_rows;
    struct bw_look_target targets[BW_LOOK_TARGETS];
    size_t n_targets;
    struct bw_outage outages[BW_LOOK_OUTAGES]; /* joined, oldest first; why is static */
    size_t n_outages;
    struct bw_look_run runs[BW_LOOK_RUNS]; /* oldest first */
    size_t n_runs;
    struct bw_gap gaps[BW_LOOK_GAPS];
    size_t n_gaps;
    bool more;    /* there was more than finds room */
    bool traffic; /* some record tells what the line was full of */
    bool mirror;  /* some day was counted at a mirror port: lower bounds */
    bool changed; /* vantage, source or layer changed within */
    bool counted; /* some interval has a figure of the line's */
    int64_t n_records;
    enum bw_layer layer; /* of the counters at the end */
    struct bw_way_target way[BW_LOOK_TARGETS];
    size_t n_way;
    int64_t way_s;   /* length of the newest stretch that the way is looked at for */
    bool no_carrier; /* an outage that lasts, by the port's carrier */
};

/* *ret (calloc'ed) is freed with free(). */
int bw_look_read(struct bw_records *records,
                 const char *site,
                 const char *circuit,
                 const struct bw_tz *tz,
                 int64_t from_unix_s,
                 int64_t to_unix_s,
                 int64_t newest_unix_s,
                 int64_t interval_s,
                 struct bw_look **ret,
                 struct bw_err *reterr);

/* The same from days that a callback is given; for tests. */
struct bw_look_maker;
int bw_look_begin(const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  int64_t newest_unix_s,
                  int64_t interval_s,
                  struct bw_look_maker **ret);
int bw_look_day(void *maker, const struct bw_circuit_day *d);
/* Ends the maker. */
struct bw_look *bw_look_finish(struct bw_look_maker *m);

#endif
