/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold_private.h - a day while summaries are added to it; for fold.c and fold_day.c. */
#ifndef BW_STORE_FOLD_PRIVATE_H
#define BW_STORE_FOLD_PRIVATE_H

#include <bw/records.h>
#include <bw/summary.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_fold_meta;
struct bw_hist;

struct bw_fold_list { /* a growing array */
    void *items;
    size_t n;
    size_t cap;
};

/* One target while the day is open. Intervals come in the order of their start, so only
 * the last cell can still grow: its histogram is open, those before are texts. */
struct bw_fold_target {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    struct bw_fold_list cells; /* struct bw_latency_cell */
    bool
        late_unknown; /* an interval of the last cell did not tell, so its sum is unknown */
    bool sum_unknown;
    struct bw_hist *hist;
};

/* A run with what told of it, until both are given out apart. */
struct bw_fold_run {
    struct bw_throughput t; /* first: by_test() */
    struct bw_told told;
};

struct bw_fold_day {
    bool open;
    int64_t day_unix_s;
    struct bw_circuit_summary facts;
    int64_t n_summaries;
    int64_t n_vantage_changes;
    int64_t max_clock_error_us;
    struct bw_fold_list slots;   /* struct bw_slot */
    struct bw_fold_list runs;    /* struct bw_fold_run */
    struct bw_fold_list outages; /* struct bw_outage */
    struct bw_fold_list gaps;    /* struct bw_gap */
    struct bw_fold_list targets; /* struct bw_fold_target */
    struct bw_fold_list cells; /* struct bw_latency_cell, made when the day is given out */
    struct bw_fold_list tests; /* struct bw_throughput, likewise */
    struct bw_fold_list told;  /* struct bw_told, likewise */
    struct bw_summary memory;  /* of all this: only its arena is used */
};

/* The multiple of `step` at or below v. */
int64_t bw_fold_floor(int64_t v, int64_t step);
int bw_fold_too_many(struct bw_err *reterr, const char *what, const struct bw_fold_day *d);
/* Room for one more item of `size` bytes, zeroed; NULL when out of memory. What grows
 * leaves its old place behind in the day's memory: at most as much again. */
void *bw_fold_room(struct bw_fold_day *d, struct bw_fold_list *l, size_t size);
/* Empty and without memory; a zeroed day is fine. */
void bw_fold_day_clear(struct bw_fold_day *d);
/* The last cell's histogram becomes its text. */
int bw_fold_close_cell(struct bw_fold_day *d, struct bw_fold_target *t);
int bw_fold_add_slot(struct bw_fold_day *d,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     const struct bw_fold_meta *meta,
                     struct bw_err *reterr);
int bw_fold_add_latency(struct bw_fold_day *d,
                        const struct bw_summary *s,
                        const struct bw_latency *l,
                        size_t hint,
                        struct bw_err *reterr);
int bw_fold_add_outage(struct bw_fold_day *d,
                       const struct bw_summary *s,
                       const struct bw_outage *o,
                       struct bw_err *reterr);
int bw_fold_add_gap(struct bw_fold_day *d, const struct bw_gap *g, struct bw_err *reterr);
int bw_fold_add_test(struct bw_fold_day *d,
                     const struct bw_summary *s,
                     const struct bw_circuit_summary *c,
                     size_t place,
                     struct bw_err *reterr);

#endif
